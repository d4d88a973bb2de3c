"""Cold and warm starts, and memory: programs in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.timing import ROOT, alternate, in_process, seconds_of


def measure_starts(repetitions: int) -> dict:
    """Return seconds of the first run with nothing compiled, and of the commands once all is compiled."""
    import statistics

    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        cold = seconds_of(
            lambda: _python("-c", 'import sim; sim.simulate("toy", runs=1)', CASCADES_CACHE=folder)
        )
        programs = {
            "cascades list": lambda: _python("-m", "experiments", "list"),
            "cascades run gpt3 --runs 1": lambda: _python(
                "-m", "experiments", "run", "gpt3", "--runs", "1", "--out", str(out)
            ),
            "import sim": lambda: _python("-c", "import sim"),
        }
        seconds = alternate(programs, repetitions)
    warm = {name: statistics.median(taken) for name, taken in seconds.items()}
    return {"nothing compiled, toy, one run": cold, **warm}


def measure_memory(scenario: str, sizes: tuple[int, ...]) -> list[dict]:
    """Return the peak of resident memory for ensembles of several sizes, beside what they keep."""
    return [in_process("benchmarks.starting", scenario, runs) for runs in sizes]


def peak_bytes() -> int:
    """Return the most resident memory that this process has had.

    On Linux ``getrusage`` counts what the parent had before this program replaced it; the status of the
    process does not.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _python(*arguments: str, **environment: str) -> None:
    command = [sys.executable, *arguments]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, check=True)


if __name__ == "__main__":
    import json

    from sim.ensemble import simulate
    from sim.metrics import STANDARD

    result = simulate(sys.argv[1], runs=int(sys.argv[2]), metrics=STANDARD, logs=0, threads=2)
    kept = result.values.nbytes + result.draws.nbytes
    print(json.dumps({"runs": len(result.values), "peak bytes": peak_bytes(), "kept bytes": kept}))
