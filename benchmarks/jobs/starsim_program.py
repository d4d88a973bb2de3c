"""The jobs by Starsim."""

from __future__ import annotations

import numpy as np
import starsim

from benchmarks.jobs.job import Job

CASCADE_STEPS = 1.5  # who is reached passes on in the next step, and in no other


class Ties(starsim.Network):
    """A network that stays as it is."""

    def step(self):
        pass


class Starsim:
    """Its SIR on a network that is given as arrays; nobody dies, and nobody is reached from outside."""

    jobs = ("sir", "si", "cascade")

    def __init__(self, nodes: int, pairs: np.ndarray, job: Job):
        starsim.options(verbose=0, crn=False)
        self.nodes, self.job, self.pairs = nodes, job, pairs

    def ready(self, seed: int) -> None:
        job, origins = self.job, np.array(self.job.origins)
        network = Ties(p1=self.pairs[:, 0], p2=self.pairs[:, 1], beta=np.ones(len(self.pairs)))
        if job.kind == "cascade":
            chance, stays = job.probability, starsim.constant(v=starsim.days(CASCADE_STEPS))
        else:
            chance = job.pass_chance(acts_before_it_stops=False)
            mean = 1e9 if job.recovery == 0.0 else job.steps_per_month / job.recovery
            stays = starsim.expon(scale=starsim.days(mean))

        class Spread(starsim.SIR):
            def init_post(self):
                super().init_post()
                begun = starsim.uids(origins)
                self.set_prognoses(begun)
                self.ti_recovered[begun] -= 1  # the first step acts at once: they were reached before it

        disease = Spread(beta=starsim.probperday(chance), init_prev=0.0, dur_inf=stays, p_death=0.0)
        self.sim = starsim.Sim(
            n_agents=self.nodes, networks=network, diseases=disease, rand_seed=seed, verbose=0,
            start=starsim.days(0), stop=starsim.days(job.steps), dt=starsim.days(1),
        )  # fmt: skip
        self.sim.init()

    def simulate(self) -> np.ndarray:
        self.sim.run()
        susceptible = self.sim.results[self.sim.diseases[0].name]["n_susceptible"]
        return self.nodes - np.asarray(susceptible, np.int64)[: self.job.steps]
