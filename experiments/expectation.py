"""When a model was to be expected: trends and judgements on record, pooled as their sources pool them.

>>> round(trend_lags(load_history("gpt3")).weighted, 1)
24.9
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from experiments.history import load_history as load_history
from sim.errors import UserError
from sim.quantity import Part, Pool, Quantity, as_plain, read_quantity

if TYPE_CHECKING:
    from experiments.history import History

METHODS = ("weighted_average", "together", "mixture")
AT_MOST = 0.5  # of the bounds of the number in whose place others are drawn: tails stay within them


class Lags(NamedTuple):
    """How many months after a model its trends come to its compute.

    ``weighted``, ``plain``: means. ``spread``: standard deviation over the trends; ``filtered``: without
    those that the source leaves out.
    """

    weighted: float
    plain: float
    spread: float
    filtered: float


def trend_lags(history: History) -> Lags:
    """Return the lags of the trends of a record in four numbers; raise UserError where it has too few."""
    trends = list(history.trends.values())
    kept = [trend.months for trend in trends if not trend.outlier]
    if len(kept) < 2:
        raise UserError("a spread needs two trends or more, besides outliers")
    parts = [{"value": trend.months, "weight": trend.weight} for trend in trends]
    months = np.array([trend.months for trend in trends])
    return Lags(
        read_quantity({"pool": {"method": "weighted_average", "parts": parts}}).value,
        float(months.mean()),
        float(months.std(ddof=1)),
        float(np.std(kept, ddof=1)),
    )


def pooled(number: Quantity, method: str, half_width: float | None = None) -> Quantity:
    """Return a pooled number under another method of pooling.

    ``method``: a weighted average of independent opinions, of opinions that err ``together``, or a mixture.
    ``half_width``: every opinion gets this 90 % interval about its centre, whatever it said.
    """
    if number.pool is None or method not in METHODS:
        raise UserError(f"pooling {method!r}: needs a pooled number and one of {', '.join(METHODS)}")
    parts = number.pool.parts
    if half_width is not None:
        parts = tuple(Part(_about(part.quantity, half_width), part.weight) for part in parts)
    pool = Pool("mixture" if method == "mixture" else "weighted_average", parts, float(method == "together"))
    return Quantity(number.value, centre_is="mean", source=number.source, pool=pool)


def draws_of_number(number: Quantity, runs: int = 20_000, seed: int = 1) -> np.ndarray:
    """Return draws of a number that stands in no scenario, as runs would draw it; shape (runs,).

    It takes the place of a number of the scenario ``toy`` that may be negative, on its scale.
    """
    from experiments.inputs import draws_of
    from sim.scenario import from_data, load, merge

    toy, place = load("toy"), ("trends", "compute_growth")
    largest = max(abs(each) for each in _all_points(number))
    scale = AT_MOST / largest if largest > 0.0 else 1.0
    data = merge(
        toy.raw, {place[0]: {place[1]: as_plain(number, scale) | {"source": "on record"}}}, toy.origin
    )
    return draws_of(from_data(data, toy.origin), runs, seed)[".".join(place)] / scale


def _about(quantity: Quantity, half_width: float) -> Quantity:
    centre = quantity.value
    return Quantity(centre, centre - half_width, centre + half_width, family="normal", source=quantity.source)


def _all_points(number: Quantity) -> list[float]:
    if number.pool is not None:
        return [point for part in number.pool.parts for point in _all_points(part.quantity)]
    return [number.value] + [each for each in (number.low, number.high) if each is not None]
