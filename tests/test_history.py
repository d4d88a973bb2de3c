"""The record is read, checked, and counts what it says it counts."""

import copy
import datetime
import math

import pytest

from experiments.history import FOLDER, day_of, from_data, load_history
from sim.errors import UserError

RECORD = {
    "scenario": "toy",
    "credit": "invented",
    "models": {
        "A": {"actor": "Alpha", "class": "big", "announced": "2020-07-01", "weights": "closed",
              "source": "toy"},
        "B": {
            "actor": "Beta", "with": ["Gamma"], "class": "big", "trained": "2020-12",
            "announced": "2021-03-01", "weights": "open", "flop": 1e23, "source": "toy",
        },
        "C": {"actor": "Collective", "class": "small", "announced": "2020-01", "weights": "open",
              "source": "toy"},
    },
    "statistics": [{"name": "lag_1", "value": 8, "unit": "months", "what": "first other", "source": "toy"}],
}  # fmt: skip


@pytest.fixture
def record():
    return copy.deepcopy(RECORD)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_every_record_loads_and_says_whose_data_it_is(path):
    history = load_history(path.stem)
    assert history.models and history.credit
    assert history.scenario == path.stem


def test_a_scenario_without_a_record_has_none():
    assert load_history("toy") is None
    assert load_history("../history/gpt3") is None


def test_the_first_follower_of_gpt3_came_a_year_later():
    history = load_history("gpt3")
    assert history.reveal("gpt3") == ("OpenAI", datetime.date(2020, 5, 28))
    assert history.announced("NAVER", "gpt3") == datetime.date(2021, 5, 25)
    assert history.lag(1) == pytest.approx(12, abs=0.2)


def test_the_credit_names_epoch_ai_and_its_licence():
    credit = load_history("gpt3").credit
    assert "Epoch AI" in credit and "CC BY" in credit


@pytest.mark.parametrize("k", [2, 3, 5, 8, 10, 12])
def test_lags_computed_from_the_models_are_those_that_the_record_states(k):
    history = load_history("gpt3")
    assert history.lag(k) == pytest.approx(history.statistic(f"lag_{k}").value, abs=0.1)


@pytest.mark.parametrize("year", [2021, 2022])
def test_followers_counted_from_the_models_are_those_that_the_record_states(year):
    history = load_history("gpt3")
    last = datetime.date(year, 12, 31)
    dates = [history.announced(actor, "gpt3") for actor in history.actors if actor != "OpenAI"]
    count = sum(date is not None and date <= last for date in dates)
    assert count == history.statistic(f"followers_end_{year}").value


def test_a_joint_model_counts_for_each_maker(record):
    history = from_data(record)
    assert history.announced("Gamma", "big") == history.announced("Beta", "big") == day_of("2021-03-01")
    assert history.lag(1) == history.lag(2) == pytest.approx(8)
    assert history.lag(3) == math.inf


def test_a_higher_class_counts_for_a_lower_one_and_not_the_reverse(record):
    history = from_data(record)
    assert history.announced("Alpha", "small") == day_of("2020-07-01")
    assert history.announced("Collective", "big") is None


def test_dates_of_training_are_there_where_the_record_has_them(record):
    history = from_data(record)
    assert history.trained("Beta", "big") == datetime.date(2020, 12, 1)
    assert history.trained("Alpha", "big") is None
    assert history.trained("Nobody", "big") is None
    assert history.announced("Alpha", "no such class") is None


def test_lags_need_at_least_one_other(record):
    history = from_data(record)
    assert history.lag(0) == math.inf
    assert history.lag(1, "no such class") == math.inf
    assert history.reveal("no such class") is None


@pytest.mark.parametrize(
    "path, value, words",
    [
        (("models", "A", "announced"), "28 May 2020", "models.A.announced"),
        (("models", "A", "announced"), "2020-13", "models.A.announced"),
        (("models", "A", "class"), "bigg", "did you mean 'big'"),
        (("models", "A", "actor"), "Alfa", "did you mean 'Alpha'"),
        (("models", "B", "with"), ["Gama"], "models.B.with"),
        (("models", "A", "weights"), "opne", "models.A.weights"),
        (("models", "A", "flop"), -1.0, "models.A.flop"),
        (("models", "A", "flop"), math.nan, "models.A.flop"),
        (("models", "A", "flop"), "many", "models.A.flop"),
        (("models", "A", "anounced"), "2020-01", "did you mean 'announced'"),
        (("models", "B", "trained"), "2021-04", "lies after"),
        (("models",), [], "models"),
        (("scenario",), "toyy", "did you mean 'toy'"),
        (("statistics", 0, "value"), math.inf, "statistics.0.value"),
        (("classes",), ["big"], "classes"),
        (("extra",), 1, "unknown key"),
    ],
)
def test_bad_input_is_refused_with_file_and_path(record, path, value, words):
    inner = record
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = value
    with pytest.raises(UserError) as caught:
        from_data(record, "record.toml")
    assert "record.toml: " in str(caught.value)
    assert words in str(caught.value)


@pytest.mark.parametrize("key", ["actor", "class", "announced", "weights", "source"])
def test_what_is_missing_is_named(record, key):
    del record["models"]["A"][key]
    with pytest.raises(UserError, match="models.A"):
        from_data(record)


def test_an_unknown_statistic_is_named_with_the_nearest(record):
    with pytest.raises(UserError, match="did you mean 'lag_1'"):
        from_data(record).statistic("lag_l")
