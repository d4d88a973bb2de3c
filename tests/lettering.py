"""Where the words of a figure stand: what is cut off, and what lies on other words."""

from __future__ import annotations

import itertools
import math

import matplotlib
import numpy as np

from experiments.figures import ink


def words_of(figure):
    """Return the visible words of a figure as (text, corners of its box in pixels)."""
    figure.set_dpi(120)
    with matplotlib.rc_context(ink.STYLE):
        return list(_words_of(figure))


def _words_of(figure):
    figure.canvas.draw()
    renderer, hidden = figure.canvas.get_renderer(), _hidden(figure)
    for words in figure.findobj(matplotlib.text.Text):
        clipped = words.get_clip_on() and words.axes is not None and words in words.axes.texts
        if not words.get_text().strip() or not words.get_visible() or clipped or id(words) in hidden:
            continue
        angle = words.get_rotation()
        words.set_rotation(0)
        box = words.get_window_extent(renderer)
        words.set_rotation(angle)
        corners = np.array([[box.x0, box.y0], [box.x1, box.y0], [box.x1, box.y1], [box.x0, box.y1]])
        if angle:
            at = words.get_transform().transform(words.get_unitless_position())
            if words.get_rotation_mode() == "default":  # turned first, then laid by its outer box
                whole = words.get_window_extent(renderer)
                corners = np.array(
                    [[whole.x0, whole.y0], [whole.x1, whole.y0], [whole.x1, whole.y1], [whole.x0, whole.y1]]
                )
            else:
                turn = math.radians(angle)
                matrix = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
                corners = (corners - at) @ matrix.T + at
        yield words.get_text(), corners


def _hidden(figure) -> set[int]:
    """Return which labels of ticks matplotlib keeps and does not draw: those beyond their axis."""
    found = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            slack = 1e-6 * (high - low)
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
                if not axes.axison or not low - slack <= tick.get_loc() <= high + slack:
                    found |= {id(tick.label1), id(tick.label2)}
            if not axes.axison:
                found.add(id(axis.label))
    return found


def apart(one, other, slack: float) -> bool:
    """Whether two convex boxes do not overlap by more than some pixels (separating axes)."""
    for corners in (one, other):
        for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
            normal = np.array([start[1] - end[1], end[0] - start[0]])
            length = np.hypot(*normal)
            if length == 0:
                continue
            mine, theirs = one @ normal / length, other @ normal / length
            if min(mine.max(), theirs.max()) - max(mine.min(), theirs.min()) <= slack:
                return True
    return False


def faults(figure, words=None) -> list[str]:
    """Return which words are cut off, or lie on top of others. ``words``: of it, if known."""
    found = []
    words = words_of(figure) if words is None else words
    wide, tall = figure.bbox.width, figure.bbox.height
    for text, box in words:
        if box.min() < -0.5 or box[:, 0].max() > wide + 0.5 or box[:, 1].max() > tall + 0.5:
            found.append(f"cut off: {text!r}")
    for (text, box), (other, beside) in itertools.combinations(words, 2):
        if not apart(box, beside, 1.6):
            found.append(f"{text!r} lies on {other!r}")
    return found
