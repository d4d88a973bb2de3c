"""Metrics of members, read off their counts per month: people with access, users, months of use."""

from __future__ import annotations

import math

from agents.rule import rule, rule_where
from sim.tail.tables import COUNT, FORM, FORMS
from sim.words import Word, codes


class Reading(Word):
    """What a metric of members reads; in the order of ``sim.metrics.Statistic``."""

    PEOPLE = 0
    TOOK = 1
    USERS = 2
    USE_MONTHS = 3
    SHUT_OUT = 4
    TOO_POOR = 5


READING = codes(Reading)


@rule
def no_members(w, reading, who, form, klass, until):
    """In a world without populations nobody is counted."""
    return 0.0


@rule_where("populated", no_members)
def read_counts(w, reading, who, form, klass, until):
    """Return a count of members by a time (whole months), in people.

    who: -1 all, a region, or after these a population. form: of use; ANY. klass: a model of it or a higher
    one.
    """
    periods = min(int(math.ceil(until)), w.counts.shape[0])
    total = 0.0
    for group in range(len(w.groups)):
        row = w.groups[group]
        if who >= 0 and who != row.region and who != len(w.regions) + row.population:
            continue
        count = 0.0
        if reading == READING.PEOPLE:
            for period in range(periods):
                count += w.people[period, form, klass, group]
        else:
            for item in range(w.crowd[0].items):
                if w.items[item].klass >= klass:
                    count += read_item(w, reading, item, group, form, periods)
        total += count * w.populations[row.population].stands_for
    return total


@rule
def read_item(w, reading, item, group, form, periods):
    """Return what a reading counts of one item in one group within the first periods."""
    if reading == READING.SHUT_OUT or reading == READING.TOO_POOR:
        what = COUNT.SHUT_OUT if reading == READING.SHUT_OUT else COUNT.TOO_POOR
        count = 0.0
        for period in range(periods):
            count += w.counts[period, item, group, what]
        return count
    total = 0.0
    for one in range(FORMS):
        if form != FORM.ANY and form != one:
            continue
        users, took, months = 0.0, 0.0, 0.0
        for period in range(periods):
            months += users + w.use_months[period, item, group, one]
            came = w.counts[period, item, group, COUNT.TOOK_OPEN + one]
            took += came
            users += came - w.counts[period, item, group, COUNT.LEFT_OPEN + one]
        if reading == READING.TOOK:
            total += took
        elif reading == READING.USERS:
            total += users
        else:
            total += months
    return total
