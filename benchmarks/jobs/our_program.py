"""The jobs by us: the scenario ``spread`` with other numbers, on the network in a file."""

from __future__ import annotations

import copy
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.jobs.job import Job, reached_by_steps
from sim.ensemble import Simulator
from sim.scenario import from_data, load
from sim.tail.tables import FORMS
from sim.world import compile_scenario


def scenario_data(nodes: int, pairs: Path, job: Job) -> dict:
    """Return a job as what a scenario file would say, on a network in a file of pairs."""
    data = copy.deepcopy(load("spread").raw)
    members, passing = data["populations"]["nodes"], {"source": "benchmark", "rate": 1.0, "chance": 1.0}
    members |= {"members": nodes, "uptake": 0.0, "abandon": job.recovery if job.kind == "sir" else 0.0}
    if job.kind in ("sir", "si"):
        passing["rate"] = job.rate
    else:
        passing["fixed"] = True  # a step is a month
        passing["chance"] = job.probability if job.kind == "cascade" else 1.0
        members["needs_drawn"] = job.kind == "threshold"
    end = load("spread").date(job.months - 1)
    data["scenario"]["end"] = f"{end:%Y-%m}"
    data["passing"] = {"collaboration": passing}
    data["network"] = {"generator": "file", "path": str(pairs.resolve()), "directed": False}
    data["tail"] = data["tail"] | {"origins": list(job.origins)}
    return data


class Ours:
    """The kernel of an ensemble, with the log of all members on: who had it from whom, and when."""

    jobs = ("sir", "si", "cascade", "threshold")

    def __init__(self, nodes: int, pairs: np.ndarray, job: Job):
        import pyarrow as pa
        import pyarrow.parquet as parquet

        self.job = job
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "pairs.parquet"
            parquet.write_table(pa.table({"from": pairs[:, 0], "to": pairs[:, 1]}), path)
            self.simulator = Simulator(compile_scenario(from_data(scenario_data(nodes, path, job))))
        self.nothing = np.empty((1, 0))

    def ready(self, seed: int) -> None:
        self.seed = seed

    def simulate(self) -> np.ndarray:
        self.simulator.simulate(1, self.seed, self.nothing, self.nothing)
        tables = self.simulator.workspace.tables
        rows = tables.tail_events[: tables.crowd[0].events]
        return reached_by_steps(rows["time"][rows["what"] < FORMS], self.job)
