"""What a member makes of an item: whether it may, can and wants to use it, and for how long it does."""

from __future__ import annotations

import math

import numpy as np

from agents.rule import rule
from sim.attention import gives_use
from sim.compute import growth
from sim.luck import FOR, luck, waiting
from sim.orders import is_silent
from sim.tail.agenda import put
from sim.tail.booking import count, note, note_access, note_what_is_left, period_of
from sim.tail.tables import COUNT, DUE, FORM, STAGE
from sim.tail.ties import HAS, NOBODY_NEAR, enough, is_complex, pass_on
from sim.tail.uptake import skill_of
from sim.words import ACCESS, KIND, VIA


@rule
def reach(w, item, member, via, strength, cause):
    """An item reaches a member, which then wants to use it, or finds that it may not, cannot, need not.

    strength: of the tie along which it comes.
    """
    cell = item * len(w.members) + member
    stage = w.stages[cell]
    if stage != STAGE.UNREACHED and stage != STAGE.SHUT_OUT:
        return
    w.nearing[cell] = NOBODY_NEAR  # as long as it does not get it, later news may matter
    if stage == STAGE.SHUT_OUT and not may_have(w, item, member):
        return
    if is_denied(w, item, via):
        return
    if w.crowd[0].complex == 1 and via != VIA.PUBLIC and via != VIA.LEAKED:
        if is_complex(w, w.members[member].population) and not enough(w, item, member, strength):
            return
    if stage == STAGE.UNREACHED:
        count(w, COUNT.REACHED, item, member)
    find_place(w, item, member, via, cause)


@rule
def find_place(w, item, member, via, cause):
    """A member that knows of an item begins to use it, or finds that it may not, cannot, need not."""
    cell = item * len(w.members) + member
    stage = first_stage(w, item, member)
    w.stages[cell] = stage
    if stage != STAGE.SHUT_OUT:  # what keeps it out may be lifted
        w.nearing[cell] = HAS
    if stage == STAGE.WAITING:
        take_turn(w, item, member, via, cause)
    elif stage == STAGE.TOO_POOR:
        count(w, COUNT.TOO_POOR, item, member)
        put(w, affordable_from(w, item, member), DUE.AFFORD, item, member, via, 0.0, cause)
    elif stage == STAGE.SHUT_OUT:
        count(w, COUNT.SHUT_OUT, item, member)
    elif stage == STAGE.UNABLE:
        pass  # was counted when the item came out
    else:
        count(w, COUNT.SERVED, item, member)


@rule
def afford(w, item, member, via, cause):
    """An item that was too dear for a member is so no more: from now on it waits like all others."""
    cell = item * len(w.members) + member
    if w.stages[cell] != STAGE.TOO_POOR or is_denied(w, item, via):
        return
    if not may_have(w, item, member):  # the terms have changed
        w.stages[cell], w.nearing[cell] = STAGE.SHUT_OUT, NOBODY_NEAR
        count(w, COUNT.SHUT_OUT, item, member)
        return
    w.stages[cell] = STAGE.WAITING
    take_turn(w, item, member, via, cause)


@rule
def take_turn(w, item, member, via, cause):
    """A member that is to have an item begins to use it, at once or when its turn comes."""
    when = turn_of(w, item, member)
    if when > w.clock[0].time:
        put(w, when, DUE.USE, item, member, via, 0.0, cause)
    else:
        use(w, item, member, via, cause)


@rule
def first_stage(w, item, member):
    """Return where a member stands with an item that reaches it: WAITING if it is to have it."""
    row = w.items[item]
    if not may_have(w, item, member):
        return STAGE.SHUT_OUT
    if is_served(w, item, member):
        return STAGE.SERVED
    if row.kind == KIND.WEIGHTS and row.klass >= 0 and skill_of(w, member) < w.tail[0].run_skill:
        return STAGE.UNABLE
    cost = cost_of(w, item, w.clock[0].time)
    if cost > 0.0 and cost > means_of(w, member):
        return STAGE.TOO_POOR
    return STAGE.WAITING


@rule
def may_have(w, item, member):
    """Return whether a member meets the terms on which an item can be had."""
    facts = w.members[member]
    return (
        w.items[item].access != ACCESS.LICENSED or facts.eligible < w.populations[facts.population].eligible
    )


@rule
def is_denied(w, item, via):
    """Return whether an item cannot be had: it was withdrawn, or a silent owner would have to give it.

    Copies of open weights go on from hand to hand, and what has leaked asks nobody.
    """
    row = w.items[item]
    if row.access == ACCESS.CLOSED:
        return True
    needs_owner = via == VIA.PUBLIC or form_of(row.kind, row.access) != FORM.OPEN
    return via != VIA.LEAKED and needs_owner and is_silent(w, row.owner)


@rule
def is_served(w, item, member):
    """Return whether a member has the use of a model as good, in a form that does for it.

    Weights do for all; an interface for those whose use needs no weights.
    """
    row = w.items[item]
    if row.klass < 0 or not gives_use(row.kind):
        return False
    person = w.persons[member]
    if person.has_weights >= row.klass:
        return True
    facts = w.members[member]
    wants = facts.wants < w.populations[facts.population].wants_weights
    return person.has_api >= row.klass and (row.kind == KIND.API or not wants)


@rule
def means_of(w, member):
    """Return what a member can spend in a month on the use of one model, in USD."""
    facts = w.members[member]
    row = w.populations[facts.population]
    return row.means_usd * math.exp(row.means_spread * facts.means)


@rule
def cost_of(w, item, time):
    """Return what it costs to use an item for a month at a time, in USD; inf: it cannot be done."""
    row = w.items[item]
    if row.kind == KIND.API:
        return w.tail[0].api_usd
    if row.kind != KIND.WEIGHTS or row.klass < 0 or w.tail[0].run_hours <= 0.0:
        return 0.0
    cheapest = math.inf
    for chip in range(len(w.chips)):
        if w.chips[chip].released <= time:
            rent = month_on(w, chip, row.klass)
            age = time - w.chips[chip].released
            cheapest = min(cheapest, rent * growth(-w.trends[0].rent_decline, age))
    return cheapest


@rule
def month_on(w, chip, klass):
    """Return what running a model of a class for a month costs on a generation of chips at its release."""
    tail, row = w.tail[0], w.chips[chip]
    if row.memory_gb <= 0.0:
        return math.inf
    chips = math.ceil(w.classes[klass].parameters * tail.run_bytes / (row.memory_gb * 1e9))
    return chips * row.usd_per_hour * tail.run_premium * tail.run_hours


@rule
def affordable_from(w, item, member):
    """Return when an item that is too dear for a member will be so no more; inf: not as rents fall."""
    clock = w.clock[0]
    row, means = w.items[item], means_of(w, member)
    if row.kind != KIND.WEIGHTS or row.klass < 0 or means <= 0.0:
        return math.inf
    decline = w.trends[0].rent_decline * math.log(10.0) / 12.0
    first = math.inf
    for chip in range(len(w.chips)):
        released = w.chips[chip].released
        excess = month_on(w, chip, row.klass) / means
        if excess <= 1.0:
            first = min(first, max(clock.time, released))
        elif decline > 0.0 and excess < math.inf:
            first = min(first, max(clock.time, released + math.log(excess) / decline))
    return first


@rule
def turn_of(w, item, member):
    """Return when a member can begin to use an item: its turn in the queue, an answer, its own decision.

    The turn comes first: who decides slowly holds up nobody who comes later.
    """
    clock, tail = w.clock[0], w.tail[0]
    row, facts = w.items[item], w.members[member]
    population = w.populations[facts.population]
    who = np.uint64(member)
    time, most = clock.time, math.inf
    if row.access == ACCESS.LICENSED:
        most = tail.licence_grants
    elif row.kind == KIND.API:
        most = tail.api_admits
    if most < UNLIMITED:
        if most <= 0.0:
            return math.inf
        time = max(time, row.turn)
        row.turn = time + population.stands_for / most
    if row.access == ACCESS.LICENSED and tail.licence_months > 0.0:
        time += tail.licence_months * waiting(luck(clock.seed, clock.run, FOR.ANSWER, who, row.key))
    if population.decide_months > 0.0:
        time += population.decide_months * waiting(luck(clock.seed, clock.run, FOR.TAKE, who, row.key))
    return time


UNLIMITED = 1e39


@rule
def use(w, item, member, via, cause):
    """A member begins to use an item, unless that has become impossible or needless while it waited."""
    clock = w.clock[0]
    row = w.items[item]
    cell = item * len(w.members) + member
    if w.stages[cell] != STAGE.WAITING or is_denied(w, item, via):
        return
    if is_served(w, item, member):
        w.stages[cell] = STAGE.SERVED
        count(w, COUNT.SERVED, item, member)
        return
    form = form_of(row.kind, row.access)
    w.stages[cell] = STAGE.USES_OPEN + form
    event = note(w, COUNT.TOOK_OPEN + form, item, member, via, cause)
    note_access(w, item, member, form)
    facts = w.members[member]
    population = w.populations[facts.population]
    who = np.uint64(member)
    until = math.inf
    if population.abandon > 0.0:
        u = luck(clock.seed, clock.run, FOR.LEAVE, who, row.key)
        until = clock.time + waiting(u) / population.abandon
        put(w, until, DUE.LEAVE, item, member, 0, 0.0, event)
    pass_on(w, item, member, until, event)
    if population.shows > 0.0 and row.klass >= 0:
        u = luck(clock.seed, clock.run, FOR.SHOW, who, row.key)
        if u < population.shows:
            time = clock.time + population.show_months * waiting(u / population.shows)
            if time < until:
                put(w, time, DUE.SHOW, item, member, 0, 0.0, event)
    if population.contributes > 0.0:
        u = luck(clock.seed, clock.run, FOR.GIVE_BACK, who, row.key)
        if u < population.contributes:
            time = clock.time + population.contribute_months * waiting(u / population.contributes)
            if time < until:
                put(w, time, DUE.GIVE, item, member, 0, 0.0, event)


@rule
def leave(w, item, member, cause):
    """A user gives up."""
    cell = item * len(w.members) + member
    stage = w.stages[cell]
    if uses(stage):
        note(w, COUNT.LEFT_OPEN + (stage - STAGE.USES_OPEN), item, member, 0, cause)
        w.stages[cell] = STAGE.LEFT
        if gives_use(w.items[item].kind):
            note_what_is_left(w, member)


@rule
def uses(stage):
    """Return whether a stage is one of use."""
    return stage >= STAGE.USES_OPEN and stage <= STAGE.USES_API


@rule
def form_of(kind, access):
    """Return in which form an item is used that can be had on these terms."""
    if kind == KIND.API or access == ACCESS.ARMS_LENGTH:
        return FORM.API
    return FORM.LICENSED if access == ACCESS.LICENSED else FORM.OPEN


@rule
def lose(w, item):
    """What was used at arm's length is withdrawn: all who used it so leave at once, and look for others."""
    left = period_of(w) + 1.0 - w.clock[0].time
    for member in range(len(w.members)):
        cell = item * len(w.members) + member
        if w.stages[cell] == STAGE.USES_API:
            w.stages[cell] = STAGE.LEFT
            note_what_is_left(w, member)
            count(w, COUNT.LEFT_API, item, member)
            w.use_months[period_of(w), item, w.members[member].group, FORM.API] -= left
            look_for_another(w, member)


@rule
def look_for_another(w, member):
    """A member turns to models of which it had no need as long as it had the use of another."""
    for item in range(w.crowd[0].items):
        if w.stages[item * len(w.members) + member] != STAGE.SERVED:
            continue
        if not is_denied(w, item, VIA.PUBLIC) and not is_served(w, item, member):
            find_place(w, item, member, VIA.PUBLIC, w.items[item].cause)
