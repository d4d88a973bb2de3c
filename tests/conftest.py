"""Small worlds as plain data, and one run of a world with all that it leaves behind.

``tiny_world`` is a neutral world in which nothing happens: a test adds what it asks about.
"""

from __future__ import annotations

import copy
import shutil
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from browser import Browser, is_required, missing
from hypothesis import settings

from sim.ensemble import Simulator
from sim.scenario import Scenario, from_data, merge
from sim.tables import Tables
from sim.words import Event
from sim.world import Compiled, compile_scenario

settings.register_profile("cascades", deadline=None, derandomize=True, print_blob=False)
settings.load_profile("cascades")


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes more than 20 seconds")


NEUTRAL: dict[str, Any] = {
    "scenario": {"title": "a neutral world", "start": "2020-01", "end": "2029-12"},
    "regions": {"here": {"attention": 1}},
    "chips": {
        "chip": {
            "family": "general",
            "released": "2010-01",
            "peak_flops": 1e14,
            "memory_gb": 1e6,
            "usd_per_hour": 1,
        }
    },
    "classes": {
        "model": {
            "flop": 1e21,
            "parameters": 1e9,
            "tokens": 1.67e11,
            "work": 10,
            "data_work": 0,
            "as_of": "2020-01",
            "search_share": 0,
            "team": 1,
            "publicity": 0,
        }
    },
    "effects": {},
    "kinds": {"ordinary_actor": {"develops": False}},
    "actors": {},
    "attention": {
        "half_life_months": 3,
        "demo_months": 1,
        "demos": 0,
        "demo_spacing_months": 1,
        "start_gain": 0,
        "uptake_gain": 0,
    },
    "conviction": {"half_life_months": 1e15, "proof": 0, "demo": 0, "budget_gain": 0, "spread": 0},
    "work": {
        "novice_skill": 1,
        "learning": 0,
        "salary_usd": 0,
        "exchange": 0,
        "exchange_limit": 0,
        "flop_spread": 0,
        "work_spread": 0,
    },
    "training": {
        "utilisation": 0.5,
        "best_utilisation": 0.5,
        "shortest_months": 1e-3,
        "longest_months": 1e6,
        "failure": 0,
        "attempts": 1,
        "trials_floor": 0,
        "bytes_per_parameter": 0,
        "least_share": 0,
        "writing_months": 1,
        "writing_spread": 0,
    },
    "spread": {"leak_rate": 0, "theft_rate": 0, "least_gain": 0, "people_per_move": 0},
    "trends": {
        "as_of": "2020-01",
        "budget_growth": 0,
        "chips_growth": 0,
        "rent_decline": 0,
        "chip_wait_months": 0,
        "algorithm_halving_months": 1e6,
        "algorithm_free_share": 0,
        "compute_flop": 1e30,
        "compute_date": "2020-01",
        "compute_growth": 0,
    },
}
LAB_KIND = {"develops": True, "belief": 1, "patience_months": 1e6, "start_rate": 1}
LAB = {
    "kind": "leading_lab",
    "region": "here",
    "family": "general",
    "people": 2,
    "willing_usd": 1e9,
    "money_usd": 1e9,
    "chips": 1000,
}
LASTING = {"uptake_months": 1, "obsolescence_months": 1e15, "spread": 0}  # an effect that stays fresh


def tiny_world(**tables: Any) -> dict[str, Any]:
    """Return the neutral world with tables laid over it, as what a TOML file would hold."""
    return merge(copy.deepcopy(NEUTRAL), tables)


def ordinary_actors(count: int) -> dict[str, dict]:
    """Return so many actors that only take up and pass on, named a0, a1, ..."""
    return {f"a{place}": {"kind": "ordinary_actor", "region": "here"} for place in range(count)}


@dataclass
class Played:
    """One run: its log (structured array), the tables as it left them, and the compiled scenario."""

    log: np.ndarray
    tables: Tables
    compiled: Compiled

    def rows(self, event: Event, actor: str | None = None) -> np.ndarray:
        """Return the rows of the log that say one thing (of one actor)."""
        chosen = self.log["what"] == event
        if actor is not None:
            chosen &= self.log["actor"] == self.compiled.actors.index(actor)
        return self.log[chosen]

    def time(self, event: Event, actor: str | None = None) -> float:
        """Return when something first happened; inf if never."""
        rows = self.rows(event, actor)
        return float(rows["time"][0]) if len(rows) else np.inf


def play(world: dict[str, Any] | Scenario, run: int = 0, seed: int = 1, draw: bool = True) -> Played:
    """Play one run of a world."""
    return next(play_runs(world, [run], seed, draw))


def play_runs(world, runs, seed: int = 1, draw: bool = True):
    """Play several runs; the tables of one hold only until the next is played."""
    scenario = world if isinstance(world, Scenario) else from_data(world)
    compiled = compile_scenario(scenario)
    simulator = Simulator(compiled, (), draw)
    for run in runs:
        draws = np.empty((1, len(simulator.uncertain)))
        simulator.simulate(seed, run, np.empty((1, 0)), draws)
        yield Played(simulator.events(), simulator.workspace.tables, compiled)


@pytest.fixture(scope="session")
def root():
    """The folder that holds agents, sim and configs."""
    from sim.scenario import CONFIGS

    return CONFIGS.parent


@pytest.fixture(scope="session")
def _chromium(tmp_path_factory):
    """One Chromium for all tests of a worker; None where it is not installed."""
    if missing():
        yield None
        return
    profile = tmp_path_factory.mktemp("chromium")
    started = Browser(profile)
    yield started
    started.close()
    shutil.rmtree(profile, ignore_errors=True)


@pytest.fixture
def browser(_chromium):
    """A browser at an empty page; the test fails where its pages complain or reach for another machine."""
    _say_if_missing()
    _chromium.open("about:blank")
    _chromium.resize(1280)
    _chromium.complaints()
    yield _chromium
    assert _chromium.complaints() == []


@pytest.fixture
def new_browser(tmp_path_factory):
    """A function that starts another browser, with a profile of its own; watched in the same way."""
    _say_if_missing()
    started: list[Browser] = []

    def start() -> Browser:
        started.append(Browser(tmp_path_factory.mktemp("chromium")))
        return started[-1]

    yield start
    said = [complaint for each in started for complaint in each.complaints()]
    for each in started:
        each.close()
    assert said == []


def _say_if_missing() -> None:
    """Skip a test that needs a browser where there is none, and say so loudly."""
    if missing():
        warnings.warn(f"NOT TESTED IN A BROWSER: {missing()}", stacklevel=1)
        (pytest.fail if is_required() else pytest.skip)(f"no browser: {missing()}")
