"""The jobs by EoN (Kiss, Miller, Simon: Mathematics of Epidemics on Networks)."""

from __future__ import annotations

import EoN
import numpy as np

from benchmarks.jobs.job import Job, networkx_of, thresholds_of


class Eon:
    """``fast_SIR`` in continuous time; the cascade as its SIR in discrete time; thresholds one by one."""

    jobs = ("sir", "si", "cascade", "threshold")

    def __init__(self, nodes: int, pairs: np.ndarray, job: Job):
        self.nodes, self.job = nodes, job
        self.graph = networkx_of(nodes, pairs)

    def ready(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.thresholds = thresholds_of(self.nodes, seed)

    def simulate(self) -> np.ndarray:
        job, origins = self.job, list(self.job.origins)
        if job.kind == "threshold":
            return self._thresholds(origins)
        if job.kind == "cascade":
            times, susceptible, _, _ = EoN.basic_discrete_SIR(
                self.graph, job.probability, initial_infecteds=origins, tmax=job.steps, rng=self.rng
            )
        else:
            times, susceptible, _, _ = EoN.fast_SIR(
                self.graph, job.rate, job.recovery, initial_infecteds=origins, tmax=job.months, rng=self.rng
            )
        reached = self.nodes - np.asarray(susceptible)
        ends = np.arange(1, job.steps + 1) / job.steps_per_month
        return reached[np.searchsorted(times, ends, side="right") - 1]

    def _thresholds(self, origins) -> np.ndarray:
        """Return the end only: who is reached one after the other, in an order of luck."""
        thresholds = self.thresholds

        def rate(graph, node, status, parameters):
            if status[node] == "reached":
                return 0.0
            around = list(graph.neighbors(node))
            share = sum(status[other] == "reached" for other in around) / max(1, len(around))
            return float(share > 0.0 and share >= thresholds[node])

        def choice(graph, node, status, parameters):
            return "reached"

        def influences(graph, node, status, parameters):
            return graph.neighbors(node)

        status = {node: "idle" for node in self.graph} | dict.fromkeys(origins, "reached")
        _, _, reached = EoN.Gillespie_complex_contagion(
            self.graph, rate, choice, influences, status, ("idle", "reached"), tmax=np.inf, rng=self.rng
        )
        return np.full(self.job.steps, reached[-1])
