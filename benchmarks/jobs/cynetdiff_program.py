"""The independent cascade and the linear threshold by CyNetDiff."""

from __future__ import annotations

import array

import numpy as np
from cynetdiff.models import IndependentCascadeModel, LinearThresholdModel

from benchmarks.jobs.job import Job
from sim.networks.network import arrange


class Cynetdiff:
    """Its models on flat arrays; it keeps who was reached, not when: steps are counted as they come."""

    jobs = ("cascade", "threshold")

    def __init__(self, nodes: int, pairs: np.ndarray, job: Job):
        self.job = job
        first, neighbours, _ = arrange(pairs[:, 0], pairs[:, 1], nodes, False, False)
        starts = array.array("I", first[:-1].astype(np.uint32).tobytes())
        edges = array.array("I", neighbours.astype(np.uint32).tobytes())
        if job.kind == "threshold":  # each node counts its neighbours alike, thresholds are drawn
            self.model = LinearThresholdModel(starts, edges)
        else:
            self.model = IndependentCascadeModel(starts, edges, activation_prob=job.probability)
        self.model.set_seeds(job.origins)

    def ready(self, seed: int) -> None:
        self.model.set_rng(seed)
        self.model.reset_model()

    def simulate(self) -> np.ndarray:
        self.model.advance_until_completion()
        return np.full(self.job.steps, self.model.get_num_activated_nodes())
