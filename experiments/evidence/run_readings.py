"""Ways to read a run that need more than rows and conditions: quantities ``reading = "NAME"``.

Each function takes the run and the arguments that the claim gives ``with``.
"""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING

import numpy as np

from experiments.evidence.readings import Run, reading
from sim.errors import UserError, not_found
from sim.schema import months_of_date
from sim.series import WEEK, AttentionPlayer
from sim.words import Event

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
