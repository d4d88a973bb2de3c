"""Several opinions on one number made one interval, in each of the ways that the sources use.

``weighted``: the average of random variables that err independently of each other (a Guesstimate cell).
``together``: the same if all err alike. ``mixture``: one of the opinions is right, with its weight as chance.
``bounds``: centre and bounds averaged one by one. They differ widely; say which one is in use.
"""

from __future__ import annotations

import numpy as np

from sim.errors import UserError, not_found
from sim.schema import Quantity
from sim.uncertain import fit, quantile

WAYS = ("weighted", "together", "mixture", "bounds")
DRAWS = 200_000


def pooled(opinions, weights, way: str = "weighted") -> Quantity:
    """Return the pooled opinion: its median as centre, and its central 90 % (of ``bounds``: as averaged).

    Args:
        opinions: quantities with intervals, as ``sim.schema.read_quantity`` reads them.
        weights: one for each, above 0; only their proportions count.
        way: one of ``WAYS``.

    Raises:
        UserError: for another way, or weights that do not fit the opinions.
    """
    if way not in WAYS:
        raise UserError(not_found("way of pooling", way, WAYS))
    if len(weights) != len(opinions) or not opinions or min(weights) <= 0.0:
        raise UserError(f"weights = {list(weights)!r}: give one above 0 for each of {len(opinions)} opinions")
    parts = np.array(weights, float) / np.sum(weights)
    if way == "bounds":
        bounds = [(opinion.low, opinion.value, opinion.high) for opinion in opinions]
        low, centre, high = map(float, parts @ np.array(bounds))
        return Quantity(centre, low, high, family="normal", source=f"pooled: {way}")
    even = (np.arange(DRAWS) + 0.5) / DRAWS
    columns = [_values(opinion, even) for opinion in opinions]
    shuffle = np.random.default_rng(1)
    if way == "weighted":
        columns = [shuffle.permutation(column) for column in columns]
    if way == "mixture":
        counts = np.round(parts * DRAWS).astype(int)
        picks = [((np.arange(count) + 0.5) * DRAWS / count).astype(int) for count in counts]
        values = np.concatenate([column[pick] for column, pick in zip(columns, picks, strict=True)])
    else:
        values = parts @ np.array(columns)
    low, centre, high = (float(value) for value in np.quantile(values, (0.05, 0.5, 0.95)))
    return Quantity(centre, low, high, family="normal", source=f"pooled: {way}")


def _values(opinion: Quantity, even: np.ndarray) -> np.ndarray:
    family, a, b, c = fit(opinion)
    return np.array([quantile(family, u, a, b, c) for u in even])
