"""Looking back at a run: what each artifact left of a project's quantities, what a decision stood on.

The rules of the model itself are applied again, to tables of a run that nobody goes on with: they
are left changed.
"""

from __future__ import annotations

from agents import starting
from agents.rule import rule
from sim import compute
from sim.attention import attention_of, belief_of, convinced_of, credence_of, reach_of, shown_now
from sim.changes import apply_changes
from sim.helping import KINDS, help_row, hold_only, lay_out_nearness, take_help
from sim.planning import highest_known, look
from sim.projects import settle
from sim.tables import wish_row

QUANTITIES = ("work", "data_work", "trials", "flop", "talent", "gap", "failures", "optimal")
NEEDS = ("work", "training", "trials", "utilisation", "failure", "team")
WISH_FACTS = (
    "attention", "belief_alone", "belief_shown", "belief", "conviction", "known", "frontier", "hazard",
    "threshold", "rate", "bound", "willing", "cost", "money", "people", "team", "chips", "chips_for_memory",
    "training_months",
)  # fmt: skip


@rule
def settle_projects(w):
    """Book all projects in work up to now, as the end of a run does."""
    for place in range(len(w.planning)):
        project = w.state[w.planning[place].actor].project
        if project >= 0:
            settle(w, project)


@rule
def retrace_help(w, actor, klass, artifacts, times, left):
    """Let artifacts help an actor again, in order, and note what is left of each quantity.

    ``artifacts``, ``times`` (artifacts,): rows, and months since the start. ``left`` (artifacts + 1,
    QUANTITIES): shares left without any, and after each; ``optimal``: 1 once the better rule is known.
    """
    row = wish_row(w, actor, klass)
    for kind in range(KINDS):
        hold_only(w.help[help_row(w, w.actor_facts[actor].builder, klass, kind)], 0.0)
    wish, state = w.wishes[row], w.state[actor]
    wish.work = wish.data_work = wish.trials = wish.flop = 1.0
    wish.talent = wish.gap = wish.failures = 1.0
    state.level, state.optimal = klass - 1, 0
    note_left(w, actor, klass, left[0])
    for place in range(len(artifacts)):
        w.clock[0].time = times[place]
        if len(w.changes) > 0:  # the effects of that time
            apply_changes(w, times[place])
            lay_out_nearness(w)
        take_help(w, actor, artifacts[place])
        if w.artifacts[artifacts[place]].optimal == 1:
            state.optimal = 1
        note_left(w, actor, klass, left[place + 1])


@rule
def note_left(w, actor, klass, left):
    """Write down what is left of each quantity of a project (QUANTITIES)."""
    wish = w.wishes[wish_row(w, actor, klass)]
    left[0], left[1], left[2], left[3] = wish.work, wish.data_work, wish.trials, wish.flop
    left[4], left[5], left[6] = wish.talent, wish.gap, wish.failures
    left[7] = w.state[actor].optimal


@rule
def reckon_needs(w, actor, klass, left, needs):
    """Reckon what a project would need now, for several rows of what artifacts leave.

    ``left`` (rows, QUANTITIES). ``needs`` (rows, NEEDS): person-months, FLOP of the training and of
    the trial runs, share of peak, chance that an attempt fails, people.
    """
    wish = w.wishes[wish_row(w, actor, klass)]
    time = w.clock[0].time
    for row in range(len(left)):
        share = left[row]
        wish.work, wish.data_work, wish.trials, wish.flop = share[0], share[1], share[2], share[3]
        wish.talent, wish.gap, wish.failures = share[4], share[5], share[6]
        w.state[actor].optimal = int(share[7])
        flop = compute.training_flop(w, actor, klass, time)
        needs[row, 0] = compute.work_months(w, actor, klass)
        needs[row, 1] = flop
        needs[row, 2] = compute.trial_flop(w, actor, klass, flop + compute.experiment_flop(w, flop))
        needs[row, 3] = compute.utilisation(w, actor, klass, compute.chip_at(w, actor, time))
        needs[row, 4] = compute.failure_chance(w, actor, klass)
        needs[row, 5] = w.classes[klass].team * wish.talent


@rule
def state_wish(w, actor, klass, facts):
    """Write down what an actor's wish for a class stands on at present (WISH_FACTS)."""
    time = w.clock[0].time
    wish = w.wishes[wish_row(w, actor, klass)]
    kind = w.kinds[w.actor_facts[actor].kind]
    reach = min(1.0, reach_of(w, actor))
    belief = belief_of(w, actor)
    alone = starting.growing_belief(kind.belief, kind.belief_growth, time)
    facts[0] = attention_of(w, actor)
    facts[1], facts[2] = alone, starting.with_evidence(alone, reach * shown_now(w))
    facts[3], facts[4] = belief, convinced_of(w, actor, klass, belief)
    facts[5] = 1.0 if wish.reached <= time else credence_of(w, wish)
    facts[6] = highest_known(w, w.actor_facts[actor].builder)
    facts[7] = wish.hazard + wish.rate * (time - wish.settled)
    facts[8], facts[9] = wish.threshold, wish.rate
    bound, willing, cost, _, chip, used, _, _ = look(
        w, actor, klass, wish.grant_usd, wish.sponsor, wish.grant_chips
    )
    facts[10], facts[11], facts[12] = bound, willing, cost
    facts[13], facts[14] = w.state[actor].money, compute.team_on(w, actor, klass)
    work = w.work[0]
    slack = starting.slack(willing + wish.grant_usd, cost)
    row = w.classes[klass]
    facts[15] = starting.team_needed(row.team, wish.talent, slack, work.exchange, work.exchange_limit)
    facts[16] = max(used, wish.grant_chips)
    facts[17] = facts[18] = 0.0
    if chip >= 0 and used > 0.0:
        facts[16] = max(facts[16], compute.chips_of(w, actor, time))
        facts[17] = row.parameters * w.training[0].bytes_per_parameter / (w.chips[chip].memory_gb * 1e9)
        reached = compute.utilisation(w, actor, klass, chip)
        speed = w.chips[chip].peak_flops * reached * compute.SECONDS_PER_MONTH
        facts[18] = compute.training_flop(w, actor, klass, time) / (used * speed)
