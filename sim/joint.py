"""How inputs are drawn together: correlations, alternatives, a posterior; whether the file can be honoured.

Nothing here draws (``sim.drawing`` does); this is what a scenario says, checked.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from sim.errors import UserError, not_found
from sim.paths import join_path, quantities, split_path
from sim.schema import EVER, Quantity, ScenarioFile, Unit, check_bounds, date_of_months, read_quantity


@dataclass(frozen=True)
class Set:
    """What one option of an alternative sets: path, place in the vector of numbers, value, unit."""

    path: str
    place: int
    value: float
    unit: Unit


def check_joint(file: ScenarioFile, origin: str) -> None:
    """Check correlations and alternatives; raise UserError with path and cure."""
    correlated_groups(file, origin)
    alternatives_of(file, origin)


def same_path(path: str) -> str:
    """Return a dotted path as the program writes it, whatever quotes it was given in."""
    return join_path(split_path(path))


def correlated_groups(file: ScenarioFile, origin: str = "") -> list[tuple[list[str], list[list[float]]]]:
    """Return (dotted paths, loadings) of each group of inputs that are correlated with one another.

    The loadings are the lower triangle whose product with itself is the matrix of correlations of the
    normals behind the luck (2 sin(pi rho / 6) for the rank correlation rho). Inputs stand in the order
    of their names, so that nothing else in the file has a say. A number that is certain drops out.
    """
    if not file.correlations:
        return []
    known = {join_path(parts): quantity for parts, quantity, _, _ in quantities(file)}
    pairs: dict[tuple[str, str], tuple[float, int]] = {}
    for row, correlation in enumerate(file.correlations):
        where = f"{origin}: correlations.{row}"
        paths = [same_path(path) for path in correlation.inputs]
        for place, path in enumerate(paths):
            if path not in known:
                raise UserError(f"{where}.inputs.{place}: {not_found('number', path, known)}")
            if known[path].drawn_by_parts:
                raise UserError(
                    f"{where}.inputs.{place}: {path} is drawn from several opinions, each with luck of its "
                    "own; correlate a number with one interval (pool it bound_wise)"
                )
        if len(set(paths)) < 2 or len(set(paths)) != len(paths):
            raise UserError(f"{where}.inputs: write two or more paths, each once")
        uncertain = [path for path in paths if known[path].uncertain]
        for place, first in enumerate(sorted(uncertain)):
            for second in sorted(uncertain)[place + 1 :]:
                if (first, second) in pairs:
                    before = pairs[first, second][1]
                    raise UserError(f"{where}: {first} and {second} stand in correlations.{before} as well")
                pairs[first, second] = (2.0 * math.sin(math.pi * correlation.rho / 6.0), row)
    groups = []
    for members in _connected(pairs):
        matrix = [[_entry(pairs, first, second) for second in members] for first in members]
        loadings = cholesky(matrix)
        if loadings is None:
            rows = sorted({row for pair, (_, row) in pairs.items() if pair[0] in members})
            raise UserError(
                f"{origin}: {', '.join(f'correlations.{row}' for row in rows)}: the correlations of "
                f"{', '.join(members)} contradict each other (not positive definite; a pair not named "
                "counts as 0); bring rho nearer to 0, or name all in one group"
            )
        groups.append((members, loadings))
    return groups


def _entry(pairs, first: str, second: str) -> float:
    if first == second:
        return 1.0
    return pairs.get((min(first, second), max(first, second)), (0.0, 0))[0]


def _connected(pairs) -> list[list[str]]:
    """Return the groups of inputs that hang together, each in the order of names."""
    group_of: dict[str, set[str]] = {}
    for first, second in pairs:
        joined = group_of.get(first, {first}) | group_of.get(second, {second})
        for member in joined:
            group_of[member] = joined
    return sorted({tuple(sorted(group)): sorted(group) for group in group_of.values()}.values())


def cholesky(matrix: list[list[float]]) -> list[list[float]] | None:
    """Return the lower triangle L of a symmetric matrix L L', or None if there is none.

    >>> cholesky([[1.0, 0.6], [0.6, 1.0]])
    [[1.0, 0.0], [0.6, 0.8]]
    """
    size = len(matrix)
    lower = [[0.0] * size for _ in range(size)]
    for row in range(size):
        for column in range(row + 1):
            rest = matrix[row][column] - sum(lower[row][k] * lower[column][k] for k in range(column))
            if row == column:
                if rest <= 1e-10:
                    return None
                lower[row][row] = math.sqrt(rest)
            else:
                lower[row][column] = rest / lower[column][column]
    return lower


def alternatives_of(file: ScenarioFile, origin: str = "") -> list[tuple[str, list[tuple[float, list[Set]]]]]:
    """Return (name, options) of every alternative; an option is its share and what it sets."""
    if not file.alternatives:
        return []
    known = {
        join_path(parts): (place, quantity, unit)
        for place, (parts, quantity, unit, _) in enumerate(quantities(file))
    }
    taken: dict[str, str] = {}
    read = []
    for row, alternative in enumerate(file.alternatives):
        where = f"{origin}: alternatives.{row}"
        if not alternative.name or alternative.name in [name for name, _ in read]:
            raise UserError(f"{where}.name: {alternative.name!r} is empty or there already; names tell luck")
        if len(alternative.options) < 2:
            raise UserError(f"{where}.options: write two or more")
        total = sum(option.weight for option in alternative.options)
        options, own = [], set()
        for place, option in enumerate(alternative.options):
            sets = []
            for given, value in option.numbers.items():
                path = same_path(given)
                spot = f"{where}.options.{place}.numbers.{given}"
                if path not in known:
                    raise UserError(f"{spot}: {not_found('number', path, known)}")
                if known[path][1].uncertain:
                    raise UserError(
                        f"{spot}: is uncertain itself; write it as a plain number, or as a pool with "
                        'method = "mixture"'
                    )
                if path in taken:
                    raise UserError(f"{spot}: the alternative {taken[path]!r} sets it as well")
                sets.append(_set_of(path, known[path], value, spot))
                own.add(path)
            options.append((option.weight / total, sets))
        if not own:
            raise UserError(f"{where}: its options set nothing")
        taken |= dict.fromkeys(own, alternative.name)
        read.append((alternative.name, options))
    return read


def _set_of(path: str, number: tuple[int, Quantity, Unit], value: Any, spot: str) -> Set:
    place, _, unit = number
    try:
        quantity = read_quantity(value, unit.date)
        check_bounds(quantity, unit)
        if quantity.uncertain:
            raise ValueError("an option sets a plain number; a mixture of intervals is a pool")
    except ValueError as error:
        raise UserError(f"{spot}: {error}") from None
    return Set(path, place, quantity.value, unit)


def check_not_chosen(data: dict[str, Any], path: str, what: str) -> None:
    """Raise UserError where a number that somebody sets is drawn by an alternative, which would win."""
    rows = data.get("alternatives", [])
    for row in rows if isinstance(rows, list) else []:
        for option in row.get("options", []) if isinstance(row, dict) else []:
            numbers = option.get("numbers", {}) if isinstance(option, dict) else {}
            if isinstance(numbers, dict) and path in map(same_path, numbers):
                raise UserError(
                    f"{what}: {path} is drawn by the alternative {row.get('name')!r}; change the weights or "
                    "numbers of its options, or lay over alternatives = []"
                )


def find_posterior(file: ScenarioFile, origin: str, configs: Path) -> Path | None:
    """Return the file of the posterior of a scenario; None if it has none or does not use it.

    It stands beside the scenario, or among those that come with the product.
    """
    if file.posterior is None or not file.posterior.use:
        return None
    name = file.posterior.file
    for folder in (Path(origin).parent, configs):
        if (folder / name).is_file():
            return folder / name
    raise UserError(
        f"{origin}: posterior.file: {name}: no such file beside the scenario; "
        "posterior.use = false draws from the intervals"
    )


PRIORS = "priors"  # in the metadata of a sample: from which interval each column was learned


def priors_of(file: ScenarioFile) -> dict[str, str]:
    """Return for every uncertain number, by dotted path, a hash of what it is before anything is learned.

    Sources do not count. Dates stand in months since the start, so that they count from there.
    """
    found = {}
    for parts, quantity, unit, _ in quantities(file):
        if quantity.uncertain:
            start = file.scenario.start if unit.date else ""
            text = f"{_said(quantity)} {start}"
            found[join_path(parts)] = hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
    return found


def _said(quantity: Quantity) -> str:
    """Return what a number says, without whose word it is."""
    said = [
        getattr(quantity, field.name) for field in fields(quantity) if field.name not in ("source", "pool")
    ]
    if quantity.pool:
        parts = [(part.weight, _said(part.quantity)) for part in quantity.pool.parts]
        said.append((quantity.pool.method, quantity.pool.correlation, parts))
    return repr(said)


CURES = (
    "calibrate again (cascades calibrate), name the column in posterior.except, or set posterior.use = false"
)
ROUNDING = 1e-9  # of a number: so far it may lie beyond a bound without lying outside


def check_sample(file: ScenarioFile, columns: Iterable[str], metadata: Mapping[bytes, bytes] | None) -> None:
    """Raise UserError where a column of a sample was learned from another interval than the file says.

    A sample that does not say from which intervals it was learned is taken as it is.
    """
    learned = json.loads((metadata or {}).get(PRIORS.encode(), b"{}"))
    priors = priors_of(file) if learned else {}
    changed = [name for name in columns if name in learned and learned[name] != priors.get(name)]
    if changed:
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        raise UserError(
            f"does not fit this scenario: {changed[0]}{more}: was learned from another interval than it "
            f"says; {CURES}"
        )


def check_draws(quantity: Quantity, unit: Unit, lowest: float, highest: float) -> None:
    """Raise ValueError where the draws of a number lie beyond what its unit or the scenario allows.

    ``lowest``, ``highest``: of the draws, as a scenario counts (dates in months since the year 0).
    """
    if not (math.isfinite(lowest) and math.isfinite(highest)):
        raise ValueError("holds numbers that are not finite")
    allowed = [("the scenario (minimum, maximum)", limits_of(quantity))]
    if not unit.date:
        allowed.insert(0, (f"the unit ({unit.name})", (unit.minimum, unit.maximum)))
    for whose, (least, most) in allowed:
        for value in (lowest, highest):
            slack = ROUNDING * abs(value)
            if not least - slack <= value <= most + slack:
                raise ValueError(
                    f"holds {in_scenario(value, unit)}, out of bounds: {whose} allows "
                    f"{_limits_in_words(least, most, unit)}"
                )


def _limits_in_words(least: float, most: float, unit: Unit) -> str:
    low, high = in_scenario(least, unit), in_scenario(most, unit)
    if math.isinf(most):
        return f"{low} or more"
    return f"{high} or less" if math.isinf(least) else f"{low} to {high}"


def limits_of(quantity: Quantity) -> tuple[float, float]:
    """Return between what a number may lie by its own minimum and maximum, or by those of its opinions."""
    if quantity.pool is not None and quantity.drawn_by_parts:
        lows, highs = zip(*(limits_of(part.quantity) for part in quantity.pool.parts), strict=True)
        return min(lows), max(highs)
    if not quantity.uncertain:
        return quantity.value, quantity.value
    return quantity.minimum, quantity.maximum


def in_scenario(value: float, unit: Unit) -> str:
    """Return a number as a scenario writes it: a date as a date."""
    if unit.date and abs(value) < EVER:
        return str(date_of_months(value))
    return f"{value:.6g}"
