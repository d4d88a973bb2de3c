"""Booking what members do: a row of their log, and the counts per month, which a thinned log keeps alone."""

from __future__ import annotations

from agents.rule import rule
from sim.attention import gives_use
from sim.tables import TAIL_LOG_FULL
from sim.tail.tables import FORM, FORMS, OF_MEMBERS, STAGE


@rule
def note(w, what, item, member, via, cause):
    """Count and log something that a member does; return what may be named as the cause of what follows.

    In a thinned log that is the release of the item.
    """
    clock, crowd = w.clock[0], w.crowd[0]
    count(w, what, item, member)
    if what < FORMS * 2:
        form = what % FORMS
        left = period_of(w) + 1.0 - clock.time
        group = w.members[member].group
        w.use_months[period_of(w), item, group, form] += left if what < FORMS else -left
    if w.tail_facts[0].thinned == 1:
        return w.items[item].cause
    row = crowd.events
    if row >= len(w.tail_events):
        clock.status = TAIL_LOG_FULL
        return w.items[item].cause
    crowd.events += 1
    event = w.tail_events[row]
    event.time, event.member, event.thing = clock.time, member, item
    event.what, event.via, event.cause, event.after = what, via, cause, clock.events
    return OF_MEMBERS - row


@rule
def count(w, what, item, member):
    """Count something for the month, the item and the group of a member."""
    w.counts[period_of(w), item, w.members[member].group, what] += 1


@rule
def period_of(w):
    """Return the month that is under way; the last one takes in the end."""
    return min(int(w.clock[0].time), w.counts.shape[0] - 1)


@rule
def note_access(w, item, member, form):
    """Count a member for each class that it can use from now on for the first time, in a form and at all."""
    row = w.items[item]
    if row.klass < 0 or not gives_use(row.kind):
        return
    person = w.persons[member]
    if form == FORM.API:
        person.has_api = max(person.has_api, row.klass)
    else:
        person.has_weights = max(person.has_weights, row.klass)
    if form == FORM.OPEN:
        count_classes(w, member, form, person.open, row.klass)
        person.open = max(person.open, row.klass)
    elif form == FORM.LICENSED:
        count_classes(w, member, form, person.licensed, row.klass)
        person.licensed = max(person.licensed, row.klass)
    else:
        count_classes(w, member, form, person.api, row.klass)
        person.api = max(person.api, row.klass)
    count_classes(w, member, FORM.ANY, person.best, row.klass)
    person.best = max(person.best, row.klass)


@rule
def count_classes(w, member, form, before, klass):
    """Count a member for the classes above ``before``, up to one that it can use from now on."""
    group = w.members[member].group
    for lower in range(before + 1, klass + 1):
        w.people[period_of(w), form, lower, group] += 1


@rule
def note_what_is_left(w, member):
    """Reckon anew which class a member has the use of, after it has lost something."""
    person = w.persons[member]
    person.has_weights, person.has_api = -1, -1
    for item in range(w.crowd[0].items):
        row = w.items[item]
        stage = w.stages[item * len(w.members) + member]
        if not gives_use(row.kind):
            continue
        if stage == STAGE.USES_API:
            person.has_api = max(person.has_api, row.klass)
        elif stage == STAGE.USES_OPEN or stage == STAGE.USES_LICENSED:
            person.has_weights = max(person.has_weights, row.klass)
