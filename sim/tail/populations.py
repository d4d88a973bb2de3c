"""From a scenario to members and their network: drawn once, by the scenario's own seed, for all runs."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import numpy as np

from sim.errors import UserError, not_found
from sim.luck import name_hash
from sim.networks.specs import files_of, stamp_of
from sim.tail.tables import (
    GROUP,
    MEMBER,
    PASSING_FACTS,
    POPULATION_FACTS,
    TAIL_FACTS,
    empty_facts,
)
from sim.tail.ties import BY_TIE, NOTHING
from sim.words import ArtifactKind, TieKind, Via

MOST_TAIL_EVENTS = 2**27
FIRST_ITEMS = 8
MEMBERS_PER_BUCKET, MOST_BUCKETS = 32, 65536  # of the calendar; measured: 16 and 128 are slower
NO_ROW = 255  # of passing


def facts_of_tail(scenario) -> dict[str, np.ndarray]:
    """Return who the members are and how they are tied, as read-only tables by name."""
    file = scenario.file
    facts = empty_facts()
    if not file.populations:
        return facts
    count = sum(population.members for population in file.populations.values())
    rng = np.random.default_rng(file.tail.seed)
    population = np.repeat(
        np.arange(len(file.populations), dtype=np.uint16), [p.members for p in file.populations.values()]
    )
    if file.tail.dealt == "shuffled" and len(file.populations) > 1:
        population = rng.permutation(population)
    members, groups, roster = _members(file, population, rng)
    network = _network(scenario, count)
    return facts | {
        "members": members.view(np.recarray),
        "groups": groups.view(np.recarray),
        "roster": roster,
        "population_facts": _population_facts(file).view(np.recarray),
        "tail_facts": _tail_facts(file, count, network).view(np.recarray),
        "passing_facts": np.array(
            [(row.fixed, Via.INSIDER + TieKind[kind.upper()]) for kind, row in file.passing.items()],
            PASSING_FACTS,
        ).view(np.recarray),
        "origins": _origins(scenario, network),
        **_ties(file, network, count),
    }


def room_of_tail(scenario, members: int) -> dict[str, int]:
    """Return how many rows the growing tables of the tail begin with."""
    if not members:
        return {}
    thinned = scenario.file.tail.log == "counts"
    return {
        "items": 1
        if len(scenario.file.scripted_artifacts) == 1 and not scenario.file.scripted_projects
        else FIRST_ITEMS,
        "entries": 1024 + members,
        "opened": 1024 + members // 32,
        "tail_events": 1 if thinned else 1024 + 2 * members,
    }


def _members(file, population: np.ndarray, rng) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the rows of MEMBER, the rows of GROUP, and the members by group, the most skilled first."""
    from scipy.special import ndtri

    regions = list(file.regions)
    groups: list[tuple[int, int]] = []
    group = np.zeros(len(population), np.uint16)
    u = rng.random(len(population))
    for place, (_, row) in enumerate(file.populations.items()):
        mine = population == place
        bounds = np.cumsum(list(row.regions.values()))[:-1]
        group[mine] = len(groups) + np.searchsorted(bounds, u[mine], side="right")
        groups += [(place, regions.index(region)) for region in row.regions]
    members = np.zeros(len(population), MEMBER)
    members["population"], members["group"] = population, group
    members["means"] = ndtri(np.clip(rng.random(len(population)), 1e-12, 1.0 - 1e-12))
    for field in ("skill", "eligible", "wants"):
        members[field] = rng.random(len(population), np.float32)
    roster = np.lexsort((-members["skill"], group)).astype(np.int32)
    counts = np.bincount(group, minlength=len(groups))
    first = np.concatenate([[0], np.cumsum(counts)[:-1]])
    names = list(file.populations)
    rows = [
        (name_hash("group", names[p], regions[r]), p, r, first[place], counts[place])
        for place, (p, r) in enumerate(groups)
    ]
    return members, np.array(rows, GROUP), roster


def _population_facts(file) -> np.ndarray:
    rows = []
    for population in file.populations.values():
        bits = sum(1 << int(ArtifactKind[kind.upper()]) for kind in set(population.takes))
        rows.append((bits, population.needs_drawn))
    return np.array(rows, POPULATION_FACTS)


def _tail_facts(file, count: int, network) -> np.ndarray:
    tail = file.tail
    buckets = 256
    while buckets < min(count // MEMBERS_PER_BUCKET, MOST_BUCKETS):
        buckets *= 2
    house = list(file.actors).index(tail.house) if tail.house else -1
    passing = NOTHING
    if network is not None and file.passing:
        passing = BY_TIE
        if network.kind is None or len(network.kinds) == 1:
            passing = (
                list(file.passing).index(network.kinds[0]) if network.kinds[0] in file.passing else NOTHING
            )
    kind = int(ArtifactKind[tail.contribution.upper()])
    listening = any(_may_need_several(row) for row in file.populations.values())
    return np.array([(tail.log == "counts", house, kind, passing, buckets, listening)], TAIL_FACTS)


def _may_need_several(population) -> bool:
    """Return whether a member may need more than one neighbour, as far as intervals go."""
    count, share = population.needs_neighbours, population.needs_share
    most = max(number for number in (count.value, count.high) if number is not None)
    return most > 1.0 or share.value > 0.0 or bool(share.high) or population.needs_drawn


def _ties(file, network, count: int) -> dict[str, np.ndarray]:
    if network is None:
        return {"node_first": np.zeros(count + 1, np.int64)}
    none = np.zeros(0, np.float32)
    ties = {
        "node_first": network.first,
        "neighbours": network.neighbours,
        "tie_strength": none if network.strength is None else network.strength,
        "tie_since": none,
        "tie_until": none,
    }
    if network.since is not None or network.until is not None:
        ties["tie_since"] = _or_full(network.since, network.ties, -np.inf)
        ties["tie_until"] = _or_full(network.until, network.ties, np.inf)
    if network.kind is not None and len(network.kinds) > 1:
        rows = list(file.passing)
        row_of = [rows.index(kind) if kind in rows else NO_ROW for kind in network.kinds]
        ties["tie_passing"] = np.array(row_of, np.uint8)[network.kind]
    if any(_may_need_several(row) for row in file.populations.values()):
        weights = network.strength
        inflow = np.bincount(network.neighbours, weights, minlength=count)
        ties["inflow"] = inflow.astype(np.float32)
    return ties


def _or_full(values, count: int, otherwise: float) -> np.ndarray:
    return np.full(count, otherwise, np.float32) if values is None else values


def _network(scenario, count: int):
    """Return the network of a scenario's populations; the same object for the same network."""
    file = scenario.file
    if file.network is None:
        return None
    where = f"{scenario.origin}: network"
    folder = str(Path(scenario.origin).parent)
    text = json.dumps(file.network.model_dump(mode="json"), sort_keys=True)
    network = _made(text, count, file.tail.seed, folder, _stamp(file.network, folder), where)
    if network.nodes != count:
        raise UserError(
            f"{where}: has {network.nodes:,} nodes, and the populations have {count:,} members; "
            "they must be as many"
        )
    for kind in file.passing:
        if kind not in network.kinds:
            raise UserError(
                f"{scenario.origin}: passing.{kind}: {not_found('kind of tie', kind, network.kinds)}"
            )
    return network


@functools.lru_cache(maxsize=2)
def _made(text: str, count: int, seed: int, folder: str, _stamp: Any, where: str):
    from sim.networks import generate

    return generate(json.loads(text), count, seed, folder, where)


def _stamp(spec, folder: str):
    """Return what changes when a file of a network does."""
    return tuple(stamp_of(path) for path in files_of(spec, folder))


def _origins(scenario, network) -> np.ndarray:
    """Return the nodes that have from the start what is released."""
    count = sum(population.members for population in scenario.file.populations.values())
    names = network.names if network is not None else None
    found = []
    for place, origin in enumerate(scenario.file.tail.origins):
        node = origin
        if names is not None:
            node = {str(name): number for number, name in enumerate(names)}.get(str(origin), -1)
        if not isinstance(node, int) or isinstance(node, bool) or not 0 <= node < count:
            allowed = f"a node of the network: 0 to {count - 1}" if names is None else "a name of a node"
            raise UserError(f"{scenario.origin}: tail.origins.{place}: {origin!r} is not {allowed}")
        found.append(node)
    return np.array(sorted(set(found)), np.int64)
