"""The differences of a comparison in words: one table per arm."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from experiments.comparison import HEADLINE
from experiments.statistics import LEVELS, Bounds
from experiments.table import laid_out, percent

if TYPE_CHECKING:
    from experiments.comparison import Comparison, Difference

HEADINGS = (
    "", "unit", "baseline", "median", "50 % of runs", "90 % of runs", "mean", "lower", "equal",
    "higher", "never", "runs saved",
)  # fmt: skip
_IN_NOTEBOOKS = (0, 1, 2, 3, 5, 10)  # columns that are shown there
RIGHT = (2, 6, 7, 8, 9, 11)
_ENDS = {0.5: (LEVELS.index(0.25), LEVELS.index(0.75)), 0.9: (LEVELS.index(0.05), LEVELS.index(0.95))}


def in_words(comparison: Comparison, everything: bool = False) -> str:
    """Return the comparison as plain text: what it rests on, one table per arm, how to read it.

    ``everything``: all metrics; else the most important ones, or those asked for if they are few.
    """
    scenario = comparison.base.scenario
    klass = scenario.file.classes[scenario.follow_class].title or scenario.follow_class
    pairs = f"{comparison.runs:,} pair{'s' if comparison.runs != 1 else ''} of runs"
    parts = [
        f"{scenario.file.scenario.title}: what changes under each policy, run by run, in the same luck.\n"
        f"In this model, with these inputs. {pairs}, seed {comparison.base.seed}. "
        f"{klass}, and what is above it."
    ]
    names = comparison.metrics if everything else headline(comparison)
    for label in comparison.results:
        parts.append("\n".join([f"{label} against the baseline", "", *_arm(comparison, label, names)]))
    if comparison.notes:
        parts.append("\n".join(["Note", *(f"- {note}" for note in comparison.notes)]))
    parts.append(_how_to_read(comparison, names))
    return "\n\n".join(parts)


def as_html(comparison: Comparison) -> str:
    """Return the most important differences as HTML for a notebook: one line per arm and metric."""
    from sim import display

    names = headline(comparison)
    rows = [
        (label, *(line[place] for place in _IN_NOTEBOOKS))
        for label in comparison.results
        for name in names
        if (found := comparison.found.get((label, name))) and found.statistics.telling
        for line in [cells(found)]
    ]
    pairs = f"{comparison.runs:,} pairs of runs in the same luck, seed {comparison.base.seed}"
    return display.as_html(
        f"{comparison.base.scenario.file.scenario.title}: what changes",
        [f"{pairs}; in this model, with these inputs"],
        ("arm", *(("metric", *HEADINGS[1:])[place] for place in _IN_NOTEBOOKS)),
        rows,
        comparison.notes,
    )


def headline(comparison: Comparison) -> list[str]:
    """Return the metrics that are shown first."""
    chosen = [name for name in comparison.metrics if name in HEADLINE]
    return chosen if len(chosen) == len(HEADLINE) else comparison.metrics


def _arm(comparison: Comparison, label: str, names: list[str]) -> list[str]:
    rows, without = [], []
    for name in names:
        difference = comparison.found.get((label, name))
        if difference is None:
            continue
        if difference.statistics.telling == 0:
            without.append(_why_nothing(difference))
        else:
            rows.append(cells(difference))
    lines = laid_out([HEADINGS, *rows], RIGHT) if rows else []
    if comparison.changes_nothing(label):
        lines.append("Changes nothing: every metric is the same in every run.")
    return lines + without


def _why_nothing(difference: Difference) -> str:
    found, name = difference.statistics, difference.metric.name
    if found.pairs == 0:
        return f"{name}: not defined in any pair (a share or lead of nothing): nothing to compare."
    return f"{name}: no run of either arm reaches it by the end: nothing to compare."


def cells(difference: Difference) -> tuple[str, ...]:
    """Return one line of the table."""
    found, unit = difference.statistics, difference.metric.unit
    interval = found.median_interval

    def spread(share: float) -> str:
        low, high = (found.quantiles[place] for place in _ENDS[share])
        return between(low.low, high.high, unit)

    never, sure = "", between(interval.low, interval.high, unit)
    if found.baseline_never or found.policy_never:
        before, after = found.baseline_never / found.pairs, found.policy_never / found.pairs
        never = f"{percent(before)} -> {percent(after)}"
    return (
        difference.metric.name,
        unit,
        "later" if math.isinf(found.baseline_median) else amount(found.baseline_median, unit),
        bounds(found.median, unit) + (f" ({sure})" if sure != "... to ..." else ""),
        spread(0.5),
        spread(0.9),
        "" if math.isnan(found.mean) else signed(found.mean, unit),
        percent(found.lower),
        percent(found.equal),
        percent(found.higher),
        never,
        saved(found.runs_saved),
    )


def bounds(known: Bounds, unit: str) -> str:
    """Return a difference, or what is known of it.

    >>> bounds(Bounds(1.5, 1.5), "months"), bounds(Bounds(3.0, math.inf), "months")
    ('+1.5', '>= +3.0')
    >>> bounds(Bounds(-math.inf, -2.0), "months"), bounds(Bounds(-1.0, 4.0), "months")
    ('<= -2.0', '-1.0..+4.0')
    >>> bounds(Bounds(-1.31, -1.29), "months")
    '-1.3'
    """
    if known.low == known.high:
        return signed(known.low, unit)
    if math.isinf(known.low) and math.isinf(known.high):
        return "unknown"
    if math.isinf(known.high):
        return f">= {signed(known.low, unit)}"
    if math.isinf(known.low):
        return f"<= {signed(known.high, unit)}"
    ends = [signed(end, unit) for end in (known.low, known.high)]
    return ends[0] if ends[0] == ends[1] else "..".join(ends)


def between(low: float, high: float, unit: str) -> str:
    """Return an interval of differences; an end without a bound is "...".

    >>> between(-1.0, math.inf, "months")
    '-1.0 to ...'
    """
    if math.isnan(low):
        return ""
    ends = ["..." if math.isinf(end) else signed(end, unit) for end in (low, high)]
    return ends[0] if ends[0] == ends[1] != "..." else f"{ends[0]} to {ends[1]}"


def amount(value: float, unit: str) -> str:
    """Return a number as its unit is read.

    >>> amount(3.14159, "months"), amount(1234567.0, "USD"), amount(0.1234, "share"), amount(7.0, "actors")
    ('3.1', '1.23M', '0.123', '7')
    """
    if math.isnan(value):
        return ""
    if unit == "months":
        return f"{value:.1f}"
    if unit in ("share", "index"):
        return f"{value:.3f}"
    for size, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size and (letter != "k" or unit == "USD"):
            return f"{value / size:.3g}{letter}"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.0f}" if value == round(value) else f"{value:.3g}"


def signed(value: float, unit: str) -> str:
    """Return a difference with its sign; 0 has none, and what rounds to 0 keeps it."""
    if value == 0:
        return "0"
    text = amount(abs(value), unit)
    return f"{'-' if value < 0 else '+'}{text}"


def saved(ratio: float) -> str:
    """Return how many times fewer runs the pairing needed."""
    if math.isnan(ratio):
        return ""
    return ">1000x" if ratio > 1000 else f"{ratio:.1f}x" if ratio < 10 else f"{ratio:.0f}x"


def _how_to_read(comparison: Comparison, names: list[str]) -> str:
    scenario = comparison.base.scenario
    lines = [
        "median: of the differences (policy - baseline) within pairs; in brackets its 90 % interval. "
        "50 and 90 % of runs: where the differences lie.",
        "lower, equal, higher: shares of pairs (for dates: earlier, equal, later). "
        "runs saved: how many times more runs seeds of their own would need.",
        "never: share of runs in which it does not come by the end of "
        f"{scenario.file.scenario.end}, baseline -> policy. Such a date is later than the end, not a number: "
        ">=, <= and ... say what is known. Pairs in which it comes in neither run say nothing, and are left "
        "out of median and intervals.",
    ]
    left = len(comparison.metrics) - len(names)
    if left:
        lines.append(f"{left} more metrics: --all, or differences.parquet.")
    return "\n".join(lines)
