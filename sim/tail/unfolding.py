"""What happens in the tail, in which order, between two events of the named actors."""

from __future__ import annotations

import math

import numpy as np

from agents.rule import rule, rule_where
from sim.queue import next_due
from sim.tables import RUNNING
from sim.tail.agenda import empty_agenda, next_entry, take_entry
from sim.tail.giving import give, show
from sim.tail.tables import DUE
from sim.tail.ties import is_complex
from sim.tail.uptake import next_arrival, queue_stream
from sim.tail.using import afford, leave, reach, use


@rule
def nothing_in_tail(w):
    """In a world without populations nothing is ever due there."""
    return math.inf


@rule_where("populated", nothing_in_tail)
def next_in_tail(w):
    """Return the time of what is due next in the tail; inf: nothing."""
    return next_entry(w)


@rule
def no_tail(w, before, until):
    """In a world without populations nothing happens there."""


@rule_where("populated", no_tail)
def advance_tail(w, before, until):
    """Let happen what is due in the tail up to ``until``, and before what is due among the named actors."""
    clock = w.clock[0]
    while clock.status == RUNNING:
        time = next_entry(w)
        if time > until or time >= before:
            return
        clock.time = time
        row = take_entry(w)
        entry = w.entries[row]
        what, item, member = entry.what, np.int64(entry.thing), np.int64(entry.member)
        via, cause = np.int64(entry.via), np.int64(entry.cause)  # a rule is compiled for each type of number
        if what == DUE.REACH:
            strength = float(w.entry_strength[row]) if len(w.entry_strength) > 0 else 1.0
            reach(w, item, member, via, strength, cause)
        elif what == DUE.USE:
            use(w, item, member, via, cause)
        elif what == DUE.LEAVE:
            leave(w, item, member, cause)
        elif what == DUE.AFFORD:
            afford(w, item, member, via, cause)
        elif what == DUE.ARRIVE:
            stream = w.streams[member]
            if stream.queued == time:  # else its pace has changed
                if stream.time > time:
                    queue_stream(w, member)
                else:
                    reach(w, item, next_arrival(w, member), w.items[item].via, 0.0, w.items[item].cause)
        elif what == DUE.SHOW:
            show(w, item, member, cause)
        elif what == DUE.GIVE:
            give(w, item, member, cause)
        before = min(before, next_due(w))


@rule
def nothing_to_lay_out(w):
    """A world without populations has no tail to lay out."""


@rule_where("populated", nothing_to_lay_out)
def reset_tail(w):
    """Lay out the tail of a run: nothing is out yet, and nobody uses anything."""
    crowd = w.crowd[0]
    crowd.items, crowd.streams, crowd.events = 0, 0, 0
    crowd.complex = 0
    for population in range(len(w.populations)):
        if is_complex(w, population):
            crowd.complex = 1
    empty_agenda(w)
    for member in range(len(w.members)):
        person = w.persons[member]
        person.open, person.licensed, person.api, person.best = -1, -1, -1, -1
        person.has_weights, person.has_api = -1, -1
    for period in range(w.people.shape[0]):
        for form in range(w.people.shape[1]):
            for klass in range(w.people.shape[2]):
                for group in range(w.people.shape[3]):
                    w.people[period, form, klass, group] = 0
