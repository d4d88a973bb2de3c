"""What borrowed artifacts saved the projects of the runs whose log is kept: a table beside the logs.

The books of a project need the run itself once more (``experiments.cuts``). They are therefore kept when the
run is made, so that nothing has to be simulated to draw or to tell of it later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.cuts import ledgers
from experiments.figures.cascade import tell
from experiments.replay import Replay
from experiments.wording import cut_in_words

if TYPE_CHECKING:
    from experiments.cuts import Ledger
    from sim.result import Result

SAVINGS_FILE = "savings.parquet"
MOST_CUTS = 6  # of a project, besides those of its arrows
PARTS = ("months", "work", "trials", "training", "team", "failure")
MOST_RUNS = 50  # of which the books are kept: as many as a report shows
BASE = ""  # arm of the baseline, and of a run by itself
COLUMNS = {
    "arm": str, "run": np.int64, "project": np.int64, "row": np.int64, "artifact": np.int64,
    **dict.fromkeys(PARTS, float), "words": str, "project_months": float, "project_months_alone": float,
}  # fmt: skip


def savings_of(result: Result, drawn: bool, arm: str = BASE) -> Iterator[dict[str, Any]]:
    """Yield what artifacts saved the projects that a timeline draws arrows to, in the first runs logged.

    Of each project: the artifacts of its arrows, and those that saved it most. ``row``: of the run's log,
    where the artifact reached the team. ``months`` and the rest: what it cut (``experiments.cuts.Cut``);
    ``words``: the same in words. ``project_months``: how long the project took, ``project_months_alone``:
    how long it would have taken with nothing borrowed. ``drawn``: whether uncertain inputs were drawn.
    """
    for run in sorted(result.logs)[:MOST_RUNS]:
        arrows: dict[int, set[int]] = {}
        for arrow in tell(result, run).arrows:
            arrows.setdefault(arrow.project, set()).add(arrow.row)
        replay = Replay(result.compiled, result.seed, run, drawn, True)
        for project, books in ledgers(replay, sorted(arrows)).items():
            if books:
                yield from _rows(arm, run, books, arrows[project])


def write_savings(results: Mapping[str, Result], path: Path, facts: dict[str, Any]) -> None:
    """Write the savings of the logged runs of several arms as one table."""
    import pyarrow as pa

    from experiments.run import arrow, stored, write_parquet

    drawn = any(result.draws.shape[1] for result in results.values())  # in all arms alike, and kept in one
    rows = [row for arm, result in results.items() for row in savings_of(result, drawn, arm)]
    columns = {
        name: np.array([row[name] for row in rows], object if kind is str else kind)
        for name, kind in COLUMNS.items()
    }
    table = pa.table({name: arrow(values) for name, values in columns.items()})
    table = table.replace_schema_metadata(stored(facts))
    write_parquet(path, table.schema, [table])


Savings = dict[tuple[str, int], dict[tuple[int, int], dict[str, Any]]]


def read_savings(folder: Path) -> Savings:
    """Return the savings in a folder: (arm, run) -> (project, row of the log) -> row; empty if not kept."""
    from experiments.replay import read_parquet

    path, found = folder / SAVINGS_FILE, Savings()
    if path.is_file():
        for row in read_parquet(path, list(COLUMNS)).to_pylist():
            found.setdefault((row["arm"], row["run"]), {})[row["project"], row["row"]] = row
    return found


def _rows(arm: str, run: int, books: Ledger, drawn: set[int]) -> Iterator[dict[str, Any]]:
    most = sorted(books.cuts, key=lambda cut: -abs(cut.months))[:MOST_CUTS]
    for cut in books.cuts:
        if cut in most or cut.row in drawn:
            yield {
                "arm": arm,
                "run": run,
                "project": books.project,
                "row": cut.row,
                "artifact": cut.artifact,
                **{part: float(getattr(cut, part)) for part in PARTS},
                "words": cut_in_words(cut, books),
                "project_months": float(books.done["months"]),
                "project_months_alone": float(books.full["months"]),
            }
