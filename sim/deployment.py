"""What it takes to run models, beside what it took to make them: compute, energy, money.

Reading or writing a token takes about 2 FLOP per parameter, training 6. A very large load for a year takes a
fifth (10 to 68 %) of the development of a model like GPT-3; the largest providers came to serve so many such
loads that running exceeds making by far (``[deployment]``, with sources).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sim import scaling
from sim.compute import grown_months
from sim.paths import join_path
from sim.trained import MONTHS_PER_YEAR, Inputs, trained_models
from sim.words import ArtifactKind, Event

if TYPE_CHECKING:
    import pandas as pd

    from sim.result import Result
    from sim.world import Compiled

LOG10_2 = math.log10(2.0)
JOULES_PER_KWH = 3.6e6
LOAD_DEVELOPERS = 1e6  # one very large load: help with code for so many. claim:deploy-scenarios


def load_tokens(load_share: float, reference_flop: float, reference_parameters: float) -> float:
    """Return the tokens that one very large load reads and writes in a month."""
    year = load_share * reference_flop / scaling.inference_flop(reference_parameters)
    return year / MONTHS_PER_YEAR


def deployment_flop(parameters: float, tokens: float, loads: float, growth: float, months: float) -> float:
    """Return the compute of serving a model for some months after it opens.

    ``tokens``: of one load in a month. ``loads``: when it opens; they grow by ``growth`` orders of
    magnitude a year.
    """
    return scaling.inference_flop(parameters) * tokens * loads * grown_months(growth, 0.0, max(0.0, months))


def months_until(ratio: float, development_flop: float, monthly_flop: float, growth: float) -> float:
    """Return after how many months of serving its compute is ``ratio`` times the development; or inf."""
    if monthly_flop <= 0.0:
        return math.inf
    needed = ratio * development_flop / monthly_flop  # months at the first level
    steepness = math.log(10.0) * growth / MONTHS_PER_YEAR
    if abs(steepness) < 1e-12:
        return needed
    inside = 1.0 + steepness * needed
    return math.log(inside) / steepness if inside > 0.0 else math.inf


def gets_through(money: float, income: float, total: float, months: float) -> tuple[bool, bool]:
    """Return whether a total can be paid at once, and whether it can be paid evenly over some months."""
    return money >= total, money + income * months >= total


def deployments(result: Result) -> pd.DataFrame:
    """Return one row per model that was opened for use at arm's length, in the runs whose log was kept.

    Each further model of a class or a higher one finds less demand: the k-th serves 1/k of the loads.
    opened: month. development_flop, deployment_flop (until the horizon), ratio of the two; exceeds: months
    after opening at which running has taken more than making (inf: never). development_kwh,
    deployment_kwh, energy_ratio; development_usd, deployment_usd at the rents of the time;
    usd_per_million_tokens, and usd_per_developer for a month of help, when it opened (hardware only).
    """
    import pandas as pd

    compiled = result.compiled
    models = trained_models(result)
    rows = []
    for run, log in result.logs.items():
        inputs = Inputs(result, run)
        opened = _opened(log)
        mine = models[(models["run"] == run) & models["project"].isin(opened)]
        mine = mine.assign(opened=mine["project"].map(opened)).sort_values("opened")
        served: list[int] = []  # classes opened so far
        for _, model in mine.iterrows():
            klass = compiled.classes.index(model["reached"])
            earlier = sum(other >= klass for other in served)
            rows.append({"run": run, **_deployment(compiled, inputs, model, 1.0 / (1.0 + earlier))})
            served.append(klass)
    columns = ["run", *_deployment_columns()]
    return pd.DataFrame(rows, columns=columns)


def _opened(log: np.ndarray) -> dict[int, float]:
    """Return when the interface of each project was first released."""
    opened: dict[int, float] = {}
    released = log[(log["what"] == Event.RELEASED) & (log["kind"] == int(ArtifactKind.API))]
    for row in released:
        if row["project"] >= 0:
            opened.setdefault(int(row["project"]), float(row["time"]))
    return opened


def _deployment_columns() -> list[str]:
    own = ["actor", "class", "parameters", "opened"]
    kinds = [f"{stage}_{unit}" for unit in ("flop", "kwh", "usd") for stage in ("development", "deployment")]
    return [*own, *kinds, "ratio", "energy_ratio", "exceeds", "usd_per_million_tokens", "usd_per_developer"]


def _deployment(compiled: Compiled, inputs: Inputs, model, part: float) -> dict[str, float | str]:
    opened = model["opened"]
    growth = inputs["deployment.loads_growth"]
    tokens = load_tokens(
        inputs["deployment.load_share"],
        inputs["deployment.reference_flop"],
        inputs["deployment.reference_parameters"],
    )
    loads, months = part * inputs["deployment.loads"], compiled.horizon - opened
    running = deployment_flop(model["parameters"], tokens, loads, growth, months)
    making = model["development_flop"]
    monthly = scaling.inference_flop(model["parameters"]) * tokens * loads

    halving = inputs["deployment.energy_halving_months"]
    decline = -LOG10_2 * MONTHS_PER_YEAR / halving
    joules = inputs["deployment.joules_per_flop"]

    def joules_at(month: float) -> float:
        age = month - inputs["deployment.energy_date"]
        return joules * math.exp(-math.log(2.0) * age / halving)

    making_kwh = making * joules_at(model["trained"]) / JOULES_PER_KWH
    served = monthly * grown_months(growth + decline, 0.0, max(0.0, months))
    running_kwh = served * joules_at(opened) / JOULES_PER_KWH
    price = usd_per_flop(compiled, inputs, model["actor"], opened)
    return {
        "actor": model["actor"],
        "class": model["reached"],
        "parameters": model["parameters"],
        "opened": opened,
        "development_flop": making,
        "deployment_flop": running,
        "development_kwh": making_kwh,
        "deployment_kwh": running_kwh,
        "development_usd": making * usd_per_flop(compiled, inputs, model["actor"], model["trained"]),
        "deployment_usd": running * price,
        "ratio": running / making,
        "energy_ratio": running_kwh / making_kwh,
        "exceeds": months_until(1.0, making, monthly, growth),
        "usd_per_million_tokens": model["flop_per_token"] * 1e6 * price,
        "usd_per_developer": model["flop_per_token"] * tokens / LOAD_DEVELOPERS * price,
    }


def usd_per_flop(compiled: Compiled, inputs: Inputs, actor: str, month: float) -> float:
    """Return the rent of one FLOP of work on the cheapest chip of an actor's family at a month."""
    file = compiled.scenario.file
    family, prices = file.actors[actor].family, []
    inputs.at(month)
    for name, chip in file.chips.items():
        path = join_path(["chips", name])
        age = month - inputs[f"{path}.released"]
        if chip.family == family and age >= 0.0:
            rent = inputs[f"{path}.usd_per_hour"] / 3600.0
            rent *= math.exp(-math.log(10.0) * inputs["trends.rent_decline"] * age / MONTHS_PER_YEAR)
            used = inputs[f"{path}.utilisation"] or inputs["training.utilisation"]
            prices.append(rent / (inputs[f"{path}.peak_flops"] * used))
    return min(prices, default=math.nan)
