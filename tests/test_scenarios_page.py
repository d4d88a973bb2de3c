"""docs/scenarios.md: its files and commands work, and what it says of a file that stands alone is so."""

from __future__ import annotations

import copy
import re
import shlex

import numpy as np
import pytest
from terminal import cascades

from agents.kinds import REGISTRY
from experiments.run import history_of
from sim import simulate
from sim.errors import UserError
from sim.scenario import CONFIGS, from_data, load, merge
from sim.words import ArtifactKind, TieKind

DOCS = CONFIGS.parent / "docs"
EXAMPLES = DOCS / "examples"
TEXT = (DOCS / "scenarios.md").read_text(encoding="utf-8")
FILES = {
    re.match(r"# ([\w-]+\.toml)", block)[1]: block
    for block in re.findall(r"^```toml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
}
COMMANDS = [
    shlex.split(line)
    for block in re.findall(r"^```sh\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]
MUST = (
    "scenario", "regions", "chips", "classes", "effects", "kinds", "actors", "attention", "conviction",
    "work", "training", "spread", "trends",
)  # fmt: skip


def never(scenario) -> float:
    """Return the share of runs in which nobody follows."""
    return float(np.isinf(simulate(scenario, runs=40, threads=1, logs=0, metrics=["lag_1"])["lag_1"]).mean())


def without(path: str):
    """The scenario that stands alone, less one table, row or number."""
    raw = copy.deepcopy(load(EXAMPLES / "alone.toml").raw)
    *above, last = path.split(".")
    node = raw
    for part in above:
        node = node[part]
    del node[last]
    return from_data(raw)


def test_the_page_is_not_long():
    assert len(TEXT.splitlines()) <= 200
    assert all(len(line) <= 120 for line in TEXT.splitlines())


def test_its_files_and_commands_work(tmp_path, monkeypatch):
    assert set(FILES) == {"speech.toml", "speech-claims.toml", "speech-record.toml"}
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    said = {}
    assert {command[1] for command in COMMANDS} >= {
        "show",
        "inputs",
        "run",
        "why",
        "evidence",
        "backcast",
        "compare",
    }
    for command in COMMANDS:
        outcome = cascades(*command[1:])
        assert outcome.code == 0, outcome.err
        said[command[1]] = outcome.out
    assert "what really happened" not in said["run"]


def test_the_file_that_is_printed_is_the_one_that_comes_with_it():
    assert (EXAMPLES / "speech.toml").read_text(encoding="utf-8") == FILES["speech.toml"]
    scenario = load(EXAMPLES / "speech.toml")
    assert list(scenario.file.actors) == ["First", "Second", "Volunteers"]
    assert never(scenario) < 0.2


def test_one_that_stands_alone_must_say_all_that_the_page_lists():
    assert never(load(EXAMPLES / "alone.toml")) < 0.2
    for table in MUST:
        assert f"`[{table}" in TEXT
        with pytest.raises(UserError, match=f"{table}: is missing"):
            without(table)
    for table in (
        "attention",
        "conviction",
        "work",
        "training",
        "spread",
        "trends",
        "chips.some",
        "classes.model",
    ):
        raw = load(EXAMPLES / "alone.toml").raw
        for part in table.split("."):
            raw = raw[part]
        for field in raw:
            with pytest.raises(UserError, match=f"{field}: is missing"):
                without(f"{table}.{field}")


@pytest.mark.parametrize(
    "path",
    [
        "kinds.leading_lab.start_rate",
        *(f"actors.Second.{field}" for field in ("people", "chips", "willing_usd", "income_usd")),
    ],
)
def test_a_default_that_is_a_trap_keeps_everybody_out(path):
    assert f"`{'kinds.KIND' if path.startswith('kinds') else 'actors.NAME'}" in TEXT
    assert path.rsplit(".", 1)[1] in TEXT
    assert never(without(path)) == 1


def test_builders_of_whom_nobody_says_how_patient_they_are_are_refused():
    with pytest.raises(UserError, match="leading_lab.patience_months: is missing, so that who decides"):
        without("kinds.leading_lab.patience_months")


def test_an_actor_that_never_comes_cannot_be_scripted():
    never_there = {"actors": {"Google": {"active_from": "never"}}}
    with pytest.raises(UserError, match="'Google' never comes into being; remove the project too"):
        from_data(merge(load("gpt3").raw, never_there))


def test_what_no_effect_knows_is_released_and_taken_up_by_nobody():
    opened = {"policies": {"leading_lab": {"weights": {"probability": 1, "source": "a test"}}}}
    world = from_data(merge(load(EXAMPLES / "alone.toml").raw, opened))
    events = simulate(world, runs=10, threads=1, logs=10).events
    weights = events[events["artifact_kind"] == "weights"]["event"]
    assert (weights == "released").any() and not weights.isin(["learned", "accessed"]).any()


def test_without_policies_and_motives_nothing_is_published_but_what_is_scripted():
    events = simulate(load(EXAMPLES / "alone.toml"), runs=20, threads=1, logs=20).events
    assert set(events[events["event"] == "released"]["actor"]) == {"First"}


def test_every_word_of_the_closed_lists_is_named():
    words = [kind.key for words in (ArtifactKind, TieKind) for kind in words]
    for word in [*REGISTRY, *words]:
        assert f"`{word}`" in TEXT, word


def test_what_is_scripted_before_the_start_counts_as_done_on_the_first_day():
    later = from_data(merge(load("toy").raw, {"scenario": {"start": "2020-11"}}))
    events = simulate(later, runs=3, threads=1, logs=3).events
    announced = events[(events["event"] == "announced") & (events["actor"] == "Alpha")]
    assert (announced.groupby("run")["month"].min() == 0).all()
    shown = events[events["event"] == "demonstrated"]
    assert len(shown) and (shown["month"] > 0).all()


def test_a_name_that_is_kept_keeps_the_record(tmp_path):
    for heading, record in (('title = "other"', True), ('name = "other"', False)):
        (tmp_path / "other.toml").write_text(f'extends = "gpt3"\n[scenario]\n{heading}\n')
        assert (history_of(load(tmp_path / "other.toml")) is not None) == record


def test_an_actor_is_taken_out_with_what_is_scripted_of_it():
    gone = from_data(merge(load("toy").raw, {"remove": ["actors.Alpha"]}))
    assert not gone.file.scripted_projects and "Alpha" not in {tie.a for tie in gone.file.ties}
    late = load("toy", ["actors.Beta.active_from=never"])
    assert np.isinf(
        simulate(late, runs=20, threads=1, logs=0, metrics=["t_done[Beta,big]"])["t_done[Beta,big]"]
    ).all()
