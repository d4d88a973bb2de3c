"""Run a scenario and keep what came out in a folder: tables, figure, manifest."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.folder import MANIFEST, OutputFolder, explained, human_bytes
from sim.errors import UserError

if TYPE_CHECKING:
    from experiments.history import History
    from sim.result import Result
    from sim.scenario import Scenario

RUNS_FILE, EVENTS_FILE, FIGURE_FILE = "runs.parquet", "events.parquet", "timeline.png"
ARM_EVENTS_FILE = "arm-events.parquet"
ACCESS_FILE, MEMBERS_FILE = "access.parquet", "members.parquet"  # of worlds with populations
ROWS_AT_ONCE = 100_000  # rows of Parquet made at a time: the memory needed stays bounded
LOGS_AT_ONCE = 50  # event logs, likewise
NUMBER = 8  # bytes
COPIES = 2.5  # of the results of a run that exist at the same time, at worst


def run_and_save(
    scenario: Scenario,
    out: str | Path,
    *,
    runs: int,
    seed: int,
    threads: int | None = None,
    logs: int = 20,
    draw: bool = True,
    progress: Callable[[int], None] | None = None,
    simulated: Callable[[Result], None] | None = None,
    say: Callable[[str], None] = print,
) -> tuple[Result, list[Path]]:
    """Simulate a scenario and leave the results in a folder; return the result and its files.

    A folder that cannot be written, or a size that does not fit, is found before the simulation.
    Where the simulation is broken off (Ctrl-C), the runs completed by then are kept.
    ``simulated`` is called with the result before anything is written; ``say`` with what a person
    who waits should know.

    Raises UserError.
    """
    import sim
    from experiments.manifest import now

    started, cold = now(), must_compile()
    check_sizes(scenario, runs, seed, threads, logs, draw)
    with OutputFolder(out) as folder:
        check_space(folder, scenario, runs, draw)
        if cold:
            say("Compiling the rules; this happens once and takes a while.")
        result = sim.simulate(scenario, runs, seed, threads=threads, logs=logs, draw=draw, progress=progress)
        if simulated:
            simulated(result)
        files = _write(result, folder, runs, started) if len(result.run_numbers) else []
    return result, files


def save(result: Result, out: str | Path) -> list[Path]:
    """Leave a result in a folder, as ``cascades run`` does; return the files.

    Raises UserError where the folder cannot be written or holds what others made.
    """
    with OutputFolder(out) as folder:
        return _write(result, folder, len(result.run_numbers))


def check_sizes(
    scenario: Scenario, runs: int, seed: int, threads: int | None, logs: int, draw: bool = True
) -> None:
    """Raise UserError for numbers that make no sense, or that this machine's memory cannot hold."""
    from sim.ensemble import MOST_RUNS, check_count, standard_metrics
    from sim.tables import EVENT
    from sim.world import compile_scenario

    check_count("runs", runs, 1, MOST_RUNS)
    check_count("seed", seed, 0, 2**63 - 1)
    check_count("threads", 1 if threads is None else threads, 1, 1024)
    check_count("logs", logs, 0, MOST_RUNS)
    compiled = compile_scenario(scenario)
    columns = 1 + len(standard_metrics(compiled)) + (len(compiled.uncertain) if draw else 0)
    per_run = COPIES * NUMBER * columns
    per_log = compiled.room.events * EVENT.itemsize / 2  # a log seldom fills half of its room
    needed = runs * per_run + min(logs, runs) * per_log
    available = available_memory()
    if available is not None and needed > available:
        raise UserError(
            f"runs = {runs}, logs = {logs}: the results need {human_bytes(needed)} of memory and "
            f"{human_bytes(available)} are free; ask for fewer (a run takes {human_bytes(per_run)}, "
            f"a log {human_bytes(per_log)})"
        )


def check_space(folder: OutputFolder, scenario: Scenario, runs: int, draw: bool) -> None:
    """Raise UserError where the disk cannot hold even the drawn inputs, which hardly compress."""
    from sim.paths import quantities

    drawn = sum(quantity.uncertain for _, quantity, _, _ in quantities(scenario.file)) if draw else 0
    needed, free = NUMBER * runs * drawn, folder.free_bytes()
    if needed > free:
        raise UserError(
            f"{folder.target}: the results of {runs} runs need at least {human_bytes(needed)} of disk "
            f"and {human_bytes(free)} are free; ask for fewer --runs or choose another --out"
        )


def available_memory() -> int | None:
    """Return the bytes of memory that a new table may take, or None where that is not known."""
    found = []
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                found.append(int(line.split()[1]) * 1024)
        group = Path("/sys/fs/cgroup")  # the limit of a container
        limit = (group / "memory.max").read_text().strip()
        if limit != "max":
            found.append(int(limit) - int((group / "memory.current").read_text()))
    except (OSError, ValueError):
        pass
    if not found and hasattr(os, "sysconf") and "SC_AVPHYS_PAGES" in os.sysconf_names:
        found.append(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return min(found, default=None)


def must_compile() -> bool:
    """Whether the cache holds no compiled rules yet."""
    from numba import config

    from agents.rule import JIT

    folder = getattr(config, "CACHE_DIR", "")  # numba makes its settings when it is imported
    return JIT and not (folder and any(Path(folder).rglob("*.nbi")))


def _write(
    result: Result,
    folder: OutputFolder,
    asked: int,
    started: datetime.datetime | None = None,
) -> list[Path]:
    from experiments.manifest import describe_result, key_facts
    from experiments.savings import BASE
    from sim.tail.reading import access_columns, member_columns

    manifest = describe_result(result, asked, started)
    writers: dict[str, Callable[[Path], None]] = {
        RUNS_FILE: lambda path: write_runs(result, path, key_facts(manifest)),
        FIGURE_FILE: lambda path: draw_figure(result, path),
    }
    writers |= log_writers({BASE: result}, key_facts(manifest))
    if result.tails:
        writers[ACCESS_FILE] = lambda path: write_tails(result, path, key_facts(manifest), access_columns)
    if any(len(record.log) for record in result.tails.values()):
        writers[MEMBERS_FILE] = lambda path: write_tails(result, path, key_facts(manifest), member_columns)
    return write_files(folder, writers, manifest)


def log_writers(results: Mapping[str, Result], facts: dict[str, Any]) -> dict[str, Callable[[Path], None]]:
    """Return the writers of what is kept of logged runs: logs, and what borrowed artifacts saved.

    ``results``: the baseline first, then the arms by label, whose logs go into a file of their own.
    """
    from experiments.savings import SAVINGS_FILE, write_savings

    (base, first), *arms = results.items()
    if not first.logs:
        return {}
    writers = {EVENTS_FILE: lambda path: write_events(first, path, facts)}
    if arms:
        writers[ARM_EVENTS_FILE] = lambda path: write_arm_events(dict(arms), path, facts)
    return writers | {SAVINGS_FILE: lambda path: write_savings(results, path, facts)}


def write_files(
    folder: OutputFolder, writers: dict[str, Callable[[Path], Any]], manifest: dict[str, Any]
) -> list[Path]:
    """Write the files of one command, each by its writer, then the manifest with their hashes; return them.

    Raises UserError where a file cannot be written.
    """
    from experiments.manifest import content_hash

    files: dict[str, Any] = {}
    for name, write in writers.items():
        path = folder.path(name)
        with explained(folder.target / name, folder):
            write(path)
            files[name] = {"bytes": path.stat().st_size, "blake2b": content_hash(path)}
    manifest["files"] = files
    with explained(folder.target / MANIFEST, folder):
        text = json.dumps(manifest, indent=1, ensure_ascii=False, allow_nan=False)
        folder.path(MANIFEST).write_text(text + "\n", encoding="utf-8")
    return folder.keep()


def draw_figure(result: Result, path: Path) -> None:
    """Draw the timeline of a result beside what really happened, where that is on record."""
    from experiments.timeline import draw_timeline

    draw_timeline(result, history_of(result.scenario), path)


def history_of(scenario: Scenario) -> History | None:
    """Return the record of what really happened in a scenario's world, if there is one."""
    from experiments.history import load_history

    return load_history(scenario.name)


def write_runs(result: Result, path: Path, facts: dict[str, Any]) -> None:
    """Write one row per run: run, seed, metrics, drawn inputs; each column with its unit."""
    import pyarrow as pa

    columns = result.columns()
    notes = {metric.name: {"unit": metric.unit, "meaning": metric.meaning} for metric in result.metrics}
    fields = [
        pa.field(name, pa.from_numpy_dtype(values.dtype), metadata=notes.get(name))
        for name, values in columns.items()
    ]
    schema = pa.schema(fields, stored(facts))
    rows = len(result.run_numbers)
    tables = (
        pa.table([arrow(values[first : first + ROWS_AT_ONCE]) for values in columns.values()], schema=schema)
        for first in range(0, rows, ROWS_AT_ONCE)
    )
    write_parquet(path, schema, tables)


def write_events(result: Result, path: Path, facts: dict[str, Any]) -> None:
    """Write the kept event logs, one row per event, with the row that caused it."""
    write_parquet(path, *_tables_of_logs({"": result}, facts))


def write_arm_events(results: Mapping[str, Result], path: Path, facts: dict[str, Any]) -> None:
    """Write the kept event logs of several arms, with the column ``arm``."""
    write_parquet(path, *_tables_of_logs(results, facts))


def _tables_of_logs(results: Mapping[str, Result], facts: dict[str, Any]):
    """Return the schema of event logs, and their tables, so many runs at a time."""
    import numpy as np
    import pyarrow as pa

    def table_of(arm: str, runs: Sequence[int]) -> pa.Table:
        logs = [results[arm].logs[run] for run in runs]
        lengths = [len(log) for log in logs]
        columns = {"arm": np.full(sum(lengths), arm, object)} if arm else {}
        columns["run"] = np.repeat(np.array(runs, np.int64), lengths)
        columns |= results[arm].event_columns(np.concatenate(logs))
        columns["row"] = np.concatenate([np.arange(length) for length in lengths])
        table = pa.table({name: arrow(values) for name, values in columns.items()})
        return table.replace_schema_metadata(stored(facts))

    groups = [
        (arm, runs[first : first + LOGS_AT_ONCE])
        for arm, result in results.items()
        for runs in [sorted(result.logs)]
        for first in range(0, len(runs), LOGS_AT_ONCE)
    ]
    arm, runs = groups[0]
    return table_of(arm, runs[:1]).schema, (table_of(*group) for group in groups)


def write_tails(result: Result, path: Path, facts: dict[str, Any], columns_of) -> None:
    """Write what members did in the runs whose logs were kept, one run after the other."""
    import numpy as np
    import pyarrow as pa

    def table_of(run: int) -> pa.Table:
        columns = columns_of(result.compiled, result.tails[run])
        columns = {"run": np.full(len(columns["month"]), run, np.int64), **columns}
        table = pa.table({name: arrow(values) for name, values in columns.items()})
        return table.replace_schema_metadata(stored(facts))

    runs = sorted(result.tails)
    write_parquet(path, table_of(runs[0]).schema, (table_of(run) for run in runs))


def arrow(values):
    """Return a column of numbers, days or words as an Arrow array.

    It is made from the column's own memory: ``pyarrow.array`` would import pandas, which takes
    longer than all the writing.
    """
    import numpy as np
    import pyarrow as pa

    def array(kind, numbers):
        return pa.Array.from_buffers(kind, len(numbers), [None, pa.py_buffer(np.ascontiguousarray(numbers))])

    if values.dtype == object:
        words, places = np.unique(values.astype(str), return_inverse=True)
        encoded = [str(word).encode() for word in words]
        ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
        buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))]
        dictionary = pa.Array.from_buffers(pa.string(), len(encoded), buffers)
        return pa.DictionaryArray.from_arrays(array(pa.int32(), places.astype(np.int32)), dictionary)
    if values.dtype.kind == "M":
        return array(pa.date32(), values.astype("datetime64[D]").astype(np.int32))
    return array(pa.from_numpy_dtype(values.dtype), values)


def write_parquet(path: Path, schema, tables) -> None:
    """Write Arrow tables of one schema to a Parquet file, one after the other."""
    import pyarrow.parquet as parquet

    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for table in tables:
            writer.write_table(table)


def stored(facts: dict[str, Any]) -> dict[str, str]:
    """Return facts as the metadata of a Parquet file."""
    return {"diffusion-cascades": json.dumps(facts)}
