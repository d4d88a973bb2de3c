"""Factors: what a sweep varies, and between what.

=========== ==================================================== ==============================
kind        name                                                 values
=========== ==================================================== ==============================
input       dotted path of a number, ``effects.code.work``       numbers
alternative ``alternatives.NAME``                                place of the option, from 0 on
policy      any name (``policy``); or ``POLICY:PARAMETER``       specs; values of the parameter
set         dotted path of anything else, ``actors.Alpha.kind``  text, dates, true or false
=========== ==================================================== ==============================

An ``input`` only sets a number of a world that is there already; the others make another world, which
is checked and laid out once for each combination of their values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

INPUT, POLICY, SET, ALTERNATIVE = "input", "policy", "set", "alternative"
KINDS = (INPUT, POLICY, SET, ALTERNATIVE)
UNIFORM, LOGUNIFORM, OF_SCENARIO = "uniform", "loguniform", "scenario"
UNCERTAINTY, LEVER = "uncertainty", "lever"
DISTRIBUTIONS = (UNIFORM, LOGUNIFORM, OF_SCENARIO)


@dataclass(frozen=True)
class Factor:
    """One thing that a sweep varies.

    ``levels``: the values that it takes, or () where it is drawn between ``low`` and ``high`` by its
    ``distribution`` ("uniform", "loguniform", or "scenario": the interval of the scenario itself).
    ``role``: "uncertainty" or "lever" where the author says so. ``unit``: of a number.
    """

    name: str
    kind: str
    levels: tuple[Any, ...] = ()
    low: float | None = None
    high: float | None = None
    distribution: str = ""
    role: str = ""
    unit: str = ""

    @property
    def categorical(self) -> bool:
        """Whether its values have no order (policies, text, options)."""
        return self.kind in (ALTERNATIVE, SET) or not all(
            isinstance(level, (int, float)) and not isinstance(level, bool) for level in self.levels
        )

    def plain(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self) | {"levels": list(self.levels)}

    @staticmethod
    def of_plain(data: dict[str, Any]) -> Factor:
        """Return a factor from plain data."""
        return Factor(**data | {"levels": tuple(data["levels"])})


def levers_of(factors: Sequence[Factor]) -> list[Factor]:
    """Return what is chosen between: the factors with the role of a lever, else the policies."""
    levers = [factor for factor in factors if factor.role == LEVER]
    return levers or [factor for factor in factors if factor.kind == POLICY]
