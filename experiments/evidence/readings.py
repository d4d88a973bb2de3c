"""Numbers read off one run: rows of the event log or of the table of projects that fulfil conditions.

A *reader* is made once per quantity and world (names become codes), and is then called with each run.
"""

from __future__ import annotations

import hashlib
import inspect
import itertools
import math
import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.evidence.arguments import check_arguments
from experiments.evidence.claims import TAKES, Quantity, is_number
from sim.errors import UserError, not_found
from sim.schema import months_of_date
from sim.words import ArtifactKind, Bound, Event, Incentive, Mechanism, Via, Word

if TYPE_CHECKING:
    from sim.tables import Tables
    from sim.world import Compiled

ENDS = (Event.TRAINED, Event.UNDERTRAINED, Event.STOPPED)
OUTCOMES = ("unfinished", "trained", "undertrained", "stopped")  # of a project, in the order of their codes
MANY = 12  # codes; more are looked up together
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

    def once(self, key: Any, work: Callable[[], Any]) -> Any:
        """Return what some work gives, done once per run whoever asks: readings share columns and rows."""
        if key not in self.memory:
            self.memory[key] = work()
        return self.memory[key]

    def event(self, field: str) -> np.ndarray:
        """Return a field of the event log as an array of its own: rows of the log lie far apart."""
        return self.once(("log", field), lambda: np.array(np.asarray(self.log)[field]))

    def project(self, field: str) -> np.ndarray:
        """Return a field of the table of projects, likewise."""
        return self.once(("project", field), lambda: np.array(np.asarray(self.projects)[field]))

    def rows(self, *what: Event) -> np.ndarray:
        """Return the places of the events of some kinds in the log, in its order."""
        return self.once(("rows", what), lambda: np.flatnonzero(_one_of(self.event("what"), what)))

    def rows_of_projects(self, *what: Event) -> tuple[np.ndarray, np.ndarray]:
        """Return (places in the log, projects) of the events of some kinds that belong to a project."""
        rows = self.rows(*what)
        projects = self.event("project")[rows]
        return rows[projects >= 0], projects[projects >= 0]


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
    return lambda run: run.event(field)


def _of_projects(field: str) -> Callable[[Run], np.ndarray]:
    return lambda run: run.project(field)


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
    rows, projects = run.rows_of_projects(*what)
    np.minimum.at(times, projects, run.event("time")[rows])
    return times


def _trained(run: Run) -> np.ndarray:
    return _first(run, Event.TRAINED, Event.UNDERTRAINED)


def _months(run: Run) -> np.ndarray:
    return _between(run.project("started"), _trained(run))


def _span(run: Run) -> np.ndarray:
    return _between(run.projects["started"], _first(run, Event.ANNOUNCED))


def _building(run: Run) -> np.ndarray:
    return _between(run.project("started"), _first(run, Event.BUILT))


def _training(run: Run) -> np.ndarray:
    return _between(_first(run, Event.TUNED), _trained(run))


def _last_attempt(run: Run) -> np.ndarray:
    """Return the months of the attempt at training that gave the model; nan without one."""
    begun = np.full(len(run.projects), math.nan)
    rows, projects = run.rows_of_projects(Event.TUNED, Event.FAILED)
    begun[projects] = run.event("time")[rows]  # the log is in order: the last row of a project stays
    return _between(begun, np.where(np.isfinite(_trained(run)), _trained(run), math.nan))


def _between(first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Return the months from one time to another; nan where neither comes."""
    with np.errstate(invalid="ignore"):
        return last - first


def _flop(run: Run) -> np.ndarray:
    return run.projects["flop_trials"] + run.projects["flop_failed"] + run.projects["flop_final"]


def _share_of_compute(run: Run) -> np.ndarray:
    compute, labour = run.projects["spent_compute"], run.projects["spent_labour"]
    return np.divide(compute, compute + labour, out=np.full(len(compute), np.nan), where=compute + labour > 0)


def _per_labour(run: Run) -> np.ndarray:
    compute, labour = run.projects["spent_compute"], run.projects["spent_labour"]
    return np.divide(compute, labour, out=np.full(len(compute), np.nan), where=labour > 0)


def _data_per_compute(run: Run) -> np.ndarray:
    """Return the pay for work on data, over what the compute cost; nan where nothing was paid for compute."""
    paid = np.full(len(run.projects), np.nan)
    rows = run.log[(run.log["what"] == Event.BUILT) & (run.log["project"] >= 0)]
    salary = float(run.tables.work[0]["salary_usd"])
    paid[rows["project"]] = rows["draw"] * rows["amount"] * salary  # share of the person-months until then
    compute = run.projects["spent_compute"]
    return np.divide(paid, compute, out=np.full(len(paid), np.nan), where=compute > 0)


def _searched(run: Run) -> np.ndarray:
    return run.projects["flop_trials"] - run.projects["tested"]


def _scripted(run: Run) -> np.ndarray:
    return (run.project("script") >= 0).astype(int)


def _outcome(run: Run) -> np.ndarray:
    outcome = np.zeros(len(run.projects), int)
    for code, what in enumerate(ENDS, start=1):
        _, projects = run.rows_of_projects(what)
        outcome[projects] = code
    return outcome


def _bound(run: Run) -> np.ndarray:
    """Return what bound each project that did not reach its goal."""
    bound = np.zeros(len(run.projects), int)
    rows, projects = run.rows_of_projects(Event.STOPPED, Event.UNDERTRAINED, Event.UNFINISHED)
    bound[projects] = run.event("bound")[rows]
    return bound


def _knew(run: Run) -> np.ndarray:
    """Return whether the maker knew that the class exists when the project started."""
    rows = run.rows(Event.AWARE)
    first = np.full((len(run.compiled.actors), len(run.compiled.classes)), math.inf)
    np.minimum.at(first, (run.event("actor")[rows], run.event("klass")[rows]), run.event("time")[rows])
    first = np.minimum.accumulate(first[:, ::-1], axis=1)[:, ::-1]  # of the class or a higher one
    since = first[run.project("actor"), run.project("klass")]
    return (np.isfinite(since) & (since <= run.project("started"))).astype(int)


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
    "span": Column("months from the start to the announcement", _span),
    "building": Column("months from the start to the end of engineering and data work", _building),
    "last_attempt": Column("months of the training that gave the model, without failed ones", _last_attempt),
    "training": Column("months from the end of the trials to the end of training", _training),
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
    "compute_share": Column("compute over compute and labour, in USD", _share_of_compute),
    "compute_per_labour": Column("compute over labour, in USD", _per_labour),
    "data_per_compute": Column("pay for work on data over compute, in USD", _data_per_compute),
    "flop": Column("FLOP of trials, failed attempts and the final run", _flop),
    "flop_trials": Column("FLOP of trial runs for settings", _searched),
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


def known_readings() -> dict[str, Callable[..., float]]:
    """Return the registered ways to read a run by name, those that come with the product among them."""
    from experiments.evidence import run_readings  # noqa: F401  (registers them)

    return READINGS


def source_of_reading(quantity: Quantity) -> str:
    """Return a hash of the source of a registered reading that does not come with the product; "" for others.

    One without a source to be read (typed into a session) gets another one each time.
    """
    function = known_readings().get(quantity.reading or "")
    if function is None or function.__module__.startswith(__package__ or "experiments.evidence"):
        return ""
    try:
        source = inspect.getsource(inspect.getmodule(function) or function)
    except (OSError, TypeError):
        source = uuid.uuid4().hex
    return hashlib.blake2b(source.encode(), digest_size=8).hexdigest()


def reader_of(quantity: Quantity, compiled: Compiled) -> Reader:
    """Return the function that reads a quantity off a run; raise UserError for what is not there."""
    if quantity.reading is not None:
        known = known_readings()
        if quantity.reading not in known:
            raise UserError(f"reading: {not_found('reading', quantity.reading, known)}")
        function, arguments = known[quantity.reading], quantity.arguments
        check_arguments(quantity.reading, function, arguments, own=1)
        _check_names(quantity.reading, arguments, compiled)
        return lambda run: float(function(run, **arguments))
    if quantity.input is not None:
        return _input_reader(quantity.input, compiled)
    columns = TABLES[quantity.how]
    holds = _conditions(quantity.where, quantity.how, compiled, quantity.how)
    among = _conditions(quantity.among or {}, quantity.how, compiled, "among")
    take = quantity.take or TAKES[0]
    if quantity.of is not None:
        _check_taken(quantity.of, take, columns)
    values = _values(quantity.how, quantity.of) if quantity.of else None

    def read(run: Run) -> float:
        rows = holds(run)
        if take == "share":
            whole = among(run)
            return float((rows & whole).sum()) / float(whole.sum()) if whole.any() else math.nan
        return taken(take, values(run)[rows]) if values else taken(take, rows)

    return read


def _check_taken(name: str, take: str, columns: Mapping[str, Column]) -> None:
    """Raise UserError for a column that is not there, or of which no number can be taken: it holds words."""
    if name not in columns:
        raise UserError(f"of: {not_found('column', name, columns)}")
    if columns[name].vocabulary in (None, _flags):  # no and yes are 0 and 1
        return
    numbers = [other for other, column in columns.items() if column.vocabulary in (None, _flags)]
    raise UserError(
        f"of: {name!r} holds words: there is no take = {take!r} of them; columns of numbers: "
        f"{', '.join(numbers)}; or count the rows that a condition names"
    )


def _check_names(reading: str, arguments: Mapping[str, Any], compiled: Compiled) -> None:
    """Raise UserError where an argument names an actor, kind, class or artifact that is not there."""
    file = compiled.scenario.file
    for what, names, keys in (
        ("actor", compiled.actors, ("actor", "owner", "actors")),
        ("kind of actor", list(file.kinds), ("actor_kind",)),
        ("class", compiled.classes, ("klass", "model_class")),
        ("scripted artifact", list(file.scripted_artifacts), ("artifacts",)),
    ):
        for key in keys:
            given = arguments.get(key, [])
            for name in [given] if isinstance(given, str) else given:
                if name not in names:
                    raise UserError(f"reading {reading}: with.{key}: {not_found(what, name, names)}")


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


def _values(table: str, name: str) -> Callable[[Run], np.ndarray]:
    """Return the function of a run that gives a column of a table."""
    work = TABLES[table][name].values
    return lambda run: run.once((table, name), lambda: work(run))


def _conditions(where: Mapping[str, Any], table: str, compiled: Compiled, spot: str):
    """Return the function of a run that tells which rows fulfil all conditions.

    Conditions that are written alike are tested once per run.
    """
    columns = TABLES[table]
    tests = []
    for name, wanted in where.items():
        if name not in columns:
            raise UserError(f"{spot}: {not_found('column', name, columns)}")
        try:
            key = (table, name, repr(wanted))
            tests.append((key, _values(table, name), _test(columns[name], wanted, compiled)))
        except UserError as error:
            raise UserError(f"{spot}.{name}: {error}") from None

    def holds(run: Run) -> np.ndarray:
        rows = np.ones(len(run.log if table == "events" else run.projects), bool)
        for key, values, test in tests:
            rows &= run.once(key, partial(_fulfil, test, values, run))
        return rows

    return holds


def _fulfil(test: Callable, values: Callable[[Run], np.ndarray], run: Run) -> np.ndarray:
    return test(values(run))


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
        if given == []:
            raise UserError("an empty list names nothing; write at least one word")
        codes: set[int] = set()
        for word in given if isinstance(given, list) else [given]:
            if word not in words:
                raise UserError(not_found("word", str(word), words))
            codes |= words[word]
        listed = sorted(codes)
        return lambda values: _one_of(values, listed) != negated
    if not isinstance(wanted, dict):
        number = _number(wanted, column, compiled)
        return lambda values: values == number
    for key in wanted:
        if key not in LIMITS:
            raise UserError(not_found("limit", key, LIMITS))
    limits = {key: _number(value, column, compiled) for key, value in wanted.items()}
    _check_limits(wanted, limits)

    def within(values: np.ndarray) -> np.ndarray:
        rows = np.ones(len(values), bool)
        for key, limit in limits.items():
            rows &= _LIMITS[key](values, limit)
        return rows

    return within


def _check_limits(wanted: Mapping[str, Any], limits: Mapping[str, float]) -> None:
    """Raise UserError for limits that nothing, or everything, fulfils; ``wanted``: as they are written."""
    if not limits:
        raise UserError(f"an empty table limits nothing; there is: {', '.join(LIMITS)}")
    for low, high in itertools.product(("from", "above"), ("until", "below")):
        if low not in limits or high not in limits:
            continue
        may_be_equal = (low, high) == ("from", "until")
        if limits[low] > limits[high] or (limits[low] == limits[high] and not may_be_equal):
            raise UserError(
                f"{low} = {wanted[low]!r}, {high} = {wanted[high]!r}: nothing lies between them; "
                f"{low} is the lower limit, {high} the upper one"
            )


def _one_of(values: np.ndarray, codes: Collection[int]) -> np.ndarray:
    """Return which values are one of some codes; for few of them quicker than ``numpy.isin``."""
    if len(codes) > MANY:
        return np.isin(values, list(codes))
    found = np.zeros(len(values), bool)
    for code in codes:
        found |= values == code
    return found


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
    if not is_number(given) or math.isnan(given):
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
