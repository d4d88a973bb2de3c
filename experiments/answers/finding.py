"""What an analysis says, and in which words: sentences, a table and a panel of the figure.

An analysis declares its parameters as fields, which a study file sets; ``find`` turns the runs of a study
into a ``Finding``. The arithmetic is in ``experiments.analyses``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from experiments.analyses import Spread
from experiments.statistics import Bounds
from sim.paths import meaning_of

if TYPE_CHECKING:
    from experiments.study import Outcome

BASELINE = "baseline"


@dataclass(frozen=True)
class Mark:
    """One line of a figure of intervals, or one point: place, and what surrounds it. nan: not known."""

    label: str
    group: str
    middle: Bounds
    half: Bounds  # half of the runs
    band: Bounds  # 90 % of the runs, or the 90 % interval of an estimate
    baseline: bool = False


@dataclass(frozen=True)
class Series:
    """One line of a figure of curves, with a band."""

    label: str
    x: list[float]
    y: list[float]
    low: list[float]
    high: list[float]

    def add(self, x: float, y: float, low: float, high: float) -> None:
        """Add a point with its band."""
        for values, value in ((self.x, x), (self.y, y), (self.low, low), (self.high, high)):
            values.append(value)


@dataclass(frozen=True)
class Panel:
    """One panel of the figure. ``sort``: intervals, curves, points or limits.

    ``limits``: of inputs: label, from where to where as shares of the range, in words. ``arms``: labels in
    the order of their colours, where panels of one figure must agree; as they come if empty. ``unsure``:
    labels of points that are drawn hollow, for their place may be luck. ``whole``: whether what goes across
    is counted in whole numbers (trials, months), and so are its ticks.
    """

    sort: Literal["intervals", "curves", "points", "limits"]
    title: str
    x_label: str
    y_label: str = ""
    marks: list[Mark] = field(default_factory=list)
    series: list[Series] = field(default_factory=list)
    points: list[tuple[str, float, float, Bounds, Bounds, bool]] = field(default_factory=list)
    limits: list[tuple[str, float, float, str]] = field(default_factory=list)
    arms: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)
    level: float | None = None
    calendar: bool = False
    whole: bool = False
    note: str = ""


@dataclass(frozen=True)
class Finding:
    """What one analysis says.

    ``rows``: its table. ``driven``: in words, the number of each run whose causes among the drawn inputs
    are of interest, and that number, shape (runs,).
    """

    kind: str
    sentences: list[str]
    rows: list[dict[str, Any]]
    panels: list[Panel]
    driven: tuple[str, np.ndarray] | None = None
    short: str = ""


class Analysis(BaseModel):
    """One ``[[analysis]]`` of a study file."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    logs: ClassVar[int] = 0  # of how many runs the event log is needed
    kind: str
    title: str = ""
    headline: bool = Field(False, description="whether it stands in the first line; the first if none does")

    def metrics_read(self) -> list[str]:
        """Return the metrics that must be kept."""
        return []

    def labels(self) -> dict[str, list[str]]:
        """Return the arms that are named, by key."""
        return {}

    def own_arms(self) -> dict[str, str]:
        """Return arms that this analysis adds: label -> policy."""
        return {}

    def find(self, outcome: Outcome) -> Finding:
        raise NotImplementedError


def number(value: float, unit: str = "", signed: bool = False) -> str:
    """Return a number as people read it, with a sign if asked for.

    >>> number(3.14159, "months", signed=True), number(1234567.0), number(0.05, "share")
    ('+3.1', '1.23e+06', '5.0 %')
    """
    if math.isnan(value):
        return "not known"
    if unit == "share":
        return f"{100 * value:{'+' if signed else ''}.1f} %"
    if abs(value) >= 1e5:
        return f"{value:{'+' if signed else ''}.2e}"
    if unit == "months":
        digits = 1 if abs(value) >= 1 else 2
    else:
        digits = 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    text = f"{value:{'+' if signed else ''}.{digits}f}"
    return "0" if float(text) == 0 else text


def alike(*values: float) -> list[str]:
    """Return numbers of one sentence in one format, with the digits that the largest of them needs.

    >>> alike(65364.8, 61498.1, 117000.0), alike(11.4, 9.09), alike(0.25, 0.0)
    (['65,400', '61,500', '117,000'], ['11.4', '9.1'], ['0.250', '0'])
    """
    most = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    if most >= 1e9:
        texts = [f"{value:.2e}" for value in values]
    elif most >= 1e4:
        step = 10.0 ** (math.floor(math.log10(most)) - 3)
        texts = [f"{step * round(value / step):,.0f}" if math.isfinite(value) else "" for value in values]
    else:
        digits = 1 if most >= 10 else 2 if most >= 1 else 3
        texts = [f"{value:.{digits}f}" for value in values]
    return [text if text.strip("-0.,") else "0" for text in texts]


def with_interval(value: float, bounds: Bounds, said: str = "") -> str:
    """Return a number and its interval in one format. ``said``: what the interval is.

    >>> with_interval(65364.8, Bounds(61498.1, 117000.0), "90 % interval ")
    '65,400 (90 % interval 61,500 to 117,000)'
    """
    if not bounds.low > -math.inf or not bounds.high < math.inf:
        return f"{alike(value)[0]} ({said}{span(bounds, '', False)})"
    text, low, high = alike(value, bounds.low, bounds.high)
    return f"{text} ({said}{low} to {high})"


def shown(bounds: Bounds, unit: str = "", signed: bool = True) -> str:
    """Return a number that is known within bounds, in words."""
    low, high = bounds.low, bounds.high
    if math.isnan(low):
        return "not known"
    if low == high:
        return number(low, unit, signed)
    if math.isinf(low) and math.isinf(high):
        return "not known"
    if math.isinf(high):
        return f"more than {number(low, unit, signed)}"
    if math.isinf(low):
        return f"less than {number(high, unit, signed)}"
    one, other = number(low, unit, signed), number(high, unit, signed)
    return one if one == other else f"between {one} and {other}"


def span(bounds: Bounds, unit: str = "", signed: bool = True) -> str:
    """Return an interval in words."""
    low, high = bounds.low, bounds.high
    if math.isnan(low) or math.isnan(high):
        return "not known"
    if math.isinf(low) and math.isinf(high):
        return "without bounds"
    if math.isinf(high):
        return f"{number(low, unit, signed)} or more"
    if math.isinf(low):
        return f"{number(high, unit, signed)} or less"
    return f"{number(low, unit, signed)} to {number(high, unit, signed)}"


def with_unit(unit: str) -> str:
    return "" if unit in ("share", "index", "") else f" {unit}"


def in_words(found: Spread, unit: str, signed: bool = True) -> str:
    """Return a spread in words: median, 90 % of the runs, 90 % intervals of median and mean."""
    if found.runs == 0:
        return f"nothing can be said: no run reaches it ({found.silent} runs)"
    text = (
        f"{shown(found.median, unit, signed)}{with_unit(unit)} "
        f"(90 % of runs {span(found.band, unit, signed)}; median within {span(found.interval, unit, signed)}"
    )
    if not math.isnan(found.mean):
        mean = number(found.mean, unit, signed)
        text += f"; mean {mean}, within {span(found.mean_interval, unit, signed)}"
    text += ")"
    if found.silent:
        text += f", {found.silent} of {found.runs + found.silent} runs apart in which the dates never come"
    return text


def briefly(found: Spread, unit: str, signed: bool = True) -> str:
    """Return a spread in few words: the median, or the mean of what is counted, and 90 % of the runs."""
    if found.runs == 0:
        return "not known, no run reaches it"
    band = span(found.band, unit, signed)
    if unit != "months" and not math.isnan(found.mean):  # of what is counted, the median is often 0
        mean, interval = number(found.mean, unit, signed), span(found.mean_interval, unit, signed)
        return f"{mean}{with_unit(unit)} (mean; within {interval}; 90 % of runs {band})"
    return f"{shown(found.median, unit, signed)}{with_unit(unit)} (90 % of runs {band})"


def by_median(found: Spread, unit: str, signed: bool = True) -> str:
    """Return a spread in few words: the median, its 90 % interval, and 90 % of the runs."""
    if found.runs == 0:
        return "not known, no run reaches it"
    interval, band = (span(each, unit, signed) for each in (found.interval, found.band))
    median = f"{shown(found.median, unit, signed)}{with_unit(unit)}"
    return f"{median} (median; its 90 % interval {interval}; 90 % of runs {band})"


def columns(found: Spread) -> dict[str, Any]:
    """Return a spread as columns of a table."""
    named: dict[str, Any] = {}
    for name, bounds in zip(("q5", "q25", "median", "q75", "q95"), found.quantiles, strict=True):
        named[f"{name}_low"], named[f"{name}_high"] = bounds.low, bounds.high
    return named | {
        "median_interval_low": found.interval.low,
        "median_interval_high": found.interval.high,
        "mean": found.mean,
        "mean_interval_low": found.mean_interval.low,
        "mean_interval_high": found.mean_interval.high,
        "lower": found.below,
        "higher": found.above,
        "runs": found.runs,
        "never": found.silent,
        "undefined": found.undefined,
    }


def mark_of(label: str, group: str, found: Spread, baseline: bool = False) -> Mark:
    half = Bounds(found.quantiles[1].low, found.quantiles[3].high)
    return Mark(label, group, found.median, half, found.band, baseline)


def estimate(label: str, group: str, value: float, interval: Bounds) -> Mark:
    return Mark(label, group, Bounds(value, value), Bounds(math.nan, math.nan), interval, label == BASELINE)


def one_number(low, high) -> np.ndarray:
    """Return for each run the bound that is known, to rank runs by; nan where nothing is."""
    return np.where(np.isfinite(low), low, np.where(np.isfinite(high), high, np.nan))


def never_note(outcome: Outcome, labels: list[str], metric: str) -> str:
    """Return in how many runs a date never comes, where it is worth saying."""
    if not outcome.is_date(metric):
        return ""
    shares = {label: float(np.isinf(outcome.values(label, metric)).mean()) for label in labels}
    if all(share == 1.0 for share in shares.values()):
        return f"No run of any arm reaches it by {outcome.scenario.file.scenario.end}."
    some = [f"{label} {share:.0%}" for label, share in shares.items() if share >= 0.01]
    return f"It never comes by the end in these shares of runs: {', '.join(some)}." if some else ""


def percents(low: float, high: float, digits: int = 0) -> str:
    """Return an interval of shares in words.

    >>> percents(0.1, 0.25)
    '10% to 25%'
    """
    return f"{low:.{digits}%} to {high:.{digits}%}"


def upper_first(text: str) -> str:
    return text[:1].upper() + text[1:]


def drivers_in_words(found: list, explained: float, most: int = 4) -> str:
    """Return the inputs that surely matter, in words, and what each of them is."""
    sure = [driver for driver in found if driver.sure][:most]
    named = "; ".join(f"{driver.name} ({driver.correlation:+.2f})" for driver in sure)
    rest = "" if math.isnan(explained) else (
        f" All drawn inputs together explain {explained:.0%} of the variance of its ranks; the rest is luck, "
        "or acts in ways that ranks do not show."
    )  # fmt: skip
    if not sure:
        return f"no drawn input beyond what chance shows among so many.{rest}"
    glosses = "".join(f" {one.name}: {text}." for one in sure if (text := meaning_of(one.name)))
    return f"{named} (rank correlations beyond chance).{glosses}{rest}"
