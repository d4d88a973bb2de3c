"""How long others take: distributions of lags, with what is censored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.comparison import LAGS, end_of, moved_reveals
from experiments.figures import ink
from experiments.figures.captions import basis_of, basis_of_result
from experiments.figures.holding import arm_keys, colour_of, dash_of, grid, left_out, shown_arms
from experiments.figures.kinds import Asked, kind
from experiments.figures.paired import reached
from experiments.figures.sheet import SMALL, Sheet, number_text, say, tidy
from experiments.table import percent
from experiments.timeline import class_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from experiments.comparison import Comparison
    from sim.result import Result

WAYS = {"lag": "trained it", "lag_pub": "announced it"}
RANKS = (1, 2, 3, 5, 10)
DASHES = ("-", (0, (4, 1)), (0, (2, 1)), (0, (5, 1, 1, 1)), (0, (1, 1)))
TALL = 42.0  # mm
HOW = (
    "Curves rise as runs reach the lag; where one ends below 100 %, the rest are censored: later than the "
    "end of the simulated time, or never. They are drawn as long as every run can be watched."
)


def kept_lags(result: Result, way: str) -> list[int]:
    """Return which lags a result keeps."""
    kept = {metric.name for metric in result.metrics}
    return [k for k in RANKS if f"{way}_{k}" in kept]


def no_lags(result: Result) -> str:
    """Return why lags cannot be drawn; "" if they can."""
    if len(result.run_numbers) and any(kept_lags(result, way) for way in WAYS):
        return ""
    return "no lags were kept (lag_K, lag_pub_K)"


def ordinal(k: int) -> str:
    """Return a number as a rank.

    >>> ordinal(1), ordinal(10)
    ('1st', '10th')
    """
    return f"{k}{'th' if 10 <= k % 100 <= 20 else {1: 'st', 2: 'nd', 3: 'rd'}.get(k % 10, 'th')}"


def _shares(axes: Axes, longest: float, first: bool = True) -> None:
    axes.set_ylim(0, 102)
    axes.set_yticks([0, 25, 50, 75, 100])
    axes.set_xlim(0, longest or 1.0)
    axes.tick_params(labelsize=SMALL)
    axes.set_xlabel("months since the reveal", fontsize=SMALL)
    if first:
        axes.set_ylabel("% of runs", fontsize=SMALL)
    tidy(axes, "both")


def _end(result: Result, name: str) -> np.ndarray:
    return end_of(result, next(metric for metric in result.metrics if metric.name == name))


@kind("lags", "run", (), no_lags)
def lags(result: Result, asked: Asked) -> Figure:
    """How long until the k-th other has the class: share of runs by months, censored ones, the actual lag."""
    from matplotlib.lines import Line2D

    from experiments.run import history_of

    history, runs = history_of(result.scenario), len(result.run_numbers)
    sheet = Sheet(asked.width, f"From the reveal of {class_title(result)} to others who have it")
    ways = [way for way in WAYS if kept_lags(result, way)]
    ranks = sorted({k for way in ways for k in kept_lags(result, way)})
    style: dict[int, dict[str, Any]] = {
        k: {"color": ink.COLOURS[place], "linestyle": DASHES[place]} for place, k in enumerate(ranks)
    }
    keys = [Line2D([], [], linewidth=1.3, label=f"{ordinal(k)} other", **style[k]) for k in ranks]
    actual = {k: history.lag(k, result.scenario.follow_class) if history else np.inf for k in ranks}
    if any(np.isfinite(lag) for lag in actual.values()):
        keys.append(
            Line2D([], [], marker="D", color=ink.BLACK, linestyle="none", markersize=3.6, label="actual")
        )
    sheet.legend(keys)
    never = []
    for axes, way, wide in grid(sheet, ways, lambda way: f"… others have {WAYS[way]} (n = {runs:,})", TALL):
        longest, any_comes = 0.0, False
        for k in kept_lags(result, way):
            values = result[f"{way}_{k}"]
            months, shares = reached(values, _end(result, f"{way}_{k}"))
            longest = max(longest, float(months[-1]))
            any_comes |= bool(np.isfinite(values).any())
            axes.step(months, 100 * shares, where="post", linewidth=1.3, zorder=3, **style[k])
            if way == "lag_pub" and np.isfinite(actual[k]):
                axes.plot(
                    [actual[k]],
                    [100 * shares[np.searchsorted(months, actual[k], "right") - 1]],
                    "D",
                    color=style[k]["color"],
                    markeredgecolor=ink.BLACK,
                    markersize=4,
                    zorder=5,
                )
            never.append(f"{ordinal(k)} {WAYS[way].split()[0]} {percent(float(np.isinf(values).mean()))}")
        _shares(axes, longest)
        if not any_comes:
            say(axes, "No other has it in any run.", wide - 4)
    text = f"{HOW} Censored: {', '.join(never)}. {basis_of_result(result).text}"
    if history and any(np.isfinite(lag) for lag in actual.values()):
        text += f" What really happened: {history.credit}"
    return sheet.whole(text)


def compared_lags(found: Comparison) -> list[str]:
    """Return the lags that a comparison holds."""
    kept = {metric.name for metric in found.base.metrics}
    return [f"lag_{k}" for k in LAGS if f"lag_{k}" in kept]


@kind(
    "lags",
    "compare",
    ("arms",),
    lambda found: "" if compared_lags(found) else "no lags were compared (lag_K)",
)
def lags_compared(found: Comparison, asked: Asked) -> Figure:
    """How long until the k-th other has the class: the baseline in grey, each arm in colour."""
    arms = shown_arms(found, asked)
    sheet = Sheet(asked.width, f"From the reveal of {class_title(found.base)} to others who have trained it")
    sheet.legend(arm_keys(found, arms))

    def title(name: str) -> str:
        return f"{ordinal(int(name.split('_')[1]))} other (n = {number_text(found.runs, 'pair')})"

    for axes, name, wide in grid(sheet, compared_lags(found), title, TALL):
        longest, comes = 0.0, False
        for arm in ["", *arms]:
            result = found.results[arm] if arm else found.base
            if not any(metric.name == name for metric in result.metrics):
                continue
            months, shares = reached(result[name], _end(result, name))
            longest, comes = max(longest, float(months[-1])), comes or shares[-1] > 0
            axes.step(
                months,
                100 * shares,
                where="post",
                linewidth=1.2 if arm else 2.8,
                color=colour_of(found, arm) if arm else ink.BASELINE,
                linestyle=dash_of(found, arm) if arm else "-",
                zorder=3 if arm else 2,
            )
        _shares(axes, longest)
        if not comes:
            say(axes, "It never comes, in no arm.", wide - 4)
    parts = (HOW, moved_reveals(found, arms, compared_lags(found)), basis_of("compare", found).text)
    return sheet.whole(" ".join(filter(None, parts)) + left_out(found, arms))
