"""Whether the product uses the value of a claim at the place that it names, with the claim as source."""

from __future__ import annotations

import importlib
import inspect
import math
from typing import Any

from experiments.evidence.claims import UsedInput
from sim.errors import UserError, not_found
from sim.joint import same_path
from sim.paths import join_path, quantities, split_path
from sim.quantity import Quantity
from sim.scenario import CONFIGS, Scenario, load, read_toml
from sim.schema import months_of_date


def problems(claim: str, used: UsedInput, scenario: Scenario) -> list[str]:
    """Return what is wrong with a use of a claim, in words: value, interval, source. Empty: nothing.

    Raises UserError where the place is not there.
    """
    found, source, place = _look_up(used, scenario)
    wrong = [
        f"{place}: {name} is {_shown(found.get(name))}, the claim says {_shown(wanted)}"
        for name in ("value", "low", "centre", "high")
        if (wanted := getattr(used, name)) is not None and not _same(found.get(name), wanted, used.tolerance)
    ]
    if claim not in source:
        given = source if used.constant is None else f"the text of {used.constant}"
        wrong.append(f"{place}: its source does not name the claim {claim}: {given or 'none'}")
    return wrong


def place_of(used: UsedInput) -> str:
    """Return where the value is used, for a table."""
    if used.policy is not None:
        return f"policy {used.policy}: {used.parameter}"
    where = used.path or used.record or used.constant or ""
    return f"{used.scenario}: {where}" if used.scenario else where


def _look_up(used: UsedInput, scenario: Scenario) -> tuple[dict[str, Any], str, str]:
    """Return what stands at a place (value, low, centre, high), its source, and the place in words."""
    place = place_of(used)
    if used.path is not None:
        return *_number(load(used.scenario) if used.scenario else scenario, used.path), place
    if used.policy is not None:
        from sim.policy import read_policy

        policy = read_policy(used.policy)
        if used.parameter not in policy.parameters:
            raise UserError(f"parameter: {not_found('parameter', used.parameter, policy.parameters)}")
        return {"value": policy.parameters[used.parameter].default}, policy.source, place
    if used.record is not None:
        return *_recorded(used.record, used.scenario or scenario.name), place
    module, _, name = (used.constant or "").partition(":")
    try:
        home = importlib.import_module(module)
        value = getattr(home, name)
    except (ImportError, AttributeError, ValueError):
        raise UserError(f"constant: {used.constant!r} is not there; write MODULE:NAME") from None
    return {"value": value}, inspect.getsource(home), place


def _number(scenario: Scenario, path: str) -> tuple[dict[str, Any], str]:
    """Return a number of a scenario by its dotted path, with its source."""
    wanted = same_path(path)
    known = {join_path(parts): (quantity, source) for parts, quantity, _, source in quantities(scenario.file)}
    if wanted not in known:
        raise UserError(f"path: {not_found('number', path, known)}")
    quantity, source = known[wanted]
    return _parts(quantity), source or ""


def _parts(quantity: Quantity) -> dict[str, Any]:
    centre = quantity.value
    return {"value": centre, "centre": centre, "low": quantity.low, "high": quantity.high}


def _recorded(path: str, name: str) -> tuple[dict[str, Any], str]:
    """Return a field of the record of a scenario (``models.NAME.flop``), with the source of its row."""
    row: Any = read_toml(CONFIGS / "history" / f"{name}.toml")
    parts = split_path(path)
    for place, part in enumerate(parts):
        if isinstance(row, list):  # rows that carry their names
            row = {str(each.get("name", number)): each for number, each in enumerate(row)}
        if not isinstance(row, dict) or part not in row:
            there = row if isinstance(row, dict) else []
            raise UserError(f"record: {path}: {not_found('part', part, there)}")
        if place == len(parts) - 1:
            return {"value": row[part]}, str(row.get("source", ""))
        row = row[part]
    raise UserError(f"record: {path!r}: names no field")


def _same(found: Any, wanted: Any, tolerance: float) -> bool:
    if isinstance(wanted, str) and isinstance(found, (int, float)):
        try:
            wanted = months_of_date(wanted)
        except ValueError:
            return False
    if isinstance(wanted, (int, float)) and isinstance(found, (int, float)):
        return math.isclose(found, wanted, rel_tol=tolerance, abs_tol=1e-12)
    return found == wanted


def _shown(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
