"""A backcast as tables and words: each model beside what came, the scores, and what they say."""

from __future__ import annotations

import csv
import io
import math
import textwrap
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from experiments.backcast import (
    AMOUNTS,
    GIVEN,
    NONE,
    NOT_SIMULATED,
    PARTS,
    QUANTILES,
    RIVALS,
    SCORED,
    SIMULATION,
    Backcast,
    Model,
    Question,
    form_of,
    last_day,
    quantiles,
)
from experiments.scores import IGNORANCE
from experiments.statistics import Bounds
from experiments.table import laid_out, percent
from experiments.wording import human
from sim.schema import date_of_months
from sim.words import Access

COLUMNS = 110  # of sentences
FORMS = tuple(word.key for word in Access)

_SIMULATED = (
    "share_by_end_of_record",
    "share_by_end_of_run",
    *(f"simulated_q{round(100 * level)}" for level in QUANTILES),
    "months_off",
    "crps_months",
    *(f"simulated_{amount}{bound}" for amount in AMOUNTS for bound in ("", "_low_90", "_high_90")),
    *(f"share_{form}" for form in FORMS),
    *(f"share_{part}" for part in PARTS),
)

_GROUPS = {"models on record": (SCORED,), "none on record": (NONE,), "all": (SCORED, NONE)}

_WORDS = {form: Access[form.upper()].phrase for form in FORMS} | {Access.ARMS_LENGTH.key: "API"}


def rows_of(found: Backcast) -> list[dict[str, Any]]:
    """Return one row per model of the record, and per builder without one: what happened, what was simulated.

    Dates as days, "later" where they do not come by the end of the simulated time; amounts in USD and people;
    what the record does not say is empty. Forms and parts: shares of the runs that have the model by the end
    of the record.
    """
    start, horizon = found.result.scenario.start, found.result.compiled.horizon
    places = {question.name: place for place, question in enumerate(found.asked)}
    rows = []
    for question in found.questions:
        row: dict[str, Any] = {
            "model": question.name,
            "status": question.status,
            "reason": question.reason,
            "actor": question.actor,
            "class": question.klass,
            "rank": question.rank if question.asked else "",
            "actual": _day(question.actual, start, "none by the end" if question.status == NONE else ""),
        }
        row |= _recorded(question)
        row |= dict.fromkeys(_SIMULATED, "")
        if question.asked:
            place = places[question.name]
            row |= _simulated(found, question, place, start, horizon)
        rows.append(row)
    return rows


def score_rows(found: Backcast) -> list[dict[str, Any]]:
    """Return one row per question and forecaster, and the means of each forecaster."""
    rows = []
    for forecaster, answers in found.answers.items():
        for question, answer in zip(found.asked, answers, strict=True):
            rows.append(
                _score(question.name, question.status, forecaster, 1, answer.crps, answer.order, answer.pairs)
            )
        pairs = len(found.sure[forecaster])
        for name, statuses in _GROUPS.items():
            count = len(found.crps(forecaster, *statuses))
            ordered = (found.order(forecaster), pairs) if SCORED in statuses else (math.nan, 0)
            rows.append(
                _score(
                    f"({name})", "mean", forecaster, count, found.mean_crps(forecaster, *statuses), *ordered
                )
            )
    return rows


def as_csv(rows: Sequence[dict[str, Any]]) -> str:
    """Return rows as CSV; what is not known is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _cell(value) for name, value in row.items()})
    return text.getvalue()


def as_data(found: Backcast) -> dict[str, Any]:
    """Return all of it as plain data; what is not known, or never comes, is None."""

    def plain(row: dict[str, Any]) -> dict[str, Any]:
        return {
            name: None if value == "" or (isinstance(value, float) and not math.isfinite(value)) else value
            for name, value in row.items()
        }

    result = found.result
    return {
        "scenario": result.scenario.name,
        "record_until": found.history.end.isoformat(),
        "seed": int(result.seed),
        "runs": len(result.run_numbers),
        "interrupted": bool(result.interrupted),
        "credit": found.history.credit,
        "models": [plain(row) for row in rows_of(found)],
        "scores": [plain(row) for row in score_rows(found)],
    }


def in_words(found: Backcast) -> str:
    """Return the backcast as text: dates, amounts, openness beside the record; scores; what they say."""
    return "\n".join(
        [
            *_heading(found),
            "",
            *_date_table(found),
            "",
            *_amount_table(found),
            "",
            *_score_table(found),
            "",
            *(textwrap.fill(line, COLUMNS, subsequent_indent="  ") for line in verdicts(found)),
            "",
            *(textwrap.fill(line, COLUMNS, subsequent_indent="  ") for line in _left_out(found)),
            textwrap.fill(found.history.credit, COLUMNS, subsequent_indent="  "),
        ]
    )


def verdicts(found: Backcast) -> list[str]:
    """Return what the scores say, in sentences; also where the simulation loses."""
    start, scored = found.result.scenario.start, [q for q in found.asked if q.status == SCORED]
    if not scored:
        return ["The record has no model that this scenario leaves to emerge."]
    own = [a for q, a in zip(found.asked, found.answers[SIMULATION], strict=True) if q.status == SCORED]
    medians = [quantiles(answer.dates)[2] for answer in own]
    actual = [question.actual for question in scored]
    early = sum(median < date for median, date in zip(medians, actual, strict=True))
    late = sum(median > date for median, date in zip(medians, actual, strict=True))
    never = sum(math.isinf(median) for median in medians)
    off = float(np.quantile(np.subtract(medians, actual), 0.5, method="inverted_cdf"))
    middle = "comes in fewer than half of the runs" if math.isinf(off) else f"is off by {off:+.1f} months"
    lines = [
        f"Of {len(scored)} models, the simulated median is too early for {early} and too late for {late}"
        f" (not by {last_day(start + found.result.compiled.horizon)} in most runs: {never}); "
        f"the middle one {middle}.",
    ]
    for level, (low, high) in {"50": (1, 3), "90": (0, 4)}.items():
        inside = 0
        for answer, date in zip(own, actual, strict=True):
            bounds = quantiles(answer.dates)
            inside += bool(bounds[low] <= date <= bounds[high])
        lines.append(f"The {level} % interval holds the actual date of {inside} of {len(scored)}.")
    lines += _about_amounts(found)
    lines += [_against(found, rival) for rival in found.rivals]
    return lines


def _recorded(question: Question) -> dict[str, Any]:
    model = question.model
    cost = model.cost if model else None
    row: dict[str, Any] = {
        "record_flop": question.flop if model and model.flop else "",
        "record_team": (model and model.team) or "",
        "record_authors": (model and model.authors) or "",
        "record_access": model.weights if model else "",
    }
    for name in ("usd", "low_90", "high_90", "total_usd", "total_low_90", "total_high_90", "amortised_usd"):
        row[f"record_cost_{name}"] = (cost and getattr(cost, name)) or ""
    row["record_cost_source"] = cost.source if cost else ""
    for part in PARTS:
        row[f"record_{part}"] = (model and getattr(model.published, part)) or ""
    return row


def _simulated(
    found: Backcast, question: Question, place: int, start: float, horizon: float
) -> dict[str, Any]:
    answer, models = found.answers[SIMULATION][place], found.models[place]
    levels = quantiles(answer.dates)
    row: dict[str, Any] = {
        "share_by_end_of_record": float((answer.dates <= found.end).mean()),
        "share_by_end_of_run": float(np.isfinite(answer.dates).mean()),
        "months_off": _off(float(levels[2]), question.actual, "later"),
        "crps_months": answer.crps,
    }
    for level, date in zip(QUANTILES, levels, strict=True):
        row[f"simulated_q{round(100 * level)}"] = _day(float(date), start, "later")
    for amount, column in AMOUNTS.items():
        median, low, high = _spread(models, column)
        row |= {f"simulated_{amount}": median}
        row |= {f"simulated_{amount}_low_90": low, f"simulated_{amount}_high_90": high}
    there = [model for model in models if model["announced_date"] <= found.end]
    forms = _forms(found, place)
    for form in FORMS:
        row[f"share_{form}"] = forms[form] if there else math.nan
    for part, column in PARTS.items():
        out = sum(model[column] <= found.end for model in there)
        row[f"share_{part}"] = out / len(there) if there else math.nan
    return row


def _spread(models: Sequence[Model], column: str) -> tuple[float, float, float]:
    """Return the median and the 5 and 95 % quantiles of an amount over the runs that have the model."""
    known = [model[column] for model in models if not math.isnan(model[column])]
    if not known:
        return math.nan, math.nan, math.nan
    low, median, high = map(float, np.quantile(known, (0.05, 0.5, 0.95), method="inverted_cdf"))
    return median, low, high


def _score(name: str, kind: str, forecaster: str, count: int, crps_: float, order: float, pairs: int) -> dict:
    return {
        "model": name,
        "kind": kind,
        "forecaster": forecaster,
        "questions": count,
        "crps_months": crps_,
        "order_log_score": order,
        "pairs": pairs,
    }


def _heading(found: Backcast) -> list[str]:
    result = found.result
    counts, count = Counter(question.status for question in found.questions), len(result.run_numbers)
    runs = f"{count:,} run{'s' if count > 1 else ''}"
    return [
        f"{result.scenario.file.scenario.title}: {runs}, seed {result.seed}, "
        f"against the record until {found.history.end}",
        f"left to emerge and scored: {counts[SCORED]}; given: {counts[GIVEN]}; not simulated: "
        f"{counts[NOT_SIMULATED]}; builders with none of class {result.scenario.follow_class} on record, "
        f"scored too: {counts[NONE]}",
    ]


def _date_table(found: Backcast) -> list[str]:
    start = found.result.scenario.start
    head = [
        "model",
        "actor",
        "class",
        "actual",
        "simulated (90 % of runs)",
        "months off",
        "by the end",
        "CRPS",
    ]
    table = [[*head, *found.rivals]]
    for place, question in enumerate(found.asked):
        dates = found.answers[SIMULATION][place].dates
        levels = quantiles(dates)
        low, median, high = (_month(float(levels[at]), start) for at in (0, 2, 4))
        table.append(
            [
                question.name,
                question.actor,
                question.klass + (f" ({question.rank})" if question.rank > 1 else ""),
                _month(question.actual, start, "none"),
                f"{median} ({low} to {high})",
                _off(float(levels[2]), question.actual, "later", "{:+.1f}"),
                percent(float((dates <= found.end).mean())),
                *(f"{answers[place].crps:.1f}" for answers in found.answers.values()),
            ]
        )
    notes = [
        "class (k): the k-th of its actor, of that class or above. later: than "
        f"{last_day(start + found.result.compiled.horizon)}, or never.",
        "by the end: share of runs that announce it by the end of the record, up to which the CRPS counts.",
        "CRPS: of the simulation, then of its rivals, in months; less is better.",
    ]
    return [*laid_out(table, right=range(5, len(table[0]))), *notes]


def _amount_table(found: Backcast) -> list[str]:
    head = ["model", "cost, USD", "simulated (90 % of runs)", "team", "simulated (90 %)"]
    table = [[*head, "weights", "in runs", "most often"]]
    for place, question in enumerate(found.asked):
        if question.model is None:
            continue
        model, cost = question.model, question.model.cost
        usd = human(cost.usd) if cost and cost.usd else ""
        if cost and cost.usd and cost.low_90 and cost.high_90:
            usd += f" ({human(cost.low_90)} to {human(cost.high_90)})"
        forms = _forms(found, place)
        often = max(FORMS, key=forms.__getitem__)
        table.append(
            [
                question.name,
                usd,
                _interval(_spread(found.models[place], AMOUNTS["cost_usd"]), human),
                str(model.team) if model.team else f"({model.authors})" if model.authors else "",
                _interval(_spread(found.models[place], AMOUNTS["team"]), "{:.0f}".format),
                _WORDS[model.weights],
                percent(forms[model.weights]) if forms else "",
                f"{_WORDS[often]} {percent(forms[often])}" if forms else "",
            ]
        )
    notes = [
        "cost: of the final training, mostly its rent (by which account: backcast.csv); simulated: its rent.",
        "team: of the record, or in brackets the authors of the paper; the simulated one is mostly an input.",
        "weights: how they could be had; in runs: of those with the model by the end of the record, the",
        "share in which they could be had likewise by then.",
    ]
    return [*laid_out(table), *notes]


def _forms(found: Backcast, place: int) -> Counter[str]:
    """Return the shares of the forms of access, of the runs that have a model by the end of the record."""
    there = [model for model in found.models[place] if model["announced_date"] <= found.end]
    counts = Counter(form_of(model, found.end) for model in there)
    return Counter({form: count / len(there) for form, count in counts.items()})


def _score_table(found: Backcast) -> list[str]:
    counts = {name: len(found.crps(SIMULATION, *statuses)) for name, statuses in _GROUPS.items()}
    pairs = len(found.sure[SIMULATION])
    head = ["forecaster", *(f"CRPS, {name} ({count})" for name, count in counts.items())]
    table = [[*head, f"log score of order ({pairs:,} pairs)"]]
    for forecaster in found.answers:
        means = [found.mean_crps(forecaster, *statuses) for statuses in _GROUPS.values()]
        table.append([forecaster, *map(_number, means), _number(found.order(forecaster), 3)])
    lines = laid_out(table, right=range(1, len(table[0])))
    lines.append("CRPS in months, mean over the questions.")
    lines.append(f"Log score of the order of two models: more is better; {IGNORANCE:.3f}: knows nothing.")
    lines += [f"{name}: {RIVALS[name]}." for name in found.rivals]
    return [*lines, "Intervals of differences below take the questions as independent, which they are not."]


def _about_amounts(found: Backcast) -> list[str]:
    """Return what cost, team and openness beside the record say, in sentences."""
    lines = []
    for name, column in (("cost_usd", "cost of the final training"), ("team", "core team")):
        known = inside = below = 0
        for place, question in enumerate(found.asked):
            median, low, high = _spread(found.models[place], AMOUNTS[name])
            actual = _actual(question, name)
            if actual is not None and not math.isnan(median):
                known, inside, below = known + 1, inside + (low <= actual <= high), below + (median < actual)
        if known:
            lines.append(
                f"The {column} is on record for {known}: within 90 % of the runs for {inside}; the simulated "
                f"median is lower for {below}."
            )
    shares, often = [], 0
    for place, question in enumerate(found.asked):
        if question.model is not None and (forms := _forms(found, place)):
            shares.append(forms[question.model.weights])
            often += forms[question.model.weights] == max(forms.values())
    if shares:
        mean = percent(float(np.mean(shares)))
        lines.append(
            f"Weights could be had as they really could in {mean} of the runs, in the mean over "
            f"{len(shares)} models; for {often}, what is most frequent is what was."
        )
    return lines


def _actual(question: Question, amount: str) -> float | None:
    model = question.model
    if model is None:
        return None
    if amount == "team":
        return model.team
    return model.cost.usd if model.cost else None


def _against(found: Backcast, rival: str) -> str:
    parts = []
    for name, statuses in _GROUPS.items():
        if not len(found.crps(rival, *statuses)):
            continue
        difference = found.against(rival, *statuses)
        interval = difference.mean_interval
        word = "no clear difference"
        if _sure(interval):
            word = "nearer" if interval.high < 0 else "farther off"
        nearer = round(difference.lower * difference.pairs)
        parts.append(
            f"{name}: {word} ({difference.mean:+.1f} months, 90 %: {interval.low:+.1f} to "
            f"{interval.high:+.1f}; nearer in {nearer} of {difference.pairs})"
        )
    text = f"Simulation against {rival}. CRPS, {'; '.join(parts)}."
    if len(found.sure[rival]):
        better = found.order(SIMULATION) > found.order(rival)
        knows = "" if found.order(SIMULATION) > IGNORANCE else ", and no better than knowing nothing"
        text += (
            f" Order: {'better' if better else 'worse'} ({found.order(SIMULATION):.3f} against "
            f"{found.order(rival):.3f}){knows}."
        )
    return text


def _sure(interval: Bounds) -> bool:
    return interval.high < 0 or interval.low > 0


def _left_out(found: Backcast) -> list[str]:
    lines = []
    start = found.result.scenario.start
    given = [question for question in found.questions if question.status == GIVEN]
    if given:
        names = ", ".join(f"{question.name} ({_month(question.actual, start)})" for question in given)
        lines.append(f"Given, not scored: {names}.")
    for question in found.questions:
        if question.status == NOT_SIMULATED:
            lines.append(f"Not simulated: {question.name} ({question.reason}).")
    return lines


def _off(median: float, actual: float, later: str, form: str = "{:.6g}") -> str:
    """Return by how many months a median is too late; empty where nothing came."""
    if math.isinf(actual):
        return ""
    return form.format(median - actual) if math.isfinite(median) else later


def _interval(spread: tuple[float, float, float], form: Callable[[float], str]) -> str:
    median, low, high = spread
    return "" if math.isnan(median) else f"{form(median)} ({form(low)} to {form(high)})"


def _number(value: float, digits: int = 1) -> str:
    return "" if math.isnan(value) else f"{value:.{digits}f}"


def _month(months: float, start: float, never: str = "later") -> str:
    return date_of_months(start + months).isoformat()[:7] if math.isfinite(months) else never


def _day(months: float, start: float, never: str) -> str:
    return date_of_months(start + months).isoformat() if math.isfinite(months) else never


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.6g}"
    return value
