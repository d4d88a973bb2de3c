"""Claims of the literature as data: ``configs/claims/*.toml``, read and checked.

A claim says who says what, with which interval, and how it is tested: which arms are simulated, which
quantities are read off the runs, what is computed from them, and which rule decides (``agreement``). A user
adds a claim by adding an entry; docs/evidence.md describes the format.
"""

from __future__ import annotations

import datetime
import difflib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import numpy as np
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    field_validator,
    model_validator,
)

from experiments.evidence.agreement import (
    NULL_BOUND,
    POINT_ABSOLUTE,
    Judged,
    Rule,
    Side,
    Statistic,
    Wanted,
    judge,
)
from experiments.evidence.formula import CONSTANTS, OVER_ACTORS, names_in, names_left_by_actor
from sim.errors import UserError, nearest, not_found
from sim.scenario import CONFIGS, problem_of, read_toml
from sim.scenario import names as scenario_names
from sim.schema import months_of_date

FOLDER = CONFIGS / "claims"
BASE = "base"  # the arm that is the scenario itself
Role = Literal["identity", "structural", "calibrate", "input", "held-back"]
HELD_BACK = "held-back"  # the role of claims that were written down before the simulator was asked
Kind = Literal[
    "counterfactual-effect", "forecast", "historical-fact", "input-parameter", "ranking", "structural"
]
REQUIRED_ROLES = ("identity", "input")  # required unless the claim says otherwise
# What one unit of a point's tolerance ("a month, a count") is in the unit of a claim; others have none.
ABSOLUTE = {
    "months": 1.0,
    "weeks": CONSTANTS["WEEKS"],
    "days": CONSTANTS["DAYS"],
    "years": 1.0 / CONSTANTS["MONTHS"],
    **dict.fromkeys(("count", "actors", "models", "people", "projects", "events", "cases"), POINT_ABSOLUTE),
}
OF_DATES = ("interval", "point", "identity")  # rules that compare a number, which may be a date
OF_STATISTICS = (*OF_DATES, "null")  # rules that compare a median, mean or quantile; others a share of runs
WITHOUT_INTERVAL = ("point", "null", "probability")  # rules that would pass over low and high
NEAR_UNIT = 0.8  # so alike is a unit that is misspelt: month, Months, week
ONE_MONTH = 1.0  # what a date may be off: a share of the months since the year 0 would mean nothing
FIRST_YEAR = 1000  # months beyond it are a date, fewer are counted from the start of a scenario
TAKES = ("count", "any", "sum", "mean", "median", "least", "most", "share")
Take = Literal["count", "any", "sum", "mean", "median", "least", "most", "share"]


def one_of(what: str) -> WrapValidator:
    """Return what says in one line that none of several types fits; pydantic has a line for each."""

    def check(given: Any, fits: ValidatorFunctionWrapHandler) -> Any:
        try:
            return fits(given)
        except ValidationError:
            raise ValueError(f"must be {what}, not {given!r}") from None

    return WrapValidator(check)


Condition = Annotated[
    str | float | bool | list[str] | dict[str, Any],
    one_of("a word, a list of words, a number, a date in quotes, true or false, or a table of limits"),
]
Texts = Annotated[tuple[str, ...], one_of("a list of texts")]
Said = Annotated[float | str, one_of("a finite number, a date (YYYY-MM) or text in quotes")]
Found = Annotated[
    bool | float | str | list[Any] | None,
    one_of("a finite number, true or false, a list, or text in quotes"),
]


class Row(BaseModel):
    """A row of a file of claims: unknown keys are errors, numbers finite; nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, allow_inf_nan=False)


class Arm(Row):
    """``arms.NAME``: what is simulated. A text stands for its policies.

    ``scenario``: another one than that in question, by name. ``policies``: a policy spec laid over it.
    ``set``: numbers that are changed, "path=value". ``remove``: dotted paths of rows that are taken out.
    """

    scenario: str = ""
    policies: str = ""
    set: Texts = ()
    remove: Texts = ()

    @model_validator(mode="before")
    @classmethod
    def _may_be_text(cls, given: Any) -> Any:
        if isinstance(given, str):
            return {"policies": given}
        if not isinstance(given, dict):
            raise ValueError(f"must be policies, as text in quotes, or a table, not {given!r}")
        return given


class Quantity(Row):
    """``quantities.NAME``: a number per run, or one that needs no run. One of the first six says how.

    ``metric``: by name (``cascades metrics``). ``events``, ``projects``: rows of the log, or of the table of
    projects, that fulfil conditions, of which ``take`` makes a number (with ``of``, a column; a share is
    ``of`` a further list of conditions, ``among``). ``reading``: a function of the product that reads a run
    (``experiments.evidence.readings``). ``calculate``: one that needs no run. ``input``: what a run drew for
    an uncertain input, or the number of the scenario. ``each``: "actor" takes the rows of every developer by
    itself, so that arms are compared actor by actor, whoever else is there in one of them.
    """

    metric: str | None = None
    events: dict[str, Condition] | None = None
    projects: dict[str, Condition] | None = None
    reading: str | None = None
    calculate: str | None = None
    input: str | None = None
    arm: str = BASE
    take: Take | None = None
    of: str | None = None
    each: Literal["actor"] | None = None
    among: dict[str, Condition] | None = None
    arguments: dict[str, Any] = Field(default_factory=dict, alias="with")

    @property
    def how(self) -> str:
        """Which of the ways it is read in."""
        return next(way for way in WAYS if getattr(self, way) is not None)

    @property
    def needs_runs(self) -> bool:
        """Whether an arm must be simulated for it."""
        return self.how != "calculate"

    @property
    def where(self) -> dict[str, Condition]:
        """The conditions on rows; none for other ways."""
        return self.events if self.events is not None else self.projects or {}

    def of_actor(self, name: str) -> Quantity:
        """Return the quantity of one actor alone."""
        mine: dict[str, Any] = {self.how: self.where | {"actor": name}, "each": None}
        if self.among is not None:
            mine["among"] = self.among | {"actor": name}
        return self.model_copy(update=mine)

    @model_validator(mode="after")
    def _is_one_thing(self) -> Quantity:
        ways = [way for way in WAYS if getattr(self, way) is not None]
        if len(ways) != 1:
            raise ValueError(
                f"write one of {', '.join(WAYS)}" + (f", not {' and '.join(ways)}" if ways else "")
            )
        rows = ways[0] in ("events", "projects")
        if rows != (self.take is not None):
            raise ValueError(
                f"needs take: one of {', '.join(TAKES)}" if rows else "take belongs to events and projects"
            )
        if rows and (self.take in ("count", "any", "share")) != (self.of is None):
            raise ValueError(
                f"take = {self.take!r} takes no column: leave out of"
                if self.of
                else f"take = {self.take!r} needs of, a column"
            )
        if (self.take == "share") != (self.among is not None):
            raise ValueError(
                "among says of which rows a share is: it belongs to take = 'share', which needs it"
            )
        if self.each and not rows:
            raise ValueError("each belongs to events and projects")
        if self.each and "actor" in self.where.keys() | (self.among or {}).keys():
            raise ValueError("each = 'actor' takes every developer: leave out the condition on actor")
        if self.arguments and ways[0] not in ("reading", "calculate"):
            raise ValueError("with belongs to reading and calculate")
        if not self.needs_runs and self.arm != BASE:
            raise ValueError("what is calculated has no arm")
        return self


WAYS = ("metric", "events", "projects", "reading", "calculate", "input")


class UsedInput(Row):
    """``test.inputs``: where the product uses the value of a claim. One of the first five says where.

    ``path``: a dotted path of the scenario (or of another, ``scenario``): a number, a word, a table, or one
    opinion of a pooled number (``PATH.pool.parts.0``). ``policy``: the default of one of its parameters.
    ``record``: a dotted path in a file of ``configs/history``. ``constant``: MODULE:NAME, or MODULE:NAME.KEY.
    ``calculate``: what a function of the product says, ``with`` arguments.

    What must stand there, in the units of that place: ``value``; ``low``, ``centre``, ``high``, and the
    ``weight`` of an opinion; ``count``, the rows of a table; ``above`` and ``below``: numbers, or paths of
    the same file, that it must lie above or below. The source there must name the claim.
    """

    path: str | None = None
    policy: str | None = None
    record: str | None = None
    constant: str | None = None
    calculate: str | None = None
    scenario: str = ""
    parameter: str = ""
    arguments: dict[str, Any] = Field(default_factory=dict, alias="with")
    value: Found = None
    low: float | None = None
    centre: float | None = None
    high: float | None = None
    weight: float | None = None
    count: int | None = None
    above: tuple[Said, ...] = ()
    below: tuple[Said, ...] = ()
    tolerance: float = Field(1e-9, ge=0.0, le=0.1, description="relative")

    @property
    def says_how_large(self) -> bool:
        """Whether the value, or a point of the interval, is said; not only what it lies above or below."""
        return any(getattr(self, name) is not None for name in ("value", "low", "centre", "high"))

    @field_validator("above", "below", mode="before")
    @classmethod
    def _is_a_list(cls, given: Any) -> Any:
        return given if isinstance(given, list) else (given,)

    @model_validator(mode="after")
    def _is_one_place(self) -> UsedInput:
        places = [name for name in PLACES if getattr(self, name) is not None]
        if len(places) != 1:
            raise ValueError(f"write one of {', '.join(PLACES)}")
        if all(getattr(self, name) is None for name in WANTED) and not (self.above or self.below):
            raise ValueError(f"needs one of {', '.join(WANTED)}, above, below")
        if (self.policy is not None) != bool(self.parameter):
            raise ValueError("policy and parameter belong together")
        if self.arguments and self.calculate is None:
            raise ValueError("with belongs to calculate")
        module = (self.constant or "").partition(":")[0].split(".")
        if self.constant is not None and (module[0] not in PACKAGES or "__main__" in module):
            raise ValueError(
                f"constant = {self.constant!r}: must be of the product (MODULE:NAME, the module in "
                f"{', '.join(PACKAGES)}); nothing else is imported"
            )
        middle = self.value if self.centre is None else self.centre
        known: dict[str, Any] = {"low": self.low, "centre": middle, "high": self.high}
        points: dict[str, float] = {name: point for name, point in known.items() if is_number(point)}
        if list(points.values()) != sorted(points.values()):
            told = ", ".join(f"{name} = {point:g}" for name, point in points.items())
            raise ValueError(f"{told}: the interval is out of order; low comes first, high last")
        return self


WANTED = ("value", "low", "centre", "high", "weight", "count")
PLACES = ("path", "policy", "record", "constant", "calculate")
PACKAGES = ("sim", "agents", "experiments")  # from which a constant may be read: a claim runs no other code


class Rival(Row):
    """``rival``: a naive answer. ``value``: a number, a date, or a formula of the same quantities."""

    name: str = Field(min_length=1)
    value: Said

    @property
    def formula(self) -> str:
        """Its value as a formula; a date as months since the year 0."""
        given = self.value
        return repr(months_of_date(given)) if isinstance(given, str) and is_date(given) else str(given)


class Test(Row):
    """``test``: how a claim is held against the product; either ``inputs``, or a formula of quantities.

    ``rule``: of ``experiments.evidence.agreement``. ``side``: of a one-sided value. ``null_bound``: of a null
    claim, in the unit of the formula. ``tolerance``: of an identity, likewise.
    """

    arms: dict[str, Arm] = Field(default_factory=dict)
    quantities: dict[str, Quantity] = Field(default_factory=dict)
    formula: str = ""
    rule: Rule | None = None
    side: Side = ""
    statistic: Statistic = "median"
    null_bound: float = Field(NULL_BOUND, gt=0.0)
    tolerance: float | None = Field(None, ge=0.0)
    inputs: tuple[UsedInput, ...] = ()
    note: str = ""

    @field_validator("inputs", mode="before")
    @classmethod
    def _is_a_list(cls, given: Any) -> Any:
        if not isinstance(given, list | tuple):
            raise ValueError(f"must be a list of tables, not {given!r}")
        return given

    @model_validator(mode="after")
    def _can_be_done(self) -> Test:
        if self.inputs:
            if self.quantities or self.formula or self.rule or self.arms:
                raise ValueError("write either inputs, or quantities with a formula and a rule")
            return self
        if not self.formula or self.rule is None or not self.quantities:
            raise ValueError("needs inputs, or all of quantities, formula and rule")
        for name in self.quantities:
            if not name.isidentifier() or name in CONSTANTS:
                raise ValueError(f"quantity {name!r}: must be a word of letters, digits and _")
        try:
            named = names_in(self.formula)
        except UserError as error:
            raise ValueError(str(error)) from None
        for name in named:
            if name not in self.quantities:
                raise ValueError(f"formula {self.formula!r}: {not_found('quantity', name, self.quantities)}")
        for name in self.quantities:
            if name not in named:
                raise ValueError(f"quantity {name!r} stands in no formula")
        by_actor = [name for name, quantity in self.quantities.items() if quantity.each]
        for name in names_left_by_actor(self.formula, by_actor):
            raise ValueError(f"quantity {name!r} has a number per actor: write {OVER_ACTORS}(...) around it")
        if BASE in self.arms:
            raise ValueError(f"arms: {BASE!r} is the scenario itself; choose another name")
        used = {quantity.arm for quantity in self.quantities.values()}
        for arm in sorted(used - {BASE}):
            if arm not in self.arms:
                raise ValueError(f"quantity of arm {arm!r}: {not_found('arm', arm, [BASE, *self.arms])}")
        for arm in self.arms:
            if arm not in used:
                raise ValueError(f"arm {arm!r} is simulated for nothing: no quantity names it")
        if (self.rule == "identity") != (self.tolerance is not None):
            raise ValueError("tolerance belongs to the rule identity, which needs it")
        if self.statistic != "median" and self.rule not in OF_STATISTICS:
            raise ValueError(
                f"statistic = {self.statistic!r} belongs to the rules {', '.join(OF_STATISTICS)}: "
                f"{self.rule!r} compares a share of the runs"
            )
        if self.null_bound != NULL_BOUND and self.rule != "null":
            raise ValueError(
                f"null_bound = {self.null_bound:g} belongs to the rule null, not to {self.rule!r}"
            )
        if self.side and self.rule not in ("point", "probability"):
            raise ValueError(f"side = {self.side!r} belongs to the rules point and probability")
        return self

    def arm(self, name: str) -> Arm:
        """Return an arm by name."""
        return self.arms.get(name, Arm())


class Claim(Row):
    """``[claims.ID]``: what a source says, and its test."""

    role: Role
    kind: Kind
    statement: str = Field(min_length=1)
    quantity: str = ""
    value: Said
    low: Said | None = None
    high: Said | None = None
    level: float = Field(0.9, gt=0.0, lt=1.0, description="probability that low to high holds")
    unit: str = Field(min_length=1)
    source: str = Field(min_length=1)
    required: bool | None = None
    note: str = ""
    lacks: str = Field("", description="what of the model would have to change where the claim is missed")
    test: Test
    rival: Rival | None = None
    _file: str = PrivateAttr("")  # in which it stands

    @property
    def file(self) -> str:
        """The file in which it stands; "" where it comes from none."""
        return self._file

    @property
    def prefix(self) -> str:
        """What every error about it begins with."""
        return f"{self._file}: " if self._file else ""

    @field_validator("value", mode="before")
    @classmethod
    def _may_be_a_day(cls, given: Any) -> Any:
        return _day_as_text(given)

    @model_validator(mode="before")
    @classmethod
    def _is_no_yes_of_a_number(cls, data: Any) -> Any:
        given, test = (data.get("value"), data.get("test")) if isinstance(data, dict) else (None, None)
        rule = test.get("rule") if isinstance(test, dict) else None
        if isinstance(given, bool) and rule in (*OF_STATISTICS, "probability"):
            written = "true" if given else "false"
            raise ValueError(
                f"value = {written}: test.rule = {rule!r} compares a number; write one, or rule = 'pattern'"
            )
        return data

    @field_validator("low", "high", mode="before")
    @classmethod
    def _is_number_or_date(cls, given: Any) -> Any:
        given = _day_as_text(given)
        if isinstance(given, str):
            months_of_date(given)
        elif given is not None and (isinstance(given, bool) or not isinstance(given, (int, float))):
            raise ValueError(f"must be a number or a date (YYYY-MM), not {given!r}")
        return given

    @property
    def is_required(self) -> bool:
        """Whether the command fails where it is missed."""
        return self.role in REQUIRED_ROLES if self.required is None else self.required

    @property
    def number(self) -> float:
        """The value as a number (a date: in months since the year 0); nan for a word."""
        return _in_months(self.value)

    @property
    def interval(self) -> tuple[float, float] | None:
        """Low and high as numbers, likewise; None without them."""
        return (
            None if self.low is None or self.high is None else (_in_months(self.low), _in_months(self.high))
        )

    @property
    def is_dated(self) -> bool:
        """Whether its numbers are dates, and so what is simulated must be one."""
        return self.test.rule in OF_DATES and any(map(is_date, (self.value, self.low, self.high)))

    @property
    def origin(self) -> float:
        """What its rule counts from: of a date the date itself, in months since the year 0; else 0."""
        if not self.is_dated:
            return 0.0
        return self.number if self.interval is None or not math.isnan(self.number) else self.interval[0]

    @property
    def wanted(self) -> Wanted:
        """What the rule of agreement needs, counted from ``origin``; only for tests with a rule."""
        test = self.test
        if test.rule is None:
            raise ValueError("a test of inputs has no rule of agreement")
        low, high = self.interval or (math.nan, math.nan)
        return Wanted(
            test.rule,
            self.number - self.origin,
            low - self.origin,
            high - self.origin,
            test.side,
            test.null_bound,
            math.nan if test.tolerance is None else test.tolerance,
            test.statistic,
            ONE_MONTH if self.is_dated else ABSOLUTE.get(self.unit, 0.0),
        )

    def judge(self, values: np.ndarray) -> Judged:
        """Hold values of the formula, shape (runs,), against the claim; dates in months since the year 0."""
        judged = judge(self.wanted, np.asarray(values, float) - self.origin)
        if not self.is_dated:
            return judged
        return replace(
            judged,
            statistic=judged.statistic + self.origin,
            low=judged.low + self.origin,
            high=judged.high + self.origin,
        )

    @model_validator(mode="after")
    def _is_possible(self) -> Claim:
        self._check_interval()
        self._check_rule()
        if self.role == "input" and not self.test.inputs:
            raise ValueError("a claim with the role input is tested by test.inputs")
        if self.role != "input" and self.test.inputs:
            raise ValueError(
                f"role = {self.role!r}: test.inputs tests a claim with the role input; write role = 'input', "
                "or quantities with a formula and a rule"
            )
        self._check_rival()
        return self

    def _check_interval(self) -> None:
        if (self.low is None) != (self.high is None):
            raise ValueError("low and high belong together")
        numbers = {"value": self.value, "low": self.low, "high": self.high}
        dates = {name: given for name, given in numbers.items() if is_date(given)}
        plain = {name: given for name, given in numbers.items() if isinstance(given, float)}
        if dates and plain:
            (date, when), (name, given) = next(iter(dates.items())), next(iter(plain.items()))
            raise ValueError(
                f"{date} = {when!r} is a date and {name} = {given:g} is none; write all of them as dates"
            )
        if self.interval is None:
            return
        low, high = self.interval
        if low > high:
            raise ValueError(
                f"low = {_said(self.low)} lies above high = {_said(self.high)}: the interval is out of order"
            )
        if not math.isnan(self.number) and not low <= self.number <= high:
            raise ValueError(
                f"value = {_said(self.value)} lies outside low = {_said(self.low)} to "
                f"high = {_said(self.high)}"
            )

    def _check_rule(self) -> None:
        rule = self.test.rule
        if rule == "interval" and (self.interval is None or self.interval[0] == self.interval[1]):
            raise ValueError("test.rule = 'interval' needs low and high")
        if rule in ("point", "probability", "identity") and math.isnan(self.number):
            raise ValueError(
                f"test.rule = {rule!r} needs a value that is a number or a date (YYYY-MM), not {self.value!r}"
            )
        if rule == "null" and self.number != 0.0 and not math.isnan(self.number):
            raise ValueError(
                f"value = {_said(self.value)}: test.rule = 'null' claims that there is no effect; "
                "write value = 0, or another rule"
            )
        if rule in WITHOUT_INTERVAL and self.interval is not None:
            raise ValueError(
                f"test.rule = {rule!r} passes over low = {_said(self.low)} and high = {_said(self.high)}: "
                "write rule = 'interval' (the median inside it) or leave them out"
            )
        if rule == "probability" and not 0.0 <= self.number <= 100.0:
            raise ValueError(f"value = {_said(self.value)}: a probability is given in %, from 0 to 100")
        if rule == "probability" and not self.unit.startswith("%"):
            meant = f"value = {100.0 * self.number:g} and " if 0.0 < self.number <= 1.0 else ""
            raise ValueError(
                f"unit = {self.unit!r}: test.rule = 'probability' takes value = {_said(self.value)} as % "
                f"of the runs; write {meant}unit = '%'"
            )
        if rule == "point" and not self.is_dated:
            self._check_tolerance()
        if self.is_dated and self.test.statistic == "share":
            raise ValueError("test.statistic = 'share' is in %, and what is claimed is a date")

    def _check_tolerance(self) -> None:
        """Raise ValueError where a point has less tolerance than is meant: a misspelt unit, or none."""
        if self.unit not in ABSOLUTE:
            plain = self.unit.lower().partition(" (")[0]  # months (about)
            near = difflib.get_close_matches(plain, ABSOLUTE, n=1, cutoff=NEAR_UNIT)
            if near:
                raise ValueError(
                    f"unit = {self.unit!r}: test.rule = 'point' has a tolerance of one only in "
                    f"{', '.join(ABSOLUTE)}; write unit = {near[0]!r}"
                )
        if self.number == 0.0 and self.unit not in ABSOLUTE:
            raise ValueError(
                f"value = 0, unit = {self.unit!r}: test.rule = 'point' allows 25 % of the value, which is "
                "nothing; write rule = 'interval' with low and high, or rule = 'null'"
            )

    def _check_rival(self) -> None:
        if self.rival is None or isinstance(self.rival.value, float):
            return
        if is_date(self.rival.value):
            if not self.is_dated:
                raise ValueError(f"rival.value: {self.rival.value!r} is a date, and what is claimed is none")
            return
        try:
            named = names_in(self.rival.value)
        except UserError as error:
            raise ValueError(f"rival.value: {error}") from None
        for name in named:
            if name not in self.test.quantities or self.test.quantities[name].each:
                raise ValueError(f"rival.value: {not_found('quantity', name, self.test.quantities)}")


def is_date(given: Any) -> bool:
    """Return whether what is written is a date: "2020-05" or "2020-05-28"."""
    try:
        months_of_date(given)
    except (ValueError, TypeError):
        return False
    return True


def on_calendar(months: np.ndarray, start: float) -> np.ndarray:
    """Return months since the start of a scenario as months since the year 0; what is a date stays one.

    ``start``: of the scenario, in months since the year 0. What never comes (inf) does not come.

    >>> on_calendar(np.array([12.5, 24253.0]), 24228.0).tolist()
    [24240.5, 24253.0]
    """
    months = np.asarray(months, float)
    return np.where(months >= 12.0 * FIRST_YEAR, months, months + start)


def _in_months(given: float | str) -> float:
    """Return a number as it is, a date in months since the year 0, nan for another word."""
    if isinstance(given, str):
        return months_of_date(given) if is_date(given) else math.nan
    return given


def _day_as_text(given: Any) -> Any:
    """Return a date that TOML writes without quotes as those with them are."""
    if isinstance(given, datetime.datetime):
        given = given.date()
    return given.isoformat() if isinstance(given, datetime.date) else given


def is_number(given: Any) -> bool:
    """Return whether what is written is a number; true and false are none."""
    return isinstance(given, (int, float)) and not isinstance(given, bool)


def _said(given: Any) -> str:
    return f"{given:g}" if isinstance(given, float) else str(given)


class ClaimFile(Row):
    """A file of claims. ``scenarios``: those for which it is meant, by name; empty: any."""

    title: str = ""
    about: str = ""
    scenarios: Texts = ()
    claims: dict[str, Claim]

    @field_validator("claims")
    @classmethod
    def _holds_some(cls, given: dict[str, Claim]) -> dict[str, Claim]:
        if not given:
            raise ValueError("there is no claim in it; write a table [claims.ID] for each")
        return given


def claim_files() -> list[Path]:
    """Return the files of claims that come with the product."""
    return sorted(FOLDER.glob("*.toml"))


def load_claims(
    scenario: str = "",
    further: Sequence[str | Path] = (),
    shipped: bool = True,
    say: Callable[[str], object] | None = None,
) -> dict[str, Claim]:
    """Return the claims about a scenario by id: those that come with the product, and those of other files.

    A file that is meant for other scenarios is skipped; ``say`` is told of one that does not come with the
    product. No id may stand in two files, so nobody's claim takes the place of a shipped one. Raises
    UserError with file and dotted path.
    """
    found: dict[str, Claim] = {}
    homes: dict[str, Path] = {}
    own = claim_files() if shipped else []
    for path in [*own, *map(Path, further)]:
        file = read_claims(path)
        _check_scenarios(file, path, scenario)
        if scenario and file.scenarios and scenario not in file.scenarios:
            if say and path not in own:
                say(f"{path}: skipped: its claims are about {', '.join(file.scenarios)}, not {scenario}")
            continue
        for name, claim in file.claims.items():
            if name in found:
                also = " (which comes with the product)" if homes[name] in own else ""
                raise UserError(
                    f"{path}: claims.{name}: stands in {homes[name]}{also} as well; choose another id"
                )
            found[name], homes[name] = claim, path
    return found


def _check_scenarios(file: ClaimFile, path: Path, scenario: str) -> None:
    """Raise UserError for a scenario that neither comes with the product nor is the one in question."""
    known = list(dict.fromkeys([*scenario_names(), *([scenario] if scenario else [])]))
    for place, name in enumerate(file.scenarios):
        if name not in known:
            raise UserError(f"{path}: scenarios.{place}: {not_found('scenario', name, known)}")


def read_claims(path: Path) -> ClaimFile:
    """Read and check one file of claims; raise UserError with file, dotted path, value and cure."""
    content = read_toml(path)
    try:
        file = ClaimFile.model_validate(content)
    except ValidationError as error:
        lines = [f"{path}: {problem_of(detail, _allowed_at)}" for detail in error.errors()]
        raise UserError("\n".join(dict.fromkeys(lines))) from None
    for claim in file.claims.values():
        claim._file = str(path)
    return file


def chosen(claims: Mapping[str, Claim], only: Sequence[str]) -> dict[str, Claim]:
    """Return the claims that are named, by id or by role; all if nothing is named."""
    roles = get_args(Role)
    for name in only:
        if name not in claims and name not in roles:
            raise UserError(f"--only {name}: no such claim or role{nearest(name, [*claims, *roles])}")
    return {name: claim for name, claim in claims.items() if not only or name in only or claim.role in only}


_TABLES: dict[str, type[BaseModel]] = {"test": Test, "rival": Rival}
_ROWS: dict[str, type[BaseModel]] = {"quantities": Quantity, "arms": Arm, "inputs": UsedInput}


def _allowed_at(location: Sequence[Any]) -> list[str]:
    """Return the keys that there are at a place of a file of claims."""
    parts = list(location)
    model: type[BaseModel] = ClaimFile
    if len(parts) >= 2:
        model = Claim
    if len(parts) >= 3:
        model = _TABLES.get(parts[2], Claim)
    if len(parts) >= 5:
        model = _ROWS.get(parts[3], model)
    return [info.alias or name for name, info in model.model_fields.items()]
