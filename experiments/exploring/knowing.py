"""What it would be worth to know an input before choosing a policy (EVPPI).

**Method.** The expected value of partial perfect information is E[max over arms of E(payoff | input)] less
the payoff of the arm that is best without knowing. The inner expectation is a regression of the payoff of
each arm on the input: Strong, Oakley and Brennan 2014, *Medical Decision Making* 34:311. Cubic splines for
numbers (scikit-learn), a mean for each level of words. As there, the regression's own errors are drawn anew
to say how sure the value is and by how much choosing on fitted values flatters it; that much is taken off.
Where futures share states or luck, the interval is at least that of the mean gain over single futures of the
arm that is chosen at their value of the input (``experiments.sharing``): to the first order the value moves
with these payoffs alone, for where the choice changes, both arms pay the same.
What an input that tells nothing shows by chance comes from the same draws around a flat line.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments import analyses
from experiments.answers.finding import Finding, Panel, alike, estimate
from experiments.exploring.futures import Futures, Goal, futures_of, read_goal
from experiments.exploring.report import Report
from experiments.exploring.sample import Sample, as_sample, codes_of, short_name, with_origins
from experiments.origins import moved_in
from experiments.sharing import SOURCE, Sharing, half_width
from experiments.statistics import NORMAL_90, Bounds

if TYPE_CHECKING:
    from experiments.sweeps.store import Store

SOURCES = [
    "value of partial information by regression (Strong, Oakley and Brennan 2014, Medical Decision Making "
    "34:311).",
    SOURCE,
]
KNOTS = 5
FEW_VALUES = 8  # of a number, each with a mean of its own
MOST_LOOKED_AT = 2000  # futures at which errors are drawn anew, about
DRAWS = 200  # of the regression's errors
MOST_SHOWN = 12


@dataclass(frozen=True)
class Worth:
    """What knowing an input is worth: the value, the half-width of its 90 % interval, and what an input that
    tells nothing exceeds in 5 % of cases."""

    name: str
    value: float
    half: float
    chance: float

    @property
    def sure(self) -> bool:
        """Whether it is beyond chance, and larger than the half-width of its interval."""
        return self.value > max(self.chance, self.half)


def information(
    source: Sample | Store | str | Path,
    goals: str | Sequence[str],
    *,
    arms: Sequence[str] = (),
    seed: int = 1,
) -> Report:
    """Return what knowing each input first would be worth for a choice between the policies of a sweep.

    Args:
        source: folder of a sweep, its open store, or a sample; every policy crossed with the other factors.
        goals: "METRIC:more" or "METRIC:less", each by itself; values are in its unit.
        arms: factors whose levels are chosen between; levers, else policies, if empty.
        seed: of the draws behind the intervals.

    Raises:
        UserError: for what is not there, and where policies are not simulated in the same futures.
    """
    wanted = [read_goal(text) for text in ([goals] if isinstance(goals, str) else goals)]
    needed = [goal.metric for goal in wanted]
    sample = as_sample(source, lambda known: with_origins(known, needed))
    futures = futures_of(sample, arms)
    findings, below = [], []
    for goal in wanted:
        finding, said = _worths(futures, goal, seed)
        findings.append(finding)
        below += said
    below = list(dict.fromkeys([*moved_in(sample, needed), *below]))
    asked = {"goals": [goal.words for goal in wanted], "arms": list(arms)}
    notes = [*below, *futures.sample.with_telling_draws()[1], *futures.sharing.notes]
    title = "What it is worth to know an input before choosing"
    return Report(title, futures.in_words, findings, notes, SOURCES, asked, below)


def _worths(futures: Futures, goal: Goal, seed: int) -> tuple[Finding, list[str]]:
    paid, by_state, said = futures.payoffs(goal)
    notes = list(said)
    if said:
        notes.append(
            "Where dates never come, values are of months within the simulated time, and may be too low."
        )
    sharing = futures.sharing
    single = Single(paid, np.repeat(np.arange(sharing.states), sharing.runs), sharing)
    found = [
        worth_of(
            by_state,
            codes_of(futures.states[factor.name], factor),
            factor.categorical,
            factor.name,
            seed,
            single,
        )
        for factor in futures.factors
    ]
    drawn = futures.sample.with_telling_draws()[0].drawn
    if len(drawn.columns) and futures.paired:
        rows, by_luck = futures.by_luck(paid)
        single = replace(single, place=np.resize(np.arange(len(rows)), paid.shape[1]))
        found += [
            worth_of(by_luck, drawn[name].to_numpy()[rows], False, str(name), seed, single) for name in drawn
        ]
    unit = futures.sample.unit(goal.metric)
    perfect = analyses.perfect_information(paid)
    best = futures.labels[int(np.argmax(paid.mean(axis=1)))]
    table: list[dict[str, Any]] = [
        {
            "goal": goal.words, "input": one.name, "worth": one.value, "half_width": one.half,
            "by_chance": one.chance, "sure": one.sure,
        }
        for one in sorted(found, key=lambda one: -one.value)
    ]  # fmt: skip
    telling = [row for row in table if row["sure"]][:MOST_SHOWN]
    listed = "; ".join(
        "{} {} ± {} (chance alone up to {})".format(
            row["input"], *alike(row["worth"], row["half_width"], row["by_chance"])
        )
        for row in telling
    )
    measured = f" ({unit})" if unit else ""
    sentences = [
        f"Goal: {goal.words}{measured}. Without more knowledge the best arm is {best}. To know all of a "
        f"future first, its luck included, would be worth {alike(perfect)[0]}.",
        f"To know one input first: {listed}."
        if telling
        else "To know one input first: none beyond chance and its interval.",
    ]
    marks = [
        estimate(
            short_name(row["input"]), "", row["worth"],
            Bounds(row["worth"] - row["half_width"], row["worth"] + row["half_width"]),
        )
        for row in table[:MOST_SHOWN]
    ]  # fmt: skip
    panel = Panel(
        "intervals", f"Worth of knowing an input first, for {goal.words}",
        f"gain{measured} (90 % interval)", marks=marks,
        note=f"to know all of a future first, for {goal.words}: {alike(perfect)[0]}",
    )  # fmt: skip
    return Finding("information", sentences, table, [panel]), notes


# ---------------------------------------------------------------- the method


@dataclass(frozen=True)
class Single:
    """Futures one by one, of which what is regressed on an input may be means.

    ``payoffs``: shape (arms, futures). ``place`` (futures,): of each in what is regressed.
    ``sharing``: what they share.
    """

    payoffs: np.ndarray
    place: np.ndarray
    sharing: Sharing

    def half_width(self, chosen: np.ndarray, best: int) -> float:
        """Return the half-width of the 90 % interval of what choosing gains over the best arm.

        ``chosen``: arm at each place of what is regressed.
        """
        taken = self.payoffs[chosen[self.place], np.arange(len(self.place))]
        return half_width(taken - self.payoffs[best], self.sharing)


def worth_of(
    payoffs: np.ndarray,
    column: np.ndarray,
    categorical: bool,
    name: str = "",
    seed: int = 1,
    single: Single | None = None,
) -> Worth:
    """Return what knowing an input before choosing an arm is worth.

    ``payoffs``: shape (arms, futures), more being better. ``column``: of the input, shape (futures,).
    ``single``: the futures that ``payoffs`` are means of, where they share states or luck.
    """
    payoffs, column = np.asarray(payoffs, float), np.asarray(column, float)
    payoffs = payoffs - payoffs.mean()  # only differences between arms matter
    shape = functions_of(column, categorical)
    level = payoffs.mean(axis=1, keepdims=True)
    weights = (payoffs - level) @ shape
    fitted = level + weights @ shape.T
    free = payoffs.shape[1] - shape.shape[1] - 1
    if free < 1 or shape.shape[1] == 0:
        return Worth(name, 0.0, 0.0, 0.0)
    left = payoffs - fitted
    errors = _root(left @ left.T / free)
    chooser = np.random.default_rng(seed)
    some = np.argsort(column, kind="stable")[
        :: max(1, len(column) // MOST_LOOKED_AT)
    ]  # evenly over the input
    seen, looked_at = fitted[:, some], shape[some].T
    drawn, flat = [], []
    for _ in range(DRAWS):
        noise = errors @ chooser.standard_normal((len(payoffs), shape.shape[1])) @ looked_at
        drawn.append(_gain(seen + noise))
        flat.append(_gain(level + noise))
    raw = _gain(fitted)
    flattery = max(0.0, float(np.mean(drawn)) - _gain(seen))
    exact = 1e-9 * float(np.abs(payoffs).max(initial=0.0))
    best = int(np.argmax(level))
    gains = fitted.max(axis=0) - fitted[best]  # of each future: these are a sample, too
    spread = math.sqrt(float(np.var(drawn, ddof=1)) + float(gains.var()) / payoffs.shape[1])
    value, by_chance = (max(0.0, one - flattery) for one in (raw, float(np.quantile(flat, 0.95))))
    half = NORMAL_90 * spread
    if single is not None:
        half = max(half, single.half_width(fitted.argmax(axis=0), best))
    return Worth(name, value if value > exact else 0.0, half, by_chance)


def functions_of(column: np.ndarray, categorical: bool) -> np.ndarray:
    """Return functions of an input that the regression may add up: orthonormal columns of mean 0.

    Shape (futures, functions): one for each level less one, or cubic splines between quantiles.
    """
    levels, places = np.unique(column, return_inverse=True)
    if categorical or len(levels) <= FEW_VALUES:
        table = np.eye(len(levels))[places]
    else:
        from sklearn.preprocessing import SplineTransformer

        knots = np.unique(np.quantile(column, np.linspace(0, 1, KNOTS)))
        table = SplineTransformer(degree=3, knots=knots[:, None]).fit_transform(column[:, None])
    left, sizes, _ = np.linalg.svd(table - table.mean(axis=0), full_matrices=False)
    return left[:, sizes > 1e-9 * max(1.0, float(sizes.max(initial=0.0)))]


def _gain(expected: np.ndarray) -> float:
    """Return what choosing the best arm at each value gains over the arm that is best on average."""
    return float(expected.max(axis=0).mean() - expected.mean(axis=1).max())


def _root(matrix: np.ndarray) -> np.ndarray:
    """Return a matrix whose product with its transpose is a covariance, which may be singular."""
    sizes, vectors = np.linalg.eigh(matrix)
    return vectors * np.sqrt(np.maximum(sizes, 0.0))
