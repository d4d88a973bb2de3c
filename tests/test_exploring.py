"""Analyses of sweeps: each finds a known answer, says what it assumes, and refuses what would mislead."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from terminal import cascades

from experiments import analyses, dominance
from experiments.answers.page import page_text, read_page
from experiments.exploring import boxes as prim
from experiments.exploring import indices, searching, trees
from experiments.exploring.boxes import Box, Limit
from experiments.exploring.choosing import robust
from experiments.exploring.depending import sensitivity
from experiments.exploring.discovery import discover
from experiments.exploring.futures import futures_of
from experiments.exploring.knowing import information, worth_of
from experiments.exploring.sample import Sample, make_sample, outcome_of
from experiments.exploring.searching import read_lever, search
from experiments.figures.sheet import WIDE
from experiments.figures.study import compose
from experiments.origins import moved_in, origins
from sim.errors import UserError
from sim.scenario import CONFIGS, load

NAMES = ["a", "b", "c", "inert"]
ISHIGAMI_FIRST = {"a": 0.3139, "b": 0.4424, "c": 0.0, "inert": 0.0}  # Ishigami and Homma 1990, with 7 and 0.1
ISHIGAMI_TOTAL = {"a": 0.5576, "b": 0.4424, "c": 0.2437, "inert": 0.0}
ISHIGAMI_VARIANCE = 13.8446


def ishigami(table: np.ndarray) -> np.ndarray:
    return np.sin(table[:, 0]) + 7 * np.sin(table[:, 1]) ** 2 + 0.1 * table[:, 2] ** 4 * np.sin(table[:, 0])


def saltelli(base: int, pairs: bool = False, inputs: int = 4) -> np.ndarray:
    """The design of Saltelli, written down once more, from two scrambled Sobol' samples."""
    from scipy.stats import qmc

    both = qmc.Sobol(2 * inputs, seed=5).random(base)
    a, b = both[:, :inputs], both[:, inputs:]
    blocks = [a]
    for most, one in ((a, b), (b, a)) if pairs else ((a, b),):
        for column in range(inputs):
            mixed = most.copy()
            mixed[:, column] = one[:, column]
            blocks.append(mixed)
    return (np.stack([*blocks, b], axis=1).reshape(-1, inputs) * 2 - 1) * math.pi


def caption_of(report, facts=None) -> str:
    """The words below the figure of a report."""
    figure = compose(report.page(facts), WIDE)
    return " ".join(one.get_text() for one in figure.texts if one.get_gid() == "caption")


def uniform(rows: int, inputs: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).uniform(size=(rows, inputs))


def frame(table: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(table, columns=NAMES[: table.shape[1]])


# ---------------------------------------------------------------- Sobol', Morris


def test_sobol_indices_of_ishigami_are_those_of_the_book():
    table = saltelli(1024)
    found, pairs = indices.sobol(table, ishigami(table), NAMES)
    assert pairs == []
    for index in found:
        assert index.first == pytest.approx(ISHIGAMI_FIRST[index.name], abs=0.05)
        assert index.total == pytest.approx(ISHIGAMI_TOTAL[index.name], abs=0.05)
        assert index.first_half < 0.1
    assert (found[3].first, found[3].total) == (0.0, 0.0)


def test_a_pair_that_acts_together_is_found():
    table = saltelli(1024, pairs=True)
    _, pairs = indices.sobol(table, ishigami(table), NAMES)
    best = max(pairs, key=lambda pair: pair.share)
    assert (best.one, best.other) == ("a", "c")
    assert best.share == pytest.approx(0.2437, abs=0.08)
    assert all(pair.share < pair.half for pair in pairs if pair is not best)


def test_rows_in_another_order_are_refused_not_analysed():
    table = saltelli(64)
    shuffled = table[np.random.default_rng(1).permutation(len(table))]
    with pytest.raises(UserError, match="order"):
        indices.sobol(shuffled, ishigami(shuffled), NAMES)
    with pytest.raises(UserError, match="Morris"):
        indices.morris(shuffled, ishigami(shuffled), NAMES)
    assert (
        sensitivity(make_sample(frame(shuffled), {"y": ishigami(shuffled)}), "y").asked["method"]
        == "given-data"
    )


def test_one_nan_is_refused_and_named():
    table = saltelli(64)
    outcome = ishigami(table)
    outcome[7] = math.nan
    with pytest.raises(UserError, match=r"points 7\)"):
        indices.sobol(table, outcome, NAMES)
    with pytest.raises(UserError, match="point 7 run 0"):
        sensitivity(make_sample(frame(table), {"y": outcome}), "y")


def test_an_outcome_that_does_not_vary_is_refused():
    table = saltelli(64)
    with pytest.raises(UserError, match="same at every point"):
        indices.sobol(table, np.full(len(table), 3.0), NAMES)


def test_morris_finds_the_steps_of_a_line():
    grid = np.array([0.0, 1 / 3, 2 / 3, 1.0])
    chooser = np.random.default_rng(2)
    rows = []
    for _ in range(10):
        at = grid[chooser.integers(0, 2, 3)].copy()
        rows.append(at.copy())
        for column in chooser.permutation(3):
            at[column] += 2 / 3
            rows.append(at.copy())
    table = np.array(rows)
    found = indices.morris(table, 6 * table[:, 0] - 3 * table[:, 1], ["up", "down", "inert"])
    assert [effect.size for effect in found] == pytest.approx(
        [4.0, 2.0, 0.0]
    )  # of one step, 2/3 of the range
    assert [effect.mean for effect in found] == pytest.approx([4.0, -2.0, 0.0])
    assert [effect.spread for effect in found] == pytest.approx([0.0, 0.0, 0.0], abs=1e-12)
    assert [effect.sure for effect in found] == [True, True, False]


# ---------------------------------------------------------------- luck


def noisy(replicates: int, own_luck: bool, size: float = 2.0) -> Sample:
    table = saltelli(512)
    chooser = np.random.default_rng(3)
    shape = (len(table), replicates)
    luck = chooser.normal(size=shape if own_luck else (1, replicates)) * size
    seed = np.arange(shape[0] * shape[1]) if own_luck else None
    return make_sample(frame(table), {"y": ishigami(table)[:, None] + luck * np.ones(shape)}, seed=seed)


def test_luck_of_their_own_shows_as_an_effect_and_is_said():
    sample = noisy(3, own_luck=True)
    left = 4 / 3 / (ISHIGAMI_VARIANCE + 4 / 3)  # of the variance of means of three runs
    luck = indices.noise(sample.matrix(sample.values["y"]), sample.paired)
    assert luck.single == pytest.approx(4 / (ISHIGAMI_VARIANCE + 4), abs=0.02)
    assert luck.left == pytest.approx(left, abs=0.01)
    report = sensitivity(sample, "y")
    rows = {row["input"]: row for row in report.rows("sobol")}
    assert rows["inert"]["total"] == pytest.approx(left, abs=0.02)  # so it is not called an effect
    assert [name for name in NAMES if rows[name]["sure"]] == ["a", "b", "c"]
    assert "an input without effect would show a total index of about 0.09" in report.text


def test_the_same_luck_at_every_point_shows_nothing():
    report = sensitivity(noisy(3, own_luck=False), "y")
    rows = {row["input"]: row for row in report.rows("sobol")}
    assert rows["inert"]["total"] == pytest.approx(0.0, abs=1e-12)
    assert "same luck" in report.text


def test_intervals_count_the_luck_of_few_runs():
    """The same luck at every point does not show as an effect, but which luck it was moves the indices."""
    table, chooser = saltelli(256, inputs=2), np.random.default_rng(12)
    unit = table / (2 * math.pi) + 0.5
    slopes = 1 + chooser.normal(size=4)  # of a in each luck; that of b is 1 in all
    outcome = slopes * unit[:, [0]] + unit[:, [1]]
    few, _ = indices.sobol(table, outcome, ["a", "b"])
    many, _ = indices.sobol(table, outcome.mean(axis=1), ["a", "b"])
    assert few[0].total == pytest.approx(many[0].total)
    slope, error = slopes.mean(), slopes.std(ddof=1) / 2  # the index is slope² / (slope² + 1)
    by_luck = math.sqrt(few[0].total_half ** 2 - many[0].total_half ** 2)
    assert by_luck == pytest.approx(1.645 * error * 2 * slope / (slope**2 + 1) ** 2, rel=0.3)
    alike, _ = indices.sobol(table, np.tile(outcome[:, :1], (1, 4)), ["a", "b"])
    single, _ = indices.sobol(table, outcome[:, 0], ["a", "b"])
    assert alike[0].total_half == pytest.approx(single[0].total_half)


def test_one_run_of_own_luck_is_said_to_hide_it():
    table = saltelli(64)
    seeds = np.arange(len(table))
    report = sensitivity(make_sample(frame(table), {"y": ishigami(table)}, seed=seeds), "y")
    assert "luck cannot be told from inputs" in report.text


def test_what_is_not_larger_than_its_interval_is_said():
    table = saltelli(16)
    report = sensitivity(make_sample(frame(table), {"y": ishigami(table)}), "y")
    unsure = [row["input"] for row in report.rows("sobol") if not row["sure"]]
    assert "inert" in unsure
    assert "not larger than its interval" in report.text


def test_points_with_other_numbers_of_runs_are_refused():
    design = pd.DataFrame({"a": [0.0, 1.0]})
    sample = make_sample(design, {"y": [1.0, 2.0, 3.0]}, point=[0, 0, 1], run=[0, 1, 0])
    with pytest.raises(UserError, match="point 1 has 1 runs and point 0 has 2"):
        sample.matrix(sample.values["y"])


# ---------------------------------------------------------------- given data


def test_given_data_find_ishigami_in_any_sample():
    table = (uniform(4000, 4) * 2 - 1) * math.pi
    report = sensitivity(make_sample(frame(table), {"y": ishigami(table)}), "y")
    rows = {row["input"]: row for row in report.rows("given_data")}
    for name in NAMES:
        assert rows[name]["share"] == pytest.approx(ISHIGAMI_FIRST[name], abs=0.04)
    assert rows["c"]["share"] <= rows["c"]["share_by_chance"]
    assert rows["c"]["distance"] > 1.5 * rows["c"]["distance_by_chance"]  # moves the spread, not the mean
    assert "These change its distribution but not its mean, beyond what chance shows: c" in report.text


def test_chance_is_exceeded_in_one_case_of_twenty():
    sure = 0
    for seed in range(60):
        column, outcome = uniform(200, 2, seed).T
        found = indices.associations([column], [False], ["x"], outcome, seed=seed)[0]
        sure += found.share > found.chance
    assert sure <= 9  # 3 are expected; 9 or more come in 4 of 1000 such tests


def test_words_have_the_share_of_their_means():
    chooser = np.random.default_rng(4)
    words = chooser.choice(["low", "high"], 4000)
    outcome = np.where(words == "high", 1.0, -1.0) + chooser.normal(size=4000)
    design = pd.DataFrame({"word": words, "inert": chooser.choice(list("xyz"), 4000)})
    rows = {r["input"]: r for r in sensitivity(make_sample(design, {"y": outcome}), "y").rows("given_data")}
    assert rows["word"]["share"] == pytest.approx(0.5, abs=0.03)
    assert rows["word"]["distance"] == pytest.approx(
        (2 * 0.8413 - 1) / 2, abs=0.03
    )  # half of that between them
    assert not rows["inert"]["sure"]


def test_the_distance_is_that_of_salib():
    from SALib.analyze import pawn

    table = (uniform(2000, 1) * 2 - 1) * math.pi
    outcome = np.sin(table[:, 0]) + uniform(2000, 1, 9)[:, 0]
    problem = {"num_vars": 1, "names": ["a"], "bounds": [[-math.pi, math.pi]]}
    expected = float(pawn.analyze(problem, table, outcome, S=10)["mean"][0])
    classes = np.searchsorted(
        np.quantile(table[:, 0], np.linspace(0, 1, 11))[1:-1], table[:, 0], side="right"
    )
    found = indices.distribution_distance(np.unique(outcome, return_inverse=True)[1], classes)
    assert found == pytest.approx(expected, abs=2e-3)  # SALib leaves the largest point out


def test_inputs_that_go_together_are_named():
    x = uniform(500, 2)
    design = pd.DataFrame({"cause": x[:, 0], "shadow": x[:, 0] + 0.2 * x[:, 1]})
    report = sensitivity(make_sample(design, {"y": x[:, 0]}), "y")
    assert "go together" in report.text
    assert "cause and shadow (+0.9" in report.text


def test_drawn_inputs_are_seen_and_points_are_not_counted_as_many():
    chooser = np.random.default_rng(6)
    count, runs = 6, 200
    drawn = chooser.normal(size=count * runs)
    design = pd.DataFrame({"knob": np.arange(count, dtype=float), "idle": uniform(count, 1, 8)[:, 0]})
    point_luck = np.repeat(chooser.normal(size=count), runs)  # differs between points, whatever idle is
    sample = make_sample(
        design,
        {"y": drawn + point_luck},
        point=np.repeat(np.arange(count), runs),
        run=np.tile(np.arange(runs), count),
        seed=np.arange(count * runs),
        drawn=pd.DataFrame({"input:x": drawn}),
    )
    rows = {row["input"]: row for row in sensitivity(sample, "y", method="given-data").rows("given_data")}
    assert rows["input:x"]["sure"]
    assert rows["input:x"]["share"] > 0.4
    assert not rows["idle"]["sure"]  # which 1200 runs would show, were they counted as so many points


def shared_luck(runs: int, effect: float = 0.0) -> Sample:
    """Fifty points that share the luck of some runs, which matters much; eight inputs are drawn with it."""
    chooser = np.random.default_rng(11)
    draws = chooser.normal(size=(runs, 8))
    luck = 3 * chooser.normal(size=runs) + effect * draws[:, 0]
    design = pd.DataFrame({"knob": chooser.uniform(size=50)})
    return make_sample(
        design,
        {"y": design["knob"].to_numpy()[:, None] + luck + 0.1 * chooser.normal(size=(50, runs))},
        drawn=pd.DataFrame(np.tile(draws, (50, 1)), columns=[f"input:x{place}" for place in range(8)]),
    )


def test_inputs_drawn_in_few_lucks_that_all_points_share_are_not_taken_for_causes():
    """Ten runs are ten draws, however many points they stand at: each input would explain all of the luck."""
    for report in (
        sensitivity(shared_luck(10), "y", method="given-data"),
        discover(shared_luck(10), "y > 2"),
    ):
        assert "The 8 drawn inputs are left out" in report.text
        assert "input:x" not in report.text
    rows = sensitivity(shared_luck(40), "y", method="given-data").rows("given_data")
    assert sum(row["sure"] for row in rows if row["input"] != "knob") <= 2  # of eight that tell nothing
    rows = sensitivity(shared_luck(40, effect=6.0), "y", method="given-data").rows("given_data")
    assert rows[0]["input"] == "input:x0" and rows[0]["sure"]
    report = discover(shared_luck(40), "y > 2")
    assert not any(row["input"].startswith("input:") for row in report.rows("prim") + report.rows("cart"))


# ---------------------------------------------------------------- never, and time


def dated(values, end: float = 24.0, **kept) -> Sample:
    design = pd.DataFrame({"a": np.linspace(0, 1, len(values))})
    return make_sample(design, {"t_x": values, **kept}, dates=["t_x", *kept], end=end)


def test_what_never_comes_counts_as_the_end_and_is_said():
    outcome = outcome_of(dated([3.0, 9.0, math.inf, math.inf]), "t_x")
    assert outcome.values.tolist() == [3.0, 9.0, 24.0, 24.0]
    assert "never comes in 50 % of runs" in outcome.notes[0]
    mostly = outcome_of(dated([3.0, math.inf, math.inf, math.inf]), "t_x")
    assert any("whether it comes" in note for note in mostly.notes)


def often_never() -> Sample:
    """Two policies in forty states: the date never comes in a quarter of runs; 24 months are simulated."""
    x = (np.arange(40) + 0.5) / 40
    design = pd.DataFrame({"policy": ["a"] * 40 + ["b"] * 40, "x": np.tile(x, 2)})
    dates = np.concatenate([np.where(x < 0.5, math.inf, 20 * x), 3 + 10 * x])
    return make_sample(design, {"t_x": dates, "cost": np.tile(x, 2)}, dates=["t_x"], end=24.0)


@pytest.mark.parametrize(
    ("find", "counted"),
    [
        (lambda s: sensitivity(s, "t_x"), "the end of the simulated time, 24 months"),
        (lambda s: sensitivity(s, "t_x", never="rank"), "the last rank, all alike"),
        (lambda s: sensitivity(s, "t_x", by=9), "not come by then"),
        (lambda s: sensitivity(s, "t_x", over_time=True), "not come by then"),
        (lambda s: discover(s, "t_x > 9"), "above 9"),
        (lambda s: discover(s, "t_x - cost > 9"), "later than any that comes"),
        (lambda s: robust(s, ["t_x:less", "cost:more"], arms=["policy"]), "the end of the simulated time"),
        (lambda s: robust(s, [], satisfy="t_x < 9", arms=["policy"]), "above 9"),
        (lambda s: information(s, "t_x:less", arms=["policy"]), "the end of the simulated time, 24 months"),
    ],
)
def test_report_and_caption_say_what_share_never_comes_and_as_what_it_counts(find, counted):
    report = find(often_never())
    says = f"t_x never comes in 25 % of runs: they count as {counted}"
    assert says in " ".join(report.text.split())
    assert says in caption_of(report)


def test_what_never_comes_in_some_run_of_a_search_stands_below_its_figure(made_up, tmp_path, monkeypatch):
    simulated = searching._simulated
    monkeypatch.setattr(searching, "_simulated", lambda *given: (simulated(*given)[0], [0.3, 0.0]))
    said = caption_of(look(tmp_path / "s").report)
    assert "lag_2 never comes in up to 30% of the runs of a trial: they count as the end of the" in said


def test_a_page_that_was_saved_says_the_same_again(tmp_path):
    report = robust(often_never(), ["t_x:less", "cost:more"], arms=["policy"])
    report.save(tmp_path / "kept")
    page = read_page(tmp_path / "kept", {})
    assert page.notes == report.page().notes and page.notes[0].startswith("t_x never comes")
    assert page_text(page) == page_text(report.page())


def test_a_figure_over_time_has_whole_months_and_says_what_its_dashes_are():
    """Months 3 to 13 in a sweep of 4,000 runs: every tick is a whole month, and n stands on one line."""
    chooser = np.random.default_rng(11)
    x = chooser.uniform(size=4000)
    sample = make_sample(frame(np.column_stack([x, chooser.uniform(size=4000)])), {"t_x": 3 + 10 * x},
                         dates=["t_x"], end=24.0)  # fmt: skip
    report = sensitivity(sample, "t_x", over_time=True)
    facts = {"scenario": "toy", "points": 4000, "blocks": [{"seed": 1, "runs": 1}]}
    figure = compose(report.page(facts), 100.0)
    (axes,) = figure.axes
    assert all(tick == int(tick) for tick in axes.get_xticks())
    assert any("n = 4,000" in line for line in axes.get_ylabel().splitlines())
    assert "dashed only to be told apart" in caption_of(report)
    assert report.page().panels[0].title == "Inputs on which it depends whether t_x has come"


def test_ranks_do_not_depend_on_how_late_never_is():
    assert outcome_of(dated([3.0, 9.0, math.inf, math.inf]), "t_x", "rank").values.tolist() == pytest.approx(
        [0.0, 1 / 3, 5 / 6, 5 / 6]
    )


def test_whether_it_comes_by_a_month_needs_no_assumption():
    sample = dated([3.0, 9.0, math.inf, 20.0])
    assert outcome_of(sample, "t_x", by=12).values.tolist() == [1.0, 1.0, 0.0, 0.0]
    with pytest.raises(UserError, match="0 to 24 months"):
        outcome_of(sample, "t_x", by=30)


@pytest.mark.parametrize("never", ["end", "rank"])
def test_what_comes_in_no_run_is_refused(never):
    with pytest.raises(UserError, match="never comes in any run"):
        outcome_of(dated([math.inf] * 4), "t_x", never)


def test_lags_that_begin_late_are_said():
    sample = make_sample(
        pd.DataFrame({"a": [0.0, 1.0]}),
        {"lag_1": [math.inf, math.inf], "reveal": [2.0, 20.0]},
        dates=["lag_1", "reveal"],
        end=24.0,
    )
    assert (
        "In 50 % of runs it begins less than 6 months before the end"
        in outcome_of(sample, "lag_1", by=6).notes[-1]
    )


def test_over_time_an_early_cause_gives_way_to_a_late_one():
    table = saltelli(128, inputs=2)
    report = sensitivity(
        make_sample(frame(table), {"n@3": table[:, 0], "n@6": table[:, 1], "n@1": np.ones(len(table))}),
        "n",
        over_time=True,
    )
    found = {(row["month"], row["input"]): row["index"] for row in report.rows("over_time")}
    assert found[3.0, "a"] == pytest.approx(1.0, abs=0.05)
    assert found[6.0, "b"] == pytest.approx(1.0, abs=0.05)
    assert found[3.0, "b"] == found[6.0, "a"] == 0.0
    assert "month 1." in report.text  # where nothing varies


def test_a_date_over_time_is_read_as_come_or_not():
    table = saltelli(128, inputs=2)
    unit = table / (2 * math.pi) + 0.5
    dates = np.where(unit[:, 1] > 0.5, math.inf, 1 + 10 * unit[:, 0])
    report = sensitivity(make_sample(frame(table), {"t": dates}, dates=["t"], end=24.0), "t", over_time=True)
    months = sorted({row["month"] for row in report.rows("over_time")})
    last = {row["input"]: row["index"] for row in report.rows("over_time") if row["month"] == months[-1]}
    assert last["b"] > 0.9  # at last it is only a question of b


# ---------------------------------------------------------------- boxes

MIXED = [False, False, False, True, False]


def mixed_table(rows: int = 1500, seed: int = 1) -> np.ndarray:
    chooser = np.random.default_rng(seed)
    return np.column_stack(
        [chooser.uniform(size=(rows, 3)), chooser.integers(0, 4, rows), chooser.integers(1, 6, rows)]
    )


def known_cases(table: np.ndarray) -> np.ndarray:
    return (
        (table[:, 0] > 0.3) & (table[:, 0] < 0.8) & (table[:, 1] < 0.4) & np.isin(table[:, 3], [1, 3])
    ).astype(float)


@pytest.mark.parametrize("mistaken", [0.0, 0.1])
def test_prim_finds_a_known_box_over_mixed_types(mistaken):
    table = mixed_table()
    cases = known_cases(table)
    wrong = np.random.default_rng(2).uniform(size=len(table)) < mistaken
    box, _, _ = prim.find_box(table, np.where(wrong, 1 - cases, cases), MIXED)
    assert set(box.limits) == {0, 1, 3}  # and nothing of what plays no part
    assert (box.limits[0].low, box.limits[0].high) == pytest.approx((0.3, 0.8), abs=0.05)
    assert box.limits[1].low == -math.inf
    assert box.limits[1].high == pytest.approx(0.4, abs=0.05)
    assert box.limits[3].levels == {1, 3}
    held = prim.held_out_score(table, np.where(wrong, 1 - cases, cases), MIXED)
    assert held.density > (0.9 if mistaken == 0.0 else 0.75)


def test_prim_finds_nothing_in_luck():
    table = mixed_table()
    boxes = [
        prim.find_box(
            table, (np.random.default_rng(seed).uniform(size=len(table)) < 0.2).astype(float), MIXED
        )[0]
        for seed in range(6)
    ]
    assert sum(bool(box.limits) for box in boxes) <= 3  # of six samples; a limit in each would be 30


def test_a_box_is_scored_by_hand():
    table = np.array([[0.1], [0.2], [0.6], [0.7], [0.8]])
    cases = np.array([0.0, 1.0, 1.0, 1.0, 0.0])
    box = Box({0: Limit(low=0.5)})
    found = prim.score(box.inside(table), cases)
    assert (found.coverage, found.density, found.mass) == pytest.approx((2 / 3, 2 / 3, 0.6))
    # two or three of three, each with the chance 3/5 that a point has without the limit
    assert prim.quasi_p(box, table, cases)[0] == pytest.approx(0.6**3 + 3 * 0.6**2 * 0.4)


def test_shares_of_runs_count_as_such():
    table = uniform(800, 2)
    shares = np.where(table[:, 0] > 0.6, 0.9, 0.1)
    box, _, _ = prim.find_box(table, shares, [False, False])
    assert set(box.limits) == {0}
    assert prim.score(box.inside(table), shares).density == pytest.approx(0.9, abs=0.03)


def test_common_cases_have_a_box_too():
    table = uniform(800, 2)
    box, _, _ = prim.find_box(table, (table[:, 0] > 0.2).astype(float), [False, False])
    assert box.limits[0].low == pytest.approx(0.2, abs=0.02)


def test_equal_values_are_peeled_together():
    steps = [kept for _, kept in prim._cuts(np.repeat([1.0, 2.0, 3.0], 20), Limit(), False, 0.05)]
    assert [int(kept.sum()) for kept in steps] == [40, 40]


def test_the_tree_finds_a_known_leaf_and_nothing_in_luck():
    table = mixed_table()
    cases = ((table[:, 0] > 0.5) & (table[:, 3] == 2)).astype(float)
    leaves = trees.leaves(table, cases, MIXED, [0, 0, 0, 4, 0])
    assert np.sum([leaf.inside(table) for leaf in leaves], axis=0).tolist() == [1] * len(table)
    best = max(leaves, key=lambda leaf: prim.score(leaf.inside(table), cases).density)
    assert prim.score(best.inside(table), cases).coverage > 0.97
    assert best.limits[0].low == pytest.approx(0.5, abs=0.02)
    assert best.limits[3].levels == {2}
    assert len(trees.leaves(table, uniform(len(table), 1, 7)[:, 0].round(), MIXED, [0, 0, 0, 4, 0])) == 1


def discovery_sample() -> Sample:
    table = mixed_table()
    names = ["delay:months", "open", "quick", "spicy"]
    design = pd.DataFrame(
        {
            "trends.rent_decline": table[:, 0],
            "idle": table[:, 1],
            "policy": [names[int(v)] for v in table[:, 3]],
        }
    )
    never = (table[:, 0] < 0.4) & (table[:, 3] == 2)
    return make_sample(design, {"lag_5": np.where(never, math.inf, 10.0)}, dates=["lag_5"], end=43.0)


def test_a_box_that_is_no_denser_than_all_is_not_given():
    """Nine in ten where a > 0.4, half of the rest where b > 0.5: the second box is thinner than all."""
    table = uniform(4000, 2, seed=3)
    chance = np.where(table[:, 0] > 0.4, 0.9, np.where(table[:, 1] > 0.5, 0.5, 0.0))
    cases = np.random.default_rng(4).uniform(size=4000) < chance
    report = discover(make_sample(frame(table), {"y": cases.astype(float)}), "y > 0", boxes=3)
    whole = cases.mean()
    assert {row["box"] for row in report.rows("prim")} == {1}
    assert all(row["density"] > whole for row in report.rows("prim"))
    text = " ".join(report.text.split())
    assert "No box 2: the best one, among the" in text and f"not above the {whole:.0%} of all points" in text
    assert int(re.search(r"among the \d+ points left \((\d+) % of them cases\)", text)[1]) < 100 * whole


def test_a_later_box_says_among_what_it_was_sought():
    """Dense at the end of one input, less so at that of another: the second box is of what the first left."""
    table = uniform(3000, 2, seed=5)
    chance = np.where(table[:, 0] > 0.8, 0.9, np.where(table[:, 1] > 0.8, 0.6, 0.05))
    cases = np.random.default_rng(6).uniform(size=3000) < chance
    report = discover(make_sample(frame(table), {"y": cases.astype(float)}), "y > 0", boxes=2)
    rows = {row["box"]: row for row in report.rows("prim")}
    assert rows[1]["density_where_sought"] == pytest.approx(cases.mean())
    assert rows[2]["density_where_sought"] < rows[1]["density_where_sought"] < rows[2]["density"]
    assert "Box 2, among the" in " ".join(report.text.split())


def test_a_step_that_there_is_not_is_refused_with_the_range():
    table = uniform(500, 2, seed=6)
    sample = make_sample(frame(table), {"y": (table[:, 0] > 0.6).astype(float)})
    with pytest.raises(UserError, match=r"step = 999: must lie between 1 and (\d+)") as refused:
        discover(sample, "y > 0", step=999)
    last = int(re.search(r"between 1 and (\d+)", str(refused.value))[1])
    assert discover(sample, "y > 0", step=last).rows("prim")
    for step in (last + 1, 0, -1):
        with pytest.raises(UserError, match=f"step = {step}: must lie between 1 and {last}"):
            discover(sample, "y > 0", step=step)


def test_leaves_are_drawn_with_share_interval_size_and_rule():
    table = uniform(600, 2, seed=7)
    sample = make_sample(frame(table), {"y": (table[:, 0] > 0.6).astype(float)})
    report = discover(sample, "y > 0")
    panel = next(finding for finding in report.findings if finding.kind == "cart").panels[0]
    dense, thin = panel.marks
    assert (
        "a is above 0.6" in dense.group
        and "highest" not in dense.group
        and dense.label.startswith("leaf 1: ")
    )
    assert (dense.middle.low, thin.middle.low) == (pytest.approx(100), pytest.approx(0))
    assert 95 < dense.band.low < dense.band.high == 100
    assert panel.level == pytest.approx(100 * float((table[:, 0] > 0.6).mean()))
    assert "box 1 lies off the curve" in caption_of(report).lower()


def test_tables_are_numbered_from_one(tmp_path):
    table = uniform(300, 2, seed=8)
    discover(make_sample(frame(table), {"y": (table[:, 0] > 0.6).astype(float)}), "y > 0").save(
        tmp_path / "out"
    )
    assert sorted(path.name for path in (tmp_path / "out").glob("*.csv")) == ["1_prim.csv", "2_cart.csv"]


def test_boxes_are_said_in_words():
    report = discover(discovery_sample(), "lag_5 never", boxes=1)
    assert "trends.rent_decline is below 0.4" in report.text
    assert "and policy is quick" in report.text or "policy is quick and" in report.text
    assert "fall of the rent" in report.text  # what the path means
    row = next(row for row in report.rows("prim") if row["input"] == "policy")
    assert (row["levels"], row["coverage"], row["density"]) == ("quick", pytest.approx(1, abs=0.03), 1.0)
    assert report.rows("cart")


@pytest.mark.parametrize(
    ("when", "says"),
    [
        ("lag_5 > 60", "beyond the simulated time of 43 months"),
        ("lag_5", "write A < B"),
        ("lag_6 > 3", "did you mean 'lag_5'"),
        ("lag_5 > 42", ""),
        ("lag_5 < 5", "holds in 0 of 1500 points"),
    ],
)
def test_what_cannot_be_looked_for_is_explained(when, says):
    if not says:
        assert "quick" in discover(discovery_sample(), when).text
        return
    with pytest.raises(UserError, match=says):
        discover(discovery_sample(), when)


def test_what_is_left_out_shares_no_value_with_what_is_worked_with():
    point, luck = np.repeat(np.arange(40), 30), np.tile(np.arange(30), 40)
    groups = prim.groups_of_rows([point, point, luck, luck], np.arange(1200) % 7 > 0)
    assert groups is not None
    seen = 0
    for used, left in prim.parts_of(len(groups[0]), groups, 3, seed=1):
        assert left.any()
        for group in (groups[0], groups[2]):
            assert not set(group[used]) & set(group[left])
        seen += int(left.sum())
    assert 0.2 < seen / len(groups[0]) < 0.5  # a third, as both must be left out


# ---------------------------------------------------------------- policies


def choice(paired: bool = True) -> Sample:
    """Three arms in four states of two runs: payoffs that a person can rank."""
    table = np.array(
        [[[4, 4], [4, 4], [0, 0], [0, 0]], [[3, 3], [3, 3], [3, 3], [3, 3]], [[1, 1], [1, 1], [1, 1], [4, 4]]]
    )
    design = pd.DataFrame([{"policy": p, "state": s} for p in ("risky", "safe", "odd") for s in range(4)])
    seed = None if paired else np.arange(24)
    return make_sample(design, {"good": table.reshape(12, 2), "cost": 5.0 - table.reshape(12, 2)}, seed=seed)


@pytest.mark.parametrize("paired", [True, False])
def test_regret_is_what_a_person_finds(paired):
    futures = futures_of(choice(paired), ["policy"])
    assert futures.values(futures.sample.values["good"]).shape == (3, 8 if paired else 4)
    rows = {row["arm"]: row for row in robust(choice(paired), "good:more", arms=["policy"]).rows("regret")}
    # best in the four states: 4, 4, 3, 4
    assert rows["risky"]["regret"] == pytest.approx((0 + 0 + 3 + 4) / 4)
    assert rows["safe"]["regret"] == pytest.approx((1 + 1 + 0 + 1) / 4)
    assert rows["odd"]["regret"] == pytest.approx((3 + 3 + 2 + 0) / 4)
    assert (rows["risky"]["regret_most"], rows["safe"]["regret_most"]) == (4, 1)
    assert [rows[arm]["best"] for arm in ("risky", "safe", "odd")] == pytest.approx([0.5, 0.25, 0.25])
    assert (rows["safe"]["worst_tenth"], rows["risky"]["worst_tenth"]) == (3, 0)


def test_satisficing_and_pareto_are_what_a_person_finds():
    report = robust(choice(), ["good:more", "cost:more"], satisfy=["good >= 3", "cost < 4"], arms=["policy"])
    shares = {row["arm"]: row["share"] for row in report.rows("satisficing")}
    assert shares == {"risky": 0.5, "safe": 1.0, "odd": 0.25}
    kept = {row["arm"]: row["undominated"] for row in report.rows("pareto")}
    assert kept == {
        "risky": True,
        "safe": True,
        "odd": True,
    }  # what one gains in one goal it loses in the other
    alone = robust(choice(), ["good:more", "cost:less"], arms=["policy"]).rows("pareto")
    assert {row["arm"]: row["undominated"] for row in alone}["safe"]


def three_arms() -> Sample:
    """In ten lucks: best has the most x, by luck; cheap the most y, surely; poor less of both, x by luck."""
    swing = np.tile([3.0, -2.0], 5)  # of mean 0.5, which ten runs do not tell from 0
    x = np.array([10 + swing, np.full(10, 10.0), np.full(10, 10.0) - 0.5 * swing])
    y = np.array([np.full(10, 1.0), np.full(10, 2.0), np.full(10, 1.5)])
    design = pd.DataFrame({"policy": ["best", "cheap", "poor"]})
    return make_sample(design, {"x": x, "y": y})


def test_the_front_is_that_of_the_means_and_luck_is_said_beside_it():
    """An arm that is best on average in a goal is on the front, however few the runs."""
    report = robust(three_arms(), ["x:more", "y:more"], arms=["policy"])
    rows = {row["arm"]: row for row in report.rows("pareto")}
    assert {arm: row["undominated"] for arm, row in rows.items()} == {
        "best": True,
        "cheap": True,
        "poor": False,
    }
    assert {arm: row["sure"] for arm, row in rows.items()} == {"best": False, "cheap": True, "poor": False}
    assert {arm: row["dominated_by"] for arm, row in rows.items()} == {
        "best": None, "cheap": None, "poor": "cheap"
    }  # fmt: skip
    text = " ".join(report.text.split())
    assert (
        "Pareto front of more x, more y" in text
        and "Dominated on average, which may be luck: poor by" in text
    )
    assert "On the front perhaps by luck, for some other may dominate it: best." in text
    assert "beaten" not in text.lower()
    panel = next(panel for finding in report.findings for panel in finding.panels if panel.sort == "points")
    assert panel.unsure == ["best", "poor"] and [point[-1] for point in panel.points] == [True, True, False]


def test_arms_of_the_same_means_do_not_dominate_each_other():
    """The same values in another order have the same mean, whatever the last digit of their sum."""
    values = np.array([0.1, 0.2, 0.3, 0.7, 1e3])
    same = dominance.standings([np.array([values, values[::-1], values - 1])])
    assert [one.front for one in same] == [True, True, False]
    assert same[2] == dominance.Standing(False, True, 0)
    twins = dominance.standings([np.array([values, values])])
    assert twins == [dominance.Standing(True, True), dominance.Standing(True, True)]


@pytest.mark.parametrize("runs", [2, 5, 200])
def test_more_runs_make_places_surer_and_not_the_front_larger(runs):
    """What is dominated on average is so in few runs as in many; that it is sure takes runs."""
    x = np.array([np.tile([0.0, 2.0], runs), np.tile([1.8, 0.0], runs)])
    found = dominance.standings([x, np.array([np.ones(2 * runs), np.ones(2 * runs)])])
    assert [one.front for one in found] == [True, False]
    assert found[1].by == 0 and found[1].sure is (2 * runs * (0.1 / 1.9) ** 2 > 1.645**2)


def test_numbers_of_a_sentence_are_of_one_format():
    """Mean regrets of 65 thousand with an interval beyond 100 thousand: thousands, and no powers of ten."""
    gain = np.array([[61_000.0, 180_000.0, 0.0, 20_000.0, 65_000.0, 90_000.0], [0.0] * 6])
    sample = make_sample(pd.DataFrame({"policy": ["act", "wait"]}), {"y": gain, "z": -gain})
    report = robust(sample, ["y:more", "z:more"], satisfy="y > 0", arms=["policy"])
    text = " ".join(report.text.split())
    assert "e+" not in text
    assert re.search(r"wait, 69,300 \(\d\d,\d00 to 1\d\d,\d00\)", text)


def test_policies_crossed_with_a_sample_are_compared_in_its_futures():
    """Act pays 2x - 1 for x evenly spread: it falls short of waiting by 1/4 on average, and wins in half."""
    x = (np.arange(200) + 0.5) / 200
    design = pd.DataFrame({"policy": ["wait"] * 200 + ["act"] * 200, "x": np.tile(x, 2)})
    outcome = np.concatenate([np.zeros(200), 2 * x - 1])
    sample = crossed_sample(design, outcome)
    rows = {row["arm"]: row for row in robust(sample, "y:more").rows("regret")}
    assert rows["act"]["regret"] == pytest.approx(0.25) and rows["act"]["best"] == pytest.approx(0.5)
    known = {row["input"]: row for row in information(sample, "y:more").rows("information")}
    assert known["x"]["worth"] == pytest.approx(0.25, abs=0.03)


def test_a_point_counts_once_however_many_levers_it_was_crossed_with():
    """Inert inputs, crossed with twelve policies: beyond chance in about one case of twenty, not more."""
    sure = 0
    for seed in range(20):
        chooser = np.random.default_rng(seed)
        states = pd.DataFrame(chooser.uniform(size=(60, 4)), columns=["x", "a", "b", "c"])
        design = pd.concat([states.assign(policy=f"p{at}") for at in range(12)], ignore_index=True)
        found = sensitivity(crossed_sample(design, np.tile(states["x"].to_numpy() ** 2, 12)), "y")
        rows = {row["input"]: row for row in found.rows("given_data")}
        assert rows["x"]["sure"]
        sure += sum(bool(rows[name]["share"] > rows[name]["share_by_chance"]) for name in "abc")
    assert sure <= 8


def crossed_sample(design, outcome):
    sample = make_sample(design, {"y": outcome})
    factors = tuple(replace(one, kind="policy") if one.name == "policy" else one for one in sample.factors)
    return replace(sample, factors=factors, settings={"crossed": True})


def test_policies_that_are_not_in_the_same_states_are_refused():
    design = pd.DataFrame({"policy": ["a", "b", "a", "b"], "x": [0.1, 0.2, 0.3, 0.4]})
    with pytest.raises(
        UserError, match="4 of 8 combinations of policy with the other factors are not in this sweep"
    ):
        robust(make_sample(design, {"y": [1.0, 2.0, 3.0, 4.0]}), "y:more", arms=["policy"])


def test_what_cannot_be_chosen_is_explained():
    with pytest.raises(UserError, match="neither levers nor policies"):
        robust(choice(), "good:more")
    with pytest.raises(UserError, match="METRIC:more or METRIC:less"):
        robust(choice(), "good", arms=["policy"])
    with pytest.raises(UserError, match="did you mean 'policy'"):
        robust(choice(), "good:more", arms=["polcy"])


# ---------------------------------------------------------------- information


@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_knowing_a_normal_input_is_worth_what_the_formula_says(noise):
    """Do nothing (0), or act for x + noise with x standard normal: E max(0, x) = 1 / sqrt(2 pi)."""
    chooser = np.random.default_rng(8)
    x, rest, inert = chooser.normal(size=(3, 4000))
    payoffs = np.stack([np.zeros(4000), x + noise * rest])
    known = worth_of(payoffs, x, False)
    assert known.value == pytest.approx(1 / math.sqrt(2 * math.pi), abs=0.03)
    assert known.sure
    assert known.half < 0.03
    perfect = analyses.perfect_information(payoffs)
    assert perfect == pytest.approx(math.sqrt((1 + noise**2) / (2 * math.pi)), abs=0.03)
    assert worth_of(payoffs, inert, False).value < 0.02


def test_knowing_a_word_is_worth_what_the_formula_says():
    chooser = np.random.default_rng(9)
    word = chooser.integers(0, 2, 4000).astype(float)
    payoffs = np.stack([np.zeros(4000), 2 * word - 1 + chooser.normal(size=4000)])
    assert worth_of(payoffs, word, True).value == pytest.approx(0.5, abs=0.04)


def test_an_input_that_tells_nothing_is_beyond_chance_in_one_case_of_twenty():
    sure = 0
    for seed in range(60):
        chooser = np.random.default_rng(seed)
        payoffs = np.stack([np.zeros(400), chooser.normal(size=400), chooser.normal(size=400)])
        sure += worth_of(payoffs, chooser.normal(size=400), False, seed=seed).sure
    assert sure <= 9


def test_knowing_an_input_that_does_not_change_the_choice_is_worth_nothing():
    x = uniform(500, 1)[:, 0]
    assert worth_of(np.stack([x, x + 1]), x, False).value == 0.0


def test_information_names_the_input_that_decides():
    chooser = np.random.default_rng(10)
    states = pd.DataFrame({"x": chooser.uniform(size=300), "idle": chooser.uniform(size=300)})
    design = pd.concat([states.assign(policy=name) for name in ("wait", "act")], ignore_index=True)
    outcome = np.concatenate([np.zeros(300), 2 * states["x"] - 1])  # E max(0, 2x - 1) = 1/4
    report = information(make_sample(design, {"y": outcome}), "y:more", arms=["policy"])
    rows = {row["input"]: row for row in report.rows("information")}
    assert rows["x"]["worth"] == pytest.approx(0.25, abs=0.03)
    assert rows["x"]["sure"] and not rows["idle"]["sure"]


# ---------------------------------------------------------------- search

LEVERS = ["delay:months=0..12", "effects.code.work=0.1..0.7", "policy=base|weights-never"]
GOALS = ["lag_2:more", "spending:less"]


@pytest.fixture
def made_up(monkeypatch):
    """A world without luck: lag is the delay, code saves spending, and delay costs under one policy."""

    def simulated(base, levers, settings, goals, runs, seed, threads, first_run):
        months, work = float(settings["delay:months"]), float(settings["effects.code.work"])
        cost = 1 - work + (months / 12 if settings["policy"] == "base" else 0.0)
        return np.tile([months, cost], (runs, 1)), [0.0, 0.0]

    monkeypatch.setattr(searching, "_simulated", simulated)


def look(out, trials: int = 30, **options):
    return search(load("toy"), LEVERS, GOALS, out, trials=trials, runs=4, population=10, **options)


def test_a_search_comes_near_a_known_front(made_up, tmp_path):
    found = look(tmp_path / "s", trials=100)
    best = max(found.front, key=lambda trial: 0.1 * trial.means[0] - trial.means[1])
    assert best.settings["policy"] == "weights-never"
    assert best.means[0] >= 10  # of 12
    assert best.means[1] <= 0.4  # of 0.3 to 1.9
    assert json.loads((tmp_path / "s" / searching.ASKED).read_text())["population"] == 10


def test_a_search_that_is_broken_off_goes_on_as_if_it_was_not(made_up, tmp_path, monkeypatch):
    whole = look(tmp_path / "whole")
    done = 0

    def stop(_):
        nonlocal done
        done += 1
        if done == 12:
            raise KeyboardInterrupt

    broken = look(tmp_path / "broken", progress=stop)
    assert broken.interrupted
    assert broken.trials == whole.trials[:12]
    simulated = searching._simulated

    def killed(*arguments):
        raise RuntimeError("killed")

    monkeypatch.setattr(searching, "_simulated", killed)  # between asking for a trial and telling its outcome
    with pytest.raises(RuntimeError):
        look(tmp_path / "broken")
    monkeypatch.setattr(searching, "_simulated", simulated)
    with (tmp_path / "broken" / searching.JOURNAL).open("a") as journal:
        journal.write('{"op_code":6,"worker')  # and while a line was written
    again = look(tmp_path / "broken")
    assert again.trials == whole.trials
    assert again.report.text == whole.report.text
    assert look(tmp_path / "whole", trials=40).trials[:30] == whole.trials


def test_another_search_is_not_mixed_into_a_folder(made_up, tmp_path):
    look(tmp_path / "s", trials=2)
    with pytest.raises(UserError, match="runs was 4, is 5"):
        search(load("toy"), LEVERS, GOALS, tmp_path / "s", trials=2, runs=5, population=10)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(UserError, match="no search of ours"):
        look(tmp_path / "mine")


@pytest.mark.parametrize(
    ("lever", "says"),
    [
        ("delay:months", "write NAME=LOW..HIGH"),
        ("delay:months=6..2", "LOW below HIGH"),
        ("delay:months=a..b", "neither LOW..HIGH nor"),
        ("policy=base|base", "stands there twice"),
        ("delay:month=0..6", "months"),
        ("effects.code.wrk=0..0.5", "work"),
        ("policy=bas|delay", "bas"),
    ],
)
def test_levers_that_cannot_be_used_are_explained(lever, says, tmp_path):
    with pytest.raises(UserError, match=says):
        search(load("toy"), [lever], GOALS, tmp_path / "s", trials=2, runs=2)
    assert not (tmp_path / "s").exists()


def test_the_figure_of_a_search_says_units_settings_and_runs(made_up, tmp_path):
    report = look(tmp_path / "s").report
    facts = {"scenario": "toy", "points": 30, "blocks": [{"seed": 1, "runs": 4}]}
    said = caption_of(report, facts)
    assert "120 runs, seed 1" in said and "interval labels" not in said
    (panel,) = report.page(facts).panels
    assert panel.x_label == "lag_2 (months; more is better)"
    assert panel.y_label == "spending (USD; less is better; n = 4)"
    assert all("delay:months=" in point[0] and "policy=" in point[0] for point in panel.points)


def test_a_search_for_one_goal_is_drawn(made_up, tmp_path, monkeypatch):
    simulated = searching._simulated
    monkeypatch.setattr(
        searching,
        "_simulated",
        lambda *given: tuple(one[..., :1] for one in map(np.array, simulated(*given))),
    )
    found = search(load("toy"), LEVERS, GOALS[:1], tmp_path / "s", trials=12, runs=4, population=10)
    (panel,) = found.report.page().panels
    path, new = panel.series
    assert path.y == np.maximum.accumulate([trial.means[0] for trial in found.trials]).tolist()
    assert new.x == [12] and new.y == [max(path.y)]
    assert "Best of 12 trials for more lag_2" in " ".join(found.report.text.split())
    found.report.draw(tmp_path / "one.png")


def test_the_command_leaves_a_figure_that_says_how_many_runs_it_took(tmp_path):
    done = cascades(
        "search", "toy", "--lever", "delay:months=0..12", "--goal", "lag_2:more", "--trials", "3",
        "--runs", "5", "--population", "2", "--out", str(tmp_path / "s"),
    )  # fmt: skip
    assert done.code == 0, done.err
    page = json.loads((tmp_path / "s" / "report" / "panels.json").read_text())
    assert page["basis"]["runs"] == 15 and page["basis"]["seed"] == 1
    assert (tmp_path / "s" / "report" / "figure.png").stat().st_size > 0


@pytest.mark.slow
def test_a_search_that_is_killed_finds_what_it_would_have_found(tmp_path):
    def command(out):
        levers = ["--lever", LEVERS[0], "--lever", LEVERS[2], "--goal", GOALS[0]]
        size = ["--runs", "20", "--trials", "40", "--threads", "1", "--out", str(out)]
        return [sys.executable, "-m", "experiments", "search", "toy", *levers, *size]

    subprocess.run(command(tmp_path / "whole"), check=True, capture_output=True, timeout=300)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    killed = subprocess.Popen(command(tmp_path / "killed"), **quiet)
    journal = tmp_path / "killed" / searching.JOURNAL
    deadline = time.monotonic() + 200
    while not (journal.exists() and len(journal.read_bytes().splitlines()) > 60):
        assert killed.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    killed.kill()
    killed.wait()
    subprocess.run(command(tmp_path / "killed"), check=True, capture_output=True, timeout=300)
    tables = [(tmp_path / name / "report" / "2_trials.csv").read_text() for name in ("whole", "killed")]
    assert tables[0] == tables[1]


def test_levers_are_read():
    assert read_lever("a.b=0.5..2") == searching.Lever("a.b", 0.5, 2.0)
    assert read_lever("policy=base | open").choices == ("base", "open")


# ---------------------------------------------------------------- a sweep, and the command line


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """Two sweeps of the toy world: a sample of inputs, and policies with drawn inputs kept."""
    from experiments.sweeps.running import sweep

    folder = tmp_path_factory.mktemp("sweeps")
    factors = {
        "effects.code.work": {"low": 0.1, "high": 0.7},
        "trends.rent_decline": {"low": 0.0, "high": 0.4},
    }
    kept = {"metrics": ["lag_1", "reveal", "n_dev@12", "n_dev@24"], "threads": 1}
    sweep("toy", factors, {"method": "sobol", "points": 16}, out=folder / "sobol", runs=4, **kept)
    arms = {"policy": ["base", "delay:months=6", "weights-never"]}
    sweep("toy", arms, "grid", out=folder / "arms", runs=60, keep_inputs=True, **kept)
    return folder


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["sensitivity", "sobol", "--metric", "n_dev@24"], "total index"),
        (["sensitivity", "sobol", "--metric", "lag_1", "--over-time"], "come in"),
        (["discover", "sobol", "--when", "n_dev@24 > 2.5"], "Coverage"),
        (
            ["robust", "arms", "--goal", "lag_1:more", "--goal", "n_dev@24:less", "--satisfy", "lag_1 > 6"],
            "regret",
        ),
        (["information", "arms", "--goal", "lag_1:more"], "would be worth"),
    ],
)
def test_commands_leave_a_report(swept, tmp_path, arguments, says):
    command, folder, *rest = arguments
    done = cascades(command, str(swept / folder), *rest, "--out", str(tmp_path / "out"))
    assert done.code == 0, done.err
    assert says in done.out
    assert (tmp_path / "out" / "report.txt").read_text().strip() in done.out
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["sweep"]["scenario"] == "toy"
    for name in manifest["files"]:
        assert (tmp_path / "out" / name).stat().st_size > 0


def test_a_report_is_plain_data(swept, tmp_path):
    done = cascades(
        "sensitivity", str(swept / "arms"), "--metric", "lag_1", "--json", "--out", str(tmp_path / "out")
    )
    found = json.loads(done.out)
    rows = next(one["rows"] for one in found["findings"] if one["kind"] == "given_data")
    assert {row["input"] for row in rows} >= {"policy"}
    assert next(row for row in rows if row["input"] == "policy")["rank_correlation"] is None


def test_a_folder_that_is_no_sweep_is_explained(tmp_path):
    done = cascades("sensitivity", str(tmp_path), "--metric", "lag_1")
    assert "cascades sweep" in done.refusal


def test_the_page_shows_commands_and_options_that_exist():
    from experiments.cli import COMMANDS

    page = (CONFIGS.parent / "docs" / "analysis.md").read_text(encoding="utf-8")
    lines = [line.split() for line in page.splitlines() if line.startswith("cascades ")]
    assert {line[1] for line in lines} >= {"sensitivity", "discover", "robust", "information", "search"}
    for line in lines:
        shown = cascades(line[1], "--help").out
        assert line[1] in COMMANDS
        for option in (word for word in line if word.startswith("--")):
            assert option in shown


def test_importing_the_analyses_loads_nothing_heavy():
    heavy = "{'SALib', 'sklearn', 'pandas', 'optuna'}"
    code = (
        f"import sys, experiments.exploring; print({heavy} & {{name.split('.')[0] for name in sys.modules}})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=CONFIGS.parent)
    assert done.stdout.strip() == "set()"


# ---------------------------------------------------------------- what counts from a reveal


def held_back(values=("lag_1", "t_owner_2", "reveal"), paired: bool = True) -> Sample:
    """Two policies in five states of two runs: a delay moves the reveal by 6 months, and no follower."""
    design = pd.DataFrame([{"policy": policy, "x": x} for policy in ("base", "delay") for x in range(5)])
    reveal = np.where(design["policy"] == "delay", 16.0, 10.0)[:, None] * np.ones((1, 2))
    date = 20.0 + design["x"].to_numpy(float)[:, None] + np.array([[0.0, 0.5]])
    table = {"lag_1": date - reveal, "t_owner_2": date, "reveal": reveal}
    kept = {name: table[name] for name in values}
    run = None if paired else np.arange(20)
    return make_sample(design, kept, dates=list(kept), end=40.0, run=run)


FROM_REVEAL = {
    "robust": lambda sample, name: robust(sample, f"{name}:more", arms=["policy"]),
    "satisfied": lambda sample, name: robust(sample, [], satisfy=f"{name} > 8", arms=["policy"]),
    "information": lambda sample, name: information(sample, f"{name}:more", arms=["policy"]),
    "sensitivity": lambda sample, name: sensitivity(sample, name),
    "discover": lambda sample, name: discover(sample, f"{name} > {22 if name == 't_owner_2' else 8}"),
}


@pytest.mark.parametrize("find", FROM_REVEAL.values(), ids=FROM_REVEAL)
def test_where_the_reveal_moves_what_counts_from_it_says_so(find, monkeypatch):
    monkeypatch.setattr("experiments.exploring.discovery.FEWEST", 2)
    lags, dates = find(held_back(), "lag_1"), find(held_back(), "t_owner_2")
    said = "moves the reveal itself in 50 % of runs"
    assert said in " ".join(lags.text.split()) and said in caption_of(lags)
    assert "t_owner_K are plain dates" in " ".join(lags.text.split())
    assert "the reveal itself" not in " ".join(dates.text.split())


def test_where_nobody_moves_the_reveal_nothing_is_said_of_it():
    still = held_back()
    still.values["reveal"][:] = 10.0
    assert moved_in(still, ["lag_1"]) == []


@pytest.mark.parametrize(
    "sample", [held_back(("lag_1",)), held_back(paired=False)], ids=["not kept", "own luck"]
)
def test_where_the_reveal_cannot_be_compared_levers_may_move_it(sample):
    inputs = replace(sample, factors=tuple(replace(each, role="") for each in sample.factors))
    assert moved_in(inputs, ["lag_1"]) == []
    levers = replace(sample, factors=(replace(sample.factors[0], role="lever"), sample.factors[1]))
    assert "Levers may move the reveal itself," in moved_in(levers, ["lag_1"])[0]


def test_a_search_says_that_its_levers_move_what_its_goal_counts_from(tmp_path):
    def told(goal: str, lever: str) -> str:
        folder = tmp_path / f"{goal}{lever}"[:8]
        return search(load("toy"), [lever], [f"{goal}:more"], folder, trials=5, runs=3).report.text

    assert "The levers move the reveal itself" in told("lag_2", "delay:months=0..12")
    assert "the reveal itself" not in told("t_owner_3", "delay:months=0..12")
    assert "the reveal itself" not in told("lag_1", "policy=base|quiet")


@pytest.mark.parametrize("name", ["levers", "openness"])
def test_designs_in_which_papers_are_delayed_keep_dates(name):
    from experiments.sweeps.reading import read_sweep

    metrics = read_sweep(name)[0].metrics
    assert "reveal" in metrics and "t_owner_6" in metrics
    assert not origins(metrics)


def test_figures_and_report_of_a_sweep_say_that_its_levers_move_the_reveal(tmp_path):
    from experiments.figures.plotting import plot
    from experiments.reporting.swept import page_of_sweep
    from experiments.sweeps.running import sweep

    metrics = ["lag_1", "t_owner_2", "reveal"]
    sweep("toy", {"delay:months": [0, 2, 4, 6]}, runs=4, metrics=metrics, out=tmp_path / "s", threads=1)

    def below(kind: str, metric: str) -> str:
        figure = plot(tmp_path / "s", kind, metric=metric)
        return " ".join(text.get_text() for text in figure.texts if text.get_gid() == "caption")

    said = "What is varied here moves the reveal itself in 75 % of runs"
    for kind in ("points", "tornado", "sensitivity"):
        assert said in below(kind, "lag_1"), kind
        assert said not in below(kind, "t_owner_2"), kind
    assert any(sentence.startswith(said) for sentence in page_of_sweep(tmp_path / "s").answer[""])
