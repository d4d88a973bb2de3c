"""The scenario ``spread`` against closed forms: logistic, final size, percolation, Bass."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import optimize, sparse
from scipy.sparse.linalg import expm_multiply

from benchmarks.jobs.job import JOBS, Job, reached_by_steps
from benchmarks.jobs.our_program import scenario_data
from sim.ensemble import Simulator
from sim.scenario import from_data
from sim.tail.tables import FORMS
from sim.world import compile_scenario

COMPLETE = {"generator": "complete"}


def reached(nodes: int, network: dict, job: Job, runs: int, uptake: float = 0.0) -> np.ndarray:
    """Return how many were reached by the end of each month, (runs, months)."""
    data = scenario_data(nodes, Path("replaced"), job)
    data["network"] = network
    data["populations"]["nodes"]["uptake"] = uptake
    simulator = Simulator(compile_scenario(from_data(data)))
    nothing, counts = np.empty((1, 0)), []
    for run in range(runs):
        simulator.simulate(1, run, nothing, nothing)
        tables = simulator.workspace.tables
        rows = tables.tail_events[: tables.crowd[0].events]
        counts.append(reached_by_steps(rows["time"][rows["what"] < FORMS], job))
    return np.array(counts)


def assert_near(counts: np.ndarray, expected: float, bias: float = 0.0) -> None:
    """The mean lies within four standard errors, and what a large network differs from one without end."""
    error = counts.std(ddof=1) / np.sqrt(len(counts))
    assert counts.mean() == pytest.approx(expected, abs=4 * error + bias)


def test_si_on_a_complete_graph_follows_its_master_equation_and_the_logistic():
    nodes, begun, growth, runs = 300, 10, 0.3, 400
    job = replace(JOBS["si"], rate=growth / nodes, origins=tuple(range(begun)), months=36)
    counts = reached(nodes, COMPLETE, job, runs)
    k = np.arange(begun, nodes + 1)
    rate = k * (nodes - k) * job.rate  # of the next one, when k are reached
    master = sparse.diags([-rate, rate[:-1]], [0, -1], format="csr")
    begin = np.zeros(len(k))
    begin[0] = 1.0
    for month in (6, 12, 18, 30):
        chances = expm_multiply(master * month, begin)
        assert_near(counts[:, month - 1], float(chances @ k))
        growing = np.exp(growth * month)
        logistic = nodes * begun * growing / (nodes + begun * (growing - 1))
        assert counts[:, month - 1].mean() == pytest.approx(logistic, rel=0.06)


@pytest.mark.parametrize("ratio", [0.5, 1.5, 3.0])
def test_sir_on_a_complete_graph_has_its_final_size(ratio):
    """Kermack, McKendrick (1927): who is left out is s0 exp(-R0 (1 - s))."""
    nodes, begun, recovery = 2000, 200, 0.5
    job = replace(JOBS["sir"], rate=ratio * recovery / nodes, recovery=recovery, origins=tuple(range(begun)),
                  months=120)  # fmt: skip
    counts = reached(nodes, COMPLETE, job, 60)
    left = optimize.brentq(lambda s: s - (1 - begun / nodes) * np.exp(-ratio * (1 - s)), 0, 1 - begun / nodes)
    assert_near(counts[:, -1], nodes * (1 - left), bias=0.004 * nodes)


@pytest.mark.parametrize("chance", [0.15, 0.5])
def test_a_cascade_takes_off_only_beyond_the_percolation_threshold(chance):
    """On a random graph of mean degree c at c * chance = 1; beyond it S = 1 - exp(-c chance S) get it."""
    nodes, degree, runs = 10_000, 4.0, 200
    job = replace(JOBS["cascade"], probability=chance, origins=(0,))
    network = {"generator": "erdos-renyi", "degree": degree}
    ends = reached(nodes, network, job, runs)[:, -1]
    branching = degree * chance
    if branching < 1:
        assert ends.max() < 0.02 * nodes
        assert_near(ends, 1 / (1 - branching), bias=0.5)
        return
    share = optimize.brentq(lambda s: s - 1 + np.exp(-branching * s), 1e-6, 1)
    large = ends[ends > 0.2 * nodes]
    assert_near(large, share * nodes, bias=0.01 * nodes)
    degree_of_origin = 4 * np.sqrt(share * (1 - share) / runs)
    assert 0 < len(large) / runs < 1 and len(large) / runs == pytest.approx(
        share, abs=degree_of_origin + 0.25
    )


def test_adoption_from_outside_and_by_word_of_mouth_is_the_curve_of_bass():
    """Bass (1969): innovation p, imitation q; on a complete graph of many."""
    nodes, p, q = 2000, 0.02, 0.3
    job = replace(JOBS["si"], rate=q / nodes, origins=(), months=36)
    counts = reached(nodes, COMPLETE, job, 60, uptake=p)
    for month in (3, 6, 12, 18, 24, 36):
        fading = np.exp(-(p + q) * month)
        curve = (1 - fading) / (1 + q / p * fading)
        assert_near(counts[:, month - 1], nodes * curve, bias=0.004 * nodes)
