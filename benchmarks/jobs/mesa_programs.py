"""The jobs as Mesa models: as Mesa's own example has it, and tuned."""

from __future__ import annotations

import math

import mesa
import numpy as np
from mesa.discrete_space import FixedAgent, Network

from benchmarks.jobs.job import Job, networkx_of


class MesaNetwork:
    """Agents on Mesa's Network, after Mesa's example of a virus on a network.

    Every agent steps, in random order, and who is reached tries its neighbours. Who was reached in this step
    acts from the next one on, so that the model is the one that the others compute.
    """

    jobs = ("sir", "si")

    def __init__(self, nodes: int, pairs: np.ndarray, job: Job):
        self.nodes, self.job = nodes, job
        self.graph = networkx_of(nodes, pairs)

    def ready(self, seed: int) -> None:
        job, graph = self.job, self.graph
        chance, stops = job.pass_chance(), job.stop_chance

        class Node(FixedAgent):
            def __init__(self, model, cell):
                super().__init__(model)
                self.cell = cell
                self.reached_at = math.inf
                self.stopped = False

            def step(self):
                if self.reached_at < self.model.steps and not self.stopped:
                    for agent in self.cell.neighborhood.agents:
                        if agent.reached_at == math.inf and self.random.random() < chance:
                            agent.reached_at = self.model.steps
                    self.stopped = self.random.random() < stops

        class Model(mesa.Model):
            def __init__(self):
                super().__init__(seed=seed)
                self.grid = Network(graph, capacity=1, random=self.random)
                Node.create_agents(self, graph.number_of_nodes(), list(self.grid.all_cells))
                for agent in self.agents:
                    if agent.cell.coordinate in job.origins:
                        agent.reached_at = 0

            def step(self):
                self.agents.shuffle_do("step")

        self.model = Model()

    def simulate(self) -> np.ndarray:
        counts = []
        for _ in range(self.job.steps):
            self.model.step()
            counts.append(sum(agent.reached_at < math.inf for agent in self.model.agents))
        return np.array(counts)


class MesaTuned:
    """Mesa agents that hold a list of their neighbours.

    Only those who can still pass something on act, and an agent leaves their list when it stops, or when
    nobody around it is left to reach.
    """

    jobs = ("sir", "si")

    def __init__(self, nodes: int, pairs: np.ndarray, job: Job):
        self.nodes, self.pairs, self.job = nodes, pairs.tolist(), job

    def ready(self, seed: int) -> None:
        job, nodes, pairs = self.job, self.nodes, self.pairs
        chance, stops = job.pass_chance(), job.stop_chance

        class Node(mesa.Agent):
            def __init__(self, model):
                super().__init__(model)
                self.neighbours = []
                self.reached = False

            def spread(self, newly, random):
                around = [agent for agent in self.neighbours if not agent.reached]
                self.neighbours = around
                for agent in around:
                    if random() < chance:
                        newly.append(agent)
                return around and random() >= stops

        class Model(mesa.Model):
            def __init__(self):
                super().__init__(seed=seed)
                agents = list(Node.create_agents(self, nodes))
                for a, b in pairs:
                    agents[a].neighbours.append(agents[b])
                    agents[b].neighbours.append(agents[a])
                self.active = [agents[origin] for origin in job.origins]
                for agent in self.active:
                    agent.reached = True
                self.reached = len(self.active)

            def step(self):
                newly: list = []
                random = self.random.random
                self.active = [agent for agent in self.active if agent.spread(newly, random)]
                for agent in newly:
                    if not agent.reached:
                        agent.reached = True
                        self.reached += 1
                        self.active.append(agent)

        self.model = Model()

    def simulate(self) -> np.ndarray:
        counts = []
        for _ in range(self.job.steps):
            self.model.step()
            counts.append(self.model.reached)
        return np.array(counts)
