"""What is said and drawn of a Pareto front of goals; who stands on it says ``experiments.dominance``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from experiments.analyses import mean_interval
from experiments.answers.finding import Panel, alike
from experiments.dominance import WORDS, Standing
from experiments.exploring.futures import Goal
from experiments.sharing import Sharing
from experiments.statistics import Bounds

SOURCE = (
    "Pareto front of the means; sure where the 90 % intervals of the paired differences say so in every goal "
    "(Berger 1982, Technometrics 24:295)."
)


def front_rows(
    labels: Sequence[str],
    goals: Sequence[Goal],
    tables: Sequence[np.ndarray],
    found: Sequence[Standing],
    sharing: Sharing | None = None,
) -> list[dict[str, Any]]:
    """Return the columns of a table of arms: standing, and mean with 90 % interval of every goal.

    ``tables``: one per goal in its own unit, shape (arms, runs).
    """
    rows: list[dict[str, Any]] = []
    for place, one in enumerate(found):
        row: dict[str, Any] = {
            "undominated": one.front, "sure": one.sure,
            "dominated_by": None if one.by is None else labels[one.by],
        }  # fmt: skip
        for goal, table in zip(goals, tables, strict=True):
            interval = mean_interval(table[place], sharing)
            row |= {
                goal.metric: float(table[place].mean()),
                f"{goal.metric} low": interval.low,
                f"{goal.metric} high": interval.high,
            }
        rows.append(row)
    return rows


def interval_of(row: dict[str, Any], goal: Goal) -> Bounds:
    """Return the interval that a row holds for a goal."""
    return Bounds(row[f"{goal.metric} low"], row[f"{goal.metric} high"])


def means_in_words(row: dict[str, Any], goals: Sequence[Goal]) -> str:
    """Return the means of a row in words."""
    return ", ".join(f"{goal.metric} {alike(row[goal.metric])[0]}" for goal in goals)


def front_panel(
    title: str,
    labels: Sequence[str],
    goals: Sequence[Goal],
    rows: Sequence[dict[str, Any]],
    found: Sequence[Standing],
    unit: Callable[[str], str],
    mean: str,
    runs: str = "",
) -> Panel:
    """Return the scatter of arms by the means of two goals.

    ``unit``: of a metric. ``mean``: what the intervals are of. ``runs``: how many, where the sheet does not
    know.
    """
    first, second = goals
    points = [
        (
            label, row[first.metric], row[second.metric], interval_of(row, first), interval_of(row, second),
            one.front,
        )
        for label, row, one in zip(labels, rows, found, strict=True)
    ]  # fmt: skip
    return Panel(
        "points", f"{title}; ringed: on the Pareto front", axis_of(first, unit), axis_of(second, unit, runs),
        points=points, unsure=[label for label, one in zip(labels, found, strict=True) if not one.sure],
        note=f"ringed: no other is {WORDS}; filled: sure, by the 90 % intervals of the paired differences; "
        f"hollow: its place may be luck; bars: 90 % interval of {mean}",
    )  # fmt: skip


def axis_of(goal: Goal, unit: Callable[[str], str], runs: str = "") -> str:
    """Return what the axis of a goal is: metric, unit, which way is better, and how many runs."""
    parts = [unit(goal.metric), f"{'more' if goal.more else 'less'} is better", runs]
    return f"{goal.metric} ({'; '.join(part for part in parts if part)})"


def front_in_words(shown: Sequence[str], found: Sequence[Standing], goals: str) -> str:
    """Return who is on the front. ``shown``: of every arm, its label with its means."""
    kept = [text for text, one in zip(shown, found, strict=True) if one.front]
    return f"Pareto front of {goals} (no other is {WORDS}): {'; '.join(kept)}."
