"""What really happened, for comparison: ``configs/history/NAME.toml``, read and checked.

Nothing here enters a run. Dates are days; a date that the record gives only to the month counts as
its first day.
"""

from __future__ import annotations

import datetime
import math
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    field_validator,
    model_validator,
)

from sim.errors import UserError, nearest, not_found
from sim.paths import join_path, split_path
from sim.quantity import Quantity, as_plain, read_quantity
from sim.scenario import CONFIGS, Scenario, load, problem_of, read_toml
from sim.schema import ScenarioFile, months_of_date
from sim.words import Access

FOLDER = CONFIGS / "history"
WITHOUT_DATE = ("yes", "partly", "no")  # what stands for a date that nobody wrote down, or for none
GIVEN_IN = {"scripted_projects": "actor", "scripted_artifacts": "owner"}  # section: its field for who


class Row(BaseModel):
    """A row of the record: unknown keys are errors; nothing changes after reading."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, strict=True, arbitrary_types_allowed=True
    )


def _dollars() -> Any:
    return Field(None, gt=0, allow_inf_nan=False)


class Cost(Row):
    """``cost`` of a model, USD; None: not on record.

    ``usd``: rent of the final training run, with the 90 % interval of its source; ``total_usd``: with trial
    runs and lost attempts; ``amortised_usd``: the final run again, hardware written off, in USD of 2023.
    """

    usd: float | None = _dollars()
    low_90: float | None = _dollars()
    high_90: float | None = _dollars()
    total_usd: float | None = _dollars()
    total_low_90: float | None = _dollars()
    total_high_90: float | None = _dollars()
    amortised_usd: float | None = _dollars()
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _in_order(self) -> Cost:
        for low, centre, high in (
            (self.low_90, self.usd, self.high_90),
            (self.total_low_90, self.total_usd, self.total_high_90),
        ):
            given = [bound for bound in (low, centre, high) if bound is not None]
            if (low is None) != (high is None) or (low is not None and centre is None):
                raise ValueError("an interval needs its low, its centre and its high")
            if given != sorted(given):
                raise ValueError(f"low, centre and high out of order: {low:g}, {centre:g}, {high:g}")
        return self


class Published(Row):
    """``published`` of a model: when each part became public.

    A date; "yes" or "partly" where no date is on record; "no"; None: not known. ``dataset``: that of the
    training, whoever published it.
    """

    paper: str | None = None
    hyperparameters: str | None = None
    code: str | None = None
    dataset: str | None = None
    weights: str | None = None
    api: str | None = None

    @field_validator("*")
    @classmethod
    def _is_date_or_word(cls, text: str | None) -> str | None:
        if text is not None and text not in WITHOUT_DATE:
            try:
                months_of_date(text)
            except ValueError as error:
                raise ValueError(f"{error}, or one of: {', '.join(WITHOUT_DATE)}") from None
        return text


class HistoryModel(Row):
    """``[models.NAME]``: one model that somebody trained.

    ``flop``: of its training; None: unknown. ``parameters``, ``tokens``: of dense models, likewise.
    ``tools``: the software that it was trained with, so far as that is on record.

    ``given``: dotted path of what the scenario scripts of it; None: it is left to emerge. ``not_simulated``:
    why a scenario cannot have it, such as an actor that is not there. ``team``: people of the core team;
    ``authors``: of the paper.
    """

    actor: str = Field(min_length=1)
    partners: tuple[str, ...] = Field((), alias="with", strict=False)
    class_: str = Field(alias="class")
    trained: str | None = None
    announced: str | None = None
    weights: Literal[tuple(word.key for word in Access)]  # type: ignore[valid-type]
    flop: float | None = Field(None, gt=0, allow_inf_nan=False)
    parameters: float | None = Field(None, gt=0, allow_inf_nan=False)
    tokens: float | None = Field(None, gt=0, allow_inf_nan=False)
    tools: tuple[str, ...] = Field((), strict=False)
    given: str | None = None
    not_simulated: str = ""
    team: int | None = Field(None, ge=1)
    authors: int | None = Field(None, ge=1)
    cost: Cost | None = None
    published: Published = Published()
    note: str = ""
    source: str = Field(min_length=1)

    @field_validator("trained", "announced")
    @classmethod
    def _is_date(cls, text: str | None) -> str | None:
        if text is not None:
            months_of_date(text)
        return text

    @model_validator(mode="after")
    def _in_order(self) -> HistoryModel:
        if self.trained is None and self.announced is None:
            raise ValueError("needs trained or announced")
        if self.trained and self.announced and day_of(self.trained) > day_of(self.announced):
            raise ValueError(f"trained {self.trained} lies after announced {self.announced}")
        return self

    @property
    def makers(self) -> tuple[str, ...]:
        """Who made it: a joint model counts for each of them."""
        return (self.actor, *self.partners)

    @property
    def loss(self) -> float | None:
        """Its loss by the scaling law (``sim.scaling``); None where size or text is unknown."""
        if self.parameters is None or self.tokens is None:
            return None
        from sim import scaling

        return scaling.loss(self.parameters, self.tokens)


class Statistic(Row):
    """``[[statistics]]``: a number that the record gives, in a unit, for comparison.

    ``low``, ``high``: the interval that the source gives, 90 % unless it says otherwise. Where it gives
    nothing but a range, there is no ``value``.
    """

    name: str
    value: float | None = Field(None, allow_inf_nan=False)
    low: float | None = Field(None, allow_inf_nan=False)
    high: float | None = Field(None, allow_inf_nan=False)
    unit: str
    what: str
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _says_something(self) -> Statistic:
        if (self.low is None) != (self.high is None):
            raise ValueError("low and high belong together")
        if self.value is None and self.low is None:
            raise ValueError("needs value, or low and high")
        middle = self.low if self.value is None else self.value
        if self.low is not None and self.high is not None and not self.low <= middle <= self.high:  # type: ignore[operator]
            raise ValueError(f"out of order: low {self.low:g}, value {middle:g}, high {self.high:g}")
        return self


class Trend(Row):
    """``[trends.NAME]``: a trend of training compute before a model, and how late it comes to its compute.

    ``slope``: orders of magnitude a year; None: not on record. ``months``: after the model was announced.
    ``weight``: that the source gives it. ``outlier``: whether the source leaves it out of the spread.
    """

    slope: float | None = Field(None, gt=0, allow_inf_nan=False)
    months: float = Field(allow_inf_nan=False)
    weight: float = Field(gt=0, le=1)
    outlier: bool = False
    what: str
    source: str = Field(min_length=1)


class Estimate(Row):
    """``[estimates.NAME]``: what somebody judged, as an interval or as opinions to be pooled.

    ``number``: written as the numbers of a scenario are.
    """

    number: Annotated[Quantity, BeforeValidator(read_quantity), PlainSerializer(as_plain)]
    unit: str
    what: str
    source: str = Field(min_length=1)


class History(Row):
    """The record for one scenario. ``classes``: those of the scenario, the lowest first.

    ``until``: the last day that the record covers; None: that of its latest announcement.
    """

    scenario: str
    until: str | None = None
    credit: str = Field(min_length=1)
    models: dict[str, HistoryModel]
    statistics: tuple[Statistic, ...] = Field((), strict=False)
    trends: dict[str, Trend] = {}
    estimates: dict[str, Estimate] = {}
    classes: tuple[str, ...] = Field((), strict=False)
    follow_class: str = ""

    @field_validator("until")
    @classmethod
    def _is_day(cls, text: str | None) -> str | None:
        if text is not None:
            months_of_date(text)
        return text

    @property
    def end(self) -> datetime.date:
        """Return the last day that the record covers."""
        days = [day_of(model.announced) for model in self.models.values() if model.announced]
        return day_of(self.until) if self.until else max(days, default=datetime.date.min)

    @cached_property
    def actors(self) -> list[str]:
        """Who made anything, in the order of the record."""
        return list(dict.fromkeys(maker for model in self.models.values() for maker in model.makers))

    def announced(self, actor: str, klass: str) -> datetime.date | None:
        """Return when an actor first announced a model of a class or of a higher one."""
        return self._earliest(actor, klass, "announced")

    def trained(self, actor: str, klass: str) -> datetime.date | None:
        """Return when an actor had first trained one, so far as the record says when."""
        return self._earliest(actor, klass, "trained")

    def reveal(self, klass: str | None = None) -> tuple[str, datetime.date] | None:
        """Return who announced a class first, and when; None if nobody did."""
        firsts = self._announcements(klass or self.follow_class)
        return firsts[0] if firsts else None

    def lag(self, k: int, klass: str | None = None) -> float:
        """Return the months from the first announcement of a class to the k-th other actor's.

        A joint model counts for each of its makers. ``inf`` if fewer than k others announced one.
        """
        others = self._announcements(klass or self.follow_class)
        if not 1 <= k < len(others):
            return math.inf
        return months_of_day(others[k][1]) - months_of_day(others[0][1])

    def statistic(self, name: str) -> Statistic:
        """Return a number of the record by its name; raise UserError if there is none."""
        known = {statistic.name: statistic for statistic in self.statistics}
        if name not in known:
            raise UserError(not_found("statistic", name, known))
        return known[name]

    def estimate(self, name: str) -> Estimate:
        """Return a judgement of the record by its name; raise UserError if there is none."""
        if name not in self.estimates:
            raise UserError(not_found("estimate", name, self.estimates))
        return self.estimates[name]

    def _announcements(self, klass: str) -> list[tuple[str, datetime.date]]:
        dates = {actor: self.announced(actor, klass) for actor in self.actors}
        found = [(actor, date) for actor, date in dates.items() if date is not None]
        return sorted(found, key=lambda pair: pair[1])

    def _earliest(self, actor: str, klass: str, field: str) -> datetime.date | None:
        if klass not in self.classes:
            return None
        enough = self.classes[self.classes.index(klass) :]
        dates = [
            day_of(getattr(model, field))
            for model in self.models.values()
            if actor in model.makers and model.class_ in enough and getattr(model, field)
        ]
        return min(dates, default=None)


def load_history(name: str) -> History | None:
    """Read and check the record for a scenario by name; None if there is none.

    Raises UserError with file, dotted path, the value given and what is allowed.

    >>> load_history("toy") is None
    True
    """
    path = FOLDER / f"{name}.toml"
    if "/" in name or "\\" in name or not path.is_file():
        return None
    return from_data(read_toml(path), str(path))


def needed_history(scenario: str, path: str | Path | None = None) -> History:
    """Return the record that a user names, or else that of a scenario; raise UserError if there is none."""
    if path is not None:
        return from_data(read_toml(Path(path)), str(path))
    history = load_history(scenario)
    if history is None:
        raise UserError(
            f"scenario {scenario!r} has no record to lay beside (configs/history/{scenario}.toml); there is "
            f"one of: {', '.join(sorted(path.stem for path in FOLDER.glob('*.toml')))}"
        )
    return history


def from_data(data: dict[str, Any], origin: str = "<data>") -> History:
    """Check a record that is given as plain data (what a TOML file would hold)."""
    try:
        history = History.model_validate(data)
    except ValidationError as error:
        lines = [f"{origin}: {problem_of(detail, _allowed_at)}" for detail in error.errors()]
        raise UserError("\n".join(lines)) from None
    for key in ("classes", "follow_class"):
        if key in data:
            raise UserError(f"{origin}: {key}: comes from the scenario; leave it out")
    try:
        scenario = load(history.scenario)
    except UserError as error:
        raise UserError(f"{origin}: scenario: {error}") from None
    classes = tuple(scenario.file.classes)
    for name, model in history.models.items():
        if model.announced and day_of(model.announced) > history.end:
            path = join_path(["models", name, "announced"])
            raise UserError(f"{origin}: {path}: {model.announced} lies after until ({history.until})")
        if model.class_ not in classes:
            path = join_path(["models", name, "class"])
            raise UserError(f"{origin}: {path}: {not_found('class', model.class_, classes)}")
        strangers = [maker for maker in model.makers if maker not in scenario.file.actors]
        if strangers and not model.not_simulated:
            path = join_path(["models", name, "actor" if strangers[0] == model.actor else "with"])
            raise UserError(f"{origin}: {path}: {not_found('actor', strangers[0], scenario.file.actors)}")
        if model.given:
            _check_given(model, scenario, f"{origin}: {join_path(['models', name, 'given'])}")
    return history.model_copy(update={"classes": classes, "follow_class": scenario.follow_class})


def day_of(text: str) -> datetime.date:
    """Return the day of a date of the record; the first of the month if it names no day."""
    return datetime.date.fromisoformat(text if len(text) > len("2020-05") else f"{text}-01")


def months_of_day(day: datetime.date) -> float:
    """Return a day as months since the year 0, as scenarios count them."""
    return months_of_date(day.isoformat())


def gives(file: ScenarioFile, model: HistoryModel) -> bool:
    """Return whether a scenario scripts what its record says it gives of a model."""
    if not model.given:
        return False
    section, name = split_path(model.given)
    return name in getattr(file, section)


def _check_given(model: HistoryModel, scenario: Scenario, where: str) -> None:
    """Raise UserError unless what is said to give a model is in the scenario, and of one of its makers."""
    section, *rest = split_path(str(model.given))
    if section not in GIVEN_IN or len(rest) != 1:
        allowed = " or ".join(f"{name}.NAME" for name in GIVEN_IN)
        raise UserError(f"{where}: {model.given!r} must be {allowed}{nearest(section, GIVEN_IN)}")
    scripted = getattr(scenario.file, section)
    if rest[0] not in scripted:
        raise UserError(f"{where}: {not_found(section, rest[0], scripted)}")
    owner = getattr(scripted[rest[0]], GIVEN_IN[section])
    if owner not in model.makers:
        raise UserError(f"{where}: {model.given} is of {owner}; the model is of {', '.join(model.makers)}")


def _allowed_at(location: list) -> list[str]:
    row: type[Row] = _ROWS.get(location[0], Statistic) if location else History
    if location[2:] and row is HistoryModel:
        row = Cost if location[2] == "cost" else Published
    hidden = ("classes", "follow_class")
    return [info.alias or name for name, info in row.model_fields.items() if name not in hidden]


_ROWS: dict[Any, type[Row]] = {"models": HistoryModel, "trends": Trend, "estimates": Estimate}
