"""Claims that cannot be tested as they are written: one clear line each, with the file; found by --list."""

from __future__ import annotations

import math

import pytest
from terminal import cascades
from test_evidence import HEAD

from experiments.evidence.arguments import check_arguments
from experiments.evidence.calculations import calculate
from experiments.evidence.claims import ClaimFile, load_claims
from sim.errors import UserError

SOUND = (
    HEAD
    + """
[claims.it.test]
quantities.first = { metric = "lag_1" }
formula = "first"
rule = "point"
"""
)
METRIC = '{ metric = "lag_1" }'
PLACE = "claims.it.test.quantities.first: "


def refused(tmp_path, text):
    """Return what is said about a file of claims that is only listed."""
    path = tmp_path / "my.toml"
    path.write_text(text)
    said = cascades("evidence", "toy", "--claims", path, "--no-shipped", "--list").refusal
    assert said.startswith(f"{path}: ") and "\n" not in said
    return said.removeprefix(f"{path}: ")


def test_a_sound_file_is_listed(tmp_path):
    path = tmp_path / "my.toml"
    path.write_text(SOUND)
    assert cascades("evidence", "toy", "--claims", path, "--no-shipped", "--list").code == 0


def reading(name, arguments):
    return f'{{ reading = "{name}", with = {{ {arguments} }} }}'


@pytest.mark.parametrize(
    ("quantity", "said"),
    [
        (
            reading("attention_jump", 'actor = "Alpha", class = "big"'),
            "with.class: no argument of attention_jump 'class' (did you mean 'klass'?); there is: actor",
        ),
        (
            reading("attention_jump", 'actor = "Alpha"'),
            "with.klass: is missing; attention_jump takes actor (text in quotes), klass (text in quotes)",
        ),
        (reading("attention_jump", 'actor = 3, klass = "big"'), "with.actor: must be text in quotes, not 3"),
        (reading("share_of_people", 'actors = "Alpha"'), "with.actors: must be a list of texts, not 'Alpha'"),
        (
            reading("shut_out", 'klass = "big", months = "six"'),
            "with.months: must be a finite number, not 'six'",
        ),
        (
            reading("wasted_loss", 'since = "2020-13", until = "2021-01"'),
            "with.since: must be a date in quotes (YYYY-MM), not '2020-13'",
        ),
        (
            reading("experienced_people", 'actor_kind = "leading_labs"'),
            "reading experienced_people: with.actor_kind: no kind of actor 'leading_labs' "
            "(did you mean 'leading_lab'?)",
        ),
        (
            reading("fall_of_cost", 'actor = "Alpha", model_class = "big", term = "hardwar"'),
            "with.term: no word 'hardwar' (did you mean 'hardware'?); there is: hardware, utilisation",
        ),
        (
            '{ calculate = "number", with = { vale = 3 } }',
            "with.vale: no argument of number 'vale' (did you mean 'value'?); there is: value",
        ),
        ('{ calculate = "number" }', "with.value: is missing; number takes value (a finite number)"),
        ('{ metric = "lag_pubs_1" }', "no metric 'lag_pubs_1' (did you mean 'lag_pub_1'?)"),
        ('{ metric = "t_don[Beta,big]" }', "(did you mean 't_done[Beta,big]'?)"),
        ('{ input = "work.nothing" }', "input: no number 'work.nothing'"),
        (
            '{ events = { month = { from = 30, until = 10 } }, take = "count" }',
            "events.month: from = 30, until = 10: nothing lies between them",
        ),
        (
            '{ events = { month = { above = "2020-05", below = "2020-05" } }, take = "count" }',
            "above = '2020-05', below = '2020-05': nothing lies",
        ),
        ('{ events = { month = { } }, take = "count" }', "an empty table limits nothing"),
        ('{ events = { actor = [ ] }, take = "count" }', "an empty list names nothing"),
        ('{ events = {}, take = "mean", of = "actor" }', "of: 'actor' holds words"),
    ],
)
def test_a_quantity_that_cannot_be_read_is_refused_by_list(tmp_path, quantity, said):
    found = refused(tmp_path, SOUND.replace(METRIC, quantity))
    assert found.startswith(PLACE) and said in found


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('"first"\n', '"isnan(first, 2)"\n', "'isnan(first, 2)': isnan takes one argument, not 2"),
        ('"first"\n', f'"{"-" * 500}first"\n', "has parts within parts, more than 150 deep"),
        ('"first"\n', f'"first + 1{"0" * 400}"\n', "cannot be written; use numbers"),
        ('"first"\n', '"max() + first"\n', "'max()': max takes one argument or more, not 0"),
        (
            "3.0",
            "inf",
            "claims.it.value: must be a finite number, a date (YYYY-MM) or text in quotes, not inf",
        ),
        (
            "3.0",
            "[1]",
            "claims.it.value: must be a finite number, a date (YYYY-MM) or text in quotes, not [1]",
        ),
        ("3.0", "true", "claims.it: value = true: test.rule = 'point' compares a number"),
        (
            'quantities.first = { metric = "lag_1" }\nformula = "first"\nrule = "point"',
            'inputs = [ { path = "work.it", value = 1 } ]',
            "claims.it: role = 'calibrate': test.inputs tests a claim with the role input",
        ),
        (
            'value = 3.0\nunit = "months"',
            'value = 0\nunit = "%"',
            "claims.it: value = 0, unit = '%': test.rule = 'point' allows 25 % of the value, which is",
        ),
        ('"months"', '"months (about)"', "claims.it: unit = 'months (about)': test.rule = 'point' has a"),
        (
            "[claims.it.test]",
            '[claims.it.test]\narms.hidden = { set = "x=1" }',
            "claims.it.test.arms.hidden.set: must be a list of texts, not 'x=1'",
        ),
        (
            "[claims.it.test]",
            "[claims.it.test]\ninputs = 3",
            "claims.it.test.inputs: must be a list of tables",
        ),
        ('"months"', '"month"', "claims.it: unit = 'month': test.rule = 'point' has a"),
        (
            "[claims.it.test]",
            'rival = { name = "x", value = "1 +" }\n[claims.it.test]',
            "claims.it: rival.value",
        ),
        (
            "[claims.it.test]",
            '[claims.it.test]\narms.hidden = { policy = "x" }',
            "claims.it.test.arms.hidden.policy: unknown key (did you mean 'policies'?)",
        ),
        (
            "[claims.it.test]",
            "[claims.it.test]\narms.hidden = 3",
            "claims.it.test.arms.hidden: must be policies, as text in quotes, or a table, not 3",
        ),
        (
            METRIC,
            '{ events = { month = [1, 2] }, take = "count" }',
            f"{PLACE[:-2]}.events.month: must be a word, a list of words, a number, a date in quotes, ",
        ),
        (SOUND, 'scenarios = ["toyy"]' + SOUND, "scenarios.0: no scenario 'toyy' (did you mean 'toy'?)"),
        (SOUND, "[claims]", "claims: there is no claim in it; write a table [claims.ID] for each"),
    ],
)
def test_a_claim_that_means_nothing_is_refused(tmp_path, before, after, said):
    assert said in refused(tmp_path, SOUND.replace(before, after, 1))


def test_a_probability_is_given_in_percent(tmp_path):
    text = SOUND.replace('"point"', '"probability"').replace("3.0", "0.8").replace('"months"', '"share"')
    assert "takes value = 0.8 as % of the runs; write value = 80 and unit = '%'" in refused(tmp_path, text)


def test_a_policy_of_an_arm_and_a_place_of_an_input_are_named_with_the_file(tmp_path):
    arm = SOUND.replace("[claims.it.test]", '[claims.it.test]\narms.hidden = "code-nevr"')
    arm = arm.replace(METRIC, '{ metric = "lag_1", arm = "hidden" }')
    assert refused(tmp_path, arm).startswith("claims.it.test.arms.hidden: ")
    place = SOUND.partition("[claims.it.test]")[0].replace("calibrate", "input")
    place += 'test.inputs = [ { path = "work.it", value = 1 } ]\n'
    assert refused(tmp_path, place).startswith("claims.it.test.inputs.0: ")


def test_a_file_about_another_scenario_is_skipped_aloud(tmp_path):
    path = tmp_path / "my.toml"
    path.write_text('scenarios = ["gpt3"]' + SOUND)
    done = cascades("evidence", "toy", "--claims", path, "--no-shipped", "--list")
    assert (done.code, "0 claims" in done.out) == (0, True)
    assert f"{path}: skipped: its claims are about gpt3, not toy" in done.err
    assert list(load_claims("gpt3", [path], shipped=False)) == ["it"]
    path.write_text('scenarios = ["mine"]' + SOUND)
    assert list(load_claims("mine", [path], shipped=False)) == ["it"]  # a scenario of one's own


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("trend_lag", {"which": "wighted"}, "did you mean 'weighted'"),
        ("recorded_model", {"model": "GPT-3 175B", "field": "flops"}, "did you mean 'flop'"),
        ("month_after", {"model": "GPT-3 175", "statistic": "gpt3_early"}, "did you mean 'GPT-3 175B'"),
        ("flop_at_size", {"size": 1e5, "exponent": "bio anchor"}, "did you mean 'bio anchors'"),
        ("number", {"value": math.inf}, "must be a finite number, not inf"),
        ("loss", {"parameters": 0, "tokens": 1e9}, "calculate = 'loss': "),
        ("number", {"value": True}, "must be a finite number, not True"),
        (
            "pooled_bound",
            {"estimate": "e", "method": "m", "level": 0.5, "half_width": "x"},
            "with.half_width",
        ),
    ],
)
def test_what_is_calculated_takes_what_it_says(name, arguments, said):
    with pytest.raises(UserError) as caught:
        calculate(name, arguments)
    assert said in str(caught.value)


def test_a_reading_of_ones_own_takes_what_its_annotations_say():
    def own(run, least: int, *, note: str = "", **more): ...

    check_arguments("own", own, {"least": 2, "anything": 1}, own=1)
    with pytest.raises(UserError, match="with.least: must be a whole number, not 2.5"):
        check_arguments("own", own, {"least": 2.5}, own=1)


def test_claims_from_no_file_name_none():
    claim = next(iter(load_claims("gpt3").values()))
    assert claim.prefix == f"{claim.file}: "
    again = ClaimFile.model_validate({"claims": {"it": claim.model_dump(exclude_defaults=True)}})
    assert again.claims["it"].prefix == ""
