"""Which inputs have a say: rank association with what the claims measure, beyond what chance would give.

Most inputs move no claim that can be seen. They are not calibrated: they stay at the prior, and every free
input that is none costs the search. Null distribution: the rows of the claims are shuffled, so that nothing
is associated with anything while the claims stay associated among themselves. How many to take: Benjamini
and Hochberg (1995), *Journal of the Royal Statistical Society B* 57, at a false discovery rate of 10 %.

What this cannot see: an input that widens or narrows a claim without moving it up or down, and inputs that
only act together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from experiments.calibration.regression import product

FALSE_DISCOVERIES = 0.1  # share of the inputs found that may be none
SHUFFLES = 200


@dataclass(frozen=True)
class Screen:
    """What the screening found, one entry an input.

    ``association``: the strongest rank correlation with any claim, with its sign. ``claim``: which claim.
    ``chance``: share of shuffles in which an input shows as much. ``free``: found to have a say.
    """

    association: np.ndarray
    claim: np.ndarray
    chance: np.ndarray
    free: np.ndarray


def screen(values: np.ndarray, found: np.ndarray, luck: np.random.Generator) -> Screen:
    """Screen inputs by points of the prior.

    Args:
        values: of the inputs, shape (points, inputs).
        found: what the claims measure there, shape (points, claims); not finite: counts as the largest.
        luck: of the shuffles.
    """
    inputs, claims = standard_ranks(values), standard_ranks(found)
    inputs = np.ascontiguousarray(inputs.T)
    table = product(inputs, claims)
    strongest = np.abs(table).argmax(axis=1)
    association = table[np.arange(len(table)), strongest]
    by_chance = np.concatenate(
        [np.abs(product(inputs, claims[luck.permutation(len(claims))])).max(axis=1) for _ in range(SHUFFLES)]
    )
    by_chance.sort()
    above = len(by_chance) - np.searchsorted(by_chance, np.abs(association) - 1e-12, side="left")
    chance = (above + 1.0) / (len(by_chance) + 1.0)
    return Screen(association, strongest, chance, discoveries(chance, FALSE_DISCOVERIES))


def discoveries(chance: np.ndarray, rate: float) -> np.ndarray:
    """Return which hypotheses Benjamini and Hochberg reject at a false discovery rate.

    >>> discoveries(np.array([0.5, 0.001, 0.03, 0.04]), 0.1).tolist()
    [False, True, True, True]
    """
    order = np.argsort(chance, kind="stable")
    passed = chance[order] <= rate * np.arange(1, len(chance) + 1) / len(chance)
    last = int(np.flatnonzero(passed)[-1]) if passed.any() else -1
    found = np.zeros(len(chance), bool)
    found[order[: last + 1]] = True
    return found


def standard_ranks(table: np.ndarray) -> np.ndarray:
    """Return the ranks in each column, ties in their middle, with mean 0 and length 1 (0: all the same).

    >>> standard_ranks(np.array([[1.0, 5.0], [2.0, 5.0], [9.0, 5.0]])).round(3).tolist()
    [[-0.707, 0.0], [0.0, 0.0], [0.707, 0.0]]
    """
    table = np.where(np.isnan(table), np.inf, table)
    ranks = np.empty(table.shape)
    for column in range(table.shape[1]):
        _, place, count = np.unique(table[:, column], return_inverse=True, return_counts=True)
        ranks[:, column] = (np.cumsum(count) - (count - 1) / 2.0)[place.ravel()]
    ranks -= ranks.mean(axis=0)
    length = np.sqrt((ranks * ranks).sum(axis=0))
    return ranks / np.where(length > 0.0, length, 1.0)
