"""Which arm to choose: regret, two goals at once, the worth of knowing more."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from experiments import analyses
from experiments.answers.finding import (
    BASELINE,
    Analysis,
    Finding,
    Panel,
    estimate,
    number,
    one_number,
    percents,
    span,
    upper_first,
)
from experiments.dominance import WORDS, luck_in_words, standings
from experiments.statistics import Bounds

if TYPE_CHECKING:
    from experiments.study import Outcome


class Goal(BaseModel):
    """A payoff: a sum of metrics with weights. Dates count up to the end of the simulated time."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    words: str
    weights: dict[str, float] = Field(min_length=1)
    relative: list[str] = Field([], description="metrics that count as percent of the baseline's mean")

    def payoffs(self, outcome: Outcome, labels: list[str]) -> np.ndarray:
        """Return the payoff of arms, shape (arms, runs)."""
        total = np.zeros((len(labels), outcome.runs))
        for metric, weight in self.weights.items():
            values = np.array([np.nan_to_num(outcome.capped(label, metric), nan=0.0) for label in labels])
            if metric in self.relative:
                reference = float(np.nan_to_num(outcome.capped(BASELINE, metric)).mean())
                values = 100 * values / reference if reference else values
            total += weight * values
        return total


class Robustness(Analysis):
    """Which arm is the best one over all that is uncertain, by regret, for one or several goals."""

    kind: Literal["robustness"]
    goals: list[Goal] = Field(min_length=1)
    arms: list[str] = []

    def metrics_read(self):
        return [metric for goal in self.goals for metric in goal.weights]

    def labels(self):
        return {"arms": self.arms}

    def find(self, outcome):
        labels = [BASELINE, *(self.arms or outcome.study.arms)]
        rows, sentences, marks, driven, short = [], [], [], None, []
        for goal in self.goals:
            payoffs = goal.payoffs(outcome, labels)
            found = analyses.robustness(payoffs)
            order = sorted(range(len(labels)), key=lambda place: found[place].regret)
            for place in order:
                row = found[place]
                rows.append(
                    {
                        "goal": goal.words, "arm": labels[place], "regret": row.regret,
                        "regret_low": row.regret_interval.low, "regret_high": row.regret_interval.high,
                        "regret_q90": row.worst_regret, "best": row.best, "best_low": row.best_interval.low,
                        "best_high": row.best_interval.high, "mean": row.mean, "worst_tenth": row.worst,
                    }
                )  # fmt: skip
                marks.append(estimate(labels[place], goal.words, row.regret, row.regret_interval))
            first, second = found[order[0]], found[order[1]]
            worst = max(range(len(labels)), key=lambda place: found[place].worst)
            ahead = "" if _apart(first, second) else ", which the runs do not tell from it"
            close = "" if _apart(first, second) else f", not told from {labels[order[1]]}"
            sentences.append(
                f"Goal: {goal.words}. Least mean regret: {labels[order[0]]}, {number(first.regret)} (90 % "
                f"interval {span(first.regret_interval, '', False)}; 90 % of runs below "
                f"{number(first.worst_regret)}), the best arm in {first.best:.0%} of runs "
                f"({percents(first.best_interval.low, first.best_interval.high)}); then {labels[order[1]]}, "
                f"{number(second.regret)} ({span(second.regret_interval, '', False)}){ahead}. "
                f"The best mean of the worst tenth of runs has {labels[worst]}."
            )
            short.append(
                f"for {goal.words}: {labels[order[0]]} (mean regret {number(first.regret)}, 90 % interval "
                f"{span(first.regret_interval, '', False)}; best in {first.best:.0%} of runs{close})"
            )
            driven = driven or (
                f"by how much {labels[order[0]]} is better than {labels[order[1]]} ({goal.words})",
                payoffs[order[0]] - payoffs[order[1]],
            )
        panel = Panel(
            "intervals",
            self.title or "Mean regret: shortfall against the best arm of each run",
            "regret, in the unit of the goal (90 % interval)",
            marks=marks,
        )
        return Finding(self.kind, sentences, rows, [panel], driven, f"least regret {'; '.join(short)}")


def _apart(first, second) -> bool:
    return first.regret_interval.high < second.regret_interval.low


class Pareto(Analysis):
    """Which arms no other one beats in two metrics, and what one costs in the other."""

    kind: Literal["pareto"]
    x: str
    y: str
    x_better: Literal["more", "less"]
    y_better: Literal["more", "less"]
    arms: list[str] = []
    price: bool = Field(False, description="whether to say what an arm changes in y per unit of x")

    def metrics_read(self):
        return [self.x, self.y]

    def labels(self):
        return {"arms": self.arms}

    def find(self, outcome):
        labels = [BASELINE, *(self.arms or outcome.study.arms)]
        words = outcome.study.words_for
        means, intervals = {}, {}
        for metric in (self.x, self.y):
            values = [np.nan_to_num(outcome.capped(label, metric)) for label in labels]
            means[metric] = [float(value.mean()) for value in values]
            intervals[metric] = [analyses.mean_interval(value) for value in values]
        signs = {"more": 1.0, "less": -1.0}
        found = standings(
            [
                sign * np.array([np.nan_to_num(outcome.capped(label, metric)) for label in labels])
                for metric, sign in ((self.x, signs[self.x_better]), (self.y, signs[self.y_better]))
            ]
        )
        rows, points, said, prices = [], [], [], []
        for place, label in enumerate(labels):
            x, y = means[self.x][place], means[self.y][place]
            x_interval, y_interval = intervals[self.x][place], intervals[self.y][place]
            price, price_interval = analyses.ratio_of_means(
                *(outcome.capped(label, m) - outcome.capped(BASELINE, m) for m in (self.y, self.x))
            )
            rows.append(
                {
                    "arm": label, "undominated": found[place].front, "sure": found[place].sure,
                    self.x: x, f"{self.x} low": x_interval.low,
                    f"{self.x} high": x_interval.high, self.y: y, f"{self.y} low": y_interval.low,
                    f"{self.y} high": y_interval.high,
                    "y_per_x": price, "y_per_x_low": price_interval.low, "y_per_x_high": price_interval.high,
                }
            )  # fmt: skip
            if math.isfinite(price) and not price_interval.low <= 0 <= price_interval.high:
                prices.append((abs(price), f"{label} {number(price, '', True)} ({span(price_interval)})"))
            points.append((label, x, y, x_interval, y_interval, found[place].front))
            if found[place].front:
                said.append(
                    f"{label} ({words(self.x)} {number(x)}, 90 % interval {span(x_interval, '', False)}; "
                    f"{words(self.y)} {number(y)}, {span(y_interval, '', False)})"
                )
        capped = [
            f"{words(metric)} counts up to the end of the simulated time"
            for metric in (self.x, self.y)
            if outcome.is_date(metric)
        ]
        sentences = [
            f"Pareto front of {words(self.x)} ({self.x_better} is better) and "
            f"{words(self.y)} ({self.y_better} is better), where no other arm is {WORDS}: {'; '.join(said)}. "
            + " ".join(luck_in_words(labels, found))
            + (f" ({upper_first('; '.join(capped))}.)" if capped else "")
        ]
        if prices and self.price:
            listed = "; ".join(text for _, text in sorted(prices, key=lambda one: -one[0]))
            sentences.append(
                f"Change of {words(self.y)} per unit of {words(self.x)} gained, against the baseline (ratio "
                f"of means, 90 % interval; below zero: gained for what is given up): {listed}."
            )
        panel = Panel(
            "points",
            self.title or "Means of the arms; ringed: on the Pareto front",
            f"{words(self.x)} ({outcome.unit(self.x)}; {self.x_better} is better)",
            f"{words(self.y)} ({outcome.unit(self.y)}; {self.y_better} is better)",
            points=points,
            unsure=[label for label, one in zip(labels, found, strict=True) if not one.sure],
            note=f"ringed: no other is {WORDS}; hollow: its place may be luck; "
            "bars: 90 % interval of the mean",
        )
        last = labels[-1]
        low, high = outcome.difference(last, self.x)
        driven = (f"the difference that {last} makes to {words(self.x)}", one_number(low, high))
        kept = [label for label, on in zip(labels, found, strict=True) if on.front]
        both = f"{words(self.x)} and {words(self.y)}"
        gist = f"not beaten in {both} (means and intervals below): {', '.join(kept)}"
        return Finding(self.kind, sentences, rows, [panel], driven, gist)


class Information(Analysis):
    """What it would be worth to know an input before choosing an arm, for a goal."""

    kind: Literal["information"]
    goal: Goal
    arms: list[str] = []
    most: int = Field(8, ge=1, description="how many inputs are named")

    def metrics_read(self):
        return list(self.goal.weights)

    def labels(self):
        return {"arms": self.arms}

    def find(self, outcome):
        labels = [BASELINE, *(self.arms or outcome.study.arms)]
        payoffs = self.goal.payoffs(outcome, labels)
        perfect = analyses.perfect_information(payoffs)
        rows = []
        for place, name in enumerate(outcome.inputs):
            worth, chance = analyses.value_of_information(payoffs, outcome.base.draws[:, place])
            rows.append({"input": name, "worth": worth, "chance": chance, "beyond_chance": worth > chance})
        rows.sort(key=lambda row: -row["worth"])
        best = labels[int(np.argmax(payoffs.mean(axis=1)))]
        telling = [row for row in rows if row["beyond_chance"]][: self.most]
        said = "; ".join(
            f"{row['input']} {number(row['worth'])} (chance alone up to {number(row['chance'])})"
            for row in telling
        )
        sentences = [
            f"Goal: {self.goal.words}. Without more knowledge the best arm is {best}; to know all of a run "
            f"before choosing, its luck included, would be worth {number(perfect)}. "
            + (
                f"To know one input first: {said}."
                if telling
                else "To know any one input first would be worth nothing beyond what chance shows."
            )
        ]
        marks = [
            estimate(
                row["input"], "value of knowing it first", row["worth"],
                Bounds(row["worth"] - row["chance"], row["worth"] + row["chance"]),
            )
            for row in rows[: self.most]
        ]  # fmt: skip
        panel = Panel(
            "intervals",
            self.title or "What it is worth to know an input before choosing",
            "gain in the unit of the goal (bars: what chance alone gives in 95 % of cases)",
            marks=marks,
        )
        ordered = np.sort(payoffs, axis=0)
        driven = (f"by how much the best arm beats the next ({self.goal.words})", ordered[-1] - ordered[-2])
        gist = (
            f"best without more knowledge: {best}; all knowledge would be worth {number(perfect)}, one input "
            + (
                f"at most {number(telling[0]['worth'])} ({telling[0]['input']})"
                if telling
                else "nothing that shows"
            )
        )
        return Finding(self.kind, sentences, rows, [panel], driven, gist)
