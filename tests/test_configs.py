"""Every scenario that comes with the product: it loads, it runs, its numbers have sources."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.inputs import is_written
from sim.ensemble import simulate
from sim.errors import UserError
from sim.paths import quantities
from sim.scenario import CONFIGS, load, names, read_toml
from sim.schema import months_of_date
from sim.words import Event
from sim.world import compile_scenario

LAST_SCRIPTED = months_of_date("2021-05-31")


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_scenario_loads_and_runs(path):
    result = simulate(str(path), runs=2, seed=1, threads=1)
    assert len(result.runs) == 2
    assert sorted(result.logs) == [0, 1]
    assert len(result.events) == sum(map(len, result.logs.values()))


@pytest.mark.parametrize("name", names())
def test_every_number_has_a_source(name):
    missing = [
        parts for parts, quantity, _, source in quantities(load(name).file) if not source and quantity.value
    ]
    missing = [parts for parts in missing if is_written(load(name).raw, parts)]
    assert not missing


@pytest.mark.parametrize("name", names())
def test_names_lead_back_to_places(name):
    compiled = compile_scenario(load(name))
    assert len(compiled.place_of) == len(compiled.numbers)
    assert sorted(compiled.place_of.values()) == list(range(len(compiled.numbers)))


def test_nothing_is_scripted_after_may_2021():
    file = load("gpt3").file
    for name, row in file.scripted_artifacts.items():
        for date in (row.made.value, row.published.value):
            assert date <= LAST_SCRIPTED or date >= 1e5, name  # or never
    for name, row in file.scripted_projects.items():
        for date in (row.started.value, row.trained.value, row.announced.value):
            assert date <= LAST_SCRIPTED or date >= 1e5, name
        for kind, months in row.releases.items():
            assert row.announced.value + months.value <= LAST_SCRIPTED, (name, kind)


def test_the_world_is_as_large_as_it_must_be():
    file = load("gpt3").file
    assert len(file.actors) >= 25
    assert file.scenario.start == "2019-01" and file.scenario.end == "2023-12"
    needed = {
        "leading_lab",
        "open_follower",
        "service_provider",
        "hardware_vendor",
        "national_champion",
        "open_collective",
        "academic_group",
        "cloud_sponsor",
        "state_sponsor",
    }
    assert needed <= {actor.kind for actor in file.actors.values()}
    classes = list(file.classes)
    assert len(classes) - classes.index(load("gpt3").follow_class) >= 3  # two beyond


def test_classes_stand_in_order_of_level():
    for name in names():
        flop = [row.flop.value for row in load(name).file.classes.values()]
        assert flop == sorted(flop)


@pytest.mark.parametrize("name", [path.stem for path in sorted((CONFIGS / "history").glob("*.toml"))])
def test_history_speaks_of_the_scenario(name):
    history = read_toml(CONFIGS / "history" / f"{name}.toml")
    file = load(history["scenario"]).file
    for title, model in history["models"].items():
        assert model["actor"] in file.actors, title
        assert model["class"] in file.classes, title
        assert model["source"]
        months_of_date(model["announced"])
    for statistic in history["statistics"]:
        assert statistic["source"] and statistic["unit"]
        assert np.isfinite([statistic[part] for part in ("value", "low", "high") if part in statistic]).all()


def test_the_record_plays_out_as_scripted():
    """What a scenario scripts happens at its date in every run."""
    for name in names():
        scenario = load(name)
        result = simulate(name, runs=3, seed=4, threads=1, logs=3)
        for row in scenario.file.scripted_projects.values():
            actor = list(scenario.file.actors).index(row.actor)
            klass = list(scenario.file.classes).index(row.class_)
            for log in result.logs.values():
                own = log[(log["actor"] == actor) & (log["klass"] == klass)]
                for event, date in (
                    (Event.TRAINED, row.trained.value),
                    (Event.ANNOUNCED, row.announced.value),
                ):
                    at = max(0.0, date - scenario.start)
                    if at <= scenario.months:
                        assert np.isclose(own["time"][own["what"] == event], at).any(), (name, row.title)


def test_an_unknown_scenario_is_answered_with_the_nearest():
    with pytest.raises(UserError, match="gpt3"):
        load("gtp3")
