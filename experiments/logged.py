"""A run as its log tells it, with nothing simulated again: tables of its artifacts and projects, and words.

What the log does not say is left out: how near an actor that never decided was to deciding, and what
artifacts saved, unless that was kept with the log (``experiments.savings``).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.cuts import Cut, Ledger
from experiments.savings import PARTS
from experiments.why import Reader
from sim.tables import ARTIFACT, PROJECT
from sim.words import Event, Mechanism

if TYPE_CHECKING:
    from sim.result import Result
    from sim.world import Compiled


class LoggedRun:
    """One run of a result whose log was kept; has what ``experiments.wording.Wording`` asks of a replay."""

    kept = True

    def __init__(self, result: Result, run: int):
        self.compiled, self.seed, self.run = result.compiled, result.seed, run
        self.log = result.logs[run]

    @cached_property
    def artifacts(self) -> np.ndarray:
        """The artifacts, in the order in which they were made: key, owner, class, kind, project, insight."""
        made = self.log[self.log["what"] == Event.MADE]
        table = np.zeros(len(made), ARTIFACT)
        table["insight"] = -1
        for mine, its in (("owner", "actor"), ("strength", "amount"), ("made", "time")):
            table[mine] = made[its]
        for name in ("klass", "kind", "project"):
            table[name] = made[name]
        found = self.log[made["cause"]]
        insights = found["what"] == Event.DISCOVERED
        table["insight"][insights] = found["amount"][insights]
        for row in np.flatnonzero((table["project"] < 0) & ~insights):
            table["key"][row] = _given(self.compiled, table, int(row))
        return table

    @cached_property
    def projects(self) -> np.ndarray:
        """The projects, by number: actor; ``script``: 0 where the record gives it, else -1."""
        started = self.log[self.log["what"] == Event.STARTED]
        table = np.zeros(int(started["project"].max(initial=-1)) + 1, PROJECT)
        table["actor"][started["project"]] = started["actor"]
        given = started["mechanism"] == Mechanism.ORIGINAL
        table["script"][started["project"]] = np.where(given, 0, -1)
        return table


def _given(compiled: Compiled, table: np.ndarray, row: int) -> int:
    """Return the key of an artifact that the scenario gives: of those alike, the one nearest its date."""
    facts, file = compiled.facts["artifact_facts"], compiled.scenario.file
    made = table[row]
    alike = [
        place
        for place in range(len(facts))
        if all(facts[name][place] == made[name] for name in ("owner", "kind", "klass"))
        and facts["key"][place] not in table["key"][:row]
    ]
    items = list(file.scripted_artifacts.values())

    def distance(place: int) -> float:
        dates = (items[place].made.value, items[place].published.value)
        return abs(max(0.0, min(dates) - compiled.scenario.start) - float(made["made"]))

    return int(facts["key"][min(alike, key=distance)]) if alike else 0


class LogReader(Reader):
    """Reads a run from its log alone. ``savings``: (project, row of the log) -> what was saved."""

    def __init__(self, logged: LoggedRun, savings: Mapping[tuple[int, int], dict[str, Any]]):
        super().__init__(logged)  # type: ignore[arg-type]
        self.savings = savings

    def books(self, project: int) -> Ledger | None:
        """Return the books of a project as far as they were kept: those artifacts that saved most."""
        rows = [row for (of, _), row in self.savings.items() if of == project]
        if not rows:
            return None
        books = Ledger(project, -1)
        books.done["months"] = rows[0]["project_months"]
        books.full["months"] = rows[0]["project_months_alone"]
        books.cuts = [Cut(row["row"], row["artifact"], **{part: row[part] for part in PARTS}) for row in rows]
        return books

    def undecided(self, actor: int, klass: int) -> tuple[str, list[int], dict[str, Any]]:
        """Say of an actor that never decided whether it knew."""
        name, aware = self.compiled.actors[actor], self.awareness(actor, klass, len(self.log))
        facts = {"binding": "never decided", "knew": aware is not None}
        knew = self.known_since(aware)
        return f"{name} never decided to have {self.title(klass)} by {self.end}. It {knew}.", [], facts
