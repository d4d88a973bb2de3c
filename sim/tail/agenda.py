"""When what is due in the tail is due: a calendar of buckets, each sorted when its time has come.

A heap of a million entries would be slow, as each step down it is a wait for memory. Here an entry is put
at the head of the list of its bucket; the present bucket is open, which means in order. What comes into it
while it is open goes into a heap of its own. Equal times go by the number of the entry.

A bucket is put in order in two steps: dealt out by equal parts of its time, then sorted, which has little
left to do. While one bucket is worked off, the entries of the next are asked for, one at a time.
"""

from __future__ import annotations

import math

from agents.rule import rule
from sim.tables import AGENDA_FULL, BUCKET_FULL
from sim.tail.prefetch import prefetch
from sim.tail.tables import DUE, STAGE

AHEAD = 8  # entries


@rule
def put(w, time, what, item, member, via, strength, cause):
    """Put something on the agenda; what lies beyond the horizon is dropped.

    strength: of the tie along which it comes.
    """
    clock, crowd = w.clock[0], w.crowd[0]
    if not time <= clock.horizon:
        return
    entry = crowd.free
    if entry >= 0:
        crowd.free = w.entries[entry].next
    elif crowd.used < len(w.entries):
        entry = crowd.used
        crowd.used += 1
    else:
        clock.status = AGENDA_FULL
        return
    row = w.entries[entry]
    row.time, row.what, row.thing, row.member = time, what, item, member
    row.via, row.cause = via, cause
    if len(w.entry_strength) > 0:
        w.entry_strength[entry] = strength
    bucket = min(int(time * crowd.scale), len(w.buckets) - 1)
    if bucket > crowd.bucket:
        row.next = w.buckets[bucket]
        w.buckets[bucket] = entry
        crowd.ahead += 1
        return
    if bucket < crowd.bucket:
        close_bucket(w)
        crowd.bucket = bucket
    push_late(w, time, entry)


@rule
def next_entry(w):
    """Return the time of the next entry (inf: there is none), and open its bucket."""
    crowd = w.crowd[0]
    if crowd.place == crowd.opened and crowd.late == 0:
        if crowd.ahead == 0:
            return math.inf
        bucket = crowd.bucket + 1
        while w.buckets[bucket] < 0:
            bucket += 1
        open_bucket(w, bucket)
    if crowd.place == crowd.opened:
        return w.late_times[0]
    time = w.agenda_times[crowd.place]
    return min(time, w.late_times[0]) if crowd.late > 0 else time


@rule
def take_entry(w):
    """Take the next entry off the agenda, after ``next_entry``, and return its row, which is free now."""
    crowd = w.crowd[0]
    place = crowd.place
    ordered = place < crowd.opened
    if ordered and crowd.late > 0:
        ordered = not _before(w.late_times[0], w.late[0], w.agenda_times[place], w.agenda[place])
    if not ordered:
        entry = pop_late(w)
    else:
        entry = w.agenda[place]
        crowd.place = place + 1
        if place + AHEAD < crowd.opened:
            look_ahead(w, w.agenda[place + AHEAD])
        if place + AHEAD // 2 < crowd.opened:
            look_at_ties(w, w.agenda[place + AHEAD // 2])
    w.entries[entry].next = crowd.free
    crowd.free = entry
    scout(w)
    return entry


@rule
def scout(w):
    """Begin to load one more entry of the bucket that comes next."""
    crowd = w.crowd[0]
    if crowd.scout >= 0:
        crowd.scout = w.entries[crowd.scout].next
        if crowd.scout >= 0:
            prefetch(w.entries, crowd.scout)


@rule
def look_ahead(w, entry):
    """Begin to load what will be needed of the member of an entry."""
    row = w.entries[entry]
    if row.what == DUE.ARRIVE:
        return
    cell = row.thing * len(w.members) + row.member
    prefetch(w.members, row.member)
    prefetch(w.stages, cell)
    prefetch(w.nearing, cell)
    prefetch(w.node_first, row.member)


@rule
def look_at_ties(w, entry):
    """Begin to load the ties of a member that may be about to pass something on."""
    row = w.entries[entry]
    if row.what <= DUE.USE and w.stages[row.thing * len(w.members) + row.member] <= STAGE.WAITING:
        place = w.node_first[row.member]
        if place < len(w.neighbours):
            prefetch(w.neighbours, place)


@rule
def empty_agenda(w):
    """Lay out an empty agenda for a run."""
    crowd = w.crowd[0]
    for bucket in range(len(w.buckets)):
        w.buckets[bucket] = -1
    crowd.used, crowd.free = 0, -1
    crowd.bucket, crowd.opened, crowd.place, crowd.late, crowd.ahead = 0, 0, 0, 0, 0
    crowd.scout = -1
    crowd.scale = len(w.buckets) / w.clock[0].horizon


@rule
def open_bucket(w, bucket):
    """Bring the entries of a bucket into order: it is the present one."""
    crowd = w.crowd[0]
    count = gather(w, bucket)
    crowd.bucket, crowd.opened, crowd.place = bucket, count, 0
    crowd.ahead -= count
    crowd.scout = w.buckets[bucket + 1] if bucket + 1 < len(w.buckets) else -1
    sort_opened(w, count, deal_out(w, bucket, count))


@rule
def gather(w, bucket):
    """Take the entries out of a bucket, as they stand in its list; return how many."""
    count = 0
    entry = w.buckets[bucket]
    while entry >= 0:
        if count == len(w.late):
            w.clock[0].status = BUCKET_FULL
            break
        w.late_times[count], w.late[count] = w.entries[entry].time, entry  # nothing is late by now
        count += 1
        entry = w.entries[entry].next
    w.buckets[bucket] = -1
    return count


@rule
def deal_out(w, bucket, count):
    """Bring what was gathered nearly into order, by parts of the bucket; return the most that fell into one.

    Without a comparison, which would go wrong half the time.
    """
    scale = w.crowd[0].scale
    parts = 1
    while parts < count and parts < len(w.parts):
        parts *= 2
    for part in range(parts):
        w.parts[part] = 0
    for place in range(count):
        w.parts[part_of(w.late_times[place], scale, bucket, parts)] += 1
    first, most = 0, 0
    for part in range(parts):
        size = w.parts[part]
        w.parts[part] = first
        first += size
        most = max(most, size)
    for place in range(count):
        part = part_of(w.late_times[place], scale, bucket, parts)
        to = w.parts[part]
        w.parts[part] = to + 1
        w.agenda_times[to], w.agenda[to] = w.late_times[place], w.late[place]
    return most


@rule
def part_of(time, scale, bucket, parts):
    """Return into which of the equal parts of a bucket a time falls."""
    return min(int((time * scale - bucket) * parts), parts - 1)


@rule
def sort_opened(w, count, most):
    """Sort the entries of the open bucket, each less than ``most`` from its place (Shell's sort)."""
    gap = 1
    while gap < most // 3:
        gap = 3 * gap + 1
    while gap > 0:
        for i in range(gap, count):
            time, entry = w.agenda_times[i], w.agenda[i]
            j = i
            while j >= gap and _before(time, entry, w.agenda_times[j - gap], w.agenda[j - gap]):
                w.agenda_times[j] = w.agenda_times[j - gap]
                w.agenda[j] = w.agenda[j - gap]
                j -= gap
            w.agenda_times[j], w.agenda[j] = time, entry
        gap //= 3


@rule
def close_bucket(w):
    """Put what is left of the present bucket back: something was put before it."""
    crowd = w.crowd[0]
    for place in range(crowd.place, crowd.opened):
        put_back(w, w.agenda[place])
    for place in range(crowd.late):
        put_back(w, w.late[place])
    crowd.opened, crowd.place, crowd.late = 0, 0, 0


@rule
def put_back(w, entry):
    """Put an entry of the open bucket back, unordered, as those of later buckets are."""
    crowd = w.crowd[0]
    w.entries[entry].next = w.buckets[crowd.bucket]
    w.buckets[crowd.bucket] = entry
    crowd.ahead += 1


@rule
def push_late(w, time, entry):
    """Put an entry that came into the open bucket on its heap."""
    crowd = w.crowd[0]
    i = crowd.late
    if i == len(w.late):
        w.clock[0].status = BUCKET_FULL
        return
    crowd.late += 1
    while i > 0:
        parent = (i - 1) >> 1
        if not _before(time, entry, w.late_times[parent], w.late[parent]):
            break
        w.late_times[i], w.late[i] = w.late_times[parent], w.late[parent]
        i = parent
    w.late_times[i], w.late[i] = time, entry


@rule
def pop_late(w):
    """Take the earliest entry off that heap and return it."""
    crowd = w.crowd[0]
    first = w.late[0]
    crowd.late -= 1
    last = crowd.late
    time, entry = w.late_times[last], w.late[last]
    i, child = 0, 1
    while child < last:
        if child + 1 < last and _before(
            w.late_times[child + 1], w.late[child + 1], w.late_times[child], w.late[child]
        ):
            child += 1
        if not _before(w.late_times[child], w.late[child], time, entry):
            break
        w.late_times[i], w.late[i] = w.late_times[child], w.late[child]
        i = child
        child = 2 * i + 1
    w.late_times[i], w.late[i] = time, entry
    return first


@rule
def _before(time, entry, other_time, other_entry):
    return time < other_time or (time == other_time and entry < other_entry)
