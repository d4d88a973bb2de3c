"""A small picture of one claim: what would agree, what is claimed, what the runs say; as part of a page."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from experiments.evidence.scales import WHOLE, is_share, zone_of
from experiments.evidence.telling import claimed, number, simulated, typeset
from experiments.pages.tree import Node, node

if TYPE_CHECKING:
    from experiments.evidence.agreement import Judged
    from experiments.evidence.table import Evidence

WIDTH, HEIGHT, SIDE, MIDDLE = 230.0, 46.0, 12.0, 17.0
BAND, AXIS, FOOT = 10.0, 31.0, 43.0  # half height of the zone, places of axis and of its numbers
REACH = 3.0  # how much further than claim and medians the axis goes for the intervals of runs
LOGARITHMIC = 100.0  # ratio of largest to least from which on an axis of positive numbers is logarithmic
LEAST_WIDTH = 2.0  # of what would be too narrow to be seen
NOW, BEFORE = 3.6, 7.0  # half sizes of the marks of the runs: where both coincide, one frames the other


class Axis:
    """Where numbers lie across a picture; what lies beyond is at its edges."""

    def __init__(self, low: float, high: float):
        self.log = low > 0.0 and high / low > LOGARITHMIC
        if self.log:
            low, high = math.log(low), math.log(high)
        pad = 0.06 * (high - low) or abs(high) * 0.1 or 1.0
        self.low, self.high = low - pad, high + pad

    def place(self, value: float) -> float:
        """Return the place of a number, between the edges."""
        if self.log:
            value = math.log(value) if value > 0.0 else -math.inf
        share = min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))
        return round(SIDE + share * (WIDTH - 2 * SIDE), 2)

    def beyond(self, value: float) -> bool:
        """Return whether a number lies beyond the edges."""
        value = (math.log(value) if value > 0.0 else -math.inf) if self.log else value
        return not self.low <= value <= self.high


def picture_of(row: Evidence) -> Node:
    """Return the picture of a claim that has a rule."""
    claim, judged = row.claim, row.judged
    assert judged is not None
    said = f"claimed {claimed(claim)}; simulated {simulated(claim, judged)}"
    whole = _canvas(WIDTH, HEIGHT, said)
    axis, zone = axis_of(row), zone_of(claim)
    left = SIDE if math.isinf(zone.low) else axis.place(zone.low)
    right = WIDTH - SIDE if math.isinf(zone.high) else axis.place(zone.high)
    extra = max(0.0, LEAST_WIDTH - (right - left)) / 2
    whole.append(_box(left - extra, right + extra))
    whole.append(_line(SIDE, AXIS, WIDTH - SIDE, AXIS, "axis"))
    if claim.interval is not None and claim.test.rule != "interval" and not is_share(claim):
        low, high = claim.interval
        whole.append(_bracket(axis.place(low), axis.place(high)))
    value = claim.number if not is_share(claim) or claim.test.rule == "probability" else math.nan
    if not math.isnan(value):
        place = axis.place(value)
        whole.append(_line(place, MIDDLE - BAND - 2, place, MIDDLE + BAND + 2, "value"))
    if row.prior is not None and row.prior.runs:
        whole.append(_diamond(axis.place(row.prior.statistic)))
    if judged.runs:
        whole.extend(_model(axis, judged, row.verdict, is_share(claim)))
    if row.rival is not None and row.rival.runs:
        whole.append(_cross(axis.place(row.rival.statistic)))
    whole.extend(_ends(row, axis))
    return whole


def axis_of(row: Evidence) -> Axis:
    """Return an axis on which claim, medians, and the intervals as far as is sensible, have room."""
    claim, judged = row.claim, row.judged
    if is_share(claim):
        return Axis(0.0, WHOLE)
    zone = zone_of(claim)
    main = [zone.low, zone.centre, zone.high]
    main += claim.interval or ()
    main += [each.statistic for each in (judged, row.prior, row.rival) if each is not None and each.runs]
    main = [value for value in main if math.isfinite(value)]
    low, high = min(main), max(main)
    room = REACH * (high - low)
    ends = [end for end in (judged.low, judged.high) if math.isfinite(end)] if judged and judged.runs else []
    if low > 0.0 and high / low > LOGARITHMIC:  # then room is a ratio
        room = math.inf
    low = min([low, *(max(end, low - room) for end in ends)])
    return Axis(low, max([high, *(min(end, high + room) for end in ends)]))


def legend(prior: bool, rival: bool) -> Node:
    """Return what the marks mean."""
    signs: list[tuple[list[Node], str]] = [
        ([_box(4, 30, 2, 12)], "what agrees"),
        ([_line(17, 1, 17, 15, "value")], "claimed value"),
        ([_bracket(4, 30, 8)], "claimed interval, where the rule is another"),
        (list(_marks(17, "agrees", 8, (4, 30))), "runs: median, 5 % to 95 %; or share of runs"),
        (list(_marks(17, "misses", 8, (4, 30))), "the same, where it misses"),
    ]
    if prior:
        signs.append(([_diamond(17, 8)], "before calibration"))
    if rival:
        signs.append(([_cross(17, 8)], "naive rival"))
    spans = []
    for marks, words in signs:
        canvas = _canvas(34.0, 16.0, words)
        canvas.extend(marks)
        spans.append(node("span", canvas, words))
    return node("div", *spans, klass="legend")


def _model(axis: Axis, judged: Judged, verdict: str, share: bool) -> Iterator[Node]:
    ends = None if share else (axis.place(judged.low), axis.place(judged.high))
    yield from _marks(axis.place(judged.statistic), verdict, MIDDLE, ends)
    if not share:
        for value in (judged.low, judged.high):
            if axis.beyond(value):
                way = -1 if axis.place(value) < WIDTH / 2 else 1
                place = SIDE if way < 0 else WIDTH - SIDE
                tip = f"{place + 6 * way},{MIDDLE} {place},{MIDDLE - 4} {place},{MIDDLE + 4}"
                yield node("polygon", points=tip, klass=f"s-{verdict}")


def _marks(place: float, verdict: str, middle: float, ends: tuple[float, float] | None) -> Iterator[Node]:
    """Draw the interval of the runs and their median: a disk where the claim agrees, else a square."""
    if ends:
        yield _line(ends[0], middle, ends[1], middle, f"range s-{verdict}")
    if verdict == "agrees":
        yield node("circle", cx=f"{place}", cy=f"{middle}", r=f"{NOW}", klass=f"s-{verdict}")
    else:
        left, top, side = f"{place - NOW:g}", f"{middle - NOW:g}", f"{2 * NOW:g}"
        yield node("rect", x=left, y=top, width=side, height=side, klass=f"s-{verdict}")


def _ends(row: Evidence, axis: Axis) -> Iterator[Node]:
    if is_share(row.claim):
        for value in (0.0, 50.0, WHOLE):
            yield _label(axis.place(value), f"{value:g} %", "middle")
        return
    low, high = (math.exp(axis.low), math.exp(axis.high)) if axis.log else (axis.low, axis.high)
    yield _label(SIDE, number(low, row.claim), "start")
    yield _label(WIDTH - SIDE, number(high, row.claim), "end")
    judged = row.judged
    if judged is not None and judged.runs and math.isinf(judged.statistic):
        yield node("text", number(judged.statistic), x=f"{WIDTH - SIDE}", y="8", text_anchor="end")


def _canvas(width: float, height: float, said: str) -> Node:
    size = {"width": f"{width:g}", "height": f"{height:g}", "viewBox": f"0 0 {width:g} {height:g}"}
    return node("svg", node("title", said), role="img", **size)


def _box(left: float, right: float, top: float = MIDDLE - BAND, height: float = 2 * BAND) -> Node:
    return node("rect", x=f"{left}", y=f"{top}", width=f"{right - left}", height=f"{height}", klass="zone")


def _bracket(left: float, right: float, middle: float = MIDDLE + BAND - 2.0) -> Node:
    path = f"M{left} {middle - 3}V{middle + 3}M{left} {middle}H{right}M{right} {middle - 3}V{middle + 3}"
    return node("path", d=path, klass="stated")


def _line(x: float, y: float, to_x: float, to_y: float, klass: str) -> Node:
    return node("line", x1=f"{x}", y1=f"{y}", x2=f"{to_x}", y2=f"{to_y}", klass=klass)


def _diamond(place: float, middle: float = MIDDLE) -> Node:
    top, foot, left, right = (f"{end:g}" for end in (
        middle - BEFORE, middle + BEFORE, place - BEFORE, place + BEFORE
    ))  # fmt: skip
    points = f"{place},{top} {right},{middle} {place},{foot} {left},{middle}"
    return node("polygon", points=points, klass="prior")


def _cross(place: float, middle: float = MIDDLE) -> Node:
    left, right, top, foot = place - 4, place + 4, middle - 4, middle + 4
    path = f"M{left} {top}L{right} {foot}M{left} {foot}L{right} {top}"
    return node("path", d=path, klass="rival")


def _label(place: float, text: str, anchor: str) -> Node:
    return node("text", typeset(text), x=f"{place}", y=f"{FOOT}", text_anchor=anchor)
