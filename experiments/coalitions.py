"""Attribution: who brought an outcome forward, by how much, in a world that is simulated without them.

Players (``experiments.players``) are removed from the scenario in every combination that a fair division
of the difference needs (``experiments.games``), and each such world is simulated in the same luck. The sum of
all Shapley values is the difference between the world with all players and that with none, in every run.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from experiments import games
from experiments.attribution import COMPARED_LOGS, Attribution, Outcome, write_attribution
from experiments.players import players_of, world
from sim.errors import UserError, not_found

if TYPE_CHECKING:
    from sim.result import Result
    from sim.scenario import Scenario

MOST_EXACT = 12  # players, of whom all coalitions are simulated
USUAL_ORDERS = 64  # beyond; with fewer than 32 pairs of them the stated error is itself unsure
LEAST_ORDERS = 8
MOST_SIMULATIONS = 20_000_000
BLOCK, BLOCK_SIMULATIONS = 50, 4000  # runs of every coalition (or in all) before the next: Ctrl-C keeps them
TASK = 200  # runs of a thread at a time


def attribute(
    scenario: str | Scenario,
    outcome: str = "lag_5",
    over: str = "artifact-kinds",
    runs: int = 100,
    seed: int = 1,
    *,
    players: Sequence[str] = (),
    groups: Mapping[str, Sequence[str]] | None = None,
    permutations: int | None = None,
    threads: int | None = None,
    sets: Sequence[str] = (),
    draw: bool = True,
    planned: Callable[[int, int], None] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Attribution:
    """Attribute an outcome to players, by simulating the worlds without them in the same luck.

    Args:
        scenario: name, path or Scenario.
        outcome: name of a metric.
        over: sort of players: artifact-kinds, artifacts, actors, sponsors, motives or levers.
        runs: of every coalition of players.
        seed: of all luck, and of the sampled orders.
        players: names; all of the sort if none is given.
        groups: name of a group -> its players, for Owen values and interactions between groups.
        permutations: number of orders sampled (even); 0: all coalitions; None: all where at most 12 players
            or groups make it possible, else 64 orders.
        threads: at work side by side; the number of processors if None.
        sets: changes to the scenario, "path=value".
        draw: whether uncertain inputs are drawn for each run (True) or kept at their centre.
        planned: called with the numbers of coalitions and of runs before the work begins.
        progress: called with the number of runs completed since it was last called.

    Raises:
        UserError: for what cannot be used, and for an outcome that never comes.

    >>> found = attribute("toy", "lag_1", over="sponsors", runs=20)
    >>> found.players
    ['Cloud']
    """
    import sim
    from sim.ensemble import MOST_RUNS, check_count

    check_count("runs", runs, 1, MOST_RUNS)
    check_count("seed", seed, 0, 2**63 - 1)
    check_count("threads", 1 if threads is None else threads, 1, 1024)
    base = sim.load(scenario, tuple(sets))
    names = players_of(base, over, players)
    members = None if groups is None else _grouped(names, groups)
    coalitions, orders = _plan(names, members, permutations, seed, runs)
    everybody = (1 << len(names)) - 1
    metrics = _metrics_of(_world(base, over, names, everybody), outcome)
    if planned:
        planned(len(coalitions), runs)

    def simulate(coalition: int, first: int, count: int, own_threads: int) -> Result:
        return sim.simulate(
            _world(base, over, names, coalition),
            count,
            seed,
            threads=own_threads,
            metrics=metrics,
            logs=0,
            draw=draw,
            first_run=first,
        )

    threads = threads or os.cpu_count() or 1
    first = _check_reached(simulate, everybody, runs, threads)
    values = {coalition: np.empty((runs, len(metrics))) for coalition in coalitions}
    completed = _fill(values, simulate, threads, progress)
    if completed == 0:
        raise KeyboardInterrupt
    values = {coalition: table[:completed] for coalition, table in values.items()}
    result = replace(first, run_numbers=np.arange(completed), values=values[everybody], draws=first.draws[:0])
    return Attribution(
        result,
        _outcome_of(result),
        over,
        names,
        {coalition: table[:, 0] for coalition, table in values.items()},
        members,
        orders,
        _absent(base, over, names, seed, min(completed, COMPARED_LOGS), draw, threads),
        reveal_moves=not np.array_equal(values[everybody][:, 1:], values[0][:, 1:]),
        interrupted=completed < runs,
        asked=runs,
    )


def attribute_and_save(
    scenario: Scenario,
    out: str | Path,
    groups: Sequence[str] = (),
    say: Callable[[str], None] = print,
    total: Callable[[int], object] = lambda _: None,
    **options,
) -> tuple[Attribution, list[Path]]:
    """Attribute as ``attribute`` does and leave tables, figure and manifest in a folder.

    ``groups``: as on the command line (``read_groups``). ``say`` is called with what a person who waits
    should know before the work begins, ``total`` with the number of runs.
    """
    from experiments.folder import OutputFolder
    from experiments.manifest import now
    from experiments.run import must_compile

    started = now()

    def planned(coalitions: int, runs: int) -> None:
        if must_compile():
            say("Compiling the rules; this happens once and takes a while.")
        say(f"{coalitions:,} coalitions of players, {runs:,} runs each: {coalitions * runs:,} runs.")
        total(coalitions * runs)

    names = players_of(scenario, options["over"], options["players"])
    with OutputFolder(out) as folder:
        grouped = read_groups(groups, names) if groups else None
        found = attribute(scenario, groups=grouped, planned=planned, **options)
        return found, write_attribution(found, folder, started)


def read_groups(texts: Sequence[str], players: Sequence[str]) -> dict[str, list[str]]:
    """Return groups as they are given on the command line, ``NAME=player+player``.

    >>> read_groups(["open=code+weights", "open=api"], ["code", "weights", "api"])
    {'open': ['code', 'weights', 'api']}
    """
    groups: dict[str, list[str]] = {}
    for text in texts:
        name, equals, members = text.partition("=")
        if not equals or not name.strip():
            raise UserError(f"--group {text}: write NAME=player+player")
        whole = members.strip() in players  # a policy may hold a +
        listed = [members] if whole else members.split("+")
        groups.setdefault(name.strip(), []).extend(member.strip() for member in listed if member.strip())
    return groups


def _fill(values: dict[int, np.ndarray], simulate, threads: int, progress) -> int:
    """Simulate coalitions block by block of runs; return how many runs all of them have."""
    runs = len(values[0])
    block = max(BLOCK, BLOCK_SIMULATIONS // len(values))

    def work(coalition: int, first: int, last: int) -> int:
        values[coalition][first:last] = simulate(coalition, first, last - first, 1).values
        return last - first

    with ThreadPoolExecutor(threads) as pool:
        for begin in range(0, runs, block):
            end = min(begin + block, runs)
            spans = [(first, min(first + TASK, end)) for first in range(begin, end, TASK)]
            pending = {pool.submit(work, coalition, *span) for coalition in values for span in spans}
            try:
                while pending:
                    finished, pending = wait(pending, return_when=FIRST_COMPLETED)
                    done = sum(future.result() for future in finished)
                    if progress:
                        progress(done)
            except BaseException as stopped:
                pool.shutdown(cancel_futures=True)
                if isinstance(stopped, KeyboardInterrupt):
                    return begin
                raise
    return runs


def _world(base: Scenario, over: str, names: list[str], coalition: int) -> Scenario:
    present = [name for place, name in enumerate(names) if coalition >> place & 1]
    return world(base, over, present, [name for name in names if name not in present])


def _grouped(names: list[str], groups: Mapping[str, Sequence[str]]) -> dict[str, list[int]]:
    """Return the members of each group by place; raise UserError unless everybody is in one of them."""
    members: dict[str, list[int]] = {}
    taken: dict[str, str] = {}
    for group, listed in groups.items():
        if not listed:
            raise UserError(f"--group {group}: has no players")
        for name in listed:
            if name not in names:
                raise UserError(f"--group {group}: {not_found('player', name, names)}")
            if name in taken:
                raise UserError(f"--group {group}: {name} is in group {taken[name]} already")
            taken[name] = group
        members[group] = [names.index(name) for name in listed]
    left = [name for name in names if name not in taken]
    if left:
        raise UserError(f"--group: these players are in no group: {', '.join(left)}")
    return members


def _plan(
    names: list[str], groups: dict[str, list[int]] | None, permutations: int | None, seed: int, runs: int
) -> tuple[list[int], np.ndarray | None]:
    """Return the coalitions to be simulated, and the sampled orders (None: exact)."""
    n = len(names)
    sizes = [n] if groups is None else [len(groups), *map(len, groups.values())]
    if permutations is not None and (permutations < 0 or permutations % 2 or 0 < permutations < LEAST_ORDERS):
        raise UserError(
            f"permutations = {permutations}: must be an even number from {LEAST_ORDERS} up (each order comes "
            "with its reverse, and an error needs some such pairs), or 0 for all coalitions"
        )
    exact = max(sizes) <= MOST_EXACT if permutations is None else permutations == 0
    if exact and max(sizes) > MOST_EXACT:
        raise UserError(
            f"{n} players make {2.0**n:,.0f} coalitions; all are simulated for up to {MOST_EXACT} players, "
            f"or for groups of so many. Sample orders (--permutations {USUAL_ORDERS}), put players into "
            "groups (--group), or name fewer (--player)"
        )
    orders = None
    needed = set(games.marginal_coalitions(n))
    if not exact:
        members = None if groups is None else list(groups.values())
        orders = games.sample_orders(n, permutations or USUAL_ORDERS, seed, members)
        needed.update(games.order_coalitions(orders))
        units = [[player] for player in range(n)] if members is None else members
        swapped = games.order_coalitions(games.group_orders(orders, units), swapped=True)
        needed.update(games.union_of(units, coalition) for coalition in swapped)
    elif groups is None:
        needed.update(games.every_coalition(n))
    else:
        needed.update(games.owen_coalitions(list(groups.values())))
    if len(needed) * runs > MOST_SIMULATIONS:
        raise UserError(
            f"{len(needed):,} coalitions of {n} players, {runs:,} runs each, are {len(needed) * runs:,} "
            f"runs; at most {MOST_SIMULATIONS:,} are simulated: ask for fewer --runs"
            + (", or sample orders (--permutations)" if exact else " or --permutations")
        )
    return sorted(needed), orders


def _metrics_of(full: Scenario, outcome: str) -> list[str]:
    """Return the metrics that are measured: the outcome, and the date from which it counts, if any."""
    from sim.metrics import origin_of, parse_metric
    from sim.world import compile_scenario

    compiled = compile_scenario(full)
    metric = parse_metric(outcome, compiled)
    origin = origin_of(metric, compiled)
    return [metric.name, origin.name] if origin else [metric.name]


def _outcome_of(full: Result) -> Outcome:
    metric = full.metrics[0]
    if not metric.is_date:
        return Outcome(metric, None)
    limit = np.full(len(full.run_numbers), full.compiled.horizon)
    if len(full.metrics) > 1:
        origin = full.values[:, 1]
        limit -= np.where(np.isfinite(origin), origin, 0.0)
    return Outcome(metric, limit)


def _check_reached(simulate, everybody: int, runs: int, threads: int) -> Result:
    """Return some first runs of the world with all players; raise UserError if nothing can be attributed.

    A date must come in some run with all players or with none. A few runs show it, as a rule.
    """
    for count in sorted({min(BLOCK, runs), runs}):
        extremes = [simulate(coalition, 0, count, threads) for coalition in (everybody, 0)]
        if any(result.interrupted for result in extremes):
            raise KeyboardInterrupt
        full = extremes[0]
        metric = full.metrics[0]
        if not metric.is_date or any(np.isfinite(result.values[:, 0]).any() for result in extremes):
            return full
    raise UserError(
        f"no run reaches {metric.name} within the horizon ({full.scenario.file.scenario.end}), neither with "
        "all players nor with none, so there is nothing to attribute; choose an earlier outcome, one that "
        "needs no date (such as n_dev@48), or a later scenario.end"
    )


def _absent(
    base: Scenario, over: str, names: list[str], seed: int, runs: int, draw: bool, threads
) -> list[str]:
    """Return the players without whom no event of the first runs changes, all others being there."""
    import sim

    everybody = (1 << len(names)) - 1

    def logs(coalition: int):
        world_ = _world(base, over, names, coalition)
        return sim.simulate(world_, runs, seed, metrics=[], logs=runs, draw=draw, threads=threads).logs

    there = logs(everybody)
    return [
        name
        for place, name in enumerate(names)
        if all(np.array_equal(there[run], log) for run, log in logs(everybody ^ 1 << place).items())
    ]
