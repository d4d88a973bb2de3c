"""The tables of the long tail, and what each of their fields means. Small rows: there are many of them.

A member is a node of the network; in the log its number follows those of the named actors. An *item* is an
artifact that populations take up. Where a member stands with an item takes three bytes: its stage, and when,
to a part in 65,000 of the horizon, the earliest news is on its way to it (four more where several
neighbours are needed, for how much it has heard).
"""

from __future__ import annotations

import numpy as np

from sim.words import Word, codes

MEMBER = np.dtype(  # who a member is: drawn once
    [
        ("means", "f4"),  # standard normal: its rank among the means of its population [log units]
        ("skill", "f4"),  # even between 0 and 1: its rank in skill [share]
        ("eligible", "f4"),  # even: it is eligible where this lies below the share of its population [share]
        ("wants", "f4"),  # even: likewise, whether its use needs weights [share]
        ("group", "u2"),  # row of groups
        ("population", "u2"),  # row of populations
    ]
)
GROUP = np.dtype(  # the members of one population in one region
    [
        ("key", "u8"),  # hash of the names of both
        ("population", "i8"),  # row of populations
        ("region", "i8"),  # row of regions
        ("first", "i8"),  # in the roster
        ("count", "i8"),  # members
    ]
)
POPULATION_FACTS = np.dtype(
    [
        ("takes", "u8"),  # one bit per kind of artifact
        ("drawn", "i8"),  # 1: the share that a member needs is its own
    ]
)
PASSING_FACTS = np.dtype([("fixed", "i8"), ("via", "i8")])
TAIL_FACTS = np.dtype(  # one row
    [
        ("thinned", "i8"),  # 1: members have counts and no rows of the log
        ("house", "i8"),  # actor that publishes what members contribute; -1: nobody
        ("contribution", "i8"),  # ArtifactKind
        ("passing", "i8"),  # row of passing for all ties; -1: ties carry nothing; -2: see tie_passing
        ("buckets", "i8"),
        ("listening", "i8"),  # 1: some members may need more than one neighbour
    ]
)
CROWD = np.dtype(  # one row: where the tail of a run stands
    [
        ("items", "i8"),  # rows used
        ("streams", "i8"),  # rows used
        ("events", "i8"),  # rows of the log used
        ("used", "i8"),  # entries ever used
        ("free", "i8"),  # first free entry; -1: none
        ("bucket", "i8"),  # of the calendar, in which the next entries stand
        ("opened", "i8"),  # entries of that bucket, in order
        ("place", "i8"),  # the next of them
        ("ahead", "i8"),  # entries of later buckets
        ("late", "i8"),  # entries that came into that bucket when it was open: a heap
        ("scout", "i8"),  # entry of the bucket that comes next, up to which its entries were asked for
        ("scale", "f8"),  # buckets of the calendar [1/month]
        ("complex", "i8"),  # 1: some members need more than one neighbour
    ]
)
ITEM = np.dtype(  # what populations take up
    [
        ("artifact", "i8"),  # row of artifacts
        ("key", "u8"),  # of luck
        ("kind", "i8"),  # ArtifactKind
        ("klass", "i8"),  # row of classes; -1: general
        ("owner", "i8"),  # actor
        ("access", "i8"),  # Access; CLOSED: withdrawn
        ("via", "i8"),  # PUBLIC or LEAKED
        ("cause", "i8"),  # row of the log: its release
        ("wave", "i8"),  # how often it was released: on licence, then to all
        ("turn", "f8"),  # when the next in the queue for it is let in [months]
        ("gifts", "i8"),  # contributions that are not yet part of an artifact
        ("given", "i8"),  # artifacts made of them
    ]
)
STREAM = np.dtype(  # how an item becomes known in one group, from what is public
    [
        ("thing", "i8"),  # row of items
        ("group", "i8"),  # row of groups
        ("count", "i8"),  # members who are able to use it: the first so many of the group
        ("arrived", "i8"),  # of them, so many whom it has come to
        ("target", "f8"),  # hazard at which the next one has it [hazard]
        ("hazard", "f8"),  # accumulated until settled [hazard]
        ("rate", "f8"),  # without attention [1/month]
        ("attention", "f8"),  # what reaches the region, when settled [ratio]
        ("gain", "f8"),  # of attention, as it was then: a change of numbers does not change the past [ratio]
        ("half_life", "f8"),  # of attention, likewise [months]
        ("settled", "f8"),  # hazard is booked up to here [months]
        ("time", "f8"),  # of the next arrival; inf: none [months]
        ("queued", "f8"),  # its entry of the agenda: one with another time is void [months]
    ]
)
PERSON = np.dtype(  # one row per member: rows of classes; -1: none
    [
        ("open", "i1"),  # highest class that it ever had with open weights
        ("licensed", "i1"),  # that it ever had under a licence
        ("api", "i1"),  # that it ever had at arm's length
        ("best", "i1"),  # that it ever had in any form
        ("has_weights", "i1"),  # of which it uses weights now
        ("has_api", "i1"),  # that it uses at arm's length now
    ]
)
ENTRY = np.dtype(  # one row per entry of the calendar: 24 bytes
    [
        ("time", "f8"),  # when it is due [months]
        ("cause", "i4"),  # see cause_of
        ("member", "i4"),  # row of members
        ("next", "i4"),  # entry of the same bucket, or free; -1: none
        ("thing", "i2"),  # row of items
        ("what", "u1"),  # Due
        ("via", "u1"),  # Via
    ]
)
TAIL_EVENT = np.dtype(  # one row of their log: 24 bytes
    [
        ("time", "f8"),  # when it happened [months]
        ("member", "i4"),  # row of members
        ("cause", "i4"),  # see cause_of
        ("after", "i4"),  # rows that the log of the named actors had by then
        ("thing", "i2"),  # row of items
        ("what", "u1"),  # Count
        ("via", "u1"),  # Via
    ]
)


class Due(Word):
    """What an entry of the calendar stands for."""

    REACH = 0  # an item reaches a member
    USE = 1  # a member whose turn it is begins to use it
    LEAVE = 2  # a user gives it up
    SHOW = 3  # a user demonstrates it
    GIVE = 4  # a user contributes
    ARRIVE = 5  # the next arrival of a stream, whose row stands for the member
    AFFORD = 6  # an item is too dear for a member no more


class Stage(Word):
    """Where a member stands with an item."""

    UNREACHED = 0
    WAITING = 1  # for its turn, an answer, or its own decision
    USES_OPEN = 2
    USES_LICENSED = 3
    USES_API = 4
    LEFT = 5
    SHUT_OUT = 6  # does not meet the terms of the licence
    TOO_POOR = 7
    UNABLE = 8  # lacks the skill
    SERVED = 9  # has as good or better


class Count(Word):
    """What is counted for each month, item and group. TOOK and LEFT stand in the order of forms."""

    TOOK_OPEN = 0
    TOOK_LICENSED = 1
    TOOK_API = 2
    LEFT_OPEN = 3
    LEFT_LICENSED = 4
    LEFT_API = 5
    REACHED = 6
    SHUT_OUT = 7
    TOO_POOR = 8
    UNABLE = 9
    SERVED = 10
    GAVE = 11


class Form(Word):
    """In which form a member can use a model."""

    OPEN = 0
    LICENSED = 1
    API = 2
    ANY = 3


DUE, STAGE, COUNT, FORM = codes(Due), codes(Stage), codes(Count), codes(Form)
FORMS = 3  # apart from ANY
MOST_PARTS = 1024  # into which a bucket of the calendar is dealt out
OF_MEMBERS = -2  # causes from here down are rows of the log of members


def empty_facts() -> dict[str, np.ndarray]:
    """Return the facts of a world without populations."""
    dtypes = {
        "members": MEMBER, "groups": GROUP, "population_facts": POPULATION_FACTS,
        "passing_facts": PASSING_FACTS, "tail_facts": TAIL_FACTS, "roster": np.int32,
        "node_first": np.int64, "neighbours": np.int32,
        "tie_strength": np.float32, "tie_passing": np.uint8, "tie_since": np.float32, "tie_until": np.float32,
        "inflow": np.float32, "origins": np.int64,
    }  # fmt: skip
    tables = {name: np.zeros(0, dtype) for name, dtype in dtypes.items()}
    return {name: rows.view(np.recarray) if rows.dtype.names else rows for name, rows in tables.items()}


def state_of_tail(members: int, groups: int, classes: int, periods: int, buckets: int, listening: bool, room):
    """Return the tables that a run of the tail changes, by name.

    listening: whether a member may need more than one neighbour. room: of the growing tables.
    """

    def table(dtype, rows):
        return np.zeros(rows, dtype).view(np.recarray)

    return {
        "crowd": table(CROWD, 1 if members else 0),
        "items": table(ITEM, room.items),
        "streams": table(STREAM, room.items * groups),
        "stages": np.zeros(room.items * members, np.uint8),
        "nearing": np.zeros(room.items * members, np.uint16),
        "heard": np.zeros(room.items * members if listening else 0, np.float32),
        "persons": table(PERSON, members),
        "counts": np.zeros((periods, room.items, groups, len(Count)), np.int32),
        "use_months": np.zeros((periods, room.items, groups, FORMS)),
        "people": np.zeros((periods, len(Form), classes if members else 0, groups), np.int32),
        "entries": table(ENTRY, room.entries),
        "entry_strength": np.zeros(room.entries if listening else 0, np.float32),
        "buckets": np.zeros(buckets, np.int32),
        "agenda_times": np.zeros(room.opened),
        "agenda": np.zeros(room.opened, np.int32),
        "parts": np.zeros(MOST_PARTS if members else 0, np.int32),
        "late_times": np.zeros(room.opened),
        "late": np.zeros(room.opened, np.int32),
        "tail_events": table(TAIL_EVENT, room.tail_events),
    }
