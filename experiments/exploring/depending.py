"""Which inputs an outcome of a sweep depends on, over time if wanted, and how much of it is luck."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.answers.finding import Finding, Panel, Series, estimate, number
from experiments.exploring import indices
from experiments.exploring.boxes import groups_of_rows
from experiments.exploring.indices import Noise
from experiments.exploring.report import Report
from experiments.exploring.sample import (
    Never,
    Outcome,
    Sample,
    as_sample,
    codes_of,
    outcome_of,
    short_name,
    with_origins,
)
from experiments.origins import moved_in
from experiments.statistics import Bounds
from sim.errors import UserError

if TYPE_CHECKING:
    from experiments.sweeps.store import Store

MOST_SHOWN = 14  # inputs in the sentences and the figure; the table has all
MANY = 20  # inputs, from which on some show by chance
MOST_CURVES = 6
MONTHS_SHOWN = 12  # of a date over time, where nothing else is asked for
LEAST_SHARE = 0.02  # of runs that must differ for a month to say something


class Method(StrEnum):
    """How sensitivity is measured."""

    SOBOL = "sobol"
    MORRIS = "morris"
    GIVEN_DATA = "given-data"


SOURCES = {
    Method.SOBOL: "Sobol' indices by SALib (Saltelli et al. 2010, Computer Physics Communications 181:259).",
    Method.MORRIS: "elementary effects by SALib (Morris 1991, Technometrics 33:161; Campolongo et al. 2007, "
    "Environmental Modelling & Software 22:1509).",
    Method.GIVEN_DATA: "given data: share of the variance between classes (Plischke et al. 2013, European "
    "Journal of Operational Research 226:536), distance of distributions (PAWN; Pianosi and Wagener 2018, "
    "Environmental Modelling & Software 108:197).",
}


def sensitivity(
    source: Sample | Store | str | Path,
    metric: str,
    *,
    method: Method | str | None = None,
    never: Never | str = Never.END,
    by: float | None = None,
    over_time: bool = False,
    seed: int = 1,
) -> Report:
    """Return which inputs of a sweep an outcome depends on.

    Args:
        source: folder of a sweep, its open store, or a sample.
        metric: an outcome that was kept of every run.
        method: "sobol" or "morris" (where the design is one), or "given-data"; found from the design if None.
        never: what a date that never comes counts as ("end" or "rank").
        by: take whether the date comes by this month instead.
        over_time: at several months: metric@MONTH for those that were kept, else whether the date came by
        then.
        seed: of the resampling behind the intervals.

    Raises:
        UserError: for what is not there, values that are not defined, outcomes that do not vary.
    """
    never = Never(never)
    sample = as_sample(source, lambda known: _needed(known, metric))
    chosen = Method(method) if method else found_method(sample)
    asked = {"metric": metric, "method": chosen.value, "never": never.value, "by": by, "over_time": over_time}
    if over_time:
        outcomes = outcomes_over_time(sample, metric)
        findings, below = _over_time(sample, metric, outcomes, chosen, seed)
        title = f"What {metric} depends on, over time"
    else:
        outcome = outcome_of(sample, metric, never, by)
        find = {Method.SOBOL: _sobol, Method.MORRIS: _morris, Method.GIVEN_DATA: _given_data}[chosen]
        findings, below = find(sample, outcome, seed), list(outcome.notes)
        title = f"What {outcome.words} depends on"
    below += moved_in(sample, [metric])
    notes = [*below, *_notes(sample, chosen)]
    return Report(title, sample.in_words, findings, notes, [SOURCES[chosen]], asked, below)


def found_method(sample: Sample) -> Method:
    """Return the method that the design of a sweep was made for."""
    codes = sample.codes()
    if indices.saltelli_layout(codes) is not None:
        return Method.SOBOL
    return Method.MORRIS if indices.is_trajectories(codes) else Method.GIVEN_DATA


def outcomes_over_time(sample: Sample, metric: str) -> list[tuple[float, Outcome]]:
    """Return (month, outcome) for metric@MONTH of the months that were kept, or for a date coming by then."""
    months = _months(sample.values, metric)
    if months:
        return [(month, outcome_of(sample, name)) for month, name in sorted(months.items())]
    if metric in sample.values and sample.is_date(metric) and np.isfinite(sample.end):
        steps = _months_of_change(sample.metric(metric))
        return [(float(month), outcome_of(sample, metric, by=float(month))) for month in steps]
    raise UserError(
        f"{metric}: is not kept over time in this sweep; name a date, or keep {metric.split('@')[0]}@MONTH "
        "for some months"
    )


def _months_of_change(dates: np.ndarray) -> np.ndarray:
    """Return months between those in which a date begins to come and has come in nearly all runs."""
    finite = dates[np.isfinite(dates)]
    if not len(finite):
        raise UserError("the date never comes in any run of this sweep, so nothing can be said")
    low, high = np.quantile(finite, (LEAST_SHARE, 1 - LEAST_SHARE))
    steps = np.linspace(low, high, MONTHS_SHOWN)
    return np.unique(np.round(steps, 0 if high - low >= MONTHS_SHOWN else 1))


def _months(known: Any, metric: str) -> dict[float, str]:
    pattern = re.compile(re.escape(metric) + r"@(\d+(?:\.\d+)?)")
    return {float(match[1]): name for name in known if (match := pattern.fullmatch(name))}


def _needed(known: Sequence[str], metric: str) -> list[str]:
    """Return the metrics to read: the one that is named, those of its months, and where its lag begins."""
    months = list(_months(known, metric).values())
    if metric not in known and not months:
        return [metric]  # which will be explained
    return with_origins(known, [*([metric] if metric in known else []), *months])


# ---------------------------------------------------------------- one outcome


def _sobol(sample: Sample, outcome: Outcome, seed: int) -> list[Finding]:
    values = sample.matrix(outcome.values)
    found, pairs = indices.sobol(sample.codes(), values, sample.names, seed)
    luck = indices.noise(values, sample.paired)
    by_luck = _by_luck(luck)
    rows: list[dict[str, Any]] = [
        {
            "input": index.name, "total": index.total, "total_half_width": index.total_half,
            "first": index.first, "first_half_width": index.first_half,
            "sure": index.total - by_luck > index.total_half,
        }
        for index in sorted(found, key=lambda index: -index.total)
    ]  # fmt: skip
    said = "; ".join(
        f"{row['input']} {row['total']:.2f} ± {row['total_half_width']:.2f} (alone {row['first']:.2f} ± "
        f"{row['first_half_width']:.2f})"
        for row in rows[:MOST_SHOWN]
        if row["sure"]
    )
    sentences = [
        f"Share of the variance of {outcome.words} in which an input has a part (total index; 90 % "
        f"interval): {said or 'none that is larger than its interval'}.",
        *_unsure(
            [row["input"] for row in rows if not row["sure"]], "total index", "more points", bool(by_luck)
        ),
        _noise_in_words(luck, "a total index"),
    ]
    wide = [row["input"] for row in rows if row["sure"] and row["first"] <= row["first_half_width"]]
    if wide:
        sentences.append(
            f"Alone, by a first-order index larger than its interval, these show nothing: {', '.join(wide)}; "
            "their part is with others, or needs more points to be seen."
        )
    marks = [
        estimate(
            short_name(row["input"]), group, row[key], Bounds(row[key] - row[half], row[key] + row[half])
        )
        for group, key, half in (
            ("in all (total index)", "total", "total_half_width"),
            ("alone (first-order index)", "first", "first_half_width"),
        )
        for row in rows[:MOST_SHOWN]
    ]
    panel = Panel(
        "intervals",
        f"Parts in the variance of {outcome.words}",
        "share of the variance (90 % interval)",
        marks=marks,
    )
    findings = [Finding("sobol", sentences, rows, [panel])]
    if pairs:
        table: list[dict[str, Any]] = [
            {"one": pair.one, "other": pair.other, "share": pair.share, "half_width": pair.half}
            for pair in sorted(pairs, key=lambda pair: -pair.share)
        ]
        clear = [row for row in table if row["share"] > row["half_width"]][:5]
        said = "; ".join(
            f"{row['one']} with {row['other']} {row['share']:.2f} ± {row['half_width']:.2f}" for row in clear
        )
        words = f"Pairs that act beyond what each does alone: {said or 'none beyond its interval'}."
        findings.append(Finding("pairs", [words], table, []))
    return findings


def _morris(sample: Sample, outcome: Outcome, seed: int) -> list[Finding]:
    values = sample.matrix(outcome.values)
    found = indices.morris(sample.codes(), values, sample.names, seed)
    luck = indices.noise(values, sample.paired)
    rows: list[dict[str, Any]] = [
        {
            "input": effect.name, "mean_size": effect.size, "half_width": effect.half, "mean": effect.mean,
            "spread": effect.spread, "sure": effect.sure,
        }
        for effect in sorted(found, key=lambda effect: -effect.size)
    ]  # fmt: skip
    said = "; ".join(
        f"{row['input']} {number(row['mean_size'])} ± {number(row['half_width'])} (mean "
        f"{number(row['mean'])}, spread {number(row['spread'])})"
        for row in rows[:MOST_SHOWN]
        if row["sure"]
    )
    unit = f" ({outcome.unit})" if outcome.unit else ""
    sentences = [
        f"What one step of an input changes in {outcome.words}{unit}, mean size with 90 % interval: "
        f"{said or 'nothing that is larger than its interval'}.",
        "A mean near the mean size: always in the same direction; a spread as large: it depends on the "
        "others, or bends.",
        *_unsure([row["input"] for row in rows if not row["sure"]], "mean size", "more trajectories"),
    ]
    if not luck.paired and luck.replicates > 1:
        within = float(values.var(axis=1, ddof=1).mean())
        floor = 2 * (within / luck.replicates / np.pi) ** 0.5
        sentences.append(
            "Points had luck of their own: an input without effect would show a mean size of about "
            f"{number(floor)}."
        )
    else:
        sentences.append(_noise_in_words(luck, "a mean size"))
    marks = [
        estimate(
            short_name(row["input"]), "", row["mean_size"],
            Bounds(row["mean_size"] - row["half_width"], row["mean_size"] + row["half_width"]),
        )
        for row in rows[:MOST_SHOWN]
    ]  # fmt: skip
    panel = Panel(
        "intervals", f"What one step of an input changes in {outcome.words}",
        f"mean size of the change{unit} (90 % interval)", marks=marks,
    )  # fmt: skip
    return [Finding("morris", sentences, rows, [panel])]


def _given_data(sample: Sample, outcome: Outcome, seed: int) -> list[Finding]:
    sample, notes = sample.with_telling_draws()
    columns, words, names, groups, values, unit = _given(sample, outcome.values)
    found = indices.associations(columns, words, names, values, groups, seed)
    luck = _luck_of_shares(sample, outcome, columns, words)
    rows: list[dict[str, Any]] = [
        {
            "input": one.name, "share": one.share, "half_width": float(np.hypot(one.half, luck[one.name])),
            "share_by_chance": one.chance,
            "distance": one.distance, "distance_by_chance": one.distance_chance,
            "rank_correlation": one.direction, "sure": one.sure,
        }
        for one in sorted(found, key=lambda one: (-one.share, -one.distance))
    ]  # fmt: skip
    said = "; ".join(
        f"{row['input']} {row['share']:.2f} ± {row['half_width']:.2f}{_direction(row['rank_correlation'])}"
        for row in rows[:MOST_SHOWN]
        if row["share"] > row["share_by_chance"]
    )
    only = [row["input"] for row in rows if row["sure"] and row["share"] <= row["share_by_chance"]]
    sentences = [
        f"Share of the variance of {outcome.words} ({unit}) that goes with an input by itself, beyond what "
        f"chance shows (90 % interval): {said or 'none'}.",
    ]
    if len(rows) > MANY:
        sentences.append(
            f"Of {len(rows)} inputs without effect, chance alone would show about {len(rows) / 20:.0f}."
        )
    if only:
        sentences.append(
            f"These change its distribution but not its mean, beyond what chance shows: {', '.join(only)}."
        )
    sentences += _unsure(
        [row["input"] for row in rows if not row["sure"]], "association", "more points", True
    )
    numbers = [place for place, categorical in enumerate(words) if not categorical]
    independent = int(sample.luck.max()) + 1 if len(sample.drawn.columns) else len(sample.design)
    pairs = indices.together(
        [columns[place] for place in numbers], [names[place] for place in numbers], independent
    )
    if pairs:
        named = "; ".join(f"{one} and {other} ({size:+.2f})" for one, other, size in pairs[:5])
        sentences.append(
            "These inputs go together in the sweep (rank correlation), so what one shows may be the "
            f"other's: {named}."
        )
    if values.shape == outcome.values.shape and len(values) > len(sample.design):
        sentences.append(
            "Luck is part of the variance of single runs, and so is what only inputs together explain."
        )
    else:
        sentences.append(_noise_in_words(indices.noise(sample.matrix(outcome.values), sample.paired), ""))
    sentences += notes
    panels = [
        Panel(
            "intervals", title, label,
            marks=[
                estimate(
                    short_name(row["input"]), "", row[key],
                    Bounds(row[key] - row["half_width"], row[key] + row["half_width"])
                    if key == "share"
                    else Bounds(row["distance_by_chance"], row["distance"]),
                )
                for row in rows[:MOST_SHOWN]
            ],
        )
        for title, label, key in (
            (
                f"Share of the variance of {outcome.words} that goes with an input",
                "share of the variance (90 % interval)", "share",
            ),
            (
                "How far its distribution moves with an input",
                "largest gap of distributions, mean over classes (bars: from what chance shows)", "distance",
            ),
        )
    ]  # fmt: skip
    return [Finding("given_data", [sentence for sentence in sentences if sentence], rows, panels)]


def _luck_of_shares(sample: Sample, outcome: Outcome, columns, words) -> dict[str, float]:
    """Return the half-width of every share that comes from the luck of a few runs at every point."""
    if len(sample.drawn.columns) or sample.replicates < 3:
        return dict.fromkeys((factor.name for factor in sample.all_factors()), 0.0)
    classes = [indices.classes_of(column, word) for column, word in zip(columns, words, strict=True)]
    halves = indices.luck_half(
        sample.matrix(outcome.values),
        lambda means: np.array([indices.explained_share(means, one) for one in classes]),
    )
    return dict(zip(sample.names, halves.tolist(), strict=True))


def _given(sample: Sample, values: np.ndarray):
    """Return columns, which are words, names, groups, outcome and its unit of rows, for given data.

    Rows are points (means of their runs), or runs where inputs were drawn for each.
    """
    if len(sample.drawn.columns):
        inputs = sample.inputs()
        factors = sample.all_factors()
        columns = [codes_of(inputs[factor.name], factor) for factor in factors]
        shared = sample.point if len(sample.factors) > 1 else None  # points differ by other factors, too
        groups: list[np.ndarray | None] = [shared] * len(sample.factors)
        crossed = groups_of_rows(sample.groups, sample.point)
        groups = groups if crossed is None else list(crossed)
        groups += [sample.luck] * len(sample.drawn.columns)
        unit = "single runs"
    else:
        factors, columns = sample.factors, list(sample.codes().T)
        counts = np.bincount(sample.point, minlength=len(sample.design))
        values = np.bincount(sample.point, values, len(sample.design))[counts > 0] / counts[counts > 0]
        columns = [column[counts > 0] for column in columns]
        crossed = groups_of_rows(sample.groups, counts > 0)
        groups = [None] * len(factors) if crossed is None else list(crossed)
        unit = "means of points" if len(sample.point) > len(sample.design) else "points"
    return (
        columns,
        [factor.categorical for factor in factors],
        [f.name for f in factors],
        groups,
        values,
        unit,
    )


# ---------------------------------------------------------------- over time


def _over_time(
    sample: Sample, metric: str, outcomes: list[tuple[float, Outcome]], method: Method, seed: int
) -> tuple[list[Finding], list[str]]:
    """Return the indices at every month that says something."""
    measure = {Method.SOBOL: _total_at, Method.MORRIS: _size_at, Method.GIVEN_DATA: _share_at}[method]
    rows: list[dict[str, Any]] = []
    silent = []
    for month, outcome in outcomes:
        if not _varies(sample, outcome):
            silent.append(month)
            continue
        for name, value, half in measure(sample, outcome, seed):
            rows.append(
                {"month": month, "input": name, "index": value, "half_width": half, "sure": value > half}
            )
    if not rows:
        raise UserError(f"{metric}: is the same in nearly all runs at every month, so nothing can be said")
    label = {
        Method.SOBOL: "total index (share of the variance)",
        Method.MORRIS: "mean size of the change by one step",
        Method.GIVEN_DATA: "share of the variance",
    }[method]
    most = _largest(rows)
    curves = [Series(short_name(name), [], [], [], []) for name in most[:MOST_CURVES]]
    for curve, name in zip(curves, most, strict=False):
        for row in rows:
            if row["input"] == name:
                value, half = row["index"], row["half_width"]
                curve.add(row["month"], value, value - half, value + half)
    dated = not _months(sample.values, metric)
    means = {month: float(outcome.values.mean()) for month, outcome in outcomes}
    sentences = [f"Largest of each month ({label}; 90 % interval), beyond their intervals:"]
    for month in sorted({row["month"] for row in rows}):
        own = [row for row in rows if row["month"] == month and row["sure"]]
        own.sort(key=lambda row: -row["index"])
        top = ", ".join(f"{row['input']} {row['index']:.2f} ± {row['half_width']:.2f}" for row in own[:3])
        state = f"come in {means[month]:.0%} of runs" if dated else f"mean {number(means[month])}"
        sentences.append(f"- month {month:g} ({state}): {top or 'none'}.")
    if silent:
        listed = ", ".join(f"{month:g}" for month in silent)
        sentences.append(f"Left out, for nearly all runs or all points are alike then: month {listed}.")
    title = f"Inputs on which it depends whether {metric} has come" if dated else f"What {metric} depends on"
    panel = Panel(
        "curves", title,
        "months after it begins" if metric.startswith("lag") else "months since the start", label,
        series=curves, whole=True, note="bands: 90 % interval; lines are dashed only to be told apart",
    )  # fmt: skip
    return [Finding("over_time", sentences, rows, [panel])], _notes_of_months([o.notes for _, o in outcomes])


def _notes_of_months(notes: Sequence[Sequence[str]]) -> list[str]:
    """Return what has to be said at every month, and in one line what differs between them."""
    shared = [note for note in notes[0] if all(note in own for own in notes)] if notes else []
    if any(note not in shared for own in notes for note in own):
        shared.append("Lags that begin late count as not over by then, in other shares at other months.")
    return shared


def _varies(sample: Sample, outcome: Outcome) -> bool:
    """Whether enough runs differ, and not by luck alone that all points share."""
    levels, counts = np.unique(outcome.values, return_counts=True)
    if len(levels) < 2 or 1 - counts.max() / len(outcome.values) < LEAST_SHARE:
        return False
    if len(sample.drawn.columns) or sample.replicates == 0:
        return True
    return bool(np.ptp(sample.matrix(outcome.values).mean(axis=1)) > 0.0)


def _largest(rows: list[dict[str, Any]]) -> list[str]:
    peaks: dict[str, float] = {}
    for row in rows:
        peaks[row["input"]] = max(peaks.get(row["input"], 0.0), row["index"])
    return sorted(peaks, key=lambda name: -peaks[name])


def _total_at(sample: Sample, outcome: Outcome, seed: int) -> list[tuple[str, float, float]]:
    values = sample.matrix(outcome.values)
    found, _ = indices.sobol(sample.codes(), values, sample.names, seed)
    by_luck = _by_luck(indices.noise(values, sample.paired))
    return [(index.name, index.total, index.total_half + by_luck) for index in found]


def _size_at(sample: Sample, outcome: Outcome, seed: int) -> list[tuple[str, float, float]]:
    found = indices.morris(sample.codes(), sample.matrix(outcome.values), sample.names, seed)
    return [(effect.name, effect.size, effect.half) for effect in found]


def _share_at(sample: Sample, outcome: Outcome, seed: int) -> list[tuple[str, float, float]]:
    columns, words, names, groups, values, _ = _given(sample.with_telling_draws()[0], outcome.values)
    found = indices.associations(columns, words, names, values, groups, seed)
    return [(one.name, one.share, max(one.half, one.chance)) for one in found]


# ---------------------------------------------------------------- words


def _unsure(names: list[str], what: str, cure: str, by_chance: bool = False) -> list[str]:
    if not names:
        return []
    reason = "is not beyond what chance shows" if by_chance else "is not larger than its interval"
    listed = ", ".join(names[:MOST_SHOWN]) + (
        f" and {len(names) - MOST_SHOWN} more" if len(names) > MOST_SHOWN else ""
    )
    return [f"Of these the {what} {reason}, so nothing is said of them ({cure} would): {listed}."]


def _direction(correlation: float) -> str:
    if np.isnan(correlation) or abs(correlation) < 0.05:
        return ""
    return " (more with more of it)" if correlation > 0 else " (less with more of it)"


def _by_luck(luck: Noise) -> float:
    """Return the total index that an input without effect shows, as far as that is known."""
    return 0.0 if luck.paired or np.isnan(luck.left) else luck.left


def _noise_in_words(luck: Noise, index: str) -> str:
    """Say how much of the variance is luck, and what an input without effect would show."""
    if luck.replicates == 1:
        if luck.paired:
            return (
                "Every point had the same luck, in one run: luck adds nothing to what is shown, but another "
                "luck may show something else; --runs 2 or more would tell how much of the variance is luck."
            )
        return (
            "Every point had one run, with luck of its own: luck cannot be told from inputs here, and "
            "counts as their interaction. Use paired luck, or --runs 2 or more."
        )
    text = (
        f"Luck is {luck.single:.0%} of the variance of single runs, and would be {luck.left:.0%} of that of "
        f"the means of {luck.replicates} runs"
    )
    if luck.paired:
        counted = "; intervals count which luck that was, too" if luck.replicates > 2 else ""
        return (
            f"Every point had the same luck in its {luck.replicates} runs, so an input without effect shows "
            f"none{counted}. {text}, were it not the same."
        )
    shown = f": an input without effect would show {index} of about {luck.left:.2f}" if index else ""
    return f"{text}, which are what is analysed{shown}."


def _notes(sample: Sample, method: Method) -> list[str]:
    if method is Method.GIVEN_DATA and not len(sample.drawn.columns):
        return ["Shares are of single inputs (first order): what inputs do only together is in none of them."]
    return []
