"""What all figures share: colours that the colour-blind can tell apart, text, calendar, files."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.folder import check_picture, write_bytes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito, Color universal design (2008).
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILLION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
GREY, PALE, BAND = "#666666", "#C8C8C8", "#F4F4F4"
BASELINE = "#9A9A9A"
COLOURS = (BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY, BLACK)  # of arms, in turn

STYLE: dict[Any, Any] = {  # nothing of the reader's own settings changes the picture
    "font.family": "DejaVu Sans",
    "font.size": 8.0,
    "text.usetex": False,
    "text.hinting": "none",  # words are as wide at every resolution
    "axes.linewidth": 0.6,
    "hatch.linewidth": 0.5,
    "svg.fonttype": "none",
    "svg.hashsalt": "diffusion-cascades",  # the same figure makes the same file
    "pdf.fonttype": 42,
}
DOTS_PER_INCH = 170
PACKING = 3  # of a PNG, from 0 to 9: such pictures are packed smaller by it than by 6, and faster
MOST_LABELS = 12  # of the calendar axis
TIED = "\u00a0"  # a space at which lines are not broken
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def save(
    compose: Callable[[], Figure],
    path: str | Path,
    facts: dict[str, Any] | None = None,
    dots_per_inch: int = DOTS_PER_INCH,
) -> Path:
    """Compose a figure in the style of all and write it to a file, whole; return its path.

    The ending of the name says which form: .png, .svg or .pdf. ``facts``: what the file says of itself.
    Raises UserError for a name or a place that cannot be used.
    """
    import matplotlib

    path = Path(path)
    check_picture(path)
    form = path.suffix.lower()[1:]
    picture = io.BytesIO()
    with matplotlib.rc_context(STYLE):
        options: dict[str, Any] = {"pil_kwargs": {"compress_level": PACKING}} if form == "png" else {}
        told = metadata_of(form, facts or {})
        compose().savefig(picture, format=form, dpi=dots_per_inch, metadata=told, **options)
    return write_bytes(path, picture.getvalue())


def metadata_of(form: str, facts: dict[str, Any]) -> dict[str, Any]:
    """Return facts in the fields that a form of picture has, without a date: the same figure, the same bytes.

    PNG takes any field. SVG and PDF have few: Title, and all facts as JSON in Description or Subject.
    """
    import json

    if form == "png":
        return facts
    said = json.dumps(facts, ensure_ascii=False)
    title = str(facts.get("Title", facts.get("Description", "")))
    if form == "svg":
        return {"Title": title, "Description": said, "Creator": "diffusion-cascades", "Date": None}
    return {"Title": title, "Subject": said, "Creator": "diffusion-cascades", "CreationDate": None}


@cache
def _face(bold: bool):
    """Return the font of all figures, for measuring."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    properties = FontProperties(family="DejaVu Sans", weight="bold" if bold else "normal")
    return get_font(findfont(properties))


@lru_cache(maxsize=20_000)
def width_of(text: str, size: float, bold: bool = False) -> float:
    """Return how wide words on one line are, in millimetres, at a size in points.

    It is the sum over words and spaces, so that a line that grows word by word is not measured from its
    beginning each time.
    """
    ends = _extent("||", bold)
    parts = text.split(" ")
    widths = [_extent(f"|{part}|", bold) - ends for part in parts if part]
    widths.append((len(parts) - 1) * (_extent("| |", bold) - ends))
    return sum(widths) * size * 25.4 / 72.0


@lru_cache(maxsize=20_000)
def _extent(text: str, bold: bool) -> float:
    """Return how far letters reach from the left to the right, as a part of their size."""
    face = _face(bold)
    face.set_size(100.0, 72.0)
    face.set_text(text, 0.0)
    return face.get_width_height()[0] / 64.0 / 100.0


def fitted(text: str, size: float, room: float, bold: bool = False) -> str:
    """Return words on one line, shortened in the middle until they fit into a room in millimetres."""
    line = " ".join(str(text).split())
    most = len(line)
    while width_of(line, size, bold) > room and most > 3:
        most = min(most - 1, int(most * room / width_of(line, size, bold)) + 1)
        line = shorten(text, most)
    return line


def wrapped(text: str, size: float, room: float, bold: bool = False) -> list[str]:
    """Return words as lines that fit into a room in millimetres; a word that is too long is parted.

    Words with ``TIED`` between them stay on one line; it is a space in what is returned.
    """
    lines: list[str] = []
    for paragraph in str(text).splitlines() or [""]:
        line = ""
        for word in (part for part in re.split(r"[ \t]+", paragraph) if part):
            while width_of(word, size, bold) > room and len(word) > 1:
                fits = [n for n in range(1, len(word)) if width_of(word[:n], size, bold) <= room] or [1]
                part = next((n for n in reversed(fits) if word[n - 1] in "-/_" and n > 3), fits[-1])
                lines += [line] if line else []
                lines.append(word[:part])
                line, word = "", word[part:]
            longer = f"{line} {word}" if line else word
            if line and width_of(longer, size, bold) > room:
                lines.append(line)
                longer = word
            line = longer
        lines.append(line)
    return [line.replace(TIED, " ") for line in lines]


def shorten(text: str, most: int = 24) -> str:
    """Return words on one line, with an ellipsis in place of the middle of what is too long.

    Names that differ only at the end stay apart.

    >>> shorten("the institute number 7", 12)
    'the ins…er 7'
    """
    line = " ".join(str(text).split())
    tail = (most - 1) * 2 // 5
    return line if len(line) <= most else f"{line[: most - 1 - tail]}…{line[len(line) - tail :]}"


def amount(value: float) -> str:
    """Return a number in few characters.

    >>> [amount(value) for value in (0.0201, 2040.0, 3.9e7)]
    ['0.0201', '2.04k', '39M']
    """
    for size, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if size <= abs(value) < 1e15:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"


def mixed(colour: str, strength: float) -> tuple[float, float, float]:
    """Return a colour thinned with white."""
    from matplotlib.colors import to_rgb

    red, green, blue = (1 - strength * (1 - part) for part in to_rgb(colour))
    return red, green, blue


def write(axes: Axes, x: float, y: float, text: str, **style: Any):
    """Write words, taking nothing in them for mathematics."""
    return axes.text(x, y, text, parse_math=False, **style)


def calendar_ticks(
    start: float, months: float, most: int = MOST_LABELS
) -> tuple[list[float], list[str], list[float]]:
    """Return places and names of the ticks, and places of the small ones, in months since the start.

    ``start``: first month, in months since the year 0. ``most``: labels.
    """
    fits = {s: most if s >= 12 else 0.62 * most for s in (1, 3, 12, 24, 60, 120, 240)}  # of months, fewer do
    step = next(s for s, labels in fits.items() if months / s <= labels or s == 240)
    small = {1: 1, 3: 1, 12: 3, 24: 12, 60: 12, 120: 60, 240: 60}[step]

    def places(every: int) -> list[float]:
        first = -(-start // every) * every - start
        return [first + every * k for k in range(int((months - first) // every) + 1)]

    def name(place: float) -> str:
        month = round(start + place)
        return str(month // 12) if step >= 12 else f"{MONTHS[month % 12]} {month // 12}"

    return places(step), [name(place) for place in places(step)], places(small)


def draw_calendar(axes: Axes, start: float, months: float, labelled: bool, most: int = MOST_LABELS) -> None:
    """Give an axis the calendar of a scenario, with light lines at the labelled dates."""
    places, names, small = calendar_ticks(start, months, most)
    axes.set_xlim(0, months)
    axes.set_xticks(places)
    axes.set_xticks(small, minor=True)
    axes.set_xticklabels(names if labelled else [""] * len(places))
    axes.tick_params(which="both", length=2, width=0.5, labelsize=8)
    axes.grid(axis="x", color="#DDDDDD", linewidth=0.5, zorder=0)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def plain_ticks(axis, most: int, whole: bool = False) -> None:
    """Give an axis a few round ticks, written in few characters: 12M, never 1.2 and 1e7 far away.

    ``whole``: at whole numbers only.
    """
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(max(2, min(8, most)), steps=[1, 2, 2.5, 5, 10], integer=whole))
    axis.set_major_formatter(lambda value, _: amount(round(value, 12)))


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
