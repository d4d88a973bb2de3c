"""The benchmarks run, small, and the programs that they compare do the same; never a time."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import infection
from benchmarks.limit import METRICS, simulate_limit, work_of
from benchmarks.timing import alternate, in_process, ratio

NODES = 60


@pytest.fixture(scope="module")
def census():
    return in_process("benchmarks.census", "toy", 1, NUMBA_DISABLE_JIT="1")


def test_census_counts_what_the_log_says(census):
    assert census["record.record"] == census["log.rows"]
    named = [name for name in census if name.startswith("log.") and name != "log.rows"]
    assert sum(census[name] for name in named) == census["log.rows"]
    assert census["queue.take_first"] <= census["queue.order"]
    assert census["luck.luck"] == census["luck.threefry"]


def test_limit_is_given_the_counts_of_the_census(census):
    work = work_of(census)
    assert len(work.taken) == round(census["queue.order"])
    assert len(work.planned) == round(census["planning.plan"])
    assert len(work.whats) == work.taken["rows"].sum() == round(census["log.rows"])
    exps = work.taken["exps"].sum() + work.planned["exps"].sum() + work.inputs
    assert exps == pytest.approx(census["math.exp"], abs=1)
    assert work.taken["helps"].sum() == round(census["helping.combine"])
    assert np.isfinite(simulate_limit(work, 2)[:, 4:]).all()
    assert simulate_limit(work, 2).shape == (2, METRICS)


def test_all_infections_are_the_same_model():
    from benchmarks.spreading import check_agreement

    check = check_agreement(seeds=40, nodes=NODES, substeps=8)
    assert check["agree"], check


@pytest.mark.parametrize("step", [infection.step_network, infection.step_adjacency])
def test_infection_spreads_from_one_and_never_recedes(step):
    counts = step(3, NODES)
    assert len(counts) == infection.MONTHS
    assert (np.diff(counts) >= 0).all() and counts[0] >= 1 and counts[-1] <= NODES


def test_ratio_is_of_neighbours_in_time():
    assert ratio({"a": [2.0, 8.0, 3.0], "b": [1.0, 4.0, 1.0]}, "a", "b") == 2.0


def test_programs_take_turns():
    seen = []
    alternate({"a": lambda: seen.append("a"), "b": lambda: seen.append("b")}, 2, turn=0.0)
    assert seen == ["a", "b", "a", "b", "a", "b"]


def test_all_who_do_nothing_do_it_as_often():
    from benchmarks import tasks

    assert tasks.run_sweep(60) == tasks.run_joblib(60) == tasks.run_mesa(60, 1) == 60


def test_the_workbench_does_nothing_as_often():
    pytest.importorskip("ema_workbench", reason="pip install 'diffusion-cascades[bench]'")
    from benchmarks import tasks

    with tasks.ema(60) as program:
        assert program() == 60


def test_sweeps_are_measured_on_the_same_runs():
    from benchmarks.report import sweeps_in_words
    from benchmarks.sweeping import measure_memory_of, measure_overhead, measure_reading

    found = {
        "overhead": [measure_overhead("toy", 200, 20, 1)],
        "memory": [measure_memory_of("toy", 200, 20)],
        "reading": measure_reading(2000, 3),
        "tasks": {"sweep": 1.0},
    }
    assert found["overhead"][0]["points"] == 10
    assert "10 points, 200 runs" in sweeps_in_words(found)
