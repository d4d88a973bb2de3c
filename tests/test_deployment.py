"""Running models beside making them: rules checked by hand, and the table read off the logs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate

from sim import load, scaling, simulate
from sim.deployment import (
    Inputs,
    deployment_flop,
    deployments,
    gets_through,
    load_tokens,
    months_until,
    usd_per_flop,
)
from sim.trained import trained_models
from sim.uncertain import fit, quantile


@pytest.fixture(scope="module")
def world():
    return simulate("gpt3", runs=12, seed=2, threads=1, logs=12, metrics=["n_dev"])


def changed(*sets):
    return simulate("gpt3", runs=12, seed=2, threads=1, logs=12, metrics=["n_dev"], sets=sets)


def test_a_token_takes_two_flop_a_parameter_and_training_six():
    assert scaling.inference_flop(1.75e11) == 3.5e11
    assert scaling.FLOP_PER_PARAMETER_TOKEN / scaling.INFERENCE_FLOP_PER_PARAMETER_TOKEN == 3.0


def test_one_load_for_a_year_takes_its_share_of_the_development():
    tokens = load_tokens(0.2, 4.6e23, 1.76e11)
    assert deployment_flop(1.76e11, tokens, 1, 0, 12) == pytest.approx(0.2 * 4.6e23)
    assert deployment_flop(1.76e11, tokens, 3, 0, 12) == pytest.approx(0.6 * 4.6e23)
    assert deployment_flop(1.76e11, tokens, 1, 0.5, -3) == 0.0


def test_the_interval_of_the_share_has_its_bounds_and_about_its_centre():
    share = load("gpt3").file.deployment.load_share
    drawn = [quantile(*at(share, u)) for u in (0.05, 0.95)]
    assert drawn == pytest.approx([0.10, 0.68], rel=1e-6)
    levels = (np.arange(20_000) + 0.5) / 20_000
    values = np.array([quantile(*at(share, u)) for u in levels])
    counts, edges = np.histogram(values, 60, (0.05, 0.65))
    assert edges[counts.argmax()] == pytest.approx(0.2, abs=0.03)  # claim:deploy-dev-ratio, as a mode


def at(quantity, u):
    family, a, b, c = fit(quantity)
    return family, u, a, b, c


@pytest.mark.parametrize("growth", [-0.3, 0.0, 0.5])
def test_growing_loads_add_up_to_their_integral(growth):
    found, _ = integrate.quad(lambda t: 2 * 1e11 * 1e10 * 10 ** (growth * t / 12), 0, 30)
    assert deployment_flop(1e11, 1e10, 1, growth, 30) == pytest.approx(found)


@pytest.mark.parametrize("growth", [-0.1, 0.0, 0.5])
def test_running_exceeds_making_at_the_month_that_is_told(growth):
    monthly = 2 * 1e11 * 1e10
    months = months_until(1.0, 20 * monthly, monthly, growth)
    assert deployment_flop(1e11, 1e10, 1, growth, months) == pytest.approx(20 * monthly)


def test_shrinking_or_absent_loads_may_never_exceed_the_making():
    assert months_until(1.0, 1e6, 1.0, -1.0) == math.inf
    assert months_until(1.0, 1e6, 0.0, 1.0) == math.inf


def test_a_quarter_of_the_size_costs_a_quarter_to_run_at_equal_training_compute():
    large, small = (280e9, 300e9), (70e9, 1.2e12)  # N and D, then N/4 and 4D
    assert large[0] * large[1] == small[0] * small[1]
    assert scaling.loss(*small) < scaling.loss(*large)
    assert scaling.inference_flop(small[0]) / scaling.inference_flop(large[0]) == 0.25


def test_the_table_holds_what_the_rules_say(world):
    table, models = deployments(world), trained_models(world)
    assert len(table)
    assert (table["opened"] <= world.compiled.horizon).all()
    for _, row in table.iterrows():
        mine = models[(models["run"] == row["run"]) & (models["actor"] == row["actor"])]
        assert row["development_flop"] in set(mine["development_flop"])
        assert row["ratio"] == pytest.approx(row["deployment_flop"] / row["development_flop"])
        within = row["opened"] + row["exceeds"] <= world.compiled.horizon
        assert within == (row["ratio"] >= 1.0)


def test_the_first_provider_of_a_class_runs_more_than_it_made_within_two_years(world):
    """claim:deploy-update, and without commercial loads making stays the larger part."""
    table = deployments(world)
    first = table[table["class"] == world.scenario.follow_class].groupby("run").first()
    assert (first["exceeds"] < 24).mean() > 0.5
    none = deployments(changed("deployment.loads=0"))
    assert len(none) and (none["ratio"] == 0).all() and np.isinf(none["exceeds"]).all()


@pytest.mark.parametrize("factor", [0.1, 0.5, 2.0, 10.0])
def test_the_energy_of_a_flop_does_not_change_the_ratio(world, factor):
    joules = load("gpt3").file.deployment.joules_per_flop.value
    other = deployments(changed(f"deployment.joules_per_flop={factor * joules}"))
    plain = deployments(world)
    assert (other["ratio"] == plain["ratio"]).all()
    assert np.allclose(other["energy_ratio"], plain["energy_ratio"], rtol=1e-12)
    assert np.allclose(other["deployment_kwh"], factor * plain["deployment_kwh"], rtol=1e-12)


def test_hardware_that_saves_energy_over_time_leaves_the_ratio_of_compute(world):
    frozen = deployments(changed("deployment.energy_halving_months=1000000"))
    plain = deployments(world)
    assert (frozen["ratio"] == plain["ratio"]).all()
    assert np.allclose(frozen["energy_ratio"], frozen["ratio"], rtol=1e-3)  # no trend: the same ratio
    assert (plain["energy_ratio"] < plain["ratio"]).all()  # running comes later, on better hardware


def test_what_must_be_paid_at_once_bars_more_than_what_is_paid_evenly():
    """claim:training-upfront-barrier: equal total cost, lumpy against smooth payment."""
    actors = load("gpt3").file.actors.values()
    passed = [gets_through(a.money_usd.value, a.income_usd.value, 1.2e7, 24) for a in actors]
    at_once, evenly = np.sum(passed, axis=0)
    assert 0 < at_once < evenly
    assert all(even for once, even in passed if once)


def test_development_counts_trials_and_lost_attempts(world):
    models = trained_models(world)
    own = models[~models["scripted"]]
    assert (own["development_flop"] >= own["flop"]).all() and (own["development_flop"] > own["flop"]).any()
    assert np.allclose(6 * models["parameters"] * models["tokens"], models["flop"], rtol=1e-9)
    counted = np.zeros(12)
    klass = world.scenario.follow_class
    classes = world.compiled.classes
    high = models[[classes.index(name) >= classes.index(klass) for name in models["reached"]]]
    for run, rows in high.groupby("run"):
        counted[run] = rows["actor"].nunique()
    assert (counted == world["n_dev"]).all()


@pytest.mark.parametrize(("own", "used"), [(0.0, 0.2), (0.4, 0.4)])
def test_a_flop_costs_what_the_use_of_its_chips_makes_of_the_rent(own, used):
    """V100, 1.16 USD an hour, 1.25e14 FLOP/s; 0: chips in general, of which 0.2 of the peak is used."""
    sets = (f"chips.V100.utilisation={own}", "training.utilisation=0.2")
    result = simulate("gpt3", runs=1, seed=1, threads=1, logs=1, metrics=["n_dev"], sets=sets)
    price = usd_per_flop(result.compiled, Inputs(result, 0), "OpenAI", 12.0)
    assert price == pytest.approx(1.16 / 3600 / (1.25e14 * used), rel=1e-9)
