"""Actors as Mesa agents. A view holds its row number and its model; all else it reads and writes there.

For every kind of actor there is one class, which inherits from the kind, so that
``isinstance(agent, agents.LeadingLab)`` and ``model.agents.select(agent_type=LeadingLab)`` work.
"""

from __future__ import annotations

import itertools
import multiprocessing
from collections.abc import Iterator, Mapping, MutableMapping
from types import MappingProxyType
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary, ref

from agents.kinds import ActorKind

_start_method = multiprocessing.get_start_method(allow_none=True)
import mesa  # noqa: E402

# Importing Mesa 3.3 makes "spawn" the way in which every process of the program starts.
multiprocessing.set_start_method(_start_method, force=True)


class Project(NamedTuple):
    """What an actor is working on."""

    model_class: str
    phase: str
    started: float  # month
    left: float  # share of the phase that was left when it was last booked
    chips: float
    team: float  # people
    spent_usd: float
    sponsor: str


class Number:
    """A number of an actor, as it is now; writing it changes what follows."""

    def __init__(self, meaning: str):
        self.__doc__ = meaning

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, agent: ActorView | None, owner: type | None = None):
        return self if agent is None else agent.model.live.number(agent.row, self.name)

    def __set__(self, agent: ActorView, value: float) -> None:
        agent.model.live.change_number(agent.row, self.name, value)


class Policies(MutableMapping):
    """What an actor releases: kind of artifact -> probability, delay_months, access.

    ``agent.policy["code"] = {"probability": 1.0}`` changes it from now on, for this actor alone. A
    kind without a policy is released by motives, or not at all; ``del agent.policy["code"]`` sets the
    probability of a policy to zero.
    """

    def __init__(self, agent: ActorView):
        self._agent = agent

    def __getitem__(self, kind: str) -> Mapping[str, Any]:
        policy = self._agent.model.policy_of(self._agent.row, kind)
        if policy is None:
            raise KeyError(kind)
        return MappingProxyType(policy)

    def __setitem__(self, kind: str, policy: Mapping[str, Any]) -> None:
        self._agent.model.live.change_policy(self._agent.row, kind, policy)

    def __delitem__(self, kind: str) -> None:
        self[kind] = {**self[kind], "probability": 0.0}

    def __iter__(self) -> Iterator[str]:
        model, row = self._agent.model, self._agent.row
        return (kind for kind in model.artifact_kinds if model.policy_of(row, kind) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return repr({kind: dict(policy) for kind, policy in self.items()})


class _Counters(WeakKeyDictionary):
    """The next agent number of every model. Mesa 3.3 keeps models alive in a plain dictionary."""

    def __getitem__(self, model):
        return self.data.setdefault(ref(model, self._remove), itertools.count(1))


class ActorView(mesa.Agent):
    """One actor of a run. ``row``: its row in the tables of the model."""

    _ids = _Counters()

    people = Number("people whom it can put on one model")
    full_time = Number("share of full time that they give")
    experience = Number("experience in large-scale training, share")
    money = Number("money at hand, USD")
    income_usd = Number("money per month for large models, USD of 2020")
    willing_usd = Number("compute budget that it would give one run, USD of 2020")
    chips = Number("chips that it can bring to one run in 2020")
    security = Number("share of leaks and thefts prevented")
    grant_usd = Number("largest single grant of money, USD")
    grant_chips = Number("chips that it can give to one beneficiary")

    def __init__(self, model, row: int):
        super().__init__(model)
        self.row = row

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    @property
    def name(self) -> str:
        return self.model.compiled.actors[self.row]

    @property
    def kind(self) -> str:
        """The kind of actor, as scenario files name it."""
        return self.key

    @property
    def policy(self) -> Policies:
        return Policies(self)

    def set_policy(self, kind: str, **changes: Any) -> None:
        """Change parts of the policy for a kind of artifact from now on; the rest stays.

        ``agent.set_policy("code", probability=1, delay_months=0, access="open")``
        """
        self.policy[kind] = {**self.policy.get(kind, {}), **changes}

    @property
    def reached(self) -> str:
        """The highest class that it has trained itself, or ""."""
        return self.model.reached_by(self.row)

    @property
    def project(self) -> Project | None:
        """What it is working on, or None."""
        return self.model.project_of(self.row)

    @property
    def phase(self) -> str:
        """The phase of its project, or ""."""
        project = self.project
        return project.phase if project else ""

    def holds(self, kind: str, model_class: str | None = None) -> bool:
        """Return whether it holds an artifact of a kind, of one class if that is given."""
        return self.model.holds(self.row, kind, model_class)

    @property
    def holdings(self) -> list[tuple[str, str, str]]:
        """What it holds: (kind of artifact, class or "", owner)."""
        return self.model.holdings_of(self.row)


def view_class(kind: type[ActorKind]) -> type[ActorView]:
    """Return the Mesa class of a kind of actor; it is the same one every time."""
    if kind not in _VIEWS:
        body = {"__doc__": kind.__doc__, "__module__": __name__}
        _VIEWS[kind] = type(kind.__name__, (ActorView, kind), body)
    return _VIEWS[kind]


_VIEWS: dict[type[ActorKind], type[ActorView]] = {}
