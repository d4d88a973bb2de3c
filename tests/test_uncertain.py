"""Uncertain inputs: every family gives back the interval that it was fitted to."""

from __future__ import annotations

import math

import numpy as np
import pytest
from conftest import LAB, LAB_KIND, tiny_world
from scipy import stats

from sim.ensemble import simulate
from sim.scenario import from_data
from sim.schema import FAMILIES, read_quantity
from sim.uncertain import centre_gap, fit, quantile


def interval(low, centre, high, family, centre_is="median", level=0.9):
    return read_quantity(
        {
            "low": low,
            "centre": centre,
            "high": high,
            "family": family,
            "centre_is": centre_is,
            "level": level,
        }
    )


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("centre_is", ["median", "mode"])
@pytest.mark.parametrize("level", [0.5, 0.9, 0.98])
@pytest.mark.parametrize("ends", [(2.0, 3.0, 5.0), (0.1, 0.12, 0.5), (0.1, 0.45, 0.5)])
def test_bounds_are_recovered(family, centre_is, level, ends):
    fitted = fit(interval(*ends, family, centre_is, level))
    tail = (1 - level) / 2
    assert quantile(fitted[0], tail, *fitted[1:]) == pytest.approx(ends[0], rel=1e-6)
    assert quantile(fitted[0], 1 - tail, *fitted[1:]) == pytest.approx(ends[2], rel=1e-6)


@pytest.mark.parametrize("family", ["normal", "lognormal"])
@pytest.mark.parametrize("ends", [(2.0, 3.0, 5.0), (0.1, 0.45, 0.5)])
def test_the_median_is_recovered(family, ends):
    fitted = fit(interval(*ends, family))
    assert quantile(fitted[0], 0.5, *fitted[1:]) == pytest.approx(ends[1], rel=1e-12)
    assert centre_gap(interval(*ends, family)) == pytest.approx(0.0, abs=1e-9)


def test_the_mode_of_a_triangle_is_recovered():
    family, low, high, mode = fit(interval(1.0, 2.0, 6.0, "triangular", "mode"))
    assert mode == 2.0 and low < 1.0 and high > 6.0
    triangle = stats.triang((mode - low) / (high - low), low, high - low)
    for u in (0.01, 0.05, 0.3, 0.7, 0.95, 0.99):
        assert quantile(family, u, low, high, mode) == pytest.approx(triangle.ppf(u), rel=1e-9)


@pytest.mark.parametrize("family", FAMILIES)
def test_quantiles_rise_with_luck(family):
    fitted = fit(interval(2.0, 3.0, 5.0, family))
    values = [quantile(fitted[0], u, *fitted[1:]) for u in np.linspace(1e-4, 1 - 1e-4, 999)]
    assert np.all(np.diff(values) > 0)


def test_centre_gap_says_how_far_a_given_mean_is_off():
    exact = math.exp((math.log(4) / 2 / stats.norm.ppf(0.95)) ** 2 / 2) * 2.0  # mean between 1 and 4
    assert centre_gap(interval(1.0, exact, 4.0, "lognormal", "mean")) == pytest.approx(0.0, abs=2e-3)
    assert centre_gap(interval(1.0, 1.5, 4.0, "lognormal", "mean")) == pytest.approx(
        exact / 1.5 - 1, abs=3e-3
    )


def test_draws_of_an_ensemble_follow_the_interval_and_stay_in_bounds():
    world = tiny_world(
        kinds={"leading_lab": LAB_KIND | {"belief": dict(interval_of_share())}},
        actors={"Lab": LAB | {"money_usd": dict(low=1.0, centre=2.0, high=8.0, family="lognormal")}},
    )
    result = simulate(from_data(world), runs=4000, threads=1, metrics=["starts"], logs=0)
    money = result.runs["input:actors.Lab.money_usd"]
    np.testing.assert_allclose(money.quantile([0.05, 0.5, 0.95]), [1.0, 2.0, 8.0], rtol=0.08)
    belief = result.runs["input:kinds.leading_lab.belief"]
    assert belief.min() == 0.0 and belief.max() == 1.0
    assert abs(np.corrcoef(money, belief)[0, 1]) < 4 / math.sqrt(4000)


def interval_of_share():
    return {"low": 0.05, "centre": 0.5, "high": 0.95, "family": "normal"}


def test_centres_are_used_where_nothing_is_drawn():
    world = tiny_world(
        kinds={"leading_lab": LAB_KIND},
        actors={"Lab": LAB | {"money_usd": dict(low=1.0, centre=2.0, high=8.0, family="lognormal")}},
    )
    from conftest import play

    assert play(world, draw=False).tables.actors.money_usd[0] == 2.0
