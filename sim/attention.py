"""Public attention: demonstrations make it surge, and it fades."""

from __future__ import annotations

from agents import starting
from agents.rule import rule
from sim.luck import FOR, luck, ordinal_key, waiting
from sim.queue import NEXT, push
from sim.record import record
from sim.words import ACCESS, EVENT, KIND


@rule
def attention_now(w):
    """Return public attention at the present time, against the strongest demonstration."""
    clock = w.clock[0]
    half_life = w.attention[0].half_life_months
    return starting.fading(clock.attention, clock.time - clock.attention_time, half_life)


@rule
def attention_of(w, actor):
    """Return how much of it reaches an actor's region."""
    return attention_now(w) * w.regions[w.actor_facts[actor].region].attention


@rule
def raise_attention(w, amount):
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
def schedule_demos(w, artifact, cause):
    """Queue the demonstrations that follow when users get access to a model.

    The first comes after an exponential time with the mean ``attention.demo_months``, the next ones
    after shorter ones. Each further model that is opened to users is less of a novelty.
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
        time += mean * waiting(u)
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


@rule
def belief_of(w, actor):
    """Return an actor's present belief that scale pays."""
    kind = w.kinds[w.actor_facts[actor].kind]
    months = w.clock[0].time
    base = starting.growing_belief(kind.belief, kind.belief_growth, months)
    reach = min(1.0, w.regions[w.actor_facts[actor].region].attention)
    shown = starting.with_evidence(base, reach * shown_now(w))
    return starting.with_evidence(shown, evidence_of(w, actor))
