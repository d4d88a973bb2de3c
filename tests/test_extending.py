"""How to extend the model. Each test adds one thing, in one place, and shows that it works.

Read it as a guide: a kind of actor, an actor, a class, a tie, a policy, an input that is uncertain,
a metric, an experiment of one's own with the event log.
"""

from __future__ import annotations

import numpy as np
import pytest

from agents.kinds import REGISTRY, ActorKind
from sim import simulate
from sim.errors import UserError
from sim.scenario import from_data, load, merge


@pytest.fixture
def start_up():
    """A new kind of actor is a class with a phrase: defining it registers it."""

    class StartUp(ActorKind):
        """Small, quick, and convinced."""

        phrase = "start-up"

    yield StartUp
    del REGISTRY[StartUp.key]  # so that other tests do not see it


# What a kind does stands in the scenario, as numbers with their sources.
START_UP = {
    "source": "an example",
    "develops": True,
    "start_rate": 0.4,
    "belief": 0.9,
    "replicate": 1.0,
    "patience_months": 24,
    "leap": 0.5,
    "appetite": 1.0,
}
DELTA = {
    "source": "an example",
    "kind": "start_up",
    "region": "north",
    "family": "general",
    "people": 20,
    "experience": 0.5,
    "willing_usd": 1e7,
    "money_usd": 3e7,
    "chips": 3000,
}


def with_delta(**tables):
    """The toy world, and one start-up in it: what ``extends = "toy"`` does in a file of one's own."""
    newcomer = {"kinds": {"start_up": START_UP}, "actors": {"Delta": DELTA}}
    return from_data(merge(merge(load("toy").raw, newcomer), tables))


def test_a_new_kind_of_actor(start_up):
    assert start_up.key == "start_up"
    result = simulate(with_delta(), runs=200, threads=1, metrics=["t_done[Delta,big]"], logs=0)
    assert np.isfinite(result["t_done[Delta,big]"]).mean() > 0.5


def test_a_kind_that_nobody_defined_is_refused():
    with pytest.raises(UserError, match="start_up"):
        with_delta()


def test_a_newcomer_leaves_the_luck_of_others_alone(start_up):
    """It acts on them only through what it does: here, it comes after the end."""
    late = with_delta(actors={"Delta": {"active_from": "2023-06"}})
    names = [f"t_done[{actor},big]" for actor in ("Alpha", "Beta", "Gamma", "Collective")]
    with_it = simulate(late, runs=100, threads=1, metrics=names, logs=0)
    without = simulate("toy", runs=100, threads=1, metrics=names, logs=0)
    assert with_it.values.tobytes() == without.values.tobytes()


def test_a_new_class_beyond_the_others():
    huge = load("toy").raw["classes"]["big"] | {"flop": 1e24, "work": 100}
    world = from_data(merge(load("toy").raw, {"classes": {"huge": huge}}))
    result = simulate(world, runs=100, threads=1, metrics=["n_dev[huge]", "n_dev[big]"], logs=0)
    assert np.all(result["n_dev[huge]"] <= result["n_dev[big]"])


def test_a_new_tie(start_up):
    """Insiders of Alpha talk to Delta: it knows before anything is public."""
    tie = {"source": "an example", "from": "Alpha", "to": "Delta", "kind": "insider", "strength": 30}
    world = with_delta(ties=[*load("toy").raw["ties"], tie])
    events = simulate(world, runs=20, threads=1, logs=20).events
    told = events[(events["event"] == "learned") & (events["actor"] == "Delta") & (events["via"] == "insider")]
    assert set(told["source"]) == {"Alpha"}
    assert told["run"].nunique() > 10


def test_a_new_policy(start_up):
    """Delta opens everything at once; a policy of an actor comes before that of its kind."""
    opened = {kind: {"probability": 1, "source": "an example"} for kind in ("existence", "code", "weights")}
    policies = {"start_up": {"weights": {"probability": 0}}, "Delta": opened}
    events = simulate(with_delta(policies=policies), runs=20, threads=1, logs=20).events
    released = events[(events["event"] == "released") & (events["actor"] == "Delta")]
    assert set(released["artifact_kind"]) == set(opened)


def test_a_policy_for_a_period_only(start_up):
    """Rows with dates follow each other: closed until 2021, open from then on."""
    rows = [
        {"probability": 0, "until": "2021-07", "source": "an example"},
        {"probability": 1, "from": "2021-07", "source": "an example"},
    ]
    world = with_delta(policies={"start_up": {"weights": rows}})
    events = simulate(world, runs=40, threads=1, logs=40).events
    own = events[(events["actor"] == "Delta")]
    released = own[(own["event"] == "released") & (own["artifact_kind"] == "weights")]
    announced = own[(own["event"] == "announced")]
    assert len(released) and released["month"].min() >= 18
    assert announced["month"].min() < 18


def test_an_uncertain_input(start_up):
    """A number becomes an interval; its draws stand beside the metrics of each run."""
    interval = {"low": 0.1, "centre": 0.3, "high": 0.9, "family": "lognormal", "source": "an example"}
    world = with_delta(kinds={"start_up": {"start_rate": interval}})
    runs = simulate(world, runs=200, threads=1, metrics=["t_done[Delta,big]"], logs=0).runs
    drawn = runs["input:kinds.start_up.start_rate"]
    assert drawn.nunique() == 200
    assert drawn.median() == pytest.approx(0.3, rel=0.2)


def test_a_lever_by_its_path():
    """Any number has a dotted path; both arms of a comparison share their luck, run by run."""
    closed = simulate("toy", runs=100, threads=1, metrics=["lag_1"], sets=["conviction.proof=0"], logs=0)
    known = simulate("toy", runs=100, threads=1, metrics=["lag_1"], logs=0)
    sooner = known["lag_1"] < closed["lag_1"]
    later = known["lag_1"] > closed["lag_1"]
    assert sooner.sum() > later.sum()


def test_a_metric_by_its_name():
    """A metric is asked for by name: statistic, actor or mechanism, class, month."""
    names = ["n_dev[big]@24", "acquired[replication,big]", "t_pub[Alpha,big]", "lag_pub_2[big]"]
    result = simulate("toy", runs=10, threads=1, metrics=names, logs=0)
    assert list(result.runs.columns[: len(names) + 1]) == ["seed", *names]


def test_a_question_of_ones_own_to_the_log():
    """The log is a data frame; causes lead back to the root."""
    events = simulate("toy", runs=1, threads=1, logs=1).events
    row = events[events["event"] == "trained"].iloc[-1]
    steps = 0
    while row["cause"] >= 0:
        row = events.loc[row["cause"]]
        steps += 1
    assert row["event"] == "scenario" and steps > 0
