"""Ways to read a run that need more than rows and conditions: quantities ``reading = "NAME"``.

Each function takes the run and the arguments that the claim gives ``with``.
"""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING

import numpy as np

from experiments.evidence.readings import Run, reading
from sim.compute import SECONDS_PER_MONTH
from sim.errors import UserError, not_found
from sim.paths import join_path
from sim.schema import months_of_date
from sim.series import WEEK, AttentionPlayer
from sim.words import ArtifactKind, Event

if TYPE_CHECKING:
    from sim.world import Compiled

KEEP_UP_MONTHS = 12.0  # keeping up: equal results within a year of the first. claim:keep-up-definition
NEAR_MONTHS = 2.0  # nearly at the same time: within two months of the first. claim:withheld-rival-window


@reading
def attention_at(run: Run, date: str) -> float:
    """Return public attention in the week of a date, in % of its peak in the run; nan without any."""
    times, values = weekly_attention(run)
    if not values.max(initial=0.0) > 0.0:
        return math.nan
    week = int(np.searchsorted(times, months_of_date(date) - run.compiled.scenario.start, side="right")) - 1
    return 100.0 * float(values[max(week, 0)] / values.max())


@reading
def attention_peak(run: Run) -> float:
    """Return the month (since the start) at which public attention is highest; inf without any."""
    times, values = weekly_attention(run)
    return float(times[int(np.argmax(values))]) if values.max(initial=0.0) > 0.0 else math.inf


@reading
def attention_onset(run: Run, percent: float, since: str) -> float:
    """Return the month at which attention, from a date on, first exceeds a share of its peak; inf: never."""
    times, values = weekly_attention(run)
    after = times >= months_of_date(since) - run.compiled.scenario.start
    high = after & (values > percent / 100.0 * values.max(initial=0.0))
    return float(times[high][0]) if high.any() else math.inf


@reading
def people_with_weights(run: Run, owner: str, model_class: str, months: float) -> float:
    """Return how many people have weights of others, so long after an owner first released a model of a class.

    nan where the owner releases none, or the run ends before. Of an actor that stands for many, people follow
    one by one (``kinds.KIND.people_months``).
    """
    log, compiled = run.log, run.compiled
    klass = compiled.classes.index(model_class)
    weights = (log["kind"] == int(ArtifactKind.WEIGHTS)) & (log["klass"] == klass)
    own = weights & (log["what"] == Event.RELEASED) & (log["actor"] == compiled.actors.index(owner))
    if not own.any() or log["time"][own].min() + months > compiled.horizon:
        return math.nan
    until = log["time"][own].min() + months
    people = 0.0
    for row in log[weights & (log["what"] == Event.ACCESSED) & (log["time"] <= until)]:
        kind = compiled.scenario.file.actors[compiled.actors[row["actor"]]].kind
        mean = _number(run, f"{join_path(['kinds', kind])}.people_months")
        waited = until - row["time"]
        people += row["amount"] * (1.0 - math.exp(-waited / mean) if mean > 0.0 else 1.0)
    return people


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
def people_at_end(run: Run, actors: list[str]) -> float:
    """Return how many people some actors can put on a model at the end of the run."""
    places = [run.compiled.actors.index(name) for name in actors]
    return float(sum(run.tables.state[place]["people"] for place in places))


@reading
def openness_with_capability(run: Run) -> float:
    """Return the correlation over announced models of their class with the kinds of artifacts released.

    nan with fewer than three models, or where all are of one class or equally open.
    """
    log = run.log
    announced = log[(log["what"] == Event.ANNOUNCED) & (log["project"] >= 0)]
    released = log[(log["what"] == Event.RELEASED) & (log["project"] >= 0)]
    opened = [len(set(released["kind"][released["project"] == row["project"]])) for row in announced]
    if len(announced) < 3 or len(set(opened)) < 2 or len(set(announced["klass"])) < 2:
        return math.nan
    return float(np.corrcoef(announced["klass"], opened)[0, 1])


@reading
def fall_of_cost(run: Run, actor: str, model_class: str, term: str) -> float:
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


def weekly_attention(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """Return (months, attention) week by week over the whole run; the run is played once more for it."""

    def play() -> tuple[np.ndarray, np.ndarray]:
        times = np.arange(0.0, run.compiled.horizon, WEEK)
        return times, _player(run.compiled).play(run.seed, run.number, times, bool(len(run.draws)))[0]

    return run.once("attention", play)


_own = threading.local()


def _player(compiled: Compiled) -> AttentionPlayer:
    """Return what plays runs of a world again in this thread; one world at a time: its tables are large."""
    if not hasattr(_own, "player") or _own.player.compiled is not compiled:
        _own.player = AttentionPlayer(compiled)
    return _own.player


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
