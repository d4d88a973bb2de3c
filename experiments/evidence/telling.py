"""Claims, their tests and what came out, in words."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from experiments.evidence.agreement import SHARES, Judged
from experiments.evidence.claims import FIRST_YEAR
from experiments.evidence.scales import is_share, zone_of
from experiments.evidence.used_inputs import place_of
from experiments.pages.tree import clean
from experiments.table import percent
from experiments.wording import human
from sim.errors import UserError
from sim.quantity import date_of_months

if TYPE_CHECKING:
    from experiments.evidence.claims import Arm, Claim, Quantity, UsedInput
    from experiments.evidence.table import Evidence
    from sim.world import Compiled

ROLES = {
    "identity": "arithmetic and definitions of the product",
    "structural": "signs and orders that must come out without fitting",
    "calibrate": "numbers that calibration may use",
    "input": "numbers that the product takes from a source",
    "held-back": "the record, written down before the simulator was asked, and never fitted",
}
STATISTICS = {
    "median": "median", "mean": "mean", "share": "share above 0, in %", "q05": "5 % quantile",
    "q25": "25 % quantile", "q75": "75 % quantile", "q95": "95 % quantile",
}  # fmt: skip
LEVEL = 0.9  # of intervals whose level need not be said
YES = "yes"
NOISE = 1e-9  # of the edges of what agrees, which are products
MOST_DIGITS = 6  # of a share behind the point
LAST_YEAR = 9999  # later months are no dates
_TAKEN = {
    "count": "number of {rows}", "any": "whether there is any of {rows}", "sum": "sum of {of} over {rows}",
    "mean": "mean of {of} over {rows}", "median": "median of {of} over {rows}",
    "least": "least {of} among {rows}", "most": "largest {of} among {rows}",
}  # fmt: skip
_POWER = re.compile(r"(?<=\d)e\+?(-?)0*(\d+)\b")
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_LIMITS = {"from": "from {}", "until": "up to {}", "above": "above {}", "below": "below {}", "not": "not {}"}


def one_line(text: str) -> str:
    """Return words on one line, without what would steer a terminal or a page."""
    return clean(" ".join(text.split()))


def number(value: float, claim: Claim | None = None) -> str:
    """Return a number as people read it, of a claim about a date the day (none: the first of a month)."""
    if math.isnan(value):
        return "not defined"
    if math.isinf(value):
        return "never" if value > 0.0 else "-inf"
    if claim is not None and claim.is_dated and _has_a_day(value):
        return date_of_months(value).isoformat().removesuffix("-01")
    return human(value + 0.0)


def day_or_number(value: float, claim: Claim) -> float | str:
    """Return a number for a table: of a claim about a date the day, else as it is."""
    return date_of_months(value).isoformat() if claim.is_dated and _has_a_day(value) else value


def typeset(text: str) -> str:
    """Return words in which powers of ten are written as such.

    >>> typeset("3.14e23 FLOP")
    '3.14 × 10²³ FLOP'
    """
    return _POWER.sub(lambda found: f" × 10{(found[1] + found[2]).translate(_RAISED)}", text)


def unit_of(claim: Claim) -> str:
    """Return the unit to be written after numbers of a claim; words and dates have none."""
    return "" if isinstance(claim.value, str) else claim.unit


def unit_between(claim: Claim) -> str:
    """Return the unit of a difference of two numbers of a claim."""
    return "months" if claim.is_dated else unit_of(claim)


def claimed(claim: Claim) -> str:
    """Return the value of a claim with interval and unit."""
    said = one_line(claim.value) if isinstance(claim.value, str) else number(claim.value, claim)
    if claim.low is not None and claim.high is not None:
        level = "" if claim.level == LEVEL else f"{percent(claim.level)}: "
        low, high = (each if isinstance(each, str) else number(each) for each in (claim.low, claim.high))
        said += f" ({level}{low} to {high})"
    return f"{said} {unit_of(claim)}".strip()


def simulated(claim: Claim, judged: Judged) -> str:
    """Return the number compared, with the 90 % interval of the runs where it is not a share of them."""
    if not judged.runs:
        return "not defined in any run"
    if is_share(claim) and not needs_runs(claim):
        return YES if judged.statistic else "no"
    if is_share(claim):
        return f"{share_in_words(claim, judged.statistic)} of runs"
    found = number(judged.statistic, claim)
    if (judged.low, judged.high) != (judged.statistic, judged.statistic):
        found += f" ({number(judged.low, claim)} to {number(judged.high, claim)})"
    if claim.test.statistic != "median":
        found = f"{STATISTICS[claim.test.statistic]} {found}"
    unit = "" if found.endswith(number(math.inf)) else unit_of(claim)
    return f"{found} {unit}".strip()


def needs_runs(claim: Claim) -> bool:
    """Return whether runs decide a claim; else it is arithmetic, or held against inputs."""
    return any(quantity.needs_runs for quantity in claim.test.quantities.values())


def share_in_words(claim: Claim, found: float) -> str:
    """Return a share of the runs, in %, in as few digits as leave it on its side of what agrees."""
    zone = zone_of(claim)

    def agrees(share: float) -> bool:
        return zone.low - NOISE <= share <= zone.high + NOISE

    digits = next(
        (few for few in range(MOST_DIGITS) if agrees(round(found, few)) == agrees(found)), MOST_DIGITS
    )
    return f"{found:.{digits}f} %" if digits else percent(found / 100)


def needed(claim: Claim) -> str:
    """Return when a claim agrees, in few words, for a table; the whole of it: ``rule_in_words``."""
    if is_share(claim) and not needs_runs(claim):
        return YES
    share, rule, zone = is_share(claim), claim.test.rule, zone_of(claim)
    low, high = (number(edge, None if share else claim) for edge in (zone.low, zone.high))
    if rule in SHARES or math.isinf(zone.high):
        within = f">= {low}"
    elif math.isinf(zone.low):
        within = f"<= {high}"
    else:
        within = low if low == high else f"{low} to {high}"
    statistic = "" if share or rule == "identity" else STATISTICS[claim.test.statistic]
    text = f"{statistic} {within} {'% of runs' if share else unit_of(claim)}".strip()
    return f"{text}, and 0 within 90 % of runs" if rule == "null" else text


def rule_in_words(claim: Claim) -> str:
    """Return when a claim agrees."""
    test, zone = claim.test, zone_of(claim)
    unit = "% of the runs" if is_share(claim) else unit_of(claim)
    edges = [number(edge, None if is_share(claim) else claim) for edge in (zone.low, zone.high)]
    if test.rule in SHARES:
        return f"the formula is above 0 (or yes) in at least {edges[0]} % of the runs"
    what = (
        "the share of runs in which the formula is above 0"
        if is_share(claim)
        else f"the {STATISTICS[test.statistic]} of the runs"
    )
    if math.isinf(zone.high):
        within = f"is at least {edges[0]} {unit}"
    elif math.isinf(zone.low):
        within = f"is at most {edges[1]} {unit}"
    else:
        within = f"lies from {edges[0]} to {edges[1]} {unit}"
    text = f"{what} {within}".strip()
    return f"{text}, and the 90 % interval of the runs contains 0" if test.rule == "null" else text


def reason_in_words(row: Evidence) -> str:
    """Return why a claim does not agree; "" where it does."""
    claim, judged = row.claim, row.judged
    if judged is None or row.verdict != "misses":
        return row.reason
    zone = zone_of(claim)
    if is_share(claim):
        side = "at least" if judged.statistic < zone.low else "at most"
        edge = zone.low if judged.statistic < zone.low else zone.high
        found = share_in_words(claim, judged.statistic)
        text = f"it holds in {found} of the runs; {side} {edge:g} % would agree"
    elif claim.test.rule == "null" and zone.low <= judged.statistic <= zone.high:
        text = "the 90 % interval of the runs does not contain 0"
    else:
        low = judged.statistic < zone.low
        bound = number(zone.low if low else zone.high, claim)
        text = (
            f"the {STATISTICS[claim.test.statistic]} of the runs, {number(judged.statistic, claim)}, lies "
            f"{'below' if low else 'above'} {bound}"
        )
    return f"{text}; {row.reason}" if row.reason else text


def arm_in_words(arm: Arm) -> str:
    """Return what is simulated in an arm."""
    parts = [f"the scenario {arm.scenario}" if arm.scenario else "the scenario itself"]
    if arm.policies:
        parts.append(f"with the policies {arm.policies}")
    if arm.set:
        parts.append(f"with {', '.join(arm.set)}")
    if arm.remove:
        parts.append(f"without {', '.join(arm.remove)}")
    return ", ".join(parts)


def quantity_in_words(quantity: Quantity) -> str:
    """Return what a quantity is."""
    how, arm = quantity.how, "" if quantity.arm == "base" else f", in the arm {quantity.arm}"
    arm = (", of each developer" if quantity.each else "") + arm
    if how in ("events", "projects"):
        rows = _rows_in_words(how, quantity.where)
        if quantity.take == "share":
            whole = _rows_in_words(how, quantity.among or {})
            return f"share, among {whole}, of {rows}{arm}"
        text = _TAKEN[str(quantity.take)].format(rows=rows, of=_plain(quantity.of or ""))
        return f"{text}{arm}"
    given = ", ".join(f"{name} = {value}" for name, value in quantity.arguments.items())
    name = {"metric": "metric", "reading": "reading", "calculate": "calculation", "input": "input"}[how]
    return f"{name} {getattr(quantity, how)}" + (f" with {given}" if given else "") + arm


def meaning_of_metric(name: str, compiled: Compiled) -> str:
    """Return what a metric says; "" for one of another world."""
    from sim.metrics import parse_metric

    try:
        return parse_metric(name, compiled).meaning
    except UserError:
        return ""


def input_in_words(used: UsedInput) -> str:
    """Return where an input is used, and what must stand there."""
    wanted = {name: getattr(used, name) for name in ("value", "low", "centre", "high")}
    said = ", ".join(
        f"{name} {number(value) if isinstance(value, float) else value}"
        for name, value in wanted.items()
        if value is not None
    )
    return f"{place_of(used)}: {said}"


def _rows_in_words(how: str, where: Mapping[str, Any]) -> str:
    conditions = " and ".join(f"{_plain(name)} is {_condition(wanted)}" for name, wanted in where.items())
    return f"{how} of which {conditions}" if conditions else f"all {how}"


def _condition(wanted: Any) -> str:
    if isinstance(wanted, dict):
        return " and ".join(_LIMITS.get(key, key + " {}").format(_condition(v)) for key, v in wanted.items())
    if isinstance(wanted, list):
        return " or ".join(map(str, wanted))
    if isinstance(wanted, bool):
        return "yes" if wanted else "no"
    return number(wanted) if isinstance(wanted, float) else str(wanted)


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _has_a_day(months: float) -> bool:
    return math.isfinite(months) and FIRST_YEAR <= months / 12 < LAST_YEAR
