"""What an actor does when it plans: money in, hardware, conviction, decisions, search for means.

Planning sets rates. What accumulates between two plans crosses its threshold at an exact time.
"""

from __future__ import annotations

import math

from agents import starting
from agents.rule import rule, rule_in_place
from sim import compute
from sim.attention import attention_of, conviction_of, interest_of
from sim.helping import forget, forgets
from sim.luck import FOR, normal
from sim.projects import (
    draw,
    go_on,
    is_ahead,
    is_free,
    keeps_team,
    outgrow,
    reset_wish,
    schedule,
    settle,
    settle_wish,
    start,
    start_ahead,
    stop,
    turn_to,
    withdraw_wish,
)
from sim.queue import NEXT, push
from sim.record import record
from sim.tables import IDLE, SEEKING, wish_row
from sim.words import BOUND, EVENT, GRANT, MECHANISM, VIA

QUARTER = 3.0  # months
READY = 1e-9  # months: what is left of a preparation through rounding


@rule
def receive_income(w, actor):
    """Book the income since it was last booked; it grows with the trend of budgets."""
    clock = w.clock[0]
    state = w.state[actor]
    since = max(state.income_time, w.actors[actor].active_from)
    state.income_time = clock.time
    if clock.time <= since:
        return
    as_of = w.trends[0].as_of
    income = w.actors[actor].income_usd
    income *= compute.remembered_growth(
        w.income_levels[actor], compute.budget_growth_of(w, actor), since - as_of, clock.time - as_of
    )
    state.money += income
    state.income += income


@rule
def recruit(w, actor, months):
    """Let volunteers join: the more, the more models of the kind are talked of, or believed in."""
    joining = w.kinds[w.actor_facts[actor].kind].recruits * months
    if joining <= 0.0:
        return
    joining *= interest_of(w, actor)
    state = w.state[actor]
    project = state.project
    if project >= 0:
        settle(w, project)
    before = math.floor(state.recruited)
    state.people += joining
    state.recruited += joining
    if project >= 0:
        schedule(w, project)
    if math.floor(state.recruited) > before:
        event_row = record(w, EVENT.RECRUITED, actor, w.clock[0].demo)
        w.events[event_row].amount = math.floor(state.recruited) - before


@rule
def highest_known(w, builder):
    """Return the highest class that a builder knows to exist, or -1."""
    classes = len(w.classes)
    for klass in range(classes - 1, -1, -1):
        wish = w.wishes[builder * classes + klass]
        if wish.known <= w.clock[0].time or wish.reached <= w.clock[0].time:
            return klass
    return -1


@rule
def plan(w, actor, until):
    """Plan: look at every class that is within reach of the imagination, and seek means.

    Who trains a model weighs no other; who builds one, only larger ones.

    ``until``: when the actor plans next at the latest; a decision before then is queued.
    """
    clock = w.clock[0]
    if clock.time < w.actors[actor].active_from:
        return
    facts = w.actor_facts[actor]
    state = w.state[actor]
    since, state.planned = state.planned, clock.time
    if facts.builder < 0 or clock.time < state.scripted_until:
        return
    if forgets(w, actor):
        fade(w, actor)
    else:
        state.faded = clock.time
    recruit(w, actor, clock.time - max(since, max(0.0, w.actors[actor].active_from)))
    classes = len(w.classes)
    frontier = highest_known(w, facts.builder)
    reach = min(frontier + 2, classes)
    waits = False
    for klass in range(state.level + 1, reach):
        wish = w.wishes[facts.builder * classes + klass]
        if wish.state == SEEKING:
            seek(w, actor, klass)
        waits = waits or wish.state == IDLE
    if waits:
        weigh(w, actor, frontier, reach, until)


@rule
def fade(w, actor):
    """Let borrowed help fade; a project in work then takes longer from here on."""
    project = w.state[actor].project
    if project >= 0:
        settle(w, project)
    forget(w, actor)
    if project >= 0:
        schedule(w, project)


@rule
def weigh(w, actor, frontier, reach, until):
    """Set the rates at which an actor decides for each class below ``reach`` that it does not have.

    ``frontier``: the highest class that it knows to exist.
    """
    clock = w.clock[0]
    facts = w.actor_facts[actor]
    kind = w.kinds[facts.kind]
    gain = w.attention[0].start_gain
    attention = min(1.0, attention_of(w, actor))
    for klass in range(w.state[actor].level + 1, reach):
        wish = w.wishes[wish_row(w, actor, klass)]
        if wish.state != IDLE:
            continue
        settle_wish(w, wish)
        if keeps_team(w, w.state[actor].project, klass):
            continue
        if wants_less(w, actor, klass):
            push(w, clock.time, NEXT.DECIDE, actor, klass, klass + 1, 0, wish.stamp)
            continue
        convinced = conviction_of(w, actor, klass)
        below = max(0, frontier - klass)
        idle = kind.replicate * wish.copied  # who has a copy makes none
        ease = ease_of(w, actor, klass, convinced)
        wish.rate = starting.start_rate(
            kind.start_rate, convinced, gain, attention, kind.appetite, below, idle, ease
        )
        if wish.rate > 0.0:
            at = clock.time + max(0.0, wish.threshold - wish.hazard) / wish.rate
            if at <= until:
                push(w, at, NEXT.DECIDE, actor, klass, 0, 0, wish.stamp)


@rule
def ease_of(w, actor, klass, convinced):
    """Return by which factor an actor decides sooner as a class is cheap for it; it asks each quarter."""
    wish, time = w.wishes[wish_row(w, actor, klass)], w.clock[0].time
    elasticity = w.conviction[0].elasticity
    if time >= wish.prices_again:
        wish.prices_again = time + QUARTER
        wish.ease = 1.0
        if elasticity > 0.0:
            wish.ease = starting.ease(compute.slack_for(w, actor, klass, convinced, time), elasticity)
    return wish.ease


@rule
def wants_less(w, actor, klass):
    """Return whether an actor settles for a class because it lacks the means for the next larger one."""
    if klass + 1 >= len(w.classes):
        return False
    larger = w.wishes[wish_row(w, actor, klass + 1)]
    if larger.state != SEEKING or not lacks_means(larger.bound):
        return False
    return larger.thrift < w.kinds[w.actor_facts[actor].kind].settle


@rule
def lacks_means(bound):
    """Return whether money or chips stand in the way."""
    return bound == BOUND.MONEY or bound == BOUND.CHIPS


@rule
def decide(w, actor, klass, larger):
    """An actor has made up its mind to have a model of a class, and looks for the means.

    ``larger``: the class for which it has lacked them (0: none); what was prepared for that serves this one.
    """
    clock = w.clock[0]
    index = wish_row(w, actor, klass)
    wish = w.wishes[index]
    if wish.state == SEEKING:  # it had decided before, and is ready now
        seek(w, actor, klass)
        return
    cause = clock.demo  # what stirred it last
    if wish.known <= clock.time:
        cause = max(cause, wish.known_cause)
    if larger > 0:
        cause = w.wishes[wish_row(w, actor, larger)].bound_cause
    event_row = record(w, EVENT.DECIDED, actor, cause)
    event = w.events[event_row]
    convinced = conviction_of(w, actor, klass)
    event.klass, event.amount, event.draw = klass, convinced, wish.threshold
    wish.state = SEEKING
    wish.decided = clock.time
    wish.bound_cause = event_row
    wish.convinced = convinced
    wish.lead = starting.lead_time(
        w.kinds[w.actor_facts[actor].kind].lead_months,
        w.conviction[0].lead_spread,
        normal(draw(w, FOR.PREPARE, actor, klass, wish.ordinal)),
    )
    if larger > 0:
        wish.lesser = 1
        wish.lead = min(wish.lead, w.wishes[wish_row(w, actor, larger)].lead)
    wish.pace, wish.paced = convinced, clock.time
    wish.willing = compute.means_of(w, actor, klass, convinced, clock.time)
    w.seeking[clock.seeking] = index
    clock.seeking += 1
    seek(w, actor, klass)


@rule_in_place
def look(w, actor, klass, grant_usd, sponsor, chips):
    """Return (bound, willing, cost, labour, chip, chips, lent, size): what a project would meet now.

    ``sponsor`` lends ``chips`` (0: none) and gives ``grant_usd``.
    """
    time = w.clock[0].time
    receive_income(w, actor)
    chip, count, lent = machines_for(w, actor, klass, sponsor, chips)
    willing = 0.0  # who computes for nothing need not be willing to pay
    if not lent:
        willing = compute.means_of(w, actor, klass, conviction_of(w, actor, klass), time)
    free = sponsor >= 0 and is_free(w, sponsor)
    bound, cost, labour, used, size = compute.outlook(
        w, actor, klass, time, money_for(w, actor, klass), willing, grant_usd, free, chip, count, lent,
        compute.longest_training(w, sponsor), least_size(w, actor, klass),
    )  # fmt: skip
    return bound, willing, cost, labour, chip, used, lent, size


@rule
def machines_for(w, actor, klass, sponsor, chips):
    """Return (chip, chips, lent): what a project would train on; ``sponsor`` lends ``chips`` (0: none)."""
    time, state = w.clock[0].time, w.state[actor]
    if chips > 0.0:
        return compute.chip_at(w, sponsor, time), chips, True
    if has_enough(w, actor, klass, time):
        return state.owned_chip, state.owned_chips, True
    return compute.chip_at(w, actor, time), compute.chips_of(w, actor, time), False


@rule
def gift_suffices(w, actor, klass, grant_usd, sponsor, chips):
    """Return whether a gift would let an actor start. Most often chips are too few, which is seen at once."""
    if chips <= 0.0 and starting.is_far_too_little(grant_usd, w.wishes[wish_row(w, actor, klass)].missing):
        return False
    chip, count, _ = machines_for(w, actor, klass, sponsor, chips)
    longest, least = compute.longest_training(w, sponsor), least_size(w, actor, klass)
    if not compute.chips_suffice(w, actor, klass, w.clock[0].time, chip, count, longest, least):
        return False
    return look(w, actor, klass, grant_usd, sponsor, chips)[0] == BOUND.NONE


@rule
def money_for(w, actor, klass):
    """Return the money that an actor has for a class, with what a model holds that would give way to it."""
    state = w.state[actor]
    row = state.project
    if row < 0 or keeps_team(w, row, klass):
        return state.money
    project = w.projects[row]
    given = max(0.0, project.grant_usd - project.spent_compute)
    return state.money + max(0.0, project.budget - given)


@rule
def seek(w, actor, klass):
    """Look whether the means suffice; start if they do, give up when patience runs out."""
    clock = w.clock[0]
    wish = w.wishes[wish_row(w, actor, klass)]
    state = w.state[actor]
    kind = w.kinds[w.actor_facts[actor].kind]
    searches = wish.bound != BOUND.PREPARATION  # who has found all, and makes ready, does not lose patience
    if searches and clock.time >= wish.decided + kind.patience_months:
        let_go(w, actor, klass, BOUND.DEADLINE if wish.bound == BOUND.NONE else wish.bound)
        return
    convinced = conviction_of(w, actor, klass)
    if convinced < kind.abandon * wish.convinced:  # it has lost that with which it decided
        let_go(w, actor, klass, BOUND.ABANDONED)
        return
    prepare(w, wish, convinced)
    if wish.lead > READY and wish.bound == BOUND.PREPARATION:  # all else was there: it looks when it is ready
        await_ready(w, actor, klass)
        return
    sponsor = wish.sponsor
    if clock.time < wish.looks_again and clock.trigger < 0 and sponsor < 0:
        build_meanwhile(w, actor, klass)
        return
    bound, willing, cost, labour, chip, chips, lent, size = look(
        w, actor, klass, wish.grant_usd, sponsor, wish.grant_chips
    )
    wish.looks_again, wish.missing = clock.time, 0.0
    if bound == BOUND.MONEY:
        put_off(w, actor, klass, willing, cost, labour)
    ahead = is_ahead(w, state.project)
    if bound == BOUND.NONE and keeps_team(w, state.project, klass):
        bound = BOUND.OCCUPIED
    if bound == BOUND.NONE and wish.lead > READY:
        bound = BOUND.PREPARATION
        await_ready(w, actor, klass)
    if bound == BOUND.NONE:
        mechanism, replicates = intent(w, actor, klass, cost)
        cause = wish.bound_cause
        if clock.trigger >= 0 and wish.first_bound != BOUND.NONE:
            cause = clock.trigger  # what was just learned tips the balance
        if ahead and w.projects[state.project].klass != klass:
            give_way(w, actor, w.projects[state.project].klass)
            turn_to(w, state.project, klass, replicates, cause)
        if state.project >= 0 and not ahead:
            outgrow(w, state.project, cause)
        wish.state = IDLE  # its grant is the project's now
        withdraw_wish(w, actor, klass)
        if ahead:
            go_on(w, state.project, mechanism, chip, chips, lent, willing, cost, labour, size, cause)
        else:
            start(
                w, actor, klass, mechanism, replicates, chip, chips, lent, willing, cost, labour, size, cause
            )
        return
    if bound != wish.bound:
        passing = bound == BOUND.OCCUPIED or bound == BOUND.PREPARATION
        if not passing and wish.first_bound == BOUND.NONE:
            wish.first_bound = bound
            wish.first_cost = cost
        wish.bound = bound
        event_row = record(w, EVENT.BLOCKED, actor, wish.bound_cause)
        event = w.events[event_row]
        event.klass, event.bound, event.usd = klass, bound, cost if cost < math.inf else 0.0
        wish.bound_cause = event_row
    if lacks_means(bound):
        build_meanwhile(w, actor, klass)


@rule
def put_off(w, actor, klass, willing, cost, labour):
    """Note by how much an actor lacks the money for a class, and when it looks again.

    At the pace at which means grow and costs fall it could not pay before; but it looks each quarter, and as
    soon as a new generation of chips reaches it.
    """
    wish, time = w.wishes[wish_row(w, actor, klass)], w.clock[0].time
    needed, money = cost * least_size(w, actor, klass), money_for(w, actor, klass)
    months = starting.months_until_affordable(
        needed,
        willing,
        compute.budget_growth_of(w, actor) + compute.cost_decline(w),
        needed + labour - money,
        compute.monthly_income(w, actor),
    )
    wish.missing = max(needed - willing, needed + labour - money)
    too_dear = starting.times_too_dear(needed, willing)
    wish.too_dear = max(too_dear, starting.times_too_dear(needed + labour, money))
    wish.looks_again = min(time + min(months, QUARTER), w.state[actor].newest_until)


@rule
def reconsider(w, actor, helped):
    """Who is ``helped`` so much looks again for the means that it lacks, if that can make up for them."""
    for klass in range(w.state[actor].level + 1, len(w.classes)):
        wish = w.wishes[wish_row(w, actor, klass)]
        waits = w.clock[0].time < wish.looks_again and starting.stays_too_dear(wish.too_dear, helped)
        if wish.state == SEEKING and not waits:
            seek(w, actor, klass)


@rule
def look_anew(w, actor):
    """Let an actor ask for all prices with its next plan, as what it reckoned with has changed."""
    classes = len(w.classes)
    first = w.actor_facts[actor].builder * classes
    for index in range(max(0, first), first + classes):
        wish = w.wishes[index]
        wish.looks_again = wish.prices_again = w.clock[0].time
        wish.missing = 0.0


@rule
def build_meanwhile(w, actor, klass):
    """Who pays nobody begins to build a model for which money or chips are lacking."""
    kind = w.kinds[w.actor_facts[actor].kind]
    if w.state[actor].project < 0 and starting.begins_without_compute(kind.paid):
        mechanism, replicates = intent(w, actor, klass, math.inf)
        start_ahead(w, actor, klass, mechanism, replicates, w.wishes[wish_row(w, actor, klass)].bound_cause)


@rule
def intent(w, actor, klass, cost):
    """Return the mechanism by which a project becomes possible, and whether it is to be a copy (1)."""
    mechanism = how_acquired(w, actor, klass, cost)
    replicates = 1 if copies(w, actor, klass) else 0
    if mechanism == MECHANISM.INCREMENTAL_RESEARCH and replicates == 1:
        mechanism = MECHANISM.REPLICATION
    return mechanism, replicates


@rule
def copies(w, actor, klass):
    """Return whether an actor means to copy a model that it knows; who settled for one does not."""
    wish = w.wishes[wish_row(w, actor, klass)]
    if wish.lesser == 1 or not wish.known <= w.clock[0].time:
        return False
    return wish.intent < w.kinds[w.actor_facts[actor].kind].replicate


@rule
def least_size(w, actor, klass):
    """Return the smallest size for which an actor plans a model: who copies one copies its size."""
    return 1.0 if copies(w, actor, klass) else w.training[0].least_size


@rule
def await_ready(w, actor, klass):
    """Queue the end of a preparation, if it comes before the next monthly plan."""
    wish = w.wishes[wish_row(w, actor, klass)]
    wish.stamp += 1
    if wish.lead <= wish.pace:  # within a month
        push(w, w.clock[0].time + wish.lead / wish.pace, NEXT.DECIDE, actor, klass, 0, 0, wish.stamp)


@rule
def prepare(w, wish, convinced):
    """Let approval, team and machines come along, the faster the more convinced the actor is."""
    time = w.clock[0].time
    wish.lead = max(0.0, wish.lead - wish.pace * (time - wish.paced))
    wish.pace, wish.paced = convinced, time


@rule
def let_go(w, actor, klass, reason):
    """Give up a wish that found no means, and what was built for it; its holder may come back to the idea."""
    row = w.state[actor].project
    if is_ahead(w, row) and w.projects[row].klass == klass:
        settle(w, row)
        w.projects[row].cause = max(w.projects[row].cause, w.wishes[wish_row(w, actor, klass)].bound_cause)
        stop(w, row, reason)
    else:
        drop(w, actor, klass, reason)


@rule
def give_way(w, actor, klass):
    """A wish that found no means gives way to one of another class that did, with its team."""
    drop(w, actor, klass, w.wishes[wish_row(w, actor, klass)].bound)


@rule
def drop(w, actor, klass, reason):
    """Take a wish off the list; its holder may come back to the idea."""
    wish = w.wishes[wish_row(w, actor, klass)]
    event = w.events[record(w, EVENT.STOPPED, actor, wish.bound_cause)]
    event.klass, event.bound, event.amount = klass, reason, 1.0
    withdraw_wish(w, actor, klass)
    wish.ordinal += 1
    reset_wish(w, actor, klass)


@rule
def how_acquired(w, actor, klass, cost):
    """Return the mechanism by which a project became possible: the barrier that fell last.

    In order: nobody was known to have it; a sponsor gave; a borrowed artifact tipped the balance, or
    such brought the team over the threshold; the cost fell to what the actor would have paid when it
    decided; the knowledge came with a person or along another tie. Otherwise it is research of its
    own (or, by intent, a replication).
    """
    wish = w.wishes[wish_row(w, actor, klass)]
    if not wish.known <= w.clock[0].time:
        return MECHANISM.INDEPENDENT_DISCOVERY
    if wish.sponsor >= 0:
        return MECHANISM.SPONSORSHIP
    tip = w.clock[0].trigger
    if wish.first_bound != BOUND.NONE and tip >= 0 and w.events[tip].amount > 0.0:
        return MECHANISM.ARTIFACT_CASCADE
    short = compute.team_on(w, actor, klass) < w.classes[klass].team
    if wish.first_bound == BOUND.TALENT and wish.talent < 1.0 and short:
        return MECHANISM.ARTIFACT_CASCADE
    if wish.first_bound == BOUND.MONEY and wish.first_cost > wish.willing >= cost:
        return MECHANISM.PRICE_DECLINE
    if wish.known_via == VIA.HIRING:
        return MECHANISM.TALENT_MOVEMENT
    if VIA.INSIDER <= wish.known_via <= VIA.FOLLOWS:
        return MECHANISM.INSIDER_FLOW
    return MECHANISM.INCREMENTAL_RESEARCH


@rule
def accept_grant(w, sponsor, index):
    """A sponsor gives to a wish that still seeks means, if it still can; return whether it did."""
    wish = w.wishes[index]
    actor, klass = wish.actor, wish.klass
    if wish.state != SEEKING or wish.sponsor >= 0:
        return False
    usd, chips = offer_of(w, sponsor)
    if usd <= 0.0 and chips < 1.0:
        return False
    if chips > 0.0:  # no more than the project will use
        chips = min(chips, math.ceil(look(w, actor, klass, usd, sponsor, chips)[5]))
    giver, state = w.state[sponsor], w.state[actor]
    form = w.actor_facts[sponsor].grant
    giver.money -= usd
    giver.given += usd
    giver.chips_lent += chips
    state.received += usd
    state.reserved += usd
    wish.sponsor = sponsor
    wish.grant_usd = usd
    wish.grant_chips = chips
    if form == GRANT.HARDWARE:
        keep_hardware(w, actor, compute.chip_at(w, sponsor, w.clock[0].time), chips)
        wish.grant_chips = 0.0  # what is owned is not lent
    event_row = record(w, EVENT.GRANTED, actor, wish.bound_cause)
    event = w.events[event_row]
    event.klass, event.source, event.via = klass, sponsor, VIA.SPONSOR
    event.amount, event.usd = chips, usd
    wish.bound_cause = event_row
    seek(w, actor, klass)
    return True


@rule
def keep_hardware(w, actor, chip, chips):
    """Hardware is handed over: more of the same adds up; of two kinds the stronger pool is kept."""
    state = w.state[actor]
    if chip == state.owned_chip:
        state.owned_chips += chips
        return
    old = 0.0
    if state.owned_chip >= 0:
        old = w.chips[state.owned_chip].peak_flops * state.owned_chips
    if w.chips[chip].peak_flops * chips > old:
        state.owned_chip, state.owned_chips = chip, chips


@rule
def has_enough(w, actor, klass, time):
    """Return whether the hardware that an actor has been given suffices for a class."""
    state = w.state[actor]
    if state.owned_chips <= 0.0:
        return False
    receive_income(w, actor)
    bound = compute.outlook(
        w, actor, klass, time, state.money, 0.0, 0.0, False, state.owned_chip, state.owned_chips, True,
        compute.longest_training(w, -1), least_size(w, actor, klass),
    )[0]  # fmt: skip
    return bound == BOUND.NONE


@rule
def offer_of(w, sponsor):
    """Return what a sponsor can give at present: (USD, chips)."""
    form = w.actor_facts[sponsor].grant
    state = w.state[sponsor]
    if form == GRANT.HARDWARE or form == GRANT.HARDWARE_ACCESS:
        most = w.actors[sponsor].grant_chips
        all_chips = max(most, w.actors[sponsor].lendable_chips)
        counted, chip = w.actor_facts[sponsor].grant_chip, compute.chip_at(w, sponsor, w.clock[0].time)
        if counted >= 0 and chip >= 0:
            peak, counted_peak = w.chips[chip].peak_flops, w.chips[counted].peak_flops
            most, all_chips = as_fast(most, counted_peak, peak), as_fast(all_chips, counted_peak, peak)
        return 0.0, min(most, all_chips - state.chips_lent)
    receive_income(w, sponsor)
    return max(0.0, min(w.actors[sponsor].grant_usd, state.money)), 0.0


@rule
def as_fast(chips, counted, peak):
    """Return how many chips a sponsor gives that counts them in those of another peak throughput (FLOP/s).

    Of faster ones it gives no more computing: 90 that count as 1e14 are 30 of 3e14. Of slower ones it
    gives as many.
    """
    return chips * counted / peak if peak > counted else chips
