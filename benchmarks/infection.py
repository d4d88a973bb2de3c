"""The standard job: an infection (SI) on a Barabasi-Albert graph: a scenario, Mesa objects, a kernel.

10,000 nodes, m = 3, 60 months, one origin. An infected node infects each neighbour at a constant rate;
models that step once a month do it with probability 1 - exp(-rate) per step.
"""

from __future__ import annotations

import functools
import math

import numba
import numpy as np

NODES = 10_000
ATTACHED = 3
MONTHS = 60
RATE = 0.05  # per month and tie
GRAPH_SEED = 7
ORIGIN = 0


@functools.cache
def graph(nodes: int = NODES):
    """Return the graph of the job."""
    import networkx

    return networkx.barabasi_albert_graph(nodes, ATTACHED, seed=GRAPH_SEED)


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
        for a, b in graph(nodes).edges
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


def step_network(seed: int, nodes: int = NODES, steps: int = MONTHS, length: float = 1.0) -> np.ndarray:
    """Return the numbers infected after each step: Mesa agents on Mesa's Network.

    Written after Mesa's own example of a virus on a network: every agent steps, in random order, and who
    is infected tries its neighbours. Who was infected in this step acts from the next one on, so that the
    model is the one that the others compute.
    """
    import mesa
    from mesa.discrete_space import FixedAgent, Network

    chance = 1.0 - math.exp(-RATE * length)

    class Node(FixedAgent):
        def __init__(self, model, cell):
            super().__init__(model)
            self.cell = cell
            self.infected_at = math.inf

        def step(self):
            if self.infected_at < self.model.steps:
                for agent in self.cell.neighborhood.agents:
                    if agent.infected_at == math.inf and self.random.random() < chance:
                        agent.infected_at = self.model.steps

    class Model(mesa.Model):
        def __init__(self):
            super().__init__(seed=seed)
            self.grid = Network(graph(nodes), capacity=1, random=self.random)
            Node.create_agents(self, nodes, list(self.grid.all_cells))
            next(a for a in self.agents if a.cell.coordinate == ORIGIN).infected_at = 0

        def step(self):
            self.agents.shuffle_do("step")

    model = Model()
    counts = []
    for _ in range(steps):
        model.step()
        counts.append(sum(agent.infected_at < math.inf for agent in model.agents))
    return np.array(counts)


def step_adjacency(seed: int, nodes: int = NODES, steps: int = MONTHS, length: float = 1.0) -> np.ndarray:
    """Return the numbers infected after each step: Mesa agents that hold a list of their neighbours.

    Tuned: only infected agents act, and an agent leaves the list of those that act when nobody around it
    is left to infect.
    """
    import mesa

    chance = 1.0 - math.exp(-RATE * length)

    class Node(mesa.Agent):
        def __init__(self, model):
            super().__init__(model)
            self.neighbours = []
            self.infected = False

        def infect(self, newly, random):
            around = [agent for agent in self.neighbours if not agent.infected]
            self.neighbours = around
            for agent in around:
                if random() < chance:
                    newly.append(agent)
            return around

    class Model(mesa.Model):
        def __init__(self):
            super().__init__(seed=seed)
            agents = list(Node.create_agents(self, nodes))
            for a, b in graph(nodes).edges:
                agents[a].neighbours.append(agents[b])
                agents[b].neighbours.append(agents[a])
            agents[ORIGIN].infected = True
            self.active = [agents[ORIGIN]]
            self.infected = 1

        def step(self):
            newly: list = []
            random = self.random.random
            self.active = [agent for agent in self.active if agent.infect(newly, random)]
            for agent in newly:
                if not agent.infected:
                    agent.infected = True
                    self.infected += 1
                    self.active.append(agent)

    model = Model()
    counts = []
    for _ in range(steps):
        model.step()
        counts.append(model.infected)
    return np.array(counts)


@functools.cache
def adjacency(nodes: int = NODES) -> tuple[np.ndarray, np.ndarray]:
    """Return the graph as (first neighbour of each node, neighbours)."""
    around = [sorted(graph(nodes).adj[node]) for node in range(nodes)]
    first = np.concatenate([[0], np.cumsum([len(neighbours) for neighbours in around])])
    return first, np.array([node for neighbours in around for node in neighbours])


def simulate_kernel(seed: int, nodes: int = NODES, months: float = MONTHS) -> np.ndarray:
    """Return the months at which nodes were infected, in order: the limit, by hand and event-driven.

    One stream of luck, a heap of times, who infected whom noted; nothing else.
    """
    first, neighbours = adjacency(nodes)
    time_of, source_of = np.full(nodes, np.inf), np.full(nodes, -1)
    _spread(first, neighbours, seed, float(months), time_of, source_of)
    return np.sort(time_of[time_of < np.inf])


@numba.njit(nogil=True, error_model="numpy")
def _spread(first, neighbours, seed, months, time_of, source_of):
    np.random.seed(seed)
    times, nodes = np.empty(len(neighbours) + 1), np.empty(len(neighbours) + 1, np.int64)
    best = np.full(len(time_of), np.inf)
    times[0], nodes[0], queued = 0.0, ORIGIN, 1
    best[ORIGIN] = 0.0
    while queued > 0:
        time, node = times[0], nodes[0]
        queued -= 1
        last_time, last_node = times[queued], nodes[queued]
        i, child = 0, 1
        while child < queued:
            if child + 1 < queued and times[child + 1] < times[child]:
                child += 1
            if last_time <= times[child]:
                break
            times[i], nodes[i] = times[child], nodes[child]
            i, child = child, 2 * child + 1
        times[i], nodes[i] = last_time, last_node
        if time_of[node] < np.inf:
            continue
        time_of[node] = time
        for place in range(first[node], first[node + 1]):
            other = neighbours[place]
            later = time - math.log(1.0 - np.random.random()) / RATE
            if later > months or later >= best[other]:
                continue
            best[other], source_of[other] = later, node
            i = queued
            while i > 0 and times[(i - 1) >> 1] > later:
                times[i], nodes[i] = times[(i - 1) >> 1], nodes[(i - 1) >> 1]
                i = (i - 1) >> 1
            times[i], nodes[i] = later, other
            queued += 1


def infected_by(times: np.ndarray, months) -> np.ndarray:
    """Return how many were infected by each of some months."""
    return np.searchsorted(times, np.asarray(months, float), side="right")
