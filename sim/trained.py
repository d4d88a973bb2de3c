"""The models of a result: compute, size, loss, cost of use, and how far ahead of the trend each was.

Read from the event logs; nothing is simulated here. The size of a model follows from its compute and from the
allocation rule that its maker knew (``sim.scaling``).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sim import scaling
from sim.paths import join_path
from sim.words import ArtifactKind, Event

if TYPE_CHECKING:
    import pandas as pd

    from sim.result import Result
    from sim.world import Compiled

ROOT = 0
ENDS = (Event.TRAINED, Event.UNDERTRAINED)
STEPS = (Event.STARTED, Event.TUNED, Event.FAILED, Event.ANNOUNCED)
MONTHS_PER_YEAR = 12.0
COLUMNS = (
    "run",
    "project",
    "actor",
    "class",
    "reached",
    "scripted",
    "trained",
    "announced",
    "flop",
    "development_flop",
    "compute_optimal",
    "parameters",
    "tokens",
    "loss",
    "flop_per_token",
    "months_ahead",
)


class Inputs:
    """The numbers that one run of a result had, by dotted path; dates in months since the start.

    They are drawn once more, by the rule of the runs, and stand as at the start; see ``at``.
    """

    def __init__(self, result: Result, run: int):
        from sim.drawing import draw_inputs
        from sim.world import Workspace

        compiled = result.compiled
        uncertain = compiled.uncertain if result.draws.shape[1] else compiled.uncertain[:0]
        self._places = compiled.place_of
        self._workspace = Workspace(compiled)
        world = self._workspace.world
        draw_inputs(world, uncertain, np.uint64(result.seed), np.uint64(run), np.empty(len(uncertain)))
        self.at(0.0)

    def at(self, month: float) -> Inputs:
        """Let the numbers be those that the changes of the scenario leave at a month; return them."""
        from sim.changes import apply_changes

        apply_changes(self._workspace.world, month)
        return self

    def __getitem__(self, path: str) -> float:
        return float(self._workspace.tables.numbers[self._places[path]])


def trained_models(result: Result) -> pd.DataFrame:
    """Return one row per trained model of the runs whose log was kept.

    trained, announced: months (inf: never). flop: of the final run. development_flop: with trials and
    failed attempts (scripted: the trials usual for the class). parameters, tokens: by the allocation rule
    that its maker knew. loss: of the class that it reached, by its reference model (progress of
    algorithms counts). flop_per_token: of its use. months_ahead: how much later the trend before 2020
    comes to its compute.
    """
    import pandas as pd

    rows: list[tuple] = []
    for run, log in result.logs.items():
        rows += _models(result.compiled, Inputs(result, run), run, log)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def months_ahead(flop: float, month: float, trend_flop: float, trend_month: float, growth: float) -> float:
    """Return by how many months a training of ``flop`` at ``month`` runs ahead of a trend of compute.

    ``growth``: orders of magnitude a year. Ten times the trend at one order a year is 12 months ahead.
    """
    if growth <= 0.0:
        return math.nan
    arrives = trend_month + MONTHS_PER_YEAR * math.log10(flop / trend_flop) / growth
    return arrives - month


def _models(compiled: Compiled, inputs: Inputs, run: int, log: np.ndarray) -> list[tuple]:
    scripts = len(compiled.scenario.file.scripted_projects)
    optimal_from = rule_known_from(compiled, log)
    announced: dict[int, float] = {}
    spent: dict[int, float] = {}
    started_by_script: set[int] = set()
    for row in log[np.isin(log["what"], STEPS)]:
        project = int(row["project"])
        if row["what"] == Event.ANNOUNCED:
            announced.setdefault(project, float(row["time"]))
        elif row["what"] in (Event.TUNED, Event.FAILED):
            spent[project] = spent.get(project, 0.0) + float(row["amount"])
        elif row["what"] == Event.STARTED and row["cause"] == ROOT and scripts and row["amount"] == 0.0:
            started_by_script.add(project)
    models = []
    for row in log[np.isin(log["what"], ENDS) & (log["project"] >= 0) & (log["reached"] >= 0)]:
        project = int(row["project"])
        aimed, reached = (compiled.classes[row[field]] for field in ("klass", "reached"))
        scripted = project in started_by_script
        time = float(row["time"])
        inputs.at(time)
        reference = inputs[join_path(["classes", aimed, "flop"])]
        flop = reference if scripted else float(row["amount"])
        knows = bool(optimal_from[row["actor"]] <= time) and not scripted
        if knows:
            parameters = scaling.optimal_parameters(flop)
            tokens = flop / scaling.FLOP_PER_PARAMETER_TOKEN / parameters
        else:
            largest = inputs[join_path(["classes", aimed, "parameters"])]
            parameters, tokens = scaling.kaplan_allocation(flop, reference, largest)
        size, text = (inputs[join_path(["classes", reached, field])] for field in ("parameters", "tokens"))
        seen = announced.get(project, math.inf)
        ahead = months_ahead(
            flop,
            time if seen == math.inf else seen,
            inputs["trends.compute_flop"],
            inputs["trends.compute_date"],
            inputs["trends.compute_growth"],
        )
        models.append(
            (
                run,
                project,
                compiled.actors[row["actor"]],
                aimed,
                reached,
                scripted,
                time,
                seen,
                flop,
                flop / (1.0 - inputs[join_path(["classes", aimed, "search_share"])])
                if scripted  # of which the record gives the last run only
                else flop + spent.get(project, 0.0),
                knows,
                parameters,
                tokens,
                scaling.loss(size, text),
                scaling.inference_flop(parameters),
                ahead,
            )
        )
    return models


def rule_known_from(compiled: Compiled, log: np.ndarray) -> np.ndarray:
    """Return when each actor came to know the compute-optimal rule; inf: never. Shape (actors,)."""
    file, start = compiled.scenario.file, compiled.scenario.start
    known = np.full(len(compiled.actors), np.inf)
    teaching_insights = [insight.teaches == "compute_optimal" for insight in file.insights.values()]
    scripted = {
        (
            compiled.actors.index(item.owner),
            int(ArtifactKind[item.kind.upper()]),
            max(0.0, (item.made if item.made.value > 0.0 else item.published).value - start),
        )
        for item in file.scripted_artifacts.values()
        if item.teaches == "compute_optimal"
    }
    artifacts: set[int] = set()
    kinds = {int(ArtifactKind[insight.kind.upper()]) for insight in file.insights.values() if insight.teaches}
    kinds |= {kind for _, kind, _ in scripted}
    passed = np.isin(log["what"], (Event.MADE, Event.LEARNED)) & (log["project"] < 0)
    for row in log[passed & np.isin(log["kind"], list(kinds))]:
        actor, artifact = int(row["actor"]), int(row["artifact"])
        if row["what"] == Event.MADE:
            found = log[row["cause"]]
            teaches = found["what"] == Event.DISCOVERED and teaching_insights[int(found["amount"])]
            if not teaches and (actor, int(row["kind"]), float(row["time"])) not in scripted:
                continue
            artifacts.add(artifact)
        elif artifact not in artifacts:
            continue
        known[actor] = min(known[actor], float(row["time"]))
    return known


def surprise(result: Result) -> pd.DataFrame:
    """Return how many months each announced model ran ahead of the trend before 2020, most first.

    One row per actor and class of the reference model: median and 90 % interval over the runs whose log
    was kept, and in how many of them it was announced.
    """
    models = trained_models(result)
    models = models[np.isfinite(models["announced"])]
    groups = models.groupby(["actor", "class", "scripted"])["months_ahead"]
    table = groups.quantile([0.05, 0.5, 0.95]).unstack()
    table.columns = ["q5", "q50", "q95"]
    table["models"] = groups.size()
    return table.sort_values("q50", ascending=False)
