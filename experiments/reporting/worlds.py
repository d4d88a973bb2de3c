"""The runs whose event logs a folder keeps: of one world, or of several in the same luck."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.reopening import logs_in
from experiments.run import ARM_EVENTS_FILE, EVENTS_FILE
from experiments.savings import BASE, Savings, read_savings
from sim.errors import UserError

if TYPE_CHECKING:
    from experiments.comparison import Comparison
    from experiments.sweeps.store import Store
    from sim.result import Result
    from sim.world import Compiled

MOST_POINTS = 20  # of a sweep, whose logs are shown


@dataclass(frozen=True)
class World:
    """A world with logged runs. ``key``: the arm under which its savings are kept; ``name``: for readers.

    ``runs``: numbers of its logged runs, and what to call them.
    """

    key: str
    name: str
    result: Result
    runs: dict[int, str]


@dataclass(frozen=True)
class Logged:
    """All worlds with logged runs, the baseline first. ``notes``: what is not shown, and why."""

    worlds: list[World]
    savings: Savings
    notes: list[str]


def of_run(folder: Path, result: Result) -> Logged:
    """Return the logged runs of a result that was read from a folder."""
    return Logged([_world(BASE, "", result)] if result.logs else [], read_savings(folder), [])


def of_comparison(folder: Path, found: Comparison) -> Logged:
    """Return the logged runs of a comparison that was read from a folder."""
    worlds = [_world(BASE, "baseline", found.base)]
    drawn = bool(found.base.draws.shape[1])
    for label, arm in found.results.items():  # an arm draws what the baseline draws; it is kept only once
        worlds.append(_world(label, label, _bare(arm.compiled, arm.seed, drawn, arm.logs)))
    return Logged([world for world in worlds if world.runs], read_savings(folder), [])


def of_study(folder: Path, manifest: dict[str, Any]) -> Logged:
    """Return the logged runs of a study. The arms are made anew of their policies, to know who is who."""
    from experiments.replay import origin_of
    from sim.policy import arm
    from sim.world import compile_scenario

    if not (folder / EVENTS_FILE).is_file():
        return Logged([], {}, [])
    base = origin_of(folder).compiled
    worlds, notes = [], []
    logs = logs_in(folder / EVENTS_FILE, base)
    seed = int(manifest["seed"])
    worlds.append(_world(BASE, "baseline", _bare(base, seed, True, logs)))
    for label, said in manifest["arms"].items():
        try:
            compiled = compile_scenario(arm(base.scenario, said["policy"]))
            if compiled.scenario.fingerprint != said["fingerprint"]:
                raise UserError("its policies are others now")
            logs = logs_in(folder / ARM_EVENTS_FILE, compiled, label)
            worlds.append(_world(label, label, _bare(compiled, seed, True, logs)))
        except (UserError, OSError) as error:
            notes.append(f"{label}: its runs are not shown ({error}).")
    return Logged(worlds, read_savings(folder), notes)


def of_sweep(store: Store) -> Logged:
    """Return the logged runs of a sweep: a world for each point."""
    from experiments.replay import read_parquet
    from experiments.sweeps.running import plan_of_store
    from experiments.sweeps.store import EVENTS
    from experiments.sweeps.worlds import Worlds, seed_of
    from sim.world import compile_scenario

    paths = sorted((store.folder / EVENTS).glob("*.parquet"))
    if not paths:
        return Logged([], {}, [])
    plan = plan_of_store(store.folder)
    makes = Worlds(plan.data)
    where = {int(p): path for path in paths for p in set(read_parquet(path, ["point"])["point"].to_pylist())}
    points = sorted(where)
    worlds = []
    for point in points[:MOST_POINTS]:
        compiled = compile_scenario(makes.exact(plan.values(point)))
        logs = logs_in(where[point], compiled, point, "point")
        named = ", ".join(f"{name} = {value}" for name, value in store.design.loc[point].items())
        bare = _bare(compiled, seed_of(plan.data, plan.id_of(point)), plan.data["inputs"] == "drawn", logs)
        worlds.append(_world(str(point), f"point {point}: {named}", bare))
    left = len(points) - len(worlds)
    notes = [f"{left:,} more points have logs, which are not shown."] if left else []
    return Logged(worlds, {}, notes)


def _world(key: str, name: str, result: Result) -> World:
    return World(key, name, result, {run: f"run {run}" for run in sorted(result.logs)})


def _bare(compiled: Compiled, seed: int, drawn: bool, logs: dict[int, np.ndarray]) -> Result:
    """Return a result of which only the logs are known, and what its runs drew, which is luck alone."""
    from experiments.inputs import draws_of
    from sim.result import Result

    runs = max(logs, default=-1) + 1
    draws = np.empty((runs, len(compiled.uncertain) if drawn else 0))
    if draws.size:
        draws[:] = np.column_stack(list(draws_of(compiled.scenario, runs, seed).values()))
    return Result(compiled, seed, [], np.arange(runs), np.empty((runs, 0)), draws, logs)
