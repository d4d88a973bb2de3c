"""Which policy to choose when much is uncertain: regret, satisficing, worst futures, chance of being best."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments import analyses
from experiments.answers.finding import Finding, Panel, alike, estimate, percents, with_interval
from experiments.dominance import luck_in_words, standings
from experiments.exploring.discovery import cases_of, condition_in_words, metrics_of, read_condition
from experiments.exploring.front import SOURCE as FRONT_SOURCE
from experiments.exploring.front import (
    front_in_words,
    front_panel,
    front_rows,
    means_in_words,
)
from experiments.exploring.futures import Futures, Goal, futures_of, read_goal
from experiments.exploring.report import Report
from experiments.exploring.sample import Sample, as_sample, left_out_notes, with_origins
from experiments.origins import moved_in
from experiments.sharing import SOURCE, effective_count
from experiments.statistics import Bounds
from sim.errors import UserError

if TYPE_CHECKING:
    from experiments.sweeps.store import Store

SOURCES = [
    "regret (Savage 1951; Lempert and Collins 2007, Risk Analysis 27:1009), satisficing (Starr 1963; Herman "
    "et al. 2015, Journal of Water Resources Planning and Management 141:04015012); which measure suits "
    "which attitude to risk: McPhail et al. 2018, Earth's Future 6:169.",
    SOURCE,
]


def robust(
    source: Sample | Store | str | Path,
    goals: str | Sequence[str],
    *,
    satisfy: str | Sequence[str] = (),
    arms: Sequence[str] = (),
) -> Report:
    """Return how the policies of a sweep fare in all its futures.

    Args:
        source: folder of a sweep, its open store, or a sample; every policy crossed with the other factors.
        goals: "METRIC:more" or "METRIC:less"; several are compared one by one, and all together (Pareto).
        satisfy: what must hold to be good enough, such as "lag_5 > 24"; several: all of them.
        arms: factors whose levels are chosen between; levers, else policies, if empty.

    Raises:
        UserError: for what is not there, and where policies are not simulated in the same futures.
    """
    wanted = [read_goal(text) for text in ([goals] if isinstance(goals, str) else goals)]
    conditions = [read_condition(text) for text in ([satisfy] if isinstance(satisfy, str) else satisfy)]
    if not wanted and not conditions:
        raise UserError("say what is good: --goal METRIC:more, or --satisfy CONDITION")
    needed = [goal.metric for goal in wanted] + [n for c in conditions for n in metrics_of(c)]
    sample = as_sample(source, lambda known: with_origins(known, needed))
    futures = futures_of(sample, arms)
    findings: list[Finding] = []
    notes: list[str] = []
    payoffs = []
    for goal in wanted:
        paid, _, said = futures.payoffs(goal)
        payoffs.append(paid)
        findings.append(_regret(futures, goal, paid))
        notes += said
    if len(wanted) > 1:
        findings.append(_pareto(futures, wanted, payoffs))
    if conditions:
        holds, said_too = cases_of(sample, conditions)
        words = " and ".join(condition_in_words(condition) for condition in conditions)
        findings.append(_satisficing(futures, words, futures.values(holds.astype(float))))
        notes += said_too
    asked = {"goals": [goal.words for goal in wanted], "satisfy": satisfy, "arms": list(arms)}
    below = list(dict.fromkeys([*left_out_notes(sample), *moved_in(sample, needed), *notes]))
    title = "Which policy is robust"
    sources = [*SOURCES, *([FRONT_SOURCE] if len(wanted) > 1 else [])]
    return Report(title, futures.in_words, findings, [*below, *futures.sharing.notes], sources, asked, below)


def _regret(futures: Futures, goal: Goal, payoffs: np.ndarray) -> Finding:
    found = analyses.robustness(payoffs, futures.sharing)
    top = payoffs.max(axis=0)
    sign = 1.0 if goal.more else -1.0
    rows: list[dict[str, Any]] = [
        {
            "goal": goal.words, "arm": label, "mean": sign * one.mean, "regret": one.regret,
            "regret_low": one.regret_interval.low, "regret_high": one.regret_interval.high,
            "regret_q90": one.worst_regret, "regret_most": float((top - paid).max()),
            "best": one.best, "best_low": one.best_interval.low, "best_high": one.best_interval.high,
            "worst_tenth": sign * one.worst,
        }
        for label, one, paid in zip(futures.labels, found, payoffs, strict=True)
    ]  # fmt: skip
    rows.sort(key=lambda row: row["regret"])
    first, second = rows[0], rows[1]
    apart = first["regret_high"] < second["regret_low"]
    unit = futures.sample.unit(goal.metric)
    worst = max(rows, key=lambda row: sign * row["worst_tenth"])
    least = min(rows, key=lambda row: row["regret_most"])
    in_tenth, at_most = alike(worst["worst_tenth"], least["regret_most"])
    sentences = [
        f"Goal: {goal.words}{f' ({unit})' if unit else ''}. Least mean regret: {first['arm']}, "
        f"{_regret_in_words(first, '90 % interval ')}; then {second['arm']}, {_regret_in_words(second)}"
        f"{'' if apart else ', which the futures do not tell from it'}.",
        f"Best in most futures: {_most_often(rows)}.",
        f"Best mean of the worst tenth of its futures: {worst['arm']}, {in_tenth}; "
        f"least regret at most: {least['arm']}, {at_most}.",
    ]
    marks = [
        estimate(row["arm"], "", row["regret"], Bounds(row["regret_low"], row["regret_high"])) for row in rows
    ]
    panel = Panel(
        "intervals", f"Mean regret, for {goal.words}: shortfall against the best arm of each future",
        f"regret{f' ({unit})' if unit else ''} (90 % interval)", marks=marks, arms=futures.labels,
    )  # fmt: skip
    return Finding("regret", sentences, rows, [panel])


def _regret_in_words(row: dict[str, Any], said: str = "") -> str:
    return with_interval(row["regret"], Bounds(row["regret_low"], row["regret_high"]), said)


def _most_often(rows: list[dict[str, Any]]) -> str:
    ordered = sorted(rows, key=lambda row: -row["best"])[:3]
    return "; ".join(
        f"{row['arm']} {row['best']:.0%} ({percents(row['best_low'], row['best_high'])})" for row in ordered
    )


def _pareto(futures: Futures, goals: Sequence[Goal], payoffs: Sequence[np.ndarray]) -> Finding:
    signs = [1.0 if goal.more else -1.0 for goal in goals]
    tables = [sign * paid for sign, paid in zip(signs, payoffs, strict=True)]
    found = standings(payoffs, futures.sharing)
    rows = [
        {"arm": label} | columns
        for label, columns in zip(
            futures.labels, front_rows(futures.labels, goals, tables, found, futures.sharing), strict=True
        )
    ]
    labels = [
        f"{label} ({means_in_words(row, goals)})" for label, row in zip(futures.labels, rows, strict=True)
    ]
    sentences = [
        front_in_words(labels, found, ", ".join(goal.words for goal in goals)),
        *luck_in_words(futures.labels, found),
    ]
    panel = front_panel(
        "Means of the arms", futures.labels, goals[:2], rows, found, futures.sample.unit, "the mean"
    )
    return Finding("pareto", sentences, rows, [panel])


def _satisficing(futures: Futures, words: str, shares: np.ndarray) -> Finding:
    sharing = futures.sharing
    rows: list[dict[str, Any]] = []
    for label, own in zip(futures.labels, shares, strict=True):
        share = float(own.mean())
        interval = analyses.share_interval(share, effective_count(own, sharing))
        rows.append({"arm": label, "share": share, "low": interval.low, "high": interval.high})
    rows.sort(key=lambda row: -row["share"])
    said = "; ".join(
        f"{row['arm']} {row['share']:.0%} ({percents(row['low'], row['high'])})" for row in rows[:5]
    )
    marks = [
        estimate(row["arm"], "", 100 * row["share"], Bounds(100 * row["low"], 100 * row["high"]))
        for row in rows
    ]
    panel = Panel(
        "intervals",
        f"In how many futures {words}",
        "share of futures (%; 90 % interval)",
        marks=marks,
        arms=futures.labels,
    )
    sentence = f"Good enough ({words}), share of futures with 90 % interval: {said}."
    return Finding("satisficing", [sentence], rows, [panel])
