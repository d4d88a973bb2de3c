"""Where something happens: boxes of inputs in which it is dense, in words (scenario discovery)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.analyses import share_interval
from experiments.answers.finding import Finding, Panel, Series, estimate, number
from experiments.answers.sweeps import Condition, parse_condition
from experiments.exploring import boxes as prim
from experiments.exploring.boxes import Box, Limit, Score, score
from experiments.exploring.report import Report
from experiments.exploring.sample import (
    Sample,
    as_sample,
    check_defined,
    codes_of,
    late_lags,
    left_out_notes,
    never_notes,
    short_name,
    with_origins,
)
from experiments.exploring.trees import leaves
from experiments.origins import moved_in
from experiments.statistics import Bounds
from experiments.sweeps.factors import Factor
from experiments.table import percent
from sim.errors import UserError
from sim.paths import meaning_of

if TYPE_CHECKING:
    from experiments.sweeps.store import Store

SOURCES = [
    "PRIM (Friedman and Fisher 1999, Statistics and Computing 9:123) for scenario discovery (Bryant and "
    "Lempert 2010, Technological Forecasting and Social Change 77:34), with mixed types (Kwakkel and "
    "Jaxa-Rozen 2016, Environmental Modelling & Software 79:311).",
    "CART (Breiman et al. 1984) by scikit-learn, pruned by cross-validation.",
]
MOST_ROWS = 20_000  # in which boxes are looked for
FEWEST = 10  # cases, and others, below which nothing is looked for


def discover(
    source: Sample | Store | str | Path,
    when: str | Sequence[str],
    *,
    boxes: int = 2,
    step: int | None = None,
    seed: int = 1,
) -> Report:
    """Return in which boxes of the inputs of a sweep something happens, by PRIM and by CART.

    Args:
        source: folder of a sweep, its open store, or a sample.
        when: what must hold in a run: "lag_5 > 24", "lag_5 never", "n_dev - n_access < 0"; several: all of
        them.
        boxes: of PRIM, at most; each is looked for among the points outside of those before.
        step: which step of the first peeling to take; the one that goes best with the cases if None.
        seed: of the parts of the cross-validation.

    Raises:
        UserError: for what cannot be read, and where there are too few cases, or too few others.
    """
    conditions = [read_condition(text) for text in ([when] if isinstance(when, str) else when)]
    if not conditions:
        raise UserError('say what is looked for, such as --when "lag_5 > 24" or --when "lag_5 never"')
    if boxes < 1:
        raise UserError(f"boxes = {boxes}: must be 1 or more")
    sample = as_sample(source, lambda known: _needed(known, conditions))
    sample, notes = sample.with_telling_draws()
    holds, said = cases_of(sample, conditions)
    rows = _rows(sample, holds)
    if len(rows.cases) > MOST_ROWS:
        notes.append(
            f"Boxes are looked for in {MOST_ROWS} of {len(rows.cases)} {rows.unit}, taken by chance."
        )
        rows = rows.chosen(np.sort(np.random.default_rng(seed).permutation(len(rows.cases))[:MOST_ROWS]))
    words = " and ".join(condition_in_words(condition) for condition in conditions)
    total, count, unit = float(rows.cases.sum()), len(rows.cases), rows.unit
    if total < FEWEST or count - total < FEWEST:
        raise UserError(
            f"{words}: holds in {total:g} of {count} {unit}; at least {FEWEST} where it does and {FEWEST} "
            "where it does not are needed to say where"
        )
    findings = [_prim(rows, boxes, step, seed), _cart(rows, seed)]
    named = sorted({short_name(row["input"]) for finding in findings for row in finding.rows})
    legend = [f"{name}: {meaning}." for name in named if (meaning := meaning_of(name))]
    each = (
        "" if unit == "runs" or len(sample.point) == count else " (a point counts by the share of its runs)"
    )
    base = (
        f"Cases: {words}, in {percent(total / count)} of all {count} {unit}{each}. Coverage: the share of "
        "these cases that lies in a box. Density: the share of a box that are cases."
    )
    asked = {"when": [when] if isinstance(when, str) else list(when), "boxes": boxes, "step": step}
    findings.insert(0, Finding("cases", [base], [], []))
    metrics = [name for condition in conditions for name in metrics_of(condition)]
    title, below = f"Where {words}", [*left_out_notes(sample), *moved_in(sample, metrics), *said]
    return Report(title, sample.in_words, findings, [*legend, *below, *notes], SOURCES, asked, below)


# ---------------------------------------------------------------- cases


def read_condition(text: str) -> Condition:
    """Read "A < B", "A never" or "A comes"; raise UserError."""
    name, _, word = text.strip().rpartition(" ")
    if name and word in ("never", "comes"):
        return Condition(name.strip(), "", "==" if word == "never" else "<", "inf")
    try:
        return parse_condition(text)
    except ValueError as error:
        raise UserError(f"--when {error}; or: lag_5 never, lag_5 comes") from None


def condition_in_words(condition: Condition) -> str:
    """Return what must hold, in words.

    >>> condition_in_words(read_condition("lag_5 never")), condition_in_words(read_condition("lag_5 > 24"))
    ('lag_5 never comes', 'lag_5 is above 24')
    """
    if condition.right == "inf":
        return f"{condition.left} {'never comes' if condition.sign == '==' else 'comes'}"
    left = f"{condition.left} - {condition.minus}" if condition.minus else condition.left
    signs = {"<": "below", "<=": "at most", ">": "above", ">=": "at least", "==": "exactly"}
    return f"{left} is {signs[condition.sign]} {condition.right}"


def cases_of(sample: Sample, conditions: Sequence[Condition]) -> tuple[np.ndarray, list[str]]:
    """Return in which runs all conditions hold, and what has to be said about what never comes.

    Raises UserError for values that are not defined, and for dates beyond the simulated time.
    """
    holds = np.ones(len(sample.point), bool)
    notes: list[str] = []
    for condition in conditions:
        for name in metrics_of(condition):
            check_defined(sample, name, sample.metric(name))
        dates = [name for name in metrics_of(condition) if sample.is_date(name)]
        notes += _check_dates(sample, condition, dates)
        holds &= condition.holds_for(sample.metric)
    return holds, notes


def metrics_of(condition: Condition) -> list[str]:
    """Return the metrics that a condition reads."""
    return [name for name in condition.metrics if name != "inf"]


def _check_dates(sample: Sample, condition: Condition, dates: list[str]) -> list[str]:
    """Say what a date that never comes counts as in a condition; raise UserError where that is not known."""
    if not dates:
        return []
    if condition.right == "inf":
        never = f"never: not within the simulated time of {sample.end:g} months"
        share = percent(float(np.isinf(sample.metric(condition.left)).mean()))
        return [f"{condition.left} never comes in {share} of runs ({never})."]
    if condition.minus:
        unknown = np.ones(len(sample.point), bool)
        for name in (condition.left, condition.minus):
            unknown &= np.isinf(sample.metric(name))
        notes = _later(sample, dates)
        if unknown.any():
            both = percent(float(unknown.mean()))
            notes.append(f"In {both} of runs both never come: there it counts as not so.")
        return notes
    if len(dates) == 1 and condition.right not in dates:
        threshold = float(condition.right)
        if threshold > sample.end:
            raise UserError(
                f"{condition_in_words(condition)}: lies beyond the simulated time of {sample.end:g} months, "
                "so it is "
                f'not known; take at most that, or --when "{condition.left} never"'
            )
        name = condition.left
        return [
            *never_notes(sample, name, f"above {threshold:g}"),
            *late_lags(sample, name, sample.metric(name), threshold),
        ]
    return _later(sample, dates)


def _later(sample: Sample, dates: Sequence[str]) -> list[str]:
    return [note for name in dates for note in never_notes(sample, name, "later than any that comes")]


def _needed(known: Sequence[str], conditions: Sequence[Condition]) -> list[str]:
    return with_origins(known, [name for condition in conditions for name in metrics_of(condition)])


@dataclass(frozen=True)
class Rows:
    """What boxes are looked for in: a run where inputs were drawn for it, else a point.

    ``table`` (rows, factors), words as places among their levels; ``cases`` (rows,), from 0 to 1;
    ``groups``: per factor the group of each row that shares its value by design, None where each is its own.
    """

    table: np.ndarray
    cases: np.ndarray
    factors: tuple[Factor, ...]
    unit: str
    groups: prim.Groups = None

    @property
    def categorical(self) -> list[bool]:
        return [factor.categorical for factor in self.factors]

    def independent(self, some: np.ndarray) -> int:
        """Return how many of some rows count as independent: the groups of the input that has fewest."""
        groups = prim.groups_of_rows(self.groups, some) or ()
        return min([int(some.sum()), *(len(np.unique(group)) for group in groups)])

    def chosen(self, some: np.ndarray) -> Rows:
        """Return some of the rows."""
        groups = prim.groups_of_rows(self.groups, some)
        return replace(self, table=self.table[some], cases=self.cases[some], groups=groups)


def _rows(sample: Sample, holds: np.ndarray) -> Rows:
    if len(sample.drawn.columns):
        inputs, factors = sample.inputs(), sample.all_factors()
        table = np.column_stack([codes_of(inputs[factor.name], factor) for factor in factors])
        shared = prim.groups_of_rows(sample.groups, sample.point)
        groups = [
            *(shared or [sample.point] * len(sample.factors)),
            *[sample.luck] * len(sample.drawn.columns),
        ]
        return Rows(table, holds.astype(float), factors, "runs", groups)
    counts = np.bincount(sample.point, minlength=len(sample.design))
    there = counts > 0
    share = np.bincount(sample.point, holds, len(sample.design))[there] / counts[there]
    return Rows(
        sample.codes()[there],
        share,
        sample.factors,
        "points",
        prim.groups_of_rows(sample.groups, there),
    )


# ---------------------------------------------------------------- boxes


def _prim(all_rows: Rows, most: int, step: int | None, seed: int) -> Finding:
    """Return the boxes of PRIM, each sought among what those before left.

    None is given that is no denser than all together: it would say where it happens less often than
    elsewhere (so stops the covering of Friedman and Fisher 1999, and R's prim: the threshold is
    the mean of all).
    """
    told: list[dict[str, Any]] = []
    sentences: list[str] = []
    panels: list[Panel] = []
    table, cases, factors, unit = all_rows.table, all_rows.cases, all_rows.factors, all_rows.unit
    left = np.ones(len(cases), bool)
    for place in range(1, most + 1):
        rows = all_rows.chosen(left)
        if rows.cases.sum() < FEWEST or len(rows.cases) - rows.cases.sum() < FEWEST:
            break
        taken = step if place == 1 else None
        box, steps, chosen = prim.find_box(rows.table, rows.cases, rows.categorical, taken, rows.groups)
        if not box.limits:
            break
        inside = box.inside(table) & left
        found = score(inside, cases)
        among = _among(rows, place)
        if found.density <= cases.mean():
            sentences.append(
                f"No box {place}: the best one{among} has density {found.density:.0%}, not above the "
                f"{cases.mean():.0%} of all {unit}: it happens there no more often than everywhere."
            )
            break
        chances = prim.quasi_p(box, rows.table, rows.cases, rows.groups)
        sentences.append(
            f"Box {place}{among}: where {box_in_words(box, factors, table)}: {_scored(found)}; it holds "
            f"{found.mass:.0%} of all {unit}."
        )
        told += _limit_rows("PRIM", place, box, factors, found, chances, float(rows.cases.mean()))
        panels.append(_limit_panel(f"Box {place} (PRIM){among}: {_scored(found)}", box, factors, table))
        if place == 1:
            held = prim.held_out_score(table, cases, rows.categorical, all_rows.groups, seed=seed)
            sentences.append(
                f"Boxes that are found so without a part of the {unit} have on that part (each of three in "
                f"turn): {_scored(held)}."
            )
            panels.insert(0, _trade_panel(all_rows, steps, chosen, found))
        left &= ~inside
    if not told:
        sentences.insert(0, "PRIM: no box in which it is denser than everywhere, beyond what chance shows.")
    else:
        worst = max(row["quasi_p"] for row in told)
        sentences.append(
            "Each limit is needed: chance alone would put so many cases into its box without it with a "
            f"probability (quasi-p) of at most {worst:.2g}."
        )
    return Finding("prim", sentences, told, panels)


def _among(rows: Rows, place: int) -> str:
    """Return among what a later box is sought, and how dense that is."""
    if place == 1:
        return ""
    return (
        f", among the {len(rows.cases)} {rows.unit} left ({percent(float(rows.cases.mean()))} of them cases)"
    )


def _cart(rows: Rows, seed: int) -> Finding:
    levels = [len(factor.levels) for factor in rows.factors]
    found = leaves(rows.table, rows.cases, rows.categorical, levels, rows.groups, seed)
    if len(found) == 1:
        text = f"CART: no question about an input tells, on {rows.unit} that were not used."
        return Finding("cart", [text], [], [])
    scored = [(score(box.inside(rows.table), rows.cases), box) for box in found]
    scored.sort(key=lambda one: -one[0].density)
    told: list[dict[str, Any]] = []
    said = ["CART, its leaves that are denser than all together, densest first:"]
    for place, (how, box) in enumerate(scored, 1):
        told += _limit_rows("CART", place, box, rows.factors, how, {}, float(rows.cases.mean()))
        if how.density > float(rows.cases.mean()):
            said.append(f"- where {box_in_words(box, rows.factors, rows.table)}: {_scored(how)}.")
    return Finding("cart", said, told, [_leaf_panel(rows, scored)])


def _leaf_panel(rows: Rows, scored: Sequence[tuple[Score, Box]]) -> Panel:
    """Return the leaves as intervals: the share of cases in each, its size, and its rule in words."""
    marks = []
    for place, (how, box) in enumerate(scored, 1):
        interval = share_interval(how.density, rows.independent(box.inside(rows.table)))
        rule = box_in_words(box, rows.factors, rows.table, shares=False)
        marks.append(
            estimate(
                f"leaf {place}: {how.mass:.0%} of all", rule, 100 * how.density,
                Bounds(100 * interval.low, 100 * interval.high),
            )
        )  # fmt: skip
    return Panel(
        "intervals", "Leaves (CART), densest first: how often it happens in each",
        f"cases among the {rows.unit} of the leaf (%; 90 % interval)", marks=marks,
        level=100 * float(rows.cases.mean()),
        note=f"upright line: among all {rows.unit}; intervals take the leaves as given",
    )  # fmt: skip


def _scored(found: Score) -> str:
    return f"coverage {found.coverage:.0%}, density {found.density:.0%}"


def box_in_words(box: Box, factors: Sequence[Factor], table: np.ndarray, shares: bool = True) -> str:
    """Return the limits of a box in words. ``shares``: with how much of all points each leaves."""
    return " and ".join(
        limit_in_words(limit, factors[column], table[:, column], shares)
        for column, limit in sorted(box.limits.items())
    )


def limit_in_words(limit: Limit, factor: Factor, column: np.ndarray, shares: bool = True) -> str:
    """Return one limit in words. ``shares``: with how much of all points it leaves."""
    name = short_name(factor.name)
    if limit.levels is not None:
        kept = [str(factor.levels[place]) for place in sorted(limit.levels)]
        rest = [str(level) for place, level in enumerate(factor.levels) if place not in limit.levels]
        if len(kept) <= len(rest) or not rest:
            return f"{name} is {_or(kept)}"
        return f"{name} is not {_or(rest)}"
    unit = f" {factor.unit}" if factor.unit and factor.unit not in ("share", "index", "1") else ""
    share = float(limit.holds(column).mean())
    low, high = math.isfinite(limit.low), math.isfinite(limit.high)
    if low and high:
        ends = f"{number(limit.low)} and {number(limit.high)}{unit}"
        text, part = f"{name} lies between {ends}", f"{share:.0%} of its values"
    elif low:
        text, part = f"{name} is above {number(limit.low)}{unit}", f"its highest {share:.0%}"
    else:
        text, part = f"{name} is below {number(limit.high)}{unit}", f"its lowest {share:.0%}"
    return f"{text} ({part})" if shares else text


def _or(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _limit_rows(method, place, box, factors, found: Score, chances, among: float) -> list[dict[str, Any]]:
    """Return a row per limit. ``among``: the share of cases where the box was sought."""
    own = {
        "method": method, "box": place,
        "coverage": found.coverage, "density": found.density, "mass": found.mass,
        "density_where_sought": among,
    }  # fmt: skip
    rows = []
    for column, limit in sorted(box.limits.items()):
        levels = None
        if limit.levels is not None:
            levels = " | ".join(str(factors[column].levels[level]) for level in sorted(limit.levels))
        rows.append(
            own
            | {
                "input": factors[column].name,
                "low": limit.low if math.isfinite(limit.low) else None,
                "high": limit.high if math.isfinite(limit.high) else None,
                "levels": levels,
                "quasi_p": chances.get(column),
            }
        )
    return rows


def _limit_panel(title: str, box: Box, factors, table) -> Panel:
    limits = []
    for column, limit in sorted(box.limits.items()):
        values, factor = table[:, column], factors[column]
        words = limit_in_words(limit, factor, values).removeprefix(short_name(factor.name)).strip()
        if limit.levels is not None:
            kept = len(limit.levels) / len(factor.levels)
            limits.append((short_name(factor.name), 0.0, kept, words))
            continue
        least, most = float(values.min()), float(values.max())
        low, high = ((min(max(end, least), most) - least) / (most - least) for end in (limit.low, limit.high))
        limits.append((short_name(factor.name), low, high, words))
    return Panel("limits", title, "what is left of its range, of words: how many", limits=limits)


def _trade_panel(rows: Rows, steps: Sequence[Box], chosen: int, found: Score) -> Panel:
    scores = [score(box.inside(rows.table), rows.cases) for box in steps]
    path = Series("each step of the peeling", [], [], [], [])
    for one in scores:
        path.add(one.coverage, one.density, one.density, one.density)
    taken = Series(f"box 1, from step {chosen} of {len(steps) - 1}", [], [], [], [])
    taken.add(found.coverage, found.density, found.density, found.density)
    return Panel(
        "curves", "What a smaller box gains in density and loses in coverage (PRIM)",
        "coverage (share of all cases)",
        "density (share of the box)", series=[path, taken], level=float(rows.cases.mean()),
        note=f"dotted: the density of all {rows.unit}; box 1 lies off the curve where limits that it does "
        "not need were dropped, and others moved out",
    )  # fmt: skip
