"""Claims of inputs and identities: all are there and hold; a place that does not fit is found out."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from terminal import cascades

from experiments.evidence import naming
from experiments.evidence.calculations import CALCULATIONS, calculate
from experiments.evidence.claims import Quantity as Asked
from experiments.evidence.claims import UsedInput, load_claims, read_claims
from experiments.evidence.measuring import measure_plan, plan_of
from experiments.evidence.readings import PROJECTS, Run, known_readings, reader_of
from experiments.evidence.run_readings.following import independent_starts, kept_up, shelved_rivals
from experiments.evidence.run_readings.making import (
    openness_with_capability,
    people_with_weights,
    share_of_people,
    team_needed,
)
from experiments.evidence.table import gather_evidence, notes_of
from experiments.evidence.used_inputs import problems
from experiments.expectation import draws_of_number, pooled, trend_lags
from experiments.history import from_data, load_history
from experiments.summary import in_rows, in_words
from sim import scaling, simulate
from sim.errors import UserError
from sim.luck import name_hash
from sim.provenance import leaks
from sim.quantity import Quantity, as_plain, read_quantity
from sim.scenario import from_data as from_raw
from sim.scenario import load, merge
from sim.tables import PROJECT as PROJECT_ROW
from sim.words import ArtifactKind, Event

# How many claims of each role the literature makes that we hold the product against.
CLAIMS = {"input": 99, "identity": 21, "structural": 17, "calibrate": 60}
SHARE = "classes.gpt3.search_share"


@pytest.fixture(scope="module")
def claims():
    return load_claims("gpt3")


@pytest.fixture(scope="module")
def evidence(claims):
    chosen = {name: claim for name, claim in claims.items() if claim.role in ("input", "identity")}
    return gather_evidence(chosen, load("gpt3"), 1)


def test_all_claims_of_inputs_and_identities_are_there(claims):
    roles = Counter(claim.role for claim in claims.values())
    assert all(roles[role] == CLAIMS[role] for role in ("input", "identity"))
    assert all(roles[role] >= least for role, least in CLAIMS.items())


def test_all_of_them_agree(evidence):
    assert [f"{row.id}: {row.reason}" for row in evidence.rows if row.verdict != "agrees"] == []


def test_identities_are_computed_by_the_product(claims):
    for name, claim in claims.items():
        if claim.role == "identity":
            ways = {quantity.calculate for quantity in claim.test.quantities.values()}
            assert ways and "number" not in ways, name


# ---- places


def wrong(claim, **place):
    return problems(claim, UsedInput.model_validate(place), load("gpt3"))


def test_a_number_must_be_that_of_the_claim():
    assert not wrong("v100-memory", path="chips.V100.memory_gb", value=32)
    assert "is 32" in wrong("v100-memory", path="chips.V100.memory_gb", value=16)[0]


def test_a_source_must_name_the_claim_itself():
    assert "does not name" in wrong("v100", path="chips.V100.memory_gb", value=32)[0]  # a part of another id


def test_an_opinion_of_a_pool_has_its_own_source_and_weight():
    place = {"path": f"{SHARE}.pool.parts.1", "low": 0.01, "centre": 0.10, "high": 0.30}
    assert not wrong("hp-search-expert", **place, weight=3)
    assert "weight is 3" in wrong("hp-search-expert", **place, weight=1)[0]
    with pytest.raises(UserError, match="no such opinion"):
        wrong("hp-search-expert", path=f"{SHARE}.pool.parts.2", centre=0.1)


def test_words_tables_and_orders():
    assert not wrong("sponsor-cases", path="actors.BAAI.grant", value="compute_money")
    assert wrong("sponsor-cases", path="actors.BAAI.grant", value="hardware")
    assert wrong("opt-access-rule", path="kinds.academic_group.eligible", value=False)
    assert not wrong("risk-taxonomy", path="harms", count=6)
    assert "count is 6" in wrong("risk-taxonomy", path="harms", count=5)[0]
    ethics = "google-ethics-top-reason"
    assert not wrong(ethics, path="motives.Google.misuse", above=["motives.Google.advantage", 1])
    assert (
        "does not lie below"
        in wrong(ethics, path="motives.Google.misuse", below="motives.Google.advantage")[0]
    )
    assert not wrong("other-training-tools", record='models."Gopher 280B".tools', value=["JAX", "Haiku"])
    better = {"record": 'models."Gopher 280B".loss'}
    assert not wrong("retro-beats-gpt3", **better, below='models."GPT-3 175B".loss')
    assert wrong("retro-beats-gpt3", **better, below='models."Chinchilla 70B".loss')


def test_dates_constants_and_calculations():
    assert not wrong("kaplan-date", path="scripted_artifacts.scaling_laws.published", value="2020-01-23")
    assert wrong("kaplan-date", path="scripted_artifacts.scaling_laws.published", value="2020-01-24")
    assert not wrong("chin-a-isoflop", constant="sim.scaling:OPTIMAL_EXPONENTS.isoflop", value=0.49)
    size = {"calculate": "size_still_needed", "with": {"parameters": 1.75e11, "tokens": 3e11}}
    assert not wrong("nn-size-estimate-lower", **size, below=1)
    assert wrong("nn-size-estimate-lower", **size, above=1)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ({"path": "chips.V100.memory", "value": 1}, "did you mean 'chips.V100.memory_gb'"),
        ({"path": "actors.Nobody.grant", "value": ""}, "no number"),
        ({"record": "statistics.lagg_1", "value": 1}, "did you mean 'lag_1'"),
        ({"record": "estimates.gpt3_expected.nmber", "value": 1}, "did you mean 'number'"),
        ({"constant": "sim.scaling:OPTIMAL_EXPONENTS.isofop", "value": 1}, "did you mean 'isoflop'"),
        ({"calculate": "lss", "value": 1}, "did you mean 'loss'"),
        ({"scenario": "toy", "record": "statistics.lag_1", "value": 1}, "has no record"),
    ],
)
def test_a_place_that_is_not_there_is_named(place, said):
    with pytest.raises(UserError) as caught:
        wrong("it", **place)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "place",
    [{"path": "a"}, {"path": "a", "record": "b", "value": 1}, {"path": "a", "value": 1, "with": {"x": 1}}],
)
def test_a_place_must_say_one_thing(place):
    with pytest.raises(ValueError):
        UsedInput.model_validate(place)


# ---- what the calculations call


def test_pools_of_the_record_are_those_published():
    number = load_history("gpt3").estimate("gpt3_expected").number
    found = {
        method: np.quantile(draws_of_number(pooled(number, method, 10.0)), (0.05, 0.95))
        for method in ("weighted_average", "together", "mixture")
    }
    assert found["weighted_average"] == pytest.approx((4.7, 17.1), abs=0.3)
    assert found["together"] == pytest.approx((1, 21), abs=0.4)
    assert found["mixture"] == pytest.approx((-6, 31), abs=0.7)
    with pytest.raises(UserError, match="mixture"):
        pooled(Quantity(1.0), "mixture")


def test_a_number_outside_of_any_scenario_is_drawn_on_its_own_scale():
    number = {"low": 4e6, "centre": 6e6, "high": 1e7, "family": "lognormal"}
    draws = draws_of_number(read_quantity(number))
    assert np.quantile(draws, (0.05, 0.5, 0.95)) == pytest.approx((4e6, 6e6, 1e7), rel=0.02)
    assert calculate("mean_of_interval", {"low": 1.0, "high": 1.0 + 1e-9}) == pytest.approx(1.0)


def test_trends_without_a_spread_are_refused():
    record = {"scenario": "toy", "credit": "invented", "models": {}}
    with pytest.raises(UserError, match="two trends"):
        trend_lags(from_data(record))


def test_where_text_is_short_compute_buys_less():
    assert scaling.loss_with_data(1e22, 1e13) == scaling.optimal_loss(1e22)
    assert scaling.loss_with_data(1e25, 1e11) > scaling.optimal_loss(1e25)
    edge = 1e24 / 6 / scaling.optimal_parameters(1e24)  # all the text that the best allocation takes
    assert scaling.loss_with_data(1e24 * 1.001, edge) == pytest.approx(
        scaling.loss_with_data(1e24, edge), rel=1e-3
    )
    flop = scaling.flop_with_data(2.0, 1e11)
    assert math.isinf(flop) or scaling.loss_with_data(flop, 1e11) == pytest.approx(2.0)
    assert scaling.loss_with_data(scaling.flop_with_data(2.0, 4e11), 4e11) == pytest.approx(2.0)


def test_the_law_of_2020_has_its_limits():
    endless = (scaling.DATA_2020 / 1e10) ** scaling.DATA_POWER_2020
    assert scaling.loss_of_2020(1e40, 1e10) == pytest.approx(endless)
    assert scaling.loss_of_2020(1e9, 1e40) == pytest.approx(
        (scaling.SIZE_2020 / 1e9) ** scaling.SIZE_POWER_2020
    )
    step = 1e-5
    slope = math.log(scaling.loss(1e11, 1e11) / scaling.loss(1e11, 1e11 * math.exp(step))) / step
    assert scaling.gain_of_data(1e11, 1e11) == pytest.approx(slope, rel=1e-3)


# ---- the record


@pytest.mark.parametrize(
    ("statistic", "said"),
    [
        ({"low": 1}, "belong together"),
        ({}, "needs value"),
        ({"value": 3, "low": 1, "high": 2}, "out of order"),
        ({"value": 3, "lo": 1}, "did you mean 'low'"),
    ],
)
def test_a_statistic_that_says_nothing_is_refused(statistic, said):
    row = {"name": "it", "unit": "months", "what": "it", "source": "toy", **statistic}
    with pytest.raises(UserError) as caught:
        from_data({"scenario": "toy", "credit": "invented", "models": {}, "statistics": [row]}, "record.toml")
    assert said in str(caught.value)


def test_a_number_is_written_as_it_was_read():
    number = load_history("gpt3").estimate("gpt3_expected").number
    assert read_quantity(as_plain(number)) == number
    cut = {
        "low": 1,
        "centre": 2,
        "high": 4,
        "centre_is": "mean",
        "family": "lognormal",
        "maximum": 9,
        "level": 0.8,
    }
    assert read_quantity(as_plain(read_quantity(cut))) == read_quantity(cut)
    assert as_plain(read_quantity(cut), 0.5)["maximum"] == 4.5
    record = load_history("gpt3").model_dump(mode="json", by_alias=True)
    json.dumps(record, allow_nan=False)  # a manifest holds it


def test_an_estimate_is_written_as_numbers_of_scenarios_are():
    row = {
        "unit": "x",
        "what": "it",
        "source": "toy",
        "number": {"low": 3, "centre": 2, "high": 4, "family": "normal"},
    }
    with pytest.raises(UserError, match="estimates.it.number"):
        from_data({"scenario": "toy", "credit": "invented", "models": {}, "estimates": {"it": row}})
    with pytest.raises(UserError, match="did you mean 'gpt3_expected'"):
        load_history("gpt3").estimate("gpt3_expectd")


# ---- what uses them


@pytest.fixture(scope="module")
def toy():
    return simulate("toy", runs=4, seed=1, threads=1)


def test_probabilities_of_another_domain_have_a_band(toy):
    plain = in_words(toy, None)
    raw = merge(load("toy").raw, {"scenario": {"doubt_points": 20}})
    doubtful = simulate(from_raw(raw), runs=4, seed=1, threads=1)
    assert "percentage points" not in plain
    assert "20 percentage points either way" in in_words(doubtful, None)
    assert np.array_equal(
        doubtful.runs.iloc[:, 1:].to_numpy(), toy.runs.iloc[:, 1:].to_numpy(), equal_nan=True
    )
    assert load("image").file.scenario.doubt_points == 20


def test_without_a_record_there_is_no_column_for_it(toy):
    assert "what really happened" not in in_words(toy, None)
    rows = in_rows(toy, None)
    assert {len(row) for row in rows} == {4} and rows[0][-1] == "never"
    recorded = simulate("gpt3", runs=2, seed=1, threads=1, logs=0)
    assert in_rows(recorded, load_history("gpt3"))[0][-1] == "what really happened"


def test_a_claim_that_sets_an_input_is_found_however_it_is_named():
    found = leaks(load("gpt3"), ["gpt3-utilisation", "palm-delay", "first-follower-12m"])
    assert found == {
        "gpt3-utilisation": ["training.utilisation"],
        "palm-delay": ["kinds.leading_lab.hold_months"],
    }


def test_a_policy_that_names_the_claim_it_tests_is_found():
    claims = load_claims("gpt3")
    noted = notes_of(
        {name: claims[name] for name in ("tools-openness-over-price", "code-neox-floor")}, load("gpt3")
    )
    assert len(noted) == 1 and noted[0].endswith(": tools-openness-over-price (tools-paid)")
    assert notes_of({"code-neox-floor": claims["code-neox-floor"]}, load("gpt3")) == []


def run_of(toy, rows, projects=()):
    """A run of the toy world with a log written by hand: (time, event, actor, class, project)."""
    log = np.zeros(len(rows), toy.logs[0].dtype)
    log["reached"] = -1
    for row, (time, what, actor, klass, project) in zip(log, rows, strict=True):
        row["time"], row["what"], row["klass"], row["project"] = time, what, klass, project
        row["actor"] = toy.compiled.actors.index(actor)
        if what == Event.TRAINED:
            row["reached"] = klass
    table = np.zeros(len(projects), PROJECT_ROW)
    for row, (left, total, rate) in zip(table, projects, strict=True):
        row["left"], row["total"], row["rate"] = left, total, rate
    tables = SimpleNamespace(training=[SimpleNamespace(shortest_months=0.5)])
    return Run(toy.compiled, 1, 0, log, table, tables, np.empty(0))


@pytest.mark.parametrize(("trained", "share"), [(16.9, 1.0), (17.1, 0.0)])
def test_who_has_it_within_a_year_keeps_up(toy, trained, share):
    first, other = toy.compiled.actors[:2]
    rows = [(5.0, Event.ANNOUNCED, first, 1, 0), (trained, Event.TRAINED, other, 1, 1)]
    assert kept_up(run_of(toy, rows), other) == share
    assert math.isnan(kept_up(run_of(toy, rows), first))  # nobody showed it before
    assert math.isnan(
        kept_up(run_of(toy, [(30.0, Event.ANNOUNCED, first, 1, 0)]), other)
    )  # its year is not over
    with pytest.raises(UserError, match="no actor"):
        kept_up(run_of(toy, rows), "Nobody")


def test_a_rival_that_was_nearly_done_is_counted(toy):
    first, other = toy.compiled.actors[:2]
    klass = toy.compiled.classes.index(toy.scenario.follow_class)
    rows = [
        (5.0, Event.ANNOUNCED, first, klass, 2),
        (5.0, Event.LEARNED, other, klass, 2),  # of the first model
        (5.0, Event.AWARE, other, klass, -1),
        (5.0, Event.RESCOPED, other, klass, 0),
        (5.0, Event.RESCOPED, other, klass, 1),
    ]
    projects = [(0.25, 8.0, 2.0), (0.5, 8.0, 2.0), (0.0, 8.0, 2.0)]  # a month of work to go; two; none

    def shelved(causes, rows=rows, **within):
        run = run_of(toy, rows, projects)
        run.log["cause"] = causes
        return shelved_rivals(run, **within)

    assert shelved([0, 0, 1, 2, 2]) == 1
    assert shelved([0, 0, 1, 2, 2], within=3.0) == 2
    assert shelved([], rows[:0]) == 0
    later = [*rows[:1], (6.0, Event.LEARNED, other, klass, 1), *rows[2:]]  # of somebody else's model
    assert shelved([0, 0, 1, 2, 2], later) == 0
    before = [(7.0, *rows[0][1:]), *rows[1:]]  # heard of before it was announced
    assert shelved([0, 0, 1, 2, 2], before) == 0


def filled(run, tables=None, **columns):
    """A run whose projects, or log, have these columns (``log_NAME``)."""
    for name, values in columns.items():
        table, field = (run.log, name[4:]) if name.startswith("log_") else (run.projects, name)
        table[field] = values
    return replace(run, tables=tables) if tables else run


def test_weights_count_for_whom_they_were_released_by(toy):
    owner, other, third = toy.compiled.actors[:3]
    klass = toy.compiled.classes.index(toy.scenario.follow_class)
    place = toy.compiled.actors.index
    rows = [
        (4.0, Event.ACCESSED, third, klass, -1),
        (5.0, Event.RELEASED, owner, klass, -1),
        (6.0, Event.ACCESSED, other, klass, -1),
        (7.0, Event.ACCESSED, third, klass, -1),
        (18.0, Event.ACCESSED, third, klass, -1),
    ]
    numbers = SimpleNamespace(numbers=np.zeros(len(toy.compiled.place_of)))  # everybody at once

    def people(rows, sources):
        run = filled(run_of(toy, rows), numbers, log_kind=int(ArtifactKind.WEIGHTS), log_amount=10.0)
        run.log["source"] = [place(name) for name in sources]
        return people_with_weights(run, owner, toy.scenario.follow_class, 12.0)

    assert people(rows[1:], [owner, owner, owner, owner]) == 20.0  # the last one comes too late
    assert people(rows[1:], [owner, owner, other, owner]) == 10.0  # one of them got another's
    assert math.isnan(people(rows, [other, owner, owner, owner, owner]))  # had them before
    assert math.isnan(people(rows[2:], [owner, owner, owner]))  # never released


def test_what_the_record_opens_is_no_decision(toy):
    names = toy.compiled.actors
    rows = [(float(k), Event.ANNOUNCED, names[0], k % 2, k) for k in range(4)]
    rows += [(5.0, Event.RELEASED, names[0], 1, 1), (5.0, Event.RELEASED, names[0], 1, 3)]
    projects = [(0.0, 1.0, 1.0)] * 4
    run = filled(run_of(toy, rows, projects), script=-1)
    assert openness_with_capability(run) == pytest.approx(1.0)
    assert math.isnan(openness_with_capability(filled(run_of(toy, rows, projects), script=[-1, -1, 0, 0])))


def test_people_and_the_team_that_is_needed(toy):
    builders = [toy.compiled.actors[place] for place in toy.compiled.facts["builders"]]
    people = np.zeros(len(toy.compiled.actors), [("people", float)])
    people["people"] = 5.0  # who builds nothing counts for nothing
    classes = toy.compiled.classes
    wishes = np.ones(len(builders) * len(classes), [("talent", float)])
    wishes["talent"][classes.index("big")] = 0.5  # the first builder's
    teams = np.array([(2.0,), (8.0,)], [("team", float)])
    tables = SimpleNamespace(state=people, wishes=wishes, classes=teams)
    run = filled(run_of(toy, []), tables)
    assert share_of_people(run, builders[:1]) == pytest.approx(1 / len(builders))
    assert team_needed(run, "big") == pytest.approx(8.0 * (1.0 - 0.5 / len(builders)))
    assert team_needed(run, "small") == 2.0


def test_who_knew_nothing_was_independent(toy):
    first, other = toy.compiled.actors[:2]
    key = name_hash("scripted artifact", "tools")
    tables = SimpleNamespace(artifacts=np.array([(0,), (key,)], [("key", "u8")]))
    projects = [(0.0, 1.0, 1.0)] * 4
    rows = [(3.0, Event.AWARE, first, 1, -1), (4.0, Event.LEARNED, other, -1, -1)]
    run = filled(
        run_of(toy, rows, projects), tables, log_artifact=1, klass=1, script=[-1, -1, -1, 0],
        actor=[0, 0, 1, 1], started=[2.0, 3.5, 5.0, 1.0],
    )  # fmt: skip
    # The first knew of nothing at 2, of the class at 3.5; the other had the artifact at 5; the last is given.
    assert independent_starts(run, "big", ["tools"]) == pytest.approx(1 / 3)
    assert independent_starts(run, "big", []) == pytest.approx(2 / 3)
    assert math.isnan(independent_starts(run, "small", ["tools"]))
    asked = {"reading": "independent_starts", "with": {"model_class": "big", "artifacts": ["tool"]}}
    with pytest.raises(UserError, match="with.artifacts: no scripted artifact 'tool' .*did you mean 'tools'"):
        reader_of(Asked.model_validate(asked), toy.compiled)  # before anything is simulated


def test_the_phases_of_a_project_are_read_off_the_log(toy):
    name = toy.compiled.actors[0]
    steps = [(2.0, Event.BUILT), (3.0, Event.TUNED), (5.0, Event.FAILED), (9.0, Event.TRAINED)]
    rows = [(time, what, name, 1, 0) for time, what in steps] + [(4.0, Event.BUILT, name, 1, 1)]
    run = filled(run_of(toy, rows, [(0.0, 1.0, 1.0)] * 2), started=1.0)
    assert PROJECTS["building"].values(run).tolist() == [1.0, 3.0]
    assert PROJECTS["training"].values(run)[0] == 6.0
    assert PROJECTS["last_attempt"].values(run)[0] == 4.0  # what came before the fault is no part of it
    assert math.isnan(PROJECTS["last_attempt"].values(run)[1])


def test_the_readings_read_a_real_run(tmp_path):
    text = """
[claims.it]
role = "calibrate"
kind = "historical-fact"
statement = "something"
value = 0
unit = "share"
source = "somebody"
[claims.it.test]
quantities.ignorant = { reading = "independent_starts", with = { BIG, artifacts = ["tools"] } }
quantities.all = { reading = "independent_starts", with = { BIG, artifacts = [] } }
quantities.team = { reading = "team_needed", with = { BIG } }
quantities.everybody = { reading = "share_of_people", with = { actors = EVERYBODY } }
quantities.shelved = { reading = "shelved_rivals" }
quantities.research = { reading = "research_after", with = { owner = "Beta", BIG, months = 6 } }
quantities.shown = { metric = "t_pub[Beta,big]" }
formula = "ignorant + all + team + everybody + shelved + research + shown"
rule = "sign"
"""
    path = tmp_path / "claims.toml"
    text = text.replace("BIG", 'model_class = "big"')
    path.write_text(text.replace("EVERYBODY", '["Alpha", "Beta", "Gamma", "Collective"]'))
    measured = measure_plan(plan_of(read_claims(path).claims, load("toy")), 40, threads=1)
    found = {name: measured.quantity("it", name) for name in ("ignorant", "all", "team", "everybody")}
    assert np.array_equal(found["everybody"], np.ones(40))
    assert (found["team"] > 0.0).all() and (found["team"] <= 10.0).all()
    known = ~np.isnan(found["all"])
    assert known.any() and (found["ignorant"][known] <= found["all"][known]).all()
    horizon = next(iter(measured.plan.arms.values())).compiled.horizon
    shown, research = measured.quantity("it", "shown"), measured.quantity("it", "research")
    done = np.flatnonzero(~np.isnan(research))
    assert np.array_equal(done, np.flatnonzero(shown + 6.0 <= horizon)) and len(done)
    names = [f"downstream[big]@{shown[done[0]] + more:.12f}" for more in (0.0, 6.0)]
    first, last = (simulate("toy", 40, metrics=names)[name][done[0]] for name in names)
    assert research[done[0]] == pytest.approx(last - first)


def test_what_a_claim_can_name_is_listed_with_its_arguments():
    rows = {(row["what"], row["name"]): row for row in naming.nameable()}
    assert {name for what, name in rows if what == "reading"} == set(known_readings())
    assert {name for what, name in rows if what == "calculate"} == set(CALCULATIONS)
    assert rows["reading", "kept_up"]["arguments"] == "actor: str, [within: float]"  # not the run
    assert rows["events", "actor"]["meaning"] == "who" and all(row["meaning"] for row in rows.values())
    said = cascades("evidence", "gpt3", "--names").out
    assert all(name in said for _, name in rows)
