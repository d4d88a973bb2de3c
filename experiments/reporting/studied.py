"""The tables of a study as parts of a page."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from experiments.pages.tree import Node, node
from experiments.reporting.sections import folded, table
from experiments.studying import DRIVERS_FILE

MOST_ROWS = 200


def drawn_tables(folder: Path, manifest: dict[str, Any]) -> Iterator[Node]:
    """Yield the tables of the findings, and that of what drives the answer, each folded."""
    from experiments.replay import read_parquet

    names = [name for name in manifest["files"] if name[:1].isdigit() and name.endswith(".parquet")]
    for name in [*names, *(each for each in manifest["files"] if each == DRIVERS_FILE)]:
        found = read_parquet(folder / name, None)
        heads = found.column_names
        rows = [[said(row[head]) for head in heads] for row in found.slice(0, MOST_ROWS).to_pylist()]
        title = name.removesuffix(".parquet").partition("_")
        called = f"Finding {title[0]}: {title[2].replace('_', ' ')}" if title[2] else "What drives it"
        more = f", the first {MOST_ROWS} shown" if found.num_rows > MOST_ROWS else ""
        whole = node("div", table([head.replace("_", " ") for head in heads], rows), klass="scroll")
        yield folded(f"{called} ({found.num_rows} rows{more})", whole)


def said(value: Any) -> str:
    """Return a cell of a table in words."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return "never" if value == math.inf else f"{value:.4g}"
    return str(value)
