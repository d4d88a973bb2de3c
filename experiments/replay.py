"""One run of a result once more: its log, and its tables at any time.

A run is a function of scenario, seed and number, so nothing of it needs to be stored: the state at a
time is that of the same run with its horizon at this time. What is simulated again is held against
the log that was kept.
"""

from __future__ import annotations

import functools
import json
import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.folder import MADE_BY, MANIFEST
from sim.errors import UserError
from sim.tail.reading import names_of
from sim.words import Event

if TYPE_CHECKING:
    from sim.result import Result
    from sim.tables import Tables
    from sim.world import Compiled

COMPARED = ("month", "event", "actor", "cause")  # columns that tell whether two logs are the same
# Tables that the rules of sim.lookback change.
LOOKED_AT = ("clock", "help", "learnt", "nearness", "numbers", "projects", "state", "wishes")


@dataclass(frozen=True)
class Origin:
    """Where runs come from: a result in memory, or a folder that ``cascades run`` left.

    ``runs``: their numbers. ``logged``: those whose log was kept. ``name``: for messages.
    """

    name: str
    compiled: Compiled
    seed: int
    draw: bool
    runs: Sequence[int]
    logged: Sequence[int]
    folder: Path | None = None
    result: Result | None = None
    manifest: dict[str, Any] = field(default_factory=dict)

    def chosen(self, run: int | None) -> int:
        """Return the number of a run: the first one kept if none is given; raise UserError if not there."""
        if run is None:
            return int(next(iter(self.logged), self.runs[0]))
        if run not in self.runs:
            first, last = self.runs[0], self.runs[-1]
            there = f"runs {first} to {last}" if len(self.runs) > 1 else f"run {first}"
            raise UserError(f"{self.name}: no run {run}; there is: {there}")
        return int(run)

    def replay(self, run: int | None = None) -> Replay:
        """Simulate one of the runs again; raise UserError where it is not the run that was kept."""
        number = self.chosen(run)
        replay = Replay(self.compiled, self.seed, number, self.draw, number in self.logged)
        stored = self._stored(number)
        if stored is not None and not _same(stored, replay):
            rules = self.manifest.get("rules")
            made = f"made by other rules ({rules}, version {self.manifest.get('version')})" if rules else ""
            raise UserError(
                f"{self.name}: run {number}, simulated again, is not the run in the log: the folder was "
                f"{made or 'changed'}; make it again ({self.manifest.get('command', 'cascades run')})"
            )
        return replay

    def _stored(self, run: int) -> dict[str, Any] | None:
        """Return the columns of a log that was kept and can be compared; None if there is none."""
        if run not in self.logged:
            return None
        if self.result is not None:
            return self.result.event_columns(self.result.logs[run])
        return _read_events(self, run)


class Replay:
    """One run, simulated again.

    ``log``: its event log. ``kept``: whether it is among the logs that the result keeps.
    """

    def __init__(self, compiled: Compiled, seed: int, run: int, draw: bool, kept: bool = False):
        from sim.ensemble import Simulator

        self.compiled, self.seed, self.run, self.kept = compiled, seed, run, kept
        self._simulator = Simulator(compiled, (), draw)
        self._draws = np.empty((1, len(self._simulator.uncertain)))
        self._simulator.simulate(seed, run, np.empty((1, 0)), self._draws)
        self.log = self._simulator.events()
        self.projects = self._copy("projects")
        self.artifacts = self._copy("artifacts")
        self._projects: dict[float, np.ndarray] = {}

    def at(self, time: float) -> Tables:
        """Return the tables as they were when all that happened up to a time had happened.

        They hold until the next call. Projects in work and incomes are booked up to that time.
        """
        until = min(time, self.compiled.horizon)
        self._simulator.simulate(self.seed, self.run, np.empty((1, 0)), self._draws, until)
        return self._simulator.workspace.tables

    def look(self, looks: Iterable[tuple[float, Callable[[], None]]]) -> None:
        """Go through the run once, and call each look with the tables as they were at its time.

        What a look changes of ``LOOKED_AT`` is put back after it.
        """
        from sim.drawing import draw_inputs
        from sim.engine import advance, reset

        tables, world = self._simulator.workspace.tables, self.world
        seed, run = np.uint64(self.seed), np.uint64(self.run)
        draw_inputs(world, self._simulator.uncertain, seed, run, self._draws[0])
        reset(world, seed, run, self.compiled.horizon)
        memories = [bytes_of(getattr(tables, name)) for name in LOOKED_AT]
        for time, look in sorted(looks, key=operator.itemgetter(0)):
            advance(world, min(time, self.compiled.horizon))
            before_it = [memory.copy() for memory in memories]
            look()
            for memory, bytes_before in zip(memories, before_it, strict=True):
                memory[...] = bytes_before

    def projects_looks(self, times: Iterable[float]) -> list[tuple[float, Callable[[], None]]]:
        """Return the looks by which the table of projects is kept as it was at several times."""
        from sim.lookback import settle_projects

        def keep(time: float) -> None:
            settle_projects(self.world)
            self._projects[time] = self._copy("projects")

        wanted = sorted({min(time, self.compiled.horizon) for time in times} - set(self._projects))
        return [(time, functools.partial(keep, time)) for time in wanted]

    @property
    def world(self):
        """The tables of the latest call of ``at`` as rules take them."""
        return self._simulator.workspace.world

    def projects_at(self, time: float) -> np.ndarray:
        """Return a copy of the table of projects as it was at a time."""
        if time not in self._projects:
            self.look(self.projects_looks([time]))
        return self._projects[time]

    def _copy(self, name: str) -> np.ndarray:
        tables = self._simulator.workspace.tables
        table = getattr(tables, name)[: int(getattr(tables.clock[0], name))]
        return bytes_of(table).copy().view(table.dtype)


def bytes_of(table: np.ndarray) -> np.ndarray:
    """Return the memory of a table as plain bytes: NumPy copies records field by field."""
    return table.view(np.ndarray).reshape(-1).view(np.uint8)


def before(time: float) -> float:
    """Return the latest time before a time."""
    return float(np.nextafter(time, -np.inf))


def origin_of(source: Result | str | Path) -> Origin:
    """Return where runs come from: a result, or the folder of one.

    Raises UserError for a folder that is none of ours, or whose manifest cannot be used.
    """
    from sim.result import Result

    if isinstance(source, Result):
        draw = bool(source.draws.shape[1]) or not len(source.compiled.uncertain)
        runs = [int(run) for run in source.run_numbers]
        logged = sorted(source.logs)
        return Origin("this result", source.compiled, source.seed, draw, runs, logged, result=source)
    return _origin_of_folder(Path(source))


def _origin_of_folder(folder: Path) -> Origin:
    from sim.scenario import from_data
    from sim.world import compile_scenario

    path = folder / MANIFEST
    if not folder.is_dir():
        what = "is a file, not a folder" if folder.exists() else "no such folder"
        raise UserError(f"{folder}: {what}; give the folder that `cascades run --out` left")
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        if manifest["made_by"] != MADE_BY:
            raise ValueError
    except FileNotFoundError:
        raise UserError(f"{folder}: holds no {MANIFEST}; give a folder that `cascades run` left") from None
    except (OSError, ValueError, KeyError, TypeError):
        raise UserError(f"{path}: cannot be read as a manifest of ours; make the folder again") from None
    try:
        scenario = from_data(
            manifest["scenario"],
            manifest["scenario_file"],
            tuple(manifest["sets"]),
            policies=tuple(manifest.get("policies", ())),
            name=manifest["scenario_name"],
        )
        if scenario.fingerprint != manifest["fingerprint"]:
            raise ValueError("the scenario in it does not match its fingerprint")
        runs = _run_numbers(folder, int(manifest["runs_completed"]))
        logged = [int(run) for run in manifest["logs"]]
        draw = manifest["inputs"] == "drawn"
        compiled = compile_scenario(scenario)
        return Origin(
            str(folder), compiled, int(manifest["seed"]), draw, runs, logged, folder, manifest=manifest
        )
    except KeyError as error:
        raise UserError(f"{path}: {error.args[0]} is missing: not the folder of `cascades run`") from None
    except (ValueError, TypeError, AttributeError) as error:
        raise UserError(f"{path}: cannot be used ({error}); make the folder again") from None


def _run_numbers(folder: Path, completed: int) -> list[int]:
    """Return the numbers of the runs in a folder; counted from 0 where their table is not there."""
    from experiments.run import RUNS_FILE

    path = folder / RUNS_FILE
    if not path.is_file():
        return list(range(completed))
    return [int(run) for run in read_parquet(path, ["run"])["run"].to_pylist()]


def _read_events(origin: Origin, run: int) -> dict[str, Any] | None:
    """Return the columns of a stored log that are compared; None where the file is not there."""
    from experiments.run import EVENTS_FILE

    assert origin.folder is not None
    path = origin.folder / EVENTS_FILE
    if not path.is_file():
        return None
    table = read_parquet(path, ["run", *COMPARED], [("run", "=", run)])
    return {name: table[name].to_numpy() for name in COMPARED}


def read_parquet(path: Path, columns: list[str] | None, filters=None):
    """Return columns of a table in a folder of results; raise UserError where it is damaged."""
    import pyarrow
    import pyarrow.parquet as parquet

    try:
        if filters is None:  # read_table would import pandas
            return parquet.ParquetFile(path).read(columns)
        return parquet.read_table(path, columns=columns, filters=filters)
    except (OSError, pyarrow.ArrowException, KeyError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise UserError(f"{path}: is damaged ({reason[:120]}); make the folder again") from None


def _same(stored: dict[str, Any], replay: Replay) -> bool:
    log = replay.log
    if len(stored["month"]) != len(log):
        return False
    words = np.array([word.key for word in Event], object)
    again = {
        "month": log["time"],
        "event": words[log["what"]],
        "actor": names_of(replay.compiled, log["actor"]),
        "cause": log["cause"],
    }
    return all(bool((np.asarray(stored[name]) == again[name]).all()) for name in COMPARED)
