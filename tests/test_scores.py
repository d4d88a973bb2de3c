"""Scores have the values that can be reckoned by hand or in closed form, and reward honesty."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, stats

from experiments.rivals import OUTLIER, compute_trend, constant_hazard, middles
from experiments.scores import IGNORANCE, crps, order_score, share_before, share_before_independent

NEVER = math.inf


@pytest.mark.parametrize("forecast, actual", [(3.0, 5.0), (5.0, 3.0), (4.0, 4.0)])
def test_a_point_forecast_scores_its_absolute_error(forecast, actual):
    assert crps([forecast] * 7, actual) == pytest.approx(abs(forecast - actual))


@pytest.mark.parametrize("actual", [-2.0, 0.0, 0.7, 3.0])
def test_a_normal_sample_scores_as_the_closed_form_says(actual):
    """Gneiting and Raftery 2007, equation 21, for mean 0 and standard deviation 1."""
    sample = stats.norm.ppf(middles(4000))
    density, below = stats.norm.pdf(actual), stats.norm.cdf(actual)
    closed = actual * (2 * below - 1) + 2 * density - 1 / math.sqrt(math.pi)
    assert crps(sample, actual) == pytest.approx(closed, abs=1e-3)


@pytest.mark.parametrize("actual, end", [(12.0, 31.0), (30.0, 31.0), (NEVER, 31.0), (40.0, 31.0)])
def test_a_censored_score_is_the_integral_up_to_the_end(actual, end):
    """Exponential waits of mean 20: many members lie after the end, and count only as later."""
    sample = constant_hazard(0.0, 20.0, 1, 4000)
    below = stats.expon(scale=20.0).cdf
    before, _ = integrate.quad(lambda t: below(t) ** 2, 0, min(actual, end))
    after, _ = integrate.quad(lambda t: (1 - below(t)) ** 2, min(actual, end), end)
    censored = np.where(sample <= end, sample, NEVER)
    assert crps(censored, actual, end) == pytest.approx(before + after, abs=2e-3)
    assert crps(censored, actual, end) == pytest.approx(crps(sample, actual, end), abs=1e-9)


@pytest.mark.parametrize(
    "sample, actual, score",
    [
        ([NEVER], 5.0, 4.0),  # F is 0 up to the end at 9: four months wrong
        ([NEVER], NEVER, 0.0),
        ([4.0], NEVER, 5.0),
        ([3.0, NEVER], 5.0, 2 / 4 + 4 / 4),
        ([3.0, NEVER], NEVER, 6 / 4),
        ([1.0, 5.0, NEVER, NEVER], 5.0, 4 / 16 + 4 / 4),
    ],
)
def test_censored_scores_by_hand(sample, actual, score):
    assert crps(sample, actual, end=9.0) == pytest.approx(score)


def test_what_never_comes_has_no_score_without_an_end():
    for sample, actual in (([1.0, NEVER], 2.0), ([1.0], NEVER)):
        with pytest.raises(ValueError, match="end"):
            crps(sample, actual)


def test_the_score_is_proper_with_censoring():
    """Who holds a distribution true expects the best score by saying just that."""
    truth = constant_hazard(0.0, 20.0, 1, 400)
    said = {mean: constant_hazard(0.0, mean, 1, 400) for mean in (5.0, 12.0, 20.0, 30.0, 60.0)}
    expected = {mean: np.mean([crps(s, y, end=31.0) for y in truth]) for mean, s in said.items()}
    assert min(expected, key=expected.__getitem__) == 20.0


def test_shares_of_an_order_by_hand():
    first, second = [1.0, 4.0, NEVER, NEVER], [2.0, 3.0, 9.0, NEVER]
    assert share_before(first, second) == (1 + 0 + 0 + 0.5) / 4
    assert share_before(second, first) == 1 - share_before(first, second)
    # over all 16 pairs: 1 precedes all 4; 4 precedes 9 and never; each never ties with the one never
    assert share_before_independent(first, second) == (4 + 2 + 0.5 + 0.5) / 16
    assert share_before_independent(second, first) == 1 - 7 / 16


def test_the_order_score_by_hand():
    assert order_score(1.0, 8) == pytest.approx(math.log(9 / 10))
    assert order_score(0.25, 8) == pytest.approx(math.log(3 / 10))
    assert order_score(0.0, 300) == pytest.approx(-math.log(302))
    assert order_score(0.5, 5) == pytest.approx(IGNORANCE)


def test_constant_hazard_is_the_distribution_of_erlang():
    for rank in (1, 2, 3):
        dates = constant_hazard(100.0, 12.0, rank, 200)
        exact = 100.0 + stats.gamma(rank, scale=12.0).ppf(middles(200))
        np.testing.assert_allclose(dates, exact, atol=0.01)
        assert (dates > 100.0).all()
    assert np.isinf(constant_hazard(0.0, NEVER, 1, 3)).all()


def test_the_trend_of_compute_is_read_off_by_hand():
    """1e22 at month 12, 0.8 orders a year: 1e24 is due 30 months later, give or take 15."""
    dates = compute_trend(1e24, 1e22, 12.0, 0.8, 1001)
    assert np.median(dates) == pytest.approx(42.0)
    assert np.std(dates) == pytest.approx(12 * OUTLIER / 0.8, rel=0.01)
    assert np.isinf(compute_trend(1e24, 1e22, 12.0, 0.0, 5)).all()
