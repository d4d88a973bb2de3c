"""What each number does: moved over a few paired runs, it must change something and break nothing.

A number is *dead* where no move changes one bit of any log. An *extreme* that breaks something (a crash,
a number that is none, books out of balance) is a fault of the engine.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace

import numpy as np

from experiments.inputs import EVER, is_written, release_dates
from sim.ensemble import Simulator, check_count, standard_metrics
from sim.errors import UserError
from sim.metrics import parse_metric
from sim.paths import join_path, quantities
from sim.scenario import Scenario
from sim.schema import Quantity, Unit
from sim.tail.reading import log_of
from sim.words import ArtifactKind, Reader
from sim.world import Compiled, Workspace, compile_scenario

RUNS = 4
LONGER = 10  # so many times as many runs before a number that matters to somebody is called dead
HALF_A_YEAR = 6.0  # months
BALANCE = 1e-6  # of the sums involved


@dataclass(frozen=True)
class Place:
    """Where a number stands: in the vector, or (a release of a scripted model) in that table."""

    path: str
    parts: tuple
    number: int | None
    release: tuple[int, int] | None
    now: float
    moves: tuple[float, ...]
    claims: bool


@dataclass(frozen=True)
class Finding:
    """What came of moving one number: whether anything changed, and what broke at which value."""

    path: str
    claims: bool  # it is written, or a default that is not zero: somebody may believe that it matters
    alive: bool
    why_dead: str
    problems: tuple[str, ...]
    moves: int


def check_inputs(
    scenario: Scenario,
    runs: int = RUNS,
    seed: int = 1,
    threads: int = 2,
    progress: Callable[[int], None] | None = None,
) -> list[Finding]:
    """Move every number of a scenario to its bounds, or to half and double, over a few paired runs.

    Returns one finding per number, in the order of the tables. Raises UserError.
    """
    check_count("runs", runs, 1, 10_000)
    compiled = compile_scenario(scenario)
    places = list(places_of(scenario, compiled))
    movers = [Mover(compiled, runs, seed) for _ in range(max(1, threads))]

    def work(which: int) -> list[tuple[int, Finding]]:
        found = []
        for index in range(which, len(places), len(movers)):
            found.append((index, movers[which].judge(places[index])))
            if progress:
                progress(1)
        return found

    with ThreadPoolExecutor(len(movers)) as pool:
        parts = list(pool.map(work, range(len(movers))))
    return [finding for _, finding in sorted((p for part in parts for p in part), key=lambda p: p[0])]


def places_of(scenario: Scenario, compiled: Compiled) -> Iterator[Place]:
    """Yield every number with what it is moved to."""
    size = _sizes(scenario)
    for number, (parts, quantity, unit, _) in enumerate(quantities(scenario.file)):
        now = float(compiled.numbers[number])
        shift = scenario.start if unit.date and abs(quantity.value) < EVER else 0.0
        moves = tuple(moves_of(quantity, unit, now, shift, size[parts[0], parts[-1]], compiled.horizon))
        written = is_written(scenario.raw, parts)
        claims = written or bool(quantity.value and abs(quantity.value) < EVER)
        yield Place(join_path(parts), parts, number, None, now, moves, claims)
    rows = list(scenario.file.scripted_projects)
    for parts, quantity, _, _ in release_dates(scenario):
        cell = (rows.index(parts[1]), int(ArtifactKind[parts[3].upper()]))
        moves = (-1.0, quantity.value / 2.0, quantity.value + HALF_A_YEAR)
        yield Place(join_path(parts), parts, None, cell, quantity.value, moves, True)


def _sizes(scenario: Scenario) -> dict[tuple, float]:
    """Return the largest number of every field over the rows of its table."""
    size: dict[tuple, float] = {}
    for parts, quantity, _, _ in quantities(scenario.file):
        key = (parts[0], parts[-1])
        size[key] = max(size.get(key, 0.0), abs(quantity.value))
    return size


def moves_of(
    quantity: Quantity, unit: Unit, now: float, shift: float, size: float, horizon: float
) -> list[float]:
    """Return where a number is moved to: its bounds, its unit's, half and double; dates by months."""
    moves: list[float] = []
    opinions = [part.quantity for part in quantity.pool.parts] if quantity.pool else []
    for part in (quantity, *opinions):
        moves += [bound - shift for bound in (part.low, part.high) if bound is not None]
    if unit.date:
        moves += [horizon / 2.0] if abs(now) >= EVER else [now - HALF_A_YEAR, now + HALF_A_YEAR]
    else:
        moves += [now / 2.0, 2.0 * now] if now else [size or 1.0]
        moves += [bound for bound in (unit.minimum, unit.maximum) if math.isfinite(bound)]
        moves = [min(unit.maximum, max(unit.minimum, move)) for move in moves]
    return [move for move in dict.fromkeys(moves) if move != now]


class Mover:
    """Simulates the same few runs again and again, with one number moved."""

    def __init__(self, compiled: Compiled, runs: int, seed: int):
        self.compiled, self.runs, self.seed = compiled, runs, seed
        metrics = [parse_metric(name, compiled) for name in standard_metrics(compiled)]
        self.dates = np.array([metric.is_date for metric in metrics])
        self.simulator = Simulator(compiled, metrics)
        self.uncertain = self.simulator.uncertain
        self.values = np.empty((1, len(metrics)))
        releases = self.compiled.facts["releases"].copy()  # which all workspaces would share
        self.compiled = replace(compiled, facts=compiled.facts | {"releases": releases})
        self.simulator.compiled = self.compiled
        self.simulator._make_room(Workspace(self.compiled, self.compiled.room.larger()))
        self.before = [self._run(run)[0] for run in range(LONGER * runs)]

    def judge(self, place: Place) -> Finding:
        """Move a number to all its values, and say what came of it."""
        problems: list[str] = []
        alive = self._try(place, range(self.runs), problems)
        if not alive and place.claims:
            alive = self._try(place, range(self.runs, LONGER * self.runs), problems, until_alive=True)
        dead = "" if alive else why_dead(self.compiled.scenario, place.parts)
        return Finding(place.path, place.claims, alive, dead, tuple(problems), len(place.moves))

    def _try(self, place: Place, runs: range, problems: list[str], until_alive: bool = False) -> bool:
        """Move a number over some runs; note what breaks, and return whether any log changed."""
        alive = False
        for value in place.moves:
            self._move(place, value)
            try:
                for run in runs:
                    log, problem = self._run(run, place, value)
                    alive |= log != self.before[run]
                    if problem:
                        problems.append(f"at {value:g}, run {run}: {problem}")
                    if alive and until_alive:
                        break
            except (UserError, ArithmeticError, IndexError) as error:
                problems.append(f"at {value:g}: {error}")
            self._move(place, place.now)
            if alive and until_alive:
                break
        self.simulator.uncertain = self.uncertain
        return alive

    def _move(self, place: Place, value: float) -> None:
        tables = self.simulator.workspace.tables
        if place.release is not None:
            tables.releases[place.release] = value
            return
        tables.numbers[place.number] = value
        for table in (tables.cells, tables.option_numbers):
            table["given"][table["place"] == place.number] = value
        self.simulator.uncertain = self.uncertain[self.uncertain["place"] != place.number]

    def _run(self, run: int, place: Place | None = None, value: float = 0.0) -> tuple[bytes, str]:
        """Play one run; return a hash of its log, and what is wrong with it."""
        while True:
            workspace = self.simulator.workspace
            draws = np.empty((1, len(self.simulator.uncertain)))
            self.simulator.simulate(self.seed, run, self.values, draws)
            if self.simulator.workspace is workspace:
                break
            if place is not None:  # a larger workspace knows nothing of the move
                self._move(place, value)
        tables = self.simulator.workspace.tables
        log = log_of(tables)
        return hashlib.blake2b(log.tobytes(), digest_size=16).digest(), self._wrong(tables, log)

    def _wrong(self, tables, log) -> str:
        values = self.values[0]
        if np.isnan(values).any() or np.isinf(values[~self.dates]).any():
            return "a metric is not finite"
        for field in ("time", "amount", "usd", "draw"):
            if np.isnan(log[field]).any():
                return f"the log holds a number that is none ({field})"
        if not np.isfinite(log["time"]).all() or (np.diff(log["time"]) < 0).any():
            return "time does not go forward"
        return unbalanced(tables, self.compiled.actors)


def unbalanced(tables, actors: list[str]) -> str:
    """Return whose money or people do not add up, or nothing (docs/design.md, Books)."""
    state = tables.state
    start = {"money_usd": tables.actors.money_usd.copy(), "people": tables.actors.people.copy()}
    for cell in tables.cells:  # what a change moved was booked when it did
        if cell.reader in (Reader.MONEY, Reader.PEOPLE):
            start["money_usd" if cell.reader == Reader.MONEY else "people"][cell.actor] = cell.drawn
    had = start["money_usd"] + state.income + state.received
    have = state.money + state.reserved + state.spent_compute + state.spent_labour + state.given
    for what, left, right in (
        ("money", had, have),
        ("people", start["people"] + state.recruited + state.moved_in, state.people + state.moved_out),
    ):
        wrong = ~(np.abs(left - right) <= BALANCE * np.maximum(1.0, np.abs(left) + np.abs(right)))
        if wrong.any():
            actor = int(np.flatnonzero(wrong)[0])
            return f"the {what} of {actors[actor]} does not add up ({left[actor]:g} and {right[actor]:g})"
    return ""


_DEVELOPING = (
    *("start_rate", "belief", "belief_growth", "replicate", "patience_months", "abandon", "rescope", "leap"),
    *("appetite", "hold_months", "publicity", "paid", "recruits"),
)
_BUILDING = ("people", "full_time", "experience", "willing_usd", "chips")
_CUTS = ("work", "data_work", "trials", "flop", "talent", "utilisation", "failures")


def why_dead(scenario: Scenario, parts: tuple) -> str:
    """Return why a number may rightly change nothing in this scenario, or "" where that is not plain."""
    file, (table, *_, field) = scenario.file, parts
    kind = None
    if table in ("deployment", "harms"):
        return "it is read where results are, not in a run"
    if table == "kinds":
        kind = file.kinds[parts[1]]
        if all(actor.kind != parts[1] for actor in file.actors.values()):
            return "no actor is of this kind"
    elif table == "actors":
        kind = file.kinds[file.actors[parts[1]].kind]
    if kind is not None:
        if not kind.sponsors and (field.startswith("give_") or field.startswith("grant_")):
            return "who does not sponsor gives nothing"
        if field == "uptake" and (kind.sponsors or kind.steals) and not kind.develops:
            return "who only gives or steals takes nothing up"
        if not kind.develops and field in (_DEVELOPING if table == "kinds" else _BUILDING):
            return "who does not develop builds nothing"
    spread = file.spread
    if field == "security" and spread.leak_rate.value == spread.theft_rate.value == 0:
        return "nothing leaks and nothing is stolen (spread.leak_rate, spread.theft_rate)"
    if table == "effects" and field in ("distance", "spread", "hardware", "obsolescence_months"):
        row = file.effects.get(parts[1])
        if row is None or not any(getattr(row, cut).value for cut in _CUTS):
            return "it cuts nothing of a project, so its fit does not matter"
    if table == "flows" and all(tie.kind != parts[1] for tie in file.ties):
        return "there is no tie of this kind"
    if field in ("released", "active_from", "made", "published") and table != "policies":
        value = getattr(getattr(file, table)[parts[1]], field).value
        if value + HALF_A_YEAR <= scenario.start:
            return "it lies before the start, moved or not"
    return ""


def in_words(scenario: Scenario, findings: list[Finding], runs: int) -> str:
    """Return what moving the inputs found, for a person to read."""
    dead = [finding for finding in findings if not finding.alive and finding.claims]
    silent = sum(not finding.alive and not finding.claims for finding in findings)
    moves = sum(finding.moves for finding in findings)
    lines = [
        f"{len(findings)} numbers of {scenario.name}, {moves} moves, {runs} paired runs each; "
        f"{LONGER * runs} where nothing had changed by then.",
        "",
        f"DEAD ({len(dead)}): no move changed any run. Besides, {silent} defaults that claim nothing.",
        "",
    ]
    reasons: dict[str, list[str]] = {}
    for finding in dead:
        reasons.setdefault(finding.why_dead or "no reason is known: look at it", []).append(finding.path)
    for reason, paths in sorted(reasons.items()):
        lines += [f"  {reason} ({len(paths)})", *(f"    {path}" for path in paths), ""]
    broken = [finding for finding in findings if finding.problems]
    if broken:
        lines += [f"BROKEN ({len(broken)}): an extreme that the engine does not bear", ""]
        lines += [f"  {finding.path} {problem}" for finding in broken for problem in finding.problems[:3]]
    else:
        lines += ["No extreme broke anything: no crash, all metrics finite, all books in balance."]
    return "\n".join(lines)


def as_data(findings: list[Finding]) -> list[dict]:
    """Return findings as plain data."""
    return [asdict(finding) for finding in findings]
