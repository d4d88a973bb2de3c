"""How an actor publishes. Here: by policy. Motives that set the policy take the same place."""

from __future__ import annotations

import math

from agents.rule import rule


@rule
def releases(probability, imitates, u):
    """Return whether an artifact is released at all, given the luck ``u`` of the decision.

    ``imitates``: the actor follows others who give access in this way.
    """
    return imitates or u < probability


@rule
def writing_time(months, spread, z):
    """Return the months for evaluating and writing; ``spread`` is of the logarithm, median kept."""
    return months * math.exp(spread * z)


@rule
def hold_time(months, waited):
    """Return the months for which a written paper is held back (``waited``: exponential of mean 1)."""
    return months * waited
