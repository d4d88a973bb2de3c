"""What really happened, for comparison: ``configs/history/NAME.toml``, read and checked.

Nothing here enters a run. Dates are days; a date that the record gives only to the month counts as
its first day.
"""

from __future__ import annotations

import datetime
import math
from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from sim.errors import UserError, not_found
from sim.paths import join_path
from sim.scenario import CONFIGS, load, problem_of, read_toml
from sim.schema import months_of_date
from sim.words import Access

FOLDER = CONFIGS / "history"


class Row(BaseModel):
    """A row of the record: unknown keys are errors; nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, strict=True)


class HistoryModel(Row):
    """``[models.NAME]``: one model that somebody trained. ``flop``: of its training; None: unknown."""

    actor: str = Field(min_length=1)
    partners: tuple[str, ...] = Field((), alias="with", strict=False)
    class_: str = Field(alias="class")
    trained: str | None = None
    announced: str | None = None
    weights: Literal[tuple(word.key for word in Access)]  # type: ignore[valid-type]
    flop: float | None = Field(None, gt=0, allow_inf_nan=False)
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


class Statistic(Row):
    """``[[statistics]]``: a number that the record gives, in a unit, for comparison."""

    name: str
    value: float = Field(allow_inf_nan=False)
    unit: str
    what: str
    source: str = Field(min_length=1)


class History(Row):
    """The record for one scenario. ``classes``: those of the scenario, the lowest first."""

    scenario: str
    credit: str = Field(min_length=1)
    models: dict[str, HistoryModel]
    statistics: tuple[Statistic, ...] = Field((), strict=False)
    classes: tuple[str, ...] = Field((), strict=False)
    follow_class: str = ""

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
        if model.class_ not in classes:
            path = join_path(["models", name, "class"])
            raise UserError(f"{origin}: {path}: {not_found('class', model.class_, classes)}")
        strangers = [maker for maker in model.makers if maker not in scenario.file.actors]
        if strangers:
            path = join_path(["models", name, "actor" if strangers[0] == model.actor else "with"])
            raise UserError(f"{origin}: {path}: {not_found('actor', strangers[0], scenario.file.actors)}")
    return history.model_copy(update={"classes": classes, "follow_class": scenario.follow_class})


def day_of(text: str) -> datetime.date:
    """Return the day of a date of the record; the first of the month if it names no day."""
    return datetime.date.fromisoformat(text if len(text) > len("2020-05") else f"{text}-01")


def months_of_day(day: datetime.date) -> float:
    """Return a day as months since the year 0, as scenarios count them."""
    return months_of_date(day.isoformat())


def _allowed_at(location: list) -> list[str]:
    row: type[Row] = History
    if location:
        row = HistoryModel if location[0] == "models" else Statistic
    hidden = ("classes", "follow_class")
    return [info.alias or name for name, info in row.model_fields.items() if name not in hidden]
