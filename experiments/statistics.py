"""Statistics of paired differences in which some dates never come within the horizon.

**Estimator.** A date that never comes is later than the horizon: no number, but a bound. So each pair has
a difference D (policy - baseline) that lies between two bounds:

========== ========== =============================================
baseline   policy     D
========== ========== =============================================
b          a          exactly a - b
b          never      above (end of the policy's run) - b
never      a          below a - (end of the baseline's run)
never      never      nothing is known: the pair is counted apart
========== ========== =============================================

Where L <= D <= U holds in each pair, it holds for the order statistics: the k-th smallest L, D and U
stand in the same order. The quantile of the sampled D at level q (the smallest value that at least a
share q does not exceed) therefore lies between that of the L and that of the U. These bounds need no
assumption about what happens after the horizon, and cannot be made tighter without one (Manski 2003,
*Partial Identification of Probability Distributions*, chapter 1). Where both are the same, the
quantile is known, however many dates are censored elsewhere.

The interval for the median of the population is that of order statistics (Thompson 1936, *Annals of
Mathematical Statistics* 7): ranks between which the median lies with the probability asked for, by
the binomial distribution, whatever the distribution of D; its lower end is read off L, its upper off U.

**Runs saved by pairing.** The variance of a mean difference of n pairs is Var(A - B) / n; with seeds of
their own it would be (Var A + Var B) / n. The ratio says how many times more runs independent seeds
would need. Dates enter as the date or the end of the run, whichever comes first: that is known in each run.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
CONFIDENCE = 0.9
NORMAL_90 = 1.6448536269514722  # 95 % quantile of the standard normal distribution
NAN = math.nan


@dataclass(frozen=True)
class Bounds:
    """What is known of a number: it lies from ``low`` to ``high``; where they are equal, it is known.

    nan: there is nothing to know it from.
    """

    low: float
    high: float

    @property
    def known(self) -> bool:
        """Whether it is one finite number."""
        return self.low == self.high and math.isfinite(self.low)


@dataclass(frozen=True)
class Statistics:
    """What pairs say about one metric.

    ``pairs``: in which the metric is defined in both runs; ``undefined``: the others. ``baseline_only``,
    ``policy_only``, ``neither``: pairs in which the date never comes in one or in both (by the end).
    ``quantiles``: of the difference at ``LEVELS``, over the pairs in which it comes at least once.
    ``median_interval``: 90 % interval for the median. ``mean`` and its 90 % interval: only where every
    difference is known. ``lower``, ``equal``, ``higher``: shares of all pairs for which that is sure.
    ``runs_saved``: how many times more runs independent seeds would need; inf where all differences
    are equal. ``identical``: every pair has the same two values, bit for bit.
    """

    pairs: int
    undefined: int
    identical: bool
    baseline_never: int
    policy_never: int
    neither: int
    baseline_median: float
    policy_median: float
    quantiles: tuple[Bounds, ...]
    median_interval: Bounds
    mean: float
    mean_interval: Bounds
    lower: float
    equal: float
    higher: float
    runs_saved: float

    @property
    def baseline_only(self) -> int:
        """Pairs in which it comes in the baseline only."""
        return self.policy_never - self.neither

    @property
    def policy_only(self) -> int:
        """Pairs in which it comes under the policy only."""
        return self.baseline_never - self.neither

    @property
    def telling(self) -> int:
        """Pairs that say something about the difference."""
        return self.pairs - self.neither

    @property
    def median(self) -> Bounds:
        return self.quantiles[LEVELS.index(0.5)]


ROUNDING = 1e-9  # of the larger value: sums that add the same terms in another order differ by less


def compare_values(policy, baseline, policy_end=math.inf, baseline_end=math.inf) -> Statistics:
    """Return the statistics of paired values of one metric.

    Args:
        policy, baseline: shape (pairs,); inf: a date that never comes; nan: not defined.
        policy_end, baseline_end: shape (pairs,) or one number: what a date that never comes exceeds;
            nan where that is not known (then only that it exceeds nothing, 0).
    """
    policy, baseline = np.asarray(policy, float), np.asarray(baseline, float)
    identical = bool(np.array_equal(policy, baseline, equal_nan=True))
    defined = ~(np.isnan(policy) | np.isnan(baseline))
    ends = [
        np.broadcast_to(np.asarray(end, float), policy.shape)[defined] for end in (policy_end, baseline_end)
    ]
    policy, baseline = policy[defined], baseline[defined]
    count = len(policy)
    low, high = difference_bounds(policy, baseline, *ends)
    rounding = (low == high) & (np.abs(low) <= ROUNDING * np.maximum(np.abs(policy), np.abs(baseline)))
    low, high = np.where(rounding, 0.0, low), np.where(rounding, 0.0, high)
    policy_never, baseline_never = np.isinf(policy), np.isinf(baseline)
    neither = policy_never & baseline_never
    low_telling, high_telling = np.sort(low[~neither]), np.sort(high[~neither])
    known = not (policy_never | baseline_never).any()
    mean, mean_interval = _mean(low) if known else (NAN, Bounds(NAN, NAN))
    sure = [
        (high < 0) | ((high == 0) & (low < high)),  # a bound is exceeded, never met
        (low == 0) & (high == 0),
        (low > 0) | ((low == 0) & (low < high)),
    ]
    return Statistics(
        pairs=count,
        undefined=len(defined) - count,
        identical=identical,
        baseline_never=int(baseline_never.sum()),
        policy_never=int(policy_never.sum()),
        neither=int(neither.sum()),
        baseline_median=_quantile(np.sort(baseline), 0.5),
        policy_median=_quantile(np.sort(policy), 0.5),
        quantiles=tuple(
            Bounds(_quantile(low_telling, level), _quantile(high_telling, level)) for level in LEVELS
        ),
        median_interval=median_interval(low_telling, high_telling),
        mean=mean,
        mean_interval=mean_interval,
        lower=_share(sure[0]),
        equal=_share(sure[1]),
        higher=_share(sure[2]),
        runs_saved=runs_saved(np.minimum(policy, ends[0]), np.minimum(baseline, ends[1])),
    )


def difference_bounds(policy, baseline, policy_end, baseline_end) -> tuple[np.ndarray, np.ndarray]:
    """Return between what each difference lies; see the table at the top. Shapes (pairs,).

    >>> policy, baseline, end = np.array([5.0, np.inf]), np.array([3.0, 30.0]), np.array([43.0, 43.0])
    >>> low, high = difference_bounds(policy, baseline, end, end)
    >>> low.tolist(), high.tolist()
    ([2.0, 13.0], [2.0, inf])
    """
    policy_never, baseline_never = np.isinf(policy), np.isinf(baseline)
    least_policy = np.where(policy_never, np.nan_to_num(policy_end, nan=0.0), policy)
    least_baseline = np.where(baseline_never, np.nan_to_num(baseline_end, nan=0.0), baseline)
    low = np.where(baseline_never, -np.inf, least_policy - np.where(baseline_never, 0.0, baseline))
    high = np.where(policy_never, np.inf, np.where(policy_never, 0.0, policy) - least_baseline)
    return low, high


def median_interval(low, high, confidence: float = CONFIDENCE) -> Bounds:
    """Return an interval that holds the median of the population, from sorted bounds of a sample.

    The least (k) of order statistics from both ends for which the binomial distribution gives at
    least ``confidence``; without any bound where the sample is too small for that.
    """
    rank = median_rank(len(low), confidence)
    if len(low) == 0:
        return Bounds(NAN, NAN)
    return Bounds(float(low[rank - 1]), float(high[-rank])) if rank else Bounds(-math.inf, math.inf)


@functools.lru_cache(maxsize=256)
def median_rank(count: int, confidence: float = CONFIDENCE) -> int:
    """Return the largest k such that the median lies between the k-th smallest and the k-th largest.

    With the probability ``confidence`` at least; 0 where there is no such k.

    >>> [median_rank(count) for count in (4, 5, 10, 100)]
    [0, 1, 2, 42]
    """
    if count == 0:
        return 0
    successes = np.arange(count // 2 + 1)  # half of the distribution is enough
    steps = np.log((count - successes[:-1]) / (successes[:-1] + 1))
    logarithms = count * math.log(0.5) + np.concatenate([[0.0], np.cumsum(steps)])
    missed = np.cumsum(np.exp(logarithms))  # the k-th smallest lies above the median: fewer than k below
    return int(np.searchsorted(missed, (1 - confidence) / 2, side="right"))


def runs_saved(policy, baseline) -> float:
    """Return how many times more runs independent seeds would need for a mean difference as sure.

    inf where all differences are equal, so that one pair is enough; nan where that cannot be said.

    >>> runs_saved(np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0, 2.0]))
    inf
    """
    if len(policy) < 2 or not (np.isfinite(policy).all() and np.isfinite(baseline).all()):
        return NAN
    paired = float(np.var(policy - baseline))
    independent = float(np.var(policy) + np.var(baseline))
    if paired == 0.0:
        return math.inf
    return independent / paired


def _quantile(ordered: np.ndarray, level: float) -> float:
    """Return the smallest value that at least a share ``level`` of sorted ones does not exceed."""
    return float(np.quantile(ordered, level, method="inverted_cdf")) if len(ordered) else NAN


def _mean(differences: np.ndarray) -> tuple[float, Bounds]:
    count = len(differences)
    if count == 0:
        return NAN, Bounds(NAN, NAN)
    mean = float(differences.mean())
    if count == 1:
        return mean, Bounds(-math.inf, math.inf)
    half = NORMAL_90 * float(differences.std(ddof=1)) / math.sqrt(count)
    return mean, Bounds(mean - half, mean + half)


def _share(chosen: np.ndarray) -> float:
    return float(chosen.mean()) if len(chosen) else NAN
