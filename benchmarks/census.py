"""What one run of the engine does, counted by the engine itself.

``python -m benchmarks.census SCENARIO RUNS`` runs the rules as plain Python, each behind a counter, and
the functions of ``math`` likewise; nothing is estimated. It must be started with NUMBA_DISABLE_JIT=1.
"""

from __future__ import annotations

import functools
import json
import math
import sys
from collections import Counter

import agents.rule

CALLS: Counter = Counter()
COUNTED = ("exp", "log", "pow", "sqrt")


def counted(function, name: str | None = None):
    """Return a function that counts its calls under ``module.function``."""
    name = name or f"{function.__module__.rpartition('.')[2]}.{function.__name__}"

    @functools.wraps(function)
    def counting(*arguments):
        CALLS[name] += 1
        return function(*arguments)

    return counting


def count_work(scenario: str, runs: int) -> dict[str, float]:
    """Return how often each rule and each function of ``math`` is called in a run, on average.

    Also what the tables show: ``queue.order`` (entries queued), ``queue.size`` (entries waiting, mean
    over the months), ``log.rows``, ``log.EVENT`` (rows of each kind), and what the scenario is.
    """
    import numpy as np

    from sim.engine import advance, reset
    from sim.ensemble import Simulator
    from sim.metrics import STANDARD, parse_metric
    from sim.scenario import load
    from sim.words import Event
    from sim.world import compile_scenario

    compiled = compile_scenario(load(scenario))
    simulator = Simulator(compiled, [parse_metric(name, compiled) for name in STANDARD])
    values = np.empty((1, len(STANDARD)))
    draws = np.empty((1, len(compiled.uncertain)))
    simulator.simulate(1, 0, values, draws)  # finds out how much room is needed
    CALLS.clear()
    found: Counter = Counter()
    for run in range(runs):
        simulator.simulate(1, run, values, draws)
        clock = simulator.workspace.tables.clock[0]
        found["queue.order"] += int(clock.order)
        found["log.rows"] += int(clock.events)
        for what in simulator.events()["what"]:
            found[f"log.{Event(what).key}"] += 1
    found.update(CALLS)
    months = int(compiled.horizon)
    w = simulator.workspace.world
    for run in range(runs):
        reset(w, np.uint64(1), np.uint64(run), compiled.horizon)
        for month in range(months):
            advance(w, float(month))
            found["queue.size"] += int(w.clock[0].queued) / months
    work = {name: count / runs for name, count in sorted(found.items())}
    work["scenario.inputs"] = len(compiled.uncertain)
    work["scenario.actors"] = len(compiled.actors)
    work["scenario.planners"] = len(w.planning)
    work["scenario.classes"] = len(compiled.classes)
    work["scenario.months"] = months
    work["scenario.cuts"] = mean_cuts(simulator)
    return work


def mean_cuts(simulator) -> float:
    """Return how many quantities an artifact cuts, mean over what was learned in the last run."""
    from sim.words import EVENT

    effects = simulator.workspace.tables.effects
    names = ("work", "data_work", "trials", "flop", "talent", "utilisation", "failures")
    log = simulator.events()
    learned = log["kind"][log["what"] == EVENT.LEARNED]
    cuts = [sum(float(effects[kind][name]) > 0.0 for name in names) for kind in learned]
    return sum(cuts) / max(1, len(cuts))


if __name__ == "__main__":
    if agents.rule.JIT:
        sys.exit("error: set NUMBA_DISABLE_JIT=1")
    agents.rule.rule = agents.rule.rule_in_place = counted
    for name in COUNTED:
        setattr(math, name, counted(getattr(math, name), f"math.{name}"))
    print(json.dumps(count_work(sys.argv[1], int(sys.argv[2]))))
