"""Absorption after MEDAL-ADR: memory, absence of the expert, attention, randomised worlds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from conftest import LAB, LAB_KIND, LASTING, play, tiny_world

from sim import UserError, load, simulate
from sim.absorption import (
    kept_after_silence,
    left_without,
    life_cycle,
    phase_counts,
    ratio_of_sums,
)
from sim.paths import quantities
from sim.policy import with_policies
from sim.randomised import randomised
from sim.scenario import from_data, merge
from sim.words import ArtifactKind, Event

CODE = int(ArtifactKind.CODE)


def lending(kind=None, lender=None, borrower=None, **tables):
    """Lender publishes code in 2021; Borrower, who cannot pay for a model, takes it up."""
    return tiny_world(
        kinds={"leading_lab": LAB_KIND | (kind or {}), "ordinary_actor": {"develops": False}},
        actors={
            "Borrower": LAB | (borrower or {"willing_usd": 0}),
            "Lender": {"kind": "ordinary_actor", "region": "here", **(lender or {})},
        },
        effects={"code": LASTING | {"work": 0.5, "distance": 1}},
        scripted_artifacts={"code": {"owner": "Lender", "kind": "code", "published": "2021-01"}},
        **tables,
    )


def help_held(played):
    return played.tables.help[CODE].held  # one builder, one class


def test_borrowed_help_falls_to_its_e_th_part_in_the_retention_time():
    played = play(lending({"retention_months": 20}))
    learnt = played.time(Event.LEARNED, "Borrower")
    faded = float(played.tables.state.faded[0])
    assert faded - learnt > 60
    assert help_held(played) == pytest.approx(math.exp(-(faded - learnt) / 20))
    wish = played.tables.wishes[0]
    assert wish.work == pytest.approx(1 - 0.5 * help_held(played))
    assert wish.flop == wish.talent == 1.0


@pytest.mark.parametrize("months", [1e6, 1e7])
def test_who_never_forgets_holds_help_as_it_was(months):
    played, plain = play(lending({"retention_months": months})), play(lending())
    assert help_held(played) == pytest.approx(1.0, rel=1e-12)
    assert played.log.tobytes() == plain.log.tobytes()


def test_forgetting_makes_work_longer_run_by_run():
    def trained(**kind):
        return [
            play(lending(kind, borrower={"active_from": "2023-01"}), run).time(Event.TRAINED)
            for run in range(20)
        ]

    lasting, fading = trained(), trained(retention_months=10)
    for early, late in zip(lasting, fading, strict=True):
        assert early <= late < math.inf
    assert np.mean(fading) > np.mean(lasting)


def test_what_is_practised_without_the_source_is_learnt_for_good():
    often_away = {"available": 0.25}
    played = play(lending({"retention_months": 2}, often_away, absorption={"practice": 0.8}))
    faded = float(played.tables.state.faded[0])
    left = math.exp(-(faded - played.time(Event.LEARNED, "Borrower")) / 2)
    assert help_held(played) == pytest.approx(0.6 + 0.4 * left)  # 0.8 of three quarters
    always_there = play(lending({"retention_months": 2}, absorption={"practice": 0.8}))
    assert help_held(always_there) < 0.01


def test_own_work_is_not_forgotten():
    world = tiny_world(
        kinds={"leading_lab": LAB_KIND | {"retention_months": 1}},
        actors={"Maker": LAB | {"willing_usd": 0}},
        effects={"code": LASTING | {"work": 0.5, "distance": 1}},
        scripted_artifacts={
            "own": {"owner": "Maker", "kind": "code", "made": "2020-06", "published": "never"}
        },
    )
    played = play(world)
    assert help_held(played) == pytest.approx(played.tables.learnt[CODE].held) == 1.0


@pytest.mark.parametrize("available", [1.0, 0.5, 0.1, 0.0])
def test_a_source_that_is_away_half_the_time_takes_twice_as_long(available):
    for run in range(5):
        plain, rarer = (
            play(lending(lender={"available": share}), run).time(Event.LEARNED) - 12
            for share in (1.0, available)
        )
        wait = plain / available if available else math.inf
        assert rarer == (pytest.approx(wait) if 12 + wait <= 120 else math.inf)


def test_nothing_is_got_from_who_has_fallen_silent():
    said = play(lending(lender={"silent_from": "2021-01"}))
    assert not len(said.rows(Event.RELEASED)) and not len(said.rows(Event.LEARNED))
    learnt = play(lending()).time(Event.LEARNED)
    assert learnt < 24
    later = play(lending(lender={"silent_from": "2022-01"}))
    assert later.time(Event.LEARNED) == learnt  # before the silence: as ever
    between = play(lending(lender={"silent_from": "2021-01-02"}), run=1)
    assert len(between.rows(Event.RELEASED)) and not len(between.rows(Event.LEARNED))


def shown(**kind):
    """Maker's code of a class is public in 2021; that the class exists becomes known in 2024."""
    scripted = {"owner": "Maker", "class": "model"}
    return tiny_world(
        kinds={"leading_lab": LAB_KIND | kind, "ordinary_actor": {"develops": False}},
        actors={
            "Borrower": LAB | {"willing_usd": 0},
            "Maker": {"kind": "ordinary_actor", "region": "here"},
        },
        effects={
            "code": LASTING | {"work": 0.5, "distance": 1},
            "existence": LASTING | {"uptake_months": 1e-6},
        },
        scripted_artifacts={
            "code": scripted | {"kind": "code", "published": "2021-01"},
            "news": scripted | {"kind": "existence", "published": "2024-01"},
        },
    )


def test_who_does_not_look_does_not_learn_until_it_knows_what_to_look_for():
    for run in range(5):
        looks, does_not = play(shown(), run), play(shown(unaware=0), run)
        wait = looks.rows(Event.LEARNED)["time"][0] - 12
        assert does_not.time(Event.AWARE) == pytest.approx(48, abs=1e-3)
        code = does_not.rows(Event.LEARNED)
        code = code[code["kind"] == CODE]
        if 48 + wait <= 120:
            assert code["time"][0] == pytest.approx(48 + wait, abs=1e-3)
        slower = play(shown(unaware=0.5), run)
        assert (
            slower.rows(Event.LEARNED)["time"][0]
            == pytest.approx(min(12 + 2 * wait, slower.time(Event.AWARE)), abs=1e-3)
            or slower.rows(Event.LEARNED)["kind"][0] != CODE
        )


def test_phases_follow_one_upon_another():
    result = simulate("gpt3", runs=6, threads=1, logs=6)
    cycle = life_cycle(result)
    assert len(cycle) == 6 * len(result.compiled.facts["builders"]) * len(result.compiled.classes)
    for early, late in (("follow", "solo"), ("assisted", "solo")):
        both = cycle[np.isfinite(cycle[early])]
        assert len(both) and (both[early] <= both[late]).all()
    for run in range(6):
        mine = cycle[(cycle["run"] == run) & (cycle["class"] == result.scenario.follow_class)]
        assert np.isfinite(mine["solo"]).sum() == result["n_dev"][run]
    counts = phase_counts(cycle, result.scenario.follow_class, range(0, 61, 12))
    assert counts.sum(axis=1).round(9).nunique() == 1
    assert counts["none"].is_monotonic_decreasing and counts["solo"].is_monotonic_increasing


def test_followers_keep_all_when_the_silence_comes_after_the_end():
    kept = kept_after_silence("toy", "Alpha", "never", runs=40, threads=1)
    assert (kept.runs["with_expert"] == kept.runs["silent"]).all()
    assert kept.index == 1.0 and kept.interval == (1.0, 1.0)


def test_the_earlier_the_silence_the_less_is_kept():
    early, late = (
        kept_after_silence("toy", "Alpha", date, runs=600, threads=1) for date in ("2020-01", "2021-12")
    )
    assert early.index < late.index <= 1.0
    assert early.interval[0] < early.index < early.interval[1] < 1.0


@pytest.mark.parametrize(
    ("words", "told"),
    [(("toy", "Alhpa", "2020-01"), "Alpha"), (("toy", "Alpha", "2020-13"), "2020-13")],
)
def test_an_expert_or_date_that_is_not_there_is_answered(words, told):
    with pytest.raises(UserError, match=told):
        kept_after_silence(*words, runs=2)


def test_a_ratio_without_followers_is_no_number():
    assert math.isnan(ratio_of_sums(np.zeros(3), np.zeros(3))[0])


def test_who_only_uses_an_interface_is_left_without_it():
    result = simulate("toy", runs=100, threads=1, logs=100)
    left = left_without(result, "Alpha")
    assert (left["without"] <= left["users"]).all() and (left["without"] < left["users"]).any()


@pytest.mark.parametrize("name", ["toy", "gpt3"])
def test_a_randomised_scenario_draws_every_number_that_is_not_record_or_definition(name):
    base = load(name)
    wide = randomised(base, 3.0)
    before = {parts: (quantity, unit) for parts, quantity, unit, _ in quantities(base.file)}
    changed = 0
    for parts, quantity, _, source in quantities(wide.file):
        old, unit = before[parts]
        assert quantity.value == old.value
        if unit.date or parts[0].startswith("scripted") or old.value == 0:
            assert quantity == old
        elif quantity != old:
            changed += 1
            assert "randomised" in source
            assert quantity.low <= (old.low or old.value) and quantity.high >= (old.high or old.value)
            assert unit.minimum <= quantity.low and quantity.high <= unit.maximum
    assert changed > 100
    result = simulate(wide, runs=20, threads=1, logs=0)
    assert np.all(np.std(result.draws, axis=0) > 0)


def test_a_plain_number_varies_by_the_width():
    wide = randomised(load("toy"), 2.0, tables=("work",))
    salary = wide.file.work.salary_usd
    assert (salary.low, salary.value, salary.high) == (1e4, 2e4, 4e4)
    assert wide.file.actors["Alpha"].people == load("toy").file.actors["Alpha"].people
    draws = simulate(wide, runs=2000, threads=1, logs=0).runs["input:work.salary_usd"]
    for tail in (draws < 1e4, draws > 4e4):
        assert tail.mean() == pytest.approx(0.05, abs=0.015)


def test_policies_are_tested_in_the_same_random_worlds():
    """Later release code of a leader: over random worlds, the sign holds where theory says it must."""
    wide = randomised(load("toy"), 2.0)
    late = load(wide, ("actors.Alpha.silent_from=2020-01",))
    one, two = (simulate(arm, runs=30, threads=1, logs=0) for arm in (wide, late))
    assert one.draws.tobytes() == two.draws.tobytes()
    assert two["n_dev"].sum() <= one["n_dev"].sum()


@pytest.mark.parametrize("width", [0.5, 1e6, math.nan])
def test_a_width_without_meaning_is_refused(width):
    with pytest.raises(UserError, match="width"):
        randomised(load("toy"), width)


def test_width_one_changes_nothing():
    assert randomised(load("toy"), 1.0) is load("toy") or randomised(load("toy"), 1.0).raw == load("toy").raw


def test_a_scenario_is_randomised_with_its_policies():
    policies = {"leading_lab": {"code": {"probability": 0.5}}}
    scenario = from_data({**load("toy").raw, "policies": policies})
    wide = randomised(scenario, 2.0, tables=("policies",))
    assert wide.file.policies["leading_lab"]["code"][0].probability.uncertain


def test_what_is_drawn_from_opinions_is_randomised_by_them_alone():
    parts = [{"value": 3, "weight": 1}, {"value": 9, "weight": 1}]
    pool = {"pool": {"method": "mixture", "parts": parts}, "source": "a test"}
    likely = {"low": 0, "centre": 1, "high": 4, "family": "lognormal", "zero": 0.1, "source": "a test"}
    either = {"name": "x", "options": [{"weight": 1}, {"weight": 1, "numbers": {"work.salary_usd": 9}}]}
    actors = {"Alpha": {"people": pool, "income_usd": likely}}
    base = from_data(merge(load("toy").raw, {"actors": actors, "alternatives": [either]}))
    wide = randomised(base, 2.0)
    assert wide.file.actors["Alpha"].people == base.file.actors["Alpha"].people
    assert wide.file.actors["Alpha"].income_usd.zero == 0.1
    assert not wide.file.work.salary_usd.uncertain
    assert randomised(with_policies("toy", "code-never"), 2.0).policies == ("code-never",)
