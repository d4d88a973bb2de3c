"""What a user passes on to its neighbours: one draw for each tie and item, whenever the user begins.

Simple contagion: one neighbour is enough, and only the earliest news counts. Complex contagion: a member
counts what it has heard, tie by tie, until there is enough.
"""

from __future__ import annotations

import math

import numpy as np

from agents.rule import rule
from sim.luck import FOR, luck, waiting
from sim.tail.agenda import put
from sim.tail.prefetch import prefetch
from sim.tail.tables import DUE

HALF_WORD = np.uint64(32)
NOTHING, BY_TIE = -1, -2  # in the place of a row of passing
HAS, NOBODY_NEAR, MOMENTS = 0, 65535, 65533.0  # of nearing; a moment lies between the first two
TOLERANCE = 1e-5  # of a sum of strengths, which are kept in single precision


@rule
def pass_on(w, item, member, until, cause):
    """Queue what a user passes on along its ties until it gives up."""
    clock = w.clock[0]
    passing = w.tail_facts[0].passing
    if passing == NOTHING:
        return
    now, key = clock.time, w.items[item].key
    window = min(until, clock.horizon) - now
    moments = MOMENTS / clock.horizon  # in a month
    weighed, dated = len(w.tie_strength) > 0, len(w.tie_since) > 0
    complex_ones = w.crowd[0].complex == 1
    even = passing >= 0 and not weighed  # one draw decides alike on all ties
    row, least = passing, 0.0
    if even:
        least = luck_that_passes(w, row, 1.0, window)
    who = np.uint64(member) << HALF_WORD
    cell = item * len(w.members)
    first, last = w.node_first[member], w.node_first[member + 1]
    for place in range(first, last):
        prefetch(w.nearing, cell + w.neighbours[place])
    for place in range(first, last):
        other = np.int64(w.neighbours[place])
        alone = not complex_ones or not is_complex(w, w.members[other].population)
        if alone and w.nearing[cell + other] == HAS:
            continue
        strength = float(w.tie_strength[place]) if weighed else 1.0
        if not even:
            row = w.tie_passing[place] if passing == BY_TIE else passing
            if row >= len(w.passing):
                continue  # nothing passes along ties of this kind
            least = luck_that_passes(w, row, strength if alone else 1.0, window)
        u = luck(clock.seed, clock.run, FOR.PASS, who | np.uint64(other), key)
        if u < least or u >= w.passing[row].chance:
            continue
        start = max(now, w.tie_since[place]) if dated else now
        rate = w.passing[row].rate * (strength if alone else 1.0)
        wait = 1.0 if w.passing_facts[row].fixed == 1 else waiting(u / w.passing[row].chance)
        time = start + wait / rate
        if time > now + window or (dated and time >= w.tie_until[place]):
            continue
        if alone:
            when = moment(time, moments)
            if when > w.nearing[cell + other]:
                continue  # another is earlier
            w.nearing[cell + other] = when
        put(w, time, DUE.REACH, item, other, w.passing_facts[row].via, strength, cause)


@rule
def moment(time, moments):
    """Return a time in whole parts, so many a month: enough to see that news comes too late to matter.

    News of the same moment are all put on the agenda, which knows their order.
    """
    return 1 + int(time * moments)


@rule
def luck_that_passes(w, row, strength, window):
    """Return the luck below which a tie carries nothing within a window of months."""
    passing = w.passing[row]
    if passing.rate * strength <= 0.0:
        return math.inf
    if w.passing_facts[row].fixed == 1:
        return 0.0 if 1.0 / (passing.rate * strength) <= window else math.inf
    return passing.chance * math.exp(-passing.rate * strength * window)


@rule
def is_complex(w, population):
    """Return whether it takes more than one neighbour to convince a member of a population."""
    row = w.populations[population]
    return row.needs_neighbours > 1.0 or row.needs_share > 0.0 or w.population_facts[population].drawn == 1


@rule
def enough(w, item, member, strength):
    """Note that a member has heard of an item along one more tie; return whether it is convinced."""
    clock = w.clock[0]
    population = w.members[member].population
    row = w.populations[population]
    cell = item * len(w.members) + member
    w.heard[cell] += strength
    share = row.needs_share
    if w.population_facts[population].drawn == 1:
        share = luck(clock.seed, clock.run, FOR.NEED, np.uint64(member), w.items[item].key)
    needed = max(row.needs_neighbours, share * w.inflow[member])
    return w.heard[cell] >= needed * (1.0 - TOLERANCE)
