"""The same luck gives the same run, bit for bit, however and wherever it is computed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from conftest import Played, play, play_runs
from hypothesis import given, settings
from hypothesis import strategies as some
from test_invariants import SOME, worlds

from sim.ensemble import Simulator, simulate
from sim.scenario import from_data, load, merge
from sim.words import Event
from sim.world import Room, compile_scenario


def same(first, second) -> bool:
    """Return whether two results hold the same bits for the same runs."""
    return (
        np.array_equal(first.run_numbers, second.run_numbers)
        and first.values.tobytes() == second.values.tobytes()
        and first.draws.tobytes() == second.draws.tobytes()
        and {run: log.tobytes() for run, log in first.logs.items()}
        == {run: log.tobytes() for run, log in second.logs.items()}
    )


@pytest.mark.parametrize("name", ["toy", "gpt3"])
@pytest.mark.parametrize("how", [{"threads": 2}, {"chunk": 1}, {"chunk": 7, "threads": 2}, {"chunk": 1000}])
def test_threads_and_chunks_change_nothing(name, how):
    plain = simulate(name, runs=40, seed=3, threads=1, logs=5)
    assert same(plain, simulate(name, **({"runs": 40, "seed": 3, "threads": 1, "logs": 5} | how)))


@pytest.mark.parametrize("name", ["toy", "gpt3"])
def test_a_run_does_not_depend_on_the_others(name):
    whole = simulate(name, runs=30, seed=3, threads=1, logs=30)
    part = simulate(name, runs=10, seed=3, threads=1, logs=10, first_run=17)
    assert list(part.run_numbers) == list(range(17, 27))
    assert whole.values[17:27].tobytes() == part.values.tobytes()
    assert whole.draws[17:27].tobytes() == part.draws.tobytes()
    for run in part.run_numbers:
        assert whole.logs[run].tobytes() == part.logs[run].tobytes()


@pytest.mark.parametrize("name", ["toy", "gpt3"])
def test_metrics_do_not_depend_on_the_log_being_kept(name):
    plain = simulate(name, runs=40, seed=3, threads=1, logs=0)
    assert plain.values.tobytes() == simulate(name, runs=40, seed=3, threads=1, logs=40).values.tobytes()


def test_other_seeds_and_runs_have_other_luck():
    logs = {play(load("toy"), run, seed).log.tobytes() for run in range(5) for seed in range(5)}
    assert len(logs) == 25


@settings(SOME, max_examples=40)
@given(worlds(), some.integers(0, 1000))
def test_a_workspace_keeps_nothing_of_the_run_before(world, run):
    *_, used = (played.log for played in play_runs(world, [run + 1, run + 2, run]))
    assert used.tobytes() == play(world, run).log.tobytes()


@settings(SOME, max_examples=40)
@given(worlds(), some.integers(0, 1000))
def test_too_little_room_changes_nothing(world, run):
    scenario = from_data(world)
    compiled = replace(compile_scenario(scenario), room=Room(16, 8, 1, 1))
    simulator = Simulator(compiled, ())
    simulator.simulate(1, run, np.empty((1, 0)), np.empty((1, len(simulator.uncertain))))
    assert simulator.workspace.room.events >= len(simulator.events())
    assert simulator.events().tobytes() == play(scenario, run).log.tobytes()


ALONE = """
import sys
import numpy as np
from sim.ensemble import simulate
from sim.scenario import load
name, runs, target = sys.argv[1], int(sys.argv[2]), sys.argv[3]
result = simulate(name, runs=runs, seed=5, threads=1, logs=runs, sets=sys.argv[4:])
logs = {f"log{run}": log for run, log in result.logs.items()}
np.savez(target, values=result.values, draws=result.draws, **logs)
"""


def run_alone(root, tmp_path, label, name, runs, **environment):
    """Simulate in a process of its own and return the bytes of all that comes out."""
    target = tmp_path / f"{label}.npz"
    subprocess.run(
        [sys.executable, "-c", ALONE, name, str(runs), str(target)],
        cwd=root,
        env=os.environ | environment,
        check=True,
    )
    with np.load(target) as stored:
        return {key: stored[key].tobytes() for key in stored.files}


@pytest.mark.parametrize(("name", "runs"), [("toy", 4), ("gpt3", 1)])
def test_the_compiler_changes_nothing(root, tmp_path, name, runs):
    compiled = run_alone(root, tmp_path, "compiled", name, runs)
    plain = run_alone(root, tmp_path, "plain", name, runs, NUMBA_DISABLE_JIT="1")
    assert len(compiled) == runs + 2
    assert compiled == plain


def test_the_order_of_sets_and_dictionaries_changes_nothing(root, tmp_path):
    results = [
        run_alone(root, tmp_path, f"hash{seed}", "gpt3", 2, PYTHONHASHSEED=seed) for seed in ("0", "12345")
    ]
    assert results[0] == results[1]


def story(played: Played, without=()):
    """Return a log in names, without the rows of some actors; causes as places in what is left."""
    actors, classes = [*played.compiled.actors, None], [*played.compiled.classes, None]
    left: dict[int, int] = {}
    lines = []
    for number, row in enumerate(played.log):
        if actors[row["actor"]] in without:
            continue
        left[number] = len(lines)
        lines.append(
            (
                *(float(row[field]) for field in ("time", "amount", "usd", "draw")),
                *(int(row[field]) for field in ("what", "kind", "via", "mechanism", "bound")),
                *(actors[row["actor"]], classes[row["klass"]], actors[row["source"]]),
                left.get(int(row["cause"])) if row["cause"] >= 0 else -1,
            )
        )
    return lines


RUNS = range(25)


def stories(world, without=()):
    return [story(played, without) for played in play_runs(world, RUNS)]


def changed(name, **tables):
    return from_data(merge(load(name).raw, tables))


THIEVES = {"thief": {"develops": False, "steals": True}}
READER = {"kind": "individual_researchers", "region": "north"}
READERS = {"individual_researchers": {"develops": False}}


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize(
    ("kinds", "actor"),
    [
        (READERS, READER),
        (THIEVES, {"kind": "thief", "region": "north"}),
        ({}, {"kind": "leading_lab", "region": "north", "family": "general", "active_from": "2023-06"}),
    ],
    ids=["reader", "idle thief", "lab of the future"],
)
def test_one_more_who_does_nothing_changes_nobodys_luck(kinds, actor, first):
    """Wherever it stands in the file: luck knows names, not rows."""
    raw = load("toy").raw
    more = {"Newcomer": actor}
    people = more | raw["actors"] if first else raw["actors"] | more
    with_it = from_data(raw | {"actors": people, "kinds": raw["kinds"] | kinds})
    assert stories(with_it, ["Newcomer"]) == stories(load("toy"))


@pytest.mark.parametrize(
    "change",
    [
        {"spread": {"leak_rate": 1e-12}},
        {"spread": {"theft_rate": 1.0}},  # with nobody to steal
        {"kinds": THIEVES, "actors": {"Thief": {"kind": "thief", "region": "north"}}},  # at rate zero
        {"flows": {"insider": {"weights": 1e-12, "code": 1e-12}}},
        {"flows": {"collaboration": {"details": 5.0}}},  # with no such tie
        {"insights": {"idea": {"needs": "big", "rate": 0}}},
        {"policies": {"cloud_sponsor": {"weights": {"probability": 0}}}},  # who has none
        {"motives": {"cloud_sponsor": {"reaction": 9}}},
        {"motives": {"leading_lab": {"hardware_sales": 9}}},  # in which nothing has a stake
        {"stakes": {"retrieval_store": {"advantage": 1}}},  # of which there is none
        {
            "effects": {
                "logbook": {"failures": 0.9, "uptake_months": 1, "obsolescence_months": 9, "spread": 1}
            }
        },
    ],
    ids=str,
)
def test_a_mechanism_at_rate_zero_changes_nothing(change):
    if "effects" in change:  # a kind that nobody makes public, and that helps nobody but its maker
        change["effects"]["logbook"] |= {"failures": 0.0}
    assert stories(changed("toy", **change)) == stories(load("toy"))


def in_any_order(world, run):
    """Return what a run tells, without the order of what happens at the same moment."""
    return sorted(tuple(map(str, line[:-1])) for line in story(play(world, run)) if line[0] > 0)


@settings(SOME, max_examples=40)
@given(worlds(), some.integers(0, 1000))
def test_the_order_of_actors_changes_no_story(world, run):
    turned = world | {"actors": dict(reversed(world["actors"].items()))}
    assert in_any_order(world, run) == in_any_order(turned, run)


@pytest.mark.parametrize(
    ("name", "change", "bites"),
    [
        ("toy", ["scripted_projects.first.announced='2020-10-01'"], 6.0),
        ("toy", ["scripted_projects.first.releases.api=9"], 7.0),
        ("toy", ["spread.leak_rate=0.9"], 3.0),  # first weights at the end of the training
        ("gpt3", ["trends.rent_decline=0.1", "scenario.title=other"], 0.0),
        ("gpt3", ["spread.leak_rate=0.5"], 0.0),
    ],
)
def test_policies_share_their_luck_until_they_bite(name, change, bites):
    plain = simulate(name, runs=15, seed=2, threads=1, logs=15)
    other = simulate(name, runs=15, seed=2, threads=1, logs=15, sets=change)
    shared = [path for path in plain.compiled.uncertain_paths if path in other.compiled.uncertain_paths]
    for path in shared:
        column = f"input:{path}"
        assert plain.columns()[column].tobytes() == other.columns()[column].tobytes()
    differ = 0
    for run in range(15):
        before = [log[log["time"] < bites] for log in (plain.logs[run], other.logs[run])]
        assert before[0].tobytes() == before[1].tobytes()
        differ += plain.logs[run].tobytes() != other.logs[run].tobytes()
    assert differ > 0  # it does bite


def test_drawn_inputs_are_all_that_drawing_changes():
    drawn = simulate("gpt3", runs=1, seed=2, threads=1, logs=1)
    raw = load("gpt3")
    fixed = [
        f"{path}={value!r}"
        for path, value in zip(drawn.compiled.uncertain_paths, drawn.draws[0].tolist(), strict=True)
    ]
    again = simulate(raw, runs=1, seed=2, threads=1, logs=1, sets=fixed)
    assert again.draws.shape == (1, 0)
    assert drawn.logs[0].tobytes() == again.logs[0].tobytes()


EDITED = "from sim.uncertain import quantile; print(quantile(0, 0.9, 10.0, 1.0, 1.0))"


def test_an_edited_rule_takes_effect_in_spite_of_the_cache(root, tmp_path):
    """``quantile`` is cached; ``normal``, which it calls, stands in another file and is edited."""
    for folder in ("agents", "sim"):
        shutil.copytree(root / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))

    def value():
        done = subprocess.run(
            [sys.executable, "-c", EDITED],
            cwd=tmp_path,
            env=os.environ | {"CASCADES_CACHE": str(tmp_path / "cache"), "PYTHONPATH": str(tmp_path)},
            check=True,
            capture_output=True,
            text=True,
        )
        return float(done.stdout)

    before = value()
    assert before == value() == pytest.approx(11.2815515655446)
    assert list((tmp_path / "cache").rglob("*.nbi"))  # it was cached
    source = (tmp_path / "sim" / "luck.py").read_text()
    line = "    return -z if q < 0.0 else z"
    assert line in source and "    q = u - 0.5" in source
    (tmp_path / "sim" / "luck.py").write_text(source.replace("    q = u - 0.5", "    q = 0.5 - u"))
    assert value() == pytest.approx(20.0 - before)


def test_the_log_of_a_run_can_be_had_again_by_its_number():
    many = simulate("toy", runs=50, seed=9, threads=2, logs=0)
    again = simulate("toy", runs=1, seed=9, threads=1, logs=1, first_run=41)
    assert many.values[41].tobytes() == again.values[0].tobytes()
    assert np.sum(again.logs[41]["what"] == Event.SCENARIO) == 1


def keys_of_scripted(scenario):
    """Return under what luck knows each artifact of each scripted project: {(project, kind): key}."""
    played = play(scenario)
    names = list(scenario.file.scripted_projects)
    projects, artifacts = played.tables.projects, played.tables.artifacts
    found = {}
    for made in artifacts[: int(played.tables.clock[0].artifacts)]:
        script = projects[made["project"]]["script"] if made["project"] >= 0 else -1
        if script >= 0:
            found[names[script], int(made["kind"])] = int(made["key"])
    return found


@pytest.mark.parametrize("gone", list(load("gpt3").file.scripted_projects)[:3])
def test_without_one_scripted_project_the_others_have_the_same_luck(gone):
    base = load("gpt3")
    rest = {name: row for name, row in base.raw["scripted_projects"].items() if name != gone}
    before, after = (
        keys_of_scripted(base),
        keys_of_scripted(from_data({**base.raw, "scripted_projects": rest})),
    )
    assert len(set(before.values())) == len(before)
    assert any(name == gone for name, _ in before)
    assert after == {key: value for key, value in before.items() if key[0] != gone}
