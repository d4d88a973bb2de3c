"""The data of the interactive timeline: what is drawn of every logged run, and what is told of it.

All words are made here, from the log; the script of the page only draws.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from agents.kinds import REGISTRY
from experiments.answers.finding import upper_first
from experiments.figures import cascade, ink
from experiments.history import months_of_day
from experiments.logged import LoggedRun, LogReader
from experiments.run import history_of
from experiments.savings import MOST_RUNS
from sim.words import ArtifactKind, Event, Mechanism, Phase, Via

if TYPE_CHECKING:
    from experiments.reporting.worlds import Logged, World

MOST_BYTES = 6_000_000  # of the data of all runs; what comes later is left out, and said
CURVE = 120  # points of the curve of attention
SHAPES = {"v": "down", "s": "square", "d": "diamond", "P": "plus", "*": "star"}
TOLD = (  # events that make up the story of an actor
    Event.AWARE, Event.DECIDED, Event.BLOCKED, Event.GRANTED, Event.STARTED, Event.BUILT, Event.EQUIPPED,
    Event.TUNED, Event.FAILED, Event.TRAINED, Event.UNDERTRAINED, Event.STOPPED, Event.RESCOPED,
    Event.ANNOUNCED, Event.RELEASED, Event.LEAKED, Event.STOLEN, Event.DISCOVERED, Event.ADOPTED,
    Event.ACCESSED, Event.UNFINISHED, Event.WITHHELD, Event.WITHDRAWN,
)  # fmt: skip
OF_TWO = (Event.GRANTED, Event.STOLEN)  # that belong to the story of the other actor too


class Texts:
    """Words that occur once in the data, however often they are told."""

    def __init__(self) -> None:
        self.all: list[str] = []
        self._places: dict[str, int] = {}

    def place(self, text: str) -> int:
        """Return the place of words among all."""
        if text not in self._places:
            self._places[text] = len(self.all)
            self.all.append(text)
        return self._places[text]


def timeline_data(logged: Logged, shown: int | None = None) -> dict[str, Any]:
    """Return what the page draws, as plain data. Times are months since the start; null: it never comes.

    ``shown``: run that is drawn at first, for which there is always room; the first one if None or not there.
    """
    texts, size, left = Texts(), 0, 0
    runs: list[dict[str, Any]] = []
    worlds = logged.worlds
    several = {world.name: place for place, world in enumerate(worlds)}
    names = list(dict.fromkeys(name for world in worlds for name in world.result.compiled.actors))
    lane_of = {name: place for place, name in enumerate(names)}
    start = min(int(world.result.scenario.start) for world in worlds)
    busy: set[str] = set()
    for turn in sorted(_in_turn(worlds), key=lambda turn: turn[0][1] != shown):
        if size > MOST_BYTES or len(runs) >= MOST_RUNS * len(worlds):
            left += len(turn)
            continue
        for world, run in turn:
            teller = _Teller(world, run, logged, texts, lane_of, start)
            found = teller.data() | {"world": several[world.name], "run": run, "name": world.runs[run]}
            size += len(json.dumps(found))
            runs.append(found)
            for actor in teller.story.lanes:
                busy.add(world.result.compiled.actors[actor])
    runs.sort(key=lambda found: (found["run"], found["world"]))
    numbers = [found["run"] for found in runs]
    notes = list(logged.notes)
    if left:
        notes.append(f"{left:,} more logged runs are not shown, for want of room.")
    return {
        "start": start,
        "months": max(int(world.result.scenario.start) + world.result.compiled.horizon for world in worlds)
        - start,
        "several": len({p["class"] for run in runs for p in run["projects"] if p["high"]}) > 1,
        "worlds": [world.name for world in worlds],
        "lanes": [_lane(worlds, name, name in busy, start) for name in names],
        "phases": [
            {"name": cascade.PHASE_NAMES[phase], "colour": colour, "thin": phase == Phase.WRITE}
            for phase, colour in cascade.PHASE_COLOURS.items()
        ],
        "marks": [
            {"name": _released(kind), "colour": colour, "shape": SHAPES[shape]}
            for kind, (shape, colour) in cascade.NOTABLE.items()
        ],
        "colours": {"public": "#444444", "private": ink.PURPLE, "grant": ink.GREEN, "attention": ink.ORANGE},
        "runs": runs,
        "shown": shown if shown in numbers else numbers[0],
        "texts": texts.all,
        "notes": notes,
    }


def _in_turn(worlds: list[World]) -> Iterable[list[tuple[World, int]]]:
    """Yield the runs of one number in all worlds, number by number; those are in the same luck."""
    numbers = sorted({run for world in worlds for run in world.runs})
    for run in numbers:
        yield [(world, run) for world in worlds if run in world.runs]


def _lane(worlds: list[World], name: str, busy: bool, start: int) -> dict[str, Any]:
    """Return what is said of an actor. ``actual``: when it really announced the class, by the record."""
    file = next(w.result.scenario.file for w in worlds if name in w.result.compiled.actors)
    actor = file.actors[name]
    kinds = list(file.kinds)
    scenario = worlds[0].result.scenario
    history = history_of(scenario)
    told = history.announced(name, scenario.follow_class) if history else None
    return {
        "name": name,
        "actual": None if told is None else _short(months_of_day(told) - start),
        "kind": REGISTRY[actor.kind].phrase,
        "order": kinds.index(actor.kind),
        "region": actor.region,
        "busy": busy,
    }


def _released(kind: ArtifactKind) -> str:
    return "API opened" if kind == ArtifactKind.API else f"{kind.phrase} released"


class _Teller:
    """Tells one run. ``lane_of``: place of an actor's name among all of the page."""

    def __init__(self, world: World, run: int, logged: Logged, texts: Texts, lane_of: dict[str, int],
                 start: int):  # fmt: skip
        self.world, self.run, self.texts = world, run, texts
        self.result = world.result
        self.compiled = world.result.compiled
        self.savings = logged.savings.get((world.key, run), {})
        self.kept = bool(logged.savings)
        self.reader = LogReader(LoggedRun(world.result, run), self.savings)
        self.story = cascade.tell(world.result, run)
        self.log = self.story.log
        self.follow = self.compiled.classes.index(world.result.scenario.follow_class)
        self.shift = world.result.scenario.start - start
        self.lanes = [lane_of[name] for name in self.compiled.actors]

    def data(self) -> dict[str, Any]:
        """Return the run as plain data."""
        times, shown = cascade.attention_curve(self.result, self.run, CURVE)
        return {
            "projects": [self._project(project) for project in self.story.projects],
            "arrows": [self._arrow(arrow) for arrow in self.story.arrows],
            "releases": [self._release(int(row)) for row in self._notable_releases()],
            "grants": [self._grant(int(row)) for row in np.flatnonzero(self.log["what"] == Event.GRANTED)],
            "attention": [[self._at(time), _short(value)] for time, value in zip(times, shown, strict=True)],
            "stories": self._stories(),
        }

    def _project(self, project: cascade.Project) -> dict[str, Any]:
        phases = list(cascade.PHASE_COLOURS)
        return {
            "actor": self.lanes[project.actor],
            "class": self.compiled.classes[project.klass],
            "started": self._at(project.started),
            "high": project.klass >= self.follow,
            "spans": [
                [phases.index(phase), self._at(begun), self._at(end)] for phase, begun, end in project.spans
            ],
            "failures": [self._at(time) for time in project.failures],
            "trained": self._at(project.trained),
            "undertrained": bool(project.undertrained),
            "announced": self._at(project.announced),
            "stopped": self._at(project.stopped),
            "text": self.texts.place(self._of_project(project)),
        }

    def _of_project(self, project: cascade.Project) -> str:
        name, klass = self.compiled.actors[project.actor], self.compiled.classes[project.klass]
        parts = [f"{name}: project for {klass}. Started {self._date(project.started)}"]
        parts += [f"lost a training attempt {self._date(time)}" for time in project.failures]
        if math.isfinite(project.trained):
            short = ", stopped short of the goal" if project.undertrained else ""
            parts.append(f"trained {self._date(project.trained)}{short}")
        if math.isfinite(project.announced):
            parts.append(f"announced {self._date(project.announced)}")
        if math.isfinite(project.stopped):
            parts.append(f"given up {self._date(project.stopped)}")
        if not (math.isfinite(project.trained) or math.isfinite(project.stopped)):
            parts.append("still at work at the end")
        text = "; ".join(parts) + "."
        found = [row for (of, _), row in self.savings.items() if of == project.row]
        if found:
            took, alone = found[0]["project_months"], found[0]["project_months_alone"]
            text += f" It took {took:.1f} months; with nothing borrowed it would have taken {alone:.1f}."
        return text

    def _arrow(self, arrow: cascade.Arrow) -> dict[str, Any]:
        return {
            "from": [self.lanes[arrow.source], self._at(arrow.before)],
            "to": [self.lanes[arrow.recipient], self._at(arrow.after)],
            "public": arrow.via == Via.PUBLIC,
            "starts": arrow.starts,
            "text": self.texts.place(self._of_arrow(arrow)),
        }

    def _of_arrow(self, arrow: cascade.Arrow) -> str:
        klass, whose = self.compiled.classes[arrow.klass], self.compiled.actors[arrow.recipient]
        does = "set off" if arrow.starts else "helped, midway,"
        said = f"{self._sentence(arrow.row)} It {does} the project of {whose} for {klass}."
        saved = self.savings.get((arrow.project, arrow.row))
        if saved and saved["words"]:
            return f"{said} It saved {saved['words']}."
        if saved is not None or self.kept:
            return f"{said} It saved no work by itself."
        return f"{said} How much it saved was not kept with this folder."

    def _notable_releases(self) -> np.ndarray:
        notable = np.isin(self.log["kind"], [int(kind) for kind in cascade.NOTABLE])
        return np.flatnonzero((self.log["what"] == Event.RELEASED) & notable & (self.log["actor"] >= 0))

    def _release(self, row: int) -> dict[str, Any]:
        event, kinds = self.log[row], [int(kind) for kind in cascade.NOTABLE]
        return {
            "actor": self.lanes[int(event["actor"])],
            "time": self._at(float(event["time"])),
            "kind": kinds.index(int(event["kind"])),
            "high": bool(event["klass"] >= self.follow),
            "text": self.texts.place(self._sentence(row)),
        }

    def _grant(self, row: int) -> dict[str, Any]:
        event = self.log[row]
        return {
            "from": self.lanes[int(event["source"])],
            "to": self.lanes[int(event["actor"])],
            "time": self._at(float(event["time"])),
            "text": self.texts.place(self._sentence(row)),
        }

    def _stories(self) -> dict[str, Any]:
        """Return for each actor what became of it, in a sentence or two, and its rows of the log in words."""
        found: dict[int, list[list[Any]]] = {}
        helped = {row: saved["words"] for (_, row), saved in self.savings.items() if saved["words"]}
        drawn = {arrow.row for arrow in self.story.arrows}
        wanted = np.isin(self.log["what"], TOLD)
        for row in range(len(self.log)):
            event = self.log[row]
            if not (wanted[row] or row in helped or row in drawn) or event["actor"] < 0:
                continue
            if event["what"] == Event.AWARE and event["klass"] < self.follow - 1:
                continue
            text = self.reader.in_words(row) + (f"; it saved {helped[row]}" if row in helped else "")
            line = [self._at(float(event["time"])), self.texts.place(text)]
            whose = {int(event["actor"])}
            if event["what"] in OF_TWO and event["source"] >= 0:
                whose.add(int(event["source"]))
            for actor in whose:
                found.setdefault(self.lanes[actor], []).append(line)
        klass = self.compiled.classes[self.follow]
        return {
            str(self.lanes[place]): {
                "verdict": self.texts.place(" ".join(self.reader.verdict(name, klass).sentences)),
                "rows": found.get(self.lanes[place], []),
            }
            for place, name in enumerate(self.compiled.actors)
        }

    def _sentence(self, row: int) -> str:
        text = self.reader.in_words(row)
        how = Mechanism(int(self.log["mechanism"][row]))
        by = f" ({how.phrase})" if self.log["what"][row] == Event.LEARNED and how else ""
        return f"{upper_first(text)}{by}, {self._date(float(self.log['time'][row]))}."

    def _at(self, time: float) -> float | None:
        """Return a time of this world in months since the start of the page."""
        return _short(time + self.shift)

    def _date(self, time: float) -> str:
        return f"{self.compiled.scenario.date(time):%Y-%m}"


def _short(value: float) -> float | None:
    """Return a number with three decimals; None for never."""
    return round(float(value), 3) if math.isfinite(value) else None
