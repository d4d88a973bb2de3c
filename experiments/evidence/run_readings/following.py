"""Readings of who kept up with whom, and who gave up for another."""

from __future__ import annotations

import math

import numpy as np

from experiments.evidence.readings import PROJECTS, Run, reading
from sim.errors import UserError, not_found
from sim.luck import name_hash
from sim.words import Event

KEEP_UP_MONTHS = 12.0  # keeping up: equal results within a year of the first. claim:keep-up-definition
NEAR_MONTHS = 2.0  # nearly at the same time: within two months of the first. claim:withheld-rival-window


@reading
def kept_up(run: Run, actor: str, within: float = KEEP_UP_MONTHS) -> float:
    """Return the share of the classes that others showed first in which an actor kept up.

    It kept up if it had trained a model of the class, or of a higher one, within so many months of the first
    announcement. Classes whose year is not over at the horizon do not count; nan: there are none.
    """
    actors, classes = run.compiled.actors, run.compiled.classes
    if actor not in actors:
        raise UserError(f"reading kept_up: {not_found('actor', actor, actors)}")
    mine = run.log["actor"] == actors.index(actor)
    own = run.log[mine & (run.log["reached"] >= 0)]
    shown = run.log[run.log["what"] == Event.ANNOUNCED]
    kept = []
    for klass in range(len(classes)):
        of_class = shown[shown["klass"] >= klass]
        if not len(of_class) or of_class["actor"][0] == actors.index(actor):
            continue
        last = of_class["time"][0] + within
        if last <= run.compiled.horizon:
            kept.append(bool((own["time"][own["reached"] >= klass] <= last).any()))
    return float(np.mean(kept)) if kept else math.nan


@reading
def independent_starts(run: Run, model_class: str, artifacts: list[str]) -> float:
    """Return the share of the projects of a class that were begun in ignorance; nan without projects.

    In ignorance: the maker did not know that the class exists, and had none of some scripted ``artifacts``
    (by name). Scripted projects are left out.
    """
    compiled, log = run.compiled, run.log
    keys = [name_hash("scripted artifact", name) for name in artifacts]
    given = np.flatnonzero(np.isin(run.tables.artifacts["key"], np.array(keys, np.uint64)))
    learned = log[(log["what"] == Event.LEARNED) & np.isin(log["artifact"], given)]
    since = np.full(len(compiled.actors), math.inf)
    np.minimum.at(since, learned["actor"], learned["time"])
    projects = run.projects
    mine = (projects["klass"] == compiled.classes.index(model_class)) & (projects["script"] < 0)
    if not mine.any():
        return math.nan
    ignorant = (PROJECTS["knew"].values(run) == 0) & (since[projects["actor"]] > projects["started"])
    return float(ignorant[mine].mean())


@reading
def shelved_rivals(run: Run, within: float = NEAR_MONTHS) -> float:
    """Return how many models of the class in question were given up for the first, though nearly made.

    For the first: the maker learned of the model that was announced first, at its announcement or later.
    Nearly: what was left of the phase that it was in, and the shortest training, would have taken no more
    than so many months. Writing it up is not counted.
    """
    klass = run.compiled.classes.index(run.compiled.scenario.follow_class)
    shown = run.log[(run.log["what"] == Event.ANNOUNCED) & (run.log["klass"] >= klass)]
    if not len(shown):
        return 0.0
    first = shown[0]
    left_for_others = run.log[(run.log["what"] == Event.RESCOPED) & (run.log["klass"] == klass)]
    learned = run.log[run.log["cause"][left_for_others["cause"]]]  # by what its maker came to know
    for_first = (learned["project"] == first["project"]) & (left_for_others["time"] >= first["time"])
    left_for_others = left_for_others[for_first]
    projects = run.projects[left_for_others["project"]]
    with np.errstate(divide="ignore", invalid="ignore"):
        months = projects["left"] * projects["total"] / projects["rate"]
    return float((months + run.tables.training[0].shortest_months <= within).sum())
