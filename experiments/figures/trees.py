"""Who was set off by whose model, as a tree over time; and what went into one model."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from experiments.figures import ink
from experiments.figures.captions import basis_of_result
from experiments.figures.cascade import PHASE_COLOURS, PHASE_NAMES, Project, chosen_actors, read_projects
from experiments.figures.kinds import Asked, kind
from experiments.figures.sheet import BODY, POINT, SMALL, Sheet, draw_names, names_room, number_text, say
from experiments.figures.timelines import no_logs
from experiments.timeline import chosen_run, class_title, ticks
from sim.words import ArtifactKind, Event, Mechanism, Phase, Via

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sim.result import Result

LANE, NAMES = 3.3, 0.3  # mm; share of the paper
MOST_ROWS = 48
KINDS = {  # what set a project off -> colour
    ArtifactKind.EXISTENCE: ink.GREY,
    ArtifactKind.INSIGHT: ink.PURPLE,
    ArtifactKind.CODE: ink.ORANGE,
    ArtifactKind.WEIGHTS: ink.GREEN,
    ArtifactKind.API: ink.BLUE,
}
OTHER = ink.VERMILLION


@dataclass(frozen=True)
class Branch:
    """One project of the tree. ``parent``: row of the project whose artifact set it off, -1: none."""

    project: Project
    parent: int
    since: float
    kind: int
    depth: int = 0


def _set_off(log: np.ndarray, project: Project) -> tuple[int, float, int]:
    """Return (project, time, kind of artifact) of what set a project off; (-1, inf, -1): nothing."""
    starts = np.flatnonzero((log["what"] == Event.STARTED) & (log["project"] == project.row))
    row = int(log["cause"][starts[0]]) if len(starts) else -1
    while row > 0:
        event = log[row]
        if (
            event["what"] == Event.LEARNED
            and event["actor"] == project.actor
            and event["source"] != project.actor
        ):
            origin = int(event["cause"])
            since, kind_of = float(log["time"][origin]), int(event["kind"])
            while origin > 0 and log["project"][origin] < 0:
                origin = int(log["cause"][origin])
            return int(log["project"][origin]), since, kind_of
        row = int(event["cause"])
    return -1, math.inf, -1


def read_tree(log: np.ndarray, projects: list[Project], follow: int) -> list[Branch]:
    """Return the projects of the class or above and those that set them off, parents before children."""
    by_row = {project.row: project for project in projects}
    found = {project.row: (project, *_set_off(log, project)) for project in projects}
    wanted = {row for row, project in by_row.items() if project.klass >= follow}
    for row in list(wanted):
        while (row := found[row][1]) in by_row and row not in wanted:
            wanted.add(row)
    children: dict[int, list[int]] = {}
    for row in sorted(wanted, key=lambda row: (by_row[row].started, row)):
        parent = found[row][1] if found[row][1] in wanted else -1
        children.setdefault(parent, []).append(row)
    order: list[Branch] = []

    def visit(row: int, depth: int) -> None:
        project, parent, since, kind_of = found[row]
        order.append(Branch(project, parent if parent in wanted else -1, since, kind_of, depth))
        for child in children.get(row, []):
            visit(child, depth + 1)

    for root in children.get(-1, []):
        visit(root, 0)
    return order


def _kept(order: list[Branch], among: set[int]) -> list[Branch]:
    """Return the branches of chosen actors, with those above them; where room is short, the first ones."""
    by_row = {branch.project.row: branch for branch in order}
    wanted: set[int] = set()
    for branch in sorted(order, key=lambda branch: branch.project.started):
        line, row = [], branch.project.row
        while row in by_row and row not in wanted:
            line.append(row)
            row = by_row[row].parent
        if branch.project.actor in among and len(wanted) + len(line) <= MOST_ROWS:
            wanted.update(line)
    return [branch for branch in order if branch.project.row in wanted]


@kind("tree", "run", ("run", "only"), no_logs)
def tree(result: Result, asked: Asked) -> Figure:
    """One run as a tree: whose model set off whose, and by which kind of artifact."""
    from matplotlib.lines import Line2D

    run = chosen_run(result, asked.run)
    assert run is not None
    log, compiled = result.logs[run], result.compiled
    follow = compiled.classes.index(result.scenario.follow_class)
    whole = read_tree(log, read_projects(log, compiled.horizon), follow)
    order = _kept(whole, set(chosen_actors(compiled, asked.only)))
    sheet = Sheet(asked.width, f"What set off models of class {class_title(result)} or above: run {run}")
    labels = [
        "   " * branch.depth
        + f"{compiled.actors[branch.project.actor]}: {compiled.classes[branch.project.klass]}"
        for branch in order
    ]
    left = max(14.0, names_room(labels, SMALL, NAMES * sheet.room))
    wide = sheet.room - left - 4.0
    shown = dict.fromkeys(branch.kind for branch in order if branch.parent >= 0)
    keys = [
        Line2D([], [], color=colour, linewidth=1.2, label=f"set off by: {kind_of.phrase}")
        for kind_of, colour in KINDS.items()
        if kind_of in shown
    ]
    if any(kind_of not in KINDS for kind_of in shown):
        keys.append(Line2D([], [], color=OTHER, linewidth=1.2, label="set off by: other artifacts"))
    if order:
        keys.append(Line2D([], [], color=ink.SKY, linewidth=4, label="at work"))
    if any(math.isfinite(branch.project.trained) for branch in order):
        keys.append(
            Line2D([], [], color=ink.BLACK, marker="o", markersize=3.4, linestyle="none", label="trained")
        )
    if any(math.isfinite(branch.project.stopped) for branch in order):
        keys.append(
            Line2D([], [], color=ink.BLACK, marker="x", markersize=3.4, linestyle="none", label="stopped")
        )
    sheet.legend(keys)
    axes = sheet.panel(max(18.0, LANE * len(order)), left, 4.0)
    ink.draw_calendar(axes, result.scenario.start, compiled.horizon, True, ticks(wide))
    axes.tick_params(labelsize=SMALL)
    axes.set_xlabel(f"date (n = 1 run of {len(result.run_numbers):,})", fontsize=SMALL)
    further = "Each line: a project, below the one whose artifact set it off; those at the edge were set off "
    further += "by nothing of others."
    if not order:
        axes.set_yticks([])
        say(axes, "Nobody aimed at this class in this run.", wide - 4)
        return sheet.whole(basis_of_result(result, 1).text)
    _tree_names(axes, labels, left)
    place_of = {branch.project.row: place for place, branch in enumerate(order)}
    for place, branch in enumerate(order):
        _draw_branch(axes, branch, place, place_of, compiled.horizon)
    if len(order) < len(whole):
        further += f" {number_text(len(whole) - len(order), 'project')} not drawn."
    return sheet.whole(f"{further} {basis_of_result(result, len(result.run_numbers)).text}")


def _tree_names(axes: Axes, labels: list[str], left: float) -> None:
    """Write names from the left edge on, indented by depth."""
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.set_yticks([])
    for place, label in enumerate(labels):
        if place % 2 == 0:
            axes.axhspan(place - 0.5, place + 0.5, color=ink.BAND, linewidth=0, zorder=-2)
        depth = (len(label) - len(label.lstrip())) // 3
        shift = min(1.6 * depth, 0.45 * left)
        axes.annotate(
            _fitted(label.strip(), left - 1.2 - shift), (0, place), ((shift - left) / POINT, 0),
            xycoords=("axes fraction", "data"), textcoords="offset points", ha="left", va="center",
            fontsize=SMALL, parse_math=False, annotation_clip=False,
        )  # fmt: skip


def _fitted(label: str, room: float) -> str:
    """Return who and what, shortened in the name of who."""
    who, _, klass = label.rpartition(": ")
    klass = ink.fitted(f": {klass}", SMALL, 0.5 * room)
    return ink.fitted(who, SMALL, room - ink.width_of(klass, SMALL)) + klass


def _draw_branch(axes: Axes, branch: Branch, place: int, place_of: dict[int, int], horizon: float) -> None:
    project = branch.project
    end = min(project.ended, horizon)
    axes.plot([project.started, max(end, project.started)], [place, place], color=ink.SKY, linewidth=4,
              solid_capstyle="butt", zorder=3)  # fmt: skip
    if math.isfinite(project.trained):
        axes.plot([project.trained], [place], "o", color=ink.BLACK, markersize=3.4, zorder=5, clip_on=False)
    elif math.isfinite(project.stopped):
        axes.plot([project.stopped], [place], "x", color=ink.BLACK, markersize=3.4, zorder=5)
    if branch.parent in place_of:
        colour = {int(each): colour for each, colour in KINDS.items()}.get(branch.kind, OTHER)
        above = place_of[branch.parent]
        axes.plot([branch.since, branch.since, project.started], [above, place, place], color=colour,
                  linewidth=0.9, zorder=4)  # fmt: skip
        axes.plot([project.started], [place], ">", color=colour, markersize=2.6, zorder=4)


# ---------------------------------------------------------------- what went into a model


@dataclass(frozen=True)
class Input:
    """An artifact that helped a project. Times in months since the start; ``made`` may be unknown (nan)."""

    source: int
    kind: int
    klass: int
    via: Via
    made: float
    open: float
    learned: float
    amount: float


def read_inputs(log: np.ndarray, project: Project) -> list[Input]:
    """Return what others had made and helped a project, the most helpful first."""
    learned = log[(log["what"] == Event.LEARNED) & (log["actor"] == project.actor) & (log["amount"] > 0)]
    learned = learned[(learned["time"] < project.ended) & (learned["source"] != project.actor)]
    learned = learned[(learned["klass"] == project.klass) | (learned["klass"] < 0)]
    found: dict[int, Input] = {}
    for row in learned:
        origin, artifact = log[int(row["cause"])], int(row["artifact"])
        own = log[(log["artifact"] == artifact) & (artifact >= 0)]
        made = own["time"][own["what"] == Event.MADE]
        opened = float(origin["time"]) if row["via"] == Via.PUBLIC else math.nan
        if artifact in found and found[artifact].amount >= row["amount"]:
            continue
        found[artifact] = Input(
            int(row["source"]), int(row["kind"]), int(row["klass"]), Via(int(row["via"])),
            float(made[0]) if len(made) else math.nan, opened, float(row["time"]), float(row["amount"]),
        )  # fmt: skip
    return sorted(found.values(), key=lambda one: (-one.amount, one.learned))


def _model(
    log: np.ndarray, projects: list[Project], follow: int, among: list[int], named: bool
) -> Project | None:
    """Return the project whose inputs are drawn: the first follower's that was trained, or of those named."""
    own = [
        project for project in projects
        if project.actor in among and project.klass >= follow and project.spans
        and (named or project.spans[0][0] != Phase.NONE)
    ]  # fmt: skip
    done = [project for project in own if math.isfinite(project.trained)] or own
    return min(done, key=lambda project: (min(project.trained, project.ended), project.row), default=None)


@kind("lineage", "run", ("run", "only"), no_logs)
def lineage(result: Result, asked: Asked) -> Figure:
    """What of others went into one model: made, opened, learned, how much it helped (--only: whose)."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    run = chosen_run(result, asked.run)
    assert run is not None
    log, compiled = result.logs[run], result.compiled
    follow = compiled.classes.index(result.scenario.follow_class)
    projects = read_projects(log, compiled.horizon)
    project = _model(log, projects, follow, chosen_actors(compiled, asked.only), bool(asked.only))
    basis = basis_of_result(result, len(result.run_numbers))
    if project is None:
        sheet = Sheet(asked.width, f"What went into a model of class {class_title(result)}: run {run}")
        axes = sheet.panel(18.0, 4.0, 4.0)
        ink.draw_calendar(axes, result.scenario.start, compiled.horizon, True, ticks(sheet.room))
        axes.set_yticks([])
        axes.set_xlabel(f"date (n = 1 run of {len(result.run_numbers):,})", fontsize=SMALL)
        say(axes, "None of those shown aimed at this class in this run.", sheet.room - 12)
        return sheet.whole(basis.text)
    who, klass = compiled.actors[project.actor], compiled.classes[project.klass]
    sheet = Sheet(asked.width, f"What of others went into {klass} by {who}: run {run}")
    inputs = read_inputs(log, project)
    shown = inputs[: MOST_ROWS - 10]
    labels = [_input_label(compiled, one) for one in shown] + [f"{who}: {klass}"]
    right = 13.0
    left = max(14.0, names_room(labels, BODY, 0.34 * sheet.room))
    wide = sheet.room - left - right
    keys: list = [
        Line2D([], [], color=ink.GREY, marker="|", markersize=5, linewidth=0, label="made"),
        Line2D([], [], color=ink.GREEN, marker="v", markersize=4, linewidth=0, label="public"),
        Line2D([], [], color=ink.BLUE, marker="o", markersize=4, linewidth=0, label="learned, in public"),
        Line2D([], [], color=ink.PURPLE, marker="o", markersize=4, linewidth=0, label="learned along a tie"),
    ]
    keys += [
        Patch(color=colour, label=PHASE_NAMES[phase])
        for phase, colour in PHASE_COLOURS.items() if phase in {span[0] for span in project.spans}
    ]  # fmt: skip
    sheet.legend(keys if shown else keys[4:])
    sheet.top += 3.0
    sheet.words(sheet.width - 2.0, sheet.top - 0.4, "help added", fontsize=SMALL, ha="right", va="bottom")
    axes = sheet.panel(4.0 * len(labels), left, right)
    ink.draw_calendar(axes, result.scenario.start, compiled.horizon, True, ticks(wide))
    axes.tick_params(labelsize=SMALL)
    axes.set_xlabel(f"date (n = 1 run of {len(result.run_numbers):,})", fontsize=SMALL)
    draw_names(axes, labels, left)
    for place, one in enumerate(shown):
        _draw_input(axes, place, one, len(shown))
    for phase, begun, end in project.spans:
        axes.barh(len(shown), end - begun, left=begun, height=0.55, color=PHASE_COLOURS[phase], zorder=3)
    if math.isfinite(project.trained):
        axes.plot([project.trained], [len(shown)], "o", color=ink.BLACK, markersize=4, zorder=5)
    further = "Help added: share of the full effect of its kind, as it was when learned."
    if not inputs:
        further = "Nothing that others had made helped it."
    elif len(shown) < len(inputs):
        further += f" {number_text(len(inputs) - len(shown), 'smaller one')} not drawn."
    mechanism = log["mechanism"][(log["what"] == Event.STARTED) & (log["project"] == project.row)]
    if len(mechanism):
        further += f" Mechanism: {Mechanism(int(mechanism[0])).phrase}."
    return sheet.whole(f"{further} {basis.text}")


def _input_label(compiled, one: Input) -> str:
    klass = f" ({compiled.classes[one.klass]})" if one.klass >= 0 else ""
    source = compiled.actors[one.source] if one.source >= 0 else "the public"
    return f"{ArtifactKind(one.kind).phrase} of {source}{klass}"


def _draw_input(axes: Axes, place: int, one: Input, last: int) -> None:
    colour = ink.BLUE if one.via == Via.PUBLIC else ink.PURPLE
    times = [time for time in (one.made, one.open, one.learned) if math.isfinite(time)]
    axes.plot([min(times), max(times)], [place, place], color=ink.PALE, linewidth=1.4, zorder=2)
    if math.isfinite(one.made):
        axes.plot([one.made], [place], "|", color=ink.GREY, markersize=5, zorder=3)
    if math.isfinite(one.open):
        axes.plot([one.open], [place], "v", color=ink.GREEN, markersize=3.6, zorder=4)
    axes.plot([one.learned], [place], "o", color=colour, markersize=3.6, zorder=5)
    axes.plot(
        [one.learned, one.learned], [place, last - 0.3], color=colour, linewidth=0.5, alpha=0.5, zorder=1
    )
    axes.annotate(
        f"{one.amount:.0%}" if one.amount >= 0.01 else "< 1%",
        (1, place),
        (1.2 / POINT, 0),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        ha="left",
        va="center",
        fontsize=SMALL,
        annotation_clip=False,
    )
