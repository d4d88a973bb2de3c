"""Randomised worlds: every number of a scenario becomes uncertain, so that each run is another world.

What holds in all of them does not hang on one guess (domain randomisation). Drawn inputs are functions of
(seed, run): the same run of two policies lives in the same world.
"""

from __future__ import annotations

import copy
import math
from typing import Any

from sim.errors import UserError
from sim.joint import alternatives_of
from sim.paths import join_path, quantities
from sim.scenario import Scenario, from_data
from sim.schema import Quantity, Unit

# What is left as it is: the record, and what a class is (the question itself).
RECORD = ("scripted_artifacts", "scripted_projects", "harms", "orders", "changes")
DEFINITIONS = ("flop", "parameters", "tokens", "peak_flops", "memory_gb", "reference_flop", "compute_flop")
WIDEST = 100.0


def randomised(scenario: Scenario, width: float = 2.0, tables: tuple[str, ...] = ()) -> Scenario:
    """Return a scenario in which every run draws a world of its own.

    Args:
        scenario: any scenario.
        width: a plain number becomes an interval from 1/width to width times itself (90 %); an interval
            becomes so many times as wide, about its centre. 1 changes nothing.
        tables: names of the tables that are randomised; all if none is given.

    Dates, zeros, what the record gives, what defines a class, what is drawn from opinions and what an
    alternative sets stay as they are; shares stay shares. A posterior is not used.

    Raises:
        UserError: for a width below 1 or beyond 100.
    """
    if not 1.0 <= width <= WIDEST:
        raise UserError(f"width = {width!r}: must be a number from 1 to {WIDEST:g}")
    if width == 1.0:
        return scenario
    data = copy.deepcopy(scenario.raw)
    chosen = {
        number.path for _, options in alternatives_of(scenario.file) for _, own in options for number in own
    }
    for parts, quantity, unit, source in quantities(scenario.file):
        wanted = parts[0] in tables if tables else parts[0] not in RECORD
        if not wanted or unit.date or parts[-1] in DEFINITIONS or quantity.value == 0.0:
            continue
        if quantity.drawn_by_parts or join_path(parts) in chosen:
            continue
        row = _row(data, parts[:-1])
        if row is not None and parts[-1] in row:
            row[parts[-1]] = _wider(quantity, unit, width, source)
    name = f"{scenario.name}-randomised"
    data["scenario"] = {**data["scenario"], "name": name}
    if "posterior" in data:  # it was learned from the intervals as they were
        data["posterior"] = {**data["posterior"], "use": False}
    return from_data(data, scenario.origin, scenario.sets, policies=scenario.policies)


def _row(data: Any, parts: tuple) -> dict[str, Any] | None:
    """Return the table row that a path leads to; None where only defaults stand there."""
    for part in parts:
        if isinstance(data, list) and not isinstance(part, int):
            data = data[0]
        try:
            data = data[part]
        except (KeyError, IndexError):
            return None
    return data[0] if isinstance(data, list) else data


def _wider(quantity: Quantity, unit: Unit, width: float, source: str | None) -> dict[str, Any]:
    """Return an interval about a number, as it would stand in a file."""
    value, low, high = quantity.value, quantity.low, quantity.high
    family, centre_is, level = quantity.family, quantity.centre_is, quantity.level
    if low is None or high is None:
        low, high = sorted((value / width, value * width))
        family = "lognormal" if value > 0.0 else "uniform"
    elif family in ("lognormal", "loguniform"):
        low, high = value * (low / value) ** width, value * (high / value) ** width
    else:
        low, high = value - width * (value - low), value + width * (high - value)
    low, high = max(low, unit.minimum, quantity.minimum), min(high, unit.maximum, quantity.maximum)
    cut = {"minimum": quantity.minimum, "maximum": quantity.maximum}
    return {
        "low": low,
        "centre": value,
        "high": high,
        "family": family,
        "centre_is": centre_is,
        "level": level,
        "zero": quantity.zero,
        **{name: bound for name, bound in cut.items() if math.isfinite(bound)},
        "source": f"{source or 'default'}; randomised, width {width:g}",
    }
