"""Policies of release, and what sponsors ask and give, seen from the log."""

from __future__ import annotations

import pytest
from conftest import play_runs

from sim import UserError, load, simulate
from sim.scenario import from_data, merge
from sim.words import Event, Mechanism

SOURCE = "a test"


def toy(**tables):
    return from_data(merge(load("toy").raw, tables))


def events_of(scenario, runs=40):
    return simulate(scenario, runs=runs, threads=1, logs=runs).events


def released(events, actor, kind):
    rows = events[(events["event"] == "released") & (events["actor"] == actor)]
    return rows[(rows["artifact_kind"] == kind) & (rows["project"] >= 0)]


def test_a_policy_of_its_own_leaves_the_policy_of_its_kind_for_other_periods():
    before = {"probability": 0, "from": "2022-01", "source": SOURCE}
    own = released(events_of(toy(policies={"Beta": {"details": before}})), "Beta", "details")
    plain = released(events_of("toy"), "Beta", "details")
    early = plain[plain["month"] < 24]
    assert len(early) and len(own[own["month"] < 24]) == len(early)
    assert len(own[own["month"] >= 24]) < len(plain[plain["month"] >= 24])


def test_who_hides_that_there_is_a_model_releases_nothing_of_it():
    hidden = {"existence": {"probability": 0, "source": SOURCE}}
    events = events_of(toy(policies={"Beta": hidden}))
    announced = events[(events["event"] == "announced") & (events["actor"] == "Beta")]
    assert len(announced)
    assert not len(released(events, "Beta", "details"))
    assert len(released(events, "Gamma", "details"))


def test_weights_are_not_used_at_arms_length():
    rows = {"weights": {"probability": 1, "access": "arms_length", "source": SOURCE}}
    with pytest.raises(UserError, match=r"policies\.Beta\.weights\.access.*use api"):
        toy(policies={"Beta": rows})


def test_a_class_takes_its_place_by_its_flop():
    middle = load("toy").raw["classes"]["small"] | {"flop": 1e22}
    assert list(toy(classes={"middle": middle}).file.classes) == ["small", "middle", "big"]


def sponsored(form, **grant):
    """A world where Gamma cannot pay, and one sponsor gives money."""
    cloud = {"grant": form, "grant_open": False, "grant_chips": 0, "money_usd": 1e9, **grant}
    poor = {"willing_usd": 1, "people": 12}
    return toy(actors={"Cloud": cloud, "Gamma": poor}, kinds={"leading_lab": {"replicate": 0}})


@pytest.mark.parametrize("form", ["compute_money", "free_money"])
def test_unused_money_for_compute_comes_back_and_free_money_stays(form):
    cloud, gamma = 4, 2
    grants = 0
    for played in play_runs(sponsored(form, grant_usd=3e7), range(30)):
        given = played.rows(Event.GRANTED)
        state = played.tables.state
        if not len(given) or state.project[gamma] >= 0 or played.tables.clock[0].seeking:
            continue
        grants += len(given)
        total = given["usd"].sum()
        assert state.given[cloud] == pytest.approx(state.received.sum())
        if form == "free_money":
            assert state.given[cloud] == pytest.approx(total)
        else:
            assert state.given[cloud] < total
            assert state.given[cloud] <= state.spent_compute.sum() * (1 + 1e-9)
    assert grants


def test_a_grant_of_chips_is_no_larger_than_the_project():
    events = events_of(toy(actors={"Cloud": {"grant_chips": 100_000}}))
    granted = events[events["event"] == "granted"]
    assert len(granted) and (granted["amount"] < 50_000).all()


def given_away(lendable):
    """Return the most chips that Cloud gives for good in a run, and the most to one actor at a time."""
    poor = {**toy().raw["actors"]["Gamma"], "willing_usd": 1, "people": 12}
    cloud = {"grant": "hardware", "grant_open": False, "lendable_chips": lendable}
    events = events_of(toy(actors={"Gamma": poor, "Delta": poor, "Cloud": cloud}))
    granted = events[events["event"] == "granted"]
    return granted.groupby("run")["amount"].sum().max(), granted["amount"].max()


def test_a_sponsor_with_more_chips_serves_several():
    one = toy().file.actors["Cloud"].grant_chips.value
    alone, together = given_away(0), given_away(5 * one)
    assert max(alone) <= one
    assert together[1] <= one < together[0] <= 5 * one


def grants_to_a_newcomer(**changes):
    newcomer = {**toy().raw["actors"]["Gamma"], "willing_usd": 1, "people": 12, "reached": ""}
    world = toy(actors={"Cloud": {"grant_open": False, "grant_chips": 4000}, "Newcomer": newcomer}, **changes)
    events = events_of(world, runs=60)
    return len(events[(events["event"] == "granted") & (events["actor"] == "Newcomer")])


def test_who_has_shown_nothing_gets_nothing_from_a_sponsor_without_an_open_call():
    no_call = {"cloud_sponsor": {"give_unknown": 0}}
    tie = {"source": SOURCE, "from": "Newcomer", "to": "Cloud", "kind": "insider"}
    assert grants_to_a_newcomer(kinds=no_call) == 0 < grants_to_a_newcomer()
    assert grants_to_a_newcomer(kinds=no_call, ties=[tie]) > 0


def test_a_sponsor_that_asks_for_openness_gets_it():
    half = {"weights": {"probability": 0.5, "source": SOURCE}}
    events = events_of(toy(policies={"Collective": half}), runs=80)
    paid = events[(events["event"] == "announced") & (events["mechanism"] == Mechanism.SPONSORSHIP.key)]
    assert len(paid)
    for _, row in paid.iterrows():
        run = events[events["run"] == row["run"]]
        assert "weights" in set(
            run[(run["event"] == "released") & (run["project"] == row["project"])]["artifact_kind"]
        )
