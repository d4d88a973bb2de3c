"""Ends of ties paired by chance, without loops and double ties: the configuration model.

Ends are paired in an order of luck. What comes out as a loop, a double tie, or a tie that may not be, is
mended by swapping ends with a tie of luck, which leaves every degree as it is.
"""

from __future__ import annotations

import numpy as np

from agents.rule import rule
from sim.luck import name_hash
from sim.networks.drawing import add, draw, draws, empty_set, holds, key_of, remove

TRIES = 400  # swaps tried for one tie before it is left for the next round
ROUNDS = 4
SWAPS_PER_TIE = 10


def pair_ends(degrees: np.ndarray, seed: int, part: str, community: np.ndarray, inside: bool):
    """Return (a, b, bad): ties of nodes with given degrees, and which of them could not be mended.

    degrees: (nodes), with an even sum; with ``inside``, an even sum in each community.
    community: (nodes) int32, in rising order; empty: none.
    inside: ties stay within a community; otherwise (with communities) all of them leave it.
    """
    ends = np.repeat(np.arange(len(degrees), dtype=np.int32), degrees)
    luck_of_order = draws(seed, f"{part}: order", len(ends))
    if inside:
        luck_of_order = luck_of_order + community[ends]  # whole part: the community; it stays in order
    ends = ends[np.argsort(luck_of_order, kind="stable")]
    a, b = ends[0::2].copy(), ends[1::2].copy()
    low, high = np.zeros(0, np.int64), np.zeros(0, np.int64)
    if inside:  # the rows of each community
        of = community[a]
        low, high = np.searchsorted(of, of, side="left"), np.searchsorted(of, of, side="right")
    apart = community if not inside else np.empty(0, np.int32)
    bad = _mend(a, b, len(degrees), np.uint64(seed), name_hash("network", part), apart, low, high)
    return a, b, bad


@rule
def _may_be(a, b, nodes, apart, table):
    if a == b or (len(apart) > 0 and apart[a] == apart[b]):
        return False
    return not holds(table, key_of(a, b, nodes))


@rule
def _swap(row, other, turned, a, b, nodes, apart, table, known):
    """Swap ends of two rows, (a, b), (c, d) to (a, d), (c, b), where both may be; return whether it was done.

    known: whether the first row is in the set; the other one is.
    """
    c, d = a[other], b[other]
    if turned:
        c, d = d, c
    if not _may_be(a[row], d, nodes, apart, table) or not _may_be(c, b[row], nodes, apart, table):
        return False
    first, second = key_of(a[row], d, nodes), key_of(c, b[row], nodes)
    if first == second:
        return False
    if known:
        remove(table, key_of(a[row], b[row], nodes))
    remove(table, key_of(a[other], b[other], nodes))
    add(table, first)
    add(table, second)
    a[other], b[other] = c, b[row]
    b[row] = d
    return True


@rule
def _mend(a, b, nodes, seed, part, apart, low, high):
    rows = len(a)
    table = empty_set(rows)
    bad = np.zeros(rows, np.bool_)
    for row in range(rows):
        if _may_be(a[row], b[row], nodes, apart, table):
            add(table, key_of(a[row], b[row], nodes))
        else:
            bad[row] = True
    mended = bad.sum()
    for turn in range(ROUNDS):
        left = 0
        for row in range(rows):
            if not bad[row]:
                continue
            begin, end = (low[row], high[row]) if len(low) > 0 else (0, rows)
            tries = 0
            while bad[row] and tries < TRIES:
                u = draw(seed, part, row, turn * TRIES + tries) * (end - begin)
                tries += 1
                other = begin + int(u)
                if other != row and not bad[other]:
                    turned = u - int(u) < 0.5
                    bad[row] = not _swap(row, other, turned, a, b, nodes, apart, table, False)
            left += bad[row]
        if left == 0:
            break
    if rows > 0:  # mending favours some networks: the more was mended, the longer luck goes on swapping
        for turn in range(min(SWAPS_PER_TIE, 100 * mended // rows)):
            for row in range(rows):
                begin, end = (low[row], high[row]) if len(low) > 0 else (0, rows)
                u = draw(seed, part, row, ROUNDS * TRIES + turn) * (end - begin)
                other = begin + int(u)
                if other != row and not bad[other] and not bad[row]:
                    turned = u - int(u) < 0.5
                    _swap(row, other, turned, a, b, nodes, apart, table, True)
    return bad
