"""Proper scores of forecasts that are samples: of dates that may never come, and of an order.

A score is proper if nobody can gain by saying something else than what he holds true.

**Dates.** The continuous ranked probability score (CRPS) of a distribution F and a date y is the integral of
(F(t) - [y <= t])^2 over t (Gneiting and Raftery 2007, *Strictly Proper Scoring Rules, Prediction, and
Estimation*, Journal of the American Statistical Association 102, section 4.2). Of a point forecast it is the
absolute error; the unit is that of the date. A simulation ends, and so does a record: what lies after an end
is only known to be later. So the integral runs up to an end only, which leaves the score proper (Gneiting and
Ranjan 2011, *Comparing Density Forecasts Using Threshold- and Quantile-Weighted Scoring Rules*, Journal of
Business and Economic Statistics 29: the weight is 1 up to the end and 0 after it).

**Order.** The logarithm of the probability that the forecast gave to the order in which two things came
(Good 1952, *Rational Decisions*). A share of n runs is smoothed after Laplace, (count + 1) / (n + 2), so that
what no run showed is not held impossible. To know nothing scores log 1/2 = -0.693.
"""

from __future__ import annotations

import math

import numpy as np

IGNORANCE = math.log(0.5)  # log score of an order by somebody who knows nothing


def crps(sample, actual: float, end: float = math.inf) -> float:
    """Return the CRPS of a sample of dates, in their unit; 0 is perfect.

    By E|X - y| - E|X - X'| / 2, in which every date after ``end`` counts as ``end``: that is the integral
    up to there, not a guess when it came.

    Args:
        sample: shape (n,); inf: a date that is later than ``end``, or never comes.
        actual: what happened; inf: not by the end.
        end: up to where dates count. It must be finite where any date is not.

    >>> crps([3.0], 5.0)
    2.0
    >>> crps([3.0, math.inf], 5.0, end=9.0)  # F is 1/2 from 3 on: 2 months at 1/4 before 5, then 4 at 1/4
    1.5
    """
    dates = np.sort(np.minimum(np.asarray(sample, float), end))
    happened = min(float(actual), end)
    if not (np.isfinite(dates).all() and math.isfinite(happened)):
        raise ValueError("a date that never comes can be scored up to a finite end only")
    count = len(dates)
    error = float(np.abs(dates - happened).mean())
    ranks = 2 * np.arange(1, count + 1) - count - 1
    return error - float((ranks * dates).sum()) / count**2


def share_before(first, second) -> float:
    """Return the share of runs in which the first date comes before the second; half where neither does.

    Dates of the same place in both belong to the same run. Shapes (n,).

    >>> share_before([1.0, 5.0, math.inf, 2.0], [2.0, 4.0, math.inf, math.inf])
    0.625
    """
    first, second = np.asarray(first, float), np.asarray(second, float)
    return float((first < second).mean() + 0.5 * (first == second).mean())


def share_before_independent(first, second) -> float:
    """Return the same share where the two are drawn apart: over all pairs of a first and a second date.

    >>> share_before_independent([1.0, 3.0], [2.0, math.inf])
    0.75
    """
    first, ordered = np.asarray(first, float), np.sort(np.asarray(second, float))
    later = len(ordered) - np.searchsorted(ordered, first, side="right")
    same = np.searchsorted(ordered, first, side="right") - np.searchsorted(ordered, first, side="left")
    return float((later + 0.5 * same).mean() / len(ordered))


def order_score(share: float, runs: int) -> float:
    """Return the log score of an order that came in a share of runs, smoothed after Laplace.

    >>> order_score(0.5, 98) == IGNORANCE
    True
    >>> round(math.exp(order_score(0.0, 98)), 12)  # no run showed it: 1 in 100
    0.01
    """
    return math.log((share * runs + 1.0) / (runs + 2.0))
