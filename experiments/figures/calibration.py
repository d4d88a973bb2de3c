"""Pictures of a calibration: what was learned, how the claims stand, whether intervals hold synthetic
truth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from experiments.figures import ink

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from experiments.calibration.calibrating import Calibration

WIDTH, LANE, ABOVE, BELOW = 10.0, 0.2, 0.75, 0.75  # inches
MOST_LANES = 60
FARTHEST = 4.0  # discrepancies: what is farther is drawn there


def draw_learned(found: Calibration, path: Path) -> Path:
    """Draw prior and posterior of the free inputs, those of which most was learned first."""
    return ink.save(lambda: compose_learned(found), path)


def draw_claims(found: Calibration, path: Path) -> Path:
    """Draw the discrepancy of each claim with prior and posterior."""
    return ink.save(lambda: compose_claims(found), path)


def draw_coverage(found: Calibration, path: Path) -> Path:
    """Draw in which share of synthetic truths the intervals of each input held the truth."""
    return ink.save(lambda: compose_coverage(found), path)


def compose_learned(found: Calibration) -> Figure:
    """Return the figure: the posterior on the scale of the prior, where the prior is the same for all
    inputs."""
    shown = found.learned[:MOST_LANES]
    figure, axes = _lanes([each.path for each in shown], 0.34, 0.32)
    axes.axvspan(0.05, 0.95, color=ink.GREY, alpha=0.12, zorder=-1, linewidth=0)
    axes.axvline(0.5, color=ink.GREY, linewidth=0.6, linestyle=":")
    for lane, each in enumerate(shown):
        low, first, middle, third, high = each.places
        colour = ink.BLUE if each.sure else ink.PALE
        axes.plot([low, high], [lane, lane], color=colour, linewidth=1.2, solid_capstyle="butt")
        axes.plot([first, third], [lane, lane], color=colour, linewidth=4.5, solid_capstyle="butt")
        axes.plot([middle], [lane], "o", color=ink.BLACK, markersize=2.6)
        text = f"{_values(each.prior)}  →  {_values(each.posterior)}"
        ink.write(
            axes, 1.02, lane, text, transform=axes.get_yaxis_transform(), ha="left", va="center", fontsize=6.2
        )
    axes.set_xlim(0, 1)
    axes.set_xticks([0.05, 0.25, 0.5, 0.75, 0.95], ["5 %", "25 %", "50 %", "75 %", "95 %"])
    axes.set_xlabel("place in the prior (share of it that lies below)")
    hidden = len(found.learned) - len(shown)
    more = f"; {hidden} more in inputs.csv" if hidden else ""
    _title(
        figure,
        f"What the claims taught about {len(found.learned)} free inputs of {found.world.scenario.name}",
        f"Thick 50 %, thin 90 % of the posterior; dot: median; grey band: 90 % of the prior. Blue: changed "
        f"beyond chance{more}. Right: median and 90 % before → after.",
    )
    return figure


def _values(values: tuple[float, ...]) -> str:
    return f"{amount(values[2])} ({amount(values[0])} to {amount(values[4])})"


def amount(value: float) -> str:
    """Return a number in few characters.

    >>> [amount(value) for value in (0.0201, 2040.0, 3.9e7)]
    ['0.0201', '2.04k', '39M']
    """
    for size, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if size <= abs(value) < 1e15:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"


def compose_claims(found: Calibration) -> Figure:
    """Return the figure: one lane per claim, from its discrepancy before to that after."""
    names = sorted(found.after, key=lambda name: -found.after[name].discrepancy)
    figure, axes = _lanes(names, 0.3, 0.05)
    axes.axvspan(0, 1, color=ink.GREEN, alpha=0.12, zorder=-1, linewidth=0)
    for lane, name in enumerate(names):
        before = min(FARTHEST, found.before[name].discrepancy)
        after = min(FARTHEST, found.after[name].discrepancy)
        agrees = found.after[name].verdict == "agrees"
        axes.plot([before, after], [lane, lane], color=ink.PALE, linewidth=1.2, zorder=1)
        axes.plot([before], [lane], "o", color="white", markeredgecolor=ink.GREY, markersize=4, zorder=2)
        axes.plot([after], [lane], "o", color=ink.GREEN if agrees else ink.VERMILLION, markersize=4, zorder=3)
    axes.axvline(1, color=ink.GREEN, linewidth=0.8)
    axes.set_xlim(-0.05, FARTHEST + 0.1)
    axes.set_xticks(range(int(FARTHEST) + 1), [*map(str, range(int(FARTHEST))), f"{FARTHEST:.0f} or more"])
    axes.set_xlabel("discrepancy (0: as claimed; 1: the edge of agreement)")
    agree = sum(each.verdict == "agrees" for each in found.after.values())
    before = sum(each.verdict == "agrees" for each in found.before.values())
    _title(
        figure,
        f"{agree} of {len(names)} claims agree with the posterior of {found.world.scenario.name}, "
        f"{before} with its prior",
        "White: prior. Green: posterior, agrees. Red: posterior, misses. These runs were not used to fit.",
    )
    return figure


def compose_coverage(found: Calibration) -> Figure:
    """Return the figure: shares of truths held, against what chance allows."""
    from experiments.calibration.coverage import LEVELS

    coverage = found.coverage
    assert coverage is not None
    shown = list(range(len(coverage.inputs)))[:MOST_LANES]
    figure, axes = _lanes([coverage.inputs[place] for place in shown], 0.34, 0.04)
    for level, colour in zip(LEVELS, (ink.ORANGE, ink.BLUE), strict=True):
        low, high = coverage.chance(level)
        axes.axvspan(low, high, color=colour, alpha=0.16, zorder=-1, linewidth=0)
        axes.axvline(level, color=colour, linewidth=0.8)
        axes.plot(
            coverage.held(level)[shown], np.arange(len(shown)), "o", color=colour, markersize=4,
            label=f"{100 * level:.0f} % interval",
        )  # fmt: skip
    axes.set_xlim(0, 1.02)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 0.9, 1], ["0", "25 %", "50 %", "75 %", "90 %", "100 %"])
    axes.set_xlabel("share of synthetic truths within the interval")
    _title(
        figure,
        f"Do intervals hold the truth? {coverage.truths} synthetic truths",
        "Orange: 50 % intervals, blue: 90 %. Line: where they should be; band: 90 % of what chance does.",
    )
    return figure


def _lanes(names: list[str], left: float, right: float):
    """Return a figure and its axes with one lane per name; margins as shares of the width."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    height = ABOVE + BELOW + LANE * max(2, len(names))
    figure = Figure(figsize=(WIDTH, height))
    FigureCanvasAgg(figure)
    axes = figure.add_axes((left, BELOW / height, 1 - left - right, 1 - (ABOVE + BELOW) / height))
    ink.draw_lanes(axes, names, 6.8, 58)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=2, width=0.5, labelsize=7.5)
    return figure, axes


def _title(figure: Figure, title: str, below: str) -> None:
    height = figure.get_figheight()
    figure.text(0.015, 1 - 0.22 / height, title, fontsize=10, weight="bold", va="center", parse_math=False)
    figure.text(0.015, 1 - 0.45 / height, below, fontsize=7.5, va="center", color=ink.GREY, parse_math=False)
