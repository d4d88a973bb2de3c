"""Policies against the same futures: what each pays in each, from a sweep in which all are crossed.

A *future* is what the choice does not change: the other factors of a point, and its luck. Where luck is
paired each run is a future; where it is not, the mean over the runs of a point is what is compared, since the
same run number then means nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from experiments.exploring.sample import Never, Sample, outcome_of
from experiments.sharing import Sharing
from experiments.sweeps.factors import Factor, levers_of
from sim.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

BETTER = ("more", "less")


@dataclass(frozen=True)
class Goal:
    """An outcome of which more or less is better."""

    metric: str
    more: bool

    @property
    def words(self) -> str:
        return f"{'more' if self.more else 'less'} {self.metric}"


@dataclass(frozen=True)
class Futures:
    """Arms in the same futures.

    ``labels``: of the arms. ``states``: one row per combination of the other factors. ``rows`` (arms, states,
    replicates): the row of each run in the sample. ``factors``: of the states.
    """

    sample: Sample
    labels: list[str]
    states: pd.DataFrame
    rows: np.ndarray
    factors: tuple[Factor, ...]

    @property
    def paired(self) -> bool:
        """Whether a run number means the same luck in every arm."""
        luck = self.sample.run[self.rows], self.sample.seed[self.rows]
        return all(bool((table == table[0]).all()) for table in luck)

    @property
    def same_luck(self) -> bool:
        """Whether all states have the luck of the same runs."""
        luck = self.sample.luck[self.rows[0]]
        return len(luck) > 1 and bool((luck == luck[0]).all())

    @property
    def sharing(self) -> Sharing:
        """What the futures that ``values`` returns have in common."""
        states, runs = self.rows.shape[1:]
        return Sharing(states, runs, self.same_luck) if self.paired else Sharing(states, 1, False)

    @property
    def in_words(self) -> str:
        """What these futures are, in one line."""
        states, runs = self.rows.shape[1:]
        each = f"{states} states of the world" if self.factors else "one world"
        luck = "each a future" if self.paired else "of which the mean counts, for luck is not paired"
        return f"{len(self.labels)} arms in {each}, with {runs} run{'s' if runs > 1 else ''} each, {luck}"

    def values(self, run_values: np.ndarray) -> np.ndarray:
        """Return values of runs in the shape (arms, futures); a mean over runs where luck is not paired."""
        table = np.asarray(run_values, float)[self.rows]
        return table.reshape(len(table), -1) if self.paired else table.mean(axis=2)

    def by_luck(self, payoffs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return (rows of the sample with each luck, payoffs of every arm by luck) from payoffs of futures.

        Where all states had the same luck, the mean over them: what was drawn with it is one draw, not many.
        """
        arms, states, runs = self.rows.shape
        if self.same_luck:
            return self.rows[0, 0], payoffs.reshape(arms, states, runs).mean(axis=1)
        return self.rows[0].reshape(-1), payoffs

    def payoffs(self, goal: Goal) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
        """Return what every arm pays (more is better) in the shapes (arms, futures) and (arms, states).

        And what has to be said about dates that never come: they count as the end of the simulated time.
        """
        outcome = outcome_of(self.sample, goal.metric, Never.END)
        sign = 1.0 if goal.more else -1.0
        by_state = outcome.values[self.rows].mean(axis=2)
        return sign * self.values(outcome.values), sign * by_state, outcome.notes


def read_goal(text: str) -> Goal:
    """Read "METRIC:more" or "METRIC:less"; raise UserError."""
    name, _, word = text.rpartition(":")
    if not name or word not in BETTER:
        raise UserError(
            f"{text!r}: write METRIC:more or METRIC:less, whichever is better, such as t_owner_6:more"
        )
    return Goal(name.strip(), word == "more")


def arm_factors(sample: Sample, arms: Sequence[str]) -> list[str]:
    """Return the factors whose levels are the arms: those named, else levers, else policies."""
    for name in arms:
        sample.factor(name)
    if arms:
        return list(arms)
    levers = [factor.name for factor in levers_of(sample.factors)]
    if not levers:
        raise UserError(
            "this sweep has neither levers nor policies to choose between; name the factors that are chosen "
            f"with --arms; there is: {', '.join(sample.names)}"
        )
    return levers


def futures_of(sample: Sample, arms: Sequence[str] = ()) -> Futures:
    """Return the arms of a sweep in the same futures.

    Raises UserError where some arm was not simulated in some of the states: regret needs all in each.
    """
    chosen = arm_factors(sample, arms)
    others = tuple(factor for factor in sample.factors if factor.name not in chosen)
    design = sample.design.reset_index(drop=True)
    labels, arm = _numbered(design, chosen)
    if len(labels) < 2:
        raise UserError(f"{', '.join(chosen)}: has one level in this sweep, so there is nothing to choose")
    names = [factor.name for factor in others]
    _, state = _numbered(design, names) if names else ([""], np.zeros(len(design), np.int64))
    count = int(state.max()) + 1
    point = np.full((len(labels), count), -1)
    point[arm, state] = np.arange(len(design))
    missing = np.argwhere(point < 0)
    if len(missing):
        raise UserError(
            f"{len(missing)} of {point.size} combinations of {', '.join(chosen)} with the other factors are "
            f"not in this sweep (such as {labels[missing[0][0]]!r} in the state of point "
            f"{int(np.flatnonzero(state == missing[0][1])[0])}): to compare policies in the same futures, "
            "make a sweep in which they are crossed with the others ([design] crossed = true: docs/sweeps.md)"
        )
    rows = sample.matrix(np.arange(len(sample.point)))[point]
    first = np.unique(state, return_index=True)[1]
    return Futures(sample, labels, design.loc[first, names].reset_index(drop=True), rows, others)


def _numbered(design: pd.DataFrame, names: Sequence[str]) -> tuple[list[str], np.ndarray]:
    """Return the combinations of some columns in words, as they first appear, and which one each row has."""
    known: dict[tuple, int] = {}
    keys = list(zip(*(design[name].tolist() for name in names), strict=True))
    numbers = np.array([known.setdefault(key, len(known)) for key in keys])
    if len(names) == 1:
        return [_text(key[0]) for key in known], numbers
    return [", ".join(f"{n}={_text(v)}" for n, v in zip(names, key, strict=True)) for key in known], numbers


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value) or "none"
