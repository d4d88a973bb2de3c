"""Ensembles of a scenario: runs per second, threads, the limit, the same source without the compiler."""

from __future__ import annotations

import statistics

import numpy as np

from benchmarks.limit import simulate_limit, work_of
from benchmarks.timing import alternate, in_process, ratio


class Ensemble:
    """A scenario read and compiled, with the standard metrics, inputs drawn, the log off."""

    def __init__(self, scenario: str, runs: int):
        from sim.ensemble import Simulator
        from sim.metrics import STANDARD, parse_metric
        from sim.scenario import load
        from sim.world import compile_scenario

        compiled = compile_scenario(load(scenario))
        self.simulator = Simulator(compiled, [parse_metric(name, compiled) for name in STANDARD])
        self.values = np.full((runs, len(STANDARD)), np.nan)
        self.draws = np.empty((runs, len(compiled.uncertain)))

    def simulate(self) -> None:
        """Simulate the first runs of seed 1."""
        self.simulator.simulate(1, 0, self.values, self.draws)

    def events(self) -> int:
        """Return the rows of the log of all the runs together."""
        total = 0
        for run in range(len(self.values)):
            self.simulator.simulate(1, run, self.values[:1], self.draws[:1])
            total += len(self.simulator.events())
        return total


def measure_ensemble(scenario: str, runs: int, repetitions: int) -> dict:
    """Return runs per second of the kernel on one thread, and of ``sim.simulate`` on one and two."""
    from sim.ensemble import simulate
    from sim.metrics import STANDARD

    ensemble = Ensemble(scenario, runs)

    def call(threads: int):
        return lambda: simulate(scenario, runs=runs, seed=1, threads=threads, metrics=STANDARD, logs=0)

    programs = {"kernel": ensemble.simulate, "one thread": call(1), "two threads": call(2)}
    seconds = alternate(programs, repetitions)
    return {
        "runs": runs,
        "events per run": ensemble.events() / runs,
        "median runs/s": {name: runs / statistics.median(taken) for name, taken in seconds.items()},
        "best runs/s": {name: runs / min(taken) for name, taken in seconds.items()},
        "two threads / one": ratio(seconds, "one thread", "two threads"),
    }


def measure_limit(scenario: str, counted_runs: int, repetitions: int, rounds: int) -> dict:
    """Return how many times as long the engine takes as the limit, on the runs whose work was counted."""
    census = in_process("benchmarks.census", scenario, counted_runs, NUMBA_DISABLE_JIT="1")
    work = work_of(census)
    ensemble = Ensemble(scenario, counted_runs)

    def ours():
        for _ in range(rounds):
            ensemble.simulate()

    def limit():
        simulate_limit(work, rounds * counted_runs)

    seconds = alternate({"ours": ours, "limit": limit}, repetitions)
    runs = rounds * counted_runs
    return {
        "runs counted": counted_runs,
        "census": census,
        "ours runs/s": runs / statistics.median(seconds["ours"]),
        "limit runs/s": runs / statistics.median(seconds["limit"]),
        "ours / limit": ratio(seconds, "ours", "limit"),
    }


def measure_compiler(scenarios: dict[str, int], repetitions: int) -> dict:
    """Return how many times as long the same source takes as plain Python; scenario -> runs."""
    found = {}
    for scenario, runs in scenarios.items():
        plain = in_process("benchmarks.ensembles", scenario, runs, 1, NUMBA_DISABLE_JIT="1")
        ensemble = Ensemble(scenario, runs)
        compiled = alternate({"compiled": ensemble.simulate}, repetitions)["compiled"]
        found[scenario] = {
            "runs": runs,
            "plain seconds per run": statistics.median(plain) / runs,
            "compiled seconds per run": statistics.median(compiled) / runs,
            "plain / compiled": statistics.median(plain) / statistics.median(compiled),
        }
    return found


if __name__ == "__main__":
    import json
    import sys

    given = Ensemble(sys.argv[1], int(sys.argv[2]))
    print(json.dumps(alternate({"given": given.simulate}, int(sys.argv[3]))["given"]))
