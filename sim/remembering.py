"""Exponentials and logarithms that are asked for again and again: the last one is remembered.

They are functions of their argument alone, so that what is remembered never grows old: another argument is
reckoned anew.
"""

from __future__ import annotations

import math

from agents.rule import rule


@rule
def exponential(row, argument):
    """Return e to the ``argument``; ``row`` remembers the last."""
    if row.argument != argument:
        row.argument, row.value = argument, math.exp(argument)
    return row.value


@rule
def logarithm(row, argument):
    """Return the natural logarithm of the ``argument``; ``row`` remembers the last."""
    if row.argument != argument:
        row.argument, row.value = argument, math.log(argument)
    return row.value


@rule
def power(row, base, exponent):
    """Return ``base`` to a positive ``exponent``; ``row`` remembers the logarithm of the last base."""
    return math.exp(exponent * logarithm(row, base)) if base > 0.0 else 0.0
