"""Boxes: where in the space of inputs an outcome is found. Plain functions on arrays.

**PRIM**, the patient rule induction method (Friedman and Fisher 1999, *Statistics and Computing* 9:123), as
used for scenario discovery by Bryant and Lempert 2010, *Technological Forecasting and Social Change* 77:34:
from all points, peel off a little at a time where that leaves the densest rest; words lose one level at a
time, and what is peeled is chosen by the gain in density per share of points lost, so that a level that
holds many points is not preferred for its size (Kwakkel and Jaxa-Rozen 2016, *Environmental Modelling &
Software* 79:311). Limits that a box does not need are dropped by their quasi-p value: how often so many
cases would be in the box by chance if that limit were not there.

Own code, for the libraries that have it are either large or take numbers only; about 150 lines, with known
boxes as tests. Cases may be shares between 0 and 1: of the runs of a point.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from sim.errors import UserError

Groups = Sequence[np.ndarray] | None  # per input: the group of each row that shares its value by design
PEEL = 0.05  # share of the points in the box that one step takes off
FEW_GROUPS = 5  # of each part of a cross-validation
LEAST_MASS = 0.05  # share of all points that a box must hold
UNNEEDED = 0.05  # quasi-p value above which a limit is dropped


@dataclass(frozen=True)
class Limit:
    """What a box asks of one input: a number from ``low`` to ``high``, or one of the ``levels`` (places)."""

    low: float = -math.inf
    high: float = math.inf
    levels: frozenset[int] | None = None

    def holds(self, column: np.ndarray) -> np.ndarray:
        """Return for which rows it holds."""
        if self.levels is not None:
            return np.isin(column, list(self.levels))
        return (column >= self.low) & (column <= self.high)


@dataclass(frozen=True)
class Box:
    """Limits on some inputs (by column). An empty one holds all points."""

    limits: dict[int, Limit] = field(default_factory=dict)

    def inside(self, table: np.ndarray, but: int | None = None) -> np.ndarray:
        """Return which rows of a table lie in it; ``but``: leaving out one limit."""
        inside = np.ones(len(table), bool)
        for column, limit in self.limits.items():
            if column != but:
                inside &= limit.holds(table[:, column])
        return inside

    def having(self, column: int, limit: Limit) -> Box:
        return Box(self.limits | {column: limit})

    def without(self, column: int) -> Box:
        return Box({place: limit for place, limit in self.limits.items() if place != column})


@dataclass(frozen=True)
class Score:
    """How good a box is: ``coverage``, share of all cases in it; ``density``, share of its points that are
    cases; ``mass``, share of all points in it."""

    coverage: float
    density: float
    mass: float


def score(inside: np.ndarray, cases: np.ndarray) -> Score:
    """Return how good a box is. ``cases``: shape (points,), from 0 to 1."""
    found, whole = float(cases[inside].sum()), float(cases.sum())
    count = int(inside.sum())
    return Score(found / whole if whole else 0.0, found / count if count else 0.0, count / len(cases))


def peel(
    table: np.ndarray,
    cases: np.ndarray,
    categorical: Sequence[bool],
    share: float = PEEL,
    least_mass: float = LEAST_MASS,
) -> list[Box]:
    """Return the boxes from all points down to the smallest, each one step inside the last.

    ``table``: shape (points, inputs), words as places among their levels.
    """
    box, inside = Box(), np.ones(len(table), bool)
    boxes = [box]
    while True:
        rows = np.flatnonzero(inside)
        density = float(cases[rows].mean())
        if density >= 1.0:
            return boxes
        best: tuple[float, int, Limit, np.ndarray] | None = None
        for column in range(table.shape[1]):
            values = table[rows, column]
            own = box.limits.get(column, Limit())
            for limit, kept in _cuts(values, own, categorical[column], share):
                count = int(kept.sum())
                if count < least_mass * len(table):
                    continue
                gain = (float(cases[rows[kept]].mean()) - density) * len(rows) / (len(rows) - count)
                if best is None or gain > best[0] + 1e-12:
                    best = gain, column, limit, rows[kept]
        if best is None or best[0] < 0:
            return boxes
        box = box.having(best[1], best[2])
        inside = np.zeros(len(table), bool)
        inside[best[3]] = True
        boxes.append(box)


def _cuts(values: np.ndarray, own: Limit, categorical: bool, share: float):
    """Yield (limit, rows kept) for each way to take a little off one input."""
    if categorical:
        levels = np.unique(values).astype(int)
        for level in levels if len(levels) > 1 else ():
            yield Limit(levels=frozenset(levels.tolist()) - {int(level)}), values != level
        return
    count = len(values)
    least, most = float(values.min()), float(values.max())
    if least == most:
        return
    taken = max(1, int(share * count))
    ordered = np.partition(values, (taken, count - 1 - taken))
    low, high = float(ordered[taken]), float(ordered[count - 1 - taken])
    kept = values >= low if low > least else values > least  # equal values go together
    yield Limit(_between(values, kept, below=True), own.high), kept
    kept = values <= high if high < most else values < most
    yield Limit(own.low, _between(values, kept, below=False)), kept


def _between(values: np.ndarray, kept: np.ndarray, below: bool) -> float:
    """Return the place half-way between what is kept and what is taken off, which no point has."""
    if below:
        return (float(values[~kept].max()) + float(values[kept].min())) / 2
    return (float(values[~kept].min()) + float(values[kept].max())) / 2


def most_telling(table: np.ndarray, cases: np.ndarray, boxes: Sequence[Box]) -> int:
    """Return which box goes best with the cases: by the correlation of lying in it with being one.

    (Matthews 1975. It weighs coverage against density whether cases are rare or common; all points have 0.)
    """
    found = []
    for box in boxes:
        inside = box.inside(table)
        spread = float(inside.std() * cases.std())
        found.append(float(((inside - inside.mean()) * cases).mean()) / spread if spread else 0.0)
    return int(np.argmax(found))


def quasi_p(box: Box, table: np.ndarray, cases: np.ndarray, groups: Groups = None) -> dict[int, float]:
    """Return for each limit how often chance alone would put so many cases in the box without it.

    One-sided binomial test of the cases among the points in the box, with the density that the box has
    without that limit (Bryant and Lempert 2010). ``groups``: per input the group of rows that share its value
    by design; a group then counts as one, by the share of its rows that are cases.
    """
    from scipy.special import bdtrc

    inside = box.inside(table)
    density = float(cases[inside].mean())
    values = {}
    for column in box.limits:
        own = None if groups is None else groups[column]
        count = int(inside.sum()) if own is None else len(np.unique(own[inside]))
        found = density * count
        wider = box.inside(table, but=column)
        fewer = math.floor(found + 1e-9) - 1  # bdtrc: the chance of more than so many
        values[column] = 1.0 if fewer < 0 else float(bdtrc(fewer, count, float(cases[wider].mean())))
    return values


def needed(
    box: Box, table: np.ndarray, cases: np.ndarray, groups: Groups = None, most: float = UNNEEDED
) -> Box:
    """Return a box without the limits that it does not need, the least needed one dropped first."""
    while box.limits:
        values = quasi_p(box, table, cases, groups)
        worst = max(values, key=lambda column: values[column])
        if values[worst] <= most:
            return box
        box = box.without(worst)
    return box


def paste(box: Box, table: np.ndarray, cases: np.ndarray, share: float = PEEL) -> Box:
    """Return a box whose limits are moved out as long as that makes it no less dense.

    As much at a time as ``peel`` takes off; of words, one level at a time.
    """
    inside = box.inside(table)
    density = float(cases[inside].mean())
    moved = True
    while moved:
        moved = False
        for column in list(box.limits):
            for wider in _wider(box, column, table, share):
                now = wider.inside(table)
                if int(now.sum()) > int(inside.sum()) and float(cases[now].mean()) >= density:
                    box, inside, density, moved = wider, now, float(cases[now].mean()), True
                    break
    return box


def _wider(box: Box, column: int, table: np.ndarray, share: float):
    """Yield the box with one limit moved out a little, each way."""
    limit = box.limits[column]
    others = box.inside(table, but=column)
    values = table[others, column]
    if limit.levels is not None:
        missing = set(np.unique(values).astype(int).tolist()) - limit.levels
        for level in sorted(missing):
            yield box.having(column, Limit(levels=limit.levels | {level}))
        return
    taken = max(1, int(share * int(box.inside(table).sum())))
    below, above = np.sort(values[values < limit.low])[::-1], np.sort(values[values > limit.high])
    if len(below):
        yield box.having(column, Limit(_step(below, taken, -math.inf), limit.high))
    if len(above):
        yield box.having(column, Limit(limit.low, _step(above, taken, math.inf)))


def _step(outside: np.ndarray, taken: int, beyond: float) -> float:
    """Return a limit that takes in the next few values outside, nearest first."""
    further = outside[outside != outside[min(taken, len(outside)) - 1]][taken - 1 :]
    return (
        beyond if not len(further) else (float(outside[min(taken, len(outside)) - 1]) + float(further[0])) / 2
    )


def find_box(
    table: np.ndarray,
    cases: np.ndarray,
    categorical: Sequence[bool],
    step: int | None = None,
    groups: Groups = None,
) -> tuple[Box, list[Box], int]:
    """Return a box, all boxes on the way down, and which of them it came from.

    ``step``: which of them to take, from 1 on; the most telling if None. Limits that it does not need are
    dropped, and the others moved out where that costs no density. Raises UserError for a step that there is
    not.
    """
    boxes = peel(table, cases, categorical)
    chosen = most_telling(table, cases, boxes)
    if step is not None:
        _check_step(step, len(boxes) - 1, chosen)
        chosen = step
    return paste(needed(boxes[chosen], table, cases, groups), table, cases), boxes, chosen


def _check_step(step: int, last: int, telling: int) -> None:
    if last == 0:
        raise UserError(f"step = {step}: there are no steps, for no input makes it denser; leave it out")
    if not 1 <= step <= last:
        raise UserError(
            f"step = {step}: must lie between 1 and {last}, the steps of the first peeling; if left out, "
            f"the one that goes best with the cases is taken, {telling}"
        )


def groups_of_rows(groups: Groups, some: np.ndarray) -> Groups:
    """Return the groups of some rows; inputs that had the same groups still have."""
    if groups is None:
        return None
    kinds = {id(group): group[some] for group in groups}
    return [kinds[id(group)] for group in groups]


def parts_of(rows: int, groups: Groups, parts: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return (rows to work with, rows left out) of a cross-validation.

    Whole groups are left out, so that what is left out shares no value with what is worked with; groups of
    which there are few (the levels of a grid) are not left out at all.
    """
    chooser = np.random.default_rng(seed)
    kinds = {id(group): group for group in groups or () if int(group.max()) + 1 >= FEW_GROUPS * parts}
    kinds = kinds or {0: np.arange(rows)}
    part = np.array([chooser.permutation(int(group.max()) + 1)[group] % parts for group in kinds.values()])
    return [((part != number).all(axis=0), (part == number).all(axis=0)) for number in range(parts)]


def held_out_score(
    table: np.ndarray,
    cases: np.ndarray,
    categorical: Sequence[bool],
    groups: Groups = None,
    parts: int = 3,
    seed: int = 1,
) -> Score:
    """Return how good boxes are on points that they were not made from: the mean over parts left out."""
    found = []
    for used, left in parts_of(len(table), groups, parts, seed):
        if cases[used].sum() == 0.0 or not left.any():
            continue
        own = groups_of_rows(groups, used)
        box, _, _ = find_box(table[used], cases[used], categorical, groups=own)
        found.append(score(box.inside(table[left]), cases[left]))
    keys = ("coverage", "density", "mass")
    return Score(*(float(np.mean([getattr(one, key) for one in found])) if found else 0.0 for key in keys))
