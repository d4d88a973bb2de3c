"""The panels of a study or an analysis. Baselines are grey, arms in colours for the colour-blind."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.figures import ink
from experiments.figures.sheet import AXIS, BODY, LINE, POINT, SMALL, WIDE, Sheet, names_room, say, tidy
from experiments.statistics import Bounds

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from experiments.answers.finding import Mark, Panel
    from experiments.answers.page import Calendar, Page

DASHES: tuple[Any, ...] = ("-", "--", "-.", ":")
MARKERS = "osD^"  # of points, where their colours begin again
ROW, CURVE = 4.2, 48.0  # millimetres
MOST_ROWS = 44  # of one panel
NAMES = 0.36  # of the paper, for labels at the left
RING = 1.6  # mm, half the size of a ringed mark
SAME_PLACE = 0.4  # mm: marks nearer than that are one
EDGE_OF_BAND = 0.5  # points, a line
TICKS = (
    "Upright tick in place of a ringed dot: a bound of the middle, which dates that never come leave open."
)
FAR = 4.0  # mm, from a mark to its number: further than that a line joins them


def draw_page(page: Page, path: str | Path) -> Path:
    """Draw all panels of a page into a file."""
    facts = {"Title": page.title, "Software": "diffusion-cascades", "Description": page.basis.text}
    return ink.save(lambda: compose(page, WIDE), path, facts, dots_per_inch=200)


def compose(page: Page, width: float) -> Figure:
    """Return the figure: panels below each other."""
    sheet = Sheet(width, page.title)
    draw = {"intervals": _intervals, "curves": _curves, "points": _points, "limits": _limits}
    for panel in page.panels:
        sheet.heading(panel.title)
        draw[panel.sort](sheet, _counted(panel, page.basis.runs), page.calendar)
    if not page.panels:
        say(_bare(sheet), "There is nothing to draw.", sheet.room)
    notes = [f"{panel.note[:1].upper()}{panel.note[1:]}." for panel in page.panels if panel.note]
    notes += [TICKS] if any(map(_is_open, page.panels)) else []
    return sheet.whole(" ".join([*dict.fromkeys(notes), *page.notes, page.basis.text]))


def _is_open(panel: Panel) -> bool:
    """Whether some interval is drawn whose middle is known by one bound only."""
    return panel.sort == "intervals" and any(
        not mark.middle.known and not math.isnan(mark.middle.low) for mark in panel.marks[:MOST_ROWS]
    )


def _counted(panel: Panel, runs: int) -> Panel:
    """Return a panel that says on the axis of its numbers how many runs it rests on."""
    name = "x_label" if panel.sort in ("intervals", "limits") else "y_label"
    label, count = getattr(panel, name), f"n = {runs:,}"
    if not runs and "n = " not in label:
        return panel
    if "n = " not in label:
        label = f"{label[:-1]}; {count})" if label.endswith(")") else f"{label} ({count})"
    label = label.replace("n = ", f"n{ink.TIED}={ink.TIED}")  # on one line
    return replace(panel, x_label=label) if name == "x_label" else replace(panel, y_label=label)


def _bare(sheet: Sheet) -> Axes:
    axes = sheet.panel(25.0, 0.0, below=1.0)
    axes.set_axis_off()
    return axes


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


def _label(axes: Axes, text: str, room: float, up: bool = False) -> None:
    """Name an axis, in as many lines as it needs."""
    said = "\n".join(ink.wrapped(text, SMALL, room))
    (axes.set_ylabel if up else axes.set_xlabel)(said, fontsize=SMALL, parse_math=False)


def axis_room(text: str, room: float) -> float:
    """Return the height that the ticks and the name of an axis need below a panel."""
    return AXIS - SMALL * LINE * POINT + SMALL * LINE * POINT * len(ink.wrapped(text, SMALL, room))


def _intervals(sheet: Sheet, panel: Panel, calendar: Calendar | None) -> None:
    marks = panel.marks[:MOST_ROWS]
    if not marks:
        say(_bare(sheet), "There is nothing to compare.", sheet.room)
        return
    groups = list(dict.fromkeys(mark.group for mark in marks))
    grouped = any(mark.group for mark in marks)
    rows = len(marks) + (len(groups) if grouped else 0)
    room = names_room([mark.label for mark in marks], BODY, NAMES * sheet.room)
    wide = sheet.room - room - 2.0
    axes = sheet.panel(ROW * rows, room, 2.0, axis_room(panel.x_label, wide))
    low, high = _reach(marks)
    if panel.level is not None:
        low, high = min(low, panel.level), max(high, panel.level)
    place, names = 0, {}
    arms = panel.arms or list(dict.fromkeys(mark.label for mark in marks if not mark.baseline))
    many = len(arms) > len(ink.COLOURS)  # colours would begin again, and say nothing
    for group in groups:
        if grouped:
            text = ink.fitted(group, SMALL, wide - 1)
            ink.write(
                axes, 0.004, place, text, transform=axes.get_yaxis_transform(), fontsize=SMALL,
                style="italic", va="center", color=ink.GREY,
            )  # fmt: skip
            place += 1
        for mark in (mark for mark in marks if mark.group == group):
            own = ink.BLUE if many or mark.baseline else ink.COLOURS[arms.index(mark.label)]
            colour = ink.GREY if mark.baseline else own
            _interval(axes, mark.band, place, 1.0, colour, low, high)
            _interval(axes, mark.half, place, 3.0, colour, low, high)
            _dot(axes, mark.middle, place, colour, low, high)
            names[place] = ink.fitted(mark.label, BODY, room - 1.5)
            place += 1
    axes.axvline(panel.level if panel.level is not None else 0.0, color=ink.PALE, linewidth=0.8, zorder=0)
    axes.set_ylim(place - 0.4, -0.6)
    axes.set_yticks(list(names), list(names.values()), parse_math=False, fontsize=BODY)
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(low, high)
    tidy(axes)
    ink.plain_ticks(axes.xaxis, int(wide / 14.0))
    axes.spines["left"].set_visible(False)
    _label(axes, panel.x_label, wide)
    left_out = len(panel.marks) - len(marks)
    if left_out:
        sheet.paragraph(f"{left_out} more in the table.")


def _interval(axis: Axes, bounds: Bounds, place: float, width: float, colour: str, low, high) -> None:
    if math.isnan(bounds.low) or math.isnan(bounds.high):
        return
    left, right = max(bounds.low, low), min(bounds.high, high)
    axis.plot([left, right], [place, place], color=colour, linewidth=width, solid_capstyle="butt", zorder=2)
    for end, marker in ((bounds.low, "<"), (bounds.high, ">")):
        if math.isinf(end):  # it goes on: the date may never come
            axis.plot(
                low if end < 0 else high, place, marker=marker, color=colour, markersize=3.5, clip_on=False
            )


def _dot(axis: Axes, middle: Bounds, place: float, colour: str, low, high) -> None:
    if math.isnan(middle.low):
        return
    if middle.known:
        axis.plot(middle.low, place, "o", color=colour, markersize=4, zorder=3)
        axis.plot(middle.low, place, "o", color="white", markersize=1.4, zorder=4)
    elif math.isfinite(middle.low):
        axis.plot(middle.low, place, "|", color=colour, markersize=8, zorder=3)
    elif math.isfinite(middle.high):
        axis.plot(middle.high, place, "|", color=colour, markersize=8, zorder=3)


def _curves(sheet: Sheet, panel: Panel, calendar: Calendar | None) -> None:
    from matplotlib.lines import Line2D

    if len(panel.series) > 1:
        sheet.legend([
            Line2D([], [], color=ink.COLOURS[number % len(ink.COLOURS)], linestyle=DASHES[(number // 2) % 4],
                   linewidth=1.3, marker="o", markersize=2.6, label=line.label)
            for number, line in enumerate(panel.series)
        ])  # fmt: skip
    left = 12.0
    wide = sheet.room - left - 3.0
    axes = sheet.panel(CURVE, left, 3.0, axis_room(panel.x_label, wide))
    finite = [y for line in panel.series for y in _finite(*line.y, *line.low, *line.high)]
    top, bottom = max(finite, default=1.0), min(finite, default=0.0)
    for number, line in enumerate(panel.series):
        colour = ink.COLOURS[number % len(ink.COLOURS)]
        x, y = np.array(line.x), np.array(line.y, float)
        low = np.where(np.isneginf(line.low), bottom, line.low)
        high = np.where(np.isposinf(line.high), top, line.high)
        axes.fill_between(
            x, low, high, color=colour, alpha=0.13 if len(panel.series) > 2 else 0.2, linewidth=0
        )
        for edge in (low, high):  # tells whose is whose where bands lie on one another
            axes.plot(x, edge, color=colour, linewidth=EDGE_OF_BAND, linestyle=DASHES[(number // 2) % 4])
        axes.plot(
            x, np.where(np.isfinite(y), y, np.nan), color=colour, linewidth=1.3, marker="o", markersize=2.6,
            linestyle=DASHES[(number // 2) % 4],
        )  # fmt: skip
        if len(x) == 1:  # a band has no width there
            axes.plot([x[0], x[0]], [low[0], high[0]], color=colour, linewidth=0.9)
    if panel.level is not None:
        axes.axhline(panel.level, color=ink.GREY, linewidth=0.8, linestyle=":")
    elif bottom < 0 < top:
        axes.axhline(0.0, color=ink.PALE, linewidth=0.8, zorder=0)
    if panel.calendar and calendar:
        ink.draw_calendar(axes, calendar.start, calendar.months, True, int(wide / 12))
        axes.tick_params(labelsize=SMALL)
    else:
        ink.plain_ticks(axes.xaxis, int(wide / 14.0), panel.whole)
    ink.plain_ticks(axes.yaxis, 6)
    tidy(axes, "both")
    _label(axes, panel.y_label, CURVE, up=True)
    _label(axes, panel.x_label or "date", wide)


def _limits(sheet: Sheet, panel: Panel, calendar: Calendar | None) -> None:
    """Draw what a box leaves of the range of every input: a bar on a pale line, and its limits in words."""
    part = 0.3 * sheet.room
    axes = sheet.panel(ROW * max(1, len(panel.limits)), 2.0, sheet.room - part - 2.0)
    for place, (label, low, high, words) in enumerate(panel.limits):
        axes.plot([0, 1], [place, place], color=ink.PALE, linewidth=2.5, solid_capstyle="butt", zorder=1)
        axes.plot([low, high], [place, place], color=ink.BLUE, linewidth=4.5, solid_capstyle="butt", zorder=2)
        axes.annotate(
            ink.fitted(f"{label} {words}", BODY, sheet.room - part - 6.0), (1, place), (2.5 / POINT, 0),
            xycoords=("axes fraction", "data"), textcoords="offset points", va="center", fontsize=BODY,
            parse_math=False, annotation_clip=False,
        )  # fmt: skip
    axes.set_xlim(0, 1)
    axes.set_ylim(max(1, len(panel.limits)) - 0.4, -0.6)
    axes.set_xticks([0, 1], ["least", "most"])
    axes.set_yticks([])
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    sheet.paragraph(f"Bars: {panel.x_label}.")


def _points(sheet: Sheet, panel: Panel, calendar: Calendar | None) -> None:
    from matplotlib.lines import Line2D

    arms = [point[0] for point in panel.points if point[0] != "baseline"]

    def look(label: str) -> tuple[str, str]:
        if label == "baseline":
            return ink.GREY, "o"
        rounds, place = divmod(arms.index(label), len(ink.COLOURS))
        return ink.COLOURS[place], MARKERS[rounds % len(MARKERS)]

    handles = []
    for number, (label, *_) in enumerate(panel.points):
        colour, marker = look(label)
        filling = "none" if label in panel.unsure else colour
        handles.append(Line2D([], [], color=colour, marker=marker, markersize=4, linestyle="none",
                              markerfacecolor=filling, label=f"{number + 1}: {label}"))  # fmt: skip
    sheet.legend(handles)
    left, tall = 12.0, 1.25 * CURVE
    wide = sheet.room - left - 3.0
    axes = sheet.panel(tall, left, 3.0, axis_room(panel.x_label, wide))
    for label, x, y, x_bounds, y_bounds, front in panel.points:
        colour, marker = look(label)
        axes.plot([x_bounds.low, x_bounds.high], [y, y], color=colour, linewidth=0.9, zorder=2)
        axes.plot([x, x], [y_bounds.low, y_bounds.high], color=colour, linewidth=0.9, zorder=2)
        filling = "white" if label in panel.unsure else colour
        axes.plot(
            x, y, marker, color=colour, markersize=4, markerfacecolor=filling, linestyle="none", zorder=3
        )
        if front:
            axes.plot(x, y, "o", color=colour, markersize=8.5, markerfacecolor="none", markeredgewidth=0.8)
    axes.margins(0.1)
    number_points(axes, [(x, y) for _, x, y, *_ in panel.points], wide, tall, _bars(panel))
    tidy(axes, "both")
    ink.plain_ticks(axes.xaxis, int(wide / 14.0))
    ink.plain_ticks(axes.yaxis, 6)
    _label(axes, panel.x_label, wide)
    _label(axes, panel.y_label, tall, up=True)


def _bars(panel: Panel) -> list[Box]:
    """Return the bars of all points, where they have ends."""
    bars = [
        bar
        for _, x, y, across, up, _ in panel.points
        for bar in ((across.low, y, across.high, y), (x, up.low, x, up.high))
    ]
    return [bar for bar in bars if all(map(math.isfinite, bar))]


Box = tuple[float, float, float, float]  # mm from the corner of the axes: left, bottom, right, top


def number_points(
    axes: Axes, points: list[tuple[float, float]], wide: float, tall: float, bars: Sequence[Box] = ()
) -> None:
    """Write the number of each point beside it, off all marks, and of points at one place all numbers once.

    ``wide``, ``tall``: of the axes, in mm. ``bars``: what else is drawn, in the units of the axes.
    """
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()

    def placed(x: float, y: float) -> tuple[float, float]:
        return wide * (x - left) / (right - left), tall * (y - bottom) / (top - bottom)

    places: list[tuple[float, float, list[int]]] = []
    for number, (x, y) in enumerate(points, start=1):
        if not (math.isfinite(x) and math.isfinite(y)):
            continue
        across, up = placed(x, y)
        same = next((one for one in places if math.hypot(one[0] - across, one[1] - up) < SAME_PLACE), None)
        if same:
            same[2].append(number)
        else:
            places.append((across, up, [number]))
    taken: list[Box] = [(x - RING, y - RING, x + RING, y + RING) for x, y, _ in places]
    lines = [_wider((*placed(bar[0], bar[1]), *placed(bar[2], bar[3])), 0.2) for bar in bars]
    for across, up, numbers in places:
        text = ", ".join(map(str, numbers))
        box = _free_box(across, up, ink.width_of(text, SMALL), SMALL * POINT, (wide, tall), taken, lines)
        taken.append(box)
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        away = math.hypot(x - across, y - up)
        if away > FAR:
            part = 1 - RING / away  # up to the number, not into it
            axes.plot(
                [across / wide, (across + part * (x - across)) / wide],
                [up / tall, (up + part * (y - up)) / tall],
                transform=axes.transAxes, color=ink.GREY, linewidth=0.4, zorder=1,
            )  # fmt: skip
        ink.write(
            axes, x / wide, y / tall, text, transform=axes.transAxes, fontsize=SMALL, color="#333333",
            ha="center", va="center", gid="number", zorder=5,
        )  # fmt: skip


def _free_box(
    across: float, up: float, width: float, height: float, room: tuple[float, float],
    taken: Sequence[Box], lines: Sequence[Box],
) -> Box:  # fmt: skip
    """Return where a number stands: as near to its mark as it hides nothing, or else where it hides least.

    ``room``: of the axes. ``taken``: marks and other numbers, which weigh most; ``lines``: thin ones.
    """
    tried: list[Box] = []
    for away in (1.4, 2.2, 3.2, 4.5, 6.0, 8.0):
        for right, above in ((1, 1), (1, -1), (-1, 1), (-1, -1), (1, 0), (-1, 0), (0, 1), (0, -1)):
            x = across + right * (away + width / 2)
            y = up + above * (away + height / 2)
            tried.append((x - width / 2, y - height / 2, x + width / 2, y + height / 2))

    def hidden(box: Box) -> float:
        beyond = (
            max(0.0, -box[0]) + max(0.0, -box[1]) + max(0.0, box[2] - room[0]) + max(0.0, box[3] - room[1])
        )
        return 100 * (beyond + sum(_common(box, one) for one in taken)) + sum(
            _common(box, one) for one in lines
        )

    return min(tried, key=hidden)  # the nearest of those that hide as little


def _common(one: Box, other: Box) -> float:
    """Return the area that two boxes share, in square mm."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    up = min(one[3], other[3]) - max(one[1], other[1])
    return max(0.0, across) * max(0.0, up)


def _wider(box: Box, by: float) -> Box:
    return box[0] - by, box[1] - by, box[2] + by, box[3] + by
