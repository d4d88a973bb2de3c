"""What counts as agreement between a claim and the simulated runs.

Fixed before anything was fitted (the issue's rules; see docs/evidence.md), and not to be touched
afterwards. Each rule gives one number, the *discrepancy*: 0 where the claim is met in full, 1 at the edge of
agreement, more beyond. A claim agrees when its discrepancy is at most 1.

=========== ===================================================================================
rule        agrees when
=========== ===================================================================================
interval    the simulated median (or mean) lies inside the interval of the claim
point       it lies within 25 %, or one unit (a month, a count), of the value: whichever is wider
sign        the formula is positive (or yes) in 95 % of the runs, or paired runs
order       it is in 80 %
pattern     it is in 70 %: the modal outcome is the one claimed
null        the 90 % interval of the runs contains 0, and |median| < half a month, or the claim's bound
probability the share of the runs lies within 15 percentage points of the value
identity    the number differs from the value by no more than the tolerance of the claim
=========== ===================================================================================

One-sided values (``side = "at least"`` or ``"at most"``) agree on their side of the value, without
tolerance. Runs in which the formula is not defined (nan) do not count; their number is shown.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

Rule = Literal["interval", "point", "sign", "order", "pattern", "null", "probability", "identity"]
Statistic = Literal["median", "mean", "share", "q05", "q25", "q75", "q95"]
Side = Literal["", "at least", "at most"]

SHARES = {"sign": 0.95, "order": 0.80, "pattern": 0.70}  # of the runs in which a claim must hold
POINT_RELATIVE, POINT_ABSOLUTE = 0.25, 1.0  # of the value; month or count
NULL_BOUND = 0.5  # months
PROBABILITY_POINTS = 15.0  # percentage points
INTERVAL_LEVEL = 0.9
LEAST_RUNS = 20  # in which the formula is defined; fewer: the claim stays untested
WORST = 10.0  # a discrepancy is not larger than this: infinite ones must be added up


@dataclass(frozen=True)
class Wanted:
    """What a claim says, as the rules need it. ``unit``: of a point's absolute tolerance, 1 of it."""

    rule: Rule
    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    side: Side = ""
    bound: float = NULL_BOUND
    tolerance: float = math.nan
    statistic: Statistic = "median"
    absolute: float = POINT_ABSOLUTE


@dataclass(frozen=True)
class Judged:
    """How simulated values stand to a claim.

    ``statistic``: the number compared. ``low``, ``high``: 5 % and 95 % of the runs. ``runs``: in which the
    formula is defined, of ``of``.
    """

    statistic: float
    low: float
    high: float
    discrepancy: float
    runs: int
    of: int

    @property
    def verdict(self) -> str:
        """``agrees``, ``misses``, or ``untested`` where too few runs define the formula."""
        if self.runs < min(LEAST_RUNS, self.of):
            return "untested"
        return "agrees" if self.discrepancy <= 1.0 else "misses"


def judge(wanted: Wanted, values: np.ndarray) -> Judged:
    """Hold values, shape (runs,), against what is wanted. nan: not defined; inf: a date that never comes."""
    values = np.asarray(values, float).ravel()
    defined = values[~np.isnan(values)]
    if not len(defined):
        return Judged(math.nan, math.nan, math.nan, WORST, 0, len(values))
    low, high = quantile(defined, 0.5 - INTERVAL_LEVEL / 2), quantile(defined, 0.5 + INTERVAL_LEVEL / 2)
    if wanted.rule in SHARES:
        found = 100.0 * float((defined > 0.0).mean())
        discrepancy = (100.0 - found) / (100.0 * (1.0 - SHARES[wanted.rule]))
    elif wanted.rule == "probability":
        found = 100.0 * float((defined > 0.0).mean())
        discrepancy = away(found, wanted.value, PROBABILITY_POINTS, PROBABILITY_POINTS, wanted.side)
    else:
        found = statistic_of(defined, wanted.statistic)
        discrepancy = _of_number(wanted, found, low, high)
    if math.isnan(discrepancy):
        discrepancy = WORST
    return Judged(found, low, high, min(WORST, rounded(discrepancy)), len(defined), len(values))


def away(found: float, value: float, below: float, above: float, side: Side = "") -> float:
    """Return how far a number is from a value: 1 at ``below`` under it, or at ``above`` over it.

    One-sided: 1 at the value itself, 0 as far on the right side of it as agreement would reach.
    """
    if side == "at least":
        return max(0.0, 1.0 + (value - found) / above)
    if side == "at most":
        return max(0.0, 1.0 + (found - value) / below)
    width = above if found > value else below
    gap = abs(found - value)
    return 0.0 if gap == 0.0 else math.inf if width <= 0.0 else gap / width


def statistic_of(values: np.ndarray, statistic: Statistic) -> float:
    """Return a statistic of values over runs; quantiles are values that occur, so that inf can."""
    if statistic == "mean":
        return float(values.mean())
    if statistic == "share":
        return 100.0 * float((values > 0.0).mean())
    return quantile(values, 0.5 if statistic == "median" else int(statistic[1:]) / 100)


def quantile(values: np.ndarray, level: float) -> float:
    """Return the smallest value that at least this share of the values does not exceed."""
    return float(np.quantile(values, level, method="inverted_cdf"))


def rounded(number: float) -> float:
    """Return a number without the noise of its last bits: 20 % of 40 runs is exactly at an edge of 20 %."""
    return round(number, 9) if math.isfinite(number) else number


def _of_number(wanted: Wanted, found: float, low: float, high: float) -> float:
    if wanted.rule == "identity":
        return away(found, wanted.value, wanted.tolerance, wanted.tolerance)
    if wanted.rule == "null":
        size = abs(found) / wanted.bound
        outside = max(low, -high, 0.0)  # how far the interval of the runs lies from 0
        return size if outside == 0.0 else max(size, 1.0 + outside / wanted.bound)
    if wanted.rule == "point":
        width = max(POINT_RELATIVE * abs(wanted.value), wanted.absolute)
        return away(found, wanted.value, width, width, wanted.side)
    centre = wanted.value
    if not wanted.low < centre < wanted.high:
        centre = 0.5 * (wanted.low + wanted.high)
    return away(found, centre, centre - wanted.low, wanted.high - centre)
