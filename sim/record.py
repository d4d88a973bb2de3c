"""Writing the event log: one row per event, each with the row that enabled it."""

from __future__ import annotations

from agents.rule import rule
from sim.tables import LOG_FULL


@rule
def record(w, what, actor, cause):
    """Append an event at the present time and return its row; the caller fills in the rest.

    When the log is full the run is marked so, and the last row is overwritten: the caller of the
    run sees the mark, makes the log larger and runs again.
    """
    clock = w.clock[0]
    row = clock.events
    if row >= len(w.events):
        clock.status = LOG_FULL
        row = len(w.events) - 1
    else:
        clock.events += 1
    event = w.events[row]
    event.time = clock.time
    event.amount = 0.0
    event.usd = 0.0
    event.draw = 0.0
    event.what = what
    event.actor = actor
    event.klass = -1
    event.reached = -1
    event.kind = -1
    event.artifact = -1
    event.project = -1
    event.source = -1
    event.via = 0
    event.mechanism = 0
    event.bound = 0
    event.motive = -1
    event.cause = cause
    return row
