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

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from experiments.analyses import mean_interval
from experiments.sharing import Sharing

DIGITS = 12  # to which means must differ: the last ones of a sum of floats do by its order alone
WORDS = "at least as good on average in every goal, and better in one"


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
