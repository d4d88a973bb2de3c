"""The benchmarks run, small, and the programs that they compare do the same; never a time."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.jobs.job import JOBS, pairs_of
from benchmarks.jobs.programs import EXTRA, PROGRAMS
from benchmarks.limit import METRICS, simulate_limit, work_of
from benchmarks.report import WORK
from benchmarks.spreading import again, check_agreement
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


def test_the_census_counts_all_that_the_page_tells_of_it(census):
    assert set(WORK) <= set(census)


def test_limit_is_given_the_counts_of_the_census(census):
    work = work_of(census)
    assert work.planned["looks"].sum() == round(census["compute.outlook"]) > 0
    assert len(work.taken) == round(census["queue.order"])
    assert len(work.planned) == round(census["planning.plan"])
    assert len(work.whats) == work.taken["rows"].sum() == round(census["log.rows"])
    exps = work.taken["exps"].sum() + work.planned["exps"].sum() + work.inputs
    assert exps == pytest.approx(census["math.exp"], abs=1)
    assert work.taken["helps"].sum() == round(census["helping.add"])
    assert np.isfinite(simulate_limit(work, 2)[:, 4:]).all()
    assert simulate_limit(work, 2).shape == (2, METRICS)


def test_all_infections_are_the_same_model():
    check = check_agreement(seeds=40, nodes=NODES, substeps=8)
    assert check["agree"], check


@pytest.mark.slow
@pytest.mark.parametrize("job", JOBS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_every_program_reaches_more_and_more_and_the_same_again_for_a_seed(name, job):
    program = PROGRAMS[name]
    if not program.installed:
        pytest.skip(f"{program.package} is not installed: extra {EXTRA!r}")
    if job not in program.made.jobs:
        return
    given = JOBS[job]
    made = program.made(NODES, pairs_of(NODES), given)
    counts = [again(made, seed) for seed in (3, 3, 4)]
    assert len(counts[0]) == given.months
    assert (np.diff(counts[0]) >= 0).all() and counts[0][0] >= len(given.origins) and counts[0][-1] <= NODES
    assert (counts[0] == counts[1]).all()


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
    pytest.importorskip("ema_workbench", reason="pip install '.[bench]'")
    from benchmarks import tasks

    with tasks.ema(60) as program:
        assert program() == 60


def test_sweeps_are_measured_on_the_same_runs():
    from benchmarks.report import sweeps_in_words
    from benchmarks.sweeping import measure_overhead, measure_reading, measure_whole

    found = {
        "overhead": [measure_overhead("toy", 200, 20, 1)],
        "whole": [measure_whole("toy", 200, 20)],
        "reading": measure_reading(2000, 3),
        "tasks": {"sweep": 1.0},
    }
    assert found["overhead"][0]["points"] == 10
    assert "10 points, 200 runs" in sweeps_in_words(found)


def test_a_program_is_measured_in_a_process_of_its_own(tmp_path):
    from benchmarks.jobs.measuring import measure_program

    np.save(tmp_path / "pairs.npy", pairs_of(NODES))
    told = measure_program("bytes", "sir", tmp_path / "pairs.npy", NODES, 0.0, 100.0)
    assert not told["problem"] and len(told["runs"]) == 1 and told["peak MB"] > 1
    stopped = measure_program("bytes", "sir", tmp_path / "pairs.npy", NODES, 0.0, 0.01)
    assert stopped["runs"] == [] and stopped["build"] is None


def test_the_page_says_what_was_stopped_and_what_is_not_installed():
    from benchmarks.jobs.measuring import summary
    from benchmarks.jobs.report import jobs_in_words

    def told(runs, build=0.5):
        return [{"build": build, "runs": runs, "reached": 9, "peak MB": 99.0, "problem": ""}]

    rows = [
        summary("ours", "sir", 1000, told([0.02, 0.04, 0.03]), 45.0),
        summary("bytes", "sir", 1000, told([0.01]), 45.0),
        summary("network", "sir", 1000, told([], None), 45.0),
        {"program": "eon", "job": "sir", "nodes": 1000, "problem": "not installed: extra 'bench'"},
    ]
    page = jobs_in_words(rows)
    assert "| 500.0 ms | 30.0 ms | 99 MB | 1.00 | 3.00 |" in page
    assert "| not built | more than 45 s in all |" in page
    assert "EoN: not installed: extra 'bench'." in page


def test_the_page_says_who_does_another_model():
    from benchmarks.jobs.agreement import compare, compared
    from benchmarks.jobs.report import agreement_in_words

    found = compare("cascade", nodes=NODES, seeds=6, programs=["ours", "bytes"])
    ours = np.arange(24.0).reshape(4, 6)
    assert all(row.agrees for row in found)
    other = compared("bytes", "cascade", ours + 100.0, ours, False, 0.01)
    assert "agrees" in agreement_in_words(found) and "**differs**" in agreement_in_words([*found, other])
