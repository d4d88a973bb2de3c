"""Arms of a comparison: paired differences of every metric, and each policy against each other."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from experiments.comparison import end_of, moved_reveals, moves_reveal
from experiments.figures import ink
from experiments.figures.captions import basis_of
from experiments.figures.holding import left_out, shown_arms
from experiments.figures.kinds import Asked, kind
from experiments.figures.sheet import BODY, SMALL, Sheet, names_room, say
from experiments.statistics import Bounds, compare_values
from sim.errors import UserError, not_found

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from experiments.comparison import Comparison
    from sim.result import Result

CELL, ROW = 15.0, 6.4  # mm: across, at most; down


@kind("compare", "compare", ("arms",))
def compare(found: Comparison, asked: Asked) -> Figure:
    """The comparison in one picture: lags over time, and paired differences with intervals."""
    from experiments.figures.paired import MOST_ARMS, compose

    return compose(found, asked.width, shown_arms(found, asked, MOST_ARMS))


@kind("differences", "compare", ("arms", "metric"))
def differences(found: Comparison, asked: Asked) -> Figure:
    """Paired differences of one metric (--metric), or of the main ones: median, 50 and 90 % of pairs."""
    from experiments.answers.finding import Mark, Panel
    from experiments.answers.page import Page
    from experiments.figures.paired import NAMES, drawn_metrics
    from experiments.figures.study import compose

    arms = shown_arms(found, asked)
    if asked.metric:
        names = [asked.metric]
        if asked.metric not in found.metrics:
            raise UserError(
                f"--metric {asked.metric}: {not_found('metric compared', asked.metric, found.metrics)}"
            )
    else:
        dated, others = drawn_metrics(found, arms)
        names = dated + others
    units = {metric.name: metric.unit for metric in found.base.metrics}
    panels = []
    for unit in dict.fromkeys(units[name] for name in names):
        own = [name for name in names if units[name] == unit]
        groups = [own] if unit == "months" else [[name] for name in own]
        for group in groups:
            marks = []
            for name in group:
                for arm in arms:
                    if (arm, name) not in found.found:
                        continue
                    five = found.found[arm, name].statistics.quantiles
                    marks.append(
                        Mark(
                            arm,
                            NAMES.get(name, name) if len(group) > 1 else "",
                            five[2],
                            Bounds(five[1].low, five[3].high),
                            Bounds(five[0].low, five[4].high),
                        )
                    )
            title = "Dates and lags" if len(group) > 1 else NAMES.get(group[0], group[0])
            word = "later" if unit == "months" else "more"
            label = f"{unit} {word} than in the baseline (n = {found.runs:,} pairs)"
            panels.append(Panel("intervals", title, label, marks=marks, arms=arms))
    said = "thick: 50 % of pairs, thin: 90 %, dot: median; an arrow goes on: dates that never come are bounds"
    if panels:
        panels[0] = Panel(**vars(panels[0]) | {"note": said})
    notes = list(filter(None, [moved_reveals(found, arms, names)]))
    title = f"{found.base.scenario.file.scenario.title}: differences to the baseline"
    return compose(Page(title, basis_of("compare", found), panels, notes=notes), asked.width)


def versus(one: Result, other: Result, metric: str) -> tuple[float, float, Bounds]:
    """Return of two arms in the same luck: shares of runs with one lower, or higher; median difference."""
    own, theirs = (next(m for m in result.metrics if m.name == metric) for result in (one, other))
    told = compare_values(one[metric], other[metric], end_of(one, own), end_of(other, theirs))
    return told.lower, told.higher, told.quantiles[2]


@kind(
    "policies", "compare", ("arms", "metric"), lambda found: "" if found.metrics else "no metric was compared"
)
def policies(found: Comparison, asked: Asked) -> Figure:
    """Policy against policy: in which share of runs a date (--metric) comes earlier under the one."""
    from matplotlib.colors import LinearSegmentedColormap

    kept = [metric for metric in found.metrics if metric in {known.name for known in found.base.metrics}]
    moving = any(moves_reveal(arm, found) for arm in found.results)
    usual = ("t_owner_6", "t_owner_2") if moving else ("lag_5", "lag_3", "lag_1")
    name = asked.metric or next((one for one in usual if one in kept), kept[0])
    if name not in kept:
        raise UserError(f"--metric {name}: {not_found('metric compared', name, kept)}")
    metric = next(known for known in found.base.metrics if known.name == name)
    arms = ["baseline", *shown_arms(found, asked)]
    results = {arm: found.base if arm == "baseline" else found.results[arm] for arm in arms}
    arms = [arm for arm in arms if any(known.name == name for known in results[arm].metrics)]
    word = "earlier" if metric.is_date else "lower"
    title = f"Policy against policy: {metric.name} {word} in the row than in the column"
    sheet = Sheet(
        asked.width,
        title,
        f"{metric.name}: {metric.meaning.replace('K-th', str(metric.row[4]) + 'th')}"
        if metric.row[4] > 3
        else "",
    )
    names = [f"{place + 1}  {arm}" for place, arm in enumerate(arms)]  # columns have the numbers only
    room = names_room(names, BODY, 0.34 * sheet.room)
    cell = min(CELL, (sheet.room - room) / max(1, len(arms)))
    letters = max(4.7, min(SMALL, 0.62 * cell))
    sheet.top += 5.0
    axes = sheet.panel(ROW * len(arms), room, sheet.room - room - cell * len(arms), 1.5)
    shares = np.full((len(arms), len(arms)), np.nan)
    for row, one in enumerate(arms):
        for column, other in enumerate(arms):
            if row == column:
                continue
            lower, higher, middle = versus(results[one], results[other], name)
            shares[row, column] = lower - higher
            ink.write(axes, column, row - 0.21, f"{lower:.0%}" if math.isfinite(lower) else "–", ha="center",
                      va="center", fontsize=letters, fontweight="bold")  # fmt: skip
            ink.write(
                axes,
                column,
                row + 0.25,
                _bounded(middle),
                ha="center",
                va="center",
                fontsize=0.85 * letters,
                color="#333333",
            )
    colours = LinearSegmentedColormap.from_list("versus", ["#F3C79B", "#FFFFFF", "#9CCBE8"])
    axes.imshow(np.ma.masked_invalid(shares), cmap=colours, vmin=-1, vmax=1, aspect="auto")
    axes.set_xlim(-0.5, len(arms) - 0.5)
    axes.set_ylim(len(arms) - 0.5, -0.5)
    axes.set_yticks(
        range(len(arms)),
        [ink.fitted(each, BODY, room - 1.5) for each in names],
        parse_math=False,
        fontsize=BODY,
    )
    axes.set_xticks([])
    axes.tick_params(length=0)
    for column in range(len(arms)):
        ink.write(axes, column, -0.62, str(column + 1), ha="center", va="bottom", fontsize=BODY)
    for side in axes.spines.values():
        side.set_visible(False)
    if len(arms) == 1:
        say(axes, "No arm has this metric.", sheet.room)
    text = (
        f"Bold: share of the n = {found.runs:,} paired runs in which it is {word} in the row; below: median "
        f"paired difference, row less column, in {metric.unit}. Blue: more often {word} than not; "
        "orange: the other way."
    )
    parts = (text, moved_reveals(found, arms, [name]), basis_of("compare", found).text)
    return sheet.whole(" ".join(filter(None, parts)) + left_out(found, arms[1:]))


def _bounded(bounds: Bounds) -> str:
    if bounds.known:
        return f"{bounds.low:+.1f}"
    if math.isfinite(bounds.low):
        return f"> {bounds.low:+.1f}"
    return f"< {bounds.high:+.1f}" if math.isfinite(bounds.high) else "never"
