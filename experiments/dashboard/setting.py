"""What is chosen in one window: a scenario, policies with their parameters, numbers, how many runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from experiments.dashboard.levers import Lever, number_lever, number_of, policy_levers, problem, value_of
from experiments.sweeps.worlds import set_text
from sim.ensemble import check_count
from sim.errors import UserError
from sim.policy import JOIN, read_policy, scenario_of, with_policies
from sim.scenario import Scenario, load

MOST_RUNS = 20_000  # of one comparison in the dashboard; more is work for `cascades compare`


@dataclass(frozen=True)
class Setting:
    """Where everything stands.

    ``scenario``: as ``cascades run`` takes it. ``policies``: names, in the order in which they are laid over
    it. ``given``: what levers were put at, as text, by name. ``numbers``: dotted paths of those shown.
    ``everywhere``: whether the numbers hold in the baseline too.
    """

    scenario: str
    policies: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    given: Mapping[str, str] = field(default_factory=dict)
    everywhere: bool = False
    runs: int = 200
    seed: int = 1

    def put(self, lever: Lever, text: str) -> Setting:
        """Return the setting with a lever put at something; at its default it is as if never touched."""
        rest = {name: value for name, value in self.given.items() if name != lever.name}
        return replace(self, given=rest if text == lever.default else {**rest, lever.name: text})

    def without_policy(self, name: str) -> Setting:
        """Return the setting without a policy and what its parameters were put at."""
        rest = {lever: value for lever, value in self.given.items() if not lever.startswith(f"{name}:")}
        return replace(self, policies=tuple(one for one in self.policies if one != name), given=rest)

    def without_number(self, path: str) -> Setting:
        """Return the setting without a number, which stands as the scenario says again."""
        rest = {lever: value for lever, value in self.given.items() if lever != path}
        return replace(self, numbers=tuple(one for one in self.numbers if one != path), given=rest)

    @property
    def spec(self) -> str:
        """The policies as ``--policy`` takes them."""
        return JOIN.join(self.spec_of(name) for name in self.policies)

    def spec_of(self, policy: str) -> str:
        """Return one policy with the parameters that do not stand at their defaults."""
        begin = f"{policy}:"
        parts = [f"{n.removeprefix(begin)}={v}" for n, v in self.given.items() if n.startswith(begin)]
        return f"{begin}{','.join(parts)}" if parts else policy

    def moved(self) -> dict[str, str]:
        """Return the numbers that were moved, by dotted path."""
        return {path: self.given[path] for path in self.numbers if path in self.given}


@dataclass(frozen=True)
class Arms:
    """The baseline and the world beside it, as scenarios."""

    base: Scenario
    arm: Scenario


def opened(name: str) -> Scenario:
    """Return the scenario of a name or path; raise UserError where there is none."""
    return scenario_of(name)


def levers_of(scenario: Scenario, setting: Setting) -> dict[str, list[Lever]]:
    """Return the controls: of each policy by its name, and under "" those of the numbers."""
    found = {name: policy_levers(read_policy(name), scenario) for name in setting.policies}
    return {**found, "": [number_lever(scenario, path) for path in setting.numbers]}


def problems(scenario: Scenario, setting: Setting) -> dict[str, str]:
    """Return what cannot be, by the control beside which it is said.

    Controls are levers by name, ``runs`` and ``seed``. Each is looked at alone (see ``blamed``).
    """
    found: dict[str, str] = {}
    for name, value, least, most in (
        ("runs", setting.runs, 1, MOST_RUNS),
        ("seed", setting.seed, 0, 2**63 - 1),
    ):
        try:
            check_count(name, value, least, most)
        except UserError as error:
            found[name] = str(error)
    for levers in levers_of(scenario, setting).values():
        for lever in levers:
            text = setting.given.get(lever.name)
            wrong = problem(scenario, lever, text) if text is not None else ""
            if text is None and not lever.default:
                wrong = f"is missing: {lever.meaning}"
            if wrong:
                found[lever.name] = wrong
    return found


def blamed(scenario: Scenario, setting: Setting, failure: str) -> dict[str, str]:
    """Return beside which control it is said that levers which go well alone do not go together."""
    laid: list[str] = []
    for name in setting.policies:
        laid.append(setting.spec_of(name))
        try:
            with_policies(scenario, JOIN.join(laid))
        except UserError as error:
            origin = f"{scenario.origin} with policy {JOIN.join((*scenario.policies, *laid))}: "
            return {name: str(error).removeprefix(origin)}
    for path in setting.moved():
        try:
            load(scenario, sets_of(scenario, replace(setting, numbers=(path,))))
        except UserError as error:
            return {path: str(error)}
    return {"": failure}


def sets_of(scenario: Scenario, setting: Setting) -> tuple[str, ...]:
    """Return the numbers that were moved as ``--set`` takes them."""
    return tuple(set_text(path, plain(scenario, path, text)) for path, text in setting.moved().items())


def plain(scenario: Scenario, path: str, text: str) -> Any:
    """Return what a number was put at: a number, or a date as text."""
    return value_of(text, number_of(scenario, path)[1])


def arms_of(scenario: Scenario, setting: Setting) -> Arms:
    """Return both worlds of a setting in full, as ``cascades run`` would read them; raise UserError."""
    sets = sets_of(scenario, setting)
    moved = load(scenario, sets) if sets else scenario
    return Arms(moved if setting.everywhere else scenario, with_policies(moved, setting.spec))
