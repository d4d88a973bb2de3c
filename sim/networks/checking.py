"""Rows of ties that somebody gave: checked, then made a network."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from agents.rule import rule
from sim.errors import UserError
from sim.networks.network import Network, Ties, arrange

ALWAYS, NEVER = -np.inf, np.inf


def checked_network(
    ties: Ties,
    nodes: int,
    directed: bool,
    names: Sequence[str] | None,
    refuse: Callable[[int, str], UserError],
) -> Network:
    """Return the network of ties that somebody gave.

    refuse: makes the error for a row (counted from 0), with its place in words.

    Raises UserError for a tie of a node to itself, a strength or a period that cannot be, a tie that is
    there twice.
    """

    def name(node: int):
        return str(node) if names is None else repr(names[node])

    loops = np.flatnonzero(ties.a == ties.b)
    if len(loops):
        row = int(loops[0])
        raise refuse(row, f"a tie of {name(ties.a[row])} to itself; leave it out")
    if ties.strength is not None:
        wrong = np.flatnonzero(~((ties.strength >= 0.0) & (ties.strength < np.inf)))
        if len(wrong):
            row = int(wrong[0])
            raise refuse(
                row,
                f"a strength of {ties.strength[row]:g} is out of bounds: must be at least 0 and finite "
                f"(ratio; 1 is the normal flow)",
            )
    if ties.since is not None or ties.until is not None:
        since = np.full(len(ties.a), ALWAYS) if ties.since is None else ties.since
        until = np.full(len(ties.a), NEVER) if ties.until is None else ties.until
        wrong = np.flatnonzero(~(since < until))
        if len(wrong):
            row = int(wrong[0])
            raise refuse(row, f"since ({since[row]:g} months) must lie before until ({until[row]:g} months)")
    first, neighbours, row_of = arrange(ties.a, ties.b, nodes, directed, keep=True)
    nothing = np.empty(0, np.float32)
    kind = np.empty(0, np.uint8) if ties.kind is None else ties.kind
    since = nothing if ties.since is None else ties.since
    until = nothing if ties.until is None else ties.until
    earlier, later = _double(first, neighbours, row_of, kind, since, until)
    if later >= 0:
        told = (
            f"the tie of {name(ties.a[later])} and {name(ties.b[later])} stands in row {earlier + 1} already"
        )
        if ties.a[earlier] != ties.a[later]:
            told += ", the other way round; are ties directed? then say directed=True"
        else:
            told += "; leave one out"
        raise refuse(later, told)
    arrays = {name: None if values is None else values[row_of] for name, values in
              (("strength", ties.strength), ("kind", ties.kind), ("since", ties.since),
               ("until", ties.until))}  # fmt: skip
    return Network(first, neighbours, kinds=ties.kinds, names=names, directed=directed, **arrays)


@rule
def _double(first, neighbours, row_of, kind, since, until):
    """Return two rows that are the same tie of the same kind at the same time; (-1, -1) if none are."""
    for node in range(len(first) - 1):
        for place in range(first[node] + 1, first[node + 1]):
            other = place - 1
            while other >= first[node] and neighbours[other] == neighbours[place]:
                later, earlier = row_of[place], row_of[other]
                same = len(kind) == 0 or kind[later] == kind[earlier]
                meet = len(since) == 0 or len(until) == 0 or (
                    since[later] < until[earlier] and since[earlier] < until[later]
                )  # fmt: skip
                if same and meet:
                    return min(earlier, later), max(earlier, later)
                other -= 1
    return -1, -1
