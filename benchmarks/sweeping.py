"""Sweeps: what the store costs beside the bare kernel, its memory, and reading it back."""

from __future__ import annotations

import statistics
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from benchmarks.starting import peak_bytes
from benchmarks.timing import in_process

FACTOR, VALUE = "effects.code.work", 0.4
SPAN = 64


WHOLE = (5_000, 20), (50_000, 20), (1_000_000, 1_000)  # runs in all and of a point, in a process of their own


def simulate_bare(scenario: str, runs: int, replicates: int, threads: int) -> None:
    """Simulate the runs of a sweep with the kernel alone, on threads, and keep nothing."""
    from sim.ensemble import NOWHERE, Simulator
    from sim.metrics import STANDARD, parse_metric
    from sim.scenario import load
    from sim.world import compile_scenario

    compiled = compile_scenario(load(scenario, [f"{FACTOR}={VALUE}"]))
    metrics = [parse_metric(name, compiled) for name in STANDARD]
    own = threading.local()
    lucks = np.ones((runs, 2), np.uint64)
    lucks[:, 1] = np.arange(runs) % replicates

    def work(first: int) -> None:
        if not hasattr(own, "simulator"):
            own.simulator = Simulator(compiled, metrics)
        rows = lucks[first : first + SPAN]
        values, draws = np.empty((len(rows), len(metrics))), np.empty((len(rows), len(compiled.uncertain)))
        own.simulator.simulate_points(rows, NOWHERE, np.empty((len(rows), 0)), values, draws)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, range(0, runs, SPAN)))


def simulate_sweep(scenario: str, runs: int, replicates: int, threads: int) -> None:
    """Simulate the same runs as a sweep of runs / replicates points, into a store on disk.

    Its points are all alike, so that the store is smaller than others: ``measure_slopes`` says what a run
    takes on disk.
    """
    from experiments.sweeps.running import sweep
    from sim.metrics import STANDARD

    with tempfile.TemporaryDirectory() as folder:
        sweep(
            scenario,
            {FACTOR: [VALUE] * (runs // replicates)},
            "zip",
            runs=replicates,
            metrics=list(STANDARD),
            out=Path(folder) / "store",
            threads=threads,
        )


def measure_overhead(scenario: str, runs: int, replicates: int, rounds: int, threads: int = 2) -> dict:
    """Return wall and processor time of a sweep against the kernel alone, in turn (A B A B)."""
    simulate_sweep(scenario, replicates, replicates, threads)
    wall, processor = [], []
    for _ in range(rounds):
        taken = []
        for program in (simulate_bare, simulate_sweep):
            began = time.perf_counter(), time.process_time()
            program(scenario, runs, replicates, threads)
            taken.append((time.perf_counter() - began[0], time.process_time() - began[1]))
        wall.append(taken[1][0] / taken[0][0])
        processor.append(taken[1][1] / taken[0][1])
    return {
        "runs": runs,
        "points": runs // replicates,
        "wall": statistics.median(wall),
        "processor": statistics.median(processor),
    }


def measure_whole(scenario: str, runs: int, replicates: int) -> dict:
    """Return what a sweep takes, seconds and peak of this process (MB); call it in a process of its own."""
    began = time.perf_counter(), time.process_time()
    simulate_sweep(scenario, runs, replicates, 2)
    return {
        "runs": runs,
        "peak MB": peak_bytes() / 1e6,
        "seconds": time.perf_counter() - began[0],
        "processor seconds": time.process_time() - began[1],
    }


def measure_reading(rows: int, metrics: int) -> dict:
    """Return the seconds to read so many results back and to summarise every metric."""
    from experiments.sweeps.keeping import Keeper
    from experiments.sweeps.running import plan_of_arguments
    from experiments.sweeps.store import open_store
    from experiments.sweeps.work import Made, fingerprint, pack_part

    names = [f"n_dev@{month}" for month in range(12, 12 + metrics)]
    plan, _ = plan_of_arguments(
        "toy", {"actors.Beta.people": [5, 15]}, "grid", {"runs": rows // 2, "metrics": names}
    )
    luck = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder, Keeper(Path(folder) / "store") as keeper:
        for chunk in plan.chunks(keeper.begin(plan, rows // 2)):
            place = np.arange(chunk.first, chunk.last)
            columns = {
                "point": place // chunk.runs,
                "run": place % chunk.runs,
                "seed": np.ones(len(place), int),
            }
            columns |= {name: luck.lognormal(size=len(place)) for name in names}
            keeper.keep(Made(chunk, pack_part(columns, {}, {"sweep": plan.key}), b"", 0, 0.0, fingerprint()))
        began = time.perf_counter()
        summary = open_store(keeper.folder).summary()
        seconds = time.perf_counter() - began
        assert len(summary) == 2 * metrics
    return {"rows": rows, "metrics": metrics, "seconds": seconds}


def measure_slopes(scenario: str, rows: int, repetitions: int = 20) -> dict[str, float]:
    """Return what a part costs whoever computes it and the one process that keeps it (docs/cluster.md)."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    from experiments.sweeps.keeping import Keeper
    from experiments.sweeps.running import plan_of_arguments
    from experiments.sweeps.work import Chunk, Made, compute, fingerprint, pack_part
    from sim.metrics import STANDARD

    def processor(work) -> float:
        began = time.process_time()
        for _ in range(repetitions):
            work()
        return (time.process_time() - began) / repetitions

    points = {"method": "latin-hypercube", "points": rows // 10}
    settings = {"runs": 20, "metrics": list(STANDARD)}
    plan, _ = plan_of_arguments(scenario, {FACTOR: {"low": 0.1, "high": 0.6}}, points, settings)
    compute(plan.task(Chunk(0, 0, 0, 20, 0, 1)))
    began = time.process_time()
    made = compute(plan.task(Chunk(0, 0, 0, 20, 0, rows)))
    seconds = time.process_time() - began
    table = parquet.read_table(pa.BufferReader(made.part))
    columns = {name: table[name].to_numpy() for name in ("point", "run", "seed", *STANDARD)}
    found = {
        "rows": rows,
        "seconds per run": seconds / rows,
        "bytes per run": len(made.part) / rows,
        "plan kB": len(plan.packed) / 1e3,
        "pack ms": 1e3 * processor(lambda: pack_part(columns, {}, {"sweep": plan.key})),
        "task ms": 1e3 * processor(lambda: plan.task(Chunk(0, 0, 0, 20, 0, rows))),
    }
    with tempfile.TemporaryDirectory() as folder, Keeper(Path(folder) / "store") as keeper:
        keeper.begin(plan, 20)
        numbers = iter(range(repetitions))

        def keep() -> None:
            chunk = Chunk(0, next(numbers), 0, 20, 0, rows)
            keeper.keep(Made(chunk, made.part, b"", 0, 0.0, fingerprint()))

        clock = time.perf_counter()
        found["keep ms"] = 1e3 * processor(keep)
        found["keep ms by the clock"] = 1e3 * (time.perf_counter() - clock) / repetitions
        size = repetitions * len(made.part) / 1e9
        began = time.process_time()
        keeper.kept(plan.key, iter(()), 0)
        found["check seconds per GB"] = (time.process_time() - began) / size
    return found


def measure_sweeps() -> dict:
    """Measure all of it."""
    return {
        "overhead": [measure_overhead("gpt3", 20_000, replicates, 3) for replicates in (1, 20)],
        "whole": [in_process("benchmarks.sweeping", "gpt3", *size) for size in WHOLE],
        "reading": measure_reading(1_000_000, 20),
        "tasks": in_process("benchmarks.tasks", 5000, 3),
    }


if __name__ == "__main__":
    import json

    if sys.argv[1] == "slopes":
        print(json.dumps([measure_slopes("gpt3", rows) for rows in (5_000, 20_000)], indent=1))
    else:
        print(json.dumps(measure_whole(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
