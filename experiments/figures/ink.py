"""What all figures share: colours that the colour-blind can tell apart, text, and the calendar axis."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.folder import check_png
from sim.errors import UserError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito, Color universal design (2008).
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILLION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
GREY, PALE, BAND = "#666666", "#C8C8C8", "#F4F4F4"

STYLE: dict[Any, Any] = {  # nothing of the reader's own settings changes the picture
    "font.family": "DejaVu Sans",
    "font.size": 8.0,
    "text.usetex": False,
    "axes.linewidth": 0.6,
    "hatch.linewidth": 0.5,
    "svg.fonttype": "none",
}
DOTS_PER_INCH = 170
MOST_LABELS = 12  # of the calendar axis
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def save(
    compose: Callable[[], Figure],
    path: str | Path,
    facts: dict[str, Any] | None = None,
    dots_per_inch: int = DOTS_PER_INCH,
) -> Path:
    """Compose a figure in the style of all and write it to a PNG file, whole; return its path.

    ``facts``: metadata of the picture. Raises UserError for a name or a place that cannot be used.
    """
    import matplotlib

    path = Path(path)
    check_png(path)
    picture = io.BytesIO()
    with matplotlib.rc_context(STYLE):
        compose().savefig(picture, format="png", dpi=dots_per_inch, metadata=facts)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture.getvalue())
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror})") from None
    return path


def shorten(text: str, most: int = 24) -> str:
    """Return words on one line, with an ellipsis in place of the middle of what is too long.

    Names that differ only at the end stay apart.

    >>> shorten("the institute number 7", 12)
    'the ins…er 7'
    """
    line = " ".join(str(text).split())
    tail = (most - 1) * 2 // 5
    return line if len(line) <= most else f"{line[: most - 1 - tail]}…{line[len(line) - tail :]}"


def write(axes: Axes, x: float, y: float, text: str, **style: Any):
    """Write words, taking nothing in them for mathematics."""
    return axes.text(x, y, text, parse_math=False, **style)


def calendar_ticks(start: float, months: float) -> tuple[list[float], list[str], list[float]]:
    """Return places and names of the ticks, and places of the small ones, in months since the start.

    ``start``: first month, in months since the year 0.
    """
    step = next(s for s in (1, 3, 12, 24, 60, 120, 240) if months / s <= MOST_LABELS or s == 240)
    small = {1: 1, 3: 1, 12: 3, 24: 12, 60: 12, 120: 60, 240: 60}[step]

    def places(every: int) -> list[float]:
        first = -(-start // every) * every - start
        return [first + every * k for k in range(int((months - first) // every) + 1)]

    def name(place: float) -> str:
        month = round(start + place)
        return str(month // 12) if step >= 12 else f"{MONTHS[month % 12]} {month // 12}"

    return places(step), [name(place) for place in places(step)], places(small)


def draw_calendar(axes: Axes, start: float, months: float, labelled: bool) -> None:
    """Give an axis the calendar of a scenario, with light lines at the labelled dates."""
    places, names, small = calendar_ticks(start, months)
    axes.set_xlim(0, months)
    axes.set_xticks(places)
    axes.set_xticks(small, minor=True)
    axes.set_xticklabels(names if labelled else [""] * len(places))
    axes.tick_params(which="both", length=2, width=0.5, labelsize=8)
    axes.grid(axis="x", color="#DDDDDD", linewidth=0.5, zorder=0)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def draw_lanes(axes: Axes, names: list[str], size: float, most: int = 24) -> None:
    """Lay out one lane per name, the first at the top, with names of ``most`` characters at the left."""
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_yticks([])
    for place, name in enumerate(names):
        if place % 2 == 0:
            axes.axhspan(place - 0.5, place + 0.5, color=BAND, linewidth=0, zorder=-2)
        write(
            axes, -0.008, place, shorten(name, most), transform=axes.get_yaxis_transform(),
            ha="right", va="center", fontsize=size,
        )  # fmt: skip
