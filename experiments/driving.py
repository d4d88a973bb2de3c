"""What drives an answer: drawn inputs that a difference goes with, and inputs drawn anew one at a time."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments import analyses
from experiments.answers.finding import Finding, drivers_in_words

if TYPE_CHECKING:
    from experiments.study import Outcome


def what_drives(outcome: Outcome, findings: list[Finding]) -> tuple[list[dict[str, Any]], list[str]]:
    """Return which drawn inputs the first finding that can be ranked goes with: table and sentence."""
    for finding in findings:
        if finding.driven is None:
            continue
        words, values = finding.driven
        known = ~np.isnan(values)
        draws = outcome.base.draws[known]
        found, explained = analyses.drivers(draws, values[known], outcome.inputs)
        if not found:
            return [], [f"What drives it: {_why_unknown(outcome, words, values[known])}"]
        rows = [
            {
                "of": words,
                "input": driver.name,
                "rank_correlation": driver.correlation,
                "coefficient": driver.coefficient,
                "beyond_chance": driver.sure,
            }
            for driver in found
        ]
        return rows, [f"What drives it: {words} goes with {drivers_in_words(found, explained)}"]
    return [], []


def _why_unknown(outcome: Outcome, words: str, values: np.ndarray) -> str:
    """Return why no drawn input can be ranked by a finding. ``values``: of it, in the runs that know it."""
    if not outcome.inputs:
        return f"{outcome.scenario.name} has no uncertain inputs, so that runs differ by luck alone."
    if len(values) and np.ptp(values) == 0.0:
        return f"{words} is the same in all runs."
    return f"{words} is known in {len(values)} runs, which are too few to tell."


def redrawn(
    outcome: Outcome, labels: list[str], metric: str, runs: int
) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    """Yield for each drawn input the metric of some arms in the same runs with that input drawn anew.

    Everything else, luck included, stays as it is. A date that never comes counts as the end of the run.
    """
    from experiments.study import plain_metrics
    from sim.luck import name_hash
    from sim.metrics import parse_metric

    own = threading.local()
    names = {label: plain_metrics(outcome.played[label].scenario, metric) for label in labels}

    def simulator_of(label: str) -> Any:
        """Return the simulator of an arm that belongs to this thread."""
        from sim.ensemble import Simulator

        if not hasattr(own, "simulators"):
            own.simulators = {}
        if label not in own.simulators:
            compiled = outcome.played[label].compiled
            metrics = [parse_metric(name, compiled) for name in names[label]]
            own.simulators[label] = Simulator(compiled, metrics)
        return own.simulators[label]

    def simulated(task: tuple[str, int]) -> np.ndarray:
        label, place = task
        compiled, path = outcome.played[label].compiled, outcome.inputs[place]
        rows = compiled.uncertain.copy()
        if path in compiled.uncertain_paths:
            rows.key[compiled.uncertain_paths.index(path)] = name_hash("input drawn anew", path)
        simulator = simulator_of(label)
        simulator.uncertain = rows
        values, draws = np.empty((runs, len(names[label]))), np.empty((runs, len(rows)))
        simulator.simulate(outcome.seed, 0, values, draws)
        found = values.min(axis=1)  # of several dates, the first
        return np.where(np.isinf(found), outcome.ends(label, metric)[:runs], found)

    tasks = [(label, place) for place in range(len(outcome.inputs)) for label in labels]
    with ThreadPoolExecutor(outcome.threads or os.cpu_count() or 1) as pool:
        results = pool.map(simulated, tasks)
        for name in outcome.inputs:
            yield name, {label: next(results) for label in labels}
