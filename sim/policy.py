"""Policies: what an arm of a comparison changes in a scenario, as a file with parameters.

A policy is a TOML file: ``title``, ``about``, ``[parameters.NAME]``, and tables of a scenario that are
laid over the base (``[[orders]]`` and ``[[changes]]`` are added to those that are there). A value
``"{NAME}"`` stands for a parameter, ``"-{NAME}"`` for a number with the other sign; a key ``"{NAME}"``
makes one row for each actor that the parameter names. In ``about``, a part in square brackets is left
out while its parameters stand at their defaults. ``also``: other names of the policy; ``group``: under
what it is listed; ``source``: of its numbers. ``with_policies("gpt3", "delay:months=6,actors=OpenAI")``
returns the scenario of that arm; several policies are joined by ``++``.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from sim.errors import UserError, not_found
from sim.levers import GENERAL, is_named
from sim.paths import join_path
from sim.scenario import (
    CONFIGS,
    NAME,
    Scenario,
    check_removes,
    find,
    from_data,
    load,
    merge,
    names,
    problem_of,
    read_toml,
)
from sim.schema import ScenarioFile, months_of_date
from sim.words import ArtifactKind

POLICIES = CONFIGS / "policies"
BASES = ("", "base", "baseline")
JOIN = "++"
START = "start"  # as a date: the first month of the scenario
OPEN_ENDED = (START, "always", "never")
ABOUT_ITSELF = ("title", "about", "parameters", "source", "also", "group")
LISTS = ("actors", "artifacts", "classes")  # types whose values are lists of names
TYPES = ("actor", "actors", "artifacts", "class", "classes", "date", "number", "text")
PARAMETER = "[a-z_]+"
_PLACE = re.compile(r"\{(" + PARAMETER + r")\}")
_ANY_PLACE = re.compile(r"\{([^{}]*)\}")
_LESS = re.compile(r"-\{(" + PARAMETER + r")\}")
_OPTIONAL = re.compile(r"\[([^][]*)\]")


class Parameter(BaseModel):
    """``[parameters.NAME]`` of a policy: what the arm can be told."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    meaning: str
    type: str
    default: Any = None
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True)
class Policy:
    """A policy as its file gives it. ``overlay``: the tables that it lays over a scenario."""

    name: str
    title: str
    about: str
    parameters: dict[str, Parameter]
    overlay: dict[str, Any]
    origin: str
    source: str = ""
    given: dict[str, Any] = field(default_factory=dict)

    @property
    def values(self) -> dict[str, Any]:
        """The parameters, as they were given or stand by default (None: still missing)."""
        return {name: self.given.get(name, row.default) for name, row in self.parameters.items()}

    def in_words(self) -> str:
        """Return the description with its parameters, without what stands by default in brackets."""
        values = {
            name: _in_words(value, self.parameters[name].type)
            for name, value in self.values.items()
            if value is not None
        }

        def shown(part: re.Match) -> str:
            names = _PLACE.findall(part[1])
            told = any(self.values[name] != self.parameters[name].default for name in names)
            return part[1] if told else ""

        text = " ".join(str(_filled(_OPTIONAL.sub(shown, self.about), values)).split())
        return text[:1].upper() + text[1:]


def policy_names() -> list[str]:
    """Return the names of the policies that come with the product."""
    return sorted(path.stem for path in POLICIES.glob("*.toml"))


def other_names() -> dict[str, str]:
    """Return the other names of policies, each with the name of its file."""
    return {also: name for name in policy_names() for also in heading_of(name).get("also", [])}


def heading_of(name: str) -> dict[str, Any]:
    """Return what a shipped policy says about itself: title, group, other names."""
    content = read_toml(POLICIES / f"{name}.toml")
    return {key: content[key] for key in ABOUT_ITSELF if key in content}


def with_policies(
    base: str | Path | Scenario,
    spec: str,
    since: str | None = None,
    read: Callable[[str, ScenarioFile], Policy] | None = None,
) -> Scenario:
    """Return a scenario under policies, for a spec such as ``code-never++delay:months=6``.

    ``""``, ``base`` and ``baseline`` stand for the scenario itself. ``since`` ("2021-06"): nothing of
    them acts before that date. ``read``: where policies come from, if not from their files. Raises
    UserError for a policy, parameter, path, actor or class that is not there, for levers that contradict
    each other, and for what cannot begin at a date.

    >>> len(with_policies("toy", "order:artifacts=code,action=forbid").file.orders)
    1
    """
    scenario = base if isinstance(base, Scenario) else load(base)
    data, specs = scenario.raw, []
    for part in spec.split(JOIN):
        text = part.strip()
        if text in BASES:
            continue
        policy = (read or read_policy)(text, scenario.file)
        data = laid_over(data, policy, since)
        specs.append(text)
    if not specs:
        return scenario
    policies = (*scenario.policies, *specs)
    origin = f"{scenario.origin} with policy {JOIN.join(policies)}"
    return from_data(data, origin, scenario.sets, policies=policies, name=scenario.name)


def scenario_of(text: str) -> Scenario:
    """Return the scenario of ``SCENARIO`` or ``SCENARIO++POLICY++...``."""
    name, _, spec = text.partition(JOIN)
    return with_policies(load_base(name), spec)


def load_base(text: str, sets: tuple[str, ...] = ()) -> Scenario:
    """Return a scenario by name or path; raise UserError for the name of a policy, which is laid over one."""
    name = text.strip()
    if name not in names() and is_policy(name):
        raise UserError(f"{name!r} is a policy, not a scenario; lay it over one: SCENARIO{JOIN}{name}")
    return load(name, sets)


def arm(base: Scenario, text: str) -> Scenario:
    """Return an arm beside a base: a policy laid over it, or a scenario of its own."""
    first = split_spec(text.partition(JOIN)[0])[0]
    if first in BASES or is_policy(first):
        return with_policies(base, text)
    check_is_there(first)
    return scenario_of(text)


def check_is_there(name: str) -> None:
    """Raise UserError for a name that is neither that of a scenario nor that of a policy, nor a file."""
    if name not in names() and not is_policy(name):
        find(name, not_found("policy or scenario", name, [*names(), *policy_names()]))


def is_policy(text: str) -> bool:
    """Return whether a spec begins with a policy that there is (a file that extends nothing is one)."""
    name = text.partition(JOIN)[0].partition(":")[0].strip()
    if name in policy_names() or name in other_names():
        return True
    path = Path(name)
    if path.suffix != ".toml" or not os.path.isfile(path):  # False too for a name that cannot be one
        return False
    content = read_toml(path)
    return "scenario" not in content and "extends" not in content


def read_policy(spec: str, file: ScenarioFile | None = None) -> Policy:
    """Read one policy with its parameters, ``NAME[:parameter=value,...]`` or the path of a file.

    ``file``: the scenario against which names are checked.
    """
    path = policy_file(spec)
    return policy_of(spec, read_toml(path), path, file)


def policy_file(spec: str) -> Path:
    """Return the file of the policy that a spec names; raise UserError where there is none."""
    return _find(split_spec(spec)[0])


def policy_of(spec: str, content: dict[str, Any], path: Path, file: ScenarioFile | None = None) -> Policy:
    """Return a policy with its parameters, from what its file ``path`` holds; see ``read_policy``."""
    name, values = split_spec(spec)
    for key in ("title", "about"):
        if key not in content:
            raise UserError(f"{path}: {key}: is missing; a policy says in words what it changes")
    for key in ("title", "about", "source"):
        if not isinstance(content.get(key, ""), str):
            raise UserError(f"{path}: {key}: must be text in quotes, not {content[key]!r}")
    parameters = _parameters(content, path)
    given = {}
    for key, text in values.items():
        if key not in parameters:
            raise UserError(f"policy {name}: {not_found('parameter', key, parameters)}")
        given[key] = parsed(f"policy {name}: {key}", text, parameters[key], file)
    for key, parameter in parameters.items():
        if parameter.default is None and key not in given and file is not None:
            raise UserError(f"policy {name}: {key} is missing ({parameter.meaning}); write {name}:{key}=...")
        if key not in given and file is not None:
            _check_names(f"policy {name}: {key}", parameter.default, parameter, file)
    overlay = {key: value for key, value in content.items() if key not in ABOUT_ITSELF}
    unknown = set(overlay) - set(ScenarioFile.model_fields) - {"remove"}
    if unknown:
        raise UserError(f"{path}: {not_found('table', min(unknown), [*ScenarioFile.model_fields, 'remove'])}")
    _check_overlay(overlay, path)
    for place in sorted(_places([overlay, content["about"]]) - set(parameters)):
        raise UserError(f"{path}: {{{place}}}: {not_found('parameter', place, parameters)}")
    about, source = content["about"], content.get("source", "")
    return Policy(path.stem, content["title"], about, parameters, overlay, str(path), source, given)


def _parameters(content: dict[str, Any], path: Path) -> dict[str, Parameter]:
    """Return the parameters of a policy's file; raise UserError for one that cannot be."""
    rows = content.get("parameters", {})
    if not isinstance(rows, dict):
        raise UserError(f"{path}: parameters: must be tables, [parameters.NAME]")
    parameters: dict[str, Parameter] = {}
    for key, row in rows.items():
        what = f"{path}: parameters.{key}"
        if not re.fullmatch(PARAMETER, key):
            raise UserError(f"{what}: write names of parameters in small letters and _")
        if not isinstance(row, dict):
            raise UserError(f"{what}: must be a table (type, default, meaning), not {row!r}")
        try:
            parameter = Parameter.model_validate(row)
        except ValidationError as error:
            detail = error.errors()[0]
            if detail["type"] == "extra_forbidden":
                field = str(detail["loc"][-1])
                raise UserError(f"{what}: {not_found('key', field, Parameter.model_fields)}") from None
            raise UserError(f"{what}.{problem_of(detail)}") from None
        if parameter.type not in TYPES:
            raise UserError(f"{what}.type: {not_found('type', parameter.type, TYPES)}")
        if parameter.default is not None:
            _check_default(f"{what}.default", parameter)
        parameters[key] = parameter
    return parameters


def _check_default(what: str, parameter: Parameter) -> None:
    """Raise UserError for a default that is not what the type of its parameter says."""
    kind, value = parameter.type, parameter.default
    if kind in LISTS:
        if not isinstance(value, list) or not value or not all(isinstance(name, str) for name in value):
            raise UserError(f'{what}: must be a list of names, such as ["all"], not {value!r}')
    elif kind == "number":
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise UserError(f"{what}: must be a number, not {value!r}")
        parsed(what, str(value), parameter, None)
    elif not isinstance(value, str):
        raise UserError(f"{what}: must be text in quotes, not {str(value)!r}")
    else:
        parsed(what, value, parameter, None)


def _check_overlay(overlay: dict[str, Any], path: Path) -> None:
    """Raise UserError for levers of a policy that are not of the form in which they are laid over."""
    for key in ("orders", "changes"):
        rows = overlay.get(key, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise UserError(f"{path}: {key}: must be tables in double brackets, [[{key}]]")
    check_removes(overlay, str(path))


def _places(node: Any) -> set[str]:
    """Return what stands in braces anywhere in an overlay: names of parameters."""
    if isinstance(node, dict):
        return set().union(*(_places(part) for pair in node.items() for part in pair))
    if isinstance(node, list):
        return set().union(*map(_places, node))
    return set(_ANY_PLACE.findall(node)) if isinstance(node, str) else set()


def split_spec(spec: str) -> tuple[str, dict[str, str]]:
    """Split ``name:parameter=value,parameter=value`` into the name and the values as text.

    >>> split_spec("delay:months=6,actors=OpenAI+Meta AI")
    ('delay', {'months': '6', 'actors': 'OpenAI+Meta AI'})
    """
    name, colon, rest = spec.strip().partition(":")
    values: dict[str, str] = {}
    for part in rest.split(",") if colon else []:
        key, equals, value = part.partition("=")
        if not equals:
            raise UserError(
                f"policy {spec!r}: write NAME:parameter=value,parameter=value; "
                "values of a list are joined by +"
            )
        if key.strip() in values:
            raise UserError(f"policy {spec!r}: {key.strip()} is given twice")
        values[key.strip()] = value.strip()
    return name.strip(), values


def laid_over(data: dict[str, Any], policy: Policy, since: str | None = None) -> dict[str, Any]:
    """Return the data of a scenario with a policy laid over it (from a date on, if one is given)."""
    values = dict(policy.values)
    begins = [key for key in ("from", "date") if key in values]
    for key, parameter in policy.parameters.items():
        if parameter.type == "date" and values[key] == START:
            values[key] = data["scenario"]["start"]
    if since is not None:
        since = _checked_date(since)
        values |= {key: max(values[key], since, key=_months) for key in begins}
    overlay = filled(policy, values, data["actors"])
    source = f"policy {policy.name}" + (f": {policy.source}" if policy.source else "")
    for place, order in enumerate(overlay.get("orders", [])):
        order.setdefault("name", f"{policy.name} {place}")  # who complies does so at any compliance above
    for row in (*overlay.get("orders", []), *overlay.get("changes", [])):
        row.setdefault("source", source)
    if since is not None:
        overlay = beginning(overlay, since, policy, {values[key] for key in begins})
    return merge(data, overlay, policy.origin)


def filled(policy: Policy, values: dict[str, Any], actors: dict[str, Any]) -> dict[str, Any]:
    """Return what a policy lays over a scenario, with the parameters in their places.

    ``actors``: those of the scenario, for rows that are made for each of several actors.
    """
    named = {
        key: _actors_named(value, actors)
        for key, value in values.items()
        if policy.parameters[key].type == "actors" and isinstance(value, list)
    }
    return _filled(policy.overlay, values, named)


def _actors_named(names: list[str], actors: dict[str, Any]) -> list[str]:
    chosen = [
        name
        for name, row in actors.items()
        if any(word in ("all", name, row.get("kind"), row.get("region")) for word in names)
    ]
    return chosen or names


def beginning(overlay: dict[str, Any], since: str, policy: Policy, dates: set[str]) -> dict[str, Any]:
    """Return an overlay of which nothing acts before a date: single numbers become changes.

    ``dates``: those at which the policy begins; a table that holds one acts from then on by itself.
    Raises UserError for what is no number, and so holds from the start or not at all.
    """
    levers: dict[str, Any] = {"orders": [], "changes": []}
    for key in ("orders", "changes"):
        for row in overlay.get(key, []):
            levers[key].append({**row, "from": max(since, row.get("from", since), key=_months)})
    for table, rows in overlay.items():
        if table in ("orders", "changes"):
            continue
        if dates & _texts(rows):
            levers[table] = rows
            continue
        levers["changes"] += [
            {"path": path, "operation": "set", "value": value, "from": since}
            for path, value in _numbers(rows, (table,), policy)
        ]
    return levers


def _checked_date(text: str) -> str:
    try:
        months_of_date(text)
    except ValueError as error:
        raise UserError(f"{text!r}: {error}") from None
    return text


def _months(date: str) -> float:
    return {"always": -math.inf, "never": math.inf}.get(date) or months_of_date(date)


def _texts(node: Any) -> set[str]:
    """Return all text that stands in an overlay."""
    if isinstance(node, dict):
        return set().union(*map(_texts, node.values()))
    return {node} if isinstance(node, str) else set()


def _numbers(node: Any, path: tuple, policy: Policy):
    """Yield (dotted path, value) of every number of an overlay."""
    if isinstance(node, dict) and not {"centre", "value", "pool"} & set(node):
        for key, below in node.items():
            if key not in ("source", "title"):
                yield from _numbers(below, (*path, key), policy)
        return
    value = node.get("value", node) if isinstance(node, dict) else node
    if isinstance(value, bool) or not isinstance(value, (int, float, dict)):
        raise UserError(
            f"policy {policy.name}: {join_path(path)} = {value!r} is no number, so the policy holds from the "
            "start or not at all; only orders, changes and numbers can begin at a date"
        )
    yield join_path(path), value


def _find(name: str) -> Path:
    if name.endswith(".toml"):
        return find(name)
    path = POLICIES / f"{name}.toml"
    if NAME.fullmatch(name) and path.is_file():
        return path
    others = other_names()
    if name not in others:
        raise UserError(f"{not_found('policy', name, [*policy_names(), *others])}")
    return POLICIES / f"{others[name]}.toml"


def _filled(node: Any, values: dict[str, Any], named: dict[str, list[str]] | None = None) -> Any:
    """Return an overlay with the parameters put in their places; ``named``: actors that keys stand for."""
    if isinstance(node, dict):
        rows: dict[str, Any] = {}
        for key, value in node.items():
            whole = _PLACE.fullmatch(key)
            keys = (named or {}).get(whole[1]) if whole else None
            for one in keys or [_filled(key, values)]:
                rows[one] = _filled(value, values, named)
        return rows
    if isinstance(node, list):
        return [_filled(value, values, named) for value in node]
    if not isinstance(node, str):
        return node
    whole = _PLACE.fullmatch(node)
    if whole and values.get(whole[1]) is not None:
        return values[whole[1]]
    less = _LESS.fullmatch(node)
    if less and isinstance(values.get(less[1]), (int, float)):
        return -values[less[1]]
    return _PLACE.sub(lambda place: _as_text(values.get(place[1], place[0])), node)


def _as_text(value: Any) -> str:
    if isinstance(value, list):
        return " and ".join(filter(None, [", ".join(map(str, value[:-1])), *map(str, value[-1:])]))
    return f"{value:.6g}" if isinstance(value, float) else str(value)


_ALL = {"actors": "everybody", "artifacts": "everything", "classes": "all classes"}


def _in_words(value: Any, kind: str) -> str:
    """Return the value of a parameter as it stands in a sentence."""
    if kind in _ALL and "all" in value:
        return _ALL[kind]
    return _as_text(value).replace("_", " ") if kind in LISTS else _as_text(value)


def parsed(what: str, text: str, parameter: Parameter, file: ScenarioFile | None) -> Any:
    """Return the value of a parameter, read as its type says; raise UserError with what is allowed.

    ``what``: how the message names it. ``file``: the scenario against which names are checked.
    """
    kind = parameter.type
    value: Any = text
    if kind == "number":
        try:
            value = float(text)
        except ValueError:
            raise UserError(f"{what} = {text!r}: must be a number{_bounds(parameter)}") from None
        low = parameter.minimum if parameter.minimum is not None else float("-inf")
        high = parameter.maximum if parameter.maximum is not None else float("inf")
        if not math.isfinite(value) or not low <= value <= high:
            raise UserError(f"{what} = {text}: must be a number{_bounds(parameter)}")
    elif kind == "date":
        try:
            if text not in OPEN_ENDED:
                months_of_date(text)
        except ValueError as error:
            raise UserError(f"{what} = {text!r}: {error}; or {', '.join(OPEN_ENDED)}") from None
    elif kind in LISTS:
        value = [name.strip() for name in text.split("+")]
    if file is not None:
        _check_names(what, value, parameter, file)
    return value


def _bounds(parameter: Parameter) -> str:
    parts = []
    if parameter.minimum is not None:
        parts.append(f"at least {parameter.minimum:g}")
    if parameter.maximum is not None:
        parts.append(f"at most {parameter.maximum:g}")
    unit = f" ({parameter.unit})" if parameter.unit else ""
    return (", " + ", ".join(parts) if parts else "") + unit


def _check_names(what: str, value: Any, parameter: Parameter, file: ScenarioFile) -> None:
    kind = parameter.type
    allowed: dict[str, list[str]] = {
        "actors": ["all", *file.actors, *file.kinds, *file.regions],
        "actor": list(file.actors),
        "artifacts": ["all", *(word.key for word in ArtifactKind)],
        "classes": ["all", GENERAL, *file.classes],
        "class": list(file.classes),
    }
    if kind not in allowed:
        return
    for name in value if isinstance(value, list) else [value]:
        if name not in allowed[kind]:
            raise UserError(f"{what}: {not_found('name', name, allowed[kind])}")
    if kind == "actors" and not any(is_named(file, name, value) for name in file.actors):
        raise UserError(f"{what}: {_as_text(value)} names nobody of this scenario")
