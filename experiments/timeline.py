"""The picture of an ensemble: who reached the class and when, beside the record, and one run's cascade.

Everything is read off the result; nothing re-simulates to draw.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.figures import cascade, diffusion, ink
from experiments.figures.captions import CONDITIONAL, basis_of_result
from experiments.figures.sheet import (
    BODY,
    LINE,
    POINT,
    SMALL,
    WIDE,
    Sheet,
    names_room,
    number_text,
    say,
    tidy,
)
from sim.errors import UserError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from experiments.history import History
    from sim.result import Result

NAMES, GROUP, NEVER = 0.22, 24.0, 11.0  # share of the paper for names; mm at the right of the lanes
LEAST_LANE, MOST_LANE, LANES = 2.9, 4.4, 92.0  # mm: of one lane, and of all as long as that is possible
STRIP, USERS = 9.0, 38.0  # mm: of attention; of the curve of users
CELL = 3.0  # mm between columns of a table


def draw_timeline(
    result: Result, history: History | None, path: str | Path, *, run: int | None = None
) -> Path:
    """Draw the timeline of a result to a file (.png, .svg, .pdf) and return its path.

    Args:
        result: of ``simulate``, with the dates of announcement of the builders and some logs.
        history: the record, drawn beside the runs; None if there is none.
        path: of the picture; its name ends in .png, .svg or .pdf.
        run: number of the run whose cascade is drawn; None takes the one, of those with a log,
            whose lags lie nearest the medians.

    Raises:
        UserError: for a run without a log, or a file that cannot be written.
    """
    shown = chosen_run(result, run)
    return ink.save(
        lambda: compose(result, history, shown, run is None), path, picture_facts(result, shown), 200
    )


def chosen_run(result: Result, run: int | None) -> int | None:
    """Return the run whose cascade is drawn; None if no log was kept."""
    if run is None:
        return cascade.typical_run(result)
    if run not in result.logs:
        there = ", ".join(str(number) for number in list(result.logs)[:30])
        raise UserError(f"run {run}: no event log was kept; there are logs of: {there or 'none'}")
    return run


def picture_facts(result: Result, shown: int | None) -> dict[str, str]:
    """Return what the file says of itself: enough to make the picture again."""
    scenario = result.scenario
    return {
        "Title": f"{scenario.file.scenario.title}: timeline",
        "Software": "diffusion-cascades",
        "Scenario": scenario.name,
        "Sets": "; ".join(scenario.sets),
        "Policies": "; ".join(scenario.policies),
        "Seed": str(result.seed),
        "Runs": str(len(result.run_numbers)),
        "Run shown": "" if shown is None else str(shown),
        "Fingerprint": scenario.fingerprint,
    }


def reveal_of(result: Result) -> float:
    """Return the median first announcement of the class, in months since the start; inf: none."""
    kept = {metric.name for metric in result.metrics}
    if "reveal" not in kept or len(result.run_numbers) == 0:
        return math.inf
    return float(np.quantile(result["reveal"], 0.5, method="inverted_cdf"))


def compose(
    result: Result,
    history: History | None,
    shown: int | None,
    typical: bool,
    *,
    width: float = WIDE,
    only: Sequence[str] = (),
    by: str = "kind",
    parts: str = "ab",
) -> Figure:
    """Return the figure.

    ``shown``: the run whose cascade is drawn; ``typical``: whether it was found, not given. ``width``: of the
    paper in mm. ``only``: actors, kinds or regions that are shown. ``by``: lanes of (b) are grouped by "kind"
    or "region". ``parts``: a: all runs, b: one run.
    """
    sheet = Sheet(width, result.scenario.file.scenario.title)
    among = {result.compiled.actors[actor] for actor in cascade.chosen_actors(result.compiled, only)}
    lanes = [lane for lane in diffusion.diffusion_lanes(result, history) if lane.actor in among]
    drawn = diffusion.drawn_lanes(lanes)
    story = None
    if "b" in parts and shown is not None:
        story = cascade.tell(result, shown, only, by)
    names = [lane.actor for lane in drawn] if "a" in parts else []
    names += [result.compiled.actors[actor] for actor in story.lanes] if story else []
    left = max(14.0, names_room(names, BODY, NAMES * sheet.room))
    mark = "(a) " if len(parts) > 1 else ""
    if "a" in parts:
        _compose_diffusion(sheet, result, history, lanes, drawn, left, mark)
    if "b" in parts:
        _compose_cascade(sheet, result, history, shown, story, left, "(b) " if mark else "")
    return sheet.whole(caption_text(result, history, shown, typical, story, parts))


def _lane_height(lanes: int) -> float:
    return min(MOST_LANE, max(LEAST_LANE, LANES / max(1, lanes)))


def class_title(result: Result) -> str:
    """Return the name of the class in question, with its title where it has another."""
    klass = result.scenario.follow_class
    title = result.scenario.file.classes[klass].title
    return ink.shorten(f"{klass} ({title})" if title and title != klass else klass, 50)


def _compose_diffusion(sheet: Sheet, result: Result, history, lanes, drawn, left: float, mark: str) -> None:
    compiled = result.compiled
    runs, klass = len(result.run_numbers), result.scenario.follow_class
    if result.tails and not len(compiled.facts["builders"]):
        _compose_users(sheet, result, left, mark)
        return
    sheet.heading(f"{mark}Who announced a model of class {class_title(result)} or above, and when")
    if not drawn:
        axes = sheet.panel(18.0, left)
        ink.draw_calendar(axes, result.scenario.start, compiled.horizon, True, ticks(sheet.room - left))
        _finish(axes, f"date (n = {number_text(runs, 'run')})")
        axes.set_yticks([])
        say(axes, _why_no_lanes(result), sheet.room - left - 4)
        return
    _table(sheet, diffusion.lag_table(diffusion.lag_rows(result, history), runs))
    if any(lane.never < 1 for lane in drawn):
        sheet.legend(diffusion_keys(drawn, runs))
    reveal = reveal_of(result)
    height = _lane_height(len(drawn)) * len(drawn)
    sheet.top += SMALL * LINE * POINT + 0.6
    wide = sheet.room - left - NEVER
    sheet.words(sheet.width - 2.0, sheet.top - 0.4, "not by end", fontsize=SMALL, ha="right", va="bottom")
    if math.isfinite(reveal):
        half = 0.5 * ink.width_of("reveal", SMALL)
        place = 2.0 + left + wide * reveal / compiled.horizon
        place = min(place, 2.0 + left + wide - half - ink.width_of("not by end", SMALL) + NEVER - 1.5)
        sheet.words(
            place, sheet.top - 0.4, "reveal", fontsize=SMALL, ha="center", va="bottom", color=ink.GREY
        )
    axes = sheet.panel(height, left, NEVER)
    ink.draw_calendar(axes, result.scenario.start, compiled.horizon, True, ticks(wide))
    room = cascade.Room(wide, left, NEVER, BODY if height / len(drawn) > 3.3 else SMALL)
    diffusion.draw_diffusion(axes, drawn, reveal, compiled.horizon, room)
    _finish(axes, f"date of announcement (n = {number_text(runs, 'run')})")
    if not any(lane.never < 1 for lane in drawn):
        say(axes, "Nobody announced one in any run.", wide)
    notes = diffusion.omitted_text(lanes, drawn, history, klass)
    if notes:
        sheet.paragraph(notes[0].upper() + notes[1:] + ".")


def _compose_users(sheet: Sheet, result: Result, left: float, mark: str) -> None:
    """Draw how many members use what is there: what there is to see where nobody builds models."""
    from experiments.figures.holding import band_keys, draw_bands
    from sim.tail.reading import users_of

    users = np.array([users_of(record).sum(axis=(1, 2)) for record in result.tails.values()])
    counts = np.hstack([np.zeros((len(users), 1)), users])
    sheet.heading(f"{mark}How many members of populations use what is there, and when")
    sheet.legend(band_keys(ink.BLUE))
    axes = sheet.panel(USERS, left, NEVER)
    ink.draw_calendar(
        axes, result.scenario.start, result.compiled.horizon, True, ticks(sheet.room - left - NEVER)
    )
    draw_bands(axes, np.arange(counts.shape[1]), counts, ink.BLUE)
    axes.set_ylim(0, None)
    ink.plain_ticks(axes.yaxis, 4)
    axes.set_ylabel("uses by members", fontsize=SMALL)
    _finish(axes, f"date (n = {number_text(len(users), 'run')} with a log)")


def ticks(wide: float) -> int:
    """Return how many dates fit below an axis of a width in mm."""
    return max(2, int(wide / 9.0))


def _finish(axes: Axes, label: str) -> None:
    axes.tick_params(labelsize=SMALL)
    axes.set_xlabel(label, fontsize=SMALL)


def _table(sheet: Sheet, table: list[list[str]]) -> None:
    """Write a table, its columns as wide as they must be; turned where it is too wide for the paper."""
    if not table:
        return

    def widths(rows: list[list[str]]) -> list[float]:
        return [
            max(ink.width_of(text, SMALL) for text in column) + CELL for column in zip(*rows, strict=True)
        ]

    if sum(widths(table)) > sheet.room:
        table = [list(column) for column in zip(*table, strict=True)]
        sheet.paragraph(f"{table[0][0]}:", color="#333333")
        table[0][0] = ""
    across = widths(table)
    for row in table:
        place = 2.0
        for text, wide in zip(row, across, strict=True):
            sheet.words(
                place, sheet.top, ink.fitted(text, SMALL, sheet.room), fontsize=SMALL, color="#333333"
            )
            place += wide
        sheet.top += SMALL * LINE * POINT
    sheet.top += 0.8


def _why_no_lanes(result: Result) -> str:
    if len(result.run_numbers) == 0:
        return "No run was completed."
    if len(result.compiled.facts["builders"]) == 0:
        kept = "; what members use is told of runs with a log, in access.parquet"
        return f"Nobody in this scenario builds models{kept if result.scenario.file.populations else ''}."
    if not diffusion.builders(result):
        return (
            "The dates of announcement were not kept: run with the standard metrics, or t_pub[ACTOR,CLASS]."
        )
    return "None of those shown builds models."


def _compose_cascade(sheet: Sheet, result: Result, history, shown, story, left: float, mark: str) -> None:
    compiled, start = result.compiled, result.scenario.start
    right = min(GROUP, 0.18 * sheet.room)
    wide = sheet.room - left - right
    sheet.heading(f"{mark}One run's cascade" + (f": run {shown}" if story else ""))
    if story is None or not story.lanes:
        axes = sheet.panel(18.0, left, right)
        why = "No event log was kept: run with logs=1 or more."
        if story is not None:
            why = "Nothing happened in this run: no project, no release, no grant."
        say(axes, why, wide - 4)
        ink.draw_calendar(axes, start, compiled.horizon, True, ticks(wide))
        axes.set_yticks([])
        _finish(axes, f"date (n = 1 run of {len(result.run_numbers):,})")
        return
    sheet.legend(cascade_keys(story))
    height = _lane_height(len(story.lanes))
    axes = sheet.panel(height * len(story.lanes), left, right, 2.0)
    ink.draw_calendar(axes, start, compiled.horizon, False, ticks(wide))
    room = cascade.Room(wide, left, right, BODY if height > 3.3 else SMALL)
    cascade.draw_cascade(axes, story, compiled, _reveal_in(story, result), room)
    _draw_actual(axes, result, history, story)
    strip = sheet.panel(STRIP, left, right)
    ink.draw_calendar(strip, start, compiled.horizon, True, ticks(wide))
    _draw_attention(strip, result, shown)
    _finish(strip, f"date (n = 1 run of {len(result.run_numbers):,})")


def _draw_actual(axes: Axes, result: Result, history, story) -> None:
    """Lay the actual announcements over the lanes of those who made them."""
    if not history:
        return
    klass, horizon = result.scenario.follow_class, result.compiled.horizon
    for place, actor in enumerate(story.lanes):
        date = history.announced(result.compiled.actors[actor], klass)
        month = math.inf if date is None else diffusion.months_of_day(date) - result.scenario.start
        if 0 <= month <= horizon:
            axes.plot(
                [month],
                [place],
                "D",
                markersize=4.2,
                markerfacecolor="none",
                markeredgecolor=ink.BLACK,
                markeredgewidth=0.8,
                clip_on=False,
                zorder=9,
            )


def _reveal_in(story, result: Result) -> float:
    follow = result.compiled.classes.index(result.scenario.follow_class)
    dates = [p.announced for p in story.projects if p.klass >= follow]
    return min(dates, default=math.inf)


def _draw_attention(strip: Axes, result: Result, shown: int) -> None:
    times, attention = cascade.attention_curve(result, shown)
    strip.fill_between(times, attention, color=ink.ORANGE, alpha=0.6, linewidth=0)
    strip.plot(times, attention, color=ink.ORANGE, linewidth=0.8)
    tidy(strip)
    if not attention.max() > 0:
        strip.set_yticks([])
        say(strip, "no demonstrations", 60.0)
        return
    top = float(attention.max())
    strip.set_ylim(0, 1.15 * top)
    strip.set_yticks([0, top], ["0", f"{top:.2g}"])
    strip.set_ylabel("attention", fontsize=SMALL)


def diffusion_keys(drawn, runs: int) -> list:
    """Return the handles of the legend of the upper panel: only what is in it."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    if runs == 1:
        return [_median_key("date in this run"), *_record_keys(drawn)]
    few = runs < diffusion.FEWEST_FOR_DENSITY
    dates = (
        Line2D([], [], color=ink.SKY, marker="|", linestyle="none", markersize=5, label="date in each run")
        if few
        else Patch(color=ink.SKY, alpha=0.75, label="share of runs per month")
    )
    keys = [
        dates,
        Line2D([], [], color=ink.BLUE, linewidth=0.9, label="5–95 %"),
        Line2D([], [], color=ink.BLUE, linewidth=3, label="25–75 %"),
        _median_key("median"),
    ]
    return keys + _record_keys(drawn)


def _median_key(label: str):
    from matplotlib.lines import Line2D

    style: dict[str, Any] = {"markerfacecolor": "white", "linestyle": "none", "markersize": 4.2}
    return Line2D([], [], color=ink.BLUE, marker="o", label=label, **style)


def _record_keys(drawn) -> list:
    from matplotlib.lines import Line2D

    style: dict[str, Any] = {"color": ink.BLACK, "marker": "D", "linestyle": "none"}
    keys = []
    if any(lane.announced is not None for lane in drawn):
        keys.append(Line2D([], [], markersize=4.4, label="actual announcement (arrowhead: outside)", **style))
    if any(lane.trained is not None for lane in drawn):
        label = "actual end of training"
        keys.append(Line2D([], [], markersize=3.6, markerfacecolor="white", label=label, **style))
    return keys


def cascade_keys(story) -> list:
    """Return the handles of the legend of the lower panel: only what is in it."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    def mark(marker, colour, label, size=4.5):
        return Line2D([], [], color=colour, marker=marker, linestyle="none", markersize=size, label=label)

    def line(colour, label, style="-"):
        return Line2D([], [], color=colour, linewidth=1, linestyle=style, label=label)

    phases = {phase for project in story.projects for phase, *_ in project.spans}
    keys: list = [
        Patch(color=colour, label=cascade.PHASE_NAMES[phase])
        for phase, colour in cascade.PHASE_COLOURS.items()
        if phase in phases
    ]
    if any(math.isfinite(project.announced) for project in story.projects):
        keys.append(mark("o", ink.BLACK, "announced"))
    if any(project.failures for project in story.projects):
        keys.append(mark("|", ink.BLACK, "training failed", 6))
    if any(math.isfinite(project.stopped) for project in story.projects):
        keys.append(mark("x", ink.BLACK, "stopped"))
    if any(project.undertrained for project in story.projects):
        keys.append(mark("+", ink.BLACK, "stopped, undertrained", 6))
    for kind, (marker, colour) in cascade.NOTABLE.items():
        if (story.releases["kind"] == kind).any():
            keys.append(mark(marker, colour, f"{kind.phrase} released" if kind != kind.API else "API opened"))
    if len(story.grants):
        keys.append(mark("^", ink.GREEN, "sponsor gives (line: to whom)"))
    public = {arrow.via == arrow.via.PUBLIC for arrow in story.arrows}
    if True in public:
        keys.append(line("#444444", "set off by what was public"))
    if False in public:
        keys.append(line(ink.PURPLE, "by what came along a tie"))
    if any(not arrow.starts for arrow in story.arrows):
        keys.append(line("#444444", "helped midway", (0, (2, 1.5))))
    return keys


def caption_text(
    result: Result, history: History | None, shown, typical: bool, story, parts: str = "ab"
) -> str:
    """Return what stands under the picture: how it was made, what it means, whose data it uses."""
    scenario = result.scenario
    here = "(b) shows" if len(parts) > 1 else "It shows"
    sentences = [basis_of_result(result).text.removesuffix(CONDITIONAL).strip()]
    if shown is not None and "b" in parts:
        reason = ""
        if typical and len(result.logs) > 1:
            reason = f", of the {len(result.logs)} runs with a log the one whose lags lie nearest the medians"
        sentences.append(f"{here} run {shown}{reason}; attention: 1 is the strongest demonstration.")
    if story and story.arrows:
        sentences.append(
            "Arrows run from a release (or, along a tie, from the making) to the start that it set off, or "
            "to the day when it helped a project most; only the most important are drawn."
        )
    if story and history:
        sentences.append("Hollow diamonds: actual announcements.")
    follow = result.compiled.classes.index(scenario.follow_class)
    if story and any(project.klass < follow for project in story.projects):
        sentences.append("Pale bars: lower classes.")
    if "a" in parts and any(
        np.isinf(row.quantiles[[0, 2, 4]]).any() for row in diffusion.lag_rows(result, history)
    ):
        sentences.append(
            f'"{diffusion.LATER[:1].upper()}{diffusion.LATER[1:]}" is after the months simulated.'
        )
    if story and story.idle:
        actors = "actor" if story.idle == 1 else "actors"
        sentences.append(
            f"Left out{' of (b)' if len(parts) > 1 else ''}: {story.idle} {actors} with nothing to show, not "
            "asked for, or for want of room."
        )
    sentences.append("All simulated dates are conditional on this model and its inputs, and no forecast.")
    if history:
        sentences.append(f"What really happened: {history.credit}")
    return " ".join(sentences)
