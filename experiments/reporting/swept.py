"""The report of a sweep: what each metric does over the design, and which factors move it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.origins import moved_in
from experiments.pages.intervals import Interval, intervals
from experiments.pages.tree import Node, node
from experiments.paired_table import amount
from experiments.reporting import answers, sections, worlds
from experiments.reporting.studied import said
from experiments.summary import titled
from experiments.table import percent
from sim.result import QUANTILES

if TYPE_CHECKING:
    from experiments.reporting.making import Page
    from experiments.sweeps.store import Store

MOST_GROUPS = 8  # values of a factor that are shown one by one; of more, thirds
MOST_POINTS = 400  # rows of the table of points
MOST_METRICS = 12


@dataclass(frozen=True)
class Moved:
    """How a metric lies for groups of values of a factor. ``size``: how far apart the means of groups lie."""

    factor: str
    groups: list[Interval]
    size: float


def page_of_sweep(folder: Path) -> Page:
    """Return what the report of a sweep says."""
    from experiments.exploring.sample import as_sample, with_origins
    from experiments.reporting.making import Page
    from experiments.sweeps.store import open_store

    store = open_store(folder)
    scenario, plan = store.scenario, store.manifest["plan"]
    frame = store.frame(store.metrics)
    title = plan["title"] or f"A sweep of {titled(scenario)}"
    varied = ", ".join(factor.name for factor in store.factors)
    done, points = len(frame), len(store.design)
    sentences, key = [], [node("h2", "Key numbers", id="key")]
    for name in store.metrics[:MOST_METRICS]:
        moved = sorted(_moved(store, frame, name), key=lambda one: -one.size)
        sentences.append(_in_words(store, frame[name].to_numpy(float), name, moved))
        if moved:
            key += _pictures(store, name, moved)
    left = len(store.metrics) - MOST_METRICS
    if left > 0:
        sentences.append(f"{left} more metrics are in the store (cascades query).")
    sentences += moved_in(as_sample(store, lambda known: with_origins(known, store.metrics)), store.metrics)
    key.append(_points(store, frame))
    runs = f"{points:,} points of {store.runs_per_point:,} runs: {done:,} completed"
    if plan["about"]:
        key.insert(1, node("p", plan["about"]))
    luck = "in the same luck at every point" if store.paired else "each point in luck of its own"
    return Page(
        title,
        f"How do {', '.join(store.metrics[:4])} change with {varied}?",
        f"{answers.conditional(scenario)[:-1]} (with the values of the design; {runs}, {luck}):",
        {"": sentences},
        key,
        worlds.of_sweep(store),
        None,
        {},
        scenario,
        "a sweep with logs = 1 in its file",
        (
            "Medians and intervals are over all runs of a group of points, over whatever values the other "
            "factors take there. cascades sensitivity, discover, robust and information look closer.",
        ),
        runs=runs,
    )


def _in_words(store: Store, values: np.ndarray, name: str, moved: Sequence[Moved]) -> str:
    unit = store.units[name]
    known = values[~np.isnan(values)]
    if not len(known):
        return f"{name}: not defined in any run."
    low, _, median, _, high = _quantiles(known)
    tail = f" {unit}" if unit not in ("share", "index") else ""
    text = (
        f"{name}: median {_said(median, unit)}{tail}, 90 % of runs {_said(low, unit)} to {_said(high, unit)}"
    )
    never = float(np.isinf(known).mean())
    text += f", in {percent(never)} of runs never by the end" if never else ""
    if moved and moved[0].size > 0:
        first = moved[0]
        ends = [first.groups[0], first.groups[-1]]
        medians = [_said(end.quantiles[2], unit) for end in ends]
        text += f". It is moved most by {first.factor}: "
        if medians[0] == medians[1]:
            text += f"the mean moves, the median is {medians[0]} at {ends[0].name} and at {ends[1].name}"
        else:
            text += (
                f"the median goes from {medians[0]} (at {ends[0].name}) to {medians[1]} (at {ends[1].name})"
            )
    return f"{text}."


def _moved(store: Store, frame: Any, name: str) -> list[Moved]:
    """Return for each factor how a metric lies for its values, or for thirds of them."""
    values = frame[name].to_numpy(float)
    capped = np.where(np.isinf(values), float(store.scenario.months), values)
    found = []
    for factor in store.factors:
        groups, means = [], []
        for label, chosen in _groups(frame[factor.name].to_numpy()):
            own = values[chosen]
            if len(own) and not np.isnan(own).all():
                groups.append(Interval(label, _quantiles(own[~np.isnan(own)])))
                means.append(float(np.nanmean(capped[chosen])))
        if len(groups) > 1:
            found.append(Moved(factor.name, groups, max(means) - min(means)))
    return found


def _groups(column: np.ndarray) -> list[tuple[str, np.ndarray]]:
    distinct = list(dict.fromkeys(column.tolist()))
    numbers = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in distinct)
    if numbers:
        distinct.sort()
    if len(distinct) <= MOST_GROUPS or not numbers:
        return [(said(value), column == value) for value in distinct[: 4 * MOST_GROUPS]]
    edges = np.quantile(column.astype(float), (0.0, 1 / 3, 2 / 3, 1.0))
    found = []
    for place, word in enumerate(("low", "middle", "high")):
        above = column >= edges[place] if place == 0 else column > edges[place]
        between = f"{word} third, {edges[place]:.3g} to {edges[place + 1]:.3g}"
        found.append((between, above & (column <= edges[place + 1])))
    return found


def _pictures(store: Store, name: str, moved: Sequence[Moved]) -> list[Node]:
    """Return the picture of the factor that moves a metric most, and fold away those of the others."""
    unit = store.units[name]

    def drawn(one: Moved) -> Node:
        words = f"{name} by {one.factor}: median, 50 and 90 % of runs"
        return intervals(one.groups, words, lambda value: _said(value, unit))

    title = f"{name} ({unit})" if unit else name
    parts = [node("h3", f"{title}, by {moved[0].factor}"), drawn(moved[0])]
    if len(moved) > 1:
        others = [part for one in moved[1:] for part in (node("p", f"by {one.factor}"), drawn(one))]
        parts.append(sections.folded(f"By the other factors ({len(moved) - 1})", *others))
    return parts


def _points(store: Store, frame: Any) -> Node:
    """Return the table of points with the medians of the metrics, folded."""
    medians = frame.groupby("point")[store.metrics].agg(
        lambda column: _quantiles(column.dropna().to_numpy())[2] if column.notna().any() else np.nan
    )
    names = [factor.name for factor in store.factors]
    rows = [
        [str(point), *(said(store.design.loc[point, name]) for name in names), *map(said, medians.loc[point])]
        for point in medians.index[:MOST_POINTS]
    ]
    more = f", the first {MOST_POINTS} shown" if len(medians) > MOST_POINTS else ""
    whole = sections.table(["point", *names, *store.metrics], rows, klass="tight searched")
    return sections.folded(f"Every point, with medians ({len(medians):,}{more})",
                           node("div", whole, klass="scroll"))  # fmt: skip


def _quantiles(values: np.ndarray) -> list[float]:
    return [float(value) for value in np.quantile(values, QUANTILES, method="inverted_cdf")]


def _said(value: float, unit: str) -> str:
    return "later than the end" if np.isinf(value) else amount(value, unit)
