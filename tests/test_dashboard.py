"""What the dashboard knows and does, without a browser: the same bits as the commands."""

from __future__ import annotations

import asyncio
import math
import socket
import threading
import tomllib
from dataclasses import replace
from importlib import metadata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.comparison import HEADLINE, compare
from experiments.dashboard import saving, serving, showing
from experiments.dashboard.bench import Bench
from experiments.dashboard.desk import Desk, policies_offered
from experiments.dashboard.levers import number_lever, number_paths, policy_levers, problem
from experiments.dashboard.setting import Setting, arms_of
from experiments.dashboard.stepping import OneRun
from experiments.dashboard.work import Cancelled, Job, Work
from experiments.toml_text import as_toml
from sim.ensemble import simulate
from sim.errors import UserError
from sim.policy import policy_names, read_policy
from sim.scenario import load
from sim.world import compile_scenario

HOSTILE = "<script>document.title='taken'</script> {{7*7}} \"quoted\" & $x^2$"
RUNS = 40


@pytest.fixture(scope="module")
def toy():
    return load("toy")


@pytest.fixture(scope="module")
def bench():
    return Bench(threads=2)


def desk_at(bench: Bench, name: str = "toy", **said) -> Desk:
    """Return a desk that has compared its setting."""
    desk = Desk(name, bench)
    desk.work.wait()
    desk.choose(replace(desk.setting, runs=RUNS, **said))
    desk.work.wait()
    return desk


def lever(desk: Desk, name: str):
    return next(one for levers in desk.levers.values() for one in levers if one.name == name)


# ------------------------------------------------ levers


@pytest.mark.parametrize("name", ["toy", "gpt3"])
def test_every_number_has_a_lever_that_can_stand_where_the_scenario_puts_it(name):
    scenario = load(name)
    for path in number_paths(scenario):
        found = number_lever(scenario, path)
        assert problem(scenario, found, found.default) == "", path
        if found.slides:
            assert found.low <= found.on_slider(found.default) <= found.high + found.step, path
            for end in (found.low, found.high):
                assert problem(scenario, found, f"{end:.6g}") == "", (path, end)


def test_every_parameter_of_every_policy_has_a_lever():
    scenario = load("gpt3")
    for name in policy_names():
        policy = read_policy(name)
        found = policy_levers(policy, scenario)
        assert [one.title for one in found] == list(policy.parameters)
        for one in found:
            if one.default:
                assert problem(scenario, one, one.default) == "", one.name
            if one.slides:
                assert all(problem(scenario, one, f"{end:.6g}") == "" for end in (one.low, one.high)), (
                    one.name
                )


def test_a_slider_stands_at_one_of_its_steps(toy):
    found = number_lever(toy, "trends.rent_decline")
    steps = (found.on_slider("0.0513") - found.low) / found.step
    assert steps == pytest.approx(round(steps))
    assert found.on_slider("no number") == found.low


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("trends.rent_decline", "much", "'much' is no number; at least -5 and at most 5"),
        ("trends.rent_decline", "1e999", "is no number"),
        ("trends.rent_decline", "nan", "is no number"),
        ("trends.rent_decline", "", "is no number"),
        ("trends.rent_decline", "6", "must be between -5 and 5"),
        ("spread.leak_rate", "-1", "must be at least 0"),
        ("chips.first.released", "2020-13", "2020-13"),
        ("chips.first.released", "soon", "soon"),
    ],
)
def test_a_number_that_cannot_be_is_explained(toy, name, text, says):
    assert says in problem(toy, number_lever(toy, name), text)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("delay:months", "six", "must be a number"),
        ("delay:months", "1e400", "must be a number"),
        ("delay:actors", "Alfa", "did you mean 'alpha'"),
        ("delay:actors", "Alpha,months=3", "must not hold a comma"),
        ("delay:actors", "Alpha++code-never", "must not hold a comma or ++"),
        ("delay:from", "2020-13", "start, always, never"),
        ("delay:classes", "bigger", "did you mean 'big'"),
        ("coordinated-delay:compliance", "1.5", "at most 1"),
    ],
)
def test_a_parameter_that_cannot_be_is_explained(toy, name, text, says):
    found = next(one for one in policy_levers(read_policy(name.partition(":")[0]), toy) if one.name == name)
    assert says.lower() in problem(toy, found, text).lower()


# ------------------------------------------------ paired runs


@pytest.mark.parametrize(
    "said",
    [
        {"policies": ("code-never",)},
        {"policies": ("delay",), "given": {"delay:months": "3", "delay:actors": "Alpha"}},
        {"numbers": ("trends.rent_decline",), "given": {"trends.rent_decline": "0.4"}},
        {"numbers": ("actors.Beta.people",), "given": {"actors.Beta.people": "40"},
         "policies": ("talent-rich",)},
        {"numbers": ("trends.compute_growth",), "policies": ("trend-only",),  # sets it too, and wins
         "given": {"trends.compute_growth": "2", "trend-only:actors": "Alpha", "trend-only:classes": "big"}},
        {"numbers": ("chips.second.released",), "given": {"chips.second.released": "2020-03"}},
        {"numbers": ("classes.big.flop",), "given": {"classes.big.flop": "3e23"}, "everywhere": True,
         "policies": ("code-open-t0",)},
        {"numbers": ("trends.rent_decline",), "given": {"trends.rent_decline": "0.4"}, "everywhere": True,
         "policies": ("compute-cheap",)},
    ],
)  # fmt: skip
def test_what_is_shown_is_what_the_command_computes(bench, toy, said):
    desk = desk_at(bench, **said)
    assert desk.wrong == {} and not desk.stale
    arms = arms_of(toy, desk.setting)
    expected = compare(arms.base, {"arm": arms.arm}, runs=RUNS, seed=1, metrics=HEADLINE)
    (shown,) = desk.comparison.results.values()
    for metric in HEADLINE:
        assert np.array_equal(shown[metric], expected.results["arm"][metric], equal_nan=True), metric
        assert np.array_equal(desk.comparison.base[metric], expected.base[metric], equal_nan=True), metric


def test_a_number_is_moved_without_making_another_world(toy):
    bench = Bench(threads=1)
    desk = desk_at(bench, policies=("code-never",), numbers=("trends.rent_decline",))
    seen = set()
    for text in ("0.1", "0.2", "0.3"):
        desk.put(lever(desk, "trends.rent_decline"), text)
        desk.work.wait()
        (shown,) = desk.comparison.results.values()
        seen.add((id(shown.compiled), float(shown["spending"].sum())))
    assert len({compiled for compiled, _ in seen}) == 1
    assert len(seen) == 3


def test_a_window_that_opens_the_same_world_finds_what_was_simulated():
    bench = Bench(threads=1)
    one, other = desk_at(bench), desk_at(bench)
    assert one.scenario is not other.scenario
    assert one.comparison.base.compiled is other.comparison.base.compiled
    assert np.shares_memory(one.comparison.base.values, other.comparison.base.values)


def test_fewer_runs_are_the_first_of_more(bench):
    desk = desk_at(bench, policies=("code-never",))
    more = desk.comparison
    desk.set_count("runs", "10")
    desk.work.wait()
    assert desk.comparison.runs == 10
    assert np.array_equal(desk.comparison.base["spending"], more.base["spending"][:10])


def test_a_lever_back_at_its_default_was_never_moved(bench):
    desk = desk_at(bench, numbers=("trends.rent_decline",))
    found = lever(desk, "trends.rent_decline")
    desk.put(found, "0.4")
    assert desk.setting.moved() == {"trends.rent_decline": "0.4"}
    desk.put(found, found.default)
    desk.work.wait()
    assert desk.setting.moved() == {}
    assert desk.comparison.changes_nothing(next(iter(desk.comparison.results)))


# ------------------------------------------------ what cannot be


def test_a_number_that_is_put_away_stands_as_the_scenario_says(bench):
    desk = desk_at(bench, numbers=("trends.rent_decline", "spread.leak_rate"))
    desk.put(lever(desk, "trends.rent_decline"), "0.4")
    desk.remove_number("trends.rent_decline")
    desk.work.wait()
    assert [one.name for one in desk.levers[""]] == ["spread.leak_rate"] and not desk.setting.moved()
    assert desk.comparison.changes_nothing(next(iter(desk.comparison.results)))


def test_what_cannot_be_is_said_beside_its_control_and_earlier_results_stay(bench):
    desk = desk_at(bench, policies=("delay",), numbers=("trends.rent_decline",))
    before = desk.comparison
    desk.put(lever(desk, "trends.rent_decline"), "much")
    desk.put(lever(desk, "delay:months"), "six")
    assert set(desk.wrong) == {"trends.rent_decline", "delay:months"}
    assert desk.comparison is before and desk.stale
    desk.put(lever(desk, "trends.rent_decline"), "0.2")
    assert set(desk.wrong) == {"delay:months"}
    desk.put(lever(desk, "delay:months"), "2")
    desk.work.wait()
    assert desk.wrong == {} and not desk.stale


def test_policies_that_contradict_each_other_are_named(bench):
    desk = desk_at(bench, policies=("code-never", "code-open-t0"))
    assert set(desk.wrong) == {"code-open-t0"}
    assert "forbids what the other requires" in desk.wrong["code-open-t0"]
    assert "toy.toml" not in desk.wrong["code-open-t0"]
    desk.remove_policy("code-never")
    desk.work.wait()
    assert desk.wrong == {}


def test_a_missing_parameter_is_asked_for(bench):
    desk = desk_at(bench, policies=("change",))
    assert "is missing" in desk.wrong["change:path"]


@pytest.mark.parametrize(
    ("name", "text"),
    [("runs", "0"), ("runs", "many"), ("runs", "1e3"), ("runs", "10000000"), ("seed", "-1"), ("seed", "1.5")],
)
def test_counts_that_cannot_be(bench, name, text):
    desk = desk_at(bench)
    desk.set_count(name, text)
    assert set(desk.wrong) == {name}


@pytest.mark.parametrize("text", ["-1", "first", "1e99"])
def test_a_run_that_cannot_be(bench, text):
    desk = desk_at(bench)
    desk.set_run(text)
    assert set(desk.wrong) == {"run"}
    desk.set_run("3")
    assert desk.wrong == {} and desk.run_number == 3


def test_a_scenario_that_is_not_there_is_said_and_left_again(bench):
    desk = desk_at(bench)
    desk.open("nowhere.toml")
    assert desk.scenario is None and "no such file" in desk.wrong["scenario"]
    desk.open("toy")
    desk.work.wait()
    assert desk.wrong == {} and desk.comparison is not None


# ------------------------------------------------ work


def test_long_work_is_cancelled_and_earlier_results_stay(bench):
    desk = desk_at(bench, policies=("code-never",))
    before, begun = desk.comparison, threading.Event()

    def look() -> None:
        if desk.work.progress and desk.work.progress.done:
            begun.set()

    desk.changed = look
    desk.set_count("runs", "20000")
    assert begun.wait(60)
    desk.work.cancel()
    desk.work.wait(60)
    assert desk.work.cancelled and desk.work.progress is None
    assert desk.comparison is before and desk.stale
    desk.set_count("runs", str(RUNS))
    desk.work.wait()
    assert desk.comparison.runs == RUNS and not desk.work.cancelled


def test_the_latest_setting_wins(bench):
    desk = desk_at(bench, policies=("delay",))
    found = lever(desk, "delay:months")
    for months in range(1, 9):
        desk.put(found, str(months))
    desk.work.wait()
    assert desk.compared == desk.setting
    assert next(iter(desk.comparison.results)) == "delay:months=8"


def test_work_that_was_replaced_leaves_nothing():
    kept, held = [], threading.Event()
    work = Work(lambda: None)
    work.start(lambda job: held.wait(20) and "old", kept.append)
    old = work._thread
    work.start(lambda job: "new", kept.append)
    work.wait()
    held.set()
    old.join()
    assert kept == ["new"]


def test_work_says_why_it_failed_and_a_cancelled_job_stops(capsys):
    work = Work(lambda: None)

    def refuse(job):
        raise UserError("no")

    work.start(refuse, print)
    work.wait()
    assert work.failure == "no"
    work.start(lambda job: 1 / 0, print)
    work.wait()
    assert "ZeroDivisionError" in work.failure and work.progress is None
    assert "1 / 0" in capsys.readouterr().err
    job = Job(lambda job: None)
    job.cancel()
    with pytest.raises(Cancelled):
        job.tell("on")


def test_two_windows_do_not_disturb_each_other(bench):
    one, other = Desk("toy", bench), Desk("toy", bench)
    for desk, months in ((one, "2"), (other, "9")):
        desk.choose(Setting("toy", policies=("delay",), given={"delay:months": months}, runs=RUNS))
    one.step(5)
    for desk in (one, other):
        desk.work.wait()
        desk.stepping.wait() if desk is one else None
    assert next(iter(one.comparison.results)) == "delay:months=2"
    assert next(iter(other.comparison.results)) == "delay:months=9"
    assert one.run.month == 5 and other.run is None
    expected = compare("toy", ["delay:months=2", "delay:months=9"], runs=RUNS, metrics=HEADLINE)
    for desk, label in ((one, "delay:months=2"), (other, "delay:months=9")):
        (shown,) = desk.comparison.results.values()
        assert np.array_equal(shown["spending"], expected.results[label]["spending"])


# ------------------------------------------------ one run


def test_the_run_is_the_one_of_the_ensemble_and_its_past_does_not_change(toy):
    run = OneRun(toy, seed=1, run=3)
    past = []
    for _ in range(run.months):
        run.advance()
        assert run.happenings[: len(past)] == past
        past = run.happenings
    expected = simulate(toy, runs=4, seed=1, logs=4).logs[3]
    assert np.array_equal(run.live.log, expected)
    assert run.date == "2023-01-01" and run.month == run.months
    run.advance()
    assert run.month == run.months
    assert run.again().month == 0


def test_a_run_that_is_called_off_stands_where_it_has_come_to(bench):
    desk, begun = desk_at(bench), threading.Event()
    desk.step(1)
    desk.stepping.wait()
    go_on, held = threading.Event(), desk.run.live.advance

    def advance() -> None:
        held()
        begun.set()
        go_on.wait(60)

    desk.run.live.advance = advance
    desk.step(10_000)
    assert begun.wait(60) and desk.run.month == 1  # the handler has come back, the run has not
    desk.step(1)  # one thing at a time
    desk.stepping.cancel()
    go_on.set()
    desk.stepping.wait()
    assert desk.run.month == 2 and desk.stepping.cancelled
    desk.run.live.advance = held
    desk.step(10_000)
    desk.stepping.wait()
    expected = simulate(desk.scenario, runs=1, seed=desk.setting.seed, logs=1).logs[0]
    assert np.array_equal(desk.run.live.log, expected)
    desk.restart()
    desk.stepping.wait()
    assert desk.run.month == 0 and desk.run.latest == []
    assert max(one.month for one in desk.run.happenings) <= 0  # what the scenario says happened before


def test_a_window_that_is_gone_hears_no_more(bench):
    heard = []
    desk = Desk("toy", bench, lambda: heard.append(1))
    desk.work.wait()
    desk.close()
    heard.clear()
    desk.step(1)
    desk.stepping.wait()
    desk.work.cancel()
    assert desk.run.month == 1 and heard == []


def test_an_event_is_explained(bench):
    desk = desk_at(bench)
    desk.step(desk.scenario.months)
    desk.stepping.wait()
    trained = [one for one in desk.run.happenings if one.sign == "trained" and one.month > 0]
    desk.ask_why(trained[-1].row)
    assert desk.why.startswith(f"{trained[-1].actor} trained")
    short = len(desk.why)
    desk.dig_deeper()
    assert len(desk.why) >= short
    assert "--depth" not in desk.why
    desk.put(lever(desk, "trends.rent_decline"), "0.2")  # another world: its run is not this one
    assert desk.run is None and desk.why == ""


def test_latest_events_are_those_of_the_month(toy):
    run = OneRun(toy, seed=1, run=0)
    assert run.latest == []
    while not run.latest:
        run.advance()
    assert all(run.month - 1 < run.live.log["time"][row] <= run.month for row, _, _ in run.latest)


# ------------------------------------------------ shown as plain data


def test_intervals_and_curves_lie_within_the_drawing(bench):
    desk = desk_at(bench, policies=("code-never",))
    for row in showing.difference_rows(desk.comparison):
        bar = row["bar"]
        if bar:
            ends = [bar["low"], bar["inner_low"], bar["inner_high"], bar["high"]]
            assert ends == sorted(ends) and ends[0] >= 0 and ends[-1] <= 100
        curves = showing.curves(desk.comparison, row["name"])
        for line in curves["lines"] if curves else []:
            assert all(0 <= share <= 1 and math.isfinite(x) for x, share in line["points"])
    assert showing.curves(desk.comparison, "no such metric") is None


# ------------------------------------------------ files


def same_world(one, other) -> bool:
    """Return whether two scenarios compile to the same numbers, draws and facts."""
    first, second = compile_scenario(one), compile_scenario(other)
    return (
        np.array_equal(first.numbers, second.numbers)
        and np.array_equal(first.uncertain, second.uncertain)
        and first.uncertain_paths == second.uncertain_paths
        and first.actors == second.actors
        and all(np.array_equal(first.facts[name], second.facts[name]) for name in first.facts)
    )


def saved(tmp_path, scenario, setting):
    path = tmp_path / "saved.toml"
    path.write_text(saving.scenario_file(scenario, setting), encoding="utf-8")
    return load(str(path))


NEEDED = {"change": {"change:path": "actors.*.people", "change:value": "2"}}


@pytest.mark.parametrize("policy", policy_names())
def test_every_policy_is_saved_as_the_same_world(toy, tmp_path, policy):
    scenario, setting = toy, Setting("toy", policies=(policy,), given=NEEDED.get(policy, {}))
    try:
        arm = arms_of(scenario, setting).arm
    except UserError:  # it names actors of another scenario
        scenario, setting = load("gpt3"), replace(setting, scenario="gpt3")
        arm = arms_of(scenario, setting).arm
    assert same_world(saved(tmp_path, scenario, setting), arm)


def test_numbers_and_policies_of_the_uncertain_world_are_saved_together(tmp_path):
    scenario = load("gpt3")
    uncertain = [
        path for path in number_paths(scenario) if path in compile_scenario(scenario).uncertain_paths
    ]
    given = {uncertain[0]: number_lever(scenario, uncertain[0]).default + "1"} | {
        "trends.rent_decline": "0.2"
    }
    setting = Setting(
        "gpt3", ("code-never", "talent-rich"), (uncertain[0], "trends.rent_decline"), given, everywhere=True
    )
    again = saved(tmp_path, scenario, setting)
    arm = arms_of(scenario, setting).arm
    assert same_world(again, arm)
    for metric in ("lag_3", "spending"):
        kept = [simulate(world, runs=5, metrics=[metric], logs=0)[metric] for world in (again, arm)]
        assert np.array_equal(*kept)


def test_a_world_of_a_file_is_saved_and_its_place_told_to_nobody(tmp_path, hostile_file):
    setting = Setting(
        str(hostile_file), ("code-never",), ("trends.rent_decline",), {"trends.rent_decline": "0.3"}
    )
    scenario = load(str(hostile_file))
    text = saving.scenario_file(scenario, setting)
    assert same_world(saved(tmp_path, scenario, setting), arms_of(scenario, setting).arm)
    assert text.count(str(tmp_path)) <= 2  # in `extends`, which must find it, and in the command
    assert "set by the user (cascades explore)" in text


def test_the_saved_world_runs_from_the_command_line(tmp_path, bench, capsys):
    from experiments.commands.simulating import run

    desk = desk_at(bench, policies=("delay",), given={"delay:months": "4"})
    path = tmp_path / "explored.toml"
    path.write_text(desk.scenario_file(), encoding="utf-8")
    run(str(path), runs=RUNS, seed=1, out=tmp_path / "out", logs=0)
    import pyarrow.parquet as parquet

    table = parquet.read_table(tmp_path / "out" / "runs.parquet")
    (shown,) = desk.comparison.results.values()
    assert np.array_equal(table["spending"].to_numpy(), shown["spending"])
    assert "Written" in capsys.readouterr().out


def test_the_figure_is_a_picture(bench):
    desk = desk_at(bench, policies=("code-never",))
    assert desk.figure().startswith(b"\x89PNG")


plain = st.recursive(
    st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), plain, max_size=4))
def test_what_is_written_as_toml_is_read_back(data):
    assert tomllib.loads(as_toml(data)) == data


# ------------------------------------------------ hostile names


@pytest.fixture
def hostile_file(tmp_path):
    text = as_toml(load("toy").raw).replace("Three labs and a collective", "<b>bold</b> {{7*7}}")
    data = tomllib.loads(text)
    rename = {"Beta": HOSTILE}
    data["actors"] = {rename.get(name, name): row for name, row in data["actors"].items()}
    for tie in data["ties"]:
        tie |= {end: rename.get(tie[end], tie[end]) for end in ("from", "to")}
    path = tmp_path / "hostile.toml"
    path.write_text(as_toml(data), encoding="utf-8")
    return path


def test_hostile_names_are_text(bench, hostile_file):
    desk = desk_at(bench, str(hostile_file))
    desk.step(36)
    desk.stepping.wait()
    assert desk.run is not None and desk.wrong == {}
    names = showing.lanes(desk.run)["actors"]
    assert HOSTILE in names
    assert f"actors.{HOSTILE}.people" in {
        path.replace('"' + HOSTILE + '"', HOSTILE) for path in number_paths(desk.scenario)
    }


# ------------------------------------------------ serving


def test_without_the_extra_it_says_which(monkeypatch):
    def missing(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(serving.metadata, "version", missing)
    with pytest.raises(UserError, match=r"pip install '\.\[dashboard\]'"):
        serving.check_extra()


def test_a_port_that_is_taken_is_said_with_the_cure():
    with socket.socket() as other:
        other.bind((serving.HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(UserError, match=rf"--port {port}: is in use.*--port 0"):
            serving.listening_at(port)


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_that_cannot_be(port):
    with pytest.raises(UserError, match="from 0 to 65535"):
        serving.listening_at(port)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "127.0.0.1:8521"}, 200),
        ({"host": "localhost:8521", "origin": "http://localhost:8521"}, 200),
        ({"host": "evil.example:8521"}, 403),
        ({"host": "127.0.0.1:8521", "origin": "https://evil.example"}, 403),
        ({"host": "127.0.0.1.evil.example"}, 403),
        ({}, 403),
    ],
)
def test_only_pages_of_this_machine_are_answered(headers, status):
    sent = []

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message):
        sent.append(message)

    coded = [(name.encode(), value.encode()) for name, value in headers.items()]
    guarded = serving.only_from_here(app)
    asyncio.run(guarded({"type": "http", "headers": coded}, None, send))
    assert sent[0]["status"] == status


def test_every_policy_is_offered_with_its_title():
    assert set(policies_offered()) == set(policy_names())
    assert all(policies_offered().values())
