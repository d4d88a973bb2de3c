"""Sensitivity indices: plain functions on arrays. The sampled designs go through SALib.

**Sobol'**: the share of the variance of an outcome in which an input has a part, alone (*first-order*) or
with others (*total*): Saltelli et al. 2010, *Computer Physics Communications* 181:259; pairs: Saltelli 2002,
145:280. **Morris**: what one step of an input changes, mean size and spread: Morris 1991, *Technometrics*
33:161; Campolongo, Cariboni and Saltelli 2007, *Environmental Modelling & Software* 22:1509.
**Given data** (any design, words as inputs, inputs that go together): the variance of the means of classes
of an input, as a share (the correlation ratio; Pearson 1905; classes as in Plischke, Borgonovo and Smith
2013, *European Journal of Operational Research* 226:536), and how far the distribution within the classes
lies from that of all (PAWN: Pianosi and Wagener 2018, *Environmental Modelling & Software* 108:197), each
against what chance shows.

SALib 1.6.0 returns zeros for an outcome that holds one nan, and takes the order of rows on trust (its issues
134 and 665): here both are checked first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from experiments.analyses import chance_correlation, ranks
from experiments.statistics import CONFIDENCE, NORMAL_90
from sim.errors import UserError

RESAMPLED = 200  # samples of points behind an interval
SHUFFLES = 60  # random orders behind what chance shows
MOST_CLASSES = 48
BLOCKS = 40  # of rows, each left out once for an interval
STEPS = 1000  # of the distribution of an outcome, at most
MORRIS_LEVELS = 4  # by which SALib scales elementary effects: it divides them by the size of a step
MORRIS_STEP = MORRIS_LEVELS / (2 * (MORRIS_LEVELS - 1))  # which is undone, for a step is what is meant here


@dataclass(frozen=True)
class Index:
    """Sobol' indices of one input, with the half-widths of their 90 % intervals."""

    name: str
    first: float
    first_half: float
    total: float
    total_half: float


@dataclass(frozen=True)
class Pair:
    """What two inputs do together, beyond what each does alone: a share of the variance."""

    one: str
    other: str
    share: float
    half: float


@dataclass(frozen=True)
class Noise:
    """How much of the variance is luck, not inputs.

    ``single``: share of the variance of single runs; ``left``: of the means over ``replicates`` runs; nan
    where there is one run per point. ``paired``: whether all points had the same luck.
    """

    replicates: int
    paired: bool
    single: float
    left: float


@dataclass(frozen=True)
class Effect:
    """Elementary effects of an input per step of the grid: mean, mean size (half-width: 90 %), spread."""

    name: str
    mean: float
    size: float
    half: float
    spread: float

    @property
    def sure(self) -> bool:
        return self.size > self.half


@dataclass(frozen=True)
class Association:
    """How an outcome goes with one input in given data.

    ``share`` of the variance, with half-width (90 %); ``distance`` between distributions, 0 to 1; each with
    what an input without any effect exceeds in 5 % of cases; ``direction``: rank correlation, nan for words.
    """

    name: str
    share: float
    half: float
    chance: float
    distance: float
    distance_chance: float
    direction: float

    @property
    def sure(self) -> bool:
        """Whether share or distance are beyond what chance shows."""
        return self.share > self.chance or self.distance > self.distance_chance


# ---------------------------------------------------------------- sampled designs


def check_outcome(outcome: np.ndarray) -> np.ndarray:
    """Return an outcome as floats; raise UserError where indices of it would be wrong or say nothing."""
    outcome = np.asarray(outcome, float)
    bad = np.flatnonzero(~np.isfinite(outcome))
    if len(bad):
        shown = ", ".join(map(str, bad[:5].tolist())) + (", ..." if len(bad) > 5 else "")
        raise UserError(
            f"{len(bad)} of {len(outcome)} points have no finite outcome (points {shown}): no index is made "
            "of that"
        )
    if len(outcome) < 2 or np.ptp(outcome) <= 1e-12 * max(1.0, float(np.abs(outcome).max())):
        raise UserError("the outcome is the same at every point: no input has a part in that")
    return outcome


def saltelli_layout(codes: np.ndarray) -> tuple[int, bool] | None:
    """Return (base samples, with pairs) of a design in the order of Saltelli; None if it is not in it.

    ``codes``: shape (points, inputs). Each block is a row of A, then A with one column from B for every
    input (and B with one from A, for pairs), then a row of B.
    """
    points, inputs = codes.shape
    for step, pairs in ((2 * inputs + 2, True), (inputs + 2, False)):
        if inputs == 0 or points % step or points == 0:
            continue
        blocks = codes.reshape(-1, step, inputs)
        a, b = blocks[:, 0], blocks[:, -1]
        mixed = [_is_mixed(blocks[:, 1 + j], a, b, j) for j in range(inputs)]
        if pairs:
            mixed += [_is_mixed(blocks[:, 1 + inputs + j], b, a, j) for j in range(inputs)]
        if all(mixed):
            return points // step, pairs
    return None


def _is_mixed(rows: np.ndarray, most: np.ndarray, one: np.ndarray, column: int) -> bool:
    """Whether rows are those of ``most`` with one column from ``one``."""
    expected = most.copy()
    expected[:, column] = one[:, column]
    return bool(np.array_equal(rows, expected))


def sobol(
    codes: np.ndarray, outcome: np.ndarray, names: Sequence[str], seed: int = 1
) -> tuple[list[Index], list[Pair]]:
    """Return the Sobol' indices of all inputs, and of pairs where the design has them.

    ``codes``: shape (points, inputs), in the order of Saltelli; ``outcome``: (points,), or (points,
    replicates), of which the means are analysed and intervals count their luck, too. Raises UserError for
    another design, and for an outcome that is not finite or does not vary.
    """
    from SALib.analyze import sobol as salib

    codes, values = np.asarray(codes), _by_replicates(outcome)
    outcome = check_outcome(values.mean(axis=1))
    layout = saltelli_layout(codes)
    if layout is None:
        raise UserError(
            "the points are not those of a Sobol' design in its order, so Sobol' indices of them would be "
            "wrong; make the sweep with that design, or take --method given-data"
        )
    pairs = layout[1]
    problem = {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)}
    found = salib.analyze(
        problem,
        outcome,
        calc_second_order=pairs,
        num_resamples=RESAMPLED,
        conf_level=CONFIDENCE,
        seed=seed + 1,
    )
    luck = luck_half(values, lambda means: sobol_estimates(means, len(names), pairs))
    indices = [
        Index(
            name,
            float(found["S1"][place]),
            math.hypot(found["S1_conf"][place], luck[0, place]),
            float(found["ST"][place]),
            math.hypot(found["ST_conf"][place], luck[1, place]),
        )
        for place, name in enumerate(names)
    ]
    together = [
        Pair(names[j], names[k], float(found["S2"][j, k]), float(found["S2_conf"][j, k]))
        for j in range(len(names) if pairs else 0)
        for k in range(j + 1, len(names))
    ]
    return indices, together


def sobol_estimates(outcome: np.ndarray, inputs: int, pairs: bool) -> np.ndarray:
    """Return (first-order, total) indices of all inputs without intervals, shape (2, inputs)."""
    from SALib.analyze import sobol as salib

    spread = outcome.std()
    if spread == 0.0:
        return np.full((2, inputs), math.nan)
    standard = (outcome - outcome.mean()) / spread
    step = 2 * inputs + 2 if pairs else inputs + 2
    a, b, mixed, _ = salib.separate_output_values(standard, inputs, len(standard) // step, pairs)
    columns = range(inputs)
    return np.array(
        [
            [estimate(a, mixed[:, j], b) for j in columns]
            for estimate in (salib.first_order, salib.total_order)
        ]
    )


def luck_half(values: np.ndarray, estimate: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return the half-widths (90 %) of an estimate that come from the luck of a few runs at every point.

    By leaving out one run of every point at a time. ``values``: shape (points, replicates). ``estimate``: of
    means, shape (points,). With fewer than three replicates it cannot be said: 0; inf where others are all
    alike.
    """
    replicates = values.shape[1]
    if replicates < 3:
        return np.zeros_like(estimate(values.mean(axis=1)))
    total = values.sum(axis=1)
    found = np.array([estimate((total - column) / (replicates - 1)) for column in values.T])
    halves = NORMAL_90 * np.sqrt((replicates - 1) * found.var(axis=0))
    return np.where(np.isnan(halves), math.inf, halves)


def is_trajectories(codes: np.ndarray) -> bool:
    """Whether a design is that of Morris: in blocks, every step changes one input, and each input once."""
    points, inputs = codes.shape
    if inputs == 0 or points == 0 or points % (inputs + 1):
        return False
    changed = np.diff(codes.reshape(-1, inputs + 1, inputs), axis=1) != 0
    return bool((changed.sum(axis=2) == 1).all() and (changed.sum(axis=1) == 1).all())


def morris(codes: np.ndarray, outcome: np.ndarray, names: Sequence[str], seed: int = 1) -> list[Effect]:
    """Return the elementary effects of all inputs, per step of the grid, in the unit of the outcome.

    ``codes``: shape (points, inputs), whose order says which way a step goes. ``outcome``: as in ``sobol``.
    Raises UserError.
    """
    from SALib.analyze import morris as salib

    codes, values = np.asarray(codes, float), _by_replicates(outcome)
    outcome = check_outcome(values.mean(axis=1))
    if not is_trajectories(codes):
        raise UserError(
            "the points are not those of a Morris design in its order, so elementary effects of them would "
            "be wrong; make the sweep with that design, or take --method given-data"
        )
    problem = {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)}

    def analysed(means: np.ndarray, resampled: int):
        return salib.analyze(
            problem,
            codes,
            means,
            num_resamples=resampled,
            conf_level=CONFIDENCE,
            num_levels=MORRIS_LEVELS,
            seed=seed,
        )

    found = analysed(outcome, RESAMPLED)
    luck = luck_half(values, lambda means: np.asarray(analysed(means, 2)["mu_star"], float))
    return [
        Effect(
            name,
            MORRIS_STEP * float(found["mu"][place]),
            MORRIS_STEP * float(found["mu_star"][place]),
            MORRIS_STEP * math.hypot(float(found["mu_star_conf"][place]), luck[place]),
            MORRIS_STEP * float(found["sigma"][place]),
        )
        for place, name in enumerate(names)
    ]


def _by_replicates(outcome: np.ndarray) -> np.ndarray:
    """Return outcomes as (points, replicates)."""
    values = np.asarray(outcome, float)
    return values if values.ndim == 2 else values[:, None]


def noise(values: np.ndarray, paired: bool) -> Noise:
    """Return how much of the variance is luck. ``values``: shape (points, replicates)."""
    values = np.asarray(values, float)
    replicates = values.shape[1]
    if replicates < 2:
        return Noise(replicates, paired, math.nan, math.nan)
    within = float(values.var(axis=1, ddof=1).mean())
    means = float(values.mean(axis=1).var(ddof=1))
    between = (
        means if paired else max(0.0, means - within / replicates)
    )  # which the same luck adds nothing to
    whole = within + between
    return Noise(
        replicates,
        paired,
        within / whole if whole else 0.0,
        within / replicates / (between + within / replicates) if whole else 0.0,
    )


# ---------------------------------------------------------------- given data


def classes_of(column: np.ndarray, categorical: bool) -> np.ndarray:
    """Return the class of every row: levels of words, and of numbers with few values; else equal shares.

    >>> classes_of(np.array([0.1, 0.2, 0.3, 0.4]), False).tolist()
    [0, 0, 1, 1]
    """
    levels, places = np.unique(column, return_inverse=True)
    most = class_count(len(column))
    if categorical or len(levels) <= most:
        return places
    return (ranks(column) * most / len(column)).astype(np.int64)


def class_count(rows: int) -> int:
    """Return into how many classes so many rows are divided (Plischke, Borgonovo and Smith 2013)."""
    power = 2 / (7 + math.tanh((1500 - rows) / 500))
    return max(2, min(math.ceil(rows**power), MOST_CLASSES))


def explained_share(outcome: np.ndarray, classes: np.ndarray) -> float:
    """Return the share of the variance that the means of classes explain, less what chance adds.

    (The correlation ratio, adjusted for the number of classes as in a regression.)
    """
    count = np.bincount(classes)
    kept = count > 0
    means = np.bincount(classes, outcome)[kept] / count[kept]
    whole = float(((outcome - outcome.mean()) ** 2).sum())
    between = float((count[kept] * (means - outcome.mean()) ** 2).sum())
    rows, number = len(outcome), int(kept.sum())
    if rows <= number or whole == 0.0:
        return 0.0
    return 1.0 - (1.0 - between / whole) * (rows - 1) / (rows - number)


def distribution_distance(places: np.ndarray, classes: np.ndarray) -> float:
    """Return the mean over classes of the largest gap between their distribution and that of all.

    ``places``: the outcome as places among its distinct values (so a date that never comes is just the last).
    """
    number = int(classes.max()) + 1
    counts = np.bincount(places * number + classes, minlength=(int(places.max()) + 1) * number)
    table = counts.reshape(-1, number)
    table = table[:, table.sum(axis=0) > 0]
    within = np.cumsum(table, axis=0) / table.sum(axis=0)
    whole = np.cumsum(table.sum(axis=1)) / table.sum()
    return float(np.abs(within - whole[:, None]).max(axis=0).mean())


def associations(
    columns: Sequence[np.ndarray],
    categorical: Sequence[bool],
    names: Sequence[str],
    outcome: np.ndarray,
    groups: Sequence[np.ndarray | None] | None = None,
    seed: int = 1,
) -> list[Association]:
    """Return how an outcome goes with every input, in any rows.

    ``columns``: one per input, shape (rows,). ``groups``: per input the group of every row that shares its
    value by design (the point of a run, or its luck), so that chance and interval are those of as many
    groups; None: every row is its own.
    """
    outcome = check_outcome(outcome)
    chooser = np.random.default_rng(seed)
    places = _coarse(np.unique(outcome, return_inverse=True)[1])
    layouts = {id(group): _Layout.of(group, len(outcome), chooser) for group in groups or [None]}
    known: dict[tuple, tuple[float, float]] = {}
    found = []
    for place, (column, words, name) in enumerate(zip(columns, categorical, names, strict=True)):
        group = groups[place] if groups else None
        layout, values = layouts[id(group)], np.asarray(column)
        own = classes_of(values[layout.first], words)  # of each group
        classes = own[layout.group]
        sizes = (id(group), *sorted(np.bincount(own).tolist()))
        if sizes not in known:  # what chance shows depends on the sizes of classes alone
            shuffled = [chooser.permutation(own)[layout.group] for _ in range(SHUFFLES)]
            shares = [explained_share(outcome, one) for one in shuffled]
            distances = [distribution_distance(places, one) for one in shuffled]
            known[sizes] = max(0.0, float(np.quantile(shares, 0.95))), float(np.quantile(distances, 0.95))
        chance, distance_chance = known[sizes]
        found.append(
            Association(
                name,
                max(0.0, explained_share(outcome, classes)),
                NORMAL_90 * _error_of_share(outcome, classes, layout.block),
                chance,
                distribution_distance(places, classes),
                distance_chance,
                math.nan if words else rank_correlation(values, outcome),
            )
        )
    return found


@dataclass(frozen=True)
class _Layout:
    """Which rows belong together: ``group`` of each row from 0 on, the ``first`` row of each group, and a
    ``block`` of each row, blocks being random sets of groups."""

    group: np.ndarray
    first: np.ndarray
    block: np.ndarray

    @staticmethod
    def of(group: np.ndarray | None, rows: int, chooser: np.random.Generator) -> _Layout:
        if group is None:
            group = np.arange(rows)
        _, first, places = np.unique(group, return_index=True, return_inverse=True)
        return _Layout(places, first, (chooser.permutation(len(first)) % min(BLOCKS, len(first)))[places])


def _coarse(places: np.ndarray) -> np.ndarray:
    """Return places among distinct values, or among as many steps of equal size where there are more."""
    if int(places.max()) < STEPS:
        return places
    return np.unique((ranks(places) * STEPS / len(places)).astype(np.int64), return_inverse=True)[1]


def _error_of_share(outcome: np.ndarray, classes: np.ndarray, block: np.ndarray) -> float:
    """Return the standard error of ``explained_share``, by leaving out one block of rows at a time."""
    blocks, number = int(block.max()) + 1, int(classes.max()) + 1
    if blocks < 2:
        return math.nan
    cell = block * number + classes
    centred = outcome - outcome.mean()

    def left(values: np.ndarray | None) -> np.ndarray:
        table = np.bincount(cell, values, blocks * number).reshape(blocks, number)
        return table.sum(axis=0) - table

    count, total, square = left(None), left(centred), left(centred**2)
    rows = count.sum(axis=1)
    middle = total.sum(axis=1) ** 2 / rows
    whole = square.sum(axis=1) - middle
    kept = (count > 0).sum(axis=1)
    between = (total**2 / np.maximum(count, 1)).sum(axis=1) - middle
    if (whole <= 0).any() or (rows <= kept).any():
        return math.nan
    shares = 1.0 - (1.0 - between / whole) * (rows - 1) / (rows - kept)
    return float(np.sqrt((blocks - 1) * shares.var()))


def rank_correlation(some: np.ndarray, others: np.ndarray) -> float:
    """Return Spearman's rank correlation; 0 where one does not vary."""
    one, other = _standard_ranks(some), _standard_ranks(others)
    return float(one @ other / len(one))


def _standard_ranks(values: np.ndarray) -> np.ndarray:
    ranked = ranks(values)
    spread = ranked.std()
    return (ranked - ranked.mean()) / spread if spread else np.zeros(len(ranked))


def together(
    columns: Sequence[np.ndarray], names: Sequence[str], independent: int, least: float = 0.3
) -> list[tuple[str, str, float]]:
    """Return pairs of inputs (numbers) that go together in the data: names and rank correlation.

    ``independent``: how many of their rows were drawn by themselves; what chance shows is left out.
    """
    if len(columns) < 2:
        return []
    table = np.array([_standard_ranks(np.asarray(column)) for column in columns])
    correlations = table @ table.T / table.shape[1]
    least = max(least, chance_correlation(independent, len(names) * (len(names) - 1) // 2))
    return [
        (names[i], names[j], float(correlations[i, j]))
        for i in range(len(names))
        for j in range(i + 1, len(names))
        if abs(correlations[i, j]) >= least
    ]
