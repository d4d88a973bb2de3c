"""How sure a mean over futures is, where futures share states of the world, or the luck of runs.

A future is a state of the world with the luck of a run. Where all states have the luck of the same runs,
futures are *crossed*: what one luck does, it does to a future of every state. Where every state has luck of
its own, its runs still share the state. Either way they are fewer than they look.

**Interval of a mean.** Clustering in two ways (Cameron, Gelbach and Miller 2011, *Journal of Business &
Economic Statistics* 29:238): the variance of a mean over S states and R lucks is that of the means of states
over S, plus that of the means of lucks over R, less that of what neither explains over S R, which is in both
(Owen 2007, *Annals of Applied Statistics* 1:386, for crossed random effects). That is without bias where
every state meets every luck, as here. Each part has the quantile of Student's t for its own number of states
or lucks less one, and the squares of the half-widths are added: that covers at least what it should, however
the variance lies between the two (Banerjee 1960, *Sankhya* 22:357), and is the t interval of the one part
where that is all of it. What is taken off has the normal quantile, the smallest there is. Never narrower
than the interval of independent futures.

**Interval of a share.** That of Wilson (1927) for as many independent futures as would have the half-width of
the mean (Franco, Little, Louis and Slud 2019, *Journal of Survey Statistics and Methodology* 7:334). Where
all futures agree they show no spread, and count as the states or the lucks, whichever are fewer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from experiments.statistics import CONFIDENCE, NORMAL_90

SOURCE = (
    "intervals of futures that share states or luck: clustering in two ways (Cameron, Gelbach and Miller "
    "2011, Journal of Business & Economic Statistics 29:238; Owen 2007, Annals of Applied Statistics 1:386), "
    "Student's t for each (Banerjee 1960, Sankhya 22:357)."
)


@dataclass(frozen=True)
class Sharing:
    """What futures share; they stand state by state, the runs of each in the order of their luck.

    ``states``: of the world. ``runs``: futures of each state. ``same_luck``: whether the k-th run has the
    same luck in every state.
    """

    states: int
    runs: int
    same_luck: bool

    def means(self, values: np.ndarray) -> list[np.ndarray]:
        """Return the means of what counts as drawn independently: of states, of lucks, or of both.

        ``values``: of futures, shape (states x runs,). One state, or one luck, has no spread to be seen.
        """
        table = np.asarray(values, float).reshape(self.states, self.runs)
        found = [table.mean(axis=1)] if self.states > 1 else []
        if self.runs > 1 and (self.same_luck or self.states == 1):
            found.append(table.mean(axis=0))
        return found

    @property
    def notes(self) -> list[str]:
        """What has to be said about the intervals."""
        if self.states == 1:
            return []
        if self.same_luck and self.runs == 1:
            return [
                f"All {self.states} states have the luck of one and the same run: 90 % intervals do not "
                'contain luck. Make the sweep with more runs, or with luck = "states".'
            ]
        if self.same_luck:
            return [
                f"All {self.states} states share the luck of the same {self.runs} runs: 90 % intervals count "
                f"{self.states} states and {self.runs} lucks, not {self.states * self.runs} futures."
            ]
        if self.runs > 1:
            return [
                f"The {self.runs} runs of a state share it: 90 % intervals count {self.states} states, not "
                f"{self.states * self.runs} futures."
            ]
        return []


def independent_half_width(values: np.ndarray) -> float:
    """Return the half-width of the 90 % interval of a mean of independent values; inf for fewer than two."""
    values = np.asarray(values, float)
    if len(values) < 2:
        return math.inf
    return NORMAL_90 * float(values.std(ddof=1)) / math.sqrt(len(values))


def half_width(values: np.ndarray, sharing: Sharing) -> float:
    """Return the half-width of the 90 % interval of a mean over futures; see the top of this file.

    ``values``: shape (states x runs,), in their unit.
    """
    values = np.asarray(values, float)
    alone = independent_half_width(values)
    means = sharing.means(values)
    square = sum(student_90(len(own)) ** 2 * float(own.var(ddof=1)) / len(own) for own in means)
    if len(means) == 2:
        square -= NORMAL_90**2 * _unexplained(values.reshape(sharing.states, sharing.runs)) / len(values)
    return max(alone, math.sqrt(max(0.0, square)))


def effective_count(values: np.ndarray, sharing: Sharing) -> float:
    """Return of how many independent futures the mean would be as sure.

    ``values``: shape (states x runs,), from 0 to 1. Where all are alike: how many states or lucks there are,
    whichever are fewer.
    """
    values = np.asarray(values, float)
    if len(values) < 2:
        return float(len(values))
    if (values == values[0]).all():
        return float(min(map(len, sharing.means(values))))
    return len(values) * (independent_half_width(values) / half_width(values, sharing)) ** 2


def student_90(count: int) -> float:
    """Return the quantile of Student's t for a 90 % interval from so many independent values.

    >>> round(student_90(2), 3), round(student_90(1000), 3)
    (6.314, 1.646)
    """
    from scipy.special import stdtrit

    return float(stdtrit(count - 1, (1 + CONFIDENCE) / 2))


def _unexplained(table: np.ndarray) -> float:
    """Return the variance of what neither state nor luck explains of futures, shape (states, runs)."""
    left = table - table.mean(axis=1, keepdims=True) - table.mean(axis=0) + table.mean()
    return float((left**2).sum()) / ((table.shape[0] - 1) * (table.shape[1] - 1))
