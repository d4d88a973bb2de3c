"""Two ways to say "as capable as": a loss that is reached, or a number of parameters (Bio Anchors).

An insight that makes training more efficient brings a fixed loss earlier and, since the same loss then takes
fewer parameters, a fixed number of parameters later.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sim import scaling
from sim.errors import UserError
from sim.trained import trained_models

if TYPE_CHECKING:
    import pandas as pd

    from sim.result import Result

# Tokens as a power of parameters: rule of 2020 (0.26 / 0.74); Bio Anchors, and Hoffmann et al. 2022
# (claim:ba-data-exponent).
DATA_EXPONENTS = {"rule of 2020": 0.35, "bio anchors": 0.8, "compute-optimal": 1.0}


def reached(
    result: Result, *, loss: float | None = None, parameters: float | None = None, actor: str | None = None
) -> pd.Series:
    """Return, per run whose log was kept, the month at which a model first reaches a threshold.

    Give either a loss (at most) or a number of parameters (at least); by anybody, or by one actor. Months;
    inf: not within the horizon.
    """
    import pandas as pd

    if (loss is None) == (parameters is None):
        raise UserError("a threshold is either loss=.. or parameters=..")
    models = trained_models(result)
    if actor is not None:
        models = models[models["actor"] == actor]
    models = (
        models[models["loss"] <= loss] if loss is not None else models[models["parameters"] >= parameters]
    )
    first = models.groupby("run")["trained"].min()
    runs = pd.Index(list(result.logs), name="run")
    return first.reindex(runs, fill_value=math.inf).astype(float)


def class_loss(result: Result, model_class: str) -> float:
    """Return the loss of the reference model of a class."""
    row = result.scenario.file.classes[model_class]
    return scaling.loss(row.parameters.value, row.tokens.value)


def training_flop(parameters: float, exponent: float, reference_parameters: float, reference_tokens: float):
    """Return the training compute of a model whose tokens grow as a power of its parameters."""
    tokens = scaling.tokens_for(parameters, exponent, reference_parameters, reference_tokens)
    return scaling.FLOP_PER_PARAMETER_TOKEN * parameters * tokens


def years_later(size, old, new, growth):
    """Return by how many years a model of ``size`` times the reference comes later under a new exponent.

    ``old``, ``new``: numbers or arrays. ``growth`` of compute in orders of magnitude a year.
    """
    return (new - old) * math.log10(size) / growth


def iso_flop(flops, losses=scaling.loss, points: int = 41) -> pd.DataFrame:
    """Return the size of least loss at each compute, found as in the isoFLOP method.

    At every compute the loss is taken for sizes about the best, and a parabola in the logarithm of the
    size is fitted. Columns: flop, parameters, tokens, loss.
    """
    import pandas as pd

    rows = []
    for flop in flops:
        centre = math.log(scaling.optimal_parameters(flop))
        sizes = np.linspace(centre - 1.5, centre + 1.5, points)
        found = [losses(math.exp(s), flop / scaling.FLOP_PER_PARAMETER_TOKEN / math.exp(s)) for s in sizes]
        second, first, _ = np.polyfit(sizes - centre, found, 2)
        parameters = math.exp(centre - first / (2.0 * second))
        tokens = flop / scaling.FLOP_PER_PARAMETER_TOKEN / parameters
        rows.append((flop, parameters, tokens, losses(parameters, tokens)))
    return pd.DataFrame(rows, columns=["flop", "parameters", "tokens", "loss"])


def exponents(table: pd.DataFrame) -> tuple[float, float]:
    """Return (a, b) of parameters ~ compute^a and tokens ~ compute^b, fitted to rows of a table."""
    compute = np.log(table["flop"])
    return tuple(float(np.polyfit(compute, np.log(table[what]), 1)[0]) for what in ("parameters", "tokens"))


def allocation_table(flops, reference_flop: float, reference_parameters: float) -> pd.DataFrame:
    """Return what the rule of 2020 makes of some compute, beside the best: columns as in ``iso_flop``.

    ``excess``: how much lower a loss the same compute could have bought.
    """
    import pandas as pd

    rows = []
    for flop in flops:
        parameters, tokens = scaling.kaplan_allocation(flop, reference_flop, reference_parameters)
        loss = scaling.loss(parameters, tokens)
        rows.append((flop, parameters, tokens, loss, loss - scaling.optimal_loss(flop)))
    return pd.DataFrame(rows, columns=["flop", "parameters", "tokens", "loss", "excess"])
