"""Readings of who kept up with whom, and who gave up for another."""

from __future__ import annotations

import math

import numpy as np

from experiments.evidence.readings import Run, reading
from sim.errors import UserError, not_found
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
def shelved_rivals(run: Run, within: float = NEAR_MONTHS) -> float:
    """Return how many models of the class in question were given up for another's, though nearly made.

    Nearly: what was left of the phase that it was in, and the shortest training, would have taken no more
    than so many months. Writing it up is not counted.
    """
    klass = run.compiled.classes.index(run.compiled.scenario.follow_class)
    left_for_others = run.log[(run.log["what"] == Event.RESCOPED) & (run.log["klass"] == klass)]
    projects = run.projects[left_for_others["project"]]
    with np.errstate(divide="ignore", invalid="ignore"):
        months = projects["left"] * projects["total"] / projects["rate"]
    return float((months + run.tables.training[0].shortest_months <= within).sum())
