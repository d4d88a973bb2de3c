"""What the value of a sweep does: slopes, chances, jumps."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field, field_validator

from experiments import analyses
from experiments.analyses import spread
from experiments.answers.finding import (
    BASELINE,
    Analysis,
    Finding,
    Panel,
    Series,
    by_median,
    columns,
    estimate,
    in_words,
    never_note,
    number,
    one_number,
    shown,
    span,
    upper_first,
)
from experiments.statistics import Bounds

if TYPE_CHECKING:
    from experiments.study import Outcome

BEND = 0.25  # of the steeper slope, by which both halves of a sweep must differ to be no straight line


class Slope(Analysis):
    """What one more unit of a sweep's value does: the line of least squares through the arms of each run."""

    kind: Literal["slope"]
    sweep: str
    metrics: list[str] = Field(min_length=1)

    def metrics_read(self):
        return self.metrics

    def find(self, outcome):
        sweep, labels = outcome.study.sweep(self.sweep)
        places = list(sweep.places)
        if sweep.baseline_at is not None:
            places, labels = [sweep.baseline_at, *places], [BASELINE, *labels]
        weights = dict(zip(labels, analyses.slope_weights(places), strict=True))
        per = sweep.unit.removesuffix("s") or "unit"
        words = outcome.study.words_for
        rows, sentences, series, driven, short = [], [], [], None, []
        for metric in self.metrics:
            unit = outcome.unit(metric)
            low, high = outcome.contrast(weights, metric)
            found = spread(low, high)
            bend = self._bend(outcome, dict(zip(places, labels, strict=True)), metric)
            short.append(f"{words(metric)} {by_median(found, '')}{f', {bend}' if bend else ''}")
            driven = driven or (f"what one more {per} does to {words(metric)}", one_number(low, high))
            rows.append({"metric": metric, "value": None, "unit": f"{unit} per {per}", **columns(found)})
            sentences.append(
                f"One more {per} ({sweep.title or self.sweep}) moves {words(metric)} by so many "
                f"{unit} per {per}: {in_words(found, '')}."
                if found.runs
                else f"{upper_first(words(metric))}: {in_words(found, unit)}."
            )
            sentences += [f"{upper_first(words(metric))}: {bend}."] if bend else []
            line = Series(words(metric), [], [], [], [])
            for place, label in zip(places, labels, strict=True):
                if label == BASELINE:
                    line.add(place, 0.0, 0.0, 0.0)
                    continue
                step = spread(*outcome.contrast({label: 1.0, outcome.against(label): -1.0}, metric))
                rows.append({"metric": metric, "value": place, "unit": unit, **columns(step)})
                line.add(place, step.median.low, step.band.low, step.band.high)
            series.append(line)
            note = never_note(outcome, labels, metric)
            sentences += [f"{upper_first(words(metric))}: {note}"] if note else []
        title = sweep.title or self.sweep
        panels = [
            Panel(
                "curves",
                self._panel_title([m for m in self.metrics if outcome.unit(m) == unit], unit, words, title),
                f"{title} ({sweep.unit})" if sweep.unit else title,
                f"difference from the baseline ({unit})",
                series=[
                    line for line, m in zip(series, self.metrics, strict=True) if outcome.unit(m) == unit
                ],
                note="line: median; band between thin edges: 90 % of runs",
            )
            for unit in dict.fromkeys(outcome.unit(metric) for metric in self.metrics)
        ]
        gist = f"one more {per} ({sweep.title or self.sweep}) moves, per {per}: {'; '.join(short)}"
        return Finding(self.kind, sentences, rows, panels, driven, gist)

    def _panel_title(self, metrics: list[str], unit: str, words: Callable[[str], str], along: str) -> str:
        """Return the title of a panel, which names its metric; several are in the legend."""
        several = "Dates" if unit == "months" else f"{len(metrics)} outcomes"
        called = words(metrics[0])
        own = called if called == metrics[0] else upper_first(called)
        what = own if len(metrics) == 1 else several
        return f"{what}: {self.title or f'difference from the baseline along {along}'}"

    def _bend(self, outcome, labels: dict[float, str], metric: str) -> str:
        """Say that what one more unit does is not the same in both halves of the sweep; "" where it may be.

        ``labels``: of the arms, by the value of each. Told where the 90 % interval of the median of the
        paired difference leaves out 0, and the slopes differ by ``BEND`` of the steeper one or more.
        """
        ends = min(labels), max(labels)
        middle = min(labels, key=lambda place: abs(2 * place - sum(ends)))
        halves = [
            {place: label for place, label in labels.items() if inside(place)}
            for inside in (lambda place: place <= middle, lambda place: place >= middle)
        ]
        if min(map(len, halves)) < 2:
            return ""
        slopes = [
            dict(zip(half.values(), analyses.slope_weights(list(half)), strict=True)) for half in halves
        ]
        change = dict.fromkeys(labels.values(), 0.0)
        for sign, weights in zip((-1.0, 1.0), slopes, strict=True):
            for label, weight in weights.items():
                change[label] += sign * weight
        first, second = (spread(*outcome.contrast(weights, metric)) for weights in slopes)
        differs = spread(*outcome.contrast(change, metric))
        if not (differs.interval.low > 0.0 or differs.interval.high < 0.0):
            return ""
        medians = [each.median.low for each in (first, second) if each.median.known]
        if len(medians) == 2 and abs(medians[1] - medians[0]) < BEND * max(map(abs, medians)):
            return ""
        return (
            f"no straight line: {shown(first.median)} up to {middle:g} and {shown(second.median)} beyond "
            "(medians)"
        )


class Event(Analysis):
    """The chance of something against a sweep's value (or arm by arm), and where it crosses a level.

    ``when``: conditions that must all hold in a run: ``A < B``, ``A - B <= 12``, with metrics or numbers.
    """

    kind: Literal["event"]
    when: list[str] = Field(min_length=1)
    words: str
    sweep: str | None = None
    arms: list[str] = []
    level: float = Field(0.5, gt=0, lt=1)
    difference: bool = Field(False, description="whether conditions are read off differences from `against`")

    @field_validator("when")
    @classmethod
    def _readable(cls, when):
        for text in when:
            parse_condition(text)
        return when

    def metrics_read(self):
        return [name for text in self.when for name in parse_condition(text).metrics]

    def labels(self):
        return {"arms": self.arms}

    def comes(self, outcome, label: str) -> np.ndarray:
        """Return in which runs of an arm it comes, shape (runs,)."""
        holds = np.ones(outcome.runs, bool)
        for text in self.when:
            holds &= parse_condition(text).holds(outcome, label, self.difference)
        return holds

    def find(self, outcome):
        sentences, rows = [], []
        if self.sweep:
            sweep, labels = outcome.study.sweep(self.sweep)
            places = list(sweep.places)
            if sweep.baseline_at is not None:
                places, labels = [sweep.baseline_at, *places], [BASELINE, *labels]
            order = np.argsort(places, kind="stable")
            places, labels = [places[i] for i in order], [labels[i] for i in order]
        else:
            labels = self.arms or [BASELINE, *outcome.study.arms]
            places = list(range(len(labels)))
        events = np.array([self.comes(outcome, label) for label in labels])
        said, marks, series = [], [], Series(self.words, [], [], [], [])
        for label, place, event in zip(labels, places, events, strict=True):
            share = float(event.mean())
            interval = analyses.share_interval(share, outcome.runs)
            rows.append(
                {
                    "arm": label,
                    "value": place if self.sweep else None,
                    "share": share,
                    "interval_low": interval.low,
                    "interval_high": interval.high,
                    "runs": outcome.runs,
                }
            )
            name = f"{place:g}{f' {sweep.unit}' if sweep.unit else ''}" if self.sweep else label
            said.append(f"{name}: {share:.1%} ({interval.low:.1%} to {interval.high:.1%})")
            marks.append(
                estimate(label, self.words, 100 * share, Bounds(100 * interval.low, 100 * interval.high))
            )
            series.add(place, 100 * share, 100 * interval.low, 100 * interval.high)
        by = f", by {sweep.title or self.sweep}" if self.sweep else ""
        sentences.append(f"Chance that {self.words} (90 % interval){by}: {'; '.join(said)}.")
        if not events.any():
            sentences.append("It comes in no run of any arm.")
        if self.sweep:
            sentences.append(self._level(sweep, places, events))
            title = sweep.title or self.sweep
            panel = Panel(
                "curves",
                self.title or f"Chance that {self.words}",
                f"{title} ({sweep.unit})" if sweep.unit else title,
                "chance (%)",
                series=[series],
                level=100 * self.level,
                note="band: 90 % interval of the chance",
            )
        else:
            panel = Panel(
                "intervals",
                self.title or f"Chance that {self.words}",
                "% of runs (90 % interval)",
                marks=marks,
            )
        driven = None
        shares = events.mean(axis=1)
        undecided = int(np.argmin(np.abs(shares - 0.5)))
        if 0 < shares[undecided] < 1:
            driven = (f"whether {self.words} ({labels[undecided]})", events[undecided].astype(float))
        gist = f"chance that {self.words}: {'; '.join(said)}"
        if self.sweep:
            first, last = rows[0], rows[-1]
            level = sentences[-1][:1].lower() + sentences[-1][1:].removesuffix(".")
            gist = (
                f"the chance that {self.words} goes from {first['share']:.0%} to {last['share']:.0%} along "
                f"{sweep.title or self.sweep}; {level}"
            )
        return Finding(self.kind, sentences, rows, [panel], driven, gist)

    def _level(self, sweep, places, events) -> str:
        at = analyses.crossing(places, events.mean(axis=1), self.level)
        unit = f" {sweep.unit}" if sweep.unit else ""
        if math.isnan(at):
            least, most = events.mean(axis=1).min(), events.mean(axis=1).max()
            return (
                f"It does not cross {self.level:.0%} for any value from {places[0]:g} to "
                f"{places[-1]:g}{unit} (it lies between {least:.0%} and {most:.0%})."
            )
        interval, share = analyses.crossing_interval(places, events, self.level)
        rest = "" if share > 0.99 else f"; {share:.0%} of samples of the runs cross it"
        return (
            f"It crosses {self.level:.0%} at {number(at)}{unit} "
            f"(90 % interval {span(interval, '', False)}{rest})."
        )


_CONDITION = re.compile(r"(.+?)\s+(<=|>=|<|>|==)\s+(.+)")


@dataclass(frozen=True)
class Condition:
    """``LEFT - MINUS  SIGN  RIGHT``: what must hold in a run."""

    left: str
    minus: str
    sign: str
    right: str

    @property
    def metrics(self) -> list[str]:
        return [name for name in (self.left, self.minus, self.right) if name and not _is_number(name)]

    def holds(self, outcome: Outcome, label: str, difference: bool) -> np.ndarray:
        """Return in which runs of an arm it surely holds; a date that never comes is later than all."""

        def value(name: str) -> np.ndarray:
            return one_number(*outcome.difference(label, name)) if difference else outcome.values(label, name)

        return self.holds_for(value)

    def holds_for(self, value: Callable[[str], np.ndarray]) -> np.ndarray:
        """Return in which runs it surely holds, given the values of a metric by its name."""

        def read(name: str) -> np.ndarray | float:
            return float(name) if _is_number(name) else value(name)

        with np.errstate(invalid="ignore"):
            left = read(self.left) - read(self.minus) if self.minus else read(self.left)
            right = read(self.right)
            signs = {
                "<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right,
                "==": left == right,
            }  # fmt: skip
        return np.asarray(signs[self.sign])


def parse_condition(text: str) -> Condition:
    """Read ``A < B`` or ``A - B <= 12``; raise ValueError."""
    match = _CONDITION.fullmatch(text.strip())
    if not match:
        raise ValueError(f"{text!r}: write A < B or A - B <= 12, with metrics or numbers, and spaces between")
    left, _, minus = match[1].partition(" - ")
    return Condition(left.strip(), minus.strip(), match[2], match[3].strip())


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


TIPS = "at least three times as steep as from end to end, with a third of all the change or more"


def tips(ratio: float, jump: float, overall: float, sure: bool) -> bool:
    """Return whether a step is a tipping point: steep, sure, and a large part of the whole change.

    Without the last condition the steep end of any bent curve would be one.
    """
    return sure and abs(ratio) >= 3 and abs(jump) >= abs(overall) / 3


class Tipping(Analysis):
    """Size of cascades along a sweep: its mean, its distribution, and where it jumps most."""

    kind: Literal["tipping"]
    sweep: str
    metric: str = "cascade_size"
    along: str = Field("", description="metric whose mean is the place of each arm; the value if empty")
    small: float = Field(2.0, description="a cascade of at most this size has not fed itself")

    def metrics_read(self):
        return [self.metric, *([self.along] if self.along else [])]

    def find(self, outcome):
        sweep, labels = outcome.study.sweep(self.sweep)
        places = list(sweep.places)
        if sweep.baseline_at is not None:
            places, labels = [sweep.baseline_at, *places], [BASELINE, *labels]
        if self.along:
            places = [_mean(outcome.values(label, self.along)) for label in labels]
        order = np.argsort(places, kind="stable")
        places, labels = [places[i] for i in order], [labels[i] for i in order]
        values = np.array([outcome.capped(label, self.metric) for label in labels])
        rows = []
        words, along = outcome.study.words_for(self.metric), self.along or sweep.title or self.sweep
        along = outcome.study.words_for(along)
        series = Series(words, [], [], [], [])
        for label, place, row in zip(labels, places, values, strict=True):
            low, middle, high = (float(q) for q in np.quantile(row, (0.05, 0.5, 0.95)))
            interval = analyses.mean_interval(row)
            stuck = float((row <= self.small).mean())
            rows.append(
                {
                    "arm": label, "place": place, "mean": float(row.mean()), "mean_low": interval.low,
                    "mean_high": interval.high, "q5": low, "median": middle, "q95": high, "small": stuck,
                }
            )  # fmt: skip
            series.add(place, float(row.mean()), low, high)
        left, jump, interval, ratio = analyses.largest_jump(places, values)
        overall = rows[-1]["mean"] - rows[0]["mean"]
        jumps = tips(ratio, jump, overall, interval.low * interval.high > 0)
        sentences = [
            f"{upper_first(words)} is {self._sized(rows[0])} where {along} is {number(places[0])}, and "
            f"{self._sized(rows[-1])} where it is {number(places[-1])}.",
            f"It is steepest between {number(places[left])} and {number(places[left + 1])}: "
            f"{number(jump, '', True)} (90 % interval {span(interval)}), {number(ratio)} times as steep as "
            f"from end to end; {'that is a' if jumps else 'there is no'} tipping point ({TIPS}).",
            f"Cascades of at most {self.small:g} are {rows[0]['small']:.0%} of runs at one end and "
            f"{rows[-1]['small']:.0%} at the other.",
        ]
        panel = Panel(
            "curves",
            self.title or f"{upper_first(words)} along {along}",
            along,
            f"{words} ({outcome.unit(self.metric)})",
            series=[series],
            note="line: mean; band: 90 % of runs",
        )
        difference = values[-1] - values[0]
        driven = (f"the difference in {words} from end to end", difference)
        gist = (
            f"{words} goes from {number(rows[0]['mean'])} to {number(rows[-1]['mean'])} along {along}, at "
            f"most {number(ratio)} times as steep as from end to end: {'a' if jumps else 'no'} tipping point"
        )
        return Finding(self.kind, sentences, rows, [panel], driven, gist)

    @staticmethod
    def _sized(row: dict[str, Any]) -> str:
        return (
            f"{number(row['mean'])} on average (90 % interval {number(row['mean_low'])} to "
            f"{number(row['mean_high'])}; 90 % of runs {number(row['q5'])} to {number(row['q95'])})"
        )


def _mean(values) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else 0.0
