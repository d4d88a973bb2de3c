"""Claims as data: formulas, rules of agreement, quantities, files; a claim that must fail fails."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest
from terminal import cascades

from experiments.calibration.claimed import ClaimedWorld
from experiments.evidence.agreement import WORST, Wanted, judge
from experiments.evidence.claims import load_claims, read_claims
from experiments.evidence.formula import evaluate, names_in, names_left_by_actor
from experiments.evidence.measuring import developers, measure_plan, plan_of
from experiments.evidence.readings import taken
from experiments.evidence.saving import in_a_line
from experiments.evidence.scales import zone_of
from experiments.evidence.table import crps_of, gather_evidence, overlap_of
from sim import simulate
from sim.errors import UserError, nearest, not_found
from sim.quantity import read_quantity
from sim.scenario import load

HEAD = """
[claims.it]
role = "calibrate"
kind = "historical-fact"
statement = "something"
value = 3.0
unit = "months"
source = "somebody"
"""
SOUND = (
    HEAD
    + """
[claims.it.test]
quantities.lag = { metric = "lag_1" }
formula = "lag"
rule = "point"
"""
)
BETWEEN = SOUND.replace("value = 3.0", "value = 3.0\nlow = 1.0\nhigh = 5.0").replace("point", "interval")


def written(tmp_path, text):
    path = tmp_path / "claims.toml"
    path.write_text(text)
    return path


def test_a_formula_computes_on_arrays():
    names = {"late": np.array([3.0, 5.0, np.nan]), "early": 1.0}
    assert evaluate("(late - early) * 2", names)[:2].tolist() == [4.0, 8.0]
    assert evaluate("late > 4 and early < 2", names)[:2].tolist() == [0.0, 1.0]
    assert math.isnan(evaluate("late > 4", names)[2])
    assert evaluate("1 < late < 4", names)[:2].tolist() == [1.0, 0.0]
    assert evaluate("max(late, 4) if not late > 4 else 0", names)[:2].tolist() == [4.0, 0.0]
    assert names_in("min(a, b) * WEEKS") == ["a", "b"]
    assert float(evaluate("median(late)", names)) == 3.0  # one that occurs
    assert evaluate("late - mean(late)", names)[:2].tolist() == [-1.0, 1.0]


def test_a_formula_compares_actor_by_actor():
    names = {
        "one": np.array([[1.0, 1.0, np.nan], [4.0, np.nan, np.nan]]),  # (actors, runs)
        "other": np.array([[2.0, 3.0, 5.0], [1.0, 9.0, 5.0]]),
        "plain": np.array([10.0, 20.0, 30.0]),  # one per run
    }
    found = evaluate("mean_of_actors(other - one) + plain", names)
    assert found[:2].tolist() == [9.0, 22.0]  # (1 - 3) / 2; 2, as the second actor has none in one arm
    assert math.isnan(found[2])
    assert evaluate("mean(mean_of_actors(other - one))", names) == 0.5
    assert names_left_by_actor("mean_of_actors(one) + other + plain", {"one", "other"}) == ["other"]


@pytest.mark.parametrize(
    "text", ["__import__('os')", "a.b", "a[0]", "lambda: 1", "'text'", "True", "a if", "f(a)", "abs(x=a)", ""]
)
def test_a_formula_can_do_nothing_else(text):
    with pytest.raises(UserError):
        names_in(text)


@pytest.mark.parametrize(
    ("wanted", "values", "discrepancy"),
    [
        (Wanted("interval", 2.0, 0.0, 6.0), [2.0], 0.0),
        (Wanted("interval", 2.0, 0.0, 6.0), [6.0], 1.0),
        (Wanted("interval", 2.0, 0.0, 6.0), [0.0], 1.0),
        (Wanted("interval", 2.0, 0.0, 6.0), [8.0], 1.5),
        (Wanted("interval", 2.0, 0.0, 6.0), [math.inf], WORST),
        (Wanted("interval", 0.0, 0.0, 6.0), [3.0], 0.0),  # the value at a bound: the middle counts
        (Wanted("point", 12.0), [15.0], 1.0),  # 25 %
        (Wanted("point", 1.0), [2.0], 1.0),  # one month
        (Wanted("point", 1.0, absolute=0.0), [2.0], 4.0),
        (Wanted("point", 2.0, side="at least"), [2.0], 1.0),
        (Wanted("point", 2.0, side="at least"), [1.0], 2.0),
        (Wanted("sign"), [1.0] * 95 + [-1.0] * 5, 1.0),
        (Wanted("sign"), [1.0] * 90 + [0.0] * 10, 2.0),  # no difference is no sign
        (Wanted("order"), [1.0] * 80 + [0.0] * 20, 1.0),
        (Wanted("pattern"), [1.0] * 70 + [0.0] * 30, 1.0),
        (Wanted("probability", 33.0), [1.0] * 48 + [0.0] * 52, 1.0),
        (Wanted("probability", 50.0, side="at most"), [1.0] * 50 + [0.0] * 50, 1.0),
        (Wanted("probability", 50.0, side="at most"), [1.0] * 65 + [0.0] * 35, 2.0),
        (Wanted("null"), [-1.0] * 10 + [0.25] * 80 + [1.0] * 10, 0.5),
        (Wanted("null"), [0.25] * 100, 1.5),  # the interval does not hold 0
        (Wanted("identity", 3.0, tolerance=0.1), [3.1], 1.0),
    ],
)
def test_the_rules_of_agreement_by_hand(wanted, values, discrepancy):
    judged = judge(wanted, np.array(values))
    assert judged.discrepancy == pytest.approx(discrepancy)
    assert judged.verdict == ("agrees" if discrepancy <= 1.0 else "misses")


def test_runs_that_define_nothing_do_not_count():
    values = np.array([math.nan] * 90 + [1.0] * 10)
    judged = judge(Wanted("sign"), values)
    assert (judged.runs, judged.of, judged.verdict) == (10, 100, "untested")


def test_means_and_quantiles_are_those_asked_for():
    values = np.array([0.0] * 9 + [10.0])
    assert judge(Wanted("interval", 1.0, 0.5, 2.0, statistic="mean"), values).statistic == 1.0
    assert judge(Wanted("interval", 1.0, 0.5, 2.0), values).statistic == 0.0
    assert judge(Wanted("point", 10.0, statistic="q95"), values).statistic == 10.0


def test_overlap_and_score_by_hand(tmp_path):
    claim = read_claims(written(tmp_path, BETWEEN))
    assert overlap_of(3.0, 9.0, claim.claims["it"]) == 0.5
    assert crps_of(np.array([2.0]), 5.0) == 3.0  # of a point it is the absolute error
    assert math.isnan(crps_of(np.array([2.0, math.inf]), 5.0))


def test_rows_become_numbers():
    rows, values = np.array([True, False, True]), np.array([1.0, 4.0])
    assert (taken("count", rows), taken("any", rows)) == (2.0, 1.0)
    assert (taken("sum", values), taken("mean", values), taken("most", values)) == (5.0, 2.5, 4.0)
    nothing = np.array([])
    assert (taken("least", nothing), taken("sum", nothing)) == (math.inf, 0.0)
    assert math.isnan(taken("mean", nothing))


def test_quantities_of_a_run_agree_with_the_metrics(tmp_path):
    text = (
        HEAD.replace("value = 3.0", "value = 0.0")
        + """
[claims.it.test]
arms.never = "code-never"
quantities.metric = { metric = "starts" }
quantities.events = { events = { event = "started", class = "large" }, take = "count" }
quantities.projects = { projects = { class = "large" }, take = "count" }
quantities.hidden = { metric = "starts", arm = "never" }
formula = "metric - events + 0 * hidden + 0 * projects"
rule = "null"
"""
    )
    scenario = load("toy")
    klass = scenario.follow_class
    claims = read_claims(written(tmp_path, text.replace('"large"', f'"{klass}"'))).claims
    measured = measure_plan(plan_of(claims, scenario), 40, threads=2)
    assert len(measured.plan.arms) == 2
    assert np.array_equal(measured.quantity("it", "metric"), measured.quantity("it", "events"))
    assert np.array_equal(
        measured.quantity("it", "metric"), simulate("toy", 40, metrics=["starts"])["starts"]
    )
    again = measure_plan(plan_of(claims, scenario), 40, threads=1)
    assert all(np.array_equal(measured.values[key], again.values[key]) for key in measured.values)


def test_a_quantity_of_each_actor_is_that_of_the_actor_alone(tmp_path):
    text = (
        HEAD
        + """
[claims.it.test]
arms.never = "code-never"
quantities.date = { projects = { BIG }, TAKE, each = "actor" }
quantities.late = { projects = { BIG }, TAKE, each = "actor", arm = "never" }
quantities.share = { projects = { BIG }, take = "share", among = { scripted = "no" }, each = "actor" }
quantities.alpha = { projects = { actor = "Alpha", BIG }, TAKE }
formula = "mean_of_actors(min(late, 99) - min(date, 99)) + 0 * alpha + 0 * mean_of_actors(share)"
rule = "sign"
"""
    )
    text = text.replace("BIG", 'reached = "big"').replace("TAKE", 'take = "least", of = "trained"')
    scenario = load("toy")
    plan = plan_of(read_claims(written(tmp_path, text)).claims, scenario)
    names = developers(plan.arms[scenario.fingerprint].compiled)
    assert "Cloud" not in names  # a sponsor builds nothing
    measured = measure_plan(plan, 40, threads=1)
    date, late = measured.quantity("it", "date"), measured.quantity("it", "late")
    assert date.shape == late.shape == (len(names), 40)
    assert np.array_equal(date[names.index("Alpha")], measured.quantity("it", "alpha"))
    wanted = simulate("toy", 40, metrics=[f"t_done[{name},big]" for name in names])
    assert np.array_equal(date, [wanted[f"t_done[{name},big]"] for name in names])
    share = measured.quantity("it", "share")
    assert np.nanmin(share) >= 0.0 and np.nanmax(share) <= 1.0
    claim = read_claims(written(tmp_path, text)).claims["it"]
    by_hand = (np.minimum(late, 99.0) - np.minimum(date, 99.0)).mean(axis=0)
    found = measured.formula("it", claim, "mean_of_actors(min(late, 99) - min(date, 99))")
    assert found == pytest.approx(by_hand) and found.shape == (40,)


def test_a_claim_that_must_fail_fails(tmp_path):
    claims = read_claims(written(tmp_path, SOUND.replace("value = 3.0", "value = 300.0"))).claims
    table = gather_evidence(claims, load("toy"), 30)
    assert table.rows[0].verdict == "misses"
    assert not table.failed  # it is not required
    claims = {"it": claims["it"].model_copy(update={"required": True})}
    assert gather_evidence(claims, load("toy"), 30).failed


def test_every_shipped_claim_can_be_read():
    assert load_claims("gpt3")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('"lag_1"', '"lagg_1"', "did you mean 'lag_1'"),
        ('metric = "lag_1"', 'metric = "lag_1", arm = "hidden"', "no arm 'hidden'"),
        ("[claims.it.test]", '[claims.it.test]\narms.hidden = "code-nevr"', "simulated for nothing"),
        ('formula = "lag"', 'formula = "lead"', "no quantity 'lead'"),
        ('rule = "point"', 'rule = "interval"', "needs low and high"),
        ('rule = "point"', 'rule = "identity"', "tolerance"),
        ('rule = "point"', 'rule = "poin"', "rule"),
        ("value = 3.0", "value = 3.0\nlow = 5.0\nhigh = 1.0", "out of order"),
        ("value = 3.0", "value = 3.0\nlow = 5.0\nhigh = 8.0", "lies outside"),
        ('rule = "point"', 'rule = "null"', "value = 3: test.rule = 'null' claims that there is no effect"),
        ("value = 3.0", "value = 3.0\nlow = 1.0\nhigh = 4.0", "passes over low = 1 and high = 4"),
        ('rule = "point"', 'rule = "sign"\nstatistic = "mean"', "compares a share of the runs"),
        ('rule = "point"', 'rule = "order"\nstatistic = "q95"', "belongs to the rules interval, point"),
        ('rule = "point"', 'rule = "point"\nnull_bound = 2.0', "belongs to the rule null"),
        ("value = 3.0", 'value = "many"', "needs a value that is a number"),
        ('{ metric = "lag_1" }', '{ metric = "t_done[Nobody]" }', "no actor 'Nobody'"),
        ('{ metric = "lag_1" }', '{ input = "work.nothing" }', "no number"),
        ('{ metric = "lag_1" }', '{ events = { actr = "x" }, take = "count" }', "did you mean 'actor'"),
        ('{ metric = "lag_1" }', '{ events = { event = "x" }, take = "count" }', "no word 'x'"),
        ('{ metric = "lag_1" }', '{ events = {}, take = "sum" }', "a column"),
        ('{ metric = "lag_1" }', '{ events = {}, take = "count", each = "actor" }', "write mean_of_actors"),
        ('{ metric = "lag_1" }', '{ metric = "lag_1", each = "actor" }', "each belongs to events"),
        (
            '{ metric = "lag_1" }',
            '{ events = { actor = "Alpha" }, take = "any", each = "actor" }',
            "leave out",
        ),
        ('{ metric = "lag_1" }', '{ events = {}, take = "any", each = "kind" }', "actor"),
        ('{ metric = "lag_1" }', '{ reading = "attention" }', "did you mean 'attention_"),
        ('{ metric = "lag_1" }', '{ calculate = "nmber" }', "did you mean 'number'"),
        ('role = "calibrate"', 'role = "calibrat"', "calibrate"),
        ('unit = "months"', 'unti = "months"', "did you mean 'unit'"),
    ],
)
def test_a_claim_that_cannot_be_tested_says_why(tmp_path, before, after, said):
    path = written(tmp_path, SOUND.replace(before, after, 1))
    with pytest.raises(UserError) as caught:
        plan_of(read_claims(path).claims, load("toy"))
    assert said in str(caught.value)
    assert "claims.it" in str(caught.value)


def test_an_arm_that_is_not_there_is_named(tmp_path):
    text = SOUND.replace("[claims.it.test]", '[claims.it.test]\narms.hidden = "code-nevr"')
    text = text.replace('metric = "lag_1"', 'metric = "lag_1", arm = "hidden"')
    with pytest.raises(UserError, match="claims.it.test.arms.hidden.*did you mean 'code-never'"):
        plan_of(read_claims(written(tmp_path, text)).claims, load("toy"))


DATED = (
    HEAD.replace("value = 3.0", 'value = "2021-02"')
    + """
[claims.it.test]
quantities.done = { metric = "t_done[Beta,big]" }
formula = "done"
rule = "point"
"""
)


@pytest.mark.parametrize(
    ("value", "more", "verdict"),
    [
        ("2021-02", "", "agrees"),  # the median is in January 2021
        ("2021-04", "", "misses"),  # one month off at most: a share of a date means nothing
        ("2020-10", "", "misses"),
        ("2020-10", 'side = "at least"', "agrees"),
        ("2021-07", 'side = "at least"', "misses"),
    ],
)
def test_a_claimed_date_is_compared_with_simulated_ones(tmp_path, value, more, verdict):
    text = DATED.replace("2021-02", value) + more
    row = gather_evidence(read_claims(written(tmp_path, text)).claims, load("toy"), 60).rows[0]
    assert row.verdict == verdict
    assert row.row()["simulated_median"].startswith("2021-01-")
    assert "simulated 2021-01-" in in_a_line(row)
    months = simulate("toy", 60, metrics=["t_done[Beta,big]"])["t_done[Beta,big]"]
    median = float(np.quantile(months, 0.5, method="inverted_cdf"))
    assert row.judged.statistic == pytest.approx(median + load("toy").start)
    edges = zone_of(row.claim)
    assert edges.low <= row.judged.statistic <= edges.high or verdict == "misses"


def test_an_interval_of_dates_and_a_rival_that_is_one(tmp_path):
    text = DATED.replace('"2021-02"', '"2021-02"\nlow = 2020-12-15\nhigh = "2021-06"')
    text = text.replace("point", "interval").replace(
        "[claims.it.test]", 'rival = { name = "late", value = "2021-12" }\n[claims.it.test]'
    )
    row = gather_evidence(read_claims(written(tmp_path, text)).claims, load("toy"), 30).rows[0]
    assert (row.verdict, row.rival_verdict) == ("agrees", "misses")
    assert row.row()["rival_value"] == "2021-12-01" and row.row()["low"] == "2020-12-15"
    assert 0.0 < row.overlap <= 1.0 and 0.0 < row.crps < 12.0


def test_what_is_a_calendar_month_already_stays_one(tmp_path):
    month = '{ calculate = "month_after", with = { model = "GPT-3 175B", statistic = "gpt3_early" } }'
    text = DATED.replace('{ metric = "t_done[Beta,big]" }', month)
    for value, verdict in (("2021-04", "agrees"), ("2021-06", "misses")):
        claims = read_claims(written(tmp_path, text.replace("2021-02", value))).claims
        row = gather_evidence(claims, load("toy"), 30).rows[0]
        assert row.verdict == verdict and row.row()["simulated_median"] == "2021-04-01"


def test_calibration_counts_from_the_claimed_date(tmp_path):
    claims = read_claims(written(tmp_path, DATED)).claims
    world = ClaimedWorld(load("toy"), claims, 5)
    values = world.values(np.full((1, world.coordinates), 0.0))[0]
    months = world.measured(values, 3).quantity("it", "done")
    assert world.evaluate(values, 3)[0] == pytest.approx(months + load("toy").start - claims["it"].number)
    assert (world.statistics[0].centre, world.statistics[0].edge) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ('"2021-02"\nlow = "2021-06"\nhigh = "2020-12"', "low = 2021-06 lies above high = 2020-12"),
        ('"2021-02"\nlow = "2021-06"\nhigh = "2021-12"', "value = 2021-02 lies outside low = 2021-06"),
        ('"2021-02"\nlow = 3.0\nhigh = 4.0', "write all of them as dates"),
    ],
)
def test_dates_that_cannot_be_are_refused_as_dates(tmp_path, after, said):
    with pytest.raises(UserError, match=said):
        read_claims(written(tmp_path, DATED.replace('"2021-02"', after)))


def test_dates_of_a_scenario_out_of_order_are_told_as_dates():
    with pytest.raises(ValueError, match="low 2019-12, centre 2019-06, high 2020-01-15"):
        given = {"low": "2019-12", "centre": "2019-06", "high": "2020-01-15", "family": "normal"}
        read_quantity(given, date=True)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (
            'path = "work.it", low = 3, centre = 2, high = 1',
            "low = 3, centre = 2, high = 1: the",
        ),
        ('path = "work.it", low = 3, value = 2', "low = 3, centre = 2: the interval is out of order"),
        ('constant = "this:s", value = 1', "constant = 'this:s': must be of the product"),
        ('constant = "os.path:sep", value = 1', "sim, agents, experiments"),
        ('constant = "experiments.__main__:main", value = 1', "must be of the product"),
        ('constant = "simulator:s", value = 1', "nothing else is imported"),
    ],
)
def test_a_place_of_an_input_that_cannot_be_is_refused_before_it_is_looked_up(tmp_path, place, said):
    text = HEAD.replace("calibrate", "input") + f"test.inputs = [ {{ {place} }} ]\n"
    sys.modules.pop("this", None)
    with pytest.raises(UserError) as caught:
        read_claims(written(tmp_path, text))
    assert said in str(caught.value) and "claims.it.test.inputs.0" in str(caught.value)
    assert "this" not in sys.modules


def test_no_claim_takes_the_place_of_another(tmp_path):
    name = next(iter(load_claims("gpt3")))
    path = written(tmp_path, SOUND.replace("claims.it", f"claims.{name}"))
    with pytest.raises(UserError, match=f"{path}: claims.{name}: stands in .*comes with the .*another id"):
        load_claims("gpt3", [path])
    assert list(load_claims("gpt3", [path], shipped=False)) == [name]
    with pytest.raises(UserError, match=f"claims.{name}: stands in {path} as well; choose another id"):
        load_claims("gpt3", [path, path], shipped=False)


def test_a_file_of_claims_that_is_no_toml_is_named(tmp_path):
    path = written(tmp_path, "claims = [")
    with pytest.raises(UserError, match=f"{path}: not valid TOML"):
        read_claims(path)


def test_a_misspelt_metric_names_the_nearest_and_where_all_stand(tmp_path):
    with pytest.raises(UserError) as caught:
        plan_of(read_claims(written(tmp_path, SOUND.replace('"lag_1"', '"lagg_1"'))).claims, load("toy"))
    said = str(caught.value)
    assert "did you mean 'lag_1'" in said and "lag_K" in said and "`cascades metrics` lists all" in said
    assert len(said) < 250


def test_what_there_is_comes_in_one_order_whatever_the_order_of_a_set():
    names = {f"name{k}" for k in range(40)}
    assert not_found("name", "nam", names) == not_found("name", "nam", frozenset(sorted(names, reverse=True)))
    assert "there is: name0, name1, name10" in not_found("name", "nam", names)
    assert nearest("ABC", ["abc", "Abc"]) == nearest("ABC", ["Abc", "abc"])


@pytest.mark.parametrize("command", ["evidence", "calibrate"])
def test_the_help_names_the_folder_of_results(command):
    assert f"out/{command}-SCENARIO" in "".join(cascades(command, "--help").out.split())
