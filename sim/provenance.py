"""Where a model's know-how, and where a scenario's numbers, came from; and how far two of them overlap."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from sim.paths import join_path, quantities
from sim.words import Event

if TYPE_CHECKING:
    from sim.result import Result
    from sim.scenario import Scenario

_CLAIM = re.compile(r"claim:([a-z0-9]+(?:-[a-z0-9]+)+)")
_WORD = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+")


def ingredients(log: np.ndarray, project: int) -> set[int]:
    """Return the artifacts that the maker of a model had when it was trained: made or learned by then."""
    ended = log[(log["project"] == project) & np.isin(log["what"], (Event.TRAINED, Event.UNDERTRAINED))]
    if not len(ended):
        return set()
    row = ended[0]
    mine = log[(log["actor"] == row["actor"]) & (log["time"] <= row["time"])]
    mine = mine[np.isin(mine["what"], (Event.MADE, Event.LEARNED)) & (mine["project"] != project)]
    return set(mine["artifact"].tolist())


def overlap(result: Result, run: int, first: int, second: int) -> float:
    """Return the share of ingredients that two projects of a run have in common (of those of either)."""
    log = result.logs[run]
    one, other = ingredients(log, first), ingredients(log, second)
    return len(one & other) / len(one | other) if one | other else 0.0


def claims_cited(scenario: Scenario) -> dict[str, list[str]]:
    """Return for each claim that the sources of a scenario's numbers name the paths of those numbers."""
    cited: dict[str, list[str]] = {}
    for parts, _, _, source in quantities(scenario.file):
        for claim in _CLAIM.findall(source or ""):
            cited.setdefault(claim, []).append(join_path(parts))
    return cited


def leaks(scenario: Scenario, targets) -> dict[str, list[str]]:
    """Return the numbers that were set by a claim against which the results are to be held.

    Such a target is no evidence for the model: what comes out went in.
    """
    wanted = set(targets)
    found: dict[str, list[str]] = {}
    for parts, _, _, source in quantities(scenario.file):
        for claim in wanted.intersection(_WORD.findall(source or "")):  # however the source names it
            found.setdefault(claim, []).append(join_path(parts))
    return dict(sorted(found.items()))
