"""Cooperative games: hand-solvable ones with exact values, the axioms, the stated error of sampling."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments import games


def game_of(worth_of, players: int) -> dict[int, np.ndarray]:
    """Return the game in which a set of players is worth ``worth_of(set)``, in a single run."""
    return {
        coalition: np.array([float(worth_of(set(games.members_of(coalition))))])
        for coalition in games.every_coalition(players)
    }


def random_game(players: int, seed: int, runs: int = 3) -> dict[int, np.ndarray]:
    luck = np.random.default_rng(seed)
    return {coalition: luck.normal(size=runs) for coalition in games.every_coalition(players)}


# ------------------------------------------------------------ games that a person can solve


def test_glove_game():
    """Two own a left glove, one a right one; a pair sells for 1. The right one is the rare one: 2/3."""
    gloves = game_of(lambda who: 2 in who and (0 in who or 1 in who), 3)
    np.testing.assert_allclose(games.shapley(gloves, 3)[:, 0], [1 / 6, 1 / 6, 2 / 3])
    assert games.leave_one_out(gloves, 3)[:, 0].tolist() == [0, 0, 1]
    assert games.first_in(gloves, 3)[:, 0].tolist() == [0, 0, 0]


def test_majority_of_weights():
    """Votes 4, 2, 1, 1, more than 4 needed: the first is pivotal unless it comes first in the order."""
    votes = [4, 2, 1, 1]
    majority = game_of(lambda who: sum(votes[player] for player in who) > 4, 4)
    np.testing.assert_allclose(games.shapley(majority, 4)[:, 0], [3 / 4, 1 / 12, 1 / 12, 1 / 12])


def test_airport_game():
    """Planes need runways of 1, 2, 4; those who need a stretch share it (Littlechild and Owen 1973)."""
    lengths = [1, 2, 4]
    airport = game_of(lambda who: max((lengths[player] for player in who), default=0), 3)
    np.testing.assert_allclose(
        games.shapley(airport, 3)[:, 0], [1 / 3, 1 / 3 + 1 / 2, 1 / 3 + 1 / 2 + 2], rtol=1e-12
    )


def test_additive_game_gives_everybody_its_own():
    own = [3.0, -1.0, 0.5, 0.0]
    additive = game_of(lambda who: 7 + sum(own[player] for player in who), 4)
    np.testing.assert_allclose(games.shapley(additive, 4)[:, 0], own)
    np.testing.assert_allclose(games.owen(additive, [[0, 3], [1, 2]])[:, 0], own)
    np.testing.assert_allclose(games.leave_one_out(additive, 4)[:, 0], own)
    np.testing.assert_allclose(games.first_in(additive, 4)[:, 0], own)
    np.testing.assert_allclose(games.interactions(additive, 4), 0, atol=1e-12)


def test_interactions_of_a_product_and_of_a_maximum():
    """A product needs all: complements, and the index of a pair is the mean of what the third adds."""
    product = game_of(lambda who: len(who) == 3, 3)  # x0 x1 x2
    np.testing.assert_allclose(games.interactions(product, 3)[:, 0], [1 / 2, 1 / 2, 1 / 2])
    pair = game_of(lambda who: 5 * (0 in who and 1 in who), 3)  # 5 x0 x1; the third is nobody
    np.testing.assert_allclose(games.interactions(pair, 3)[:, 0], [5, 0, 0])
    either = game_of(lambda who: 0 in who or 1 in who, 2)
    np.testing.assert_allclose(games.interactions(either, 2)[:, 0], [-1])  # substitutes


def test_owen_values_of_a_game_solved_by_hand():
    """Majority of three, the first two in a group: the group always wins, and they share evenly."""
    majority = game_of(lambda who: len(who) >= 2, 3)
    np.testing.assert_allclose(games.owen(majority, [[0, 1], [2]])[:, 0], [1 / 2, 1 / 2, 0], atol=1e-15)


# ------------------------------------------------------------ axioms

players_and_seed = st.tuples(st.integers(1, 6), st.integers(0, 10**6))


def literally(worth, players: int, groups=None) -> np.ndarray:
    """Return Shapley (Owen) values from their definition: the mean over all orders (that keep groups)."""
    totals, count = np.zeros((players, len(worth[0]))), 0
    for order in permutations(range(players)):
        if groups is not None:
            places = [sorted(order.index(player) for player in group) for group in groups]
            if any(place[-1] - place[0] >= len(place) for place in places):
                continue
        before = 0
        for player in order:
            totals[player] += worth[before | 1 << player] - worth[before]
            before |= 1 << player
        count += 1
    return totals / count


@given(players_and_seed)
def test_shapley_values_are_the_mean_over_all_orders(given_):
    players, seed = given_
    worth = random_game(players, seed)
    np.testing.assert_allclose(games.shapley(worth, players), literally(worth, players), atol=1e-12)


@given(players_and_seed, st.data())
def test_owen_values_are_the_mean_over_orders_that_keep_groups_together(given_, data):
    players, seed = given_
    groups = data.draw(partitions(players))
    worth = random_game(players, seed)
    values = games.owen(worth, groups)
    np.testing.assert_allclose(values, literally(worth, players, groups), atol=1e-12)
    between = games.shapley(games.between_groups(worth, groups), len(groups))
    for place, group in enumerate(groups):
        np.testing.assert_allclose(values[group].sum(axis=0), between[place], atol=1e-12)


@st.composite
def partitions(draw, players: int):
    labels = draw(st.lists(st.integers(0, 2), min_size=players, max_size=players))
    return [[p for p in range(players) if labels[p] == label] for label in sorted(set(labels))]


@given(players_and_seed, st.data())
def test_owen_values_need_only_the_coalitions_that_are_named(given_, data):
    players, seed = given_
    groups = data.draw(partitions(players))
    worth = random_game(players, seed)
    few = {coalition: worth[coalition] for coalition in games.owen_coalitions(groups)}
    assert np.array_equal(games.owen(few, groups), games.owen(worth, groups))
    assert set(games.every_coalition(len(groups))) == set(games.between_groups(few, groups))


@given(players_and_seed)
def test_efficiency(given_):
    players, seed = given_
    worth = random_game(players, seed)
    assert games.efficiency_gap(worth, games.shapley(worth, players)) < 1e-12
    orders = games.sample_orders(players, 4, seed)
    assert games.efficiency_gap(worth, games.by_orders(worth, orders)[0]) < 1e-12
    everybody = games.leave_one_out(worth, players)
    if players > 2:  # what others think of as attribution does not add up
        assert games.efficiency_gap(worth, everybody) > 1e-6


@given(st.tuples(st.integers(2, 6), st.integers(0, 10**6)))
def test_symmetry_and_null_player(given_):
    players, seed = given_
    worth = random_game(players, seed)

    def mirrored(coalition: int) -> int:  # the coalition with players 0 and 1 exchanged
        return coalition & ~3 | (coalition & 1) << 1 | (coalition >> 1) & 1

    symmetric = {c: worth[c] + worth[mirrored(c)] for c in worth}
    values = games.shapley(symmetric, players)
    np.testing.assert_allclose(values[0], values[1], atol=1e-12)
    without = {c: worth[c & ~1] for c in worth}  # the first player adds nothing to anybody
    orders = games.sample_orders(players, 6, seed)
    for values in (
        games.shapley(without, players),
        games.owen(without, [[0, 1], list(range(2, players))] if players > 2 else [[0, 1]]),
        games.by_orders(without, orders)[0],
    ):
        assert np.all(values[0] == 0)  # exactly, in every run
    touching = [row for row, pair in enumerate(games.pairs(players)) if 0 in pair]
    assert np.all(games.interactions(without, players)[touching] == 0)


@given(players_and_seed, st.integers(0, 10**6))
def test_additivity(given_, other_seed):
    players, seed = given_
    one, other = random_game(players, seed), random_game(players, other_seed)
    both = {c: one[c] + other[c] for c in one}
    for value in (games.shapley, games.interactions):
        parts = value(one, players) + value(other, players)
        np.testing.assert_allclose(value(both, players), parts, atol=1e-12)


@given(st.tuples(st.integers(2, 6), st.integers(0, 10**6)))
def test_interactions_say_how_a_value_changes_with_a_companion(given_):
    """I(i, j) = value of i in the game where j is always there - value of i in the game without j."""
    players, seed = given_
    worth = random_game(players, seed)
    last = players - 1
    there = {c: worth[c | 1 << last] for c in games.every_coalition(last)}
    gone = {c: worth[c] for c in games.every_coalition(last)}
    found = games.interactions(worth, players)
    rows = [row for row, pair in enumerate(games.pairs(players)) if last in pair]
    np.testing.assert_allclose(
        found[rows], games.shapley(there, last) - games.shapley(gone, last), atol=1e-12
    )


# ------------------------------------------------------------ sampling


def test_sampled_orders_come_in_pairs_and_keep_groups():
    groups = [[0, 4], [1, 2, 3], [5]]
    orders = games.sample_orders(6, 20, 3, groups)
    assert orders.shape == (20, 6)
    assert np.array_equal(orders[1::2], orders[::2, ::-1])
    for order in orders.tolist():
        assert sorted(order) == list(range(6))
        for group in groups:
            places = [order.index(player) for player in group]
            assert max(places) - min(places) == len(group) - 1
    assert np.array_equal(orders, games.sample_orders(6, 20, 3, groups))
    assert not np.array_equal(orders, games.sample_orders(6, 20, 4, groups))


@pytest.mark.parametrize("groups", [None, [[0, 1, 2], [3, 4], [5, 6, 7]]])
def test_sampling_keeps_the_error_that_it_states(groups):
    """Over 300 seeds, the exact value lies within 2 stated errors in 95 % of cases, near enough."""
    players = 8
    worth = random_game(players, 7)
    exact = games.shapley(worth, players) if groups is None else games.owen(worth, groups)
    within, sizes = [], []
    for seed in range(300):
        values, errors = games.by_orders(worth, games.sample_orders(players, 60, seed, groups))
        within.append(np.abs(values.mean(axis=1) - exact.mean(axis=1)) < 2 * errors)
        sizes.append(errors)
    assert 0.92 < np.mean(within) < 0.97
    few = games.by_orders(worth, games.sample_orders(players, 600, 0, groups))[1]
    assert 0.25 < np.mean(few) / np.mean(sizes) < 0.38  # ten times the orders: a third of the error


def test_sampled_interactions_keep_the_error_that_they_state():
    players = 5
    worth = random_game(players, 11)
    exact = games.interactions(worth, players).mean(axis=1)
    within = []
    for seed in range(200):
        orders = games.sample_orders(players, 100, seed)
        values, errors, samples = games.interactions_by_orders(worth, orders)
        assert np.all(samples > 5)
        within.append(np.abs(values.mean(axis=1) - exact) < 2 * errors)
    assert 0.91 < np.mean(within) < 0.97


def test_sampling_needs_only_the_coalitions_that_are_named():
    worth = random_game(6, 5)
    orders = games.sample_orders(6, 4, 1)
    few = {c: worth[c] for c in games.order_coalitions(orders)}
    assert np.array_equal(games.by_orders(few, orders)[0], games.by_orders(worth, orders)[0])
    more = {c: worth[c] for c in games.order_coalitions(orders, swapped=True)}
    assert len(few) < len(more) < len(worth)
    values, errors, samples = games.interactions_by_orders(more, orders)
    assert np.isnan(values[samples == 0]).all() and np.isnan(errors[samples < 2]).all()
    assert samples.sum() == 2 * 5  # two independent orders with five neighbours each


def test_leave_one_out_and_first_in_need_only_the_coalitions_that_are_named():
    worth = random_game(5, 2)
    few = {c: worth[c] for c in games.marginal_coalitions(5)}
    assert len(few) == 12
    assert np.array_equal(games.leave_one_out(few, 5), games.leave_one_out(worth, 5))
    assert np.array_equal(games.first_in(few, 5), games.first_in(worth, 5))
