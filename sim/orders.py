"""Orders: publication levers that override what an actor would do by itself (``[[orders]]``)."""

from __future__ import annotations

from agents.rule import rule
from sim.luck import FOR, luck
from sim.tables import BITS, NO_BIT, key_of
from sim.words import ACCESS, ACTION, KIND, PHASE


@rule
def applies(w, order, actor, kind, klass, time):
    """Return whether an order binds an actor for a kind of artifact of a class (-1: none) at a time."""
    row, facts = w.orders[order], w.order_facts[order]
    if not row.from_ <= time < row.until or w.order_actors[order, actor] == 0:
        return False
    if facts.kinds & BITS[kind] == NO_BIT or facts.classes & BITS[klass + 1] == NO_BIT:
        return False
    if row.compliance >= 1.0:
        return True
    clock = w.clock[0]
    return luck(clock.seed, clock.run, FOR.COMPLY, key_of(w, actor), facts.key) < row.compliance


@rule
def action_on(w, actor, kind, klass, time):
    """Return what the orders in force say about a release; the last one that says something counts."""
    action = ACTION.NONE
    for order in range(len(w.orders)):
        said = w.order_facts[order].action
        if said != ACTION.NONE and applies(w, order, actor, kind, klass, time):
            action = said
    return action


@rule
def access_of(w, actor, kind, klass, time, otherwise):
    """Return how open a release is to be: as the last order in force says, or else ``otherwise``."""
    access = otherwise
    for order in range(len(w.orders)):
        said = w.order_facts[order].access
        if said >= 0 and applies(w, order, actor, kind, klass, time):
            access = said
    return access


@rule
def delay_of(w, actor, kind, klass, time):
    """Return the months that orders add between an announcement and a release."""
    months = 0.0
    for order in range(len(w.orders)):
        if w.orders[order].delay_months != 0.0 and applies(w, order, actor, kind, klass, time):
            months += w.orders[order].delay_months
    return months


@rule
def comes_too_late(w, actor, kind, klass, time, delay):
    """Return whether orders rule out a release so many months after the announcement."""
    for order in range(len(w.orders)):
        if delay > w.orders[order].latest_months and applies(w, order, actor, kind, klass, time):
            return True
    return False


@rule
def passing_of(w, artifact, time):
    """Return the factor of orders on the rates at which something passes on before it is public."""
    factor = 1.0
    made = w.artifacts[artifact]
    for order in range(len(w.orders)):
        if w.orders[order].passing != 1.0 and applies(w, order, made.owner, made.kind, made.klass, time):
            factor *= w.orders[order].passing
    return factor


@rule
def mark(w, artifact, time):
    """Note on an artifact that is to be released at what speed, strength, and until when."""
    made = w.artifacts[artifact]
    for order in range(len(w.orders)):
        if applies(w, order, made.owner, made.kind, made.klass, time):
            row = w.orders[order]
            made.uptake *= row.uptake
            made.strength *= row.strength
            made.publicity *= row.publicity
            made.withdrawn = min(made.withdrawn, row.withdraw_months)


@rule
def shifted(w, actor, kind, klass, planned, earliest, sooner):
    """Return when something planned for a time happens under the orders that hold it back or hasten it.

    ``sooner``: only those that hasten, which must act when it is planned (never before ``earliest``,
    nor before the order is in force); otherwise only those that hold back, which act when its time
    has come, so that an order leaves all that happened before it untouched.
    """
    time = planned
    for order in range(len(w.orders)):
        months = w.orders[order].hold_months
        if w.order_facts[order].until_rival == 1 and is_announced(w, actor, klass):
            continue
        if (months < 0.0) == sooner and months != 0.0 and applies(w, order, actor, kind, klass, planned):
            time += months
            if sooner:
                time = max(time, earliest, min(planned, w.orders[order].from_))
    return time


@rule
def is_announced(w, actor, klass):
    """Return whether somebody else has made known a model of a class (-1: none) or of a higher one."""
    for row in range(w.clock[0].projects):
        project = w.projects[row]
        if klass >= 0 and project.phase == PHASE.PUBLIC and project.actor != actor:
            if project.reached >= klass and w.artifacts[project.first].access != ACCESS.CLOSED:
                return True
    return False


@rule
def waits_for_rival(w, actor, klass, time):
    """Return whether an actor holds a model back only until another announces the class."""
    for order in range(len(w.orders)):
        held = w.order_facts[order].until_rival == 1 and w.orders[order].hold_months > 0.0
        if held and applies(w, order, actor, KIND.EXISTENCE, klass, time):
            return True
    return False


@rule
def is_silent(w, actor):
    """Return whether an actor has fallen silent: nobody gets anything from it any more."""
    return w.clock[0].time >= w.actors[actor].silent_from
