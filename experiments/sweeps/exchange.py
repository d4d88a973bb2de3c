"""Exchange with SALib and the EMA Workbench: problems, uncertainties, levers, outcomes.

A SALib problem is its dictionary (``names``, ``bounds``, ``dists``). EMA's parameters are read by what they
have in common (``name``, ``lower_bound``, ``upper_bound``, ``categories``), as objects of the workbench or
as plain dictionaries of the same words; the workbench itself is not needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from experiments.sweeps.factors import INPUT, LEVER, LOGUNIFORM, UNCERTAINTY, UNIFORM, Factor
from experiments.sweeps.store import Store
from sim.errors import UserError, not_found

SALIB_DISTS = {"unif": UNIFORM, "logunif": LOGUNIFORM}


def is_salib(data: Any) -> bool:
    """Whether something is a SALib problem."""
    return isinstance(data, Mapping) and {"names", "bounds"} <= set(data)


def factors_of_salib(problem: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the factors of a SALib problem, as tables of ``[factors.NAME]``.

    >>> factors_of_salib({"num_vars": 1, "names": ["effects.code.work"], "bounds": [[0, 1]]})
    {'effects.code.work': {'low': 0.0, 'high': 1.0, 'distribution': 'uniform'}}
    """
    names, bounds = list(problem["names"]), list(problem["bounds"])
    dists = list(problem.get("dists") or ["unif"] * len(names))
    if len(names) != len(bounds) or len(dists) != len(names):
        raise UserError(
            f"problem: {len(names)} names, {len(bounds)} bounds, {len(dists)} dists: must be as many"
        )
    if problem.get("groups") and list(problem["groups"]) != names:
        raise UserError("problem: groups are not taken over; leave them out")
    factors = {}
    for name, bound, dist in zip(names, bounds, dists, strict=True):
        if dist not in SALIB_DISTS:
            raise UserError(f"problem: {name}: {not_found('distribution', dist, SALIB_DISTS)}")
        low, high = map(float, bound[:2])
        factors[name] = {"low": low, "high": high, "distribution": SALIB_DISTS[dist]}
    return factors


def salib_problem(factors: Sequence[Factor]) -> dict[str, Any]:
    """Return the SALib problem of some factors, in the unit cube in which they were sampled.

    Analyse it with ``Store.sample``: what a factor's values are does not matter to the estimators.
    """
    return {
        "num_vars": len(factors),
        "names": [factor.name for factor in factors],
        "bounds": [[0.0, 1.0] for _ in factors],
    }


def factors_of_ema(
    uncertainties: Iterable[Any] = (), levers: Iterable[Any] = ()
) -> dict[str, dict[str, Any]]:
    """Return the factors of EMA-style uncertainties and levers, as tables of ``[factors.NAME]``.

    >>> factors_of_ema([{"name": "effects.code.work", "lower_bound": 0.1, "upper_bound": 0.6}])
    {'effects.code.work': {'low': 0.1, 'high': 0.6, 'distribution': 'uniform', 'role': 'uncertainty'}}
    """
    factors: dict[str, dict[str, Any]] = {}
    for role, parameters in ((UNCERTAINTY, uncertainties), (LEVER, levers)):
        for parameter in parameters:
            name = _of(parameter, "name")
            if not name:
                raise UserError(f"{role}: {parameter!r} has no name")
            categories = _of(parameter, "categories")
            low, high = _of(parameter, "lower_bound"), _of(parameter, "upper_bound")
            if categories is not None:
                levels = [getattr(category, "value", category) for category in categories]
                factors[name] = {"levels": levels, "role": role}
            elif "Boolean" in type(parameter).__name__ or _of(parameter, "type") == "BooleanParameter":
                factors[name] = {"levels": [False, True], "role": role}
            elif low is None or high is None:
                raise UserError(f"{role}: {name}: needs lower_bound and upper_bound, or categories")
            elif "Integer" in type(parameter).__name__ or _of(parameter, "type") == "IntegerParameter":
                factors[name] = {"levels": list(range(int(low), int(high) + 1)), "role": role}
            else:
                ends = {"low": float(low), "high": float(high), "distribution": UNIFORM}
                factors[name] = ends | {"role": role}
    return factors


def _of(parameter: Any, name: str) -> Any:
    return parameter.get(name) if isinstance(parameter, Mapping) else getattr(parameter, name, None)


def ema_parameters(store: Store) -> dict[str, list[dict[str, Any]]]:
    """Return a store's uncertainties, levers and outcomes in the words of the EMA Workbench."""
    found: dict[str, list[dict[str, Any]]] = {"uncertainties": [], "levers": [], "outcomes": []}
    for factor in store.factors:
        row: dict[str, Any] = {"name": factor.name}
        if whole := _whole_levels(factor):
            row |= {"type": "IntegerParameter", "lower_bound": whole[0], "upper_bound": whole[-1]}
        elif factor.levels:
            row |= {"type": "CategoricalParameter", "categories": list(factor.levels)}
        else:
            row |= {"type": "RealParameter", "lower_bound": factor.low, "upper_bound": factor.high}
        found["levers" if _is_lever(factor) else "uncertainties"].append(row)
    kind = "ScalarOutcome" if store.runs_per_point == 1 else "ArrayOutcome"  # one value a run
    found["outcomes"] = [{"name": name, "type": kind} for name in store.metrics]
    return found


def _is_lever(factor: Factor) -> bool:
    """Whether EMA calls it a lever: as the author says, else all but inputs."""
    return (factor.role or (UNCERTAINTY if factor.kind == INPUT else LEVER)) == LEVER


def _whole_levels(factor: Factor) -> list[int]:
    """Return the levels of an integer parameter, least first: whole numbers one after the other; else []."""
    if factor.categorical or len(factor.levels) < 2 or any(level != int(level) for level in factor.levels):
        return []
    whole = sorted(int(level) for level in factor.levels)
    return whole if whole == list(range(whole[0], whole[-1] + 1)) else []


def ema_results(store: Store) -> tuple[Any, dict[str, np.ndarray]]:
    """Return (experiments, outcomes) as ``perform_experiments`` of the EMA Workbench does.

    One experiment per point; an outcome has the shape (points, runs), or (points,) where a point has one run.
    Dates that never come are inf. ``scenario`` numbers the futures, as EMA does: points that differ in levers
    alone have the same one. Integer parameters are whole numbers.
    """
    points, runs = len(store.design), store.runs_per_point
    table = store.runs(failed=True)
    rows = table["point"].to_numpy() * runs + table["run"].to_numpy()
    outcomes = {}
    for name in store.metrics:
        values = np.full(points * runs, np.nan)
        values[rows] = table[name].to_numpy()
        outcomes[name] = values.reshape(points, runs) if runs > 1 else values
    experiments = store.design.copy()
    for factor in store.factors:
        if _whole_levels(factor):
            experiments[factor.name] = experiments[factor.name].astype(int)
    experiments["model"] = store.manifest["plan"]["scenario_name"]
    experiments["scenario"] = _futures(store)
    return experiments, outcomes


def _futures(store: Store) -> list[int]:
    """Return the number of the future of every point: of the values of its uncertainties, from 0 on."""
    names = [factor.name for factor in store.factors if not _is_lever(factor)]
    known: dict[tuple, int] = {}
    return [
        known.setdefault(tuple(row), len(known))
        for row in store.design[names].itertuples(index=False, name=None)
    ]


def as_function(
    scenario: Any, factors: Sequence[str], metrics: Sequence[str], runs: int = 1, seed: int = 1
) -> Callable[..., dict[str, float]]:
    """Return a plain function of factors, ``f(**values) -> {metric: mean over the runs}``.

    It is what EMA's ``Model(name, function=f)`` and others want. Keywords are dotted paths, with ``_``
    for what cannot stand in a keyword if need be. A date that never comes within the runs makes its
    mean inf.
    """
    from sim.ensemble import simulate
    from sim.scenario import load

    of_keyword = {name: name for name in factors} | {
        "".join(letter if letter.isalnum() else "_" for letter in name): name for name in factors
    }

    def function(**values: Any) -> dict[str, float]:
        from experiments.sweeps.worlds import set_text

        for name in values:
            if name not in of_keyword:
                raise UserError(not_found("factor", name, factors))
        sets = [set_text(of_keyword[name], value) for name, value in values.items()]
        result = simulate(load(scenario, sets), runs, seed, metrics=list(metrics), logs=0, threads=1)
        return {name: float(result[name].mean()) for name in metrics}

    return function
