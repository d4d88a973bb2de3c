"""The work of a sweep: one chunk of runs, as a function of plain data, on a thread, process or machine.

A chunk knows nothing of the others; whoever computes it, on the same kind of machine with the same
versions, makes the same bytes.
"""

from __future__ import annotations

import functools
import json
import platform
import threading
import time
import zlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.sweeps.store import DONE, FAILED
from experiments.sweeps.worlds import World, Worlds, seed_of
from sim.errors import UserError
from sim.result import Result

FORMAT = 1  # of parts
SPAN = 64  # runs between two looks at whether to stop
SIMULATORS_KEPT = 4  # of a thread
LOGS_AT_ONCE = 20


@dataclass(frozen=True)
class Chunk:
    """Which runs a part holds: places ``first`` to ``last`` among all (point, run) of a block.

    A block is ``runs`` runs of every point, from ``first_run`` on, point after point.
    """

    block: int
    number: int
    first_run: int
    runs: int
    first: int
    last: int

    @property
    def name(self) -> str:
        """How its files begin."""
        return f"{self.block:03d}-{self.number:07d}"


@dataclass(frozen=True)
class Task:
    """A chunk and the points that it needs: their numbers and values, in order.

    ``packed``: the plan, as ``pack`` makes it; ``key``: a hash of it.
    """

    key: str
    packed: bytes
    chunk: Chunk
    points: list[int]
    values: list[list[Any]]


@dataclass(frozen=True)
class Made:
    """What became of a chunk: Parquet files as bytes, and who made them in how many seconds."""

    chunk: Chunk
    part: bytes
    events: bytes
    failed: int
    seconds: float
    by: dict[str, Any]


class Stopped(Exception):
    """The work was broken off."""


def pack(plan: dict[str, Any]) -> bytes:
    """Return a plan as few bytes, to be sent; its rows keep their order, on which last digits may depend."""
    return zlib.compress(json.dumps(plan).encode())


@functools.lru_cache(maxsize=1)
def fingerprint() -> dict[str, Any]:
    """Return what results may depend on here: versions, rules, processor."""
    from importlib import metadata
    from pathlib import Path

    import llvmlite.binding as llvm

    import sim
    from agents.rule import source_hash
    from experiments.manifest import versions

    found = {
        "version": sim.__version__,
        "rules": source_hash(Path(sim.__file__).resolve().parent.parent),
        "format": FORMAT,
        "processor": f"{platform.machine()} {llvm.get_host_cpu_name()}",
        "system": f"{platform.system()} {' '.join(platform.libc_ver())}".strip(),
        "scipy": metadata.version("scipy"),
    }
    named = ("python", "numpy", "numba", "llvmlite", "pyarrow")
    return found | {name: versions()[name] for name in named}


_WORLDS: dict[str, Worlds] = {}
_WORLDS_LOCK = threading.Lock()
_OWN = threading.local()


def _worlds_of(task: Task) -> Worlds:
    with _WORLDS_LOCK:
        if task.key not in _WORLDS:
            _WORLDS.clear()  # one sweep at a time
            _WORLDS[task.key] = Worlds(json.loads(zlib.decompress(task.packed)))
        return _WORLDS[task.key]


def _simulator_of(task: Task, worlds: Worlds, key: tuple, world: World):
    from sim.ensemble import Simulator

    kept = getattr(_OWN, "simulators", None)
    if kept is None:
        kept = _OWN.simulators = OrderedDict()
    name = (task.key, key)
    if name not in kept:
        while len(kept) >= SIMULATORS_KEPT:
            kept.popitem(last=False)
        kept[name] = Simulator(
            world.compiled, world.metrics, worlds.plan["inputs"] == "drawn", tuple(worlds.fixed)
        )
    kept.move_to_end(name)
    return kept[name]


def compute(task: Task, stop: threading.Event | None = None) -> Made:
    """Simulate the runs of a chunk and return them as Parquet.

    A run that cannot be simulated becomes a row with its error; what is wrong with this machine (memory,
    disk) is raised.
    """
    started = time.perf_counter()
    worlds = _worlds_of(task)
    rows = _Rows(task, worlds)
    for key, first, last in _spans_of_worlds(worlds, task.values, rows.at):
        rows.simulate(key, first, last, stop)
    facts = {"sweep": task.key, "chunk": task.chunk.name}
    part = pack_part(rows.columns(), rows.errors, facts)
    events = _events(rows.logs, facts) if rows.logs else b""
    seconds = time.perf_counter() - started
    return Made(task.chunk, part, events, len(rows.errors), seconds, fingerprint())


class _Rows:
    """The runs of a chunk, one row each; ``at``: the place of each run's point among those of the task."""

    def __init__(self, task: Task, worlds: Worlds):
        self.task, self.worlds, plan, chunk = task, worlds, worlds.plan, task.chunk
        flat = np.arange(chunk.first, chunk.last)
        self.at = flat // chunk.runs - chunk.first // chunk.runs
        self.points = np.array(task.points, np.int64)[self.at]
        self.runs = chunk.first_run + flat % chunk.runs
        self.seeds = np.array([seed_of(plan, one) for one in task.values], np.int64)[self.at]
        self.values = np.full((len(flat), len(plan["metrics"])), np.nan)
        self.drawn = worlds.drawn if plan["keep_inputs"] else []
        self.draws = np.full((len(flat), len(self.drawn)), np.nan)
        self.errors: dict[int, str] = {}
        self.logs: list[tuple[int, Result]] = []

    def simulate(self, key: tuple, first: int, last: int, stop: threading.Event | None) -> None:
        """Simulate rows ``first`` to ``last``, all of one world."""
        try:
            world = self.worlds.world(key)
            simulator = _simulator_of(self.task, self.worlds, key, world)
        except UserError as error:
            self.errors |= dict.fromkeys(range(first, last), str(error))
            return
        at = self.at[first:last]
        settings = world.settings(self.task.values[at[0] : at[-1] + 1])[at - at[0]]
        lucks = np.stack([self.seeds[first:last], self.runs[first:last]], axis=1).astype(np.uint64)
        draws = np.empty((last - first, len(simulator.uncertain)))
        for begin, end in _spans(first, last, self.runs < self.worlds.plan["logs"]):
            if stop is not None and stop.is_set():
                raise Stopped
            some = slice(begin - first, end - first)
            arguments = lucks[some], world.places, settings[some]
            _simulate(simulator, arguments, self.values[begin:end], draws[some], begin, self.errors)
            if self.runs[begin] < self.worlds.plan["logs"] and begin not in self.errors:
                log = {int(self.runs[begin]): simulator.events()}
                none = np.empty((0, 0))
                result = Result(world.compiled, int(self.seeds[begin]), [], self.runs[:0], none, none, log)
                self.logs.append((int(self.points[begin]), result))
        if self.drawn:
            here = [place for place, name in enumerate(self.drawn) if name in simulator.drawn]
            there = [simulator.drawn.index(self.drawn[place]) for place in here]
            self.draws[first:last, here] = draws[:, there]

    def columns(self) -> dict[str, np.ndarray]:
        """Return the columns of the part."""
        columns = {"point": self.points, "run": self.runs, "seed": self.seeds}
        columns |= {name: self.values[:, at] for at, name in enumerate(self.worlds.plan["metrics"])}
        return columns | {f"input:{name}": self.draws[:, at] for at, name in enumerate(self.drawn)}


def _spans_of_worlds(worlds: Worlds, values: list[list[Any]], at: np.ndarray):
    """Yield (key of the world, first row, after the last) of rows that share a world."""
    keys = [worlds.key(point) for point in values]
    first = 0
    for place in range(1, len(keys) + 1):
        if place == len(keys) or keys[place] != keys[first]:
            yield keys[first], *map(int, np.searchsorted(at, [first, place]))
            first = place


def _spans(first: int, last: int, logged: np.ndarray):
    """Yield (first row, after the last) to simulate at once: alone where the log is kept."""
    row = first
    while row < last:
        end = row + 1
        if not logged[row]:
            ahead = logged[row : min(last, row + SPAN)]
            end = row + int(ahead.argmax()) if ahead.any() else row + len(ahead)
        yield row, end
        row = end


def _simulate(simulator, arguments, values: np.ndarray, draws: np.ndarray, row: int, errors: dict) -> None:
    """Simulate some rows, from ``row`` on; note what is wrong with those that fail (metrics are nan)."""
    try:
        simulator.simulate_points(*arguments, values, draws)
        return
    except (MemoryError, OSError):
        raise
    except Exception as error:
        if len(values) == 1:
            values[:] = np.nan
            kind = "" if isinstance(error, UserError) else f"{type(error).__name__}: "
            errors[row] = f"{kind}{error}"
            return
    lucks, places, settings = arguments
    for place in range(len(values)):
        one = slice(place, place + 1)
        alone = lucks[one], places, settings[one]
        _simulate(simulator, alone, values[one], draws[one], row + place, errors)


def pack_part(columns: dict[str, np.ndarray], errors: dict[int, str], facts: dict) -> bytes:
    """Return a part as Parquet: the columns of its runs, and the errors of those rows that failed."""
    import pyarrow as pa

    from experiments.run import arrow, stored

    arrays = {name: arrow(column) for name, column in columns.items()}
    rows = len(columns["point"])
    texts = {"": 0}
    status, places = np.zeros(rows, np.int32), np.zeros(rows, np.int32)
    for row, text in sorted(errors.items()):
        status[row], places[row] = 1, texts.setdefault(text, len(texts))
    arrays["status"] = words((DONE, FAILED), status)
    arrays["error"] = words(texts, places)
    table = pa.Table.from_arrays(list(arrays.values()), list(arrays), metadata=stored(facts))
    return file_of([table])


def words(vocabulary, places: np.ndarray):
    """Return an Arrow column of words, given by their places in a vocabulary."""
    import pyarrow as pa

    from experiments.run import arrow

    encoded = [str(word).encode() for word in vocabulary]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))]
    texts = pa.Array.from_buffers(pa.string(), len(encoded), buffers)
    return pa.DictionaryArray.from_arrays(arrow(places), texts)


def _events(logs: list[tuple[int, Result]], facts: dict) -> bytes:
    import pyarrow as pa

    from experiments.run import arrow, stored

    tables = []
    for point, result in logs:
        ((run, log),) = result.logs.items()
        columns = {"point": np.full(len(log), point), "run": np.full(len(log), run)}
        columns |= result.event_columns(log)
        names = list(columns)
        tables.append(pa.Table.from_arrays([arrow(columns[name]) for name in names], names))
    groups = [tables[at : at + LOGS_AT_ONCE] for at in range(0, len(tables), LOGS_AT_ONCE)]
    whole = [pa.concat_tables(group).replace_schema_metadata(stored(facts)) for group in groups]
    return file_of(whole)


def file_of(tables) -> bytes:
    """Return Arrow tables of one schema as the bytes of one Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    sink = pa.BufferOutputStream()
    options = {"compression": "zstd", "write_page_checksum": True}
    with parquet.ParquetWriter(sink, tables[0].schema, **options) as writer:
        for table in tables:
            writer.write_table(table.unify_dictionaries())
    return sink.getvalue().to_pybytes()
