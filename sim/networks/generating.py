"""From a specification to a network: ``generate``. The same network for the same specification and seed.

Who is who is not shuffled: in a Barabasi-Albert network the first nodes are the hubs, the nodes of a block
stand together. A population that should not go by that deals its members out itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from agents.rule import rule
from sim.errors import UserError
from sim.luck import name_hash
from sim.networks import specs
from sim.networks.bounds import Place
from sim.networks.degrees import configure
from sim.networks.drawing import add, chosen, draw, draws, empty_set, holds, key_of, normals, remove
from sim.networks.grouping import group
from sim.networks.network import Network, Ties, network_of


def generate(
    spec: specs.NetworkSpec | Mapping[str, Any],
    nodes: int,
    seed: int,
    folder: str | Path | None = None,
    where: str = "network",
) -> Network:
    """Return the network of a specification; the same for the same seed on every machine.

    spec: one of ``sim.networks.specs``, or the same as plain data ({"generator": "barabasi-albert", ...}).
    folder: where relative paths of a specification start from; the working folder if None.
    where: file and dotted path of the specification, for messages.

    Raises UserError where there is no such network, and where it would not fit into memory.

    >>> network = generate({"generator": "barabasi-albert", "attached": 2}, nodes=100, seed=1)
    >>> network.nodes, network.ties
    (100, 392)
    """
    if isinstance(spec, Mapping):
        spec = _checked(spec, where)
    if nodes < 1:
        raise UserError(f"{where}: a network of {nodes} nodes; at least 1 is needed")
    if isinstance(spec, specs.FromFile):
        from sim.networks.reading import read

        path = Path(folder or ".") / spec.path
        more = {"columns": spec.columns, "ignore": spec.ignore, "start": spec.start}
        return read(path, nodes, spec.directed, kind=spec.kind, **more)
    a, b = _GENERATORS[type(spec)](spec, nodes, seed, Place(where, folder))
    return network_of(_dressed(spec, a, b, seed), nodes, directed=False)


def _checked(raw: Mapping[str, Any], where: str) -> specs.Spec:
    from sim.scenario import problem_of

    try:
        return TypeAdapter(specs.NetworkSpec).validate_python(dict(raw))
    except ValidationError as error:
        problems = [problem_of(detail) for detail in error.errors()]
        raise UserError("\n".join(f"{where}.{problem}" for problem in problems)) from None


def _dressed(spec: specs.Generated, a: np.ndarray, b: np.ndarray, seed: int) -> Ties:
    """Return rows of ties with the kinds and strengths that a specification gives them."""
    kinds = tuple(kind for kind, share in spec.kinds.items() if share > 0.0)
    kind = strength = None
    if len(kinds) > 1:
        bounds = np.cumsum([spec.kinds[name] for name in kinds])[:-1]
        kind = np.searchsorted(bounds, draws(seed, "kinds", len(a)), side="right").astype(np.uint8)
    if spec.strength_spread > 0.0:
        spread = normals(draws(seed, "strengths", len(a))) * spec.strength_spread
        strength = (spec.strength * np.exp(spread)).astype(np.float32)
    elif spec.strength != 1.0:
        strength = np.full(len(a), spec.strength, np.float32)
    return Ties(a, b, strength, kind, kinds)


def _barabasi_albert(spec: specs.BarabasiAlbert, nodes: int, seed: int, place: Place):
    place.at_most("attached", spec.attached, nodes - 1, nodes, "ties of each newcomer")
    place.check("attached", nodes, float(spec.attached) * (nodes - spec.attached))
    return _attach(np.uint64(seed), name_hash("network", "attached"), nodes, spec.attached)


@rule
def _attach(seed, part, nodes, attached):
    rows = attached * (nodes - attached)
    a, b = np.empty(rows, np.int32), np.empty(rows, np.int32)
    for row in range(attached):  # a star: the first newcomer meets all who are there
        a[row], b[row] = attached, row
    row = attached
    for node in range(attached + 1, nodes):
        begin, tries = row, 0
        while row < begin + attached:
            end = int(draw(seed, part, node, tries) * (2 * begin))  # one of all ends of ties so far
            tries += 1
            other = a[end] if end < begin else b[end - begin]
            known = False
            for earlier in range(begin, row):
                known = known or b[earlier] == other
            if not known:
                a[row], b[row] = node, other
                row += 1
    return a, b


def _watts_strogatz(spec: specs.WattsStrogatz, nodes: int, seed: int, place: Place):
    place.at_most("neighbours", spec.neighbours, (nodes - 1) // 2 * 2, nodes, "neighbours")
    place.check("neighbours", nodes, float(nodes) * spec.neighbours / 2)
    part = name_hash("network", "rewired")
    return _rewire(np.uint64(seed), part, nodes, spec.neighbours // 2, float(spec.rewired))


@rule
def _rewire(seed, part, nodes, reach, rewired):
    a, b = np.empty(nodes * reach, np.int32), np.empty(nodes * reach, np.int32)
    degree = np.full(nodes, 2 * reach)
    table = empty_set(nodes * reach)
    for step in range(reach):
        for node in range(nodes):
            a[step * nodes + node], b[step * nodes + node] = node, (node + step + 1) % nodes
            add(table, key_of(node, (node + step + 1) % nodes, nodes))
    for row in range(len(a)):
        node, tries = int(a[row]), 1
        if draw(seed, part, row, 0) >= rewired or degree[node] >= nodes - 1:
            continue
        other = node
        while other == node or holds(table, key_of(node, other, nodes)):
            other = int(draw(seed, part, row, tries) * nodes)
            tries += 1
        remove(table, key_of(node, int(b[row]), nodes))
        add(table, key_of(node, other, nodes))
        degree[b[row]] -= 1
        degree[other] += 1
        b[row] = other
    return a, b


def _erdos_renyi(spec: specs.ErdosRenyi, nodes: int, seed: int, place: Place):
    probability = spec.probability
    if probability is None:
        place.at_most("degree", spec.degree, nodes - 1, nodes, "ties of a node")
        probability = spec.degree / (nodes - 1) if nodes > 1 else 0.0
    pairs = nodes * (nodes - 1) // 2
    place.check("degree" if spec.probability is None else "probability", nodes, pairs * probability)
    return _pair(chosen(seed, "ties", pairs, probability))


def _complete(spec: specs.Complete, nodes: int, seed: int, place: Place):
    pairs = nodes * (nodes - 1) // 2
    place.check("generator", nodes, pairs)
    return _pair(np.arange(pairs))


def _pair(places: np.ndarray):
    """Return the pairs (a > b) at places of the list (1, 0), (2, 0), (2, 1), (3, 0), ..."""
    a = ((1.0 + np.sqrt(8.0 * places + 1.0)) / 2.0).astype(np.int64)
    a -= a * (a - 1) // 2 > places  # the root may have been rounded up, or down
    a += (a + 1) * a // 2 <= places
    return a.astype(np.int32), (places - a * (a - 1) // 2).astype(np.int32)


def _stochastic_block(spec: specs.StochasticBlock, nodes: int, seed: int, place: Place):
    ends = np.round(np.cumsum(spec.blocks) * nodes).astype(np.int64)
    ends[-1] = nodes
    begins = np.concatenate([[0], ends[:-1]])
    sizes = ends - begins
    among = [[int(m) * int(n) if i > j else int(m) * (int(m) - 1) // 2 for j, n in enumerate(sizes[: i + 1])]
             for i, m in enumerate(sizes)]  # fmt: skip
    expected = sum(
        pairs * spec.probability[i][j] for i, row in enumerate(among) for j, pairs in enumerate(row)
    )
    place.check("probability", nodes, expected)
    rows = []
    for i, row in enumerate(among):
        for j, pairs in enumerate(row):
            found = chosen(seed, f"block {i} {j}", pairs, spec.probability[i][j])
            a, b = _pair(found) if i == j else (found // max(1, sizes[j]), found % max(1, sizes[j]))
            rows.append(((a + begins[i]).astype(np.int32), (b + begins[j]).astype(np.int32)))
    return tuple(np.concatenate(side) for side in zip(*rows, strict=True))


_GENERATORS: dict[type, Callable] = {
    specs.BarabasiAlbert: _barabasi_albert,
    specs.WattsStrogatz: _watts_strogatz,
    specs.Communities: group,
    specs.StochasticBlock: _stochastic_block,
    specs.Configuration: configure,
    specs.ErdosRenyi: _erdos_renyi,
    specs.Complete: _complete,
}
