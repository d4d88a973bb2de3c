"""How a sponsor chooses: what it wants from a beneficiary, and the conditions that it sets."""

from __future__ import annotations

from agents.rule import rule


@rule
def meets_conditions(must_open, must_close, must_be_near, openness, same_region):
    """Return whether a beneficiary meets a sponsor's conditions.

    ``openness``: chance that the beneficiary opens its weights.
    """
    if (must_open and openness < 0.5) or (must_close and openness >= 0.5):
        return False
    return not (must_be_near and not same_region)


@rule
def appeal(openness_weight, novelty_weight, region_weight, openness, newest, same_region):
    """Return how much a beneficiary appeals, from 0 to 1: the weighted mean of the sponsor's motives.

    Motives: publicity through open releases, tests of hardware that is still new (``newest``: 1 for
    the newest generation of its family, else 0), and the capability of the sponsor's own region.
    A sponsor without any weight gives to anybody.
    """
    total = openness_weight + novelty_weight + region_weight
    if total <= 0.0:
        return 1.0
    wanted = openness_weight * openness + novelty_weight * newest + region_weight * same_region
    return wanted / total


@rule
def grant_rate(rate, liking, unknown, known):
    """Return the hazard of a grant, per month.

    ``liking``: appeal of the beneficiary. Of those who have shown nothing and whom it does not know
    (``known`` is false) a sponsor takes notice at the share ``unknown`` only.
    """
    return rate * liking * (1.0 if known else unknown)
