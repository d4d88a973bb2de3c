"""Results are kept whole or not at all, older ones stay until then, and each can be made again."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pyarrow.parquet as parquet
import pytest
from terminal import cascades

import experiments
import sim
from experiments import run as run_module
from experiments.folder import OutputFolder
from sim.errors import UserError


def made(folder, runs=5, *more):
    outcome = cascades("run", "toy", "--runs", runs, "--out", folder, *more)
    assert outcome.code == 0, outcome.err
    return outcome


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_tables_hold_what_the_result_holds(tmp_path):
    made(tmp_path / "out", 30, "--seed", 3, "--logs", 4)
    result = sim.simulate("toy", runs=30, seed=3, logs=4)
    stored = parquet.read_table(tmp_path / "out" / "runs.parquet")
    for name, values in result.columns().items():
        np.testing.assert_array_equal(stored[name].to_numpy(), values)
    assert stored.schema.field("lag_1").metadata[b"unit"] == b"months"
    events = parquet.read_table(tmp_path / "out" / "events.parquet").to_pandas()
    assert set(events["run"]) == {0, 1, 2, 3}
    assert list(events.columns) == list(result.events.columns)
    for name in ("run", "row", "month", "event", "actor", "cause", "via"):
        assert events[name].astype(object).tolist() == result.events[name].astype(object).tolist(), name


def test_the_manifest_makes_the_result_again(tmp_path):
    made(tmp_path / "out", 10, "--seed", 9, "--set", "actors.Beta.people=40")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    from sim.scenario import from_data

    scenario = from_data(manifest["scenario"], manifest["scenario_file"])
    assert scenario.fingerprint == manifest["fingerprint"]
    again = sim.simulate(scenario, runs=manifest["runs_asked"], seed=manifest["seed"])
    stored = parquet.read_table(tmp_path / "out" / "runs.parquet")
    for name, values in again.columns().items():
        np.testing.assert_array_equal(stored[name].to_numpy(), values)


def test_the_manifest_says_how_and_with_what(tmp_path):
    from agents.rule import source_hash

    made(tmp_path / "out", 2, "--set", "actors.Beta.people=40")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["sets"] == ["actors.Beta.people=40"]
    assert manifest["command"].startswith("cascades run toy --runs 2")
    assert manifest["rules"] == source_hash()
    assert set(manifest["versions"]) >= {"python", "numpy", "numba", "pandas", "pyarrow", "mesa"}
    assert manifest["versions"]["numpy"] == np.__version__
    assert manifest["started"] <= manifest["ended"]
    assert not manifest["interrupted"] and manifest["runs_completed"] == 2
    facts = json.loads(parquet.read_schema(tmp_path / "out" / "runs.parquet").metadata[b"diffusion-cascades"])
    assert facts["fingerprint"] == manifest["fingerprint"] and facts["seed"] == manifest["seed"]
    for name, file in manifest["files"].items():
        assert (tmp_path / "out" / name).stat().st_size == file["bytes"]


def test_the_same_command_leaves_the_same_tables(tmp_path):
    for folder, threads in (("one", 1), ("two", 2)):
        made(tmp_path / folder, 70, "--threads", threads)
    for name in ("runs.parquet", "events.parquet"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_inputs_at_their_centre_are_not_drawn(tmp_path):
    outcome = cascades("run", "gpt3", "--runs", 2, "--inputs", "centre", "--out", tmp_path / "out")
    assert outcome.code == 0
    names = parquet.read_schema(tmp_path / "out" / "runs.parquet").names
    assert not [name for name in names if name.startswith("input:")]
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["inputs"] == "centre"


def test_who_waits_for_the_compiler_is_told(tmp_path, monkeypatch):
    from numba import config

    from agents.rule import JIT

    made(tmp_path / "warm", 1)
    assert "Compiling" not in made(tmp_path / "warm", 1).err
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path / "empty"))
    assert ("Compiling the rules" in made(tmp_path / "cold", 1).err) == JIT


def test_python_saves_as_the_command_does(tmp_path):
    result = sim.simulate("toy", runs=5, seed=1, logs=5)
    files = experiments.save(result, tmp_path / "python")
    made(tmp_path / "command", 5)
    assert {path.name for path in files} == set(contents(tmp_path / "command"))
    for name in ("runs.parquet", "events.parquet"):
        assert (tmp_path / "python" / name).read_bytes() == (tmp_path / "command" / name).read_bytes()


def test_new_results_replace_older_ones_and_nothing_else(tmp_path):
    out = tmp_path / "out"
    made(out, 5)
    (out / "notes.txt").write_text("mine")
    made(out, 6, "--logs", 0)
    assert parquet.read_metadata(out / "runs.parquet").num_rows == 6
    assert not (out / "events.parquet").exists()  # it belonged to the older result
    assert (out / "notes.txt").read_text() == "mine"
    assert not [name for name in contents(out) if name.startswith(".")]


@pytest.mark.parametrize("manifest", [None, "not json", "[]", '{"made_by": "another"}'])
def test_a_folder_that_others_made_is_refused_before_the_simulation(manifest, tmp_path, monkeypatch):
    (tmp_path / "thesis.txt").write_text("precious")
    if manifest is not None:
        (tmp_path / "manifest.json").write_text(manifest)
    before = contents(tmp_path)
    monkeypatch.setattr(sim, "simulate", None)
    message = cascades("run", "toy", "--out", tmp_path).refusal
    assert message.startswith(f"{tmp_path}: is not empty") and "choose another --out" in message
    assert contents(tmp_path) == before


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "file").write_text("precious")
    assert "is a file, not a folder" in cascades("run", "toy", "--out", tmp_path / "file").refusal
    assert "cannot be written" in cascades("run", "toy", "--out", tmp_path / "file" / "below").refusal
    assert (tmp_path / "file").read_text() == "precious"


def test_a_folder_that_cannot_be_written_is_found_before_the_simulation(tmp_path, monkeypatch):
    def refuse(*arguments, **named):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("experiments.folder.tempfile.mkdtemp", refuse)
    monkeypatch.setattr(sim, "simulate", None)
    message = cascades("run", "toy", "--out", tmp_path / "deep" / "out").refusal
    assert message == f"{tmp_path / 'deep' / 'out'}: cannot be written: Permission denied"
    assert not (tmp_path / "deep").exists()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    try:
        assert "Permission denied" in cascades("run", "toy", "--out", tmp_path / "out").refusal
    finally:
        tmp_path.chmod(0o700)


def test_too_little_space_is_found_before_the_simulation(tmp_path, monkeypatch):
    monkeypatch.setattr(OutputFolder, "free_bytes", lambda folder: 1000)
    monkeypatch.setattr(sim, "simulate", None)
    message = cascades("run", "gpt3", "--runs", 1000, "--out", tmp_path / "out").refusal
    assert "of disk" in message and "1.0 kB are free" in message
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("writer", ["write_runs", "write_events"])
def test_a_full_disk_loses_nothing_that_was_there(writer, tmp_path, monkeypatch):
    out = tmp_path / "out"
    made(out, 5)
    before = contents(out)

    def fill(result, path, facts):
        path.write_bytes(b"half of it")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(run_module, writer, fill)
    outcome = cascades("run", "toy", "--runs", 6, "--out", out)
    name = {"write_runs": "runs.parquet", "write_events": "events.parquet"}[writer]
    assert outcome.code == 2 and "Traceback" not in outcome.err
    assert f"error: {out / name}: cannot be written: there is no space on the disk (" in outcome.err
    assert "earlier results were not touched" in outcome.err
    assert contents(out) == before


def test_a_figure_that_does_not_fit_is_named_as_it_was_asked_for(tmp_path, monkeypatch):
    out = tmp_path / "out"
    made(out, 5)
    before = contents(out)
    write = type(out).write_bytes

    def fill(path, data):
        if path.name.endswith("timeline.png"):
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, data)

    monkeypatch.setattr(type(out), "write_bytes", fill)
    outcome = cascades("run", "toy", "--runs", 6, "--out", out)
    assert outcome.code == 2
    assert f"error: {out / 'timeline.png'}: cannot be written: there is no space on the disk (" in outcome.err
    assert contents(out) == before


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_the_parquet_writer_says_when_the_disk_is_full(tmp_path):
    from experiments.folder import explained

    result = sim.simulate("toy", runs=5, seed=1)
    full = tmp_path / "runs.parquet"
    full.symlink_to("/dev/full")
    with pytest.raises(UserError, match="no space on the disk"), explained(full):
        run_module.write_runs(result, full, {})


INTERRUPTED = """
import signal, sys, threading
sys.argv = ["cascades", *{arguments}]
from experiments import cli
import tqdm
signal.signal(signal.SIGINT, signal.default_int_handler)
update = tqdm.tqdm.update
def told(bar, count=1):
    update(bar, count)
    print("some are done", file=sys.stderr, flush=True)
tqdm.tqdm.update = told
cli.main()
"""


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_keeps_the_runs_that_were_completed(tmp_path):
    out = tmp_path / "out"
    made(out, 3)
    arguments = ["run", "toy", "--runs", "400000", "--threads", "2", "--logs", "2", "--out", str(out)]
    working = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED.format(arguments=arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in working.stderr:  # not before some runs are complete
        if "some are done" in line:
            break
    time.sleep(0.3)
    working.send_signal(signal.SIGINT)
    out_text, err_text = working.communicate(timeout=300)
    assert working.returncode == 130, err_text
    assert "Traceback" not in err_text
    manifest = json.loads((out / "manifest.json").read_text())
    done = manifest["runs_completed"]
    assert manifest["interrupted"] and 0 < done < 400_000
    assert f"of 400000 runs the {done} that were completed are kept" in err_text
    stored = parquet.read_table(out / "runs.parquet")
    assert stored.num_rows == done
    # what was kept are runs like any other
    first = sim.simulate("toy", runs=1, seed=1)
    assert stored["run"][0].as_py() == 0
    assert stored["lag_pub_1"][0].as_py() == first["lag_pub_1"][0]
    assert not [name for name in contents(out) if name.startswith(".")]


def test_ctrl_c_before_any_run_is_completed_changes_nothing(tmp_path, monkeypatch):
    out = tmp_path / "out"
    made(out, 3)
    before = contents(out)

    def interrupt(*arguments, **named):
        raise KeyboardInterrupt

    monkeypatch.setattr(sim, "simulate", interrupt)
    outcome = cascades("run", "toy", "--out", out)
    assert outcome.code == 130
    assert outcome.err.strip() == "Interrupted; nothing new was kept."
    assert contents(out) == before


def test_a_second_ctrl_c_while_writing_changes_nothing(tmp_path, monkeypatch):
    out = tmp_path / "out"
    made(out, 3)
    before = contents(out)

    def interrupt(result, path, facts):
        path.write_bytes(b"half of it")
        raise KeyboardInterrupt

    monkeypatch.setattr(run_module, "write_events", interrupt)
    assert cascades("run", "toy", "--out", out).code == 130
    assert contents(out) == before


def test_what_a_killed_run_left_goes_and_what_a_living_one_has_stays(tmp_path):
    code = (
        "import os, signal, sys; from experiments.folder import OutputFolder; "
        "OutputFolder(sys.argv[1]); os.kill(os.getpid(), signal.SIGKILL)"
    )
    root = os.path.dirname(os.path.dirname(experiments.__file__))
    subprocess.run([sys.executable, "-c", code, tmp_path], cwd=root, check=False)
    (killed,) = tmp_path.glob(".unfinished-*")
    of_others = [tmp_path / ".unfinished-calibration", tmp_path / ".unfinished-ab"]
    for other in of_others:
        other.mkdir()
    with OutputFolder(tmp_path) as living:
        living.path("it").write_text("half")
        with OutputFolder(tmp_path):
            pass
        assert living.path("it").read_text() == "half"
        assert not killed.exists()
    assert sorted(tmp_path.iterdir()) == sorted(of_others)
