"""The backcast: every model of the record is accounted for, and every score can be made again by hand."""

from __future__ import annotations

import copy
import csv
import json
import math
import tomllib

import numpy as np
import pytest
from terminal import cascades

import sim
from experiments import backcast as backcasting
from experiments import backcast_page
from experiments.backcast import (
    GIVEN,
    HAZARD,
    NONE,
    NOT_SIMULATED,
    SCORED,
    SHARED_HAZARD,
    SIMULATION,
    TREND,
    Question,
    backcast,
    form_of,
    of_question,
    questions_of,
    score,
)
from experiments.backcast_report import as_data, in_words, rows_of, score_rows
from experiments.figures.backcast import compose
from experiments.history import from_data, load_history, months_of_day
from experiments.rivals import compute_trend, constant_hazard
from experiments.scores import crps, order_score
from sim.errors import UserError
from sim.scenario import load
from sim.world import compile_scenario
from tests.lettering import faults

RECORD = """
scenario = "toy"
until = "2022-06-30"
credit = "invented"
[models.A]
actor = "Alpha"
class = "big"
announced = "2020-07-01"
weights = "arms_length"
given = "scripted_projects.first"
source = "toy"
[models.B]
actor = "Beta"
class = "big"
announced = "2021-03-01"
weights = "closed"
flop = 1e23
team = 12
cost = { usd = 2e6, low_90 = 1e6, high_90 = 4e6, source = "toy" }
published = { paper = "2021-03", code = "no", dataset = "partly" }
source = "toy"
[models.C]
actor = "Cloud"
with = ["Gamma"]
class = "big"
announced = "2021-06"
weights = "open"
source = "toy"
[models.B2]
actor = "Beta"
class = "small"
announced = "2022-01"
weights = "open"
source = "toy"
[models.D]
actor = "Cloud"
class = "big"
announced = "2022-02"
weights = "open"
source = "toy"
[models.E]
actor = "Delta"
class = "big"
announced = "2022-03"
weights = "open"
not_simulated = "Delta joined later"
source = "toy"
"""


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    path = tmp_path_factory.mktemp("record") / "record.toml"
    path.write_text(RECORD)
    return path


@pytest.fixture(scope="module")
def found(record):
    return backcast(load("toy"), runs=40, seed=3, threads=1, record=record)


def test_every_model_of_the_record_is_scored_given_or_left_out_with_a_reason():
    history, compiled = load_history("gpt3"), compile_scenario(load("gpt3"))
    questions, end = questions_of(history, compiled)
    assert [q.name for q in questions if q.model] == sorted(
        history.models, key=lambda name: history.models[name].announced
    )
    for question in questions:
        assert question.status in (SCORED, GIVEN, NOT_SIMULATED, NONE)
        assert bool(question.reason) == (question.status in (GIVEN, NOT_SIMULATED))
        assert (question.model is None) == (question.status == NONE)
        assert math.isfinite(question.actual) == (question.model is not None)
        if question.asked:
            assert 0 < question.actual <= end or question.status == NONE
    given = {q.name for q in questions if q.status == GIVEN}
    assert {"GPT-2 1.5B", "Megatron-LM 8.3B", "T5-11B", "Turing-NLG 17B", "GPT-3 175B"} <= given
    assert len([q for q in questions if q.status == SCORED]) > 20
    # everybody who builds is there, unless all that it has is given
    builders = {compiled.actors[row] for row in compiled.facts["builders"]}
    covered = {q.actor for q in questions} | {m for q in questions if q.model for m in q.model.makers}
    assert builders <= covered


def test_what_is_given_is_scripted_at_the_date_of_the_record():
    history, scenario = load_history("gpt3"), load("gpt3")
    for name, model in history.models.items():
        if model.given and model.given.startswith("scripted_projects."):
            scripted = scenario.file.scripted_projects[model.given.split(".")[1]]
            assert scripted.announced.value == pytest.approx(sim.schema.months_of_date(model.announced)), name
    scripted = {m.given.split(".")[1] for m in history.models.values() if m.given}
    assert set(scenario.file.scripted_projects) <= scripted


def test_who_is_asked_for(found):
    told = {q.name: (q.status, q.actor, q.klass, q.rank) for q in found.questions}
    assert told == {
        "A": (GIVEN, "Alpha", "big", 1),
        "B": (SCORED, "Beta", "big", 1),
        "C": (SCORED, "Gamma", "big", 1),  # the sponsor builds nothing: it is its partner's
        "B2": (SCORED, "Beta", "small", 2),  # B counts as its first of that class or above
        "D": (NOT_SIMULATED, "Cloud", "big", 2),  # C is its first
        "E": (NOT_SIMULATED, "Delta", "big", 1),
        "(Collective: none)": (NONE, "Collective", "big", 1),
    }
    reasons = {q.name: q.reason for q in found.questions if q.status == NOT_SIMULATED}
    assert reasons == {"D": "Cloud: builds no models in this scenario", "E": "Delta joined later"}


def test_the_simulated_dates_are_those_of_the_ensemble(found):
    result = sim.simulate("toy", runs=40, seed=3, threads=1)
    dates = dict(zip([q.name for q in found.asked], found.answers[SIMULATION], strict=True))
    for name, actor in (("B", "Beta"), ("C", "Gamma"), ("(Collective: none)", "Collective")):
        np.testing.assert_array_equal(dates[name].dates, result[f"t_pub[{actor},big]"])
    assert np.isinf(dates["(Collective: none)"].dates).any()


def test_scores_follow_from_the_dates(found):
    end = months_of_day(found.history.end) - found.result.scenario.start
    assert found.end == end < found.result.compiled.horizon
    for answers in found.answers.values():
        for question, answer in zip(found.asked, answers, strict=True):
            assert answer.crps == crps(answer.dates, question.actual, end)
    b, c = (found.answers[SIMULATION][place].dates for place in (0, 1))
    assert [q.name for q in found.asked[:2]] == ["B", "C"]
    share = np.mean([1.0 if x < y else 0.5 if x == y else 0.0 for x, y in zip(b, c, strict=True)])
    # B and B2 are of one maker: only B before C, and C before B2, are scored
    assert len(found.sure[SIMULATION]) == 2
    assert found.sure[SIMULATION][0] == pytest.approx(order_score(share, 40))
    assert found.answers[SIMULATION][0].order == pytest.approx(order_score(share, 40))
    assert [answer.pairs for answer in found.answers[SIMULATION]] == [1, 2, 1, 0]


def test_the_rivals_know_what_they_say_they_know(found):
    reveal, lag = 6.0, 8.0  # 2020-07-01, and to 2021-03-01
    horizon = found.result.compiled.horizon

    def until(dates):
        return np.where(dates <= horizon, dates, np.inf)

    hazard = [answer.dates for answer in found.answers[HAZARD]]
    np.testing.assert_allclose(hazard[0], until(constant_hazard(reveal, lag, 1, 40)))
    np.testing.assert_allclose(hazard[2], until(constant_hazard(reveal, lag, 2, 40)))
    shared = found.answers[SHARED_HAZARD][0].dates
    np.testing.assert_allclose(shared, until(constant_hazard(reveal, 3 * lag, 1, 40)))
    trend = [answer.dates for answer in found.answers[TREND]]
    np.testing.assert_allclose(trend[0], until(compute_trend(1e23, 1e22, 0.0, 0.8, 40)))
    flop = found.result.scenario.file.classes["big"].flop.value  # C has none on record
    np.testing.assert_allclose(trend[1], until(compute_trend(flop, 1e22, 0.0, 0.8, 40)))


def model(actor="Beta", klass="big", announced=10.0, **more):
    closed = {"weights_access": "closed", "weights_access_date": math.inf, "api_date": math.inf}
    rest = {"cost_usd_estimate": math.nan, "total_compute_cost_usd": math.nan, "core_team_size": math.nan}
    rest |= {
        f"{part}_published": math.inf for part in ("paper", "hyperparameters", "training_code", "dataset")
    }
    told = {"developer": actor, "class": klass, "announced_date": announced, "scripted": False}
    return closed | rest | told | more


def test_models_are_matched_in_the_order_of_their_announcement(found):
    compiled = found.result.compiled
    models = [
        model(announced=30.0),
        model(announced=12.0, klass="small"),
        model(announced=20.0),
        model(announced=1.0, scripted=True),
        model(announced=math.inf),
        model(announced=2.0, actor="Gamma"),
    ]

    def date(klass, rank):
        asked = Question("x", SCORED, "", "Beta", klass, rank, 5.0, 1e23)
        chosen = of_question(asked, compiled, models)
        return chosen["announced_date"] if chosen else None

    assert [date("big", rank) for rank in (1, 2, 3)] == [20.0, 30.0, None]
    assert [date("small", rank) for rank in (1, 2, 3, 4)] == [12.0, 20.0, 30.0, None]


def test_a_perfect_simulation_beats_every_rival(found):
    """Scores are of the models given, whoever made them: what came has no error."""
    actual = [
        model(q.actor, q.klass, q.actual) for q in found.questions if q.status == SCORED and q.name != "B2"
    ] + [model("Beta", "small", next(q.actual for q in found.questions if q.name == "B2"))]
    perfect = score(found.result, found.history, found.questions, found.end, [actual] * 40)
    assert not perfect.crps(SIMULATION).any()
    assert perfect.order(SIMULATION) == pytest.approx(math.log(41 / 42))
    for rival in perfect.rivals:
        assert perfect.mean_crps(rival) > 0 and perfect.order(rival) < perfect.order(SIMULATION)


@pytest.mark.parametrize(
    "told, form",
    [
        ({}, "closed"),
        ({"api_date": 5.0}, "arms_length"),
        ({"api_date": 50.0}, "closed"),
        ({"weights_access": "open", "weights_access_date": 5.0, "api_date": 1.0}, "open"),
        ({"weights_access": "licensed", "weights_access_date": 50.0}, "closed"),
        ({"weights_access": "leaked"}, "closed"),
    ],
)
def test_the_form_of_access_is_what_the_maker_chose_by_then(told, form):
    assert form_of(model(**told), 20.0) == form


def test_the_tables_say_the_same(found):
    rows = {row["model"]: row for row in rows_of(found)}
    assert rows["B"]["actual"] == "2021-03-01" and rows["B"]["record_cost_low_90"] == 1e6
    assert rows["B"]["record_team"] == 12 and rows["B"]["record_code"] == "no"
    assert rows["A"]["simulated_q50"] == "" and rows["A"]["reason"] == "scripted: scripted_projects.first"
    assert rows["(Collective: none)"]["actual"] == "none by the end"
    dates = found.answers[SIMULATION][0].dates
    assert rows["B"]["share_by_end_of_record"] == (dates <= found.end).mean()
    assert sum(
        rows["B"][f"share_{form}"] for form in ("closed", "open", "licensed", "arms_length", "staged")
    ) == (pytest.approx(1.0))
    costs = [one["cost_usd_estimate"] for one in found.models[0]]
    assert rows["B"]["simulated_cost_usd"] == np.quantile(costs, 0.5, method="inverted_cdf")
    means = {row["forecaster"]: row for row in score_rows(found) if row["model"] == "(all)"}
    for forecaster, answers in found.answers.items():
        assert means[forecaster]["crps_months"] == pytest.approx(np.mean([a.crps for a in answers]))
        assert means[forecaster]["questions"] == 4
    text = in_words(found)
    for name in ("B", "C", "B2", "(Collective: none)"):
        assert any(line.startswith(f"{name} ") for line in text.splitlines())
    assert "Given, not scored: A (2020-07)" in text and "Delta joined later" in text and "invented" in text
    json.dumps(as_data(found), allow_nan=False)


def test_losing_is_said(found):
    """A simulation in which nobody ever comes is farther off than who knows the first follower's date."""
    empty = score(found.result, found.history, found.questions, found.end, [[] for _ in range(40)])
    text = " ".join(in_words(empty).split())
    assert "Simulation against constant hazard. CRPS, models on record: farther off" in text
    assert "nearer in 0 of 3" in text
    assert "comes in fewer than half of the runs" in text


def test_the_figure_has_a_lane_for_each_and_nothing_is_cut_off(found):
    for width in (90, 180):
        figure = compose(found, width)
        assert not faults(figure)
    (axes,) = figure.axes
    lanes = {text.get_text() for text in axes.texts}
    assert {"B · Beta, big", "B2 · Beta, small (2)", "A · Alpha, big", "Collective: none of big"} <= lanes


def test_the_command_leaves_tables_figure_and_manifest_and_does_so_again(record, tmp_path):
    out = tmp_path / "out"
    asked = ("backcast", "toy", "--runs", 12, "--seed", 5, "--record", record, "--threads", 2)
    done = cascades(*asked, "--out", out)
    assert done.code == 0, done.err
    names = {"backcast.csv", "scores.csv", "backcast.png", "manifest.json"}
    assert {path.name for path in out.iterdir()} == names
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["runs_completed"] == 12 and set(manifest["record"]["models"]) == set("ABCDE") | {"B2"}
    with (out / "backcast.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 7
    again = cascades(*asked, "--json", "--out", tmp_path / "again")
    assert again.code == 0, again.err
    for name in ("backcast.csv", "scores.csv"):
        assert (tmp_path / "again" / name).read_bytes() == (out / name).read_bytes()
    data = json.loads(again.out)
    assert data["runs"] == 12 and [row["model"] for row in data["models"]] == [row["model"] for row in rows]


def test_policies_and_sets_reach_the_simulation(record, tmp_path):
    done = cascades(
        "backcast", "toy", "--runs", 5, "--record", record, "--out", tmp_path / "out", "--json",
        "--set", "kinds.leading_lab.start_rate=0",
    )  # fmt: skip
    assert done.code == 0, done.err
    rows = {row["model"]: row for row in json.loads(done.out)["models"]}
    assert rows["B"]["simulated_q50"] == "later" and rows["B"]["share_by_end_of_run"] == 0.0


def test_ctrl_c_keeps_the_runs_that_were_read(record, tmp_path, monkeypatch):
    count = 0

    def progress(_):
        nonlocal count
        count += 1
        if count == 3:
            raise KeyboardInterrupt

    found = backcast(load("toy"), runs=9, seed=3, threads=1, record=record, progress=progress)
    assert found.result.interrupted and len(found.result.run_numbers) == 3
    whole = backcast(load("toy"), runs=3, seed=3, threads=1, record=record)
    for own, other in zip(found.answers[SIMULATION], whole.answers[SIMULATION], strict=True):
        np.testing.assert_array_equal(own.dates, other.dates)

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(backcasting, "_read_runs", interrupted)
    done = cascades("backcast", "toy", "--runs", 5, "--record", record, "--out", tmp_path / "out")
    assert done.code == 130 and not (tmp_path / "out").exists()


def test_a_record_that_ends_after_the_scenario_is_scored_up_to_the_scenario(record):
    history = from_data({"scenario": "toy", "until": "2030-01", "credit": "x", "models": {
        "late": {"actor": "Beta", "class": "big", "announced": "2025-01", "weights": "open", "source": "x"},
        "early": {"actor": "Gamma", "class": "big", "announced": "2010-01", "weights": "open", "source": "x"},
        "undated": {"actor": "Gamma", "class": "big", "trained": "2021-01", "weights": "open", "source": "x"},
    }})  # fmt: skip
    compiled = compile_scenario(load("toy"))
    questions, end = questions_of(history, compiled)
    assert end == compiled.horizon
    reasons = {q.name: q.reason for q in questions if q.status == NOT_SIMULATED}
    assert "after the scenario ends (2022-12-31)" in reasons["late"]
    assert "before the scenario begins (2020-01-01)" in reasons["early"]
    assert "does not say when" in reasons["undated"]


@pytest.mark.parametrize(
    "old, new, words",
    [
        ('actor = "Beta"', 'actor = "Betta"', ["models.B.actor", "did you mean 'Beta'"]),
        ('class = "small"', 'class = "smal"', ["models.B2.class", "did you mean 'small'"]),
        ("scripted_projects.first", "scripted_projects.frist", ["models.A.given", "did you mean 'first'"]),
        ("scripted_projects.first", "projects.first", ["models.A.given", "scripted_projects.NAME"]),
        ("scripted_projects.first", "scripted_artifacts.tools", ["models.A.given", "of Gamma"]),
        ("low_90 = 1e6", "low_90 = 3e6", ["models.B.cost", "out of order"]),
        ("low_90 = 1e6, ", "", ["models.B.cost", "needs its low"]),
        ("usd = 2e6, ", "usd = -2e6, ", ["models.B.cost.usd"]),
        ("usd = 2e6, ", "us = 2e6, ", ["models.B.cost.us", "did you mean 'usd'"]),
        ('code = "no"', 'code = "perhaps"', ["models.B.published.code", "yes, partly, no"]),
        ('code = "no"', 'cod = "no"', ["models.B.published.cod", "did you mean 'code'"]),
        ("team = 12", "team = 0", ["models.B.team"]),
        ('until = "2022-06-30"', 'until = "2022-02"', ["models.E.announced", "after until"]),
        ('until = "2022-06-30"', 'until = "summer"', ["until", "not a date"]),
        ('scenario = "toy"', 'scenario = "toyy"', ["scenario", "did you mean 'toy'"]),
        ('scenario = "toy"', "scenario = ", ["not valid TOML"]),
    ],
)
def test_a_broken_record_is_refused_with_file_and_path(old, new, words, tmp_path):
    assert old in RECORD
    path = tmp_path / "mine.toml"
    path.write_text(RECORD.replace(old, new, 1))
    refused = cascades("backcast", "toy", "--record", path, "--out", tmp_path / "out").refusal
    assert "mine.toml" in refused and not (tmp_path / "out").exists()
    for word in words:
        assert word in refused


def test_a_scenario_without_a_record_is_refused(tmp_path):
    refused = cascades("backcast", "toy", "--out", tmp_path / "out").refusal
    assert "configs/history/toy.toml" in refused and "gpt3" in refused
    with pytest.raises(UserError, match="cannot be read"):
        backcast(load("toy"), record=tmp_path / "none.toml")


def test_a_record_that_asks_nothing_is_refused(record, tmp_path):
    refused = cascades("backcast", "image", "--record", record, "--out", tmp_path / "out").refusal
    assert "asks nothing of scenario 'image'" in refused and not (tmp_path / "out").exists()


def test_what_an_arm_no_longer_scripts_is_scored(record):
    history = from_data(tomllib.loads(RECORD))
    scenario = load("toy")
    raw = copy.deepcopy(scenario.raw)
    del raw["scripted_projects"]
    from sim.scenario import from_data as scenario_of

    questions, _ = questions_of(history, compile_scenario(scenario_of(raw, "bare", name="bare")))
    assert {q.name: q.status for q in questions}["A"] == SCORED


def test_the_interval_of_the_record_is_kept():
    cost = copy.deepcopy(load_history("gpt3")).models["OPT-175B"].cost
    assert (cost.low_90, cost.usd, cost.high_90) == (1.5e6, 1.7e6, 2.3e6)
    assert load_history("gpt3").models["BLOOM 176B"].published.weights == "2022-07-12"
    assert load_history("gpt3").end.isoformat() == "2022-12-31"


def test_the_page_is_what_the_command_prints(found):
    page = backcast_page.page_of(found)
    assert in_words(found) in page and f"]({backcast_page.PICTURE.name})" in page
    assert backcast_page.PAGE.is_file() and backcast_page.PICTURE.is_file()
