"""What the jobs are: a few origins on a Barabasi-Albert network; who is reached when."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, replace

import numpy as np

ATTACHED = 3
GRAPH_SEED = 7
ORIGINS = tuple(range(10))  # the oldest nodes, among them the hubs: the job takes off
MONTHS = 60


@dataclass(frozen=True)
class Job:
    """One job. Time is continuous, or goes by steps of equal length.

    ``sir``: who is reached passes on along each tie at ``rate`` until it stops, at ``recovery`` (per month);
    ``si`` is the same without stopping. ``cascade``: who is reached tries each tie once, in the next step,
    with ``probability`` (the independent cascade). ``threshold``: who has a share of its neighbours reached
    that is at least its threshold is reached in the next step (the linear threshold; each run draws anew).
    """

    kind: str
    months: int = MONTHS
    rate: float = 0.05
    recovery: float = 0.05
    probability: float = 0.1
    steps_per_month: int = 1
    origins: tuple[int, ...] = ORIGINS

    @property
    def steps(self) -> int:
        """The number of steps of a program that steps."""
        return self.months * self.steps_per_month

    @property
    def stop_chance(self) -> float:
        """The chance to stop in one step."""
        return -math.expm1(-self.recovery / self.steps_per_month)

    def pass_chance(self, acts_before_it_stops: bool = True) -> float:
        """The chance to pass on along a tie in one step, for the same chance to do so ever as in
        continuous time: rate / (rate + recovery).

        acts_before_it_stops: whether a node acts at least once, at the latest in the step in which it stops.
        """
        if self.recovery == 0.0:
            return -math.expm1(-self.rate / self.steps_per_month)
        ever, stop = self.rate / (self.rate + self.recovery), self.stop_chance
        if not acts_before_it_stops:
            ever = ever / (1.0 - stop)
        return ever * stop / (1.0 - ever + ever * stop)

    def finer(self, steps_per_month: int) -> Job:
        """Return the same job in shorter steps."""
        return replace(self, steps_per_month=steps_per_month)


JOBS = {
    "sir": Job("sir"),
    "si": Job("si", recovery=0.0),
    "cascade": Job("cascade"),
    "threshold": Job("threshold"),
}


@functools.cache
def pairs_of(nodes: int, attached: int = ATTACHED) -> np.ndarray:
    """Return the network of the jobs as an array of pairs (ties, 2), each tie once, int32."""
    from sim.networks import generate

    network = generate({"generator": "barabasi-albert", "attached": attached}, nodes, GRAPH_SEED)
    a, b = network.sources, network.neighbours
    return np.stack([a[a < b], b[a < b]], axis=1)


def thresholds_of(nodes: int, seed: int) -> np.ndarray:
    """Return a threshold for each node, evenly between 0 and 1."""
    return np.random.default_rng(seed).random(nodes)


def reached_by_steps(times: np.ndarray, job: Job) -> np.ndarray:
    """Return how many were reached by the end of each step, of times in months."""
    step = np.ceil(times[times <= job.months] * job.steps_per_month).astype(np.int64)
    return np.cumsum(np.bincount(step, minlength=job.steps + 1))[1:]


def networkx_of(nodes: int, pairs: np.ndarray):
    """Return the network as a networkx graph, for programs that take one."""
    import networkx

    graph = networkx.Graph()
    graph.add_nodes_from(range(nodes))
    graph.add_edges_from(pairs.tolist())
    return graph
