"""What a sweep is asked to do: a TOML file, or the arguments of ``sweep(...)``, checked.

scenario = "gpt3"
runs = 50                     # at every point
metrics = ["lag_5", "n_dev"]

[design]
method = "latin-hypercube"    # grid, zip, list, table, latin-hypercube, sobol, morris
points = 200

[factors."effects.code.work"]
low = 0.1
high = 0.6
[factors.policy]
levels = ["base", "code-never"]
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from experiments.sweeps.factors import (
    ALTERNATIVE,
    DISTRIBUTIONS,
    INPUT,
    LOGUNIFORM,
    OF_SCENARIO,
    POLICY,
    SET,
    UNIFORM,
    Factor,
)
from sim.errors import UserError, not_found
from sim.scenario import CONFIGS, NAME, Scenario, problem_of, read_toml

if TYPE_CHECKING:
    from sim.schema import Quantity, Unit

SWEEPS = CONFIGS / "sweeps"
GRID, ZIP, LIST, TABLE = "grid", "zip", "list", "table"
LATIN, SOBOL, MORRIS = "latin-hypercube", "sobol", "morris"
METHODS = (GRID, ZIP, LIST, TABLE, LATIN, SOBOL, MORRIS)
SAMPLED = (LATIN, SOBOL, MORRIS)
ALTERNATIVES = "alternatives."
# Numbers that a scenario checks against one another, or sorts by: setting them makes another world.
CHECKED_TOGETHER = ("classes.*.flop", "publication.staged_from", "publication.open_from")
CHECKED_TABLES = ("orders", "changes")


class DesignTable(BaseModel):
    """``[design]``: how the points are laid out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: Literal["grid", "zip", "list", "table", "latin-hypercube", "sobol", "morris"]
    points: int | None = Field(None, description="latin-hypercube: points; sobol: base sample, 2**k")
    trajectories: int | None = Field(None, description="morris: trajectories")
    levels: int = Field(4, description="morris: levels of the grid, an even number")
    second_order: bool = Field(False, description="sobol: with the points for second-order indices")
    rows: list[dict[str, Any]] | None = Field(None, description="list: one table per point")
    file: str | None = Field(None, description="table: a CSV file, one row per point")
    seed: int = Field(1, description="of the sample; the luck of the runs has its own")
    crossed: bool = Field(False, description="every setting of the levers at every point of the others")
    lever_points: int | None = Field(
        None, description="crossed: sample so many settings of the levers, instead of all"
    )


class FactorTable(BaseModel):
    """``[factors.NAME]``: what one factor may be."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["", "input", "policy", "set", "alternative"] = ""
    levels: list[Any] | None = None
    low: float | None = None
    high: float | None = None
    distribution: str = ""
    role: Literal["", "uncertainty", "lever"] = ""


class SweepFile(BaseModel):
    """The file of a sweep."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = ""
    about: str = ""
    scenario: str
    policies: list[str] = []
    sets: list[str] = []
    runs: int = 1
    seed: int = 1
    luck: Literal["paired", "states", "own"] = "paired"
    inputs: Literal["drawn", "centre"] = "drawn"
    keep_inputs: bool = False
    metrics: list[str] = []
    logs: int | Literal["none", "all"] = 0
    chunk: int | None = None
    design: DesignTable
    factors: dict[str, FactorTable] = {}


def sweep_names() -> list[str]:
    """Return the names of the designs that come with the product."""
    return sorted(path.stem for path in SWEEPS.glob("*.toml"))


def read_sweep(name: str | Path) -> tuple[SweepFile, Path]:
    """Read the file of a sweep, by path or by the name of one that comes with the product."""
    path = Path(name)
    if path.suffix != ".toml" and NAME.fullmatch(str(name)):
        path = SWEEPS / f"{name}.toml"
        if not path.is_file():
            raise UserError(not_found("sweep", str(name), sweep_names()))
    if not path.is_file():
        raise UserError(f"{path}: no such file; there is: {', '.join(sweep_names())}")
    return checked(read_toml(path), str(path)), path


def checked(data: dict[str, Any], origin: str) -> SweepFile:
    """Check plain data as the file of a sweep; raise UserError with the dotted path."""
    try:
        return SweepFile.model_validate(data)
    except ValidationError as error:
        lines = [f"{origin}: {problem_of(detail, _allowed_at)}" for detail in error.errors()[:8]]
        raise UserError("\n".join(lines)) from None


MISSING = ("NAType", "NaTType")  # what pandas writes where nothing is


def plain(value: Any) -> Any:
    """Return numbers, lists and tables of numpy and pandas as those of Python; None where nothing is.

    >>> import numpy as np
    >>> plain({"levels": np.arange(2), "low": np.float32(0.5)})
    {'levels': [0, 1], 'low': 0.5}
    """
    if type(value) in (float, int, str, bool):
        return value
    if isinstance(value, Mapping):
        return {key: plain(below) for key, below in value.items()}
    if isinstance(value, (list, tuple)):
        return listed(value)
    if type(value).__name__ in MISSING:
        return None
    if hasattr(value, "tolist"):
        found = value.tolist()
        return plain(found) if isinstance(found, list) else found
    return value


def factor_table(value: Any, where: str) -> dict[str, Any]:
    """Return what Python says of one factor as its table: a table, its levels, or its only level."""
    value = plain(value)
    if isinstance(value, Mapping):
        levels = value.get("levels")
        return dict(value) | ({"levels": listed(levels)} if _is_many(levels) else {})
    if isinstance(value, (str, bool, int, float)):
        return {"levels": [value]}
    if not _is_many(value):
        raise UserError(
            f"{where}: {value!r}: give its levels, such as [1, 2], or a table, such as "
            '{"low": 1, "high": 2}'
        )
    return {"levels": listed(value)}


def listed(values: Any) -> list[Any]:
    """Return what can be gone through as a list of plain values."""
    return [plain(value) for value in values]


def _is_many(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, (str, bytes, Mapping))


def _allowed_at(location: list) -> list[str]:
    model: Any = SweepFile
    if location:
        model = DesignTable if location[0] == "design" else FactorTable
    return list(model.model_fields)


class Known:
    """What factors of a scenario there can be: its numbers, alternatives and policies."""

    def __init__(self, scenario: Scenario):
        from sim.joint import alternatives_of
        from sim.paths import join_path, quantities

        self.scenario = scenario
        self.numbers: dict[str, tuple[Quantity, Unit]] = {
            join_path(parts): (quantity, unit) for parts, quantity, unit, _ in quantities(scenario.file)
        }
        self.options = {ALTERNATIVES + name: len(options) for name, options in alternatives_of(scenario.file)}

    def is_plain(self, path: str) -> bool:
        """Whether a number can be set without making another world."""
        parts = path.split(".")
        pattern = f"{parts[0]}.*.{parts[-1]}" if len(parts) > 2 else path
        return (
            path in self.numbers
            and not self.numbers[path][1].date
            and parts[0] not in CHECKED_TABLES
            and pattern not in CHECKED_TOGETHER
        )

    def factor(self, name: str, table: FactorTable, where: str) -> Factor:
        """Return a factor as a file describes it; raise UserError where it cannot be."""
        kind, name, unit = self._kind(name, table, where)
        levels = None if table.levels is None else tuple(table.levels)
        given = [key for key in ("low", "high", "distribution") if getattr(table, key) not in (None, "")]
        if levels is not None and given:
            raise UserError(f"{where}: give either levels, or low and high, not both")
        if levels is None and kind == ALTERNATIVE and not given:
            levels = tuple(range(self.options[name]))
        if levels is not None:
            if not levels:
                raise UserError(f"{where}.levels: is empty; write at least one value")
            levels = tuple(
                self.value(kind, name, level, f"{where}.levels.{at}") for at, level in enumerate(levels)
            )
            return Factor(name, kind, levels, role=table.role, unit=unit)
        if kind in (POLICY, SET) and not (kind == POLICY and ":" in name):
            raise UserError(f"{where}.levels: is missing; write the values that it takes")
        distribution = table.distribution or (OF_SCENARIO if table.low is None is table.high else UNIFORM)
        low, high = self._range(name, table, distribution, where)
        if kind == INPUT:
            for end in (low, high):
                self.value(kind, name, end, where)
        return Factor(name, kind, (), low, high, distribution, table.role, unit)

    def _range(self, name: str, table: FactorTable, distribution: str, where: str) -> tuple[float, float]:
        if distribution not in DISTRIBUTIONS:
            raise UserError(f"{where}: {not_found('distribution', distribution, DISTRIBUTIONS)}")
        if distribution == OF_SCENARIO:
            quantity = self.numbers[name][0] if name in self.numbers else None
            if table.low is not None or table.high is not None:
                raise UserError(f"{where}: distribution = {OF_SCENARIO!r} takes the interval of the scenario")
            if quantity is None or quantity.low is None or quantity.drawn_by_parts:
                raise UserError(
                    f"{where}: {name} has no interval in the scenario; give low and high, or levels"
                )
            return float(quantity.low), float(quantity.high or 0.0)
        low, high = table.low, table.high
        if low is None or high is None or not math.isfinite(low) or not math.isfinite(high) or low >= high:
            raise UserError(f"{where}: low = {low}, high = {high}: give two numbers, the lower one first")
        if distribution == LOGUNIFORM and low <= 0:
            raise UserError(f"{where}.low: {low:g} must be above zero for {LOGUNIFORM}")
        return low, high

    def _kind(self, name: str, table: FactorTable, where: str) -> tuple[str, str, str]:
        """Return kind, name as the program writes it, and unit of a factor."""
        from sim.joint import same_path
        from sim.policy import read_policy, split_spec

        kind = table.kind
        if kind == POLICY or (not kind and ("." not in name or ":" in name)):
            if ":" in name:
                base, parameter, fixed = split_parameter(name)
                policy = read_policy(f"{base}:{fixed}" if fixed else base)
                if parameter not in policy.parameters:
                    raise UserError(
                        f"{where}: policy {base}: {not_found('parameter', parameter, policy.parameters)}"
                    )
                return POLICY, name, policy.parameters[parameter].unit
            if kind != POLICY:
                levels = [level for level in table.levels or () if isinstance(level, str)]
                if not levels:
                    raise UserError(
                        f"{where}: {name!r} is neither a dotted path of the scenario nor of policies "
                        '(levels = ["base", ...])'
                    )
                split_spec(levels[0])
            return POLICY, name, ""
        path = same_path(name)
        if path.startswith(ALTERNATIVES) and path in self.options:
            found = ALTERNATIVE
        elif self.is_plain(path):
            found = INPUT
        else:
            found = SET
        if kind == SET and found == INPUT:
            found = SET
        if kind and kind != found:
            raise UserError(f"{where}.kind: {path} is a factor of kind {found!r}, not {kind!r}")
        unit = self.numbers[path][1].name if path in self.numbers else ""
        return found, path, unit

    def value(self, kind: str, name: str, value: Any, where: str) -> Any:
        """Return a value of a factor; raise UserError for one that it cannot take."""
        from sim.quantity import Quantity
        from sim.schema import check_bounds

        value = plain(value)
        if isinstance(value, float) and math.isnan(value):
            raise UserError(f"{where}: {name}: is not a number (nan); every point needs a value")
        if kind == INPUT:
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise UserError(f"{where}: {name}: {value!r} is not a number ({self.numbers[name][1].name})")
            if not math.isfinite(value):
                raise UserError(f"{where}: {name}: {value} is not a finite number")
            try:
                check_bounds(Quantity(float(value)), self.numbers[name][1])
            except ValueError as error:
                raise UserError(f"{where}: {name}: {error}") from None
            return float(value)
        if kind == ALTERNATIVE:
            options = self.options[name]
            if isinstance(value, bool) or value not in range(options):
                raise UserError(f"{where}: {name}: {value!r} is no option; write 0 to {options - 1}")
            return int(value)
        if kind == POLICY and ":" in name:
            if isinstance(value, list):
                value = "+".join(map(str, value))
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                return _short(value)
        if not isinstance(value, (str, bool, int, float)):
            raise UserError(f"{where}: {name}: {value!r} must be text, a number, or true or false")
        return value


def _short(value: float) -> float | int:
    return int(value) if float(value).is_integer() else value


def split_parameter(name: str) -> tuple[str, str, str]:
    """Split the name of a factor that is a policy's parameter: policy, parameter, what else is given.

    >>> split_parameter("delay:actors=OpenAI,months")
    ('delay', 'months', 'actors=OpenAI')
    """
    base, _, rest = name.partition(":")
    *fixed, parameter = rest.split(",")
    return base.strip(), parameter.strip(), ",".join(fixed)
