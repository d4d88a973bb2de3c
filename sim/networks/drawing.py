"""Luck of networks: rows of draws, chosen pairs, and sets of ties, as rules.

Draws are ``sim.luck.luck`` with the name of the network's part in the place of the run: the same network
on every machine, whatever else is drawn. A set of ties is an open-addressing table of ``first * nodes +
second``, with the smaller node first.
"""

from __future__ import annotations

import math

import numpy as np

from agents.rule import rule
from sim.luck import luck, name_hash, normal

EMPTY = -1
_U = np.uint64
_SPREAD, _SHIFT = _U(0x9E3779B97F4A7C15), _U(29)


def draws(seed: int, part: str, count: int) -> np.ndarray:
    """Return so many numbers strictly between 0 and 1, for one part of a network."""
    return _draws(_U(seed), name_hash("network", part), count)


def normals(uniform: np.ndarray) -> np.ndarray:
    """Return the standard normal numbers that belong to uniform ones."""
    return _normals(uniform)


def shuffled(values: np.ndarray, seed: int, part: str) -> np.ndarray:
    """Return the values in an order of luck."""
    values = values.copy()
    _shuffle(values, draws(seed, part, len(values)))
    return values


def chosen(seed: int, part: str, pairs: int, probability: float) -> np.ndarray:
    """Return which of so many pairs are tied, each with a probability: rising numbers (int64).

    By geometric leaps (Batagelj, Brandes 2005): the work goes with the ties, not with the pairs.
    """
    if probability <= 0.0 or pairs <= 0:
        return np.empty(0, np.int64)
    if probability >= 1.0:
        return np.arange(pairs)
    expected = pairs * probability
    room = int(expected + 10.0 * math.sqrt(expected) + 100.0)
    return _leap(_U(seed), name_hash("network", part), pairs, math.log1p(-probability), room)


@rule
def draw(seed, part, who, what):
    """Return the luck of one thing of a network."""
    return luck(seed, part, 0, _U(who), _U(what))


@rule
def _draws(seed, part, count):
    values = np.empty(count)
    for place in range(count):
        values[place] = draw(seed, part, place, 0)
    return values


@rule
def _normals(uniform):
    values = np.empty(len(uniform))
    for place in range(len(uniform)):
        values[place] = normal(uniform[place])
    return values


@rule
def _shuffle(values, uniform):
    for place in range(len(values) - 1, 0, -1):
        other = int(uniform[place] * (place + 1))
        kept = values[place]
        values[place] = values[other]
        values[other] = kept


@rule
def _leap(seed, part, pairs, log_missed, room):
    found = np.empty(room, np.int64)
    count, place = 0, -1.0
    while True:
        place += 1.0 + math.floor(math.log(draw(seed, part, count, 0)) / log_missed)
        if place >= pairs or count == room:
            return found[:count].copy()
        found[count] = int(place)
        count += 1


@rule
def empty_set(ties):
    """Return an empty set with room for so many ties."""
    size = 16
    while size < 2 * ties:
        size *= 2
    table = np.empty(size, np.int64)
    table[:] = EMPTY
    return table


@rule
def key_of(a, b, nodes):
    """Return the number of a tie, the same in both directions."""
    return int(min(a, b)) * nodes + int(max(a, b))


@rule
def _place(table, key):
    spread = _U(key) * _SPREAD
    spread = spread ^ (spread >> _SHIFT)
    return np.int64(spread & _U(len(table) - 1))


@rule
def holds(table, key):
    """Return whether a set has a tie."""
    place = _place(table, key)
    while table[place] != EMPTY:
        if table[place] == key:
            return True
        place = (place + 1) & (len(table) - 1)
    return False


@rule
def add(table, key):
    """Put a tie into a set that does not have it."""
    place = _place(table, key)
    while table[place] != EMPTY:
        place = (place + 1) & (len(table) - 1)
    table[place] = key


@rule
def remove(table, key):
    """Take a tie out of a set that has it; those behind it that it kept from their places move up."""
    last = len(table) - 1
    hole = _place(table, key)
    while table[hole] != key:
        hole = (hole + 1) & last
    place = (hole + 1) & last
    while table[place] != EMPTY:
        wanted = _place(table, table[place])
        if ((place - wanted) & last) >= ((place - hole) & last):  # the hole lies on its way
            table[hole] = table[place]
            hole = place
        place = (place + 1) & last
    table[hole] = EMPTY
