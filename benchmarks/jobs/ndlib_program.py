"""The jobs by NDlib."""

from __future__ import annotations

import warnings

import numpy as np

from benchmarks.jobs.job import Job, networkx_of, thresholds_of

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import ndlib.models.epidemics as models
    import ndlib.models.ModelConfig as configuration


class Ndlib:
    """Its models SIR, SI, IndependentCascades and Threshold, one iteration for each step."""

    jobs = ("sir", "si", "cascade", "threshold")

    def __init__(self, nodes: int, pairs: np.ndarray, job: Job):
        self.nodes, self.job = nodes, job
        graph = networkx_of(nodes, pairs)
        config = configuration.Configuration()
        config.add_model_initial_configuration("Infected", list(job.origins))
        if job.kind == "cascade":
            self.model = models.IndependentCascadesModel(graph)
            for edge in graph.edges:  # each once: NDlib drops them all where there are more than edges
                config.add_edge_configuration("threshold", edge, job.probability)
        elif job.kind == "threshold":
            self.model = models.ThresholdModel(graph)
            for node, threshold in enumerate(thresholds_of(nodes, 0).tolist()):
                config.add_node_configuration("threshold", node, threshold)
        else:
            self.model = models.SIRModel(graph) if job.recovery else models.SIModel(graph)
            config.add_model_parameter("beta", job.pass_chance())
            if job.recovery:
                config.add_model_parameter("gamma", job.stop_chance)
        self.model.set_initial_status(config)
        self.susceptible = self.model.available_statuses["Susceptible"]

    def ready(self, seed: int) -> None:
        np.random.seed(seed)
        self.model.reset(list(self.job.origins))
        if self.job.kind == "threshold":
            thresholds = thresholds_of(self.nodes, seed).tolist()
            self.model.params["nodes"]["threshold"] = dict(enumerate(thresholds))

    def simulate(self) -> np.ndarray:
        self.model.iteration(node_status=False)  # the start itself
        counts = []
        for _ in range(self.job.steps):
            told = self.model.iteration(node_status=False)
            counts.append(self.nodes - told["node_count"][self.susceptible])
        return np.array(counts)
