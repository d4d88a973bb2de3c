"""A sheet of paper of a given width, filled from the top: title, legends, panels, caption below.

All lengths are millimetres, so that print at a column's width shows letters of the size that was meant;
the sheet is as tall as what stands on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from experiments.figures import ink

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INCH = 25.4
POINT = INCH / 72.0
EDGE = 2.0  # of the paper, on all sides
TITLE, BODY, SMALL = 8.5, 7.0, 6.0  # points
NARROW, WIDE = 90.0, 180.0  # one column of a journal, and two
LEAST, MOST = 80.0, 400.0
LINE = 1.28  # of the size of letters
AXIS = 8.0  # below a panel: ticks and what the axis is
COLUMN = 120.0  # sheets narrower than this show panels below each other


@dataclass
class _Panel:
    axes: Axes
    left: float
    top: float
    width: float
    height: float


class Sheet:
    """Lays a figure out. ``width``: of the paper. ``top``: where the next thing will stand."""

    def __init__(self, width: float, title: str, below: str = ""):
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self.width = width
        self.figure: Figure = Figure(figsize=(width / INCH, width / INCH))
        FigureCanvasAgg(self.figure)
        self._panels: list[_Panel] = []
        self._words: list[tuple[Any, float, float]] = []
        self.top = EDGE
        for line in ink.wrapped(title, TITLE, self.room, True):
            self.words(EDGE, self.top, line, fontsize=TITLE, fontweight="bold", gid="title")
            self.top += TITLE * LINE * POINT
        if below:
            self.paragraph(below, color="#333333")

    @property
    def room(self) -> float:
        """The width between the edges."""
        return self.width - 2 * EDGE

    @property
    def narrow(self) -> bool:
        """Whether there is room for one column of panels only."""
        return self.width < COLUMN

    def words(self, left: float, top: float, text: str, **style: Any) -> None:
        """Write on the paper, taking nothing in the words for mathematics."""
        style = {"va": "top", "fontsize": BODY, "parse_math": False, **style}
        self._words.append((self.figure.text(0, 0, text, **style), left, top))

    def paragraph(self, text: str, size: float = SMALL, **style: Any) -> None:
        """Write lines across the paper, and go on below them."""
        for line in ink.wrapped(text, size, self.room):
            self.words(EDGE, self.top, line, fontsize=size, **style)
            self.top += size * LINE * POINT

    def heading(self, text: str, left: float = EDGE, room: float | None = None) -> None:
        """Write the heading of a panel, and go on below it."""
        self.top += 1.5
        for line in ink.wrapped(text, BODY, (room or self.room) - 0.5, True):
            self.words(left, self.top, line, fontsize=BODY, fontweight="bold")
            self.top += BODY * LINE * POINT

    def legend(self, handles: list[Any], left: float = EDGE, room: float | None = None) -> None:
        """Explain marks and colours, one beside the other as far as there is room, and go on below."""
        if not handles:
            return
        from matplotlib.legend import Legend

        room = room or self.room
        line, x = SMALL * LINE * POINT, left
        for handle in handles:
            label = ink.fitted(str(handle.get_label()), SMALL, room - 8.0)
            wide = ink.width_of(label, SMALL) + 8.4
            if x > left and x + wide > left + room + 2.0:
                x, self.top = left, self.top + line
            one = Legend(
                self.figure, [handle], [""], loc="center left", frameon=False, borderpad=0, borderaxespad=0,
                handlelength=4.2 / (SMALL * POINT), handletextpad=0, fontsize=SMALL,
            )  # fmt: skip
            self.figure.add_artist(one)
            self._words.append((one, x, self.top + 0.5 * line))
            self.words(x + 5.4, self.top + 0.5 * line, label, fontsize=SMALL, va="center")
            x += wide
        self.top += line + 0.8

    def panel(self, height: float, left: float, right: float = 0.0, below: float = AXIS) -> Axes:
        """Return axes across the paper, and go on below them.

        ``left``, ``right``: room beside, within the edges; ``below``: room for what the axis says.
        """
        axes = self.box(EDGE + left, self.room - left - right, height)
        self.top += height + below
        return axes

    def row(
        self, height: float, lefts: list[float], below: float = AXIS, gap: float = 3.0, right: float = 0.0
    ) -> list[Axes]:
        """Return axes side by side, each with its room at the left, and go on below them.

        ``right``: room beside the last of them, for the half of its last tick that stands out.
        """
        width = (self.room - right - sum(lefts) - gap * (len(lefts) - 1)) / len(lefts)
        place, made = EDGE, []
        for left in lefts:
            made.append(self.box(place + left, width, height))
            place += left + width + gap
        self.top += height + below
        return made

    def box(self, left: float, width: float, height: float) -> Axes:
        """Return axes at the present height, measured from the left edge of the paper."""
        axes = self.figure.add_axes((0, 0, 0.1, 0.1), label=str(len(self._panels)))
        axes.tick_params(length=2, width=0.5, labelsize=SMALL, pad=1.5)
        axes.xaxis.label.set_fontsize(SMALL)
        axes.yaxis.label.set_fontsize(SMALL)
        axes.xaxis.labelpad = axes.yaxis.labelpad = 2.0
        self._panels.append(_Panel(axes, left, self.top, width, height))
        return axes

    def whole(self, caption: str) -> Figure:
        """Write the caption, cut the paper to its height, and return the figure."""
        self.top += 1.0
        for line in ink.wrapped(caption, SMALL, self.room):
            self.words(EDGE, self.top, line, fontsize=SMALL, color="#333333", gid="caption")
            self.top += SMALL * LINE * POINT
        height = self.top + EDGE
        self.figure.set_size_inches(self.width / INCH, height / INCH)
        for panel in self._panels:
            panel.axes.set_position((
                panel.left / self.width, 1 - (panel.top + panel.height) / height,
                panel.width / self.width, panel.height / height,
            ))  # fmt: skip
        for artist, left, top in self._words:
            x, y = left / self.width, 1 - top / height
            if hasattr(artist, "set_bbox_to_anchor"):
                artist.set_bbox_to_anchor((x, y), self.figure.transFigure)
            else:
                artist.set_position((x, y))
        return self.figure


def names_room(names: list[str], size: float, most: float) -> float:
    """Return the room that names need at the left of lanes, ``most`` at most."""
    return min(most, max((ink.width_of(name, size) for name in names), default=0.0) + 1.5)


def draw_names(axes: Axes, names: list[str], room: float, size: float = BODY) -> None:
    """Lay out one lane per name, the first at the top, with names that fit into a room at the left."""
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_yticks([])
    for place, name in enumerate(names):
        if place % 2 == 0:
            axes.axhspan(place - 0.5, place + 0.5, color=ink.BAND, linewidth=0, zorder=-2)
        axes.annotate(
            ink.fitted(name, size, room - 1.2),
            (0, place),
            (-1.0 / POINT, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=size,
            parse_math=False,
            annotation_clip=False,
        )


def say(axes: Axes, text: str, room: float) -> None:
    """Say in the middle of a panel why it is empty."""
    lines = ink.wrapped(text, BODY, room)
    ink.write(
        axes, 0.5, 0.5, "\n".join(lines), transform=axes.transAxes, ha="center", va="center",
        color=ink.GREY, fontsize=BODY,
    )  # fmt: skip


def tidy(axes: Axes, grid: Literal["x", "y", "both"] = "x") -> None:
    """Take away what says nothing: frame at the top and the right; light lines behind."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.grid(axis=grid, color="#E2E2E2", linewidth=0.4, zorder=0)
    axes.set_axisbelow(True)


def number_text(count: int, one: str, many: str = "") -> str:
    """Return a number with its noun.

    >>> number_text(1, "run"), number_text(1200, "run")
    ('1 run', '1,200 runs')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"
