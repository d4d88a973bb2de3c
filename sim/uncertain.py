"""Uncertain inputs: from an interval to a distribution, and from luck to a value.

An interval bounds the central ``level`` of its distribution. A centre that is the median is honoured
exactly, with a spread of its own on either side (two-piece). With a mean or a mode as centre the two
bounds define the distribution, and ``centre_gap`` says how far its centre is from the given one.
"""

from __future__ import annotations

import math

from agents.rule import rule
from sim.luck import normal
from sim.schema import FAMILIES, Quantity

NORMAL, LOGNORMAL, UNIFORM, LOGUNIFORM, TRIANGULAR = range(len(FAMILIES))


@rule
def quantile(family, u, a, b, c):
    """Return the value at luck ``u`` of the distribution with the parameters of ``fit``."""
    if family == NORMAL or family == LOGNORMAL:
        z = normal(u)
        value = a + (b if z < 0.0 else c) * z
        return math.exp(value) if family == LOGNORMAL else value
    if family == UNIFORM or family == LOGUNIFORM:
        value = a + (b - a) * u
        return math.exp(value) if family == LOGUNIFORM else value
    at_mode = (c - a) / (b - a)
    if u < at_mode:
        return a + math.sqrt(u * (b - a) * (c - a))
    return b - math.sqrt((1.0 - u) * (b - a) * (b - c))


def fit(quantity: Quantity) -> tuple[int, float, float, float]:
    """Return (family, a, b, c) of the distribution that an interval describes.

    normal, lognormal: centre and the standard deviation below and above it (of the logarithm);
    uniform, loguniform: ends; triangular: ends and mode.
    """
    low, centre, high = quantity.low, quantity.value, quantity.high
    assert low is not None and high is not None and quantity.family is not None
    family = FAMILIES.index(quantity.family)
    tail = (1.0 - quantity.level) / 2.0
    if family in (LOGNORMAL, LOGUNIFORM):
        low, centre, high = math.log(low), math.log(centre), math.log(high)
    if family in (NORMAL, LOGNORMAL):
        z = normal(1.0 - tail)
        if quantity.centre_is != "median" and family == LOGNORMAL or quantity.centre_is == "mode":
            centre = (low + high) / 2.0
        return family, centre, (centre - low) / z, (high - centre) / z
    if family in (UNIFORM, LOGUNIFORM):
        margin = (high - low) * tail / quantity.level
        return family, low - margin, high + margin, 0.0
    below = above = 0.0  # how far the ends lie beyond the bounds
    for _ in range(200):
        width = tail * (high - low + below + above)
        below = (width + math.sqrt(width * width + 4.0 * width * (centre - low))) / 2.0
        above = (width + math.sqrt(width * width + 4.0 * width * (high - centre))) / 2.0
    return family, low - below, high + above, centre


def centre_gap(quantity: Quantity) -> float:
    """Return the relative gap between the given centre and the one of the fitted distribution."""
    if not quantity.uncertain or quantity.value == 0:
        return 0.0
    family, a, b, c = fit(quantity)
    steps = 2001
    values = [quantile(family, (step + 0.5) / steps, a, b, c) for step in range(steps)]
    if quantity.centre_is == "mean":
        centre = sum(values) / steps
    elif quantity.centre_is == "median":
        centre = values[steps // 2]
    elif family == LOGNORMAL:
        centre = math.exp(a - max(b, c) ** 2)
    else:
        centre = c if family == TRIANGULAR else values[steps // 2]
    return centre / quantity.value - 1.0
