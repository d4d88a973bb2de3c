"""A guess of what each claim compares at a point, and how unsure it is, learned from all runs so far.

Each statistic (``statistic``) is taken as a sum of functions of the free coordinates, each and its square,
of which most do nothing (``regression``). It is learned run by run: from a fit, the scores of the runs at a
point say how far the statistic there lies from it, with luck of a known size (the working response of
generalised linear models: McCullagh and Nelder 1989, *Generalized Linear Models*), and the fit is made anew.

So what a guess is unsure by is known in parts: the fit itself, which more points make surer; lack of fit,
which is how much the statistic of a point differs from any such sum; and luck, of the runs that were made,
which is no part of the guess (Vernon, Goldstein and Bower 2010, *Bayesian Analysis* 5; Andrianakis et al.
2015, *PLOS Computational Biology* 11: emulators of stochastic models keep ensemble variability apart).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr

from experiments.calibration.regression import fit
from experiments.calibration.statistic import BEND, MOST_ODDS, Statistic, bent, logistic, unbent

STEPS = 5  # of scores
REFINEMENTS = 3  # of scores, where a guess and runs are put together
SMOOTH = 0.2  # of the spread of the runs of a point: over so much a quantile is smoothed
OF_ALL = (1.0, 50.0)  # runs for which the spread of all points counts in that of one, at least and at most
NORMAL_DENSITY = 0.4  # of a normal distribution at its middle
LEAST_SPREAD = 0.05  # of the runs of a point, in edges of agreement or on the scale of a quantile
LEAST_SHARE = 0.002  # p (1 - p) is not taken as less when the score of a share is weighed
MOST_STEP = 4.0  # on the scale, that a score may ask for at once
LEAST_STEP = 0.03  # of a chain
ROOT = math.sqrt(2.0 * math.pi)


class Surrogate:
    """Guesses the statistics of claims at points.

    ``lack``: variance of the lack of fit of each statistic on its scale, shape (claims,). ``spreads``:
    standard deviation of the runs of one point, on the average; ``densities``: of the runs at a quantile, in
    units of their spread; same shape.
    """

    def __init__(self, points: np.ndarray, runs: np.ndarray, statistics: Sequence[Statistic]):
        """Learn from points, shape (points, free coordinates), and their runs, (points, claims, runs).

        ``runs``: values of the formula of each claim, as ``Statistic.of_runs`` has prepared them.
        """
        self.statistics = tuple(statistics)
        self.spreads = np.maximum(spread_of_runs(runs), LEAST_SPREAD)
        self.of_all = runs_of_all(runs)
        self.densities = np.full(len(self.statistics), NORMAL_DENSITY)
        features = _features(points)
        self.fitted = fit(features, *self.seen(runs, self.start(runs)))
        for _ in range(STEPS):
            near = self.fitted.guess(features)[0]
            self.densities = self._densities(runs, near)
            self.fitted = fit(features, *self.seen(runs, near), self.fitted)
        self.lack = self.fitted.lack

    def guess(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return where each statistic is expected on its scale, and the variance, shape (points, claims).

        How unsure the fit is and the lack of fit are in the variance; the luck of runs is not.
        """
        mean, variance = self.fitted.guess(_features(points))
        return mean, variance + self.lack

    def seen(self, runs: np.ndarray, near: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what the runs of points say of each statistic there, and the variance of the luck in it.

        ``near``: places near which the statistics are sought, shape (points, claims). Variance inf: no run
        says anything.
        """
        seen, luck = np.empty(near.shape), np.empty(near.shape)
        for k, statistic in enumerate(self.statistics):
            at, values = near[:, k], runs[:, k]
            count = np.maximum(np.isfinite(values).sum(axis=1), 1)
            if statistic.kind == "share":
                at = np.clip(at, -MOST_ODDS, MOST_ODDS)
                expected = logistic(at)
                slope = variance = np.maximum(expected * (1.0 - expected), LEAST_SHARE)
                score = mean_of(values) - expected
            elif statistic.kind == "mean":
                slope = np.cosh(at / BEND)
                variance = self._spread_at(values, k) ** 2
                score = mean_of(values) - unbent(at)
            else:
                spread = self._spread_at(values, k)
                slope = self.densities[k] / spread
                variance = np.full(len(at), statistic.level * (1.0 - statistic.level))
                below = ndtr((at - values.T) / (SMOOTH * spread)).T
                score = statistic.level - mean_of(below)
            seen[:, k] = at + np.clip(score / slope, -MOST_STEP, MOST_STEP)
            luck[:, k] = variance / (slope * slope * count)
        known = np.isfinite(runs).any(axis=2)
        return np.where(known, seen, 0.0), np.where(known, luck, np.inf)

    def refined(self, points: np.ndarray, runs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the statistics at points, and the variance, by guess and by their own runs together.

        Each counts by how sure it is; where luck is large the guess stays nearly what it was.
        """
        guess, variance = self.guess(points)
        refined, doubt = guess, variance
        for _ in range(REFINEMENTS):
            seen, luck = self.seen(runs, refined)
            share = variance / (variance + luck)
            refined, doubt = guess + share * (seen - guess), variance * (1.0 - share)
        return refined, doubt

    def start(self, runs: np.ndarray) -> np.ndarray:
        """Return the places from which the first scores are reckoned: those of all runs together for shares,
        of the runs of each point for the rest, shape (points, claims)."""
        near = np.zeros(runs.shape[:2])
        for k, statistic in enumerate(self.statistics):
            if statistic.kind == "share":
                known = np.isfinite(runs[:, k])
                share = (np.where(known, runs[:, k], 0.0).sum() + 0.5) / (known.sum() + 1.0)
                near[:, k] = np.log(share / (1.0 - share))
            else:
                middle = mean_of(runs[:, k])
                near[:, k] = bent(middle) if statistic.kind == "mean" else middle
        return np.where(np.isfinite(near), near, 0.0)

    def _spread_at(self, values: np.ndarray, claim: int) -> np.ndarray:
        """Return the standard deviation of the runs of each point, shape (points,), for runs of one claim,
        (points, runs): few runs are helped by the spread of the runs of all points."""
        known = np.isfinite(values)
        off = np.where(known, values - mean_of(values)[:, None], 0.0)
        freedom = np.maximum(known.sum(axis=1) - 1, 0)
        squares = (off**2).sum(axis=1) + self.of_all[claim] * self.spreads[claim] ** 2
        return np.sqrt(squares / (freedom + self.of_all[claim]))

    def _densities(self, runs: np.ndarray, near: np.ndarray) -> np.ndarray:
        """Return how dense the runs of a point lie at their quantile, on the average and in units of their
        spread, shape (claims,)."""
        found = np.full(len(self.statistics), NORMAL_DENSITY)
        for k, statistic in enumerate(self.statistics):
            if statistic.kind == "quantile":
                off = (runs[:, k] - near[:, k, None]) / (SMOOTH * self._spread_at(runs[:, k], k)[:, None])
                known = np.isfinite(off)
                height = np.where(known, np.exp(-0.5 * np.where(known, off, 0.0) ** 2), 0.0).sum()
                found[k] = height / max(1, known.sum()) / (SMOOTH * ROOT)
        return np.maximum(found, 0.25 * NORMAL_DENSITY)


def spread_of_runs(runs: np.ndarray) -> np.ndarray:
    """Return the standard deviation of the runs about the mean of their point, shape (claims,).

    ``runs``: shape (points, claims, runs); nan: not defined.
    """
    known = np.isfinite(runs)
    off = np.where(known, runs - mean_of(runs)[:, :, None], 0.0)
    count = known.sum(axis=2)
    freedom = np.maximum(np.maximum(count - 1, 0).sum(axis=0), 1)
    return np.sqrt((off**2).sum(axis=(0, 2)) / freedom)


def runs_of_all(runs: np.ndarray) -> np.ndarray:
    """Return for how many runs the spread of all points should count in the spread of one, shape (claims,).

    Many where the spreads of points differ by no more than luck makes them, few where they differ by
    themselves (as for variances of genes: Smyth 2004, *Statistical Applications in Genetics and Molecular
    Biology* 3). ``runs``: shape (points, claims, runs).
    """
    known = np.isfinite(runs)
    count = known.sum(axis=2)
    freedom = np.maximum(count - 1, 1)
    off = np.where(known, runs - mean_of(runs)[:, :, None], 0.0)
    squares = np.where(count > 1, (off**2).sum(axis=2) / freedom, 0.0)
    points = np.maximum((count > 1).sum(axis=0), 1)
    mean = np.maximum(squares.sum(axis=0) / points, 1e-12)
    differ = np.where(count > 1, (squares / mean - 1.0) ** 2, 0.0).sum(axis=0) / points
    by_luck = np.where(count > 1, 2.0 / freedom, 0.0).sum(axis=0) / points
    themselves = np.maximum((differ - by_luck) / (1.0 + by_luck), 1e-12)
    return np.clip(2.0 / themselves, *OF_ALL)


def mean_of(runs: np.ndarray) -> np.ndarray:
    """Return the mean over the last axis of what is defined; nan where nothing is."""
    known = np.isfinite(runs)
    count = known.sum(axis=-1)
    total = np.where(known, runs, 0.0).sum(axis=-1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


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


def _features(points: np.ndarray) -> np.ndarray:
    return np.hstack([points, points**2])
