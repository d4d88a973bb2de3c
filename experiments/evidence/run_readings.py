"""Ways to read a run that need more than rows and conditions: quantities ``reading = "NAME"``.

Each function takes the run and the arguments that the claim gives ``with``.
"""

from __future__ import annotations

import math

import numpy as np

from experiments.evidence.readings import Run, reading
from sim.schema import months_of_date
from sim.series import WEEK, attention_of_run


@reading
def attention_at(run: Run, date: str) -> float:
    """Return public attention in the week of a date, in % of its peak in the run; nan without any."""
    times, values = weekly_attention(run)
    if not values.max(initial=0.0) > 0.0:
        return math.nan
    week = int(np.searchsorted(times, months_of_date(date) - run.compiled.scenario.start, side="right")) - 1
    return 100.0 * float(values[max(week, 0)] / values.max())


@reading
def attention_peak(run: Run) -> float:
    """Return the month (since the start) at which public attention is highest; inf without any."""
    times, values = weekly_attention(run)
    return float(times[int(np.argmax(values))]) if values.max(initial=0.0) > 0.0 else math.inf


@reading
def attention_onset(run: Run, percent: float, since: str) -> float:
    """Return the month at which attention, from a date on, first exceeds a share of its peak; inf: never."""
    times, values = weekly_attention(run)
    after = times >= months_of_date(since) - run.compiled.scenario.start
    high = after & (values > percent / 100.0 * values.max(initial=0.0))
    return float(times[high][0]) if high.any() else math.inf


def weekly_attention(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """Return (months, attention) week by week over the whole run; the run is played once more for it."""
    if "attention" not in run.memory:
        times = np.arange(0.0, run.compiled.horizon, WEEK)
        values, _ = attention_of_run(run.compiled, run.seed, run.number, times, bool(len(run.draws)))
        run.memory["attention"] = times, values
    return run.memory["attention"]
