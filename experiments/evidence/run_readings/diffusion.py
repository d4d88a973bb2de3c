"""Readings of attention, first models, deployment and barriers.

Attention of one model is read as search interest is published: means of weeks that begin on Sunday, in % of
the highest one. It is worked out from the log: every announcement and demonstration is a jump, which halves
in ``attention.half_life_months``. What other models stir up is left out, as a search for one name would.
"""

from __future__ import annotations

import math
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np

from experiments.evidence.arguments import Date
from experiments.evidence.readings import Run, reading
from sim import scaling
from sim.errors import UserError, not_found
from sim.schema import months_of_date
from sim.series import WEEK
from sim.words import ArtifactKind, Event

if TYPE_CHECKING:
    import pandas as pd

TAKEN_OFF = 10.0  # % of the peak: own, anywhere between the level of papers and that of demonstrations


@reading
def attention_peak(run: Run, actor: str, klass: str) -> float:
    """Return the highest weekly mean of attention, against the strongest demonstration; 0 without any."""
    return float(weekly_attention(run, actor, klass)[1].max(initial=0.0))


@reading
def attention_peak_lag(run: Run, actor: str, klass: str) -> float:
    """Return the weeks from the announcement to the middle of the week of the peak; nan without attention."""
    edges, values = weekly_attention(run, actor, klass)
    announced = announcement_of(run, actor, klass)
    if announced == math.inf or not values.max(initial=0.0) > 0.0:
        return math.nan
    peak = int(np.argmax(values))
    return (0.5 * (edges[peak] + edges[peak + 1]) - announced) / WEEK


@reading
def attention_onset_lag(run: Run, actor: str, klass: str) -> float:
    """Return the weeks from the announcement until the first week of the take-off is over; inf: none."""
    week, announced = take_off(run, actor, klass), announcement_of(run, actor, klass)
    if announced == math.inf:
        return math.nan
    return math.inf if week < 0 else (weekly_attention(run, actor, klass)[0][week + 1] - announced) / WEEK


@reading
def attention_before(run: Run, actor: str, klass: str) -> float:
    """Return the mean level of the weeks between announcement and take-off, in % of the peak; nan: none."""
    edges, values = weekly_attention(run, actor, klass)
    first, week = np.searchsorted(edges, announcement_of(run, actor, klass)), take_off(run, actor, klass)
    if week <= first:
        return math.nan
    return 100.0 * float(values[first:week].mean() / values.max())


@reading
def attention_jump(run: Run, actor: str, klass: str) -> float:
    """Return the level of the first week of the take-off, in % of the peak; nan without one."""
    week = take_off(run, actor, klass)
    values = weekly_attention(run, actor, klass)[1]
    return 100.0 * float(values[week] / values.max()) if week >= 0 else math.nan


def take_off(run: Run, actor: str, klass: str) -> int:
    """Return the first week in which attention exceeds ``TAKEN_OFF`` % of its peak; -1: none."""
    values = weekly_attention(run, actor, klass)[1]
    high = values > TAKEN_OFF / 100.0 * values.max(initial=0.0)
    return int(np.argmax(high)) if high.any() else -1


def announcement_of(run: Run, actor: str, klass: str) -> float:
    """Return the month at which an actor made the existence of a model of a class public; inf: never.

    Where there is no paper, it is the month at which the interface opened.
    """
    released = jumps_of(run, actor, klass, (Event.RELEASED,))
    kinds = (int(ArtifactKind.EXISTENCE), int(ArtifactKind.API))
    times = [released["time"][released["kind"] == kind] for kind in kinds]
    return next((float(found[0]) for found in times if len(found)), math.inf)


def jumps_of(run: Run, actor: str, klass: str, what: tuple[Event, ...]) -> np.ndarray:
    """Return the rows of the log on models of one actor and class that say one of some things."""
    for name, names, thing in ((actor, run.compiled.actors, "actor"), (klass, run.compiled.classes, "class")):
        if name not in names:
            raise UserError(f"with: {not_found(thing, name, names)}")
    rows = run.log
    mine = (rows["actor"] == run.compiled.actors.index(actor)) & np.isin(rows["what"], what)
    return rows[mine & (rows["klass"] == run.compiled.classes.index(klass))]


def weekly_attention(run: Run, actor: str, klass: str) -> tuple[np.ndarray, np.ndarray]:
    """Return (edges of the weeks in months, mean attention of each) of the models of one actor and class."""

    def work_out() -> tuple[np.ndarray, np.ndarray]:
        rows = jumps_of(run, actor, klass, (Event.RELEASED, Event.DEMONSTRATED))
        shown = rows["what"] == Event.DEMONSTRATED
        announced = np.where(rows["kind"] == ArtifactKind.EXISTENCE, rows["draw"], 0.0)
        jumps = np.where(shown, rows["amount"], announced)
        mean = float(run.tables.attention[0]["half_life_months"]) / math.log(2.0)
        edges = week_edges(run.compiled.scenario.start, run.compiled.horizon)
        passed = np.maximum(0.0, edges[:, None] - rows["time"][None, :]) / mean
        area = (jumps * -np.expm1(-passed)).sum(axis=1) * mean  # attention-months up to each edge
        return edges, np.diff(area) / np.diff(edges)

    return run.once(("attention", actor, klass), work_out)


@lru_cache
def week_edges(start: float, horizon: float) -> np.ndarray:
    """Return the months since the start at which weeks begin, on Sundays, up to the horizon."""
    year, month = divmod(int(start), 12)
    first = date(year, month + 1, 1)
    first += timedelta(days=(6 - first.weekday()) % 7)
    days = range(0, math.ceil(horizon / WEEK) * 7, 7)
    edges = [months_of_date((first + timedelta(days=day)).isoformat()) - start for day in days]
    return np.array([edge for edge in edges if edge <= horizon])


@reading
def first_model(run: Run, klass: str, threshold: Literal["loss", "parameters"]) -> float:
    """Return the month at which a model first reaches the reference model of a class; inf: never.

    ``threshold``: "loss" (as good as it) or "parameters" (as large).
    """
    sizes = run.compiled.scenario.file.classes
    models, size = models_of(run), sizes[klass]
    if threshold == "loss":
        fits = models["loss"] <= scaling.loss(size.parameters.value, size.tokens.value) + 1e-12
    else:
        fits = models["parameters"] >= size.parameters.value
    return float(models["trained"][fits].min()) if fits.any() else math.inf


@reading
def wasted_loss(run: Run, since: Date, until: Date) -> float:
    """Return how much lower a loss the compute of models could have bought, mean over models of a period."""
    start = run.compiled.scenario.start
    models = models_of(run)
    models = models[models["trained"].between(months_of_date(since) - start, months_of_date(until) - start)]
    if not len(models):
        return math.nan
    pairs = zip(models["flop"], models["parameters"], models["tokens"], strict=True)
    return float(
        np.mean([scaling.loss(size, text) - scaling.optimal_loss(flop) for flop, size, text in pairs])
    )


@reading
def deployment_ratio(run: Run, actor: str, klass: str) -> float:
    """Return the compute of serving an actor's first model of a class, over that of making it.

    nan: not served. Until the horizon of the run, trials and failed attempts included.
    """
    table = deployments_of(run)
    table = table[(table["actor"] == actor) & (table["class"] == klass)]
    return float(table["ratio"].iloc[0]) if len(table) else math.nan


@reading
def deployment_exceeds(run: Run) -> float:
    """Return after how many months serving took more compute than making, of the model served most."""
    table = deployments_of(run)
    return float(table.loc[table["deployment_flop"].idxmax(), "exceeds"]) if len(table) else math.nan


@reading
def shut_out(run: Run, klass: str, months: float) -> float:
    """Return the share of actors who could pay for a model of a class evenly, but not at once.

    Among those who could not pay at once at the start. The cost is that of the reference model on the
    cheapest chip of their family when follow-up began (its ``as_of``); ``months``: over which it is paid.
    """
    from sim.deployment import gets_through, usd_per_flop

    compiled = run.compiled
    inputs = inputs_of(run)
    size = compiled.scenario.file.classes[klass]
    through = poor = 0
    for actor, row in compiled.scenario.file.actors.items():
        if not compiled.scenario.file.kinds[row.kind].develops:
            continue
        date = inputs[f"classes.{klass}.as_of"]
        total = size.flop.value * usd_per_flop(compiled, inputs, actor, date)
        facts = run.tables.actors[compiled.actors.index(actor)]
        at_once, evenly = gets_through(float(facts["money_usd"]), float(facts["income_usd"]), total, months)
        poor += not at_once
        through += evenly and not at_once
    return through / poor if poor else math.nan


def models_of(run: Run) -> pd.DataFrame:
    """Return the trained models of a run (``sim.trained``)."""
    from sim.trained import trained_models

    return run.once("models", lambda: trained_models(result_of(run)))


def deployments_of(run: Run) -> pd.DataFrame:
    """Return the models of a run that were opened for use (``sim.deployment``)."""
    from sim.deployment import deployments

    return run.once("deployments", lambda: deployments(result_of(run)))


def inputs_of(run: Run):
    """Return the numbers of a run by dotted path (``sim.trained.Inputs``)."""
    from sim.trained import Inputs

    return run.once("inputs", lambda: Inputs(result_of(run), run.number))


def result_of(run: Run):
    """Return a run as a result of one run whose log was kept."""
    from sim.result import Result

    numbers = np.array([run.number])
    return Result(
        run.compiled, run.seed, [], numbers, np.empty((1, 0)), run.draws[None, :], {run.number: run.log}
    )
