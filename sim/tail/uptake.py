"""How what is public becomes known to members: one stream of arrivals for each item and group.

Each member would take up an item after an exponential time of its own. Only the next arrival of a group is
ever drawn: the gaps between the ordered times are exponential too, and who comes next is a shuffle by luck.
Public attention changes the hazard; by Sellke's construction luck gives the hazard at which a member
arrives, so that more attention can only make it earlier. Who has the item by then from a neighbour is
passed over.
"""

from __future__ import annotations

import math

import numpy as np

from agents.rule import rule, rule_where
from sim.attention import attention_now, reach_in
from sim.luck import FOR, luck, mix, ordinal_key, waiting
from sim.tail.agenda import put
from sim.tail.tables import DUE
from sim.words import KIND

LOOK_AGAIN = 1.0  # months
MOST_STEPS = 60  # of Newton's method, which takes about five


@rule
def open_streams(w, item):
    """Begin the streams of an item that is out from now on."""
    crowd = w.crowd[0]
    for group in range(len(w.groups)):
        if takes(w, w.groups[group].population, w.items[item].kind):
            row = stream_of(w, item, group)
            if row < 0:  # it is out for the first time
                row = crowd.streams
                crowd.streams += 1
            stream = w.streams[row]
            stream.thing, stream.group, stream.count = item, group, able_in(w, item, group)
            stream.arrived, stream.hazard, stream.target = 0, 0.0, 0.0
            stream.settled = w.clock[0].time
            refresh(w, row)
            aim(w, row)


@rule
def stream_of(w, item, group):
    """Return the stream of an item in a group; -1: none. A new wave takes the place of the last one."""
    for row in range(w.crowd[0].streams):
        if w.streams[row].thing == item and w.streams[row].group == group:
            return row
    return -1


@rule
def close_streams(w, item):
    """End the streams of an item."""
    crowd = w.crowd[0]
    for row in range(crowd.streams):
        if w.streams[row].thing == item:
            w.streams[row].time = w.streams[row].queued = math.inf
            w.streams[row].arrived = w.streams[row].count


@rule
def nothing_to_replan(w):
    """In a world without populations nobody waits for an arrival."""


@rule_where("populated", nothing_to_replan)
def replan_streams(w):
    """Attention has jumped, or a number has changed: from now on arrivals go at another pace."""
    for row in range(w.crowd[0].streams):
        stream = w.streams[row]
        if stream.arrived < stream.count:
            settle_stream(w, row)
            refresh(w, row)
            schedule_stream(w, row)


@rule
def next_arrival(w, row):
    """Return the member who comes next in a stream, and set out for the one after it."""
    clock = w.clock[0]
    stream = w.streams[row]
    group = w.groups[stream.group]
    key = mix(group.key, ordinal_key(w.items[stream.thing].key, w.items[stream.thing].wave))
    order = mix(key, w.clock[0].seed) ^ ordinal_key(key, clock.run)
    member = np.int64(w.roster[group.first + shuffled(order, stream.arrived, stream.count)])
    stream.hazard, stream.settled = stream.target, clock.time
    stream.arrived += 1
    refresh(w, row)
    aim(w, row)
    return member


@rule
def takes(w, population, kind):
    """Return whether the members of a population take up artifacts of a kind."""
    return (w.population_facts[population].takes >> np.uint64(kind)) & np.uint64(1) == np.uint64(1)


@rule
def able_in(w, item, group):
    """Return how many members of a group have the skill that an item takes; they come first in the roster.

    Those who have not are passed over at no cost.
    """
    row = w.groups[group]
    least = w.tail[0].run_skill
    if w.items[item].kind != KIND.WEIGHTS or w.items[item].klass < 0 or least <= 0.0:
        return row.count
    low, high = 0, row.count
    while low < high:
        middle = (low + high) >> 1
        if skill_of(w, w.roster[row.first + middle]) >= least:
            low = middle + 1
        else:
            high = middle
    return low


@rule
def skill_of(w, member):
    """Return the skill of a member, between 0 and 1: its rank to the power that makes the mean right."""
    facts = w.members[member]
    mean = w.populations[facts.population].skill
    if mean <= 0.0:
        return 0.0
    return math.pow(float(facts.skill), 1.0 / mean - 1.0)


@rule
def aim(w, row):
    """Draw the hazard at which the next member of a stream arrives: the gap to the last one."""
    clock = w.clock[0]
    stream = w.streams[row]
    group = w.groups[stream.group]
    left = stream.count - stream.arrived
    if left <= 0:
        stream.time = stream.queued = math.inf
        return
    item = w.items[stream.thing]
    key = ordinal_key(mix(item.key, np.uint64(item.wave)), stream.arrived)
    stream.target += waiting(luck(clock.seed, clock.run, FOR.NOTICE, group.key, key)) / left
    schedule_stream(w, row)


@rule
def settle_stream(w, row):
    """Book the hazard of a stream up to now."""
    stream = w.streams[row]
    months = w.clock[0].time - stream.settled
    stream.hazard += hazard_over(stream.rate, stream.gain, stream.attention, stream.half_life, months)
    stream.settled = w.clock[0].time


@rule
def refresh(w, row):
    """Note the pace of a stream as it is now."""
    stream = w.streams[row]
    group = w.groups[stream.group]
    item = w.items[stream.thing]
    speed = w.populations[group.population].uptake * w.actors[item.owner].available
    speed *= w.artifacts[item.artifact].uptake
    stream.rate = speed / w.effects[item.kind].uptake_months
    stream.attention = attention_now(w) * reach_in(w, group.region)
    stream.gain, stream.half_life = w.attention[0].uptake_gain, w.attention[0].half_life_months


@rule
def schedule_stream(w, row):
    """Reckon when the next arrival of a stream is due."""
    clock = w.clock[0]
    stream = w.streams[row]
    missing = max(0.0, stream.target - stream.hazard)
    months = months_until(missing, stream.rate, stream.gain, stream.attention, stream.half_life)
    stream.time = clock.time + months
    queue_stream(w, row)


@rule
def queue_stream(w, row):
    """Put the next arrival of a stream on the agenda, or, if that is far, another look at it.

    Arrivals are reckoned anew whenever attention jumps: what is void by then stays on the agenda for no
    longer than ``LOOK_AGAIN``.
    """
    stream = w.streams[row]
    stream.queued = min(stream.time, w.clock[0].time + LOOK_AGAIN)
    put(w, stream.queued, DUE.ARRIVE, stream.thing, row, 0, 0.0, 0)


@rule
def hazard_over(rate, gain, attention, half_life, months):
    """Return the hazard that some months bring: rate (1 + gain min(1, attention)), as attention fades."""
    fading = math.log(2.0) / half_life
    full = min(months, math.log(attention) / fading) if attention > 1.0 else 0.0
    rest = min(1.0, attention) * (1.0 - math.exp(-fading * (months - full))) / fading
    return rate * (months + gain * (full + rest))


@rule
def months_until(hazard, rate, gain, attention, half_life):
    """Return after how many months a hazard has come together; inf: never.

    Newton's method: the hazard is concave in time, so that steps from the left never go too far.
    """
    if rate <= 0.0:
        return math.inf
    months = hazard / (rate * (1.0 + gain))
    fading = math.log(2.0) / half_life
    for _ in range(MOST_STEPS):
        missing = hazard - hazard_over(rate, gain, attention, half_life, months)
        if missing <= 1e-14 * hazard:
            break
        now = min(1.0, attention * math.exp(-fading * months))
        step = missing / (rate * (1.0 + gain * now))
        if months + step == months:
            break
        months += step
    return months


@rule
def shuffled(key, place, count):
    """Return which of ``count`` stands at a place of an order that a key shuffles; nothing is stored.

    A Feistel network of four rounds over the next power of four, walked until it comes back below count.
    """
    half = 1
    while (1 << (2 * half)) < count:
        half += 1
    mask = (1 << half) - 1
    while True:
        left, right = place >> half, place & mask
        for step in range(4):
            word = mix(ordinal_key(key, step), np.uint64(right))
            left, right = right, left ^ (np.int64(word >> np.uint64(33)) & mask)
        place = (left << half) | right
        if place < count:
            return place
