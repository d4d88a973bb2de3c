"""The limit: the jobs by hand, as kernels that do one thing.

``ByteKernel`` steps once a month: one byte of state for each node, scanned in order; one draw for each tie
of who is reached; who reached whom noted. ``TimeKernel`` keeps exact times, by a heap of events.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from benchmarks.jobs.job import Job, reached_by_steps
from sim.networks.network import arrange

NEVER = 255  # as a step
compiled = numba.njit(nogil=True, error_model="numpy", cache=True)


class Kernel:
    """What both kernels hold: the network as flat arrays, and who reached whom."""

    jobs = ("sir", "si", "cascade")

    def __init__(self, nodes: int, pairs: np.ndarray, job: Job):
        self.job = job
        self.first, self.neighbours, _ = arrange(pairs[:, 0], pairs[:, 1], nodes, False, False)
        self.origins = np.array(job.origins)
        self.source_of = np.empty(nodes, np.int32)

    def ready(self, seed: int) -> None:
        self.seed = seed


class ByteKernel(Kernel):
    """A job in steps of a month."""

    def simulate(self) -> np.ndarray:
        job, counts = self.job, np.zeros(self.job.steps, np.int64)
        if job.kind == "cascade":
            _cascade(
                self.first, self.neighbours, self.origins, job.probability, self.seed, self.source_of, counts
            )
            return counts
        rate, recovery = job.rate / job.steps_per_month, job.recovery / job.steps_per_month
        _step(self.first, self.neighbours, self.origins, rate, recovery, self.seed, self.source_of, counts)
        return counts


class TimeKernel(Kernel):
    """A job in continuous time."""

    jobs = ("sir", "si")

    def simulate(self) -> np.ndarray:
        job = self.job
        times = np.full(len(self.source_of), np.inf)
        _spread(self.first, self.neighbours, self.origins, job.rate, job.recovery, float(job.months),
                self.seed, times, self.source_of)  # fmt: skip
        return reached_by_steps(times, job)


@compiled
def _next(state):
    """Advance a stream (SplitMix64); return its state and a number strictly between 0 and 1."""
    state += np.uint64(0x9E3779B97F4A7C15)
    z = state
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return state, (float(z >> np.uint64(12)) + 0.5) * 2.0**-52


@compiled
def _step(first, neighbours, origins, rate, recovery, seed, source_of, counts):
    nodes, state = len(source_of), np.uint64(seed)
    due = np.full(nodes, NEVER, np.uint8)
    for origin in origins:
        due[origin] = 0
        source_of[origin] = -1
    reached = 0
    for step in range(min(len(counts), NEVER - 1) + 1):
        for node in range(nodes):
            if due[node] != step:
                continue
            reached += 1
            ever = 1.0  # the chance to pass on along a tie before it stops
            if recovery > 0.0:
                state, u = _next(state)
                ever = 1.0 - u ** (rate / recovery)
            for place in range(first[node], first[node + 1]):
                other = neighbours[place]
                if due[other] <= step + 1:
                    continue
                state, u = _next(state)
                if u >= ever:
                    continue
                later = step + math.ceil(-math.log1p(-u) / rate)
                if later < due[other]:
                    due[other] = later
                    source_of[other] = node
        if step > 0:
            counts[step - 1] = reached


@compiled
def _cascade(first, neighbours, origins, probability, seed, source_of, counts):
    nodes, state = len(source_of), np.uint64(seed)
    known = np.zeros(nodes, np.uint8)
    queue = np.empty(nodes, np.int32)
    for place, origin in enumerate(origins):
        known[origin], queue[place], source_of[origin] = 1, origin, -1
    begin, end = 0, len(origins)
    for step in range(len(counts)):
        wave = end
        for place in range(begin, wave):
            node = queue[place]
            for tie in range(first[node], first[node + 1]):
                other = neighbours[tie]
                if known[other]:
                    continue
                state, u = _next(state)
                if u < probability:
                    known[other], queue[end], source_of[other] = 1, other, node
                    end += 1
        begin = wave
        counts[step] = end


@compiled
def _spread(first, neighbours, origins, rate, recovery, months, seed, time_of, source_of):
    state, room = np.uint64(seed), len(neighbours) + len(origins)
    times, nodes = np.empty(room), np.empty(room, np.int64)
    best = np.full(len(time_of), np.inf)
    queued = 0
    for origin in origins:
        times[queued], nodes[queued] = 0.0, origin
        best[origin], source_of[origin] = 0.0, -1
        queued += 1
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
        stops = months
        if recovery > 0.0:
            state, u = _next(state)
            stops = min(months, time - math.log(u) / recovery)
        for place in range(first[node], first[node + 1]):
            other = neighbours[place]
            if best[other] <= time:
                continue
            state, u = _next(state)
            later = time - math.log(u) / rate
            if later > stops or later >= best[other]:
                continue
            best[other], source_of[other] = later, node
            i = queued
            while i > 0 and times[(i - 1) >> 1] > later:
                times[i], nodes[i] = times[(i - 1) >> 1], nodes[(i - 1) >> 1]
                i = (i - 1) >> 1
            times[i], nodes[i] = later, other
            queued += 1
