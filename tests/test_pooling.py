"""Pooling of opinions against the numbers of the sources (system, section 12)."""

from __future__ import annotations

import pytest

from sim import UserError
from sim.pooling import WAYS, pooled
from sim.schema import read_quantity


def opinion(centre, low, high, family="normal"):
    return read_quantity({"low": low, "centre": centre, "high": high, "family": family})


SURPRISE = [opinion(centre, centre - 10, centre + 10) for centre in (25, 2, 12)]
WEIGHTS = (0.3, 0.5, 0.2)


@pytest.mark.parametrize(
    ("way", "low", "high"),
    [("weighted", 4.7, 17.1), ("together", 0.9, 20.9), ("mixture", -6, 31)],
)
def test_three_opinions_on_the_surprise_of_the_reference_model(way, low, high):
    """claim:gpt3-early-11 prints 5 to 17; the other ways of reading the same opinions are wider."""
    found = pooled(SURPRISE, WEIGHTS, way)
    assert found.low == pytest.approx(low, abs=0.5 if way == "mixture" else 0.1)
    assert found.high == pytest.approx(high, abs=0.7 if way == "mixture" else 0.1)


def test_independent_opinions_have_the_weighted_mean_as_their_centre():
    assert pooled(SURPRISE, WEIGHTS).value == pytest.approx(10.9, abs=0.05)


def test_bounds_are_pooled_one_by_one():
    own, expert = opinion(20, 5, 50), opinion(12, 2, 40)
    found = pooled([expert, own], (3, 1), "bounds")
    assert (found.low, found.value, found.high) == (2.75, 14.0, 42.5)


@pytest.mark.parametrize("way", WAYS)
def test_one_opinion_stays_what_it_is(way):
    found = pooled([opinion(3, 1, 9, "lognormal")], (5,), way)
    assert (found.low, found.value, found.high) == pytest.approx((1, 3, 9), rel=1e-3)


@pytest.mark.parametrize(
    ("weights", "way"), [((1,), "weighted"), ((1, 0, 1), "weighted"), (WEIGHTS, "mixtrue")]
)
def test_what_cannot_be_pooled_is_refused(weights, way):
    with pytest.raises(UserError, match="weights|mixture"):
        pooled(SURPRISE, weights, way)
