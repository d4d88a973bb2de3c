"""The picture of a comparison: the baseline in grey, each arm in colour.

Above: the share of runs that have reached each lag. Below: the paired differences with their
intervals, months on one axis, every other metric on an axis of its own.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.comparison import LAGS, end_of
from experiments.figures import ink
from experiments.statistics import LEVELS, Bounds
from sim.metrics import Metric

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from experiments.comparison import Comparison

WIDTH = 7.2  # inches: two columns of a journal
DOTS_PER_INCH = 200
MOST_ARMS = 14
SHORT = 28  # characters of a label, for three columns of them
COLOURS = (ink.BLUE, ink.VERMILLION, ink.GREEN, ink.ORANGE, ink.PURPLE, ink.SKY, ink.BLACK)
DASHES = ("solid", (0, (4, 1.5)))  # the second round through the colours is dashed
MARKERS = ("o", "s")
BASELINE = "#9A9A9A"
CURVES, LANE, PAD = 1.25, 0.085, 0.09  # inches: a panel of curves, an arm's lane, between metrics
OWN_AXIS = 0.42  # inches for title and ticks
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
    """Draw a comparison to a PNG file and return its path.

    Raises UserError for a file that cannot be written.
    """
    return ink.save(lambda: compose(comparison), path, _facts(comparison), DOTS_PER_INCH)


def compose(comparison: Comparison) -> Figure:
    """Return the figure."""
    from matplotlib.figure import Figure

    arms = list(comparison.results)[:MOST_ARMS]
    curves = [name for k in LAGS if comes(comparison, name := f"lag_{k}")]
    dated, others = drawn_metrics(comparison, arms)
    block = LANE * len(arms) + PAD
    left_height = block * len(dated) if dated else 0.0
    each = LANE * len(arms) + OWN_AXIS
    right_height = each * math.ceil(len(others) / (1 if dated else 3))
    lower = max(left_height + 0.24, right_height, 0.84)
    rows = math.ceil((len(arms) + 1) / (3 if max(map(len, arms), default=0) <= SHORT else 2))
    top = 0.42 + 0.16 * rows
    upper = CURVES + 0.5 if curves else 0.0
    height = top + upper + lower + 0.55
    figure = Figure(figsize=(WIDTH, height))
    _title(figure, comparison, arms, height)

    def box(x: float, y: float, width: float, tall: float) -> Axes:
        """Return axes at a place in inches from the left and from the top."""
        return figure.add_axes((x / WIDTH, 1 - (y + tall) / height, width / WIDTH, tall / height))

    step = (WIDTH - 0.75) / max(len(curves), 1)
    for place, name in enumerate(curves):
        axes = box(0.55 + place * step, top + 0.12, step - 0.12, CURVES)
        draw_curves(axes, comparison, arms, name, first=place == 0)
    foot = top + upper + 0.12
    if dated:
        axes = box(1.3, foot, 3.15 if others else WIDTH - 1.5, max(lower - 0.24, 0.6))
        draw_intervals(axes, comparison, arms, dated)
    across = 1 if dated else 3
    span = (WIDTH - 4.75) / across if dated else (WIDTH - 0.3) / across
    for place, name in enumerate(others):
        x = (4.65 if dated else 0.2) + (place % across) * span
        axes = box(x, foot + 0.12 + (place // across) * each, span - 0.2, LANE * len(arms))
        draw_one(axes, comparison, arms, name)
    if not (curves or dated or others):
        ink.write(figure.add_axes((0, 0, 1, 1), frameon=False, xticks=[], yticks=[]), 0.5, 0.4,
                  "No run of any arm reaches what is asked for: nothing to compare.",
                  ha="center", color=ink.GREY)  # fmt: skip
    return figure


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
    for place, label in enumerate(["", *arms]):
        result = comparison.results[label] if label else comparison.base
        kept = {metric.name: metric for metric in result.metrics}
        if name not in kept:
            continue
        months, shares = reached(result[name], end_of(result, kept[name]))
        settled = months[np.argmax(shares >= 0.99 * shares[-1])]  # from here on there is little to see
        longest = max(longest, float(1.15 * settled if shares[-1] > 0.97 else months[-1]))
        style = _style(place - 1) if label else {"color": BASELINE}
        axes.step(
            months, 100 * shares, where="post", linewidth=1.0 if label else 2.6, alpha=1.0 if label else 0.8,
            color=style["color"], linestyle=style.get("linestyle", "solid"), zorder=3 if label else 2,
        )  # fmt: skip
    axes.set_ylim(0, 102)
    axes.set_xlim(0, longest or 1)
    axes.set_yticks([0, 50, 100])
    axes.set_yticklabels(["0", "50", "100"] if first else [])
    if first:
        axes.set_ylabel("% of runs that reach it", fontsize=7)
    axes.set_xlabel("months since the reveal", fontsize=7, labelpad=1)
    axes.set_title(NAMES[name], fontsize=7.5, loc="left", pad=3)
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
            _interval(axes, comparison, arm, name, row * block + place, place, (low, high))
        middle = row * block + (len(arms) - 1) / 2
        ink.write(axes, -0.015, middle, NAMES.get(name, ink.shorten(name, 22)), ha="right", va="center",
                  fontsize=7, transform=axes.get_yaxis_transform())  # fmt: skip
    axes.set_xlabel("difference to the baseline (months)", fontsize=7, labelpad=1)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:+g}" if value else "0")
    _zero(axes)


def draw_one(axes: Axes, comparison: Comparison, arms: list[str], name: str) -> None:
    """Draw the differences of one metric on an axis of its own, in its unit."""
    metric = next(one for one in comparison.base.metrics if one.name == name)
    low, high = _limits(comparison, arms, [name])
    axes.set_xlim(low, high)
    axes.set_ylim(len(arms) - 0.4, -0.6)
    for place, arm in enumerate(arms):
        _interval(axes, comparison, arm, name, place, place, (low, high))
    title = f"{NAMES.get(name, ink.shorten(name, 30))} ({_unit(metric)})"
    axes.set_title(title, fontsize=7, loc="left", pad=2)
    axes.xaxis.set_major_locator(_locator())
    scale = 1e6 if metric.unit == "USD" else 1.0
    axes.xaxis.set_major_formatter(lambda value, _: f"{value / scale:+g}" if value else "0")
    _zero(axes)


def _unit(metric: Metric) -> str:
    return "million USD" if metric.unit == "USD" else metric.unit


def _locator():
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(4, steps=[1, 2, 2.5, 5, 10])


def _interval(axes: Axes, comparison, arm: str, name: str, y: float, place: int, limits) -> None:
    """Draw 90 % (thin), 50 % (thick) and the median of one difference; arrows where there is no bound."""
    difference = comparison.found.get((arm, name))
    if difference is None or difference.statistics.telling == 0:
        return
    five, first, median, third, last = difference.statistics.quantiles
    assert len(LEVELS) == 5
    colour = _style(place)["color"]
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
    _median(axes, median, y, colour, MARKERS[place // len(COLOURS) % 2])


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
    axes.axvline(0, color=BASELINE, linewidth=1.6, zorder=1)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    _tidy(axes)


def _tidy(axes: Axes) -> None:
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=2, width=0.5, labelsize=6.5, pad=1.5)
    axes.grid(axis="x", color="#E2E2E2", linewidth=0.4, zorder=0)
    axes.set_axisbelow(True)


def _style(place: int) -> dict[str, Any]:
    return {
        "color": COLOURS[place % len(COLOURS)],
        "linestyle": DASHES[place // len(COLOURS) % 2],
        "marker": MARKERS[place // len(COLOURS) % 2],
    }


def _title(figure: Figure, comparison: Comparison, arms: list[str], height: float) -> None:
    from matplotlib.lines import Line2D

    scenario = comparison.base.scenario
    klass = scenario.file.classes[scenario.follow_class].title or scenario.follow_class
    whole = figure.add_axes((0, 0, 1, 1), frameon=False, xticks=[], yticks=[])
    whole.set_zorder(-1)
    title = ink.shorten(f"{scenario.file.scenario.title}: {klass}", 70)
    ink.write(whole, 0.12 / WIDTH, 1 - 0.17 / height, title, fontsize=9, weight="bold", va="center")
    pairs = f"in this model, with these inputs · {comparison.runs:,} pairs of runs"
    ink.write(whole, 1 - 0.12 / WIDTH, 1 - 0.17 / height, pairs, fontsize=7, va="center", ha="right",
              color="#333333")  # fmt: skip
    handles = [Line2D([], [], color=BASELINE, linewidth=2.6)]
    handles += [
        Line2D([], [], color=_style(place)["color"], linestyle=_style(place)["linestyle"], linewidth=1.4,
               marker=_style(place)["marker"], markerfacecolor="white", markersize=3.4)
        for place in range(len(arms))
    ]  # fmt: skip
    columns = 3 if max(map(len, arms), default=0) <= SHORT else 2
    most = SHORT if columns == 3 else 44
    labels = ["baseline", *(ink.shorten(arm, most).replace("$", r"\$") for arm in arms)]
    labels = [f" {label}" if label.startswith("_") else label for label in labels]
    figure.legend(
        handles, labels, loc="upper left", bbox_to_anchor=(0.08 / WIDTH, 1 - 0.27 / height), ncols=columns,
        frameon=False, fontsize=7, handlelength=2.0, columnspacing=1.2, labelspacing=0.25, borderpad=0.2,
    )  # fmt: skip
    left = len(comparison.results) - len(arms)
    foot = "Thick: 50 % of pairs, thin: 90 %, ring: median. Dates that never come: arrow: no bound, "
    foot += "triangles: bounds of the median."
    if left:
        foot += f" {left} more arms are in the tables."
    ink.write(whole, 0.12 / WIDTH, 0.09 / height, foot, fontsize=6.5, va="bottom", color="#333333")


def _facts(comparison: Comparison) -> dict[str, str]:
    scenario = comparison.base.scenario
    return {
        "Software": "diffusion-cascades",
        "Description": f"{scenario.name}, seed {comparison.base.seed}, {comparison.runs} pairs; arms: "
        + "; ".join(comparison.results),
    }
