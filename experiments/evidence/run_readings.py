"""Ways to read a run that need more than rows and conditions: quantities ``reading = "NAME"``.

Each function takes the run and the arguments that the claim gives ``with``.
"""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING

import numpy as np

from experiments.evidence.readings import Run, reading
from sim.schema import months_of_date
from sim.series import WEEK, AttentionPlayer

if TYPE_CHECKING:
    from sim.world import Compiled


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

    def play() -> tuple[np.ndarray, np.ndarray]:
        times = np.arange(0.0, run.compiled.horizon, WEEK)
        return times, _player(run.compiled).play(run.seed, run.number, times, bool(len(run.draws)))[0]

    return run.once("attention", play)


_own = threading.local()


def _player(compiled: Compiled) -> AttentionPlayer:
    """Return what plays runs of a world again in this thread; one world at a time: its tables are large."""
    if not hasattr(_own, "player") or _own.player.compiled is not compiled:
        _own.player = AttentionPlayer(compiled)
    return _own.player
