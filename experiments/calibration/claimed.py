"""The claims of a scenario as a problem of calibration: values of inputs in, runs out."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property

import numpy as np

from experiments.calibration.prior import Prior, prior_of
from experiments.calibration.statistic import Statistic, statistic_for
from experiments.calibration.targets import ROLE
from experiments.evidence.agreement import Wanted
from experiments.evidence.claims import Claim
from experiments.evidence.measuring import Measured, PlannedArm, from_intervals, measure_runs, plan_of
from sim.ensemble import Simulator
from sim.errors import UserError
from sim.scenario import Scenario
from sim.world import Compiled


class ClaimedWorld:
    """A scenario and the claims that it is calibrated to.

    Each evaluation simulates ``replicates`` runs of all arms, paired, with given values of all inputs; only
    alternatives are drawn by each run. Workers have simulators of their own.
    """

    def __init__(self, scenario: Scenario, claims: Mapping[str, Claim], replicates: int):
        chosen = to_calibrate(claims)
        self.scenario, self.replicates = from_intervals(scenario), replicates
        self.given = given_by(claims)
        self.of = chosen
        self.claims = tuple(chosen)
        self.wanted: dict[str, Wanted] = {name: claim.wanted for name, claim in chosen.items()}
        self.plan = plan_of(chosen, self.scenario)
        self._own = threading.local()

    @cached_property
    def prior(self) -> Prior:
        from sim.world import compile_scenario

        return prior_of(compile_scenario(self.scenario))

    @property
    def inputs(self) -> tuple[str, ...]:
        return self.prior.inputs

    @property
    def coordinates(self) -> int:
        return len(self.prior.coordinates)

    @cached_property
    def statistics(self) -> tuple[Statistic, ...]:
        """What each claim compares."""
        return tuple(statistic_for(self.wanted[name]) for name in self.claims)

    @property
    def behind(self) -> tuple[tuple[int, ...], ...]:
        return self.prior.behind

    @property
    def together(self) -> tuple[tuple[int, ...], ...]:
        return self.prior.together

    def may_learn(self, free: np.ndarray) -> np.ndarray:
        """Return which of the free inputs are learned, shape (inputs,): not those that a claim gives.

        Nor what is correlated with these: it would follow in the draws, and they not.
        """
        given = np.array([path in self.given for path in self.inputs], bool)
        for group in self.together:
            given[list(group)] = given[list(group)].any()
        return free & ~given

    def values(self, points: np.ndarray) -> np.ndarray:
        """Return the values of the inputs, shape (points, inputs)."""
        return self.prior.values(points)

    def evaluate(self, values: np.ndarray, luck: int) -> np.ndarray:
        """Return the formula of each claim in each run, shape (claims, replicates), at values of the inputs.

        Of a claim about a date, in months after that date, as its ``wanted`` counts.
        A formula that is one number of all runs stands as the pseudo-values of the jackknife, one a run
        (Tukey 1958): their mean is that number without most of the error of few runs, and how they differ
        is its luck.
        """
        measured = self.measured(values, luck)
        return np.array(
            [formula_by_run(measured, name, claim) - claim.origin for name, claim in self.of.items()]
        )

    def measured(self, values: np.ndarray, luck: int) -> Measured:
        """Return what the arms measure at values of the inputs, shape (inputs,), over the replicates."""
        found = {}
        for key, arm in self.plan.arms.items():
            simulator, row, chosen = self._worker(key, arm)
            if len(chosen):
                row[0] = values[chosen]
            table = np.full((self.replicates, len(arm.columns)), np.nan)
            measure_runs(replace(arm, compiled=simulator.compiled), simulator, luck, 0, table)
            found[key] = table
        return Measured(self.plan, np.arange(self.replicates), found)

    def _worker(self, key, arm: PlannedArm) -> tuple[Simulator, np.ndarray, np.ndarray]:
        """Return this thread's simulator of an arm, the values that it holds, and which inputs they are."""
        own = self._own.__dict__.setdefault("simulators", {})
        if key not in own:
            held = hold(arm.compiled, {path: np.zeros(1) for path in self.inputs})
            place_of = {path: place for place, path in enumerate(self.inputs)}
            chosen = [place_of[path] for path in arm.compiled.uncertain_paths if path in place_of]
            row = held.facts["posterior"]
            own[key] = Simulator(held, list(arm.metrics.values())), row, np.array(chosen, int)
        return own[key]


def to_calibrate(claims: Mapping[str, Claim]) -> dict[str, Claim]:
    """Return the claims that a scenario is calibrated to; raise UserError where there is none."""
    chosen = {name: claim for name, claim in claims.items() if claim.role == ROLE and not claim.test.inputs}
    if not chosen:
        raise UserError(
            f"claims: none of {len(claims)} has role = {ROLE!r}, so there is nothing to calibrate to"
        )
    return chosen


def given_by(claims: Mapping[str, Claim]) -> frozenset[str]:
    """Return the inputs whose value or interval is that of a claim: it is evidence of the input itself.

    Learned from other claims, runs would draw what contradicts it. A claim that only orders inputs, or names
    a bound, gives none.
    """
    given = set()
    for claim in claims.values():
        for used in claim.test.inputs or ():
            if used.path and not used.scenario and used.says_how_large:
                given.add(used.path.split(".pool.")[0])
    return frozenset(given)


def hold(compiled: Compiled, sample: Mapping[str, np.ndarray]) -> Compiled:
    """Return a compiled scenario that draws inputs from a sample, {dotted path: shape (draws,)}.

    What is certain in this scenario stays so. Whoever holds the table of draws may change it in place.
    """
    uncertain = compiled.uncertain.copy().view(np.recarray)
    columns: list[np.ndarray] = []
    for row, path in enumerate(compiled.uncertain_paths):
        uncertain["column"][row] = -1
        if path in sample:
            uncertain["column"][row] = len(columns)
            columns.append(np.asarray(sample[path], float))
    table = np.column_stack(columns) if columns else np.zeros((0, 0))
    facts = compiled.facts | {"posterior": np.ascontiguousarray(table)}
    return replace(compiled, uncertain=uncertain, facts=facts)


def formula_by_run(measured: Measured, name: str, claim: Claim) -> np.ndarray:
    """Return the formula of a claim in each run, shape (runs,); its pseudo-values where it is one number."""
    values = measured.formula(name, claim)
    runs = len(measured.runs)
    if len(values) == runs:
        return values
    without = np.array([float(_without(measured, run).formula(name, claim)[0]) for run in range(runs)])
    with np.errstate(invalid="ignore"):
        pseudo = runs * float(values[0]) - (runs - 1) * without
    return np.where(np.isfinite(pseudo), pseudo, values[0])


def _without(measured: Measured, run: int) -> Measured:
    values = {key: np.delete(table, run, axis=0) for key, table in measured.values.items()}
    return Measured(measured.plan, np.delete(measured.runs, run), values)
