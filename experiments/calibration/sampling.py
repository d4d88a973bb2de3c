"""From the prior to the posterior: sequential Monte Carlo with a learned likelihood.

**What is sought.** The values of the uncertain inputs with which the model says what the claims say. A claim
speaks of a statistic of the model (a share of runs, a mean, a median of many runs), and its interval holds
90 %: so it is taken as measured with a normal error of which the edge of agreement is 1.645 standard
deviations, and posterior = prior x likelihood of all claims. What lies beyond twice the edge counts by its
logarithm, so that a claim that the model cannot meet does not decide everything.

**How.** Everything happens in the space of luck (``prior``), where the prior is a standard normal.

1. A *bank* of points is drawn from the prior and simulated, a few runs each. Inputs that move no claim are
   left alone (``screening``).
   Claims that are out of reach of all of them are let go (``reach``).
2. A *surrogate* learns the statistics of all claims from all runs together (``surrogate``): what ten runs say
   of a median is little, what they add to the runs of some hundred other points is much. In each *round* a
   population moves, by chains that keep the prior (``surrogate.chains``), to where the surrogate expects the
   claims to be met, with the errors first taken too large, then less and less so (a tempered sequence: Del
   Moral, Doucet and Jasra 2006, *Journal of the Royal Statistical Society B* 68). Every point is simulated,
   and the surrogate learns from it (sequential likelihood estimation: Papamakarios, Sterratt and Murray
   2019).
3. The last rounds share one target and one tolerance. Each point is simulated again. What its runs say
   is taken in with the weight that it deserves beside the guess (``Surrogate.refined``), and a point is kept
   if it is then within a tolerance that 95 % of the points would keep if the surrogate were right.
   Coordinates that are not free are drawn from the prior for every point.

**The likelihood has no luck of the simulation in it.** The claim is about the model, not about ten runs of
it: were there more runs, the claim would not be surer. So a claim is made wider by three things and no
more (``likelihood``): its own error; how unsure the surrogate still is of the statistic, which more runs
anywhere make less; and lack of fit, by which a point differs from what the surrogate can say at all. Luck is
told from lack of fit by its size, which the runs of one point show (``regression.lack_of_fit``). This is what
history matching calls ensemble variability and keeps apart from the variance of the emulator and of the
discrepancy (Vernon, Goldstein and Bower 2010, *Bayesian Analysis* 5; Andrianakis et al. 2015, *PLOS
Computational Biology* 11). A synthetic likelihood (Wood 2010, *Nature* 466; Price et al. 2018, *Journal of
Computational and Graphical Statistics* 27) has luck in it because the data there are one realisation of the
model; here they are not. So few replicates make the surrogate less sure, hence the posterior wider, not
wrong; and for a given number of runs many points with few runs are better than few points with many.
``coverage`` checks the whole on synthetic truth.

**What acceptance can mean.** The runs of one point cannot decide whether it fits: their luck is larger than
the edge of many claims. A tolerance on them would keep what was lucky (population Monte Carlo ABC: Toni et
al. 2009; Beaumont et al. 2009). It is therefore a check of the surrogate where it matters, on its own
proposals: were it wrong there, few points would be kept, which the rounds show.

**Why not pyABC, Optuna or a neural likelihood** (Cranmer, Brehmer and Louppe 2020, *PNAS* 117, for a survey).
The population of pyABC depends on which worker is the first to finish (or waits for all); neither goes on
after an interruption with the same bits. Optuna finds points that fit well, which are no sample from a
posterior. Networks want more simulations than there are here. What is left without them is this page.

**Determinism.** Evaluation number e has the luck of (seed, e); proposals have that of (seed, round).
Nothing depends on how many threads evaluate, nor in which order they end. Work that was broken off is
repeated with the evaluations that are stored (``store``): the same bits, without simulating them again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from experiments.calibration.likelihood import Likelihood
from experiments.calibration.screening import Screen, screen
from experiments.calibration.statistic import Statistic
from experiments.calibration.surrogate import Surrogate, chains, mean_of
from sim.errors import UserError

HOTTEST = 4.0  # factor on the errors in the first round
STEPS = 200  # of a chain, in each round
SURE = 0.95  # share of the points within the tolerance, if the surrogate is right
LIKENESSES = 20  # how often a point of a round is made up to find the tolerance
LEAST_EVALUATIONS = 100
MOST_EVALUATIONS = 10**6
BANK, SCREENING, ROUND, SYNTHETIC, REACHING = range(5)  # purposes of luck


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
    """What is calibrated. ``claims``: their names. ``replicates``: runs of each evaluation."""

    claims: tuple[str, ...]
    replicates: int

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

    @property
    def statistics(self) -> tuple[Statistic, ...]:
        """What each claim compares."""

    def evaluate(self, values: np.ndarray, luck: int) -> np.ndarray:
        """Return the formula of each claim in each run, shape (claims, runs), at values of the inputs.

        nan: not defined; the number of runs is always the same.
        """


Evaluate = Callable[[np.ndarray], np.ndarray]  # points (k, coordinates) -> formulas (k, claims, runs)


@dataclass(frozen=True)
class Bank:
    """Points and what their runs say.

    ``points``: shape (points, coordinates). ``runs``: shape (points, claims, runs), as ``prepared``.
    """

    points: np.ndarray
    runs: np.ndarray

    def with_more(self, points: np.ndarray, runs: np.ndarray) -> Bank:
        """Return a bank that has further points."""
        return Bank(np.vstack([self.points, points]), np.concatenate([self.runs, runs]))


@dataclass(frozen=True)
class Round:
    """What a round came to: ``accepted`` of ``simulated`` points are within the tolerance.

    ``heat``: factor on the errors. ``expected``, ``distance``: medians, by the surrogate before the points
    were simulated and after.
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

    ``points`` (rows, coordinates), ``found`` (rows, claims): the discrepancies by guess and runs together,
    toned down, ``distances`` (rows,). ``free``: which coordinates were sought. ``known``: all points that
    were simulated.
    """

    points: np.ndarray
    found: np.ndarray
    distances: np.ndarray
    free: np.ndarray
    tolerance: float
    known: Bank
    rounds: list[Round] = field(default_factory=list)


def generator(seed: int, *place: int) -> np.random.Generator:
    """Return the luck of one place in the work."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, *place])))


def fill_bank(problem: Problem, evaluate: Evaluate, size: int, seed: int) -> Bank:
    """Simulate points of the prior."""
    points = generator(seed, BANK).standard_normal((size, problem.coordinates))
    return Bank(points, prepared(problem.statistics, evaluate(points)))


def prepared(statistics: Sequence[Statistic], formulas: np.ndarray) -> np.ndarray:
    """Return what is learned from, for the formulas of claims over runs, shape (points, claims, runs)."""
    return np.stack([each.of_runs(formulas[:, k]) for k, each in enumerate(statistics)], axis=1)


def screen_inputs(problem: Problem, bank: Bank, seed: int) -> tuple[Screen, np.ndarray]:
    """Return what the screening found, and which inputs are free (correlated ones together)."""
    found = screen(problem.values(bank.points), mean_of(bank.runs), generator(seed, SCREENING))
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


def distance(found: np.ndarray) -> np.ndarray:
    """Return the root mean square of the discrepancies of each point, shape (points,).

    >>> distance(np.array([[0.0, 2.0], [3.0, -3.0]])).round(3).tolist()
    [1.414, 3.0]
    """
    return np.sqrt((found**2).mean(axis=1))


def search(
    statistics: Sequence[Statistic],
    bank: Bank,
    free: np.ndarray,
    evaluate: Evaluate,
    settings: Settings,
    seed: int,
    told: Callable[[Round], None] | None = None,
    likelihood: Likelihood | None = None,
    further: np.ndarray | float = 0.0,
) -> Posterior:
    """Return the posterior.

    Args:
        statistics: of the claims.
        bank: points of the prior.
        free: which coordinates are sought.
        evaluate: gives the runs of points.
        settings, seed: of the search.
        told: called after each round.
        likelihood: of the claims; None: all are met in full.
        further: variance of what is claimed besides, on the scales of the statistics, shape (claims,).
    """
    exploring = settings.rounds - settings.keep
    if exploring < 1 or settings.keep < 1 or len(bank.points) < settings.population:
        raise UserError(
            f"evaluations = {settings.evaluations}: too few for {settings.bank} points of the prior and "
            f"rounds of {settings.population}"
        )
    likelihood = likelihood or Likelihood(statistics)
    now = np.empty((0, bank.points.shape[1]))
    known, rounds, kept = bank, [], []
    for number in range(settings.rounds):
        luck = generator(seed, ROUND, number)
        if number <= exploring:  # the rounds that are kept share one target
            surrogate = Surrogate(known.points[:, free], known.runs, statistics)
            heat = HOTTEST ** (1.0 - number / exploring)
        if not number:
            now = likely(bank.points, free, surrogate, likelihood, settings.population, luck)
        moved = move(now[:, free], surrogate, likelihood, heat, luck, further)
        now = luck.standard_normal(now.shape)
        now[:, free] = moved
        guess = surrogate.guess(moved)[0]
        if number <= exploring:
            shifts = surrogate.refined(known.points[:, free], known.runs)[0]
            shifts -= surrogate.guess(known.points[:, free])[0]
            tolerance = tolerance_for(guess, shifts, likelihood, luck)
        runs = prepared(statistics, evaluate(now))
        here = likelihood.discrepancies(surrogate.refined(moved, runs)[0])
        far = distance(here)
        within = far <= tolerance
        if number >= exploring:
            kept.append((now[within], here[within], far[within]))
        known = known.with_more(now, runs)
        middle = float(np.median(distance(likelihood.discrepancies(guess))))
        rounds.append(Round(heat, tolerance, len(now), int(within.sum()), middle, float(np.median(far))))
        if told:
            told(rounds[-1])
    points, found, far = (np.concatenate(tables) for tables in zip(*kept, strict=True))
    if not len(points):
        raise UserError(
            "no point that was simulated came as near to the claims as expected; more --evaluations may help"
        )
    return Posterior(points, found, far, free, tolerance, known, rounds)


def likely(
    points: np.ndarray,
    free: np.ndarray,
    surrogate: Surrogate,
    likelihood: Likelihood,
    count: int,
    luck: np.random.Generator,
) -> np.ndarray:
    """Return so many of some points, drawn without putting back by their likelihood in the hottest round."""
    height = likelihood.log(*surrogate.guess(points[:, free])) / HOTTEST**2
    return points[np.argsort(-(height + luck.gumbel(size=len(points))), kind="stable")[:count]]


def tolerance_for(
    guess: np.ndarray, shifts: np.ndarray, likelihood: Likelihood, luck: np.random.Generator
) -> float:
    """Return the distance within which SURE of the points of a round will be if the surrogate is right.

    Args:
        guess: places of the statistics of these points, shape (points, claims).
        shifts: by how much their own runs moved those of earlier points, shape (earlier points, claims).
            Claims of one point stay together, since their luck does.
        likelihood: of the claims.
        luck: which earlier point each is likened to.
    """
    like = [guess + shifts[luck.integers(len(shifts), size=len(guess))] for _ in range(LIKENESSES)]
    return float(np.quantile(distance(likelihood.discrepancies(np.concatenate(like))), SURE))


def move(
    points: np.ndarray,
    surrogate: Surrogate,
    likelihood: Likelihood,
    heat: float,
    luck: np.random.Generator,
    further: np.ndarray | float = 0.0,
) -> np.ndarray:
    """Return free coordinates moved by chains that keep prior x likelihood, at a heat.

    ``further``: variance of what the claims say besides, on the scales of the statistics, shape (claims,).
    """

    def height(at: np.ndarray) -> np.ndarray:
        guess, variance = surrogate.guess(at)
        return likelihood.log(guess, variance + further) / heat**2

    return chains(points, height, STEPS, luck)
