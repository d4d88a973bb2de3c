"""Simulate the arms that claims need, each once and in the same luck, and read their quantities.

Claims share arms: two claims that ask for the same world are answered by the same runs. Run r of every arm
has the luck of run r of every other, so that a formula over arms is a paired one.
"""

from __future__ import annotations

import difflib
import os
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from experiments.evidence.calculations import calculate
from experiments.evidence.claims import BASE, Arm, Claim, Quantity, on_calendar
from experiments.evidence.formula import evaluate
from experiments.evidence.keeping import Kept, World
from experiments.evidence.readings import Reader, Run, reader_of, source_of_reading
from sim.ensemble import MOST_RUNS, Simulator, check_count
from sim.errors import UserError, nearest
from sim.metrics import Metric, Statistic, parse_metric
from sim.policy import with_policies
from sim.scenario import Scenario, from_data, load, merge
from sim.tail.reading import log_of
from sim.world import Compiled, compile_scenario

if TYPE_CHECKING:
    from collections.abc import Hashable

CHUNK = 16  # runs per task of a thread


@dataclass
class PlannedArm:
    """A world to be simulated, and what is read off each of its runs: metrics, and readers of the run."""

    scenario: Scenario
    compiled: Compiled
    metrics: dict[str, Metric] = field(default_factory=dict)
    readers: dict[Hashable, Reader] = field(default_factory=dict)
    labels: list[str] = field(default_factory=list)

    @property
    def columns(self) -> list[Hashable]:
        """What the columns of its values are, in order."""
        return [*self.metrics, *self.readers]


@dataclass
class Plan:
    """Which arms claims need.

    ``homes``: (arm, columns) of each quantity, by (id of the claim, its name): one column, or one per
    developer (``by_actor``). ``starts``: where the months of each claim count from, in months since the year
    0.
    """

    scenario: Scenario
    arms: dict[Hashable, PlannedArm]
    homes: dict[tuple[str, str], tuple[Hashable, list[Hashable]]]
    by_actor: set[tuple[str, str]]
    calculated: dict[tuple[str, str], float]
    starts: dict[str, float] = field(default_factory=dict)


@dataclass
class Measured:
    """Values of quantities. ``runs``: numbers of the runs; ``values``: of each arm, shape (runs, columns)."""

    plan: Plan
    runs: np.ndarray
    values: dict[Hashable, np.ndarray]

    def quantity(self, claim: str, name: str) -> np.ndarray | float:
        """Return the values of a quantity of a claim, shape (runs,) or (actors, runs), or its one value."""
        if (claim, name) in self.plan.calculated:
            return self.plan.calculated[claim, name]
        arm, wanted = self.plan.homes[claim, name]
        columns = self.plan.arms[arm].columns
        values = self.values[arm][:, [columns.index(column) for column in wanted]].T
        return values if (claim, name) in self.plan.by_actor else values[0]

    def formula(self, name: str, claim: Claim, text: str | None = None) -> np.ndarray:
        """Return the formula of a claim (or another one of its quantities) over runs.

        Of a claim about a date it is a date: months since the year 0.
        """
        quantities = {each: self.quantity(name, each) for each in claim.test.quantities}
        values = np.atleast_1d(evaluate(claim.test.formula if text is None else text, quantities))
        return on_calendar(values, self.plan.starts[name]) if claim.is_dated else values


def plan_of(claims: Mapping[str, Claim], scenario: Scenario) -> Plan:
    """Return which worlds to simulate for claims; raise UserError with file, id and dotted path."""

    def refuse(_name: str, error: UserError) -> None:
        raise error from None

    return _plan(claims, scenario, refuse)


def plan_of_possible(claims: Mapping[str, Claim], scenario: Scenario) -> tuple[Plan, list[str]]:
    """Return which worlds to simulate for claims, and which claims name what the scenario does not have."""
    impossible: list[str] = []

    def leave_out(name: str, _error: UserError) -> None:
        impossible.append(name)

    return _plan(claims, scenario, leave_out), impossible


def _plan(claims: Mapping[str, Claim], scenario: Scenario, fails: Callable[[str, UserError], None]) -> Plan:
    """``fails`` is told of a claim that names what is not there; unless it raises, the claim is left out."""
    plan = Plan(scenario, {}, {}, set(), {})
    built: dict[Arm, PlannedArm] = {}
    for name, claim in claims.items():
        everybody: list[str] = []  # the developers, of whom a formula takes one by one
        plan.starts[name] = scenario.start
        begun: set[float] = set()  # when the arms of this claim start
        for own, quantity in claim.test.quantities.items():
            spot = f"claims.{name}.test"
            try:
                if not quantity.needs_runs:
                    plan.calculated[name, own] = calculate(str(quantity.calculate), quantity.arguments)
                    continue
                arm = claim.test.arm(quantity.arm)
                if arm not in built:
                    built[arm] = _arm(plan, scenario, arm, f"{spot}.arms.{quantity.arm}")
                begun.add(built[arm].scenario.start)
                if claim.is_dated and len(begun) > 1:
                    raise UserError("its value is a date, and its arms start in different months")
                plan.starts[name] = built[arm].scenario.start
                parts = [quantity]
                if quantity.each:
                    names = developers(built[arm].compiled)
                    everybody = everybody or names
                    if names != everybody:
                        raise UserError("each: the arms of this claim have not the same developers")
                    parts = [quantity.of_actor(actor) for actor in names]
                    plan.by_actor.add((name, own))
                columns = [_column(built[arm], part) for part in parts]
            except UserError as error:
                text = str(error)
                where = "" if text.startswith("claims.") else f"{spot}.quantities.{own}: "
                fails(name, UserError(f"{claim.prefix}{where}{text}"))
                break
            plan.homes[name, own] = (built[arm].scenario.fingerprint, columns)
    return plan


def developers(compiled: Compiled) -> list[str]:
    """Return the names of the actors that build models, in the order of the scenario."""
    return [compiled.actors[place] for place in compiled.facts["builders"]]


def measure_plan(
    plan: Plan,
    runs: int,
    seed: int = 1,
    *,
    threads: int | None = None,
    draw: bool = True,
    first_run: int = 0,
    progress: Callable[[int], None] | None = None,
    kept: Kept | None = None,
) -> Measured:
    """Simulate the arms of a plan and return the values of their quantities.

    ``progress`` is called with the number of runs completed since it was last called. ``kept``: where arms
    that were measured before lie; only what is not there is simulated, and then kept. The values depend
    neither on that nor on the number of threads. Ctrl-C ends it with KeyboardInterrupt: nothing
    half-measured is returned, what was measured is kept.
    """
    check_count("runs", runs, 1, MOST_RUNS)
    check_count("seed", seed, 0, 2**63 - 1)
    check_count("threads", 1 if threads is None else threads, 1, 1024)
    worlds = {key: World(str(key), seed, first_run, draw) for key in plan.arms}
    values: dict[Hashable, np.ndarray] = {}
    done: dict[Hashable, np.ndarray] = {}  # which runs of an arm are measured
    for key, arm in plan.arms.items():
        values[key], known = _known(arm, worlds[key], runs, kept)
        done[key] = np.asarray(known.all(axis=1))
    stored = {key: int(known.sum()) for key, known in done.items()}
    stop, own = threading.Event(), threading.local()

    def work(key: Hashable, first: int, last: int) -> tuple[Hashable, int]:
        if stop.is_set():
            return key, 0
        simulators = own.__dict__.setdefault("simulators", {})
        if key not in simulators:
            arm = plan.arms[key]
            simulators.clear()  # one world at a time: its tables are large
            simulators[key] = Simulator(arm.compiled, list(arm.metrics.values()), draw)
        measure_runs(plan.arms[key], simulators[key], seed, first_run + first, values[key][first:last])
        done[key][first:last] = True
        return key, last - first

    def keep(key: Hashable) -> None:
        arm = plan.arms[key]
        if kept and done[key].sum() > stored[key]:
            known = np.repeat(done[key][:, None], len(arm.columns), axis=1)
            kept.write(worlds[key], arm.columns, values[key], known)
            stored[key] = int(done[key].sum())

    tasks = [(key, *span) for key in plan.arms for span in _spans(~done[key])]
    left = Counter(key for key, *_ in tasks)
    try:
        with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
            pending = {pool.submit(work, *task) for task in tasks}
            try:
                while pending:
                    finished, pending = wait(pending, return_when=FIRST_COMPLETED)
                    for key, count in (future.result() for future in finished):
                        left[key] -= 1
                        if progress:
                            progress(count)
                        if not left[key]:
                            keep(key)
            except BaseException:
                stop.set()
                raise
    except BaseException:
        for key in plan.arms:
            keep(key)
        raise
    return Measured(plan, np.arange(first_run, first_run + runs), values)


def runs_to_come(plan: Plan, runs: int, seed: int = 1, kept: Kept | None = None) -> int:
    """Return how many runs ``measure_plan`` will simulate: those that are not kept."""
    known = (_known(arm, World(str(key), seed), runs, kept)[1] for key, arm in plan.arms.items())
    return sum(int((~each.all(axis=1)).sum()) for each in known)


def _known(arm: PlannedArm, world: World, runs: int, kept: Kept | None) -> tuple[np.ndarray, np.ndarray]:
    """Return (values, known) of an arm, each of shape (runs, columns), as they are kept."""
    if kept:
        return kept.read(world, arm.columns, runs)
    shape = (runs, len(arm.columns))
    return np.full(shape, np.nan), np.zeros(shape, bool)


def _spans(wanted: np.ndarray) -> Iterator[tuple[int, int]]:
    """Yield (first, last) of the pieces of runs that are wanted, of ``CHUNK`` runs at most."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], wanted, [False]]).astype(int)))
    for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        for first in range(start, end, CHUNK):
            yield first, min(end, first + CHUNK)


def measure_runs(arm: PlannedArm, simulator: Simulator, seed: int, first: int, values: np.ndarray) -> None:
    """Fill one row per run: metrics by the compiled query, the rest by readers."""
    measured = len(arm.metrics)
    drawn = len(simulator.uncertain)
    if not arm.readers:
        block = np.empty((len(values), measured))
        simulator.simulate(seed, first, block, np.empty((len(values), drawn)))
        values[:] = block
        return
    for place in range(len(values)):
        block, draws = np.empty((1, measured)), np.empty((1, drawn))
        simulator.simulate(seed, first + place, block, draws)
        values[place, :measured] = block[0]
        tables = simulator.workspace.tables
        clock = tables.clock[0]
        run = Run(
            arm.compiled, seed, first + place, log_of(tables),
            tables.projects[: clock.projects], tables, draws[0],
        )  # fmt: skip
        for column, read in enumerate(arm.readers.values(), start=measured):
            values[place, column] = read(run)


def _arm(plan: Plan, scenario: Scenario, arm: Arm, spot: str) -> PlannedArm:
    """Return the planned arm of a world; two arms that say the same are one."""
    try:
        world = world_of(scenario, arm)
        planned = plan.arms.setdefault(world.fingerprint, PlannedArm(world, compile_scenario(world)))
    except UserError as error:
        raise UserError(f"{spot}: {error}") from None
    planned.labels.append(spot.rpartition(".")[2])
    return planned


def world_of(scenario: Scenario, arm: Arm) -> Scenario:
    """Return the scenario of an arm: another one or the one in question, policies, numbers, rows taken out.

    Another scenario draws from the posterior only if the one in question does.
    """
    world = load(arm.scenario) if arm.scenario else scenario
    if not uses_posterior(scenario):
        world = from_intervals(world)
    world = with_policies(world, arm.policies)
    if arm.remove:
        data = merge(world.raw, {"remove": list(arm.remove)}, world.origin)
        world = from_data(data, world.origin, world.sets, policies=world.policies, name=world.name)
    return load(world, arm.set) if arm.set else world


def uses_posterior(scenario: Scenario) -> bool:
    """Return whether inputs are drawn from a posterior."""
    return scenario.file.posterior is not None and scenario.file.posterior.use


def from_intervals(scenario: Scenario) -> Scenario:
    """Return a scenario as if nobody had calibrated it: it draws from its intervals."""
    data = {key: value for key, value in scenario.raw.items() if key != "posterior"}
    return from_data(data, scenario.origin, scenario.sets, policies=scenario.policies, name=scenario.name)


def _metric(name: str, compiled: Compiled) -> Metric:
    """Return a metric by name; of one that is not there the nearest that can be used is offered, if any."""
    try:
        return parse_metric(name, compiled)
    except UserError as error:
        head, *rest = re.split(r"(?=_\d|[\[@])", name.strip(), maxsplit=1)
        alike = difflib.get_close_matches(head, [statistic.key for statistic in Statistic])
        for whole in (f"{near}{more}{''.join(rest)}" for near in alike for more in ("", "_1")):
            if head not in alike and _is_metric(whole, compiled):
                offered = str(error).replace(nearest(alike[0], alike[:1]), nearest(whole, [whole]))
                raise UserError(offered) from None
        raise


def _is_metric(name: str, compiled: Compiled) -> bool:
    try:
        parse_metric(name, compiled)
    except UserError:
        return False
    return True


def _column(arm: PlannedArm, quantity: Quantity) -> Hashable:
    """Return the column of a quantity; it is added where nobody has asked for it before."""
    if quantity.metric is not None:
        if quantity.metric not in arm.metrics:
            arm.metrics[quantity.metric] = _metric(quantity.metric, arm.compiled)
        return quantity.metric
    key = repr(quantity.model_copy(update={"arm": BASE})) + source_of_reading(quantity)
    if key not in arm.readers:
        arm.readers[key] = reader_of(quantity, arm.compiled)
    return key
