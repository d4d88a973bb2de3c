"""The picture of a comparison: the baseline in grey, each arm in colour.

Above: the share of runs that have reached each lag. Below: the paired differences with their
intervals, months on one axis, every other metric on an axis of its own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.comparison import LAGS, end_of, moved_reveals
from experiments.figures import ink
from experiments.figures.captions import basis_of
from experiments.figures.holding import arm_keys, colour_of, dash_of, round_of
from experiments.figures.sheet import BODY, POINT, SMALL, WIDE, Sheet, say, tidy
from experiments.statistics import LEVELS, Bounds
from sim.metrics import Metric

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from experiments.comparison import Comparison

DOTS_PER_INCH = 200
MOST_ARMS = 14
MARKERS = ("o", "s")  # squares when colours begin again
CURVES, LANE, PAD = 32.0, 2.2, 2.3  # mm: a panel of curves, an arm's lane, between metrics
TICK = 3.5  # mm, at the right of panels for half of a label such as +0.025
LABELS = 26.0  # mm, of metrics beside their lanes
DATED = ("lag_1", "lag_3", "lag_5", "lag_10", "t_owner_2", "t_owner_6", "lead")
OTHERS = ("n_dev", "n_access", "openness", "downstream", "starts", "spending")
NAMES = {
    "lag_1": "lag to 1st other", "lag_3": "lag to 3rd other", "lag_5": "lag to 5th other",
    "lag_10": "lag to 10th other", "t_owner_2": "date of 2nd owner", "t_owner_6": "date of 6th owner",
    "lead": "lead of the first", "n_dev": "own developers", "n_access": "with others' weights",
    "openness": "openness", "downstream": "downstream research", "starts": "project starts",
    "spending": "spending",
}  # fmt: skip


def draw_comparison(comparison: Comparison, path: str | Path) -> Path:
    """Draw a comparison to a file (.png, .svg, .pdf) and return its path.

    Raises UserError for a file that cannot be written.
    """
    return ink.save(lambda: compose(comparison), path, _facts(comparison), DOTS_PER_INCH)


def compose(comparison: Comparison, width: float = WIDE, chosen: Sequence[str] = ()) -> Figure:
    """Return the figure. ``width``: of the paper in mm; ``chosen``: arms, the first ones if none."""
    arms = list(chosen or comparison.results)[:MOST_ARMS]
    scenario = comparison.base.scenario
    klass = scenario.file.classes[scenario.follow_class].title or scenario.follow_class
    sheet = Sheet(width, f"{scenario.file.scenario.title}: {klass}")
    sheet.legend(arm_keys(comparison, arms))
    curves = [name for k in LAGS if comes(comparison, name := f"lag_{k}")]
    dated, others = drawn_metrics(comparison, arms)
    across = max(1, min(len(curves), 2 if sheet.narrow else 4))
    for first in range(0, len(curves), across):
        row = curves[first : first + across]
        sheet.top += 4.0
        panels = sheet.row(CURVES, [10.0] + [4.0] * (across - 1), gap=2.5, right=TICK / 2)
        for place, axes in enumerate(panels):
            if place < len(row):
                draw_curves(axes, comparison, arms, row[place], first=place == 0)
            else:
                axes.set_axis_off()
    if dated:
        sheet.top += 2.0
        tall = (LANE * len(arms) + PAD) * len(dated)
        axes = sheet.panel(tall, LABELS, 3.0)
        draw_intervals(axes, comparison, arms, dated)
    across = 2 if sheet.narrow else 3
    for first in range(0, len(others), across):
        row = others[first : first + across]
        sheet.top += 4.0
        panels = sheet.row(max(5.0, LANE * len(arms)), [3.0] * across, below=7.5, gap=4.0, right=TICK)
        for place, axes in enumerate(panels):
            if place < len(row):
                draw_one(axes, comparison, arms, row[place])
            else:
                axes.set_axis_off()
    if not (curves or dated or others):
        axes = sheet.panel(20.0, 0.0)
        axes.set_axis_off()
        say(axes, "No run of any arm reaches what is asked for: nothing to compare.", sheet.room)
    foot = (
        "Above: share of the pairs that have reached a lag. Below: paired differences; thick: 50 % of pairs, "
        "thin: 90 %, ring: median. Dates that never come: arrow: no bound, triangles: bounds of the median."
    )
    left = len(comparison.results) - len(arms)
    foot += f" {left} more arms are in the tables." if left else ""
    note = moved_reveals(comparison, arms, [*curves, *dated])
    return sheet.whole(" ".join(filter(None, (foot, note, basis_of("compare", comparison).text))))


def comes(comparison: Comparison, name: str) -> bool:
    """Return whether a date comes in some run of some arm."""
    values = [
        result[name]
        for result in (comparison.base, *comparison.results.values())
        if name in comparison.metrics and any(metric.name == name for metric in result.metrics)
    ]
    return any(np.isfinite(dates).any() for dates in values)


def drawn_metrics(comparison: Comparison, arms: list[str]) -> tuple[list[str], list[str]]:
    """Return the metrics drawn on the axis of months, and those on axes of their own."""

    def told(name: str) -> bool:
        return any((arm, name) in comparison.found and comparison.found[arm, name].statistics.telling
                   for arm in arms)  # fmt: skip

    kept = {metric.name: metric for metric in comparison.base.metrics}
    names = [name for name in comparison.metrics if told(name)]
    general = set(DATED + OTHERS)
    if len([name for name in names if name in general]) < len(names) <= 12:
        shown = names  # few were asked for: all of them
    else:
        shown = [name for name in names if name in general] or names[:12]
    return [n for n in shown if kept[n].is_date], [n for n in shown if not kept[n].is_date][:6]


def draw_curves(axes: Axes, comparison: Comparison, arms: list[str], name: str, first: bool) -> None:
    """Draw the share of runs that have reached a lag, over the months since the reveal."""
    longest = 0.0
    for label in ["", *arms]:
        result = comparison.results[label] if label else comparison.base
        kept = {metric.name: metric for metric in result.metrics}
        if name not in kept:
            continue
        months, shares = reached(result[name], end_of(result, kept[name]))
        settled = months[np.argmax(shares >= 0.99 * shares[-1])]  # from here on there is little to see
        longest = max(longest, float(1.15 * settled if shares[-1] > 0.97 else months[-1]))
        axes.step(
            months, 100 * shares, where="post", linewidth=1.0 if label else 2.6, alpha=1.0 if label else 0.8,
            color=colour_of(comparison, label) if label else ink.BASELINE,
            linestyle=dash_of(comparison, label) if label else "-", zorder=3 if label else 2,
        )  # fmt: skip
    axes.set_ylim(0, 102)
    axes.set_xlim(0, longest or 1)
    axes.set_yticks([0, 50, 100])
    axes.set_yticklabels(["0", "50", "100"] if first else [])
    if first:
        axes.set_ylabel(f"% of {comparison.runs:,} pairs", fontsize=SMALL)
    axes.set_xlabel("months since the reveal", fontsize=SMALL, labelpad=1)
    axes.set_title(NAMES[name], fontsize=BODY, loc="left", pad=3, fontweight="bold")
    _tidy(axes)


def reached(lags: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return months and the share of runs that have reached a lag by then, as steps.

    Drawn only as long as every run can be watched: to the earliest end.
    """
    last = float(np.nanmin(ends)) if len(ends) and not np.isnan(ends).all() else 0.0
    months = np.sort(lags[np.isfinite(lags) & (lags <= last)])
    shares = np.arange(1, len(months) + 1) / max(len(lags), 1)
    final = shares[-1] if len(shares) else 0.0
    return np.concatenate([[0.0], months, [last]]), np.concatenate([[0.0], shares, [final]])


def draw_intervals(axes: Axes, comparison: Comparison, arms: list[str], names: list[str]) -> None:
    """Draw the differences of several metrics on one axis of months."""
    block = len(arms) + PAD / LANE
    low, high = _limits(comparison, arms, names)
    axes.set_xlim(low, high)
    axes.set_ylim(block * len(names) - PAD / LANE / 2 - 0.5, -0.5 - PAD / LANE / 2)
    for row, name in enumerate(names):
        if row % 2 == 0:
            start = row * block - 0.5 - PAD / LANE / 2
            axes.axhspan(start, start + block, color=ink.BAND, linewidth=0, zorder=0)
        for place, arm in enumerate(arms):
            _interval(axes, comparison, arm, name, row * block + place, (low, high))
        middle = row * block + (len(arms) - 1) / 2
        axes.annotate(
            ink.fitted(NAMES.get(name, name), BODY, LABELS - 1.2), (0, middle), (-1.0 / POINT, 0),
            xycoords=("axes fraction", "data"), textcoords="offset points", ha="right", va="center",
            fontsize=BODY, parse_math=False, annotation_clip=False,
        )  # fmt: skip
    axes.set_xlabel("difference to the baseline (months)", fontsize=SMALL, labelpad=1)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:+g}" if value else "0")
    _zero(axes)


def draw_one(axes: Axes, comparison: Comparison, arms: list[str], name: str) -> None:
    """Draw the differences of one metric on an axis of its own, in its unit."""
    metric = next(one for one in comparison.base.metrics if one.name == name)
    low, high = _limits(comparison, arms, [name])
    axes.set_xlim(low, high)
    axes.set_ylim(len(arms) - 0.4, -0.6)
    for place, arm in enumerate(arms):
        _interval(axes, comparison, arm, name, place, (low, high))
    title = ink.fitted(NAMES.get(name, name), BODY, 36.0, True)
    axes.set_title(title, fontsize=BODY, loc="left", pad=2, parse_math=False, fontweight="bold")
    axes.set_xlabel(f"{_unit(metric)} (n = {comparison.runs:,})", fontsize=SMALL, labelpad=1)
    axes.xaxis.set_major_locator(_locator())
    scale = 1e6 if metric.unit == "USD" else 1.0
    axes.xaxis.set_major_formatter(lambda value, _: f"{value / scale:+g}" if value else "0")
    _zero(axes)


def _unit(metric: Metric) -> str:
    return "million USD" if metric.unit == "USD" else metric.unit


def _locator():
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(4, steps=[1, 2, 2.5, 5, 10])


def _interval(axes: Axes, comparison, arm: str, name: str, y: float, limits) -> None:
    """Draw 90 % (thin), 50 % (thick) and the median of one difference; arrows where there is no bound."""
    difference = comparison.found.get((arm, name))
    if difference is None or difference.statistics.telling == 0:
        return
    five, first, median, third, last = difference.statistics.quantiles
    assert len(LEVELS) == 5
    colour = colour_of(comparison, arm)
    for (start, end), width in (((five.low, last.high), 0.8), ((first.low, third.high), 2.4)):
        axes.plot(np.clip([start, end], *limits), [y, y], color=colour, linewidth=width,
                  solid_capstyle="butt", zorder=3)  # fmt: skip
    arrow: dict[str, Any] = {
        "linestyle": "none",
        "color": colour,
        "markersize": 3.2,
        "clip_on": False,
        "zorder": 4,
    }
    if math.isinf(five.low):
        axes.plot([limits[0]], [y], marker="<", **arrow)
    if math.isinf(last.high):
        axes.plot([limits[1]], [y], marker=">", **arrow)
    _median(axes, median, y, colour, MARKERS[round_of(comparison, arm)])


def _median(axes: Axes, median: Bounds, y: float, colour: str, marker: str) -> None:
    if median.known:
        axes.plot([median.low], [y], marker, markersize=3.4, markerfacecolor="white",
                  markeredgecolor=colour, markeredgewidth=1.0, zorder=5)  # fmt: skip
        return
    for value, sign in ((median.low, ">"), (median.high, "<")):  # it lies beyond, or between
        if math.isfinite(value):
            axes.plot([value], [y], sign, markersize=3.6, markerfacecolor="white",
                      markeredgecolor=colour, markeredgewidth=0.9, zorder=5)  # fmt: skip


def _limits(comparison: Comparison, arms: list[str], names: list[str]) -> tuple[float, float]:
    ends = [0.0]
    for arm in arms:
        for name in names:
            if (arm, name) in comparison.found:
                for bounds in comparison.found[arm, name].statistics.quantiles:
                    ends += [end for end in (bounds.low, bounds.high) if math.isfinite(end)]
    low, high = min(ends), max(ends)
    margin = 0.06 * (high - low) or 1.0
    return low - margin, high + margin


def _zero(axes: Axes) -> None:
    axes.axvline(0, color=ink.BASELINE, linewidth=1.6, zorder=1)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    _tidy(axes)


def _tidy(axes: Axes) -> None:
    tidy(axes)
    axes.tick_params(length=2, width=0.5, labelsize=SMALL, pad=1.5)


def _facts(comparison: Comparison) -> dict[str, str]:
    scenario = comparison.base.scenario
    return {
        "Software": "diffusion-cascades",
        "Description": f"{scenario.name}, seed {comparison.base.seed}, {comparison.runs} pairs; arms: "
        + "; ".join(comparison.results),
    }
