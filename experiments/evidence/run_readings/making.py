"""Readings of what models took to make, who could have them, and what became of those who made them."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from experiments.evidence.readings import Run, reading
from sim.compute import SECONDS_PER_MONTH
from sim.metrics import downstream
from sim.paths import join_path
from sim.words import ArtifactKind, Event
from sim.worldview import world_of


@reading
def people_with_weights(run: Run, owner: str, model_class: str, months: float) -> float:
    """Return how many people got an owner's weights of a class, so long after it first released them.

    nan where the owner releases none, where the run ends before, and where weights of the class by others
    came first: who has such does not ask for more. Of an actor that stands for many, people follow
    one by one (``kinds.KIND.people_months``).
    """
    log, compiled = run.log, run.compiled
    klass = compiled.classes.index(model_class)
    place = compiled.actors.index(owner)
    weights = (log["kind"] == int(ArtifactKind.WEIGHTS)) & (log["klass"] == klass)
    own = weights & (log["what"] == Event.RELEASED) & (log["actor"] == place)
    if not own.any() or log["time"][own].min() + months > compiled.horizon:
        return math.nan
    released = log["time"][own].min()
    until = released + months
    accessed = log[weights & (log["what"] == Event.ACCESSED) & (log["time"] <= until)]
    if ((accessed["source"] != place) & (accessed["time"] < released)).any():
        return math.nan
    people = 0.0
    for row in accessed[accessed["source"] == place]:
        kind = compiled.scenario.file.actors[compiled.actors[row["actor"]]].kind
        mean = _number(run, f"{join_path(['kinds', kind])}.people_months")
        waited = until - row["time"]
        people += row["amount"] * (1.0 - math.exp(-waited / mean) if mean > 0.0 else 1.0)
    return people


@reading
def research_after(run: Run, owner: str, model_class: str, months: float) -> float:
    """Return the research, in API-months, in so many months from an owner's announcement of a class on.

    By access to the class, whoever gives it (metric ``downstream``); nan where nothing is announced or the
    run ends before.
    """
    compiled, log = run.compiled, run.log
    klass = compiled.classes.index(model_class)
    mine = (log["what"] == Event.ANNOUNCED) & (log["actor"] == compiled.actors.index(owner))
    shown = log["time"][mine & (log["klass"] >= klass)]
    if not len(shown) or shown.min() + months > compiled.horizon:
        return math.nan
    world, cells = world_of(run.tables), np.empty(len(compiled.actors), np.int64)
    first, last = float(shown.min()), float(shown.min()) + months
    return downstream(world, klass, last, math.inf, cells) - downstream(world, klass, first, math.inf, cells)


@reading
def experienced_people(run: Run, actor_kind: str = "") -> float:
    """Return people x full time x experience at the end of the run, of all builders or of one kind."""
    compiled, state = run.compiled, run.tables.state
    total = 0.0
    for place in compiled.facts["builders"]:
        if not actor_kind or compiled.scenario.file.actors[compiled.actors[place]].kind == actor_kind:
            full_time = float(run.tables.actors[place]["full_time"])
            total += float(state[place]["people"] * state[place]["experience"]) * full_time
    return total


@reading
def share_of_people(run: Run, actors: list[str]) -> float:
    """Return the share of the people of all builders whom some actors have at the end of the run."""
    people = run.tables.state["people"]
    places = [run.compiled.actors.index(name) for name in actors]
    return float(people[places].sum() / people[run.compiled.facts["builders"]].sum())


@reading
def team_needed(run: Run, model_class: str) -> float:
    """Return how many people a model of a class needs at the end of the run, mean over builders.

    What each of them holds (tools, most of all) spares some; money that makes up for people is left out.
    """
    compiled, tables = run.compiled, run.tables
    klass = compiled.classes.index(model_class)
    wishes = np.asarray(tables.wishes)["talent"][: len(compiled.facts["builders"]) * len(compiled.classes)]
    left = wishes.reshape(-1, len(compiled.classes))[:, klass]
    return float(tables.classes[klass]["team"] * left.mean())


@reading
def openness_with_capability(run: Run) -> float:
    """Return the correlation over announced models of their class with the kinds of artifacts released.

    Of models that somebody decided to make and to open: what the record gives is no decision. nan with
    fewer than three models, or where all are of one class or equally open.
    """
    log = run.log
    announced = log[(log["what"] == Event.ANNOUNCED) & (log["project"] >= 0)]
    released = log[(log["what"] == Event.RELEASED) & (log["project"] >= 0)]
    announced = announced[run.projects["script"][announced["project"]] < 0]
    opened = [len(set(released["kind"][released["project"] == row["project"]])) for row in announced]
    if len(announced) < 3 or len(set(opened)) < 2 or len(set(announced["klass"])) < 2:
        return math.nan
    return float(np.corrcoef(announced["klass"], opened)[0, 1])


@reading
def fall_of_cost(run: Run, actor: str, model_class: str, term: Literal["hardware", "utilisation"]) -> float:
    """Return a factor by which an actor's model took cheaper compute than one on V100 chips without know-how.

    ``term``: hardware (peak throughput per USD of rent) or utilisation (share of peak reached), of its first
    trained model of the class; nan without one.
    """
    file, compiled = run.compiled.scenario.file, run.compiled
    done = (run.projects["actor"] == compiled.actors.index(actor)) & np.isfinite(run.projects["trained"])
    mine = run.projects[done & (run.projects["klass"] == compiled.classes.index(model_class))]
    mine = mine[mine["script"] < 0]
    if not len(mine) or mine[0]["chip_months"] <= 0.0:
        return math.nan
    project = mine[0]
    chip = list(file.chips)[int(project["chip"])]

    def number(path: str) -> float:
        return _number(run, path)

    def throughput(name: str) -> float:
        path = join_path(["chips", name])
        return number(f"{path}.peak_flops") / number(f"{path}.usd_per_hour")

    if term == "hardware":
        return throughput(chip) / throughput("V100")
    flop = sum(float(project[name]) for name in ("flop_trials", "flop_failed", "flop_final"))
    peak = number(f"{join_path(['chips', chip])}.peak_flops") * SECONDS_PER_MONTH
    return flop / (float(project["chip_months"]) * peak) / number("training.utilisation")


def _number(run: Run, path: str) -> float:
    return float(run.tables.numbers[run.compiled.place_of[path]])
