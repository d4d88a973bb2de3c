"""Scaling laws against their sources' numbers and against the calculus."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import optimize

from sim import scaling

ENOUGH = 1e40  # tokens


def test_constants_are_those_of_hoffmann():
    assert (scaling.FLOOR, scaling.A, scaling.B) == (1.69, 406.4, 410.7)
    assert (scaling.ALPHA, scaling.BETA) == (0.34, 0.28)


def test_loss_of_chinchilla_and_gopher():
    chinchilla, gopher = scaling.loss(70e9, 1.4e12), scaling.loss(280e9, 300e9)
    assert chinchilla == pytest.approx(1.69 + 406.4 / 70e9**0.34 + 410.7 / 1.4e12**0.28)
    assert chinchilla < gopher  # at about equal compute, the finding of the paper
    assert scaling.loss(1e30, 1e30) == pytest.approx(1.69, abs=1e-4)


@pytest.mark.parametrize("flop", [1e19, 1e22, 3.14e23, 1e26])
def test_optimal_parameters_minimise_the_loss(flop):
    def along(log_parameters):
        parameters = math.exp(log_parameters)
        return scaling.loss(parameters, flop / 6 / parameters)

    found = optimize.minimize_scalar(
        along, bounds=(math.log(1e5), math.log(1e14)), method="bounded", options={"xatol": 1e-10}
    )
    assert scaling.optimal_parameters(flop) == pytest.approx(math.exp(found.x), rel=1e-4)
    assert scaling.optimal_loss(flop) == pytest.approx(found.fun, rel=1e-10)


def test_optimal_allocation_grows_by_powers_of_compute():
    ratio = scaling.optimal_parameters(1e24) / scaling.optimal_parameters(1e23)
    assert ratio == pytest.approx(10 ** (0.28 / 0.62))


@pytest.mark.parametrize("flop", [1e18, 1e21, 5.76e23, 1e27])
def test_optimal_flop_inverts_optimal_loss(flop):
    assert scaling.optimal_flop(scaling.optimal_loss(flop)) == pytest.approx(flop, rel=1e-8)


@pytest.mark.parametrize("target", [1.69, 1.0, -1.0])
def test_no_compute_buys_a_loss_below_the_floor(target):
    assert scaling.optimal_flop(target) == math.inf


def test_kaplan_turns_ten_times_the_compute_into_a_larger_model():
    flop = 6 * 1.75e11 * 3e11
    parameters, tokens = scaling.kaplan_allocation(10 * flop, flop, 1.75e11)
    assert parameters / 1.75e11 == pytest.approx(5.5, abs=0.05)
    assert tokens / 3e11 == pytest.approx(1.8, abs=0.05)
    assert 6 * parameters * tokens == pytest.approx(10 * flop)


def test_the_better_rule_saves_compute_on_a_model_like_gpt3():
    share = scaling.saved_by_rule(175e9, 300e9, ENOUGH)
    assert 0.0 < share < 1.0
    flop = 6 * 175e9 * 300e9
    assert scaling.optimal_loss(share * flop) == pytest.approx(scaling.loss(175e9, 300e9))


def test_nothing_is_saved_on_an_optimal_model():
    parameters = scaling.optimal_parameters(1e23)
    assert scaling.saved_by_rule(parameters, 1e23 / 6 / parameters, ENOUGH) == pytest.approx(1.0)
    for parameters, tokens in np.geomspace((1e8, 1e13), (1e12, 1e9), 9):
        assert 0.0 < scaling.saved_by_rule(parameters, tokens, ENOUGH) <= 1.0


def test_less_is_saved_where_text_is_short_and_nothing_where_it_ends():
    flop = 6 * 175e9 * 300e9
    optimal = scaling.saved_by_rule(175e9, 300e9, ENOUGH)
    text = optimal * flop / 6 / scaling.optimal_parameters(optimal * flop)  # what the best size reads
    shares = [scaling.saved_by_rule(175e9, 300e9, part * text) for part in (2.0, 1.0, 0.8, 0.6)]
    assert shares[0] == shares[1] == pytest.approx(optimal)
    assert optimal < shares[2] < shares[3] <= 1.0
    assert scaling.saved_by_rule(175e9, 300e9, 300e9) == pytest.approx(1.0)
