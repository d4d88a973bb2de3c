"""What stands in the logs: help across borders, counts, warnings."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, field_validator

from experiments import analyses
from experiments.answers.finding import (
    BASELINE,
    Analysis,
    Finding,
    Panel,
    estimate,
    number,
    span,
    upper_first,
)
from experiments.statistics import Bounds
from sim.errors import UserError, not_found

if TYPE_CHECKING:
    pass


class Edges(Analysis):
    """Which share of the help that reaches actors comes from another region, read off the logs."""

    kind: Literal["edges"]
    arms: list[str] = []
    logs: ClassVar[int] = 100

    def labels(self):
        return {"arms": self.arms}

    def find(self, outcome):
        labels = [BASELINE, *(self.arms or outcome.study.arms)]
        rows, said, marks = [], [], []
        for label in labels:
            shares = cross_region_shares(outcome.played[label])
            mean, interval = float(np.nanmean(shares)), analyses.mean_interval(shares[~np.isnan(shares)])
            rows.append(
                {
                    "arm": label, "share": mean, "interval_low": interval.low, "interval_high": interval.high,
                    "runs": len(shares),
                }
            )  # fmt: skip
            said.append(f"{label} {mean:.1%} ({interval.low:.1%} to {interval.high:.1%})")
            around = Bounds(100 * interval.low, 100 * interval.high)
            marks.append(estimate(label, "from other regions", 100 * mean, around))
        sentences = [
            f"Of all help with a provider (logs of {rows[0]['runs']} runs), this share comes from another "
            f"region on average (90 % interval): {'; '.join(said)}."
        ]
        panel = Panel(
            "intervals",
            self.title or "Help that comes from another region",
            "% of help (90 % interval of the mean)",
            marks=marks,
        )
        return Finding(
            self.kind, sentences, rows, [panel], None, f"help from other regions: {'; '.join(said)}"
        )


def cross_region_shares(played) -> np.ndarray:
    """Return for each logged run which share of useful learning events comes from another region."""
    from sim.words import EVENT

    regions = np.append(np.asarray(played.compiled.facts["actor_facts"].region), -1)
    shares = []
    for log in played.logs.values():
        helped = log[(log["what"] == EVENT.LEARNED) & (log["amount"] > 0) & (log["source"] >= 0)]
        helped = helped[helped["source"] != helped["actor"]]
        abroad = regions[helped["source"]] != regions[helped["actor"]]
        shares.append(float(abroad.mean()) if len(abroad) else math.nan)
    return np.array(shares)


class Sign(BaseModel):
    """An observable: rows of the log that an outsider sees."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    event: str
    artifacts: list[str] = []
    via: list[str] = []
    level: Literal["any", "class"] = Field("any", description="class: only what belongs to the class")
    source: str = Field("", description="actors, kinds or regions that it comes from; anybody if empty")

    @field_validator("event", "artifacts", "via")
    @classmethod
    def _known(cls, given, info):
        from sim import words

        vocabularies = {"event": words.Event, "artifacts": words.ArtifactKind, "via": words.Via}
        allowed = [word.key for word in vocabularies[info.field_name]]
        for name in [given] if isinstance(given, str) else given:
            if name not in allowed:
                raise ValueError(f"there is no {name!r}; there is: {', '.join(allowed)}")
        return given

    def rows(self, log: np.ndarray, played) -> np.ndarray:
        """Return the rows of the log of an arm that it sees."""
        from sim.levers import is_named
        from sim.words import ArtifactKind, Event, Via

        file, klass = played.scenario.file, played.compiled.classes.index(played.scenario.follow_class)

        chosen = log["what"] == int(Event[self.event.upper()])
        if self.artifacts:
            chosen &= np.isin(log["kind"], [int(ArtifactKind[name.upper()]) for name in self.artifacts])
        if self.via:
            chosen &= np.isin(log["via"], [int(Via[name.upper()]) for name in self.via])
        if self.level == "class":
            chosen &= log["klass"] == klass
        if self.source:
            names = [name.strip() for name in self.source.split("+")]
            allowed = ["all", *file.actors, *file.kinds, *file.regions]
            for name in names:
                if name not in allowed:
                    raise UserError(f"source: {not_found('actor, kind or region', name, allowed)}")
            wanted = [i for i, name in enumerate(played.compiled.actors) if is_named(file, name, names)]
            chosen &= np.isin(log["source"], wanted)
        return log[chosen]


class Counts(Analysis):
    """How often something stands in the log of a run, on average, in each arm."""

    kind: Literal["counts"]
    signs: dict[str, Sign] = Field(min_length=1)
    arms: list[str] = []
    logs: ClassVar[int] = 200

    def labels(self):
        return {"arms": self.arms}

    def find(self, outcome):
        labels = [BASELINE, *(self.arms or outcome.study.arms)]
        rows, sentences, marks = [], [], []
        for name, sign in self.signs.items():
            said = []
            for label in labels:
                played = outcome.played[label]
                counts = np.array([float(len(sign.rows(log, played))) for log in played.logs.values()])
                mean, interval = float(counts.mean()), analyses.mean_interval(counts)
                rows.append(
                    {
                        "sign": name, "arm": label, "mean": mean, "interval_low": interval.low,
                        "interval_high": interval.high, "runs": len(counts),
                    }
                )  # fmt: skip
                said.append(f"{label} {number(mean)} ({span(interval, '', False)})")
                marks.append(estimate(label, name, mean, interval))
            sentences.append(
                f"{upper_first(name)}, per run (logs of {rows[-1]['runs']} runs; mean, 90 % interval): "
                f"{'; '.join(said)}."
            )
        panel = Panel(
            "intervals", self.title or "Events per run", "per run (90 % interval of the mean)", marks=marks
        )
        return Finding(self.kind, sentences, rows, [panel])


class Warning_(Analysis):
    """Which observable warns earliest of a date: how well it tells runs apart, and how long before.

    ``at``: month at which one looks; ``within``: whether ``metric`` comes in that many months from then.
    """

    kind: Literal["warning"]
    metric: str
    at: float
    within: float = Field(gt=0)
    window: float = Field(6.0, gt=0, description="months before `at` in which the observable is counted")
    observables: dict[str, Sign] = Field(min_length=1)
    most_logs: int = Field(400, ge=10)

    @property
    def logs(self) -> int:  # type: ignore[override]
        return self.most_logs

    def metrics_read(self):
        return [self.metric]

    def find(self, outcome):
        played = outcome.base
        numbers = sorted(played.logs)[: min(self.most_logs, outcome.runs)]
        dates = outcome.values(BASELINE, self.metric)[: len(numbers)]
        open_ = dates > self.at  # in which it has not come yet
        events = dates <= self.at + self.within
        rows: list[dict[str, Any]] = []
        marks, said = [], []
        for name, sign in self.observables.items():
            scores, leads = [], []
            for place, run in enumerate(numbers):
                times = sign.rows(played.logs[run], played)["time"]
                scores.append(float(((times > self.at - self.window) & (times <= self.at)).sum()))
                before = times[times < dates[place]]
                first = before[before > self.at - self.window]
                leads.append(dates[place] - first[0] if len(first) and np.isfinite(dates[place]) else np.nan)
            scores_, leads_ = np.array(scores), np.array(leads)
            area = analyses.roc_area(scores_[open_], events[open_])
            yes, no = int(events[open_].sum()), int((~events[open_]).sum())
            interval = analyses.roc_interval(area, yes, no)
            known = leads_[~np.isnan(leads_)]
            low, middle, high = (
                (float(q) for q in np.quantile(known, (0.05, 0.5, 0.95))) if len(known) else (math.nan,) * 3
            )
            rows.append(
                {
                    "observable": name, "roc_area": area, "interval_low": interval.low,
                    "interval_high": interval.high, "lead_median": middle, "lead_q5": low, "lead_q95": high,
                    "seen": len(known) / len(numbers), "mean_count": float(scores_.mean()),
                }
            )  # fmt: skip
            marks.append(estimate(name, "ROC area", area, interval))
        rows.sort(key=lambda row: -abs(np.nan_to_num(row["roc_area"], nan=0.5) - 0.5))
        for row in rows:
            said.append(
                f"{row['observable']} {row['roc_area']:.2f} ({row['interval_low']:.2f} to "
                f"{row['interval_high']:.2f}; first seen {number(row['lead_median'], 'months')} months "
                f"ahead, 90 % of runs {number(row['lead_q5'], 'months')} to "
                f"{number(row['lead_q95'], 'months')})"
            )
        when = outcome.scenario.date(self.at).strftime("%Y-%m")
        words = outcome.study.words_for(self.metric)
        yes, count = int(events[open_].sum()), int(open_.sum())
        sentences = [
            f"Looking in {when} at what was seen in the {self.window:g} months before, in the {count} of "
            f"{len(numbers)} logged runs in which it has not come yet: {words} comes within {self.within:g} "
            f"months in {yes}. ROC area (0.5: no better than chance; 90 % interval) and lead time: "
            f"{'; '.join(said)}."
        ]
        if yes == 0 or yes == count:
            sentences.append("It comes in all of them or in none, so nothing can be told apart.")
        panel = Panel(
            "intervals",
            self.title or f"How well observables foretell {words}",
            "ROC area (0.5: chance; 90 % interval)",
            marks=[marks[list(self.observables).index(row["observable"])] for row in rows],
            level=0.5,
        )
        gist = "ROC area and lead time: " + "; ".join(said[:3])
        return Finding(self.kind, sentences, rows, [panel], (words, np.where(
            np.isinf(outcome.values(BASELINE, self.metric)),
            outcome.horizon + 1,
            outcome.values(BASELINE, self.metric),
        )), gist)  # fmt: skip
