"""Metrics: numbers read off the event log of a run. Nothing is counted anywhere else.

A metric has a name, such as ``lag_3``, ``t_done[Meta AI,gpt3]``, ``n_dev@36`` or
``acquired[replication]``. A date that never comes is ``inf``: it is censored at the horizon.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from agents.rule import rule
from sim.errors import UserError, not_found
from sim.words import EVENT, KIND, MECHANISM, Bound, Mechanism, Word, codes


class Statistic(Word):
    """What a metric reads."""

    T_DONE = 0
    T_PUB = 1
    LAG = 2
    LAG_PUB = 3
    N_DEV = 4
    N_ACCESS = 5
    STARTS = 6
    SPENDING = 7
    ACQUIRED = 8
    STOPPED = 9
    CASCADE_SIZE = 10
    CASCADE_DEPTH = 11
    REVEAL = 12


STATISTIC = codes(Statistic)

MEANINGS = {
    Statistic.T_DONE: ("t_done[ACTOR,CLASS]", "months", "when an actor had trained a class or a higher one"),
    Statistic.T_PUB: ("t_pub[ACTOR,CLASS]", "months", "when it was announced"),
    Statistic.LAG: ("lag_K[CLASS]", "months", "from the reveal of a class to its K-th other owner (trained)"),
    Statistic.LAG_PUB: ("lag_pub_K[CLASS]", "months", "from the reveal to the K-th other announcement"),
    Statistic.N_DEV: ("n_dev[CLASS]@MONTH", "actors", "who had trained the class themselves by a month"),
    Statistic.N_ACCESS: ("n_access[CLASS]@MONTH", "actors", "who could run weights made by others"),
    Statistic.STARTS: ("starts[CLASS]@MONTH", "projects", "started by a month"),
    Statistic.SPENDING: ("spending[CLASS]", "USD", "spent on projects that have ended"),
    Statistic.ACQUIRED: ("acquired[MECHANISM,CLASS]", "acquisitions", "by one mechanism"),
    Statistic.STOPPED: ("stopped[BOUND,CLASS]", "projects", "unfinished projects that one thing bound"),
    Statistic.CASCADE_SIZE: ("cascade_size[CLASS]", "models", "models in whose making the reveal is a cause"),
    Statistic.CASCADE_DEPTH: ("cascade_depth[CLASS]", "models", "longest chain of such models"),
    Statistic.REVEAL: ("reveal[CLASS]", "months", "first announcement of the class"),
}

METRIC = np.dtype(
    [("statistic", "i8"), ("actor", "i8"), ("klass", "i8"), ("word", "i8"), ("k", "i8"), ("time", "f8")]
)
STANDARD = ("lag_1", "lag_3", "lag_5", "lag_10", "n_dev", "n_access", "starts", "spending")
_NAME = re.compile(r"([a-z_]+?)(?:_([1-9]\d*))?(?:\[(.*)\])?(?:@(\d+(?:\.\d+)?))?")


@dataclass(frozen=True)
class Metric:
    """One metric: its name, its unit, what it says, and its row for the compiled query."""

    name: str
    unit: str
    meaning: str
    row: tuple

    @property
    def is_date(self) -> bool:
        """Whether it is a time that may never come."""
        return self.unit == "months"


def parse_metric(name: str, compiled) -> Metric:
    """Return the metric of a name, for a compiled scenario; raise UserError if there is none."""
    match = _NAME.fullmatch(name.strip())
    known = {statistic.key: statistic for statistic in Statistic}
    if not match or match[1] not in known:
        forms = [form for form, _, _ in MEANINGS.values()]
        raise UserError(f"{not_found('metric', name, known)} (forms: {'; '.join(forms)})")
    statistic = known[match[1]]
    form, unit, meaning = MEANINGS[statistic]
    takes_actor = "ACTOR" in form
    words = [word.strip() for word in match[3].split(",")] if match[3] else []
    if takes_actor and words and words[-1] in compiled.classes:  # an actor's name may hold commas
        words = [match[3].rpartition(",")[0].strip(), words[-1]]
    elif takes_actor and match[3]:
        words = [match[3].strip()]
    actor, klass, word = -1, compiled.classes.index(compiled.scenario.follow_class), -1
    takes_word = {"MECHANISM": Mechanism, "BOUND": Bound}
    vocabulary = next((v for key, v in takes_word.items() if key in form), None)
    for position, text in enumerate(words):
        if position == 0 and takes_actor:
            if text not in compiled.actors:
                raise UserError(f"metric {name!r}: {not_found('actor', text, compiled.actors)}")
            actor = compiled.actors.index(text)
        elif position == 0 and vocabulary:
            keys = {member.key: member for member in vocabulary}
            if text not in keys:
                raise UserError(f"metric {name!r}: {not_found('word', text, keys)}")
            word = int(keys[text])
        else:
            if text not in compiled.classes:
                raise UserError(f"metric {name!r}: {not_found('class', text, compiled.classes)}")
            klass = compiled.classes.index(text)
    if (takes_actor and actor < 0) or (vocabulary and word < 0):
        raise UserError(f"metric {name!r}: write {form}")
    head, _, inside = form.partition("[")
    if (match[2] and "_K" not in head) or len(words) > 1 + inside.count(","):
        raise UserError(f"metric {name!r}: write {form}")
    if "_K" in head and not match[2]:
        raise UserError(f"metric {name!r}: write {form}, such as {statistic.key}_1")
    time = float(match[4]) if match[4] else math.inf
    return Metric(name, unit, meaning, (statistic, actor, klass, word, int(match[2] or 0), time))


def metric_rows(metrics: list[Metric]) -> np.ndarray:
    """Return the rows of several metrics, as the compiled query reads them."""
    return np.array([metric.row for metric in metrics], METRIC).view(np.recarray)


@rule
def gather(w, trained, announced, runs):
    """Read the log once: first times per (actor, class) of training, announcing, running weights.

    Who has trained a class has all lower ones. Times that never come are inf.
    """
    for row in range(trained.shape[0]):
        for klass in range(trained.shape[1]):
            trained[row, klass] = announced[row, klass] = runs[row, klass] = math.inf
    for row in range(w.clock[0].events):
        event = w.events[row]
        if event.what == EVENT.TRAINED:
            lower_to(trained, event.actor, event.klass, event.time)
        elif event.what == EVENT.ANNOUNCED:
            lower_to(announced, event.actor, event.klass, event.time)
        elif event.what == EVENT.ACCESSED and event.mechanism != MECHANISM.STRUCTURED_ACCESS:
            lower_to(runs, event.actor, event.klass, event.time)


@rule
def lower_to(times, actor, klass, time):
    for lower in range(klass + 1):
        times[actor, lower] = min(times[actor, lower], time)


@rule
def kth_after(times, klass, reveal, first_owner, k):
    """Return the months from a reveal to the k-th other owner; those before it do not count."""
    if reveal == math.inf:
        return math.inf
    last, last_actor = -math.inf, -1
    for _ in range(k):
        earliest, earliest_actor = math.inf, -1
        for actor in range(times.shape[0]):
            time = times[actor, klass]
            later = time > last or (time == last and actor > last_actor)
            if actor != first_owner and time >= reveal and later and time < earliest:
                earliest, earliest_actor = time, actor
        if earliest_actor < 0:
            return math.inf
        last, last_actor = earliest, earliest_actor
    return last - reveal


@rule
def measure(w, metric, trained, announced, runs, depth):
    """Return the value of one metric for the run in the tables, after ``gather``."""
    klass = metric.klass
    statistic = metric.statistic
    if statistic == STATISTIC.T_DONE:
        return trained[metric.actor, klass]
    if statistic == STATISTIC.T_PUB:
        return announced[metric.actor, klass]
    if statistic == STATISTIC.N_DEV:
        return count_by(trained, klass, metric.time)
    if statistic == STATISTIC.N_ACCESS:
        return count_by(runs, klass, metric.time)
    if statistic <= STATISTIC.LAG_PUB or statistic == STATISTIC.REVEAL:
        reveal, owner = math.inf, -1
        for actor in range(announced.shape[0]):
            if announced[actor, klass] < reveal:
                reveal, owner = announced[actor, klass], actor
        if statistic == STATISTIC.REVEAL:
            return reveal
        times = trained if statistic == STATISTIC.LAG else announced
        return kth_after(times, klass, reveal, owner, metric.k)
    if statistic == STATISTIC.CASCADE_SIZE or statistic == STATISTIC.CASCADE_DEPTH:
        return cascade(w, klass, statistic == STATISTIC.CASCADE_DEPTH, depth)
    total = 0.0
    for row in range(w.clock[0].events):
        event = w.events[row]
        if event.klass != klass or event.time > metric.time:
            continue
        ended = event.what == EVENT.TRAINED or event.what == EVENT.UNDERTRAINED
        stopped = event.what == EVENT.STOPPED
        if statistic == STATISTIC.STARTS:
            total += event.what == EVENT.STARTED
        elif statistic == STATISTIC.SPENDING:
            total += event.usd if ended or stopped else 0.0
        elif statistic == STATISTIC.ACQUIRED:
            acquires = event.what == EVENT.TRAINED or event.what == EVENT.ACCESSED
            total += acquires and event.mechanism == metric.word
        elif statistic == STATISTIC.STOPPED:
            unfinished = stopped or event.what == EVENT.UNFINISHED
            unfinished = unfinished or event.what == EVENT.UNDERTRAINED
            total += unfinished and event.bound == metric.word
    return total


@rule
def count_by(times, klass, time):
    """Return how many actors had something by a time."""
    count = 0.0
    for actor in range(times.shape[0]):
        count += times[actor, klass] <= time and times[actor, klass] < math.inf
    return count


@rule
def cascade(w, klass, deepest, depth):
    """Return size or depth of the cascade that the first announcement of a class set off.

    A model belongs to the cascade when its maker had learned of, or was helped by, an artifact of
    the revealed model or of another model of the cascade. ``depth`` (one cell per row of the log,
    used for actors first, then projects): how many models lie between and the reveal; -1: none.
    """
    actors = len(w.actors)
    for cell in range(actors + w.clock[0].projects):
        depth[cell] = -1
    size, longest = 0.0, 0.0
    revealed = False
    for row in range(w.clock[0].events):
        event = w.events[row]
        if event.project < 0:
            continue
        own = actors + event.project
        if event.what == EVENT.ANNOUNCED and event.klass == klass and not revealed:
            revealed = True
            depth[own] = 0
        elif event.what == EVENT.LEARNED and depth[own] >= 0:
            if event.amount > 0.0 or event.kind == KIND.EXISTENCE:
                depth[event.actor] = max(depth[event.actor], depth[own])
        elif event.what == EVENT.TRAINED and event.klass >= klass and depth[event.actor] >= 0:
            depth[own] = depth[event.actor] + 1
            size += 1.0
            longest = max(longest, float(depth[own]))
    return longest if deepest else size
