"""Which drawn inputs matter for an outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from experiments import analyses
from experiments.answers.finding import (
    BASELINE,
    Analysis,
    Finding,
    Panel,
    drivers_in_words,
    estimate,
    one_number,
    percents,
    upper_first,
)
from experiments.statistics import Bounds

if TYPE_CHECKING:
    pass


class Sensitivity(Analysis):
    """How much of the variance of an outcome, or of a difference, each input is part of (total index).

    Every input is drawn anew by itself in the same runs, all else and all luck staying as it is.
    """

    kind: Literal["sensitivity"]
    metric: str
    arm: str = BASELINE
    runs: int = Field(200, ge=2, description="of each input")
    most: int = Field(10, ge=1)

    def metrics_read(self):
        return [self.metric]

    def labels(self):
        return {"arm": [self.arm]}

    def find(self, outcome):
        from experiments.driving import redrawn

        count = min(self.runs, outcome.runs)
        labels = [self.arm] if self.arm == BASELINE else [self.arm, outcome.against(self.arm)]

        def of(values: dict[str, np.ndarray]) -> np.ndarray:
            if len(labels) == 1:
                return values[labels[0]]
            return values[labels[0]] - values[labels[1]]

        plain = {label: outcome.capped(label, self.metric)[:count] for label in labels}
        outcome_values = of(plain)
        rows: list[dict[str, Any]] = []
        for name, values in redrawn(outcome, labels, self.metric, count):
            index, interval = analyses.total_index(outcome_values, of(values))
            rows.append(
                {
                    "input": name,
                    "total_index": index,
                    "interval_low": max(0.0, interval.low),
                    "interval_high": interval.high,
                }
            )
        rows.sort(key=lambda row: -row["total_index"])
        words = outcome.study.words_for(self.metric)
        if self.arm != BASELINE:
            words = f"the difference that {self.arm} makes to {words}"
        said = "; ".join(
            f"{row['input']} {row['total_index']:.0%} ({percents(row['interval_low'], row['interval_high'])})"
            for row in rows[: self.most]
        )
        sentences = [
            f"Total index ({count} runs; 90 % interval), the share of the variance of {words} in which an "
            f"input has a part, by itself or through others: {said}."
            + (" Dates count up to the end of the simulated time." if outcome.is_date(self.metric) else "")
        ]
        marks = [
            estimate(
                row["input"], "total index", 100 * row["total_index"],
                Bounds(100 * row["interval_low"], 100 * row["interval_high"]),
            )
            for row in rows[: self.most]
        ]  # fmt: skip
        panel = Panel(
            "intervals",
            self.title or f"Inputs that have a part in {words}",
            "total index (% of the variance; 90 % interval)",
            marks=marks,
        )
        top = "; ".join(f"{row['input']} {row['total_index']:.0%}" for row in rows[:3])
        return Finding(self.kind, sentences, rows, [panel], None, f"largest total indices for {words}: {top}")


class Drivers(Analysis):
    """Which drawn inputs an outcome, or a difference, goes with: rank correlations and regression."""

    kind: Literal["drivers"]
    metric: str
    arm: str = BASELINE
    most: int = Field(10, ge=1)

    def metrics_read(self):
        return [self.metric]

    def labels(self):
        return {"arm": [self.arm]}

    def find(self, outcome):
        words = outcome.study.words_for(self.metric)
        if self.arm == BASELINE:
            values = outcome.capped(self.arm, self.metric)
        else:
            values = one_number(*outcome.difference(self.arm, self.metric))
            words = f"the difference that {self.arm} makes to {words}"
        known = ~np.isnan(values)
        found, explained = analyses.drivers(outcome.base.draws[known], values[known], outcome.inputs)
        rows = [
            {"input": d.name, "rank_correlation": d.correlation, "coefficient": d.coefficient, "sure": d.sure}
            for d in found
        ]
        sentences = [f"{upper_first(words)} goes with: {drivers_in_words(found, explained, self.most)}"]
        half = analyses.chance_correlation(int(known.sum()), len(outcome.inputs))
        marks = [
            estimate(
                d.name, "rank correlation", d.correlation, Bounds(d.correlation - half, d.correlation + half)
            )
            for d in found[: self.most]
        ]  # fmt: skip
        panel = Panel(
            "intervals",
            self.title or f"What {words} goes with",
            "rank correlation (bars: what chance gives among so many inputs)",
            marks=marks,
        )
        return Finding(self.kind, sentences, rows, [panel], (words, values), sentences[0].removesuffix("."))
