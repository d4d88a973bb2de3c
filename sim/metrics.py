"""Metrics: numbers read off the event log of a run. Nothing is counted anywhere else.

A metric has a name, such as ``lag_3``, ``t_done[Meta AI,gpt3]``, ``n_dev@36`` or
``acquired[replication]``. A date that never comes is ``inf``: it is censored at the horizon. A share
of nothing is ``nan``: there is none.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from agents.rule import rule
from sim.errors import UserError, nearest, not_found
from sim.helping import KINDS
from sim.release import comes_with_model, comes_with_release, is_open
from sim.tail.counting import read_counts
from sim.tail.tables import Form
from sim.words import EVENT, KIND, MECHANISM, Bound, Mechanism, Word, codes

# Judgements that a metric carries, each with its source.
PARTLY_OPEN = 0.5  # share of an open release that a licence or arm's-length use is; own: half


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
    T_OWNER = 13
    LEAD = 14
    ACCESS_MONTHS = 15
    UNCONTROLLED = 16
    MECH_SHARE = 17
    STOP_SHARE = 18
    OPENNESS = 19
    DOWNSTREAM = 20
    T_DOWNSTREAM = 21
    ATTENTION = 22
    MADE_SHARE = 23
    PEOPLE = 24  # from here on: of the members of populations
    TOOK = 25
    USERS = 26
    USE_MONTHS = 27
    SHUT_OUT = 28
    TOO_POOR = 29


STATISTIC = codes(Statistic)
MECHANISMS = tuple(word.key for word in Mechanism if word)
BOUNDS_OF_PROJECTS = tuple(word.key for word in Bound if word)

# statistic -> how it is written, unit, what it says. CLASS may be left out, with its comma: the class
# in question; @MONTH too: the end. "The class" includes higher ones where actors are counted or dated.
# WHO is a region or a population, FORM is open, licensed, api or any; both may be left out: all.
MEANINGS = {
    Statistic.T_DONE: ("t_done[ACTOR,CLASS]", "months", "when an actor had trained a class or a higher one"),
    Statistic.T_PUB: ("t_pub[ACTOR,CLASS]", "months", "when it was announced"),
    Statistic.LAG: ("lag_K[CLASS]", "months", "from the reveal of a class to its K-th other owner (trained)"),
    Statistic.LAG_PUB: ("lag_pub_K[CLASS]", "months", "from the reveal to the K-th other announcement"),
    Statistic.N_DEV: ("n_dev[CLASS]@MONTH", "actors", "who had trained the class themselves by a month"),
    Statistic.N_ACCESS: ("n_access[CLASS]@MONTH", "actors", "who could run weights made by others"),
    Statistic.STARTS: ("starts[CLASS]@MONTH", "projects", "started by a month"),
    Statistic.SPENDING: ("spending[CLASS]@MONTH", "USD", "spent on projects that have ended"),
    Statistic.ACQUIRED: ("acquired[MECHANISM,CLASS]@MONTH", "acquisitions", "by one mechanism"),
    Statistic.STOPPED: ("stopped[BOUND,CLASS]@MONTH", "projects", "unfinished projects that one thing bound"),
    Statistic.CASCADE_SIZE: ("cascade_size[CLASS]", "models", "models in whose making the reveal is a cause"),
    Statistic.CASCADE_DEPTH: ("cascade_depth[CLASS]", "models", "longest chain of such models"),
    Statistic.REVEAL: ("reveal[CLASS]", "months", "first announcement of the class"),
    Statistic.T_OWNER: ("t_owner_K[CLASS]", "months", "when the K-th owner had trained it; the first counts"),
    Statistic.LEAD: ("lead[CLASS]", "months", "frontier lead: from the first owner (trained) to the second"),
    Statistic.ACCESS_MONTHS: (
        "access_months[CLASS]@MONTH", "actor-months", "in which actors could run weights made by others",
    ),
    Statistic.UNCONTROLLED: (
        "uncontrolled[CLASS]@MONTH", "actors", "who got weights of others other than by licence",
    ),
    Statistic.MECH_SHARE: (
        "mech_share[MECHANISM,CLASS]@MONTH", "share", "of acquisitions (made, or accessed) by one mechanism",
    ),
    Statistic.MADE_SHARE: (
        "made_share[MECHANISM,CLASS]@MONTH", "share", "of the models made (not accessed) by one mechanism",
    ),
    Statistic.STOP_SHARE: (
        "stop_share[BOUND,CLASS]@MONTH", "share", "of unfinished projects that one thing bound",
    ),
    Statistic.OPENNESS: (
        "openness[CLASS]@MONTH",
        "index",
        "0 to 1: share of the kinds of artifacts of its announced models that their owners opened; "
        "licensed and arm's-length ones count half",
    ),
    Statistic.DOWNSTREAM: (
        "downstream[CLASS]@MONTH",
        "API-months",
        "research that access makes possible: actor-months of use; with weights 1 / spread.api_serves each",
    ),
    Statistic.T_DOWNSTREAM: ("t_downstream_K[CLASS]", "months", "when that research reached K API-months"),
    Statistic.ATTENTION: (
        "attention@MONTH", "attention-months", "integral of attention by demonstrations, 1 = the strongest",
    ),
    Statistic.PEOPLE: (
        "people[WHO,FORM,CLASS]@MONTH", "people", "members of populations who had got access to a model",
    ),
    Statistic.TOOK: ("took[WHO,FORM,CLASS]@MONTH", "people", "times that a member began to use something"),
    Statistic.USERS: (
        "users[WHO,FORM,CLASS]@MONTH", "people", "who use something at a month's end; twice who uses two",
    ),
    Statistic.USE_MONTHS: (
        "use_months[WHO,FORM,CLASS]@MONTH", "person-months", "exposure: use by members, added up over time",
    ),
    Statistic.SHUT_OUT: (
        "shut_out[WHO,CLASS]@MONTH", "people", "times that a licence kept a member from what had reached it",
    ),
    Statistic.TOO_POOR: (
        "too_poor[WHO,CLASS]@MONTH", "people", "times that the cost did",
    ),
}  # fmt: skip

METRIC = np.dtype(
    [("statistic", "i8"), ("actor", "i8"), ("klass", "i8"), ("word", "i8"), ("k", "i8"), ("time", "f8")]
)
STANDARD = ("lag_1", "lag_3", "lag_5", "lag_10", "n_dev", "n_access", "starts", "spending")
OF_MEMBERS = ("people", "people[open]", "people[licensed]", "people[api]", "took", "users", "use_months")
_NAME = re.compile(r"([a-z_]+?)(?:_([1-9]\d*))?(?:\[(.*)\])?(?:@(\d+(?:\.\d+)?))?")
_HEAD = re.compile(r"[a-zA-Z_]+?(?=_?\d|[\[@]|$)")  # the name without what is filled in
MOST_NEAR = 3  # metrics that are named for a misspelt one


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
        raise UserError(_no_metric(name, known))
    statistic = known[match[1]]
    form, unit, meaning = MEANINGS[statistic]
    takes_actor = "ACTOR" in form
    words = [word.strip() for word in match[3].split(",")] if match[3] else []
    if takes_actor and match[3] in compiled.actors:  # an actor's name may hold commas
        words = [match[3]]
    elif takes_actor and len(words) > 1:
        words = [match[3].rpartition(",")[0].strip(), words[-1]]
    actor, klass, word = -1, compiled.classes.index(compiled.scenario.follow_class), -1
    if "WHO" in form:
        actor, word, klass = parse_members(name, form, words, compiled, klass)
        if match[2] or (match[4] and float(match[4]) % 1.0):
            raise UserError(
                f"metric {name!r}: write {form}, with a whole MONTH: members are counted by months"
            )
        time = float(match[4]) if match[4] else math.inf
        return Metric(name, unit, meaning, (statistic, actor, klass, word, 0, time))
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
    head, bracket, inside = form.partition("[")
    most_words = len(bracket) + inside.count(",")
    if (match[2] and "_K" not in head) or len(words) > most_words or (match[4] and "@" not in form):
        raise UserError(f"metric {name!r}: write {form}")
    if "_K" in head and not match[2]:
        raise UserError(f"metric {name!r}: write {form}, such as {statistic.key}_1")
    time = float(match[4]) if match[4] else math.inf
    return Metric(name, unit, meaning, (statistic, actor, klass, word, int(match[2] or 0), time))


def _no_metric(name: str, known: Mapping[str, Statistic]) -> str:
    """Return the message for a name that no metric has: how the nearest are written, and where all stand."""
    head = _HEAD.match(name.strip())
    near = difflib.get_close_matches(head[0] if head else "", sorted(known), n=MOST_NEAR)
    forms = f"; near: {', '.join(MEANINGS[known[each]][0] for each in near)}" if near else ""
    return (
        f"no metric {name!r}{nearest(near[0], near[:1]) if near else ''}{forms}; `cascades metrics` lists all"
    )


def parse_members(name: str, form: str, words: list[str], compiled, klass: int) -> tuple[int, int, int]:
    """Return who (see ``sim.tail.counting``), in which form and of which class a metric counts."""
    file = compiled.scenario.file
    places: dict[str, dict[str, int]] = {
        "who": {who: place for place, who in enumerate([*file.regions, *file.populations])},
        "form": {word.key: int(word) for word in Form} if "FORM" in form else {},
        "class": {word: place for place, word in enumerate(compiled.classes)},
    }
    found = {"who": -1, "form": int(Form.ANY), "class": klass}
    left = list(places)
    for word in words:
        kind = next((kind for kind in left if word in places[kind]), None)
        if kind is None:
            allowed = [word for kind in left for word in places[kind]]
            raise UserError(f"metric {name!r}: {not_found('word', word, allowed)} (write {form})")
        left.remove(kind)
        found[kind] = places[kind][word]
    return found["who"], found["form"], found["class"]


def described() -> list[dict[str, str]]:
    """Return how each metric is written, with an example, its unit and its meaning."""
    fill = {"MECHANISM": MECHANISMS[1], "BOUND": BOUNDS_OF_PROJECTS[0], "MONTH": "36"}
    fill |= {"[WHO,FORM]": "[open]", "[WHO]": ""}
    rows = []
    for form, unit, meaning in MEANINGS.values():
        example = form.replace("_K", "_5").replace(",CLASS", "").replace("[CLASS]", "")
        for word, value in fill.items():
            example = example.replace(word, value)
        rows.append({"form": form, "unit": unit, "meaning": meaning, "example": example})
    return rows


def split_names(text: str) -> list[str]:
    """Return the names of metrics in a text, between commas that stand outside brackets.

    >>> split_names("lag_3, t_done[Meta AI,gpt3],n_dev@36")
    ['lag_3', 't_done[Meta AI,gpt3]', 'n_dev@36']
    """
    parts = re.findall(r"(?:[^,\[]|\[[^\]]*\]?)+", text)
    return [part.strip() for part in parts if part.strip()]


def origin_of(metric: Metric, compiled) -> Metric | None:
    """Return the date from which a metric counts its months; None: it counts from the start."""
    statistic, _, klass, *_ = metric.row
    if statistic in (Statistic.LAG, Statistic.LAG_PUB):
        return parse_metric(f"reveal[{compiled.classes[klass]}]", compiled)
    return (
        parse_metric(f"t_owner_1[{compiled.classes[klass]}]", compiled)
        if statistic == Statistic.LEAD
        else None
    )


def cells_needed(actors: int, projects: int, artifacts: int) -> int:
    """Return how many integers ``measure`` needs to work with, for tables of these lengths."""
    return max(actors + projects, artifacts)


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
        if event.reached >= 0:
            lower_to(trained, event.actor, event.reached, event.time)
        elif event.what == EVENT.ANNOUNCED:
            lower_to(announced, event.actor, event.klass, event.time)
        elif event.what == EVENT.ACCESSED and event.mechanism != MECHANISM.STRUCTURED_ACCESS:
            lower_to(runs, event.actor, event.klass, event.time)


@rule
def lower_to(times, actor, klass, time):
    """Note that an actor has a class, and all lower ones, from a time on at the latest."""
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
def measure(w, metric, trained, announced, runs, cells):
    """Return the value of one metric for the run in the tables, after ``gather``.

    ``cells``: integers to work with, as many as ``cells_needed``.
    """
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
    if statistic == STATISTIC.T_OWNER:
        return kth_after(trained, klass, 0.0, -1, metric.k)
    if statistic == STATISTIC.LEAD:
        return lead(trained, klass)
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
        return cascade(w, klass, statistic == STATISTIC.CASCADE_DEPTH, cells)
    until = min(metric.time, w.clock[0].time)
    if statistic == STATISTIC.ACCESS_MONTHS:
        return months_since(runs, klass, until)
    if statistic == STATISTIC.OPENNESS:
        return openness(w, klass, until, cells)
    if statistic == STATISTIC.DOWNSTREAM:
        return downstream(w, klass, until, math.inf, cells)
    if statistic == STATISTIC.T_DOWNSTREAM:
        return downstream(w, klass, until, float(metric.k), cells)
    if statistic == STATISTIC.ATTENTION:
        return attention_months(w, until)
    if statistic >= STATISTIC.PEOPLE:
        return read_counts(w, statistic - STATISTIC.PEOPLE, metric.actor, metric.word, klass, until)
    return tally(w, metric, until)


@rule
def tally(w, metric, until):
    """Return a number that is counted, added up or made a share over the rows of the log."""
    statistic = metric.statistic
    total, whole = 0.0, 0.0
    for row in range(w.clock[0].events):
        event = w.events[row]
        if event.klass != metric.klass or event.time > until:
            continue
        ended = event.what == EVENT.TRAINED or event.what == EVENT.UNDERTRAINED
        stopped = event.what == EVENT.STOPPED
        if statistic == STATISTIC.STARTS:
            total += event.what == EVENT.STARTED
        elif statistic == STATISTIC.SPENDING:
            total += event.usd if ended or stopped else 0.0
        elif statistic == STATISTIC.UNCONTROLLED:
            got = event.what == EVENT.ACCESSED and event.kind == KIND.WEIGHTS
            total += got and event.mechanism != MECHANISM.LICENSED_RELEASE
        elif is_of_mechanism(statistic):
            accesses = event.what == EVENT.ACCESSED and statistic != STATISTIC.MADE_SHARE
            acquires = event.what == EVENT.TRAINED or accesses
            whole += acquires
            total += acquires and event.mechanism == metric.word
        elif statistic == STATISTIC.STOPPED or statistic == STATISTIC.STOP_SHARE:
            unfinished = stopped or event.what == EVENT.UNFINISHED
            unfinished = unfinished or event.what == EVENT.UNDERTRAINED
            whole += unfinished
            total += unfinished and event.bound == metric.word
    if is_share(statistic):
        return total / whole if whole > 0.0 else math.nan
    return total


@rule
def is_share(statistic):
    """Return whether a statistic is a part of a whole."""
    of_mechanisms = statistic == STATISTIC.MECH_SHARE or statistic == STATISTIC.MADE_SHARE
    return of_mechanisms or statistic == STATISTIC.STOP_SHARE


@rule
def is_of_mechanism(statistic):
    """Return whether a statistic is about one mechanism of acquisition."""
    shares = statistic == STATISTIC.MECH_SHARE or statistic == STATISTIC.MADE_SHARE
    return shares or statistic == STATISTIC.ACQUIRED


@rule
def lead(trained, klass):
    """Return the months from the first owner of a class to the second; nan if nobody owns it."""
    first = kth_after(trained, klass, 0.0, -1, 1)
    return kth_after(trained, klass, 0.0, -1, 2) - first if first < math.inf else math.nan


@rule
def count_by(times, klass, time):
    """Return how many actors had something by a time."""
    count = 0.0
    for actor in range(times.shape[0]):
        count += times[actor, klass] <= time and times[actor, klass] < math.inf
    return count


@rule
def months_since(times, klass, until):
    """Return the months that actors have had something for by a time, added up."""
    total = 0.0
    for actor in range(times.shape[0]):
        total += max(0.0, until - times[actor, klass])
    return total


@rule
def openness(w, klass, until, cells):
    """Return how far the owners of announced models of a class or a higher one have opened them.

    The mean over models of: degree of openness, added up over the kinds of artifacts that a model
    leaves or may leave, over their number. nan without a model. What was leaked or stolen was not opened.
    """
    for artifact in range(w.clock[0].artifacts):
        cells[artifact] = 0
    kinds = 0.0
    for kind in range(KINDS):
        kinds += belongs_to_model(kind)
    models, opened = 0.0, 0.0
    for row in range(w.clock[0].events):
        event = w.events[row]
        if event.project < 0 or event.klass < klass or event.time > until:
            continue
        if event.what == EVENT.ANNOUNCED:
            models += 1.0
        elif event.what == EVENT.RELEASED and belongs_to_model(event.kind):
            access = int(event.amount)
            opened += degree_of_openness(access) - degree_of_openness(cells[event.artifact])
            cells[event.artifact] = access  # a licence may become an open release
    return opened / (models * kinds) if models > 0.0 else math.nan


@rule
def belongs_to_model(kind):
    """Return whether a model leaves, or may leave, an artifact of this kind."""
    return comes_with_model(kind) or comes_with_release(kind)


@rule
def degree_of_openness(access):
    """Return how open a release is, from 0 (closed) to 1."""
    if access == 0:
        return 0.0
    return 1.0 if is_open(access) else PARTLY_OPEN


@rule
def downstream(w, klass, until, wanted, cells):
    """Return the research that access to a class makes possible by a time, in API-months.

    An actor with an API counts as one, with weights made by others as 1 / ``spread.api_serves``. With a
    finite amount ``wanted``: return when it was reached instead; inf: not by then.
    """
    for actor in range(len(w.actors)):
        cells[actor] = 0
    rate, total, last = 0.0, 0.0, 0.0
    for row in range(w.clock[0].events):
        event = w.events[row]
        if event.what != EVENT.ACCESSED or event.klass < klass:
            continue
        time = min(event.time, until)
        if total + rate * (time - last) >= wanted:
            break
        total += rate * (time - last)
        last = time
        if event.time > until:
            break
        use = 2 if event.kind == KIND.WEIGHTS else 1
        if use > cells[event.actor]:
            rate += research_rate(w, use) - research_rate(w, cells[event.actor])
            cells[event.actor] = use
    if wanted < math.inf:
        when = last + (wanted - total) / rate if rate > 0.0 else math.inf
        return when if when <= until else math.inf
    return total + rate * (until - last)


@rule
def research_rate(w, use):
    """Return research per month: 0 without use (0), 1 through an API (1), more with weights (2)."""
    if use == 2:
        return 1.0 / w.spread[0].api_serves
    return 1.0 if use == 1 else 0.0


@rule
def attention_months(w, until):
    """Return the integral of attention by a time: each demonstration adds a jump, which fades.

    The attention that papers get is left out: the log does not hold it, and it is a percent or two.
    """
    mean = w.attention[0].half_life_months / math.log(2.0)
    total = 0.0
    for row in range(w.clock[0].events):
        event = w.events[row]
        if event.what == EVENT.DEMONSTRATED and event.time <= until:
            total += event.amount * mean * (1.0 - math.exp(-(until - event.time) / mean))
    return total


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
