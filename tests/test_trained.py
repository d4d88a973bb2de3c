"""The numbers that a run had, read from its result."""

from __future__ import annotations

import pytest

from sim.ensemble import simulate
from sim.policy import with_policies
from sim.scenario import from_data, load, merge
from sim.trained import Inputs

SALARY = "work.salary_usd"
EITHER = {
    "name": "which salary",
    "source": "a test",
    "options": [{"weight": 1}, {"weight": 1, "numbers": {SALARY: 9.0}}],
}


def test_the_numbers_of_a_run_are_those_of_the_option_that_it_took():
    result = simulate(from_data(merge(load("toy").raw, {"alternatives": [EITHER]})), runs=12, logs=12)
    chosen = result.draws[:, result.compiled.uncertain_paths.index('alternatives."which salary"')]
    assert set(chosen) == {0.0, 1.0}
    last = list(result.compiled.place_of)[-1]
    for run, option in enumerate(chosen):
        numbers = Inputs(result, run)
        assert numbers[SALARY] == (9.0 if option else 20_000.0)
        assert numbers[last] == simulate("toy", runs=1).compiled.numbers[-1]


def test_the_numbers_of_a_run_are_those_that_were_drawn_and_change_at_their_dates():
    arm = with_policies("gpt3", f"change:path={SALARY},operation=multiply,value=3,from=2020-01,until=2021-01")
    result = simulate(arm, runs=3, logs=3)
    for run in range(3):
        numbers = Inputs(result, run)
        for place, path in enumerate(result.compiled.uncertain_paths):
            assert numbers[path] == result.draws[run, place]
        plain = numbers[SALARY]
        assert [numbers.at(month)[SALARY] / plain for month in (11.9, 12.0, 23.9, 24.0)] == pytest.approx(
            [1, 3, 3, 1]
        )
