"""Paired runs of two worlds, as quickly as a lever moves.

A world is laid out once; numbers that are moved go into its vector, in microseconds; what has been simulated
of a baseline is kept. All windows of one server share this, for nothing of it depends on who asks.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

import numpy as np

from experiments.comparison import CONTROL, HEADLINE, Comparison, kept_metrics, moved_reveal
from experiments.dashboard.levers import in_place
from experiments.dashboard.setting import Setting, plain
from experiments.dashboard.work import Job
from experiments.sweeps.worlds import SET_BY_USER, set_text
from sim.ensemble import Simulator
from sim.metrics import Metric, parse_metric
from sim.policy import with_policies
from sim.result import Result
from sim.scenario import Scenario, load
from sim.world import Compiled, compile_scenario

WORLDS_KEPT = 24
RESULTS_KEPT = 24
SPAN = 16  # runs between two looks at whether to go on


@dataclass
class World:
    """A world that is laid out, and the simulators that wait for work in it.

    ``paths``: the numbers that can be moved in its vector; the others are written into it.
    """

    compiled: Compiled
    metrics: list[Metric]
    paths: tuple[str, ...]
    idle: SimpleQueue[Simulator] = field(default_factory=SimpleQueue)

    def places(self) -> np.ndarray:
        return np.array([self.compiled.place_of[path] for path in self.paths], np.int64)

    def simulator(self) -> Simulator:
        try:
            return self.idle.get_nowait()
        except Empty:
            return Simulator(self.compiled, self.metrics)


class Placed(NamedTuple):
    """A world, what it is called with what is moved in it, and what stands at its places."""

    world: World
    name: Hashable
    values: np.ndarray


class Bench:
    """Simulates baselines and arms, and keeps what it may need again."""

    def __init__(self, threads: int | None = None):
        self.threads = threads or os.cpu_count() or 1
        self._lock = threading.Lock()
        self._worlds: OrderedDict[Hashable, World] = OrderedDict()
        self._results: OrderedDict[Hashable, Result] = OrderedDict()

    def compare(self, scenario: Scenario, setting: Setting, job: Job) -> Comparison:
        """Return the paired differences of a setting; raise UserError, or Cancelled."""
        from experiments.run import must_compile

        cold = must_compile()
        job.tell("Compiling the rules; this happens once and takes a while" if cold else "Preparing")
        moved = setting.moved()
        arm = self._placed(scenario, setting.spec, moved)
        base = self._placed(scenario, "", moved if setting.everywhere else {})
        results = [self._result(one, setting, job, turn) for turn, one in enumerate((base, arm))]
        label = setting.spec or (CONTROL if not moved or setting.everywhere else "numbers moved")
        metrics = [name for name in HEADLINE if name in {one.name for one in results[0].metrics}]
        comparison = Comparison(results[0], {label: results[1]}, metrics, asked=setting.runs)
        comparison.notes += moved_reveal(label, comparison)
        return comparison

    def _placed(self, scenario: Scenario, spec: str, moved: dict[str, str]) -> Placed:
        """Return the world of some policies, laid out, with what is moved in it."""
        movable = {path: text for path, text in moved.items() if in_place(scenario, path)}
        written = {path: text for path, text in moved.items() if path not in movable}
        name = (scenario.origin, scenario.fingerprint, spec, tuple(written.items()), tuple(movable))
        world = self._found(self._worlds, name)
        if world is None:
            world = self._laid_out(scenario, spec, {**written, **movable}, list(movable))
            self._store(self._worlds, name, world, WORLDS_KEPT)
        values = np.array([plain(scenario, path, moved[path]) for path in world.paths], float)
        return Placed(world, (name, tuple(moved.items())), values)

    @staticmethod
    def _laid_out(scenario: Scenario, spec: str, numbers: dict[str, str], movable: list[str]) -> World:
        sets = [set_text(path, plain(scenario, path, text)) for path, text in numbers.items()]
        compiled = compile_scenario(with_policies(load(scenario, sets) if sets else scenario, spec))
        left = tuple(  # what a policy sets as well is the policy's
            path for path in movable if (compiled.source_of.get(path) or "").startswith(SET_BY_USER)
        )
        names = kept_metrics(compiled.scenario, HEADLINE)
        return World(compiled, [parse_metric(name, compiled) for name in names], left)

    def _result(self, placed: Placed, setting: Setting, job: Job, turn: int) -> Result:
        """Return the runs of a world: those that are kept, or else simulated; ``turn``: 0 or 1 of two."""

        def told(done: int) -> None:
            job.tell("Simulating", turn * setting.runs + done, 2 * setting.runs)

        told(0)
        result = self._kept(placed.name, setting)
        if result is None:
            result = self._simulate(placed.world, placed.values, setting, job, told)
            self._store(self._results, (placed.name, setting.seed), result, RESULTS_KEPT)
        return result

    def _simulate(
        self, world: World, numbers: np.ndarray, setting: Setting, job: Job, done: Callable[[int], None]
    ) -> Result:
        runs, places = setting.runs, world.places()
        values = np.full((runs, len(world.metrics)), np.nan)
        lucks = np.empty((runs, 2), np.uint64)
        lucks[:, 0], lucks[:, 1] = setting.seed, np.arange(runs, dtype=np.uint64)
        settings = np.broadcast_to(numbers, (runs, len(numbers)))

        def work(first: int) -> int:
            if job.cancelled:
                return 0
            some = slice(first, min(runs, first + SPAN))
            simulator = world.simulator()
            draws = np.empty((some.stop - some.start, len(simulator.uncertain)))
            simulator.simulate_points(
                lucks[some], places, np.ascontiguousarray(settings[some]), values[some], draws
            )
            world.idle.put(simulator)
            return some.stop - some.start

        finished = 0
        with ThreadPoolExecutor(self.threads) as pool:
            pending = {pool.submit(work, first) for first in range(0, runs, SPAN)}
            try:
                while pending:
                    completed, pending = wait(pending, return_when=FIRST_COMPLETED)
                    finished += sum(one.result() for one in completed)
                    done(finished)
            except BaseException:
                job.cancel()
                pool.shutdown(cancel_futures=True)
                raise
        return Result(world.compiled, setting.seed, world.metrics, np.arange(runs), values, values[:, :0])

    def _kept(self, key: Hashable, setting: Setting) -> Result | None:
        """Return the runs asked for where as many or more were simulated before."""
        found = self._found(self._results, (key, setting.seed))
        if found is None or len(found.run_numbers) < setting.runs:
            return None
        some = slice(setting.runs)
        return Result(
            found.compiled,
            found.seed,
            found.metrics,
            found.run_numbers[some],
            found.values[some],
            found.draws[some],
        )

    def _found(self, kept: OrderedDict, name: Hashable) -> Any:
        with self._lock:
            if name in kept:
                kept.move_to_end(name)
            return kept.get(name)

    def _store(self, kept: OrderedDict, name: Hashable, value: Any, most: int) -> None:
        with self._lock:
            kept[name] = value
            while len(kept) > most:
                kept.popitem(last=False)
