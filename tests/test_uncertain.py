"""Uncertain inputs: every family gives back the interval that it was fitted to."""

from __future__ import annotations

import math

import numpy as np
import pytest
from conftest import LAB, LAB_KIND, tiny_world
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy import stats

from sim.ensemble import simulate
from sim.scenario import from_data
from sim.schema import CENTRES, FAMILIES, read_quantity
from sim.uncertain import fit, gaps, lay_out, quantile, shape_of


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
    assert gaps(interval(*ends, family)).centre == pytest.approx(0.0, abs=1e-9)


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


def laid_out(quantity, steps=400_001):
    """Return the values of what is drawn at evenly spaced luck."""
    values = np.empty(steps)
    lay_out(values, *shape_of(quantity))
    return values


def test_a_mean_is_honoured_where_the_bounds_allow_it():
    for mean in (1.8, 2.0, 2.2, 2.6):
        assert gaps(interval(1.0, mean, 4.0, "lognormal", "mean")).centre == pytest.approx(0.0, abs=1e-9)
    low = interval(1.0, 1.5, 4.0, "lognormal", "mean")  # too low for a 95 % of 4
    assert gaps(low).centre == pytest.approx((laid_out(low).mean() - 1.5) / 3.0, abs=1e-3)
    assert gaps(low).centre > 0.025


RANGES = some.tuples(some.floats(0.01, 100), some.floats(0.02, 0.98), some.floats(1.05, 30))
LEVELS = some.sampled_from([0.5, 0.8, 0.9, 0.95])


def points(ranges):
    low, share, ratio = ranges
    high = low * ratio
    return low, low + share * (high - low), high


@settings(max_examples=60)
@given(RANGES, some.sampled_from(FAMILIES), some.sampled_from(CENTRES), LEVELS)
def test_bounds_are_honoured_whatever_the_centre(ranges, family, centre_is, level):
    quantity = interval(*points(ranges), family, centre_is, level)
    got = gaps(quantity)
    if family != "lognormal" or centre_is != "mode":  # where values below zero are cut off
        assert abs(got.low) < 1e-6 and abs(got.high) < 1e-6
    values = laid_out(quantity, 20_001)
    tail = (1 - level) / 2
    width = quantity.high - quantity.low
    low, high = np.quantile(values, (tail, 1 - tail))
    assert (low - quantity.low) / width == pytest.approx(got.low, abs=2e-3)
    assert (high - quantity.high) / width == pytest.approx(got.high, abs=2e-3)
    assert np.all(np.diff(values) >= 0)


@settings(max_examples=60)
@given(RANGES, some.sampled_from(["normal", "lognormal", "loglogistic"]), LEVELS)
def test_medians_are_honoured(ranges, family, level):
    assert abs(gaps(interval(*points(ranges), family, "median", level)).centre) < 1e-9


@settings(max_examples=60)
@given(RANGES, some.sampled_from(["normal", "lognormal", "triangular", "uniform"]), LEVELS)
def test_the_gap_of_a_mean_is_that_of_the_draws(ranges, family, level):
    quantity = interval(*points(ranges), family, "mean", level)
    width = quantity.high - quantity.low
    found = (laid_out(quantity).mean() - quantity.value) / width
    assert gaps(quantity).centre == pytest.approx(found, abs=0.02 + 0.02 * abs(found))


@settings(max_examples=60)
@given(RANGES, some.sampled_from(["normal", "triangular", "lognormal"]), LEVELS)
def test_modes_are_where_draws_are_densest(ranges, family, level):
    quantity = interval(*points(ranges), family, "mode", level)
    if family != "lognormal":
        assert abs(gaps(quantity).centre) < 1e-6
    if abs(gaps(quantity).largest) < 1e-6:
        values = laid_out(quantity, 40_001)
        window = 4_000  # the shortest stretch that holds a tenth of all
        first = np.argmin(values[window:] - values[:-window])
        assert values[first] <= quantity.value * (1 + 1e-6)
        assert quantity.value <= values[first + window] * (1 + 1e-6)


@settings(max_examples=30)
@given(
    some.sampled_from(["lognormal", "loglogistic", "uniform", "triangular"]),
    some.sampled_from(CENTRES),
    some.floats(0.05, 0.4),
    some.floats(0.2, 0.8),
)
def test_a_chance_of_zero_is_kept_and_the_upper_bound_with_it(family, centre_is, zero, share):
    raw = {"low": 0, "centre": 6 * share, "high": 6, "family": family, "centre_is": centre_is, "zero": zero}
    values = laid_out(read_quantity(raw), 40_001)
    assert np.mean(values == 0) == pytest.approx(zero, abs=1e-4)
    assert np.quantile(values, 0.95) == pytest.approx(6, rel=1e-3)
    got = gaps(read_quantity(raw))
    assert got.low == 0 and abs(got.high) < 1e-9


def test_weeks_from_zero_have_their_median():
    raw = {"low": 0, "centre": 2, "high": 6, "family": "lognormal", "zero": 0.1}
    assert np.median(laid_out(read_quantity(raw))) == pytest.approx(2, rel=1e-4)


@settings(max_examples=30)
@given(
    some.sampled_from(["normal", "lognormal", "loglogistic", "triangular"]),
    some.sampled_from(CENTRES),
    some.floats(0.1, 0.9),
)
def test_tails_are_cut_off(family, centre_is, share):
    cut = {"minimum": 0.5, "maximum": 22}
    raw = {"low": 1, "centre": 1 + 17 * share, "high": 18, "family": family, "centre_is": centre_is}
    quantity = read_quantity(raw | cut)
    values = laid_out(quantity, 40_001)
    assert values.min() >= 0.5 * (1 - 1e-9) and values.max() <= 22 * (1 + 1e-9)
    got = gaps(quantity)
    low, high = np.quantile(values, (0.05, 0.95))
    assert (low - 1) / 17 == pytest.approx(got.low, abs=1e-3)
    assert (high - 18) / 17 == pytest.approx(got.high, abs=1e-3)


def test_the_interval_of_a_cut_distribution_is_honoured():
    raw = {"low": 1, "centre": 6, "high": 18, "family": "lognormal", "minimum": 0.5, "maximum": 24}
    assert abs(gaps(read_quantity(raw)).largest) < 1e-4
    uncut = {key: raw[key] for key in ("low", "centre", "high", "family")}
    assert np.max(laid_out(read_quantity(uncut))) > 24


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
