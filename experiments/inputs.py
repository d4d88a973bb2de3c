"""The table of inputs: every number of a scenario with its interval, its unit, and whose word it is."""

from __future__ import annotations

import csv
import math
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from sim.joint import alternatives_of, same_path
from sim.paths import join_path, quantities
from sim.scenario import Scenario
from sim.schema import EVER, FOREVER_MONTHS, Quantity, Unit, date_of_months

LARGE_GAP = 0.02  # of the width of an interval: said aloud from here on
DRAWS = 20_000  # of which the bounds of a pooled number are found
RELEASE = Unit("months after the announcement")


@dataclass(frozen=True)
class Input:
    """One row of the table; dates as dates.

    ``fit_gap``: what is drawn lies at worst so far from the interval, as a share of its width.
    ``source_of``: "number" or "row", whose word it is. ``written``: whether it stands in the file.
    ``drawn``: with what it is drawn (a posterior, a correlation, an alternative).
    """

    path: str
    value: float | str
    low: float | str | None
    high: float | str | None
    level: float | None
    family: str | None
    centre_is: str | None
    zero: float
    minimum: float | str | None
    maximum: float | str | None
    unit: str
    source: str | None
    source_of: str
    fit_gap: float | None
    pooling: str
    drawn: str
    written: bool

    @property
    def unsourced(self) -> bool:
        """Whether nobody stands for it. Unwritten zeros, always and never claim nothing."""
        neutral = (0.0, FOREVER_MONTHS, "always", "never")
        return not self.source and (self.written or self.value not in neutral)

    @property
    def uncertain(self) -> bool:
        return self.family is not None or bool(self.pooling)


def inputs_of(scenario: Scenario) -> list[Input]:
    """Return all numbers of a scenario, in the order of its tables, the dates of releases behind them."""
    numbers = [*quantities(scenario.file), *release_dates(scenario)]
    joint = _drawn_together(scenario)
    pooled = _pooled_bounds(scenario, numbers)
    return [
        _input(scenario, parts, quantity, unit, source, joint, pooled)
        for parts, quantity, unit, source in numbers
    ]


def release_dates(scenario: Scenario):
    """Yield (path parts, quantity, unit, source) of when scripted models release what."""
    for name, row in scenario.file.scripted_projects.items():
        for kind, quantity in row.releases.items():
            parts = ("scripted_projects", name, "releases", kind)
            yield parts, quantity, RELEASE, quantity.source or row.source


def _input(scenario: Scenario, parts, quantity: Quantity, unit: Unit, source, joint, pooled) -> Input:
    path = join_path(parts)
    gap = None
    low, high = quantity.low, quantity.high
    if quantity.drawn_by_parts:
        low, high = pooled[path]
    elif quantity.uncertain:
        from sim.uncertain import gaps

        gap = gaps(quantity).largest

    def shown(value: float | None) -> Any:
        if value is None or not unit.date:
            return value
        if abs(value) >= EVER:
            return "never" if value > 0 else "always"
        return str(date_of_months(value))

    return Input(
        path,
        shown(quantity.value),
        shown(low),
        shown(high),
        quantity.level if quantity.uncertain else None,
        quantity.family,
        quantity.centre_is if quantity.uncertain else None,
        quantity.zero,
        shown(quantity.minimum) if math.isfinite(quantity.minimum) else None,
        shown(quantity.maximum) if math.isfinite(quantity.maximum) else None,
        unit.name,
        source,
        "" if not source else "number" if quantity.source else "row",
        gap,
        pooling_in_words(quantity),
        "; ".join(joint.get(path, [])),
        is_written(scenario.raw, parts),
    )


def _pooled_bounds(scenario: Scenario, numbers) -> dict[str, tuple[float, float]]:
    """Return the 5 % and 95 % of all numbers that are drawn from opinions: found by drawing them."""
    pooled = {
        join_path(parts): scenario.start if unit.date else 0.0
        for parts, quantity, unit, _ in numbers
        if quantity.drawn_by_parts
    }
    if not pooled:
        return {}
    import numpy as np

    draws = draws_of(scenario)
    found = {}
    for path, shift in pooled.items():
        low, high = np.quantile(draws[path], (0.05, 0.95))
        found[path] = float(low) + shift, float(high) + shift
    return found


def pooling_in_words(quantity: Quantity) -> str:
    """Return how a number was pooled, and from how many opinions; nothing if it was not."""
    pool = quantity.pool
    if pool is None:
        return ""
    text = f"{pool.method} of {len(pool.parts)}"
    if pool.method == "weighted_average":
        words = {0.0: "independent", 1.0: "perfectly correlated"}
        text += f", {words.get(pool.correlation, f'correlation {pool.correlation:g}')}"
    return text


def draws_of(scenario: Scenario, runs: int = DRAWS, seed: int = 1) -> dict[str, Any]:
    """Return what so many runs draw for every uncertain input: {dotted path: array of shape (runs,)}."""
    import numpy as np

    from sim.drawing import draw_inputs
    from sim.world import Workspace, compile_scenario

    compiled = compile_scenario(scenario)
    world = Workspace(compiled).world
    draws = np.empty((runs, len(compiled.uncertain)))
    for run in range(runs):
        draw_inputs(world, compiled.uncertain, np.uint64(seed), np.uint64(run), draws[run])
    return dict(zip(compiled.uncertain_paths, draws.T, strict=True))


def _drawn_together(scenario: Scenario) -> dict[str, list[str]]:
    """Return for every number that is not drawn alone with what it is drawn."""
    file = scenario.file
    together: dict[str, list[str]] = {}
    for correlation in file.correlations:
        paths = [same_path(path) for path in correlation.inputs]
        for path in paths:
            others = ", ".join(other for other in paths if other != path)
            together.setdefault(path, []).append(f"correlated ({correlation.rho:g}) with {others}")
    for name, options in alternatives_of(file):
        for path in {number.path for _, sets in options for number in sets}:
            together.setdefault(path, []).append(f"alternative {name}")
    sample = scenario.posterior_file
    if sample:
        from sim.world import compile_scenario

        compiled = compile_scenario(scenario)
        for path, column in zip(compiled.uncertain_paths, compiled.uncertain["column"], strict=True):
            if column >= 0:
                together.setdefault(path, []).append(f"posterior {sample.name}")
    return together


def is_written(raw: Any, parts) -> bool:
    """Whether a number stands in the file, so that no default of the format is used."""
    node = raw
    for part in parts:
        if isinstance(node, list) and isinstance(part, str):
            node = node[0]
        try:
            node = node[part]
        except (KeyError, IndexError, TypeError):
            return False
    return True


def in_words(scenario: Scenario, shown: list[Input], rows: list[Input]) -> str:
    """Return some rows of the table as text, one line a number, and what all of them come to."""
    lines = [_line(row) for row in shown if row.written or row.unsourced]
    return "\n".join([*lines, "", *totals(scenario, rows)])


def totals(scenario: Scenario, rows: list[Input]) -> list[str]:
    """Return in words how many numbers there are, how many uncertain, and how many that nobody backs."""
    silent = sum(not (row.written or row.unsourced) for row in rows)
    uncertain = [row for row in rows if row.uncertain]
    off = [row for row in uncertain if row.fit_gap is not None and abs(row.fit_gap) > LARGE_GAP]
    unsourced = [row for row in rows if row.unsourced]
    lines = [
        f"{len(rows)} numbers of {scenario.name}: {len(rows) - silent} listed, {silent} left out (defaults "
        f"that claim nothing); {len(uncertain)} uncertain; {len(unsourced)} without a source."
    ]
    if off:
        lines.append(
            f"{len(off)} whose interval is missed by more than {100 * LARGE_GAP:g} % of its width (fit gap):"
        )
        lines += [f"  {row.path}: {_percent(row.fit_gap)}" for row in off]
    return lines


def _line(row: Input) -> str:
    value = _amount(row.value)
    if row.low is not None:
        notes = [f"{100 * (row.level or 0):g} %", row.pooling or row.family or ""]
        if row.centre_is != "median" and not row.pooling:
            notes.append(f"centre: {row.centre_is}")
        if row.zero:
            notes.append(f"zero {100 * row.zero:g} %")
        if row.minimum is not None or row.maximum is not None:
            notes.append("cut off")
        if row.fit_gap is not None and abs(row.fit_gap) > LARGE_GAP:
            notes.append(f"fit gap {_percent(row.fit_gap)}")
        value += f" ({_amount(row.low)} to {_amount(row.high)}; {', '.join(notes)})"
    drawn = f" [{row.drawn}]" if row.drawn else ""
    unit = "" if row.unit == "date" else f" {row.unit}"
    return f"{row.path} = {value}{unit}{drawn}  <- {row.source or 'NO SOURCE'}"


def _amount(value: float | str | None) -> str:
    return value if isinstance(value, str) else f"{value:.4g}" if value is not None else ""


def _percent(share: float | None) -> str:
    return f"{100 * (share or 0.0):+.1f} %"


def as_data(rows: list[Input]) -> list[dict[str, Any]]:
    """Return rows of the table as plain data."""
    return [asdict(row) | {"unsourced": row.unsourced} for row in rows]


def write_csv(rows: list[Input], path: Path) -> None:
    """Write rows of the table as CSV; raise OSError where that fails."""
    names = [field.name for field in fields(Input)]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [*names, "unsourced"])
        writer.writeheader()
        writer.writerows(as_data(rows))
