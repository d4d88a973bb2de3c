"""The jobs by Starsim."""

from __future__ import annotations

import numpy as np
import sciris
import starsim

from benchmarks.jobs.job import Job

CASCADE_STEPS = 1.5  # passes on in the step after the one in which it was reached, and in no other


class Starsim:
    """Its SIR on a network that is given as arrays; nobody dies, and nobody is reached from outside."""

    jobs = ("sir", "si", "cascade")

    def __init__(self, nodes: int, pairs: np.ndarray, job: Job):
        starsim.options(verbose=0)
        self.nodes, self.job, self.pairs = nodes, job, pairs

    def ready(self, seed: int) -> None:
        job, origins = self.job, np.array(self.job.origins)
        network = starsim.Network(p1=self.pairs[:, 0], p2=self.pairs[:, 1], beta=np.ones(len(self.pairs)))
        if job.kind == "cascade":
            chance, stays = job.probability, starsim.constant(v=starsim.days(CASCADE_STEPS))
        else:
            chance = job.pass_chance(acts_before_it_stops=False)
            mean = 1e9 if job.recovery == 0.0 else job.steps_per_month / job.recovery
            stays = starsim.expon(scale=starsim.days(mean))

        class Spread(starsim.SIR):
            def set_initial_states(self):  # the origins, and nobody by luck
                self.set_prognoses(starsim.uids(origins))

            def init_post(self):
                super().init_post()
                self.set_prognoses(starsim.uids(origins))

        disease = Spread(beta=starsim.probperday(chance), init_prev=None, dur_inf=stays, p_death=0.0)
        self.sim = starsim.Sim(
            n_agents=self.nodes, networks=network, diseases=disease, rand_seed=seed, verbose=0,
            start=starsim.days(0), stop=starsim.days(job.steps), dt=starsim.days(1),
        )  # fmt: skip
        self.sim.init()

    def simulate(self) -> np.ndarray:
        self.sim.run()
        susceptible = self.sim.results[self.sim.diseases[0].name]["n_susceptible"]
        return self.nodes - np.asarray(susceptible, np.int64)[1 : self.job.steps + 1]
