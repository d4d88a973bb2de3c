"""Ensembles: many runs side by side on threads.

Each run is a function of (scenario, seed, run): results do not depend on the number of runs,
threads or chunks, nor on order. The kernel holds no interpreter lock, so plain threads do.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

import numpy as np

from agents.rule import rule
from sim.drawing import draw_inputs, set_number
from sim.engine import advance, reset
from sim.errors import UserError
from sim.metrics import OF_MEMBERS, STANDARD, Metric, cells_needed, gather, measure, metric_rows, parse_metric
from sim.result import Result
from sim.scenario import Scenario, load
from sim.tables import ENDED
from sim.tail.reading import TailRecord, log_of, record_of
from sim.world import Compiled, Workspace, compile_scenario

MOST_RUNS = 10**10
CHUNK = 64
LOGS = 20


@rule
def simulate_runs(w, uncertain, lucks, places, settings, horizon, metrics, values, draws, scratch, cells):
    """Simulate runs one after the other and measure them; return how many were completed.

    All have one row per run: ``lucks`` (seed, run), ``settings`` (what stands at ``places`` of the vector
    of numbers), ``values``, ``draws``. A run that finds too little room ends the work early: the caller
    makes room and goes on with that run.
    """
    for row in range(len(values)):
        seed, run = lucks[row, 0], lucks[row, 1]
        for column in range(len(places)):
            set_number(w, places[column], settings[row, column])
        draw_inputs(w, uncertain, seed, run, draws[row])
        reset(w, seed, run, horizon)
        advance(w, horizon)
        if w.clock[0].status != ENDED:
            return row
        if len(metrics) > 0:
            gather(w, scratch[0], scratch[1], scratch[2])
            for column in range(len(metrics)):
                values[row, column] = measure(w, metrics[column], scratch[0], scratch[1], scratch[2], cells)
    return len(values)


NOWHERE = np.zeros(0, np.int64)


class Simulator:
    """Runs a compiled scenario, one run at a time, in a workspace of its own.

    ``fixed``: names of uncertain inputs that are not drawn (``Compiled.uncertain_paths``).
    """

    def __init__(
        self,
        compiled: Compiled,
        metrics: Sequence[Metric] = (),
        draw: bool = True,
        fixed: Sequence[str] = (),
    ):
        self.compiled = compiled
        self.metrics = metric_rows(list(metrics))
        drawn = [row for row, path in enumerate(compiled.uncertain_paths) if draw and path not in fixed]
        self.drawn = [compiled.uncertain_paths[row] for row in drawn]
        self.uncertain = compiled.uncertain[drawn] if fixed else compiled.uncertain[: len(drawn)]
        self._make_room(Workspace(compiled))

    def _make_room(self, workspace: Workspace) -> None:
        self.workspace = workspace
        shape = (3, len(self.compiled.actors), len(self.compiled.classes))
        self.scratch = np.empty(shape)
        room = workspace.room
        cells = cells_needed(len(self.compiled.actors), room.projects, room.artifacts)
        self.cells = np.empty(cells, np.int64)

    def simulate(
        self,
        seed: int,
        first_run: int,
        values: np.ndarray,
        draws: np.ndarray,
        horizon: float | None = None,
    ) -> None:
        """Simulate one run per row of ``values`` and ``draws``, from ``first_run`` on.

        ``horizon``: months after which a run ends, if not those of the scenario; what comes before is
        the same.
        """
        lucks = np.empty((len(values), 2), np.uint64)
        lucks[:, 0] = seed
        lucks[:, 1] = np.arange(first_run, first_run + len(values), dtype=np.uint64)
        self.simulate_points(lucks, NOWHERE, np.empty((len(values), 0)), values, draws, horizon)

    def simulate_points(
        self,
        lucks: np.ndarray,
        places: np.ndarray,
        settings: np.ndarray,
        values: np.ndarray,
        draws: np.ndarray,
        horizon: float | None = None,
    ) -> None:
        """Simulate one run per row, each with numbers of its own, as if the scenario said so.

        ``lucks``: seed and run of each row (unsigned). ``places``: where the numbers stand in the vector
        (``Compiled.place_of``), always the same for one simulator; ``settings``: shape (rows, places). They
        must be neither drawn nor such as a scenario checks against one another.
        """
        done = 0
        until = self.compiled.horizon if horizon is None else float(horizon)
        while done < len(values):
            completed = simulate_runs(
                self.workspace.world,
                self.uncertain,
                lucks[done:],
                places,
                settings[done:],
                until,
                self.metrics,
                values[done:],
                draws[done:],
                self.scratch,
                self.cells,
            )
            done += completed
            if done < len(values):
                self._make_room(self.workspace.grown())

    def events(self) -> np.ndarray:
        """Return a copy of the event log of the run simulated last."""
        return np.array(log_of(self.workspace.tables))

    def tail(self) -> TailRecord | None:
        """Return a copy of what members did in the run simulated last; None without populations."""
        return record_of(self.workspace.tables)


def simulate(
    scenario: str | Scenario,
    runs: int = 1000,
    seed: int = 1,
    *,
    threads: int | None = None,
    sets: Sequence[str] = (),
    metrics: Sequence[str] | None = None,
    logs: int = LOGS,
    draw: bool = True,
    first_run: int = 0,
    chunk: int = CHUNK,
    progress: Callable[[int], None] | None = None,
) -> Result:
    """Simulate a scenario many times and return the result.

    Args:
        scenario: name, path or Scenario.
        runs: number of runs; run r is the same whatever this number is.
        seed: of all luck.
        threads: at work side by side; the number of processors if None.
        sets: changes to the scenario, "path=value".
        metrics: names of metrics to keep per run; None keeps the standard ones, and the dates at
            which each builder trains and announces the class in question.
        logs: of how many runs, from the first on, the event log is kept.
        draw: whether uncertain inputs are drawn for each run (True) or kept at their centre.
        first_run: number of the first run.
        chunk: runs per task of a thread.
        progress: called with the number of runs completed since it was last called.

    Raises:
        UserError: for a scenario, a metric or a number that cannot be used.

    >>> result = simulate("toy", runs=20, seed=1)
    >>> len(result.runs)
    20
    """
    check_count("runs", runs, 1, MOST_RUNS)
    check_count("seed", seed, 0, 2**63 - 1)
    check_count("threads", 1 if threads is None else threads, 1, 1024)
    if isinstance(metrics, str) or not all(isinstance(name, str) for name in metrics or ()):
        raise UserError(f"metrics = {metrics!r}: must be a list of names")
    check_count("first_run", first_run, 0, MOST_RUNS)
    check_count("chunk", chunk, 1, MOST_RUNS)
    check_count("logs", logs, 0, MOST_RUNS)
    compiled = compile_scenario(load(scenario, tuple(sets)))
    names = standard_metrics(compiled) if metrics is None else list(metrics)
    parsed = [parse_metric(name, compiled) for name in names]
    kept_logs: dict[int, np.ndarray] = {}
    tails: dict[int, TailRecord] = {}
    try:
        values = np.full((runs, len(parsed)), np.nan)
        draws = np.empty((runs, len(compiled.uncertain) if draw else 0))
    except MemoryError:
        raise UserError(
            f"runs = {runs}: results of {len(parsed)} metrics would not fit into memory"
        ) from None
    done = np.zeros(runs, bool)
    own = threading.local()
    stop = threading.Event()

    def work(first: int, last: int) -> int:
        if stop.is_set():
            return 0
        if not hasattr(own, "simulator"):
            own.simulator = Simulator(compiled, parsed, draw)
        own.simulator.simulate(seed, first_run + first, values[first:last], draws[first:last])
        if last <= logs:
            kept_logs[first_run + first] = own.simulator.events()
            record = own.simulator.tail()
            if record is not None:
                tails[first_run + first] = record
        done[first:last] = True
        return last - first

    spans = _spans(runs, min(logs, runs), chunk)
    interrupted = False
    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        pending = set()
        try:
            for span in spans:
                pending.add(pool.submit(work, *span))
                if len(pending) >= 4 * (threads or os.cpu_count() or 1):
                    pending = _collect(pending, progress)
            while pending:
                pending = _collect(pending, progress)
        except KeyboardInterrupt:
            stop.set()
            interrupted = True
            wait(pending)
    run_numbers = np.arange(first_run, first_run + runs)
    if interrupted:  # only then: this copies
        run_numbers, values, draws = run_numbers[done], values[done], draws[done]
    return Result(
        compiled,
        seed,
        parsed,
        run_numbers,
        values,
        draws,
        {run: kept_logs[run] for run in sorted(kept_logs)},
        interrupted,
        {run: tails[run] for run in sorted(tails)},
    )


def check_count(name: str, value: int, least: int, most: int) -> None:
    """Raise UserError unless a whole number lies within its bounds."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise UserError(f"{name} = {value!r}: must be a whole number from {least} to {most}")
    if not least <= value <= most:
        raise UserError(f"{name} = {value}: must be a whole number from {least} to {most}")


def standard_metrics(compiled: Compiled) -> list[str]:
    """Return the metrics that are kept if nothing else is asked for."""
    builders = [compiled.actors[row] for row in compiled.facts["builders"]]
    klass = compiled.scenario.follow_class
    lags = [f"lag_pub_{k}" for k in (1, 2, 3, 5, 10)]
    rest = ["reveal", *lags, "cascade_size", "cascade_depth"]
    dates = [f"{what}[{name},{klass}]" for what in ("t_done", "t_pub") for name in builders]
    of_members = OF_MEMBERS if compiled.scenario.file.populations else ()
    return [*STANDARD, *rest, *dates, *of_members]


def _spans(runs: int, logs: int, chunk: int):
    """Yield the (first, last) of each task: single runs where the log is kept, then chunks."""
    for run in range(logs):
        yield run, run + 1
    for first in range(logs, runs, chunk):
        yield first, min(runs, first + chunk)


def _collect(pending: set, progress: Callable[[int], None] | None) -> set:
    finished, pending = wait(pending, return_when=FIRST_COMPLETED)
    count = sum(future.result() for future in finished)
    if progress:
        progress(count)
    return pending
