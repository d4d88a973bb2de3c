"""What a window shows, as plain data: the browser draws it, and takes every name in it for text."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from experiments.comparison import Comparison, end_of
from experiments.dashboard.stepping import OneRun
from experiments.figures.ink import calendar_ticks
from experiments.figures.paired import NAMES, reached
from experiments.paired_table import cells
from experiments.statistics import LEVELS, Bounds

MOST_POINTS = 160  # of a curve
MOST_LANES = 40


def difference_rows(comparison: Comparison) -> list[dict[str, Any]]:
    """Return one row per metric: its texts, and where its interval lies on a line from 0 to 100."""
    rows = []
    for (_, name), difference in comparison.found.items():
        texts = cells(difference)
        telling = difference.statistics.telling > 0
        rows.append(
            {
                "name": name,
                "title": NAMES.get(name, name),
                "unit": difference.metric.unit,
                "meaning": difference.metric.meaning,
                "baseline": texts[2] if telling else "never",
                "median": texts[3] if telling else "never in either",
                "middle": texts[5] if telling else "",
                "lower": texts[7],
                "higher": texts[9],
                "never": texts[10],
                "bar": _bar(difference.statistics.quantiles) if telling else None,
            }
        )
    return rows


def curves(comparison: Comparison, metric: str) -> dict[str, Any] | None:
    """Return the distribution of a metric in both worlds: shares of runs, as steps from 0 to 1."""
    found = next((one for (_, name), one in comparison.found.items() if name == metric), None)
    if found is None:
        return None
    lines: list[dict[str, Any]] = []
    (result,) = comparison.results.values()
    for label, of in (("baseline", comparison.base), (next(iter(comparison.results)), result)):
        own = next(one for one in of.metrics if one.name == metric)
        values = of[metric]
        if own.is_date:
            x, y = reached(values, end_of(of, own))
        else:
            x = np.sort(values[np.isfinite(values)])
            y = np.arange(1, len(x) + 1) / max(len(values), 1)
        if len(x):
            lines.append({"label": label, "points": _thinned(x, y)})
    ends: list[float] = [x for line in lines for x, _ in line["points"]]
    if not ends:
        return None
    low = 0.0 if found.metric.is_date else min(ends)
    return {
        "title": NAMES.get(metric, metric),
        "unit": found.metric.unit,
        "meaning": found.metric.meaning,
        "says": "% of runs that reach it" if found.metric.is_date else "% of runs with at most this",
        "low": low,
        "high": max(*ends, low + 1e-9) if max(ends) > low else low + 1.0,
        "lines": lines,
    }


def lanes(run: OneRun) -> dict[str, Any]:
    """Return the lanes of a run: one per actor that did something, with its projects and signs."""
    happenings = run.happenings
    names = list(dict.fromkeys(one.actor for one in happenings))
    shown = names[:MOST_LANES]
    scenario = run.live.compiled.scenario
    places, labels, _ = calendar_ticks(scenario.start, run.months)
    return {
        "months": run.months,
        "month": run.month,
        "actors": shown,
        "left": len(names) - len(shown),
        "ticks": [{"month": place, "label": label} for place, label in zip(places, labels, strict=True)],
        "bars": _bars(run, shown),
        "signs": [
            {"row": one.row, "month": one.month, "lane": shown.index(one.actor), "sign": one.sign}
            for one in happenings
            if one.actor in shown and one.month >= 0
        ],
    }


def _bars(run: OneRun, actors: list[str]) -> list[dict[str, Any]]:
    """Return the projects as bars: from their start to what ended them, or to now."""
    begun: dict[int, dict[str, Any]] = {}
    for one in run.happenings:
        if one.project < 0 or one.actor not in actors:
            continue
        if one.sign == "started":
            begun[one.project] = {
                "lane": actors.index(one.actor),
                "from": max(one.month, 0.0),
                "until": run.month,
            }
        elif one.sign in ("trained", "stopped") and one.project in begun:
            begun[one.project]["until"] = max(one.month, 0.0)
    return list(begun.values())


def _bar(quantiles: tuple[Bounds, ...]) -> dict[str, Any]:
    """Return where an interval lies on a line on which 50 is no difference; an unbounded end is open."""
    ends = [abs(end) for bounds in quantiles for end in (bounds.low, bounds.high) if math.isfinite(end)]
    reach = max(ends, default=0.0) or 1.0

    def place(value: float) -> float:
        return 50.0 + 47.0 * min(1.0, max(-1.0, value / reach))

    five, quarter, median, three, last = quantiles
    assert len(LEVELS) == 5
    return {
        "low": place(five.low), "high": place(last.high),
        "inner_low": place(quarter.low), "inner_high": place(three.high),
        "median": place(median.low) if median.known else None,
        "open_low": math.isinf(five.low), "open_high": math.isinf(last.high),
    }  # fmt: skip


def _thinned(x: np.ndarray, y: np.ndarray) -> list[list[float]]:
    """Return the points of a step curve, no more than the eye can tell apart."""
    chosen = np.unique(np.linspace(0, len(x) - 1, min(len(x), MOST_POINTS)).round().astype(int))
    return [[float(x[at]), float(y[at])] for at in chosen]
