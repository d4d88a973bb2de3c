"""The standard job: times, ratios, and whether all programs compute the same model."""

from __future__ import annotations

import itertools
import statistics

import numpy as np

from benchmarks import infection
from benchmarks.infection import JOB
from benchmarks.jobs.job import pairs_of
from benchmarks.jobs.kernels import TimeKernel
from benchmarks.jobs.mesa_programs import MesaNetwork, MesaTuned
from benchmarks.timing import alternate, ratio, seconds_of

MONTHS_SHOWN = (5, 10, 15, 20, 30, 40, 60)
CHECK_NODES = 1000
SUBSTEPS = 10  # steps per month of the check, so that steps are close to continuous time
ALIKE = 4.0  # standard errors


def measure_spreading(repetitions: int, nodes: int = infection.NODES) -> dict:
    """Return the times of the standard job and the ratios to ours."""
    from sim.scenario import from_data
    from sim.world import compile_scenario

    data = infection.scenario_data(nodes)
    reading = seconds_of(lambda: from_data(data))
    scenario = from_data(data)
    compiling = seconds_of(lambda: compile_scenario(scenario))
    ours = infection.Infection(data)
    kernel = TimeKernel(nodes, pairs_of(nodes), JOB)
    seeds = {name: itertools.count() for name in ("ours", "kernel", "tuned", "network")}
    programs = {
        "ours": lambda: ours.simulate(next(seeds["ours"])),
        "kernel": lambda: again(kernel, next(seeds["kernel"])),
        "tuned": lambda: again(MesaTuned(nodes, pairs_of(nodes), JOB), next(seeds["tuned"])),
        "network": lambda: again(MesaNetwork(nodes, pairs_of(nodes), JOB), next(seeds["network"])),
    }
    seconds = alternate(programs, repetitions)
    return {
        "nodes": nodes,
        "seconds": {name: statistics.median(taken) for name, taken in seconds.items()},
        "reading seconds": reading,
        "compiling seconds": compiling,
        "network / ours": ratio(seconds, "network", "ours"),
        "tuned / ours": ratio(seconds, "tuned", "ours"),
        "ours / kernel": ratio(seconds, "ours", "kernel"),
    }


def again(program, seed: int) -> np.ndarray:
    """Set a program back to the start and do the job once."""
    program.ready(seed)
    return program.simulate()


def check_agreement(seeds: int, nodes: int = CHECK_NODES, substeps: int = SUBSTEPS) -> dict:
    """Compare the mean numbers infected of all programs; return the means and the largest difference.

    On a smaller graph, and with short steps for those that step: with a month as step they lag behind
    continuous time, as nobody passes on what arrived in the same month. Differences are in standard
    errors of the difference from ours.
    """
    ours = infection.Infection(infection.scenario_data(nodes))
    shown = np.array(MONTHS_SHOWN)
    pairs, fine = pairs_of(nodes), JOB.finer(substeps)
    kernel, tuned, network = (
        TimeKernel(nodes, pairs, JOB),
        MesaTuned(nodes, pairs, fine),
        MesaNetwork(nodes, pairs, fine),
    )
    programs = {
        "ours": lambda seed: infection.infected_by(ours.simulate(seed), shown),
        "kernel": lambda seed: again(kernel, seed)[shown - 1],
        "tuned": lambda seed: again(tuned, seed)[shown * substeps - 1],
        "network": lambda seed: again(network, seed)[shown * substeps - 1],
    }
    counts = {name: np.array([run(seed) for seed in range(seeds)]) for name, run in programs.items()}
    means = {name: infected.mean(0) for name, infected in counts.items()}
    errors = {name: infected.var(0, ddof=1) / seeds for name, infected in counts.items()}
    differences = {
        name: float(
            np.max(np.abs(means[name] - means["ours"]) / np.sqrt(errors[name] + errors["ours"] + 1e-12))
        )
        for name in programs
        if name != "ours"
    }
    return {
        "nodes": nodes,
        "seeds": seeds,
        "steps per month": substeps,
        "months": list(MONTHS_SHOWN),
        "mean infected": {name: list(map(float, mean)) for name, mean in means.items()},
        "largest difference in standard errors": differences,
        "agree": max(differences.values()) < ALIKE,
    }


if __name__ == "__main__":
    import json
    import sys

    print(json.dumps(measure_spreading(int(sys.argv[1]))))
