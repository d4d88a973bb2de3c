"""The summary of a result: for each lag and date what the runs say, and what really happened."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from experiments.calibration.targets import fitted_to
from experiments.table import laid_out

if TYPE_CHECKING:
    from experiments.history import History
    from sim.result import Result
    from sim.scenario import Scenario

_HEADINGS = ("", "median", "90 % of runs", "never", "what really happened")
FITTED = ", fitted"  # after what really happened
ABOUT_FITTED = "the inputs were fitted to a claim about it, so that the runs come near it is no evidence"
_LAG = re.compile(r"lag_pub_(\d+)")
_ORDINALS = {1: "first", 2: "second", 3: "third", 5: "fifth", 10: "tenth"}


@dataclass(frozen=True)
class Line:
    """One line of the summary. Times in months; ``inf``: not within the horizon.

    ``actual``: what really happened, a date or a number of months; None where there is no record,
    ``inf`` where the record says that it did not. ``fitted``: the inputs were fitted to a claim about it.
    """

    metric: str
    title: str
    low: float
    median: float
    high: float
    never: float
    actual: datetime.date | float | None
    fitted: bool = False

    @property
    def is_lag(self) -> bool:
        """Whether it is a length of time, not a date."""
        return bool(_LAG.fullmatch(self.metric))


def laid_over(policies: Sequence[str], sets: Sequence[str]) -> str:
    """Return what was laid over a scenario, to stand behind its name; "" for nothing.

    >>> laid_over(["delay:months=6"], ["work.exchange=2"])
    ', under delay:months=6, with work.exchange=2'
    """
    under = f", under {'; '.join(policies)}" if policies else ""
    return under + (f", with {'; '.join(sets)}" if sets else "")


def titled(scenario: Scenario) -> str:
    """Return the title of a scenario, and what was laid over it."""
    return f"{scenario.file.scenario.title}{laid_over(scenario.policies, scenario.sets)}"


def summarise(result: Result, history: History | None) -> list[Line]:
    """Return the lines of a summary: the reveal, the lags to others, the dates of single actors.

    Actors are all builders; first those whom the record knows to have reached the class.
    """
    klass = result.scenario.follow_class
    title = result.scenario.file.classes[klass].title or klass
    lines = [_line(result, "reveal", f"{title} announced", _revealed(history, klass))]
    for metric in result.metrics:
        match = _LAG.fullmatch(metric.name)
        if match and int(match[1]) < len(result.compiled.facts["builders"]):
            k = int(match[1])
            actual = history.lag(k, klass) if history else None
            lines.append(_line(result, metric.name, f"{_ORDINALS.get(k, f'{k}th')} other announces", actual))
    for actor in _actors(result, history, klass):
        for name, verb, when in (
            ("t_done", "has trained", history.trained(actor, klass) if history else None),
            ("t_pub", "announces", history.announced(actor, klass) if history else None),
        ):
            if history is None or when is not None or name == "t_pub":
                lines.append(_line(result, f"{name}[{actor},{klass}]", f"{actor} {verb}", when))
    return lines


def in_words(result: Result, history: History | None) -> str:
    """Return the summary as a table of plain text, with what it rests on."""
    scenario = result.scenario
    rows = in_rows(result, history)
    table = laid_out(rows)
    runs = len(result.run_numbers)
    klass = scenario.follow_class
    notes = [
        f"{titled(scenario)}: {runs} run{'s' if runs > 1 else ''}, seed {result.seed}. "
        f"{scenario.file.classes[klass].title or klass}, and what is above it.",
        "Lags are months from the first announcement. later: not by the end of "
        f"{scenario.file.scenario.end}. never: share of runs in which it does not come by then.",
    ]
    if doubt := scenario.file.scenario.doubt_points:
        notes.append(
            f"In brackets: {doubt:g} percentage points either way, for a structure that is carried over "
            "from another domain."
        )
    if history:
        notes.append(f"What really happened: {history.credit}")
    notes += about_fitted(rows)
    table += _members(result)
    notes.append("The runs say what follows from this scenario's inputs, not what will or would happen.")
    return "\n".join([notes[0], "", *table, "", *notes[1:]])


def in_rows(result: Result, history: History | None) -> list[tuple[str, ...]]:
    """Return the summary as rows of words, headings first; without a record, without what really happened."""
    rows = [_HEADINGS] + [_cells(line, result, history) for line in summarise(result, history)]
    return rows if history else [row[:-1] for row in rows]


def about_fitted(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return what a mark in rows of the summary means, as a sentence; nothing where there is none."""
    return [f"fitted: {ABOUT_FITTED}."] if any(row[-1].endswith(FITTED) for row in rows) else []


_MEMBERS = (
    ("people", "who ever had access to a model of it"),
    ("people[open]", "to weights that are open"),
    ("people[licensed]", "to weights under a licence"),
    ("people[api]", "through an interface"),
    ("took", "times that somebody began to use it"),
    ("users", "using it at the end"),
    ("use_months", "person-months of use"),
)


def _members(result: Result) -> list[str]:
    """Return lines on the members of populations, in people; none where there are none, or nobody counted."""
    kept = {metric.name for metric in result.metrics}
    lines = []
    for name, title in _MEMBERS:
        if name in kept and result[name].any():
            low, _, median, _, high = (float(value) for value in result.quantiles(name))
            lines.append(f"{title:40s}{median:>14,.0f}  ({low:,.0f} to {high:,.0f})")
    return ["", "Members of populations, in people: median and 90 % of runs", *lines] if lines else []


def _line(result: Result, name: str, title: str, actual: datetime.date | float | None) -> Line:
    low, _, median, _, high = (float(value) for value in result.quantiles(name))
    never = sum(math.isinf(value) for value in result[name]) / len(result.run_numbers)
    return Line(
        name,
        title,
        low,
        median,
        high,
        never,
        actual,
        actual is not None and name in fitted_to(result.scenario),
    )


def _revealed(history: History | None, klass: str) -> datetime.date | None:
    first = history.reveal(klass) if history else None
    return first[1] if first else None


def _actors(result: Result, history: History | None, klass: str) -> list[str]:
    builders = [result.compiled.actors[row] for row in result.compiled.facts["builders"]]
    if history is None:
        return builders
    known = {actor: date for actor in builders if (date := history.announced(actor, klass))}
    others = [actor for actor in builders if actor not in known]
    return sorted(known, key=lambda actor: known[actor]) + others


def _cells(line: Line, result: Result, history: History | None) -> tuple[str, ...]:
    def shown(months: float) -> str:
        if math.isinf(months):
            return "later"
        return f"{months:.1f}" if line.is_lag else result.scenario.date(months).strftime("%Y-%m")

    spread = shown(line.low) if line.low == line.high else f"{shown(line.low)} to {shown(line.high)}"
    if line.actual is None:
        actual = "not on record"
    elif isinstance(line.actual, datetime.date):
        actual = line.actual.strftime("%Y-%m")
    else:
        actual = "not on record" if math.isinf(line.actual) else f"{line.actual:.1f}"
    mark = FITTED if line.fitted else ""
    return line.title, shown(line.median), spread, _with_doubt(line.never, result), actual + mark


def _with_doubt(share: float, result: Result) -> str:
    """Return a share of runs in %; where the structure is carried over, with the band that this leaves."""
    doubt = result.scenario.file.scenario.doubt_points / 100.0
    if not doubt:
        return f"{share:.0%}"
    return f"{share:.0%} ({max(0.0, share - doubt):.0%} to {min(1.0, share + doubt):.0%})"
