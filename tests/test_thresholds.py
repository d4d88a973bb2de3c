"""Fixed loss against fixed size: laws by hand, and the reversal of sign in simulated worlds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from conftest import LAB, LAB_KIND, tiny_world

from sim import UserError, load, scaling, simulate
from sim.scenario import from_data
from sim.thresholds import (
    DATA_EXPONENTS,
    allocation_table,
    class_loss,
    exponents,
    iso_flop,
    reached,
    training_flop,
    years_later,
)
from sim.trained import months_ahead, surprise, trained_models

SMALL, LARGE = (1e9, 2e10), (2e10, 3e11)  # parameters and tokens


def law_world(**tables):
    """Three labs whose budgets grow; two classes with too many parameters for their text."""

    def model(parameters, tokens):
        return {
            "flop": 6 * parameters * tokens,
            "parameters": parameters,
            "tokens": tokens,
            "work": 2,
            "data_work": 0,
            "as_of": "2020-01",
            "search_share": 0,
            "team": 1,
            "publicity": 0,
        }

    labs = {
        name: LAB | {"willing_usd": usd, "money_usd": 1e12, "chips": 1e5, "income_usd": 0}
        for name, usd in (("One", 2000), ("Two", 1000), ("Three", 500))
    }
    world = tiny_world(
        kinds={"leading_lab": LAB_KIND, "ordinary_actor": {"develops": False}},
        actors={**labs, "Library": {"kind": "ordinary_actor", "region": "here"}},
        effects={"insight": {"uptake_months": 1e-3, "obsolescence_months": 1e15, "spread": 0}},
        trends={"budget_growth": 0.7},
        **tables,
    )
    world["classes"] = {
        "small": model(*SMALL),
        "large": model(*LARGE),
        "huge": model(2 * LARGE[0], 7 * LARGE[1]),
    }
    world["scenario"]["follow_class"] = "large"
    return from_data(world)


def insight(published):
    return {
        "rule": {
            "owner": "Library",
            "kind": "insight",
            "published": published,
            "teaches": "compute_optimal",
        }
    }


def test_an_efficiency_insight_brings_a_loss_earlier_and_a_size_later():
    """claims timelines-shorten-extrapolation, timelines-lengthen-bioanchors, ba-efficiency-paradox."""
    old, new = (
        simulate(scenario, runs=25, threads=1, logs=25)
        for scenario in (law_world(), law_world(scripted_artifacts=insight("2020-01")))
    )
    loss = class_loss(old, "large")
    by_loss = [reached(result, loss=loss) for result in (old, new)]
    by_size = [reached(result, parameters=0.99 * LARGE[0]) for result in (old, new)]
    assert np.isfinite(by_loss[0]).all() and np.isfinite(by_size[0]).all()
    assert (by_loss[1] < by_loss[0]).all()
    assert (by_size[1] > by_size[0]).all()
    assert (by_loss[0] == by_size[0]).all()  # under the old rule the two thresholds are one


def test_the_date_of_a_loss_is_the_date_of_its_class():
    result = simulate("toy", runs=30, threads=1, logs=30, metrics=["t_done[Beta,big]"])
    found = reached(result, loss=class_loss(result, "big"), actor="Beta")
    assert (found.to_numpy() == result["t_done[Beta,big]"]).all()
    assert np.isinf(reached(result, loss=1.0)).all()


@pytest.mark.parametrize("words", [{}, {"loss": 2.0, "parameters": 1e9}])
def test_a_threshold_is_one_thing(words):
    with pytest.raises(UserError, match="loss"):
        reached(simulate("toy", runs=1, threads=1, logs=1), **words)


def test_better_allocation_makes_models_smaller_and_cheaper_to_use():
    plain = trained_models(simulate(law_world(), runs=10, threads=1, logs=10))
    better = trained_models(
        simulate(law_world(scripted_artifacts=insight("2020-01")), runs=10, threads=1, logs=10)
    )
    assert not plain["compute_optimal"].any() and better["compute_optimal"].mean() > 0.9
    for klass in ("small", "large"):
        old, new = (table[table["reached"] == klass] for table in (plain, better))
        assert new["flop"].min() < old["flop"].min()
        optimal = new[new["compute_optimal"]]
        assert (optimal["flop_per_token"] < old["flop_per_token"].min()).all()
        assert (optimal["parameters"] < optimal["tokens"]).all()


def test_who_finds_the_rule_uses_it_and_others_when_they_learn_it():
    found = {"rule": {"teaches": "compute_optimal", "needs": "small", "rate": 0.5}}
    result = simulate(law_world(insights=found), runs=20, threads=1, logs=20)
    models = trained_models(result)
    assert 0 < models["compute_optimal"].mean() < 1
    for (run, actor), rows in models.groupby(["run", "actor"]):
        knows = rows.sort_values("trained")["compute_optimal"].to_numpy()
        assert (np.diff(knows.astype(int)) >= 0).all(), (run, actor)  # never forgotten


def test_the_state_of_a_run_agrees_with_what_the_log_says_of_the_rule():
    from conftest import play

    from sim.trained import rule_known_from

    played = play(law_world(insights={"rule": {"teaches": "compute_optimal", "needs": "small", "rate": 0.5}}))
    known = rule_known_from(played.compiled, played.log)
    builders = played.compiled.facts["builders"]
    assert ((known[builders] < math.inf) == (played.tables.state.optimal[builders] == 1)).all()
    assert (known[builders] < math.inf).any()


def test_exponents_of_data_in_parameters():
    assert DATA_EXPONENTS["rule of 2020"] == pytest.approx(0.26 / 0.74, abs=0.005)
    bio, linear = (
        training_flop(1e5 * 1e10, DATA_EXPONENTS[rule], 1e10, 2e11)
        for rule in ("bio anchors", "compute-optimal")
    )
    assert linear / bio == pytest.approx(10)  # claim:ba-10x-compute
    assert years_later(1e5, 0.8, 1.0, 1.1) == pytest.approx(0.91, abs=0.01)
    assert years_later(1e5, 0.8, 1.0, 0.3) == pytest.approx(3.33, abs=0.01)  # claim:ba-pushout-years
    assert scaling.tokens_for(1e11, 0.35, 1e10, 2e11) == pytest.approx(2e11 * 10**0.35)


def test_sizes_of_least_loss_give_the_exponents_of_the_law():
    table = iso_flop(10.0 ** np.arange(18, 27))
    a, b = exponents(table)
    assert a + b == pytest.approx(1)  # claim:ab-sum-one
    assert a == pytest.approx(0.28 / 0.62, abs=2e-3)  # claim:chin-a-other2 says 0.46
    assert table["parameters"].to_numpy() == pytest.approx(
        [scaling.optimal_parameters(flop) for flop in table["flop"]], rel=0.02
    )
    assert exponents(allocation_table(table["flop"], 3.14e23, 1.75e11)) == pytest.approx((0.74, 0.26))


def test_models_of_the_old_rule_have_too_many_parameters_beyond_the_small_ones():
    """claim:models-undertrained."""
    table = allocation_table(10.0 ** np.arange(23, 28), 3.14e23, 1.75e11)
    best = [scaling.optimal_parameters(flop) for flop in table["flop"]]
    assert (table["parameters"] > best).all() and (table["excess"] > 0).all()
    assert table["excess"].is_monotonic_increasing


def test_the_frontier_bends_and_so_the_gap_at_a_fixed_ratio_of_compute_narrows():
    flops = 10.0 ** np.arange(18, 30)
    losses = np.array([scaling.optimal_loss(flop) for flop in flops])
    assert (np.diff(np.log(losses), 2) > 0).all()  # claim:frontier-bends
    assert (np.diff(losses[:-1] - losses[1:]) < 0).all()


def test_parameters_at_fixed_text_bring_less_and_less():
    """claim:gopher-same-tokens: a family with equally many tokens."""
    losses = np.array([scaling.loss(n, 3e11) for n in (44e6, 117e6, 417e6, 1.4e9, 7.1e9, 280e9)])
    steps = np.diff(losses) / np.diff(np.log([44e6, 117e6, 417e6, 1.4e9, 7.1e9, 280e9]))
    assert (np.diff(losses) < 0).all() and (np.diff(steps) > 0).all()


def test_the_gain_of_the_better_rule_shrinks_and_ends_where_text_is_short():
    """claim:net-effect-shortens."""
    target = scaling.loss(1.75e11, 3e11)
    flop = 6 * 1.75e11 * 3e11
    free = scaling.optimal_flop(target)
    assert scaling.flop_with_data(target, 1e15) == free
    needed = [scaling.flop_with_data(target, tokens) for tokens in (1e12, 5e11, 3e11, 2.5e11)]
    assert free < needed[0] < needed[1] < needed[2]
    assert needed[2] == pytest.approx(flop)  # with no more text than the old model had: nothing is gained
    assert needed[3] > flop
    assert scaling.flop_with_data(target, 1e10) == math.inf
    assert scaling.flop_with_data(1.6, 1e12) == math.inf


def test_a_store_of_text_stands_in_for_parameters_on_part_of_the_tasks():
    assert scaling.saved_by_retrieval(40, 1.0) == 0.975
    assert scaling.saved_by_retrieval(40, 0.5) == pytest.approx(0.4875)
    assert scaling.saved_by_retrieval(1, 1.0) == scaling.saved_by_retrieval(40, 0.0) == 0.0


def store_world(**retrieval):
    store = {"store": {"owner": "Library", "kind": "retrieval_store", "published": "2020-01"}}
    effects = {
        "retrieval_store": {"uptake_months": 1e-3, "obsolescence_months": 1e15, "spread": 0, "distance": 1}
    }
    tables = {"retrieval": retrieval, "scripted_artifacts": store}
    world = law_world(**tables).raw
    return from_data(world | {"effects": world["effects"] | effects})


def test_a_store_cuts_the_compute_and_the_parameters_of_a_class():
    """claim:retro-equiv: less compute for a given class, so that more reach it, sooner."""
    without, stored = (
        simulate(store_world(**retrieval), runs=10, threads=1, logs=10)
        for retrieval in ({}, {"parameters_factor": 40, "friendly_share": 0.5})
    )
    small = [trained_models(result).query("reached == 'small'")["flop"].min() for result in (without, stored)]
    assert small[1] == pytest.approx((1 - 0.4875) * small[0], rel=1e-6)
    dates = [reached(result, loss=class_loss(result, "large")) for result in (without, stored)]
    assert (dates[1] < dates[0]).all()


def test_the_store_is_off_in_the_world_of_the_record_and_on_by_a_number():
    off = simulate("gpt3", runs=30, threads=1, logs=30, metrics=["n_dev"])
    on = simulate(
        "gpt3", runs=30, threads=1, logs=30, metrics=["n_dev"], sets=["insights.retrieval.rate=0.1"]
    )
    stores = [
        (result.events.query("event == 'made'")["artifact_kind"] == "retrieval_store").sum()
        for result in (off, on)
    ]
    assert stores[0] == 0 and stores[1] > 0


def test_months_ahead_of_a_trend():
    assert months_ahead(1e23, 0.0, 1e22, 0.0, 1.0) == pytest.approx(12)
    assert months_ahead(1e22, 5.0, 1e22, 0.0, 1.0) == pytest.approx(-5)
    assert math.isnan(months_ahead(1e22, 5.0, 1e22, 0.0, 0.0))


def test_the_reference_model_was_as_far_ahead_of_its_trend_as_the_source_says():
    """claim:trend-lang-dl (17 months); the pooled 11 (5-17) weighs four other opinions in."""
    table = surprise(simulate("gpt3", runs=5, threads=1, logs=5))
    ahead = table.loc[("OpenAI", load("gpt3").follow_class, True), "q50"]
    assert ahead == pytest.approx(17, abs=1)
    assert (table["q5"] <= table["q50"]).all() and (table["q50"] <= table["q95"]).all()
