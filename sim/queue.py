"""What happens next: a binary heap on a table, ordered by time, then by order of entry."""

from __future__ import annotations

from agents.rule import rule
from sim.tables import QUEUE_FULL
from sim.words import Word, codes


class Next(Word):
    """What an entry of the queue stands for, and what a, b and c mean there."""

    DECIDE = 0  # builder a decides for class b
    PHASE = 1  # a phase of project a ends
    ANNOUNCE = 2  # project a
    RELEASE = 3  # artifact a, with access b
    LEARN = 4  # actor a gets artifact b from actor c; stamp is the channel
    DEMO = 5  # users of artifact a show it for the b-th time
    GRANT = 6  # sponsor a gives to wish b
    FIND = 7  # actor a finds insight b
    LEAK = 8  # artifact a
    STEAL = 9  # thief a takes artifact b
    BEGIN = 10  # scripted project a starts
    TRAIN = 11  # scripted project a is trained
    MAKE = 12  # scripted artifact a comes into being


NEXT = codes(Next)


@rule
def _earlier(queue, i, j):
    if queue[i].time != queue[j].time:
        return queue[i].time < queue[j].time
    return queue[i].order < queue[j].order


@rule
def _copy(queue, source, target):
    old, new = queue[source], queue[target]
    new.time, new.order, new.what = old.time, old.order, old.what
    new.a, new.b, new.c = old.a, old.b, old.c
    new.cause, new.stamp = old.cause, old.stamp


@rule
def push(w, time, what, a, b, c, cause, stamp):
    """Queue something for a time; what lies beyond the horizon is dropped."""
    clock = w.clock[0]
    if not time <= clock.horizon:
        return
    i = clock.queued
    if i >= len(w.queue):
        clock.status = QUEUE_FULL
        return
    queue = w.queue
    order = clock.order
    while i > 0:  # sift a hole up: later entries make room
        parent = (i - 1) >> 1
        if queue[parent].time <= time:  # the parent entered earlier
            break
        _copy(queue, parent, i)
        i = parent
    entry = queue[i]
    entry.time, entry.order, entry.what = time, order, what
    entry.a, entry.b, entry.c = a, b, c
    entry.cause, entry.stamp = cause, stamp
    clock.queued += 1
    clock.order += 1


@rule
def drop_first(w):
    """Take the first entry off the queue."""
    clock = w.clock[0]
    clock.queued -= 1
    last = clock.queued
    queue = w.queue
    if last == 0:
        return
    i = 0
    child = 1
    while child < last:
        if child + 1 < last and _earlier(queue, child + 1, child):
            child += 1
        if not _earlier(queue, child, last):
            break
        _copy(queue, child, i)
        i = child
        child = 2 * i + 1
    _copy(queue, last, i)
