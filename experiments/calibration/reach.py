"""Which claims the model can meet at all, whatever values its inputs have.

A claim that no values of the inputs meet says what the structure lacks, and nothing of the inputs. Left in
the likelihood it would drag all of them along for the little that they bring it nearer. History matching
asks the same of points (implausible: Vernon, Goldstein and Bower 2010, *Bayesian Analysis* 5); here it is
asked of claims, before anything is fitted, from runs with the prior alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from experiments.calibration.statistic import Statistic
from experiments.calibration.surrogate import Surrogate

DRAWS = 20_000  # of the prior
LEAST_SHARE = 0.01  # of them that agree
EDGE = 1.0  # discrepancy up to which a claim agrees


def out_of_reach(
    surrogate: Surrogate, statistics: Sequence[Statistic], coordinates: int, luck: np.random.Generator
) -> np.ndarray:
    """Return which claims agree in hardly any of the prior, shape (claims,).

    What the surrogate is unsure by counts in favour of a claim: each draw of the prior has a draw of it.
    """
    guess, variance = surrogate.guess(luck.standard_normal((DRAWS, coordinates)))
    places = guess + np.sqrt(variance) * luck.standard_normal(guess.shape)
    met = [
        (np.abs(np.interp(at, each.grid, each.discrepancies)) <= EDGE).mean()
        for at, each in zip(places.T, statistics, strict=True)
    ]
    return np.array(met) < LEAST_SHARE
