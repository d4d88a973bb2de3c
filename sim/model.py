"""One run as a Mesa model: step by month, look at the actors, change them, and see what follows.

The model is a view. The run is ``sim.live.LiveRun``; nothing depends on Mesa's random numbers.
"""

from __future__ import annotations

import datetime
import inspect
from typing import TYPE_CHECKING, Any

import numpy as np

from agents.kinds import REGISTRY
from agents.views import ActorView, Project, mesa, view_class
from sim.attention import attention_now
from sim.errors import UserError, not_found
from sim.learning import has_reached
from sim.live import LiveRun
from sim.release import holds
from sim.result import Result
from sim.scenario import Scenario, load
from sim.words import ArtifactKind, Phase
from sim.world import compile_scenario

if TYPE_CHECKING:
    import pandas as pd

# Columns of the data collector -> attributes of the model, or of an agent.
MODEL_REPORTERS = {
    name: name for name in ("month", "holders", "access", "attention", "projects", "starts", "spending")
}
AGENT_REPORTERS = {name: name for name in ("name", "kind", "reached", "people", "money", "phase")}


class DiffusionModel(mesa.Model):
    """One run of a scenario, month by month; a step is a month.

    Args:
        scenario: name, path or Scenario.
        seed: of all luck.
        run: number of the run; it is the run of this number of ``sim.simulate``.
        sets: changes to the scenario, "path=value".
        draw: whether uncertain inputs are drawn (True) or kept at their centre.
        rng: the seed under the name that newer Mesa gives it (``batch_run(..., rng=...)``).
        kwargs: changes to the scenario by path, as ``batch_run`` can pass them:
            ``{"actors.Beta.people": [10, 20]}``. (Mesa's SolaraViz knows by this name that there may be any.)

    Raises:
        UserError: for a scenario, a change or a number that cannot be used.

    >>> model = DiffusionModel("toy", seed=1)
    >>> model.step()
    >>> model.month
    1
    """

    def __init__(
        self,
        scenario: str | Scenario,
        seed: int = 1,
        run: int = 0,
        sets=(),
        draw: bool = True,
        *,
        rng: int | None = None,
        **kwargs: Any,
    ):
        seed = seed if rng is None else rng
        sets = (sets,) if isinstance(sets, str) else tuple(sets)
        compiled = compile_scenario(load(scenario, (*sets, *_as_sets(kwargs))))
        self.live = LiveRun(compiled, seed, run, draw)
        super().__init__(rng=self.live.seed)
        self.compiled = compiled
        for row, actor in enumerate(compiled.scenario.file.actors.values()):
            view_class(REGISTRY[actor.kind])(self, row)
        self.datacollector = mesa.DataCollector(MODEL_REPORTERS, AGENT_REPORTERS)
        self.datacollector.collect(self)

    def step(self) -> None:
        """Let one month pass. After the last one nothing happens any more."""
        if self.live.ended:
            return
        self.live.advance()
        self.datacollector.collect(self)
        if self.live.ended:
            self.running = False
            if not hasattr(self.datacollector, "_collection_steps"):
                # batch_run of Mesa 3.3 takes record number steps - 1 for the last; ours begin at
                # month 0, so it would give the last but one.
                self.steps += 1

    @property
    def seed(self) -> int:
        return self.live.seed

    @property
    def run(self) -> int:
        return self.live.run

    @property
    def month(self) -> int:
        """Months passed."""
        return self.live.month

    @property
    def date(self) -> datetime.date:
        """The day up to which the run has come."""
        return self.compiled.scenario.date(self.month)

    @property
    def events(self) -> pd.DataFrame:
        """The event log so far, one row per event, as in ``Result.events``."""
        return self.result.events

    @property
    def result(self) -> Result:
        """The run so far as a result of an ensemble of one, with its log."""
        none = self.compiled.numbers[:0].reshape(1, 0)
        return Result(
            self.compiled, self.seed, [], np.array([self.run]), none, none, {self.run: self.live.log}
        )

    def measure(self, metric: str) -> float:
        """Return a metric of the ensemble, such as ``lag_3`` or ``n_dev[big]``, for the log so far."""
        return self.live.measure(metric)

    @property
    def holders(self) -> int:
        """How many actors have trained the class in question, or a higher one."""
        return int(self.measure("n_dev"))

    @property
    def access(self) -> int:
        """How many actors can run weights of the class in question that others made."""
        return int(self.measure("n_access"))

    @property
    def starts(self) -> int:
        """How many projects for the class in question were started."""
        return int(self.measure("starts"))

    @property
    def spending(self) -> float:
        """What projects for the class in question that have ended have cost, in USD."""
        return self.measure("spending")

    @property
    def attention(self) -> float:
        """Public attention, against the strongest demonstration."""
        return float(attention_now(self.live.world))

    @property
    def projects(self) -> int:
        """How many projects are under way."""
        return int((self.live.tables.state["project"] >= 0).sum())

    def actor(self, name: str) -> ActorView:
        """Return the agent of a name."""
        if name not in self.compiled.actors:
            raise UserError(not_found("actor", name, self.compiled.actors))
        row = self.compiled.actors.index(name)
        return next(agent for agent in self.agents if getattr(agent, "row", None) == row)

    @property
    def agents_by_type(self) -> dict[type, Any]:
        """Agents by class; a kind (``agents.LeadingLab``) finds those of its Mesa class."""
        return _ByType(super().agents_by_type)

    # What the views of actors ask for.

    @property
    def artifact_kinds(self) -> list[str]:
        return [word.key for word in ArtifactKind]

    def policy_of(self, row: int, kind: str) -> dict[str, Any] | None:
        """Return the policy of an actor for a kind of artifact; None without one."""
        if kind not in self.artifact_kinds:
            raise UserError(not_found("kind of artifact", kind, self.artifact_kinds))
        return self.live.policy(row, ArtifactKind[kind.upper()])

    def reached_by(self, row: int) -> str:
        """Return the highest class that an actor has trained itself, or ""."""
        if self.compiled.facts["actor_facts"][row]["builder"] < 0:
            return self._class_name(self.compiled.facts["actor_facts"][row]["reached"])
        classes = range(len(self.compiled.classes))
        trained = [klass for klass in classes if has_reached(self.live.world, row, klass)]
        return self._class_name(max(trained, default=-1))

    def project_of(self, row: int) -> Project | None:
        """Return what an actor is working on, or None."""
        place = self.live.tables.state[row]["project"]
        if place < 0:
            return None
        project = self.live.tables.projects[place]
        return Project(
            self._class_name(project["klass"]),
            Phase(project["phase"]).key,
            float(project["started"]),
            float(project["left"]),
            float(project["chips"]),
            float(project["team"]),
            float(project["spent_compute"] + project["spent_labour"]),
            self._actor_name(project["sponsor"]),
        )

    def holdings_of(self, row: int) -> list[tuple[str, str, str]]:
        """Return what an actor holds: (kind of artifact, class or "", owner)."""
        tables, world = self.live.tables, self.live.world
        held = [made for made in range(tables.clock[0].artifacts) if holds(world, row, made)]
        return [
            (
                ArtifactKind(tables.artifacts[made]["kind"]).key,
                self._class_name(tables.artifacts[made]["klass"]),
                self._actor_name(tables.artifacts[made]["owner"]),
            )
            for made in held
        ]

    def holds(self, row: int, kind: str, model_class: str | None) -> bool:
        """Return whether an actor holds an artifact of a kind, and of a class if one is given."""
        if kind not in self.artifact_kinds:
            raise UserError(not_found("kind of artifact", kind, self.artifact_kinds))
        if model_class is not None and model_class not in self.compiled.classes:
            raise UserError(not_found("class", model_class, self.compiled.classes))
        return any(held == kind and model_class in (None, of) for held, of, _ in self.holdings_of(row))

    def _class_name(self, row: int) -> str:
        return self.compiled.classes[row] if row >= 0 else ""

    def _actor_name(self, row: int) -> str:
        return self.compiled.actors[row] if row >= 0 else ""


class _ByType(dict):
    def __missing__(self, kind: type):
        for view, agents in self.items():
            if issubclass(view, kind):
                return agents
        raise KeyError(kind)


def _as_sets(changes: dict[str, Any]) -> list[str]:
    """Return changes given by path as changes in the form "path=value"."""
    parameters = list(inspect.signature(DiffusionModel).parameters)
    for name in changes:
        if "." not in name:
            raise UserError(not_found("parameter", name, [*parameters, "seed"]))
    return [
        f"{path}={str(value).lower() if isinstance(value, bool) else value}"
        for path, value in changes.items()
    ]


def _signature_for_mesa() -> inspect.Signature:
    """Return the parameters without ``seed``.

    From Mesa 3.4 on ``batch_run`` overwrites a parameter that it finds under this name, with None
    if no ``rng`` is given; unseen, a seed among the parameters of the batch comes through.
    """
    whole = inspect.signature(DiffusionModel.__init__)
    shown = [p for name, p in whole.parameters.items() if name not in ("self", "seed")]
    return whole.replace(parameters=shown)


DiffusionModel.__signature__ = _signature_for_mesa()  # type: ignore[attr-defined]
