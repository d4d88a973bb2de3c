"""The arithmetic of studies: short functions on arrays, each of which a person can check by hand.

Values come in the shape (arms, runs). The same run of every arm has the same luck and the same drawn
inputs, so that whatever is compared is compared run by run. A date that never comes is ``inf``: it is
later than the end of its run, and no number. A weighted sum of such values therefore lies between two
bounds in each run (see ``experiments.statistics``), and so do its quantiles.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from experiments.sharing import Sharing, effective_count, half_width, independent_half_width
from experiments.statistics import LEVELS, NORMAL_90, Bounds, median_interval

RESAMPLED = 400  # samples of runs behind an interval that has no formula
SHUFFLES = 40  # random orders behind a value that chance alone would give


@dataclass(frozen=True)
class Spread:
    """What the runs say about one number: quantiles at ``LEVELS``, and an interval for the median.

    ``runs``: that say something; ``silent``: in which nothing is known, for the dates never come;
    ``undefined``: in which the number does not exist. ``below``, ``above``: shares of ``runs`` and silent
    ones in which it is surely negative or positive. ``mean``, with a 90 % interval: only where every run
    knows it exactly.
    """

    runs: int
    silent: int
    undefined: int
    quantiles: tuple[Bounds, ...]
    interval: Bounds
    below: float
    above: float
    mean: float = math.nan
    mean_interval: Bounds = Bounds(math.nan, math.nan)

    @property
    def median(self) -> Bounds:
        return self.quantiles[LEVELS.index(0.5)]

    @property
    def band(self) -> Bounds:
        """Within which 90 % of the runs lie, as far as that is known."""
        return Bounds(self.quantiles[0].low, self.quantiles[-1].high)


def contrast(values, ends, weights) -> tuple[np.ndarray, np.ndarray]:
    """Return between what the weighted sum over the arms lies in each run.

    ``values``, ``ends``: shape (arms, runs); a value of inf is known to be later than its end only.

    >>> low, high = contrast([[3.0, np.inf], [1.0, 1.0]], [[9.0, 9.0], [9.0, 9.0]], [1.0, -1.0])
    >>> low.tolist(), high.tolist()
    ([2.0, 8.0], [2.0, inf])
    """
    values, ends = np.asarray(values, float), np.asarray(ends, float)
    low, high = np.zeros(values.shape[1]), np.zeros(values.shape[1])
    for value, end, weight in zip(values, ends, weights, strict=True):
        if weight == 0.0:
            continue
        never = np.isinf(value)
        least = weight * np.where(never, np.nan_to_num(end, nan=0.0), value)
        most = np.where(never, math.copysign(math.inf, weight), least)
        with np.errstate(invalid="ignore"):
            low, high = low + np.minimum(least, most), high + np.maximum(least, most)
    return low, high


def spread(low, high) -> Spread:
    """Return what the runs say about a number that lies between bounds in each."""
    low, high = np.asarray(low, float), np.asarray(high, float)
    defined = ~(np.isnan(low) | np.isnan(high))
    silent = defined & np.isneginf(low) & np.isposinf(high)
    telling = defined & ~silent
    lows, highs = np.sort(low[telling]), np.sort(high[telling])

    def at(level: float, ordered) -> float:
        return float(np.quantile(ordered, level, method="inverted_cdf")) if len(ordered) else math.nan

    count = int(defined.sum())
    known = count > 0 and bool(np.array_equal(low[defined], high[defined]))
    mean = (float(low[defined].mean()), mean_interval(low[defined])) if known else ()
    return Spread(
        int(telling.sum()),
        int(silent.sum()),
        int((~defined).sum()),
        tuple(Bounds(at(level, lows), at(level, highs)) for level in LEVELS),
        median_interval(lows, highs),
        float((high[defined] < 0).sum() / count) if count else math.nan,
        float((low[defined] > 0).sum() / count) if count else math.nan,
        *mean,
    )


def slope_weights(places: Sequence[float]) -> np.ndarray:
    """Return the weights of the arms whose sum is the slope of the line of least squares.

    >>> (slope_weights([0, 1, 2]) @ np.array([5.0, 7.0, 9.0])).item()
    2.0
    """
    away = np.asarray(places, float) - np.mean(places)
    return away / (away @ away)


def coalitions(factors: int) -> list[tuple[bool, ...]]:
    """Return all combinations of factors that are in force, none first and all last."""
    return [tuple(reversed(some)) for some in itertools.product((False, True), repeat=factors)]


def shapley_weights(factors: int, factor: int) -> np.ndarray:
    """Return the weights of the combinations whose sum is the fair share of one factor (Shapley 1953).

    The shares of all factors add up to the effect of all of them together.
    """
    weights = []
    for some in coalitions(factors):
        others = sum(some) - some[factor]
        weight = math.factorial(others) * math.factorial(factors - others - 1) / math.factorial(factors)
        weights.append(weight if some[factor] else -weight)
    return np.array(weights)


def alone_weights(factors: int, factor: int, last: bool = False) -> np.ndarray:
    """Return the weights for the effect of one factor by itself, or (``last``) on top of all others."""
    combinations = coalitions(factors)
    weights = np.zeros(len(combinations))
    for place, some in enumerate(combinations):
        others = [on for other, on in enumerate(some) if other != factor]
        if all(on == last for on in others):
            weights[place] = 1.0 if some[factor] else -1.0
    return weights


def interaction_weights(factors: int, one: int, other: int) -> np.ndarray:
    """Return the weights for what one factor does more where another is in force than where it is not.

    The mean over what the remaining factors do; 0 where effects simply add up.
    """
    signs = [
        (1 if some[one] else -1) * (1 if some[other] else -1) / 2 ** (factors - 2)
        for some in coalitions(factors)
    ]
    return np.array(signs, float)


@dataclass(frozen=True)
class Robust:
    """How one arm fares against the best one of each run.

    ``regret``: mean shortfall against the best arm of the run, with a 90 % interval; ``worst_regret``:
    its 90 % quantile; ``best``: share of runs in which it is the best (shared among equals), with a 90 %
    interval; ``mean``: of the payoff; ``worst``: mean payoff of its worst tenth of runs.
    """

    regret: float
    regret_interval: Bounds
    worst_regret: float
    best: float
    best_interval: Bounds
    mean: float
    worst: float


def robustness(payoffs, sharing: Sharing | None = None) -> list[Robust]:
    """Return how each arm fares in payoffs of the shape (arms, runs), more being better.

    ``sharing``: of the runs; each is independent if None.
    """
    payoffs = np.asarray(payoffs, float)
    top = payoffs.max(axis=0)
    winners = payoffs == top
    shares = winners / winners.sum(axis=0)
    found = []
    tenth = max(1, math.ceil(payoffs.shape[1] / 10))
    for payoff, share in zip(payoffs, shares, strict=True):
        regret = top - payoff
        interval = mean_interval(regret, sharing)
        count = effective_count(share, sharing) if sharing else len(share)
        found.append(
            Robust(
                float(regret.mean()),
                Bounds(max(0.0, interval.low), interval.high),
                float(np.quantile(regret, 0.9)),
                float(share.mean()),
                share_interval(float(share.mean()), count),
                float(payoff.mean()),
                float(np.sort(payoff)[:tenth].mean()),
            )
        )
    return found


def mean_interval(values, sharing: Sharing | None = None) -> Bounds:
    """Return the 90 % interval of a mean of values of runs.

    ``sharing``: of the runs; each is independent if None.
    """
    values = np.asarray(values, float)
    half = half_width(values, sharing) if sharing else independent_half_width(values)
    if math.isinf(half):
        return Bounds(-math.inf, math.inf)
    return Bounds(float(values.mean()) - half, float(values.mean()) + half)


def share_interval(share: float, count: float) -> Bounds:
    """Return the 90 % interval of a share of so many runs (Wilson 1927)."""
    if count == 0:
        return Bounds(0.0, 1.0)
    z2 = NORMAL_90**2
    centre = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = NORMAL_90 / (1 + z2 / count) * math.sqrt(share * (1 - share) / count + z2 / (4 * count**2))
    return Bounds(max(0.0, centre - half), min(1.0, centre + half))


def crossing(places: Sequence[float], shares: Sequence[float], level: float = 0.5) -> float:
    """Return where a share first crosses a level, on straight lines between the places; nan if nowhere.

    >>> crossing([0, 10, 20], [0.0, 0.25, 0.75])
    15.0
    """
    for (x0, x1), (y0, y1) in zip(itertools.pairwise(places), itertools.pairwise(shares), strict=True):
        if min(y0, y1) <= level <= max(y0, y1) and y0 != y1:
            return float(x0 + (x1 - x0) * (level - y0) / (y1 - y0))
    return math.nan


def crossing_interval(places, events, level: float = 0.5, seed: int = 1) -> tuple[Bounds, float]:
    """Return a 90 % interval for where the share of runs crosses a level, and in how many samples it does.

    ``events``: shape (places, runs), whether the event comes. Runs are resampled, all places together.
    """
    events = np.asarray(events, float)
    chooser = np.random.default_rng(seed)
    found = []
    for _ in range(RESAMPLED):
        some = chooser.integers(events.shape[1], size=events.shape[1])
        found.append(crossing(places, events[:, some].mean(axis=1), level))
    known = np.array([place for place in found if not math.isnan(place)])
    if len(known) == 0:
        return Bounds(math.nan, math.nan), 0.0
    return Bounds(*map(float, np.quantile(known, (0.05, 0.95)))), len(known) / RESAMPLED


def first_above(months: Sequence[float], ahead) -> np.ndarray:
    """Return for each run the first month from which on something stays ahead; inf if never.

    ``ahead``: shape (months, runs), whether it is ahead.

    >>> first_above([6, 12, 18], np.array([[True, False], [False, False], [True, False]])).tolist()
    [18.0, inf]
    """
    ahead = np.asarray(ahead, bool)
    found = np.full(ahead.shape[1], math.inf)
    stays = np.ones(ahead.shape[1], bool)
    for month, row in zip(reversed(months), ahead[::-1], strict=True):
        stays &= row
        found[stays] = month
    return found


def ranks(values) -> np.ndarray:
    """Return the ranks of values, equal ones sharing their mean rank.

    >>> ranks([3.0, 1.0, 3.0]).tolist()
    [1.5, 0.0, 1.5]
    """
    _, places, counts = np.unique(np.asarray(values, float), return_inverse=True, return_counts=True)
    first = np.cumsum(counts) - counts
    return (first + (counts - 1) / 2)[places]


@dataclass(frozen=True)
class Driver:
    """How one drawn input bears on an outcome: rank correlation, and coefficient of the regression of
    ranks on all inputs together, both in standard units; ``sure``: beyond what chance gives among so many."""

    name: str
    correlation: float
    coefficient: float
    sure: bool


def drivers(inputs, outcome, names: Sequence[str]) -> tuple[list[Driver], float]:
    """Return the inputs by the size of their rank correlation with an outcome, and the share of the
    variance of its ranks that all of them explain in a regression, adjusted for their number; nan where
    there are too few runs.

    ``inputs``: shape (runs, inputs). ``outcome``: shape (runs,), without nan.
    """
    inputs, outcome = np.asarray(inputs, float), ranks(outcome)
    runs, count = inputs.shape
    if runs < 5 or count == 0 or outcome.std() == 0.0:
        return [], math.nan
    table = np.column_stack([ranks(column) for column in inputs.T])
    spreads = table.std(axis=0)
    kept = spreads > 0
    table[:, kept] = (table[:, kept] - table[:, kept].mean(axis=0)) / spreads[kept]
    table[:, ~kept] = 0.0
    target = (outcome - outcome.mean()) / outcome.std()
    correlations = table.T @ target / runs
    coefficients = np.linalg.lstsq(table, target, rcond=None)[0]
    left = float(((target - table @ coefficients) ** 2).sum())
    free = runs - 1 - int(kept.sum())
    explained = 1.0 - (left / free) / (runs / (runs - 1)) if free > runs / 10 else math.nan
    by_chance = chance_correlation(runs, count)
    found = [
        Driver(name, float(correlation), float(coefficient), abs(float(correlation)) > by_chance)
        for name, correlation, coefficient in zip(names, correlations, coefficients, strict=True)
    ]
    found.sort(key=lambda driver: -abs(driver.correlation))
    return found, max(0.0, explained) if not math.isnan(explained) else explained


def chance_correlation(runs: int, inputs: int) -> float:
    """Return the correlation that none of so many unrelated inputs exceeds in 95 of 100 cases."""
    from statistics import NormalDist

    return NormalDist().inv_cdf(1 - 0.05 / (2 * max(1, inputs))) / math.sqrt(max(1, runs - 1))


def largest_jump(places: Sequence[float], values) -> tuple[int, float, Bounds, float]:
    """Return between which neighbours the mean rises or falls most: (left one, size, interval, ratio).

    ``values``: shape (places, runs), ordered by place. The interval (90 %) is that of the paired mean
    difference; ``ratio``: the steepness there against the mean steepness from end to end.
    """
    values = np.asarray(values, float)
    steps = np.diff(np.asarray(places, float))
    jumps = np.diff(values.mean(axis=1))
    with np.errstate(divide="ignore", invalid="ignore"):
        steepness = np.where(steps != 0, jumps / steps, 0.0)
        left = int(np.argmax(np.abs(steepness)))
        overall = float(values[-1].mean() - values[0].mean()) / float(places[-1] - places[0])
        ratio = float(steepness[left]) / overall if overall else math.inf
    return left, float(jumps[left]), mean_interval(values[left + 1] - values[left]), ratio


def roc_area(scores, events) -> float:
    """Return the chance that a run with the event has the higher score than one without (ties: half).

    >>> roc_area([1, 2, 3, 4], [False, False, True, True])
    1.0
    """
    events = np.asarray(events, bool)
    yes, no = int(events.sum()), int((~events).sum())
    if yes == 0 or no == 0:
        return math.nan
    return float((ranks(scores)[events].sum() - yes * (yes - 1) / 2) / (yes * no))


def roc_interval(area: float, yes: int, no: int) -> Bounds:
    """Return the 90 % interval of such a chance (Hanley and McNeil 1982)."""
    if math.isnan(area):
        return Bounds(math.nan, math.nan)
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    variance = area * (1 - area) + (yes - 1) * (q1 - area**2) + (no - 1) * (q2 - area**2)
    half = NORMAL_90 * math.sqrt(max(0.0, variance) / (yes * no))
    return Bounds(max(0.0, area - half), min(1.0, area + half))


def value_of_information(payoffs, values, bins: int = 8, seed: int = 1) -> tuple[float, float]:
    """Return what knowing one input before choosing an arm is worth, and what chance alone would show.

    ``payoffs``: shape (arms, runs); ``values``: of the input, shape (runs,). Runs are sorted into bins of
    equal size by the input; in each the arm with the best mean is chosen. Choosing on the runs that are
    then counted flatters, so the mean over random sortings is taken off (a little too much, where the
    input tells much). ``chance``: the 95 % quantile of what random sortings give, less their mean.
    """
    payoffs = np.asarray(payoffs, float)
    order = np.argsort(np.asarray(values, float), kind="stable")
    edges = np.linspace(0, payoffs.shape[1], bins + 1).astype(int)

    def gain(order) -> float:
        ordered = np.concatenate([np.zeros((len(payoffs), 1)), np.cumsum(payoffs[:, order], axis=1)], axis=1)
        return float(np.diff(ordered[:, edges], axis=1).max(axis=0).sum() / payoffs.shape[1])

    chooser = np.random.default_rng(seed)
    shuffled = np.array([gain(chooser.permutation(payoffs.shape[1])) for _ in range(SHUFFLES)])
    worth = min(gain(order) - float(shuffled.mean()), perfect_information(payoffs))
    chance = float(np.quantile(shuffled, 0.95) - shuffled.mean())
    exact = 1e-9 * float(np.abs(payoffs).max(initial=0.0))  # sums of floats differ in their last digits
    return (worth, chance) if abs(worth) > exact else (0.0, chance)


def perfect_information(payoffs) -> float:
    """Return what knowing everything about a run, its luck included, before choosing is worth."""
    payoffs = np.asarray(payoffs, float)
    return float(payoffs.max(axis=0).mean() - payoffs.mean(axis=1).max())


def total_index(outcome, redrawn) -> tuple[float, Bounds]:
    """Return the share of the variance of an outcome that would be left if all but one input were known.

    ``redrawn``: the outcome of the same runs with that input drawn anew (Jansen 1999): half the mean
    squared difference over the variance. With a 90 % interval.
    """
    outcome, redrawn = np.asarray(outcome, float), np.asarray(redrawn, float)
    variance = float(np.concatenate([outcome, redrawn]).var())
    if variance == 0.0:
        return 0.0, Bounds(0.0, 0.0)
    squares = (outcome - redrawn) ** 2 / (2 * variance)
    return float(squares.mean()), mean_interval(squares)


def ratio_of_means(some, others, seed: int = 1) -> tuple[float, Bounds]:
    """Return the ratio of two means over the same runs, with a 90 % interval by resampling runs."""
    some, others = np.asarray(some, float), np.asarray(others, float)
    if others.mean() == 0.0:
        return math.nan, Bounds(math.nan, math.nan)
    chooser = np.random.default_rng(seed)
    ratios = []
    for _ in range(RESAMPLED):
        chosen = chooser.integers(len(some), size=len(some))
        below = others[chosen].mean()
        ratios.append(some[chosen].mean() / below if below else math.nan)
    low, high = np.nanquantile(ratios, (0.05, 0.95))
    return float(some.mean() / others.mean()), Bounds(float(low), float(high))
