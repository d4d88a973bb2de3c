"""A backcast: the models that a scenario leaves to emerge, held against those that really came.

Every model of the record is one question: when did this actor announce its first (second, ...) model of this
class or a higher one? The answer of the simulation is the same date in each run. Models that the scenario
scripts are shown as given. Every builder of whom the record knows no model of the class in question is a
question too: that none came by the end of the record. Without these, who says that all come would do well.

The rivals (``experiments.rivals``) answer the same questions; the scores are those of ``experiments.scores``.
"""

from __future__ import annotations

import datetime
import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments import rivals
from experiments.history import History, HistoryModel, gives, months_of_day, needed_history
from experiments.scores import crps, order_score, share_before, share_before_independent
from experiments.statistics import Statistics, compare_values
from sim.errors import UserError
from sim.schema import date_of_months
from sim.words import Access

if TYPE_CHECKING:
    from sim.result import Result
    from sim.scenario import Scenario
    from sim.world import Compiled

Model = dict[str, Any]  # a row of experiments.database.models_of

SCORED, GIVEN, NOT_SIMULATED, NONE = "scored", "given", "not simulated", "none on record"
SIMULATION = "simulation"
HAZARD, SHARED_HAZARD, TREND = "constant hazard", "shared hazard", "compute trend"
RIVALS = {
    HAZARD: "each builder at a constant rate from the reveal on: 1 / months to the first follower (known)",
    SHARED_HAZARD: "the same, but all builders together come at that rate",
    TREND: "when the trend of training compute reaches the model's FLOP (known), give or take one order",
}
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
PARTS = {  # what may be published: its date in a row of the database
    "paper": "paper_published",
    "hyperparameters": "hyperparameters_published",
    "code": "training_code_published",
    "dataset": "dataset_published",
    "weights": "weights_access_date",
    "api": "api_date",
}
AMOUNTS = {
    "cost_usd": "cost_usd_estimate",
    "total_cost_usd": "total_compute_cost_usd",
    "team": "core_team_size",
}
KEPT = (
    "developer",
    "class",
    "scripted",
    "announced_date",
    "weights_access",
    *PARTS.values(),
    *AMOUNTS.values(),
)
BACKCAST_FILE, SCORES_FILE, FIGURE_FILE = "backcast.csv", "scores.csv", "backcast.png"


@dataclass(frozen=True)
class Question:
    """One date that is asked for: when ``actor`` announced its ``rank``-th model of a class or above.

    ``status``: SCORED; GIVEN and NOT_SIMULATED are not asked, for a ``reason``; NONE: scored, none came by
    the end. ``actual``: months since the start; inf: none by the end. ``flop``: of the model, or its class.
    """

    name: str
    status: str
    reason: str
    actor: str
    klass: str
    rank: int
    actual: float
    flop: float
    model: HistoryModel | None = None

    @property
    def asked(self) -> bool:
        return self.status in (SCORED, NONE)


@dataclass(frozen=True)
class Answer:
    """What a forecaster says to a question, and how well that was.

    ``dates``: shape (runs,), months since the start; inf: not by the end of the simulated time. ``crps``:
    months. ``order``: mean log score over the ``pairs`` with a model of somebody else; nan: none.
    """

    dates: np.ndarray
    crps: float
    order: float
    pairs: int


@dataclass(frozen=True)
class Backcast:
    """A scenario held against a record.

    ``end``: up to where dates are scored, months since the start. ``answers``: by forecaster, one per
    question that is asked. ``models``: per such question, the model of each run that has one. ``sure``: per
    forecaster, the log score of each pair of models in the order that was, shape (pairs,).
    """

    result: Result
    history: History
    end: float
    questions: tuple[Question, ...]
    answers: dict[str, list[Answer]]
    models: list[list[Model]]
    sure: dict[str, np.ndarray]

    @property
    def asked(self) -> list[Question]:
        return [question for question in self.questions if question.asked]

    @property
    def rivals(self) -> list[str]:
        return [name for name in self.answers if name != SIMULATION]

    def mean_crps(self, forecaster: str, *statuses: str) -> float:
        """Return the mean CRPS over the questions of some kinds, months; nan where there are none."""
        return float(np.mean(found)) if len(found := self.crps(forecaster, *statuses)) else math.nan

    def crps(self, forecaster: str, *statuses: str) -> np.ndarray:
        """Return the CRPS of each question of some kinds."""
        wanted = statuses or (SCORED, NONE)
        answers = zip(self.asked, self.answers[forecaster], strict=True)
        return np.array([answer.crps for question, answer in answers if question.status in wanted])

    def order(self, forecaster: str) -> float:
        """Return the mean log score of the order of two models; nan where there is no pair."""
        return float(self.sure[forecaster].mean()) if len(self.sure[forecaster]) else math.nan

    def against(self, rival: str, *statuses: str) -> Statistics:
        """Return the paired differences of CRPS, simulation - rival, over questions."""
        return compare_values(self.crps(SIMULATION, *statuses), self.crps(rival, *statuses))


def backcast(
    scenario: Scenario,
    *,
    runs: int = 300,
    seed: int = 1,
    threads: int | None = None,
    draw: bool = True,
    record: str | Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> Backcast:
    """Simulate a scenario and hold it against what happened.

    Args:
        record: file of a record; None: that of the scenario.
        progress: called with the number of runs read since it was last called.

    Raises:
        UserError: for a scenario without a record, a record that cannot be used, or sizes that make no sense.
    """
    from sim.ensemble import simulate

    history = needed_history(scenario.name, record)
    result = simulate(scenario, runs, seed, threads=threads, metrics=["reveal"], logs=0, draw=draw)
    if len(result.run_numbers) == 0:
        raise KeyboardInterrupt
    questions, end = questions_of(history, result.compiled)
    if not any(question.asked for question in questions):
        raise UserError(
            f"the record of {history.scenario!r} asks nothing of scenario {scenario.name!r}: none of its "
            "models is left to emerge there"
        )
    result, models = _read_runs(result, threads, draw, progress)
    return score(result, history, questions, end, models)


def questions_of(history: History, compiled: Compiled) -> tuple[tuple[Question, ...], float]:
    """Return the questions that a record puts to a scenario, by date, and up to where dates are scored.

    A joint model is that of the first of its makers that builds models in the scenario.
    """
    scenario = compiled.scenario
    start, classes = scenario.start, list(compiled.classes)
    end = min(months_of_day(history.end) - start, compiled.horizon)
    builders = [compiled.actors[row] for row in compiled.facts["builders"]]
    questions: list[Question] = []
    dated = sorted(history.models.items(), key=lambda item: item[1].announced or item[1].trained or "")
    for name, model in dated:
        actor = next((maker for maker in model.makers if maker in builders), model.actor)
        reference = scenario.file.classes.get(model.class_)
        actual = _months(model.announced, start)
        given = gives(scenario.file, model)
        reason = _why_not(model, compiled, builders, actual, end)
        enough = classes[classes.index(model.class_) :] if model.class_ in classes else []
        earlier = [
            other
            for other in questions
            if other.status == SCORED
            and other.model is not None
            and actor in other.model.makers
            and other.klass in enough
        ]
        questions.append(
            Question(
                name=name,
                status=GIVEN if given else NOT_SIMULATED if reason else SCORED,
                reason=f"scripted: {model.given}" if given else reason,
                actor=actor,
                klass=model.class_,
                rank=len(earlier) + 1,
                actual=actual,
                flop=model.flop or (reference.flop.value if reference else math.nan),
                model=model,
            )
        )
    return (*questions, *_absent(history, compiled, builders)), end


def score(
    result: Result,
    history: History,
    questions: Sequence[Question],
    end: float,
    models: Sequence[list[Model]],
) -> Backcast:
    """Score the models of the runs, and the rivals, on the questions.

    Args:
        models: per run, its models, as ``experiments.database.models_of`` lists them.
        end: up to where dates are scored, months since the start.
    """
    compiled = result.compiled
    asked = [question for question in questions if question.asked]
    found = [[of_question(question, compiled, run) for run in models] for question in asked]
    own = [np.array([model["announced_date"] if model else math.inf for model in row]) for row in found]
    forecasts = {SIMULATION: own} | _rival_dates(history, compiled, asked, len(models))
    answers: dict[str, list[Answer]] = {}
    sure: dict[str, np.ndarray] = {}
    pairs = _pairs(asked)
    for forecaster, dates in forecasts.items():
        together = share_before if forecaster == SIMULATION else share_before_independent
        sure[forecaster] = np.array(
            [order_score(together(dates[one], dates[two]), len(models)) for one, two in pairs]
        )
        answers[forecaster] = []
        for place, question in enumerate(asked):
            mine = [value for pair, value in zip(pairs, sure[forecaster], strict=True) if place in pair]
            answers[forecaster].append(
                Answer(
                    dates=dates[place],
                    crps=crps(dates[place], question.actual, end),
                    order=float(np.mean(mine)) if mine else math.nan,
                    pairs=len(mine),
                )
            )
    kept = [[model for model in row if model] for row in found]
    return Backcast(result, history, end, tuple(questions), answers, kept, sure)


def of_question(question: Question, compiled: Compiled, models: Sequence[Model]) -> Model | None:
    """Return the model of a run that a question asks for, or None: the ``rank``-th announced of its actor.

    Those of the class or above count, and none that the scenario scripts.
    """
    enough = compiled.classes[compiled.classes.index(question.klass) :]
    own = [
        model
        for model in models
        if model["developer"] == question.actor
        and model["class"] in enough
        and not model["scripted"]
        and math.isfinite(model["announced_date"])
    ]
    own.sort(key=lambda model: model["announced_date"])
    return own[question.rank - 1] if len(own) >= question.rank else None


def form_of(model: Model, end: float) -> str:
    """Return how the weights could be had by a date, as their maker chose: a word of Access.

    An API counts where no weights were released; a leak is nobody's choice.
    """
    if model["weights_access_date"] <= end:
        return str(model["weights_access"])
    return (Access.ARMS_LENGTH if model["api_date"] <= end else Access.CLOSED).key


def quantiles(dates) -> np.ndarray:
    """Return the 5, 25, 50, 75 and 95 % quantiles; dates that never come are later than all others."""
    return np.quantile(dates, QUANTILES, method="inverted_cdf")


def backcast_and_save(
    scenario: Scenario,
    out: str | Path,
    *,
    say: Callable[[str], None] = print,
    read: Callable[[Backcast], None] | None = None,
    **asked: Any,
) -> tuple[Backcast, list[Path]]:
    """Make a backcast and leave tables, figure and manifest in a folder; return both.

    ``asked``: as ``backcast`` takes it. ``read`` is called with the backcast before anything is written. A
    record or a folder that cannot be used is found before anything is simulated.

    Raises UserError.
    """
    from experiments.backcast_report import as_csv, rows_of, score_rows
    from experiments.figures.backcast import draw
    from experiments.folder import OutputFolder
    from experiments.manifest import describe_result, now
    from experiments.run import check_sizes, must_compile, write_files

    started, cold = now(), must_compile()
    runs, seed = asked.get("runs", 300), asked.get("seed", 1)
    check_sizes(scenario, runs, seed, asked.get("threads"), 0, asked.get("draw", True))
    needed_history(scenario.name, asked.get("record"))
    with OutputFolder(out) as folder:
        if cold:
            say("Compiling the rules; this happens once and takes a while.")
        found = backcast(scenario, **asked)
        if read:
            read(found)
        manifest = describe_result(found.result, runs, started)
        manifest["record"] = found.history.model_dump(mode="json", by_alias=True)
        writers: dict[str, Callable[[Path], Any]] = {
            BACKCAST_FILE: lambda path: path.write_text(as_csv(rows_of(found)), encoding="utf-8"),
            SCORES_FILE: lambda path: path.write_text(as_csv(score_rows(found)), encoding="utf-8"),
            FIGURE_FILE: lambda path: draw(found, path),
        }
        return found, write_files(folder, writers, manifest)


def _read_runs(
    result: Result, threads: int | None, draw: bool, progress: Callable[[int], None] | None
) -> tuple[Result, list[list[Model]]]:
    """Return the models of each run; where Ctrl-C breaks it off, of the runs that were read by then."""
    from experiments.database import models_of
    from experiments.replay import Replay

    def read(run: int) -> list[Model]:
        found = models_of(Replay(result.compiled, result.seed, int(run), draw))
        return [{name: model[name] for name in KEPT} for model in found if not model["scripted"]]

    models: list[list[Model]] = []
    pool = ThreadPoolExecutor(threads or os.cpu_count() or 1)
    try:
        for found in pool.map(read, result.run_numbers):
            models.append(found)
            if progress:
                progress(1)
    except KeyboardInterrupt:
        if not models:
            raise
        done = slice(len(models))
        result = replace(
            result,
            run_numbers=result.run_numbers[done],
            values=result.values[done],
            draws=result.draws[done],
            interrupted=True,
        )
    finally:
        pool.shutdown(cancel_futures=True)
    return result, models


def _why_not(
    model: HistoryModel, compiled: Compiled, builders: Sequence[str], actual: float, end: float
) -> str:
    """Return why a model of the record cannot be asked for; "" if it can."""
    start = compiled.scenario.start
    if model.not_simulated:
        return model.not_simulated
    known = [maker for maker in model.makers if maker in compiled.actors]
    if not known:
        return f"{' and '.join(model.makers)}: not in this scenario"
    if not any(maker in builders for maker in known):
        return f"{' and '.join(known)}: builds no models in this scenario"
    if model.class_ not in compiled.classes:
        return f"no class {model.class_!r} in this scenario"
    if model.announced is None:
        return "the record does not say when it was announced"
    if actual < 0.0:
        return f"announced before the scenario begins ({date_of_months(start)})"
    if actual > end:
        return f"announced after the scenario ends ({last_day(start + compiled.horizon)})"
    return ""


def _absent(history: History, compiled: Compiled, builders: Sequence[str]) -> list[Question]:
    """Return a question for each builder of whom the record has no model of the class in question."""
    klass = compiled.scenario.follow_class
    if klass not in history.classes:
        return []
    flop = compiled.scenario.file.classes[klass].flop.value
    return [
        Question(f"({actor}: none)", NONE, "", actor, klass, 1, math.inf, flop)
        for actor in builders
        if history.announced(actor, klass) is None
    ]


def _pairs(asked: Sequence[Question]) -> list[tuple[int, int]]:
    """Return pairs of questions (earlier, later) whose order is scored: models of different makers and dates.

    The order of models of one maker is partly a matter of how they are counted.
    """
    pairs = []
    for one, first in enumerate(asked):
        for two, second in enumerate(asked):
            if first.status == second.status == SCORED and first.actual < second.actual:
                assert first.model is not None and second.model is not None
                if not set(first.model.makers) & set(second.model.makers):
                    pairs.append((one, two))
    return pairs


def _rival_dates(
    history: History, compiled: Compiled, asked: Sequence[Question], count: int
) -> dict[str, list[np.ndarray]]:
    """Return the dates of each rival; after the end of the simulated time inf, as simulated ones are."""
    scenario, trends = compiled.scenario, compiled.scenario.file.trends
    first = history.reveal(scenario.follow_class)
    lag = history.lag(1, scenario.follow_class)
    said: dict[str, list[np.ndarray]] = {}
    if first is not None and math.isfinite(lag):
        reveal = months_of_day(first[1]) - scenario.start
        others = len(compiled.facts["builders"]) - 1
        for name, mean in ((HAZARD, lag), (SHARED_HAZARD, lag * max(1, others))):
            said[name] = [rivals.constant_hazard(reveal, mean, q.rank, count) for q in asked]
    said[TREND] = [
        rivals.compute_trend(
            question.flop,
            trends.compute_flop.value,
            trends.compute_date.value - scenario.start,
            trends.compute_growth.value,
            count,
        )
        for question in asked
    ]
    return {
        name: [np.where(dates <= compiled.horizon, dates, np.inf) for dates in answers]
        for name, answers in said.items()
    }


def _months(text: str | None, start: float) -> float:
    from experiments.history import day_of

    return months_of_day(day_of(text)) - start if text else math.inf


def last_day(months: float) -> datetime.date:
    """Return the last day before a time in months since the year 0.

    >>> last_day(2024 * 12.0).isoformat()
    '2023-12-31'
    """
    return date_of_months(months) - datetime.timedelta(days=1)
