"""What differs between two scenarios, and what a lever does, in words."""

from __future__ import annotations

from typing import Any

from sim.paths import join_path
from sim.policy import Policy, policy_names, read_policy
from sim.scenario import Scenario
from sim.schema import Change, Order, date_of_months

_EVER = 1e5  # months; a date beyond stands for "always" or "never"
_DOES = {"forbid": "does not release", "require": "releases"}
_ACCESS = {
    "open": "openly",
    "licensed": "under a licence",
    "arms_length": "at arm's length",
    "staged": "in stages",
}
_OPERATION = {"set": "is set to", "multiply": "is multiplied by", "add": "is increased by"}


def order_in_words(order: Order) -> str:
    """Return one sentence that says what an order does."""
    who = ", ".join(order.actors)
    if order.except_:
        who += f" (but not {', '.join(order.except_)})"
    what = "everything" if "all" in order.artifacts else ", ".join(order.artifacts).replace("_", " ")
    if "all" not in order.classes:
        what += f" of {', '.join(order.classes)}"
    parts = [f"{_DOES.get(order.action, 'publishes')} {what}"]
    if order.access:
        parts.append(_ACCESS[order.access])
    if order.delay_months.value:
        parts.append(_shift(order.delay_months.value, "after the announcement"))
    if order.hold_months.value:
        parts.append("announces " + _shift(order.hold_months.value, "than it would"))
        if order.until_rival:
            parts.append("unless another announces the class first")
    if order.withdraw_months.value < _EVER:
        parts.append(f"withdraws it after {order.withdraw_months.value:g} months")
    for field, words in (("uptake", "speed of uptake"), ("strength", "help to others")):
        if getattr(order, field).value != 1.0:
            parts.append(f"{words} x {getattr(order, field).value:g}")
    text = f"{who}: {'; '.join(parts)}"
    if order.compliance.value < 1.0:
        text += f"; each obeys with a chance of {100 * order.compliance.value:g} %"
    return text + _period(order.from_.value, order.until.value)


def change_in_words(change: Change) -> str:
    """Return one sentence that says what a change does."""
    only = f" of {', '.join(change.only)}" if change.only and "all" not in change.only else ""
    value = f"{change.value.value:g}"
    if change.value.low is not None and change.value.high is not None:
        value += f" ({change.value.low:g} to {change.value.high:g})"
    text = f"{change.path}{only} {_OPERATION[change.operation]} {value}"
    return text + _period(change.from_.value, change.until.value)


def policy_in_words(policy: Policy) -> str:
    """Return what a policy is, what it can be told, and what it lays over a scenario."""
    lines = [f"{policy.name}: {policy.title}", policy.in_words()]
    if policy.parameters:
        lines += ["", "PARAMETERS (name:parameter=value, lists joined by +)", ""]
        for name, parameter in policy.parameters.items():
            value = policy.given.get(name, parameter.default)
            shown = "+".join(map(str, value)) if isinstance(value, list) else value
            unit = f" {parameter.unit}" if parameter.unit else ""
            lines.append(f"  {name} = {shown}{unit}  {parameter.meaning}")
    lines += ["", "WHAT IT LAYS OVER A SCENARIO", ""]
    lines += [f"  {path} = {value}" for path, value in flattened(policy.overlay).items()]
    return "\n".join(lines)


def list_of_policies() -> list[tuple[str, str]]:
    """Return (name, title) of the policies that come with the product."""
    return [(name, read_policy_title(name)) for name in policy_names()]


def read_policy_title(name: str) -> str:
    """Return the title of a policy, without asking for its parameters."""
    from sim.policy import POLICIES
    from sim.scenario import read_toml

    return str(read_toml(POLICIES / f"{name}.toml").get("title", ""))


def describe_policy(spec: str) -> str:
    """Return a policy in words, for its spec."""
    return policy_in_words(read_policy(spec))


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


def _shift(months: float, than: str) -> str:
    if than.startswith("after"):
        return f"{months:+g} months {than}"
    return f"{abs(months):g} months {'later' if months > 0 else 'sooner'} {than}"


def _period(first: float, last: float) -> str:
    text = ""
    if abs(first) < _EVER and date_of_months(first).year > 1950:
        text += f", from {date_of_months(first)}"
    if abs(last) < _EVER and date_of_months(last).year < 2199:
        text += f", until {date_of_months(last)}"
    return text
