"""The job by Diffusion Cascades: the world ``spread``, whose members are the nodes, causes logged."""

from __future__ import annotations

import numpy as np

from benchmarks.jobs.job import ATTACHED, GRAPH_SEED, Job, reached_by_steps


class Tail:
    """A job as a scenario; every row of the log names its cause."""

    jobs = ("sir", "si", "cascade")

    def __init__(self, nodes: int, pairs: np.ndarray, job: Job):
        from sim.ensemble import Simulator
        from sim.scenario import from_data
        from sim.world import compile_scenario

        self.job = job
        compiled = compile_scenario(from_data(scenario_data(nodes, job)))
        edges = int(compiled.facts["node_first"][-1])
        if edges != 2 * len(pairs):
            raise ValueError(f"the network has {edges} directed ties, not {2 * len(pairs)}")
        self.simulator = Simulator(compiled)

    def ready(self, seed: int) -> None:
        self.seed = seed

    def simulate(self) -> np.ndarray:
        self.simulator.simulate(1, self.seed, np.empty((1, 0)), np.empty((1, 0)))
        tables = self.simulator.workspace.tables
        log = tables.tail_events[: tables.crowd[0].events]
        return reached_by_steps(log["time"][log["what"] == 0], self.job)


def scenario_data(nodes: int, job: Job) -> dict:
    """Return the job as a scenario: ``spread`` with the numbers, origins and network of the job."""
    from sim.scenario import load

    data = dict(load("spread").raw)
    months = f"{2020 + (job.months - 1) // 12}-{(job.months - 1) % 12 + 1:02d}"
    data["scenario"] = {**data["scenario"], "end": months}
    recovery = 0.0 if job.kind == "cascade" else job.recovery
    data["populations"] = {"nodes": {**data["populations"]["nodes"], "members": nodes, "abandon": recovery}}
    data["network"] = {"generator": "barabasi-albert", "attached": ATTACHED}
    data["tail"] = {**data["tail"], "seed": GRAPH_SEED, "origins": list(job.origins)}
    passing = {"source": "the job", "rate": job.rate}
    if job.kind == "cascade":
        passing |= {"rate": 1.0, "chance": job.probability, "fixed": True}
    data["passing"] = {"collaboration": passing}
    return data
