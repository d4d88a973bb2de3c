"""What a few policies do together, and how much of it is whose."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import field_validator

from experiments import analyses
from experiments.analyses import Spread, contrast, spread
from experiments.answers.finding import (
    BASELINE,
    Analysis,
    Finding,
    Panel,
    briefly,
    columns,
    in_words,
    mark_of,
    never_note,
    number,
    one_number,
    shown,
    span,
    upper_first,
)
from experiments.statistics import Bounds

if TYPE_CHECKING:
    pass


class Factorial(Analysis):
    """All combinations of a few policies, and a fair division of what they do together.

    Adds an arm per combination. ``factors``: name = policy.
    """

    kind: Literal["factorial"]
    metric: str
    factors: dict[str, str]

    @field_validator("factors")
    @classmethod
    def _few(cls, factors):
        if not 2 <= len(factors) <= 5:
            raise ValueError("there must be 2 to 5 factors")
        return factors

    def metrics_read(self):
        return [self.metric]

    def _label(self, some) -> str:
        chosen = [name for name, on in zip(self.factors, some, strict=True) if on]
        return " + ".join(chosen) if chosen else BASELINE

    def own_arms(self):
        arms = {}
        for some in analyses.coalitions(len(self.factors)):
            policies = [spec for spec, on in zip(self.factors.values(), some, strict=True) if on]
            if policies:
                arms[self._label(some)] = "++".join(policies)
        return arms

    def find(self, outcome):
        names = list(self.factors)
        labels = [self._label(some) for some in analyses.coalitions(len(names))]
        unit, words = outcome.unit(self.metric), outcome.study.words_for(self.metric)
        values = [outcome.values(label, self.metric) for label in labels]
        ends = [outcome.ends(label, self.metric) for label in labels]
        rows, marks = [], []
        said: dict[str, list[str]] = {}

        def add(group: str, name: str, weights) -> Spread:
            low, high = contrast(values, ends, weights)
            found = spread(low, high)
            rows.append({"part": group, "of": name, "metric": self.metric, "unit": unit, **columns(found)})
            said.setdefault(group, []).append(f"{name} {in_words(found, unit)}")
            marks.append(mark_of(name, group, found))
            return found

        whole = np.zeros(len(labels))
        whole[0], whole[-1] = -1.0, 1.0
        total = add("all together", " + ".join(names), whole)
        for place, name in enumerate(names):
            add("fair share", name, analyses.shapley_weights(len(names), place))
        for place, name in enumerate(names):
            add("alone", name, analyses.alone_weights(len(names), place))
        for one, other in itertools.combinations(range(len(names)), 2):
            pair = f"{names[one]} x {names[other]}"
            add("interaction", pair, analyses.interaction_weights(len(names), one, other))
        sentences = [f"All together move {words} by {in_words(total, unit)}."]
        sentences += [
            f"{upper_first(group)}: {'; '.join(said[group])}."
            for group in ("fair share", "alone", "interaction")
        ]
        sentences.append(
            "Fair shares (Shapley) add up to the whole in every run; an interaction is what one does more "
            "where the other is in force."
        )
        note = never_note(outcome, labels, self.metric)
        sentences += [note] if note else []
        panel = Panel(
            "intervals",
            self.title or f"What moves {words}",
            f"difference ({unit})",
            marks=marks,
            note="dot: median; thick: half of the runs; thin: 90 %",
        )
        low, high = contrast(values, ends, whole)
        driven = (f"what all together do to {words}", one_number(low, high))
        short = [
            f"{row['of']} {number(row['mean'], unit, True)} "
            f"({span(Bounds(row['mean_interval_low'], row['mean_interval_high']), unit)})"
            if not math.isnan(row["mean"])
            else f"{row['of']} {shown(Bounds(row['median_low'], row['median_high']), unit)}"
            for row in rows
            if row["part"] == "fair share"
        ]  # fmt: skip
        gist = (
            f"{words} is moved {briefly(total, unit)} by all together; fair shares (mean, 90 % interval; "
            f"median where dates never come): {'; '.join(short)}"
        )
        return Finding(self.kind, sentences, rows, [panel], driven, gist)
