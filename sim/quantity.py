"""A number of a scenario: plain, an interval, or pooled from several opinions; and dates.

``docs/inputs.md`` says how each form is written and what it means.
"""

from __future__ import annotations

import datetime
import math
import re
from dataclasses import dataclass, replace
from typing import Any

from sim.errors import nearest

FAMILIES = ("normal", "lognormal", "uniform", "loguniform", "triangular", "loglogistic")
POSITIVE = ("lognormal", "loguniform", "loglogistic")  # families without zero
OF_DATES = ("normal", "uniform", "triangular")
WITH_ZERO = ("lognormal", "loglogistic", "uniform", "triangular")  # what is not zero starts at zero
CENTRES = ("median", "mean", "mode")
METHODS = ("bound_wise", "weighted_average", "mixture")


@dataclass(frozen=True)
class Part:
    """One opinion of a pooled number, and its weight (any positive number)."""

    quantity: Quantity
    weight: float


@dataclass(frozen=True)
class Pool:
    """How several opinions become one number.

    ``bound_wise``: weighted means of the lower bounds, of the centres, of the upper bounds.
    ``weighted_average``: each run takes the weighted mean of one draw from each; ``correlation`` says
    how far they err together (0 independent, 1 perfectly). ``mixture``: each run believes one of them.
    """

    method: str
    parts: tuple[Part, ...]
    correlation: float = 0.0


@dataclass(frozen=True)
class Quantity:
    """A number with its uncertainty and its source.

    ``value`` is the centre; ``low`` and ``high`` bound the central ``level`` of the distribution
    ``family``. A plain number has neither. ``zero``: the chance of exactly zero. ``minimum`` and
    ``maximum``: where the distribution is cut off. ``pool``: the opinions that it was made from; of a
    weighted average or a mixture these say all, and low and high are not given. Dates are months since
    the year 0.
    """

    value: float
    low: float | None = None
    high: float | None = None
    level: float = 0.9
    centre_is: str = "median"
    family: str | None = None
    source: str | None = None
    zero: float = 0.0
    minimum: float = -math.inf
    maximum: float = math.inf
    pool: Pool | None = None

    @property
    def uncertain(self) -> bool:
        return self.low is not None or self.drawn_by_parts

    @property
    def drawn_by_parts(self) -> bool:
        """Whether a draw is made from its opinions, not from one distribution."""
        return self.pool is not None and self.pool.method != "bound_wise"


_DATE = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?")


def months_of_date(text: str) -> float:
    """Return a date ("2020-05" or "2020-05-28") as months since the year 0.

    >>> round(months_of_date("2020-06") - months_of_date("2020-05-16"), 3)
    0.516
    """
    match = _DATE.fullmatch(text)
    if not match:
        raise ValueError(f"not a date: {text!r} (write YYYY-MM or YYYY-MM-DD)")
    year, month, day = int(match[1]), int(match[2]), int(match[3] or 1)
    try:
        first = datetime.date(year, month, 1)
        datetime.date(year, month, day)
    except ValueError as error:
        raise ValueError(f"not a date: {text!r} ({error})") from None
    following = datetime.date(year + month // 12, month % 12 + 1, 1)
    return year * 12 + (month - 1) + (day - 1) / (following - first).days


def date_of_months(months: float) -> datetime.date:
    """Return the calendar day of a time in months since the year 0; the inverse of months_of_date."""
    whole = math.floor(months)
    first = datetime.date(whole // 12, whole % 12 + 1, 1)
    following = datetime.date(first.year + first.month // 12, first.month % 12 + 1, 1)
    days = round((months - whole) * (following - first).days)
    return first + datetime.timedelta(days=days)


def _day(months: float) -> str:
    """Return a time in months since the year 0 as a date is written; "always" before all of them."""
    return date_of_months(months).isoformat().removesuffix("-01") if months > LONG_AGO else "always"


LONG_AGO = -1e6  # months: before anything that a scenario can date
EVER = 1e5  # months since the year 0: a date beyond stands for "always" or "never"


def _plain(raw: Any, date: bool, what: str = "number") -> float:
    if date:
        if isinstance(raw, datetime.datetime):
            raw = raw.date()
        if isinstance(raw, datetime.date):
            raw = raw.isoformat()
        if raw == "never":
            return math.inf
        if raw == "always":
            return LONG_AGO
        if not isinstance(raw, str):
            raise ValueError(f'{raw!r} is not a date; write "YYYY-MM" or "YYYY-MM-DD" in quotes')
        return months_of_date(raw)
    if isinstance(raw, bool) or not isinstance(raw, (int, float)):
        raise ValueError(f"{raw!r} is not a {what}")
    try:
        number = float(raw)
    except OverflowError:
        raise ValueError(f"a {what} of {raw.bit_length()} bits is too large; at most 1.7e308") from None
    if not math.isfinite(number):
        raise ValueError(f"{raw!r} is not a finite {what}")
    return number


_INTERVAL = ("low", "centre", "high", "level", "centre_is", "family", "zero", "minimum", "maximum")
_KEYS = ("value", *_INTERVAL, "source")
_POOLED_KEYS = ("pool", "family", "minimum", "maximum", "source")
_POOL_KEYS = ("method", "parts", "correlation")


def read_quantity(raw: Any, date: bool = False) -> Quantity:
    """Read a number as it may stand in a file: plain, ``{value, source}``, an interval, or a pool.

    Raises ValueError with what is allowed.
    """
    if isinstance(raw, Quantity):
        return raw
    if isinstance(raw, (list, tuple)):
        raise ValueError(
            f"{raw!r} is a bare list; write an interval as "
            '{low = .., centre = .., high = .., centre_is = "median", family = "lognormal"}'
        )
    if not isinstance(raw, dict):
        return Quantity(_plain(raw, date))
    if "pool" in raw:
        return _read_pooled(raw, date)
    _check_keys(raw, _KEYS, "a number")
    source = _source_of(raw)
    if ("value" in raw) == ("centre" in raw):
        raise ValueError("a number needs either value or centre (with low and high)")
    if "value" in raw:
        extra = [key for key in _INTERVAL if key in raw]
        if extra:
            raise ValueError(f"{extra[0]} goes with centre, not with value")
        return Quantity(_plain(raw["value"], date), source=source)
    for key in ("low", "high", "family"):
        if key not in raw:
            raise ValueError(f"an interval needs {key}")
    low, centre, high = (_plain(raw[key], date) for key in ("low", "centre", "high"))
    return _interval(raw, low, centre, high, date, source)


def as_plain(quantity: Quantity, scale: float = 1.0) -> dict[str, Any]:
    """Return a number as it may stand in a file, times a scale: the inverse of ``read_quantity``.

    >>> as_plain(read_quantity(3), 2.0)
    {'value': 6.0}
    """
    plain: dict[str, Any] = {"source": quantity.source} if quantity.source else {}
    if quantity.pool is not None:
        parts = [as_plain(part.quantity, scale) | {"weight": part.weight} for part in quantity.pool.parts]
        plain["pool"] = {"method": quantity.pool.method, "parts": parts}
        if quantity.pool.correlation:
            plain["pool"]["correlation"] = quantity.pool.correlation
    points = {"low": quantity.low, "centre": quantity.value, "high": quantity.high}
    points |= {"minimum": quantity.minimum, "maximum": quantity.maximum}
    known = {name: scale * at for name, at in points.items() if at is not None and math.isfinite(at)}
    if quantity.pool is not None:
        limits = {name: known[name] for name in ("minimum", "maximum") if name in known}
        return plain | limits | ({"family": quantity.family} if quantity.family else {})
    if quantity.low is None:
        return {"value": known["centre"]} | plain
    shape = {"level": quantity.level, "centre_is": quantity.centre_is, "family": quantity.family}
    return known | shape | ({"zero": quantity.zero} if quantity.zero else {}) | plain


def _interval(raw: dict, low: float, centre: float, high: float, date: bool, source: str | None) -> Quantity:
    """Check the three points of an interval and what else it says, and return it."""
    family, centre_is = raw["family"], raw.get("centre_is", "median")
    if family not in FAMILIES:
        raise ValueError(
            f"family {family!r} is not one of {', '.join(FAMILIES)}{nearest(str(family), FAMILIES)}"
        )
    if centre_is not in CENTRES:
        raise ValueError(f"centre_is {centre_is!r} is not one of {', '.join(CENTRES)}")
    if date and family not in OF_DATES:
        raise ValueError(f"family {family!r} is not for dates; use one of {', '.join(OF_DATES)}")
    if not all(map(math.isfinite, (low, centre, high))):
        raise ValueError('"never" has no place in an interval; write an [[alternatives]] with it')
    if not low <= centre <= high or low == high:
        points = {"low": low, "centre": centre, "high": high}
        told = {name: _day(value) if date else f"{value:g}" for name, value in points.items()}
        raise ValueError(
            f"interval out of order: {', '.join(f'{name} {said}' for name, said in told.items())}"
        )
    level = _plain(raw.get("level", 0.9), False)
    if not 0 < level < 1:
        raise ValueError(f"level {level:g} must lie between 0 and 1 (0.9 is a 90 % interval)")
    zero = _plain(raw.get("zero", 0.0), False)
    if zero:
        _check_zero(zero, low, centre, family, centre_is, level, date)
    elif family in POSITIVE and low <= 0:
        cure = "; zero = .. gives the chance of exactly zero" if low == 0 and not date else ""
        raise ValueError(f"a {family} interval must be above zero, not {low:g}{cure}")
    minimum = _plain(raw["minimum"], date) if "minimum" in raw else -math.inf
    maximum = _plain(raw["maximum"], date) if "maximum" in raw else math.inf
    if minimum > low or maximum < high:
        raise ValueError(
            f"minimum and maximum cut off tails outside of low {low:g} and high {high:g}, "
            f"not {minimum if minimum > low else maximum:g}"
        )
    return Quantity(centre, low, high, level, centre_is, family, source, zero, minimum, maximum)


def _check_zero(zero, low, centre, family, centre_is, level, date) -> None:
    tail = (1.0 - level) / 2.0
    if date:
        raise ValueError("a date has no chance of zero; an [[alternatives]] may set it to another date")
    if family not in WITH_ZERO:
        raise ValueError(f"zero does not go with {family}; use one of {', '.join(WITH_ZERO)}")
    if low != 0:
        raise ValueError(f"with zero = {zero:g} low is 0, the lower bound of the whole, not {low:g}")
    if not tail <= zero < 1.0 - tail:
        raise ValueError(
            f"zero = {zero:g} does not make 0 the lower bound of a {100 * level:g} % interval; "
            f"use {tail:.3g} or more, and less than {1.0 - tail:.3g}"
        )
    if centre <= 0 or (centre_is == "median" and zero >= 0.5):
        raise ValueError(f"with zero = {zero:g} the {centre_is} cannot be {centre:g}")


def _read_pooled(raw: dict, date: bool) -> Quantity:
    """Read ``{pool = {method, parts}, family, source}``."""
    _check_keys(raw, _POOLED_KEYS, "a pooled number")
    source, pool = _source_of(raw), raw["pool"]
    if not isinstance(pool, dict):
        raise ValueError('pool must be a table: {method = "bound_wise", parts = [{..., weight = 1}, ...]}')
    _check_keys(pool, _POOL_KEYS, "a pool")
    method = pool.get("method")
    if method not in METHODS:
        raise ValueError(
            f"pool.method {method!r} is not one of {', '.join(METHODS)}{nearest(str(method), METHODS)}"
        )
    rows = pool.get("parts")
    if not isinstance(rows, list) or len(rows) < 2:
        raise ValueError("pool.parts must be a list of two or more numbers with weights")
    parts = []
    for place, row in enumerate(rows):
        try:
            parts.append(_read_part(row, date))
        except ValueError as error:
            raise ValueError(f"pool.parts.{place}: {error}") from None
    correlation = _plain(pool.get("correlation", 0.0), False)
    if "correlation" in pool and method != "weighted_average":
        raise ValueError(f"pool.correlation goes with weighted_average, not with {method}")
    if not 0 <= correlation <= 1:
        raise ValueError(f"pool.correlation {correlation:g} must lie between 0 and 1")
    total = sum(part.weight for part in parts)

    def mean(points) -> float:
        return sum(part.weight * point for part, point in zip(parts, points, strict=True)) / total

    centre = mean([part.quantity.value for part in parts])
    kept = Pool(method, tuple(parts), correlation)
    ranges = [part.quantity for part in parts if part.quantity.uncertain]
    if method != "bound_wise":
        extra = [key for key in ("family", "minimum", "maximum") if key in raw]
        if extra:
            raise ValueError(f"{extra[0]} of a {method} goes into its parts")
        return Quantity(centre, centre_is="mean", source=source, pool=kept)
    settings = {}
    for key in ("level", "centre_is", "family"):
        said = {getattr(quantity, key) for quantity in ranges}
        if key == "family" and "family" in raw:
            said = {raw["family"]}
        if len(said) != 1:
            cure = "give the pooled number a family" if key == "family" else "bring them to one"
            raise ValueError(f"pool.parts: {key} differs or is missing; {cure}")
        settings[key] = said.pop()
    if any(quantity.zero for quantity in ranges):
        raise ValueError("pool.parts: zero does not go with bound_wise; use mixture")
    low = mean([_bound(part.quantity, part.quantity.low) for part in parts])
    high = mean([_bound(part.quantity, part.quantity.high) for part in parts])
    given = {key: raw[key] for key in ("minimum", "maximum") if key in raw}
    whole = _interval(settings | given, low, centre, high, date, source)
    return replace(whole, pool=kept)


def _bound(quantity: Quantity, bound: float | None) -> float:
    return quantity.value if bound is None else bound


def _read_part(row: Any, date: bool) -> Part:
    if not isinstance(row, dict) or "weight" not in row:
        raise ValueError("write {low = .., centre = .., high = .., family = .., weight = ..}")
    if "pool" in row:
        raise ValueError("a pool holds no pools")
    weight = _plain(row["weight"], False)
    if weight <= 0:
        raise ValueError(f"weight {weight:g} must be above zero")
    return Part(read_quantity({key: row[key] for key in row if key != "weight"}, date), weight)


def _check_keys(raw: dict, allowed: tuple[str, ...], what: str) -> None:
    for key in raw:
        if key not in allowed:
            raise ValueError(
                f"unknown key {key!r} in {what}{nearest(str(key), allowed)}; allowed: {', '.join(allowed)}"
            )


def _source_of(raw: dict) -> str | None:
    source = raw.get("source")
    if source is not None and not isinstance(source, str):
        raise ValueError(f"source must be text, not {source!r}")
    return source
