"""What was learned about each free input: its distribution before and after."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from experiments.calibration.sampling import SYNTHETIC, Bank, Problem, generator
from experiments.calibration.screening import Screen
from sim.luck import normal

PRIOR_DRAWS = 4000
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
SURE = 1.628  # Kolmogorov: exceeded in 1 % of the cases, times 1/sqrt(draws), if nothing was learned


@dataclass(frozen=True)
class Learned:
    """One free input. ``prior``, ``posterior``: values at 5, 25, 50, 75, 95 %; dates: months since the start.

    ``places``: where the same points of the posterior lie in the prior (shares of it that lie below).
    ``contraction``: 1 less the ratio of the standard deviations, of normal scores in the prior: 0 as wide
    as before, 1 known exactly, below 0 wider. ``distance``: Kolmogorov's, the largest difference between
    the two distributions. ``sure``: whether that is beyond chance. ``association``, ``claim``: the rank
    correlation with the claim that it moves most, in the prior.
    """

    path: str
    prior: tuple[float, ...]
    posterior: tuple[float, ...]
    places: tuple[float, ...]
    contraction: float
    distance: float
    sure: bool
    association: float
    claim: str


def learned_about(
    problem: Problem,
    points: np.ndarray,
    bank: Bank,
    free: np.ndarray,
    screen: Screen,
    seed: int,
    independent: int,
) -> list[Learned]:
    """Return what was learned about each free input, most first.

    ``independent``: how many of the points of the posterior count as independent.
    """
    luck = generator(seed, SYNTHETIC, 2**31)
    fresh = luck.standard_normal((PRIOR_DRAWS, problem.coordinates))
    prior, posterior = problem.values(fresh), problem.values(points)
    limit = SURE * math.sqrt(1.0 / min(independent, len(points)) + 1.0 / PRIOR_DRAWS)
    found = []
    for place in np.flatnonzero(free):
        before, after = np.sort(prior[:, place]), posterior[:, place]
        shares = _shares(before, after)
        distance = kolmogorov(before, np.sort(after))
        spread = _scores(_shares(before, before)).std()
        contraction = 1.0 - float(_scores(shares).std() / spread) if spread > 0.0 else 0.0
        found.append(
            Learned(
                problem.inputs[place],
                tuple(map(float, np.quantile(before, LEVELS))),
                tuple(map(float, np.quantile(after, LEVELS))),
                tuple(map(float, np.quantile(shares, LEVELS))),
                contraction,
                distance,
                distance > limit,
                float(screen.association[place]),
                problem.claims[int(screen.claim[place])],
            )
        )
    return sorted(found, key=lambda each: -each.distance)


def _shares(ordered: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return which share of sorted draws lies below each value, ties in their middle; never 0 nor 1."""
    below = np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")
    return (0.5 * below + 0.5) / (len(ordered) + 1.0)


def _scores(shares: np.ndarray) -> np.ndarray:
    return np.array([normal(float(share)) for share in shares])


def kolmogorov(first: np.ndarray, second: np.ndarray) -> float:
    """Return the largest difference between the distributions of two sorted samples.

    >>> kolmogorov(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    1.0
    """
    at = np.concatenate([first, second])
    one = np.searchsorted(first, at, "right") / len(first)
    other = np.searchsorted(second, at, "right") / len(second)
    return float(np.abs(one - other).max())
