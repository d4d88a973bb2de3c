"""The store of a sweep, as those read it who analyse it: ``open_store(folder)``.

A store is a folder::

    manifest.json      what was asked for: the scenario itself, design, metrics, versions, blocks of runs
    design.parquet     one row per point: point, id, one column per factor, unit:FACTOR where it was sampled
    parts/*.parquet    one row per run: point, run, seed, metrics, status, error (and input:PATH if kept)
    events/*.parquet   event logs, of the runs of which they were kept
    failures.csv       the runs that failed, with their error and the command that repeats them

A part is named by its block, its number and a hash of its content, so a damaged one is known by its name.
"""

from __future__ import annotations

import hashlib
import json
import math
import shlex
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.folder import MADE_BY, MANIFEST
from experiments.sweeps.factors import POLICY, SET, Factor
from sim.errors import UserError, not_found

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from sim.scenario import Scenario

DESIGN, PARTS, EVENTS, FAILURES = "design.parquet", "parts", "events", "failures.csv"
KIND = "sweep"
EXPANDING = "expanding"  # in a manifest: runs by which every point is expanded, until all are there
UNIT = "unit:"  # before a factor's name: its coordinate in the unit cube, from which its value was made
HASH = 8  # bytes
OWN_COLUMNS = ("point", "run", "seed", "status", "error")
DONE, FAILED = "done", "failed"


def command(*words: object) -> str:
    """Return a command of this program as a shell takes it, with quotes where they are needed.

    >>> command("resume", "my sweeps/one")
    "cascades resume 'my sweeps/one'"
    """
    return shlex.join(["cascades", *map(str, words)])


def open_store(folder: str | Path) -> Store:
    """Return the store of a sweep in a folder, finished or not.

    Raises UserError for a folder that holds none, or one that cannot be read.
    """
    return Store(Path(folder))


class Store:
    """What a sweep left: read only.

    ``manifest``: plain data. ``factors``: what was varied. ``method``: of the design ("sobol", ...), with
    its ``settings``. ``paired``: whether all points share their luck (run r has the same seed at every
    point). ``metrics``: names of what was kept of each run.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.manifest = read_manifest(folder)
        plan = self.manifest["plan"]
        self.factors: tuple[Factor, ...] = tuple(map(Factor.of_plain, plan["factors"]))
        self.metrics: list[str] = list(plan["metrics"])
        self.settings: dict[str, Any] = dict(plan["design"])
        self.method: str = self.settings["method"]
        self.paired: bool = plan["luck"] == "paired"
        self.seed: int = plan["seed"]
        self.blocks: list[dict[str, int]] = list(self.manifest["blocks"])

    @property
    def runs_per_point(self) -> int:
        """How many runs every point is to have."""
        return sum(block["runs"] for block in self.blocks)

    @property
    def expanding(self) -> int:
        """By how many runs of every point an expansion enlarges it that is not finished; 0: none."""
        return self.manifest.get(EXPANDING, 0)

    @property
    def total(self) -> int:
        """How many runs all points are to have."""
        return self.manifest["points"] * self.runs_per_point

    @property
    def units(self) -> dict[str, str]:
        """The unit of every metric ("months": a date, inf where it never comes by the end)."""
        return {name: note["unit"] for name, note in self.manifest["metrics"].items()}

    @cached_property
    def scenario(self) -> Scenario:
        """The scenario that the points change."""
        from sim.scenario import from_data

        plan = self.manifest["plan"]
        return from_data(
            plan["scenario"],
            plan["scenario_file"],
            tuple(plan["sets"]),
            policies=tuple(plan["policies"]),
            name=plan["scenario_name"],
        )

    def _repr_html_(self) -> str:
        """Return what was varied and how much of it is there, for notebooks."""
        from sim.display import as_html

        plan = self.manifest["plan"]
        facts = [
            f"{plan['scenario_name']}: {len(self.design):,} points by {self.method}, "
            f"{self.runs_per_point:,} runs of each",
            f"metrics: {', '.join(self.metrics)}",
        ]
        rows = [(factor.name, factor.kind, factor.unit, _range_of(factor)) for factor in self.factors]
        return as_html(
            plan["title"] or f"Sweep in {self.folder.name}", facts, ("factor", "kind", "unit", "values"), rows
        )

    @cached_property
    def _design(self) -> pd.DataFrame:
        self.check_design()
        return table_of(self.folder / DESIGN).to_pandas().set_index("point")

    def has_design(self) -> bool:
        """Whether the table of points is there as it was written."""
        try:
            return content_of((self.folder / DESIGN).read_bytes()) == self.manifest["design"]
        except OSError:
            return False

    def check_design(self) -> None:
        """Raise UserError, with the cure, where the table of points is damaged or lost."""
        if not self.has_design():
            raise UserError(f"{self.folder / DESIGN}: is damaged or lost; {self.design_again()}")

    def design_again(self) -> str:
        """Return what to do where the table of points is damaged or lost."""
        return (
            "the sweep, asked for as it was, writes it again and keeps all runs; it was made by: "
            + self.manifest["command"]
        )

    @property
    def design(self) -> pd.DataFrame:
        """One row per point (the index), one column per factor."""
        return self._design[[factor.name for factor in self.factors]]

    @property
    def ids(self) -> pd.Series:
        """The stable name of every point; a run is called ID-RUN."""
        return self._design["id"]

    @property
    def sample(self) -> pd.DataFrame | None:
        """The design in the unit cube, one column per factor; None where points were not sampled."""
        names = [UNIT + factor.name for factor in self.factors]
        if not set(names) <= set(self._design.columns):
            return None
        return self._design[names].rename(columns=lambda name: name.removeprefix(UNIT))

    def parts(self) -> list[Path]:
        """Return the parts that are there, in order."""
        return sorted((self.folder / PARTS).glob("part-*.parquet"))

    def damaged(self) -> list[Path]:
        """Return the parts and logs that are not as they were written; each is read."""
        logs = sorted((self.folder / EVENTS).glob("events-*.parquet"))
        return [path for path in (*self.parts(), *logs) if not is_whole(path) and path.exists()]

    def done(self, without: Collection[Path] = ()) -> int:
        """Return how many runs are there, by the names of the parts, ``without`` some of them."""
        points = self.manifest["points"]
        there = {path.name.split(".")[0] for path in self.parts() if path not in without}
        done = 0
        for at, block in enumerate(self.blocks):
            of_block = points * block["runs"]
            for number, first in enumerate(range(0, of_block, block["chunk"])):
                if f"part-{at:03d}-{number:07d}" in there:
                    done += min(of_block, first + block["chunk"]) - first
        return done

    def runs(self, columns: Sequence[str] | None = None, failed: bool = False) -> pa.Table:
        """Return one row per run that is there, ordered by point and run, as an Arrow table.

        Columns: point, run, seed, the metrics, status, error, and input:PATH where draws were kept; or
        those named, with point and run. ``failed``: with the runs that failed (their metrics are nan).
        """
        import pyarrow as pa
        import pyarrow.compute as compute

        known = self.columns()
        for name in columns or ():
            if name not in known:
                raise UserError(f"{self.folder}: {not_found('column', name, known)}")
        wanted = known if columns is None else list(dict.fromkeys(["point", "run", *columns]))
        read = list(dict.fromkeys([*wanted, "status"]))
        tables = [table_of(path, read) for path in self.parts()]
        if not tables:
            raise UserError(f"{self.folder}: holds no runs yet; {command('resume', self.folder)}")
        table = pa.concat_tables(tables, promote_options="permissive").unify_dictionaries()
        if not failed:
            done = compute.equal(table["status"].cast(pa.string()), DONE)
            if not compute.all(done).as_py():
                table = table.filter(done)
        worlds = any(factor.kind in (POLICY, SET) for factor in self.factors)  # gone through one by one
        if worlds or len(self.blocks) > 1:
            table = table.sort_by([("point", "ascending"), ("run", "ascending")])
        return table.select(wanted)

    def failures(self, without: Collection[Path] = ()) -> Iterator[dict[str, Any]]:
        """Yield point, run, seed and error of every run that failed, part by part, ``without`` some parts."""
        import pyarrow as pa
        import pyarrow.compute as compute

        for path in self.parts():
            if path in without:
                continue
            status = table_of(path, ["status"])["status"].cast(pa.string())
            chosen = compute.equal(status, FAILED)
            if compute.any(chosen).as_py():
                yield from table_of(path, ["point", "run", "seed", "error"]).filter(chosen).to_pylist()

    def columns(self) -> list[str]:
        """Return the names of the columns of ``runs``."""
        import pyarrow.parquet as parquet

        parts = self.parts()
        if not parts:
            return [*OWN_COLUMNS[:3], *self.metrics, *OWN_COLUMNS[3:]]
        with readable(parts[0]):
            return parquet.read_schema(parts[0]).names

    def summary(self) -> pd.DataFrame:
        """One row per point and metric: runs, quantiles, and the share of runs in which it never comes.

        A date that never comes counts as later than all others (inf) in the quantiles; runs in which a
        metric is not defined (nan) are counted apart.
        """
        import numpy as np
        import pandas as pd

        from sim.result import QUANTILES

        rows: list[dict[str, Any]] = []
        table = self.runs(self.metrics)
        points = table["point"].to_numpy()
        ends = [*np.flatnonzero(np.diff(points)) + 1, len(points)]
        for name in self.metrics:
            values = table[name].to_numpy()
            first = 0
            for end in ends:
                ordered = np.sort(values[first:end])  # nan last, and before them inf
                runs = end - first
                known = runs - int(np.isnan(ordered).sum())
                row = {"point": int(points[first]), "metric": name, "unit": self.units[name], "runs": runs}
                for level in QUANTILES:  # as Result.quantiles: the least value that so many do not exceed
                    place = max(0, math.ceil(level * known) - 1)
                    row[f"q{int(100 * level)}"] = float(ordered[place]) if known else math.nan
                row["never"] = float(np.isinf(ordered[:known]).mean()) if known else math.nan
                rows.append(row | {"undefined": runs - known})
                first = end
        return pd.DataFrame(rows).sort_values(["point", "metric"], kind="stable", ignore_index=True)

    def plot(self, kind: str, out: str | Path | None = None, **options: Any) -> Any:
        """Draw a figure of it: see ``experiments.plot``."""
        from experiments.figures.plotting import plot

        return plot(self, kind, out, **options)

    def frame(self, columns: Sequence[str] | None = None, failed: bool = False) -> pd.DataFrame:
        """Return ``runs`` with the factors of each run's point beside it, as a data frame."""
        return self.runs(columns, failed).to_pandas().merge(self.design, left_on="point", right_index=True)


def read_manifest(folder: Path, cure: str = "give a folder that `cascades sweep` left") -> dict[str, Any]:
    """Return the manifest of a store; raise UserError, with the cure, where there is none of a sweep."""
    path = folder / MANIFEST
    if not folder.is_dir():
        what = "is a file, not a folder" if folder.exists() else "no such folder"
        raise UserError(f"{folder}: {what}; give the folder that `cascades sweep --out` left")
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        if manifest["made_by"] != MADE_BY or manifest.get("kind") != KIND:
            raise UserError(f"{folder}: is not the folder of a sweep; {cure}")
    except FileNotFoundError:
        raise UserError(f"{folder}: holds no {MANIFEST}; {cure}") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path}: cannot be read as a manifest of ours ({error})") from None
    return manifest


def content_of(content: bytes) -> str:
    """Return a hash of a file's content."""
    return hashlib.blake2b(content, digest_size=HASH).hexdigest()


def is_whole(path: Path) -> bool:
    """Whether a part or log is as it was written: its name holds the hash of its content."""
    try:
        return content_of(path.read_bytes()) == path.name.removesuffix(".parquet").partition(".")[2]
    except OSError:
        return False


def table_of(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """Return a file of the store; raise UserError where it is damaged."""
    import pyarrow.parquet as parquet

    with readable(path):
        return parquet.ParquetFile(path, page_checksum_verification=True).read(columns)


class readable:
    """Says which file is damaged, and the cure."""

    def __init__(self, path: Path):
        self.path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind, error, trace) -> None:
        import pyarrow as pa

        if isinstance(error, (OSError, pa.ArrowException)):
            raise damaged_file(self.path, str(error).splitlines()[0]) from None


def damaged_file(path: Path, reason: str = "its content is not what was written") -> UserError:
    """Return what to say of a damaged part or log, with the cure."""
    return UserError(
        f"{path}: cannot be read ({reason}); it is damaged or half there, and made again by: "
        + command("resume", path.parent.parent)
    )


def _range_of(factor: Factor) -> str:
    """Return what a factor may be, in few words."""
    if factor.levels:
        return ", ".join(map(str, factor.levels))
    if factor.low is None or factor.high is None:
        return factor.distribution
    return f"{factor.low:g} to {factor.high:g}"
