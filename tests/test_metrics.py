"""Metrics are queries on the log: each against a plain reading of the same log in Python."""

from __future__ import annotations

import math

import numpy as np
import pytest
from conftest import LAB, LAB_KIND, LASTING, tiny_world
from scipy.integrate import trapezoid

from sim.engine import reset
from sim.ensemble import simulate, standard_metrics
from sim.errors import UserError
from sim.metrics import MEANINGS, Statistic, kth_after, openness, origin_of, parse_metric
from sim.scenario import from_data, load
from sim.trained import Inputs
from sim.words import Access, ArtifactKind, Bound, Event, Mechanism
from sim.world import Workspace, compile_scenario

RUNS = 25
OF_A_MODEL = {  # kinds that count in the index of openness
    "existence", "details", "hyperparameters", "code", "tools", "infrastructure", "logbook", "dataset",
    "weights", "api",
}  # fmt: skip
ACQUIRES = (Event.TRAINED, Event.ACCESSED)
UNFINISHED = (Event.STOPPED, Event.UNFINISHED, Event.UNDERTRAINED)


class Reading:
    """A log read the slow way."""

    def __init__(self, log, compiled, klass):
        self.log, self.actors = log, compiled.actors
        self.klass = compiled.classes.index(klass)

    def first(self, event, actor=None):
        """When an actor (or each) first had this class or a higher one."""
        if event == Event.TRAINED:  # an undertrained model counts for the class that it reached
            rows = self.log[self.log["reached"] >= self.klass]
        else:
            rows = self.log[(self.log["what"] == event) & (self.log["klass"] >= self.klass)]
        if event == Event.ACCESSED:
            rows = rows[rows["mechanism"] != Mechanism.STRUCTURED_ACCESS]
        times = {}
        for row in rows:
            times.setdefault(self.actors[row["actor"]], float(row["time"]))
        return times if actor is None else times.get(actor, math.inf)

    def lag(self, event, k):
        announced = self.first(Event.ANNOUNCED)
        if not announced:
            return math.inf
        owner = min(announced, key=announced.get)
        reveal = announced[owner]
        later = sorted(t for name, t in self.first(event).items() if name != owner and t >= reveal)
        return later[k - 1] - reveal if len(later) >= k else math.inf

    def count(self, *events, **fields):
        rows = self.log[np.isin(self.log["what"], events) & (self.log["klass"] == self.klass)]
        for field, value in fields.items():
            rows = rows[rows[field] == value]
        return len(rows)

    def share(self, *events, **fields):
        whole = self.count(*events)
        return self.count(*events, **fields) / whole if whole else math.nan

    def owner(self, k):
        times = sorted(self.first(Event.TRAINED).values())
        return times[k - 1] if len(times) >= k else math.inf

    def lead(self):
        return self.owner(2) - self.owner(1) if self.owner(1) < math.inf else math.nan

    def openness(self, until=math.inf):
        rows = self.log[(self.log["klass"] >= self.klass) & (self.log["project"] >= 0)]
        rows = rows[rows["time"] <= until]
        models = (rows["what"] == Event.ANNOUNCED).sum()
        degrees = {}
        for row in rows[rows["what"] == Event.RELEASED]:
            kind = ArtifactKind(row["kind"]).key
            if kind in OF_A_MODEL:
                degree = {"open": 1, "staged": 1, "licensed": 0.5, "arms_length": 0.5}
                degrees[row["artifact"]] = degree[Access(int(row["amount"])).key]
        return sum(degrees.values()) / (len(OF_A_MODEL) * models) if models else math.nan

    def research(self, times, horizon):
        """The index of downstream research at each of some times, by hand; ``serves``: spread.api_serves."""
        index = np.zeros_like(times)
        for actor in range(len(self.actors)):
            rows = self.log[(self.log["what"] == Event.ACCESSED) & (self.log["actor"] == actor)]
            rows = rows[rows["klass"] >= self.klass]
            some = rows["time"].min(initial=math.inf)
            weights = rows["time"][rows["kind"] == ArtifactKind.WEIGHTS].min(initial=math.inf)
            index += np.maximum(times - some, 0) + (1 / self.serves - 1) * np.maximum(times - weights, 0)
        return index


@pytest.mark.parametrize(
    ("name", "klass"), [("toy", "big"), ("toy", "small"), ("gpt3", "gpt3"), ("gpt3", "palm")]
)
def test_metrics_agree_with_the_log(name, klass):
    compiled = compile_scenario(load(name))
    some = [compiled.actors[row] for row in compiled.facts["builders"]][:4]
    asked = {
        f"reveal[{klass}]": lambda log: min(log.first(Event.ANNOUNCED).values(), default=math.inf),
        f"n_dev[{klass}]": lambda log: len(log.first(Event.TRAINED)),
        f"n_dev[{klass}]@20": lambda log: sum(t <= 20 for t in log.first(Event.TRAINED).values()),
        f"n_access[{klass}]": lambda log: len(log.first(Event.ACCESSED)),
        f"starts[{klass}]": lambda log: log.count(Event.STARTED),
        f"acquired[replication,{klass}]": lambda log: log.count(
            Event.TRAINED, Event.ACCESSED, mechanism=Mechanism.REPLICATION
        ),
        f"acquired[open_publication,{klass}]": lambda log: log.count(
            Event.TRAINED, Event.ACCESSED, mechanism=Mechanism.OPEN_PUBLICATION
        ),
        f"stopped[money,{klass}]": lambda log: log.count(
            Event.STOPPED, Event.UNFINISHED, Event.UNDERTRAINED, bound=Bound.MONEY
        ),
        f"spending[{klass}]": lambda log: sum(
            row["usd"]
            for row in log.log
            if row["klass"] == log.klass and row["what"] in (Event.TRAINED, Event.UNDERTRAINED, Event.STOPPED)
        ),
    }
    word = Mechanism.REPLICATION
    horizon = compiled.horizon
    asked |= {
        f"acquired[replication,{klass}]@30": lambda log: (
            np.isin(log.log["what"], ACQUIRES)
            & (log.log["klass"] == log.klass)
            & (log.log["mechanism"] == word)
            & (log.log["time"] <= 30)
        ).sum(),
        f"mech_share[replication,{klass}]": lambda log: log.share(*ACQUIRES, mechanism=word),
        f"made_share[replication,{klass}]": lambda log: log.share(Event.TRAINED, mechanism=word),
        f"stop_share[deadline,{klass}]": lambda log: log.share(*UNFINISHED, bound=Bound.DEADLINE),
        f"uncontrolled[{klass}]": lambda log: (
            log.count(Event.ACCESSED, kind=ArtifactKind.WEIGHTS)
            - log.count(Event.ACCESSED, kind=ArtifactKind.WEIGHTS, mechanism=Mechanism.LICENSED_RELEASE)
        ),
        f"access_months[{klass}]@30": lambda log: sum(
            max(0, 30 - time) for time in log.first(Event.ACCESSED).values()
        ),
        f"lead[{klass}]": lambda log: log.lead(),
        f"openness[{klass}]": lambda log: log.openness(),
        f"openness[{klass}]@25": lambda log: log.openness(25),
        f"downstream[{klass}]": lambda log: log.research(np.array([horizon]), horizon)[0],
        f"downstream[{klass}]@25": lambda log: log.research(np.array([25.0]), horizon)[0],
    }
    for k in (1, 2, 3):
        asked[f"t_owner_{k}[{klass}]"] = lambda log, k=k: log.owner(k)
        asked[f"lag_{k}[{klass}]"] = lambda log, k=k: log.lag(Event.TRAINED, k)
        asked[f"lag_pub_{k}[{klass}]"] = lambda log, k=k: log.lag(Event.ANNOUNCED, k)
    for actor in some:
        asked[f"t_done[{actor},{klass}]"] = lambda log, actor=actor: log.first(Event.TRAINED, actor)
        asked[f"t_pub[{actor},{klass}]"] = lambda log, actor=actor: log.first(Event.ANNOUNCED, actor)
    result = simulate(name, runs=RUNS, seed=6, threads=1, metrics=list(asked), logs=RUNS)
    for metric, read in asked.items():
        for run, log in result.logs.items():
            reading = Reading(log, compiled, klass)
            reading.serves = Inputs(result, run)["spread.api_serves"]
            expected = read(reading)
            assert result[metric][run] == pytest.approx(expected, rel=1e-9, nan_ok=True), (metric, run)


@pytest.mark.parametrize("name", ["toy", "gpt3"])
def test_downstream_research_reaches_an_amount_when_it_says(name):
    amounts = (1, 7, 40, 100_000)
    names = [f"t_downstream_{amount}" for amount in amounts]
    result = simulate(name, runs=RUNS, seed=6, threads=1, metrics=names, logs=RUNS)
    for run, log in result.logs.items():
        reading = Reading(log, result.compiled, result.scenario.follow_class)
        reading.serves = Inputs(result, run)["spread.api_serves"]
        horizon = result.compiled.horizon
        for amount, metric in zip(amounts, names, strict=True):
            when = result[metric][run]
            if when <= horizon:
                assert reading.research(np.array([when]), horizon)[0] == pytest.approx(amount)
            else:
                assert when == math.inf and reading.research(np.array([horizon]), horizon)[0] < amount
    assert np.isfinite(result[names[1]]).any() and np.isinf(result[names[3]]).all()


def test_attention_is_the_area_under_its_curve():
    names = ["attention", "attention@30"]
    result = simulate("gpt3", runs=5, seed=6, threads=1, metrics=names, logs=5, draw=False)
    half_life = result.scenario.file.attention.half_life_months.value
    for run, log in result.logs.items():
        shown = log[log["what"] == Event.DEMONSTRATED]
        assert len(shown)
        for metric, end in (("attention", result.compiled.horizon), ("attention@30", 30.0)):
            times = np.linspace(0, end, 200_001)
            curve = np.zeros_like(times)
            for row in shown:
                age = times - row["time"]
                curve += np.where(age >= 0, row["amount"] * 0.5 ** (np.maximum(age, 0) / half_life), 0.0)
            assert result[metric][run] == pytest.approx(trapezoid(curve, times), rel=1e-3)


@pytest.mark.parametrize(
    ("share", "words"), [("mech_share", Mechanism), ("made_share", Mechanism), ("stop_share", Bound)]
)
def test_shares_add_up_to_one_where_there_is_something_to_share(share, words):
    names = [f"{share}[{word.key}]" for word in words]
    result = simulate("gpt3", runs=RUNS, seed=6, threads=1, metrics=names, logs=0)
    total = result.values.sum(axis=1)
    assert np.allclose(total[~np.isnan(total)], 1.0) and not np.isnan(total).all()


def test_a_licence_that_becomes_an_open_release_counts_once():
    compiled = compile_scenario(load("toy"))
    workspace = Workspace(compiled)
    world, tables = workspace.world, workspace.tables
    reset(world, np.uint64(1), np.uint64(0), compiled.horizon)
    tables.clock[0].events, tables.clock[0].artifacts, tables.clock[0].time = 4, 2, 10.0
    story = [
        (Event.ANNOUNCED, -1, 0),
        (Event.RELEASED, ArtifactKind.WEIGHTS, Access.LICENSED),
        (Event.RELEASED, ArtifactKind.WEIGHTS, Access.OPEN),
        (Event.LEAKED, ArtifactKind.CODE, Access.OPEN),
    ]
    for row, (what, kind, access) in enumerate(story):
        event = tables.events[row]
        event.what, event.kind, event.amount, event.artifact = what, kind, access, kind == ArtifactKind.CODE
        event.klass, event.project, event.time = 0, 0, float(row)
    cells = np.empty(100, np.int64)
    at = [openness(world, 0, time, cells) for time in (0.0, 1.0, 2.0, 3.0)]
    assert at == [0.0, 0.05, 0.1, 0.1]
    assert math.isnan(openness(world, 1, 3.0, cells))


@pytest.mark.parametrize("name", ["toy", "gpt3"])
def test_mechanisms_add_up_to_acquisitions(name):
    names = [f"acquired[{word.key}]" for word in Mechanism]
    result = simulate(name, runs=RUNS, seed=6, threads=1, metrics=names, logs=RUNS)
    follow = result.compiled.classes.index(result.scenario.follow_class)
    for run, log in result.logs.items():
        gained = np.isin(log["what"], (Event.TRAINED, Event.ACCESSED)) & (log["klass"] == follow)
        assert result.values[run].sum() == gained.sum()
    assert np.all(result["acquired[none]"] == 0)


def test_the_kth_other_owner():
    times = np.array([[3.0], [5.0], [1.0], [np.inf], [9.0]])
    assert kth_after(times, 0, 3.0, 0, 1) == 2.0
    assert kth_after(times, 0, 3.0, 0, 2) == 6.0
    assert kth_after(times, 0, 3.0, 0, 3) == np.inf  # who had it before does not count
    assert kth_after(times, 0, np.inf, -1, 1) == np.inf


def test_owners_at_the_same_moment_count_each():
    times = np.array([[1.0], [4.0], [4.0], [6.0]])
    assert [kth_after(times, 0, 1.0, 0, k) for k in (1, 2, 3)] == [3.0, 3.0, 5.0]


def chain_world(knows):
    """Origin announces; Follower learns of it (or cannot) and trains its own."""
    return tiny_world(
        scenario={"end": "2039-12"},
        kinds={"leading_lab": LAB_KIND | {"start_rate": 0.05}},
        actors={"Follower": LAB, "Origin": LAB},
        effects={"existence": LASTING | {"uptake_months": 1e-6}},
        scripted_projects={
            "first": {
                "actor": "Origin",
                "class": "model",
                "started": "2020-01",
                "trained": "2020-01",
                "announced": "2020-01",
                "releases": {"existence": 0} if knows else {},
            }
        },
    )


@pytest.mark.parametrize("knows", [False, True])
def test_a_cascade_holds_those_who_knew_and_only_those(knows):
    names = ["cascade_size", "cascade_depth", "n_dev"]
    result = simulate(from_data(chain_world(knows)), runs=20, threads=1, metrics=names, logs=0)
    assert np.all(result["n_dev"] == 2)
    assert np.all(result["cascade_size"] == float(knows))
    assert np.all(result["cascade_depth"] == float(knows))


def test_every_statistic_says_what_it_means():
    assert set(MEANINGS) == set(Statistic)
    compiled = compile_scenario(load("toy"))
    fill = {
        "ACTOR": "Alpha",
        "CLASS": "big",
        "MECHANISM": "theft",
        "BOUND": "money",
        "MONTH": "12",
        "_K": "_2",
        "WHO": "north",
        "FORM": "open",
    }
    for statistic, (form, unit, meaning) in MEANINGS.items():
        name = form
        for word, value in fill.items():
            name = name.replace(word, value)
        metric = parse_metric(name, compiled)
        assert metric.row[0] == statistic and metric.unit == unit and metric.meaning == meaning
        assert metric.is_date == (unit == "months")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("lagg_1", "lag"),
        ("lag", "lag_K"),
        ("t_done", "ACTOR"),
        ("t_done[Alpah,big]", "Alpha"),
        ("t_done[Alpha,bgi]", "big"),
        ("acquired[thef]", "theft"),
        ("acquired", "MECHANISM"),
        ("n_dev@soon", "n_dev"),
        ("", "metric"),
        ("n_dev@1.2.3", "n_dev"),
        ("n_dev[big,big,small]", "n_dev"),
        ("n_dev_3", "n_dev"),
        ("lag_0", "lag"),
        ("lag_1@12", "lag_K"),
        ("attention[big]", "attention@MONTH"),
        ("lead_2", "lead"),
    ],
)
def test_a_mistyped_metric_is_answered_with_the_cure(name, told):
    with pytest.raises(UserError, match=told):
        parse_metric(name, compile_scenario(load("toy")))


def test_a_length_of_time_knows_what_it_counts_from():
    compiled = compile_scenario(load("toy"))
    origins = {"lag_2[small]": "reveal[small]", "lag_pub_1": "reveal[big]", "lead[small]": "t_owner_1[small]"}
    for name, origin in origins.items():
        assert origin_of(parse_metric(name, compiled), compiled).name == origin
    for name in ("t_done[Alpha,big]", "reveal", "t_owner_2", "t_downstream_5", "n_dev"):
        assert origin_of(parse_metric(name, compiled), compiled) is None


def test_standard_metrics_are_kept_by_default():
    result = simulate("toy", runs=3, threads=1, logs=0)
    assert [metric.name for metric in result.metrics] == standard_metrics(result.compiled)
    assert list(result.summary.index) == standard_metrics(result.compiled)


def test_quantiles_count_what_never_comes_as_late():
    result = simulate("toy", runs=40, threads=1, metrics=["lag_2"], logs=0)
    values = np.sort(result["lag_2"])
    low, high = result.quantiles("lag_2", (0.05, 0.95))
    assert low in values and high in values
    assert result.summary.loc["lag_2", "never"] == np.isinf(values).mean()
