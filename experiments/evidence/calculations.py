"""Numbers that need no run: arithmetic and definitions of the product, quantities ``calculate = "NAME"``.

Each function takes the arguments that the claim gives ``with``. It calls the product; a second implementation
here would test nothing.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from experiments.evidence.arguments import check_arguments
from sim.errors import UserError, not_found

if TYPE_CHECKING:
    from experiments.history import History, HistoryModel
    from sim.quantity import Quantity

CALCULATIONS: dict[str, Callable[..., float]] = {}
Point = Literal["value", "low", "high"]  # of a statistic on record


def calculation(function: Callable[..., float]) -> Callable[..., float]:
    """Register a function under its name."""
    CALCULATIONS[function.__name__] = function
    return function


def calculate(name: str, arguments: Mapping[str, Any]) -> float:
    """Return what a registered function says; raise UserError for a name or arguments that do not fit."""
    if name not in CALCULATIONS:
        raise UserError(f"calculate: {not_found('calculation', name, CALCULATIONS)}")
    function = CALCULATIONS[name]
    check_arguments(name, function, arguments)
    try:
        found = float(function(**arguments))
    except (TypeError, ValueError, KeyError, ArithmeticError) as error:
        raise UserError(f"calculate = {name!r}: {error}") from None
    if not math.isfinite(found):
        raise UserError(f"calculate = {name!r}: gives {found}, no finite number")
    return found


@calculation
def number(value: float) -> float:
    """Return a number as it stands: a term of a formula."""
    return value


# ---- numbers of the product, for formulas


@calculation
def scenario_number(path: str, scenario: str = "gpt3") -> float:
    """Return the centre of a number of a scenario by its dotted path."""
    return _number(path, scenario).value


@calculation
def recorded(statistic: str, point: Point = "value", scenario: str = "gpt3") -> float:
    """Return a statistic of the record, or a bound of it (``point``: value, low, high)."""
    found = getattr(_record(scenario).statistic(statistic), point)
    if found is None:
        raise UserError(f"statistic {statistic!r} has no {point}")
    return found


@calculation
def recorded_model(
    model: str, field: Literal["flop", "parameters", "tokens", "loss"], scenario: str = "gpt3"
) -> float:
    """Return a number of a model of the record."""
    found = getattr(_model(model, scenario), field)
    if found is None:
        raise UserError(f"{model}: {field} is not on record")
    return found


# ---- calendar and uncertainty


@calculation
def month_after(model: str, statistic: str, point: Point = "value", scenario: str = "gpt3") -> float:
    """Return the month (since the year 0) that lies so many months after that of a model's announcement."""
    from sim.quantity import date_of_months, months_of_date

    announced = str(_model(model, scenario).announced)[: len("2020-05")]
    day = date_of_months(months_of_date(announced) + recorded(statistic, point, scenario))
    return months_of_date(day.isoformat()[: len("2020-05")])


@calculation
def trend_lag(which: Literal["weighted", "plain", "spread", "filtered"], scenario: str = "gpt3") -> float:
    """Return a mean or spread of the lags of the trends on record (``experiments.expectation.Lags``)."""
    from experiments.expectation import trend_lags

    return trend_lags(_record(scenario))._asdict()[which]


@calculation
def pooled_bound(
    estimate: str, method: str, level: float, half_width: float | None = None, scenario: str = "gpt3"
) -> float:
    """Return a quantile of a judgement of the record, its opinions pooled by a method of the product."""
    import numpy as np

    from experiments.expectation import draws_of_number, pooled

    number = pooled(_record(scenario).estimate(estimate).number, method, half_width)
    return float(np.quantile(draws_of_number(number), level))


@calculation
def mean_of_interval(low: float, high: float, family: str = "lognormal") -> float:
    """Return the mean of the distribution that the product fits to the bounds of a 90 % interval."""
    import numpy as np

    from sim.quantity import read_quantity
    from sim.uncertain import STEPS, lay_out, shape_of

    centre = math.sqrt(low * high) if family.startswith("log") else 0.5 * (low + high)
    values = np.empty(STEPS)
    lay_out(values, *shape_of(read_quantity({"low": low, "centre": centre, "high": high, "family": family})))
    return float(values.mean())


@calculation
def mean_recorded(statistic: str, family: str = "lognormal", scenario: str = "gpt3") -> float:
    """Return the mean of the distribution that the product fits to the interval of a statistic on record."""
    low, high = (recorded(statistic, point, scenario) for point in ("low", "high"))
    return mean_of_interval(low, high, family)


@calculation
def share_above(path: str, value: float, scenario: str = "gpt3") -> float:
    """Return the percentage of the distribution of an uncertain number of a scenario that reaches a value."""
    import numpy as np

    from sim.uncertain import STEPS, lay_out, shape_of

    values = np.empty(STEPS)
    lay_out(values, *shape_of(_number(path, scenario)))
    return 100.0 * float((values >= value).mean())


# ---- scaling laws


@calculation
def loss(parameters: float, tokens: float) -> float:
    """Return the loss of a model by the law of 2022."""
    from sim import scaling

    return scaling.loss(parameters, tokens)


@calculation
def loss_of_2020(parameters: float, tokens: float) -> float:
    """Return the loss of a model by the law of 2020."""
    from sim import scaling

    return scaling.loss_of_2020(parameters, tokens)


@calculation
def optimal_loss(flop: float) -> float:
    """Return the least loss that a training compute buys."""
    from sim import scaling

    return scaling.optimal_loss(flop)


@calculation
def loss_with_data(flop: float, tokens: float) -> float:
    """Return the least loss that a training compute buys where there are no more than so many tokens."""
    from sim import scaling

    return scaling.loss_with_data(flop, tokens)


@calculation
def inference_ratio(parameters: float, other: float) -> float:
    """Return the compute of using one model against that of using another, per token."""
    from sim import scaling

    return scaling.inference_flop(parameters) / scaling.inference_flop(other)


@calculation
def training_flop(parameters: float, tokens: float) -> float:
    """Return the compute of training a model on so many tokens."""
    from sim.thresholds import training_flop

    return training_flop(parameters, 1.0, parameters, tokens)


@calculation
def growth_by_power(what: Literal["parameters", "tokens"], exponent: float, compute: float = 10.0) -> float:
    """Return by what factor parameters, or tokens, grow with compute if parameters grow as a power of it."""
    from sim import scaling

    flop, size = _GPT3
    grown = scaling.power_allocation(compute * flop, exponent, flop, size)
    given = scaling.power_allocation(flop, exponent, flop, size)
    row = ("parameters", "tokens").index(what)
    return grown[row] / given[row]


@calculation
def kaplan_growth(what: Literal["parameters", "tokens"]) -> float:
    """Return by what factor parameters, or tokens, grow with ten times the compute under the rule of 2020."""
    from sim import scaling

    flop, size = _GPT3
    row = ("parameters", "tokens").index(what)
    grown = scaling.kaplan_allocation(10.0 * flop, flop, size)[row]
    return grown / scaling.kaplan_allocation(flop, flop, size)[row]


@calculation
def sum_of_exponents(method: Literal["isoflop", "rule of 2020"]) -> float:
    """Return a + b of parameters ~ compute^a, tokens ~ compute^b, fitted to what an allocation rule says.

    ``method``: isoflop (the sizes of least loss), or rule of 2020.
    """
    from sim.thresholds import allocation_table, exponents, iso_flop

    flops = [1e20, 1e21, 1e22, 1e23, 1e24]
    tables = {"isoflop": lambda: iso_flop(flops), "rule of 2020": lambda: allocation_table(flops, *_GPT3)}
    return sum(exponents(tables[method]()))


@calculation
def flop_at_size(size: float, exponent: str) -> float:
    """Return the training compute of a model of ``size`` times a reference, under a named data exponent."""
    from sim.thresholds import training_flop

    return training_flop(size * 1e10, _exponent(exponent), 1e10, 2e11)


@calculation
def years_later(size: float, old: str, new: str, growth: float) -> float:
    """Return by how many years a model of a size comes later under another named data exponent."""
    from sim.thresholds import years_later

    return years_later(size, _exponent(old), _exponent(new), growth)


@calculation
def data_law_of_2020_is_steeper(parameters: float, tokens: float) -> float:
    """Return by how much the early law of data is steeper, in logarithms, than that of 2022 at a size.

    The early law, of endless parameters, is a power of the tokens (Kaplan et al. 2020); its short runs on
    little text looked bad: claim:ld-slower-than-believed. Above 0: too steep.
    """
    from sim import scaling

    return scaling.DATA_POWER_2020 - scaling.gain_of_data(parameters, tokens)


@calculation
def size_still_needed(parameters: float, tokens: float) -> float:
    """Return the parameters of the compute-optimal model of equal loss, as a share of a model's own.

    What one can conclude from better allocation is a lower count of parameters that is thought to be
    needed: claim:nn-size-estimate-lower. Below 1: fewer.
    """
    from sim import scaling

    return scaling.optimal_parameters(scaling.optimal_flop(scaling.loss(parameters, tokens))) / parameters


# ---- decisions


_GPT3 = (3.14e23, 1.75e11)  # FLOP and parameters from which the rule of 2020 is scaled


@functools.lru_cache(maxsize=8)  # many claims look into one scenario, and into one record
def _numbers(scenario: str) -> dict[str, Quantity]:
    from sim.paths import join_path, quantities
    from sim.scenario import load

    return {join_path(parts): number for parts, number, _, _ in quantities(load(scenario).file)}


def _number(path: str, scenario: str) -> Quantity:
    from sim.joint import same_path

    known = _numbers(scenario)
    if same_path(path) not in known:
        raise UserError(f"path: {not_found('number', path, known)}")
    return known[same_path(path)]


def _model(name: str, scenario: str) -> HistoryModel:
    models = _record(scenario).models
    if name not in models:
        raise UserError(f"model: {not_found('model', name, models)}")
    return models[name]


def _exponent(name: str) -> float:
    from sim.thresholds import DATA_EXPONENTS

    if name not in DATA_EXPONENTS:
        raise UserError(not_found("data exponent", name, DATA_EXPONENTS))
    return DATA_EXPONENTS[name]


@functools.lru_cache(maxsize=8)
def _record(scenario: str) -> History:
    from experiments.history import load_history

    history = load_history(scenario)
    if history is None:
        raise UserError(f"scenario {scenario!r} has no record")
    return history
