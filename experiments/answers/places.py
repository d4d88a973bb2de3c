"""Shares over time, and dates of groups of actors."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from experiments import analyses
from experiments.analyses import Spread, contrast, spread
from experiments.answers.finding import (
    BASELINE,
    Analysis,
    Finding,
    Panel,
    Series,
    briefly,
    columns,
    in_words,
    mark_of,
    number,
    one_number,
    span,
    upper_first,
)

if TYPE_CHECKING:
    pass


class Shares(Analysis):
    """Shares over time, and when the largest one changes.

    ``metric``: a share with ``{word}`` in it, such as ``made_share[{word}]``; ``months``: since the start.
    """

    kind: Literal["shares"]
    metric: str
    words: list[str] = Field(min_length=2)
    months: list[float] = Field(min_length=2)
    arm: str = BASELINE

    def _name(self, word: str, month: float) -> str:
        return f"{self.metric.replace('{word}', word)}@{month:g}"

    def metrics_read(self):
        return [self._name(word, month) for word in self.words for month in self.months]

    def labels(self):
        return {"arm": [self.arm]}

    def find(self, outcome):
        table = np.array(
            [
                [outcome.values(self.arm, self._name(word, month)) for month in self.months]
                for word in self.words
            ]
        )  # (words, months, runs)
        scenario = outcome.scenario
        rows, series, means = [], [], np.full(table.shape[:2], np.nan)
        for place, word in enumerate(self.words):
            line = Series(word.replace("_", " "), [], [], [], [])
            for column, month in enumerate(self.months):
                values = table[place, column]
                values = values[~np.isnan(values)]
                if len(values) == 0:
                    continue
                mean, interval = float(values.mean()), analyses.mean_interval(values)
                means[place, column] = mean
                rows.append(
                    {
                        "word": word, "month": month, "date": str(scenario.date(month)), "mean": mean,
                        "interval_low": interval.low, "interval_high": interval.high,
                        "q5": float(np.quantile(values, 0.05)), "q95": float(np.quantile(values, 0.95)),
                        "runs": len(values),
                    }
                )  # fmt: skip
                line.add(month, 100 * mean, 100 * interval.low, 100 * interval.high)
            series.append(line)
        sentences, driven = self._flips(outcome, table, means)
        panel = Panel(
            "curves",
            self.title or "Shares over time",
            "",
            "mean share (%)",
            series=series,
            calendar=True,
            note="band: 90 % interval of the mean",
        )
        short = " ".join(sentences[:1] + sentences[-1:]).removesuffix(".")
        return Finding(self.kind, sentences, rows, [panel], driven, short[:1].lower() + short[1:])

    def _flips(self, outcome, table, means):
        """Return what is the largest share when, and when the last leader overtakes the first for good."""
        scenario, said = outcome.scenario, []
        leaders: list[int] = []
        for column, month in enumerate(self.months):
            if np.isnan(means[:, column]).all():
                continue
            leader = int(np.nanargmax(means[:, column]))
            if not leaders or leaders[-1] != leader:
                leaders.append(leader)
                said.append(
                    f"from {scenario.date(month):%Y-%m} {self.words[leader].replace('_', ' ')} "
                    f"({means[leader, column]:.0%})"
                )
        if not leaders:
            return ["In no run is there anything to share out."], None
        sentences = [f"The largest mean share is that of: {'; '.join(said)}."]
        last = means[:, -1]
        if not np.isnan(last).all():
            order = np.argsort(-np.nan_to_num(last))[:4]
            parts = []
            for place in order:
                values = table[place, -1]
                values = values[~np.isnan(values)]
                interval = analyses.mean_interval(values)
                parts.append(
                    f"{self.words[place].replace('_', ' ')} {last[place]:.0%} "
                    f"({interval.low:.0%} to {interval.high:.0%})"
                )
            when = scenario.date(self.months[-1]).strftime("%Y-%m")
            sentences.append(f"By {when} the mean shares (90 % interval) are {', '.join(parts)}.")
        others = [place for place in leaders if place != leaders[0]]
        if others:
            early, late = leaders[0], leaders[-1] if leaders[-1] != leaders[0] else others[-1]
        else:
            early = leaders[0]
            final = np.nan_to_num(last).copy()
            final[early] = -1
            late = int(np.argmax(final))
        ahead = np.nan_to_num(table[late]) > np.nan_to_num(table[early])
        when = analyses.first_above(self.months, ahead)
        found = spread(when, when) if np.isfinite(when).all() else spread(
            np.where(np.isinf(when), self.months[-1], when), when
        )  # fmt: skip
        share = float(np.isfinite(when).mean())
        interval = analyses.share_interval(share, outcome.runs)
        one, other = (self.words[place].replace("_", " ") for place in (late, early))
        middle = found.median
        text = "later than the last month looked at" if math.isinf(middle.high) else (
            f"{scenario.date(middle.high):%Y-%m}"
        )  # fmt: skip
        sentences.append(
            f"{upper_first(one)} gets ahead of {other} for good in {share:.0%} of runs "
            f"({interval.low:.0%} to {interval.high:.0%}); the median month is {text}."
        )
        return sentences, (f"the month from which {one} is ahead of {other}", np.where(
            np.isinf(when), self.months[-1] + 1, when
        ))  # fmt: skip


class Groups(Analysis):
    """When the first of each group of actors has trained a class, and how arms change that.

    ``groups``: name = kinds, regions or actors joined by ``+``.
    """

    kind: Literal["groups"]
    groups: dict[str, str] = Field(min_length=1)
    arms: list[str] = []
    classes: str = Field("", alias="class", description="the class in question if empty")
    count: bool = Field(False, description="how many of the group have it by the end, not when the first has")

    def _name(self, members: str) -> str:
        klass = f",{self.classes}" if self.classes else ""
        return f"{'count_done' if self.count else 'first_done'}[{members}{klass}]"

    def metrics_read(self):
        return [self._name(members) for members in self.groups.values()]

    def labels(self):
        return {"arms": self.arms}

    def find(self, outcome):
        labels = self.arms or list(outcome.study.arms)
        rows, marks, sentences, driven = [], [], [], None
        base_said = []
        for group, members in self.groups.items():
            metric = self._name(members)
            values, ends = outcome.values(BASELINE, metric), outcome.ends(BASELINE, metric)
            found = spread(*contrast([values], [ends], [1.0]))
            rows.append({"arm": BASELINE, "group": group, "metric": metric, **columns(found)})
            if self.count:
                interval = analyses.mean_interval(values)
                base_said.append(f"{group} {number(float(values.mean()))} ({span(interval, '', False)})")
            else:
                base_said.append(f"{group} {self._dated(outcome, found)}")
        if self.count:
            sentences.append(
                "In the baseline so many of each group have it by the end, on average (90 % interval): "
                f"{'; '.join(base_said)}."
            )
        else:
            sentences.append(f"In the baseline the first of each group has it: {'; '.join(base_said)}.")
        short = []
        for label in labels:
            said, same, brief = [], [], []
            for group, members in self.groups.items():
                metric = self._name(members)
                low, high = outcome.difference(label, metric)
                found = spread(low, high)
                rows.append({"arm": label, "group": group, "metric": metric, **columns(found)})
                marks.append(mark_of(group, label, found))
                interval = found.mean_interval if self.count else found.interval
                if interval.low <= 0 <= interval.high:
                    same.append(group)
                elif self.count:
                    said.append(f"{group} {number(found.mean, '', True)} ({span(found.mean_interval)})")
                    brief.append(said[-1])
                else:
                    brief.append(f"{group} {briefly(found, outcome.unit(metric))}")
                    said.append(f"{group} {in_words(found, outcome.unit(metric))}")
                driven = driven or (f"the difference that {label} makes to {group}", one_number(low, high))
            statistic = "mean" if self.count else "median"
            than = "" if outcome.against(label) == BASELINE else f" against {outcome.against(label)}"
            moved = f"moves it by{' (mean, 90 % interval)' if self.count else ''}: {'; '.join(said)}"
            rest = f"no sure difference of the {statistic} (its 90 % interval holds 0): {', '.join(same)}"
            parts = ([moved] if said else []) + ([rest] if same else [])
            sentences.append(f"{upper_first(label)}{than}: {'; '.join(parts)}.")
            gist = "; ".join(brief) if brief else "no sure difference"
            short.append(upper_first(f"{label}{than}: {gist}"))
        panel = Panel(
            "intervals",
            self.title or ("Change of how many have it" if self.count else "Change of when the first has it"),
            "difference (actors)" if self.count else "difference (months)",
            marks=marks,
            note="dot: median; thick: half of the runs; thin: 90 %",
        )
        return Finding(self.kind, sentences, rows, [panel], driven, ". ".join(short))

    @staticmethod
    def _dated(outcome, found: Spread) -> str:
        def day(months: float) -> str:
            return "never" if math.isinf(months) else f"{outcome.scenario.date(months):%Y-%m}"

        first, middle, last = found.quantiles[0].high, found.median.high, found.quantiles[-1].high
        return f"{day(middle)} (90 % of runs {day(first)} to {day(last)})"
