"""What a claim compares, as a number that can be learned run by run.

A claim speaks of a statistic of the model: the share of runs in which something holds, a mean, a median. Of
few runs it is known with luck. Each is written here as the place where the sum of a *score* over the runs is
0, on a scale on which a guess may be any number:

========= ============================== =====================================================
kind      scale                          score of one run
========= ============================== =====================================================
share     logarithm of the odds          1 where it holds, else 0, less the share
mean      distance from the claim in     the run's distance, less the mean
          edges of agreement, the far
          ones pulled in (``asinh``)
quantile  the same                       the level, less 1 where the run lies below the quantile
========= ============================== =====================================================

Scores add up without bias however few the runs of a point are, which the median of ten runs or the logarithm
of the odds of ten do not; and shares have no edge at 100 % nor discrepancies one at 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from experiments.evidence.agreement import (
    POINT_RELATIVE,
    PROBABILITY_POINTS,
    SHARES,
    WORST,
    Judged,
    Wanted,
    judge,
)

BEND = 2.0  # edges of agreement: what lies farther off is pulled in
FAR_RUN = 10.0 * WORST  # edges: a run counts as no farther off than this in a mean
MOST_ODDS = 8.0  # logarithm
GRID = 241  # places on the scale at which discrepancies are tabled
WHOLE = 400  # runs of which a share is made to be judged
Kind = Literal["share", "mean", "quantile"]


@dataclass(frozen=True)
class Statistic:
    """What one claim compares. ``level``: of a quantile. ``centre``, ``edge``: of the claim, in its unit."""

    wanted: Wanted
    kind: Kind
    level: float
    centre: float
    edge: float

    def of_runs(self, values: np.ndarray) -> np.ndarray:
        """Return what is learned from, for values of the formula over runs, any shape; nan stays.

        1 and 0 for shares; for means edges from the claim; for quantiles places on the scale.
        """
        if self.kind == "share":
            return np.where(np.isnan(values), np.nan, (values > 0.0).astype(float))
        if self.wanted.statistic == "share":
            values = np.where(np.isnan(values), np.nan, 100.0 * (values > 0.0))
        with np.errstate(invalid="ignore"):
            off = (values - self.centre) / self.edge
        if self.kind == "mean":
            return np.clip(off, -FAR_RUN, FAR_RUN)
        return bent(np.clip(off, -WORST, WORST))

    def place(self, learned: np.ndarray) -> float:
        """Return where the statistic of many runs lies on the scale; nan: no run defines it.

        ``learned``: of the runs, shape (runs,), as ``of_runs`` has them.
        """
        learned = learned[~np.isnan(learned)]
        if not len(learned):
            return math.nan
        if self.kind == "quantile":
            return float(np.quantile(learned, self.level))
        if self.kind == "mean":
            return float(bent(learned.mean()))
        return math.log((learned.sum() + 0.5) / (len(learned) - learned.sum() + 0.5))

    def number(self, places: np.ndarray) -> np.ndarray:
        """Return the statistic in the unit of the claim (shares: %) at places on the scale."""
        if self.kind == "share":
            return 100.0 * logistic(places)
        return self.centre + self.edge * unbent(places)

    @cached_property
    def grid(self) -> np.ndarray:
        """Places on the scale at which discrepancies are tabled, shape (GRID,)."""
        most = MOST_ODDS if self.kind == "share" else float(bent(np.array(WORST)))
        return np.linspace(-most, most, GRID)

    @cached_property
    def discrepancies(self) -> np.ndarray:
        """The signed discrepancy at each place of the grid: what ``judge`` says of runs that have it."""
        return np.array(
            [signed(self.wanted, judge(self.wanted, self._runs_with(x))) for x in self.number(self.grid)]
        )

    def _runs_with(self, number: float) -> np.ndarray:
        """Return values of runs whose statistic is a number."""
        if self.kind == "share" or self.wanted.statistic == "share":
            return (np.arange(WHOLE) < round(number / 100.0 * WHOLE)).astype(float)
        if self.wanted.rule == "null":  # that the runs differ, and reach 0, is taken for granted
            return np.array([0.0] + [number] * 9)
        return np.array([number])


def statistic_for(wanted: Wanted) -> Statistic:
    """Return what a claim compares.

    >>> statistic = statistic_for(Wanted("interval", 12.0, 10.0, 16.0))
    >>> statistic.kind, statistic.centre, statistic.edge
    ('quantile', 12.0, 2.0)
    """
    if wanted.rule in SHARES or wanted.rule == "probability":
        return Statistic(wanted, "share", math.nan, wanted.value, PROBABILITY_POINTS)
    centre, edge = centre_of(wanted), wanted.tolerance
    if wanted.rule == "null":
        edge = wanted.bound
    elif wanted.rule == "point":
        edge = max(POINT_RELATIVE * abs(wanted.value), wanted.absolute)
    elif wanted.rule == "interval":
        edge = min(centre - wanted.low, wanted.high - centre)
    edge = edge if math.isfinite(edge) and edge > 0.0 else 1.0
    if wanted.statistic in ("mean", "share"):
        return Statistic(wanted, "mean", math.nan, centre, edge)
    level = 0.5 if wanted.statistic == "median" else int(wanted.statistic[1:]) / 100.0
    return Statistic(wanted, "quantile", level, centre, edge)


def signed(wanted: Wanted, judged: Judged) -> float:
    """Return a discrepancy with the sign of the side on which the model is: below or above the claim."""
    if not judged.runs:
        return math.nan
    if wanted.rule in ("sign", "order", "pattern") or wanted.side == "at least":
        return -judged.discrepancy
    if wanted.side == "at most":
        return judged.discrepancy
    return math.copysign(judged.discrepancy, judged.statistic - centre_of(wanted))


def centre_of(wanted: Wanted) -> float:
    """Return the number that tells below from above: the value claimed, or the middle of its interval."""
    if wanted.rule == "null":
        return 0.0
    if wanted.rule == "interval" and not wanted.low < wanted.value < wanted.high:
        return 0.5 * (wanted.low + wanted.high)
    return wanted.value


def bent(off: np.ndarray) -> np.ndarray:
    """Return distances of which the far ones are pulled in, as logarithms are.

    >>> bent(np.array([0.1, -10.0])).round(2).tolist()
    [0.1, -4.62]
    """
    return BEND * np.arcsinh(np.asarray(off) / BEND)


def unbent(places: np.ndarray) -> np.ndarray:
    """Return the distances of which ``bent`` gives these places."""
    return BEND * np.sinh(np.asarray(places) / BEND)


def logistic(odds: np.ndarray) -> np.ndarray:
    """Return the share of which the odds have these logarithms."""
    return 1.0 / (1.0 + np.exp(-odds))
