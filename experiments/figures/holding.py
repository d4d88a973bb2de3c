"""How many hold a model of the class, over time: over runs, by mechanism, against the baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from experiments.figures import ink
from experiments.figures.captions import basis_of, basis_of_result
from experiments.figures.diffusion import months_of_day
from experiments.figures.kinds import Asked, kind
from experiments.figures.sheet import BODY, SMALL, Sheet, number_text, say, tidy
from experiments.figures.timelines import no_logs
from experiments.timeline import class_title, ticks
from sim.errors import UserError, not_found
from sim.words import Event, Mechanism

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from experiments.comparison import Comparison
    from experiments.history import History
    from sim.result import Result

BANDS = ((0.9, 0.2), (0.8, 0.35), (0.5, 0.6))  # share of runs, strength of the colour
POINTS = 241  # of a curve
TALL, END = 38.0, 3.2  # mm: of a panel; at its right, for the last date
WAYS = {"t_done": "trained", "t_pub": "announced"}  # metric, what its actors have done
MOST_ARMS = 9  # in a figure with a panel or a row for each


def dates_of(result: Result, metric: str) -> np.ndarray:
    """Return when each builder came to hold the class, shape (runs, builders); inf: not by the end."""
    klass = result.scenario.follow_class
    kept = {known.name for known in result.metrics}
    names = [f"{metric}[{result.compiled.actors[row]},{klass}]" for row in result.compiled.facts["builders"]]
    columns = [result[name] for name in names if name in kept]
    return np.column_stack(columns) if columns else np.empty((len(result.run_numbers), 0))


def counts_at(dates: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return how many dates of each run have come by each time, shape (runs, times)."""
    counts = np.zeros((len(dates), len(times)), int)
    for column in dates.T:
        counts += column[:, None] <= times
    return counts


def no_dates(result: Result) -> str:
    """Return why curves of holders cannot be drawn; "" if they can."""
    if len(result.run_numbers) and any(dates_of(result, metric).shape[1] for metric in WAYS):
        return ""
    return "dates of single actors were not kept (the standard metrics hold them: t_done[ACTOR,CLASS])"


def draw_bands(axes: Axes, times: np.ndarray, counts: np.ndarray, colour: str) -> None:
    """Draw the median over runs and bands of 50, 80 and 90 % of them."""
    for share, strength in BANDS:
        low, high = np.quantile(counts, (0.5 - share / 2, 0.5 + share / 2), axis=0, method="inverted_cdf")
        axes.fill_between(
            times, low, high, color=ink.mixed(colour, strength), linewidth=0, step="post", zorder=2
        )
    middle = np.quantile(counts, 0.5, axis=0, method="inverted_cdf")
    axes.step(times, middle, where="post", color=colour, linewidth=1.4, zorder=4)


def band_keys(colour: str) -> list:
    """Return the legend of bands."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    keys: list = [Line2D([], [], color=colour, linewidth=1.4, label="median")]
    return keys + [
        Patch(color=ink.mixed(colour, strength), label=f"{share:.0%} of runs")
        for share, strength in reversed(BANDS)
    ]


def _axis(axes: Axes, result: Result, wide: float, top: float, label: str, first: bool = True) -> None:
    """Finish the axes of a curve of counts."""
    from matplotlib.ticker import MaxNLocator

    ink.draw_calendar(axes, result.scenario.start, result.compiled.horizon, True, ticks(wide))
    tidy(axes, "both")
    axes.tick_params(labelsize=SMALL)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
    axes.set_ylim(0, max(1.0, top) * 1.06)
    axes.set_xlabel("date", fontsize=SMALL)
    if first:
        axes.set_ylabel(label, fontsize=SMALL)


def _times(result: Result) -> np.ndarray:
    return np.linspace(0.0, result.compiled.horizon, POINTS)


@kind("holders", "run", (), no_dates)
def holders(result: Result, asked: Asked) -> Figure:
    """How many have trained and announced the class by when: median, 50, 80 and 90 % of runs, and in fact."""
    from matplotlib.lines import Line2D

    from experiments.run import history_of

    history, runs = history_of(result.scenario), len(result.run_numbers)
    sheet = Sheet(asked.width, f"Who holds a model of class {class_title(result)}")
    actual = _actual(history, result)
    keys = band_keys(ink.BLUE)
    if len(actual):
        keys.append(Line2D([], [], color=ink.BLACK, linewidth=1.2, linestyle=(0, (3, 1.2)), label="actual"))
    sheet.legend(keys)
    times, ways = _times(result), [way for way in WAYS if dates_of(result, way).shape[1]]
    counts = {way: counts_at(dates_of(result, way), times) for way in ways}
    top = max((float(np.quantile(found, 0.95, axis=0).max()) for found in counts.values()), default=1.0)
    top = max(top, float(len(actual)))
    for axes, way, wide in grid(sheet, ways, lambda way: f"have {WAYS[way]} it"):
        draw_bands(axes, times, counts[way], ink.BLUE)
        if way == "t_pub" and len(actual):
            steps = np.concatenate([[0.0], actual, [result.compiled.horizon]])
            axes.step(steps, [0, *range(1, len(actual) + 1), len(actual)], where="post", color=ink.BLACK,
                      linewidth=1.2, linestyle=(0, (3, 1.2)), zorder=5)  # fmt: skip
        _axis(axes, result, wide, top, f"actors (n = {runs:,})")
        if not counts[way].any():
            say(axes, "Nobody did in any run.", wide - 4)
    credit = f" What really happened: {history.credit}" if history and len(actual) else ""
    others = (
        "" if not len(actual) else " Actual: announcements of all actors of the record, simulated or not."
    )
    return sheet.whole(basis_of_result(result).text + others + credit)


def _actual(history: History | None, result: Result) -> np.ndarray:
    """Return the months of the actual announcements within the simulated time, in order."""
    if not history:
        return np.empty(0)
    dates = [history.announced(actor, result.scenario.follow_class) for actor in history.actors]
    months = np.array([months_of_day(date) - result.scenario.start for date in dates if date is not None])
    return np.sort(np.maximum(0.0, months[months <= result.compiled.horizon]))


def grid(sheet: Sheet, items: list, title, tall: float = TALL, across: int = 2):
    """Yield (axes, item, width) of panels with headings, side by side as far as there is room."""
    columns = max(1, min(across, len(items), int(sheet.room / 42.0)))
    left, gap = 11.0, 2.0
    wide = (sheet.room - gap * (columns - 1)) / columns - left - END
    for first in range(0, len(items), columns):
        row = items[first : first + columns]
        top = sheet.top
        texts = [ink.wrapped(title(item), BODY, wide + left - 2.0, True) for item in row]
        deepest = max(map(len, texts))
        for place, lines in enumerate(texts):
            sheet.top = top
            sheet.heading("\n".join(lines), 2.0 + place * (wide + left + END + gap), wide + left)
        sheet.top = top + 1.5 + deepest * BODY * 1.28 * 25.4 / 72 + 0.8
        begin = sheet.top
        for place, item in enumerate(row):
            sheet.top = begin
            yield sheet.box(2.0 + place * (wide + left + END + gap) + left, wide, tall), item, wide
        sheet.top = begin + tall + 8.0


# ---------------------------------------------------------------- by mechanism


def by_mechanism(log: np.ndarray, klass: int) -> dict[Mechanism, np.ndarray]:
    """Return for each mechanism when actors first acquired the class by it, one date per actor, in order.

    To acquire it is to train it, or to come to run or use one that another made.
    """
    got = (log["what"] == Event.ACCESSED) & (log["klass"] >= klass) | (log["reached"] >= klass)
    rows = log[got & (log["actor"] >= 0)]
    found = {}
    for mechanism in np.unique(rows["mechanism"]):
        own = rows[rows["mechanism"] == mechanism]
        first = np.full(int(own["actor"].max()) + 1, np.inf)
        np.minimum.at(first, own["actor"], own["time"])
        found[Mechanism(int(mechanism))] = np.sort(first[np.isfinite(first)])
    return found


@kind("mechanisms", "run", (), no_logs)
def mechanisms(result: Result, asked: Asked) -> Figure:
    """By which mechanism actors acquired the class, over time, with 50, 80 and 90 % of runs."""
    sheet = Sheet(asked.width, f"How actors acquired a model of class {class_title(result)}")
    klass, times = result.compiled.classes.index(result.scenario.follow_class), _times(result)
    found = [by_mechanism(log, klass) for log in result.logs.values()]
    kinds = sorted({each for one in found for each in one if each}, key=int)
    counts = {
        each: np.array([np.searchsorted(one.get(each, np.empty(0)), times, "right") for one in found])
        for each in kinds
    }
    runs = len(found)
    further = (
        "To acquire it is to train it, or to come to run or use one that another made; an actor counts once "
        f"under each mechanism by which it did. Read off the {number_text(runs, 'event log')} kept of "
        f"{number_text(len(result.run_numbers), 'run')}. Scales differ."
    )
    if not kinds:
        axes = sheet.panel(20.0, 11.0, END)
        _axis(axes, result, sheet.room - 14, 1.0, f"actors (n = {runs})")
        say(axes, "Nobody acquired it in any of these runs.", sheet.room - 16)
        return sheet.whole(basis_of_result(result, runs, further).text)
    kinds.sort(key=lambda each: -float(counts[each][:, -1].mean()))
    sheet.legend(band_keys(ink.BLUE))

    def title(each: Mechanism) -> str:
        return f"{each.phrase}: {counts[each][:, -1].mean():.2g} on average"

    for axes, each, wide in grid(sheet, kinds, title, 22.0, across=4):
        draw_bands(axes, times, counts[each], ink.BLUE)
        _axis(axes, result, wide, float(counts[each].max()), f"actors (n = {runs})")
    return sheet.whole(basis_of_result(result, runs, further).text)


# ---------------------------------------------------------------- against the baseline


def no_pairs(found: Comparison) -> str:
    """Return why curves of holders cannot be drawn of a comparison; "" if they can."""
    return no_dates(found.base)


def shown_arms(found: Comparison, asked: Asked, most: int = MOST_ARMS) -> list[str]:
    """Return the arms that are drawn: those asked for, or the first; raise UserError for one not there."""
    for arm in asked.arms:
        if arm not in found.results:
            raise UserError(f"--arm {arm}: {not_found('arm', arm, found.results)}")
    return list(asked.arms or found.results)[:most]


def colour_of(found: Comparison, arm: str) -> str:
    """Return the colour of an arm: the same in all figures."""
    return ink.COLOURS[list(found.results).index(arm) % len(ink.COLOURS)]


def round_of(found: Comparison, arm: str) -> int:
    """Return how often the colours have begun again before an arm: 0 or 1 where marks and dashes tell."""
    return list(found.results).index(arm) // len(ink.COLOURS) % 2


def dash_of(found: Comparison, arm: str):
    """Return the dashes of an arm: full lines, then dashed ones when colours begin again."""
    return ("-", (0, (4, 1.5)))[round_of(found, arm)]


def arm_keys(found: Comparison, arms: list[str]) -> list:
    """Return the legend of baseline and arms."""
    from matplotlib.lines import Line2D

    return [
        Line2D([], [], color=ink.BASELINE, linewidth=2.8, label="baseline"),
        *(
            Line2D(
                [], [], color=colour_of(found, arm), linestyle=dash_of(found, arm), linewidth=1.3, label=arm
            )
            for arm in arms
        ),
    ]


def left_out(found: Comparison, shown: list[str]) -> str:
    """Return how many arms are not drawn, as a sentence; "" if all are."""
    count = len(found.results) - len(shown)
    return f" {number_text(count, 'arm')} not drawn (--arm)." if count else ""


@kind("holders", "compare", ("arms",), no_pairs)
def holders_compared(found: Comparison, asked: Asked) -> Figure:
    """How many have trained the class by when: the baseline in grey, each arm in colour, with bands."""
    from matplotlib.patches import Patch

    base, arms = found.base, shown_arms(found, asked)
    sheet = Sheet(asked.width, f"Who holds a model of class {class_title(base)}")
    sheet.legend([
        Patch(color=ink.mixed(ink.BASELINE, 0.5), label="baseline: median and 90 % of runs"),
        *(key for key in band_keys(ink.BLACK)),
    ])  # fmt: skip
    times = _times(base)
    dates = dates_of(base, "t_done")
    own = counts_at(dates, times)
    low, middle, high = np.quantile(own, (0.05, 0.5, 0.95), axis=0, method="inverted_cdf")
    counts = {arm: counts_at(dates_of(found.results[arm], "t_done"), times) for arm in arms}
    top = max([float(high.max()), *(float(np.quantile(c, 0.95, axis=0).max()) for c in counts.values())])
    for axes, arm, wide in grid(sheet, arms, lambda arm: arm, across=3):
        axes.fill_between(
            times, low, high, color=ink.mixed(ink.BASELINE, 0.5), linewidth=0, step="post", zorder=1
        )
        draw_bands(axes, times, counts[arm], colour_of(found, arm))
        axes.step(
            times, middle, where="post", color="#555555", linewidth=1.2, linestyle=(0, (3, 1)), zorder=5
        )
        _axis(axes, base, wide, top, f"actors (n = {found.runs:,})")
    return sheet.whole(basis_of("compare", found).text + left_out(found, arms))


@kind("difference", "compare", ("arms",), no_pairs)
def difference(found: Comparison, asked: Asked) -> Figure:
    """By how many more or fewer hold the class than in the baseline, over time, run by run."""
    base, arms = found.base, shown_arms(found, asked)
    sheet = Sheet(asked.width, f"Difference to the baseline: who has trained {class_title(base)}")
    sheet.legend(band_keys(ink.BLACK))
    times = _times(base)
    own = counts_at(dates_of(base, "t_done"), times)
    change = {arm: counts_at(dates_of(found.results[arm], "t_done"), times) - own for arm in arms}
    ends = [np.quantile(each, level, axis=0) for each in change.values() for level in (0.05, 0.95)]
    top = max(1.0, *(float(np.abs(each).max()) for each in ends))
    for axes, arm, wide in grid(sheet, arms, lambda arm: arm, across=3):
        axes.axhline(0, color=ink.BASELINE, linewidth=1.6, zorder=1)
        draw_bands(axes, times, change[arm], colour_of(found, arm))
        _axis(axes, base, wide, top, f"actors more (n = {found.runs:,})")
        axes.set_ylim(-1.06 * top, 1.06 * top)
    return sheet.whole(
        f"Grey line: as many as in the baseline. {basis_of('compare', found).text}{left_out(found, arms)}"
    )
