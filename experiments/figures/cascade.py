"""One run's cascade, read off its event log: projects, releases, grants, and what led to what."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from agents.kinds import REGISTRY
from experiments.figures.ink import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PALE,
    PURPLE,
    SKY,
    VERMILLION,
    YELLOW,
    fitted,
    mixed,
    width_of,
    wrapped,
    write,
)
from experiments.figures.sheet import POINT, SMALL, draw_names
from sim.errors import UserError, not_found
from sim.metrics import Statistic
from sim.words import ArtifactKind, Event, Mechanism, Phase, Via

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sim.result import Result
    from sim.world import Compiled

MOST_LANES = 40
MOST_STARTS, MOST_HELPS = 30, 12
OF_PROJECT = tuple(map(int, (
    Event.STARTED, Event.EQUIPPED, Event.BUILT, Event.TUNED, Event.FAILED, Event.TRAINED, Event.UNDERTRAINED,
    Event.STOPPED, Event.ANNOUNCED,
)))  # events that say how far a project is  # fmt: skip
GIVEN = Phase.NONE  # phases of a project that the record gives are not known
PHASE_COLOURS = {
    Phase.BUILD: SKY,
    Phase.TUNE: YELLOW,
    Phase.TRAIN: VERMILLION,
    Phase.WRITE: PALE,
    GIVEN: "#8C8C8C",
}
PHASE_NAMES = {
    Phase.BUILD: "build",
    Phase.TUNE: "tune (trial runs)",
    Phase.TRAIN: "train",
    Phase.WRITE: "write, hold back",
    GIVEN: "given by the scenario",
}
NOTABLE = {  # kind of artifact -> (marker, colour)
    ArtifactKind.WEIGHTS: ("v", GREEN),
    ArtifactKind.API: ("s", BLUE),
    ArtifactKind.CODE: ("d", ORANGE),
    ArtifactKind.TOOLS: ("P", ORANGE),
    ArtifactKind.INSIGHT: ("*", PURPLE),
}


@dataclass
class Project:
    """A project as the log tells it. ``spans``: (phase, from, to), in months since the start."""

    row: int
    actor: int
    klass: int
    started: float
    spans: list[tuple[Phase, float, float]] = field(default_factory=list)
    failures: list[float] = field(default_factory=list)
    trained: float = math.inf
    undertrained: bool = False
    announced: float = math.inf
    stopped: float = math.inf
    equipped: bool = True  # has chips to train with
    built: bool = False

    @property
    def ended(self) -> float:
        """When the team was free again; inf: still at work at the end."""
        return min(self.trained, self.stopped)


@dataclass(frozen=True)
class Arrow:
    """Something that one actor had and that set off, or helped, a project of another.

    ``kind``: of artifact; -1: a grant. ``amount``: share of the effect of its kind that it added.
    ``project``: the one that it set off or helped. ``row``: of the log, where it reached the recipient.
    """

    before: float
    source: int
    after: float
    recipient: int
    klass: int
    via: Via
    kind: int
    starts: bool
    amount: float = 0.0
    project: int = -1
    row: int = -1


@dataclass(frozen=True)
class Story:
    """What is drawn of one run. ``releases``, ``grants``: rows of its log."""

    log: np.ndarray
    projects: list[Project]
    releases: np.ndarray
    grants: np.ndarray
    arrows: list[Arrow]
    lanes: list[int]  # actors, in the order drawn
    idle: int  # actors without anything to draw
    by: str = "kind"  # what lanes are grouped by


def typical_run(result: Result) -> int | None:
    """Return the logged run whose lags lie nearest the medians of the ensemble; None without logs.

    Nearness is the mean distance of the run's rank from the middle, over all lags that were kept.
    """
    numbers = [int(run) for run in result.run_numbers]
    logged = [run for run in result.logs if run in numbers]
    if not logged:
        return None
    wanted = (Statistic.LAG, Statistic.LAG_PUB)
    lags = [c for c, metric in enumerate(result.metrics) if metric.row[0] in wanted]
    distance = dict.fromkeys(logged, 0.0)
    for column in lags:
        values = result.values[:, column]
        for run in logged:
            value = values[numbers.index(run)]
            rank = 0.5 * ((values < value).mean() + (values <= value).mean())
            distance[run] += abs(rank - 0.5)
    return min(logged, key=lambda run: (distance[run], run))


def read_projects(log: np.ndarray, horizon: float) -> list[Project]:
    """Return the projects of a run, in the order of their starts."""
    projects: dict[int, Project] = {}
    for event in log[(log["project"] >= 0) & np.isin(log["what"], OF_PROJECT)]:
        _add_event(projects, event)
    for project in projects.values():
        _close(project, horizon)
    return sorted(projects.values(), key=lambda project: (project.started, project.row))


def _add_event(projects, event) -> None:
    what, time, row = int(event["what"]), float(event["time"]), int(event["project"])
    if what == Event.STARTED and row in projects:  # it turns to another class
        projects[row].klass = int(event["klass"])
    elif what == Event.STARTED:
        projects[row] = Project(row, int(event["actor"]), int(event["klass"]), time)
        given = event["mechanism"] == Mechanism.ORIGINAL
        projects[row].spans.append((GIVEN if given else Phase.BUILD, time, math.inf))
    project = projects.get(row)
    if project is None:
        return
    if what == Event.EQUIPPED or (what == Event.STARTED and event["mechanism"] != Mechanism.ORIGINAL):
        project.equipped = event["amount"] > 0.0
    if what == Event.BUILT and not project.equipped:
        project.built = True  # it waits for its means, and looks as if it were still being built
    elif what == Event.EQUIPPED and project.built:
        _next_phase(project, Phase.TUNE, time)
    elif what in (Event.BUILT, Event.TUNED):
        _next_phase(project, Phase.TUNE if what == Event.BUILT else Phase.TRAIN, time)
    elif what == Event.FAILED:
        project.failures.append(time)
    elif what in (Event.TRAINED, Event.UNDERTRAINED):
        project.trained, project.undertrained = time, what == Event.UNDERTRAINED
        _next_phase(project, Phase.WRITE, time)
    elif what == Event.STOPPED:
        project.stopped = time
        _next_phase(project, Phase.STOPPED, time)
    elif what == Event.ANNOUNCED:
        project.announced = time
        _next_phase(project, Phase.PUBLIC, time)


def _next_phase(project: Project, phase: Phase, time: float) -> None:
    if project.spans:
        before, begun, _ = project.spans[-1]
        project.spans[-1] = (before, begun, time)
    if phase not in (Phase.STOPPED, Phase.PUBLIC):
        project.spans.append((phase, time, math.inf))


def _close(project: Project, horizon: float) -> None:
    spans = [(phase, begun, min(end, horizon)) for phase, begun, end in project.spans]
    project.spans = [span for span in spans if span[2] > span[1]]


def read_arrows(log: np.ndarray, projects: list[Project], follow: int) -> list[Arrow]:
    """Return what set off projects and what helped them most, thinned to what can be read.

    Projects of the class in question and of higher ones come first.
    """
    starts = [arrow for arrow in map(lambda p: _what_started(log, p), projects) if arrow]
    starts = [arrow for arrow in starts if arrow.klass >= follow] or starts
    starts = sorted(starts, key=lambda arrow: (arrow.klass != follow, arrow.after))[:MOST_STARTS]
    shown = {(arrow.before, arrow.source, arrow.recipient) for arrow in starts}
    helps = [
        arrow
        for arrow in _what_helped(log, projects, follow)
        if (arrow.before, arrow.source, arrow.recipient) not in shown
    ]
    return starts + sorted(helps, key=lambda arrow: (-arrow.amount, arrow.after))[:MOST_HELPS]


def _what_started(log, project: Project) -> Arrow | None:
    """Follow the causes of a start back to what came from another actor, if anything did."""
    rows = np.flatnonzero((log["what"] == Event.STARTED) & (log["project"] == project.row))
    row = int(log["cause"][rows[0]]) if len(rows) else -1
    while row > 0:
        event = log[row]
        if event["what"] == Event.LEARNED and event["actor"] == project.actor:
            return _passage(log, row, project, True)
        row = int(event["cause"])
    return None


def _passage(log, row: int, project: Project, starts: bool) -> Arrow | None:
    learned = log[row]
    origin = log[int(learned["cause"])]
    source = int(learned["source"])
    if source < 0 or source == project.actor:
        return None
    after = project.started if starts else float(learned["time"])
    return Arrow(
        float(origin["time"]), source, after, project.actor, project.klass,
        Via(int(learned["via"])), int(learned["kind"]), starts, float(learned["amount"]),
        project.row, row,
    )  # fmt: skip


def _what_helped(log, projects: list[Project], follow: int) -> list[Arrow]:
    """Return, for each project of the class in question or above, what helped it most midway."""
    rows = np.flatnonzero((log["what"] == Event.LEARNED) & (log["amount"] > 0))
    learned = log[rows]
    arrows = []
    for project in projects:
        if project.klass < follow:
            continue
        own = rows[
            (learned["actor"] == project.actor)
            & (learned["time"] > project.started)
            & (learned["time"] < project.ended)
            & ((learned["klass"] == project.klass) | (learned["klass"] < 0))
            & (learned["kind"] != ArtifactKind.INSIGHT)
            & (learned["source"] != project.actor)
        ]
        if len(own):
            arrow = _passage(log, int(own[np.argmax(log["amount"][own])]), project, False)
            arrows += [arrow] if arrow else []
    return arrows


def tell(result: Result, run: int, only: Sequence[str] = (), by: str = "kind") -> Story:
    """Read off the log of one run what is drawn of it.

    ``only``: actors, or kinds of actors or regions, that are shown; all if empty. ``by``: what lanes are
    grouped by, "kind" or "region".
    """
    log, compiled = result.logs[run], result.compiled
    follow = compiled.classes.index(result.scenario.follow_class)
    projects = read_projects(log, compiled.horizon)
    arrows = read_arrows(log, projects, follow)
    notable = np.isin(log["kind"], [int(kind) for kind in NOTABLE])
    releases = log[(log["what"] == Event.RELEASED) & notable & (log["actor"] >= 0)]
    grants = log[log["what"] == Event.GRANTED]
    among = chosen_actors(compiled, only)
    lanes = _lanes(compiled, projects, releases, grants, arrows, follow, among, by)
    idle = len(compiled.actors) - len(lanes)
    return Story(log, projects, releases, grants, arrows, lanes, idle, by)


def chosen_actors(compiled: Compiled, only: Sequence[str]) -> list[int]:
    """Return which actors are meant: all, or those named by themselves, by kind or by region.

    Raises UserError for what is neither.
    """
    if not only:
        return list(range(len(compiled.actors)))
    found: list[int] = []
    for name in only:
        own = [
            actor for actor, actor_name in enumerate(compiled.actors)
            if name in (actor_name, group_of(compiled, actor, "kind"), group_of(compiled, actor, "region"))
        ]  # fmt: skip
        if not own:
            kinds = {group_of(compiled, actor, by) for actor in range(len(compiled.actors)) for by in GROUPS}
            raise UserError(
                f"--only {name}: {not_found('actor, kind or region', name, [*compiled.actors, *kinds])}"
            )
        found += [actor for actor in own if actor not in found]
    return found


def _lanes(
    compiled: Compiled, projects, releases, grants, arrows, follow: int, among: Iterable[int], by: str
) -> list[int]:
    """Return who is drawn, groups together; where room is short, who matters to the class first."""
    weight: dict[int, float] = {}
    for project in projects:
        high = project.klass >= follow
        weight[project.actor] = weight.get(project.actor, 0) + (100 if high else 1)
    for arrow in arrows:
        weight[arrow.source] = weight.get(arrow.source, 0) + 10
    for actor in [*releases["actor"], *grants["source"], *grants["actor"]]:
        weight[int(actor)] = weight.get(int(actor), 0) + 1
    shown = set(among)
    chosen = sorted((a for a in weight if a in shown), key=lambda a: (-weight[a], a))[:MOST_LANES]
    groups = list(dict.fromkeys(group_of(compiled, actor, by) for actor in range(len(compiled.actors))))
    return sorted(chosen, key=lambda actor: (groups.index(group_of(compiled, actor, by)), actor))


GROUPS = ("kind", "region")


def group_of(compiled: Compiled, actor: int, by: str) -> str:
    """Return the kind or the region of an actor."""
    facts = compiled.scenario.file.actors[compiled.actors[actor]]
    return facts.kind if by == "kind" else facts.region


def group_phrase(group: str, by: str) -> str:
    """Return how a kind or a region is called."""
    return REGISTRY[group].phrase if by == "kind" else group


def attention_curve(result: Result, run: int, points: int = 600) -> tuple[np.ndarray, np.ndarray]:
    """Return times and public attention of a run: demonstrations add up and fade.

    Against the strongest demonstration, where it reaches best. The attention that papers get is
    left out: the log does not hold it, and it is a percent or two of a demonstration.
    """
    log, horizon = result.logs[run], result.compiled.horizon
    shown = log[log["what"] == Event.DEMONSTRATED]
    jumps = shown["time"]
    times = np.unique(np.concatenate([np.linspace(0, horizon, points), jumps, jumps - 1e-6]))
    times = times[times >= 0]
    half, at = half_life(result, run), np.searchsorted(times, jumps)
    amounts, fading = np.zeros(len(times)), 0.5 ** (np.diff(times, prepend=0.0) / half)
    np.add.at(amounts, at, shown["amount"] * 0.5 ** ((times[at] - jumps) / half))
    level, levels = 0.0, np.empty(len(times))
    for place in range(len(times)):  # members of a populated world may show something thousands of times
        level = level * fading[place] + amounts[place]
        levels[place] = level
    return times, levels


def half_life(result: Result, run: int) -> float:
    """Return the half-life of attention in a run, in months, as it was drawn for it."""
    compiled, path = result.compiled, "attention.half_life_months"
    if path in compiled.uncertain_paths and result.draws.shape[1]:
        place = int(np.flatnonzero(result.run_numbers == run)[0])
        return float(result.draws[place, compiled.uncertain_paths.index(path)])
    return float(compiled.numbers[compiled.place_of[path]])


@dataclass(frozen=True)
class Room:
    """Measures of lanes in mm: across, beside at the left and right; ``size``: of names in points."""

    wide: float
    left: float
    right: float
    size: float


def draw_cascade(axes: Axes, story: Story, compiled: Compiled, reveal: float, room: Room) -> None:
    """Draw one lane per actor with its projects, releases and grants, and the arrows between."""
    lane_of = {actor: place for place, actor in enumerate(story.lanes)}
    follow = compiled.classes.index(compiled.scenario.follow_class)
    draw_names(axes, [compiled.actors[actor] for actor in story.lanes], room.left, room.size)
    if math.isfinite(reveal):
        axes.axvline(reveal, color=GREY, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1)
    _draw_groups(axes, story, compiled, room)
    _draw_projects(axes, story, lane_of, follow, compiled, room)
    _draw_arrows(axes, story, lane_of)
    _draw_marks(axes, story, lane_of, follow)


def _draw_groups(axes: Axes, story: Story, compiled: Compiled, room: Room) -> None:
    groups = [group_of(compiled, actor, story.by) for actor in story.lanes]
    for place, group in enumerate(groups):
        if place and groups[place - 1] == group:
            continue
        if place:
            axes.axhline(place - 0.5, color="#BBBBBB", linewidth=0.5, zorder=0)
        lines = wrapped(group_phrase(group, story.by), SMALL, room.right - 1.5)
        rows = next((k for k, other in enumerate(groups[place:]) if other != group), len(groups) - place)
        lines = [*lines[: rows - 1], fitted(" ".join(lines[rows - 1 :]), SMALL, room.right - 1.5)]
        for line, text in enumerate(lines):
            axes.annotate(
                text, (1, place + line), (1.2 / POINT, 0), xycoords=("axes fraction", "data"),
                textcoords="offset points", ha="left", va="center", fontsize=SMALL, color="#333333",
                parse_math=False, annotation_clip=False,
            )  # fmt: skip


def _draw_projects(axes: Axes, story: Story, lane_of, follow: int, compiled: Compiled, room: Room) -> None:
    from matplotlib.collections import PolyCollection
    from matplotlib.patheffects import withStroke

    halo = [withStroke(linewidth=1.4, foreground="white")]
    several = len({project.klass for project in story.projects if project.klass >= follow}) > 1
    per_month = room.wide / compiled.horizon
    free: dict[int, float] = {}  # of each lane: from where on there is room for a word
    boxes, colours, edges = [], [], []
    for project in sorted(story.projects, key=lambda project: project.started):
        if project.actor not in lane_of:
            continue
        lane, high = lane_of[project.actor], project.klass >= follow
        for phase, begun, end in project.spans:
            thick = 0.10 if phase == Phase.WRITE else 0.26
            boxes.append(_box(begun, end, lane, thick))
            colours.append(mixed(PHASE_COLOURS[phase], 1.0 if high else 0.38))
            edges.append("#333333" if high and phase != Phase.WRITE else "none")
        name = fitted(compiled.classes[project.klass], LETTERS, 16.0)
        wide = width_of(name, LETTERS) + 0.6
        begins = min(project.started * per_month, room.wide - wide)
        if high and several and project.spans and begins >= free.get(project.actor, 0.0):
            write(
                axes, begins / per_month, lane - 0.26, name, fontsize=LETTERS, ha="left", va="center",
                color="#222222", zorder=8, path_effects=halo,
            )  # fmt: skip
            free[project.actor] = begins + wide
    axes.add_collection(
        PolyCollection(boxes, facecolors=colours, edgecolors=edges, linewidths=0.35, zorder=3)
    )


LETTERS = 5.0  # points, of classes on bars


def _box(begun: float, end: float, lane: float, half: float):
    return [(begun, lane - half), (end, lane - half), (end, lane + half), (begun, lane + half)]


def arrow_colour(arrow: Arrow) -> str:
    return "#444444" if arrow.via == Via.PUBLIC else PURPLE


def _draw_arrows(axes: Axes, story: Story, lane_of) -> None:
    from matplotlib.patches import FancyArrowPatch

    for arrow in story.arrows:
        if arrow.source not in lane_of or arrow.recipient not in lane_of:
            continue
        axes.add_patch(
            FancyArrowPatch(
                (arrow.before, lane_of[arrow.source]),
                (arrow.after, lane_of[arrow.recipient]),
                arrowstyle="-|>,head_length=3.2,head_width=1.5",
                mutation_scale=1.0,
                shrinkA=0,
                shrinkB=1.5,
                color=arrow_colour(arrow),
                alpha=0.75,
                linewidth=0.7,
                linestyle="-" if arrow.starts else (0, (2, 1.5)),
                zorder=5,
            )
        )
    for grant in story.grants:
        source, actor = int(grant["source"]), int(grant["actor"])
        if source in lane_of and actor in lane_of:
            time = float(grant["time"])
            axes.plot([time, time], [lane_of[source], lane_of[actor]], color=GREEN, linewidth=0.6,
                      alpha=0.6, zorder=2)  # fmt: skip


def _draw_marks(axes: Axes, story: Story, lane_of, follow: int) -> None:
    def plot(places, marker, **style):
        if places:
            times, lanes = zip(*places, strict=True)
            axes.plot(times, lanes, **{"linestyle": "none", "marker": marker, "zorder": 6, **style})

    def lane(actor, shift=0.0):
        return lane_of[actor] + shift

    projects = [project for project in story.projects if project.actor in lane_of]
    told = [p for p in projects if math.isfinite(p.announced)]
    for high in (False, True):
        plot(
            [(p.announced, lane(p.actor)) for p in told if (p.klass >= follow) == high],
            "o", markersize=4 if high else 2.6, color=BLACK if high else GREY,
        )  # fmt: skip
    plot(
        [(time, lane(p.actor)) for p in projects for time in p.failures],
        "|", markersize=5, color=BLACK, markeredgewidth=0.8,
    )  # fmt: skip
    plot(
        [(p.stopped, lane(p.actor)) for p in projects if math.isfinite(p.stopped)],
        "x", markersize=4, color=BLACK, markeredgewidth=1,
    )  # fmt: skip
    plot(
        [(p.trained, lane(p.actor)) for p in projects if p.undertrained],
        "+", markersize=5, color=BLACK, markeredgewidth=1,
    )  # fmt: skip
    used = {(arrow.before, arrow.source) for arrow in story.arrows}

    def matters(row):
        return row["klass"] >= follow or (float(row["time"]), int(row["actor"])) in used

    plot([(t, lane(a)) for t, a in used if a in lane_of], ".", markersize=3.5, color="#444444", zorder=5.5)
    for kind, (marker, colour) in NOTABLE.items():
        rows = story.releases[story.releases["kind"] == kind]
        for high in (False, True):
            chosen = [
                (float(row["time"]), lane(int(row["actor"]), 0.3))
                for row in rows
                if int(row["actor"]) in lane_of and matters(row) == high
            ]
            size = (4.4 if high else 3.2) * (1.7 if marker == "*" else 1.0)
            plot(
                chosen, marker, markersize=size, markeredgewidth=0.4,
                color=colour, markeredgecolor="white", alpha=1.0 if high else 0.65,
            )  # fmt: skip
    gifts = [(float(g["time"]), int(g["source"])) for g in story.grants]
    plot([(t, lane(a)) for t, a in gifts if a in lane_of], "^", markersize=4, color=GREEN)
