"""Sweeps: designs, worlds, the store and what may happen to it, and what a user may get wrong."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from terminal import cascades

from experiments.sweeps import keeping, work
from experiments.sweeps.exchange import (
    as_function,
    ema_parameters,
    ema_results,
    factors_of_ema,
    salib_problem,
)
from experiments.sweeps.keeping import content_of
from experiments.sweeps.looking import forecast, query, replay, status
from experiments.sweeps.plan import Plan
from experiments.sweeps.reading import SWEEPS, read_sweep, sweep_names
from experiments.sweeps.running import expand, plan_of_arguments, plan_of_file, plan_of_store, resume, sweep
from experiments.sweeps.store import open_store
from experiments.sweeps.worlds import Worlds
from sim.ensemble import simulate
from sim.errors import UserError
from sim.scenario import CONFIGS, from_data, load, merge

ROOT = CONFIGS.parent
METRICS = ["lag_1", "lag_2", "n_dev"]
PEOPLE, DETAILS = "actors.Beta.people", "effects.details.work"


def uncertain_toy():
    """The toy world with inputs drawn one by one, together, and by alternatives."""
    data = merge(
        load("toy").raw,
        {
            "work": {"learning": {"low": 0.2, "centre": 0.5, "high": 0.8, "family": "normal"}},
            "training": {"failure": {"low": 0.1, "centre": 0.3, "high": 0.5, "family": "uniform"}},
            "conviction": {"proof": {"low": 0.5, "centre": 0.7, "high": 0.9, "family": "uniform"}},
            "correlations": [
                {"inputs": ["work.learning", "training.failure", "conviction.proof"], "rho": 0.5}
            ],
            "alternatives": [
                {
                    "name": "tools",
                    "options": [
                        {"weight": 1, "numbers": {"effects.tools.work": 0.0}},
                        {"weight": 2, "numbers": {"effects.tools.work": 0.6, "effects.tools.talent": 0.1}},
                    ],
                }
            ],
        },
    )
    return from_data(data, "uncertain", name="uncertain")


def points_of(factors, design, scenario="toy", **settings) -> Plan:
    return plan_of_arguments(scenario, factors, design, {"metrics": METRICS, **settings})[0]


def content(folder: Path) -> dict[str, bytes]:
    """All that is a result in a store: its parts, logs and design."""
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("[!.]*.parquet"))}


# ---- designs


def test_a_grid_goes_through_all_combinations_the_last_factor_fastest():
    plan = points_of({PEOPLE: [5, 15], DETAILS: [0.1, 0.2, 0.3]}, "grid")
    assert plan.points.columns == {PEOPLE: [5.0] * 3 + [15.0] * 3, DETAILS: [0.1, 0.2, 0.3] * 2}


def test_a_zip_goes_through_levels_side_by_side():
    plan = points_of({PEOPLE: [5, 15], DETAILS: [0.1, 0.2]}, "zip")
    assert [plan.values(at) for at in range(2)] == [[5.0, 0.1], [15.0, 0.2]]


def test_a_list_a_data_frame_and_a_csv_file_are_the_same_points(tmp_path):
    rows = [{PEOPLE: 5, "policy": "base"}, {PEOPLE: 9, "policy": "code-never"}]
    frame = pd.DataFrame(rows)
    frame.to_csv(tmp_path / "points.csv", index=False)
    file = tmp_path / "x.toml"
    file.write_text('scenario = "toy"\n[design]\nmethod = "table"\nfile = "points.csv"\n')
    plans = [points_of(None, rows), points_of(None, frame), plan_of_file(*read_sweep(file))]
    assert len({json.dumps(plan.points.columns) for plan in plans}) == 1
    assert [factor.kind for factor in plans[2].points.factors] == ["input", "policy"]


def test_a_latin_hypercube_has_one_point_in_every_slice():
    plan = points_of(
        {PEOPLE: {"low": 10, "high": 20}, DETAILS: {"low": 0.01, "high": 1, "distribution": "loguniform"}},
        {"method": "latin-hypercube", "points": 16},
    )
    people, details = (np.array(plan.points.columns[name]) for name in (PEOPLE, DETAILS))
    assert sorted((people - 10) // (10 / 16)) == list(range(16))
    assert sorted(np.floor((np.log10(details) + 2) / 2 * 16)) == list(range(16))
    other = points_of(
        {PEOPLE: {"low": 10, "high": 20}}, {"method": "latin-hypercube", "points": 16, "seed": 2}
    )
    assert other.points.columns[PEOPLE] != people.tolist()


@pytest.mark.parametrize(("second", "count"), [(False, 8 * 5), (True, 8 * 8)])
def test_a_sobol_design_is_that_of_salib(second, count):
    from SALib.sample import sobol

    factors = {
        PEOPLE: {"low": 1, "high": 3},
        DETAILS: {"low": 0, "high": 1},
        "policy": ["base", "code-never"],
    }
    plan = points_of(factors, {"method": "sobol", "points": 8, "second_order": second})
    theirs = sobol.sample(salib_problem(plan.points.factors), 8, calc_second_order=second, seed=1)
    assert len(plan.points) == count
    np.testing.assert_array_equal(plan.points.unit, theirs)
    np.testing.assert_allclose(plan.points.columns[PEOPLE], 1 + 2 * theirs[:, 0])
    assert plan.points.columns["policy"] == ["base" if u < 0.5 else "code-never" for u in theirs[:, 2]]


def crossed(design, **factors):
    tables = {
        "policy": {"levels": ["base", "code-never"], "role": "lever"},
        PEOPLE: {"low": 10, "high": 20},
        "delay:months": {"levels": [0, 6, 12], "role": "lever"},
    }
    return points_of(tables | factors, {"crossed": True, **design}).points


@pytest.mark.parametrize(
    ("design", "states"),
    [
        ({"method": "latin-hypercube", "points": 5}, 5),
        ({"method": "sobol", "points": 8}, 24),
        ({"method": "morris", "trajectories": 2}, 4),
    ],
)
def test_levers_are_crossed_with_the_sample_of_the_others(design, states):
    points = crossed(design)
    alone = points_of({PEOPLE: {"low": 10, "high": 20}}, design).points
    settings = list(zip(points.columns["policy"], points.columns["delay:months"], strict=True))
    assert len(points) == 6 * states
    assert settings[::states] == [
        (policy, months) for policy in ("base", "code-never") for months in (0, 6, 12)
    ]
    assert all(len(set(settings[at : at + states])) == 1 for at in range(0, 6 * states, states))
    assert points.columns[PEOPLE] == list(alone.columns[PEOPLE]) * 6
    np.testing.assert_array_equal(points.unit[:, 1], np.tile(alone.unit[:, 0], 6))
    assert points.unit[:, 0].tolist() == [0.25] * 3 * states + [0.75] * 3 * states


def test_policies_are_levers_where_nothing_is_said_and_settings_can_be_sampled():
    points = crossed({"method": "latin-hypercube", "points": 4}, policy={"levels": ["base", "code-never"]})
    assert len(points) == 12 and len(set(points.columns["delay:months"][:4])) == 1  # a lever; policy is not
    assert len(set(zip(points.columns[PEOPLE], points.columns["policy"], strict=True))) == 4
    plain = {"levels": [0, 6, 12]}
    points = crossed(
        {"method": "latin-hypercube", "points": 4}, policy={"levels": ["base"]}, **{"delay:months": plain}
    )
    assert len(points) == 12
    points = crossed(
        {"method": "latin-hypercube", "points": 4, "lever_points": 7},
        **{"delay:months": {"low": 0, "high": 12, "role": "lever"}},
    )
    months = points.columns["delay:months"][::4]
    assert len(points) == 28 and sorted(int(month * 7 / 12) for month in months) == list(range(7))
    assert points.columns[PEOPLE][:4] * 7 == points.columns[PEOPLE]


def test_a_morris_design_moves_one_factor_at_a_time():
    plan = points_of(
        {PEOPLE: {"low": 1, "high": 3}, DETAILS: {"low": 0, "high": 1}},
        {"method": "morris", "trajectories": 5},
    )
    unit = plan.points.unit.reshape(5, 3, 2)
    assert ((np.diff(unit, axis=1) != 0).sum(axis=2) == 1).all()


def test_an_interval_of_the_scenario_is_sampled_by_its_distribution():
    scenario = from_data(
        merge(
            load("toy").raw,
            {"actors": {"Beta": {"people": {"low": 5, "centre": 15, "high": 45, "family": "lognormal"}}}},
        ),
        "x",
    )
    plan = points_of({PEOPLE: {}}, {"method": "latin-hypercube", "points": 1000}, scenario)
    low, centre, high = np.quantile(plan.points.columns[PEOPLE], [0.05, 0.5, 0.95])
    assert (low, centre, high) == pytest.approx((5, 15, 45), rel=0.02)
    ends = points_of({PEOPLE: {}}, {"method": "morris", "trajectories": 20}, scenario).points.columns[PEOPLE]
    assert (min(ends), max(ends)) == pytest.approx((5, 45))


# ---- worlds: a point is the scenario that says so


KINDS_OF_FACTORS = {
    "inputs": {PEOPLE: [5, 40], "work.learning": [0.2, 0.7], "effects.details.work": [0.0, 0.5]},
    "alternative": {"alternatives.tools": [0, 1], PEOPLE: [5, 40]},
    "policies": {"policy": ["base", "code-never", "weights-open-t0++code-open-t0"], PEOPLE: [5, 40]},
    "parameters": {"delay:actors=Alpha,months": [0, 7.5], PEOPLE: [5]},
    "sets": {"actors.Beta.region": ["north", "south"], "classes.big.flop": [1e20, 1e23], PEOPLE: [5]},
    "changed": {"compute-price:factor": [0.5, 1], "trends.rent_decline": [0.01, 0.3]},
}


@pytest.mark.parametrize("inputs", ["drawn", "centre"])
@pytest.mark.parametrize("what", [name for name in KINDS_OF_FACTORS if name != "changed"])
def test_a_point_is_bit_by_bit_the_scenario_that_says_so(tmp_path, what, inputs):
    base = uncertain_toy()
    store = sweep(
        base, KINDS_OF_FACTORS[what], runs=6, out=tmp_path / "s", metrics=METRICS, inputs=inputs, threads=2
    )
    plan = plan_of_store(store.folder)
    table = store.runs().to_pandas()
    seen = set()
    for point in store.design.index:
        exact = Worlds(plan.data).exact(plan.values(point))
        alone = simulate(exact, 6, 1, metrics=METRICS, logs=0, draw=inputs == "drawn", threads=1)
        ours = table[table.point == point][METRICS].to_numpy()
        np.testing.assert_array_equal(ours, alone.values)
        seen.add(ours.tobytes())
    assert len(seen) > 1 or what in ("parameters", "sets")  # the factors do something


def test_points_of_a_large_world_are_the_scenarios_that_say_so_to_the_last_digit(tmp_path):
    """Rows in another order than the scenario's add up in another order, which shows in large worlds only."""
    factors = {"policy": ["base", "code-never"], "delay:months": [0, 6], "trends.rent_decline": [0.05, 0.3]}
    store = sweep(
        "gpt3", factors, runs=4, out=tmp_path / "s", metrics=["lag_1", "lag_5", "spending"], threads=2
    )
    plan, table = plan_of_store(store.folder), store.runs()
    worlds = Worlds(plan.data)
    for point in range(8):
        exact = worlds.exact(plan.values(point))
        alone = simulate(exact, 4, 1, metrics=store.metrics, logs=0, threads=1)
        rows = slice(4 * point, 4 * point + 4)
        ours = np.stack([table[name].to_numpy()[rows] for name in store.metrics], axis=1)
        np.testing.assert_array_equal(ours, alone.values)


def test_drawn_inputs_are_kept_where_asked_for(tmp_path):
    store = sweep(
        uncertain_toy(),
        {"work.learning": [0.2, 0.7]},
        runs=5,
        out=tmp_path / "s",
        keep_inputs=True,
        metrics=METRICS,
    )
    table = store.runs()
    kept = {name for name in table.column_names if name.startswith("input:")}
    assert kept == {"input:training.failure", "input:conviction.proof", "input:alternatives.tools"}
    alone = simulate(load(uncertain_toy(), ["work.learning=0.2"]), 5, 1, metrics=METRICS, threads=1)
    np.testing.assert_array_equal(
        table["input:training.failure"].to_numpy()[:5], alone.runs["input:training.failure"]
    )


def test_luck_of_states_is_the_same_under_all_levers(tmp_path):
    factors = {"policy": {"levels": ["base", "code-never"]}, PEOPLE: {"low": 10, "high": 20}}
    design = {"method": "latin-hypercube", "points": 4, "crossed": True}
    store = sweep("toy", factors, design, runs=2, luck="states", metrics=METRICS, out=tmp_path / "s")
    seeds = store.runs().to_pandas().groupby("point")["seed"].first().to_numpy().reshape(2, 4)
    assert (seeds[0] == seeds[1]).all() and len(set(seeds[0])) == 4
    assert len(replay(store.folder, "5:1")[0].values) == 1  # the same as in the store


def test_luck_is_paired_or_of_each_point(tmp_path):
    factors = {PEOPLE: [15, 15]}
    paired = sweep("toy", factors, "zip", runs=20, out=tmp_path / "a", metrics=METRICS).runs().to_pandas()
    own = (
        sweep("toy", factors, "zip", runs=20, out=tmp_path / "b", metrics=METRICS, luck="own")
        .runs()
        .to_pandas()
    )
    first, second = (paired[paired.point == point].lag_1.to_numpy() for point in (0, 1))
    np.testing.assert_array_equal(first, second)
    assert len(set(first)) > 5  # replicates differ
    assert set(paired.seed) == {1}
    assert own.groupby("point").seed.nunique().tolist() == [1, 1]


# ---- the store


class InTurn(Executor):
    """Computes at once, in the order of submission; ``before`` is called before each chunk."""

    def __init__(self, before=lambda number: None):
        self.number, self.before = 0, before

    def submit(self, function, *arguments):
        future: Future = Future()
        try:
            self.before(self.number)
            future.set_result(function(*arguments))
        except BaseException as error:
            future.set_exception(error)
        self.number += 1
        return future


FACTORS = {PEOPLE: [5, 15, 45], "policy": ["base", "code-never"]}
SETTINGS = {"runs": 40, "metrics": METRICS, "logs": 1, "chunk": 30}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A sweep that nothing disturbed."""
    return sweep("toy", FACTORS, out=tmp_path_factory.mktemp("whole") / "s", threads=1, **SETTINGS)


def test_a_store_says_what_it_holds(whole):
    assert whole.metrics == METRICS and whole.method == "grid" and whole.paired
    table = whole.runs()
    assert table.column_names == ["point", "run", "seed", *METRICS, "status", "error"]
    assert table["point"].to_pylist() == [point for point in range(6) for _ in range(40)]
    assert table["run"].to_pylist() == list(range(40)) * 6
    assert whole.runs(["n_dev"]).column_names == ["point", "run", "n_dev"]
    assert [factor.kind for factor in whole.factors] == ["input", "policy"]
    assert whole.units["lag_1"] == "months"
    assert whole.sample is None
    assert len(whole.parts()) == 8  # never one per run


@pytest.mark.parametrize("how", ["threads", "executor", "in turn"])
def test_who_computes_does_not_matter(whole, tmp_path, how):
    pool = {"threads": None, "executor": ThreadPoolExecutor(3), "in turn": InTurn()}[how]
    again = sweep("toy", FACTORS, out=tmp_path / "s", threads=2, executor=pool, workers=3, **SETTINGS)
    assert content(again.folder) == content(whole.folder)


def test_parts_that_are_lost_damaged_or_strange_are_made_again(whole, tmp_path):
    again = sweep("toy", FACTORS, out=tmp_path / "s", **SETTINGS)
    parts = again.parts()
    parts[0].unlink()
    damaged = bytearray(parts[1].read_bytes())
    damaged[len(damaged) // 2] ^= 1
    parts[1].write_bytes(damaged)
    parts[2].write_bytes(parts[2].read_bytes()[:100])
    other = sweep("toy", {PEOPLE: [7]}, out=tmp_path / "t", runs=30, metrics=METRICS, chunk=30)
    strange = other.parts()[0].read_bytes()  # whole, and of another sweep
    parts[3].unlink()
    (parts[3].parent / f"part-000-0000003.{content_of(strange)}.parquet").write_bytes(strange)
    (again.folder / "events").glob("*").__next__().unlink()
    (again.folder / "parts" / ".unfinished-part").write_text("half")
    with pytest.raises(UserError, match="cascades resume"):
        again.runs()
    outcome = resume(again.folder)
    assert len(outcome.damaged) == 3 and not outcome.left
    assert content(again.folder) == content(whole.folder)


def test_a_full_disk_loses_nothing(whole, tmp_path, monkeypatch):
    forced, count = os.fsync, iter(range(1000))

    def full(handle):
        if next(count) >= 9:
            raise OSError(errno.ENOSPC, "No space left on device")
        forced(handle)

    monkeypatch.setattr(keeping.os, "fsync", full)
    with pytest.raises(UserError, match="no space on the disk"):
        sweep("toy", FACTORS, out=tmp_path / "s", executor=InTurn(), **SETTINGS)
    monkeypatch.undo()
    assert not list((tmp_path / "s").rglob(".unfinished*"))
    assert 0 < len(open_store(tmp_path / "s").parts()) < 8
    sweep("toy", FACTORS, out=tmp_path / "s", **SETTINGS)
    assert content(tmp_path / "s") == content(whole.folder)


def test_an_interrupted_sweep_keeps_what_is_done_and_goes_on(whole, tmp_path):
    def interrupt(number):
        if number == 4:
            raise KeyboardInterrupt

    class Interrupted(InTurn):
        def submit(self, function, *arguments):
            interrupt(self.number)
            return super().submit(function, *arguments)

    with pytest.raises(KeyboardInterrupt):
        sweep("toy", FACTORS, out=tmp_path / "s", executor=Interrupted(), **SETTINGS)
    assert status(tmp_path / "s")["done"] == 4 * 30
    assert not resume(tmp_path / "s").left
    assert content(tmp_path / "s") == content(whole.folder)


SLOW_SWEEP = """
scenario = "toy"
runs = 12000
chunk = 600
metrics = ["lag_1", "n_dev"]
[design]
method = "grid"
[factors."actors.Beta.people"]
levels = [5, 15, 45]
"""


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_process_loses_nothing(tmp_path, blow):
    file, out = tmp_path / "x.toml", tmp_path / "s"
    file.write_text(SLOW_SWEEP)
    command = [sys.executable, "-m", "experiments", "sweep", str(file), "--out", str(out), "--threads", "1"]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # tests in the background ignore it
    )
    until = time.monotonic() + 120
    while len(list(out.glob("parts/part-*"))) < 2 and process.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(blow)
    _, told = process.communicate(timeout=120)
    done = len(list(out.glob("parts/part-*")))
    assert 2 <= done < 60  # else the blow came too late
    if blow == signal.SIGINT:
        assert process.returncode == 130, told
        assert "the same command does the rest" in told
    before = content(out)
    assert cascades("sweep", file, "--out", out, "--threads", 2).code == 0
    assert before.items() <= content(out).items()  # what was done is not done again
    sweep(file, out=tmp_path / "undisturbed", threads=2)
    assert content(out) == content(tmp_path / "undisturbed")


def test_two_processes_on_one_store_are_kept_apart(whole, tmp_path):
    code = (
        "import sys, time; from experiments.sweeps.keeping import Keeper\n"
        f"with Keeper({str(tmp_path / 's')!r}): print('held', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "held\n"
        with pytest.raises(UserError, match=f"being worked on by process {process.pid} on "):
            sweep("toy", FACTORS, out=tmp_path / "s", **SETTINGS)
    finally:
        process.kill()
        process.wait()
    sweep("toy", FACTORS, out=tmp_path / "s", **SETTINGS)  # the lock went with its holder
    assert content(tmp_path / "s") == content(whole.folder)


def test_expanding_keeps_the_old_runs_and_adds_the_next(whole, tmp_path):
    small = sweep("toy", FACTORS, out=tmp_path / "s", **(SETTINGS | {"runs": 25}))
    before = content(small.folder)
    outcome = expand(small.folder, 15)
    assert before.items() <= content(small.folder).items()
    ours, theirs = outcome.store.runs().to_pandas(), whole.runs().to_pandas()
    pd.testing.assert_frame_equal(ours, theirs)
    sweep("toy", FACTORS, out=tmp_path / "s", **(SETTINGS | {"runs": 40}))  # the whole may be asked for
    with pytest.raises(UserError, match=r"expand .* --runs \+5"):
        sweep("toy", FACTORS, out=tmp_path / "s", **(SETTINGS | {"runs": 45}))


def test_a_store_of_another_sweep_is_refused_with_the_difference(whole):
    with pytest.raises(UserError, match=r"(?s)another sweep.*seed: 1 -> 2.*metrics.*n_dev"):
        sweep(
            "toy",
            FACTORS,
            out=whole.folder,
            **(SETTINGS | {"seed": 2, "metrics": ["lag_1", "lag_2", "n_access"]}),
        )
    with pytest.raises(UserError, match=r"scenario.work.learning.*0.9"):
        sweep("toy", FACTORS, out=whole.folder, sets=["work.learning=0.9"], **SETTINGS)
    frame = pd.DataFrame({PEOPLE: [5, 15]})
    other = sweep("toy", None, frame, out=whole.folder.parent / "frame", runs=1, metrics=METRICS)
    with pytest.raises(UserError, match="design"):
        sweep("toy", None, frame[::-1], out=other.folder, runs=1, metrics=METRICS)


def test_a_store_of_another_version_is_refused_unless_allowed(tmp_path, monkeypatch):
    store = sweep("toy", {PEOPLE: [5]}, out=tmp_path / "s", runs=2, metrics=METRICS)
    theirs = work.fingerprint() | {"numpy": "1.0", "processor": "another"}
    for module in ("running", "keeping"):
        monkeypatch.setattr(f"experiments.sweeps.{module}.fingerprint", lambda: theirs)
    with pytest.raises(UserError, match=r"(?s)processor: .*another.*numpy: .*1\.0.*--allow-other-versions"):
        resume(store.folder)
    assert not resume(store.folder, allow_other_versions=True).left


def test_a_point_that_fails_becomes_rows_and_the_rest_goes_on(tmp_path):
    rows = [
        {"first": "order:artifacts=code,action=forbid", "second": "base"},
        {"first": "order:artifacts=code,action=forbid", "second": "order:artifacts=code,action=require"},
    ]
    store = sweep("toy", None, rows, out=tmp_path / "s", runs=3, metrics=METRICS)
    assert store.runs()["point"].to_pylist() == [0] * 3
    both = store.runs(failed=True).to_pandas()
    assert both[both.point == 1].status.tolist() == ["failed"] * 3
    assert both[both.point == 1].lag_1.isna().all()
    failures = pd.read_csv(store.folder / "failures.csv")
    assert failures.error.str.contains("forbids what the other requires").all()
    command = failures["repeat"][0].split()
    told = cascades(*command[1:])
    assert "forbids what the other requires" in told.refusal
    assert status(store.folder)["failed"] == 3
    assert not resume(store.folder).left  # failed runs are done: they would fail again


def test_a_run_that_raises_takes_no_other_with_it(tmp_path, monkeypatch):
    from sim.ensemble import Simulator

    real = Simulator.simulate_points

    def odd(self, lucks, *rest):
        if (lucks[:, 1] == 7).any():
            raise ZeroDivisionError("run 7")
        return real(self, lucks, *rest)

    monkeypatch.setattr(Simulator, "simulate_points", odd)
    store = sweep("toy", {PEOPLE: [5]}, out=tmp_path / "s", runs=20, metrics=METRICS)
    monkeypatch.undo()
    failed = store.runs(failed=True).to_pandas().query("status == 'failed'")
    assert failed.run.tolist() == [7] and failed.error.tolist() == ["ZeroDivisionError: run 7"]
    fine = sweep("toy", {PEOPLE: [5]}, out=tmp_path / "t", runs=20, metrics=METRICS).runs(METRICS).to_pandas()
    pd.testing.assert_frame_equal(store.runs(METRICS).to_pandas(), fine.drop(7).reset_index(drop=True))


def test_a_chunk_that_no_worker_can_compute_is_left_and_said(tmp_path):
    def broken(number):
        if number in (1, 8, 9):  # the second chunk, and both its later trials
            raise MemoryError("too small")

    with pytest.raises(
        UserError, match=r"1 parts could not be computed in 3 trials .*MemoryError: too small"
    ):
        sweep("toy", FACTORS, out=tmp_path / "s", executor=InTurn(broken), workers=4, **SETTINGS)
    assert status(tmp_path / "s")["done"] == 240 - 30
    assert not resume(tmp_path / "s").left


# ---- looking


def test_a_run_can_be_replayed_by_its_id(whole, tmp_path):
    run_id = f"{whole.ids[3]}-11"
    result, row = replay(whole.folder, run_id)
    assert [row[name] for name in METRICS] == result.values[0].tolist()
    assert replay(whole.folder, "3:11")[1] == row
    out = tmp_path / "run"
    assert cascades("replay", whole.folder, run_id, "--out", out).code == 0
    assert cascades("why", out, "--actor", "Beta", "--run", 11).code == 0
    events = query(whole.folder, "select count(*) as n from events where point = 3 and run = 0")
    assert events.n[0] == len(replay(whole.folder, "3:0")[0].logs[0])


def test_identities_do_not_depend_on_the_rest_of_the_design():
    small, large = points_of({PEOPLE: [5, 15]}, "grid"), points_of({PEOPLE: [3, 15, 5]}, "grid")
    assert [small.id_of(0), small.id_of(1)] == [large.id_of(2), large.id_of(1)]
    assert points_of({PEOPLE: [5, 15]}, "grid", seed=2).id_of(0) != small.id_of(0)


def test_a_store_can_be_asked_in_sql(whole):
    found = query(
        whole.folder,
        f'select policy, count(*) as n, max("{PEOPLE}") as most from results group by 1 order by 1',
    )
    assert found.to_dict("list") == {"policy": ["base", "code-never"], "n": [120, 120], "most": [45.0, 45.0]}
    with pytest.raises(UserError, match=r"cannot be answered.*views: runs, points, results, events"):
        query(whole.folder, "select nothing from nowhere")


def test_a_forecast_tells_size_time_and_disk(whole):
    found = forecast(plan_of_store(whole.folder), 40, 30)
    assert (found.points, found.runs, found.worlds, found.parts) == (6, 240, 2, 8)
    assert found.seconds > 0
    real = sum(map(len, content(whole.folder).values()))
    assert real / 4 < found.bytes < real * 4


def test_the_time_of_a_forecast_is_that_of_all_runs_and_all_parts(whole, monkeypatch):
    from experiments.sweeps import looking

    def measured(task):
        rows = task.chunk.last - task.chunk.first
        return work.Made(task.chunk, b"x" * (1000 + 10 * rows), b"", 0, 0.5 + 0.01 * rows, {})

    monkeypatch.setattr(looking, "compute", measured)
    found = looking.forecast(plan_of_store(whole.folder), 40, 30)
    assert found.seconds == pytest.approx(240 * 0.01 + 8 * 0.5)
    assert found.bytes == pytest.approx(8 * 1000 + 240 * 10, rel=0.05)


def test_ema_and_salib_are_read_and_written(whole, tmp_path):
    class Parameter:
        def __init__(self, name, **rest):
            self.name = name
            self.__dict__.update(rest)

    factors = factors_of_ema(
        [Parameter(DETAILS, lower_bound=0.1, upper_bound=0.3)],
        [{"name": "policy", "categories": ["base", "code-never"]}],
    )
    store = sweep(
        "toy",
        factors,
        {"method": "latin-hypercube", "points": 4},
        out=tmp_path / "e",
        runs=3,
        metrics=METRICS,
    )
    told = ema_parameters(store)
    assert told["uncertainties"] == [
        {"name": DETAILS, "type": "RealParameter", "lower_bound": 0.1, "upper_bound": 0.3}
    ]
    assert told["levers"] == [
        {"name": "policy", "type": "CategoricalParameter", "categories": ["base", "code-never"]}
    ]
    experiments, outcomes = ema_results(store)
    assert len(experiments) == 4 and outcomes["lag_1"].shape == (4, 3)
    problem = {"num_vars": 1, "names": [PEOPLE], "bounds": [[5, 45]]}
    sampled = sweep(
        "toy", problem, {"method": "sobol", "points": 2}, out=tmp_path / "p", runs=1, metrics=METRICS
    )
    assert sampled.design[PEOPLE].between(5, 45).all() and list(sampled.sample.columns) == [PEOPLE]
    function = as_function("toy", [PEOPLE], ["n_dev"], runs=3)
    assert function(actors_Beta_people=15) == function(**{PEOPLE: 15})


def test_the_same_future_has_one_scenario_in_ema_and_integers_stay_whole(tmp_path):
    """What factors_of_ema reads, ema_parameters gives back; levers do not make another scenario."""
    whole = {"name": PEOPLE, "type": "IntegerParameter", "lower_bound": 5, "upper_bound": 7}
    lever = {"name": "delay:months", "type": "IntegerParameter", "lower_bound": 1, "upper_bound": 3}
    design = {"method": "latin-hypercube", "points": 6, "crossed": True}
    store = sweep(
        "toy", factors_of_ema([whole, {"name": DETAILS, "lower_bound": 0.1, "upper_bound": 0.3}], [lever]),
        design, out=tmp_path / "w", runs=1, metrics=METRICS,
    )  # fmt: skip
    told = ema_parameters(store)
    assert told["uncertainties"][0] == whole and told["levers"] == [lever]
    experiments, _ = ema_results(store)
    assert len(experiments) == 18 and sorted(set(experiments["scenario"])) == list(range(6))
    assert set(experiments.groupby("scenario")[[PEOPLE, DETAILS]].nunique().to_numpy().ravel()) == {1}
    assert set(experiments.groupby("scenario")["delay:months"].nunique()) == {3}
    assert all(experiments[name].dtype.kind == "i" for name in (PEOPLE, "delay:months"))
    other = factors_of_ema([], [{"name": "delay:months", "categories": [0, 12]}])
    apart = sweep("toy", other, "grid", out=tmp_path / "a", runs=1, metrics=METRICS)
    assert ema_parameters(apart)["levers"][0]["categories"] == [0, 12]
    assert ema_results(apart)[0]["scenario"].tolist() == [0, 0]


def test_the_ema_workbench_itself_takes_what_is_written(tmp_path):
    ema = pytest.importorskip("ema_workbench", reason="pip install '.[bench]'")
    factors = factors_of_ema(
        [ema.RealParameter(DETAILS, 0.1, 0.3)], [ema.CategoricalParameter("policy", ["base", "code-never"])]
    )
    design = {"method": "latin-hypercube", "points": 4, "crossed": True}
    for runs, metric in ((1, "lag_1"), (3, "n_dev")):  # a name is of one type for good
        store = sweep("toy", factors, design, out=tmp_path / metric, runs=runs, metrics=[metric])
        (outcome,) = ema_parameters(store)["outcomes"]
        getattr(ema, outcome["type"])(metric)  # makes it known to the workbench
        written = ema_results(store)
        ema.save_results(written, tmp_path / f"{metric}.tar.gz")
        experiments, outcomes = ema.load_results(tmp_path / f"{metric}.tar.gz")
        assert experiments["policy"].tolist() == written[0]["policy"].tolist()
        assert np.array_equal(outcomes[metric], written[1][metric])


def test_a_sweep_of_nothing_is_refused():
    with pytest.raises(UserError, match="give factors"):
        sweep({"scenario": "toy"}, out="never")


@pytest.mark.parametrize("name", sweep_names())
def test_the_designs_that_come_with_it_can_be_planned(name):
    file, path = read_sweep(name)
    assert len(plan_of_file(file, path).points) > 1 and file.title
    assert path.parent == SWEEPS


def test_the_commands_work_together(tmp_path):
    out = tmp_path / "s"
    assert "12 points x 4 runs = 48 runs" in cascades("sweep", "toy", "--runs", 4, "--dry-run").out
    assert "done 48 of 48 runs" in cascades("sweep", "toy", "--runs", 4, "--out", out).out
    assert "done 72 of 72 runs" in cascades("expand", out, "--runs", "+2").out
    assert json.loads(cascades("status", out, "--json").out)["done"] == 72
    assert "the same as in the store" in cascades("replay", out, "0:5").out
    rows = json.loads(cascades("query", out, "select count(*) as n from runs", "--json").out)
    assert rows == [{"n": 72}]
    assert "done 72 of 72" in cascades("resume", out).out


# ---- bad input


def written(tmp_path, text: str) -> Path:
    path = tmp_path / "x.toml"
    path.write_text('scenario = "toy"\n' + text)
    return path


GRID = '[design]\nmethod = "grid"\n'
CROSSED = '[design]\nmethod = "latin-hypercube"\npoints = 4\ncrossed = true\n'
FILES = {
    "no factors": (GRID, "factors: is empty"),
    "unknown method": ('[design]\nmethod = "gird"\n', "design.method: 'gird' is not allowed"),
    "unknown key": ("rnus = 3\n" + GRID, "did you mean 'runs'?"),
    "unknown path": (GRID + '[factors."actors.Beta.peple"]\nlevels = [3]', "did you mean 'people'?"),
    "unknown policy": (GRID + '[factors.policy]\nlevels = ["code-nevr"]', "did you mean 'code-never'?"),
    "unknown parameter": (GRID + '[factors."delay:month"]\nlevels = [3]', "did you mean 'months'?"),
    "unknown metric": ('metrics = ["lag_x"]\n' + GRID + f'[factors."{PEOPLE}"]\nlevels = [3]', "lag_x"),
    "text for a number": (GRID + f'[factors."{PEOPLE}"]\nlevels = ["many"]', "'many' is not a number"),
    "not a number": (GRID + f'[factors."{PEOPLE}"]\nlevels = [nan]', "nan"),
    "infinite": (GRID + f'[factors."{PEOPLE}"]\nlevels = [inf]', "not a finite number"),
    "out of bounds": (GRID + f'[factors."{DETAILS}"]\nlevels = [2.0]', "between 0 and 1"),
    "no levels": (GRID + f'[factors."{PEOPLE}"]\nlevels = []', "is empty"),
    "bounds in a grid": (GRID + f'[factors."{PEOPLE}"]\nlow = 1\nhigh = 2', "a grid needs levels"),
    "bounds out of order": (
        '[design]\nmethod = "sobol"\npoints = 4\n' + f'[factors."{PEOPLE}"]\nlow = 2\nhigh = 1',
        "the lower one first",
    ),
    "no power of two": (
        '[design]\nmethod = "sobol"\npoints = 100\n' + f'[factors."{PEOPLE}"]\nlow = 1\nhigh = 2',
        "write 64 or 128",
    ),
    "no points": (
        '[design]\nmethod = "latin-hypercube"\n' + f'[factors."{PEOPLE}"]\nlow = 1\nhigh = 2',
        "write how many points",
    ),
    "too many points": (
        GRID
        + "".join(
            f'[factors."actors.{name}.people"]\nlevels = {list(range(1, 1001))}\n'
            for name in ("Alpha", "Beta", "Gamma", "Collective")
        ),
        "1,000,000,000,000 points are too many",
    ),
    "levers without levels": (
        CROSSED
        + f'[factors."{PEOPLE}"]\nlow = 1\nhigh = 2\nrole = "lever"\n[factors.policy]\nlevels = ["base"]',
        "a lever that is crossed needs levels",
    ),
    "nothing to cross": (
        CROSSED + f'[factors."{PEOPLE}"]\nlow = 1\nhigh = 2\n',
        "there are 0 levers and 1 other",
    ),
    "lever points alone": (
        GRID + f'lever_points = 3\n[factors."{PEOPLE}"]\nlevels = [3]',
        "add crossed = true",
    ),
    "no lever points": (
        CROSSED
        + f'lever_points = 0\n[factors."{PEOPLE}"]\nlow = 1\nhigh = 2\n[factors.policy]\nlevels = ["base"]',
        "lever_points: 0",
    ),
    "crossed list": (
        f'[design]\nmethod = "list"\ncrossed = true\nrows = [{{ "{PEOPLE}" = 3 }}]\n',
        "says itself which points",
    ),
    "zip of two lengths": (
        '[design]\nmethod = "zip"\n'
        + f'[factors."{PEOPLE}"]\nlevels = [1, 2]\n[factors."{DETAILS}"]\nlevels = [0.1]',
        "as many levels",
    ),
    "empty list": ('[design]\nmethod = "list"\nrows = []\n', "is empty"),
    "list with gaps": (
        f'[design]\nmethod = "list"\nrows = [{{ "{PEOPLE}" = 3 }}, {{ "{DETAILS}" = 0.2 }}]\n',
        "give every point all factors",
    ),
    "no file": ('[design]\nmethod = "table"\nfile = "none.csv"\n', "No such file"),
    "no runs": ("runs = 0\n" + GRID + f'[factors."{PEOPLE}"]\nlevels = [3]', "runs = 0"),
    "unknown option": (GRID + '[factors."alternatives.tools"]\nlevels = [1]', "alternatives"),
}


@pytest.mark.parametrize("what", FILES)
def test_a_file_that_cannot_be_used_is_refused(tmp_path, what):
    text, message = FILES[what]
    refusal = cascades("sweep", written(tmp_path, text), "--out", tmp_path / "s").refusal
    assert message in refusal
    assert not (tmp_path / "s").exists()


CSV = {
    "nan": (f"{PEOPLE}\n3\nnan\n", f"line 3: {PEOPLE}"),
    "empty cell": (f"{PEOPLE},{DETAILS}\n3,\n", f"line 2: {DETAILS}"),
    "wrong type": (f"{PEOPLE}\n3\nmany\n", "'many' is not a number"),
    "ragged": (f"{PEOPLE}\n3,4\n", "has 2 values for 1 columns"),
    "no rows": (f"{PEOPLE}\n", "holds no points"),
    "unknown column": ("actors.Beta.peple\n3\n", "did you mean 'people'?"),
}


@pytest.mark.parametrize("what", CSV)
def test_a_table_that_cannot_be_used_is_refused(tmp_path, what):
    text, message = CSV[what]
    (tmp_path / "points.csv").write_text(text)
    file = written(tmp_path, '[design]\nmethod = "table"\nfile = "points.csv"\n')
    assert message in cascades("sweep", file, "--out", tmp_path / "s").refusal


def test_a_factor_that_a_policy_sets_as_well_fails_at_its_points(tmp_path):
    policy = tmp_path / "own.toml"
    policy.write_text('title = "t"\nabout = "a"\n[actors.Beta]\npeople = 3\n')
    store = sweep(
        "toy", {PEOPLE: [5], "policy": ["base", str(policy)]}, out=tmp_path / "s", runs=1, metrics=METRICS
    )
    errors = store.runs(failed=True)["error"].to_pylist()
    assert errors[0] == "" and "set by the policy as well" in errors[1]
    policy.unlink()  # the store holds what it said
    assert len(resume(store.folder).store.runs(failed=True)) == 2


def test_folders_that_are_not_ours_are_left_alone(tmp_path):
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "thesis.txt").write_text("years of work")
    assert "nothing in it is touched" in cascades("sweep", "toy", "--out", tmp_path / "s").refusal
    assert [path.name for path in (tmp_path / "s").iterdir()] == ["thesis.txt"]
    (tmp_path / "file").write_text("")
    assert "is a file" in cascades("sweep", "toy", "--out", tmp_path / "file").refusal
    assert "no such folder" in cascades("status", tmp_path / "none").refusal
    out = tmp_path / "run"
    assert cascades("run", "toy", "--runs", 2, "--out", out).code == 0
    assert "is not the folder of a sweep" in cascades("resume", out).refusal
    store = sweep("toy", {PEOPLE: [5]}, out=tmp_path / "sweep", runs=1, metrics=METRICS)
    assert (
        "holds a sweep, which is not replaced"
        in cascades("run", "toy", "--runs", 2, "--out", store.folder).refusal
    )


def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    assert "cannot be" in cascades("sweep", "toy", "--out", tmp_path / "file" / "s").refusal


@pytest.mark.parametrize("run_id", ["nonsense", "zzzz-1", "99:0", "0:4000"])
def test_a_run_that_is_not_there_is_refused(whole, run_id):
    assert cascades("replay", whole.folder, run_id).refusal


@pytest.mark.parametrize("more", ["5", "+0", "-3", "+x"])
def test_an_expansion_says_how_many_more(whole, more):
    assert "write how many more" in cascades("expand", whole.folder, f"--runs={more}").refusal


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense", "tcp://127.0.0.1"])
def test_a_scheduler_that_is_not_there_is_said_at_once(tmp_path, address):
    refusal = cascades("sweep", "toy", "--runs", 1, "--out", tmp_path / "s", "--cluster", address).refusal
    assert "no Dask scheduler answers there" in refusal


def test_a_summary_is_that_of_each_point_alone(whole):
    summary = whole.summary()
    assert len(summary) == 6 * len(METRICS)
    alone = simulate(load("toy", [f"{PEOPLE}=15"]), 40, 1, metrics=METRICS, logs=0, threads=1).summary
    ours = summary[summary.point == 2].set_index("metric")
    for name in METRICS:
        for column in ("q5", "q25", "q50", "q75", "q95", "never"):
            assert ours.loc[name, column] == alone.loc[name, column]
