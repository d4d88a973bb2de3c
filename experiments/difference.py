"""What differs between two scenarios, and what a lever does, in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from sim.paths import join_path, split_path
from sim.policy import OPEN_ENDED, Policy, filled, heading_of, policy_names, read_policy
from sim.scenario import Scenario
from sim.schema import EVER, Change, Order, date_of_months

_DOES = {"forbid": "does not release", "require": "releases"}
_ACCESS = {
    "open": "openly",
    "licensed": "under a licence",
    "arms_length": "at arm's length",
    "staged": "in stages",
}
_OPERATION = {"set": "is set to", "multiply": "is multiplied by", "add": "changes by"}
_FACTORS = {
    "uptake": "speed of uptake",
    "strength": "help to others",
    "publicity": "attention",
    "passing": "what passes on in private",
}
_AGES = 600.0  # months; a delay beyond is said in words
_AT_ONCE, _NOT_DUE = "at once", "never due"


def order_in_words(order: Order) -> str:
    """Return one sentence that says what an order does."""
    who = ", ".join(order.actors)
    if order.except_:
        who += f" (but not {', '.join(order.except_)})"
    what = "everything" if "all" in order.artifacts else ", ".join(order.artifacts).replace("_", " ")
    of = "" if "all" in order.classes else f" of {', '.join(order.classes)}"
    terms = [_ACCESS[order.access]] if order.access else []
    delay = order.delay_months.value
    if delay:
        terms.append(_AT_ONCE if delay < -_AGES else _NOT_DUE if delay > _AGES else f"{delay:+g} months")
    if order.latest_months.value < EVER:
        terms.append(f"not later than {order.latest_months.value:g} months after the announcement")
    if order.withdraw_months.value < EVER:
        terms.append(f"withdrawn after {order.withdraw_months.value:g} months")
    for field, words in _FACTORS.items():
        if getattr(order, field).value != 1.0:
            terms.append(f"{words} x {getattr(order, field).value:g}")
    parts = []
    if order.action or terms:
        does = _DOES.get(order.action, "as to")
        if order.action == "forbid" and what == "everything":
            does, what = "releases", "nothing"
        parts.append(", ".join([f"{does} {what}{of}", *terms]))
    hold = order.hold_months.value
    if hold:
        models = f"models{of}" if "existence" in order.artifacts else f"{what}{of}"
        parts.append(f"announces {models} {abs(hold):g} months {'later' if hold > 0 else 'sooner'}")
        if order.until_rival:
            parts.append("unless another announces the class first")
    text = f"{who}: {', '.join(parts) or 'changes nothing'}"
    if order.compliance.value < 1.0:
        text += f"; each obeys with a chance of {100 * order.compliance.value:g} %"
    return text + _period(order.from_.value, order.until.value)


def change_in_words(change: Change) -> str:
    """Return one sentence that says what a change does."""
    only = f" of {', '.join(change.only)}" if change.only and "all" not in change.only else ""
    value = f"{change.value.value:g}"
    if change.value.low is not None and change.value.high is not None:
        value += f" ({change.value.low:g} to {change.value.high:g})"
    path = join_path(split_path(change.path))
    return f"{path}{only} {_OPERATION[change.operation]} {value}" + _period(
        change.from_.value, change.until.value
    )


def policy_in_words(policy: Policy) -> str:
    """Return what a policy is, what it can be told, and what it lays over a scenario."""
    lines = [f"{policy.name}: {policy.title}", policy.in_words()]
    if policy.parameters:
        lines += ["", "PARAMETERS (name:parameter=value, lists joined by +)", ""]
        width = 26
        for name, parameter in policy.parameters.items():
            value = policy.given.get(name, parameter.default)
            shown = "+".join(map(str, value)) if isinstance(value, list) else value
            shown = f"{name} = {'...' if value is None else shown}"
            if parameter.unit and value is not None:
                shown += f" {parameter.unit}"
            lines.append(f"  {shown:{width}}  {parameter.meaning}")
    if policy.source:
        lines += ["", f"Source: {policy.source}"]
    lines += ["", "WHAT IT LAYS OVER A SCENARIO", ""]
    lines += [f"  {line}" for line in _laid_over(policy)]
    return "\n".join(lines)


def _shown_values(policy: Policy) -> dict[str, Any]:
    return {name: "..." if value is None else value for name, value in policy.values.items()}


def _laid_over(policy: Policy) -> list[str]:
    """Return one line for everything that a policy lays over a scenario; "..." stands for what is missing."""
    overlay = filled(policy, _shown_values(policy), {})
    lines = []
    readers: dict[str, Callable[[dict], str]] = {
        "orders": lambda row: order_in_words(Order.model_validate(row)),
        "changes": lambda row: change_in_words(Change.model_validate(row)),
    }
    for key, in_words in readers.items():
        for row in overlay.pop(key, []):
            plain = {field: value for field, value in row.items() if value not in OPEN_ENDED}
            try:
                lines.append(f"{key[:-1]}: {in_words(plain)}")
            except ValidationError:  # it needs a parameter that is not given yet
                lines.append(f"{key[:-1]}: " + ", ".join(f"{name} = {value}" for name, value in row.items()))
    return [*lines, *(f"{path} = {value}" for path, value in flattened(overlay).items() if path)]


def list_of_policies() -> dict[str, list[tuple[str, str]]]:
    """Return the policies that come with the product: group -> (name, title) of each."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for name in policy_names():
        heading = heading_of(name)
        groups.setdefault(heading.get("group", "others"), []).append((name, heading.get("title", "")))
    return dict(sorted(groups.items()))


def describe_policy(spec: str) -> str:
    """Return a policy in words, for its spec."""
    return policy_in_words(read_policy(spec))


def policy_as_data(spec: str) -> dict[str, Any]:
    """Return a policy as plain data, for its spec; ``value``: what each parameter stands at."""
    policy = read_policy(spec)
    rows = {
        name: {**row.model_dump(exclude_none=True), "value": policy.values[name]}
        for name, row in policy.parameters.items()
    }
    return {
        "name": policy.name,
        "title": policy.title,
        "about": policy.in_words(),
        "source": policy.source,
        "parameters": rows,
        "overlay": filled(policy, _shown_values(policy), {}),
    }


def differences(base: Scenario, other: Scenario) -> list[str]:
    """Return one line for everything that two scenarios say differently; none if they say the same."""
    lines = []
    mine, theirs = flattened(base.raw, levers=False), flattened(other.raw, levers=False)
    for path in mine:
        if path not in theirs:
            lines.append(f"- {path} = {mine[path]}")
    for path, value in theirs.items():
        if path not in mine:
            lines.append(f"+ {path} = {value}")
        elif mine[path] != value:
            lines.append(f"~ {path}: {mine[path]} -> {value}")
    for words, key in ((order_in_words, "orders"), (change_in_words, "changes")):
        before = [words(row) for row in getattr(base.file, key)]
        after = [words(row) for row in getattr(other.file, key)]
        lines += [f"- {key[:-1]}: {text}" for text in before if text not in after]
        lines += [f"+ {key[:-1]}: {text}" for text in after if text not in before]
    return lines


def flattened(node: Any, path: tuple = (), levers: bool = True) -> dict[str, Any]:
    """Return nested data as {dotted path: value}."""
    if isinstance(node, dict) and node:
        items: Any = node.items()
    elif isinstance(node, list) and any(isinstance(item, (dict, list)) for item in node):
        items = enumerate(node)
    else:
        return {join_path(path): node}
    flat: dict[str, Any] = {}
    for key, value in items:
        if levers or path or key not in ("orders", "changes"):
            flat |= flattened(value, (*path, key), levers)
    return flat


def _period(first: float, last: float) -> str:
    if first >= EVER:
        return ", never"
    text = ""
    if abs(first) < EVER and date_of_months(first).year > 1950:
        text += f", from {_day(first)}"
    if abs(last) < EVER and date_of_months(last).year < 2199:
        text += f", until {_day(last)}"
    return text


def _day(months: float) -> str:
    day = date_of_months(months)
    return f"{day:%Y-%m}" if day.day == 1 else f"{day}"
