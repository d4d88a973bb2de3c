"""What happens next: a calendar of what is due, ordered by time, then by order of entry.

Each page stands for the same short span of time and holds its entries in no order: the next one is the
earliest of the first page that holds any, and there are hardly ever more than a few (a calendar queue: Brown
1988, Communications of the ACM 31:1220; a heap took three times as long). Entries stay in their slots;
those of one page, and those that are free, are linked.
"""

from __future__ import annotations

import math

from agents.rule import rule
from sim.tables import QUEUE_FULL
from sim.words import Word, codes


class Next(Word):
    """What an entry of the queue stands for, and what a, b and c mean there."""

    DECIDE = 0  # builder a decides for class b; c: the larger class for which it lacks the means (0: none)
    PHASE = 1  # a phase of project a ends
    ANNOUNCE = 2  # project a is announced; below 0: insight -1 - a is published
    RELEASE = 3  # artifact a becomes public, with access b
    LEARN = 4  # actor a gets artifact b from actor c; stamp is the channel
    DEMO = 5  # users of artifact a show it for the b-th time
    GRANT = 6  # sponsor a gives to wish b
    FIND = 7  # actor a finds insight b
    LEAK = 8  # artifact a leaks
    STEAL = 9  # thief a takes artifact b
    BEGIN = 10  # scripted project a starts
    TRAIN = 11  # project a, which is scripted, is trained
    MAKE = 12  # scripted artifact a comes into being
    CHANGE = 13  # change a begins (b = 1) or ends
    WITHDRAW = 14  # artifact a can be had no more


NEXT = codes(Next)
NO_ENTRY = -1


@rule
def clear(w):
    """Begin a run with an empty calendar; its pages divide the time up to the horizon."""
    clock = w.clock[0]
    clock.queued, clock.slots, clock.order = 0, 0, 0
    clock.page, clock.first, clock.free = 0, NO_ENTRY, NO_ENTRY
    clock.pages_per_month = len(w.pages) / clock.horizon
    for page in range(len(w.pages)):
        w.pages[page] = NO_ENTRY


@rule
def next_due(w):
    """Return the time of the next entry; infinity if there is none."""
    first = w.clock[0].first
    return w.queue[first].time if first >= 0 else math.inf


@rule
def push(w, time, what, a, b, c, cause, stamp):
    """Queue something for a time; what lies beyond the horizon is dropped."""
    clock = w.clock[0]
    if not time <= clock.horizon:
        return
    if clock.queued >= len(w.queue):
        clock.status = QUEUE_FULL
        return
    slot = clock.free
    if slot >= 0:
        clock.free = w.queue[slot].after
    else:
        slot = clock.slots
        clock.slots += 1
    entry = w.queue[slot]
    entry.time, entry.order, entry.what = time, clock.order, what
    entry.a, entry.b, entry.c = a, b, c
    entry.cause, entry.stamp = cause, stamp
    page = page_of(w, time)
    entry.after = w.pages[page]
    w.pages[page] = slot
    if clock.queued == 0 or time < w.queue[clock.first].time:  # of equal ones the first stays first
        clock.page, clock.first = page, slot
    clock.queued += 1
    clock.order += 1


@rule
def take_first(w):
    """Take the first entry off the queue and return its slot."""
    clock = w.clock[0]
    first = clock.first
    after = w.queue[first].after
    before = w.pages[clock.page]
    if before == first:
        w.pages[clock.page] = after
    else:
        while w.queue[before].after != first:
            before = w.queue[before].after
        w.queue[before].after = after
    w.queue[first].after = clock.free
    clock.free = first
    clock.queued -= 1
    clock.first = find_first(w) if clock.queued > 0 else NO_ENTRY
    return first


@rule
def page_of(w, time):
    """Return the page on which a time stands."""
    return min(int(time * w.clock[0].pages_per_month), len(w.pages) - 1)


@rule
def find_first(w):
    """Open the next page that holds anything, and return the slot of the earliest entry on it."""
    page = w.clock[0].page
    while w.pages[page] < 0:
        page += 1
    w.clock[0].page = page
    first = w.pages[page]
    other = w.queue[first].after
    while other >= 0:
        if is_earlier(w, other, first):
            first = other
        other = w.queue[other].after
    return first


@rule
def is_earlier(w, slot, other):
    """Return whether an entry comes before another one."""
    one, two = w.queue[slot], w.queue[other]
    return one.time < two.time or (one.time == two.time and one.order < two.order)
