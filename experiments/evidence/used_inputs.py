"""Whether the product uses the value of a claim at the place that it names, with the claim as source."""

from __future__ import annotations

import functools
import importlib
import inspect
import math
import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from experiments.evidence.claims import WANTED, Claim, UsedInput
from experiments.history import Statistic, load_history
from sim.errors import UserError, not_found
from sim.joint import same_path
from sim.paths import join_path, quantities, split_path
from sim.quantity import Part, Quantity
from sim.scenario import Scenario, load
from sim.schema import months_of_date

OPINION = ["pool", "parts"]  # PATH.pool.parts.0: the first opinion of a pooled number


def problems(claim: str, used: UsedInput, scenario: Scenario) -> list[str]:
    """Return what is wrong with a use of a claim, in words: value, interval, order, source. Empty: nothing.

    Raises UserError where the place is not there.
    """
    found, source, place = _look_up(used, scenario)
    wrong = [
        f"{place}: {name} is {_shown(found.get(name))}, the claim says {_shown(wanted)}"
        for name in WANTED
        if (wanted := getattr(used, name)) is not None and not _same(found.get(name), wanted, used.tolerance)
    ]
    for side, others in (("above", used.above), ("below", used.below)):
        for other in others:
            value, limit = found.get("value"), _limit(other, used, scenario)
            if not _lies(value, side, limit):
                wrong.append(f"{place}: {_shown(value)} does not lie {side} {_shown(limit)} ({other})")
    if not re.search(rf"(?<![\w-]){re.escape(claim)}(?![\w-])", source):  # no longer id that holds it
        given = source if used.constant is None else f"the text of {used.constant}"
        wrong.append(f"{place}: its source does not name the claim {claim}: {given or 'none'}")
    return wrong


def place_of(used: UsedInput) -> str:
    """Return where the value is used, for a table."""
    if used.policy is not None:
        return f"policy {used.policy}: {used.parameter}"
    where = used.path or used.record or used.constant or used.calculate or ""
    return f"{used.scenario}: {where}" if used.scenario else where


def is_only_recorded(claim: Claim) -> bool:
    """Return whether all places that a claim names stand in the record, which no run reads."""
    return all(used.record is not None for used in claim.test.inputs)


def _look_up(used: UsedInput, scenario: Scenario) -> tuple[dict[str, Any], str, str]:
    """Return what stands at a place (value, low, centre, high, ...), its source, and the place in words."""
    place = place_of(used)
    if used.path is not None:
        return *_in_scenario(_world(used.scenario) if used.scenario else scenario, used.path), place
    if used.policy is not None:
        from sim.policy import read_policy

        policy = read_policy(used.policy)
        if used.parameter not in policy.parameters:
            raise UserError(f"parameter: {not_found('parameter', used.parameter, policy.parameters)}")
        return {"value": policy.parameters[used.parameter].default}, policy.source, place
    if used.record is not None:
        return *_recorded(used.record, used.scenario or scenario.name), place
    if used.calculate is not None:
        from experiments.evidence.calculations import CALCULATIONS, calculate

        value = calculate(used.calculate, used.arguments)
        return {"value": value}, inspect.getdoc(CALCULATIONS[used.calculate]) or "", place
    return *_constant(used.constant or ""), place


def _limit(other: float | str, used: UsedInput, scenario: Scenario) -> Any:
    """Return a number that a value must lie above or below: as written, or at another path of the file."""
    if isinstance(other, str):
        if used.record is not None:
            return _recorded(other, used.scenario or scenario.name)[0].get("value")
        return _in_scenario(_world(used.scenario) if used.scenario else scenario, other)[0].get("value")
    return other


def _in_scenario(scenario: Scenario, path: str) -> tuple[dict[str, Any], str]:
    """Return what stands at a dotted path of a scenario (number, opinion, word, table), with its source."""
    parts = split_path(path)
    known = _numbers(scenario)
    number = same_path(path)
    if number in known:
        quantity, source = known[number]
        return _points(quantity), source or ""
    number = join_path(parts[:-3])
    if parts[-3:-1] == OPINION and number in known:
        return _opinion(known[number][0], parts[-1], path)
    here: Any = scenario.raw
    row: Any = {}
    for part in parts:
        there = dict(enumerate(map(str, here))) if isinstance(here, list) else here
        key: Any = int(part) if isinstance(here, list) and part.isdigit() else part
        if not isinstance(there, dict) or key not in there:
            raise UserError(f"path: {not_found('number', path, known)}")
        row, here = here, here[key]
    if isinstance(here, dict | list):
        rows = list(here.values()) if isinstance(here, dict) else here
        named = [each.get("source", "") for each in rows if isinstance(each, dict)]
        return {"count": len(rows)}, "; ".join(named)
    return {"value": here}, str(row.get("source", "")) if isinstance(row, dict) else ""


@functools.lru_cache(maxsize=8)
def _numbers(scenario: Scenario) -> dict[str, tuple[Quantity, str | None]]:
    """Return the numbers of a scenario and their sources by dotted path."""
    return {join_path(parts): (quantity, source) for parts, quantity, _, source in quantities(scenario.file)}


_world = functools.lru_cache(maxsize=8)(load)  # many claims look into one scenario, and into one record
_record = functools.lru_cache(maxsize=8)(load_history)


def _opinion(quantity: Quantity, number: str, path: str) -> tuple[dict[str, Any], str]:
    """Return one opinion of a pooled number, with its weight and its source."""
    parts: tuple[Part, ...] = quantity.pool.parts if quantity.pool else ()
    if not number.isdigit() or int(number) >= len(parts):
        raise UserError(f"{path}: there is no such opinion; the number has {len(parts)}, counted from 0")
    part = parts[int(number)]
    return _points(part.quantity) | {"weight": part.weight}, part.quantity.source or ""


def _points(quantity: Quantity) -> dict[str, Any]:
    centre = quantity.value
    return {"value": centre, "centre": centre, "low": quantity.low, "high": quantity.high}


def _recorded(path: str, name: str) -> tuple[dict[str, Any], str]:
    """Return what stands at a dotted path of the record (``models.NAME.flop``), and the source of its row."""
    history = _record(name)
    if history is None:
        raise UserError(f"record: scenario {name!r} has no record")
    here: Any = history
    source = ""
    parts = split_path(path)
    for place, part in enumerate(parts):
        if isinstance(here, Quantity) and parts[place : place + 2] == OPINION and place + 3 == len(parts):
            found, own = _opinion(here, parts[-1], path)
            return found, own or source
        if isinstance(here, tuple):  # rows that carry their names
            here = {row.name: row for row in here}
        there = here if isinstance(here, Mapping) else _fields(here)
        if part not in there:
            raise UserError(f"record: {path}: {not_found('part', part, there)}")
        here = there[part]
        source = str(getattr(here, "source", "") or source)
    if isinstance(here, Statistic):
        return {"value": here.value, "centre": here.value, "low": here.low, "high": here.high}, source
    if isinstance(here, Quantity):
        return _points(here), source
    return {"value": list(here) if isinstance(here, tuple) else here}, source


def _fields(row: Any) -> dict[str, Any]:
    """Return the fields of a row of the record as its file names them, and what is worked out of them."""
    if not isinstance(row, BaseModel):
        return {}
    found = {info.alias or name: getattr(row, name) for name, info in type(row).model_fields.items()}
    worked_out = [name for name, what in vars(type(row)).items() if isinstance(what, property)]
    return found | {name: getattr(row, name) for name in worked_out if not name.startswith("_")}


def _constant(given: str) -> tuple[dict[str, Any], str]:
    """Return a constant of the product, MODULE:NAME or an entry of it, with the text of its module."""
    module, _, name = given.partition(":")
    name, _, key = name.partition(".")
    try:
        home = importlib.import_module(module)
        value = getattr(home, name)
    except (ImportError, AttributeError, ValueError):
        raise UserError(f"constant: {given!r} is not there; write MODULE:NAME") from None
    if key:
        if not isinstance(value, Mapping) or key not in value:
            entries = value if isinstance(value, Mapping) else []
            raise UserError(f"constant: {given}: {not_found('entry', key, entries)}")
        value = value[key]
    return {"value": value}, inspect.getsource(home)


def _same(found: Any, wanted: Any, tolerance: float) -> bool:
    if isinstance(wanted, bool) or isinstance(found, bool):
        return found is wanted
    if isinstance(wanted, str) and isinstance(found, (int, float)):
        try:
            wanted = months_of_date(wanted)
        except ValueError:
            return False
    if isinstance(wanted, (int, float)) and isinstance(found, (int, float)):
        return math.isclose(found, wanted, rel_tol=tolerance, abs_tol=1e-12)
    return found == wanted


def _lies(value: Any, side: str, limit: Any) -> bool:
    if not isinstance(value, (int, float)) or not isinstance(limit, (int, float)):
        return False
    return value > limit if side == "above" else value < limit


def _shown(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
