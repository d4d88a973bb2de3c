"""What a claim can name: columns of rows, and readings and calculations with their arguments."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator

from experiments.evidence.calculations import CALCULATIONS
from experiments.evidence.readings import described, known_readings

FIELDS = ("what", "name", "arguments", "meaning")


def nameable() -> list[dict[str, str]]:
    """Return one row for everything that an entry of a claim can name, by what it is written as."""
    rows = [_row(table, name, "", meaning) for table, name, meaning in described()]
    rows += _functions("reading", known_readings(), first=1)  # the run is not the claim's to give
    rows += _functions("calculate", CALCULATIONS)
    return rows


def in_words() -> str:
    """Return the same as plain text, with where to find the rest."""
    from experiments.table import laid_out

    cells = [list(FIELDS), *([row[field] for field in FIELDS] for row in nameable())]
    rest = "Metrics: cascades metrics. Policies of arms: cascades list. The format: docs/evidence.md."
    return "\n".join([*laid_out(cells), "", rest])


def _functions(what: str, known: dict[str, Callable[..., float]], first: int = 0) -> Iterator[dict[str, str]]:
    for name, function in known.items():
        taken = list(inspect.signature(function).parameters.values())[first:]
        yield _row(what, name, ", ".join(map(_argument, taken)), _first_sentence(function))


def _argument(parameter: inspect.Parameter) -> str:
    """Return an argument with its type, in brackets where it can be left out: ``months: float``."""
    told = f"{parameter.name}: {parameter.annotation}"
    return told if parameter.default is inspect.Parameter.empty else f"[{told}]"


def _first_sentence(function: Callable[..., float]) -> str:
    return " ".join((inspect.getdoc(function) or "").split("\n\n")[0].split()).removeprefix("Return ")


def _row(*cells: str) -> dict[str, str]:
    return dict(zip(FIELDS, cells, strict=True))
