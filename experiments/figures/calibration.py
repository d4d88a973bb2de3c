"""Pictures of a calibration: what was learned, how the claims stand, whether intervals hold synthetic
truth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from experiments.figures import ink
from experiments.figures.sheet import BODY, POINT, SMALL, WIDE, Sheet, draw_names, names_room, say, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from experiments.calibration.report import Calibrated

LANE, NAMES = 3.5, 0.4  # mm; share of the paper
MOST_LANES = 60
MARGIN = 0.02  # of the axis of shares: marks at 0 % and 100 % are whole
FARTHEST = 4.0  # discrepancies: what is farther is drawn there


def draw_learned(found: Calibrated, path: Path) -> Path:
    """Draw prior and posterior of the free inputs, those of which most was learned first."""
    return ink.save(lambda: compose_learned(found, WIDE), path, {"Description": found.basis.text}, 200)


def draw_claims(found: Calibrated, path: Path) -> Path:
    """Draw the discrepancy of each claim with prior and posterior."""
    return ink.save(lambda: compose_claims(found, WIDE), path, {"Description": found.basis.text}, 200)


def draw_coverage(found: Calibrated, path: Path) -> Path:
    """Draw in which share of synthetic truths the intervals of each input held the truth."""
    return ink.save(lambda: compose_coverage(found, WIDE), path, {"Description": found.basis.text}, 200)


def compose_learned(found: Calibrated, width: float) -> Figure:
    """Return the figure: the posterior on the scale of the prior, where the prior is the same for all
    inputs."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    shown = found.learned[:MOST_LANES]
    sheet = Sheet(
        width, f"What the claims taught about {len(found.learned)} free inputs of {found.basis.scenario}"
    )
    sheet.legend([
        Patch(color="#E4E4E4", label="prior, 90 %"),
        Line2D([], [], color=ink.BLUE, linewidth=4, label="posterior, 50 %: changed beyond chance"),
        Line2D([], [], color=ink.PALE, linewidth=4, label="not beyond chance"),
        Line2D([], [], color=ink.BLUE, linewidth=1.2, label="90 %"),
        Line2D([], [], color=ink.BLACK, marker="o", markersize=2.6, linestyle="none", label="median"),
    ])  # fmt: skip
    texts = [f"{_values(each.prior)} → {_values(each.posterior)}" for each in shown]
    right = 3.0 if sheet.narrow else max((ink.width_of(text, SMALL) for text in texts), default=0.0) + 3.0
    if not sheet.narrow and shown:
        sheet.top += 3.2
        sheet.words(sheet.width - 2.0, sheet.top - 0.3, "median (90 %): before → after", fontsize=SMALL,
                    ha="right", va="bottom")  # fmt: skip
    axes = _lanes(sheet, [each.path for each in shown], right)
    axes.axvspan(0.05, 0.95, color=ink.GREY, alpha=0.12, zorder=-1, linewidth=0)
    axes.axvline(0.5, color=ink.GREY, linewidth=0.6, linestyle=":")
    for lane, each in enumerate(shown):
        low, first, middle, third, high = each.places
        colour = ink.BLUE if each.sure else ink.PALE
        axes.plot([low, high], [lane, lane], color=colour, linewidth=1.2, solid_capstyle="butt")
        axes.plot([first, third], [lane, lane], color=colour, linewidth=4, solid_capstyle="butt")
        axes.plot([middle], [lane], "o", color=ink.BLACK, markersize=2.6)
        if not sheet.narrow:
            axes.annotate(
                texts[lane], (1, lane), (1.2 / POINT, 0), xycoords=("axes fraction", "data"),
                textcoords="offset points", ha="left", va="center", fontsize=SMALL, annotation_clip=False,
            )  # fmt: skip
    axes.set_xlim(-MARGIN, 1 + MARGIN)
    axes.set_xticks([0.05, 0.5, 0.95], ["5 %", "50 %", "95 %"])
    axes.set_xlabel(f"place in the prior (share below; n = {found.basis.runs:,} draws)", fontsize=SMALL)
    return sheet.whole(_more(len(found.learned) - len(shown), "inputs.csv") + found.basis.text)


def _more(hidden: int, where: str) -> str:
    return f"{hidden} more in {where}. " if hidden else ""


def _values(values: tuple[float, ...]) -> str:
    return f"{ink.amount(values[2])} ({ink.amount(values[0])} to {ink.amount(values[4])})"


def compose_claims(found: Calibrated, width: float) -> Figure:
    """Return the figure: one lane per claim, from its discrepancy before to that after."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    claims = sorted(found.claims, key=lambda claim: -claim[2])
    agree = sum(claim[4] == "agrees" for claim in claims)
    before = sum(claim[3] == "agrees" for claim in claims)
    sheet = Sheet(
        width,
        f"{agree} of {len(claims)} claims agree with the posterior of {found.basis.scenario}, "
        f"{before} with its prior",
    )

    def dot(face: str, edge: str, label: str) -> Line2D:
        return Line2D([], [], linestyle="none", marker="o", markersize=4, markerfacecolor=face,
                      markeredgecolor=edge, label=label)  # fmt: skip

    sheet.legend(
        [
            Patch(color="#DDF1EA", label="agrees"),
            dot("white", ink.GREY, "prior"),
            dot(ink.GREEN, ink.GREEN, "posterior, agrees"),
            dot(ink.VERMILLION, ink.VERMILLION, "posterior, misses"),
        ]
    )
    axes = _lanes(sheet, [claim[0] for claim in claims], 8.0)
    axes.axvspan(0, 1, color=ink.GREEN, alpha=0.12, zorder=-1, linewidth=0)
    for lane, (_, prior, posterior, _, verdict) in enumerate(claims):
        low, high = min(FARTHEST, prior), min(FARTHEST, posterior)
        axes.plot([low, high], [lane, lane], color=ink.PALE, linewidth=1.2, zorder=1)
        axes.plot([low], [lane], "o", color="white", markeredgecolor=ink.GREY, markersize=4, zorder=2)
        colour = ink.GREEN if verdict == "agrees" else ink.VERMILLION
        axes.plot([high], [lane], "o", color=colour, markersize=4, zorder=3)
    axes.axvline(1, color=ink.GREEN, linewidth=0.8)
    axes.set_xlim(-0.05, FARTHEST + 0.1)
    axes.set_xticks(range(int(FARTHEST) + 1), [*map(str, range(int(FARTHEST))), f"≥ {FARTHEST:.0f}"])
    axes.set_xlabel(f"discrepancy (1: edge of agreement; n = {len(claims)} claims)", fontsize=SMALL)
    return sheet.whole(f"These runs were not used to fit. {found.basis.text}")


def compose_coverage(found: Calibrated, width: float) -> Figure:
    """Return the figure: shares of truths held, against what chance allows."""
    from matplotlib.lines import Line2D

    from experiments.calibration.coverage import LEVELS, chance

    shown = found.held[:MOST_LANES]
    sheet = Sheet(width, f"Do intervals hold the truth? {found.truths} synthetic truths")
    colours = (ink.ORANGE, ink.BLUE)
    sheet.legend([
        Line2D([], [], linestyle="none", marker="o", markersize=4, color=colour,
               label=f"{100 * level:.0f} % interval (band: 90 % of what chance does)")
        for level, colour in zip(LEVELS, colours, strict=True)
    ])  # fmt: skip
    axes = _lanes(sheet, [path for path, _ in shown], 5.0)
    for place, (level, colour) in enumerate(zip(LEVELS, colours, strict=True)):
        low, high = chance(found.truths, level)
        axes.axvspan(low, high, color=colour, alpha=0.16, zorder=-1, linewidth=0)
        axes.axvline(level, color=colour, linewidth=0.8)
        axes.plot([held[place] for _, held in shown], np.arange(len(shown)), "o", color=colour, markersize=4)
    axes.set_xlim(-MARGIN, 1 + MARGIN)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"])
    axes.set_xlabel(f"share of synthetic truths within the interval (n = {found.truths})", fontsize=SMALL)
    return sheet.whole(_more(len(found.held) - len(shown), "coverage.csv") + found.basis.text)


def _lanes(sheet: Sheet, names: list[str], right: float) -> Axes:
    """Return axes with one lane per name."""
    left = max(14.0, names_room(names, BODY, NAMES * sheet.room))
    axes = sheet.panel(max(14.0, LANE * len(names)), left, right)
    draw_names(axes, names or [""], left, SMALL if sheet.narrow else BODY)
    tidy(axes)
    axes.spines["left"].set_visible(False)
    if not names:
        say(axes, "There is nothing to show.", sheet.room - left - right)
    return axes
