"""What a sweep shows: outcomes by point, tornado, sensitivity over time, boxes, the Pareto front."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.answers.finding import Mark, Panel
from experiments.answers.page import Page
from experiments.figures import ink
from experiments.figures.captions import Basis, basis_of, basis_of_result
from experiments.figures.kinds import Asked, kind
from experiments.figures.sheet import BODY, POINT, SMALL, Sheet, draw_names, names_room, say, tidy
from experiments.figures.study import compose
from experiments.origins import moved_in
from experiments.sharing import Sharing, half_width
from experiments.statistics import Bounds
from experiments.table import percent
from sim.errors import UserError, not_found

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from experiments.sweeps.store import Store
    from sim.result import Result

MOST_POINTS, MOST_BARS = 40, 24
PART = 0.2  # of the runs: those with the least and the most of an input
LEAST_RUNS = 25  # in each part, or there is no telling
USUAL = ("t_owner_6", "lag_5", "lag_3", "lag_1", "n_dev")


def no_runs(store: Store) -> str:
    """Return why nothing can be drawn of a sweep; "" if it can."""
    from experiments.sweeps.store import command

    return "" if store.parts() else f"it holds no runs yet: {command('resume', store.folder)}"


def metric_of(asked: Asked, kept: list[str]) -> str:
    """Return the outcome that is asked for, or a usual one; raise UserError for one not kept."""
    name = asked.metric or next((one for one in USUAL if one in kept), kept[0])
    if name not in kept:
        raise UserError(f"--metric {name}: {not_found('metric that was kept', name, kept)}")
    return name


def _page(store: Store, report: Any) -> Page:
    return replace(report.page(), basis=basis_of("sweep", store))


@kind("points", "sweep", ("metric",), no_runs)
def points(store: Store, asked: Asked) -> Figure:
    """Each point of a sweep: median, 50 and 90 % of its runs of one outcome (--metric)."""
    from experiments.exploring.sample import as_sample, short_name, with_origins

    name = metric_of(asked, store.metrics)
    notes = moved_in(as_sample(store, lambda known: with_origins(known, [name])), [name])
    summary = store.summary()
    rows = summary[summary["metric"] == name].to_dict("records")
    marks = []
    for row in rows[:MOST_POINTS]:
        label = ", ".join(_value(value) for value in store.design.loc[row["point"]])
        five = [Bounds(row[f"q{q}"], row[f"q{q}"]) for q in (5, 25, 50, 75, 95)]
        marks.append(
            Mark(label, "", five[2], Bounds(five[1].low, five[3].high), Bounds(five[0].low, five[4].high))
        )
    factors = ", ".join(short_name(factor.name) for factor in store.factors)
    note = "thick: 50 % of the runs of a point, thin: 90 %, dot: median; an arrow goes on: never by the end"
    if len(rows) > MOST_POINTS:
        note += f"; the first {MOST_POINTS} of {len(rows)} points"
    label = f"{name} ({store.units[name]}; n = {store.runs_per_point} runs a point)"
    panel = Panel("intervals", f"Points: {factors}", label, marks=marks, note=note)
    title = f"{store.scenario.file.scenario.title}: {name} by point"
    return compose(Page(title, basis_of("sweep", store), [panel], notes=notes), asked.width)


def _value(value: Any) -> str:
    return ink.amount(float(value)) if isinstance(value, (int, float, np.number)) else str(value)


@kind("sensitivity", "sweep", ("metric",), no_runs)
def sensitivity(store: Store, asked: Asked) -> Figure:
    """Which inputs an outcome (--metric) depends on, by the method that the design was made for."""
    from experiments.exploring.depending import sensitivity as find

    return compose(_page(store, find(store, metric_of(asked, store.metrics))), asked.width)


@kind("over-time", "sweep", ("metric",), no_runs)
def over_time(store: Store, asked: Asked) -> Figure:
    """Sobol' indices (or shares by given data) of an outcome (--metric) at several months."""
    from experiments.exploring.depending import sensitivity as find

    return compose(_page(store, find(store, metric_of(asked, store.metrics), over_time=True)), asked.width)


@kind("boxes", "sweep", ("when",), no_runs)
def boxes(store: Store, asked: Asked) -> Figure:
    """In which boxes of inputs something happens (--when "lag_5 > 24"): PRIM, with its trade-off."""
    from experiments.exploring.discovery import discover

    if not asked.when:
        raise UserError('--when is missing: say what happens, such as --when "lag_5 > 24" or "lag_5 never"')
    return compose(_page(store, discover(store, list(asked.when))), asked.width)


@kind("pareto", "sweep", ("goals",), no_runs)
def pareto(store: Store, asked: Asked) -> Figure:
    """Means of the arms of a sweep for two goals or more (--goal METRIC:more); ringed: the Pareto front."""
    from experiments.exploring.choosing import robust

    if len(asked.goals) < 2:
        raise UserError("--goal: give two at least, such as --goal t_owner_6:more --goal n_dev:more")
    page = _page(store, robust(store, list(asked.goals)))
    return compose(
        replace(page, panels=[panel for panel in page.panels if panel.sort == "points"]), asked.width
    )


# ---------------------------------------------------------------- tornado


@dataclass(frozen=True)
class Bar:
    """What an input does to an outcome: its middle where there is little of it, and where there is much.

    ``low_range``, ``high_range``: 90 % intervals of the two. ``low_words``, ``high_words``: which values.
    """

    name: str
    low: float
    high: float
    low_range: tuple[float, float]
    high_range: tuple[float, float]
    low_words: str
    high_words: str

    @property
    def size(self) -> float:
        return abs(self.high - self.low)


def bars_of(
    columns: dict[str, np.ndarray],
    words: set[str],
    values: np.ndarray,
    seed: int = 1,
    cells: tuple[np.ndarray, np.ndarray] | None = None,
) -> list[Bar]:
    """Return what each input does to an outcome, the largest first.

    ``columns``: input -> its value in each run; ``words``: inputs that are words, told apart one by one.
    ``values``: the outcome in each run, finite. The middle is the mean. ``cells``: of each run its point in
    the design and whose luck it had, which others share; None: runs share nothing.
    """
    luck = np.random.default_rng(seed)

    def interval(rows: np.ndarray) -> tuple[float, float]:
        shared = None if cells is None else _shared(values, rows, *cells)
        return shared or _resampled(values[rows], luck)

    bars = []
    for name, column in columns.items():
        groups = _groups(column, name in words)
        if groups is None:
            continue
        means = {label: float(values[rows].mean()) for label, rows in groups}
        ends = [groups[0], groups[-1]]
        if name in words:
            ends = [min(groups, key=lambda one: means[one[0]]), max(groups, key=lambda one: means[one[0]])]
        (low_label, low_rows), (high_label, high_rows) = ends
        bars.append(
            Bar(name, means[low_label], means[high_label], interval(low_rows), interval(high_rows), low_label,
                high_label)
        )  # fmt: skip
    return sorted(bars, key=lambda bar: -bar.size)


def _groups(column: np.ndarray, word: bool) -> list[tuple[str, np.ndarray]] | None:
    """Return runs by value of an input: with little and with much of it, or each word; None: all alike."""
    known, counts = np.unique(column, return_counts=True)
    if len(known) < 2:
        return None
    if word or (len(known) <= 6 and counts.min() >= 2):
        return [(_value(each), np.flatnonzero(column == each)) for each in known]
    low, high = np.quantile(column, (PART, 1 - PART))
    least, most = np.flatnonzero(column <= low), np.flatnonzero(column >= high)
    return [(f"≤ {_value(low)}", least), (f"≥ {_value(high)}", most)]


def _shared(
    values: np.ndarray, rows: np.ndarray, points: np.ndarray, lucks: np.ndarray
) -> tuple[float, float] | None:
    """Return a 90 % interval of the mean over some of the runs, which share points and luck.

    Where these are all runs of some points, and every point had the same luck, it is that of the difference
    from the mean of all, laid about the mean: luck moves both alike. None: points differ in runs.
    """
    order = rows[np.lexsort((lucks[rows], points[rows]))]
    states = len(np.unique(points[rows]))
    if (np.unique(points[rows], return_counts=True)[1] * states != len(rows)).any():
        return None
    table = lucks[order].reshape(states, -1)
    sharing = Sharing(states, table.shape[1], bool((table == table[0]).all()))
    found = values[order]
    counts = np.bincount(lucks)
    if sharing.same_luck and (counts == counts[0]).all() and table.shape[1] == len(counts):
        found = found - (np.bincount(lucks, values) / counts)[lucks[order]]
    middle, half = float(values[rows].mean()), half_width(found, sharing)
    return (middle - half, middle + half) if math.isfinite(half) else None


def _resampled(values: np.ndarray, luck: np.random.Generator, times: int = 200) -> tuple[float, float]:
    """Return a 90 % interval of a mean: by resampling, or by its standard error where there are many."""
    if len(values) > 400:
        error = 1.645 * float(values.std()) / math.sqrt(len(values))
        return float(values.mean()) - error, float(values.mean()) + error
    means = values[luck.integers(0, len(values), (times, len(values)))].mean(axis=1)
    low, high = np.quantile(means, (0.05, 0.95))
    return float(low), float(high)


@kind("tornado", "sweep", ("metric",), no_runs)
def tornado(store: Store, asked: Asked) -> Figure:
    """What each input of a sweep does to an outcome (--metric): its mean with little and with much of it."""
    from experiments.exploring.sample import as_sample, outcome_of, with_origins

    name = metric_of(asked, store.metrics)
    sample = as_sample(store, lambda known: with_origins(known, [name]))
    outcome = outcome_of(sample, name)
    inputs = sample.inputs()
    words = {factor.name for factor in sample.all_factors() if factor.categorical}
    columns = {str(label): inputs[label].to_numpy() for label in inputs}
    bars = bars_of(columns, words, outcome.values, store.seed, (sample.point, sample.luck))
    whiskers = "of the difference from the mean of all" if sample.paired else "of the mean"
    if sample.paired and len(sample.drawn.columns):
        whiskers = "of the mean; of inputs that were not drawn, of its difference from that of all"
    return _draw_tornado(bars, outcome.values, name, outcome.unit, asked, basis_of("sweep", store),
                         " ".join([*moved_in(sample, [name]), *outcome.notes]), whiskers)  # fmt: skip


def no_draws(result: Result) -> str:
    """Return why a tornado of a run cannot be drawn; "" if it can."""
    if not result.draws.shape[1]:
        return "no inputs were drawn (--inputs drawn)"
    if len(result.run_numbers) * PART < LEAST_RUNS:
        return f"{len(result.run_numbers)} runs are too few: {math.ceil(LEAST_RUNS / PART)} at least"
    return ""


@kind("tornado", "run", ("metric",), no_draws)
def tornado_of_run(result: Result, asked: Asked) -> Figure:
    """What each drawn input does to an outcome (--metric): its mean where little and where much was drawn."""
    name = metric_of(asked, [metric.name for metric in result.metrics])
    metric = next(known for known in result.metrics if known.name == name)
    values = result[name]
    note = ""
    if metric.is_date and np.isinf(values).any():
        note = (
            f"{name} never comes in {percent(float(np.isinf(values).mean()))} of runs: they count as the "
            f"simulated time, {result.compiled.horizon:g} months."
        )
        values = np.minimum(values, result.compiled.horizon)
    known = ~np.isnan(values)
    paths = result.compiled.uncertain_paths
    columns = {path: result.draws[known, place] for place, path in enumerate(paths)}
    bars = bars_of(columns, set(), values[known], result.seed)
    return _draw_tornado(bars, values[known], name, metric.unit, asked, basis_of_result(result), note)


def _draw_tornado(
    bars: list[Bar],
    values: np.ndarray,
    name: str,
    unit: str,
    asked: Asked,
    basis: Basis,
    note: str,
    whiskers: str = "of the mean",
) -> Figure:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    sheet = Sheet(asked.width, f"What moves {name}: {basis.title}")
    sheet.legend([
        Patch(color=ink.SKY, label="little of the input"), Patch(color=ink.ORANGE, label="much of it"),
        Line2D([], [], color=ink.BLACK, linewidth=0.8, label=f"90 % interval {whiskers}"),
    ])  # fmt: skip
    shown = [bar for bar in bars if math.isfinite(bar.size)][:MOST_BARS]
    names = [ink.shorten(bar.name, 60) for bar in shown]
    left = max(14.0, names_room(names, BODY, 0.36 * sheet.room))
    right = (
        0.0 if sheet.narrow else max((ink.width_of(_range(bar), SMALL) for bar in shown), default=0.0) + 3.0
    )
    right = min(right, 0.24 * sheet.room) if right else 3.0
    if not shown:
        axes = sheet.panel(18.0, left, right)
        tidy(axes)
        axes.set_yticks([])
        axes.set_xlabel(f"mean of {name} ({unit}; n = {len(values):,} runs)", fontsize=SMALL)
        say(axes, "No input varies enough to tell.", sheet.room - left - right - 4)
        return sheet.whole(basis.text)
    if not sheet.narrow:
        sheet.top += 3.2
        sheet.words(
            sheet.width - 2.0, sheet.top - 0.3, "little → much", fontsize=SMALL, ha="right", va="bottom"
        )
    axes = sheet.panel(3.6 * len(shown), left, right)
    middle = float(values.mean())
    draw_names(axes, names, left)
    for place, bar in enumerate(shown):
        for end, ends, colour in ((bar.low, bar.low_range, ink.SKY), (bar.high, bar.high_range, ink.ORANGE)):
            axes.barh(place, end - middle, left=middle, height=0.62, color=colour, zorder=2)
            axes.plot(ends, [place, place], color=ink.BLACK, linewidth=0.8, zorder=4)
        if not sheet.narrow:
            axes.annotate(
                ink.fitted(_range(bar), SMALL, right - 1.5), (1, place), (1.2 / POINT, 0),
                xycoords=("axes fraction", "data"), textcoords="offset points", ha="left", va="center",
                fontsize=SMALL, parse_math=False, annotation_clip=False,
            )  # fmt: skip
    axes.axvline(middle, color=ink.BLACK, linewidth=0.7, zorder=3)
    tidy(axes)
    axes.spines["left"].set_visible(False)
    ink.plain_ticks(axes.xaxis, int((sheet.room - left - right) / 14.0))
    axes.set_xlabel(
        ink.fitted(f"mean of {name} ({unit}; n = {len(values):,} runs)", SMALL, sheet.room - left),
        fontsize=SMALL,
        parse_math=False,
    )
    how = f"Little, much: the {PART:.0%} of runs with the least and the most of an input, or its end values; "
    how += "all else varies."
    if len(bars) > len(shown):
        how += (
            f" The {len(shown)} inputs that move it most, of {len(bars)}; among many, some do so by chance."
        )
    return sheet.whole(" ".join(part for part in (how, note, basis.text) if part))


def _range(bar: Bar) -> str:
    return f"{bar.low_words} → {bar.high_words}"
