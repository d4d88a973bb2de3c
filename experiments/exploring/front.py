"""The Pareto front: arms that no other dominates on average, and whether luck may have put them there.

**Dominated.** An arm is dominated where another is at least as good on average in all goals, and better in
one (Pareto 1906; Deb 2001, *Multi-Objective Optimization using Evolutionary Algorithms*, 2.4). So it is on
means, however few the runs; arms of the same means do not dominate each other.

**Sure.** Means of few runs are partly luck, so that is said beside it, by the 90 % intervals of the paired
differences: one arm *surely* dominates another where no interval goes below zero and one lies above it (every
part is at its level, so the whole is: Berger 1982, *Technometrics* 24:295). A dominated arm is surely so
where some arm surely dominates it; one of the front is surely there where it is surely better than every
other one in some goal, or equals it in all runs. Pairs are judged one by one, not all at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.analyses import mean_interval
from experiments.answers.finding import Panel, alike
from experiments.exploring.futures import Goal
from experiments.sharing import Sharing
from experiments.statistics import Bounds

DIGITS = 12  # to which means must differ: the last ones of a sum of floats do by its order alone
WORDS = "at least as good on average in every goal, and better in one"
SOURCE = (
    "Pareto front of the means; sure where the 90 % intervals of the paired differences say so in every goal "
    "(Berger 1982, Technometrics 24:295)."
)


@dataclass(frozen=True)
class Standing:
    """Where an arm stands: on the front, or dominated ``by`` another (its place); ``sure``: given luck."""

    front: bool
    sure: bool
    by: int | None = None


def standings(payoffs: Sequence[np.ndarray], sharing: Sharing | None = None) -> list[Standing]:
    """Return where every arm stands.

    ``payoffs``: one table per goal, shape (arms, runs), more being better, in the same luck for all arms.
    ``sharing``: of the runs; each is independent if None.

    >>> one, other = np.array([[3.0, 3.0], [1.0, 1.0]]), np.array([[1.0, 1.0], [1.0, 1.0]])
    >>> standings([one, other])
    [Standing(front=True, sure=True, by=None), Standing(front=False, sure=True, by=0)]
    """
    tables = [np.asarray(table, float) for table in payoffs]
    means = np.array([_rounded(table.mean(axis=1)) for table in tables])
    arms = range(means.shape[1])
    above = {one: [other for other in arms if dominates(means[:, other], means[:, one])] for one in arms}

    def standing(one: int) -> Standing:
        if not above[one]:
            rest = [other for other in arms if other != one]
            return Standing(True, all(_holds_its_place(tables, one, other, sharing) for other in rest))
        surely = [other for other in above[one] if surely_dominates(tables, other, one, sharing)]
        order = sorted(surely or above[one], key=lambda other: bool(above[other]))  # those of the front first
        return Standing(False, bool(surely), order[0])

    return [standing(one) for one in arms]


def dominates(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether something is at least as good in all goals, and better in one. More is better; shape (goals,).

    >>> dominates(np.array([2.0, 1.0]), np.array([1.0, 1.0])), dominates(np.ones(2), np.ones(2))
    (True, False)
    """
    return bool((one >= other).all() and (one > other).any())


def surely_dominates(
    tables: Sequence[np.ndarray], one: int, other: int, sharing: Sharing | None = None
) -> bool:
    """Whether the intervals of the paired differences say that one arm dominates another."""
    lows = [mean_interval(table[one] - table[other], sharing).low for table in tables]
    return min(lows) >= 0.0 and max(lows) > 0.0


def _holds_its_place(tables: Sequence[np.ndarray], one: int, other: int, sharing: Sharing | None) -> bool:
    """Whether another arm surely does not dominate one."""
    if all((table[one] == table[other]).all() for table in tables):
        return True
    return any(mean_interval(table[one] - table[other], sharing).low > 0.0 for table in tables)


def _rounded(values: np.ndarray) -> np.ndarray:
    """Return means without the digits in which sums of floats differ by the order of their parts."""
    most = float(np.abs(values).max(initial=0.0))
    return np.round(values / most, DIGITS) if most and np.isfinite(most) else values


# ---------------------------------------------------------------- what is said, and drawn


def front_rows(
    labels: Sequence[str],
    goals: Sequence[Goal],
    tables: Sequence[np.ndarray],
    found: Sequence[Standing],
    sharing: Sharing | None = None,
) -> list[dict[str, Any]]:
    """Return the columns of a table of arms: standing, and mean with 90 % interval of every goal.

    ``tables``: one per goal in its own unit, shape (arms, runs).
    """
    rows: list[dict[str, Any]] = []
    for place, one in enumerate(found):
        row: dict[str, Any] = {
            "undominated": one.front, "sure": one.sure,
            "dominated_by": None if one.by is None else labels[one.by],
        }  # fmt: skip
        for goal, table in zip(goals, tables, strict=True):
            interval = mean_interval(table[place], sharing)
            row |= {
                goal.metric: float(table[place].mean()),
                f"{goal.metric} low": interval.low,
                f"{goal.metric} high": interval.high,
            }
        rows.append(row)
    return rows


def interval_of(row: dict[str, Any], goal: Goal) -> Bounds:
    """Return the interval that a row holds for a goal."""
    return Bounds(row[f"{goal.metric} low"], row[f"{goal.metric} high"])


def means_in_words(row: dict[str, Any], goals: Sequence[Goal]) -> str:
    """Return the means of a row in words."""
    return ", ".join(f"{goal.metric} {alike(row[goal.metric])[0]}" for goal in goals)


def front_panel(
    title: str,
    labels: Sequence[str],
    goals: Sequence[Goal],
    rows: Sequence[dict[str, Any]],
    found: Sequence[Standing],
    unit: Callable[[str], str],
    mean: str,
    runs: str = "",
) -> Panel:
    """Return the scatter of arms by the means of two goals.

    ``unit``: of a metric. ``mean``: what the intervals are of. ``runs``: how many, where the sheet does not
    know.
    """
    first, second = goals
    points = [
        (
            label, row[first.metric], row[second.metric], interval_of(row, first), interval_of(row, second),
            one.front,
        )
        for label, row, one in zip(labels, rows, found, strict=True)
    ]  # fmt: skip
    return Panel(
        "points", f"{title}; ringed: on the Pareto front", axis_of(first, unit), axis_of(second, unit, runs),
        points=points, unsure=[label for label, one in zip(labels, found, strict=True) if not one.sure],
        note=f"ringed: no other is {WORDS}; filled: sure, by the 90 % intervals of the paired differences; "
        f"hollow: its place may be luck; bars: 90 % interval of {mean}",
    )  # fmt: skip


def axis_of(goal: Goal, unit: Callable[[str], str], runs: str = "") -> str:
    """Return what the axis of a goal is: metric, unit, which way is better, and how many runs."""
    parts = [unit(goal.metric), f"{'more' if goal.more else 'less'} is better", runs]
    return f"{goal.metric} ({'; '.join(part for part in parts if part)})"


def front_in_words(shown: Sequence[str], found: Sequence[Standing], goals: str) -> str:
    """Return who is on the front. ``shown``: of every arm, its label with its means."""
    kept = [text for text, one in zip(shown, found, strict=True) if one.front]
    return f"Pareto front of {goals} (no other is {WORDS}): {'; '.join(kept)}."


def luck_in_words(labels: Sequence[str], found: Sequence[Standing]) -> list[str]:
    """Return who is dominated by whom, and which places may be luck."""
    named = list(zip(labels, found, strict=True))
    surely, perhaps = (
        [f"{label} by {labels[one.by]}" for label, one in named if one.by is not None and one.sure is sure]
        for sure in (True, False)
    )
    said = []
    if surely:
        said.append(f"Surely dominated (90 % intervals of the paired differences): {'; '.join(surely)}.")
    if perhaps:
        said.append(f"Dominated on average, which may be luck: {'; '.join(perhaps)}.")
    if not surely and not perhaps:
        said.append("None is dominated.")
    unsure = [label for label, one in named if one.front and not one.sure]
    if unsure:
        said.append(f"On the front perhaps by luck, for some other may dominate it: {'; '.join(unsure)}.")
    elif len(found) > 1:
        said.append("Each of those on the front is surely on it, by the same intervals.")
    return said
