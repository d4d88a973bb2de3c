"""The figure of a study: one panel per analysis. Baselines are grey, arms in colours for the colour-blind."""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from experiments.figures import ink
from experiments.statistics import Bounds

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from experiments.answers.finding import Mark, Panel
    from experiments.study import Answer

COLOURS = (ink.BLUE, ink.VERMILLION, ink.GREEN, ink.ORANGE, ink.PURPLE, ink.SKY, ink.BLACK)
DASHES = ("-", "--", "-.", ":")
WIDTH = 7.2  # inches
ROW, CURVE, AROUND, HEAD = 0.2, 2.6, 0.95, 0.75  # inches
MOST_ROWS = 44  # of one panel


@dataclass(frozen=True)
class Calendar:
    """The months of a scenario: its first, counted from the year 0, and how many there are."""

    start: float
    months: float


def draw_study(answer: Answer, path: Path) -> None:
    """Draw the panels of an answer below each other."""
    file, outcome = answer.study.file, answer.outcome
    below = f"{outcome.scenario.name}: {outcome.runs} paired runs, seed {outcome.seed}"
    panels = [panel for finding in answer.findings for panel in finding.panels]
    draw_panels(panels, file.title, below, path, Calendar(outcome.scenario.start, outcome.horizon))


def draw_panels(
    panels: list[Panel], title: str, below: str, path: Path, calendar: Calendar | None = None
) -> None:
    """Draw panels below each other, under a title and a line about what they rest on.

    ``calendar``: of panels whose axis is time.
    """
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    heights = [_height(panel) for panel in panels]
    with rc_context(ink.STYLE):
        figure = Figure(figsize=(WIDTH, sum(heights) + HEAD), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots(len(panels), 1, height_ratios=heights, squeeze=False)[:, 0]
        figure.suptitle("\n".join(textwrap.wrap(title, 84)) + f"\n{below}", fontsize=9.5, parse_math=False)
        for axis, panel in zip(axes, panels, strict=True):
            axis.set_title(
                "\n".join(textwrap.wrap(panel.title, 90)), fontsize=8.5, loc="left", parse_math=False
            )
            draw = {"intervals": _intervals, "curves": _curves, "points": _points, "limits": _limits}
            draw[panel.sort](axis, panel, calendar)
            for side in ("top", "right"):
                axis.spines[side].set_visible(False)
            axis.tick_params(length=2, width=0.5, labelsize=7.5)
        figure.savefig(path, dpi=150)


def _height(panel: Panel) -> float:
    if panel.sort == "limits":
        return ROW * len(panel.limits) + AROUND
    if panel.sort != "intervals":
        return CURVE + AROUND
    marks = panel.marks[:MOST_ROWS]
    return ROW * (len(marks) + len({mark.group for mark in marks})) + AROUND


def _finite(*values: float) -> list[float]:
    return [value for value in values if math.isfinite(value)]


def _reach(marks: list[Mark]) -> tuple[float, float]:
    """Return from where to where an axis must go; arrows stand for what goes on beyond."""
    ends = [0.0]
    for mark in marks:
        ends += _finite(mark.middle.low, mark.middle.high, mark.band.low, mark.band.high)
    low, high = min(ends), max(ends)
    margin = 0.06 * (high - low) or 1.0
    return low - margin, high + margin


def _intervals(axis: Axes, panel: Panel, calendar: Calendar | None) -> None:
    marks = panel.marks[:MOST_ROWS]
    groups = list(dict.fromkeys(mark.group for mark in marks))
    low, high = _reach(marks)
    if panel.level is not None:
        low, high = min(low, panel.level), max(high, panel.level)
    place, ticks, labels = 0.0, [], []
    arms = panel.arms or list(dict.fromkeys(mark.label for mark in marks if not mark.baseline))
    for group in groups:
        if any(mark.group for mark in marks):
            ink.write(
                axis, 0.008, place, ink.shorten(group, 80), transform=axis.get_yaxis_transform(),
                fontsize=7.5, style="italic", va="center", color=ink.GREY,
            )  # fmt: skip
            place += 1.0
        own = [mark for mark in marks if mark.group == group]
        for mark in own:
            colour = ink.GREY if mark.baseline else COLOURS[arms.index(mark.label) % len(COLOURS)]
            _interval(axis, mark.band, place, 1.0, colour, low, high)
            _interval(axis, mark.half, place, 3.4, colour, low, high)
            _dot(axis, mark.middle, place, colour, low, high)
            ticks.append(place)
            labels.append(ink.shorten(mark.label, 46))
            place += 1.0
    axis.axvline(panel.level if panel.level is not None else 0.0, color=ink.PALE, linewidth=0.8, zorder=0)
    axis.set_ylim(place - 0.4, -0.6)
    axis.set_yticks(ticks, labels, parse_math=False)
    axis.set_xlim(low, high)
    left_out = len(panel.marks) - len(marks)
    note = panel.note + (f"; {left_out} more in the table" if left_out else "")
    axis.set_xlabel(panel.x_label + (f"    {note}" if note else ""), fontsize=7.5, parse_math=False)


def _interval(axis: Axes, bounds: Bounds, place: float, width: float, colour: str, low, high) -> None:
    if math.isnan(bounds.low) or math.isnan(bounds.high):
        return
    left, right = max(bounds.low, low), min(bounds.high, high)
    axis.plot([left, right], [place, place], color=colour, linewidth=width, solid_capstyle="butt", zorder=2)
    for end, marker in ((bounds.low, "<"), (bounds.high, ">")):
        if math.isinf(end):  # it goes on: the date may never come
            axis.plot(
                low if end < 0 else high, place, marker=marker, color=colour, markersize=4, clip_on=False
            )


def _dot(axis: Axes, middle: Bounds, place: float, colour: str, low, high) -> None:
    if math.isnan(middle.low):
        return
    if middle.known:
        axis.plot(middle.low, place, "o", color=colour, markersize=4.5, zorder=3)
        axis.plot(middle.low, place, "o", color="white", markersize=1.6, zorder=4)
    elif math.isfinite(middle.low):
        axis.plot(middle.low, place, "|", color=colour, markersize=9, zorder=3)
    elif math.isfinite(middle.high):
        axis.plot(middle.high, place, "|", color=colour, markersize=9, zorder=3)


def _curves(axis: Axes, panel: Panel, calendar: Calendar | None) -> None:
    finite = [y for line in panel.series for y in _finite(*line.y, *line.low, *line.high)]
    top, bottom = max(finite, default=1.0), min(finite, default=0.0)
    for number, line in enumerate(panel.series):
        colour = COLOURS[number % len(COLOURS)]
        x, y = np.array(line.x), np.array(line.y, float)
        low = np.where(np.isneginf(line.low), bottom, line.low)
        high = np.where(np.isposinf(line.high), top, line.high)
        axis.fill_between(
            x, low, high, color=colour, alpha=0.13 if len(panel.series) > 2 else 0.2, linewidth=0
        )
        axis.plot(
            x, np.where(np.isfinite(y), y, np.nan), color=colour, linewidth=1.4, marker="o", markersize=3,
            linestyle=DASHES[(number // 2) % 4], label=ink.shorten(line.label, 52),
        )  # fmt: skip
    if panel.level is not None:
        axis.axhline(panel.level, color=ink.GREY, linewidth=0.8, linestyle=":")
    elif bottom < 0 < top:
        axis.axhline(0.0, color=ink.PALE, linewidth=0.8, zorder=0)
    if panel.calendar and calendar:
        ink.draw_calendar(axis, calendar.start, calendar.months, labelled=True)
    if len(panel.series) > 1:
        axis.legend(fontsize=7, frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    axis.set_ylabel(panel.y_label, fontsize=7.5, parse_math=False)
    text = "    ".join(part for part in (panel.x_label, panel.note) if part)
    axis.set_xlabel(text, fontsize=7.5, parse_math=False)


def _limits(axis: Axes, panel: Panel, calendar: Calendar | None) -> None:
    """Draw what a box leaves of the range of every input: a bar on a pale line, and its limits in words."""
    for place, (label, low, high, words) in enumerate(panel.limits):
        axis.plot([0, 1], [place, place], color=ink.PALE, linewidth=3, solid_capstyle="butt", zorder=1)
        axis.plot([low, high], [place, place], color=ink.BLUE, linewidth=5, solid_capstyle="butt", zorder=2)
        ink.write(axis, 1.03, place, ink.shorten(f"{label} {words}", 74), va="center", fontsize=7.5)
    axis.set_xlim(0, 2.4)
    axis.set_ylim(len(panel.limits) - 0.4, -0.6)
    axis.set_xticks([0, 0.5, 1], ["least", "", "most"])
    axis.set_yticks([])
    axis.spines["left"].set_visible(False)
    axis.spines["bottom"].set_bounds(0, 1)
    axis.set_xlabel(panel.x_label, fontsize=7.5, parse_math=False, x=1 / 2.4, ha="right")


def _points(axis: Axes, panel: Panel, calendar: Calendar | None) -> None:
    arms = [point[0] for point in panel.points if point[0] != "baseline"]
    for number, (label, x, y, x_bounds, y_bounds, front) in enumerate(panel.points):
        colour = ink.GREY if label == "baseline" else COLOURS[arms.index(label) % len(COLOURS)]
        marker = "o" if number <= len(COLOURS) else "s"
        axis.plot([x_bounds.low, x_bounds.high], [y, y], color=colour, linewidth=1)
        axis.plot([x, x], [y_bounds.low, y_bounds.high], color=colour, linewidth=1)
        axis.plot(
            x,
            y,
            marker,
            color=colour,
            markersize=4.5,
            linestyle="none",
            label=f"{number + 1}  {ink.shorten(label, 40)}",
        )
        if front:
            axis.plot(x, y, "o", color=colour, markersize=9, markerfacecolor="none", markeredgewidth=0.8)
        axis.annotate(
            str(number + 1), (x, y), xytext=(6, 4), textcoords="offset points", fontsize=7, color=colour
        )
    axis.legend(fontsize=7, frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    axis.margins(0.08)
    axis.set_xlabel(panel.x_label + f"    {panel.note}", fontsize=7.5, parse_math=False)
    axis.set_ylabel(panel.y_label, fontsize=7.5, parse_math=False)
