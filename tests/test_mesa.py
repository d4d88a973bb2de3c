"""The Mesa model: the ensemble's run, bit for bit; alive; and well-behaved within Mesa."""

from __future__ import annotations

import dataclasses
import gc
import math
import os
import re
import subprocess
import sys
import warnings
import weakref
from pathlib import Path

import numpy as np
import pytest

import agents
import sim
from sim.errors import UserError
from sim.live import LiveRun
from sim.model import DiffusionModel, mesa
from sim.scenario import from_data, load, merge
from sim.words import EVENT, KIND
from sim.world import Room, compile_scenario

ROOT = Path(__file__).resolve().parent.parent
CHANGED = 20  # the month in which tests change something


def finished(model: DiffusionModel) -> DiffusionModel:
    model.run_model()
    return model


def stepped(months: int, *arguments, **keywords) -> DiffusionModel:
    model = DiffusionModel(*arguments, **keywords)
    for _ in range(months):
        model.step()
    return model


def first_difference(log: np.ndarray, other: np.ndarray) -> int:
    """Return the first row in which two logs differ; their length if they do not."""
    shared = min(len(log), len(other))
    differs = np.flatnonzero(log[:shared] != other[:shared])
    return int(differs[0]) if len(differs) else shared


def run_python(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


# The ensemble's run


@pytest.mark.parametrize(("scenario", "seed"), [("toy", 1), ("toy", 12345), ("gpt3", 1), ("gpt3", 7)])
def test_run_is_the_run_of_the_ensemble_bit_for_bit(scenario, seed):
    ensemble = sim.simulate(scenario, runs=5, seed=seed, logs=5, threads=1)
    for run, log in ensemble.logs.items():
        model = finished(DiffusionModel(scenario, seed=seed, run=run))
        assert model.live.log.tobytes() == log.tobytes()
        assert model.holders == ensemble["n_dev"][run]
        assert model.spending == ensemble["spending"][run]


def test_centre_of_the_inputs_and_changes_of_the_scenario_are_those_of_the_ensemble():
    change = "actors.OpenAI.people=11"
    ensemble = sim.simulate("gpt3", runs=1, logs=1, draw=False, sets=[change], threads=1)
    for keywords in ({"sets": (change,)}, {"sets": change}, {"actors.OpenAI.people": 11}):
        model = finished(DiffusionModel("gpt3", draw=False, **keywords))
        assert model.live.log.tobytes() == ensemble.logs[0].tobytes()


def test_months_pass_until_the_horizon_and_no_further():
    model = DiffusionModel("toy")
    assert (model.month, model.running) == (0, True)
    assert len(model.events) > 0
    finished(model)
    log = model.live.log
    assert (model.month, model.running) == (load("toy").months, False)
    model.step()
    assert model.month == load("toy").months
    assert model.live.log.tobytes() == log.tobytes()
    assert model.date.isoformat() == "2023-01-01"


def test_events_are_those_of_the_result():
    model = finished(DiffusionModel("toy", seed=3, run=2))
    expected = sim.simulate("toy", runs=3, seed=3, logs=3, threads=1).events
    expected = expected[expected["run"] == 2].reset_index(drop=True)
    assert model.events.equals(expected)


def test_results_do_not_depend_on_random_numbers_of_mesa():
    plain = finished(DiffusionModel("toy"))
    shaken = DiffusionModel("toy")
    while shaken.running:
        shaken.random.random()
        shaken.rng.random()
        shaken.agents.shuffle_do("step")
        shaken.step()
    assert shaken.live.log.tobytes() == plain.live.log.tobytes()


# Alive


def open_code(model):
    model.actor("Beta").policy["code"] = {"probability": 1.0, "delay_months": 0}


def close_all(model):
    for kind in model.artifact_kinds:
        model.actor("Beta").policy[kind] = {"probability": 0.0}


def double_people(model):
    model.actor("Gamma").people *= 2


def cut_budget(model):
    model.actor("Gamma").willing_usd /= 100


@pytest.mark.parametrize(
    ("change", "month"),
    [(open_code, CHANGED), (close_all, CHANGED), (double_people, CHANGED), (cut_budget, 6)],
)
def test_a_change_alters_what_follows_and_nothing_before(change, month):
    altered = 0
    for run in range(8):
        plain = finished(DiffusionModel("toy", run=run)).live.log
        model = stepped(month, "toy", run=run)
        change(model)
        log = finished(model).live.log
        row = first_difference(plain, log)
        before = plain["time"] <= month
        assert row >= before.sum()
        assert log[: before.sum()].tobytes() == plain[before].tobytes()
        altered += row < max(len(plain), len(log))
    assert altered > 0


def test_a_change_before_the_first_step_is_a_change_of_the_scenario():
    model = DiffusionModel("toy", run=1)
    model.actor("Beta").willing_usd = 5e6
    model.actor("Beta").chips = 2000
    changed = finished(
        DiffusionModel("toy", run=1, **{"actors.Beta.willing_usd": 5e6, "actors.Beta.chips": 2000})
    )
    assert finished(model).live.log.tobytes() == changed.live.log.tobytes()


def test_what_first_differs_under_another_policy_is_what_the_policy_is_about():
    seen = 0
    for run in range(20):
        plain = finished(DiffusionModel("toy", run=run)).live.log
        model = stepped(CHANGED, "toy", run=run)
        open_code(model)
        log = finished(model).live.log
        row = first_difference(plain, log)
        if row < min(len(plain), len(log)):
            event = plain[row]  # Beta weighed there what it now decides by policy
            assert event["what"] == EVENT.WEIGHED
            assert (event["kind"], event["actor"]) == (KIND.CODE, model.actor("Beta").row)
            seen += 1
    assert seen > 0


def test_a_change_does_not_move_the_luck_of_anything_else():
    def luck_of(log):
        count, found = {}, {}
        shares = np.isin(log["what"], [EVENT.BUILT, EVENT.STARTED])  # there: the part for data, what is left
        for event in log[(log["draw"] != 0) & ~shares]:
            name = tuple(int(event[field]) for field in ("what", "actor", "klass", "kind"))
            count[name] = count.get(name, 0) + 1
            found[*name, count[name]] = event["draw"]
        return found

    compared = 0
    for run in range(20):
        plain = finished(DiffusionModel("toy", run=run))
        model = stepped(CHANGED, "toy", run=run)
        open_code(model)
        finished(model)
        wishes, others = plain.live.tables.wishes, model.live.tables.wishes
        assert (wishes["tail"] == others["tail"]).all()
        same = wishes["ordinal"] == others["ordinal"]
        assert (wishes["threshold"] == others["threshold"])[same].all()
        before, after = luck_of(plain.live.log), luck_of(model.live.log)
        for name in before.keys() & after.keys():
            assert before[name] == after[name]
            compared += 1
    assert compared > 0


def test_policies_are_shared_in_the_scenario_but_changed_one_by_one():
    shared = {"code": {"probability": 0.2, "delay_months": 6}, "details": {"probability": 1}}
    world = from_data(merge(load("toy").raw, {"policies": {"leading_lab": shared}}))
    model = stepped(3, world)
    alpha, beta = model.actor("Alpha"), model.actor("Beta")
    before = {kind: dict(policy) for kind, policy in alpha.policy.items()}
    assert before == {kind: dict(policy) for kind, policy in beta.policy.items()}
    beta.set_policy("code", probability=1)
    beta.policy["weights"] = {"probability": 0.5, "access": "licensed"}
    assert before == {kind: dict(policy) for kind, policy in alpha.policy.items()}
    assert dict(beta.policy["code"]) == {"probability": 1.0, "delay_months": 6.0, "access": "open"}
    assert dict(beta.policy["weights"]) == {"probability": 0.5, "delay_months": 0.0, "access": "licensed"}
    del beta.policy["code"]
    assert beta.policy["code"]["probability"] == 0
    with pytest.raises(TypeError):  # a copy: writing into it would change nothing
        beta.policy["code"]["probability"] = 1.0


def test_setting_what_is_already_so_changes_nothing():
    for scenario in ("toy", "gpt3"):
        plain = finished(DiffusionModel(scenario)).live.log
        model = stepped(CHANGED, scenario)
        for agent in model.agents:
            agent.people = agent.people
            agent.income_usd = agent.income_usd
            for kind in agent.policy if scenario == "toy" else ():  # no policy there ends by itself
                agent.set_policy(kind)
        assert finished(model).live.log.tobytes() == plain.tobytes()


def test_too_little_room_changes_nothing_not_even_with_changes():
    compiled = compile_scenario(load("toy"))
    cramped = dataclasses.replace(compiled, room=Room(8, 8, 1, 4))

    def live(world):
        run = LiveRun(world, seed=1, run=3)
        for month in range(load("toy").months):
            if month == 0:
                run.change_number(1, "full_time", 0.7)
            if month in (9, 10):
                run.change_number(1, "people", 20.0 + month)
                run.change_policy(1, "weights", {"probability": 1.0})
                run.change_number(2, "money", 5e7)
            run.advance()
        return run

    assert live(cramped).log.tobytes() == live(compiled).log.tobytes()
    assert live(cramped).room.events > 8


def test_books_balance_after_a_change():
    model = stepped(CHANGED, "toy", run=4)
    beta = model.actor("Beta")
    beta.money += 1e8
    beta.income_usd *= 3
    beta.people += 10
    finished(model)
    state = model.live.tables.state[beta.row]
    actor = load("toy").file.actors["Beta"]
    had = actor.money_usd.value + state["income"] + state["received"]
    spent = state["spent_compute"] + state["spent_labour"]
    place = state["project"]
    granted = model.live.tables.projects[place]["grant_usd"] if place >= 0 else 0.0
    assert math.isclose(had, state["money"] + state["reserved"] + granted + spent, rel_tol=1e-9)
    people = actor.people.value + state["recruited"] + state["moved_in"] - state["moved_out"]
    assert math.isclose(people, beta.people)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m: m.actor("Bet"), "did you mean 'Beta'"),
        (lambda m: setattr(m.actor("Beta"), "people", -1), "Beta: people = -1"),
        (lambda m: setattr(m.actor("Beta"), "full_time", 1.5), "from 0 to 1"),
        (lambda m: setattr(m.actor("Beta"), "money", math.nan), "nan"),
        (lambda m: setattr(m.actor("Beta"), "chips", "many"), "'many'"),
        (lambda m: m.actor("Beta").set_policy("cod", probability=1), "did you mean 'code'"),
        (lambda m: m.actor("Beta").set_policy("code", probability=2), "from 0 to 1"),
        (lambda m: m.actor("Beta").set_policy("code", delay=1), "delay_months"),
        (lambda m: m.actor("Beta").set_policy("code", probability=1, access="opn"), "did you mean 'open'"),
        (lambda m: m.actor("Beta").set_policy("weights", access="open"), "probability is missing"),
        (lambda m: m.actor("Beta").holds("code", "bg"), "did you mean 'big'"),
        (lambda m: setattr(finished(m).actor("Beta"), "people", 1), "has ended"),
        (lambda m: DiffusionModel("toy", rn=1), "did you mean 'run'"),
        (lambda m: DiffusionModel("toy", run=-1), "run = -1"),
        (lambda m: DiffusionModel("toy", seed=0.5), "seed = 0.5"),
        (lambda m: DiffusionModel("toy", **{"actors.Bet.people": 1}), "did you mean 'Beta'"),
    ],
)
def test_a_bad_change_says_what_is_allowed(change, words):
    with pytest.raises(UserError, match=re.escape(words)):
        change(DiffusionModel("toy"))


# Views


def test_every_actor_is_an_agent_of_its_kind():
    model = DiffusionModel("gpt3")
    file = load("gpt3").file
    assert [agent.name for agent in model.agents] == list(file.actors)
    for agent in model.agents:
        kind = agents.KINDS[file.actors[agent.name].kind]
        assert isinstance(agent, kind)
        assert type(agent).__name__ == kind.__name__
        assert agent.kind == kind.key
        assert vars(agent).keys() <= {"model", "row", "unique_id", "pos"}
    labs = model.agents.select(agent_type=agents.LeadingLab)
    assert set(labs) == set(model.agents_by_type[agents.LeadingLab])
    assert 0 < len(labs) < len(model.agents)
    assert set(model.agents_by_type) == {type(agent) for agent in model.agents}


def test_every_registered_kind_has_a_view():
    from agents.views import ActorView, view_class

    before = dict(agents.KINDS)
    for kind in before.values():
        assert issubclass(view_class(kind), (ActorView, kind))
        assert view_class(kind) is view_class(kind)
    assert before == agents.KINDS  # a view is no new kind


def test_views_read_what_the_log_says():
    for run in range(4):
        model = DiffusionModel("toy", run=run)
        assert model.actor("Alpha").reached == "small"
        while model.running:
            model.step()
            log = model.events
            for agent in model.agents:
                own = log[log["actor"] == agent.name]
                trained = own[own["event"].isin(["trained", "undertrained"])]["reached"]
                highest = max(filter(None, trained), key=model.compiled.classes.index, default="")
                assert agent.reached == highest
                for _, event in own[own["event"] == "learned"].iterrows():
                    assert agent.holds(event["artifact_kind"], event["class"] or None)
                under_way = (own["event"] == "started").sum() - (
                    own["event"].isin(["trained", "undertrained", "stopped"]) & (own["project"] >= 0)
                ).sum()
                if agent.name != "Alpha":  # whose first project is scripted
                    assert (agent.project is not None) == (under_way > 0)
                if agent.project:
                    assert agent.project.phase == agent.phase
                    assert agent.phase in ("build", "tune", "train")
                    assert 0 <= agent.project.left <= 1


def test_data_are_collected_every_month_from_month_0():
    model = finished(DiffusionModel("toy", run=1))
    months = load("toy").months
    frame = model.datacollector.get_model_vars_dataframe()
    assert list(frame["month"]) == list(range(months + 1))
    for column in ("holders", "access", "starts", "spending"):
        assert frame[column].is_monotonic_increasing
    assert frame["holders"].iloc[-1] == model.measure("n_dev") > 0
    assert frame["attention"].max() > 0
    people = model.datacollector.get_agent_vars_dataframe()
    assert len(people) == (months + 1) * len(model.agents)
    assert set(people["kind"]) == {"leading_lab", "open_collective", "cloud_sponsor"}


# Within Mesa


def test_batch_run_gives_the_runs_of_the_ensemble():
    rows = mesa.batch_run(
        DiffusionModel,
        {"scenario": "toy", "run": range(10), "seed": 5},
        number_processes=1,
        display_progress=False,
    )
    ensemble = sim.simulate("toy", runs=10, seed=5, threads=1)
    last = {row["run"]: row for row in rows}
    assert len(rows) == 10 * len(load("toy").file.actors)
    assert [last[run]["holders"] for run in range(10)] == list(ensemble["n_dev"])
    assert [last[run]["spending"] for run in range(10)] == list(ensemble["spending"])
    assert {row["month"] for row in rows} == {load("toy").months}


def test_batch_run_takes_periods_steps_and_numbers_of_the_scenario():
    rows = mesa.batch_run(
        DiffusionModel,
        {"scenario": "toy", "seed": 1, "actors.Beta.people": [1, 15]},
        data_collection_period=1,
        max_steps=5,
        display_progress=False,
    )
    assert all(row["month"] == row["Step"] for row in rows)
    assert {row["month"] for row in rows} >= set(range(6))
    beta = {row["actors.Beta.people"]: row["people"] for row in rows if row["name"] == "Beta"}
    assert beta[1] < 10 < beta[15]
    whole = mesa.batch_run(
        DiffusionModel,
        {"scenario": "toy"},
        data_collection_period=1,
        max_steps=1000,
        display_progress=False,
    )
    assert [row["month"] for row in whole if row["name"] == "Beta"] == list(range(load("toy").months + 1))


def test_models_are_freed():
    model = stepped(2, "toy")
    seen = weakref.ref(model)
    identities = [agent.unique_id for agent in model.agents]
    assert identities == list(range(1, len(identities) + 1))
    del model
    gc.collect()
    assert seen() is None


def test_no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(finished(DiffusionModel("toy")).events) > 0


@pytest.mark.parametrize("method", ["None", "'forkserver'"])
def test_importing_the_model_leaves_the_start_of_processes_alone(method):
    code = (
        "import multiprocessing as m\n"
        f"m.set_start_method({method}, force=True)\n"
        "import sim.model\n"
        "print(m.get_start_method(allow_none=True))"
    )
    assert run_python(code) == method.strip("'")


def test_importing_sim_does_not_import_mesa():
    assert run_python("import sim, sim.live, sys; print('mesa' in sys.modules)") == "False"


def test_without_the_compiler_the_bits_are_the_same():
    code = (
        "import hashlib\n"
        "from sim.model import DiffusionModel\n"
        "model = DiffusionModel('toy', seed=2, run=1)\n"
        "for month in range(14):\n"
        "    model.step()\n"
        "    if month == 6: model.actor('Beta').people = 40\n"
        "    if month == 6: model.actor('Beta').set_policy('details', probability=0)\n"
        "print(len(model.live.log), hashlib.sha256(model.live.log.tobytes()).hexdigest())"
    )
    assert run_python(code, NUMBA_DISABLE_JIT="1") == run_python(code)


@pytest.mark.slow
def test_batch_run_on_two_processes(tmp_path):
    script = tmp_path / "batch.py"
    script.write_text(
        "import mesa\n"
        "from sim.model import DiffusionModel\n"
        "if __name__ == '__main__':\n"
        "    rows = mesa.batch_run(DiffusionModel, {'scenario': 'toy', 'run': range(4), 'seed': 1},\n"
        "                          number_processes=2, display_progress=False)\n"
        "    print(sorted({(row['run'], row['holders']) for row in rows}))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, str(script)], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    ensemble = sim.simulate("toy", runs=4, seed=1, threads=1)
    assert done.stdout.strip() == str([(run, int(ensemble["n_dev"][run])) for run in range(4)])


def test_the_how_to_runs(capsys):
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "mesa.md").read_text(), re.S)
    names: dict = {}
    for block in blocks:
        exec(compile(block, "docs/mesa.md", "exec"), names)
    assert names["model"].running is False
    assert len(names["rows"]) == 3 * 2 * 5
