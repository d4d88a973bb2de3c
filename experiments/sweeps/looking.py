"""Looking at a store: how far it is, what it will take, one run again, a question in SQL."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.folder import human_bytes
from experiments.sweeps.plan import Plan
from experiments.sweeps.running import plan_of_store
from experiments.sweeps.store import (
    DESIGN,
    DONE,
    EVENTS,
    FAILURES,
    PARTS,
    Store,
    command,
    damaged_file,
    open_store,
    table_of,
)
from experiments.sweeps.work import Chunk, Made, compute
from experiments.sweeps.worlds import Worlds, seed_of
from sim.errors import UserError, not_found

if TYPE_CHECKING:
    import pandas as pd

    from sim.result import Result

TRIAL_SECONDS = 2.0
TRIAL_ROWS = 32
TRIAL_PLACES = 12
MOST_SHOWN = 6
FAILED_RUNS = "select run_id, error from results where status = 'failed'"


@dataclass(frozen=True)
class Forecast:
    """What a sweep will take, by simulating a few of its points: seconds of one thread, bytes of disk."""

    points: int
    runs: int
    worlds: int
    parts: int
    seconds: float
    bytes: float
    tried: int
    failed: int

    def in_words(self, threads: int) -> str:
        """Return it as a few lines."""
        lines = [
            f"{self.points:,} points x {self.runs // self.points:,} runs = {self.runs:,} runs, "
            f"in {self.parts:,} parts",
            f"about {duration(self.seconds / threads)} on {threads} threads "
            f"({self.runs / self.seconds:,.0f} runs per second and thread; {self.tried} runs were tried)",
            f"about {human_bytes(self.bytes)} of disk",
        ]
        if self.worlds > 1:
            lines.insert(1, f"{self.worlds:,} worlds that differ in more than numbers are laid out")
        if self.failed:
            lines.append(
                f"{self.failed} of the {self.tried} runs that were tried failed; they would become rows"
            )
        return "\n".join(lines)


def duration(seconds: float) -> str:
    """Return a time as people say it.

    >>> duration(200)
    '3.3 minutes'
    """
    for unit, length in (("days", 86400.0), ("hours", 3600.0), ("minutes", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.1f} seconds"


def forecast(plan: Plan, runs: int, chunk: int | None = None) -> Forecast:
    """Return what a plan will take; the time is measured on some of its points, spread evenly."""
    from experiments.sweeps.designs import distinct_worlds

    block = plan.block(0, runs, chunk)
    total = len(plan.points) * runs
    rows = min(total, TRIAL_ROWS)
    firsts = np.unique(np.linspace(0, total - rows, TRIAL_PLACES).astype(int))

    def tried(first: int, count: int) -> Made:
        return compute(plan.task(Chunk(0, 0, 0, runs, first, first + count)))

    began, count, failed = time.perf_counter(), 0, 0
    per_run, per_part, sizes = [], [], []
    for first in map(int, firsts):
        tried(first, rows)  # what is read and laid out once does not count
        one, many = tried(first, 1), tried(first, rows)
        per_run.append(max(many.seconds - one.seconds, 1e-9) / max(1, rows - 1))
        per_part.append(max(0.0, one.seconds - per_run[-1]))
        size = [len(made.part) + len(made.events) for made in (one, many)]
        sizes.append((size[0], max(0.0, size[1] - size[0]) / max(1, rows - 1)))
        count, failed = count + rows, failed + many.failed
        if time.perf_counter() - began > TRIAL_SECONDS:
            break
    parts = -(-total // block["chunk"])
    seconds = float(np.mean(per_run)) * total + float(np.median(per_part)) * parts
    of_part, of_run = np.mean(sizes, axis=0)
    size = parts * of_part + total * of_run + len(plan.points) * 8 * (len(plan.names) + 3)
    worlds = len(set(distinct_worlds(plan.points)))
    return Forecast(len(plan.points), total, worlds, parts, seconds, float(size), count, failed)


def status(folder: str | Path) -> dict[str, Any]:
    """Return how far a sweep is, as plain data; every part is read, and a damaged one is not done."""
    store = open_store(folder)
    damaged = store.damaged()
    failed = sum(1 for _ in store.failures(without=damaged))
    size = sum(path.stat().st_size for path in store.folder.rglob("*.parquet"))
    made = store.manifest["made_with"]
    return {
        "folder": str(folder),
        "title": store.manifest["plan"]["title"],
        "scenario": store.manifest["plan"]["scenario_name"],
        "method": store.method,
        "points": store.manifest["points"],
        "runs_per_point": store.runs_per_point,
        "runs": store.total,
        "done": store.done(without=damaged),
        "failed": failed,
        "parts": len(store.parts()),
        "damaged": [path.name for path in damaged],
        "design_lost": "" if store.has_design() else store.design_again(),
        "bytes": size,
        "worked_on_by": _holder(store.folder),
        "metrics": store.metrics,
        "factors": [factor.plain() for factor in store.factors],
        "made_with": made,
    }


def _holder(folder: Path) -> str:
    """Return which process works on a store now; "" for none."""
    from experiments.sweeps.keeping import LOCK, is_locked

    path = folder / LOCK
    return path.read_text().strip() if path.exists() and is_locked(path) else ""


def shortened(values: Sequence[Any]) -> str:
    """Return a list in words, the first few of it."""
    more = ", ..." if len(values) > MOST_SHOWN else ""
    return ", ".join(map(str, values[:MOST_SHOWN])) + more


def status_in_words(found: dict[str, Any]) -> str:
    """Return the status of a sweep as a person reads it."""
    share = found["done"] / found["runs"]
    lines = [
        f"{found['title'] or found['scenario']}: {found['method']} of {found['scenario']}, "
        f"{found['points']:,} points x {found['runs_per_point']:,} runs",
        f"done {found['done']:,} of {found['runs']:,} runs ({100 * share:.0f} %), {found['failed']:,} failed"
        f"; {found['parts']:,} parts, {human_bytes(found['bytes'])}",
    ]
    for factor in found["factors"]:
        between = shortened(factor["levels"])
        if not between:
            between = f"{factor['low']:g} to {factor['high']:g} {factor['unit']}".strip()
        lines.append(f"  {factor['name']} ({factor['kind']}): {between}")
    if found["damaged"]:
        lines.append(f"damaged, to be made again: {shortened(found['damaged'])}")
    if found["worked_on_by"]:
        lines.append(f"being worked on by {found['worked_on_by']}")
    elif found["design_lost"]:
        lines.append(f"{DESIGN} is damaged or lost; {found['design_lost']}")
    elif found["done"] < found["runs"] or found["damaged"]:
        lines.append(f"the rest: {command('resume', found['folder'])}")
    if found["failed"]:
        table = Path(found["folder"]) / FAILURES
        where = table if table.exists() else command("query", found["folder"], FAILED_RUNS)
        lines.append(f"what failed: {where}")
    return "\n".join(lines)


def replay(folder: str | Path, run_id: str) -> tuple[Result, dict[str, Any] | None]:
    """Simulate one run of a sweep again, with its log; return it and the row that the store holds of it.

    The run is that of a scenario in which all that its point says is written out, so it also proves
    the store. Raises UserError for a run that is not there, and for one that is another now.
    """
    from sim.ensemble import simulate

    store = open_store(folder)
    plan = plan_of_store(folder)
    point, run = place_of(store, run_id)
    scenario = Worlds(plan.data).exact(plan.values(point))
    result = simulate(
        scenario,
        1,
        seed_of(plan.data, plan.values(point)),
        threads=1,
        metrics=store.metrics,
        logs=1,
        draw=plan.data["inputs"] == "drawn",
        first_run=run,
    )
    row = _row(store, point, run)
    if row is not None:
        for place, metric in enumerate(store.metrics):
            now, then = result.values[0, place], row[metric]
            if now != then and not (np.isnan(now) and np.isnan(then)):
                raise UserError(
                    f"{folder}: run {run_id}, simulated again, has {metric} = {now!r} and not {then!r}: the "
                    "store was made by other versions, or changed"
                )
    return result, row


def place_of(store: Store, run_id: str) -> tuple[int, int]:
    """Return the point and the run that a run's id (ID-RUN) or POINT:RUN names."""
    for mark in ("-", ":"):
        name, found, number = run_id.partition(mark)
        if not found or not number.isdigit():
            continue
        if mark == "-":
            points = np.flatnonzero(store.ids.to_numpy() == name)
            if not len(points):
                raise UserError(f"{store.folder}: {not_found('point', name, store.ids)}")
            point = int(store.ids.index[points[0]])
        elif name.isdigit() and int(name) < len(store.design):
            point = int(name)
        else:
            raise UserError(f"{store.folder}: no point {name!r}; there is: 0 to {len(store.design) - 1}")
        if int(number) >= store.runs_per_point:
            raise UserError(f"{store.folder}: no run {number}; every point has {store.runs_per_point}")
        return point, int(number)
    raise UserError(f"{run_id!r}: write a run as ID-RUN (as in failures.csv) or POINT:RUN, such as 0:3")


def _row(store: Store, point: int, run: int) -> dict[str, Any] | None:
    """Return the row of one run as it stands in the store, unless it failed or is not there."""
    import pyarrow as pa
    import pyarrow.compute as compute_of

    for path in store.parts():
        table = table_of(path)
        chosen = compute_of.and_(
            compute_of.equal(table["point"], pa.scalar(point)), compute_of.equal(table["run"], pa.scalar(run))
        )
        for row in table.filter(chosen).to_pylist():
            return row if row["status"] == DONE else None
    return None


def query(folder: str | Path, text: str, unchecked: bool = False) -> pd.DataFrame:
    """Answer a question in SQL (DuckDB) on a store, if all its files are as they were written.

    Views: ``runs`` (one row per run), ``points`` (one per point), ``results`` (both, side by side, with
    the id of each run) and, where logs were kept, ``events``. ``unchecked``: do not read
    the files through first, which takes one to two seconds per gigabyte; flipped bytes go unnoticed then.
    """
    import duckdb

    store = open_store(folder)
    store.check_design()
    if not store.parts():
        raise UserError(f"{folder}: holds no runs yet; {command('resume', folder)}")
    for path in [] if unchecked else store.damaged():
        raise damaged_file(path)
    with duckdb.connect() as connection:
        connection.execute("set enable_progress_bar = false")
        where = str(store.folder).replace("'", "''")
        views = {
            "runs": f"select * from read_parquet('{where}/{PARTS}/part-*.parquet')",
            "points": f"select * from read_parquet('{where}/design.parquet')",
            "results": "select points.id || '-' || runs.run as run_id, runs.*, points.* exclude (point, id) "
            "from runs join points using (point)",
        }
        if any((store.folder / EVENTS).glob("*.parquet")):
            views["events"] = f"select * from read_parquet('{where}/{EVENTS}/events-*.parquet')"
        try:
            for name, view in views.items():
                connection.execute(f'create view "{name}" as {view}')
            found = connection.execute(text)
        except duckdb.Error as error:
            for path in store.damaged():
                raise damaged_file(path) from None
            message = str(error).strip().splitlines()[0]
            raise UserError(
                f"{folder}: the query cannot be answered: {message}; views: {', '.join(views)}"
            ) from None
        if found is None:
            raise UserError(
                f"{folder}: the query {text!r} asks for nothing; write SQL, such as 'select * from runs'"
            )
        return found.df()
