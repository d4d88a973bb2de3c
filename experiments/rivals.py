"""Naive rivals of a simulation: what somebody could say of dates without one.

Each returns a sample of dates, in months, as a simulation does: the quantiles of its distribution at the
middles of ``count`` equal shares. So nothing in it is luck.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from sim.trained import MONTHS_PER_YEAR, months_ahead

OUTLIER = 1.0  # orders of magnitude (claim:outlier-one-oom-common, Cottier 2022)
STEPS = 20_000  # of the grid on which a distribution is inverted
LONGEST = 40.0  # mean waits: hardly anybody waits longer


def middles(count: int) -> np.ndarray:
    """Return the middles of equal shares of 1, shape (count,).

    >>> middles(4).tolist()
    [0.125, 0.375, 0.625, 0.875]
    """
    return (np.arange(count) + 0.5) / count


def constant_hazard(reveal: float, mean_months: float, rank: int, count: int) -> np.ndarray:
    """Return when an actor announces its ``rank``-th model, if at a constant rate from a reveal on.

    The rate is 1 / ``mean_months``. The wait for the first is exponential; the rank-th comes after the sum of
    as many waits (the distribution of Erlang).

    >>> dates = constant_hazard(10.0, 12.0, 1, 1001)
    >>> round(float(np.median(dates)) - 10.0, 2)  # 12 log 2
    8.32
    """
    if not 0.0 < mean_months < math.inf:
        return np.full(count, np.inf)
    waits = np.linspace(0.0, LONGEST + 4.0 * rank, STEPS)
    terms = np.stack([waits**k / math.factorial(k) for k in range(rank)])
    come = 1.0 - np.exp(-waits) * terms.sum(axis=0)
    return reveal + mean_months * np.interp(middles(count), come, waits)


def compute_trend(
    flop: float, trend_flop: float, trend_month: float, growth: float, count: int
) -> np.ndarray:
    """Return when a model of ``flop`` is due by the trend of training compute.

    The trend passes ``trend_flop`` at ``trend_month`` and grows by ``growth`` orders of magnitude a year.
    Models lie about it with a standard deviation of one order of magnitude (models that far above it are
    common), so dates with one of 12 / growth months.

    >>> dates = compute_trend(1e23, 1e22, 240.0, 0.8, 1001)
    >>> round(float(np.median(dates)), 9)  # one order above: 15 months later
    255.0
    """
    due = months_ahead(flop, 0.0, trend_flop, trend_month, growth)
    if math.isnan(due):
        return np.full(count, np.inf)
    spread = MONTHS_PER_YEAR * OUTLIER / growth
    standard = NormalDist()
    return due + spread * np.array([standard.inv_cdf(share) for share in middles(count)])
