"""What users give back: demonstrations, which raise attention, and contributions, which become artifacts."""

from __future__ import annotations

from agents import starting
from agents.rule import rule
from sim.attention import raise_attention, shown_now
from sim.luck import mix, ordinal_key
from sim.record import record
from sim.release import new_artifact, release
from sim.tail.booking import note
from sim.tail.tables import COUNT, STAGE
from sim.tail.uptake import replan_streams
from sim.tail.using import uses
from sim.words import ACCESS, EVENT, VIA


@rule
def show(w, item, member, cause):
    """A user shows what a model can do: attention jumps, and doubt falls where it reaches."""
    clock, row = w.clock[0], w.items[item]
    if not uses(w.stages[item * len(w.members) + member]) or row.access == ACCESS.CLOSED:
        return
    jump = w.tail[0].demo_attention * w.classes[row.klass].publicity
    if jump <= 0.0:
        return
    event_row = record(w, EVENT.DEMONSTRATED, len(w.actors) + member, cause)
    event = w.events[event_row]
    event.klass, event.kind, event.artifact, event.amount = row.klass, row.kind, row.artifact, jump
    raise_attention(w, jump)
    clock.demo = event_row
    clock.shown = starting.with_evidence(shown_now(w), w.conviction[0].demo * min(1.0, jump))
    clock.shown_time = clock.time
    replan_streams(w)


@rule
def give(w, item, member, cause):
    """A user contributes; enough contributions become an artifact that the house publishes for all."""
    row, facts = w.items[item], w.tail_facts[0]
    if w.stages[item * len(w.members) + member] == STAGE.LEFT:
        return
    event_row = note(w, COUNT.GAVE, item, member, 0, cause)
    row.gifts += 1
    if facts.house < 0 or row.gifts < w.tail[0].contributions:
        return
    row.gifts = 0
    key = ordinal_key(mix(row.key, w.actor_facts[facts.house].key), row.given)
    row.given += 1
    strength = w.tail[0].contribution_strength
    made = new_artifact(w, facts.house, row.klass, facts.contribution, key, strength, -1, event_row)
    release(w, made, ACCESS.OPEN, w.artifacts[made].made_cause, VIA.PUBLIC)
