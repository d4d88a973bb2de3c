"""Networks from graphs of networkx and rustworkx, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sim.errors import UserError, not_found
from sim.networks.bounds import check_memory
from sim.networks.network import Network
from sim.networks.reading import MEANINGS, network_of_columns
from sim.networks.specs import TIE_KINDS
from sim.networks.tabular import Column, Columns, assign

ATTRIBUTES = {meaning: names for meaning, names in MEANINGS.items() if meaning not in ("from", "to")}


def of_graph(
    graph: Any,
    directed: bool | None = None,
    *,
    kind: str = "collaboration",
    columns: Mapping[str, str] | None = None,
    ignore: Sequence[str] = (),
    start: str | None = None,
) -> Network:
    """Return the network of a networkx or rustworkx graph, with its nodes in their order there.

    What ties say of themselves is read as the columns of a file are (``sim.networks.read``): attributes
    strength or weight, kind or type, since, until. In a rustworkx graph what an edge carries is None, a
    number (the strength) or a dictionary.

    directed: may be left out; where it is said and the graph says otherwise, that is an error.

    Raises UserError as ``read`` does; a row is the place of an edge in the graph's own order.
    """
    where = f"<{type(graph).__module__.partition('.')[0]} graph>"
    if not hasattr(graph, "number_of_edges") and not hasattr(graph, "edge_list"):
        raise UserError(f"{type(graph).__name__} is not a graph of networkx or rustworkx")
    if kind not in TIE_KINDS:
        raise UserError(f"{where}: kind: {not_found('kind of tie', kind, TIE_KINDS)}")
    read = _of_rustworkx if hasattr(graph, "edge_list") else _of_networkx
    says, count, edges = (
        (graph.is_directed(), graph.number_of_nodes(), graph.number_of_edges())
        if read is _of_networkx
        else (type(graph).__name__ == "PyDiGraph", graph.num_nodes(), graph.num_edges())
    )
    check_directed(where, directed, says)
    check_memory(where, count, edges * (1.0 if says else 2.0), "take a sample of its nodes", attributes=1)
    if count == 0:
        raise UserError(f"{where}: has no nodes")
    names, a, b, told = read(graph)
    found = {"from": a, "to": b} | _attributes(where, told, columns, ignore, kind)
    by_meaning = {meaning: Column(Path(where), meaning, values) for meaning, values in found.items()}
    network = network_of_columns(Columns(Path(where), len(a), by_meaning), count, says, kind, start)
    numbered = all(type(name) is int and name == place for place, name in enumerate(names))
    return Network(**{**vars(network), "names": None if numbered else tuple(map(str, names))})


def check_directed(where: str, wanted: bool | None, says: bool) -> None:
    """Raise UserError where somebody wants ties read in another way than a graph says."""
    if wanted is not None and wanted != says:
        word = "directed" if says else "not directed"
        cure = "turn it into one that is not (each pair once)" if says else "turn it into a directed one"
        raise UserError(f"{where}: says that its ties are {word}; leave 'directed' out, or {cure}")


def to_networkx(network: Network):
    """Return a network as a networkx graph (a multigraph where two nodes share several ties)."""
    import networkx

    a, b = network.sources, network.neighbours
    keep = slice(None) if network.directed else a < b
    a, b = a[keep], b[keep]
    several = len(a) > 0 and bool(np.any((np.diff(a) == 0) & (np.diff(b) == 0)))
    kinds = {(False, False): "Graph", (True, False): "DiGraph",
             (False, True): "MultiGraph", (True, True): "MultiDiGraph"}  # fmt: skip
    graph = getattr(networkx, kinds[network.directed, several])()
    names = range(network.nodes) if network.names is None else network.names
    graph.add_nodes_from(names)
    told = {}
    for name in ("strength", "since", "until"):
        if getattr(network, name) is not None:
            told[name] = getattr(network, name)[keep].tolist()
    if network.kind is not None:
        told["kind"] = [network.kinds[code] for code in network.kind[keep]]
    pairs = zip(a.tolist(), b.tolist(), strict=True)
    if network.names is not None:
        pairs = ((names[x], names[y]) for x, y in pairs)
    if told:
        rows = (dict(zip(told, row, strict=True)) for row in zip(*told.values(), strict=True))
        graph.add_edges_from((*pair, row) for pair, row in zip(pairs, rows, strict=True))
    else:
        graph.add_edges_from(pairs)
    return graph


def _of_networkx(graph):
    import pyarrow as pa

    names = list(graph.nodes)
    place = {name: at for at, name in enumerate(names)}
    rows = list(graph.edges(data=True))
    a = pa.chunked_array([pa.array([place[row[0]] for row in rows], pa.int64())])
    b = pa.chunked_array([pa.array([place[row[1]] for row in rows], pa.int64())])
    return names, a, b, [row[2] for row in rows]


def _of_rustworkx(graph):
    import pyarrow as pa

    indices = list(graph.node_indices())
    place = {index: at for at, index in enumerate(indices)}
    names = [index if name is None else name for index, name in zip(indices, graph.nodes(), strict=True)]
    ends = [(place[a], place[b]) for a, b in graph.edge_list()]
    told = [_payload(value) for value in graph.edges()]
    a, b = ([end[at] for end in ends] for at in (0, 1))
    return (names, pa.chunked_array([pa.array(a, pa.int64())]),
            pa.chunked_array([pa.array(b, pa.int64())]), told)  # fmt: skip


def _payload(value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    return value if isinstance(value, dict) else {"strength": value}


def not_said(kind: str) -> dict[str, Any]:
    """Return what an edge of a graph is that does not say something which others say."""
    return {"strength": 1.0, "kind": kind}


def _attributes(where: str, told: list[dict], columns, ignore, kind: str) -> dict[str, Any]:
    """Return meaning -> values of the edges."""
    import pyarrow as pa

    names: dict[str, None] = {}
    for row in told:
        if row:
            names.update(dict.fromkeys(row))
    named = assign(where, list(names), ATTRIBUTES, (), columns, ignore)
    found = {}
    for meaning, name in named.items():
        values = [row.get(name, not_said(kind).get(meaning)) for row in told]
        try:
            found[meaning] = pa.chunked_array([pa.array(values)])
        except (pa.ArrowInvalid, pa.ArrowTypeError):  # numbers and texts together
            found[meaning] = pa.chunked_array([pa.array([None if v is None else str(v) for v in values])])
    return found
