"""What a claim gives a function of the product ``with``: names and types, checked before anything is run."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from types import NoneType, UnionType
from typing import Any, Literal, NewType, Union, get_args, get_origin, get_type_hints

from experiments.evidence.claims import is_date, is_number
from sim.errors import UserError, not_found

Date = NewType("Date", str)  # an argument that is a date, as a claim writes it
# What a value must be, in words, and whether it is; what has another type is left to the function.
TYPES: dict[Any, tuple[str, Callable[[Any], bool]]] = {
    str: ("text in quotes", lambda given: isinstance(given, str)),
    float: ("a finite number", lambda given: is_number(given) and math.isfinite(given)),
    int: ("a whole number", lambda given: is_number(given) and isinstance(given, int)),
    bool: ("true or false", lambda given: isinstance(given, bool)),
    list[str]: (
        "a list of texts",
        lambda given: isinstance(given, list) and all(isinstance(each, str) for each in given),
    ),
    Date: ("a date in quotes (YYYY-MM)", lambda given: isinstance(given, str) and is_date(given)),
}


def check_arguments(name: str, function: Callable[..., Any], given: Mapping[str, Any], own: int = 0) -> None:
    """Raise UserError where arguments are not those that a function takes, by name and by type.

    ``own``: how many of its first parameters do not come from the claim.
    """
    takes = list(inspect.signature(function).parameters.values())[own:]
    named = [each.name for each in takes if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)]
    takes_any = any(each.kind is each.VAR_KEYWORD for each in takes)
    for argument in given:
        if argument not in named and not takes_any:
            raise UserError(f"with.{argument}: {not_found('argument of ' + name, argument, named)}")
    types = _types_of(function)
    for each in takes:
        if each.name in named and each.default is each.empty and each.name not in given:
            wanted = ", ".join(f"{argument} ({_said(types.get(argument))})" for argument in named)
            raise UserError(f"with.{each.name}: is missing; {name} takes {wanted}")
    for argument, value in given.items():
        _check_type(argument, value, types.get(argument))


def _types_of(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the types of the parameters of a function; none where its annotations cannot be read."""
    try:
        return get_type_hints(function)
    except (NameError, TypeError):
        return {}


def _check_type(argument: str, value: Any, wanted: Any) -> None:
    if get_origin(wanted) is Literal and isinstance(value, str):
        if value not in get_args(wanted):
            raise UserError(f"with.{argument}: {not_found('word', value, get_args(wanted))}")
        return
    kinds = [TYPES.get(str if get_origin(kind) is Literal else kind) for kind in _kinds(wanted)]
    if all(kind is not None and not kind[1](value) for kind in kinds):
        raise UserError(f"with.{argument}: must be {_said(wanted)}, not {value!r}")


def _kinds(wanted: Any) -> list[Any]:
    """Return the types of which a value may have one; a file of claims has no None."""
    kinds = get_args(wanted) if get_origin(wanted) in (Union, UnionType) else [wanted]
    return [kind for kind in kinds if kind is not NoneType]


def _said(wanted: Any) -> str:
    """Return a type in words."""
    if get_origin(wanted) is Literal:
        return "one of " + ", ".join(map(repr, get_args(wanted)))
    return " or ".join(TYPES[kind][0] if kind in TYPES else "any" for kind in _kinds(wanted))
