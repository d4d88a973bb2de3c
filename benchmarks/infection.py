"""The first standard job: an infection (SI) among ordinary actors: a scenario of named actors.

10,000 nodes, m = 3, 60 months, one origin. An infected node infects each neighbour at a constant rate;
models that step once a month do it with probability 1 - exp(-rate) per step. The programs that it is
compared with, and the job for a million nodes, are in ``benchmarks.jobs``.
"""

from __future__ import annotations

import numpy as np

from benchmarks.jobs.job import Job, pairs_of

NODES = 10_000
MONTHS = 60
RATE = 0.05  # per month and tie
ORIGIN = 0
JOB = Job("si", MONTHS, RATE, recovery=0.0, origins=(ORIGIN,))


def scenario_data(nodes: int = NODES) -> dict:
    """Return the job as a scenario: ordinary actors with ties, and one artifact that is never published."""
    from sim.scenario import load

    source = "benchmark"
    base = load("toy").raw
    data = {name: table for name, table in base.items() if isinstance(table, dict)}
    for name in ("policies", "motives", "stakes", "publication", "scripted_projects", "insights"):
        data.pop(name, None)
    heading = {"name": "infection", "title": "infection on a graph", "start": "2020-01", "end": "2024-12"}
    data["scenario"] = heading
    data["kinds"] = {"ordinary_actor": {"source": source, "develops": False}}
    actor = {"source": source, "kind": "ordinary_actor", "region": next(iter(data["regions"]))}
    data["actors"] = {f"n{node}": actor for node in range(nodes)}
    data["ties"] = [
        {"source": source, "from": f"n{a}", "to": f"n{b}", "kind": "follows", "both_ways": True}
        for a, b in pairs_of(nodes)
    ]
    data["flows"] = {"follows": {"source": source, "insight": RATE, "relay": 1.0}}
    data["scripted_artifacts"] = {
        "infection": {
            "source": source,
            "owner": f"n{ORIGIN}",
            "kind": "insight",
            "made": "2020-01-01",
            "published": "never",
        }
    }
    return data


class Infection:
    """The job as a scenario, compiled once; ``simulate`` runs it with the log on."""

    def __init__(self, data: dict):
        from sim.ensemble import Simulator
        from sim.scenario import from_data
        from sim.world import compile_scenario

        self.simulator = Simulator(compile_scenario(from_data(data)))

    def simulate(self, run: int) -> np.ndarray:
        """Return the months at which nodes were infected, in order."""
        from sim.words import EVENT

        self.simulator.simulate(1, run, np.empty((1, 0)), np.empty((1, 0)))
        log = self.simulator.events()
        return np.concatenate([[0.0], log["time"][log["what"] == EVENT.LEARNED]])


def infected_by(times: np.ndarray, months) -> np.ndarray:
    """Return how many were infected by each of some months."""
    return np.searchsorted(times, np.asarray(months, float), side="right")
