"""Arms in the same luck: pairs are exact, censored dates are bounds, and the estimators are right."""

from __future__ import annotations

import json
import math
import os
import re
import signal
import subprocess
import sys

import numpy as np
import pyarrow.parquet as parquet
import pytest
from conftest import LAB, LAB_KIND, tiny_world
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom
from terminal import cascades
from test_outputs import INTERRUPTED

import experiments
import sim
from experiments import comparison as module
from experiments.comparison import arms_of, compare, compare_results, end_of, general_metrics
from experiments.paired_table import bounds, in_words
from experiments.statistics import (
    LEVELS,
    Bounds,
    compare_values,
    difference_bounds,
    median_interval,
    median_rank,
    runs_saved,
)
from sim.ensemble import CHUNK
from sim.errors import UserError
from sim.scenario import from_data, load
from sim.world import compile_scenario

CODE = "order:artifacts=code,action=forbid"
CHIPS = "change:path=actors.*.chips,value=0.2"
LATER = "order:actors=Alpha,hold_months=6"
NOBODY = "change:path=actors.*.chips,value=1"  # multiplies by one
INF, NAN = math.inf, math.nan
END = 43.0


# the estimator


def brute_quantile(values, level):
    """The smallest value that at least a share of the values does not exceed."""
    ordered = sorted(values)
    return next(v for k, v in enumerate(ordered, 1) if k >= level * len(ordered) - 1e-9)


dates = st.lists(st.tuples(st.floats(0, 43), st.floats(0, 43)), min_size=1, max_size=60)


@given(dates)
def test_without_censoring_the_quantiles_are_those_of_the_differences(pairs):
    policy, baseline = np.array(pairs).T
    found = compare_values(policy, baseline, END, END)
    differences = policy - baseline
    for level, bounds_ in zip(LEVELS, found.quantiles, strict=True):
        assert bounds_.known
        assert bounds_.low == brute_quantile(differences.tolist(), level)
    assert found.lower == np.mean(differences < 0)
    assert found.equal == np.mean(differences == 0)
    assert found.higher == np.mean(differences > 0)
    assert found.mean == pytest.approx(differences.mean())
    assert found.neither == found.baseline_only == found.policy_only == found.undefined == 0


@given(dates, st.floats(1, 30))
def test_the_bounds_hold_what_lies_beyond_the_end(pairs, end):
    """Censor at an end what is known: the quantiles of the truth lie within the bounds, and sharply so."""
    policy, baseline = np.array(pairs).T
    seen = [np.where(values > end, INF, values) for values in (policy, baseline)]
    found = compare_values(*seen, end, end)
    told = ~(np.isinf(seen[0]) & np.isinf(seen[1]))
    assert found.telling == told.sum()
    if not told.any():
        assert math.isnan(found.median.low)
        return
    truth = (policy - baseline)[told]
    low, high = difference_bounds(*seen, np.full(len(policy), end), np.full(len(policy), end))
    for level, bounds_ in zip(LEVELS, found.quantiles, strict=True):
        assert bounds_.low <= brute_quantile(truth.tolist(), level) <= bounds_.high
        assert bounds_.low == brute_quantile(low[told].tolist(), level)
        assert bounds_.high == brute_quantile(high[told].tolist(), level)
    sure = (policy - baseline)[~(np.isinf(seen[0]) & np.isinf(seen[1]))]
    assert found.lower * len(policy) <= (sure < 0).sum()
    assert found.higher * len(policy) <= (sure > 0).sum()


def test_a_table_worked_out_by_hand():
    #            earlier  equal  later  policy never  baseline never  neither  undefined
    policy = [     8.0,   20.0,  12.0,      INF,          40.0,         INF,      NAN]  # fmt: skip
    baseline = [  10.0,   20.0,   9.0,      30.0,         INF,          INF,      1.0]  # fmt: skip
    found = compare_values(policy, baseline, END, END)
    assert (found.pairs, found.undefined, found.telling) == (6, 1, 5)
    assert (found.baseline_never, found.policy_never, found.neither) == (2, 2, 1)
    assert (found.baseline_only, found.policy_only) == (1, 1)
    # lower bounds, sorted: -inf -2 0 3 13; upper bounds: -3 -2 0 3 inf
    assert found.quantiles == (
        Bounds(-INF, -3.0), Bounds(-2.0, -2.0), Bounds(0.0, 0.0), Bounds(3.0, 3.0), Bounds(13.0, INF),
    )  # fmt: skip
    assert found.lower == pytest.approx(2 / 6)  # -2, and the date that comes under the policy only
    assert found.equal == pytest.approx(1 / 6)
    assert found.higher == pytest.approx(2 / 6)
    assert math.isnan(found.mean)  # not every difference is known
    assert found.baseline_median == 20.0 and found.policy_median == 20.0


def test_most_dates_censored_leave_a_bound_for_the_median():
    policy = [12.0, INF, INF, INF]
    found = compare_values(policy, [10.0, 20.0, 25.0, 30.0], END, END)
    assert found.median == Bounds(13.0, INF)
    assert bounds(found.median, "months") == ">= +13.0"


def test_a_lag_is_censored_at_what_is_left_after_its_reveal():
    """Base: lag 5. Policy: revealed late, only 3 months are watched: the difference may be negative."""
    found = compare_values([INF], [5.0], [3.0], [30.0])
    assert found.median == Bounds(-2.0, INF)
    assert found.lower == found.equal == found.higher == 0.0
    unknown_end = compare_values([INF], [5.0], [NAN], [NAN])
    assert unknown_end.median == Bounds(-5.0, INF) and math.isnan(unknown_end.runs_saved)


@given(st.integers(1, 400), st.sampled_from([0.5, 0.9, 0.99]))
def test_the_ranks_for_the_median_are_those_of_the_binomial_distribution(count, confidence):
    rank = median_rank(count, confidence)

    def coverage(k):
        return 1 - 2 * binom.cdf(k - 1, count, 0.5)

    assert rank == 0 or coverage(rank) >= confidence - 1e-9
    assert 2 * (rank + 1) > count + 1 or coverage(rank + 1) < confidence + 1e-9


def test_the_interval_for_the_median_holds_it_as_often_as_it_says():
    generator = np.random.default_rng(5)
    held = 0
    for _ in range(2000):
        sample = np.sort(generator.exponential(size=41))
        interval = median_interval(sample, sample)
        held += interval.low <= math.log(2) <= interval.high
    exact = 1 - 2 * binom.cdf(median_rank(41) - 1, 41, 0.5)
    assert exact >= 0.9
    assert abs(held / 2000 - exact) < 4 * math.sqrt(exact * (1 - exact) / 2000)


def test_runs_saved_is_the_ratio_of_the_variances():
    generator = np.random.default_rng(1)
    shared, own = generator.normal(size=(3, 200_000)), 0.5
    policy, baseline = shared[0] + own * shared[1], shared[0] + own * shared[2]
    # independent: 2 (1 + own^2); paired: 2 own^2
    assert runs_saved(policy, baseline) == pytest.approx((1 + own**2) / own**2, rel=0.02)
    assert runs_saved(baseline + 3.0, baseline) > 1e20 or runs_saved(baseline, baseline) == INF
    assert runs_saved(shared[0], shared[1]) == pytest.approx(1.0, rel=0.02)
    assert math.isnan(runs_saved(policy[:1], baseline[:1]))


def test_runs_saved_takes_the_end_for_what_never_comes():
    found = compare_values([10.0, INF, 20.0], [8.0, 40.0, INF], END, END)
    by_hand = runs_saved(np.array([10.0, 43.0, 20.0]), np.array([8.0, 40.0, 43.0]))
    assert found.runs_saved == by_hand


def test_identical_means_bit_for_bit():
    assert compare_values([1.0, INF, NAN], [1.0, INF, NAN], END, END).identical
    assert not compare_values([1.0, INF], [1.0, 43.0], END, END).identical


# pairs


@pytest.fixture(scope="module")
def toy():
    return compare("toy", ["base", CODE, CHIPS], runs=150, seed=3, threads=2)


@pytest.mark.parametrize("scenario", ["toy", "gpt3"])
def test_an_arm_that_changes_nothing_differs_by_exactly_zero_in_every_run(scenario):
    found = compare(scenario, ["base", NOBODY], runs=40, threads=2)
    for arm in found.results:
        assert found.changes_nothing(arm)
        np.testing.assert_array_equal(found.results[arm].values, found.base.values)
        for (label, _), one in found.found.items():
            if label == arm and one.statistics.telling:
                assert set(one.statistics.quantiles) == {Bounds(0.0, 0.0)}
                assert one.statistics.lower == one.statistics.higher == 0.0
    assert not found.interrupted and found.runs == 40


def test_pairs_do_not_depend_on_threads_chunks_or_turns(toy, monkeypatch):
    monkeypatch.setattr(module, "RUNS_AT_ONCE", 37)
    again = compare("toy", ["base", CODE, CHIPS], runs=150, seed=3, threads=1)
    for label, result in toy.results.items():
        np.testing.assert_array_equal(result.values, again.results[label].values)
    np.testing.assert_array_equal(toy.base.run_numbers, np.arange(150))
    assert toy.differences.equals(again.differences)


def test_pairs_are_the_runs_of_the_same_number(toy):
    alone = sim.simulate(toy.results[CODE].scenario, runs=150, seed=3, metrics=["lag_1"], logs=0)
    np.testing.assert_array_equal(alone["lag_1"], toy.results[CODE]["lag_1"])
    pairs = toy.pairs.query("arm == @CODE and metric == 'lag_1'")
    np.testing.assert_array_equal(pairs["value"], alone["lag_1"])
    np.testing.assert_array_equal(pairs["base"], toy.base["lag_1"])
    np.testing.assert_array_equal(pairs["run"], np.arange(150))


def test_uncertain_inputs_are_drawn_alike_in_every_arm():
    base, arm = (sim.simulate(s, runs=5, logs=0) for s in arms_of(load("gpt3"), ["base", CHIPS]).values())
    shared = [p for p in base.compiled.uncertain_paths if p in arm.compiled.uncertain_paths]
    assert len(shared) > 50
    for path in shared:
        columns = [result.columns()[f"input:{path}"] for result in (base, arm)]
        np.testing.assert_array_equal(*columns)


def test_pairing_saves_runs_where_a_policy_changes_little(toy):
    small, large = (toy.difference(arm, "lag_1").statistics.runs_saved for arm in (CODE, CHIPS))
    assert small > large > 1


def test_the_tables_say_the_same_as_the_pairs(toy):
    frame = toy.differences
    for (arm, name), row in frame.iterrows():
        value, base = toy.paired(arm, name)
        both = np.isfinite(value) & np.isfinite(base)
        assert row["pairs"] == (~(np.isnan(value) | np.isnan(base))).sum()
        assert row["arm_only"] == (np.isfinite(value) & np.isinf(base)).sum()
        assert row["neither"] == (np.isinf(value) & np.isinf(base)).sum()
        if both.all():
            assert row["q50_low"] == row["q50_high"] == brute_quantile((value - base).tolist(), 0.5)
    assert frame.loc[(CHIPS, "lag_1"), "q50_low"] > 0  # a fifth of the chips: later
    assert frame["unit"].notna().all()


def test_results_that_are_there_already_can_be_compared(toy):
    found = compare_results(toy.base, {"few chips": toy.results[CHIPS]}, ["lag_1", "n_dev"])
    assert list(found.found) == [("few chips", "lag_1"), ("few chips", "n_dev")]
    assert found.difference("few chips", "lag_1").statistics == toy.difference(CHIPS, "lag_1").statistics


def test_only_runs_that_all_have_are_paired():
    base = sim.simulate("toy", runs=30, logs=0, metrics=["lag_1"])
    later = sim.simulate("toy", runs=30, first_run=20, logs=2, metrics=["lag_1"])
    found = compare_results(base, {"later": later})
    np.testing.assert_array_equal(found.base.run_numbers, np.arange(20, 30))
    assert found.difference("later", "lag_1").statistics.identical


def test_results_of_other_luck_are_refused():
    base, other = (sim.simulate("toy", runs=3, seed=seed, logs=0, metrics=["lag_1"]) for seed in (1, 2))
    with pytest.raises(UserError, match="seed 2"):
        compare_results(base, {"other": other})
    with pytest.raises(UserError, match="lag_1"):
        compare_results(base, {"same": base}, ["lagg_1"])


def test_the_end_of_a_lag_counts_from_its_reveal(toy):
    kept = {metric.name: metric for metric in toy.base.metrics}
    horizon = toy.base.compiled.horizon
    np.testing.assert_allclose(end_of(toy.base, kept["lag_3"]), horizon - toy.base["reveal"])
    np.testing.assert_allclose(end_of(toy.base, kept["lead"]), horizon - toy.base["t_owner_1"])
    assert set(end_of(toy.base, kept["t_owner_2"])) == {horizon}
    assert set(end_of(toy.base, kept["n_dev"])) == {INF}
    alone = sim.simulate("toy", runs=3, metrics=["lag_3"], logs=0)
    assert np.isnan(end_of(alone, alone.metrics[0])).all()


# arms


def test_arms_have_names():
    base = load("toy")
    scenario = arms_of(base, [CODE])[CODE]
    assert list(arms_of(base, [scenario, base, CODE])) == [CODE, "control", f"{CODE} (2)"]
    assert list(arms_of(base, {"mine": scenario})) == ["mine"]
    assert list(arms_of(base, ["base", "", "baseline"])) == ["control", "control (2)", "control (3)"]


def test_the_same_arm_twice_is_said():
    found = compare("toy", [CODE, CODE, "base"], runs=20, threads=1, metrics=["lag_1"])
    notes = "\n".join(found.notes)
    assert f"{CODE} (2): is the same as the arm {CODE}" in notes
    assert "control: says the same as the baseline" in notes
    assert notes in found.table().replace("- ", "")


def test_an_arm_that_changes_nothing_by_mistake_is_said():
    found = compare("toy", [NOBODY], runs=20, threads=1, metrics=["lag_1"])
    assert found.notes == [
        f"{NOBODY}: says something else than the baseline, but changed nothing in any run "
        "(see: cascades diff)."
    ]
    assert "Changes nothing" in found.table()


def test_a_policy_that_moves_the_reveal_is_said():
    found = compare("gpt3", ["order:actors=OpenAI,hold_months=6"], runs=10, threads=2, metrics=["lag_1"])
    assert any("moves the reveal itself in 100 % of runs" in note for note in found.notes)


def lonely(start):
    """A world with one actor."""
    world = {"scenario": {"start": start}, "kinds": {"leading_lab": LAB_KIND}, "actors": {"A": LAB}}
    return from_data(tiny_world(**world))


def test_a_world_without_the_class_in_question_is_compared_in_what_it_has():
    found = compare("gpt3", ["toy"], runs=2, seed=1, threads=1)
    assert any("toy: asks about the class big, the baseline about gpt3" in note for note in found.notes)
    assert not any("moves the reveal" in note for note in found.notes)


def test_worlds_that_differ_are_compared_in_what_they_share():
    longer = load("toy", ["scenario.end=2024-12"])
    other = lonely("2020-01")
    metrics = ["n_dev", "t_owner_1", "t_done[Alpha,big]"]
    found = compare("toy", {"longer": longer, "other": other}, runs=10, threads=1, metrics=metrics)
    notes = "\n".join(found.notes)
    assert "longer: ends in 2024-12, the baseline in 2022-12" in notes
    assert "other: not compared, for want of the actor, class or start: t_done[Alpha,big]." in notes
    assert ("other", "n_dev") in found.found and ("other", "t_done[Alpha,big]") not in found.found
    assert ("longer", "t_done[Alpha,big]") in found.found
    elsewhen = lonely("2019-01")
    found = compare("toy", {"elsewhen": elsewhen}, runs=5, threads=1, metrics=["n_dev", "t_owner_1", "lead"])
    assert [name for _, name in found.found] == ["n_dev", "lead"]


def test_what_no_run_reaches_is_said(tmp_path):
    found = compare("toy", [CODE], runs=10, threads=1, metrics=["lag_10"])
    assert "lag_10: no run of either arm reaches it by the end: nothing to compare." in found.table()
    assert found.figure(tmp_path / "empty.png").stat().st_size > 0
    assert not found.changes_nothing(CODE)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"arms": []}, "one policy"),
        ({"arms": "base"}, "list"),
        ({"arms": ["codd"]}, "no policy or scenario 'codd'"),
        ({"arms": [3]}, "arm 3"),
        ({"metrics": ["lagg_1"]}, "no metric 'lagg_1'"),
        ({"metrics": "lag_1"}, "list of names"),
        ({"metrics": []}, "cascades metrics"),
        ({"runs": 0}, "runs = 0"),
        ({"runs": 10**10}, "fewer --runs"),
        ({"seed": -1}, "seed = -1"),
        ({"threads": 0}, "threads = 0"),
    ],
)
def test_bad_input_is_answered_with_the_cure(asked, told):
    with pytest.raises(UserError, match=told):
        compare("toy", **({"arms": [CODE], "runs": 2} | asked))


def test_an_arm_or_a_metric_that_is_not_there(toy):
    with pytest.raises(UserError, match="arm 'cod'"):
        toy.difference("cod", "lag_1")
    with pytest.raises(UserError, match="lag_7"):
        toy.difference(CODE, "lag_7")


def test_metrics_of_general_interest_are_there():
    names = general_metrics(compile_scenario(load("toy")))
    assert len(set(names)) == len(names) > 50
    for name in ("lag_5", "lead", "openness", "downstream", "mech_share[theft]", "t_done[Alpha,big]"):
        assert name in names


# figure, files, command


def test_the_figure_is_drawn(toy, tmp_path):
    path = toy.figure(tmp_path / "deep" / "compare.png")
    assert path.read_bytes().startswith(b"\x89PNG")
    assert toy.figure(tmp_path / "compare.pdf").read_bytes().startswith(b"%PDF")
    with pytest.raises(UserError, match="ends in .png, .svg or .pdf"):
        toy.figure(tmp_path / "compare.jpg")


def test_every_arm_has_a_line_of_its_own(toy):
    from experiments.figures.ink import COLOURS
    from experiments.figures.paired import compose

    figure = compose(toy)
    texts = {text.get_text().strip() for text in figure.texts}
    assert {"baseline", "control", CODE} <= texts
    used = {line.get_color() for axes in figure.axes for line in axes.lines}
    assert set(COLOURS[:3]) <= used
    xlabels = {axes.get_xlabel() for axes in figure.axes}
    assert {"months since the reveal", "difference to the baseline (months)"} <= xlabels


def test_an_arm_has_the_colour_that_it_has_among_all(toy):
    from experiments.figures.holding import colour_of
    from experiments.figures.ink import BASELINE, COLOURS
    from experiments.figures.paired import compose

    figure = compose(toy, chosen=[CODE])
    lines = [line for axes in figure.axes for line in axes.lines]
    assert colour_of(toy, CODE) == COLOURS[list(toy.results).index(CODE)] != COLOURS[0]
    used = {
        line.get_markeredgecolor() if line.get_linestyle() == "None" else line.get_color() for line in lines
    }
    assert used == {BASELINE, colour_of(toy, CODE)}


def test_the_share_that_has_reached_a_lag_is_drawn_as_long_as_all_are_watched():
    from experiments.figures.paired import reached

    months, shares = reached(np.array([3.0, 1.0, INF, 30.0]), np.array([20.0, 25.0, 20.0, 40.0]))
    assert months.tolist() == [0.0, 1.0, 3.0, 20.0]
    assert shares.tolist() == [0.0, 0.25, 0.5, 0.5]


def test_the_command_leaves_tables_figure_and_manifest(tmp_path):
    out = tmp_path / "out"
    done = cascades("compare", "toy", "base", CODE, "--runs", 30, "--seed", 4, "--out", out)
    assert done.code == 0, done.err
    assert "In this model, with these inputs. 30 pairs of runs, seed 4." in done.out
    assert f"{CODE} against the baseline" in done.out and "Changes nothing" in done.out
    assert sorted(path.name for path in out.iterdir()) == [
        "arm-events.parquet", "compare.png", "differences.parquet", "events.parquet", "manifest.json",
        "pairs.parquet", "runs.parquet", "savings.parquet",
    ]  # fmt: skip
    found = compare("toy", ["base", CODE], runs=30, seed=4)
    pairs = parquet.read_table(out / "pairs.parquet").to_pandas()
    assert list(pairs.columns) == list(found.pairs.columns)
    for column in pairs:
        assert pairs[column].astype(object).equals(found.pairs[column].astype(object)) or (
            np.array_equal(pairs[column].to_numpy(), found.pairs[column].to_numpy(), equal_nan=True)
        )
    stored = parquet.read_table(out / "differences.parquet").to_pandas().set_index(["arm", "metric"])
    assert stored.index.to_list() == found.differences.index.to_list()
    for column in ("q50_low", "q95_high", "p_lower", "pairs", "runs_saved"):
        np.testing.assert_array_equal(stored[column], found.differences[column])


def test_the_manifest_makes_every_arm_again(tmp_path):
    cascades("compare", "toy", CHIPS, "--runs", 10, "--set", "actors.Beta.people=40", "--out", tmp_path / "o")
    manifest = json.loads((tmp_path / "o" / "manifest.json").read_text())
    arm = manifest["arms"][CHIPS]
    again = compare(from_data(manifest["scenario"]), {CHIPS: from_data(arm["scenario"])}, runs=10)
    pairs = parquet.read_table(tmp_path / "o" / "pairs.parquet").to_pandas()
    np.testing.assert_array_equal(pairs["value"], again.pairs["value"])
    np.testing.assert_array_equal(pairs["base"], again.pairs["base"])
    assert manifest["runs_completed"] == manifest["runs_asked"] == 10 and arm["policies"] == [CHIPS]


def test_the_command_takes_metrics_and_prints_all_of_them(tmp_path):
    names = "lag_1,t_done[Alpha,big],n_dev@20"
    done = cascades("compare", "toy", CHIPS, "--runs", 10, "--metrics", names, "--out", tmp_path / "o")
    assert done.code == 0, done.err
    for name in ("lag_1", "t_done[Alpha,big]", "n_dev@20"):
        assert f"\n{name} " in done.out
    everything = cascades("compare", "toy", CHIPS, "--runs", 10, "--all", "--out", tmp_path / "o")
    assert "mech_share[replication]" in everything.out and "more metrics" not in everything.out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere", CODE], "nowhere"),
        (["toy", "codd"], "no policy or scenario 'codd'"),
        (["toy", CODE, "--metrics", "lagg_1"], "no metric 'lagg_1'"),
        (["toy", CODE, "--runs", "0"], "runs = 0"),
    ],
)
def test_the_command_refuses_what_it_cannot_use(arguments, told, tmp_path):
    assert told in cascades("compare", *arguments, "--out", tmp_path / "o").refusal
    assert not (tmp_path / "o").exists()


def test_metrics_are_listed():
    listed = cascades("metrics")
    rows = json.loads(cascades("metrics", "--json").out)
    assert listed.code == 0 and len(rows) > 20
    compiled = compile_scenario(load("toy"))
    from sim.metrics import parse_metric

    for row in rows:
        assert f"{row['form']}  ({row['unit']})" in listed.out and row["meaning"] in listed.out
        name = row["example"].replace("ACTOR", compiled.actors[0])
        assert parse_metric(name, compiled).unit == row["unit"]


def test_breaking_off_keeps_what_every_arm_has(monkeypatch):
    """Ctrl-C in the second turn: the first is kept, whole."""
    monkeypatch.setattr(module, "RUNS_AT_ONCE", 10)
    calls = []

    def simulate(*arguments, **options):
        calls.append(options["first_run"])
        if len(calls) == 4:
            raise KeyboardInterrupt
        return sim.simulate(*arguments, **options)

    monkeypatch.setattr(module, "simulate", simulate)
    found = compare("toy", [CHIPS], runs=30, threads=1, metrics=["lag_1"])
    assert found.interrupted and found.runs == 10 and found.asked == 30
    whole = sim.simulate("toy", runs=10, metrics=["lag_1"], logs=0)
    np.testing.assert_array_equal(found.base["lag_1"], whole["lag_1"])
    calls.clear()
    calls += [0, 0]
    with pytest.raises(KeyboardInterrupt):  # nothing was complete
        compare("toy", [CHIPS], runs=30, threads=1, metrics=["lag_1"])


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")
def test_ctrl_c_leaves_a_whole_folder(tmp_path):
    out = tmp_path / "out"
    arguments = ["compare", "toy", CHIPS, "--runs", "300000", "--metrics", "lag_1", "--threads", "1"]
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED.format(arguments=[*arguments, "--out", str(out)])],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    several_turns = 4 * module.RUNS_AT_ONCE // CHUNK
    while several_turns:
        several_turns -= "some are done" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=120)
    assert process.returncode == 130, told
    manifest = json.loads((out / "manifest.json").read_text())
    done = manifest["runs_completed"]
    assert manifest["interrupted"] and 0 < done < 300_000
    assert f"of 300000 pairs the {done} that were completed in every arm are kept" in told
    assert len(parquet.read_table(out / "pairs.parquet")) == done


def test_it_is_reached_from_the_package_whatever_was_imported():
    code = "import experiments.comparison; from experiments import compare; print(callable(compare))"
    environment = os.environ | {"PYTHONPATH": str(sim.scenario.CONFIGS.parent)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.stdout.strip() == "True", done.stderr
    assert experiments.compare is compare
    assert in_words.__module__ == "experiments.paired_table"


def test_what_only_rounding_tells_apart_is_equal():
    baseline = np.array([1373.0, 1373.0, 5.0])
    found = compare_values(baseline + np.array([2e-12, -2e-12, 1.0]), baseline)
    assert (found.lower, found.equal, found.higher) == pytest.approx((0.0, 2 / 3, 1 / 3))
    assert not found.identical


def test_the_figures_of_lags_say_who_moves_the_reveal():
    from experiments.figures.paired import compose

    metrics = ["lag_1", "t_owner_2"]
    found = compare("toy", [LATER, NOBODY], runs=10, seed=2, threads=1, metrics=metrics)

    def below(figure) -> str:
        return " ".join(text.get_text() for text in figure.texts if text.get_gid() == "caption")

    said = f"{LATER}: moves the reveal itself, and with it what lags are counted from"
    assert said in below(compose(found))
    assert said in below(found.plot("lags")) and said in below(found.plot("policies", metric="lag_1"))
    assert said in below(found.plot("differences"))
    assert "t_owner_2" in found.plot("policies").texts[0].get_text()  # a date, where nothing is asked for
    assert "the reveal itself" not in below(found.plot("differences", metric="t_owner_2"))
    assert "the reveal itself" not in below(compose(found, chosen=[NOBODY]))


def test_an_answer_ranks_dates_where_the_reveal_moves():
    from experiments.reporting.answers import of_comparison

    found = compare("toy", [LATER, "code-never"], runs=40, seed=2, threads=1)
    said = of_comparison(found)
    later = " ".join(said[LATER])
    assert "t_owner_" in later and not re.search(r"(^|[ .])lag_\w+ \(|difference in lag", later)
    assert "lag_" in " ".join(said["code-never"])
    only = compare("toy", [LATER], runs=10, seed=2, threads=1, metrics=["lag_1"])
    assert any("ask for t_owner_K" in sentence for sentence in of_comparison(only)[LATER])


@pytest.mark.parametrize("explained, told", [(0.0, False), (0.004, False), (0.2, True), (math.nan, True)])
def test_what_explains_nothing_is_not_said_to_drive(explained, told, monkeypatch):
    from experiments.analyses import Driver
    from experiments.reporting import answers

    monkeypatch.setattr(answers, "drivers", lambda *given: ([Driver("x", 0.1, 0.1, False)], explained))
    found = compare("gpt3", ["code-never"], runs=6, seed=2, threads=2, metrics=["lag_1", "n_dev"])
    assert any("What drives" in each for each in answers.of_comparison(found)["code-never"]) == told
