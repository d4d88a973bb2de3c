"""The calendar of what is due: entries come out in order, and do not pile up on a page."""

from __future__ import annotations

import numpy as np
import pytest

from sim.live import LiveRun
from sim.queue import NEXT, clear, next_due, push, take_first
from sim.scenario import load
from sim.world import compile_scenario


@pytest.fixture
def run():
    """A run of the toy world whose calendar is empty."""
    started = LiveRun(compile_scenario(load("toy")), 1, 0)
    clear(started.world)
    return started


def longest_page(tables) -> int:
    """Return how many entries the fullest page holds."""
    most = 0
    for entry in tables.pages:
        count = 0
        while entry >= 0:
            count, entry = count + 1, tables.queue[entry]["after"]
        most = max(most, count)
    return most


def put(run, times) -> None:
    for time in times:
        push(run.world, float(time), NEXT.LEARN, 0, 0, 0, 0, 0)


def test_what_comes_before_all_others_opens_its_own_page(run):
    """What was open was the page of the first entry, months ahead, and all that came before it went there."""
    count = len(run.tables.queue) - 1
    put(run, [run.tables.clock[0]["horizon"]])
    put(run, np.random.default_rng(1).uniform(0.0, 0.9 * run.tables.clock[0]["horizon"], count))
    assert longest_page(run.tables) <= 8


def test_entries_come_out_by_time_and_then_by_order(run):
    chance = np.random.default_rng(2)
    horizon, now, came = float(run.tables.clock[0]["horizon"]), 0.0, 0
    put(run, chance.uniform(0.0, horizon, 50).round(1))
    last = (-1.0, -1)
    while next_due(run.world) <= horizon:
        slot = take_first(run.world)
        entry = run.tables.queue[slot]
        assert (entry["time"], entry["order"]) > last
        last, now, came = (float(entry["time"]), int(entry["order"])), float(entry["time"]), came + 1
        if came < 200:
            put(run, np.round(now + chance.exponential(3.0, 1), 1))
    assert came > 150 and run.tables.clock[0]["queued"] == 0


def test_what_lies_beyond_the_horizon_is_dropped(run):
    put(run, [run.tables.clock[0]["horizon"] + 0.1])
    assert run.tables.clock[0]["queued"] == 0 and next_due(run.world) == np.inf
