"""What happens, in which order: the one place where a run unfolds.

``reset`` lays out a run; ``advance`` lets it happen up to a time, as often as one likes; ``close``
books what is still under way at the horizon. Between two events nothing changes but what falls or
grows at a constant rate.
"""

from __future__ import annotations

import math

import numpy as np

from agents.rule import rule
from sim import compute
from sim.attention import demonstrate
from sim.changes import begin_changes, book_incomes, turn
from sim.helping import hold_only, lay_out_nearness
from sim.learning import absorb, attract, learn
from sim.luck import FOR, luck, mix, normal, waiting
from sim.motives import forget_releases
from sim.orders import access_of, action_on, delay_of, mark, shifted, waits_for_rival
from sim.planning import accept_grant, decide, look_anew, plan
from sim.projects import (
    end_phase,
    finish_training,
    is_ahead,
    new_project,
    note,
    reset_wish,
    settle,
)
from sim.queue import NEXT, clear, next_due, push, take_first
from sim.record import record
from sim.release import announce, is_open, new_artifact, publish, release, spread_privately, withdraw
from sim.scaling import saved_by_rule
from sim.sponsorship import consider
from sim.tables import DONE, ENDED, RUNNING, key_of, wish_row
from sim.tail.unfolding import advance_tail, next_in_tail, reset_tail
from sim.tail.uptake import replan_streams
from sim.words import ACCESS, ACTION, BOUND, EVENT, KIND, MECHANISM, PHASE, VIA

MONTH = 1.0
FIRST_DATE = -1200.0  # an earlier date of making means that none was given
SCRIPTED = 2**40  # ordinals of scripted projects are this and more: no actor tries so often
ROOT = 0  # row of the log that stands for the scenario itself


@rule
def advance(w, until):
    """Let happen what is due up to and including ``until`` (months since the start)."""
    clock = w.clock[0]
    until = min(until, clock.horizon)
    while clock.status == RUNNING:
        planned = next_plan(w)
        queued = next_due(w)
        first = min(planned, queued)
        if next_in_tail(w) < first:
            advance_tail(w, first, until)
            if next_due(w) < first:
                continue  # a member set something in motion
        if first > until:
            break
        if queued <= planned:
            clock.time = queued
            entry = w.queue[take_first(w)]
            what, a, b = entry.what, entry.a, entry.b
            cause, stamp = entry.cause, entry.stamp
            if what == NEXT.LEARN:
                learn(w, a, b, entry.c, stamp, cause)
            elif what == NEXT.PHASE:
                if w.projects[a].stamp == stamp:
                    end_phase(w, a)
                    after_training(w, a)
            elif what == NEXT.DECIDE:
                if w.wishes[wish_row(w, a, b)].stamp == stamp:
                    decide(w, a, b, entry.c)
            elif what == NEXT.RELEASE:
                if stamp > 0:  # the record gives it
                    mark(w, a, w.scripted_artifacts[stamp - 1].published)
                release(w, a, b, cause, VIA.PUBLIC)
                attract(w, a)
            elif what == NEXT.DEMO:
                demonstrate(w, a, entry.c, cause)
                replan_streams(w)
            elif what == NEXT.ANNOUNCE:
                if a < 0:  # an insight, not a model
                    announce_insight(w, -1 - a, entry.b, cause)
                elif w.projects[a].stamp == stamp:
                    announce_model(w, a, entry.b, cause)
            elif what == NEXT.GRANT:
                if w.wishes[b].ordinal == stamp:
                    accept_grant(w, a, b)
            elif what == NEXT.FIND:
                find(w, a, b, cause)
            elif what == NEXT.LEAK:
                if not is_open(w.artifacts[a].access):
                    release(w, a, ACCESS.OPEN, cause, VIA.LEAKED)
            elif what == NEXT.STEAL:
                steal(w, a, b, cause)
            elif what == NEXT.BEGIN:
                begin_script(w, a)
            elif what == NEXT.TRAIN:
                train_script(w, a)
            elif what == NEXT.MAKE:
                make_script(w, a)
            elif what == NEXT.CHANGE:
                turn(w, a, b)
                replan_streams(w)
            elif what == NEXT.WITHDRAW:
                withdraw(w, a, cause)
        else:
            clock.time = planned
            plan_next(w)
    if clock.status == RUNNING:
        clock.time = until
        if until >= clock.horizon:
            close(w)


@rule
def next_plan(w):
    """Return the time of the next monthly plan of anybody."""
    clock = w.clock[0]
    if len(w.planning) == 0:
        return math.inf
    return clock.cycle * MONTH + w.planning[clock.planner].phase


@rule
def plan_next(w):
    """Let the next actor in turn plan; sponsors then look for beneficiaries."""
    clock = w.clock[0]
    actor = w.planning[clock.planner].actor
    clock.planner += 1
    if clock.planner == len(w.planning):
        clock.planner = 0
        clock.cycle += 1
    plan(w, actor, clock.time + MONTH)
    if w.actor_facts[actor].sponsors == 1 and clock.time >= w.actors[actor].active_from:
        consider(w, actor, clock.time + MONTH)


@rule
def after_training(w, row):
    """Who has just trained a model plans again, and may find what only such models show."""
    project = w.projects[row]
    if project.phase == PHASE.WRITE:
        seek_insights(w, project.actor, project.reached, project.cause)
    if project.phase == PHASE.WRITE or project.phase == PHASE.STOPPED:
        look_anew(w, project.actor)
        plan(w, project.actor, w.clock[0].time + MONTH)


@rule
def announce_model(w, row, held, cause):
    """A model is announced, unless orders hold it back (``held``: they did so already).

    Rivals who waited only for such an announcement follow at once, if they are told.
    """
    clock = w.clock[0]
    project = w.projects[row]
    actor, klass = project.actor, project.reached
    if held == 0:
        time = shifted(w, actor, KIND.EXISTENCE, klass, clock.time, clock.time, False)
        if time > clock.time:
            project.waits = int(waits_for_rival(w, actor, klass, clock.time))
            push(w, time, NEXT.ANNOUNCE, row, 1, 0, cause, project.stamp)
            return
    project.waits = 0
    if not announce(w, row, cause):
        return
    for other in range(clock.projects):
        rival = w.projects[other]
        if rival.waits == 1 and rival.reached <= klass:
            rival.waits = 0
            rival.stamp += 1
            push(
                w, clock.time, NEXT.ANNOUNCE, other, 1, 0, w.artifacts[project.first].made_cause, rival.stamp
            )


@rule
def announce_insight(w, artifact, held, cause):
    """An insight is published, unless orders hold it back."""
    clock = w.clock[0]
    made = w.artifacts[artifact]
    if held == 0:
        time = shifted(w, made.owner, made.kind, made.klass, clock.time, clock.time, False)
        if time > clock.time:
            push(w, time, NEXT.ANNOUNCE, -1 - artifact, 1, 0, cause, 0)
            return
    publish(w, artifact, made.kind, -1, cause)


@rule
def seek_insights(w, actor, klass, cause):
    """Queue the discoveries that become possible with a class."""
    clock = w.clock[0]
    for insight in range(len(w.insights)):
        facts = w.insight_facts[insight]
        rate = w.insights[insight].rate
        if facts.needs > klass or rate <= 0.0:
            continue
        if w.wishes[wish_row(w, actor, facts.needs)].reached == clock.time:  # for the first time
            u = luck(clock.seed, clock.run, FOR.FIND, key_of(w, actor), facts.key)
            push(w, clock.time + waiting(u) / rate, NEXT.FIND, actor, insight, 0, cause, 0)


@rule
def find(w, actor, insight, cause):
    """An actor finds an insight that nobody has published yet; it is written up and held back."""
    clock = w.clock[0]
    facts = w.insight_facts[insight]
    for artifact in range(clock.artifacts):
        made = w.artifacts[artifact]
        if made.insight == insight and (made.owner == actor or made.published <= clock.time):
            return
    event_row = record(w, EVENT.DISCOVERED, actor, cause)
    event = w.events[event_row]
    event.kind, event.amount = facts.kind, insight
    key = mix(key_of(w, actor), facts.key)
    strength = w.insights[insight].strength
    row = new_artifact(w, actor, -1, facts.kind, key, strength, -1, event_row)
    made = w.artifacts[row]
    made.insight, made.optimal = insight, facts.optimal
    absorb(w, actor, row)
    spread_privately(w, actor, row, made.made_cause)
    kind = w.kinds[w.actor_facts[actor].kind]
    training = w.training[0]
    z = normal(luck(clock.seed, clock.run, FOR.WRITE, key_of(w, actor), facts.key))
    months = training.writing_months * math.exp(training.writing_spread * z)
    months += kind.hold_months * waiting(luck(clock.seed, clock.run, FOR.HOLD, key_of(w, actor), facts.key))
    time = shifted(w, actor, facts.kind, -1, clock.time + months, clock.time, True)
    push(w, time, NEXT.ANNOUNCE, -1 - row, 0, 0, event_row, 0)


@rule
def steal(w, thief, artifact, cause):
    """A thief takes a set of weights that is not open."""
    if is_open(w.artifacts[artifact].access):
        return
    owner = w.artifacts[artifact].owner
    event_row = record(w, EVENT.STOLEN, thief, cause)
    event = w.events[event_row]
    event.artifact, event.source, event.klass = artifact, owner, w.artifacts[artifact].klass
    event.kind, event.via = w.artifacts[artifact].kind, VIA.STOLEN
    push(w, w.clock[0].time, NEXT.LEARN, thief, artifact, owner, event_row, VIA.STOLEN)


@rule
def scripted_ordinal(key):
    """Return under which ordinal luck knows a scripted project; it follows from its name alone."""
    return SCRIPTED + np.int64(key >> np.uint64(24))


@rule
def begin_script(w, script):
    """A project that the record gives is under way."""
    facts = w.project_facts[script]
    row = new_project(w, facts.owner, facts.klass, scripted_ordinal(facts.key))
    project = w.projects[row]
    project.script, project.mechanism = script, MECHANISM.ORIGINAL
    project.cause = ROOT
    project.started = w.scripted_projects[script].started
    project.cause = note(w, row, EVENT.STARTED, 0.0)
    trained = max(w.clock[0].time, w.scripted_projects[script].trained)
    push(w, trained, NEXT.TRAIN, row, 0, 0, project.cause, 0)


@rule
def train_script(w, row):
    """A model that the record gives is trained; from here on it lives like any other."""
    clock = w.clock[0]
    project = w.projects[row]
    dates = w.scripted_projects[project.script]
    project.share = 1.0
    finish_training(w, row, EVENT.TRAINED, BOUND.NONE)
    project.stamp += 1  # the record says when it is announced
    announced = max(dates.announced, clock.time)
    announced = shifted(w, project.actor, KIND.EXISTENCE, project.reached, announced, clock.time, True)
    push(w, announced, NEXT.ANNOUNCE, row, 0, 0, project.cause, project.stamp)
    after_training(w, row)


@rule
def date_made(w, script):
    """Return when a scripted artifact came into being: at its publication if nothing is said."""
    row = w.scripted_artifacts[script]
    return row.made if row.made > FIRST_DATE else row.published


@rule
def make_script(w, script):
    """Something that the record gives comes into being, and is published at its date."""
    clock = w.clock[0]
    facts = w.artifact_facts[script]
    row_in = w.scripted_artifacts[script]
    row = new_artifact(w, facts.owner, facts.klass, facts.kind, facts.key, row_in.strength, -1, ROOT)
    made = w.artifacts[row]
    made.made, made.optimal = min(clock.time, date_made(w, script)), facts.optimal
    made.in_project = facts.in_project
    published = row_in.published + delay_of(w, facts.owner, facts.kind, facts.klass, row_in.published)
    published = max(published, min(row_in.published, made.made))
    action = action_on(w, facts.owner, facts.kind, facts.klass, row_in.published)
    if action == ACTION.FORBID:
        published = math.inf
    made.due = published
    if w.actor_facts[facts.owner].builder >= 0:
        absorb(w, facts.owner, row)
    if published > clock.time:
        spread_privately(w, facts.owner, row, made.made_cause)
    access = access_of(w, facts.owner, facts.kind, facts.klass, row_in.published, facts.access)
    push(w, max(clock.time, published), NEXT.RELEASE, row, access, 0, made.made_cause, 1 + script)


@rule
def close(w):
    """Book what is under way at the horizon, and say of every unfinished wish what bound it."""
    clock = w.clock[0]
    clock.status = ENDED
    book_incomes(w)
    for place in range(len(w.planning)):
        actor = w.planning[place].actor
        project = w.state[actor].project
        if project >= 0:
            settle(w, project)
            if is_ahead(w, project):  # its wish says what bound it
                continue
            row = note(w, project, EVENT.UNFINISHED, w.projects[project].left)
            w.events[row].bound = BOUND.HORIZON
    for place in range(clock.seeking):
        wish = w.wishes[w.seeking[place]]
        actor, klass = wish.actor, wish.klass
        row = record(w, EVENT.UNFINISHED, actor, wish.bound_cause)
        event = w.events[row]
        event.klass, event.bound, event.amount = klass, wish.bound, 1.0
        project = w.state[actor].project
        if is_ahead(w, project) and w.projects[project].klass == klass:
            event.project, event.amount = project, w.projects[project].left


@rule
def reset(w, seed, run, horizon):
    """Lay out a run: tables at their start, luck by seed and run, scripted events in the queue."""
    clock = w.clock[0]
    clock.seed, clock.run = seed, run
    clock.time, clock.horizon = 0.0, horizon
    clock.attention, clock.attention_time = 0.0, 0.0
    clock.shown, clock.shown_time = 0.0, 0.0
    clock.events = 0
    clock.artifacts, clock.projects, clock.seeking = 0, 0, 0
    clock.planner, clock.cycle, clock.trigger, clock.demo = 0, 0, -1, ROOT
    clock.status = RUNNING
    clear(w)
    forget_releases(w)
    record(w, EVENT.SCENARIO, -1, -1)
    begin_changes(w)
    for klass in range(len(w.classes)):
        row = w.classes[klass]
        w.opened[klass] = 0
        w.optimal_share[klass] = saved_by_rule(row.parameters, row.tokens, w.training[0].most_tokens)
    lay_out_nearness(w)
    reset_tail(w)
    for actor in range(len(w.actors)):
        reset_actor(w, actor)
    for place in range(len(w.help)):
        hold_only(w.help[place], 0.0)
        hold_only(w.learnt[place], 0.0)
    for place in range(len(w.offers)):
        w.offers[place].ordinal, w.offers[place].rate = -1, 0.0
    for builder in range(len(w.builders)):
        reset_builder(w, builder)
    order_plans(w)
    for script in range(len(w.scripted_artifacts)):
        push(w, max(0.0, date_made(w, script)), NEXT.MAKE, script, 0, 0, ROOT, 0)
    for script in range(len(w.scripted_projects)):
        dates = w.scripted_projects[script]
        push(w, max(0.0, dates.started), NEXT.BEGIN, script, 0, 0, ROOT, 0)


@rule
def reset_actor(w, actor):
    """Give an actor what it has at the start, and draw when generations of chips will reach it."""
    row, state = w.actors[actor], w.state[actor]
    state.planned = state.faded = 0.0
    state.evidence, state.evidence_time, state.believed = 0.0, 0.0, -1.0
    state.experience, state.people = row.experience, row.people
    state.recruited, state.moved_in, state.moved_out = 0.0, 0.0, 0.0
    state.money, state.income, state.income_time = row.money_usd, 0.0, 0.0
    state.reserved, state.given, state.received = 0.0, 0.0, 0.0
    state.spent_compute, state.spent_labour = 0.0, 0.0
    state.person_months, state.chip_months = 0.0, 0.0
    state.chips_lent, state.owned_chips, state.owned_chip = 0.0, 0.0, -1
    state.project, state.optimal, state.imitates = -1, 0, 0
    state.shown = 1 if w.actor_facts[actor].reached >= 0 else 0
    state.kept_class, state.kept_work, state.kept_time = -1, 0.0, 0.0
    state.expects, state.expected = -1, math.inf
    state.level = w.actor_facts[actor].reached
    state.uses, state.runs = -1, -1
    state.declared = -1.0
    state.scripted_until = -math.inf
    for script in range(len(w.scripted_projects)):
        if w.project_facts[script].owner == actor:
            state.scripted_until = max(state.scripted_until, w.scripted_projects[script].trained)
    for word in range(w.held.shape[1]):
        w.held[actor, word] = 0
    if w.actor_facts[actor].builder >= 0 or w.actor_facts[actor].giver >= 0:
        compute.draw_chip_dates(w, actor)


@rule
def reset_builder(w, builder):
    """Lay out the wishes of a builder; the classes that it has trained before the start are done."""
    actor = w.builders[builder]
    clock = w.clock[0]
    reached = w.actor_facts[actor].reached
    for klass in range(len(w.classes)):
        wish = w.wishes[builder * len(w.classes) + klass]
        wish.actor, wish.klass = actor, klass
        wish.ordinal, wish.stamp = 0, 0
        wish.known, wish.known_via, wish.known_cause = math.inf, 0, ROOT
        wish.certain = math.inf
        wish.decided, wish.bound_cause = math.inf, ROOT
        wish.willing = 0.0
        wish.ease, wish.prices_again = 1.0, 0.0
        wish.reckoned = -1.0
        wish.reached = math.inf
        wish.copied = 0.0
        key = w.class_facts[klass].key
        wish.tail = normal(luck(clock.seed, clock.run, FOR.TAIL, key_of(w, actor), key))
        wish.work = wish.data_work = wish.trials = wish.flop = 1.0
        wish.talent = wish.gap = wish.failures = 1.0
        reset_wish(w, actor, klass)
        if klass <= reached:
            wish.state, wish.reached, wish.known, wish.certain = DONE, 0.0, 0.0, 0.0
    if reached >= 0:
        event = w.events[record(w, EVENT.TRAINED, actor, ROOT)]
        event.klass, event.reached = reached, reached
        event.via, event.mechanism = VIA.SCENARIO, MECHANISM.ORIGINAL


@rule
def order_plans(w):
    """Give each actor that plans its own day of the month, by luck, and put them in that order."""
    clock = w.clock[0]
    count = 0
    for actor in range(len(w.actors)):
        facts = w.actor_facts[actor]
        if facts.develops == 0 and facts.sponsors == 0:
            continue
        phase = luck(clock.seed, clock.run, FOR.PHASE, facts.key, facts.key)
        place = count
        while place > 0 and w.planning[place - 1].phase > phase:
            w.planning[place].phase = w.planning[place - 1].phase
            w.planning[place].actor = w.planning[place - 1].actor
            place -= 1
        w.planning[place].phase = phase
        w.planning[place].actor = actor
        count += 1
