"""From the prior to the posterior: sequential Monte Carlo with a learned likelihood, and ABC at its end.

**What is sought.** The values of the uncertain inputs with which the simulated claims come near to the
claims themselves. A claim's interval holds 90 %, so a claim is taken as measured with a normal error of
which the edge of agreement is 1.645 standard deviations: posterior = prior x likelihood of all claims. What
lies beyond twice the edge counts by its logarithm, so that a claim that the model cannot meet does not
decide everything.

**How.** Everything happens in the space of luck (``prior``), where the prior is a standard normal.

1. A *bank* of points is drawn from the prior and simulated. Inputs that move no claim are left alone
   (``screening``).
2. A *surrogate* learns what the claims measure at a point (``surrogate``). In each *round* a population
   moves, by chains that keep the prior (``surrogate.chains``), to where the surrogate expects the claims to
   be met, with the errors first taken too large, then less and less so (a tempered sequence: Del Moral,
   Doucet and Jasra 2006, *Journal of the Royal Statistical Society B* 68). Every point is simulated, and
   the surrogate learns from it where it matters (as in sequential likelihood estimation: Papamakarios,
   Sterratt and Murray 2019; a normal likelihood of summaries: Wood 2010, *Nature* 466).
3. The last rounds share one target and one tolerance. A point is kept if the distance of its *simulated*
   claims is within the tolerance: it is what 95 % of the points would keep if the surrogate were right.
   Coordinates that are not free are drawn from the prior for every point.

The likelihood has the luck of the simulation in it: what the surrogate cannot explain is added to the error
of each claim. Hence few replicates make the posterior wider, not wrong. ``coverage`` checks the whole on
synthetic truth.

**Why not the older forms of population Monte Carlo** (Toni et al. 2009; Beaumont et al. 2009), which weigh
particles and accept by distance alone: with dozens of free inputs and of claims, some thousand evaluations
do not get near: the weights come to lie on a few particles, and what is accepted is what was lucky.

**Why not pyABC or Optuna.** The population of pyABC depends on which worker is the first to finish (or
waits for all); neither goes on after an interruption with the same bits. Optuna finds points that fit well,
which are no sample from a posterior. What is left without them is this page.

**Determinism.** Evaluation number e has the luck of (seed, e); proposals have that of (seed, round).
Nothing depends on how many threads evaluate, nor in which order they end. Work that was broken off is
repeated with the evaluations that are stored (``store``): the same bits, without simulating them again.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from experiments.calibration.screening import Screen, screen
from experiments.calibration.surrogate import Surrogate, chains
from experiments.evidence.agreement import WORST
from sim.errors import UserError

CLAIM_ERROR = 1.0 / 1.6448536269514722  # standard deviation, in discrepancies: an interval holds 90 %
FAR = 2.0  # discrepancies: beyond, they count by their logarithm
HOTTEST = 4.0  # factor on the errors in the first round
STEPS = 200  # of a chain, in each round
SURE = 0.95  # share of the points within the tolerance, if the surrogate is right
NORMAL_95 = 1.6448536269514722
LEAST_EVALUATIONS = 100
MOST_EVALUATIONS = 10**6
BANK, SCREENING, ROUND, SYNTHETIC = range(4)  # purposes of luck


@dataclass(frozen=True)
class Settings:
    """How the search is done.

    ``evaluations``: in all. ``bank``: of points of the prior. ``population``: points in each round.
    ``keep``: the last rounds, whose points are kept.
    """

    evaluations: int
    bank: int
    population: int
    keep: int

    @property
    def rounds(self) -> int:
        """The rounds after the bank."""
        return (self.evaluations - self.bank) // self.population


def settings_for(evaluations: int) -> Settings:
    """Return the usual settings for a number of evaluations in all: a third each for bank, way and result.

    >>> settings_for(2400)
    Settings(evaluations=2400, bank=800, population=100, keep=8)
    """
    if not LEAST_EVALUATIONS <= evaluations <= MOST_EVALUATIONS:
        raise UserError(
            f"evaluations = {evaluations}: must be a whole number from {LEAST_EVALUATIONS} to "
            f"{MOST_EVALUATIONS}"
        )
    population = min(100, evaluations // 12)
    bank = max(evaluations // 3, 4 * population)
    rounds = (evaluations - bank) // population
    return Settings(evaluations, bank, population, rounds // 2)


class Problem(Protocol):
    """What is calibrated. ``claims``: their names."""

    claims: tuple[str, ...]

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the inputs."""

    @property
    def coordinates(self) -> int:
        """How many coordinates a point has."""

    @property
    def behind(self) -> tuple[tuple[int, ...], ...]:
        """For each input the coordinates it is reckoned from."""

    @property
    def together(self) -> tuple[tuple[int, ...], ...]:
        """Groups of inputs that are free together or not at all."""

    def values(self, points: np.ndarray) -> np.ndarray:
        """Return the values of the inputs, shape (points, inputs)."""

    def evaluate(self, values: np.ndarray, luck: int) -> np.ndarray:
        """Return the signed discrepancy of each claim at values of the inputs, shape (claims,).

        0: what is claimed; below -1 or above 1: outside what counts as agreement; nan: not defined.
        """


Evaluate = Callable[[np.ndarray], np.ndarray]  # points (k, coordinates) -> discrepancies (k, claims)


@dataclass(frozen=True)
class Bank:
    """Points of the prior and what the claims measure there (nan: not defined).

    Shapes (points, coordinates) and (points, claims).
    """

    points: np.ndarray
    found: np.ndarray


@dataclass(frozen=True)
class Round:
    """What a round came to: ``accepted`` of ``simulated`` points are within the tolerance.

    ``heat``: factor on the errors. ``expected``, ``distance``: medians, by the surrogate and by the
    simulation.
    """

    heat: float
    tolerance: float
    simulated: int
    accepted: int
    expected: float
    distance: float


@dataclass(frozen=True)
class Posterior:
    """The points that fit, each as likely as the others.

    ``points`` (rows, coordinates), ``found`` (rows, claims), ``distances`` (rows,). ``free``: which
    coordinates were sought.
    """

    points: np.ndarray
    found: np.ndarray
    distances: np.ndarray
    free: np.ndarray
    tolerance: float
    rounds: list[Round] = field(default_factory=list)


def generator(seed: int, *place: int) -> np.random.Generator:
    """Return the luck of one place in the work."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, *place])))


def fill_bank(problem: Problem, evaluate: Evaluate, size: int, seed: int) -> Bank:
    """Simulate points of the prior."""
    points = generator(seed, BANK).standard_normal((size, problem.coordinates))
    return Bank(points, evaluate(points))


def screen_inputs(problem: Problem, bank: Bank, seed: int) -> tuple[Screen, np.ndarray]:
    """Return what the screening found, and which inputs are free (correlated ones together)."""
    found = screen(problem.values(bank.points), bank.found, generator(seed, SCREENING))
    free = found.free.copy()
    for group in problem.together:
        free[list(group)] = free[list(group)].any()
    return found, free


def free_coordinates(problem: Problem, free_inputs: np.ndarray) -> np.ndarray:
    """Return which coordinates are behind free inputs, shape (coordinates,)."""
    free = np.zeros(problem.coordinates, bool)
    for place in np.flatnonzero(free_inputs):
        free[list(problem.behind[place])] = True
    return free


def toned_down(found: np.ndarray) -> np.ndarray:
    """Return discrepancies of which what lies beyond FAR counts by its logarithm; nan: as far as can be.

    A claim that is missed by far still pulls, but does not outvote all others.

    >>> toned_down(np.array([-1.5, 4.0, np.nan])).round(2).tolist()
    [-1.5, 3.39, 5.22]
    """
    found = np.clip(np.where(np.isnan(found), WORST, found), -WORST, WORST)
    size = np.maximum(np.abs(found), FAR)
    return np.where(np.abs(found) <= FAR, found, np.sign(found) * FAR * (1.0 + np.log(size / FAR)))


def distance(found: np.ndarray) -> np.ndarray:
    """Return the root mean square of the discrepancies of each point, shape (points,).

    >>> distance(np.array([[0.0, 2.0], [3.0, -3.0]])).round(3).tolist()
    [1.414, 3.0]
    """
    return np.sqrt((found**2).mean(axis=1))


def search(
    bank: Bank,
    free: np.ndarray,
    evaluate: Evaluate,
    settings: Settings,
    seed: int,
    told: Callable[[Round], None] | None = None,
) -> Posterior:
    """Return the posterior, for claims whose discrepancies should be 0.

    Args:
        bank: points of the prior.
        free: which coordinates are sought.
        evaluate: gives the discrepancies of points.
        settings, seed: of the search.
        told: called after each round.
    """
    exploring = settings.rounds - settings.keep
    if exploring < 1 or settings.keep < 1 or len(bank.points) < settings.population:
        raise UserError(
            f"evaluations = {settings.evaluations}: too few for {settings.bank} points of the prior and "
            f"rounds of {settings.population}"
        )
    points, found = bank.points, toned_down(bank.found)
    now = points[np.argsort(distance(found), kind="stable")[: settings.population]]
    rounds: list[Round] = []
    kept = []
    for number in range(settings.rounds):
        luck = generator(seed, ROUND, number)
        if number <= exploring:  # the rounds that are kept share one target
            surrogate = Surrogate(points[:, free], found)
            heat = HOTTEST ** (1.0 - number / exploring)
        moved = move(now[:, free], surrogate, heat, luck)
        now = luck.standard_normal(now.shape)
        now[:, free] = moved
        expected, spread = surrogate.mean_square(moved)
        if number <= exploring:
            tolerance = math.sqrt(float(np.quantile(expected + NORMAL_95 * spread, SURE)))
        here = toned_down(evaluate(now))
        far = distance(here)
        within = far <= tolerance
        if number >= exploring:
            kept.append((now[within], here[within], far[within]))
        points, found = np.vstack([points, now]), np.vstack([found, here])
        middle = math.sqrt(float(np.median(expected)))
        rounds.append(Round(heat, tolerance, len(now), int(within.sum()), middle, float(np.median(far))))
        if told:
            told(rounds[-1])
    points, found, far = (np.concatenate(tables) for tables in zip(*kept, strict=True))
    if not len(points):
        raise UserError(
            "no point that was simulated came as near to the claims as expected; more --evaluations may help"
        )
    return Posterior(points, found, far, free, tolerance, rounds)


def move(points: np.ndarray, surrogate: Surrogate, heat: float, luck: np.random.Generator) -> np.ndarray:
    """Return free coordinates moved by chains that keep prior x likelihood, at a heat."""

    def height(at: np.ndarray) -> np.ndarray:
        return surrogate.log_likelihood(at, CLAIM_ERROR, heat)

    return chains(points, height, STEPS, luck)
