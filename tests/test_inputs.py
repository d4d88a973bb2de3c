"""``cascades inputs``: the table, and what moving every number finds."""

from __future__ import annotations

import csv
import json
import math

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from conftest import LAB, LAB_KIND, tiny_world
from terminal import cascades

from agents.rule import source_hash
from experiments.inputs import inputs_of
from experiments.manifest import describe_scenario
from experiments.moving import Mover, check_inputs, moves_of, places_of, unbalanced
from sim.paths import quantities
from sim.scenario import from_data, load, names
from sim.schema import read_quantity
from sim.words import Event
from sim.world import compile_scenario


def test_the_table_holds_every_number():
    printed = json.loads(cascades("inputs", "gpt3", "--json").out)
    file = load("gpt3").file
    releases = sum(len(row.releases) for row in file.scripted_projects.values())
    assert len(printed["inputs"]) == len(list(quantities(file))) + releases
    paths = [row["path"] for row in printed["inputs"]]
    assert len(set(paths)) == len(paths)


def test_each_line_has_value_interval_unit_and_source():
    said = cascades("inputs", "gpt3")
    assert said.code == 0 and said.err == ""
    line = next(text for text in said.out.splitlines() if text.startswith("classes.gpt3.work ="))
    row = load("gpt3").raw["classes"]["gpt3"]["work"]
    assert f"= {row['centre']} ({row['low']} to {row['high']}; 90 %, lognormal) person-months" in line
    assert line.endswith(f"<- {row['source']}")
    unsourced = [text.split(" = ")[0] for text in said.out.splitlines() if text.endswith("NO SOURCE")]
    assert unsourced == [row.path for row in inputs_of(load("gpt3")) if row.unsourced]


def test_only_uncertain_inputs():
    printed = json.loads(cascades("inputs", "gpt3", "--only", "uncertain", "--json").out)["inputs"]
    assert [row["path"] for row in printed] == compile_scenario(load("gpt3")).uncertain_paths


def test_only_unsourced_inputs_are_those_that_nobody_backs(tmp_path):
    file = tmp_path / "world.toml"
    new = 'kind = "leading_lab", region = "north", family = "general", people = 5, chips = 0'
    known = 'experience = { value = 0.1, source = "x" }'
    file.write_text(f'extends = "toy"\nactors.New = {{ {new}, {known} }}\n')
    before = {row.path for row in inputs_of(load("toy")) if row.unsourced}
    listed = json.loads(cascades("inputs", file, "--only", "unsourced", "--json").out)["inputs"]
    new = {row["path"].removeprefix("actors.New.") for row in listed if row["path"] not in before}
    # a zero that is written is a claim, one that is not is none; a default that is not zero is one
    assert {"people", "chips", "full_time"} <= new
    assert not {"experience", "money_usd", "active_from"} & new
    assert "actors.New.people = 5 people  <- NO SOURCE" in cascades("inputs", file).out


def test_the_table_as_csv(tmp_path):
    path = tmp_path / "inputs.csv"
    assert cascades("inputs", "toy", "--csv", path).code == 0
    with path.open() as file:
        rows = list(csv.DictReader(file))
    assert [row["path"] for row in rows] == [row.path for row in inputs_of(load("toy"))]
    alpha = next(row for row in rows if row["path"] == "actors.Alpha.people")
    assert float(alpha["value"]) == 25 and alpha["source"] == "toy" and alpha["source_of"] == "row"


def test_a_table_that_cannot_be_written_is_refused(tmp_path):
    refused = cascades("inputs", "toy", "--csv", tmp_path / "nowhere" / "inputs.csv")
    assert refused.code == 2 and "cannot be written" in refused.err and "Traceback" not in refused.err


def test_a_fit_that_misses_is_listed_with_its_gap(tmp_path):
    file = tmp_path / "world.toml"
    even = '{ low = 1, centre = 2, high = 9, centre_is = "mean", family = "uniform", source = "x" }'
    file.write_text(f'extends = "toy"\nactors.Alpha.people = {even}\n')
    said = cascades("inputs", file).out
    assert "1 whose interval is missed by more than 2 % of its width" in said
    assert "actors.Alpha.people: +37.5 %" in said  # 5 in place of 2, of 8


@pytest.mark.parametrize(
    "arguments", [["nowhere"], ["toy", "--runs", "0", "--check"], ["toy", "--threads", "0", "--check"]]
)
def test_what_makes_no_sense_is_refused(arguments):
    assert cascades("inputs", *arguments).refusal


# ---- what runs draw: a posterior, alternatives

DOUBT = """
[[alternatives]]
name = "what the loud know"
source = "a doubt"
options = [
    { title = "as written", weight = 2 },
    { title = "nothing", weight = 1, numbers = { "conviction.proof" = 0, "conviction.demo" = {value=1} } },
]
"""


@pytest.fixture
def learned_world(tmp_path):
    """A toy world that draws a number and a date from a posterior, and takes one of two options."""
    columns = {"conviction.hearsay": np.linspace(0.2, 0.6, 101), "actors.Beta.active_from": np.full(101, 4.0)}
    parquet.write_table(pa.table(columns), tmp_path / "sample.parquet")
    file = tmp_path / "world.toml"
    file.write_text(
        'extends = "toy"\n'
        'conviction.hearsay = { low = 0.1, centre = 0.5, high = 0.9, family = "uniform", source = "x" }\n'
        'actors.Beta.active_from = { low = "2020-02", centre = "2020-03", high = "2020-09", '
        'family = "triangular", source = "x" }\n' + DOUBT + '[posterior]\nfile = "sample.parquet"\n'
    )
    return file


def test_the_posterior_stands_beside_the_interval_that_it_replaces(learned_world):
    said = cascades("inputs", learned_world)
    line = next(text for text in said.out.splitlines() if text.startswith("conviction.hearsay ="))
    assert "= 0.5 (0.1 to 0.9; 90 %, uniform) share [posterior sample.parquet: 0.4 (0.22 to 0.58)]" in line
    assert "[posterior sample.parquet: 2020-05-01 (2020-05-01 to 2020-05-01)]" in said.out
    assert (
        "2 are drawn from posterior sample.parquet: its median (5 % to 95 %) stands in brackets." in said.out
    )
    plain = cascades("inputs", learned_world, "--set", "posterior.use=false").out
    assert "posterior" not in plain


def test_the_csv_holds_posterior_and_alternatives(learned_world):
    path = learned_world.with_suffix(".csv")
    assert cascades("inputs", learned_world, "--csv", path).code == 0
    with path.open() as file:
        rows = {row["path"]: row for row in csv.DictReader(file)}
    points = [float(rows["conviction.hearsay"][f"posterior_{at}"]) for at in ("low", "median", "high")]
    assert points == pytest.approx([0.22, 0.4, 0.58])
    assert rows["actors.Beta.active_from"]["posterior_median"] == "2020-05-01"
    assert rows["conviction.proof"]["posterior_median"] == ""
    row = rows['alternatives."what the loud know"']
    assert row["source"] == "a doubt"
    assert row["options"] == (
        "as written (weight 2, 67 %): sets nothing; nothing (weight 1, 33 %): conviction.proof = 0, "
        "conviction.demo = 1"
    )


def test_an_alternative_has_a_line_with_options_weights_and_source(learned_world):
    said = cascades("inputs", learned_world, "--only", "uncertain")
    line = next(text for text in said.out.splitlines() if text.startswith("alternatives."))
    assert "nothing (weight 1, 33 %): conviction.proof = 0" in line and line.endswith("<- a doubt")
    assert f"{len(inputs_of(load('toy')))} numbers of toy" in said.out  # an alternative is no number
    listed = json.loads(cascades("inputs", learned_world, "--only", "uncertain", "--json").out)["inputs"]
    assert {row["path"] for row in listed} == set(compile_scenario(load(learned_world)).uncertain_paths)


def test_a_posterior_of_other_rules_is_said_to_be_one(learned_world):
    manifest = learned_world.parent / "sample.toml"
    manifest.write_text(f'rules = "{source_hash()}"\n')
    assert "other rules" not in cascades("inputs", learned_world).out
    assert "posterior_note" not in describe_scenario(load(learned_world), 1)
    manifest.write_text('rules = "abc"\n')
    note = f"sample.parquet was learned with other rules (abc) than run now ({source_hash()})"
    assert note in cascades("inputs", learned_world).out.splitlines()[-1]
    assert note in describe_scenario(load(learned_world), 1)["posterior_note"]
    assert "posterior_note" not in describe_scenario(load(learned_world, ["posterior.use=false"]), 1)


# ---- moving


def small_world(**more):
    return from_data(tiny_world(kinds={"leading_lab": LAB_KIND}, actors={"Lab": LAB | {"people": 4}}, **more))


def test_a_number_that_changes_a_run_is_alive_and_one_that_cannot_is_dead():
    found = {finding.path: finding for finding in check_inputs(small_world(), runs=2, threads=1)}
    assert found["actors.Lab.people"].alive and found["training.writing_months"].alive
    assert not found["chips.chip.released"].alive
    assert found["chips.chip.released"].why_dead == "it lies before the start, moved or not"
    assert not found["regions.here.attention"].alive and found["regions.here.attention"].why_dead == ""
    assert found["actors.Lab.grant_usd"].why_dead == "who does not sponsor gives nothing"
    assert not any(finding.problems for finding in found.values())


def test_moving_leaves_everything_as_it_was():
    compiled = compile_scenario(load("toy"))
    mover = Mover(compiled, 2, 1)
    before = [mover._run(run)[0] for run in range(2)]
    for place in list(places_of(load("toy"), compiled))[::7]:
        mover.judge(place)
        assert mover._run(0)[0] == before[0]
    assert [mover._run(run)[0] for run in range(2)] == before


def test_findings_do_not_depend_on_threads():
    assert check_inputs(small_world(), runs=1, threads=1) == check_inputs(small_world(), runs=1, threads=3)


def test_an_interval_is_moved_to_its_bounds_and_a_share_to_both_ends():
    file = load("gpt3").file
    rows = {parts: (quantity, unit) for parts, quantity, unit, _ in quantities(file)}
    quantity, unit = rows["effects", "code", "work"]
    moves = moves_of(quantity, unit, quantity.value, 0.0, 1.0, 60.0)
    assert {0.0, 1.0, quantity.low, quantity.high} <= set(moves)
    zero = read_quantity(0)
    assert moves_of(zero, rows["spread", "theft_rate"][1], 0.0, 0.0, 3.0, 60.0) == [3.0]


def test_books_that_do_not_balance_are_noticed():
    from conftest import play

    played = play(load("toy"))
    assert unbalanced(played.tables, played.compiled.actors) == ""
    played.tables.state.money[1] += 1e6
    assert unbalanced(played.tables, played.compiled.actors).startswith("the money of Beta")
    played.tables.state.money[1] = math.nan
    assert "Beta" in unbalanced(played.tables, played.compiled.actors)
    assert len(played.rows(Event.TRAINED))


def test_the_check_says_what_it_found():
    said = cascades("inputs", "toy", "--check", "--runs", 1, "--threads", 1)
    assert said.code == 0
    assert f"{len(inputs_of(load('toy')))} numbers of toy, " in said.out
    assert "who does not develop builds nothing" in said.out
    assert "No extreme broke anything" in said.out
    dead = json.loads(cascades("inputs", "toy", "--only", "dead", "--runs", 1, "--json").out)
    assert "actors.Cloud.full_time" in [row["path"] for row in dead["inputs"]]
    assert len(dead["moved"]) == len(inputs_of(load("toy")))


@pytest.mark.slow
@pytest.mark.parametrize("name", names())
def test_no_extreme_breaks_a_shipped_world_and_most_numbers_are_alive(name):
    """Every input at its bounds: no crash, metrics finite, books in balance. What is dead is listed."""
    findings = check_inputs(load(name), runs=4, threads=2)
    broken = {finding.path: finding.problems for finding in findings if finding.problems}
    assert not broken
    unexplained = [f.path for f in findings if f.claims and not f.alive and not f.why_dead]
    print(f"{name}: dead without a known reason: {', '.join(unexplained)}")
    claims = sum(finding.claims for finding in findings)
    assert len(unexplained) < 0.25 * claims


def test_guesses_are_told_from_what_somebody_else_says(tmp_path):
    rows = {row.path: row for row in inputs_of(load("gpt3"))}
    assert rows["kinds.leading_lab.replicate"].guessed  # "own: ..." of its row
    assert not rows["training.utilisation"].guessed  # a claim
    assert not rows["conviction.leap_known"].guessed and rows["conviction.leap_known"].unsourced
    listed = json.loads(cascades("inputs", "gpt3", "--only", "guessed", "--json").out)["inputs"]
    assert {row["path"] for row in listed} == {path for path, row in rows.items() if row.guessed}
    said = cascades("inputs", "toy").out
    guessed = [row for row in inputs_of(load("toy")) if row.guessed and row.written]
    assert f"{len(guessed)} guesses with a reason" in said
