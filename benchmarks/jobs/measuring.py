"""Times and memory of the jobs, each program in a process of its own.

``python -m benchmarks.jobs.measuring PROGRAM JOB PAIRS NODES SECONDS`` runs one program for at least so many
seconds and prints what it took, a line at a time: what was measured before the time was over counts.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np

from benchmarks.jobs.job import JOBS, pairs_of
from benchmarks.jobs.programs import EXTRA, PROGRAMS, able
from benchmarks.timing import ROOT

SIZES = (10_000, 100_000, 1_000_000)
WARM_NODES = 300
ROUNDS = 3
TURN = 1.0  # seconds that a program that is run often runs in each round
COMPILING_SECONDS = 600.0
MOST_SECONDS = 15.0  # for one program on one network: building, running, all


def measure_jobs(sizes=SIZES, jobs=("sir", "cascade"), most_seconds: float = MOST_SECONDS) -> list[dict]:
    """Return what each program took for each job on each network, one row for each.

    Programs that are run often run in rounds, in turn; the others once. What takes longer than
    ``most_seconds`` is stopped and told as such.
    """
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / "small.npy"
        np.save(small, pairs_of(WARM_NODES))
        for job in jobs:  # what is compiled and kept on disk is compiled now, not on somebody's time
            for name in able(job):
                measure_program(name, job, small, WARM_NODES, 0.0, COMPILING_SECONDS)
        for nodes in sizes:
            pairs = Path(folder) / f"{nodes}.npy"
            np.save(pairs, pairs_of(nodes))
            for job in jobs:
                rows += _measure(job, nodes, pairs, most_seconds)
    return rows


def _measure(job: str, nodes: int, pairs: Path, most_seconds: float) -> list[dict]:
    told: dict[str, list[dict]] = {name: [] for name in able(job)}
    for turn in range(ROUNDS):
        for name, rounds in told.items():
            often = PROGRAMS[name].often
            if often or turn == 0:
                rounds.append(measure_program(name, job, pairs, nodes, TURN if often else 0.0, most_seconds))
        print(f"{job}, {nodes:,} nodes: round {turn + 1} of {ROUNDS}", file=sys.stderr, flush=True)
    rows = [summary(name, job, nodes, rounds, most_seconds) for name, rounds in told.items()]
    return rows + [_absent(name, job, nodes) for name, program in PROGRAMS.items() if not program.installed]


def summary(name: str, job: str, nodes: int, rounds: list[dict], most_seconds: float) -> dict:
    """Return one row of the table for all rounds of one program."""
    runs = [seconds for one in rounds for seconds in one["runs"]]
    builds = [one["build"] for one in rounds if one["build"] is not None]
    distribution = PROGRAMS[name].distribution
    return {
        "program": name,
        "job": job,
        "nodes": nodes,
        "version": version(distribution) if distribution else "",
        "build seconds": statistics.median(builds) if builds else None,
        "run seconds": statistics.median(runs) if runs else None,
        "runs": len(runs),
        "peak MB": max((one["peak MB"] for one in rounds if one["peak MB"]), default=None),
        "reached": rounds[0]["reached"],
        "stopped after": most_seconds if not runs else None,
        "problem": next((one["problem"] for one in rounds if one["problem"]), ""),
    }


def _absent(name: str, job: str, nodes: int) -> dict:
    return {"program": name, "job": job, "nodes": nodes, "problem": f"not installed: extra {EXTRA!r}"}


def measure_program(
    name: str, job: str, pairs: Path, nodes: int, seconds: float, most_seconds: float
) -> dict:
    """Return what one process of one program told; what took longer than ``most_seconds`` was stopped."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.jobs.measuring",
        name,
        job,
        str(pairs),
        str(nodes),
        str(seconds),
    ]
    problem, output = "", b""
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=most_seconds)
        output = done.stdout
        if done.returncode:
            problem = done.stderr.decode(errors="replace").strip().splitlines()[-1]
    except subprocess.TimeoutExpired as stopped:
        output = stopped.stdout or b""
    told = [json.loads(line) for line in output.decode().splitlines() if line.startswith("{")]
    return {
        "build": next((row["build"] for row in told if "build" in row), None),
        "runs": [row["run"] for row in told if "run" in row],
        "reached": next((row["reached"] for row in told if "reached" in row), None),
        "peak MB": max((row["peak MB"] for row in told if "peak MB" in row), default=None),
        "problem": problem,
    }


def run_program(name: str, job: str, pairs: np.ndarray, nodes: int, seconds: float) -> None:
    """Run one program here, and print what it takes as it goes."""
    from benchmarks.starting import peak_bytes

    def tell(**what) -> None:
        print(json.dumps(what), flush=True)

    made = PROGRAMS[name].made
    warm = made(WARM_NODES, pairs_of(WARM_NODES), JOBS[job])  # compiles, imports, and is not counted
    warm.ready(0)
    warm.simulate()
    began = time.process_time()
    program = made(nodes, pairs, JOBS[job])
    program.ready(1)
    tell(build=time.process_time() - began)
    taken, seed = 0.0, 1
    while seed == 1 or taken < seconds:
        if seed > 1:
            program.ready(seed)
        began = time.process_time()
        reached = program.simulate()
        spent = time.process_time() - began
        tell(run=spent, reached=int(reached[-1]))
        taken += spent
        seed += 1
    tell(**{"peak MB": peak_bytes() / 1e6})


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    run_program(sys.argv[1], sys.argv[2], np.load(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]))
