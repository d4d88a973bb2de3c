"""Designs: the points of a sweep, from a grid to a Sobol' sequence.

Sampled designs (Latin hypercube, Sobol', Morris) are drawn in the unit cube and then turned into values,
factor by factor; both are kept, since the estimators of sensitivity need the former.

Sources: McKay, Beckman and Conover 1979, Technometrics 21 (Latin hypercube); Saltelli 2002, Computer
Physics Communications 145, and Saltelli et al. 2010, the same 181 (Sobol'); Morris 1991, Technometrics 33.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.sweeps.factors import INPUT, LOGUNIFORM, OF_SCENARIO, POLICY, SET, Factor, levers_of
from experiments.sweeps.reading import (
    GRID,
    LATIN,
    LIST,
    MORRIS,
    SAMPLED,
    TABLE,
    ZIP,
    DesignTable,
    FactorTable,
    Known,
    plain,
)
from sim.errors import UserError
from sim.uncertain import TINY, quantile, shape_of

if TYPE_CHECKING:
    import pandas as pd

MOST_POINTS = 10**7


@dataclass
class Points:
    """The points of a design: one column of values per factor, and their place in the unit cube.

    ``unit``: shape (points, factors); None where points were not sampled. ``origins``: where a factor is
    named that stands in no table of factors, for messages.
    """

    factors: list[Factor]
    columns: Mapping[str, Sequence[Any]]
    unit: np.ndarray | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0


def lay_out(
    design: DesignTable, tables: Mapping[str, FactorTable], known: Known, where: str, folder: Path
) -> Points:
    """Return the points of a design, checked; ``folder``: beside which a CSV file is looked for.

    Raises UserError for an empty design, one that is too large, and values that a factor cannot take.
    """
    if design.method in (LIST, TABLE):
        if design.crossed:
            raise UserError(f"{where}: design.crossed: a {design.method} says itself which points there are")
        if tables:
            raise UserError(f"{where}: factors: a {design.method} says itself what varies; leave them out")
        if design.method == LIST:
            return of_rows(design.rows or [], known, f"{where}: design.rows")
        if not design.file:
            raise UserError(f"{where}: design.file: is missing; name a CSV file")
        path = Path(design.file) if Path(design.file).is_absolute() else folder / design.file
        return of_csv(path, known)
    if not tables:
        raise UserError(f"{where}: factors: is empty; a sweep varies at least one thing")
    factors = [known.factor(name, table, f"{where}: factors.{name}") for name, table in tables.items()]
    names = [factor.name for factor in factors]
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"{where}: factors: {name} stands there twice")
    if design.crossed:
        points = crossed(design, factors, known, where)
    elif design.lever_points is not None:
        raise UserError(f"{where}: design.lever_points: is only for a crossed design; add crossed = true")
    else:
        points = _points_of(design, factors, known, where)
    points.settings = {key: value for key, value in design.model_dump().items() if value is not None}
    points.settings.pop("rows", None)
    return points


def crossed(design: DesignTable, factors: list[Factor], known: Known, where: str) -> Points:
    """Return every setting of the levers at every point that the design makes of the other factors.

    Levers are the factors with that role, else the policies. Their settings are all combinations of their
    levels, or a Latin hypercube of ``lever_points``. The points of the other factors stand together, setting
    by setting.
    """
    levers = levers_of(factors)
    others = [factor for factor in factors if factor not in levers]
    if not levers or not others:
        raise UserError(
            f"{where}: design.crossed: there are {len(levers)} levers and {len(others)} other factors; give "
            'those that are chosen between role = "lever", and vary at least one other'
        )
    if design.lever_points is None:
        for lever in levers:
            if not lever.levels:
                raise UserError(
                    f"{where}: factors.{lever.name}.levels: is missing; a lever that is crossed needs "
                    "levels, or the design lever_points, to sample so many settings"
                )
        settings = _of_levels(GRID, levers, where)
        settings.unit = _places_of_levels(settings)
    else:
        of_levers = design.model_copy(update={"method": LATIN, "points": design.lever_points})
        if design.lever_points < 1:
            raise UserError(f"{where}: design.lever_points: {design.lever_points}: write 1 or more")
        settings = sampled(of_levers, levers, known, where)
    sample = _points_of(design, others, known, where)
    check_size(len(settings) * len(sample), f"{where}: design")
    columns: dict[str, Sequence[Any]] = {}
    for factor in factors:
        if factor in levers:
            columns[factor.name] = [
                value for value in settings.columns[factor.name] for _ in range(len(sample))
            ]
        else:
            columns[factor.name] = list(sample.columns[factor.name]) * len(settings)
    return Points(factors, columns, _crossed_units(factors, settings, sample))


def _places_of_levels(points: Points) -> np.ndarray:
    """Return where levels stand in the unit cube: in the middle of their share."""
    columns = [
        [(factor.levels.index(value) + 0.5) / len(factor.levels) for value in points.columns[factor.name]]
        for factor in points.factors
    ]
    return np.array(columns).T


def _crossed_units(factors: list[Factor], settings: Points, sample: Points) -> np.ndarray | None:
    if sample.unit is None or settings.unit is None:
        return None
    of_levers = np.repeat(settings.unit, len(sample), axis=0)
    of_others = np.tile(sample.unit, (len(settings), 1))
    names = [factor.name for factor in (*settings.factors, *sample.factors)]
    order = [names.index(factor.name) for factor in factors]
    return np.column_stack([of_levers, of_others])[:, order]


def _points_of(design: DesignTable, factors: list[Factor], known: Known, where: str) -> Points:
    if design.method in SAMPLED:
        return sampled(design, factors, known, where)
    return _of_levels(design.method, factors, where)


def _of_levels(method: str, factors: list[Factor], where: str) -> Points:
    for factor in factors:
        if not factor.levels:
            raise UserError(f"{where}: factors.{factor.name}.levels: is missing; a {method} needs levels")
    lengths = [len(factor.levels) for factor in factors]
    if method == ZIP:
        if len(set(lengths)) > 1:
            each = ", ".join(
                f"{factor.name} {length}" for factor, length in zip(factors, lengths, strict=True)
            )
            raise UserError(f"{where}: design: a zip takes as many levels of every factor; there are: {each}")
        return Points(factors, {factor.name: list(factor.levels) for factor in factors})
    check_size(math.prod(lengths), f"{where}: design")
    columns, repeat, total = {}, math.prod(lengths), math.prod(lengths)
    for factor, length in zip(factors, lengths, strict=True):
        repeat //= length
        once = [level for level in factor.levels for _ in range(repeat)]
        columns[factor.name] = once * (total // len(once))
    return Points(factors, columns)


def check_size(points: int, where: str) -> None:
    """Raise UserError for a design of no points, or of too many."""
    if points > MOST_POINTS:
        raise UserError(f"{where}: {points:,} points are too many; at most {MOST_POINTS:,}")
    if points < 1:
        raise UserError(f"{where}: has no points")


def sampled(design: DesignTable, factors: list[Factor], known: Known, where: str) -> Points:
    """Return a Latin hypercube, a Sobol' (Saltelli) or a Morris sample of some factors."""
    unit = _unit_sample(design, len(factors), where)
    columns = {
        factor.name: values_at(factor, unit[:, place], known, design.method == MORRIS)
        for place, factor in enumerate(factors)
    }
    return Points(factors, columns, unit)


def _unit_sample(design: DesignTable, count: int, where: str) -> np.ndarray:
    method, where = design.method, f"{where}: design"
    problem = {"num_vars": count, "names": [str(at) for at in range(count)], "bounds": [[0.0, 1.0]] * count}
    if method == MORRIS:
        trajectories = design.trajectories
        if trajectories is None or trajectories < 2:
            raise UserError(f"{where}.trajectories: {trajectories}: write 2 or more, such as 20")
        if design.levels < 2 or design.levels % 2:
            raise UserError(f"{where}.levels: {design.levels}: write an even number, such as 4")
        check_size(trajectories * (count + 1), where)
        from SALib.sample import morris

        return morris.sample(problem, trajectories, num_levels=design.levels, seed=design.seed)
    base = design.points
    if base is None or base < 1:
        raise UserError(f"{where}.points: {base}: write how many points, 1 or more")
    if method == LATIN:
        check_size(base, where)
        from scipy.stats import qmc

        return qmc.LatinHypercube(count, rng=np.random.default_rng(design.seed)).random(base)
    if base & (base - 1):
        below = 1 << (base.bit_length() - 1)
        raise UserError(
            f"{where}.points: {base} is no power of two, and a Sobol' sequence is balanced only then "
            f"(Owen 2020); write {below} or {2 * below}"
        )
    check_size(base * (2 * count + 2 if design.second_order else count + 2), where)
    from SALib.sample import sobol

    return sobol.sample(problem, base, calc_second_order=design.second_order, seed=design.seed)


def values_at(factor: Factor, unit: np.ndarray, known: Known, inside: bool = False) -> Sequence[Any]:
    """Return a factor's values at places between 0 and 1.

    ``inside``: an interval of the scenario is gone through from its lower to its upper bound only; the
    corners of a Morris grid would lie at the ends of the tails.
    """
    if factor.levels:
        places = np.minimum((unit * len(factor.levels)).astype(int), len(factor.levels) - 1)
        return [factor.levels[place] for place in places]
    assert factor.low is not None and factor.high is not None
    if factor.distribution == OF_SCENARIO:
        quantity, bounds = known.numbers[factor.name]
        shape = shape_of(quantity)
        if inside:
            tail = (1.0 - quantity.level) / 2.0
            unit = tail + (1.0 - 2.0 * tail) * unit
        luck = np.clip(unit, TINY, 1.0 - TINY)
        drawn = [_at(shape, u) for u in luck]
        return array("d", [min(bounds.maximum, max(bounds.minimum, value)) for value in drawn])
    if factor.distribution == LOGUNIFORM:
        low, high = math.log(factor.low), math.log(factor.high)
        values = np.exp(low + (high - low) * unit)
    else:
        values = factor.low + (factor.high - factor.low) * unit
    return array("d", np.clip(values, factor.low, factor.high).tobytes())


def _at(shape, u: float) -> float:
    family, a, b, c, zero, first, span = shape
    if u < zero:
        return 0.0
    if zero > 0.0:
        u = max(TINY, (u - zero) / (1.0 - zero))
    return quantile(family, first + span * u, a, b, c)


def of_rows(rows: Sequence[Mapping[str, Any]], known: Known, where: str) -> Points:
    """Return the points of a list: each a mapping from factors to values, all of the same factors."""
    if not rows:
        raise UserError(f"{where}: is empty; write at least one point")
    check_size(len(rows), where)
    for at, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise UserError(f"{where}.{at}: {row!r} is no point; give every point as a table of its factors")
        if set(row) != set(rows[0]):
            odd = min(set(row) ^ set(rows[0]), key=str)
            raise UserError(f"{where}.{at}: {odd} is not in every point; give every point all factors")
    columns = [(str(name), [row[name] for row in rows]) for name in rows[0]]
    return _of_columns(columns, known, where, lambda row: f"{where}.{row}", LIST)


def of_frame(frame: pd.DataFrame, known: Known, where: str = "the data frame") -> Points:
    """Return the points of a data frame: one row per point, one column per factor."""
    if not hasattr(frame, "iloc"):
        raise UserError(f"{where}: is a {type(frame).__name__}; give a data frame of pandas")
    columns = [(str(name), frame.iloc[:, at].tolist()) for at, name in enumerate(frame.columns)]
    return _of_columns(columns, known, where, lambda row: f"{where}: row {row}", TABLE)


def of_csv(path: Path, known: Known) -> Points:
    """Return the points of a CSV file: one row per point, one column per factor."""
    import csv

    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            lines = [(reader.line_num, line) for line in reader if line]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path}: cannot be read ({error})") from None
    if len(lines) < 2:
        raise UserError(
            f"{path}: holds no points; the first line names the factors, each other one is a point"
        )
    names = [name.strip() for name in lines[0][1]]
    for at, line in lines[1:]:
        if len(line) != len(names):
            raise UserError(f"{path}: line {at}: has {len(line)} values for {len(names)} columns")
    columns = [(name, [_parsed(line[at]) for _, line in lines[1:]]) for at, name in enumerate(names)]
    return _of_columns(columns, known, str(path), lambda row: f"{path}: line {lines[row + 1][0]}", TABLE)


def _parsed(text: str) -> Any:
    text = text.strip()
    if text in ("true", "false"):
        return text == "true"
    try:
        return float(text)
    except ValueError:
        return text


def _of_columns(
    columns: list[tuple[str, list[Any]]], known: Known, where: str, at: Callable[[int], str], method: str
) -> Points:
    """Return the points that stand in columns (name, values); ``at``: where a row stands, for messages."""
    if not columns or not columns[0][1]:
        raise UserError(f"{where}: has no points")
    check_size(len(columns[0][1]), where)
    factors, values, origins = [], {}, {}
    for name, written in columns:
        origin = f"{where}: column {name}"
        column = [plain(value) for value in written]
        for row, value in enumerate(column):
            if value is None or value == "" or value != value:
                raise UserError(f"{at(row)}: {name}: is empty or nan; every point needs a value")
        rows = _first_rows(column)
        levels = [column[row] for row in rows.values()]
        kind, path, unit = known._kind(name, FactorTable(levels=levels), origin)
        if path in values:
            raise UserError(f"{where}: a column stands there twice: {path}")
        seen = {key: known.value(kind, path, column[row], at(row)) for key, row in rows.items()}
        values[path] = [seen[_key(value)] for value in column]
        origins[path] = origin
        if kind == INPUT:
            numbers = values[path]
            factors.append(Factor(path, kind, (), min(numbers), max(numbers), unit=unit))
        else:
            taken = [values[path][row] for row in _first_rows(values[path]).values()]
            factors.append(Factor(path, kind, tuple(taken), unit=unit))
    return Points(factors, values, None, {"method": method}, origins)


def _key(value: Any) -> Any:
    """Return what tells values apart: 1 is not true, and a list is no key of its own."""
    return (type(value), value if isinstance(value, (str, bool, int, float)) else repr(value))


def _first_rows(column: list[Any]) -> dict[Any, int]:
    """Return the row in which each value of a column stands first, by its key."""
    rows: dict[Any, int] = {}
    for row, value in enumerate(column):
        rows.setdefault(_key(value), row)
    return rows


def distinct_worlds(points: Points) -> list[tuple]:
    """Return, point by point, the values of the factors that make another world."""
    names = [factor.name for factor in points.factors if factor.kind in (POLICY, SET)]
    if not names:
        return [()] * len(points)
    return list(zip(*(points.columns[name] for name in names), strict=True))
