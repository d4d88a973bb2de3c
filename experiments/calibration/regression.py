"""Which inputs move a number, and how far, from points at which it is known up to luck of a known size.

Bayesian regression in which most features do nothing (spike and slab; Carbonetto and Stephens 2012,
*Bayesian Analysis* 7: coordinate ascent, one feature at a time). Each number has its own few features, so
that sixty inputs, of which five matter, cost about as much as five. What is left over at a point is of two
kinds, which are kept apart: luck, whose variance is given, and *lack of fit*, whose variance is that which
makes what is left over as large as expected (Paule and Mandel 1982, *Journal of Research of the National
Bureau of Standards* 87, who asked the same of laboratories).

Numbers are learned side by side. There is no linear algebra in it: sums only, in the same order always.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

SWEEPS = 12  # over all features, at each call
HALVINGS = 40  # of the interval in which the variance of the lack of fit lies
FEW = 1.0  # features that a number is taken to have, before anything is seen
FIRST_RATIO, LEAST_RATIO, ROUNDS_OF_RATIO = 0.1, 0.01, 5  # of lack of fit to what is explained
LEAST = 1e-8  # variance, and chance
MOST = 4.0  # variance of a slope, and of the lack of fit: scales are made to be a few units wide


@dataclass
class Fit:
    """What was learned about some numbers.

    ``centre``, ``scale``: of the features, shape (features,). ``level``: of each number at the centre, shape
    (numbers,). ``slopes``, ``doubt``: of each feature and number, its mean and variance, shape (features,
    numbers). ``level_doubt``: variance of the level; ``lack``: of the lack of fit, both shape (numbers,).
    """

    centre: np.ndarray
    scale: np.ndarray
    level: np.ndarray
    level_doubt: np.ndarray
    slopes: np.ndarray
    doubt: np.ndarray
    lack: np.ndarray

    def guess(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and variance of the fitted numbers, shape (points, numbers), without lack of fit."""
        x = (features - self.centre) / self.scale
        return (
            self.level + product(x, self.slopes),
            self.level_doubt + product(x * x, self.doubt),
        )


def fit(features: np.ndarray, seen: np.ndarray, luck: np.ndarray, before: Fit | None = None) -> Fit:
    """Learn numbers from points.

    Args:
        features: shape (points, features).
        seen: what each number was at each point, shape (points, numbers).
        luck: variance of the luck in it, same shape; inf: not seen.
        before: an earlier fit to start from.
    """
    centre, scale = features.mean(axis=0), features.std(axis=0)
    scale = np.where(scale > 0.0, scale, 1.0)
    rows = np.ascontiguousarray((features - centre) / scale)
    x = np.ascontiguousarray(rows.T)
    known = np.isfinite(luck)
    seen = np.where(known, seen, 0.0)
    points = np.maximum(known.sum(axis=0), 1)
    if before is None:
        level = seen.sum(axis=0) / points
        spread = (np.where(known, seen - level, 0.0) ** 2).sum(axis=0) / points
        slopes, doubt = np.zeros((2, len(x), seen.shape[1]))
        lack, slab = np.clip(spread / 2.0, LEAST, MOST), np.clip(spread / 4.0, LEAST, MOST)
    else:
        level = before.guess(centre[None, :])[0][0]
        slopes = before.slopes * (scale / before.scale)[:, None]
        doubt, lack = before.doubt.copy(), before.lack
        slab = np.clip((slopes**2 + doubt).max(axis=0) / 2.0, LEAST, MOST)
    first_slab, chance = slab, np.full(seen.shape[1], min(0.5, FEW / len(x)))
    there = np.zeros(slopes.shape)
    left = np.where(known, seen - level - product(rows, slopes), 0.0)
    for _ in range(SWEEPS):
        weight = np.where(known, 1.0 / (np.where(known, luck, 1.0) + lack), 0.0)
        level_doubt = 1.0 / np.maximum(weight.sum(axis=0), LEAST)
        shift = (weight * left).sum(axis=0) * level_doubt
        level, left = level + shift, np.where(known, left - shift, 0.0)
        precision = np.maximum(product(x * x, weight), LEAST)
        for j, feature in enumerate(x[:, :, None]):
            pull = (feature * weight * left).sum(axis=0) + precision[j] * slopes[j]
            there[j], mean, doubt[j] = spike_or_slab(pull, precision[j], slab, chance)
            left = np.where(known, left - feature * (mean - slopes[j]), 0.0)
            slopes[j] = mean
        found = there.sum(axis=0)
        chance = np.clip((found + FEW) / (len(x) + FEW), LEAST, 0.5)
        # the variance that is taken first counts as one feature
        slab = np.clip(((slopes**2 + doubt).sum(axis=0) + first_slab) / (found + 1.0), LEAST, MOST)
        lack = lack_of_fit(left, luck, found + 1.0)
    explained = (product(rows, slopes) ** 2).mean(axis=0)
    lack = shared_lack(left, luck, found + 1.0, lack, explained)
    return Fit(centre, scale, level, level_doubt, slopes, np.maximum(doubt, 0.0), lack)


def spike_or_slab(
    pull: np.ndarray, precision: np.ndarray, slab: np.ndarray, chance: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return for the slope of a feature: the chance that it is not 0, its mean, and its variance.

    ``pull`` / ``precision``: what the points alone say of it, and with which precision. ``slab``: variance of
    slopes that are not 0; ``chance`` of one. All of shape (numbers,).

    >>> there, mean, variance = spike_or_slab(*np.array([[0.0, 50.0], [10.0, 10.0], [1.0, 1.0], [0.1, 0.1]]))
    >>> there.round(2).tolist(), mean.round(2).tolist()
    ([0.03, 1.0], [0.0, 4.55])
    """
    variance = 1.0 / (precision + 1.0 / slab)
    mean = variance * pull
    odds = np.log(chance / (1.0 - chance)) + 0.5 * (np.log(variance / slab) + mean * mean / variance)
    there = 1.0 / (1.0 + np.exp(-np.clip(odds, -50.0, 50.0)))
    return there, there * mean, there * (variance + mean * mean) - (there * mean) ** 2


def lack_of_fit(left: np.ndarray, luck: np.ndarray, spent: np.ndarray) -> np.ndarray:
    """Return the variance that must be added to luck so that what is left over is as large as expected.

    ``left``, ``luck``: shape (points, numbers), inf where nothing was seen. ``spent``: how many parameters
    were fitted to each number.

    >>> lack_of_fit(np.array([[2.0], [-2.0]]), np.array([[1.0], [1.0]]), np.array([0.0])).round(6).tolist()
    [3.0]
    >>> lack_of_fit(np.array([[0.5], [-0.5]]), np.array([[1.0], [1.0]]), np.array([0.0])).round(6).tolist()
    [0.0]
    """
    known = np.isfinite(luck)
    luck = np.where(known, luck, 1.0)
    squares = np.where(known, left * left, 0.0)
    expected = np.maximum(known.sum(axis=0) - spent, 1.0)
    low, high = np.zeros(left.shape[1]), np.minimum(squares.sum(axis=0) / expected, MOST)
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        above = (squares / np.maximum(luck + middle, LEAST)).sum(axis=0) > expected
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return high


def shared_lack(
    left: np.ndarray, luck: np.ndarray, spent: np.ndarray, lack: np.ndarray, explained: np.ndarray
) -> np.ndarray:
    """Return the variance of the lack of fit of each number, with what the others say of it.

    Where luck is large, some hundred points cannot tell a lack of fit of half an edge from none, and none
    would make guesses too sure. So each estimate is put together with what it is, on the average of all
    numbers, for a number of which as much is explained, each by how sure it is (empirical Bayes), and the
    mean of what is left above 0 is taken. What one shows clearly by itself stands (Efron and Morris 1972,
    *Journal of the American Statistical Association* 67: limited translation).

    ``left``, ``luck``, ``spent``: as in ``lack_of_fit``; ``lack``: what that gave. ``explained``: variance of
    the fit, shape (numbers,).
    """
    known = np.isfinite(luck)
    luck = np.where(known, luck, 1.0)
    weight = np.where(known, 1.0 / (luck + lack + LEAST) ** 2, 0.0)
    total = np.maximum(weight.sum(axis=0), LEAST)
    points = known.sum(axis=0)
    freedom = np.maximum(points - spent, 1.0) / np.maximum(points, 1)
    found = (weight * (left * left / freedom - luck)).sum(axis=0) / total
    error = 2.0 / total
    ratio = FIRST_RATIO
    for _ in range(ROUNDS_OF_RATIO):
        weight = 1.0 / (error + (ratio * explained) ** 2 + LEAST)
        ratio = float((weight * found * explained).sum() / max((weight * explained**2).sum(), LEAST))
        ratio = max(ratio, LEAST_RATIO)
    expected = ratio * explained
    doubt = np.maximum(expected**2, (found - expected) ** 2 - error) + LEAST
    mean = (found * doubt + expected * error) / (doubt + error)
    spread = np.sqrt(doubt * error / (doubt + error))
    at = np.clip(mean / spread, -8.0, None)
    above = mean + spread * np.exp(-0.5 * at * at) / math.sqrt(2.0 * math.pi) / ndtr(at)
    return np.clip(above, LEAST, MOST)


def product(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the product of two matrices without the library of linear algebra.

    That library takes threads of its own, which cost more than they save on matrices as small as these,
    above all on a busy machine, and may add up in another order.
    """
    return np.einsum("ij,jk->ik", first, second)
