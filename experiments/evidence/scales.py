"""Which simulated values agree with a claim, as an interval: for pictures, where a verdict must be visible.

The rules themselves stand in ``agreement``; a test holds the two against each other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from experiments.evidence.agreement import POINT_RELATIVE, PROBABILITY_POINTS, SHARES, Wanted
from experiments.evidence.claims import Claim

WHOLE = 100.0  # % of the runs


@dataclass(frozen=True)
class Zone:
    """Values that agree: ``low`` to ``high``; one side may be open (inf). ``centre``: met in full."""

    low: float
    centre: float
    high: float

    def position(self, value: float) -> float:
        """Return where a value lies: 0 at the centre, -1 and 1 at the edges, and on from there.

        Its size is the discrepancy of ``agreement``; beyond the centre of an open side that is 0.
        """
        below, above = self.centre - self.low, self.high - self.centre
        width = above if value > self.centre else below
        if math.isinf(width):
            width = min(below, above)
        gap = value - self.centre
        if gap == 0.0 or math.isnan(gap):
            return gap
        return gap / width if width > 0.0 else math.copysign(math.inf, gap)


def is_share(claim: Claim) -> bool:
    """Return whether the number compared is a share of the runs, in %."""
    return claim.test.rule in SHARES or claim.test.rule == "probability"


def zone_of(claim: Claim) -> Zone:
    """Return which values of the number compared agree with a claim that has a rule."""
    zone, origin = _zone(claim.wanted), claim.origin
    return Zone(zone.low + origin, zone.centre + origin, zone.high + origin)


def _zone(wanted: Wanted) -> Zone:
    if wanted.rule in SHARES:
        return Zone(WHOLE * SHARES[wanted.rule], WHOLE, WHOLE)
    if wanted.rule == "null":
        return Zone(-wanted.bound, 0.0, wanted.bound)
    if wanted.rule == "interval":
        centre = wanted.value
        if not wanted.low < centre < wanted.high:
            centre = 0.5 * (wanted.low + wanted.high)
        return Zone(wanted.low, centre, wanted.high)
    if wanted.rule == "identity":
        width = wanted.tolerance
    elif wanted.rule == "probability":
        width = PROBABILITY_POINTS
    else:
        width = max(POINT_RELATIVE * abs(wanted.value), wanted.absolute)
    if wanted.side == "at least":
        return Zone(wanted.value, wanted.value + width, math.inf)
    if wanted.side == "at most":
        return Zone(-math.inf, wanted.value - width, wanted.value)
    return Zone(wanted.value - width, wanted.value, wanted.value + width)
