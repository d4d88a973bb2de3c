"""The limit: what a specialist's kernel would take for as much elementary work as a gpt3 run holds.

It is a model of the work, not the same model: plain arrays, one function, nothing general, no log of
causes, no books, no names. Per run it does as often as the engine does on average (the counts are the
engine's own, see ``benchmarks.census``):

- draws of inputs: luck, normal quantile, exponential;
- entries pushed to and taken from a binary heap that is as full as the engine's queue;
- luck draws (the engine's own Threefry), normal quantiles, logarithms of waiting times;
- monthly and other plans, and looks at what a project would meet, with as many ``exp``, ``pow`` and
  ``log`` and one line of arithmetic for each;
- artifacts learned: the bit of the holder tested and set, the help combined for each class that it bears
  on, and the quantities that it cuts multiplied;
- releases: the holders' bits and the help held looked up for each who might learn;
- ends of phases reckoned;
- a log of as many rows (time, what, actor, class, money), and the eight metrics read off it in one pass.

Left out, because a specialist could do without or because it is small: deciding *which* of these is due,
the search for sponsors and policies beyond the looks counted, the accounts of money, people and chips,
filling the other columns of the log, laying out tables that are not used here.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numba
import numpy as np

from sim.luck import luck, normal

LEARN, RELEASE, PHASE, OTHER = range(4)
TRAINED, ANNOUNCED, ACCESSED, STARTED, ENDED, REST = range(6)
KINDS = 13
CUTS = 7
METRICS = 8
_TAKEN = ("kind", "rows", "lucks", "normals", "logs", "exps", "helps", "cuts", "checks", "bearings")
_PLANNED = ("exps", "pows", "logs", "looks")
TAKEN = np.dtype([(name, "i8") for name in _TAKEN])
PLANNED = np.dtype([(name, "i8") for name in _PLANNED])


class Work(NamedTuple):
    """What one run holds: ``taken`` has one row per entry of the queue, ``planned`` one per plan."""

    taken: np.ndarray
    planned: np.ndarray
    whats: np.ndarray  # what each row of the log says
    inputs: int
    queue: int
    actors: int
    planners: int
    classes: int
    months: float


def work_of(census: dict[str, float]) -> Work:
    """Lay out the counts of a census over the entries and plans of a run."""

    def count(*names: str) -> int:
        return round(sum(census.get(name, 0.0) for name in names))

    random = np.random.default_rng(1)
    inputs = count("scenario.inputs")
    taken = np.zeros(count("queue.order"), TAKEN)
    taken["kind"] = OTHER
    kinds = [LEARN] * count("learning.learn") + [RELEASE] * count("release.release")
    kinds += [PHASE] * count("projects.schedule")
    kinds = kinds[: len(taken)]
    taken["kind"][: len(kinds)] = kinds
    random.shuffle(taken)
    learned, released = taken["kind"] == LEARN, taken["kind"] == RELEASE
    helps, fits = count("helping.add"), count("helping.fit_of")
    _share(taken, "rows", count("log.rows"))
    _share(taken, "lucks", count("luck.luck") - inputs)
    _share(taken, "normals", count("luck.normal") - inputs)
    _share(taken, "logs", count("luck.waiting"))
    _share(taken, "exps", fits + count("release.uptake_months"))
    _share(taken, "helps", helps, learned)
    _share(taken, "cuts", round(helps * census["scenario.cuts"]), learned)
    _share(taken, "checks", count("release.reaches"), released)
    _share(taken, "bearings", count("helping.helps_as") - helps - count("helping.nearness_of"), released)
    planned = np.zeros(count("planning.plan"), PLANNED)
    _share(planned, "exps", count("math.exp") - inputs - int(taken["exps"].sum()))
    _share(planned, "pows", count("math.pow"))
    constants = count("compute.training_flop")  # the logarithm of 2
    _share(planned, "logs", max(0, count("math.log") - count("luck.waiting", "luck.normal") - constants))
    _share(planned, "looks", count("compute.outlook"))
    whats = np.full(int(taken["rows"].sum()), REST)
    named = [TRAINED] * count("log.trained") + [ANNOUNCED] * count("log.announced")
    named += [ACCESSED] * count("log.accessed") + [STARTED] * count("log.started")
    named += [ENDED] * count("log.stopped", "log.undertrained")
    whats[: len(named)] = named
    random.shuffle(whats)
    return Work(
        taken,
        planned,
        whats,
        inputs,
        count("queue.size"),
        count("scenario.actors"),
        count("scenario.planners"),
        count("scenario.classes"),
        census["scenario.months"],
    )


def _share(rows: np.ndarray, column: str, total: int, where=slice(None)) -> None:
    """Spread a count as evenly as whole numbers allow over some rows of a column."""
    places = np.arange(len(rows))[where]
    edges = np.arange(len(places) + 1) * max(0, total) // max(1, len(places))
    rows[column][places] = np.diff(edges)


def simulate_limit(work: Work, runs: int, seed: int = 1) -> np.ndarray:
    """Do the work of so many runs; return the eight metrics of each, shape (runs, 8)."""
    values = np.empty((runs, METRICS))
    _simulate(*work, np.uint64(seed), values)
    return values


@numba.njit(nogil=True, error_model="numpy")
def _push(times, slots, queued, time, slot):
    i = queued
    while i > 0:
        parent = (i - 1) >> 1
        if times[parent] <= time:
            break
        times[i], slots[i] = times[parent], slots[parent]
        i = parent
    times[i], slots[i] = time, slot


@numba.njit(nogil=True, error_model="numpy")
def _take(times, slots, last):
    """Remove the first of ``last`` + 1 entries."""
    time, slot = times[last], slots[last]
    i, child = 0, 1
    while child < last:
        if child + 1 < last and times[child + 1] < times[child]:
            child += 1
        if time <= times[child]:
            break
        times[i], slots[i] = times[child], slots[child]
        i, child = child, 2 * child + 1
    times[i], slots[i] = time, slot


@numba.njit(nogil=True, error_model="numpy")
def _simulate(taken, planned, whats, inputs, queue, actors, planners, classes, months, seed, values):
    one = np.uint64(1)
    heap_times, heap_slots = np.empty(queue + 1), np.empty(queue + 1, np.int64)
    numbers = np.empty(inputs)
    held = np.empty((actors, 16), np.uint64)
    help_held, left = np.empty((actors * classes, KINDS)), np.empty((actors * classes, CUTS))
    level, phases = np.empty(actors), np.empty((actors, 4))
    rows = len(whats)
    log_time, log_money = np.empty(rows), np.empty(rows)
    log_actor, log_class = np.empty(rows, np.int64), np.empty(rows, np.int64)
    trained, announced, runs = np.empty(actors), np.empty(actors), np.empty(actors)
    actor_of, kind_of = np.arange(len(taken) + 1) % actors, np.arange(len(taken) + 1) % KINDS
    learner_of = np.arange(max(taken["checks"].max(), taken["bearings"].max()) + 1) % actors
    planner = 0
    wait = queue * months / len(taken)
    pace = months / len(planned)
    for run in range(len(values)):
        key = np.uint64(run)
        what = np.uint64(0)
        for place in range(inputs):
            what += one
            numbers[place] = math.exp(0.1 * normal(luck(seed, key, 0, what, what)))
        held[:], help_held[:], left[:], level[:], phases[:] = 0, 0.0, 1.0, 0.5, 1.0
        scale = numbers[0]
        queued, log, plans, time, total = 0, 0, 0, 0.0, 0.0
        for place in range(queue):
            what += one
            u = luck(seed, key, 1, what, what)
            _push(heap_times, heap_slots, queued, wait * -math.log(u), place)
            queued += 1
        done, pushed = 0, queue
        while done < len(taken) or plans < len(planned):
            if plans < len(planned) and (queued == 0 or plans * pace <= heap_times[0]):
                time = plans * pace
                todo = planned[plans]
                planner = planner + 1 if planner + 1 < planners else 0
                value = 0.5 * level[planner]
                for place in range(todo.exps):
                    value += 0.01 * math.exp(-0.05 * (time + place) * scale)
                for place in range(todo.logs):
                    value += 0.01 * math.log(1.0 + time + place)
                for place in range(todo.pows):
                    value += 0.01 * math.pow(1.0 + time + place, -0.3)
                for look in range(todo.looks):
                    of = left[planner * classes + (look & 1)]
                    work = 10.0 * of[0] + 3.0 * of[1]
                    flop = value * of[3]
                    chance = 0.5 * of[6] * value
                    cost = flop * of[2] + flop * (1.0 + 0.5 * chance / (1.0 + chance))
                    value += 1e-6 * (cost / (0.2 + 0.3 * of[5]) + work / (0.5 + value) + of[4])
                level[planner] = value
                plans += 1
                continue
            time = heap_times[0]
            slot = heap_slots[0]
            queued -= 1
            _take(heap_times, heap_slots, queued)
            todo = taken[done]
            done += 1
            actor = actor_of[slot]
            kind = kind_of[slot]
            u = 0.5
            for _ in range(todo.lucks):
                what += one
                u = luck(seed, key, 2, what, np.uint64(slot))
            size = 0.1 * u
            for _ in range(todo.normals):
                size += 0.01 * normal(u)
            for _ in range(todo.exps):
                size = 0.1 * math.exp(-size)
            if todo.kind == LEARN:
                word, bit = done >> 6 & 15, one << np.uint64(done & 63)
                if held[actor, word] & bit == 0:
                    held[actor, word] |= bit
                cuts = todo.cuts
                for place in range(todo.helps):
                    row = actor * classes + min(place, classes - 1)
                    before = help_held[row, kind]
                    after = max(-0.5, 1.0 - (1.0 - before) * (1.0 - min(1.0, size)))
                    help_held[row, kind] = after
                    for cut in range(min(cuts, 2) if place + 1 < todo.helps else min(cuts, CUTS)):
                        left[row, cut] *= (1.0 - 0.1 * after) / (1.0 - 0.1 * before)
                        cuts -= 1
            elif todo.kind == RELEASE:
                most, bearings = 0.0, todo.bearings
                for learner in range(todo.checks):
                    if held[learner_of[learner], done >> 6 & 15] & (one << np.uint64(done & 63)) == 0:
                        most += 1e-9
                for bearing in range(bearings):
                    most = max(most, size * (1.0 - help_held[learner_of[bearing], kind]))
                total += most
            elif todo.kind == PHASE:
                phase = phases[actor]
                months_gone = time - phase[3]
                phase[0] = max(0.0, phase[0] - months_gone * phase[1] / phase[2])
                phase[1] = 1.0 + size
                phase[2] = 10.0 * left[actor * classes, 0]
                phase[3] = time
                total += time + phase[0] * phase[2] / phase[1]
            for _ in range(todo.rows):
                log_time[log], log_money[log] = time, size
                log_actor[log], log_class[log] = actor, 2 + (slot & 1)
                log += 1
            later = 0.0
            for _ in range(todo.logs):
                later -= math.log(u)
            if pushed < len(taken):
                _push(heap_times, heap_slots, queued, time + wait * (later + u), done)
                queued += 1
                pushed += 1
        trained[:], announced[:], runs[:] = math.inf, math.inf, math.inf
        starts, spending = 0.0, total * 1e-12 + level[0] * 1e-12
        for row in range(log):
            said = whats[row]
            if said == REST or log_class[row] != 2:
                continue
            by = log_actor[row]
            if said == TRAINED:
                trained[by] = min(trained[by], log_time[row])
                spending += log_money[row]
            elif said == ANNOUNCED:
                announced[by] = min(announced[by], log_time[row])
            elif said == ACCESSED:
                runs[by] = min(runs[by], log_time[row])
            elif said == STARTED:
                starts += 1.0
            else:
                spending += log_money[row]
        reveal = announced.min()
        ordered = np.sort(trained)
        for place, kth in enumerate((1, 3, 5, 10)):
            values[run, place] = ordered[min(kth, actors - 1)] - reveal
        values[run, 4] = (trained < math.inf).sum()
        values[run, 5] = (runs < math.inf).sum()
        values[run, 6], values[run, 7] = starts, spending
