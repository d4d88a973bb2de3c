"""The worlds of a sweep: one compiled scenario serves all points that differ in numbers only.

Factors of kind ``policy`` and ``set`` make another world: it is read, checked and compiled once. Factors of
kind ``input`` and ``alternative`` set numbers in the vector of a compiled world, which takes microseconds.
Either way a point is the same world as ``exact`` returns, a scenario in which all is written out.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.sweeps.factors import ALTERNATIVE, INPUT, POLICY, SET, Factor, levers_of
from experiments.sweeps.reading import ALTERNATIVES, split_parameter
from sim.errors import UserError
from sim.metrics import Metric, parse_metric
from sim.paths import join_path, quantities
from sim.policy import BASES, JOIN, Policy, policy_of, split_spec, with_policies
from sim.scenario import Scenario, from_data, load
from sim.world import Compiled, compile_scenario

if TYPE_CHECKING:
    from sim.schema import ScenarioFile

WORLDS_KEPT = 16  # compiled worlds of a process; points are gone through world by world
SET_BY_USER = "set by the user"  # how a number's source begins that was set


@dataclass(frozen=True)
class World:
    """A compiled world and where its factors stand in the vector of numbers.

    ``inputs``: (factor, place). ``choices``: (factor, places, values by option, shape (options, places)).
    """

    compiled: Compiled
    metrics: list[Metric]
    inputs: list[tuple[int, int]]
    choices: list[tuple[int, np.ndarray, np.ndarray]]

    @cached_property
    def places(self) -> np.ndarray:
        """Where the factors stand in the vector of numbers."""
        inputs = np.array([place for _, place in self.inputs], np.int64)
        return np.concatenate([inputs, *(places for _, places, _ in self.choices)])

    def settings(self, values: Sequence[Sequence[Any]]) -> np.ndarray:
        """Return what some points put at these places, shape (points, places)."""
        inputs = [[point[factor] for factor, _ in self.inputs] for point in values]
        columns = [np.array(inputs, float).reshape(len(values), len(self.inputs))]
        for factor, _, options in self.choices:
            columns.append(options[[point[factor] for point in values]])
        return np.concatenate(columns, axis=1)


class Worlds:
    """All worlds of a plan (``experiments.sweeps.plan``), made when they are first needed.

    Raises UserError where the base is not the scenario that the plan was made from.
    """

    def __init__(self, plan: dict[str, Any]):
        self.plan = plan
        self.factors = [Factor.of_plain(row) for row in plan["factors"]]
        self.base = from_data(
            plan["scenario"],
            plan["scenario_file"],
            tuple(plan["sets"]),
            policies=tuple(plan["policies"]),
            name=plan["scenario_name"],
        )
        if self.base.fingerprint != plan["fingerprint"]:
            raise UserError(
                f"{self.base.origin}: is not the scenario of this sweep (fingerprint "
                f"{self.base.fingerprint[:12]}, not {plan['fingerprint'][:12]}); its posterior may be another"
            )
        self.apart = [at for at, factor in enumerate(self.factors) if factor.kind in (POLICY, SET)]
        self.fixed = [factor.name for factor in self.factors if factor.kind == ALTERNATIVE]
        self._worlds: OrderedDict[tuple, World | UserError] = OrderedDict()
        self._bases: dict[tuple, Scenario] = {}
        self._lock = threading.Lock()

    @cached_property
    def drawn(self) -> list[str]:
        """The inputs that the base draws and no factor sets; a policy may leave one out."""
        if self.plan["inputs"] != "drawn":
            return []
        fixed = {factor.name for factor in self.factors}
        return [path for path in compile_scenario(self.base).uncertain_paths if path not in fixed]

    def key(self, values: Sequence[Any]) -> tuple:
        """Return what tells the world of a point: its policies and what is set."""
        return tuple(values[at] for at in self.apart)

    def world(self, key: tuple) -> World:
        """Return the world of a key; raise UserError, the same each time, where it cannot be."""
        with self._lock:
            if key not in self._worlds:
                try:
                    self._worlds[key] = self._made(key)
                except UserError as error:
                    self._worlds[key] = error
                while len(self._worlds) > WORLDS_KEPT:
                    self._worlds.popitem(last=False)
            self._worlds.move_to_end(key)
            found = self._worlds[key]
        if isinstance(found, UserError):
            raise found
        return found

    def _made(self, key: tuple) -> World:
        chosen = dict(zip(self.apart, key, strict=True))
        sets = [self._set(at, value) for at, value in chosen.items() if self.factors[at].kind == SET]
        if tuple(sets) not in self._bases:
            if len(self._bases) > WORLDS_KEPT:
                self._bases.clear()
            placeholders = [
                set_text(factor.name, factor.levels[0] if factor.levels else factor.low)
                for factor in self.factors
                if factor.kind == INPUT
            ]
            self._bases[tuple(sets)] = load(self.base, [*sets, *placeholders])
        scenario = self._under(self._bases[tuple(sets)], chosen)
        compiled = compile_scenario(scenario)
        self._check_inputs(scenario)
        metrics = [parse_metric(name, compiled) for name in self.plan["metrics"]]
        inputs = [
            (at, compiled.place_of[factor.name])
            for at, factor in enumerate(self.factors)
            if factor.kind == INPUT
        ]
        choices = [
            (at, *_choices(compiled, factor.name))
            for at, factor in enumerate(self.factors)
            if factor.kind == ALTERNATIVE
        ]
        return World(compiled, metrics, inputs, choices)

    def _set(self, at: int, value: Any) -> str:
        return set_text(self.factors[at].name, value)

    def _under(self, scenario: Scenario, chosen: dict[int, Any]) -> Scenario:
        spec = self.spec(chosen)
        return with_policies(scenario, spec, read=self._policy) if spec else scenario

    def spec(self, chosen: dict[int, Any]) -> str:
        """Return the policies of a point as one spec; parameters of one policy go together."""
        specs: dict[str, list[str]] = {}
        for at, value in chosen.items():
            factor = self.factors[at]
            if factor.kind != POLICY:
                continue
            if ":" not in factor.name:
                specs[str(value)] = []
                continue
            base, parameter, fixed = split_parameter(factor.name)
            given = specs.setdefault(base, [])
            given += [part for part in fixed.split(",") if part and part not in given]
            given.append(f"{parameter}={value}")
        joined = [f"{base}:{','.join(given)}" if given else base for base, given in specs.items()]
        return JOIN.join(part for part in joined if part not in BASES)

    def _policy(self, spec: str, file: ScenarioFile) -> Policy:
        content, origin = self.plan["policy_files"][split_spec(spec)[0]]
        return policy_of(spec, content, Path(origin), file)

    def _check_inputs(self, scenario: Scenario) -> None:
        """Raise UserError where a policy takes a number away from the factor that sets it."""
        wanted = {factor.name for factor in self.factors if factor.kind == INPUT}
        found = set()
        for parts, quantity, _, source in quantities(scenario.file):
            path = join_path(parts)
            if path not in wanted:
                continue
            found.add(path)
            if quantity.uncertain or not (source or "").startswith(SET_BY_USER):
                raise UserError(
                    f"{scenario.origin}: {path} is a factor of the sweep and set by the policy as well"
                )
        if wanted - found:
            raise UserError(f"{scenario.origin}: {min(wanted - found)} is a factor, and not there any more")

    def exact(self, values: Sequence[Any]) -> Scenario:
        """Return the scenario of a point with all that the point says written into it."""
        data = self.base.raw
        numbers: dict[str, float] = {}
        for at, factor in enumerate(self.factors):
            if factor.kind == ALTERNATIVE:
                data, chosen = _without_alternative(self.base, data, factor.name, values[at])
                numbers |= chosen
        scenario = self.base
        if data is not self.base.raw:
            scenario = from_data(
                data, self.base.origin, self.base.sets, (), self.base.policies, self.base.name
            )
        sets = [self._set(at, values[at]) for at in self.apart if self.factors[at].kind == SET]
        sets += [
            set_text(factor.name, values[at])
            for at, factor in enumerate(self.factors)
            if factor.kind == INPUT
        ]
        sets += [set_text(path, value) for path, value in numbers.items()]
        return self._under(load(scenario, sets), {at: values[at] for at in self.apart})


def set_text(path: str, value: Any) -> str:
    """Return a change as ``--set`` takes it.

    >>> set_text("actors.Alpha.kind", "leading_lab")
    'actors.Alpha.kind="leading_lab"'
    """
    return f"{path}={json.dumps(value)}"


def _choices(compiled: Compiled, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the places that an alternative sets, and what each option puts there (or the scenario's own)."""
    if name not in compiled.uncertain_paths:
        raise UserError(f"{compiled.scenario.origin}: {name} is a factor, and not there any more")
    cell = compiled.uncertain[compiled.uncertain_paths.index(name)]
    options = compiled.facts["options"][cell.row : cell.row + cell.rows]
    numbers = compiled.facts["option_numbers"]
    places = sorted(
        {int(n.place) for option in options for n in numbers[option.row : option.row + option.rows]}
    )
    values = np.repeat(compiled.numbers[places][None, :], len(options), axis=0)
    for row, option in enumerate(options):
        for number in numbers[option.row : option.row + option.rows]:
            values[row, places.index(int(number.place))] = number.value
    return np.array(places, np.int64), values


def _without_alternative(base: Scenario, data: dict[str, Any], name: str, option: int):
    rows = data["alternatives"]
    wanted = name.removeprefix(ALTERNATIVES)
    (row,) = [row for row in rows if row["name"] == wanted]
    rest = [other for other in rows if other is not row]
    return {**data, "alternatives": rest}, dict(row["options"][option].get("numbers", {}))


def identity(plan: dict[str, Any], values: Sequence[Any], without: Sequence[str] = ()) -> str:
    """Return the stable name of a point: a hash of the scenario, the luck and what the point says.

    ``without``: factors that are not looked at.
    """
    named = {factor["name"]: value for factor, value in zip(plan["factors"], values, strict=True)}
    named = {name: value for name, value in named.items() if name not in without}
    own = [plan["fingerprint"], plan["seed"], plan["luck"], plan["inputs"], named]
    return hashlib.blake2b(json.dumps(own, sort_keys=True).encode(), digest_size=8).hexdigest()


def seed_of(plan: dict[str, Any], values: Sequence[Any]) -> int:
    """Return the seed of a point's runs: that of the sweep, or one of its own (``luck``).

    "own": of the point; "states": of all points that say the same of everything but the levers.
    """
    if plan["luck"] == "paired":
        return int(plan["seed"])
    levers = levers_of([Factor.of_plain(row) for row in plan["factors"]]) if plan["luck"] == "states" else []
    name = identity(plan, values, [lever.name for lever in levers])
    digest = hashlib.blake2b(f"{plan['seed']}:{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1
