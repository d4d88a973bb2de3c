"""What can be moved: parameters of policies and numbers of a scenario, each as one control."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any

from experiments.sweeps.reading import Known
from sim.errors import UserError, not_found
from sim.paths import meaning_of
from sim.policy import JOIN, LISTS, Parameter, Policy, parsed, read_policy
from sim.quantity import read_quantity
from sim.scenario import Scenario
from sim.schema import EVER, Quantity, Unit, check_bounds, date_of_months
from sim.words import ArtifactKind

# Numbers that are shown before anybody asks for one: every scenario has them.
FIRST_NUMBERS = (
    "trends.rent_decline",
    "trends.algorithm_halving_months",
    "attention.half_life_months",
    "spread.leak_rate",
)
STEPS = 100  # of a slider, about
MOST_NAMED = 12  # names in a hint


@dataclass(frozen=True)
class Lever:
    """One control.

    ``name``: ``delay:months`` (a parameter of a policy) or a dotted path. ``default``: what stands there, as
    text. ``low``, ``high``, ``step``: of its slider; nan where it has none. ``hint``: what may be written.
    """

    name: str
    title: str
    meaning: str
    unit: str
    default: str
    low: float = math.nan
    high: float = math.nan
    step: float = math.nan
    hint: str = ""

    @property
    def slides(self) -> bool:
        return math.isfinite(self.low)

    def on_slider(self, text: str) -> float:
        """Return where the slider stands for what is written: the nearest of its steps."""
        try:
            value = min(self.high, max(self.low, float(text)))
        except ValueError:
            value = self.low
        return self.low + self.step * round((value - self.low) / self.step)


def policy_levers(policy: Policy, scenario: Scenario) -> list[Lever]:
    """Return the controls of a policy: one for each parameter."""
    return [_of_parameter(policy.name, key, row, scenario) for key, row in policy.parameters.items()]


def number_lever(scenario: Scenario, path: str) -> Lever:
    """Return the control of a number; raise UserError where the scenario has none of this name."""
    quantity, unit = number_of(scenario, path)
    if unit.date:
        return Lever(
            path, path, meaning_of(path), "date", _date(quantity.value), hint="YYYY-MM or YYYY-MM-DD"
        )
    slider = _slider(*_range(quantity, unit), unit.minimum)
    return Lever(path, path, meaning_of(path), unit.name, f"{quantity.value:.6g}", *slider, _bounds(unit))


def number_paths(scenario: Scenario) -> list[str]:
    """Return the dotted paths of all numbers that can be moved."""
    return list(_known(scenario).numbers)


def number_of(scenario: Scenario, path: str) -> tuple[Quantity, Unit]:
    """Return a number and its unit; raise UserError where the scenario has none of this name."""
    numbers = _known(scenario).numbers
    if path not in numbers:
        raise UserError(not_found("number", path, numbers))
    return numbers[path]


def problem(scenario: Scenario, lever: Lever, text: str) -> str:
    """Return why a lever cannot be put at what is written, or "" where it can."""
    policy, colon, key = lever.name.partition(":")
    try:
        if colon and lever.name not in _known(scenario).numbers:
            if "," in text or JOIN in text:
                raise UserError(f"{text!r}: must not hold a comma or {JOIN}; names are joined by +")
            parsed(key, text, read_policy(policy).parameters[key], scenario.file)
        else:
            _, unit = number_of(scenario, lever.name)
            check_bounds(read_quantity(value_of(text, unit), unit.date), unit)
    except (UserError, ValueError) as error:
        return str(error)
    return ""


def value_of(text: str, unit: Unit) -> Any:
    """Return what is written as a number or date; raise ValueError where it is none."""
    if unit.date:
        return text.strip()
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is no number; {_bounds(unit)}")
    return value


def in_place(scenario: Scenario, path: str) -> bool:
    """Return whether a number can be set in the vector of a compiled world, without making another."""
    return _known(scenario).is_plain(path)


@functools.lru_cache(maxsize=16)
def _known(scenario: Scenario) -> Known:
    return Known(scenario)


def _of_parameter(policy: str, key: str, row: Parameter, scenario: Scenario) -> Lever:
    default = "+".join(row.default) if isinstance(row.default, list) else row.default
    text = "" if default is None else f"{default:.6g}" if row.type == "number" else str(default)
    name, meaning = f"{policy}:{key}", row.meaning
    if row.type != "number":
        return Lever(name, key, meaning, row.unit or row.type, text, hint=_names(row.type, scenario))
    centre = float(row.default) if row.default is not None else 0.0
    reach = 4 * abs(centre) or 1.0
    low = row.minimum if row.minimum is not None else -reach
    high = row.maximum if row.maximum is not None else max(low, 0.0) + reach
    hint = " ".join(
        f"{word} {bound:g}"
        for word, bound in (("at least", row.minimum), ("at most", row.maximum))
        if bound is not None
    )
    return Lever(name, key, meaning, row.unit, text, *_slider(low, high, low), hint)


def _names(kind: str, scenario: Scenario) -> str:
    """Return what may be written for a parameter that is no number."""
    file = scenario.file
    known: dict[str, list[str]] = {
        "actors": ["all", *file.kinds, *file.regions, *file.actors],
        "actor": list(file.actors),
        "artifacts": ["all", *(word.key for word in ArtifactKind)],
        "classes": ["all", "general", *file.classes],
        "class": list(file.classes),
        "date": ["YYYY-MM", "start", "always", "never"],
    }
    names = known.get(kind, [])
    more = f", and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    joined = "; joined by +" if kind in LISTS else ""
    return ", ".join(names[:MOST_NAMED]) + more + joined


def _range(quantity: Quantity, unit: Unit) -> tuple[float, float]:
    """Return between what a slider moves: the interval of a number and somewhat more, within its bounds."""
    value = quantity.value
    low = quantity.low if quantity.low is not None else value - abs(value)
    high = quantity.high if quantity.high is not None else value + 2 * abs(value)
    if low == high:
        high = low + 1.0
    margin = (high - low) / 4
    return max(unit.minimum, min(low, value) - margin), min(unit.maximum, max(high, value) + margin)


def _slider(low: float, high: float, least: float) -> tuple[float, float, float]:
    """Return the ends of a slider and its step, in which people count: 1, 2 or 5 times a power of ten.

    >>> _slider(0.0, 24.0, 0.0), _slider(-0.03, 1.0, -5.0)
    ((0.0, 24.0, 0.5), (-0.04, 1.0, 0.02))
    """
    size = (high - low) / STEPS
    power = 10.0 ** math.floor(math.log10(size))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= size * 0.999)
    return max(least, step * math.floor(low / step + 1e-9)), high, step


def _bounds(unit: Unit) -> str:
    parts = [f"at least {unit.minimum:g}"] if math.isfinite(unit.minimum) else []
    parts += [f"at most {unit.maximum:g}"] if math.isfinite(unit.maximum) else []
    return " and ".join(parts) or "any number"


def _date(months: float) -> str:
    if abs(months) >= EVER:
        return "never" if months > 0 else "always"
    return str(date_of_months(months))
