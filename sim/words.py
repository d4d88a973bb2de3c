"""The vocabulary: every kind of artifact, event, mechanism, constraint and channel, in one place.

The members are small integers, so that rules can use them; ``phrase`` gives the words that people read.
A new member goes to the end of its list: the numbers are part of stored logs and of luck's keys.
"""

from __future__ import annotations

from collections import namedtuple
from enum import IntEnum
from typing import Any


class Word(IntEnum):
    """An integer constant that knows its name in files (``key``) and in sentences (``phrase``)."""

    @property
    def key(self) -> str:
        return self.name.lower()

    @property
    def phrase(self) -> str:
        return self.name.lower().replace("_", " ")


class ArtifactKind(Word):
    """What can spread (system, section 3). Kinds differ in *which* quantity of a project they cut."""

    EXISTENCE = 0  # the knowledge that it was done, and the result
    INSIGHT = 1  # a paper that changes beliefs or the allocation of compute
    DETAILS = 2  # architecture and algorithmic details
    HYPERPARAMETERS = 3  # settings found by trial runs
    CODE = 4  # training code of one model
    TOOLS = 5  # general large-scale training tools
    INFRASTRUCTURE = 6  # parallelism and cluster know-how
    LOGBOOK = 7  # the record of a run, with its faults
    DATASET = 8  # corpus with its processing code
    SMALL_MODEL = 9  # weights of a smaller model of the family
    WEIGHTS = 10  # weights of the model itself
    API = 11  # arm's-length use
    RETRIEVAL_STORE = 12  # database that stands in for parameters


class Access(Word):
    """How open a released artifact is."""

    CLOSED = 0
    OPEN = 1
    LICENSED = 2  # on request, for those who are eligible
    ARMS_LENGTH = 3  # used, not held: an API
    STAGED = 4  # smaller versions first, the full one later


class Mechanism(Word):
    """How an actor came to have something (system, section 4). Every acquisition carries one."""

    NONE = 0
    ORIGINAL = 1  # scripted: the origin itself
    INCREMENTAL_RESEARCH = 2
    REPLICATION = 3
    OPEN_PUBLICATION = 4
    LICENSED_RELEASE = 5
    STRUCTURED_ACCESS = 6
    STAGED_RELEASE = 7
    ARTIFACT_CASCADE = 8
    INDEPENDENT_DISCOVERY = 9
    INSIDER_FLOW = 10
    LEAK = 11
    THEFT = 12
    TALENT_MOVEMENT = 13
    SPONSORSHIP = 14
    PRICE_DECLINE = 15
    POLICY_IMITATION = 16


class Bound(Word):
    """What keeps a project from going on (system, section 9)."""

    NONE = 0
    MONEY = 1
    CHIPS = 2
    TALENT = 3
    DEADLINE = 4
    TECHNICAL_FAULT = 5
    SCOOPED = 6
    ABANDONED = 7
    OCCUPIED = 8  # the team is busy with another model
    HORIZON = 9  # still under way when the simulated time ends
    FORBIDDEN = 10  # a moratorium or a cap on compute
    PREPARATION = 11  # approval of the budget, forming the team, setting up the machines
    OUTGROWN = 12  # its team turned to a larger model


class Phase(Word):
    """Where a project stands."""

    NONE = 0
    BUILD = 1  # engineering and data work
    TUNE = 2  # trial runs
    TRAIN = 3
    WRITE = 4  # evaluating, writing, holding back
    PUBLIC = 5
    STOPPED = 6


class Via(Word):
    """The channel through which something reached an actor."""

    NONE = 0
    SCENARIO = 1  # given at the start, or scripted
    OWN = 2  # made in house
    PUBLIC = 3
    INSIDER = 4
    HIRING = 5
    COLLABORATION = 6
    PARENT = 7
    SPONSOR = 8
    FOLLOWS = 9  # INSIDER to FOLLOWS stand in the order of TieKind
    LEAKED = 10
    STOLEN = 11


class TieKind(Word):
    """What connects two actors."""

    INSIDER = 0  # people of peer labs talk
    HIRING = 1  # people move
    COLLABORATION = 2
    PARENT = 3  # one owns or houses the other
    SPONSOR = 4
    FOLLOWS = 5


class Sponsorship(Word):
    """The forms of sponsorship (system, section 8): a, b, c, d."""

    NONE = 0
    HARDWARE = 1  # a: hardware changes hands
    HARDWARE_ACCESS = 2  # b: time on hardware
    COMPUTE_MONEY = 3  # c: money that buys compute only
    FREE_MONEY = 4  # d: money meant for compute


class Event(Word):
    """What one row of the event log says."""

    SCENARIO = 0  # the root: what the scenario gives
    AWARE = 1  # an actor comes to know that a class exists
    DECIDED = 2  # convinced: it wants a model of a class
    BLOCKED = 3  # what it wants is out of reach, and why
    GRANTED = 4  # a sponsor gives
    STARTED = 5
    BUILT = 6
    TUNED = 7
    FAILED = 8  # a training attempt is lost
    TRAINED = 9
    UNDERTRAINED = 10
    STOPPED = 11
    RESCOPED = 12  # scooped, and aims elsewhere
    ANNOUNCED = 13
    MADE = 14  # a private artifact comes into being
    RELEASED = 15
    LEARNED = 16  # an artifact reaches an actor
    ACCESSED = 17  # an actor gets to use a model that it did not make
    DEMONSTRATED = 18  # users show what a model can do: attention jumps
    MOVED = 19  # a person changes employer
    LEAKED = 20
    STOLEN = 21
    ADOPTED = 22  # a release policy is imitated
    DISCOVERED = 23  # an insight is found
    RECRUITED = 24  # volunteers join
    UNFINISHED = 25  # still wanted or under way at the end, and what bound it
    WITHHELD = 26  # an order forbids the release
    CHANGED = 27  # a number of the scenario is another one from here on
    WITHDRAWN = 28  # what was released cannot be had any more
    WEIGHED = 29  # an owner weighs a release: done if ``draw`` lies below ``amount``
    EQUIPPED = 30  # a project that was begun without them has chips, and money, to train with
    LEFT = 31  # a member of a population gives up the use of something
    CONTRIBUTED = 32  # a member of a population gives something back


class Incentive(Word):
    """What speaks for and against publication (system, section 6): columns of motives and stakes.

    What speaks for it comes first; what speaks against it begins with ADVANTAGE.
    """

    CREDIBILITY = 0
    PRESTIGE = 1
    REPRODUCIBILITY = 2
    STEERING = 3
    SOCIAL_BENEFIT = 4
    SHARED_INSIGHT = 5
    HARDWARE_SALES = 6
    USER_GROWTH = 7
    REACTION = 8
    SCOOPING = 9
    ADVANTAGE = 10
    SCRUTINY = 11
    MISUSE = 12
    BLAME = 13
    RISKY_PROGRESS = 14
    TRAINING_DEMAND = 15
    EFFORT = 16
    CONFORMITY = 17  # works both ways, by what others do: motives only


class Action(Word):
    """What an order does to the decision about a release."""

    NONE = 0
    FORBID = 1
    REQUIRE = 2


class Operation(Word):
    """What a change does to a number."""

    SET = 0
    MULTIPLY = 1
    ADD = 2


class Reader(Word):
    """Who reads a number later than at the start of a run."""

    RULES = 0  # whenever it is needed
    PEOPLE = 1  # only the start: a change moves what the actor has now
    EXPERIENCE = 2
    MONEY = 3


def codes(words: type[Word]) -> Any:
    """Return the members as a named tuple of plain integers, which compiled rules can read."""
    return namedtuple(f"{words.__name__}Codes", [word.name for word in words])(*map(int, words))


KIND = codes(ArtifactKind)
ACCESS = codes(Access)
MECHANISM = codes(Mechanism)
BOUND = codes(Bound)
PHASE = codes(Phase)
VIA = codes(Via)
GRANT = codes(Sponsorship)
EVENT = codes(Event)
INCENTIVE = codes(Incentive)
ACTION = codes(Action)
OPERATION = codes(Operation)
READER = codes(Reader)
