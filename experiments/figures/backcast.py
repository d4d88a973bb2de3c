"""The record and its backcast on one calendar: each date beside the simulated ones and the rivals'."""

from __future__ import annotations

import math
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
from experiments.figures.captions import CONDITIONAL
from experiments.figures.sheet import (
    BODY,
    EDGE,
    LINE,
    POINT,
    SMALL,
    WIDE,
    Sheet,
    draw_names,
    names_room,
)
from experiments.table import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from experiments.backcast import Backcast, Question

NAMES, RIGHT, LANE = 0.32, 11.0, 3.6  # share of the paper; mm at the right; mm of a lane
END = "end of the record"
SHOWN_RIVALS = {HAZARD: ink.ORANGE, TREND: ink.GREEN}


def draw(found: Backcast, path: str | Path) -> Path:
    """Draw a backcast to a file (.png, .svg, .pdf) and return its path."""
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
    return ink.save(lambda: compose(found), path, facts, 200)


def compose(found: Backcast, width: float = WIDE) -> Figure:
    """Return the figure: one lane per model by its actual date, then builders without one."""
    from experiments.timeline import ticks

    lanes = [question for question in found.questions if question.status != NOT_SIMULATED]
    result = found.result
    sheet = Sheet(width, f"{result.scenario.file.scenario.title}: what came, and what the simulation says")
    sheet.legend(_keys(found, lanes))
    names = [_label(question) for question in lanes]
    left = names_room(names, BODY, NAMES * sheet.room)
    wide = sheet.room - left - RIGHT
    sheet.top += SMALL * LINE * POINT + 0.6
    column = "by then"
    sheet.words(sheet.width - EDGE, sheet.top - 0.4, column, fontsize=SMALL, ha="right", va="bottom")
    half = 0.5 * ink.width_of(END, SMALL)
    place = min(
        wide * found.end / result.compiled.horizon, wide + RIGHT - half - ink.width_of(column, SMALL) - 2
    )
    sheet.words(EDGE + left + place, sheet.top - 0.4, END, fontsize=SMALL, ha="center", va="bottom",
                color=ink.GREY)  # fmt: skip
    axes = sheet.panel(LANE * max(3, len(lanes)), left, RIGHT)
    ink.draw_calendar(axes, result.scenario.start, result.compiled.horizon, True, ticks(wide))
    axes.tick_params(labelsize=SMALL)
    axes.set_xlabel(f"date of announcement (n = {len(result.run_numbers):,} runs)", fontsize=SMALL)
    draw_names(axes, names, left)
    axes.axvline(found.end, color=ink.GREY, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1)
    places = {question.name: place for place, question in enumerate(found.asked)}
    for lane, question in enumerate(lanes):
        _draw_lane(axes, lane, question, found, places.get(question.name))
    return sheet.whole(f"At the right: share of runs that have it by the {END}. {caption_text(found)}")


def caption_text(found: Backcast) -> str:
    """Return what the figure shows, and how the forecasters did."""
    result, runs = found.result, len(found.result.run_numbers)
    end = min(found.history.end, last_day(result.scenario.start + result.compiled.horizon))
    text = (
        f"Scenario {result.scenario.name} ({result.scenario.fingerprint[:8]}), {runs:,} "
        f"run{'s' if runs > 1 else ''}, seed {result.seed}. {CONDITIONAL} Models of one actor and class are "
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
        _at_the_right(axes, lane, percent(float((dates <= found.end).mean())), ink.BLACK)
    else:
        _at_the_right(axes, lane, "given", ink.GREY)
    if math.isfinite(question.actual) and 0.0 <= question.actual <= horizon:
        colour = ink.GREY if question.status == GIVEN else ink.BLACK
        axes.plot(
            [question.actual], [lane - 0.1], "D", color=colour, markersize=5.4, markeredgecolor="white",
            markeredgewidth=0.7, zorder=7, clip_on=False,
        )  # fmt: skip


def _at_the_right(axes: Axes, lane: int, text: str, colour: str) -> None:
    axes.annotate(
        text, (1, lane), (1.2 / POINT, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
        fontsize=SMALL, va="center", color=colour, annotation_clip=False,
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
