"""The plan of a sweep: all that its runs depend on, as plain data, and the points beside it.

Whoever has the plan and the points can compute any chunk: this machine, another one, or this one tomorrow.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiments.sweeps.designs import Points, distinct_worlds
from experiments.sweeps.factors import POLICY, SET, Factor
from experiments.sweeps.reading import SweepFile, split_parameter
from experiments.sweeps.work import Chunk, Task, pack
from experiments.sweeps.worlds import Worlds, identity, set_text
from sim.ensemble import MOST_RUNS, check_count, standard_metrics
from sim.errors import UserError
from sim.metrics import parse_metric
from sim.policy import BASES, JOIN, load_base, policy_file, split_spec, with_policies
from sim.scenario import Scenario, load, read_toml
from sim.world import compile_scenario

LEAST_CHUNK, MOST_CHUNK, PARTS_AT_LEAST, PARTS_AT_MOST = 50, 5000, 64, 10_000
LOGS_OF_A_CHUNK = 200
LEVELS_CHECKED = 200  # of one factor, each alone, before anything is simulated


@dataclass
class Plan:
    """A plan (``data``, plain) with its points and the metrics' notes."""

    data: dict[str, Any]
    points: Points
    notes: dict[str, dict[str, str]]

    def __post_init__(self):
        self.names = [factor.name for factor in self.points.factors]
        self.packed = pack(self.data)
        told = json.dumps(compared(self.data), sort_keys=True)
        self.key = hashlib.blake2b(told.encode(), digest_size=8).hexdigest()
        self.columns = [self.points.columns[name] for name in self.names]
        self.order = _order(distinct_worlds(self.points))

    def values(self, point: int) -> list[Any]:
        """Return what a point says, factor by factor."""
        return [column[point] for column in self.columns]

    def id_of(self, point: int) -> str:
        """Return the stable name of a point."""
        return identity(self.data, self.values(point))

    def task(self, chunk: Chunk) -> Task:
        """Return a chunk with all that is needed to compute it."""
        places = range(chunk.first // chunk.runs, (chunk.last - 1) // chunk.runs + 1)
        points = [int(self.order[place]) if self.order is not None else place for place in places]
        return Task(self.key, self.packed, chunk, points, [self.values(point) for point in points])

    def chunks(self, blocks: Sequence[dict[str, int]]) -> Iterator[Chunk]:
        """Yield all chunks of some blocks, in order."""
        for at, block in enumerate(blocks):
            total = len(self.points) * block["runs"]
            for number, first in enumerate(range(0, total, block["chunk"])):
                last = min(total, first + block["chunk"])
                yield Chunk(at, number, block["first_run"], block["runs"], first, last)

    def block(self, first_run: int, runs: int, chunk: int | None = None) -> dict[str, int]:
        """Return a block of runs of every point, with the size of its chunks."""
        total = len(self.points) * runs
        check_count("runs of all points", total, 1, MOST_RUNS)
        most = max(MOST_CHUNK, math.ceil(total / PARTS_AT_MOST))
        size = min(most, max(LEAST_CHUNK, math.ceil(total / PARTS_AT_LEAST)))
        logged = max(0, min(self.data["logs"] - first_run, runs)) / runs
        if logged:
            size = max(1, min(size, int(LOGS_OF_A_CHUNK / logged)))
        if chunk is not None:
            check_count("chunk", chunk, 1, MOST_RUNS)
            size = chunk
        return {"first_run": first_run, "runs": runs, "chunk": min(size, total)}


def compared(data: dict[str, Any]) -> dict[str, Any]:
    """Return the part of a plan on which results depend: not where files stood, nor titles."""
    left_out = ("title", "about", "scenario_file", "policy_files")
    rest = {key: value for key, value in data.items() if key not in left_out}
    return rest | {
        "policies of factors": {name: content for name, (content, _) in data["policy_files"].items()}
    }


def _order(worlds: list[tuple]) -> np.ndarray | None:
    """Return the points in the order in which they are gone through, world by world; None: as they stand."""
    if not worlds or not worlds[0]:
        return None
    first: dict[tuple, int] = {}
    places = np.array([first.setdefault(world, len(first)) for world in worlds])
    return np.argsort(places, kind="stable")


def base_of(file: SweepFile, where: str) -> Scenario:
    """Return the scenario that the points of a sweep change."""
    name, _, spec = file.scenario.partition(JOIN)
    beside = Path(where).parent / name
    found = str(beside) if name.endswith(".toml") and beside.is_file() else name
    return with_policies(load_base(found, tuple(file.sets)), JOIN.join([spec, *file.policies]))


def plan_of(file: SweepFile, points: Points, base: Scenario, where: str) -> Plan:
    """Return the plan of a sweep; raise UserError for anything in it that cannot be used."""
    check_count("runs", file.runs, 1, MOST_RUNS)
    check_count("seed", file.seed, 0, 2**63 - 1)
    logs = {"none": 0, "all": MOST_RUNS}.get(str(file.logs), file.logs)
    check_count("logs", logs, 0, MOST_RUNS)  # type: ignore[arg-type]
    compiled = compile_scenario(base)
    names = list(file.metrics) or standard_metrics(compiled)
    metrics = [parse_metric(name, compiled) for name in names]
    if len({metric.name for metric in metrics}) < len(metrics):
        raise UserError(f"{where}: metrics: one stands there twice")
    data = {
        "title": file.title,
        "about": file.about,
        "scenario_name": base.name,
        "scenario_file": base.origin,
        "fingerprint": base.fingerprint,
        "scenario": base.raw,
        "sets": list(base.sets),
        "policies": list(base.policies),
        "seed": file.seed,
        "luck": file.luck,
        "inputs": file.inputs,
        "keep_inputs": file.keep_inputs,
        "logs": logs,
        "metrics": [metric.name for metric in metrics],
        "factors": [factor.plain() for factor in points.factors],
        "design": points.settings,
        "policy_files": _policy_files(points.factors),
    }
    plain = json.loads(json.dumps(data, default=str))
    _check_levels(points, base, where)
    plan = Plan(plain, points, {m.name: {"unit": m.unit, "meaning": m.meaning} for m in metrics})
    worlds = Worlds(plain)
    with_input = [factor for factor in points.factors if factor.kind not in (POLICY, SET)]
    if with_input:
        _check_base(worlds, plan)
    return plan


def _check_base(worlds: Worlds, plan: Plan) -> None:
    """Raise UserError where the factors cannot be set even in the first world that can be at all."""
    from sim.scenario import load as checked

    texts = [
        set_text(factor.name, plan.points.columns[factor.name][0])
        for factor in worlds.factors
        if factor.kind == "input"
    ]
    checked(worlds.base, texts)


def _policy_files(factors: Sequence[Factor]) -> dict[str, list[Any]]:
    """Return the content and origin of every policy that a factor names: no file is needed later."""
    names: list[str] = []
    for factor in factors:
        if factor.kind == POLICY and ":" in factor.name:
            names.append(split_parameter(factor.name)[0])
        elif factor.kind == POLICY:
            specs = [part.strip() for level in factor.levels for part in str(level).split(JOIN)]
            names += [split_spec(spec)[0] for spec in specs if spec not in BASES]
    files = {name: policy_file(name) for name in dict.fromkeys(names)}
    return {name: [read_toml(path), str(path)] for name, path in files.items()}


def _check_levels(points: Points, base: Scenario, where: str) -> None:
    """Raise UserError for a level that is wrong whatever the other factors are."""
    for factor in points.factors:
        for level in factor.levels[:LEVELS_CHECKED]:
            try:
                if factor.kind == SET:
                    load(base, [set_text(factor.name, level)])
                elif factor.kind == POLICY and ":" not in factor.name:
                    with_policies(base, str(level))
                elif factor.kind == POLICY:
                    name, parameter, fixed = split_parameter(factor.name)
                    given = ",".join(filter(None, [fixed, f"{parameter}={level}"]))
                    with_policies(base, f"{name}:{given}")
            except UserError as error:
                if factor.kind == POLICY and ":" in factor.name and "is missing" in str(error):
                    continue  # another factor gives it
                origin = points.origins.get(factor.name, f"{where}: factors.{factor.name}")
                raise UserError(f"{origin}: {_of_level(str(error), factor.name, level)}") from None


def _of_level(message: str, name: str, level: Any) -> str:
    """Return what is wrong with a level, without the option ``--set`` that nobody wrote."""
    change = set_text(name, level)
    return message.replace(f"--set {change!r}: ", "").replace(f" with --set {change}", f" with {change}")
