"""What borrowed artifacts cut of a project, one by one, by the model's own rules.

Artifacts count in the order in which they reached the team: each cuts what those before it left, so
that the cuts add up to the difference between the full work and what was done. This is book-keeping
of one run, not what would have happened without the artifact.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from experiments.replay import Replay, before
from sim.lookback import NEEDS, QUANTITIES, reckon_needs, retrace_help
from sim.words import ArtifactKind, Event, Phase

WORK, TRAINING, TRIALS, UTILISATION, FAILURE, TEAM = range(len(NEEDS))
MILESTONES = (Event.STARTED, Event.BUILT, Event.EQUIPPED, Event.TUNED, Event.FAILED)
ENDS = (Event.TRAINED, Event.UNDERTRAINED, Event.STOPPED, Event.UNFINISHED)
PARTS = {Phase.BUILD: "work", Phase.TUNE: "trials", Phase.TRAIN: "training"}


@dataclass
class Cut:
    """What one artifact cut of one project.

    ``row``: of the log, where it reached the team. ``work``: experienced person-months. ``trials``,
    ``training``: FLOP. ``months``: of calendar time, at the team and chips that the project had.
    ``team``: people off the smallest team. ``failure``: off the chance that an attempt fails. Below
    zero it cost more than it saved.
    """

    row: int
    artifact: int
    work: float = 0.0
    trials: float = 0.0
    training: float = 0.0
    months: float = 0.0
    team: float = 0.0
    failure: float = 0.0


@dataclass
class Ledger:
    """The books of one project: ``done`` and ``full`` by part (work, trials, training, months).

    ``full`` is what it would have taken with nothing borrowed, as far as the project came (one that turned to
    another class: since then), beside what an earlier try had left (``draw`` of its start). ``trials``: runs
    for settings, without the tests beside the engineering. ``team`` and ``failure``: (unaided, with what was
    held). ``end``: the last row of its making.
    """

    project: int
    end: int
    done: dict[str, float] = field(default_factory=lambda: dict.fromkeys((*PARTS.values(), "months"), 0.0))
    full: dict[str, float] = field(default_factory=lambda: dict.fromkeys((*PARTS.values(), "months"), 0.0))
    team: tuple[float, float] = (0.0, 0.0)
    failure: tuple[float, float] = (0.0, 0.0)
    cuts: list[Cut] = field(default_factory=list)


def absorbed(log: np.ndarray, actor: int, until: int) -> np.ndarray:
    """Return the rows, before ``until``, at which an artifact could begin to help an actor."""
    rows = log[:until]
    own = rows["actor"] == actor
    # the small model of a staged release is made for others; its owner has the large one
    staged = (rows["kind"] == ArtifactKind.SMALL_MODEL) & (rows["project"] >= 0)
    made = (rows["what"] == Event.MADE) & ~staged
    return np.flatnonzero(own & ((rows["what"] == Event.LEARNED) | made))


def shares_left(replay: Replay, actor: int, klass: int, rows: np.ndarray) -> np.ndarray:
    """Return what is left of each quantity before any and after each artifact: (rows + 1, QUANTITIES)."""
    replay.at(replay.compiled.horizon)
    return _shares_left(replay, actor, klass, rows)


def _shares_left(replay: Replay, actor: int, klass: int, rows: np.ndarray) -> np.ndarray:
    """Return the same, of a run that is at its end."""
    left = np.empty((len(rows) + 1, len(QUANTITIES)))
    artifacts = replay.log["artifact"][rows].astype(np.int64)
    times = np.ascontiguousarray(replay.log["time"][rows])
    retrace_help(replay.world, actor, klass, artifacts, times, left)
    return left


def ledger(replay: Replay, project: int) -> Ledger | None:
    """Return the books of a project; None for one that the record gives, which takes no work here."""
    return ledgers(replay, [project])[project]


def ledgers(replay: Replay, projects: Iterable[int]) -> dict[int, Ledger | None]:
    """Return the books of several projects of a run, for which it is gone through twice."""
    drafts: dict[int, _Draft | None] = {}
    needs: dict[int, np.ndarray] = {}

    def draft(project: int) -> None:
        drafts[project] = _draft(replay, project)

    def reckon(project: int, made: _Draft) -> None:
        event = replay.log[made.books.end]
        needs[project] = np.empty((len(made.left), len(NEEDS)))
        left = np.ascontiguousarray(made.left)
        reckon_needs(replay.world, int(event["actor"]), int(event["klass"]), left, needs[project])

    replay.look([(replay.compiled.horizon, functools.partial(draft, project)) for project in projects])
    made = {project: draft for project, draft in drafts.items() if draft}
    marks = {mark for draft in made.values() for mark in draft.bounds}
    looks = replay.projects_looks(time for mark in marks for time in (before(mark), mark))
    looks += [(draft.bounds[0], functools.partial(reckon, project, draft)) for project, draft in made.items()]
    replay.look(looks)
    booked = {project: _booked(replay, draft, needs[project]) for project, draft in made.items()}
    return {project: booked.get(project) for project in drafts}


@dataclass(frozen=True)
class _Draft:
    """What of a ledger stands in the log.

    ``rows``: where artifacts reached the team. ``left``: what each left of the quantities. ``bounds``: times
    between which the team holds the same, from the start of the project to its end.
    """

    books: Ledger
    rows: np.ndarray
    left: np.ndarray
    bounds: list[float]


def _draft(replay: Replay, project: int) -> _Draft | None:
    log = replay.log
    mine = np.flatnonzero(log["project"] == project)
    own = [int(row) for row in mine[np.isin(log["what"][mine], MILESTONES)]]
    if replay.projects["script"][project] >= 0 or not own:
        return None
    own = own[max(place for place, row in enumerate(own) if log["what"][row] == Event.STARTED) :]
    end = next(int(row) for row in mine if log["what"][row] in ENDS)
    actor, klass = int(log["actor"][end]), int(log["klass"][end])
    rows = absorbed(log, actor, end)
    left = _shares_left(replay, actor, klass, rows)
    changes = np.flatnonzero((left[1:] != left[:-1]).any(axis=1))
    rows, left = rows[changes], left[np.concatenate([[0], changes + 1])]
    books = Ledger(project, end)
    books.cuts = [Cut(int(row), int(log["artifact"][row])) for row in rows]
    started, ended = float(log["time"][own[0]]), float(log["time"][end])
    marks = {float(log["time"][row]) for row in own}
    marks |= {float(t) for t in log["time"][rows] if started < t < ended}
    return _Draft(books, rows, left, sorted({*marks, ended}))


def _booked(replay: Replay, draft: _Draft, needs: np.ndarray) -> Ledger:
    books, times, bounds = draft.books, replay.log["time"][draft.rows], draft.bounds
    goal_held = 0  # artifacts held when the goal of the training was set
    for first, last in zip(bounds, bounds[1:], strict=False):
        held = int(np.searchsorted(times, first, side="right"))
        now = replay.projects_at(first)[books.project]
        then = replay.projects_at(before(last))[books.project]
        if now["phase"] == Phase.TRAIN and not books.done["training"] and now["attempt"] == 0:
            goal_held = goal_held or held
        _book(books, needs, held, goal_held, now, then, last - first)
    held = int(np.searchsorted(times, bounds[0], side="right"))
    books.team = (needs[0, TEAM], needs[held, TEAM])
    books.failure = (needs[0, FAILURE], needs[-1, FAILURE])
    for place, cut in enumerate(books.cuts):
        cut.failure = needs[place, FAILURE] - needs[place + 1, FAILURE]
        cut.team = needs[place, TEAM] - needs[place + 1, TEAM] if place < held else 0.0
    return books


def _book(books: Ledger, needs, held: int, goal_held: int, now, then, months: float) -> None:
    """Book one stretch of a phase, in which what the team holds does not change."""
    phase = Phase(int(now["phase"]))
    if phase not in PARTS:
        return
    part = PARTS[phase]
    if phase == Phase.BUILD:
        size, speed = needs[: held + 1, WORK], np.ones(held + 1)
        # not now["total"]: what the team makes itself counts there only when the phase is next reckoned
        done = (now["left"] - then["left"]) * now["effort"] * size[held]
    elif phase == Phase.TUNE:
        size, speed = needs[: held + 1, TRIALS], needs[: held + 1, UTILISATION]
        done = then["flop_trials"] - now["flop_trials"]
    else:  # the goal was set when the training began
        places = np.minimum(np.arange(held + 1), goal_held)
        size, speed = needs[places, TRAINING], needs[: held + 1, UTILISATION]
        done = then["flop_final"] - now["flop_final"]
    books.done[part] += done
    books.done["months"] += months
    sizes = done * size / size[held] if size[held] > 0.0 else np.full(held + 1, done)
    span = size / speed
    spans = months * span / span[held] if span[held] > 0.0 else np.full(held + 1, months)
    books.full[part] += sizes[0]
    books.full["months"] += spans[0]
    for place in range(held):
        cut = books.cuts[place]
        setattr(cut, part, getattr(cut, part) + sizes[place] - sizes[place + 1])
        cut.months += spans[place] - spans[place + 1]
