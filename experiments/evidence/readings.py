"""Numbers read off one run: rows of the event log or of the table of projects that fulfil conditions.

A *reader* is made once per quantity and world (names become codes), and is then called with each run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.evidence.claims import TAKES, Quantity
from sim.errors import UserError, not_found
from sim.schema import months_of_date
from sim.words import ArtifactKind, Bound, Event, Incentive, Mechanism, Via, Word

if TYPE_CHECKING:
    from sim.tables import Tables
    from sim.world import Compiled

ENDS = (Event.TRAINED, Event.UNDERTRAINED, Event.STOPPED)
OUTCOMES = ("unfinished", "trained", "undertrained", "stopped")  # of a project, in the order of their codes
LIMITS = ("from", "until", "above", "below", "not")


@dataclass(frozen=True)
class Run:
    """One run that has just been simulated.

    ``log``: its event log. ``projects``: its table of projects at the end. ``tables``: all tables at the end;
    they hold until the next run. ``draws``: what it drew for the uncertain inputs; empty: they stand at
    their centres. ``memory``: what a reading worked out, for other readings of the same run.
    """

    compiled: Compiled
    seed: int
    number: int
    log: np.ndarray
    projects: np.ndarray
    tables: Tables
    draws: np.ndarray
    memory: dict[Any, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Column:
    """A column that conditions and ``of`` can name; without a ``vocabulary`` of its codes, one of numbers."""

    meaning: str
    values: Callable[[Run], np.ndarray]
    vocabulary: Callable[[Compiled], Mapping[str, Any]] | None = None
    date: bool = False


def _words(word: type[Word]) -> Callable[[Compiled], Mapping[str, Any]]:
    return lambda compiled: {member.key: {int(member)} for member in word}


def _actors(compiled: Compiled) -> Mapping[str, Any]:
    return {name: {place} for place, name in enumerate(compiled.actors)} | {"nobody": {-1}}


def _actor_kinds(compiled: Compiled) -> Mapping[str, Any]:
    return _grouped(compiled, "kind", compiled.scenario.file.kinds)


def _regions(compiled: Compiled) -> Mapping[str, Any]:
    return _grouped(compiled, "region", compiled.scenario.file.regions)


def _grouped(compiled: Compiled, field: str, names: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return for each kind or region the places of its actors."""
    rows = compiled.scenario.file.actors
    found: dict[str, set[int]] = {name: set() for name in names}
    for place, actor in enumerate(compiled.actors):
        found[getattr(rows[actor], field)].add(place)
    return found


def _classes(compiled: Compiled) -> Mapping[str, Any]:
    return {name: {place} for place, name in enumerate(compiled.classes)} | {"none": {-1}}


def _flags(compiled: Compiled) -> Mapping[str, Any]:
    return {"yes": {1}, "no": {0}}


def _outcomes(compiled: Compiled) -> Mapping[str, Any]:
    return {name: {code} for code, name in enumerate(OUTCOMES)}


def _of_log(field: str) -> Callable[[Run], np.ndarray]:
    return lambda run: run.log[field]


def _of_projects(field: str) -> Callable[[Run], np.ndarray]:
    return lambda run: run.projects[field]


EVENTS = {
    "month": Column("months since the start; a date in conditions", _of_log("time"), date=True),
    "event": Column("what happened", _of_log("what"), _words(Event)),
    "actor": Column("who", _of_log("actor"), _actors),
    "actor_kind": Column("kind of the actor", _of_log("actor"), _actor_kinds),
    "region": Column("region of the actor", _of_log("actor"), _regions),
    "class": Column("class in question", _of_log("klass"), _classes),
    "reached": Column("class that a trained model belongs to", _of_log("reached"), _classes),
    "artifact_kind": Column("kind of artifact", _of_log("kind"), _words(ArtifactKind)),
    "project": Column("number of the project; -1: none", _of_log("project")),
    "source": Column("the other actor", _of_log("source"), _actors),
    "source_kind": Column("kind of the other actor", _of_log("source"), _actor_kinds),
    "via": Column("channel", _of_log("via"), _words(Via)),
    "mechanism": Column("mechanism", _of_log("mechanism"), _words(Mechanism)),
    "bound": Column("what bound it", _of_log("bound"), _words(Bound)),
    "motive": Column("incentive that weighed most", _of_log("motive"), _words(Incentive)),
    "amount": Column("in the unit of the event", _of_log("amount")),
    "usd": Column("money", _of_log("usd")),
}


def _first(run: Run, *what: Event) -> np.ndarray:
    """Return for each project the month of its first event of some kinds; inf: none."""
    times = np.full(len(run.projects), math.inf)
    rows = run.log[np.isin(run.log["what"], what) & (run.log["project"] >= 0)]
    np.minimum.at(times, rows["project"], rows["time"])
    return times


def _trained(run: Run) -> np.ndarray:
    return _first(run, Event.TRAINED, Event.UNDERTRAINED)


def _months(run: Run) -> np.ndarray:
    return _trained(run) - run.projects["started"]


def _scripted(run: Run) -> np.ndarray:
    return (run.projects["script"] >= 0).astype(int)


def _outcome(run: Run) -> np.ndarray:
    outcome = np.zeros(len(run.projects), int)
    for code, what in enumerate(ENDS, start=1):
        rows = run.log[(run.log["what"] == what) & (run.log["project"] >= 0)]
        outcome[rows["project"]] = code
    return outcome


def _bound(run: Run) -> np.ndarray:
    """Return what bound each project that did not reach its goal."""
    bound = np.zeros(len(run.projects), int)
    unfinished = (Event.STOPPED, Event.UNDERTRAINED, Event.UNFINISHED)
    rows = run.log[np.isin(run.log["what"], unfinished) & (run.log["project"] >= 0)]
    bound[rows["project"]] = rows["bound"]
    return bound


def _knew(run: Run) -> np.ndarray:
    """Return whether the maker knew that the class exists when the project started."""
    rows = run.log[(run.log["what"] == Event.AWARE)]
    knew = np.zeros(len(run.projects), int)
    for place, project in enumerate(run.projects):
        mine = (rows["actor"] == project["actor"]) & (rows["klass"] >= project["klass"])
        knew[place] = bool((mine & (rows["time"] <= project["started"])).any())
    return knew


PROJECTS = {
    "actor": Column("who runs it", _of_projects("actor"), _actors),
    "actor_kind": Column("kind of the actor", _of_projects("actor"), _actor_kinds),
    "region": Column("region of the actor", _of_projects("actor"), _regions),
    "class": Column("class that it aims at", _of_projects("klass"), _classes),
    "reached": Column("class that its model belongs to", _of_projects("reached"), _classes),
    "started": Column("month; a date in conditions", _of_projects("started"), date=True),
    "trained": Column("month at which training ended; inf: not", _trained, date=True),
    "announced": Column("month; inf: not", lambda run: _first(run, Event.ANNOUNCED), date=True),
    "months": Column("from the start to the end of training", _months),
    "outcome": Column("unfinished, trained, undertrained, stopped", _outcome, _outcomes),
    "bound": Column("what kept it from its goal", _bound, _words(Bound)),
    "mechanism": Column("mechanism", _of_projects("mechanism"), _words(Mechanism)),
    "replicates": Column("whether it copies what is known", _of_projects("replicates"), _flags),
    "scripted": Column("whether the scenario scripts it", _scripted, _flags),
    "knew": Column("whether its maker knew of the class at the start", _knew, _flags),
    "sponsor": Column("who sponsors it", _of_projects("sponsor"), _actors),
    "sponsor_kind": Column("kind of the sponsor", _of_projects("sponsor"), _actor_kinds),
    "team": Column("people", _of_projects("team")),
    "chips": Column("chips of the training", _of_projects("chips")),
    "attempts": Column("attempts at training", _of_projects("attempt")),
    "person_months": Column("work", _of_projects("person_months")),
    "spent_compute": Column("USD, without what sponsors lend", _of_projects("spent_compute")),
    "spent_labour": Column("USD", _of_projects("spent_labour")),
    "flop_trials": Column("FLOP", _of_projects("flop_trials")),
    "flop_failed": Column("FLOP", _of_projects("flop_failed")),
    "flop_final": Column("FLOP", _of_projects("flop_final")),
    "goal": Column("FLOP of the intended training", _of_projects("goal")),
}  # fmt: skip
TABLES = {"events": EVENTS, "projects": PROJECTS}

Reader = Callable[[Run], float]
# Further ways to read a run, by name: called with the run and the arguments of the claim.
READINGS: dict[str, Callable[..., float]] = {}


def reading(function: Callable[..., float]) -> Callable[..., float]:
    """Register a function of (run, **arguments) under its name, for quantities ``reading = "NAME"``."""
    READINGS[function.__name__] = function
    return function


def reader_of(quantity: Quantity, compiled: Compiled) -> Reader:
    """Return the function that reads a quantity off a run; raise UserError for what is not there."""
    if quantity.reading is not None:
        from experiments.evidence import run_readings  # noqa: F401  (registers those that come with the product)

        if quantity.reading not in READINGS:
            raise UserError(f"reading: {not_found('reading', quantity.reading, READINGS)}")
        function, arguments = READINGS[quantity.reading], quantity.arguments
        return lambda run: float(function(run, **arguments))
    if quantity.input is not None:
        return _input_reader(quantity.input, compiled)
    columns = TABLES[quantity.how]
    holds = _conditions(quantity.where, columns, compiled, quantity.how)
    among = _conditions(quantity.among or {}, columns, compiled, "among")
    take = quantity.take or TAKES[0]
    if quantity.of is not None and quantity.of not in columns:
        raise UserError(f"of: {not_found('column', quantity.of, columns)}")
    values = columns[quantity.of].values if quantity.of else None

    def read(run: Run) -> float:
        rows = holds(run)
        if take == "share":
            whole = among(run)
            return float((rows & whole).sum()) / float(whole.sum()) if whole.any() else math.nan
        return taken(take, values(run)[rows]) if values else taken(take, rows)

    return read


def taken(take: str, values: np.ndarray) -> float:
    """Return one number of the values of some rows; nan where there is nothing to take it from.

    ``count`` and ``any`` count; of no rows the ``least`` is inf (a date that never comes), a sum 0.
    """
    if take in ("count", "any"):
        count = int(values.sum())
        return float(count if take == "count" else count > 0)
    if take == "sum":
        return float(values.sum())
    if not len(values):
        return math.inf if take == "least" else math.nan
    if take in ("least", "most"):
        return float(values.min() if take == "least" else values.max())
    return float(np.mean(values) if take == "mean" else np.median(values))


def described() -> list[tuple[str, str, str]]:
    """Return (table, column, meaning) of everything that conditions can name."""
    return [
        (table, name, column.meaning) for table, columns in TABLES.items() for name, column in columns.items()
    ]


def _conditions(where: Mapping[str, Any], columns: Mapping[str, Column], compiled: Compiled, spot: str):
    """Return the function of a run that tells which rows fulfil all conditions."""
    tests = []
    for name, wanted in where.items():
        if name not in columns:
            raise UserError(f"{spot}: {not_found('column', name, columns)}")
        try:
            tests.append((columns[name].values, _test(columns[name], wanted, compiled)))
        except UserError as error:
            raise UserError(f"{spot}.{name}: {error}") from None

    def holds(run: Run) -> np.ndarray:
        rows = np.ones(len(run.log if columns is EVENTS else run.projects), bool)
        for values, test in tests:
            rows &= test(values(run))
        return rows

    return holds


def _test(column: Column, wanted: Any, compiled: Compiled) -> Callable[[np.ndarray], np.ndarray]:
    """Return the test of one condition: a word or several, a number, or limits."""
    if column.vocabulary:
        words = column.vocabulary(compiled)
        negated = isinstance(wanted, dict)
        if negated and set(wanted) != {"not"}:
            raise UserError("write a word, a list of words, or { not = ... }")
        given = wanted["not"] if negated else wanted
        if isinstance(given, bool):
            given = "yes" if given else "no"
        codes: set[int] = set()
        for word in given if isinstance(given, list) else [given]:
            if word not in words:
                raise UserError(not_found("word", str(word), words))
            codes |= words[word]
        listed = np.array(sorted(codes), int)
        return lambda values: np.isin(values, listed, invert=negated)
    if not isinstance(wanted, dict):
        number = _number(wanted, column, compiled)
        return lambda values: values == number
    for key in wanted:
        if key not in LIMITS:
            raise UserError(not_found("limit", key, LIMITS))
    limits = {key: _number(value, column, compiled) for key, value in wanted.items()}

    def within(values: np.ndarray) -> np.ndarray:
        rows = np.ones(len(values), bool)
        for key, limit in limits.items():
            rows &= _LIMITS[key](values, limit)
        return rows

    return within


_LIMITS: dict[str, Callable] = {
    "from": np.greater_equal,
    "until": np.less_equal,
    "above": np.greater,
    "below": np.less,
    "not": np.not_equal,
}


def _number(given: Any, column: Column, compiled: Compiled) -> float:
    if isinstance(given, str) and column.date:
        try:
            return months_of_date(given) - compiled.scenario.start
        except ValueError as error:
            raise UserError(str(error)) from None
    if isinstance(given, bool) or not isinstance(given, (int, float)):
        raise UserError(f"{given!r}: must be a number" + (" or a date" if column.date else ""))
    return float(given)


def _input_reader(path: str, compiled: Compiled) -> Reader:
    from sim.joint import same_path

    wanted = same_path(path)
    if wanted in compiled.uncertain_paths:
        column = list(compiled.uncertain_paths).index(wanted)
        return lambda run: float(run.draws[column]) if len(run.draws) else _given(run, wanted)
    if wanted not in compiled.place_of:
        raise UserError(f"input: {not_found('number', path, compiled.place_of)}")
    return lambda run: _given(run, wanted)


def _given(run: Run, path: str) -> float:
    return float(run.tables.numbers[run.compiled.place_of[path]])
