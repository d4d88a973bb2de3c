"""Public attention over time, in the form in which search interest is published: share of its own peak."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sim.attention import attention_now
from sim.engine import advance, reset
from sim.ensemble import MOST_RUNS, check_count, draw_inputs
from sim.errors import UserError
from sim.scenario import Scenario, load
from sim.tables import ENDED, RUNNING
from sim.world import Compiled, Workspace, compile_scenario

if TYPE_CHECKING:
    import pandas as pd

WEEK = 12.0 / 365.25 * 7.0  # months


def attention_series(
    scenario: str | Scenario,
    runs: int = 20,
    seed: int = 1,
    *,
    step: float = 1.0,
    window: tuple[float, float] = (0.0, math.inf),
    draw: bool = True,
) -> pd.DataFrame:
    """Play runs again and note public attention at even times.

    Args:
        step: months between two looks (``WEEK``: a week, as search interest is given).
        window: months since the start within which the peak is sought and the series is given.

    Returns:
        One row per run, region and month: attention (against the strongest demonstration, times the reach
        of the region), share_of_peak (of the region's own peak in the window; the same everywhere),
        share_of_searches (of the highest peak of any region, as comparisons of regions are given).

    Raises:
        UserError: for a step or a window without meaning.
    """
    import pandas as pd

    check_count("runs", runs, 1, MOST_RUNS)
    compiled = compile_scenario(load(scenario))
    if not step > 0.0 or not window[0] < window[1]:
        raise UserError(f"step = {step!r}, window = {window!r}: a step is above 0, a window has a length")
    last = min(window[1], compiled.horizon)
    times = np.arange(max(0.0, window[0]), last + 1e-9, step)
    regions = list(compiled.scenario.file.regions)
    frames, player = [], AttentionPlayer(compiled)
    for run in range(runs):
        values, reach = player.play(seed, run, times, draw)
        peak = values.max(initial=0.0)
        share = values / peak if peak > 0.0 else np.zeros(len(values))
        for region, part in zip(regions, reach, strict=True):
            frames.append(
                pd.DataFrame(
                    {
                        "run": run,
                        "region": region,
                        "month": times,
                        "attention": values * part,
                        "share_of_peak": share if part > 0.0 else 0.0,
                        "share_of_searches": share * part / max(reach.max(), 1e-300),
                    }
                )
            )
    return pd.concat(frames, ignore_index=True)


class AttentionPlayer:
    """Plays single runs of a world and notes public attention; its room grows with the needs of the runs."""

    def __init__(self, compiled: Compiled):
        self.compiled = compiled
        self.workspace = Workspace(compiled)

    def play(self, seed: int, run: int, times: np.ndarray, draw: bool = True):
        """Return (attention at the times, how far it reaches into each region) of one run."""
        uncertain = self.compiled.uncertain if draw else self.compiled.uncertain[:0]
        values = np.empty(len(times))
        while True:
            world, tables = self.workspace.world, self.workspace.tables
            draw_inputs(world, uncertain, np.uint64(seed), np.uint64(run), np.empty(len(uncertain)))
            reset(world, np.uint64(seed), np.uint64(run), self.compiled.horizon)
            for place, time in enumerate(times):
                advance(world, float(time))
                values[place] = attention_now(world)
            if tables.clock[0].status in (RUNNING, ENDED):
                return values, np.array(tables.regions["attention"])
            self.workspace = self.workspace.grown()
