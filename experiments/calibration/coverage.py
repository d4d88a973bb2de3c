"""Does the engine recover what it is meant to find? Synthetic truth, calibrated on like the claims.

Points of the bank serve as truths, one at a time: what the claims measured there, with an error as large as
that of the claims, takes the place of the claims; the rest of the bank is the prior. Over many truths, the
50 % interval of each input must hold the truth in 50 % of the cases, and the 90 % interval in 90 %
(simulation-based calibration: Cook, Gelman and Rubin 2006; Talts et al. 2018). Intervals that are too
narrow show as lower shares. Inputs that are not free are not asked: their posterior is the prior.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from experiments.calibration.sampling import (
    CLAIM_ERROR,
    HOTTEST,
    SYNTHETIC,
    Bank,
    Evaluate,
    Problem,
    Settings,
    distance,
    generator,
    move,
    search,
    toned_down,
)
from experiments.calibration.surrogate import Surrogate

LEVELS = (0.5, 0.9)
HEATS = 6  # from the hottest to 1, where no round of simulation lies in between
DRAWS = 100  # of the posterior of a truth
LEAST_PER_TRUTH = 60  # evaluations, if any


@dataclass(frozen=True)
class Coverage:
    """Where the truths lay. ``places``: share of the posterior below the truth, shape (truths, free inputs).

    ``inputs``: their names. ``evaluations``: simulated for each truth besides the bank.
    """

    inputs: tuple[str, ...]
    places: np.ndarray
    evaluations: int

    @property
    def truths(self) -> int:
        return len(self.places)

    def held(self, level: float) -> np.ndarray:
        """Return for each input the share of truths within its interval of a level."""
        return (np.abs(self.places - 0.5) <= level / 2.0).mean(axis=0)

    def chance(self, level: float) -> tuple[float, float]:
        """Return between what a share over the truths of one input lies in 90 % of the cases, if all is
        right."""
        return chance(self.truths, level)


def chance(count: int, level: float) -> tuple[float, float]:
    """Return between what the share of so many truths in an interval of a level lies in 90 % of the cases."""
    terms = [math.comb(count, k) * level**k * (1.0 - level) ** (count - k) for k in range(count + 1)]
    below = np.cumsum(terms)
    low, high = int(np.searchsorted(below, 0.05)), int(np.searchsorted(below, 0.95))
    return low / max(1, count), high / max(1, count)


def check_coverage(
    problem: Problem,
    bank: Bank,
    free_inputs: np.ndarray,
    free: np.ndarray,
    truths: int,
    seed: int,
    *,
    evaluate: Evaluate | None = None,
    evaluations: int = 0,
    progress: Callable[[int], None] | None = None,
) -> Coverage:
    """Calibrate on synthetic truths and say where each lay in its posterior.

    Args:
        problem, bank: of the calibration.
        free_inputs, free: which inputs, and which coordinates, are sought.
        truths: how many; the first points of the bank.
        seed: of all luck.
        evaluate, evaluations: if any, so many simulations for each truth, as in the search itself;
            otherwise only the bank is used.
        progress: called with 1 after each truth.
    """
    inputs = np.flatnonzero(free_inputs)
    places = np.empty((truths, len(inputs)))
    for number in range(truths):
        luck = generator(seed, SYNTHETIC, number)
        claimed = bank.found[number] + CLAIM_ERROR * luck.standard_normal(bank.found.shape[1])
        others = np.arange(len(bank.points)) != number
        rest = Bank(bank.points[others], against(bank.found[others], claimed))
        if evaluations and evaluate:
            population = min(DRAWS, evaluations // 6)
            settings = Settings(len(rest.points) + evaluations, len(rest.points), population, 2)

            def shifted(points: np.ndarray, claimed=claimed) -> np.ndarray:
                return against(evaluate(points), claimed)

            points = search(rest, free, shifted, settings, int(luck.integers(2**62))).points
        else:
            points = from_bank(rest, free, luck)
        drawn = problem.values(points)[:, inputs]
        truth = problem.values(bank.points[number])[0, inputs]
        below, same = (drawn < truth).sum(axis=0), (drawn == truth).sum(axis=0)
        places[number] = (below + luck.random(len(inputs)) * (same + 1)) / (len(drawn) + 1)
        if progress:
            progress(1)
    return Coverage(tuple(problem.inputs[place] for place in inputs), places, evaluations)


def against(found: np.ndarray, claimed: np.ndarray) -> np.ndarray:
    """Return discrepancies from what a synthetic truth claims; a claim that it does not define says
    nothing."""
    return np.where(np.isnan(claimed), 0.0, found - np.where(np.isnan(claimed), 0.0, claimed))


def from_bank(bank: Bank, free: np.ndarray, luck: np.random.Generator) -> np.ndarray:
    """Return points of the posterior by the surrogate of a bank alone."""
    found = toned_down(bank.found)
    surrogate = Surrogate(bank.points[:, free], found)
    now = bank.points[np.argsort(distance(found), kind="stable")[:DRAWS]]
    moved = now[:, free]
    for step in range(HEATS):
        moved = move(moved, surrogate, HOTTEST ** (1.0 - step / (HEATS - 1)), luck)
    points = luck.standard_normal(now.shape)
    points[:, free] = moved
    return points
