"""A network as flat arrays, and how rows of ties become one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agents.rule import rule


@dataclass(frozen=True, eq=False)
class Network:
    """Who passes something on to whom. A tie from a to b carries what a has to b.

    The ties of node ``i`` stand at ``first[i]`` to ``first[i + 1]``; a tie that is not directed stands with
    both of its nodes. Nothing of it is ever changed.

    first: (nodes + 1) int64. neighbours: (ties) int32, in rising order within a node.
    strength: (ties) float32, share of the normal flow; None: all 1.
    kind: (ties) uint8, place in ``kinds``; None: all of the first of ``kinds``.
    since, until: (ties) float32, months after the start between which a tie holds; None: always.
    names: of the nodes; None: their numbers.
    """

    first: np.ndarray
    neighbours: np.ndarray
    strength: np.ndarray | None = None
    kind: np.ndarray | None = None
    kinds: tuple[str, ...] = ("collaboration",)
    since: np.ndarray | None = None
    until: np.ndarray | None = None
    names: Sequence[str] | None = None
    directed: bool = False

    def __post_init__(self):
        for array in (self.first, self.neighbours, self.strength, self.kind, self.since, self.until):
            if array is not None:
                array.setflags(write=False)

    @property
    def nodes(self) -> int:
        """The number of nodes."""
        return len(self.first) - 1

    @property
    def ties(self) -> int:
        """The number of directed ties: one that is not directed counts twice."""
        return len(self.neighbours)

    @property
    def degrees(self) -> np.ndarray:
        """To how many others each node passes things on, (nodes) int64."""
        return np.diff(self.first)

    @property
    def sources(self) -> np.ndarray:
        """The node that each tie comes from, (ties) int32."""
        return np.repeat(np.arange(self.nodes, dtype=np.int32), self.degrees)

    @property
    def bytes(self) -> int:
        """The memory that the arrays take."""
        arrays = (self.first, self.neighbours, self.strength, self.kind, self.since, self.until)
        return sum(array.nbytes for array in arrays if array is not None)

    def to_networkx(self):
        """Return the network as a networkx graph, with what is known of each tie."""
        from sim.networks.objects import to_networkx

        return to_networkx(self)


@dataclass(frozen=True, eq=False)
class Ties:
    """Rows of ties before they are a network: each tie once, ends as numbers of nodes (int32)."""

    a: np.ndarray
    b: np.ndarray
    strength: np.ndarray | None = None
    kind: np.ndarray | None = None
    kinds: tuple[str, ...] = ("collaboration",)
    since: np.ndarray | None = None
    until: np.ndarray | None = None


def network_of(ties: Ties, nodes: int, directed: bool, names: Sequence[str] | None = None) -> Network:
    """Return the network of ties that were checked (see ``sim.networks.checking``)."""
    told = {name: getattr(ties, name) for name in ("strength", "kind", "since", "until")}
    keep = any(values is not None for values in told.values())
    first, neighbours, row = arrange(ties.a, ties.b, nodes, directed, keep)
    arrays = {name: None if values is None else values[row] for name, values in told.items()}
    return Network(first, neighbours, kinds=ties.kinds, names=names, directed=directed, **arrays)


def arrange(a: np.ndarray, b: np.ndarray, nodes: int, directed: bool, keep: bool):
    """Return (first, neighbours, row of each tie): rows of ties sorted by node, then by neighbour.

    Rows that name the same two nodes stay in their order. ``row`` is empty unless ``keep``.
    """
    a, b = np.ascontiguousarray(a, np.int32), np.ascontiguousarray(b, np.int32)
    return _arrange(a, b, nodes, not directed, keep)


@rule
def _arrange(a, b, nodes, both_ways, keep):
    rows = len(a)
    ties = 2 * rows if both_ways else rows
    first, last = np.zeros(nodes + 1, np.int64), np.zeros(nodes + 1, np.int64)
    for row in range(rows):
        first[a[row] + 1] += 1
        last[b[row] + 1] += 1
        if both_ways:
            first[b[row] + 1] += 1
            last[a[row] + 1] += 1
    for node in range(nodes):
        first[node + 1] += first[node]
        last[node + 1] += last[node]
    # Two passes, each by counting: by the far end, then, in that order, by the near end.
    near, row_of = np.empty(ties, np.int32), np.empty(ties if keep else 0, np.int32)
    free = last.copy()
    for row in range(rows):
        place = free[b[row]]
        free[b[row]] += 1
        near[place] = a[row]
        if keep:
            row_of[place] = row
        if both_ways:
            place = free[a[row]]
            free[a[row]] += 1
            near[place] = b[row]
            if keep:
                row_of[place] = row
    neighbours, sorted_rows = np.empty(ties, np.int32), np.empty(ties if keep else 0, np.int32)
    free = first.copy()
    for far in range(nodes):
        for place in range(last[far], last[far + 1]):
            node = near[place]
            neighbours[free[node]] = far
            if keep:
                sorted_rows[free[node]] = row_of[place]
            free[node] += 1
    return first, neighbours, sorted_rows
