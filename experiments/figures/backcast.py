"""The record and its backcast on one calendar: each date beside the simulated ones and the rivals'."""

from __future__ import annotations

import math
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.backcast import (
    GIVEN,
    HAZARD,
    NONE,
    NOT_SIMULATED,
    SCORED,
    SIMULATION,
    TREND,
    last_day,
    quantiles,
)
from experiments.figures import ink
from experiments.table import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from experiments.backcast import Backcast, Question

WIDTH, LEFT, RIGHT, EDGE = 11.0, 2.6, 1.15, 0.2  # inches
LANE, ABOVE = 0.235, 1.0  # inches: height of a lane; room for title and legend
SIZE = 7.5  # points
SHOWN_RIVALS = {HAZARD: ink.ORANGE, TREND: ink.GREEN}
CAPTION_CHARACTERS, MOST_CHARACTERS = 190, 44  # of a line of the caption; of a name


def draw(found: Backcast, path: str | Path) -> Path:
    """Draw a backcast to a PNG file and return its path; raise UserError where it cannot be written."""
    result = found.result
    facts = {
        "Title": f"{result.scenario.file.scenario.title}: backcast",
        "Software": "diffusion-cascades",
        "Scenario": result.scenario.name,
        "Sets": "; ".join(result.scenario.sets),
        "Policies": "; ".join(result.scenario.policies),
        "Seed": str(result.seed),
        "Runs": str(len(result.run_numbers)),
        "Fingerprint": result.scenario.fingerprint,
    }
    return ink.save(lambda: compose(found), path, facts)


def compose(found: Backcast) -> Figure:
    """Return the figure, not yet drawn: one lane per model by its actual date, then builders without one."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    lanes = [question for question in found.questions if question.status != NOT_SIMULATED]
    caption = textwrap.fill(caption_text(found), CAPTION_CHARACTERS)
    foot = 0.5 + 0.135 * (caption.count("\n") + 1)
    height = ABOVE + LANE * max(3, len(lanes)) + foot
    figure = Figure(figsize=(WIDTH, height))
    FigureCanvasAgg(figure)
    axes = figure.add_axes(
        (
            LEFT / WIDTH,
            foot / height,
            (WIDTH - LEFT - RIGHT) / WIDTH,
            1 - (ABOVE + foot) / height,
        )
    )
    result = found.result
    title = f"{ink.shorten(result.scenario.file.scenario.title, 60)}: what came, and what the simulation says"
    figure.text(
        EDGE / WIDTH, 1 - 0.15 / height, title, fontsize=13, fontweight="bold", va="top", parse_math=False
    )
    ink.draw_calendar(axes, result.scenario.start, result.compiled.horizon, True)
    ink.draw_lanes(axes, [_label(question) for question in lanes], SIZE, MOST_CHARACTERS)
    axes.axvline(found.end, color=ink.GREY, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1)
    ink.write(
        axes, found.end, 1.0, "end of the record", transform=axes.get_xaxis_transform(), fontsize=6.5,
        ha="center", va="bottom", color=ink.GREY,
    )  # fmt: skip
    column = "announced by the\nend of the record\n(share of runs)"
    ink.write(axes, 1.01, 1.0, column, transform=axes.transAxes, fontsize=6.5, va="bottom", color="#333333")
    places = {question.name: place for place, question in enumerate(found.asked)}
    for lane, question in enumerate(lanes):
        _draw_lane(axes, lane, question, found, places.get(question.name))
    axes.legend(
        handles=_keys(found, lanes), loc="lower left",
        bbox_to_anchor=(-LEFT / (WIDTH - LEFT - RIGHT) + 0.02, 1.0),
        bbox_transform=axes.transAxes, ncols=4, fontsize=7, frameon=False, handlelength=1.6,
        columnspacing=1.6, borderaxespad=1.6,
    )  # fmt: skip
    figure.text(
        EDGE / WIDTH, 0.1 / height, caption, fontsize=7, va="bottom", linespacing=1.3, color="#333333",
        parse_math=False,
    )  # fmt: skip
    return figure


def caption_text(found: Backcast) -> str:
    """Return what the figure shows, and how the forecasters did."""
    result, runs = found.result, len(found.result.run_numbers)
    end = min(found.history.end, last_day(result.scenario.start + result.compiled.horizon))
    text = (
        f"{runs:,} run{'s' if runs > 1 else ''}, seed {result.seed}. Models of one actor and class are "
        "matched in their order: (2) is the second of its actor of that class or above. Intervals that "
        "reach the right edge end later, or never. "
    )
    scored = len(found.crps(SIMULATION, SCORED))
    if scored:
        scores = ", ".join(f"{name} {found.mean_crps(name, SCORED):.1f}" for name in found.answers)
        text += (
            f"Mean CRPS of the dates of the {scored} scored models up to {end}, in months (less is better): "
            f"{scores}. "
        )
    return text + found.history.credit


def _label(question: Question) -> str:
    rank = f" ({question.rank})" if question.rank > 1 else ""
    if question.status == NONE:
        return f"{question.actor}: none of {question.klass}"
    return f"{question.name} · {question.actor}, {question.klass}{rank}"


def _draw_lane(axes: Axes, lane: int, question: Question, found: Backcast, place: int | None) -> None:
    horizon = found.result.compiled.horizon
    if place is not None:
        for offset, (rival, colour) in enumerate(SHOWN_RIVALS.items()):
            if rival in found.answers:
                low, _, median, _, high = np.minimum(quantiles(found.answers[rival][place].dates), horizon)
                base = lane + 0.22 + 0.13 * offset
                axes.plot([low, high], [base] * 2, color=colour, linewidth=0.9, alpha=0.65, zorder=2)
                if median < horizon:
                    axes.plot([median], [base], "|", color=colour, markersize=3.5, zorder=2)
        dates = found.answers[SIMULATION][place].dates
        low, first, median, third, high = np.minimum(quantiles(dates), horizon)
        base = lane - 0.1
        line: dict[str, Any] = {"color": ink.BLUE, "solid_capstyle": "butt", "zorder": 4}
        axes.plot([low, high], [base] * 2, linewidth=1.0, **line)
        axes.plot([first, third], [base] * 2, linewidth=3.6, **line)
        if median < horizon:
            axes.plot(
                [median], [base], "o", markersize=4.4, markerfacecolor="white", markeredgecolor=ink.BLUE,
                markeredgewidth=1.1, zorder=5,
            )  # fmt: skip
        share = percent(float((dates <= found.end).mean()))
        ink.write(axes, 1.012, lane, share, transform=axes.get_yaxis_transform(), fontsize=SIZE, va="center")
    else:
        ink.write(
            axes, 1.012, lane, "given", transform=axes.get_yaxis_transform(), fontsize=SIZE, va="center",
            color=ink.GREY,
        )  # fmt: skip
    if math.isfinite(question.actual) and 0.0 <= question.actual <= horizon:
        colour = ink.GREY if question.status == GIVEN else ink.BLACK
        axes.plot(
            [question.actual], [lane - 0.1], "D", color=colour, markersize=5.4, markeredgecolor="white",
            markeredgewidth=0.7, zorder=7, clip_on=False,
        )  # fmt: skip


def _keys(found: Backcast, lanes: list[Question]) -> list:
    from matplotlib.lines import Line2D

    def mark(colour, label, marker="D", **style):
        return Line2D(
            [], [], color=colour, marker=marker, linestyle="none", markersize=5, label=label, **style
        )

    keys = [mark(ink.BLACK, "actual announcement")]
    if any(question.status == GIVEN for question in lanes):
        keys.append(mark(ink.GREY, "actual, given to the simulation"))
    keys += [
        mark(ink.BLUE, "simulated: median", "o", markerfacecolor="white"),
        Line2D([], [], color=ink.BLUE, linewidth=3.6, label="simulated: 50 % of runs"),
        Line2D([], [], color=ink.BLUE, linewidth=1.0, label="simulated: 90 % of runs"),
    ]
    for rival, colour in SHOWN_RIVALS.items():
        if rival in found.answers:
            keys.append(
                Line2D(
                    [], [], color=colour, linewidth=0.9, alpha=0.65, label=f"rival: {rival}, 90 % and median"
                )
            )
    return keys
