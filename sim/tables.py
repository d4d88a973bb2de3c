"""The state of a run: a few tables, and what each of their fields means.

Input tables hold the numbers of a scenario; their fields are declared in ``sim.schema``. All of them
are windows on one vector, so that every number has one place and one dotted path. State tables hold
what a run changes; they are declared here. Rules see all tables as one ``World``.

The comment beside a field of a state table says what it means and ends with its unit in brackets, where
it is no whole number. ``cascades odd`` prints these comments. Times are months since the start.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from agents.rule import rule
from sim.schema import ROW_TABLES, SETTINGS, Table, number_fields
from sim.words import Incentive


def input_dtype(model: type[Table]) -> np.dtype:
    return np.dtype([(name, "f8") for name in number_fields(model)])


INPUT_DTYPES = {name: input_dtype(model) for name, model in (ROW_TABLES | SETTINGS).items()}

# Facts: what an input row says that is not a number (codes and row numbers).
ACTOR_FACTS = np.dtype(
    [
        ("key", "u8"),  # hash of the name
        ("kind", "i8"),  # row of kinds
        ("region", "i8"),  # row of regions
        ("family", "i8"),  # family of chips; -1: none
        ("reached", "i8"),  # row of classes; -1: none
        ("develops", "i8"),
        ("sponsors", "i8"),
        ("eligible", "i8"),
        ("steals", "i8"),
        ("builder", "i8"),  # row in the tables of builders; -1 for those who do not build
        ("giver", "i8"),  # row in the table of offers; -1 for those who do not give
        ("grant", "i8"),  # Sponsorship
        ("grant_open", "i8"),
        ("grant_closed", "i8"),
        ("grant_region", "i8"),
        ("grant_chip", "i8"),  # row of chips in which its grants are counted; -1: of any
    ]
)
CLASS_FACTS = np.dtype([("key", "u8")])
CHIP_FACTS = np.dtype([("key", "u8"), ("family", "i8")])
TIE_FACTS = np.dtype([("key", "u8"), ("to", "i8"), ("kind", "i8"), ("row", "i8")])
POLICY_FACTS = np.dtype([("access", "i8")])
POLICY_ROWS = np.dtype(  # the own rows of an actor, then those of its kind
    [("first", "i8"), ("count", "i8"), ("kind_first", "i8"), ("kind_count", "i8")]
)
INCENTIVES = len(Incentive)
INSIGHT_FACTS = np.dtype([("key", "u8"), ("kind", "i8"), ("needs", "i8"), ("optimal", "i8")])
ORDER_FACTS = np.dtype(
    [
        ("key", "u8"),
        ("action", "i8"),  # sim.orders.Action
        ("access", "i8"),  # Access; -1: as the actor would
        ("until_rival", "i8"),
        ("kinds", "u8"),  # one bit per artifact kind
        ("classes", "u8"),  # one bit per class, after one for what belongs to none
    ]
)
CHANGE_FACTS = np.dtype([("operation", "i8")])
CELL = np.dtype(  # one row per number and change that touches it
    [
        ("place", "i8"),  # in the vector of numbers
        ("change", "i8"),
        ("reader", "i8"),  # sim.changes.Reader
        ("actor", "i8"),  # of a number that only the start reads; -1
        ("minimum", "f8"),
        ("maximum", "f8"),
        ("given", "f8"),  # by the scenario
        ("drawn", "f8"),  # for this run
        ("before", "f8"),  # the latest change
    ]
)
SHAPE = [  # a distribution: sim.uncertain.Shape
    ("family", "i8"),
    ("a", "f8"),
    ("b", "f8"),
    ("c", "f8"),
    ("zero", "f8"),
    ("first", "f8"),
    ("span", "f8"),
]
UNCERTAIN = np.dtype(  # one row per uncertain number, then one per alternative
    [
        ("key", "u8"),  # hash of the dotted path
        ("place", "i8"),  # in the vector of numbers; -1: an alternative
        *SHAPE,
        ("minimum", "f8"),
        ("maximum", "f8"),
        ("row", "i8"),  # first row of its own in opinions, options or loadings
        ("rows", "i8"),  # how many; 0: a draw of its own
        ("correlation", "f8"),  # of its opinions
        ("column", "i8"),  # of the posterior; -1: not there
    ]
)
OPINION = np.dtype([("key", "u8"), ("share", "f8"), *SHAPE])  # one part of a pooled number
LOADING = np.dtype([("key", "u8"), ("weight", "f8")])  # whose luck goes into a correlated number
OPTION = np.dtype([("share", "f8"), ("row", "i8"), ("rows", "i8")])  # share: up to and with this one
OPTION_NUMBER = np.dtype([("place", "i8"), ("value", "f8"), ("given", "f8")])
SCRIPT_FACTS = np.dtype(
    [
        ("key", "u8"),
        ("owner", "i8"),
        ("kind", "i8"),  # ArtifactKind; -1 for a project
        ("klass", "i8"),
        ("access", "i8"),
        ("optimal", "i8"),
        ("in_project", "i8"),
    ]
)

# State: what a run changes. What every plan reads stands first in its row: it shares lines of the cache.
CLOCK = np.dtype(  # one row: where a run stands
    [
        ("seed", "u8"),  # of all luck
        ("run", "u8"),  # number of the run
        ("time", "f8"),  # now, since the start of the scenario [months]
        ("horizon", "f8"),  # length of a run [months]
        ("attention", "f8"),  # public, at attention_time, against the strongest demonstration [ratio]
        ("attention_time", "f8"),  # when attention was last raised [months]
        ("shown", "f8"),  # doubt removed by demonstrations where they reach best, at shown_time [share]
        ("shown_time", "f8"),  # when something was last shown [months]
        ("events", "i8"),  # rows of the log used
        ("queued", "i8"),  # entries in the queue
        ("slots", "i8"),  # slots of the queue ever used
        ("free", "i8"),  # slot that is used next; -1: a new one
        ("first", "i8"),  # slot of what is due next; -1: nothing
        ("page", "i8"),  # of the calendar that is open: on none before it does anything stand
        ("pages_per_month", "f8"),  # of the calendar [1/month]
        ("order", "i8"),  # entries ever queued: breaks ties of time
        ("artifacts", "i8"),  # rows used
        ("projects", "i8"),  # rows used
        ("seeking", "i8"),  # wishes that seek means
        ("planner", "i8"),  # next row of the planning order
        ("demo", "i8"),  # row of the log of the latest demonstration; 0: none yet
        ("trigger", "i8"),  # row of the log that makes an actor plan out of turn; -1: its day has come
        ("cycle", "i8"),  # months planned in full
        ("status", "i8"),  # RUNNING, ENDED or what ran out
    ]
)
RUNNING, ENDED, LOG_FULL, QUEUE_FULL, TABLE_FULL = range(5)
TAIL_LOG_FULL, AGENDA_FULL, BUCKET_FULL, ITEMS_FULL = range(5, 9)

PLANNING = np.dtype(  # who plans, in the order of their days
    [
        ("actor", "i8"),  # who
        ("phase", "f8"),  # its day, as a part of the month [months]
    ]
)

ACTOR_STATE = np.dtype(  # one row per actor
    [
        ("planned", "f8"),  # when it last planned [months]
        ("scripted_until", "f8"),  # until then the record says what it trains [months]
        ("faded", "f8"),  # borrowed help has faded up to here [months]
        ("level", "i8"),  # highest class that it has trained; -1: none
        ("project", "i8"),  # row of the project in work; -1: none
        ("believed", "f8"),  # when belief was reckoned; -1: what it rests on has changed since [months]
        ("belief", "f8"),  # that scale pays, at the time believed [share]
        ("evidence", "f8"),  # doubt removed by evidence, at evidence_time [share]
        ("evidence_time", "f8"),  # when evidence was last added [months]
        ("experience", "f8"),  # in large-scale training [share]
        ("people", "f8"),  # who work for it, or with it [people]
        ("money", "f8"),  # at hand [USD]
        ("income", "f8"),  # received so far, gifts apart [USD]
        ("income_time", "f8"),  # income is booked up to here [months]
        ("owned_chips", "f8"),  # handed over by sponsors [chips]
        ("owned_chip", "i8"),  # row of chips
        ("newest", "i8"),  # newest generation that it can have, from newest_from until newest_until; -1: none
        ("newest_from", "f8"),  # see newest [months]
        ("newest_until", "f8"),  # see newest [months]
        ("optimal", "i8"),  # knows the compute-optimal allocation
        ("recruited", "f8"),  # who joined [people]
        ("moved_in", "f8"),  # who came from other actors [people]
        ("moved_out", "f8"),  # who went to other actors [people]
        ("reserved", "f8"),  # set aside for its projects [USD]
        ("given", "f8"),  # to others, net of what came back [USD]
        ("received", "f8"),  # from sponsors, and not returned [USD]
        ("spent_compute", "f8"),  # on compute, by projects that ended [USD]
        ("spent_labour", "f8"),  # on salaries, by projects that ended [USD]
        ("person_months", "f8"),  # worked on projects so far [person-months]
        ("chip_months", "f8"),  # computed by projects so far [chip-months]
        ("chips_lent", "f8"),  # that beneficiaries have [chips]
        ("expects", "i8"),  # artifact on its way along a tie; -1: none that is remembered
        ("expected", "f8"),  # when the first of its copies arrives [months]
        ("uses", "i8"),  # highest class that it can use through others; -1: none
        ("runs", "i8"),  # highest class of which it has the weights of others; -1: none
        ("imitates", "i8"),  # gives access because others do
        ("shown", "i8"),  # 1: something that it made is public
        ("kept_class", "i8"),  # class for which it built something that it gave up; -1: none
        ("kept_work", "f8"),  # of that, at the usual effort [person-months]
        ("kept_time", "f8"),  # when it was given up [months]
        ("declared", "f8"),  # how likely it would open weights, as it says; below 0: not asked yet [share]
    ]
)
WISH = np.dtype(  # one row per builder and class
    [
        ("actor", "i8"),  # whose it is
        ("klass", "i8"),  # row of classes: what is wished for
        ("state", "i8"),  # IDLE, SEEKING, BUSY, DONE
        ("known", "f8"),  # when its existence became known to the builder; inf: not [months]
        ("certain", "f8"),  # when it was more than hearsay; inf: not [months]
        ("reached", "f8"),  # when the builder had trained this class or a higher one; inf: has not [months]
        ("conviction", "f8"),  # at the time reckoned [share]
        ("reckoned", "f8"),  # when conviction was reckoned; -1: what it rests on has changed since [months]
        ("tail", "f8"),  # logarithm of its own factor on the willingness to spend: normal luck [log units]
        ("rate", "f8"),  # at which hazard accumulates since [1/month]
        ("threshold", "f8"),  # hazard at which the builder decides [hazard]
        ("hazard", "f8"),  # accumulated until settled [hazard]
        ("settled", "f8"),  # hazard is booked up to here [months]
        ("stamp", "i8"),  # a queued decision with another stamp is void
        ("copied", "f8"),  # how far the weights of others that it has are what a copy would be [share]
        ("known_via", "i8"),  # Via
        ("known_cause", "i8"),  # row of the log
        ("ordinal", "i8"),  # how often it was tried
        ("intent", "f8"),  # luck of this try: whether it is to be a copy [share]
        ("thrift", "f8"),  # luck of this try: whether it settles for less, for want of means [share]
        ("decided", "f8"),  # when the builder decided; inf: has not [months]
        ("lead", "f8"),  # preparation that is left, at full conviction, when last reckoned [months]
        ("pace", "f8"),  # conviction with which preparation goes on since [share]
        ("paced", "f8"),  # when it was last reckoned [months]
        ("bound", "i8"),  # Bound: what keeps it from starting now
        ("first_bound", "i8"),  # Bound: what first kept it
        ("bound_cause", "i8"),  # row of the log that says so
        ("willing", "f8"),  # to be spent on compute, at the decision [USD]
        ("convinced", "f8"),  # conviction at the decision [share]
        ("first_cost", "f8"),  # expected when it was first out of reach [USD]
        ("too_dear", "f8"),  # how many times the means what it lacks the money for is [ratio]
        ("missing", "f8"),  # of the money for it, when it looked last; 0: none [USD]
        ("looks_again", "f8"),  # until then it does not look for what it lacks the money for [months]
        ("ease", "f8"),  # factor by which the actor decides sooner, as the class is cheap for it [ratio]
        ("prices_again", "f8"),  # until then the actor does not ask how cheap it is [months]
        ("sponsor", "i8"),  # actor; -1: none
        ("grant_usd", "f8"),  # money granted [USD]
        ("grant_chips", "f8"),  # hardware granted [chips]
        ("lesser", "i8"),  # 1: settled for, as the means for a larger one were lacking
        ("work", "f8"),  # what borrowed artifacts leave of the engineering [share]
        ("data_work", "f8"),  # what they leave of the data work [share]
        ("trials", "f8"),  # what they leave of the trial runs [share]
        ("flop", "f8"),  # what they leave of the training compute [share]
        ("talent", "f8"),  # what they leave of the team threshold [share]
        ("gap", "f8"),  # what they leave of the gap to the best utilisation [share]
        ("failures", "f8"),  # what they leave of the training failures [share]
    ]
)
IDLE, SEEKING, BUSY, DONE = range(4)

PROJECT = np.dtype(  # one row per project, scripted ones too
    [
        ("actor", "i8"),  # whose it is
        ("klass", "i8"),  # row of classes: what is aimed at
        ("ordinal", "i8"),  # which try of the actor at the class
        ("first", "i8"),  # its artifacts: rows first to first + count
        ("count", "i8"),  # how many they are
        ("phase", "i8"),  # Phase
        ("mechanism", "i8"),  # Mechanism by which it became possible
        ("replicates", "i8"),  # 1: copies a known model
        ("started", "f8"),  # when it was begun [months]
        ("deadline", "f8"),  # when it must be trained [months]
        ("since", "f8"),  # booked up to here [months]
        ("left", "f8"),  # of the phase [share]
        ("total", "f8"),  # size of the phase [person-months or FLOP]
        ("rate", "f8"),  # at which the phase goes on [total/month]
        ("stamp", "i8"),  # a queued end of a phase with another stamp is void
        ("reason", "i8"),  # why the phase will end: 0 finished, else Bound
        ("cause", "i8"),  # row of the log that the next event of the project follows from
        ("team", "f8"),  # who work on it [people]
        ("effort", "f8"),  # factor on the work [ratio]
        ("scale", "f8"),  # factor on the compute [ratio]
        ("staffing", "f8"),  # part of the actor's people that works on it [share]
        ("chip", "i8"),  # row of chips; -1: none yet
        ("chips", "f8"),  # to train with [chips]
        ("rent", "f8"),  # of all chips; 0 if lent or owned [USD/month]
        ("labour", "f8"),  # salaries [USD/month]
        ("sponsor", "i8"),  # actor; -1: none
        ("lent", "i8"),  # 1: runs on lent or given chips, without rent
        ("lent_chips", "f8"),  # by the sponsor [chips]
        ("own_usd", "f8"),  # reserved from the actor's money [USD]
        ("grant_usd", "f8"),  # given by the sponsor [USD]
        ("budget", "f8"),  # what is left of both [USD]
        ("spent_compute", "f8"),  # so far [USD]
        ("spent_labour", "f8"),  # so far [USD]
        ("person_months", "f8"),  # worked so far [person-months]
        ("chip_months", "f8"),  # computed so far [chip-months]
        ("testing", "f8"),  # experiments and tests, while it is built [FLOP/month]
        ("test_chips", "f8"),  # at work for them [chips]
        ("tested", "f8"),  # done of them so far [FLOP]
        ("flop_trials", "f8"),  # trial runs, with experiments and tests [FLOP]
        ("flop_failed", "f8"),  # lost in failed attempts [FLOP]
        ("flop_final", "f8"),  # of the attempt that counts [FLOP]
        ("goal", "f8"),  # intended training [FLOP]
        ("attempt", "i8"),  # which attempt at training
        ("fails_at", "f8"),  # part left at which the attempt fails; -1: does not [share]
        ("trained", "f8"),  # when; inf: not yet [months]
        ("announced", "f8"),  # when; inf: not yet [months]
        ("share", "f8"),  # of the goal that was trained [share]
        ("reached", "i8"),  # class that the model belongs to; -1: none
        ("script", "i8"),  # row of scripted_projects; -1: emerged
        ("waits", "i8"),  # held back only until another announces the class
    ]
)
ARTIFACT = np.dtype(  # one row per artifact, private ones too
    [
        ("key", "u8"),  # of luck
        ("owner", "i8"),  # actor
        ("klass", "i8"),  # row of classes; -1: general
        ("kind", "i8"),  # ArtifactKind
        ("project", "i8"),  # row of projects; -1: of none
        ("insight", "i8"),  # row of insights; -1: none
        ("optimal", "i8"),  # 1: teaches the compute-optimal rule
        ("in_project", "i8"),  # 1: its owner's next model counts the work of making it
        ("strength", "f8"),  # fullness of its effect [ratio]
        ("made", "f8"),  # when it came into being [months]
        ("made_cause", "i8"),  # row of the log
        ("due", "f8"),  # scripted date of release, which may lie before the start; inf: none [months]
        ("published", "f8"),  # when it became public; inf: not [months]
        ("published_cause", "i8"),  # row of the log
        ("access", "i8"),  # Access; CLOSED while private
        ("via", "i8"),  # PUBLIC, or LEAKED
        ("uptake", "f8"),  # factor on the speed of taking it up [ratio]
        ("publicity", "f8"),  # factor on the attention that it raises [ratio]
        ("withdrawn", "f8"),  # time from its release until it is withdrawn [months]
    ]
)
QUEUED = np.dtype(  # one row per entry of the queue
    [
        ("time", "f8"),  # when it is due [months]
        ("order", "i8"),  # of entry: breaks ties of time
        ("after", "i8"),  # slot of the next entry on the page, or of the next free one; -1: none
        ("what", "i8"),  # Next
        ("a", "i8"),  # see Next
        ("b", "i8"),  # see Next
        ("c", "i8"),  # see Next
        ("cause", "i8"),  # row of the log that enabled it
        ("stamp", "i8"),  # void if what it is about has another one by then
    ]
)
EVENT = np.dtype(  # one row of the log
    [
        ("time", "f8"),  # when it happened [months]
        ("amount", "f8"),  # see docs/design.md [that of the event]
        ("usd", "f8"),  # money: expected at a start, spent at an end, given by a grant [USD]
        ("draw", "f8"),  # the luck that decided, where one did [share]
        ("what", "i4"),  # Event
        ("actor", "i4"),  # row of actors; -1: none
        ("klass", "i4"),  # row of classes; -1: none
        ("reached", "i4"),  # class that the actor has from here on: of a trained model
        ("kind", "i4"),  # ArtifactKind
        ("artifact", "i4"),  # row of artifacts; -1: none
        ("project", "i4"),  # row of projects; -1: none
        ("source", "i4"),  # the other actor: provider, sponsor, former employer
        ("via", "i4"),  # Via
        ("mechanism", "i4"),  # Mechanism
        ("bound", "i4"),  # Bound
        ("motive", "i4"),  # Incentive that weighed most; -1: none
        ("cause", "i4"),  # row of the event that enabled it; -1 only for the root
    ]
)
SITUATION = np.dtype(  # what the owner weighs who decided last about a release
    [
        ("cause", "i8"),  # row of the log that made it decide; -1: nobody has decided yet
        ("actor", "i8"),  # who weighs
    ]
)
OFFER = np.dtype(  # one row per sponsor, builder and class
    [
        ("threshold", "f8"),  # hazard at which the sponsor gives [hazard]
        ("hazard", "f8"),  # accumulated until settled [hazard]
        ("rate", "f8"),  # at which hazard accumulates since [1/month]
        ("settled", "f8"),  # hazard is booked up to here [months]
        ("ordinal", "i8"),  # try of the builder for which it stands
    ]
)
HELP = np.dtype(  # one row per kind of artifact, builder and class; 1: all that the kind can do
    [
        ("held", "f8"),  # help of all artifacts of the kind together [share]
        ("best", "f8"),  # of the best one [share]
        ("missing", "f8"),  # left open by all of them if they were independent [share]
        ("harm", "f8"),  # factor on what is left to do, by those that cost more than they save [ratio]
    ]
)
REMEMBERED = np.dtype(  # one row per exponential or logarithm that is asked for often: sim.remembering
    [
        ("argument", "f8"),  # last one asked for; nan: none yet [log units or ratio]
        ("value", "f8"),  # of the function there [ratio or log units]
    ]
)


class Tables(NamedTuple):
    """All tables of one run. Inputs and facts first, then what the run changes."""

    numbers: np.ndarray
    regions: np.ndarray
    chips: np.ndarray
    classes: np.ndarray
    effects: np.ndarray
    kinds: np.ndarray
    actors: np.ndarray
    ties: np.ndarray
    flow_numbers: np.ndarray  # (tie kind, field): relay, then one rate per artifact kind
    policies: np.ndarray
    motives: np.ndarray  # (holder, incentive)
    stakes: np.ndarray
    stake_shares: np.ndarray  # (artifact kind, field): the same numbers
    insights: np.ndarray
    scripted_artifacts: np.ndarray
    scripted_projects: np.ndarray
    orders: np.ndarray
    changes: np.ndarray
    attention: np.ndarray
    conviction: np.ndarray
    work: np.ndarray
    training: np.ndarray
    spread: np.ndarray
    trends: np.ndarray
    absorption: np.ndarray
    deployment: np.ndarray
    retrieval: np.ndarray
    harms: np.ndarray
    populations: np.ndarray
    passing: np.ndarray
    publication: np.ndarray
    tail: np.ndarray
    actor_facts: np.ndarray
    class_facts: np.ndarray
    chip_facts: np.ndarray
    tie_first: np.ndarray  # (actors + 1): ties of an actor are tie_facts[first[a]:first[a + 1]]
    tie_facts: np.ndarray
    policy_facts: np.ndarray
    policy_rows: np.ndarray  # (actor, artifact kind)
    motive_rows: np.ndarray  # (actor, incentive): row of motives that says its weight; -1: none
    insight_facts: np.ndarray
    artifact_facts: np.ndarray
    project_facts: np.ndarray
    releases: np.ndarray  # (scripted project, artifact kind): months after announcement; -1: not
    builders: np.ndarray  # actors that build
    learners: np.ndarray  # actors that take up what is public
    thieves: np.ndarray
    order_facts: np.ndarray
    order_actors: np.ndarray  # (order, actor): 1 where it names the actor
    change_facts: np.ndarray
    cells: np.ndarray
    opinions: np.ndarray
    loadings: np.ndarray
    options: np.ndarray
    option_numbers: np.ndarray
    posterior: np.ndarray  # (draw, column)
    # the many small actors, and their network: sim.tail.tables
    members: np.ndarray
    groups: np.ndarray
    roster: np.ndarray  # members, group by group, the most skilled first
    population_facts: np.ndarray
    passing_facts: np.ndarray
    tail_facts: np.ndarray
    origins: np.ndarray  # members who have at once what is released
    node_first: np.ndarray  # (members + 1): ties of a member are neighbours[first[m]:first[m + 1]]
    neighbours: np.ndarray
    tie_strength: np.ndarray  # empty: all 1
    tie_passing: np.ndarray  # row of passing; empty: see tail_facts
    tie_since: np.ndarray  # months; empty: always
    tie_until: np.ndarray
    inflow: np.ndarray  # strength of all ties to a member; empty: nobody asks
    # state
    chip_from: np.ndarray  # (builder or giver, chip): when a generation reaches it
    clock: np.ndarray
    planning: np.ndarray
    state: np.ndarray
    wishes: np.ndarray
    help: np.ndarray  # (artifact kind x builder x class): what artifacts help
    learnt: np.ndarray  # the same: to where help falls that fades; own work, and what was practised
    own_factors: np.ndarray  # (wish): exponential of its tail
    income_levels: np.ndarray  # (actor): exponential growth up to which income is booked
    leaps: np.ndarray  # (kind): logarithm of the conviction that it keeps per factor ten beyond the trend
    above_trend: np.ndarray  # (class): logarithm of its compute against the trend
    progress: np.ndarray  # (class): exponential of the algorithmic progress that comes to everybody
    rent_levels: np.ndarray  # (chip): exponential of the growth of its rent
    chip_levels: np.ndarray  # (1): exponential of the growth of all stocks of chips
    opened: np.ndarray  # (class): models that were opened to users
    nearness: np.ndarray  # (artifact kind, class of the artifact + 1, class): how it bears on it
    optimal_share: np.ndarray  # (class): compute for the same loss under the better rule
    seeking: np.ndarray  # rows of wishes that seek resources
    offers: np.ndarray
    projects: np.ndarray
    artifacts: np.ndarray
    situation: np.ndarray
    weights: np.ndarray  # (incentive): of the owner who decides
    factors: np.ndarray  # (incentive): what its situation makes of them
    reasons: np.ndarray  # (incentive): the product of both
    in_public: np.ndarray  # (actor, last row: all; class; artifact kind): of that or a higher class
    others_public: np.ndarray  # (artifact kind): those of others that the owner who decides looks at
    held: np.ndarray  # (actor, word): bits of artifacts
    pages: np.ndarray  # of the calendar of what is due: slot of the last entry put there; -1: none
    queue: np.ndarray
    events: np.ndarray
    crowd: np.ndarray  # from here on the state of the tail: sim.tail.tables
    items: np.ndarray
    streams: np.ndarray
    stages: np.ndarray  # (items x members)
    nearing: np.ndarray  # (items x members): when the earliest news arrives, as sim.tail.ties.moment says it
    heard: np.ndarray  # (items x members): strength of ties that told; empty where one neighbour is enough
    persons: np.ndarray
    counts: np.ndarray  # (month, item, group, Count)
    use_months: np.ndarray  # (month, item, group, form): of who began or left in the month
    people: np.ndarray  # (month, form, class, group): first access
    entries: np.ndarray
    entry_strength: np.ndarray  # of the tie along which it comes; empty where one neighbour is enough
    buckets: np.ndarray  # first entry of each
    agenda_times: np.ndarray  # entries of the open bucket, in order
    agenda: np.ndarray
    parts: np.ndarray  # of the bucket that is being opened: where the entries of each go
    late_times: np.ndarray  # entries that came into it when it was open
    late: np.ndarray
    tail_events: np.ndarray

    @property
    def populated(self) -> bool:
        """Whether there are many small actors beside the named ones."""
        return len(self.members) > 0


BITS = np.uint64(1) << np.arange(64, dtype=np.uint64)  # one bit each
NO_BIT = np.uint64(0)


@rule
def wish_row(w, actor, klass):
    """Return the row of a builder's wish for a class."""
    return w.actor_facts[actor].builder * len(w.classes) + klass


@rule
def key_of(w, actor):
    """Return the key under which luck knows an actor."""
    return w.actor_facts[actor].key


@rule
def hold(w, actor, artifact):
    """Note that an actor holds an artifact."""
    if artifact < 64 * w.held.shape[1]:
        w.held[actor, artifact >> 6] |= BITS[artifact & 63]


@rule
def holds(w, actor, artifact):
    """Return whether an actor holds an artifact."""
    return (w.held[actor, artifact >> 6] & BITS[artifact & 63]) != NO_BIT
