"""The picture of the evidence: every simulated claim beside what the runs say, grouped by role.

Claims differ in unit and size. Numbers share an axis on which 0 is the claimed value and -1 and 1 are the
edges of agreement; claims about signs, orders, patterns and probabilities one of shares of the runs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.evidence.claims import HELD_BACK
from experiments.evidence.scales import WHOLE, is_share, zone_of
from experiments.evidence.table import AGREES, MISSES, UNTESTED, Evidence, EvidenceTable
from experiments.evidence.telling import ROLES, claimed, simulated
from experiments.figures import ink
from experiments.figures.captions import basis_of
from experiments.figures.sheet import EDGE, INCH, WIDE, Sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARGIN, BETWEEN = EDGE / INCH, 0.16  # inches: the sides of the page, between columns
DOTS_PER_INCH = 200
MOST_IN_ONE_COLUMN = 28  # rows; more stand in two columns, in smaller print
MOST_LETTERS = 43  # of the numbers beside a row
HEAD, TAIL = 0.46, 0.36  # inches of a panel above and below its rows
FEWEST = 3  # rows of a panel that goes on in the next column
CALCULATED = "no runs: calculated"
FAR = 3.0  # positions further out are drawn here, as arrows
COLOURS = {AGREES: ink.BLUE, MISSES: ink.VERMILLION, UNTESTED: ink.GREY}
MARKERS = {AGREES: "o", MISSES: "s", UNTESTED: "o"}
SIGNS = {AGREES: "✓", MISSES: "✗", UNTESTED: "○", "": "–"}
ZONE = "#DADADA"


@dataclass(frozen=True)
class Shape:
    """Measures of a column, in inches and points; ``letters``: of a label and of the numbers beside it."""

    columns: int
    row: float
    size: float
    names: float
    letters: int
    numbers: float
    page: float = WIDE / INCH

    @property
    def width(self) -> float:
        return (self.page - 2 * MARGIN - (self.columns - 1) * BETWEEN) / self.columns


ONE = Shape(1, 0.2, 7.0, 2.02, 36, 2.1)
TWO = Shape(2, 0.158, 5.8, 1.42, 31, 0.0)
SIGN = 0.13  # inches of a column of signs


@dataclass(frozen=True)
class Piece:
    """Rows of one role that share an axis; of a panel, or of the part of one that a column has room for."""

    role: str
    share: bool
    rows: Sequence[Evidence]
    again: bool = False

    def height(self, shape: Shape) -> float:
        return HEAD + len(self.rows) * shape.row + TAIL


def draw_evidence(table: EvidenceTable, path: str | Path) -> Path:
    """Draw a table of evidence to a file (.png, .svg, .pdf) and return its path.

    Raises UserError for a file that cannot be written.
    """
    facts = {"Title": f"Evidence for {table.scenario.name}", "Source": table.scenario.fingerprint}
    return ink.save(lambda: compose(table), path, facts, DOTS_PER_INCH)


def compose(table: EvidenceTable, width: float = WIDE) -> Figure:
    """Return the figure. ``width``: of the paper in mm."""
    pieces = pieces_of(table)
    few = sum(len(piece.rows) for piece in pieces) <= MOST_IN_ONE_COLUMN
    sheet = Sheet(width, _title(table))
    shape = replace(ONE if few else TWO, page=width / INCH)
    if sheet.narrow:
        shape = replace(TWO, columns=1, page=width / INCH)
    others = [name for name in ("prior", "rival") if any(getattr(row, name) for row in table.rows)]
    sheet.legend(_keys(others))
    columns = in_columns(pieces, shape)
    first = sheet.top
    for place, column in enumerate(columns):
        sheet.top = first
        for piece in column:
            runs = table.runs if any(row.simulates for row in piece.rows) else 0
            _panel(sheet, piece, shape, MARGIN + place * (shape.width + BETWEEN), others, runs)
    sheet.top = first + INCH * max(
        (sum(piece.height(shape) for piece in column) for column in columns), default=0
    )
    if not pieces:
        sheet.paragraph("No claim here is tested by simulation.", color=ink.GREY)
    return sheet.whole(f"{_facts(table)} {basis_of('evidence', table).text}")


def pieces_of(table: EvidenceTable) -> list[Piece]:
    """Return the claims that have a rule: by role, numbers before shares, as in the files."""
    ruled = [row for row in table.rows if row.judged is not None]
    found = []
    for role in ROLES:
        for share in (False, True):
            rows = [row for row in ruled if row.claim.role == role and is_share(row.claim) == share]
            if rows:
                found.append(Piece(role, share, rows))
    return found


def in_columns(pieces: Sequence[Piece], shape: Shape) -> list[list[Piece]]:
    """Return which pieces stand in which column, columns as even as can be; long pieces are parted."""
    if shape.columns == 1:
        return [list(pieces)]
    total = sum(piece.height(shape) for piece in pieces) + HEAD + TAIL  # one of them is parted
    goal = total / shape.columns
    columns: list[list[Piece]] = [[]]
    used = 0.0
    for piece in pieces:
        rest: Piece | None = piece
        while rest:
            room = goal - used
            if rest.height(shape) <= room + shape.row or len(columns) == shape.columns:
                columns[-1].append(rest)
                used += rest.height(shape)
                break
            fit = min(int((room - HEAD - TAIL) / shape.row + 1e-9), len(rest.rows) - FEWEST)
            if fit >= FEWEST:
                columns[-1].append(Piece(rest.role, rest.share, rest.rows[:fit], rest.again))
                rest = Piece(rest.role, rest.share, rest.rows[fit:], True)
            columns.append([])
            used = 0.0
    return [column for column in columns if column]


def _panel(sheet: Sheet, piece: Piece, shape: Shape, left: float, others: Sequence[str], runs: int) -> None:
    """Draw the rows of a piece, below its heading and beside their names.

    ``left``: inches. ``runs``: of each arm; 0 where nothing in it is simulated.
    """
    signs = SIGN * (1 + len(others)) + 0.06
    wide = shape.width - shape.names - signs - shape.numbers
    tall = len(piece.rows) * shape.row
    begin = sheet.top
    sheet.top += HEAD * INCH
    axes = sheet.box((left + shape.names) * INCH, wide * INCH, tall * INCH)
    sheet.top = begin + piece.height(shape) * INCH
    count = len(piece.rows)
    axes.set_ylim(count - 0.5, -0.5)
    axes.set_yticks([])
    unit = wide  # inches across: places beside the axes are given in inches
    agree = _agreeing(piece.rows)
    shares = "shares of runs" if runs else "yes or no"
    sort = f"{shares if piece.share else 'numbers'}{', going on' if piece.again else ''}"
    heading = f"{piece.role} ({sort}): {agree} of {count} agree"
    _beside(axes, -shape.names / unit, -0.75, heading, size=shape.size + 1.2, weight="bold", va="bottom")
    _axis(axes, piece.share, shape, runs)
    for place, name in enumerate(("now", *others)):
        word = {"now": "now", "prior": "before", "rival": "naive"}[name]
        x = 1 + (0.06 + SIGN * (place + 0.5)) / unit
        _beside(axes, x, -0.6, word, size=shape.size - 0.8, ha="center", va="bottom", rotation=90)
    for y, row in enumerate(piece.rows):
        if y % 2:
            axes.axhspan(y - 0.5, y + 0.5, color=ink.BAND, linewidth=0, zorder=-3)
        _beside(axes, -0.05 / unit, y, ink.shorten(row.id, shape.letters), size=shape.size, ha="right")
        found = {"now": row.verdict, "prior": row.prior_verdict, "rival": row.rival_verdict}
        for place, name in enumerate(("now", *others)):
            x = 1 + (0.06 + SIGN * (place + 0.5)) / unit
            verdict = found[name]
            _beside(axes, x, y, SIGNS[verdict], size=shape.size + 0.8, ha="center",
                    color=COLOURS.get(verdict, ink.GREY),
                    weight="bold" if place == 0 else "normal")  # fmt: skip
        if shape.numbers and not y:
            words = "" if piece.share else "claimed | runs"
            _beside(axes, 1 + (signs + 0.05) / unit, -0.6, words, size=shape.size - 1.0, va="bottom")
        if shape.numbers and row.judged is not None:
            said = _numbers(row)
            _beside(axes, 1 + (signs + 0.05) / unit, y, said, size=shape.size - 1.0, color="#333333")
        _row(axes, y, row, piece.share, shape)


def _numbers(row: Evidence) -> str:
    """Return claim and result in so few letters that they fit beside a row."""
    assert row.judged is not None
    said, unit = simulated(row.claim, row.judged), row.claim.unit
    if is_share(row.claim):
        return ink.shorten(said, MOST_LETTERS)
    both = f"{claimed(row.claim).removesuffix(unit).strip()} | {said.removesuffix(unit).strip()}"
    whole = f"{both} {unit}" if said.endswith(unit) else both
    return ink.shorten(whole if len(whole) <= MOST_LETTERS else both, MOST_LETTERS)


def _axis(axes: Axes, share: bool, shape: Shape, runs: int) -> None:
    if share:
        axes.set_xlim(-4, 104)
        axes.set_xticks([0, 25, 50, 75, 100])
        words = f"% of runs in which it holds (n = {runs:,})" if runs else f"0: no; 100: yes ({CALCULATED})"
    else:
        axes.set_xlim(-FAR - 0.35, FAR + 0.35)
        axes.set_xticks([-2, -1, 0, 1, 2])
        axes.set_xticklabels(["−2", "−1", "0", "1", "2"])
        words = f"0: claimed; −1 to 1: agrees ({f'n = {runs:,} runs' if runs else CALCULATED})"
    axes.set_xlabel(words, fontsize=shape.size - 0.2, labelpad=1.5)
    axes.tick_params(axis="x", length=2, width=0.5, labelsize=shape.size - 0.2, pad=1.5)
    axes.grid(axis="x", color="#E6E6E6", linewidth=0.5, zorder=-2)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _row(axes: Axes, y: float, row: Evidence, share: bool, shape: Shape) -> None:
    """Draw what agrees, what is claimed, the runs, the prior and the rival of one claim."""
    claim, judged = row.claim, row.judged
    zone = zone_of(claim)
    low, high = axes.get_xlim()

    def place(value: float) -> float:
        return value if share else zone.position(value)

    edges = [
        max(low, place(zone.low) if math.isfinite(zone.low) else low),
        min(high, place(zone.high) if math.isfinite(zone.high) else high),
    ]
    if share:
        edges = [max(0.0, edges[0]), min(WHOLE, edges[1])]
    elif edges[0] == edges[1]:  # an identity without any tolerance
        edges = [-0.04, 0.04]
    axes.barh(y, edges[1] - edges[0], left=edges[0], height=0.74, color=ZONE, linewidth=0, zorder=-1)
    if claim.interval is not None and claim.test.rule != "interval" and not share:
        ends = [min(FAR, max(-FAR, place(value))) for value in claim.interval]
        axes.plot(ends, [y + 0.27] * 2, color=ink.GREY, linewidth=0.7, marker="|", markersize=2.5, zorder=1)
    if judged is None or not judged.runs:
        ink.write(axes, sum(axes.get_xlim()) / 2, y, "not defined in any run", ha="center", va="center",
                  fontsize=shape.size - 1, color=ink.GREY, style="italic")  # fmt: skip
        return
    colour = COLOURS[row.verdict]
    if not share:
        ends = [place(judged.low), place(judged.high)]
        drawn = [min(FAR, max(-FAR, end)) for end in ends]
        axes.plot(drawn, [y, y], color=colour, linewidth=1.1, solid_capstyle="butt", zorder=3)
        for end in ends:
            if abs(end) > FAR:
                axes.plot(math.copysign(FAR + 0.12, end), y, marker=">" if end > 0 else "<", markersize=3,
                          color=colour, linewidth=0, zorder=3)  # fmt: skip
    size = 0.55 * shape.size
    fill = "white" if row.verdict == UNTESTED else colour
    _mark(axes, place(judged.statistic), y, share, marker=MARKERS[row.verdict], markersize=size,
          markerfacecolor=fill, markeredgecolor=colour, markeredgewidth=0.7, zorder=5)  # fmt: skip
    if not share and math.isinf(judged.statistic):
        ink.write(axes, FAR - 0.25, y, "never", ha="right", va="center", fontsize=shape.size - 1,
                  color=colour, bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.4},
                  zorder=4)  # fmt: skip
    if row.prior and row.prior.runs:
        _mark(axes, place(row.prior.statistic), y, share, marker="D", markersize=size * 1.05,
              markerfacecolor="none", markeredgecolor=ink.BLACK, markeredgewidth=0.6, zorder=6)  # fmt: skip
    if row.rival and row.rival.runs:
        _mark(axes, place(row.rival.statistic), y, share, marker="x", markersize=size * 0.95,
              markeredgecolor=ink.BLACK, markeredgewidth=0.8, zorder=6)  # fmt: skip


def _mark(axes: Axes, x: float, y: float, share: bool, **style: Any) -> None:
    """Draw a mark, at the edge where it lies beyond."""
    edge = WHOLE if share else FAR
    axes.plot(min(edge, max(0.0 if share else -edge, x)), y, linestyle="", clip_on=False, **style)


def _beside(axes: Axes, x: float, y: float, text: str, size: float, **style: Any) -> None:
    """Write beside the axes: across in parts of their width, downwards in rows."""
    style = {"va": "center"} | style
    ink.write(axes, x, y, text, transform=axes.get_yaxis_transform(), fontsize=size, **style)


def _title(table: EvidenceTable) -> str:
    """Return how many agree of the claims that runs decide, those held back apart; of all if none do."""
    rows = [row for row in table.rows if row.simulates] or table.rows
    held_back = [row for row in rows if row.claim.role == HELD_BACK]
    others = [row for row in rows if row.claim.role != HELD_BACK]
    of = f"the {len(others)} claims that runs decide" if table.simulates else f"{len(others)} claims"
    told = [f"{_agreeing(others)} of {of} agree"] if others else []
    told += [f"{_agreeing(held_back)} of {len(held_back)} held back agree"] if held_back else []
    return f"Evidence for {ink.shorten(table.scenario.name, 30)}: {', '.join(told)}"


def _agreeing(rows: Sequence[Evidence]) -> int:
    """Return how many claims agree."""
    return sum(row.verdict == AGREES for row in rows)


def _facts(table: EvidenceTable) -> str:
    """Return which claims were left out, and how those stand that are not drawn."""
    said = [table.choice.in_words]
    used = [row for row in table.rows if row.judged is None]
    if used:
        right = _agreeing(used)
        said.append(f"Not drawn: claims that are inputs, of which {right} of {len(used)} stand as claimed.")
    return " ".join(filter(None, said))


def _keys(others: Sequence[str]) -> list[Any]:
    """Return the legend: only what can be there."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    def runs(verdict: str, words: str) -> Line2D:
        return Line2D([], [], color=COLOURS[verdict], marker=MARKERS[verdict], markersize=4, linewidth=1.1,
                      markerfacecolor="white" if verdict == UNTESTED else COLOURS[verdict],
                      label=words)  # fmt: skip

    handles: list[Any] = [
        Patch(color=ZONE, label="what agrees"),
        Line2D(
            [], [], color=ink.GREY, linewidth=0.7, marker="|", markersize=3, label="interval of the source"
        ),
        runs(AGREES, "runs, agrees: median, 5 % to 95 %"),
        runs(MISSES, "runs, misses"),
        runs(UNTESTED, "untested"),
        Line2D([], [], linestyle="", marker=">", markersize=3.5, color=ink.GREY, label="goes on beyond"),
    ]
    if "prior" in others:
        handles.append(Line2D([], [], linestyle="", marker="D", markersize=4, markerfacecolor="none",
                              markeredgecolor=ink.BLACK, markeredgewidth=0.6,
                              label="before calibration"))  # fmt: skip
    if "rival" in others:
        handles.append(Line2D([], [], linestyle="", marker="x", markersize=4, markeredgecolor=ink.BLACK,
                              markeredgewidth=0.8, label="naive rival"))  # fmt: skip
    return handles
