"""A cheap guess of what the claims would measure at a point, learned from the points simulated so far.

Ridge regression of every claim on the free coordinates and their squares; the strength of the penalty by
generalised cross-validation (Golub, Heath and Wahba 1979, *Technometrics* 21). It only proposes points;
whether one is taken, the simulation decides (``experiments.calibration.sampling``).
"""

from __future__ import annotations

import math

import numpy as np

PENALTIES = 10.0 ** np.arange(-2.0, 5.01, 0.5)
NEAR = 0.5  # share of the points, the nearest ones, from which is learned
LEAST_STEP = 0.03


class Surrogate:
    """Guesses the discrepancies at points, and with them the chance that a point will be near enough."""

    def __init__(self, points: np.ndarray, found: np.ndarray):
        """Learn from points, shape (points, free coordinates), and discrepancies, shape (points, claims)."""
        squares = (found**2).mean(axis=1)
        features = 2 * points.shape[1]
        near = np.argsort(squares, kind="stable")[: max(int(NEAR * len(points)), 3 * features)]
        points, found, squares = points[near], found[near], squares[near]
        x = _features(points)
        self.centre_x, self.centre_y = x.mean(axis=0), found.mean(axis=0)
        x, y = x - self.centre_x, found - self.centre_y
        left, size, right = np.linalg.svd(x, full_matrices=False)
        projected = product(left.T, y)
        self.coefficients = np.zeros((x.shape[1], y.shape[1]))
        self.variances = np.zeros(y.shape[1])
        best = np.full(y.shape[1], np.inf)
        for penalty in PENALTIES:
            shrunk = size**2 / (size**2 + penalty)
            left_over = y - product(left, shrunk[:, None] * projected)
            freedom = max(1.0, len(y) - 1.0 - shrunk.sum())
            variance = (left_over**2).sum(axis=0) / freedom
            score = variance / freedom
            coefficients = product(right.T, (size / (size**2 + penalty))[:, None] * projected)
            better = score < best
            best = np.where(better, score, best)
            self.variances = np.where(better, variance, self.variances)
            self.coefficients = np.where(better, coefficients, self.coefficients)
        # what is left over of several claims goes together, so that their sum is less sure than one by one
        self.stretch = 1.0
        mean, spread = self.mean_square(points)
        self.stretch = max(1.0, float(np.sqrt((((squares - mean) / spread) ** 2).mean())))

    def guess(self, points: np.ndarray) -> np.ndarray:
        """Return the discrepancies expected at points, shape (points, claims)."""
        return self.centre_y + product(_features(points) - self.centre_x, self.coefficients)

    def mean_square(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean square of the discrepancies expected at points, and how unsure it is."""
        expected = self.guess(points)
        count = expected.shape[1]
        mean = (expected**2 + self.variances).sum(axis=1) / count
        spread = np.sqrt((4.0 * expected**2 * self.variances + 2.0 * self.variances**2).sum(axis=1)) / count
        return mean, self.stretch * np.maximum(spread, 1e-12)

    def log_likelihood(self, points: np.ndarray, error: float, heat: float = 1.0) -> np.ndarray:
        """Return the logarithm of the likelihood of the claims at each point.

        Each claim is measured with a normal error, and what is simulated differs from the guess by what was
        left over when it was learned. ``heat``: factor on both.
        """
        return -0.5 * (self.guess(points) ** 2 / (error**2 + self.variances)).sum(axis=1) / heat**2


def chains(points: np.ndarray, target, steps: int, luck: np.random.Generator) -> np.ndarray:
    """Move points, shape (points, coordinates), so that they keep prior x exp(target); return them.

    Steps z' = sqrt(1 - b^2) z + b x, x standard normal, keep the prior by themselves (Neal 1999; Cotter et
    al. 2013, *Statistical Science* 28) whatever the number of coordinates. b, and which coordinates move,
    is luck.
    """
    size = len(points)
    now, height = points, target(points)
    for _ in range(steps):
        width = np.exp(math.log(LEAST_STEP) * luck.random(size))[:, None]
        fresh = np.sqrt(1.0 - width**2) * now + width * luck.standard_normal(now.shape)
        some = 2.0 * luck.random(size)[:, None]  # of the coordinates; all of them in half of the steps
        moved = np.where(luck.random(now.shape) < some, fresh, now)
        new_height = target(moved)
        taken = np.log(luck.random(size)) < new_height - height
        now = np.where(taken[:, None], moved, now)
        height = np.where(taken, new_height, height)
    return now


def product(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the product of two matrices without the library of linear algebra.

    That library takes threads of its own, which cost more than they save on matrices as small as these,
    above all on a busy machine, and may add up in another order.
    """
    return np.einsum("ij,jk->ik", first, second)


def _features(points: np.ndarray) -> np.ndarray:
    return np.hstack([points, points**2])
