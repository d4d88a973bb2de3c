"""What a result says, in sentences, conditional on its scenario; and what the causes were."""

from __future__ import annotations

import datetime
import math
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from experiments.analyses import drivers
from experiments.answers.finding import drivers_in_words, upper_first
from experiments.attribution import meaning
from experiments.comparison import end_of, moves_reveal
from experiments.figures.diffusion import builders
from experiments.origins import origin
from experiments.paired_table import amount, between, bounds, headline, signed
from experiments.summary import ABOUT_FITTED, Line, laid_over, summarise
from experiments.table import percent
from sim.words import Event, Mechanism

if TYPE_CHECKING:
    from experiments.comparison import Comparison, Difference
    from experiments.history import History
    from experiments.reporting.worlds import Logged
    from sim.result import Result
    from sim.scenario import Scenario

MOST_NAMED = 3
NOTHING_TOLD = "Nothing was compared that can be told here: ask for t_owner_K or n_dev (--metrics)."
FEWEST_RUNS = 20  # from which on an interval of runs is told
MOST_METRICS = 4  # told of an arm
CLEAR = 0.25  # by how much the shares of pairs that go up and down must differ to be told first
LEAST_EXPLAINED = 0.005  # of the variance: what is less shows as 0 %, and drives nothing
MECHANISM = "mech_share["


def conditional(scenario: Scenario) -> str:
    """Return the words without which no answer stands."""
    laid = laid_over(scenario.policies, scenario.sets)
    return f"If the world works as the scenario “{scenario.file.scenario.title}” says{laid}, then:"


def question(scenario: Scenario) -> str:
    """Return what a scenario asks."""
    klass = scenario.file.classes[scenario.follow_class].title or scenario.follow_class
    return f"After somebody has shown {klass}: who else builds one, when, and what carries them there?"


def of_run(result: Result, history: History | None, logged: Logged) -> list[str]:
    """Return what an ensemble says: dates and lags, who follows, by what, and what really happened."""
    lines = {line.metric: line for line in summarise(result, history)}
    said = [
        sentence
        for name, line in lines.items()
        if name == "reveal" or line.is_lag
        for sentence in [_dated(result, line)]
        if sentence
    ]
    return [*said, *_first(result), *mechanisms(logged), *helpers(logged)]


def _dated(result: Result, line: Line) -> str:
    """Say when something comes: the median, where most runs lie, how often never, what really happened."""
    end, runs = result.scenario.file.scenario.end, len(result.run_numbers)
    what = upper_first(line.title)
    if line.is_lag:
        what = f"The {line.title.replace(' other announces', ' other actor announces one')}"
    if line.never == 1.0:
        return f"{what}: in none of the {runs:,} runs by the end of {end}."

    def shown(months: float) -> str:
        if math.isinf(months):
            return "later than the end"
        return f"{months:.1f}" if line.is_lag else f"{result.scenario.date(months):%Y-%m}"

    unit = " months" if line.is_lag else ""
    late = math.isinf(line.median)
    text = f"{what}{'' if line.is_lag and not late else ':'} {shown(line.median)}"
    if line.is_lag and not late:
        text += f"{unit} after the first announcement"
    notes = []
    if line.low != line.high:
        few = runs < FEWEST_RUNS
        spread = f"median of {runs} runs: all from" if few else "median; 90 % of runs:"
        notes.append(f"{spread} {shown(line.low)} to {shown(line.high)}")
    if line.never:
        notes.append(f"in {percent(line.never)} of runs not by {end}")
    text += f" ({'; '.join(notes)})" if notes else ""
    if isinstance(line.actual, datetime.date):
        text += f". What really happened: {line.actual:%Y-%m}"
    elif line.actual is not None and math.isfinite(line.actual):
        text += f". What really happened: {line.actual:.1f}{unit}"
    text += f" ({ABOUT_FITTED})" if line.fitted else ""
    return f"{text}."


def _first(result: Result) -> Iterator[str]:
    """Say who follows first, and how often."""
    klass, names = result.scenario.follow_class, builders(result)
    if len(names) < 2 or not len(result.run_numbers):
        return
    dates = np.array([result[f"t_pub[{name},{klass}]"] for name in names])
    order = np.argsort(dates, axis=0, kind="stable")
    second = dates[order[1], np.arange(dates.shape[1])]
    counted = Counter(names[place] for place, date in zip(order[1], second, strict=True) if np.isfinite(date))
    if counted:
        runs = dates.shape[1]
        shares = [
            f"{name} ({percent(count / runs)} of runs)" for name, count in counted.most_common(MOST_NAMED)
        ]
        yield f"First to announce one after the first: {', '.join(shares)}" + _others(counted) + "."


def _others(counted: Counter) -> str:
    more = len(counted) - MOST_NAMED
    return f", or one of {more} other{'s' * (more > 1)}" if more > 0 else ""


def mechanisms(logged: Logged) -> Iterator[str]:
    """Say by what mechanisms models of the class and above came about, in the logged runs of each world."""
    for world in logged.worlds[:8]:
        follow = world.result.compiled.classes.index(world.result.scenario.follow_class)
        counted: Counter = Counter()
        for log in world.result.logs.values():
            made = log[(log["what"] == Event.TRAINED) & (log["reached"] >= follow) & (log["project"] >= 0)]
            counted.update(
                Mechanism(int(how)).phrase for how in made["mechanism"] if how != Mechanism.ORIGINAL
            )
        if counted:
            total = counted.total()
            shares = [f"{name} {percent(n / total)}" for name, n in counted.most_common(4)]
            where = f" ({world.name})" if world.name else ""
            yield (
                f"By what those who train one come to it{where}, in the {len(world.runs)} runs whose log is "
                f"kept: {', '.join(shares)}."
            )


def helpers(logged: Logged) -> Iterator[str]:
    """Say which artifacts saved projects most, over the logged runs of each world."""
    from experiments.logged import LoggedRun, LogReader

    for world in logged.worlds[:4]:
        saved: dict[str, list[float]] = {}
        projects = 0
        for run in world.runs:
            kept = logged.savings.get((world.key, run), {})
            projects += len({project for project, _ in kept})
            reader = LogReader(LoggedRun(world.result, run), kept)
            for row in kept.values():
                saved.setdefault(reader.artifact(row["artifact"]), []).append(row["months"])
        most = sorted(saved.items(), key=lambda item: -sum(item[1]))[:MOST_NAMED]
        if projects and most and sum(most[0][1]) > 0:
            named = [f"{name} ({sum(months) / projects:.2f} months)" for name, months in most]
            where = f" ({world.name})" if world.name else ""
            yield (
                f"What saved most{where}, per project that something set off or helped, in these runs: "
                f"{'; '.join(named)}."
            )


def of_comparison(found: Comparison) -> dict[str, list[str]]:
    """Return for each arm what it changes: what is clear first, then what drives it."""
    said = {}
    for label in found.results:
        if found.changes_nothing(label):
            said[label] = ["Changes nothing: every metric is the same in every run."]
            continue
        known = [found.found[label, name] for name in _told_of(found, label) if (label, name) in found.found]
        known = sorted((one for one in known if one.statistics.telling), key=lambda one: -_size(found, one))
        clear = [one for one in known if abs(one.statistics.higher - one.statistics.lower) >= CLEAR]
        told = _unlike(found, clear or known)[:MOST_METRICS]
        sentences = [_difference(one) for one in told]
        if not known:
            sentences.insert(0, NOTHING_TOLD)
        elif not clear:
            sentences.insert(0, "No metric of the first rank goes clearly one way.")
        vague = [one.metric.name for one in known if one not in clear]
        if clear and vague:
            sentences.append(f"Not clearly one way: {', '.join(vague)}.")
        own = [note.removeprefix(f"{label}: ") for note in found.notes if note.startswith(f"{label}: ")]
        said[label] = [*map(upper_first, own), *sentences, *_causes(found, label, told)]
    return said


def _told_of(found: Comparison, label: str) -> list[str]:
    """Return the metrics that an answer may name: no lags where the arm moves what they count from."""
    names = headline(found)
    if not moves_reveal(label, found):
        return names
    dates = [name for name in found.metrics if name.startswith("t_owner_")]
    return [name for name in dict.fromkeys([*names, *dates]) if not origin(name)]


def _size(found: Comparison, one: Difference) -> float:
    """Return how large a difference is beside how far the runs of the baseline differ."""
    changes = _capped(found, one.arm, one.metric.name)
    values = found.base[one.metric.name]
    values = values[np.isfinite(values)]
    spread = float(np.subtract(*np.quantile(values, (0.95, 0.05)))) if len(values) else 0.0
    size = abs(float(np.nanmedian(changes))) if not np.isnan(changes).all() else 0.0
    return size / spread if spread > 0.0 else size


def _unlike(found: Comparison, known: list[Difference]) -> list[Difference]:
    """Return differences without those that say the same, run by run, as one before them."""
    kept: list[Difference] = []
    for one in known:
        changes = _capped(found, one.arm, one.metric.name)
        alike = (_capped(found, other.arm, other.metric.name) for other in kept)
        if not any(np.allclose(changes, other, equal_nan=True) for other in alike):
            kept.append(one)
    return kept


def _difference(one: Difference) -> str:
    found, metric = one.statistics, one.metric
    ways = ("earlier", "later") if metric.is_date else ("lower", "higher")
    way, share = (ways[0], found.lower) if found.lower > found.higher else (ways[1], found.higher)
    unit = "" if metric.unit in ("share", "index") else f" {metric.unit}"
    interval = found.median_interval
    sure = between(interval.low, interval.high, metric.unit)
    end = found.quantiles
    spread = between(end[0].low, end[-1].high, metric.unit)
    text = (
        f"{metric.name} ({meaning(metric)}): {way} in {percent(share)} of {found.pairs:,} pairs; the median "
        f"difference is {bounds(found.median, metric.unit)}{unit}"
    )
    if sure:
        text += f" (90 % interval of the median: {sure}; 90 % of pairs: {spread})"
    if math.isfinite(found.baseline_median):
        text += f", from a median of {amount(found.baseline_median, metric.unit)}"
    if found.baseline_never or found.policy_never:
        text += (
            f"; by the end it does not come in {percent(found.baseline_never / found.pairs)} of runs of the "
            f"baseline and in {percent(found.policy_never / found.pairs)} under the policy"
        )
    return f"{text}."


def _causes(found: Comparison, label: str, told: list[Difference]) -> list[str]:
    """Say what drives the clearest difference, and which mechanisms gain and lose."""
    said = []
    moved = sorted(
        (one for (arm, name), one in found.found.items() if arm == label and name.startswith(MECHANISM)),
        key=lambda one: -abs(_mean(one)),
    )
    words = [f"{_inner(one)} {signed(100 * _mean(one), 'points')} points" for one in moved[:3]
             if abs(_mean(one)) >= 0.005]  # fmt: skip
    if words:
        said.append(f"Why, by mechanism (mean change of the shares of what is acquired): {', '.join(words)}.")
    draws, names = found.base.draws, list(found.base.compiled.uncertain_paths)
    if told and draws.shape[1] == len(names) and len(names):
        name = told[0].metric.name
        values = _capped(found, label, name)
        known = ~np.isnan(values)
        rows, explained = drivers(draws[known], values[known], names)
        if rows and not explained < LEAST_EXPLAINED:
            said.append(
                f"What drives the difference in {name}: it goes with {drivers_in_words(rows, explained)}"
            )
    return said


def _capped(found: Comparison, label: str, name: str) -> np.ndarray:
    """Return the difference of a metric in each pair; a date that never comes counts as the end."""

    def capped(result: Result) -> np.ndarray:
        metric = next(metric for metric in result.metrics if metric.name == name)
        values = result[name]
        return np.where(np.isinf(values), end_of(result, metric), values)

    return capped(found.results[label]) - capped(found.base)


def _mean(one: Difference) -> float:
    return 0.0 if math.isnan(one.statistics.mean) else one.statistics.mean


def _inner(one: Difference) -> str:
    return one.metric.name.removeprefix(MECHANISM).rstrip("]").replace("_", " ")
