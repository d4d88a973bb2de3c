"""The table of inputs: every number of a scenario with its interval, its unit, and whose word it is."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from experiments.table import percent
from sim.joint import alternatives_of, same_path
from sim.paths import join_path, quantities
from sim.scenario import Scenario
from sim.schema import EVER, FOREVER_MONTHS, Alternative, Option, Quantity, Unit, date_of_months

LARGE_GAP = 0.02  # of the width of an interval: said aloud from here on
DRAWS = 20_000  # of which the bounds of a pooled number are found
RELEASE = Unit("months after the announcement")
OWN = "own"  # how the source of a guess begins


@dataclass(frozen=True)
class Input:
    """One row of the table; dates as dates.

    ``fit_gap``: what is drawn lies at worst so far from the interval, as a share of its width.
    ``source_of``: "number" or "row", whose word it is. ``written``: whether it stands in the file.
    ``drawn``: with what it is drawn (a posterior, a correlation, an alternative). ``posterior_low``,
    ``posterior_median``, ``posterior_high``: the 5 %, 50 % and 95 % points of the posterior, where the runs
    draw from one. ``options``: of an alternative, each with its weight and what it sets.
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
    posterior_low: float | str | None
    posterior_median: float | str | None
    posterior_high: float | str | None
    options: str
    written: bool

    @property
    def unsourced(self) -> bool:
        """Whether nobody stands for it. Unwritten zeros, always and never claim nothing."""
        neutral = (0.0, FOREVER_MONTHS, "always", "never")
        return not self.source and (self.written or self.value not in neutral)

    @property
    def guessed(self) -> bool:
        """Whether it is a guess of the scenario's author ("own: REASON"), and no claim is named for it."""
        word = (self.source or "").partition(":")[0].strip()
        return word == OWN and "claim:" not in (self.source or "")

    @property
    def uncertain(self) -> bool:
        return self.family is not None or bool(self.pooling or self.options)


def numbers_of(scenario: Scenario) -> list[tuple[tuple, Quantity, Unit, str | None]]:
    """Return (path parts, quantity, unit, source) of all numbers of a scenario: who counts them counts these.

    In the order of its tables, the dates of releases behind them.
    """
    return [*quantities(scenario.file), *release_dates(scenario)]


def inputs_of(scenario: Scenario) -> list[Input]:
    """Return the table of all numbers of a scenario, in the order of ``numbers_of``."""
    numbers = numbers_of(scenario)
    learned = learned_points(scenario)
    joint = _drawn_together(scenario, learned)
    pooled = _pooled_bounds(scenario, numbers)
    return [
        _input(scenario, parts, quantity, unit, source, joint, pooled, learned)
        for parts, quantity, unit, source in numbers
    ]


def alternatives_as_inputs(scenario: Scenario) -> list[Input]:
    """Return one row of the table for every alternative: its options with weights, and whose word it is."""
    return [_alternative(row) for row in scenario.file.alternatives]


def _alternative(alternative: Alternative) -> Input:
    total = sum(option.weight for option in alternative.options)
    options = [
        f"{option.title or f'option {place}'} (weight {option.weight:g}, {percent(option.weight / total)}): "
        f"{_sets_in_words(option)}"
        for place, option in enumerate(alternative.options)
    ]
    empty: dict[str, Any] = dict.fromkeys(field.name for field in fields(Input))
    words = {"unit": "option", "pooling": "", "drawn": "", "source_of": "row" if alternative.source else ""}
    told = {"source": alternative.source, "options": "; ".join(options), "zero": 0.0, "written": True}
    return Input(**empty | words | told | {"path": join_path(("alternatives", alternative.name))})


def _sets_in_words(option: Option) -> str:
    """Return what an option sets, without whose word it is."""
    given = option.numbers.items()
    plain = {path: value["value"] if isinstance(value, dict) else value for path, value in given}
    return ", ".join(f"{path} = {value}" for path, value in plain.items()) or "sets nothing"


def learned_points(scenario: Scenario) -> dict[str, tuple[float, ...]]:
    """Return the 5 %, 50 % and 95 % points of the posterior, of every number that is drawn from one.

    By dotted path; dates in months since the start.
    """
    if scenario.posterior_file is None:
        return {}
    import numpy as np

    from sim.world import compile_scenario

    compiled = compile_scenario(scenario)
    sample = compiled.facts["posterior"]
    return {
        path: tuple(map(float, np.quantile(sample[:, column], (0.05, 0.5, 0.95))))
        for path, column in zip(compiled.uncertain_paths, compiled.uncertain["column"], strict=True)
        if column >= 0
    }


def release_dates(scenario: Scenario):
    """Yield (path parts, quantity, unit, source) of when scripted models release what."""
    for name, row in scenario.file.scripted_projects.items():
        for kind, quantity in row.releases.items():
            parts = ("scripted_projects", name, "releases", kind)
            yield parts, quantity, RELEASE, quantity.source or row.source


def _input(
    scenario: Scenario, parts, quantity: Quantity, unit: Unit, source, joint, pooled, learned
) -> Input:
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

    first = scenario.start if unit.date else 0.0
    points = [first + point for point in learned[path]] if path in learned else (None, None, None)
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
        shown(points[0]),
        shown(points[1]),
        shown(points[2]),
        "",
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


def _drawn_together(scenario: Scenario, learned: Iterable[str]) -> dict[str, list[str]]:
    """Return for every number that is not drawn alone with what it is drawn.

    ``learned``: the numbers that are drawn from a posterior.
    """
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
    if sample is not None:
        for path in learned:
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
    return "\n".join([*lines, "", *totals(scenario, rows), *_on_posterior(scenario, rows)])


def _on_posterior(scenario: Scenario, rows: list[Input]) -> list[str]:
    """Return in words how many numbers are drawn from a posterior, and what is to be known of it."""
    from experiments.manifest import posterior_note

    count = sum(row.posterior_median is not None for row in rows)
    if not count or scenario.posterior_file is None:
        return []
    name, note = scenario.posterior_file.name, posterior_note(scenario)
    told = f"{count} are drawn from posterior {name}: its median (5 % to 95 %) stands in brackets."
    return [told, *([note] if note else [])]


def totals(scenario: Scenario, rows: list[Input]) -> list[str]:
    """Return in words how many numbers there are, how many uncertain, and how many that nobody backs.

    Alternatives are no numbers.
    """
    rows = [row for row in rows if not row.options]
    silent = sum(not (row.written or row.unsourced) for row in rows)
    uncertain = [row for row in rows if row.uncertain]
    off = [row for row in uncertain if row.fit_gap is not None and abs(row.fit_gap) > LARGE_GAP]
    unsourced = [row for row in rows if row.unsourced]
    guessed = [row for row in rows if row.guessed and row.written]
    lines = [
        f"{len(rows)} numbers of {scenario.name}: {len(rows) - silent} listed, {silent} left out (defaults "
        f"that claim nothing); {len(uncertain)} uncertain; {len(unsourced)} without a source; {len(guessed)} "
        f"guesses with a reason ({OWN}: ...), {sum(row.uncertain for row in guessed)} of these uncertain."
    ]
    if off:
        lines.append(
            f"{len(off)} whose interval is missed by more than {100 * LARGE_GAP:g} % of its width (fit gap):"
        )
        lines += [f"  {row.path}: {_percent(row.fit_gap)}" for row in off]
    return lines


def _line(row: Input) -> str:
    """Return a row in one line; what a posterior says stands beside the interval that it replaces."""
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
    if row.options:
        return f"{row.path}: each run takes one of: {row.options}  <- {row.source or 'NO SOURCE'}"
    drawn = f" [{row.drawn}{_learned(row)}]" if row.drawn else ""
    unit = "" if row.unit == "date" else f" {row.unit}"
    return f"{row.path} = {value}{unit}{drawn}  <- {row.source or 'NO SOURCE'}"


def _learned(row: Input) -> str:
    if row.posterior_median is None:
        return ""
    low, middle, high = map(_amount, (row.posterior_low, row.posterior_median, row.posterior_high))
    return f": {middle} ({low} to {high})"


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
