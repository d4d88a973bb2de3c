"""The picture of an ensemble: who reached the class and when, beside the record, and one run's cascade.

Everything is read off the result; nothing re-simulates to draw.
"""

from __future__ import annotations

import math
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.figures import cascade, diffusion, ink
from sim.errors import UserError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from experiments.history import History
    from sim.result import Result

WIDTH = 11.0  # inches
RIGHT = 1.75  # inches, for what stands at the right of the panels
EDGE = 0.25  # inches, to the left of what stands outside the panels
CAPTION_CHARACTERS = 200
TABLE, ROW, TITLE = 38.0, 10.5, 26.0  # points: foot of the table of lags, its rows, room for a title
COLUMNS = 7  # of a legend


def draw_timeline(
    result: Result, history: History | None, path: str | Path, *, run: int | None = None
) -> Path:
    """Draw the timeline of a result to a PNG file and return its path.

    Args:
        result: of ``simulate``, with the dates of announcement of the builders and some logs.
        history: the record, drawn beside the runs; None if there is none.
        path: of the picture; its name ends in .png.
        run: number of the run whose cascade is drawn; None takes the one, of those with a log,
            whose lags lie nearest the medians.

    Raises:
        UserError: for a run without a log, or a file that cannot be written.
    """
    shown = chosen_run(result, run)
    return ink.save(lambda: compose(result, history, shown, run is None), path, picture_facts(result, shown))


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


def compose(result: Result, history: History | None, shown: int | None, typical: bool) -> Figure:
    """Return the figure, not yet drawn."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    lanes = diffusion.diffusion_lanes(result, history)
    drawn = diffusion.drawn_lanes(lanes)
    story = None if shown is None else cascade.tell(result, shown)
    upper, lower = len(drawn) or 3, len(story.lanes) if story and story.lanes else 3
    size_a, height_a = _lane_room(upper, 4.9)
    size_b, height_b = _lane_room(lower, 6.8)
    caption = textwrap.fill(caption_text(result, history, shown, typical, story), CAPTION_CHARACTERS)
    foot = 0.55 + 0.135 * (caption.count("\n") + 1)
    strip = 0.6  # inches
    table = diffusion.lag_table(diffusion.lag_rows(result, history), len(result.run_numbers))
    above_a = 0.45 + (TABLE + ROW * len(table) + TITLE) / 72
    above_b = 0.3 + (legend_height(story) + TITLE) / 72
    heights = (above_a, height_a * upper, above_b, height_b * lower, 0.12, strip, foot)
    total = sum(heights)
    figure = Figure(figsize=(WIDTH, total))
    FigureCanvasAgg(figure)
    left = _left_margin([lane.actor for lane in drawn], story, result, max(size_a, size_b))
    tops = np.cumsum((0.0, *heights))

    def panel(index: int):
        width = (WIDTH - left - RIGHT) / WIDTH
        bottom = 1 - tops[index + 1] / total
        return figure.add_axes((left / WIDTH, bottom, width, heights[index] / total))

    _draw_heading(figure, result, total)
    _compose_diffusion(panel(1), result, history, lanes, drawn, table, size_a)
    _compose_cascade(panel(3), panel(5), result, shown, story, size_b)
    figure.text(
        EDGE / WIDTH, 0.12 / total, caption, fontsize=7, va="bottom", linespacing=1.3,
        color="#333333", parse_math=False,
    )  # fmt: skip
    return figure


def _lane_room(lanes: int, most: float) -> tuple[float, float]:
    """Return (size of letters in points, height of a lane in inches) for a number of lanes."""
    height = min(0.34, max(0.175, most / lanes))
    return min(8.0, max(6.5, height * 36)), height


def _left_margin(names: list[str], story, result: Result, size: float) -> float:
    if story:
        names = names + [result.compiled.actors[actor] for actor in story.lanes]
    longest = max((len(ink.shorten(name)) for name in names), default=8)
    return 0.55 + longest * size * 0.0078


def _draw_heading(figure: Figure, result: Result, total: float) -> None:
    scenario = result.scenario
    figure.text(
        EDGE / WIDTH, 1 - 0.2 / total, ink.shorten(scenario.file.scenario.title, 90), fontsize=14,
        fontweight="bold", va="top", parse_math=False,
    )  # fmt: skip


def _class_title(result: Result) -> str:
    klass = result.scenario.follow_class
    title = result.scenario.file.classes[klass].title
    return ink.shorten(f"{klass} ({title})" if title and title != klass else klass, 50)


def _compose_diffusion(axes, result: Result, history, lanes, drawn, table, size: float) -> None:
    compiled = result.compiled
    runs, klass = len(result.run_numbers), result.scenario.follow_class
    ink.draw_calendar(axes, result.scenario.start, compiled.horizon, True)
    title = f"(a) Who announced a model of class {_class_title(result)} or above, and when"
    _panel_title(axes, title, TABLE + ROW * len(table))
    notes = diffusion.omitted_text(lanes, drawn, history, klass)
    if not drawn:
        _say_empty(axes, _why_no_lanes(result))
        return
    reveal = reveal_of(result)
    diffusion.draw_diffusion(axes, drawn, reveal, compiled.horizon, size)
    _reveal_name(axes, reveal)
    _draw_table(axes, table, TABLE - 3)
    column = f"not by the end\n(share of {runs:,} run{'s' if runs != 1 else ''})"
    ink.write(axes, 1.012, 1.0, column, transform=axes.transAxes, fontsize=6.5, va="bottom", color="#333333")
    if any(lane.never < 1 for lane in drawn):
        _legend(axes, diffusion_keys(drawn, runs), 14)
    else:
        ink.write(axes, 0.5, 0.5, "Nobody announced one in any run.", transform=axes.transAxes,
                  ha="center", va="center", color=ink.GREY, fontsize=9)  # fmt: skip
    if notes:
        axes.annotate(
            notes[0].upper() + notes[1:] + ".", (0, 0), (0, -18), xycoords="axes fraction",
            textcoords="offset points", fontsize=6.5, va="top", parse_math=False,
        )  # fmt: skip


def _why_no_lanes(result: Result) -> str:
    if len(result.run_numbers) == 0:
        return "No run was completed."
    if len(result.compiled.facts["builders"]) == 0:
        return "Nobody in this scenario builds models."
    return "The dates of announcement were not kept: run with the standard metrics, or t_pub[ACTOR,CLASS]."


def _compose_cascade(axes, strip, result: Result, shown, story, size: float) -> None:
    compiled, start = result.compiled, result.scenario.start
    ink.draw_calendar(axes, start, compiled.horizon, False)
    ink.draw_calendar(strip, start, compiled.horizon, True)
    strip.set_yticks([])
    if story is None:
        _panel_title(axes, "(b) One run's cascade", legend_height(story))
        _say_empty(axes, "No event log was kept: run with logs=1 or more.")
        _say_empty(strip, "")
        return
    _panel_title(axes, f"(b) One run's cascade: run {shown}", legend_height(story))
    _legend(axes, cascade_keys(story), 3)
    if story.lanes:
        revealed = _reveal_in(story, result)
        cascade.draw_cascade(axes, story, compiled, revealed, size)
    else:
        _say_empty(axes, "Nothing happened in this run: no project, no release, no grant.")
    _draw_attention(strip, result, shown)


def _reveal_in(story, result: Result) -> float:
    follow = result.compiled.classes.index(result.scenario.follow_class)
    dates = [p.announced for p in story.projects if p.klass >= follow]
    return min(dates, default=math.inf)


def _draw_attention(strip, result: Result, shown: int) -> None:
    times, attention = cascade.attention_curve(result, shown)
    strip.fill_between(times, attention, color=ink.ORANGE, alpha=0.6, linewidth=0)
    strip.plot(times, attention, color=ink.ORANGE, linewidth=0.8)
    top = max(float(attention.max()), 1e-9)
    strip.set_ylim(0, 1.15 * top)
    if attention.max() > 0:
        strip.set_yticks([0, top])
        strip.set_yticklabels(["0", f"{top:.2g}"], fontsize=6.5)
    strip.tick_params(axis="y", length=2, width=0.5)
    ink.write(
        strip, 1.012, 0.5, "public attention\n(1: the strongest\ndemonstration)", fontsize=7,
        transform=strip.transAxes, va="center", ha="left",
    )  # fmt: skip
    if not attention.max() > 0:
        _say_empty(strip, "no demonstrations", keep_ticks=True)


def legend_height(story) -> float:
    """Return the height of the legend of the lower panel, in points."""
    keys = len(cascade_keys(story)) if story else 0
    return 6 + 10.5 * -(-keys // COLUMNS)


def _panel_title(axes, text: str, points: float) -> None:
    _note(axes, text, points, fontsize=10, fontweight="bold")


def _note(axes, text: str, points: float, across: float = 0.0, **style) -> None:
    """Write above a panel, from the left edge of the page. ``points``: above it; ``across``: to the right."""
    axes.annotate(
        text, (EDGE / WIDTH, 1), (across, points), xycoords=("figure fraction", "axes fraction"),
        textcoords="offset points", va="bottom", annotation_clip=False, parse_math=False,
        **{"fontsize": 7.5, **style},
    )  # fmt: skip


def _draw_table(axes, table: list[list[str]], points: float) -> None:
    """Write rows of text above a panel, the last one ``points`` above it."""
    for place, row in enumerate(reversed(table)):
        for column, text in enumerate(row):
            across = 0 if column == 0 else 195 + 102 * (column - 1)
            _note(axes, text, points + ROW * place, across, color="#333333")


def _reveal_name(axes, reveal: float) -> None:
    if math.isfinite(reveal):
        axes.annotate(
            "reveal", (reveal, 1), (0, 1), xycoords=("data", "axes fraction"),
            textcoords="offset points", fontsize=6.5, ha="center", va="bottom", color=ink.GREY,
        )  # fmt: skip


def _say_empty(axes, text: str, keep_ticks: bool = False) -> None:
    if not keep_ticks:
        axes.set_yticks([])
    ink.write(
        axes, 0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=ink.GREY,
        fontsize=8 if keep_ticks else 10,
    )  # fmt: skip


def diffusion_keys(drawn, runs: int) -> list:
    """Return the handles of the legend of the upper panel: only what is in it."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    if runs == 1:
        return [_median_key("date in this run"), *_record_keys(drawn)]
    few = runs < diffusion.FEWEST_FOR_DENSITY
    dates = (
        Line2D([], [], color=ink.SKY, marker="|", linestyle="none", markersize=6, label="date in each run")
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
        keys.append(Line2D([], [], markersize=5, label="actual announcement", **style))
    if any(lane.trained is not None for lane in drawn):
        label = "actual end of training"
        keys.append(Line2D([], [], markersize=4.4, markerfacecolor="white", label=label, **style))
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


def _legend(axes, keys: list, points: float) -> None:
    if not keys:
        return
    axes.legend(
        handles=keys, loc="lower left", bbox_to_anchor=(-0.01, 1.0), ncols=min(len(keys), COLUMNS),
        fontsize=6.8, frameon=False, borderaxespad=points / 7, handlelength=1.3, handletextpad=0.4,
        columnspacing=1.1, labelspacing=0.25,
    )  # fmt: skip


def caption_text(result: Result, history: History | None, shown, typical: bool, story) -> str:
    """Return what stands under the picture: how it was made, what it means, whose data it uses."""
    scenario, runs = result.scenario, len(result.run_numbers)
    sentences = [
        f"Scenario {scenario.name} (fingerprint {scenario.fingerprint[:8]}), {runs:,} "
        f"run{'s' if runs != 1 else ''}, seed {result.seed}"
        + (f", with {'; '.join(scenario.sets)}" if scenario.sets else "")
        + "."
    ]
    if result.interrupted:
        sentences.append("The work was broken off: these are the runs completed.")
    if shown is not None:
        reason = ""
        if typical and len(result.logs) > 1:
            reason = f", of the {len(result.logs)} runs with a log the one whose lags lie nearest the medians"
        sentences.append(f"(b) and the attention curve show run {shown}{reason}.")
    if story and story.arrows:
        sentences.append(
            "Arrows run from a release (or, along a tie, from the making) to the start that it set off, or "
            "to the day when it helped a project most; only the most important are drawn."
        )
    follow = result.compiled.classes.index(scenario.follow_class)
    if story and any(project.klass < follow for project in story.projects):
        sentences.append("Pale bars: lower classes.")
    if any(np.isinf(row.quantiles[[0, 2, 4]]).any() for row in diffusion.lag_rows(result, history)):
        sentences.append(f'In (a), "{diffusion.LATER}" is after the months simulated.')
    if story and story.idle:
        actors = "actor" if story.idle == 1 else "actors"
        sentences.append(f"Left out of (b): {story.idle} {actors} with nothing to show, or for want of room.")
    sentences.append("All simulated dates are conditional on this model and its inputs, and no forecast.")
    if history:
        sentences.append(f"What really happened: {history.credit}")
    return " ".join(sentences)
