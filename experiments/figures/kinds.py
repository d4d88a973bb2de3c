"""The kinds of figures. Decorating a function registers it: it draws what a folder of one sort holds.

A function takes what the folder holds (a Result, a Comparison, a Store, ...) and what was asked, and returns
a figure made on a ``Sheet``. The first line of its docstring is what ``cascades plot --list`` says of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from importlib import import_module
from typing import TYPE_CHECKING, Any

from experiments.figures.sheet import LEAST, MOST, WIDE
from sim.errors import UserError, not_found

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from experiments.figures.moving import Film

HOMES = (  # modules that register kinds
    "timelines", "holding", "waiting", "trees", "ties", "arms", "swept", "folders", "moving",
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What was asked of a figure. ``width``: in mm, of the paper. What is empty is chosen by the figure.

    ``run``: number of one run. ``only``: actors, kinds of actors or regions to be shown. ``by``: what lanes
    are grouped by, "kind" or "region". ``arms``: of a comparison. ``metric``: an outcome.
    ``when``: conditions. ``goals``: METRIC:more or METRIC:less.
    """

    width: float = WIDE
    run: int | None = None
    only: tuple[str, ...] = ()
    by: str = ""
    arms: tuple[str, ...] = ()
    metric: str = ""
    when: tuple[str, ...] = ()
    goals: tuple[str, ...] = ()

    def given(self) -> dict[str, Any]:
        """Return what was given, but for the width, which every kind takes."""
        named = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "width"}
        return {name: value for name, value in named.items() if value not in (None, (), "")}


@dataclass(frozen=True)
class Kind:
    """One kind of figure. ``sort``: of folder. ``options``: fields of ``Asked`` that it heeds.

    ``lacks``: says of what a folder holds why it cannot be drawn, "" if it can. ``moving``: a film, of many
    pictures.
    """

    name: str
    sort: str
    says: str
    draw: Callable[[Any, Asked], Figure | Film]
    options: tuple[str, ...] = ()
    lacks: Callable[[Any], str] = lambda holds: ""
    moving: bool = False


_KINDS: dict[tuple[str, str], Kind] = {}


def kind(
    name: str,
    sort: str,
    options: Iterable[str] = (),
    lacks: Callable[[Any], str] = lambda holds: "",
    moving: bool = False,
) -> Callable[[Callable[[Any, Asked], Any]], Callable[[Any, Asked], Any]]:
    """Register a function as a kind of figure of a sort of folder."""

    def registered(draw: Callable[[Any, Asked], Any]) -> Callable[[Any, Asked], Any]:
        says = (draw.__doc__ or "").strip().splitlines()[0].removesuffix(".")
        _KINDS[name, sort] = Kind(name, sort, says, draw, tuple(options), lacks, moving)
        return draw

    return registered


def every_kind() -> list[Kind]:
    """Return all kinds, by the sort of folder."""
    for home in HOMES:
        import_module(f"experiments.figures.{home}")
    return list(_KINDS.values())


def sorts() -> list[str]:
    """Return the sorts of folders that can be drawn."""
    return list(dict.fromkeys(each.sort for each in every_kind()))


def kinds_of(sort: str) -> dict[str, Kind]:
    """Return the kinds of figures of a sort of folder, by name."""
    return {each.name: each for each in every_kind() if each.sort == sort}


def chosen(name: str, sort: str, holds: Any, where: str) -> Kind:
    """Return the kind of figure that is asked for; raise UserError where it cannot be drawn from this."""
    kinds = kinds_of(sort)
    possible = [each.name for each in kinds.values() if not each.lacks(holds)]
    if name not in kinds:
        others = sorted({each.sort for each in every_kind() if each.name == name})
        other = f" ({name} is drawn from: {', '.join(others)})" if others else ""
        raise UserError(f"{where}: {not_found(f'figure of a folder of {sort}', name, possible)}{other}")
    reason = kinds[name].lacks(holds)
    if reason:
        can = f"; what can be drawn: {', '.join(possible)}" if possible else "; nothing can be drawn from it"
        raise UserError(f"{where}: {name} cannot be drawn: {reason}{can}")
    return kinds[name]


def check_asked(kind: Kind, asked: Asked) -> None:
    """Raise UserError for a width that is no paper's, or an option that this kind does not heed."""
    if not LEAST <= asked.width <= MOST:
        raise UserError(f"--width {asked.width:g}: must be {LEAST:g} to {MOST:g} (millimetres)")
    if asked.by not in ("", "kind", "region"):
        raise UserError(f"--by {asked.by}: must be kind or region")
    for name in asked.given():
        if name not in kind.options:
            takes = ", ".join(f"--{SPELLING.get(option, option)}" for option in kind.options) or "none"
            raise UserError(f"--{SPELLING.get(name, name)}: {kind.name} does not heed it; it heeds: {takes}")


SPELLING = {"arms": "arm", "goals": "goal"}
