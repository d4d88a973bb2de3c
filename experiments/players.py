"""Players of an attribution: who they are, and the world without some of them.

To remove a player is to change the scenario and simulate it again in the same luck. A new sort of player is
one entry of ``SORTS``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sim.errors import UserError, not_found

if TYPE_CHECKING:
    from sim.scenario import Scenario

Data = dict[str, Any]
OF = "/"  # "OpenAI/weights": what one actor releases of one kind
JOIN = "++"  # of policies


@dataclass(frozen=True)
class Sort:
    """One sort of players.

    ``one``, ``many``: what they are. ``absence``: what it means that one is removed. ``usual``: who plays if
    nobody is named; ``known``: all who may be named. ``without``: the scenario's plain data without one; None
    if players are policies that are laid over.
    """

    one: str
    many: str
    absence: str
    usual: Callable[[Scenario], list[str]]
    known: Callable[[Scenario], list[str]]
    without: Callable[[Data, str], Data] | None


def sort_of(over: str) -> Sort:
    """Return a sort of players by its name; raise UserError if there is none."""
    if over not in SORTS:
        raise UserError(f"--over {over}: {not_found('sort of players', over, SORTS)}")
    return SORTS[over]


def players_of(base: Scenario, over: str, named: Sequence[str] = ()) -> list[str]:
    """Return the players of a scenario: those who are named, or else the usual ones.

    Raises UserError for one that does not exist or is named twice, or if there is none.
    """
    sort = sort_of(over)
    if isinstance(named, str):
        raise UserError(f"players = {named!r}: must be a list of names")
    players = list(named) or sort.usual(base)
    if not players and over == "levers":
        from sim.policy import policy_names

        raise UserError(
            "--over levers: name at least one policy with --player, such as --player "
            f"{policy_names()[0]} (there is: {', '.join(policy_names())})"
        )
    if not players:
        raise UserError(f"--over {over}: {base.name} has none, so there is nothing to attribute to")
    for place, player in enumerate(players):
        if player in players[:place]:
            raise UserError(f"--player {player}: is named twice")
        if over == "levers":
            world(base, over, [player], [])  # complains of what cannot be used
        elif player not in (known := sort.known(base)):
            raise UserError(f"--player {player}: {not_found(sort.one, player, known)}")
    return players


def world(base: Scenario, over: str, present: Sequence[str], absent: Sequence[str]) -> Scenario:
    """Return the scenario in which some players are present and others are removed."""
    without = sort_of(over).without
    if without is None:
        from sim.policy import with_policies

        return with_policies(base, JOIN.join(present))
    from sim.scenario import from_data

    data = base.raw
    for player in absent:
        data = without(data, player)
    if data is base.raw:
        return base
    return from_data(data, base.origin, base.sets, policies=base.policies, name=base.name)


def _without_kind(data: Data, kind: str) -> Data:
    return _forbidden(data, ["all"], kind)


def _forbidden(data: Data, actors: list[str], kind: str) -> Data:
    orders: list[Data] = []
    for order in data.get("orders", []):
        orders += _released_from(order, actors, kind) if order.get("action") == "require" else [order]
    order = {"actors": actors, "artifacts": [kind], "action": "forbid"}
    return {**data, "orders": [*orders, order]}


def _released_from(order: Data, actors: list[str], kind: str) -> list[Data]:
    """Return an order that requires releases without its word on one kind by some actors."""
    kinds = order.get("artifacts", ["all"])
    kinds = _all_kinds() if "all" in kinds else kinds
    if kind not in kinds:
        return [order]
    silent = {**order, "artifacts": [kind], "action": ""}
    split = [{**order, "artifacts": [other for other in kinds if other != kind]}, silent]
    if actors != ["all"]:
        others = {**order, "artifacts": [kind], "except": [*order.get("except", []), *actors]}
        split = [split[0], others, {**silent, "actors": actors, "except": []}]
    return [row for row in split if row["artifacts"]]


def _without_artifact(data: Data, name: str) -> Data:
    if name not in data.get("scripted_artifacts", {}):
        actor, _, kind = name.rpartition(OF)
        return _forbidden(data, [actor], kind)
    row = data["scripted_artifacts"][name]
    # withheld, not unmade: its owner has it when it had it
    return _changed(
        data, "scripted_artifacts", name, published="never", made=row.get("made", row["published"])
    )


def _without_actor(data: Data, actor: str) -> Data:
    data = _without_grants(_changed(data, "actors", actor, active_from="never", reached=""), actor)
    for name, row in data.get("scripted_artifacts", {}).items():
        if row["owner"] == actor:
            data = _changed(data, "scripted_artifacts", name, made="never", published="never")
    for name, row in data.get("scripted_projects", {}).items():
        if row["actor"] == actor:
            dates = dict.fromkeys(("started", "trained", "announced"), "never")
            data = _changed(data, "scripted_projects", name, **dates)
    return data


def _without_grants(data: Data, actor: str) -> Data:
    return _changed(data, "actors", actor, grant_usd=0, grant_chips=0)


def _without_motive(data: Data, motive: str) -> Data:
    for holder, weights in data["motives"].items():
        if motive in weights:
            data = _changed(data, "motives", holder, **{motive: 0})
    return data


def _changed(data: Data, table: str, name: str, **fields: Any) -> Data:
    return {**data, table: {**data[table], name: {**data[table][name], **fields}}}


def _kinds(base: Scenario) -> list[str]:
    return list(base.file.effects)


def _all_kinds(base: Scenario | None = None) -> list[str]:
    from sim.words import ArtifactKind

    return [kind.key for kind in ArtifactKind]


def _artifacts(base: Scenario) -> list[str]:
    return list(base.file.scripted_artifacts)


def _all_artifacts(base: Scenario) -> list[str]:
    return [
        *_artifacts(base),
        *(f"{actor}{OF}{kind}" for actor in _actors(base) for kind in _all_kinds(base)),
    ]


def _actors(base: Scenario) -> list[str]:
    kinds = base.file.kinds
    return [name for name, actor in base.file.actors.items() if kinds[actor.kind].develops]


def _all_actors(base: Scenario) -> list[str]:
    return list(base.file.actors)


def _sponsors(base: Scenario) -> list[str]:
    kinds = base.file.kinds
    return [name for name, actor in base.file.actors.items() if kinds[actor.kind].sponsors]


def _motives(base: Scenario) -> list[str]:
    weighed = (motive for weights in base.raw.get("motives", {}).values() for motive in weights)
    return [motive for motive in dict.fromkeys(weighed) if motive != "source"]


def _nobody(base: Scenario) -> list[str]:
    return []


SORTS = {
    "artifact-kinds": Sort(
        "kind of artifact",
        "kinds of artifacts",
        "nobody ever releases an artifact of this kind, scripted or not (existence: models stay hidden)",
        _kinds,
        _all_kinds,
        _without_kind,
    ),
    "artifacts": Sort(
        "artifact",
        "artifacts",
        f"its owner never releases it (ACTOR{OF}KIND: what this actor releases of this kind)",
        _artifacts,
        _all_artifacts,
        _without_artifact,
    ),
    "actors": Sort(
        "actor",
        "actors",
        "it never comes into being: it builds, releases and gives nothing",
        _actors,
        _all_actors,
        _without_actor,
    ),
    "sponsors": Sort("sponsor", "sponsors", "it gives nothing", _sponsors, _sponsors, _without_grants),
    "motives": Sort(
        "motive", "motives", "it weighs nothing for anybody", _motives, _motives, _without_motive
    ),
    "levers": Sort("policy", "policies", "the policy is not laid over the scenario", _nobody, _nobody, None),
}
