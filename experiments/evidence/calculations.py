"""Numbers that need no run: arithmetic and definitions of the product, quantities ``calculate = "NAME"``.

Each function takes the arguments that the claim gives ``with``. It calls the product; a second implementation
here would test nothing.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from sim.errors import UserError, not_found

CALCULATIONS: dict[str, Callable[..., float]] = {}


def calculation(function: Callable[..., float]) -> Callable[..., float]:
    """Register a function under its name."""
    CALCULATIONS[function.__name__] = function
    return function


def calculate(name: str, arguments: Mapping[str, Any]) -> float:
    """Return what a registered function says; raise UserError for a name or arguments that do not fit."""
    if name not in CALCULATIONS:
        raise UserError(f"calculate: {not_found('calculation', name, CALCULATIONS)}")
    function = CALCULATIONS[name]
    known = list(inspect.signature(function).parameters)
    for given in arguments:
        if given not in known:
            raise UserError(f"with: {not_found('argument of ' + name, given, known)}")
    try:
        return float(function(**arguments))
    except (TypeError, ValueError, KeyError, ArithmeticError) as error:
        raise UserError(f"calculate = {name!r}: {error}") from None


@calculation
def number(value: float) -> float:
    """Return a number as it stands: a term of a formula."""
    return value


@calculation
def optimal_parameters_growth(compute: float) -> float:
    """Return by what factor optimal parameters grow when compute does so (Hoffmann et al. 2022)."""
    from sim.scaling import optimal_parameters

    return optimal_parameters(1e21 * compute) / optimal_parameters(1e21)
