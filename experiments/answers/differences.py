"""Differences of arms, run by run; sums of arms; what is left of the baseline."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from experiments import analyses
from experiments.analyses import spread
from experiments.answers.finding import (
    BASELINE,
    Analysis,
    Finding,
    Panel,
    briefly,
    columns,
    estimate,
    in_words,
    mark_of,
    never_note,
    one_number,
    percents,
    upper_first,
)
from experiments.statistics import Bounds

if TYPE_CHECKING:
    pass


class Differences(Analysis):
    """Paired differences of arms from what they are compared with (their ``against``)."""

    kind: Literal["differences"]
    metrics: list[str] = Field(min_length=1)
    arms: list[str] = Field([], description="all arms if empty")

    def metrics_read(self):
        return self.metrics

    def labels(self):
        return {"arms": self.arms}

    def find(self, outcome):
        labels = self.arms or [label for label in outcome.study.arms]
        rows, sentences, marks, short = [], [], [], []
        words = outcome.study.words_for
        for label in labels:
            said = []
            versus = outcome.against(label)
            than = "" if versus == BASELINE else f" against {versus}"
            for metric in self.metrics:
                unit = outcome.unit(metric)
                found = spread(*outcome.difference(label, metric))
                if metric == self.metrics[0]:
                    short.append(f"{label}{than} {briefly(found, unit)}")
                base = outcome.values(outcome.against(label), metric)
                rows.append(
                    {
                        "arm": label,
                        "policy": outcome.spec(label),
                        "against": outcome.against(label),
                        "metric": metric,
                        "unit": unit,
                        "baseline_median": _median(base),
                        "arm_median": _median(outcome.values(label, metric)),
                        **columns(found),
                    }
                )
                chance = ""
                if outcome.is_date(metric) and found.runs:
                    chance = f", later in {found.above:.0%} and earlier in {found.below:.0%} of runs"
                said.append(f"{words(metric)} {in_words(found, unit)}{chance}")
                marks.append(mark_of(label, words(metric), found))
            sentences.append(f"{upper_first(label)}{than}: {'; '.join(said)}.")
        for metric in self.metrics:
            note = never_note(outcome, [BASELINE, *labels], metric)
            sentences += [f"{upper_first(words(metric))}: {note}"] if note else []
        panels = []
        for unit in dict.fromkeys(outcome.unit(metric) for metric in self.metrics):
            named = [words(metric) for metric in self.metrics if outcome.unit(metric) == unit]
            panels.append(
                Panel(
                    "intervals",
                    self.title or "Paired difference, arm less what it is compared with",
                    f"difference ({unit})",
                    marks=[mark for mark in marks if mark.group in named],
                    note="dot: median; thick: half of the runs; thin: 90 %",
                )
            )
        low, high = outcome.difference(labels[-1], self.metrics[0])
        driven = (
            f"the difference that {labels[-1]} makes to {words(self.metrics[0])}",
            one_number(low, high),
        )
        gist = f"{words(self.metrics[0])}: {'; '.join(short)}"
        return Finding(self.kind, sentences, rows, panels, driven, gist)


def _median(values) -> float:
    defined = values[~np.isnan(values)]
    return float(np.quantile(defined, 0.5, method="inverted_cdf")) if len(defined) else math.nan


class Contrasts(Analysis):
    """Sums of arms with weights, run by run: a difference of differences, a part of a whole."""

    kind: Literal["contrasts"]
    metric: str
    parts: dict[str, dict[str, float]] = Field(min_length=1, description="name = { arm = weight }")

    def metrics_read(self):
        return [self.metric]

    def labels(self):
        return {f"parts.{name}": list(weights) for name, weights in self.parts.items()}

    def find(self, outcome):
        unit, words = outcome.unit(self.metric), outcome.study.words_for(self.metric)
        rows, sentences, marks, driven, short = [], [], [], None, []
        for name, weights in self.parts.items():
            low, high = outcome.contrast(weights, self.metric)
            found = spread(low, high)
            short.append(f"{name} {briefly(found, unit)}")
            driven = driven or (f"{name} ({words})", one_number(low, high))
            rows.append({"part": name, "metric": self.metric, "unit": unit, **columns(found)})
            signs = f"negative in {found.below:.0%}, positive in {found.above:.0%} of runs"
            sentences.append(f"{upper_first(name)}, in {words}: {in_words(found, unit)}; {signs}.")
            marks.append(mark_of(name, words, found))
        panel = Panel(
            "intervals",
            self.title or f"Parts of the difference in {words}",
            unit,
            marks=marks,
            note="dot: median; thick: half of the runs; thin: 90 %",
        )
        return Finding(self.kind, sentences, rows, [panel], driven, f"{words}: {'; '.join(short)}")


class Ratio(Analysis):
    """How much of the baseline is left in each arm: ratio of means over the same runs."""

    kind: Literal["ratio"]
    metrics: list[str] = Field(min_length=1)
    arms: list[str] = []

    def metrics_read(self):
        return self.metrics

    def labels(self):
        return {"arms": self.arms}

    def find(self, outcome):
        labels = self.arms or list(outcome.study.arms)
        rows, sentences, marks = [], [], []
        for label in labels:
            versus = outcome.against(label)
            said = []
            for metric in self.metrics:
                value, interval = analyses.ratio_of_means(
                    outcome.capped(label, metric), outcome.capped(versus, metric)
                )
                words = outcome.study.words_for(metric)
                rows.append(
                    {
                        "arm": label,
                        "against": versus,
                        "metric": metric,
                        "ratio": value,
                        "interval_low": interval.low,
                        "interval_high": interval.high,
                    }
                )
                said.append(
                    f"{value:.1%} (90 % interval {interval.low:.1%} to {interval.high:.1%}) of {words}"
                )
                marks.append(
                    estimate(label, words, 100 * value, Bounds(100 * interval.low, 100 * interval.high))
                )
            what = "the baseline's" if versus == BASELINE else f"that of {versus}"
            sentences.append(f"{upper_first(label)}: {'; '.join(said)}, where {what} is 100 %.")
        panel = Panel(
            "intervals",
            self.title or "Left of the baseline",
            "% (90 % interval of the ratio of means)",
            marks=marks,
        )
        driven_metric = self.metrics[0]
        driven = (
            f"the difference that {labels[0]} makes to {outcome.study.words_for(driven_metric)}",
            one_number(*outcome.difference(labels[0], driven_metric)),
        )
        first = [row for row in rows if row["metric"] == driven_metric]
        gist = "; ".join(
            f"{row['arm']} leaves {row['ratio']:.0%} ({percents(row['interval_low'], row['interval_high'])})"
            for row in first
        )
        return Finding(
            self.kind, sentences, rows, [panel], driven, f"of {outcome.study.words_for(driven_metric)} {gist}"
        )
