"""Does the engine recover what it is meant to find? Synthetic truth, calibrated on like the claims.

Further points of the prior serve as truths, one at a time. Each is simulated with many runs, so that what the
claims would compare there is known nearly without luck; these numbers, with an error as large as that of the
claims, take the place of the claims. What luck is left in them is added to their error. Over many
truths, the 50 % interval of each input must hold the truth in 50 % of the cases, and the 90 % interval in
90 % (simulation-based calibration: Cook, Gelman and Rubin 2006; Talts et al. 2018). Intervals that are too
narrow show as lower shares: so does a surrogate that is surer than it should be. Inputs that are not free are
not asked: their posterior is the prior.

The surrogate is that of the search, learned from all that was simulated: it speaks of statistics, whatever is
claimed of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from experiments.calibration.likelihood import CLAIM_ERROR, Likelihood
from experiments.calibration.sampling import (
    HOTTEST,
    SYNTHETIC,
    Bank,
    Evaluate,
    Problem,
    Settings,
    generator,
    likely,
    move,
    prepared,
    search,
)
from experiments.calibration.surrogate import Surrogate
from experiments.table import percent

LEVELS = (0.5, 0.9)
HEATS = 4  # from the hottest to 1, where no round of simulation lies in between
DRAWS = 60  # of the posterior of a truth
LEAST_PER_TRUTH = 60  # evaluations, if any
RUNS_OF_TRUTH = 100  # at least
CLEAR = 0.05  # chance among all inputs of what is called beyond chance


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


def too_seldom(count: int, held: Mapping[str, float], level: float) -> list[tuple[str, float, float]]:
    """Return the inputs whose intervals of a level held fewer truths than the band of chance allows.

    Each with the share that they held and how likely as few are by chance, if all is right; worst first.
    ``held``: share by input; ``count``: of truths.
    """
    low, _ = chance(count, level)
    below = [(path, share) for path, share in held.items() if share < low - 1e-9]
    return [
        (path, share, as_few(count, share, level)) for path, share in sorted(below, key=lambda row: row[1])
    ]


def as_few(count: int, share: float, level: float) -> float:
    """Return the chance that intervals of a level hold a share of so many truths or less, if all is right."""
    most = round(share * count)
    return sum(math.comb(count, k) * level**k * (1.0 - level) ** (count - k) for k in range(most + 1))


def failing_in_words(count: int, held: Mapping[str, Sequence[float]]) -> list[str]:
    """Return which inputs' intervals held synthetic truth too seldom, a sentence for each level; none: none.

    ``held``: by input the shares of ``LEVELS``. Where as few are too rare to be chance among all inputs
    (5 %, Bonferroni), the sentence says so.
    """
    lines = []
    for place, level in enumerate(LEVELS):
        found = too_seldom(count, {path: shares[place] for path, shares in held.items()}, level)
        if not found:
            continue
        low, _ = chance(count, level)
        by_chance = len(held) * as_few(count, low - 1.0 / count, level)
        told = ", ".join(f"{path} ({percent(share)})" for path, share, _ in found)
        clear = [path for path, _, likely in found if likely * len(held) < CLEAR]
        line = (
            f"{percent(level)} intervals that held the truth too seldom, in less than {percent(low)} of "
            f"the cases: {told}; "
            f"{len(found)} of {len(held)} inputs, of which chance explains about {by_chance:.0f}."
        )
        if clear:
            line += f" Beyond chance, even among all inputs: {', '.join(clear)}."
        lines.append(line)
    return lines


def check_coverage(
    problem: Problem,
    known: Bank,
    free_inputs: np.ndarray,
    free: np.ndarray,
    truths: int,
    seed: int,
    evaluate: Evaluate,
    *,
    evaluations: int = 0,
    progress: Callable[[int], None] | None = None,
) -> Coverage:
    """Calibrate on synthetic truths and say where each lay in its posterior.

    Args:
        problem: of the calibration.
        known: all points that were simulated.
        free_inputs, free: which inputs, and which coordinates, are sought.
        truths: how many.
        seed: of all luck.
        evaluate: gives the runs of points.
        evaluations: if any, so many further simulations for each truth, as in the search itself; otherwise
            only what is known is used.
        progress: called with 1 after each truth.
    """
    inputs = np.flatnonzero(free_inputs)
    places = np.empty((truths, len(inputs)))
    surrogate = Surrogate(known.points[:, free], known.runs, problem.statistics)
    for number in range(truths):
        luck = generator(seed, SYNTHETIC, number)
        truth = luck.standard_normal((1, problem.coordinates))
        claims, doubt = claimed_at(problem, truth, surrogate, evaluate, luck)
        if evaluations:
            population = min(DRAWS, evaluations // 6)
            settings = Settings(len(known.points) + evaluations, len(known.points), population, 2)
            points = search(
                problem.statistics, known, free, evaluate, settings, int(luck.integers(2**62)),
                likelihood=claims, further=doubt,
            ).points  # fmt: skip
        else:
            points = from_known(known, free, surrogate, claims, doubt, luck)
        drawn = problem.values(points)[:, inputs]
        value = problem.values(truth)[0, inputs]
        below, same = (drawn < value).sum(axis=0), (drawn == value).sum(axis=0)
        places[number] = (below + luck.random(len(inputs)) * (same + 1)) / (len(drawn) + 1)
        if progress:
            progress(1)
    return Coverage(tuple(problem.inputs[place] for place in inputs), places, evaluations)


def claimed_at(
    problem: Problem,
    truth: np.ndarray,
    surrogate: Surrogate,
    evaluate: Evaluate,
    luck: np.random.Generator,
) -> tuple[Likelihood, np.ndarray]:
    """Return the likelihood of what would be claimed at a truth, shape (1, coordinates), and the variance of
    the luck that is left in it, shape (claims,).

    A claim that is not defined there says nothing.
    """
    times = math.ceil(RUNS_OF_TRUTH / problem.replicates)
    runs = prepared(problem.statistics, evaluate(np.repeat(truth, times, axis=0)))
    runs = np.concatenate(list(runs), axis=1)[None]
    places = np.array([each.place(runs[0, k]) for k, each in enumerate(problem.statistics)])
    doubt = surrogate.seen(runs, np.where(np.isnan(places), 0.0, places)[None])[1][0]
    found = np.array(
        [
            np.interp(at, each.grid, each.discrepancies)
            for at, each in zip(places, problem.statistics, strict=True)
        ]
    )
    claimed = found + CLAIM_ERROR * luck.standard_normal(len(found))
    return Likelihood(problem.statistics, claimed), np.where(np.isfinite(doubt), doubt, 0.0)


def from_known(
    known: Bank,
    free: np.ndarray,
    surrogate: Surrogate,
    claims: Likelihood,
    doubt: np.ndarray,
    luck: np.random.Generator,
) -> np.ndarray:
    """Return points of the posterior by a surrogate alone."""
    now = likely(known.points, free, surrogate, claims, DRAWS, luck)
    moved = now[:, free]
    for step in range(HEATS):
        moved = move(moved, surrogate, claims, HOTTEST ** (1.0 - step / (HEATS - 1)), luck, doubt)
    points = luck.standard_normal(now.shape)
    points[:, free] = moved
    return points
