"""The life of a project: engineering and data work, trial runs, training, writing.

In each phase the share that is left falls at a constant rate, so its end is exact; it is reckoned
again when something is learned that changes the size of the phase or its rate. Money, people and
chips are booked as they are spent.
"""

from __future__ import annotations

import math

from agents.publishing import hold_time, writing_time
from agents.rule import rule
from sim import compute
from sim.attention import add_evidence, staffing_of
from sim.luck import FOR, luck, normal, ordinal_key, waiting
from sim.motives import incentive_to_hold
from sim.orders import shifted
from sim.queue import NEXT, push
from sim.record import record
from sim.release import make_artifacts
from sim.tables import BUSY, DONE, IDLE, SEEKING, TABLE_FULL, key_of, wish_row
from sim.words import BOUND, EVENT, GRANT, KIND, PHASE

FINISHED, ATTEMPT_FAILED = BOUND.NONE, -1


@rule
def draw(w, purpose, actor, klass, ordinal):
    """Return the luck of an actor's ``ordinal``-th try at a class, for one purpose."""
    clock = w.clock[0]
    key = ordinal_key(w.class_facts[klass].key, ordinal)
    return luck(clock.seed, clock.run, purpose, key_of(w, actor), key)


@rule
def reset_wish(w, actor, klass):
    """Make an actor open again to the idea of a class, with a fresh threshold."""
    wish = w.wishes[wish_row(w, actor, klass)]
    wish.state = IDLE
    wish.stamp += 1
    wish.hazard = 0.0
    wish.rate = 0.0
    wish.settled = w.clock[0].time
    wish.threshold = waiting(draw(w, FOR.DECIDE, actor, klass, wish.ordinal))
    wish.intent = draw(w, FOR.INTENT, actor, klass, wish.ordinal)
    wish.thrift = draw(w, FOR.SETTLE, actor, klass, wish.ordinal)
    wish.bound, wish.first_bound = BOUND.NONE, BOUND.NONE
    wish.first_cost = 0.0
    wish.too_dear, wish.missing, wish.looks_again = 1.0, 0.0, 0.0
    wish.sponsor = -1
    wish.grant_usd = 0.0
    wish.grant_chips = 0.0
    wish.lesser = 0


@rule
def settle_wish(w, wish):
    """Bring the hazard of a decision up to date; until it is weighed again it stands still."""
    wish.hazard += wish.rate * (w.clock[0].time - wish.settled)
    wish.settled = w.clock[0].time
    wish.stamp += 1
    wish.rate = 0.0


@rule
def new_project(w, actor, klass, ordinal):
    """Take an empty row for a project and return it."""
    clock = w.clock[0]
    row = clock.projects
    if row >= len(w.projects):
        clock.status = TABLE_FULL
        row = len(w.projects) - 1
    else:
        clock.projects += 1
    project = w.projects[row]
    project.actor, project.klass, project.ordinal = actor, klass, ordinal
    project.first, project.count = 0, 0
    project.phase, project.mechanism, project.replicates = PHASE.NONE, 0, 0
    project.started = project.since = clock.time
    project.deadline = math.inf
    project.left, project.total, project.rate = 1.0, 0.0, 0.0
    project.stamp, project.reason, project.cause = 0, 0, 0
    project.team = w.state[actor].people
    project.effort, project.scale, project.staffing = 1.0, 1.0, 1.0
    project.chip, project.chips, project.rent, project.labour = -1, 0.0, 0.0, 0.0
    project.sponsor, project.lent, project.lent_chips = -1, 0, 0.0
    project.own_usd, project.grant_usd, project.budget = 0.0, 0.0, 0.0
    project.spent_compute, project.spent_labour = 0.0, 0.0
    project.person_months, project.chip_months = 0.0, 0.0
    project.testing, project.test_chips, project.tested = 0.0, 0.0, 0.0
    project.flop_trials, project.flop_failed, project.flop_final = 0.0, 0.0, 0.0
    project.goal, project.attempt, project.fails_at = 0.0, 0, -1.0
    project.trained, project.announced = math.inf, math.inf
    project.share, project.script, project.waits = 0.0, -1, 0
    project.reached = -1
    return row


@rule
def start(w, actor, klass, mechanism, replicates, chip, chips, lent, willing, cost, labour, size, cause):
    """Start a project with the means at hand."""
    row = open_project(w, actor, klass, mechanism, replicates)
    cost = equip(w, row, chip, chips, lent, willing, cost, labour, size)
    note_start(w, row, cost, cause)
    begin_building(w, row)


@rule
def start_ahead(w, actor, klass, mechanism, replicates, cause):
    """Begin the engineering of a project whose means are still sought."""
    row = open_project(w, actor, klass, mechanism, replicates)
    note_start(w, row, 0.0, cause)
    begin_building(w, row)
    if project_is_built(w, row):
        note_built(w, row)


@rule
def begin_building(w, row):
    """Begin the engineering; the row of the start says which part of it an earlier try has left."""
    started = w.projects[row].cause
    begin(w, row, PHASE.BUILD)
    w.events[started].draw = 1.0 - w.projects[row].left


@rule
def project_is_built(w, row):
    """Return whether an earlier try has left nothing to build."""
    return w.projects[row].phase == PHASE.BUILD and w.projects[row].left <= 0.0


@rule
def go_on(w, row, mechanism, chip, chips, lent, willing, cost, labour, size, cause):
    """The means of a project have been found that was begun without them: train when all is built."""
    settle(w, row)
    project = w.projects[row]
    project.mechanism = mechanism
    cost = equip(w, row, chip, chips, lent, willing, cost, labour, size)
    built, project.cause = project.cause, cause
    event_row = note(w, row, EVENT.EQUIPPED, project.chips)
    w.events[event_row].source, w.events[event_row].usd = project.sponsor, cost
    project.cause = event_row if project.left <= 0.0 else built
    if project.left <= 0.0:
        begin(w, row, PHASE.TUNE)
    else:
        schedule(w, row)


@rule
def turn_to(w, row, klass, replicates, cause):
    """A team that found no means for a class turns to another, and keeps what serves it.

    What was built for a larger model serves a smaller one; for a larger one it begins anew.
    """
    settle(w, row)
    project = w.projects[row]
    done = (1.0 - project.left) * project.total
    larger = klass > project.klass
    wish = w.wishes[wish_row(w, project.actor, klass)]
    project.klass, project.ordinal, project.replicates = klass, wish.ordinal, replicates
    project.left = 1.0
    project.total = phase_size(w, row)
    if not larger and project.total > 0.0:
        project.left = max(0.0, 1.0 - done / project.total)
    note_start(w, row, 0.0, cause)
    if project_is_built(w, row):
        note_built(w, row)


@rule
def is_ahead(w, row):
    """Return whether a project (-1: none) is being built while its means are still sought."""
    if row < 0:
        return False
    project = w.projects[row]
    return project.phase == PHASE.BUILD and project.chip < 0 and project.script < 0


@rule
def keeps_team(w, row, klass):
    """Return whether a project (-1: none) keeps its team from a model of a class.

    While it is being built a team turns to a larger model, unless more than half is done; while its means
    are sought, to any.
    """
    if row < 0 or is_ahead(w, row):
        return False
    project = w.projects[row]
    if project.phase != PHASE.BUILD or project.script >= 0 or klass <= project.klass:
        return True
    done = (w.clock[0].time - project.since) * project.rate
    return done > (project.left - 0.5) * project.total


@rule
def outgrow(w, row, cause):
    """A team gives up the model that it is building for a larger one."""
    settle(w, row)
    w.projects[row].cause = cause
    stop(w, row, BOUND.OUTGROWN)


@rule
def open_project(w, actor, klass, mechanism, replicates):
    """Set a team to work on a class; return the row of the project."""
    wish = w.wishes[wish_row(w, actor, klass)]
    row = new_project(w, actor, klass, wish.ordinal)
    project = w.projects[row]
    project.mechanism, project.replicates = mechanism, replicates
    project.effort = math.exp(w.work[0].work_spread * normal(draw(w, FOR.EFFORT, actor, klass, wish.ordinal)))
    project.scale = math.exp(w.work[0].flop_spread * normal(draw(w, FOR.SIZE, actor, klass, wish.ordinal)))
    w.state[actor].project = row
    return row


@rule
def equip(w, row, chip, chips, lent, willing, cost, labour, size):
    """Give a project chips, money and a deadline; return what its compute is expected to cost (USD).

    ``size``: of the model that the means suffice for, against the reference.
    """
    project = w.projects[row]
    actor, klass = project.actor, project.klass
    wish = w.wishes[wish_row(w, actor, klass)]
    state = w.state[actor]
    kind = w.kinds[w.actor_facts[actor].kind]
    project.deadline = w.clock[0].time + min(kind.patience_months, kind.deadline_months)
    project.chip, project.chips, project.lent = chip, chips, 1 if lent else 0
    project.sponsor = wish.sponsor
    project.lent_chips = wish.grant_chips
    project.grant_usd = wish.grant_usd
    own = 0.0 if lent else willing
    project.own_usd = min(max(0.0, state.money), own + 2.0 * labour)
    project.budget = project.own_usd + project.grant_usd
    state.money -= project.own_usd
    state.reserved += project.own_usd
    wish.state = BUSY
    weigh_nothing(w, actor)
    wish.bound = BOUND.NONE
    if size < 1.0:
        project.scale = min(project.scale, size)
        return cost
    available = chips_at_hand(w, actor, wish, lent)
    means, total = willing + wish.grant_usd, project.own_usd + wish.grant_usd
    project.scale = compute.chosen_size(
        w, actor, klass, w.clock[0].time, project.scale, means, total, cost, labour, chip, available,
        compute.longest_training(w, project.sponsor), project.replicates,
    )  # fmt: skip
    if project.scale > 1.0:
        cost *= project.scale
        flop = compute.training_flop(w, actor, klass, w.clock[0].time) * project.scale
        used = compute.utilisation(w, actor, klass, chip)
        project.chips = max(chips, compute.chips_used(w, chip, flop, available, used))
    return cost


@rule
def weigh_nothing(w, actor):
    """Let all hazards of decisions of an actor stand still, until it weighs them again."""
    for klass in range(len(w.classes)):
        settle_wish(w, w.wishes[wish_row(w, actor, klass)])


@rule
def note_start(w, row, cost, cause):
    """Record that a team is at work on a class; the compute is expected to cost so much (USD)."""
    project = w.projects[row]
    event_row = record(w, EVENT.STARTED, project.actor, cause)
    event = w.events[event_row]
    event.klass, event.project, event.source = project.klass, row, project.sponsor
    event.mechanism, event.usd, event.amount = project.mechanism, cost, project.chips
    project.cause = event_row


@rule
def chips_at_hand(w, actor, wish, lent):
    """Return how many chips an actor can bring to a project: lent, given, or its own."""
    if wish.grant_chips > 0.0:
        return wish.grant_chips
    if lent:
        return w.state[actor].owned_chips
    return compute.chips_of(w, actor, w.clock[0].time)


@rule
def begin(w, row, phase):
    """Enter a phase."""
    project = w.projects[row]
    project.phase = phase
    project.left = 1.0 - kept_share(w, row) if phase == PHASE.BUILD else 1.0
    project.since = w.clock[0].time
    if phase == PHASE.TRAIN:
        if project.attempt == 0:
            project.goal = phase_size(w, row)
        draw_failure(w, row)
    schedule(w, row)


@rule
def keep_work(w, row):
    """What was built for a model that is given up is there when its team tries again."""
    project = w.projects[row]
    state = w.state[project.actor]
    if project.phase == PHASE.BUILD:
        built = project.total / project.effort * (1.0 - project.left)
    else:
        built = compute.work_months(w, project.actor, project.klass)
    state.kept_class, state.kept_work, state.kept_time = project.klass, built, w.clock[0].time


@rule
def kept_share(w, row):
    """Return which part of the engineering an earlier try has left; it ages as code does.

    What was built for a larger model serves a smaller one; for a larger one a team begins anew.
    """
    project = w.projects[row]
    state = w.state[project.actor]
    if state.kept_class < project.klass:
        return 0.0
    months = w.clock[0].time - state.kept_time
    kept = state.kept_work * math.exp(-months / w.effects[KIND.CODE].obsolescence_months)
    state.kept_class = -1
    needed = compute.work_months(w, project.actor, project.klass)
    return min(1.0, kept / needed) if needed > 0.0 else 0.0


@rule
def draw_failure(w, row):
    """Draw whether, and where, the next training attempt fails."""
    project = w.projects[row]
    what = project.ordinal * 64 + project.attempt
    chance = compute.failure_chance(w, project.actor, project.klass)
    project.fails_at = -1.0
    if draw(w, FOR.FAIL, project.actor, project.klass, what) < chance:
        project.fails_at = draw(w, FOR.FAIL_AT, project.actor, project.klass, what)


@rule
def phase_size(w, row):
    """Return the size of the present phase with what is held now: person-months or FLOP."""
    project = w.projects[row]
    actor, klass = project.actor, project.klass
    if project.phase == PHASE.BUILD:
        return compute.work_months(w, actor, klass) * project.effort
    flop = compute.training_flop(w, actor, klass, w.clock[0].time) * project.scale
    if project.phase == PHASE.TUNE:  # what was built without chips went untested: its attempts are its tests
        return compute.trial_flop(w, actor, klass, flop + project.tested)
    return flop


@rule
def schedule(w, row):
    """Reckon when and why the present phase will end, and queue it."""
    clock = w.clock[0]
    project = w.projects[row]
    actor = project.actor
    state = w.state[actor]
    kind = w.kinds[w.actor_facts[actor].kind]
    if is_ahead(w, row) and project.left <= 0.0:  # all is built: it waits for its means
        project.team, project.rate, project.labour, project.rent = 0.0, 0.0, 0.0, 0.0
        project.stamp += 1
        return
    if project.phase == PHASE.BUILD:
        project.staffing = staffing_of(w, actor, project.klass)
    project.team = state.people * project.staffing
    people = project.team * w.actors[actor].full_time
    project.labour = people * w.work[0].salary_usd * kind.paid
    project.rent = 0.0
    if project.phase == PHASE.BUILD:
        project.total = phase_size(w, row)
        project.rate = compute.work_rate(w, actor) * project.staffing
        most = compute.most_work_rate(w, project.klass) * project.effort
        if project.rate > most:  # no more people than can work side by side
            project.team *= most / project.rate
            project.labour *= most / project.rate
            project.rate = most
        if project.chip >= 0 and w.training[0].experiments > 0.0:
            test(w, row)
    else:
        project.total = project.goal if project.phase == PHASE.TRAIN else phase_size(w, row)
        project.rate = project.chips * compute.flop_per_chip(w, actor, project.klass, project.chip)
        if project.lent == 0:
            rent = compute.monthly_rent(w, actor, project.chip, clock.time)
            project.rent = project.chips * rent
    share_to_go = project.left - max(0.0, project.fails_at if project.phase == PHASE.TRAIN else 0.0)
    end = project.since + share_to_go * project.total / project.rate
    reason = FINISHED
    if project.phase == PHASE.TRAIN and project.fails_at >= 0.0:
        reason = ATTEMPT_FAILED
    spending = project.rent + project.labour
    if spending > 0.0 and project.since + money_lasts(w, row, spending) < end:
        end = project.since + money_lasts(w, row, spending)
        reason = BOUND.MONEY
    if project.deadline < end:
        end = max(project.deadline, clock.time)
        reason = BOUND.DEADLINE
    project.reason = reason
    project.stamp += 1
    push(w, max(end, clock.time), NEXT.PHASE, row, 0, 0, 0, project.stamp)


@rule
def test(w, row):
    """Let experiments and tests run beside the engineering, spread evenly over it."""
    project = w.projects[row]
    actor, klass, time = project.actor, project.klass, w.clock[0].time
    flop = compute.experiment_flop(w, compute.training_flop(w, actor, klass, time) * project.scale)
    project.testing = flop * project.rate / project.total if project.total > 0.0 else 0.0
    project.test_chips = project.testing / compute.flop_per_chip(w, actor, klass, project.chip)
    if project.lent == 0:
        project.rent = project.test_chips * compute.monthly_rent(w, actor, project.chip, time)


@rule
def is_free(w, sponsor):
    """Return whether a sponsor's money may be spent on anything, and kept."""
    return w.actor_facts[sponsor].grant == GRANT.FREE_MONEY


@rule
def money_lasts(w, row, spending):
    """Return for how many months the money of a project lasts at a monthly spending.

    Money that was given for compute pays no salaries.
    """
    project = w.projects[row]
    months = max(0.0, project.budget) / spending
    if project.grant_usd > 0.0 and project.labour > 0.0 and not is_free(w, project.sponsor):
        beyond = max(0.0, project.spent_compute - project.grant_usd)
        own = project.own_usd - project.spent_labour - beyond
        months = min(months, max(0.0, own) / project.labour)
    return months


@rule
def settle(w, row):
    """Book what a project has done and spent since it was last booked."""
    clock = w.clock[0]
    project = w.projects[row]
    months = clock.time - project.since
    if months <= 0.0:
        return
    state = w.state[project.actor]
    done = months * project.rate
    if project.total > 0.0:
        project.left = max(0.0, project.left - done / project.total)
    labour, rent = months * project.labour, months * project.rent
    people = months * project.team * w.actors[project.actor].full_time
    project.spent_labour += labour
    project.spent_compute += rent
    project.budget -= labour + rent
    project.person_months += people
    state.person_months += people
    if project.phase == PHASE.BUILD:
        project.tested += months * project.testing
        project.flop_trials += months * project.testing
        project.chip_months += months * project.test_chips
        state.chip_months += months * project.test_chips
    elif project.phase == PHASE.TUNE or project.phase == PHASE.TRAIN:
        project.chip_months += months * project.chips
        state.chip_months += months * project.chips
        if project.phase == PHASE.TUNE:
            project.flop_trials += done
        else:
            project.flop_final += done
    project.since = clock.time


@rule
def end_phase(w, row):
    """A phase has come to its end: go on, try again, or stop."""
    settle(w, row)
    project = w.projects[row]
    reason = project.reason
    phase = project.phase
    if reason == BOUND.MONEY or reason == BOUND.DEADLINE:
        give_up(w, row, reason)
    elif phase == PHASE.BUILD:
        note_built(w, row)
        if is_ahead(w, row):
            project.left = 0.0
            schedule(w, row)
        else:
            weigh_nothing(w, project.actor)
            begin(w, row, PHASE.TUNE)
    elif phase == PHASE.TUNE:
        project.cause = note(w, row, EVENT.TUNED, project.flop_trials)
        begin(w, row, PHASE.TRAIN)
    elif reason == ATTEMPT_FAILED:
        project.cause = note(w, row, EVENT.FAILED, project.flop_final)
        project.attempt += 1
        if project.attempt >= int(w.training[0].attempts) or cannot_do_better(w, row):
            give_up(w, row, BOUND.TECHNICAL_FAULT)
        else:
            project.flop_failed += project.flop_final
            project.flop_final = 0.0
            begin(w, row, PHASE.TRAIN)
    else:
        project.share = 1.0
        finish_training(w, row, EVENT.TRAINED, BOUND.NONE)


@rule
def note_built(w, row):
    """Record that the engineering of a project is done, with the people's time that went into it."""
    project = w.projects[row]
    project.cause = note(w, row, EVENT.BUILT, project.person_months)
    w.events[project.cause].draw = compute.data_share(w, project.actor, project.klass)


@rule
def cannot_do_better(w, row):
    """Return whether a failed attempt got as far as another one could before money or time run out.

    Its last checkpoint is then the model, undertrained.
    """
    project = w.projects[row]
    if project.flop_final < w.training[0].least_share * project.goal:
        return False
    months = project.deadline - w.clock[0].time
    spending = project.rent + project.labour
    if spending > 0.0:
        months = min(months, money_lasts(w, row, spending))
    return months * project.rate <= project.flop_final


@rule
def note(w, row, what, amount):
    """Record that a project has come to a certain point."""
    project = w.projects[row]
    event_row = record(w, what, project.actor, project.cause)
    event = w.events[event_row]
    event.klass, event.project, event.amount = project.klass, row, amount
    event.usd = project.spent_compute + project.spent_labour
    event.mechanism = project.mechanism
    return event_row


@rule
def what_stopped(reason, computed, failed, goal):
    """Return what a training fell short of its goal for, all in FLOP.

    Where money or time ran out, but what failed attempts had used up of them would have been enough,
    it is the failures.
    """
    return BOUND.TECHNICAL_FAULT if failed > 0.0 and computed + failed >= goal else reason


@rule
def give_up(w, row, reason):
    """Stop short of the goal: with an undertrained model, or with nothing."""
    project = w.projects[row]
    project.share = project.flop_final / project.goal if project.goal > 0.0 else 0.0
    if project.phase == PHASE.TRAIN:
        reason = what_stopped(reason, project.flop_final, project.flop_failed, project.goal)
        if project.share >= w.training[0].least_share:
            finish_training(w, row, EVENT.UNDERTRAINED, reason)
            return
    project.flop_failed += project.flop_final
    project.flop_final = 0.0
    stop(w, row, reason)


@rule
def stop(w, row, reason):
    """End a project without a model; its actor may come back to the idea."""
    project = w.projects[row]
    event_row = note(w, row, EVENT.STOPPED, project.left)
    w.events[event_row].bound = reason
    keep_work(w, row)
    project.phase = PHASE.STOPPED
    release_means(w, row)
    withdraw_wish(w, project.actor, project.klass)  # where its means were still sought
    w.wishes[wish_row(w, project.actor, project.klass)].ordinal += 1
    reset_wish(w, project.actor, project.klass)


@rule
def return_grant(w, actor, sponsor, usd, unused_usd, chips):
    """Close a grant: hardware that was lent goes back, and so does money that was not used."""
    state, giver = w.state[actor], w.state[sponsor]
    state.reserved -= usd
    state.received -= unused_usd
    giver.given -= unused_usd
    giver.money += unused_usd
    if w.actor_facts[sponsor].grant == GRANT.HARDWARE_ACCESS:
        giver.chips_lent -= chips


@rule
def release_means(w, row):
    """Free the team, and give back what was not spent; the sponsor's part is used first."""
    project = w.projects[row]
    state = w.state[project.actor]
    project.stamp += 1
    state.project = -1
    back = 0.0
    if project.sponsor >= 0:
        if not is_free(w, project.sponsor):
            back = max(0.0, min(project.grant_usd - project.spent_compute, project.budget))
        usd, chips = project.grant_usd, project.lent_chips
        return_grant(w, project.actor, project.sponsor, usd, back, chips)
    state.money += project.budget - back
    state.reserved -= project.own_usd
    state.spent_compute += project.spent_compute
    state.spent_labour += project.spent_labour
    project.budget = 0.0


@rule
def withdraw_wish(w, actor, klass):
    """Take a wish off the list of those that seek means, and give back what it was granted."""
    index = wish_row(w, actor, klass)
    wish = w.wishes[index]
    clock = w.clock[0]
    found = False
    for place in range(clock.seeking):
        if found:
            w.seeking[place - 1] = w.seeking[place]
        elif w.seeking[place] == index:
            found = True
    if found:
        clock.seeking -= 1
        if wish.state == SEEKING and wish.sponsor >= 0:
            return_grant(w, actor, wish.sponsor, wish.grant_usd, wish.grant_usd, wish.grant_chips)


@rule
def finish_training(w, row, what, reason):
    """A model exists: note who has reached what, free the team, and begin to write."""
    clock = w.clock[0]
    project = w.projects[row]
    actor, klass = project.actor, project.klass
    project.trained = clock.time
    event_row = note(w, row, what, project.flop_final)
    event = w.events[event_row]
    event.bound = reason
    event.draw = project.share
    project.cause = event_row
    release_means(w, row)
    reached = klass
    if what == EVENT.UNDERTRAINED:
        while reached >= 0 and compute.training_flop(w, actor, reached, clock.time) > project.flop_final:
            reached -= 1
    project.reached = reached
    w.events[event_row].reached = reached
    mark_reached(w, actor, reached)
    wish = w.wishes[wish_row(w, actor, klass)]
    if wish.state == BUSY:
        wish.ordinal += 1
        reset_wish(w, actor, klass)
    state = w.state[actor]
    state.experience += (1.0 - state.experience) * w.work[0].learning
    project.phase = PHASE.WRITE
    if reached < 0:
        return  # nothing that anybody would call a model of a known class
    make_artifacts(w, row, event_row)
    months = writing_time(
        w.training[0].writing_months,
        w.training[0].writing_spread,
        normal(draw(w, FOR.WRITE, actor, klass, project.ordinal)),
    )
    kind = w.kinds[w.actor_facts[actor].kind]
    held = waiting(draw(w, FOR.HOLD, actor, klass, project.ordinal))
    months += hold_time(kind.hold_months * incentive_to_hold(w, actor, row, event_row), held)
    time = shifted(w, actor, KIND.EXISTENCE, reached, clock.time + months, clock.time, True)
    push(w, time, NEXT.ANNOUNCE, row, 0, 0, event_row, project.stamp)


@rule
def mark_reached(w, actor, klass):
    """Note that an actor has trained a class, and with it all lower ones."""
    w.state[actor].level = max(w.state[actor].level, klass)
    for lower in range(klass + 1):
        wish = w.wishes[wish_row(w, actor, lower)]
        if wish.state == SEEKING:
            withdraw_wish(w, actor, lower)
        if min(wish.known, wish.reached) > w.clock[0].time:  # its own success convinces it too
            add_evidence(w, actor, w.effects[KIND.EXISTENCE].belief)
        wish.state = DONE
        wish.stamp += 1
        wish.reached = min(wish.reached, w.clock[0].time)
