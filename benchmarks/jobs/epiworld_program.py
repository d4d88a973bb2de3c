"""The jobs by epiworld, from Python (epiworldpy)."""

from __future__ import annotations

import epiworldpy
import numpy as np

from benchmarks.jobs.job import Job

SUSCEPTIBLE, INFECTED, RECOVERED = range(3)


class Epiworld:
    """An SIR of its native update functions on an edge list, one day for each step.

    Its ready-made ``ModelSIR`` starts from agents of luck; the job names its origins.
    """

    jobs = ("sir", "si")

    def __init__(self, nodes: int, pairs: np.ndarray, job: Job):
        self.nodes, self.job = nodes, job
        model = epiworldpy.Model()
        model.verbose_off()
        update = epiworldpy.UpdateFun
        model.add_param(job.stop_chance, "recovery")
        model.add_state("susceptible", update.susceptible([RECOVERED]))
        model.add_state("infected", update.rate(["recovery"], [RECOVERED]))
        model.add_state("recovered", update.default())
        virus = epiworldpy.Virus("spread", 0.0, True, job.pass_chance(), job.stop_chance, 0.0)
        virus.set_state(INFECTED, RECOVERED, RECOVERED)
        virus.set_distribution(self._begin)
        model.add_virus(virus)
        model.agents_from_edgelist(pairs[:, 0].tolist(), pairs[:, 1].tolist(), nodes, False)
        self.model = model

    def _begin(self, virus, model) -> None:
        for origin in self.job.origins:
            model.get_agent(origin).set_virus(model, virus)

    def ready(self, seed: int) -> None:
        self.seed = seed

    def simulate(self) -> np.ndarray:
        self.model.run(self.job.steps, self.seed)
        told = self.model.get_db().get_hist_total()
        counts = np.asarray(told["counts"]).reshape(-1, 3)[:, SUSCEPTIBLE]
        return self.nodes - counts[1 : self.job.steps + 1]
