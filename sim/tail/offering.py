"""A release comes before the populations: from then on it reaches members, lazily."""

from __future__ import annotations

import numpy as np

from agents.rule import rule, rule_where
from sim.tables import ITEMS_FULL
from sim.tail.agenda import put
from sim.tail.booking import period_of
from sim.tail.tables import COUNT, DUE, STAGE
from sim.tail.ties import NOBODY_NEAR
from sim.tail.uptake import close_streams, open_streams, takes
from sim.tail.using import lose
from sim.words import ACCESS


@rule
def nobody_to_offer(w, artifact, cause):
    """In a world without populations a release reaches named actors only."""


@rule_where("populated", nobody_to_offer)
def offer(w, artifact, cause):
    """Something was released, or is under other terms from now on: it begins to reach members."""
    clock, crowd = w.clock[0], w.crowd[0]
    made = w.artifacts[artifact]
    if not wanted(w, made.kind):
        return
    item = item_of(w, artifact)
    if item < 0:
        item = crowd.items
        if item >= len(w.items):
            clock.status = ITEMS_FULL
            return
        crowd.items += 1
        lay_out_item(w, item, artifact)
    row = w.items[item]
    row.access, row.via, row.cause = made.access, made.via, cause
    close_streams(w, item)
    row.wave += 1
    open_streams(w, item)
    if row.wave == 1:
        for stream in range(crowd.streams):
            if w.streams[stream].thing == item:
                group = w.streams[stream].group
                w.counts[period_of(w), item, group, COUNT.UNABLE] += (
                    w.groups[group].count - w.streams[stream].count
                )
        for place in range(len(w.origins)):
            put(w, clock.time, DUE.REACH, item, w.origins[place], row.via, 0.0, cause)


@rule
def nobody_to_lose(w, artifact):
    """In a world without populations nobody loses what is withdrawn."""


@rule_where("populated", nobody_to_lose)
def take_back(w, artifact):
    """Something was withdrawn: it reaches nobody any more, and what was used at arm's length is lost."""
    item = item_of(w, artifact)
    if item < 0:
        return
    row = w.items[item]
    row.access = ACCESS.CLOSED
    close_streams(w, item)
    lose(w, item)


@rule
def wanted(w, kind):
    """Return whether any population takes up artifacts of a kind."""
    for population in range(len(w.population_facts)):
        if takes(w, population, kind):
            return True
    return False


@rule
def item_of(w, artifact):
    """Return the item that an artifact is; -1: none."""
    for item in range(w.crowd[0].items):
        if w.items[item].artifact == artifact:
            return item
    return -1


@rule
def lay_out_item(w, item, artifact):
    """Note a new item, which has reached nobody."""
    made, row = w.artifacts[artifact], w.items[item]
    row.artifact, row.key, row.kind, row.klass, row.owner = (
        artifact,
        made.key,
        made.kind,
        made.klass,
        made.owner,
    )
    row.wave, row.turn, row.gifts, row.given = 0, 0.0, 0, 0
    members = len(w.members)
    for cell in range(item * members, (item + 1) * members):
        w.stages[cell] = STAGE.UNREACHED
        w.nearing[cell] = NOBODY_NEAR
    if len(w.heard) > 0:
        for cell in range(item * members, (item + 1) * members):
            w.heard[cell] = np.float32(0.0)
    for period in range(w.counts.shape[0]):
        for group in range(len(w.groups)):
            for what in range(w.counts.shape[3]):
                w.counts[period, item, group, what] = 0
            for form in range(w.use_months.shape[3]):
                w.use_months[period, item, group, form] = 0.0
