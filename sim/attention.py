"""Public attention: demonstrations make it surge, and it fades; and what actors make of it: conviction."""

from __future__ import annotations

import math

from agents import starting
from agents.rule import rule
from sim.luck import FOR, luck, ordinal_key, waiting
from sim.queue import NEXT, push
from sim.record import record
from sim.remembering import logarithm, power
from sim.tables import wish_row
from sim.words import ACCESS, EVENT, KIND

TWO_BY_ROOT_PI = 2.0 / math.sqrt(math.pi)  # 1 / gamma(3/2)


@rule
def attention_now(w):
    """Return public attention at the present time, against the strongest demonstration."""
    clock = w.clock[0]
    half_life = w.attention[0].half_life_months
    return starting.fading(clock.attention, clock.time - clock.attention_time, half_life)


@rule
def attention_of(w, actor):
    """Return how much of it reaches those who decide for an actor."""
    return attention_now(w) * reach_of(w, actor)


@rule
def reach_of(w, actor):
    """Return how far public attention reaches those who decide for an actor.

    What is known of regions is search interest as a share of local searches, which is not attention
    among developers; ``attention.locality`` says how far it carries over (0: all are reached alike).
    """
    return reach_in(w, w.actor_facts[actor].region)


@rule
def reach_in(w, region):
    """Return how far public attention reaches those who decide in a region."""
    share = w.regions[region].attention
    return 1.0 - w.attention[0].locality * (1.0 - share)


@rule
def raise_attention(w, amount):
    """Let public attention jump by an amount; from then on it fades again."""
    clock = w.clock[0]
    clock.attention = attention_now(w) + amount
    clock.attention_time = clock.time


@rule
def gives_use(kind):
    """Return whether who has an artifact of this kind can use the model."""
    return kind == KIND.WEIGHTS or kind == KIND.API


@rule
def opened_before(w, klass):
    """Return how many models of a class or a higher one users have got so far."""
    count = 0
    for higher in range(klass, len(w.classes)):
        count += w.opened[higher]
    return count


@rule
def first_use(u):
    """Return the waiting time of mean 1 until the first user shows something, for luck ``u``.

    Users are let in one after the other, so that their number grows evenly, and with it the hazard: a
    Weibull distribution of shape 2. ``first_use(exp(-1))`` is 2 / sqrt(pi).
    """
    return math.sqrt(waiting(u)) * TWO_BY_ROOT_PI


@rule
def schedule_demos(w, artifact, cause):
    """Queue the demonstrations that follow when users get access to a model.

    The first comes after a time with the mean ``attention.demo_months``, the next ones after shorter
    ones (exponential). Each further model that is opened to users is less of a novelty.
    """
    clock = w.clock[0]
    row = w.attention[0]
    if row.demos < 1.0:
        return
    klass = w.artifacts[artifact].klass
    earlier = opened_before(w, klass)
    w.opened[klass] += 1
    time = clock.time
    mean = row.demo_months
    for ordinal in range(int(row.demos)):
        key = ordinal_key(w.artifacts[artifact].key, ordinal)
        u = luck(clock.seed, clock.run, FOR.DEMO, w.artifacts[artifact].key, key)
        time += mean * (first_use(u) if ordinal == 0 else waiting(u))
        mean = row.demo_spacing_months
        push(w, time, NEXT.DEMO, artifact, 0, earlier, cause, 0)


@rule
def demonstrate(w, artifact, earlier, cause):
    """Users show what a model can do: attention jumps, and doubt falls where it reaches.

    ``earlier``: how many models of its class or a higher one had been opened to users before.
    """
    made = w.artifacts[artifact]
    if made.access == ACCESS.CLOSED:
        return  # withdrawn
    if made.kind == KIND.API and w.clock[0].time >= w.actors[made.owner].silent_from:
        return  # nobody can use it any more
    jump = w.classes[made.klass].publicity / max(1, int(w.attention[0].demos)) / (1.0 + earlier)
    jump *= made.publicity
    row = record(w, EVENT.DEMONSTRATED, made.owner, cause)
    event = w.events[row]
    event.klass, event.kind, event.artifact = made.klass, made.kind, artifact
    event.amount = jump
    raise_attention(w, jump)
    clock = w.clock[0]
    clock.demo = row
    clock.shown = starting.with_evidence(shown_now(w), w.conviction[0].demo * min(1.0, jump))
    clock.shown_time = clock.time
    return row


@rule
def shown_now(w):
    """Return the share of doubt that demonstrations remove at present, where they reach best."""
    clock = w.clock[0]
    half_life = w.conviction[0].half_life_months
    return starting.fading(clock.shown, clock.time - clock.shown_time, half_life)


@rule
def interest_of(w, actor):
    """Return how many of those whom an actor can reach would take part, from 0 to 1.

    Attention draws them while it lasts; who was convinced by what has been shown stays so for longer.
    """
    return min(1.0, reach_of(w, actor) * max(attention_now(w), shown_now(w)))


@rule
def evidence_of(w, actor):
    """Return the share of doubt that an actor's evidence removes at the present time."""
    state = w.state[actor]
    age = w.clock[0].time - state.evidence_time
    return starting.fading(state.evidence, age, w.conviction[0].half_life_months)


@rule
def add_evidence(w, actor, weight):
    """Remove a share of an actor's remaining doubt that scale pays."""
    state = w.state[actor]
    state.evidence = starting.with_evidence(evidence_of(w, actor), weight)
    state.evidence_time = w.clock[0].time
    reckon_anew(w, actor)


@rule
def belief_of(w, actor):
    """Return an actor's present belief that scale pays; it is reckoned once for one moment."""
    state = w.state[actor]
    if not is_up_to_date(w, state.believed):
        state.belief = present_belief(w, actor)
        state.believed = w.clock[0].time
    return state.belief


@rule
def is_up_to_date(w, reckoned):
    """Return whether what was reckoned at a time still holds: at this moment, and nothing was shown in it."""
    time = w.clock[0].time
    return reckoned == time and w.clock[0].shown_time < time


@rule
def reckon_anew(w, actor):
    """Let an actor's belief and convictions be reckoned anew, even at this moment: their grounds changed."""
    w.state[actor].believed = -1.0
    classes = len(w.classes)
    first = w.actor_facts[actor].builder * classes
    for index in range(max(0, first), first + classes):
        w.wishes[index].reckoned = -1.0


@rule
def conviction_of(w, actor, klass):
    """Return how convinced an actor is at present that a class is worth having; reckoned once a moment."""
    wish = w.wishes[wish_row(w, actor, klass)]
    if not is_up_to_date(w, wish.reckoned):
        wish.conviction = convinced_of(w, actor, klass, belief_of(w, actor))
        wish.reckoned = w.clock[0].time
    return wish.conviction


@rule
def present_belief(w, actor):
    """Reckon an actor's present belief: its own, with what was shown, and its evidence."""
    kind = w.kinds[w.actor_facts[actor].kind]
    months = w.clock[0].time
    base = starting.growing_belief(kind.belief, kind.belief_growth, months)
    shown = starting.with_evidence(base, min(1.0, reach_of(w, actor)) * shown_now(w))
    return starting.with_evidence(shown, evidence_of(w, actor))


@rule
def convinced_of(w, actor, klass, belief):
    """Return how convinced an actor with a belief is that a class is worth having."""
    wish = w.wishes[wish_row(w, actor, klass)]
    trends, numbers = w.trends[0], w.conviction[0]
    credence = credence_of(w, wish)
    kind = w.kinds[w.actor_facts[actor].kind]
    excess = 0.0
    if credence < 1.0 or numbers.leap_known < 1.0:
        # plans are held against the trend of the time at which their model would come out
        months = w.clock[0].time - trends.compute_date + kind.lead_months + w.training[0].writing_months
        above = logarithm(w.above_trend[klass], w.classes[klass].flop / trends.compute_flop)
        excess = starting.excess_over_trend(above, trends.compute_growth, months, wish.tail * numbers.spread)
    proof = numbers.proof * w.classes[klass].worth
    kept = 1.0
    if credence < 1.0 and excess > 0.0:
        kept = power(w.leaps[w.actor_facts[actor].kind], kind.leap, excess)
    convinced = starting.conviction(belief, credence, proof, kept)
    return convinced * math.pow(numbers.leap_known, excess) if credence > 0.0 and excess > 0.0 else convinced


@rule
def credence_of(w, wish):
    """Return how sure an actor is that the class of a wish exists; what it has only heard weighs less."""
    time = w.clock[0].time
    if wish.certain <= time:
        return 1.0
    return w.conviction[0].hearsay if wish.known <= time else 0.0


@rule
def staffing_of(w, actor, klass):
    """Return which part of its team an actor puts on a model: all of it when fully convinced."""
    least = w.conviction[0].staffing
    if least >= 1.0:
        return 1.0
    return least + (1.0 - least) * conviction_of(w, actor, klass)
