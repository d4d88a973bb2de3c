"""What happens next: a binary heap of times and slots, ordered by time, then by order of entry.

The entries themselves stay in their slots; places of the heap beyond the queued ones hold the slots
that are free.
"""

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
    TRAIN = 11  # project a, which is scripted, is trained
    MAKE = 12  # scripted artifact a comes into being
    CHANGE = 13  # change a begins (b = 1) or ends
    WITHDRAW = 14  # artifact a


NEXT = codes(Next)


@rule
def _earlier(w, i, j):
    heap = w.heap
    if heap[i].time != heap[j].time:
        return heap[i].time < heap[j].time
    return w.queue[heap[i].slot].order < w.queue[heap[j].slot].order


@rule
def _move(heap, source, target):
    heap[target].time = heap[source].time
    heap[target].slot = heap[source].slot


@rule
def push(w, time, what, a, b, c, cause, stamp):
    """Queue something for a time; what lies beyond the horizon is dropped."""
    clock = w.clock[0]
    if not time <= clock.horizon:
        return
    i = clock.queued
    heap = w.heap
    if i >= len(heap):
        clock.status = QUEUE_FULL
        return
    if i == clock.slots:  # no slot is free: take a new one
        heap[i].slot = i
        clock.slots += 1
    slot = heap[i].slot
    entry = w.queue[slot]
    entry.order, entry.what = clock.order, what
    entry.a, entry.b, entry.c = a, b, c
    entry.cause, entry.stamp = cause, stamp
    while i > 0:  # sift a hole up: later entries make room; equal ones entered earlier
        parent = (i - 1) >> 1
        if heap[parent].time <= time:
            break
        _move(heap, parent, i)
        i = parent
    heap[i].time, heap[i].slot = time, slot
    clock.queued += 1
    clock.order += 1


@rule
def take_first(w):
    """Take the first entry off the queue and return its slot."""
    clock = w.clock[0]
    heap = w.heap
    first = heap[0].slot
    clock.queued -= 1
    last = clock.queued
    i = 0
    child = 1
    while child < last:  # sift the hole down to a leaf: the earlier child moves up
        if child + 1 < last:
            child += int(_earlier(w, child + 1, child))  # no branch: which one it is cannot be foreseen
        _move(heap, child, i)
        i = child
        child = 2 * i + 1
    while i > 0:  # the last entry fills it; as a rule it is late, and hardly moves up
        parent = (i - 1) >> 1
        if _earlier(w, parent, last):
            break
        _move(heap, parent, i)
        i = parent
    _move(heap, last, i)
    heap[last].slot = first  # free from here on
    return first
