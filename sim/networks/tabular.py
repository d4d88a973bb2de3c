"""Columns of a CSV or Parquet file, with errors that say where: file, row, column, value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sim.errors import UserError, nearest
from sim.quantity import months_of_date

SAMPLE = 1 << 16  # bytes of a CSV file from which the length of its rows is judged


@dataclass(frozen=True)
class Column:
    """One column: what it is called there, and its values (pyarrow). Row 1 follows the heading."""

    path: Path
    name: str
    values: Any

    def at(self, row: int) -> str:
        """Return the words for one place; ``row`` counts from 0."""
        return f"row {row + 1}, column {self.name}"

    def refuse(self, row: int, message: str) -> UserError:
        """Return the error for one place."""
        return UserError(f"{self.path}: {self.at(int(row))}: {message}")

    @property
    def whole(self) -> bool:
        """Whether all values are whole numbers."""
        import pyarrow as pa

        return pa.types.is_integer(self.values.type)

    def numbers(self) -> np.ndarray:
        """Return the values as float64; raise UserError at the first that is no number."""
        import pyarrow as pa

        kind = self.values.type
        if pa.types.is_integer(kind) or pa.types.is_floating(kind):
            numbers = self.values.to_numpy(zero_copy_only=False).astype(np.float64)
        else:
            numbers = np.array([_number_or_nan(value) for value in self.values.to_pylist()], np.float64)
        wrong = np.flatnonzero(~np.isfinite(numbers))
        if len(wrong):
            row = int(wrong[0])
            given = self.values[row].as_py()
            told = (
                "a value is missing, or not a number"
                if given is None
                else f"{given!r} is not a finite number"
            )
            raise self.refuse(row, f"{told}; give a number, or leave the column out")
        return numbers

    def texts(self) -> Any:
        """Return the values as texts (pyarrow); raise UserError at the first that is missing or empty."""
        import pyarrow as pa
        import pyarrow.compute as pc

        texts = self.values.cast(pa.string()) if self.values.type != pa.string() else self.values
        empty = pc.fill_null(pc.equal(pc.utf8_trim_whitespace(texts), ""), True)
        if pc.any(empty).as_py():
            raise self.refuse(pc.index(empty, True).as_py(), "is empty")
        return texts

    def months(self, start: str | None, missing: float) -> np.ndarray:
        """Return the values as months after a start; ``missing`` where there is none.

        Numbers are months already; dates are counted from ``start``.
        """
        import pyarrow as pa

        kind = self.values.type
        if pa.types.is_integer(kind) or pa.types.is_floating(kind):
            months = self.values.to_numpy(zero_copy_only=False).astype(np.float64)
            return np.where(np.isnan(months), missing, months)
        if pa.types.is_null(kind):
            return np.full(len(self.values), missing)
        texts = self.values.cast(pa.string()).dictionary_encode()
        if isinstance(texts, pa.ChunkedArray):
            texts = texts.unify_dictionaries().combine_chunks()
        found = []
        for text in texts.dictionary.to_pylist():
            try:
                found.append(missing if not text.strip() else months_of_date(text[:10]) - _months(start))
            except (ValueError, UserError) as error:
                row = self.values.cast(pa.string()).to_pylist().index(text)
                raise self.refuse(row, f"{text!r}: {error}") from None
        places = texts.indices.to_numpy(zero_copy_only=False)
        known = np.nan_to_num(places, nan=-1).astype(np.int64)
        return np.append(np.array(found, np.float64), missing)[known]


@dataclass(frozen=True)
class Columns:
    """The columns of a file by what they mean."""

    path: Path
    rows: int
    by_meaning: dict[str, Column]

    def __contains__(self, meaning: str) -> bool:
        return meaning in self.by_meaning

    def column(self, meaning: str) -> Column:
        """Return the column that means something."""
        return self.by_meaning[meaning]


def read_columns(
    path: Path,
    meanings: Mapping[str, Sequence[str]],
    required: Sequence[str],
    columns: Mapping[str, str] | None = None,
    ignore: Sequence[str] = (),
) -> Columns:
    """Read the columns of a file, each by its meaning.

    meanings: meaning -> names under which it goes. columns: meaning -> its name in this file.
    ignore: names of columns that are left out.

    Raises UserError for a file that cannot be read, that is empty, for columns that are unknown, missing
    or there twice.
    """
    table = _read(path)
    named = assign(str(path), table.column_names, meanings, required, columns, ignore)
    if table.num_rows == 0:
        raise UserError(f"{path}: has a heading and no rows")
    found = {meaning: Column(path, name, table.column(name)) for meaning, name in named.items()}
    return Columns(path, table.num_rows, found)


def assign(
    where: str,
    names: Sequence[str],
    meanings: Mapping[str, Sequence[str]],
    required: Sequence[str] = (),
    columns: Mapping[str, str] | None = None,
    ignore: Sequence[str] = (),
) -> dict[str, str]:
    """Return meaning -> column, or raise UserError where a column is unknown, missing or there twice."""
    columns = columns or {}
    for meaning, name in columns.items():
        if meaning not in meanings:
            raise UserError(
                f"{where}: columns.{meaning}: no such meaning{nearest(meaning, meanings)}; allowed: "
                f"{', '.join(meanings)}"
            )
        if name not in names:
            raise UserError(
                f"{where}: columns.{meaning}: no column {name!r}{nearest(name, names)}; "
                f"there is: {_listed(names)}"
            )
    means = {alias: meaning for meaning, aliases in meanings.items() for alias in aliases
             if meaning not in columns}  # fmt: skip
    means |= {name: meaning for meaning, name in columns.items()}
    found: dict[str, str] = {}
    for name in names:
        if name in ignore:
            continue
        if name not in means:
            raise UserError(
                f"{where}: unknown column {name!r}{nearest(name, means)}; allowed: {', '.join(means)}; "
                f"leave it out by ignore=[{name!r}], or say what it means by columns={{'strength': {name!r}}}"
                + (_separated(name) if len(names) == 1 else "")
            )
        if means[name] in found:
            raise UserError(
                f"{where}: columns {found[means[name]]!r} and {name!r} both mean {means[name]}; leave one out"
            )
        found[means[name]] = name
    for meaning in required:
        if meaning not in found:
            raise UserError(
                f"{where}: no column {' or '.join(repr(name) for name in meanings[meaning])}; there is: "
                f"{_listed(names)}"
            )
    return found


def rows_of(path: Path) -> float:
    """Return how many rows a file holds: counted where it says so, judged by its size where not."""
    if path.suffix == ".parquet":
        import pyarrow.parquet as parquet

        with _explained(path):
            return float(parquet.read_metadata(path).num_rows)
    with path.open("rb") as file:
        sample = file.read(SAMPLE)
    lines = max(1, sample.count(b"\n"))
    return path.stat().st_size / (len(sample) / lines) if sample else 0.0


def check_readable(path: Path) -> None:
    """Raise UserError unless a path is a file that holds something."""
    try:
        if path.is_dir():
            raise UserError(f"{path}: is a folder, not a file")
        if not path.is_file():
            raise UserError(f"{path}: no such file")
        if path.stat().st_size == 0:
            raise UserError(f"{path}: the file is empty")
        with path.open("rb"):
            pass
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None


def _read(path: Path):
    with _explained(path):
        if path.suffix == ".parquet":
            import pyarrow.parquet as parquet

            return parquet.read_table(path)
        import pyarrow.csv as csv

        return csv.read_csv(path)


@contextmanager
def _explained(path: Path):
    """Turn what pyarrow says of a file into an error for its user."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowInvalid, pa.ArrowKeyError, UnicodeDecodeError) as error:
        first = str(error).splitlines()[0]
        what = "Parquet" if path.suffix == ".parquet" else "CSV"
        raise UserError(f"{path}: cannot be read as {what}: {first}") from None


def _number_or_nan(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def _months(start: str | None) -> float:
    if start is None:
        raise UserError("dates need a start to count from: start='2020-01'")
    return months_of_date(start)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(str, list(names)[:12])) or "none"


def _separated(name: str) -> str:
    for mark, word in ((";", "semicolons"), ("\t", "tabs"), (" ", "spaces")):
        if mark in name:
            return f"; the heading holds {word}: separate columns by commas"
    return ""
