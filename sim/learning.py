"""An artifact reaches an actor: what it comes to know, what it is helped with, what it can use."""

from __future__ import annotations

import math

from agents.rule import rule
from sim.attention import add_evidence, gives_use
from sim.helping import take_help
from sim.luck import FOR, luck
from sim.orders import is_silent
from sim.planning import plan, reconsider
from sim.projects import draw, schedule, settle, stop
from sim.record import record
from sim.release import (
    has_reached,
    hold,
    holds,
    is_open,
    look_again,
    shows_class,
    spread_privately,
)
from sim.tables import key_of, wish_row
from sim.words import ACCESS, BOUND, EVENT, KIND, MECHANISM, PHASE, VIA


@rule
def learn(w, actor, artifact, source, via, cause):
    """An artifact reaches an actor. Return the row in the log, or -1 if it was held already."""
    clock = w.clock[0]
    made = w.artifacts[artifact]
    if (via < VIA.LEAKED and is_silent(w, source)) or (
        holds(w, actor, artifact) and not (via == VIA.PUBLIC and confirms(w, actor, artifact))
    ):
        return -1
    if via == VIA.PUBLIC and made.access == ACCESS.CLOSED:
        return -1  # withdrawn in the meantime
    hold(w, actor, artifact)
    event_row = record(w, EVENT.LEARNED, actor, cause)
    event = w.events[event_row]
    event.klass, event.kind, event.artifact = made.klass, made.kind, artifact
    event.project, event.source, event.via = made.project, source, via
    builds = w.actor_facts[actor].builder >= 0
    matters = False
    if builds:
        project = w.state[actor].project
        if project >= 0:
            settle(w, project)
        matters = is_evidence(w, artifact) or made.optimal == 1
        event.amount = absorb(w, actor, artifact)
        if via == VIA.HIRING and not knew_of_project(w, actor, artifact):
            move_people(w, source, actor, event_row)
        if made.kind == KIND.WEIGHTS:
            have_copy(w, actor, artifact)
        if made.klass >= 0 and (made.project >= 0 or shows_class(made.kind)):
            if become_aware(w, actor, made.klass, via, is_certain(via, source == made.owner), event_row):
                matters = True
        if project >= 0 and w.state[actor].project == project:
            schedule(w, project)
    if gives_use(made.kind) and is_news(w, actor, artifact):
        get_access(w, actor, artifact, via, event_row)
    if via >= VIA.INSIDER and via <= VIA.FOLLOWS and made.published == math.inf:
        relay = w.flow_numbers[via - VIA.INSIDER, 0]
        if relay > 0.0 and luck(clock.seed, clock.run, FOR.RELAY, key_of(w, actor), made.key) < relay:
            spread_privately(w, actor, artifact, event_row)
    if builds:
        clock.trigger = event_row
        if matters:
            plan(w, actor, clock.time + 1.0)
        elif is_noticeable(w, event.amount):
            reconsider(w, actor, event.amount)
        clock.trigger = -1
    return event_row


@rule
def confirms(w, actor, artifact):
    """Return whether an announcement tells a builder for certain what it has only heard."""
    made = w.artifacts[artifact]
    if w.actor_facts[actor].builder < 0 or made.kind != KIND.EXISTENCE or made.klass < 0:
        return False
    wish = w.wishes[wish_row(w, actor, made.klass)]
    return wish.known <= w.clock[0].time < min(wish.certain, wish.reached)


@rule
def is_evidence(w, artifact):
    """Return whether an artifact speaks for scale by itself (that a class exists: ``become_aware``)."""
    made = w.artifacts[artifact]
    return w.effects[made.kind].belief > 0.0 and (made.kind != KIND.EXISTENCE or made.klass < 0)


@rule
def is_noticeable(w, gained):
    """Return whether a change of the help held is worth a thought before the next plan."""
    return gained != 0.0 and abs(gained) >= w.spread[0].least_gain


@rule
def absorb(w, actor, artifact):
    """Let an artifact change what an actor believes and can do; return its help."""
    made = w.artifacts[artifact]
    if is_evidence(w, artifact):
        add_evidence(w, actor, w.effects[made.kind].belief * min(1.0, made.strength))
    if made.optimal == 1:
        w.state[actor].optimal = 1
    return take_help(w, actor, artifact)


@rule
def knew_of_project(w, actor, artifact):
    """Return whether an actor held anything else of the same project before."""
    project = w.artifacts[artifact].project
    if project < 0:
        return False
    row = w.projects[project]
    for other in range(row.first, row.first + row.count):
        if other != artifact and holds(w, actor, other):
            return True
    return False


@rule
def have_copy(w, actor, artifact):
    """Note that an actor has the weights of a model, which do for all classes up to its own.

    Those of another design (``strength``) do so in part.
    """
    made = w.artifacts[artifact]
    for klass in range(made.klass + 1):
        wish = w.wishes[wish_row(w, actor, klass)]
        wish.copied = max(wish.copied, min(1.0, made.strength))


@rule
def is_certain(via, at_the_source):
    """Return whether what comes through a channel is more than hearsay.

    What is public can be checked, and so can what the owner itself shows to its partners and its house.
    """
    if via < VIA.INSIDER or via > VIA.FOLLOWS:
        return True
    return at_the_source and (via == VIA.COLLABORATION or via == VIA.PARENT)


@rule
def is_news_of(w, actor, klass, certain):
    """Return whether it is news to an actor that a class exists; hearsay is only to who has heard nothing."""
    wish, time = w.wishes[wish_row(w, actor, klass)], w.clock[0].time
    if min(wish.reached, wish.certain) <= time:
        return False
    return certain or wish.known > time


@rule
def become_aware(w, actor, klass, via, certain, cause):
    """An actor comes to know that a class exists, and with it all lower ones; or it hears so.

    Who is working on it in order to be first may be scooped. Return whether it was news.
    """
    clock, hearsay = w.clock[0], w.conviction[0].hearsay
    certain = certain or hearsay >= 1.0
    if not is_news_of(w, actor, klass, certain):  # nor of any lower one
        return False
    event_row = -1
    for lower in range(klass + 1):
        if not is_news_of(w, actor, lower, certain):
            continue
        wish = w.wishes[wish_row(w, actor, lower)]
        heard = wish.known <= clock.time
        if event_row < 0:
            event_row = record(w, EVENT.AWARE, actor, cause)
            event = w.events[event_row]
            event.klass, event.via = klass, via
        belief = w.effects[KIND.EXISTENCE].belief * w.classes[klass].worth
        if heard:  # the rest of it
            belief = belief * (1.0 - hearsay) / max(1e-9, 1.0 - belief * hearsay)
        elif not certain:
            belief *= hearsay
        add_evidence(w, actor, belief)
        if certain:
            wish.certain = clock.time
        wish.known_via = via
        wish.known_cause = event_row
        if heard:
            continue
        wish.known = clock.time
        if w.kinds[w.actor_facts[actor].kind].unaware < 1.0:
            look_again(w, actor, lower, event_row)
    row = w.state[actor].project
    if row < 0:
        return True
    project = w.projects[row]
    if project.klass != klass or project.replicates == 1 or project.phase == PHASE.TRAIN:
        return True
    u = draw(w, FOR.RESCOPE, actor, klass, project.ordinal)
    if u < w.kinds[w.actor_facts[actor].kind].rescope:
        rescoped = record(w, EVENT.RESCOPED, actor, event_row)
        event = w.events[rescoped]
        event.klass, event.project, event.draw = klass, row, u
        settle(w, row)
        project.cause = rescoped
        stop(w, row, BOUND.SCOOPED)
    return True


@rule
def is_news(w, actor, artifact):
    """Return whether an actor can now use what it could not use, or not in this way, before."""
    made = w.artifacts[artifact]
    state = w.state[actor]
    if made.klass < 0 or has_reached(w, actor, made.klass):
        return False
    return (state.runs if made.kind == KIND.WEIGHTS else state.uses) < made.klass


@rule
def get_access(w, actor, artifact, via, cause):
    """An actor gets to use a model that it did not make, by exactly one mechanism."""
    clock = w.clock[0]
    made = w.artifacts[artifact]
    event_row = record(w, EVENT.ACCESSED, actor, cause)
    event = w.events[event_row]
    event.klass, event.kind, event.artifact = made.klass, made.kind, artifact
    event.project, event.source, event.via = made.project, made.owner, via
    event.mechanism = access_mechanism(via, ACCESS.ARMS_LENGTH if made.kind == KIND.API else made.access)
    state = w.state[actor]
    state.uses = max(state.uses, made.klass)
    if made.kind == KIND.WEIGHTS:
        event.amount = people_reached(w, actor, made.access if via == VIA.PUBLIC else ACCESS.OPEN)
        state.runs = max(state.runs, made.klass)
    kind = w.kinds[w.actor_facts[actor].kind]
    if made.kind == KIND.API and kind.imitation > 0.0 and w.state[actor].imitates == 0:
        u = luck(clock.seed, clock.run, FOR.IMITATE, key_of(w, actor), made.key)
        if u < kind.imitation:
            w.state[actor].imitates = 1
            adopted = record(w, EVENT.ADOPTED, actor, event_row)
            event = w.events[adopted]
            event.klass, event.kind, event.source = made.klass, made.kind, made.owner
            event.mechanism, event.draw = MECHANISM.POLICY_IMITATION, u


@rule
def people_reached(w, actor, access):
    """Return how many people come to use weights that an actor can have.

    A team as a whole; of an actor that stands for many, those who ask, and meet the terms of a licence.
    """
    kind = w.kinds[w.actor_facts[actor].kind]
    people = w.state[actor].people * kind.wants_weights
    return people * kind.licensed if access == ACCESS.LICENSED else people


@rule
def attract(w, artifact):
    """People join who has just opened something of a model: work that can be seen draws them."""
    share = w.work[0].attraction
    if share <= 0.0:
        return
    made = w.artifacts[artifact]
    owner = made.owner
    first = made.published == w.clock[0].time and made.via == VIA.PUBLIC and is_open(made.access)
    if not first or made.project < 0 or w.kinds[w.actor_facts[owner].kind].paid <= 0.0:
        return
    state = w.state[owner]
    if state.people <= 0.0 or w.actor_facts[owner].builder < 0:
        return
    project = state.project
    if project >= 0:
        settle(w, project)
    joining = share * state.people
    state.people += joining
    state.recruited += joining
    if project >= 0:
        schedule(w, project)
    w.events[record(w, EVENT.RECRUITED, owner, made.published_cause)].amount = joining


@rule
def access_mechanism(via, access):
    """Return the mechanism by which a model made by another came into use."""
    if via == VIA.LEAKED:
        return MECHANISM.LEAK
    if via == VIA.STOLEN:
        return MECHANISM.THEFT
    if via == VIA.HIRING:
        return MECHANISM.TALENT_MOVEMENT
    if via >= VIA.INSIDER and via <= VIA.FOLLOWS:
        return MECHANISM.INSIDER_FLOW
    if access == ACCESS.LICENSED:
        return MECHANISM.LICENSED_RELEASE
    if access == ACCESS.ARMS_LENGTH:
        return MECHANISM.STRUCTURED_ACCESS
    if access == ACCESS.STAGED:
        return MECHANISM.STAGED_RELEASE
    return MECHANISM.OPEN_PUBLICATION


@rule
def move_people(w, former, actor, cause):
    """With know-how that travels by hiring, people change their employer, and bring their experience."""
    count = w.spread[0].people_per_move
    count = min(count, max(0.0, w.state[former].people - 1.0))
    if count <= 0.0:
        return
    project = w.state[former].project
    if project >= 0:
        settle(w, project)
    there, here = w.state[former], w.state[actor]
    there.people -= count
    there.moved_out += count
    brought = count * there.experience + here.people * here.experience
    here.people += count
    here.moved_in += count
    here.experience = brought / here.people
    if project >= 0:
        schedule(w, project)
    event_row = record(w, EVENT.MOVED, actor, cause)
    event = w.events[event_row]
    event.source, event.amount, event.via = former, count, VIA.HIRING
