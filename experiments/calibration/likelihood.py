"""How likely claims are where their statistics are guessed, with all that a guess is unsure by.

A claim is taken as measured with a normal error (``CLAIM_ERROR``) of its discrepancy; what lies beyond
``FAR`` counts by its logarithm, so that a claim that the model cannot meet does not decide everything. The
statistic itself is guessed with a normal error of its own. The likelihood is the mean, over what the
statistic may be, of the likelihood of the claim given it:

    L(guess, sd) = mean over u of exp(-0.5 (toned_down(D(guess + sd u) - claimed) / error)^2)

D is the signed discrepancy as ``agreement`` has it, flat where a one-sided claim is met. ``claimed`` is 0:
the claim is met in full; a synthetic truth claims something else. Nothing in it is the luck of a number of
runs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from experiments.calibration.statistic import Statistic
from experiments.evidence.agreement import WORST

CLAIM_ERROR = 1.0 / 1.6448536269514722  # standard deviation, in discrepancies: an interval holds 90 %
FAR = 2.0  # discrepancies: beyond, they count by their logarithm
ERRORS = np.concatenate([[0.0], np.geomspace(0.02, 6.0, 17)])  # standard deviations that are tabled
NODES = np.linspace(-3.2, 3.2, 33)
SHARES_OF_NODES = np.exp(-0.5 * NODES**2) / np.exp(-0.5 * NODES**2).sum()


def toned_down(found: np.ndarray) -> np.ndarray:
    """Return discrepancies of which what lies beyond FAR counts by its logarithm; nan: as far as can be.

    A claim that is missed by far still pulls, but does not outvote all others.

    >>> toned_down(np.array([-1.5, 4.0, np.nan])).round(2).tolist()
    [-1.5, 3.39, 5.22]
    """
    found = np.clip(np.where(np.isnan(found), WORST, found), -WORST, WORST)
    size = np.maximum(np.abs(found), FAR)
    return np.where(np.abs(found) <= FAR, found, np.sign(found) * FAR * (1.0 + np.log(size / FAR)))


class Likelihood:
    """The likelihood of claims as tables, over guesses and how unsure they are.

    ``claimed``: the signed discrepancy that each claim says it has, shape (claims,); nan: it says nothing.
    """

    def __init__(self, statistics: Sequence[Statistic], claimed: np.ndarray | None = None):
        count = len(statistics)
        self.claimed = np.zeros(count) if claimed is None else np.asarray(claimed, float)
        self.says = ~np.isnan(self.claimed)
        self.least = np.array([each.grid[0] for each in statistics])
        self.step = np.array([each.grid[1] - each.grid[0] for each in statistics])
        self.size = len(statistics[0].grid)
        self.off = np.array(
            [
                toned_down(each.discrepancies - claim) if says else np.zeros(self.size)
                for each, claim, says in zip(statistics, self.claimed, self.says, strict=True)
            ]
        )
        places = np.arange(self.size)
        self.table = np.empty((count, len(ERRORS), self.size))
        for row, error in enumerate(ERRORS):
            for k in range(count):
                at = places[:, None] + NODES * (error / self.step[k])
                off = np.interp(at, places, self.off[k])
                likely = np.exp(-0.5 * (off / CLAIM_ERROR) ** 2)
                self.table[k, row] = np.log(np.einsum("ij,j->i", likely, SHARES_OF_NODES) + 1e-300)

    def discrepancies(self, places: np.ndarray) -> np.ndarray:
        """Return how far statistics at places on their scales, shape (..., claims), are from what is claimed,
        toned down."""
        low, part, claims = self._between(places)
        return (1.0 - part) * self.off[claims, low] + part * self.off[claims, low + 1]

    def log(self, guess: np.ndarray, variance: np.ndarray) -> np.ndarray:
        """Return the logarithm of the likelihood of all claims, shape (points,).

        ``guess``, ``variance``: of the statistics on their scales, shape (points, claims).
        """
        low, part, claims = self._between(guess)
        error = np.clip(np.sqrt(variance), 0.0, ERRORS[-1] * 0.999999)
        row = np.clip(np.searchsorted(ERRORS, error, "right") - 1, 0, len(ERRORS) - 2)
        share = (error - ERRORS[row]) / (ERRORS[row + 1] - ERRORS[row])
        value = np.zeros(guess.shape)
        for up, weight in ((0, 1.0 - share), (1, share)):
            here = (1.0 - part) * self.table[claims, row + up, low]
            value += weight * (here + part * self.table[claims, row + up, low + 1])
        return value.sum(axis=1)

    def _between(self, places: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the column of the tables below each place, how far it is to the next, and the claims."""
        at = np.clip((places - self.least) / self.step, 0.0, self.size - 1.000001)
        low = at.astype(int)
        return low, at - low, np.arange(len(self.least))
