"""Studies: the analyses have known answers, every study runs, and what cannot be used is explained."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from terminal import cascades

from experiments import analyses
from experiments.answers import finding as words
from experiments.answers.sweeps import parse_condition, tips
from experiments.study import CONTROL, STUDIES, answer_study, play, read_study, study_names
from sim.errors import UserError

FEW = 6  # runs
SMALL = """
title = "Does it matter?"
scenario = "toy"
runs = 40
reading = "Positive: later."
[arms]
"later" = "order:actors=Alpha,hold_months=6"
[sweep.hold]
arm = "order:actors=Alpha,hold_months={x}"
values = [2, 4, 8]
unit = "months"
baseline_at = 0
[[analysis]]
kind = "differences"
metrics = ["lag_1", "n_dev"]
arms = ["later"]
[[analysis]]
kind = "slope"
sweep = "hold"
metrics = ["t_pub[Alpha,big]"]
"""


@pytest.fixture
def write(tmp_path):
    """Write a study and return its path, with some of its text replaced."""

    def written(text: str = SMALL, **changes: str) -> str:
        for old, new in changes.get("swap", {}).items():  # type: ignore[union-attr]
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "mine.toml"
        path.write_text(text)
        return str(path)

    return written


# ---------------------------------------------------------------- arithmetic


def test_the_slope_of_a_made_table_is_its_slope_in_every_run():
    places = [0.0, 1.0, 3.0, 6.0]
    slopes = np.array([2.0, -1.0, 0.0])
    values = np.array([10.0 + slopes * place for place in places])
    low, high = analyses.contrast(values, np.full(values.shape, 99.0), analyses.slope_weights(places))
    assert low == pytest.approx(slopes) and high == pytest.approx(slopes)


def test_a_date_that_never_comes_bounds_a_slope_on_its_own_side():
    weights = analyses.slope_weights([0, 1, 2])
    ends = np.full((3, 1), 50.0)
    low, high = analyses.contrast([[10.0], [20.0], [np.inf]], ends, weights)
    assert low[0] == pytest.approx((50 - 10) / 2) and high[0] == math.inf
    low, high = analyses.contrast([[np.inf], [20.0], [30.0]], ends, weights)
    assert low[0] == -math.inf and high[0] == pytest.approx((30 - 50) / 2)
    low, high = analyses.contrast([[np.inf], [20.0], [np.inf]], ends, weights)
    assert (low[0], high[0]) == (-math.inf, math.inf)
    found = analyses.spread(low, high)
    assert (found.runs, found.silent) == (0, 1)
    assert "no run reaches it" in words.in_words(found, "months")


def test_a_spread_knows_quantiles_only_where_both_bounds_agree():
    low = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    high = np.array([1.0, 2.0, 3.0, math.inf, math.inf])
    found = analyses.spread(low, high)
    assert found.median.known and found.median.low == 3.0
    assert found.quantiles[-1].low == 5.0 and found.quantiles[-1].high == math.inf
    assert math.isnan(found.mean) and found.above == 1.0


def test_in_an_additive_game_every_factor_has_its_own_effect_and_nothing_interacts():
    own = np.array([3.0, -1.0, 0.5])
    values = np.array(
        [[sum(o for o, on in zip(own, some, strict=True) if on)] for some in analyses.coalitions(3)]
    )
    ends = np.full(values.shape, 99.0)
    for factor in range(3):
        for weights in (
            analyses.shapley_weights(3, factor),
            analyses.alone_weights(3, factor),
            analyses.alone_weights(3, factor, last=True),
        ):
            assert analyses.contrast(values, ends, weights)[0][0] == pytest.approx(own[factor])
    for one, other in ((0, 1), (0, 2), (1, 2)):
        weights = analyses.interaction_weights(3, one, other)
        assert analyses.contrast(values, ends, weights)[0][0] == pytest.approx(0.0)


def test_what_two_factors_only_do_together_is_an_interaction_and_shared_out_evenly():
    values = np.array([[0.0], [0.0], [0.0], [8.0]])  # of the combinations none, first, second, both
    ends = np.full(values.shape, 99.0)
    shares = [analyses.contrast(values, ends, analyses.shapley_weights(2, f))[0][0] for f in (0, 1)]
    assert shares == pytest.approx([4.0, 4.0])
    assert analyses.contrast(values, ends, analyses.interaction_weights(2, 0, 1))[0][0] == pytest.approx(8.0)
    assert analyses.contrast(values, ends, analyses.alone_weights(2, 0))[0][0] == 0.0


def test_regret_of_a_made_table():
    payoffs = np.array([[4.0, 0.0, 2.0, 2.0], [1.0, 1.0, 2.0, 3.0]])
    first, second = analyses.robustness(payoffs)
    assert first.regret == pytest.approx((0 + 1 + 0 + 1) / 4)
    assert second.regret == pytest.approx((3 + 0 + 0 + 0) / 4)
    assert first.best == pytest.approx((1 + 0 + 0.5 + 0) / 4) and second.best == pytest.approx(2.5 / 4)
    assert (first.worst, second.worst) == (0.0, 1.0)
    assert first.regret_interval.low <= first.regret <= first.regret_interval.high


def test_the_place_where_a_chance_crosses_one_half():
    assert analyses.crossing([0, 10, 20], [0.1, 0.4, 0.6]) == pytest.approx(15.0)
    assert math.isnan(analyses.crossing([0, 10], [0.1, 0.4]))
    events = np.repeat([[False], [True]], 50, axis=1)
    interval, share = analyses.crossing_interval([0, 10], events)
    assert (interval.low, interval.high, share) == (5.0, 5.0, 1.0)


def test_the_area_of_a_made_case():
    assert analyses.roc_area([3, 1, 2, 2], [True, False, True, False]) == pytest.approx(3.5 / 4)
    assert analyses.roc_area([1, 1, 1], [True, False, True]) == 0.5
    assert math.isnan(analyses.roc_area([1, 2], [True, True]))
    area = analyses.roc_interval(0.8, 20, 30)
    assert area.low < 0.8 < area.high


def test_a_made_jump_is_found_where_it_is():
    sizes = np.array([[1.0, 1.0], [1.0, 2.0], [9.0, 10.0], [10.0, 10.0]])
    left, jump, interval, ratio = analyses.largest_jump([0.0, 0.3, 0.4, 1.0], sizes)
    assert (left, jump) == (1, 8.0)
    assert interval.low == interval.high == 8.0
    assert ratio == pytest.approx(80.0 / 9.0)


def test_ranks_give_rank_correlation_one_to_what_only_grows():
    chooser = np.random.default_rng(1)
    inputs = chooser.normal(size=(400, 3))
    outcome = np.exp(inputs[:, 1])
    found, explained = analyses.drivers(inputs, outcome, ["a", "b", "c"])
    assert found[0].name == "b" and found[0].correlation == pytest.approx(1.0) and found[0].sure
    assert explained == pytest.approx(1.0)
    assert not any(driver.sure for driver in found[1:])


def test_knowing_an_input_is_worth_what_it_lets_one_choose():
    values = np.linspace(-1, 1, 400)
    payoffs = np.array([values, -values])  # the better arm is known from the sign
    other = np.random.default_rng(1).normal(size=400)
    worth, chance = analyses.value_of_information(payoffs, values)
    assert analyses.perfect_information(payoffs) == pytest.approx(0.5, abs=0.01)
    assert worth == pytest.approx(0.5, abs=0.08) and worth > chance
    worth, chance = analyses.value_of_information(payoffs, other)
    assert worth < 0.1
    one_is_always_better = np.array([values, values - 0.1])
    assert analyses.value_of_information(one_is_always_better, other)[0] == 0.0


def test_total_index_of_a_sum_is_the_share_of_each_part():
    chooser = np.random.default_rng(1)
    a, b, anew = chooser.normal(size=(3, 40_000))
    index, interval = analyses.total_index(3 * a + b, 3 * anew + b)
    assert index == pytest.approx(0.9, abs=0.02) and interval.low < index < interval.high
    assert analyses.total_index(3 * a + b, 3 * a + b)[0] == 0.0


def test_ratio_and_shares_carry_intervals():
    some, others = np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0])
    value, interval = analyses.ratio_of_means(some, others)
    assert value == 0.5 and interval.low == interval.high == 0.5
    wide = analyses.share_interval(0.5, 10)
    assert wide.low == pytest.approx(0.2693, abs=2e-3) and wide.high == pytest.approx(0.7307, abs=2e-3)


def test_a_condition_reads_metrics_numbers_and_a_difference():
    condition = parse_condition("t_done[Aleph Alpha,gpt3] - t_owner_1 <= 12")
    assert condition.metrics == ["t_done[Aleph Alpha,gpt3]", "t_owner_1"]
    assert (condition.sign, condition.right) == ("<=", "12")
    with pytest.raises(ValueError, match="write A < B"):
        parse_condition("t_owner_1")


# ---------------------------------------------------------------- studies that come with the product


@pytest.mark.parametrize("name", study_names())
def test_every_study_runs_with_its_control_at_zero_and_intervals_in_its_answer(name):
    study = read_study(name)
    for analysis in study.analyses:
        if analysis.kind == "attribution":  # of three players there are 8 combinations, of eight 256
            analysis.__dict__["players"] = analysis.players[:3]
    answer = answer_study(study, FEW, threads=2)
    base, control = (answer.outcome.played[label] for label in ("baseline", CONTROL))
    assert control.scenario.raw != base.scenario.raw
    for metric, values in base.metrics.items():
        assert np.array_equal(values, control.metrics[metric], equal_nan=True)
    text = answer.text
    assert text.startswith("In this model, with the inputs of ")
    assert "90 %" in text and "What drives it: " in text
    assert all(finding.sentences and finding.panels for finding in answer.findings)
    assert all(finding.rows for finding in answer.findings)


def test_the_studies_answer_the_questions_one_to_twenty_five_in_order():
    assert [read_study(name).file.question for name in study_names()] == list(range(1, 26))


def test_the_studies_are_listed():
    listed = cascades("studies")
    assert listed.code == 0
    for name in study_names():
        assert name in listed.out and read_study(name).file.title in listed.out


def test_study_files_hold_no_code():
    for name in study_names():
        assert len((STUDIES / f"{name}.toml").read_text().splitlines()) < 120


# ---------------------------------------------------------------- one study, from file to folder


def test_a_held_announcement_comes_month_for_month(write):
    answer = answer_study(write(), threads=2)
    row = answer.findings[1].rows[0]
    assert row["median_low"] == row["median_high"] == pytest.approx(1.0)
    assert "One more month" in answer.text


def test_runs_are_the_same_in_one_block_and_in_several(write, monkeypatch):
    import experiments.study

    path = write()
    whole = play(read_study(path), 20, threads=2)
    monkeypatch.setattr(experiments.study, "BLOCK", 7)
    parts = play(read_study(path), 20, threads=1)
    assert parts.runs == whole.runs == 20
    for label, played in whole.played.items():
        for metric, values in played.metrics.items():
            assert np.array_equal(values, parts.played[label].metrics[metric], equal_nan=True)


def test_what_every_arm_completed_is_kept_when_the_work_is_broken_off(write, monkeypatch):
    import experiments.study

    real, calls = experiments.study._simulated, []

    def broken_off(*given):
        calls.append(given)
        if len(calls) == 8:  # in the second block: six scenarios make one
            raise KeyboardInterrupt
        return real(*given)

    monkeypatch.setattr(experiments.study, "BLOCK", 6)
    monkeypatch.setattr(experiments.study, "_simulated", broken_off)
    answer = answer_study(write(), 20, threads=1)
    assert answer.outcome.interrupted and answer.outcome.runs == 6
    assert all(len(played.draws) == 6 for played in answer.outcome.played.values())
    assert "broken off" in answer.text
    calls[:] = [()] * 7  # and in the first block: nothing is complete
    with pytest.raises(KeyboardInterrupt):
        answer_study(write(), 20, threads=1)


def test_a_study_of_ones_own_leaves_tables_text_figure_and_manifest(write, tmp_path):
    import pandas as pd

    out = tmp_path / "out"
    done = cascades("study", write(), "--runs", "8", "--threads", "1", "--out", str(out))
    assert done.code == 0, done.err
    kept = {path.name for path in out.iterdir()}
    assert {"answer.txt", "study.png", "manifest.json", "runs.parquet", "1_differences.parquet"} <= kept
    assert (out / "answer.txt").read_text() in done.out
    assert (out / "study.png").read_bytes()[:4] == b"\x89PNG"
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["runs_completed"] == 8 and manifest["seed"] == 1
    runs = pd.read_parquet(out / "runs.parquet")
    assert set(runs["arm"]) == {
        "baseline",
        "control",
        "later",
        "hold 2 months",
        "hold 4 months",
        "hold 8 months",
    }
    table = pd.read_parquet(out / "1_differences.parquet")
    later = (
        runs[runs["arm"] == "later"]["n_dev"].to_numpy() - runs[runs["arm"] == "baseline"]["n_dev"].to_numpy()
    )
    row = table[table["metric"] == "n_dev"].iloc[0]
    assert row["mean"] == pytest.approx(later.mean())


def test_plain_data_holds_the_same_answer(write, tmp_path):
    done = cascades("study", write(), "--runs", "8", "--out", str(tmp_path / "out"), "--json")
    said = json.loads(done.out)
    assert said["runs_completed"] == 8 and said["answer"][0].startswith("In this model")
    assert [finding["kind"] for finding in said["findings"]] == ["differences", "slope"]


def test_an_outcome_that_no_run_reaches_is_said(write):
    path = write(swap={'["lag_1", "n_dev"]': '["t_owner_5"]'})
    assert "No run of any arm reaches it" in answer_study(path, 8, threads=1).text


# ---------------------------------------------------------------- what cannot be used

BAD = [
    ({"differences": "diferences"}, "analysis.0.kind: no analysis 'diferences' (did you mean 'differences'"),
    ({'"lag_1"': '"lagg_1"'}, "analysis.0: no metric 'lagg_1' (did you mean 'lag'?)"),
    ({'arms = ["later"]': 'arms = ["latter"]'}, "analysis.0.arms: no arm 'latter' (did you mean 'later'?)"),
    ({'sweep = "hold"': 'sweep = "holt"'}, "analysis.1.sweep: no sweep 'holt' (did you mean 'hold'?)"),
    ({"values = [2, 4, 8]\n": ""}, "sweep.hold.values: is missing"),
    ({"values = [2, 4, 8]": "values = [2]"}, "sweep.hold.values: list should have at least 2 items"),
    ({"hold_months={x}": "hold_months=3"}, "sweep.hold.arm = 'order:actors=Alpha,hold_months=3': write {x}"),
    ({'"toy"': '"toyy"'}, "scenario = 'toyy': "),
    ({"order:actors=Alpha,hold_months=6": "ordre:hold_months=6"}, "arms.later = 'ordre:hold_months=6': "),
    ({"actors=Alpha,hold_months=6": "actors=Alfa,hold_months=6"}, "no name 'Alfa' (did you mean 'Alpha'?)"),
    ({'"later" =': '"control" ='}, "arms.control: 'control' is there in every study"),
    ({"runs = 40": "runs = 0"}, "runs: input should be greater than or equal to 1, not 0"),
    ({"runs = 40": "run = 40"}, "run: unknown key (did you mean 'runs'?)"),
    ({'unit = "months"\n': 'units = "months"\n'}, "unknown key (did you mean 'unit'?)"),
    ({'arms = ["later"]': 'arm = ["later"]'}, "analysis.0.arm: unknown key (did you mean 'arms'?)"),
    ({'reading = "Positive: later."\n': ""}, "reading: is missing"),
    ({"runs = 40": 'control = ""'}, "control = '': must be a policy that changes nothing"),
    ({'"order:actors=Alpha,hold_months=6"': '{ arm = "order:actors=Alpha,hold_months=6", against = "no" }'},
     "arms.later.against: no arm 'no'"),
]  # fmt: skip


@pytest.mark.parametrize("changes, message", BAD, ids=[message for _, message in BAD])
def test_what_cannot_be_used_is_named_with_its_place_and_cure(write, changes, message):
    path = write(swap=changes)
    with pytest.raises(UserError) as raised:
        answer_study(path, 2, threads=1)
    assert message in str(raised.value)
    assert path in str(raised.value)


def test_a_control_that_changes_something_fails_loudly(write):
    path = write(swap={"runs = 40": 'control = "order:actors=Alpha,hold_months=1"'})
    with pytest.raises(
        UserError, match="must change nothing, but .* no difference of this study can be trusted"
    ):
        answer_study(path, 10, threads=1)


def test_a_study_that_is_not_there_is_named_with_the_nearest_one():
    done = cascades("study", "delya")
    assert done.code == 2 and "did you mean 'delay'?" in done.err
    assert cascades("study", "nowhere.toml").code == 2
    assert cascades("study", "delay", "--runs", "0").code == 2


def test_the_study_of_the_page_on_studies_runs(root, write):
    page = (root / "docs" / "studies.md").read_text()
    example = page.split("```toml\n")[1].split("```")[0]
    answer = answer_study(write(example), 8, threads=1)
    assert "Hold" in answer.text or "hold 12 months" in answer.text


def test_the_page_on_studies_names_every_analysis_and_its_keys(root):
    from experiments.answers import ANALYSES

    page = (root / "docs" / "studies.md").read_text()
    for kind, model in ANALYSES.items():
        line = next(line for line in page.splitlines() if line.startswith(f"| `{kind}` "))
        for name, info in model.model_fields.items():
            if name not in ("kind", "title", "headline", "group"):
                assert f"`{info.alias or name}`" in line, (kind, name)


def test_a_bent_curve_does_not_tip_and_a_jump_does():
    assert tips(ratio=8.0, jump=7.0, overall=9.0, sure=True)
    assert not tips(ratio=8.0, jump=7.0, overall=9.0, sure=False)
    assert not tips(ratio=4.0, jump=2.0, overall=7.0, sure=True)  # the steep end of a bent curve
    assert not tips(ratio=2.0, jump=5.0, overall=7.0, sure=True)


# ---------------------------------------------------------------- how it is said


def slope_of(values):
    """An outcome whose arms have these values, shape (arms, runs), and the labels of the arms by place."""
    from types import SimpleNamespace

    labels = {float(place): f"arm {place}" for place in (0, 1, 2, 4, 8)}
    table = dict(zip(labels.values(), values, strict=True))

    def contrast(weights, metric):
        return analyses.contrast(
            [table[label] for label in weights],
            [np.full(values.shape[1], 99.0) for _ in weights],
            list(weights.values()),
        )

    return SimpleNamespace(contrast=contrast), labels


def bend_of(values) -> str:
    from experiments.answers.sweeps import Slope

    outcome, labels = slope_of(np.asarray(values, float))
    return Slope(kind="slope", sweep="x", metrics=["y"])._bend(outcome, labels, "y")


def test_a_curve_that_bends_is_said_to_and_a_line_is_not():
    places, luck = np.array([0.0, 1.0, 2.0, 4.0, 8.0])[:, None], np.arange(40.0)
    assert bend_of(3.0 * places + luck) == ""
    flat = bend_of(2.0 * np.minimum(places, 4.0) + luck)
    assert flat == "no straight line: +2.00 up to 4 and 0 beyond (medians)"
    assert bend_of(3.0 * places + 0.1 * np.maximum(places - 4.0, 0.0) + luck) == ""  # by so little
    noise = np.random.default_rng(1).normal(size=(5, 40))
    assert bend_of(3.0 * places + 20.0 * noise) == ""  # within its interval


def test_a_slope_is_said_by_one_statistic_and_its_panel_names_its_metric(write):
    from experiments.answers.page import page_of

    two = '["t_pub[Alpha,big]", "n_dev"]'
    path = write(swap={'["t_pub[Alpha,big]"]': two, 'kind = "slope"': 'kind = "slope"\nheadline = true'})
    answer = answer_study(path, 12, threads=1)
    short = answer.sentences[1]
    assert short.count("(median; its 90 % interval ") == 2 and "mean" not in short
    titles = [panel.title for panel in page_of(answer).panels][-2:]
    assert titles == [
        "t_pub[Alpha,big]: difference from the baseline along hold",
        "n_dev: difference from the baseline along hold",
    ]


def test_where_nothing_is_uncertain_that_is_why_no_input_drives_it(write):
    told = answer_study(write(), 12, threads=1).sentences[-1]
    assert told == "What drives it: toy has no uncertain inputs, so that runs differ by luck alone."
    few = answer_study(write(swap={'scenario = "toy"': 'scenario = "gpt3"', "Alpha": "OpenAI",
                                   "[OpenAI,big]": "[OpenAI,gpt3]"}), 3, threads=1)  # fmt: skip
    assert few.sentences[-1].endswith("is known in 3 runs, which are too few to tell.")


def test_an_input_that_drives_is_put_into_words():
    driver = analyses.Driver("conviction.proof", -0.4, -0.4, True)
    said = words.drivers_in_words([driver, analyses.Driver("work.exchange", 0.01, 0.0, False)], 0.13)
    assert said.startswith("conviction.proof (-0.40) (rank correlations beyond chance). conviction.proof: ")
    assert "work.exchange" not in said and "explain 13%" in said


def test_the_figure_tells_ticks_from_rings_and_bands_from_one_another():
    from experiments.answers.finding import Mark, Panel, Series
    from experiments.answers.page import Page
    from experiments.figures.captions import Basis
    from experiments.figures.study import TICKS, compose
    from experiments.statistics import Bounds

    def drawn(median: Bounds):
        half = Bounds(1.0, 3.0)
        marks = Panel("intervals", "A", "months", marks=[Mark("one", "", median, half, Bounds(0.0, 4.0))])
        lines = [Series(name, [0, 1], [0, k], [0, k - 1], [0, k + 1]) for k, name in enumerate("ab", 2)]
        curves = Panel("curves", "B", "x", "y", series=lines)
        figure = compose(Page("T", Basis("t", "s", "f", 3, 1), [marks, curves]), 160.0)
        caption = " ".join(one.get_text() for one in figure.texts if one.get_gid() == "caption")
        return caption, figure.axes[1]

    caption, axes = drawn(Bounds(2.0, math.inf))
    assert TICKS in caption
    assert TICKS not in drawn(Bounds(2.0, 2.0))[0]
    edges = [line for line in axes.lines if line.get_linewidth() == 0.5 and len(line.get_xdata()) == 2]
    assert [list(edge.get_ydata()) for edge in edges] == [[0, 1], [0, 3], [0, 2], [0, 4]]
    assert len({edge.get_color() for edge in edges}) == 2
