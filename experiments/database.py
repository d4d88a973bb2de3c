"""The diffusion database of simulated models: the columns of the record, filled by runs.

One row per model. Of one run, all models that it trained; of an ensemble, those that an actor has in
at least half of the runs, with medians and most frequent words. The columns bear the names of those
of the case-study tables, so that both can be laid beside each other.
"""

from __future__ import annotations

import csv
import io
import math
import statistics
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.replay import Origin, Replay, origin_of
from experiments.table import laid_out
from experiments.wording import Wording, human
from sim.schema import date_of_months
from sim.words import Access, ArtifactKind, Event, Mechanism

if TYPE_CHECKING:
    from sim.result import Result

MOST_RUNS = 200  # of an ensemble, from the first on
LEAST_SHARE = 0.5  # of the runs in which a model exists
LEAST_HELP = 0.02  # of a tool that counts as used
DAYS_PER_MONTH = 365.25 / 12

COLUMNS = {
    "model": "name, made of developer and class",
    "developer": "",
    "developer_type": "kind of actor",
    "country": "region of the scenario",
    "class": "class that the model counts for",
    "training_flop": "FLOP of the final training run",
    "hardware": "generation of chips; empty where the record gives the model",
    "chips": "chips of the training",
    "training_days": "of the final training run",
    "project_days": "from the start to the end of training",
    "trained_date": "",
    "announced_date": "empty: not within the horizon",
    "cost_usd_estimate": "rent of the chips for the final training run, USD, whoever paid",
    "cost_low_90": "5 % quantile over the runs",
    "cost_high_90": "95 % quantile over the runs",
    "total_compute_cost_usd": "the same for trial runs and lost attempts too",
    "spent_usd": "what the developer spent, salaries included",
    "core_team_size": "people at the end",
    "gpt3_like": "of the class in question or above",
    "mechanism": "how the developer came to have it",
    "paper_published": "when its existence became public",
    "details_published": "",
    "hyperparameters_published": "",
    "training_code_published": "",
    "dataset_published": "",
    "weights_access": "closed, open, licensed, staged or leaked",
    "weights_access_date": "",
    "api_date": "",
    "tools_used": "tools that had reached the team and helped it",
    "sponsor": "",
    "share_of_runs": "in which the developer has a model of the class",
    "source": "simulated: scenario, seed, run",
}
NUMBERS = (
    "training_flop", "chips", "training_days", "project_days", "cost_usd_estimate",
    "total_compute_cost_usd", "spent_usd", "core_team_size",
)  # fmt: skip
DATES = ("trained_date", "announced_date", "weights_access_date", "api_date")
PUBLISHED = {
    "paper_published": ArtifactKind.EXISTENCE,
    "details_published": ArtifactKind.DETAILS,
    "hyperparameters_published": ArtifactKind.HYPERPARAMETERS,
    "training_code_published": ArtifactKind.CODE,
    "dataset_published": ArtifactKind.DATASET,
}
WORDS = ("hardware", "mechanism", "weights_access", "sponsor")
RECORD = (
    "record_model",
    "record_announced",
    "record_flop",
    "record_parameters",
    "record_weights",
    "record_tools",
)

Row = dict[str, Any]


def database(
    source: Result | Origin | str | Path, run: int | None = None, *, beside: bool = False
) -> list[Row]:
    """Return the rows of the database, by trained date; keys are COLUMNS (and RECORD with ``beside``).

    Args:
        source: a result, or the folder that ``cascades run`` left.
        run: its number; None: the models that exist in at least half of the runs (of the first 200).
        beside: add what the record says of the same developer and class, where there is a record.

    Raises:
        UserError: for a folder or run that is not there, or a scenario without a record.
    """
    origin = source if isinstance(source, Origin) else origin_of(source)
    if run is not None:
        rows = models_of(origin.replay(run))
        where = f"run {run}"
    else:
        runs = list(origin.runs)[:MOST_RUNS]
        rows = modal([models_of(origin.replay(number)) for number in runs])
        where = f"runs {runs[0]} to {runs[-1]}" if len(runs) > 1 else f"run {runs[0]}"
    name = origin.compiled.scenario.name
    start = origin.compiled.scenario.start
    for row in rows:
        row["source"] = f"simulated: scenario {name}, seed {origin.seed}, {where}"
        for column in (*DATES, *PUBLISHED):
            row[column] = _day(row[column], start, "" if column in DATES else "no")
    rows = [{column: row.get(column, "") for column in COLUMNS} for row in rows]
    rows.sort(key=lambda row: (row["trained_date"], row["model"]))
    return with_record(rows, origin) if beside else rows


def models_of(replay: Replay) -> list[Row]:
    """Return one row per model that a run trained; dates in months since the start, inf for never.

    Besides the columns, ``scripted`` says whether the scenario gives the model.
    """
    from sim.compute import monthly_rent

    log, words = replay.log, Wording(replay)
    tables = replay.at(replay.compiled.horizon)
    file, names = replay.compiled.scenario.file, replay.compiled
    follow = names.classes.index(names.scenario.follow_class)
    reference = tables.classes["flop"].copy()
    rows: list[Row] = []
    seen: Counter[tuple[int, int]] = Counter()
    for place in np.flatnonzero((log["reached"] >= 0) & (log["project"] >= 0)):
        event, project = log[place], replay.projects[log["project"][place]]
        actor, klass, number = int(event["actor"]), int(event["reached"]), int(event["project"])
        mine = log[log["project"] == number]
        seen[actor, klass] += 1
        count = f" ({seen[actor, klass]})" if seen[actor, klass] > 1 else ""
        given = project["script"] >= 0
        trained = float(event["time"])
        begun = mine["time"][np.isin(mine["what"], (Event.TUNED, Event.FAILED))]
        months = trained - float(begun[-1]) if len(begun) else math.nan
        rent = math.nan
        if project["chip"] >= 0:
            rent = float(monthly_rent(replay.world, actor, int(project["chip"]), trained))
        name = names.actors[actor]
        rows.append(
            {
                "model": f"{name} {names.classes[klass]}{count}",
                "scripted": bool(given),
                "developer": name,
                "developer_type": file.actors[name].kind.replace("_", " "),
                "country": file.actors[name].region,
                "class": names.classes[klass],
                "training_flop": float(reference[klass] if given else project["flop_final"]),
                "hardware": list(file.chips)[project["chip"]] if project["chip"] >= 0 else "",
                "chips": math.nan if given else float(project["chips"]),
                "training_days": months * DAYS_PER_MONTH,
                "project_days": math.nan if given else (trained - project["started"]) * DAYS_PER_MONTH,
                "trained_date": trained,
                "announced_date": _first(mine, Event.ANNOUNCED),
                "cost_usd_estimate": float(project["chips"]) * months * rent,
                "total_compute_cost_usd": float(project["chip_months"]) * rent,
                "spent_usd": math.nan if given else float(event["usd"]),
                "core_team_size": math.nan if given else float(project["team"]),
                "gpt3_like": "yes" if klass >= follow else "no",
                "mechanism": Mechanism(int(event["mechanism"])).phrase,
                **{column: _published(mine, kind) for column, kind in PUBLISHED.items()},
                "weights_access": _access(mine),
                "weights_access_date": _published(mine, ArtifactKind.WEIGHTS),
                "api_date": _published(mine, ArtifactKind.API),
                "tools_used": _tools(words, actor, int(place)),
                "sponsor": words.name(project["sponsor"]),
            }
        )
    return rows


def modal(runs: Sequence[list[Row]]) -> list[Row]:
    """Return the models that an actor has in at least half of the runs: medians, most frequent words.

    A date that does not come in a run counts as later than all others; a cost is of the runs in
    which the model exists.
    """
    groups: dict[tuple[str, str], list[Row]] = {}
    for models in runs:
        first: dict[tuple[str, str], Row] = {}
        for row in models:
            first.setdefault((row["developer"], row["class"]), row)
        for key, row in first.items():
            groups.setdefault(key, []).append(row)
    rows = []
    for (developer, klass), same in groups.items():
        share = len(same) / len(runs)
        if share < LEAST_SHARE:
            continue
        row = dict(same[0]) | {"model": f"{developer} {klass}", "share_of_runs": round(share, 3)}
        for column in NUMBERS:
            known = [one[column] for one in same if not math.isnan(one[column])]
            row[column] = statistics.median(known) if known else math.nan
        missing = [math.inf] * (len(runs) - len(same))
        for column in (*DATES, *PUBLISHED):  # a model that is not there is announced later, or never
            later = missing if column in ("trained_date", "announced_date") else []
            row[column] = _median([one[column] for one in same] + later)
        for column in WORDS:
            row[column] = Counter(one[column] for one in same).most_common(1)[0][0]
        used = Counter(tool for one in same for tool in one["tools_used"].split("; ") if tool)
        row["tools_used"] = "; ".join(tool for tool, count in used.most_common() if count >= len(same) / 2)
        costs = [one["cost_usd_estimate"] for one in same if not math.isnan(one["cost_usd_estimate"])]
        if len(costs) > 1:
            row["cost_low_90"], row["cost_high_90"] = map(float, np.quantile(costs, (0.05, 0.95)))
        rows.append(row)
    return rows


def with_record(rows: list[Row], origin: Origin) -> list[Row]:
    """Lay the record beside the rows: each of its models beside the one of its developer and class."""
    from experiments.history import needed_history

    history = needed_history(origin.compiled.scenario.name)
    waiting: dict[tuple[str, str], list[Row]] = {}
    for title, model in history.models.items():
        for maker in model.makers:
            entry = (
                title, model.announced or model.trained or "", model.flop or "", model.parameters or "",
                model.weights, "; ".join(model.tools),
            )  # fmt: skip
            waiting.setdefault((maker, model.class_), []).append(dict(zip(RECORD, entry, strict=True)))
    blank = dict.fromkeys(RECORD, "")
    laid: list[Row] = []
    for row in rows:
        found = waiting.get((row["developer"], row["class"]), [])
        laid.append(row | (found.pop(0) if found else blank))
    for (maker, klass), left in waiting.items():
        empty = dict.fromkeys(COLUMNS, "") | {"developer": maker, "class": klass}
        empty["model"] = f"({maker} {klass})"  # not among the simulated ones
        laid += [empty | record for record in left]
    return laid


def as_csv(rows: list[Row]) -> str:
    """Return rows as CSV; what is not known is empty."""
    text = io.StringIO()
    columns = list(rows[0]) if rows else list(COLUMNS)
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({column: _cell(value) for column, value in row.items()})
    return text.getvalue()


def in_words(rows: list[Row]) -> str:
    """Return the most telling columns as a table of plain text."""
    shown = {
        "model": "model",
        "trained_date": "trained",
        "announced_date": "announced",
        "training_flop": "FLOP",
        "hardware": "chip",
        "chips": "chips",
        "cost_usd_estimate": "USD",
        "core_team_size": "team",
        "mechanism": "mechanism",
        "weights_access": "weights",
        "sponsor": "sponsor",
    }
    if any(row["share_of_runs"] != "" for row in rows):
        shown["share_of_runs"] = "share of runs"
    if rows and RECORD[0] in rows[0]:
        shown |= {"record_model": "record", "record_announced": "announced"}
    cells = [list(shown.values())]
    for row in rows:
        cells.append([_short(row[column]) for column in shown])
    sources = {row["source"] for row in rows if row["source"]}
    return "\n".join([*laid_out(cells), "", *sorted(sources)])


def _first(rows: np.ndarray, what: Event) -> float:
    found = rows["time"][rows["what"] == what]
    return float(found[0]) if len(found) else math.inf


def _published(rows: np.ndarray, kind: ArtifactKind) -> float:
    return _first(rows[rows["kind"] == kind], Event.RELEASED)


def _access(rows: np.ndarray) -> str:
    """Return how the weights could be had in the end."""
    weights = rows[rows["kind"] == ArtifactKind.WEIGHTS]
    released = weights[weights["what"] == Event.RELEASED]
    if len(released):
        return Access(int(released["amount"][0])).key
    return "leaked" if (weights["what"] == Event.LEAKED).any() else Access.CLOSED.key


def _tools(words: Wording, actor: int, until: int) -> str:
    rows = words.log[:until]
    used = rows[
        (rows["actor"] == actor)
        & (rows["what"] == Event.LEARNED)
        & (rows["kind"] == ArtifactKind.TOOLS)
        & (rows["amount"] >= LEAST_HELP)
    ]
    return "; ".join(
        dict.fromkeys(words.artifact(int(row)).removesuffix(" (tools)") for row in used["artifact"])
    )


def _median(values: list[float]) -> float:
    return float(np.quantile(values, 0.5, method="inverted_cdf"))


def _day(value: Any, start: float, never: str) -> str:
    return date_of_months(start + value).isoformat() if math.isfinite(value) else never


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.6g}"
    return value


def _short(value: Any) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else human(value)
    return str(value)
