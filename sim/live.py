"""One run that goes month by month, and whose actors can be changed on the way.

It is the ensemble's run of the same number, bit for bit, as long as nothing is changed. What is
changed is remembered: a run that finds too little room is laid out again with more, and repeats
what was done to it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np

from sim.drawing import draw_inputs
from sim.engine import advance, reset
from sim.ensemble import MOST_RUNS, check_count
from sim.errors import UserError, not_found
from sim.metrics import cells_needed, gather, measure, metric_rows, parse_metric
from sim.planning import look_anew, receive_income
from sim.projects import schedule, settle
from sim.schema import Actor, Policy, Unit
from sim.tables import ENDED, RUNNING, Tables, number_fields
from sim.tail.reading import log_of
from sim.words import Access, ArtifactKind
from sim.world import Compiled, Room, Workspace
from sim.worldview import world_of

# Numbers of an actor that can be changed while it lives -> the table that holds them. Where the
# input is only what the actor starts with, the run's own number is changed.
CHANGEABLE = {
    "people": "state",
    "experience": "state",
    "money": "state",
    **dict.fromkeys(
        ("full_time", "willing_usd", "income_usd", "chips", "security", "grant_usd", "grant_chips"),
        "actors",
    ),
}
_TEAM = ("people", "experience", "full_time")  # a change of these changes the pace of a project
_INPUT = {"money": "money_usd"}  # declared under another name


@dataclass(frozen=True)
class Change:
    """Something that was changed from outside: when, what (a method of ``LiveRun``), and how."""

    month: int
    method: str
    arguments: tuple


class LiveRun:
    """One run of a compiled scenario.

    ``month``: months passed. ``tables``: the tables as they are now, in which every actor has its
    own rows of policies. ``changes``: what was changed so far. Raises UserError for a seed or a
    number of a run out of bounds.
    """

    def __init__(self, compiled: Compiled, seed: int, run: int, draw: bool = True):
        check_count("seed", seed, 0, 2**63 - 1)
        check_count("run", run, 0, MOST_RUNS)
        self.compiled = compiled
        self.seed, self.run = int(seed), int(run)
        self.uncertain = compiled.uncertain if draw else compiled.uncertain[:0]
        self.month = 0
        self.changes: list[Change] = []
        self._lay_out(compiled.room)
        self._make_room_if_needed()

    @property
    def ended(self) -> bool:
        return self.month >= self.compiled.horizon

    @property
    def log(self) -> np.ndarray:
        """A copy of the event log so far."""
        return np.array(log_of(self.tables))

    def advance(self) -> None:
        """Let one month pass; at the horizon nothing happens any more."""
        if self.ended:
            return
        self.month += 1
        advance(self.world, float(self.month))
        self._make_room_if_needed()

    def change_number(self, actor: int, field: str, value: float) -> None:
        """Change a number of an actor (one of ``CHANGEABLE``) from now on.

        What was done and earned so far is booked first, at the old numbers.
        """
        what = f"{self.compiled.actors[actor]}: {field}"
        value = _check_number(what, value, number_fields(Actor)[_INPUT.get(field, field)])
        if value != self.number(actor, field):
            self._change("_set_number", actor, field, value)

    def change_policy(self, actor: int, kind: str, policy: Mapping[str, Any]) -> None:
        """Let an actor follow a policy for one kind of artifact from now on, for good."""
        known = [word.key for word in ArtifactKind]
        if kind not in known:
            raise UserError(not_found("kind of artifact", kind, known))
        checked = _check_policy(kind, policy)
        self._change("_set_policy", actor, int(ArtifactKind[kind.upper()]), *checked)

    def number(self, actor: int, field: str) -> float:
        """Return a number of an actor as it is now."""
        return float(getattr(self.tables, CHANGEABLE[field])[field][actor])

    def policy(self, actor: int, kind: int) -> dict[str, Any] | None:
        """Return the policy that an actor follows now for a kind of artifact; None if it has none."""
        rows = self.tables.policy_rows[actor, kind]
        for row in range(rows["first"], rows["first"] + rows["count"]):
            policy = self.tables.policies[row]
            if policy["from_"] <= self.month < policy["until"]:
                return {
                    "probability": float(policy["probability"]),
                    "delay_months": float(policy["delay_months"]),
                    "access": Access(self.tables.policy_facts[row]["access"]).key,
                }
        return None

    def measure(self, name: str) -> float:
        """Return a metric of the ensemble (``lag_3``, ``n_dev[big]``) for the log so far."""
        compiled = self.compiled
        row = metric_rows([parse_metric(name, compiled)])[0]
        times = np.empty((3, len(compiled.actors), len(compiled.classes)))
        tables = self.tables
        needed = cells_needed(len(compiled.actors), len(tables.projects), len(tables.artifacts))
        cells = np.empty(needed, np.int64)
        gather(self.world, times[0], times[1], times[2])
        return float(measure(self.world, row, times[0], times[1], times[2], cells))

    def _change(self, method: str, *arguments) -> None:
        if self.ended:
            raise UserError(f"the run has ended (month {self.month}): nothing can be changed any more")
        self.changes.append(Change(self.month, method, arguments))
        getattr(self, method)(*arguments)
        self._make_room_if_needed()

    def _set_number(self, actor: int, field: str, value: float) -> None:
        state = self.tables.state[actor]
        project = state["project"]
        if field == "income_usd":
            receive_income(self.world, actor)
        if field in _TEAM and project >= 0:
            settle(self.world, project)
        before = self.number(actor, field)
        getattr(self.tables, CHANGEABLE[field])[field][actor] = value
        if field == "money":  # the books still balance: it came in, as income does
            state["income"] += value - before
        elif field == "people":
            state["moved_in"] += max(0.0, value - before)
            state["moved_out"] += max(0.0, before - value)
        if field in _TEAM and project >= 0:
            schedule(self.world, project)
        look_anew(self.world, actor)

    def _set_policy(self, actor: int, kind: int, probability: float, delay: float, access: int) -> None:
        rows = self.tables.policy_rows[actor, kind]
        rows["count"] = 1
        policy = self.tables.policies[rows["first"]]
        policy["probability"], policy["delay_months"] = probability, delay
        policy["from_"], policy["until"] = -math.inf, math.inf
        self.tables.policy_facts[rows["first"]]["access"] = access

    def _make_room_if_needed(self) -> None:
        while self.tables.clock[0].status not in (RUNNING, ENDED):
            self._lay_out(self.room.larger(self.tables.clock[0].status))
            self._repeat()

    def _repeat(self) -> None:
        """Do again what was done so far, in the same order."""
        month = 0
        for change in self.changes:
            if change.month > month:
                month = change.month
                advance(self.world, float(month))
            getattr(self, change.method)(*change.arguments)
        if self.month > month:
            advance(self.world, float(self.month))

    def _lay_out(self, room: Room) -> None:
        """Lay out the run at month 0, with a certain room."""
        self.room = room
        workspace = Workspace(self.compiled, room)
        seed, run = np.uint64(self.seed), np.uint64(self.run)
        draw_inputs(workspace.world, self.uncertain, seed, run, np.empty(len(self.uncertain)))
        self.tables = with_own_policies(workspace.tables)
        self.world = world_of(self.tables)
        reset(self.world, seed, run, self.compiled.horizon)


def with_own_policies(tables: Tables) -> Tables:
    """Return tables in which no two actors share a row of policies, and each has room for its own.

    In a scenario all actors of a kind may share one row; here a change of one changes no other.
    """
    shared = tables.policy_rows
    room = np.maximum(1, shared["count"] + shared["kind_count"])
    rows = shared.copy()
    rows["first"] = (np.cumsum(room) - room.ravel()).reshape(room.shape)
    policies = np.zeros(int(room.sum()), tables.policies.dtype).view(np.recarray)
    facts = np.zeros(int(room.sum()), tables.policy_facts.dtype).view(np.recarray)
    rows["count"], rows["kind_count"] = shared["count"] + shared["kind_count"], 0
    for cell in np.ndindex(shared.shape):
        place = int(rows[cell]["first"])
        for first, count in (("first", "count"), ("kind_first", "kind_count")):
            old, many = int(shared[cell][first]), int(shared[cell][count])
            policies[place : place + many] = tables.policies[old : old + many]
            facts[place : place + many] = tables.policy_facts[old : old + many]
            place += many
    return tables._replace(policies=policies, policy_facts=facts, policy_rows=rows)


def _check_number(what: str, value: Any, unit: Unit) -> float:
    """Return a number within the bounds of its unit; raise UserError for anything else."""
    number = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or not unit.minimum <= value <= unit.maximum:
        allowed = f"at least {unit.minimum:g}"
        if unit.maximum < math.inf:
            allowed = f"from {unit.minimum:g} to {unit.maximum:g}"
        raise UserError(f"{what} = {value!r}: must be a number, {allowed} ({unit.name})")
    return float(value)


def _check_policy(kind: str, policy: Mapping[str, Any]) -> tuple[float, float, int]:
    """Return (probability, delay in months, Access) of a policy; raise UserError if it is none."""
    units = number_fields(Policy)
    allowed = ("probability", "delay_months", "access")
    for key in policy:
        if key not in allowed:
            raise UserError(f"policy for {kind}: {not_found('key', key, allowed)}")
    if "probability" not in policy:
        raise UserError(f"policy for {kind}: probability is missing")
    probability, delay = (
        _check_number(f"policy for {kind}: {key}", policy.get(key, 0.0), units[key])
        for key in ("probability", "delay_months")
    )
    ways = get_args(Policy.model_fields["access"].annotation)
    access = policy.get("access", "open")
    if access not in ways:
        raise UserError(f"policy for {kind}: {not_found('access', access, ways)}")
    return probability, delay, int(Access[access.upper()])
