"""From a scenario to tables: one vector of named numbers, the facts, and room for a run."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from sim.errors import UserError, not_found
from sim.joint import (
    CURES,
    alternatives_of,
    check_draws,
    check_sample,
    correlated_groups,
    in_scenario,
    same_path,
)
from sim.levers import GENERAL, READERS, is_named, touched
from sim.luck import mix, name_hash
from sim.paths import join_path, quantities
from sim.scenario import Scenario
from sim.schema import EVER, Quantity, Unit
from sim.tables import (
    ACTOR_FACTS,
    ACTOR_STATE,
    AGENDA_FULL,
    ARTIFACT,
    BUCKET_FULL,
    CELL,
    CHANGE_FACTS,
    CHIP_FACTS,
    CLASS_FACTS,
    CLOCK,
    EVENT,
    HELP,
    INCENTIVES,
    INPUT_DTYPES,
    INSIGHT_FACTS,
    ITEMS_FULL,
    LOADING,
    OFFER,
    OPINION,
    OPTION,
    OPTION_NUMBER,
    ORDER_FACTS,
    PLANNING,
    POLICY_FACTS,
    POLICY_ROWS,
    PROJECT,
    QUEUED,
    REMEMBERED,
    ROW_TABLES,
    SCRIPT_FACTS,
    SETTINGS,
    SITUATION,
    TABLE_FULL,
    TAIL_LOG_FULL,
    TIE_FACTS,
    UNCERTAIN,
    WISH,
    Tables,
)
from sim.tail.populations import MOST_TAIL_EVENTS, facts_of_tail, room_of_tail
from sim.tail.tables import state_of_tail
from sim.uncertain import AVERAGE, CHOICE, MIXTURE, UNIFORM, Shape, shape_of
from sim.words import Access, Action, ArtifactKind, Incentive, Operation, Reader, Sponsorship, TieKind
from sim.worldview import world_of

PAGES_PER_ENTRY = 4  # of the calendar, for each entry that there is room for
MOST_EVENTS = 2**23  # of one run; a quiet month of the GPT-3 world writes about 70


@dataclass(frozen=True)
class Room:
    """How many rows the growing tables of a run have."""

    events: int
    queue: int
    projects: int
    artifacts: int
    items: int = 0
    entries: int = 0
    opened: int = 0  # entries of the present bucket of the agenda
    tail_events: int = 0

    def larger(self, status: int = TABLE_FULL) -> Room:
        """Return more room, for a run that ended with a status; of the tail only what was too small."""
        if status == ITEMS_FULL:
            return replace(self, items=self.items + 4)
        if status == AGENDA_FULL:
            return replace(self, entries=self.entries * 5 // 4)
        if status == BUCKET_FULL:
            return replace(self, opened=self.opened * 2)
        if status == TAIL_LOG_FULL:
            return replace(self, tail_events=self.tail_events * 2)
        more = {name: 2 * getattr(self, name) for name in ("events", "queue", "projects", "artifacts")}
        return replace(self, **more)


@dataclass
class Compiled:
    """A scenario as numbers and facts: what all runs share, and nothing that a run changes.

    ``numbers``: the centre of every number, shape (numbers,), times in months since the start.
    ``uncertain``: one row per uncertain number. ``facts``: read-only tables by name.
    """

    scenario: Scenario
    numbers: np.ndarray
    places: dict[str, tuple[int, int]]  # table -> first place, rows
    uncertain: np.ndarray
    uncertain_paths: list[str]
    facts: dict[str, np.ndarray]
    room: Room
    actors: list[str]
    classes: list[str]
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def horizon(self) -> float:
        """Length of a run in months."""
        return float(self.scenario.months)

    @cached_property
    def place_of(self) -> dict[str, int]:
        """The place in the vector of every number, by its dotted path."""
        return {join_path(parts): place for place, (parts, *_) in enumerate(quantities(self.scenario.file))}

    @cached_property
    def source_of(self) -> dict[str, str | None]:
        """The source of every number, by its dotted path."""
        return {join_path(parts): source for parts, _, _, source in quantities(self.scenario.file)}


@functools.lru_cache(maxsize=4)
def compile_scenario(scenario: Scenario) -> Compiled:
    """Return a scenario as numbers and facts, which nobody may change."""
    file = scenario.file
    numbers = []
    places: dict[str, tuple[int, int]] = {}
    for place, (parts, quantity, unit, _) in enumerate(quantities(file)):
        numbers.append(quantity.value - _origin_of(scenario, unit, quantity.value))
        first, count = places.get(parts[0], (place, 0))
        places[parts[0]] = (first, count + 1)
    for table in (*ROW_TABLES, *SETTINGS):
        width = len(INPUT_DTYPES[table].names)
        first, count = places.get(table, (0, 0))
        places[table] = (first, count // width)
    uncertain, paths, drawing = lay_out_drawing(scenario, numbers)
    facts = _facts(scenario) | _cells(scenario, numbers) | drawing | facts_of_tail(scenario)
    builders, givers = len(facts["builders"]), int(facts["actor_facts"]["giver"].max(initial=-1)) + 1
    scripts = len(file.scripted_projects)
    projects = 3 * builders + scripts + 4
    artifacts = 16 * (projects if builders or scripts else 0) + len(file.scripted_artifacts) + 4
    ties = len(facts["tie_facts"])
    room = Room(
        2048 + 4 * len(file.actors),
        1024 + 2 * len(file.actors) + ties,
        projects,
        artifacts,
        **room_of_tail(scenario, len(facts["members"])),
    )
    return Compiled(
        scenario,
        np.array(numbers),
        places,
        uncertain,
        paths,
        facts,
        room,
        list(file.actors),
        list(file.classes),
        {"builders": builders, "givers": givers},
    )


def _origin_of(scenario: Scenario, unit: Unit, value: float) -> float:
    """Return what to take off a number: a date counts from the start, unless it means always or never."""
    return scenario.start if unit.date and abs(value) < EVER else 0.0


def lay_out_drawing(scenario: Scenario, numbers: list[float]):
    """Return how the inputs are drawn: rows of UNCERTAIN, their names, and the tables they point to.

    An alternative stands behind all numbers, as ``alternatives.NAME``; what is drawn is the place of
    the option.
    """
    file = scenario.file
    rows: list[dict] = []
    paths: list[str] = []
    opinions: list[tuple] = []
    loadings: list[tuple] = []
    options: list[tuple] = []
    option_numbers: list[tuple] = []
    own = {"row": 0, "rows": 0, "correlation": 0.0, "column": -1}
    for place, (parts, quantity, unit, _) in enumerate(quantities(file)):
        if not quantity.uncertain:
            continue
        path = join_path(parts)
        paths.append(path)
        bounds = (-math.inf, math.inf) if unit.date else (unit.minimum, unit.maximum)
        row = {"key": name_hash("input", path), "place": place, "minimum": bounds[0], "maximum": bounds[1]}
        if quantity.drawn_by_parts:
            pool = quantity.pool
            family = AVERAGE if pool.method == "weighted_average" else MIXTURE
            shape = Shape(family, 0.0, 0.0, 0.0)
            row |= own | {
                "row": len(opinions),
                "rows": len(pool.parts),
                "correlation": pool.correlation,
            }
            total = sum(part.weight for part in pool.parts)
            for number, part in enumerate(pool.parts):
                of_part = _shape_in_run(scenario, unit, part.quantity)
                opinions.append((name_hash("opinion", str(number)), part.weight / total, *of_part))
        else:
            shape = _shape_in_run(scenario, unit, quantity)
            row |= own
        rows.append(row | shape._asdict())
    of_path = dict(zip(paths, rows, strict=True))
    for members, lower in correlated_groups(file):
        for row, path in enumerate(members):
            if row == 0:  # its luck is its own
                continue
            of_path[path] |= {"row": len(loadings), "rows": row + 1}
            weights = zip(members[: row + 1], lower[row], strict=False)
            loadings += [(name_hash("input", other), weight) for other, weight in weights]
    for name, choices in alternatives_of(file):
        path = join_path(("alternatives", name))
        rows.append(
            {
                "key": name_hash("alternative", name),
                "place": -1,
                **Shape(CHOICE, 0.0, 0.0, 0.0)._asdict(),
                "minimum": -math.inf,
                "maximum": math.inf,
                **own,
                "row": len(options),
                "rows": len(choices),
            }
        )
        paths.append(path)
        below = 0.0
        for share, sets in choices:
            below += share
            options.append((below, len(option_numbers), len(sets)))
            for number in sets:
                value = number.value - _origin_of(scenario, number.unit, number.value)
                option_numbers.append((number.place, value, numbers[number.place]))
    posterior = read_posterior(scenario, of_path)
    uncertain = np.array([tuple(row[name] for name in UNCERTAIN.names) for row in rows], UNCERTAIN)
    tables = {
        "opinions": np.array(opinions, OPINION).view(np.recarray),
        "loadings": np.array(loadings, LOADING).view(np.recarray),
        "options": np.array(options, OPTION).view(np.recarray),
        "option_numbers": np.array(option_numbers, OPTION_NUMBER).view(np.recarray),
        "posterior": posterior,
    }
    return uncertain.view(np.recarray), paths, tables


def _shape_in_run(scenario: Scenario, unit: Unit, quantity: Quantity) -> Shape:
    """Return the distribution of a number (or opinion), dates in months since the start."""
    months = _origin_of(scenario, unit, quantity.value)
    if not quantity.uncertain:
        return Shape(UNIFORM, quantity.value, quantity.value, 0.0).moved(months)
    shape = shape_of(quantity)
    return shape.moved(months) if months else shape


def read_posterior(scenario: Scenario, of_path: dict[str, dict]) -> np.ndarray:
    """Return the sample of joint draws, shape (draws, columns), and note its columns in the inputs.

    Columns are named by dotted paths, with or without ``input:`` before them, as in ``runs.parquet``;
    dates are months since the start. Raises UserError for a file or a column that cannot be used.
    """
    path, table = scenario.posterior_file, scenario.file.posterior
    if path is None or table is None:
        return np.zeros((0, 0))
    import pyarrow as pa
    import pyarrow.parquet as parquet

    where = f"{scenario.origin}: posterior.file: {path}"
    try:
        sample = parquet.ParquetFile(path).read()  # read_table would import pandas
    except (OSError, pa.ArrowException) as error:
        raise UserError(f"{where}: cannot be read ({error})") from None
    columns = {name.removeprefix("input:"): name for name in sample.column_names}
    known = {join_path(parts): (quantity, unit) for parts, quantity, unit, _ in quantities(scenario.file)}
    used = _columns_used(scenario, where, columns, known)
    if not sample.num_rows:
        raise UserError(f"{where}: holds no draws")
    try:
        check_sample(scenario.file, used, sample.schema.metadata)
    except (UserError, ValueError) as error:
        raise UserError(f"{where}: {error}") from None
    values = np.zeros((sample.num_rows, len(used)))
    for place, name in enumerate(used):
        try:
            values[:, place] = _numbers_of(sample.column(columns[name]))
        except (pa.ArrowException, ValueError):
            raise UserError(f"{where}: column {name}: holds no numbers") from None
        quantity, unit = known[name]
        first = scenario.start if unit.date else 0.0
        try:
            check_draws(quantity, unit, first + values[:, place].min(), first + values[:, place].max())
        except ValueError as error:
            raise UserError(f"{where}: column {name}: {error}; {CURES}") from None
        of_path[name]["column"] = place
    return values


def _columns_used(
    scenario: Scenario,
    where: str,
    columns: Mapping[str, str],
    known: Mapping[str, tuple[Quantity, Unit]],
) -> list[str]:
    """Return the numbers of a scenario that it draws from the columns of a sample.

    Raises UserError for a column that names no number of the scenario, or one that is certain there.
    """
    table = scenario.file.posterior
    for name in table.inputs:
        if same_path(name) not in columns:
            raise UserError(f"{scenario.origin}: posterior.inputs: {not_found('column', name, columns)}")
    wanted = [same_path(name) for name in table.inputs] or list(columns)
    left_out = [same_path(name) for name in table.except_]  # numbers, or rows with all their numbers
    used = [name for name in wanted if not any(name == row or name.startswith(f"{row}.") for row in left_out)]
    for name in used:
        if name not in known:
            raise UserError(
                f"{where}: column {name}: does not fit this scenario: {not_found('number', name, known)}"
            )
        if not known[name][0].uncertain:
            raise UserError(
                f"{where}: column {name}: the scenario gives this number as certain "
                f"({in_scenario(known[name][0].value, known[name][1])}), and nothing is drawn for it; write "
                f"the interval from which it was learned, or {CURES}"
            )
    return used


def _numbers_of(column) -> np.ndarray:
    """Return a column of an Arrow table as numbers, NaN where it says nothing.

    A column of plain numbers is read from its memory: ``cast`` and ``to_numpy`` would import pandas.
    """
    import pyarrow as pa

    if column.type != pa.float64() or column.null_count:
        return column.cast(pa.float64()).to_numpy()
    return np.concatenate([np.from_dlpack(chunk) for chunk in column.chunks])


def _facts(scenario: Scenario) -> dict[str, np.ndarray]:
    file = scenario.file
    regions, kinds = list(file.regions), list(file.kinds)
    classes, actors = list(file.classes), list(file.actors)
    families = sorted({chip.family for chip in file.chips.values()})
    row_of = {name: row for row, name in enumerate(actors)}

    def position(names: list[str], name: str) -> int:
        return names.index(name) if name else -1

    actor_facts = np.zeros(len(actors), ACTOR_FACTS).view(np.recarray)
    builder = giver = 0
    for row, (name, actor) in enumerate(file.actors.items()):
        kind = file.kinds[actor.kind]
        fact = actor_facts[row]
        fact.key = name_hash("actor", name)
        fact.kind, fact.region = kinds.index(actor.kind), regions.index(actor.region)
        fact.family = position(families, actor.family)
        fact.reached = position(classes, actor.reached)
        fact.develops, fact.sponsors = kind.develops, kind.sponsors
        fact.eligible, fact.steals = kind.eligible, kind.steals
        fact.builder = builder if kind.develops else -1
        fact.giver = giver if kind.sponsors else -1
        builder += kind.develops
        giver += kind.sponsors
        fact.grant = int(Sponsorship[actor.grant.upper()]) if actor.grant else 0
        fact.grant_open, fact.grant_closed = actor.grant_open, actor.grant_closed
        fact.grant_region = actor.grant_region
        fact.grant_chip = position(list(file.chips), actor.grant_chip)
    takes_up = [
        row
        for row, actor in enumerate(file.actors.values())
        if not (file.kinds[actor.kind].steals or file.kinds[actor.kind].sponsors)
        or file.kinds[actor.kind].develops
    ]
    class_facts = np.array([(name_hash("class", name),) for name in classes], CLASS_FACTS)
    chip_facts = np.array(
        [(name_hash("chip", name), families.index(c.family)) for name, c in file.chips.items()],
        CHIP_FACTS,
    )
    tie_first, tie_facts = _ties(file.ties, row_of, actor_facts.key)
    policy_facts, policy_rows = _policies(file)
    insight_facts = np.array(
        [
            (
                name_hash("insight", name),
                int(ArtifactKind[insight.kind.upper()]),
                position(classes, insight.needs),
                insight.teaches == "compute_optimal",
            )
            for name, insight in file.insights.items()
        ],
        INSIGHT_FACTS,
    )
    artifact_facts = np.array(
        [
            (
                name_hash("scripted artifact", name),
                row_of[item.owner],
                int(ArtifactKind[item.kind.upper()]),
                position(classes, item.class_),
                int(Access[item.access.upper()]),
                item.teaches == "compute_optimal",
                item.in_project,
            )
            for name, item in file.scripted_artifacts.items()
        ],
        SCRIPT_FACTS,
    )
    project_facts = np.array(
        [
            (
                name_hash("scripted project", name),
                row_of[item.actor],
                -1,
                classes.index(item.class_),
                int(Access[item.access.upper()]),
                0,
                0,
            )
            for name, item in file.scripted_projects.items()
        ],
        SCRIPT_FACTS,
    )
    releases = np.full((len(file.scripted_projects), len(ArtifactKind)), -1.0)
    for row, item in enumerate(file.scripted_projects.values()):
        for kind, months in item.releases.items():
            releases[row, ArtifactKind[kind.upper()]] = months.value
    develops = [row for row in range(len(actors)) if actor_facts.builder[row] >= 0]
    steals = [row for row in range(len(actors)) if actor_facts.steals[row]]
    return {
        "actor_facts": actor_facts,
        "class_facts": class_facts.view(np.recarray),
        "chip_facts": chip_facts.view(np.recarray),
        "tie_first": tie_first,
        "tie_facts": tie_facts.view(np.recarray),
        "policy_facts": policy_facts.view(np.recarray),
        "policy_rows": policy_rows.view(np.recarray),
        "motive_rows": _motive_rows(file),
        "insight_facts": insight_facts.view(np.recarray),
        "artifact_facts": artifact_facts.view(np.recarray),
        "project_facts": project_facts.view(np.recarray),
        "releases": releases,
        "builders": np.array(develops, np.int64),
        "learners": np.array(takes_up, np.int64),
        "thieves": np.array(steals, np.int64),
        **_orders(file),
    }


def _orders(file) -> dict[str, np.ndarray]:
    """Return the facts of the orders, and whom each names."""
    facts = np.zeros(len(file.orders), ORDER_FACTS)
    named = np.zeros((len(file.orders), len(file.actors)), np.int64)
    of_class = {name: place + 1 for place, name in enumerate(file.classes)}
    for row, order in enumerate(file.orders):
        kinds = (
            ArtifactKind if "all" in order.artifacts else [ArtifactKind[k.upper()] for k in order.artifacts]
        )
        places = range(len(of_class) + 1)
        if "all" not in order.classes:
            places = [0 if name == GENERAL else of_class[name] for name in order.classes]
        facts[row] = (
            name_hash("order", order.name),
            int(Action[order.action.upper() or "NONE"]),
            int(Access[order.access.upper()]) if order.access else -1,
            order.until_rival,
            sum(1 << int(kind) for kind in kinds),
            sum(1 << place for place in places),
        )
        for place, name in enumerate(file.actors):
            named[row, place] = is_named(file, name, order.actors) and not is_named(file, name, order.except_)
    return {"order_facts": facts.view(np.recarray), "order_actors": named}


def _cells(scenario: Scenario, numbers: list[float]) -> dict[str, np.ndarray]:
    """Return the numbers that changes touch, and the facts of the changes."""
    file = scenario.file
    facts = np.array([(int(Operation[c.operation.upper()]),) for c in file.changes], CHANGE_FACTS)
    actors = list(file.actors)
    cells = []
    for row, change in enumerate(file.changes):
        for place, parts, unit in touched(file, change):
            reader = READERS.get((parts[0], parts[-1]), Reader.RULES)
            actor = actors.index(parts[1]) if reader else -1
            bounds = (-math.inf, math.inf) if unit.date else (unit.minimum, unit.maximum)
            cells.append((place, row, int(reader), actor, *bounds, numbers[place], numbers[place], 0.0))
    return {"change_facts": facts.view(np.recarray), "cells": np.array(cells, CELL).view(np.recarray)}


def _ties(ties, row_of: dict[str, int], keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the ties of each actor, as (first row per actor, rows of TIE_FACTS)."""
    ends = []
    for row, tie in enumerate(ties):
        a, b, kind = row_of[tie.a], row_of[tie.b], int(TieKind[tie.kind.upper()])
        ends.append((a, b, kind, row))
        if tie.both_ways:
            ends.append((b, a, kind, row))
    ends.sort(key=lambda end: end[0])
    first = np.zeros(len(row_of) + 1, np.int64)
    for a, *_ in ends:
        first[a + 1] += 1
    facts = np.zeros(len(ends), TIE_FACTS)
    for place, (a, b, kind, row) in enumerate(ends):
        key = mix(keys[a], np.uint64(mix(keys[b], np.uint64(kind))))
        facts[place] = (key, b, kind, row)
    return np.cumsum(first), facts


def _policies(file) -> tuple[np.ndarray, np.ndarray]:
    """Return the facts of all policy rows, and for each actor and kind where its rows stand."""
    spans: dict[tuple[str, str], tuple[int, int]] = {}
    facts = []
    for holder, kinds in file.policies.items():
        for kind, rows in kinds.items():
            spans[holder, kind] = (len(facts), len(rows))
            facts += [(int(Access[row.access.upper()]),) for row in rows]
    rows = np.zeros((len(file.actors), len(ArtifactKind)), POLICY_ROWS)
    for place, (name, actor) in enumerate(file.actors.items()):
        for kind in ArtifactKind:
            own = spans.get((name, kind.key), (0, 0))
            rows[place, kind] = (*own, *spans.get((actor.kind, kind.key), (0, 0)))
    return np.array(facts, POLICY_FACTS), rows


def _motive_rows(file) -> np.ndarray:
    """Return for each actor and incentive the row of motives that says how much it weighs; -1: none.

    An actor's own row comes first in what it says; the rest is as in the row of its kind.
    """
    row_of = {holder: row for row, holder in enumerate(file.motives)}
    rows = np.full((len(file.actors), INCENTIVES), -1)
    for place, (name, actor) in enumerate(file.actors.items()):
        if actor.kind in row_of:
            rows[place] = row_of[actor.kind]
        elif name in row_of:
            rows[place] = row_of[name]
        for incentive in Incentive:
            if name in row_of and incentive.key in file.motives[name].model_fields_set:
                rows[place, incentive] = row_of[name]
    return rows


class Workspace:
    """Room for one run at a time: the tables, and the same tables as the rules see them.

    A worker thread has one and uses it for all its runs.
    """

    def __init__(self, compiled: Compiled, room: Room | None = None):
        self.compiled = compiled
        self.room = room or compiled.room
        self.tables = _tables(compiled, self.room)
        self.world = world_of(self.tables)

    def grown(self) -> Workspace:
        """Return a workspace with more room, for a run that had too little.

        Raises UserError where a run would fill any room.
        """
        room = self.room.larger(self.tables.clock[0].status)
        if room.tail_events > MOST_TAIL_EVENTS:
            raise UserError(
                f"{self.compiled.scenario.origin}: a run writes more than {MOST_TAIL_EVENTS // 2:,} rows of "
                'members; keep only their counts: tail.log = "counts"'
            )
        if room.events > MOST_EVENTS + 8 * len(self.compiled.actors):
            run = self.tables.clock[0].run
            raise UserError(
                f"{self.compiled.scenario.origin}: run {run} writes more than {MOST_EVENTS:,} events; "
                "some rate per month, or delay, is out of all proportion"
            )
        return Workspace(self.compiled, room)


def _tail(compiled: Compiled, room: Room) -> dict[str, np.ndarray]:
    facts = compiled.facts
    members = len(facts["members"])
    buckets = int(facts["tail_facts"].buckets[0]) if members else 0
    periods = math.ceil(compiled.horizon) if members else 0
    listening = members > 0 and bool(facts["tail_facts"].listening[0])
    return state_of_tail(
        members, len(facts["groups"]), len(compiled.classes), periods, buckets, listening, room
    )


def _tables(compiled: Compiled, room: Room) -> Tables:
    numbers = compiled.numbers.copy()
    inputs: dict[str, np.ndarray] = {}
    for table, dtype in INPUT_DTYPES.items():
        first, rows = compiled.places[table]
        window = numbers[first : first + rows * len(dtype.names)]
        inputs[table] = window.view(dtype).view(np.recarray)
        if table == "flows":
            inputs["flow_numbers"] = window.reshape(rows, len(dtype.names))
        elif table == "motives":
            inputs[table] = window.reshape(rows, len(dtype.names))
        elif table == "stakes":
            inputs["stake_shares"] = window.reshape(rows, len(dtype.names))
    del inputs["flows"]
    builders, givers = compiled.counts["builders"], compiled.counts["givers"]
    actors, classes = len(compiled.actors), len(compiled.classes)
    chips = len(compiled.scenario.file.chips)
    wishes = builders * classes

    def table(dtype, rows):
        return np.zeros(rows, dtype).view(np.recarray)

    plans = int(((compiled.facts["actor_facts"].develops + compiled.facts["actor_facts"].sponsors) > 0).sum())
    state = {
        "chip_from": np.zeros((builders + givers, chips)),
        "clock": table(CLOCK, 1),
        "planning": table(PLANNING, plans),
        "state": table(ACTOR_STATE, actors),
        "wishes": table(WISH, wishes),
        "help": table(HELP, wishes * len(ArtifactKind)),
        "learnt": table(HELP, wishes * len(ArtifactKind)),
        "own_factors": table(REMEMBERED, wishes),
        "income_levels": table(REMEMBERED, actors),
        "leaps": table(REMEMBERED, len(compiled.scenario.file.kinds)),
        "above_trend": table(REMEMBERED, classes),
        "progress": table(REMEMBERED, classes),
        "rent_levels": table(REMEMBERED, chips),
        "chip_levels": table(REMEMBERED, 1),
        "opened": np.zeros(classes, np.int64),
        "nearness": np.zeros((len(ArtifactKind), classes + 1, classes)),
        "optimal_share": np.ones(classes),
        "seeking": np.zeros(wishes + 1, np.int64),
        "offers": table(OFFER, givers * wishes),
        "projects": table(PROJECT, room.projects),
        "artifacts": table(ARTIFACT, room.artifacts),
        "situation": table(SITUATION, 1),
        "weights": np.zeros(INCENTIVES),
        "factors": np.zeros(INCENTIVES),
        "reasons": np.zeros(INCENTIVES),
        "in_public": np.zeros((actors + 1, classes, len(ArtifactKind))),
        "others_public": np.zeros(len(ArtifactKind)),
        "held": np.zeros((actors, (room.artifacts + 63) // 64), np.uint64),
        "pages": np.zeros(PAGES_PER_ENTRY * room.queue, np.int64),
        "queue": table(QUEUED, room.queue),
        "events": table(EVENT, room.events),
        **_tail(compiled, room),
    }
    for rows in state.values():
        if rows.dtype == REMEMBERED:
            rows["argument"] = np.nan  # nothing is remembered yet
    own = ("cells", "option_numbers")  # a run notes there what it drew, and a point of a sweep what it sets
    facts = compiled.facts | {name: compiled.facts[name].copy() for name in own}
    return Tables(numbers=numbers, **inputs, **facts, **state)
