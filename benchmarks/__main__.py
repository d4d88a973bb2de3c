"""Measure everything, print it, and write it to docs/benchmarks.md and out/bench.json."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict

from benchmarks.ensembles import measure_compiler, measure_ensemble, measure_limit
from benchmarks.jobs.agreement import compare
from benchmarks.jobs.measuring import measure_jobs
from benchmarks.report import describe_machine, write_report
from benchmarks.spreading import check_agreement
from benchmarks.starting import measure_memory, measure_starts
from benchmarks.sweeping import measure_sweeps
from benchmarks.timing import ROOT, in_process

PARTS = {
    "ensemble": lambda: measure_ensemble("gpt3", runs=1000, repetitions=7),
    "limit": lambda: measure_limit("gpt3", counted_runs=4, repetitions=7, rounds=100),
    "compiler": lambda: measure_compiler({"toy": 4, "gpt3": 2}, repetitions=5),
    "spreading": lambda: in_process("benchmarks.spreading", 7),  # in a process as empty as a peer's user has
    "agreement": lambda: check_agreement(seeds=24),
    "jobs": measure_jobs,
    "jobs agree": lambda: [found for job in ("sir", "cascade", "threshold") for found in compare(job)],
    "starts": lambda: measure_starts(repetitions=3),
    "memory": lambda: measure_memory("gpt3", (1_000, 10_000, 50_000)),
    "sweeps": measure_sweeps,
}


def main() -> None:
    """Measure all parts, one after the other."""
    found: dict = {"machine": describe_machine()}
    for name, measure in PARTS.items():
        start = time.perf_counter()
        found[name] = measure()
        print(f"{name}: measured in {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    found["machine after"] = describe_machine()
    out = ROOT / "out"
    out.mkdir(exist_ok=True)
    (out / "bench.json").write_text(json.dumps(found, indent=1, default=asdict) + "\n")
    text = write_report(found)
    (ROOT / "docs" / "benchmarks.md").write_text(text)
    print(text)
    if not (found["agreement"]["agree"] and all(job.agrees for job in found["jobs agree"])):
        sys.exit("error: the programs of a standard job do not compute the same model")


if __name__ == "__main__":
    main()
