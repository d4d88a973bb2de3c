"""Which claims the model can come near at all, whatever values its inputs have.

A claim that no values of the inputs meet says what the structure lacks, and nothing of the inputs. Left in
the likelihood it would drag all of them along for the little that they bring it nearer. History matching
asks the same of points (implausible: Vernon, Goldstein and Bower 2010, *Bayesian Analysis* 5); here it is
asked of claims, before anything is fitted, from runs with the prior alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from experiments.calibration.likelihood import FAR
from experiments.calibration.statistic import Statistic
from experiments.calibration.surrogate import Surrogate

DRAWS = 20_000  # of the prior
LEAST_SHARE = 0.01  # of them that come near


def out_of_reach(
    surrogate: Surrogate, statistics: Sequence[Statistic], coordinates: int, luck: np.random.Generator
) -> np.ndarray:
    """Return which claims lie farther off than FAR in nearly all of the prior, shape (claims,).

    What the surrogate is unsure by counts in favour of a claim: each draw of the prior has a draw of it.
    """
    guess, variance = surrogate.guess(luck.standard_normal((DRAWS, coordinates)))
    places = guess + np.sqrt(variance) * luck.standard_normal(guess.shape)
    near = [
        (np.abs(np.interp(at, each.grid, each.discrepancies)) <= FAR).mean()
        for at, each in zip(places.T, statistics, strict=True)
    ]
    return np.array(near) < LEAST_SHARE
