"""A small picture of intervals beside each other, as part of a page: 90 %, 50 % and middle of each row."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from experiments.figures.ink import shorten
from experiments.pages.tree import Node, node

WIDTH, NAMES, ROW, SIDE, FOOT = 760.0, 250.0, 22.0, 14.0, 22.0
LETTERS = 38  # of a name
ARROW = 5.0  # what shows that an interval goes on


@dataclass(frozen=True)
class Interval:
    """One row: its name, and five quantiles; one that is not known, or never comes, is infinite."""

    name: str
    quantiles: Sequence[float]  # 5, 25, 50, 75 and 95 %


def intervals(rows: Sequence[Interval], words: str, said: Callable[[float], str], zero: bool = False) -> Node:
    """Return the picture. ``words``: what it shows; ``said``: writes a number; ``zero``: a line there."""
    ends = [value for row in rows for value in row.quantiles if math.isfinite(value)] or [0.0, 1.0]
    low, high = min(ends + [0.0] * zero), max(ends + [0.0] * zero)
    pad = 0.05 * (high - low) or 1.0
    low, high = low - pad, high + pad

    def place(value: float) -> float:
        share = min(1.0, max(0.0, (value - low) / (high - low)))
        return round(NAMES + SIDE + share * (WIDTH - NAMES - 2 * SIDE), 2)

    foot = ROW * len(rows) + 6
    size = {"viewBox": f"0 0 {WIDTH:g} {foot + FOOT:g}", "width": f"{WIDTH:g}", "height": f"{foot + FOOT:g}"}
    whole = node("svg", node("title", words), role="img", klass="intervals", **size)
    whole.append(_line(place(low), foot, place(high), foot, "axis"))
    for value in (low + pad, 0.5 * (low + high), high - pad):
        whole.append(_text(place(value), foot + 14, said(value), "middle"))
    if zero:
        whole.append(_line(place(0.0), 0, place(0.0), foot, "zero"))
    for turn, row in enumerate(rows):
        y = ROW * turn + ROW / 2
        whole.append(_text(NAMES, y + 4, shorten(row.name, LETTERS), "end"))
        whole.extend(_row(row, y, place))
    return whole


def _row(row: Interval, y: float, place: Callable[[float], float]) -> list[Node]:
    if any(math.isnan(value) for value in row.quantiles):
        return []
    first, quarter, middle, third, last = row.quantiles
    marks = [
        _line(place(first), y, place(last), y, "wide"),
        _line(place(quarter), y, place(third), y, "half"),
    ]
    for value, way in ((first, -1), (last, 1)):
        if math.isinf(value):
            tip = place(value) + way * ARROW
            points = f"{tip},{y} {tip - way * ARROW},{y - 4} {tip - way * ARROW},{y + 4}"
            marks.append(node("polygon", points=points))
    if math.isfinite(middle):
        marks.append(node("circle", cx=f"{place(middle)}", cy=f"{y}", r="4"))
    return marks


def _line(x: float, y: float, to_x: float, to_y: float, klass: str) -> Node:
    return node("line", x1=f"{x:g}", y1=f"{y:g}", x2=f"{to_x:g}", y2=f"{to_y:g}", klass=klass)


def _text(x: float, y: float, text: str, anchor: str) -> Node:
    return node("text", text, x=f"{x:g}", y=f"{y:g}", text_anchor=anchor)
