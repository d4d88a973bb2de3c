"""Branches: the past is shared, the futures are those of the ensemble, bad input is explained."""

import math
import re

import numpy as np
import pytest

import sim
from experiments.branch import BASE, branch, first_difference
from sim.errors import UserError
from sim.policy import with_policies
from tests.terminal import cascades

FORBID = "order:action=forbid"
FEWER = "change:path=actors.*.chips,value=0.1"


@pytest.fixture(scope="module")
def result():
    return sim.simulate("toy", runs=6, seed=3, logs=6)


@pytest.mark.parametrize("policy", [FORBID, FEWER, "change:path=actors.*.people,value=3"])
@pytest.mark.parametrize("at", ["2020-04", "2021-02-11"])
@pytest.mark.parametrize("run", [0, 5])
def test_the_past_is_shared_bit_for_bit(result, policy, at, run):
    found = branch(result, [policy], at, run)
    base, other = (future.log for future in found.futures)
    before = base["time"] < found.time
    assert before.sum() > 5
    assert first_difference(base[before], other[: before.sum()]) is None
    assert (other["time"][before.sum() :] >= found.time).all()


def test_the_unchanged_future_is_the_run_of_the_ensemble(result):
    found = branch(result, [FORBID], "2020-06", 2)
    assert first_difference(found.futures[0].log, result.logs[2]) is None


def test_a_future_is_the_run_of_the_scenario_with_that_policy(result):
    found = branch(result, [FEWER], "2020-06", 2)
    arm = sim.simulate(with_policies("toy", FEWER, since="2020-06"), runs=3, seed=3, logs=3)
    assert first_difference(found.futures[1].log, arm.logs[2]) is None


def test_the_table_says_when_whom_reaches_what(result):
    found = branch(result, [FORBID], "2020-06", 1)
    for _, row in found.table.iterrows():
        name = f"t_done[{row['actor']},{row['class']}]"
        again = sim.simulate("toy", runs=2, seed=3, metrics=[name])
        assert again[name][1] == row[BASE]


def test_a_policy_that_changes_nothing_says_so(result):
    found = branch(result, ["order:action=forbid,compliance=0"], "2020-06", 1)
    assert "changes nothing in this run" in found.text()


def test_a_control_is_called_so_and_the_past_is_what_lies_before(result):
    found = branch(result, [""], "2020-06", 1)
    assert [future.label for future in found.futures] == [BASE, "control"]
    assert found.past == (result.logs[1]["time"] < found.time).sum() < found.shared == len(result.logs[1])
    assert f"bit for bit: {found.past} events." in found.text()


def test_columns_of_the_table_do_not_touch(result):
    text = branch(result, [FEWER, "order:hold_months=3"], "2020-06", 1).text()
    assert "(" in text
    assert not re.search(r"\d{4}-\d\d-\d\d\d|\)\d", text)


def test_the_figure_is_drawn(result, tmp_path):
    found = branch(result, [FORBID, FEWER], "2020-06", 1)
    assert found.figure(tmp_path / "branch.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("policies", "at", "run", "words"),
    [
        ([FORBID], "1999-01", 0, "must lie within"),
        ([FORBID], "soon", 0, "not a date"),
        ([FORBID], "2020-06", 99, "no run 99"),
        ([FORBID, FORBID], "2020-06", 0, "twice"),
        ([], "2020-06", 0, "no policy"),
        (["nonsense"], "2020-06", 0, "no policy 'nonsense'"),
    ],
)
def test_bad_input(result, policies, at, run, words):
    with pytest.raises(UserError, match=words):
        branch(result, policies, at, run)


def test_what_is_no_number_cannot_begin_at_a_date(result, tmp_path):
    path = tmp_path / "kinds.toml"
    path.write_text('title = "t"\nabout = "a"\n[actors.Beta]\nkind = "leading_lab"\n')
    with pytest.raises(UserError, match=r"actors\.Beta\.kind.*no number"):
        branch(result, [str(path)], "2020-06", 0)


def test_numbers_laid_over_begin_at_the_date(tmp_path):
    path = tmp_path / "chips.toml"
    path.write_text('title = "t"\nabout = "a"\n[actors.Beta]\nchips = 5\n')
    arm = with_policies("toy", str(path), since="2020-06")
    assert [(c.path, c.operation, c.value.value) for c in arm.file.changes] == [
        ("actors.Beta.chips", "set", 5)
    ]
    assert arm.file.actors["Beta"].chips.value == sim.load("toy").file.actors["Beta"].chips.value


def test_first_difference():
    log = np.array([(1.0, 1), (math.nan, 2)], [("time", "f8"), ("what", "i4")])
    other = log.copy()
    assert first_difference(log, other) is None
    other["what"][1] = 3
    assert first_difference(log, other) == 1
    assert first_difference(log, log[:1]) == 1


def test_command(tmp_path):
    assert cascades("run", "toy", "--runs", 3, "--out", tmp_path / "o").code == 0
    figure = tmp_path / "f.png"
    done = cascades("branch", tmp_path / "o", "--at", "2020-06", "--policy", FORBID, "--out", figure)
    assert done.code == 0 and "one history until 2020-06" in done.out and figure.is_file()
    assert (
        "must lie within" in cascades("branch", tmp_path / "o", "--at", "2050-01", "--policy", FORBID).refusal
    )
