"""What a run leaves behind of its members: their log and their counts, as arrays and as data frames."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.tables import EVENT as EVENT_ROW
from sim.tables import Tables
from sim.tail.tables import FORMS, OF_MEMBERS, Count, Form
from sim.words import Access, ArtifactKind, Event, Mechanism, Via

if TYPE_CHECKING:
    import pandas as pd

    from sim.world import Compiled

MECHANISM_OF = {  # by form
    Form.OPEN: Mechanism.OPEN_PUBLICATION,
    Form.LICENSED: Mechanism.LICENSED_RELEASE,
    Form.API: Mechanism.STRUCTURED_ACCESS,
}


def log_of(tables: Tables) -> np.ndarray:
    """Return the log of the named actors, which the next run overwrites.

    What a member caused has the release of the item as its cause.
    """
    log = tables.events[: tables.clock[0].events]
    if tables.populated:
        log = np.array(log)
        by_members = np.flatnonzero(log["cause"] <= OF_MEMBERS)
        rows = OF_MEMBERS - log["cause"][by_members]
        log["cause"][by_members] = tables.items["cause"][tables.tail_events["thing"][rows]]
    return log


@dataclass(frozen=True)
class TailRecord:
    """What the members of one run did.

    items: rows of ITEM. log: rows of TAIL_EVENT; none where it is thinned. counts: (month, item, group,
    Count). use_months: (month, item, group, form): what who began or left in a month adds to its
    person-months. people: (month, form, class, group): members with their first access.
    causes: what the rows of the log of the named actors name as cause, members included.
    """

    items: np.ndarray
    log: np.ndarray
    counts: np.ndarray
    use_months: np.ndarray
    people: np.ndarray
    causes: np.ndarray


def record_of(tables: Tables) -> TailRecord | None:
    """Return what the members of the run in the tables did; None in a world without populations."""
    if not tables.populated:
        return None
    crowd, items = tables.crowd[0], int(tables.crowd[0].items)
    return TailRecord(
        np.array(tables.items[:items]),
        np.array(tables.tail_events[: crowd.events]),
        np.array(tables.counts[:, :items]),
        np.array(tables.use_months[:, :items]),
        np.array(tables.people),
        np.array(tables.events["cause"][: tables.clock[0].events]),
    )


def whole_log(compiled: Compiled, log: np.ndarray, record: TailRecord) -> np.ndarray:
    """Return one log of named actors and members, in the order of events; causes are its own rows.

    The number of a member follows those of the named actors. What a member uses is ACCESSED if it is a
    model, LEARNED if not; ``source`` is who passed it on, or else its owner.
    """
    named, rows = len(compiled.actors), record.log
    after = rows["after"].astype(np.int64)
    place_of_named = np.arange(len(log)) + np.searchsorted(after, np.arange(len(log)), side="right")
    place_of_member = np.arange(len(rows)) + after
    whole = np.zeros(len(log) + len(rows), EVENT_ROW)
    whole[place_of_named] = log

    def placed(causes: np.ndarray) -> np.ndarray:
        by_member = causes <= OF_MEMBERS
        found = np.full(len(causes), -1, np.int64)
        found[by_member] = place_of_member[OF_MEMBERS - causes[by_member]]
        by_named = causes >= 0
        found[by_named] = place_of_named[causes[by_named]]
        return found

    whole["cause"][place_of_named] = placed(record.causes)
    item = record.items[rows["thing"]]
    facts = compiled.facts["members"][rows["member"]]
    mine = np.zeros(len(rows), EVENT_ROW)
    mine["time"], mine["actor"] = rows["time"], named + rows["member"]
    mine["klass"], mine["kind"], mine["artifact"] = item["klass"], item["kind"], item["artifact"]
    mine["reached"] = mine["project"] = mine["motive"] = -1
    mine["via"] = rows["via"]
    took, left = rows["what"] < FORMS, (rows["what"] >= FORMS) & (rows["what"] < 2 * FORMS)
    use = np.isin(item["kind"], (ArtifactKind.WEIGHTS, ArtifactKind.API)) & (item["klass"] >= 0)
    mine["what"] = np.where(left, Event.LEFT, Event.CONTRIBUTED)
    mine["what"][took] = np.where(use[took], Event.ACCESSED, Event.LEARNED)
    for form, mechanism in MECHANISM_OF.items():
        mine["mechanism"][use & (rows["what"] == form)] = mechanism
    leaked = use & took & (rows["via"] == Via.LEAKED)
    mine["mechanism"][leaked] = Mechanism.LEAK
    stands_for = np.array([row.stands_for.value for row in compiled.scenario.file.populations.values()])
    mine["amount"][took] = stands_for[facts["population"][took]]
    from_member = rows["cause"] <= OF_MEMBERS
    mine["source"] = item["owner"]
    mine["source"][from_member & took] = (
        named + rows["member"][OF_MEMBERS - rows["cause"][from_member & took]]
    )
    whole[place_of_member] = mine
    whole["cause"][place_of_member] = placed(rows["cause"])
    return whole


def names_of(compiled: Compiled, actors: np.ndarray) -> np.ndarray:
    """Return the names of actors by their numbers: named ones, members ("POPULATION[NODE]"); -1: ""."""
    named = np.array([*compiled.actors, ""], object)
    names = named[np.where(actors < len(compiled.actors), actors, -1)]
    populations = list(compiled.scenario.file.populations)
    places = np.flatnonzero(actors >= len(compiled.actors))
    members = actors[places] - len(compiled.actors)
    of = compiled.facts["members"]["population"]
    names[places] = [f"{populations[of[member]]}[{member}]" for member in members]
    return names


def numbers_of(compiled: Compiled) -> Callable[[str], int]:
    """Return what gives the number of an actor by its name: the inverse of ``names_of``.

    Raises KeyError for a name that nobody has.
    """
    named = {name: number for number, name in enumerate(compiled.actors)} | {"": -1}
    places = {name: place for place, name in enumerate(compiled.scenario.file.populations)}
    of = compiled.facts["members"]["population"]

    def number(name: str) -> int:
        if name in named:
            return named[name]
        population, _, rest = name.rpartition("[")
        node = int(rest[:-1]) if rest.endswith("]") and rest[:-1].isdecimal() else -1
        if population not in places or not 0 <= node < len(of) or of[node] != places[population]:
            raise KeyError(name)
        return len(compiled.actors) + node

    return number


def users_of(record: TailRecord) -> np.ndarray:
    """Return how many members use each artifact at the end of each month, shape (months, items, groups)."""
    took, left = record.counts[..., :FORMS].sum(axis=3), record.counts[..., FORMS : 2 * FORMS].sum(axis=3)
    return np.cumsum(took - left, axis=0)


def access_columns(compiled: Compiled, record: TailRecord) -> dict[str, np.ndarray]:
    """Return the access of members over time: one row per month, artifact, population and region.

    reached, took, left, shut_out (terms of a licence), too_poor, unable (skill), served (has as good),
    gave: how many did so in the month. users: at its end. use_months: person-months in it. All in members,
    of which each stands for ``stands_for`` people (as the scenario says, not as drawn for the run).
    """
    file, groups = compiled.scenario.file, compiled.facts["groups"]
    periods, items, count, _ = record.counts.shape
    month, item, group = (axis.ravel() for axis in np.indices((periods, items, count)))
    took, left = record.counts[..., :FORMS].sum(axis=3), record.counts[..., FORMS : 2 * FORMS].sum(axis=3)
    users = users_of(record)
    before = np.concatenate([np.zeros((1, items, count)), users[:-1]])[:periods]
    kinds = np.array([word.key for word in ArtifactKind], object)
    access = np.array([word.key for word in Access], object)
    stands_for = np.array([row.stands_for.value for row in file.populations.values()])
    population = groups["population"][group]
    shown = (Count.REACHED, Count.SHUT_OUT, Count.TOO_POOR, Count.UNABLE, Count.SERVED, Count.GAVE)
    return {
        "month": month,
        "artifact": record.items["artifact"][item],
        "owner": names_of(compiled, record.items["owner"])[item],
        "class": np.array([*compiled.classes, ""], object)[record.items["klass"]][item],
        "artifact_kind": kinds[record.items["kind"]][item],
        "access": access[record.items["access"]][item],
        "population": np.array(list(file.populations), object)[population],
        "region": np.array(list(file.regions), object)[groups["region"]][group],
        "took": took.ravel(),
        "left": left.ravel(),
        **{word.key: record.counts[..., word].ravel() for word in shown},
        "users": users.ravel(),
        "use_months": (before + record.use_months.sum(axis=3)).ravel(),
        "stands_for": stands_for[population],
    }


def access_frame(compiled: Compiled, records: dict[int, TailRecord]) -> pd.DataFrame:
    """Return the columns of ``access_columns`` of several runs, with the number of the run."""
    import pandas as pd

    frames = []
    for run, record in records.items():
        frame = pd.DataFrame(access_columns(compiled, record))
        frame.insert(0, "run", run)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def member_columns(compiled: Compiled, record: TailRecord) -> dict[str, np.ndarray]:
    """Return the log of members, one row per event.

    member: its node. cause: row of this log that enabled it; -1: ``release`` did, a row of the log of the
    named actors.
    """
    log, words = record.log, np.array([word.key for word in Count], object)
    by_member = log["cause"] <= OF_MEMBERS
    populations = np.array(list(compiled.scenario.file.populations), object)
    return {
        "row": np.arange(len(log)),
        "month": log["time"],
        "event": words[log["what"]],
        "population": populations[compiled.facts["members"]["population"][log["member"]]],
        "member": log["member"].astype(np.int64),
        "artifact": record.items["artifact"][log["thing"]],
        "via": np.array([word.key for word in Via], object)[log["via"]],
        "cause": np.where(by_member, OF_MEMBERS - log["cause"], -1).astype(np.int64),
        "release": record.items["cause"][log["thing"]],
    }
