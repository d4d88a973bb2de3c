"""Cooperative games: what each player contributes to the worth of all. No simulation here.

A coalition is a set of players as a whole number: player p is in it if bit p is set. The worth of a game is a
mapping from coalitions to arrays, one value per run (all runs meet the same luck in every coalition), so that
whatever is attributed is attributed in every run. Attributions have shape (players, runs).

Own code, not a library: the well-kept one (shapiq) takes one number per coalition where there is one per run
here, has no Owen values, and brings scikit-learn along; what is needed are textbook sums.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from math import factorial

import numpy as np

Worth = Mapping[int, np.ndarray]


def coalition_of(players: Iterable[int]) -> int:
    """Return the coalition of some players.

    >>> coalition_of([0, 2])
    5
    """
    return sum(1 << int(player) for player in players)


def members_of(coalition: int) -> list[int]:
    """Return the players of a coalition, in order.

    >>> members_of(5)
    [0, 2]
    """
    return [player for player in range(coalition.bit_length()) if coalition >> player & 1]


def every_coalition(players: int) -> list[int]:
    """Return the coalitions that exact Shapley values and interactions need: all."""
    return list(range(1 << players))


def marginal_coalitions(players: int) -> list[int]:
    """Return the coalitions that ``leave_one_out`` and ``first_in`` need."""
    everybody = (1 << players) - 1
    ones = [1 << player for player in range(players)]
    return sorted({0, everybody, *ones, *(everybody ^ one for one in ones)})


def owen_coalitions(groups: Sequence[Sequence[int]]) -> list[int]:
    """Return the coalitions that ``owen`` needs: some whole groups, and part of one other."""
    needed: set[int] = set()
    for group in groups:
        others = [coalition_of(other) for other in groups if other is not group]
        for whole in _unions(others):
            needed.update(whole | part for part in _unions([1 << player for player in group]))
    return sorted(needed)


def order_coalitions(orders: np.ndarray, swapped: bool = False) -> list[int]:
    """Return the coalitions that ``by_orders`` needs, and ``interactions_by_orders`` if ``swapped``."""
    needed = {0}
    for order in orders:
        before = 0
        for place, player in enumerate(order):
            if swapped and place + 1 < len(order):
                needed.add(before | 1 << int(order[place + 1]))
            before |= 1 << int(player)
            needed.add(before)
    return sorted(needed)


def leave_one_out(worth: Worth, players: int) -> np.ndarray:
    """Return what is lost when each player alone leaves, shape (players, runs)."""
    everybody = (1 << players) - 1
    return np.array([worth[everybody] - worth[everybody ^ 1 << player] for player in range(players)])


def first_in(worth: Worth, players: int) -> np.ndarray:
    """Return what each player brings when it comes alone, shape (players, runs)."""
    return np.array([worth[1 << player] - worth[0] for player in range(players)])


def shapley(worth: Worth, players: int) -> np.ndarray:
    """Return the Shapley values, shape (players, runs).

    The mean, over all orders in which the players may come, of what each adds to those before it. They sum to
    worth(all) - worth(none); who never adds anything gets zero. Source: Shapley 1953.
    """
    return owen(worth, [[player] for player in range(players)])


def owen(worth: Worth, groups: Sequence[Sequence[int]]) -> np.ndarray:
    """Return the Owen values (Shapley-Owen) of players in groups, shape (players, runs).

    As Shapley values, over the orders in which the members of a group come one right after the other. The
    values of a group's members sum to the Shapley value of the group as one player. Source: Owen 1977.
    """
    result = np.zeros((sum(map(len, groups)), *np.shape(worth[0])))
    for group in groups:
        others = [coalition_of(other) for other in groups if other is not group]
        for player in group:
            rest = [1 << mate for mate in group if mate != player]
            for whole, outer in _weighted(others):
                for part, inner in _weighted(rest):
                    before = whole | part
                    # differences first: who adds nothing gets exactly zero
                    result[player] += outer * inner * (worth[before | 1 << player] - worth[before])
    return result


def interactions(worth: Worth, players: int) -> np.ndarray:
    """Return the Shapley interaction index of each pair, shape (pairs, runs), in order of ``pairs``.

    What two players add together beyond what each adds alone, in the mean over orders that bring them one
    right after the other. Below zero: substitutes; above: complements. Source: Grabisch and Roubens 1999.
    """
    result = np.zeros((players * (players - 1) // 2, *np.shape(worth[0])))
    for row, (a, b) in enumerate(pairs(players)):
        rest = [1 << player for player in range(players) if player not in (a, b)]
        for before, weight in _weighted(rest):
            result[row] += weight * _joint(worth, before, 1 << a, 1 << b)
    return result


def pairs(players: int) -> list[tuple[int, int]]:
    """Return all pairs of players.

    >>> pairs(3)
    [(0, 1), (0, 2), (1, 2)]
    """
    return list(combinations(range(players), 2))


def between_groups(worth: Worth, groups: Sequence[Sequence[int]]) -> Worth:
    """Return the worth of the game whose players are the groups, as far as it is known (quotient game)."""
    unions = {coalition: union_of(groups, coalition) for coalition in every_coalition(len(groups))}
    return {coalition: worth[union] for coalition, union in unions.items() if union in worth}


def union_of(groups: Sequence[Sequence[int]], coalition: int) -> int:
    """Return the coalition of players that a coalition of groups is.

    >>> union_of([[0, 3], [1, 2]], 0b10)
    6
    """
    return sum(coalition_of(groups[place]) for place in members_of(coalition))


def group_orders(orders: np.ndarray, groups: Sequence[Sequence[int]]) -> np.ndarray:
    """Return the orders of groups in orders of players that keep groups together."""
    group_of = {player: place for place, group in enumerate(groups) for player in group}
    return np.array([list(dict.fromkeys(group_of[int(player)] for player in order)) for order in orders])


def sample_orders(
    players: int, count: int, seed: int, groups: Sequence[Sequence[int]] | None = None
) -> np.ndarray:
    """Return random orders of players, shape (count, players): each is followed by its reverse.

    An order and its reverse err in opposite directions where a player's worth falls or grows with the number
    of those before it, so that a pair says more than two independent orders. With ``groups`` the members of a
    group stay together (for Owen values). ``count`` is even.
    """
    luck = np.random.default_rng(seed)
    orders = []
    for _ in range(count // 2):
        if groups is None:
            order = luck.permutation(players)
        else:
            places = luck.permutation(len(groups))
            order = np.concatenate([luck.permutation(groups[place]) for place in places])
        orders += [order, order[::-1]]
    return np.array(orders, np.int64).reshape(-1, players)


def by_orders(worth: Worth, orders: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return Shapley (or Owen) values estimated from sampled orders, and their standard errors.

    Values (players, runs), which sum to worth(all) - worth(none) as the exact ones do. Errors (players,): of
    the mean over runs, from the spread among the pairs of an order and its reverse, which are independent.
    Source: Castro, Gomez and Tejada 2009; Mitchell et al. 2022 (antithetic orders).
    """
    count, players = orders.shape
    totals = np.zeros((players, *np.shape(worth[0])))
    means = np.zeros((count // 2, players))
    for place, order in enumerate(orders):
        before = 0
        for player in order:
            added = worth[before | 1 << int(player)] - worth[before]
            totals[player] += added
            means[place // 2, player] += np.mean(added) / 2
            before |= 1 << int(player)
    return totals / count, means.std(axis=0, ddof=1) / np.sqrt(count // 2)


def interactions_by_orders(worth: Worth, orders: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return interactions estimated from sampled orders: values, standard errors, numbers of samples.

    Values (pairs, runs), errors (pairs,), samples (pairs,): a pair is sampled when its two players happen to
    come one right after the other, in an order and its reverse. No sample: NaN.
    """
    players = orders.shape[1]
    row_of = {pair: row for row, pair in enumerate(pairs(players))}
    totals = np.zeros((len(row_of), *np.shape(worth[0])))
    means: list[list[float]] = [[] for _ in row_of]
    for place in range(0, len(orders), 2):
        found: dict[int, np.ndarray] = {}
        for order in orders[place : place + 2]:
            before = 0
            for a, b in zip(map(int, order), map(int, order[1:]), strict=False):
                row = row_of[min(a, b), max(a, b)]
                found[row] = found.get(row, 0.0) + _joint(worth, before, 1 << a, 1 << b) / 2
                before |= 1 << a
        for row, value in found.items():
            totals[row] += value
            means[row].append(float(np.mean(value)))
    samples = np.array([len(values) for values in means])
    errors = [np.std(m, ddof=1) / np.sqrt(len(m)) if len(m) > 1 else np.nan for m in means]
    with np.errstate(invalid="ignore"):
        return totals / samples.reshape(-1, *[1] * (totals.ndim - 1)), np.array(errors), samples


def efficiency_gap(worth: Worth, values: np.ndarray) -> float:
    """Return by how much a sum of values misses worth(all) - worth(none), in the worst run."""
    everybody = (1 << len(values)) - 1
    return float(np.max(np.abs(values.sum(axis=0) - (worth[everybody] - worth[0])), initial=0.0))


def _joint(worth: Worth, before: int, a: int, b: int) -> np.ndarray:
    """Return what two add together to those before them, beyond what each adds alone."""
    return (worth[before | a | b] - worth[before | a]) - (worth[before | b] - worth[before])


def _unions(parts: Sequence[int]) -> list[int]:
    """Return the union of every subset of some coalitions that do not overlap."""
    unions = [0]
    for part in parts:
        unions += [union | part for union in unions]
    return unions


def _weighted(others: Sequence[int]) -> list[tuple[int, float]]:
    """Return each union of others with the share of orders in which just these come before."""
    n = len(others)
    weights = [factorial(size) * factorial(n - size) / factorial(n + 1) for size in range(n + 1)]
    sizes = [0]
    for _ in others:
        sizes += [size + 1 for size in sizes]
    return [(union, weights[size]) for union, size in zip(_unions(others), sizes, strict=True)]
