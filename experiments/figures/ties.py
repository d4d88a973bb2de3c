"""The network: what flowed from whom to whom. The places of actors depend on the scenario alone.

So the pictures of two arms can be laid side by side: everybody stands where it stood.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from experiments.figures import ink
from experiments.figures.captions import basis_of_result
from experiments.figures.cascade import chosen_actors, group_of, group_phrase
from experiments.figures.kinds import Asked, kind
from experiments.figures.sheet import EDGE, INCH, SMALL, Sheet, number_text, say
from experiments.figures.timelines import no_logs
from experiments.timeline import class_title
from sim.words import Event, Via

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sim.result import Result
    from sim.world import Compiled

MOST_FLOWS = 150  # drawn: the largest
MOST_NAMED = 60  # actors with their names
PUBLIC, TIE, GRANT = "public", "tie", "grant"
COLOURS = {PUBLIC: "#9A9A9A", TIE: ink.PURPLE, GRANT: ink.GREEN}
WORDS = {
    PUBLIC: "what was public and helped",
    TIE: "what helped and came along a tie, by a leak or theft",
    GRANT: "grants of chips or money",
}
KINDS = (
    ink.BLUE,
    ink.ORANGE,
    ink.GREEN,
    ink.VERMILLION,
    ink.SKY,
    ink.PURPLE,
    ink.YELLOW,
    "#777777",
    ink.BLACK,
)
MARKERS = ("o", "s", "^", "D")  # one for every round through the colours
RIM, NAMES = 0.62, 0.655  # of half the picture: where actors stand, and where their names begin
SIDE = 130.0  # mm, at most


@dataclass(frozen=True)
class Flow:
    """What flowed from one actor to another, per run. ``amount``: help added (1: full effect of a kind)."""

    source: int
    actor: int
    sort: str
    amount: float


def place_actors(compiled: Compiled, by: str = "kind") -> np.ndarray:
    """Return where actors stand, shape (actors, 2): on a circle, groups together, in the scenario's order."""
    groups = list(dict.fromkeys(group_of(compiled, actor, by) for actor in range(len(compiled.actors))))
    order = sorted(
        range(len(compiled.actors)), key=lambda actor: (groups.index(group_of(compiled, actor, by)), actor)
    )
    places = np.empty((len(order), 2))
    for rank, actor in enumerate(order):
        angle = math.pi / 2 - 2 * math.pi * (rank + 0.5) / len(order)
        places[actor] = RIM * math.cos(angle), RIM * math.sin(angle)
    return places


def flows_of(logs: Iterable[np.ndarray], until: float = math.inf) -> list[Flow]:
    """Return what flowed between actors up to a time, on average over the runs, the least first."""
    totals: dict[tuple[int, int, str], float] = {}
    runs = 0
    for log in logs:
        runs += 1
        learned = log[(log["what"] == Event.LEARNED) & (log["amount"] > 0) & (log["time"] <= until)]
        for row in learned[(learned["source"] >= 0) & (learned["source"] != learned["actor"])]:
            sort = PUBLIC if row["via"] == Via.PUBLIC else TIE
            key = int(row["source"]), int(row["actor"]), sort
            totals[key] = totals.get(key, 0.0) + float(row["amount"])
        for row in log[(log["what"] == Event.GRANTED) & (log["source"] >= 0) & (log["time"] <= until)]:
            key = int(row["source"]), int(row["actor"]), GRANT
            totals[key] = totals.get(key, 0.0) + 1.0
    flows = [Flow(*key, total / max(1, runs)) for key, total in totals.items()]
    return sorted(flows, key=lambda flow: (flow.amount, flow.source, flow.actor, flow.sort))


def owners_of(logs: list[np.ndarray], klass: int, actors: int, until: float = math.inf) -> np.ndarray:
    """Return in which share of the runs each actor has trained a class by a time, shape (actors,)."""
    runs = np.zeros(actors)
    for log in logs:
        rows = log[(log["reached"] >= klass) & (log["actor"] >= 0) & (log["time"] <= until)]
        runs[np.unique(rows["actor"])] += 1
    return runs / max(1, len(logs))


def logs_of(result: Result, run: int | None) -> list[np.ndarray]:
    """Return the event logs of one run, or of all that were kept."""
    from experiments.timeline import chosen_run

    if run is None:
        return list(result.logs.values())
    chosen_run(result, run)
    return [result.logs[run]]


@kind("network", "run", ("run", "only", "by"), no_logs)
def network(result: Result, asked: Asked) -> Figure:
    """Who got what from whom: lines weighted by what flowed, averaged over runs with a log (or --run)."""
    logs = logs_of(result, asked.run)
    sheet, axes = paper(result, asked, "What flowed between actors")
    flows, among = flows_of(logs), set(chosen_actors(result.compiled, asked.only))
    draw_network(axes, result, logs, flows, among, math.inf, asked.by or "kind")
    return sheet.whole(caption(result, len(logs), flows, among))


def paper(result: Result, asked: Asked, title: str) -> tuple[Sheet, Axes]:
    """Return the paper with its legend, and the axes for the network."""
    from matplotlib.lines import Line2D

    by = asked.by or "kind"
    compiled = result.compiled
    sheet = Sheet(asked.width, title)
    groups = list(dict.fromkeys(group_of(compiled, actor, by) for actor in range(len(compiled.actors))))
    sheet.legend(
        [
            Line2D(
                [],
                [],
                marker=marker_of(place),
                markersize=4.5,
                linestyle="none",
                color=KINDS[place % len(KINDS)],
                label=group_phrase(group, by),
            )
            for place, group in enumerate(groups)
        ]
    )
    sheet.legend([
        *(Line2D([], [], color=COLOURS[sort], linewidth=2, label=words) for sort, words in WORDS.items()),
        Line2D([], [], marker="o", markersize=5.5, linestyle="none", color="#444444",
               label=f"has trained {class_title(result)}"),
        Line2D([], [], marker="o", markersize=5.5, linestyle="none", markerfacecolor="white",
               markeredgecolor="#444444", label="has not"),
    ])  # fmt: skip
    side = min(sheet.room, SIDE)
    axes = sheet.panel(side, 0.5 * (sheet.room - side), 0.5 * (sheet.room - side), 1.0)
    return sheet, axes


def draw_network(
    axes: Axes, result: Result, logs: list[np.ndarray], flows: list[Flow], among: set[int], until: float,
    by: str, largest: dict[str, float] | None = None,
) -> None:  # fmt: skip
    """Draw actors and flows. ``largest``: amount of the widest line of each sort; of the flows if None."""
    from matplotlib.patches import FancyArrowPatch

    compiled = result.compiled
    places = place_actors(compiled, by)
    klass = compiled.classes.index(result.scenario.follow_class)
    owned = owners_of(logs, klass, len(places), until)
    groups = list(dict.fromkeys(group_of(compiled, actor, by) for actor in range(len(places))))
    axes.set_axis_off()
    axes.set_xlim(-1.0, 1.0)
    axes.set_ylim(-1.0, 1.0)
    shown = [flow for flow in flows if flow.source in among or flow.actor in among][-MOST_FLOWS:]
    most = largest or largest_of(flows)
    for flow in shown:
        weight = flow.amount / most[flow.sort]
        axes.add_patch(
            FancyArrowPatch(
                places[flow.source], places[flow.actor], connectionstyle="arc3,rad=0.18",
                arrowstyle="-|>,head_length=2.6,head_width=1.2", mutation_scale=1.0, shrinkA=3, shrinkB=3.6,
                color=COLOURS[flow.sort], linewidth=0.25 + 2.4 * weight, alpha=0.2 + 0.7 * weight,
                zorder=2 + (flow.sort != PUBLIC),
            )
        )  # fmt: skip
    for actor, (x, y) in enumerate(places):
        group = groups.index(group_of(compiled, actor, by))
        colour, faded = KINDS[group % len(KINDS)], actor not in among
        axes.plot(
            [x],
            [y],
            marker_of(group),
            markersize=5.5,
            markeredgewidth=1.1,
            markeredgecolor=colour,
            zorder=5,
            markerfacecolor=_filled(colour, owned[actor]),
            alpha=0.3 if faded else 1.0,
        )
    _name_actors(axes, compiled, places, among)
    if not shown:
        say(axes, "Nothing flowed between actors.", 60.0)


def marker_of(group: int) -> str:
    """Return the mark of a group: another one when the colours begin again."""
    return MARKERS[group // len(KINDS) % len(MARKERS)]


def _filled(colour: str, share: float) -> tuple[float, float, float]:
    return ink.mixed(colour, float(share))


def largest_of(flows: list[Flow]) -> dict[str, float]:
    """Return the largest amount of each sort."""
    return {sort: max((flow.amount for flow in flows if flow.sort == sort), default=1.0) for sort in WORDS}


def _name_actors(axes: Axes, compiled: Compiled, places: np.ndarray, among: set[int]) -> None:
    """Write names outwards from the circle, as large as there is room for."""
    if len(places) > MOST_NAMED:
        named = [actor for actor in range(len(places)) if actor in among][:MOST_NAMED]
    else:
        named = list(range(len(places)))
    paper = axes.figure.bbox.width / axes.figure.dpi * INCH - 2 * EDGE
    room = (0.985 - NAMES) * min(SIDE, paper) / 2.0
    for actor in named:
        x, y = places[actor]
        angle = math.degrees(math.atan2(y, x))
        left = abs(angle) > 90
        ink.write(
            axes,
            NAMES / RIM * x,
            NAMES / RIM * y,
            ink.fitted(compiled.actors[actor], SMALL, room),
            fontsize=SMALL,
            rotation=angle + 180 if left else angle,
            rotation_mode="anchor",
            ha="right" if left else "left",
            va="center",
            zorder=6,
            color=ink.BLACK if actor in among else "#AAAAAA",
        )


def caption(result: Result, runs: int, flows: list[Flow], among: set[int]) -> str:
    """Return what stands under the network."""
    of = len([flow for flow in flows if flow.source in among or flow.actor in among])
    text = "Lines curve clockwise from giver to receiver"
    most = largest_of(flows)
    said = [f"{most[sort]:.2g} {'grants' if sort == GRANT else 'of a full effect'} ({sort})"
            for sort in WORDS if any(flow.sort == sort for flow in flows)]  # fmt: skip
    if said:
        text += f"; the widest carries, per run: {', '.join(said)}"
    text += ". Fill: share of runs in which the actor has trained the class. "
    text += f"n = {number_text(runs, 'run')} with a log."
    if of > MOST_FLOWS:
        text += f" The {MOST_FLOWS} largest of {of} flows are drawn."
    if len(result.compiled.actors) > MOST_NAMED:
        text += f" {MOST_NAMED} actors are named."
    return f"{text} {basis_of_result(result).text}"
