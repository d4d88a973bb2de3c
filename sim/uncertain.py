"""Uncertain inputs: from an interval to a distribution, and from luck to a value.

An interval bounds the central ``level`` of its distribution, and its centre is read as ``centre_is``
says. Where a family has room for three points they are honoured exactly: a median or a mean by a spread
of its own on either side (normal, lognormal, loglogistic), a mode by a split normal, a shifted lognormal
or the corner of a triangle. Where it has not (a uniform, a mean beyond what the bounds allow), the two
bounds define the distribution and ``gaps`` says how far the centre is from the given one.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from agents.rule import rule
from sim.luck import normal
from sim.quantity import FAMILIES, POSITIVE, Quantity

NORMAL, LOGNORMAL, UNIFORM, LOGUNIFORM, TRIANGULAR, LOGLOGISTIC = range(len(FAMILIES))
SPLIT = 6  # two halves of normals that meet in the mode
SHIFTED = 7  # a lognormal moved to the left or right
AVERAGE, MIXTURE, CHOICE = 8, 9, 10  # drawn from rows of other tables (sim.drawing)
TINY = 2.0**-53
TRIALS = 60  # to honour an interval whose tails are cut off
STEPS = 20_001  # of luck, where a distribution is laid out


class Shape(NamedTuple):
    """A distribution as the rules draw from it.

    ``a``, ``b``, ``c``: as ``fit`` gives them. ``zero``: chance of exactly zero. Of the luck of the
    family only the part from ``first`` on, ``span`` wide, is used: the rest is cut off.
    """

    family: int
    a: float
    b: float
    c: float
    zero: float = 0.0
    first: float = 0.0
    span: float = 1.0

    def moved(self, months: float) -> Shape:
        """Return the distribution of a date, so many months less."""
        if self.family == UNIFORM:
            return self._replace(a=self.a - months, b=self.b - months)
        if self.family == TRIANGULAR:
            return self._replace(a=self.a - months, b=self.b - months, c=self.c - months)
        return self._replace(a=self.a - months)


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
    if family == LOGLOGISTIC:
        z = math.log(u / (1.0 - u))
        return math.exp(a + (b if z < 0.0 else c) * z)
    if family == SPLIT:
        share = b / (b + c)
        if u < share:
            return a + b * normal(0.5 * u / share)
        return a + c * normal(0.5 + 0.5 * (u - share) / (1.0 - share))
    if family == SHIFTED:
        return c + math.exp(a + b * normal(u))
    at_mode = (c - a) / (b - a)
    if u < at_mode:
        return a + math.sqrt(u * (b - a) * (c - a))
    return b - math.sqrt((1.0 - u) * (b - a) * (b - c))


@rule
def value_at(family, u, a, b, c, zero, first, span):
    """Return the value at luck ``u`` of a shape: zero with its chance, the family's rest beyond."""
    if u < zero:
        return 0.0
    if zero > 0.0:
        u = max(TINY, (u - zero) / (1.0 - zero))
    return quantile(family, first + span * u, a, b, c)


@rule
def lay_out(values, family, a, b, c, zero, first, span):
    """Fill ``values`` with a shape at evenly spaced luck, from low to high."""
    for step in range(len(values)):
        values[step] = value_at(family, (step + 0.5) / len(values), a, b, c, zero, first, span)


@functools.lru_cache(maxsize=4096)  # arms and worlds of a sweep have most intervals in common
def shape_of(quantity: Quantity) -> Shape:
    """Return the distribution that an interval describes.

    Where tails are cut off, the interval is that of what is left: the distribution before the cut is
    sought by trial.
    """
    shape = _cut_off(quantity)
    if shape.span == 1.0:
        return shape
    aim = trial = quantity
    for _ in range(TRIALS):
        got = _points(shape, quantity)
        trial = _aimed(trial, aim, got)
        if trial is None:
            break
        shape = _cut_off(trial)
    return min(shape, _cut_off(quantity), key=lambda s: _miss(quantity, _points(s, quantity)))


def _aimed(trial: Quantity, aim: Quantity, got: tuple[float, float, float]) -> Quantity | None:
    """Return an interval before the cut that comes nearer to an aim than the last trial, or None."""
    points = []
    for now, wanted, reached in zip(
        (trial.low, trial.value, trial.high), (aim.low, aim.value, aim.high), got, strict=True
    ):
        by_ratio = aim.family in POSITIVE and wanted > 0.0 < reached
        points.append(now * (wanted / reached) if by_ratio else now + (wanted - reached))
    low, centre, high = points
    if not (math.isfinite(low) and math.isfinite(high) and low <= centre <= high and low < high):
        return None
    if aim.family in POSITIVE and low <= 0.0 and not aim.zero:
        return None
    return replace(trial, low=low, value=centre, high=high)


def _miss(quantity: Quantity, got: tuple[float, float, float]) -> float:
    wanted = (quantity.low, quantity.value, quantity.high)
    return max(abs(point - aim) for point, aim in zip(got, wanted, strict=True))


def _cut_off(quantity: Quantity) -> Shape:
    """Return the distribution that an interval describes before its tails are cut off, and the cuts."""
    family, a, b, c = fit(quantity)
    minimum = max(quantity.minimum, 0.0) if family == SHIFTED else quantity.minimum
    first = _share_below((family, a, b, c), minimum) if minimum > -math.inf else 0.0
    last = _share_below((family, a, b, c), quantity.maximum) if quantity.maximum < math.inf else 1.0
    return Shape(family, a, b, c, quantity.zero, first, last - first)


def fit(quantity: Quantity) -> tuple[int, float, float, float]:
    """Return (family, a, b, c) of the distribution that an interval describes.

    normal, lognormal, loglogistic: median and the spread below and above it (of the logarithm);
    uniform, loguniform: ends; triangular: ends and mode; split: mode and the spread below and above it;
    shifted: mean and spread of the logarithm, and the shift. With a chance of zero: of what is not zero.
    """
    low, centre, high = quantity.low, quantity.value, quantity.high
    assert low is not None and high is not None and quantity.family is not None
    family = FAMILIES.index(quantity.family)
    tail = (1.0 - quantity.level) / 2.0
    if quantity.zero:
        return _fit_above_zero(family, quantity, high, tail)
    if family in (LOGNORMAL, LOGUNIFORM, LOGLOGISTIC):
        if family == LOGNORMAL and quantity.centre_is == "mode":
            return _fit_shifted(low, centre, high, normal(1.0 - tail))
        low, centre, high = math.log(low), math.log(centre), math.log(high)
    if family in (UNIFORM, LOGUNIFORM):
        margin = (high - low) * tail / quantity.level
        return family, low - margin, high + margin, 0.0
    if family == TRIANGULAR:
        mode = _mode_of_triangle(quantity.centre_is, centre, low, high, tail)
        return family, *_ends_of_triangle(low, mode, high, tail), mode
    if family == NORMAL and quantity.centre_is == "mode":
        return _fit_split(low, centre, high, tail)
    z = math.log((1.0 - tail) / tail) if family == LOGLOGISTIC else normal(1.0 - tail)
    if quantity.centre_is == "mean":
        centre = _median_of_mean(family, quantity.value, low, high, z)
    elif quantity.centre_is == "mode":  # a loglogistic
        centre = (low + high) / 2.0
    return family, centre, (centre - low) / z, (high - centre) / z


def _median_of_mean(family: int, mean: float, low: float, high: float, z: float) -> float:
    """Return the median (of the logarithm) that gives a two-sided distribution its mean."""

    def mean_at(median: float) -> float:
        return mean_of_sides(family, median, (median - low) / z, (high - median) / z)

    return _closest(mean_at, mean, low, high)


def mean_of_sides(family: int, median: float, below: float, above: float) -> float:
    """Return the mean of a normal, lognormal or loglogistic with a spread of its own on either side."""
    if family == NORMAL:
        return median + (above - below) / math.sqrt(2.0 * math.pi)
    if family == LOGNORMAL:
        lower = math.exp(median + below * below / 2.0) * normal_share(-below)
        return lower + math.exp(median + above * above / 2.0) * normal_share(above)
    if above >= 1.0:
        return math.inf
    x = np.linspace(-60.0, 60.0 / (1.0 - above), 40_001)
    logarithm = median + np.where(x < 0.0, below, above) * x - np.abs(x)
    values = np.exp(logarithm) / np.square(1.0 + np.exp(-np.abs(x)))
    return float(values.sum() * (x[1] - x[0]))


@rule
def normal_share(z):
    """Return the share of a standard normal below ``z``."""
    return 0.5 * math.erfc(-z / math.sqrt(2.0))


def _fit_split(low: float, mode: float, high: float, tail: float) -> tuple[int, float, float, float]:
    """Return a split normal with its mode where it is said: the share below the mode is what is sought."""
    if mode in (low, high):
        return _fit_split(low, low + (high - low) * (1e-9 if mode == low else 1.0 - 1e-9), high, tail)

    def sides(share: float) -> tuple[float, float]:
        below = (mode - low) / -normal(0.5 * tail / share)
        return below, (high - mode) / -normal(0.5 * tail / (1.0 - share))

    def excess(share: float) -> float:
        below, above = sides(share)
        return above * share - below * (1.0 - share)

    share = _root(excess, tail * (1.0 + 1e-12), 1.0 - tail * (1.0 + 1e-12))
    return SPLIT, mode, *sides(share)


def _fit_shifted(low: float, mode: float, high: float, z: float) -> tuple[int, float, float, float]:
    """Return a shifted lognormal with the mode where it is said; a mode high up in between has none."""
    middle, spread = (math.log(low) + math.log(high)) / 2.0, (math.log(high) - math.log(low)) / (2.0 * z)

    def lean(s: float) -> float:
        peak = math.exp(-s * s)
        return (math.exp(z * s) - peak) * (mode - low) - (high - mode) * (peak - math.exp(-z * s))

    if high - mode <= (mode - low) * (1.0 + 1e-9) or mode == low:
        return LOGNORMAL, middle, spread, spread
    s = _root(lean, 1e-6, z * (1.0 - 1e-9))
    scale = (high - low) / (math.exp(z * s) - math.exp(-z * s))
    return SHIFTED, math.log(scale), s, low - scale * math.exp(-z * s)


def _ends_of_triangle(low: float, mode: float, high: float, tail: float) -> tuple[float, float]:
    below = above = 0.0  # how far the ends lie beyond the bounds
    for _ in range(200):
        width = tail * (high - low + below + above)
        below = (width + math.sqrt(width * width + 4.0 * width * (mode - low))) / 2.0
        above = (width + math.sqrt(width * width + 4.0 * width * (high - mode))) / 2.0
    return low - below, high + above


def _mode_of_triangle(centre_is: str, centre: float, low: float, high: float, tail: float) -> float:
    """Return the corner that gives a triangle its mean or median."""
    if centre_is == "mode":
        return centre

    def centre_at(mode: float) -> float:
        first, last = _ends_of_triangle(low, mode, high, tail)
        if centre_is == "mean":
            return (first + mode + last) / 3.0
        return quantile(TRIANGULAR, 0.5, first, last, mode)

    return _closest(centre_at, centre, low, high)


def _fit_above_zero(family: int, quantity: Quantity, high: float, tail: float):
    """Return the distribution of what is not zero: its upper bound and centre are those of the whole."""
    rest = 1.0 - quantity.zero
    at_high = 1.0 - tail / rest
    centre = quantity.value
    if quantity.centre_is == "mean":
        centre /= rest
    at_median = (0.5 - quantity.zero) / rest
    if family == UNIFORM:
        return family, 0.0, high / at_high, 0.0
    if family == TRIANGULAR:

        def end_of(mode: float) -> float:  # high lies above the mode
            root = math.sqrt(1.0 - at_high)
            return _root(
                lambda last: last - root * math.sqrt(last * (last - mode)) - high, high, high / (1.0 - root)
            )

        def centre_at(mode: float) -> float:
            if quantity.centre_is == "mean":
                return (end_of(mode) + mode) / 3.0
            if quantity.centre_is == "median":
                return quantile(family, at_median, 0.0, end_of(mode), mode)
            return mode

        mode = _closest(centre_at, centre, 0.0, high)
        return family, 0.0, end_of(mode), mode
    top = math.log(high)
    z = normal(at_high) if family == LOGNORMAL else math.log(at_high / (1.0 - at_high))

    def centre_of(spread: float) -> float:
        a = top - spread * z
        if quantity.centre_is == "median":
            return quantile(family, at_median, a, spread, spread)
        if quantity.centre_is == "mean":
            return mean_of_sides(family, a, spread, spread)
        if family == LOGNORMAL:
            return math.exp(a - spread * spread)
        return math.exp(a) * ((1.0 - spread) / (1.0 + spread)) ** spread

    most = 20.0 if quantity.centre_is == "median" else z if family == LOGNORMAL else 0.99
    spread = _closest(centre_of, centre, 0.0, most)
    return family, top - spread * z, spread, spread


def _share_below(fitted: tuple[int, float, float, float], value: float) -> float:
    """Return the share of a fitted distribution that lies below a value."""
    family, a, b, c = fitted

    def above(u: float) -> float:
        return quantile(family, u, a, b, c) - value

    if above(TINY) >= 0.0:
        return 0.0
    if above(1.0 - TINY) <= 0.0:
        return 1.0
    return _root(above, TINY, 1.0 - TINY)


def _closest(function: Callable[[float], float], target: float, low: float, high: float) -> float:
    """Return where a function takes a value: of several places the nearest to the middle of its range.

    Where it never does: where it comes nearest.
    """
    steps = 64
    places = [low + (high - low) * step / steps for step in range(steps)] + [high]
    values = [function(place) - target for place in places]
    crossings = [step for step in range(steps) if (values[step] <= 0.0) != (values[step + 1] <= 0.0)]
    if not crossings:
        nearest = min(range(steps + 1), key=lambda step: abs(values[step]))
        first, last = places[max(0, nearest - 1)], places[min(steps, nearest + 1)]
        return _lowest(lambda place: abs(function(place) - target), first, last)
    step = min(crossings, key=lambda step: abs(step + 0.5 - steps / 2))
    return _root(lambda place: function(place) - target, places[step], places[step + 1])


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    """Return where a function changes its sign, by halving."""
    sign = function(low) <= 0.0
    for _ in range(200):
        middle = (low + high) / 2.0
        if middle in (low, high):
            break
        if (function(middle) <= 0.0) == sign:
            low = middle
        else:
            high = middle
    return (low + high) / 2.0


def _lowest(function: Callable[[float], float], low: float, high: float) -> float:
    """Return where a function with one dip is lowest, by thirds."""
    for _ in range(100):
        first, second = low + (high - low) / 3.0, high - (high - low) / 3.0
        if function(first) <= function(second):
            high = second
        else:
            low = first
    return (low + high) / 2.0


class Gaps(NamedTuple):
    """How far the distribution that is drawn lies from what was given, as shares of high less low."""

    low: float
    centre: float
    high: float

    @property
    def largest(self) -> float:
        return max(self, key=abs)


def points_of(quantity: Quantity) -> tuple[float, float, float]:
    """Return the lower bound, the centre and the upper bound of the distribution that is drawn."""
    return _points(shape_of(quantity), quantity)


def _points(shape: Shape, quantity: Quantity) -> tuple[float, float, float]:
    tail = (1.0 - quantity.level) / 2.0

    def at(u: float) -> float:
        return value_at(shape.family, u, *shape[1:])

    return at(tail), _centre_of(quantity, shape, at(0.5)), at(1.0 - tail)


def _centre_of(quantity: Quantity, shape: Shape, median: float) -> float:
    if quantity.centre_is == "median":
        return median
    if quantity.centre_is == "mean":
        if shape.span == 1.0 and shape.family in (NORMAL, LOGNORMAL, LOGLOGISTIC):
            return (1.0 - shape.zero) * mean_of_sides(*shape[:4])
        values = np.empty(STEPS)
        lay_out(values, *shape)
        return float(values.mean())
    if shape.family in (SPLIT, TRIANGULAR):
        return shape.a if shape.family == SPLIT else shape.c
    if shape.family == SHIFTED:
        return shape.c + math.exp(shape.a - shape.b * shape.b)
    if shape.family in (UNIFORM, LOGUNIFORM):  # no value stands out; the lowest if the logarithm is even
        low, high = quantity.low, quantity.high
        assert low is not None and high is not None
        return (low + high) / 2.0 if shape.family == UNIFORM else low
    if shape.family == LOGLOGISTIC:
        spread = min(shape.b, 1.0)
        return math.exp(shape.a) * ((1.0 - spread) / (1.0 + spread)) ** spread
    return math.exp(shape.a - shape.b * shape.b)  # lognormal


def gaps(quantity: Quantity) -> Gaps:
    """Return how far an interval is honoured; zeros for a plain number and for what is drawn by parts."""
    if quantity.low is None or quantity.high is None:
        return Gaps(0.0, 0.0, 0.0)
    low, centre, high = points_of(quantity)
    width = quantity.high - quantity.low
    return Gaps(
        (low - quantity.low) / width, (centre - quantity.value) / width, (high - quantity.high) / width
    )
