"""Bad input: one clear message with file and dotted path, exit code 2, no traceback, nothing lost."""

from __future__ import annotations

import pytest
from terminal import cascades

from sim.errors import UserError
from sim.scenario import LARGEST_FILE, LONGEST_MONTHS, load

TIE = '[[ties]]\nfrom = "{}"\nto = "{}"\nkind = "insider"'

# what is wrong -> (lines laid over the toy world, dotted path, what the message must hold)
SCENARIOS = {
    "unknown key": ("actors.Alpha.peple = 3", "actors.Alpha.peple", "did you mean 'people'?"),
    "unknown table": ("actor.Alpha.people = 3", "actor", "did you mean 'actors'?"),
    "unknown name": ('actors.Alpha.region = "nort"', "actors.Alpha.region", "did you mean 'north'?"),
    "unknown kind": ('actors.Alpha.kind = "lead_lab"', "actors.Alpha.kind", "did you mean 'leading_lab'?"),
    "unknown artifact": ("effects.cod = {}", "effects.cod", "uptake_months"),
    "unknown word": ('scripted_projects.first.access = "opn"', "scripted_projects.first.access", "'open'"),
    "wrong type": ('actors.Alpha.people = "many"', "actors.Alpha.people", "'many' is not a number"),
    "table for a number": ("actors.Alpha.people = { x = 3 }", "actors.Alpha.people", "unknown key 'x'"),
    "number for a table": ("actors.Alpha = 3", "actors.Alpha", "must be a table, not 3"),
    "number for text": ("actors.Alpha.kind = 3", "actors.Alpha.kind", "must be text in quotes, not 3"),
    "text for a truth": (
        'kinds.leading_lab.develops = "perhaps"',
        "kinds.leading_lab.develops",
        "true or false",
    ),
    "truth for a number": ("actors.Alpha.people = true", "actors.Alpha.people", "True is not a number"),
    "negative": ("actors.Alpha.people = -1", "actors.Alpha.people", "must be at least 0 (people)"),
    "above its bound": ("effects.code.work = 1.5", "effects.code.work", "between 0 and 1 (share)"),
    "NaN": ("actors.Alpha.people = nan", "actors.Alpha.people", "nan is not a finite number"),
    "infinite": ("actors.Alpha.people = inf", "actors.Alpha.people", "inf is not a finite number"),
    "NaN in an interval": (
        'actors.Alpha.people = { low = nan, centre = 2, high = 3, family = "normal" }',
        "actors.Alpha.people",
        "nan is not a finite number",
    ),
    "too large for a number": (f"actors.Alpha.people = 1{'0' * 400}", "actors.Alpha.people", "is too large"),
    "interval out of order": (
        'actors.Alpha.people = { low = 3, centre = 2, high = 4, family = "normal" }',
        "actors.Alpha.people",
        "interval out of order: low 3, centre 2, high 4",
    ),
    "interval of no family": (
        "actors.Alpha.people = { low = 1, centre = 2, high = 4 }",
        "actors.Alpha.people",
        "an interval needs family",
    ),
    "bare list": ("actors.Alpha.people = [1, 2, 4]", "actors.Alpha.people", "write an interval as"),
    "duplicate actor": (
        'actors.alpha = { kind = "leading_lab", region = "north", family = "general" }',
        "actors.alpha",
        "there is already an actor 'Alpha'",
    ),
    "tie to oneself": (TIE.format("Alpha", "Alpha"), "ties.0", "a tie of 'Alpha' to itself"),
    "tie to nobody": (TIE.format("Alpha", "Bta"), "ties.0.to", "did you mean 'Beta'?"),
    "date that is none": (
        'scripted_projects.first.trained = "2020-02-30"',
        "scripted_projects.first.trained",
        "not a date: '2020-02-30'",
    ),
    "date outside the horizon": (
        'scripted_artifacts.tools.published = "2031-01"',
        "scripted_artifacts.tools.published",
        "2031-01-01 lies outside the horizon (2020-01 to 2022-12)",
    ),
    "date of another age": ('chips.first.released = "1066-01"', "chips.first.released", "1950 to 2200"),
    "dates out of order": (
        'scripted_projects.first.announced = "2020-02"',
        "scripted_projects.first",
        "out of order",
    ),
    "period out of order": (
        'policies.leading_lab.code = { probability = 1, from = "2022-01", until = "2021-01" }',
        "policies.leading_lab.code",
        "from must lie before until",
    ),
    "horizon of nothing": ('scenario.end = "2019-12"', "scenario.end", f"allowed: 1 to {LONGEST_MONTHS}"),
    "horizon of ages": ('scenario.end = "2220-01"', "scenario.end", f"allowed: 1 to {LONGEST_MONTHS}"),
    "name that leaves the folder": ('scenario.name = "../x"', "scenario.name", "is not a name"),
    "missing": ('actors.New = { region = "north" }', "actors.New.kind", "is missing"),
}


@pytest.mark.parametrize("wrong", SCENARIOS)
def test_a_wrong_scenario_is_refused_with_file_and_path(wrong, tmp_path):
    lines, path, expected = SCENARIOS[wrong]
    file = tmp_path / "world.toml"
    file.write_text(f'extends = "toy"\n{lines}\n')
    out = tmp_path / "out"
    message = cascades("run", file, "--runs", 1, "--out", out).refusal
    assert message.startswith(f"{file}: {path}"), message
    assert expected in message
    assert not out.exists()


def test_what_is_laid_over_the_toy_world_is_all_that_is_wrong(tmp_path):
    file = tmp_path / "world.toml"
    file.write_text('extends = "toy"\nactors.Alpha.people = 3\n')
    assert load(file).file.actors["Alpha"].people.value == 3


def test_two_tables_of_one_name_are_refused(tmp_path):
    file = tmp_path / "world.toml"
    file.write_text('extends = "toy"\n[actors.Alpha]\npeople = 3\n[actors.Alpha]\npeople = 4\n')
    message = cascades("show", file).refusal
    assert message.startswith(f"{file}: not valid TOML") and "twice" in message and "line 4" in message


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "the file is empty"),
        (b"  \n\n", "the file is empty"),
        (b"# caf\xe9\n", "not UTF-8 text (byte 5)"),
        ("extends = 'toy'".encode("utf-16"), "not UTF-8 text"),
        (b"[actors\n", "not valid TOML"),
        (b"x = " + b"[" * 100_000, "nested too deeply"),
        (b"x = 1" + b"0" * 10_000, "more digits than can be read"),
        (b'extends = "tyo"', "extends: no scenario 'tyo' (did you mean 'toy'?)"),
        (b'extends = "nowhere/else.toml"', "extends: nowhere/else.toml: no such file"),
        (b"extends = 3", "extends: must be a name or a path in quotes, not 3"),
        (b'extends = "world"', "extends: a circle: world.toml -> world.toml"),
        (b'extends = "' + b"x" * 5000 + b'"', "extends: "),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(content, expected, tmp_path):
    file = tmp_path / "world.toml"
    file.write_bytes(content)
    message = cascades("show", file).refusal
    assert message.startswith(f"{file}: ") and expected in message


def test_a_circle_of_two_is_refused(tmp_path):
    (tmp_path / "a.toml").write_text('extends = "b"\n')
    (tmp_path / "b.toml").write_text('extends = "a"\n')
    assert "extends: a circle: a.toml -> b.toml -> a.toml" in cascades("show", tmp_path / "a.toml").refusal


def test_a_huge_file_is_refused_unread(tmp_path):
    file = tmp_path / "world.toml"
    with file.open("wb") as sparse:
        sparse.truncate(100_000_000)
    message = cascades("show", file).refusal
    assert message.startswith(f"{file}: 100 MB is too large") and f"{LARGEST_FILE / 1e6:.0f} MB" in message


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("tyo", "did you mean 'toy'?"),
        ("nowhere.toml", "nowhere.toml: no such file"),
        (".", "no policy or scenario '.'"),
        ("x" * 5000, "cannot be read"),
    ],
)
def test_a_scenario_that_does_not_exist_is_refused(given, expected):
    assert expected in cascades("show", given).refusal


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("actors.Alhpa.people=3", "did you mean 'Alpha'?"),
        ("actors.Alpha.peple=3", "did you mean 'people'?"),
        ("actor.Alpha.people=3", "did you mean 'actors'?"),
        ("actors.Alpha=3", "names a table, not a number"),
        ("ties=[]", "names a table, not a number"),
        ("ties.7.strength=1", "no row of ties '7'"),
        ("ties.².strength=1", "no row of ties '²'"),
        ("actors.Alpha.people.value=3", "actors.Alpha.people has no parts"),
        ("extends=gpt3", "no table 'extends'"),
        ("actors.Alpha.people", "write path=value"),
        ("=3", "write path=value"),
        ("", "write path=value"),
        ("actors.Alpha.people=", "'' is not a number"),
        ("actors.Alpha.people=many", "'many' is not a number"),
        ("actors.Alpha.people=nan", "not a finite number"),
        ("actors.Alpha.people=-3", "must be at least 0"),
        (f"actors.Alpha.people=1{'0' * 400}", "too large"),
        (f"actors.Alpha.people=1{'0' * 5000}", "is not a number"),
        ("actors.Alpha.region=nort", "did you mean 'north'?"),
        ("scenario.end=2020-02", "lies outside the horizon"),
    ],
)
def test_a_change_that_cannot_be_made_is_refused_and_named(change, expected):
    message = cascades("show", "toy", "--set", change).refusal
    assert expected in message
    assert "--set" in message and change[:20] in message


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("--runs", 0, "runs = 0: must be a whole number from 1"),
        ("--runs", -3, "runs = -3: must be a whole number from 1"),
        ("--runs", 10**30, "must be a whole number from 1"),
        ("--runs", 10**10, "are free; ask for fewer (a run takes"),
        ("--seed", -1, "seed = -1: must be a whole number from 0"),
        ("--seed", 2**64, "must be a whole number from 0"),
        ("--threads", 0, "threads = 0: must be a whole number from 1"),
        ("--threads", 10**6, "must be a whole number from 1 to 1024"),
        ("--logs", -1, "logs = -1: must be a whole number from 0"),
    ],
)
def test_a_size_that_makes_no_sense_is_refused(option, value, expected, tmp_path):
    message = cascades("run", "toy", "--out", tmp_path / "out", option, value).refusal
    assert expected in message
    assert not (tmp_path / "out").exists()


def test_python_refuses_as_the_command_does():
    import sim

    with pytest.raises(UserError, match="runs = 0"):
        sim.simulate("toy", runs=0)
    with pytest.raises(UserError, match="did you mean 'toy'"):
        sim.simulate("tyo")
