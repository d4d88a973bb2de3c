"""Who reached the class, and when: dates over all runs against the record, one lane per builder."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.figures.cascade import Room
from experiments.figures.ink import BLACK, BLUE, GREY, SKY, shorten
from experiments.figures.sheet import POINT, SMALL, draw_names
from experiments.history import months_of_day
from experiments.table import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from experiments.history import History
    from sim.result import Result

MOST_LANES = 40
FEWEST_FOR_DENSITY = 30  # runs; fewer are drawn one by one
BINS = 300
NARROW = 0.5  # months; a distribution narrower than this has no shape worth drawing
FEWEST_FOR_INTERVAL = 20  # runs
LATER = "later"  # than the end
LAGS = (1, 2, 3, 5, 10)


@dataclass(frozen=True)
class Lane:
    """What is drawn of one builder. Times in months since the start; inf: not by the end.

    ``dates`` (runs,): of its announcement. ``quantiles``: 5, 25, 50, 75 and 95 % of them.
    ``never``: share of runs in which it does not announce. ``announced``, ``trained``: in the
    record, or None.
    """

    actor: str
    dates: np.ndarray
    quantiles: np.ndarray
    never: float
    announced: float | None
    trained: float | None


@dataclass(frozen=True)
class LagRow:
    """Months from the reveal to the k-th other announcement: quantiles over runs, and the record."""

    k: int
    quantiles: np.ndarray
    record: float


def builders(result: Result) -> list[str]:
    """Return the builders whose dates of announcement the result holds."""
    klass = result.scenario.follow_class
    kept = {metric.name for metric in result.metrics}
    names = [result.compiled.actors[row] for row in result.compiled.facts["builders"]]
    return [name for name in names if f"t_pub[{name},{klass}]" in kept]


def diffusion_lanes(result: Result, history: History | None) -> list[Lane]:
    """Return the lanes in the order drawn: by median date, then by the share that never comes."""
    if len(result.run_numbers) == 0:
        return []
    klass, start = result.scenario.follow_class, result.scenario.start

    def recorded(date):
        return None if date is None else months_of_day(date) - start

    lanes = []
    for actor in builders(result):
        name = f"t_pub[{actor},{klass}]"
        dates = result[name]
        announced = recorded(history.announced(actor, klass)) if history else None
        trained = recorded(history.trained(actor, klass)) if history else None
        never = float(np.isinf(dates).mean())
        lanes.append(Lane(actor, dates, result.quantiles(name), never, announced, trained))
    return sorted(lanes, key=lambda lane: (lane.quantiles[2], lane.never, lane.quantiles[0]))


def drawn_lanes(lanes: list[Lane]) -> list[Lane]:
    """Return the lanes for which there is room: those in the record and the earliest first."""
    if len(lanes) <= MOST_LANES:
        return lanes
    ranked = sorted(range(len(lanes)), key=lambda place: (lanes[place].announced is None, place))
    return [lanes[place] for place in sorted(ranked[:MOST_LANES])]


def lag_rows(result: Result, history: History | None) -> list[LagRow]:
    """Return the lags between announcements that the result holds and that come in some run."""
    kept = {metric.name for metric in result.metrics}
    rows = []
    for k in LAGS:
        name = f"lag_pub_{k}"
        if name in kept and np.isfinite(result[name]).any():
            record = history.lag(k, result.scenario.follow_class) if history else math.inf
            rows.append(LagRow(k, result.quantiles(name), record))
    return rows


def density(dates: np.ndarray, horizon: float) -> tuple[np.ndarray, np.ndarray]:
    """Return times and the share of runs per month around each: a smoothed histogram.

    The area is the share of runs that arrive. Nothing is drawn before the first date or after the
    last: smoothing must not show anybody before the reveal who never was.
    """
    finite = dates[np.isfinite(dates)]
    counts, edges = np.histogram(finite, BINS, (0.0, horizon))
    width = edges[1] - edges[0]
    times = 0.5 * (edges[1:] + edges[:-1])
    if len(finite) == 0:
        return times, np.zeros(BINS)
    first, third = np.quantile(finite, (0.25, 0.75))
    spread = 0.9 * min(float(np.std(finite)), (third - first) / 1.34) * len(finite) ** -0.2
    spread = min(max(spread, width, 0.3), 0.05 * horizon)
    reach = int(4 * spread / width) + 1
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * width / spread) ** 2)
    smooth = np.convolve(counts, kernel)[reach : reach + BINS]
    smooth[(edges[1:] < finite.min()) | (edges[:-1] > finite.max())] = 0.0
    return times, smooth / (smooth.sum() * width) * (len(finite) / len(dates))


def has_shape(lane: Lane) -> bool:
    """Return whether a density says more than the median: enough runs, and not all of one date."""
    finite = lane.dates[np.isfinite(lane.dates)]
    return len(lane.dates) >= FEWEST_FOR_DENSITY and len(finite) > 1 and np.ptp(finite) >= NARROW


def draw_diffusion(axes: Axes, lanes: list[Lane], reveal: float, horizon: float, room: Room) -> None:
    """Draw the lanes: distribution, interval and median over runs, and what the record says."""
    draw_names(axes, [lane.actor for lane in lanes], room.left, room.size)
    if math.isfinite(reveal):
        axes.axvline(reveal, color=GREY, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1)
    shapes = [density(lane.dates, horizon) for lane in lanes]
    tops = [shape[1].max() for shape, lane in zip(shapes, lanes, strict=True) if has_shape(lane)]
    scale = 0.72 / max(tops, default=1.0)
    for place, lane in enumerate(lanes):
        _draw_lane(axes, place + 0.26, lane, shapes[place], scale, horizon)
        axes.annotate(
            percent(lane.never), (1, place), (1.2 / POINT, 0), xycoords=("axes fraction", "data"),
            textcoords="offset points", ha="left", va="center", fontsize=SMALL,
            color=GREY if lane.never == 0 else BLACK, annotation_clip=False,
        )  # fmt: skip
        draw_record(axes, place + 0.26, lane, horizon)


def _draw_lane(axes: Axes, base: float, lane: Lane, shape, scale: float, horizon: float) -> None:
    finite = lane.dates[np.isfinite(lane.dates)]
    if len(finite) == 0:
        return
    if 1 < len(lane.dates) < FEWEST_FOR_DENSITY:
        axes.plot(finite, np.full(len(finite), base - 0.28), "|", color=SKY, markersize=5, zorder=3)
    elif has_shape(lane):
        times, shares = shape
        heights = np.minimum(shares * scale, 0.72)
        inside = heights > 0.002
        axes.fill_between(
            times, base - heights, base, where=inside, color=SKY, alpha=0.75, linewidth=0, zorder=3
        )
    low, first, median, third, high = np.minimum(lane.quantiles, horizon)
    axes.plot([low, high], [base, base], color=BLUE, linewidth=0.9, zorder=4, solid_capstyle="butt")
    axes.plot([first, third], [base, base], color=BLUE, linewidth=3, zorder=4, solid_capstyle="butt")
    if lane.quantiles[2] <= horizon:
        axes.plot(
            [median], [base], "o", markersize=4.2, markerfacecolor="white", markeredgecolor=BLUE,
            markeredgewidth=1.1, zorder=5,
        )  # fmt: skip


def draw_record(axes: Axes, base: float, lane: Lane, horizon: float) -> None:
    """Draw the actual dates of one builder."""
    style: dict[str, Any] = {"linestyle": "none", "marker": "D", "markersize": 4.4, "zorder": 7}
    style["clip_on"] = False
    announced, trained = lane.announced, lane.trained
    if announced is not None and 0 <= announced <= horizon:
        axes.plot([announced], [base - 0.2], color=BLACK, markeredgecolor="white",
                  markeredgewidth=0.6, **style)  # fmt: skip
        if trained is not None and 0 <= trained < announced:
            axes.plot([trained, announced], [base - 0.2] * 2, color=BLACK, linewidth=0.7, zorder=6)
    elif announced is not None:
        early = announced < 0
        axes.plot(
            [0.0 if early else horizon],
            [base - 0.26],
            "<" if early else ">",
            color=BLACK,
            markersize=3.6,
            clip_on=False,
            zorder=7,
        )
    if trained is not None and 0 <= trained <= horizon:
        axes.plot([trained], [base - 0.2], markerfacecolor="white", markeredgecolor=BLACK,
                  markeredgewidth=0.9, **{**style, "markersize": 3.6})  # fmt: skip


def lag_table(rows: list[LagRow], runs: int) -> list[list[str]]:
    """Return the lags as rows of text: which, over runs, in the record (if there is one)."""
    if not rows:
        return []
    several = runs >= FEWEST_FOR_INTERVAL
    table = [["Months from the first announcement to that of", *(f"{_ordinal(row.k)} other" for row in rows)]]
    simulated = []
    for row in rows:
        low, _, median, _, high = row.quantiles
        between = f" ({_months(low)} to {_months(high)})" if several else ""
        simulated.append(_months(median) + between)
    table.append([f"simulated: median{' (5 to 95 % of runs)' if several else ''}", *simulated])
    if any(math.isfinite(row.record) for row in rows):
        table.append(["actual", *(_months(row.record, "–") for row in rows)])
    return table


def omitted_text(lanes: list[Lane], drawn: list[Lane], history: History | None, klass: str) -> str:
    """Return which actors are not drawn: for want of room, or as the scenario has them not."""
    parts = []
    if len(drawn) < len(lanes):
        parts.append(f"{len(lanes) - len(drawn):,} builders with later dates are not drawn")
    if history:
        there = {lane.actor for lane in lanes}
        missing = [a for a in history.actors if history.announced(a, klass) and a not in there]
        if missing:
            names = ", ".join(shorten(name) for name in missing[:6])
            more = f" and {len(missing) - 6} more" if len(missing) > 6 else ""
            parts.append(f"in the record but no builders here: {names}{more}")
    return "; ".join(parts)


def _months(value: float, absent: str = LATER) -> str:
    return f"{value:.1f}" if math.isfinite(value) else absent


def _ordinal(k: int) -> str:
    return f"{k}{'th' if 10 <= k % 100 <= 20 else {1: 'st', 2: 'nd', 3: 'rd'}.get(k % 10, 'th')}"
