"""Stores that something happened to, and commands that must say how to mend them."""

from __future__ import annotations

import errno
import shlex
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pandas as pd
import pytest
from terminal import cascades

from experiments.sweeps.keeping import Keeper
from experiments.sweeps.looking import query, status
from experiments.sweeps.running import Outcome, expand, resume, size_of, sweep
from experiments.sweeps.store import Store, open_store
from sim.errors import UserError

PEOPLE = "actors.Beta.people"
METRICS = ["lag_1", "n_dev"]
SETTINGS = {"runs": 20, "metrics": METRICS, "chunk": 10, "threads": 1}


@pytest.fixture
def store(tmp_path) -> Store:
    """Two points of twenty runs in four parts, in a folder whose name a shell would take apart."""
    return sweep("toy", {PEOPLE: [5, 15]}, out=tmp_path / "my sweeps" / "o'ne", **SETTINGS)


def content(folder: Path) -> dict[str, bytes]:
    """All that is a result in a store."""
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("[!.]*.parquet"))}


def failing(folder: Path) -> Store:
    """A point that works and one that cannot."""
    forbid, require = "order:artifacts=code,action=forbid", "order:artifacts=code,action=require"
    rows = [{"first": forbid, "second": "base"}, {"first": forbid, "second": require}]
    return sweep("toy", None, rows, out=folder, runs=3, metrics=METRICS, threads=1)


# ---- commands that a shell takes as they stand


def test_a_hint_can_be_pasted_into_a_shell_whatever_the_folder_is_called(store):
    store.parts()[0].unlink()
    hint = cascades("status", store.folder).out.splitlines()[-1].removeprefix("the rest: ")
    assert shlex.split(hint) == ["cascades", "resume", str(store.folder)]
    assert cascades(*shlex.split(hint)[1:]).code == 0
    assert "done 40 of 40" in cascades("status", store.folder).out


def test_the_command_that_repeats_a_failed_run_can_be_pasted_into_a_shell(tmp_path):
    folder = failing(tmp_path / "my sweeps").folder
    words = shlex.split(pd.read_csv(folder / "failures.csv")["repeat"][0])
    assert words[:3] == ["cascades", "replay", str(folder)]
    assert "forbids what the other requires" in cascades(*words[1:]).refusal


# ---- damage


def damage(path: Path, how: str) -> None:
    """Do to a file what disks do."""
    if how == "cut":
        path.write_bytes(path.read_bytes()[:100])
    elif how == "flipped":
        found = bytearray(path.read_bytes())
        found[len(found) // 3] ^= 1
        path.write_bytes(bytes(found))
    else:
        path.unlink()


@pytest.mark.parametrize("how", ["cut", "flipped"])
def test_a_damaged_part_is_reported_and_resume_makes_it_again(store, how):
    before = content(store.folder)
    damage(store.parts()[1], how)
    told = cascades("status", store.folder)
    assert told.code == 0 and f"to be made again: {store.parts()[1].name}" in told.out
    assert "done 30 of 40 runs" in told.out and "cascades resume" in told.out.splitlines()[-1]
    resumed = cascades("resume", store.folder)
    assert resumed.code == 0 and "is damaged and is made again" in resumed.err
    assert content(store.folder) == before


def test_a_damaged_log_is_reported_as_a_part_is(tmp_path):
    store = sweep("toy", {PEOPLE: [5]}, out=tmp_path / "s", logs=1, **SETTINGS)
    before = content(store.folder)
    damage(next((store.folder / "events").glob("*")), "cut")
    assert "cascades resume" in cascades("status", store.folder).out.splitlines()[-1]
    assert cascades("resume", store.folder).code == 0
    assert content(store.folder) == before


@pytest.mark.parametrize("how", ["cut", "flipped"])
def test_a_query_on_a_damaged_part_says_how_to_mend_it(store, how):
    damage(store.parts()[1], how)
    refusal = cascades("query", store.folder, "select count(*) from runs").refusal
    assert store.parts()[1].name in refusal and "made again by: cascades resume" in refusal


@pytest.mark.parametrize("how", ["cut", "flipped", "lost"])
def test_the_table_of_points_is_written_again_by_the_sweep_that_made_it(tmp_path, how):
    out = tmp_path / "s"
    assert cascades("sweep", "toy", "--runs", 2, "--out", out).code == 0
    before, made = content(out), f"cascades sweep toy --runs 2 --out {out}"
    damage(out / "design.parquet", how)
    for told in (cascades("resume", out).refusal, cascades("status", out).out):
        assert "design.parquet" in told and made in told and "cascades resume" not in told
    assert "design.parquet" in cascades("query", out, "select * from points").refusal
    assert cascades(*made.split()[1:]).code == 0
    assert content(out) == before


def test_a_table_of_points_of_another_sweep_is_not_taken(store, tmp_path):
    other = sweep("toy", {PEOPLE: [6, 16]}, out=tmp_path / "other", **SETTINGS)
    (store.folder / "design.parquet").write_bytes((other.folder / "design.parquet").read_bytes())
    with pytest.raises(UserError, match=r"design.parquet: is damaged or lost"):
        resume(store.folder)
    with pytest.raises(UserError, match=r"design.parquet: is damaged or lost"):
        query(store.folder, "select * from results")


# ---- what status and query point to


def test_status_points_to_the_table_of_failures_only_where_it_is(tmp_path):
    folder = failing(tmp_path / "s").folder
    assert cascades("status", folder).out.splitlines()[-1] == f"what failed: {folder}/failures.csv"
    (folder / "failures.csv").unlink()
    hint = cascades("status", folder).out.splitlines()[-1].removeprefix("what failed: ")
    assert "forbids what the other requires" in cascades(*shlex.split(hint)[1:]).out


def test_a_query_on_an_unfinished_store_says_so_beside_the_answer(store):
    ask = ("query", store.folder, "select count(*) as n from runs", "--json")
    assert cascades(*ask).err == ""
    store.parts()[0].unlink()
    told = cascades(*ask)
    assert told.out == '[{"n":30}]\n' and "30 of 40 runs are there" in told.err


@pytest.mark.parametrize("text", ["", "  ", "/* nothing */"])
def test_a_query_that_asks_nothing_is_refused(store, text):
    assert "asks for nothing" in cascades("query", store.folder, text).refusal


# ---- expansions that were broken off


class BreaksOff(ThreadPoolExecutor):
    """Ends the process, as it seems, at the second chunk."""

    asked = 0

    def submit(self, function, /, *arguments, **options):
        self.asked += 1
        if self.asked > 1:
            raise KeyboardInterrupt
        return super().submit(function, *arguments, **options)


def test_the_same_expansion_again_finishes_the_one_that_was_broken_off(store):
    assert expand(store.folder, 30, executor=BreaksOff(1)).interrupted
    assert open_store(store.folder).total == 100 and status(store.folder)["done"] < 100
    with pytest.raises(UserError, match=r"expanded by 30 runs of every point, not by 10.*cascades resume"):
        expand(store.folder, 10)
    told = cascades("expand", store.folder, "--runs", "+30")
    assert "done 100 of 100 runs" in told.out and "was broken off; it is finished now" in told.err
    told = cascades("expand", store.folder, "--runs", "+30")  # all were there: more are meant
    assert "done 160 of 160 runs" in told.out and "broken off" not in told.err


def test_an_expansion_that_resume_finished_is_finished(store):
    expand(store.folder, 30, executor=BreaksOff(1))
    assert not resume(store.folder).left
    assert expand(store.folder, 10).total == 120


# ---- locks


def test_a_store_that_cannot_be_written_is_not_being_worked_on(store, monkeypatch):
    opened = Path.open

    def read_only(path, mode="r", *rest, **options):
        if set(mode) & set("wa+"):
            raise OSError(errno.EROFS, "Read-only file system")
        return opened(path, mode, *rest, **options)

    monkeypatch.setattr(Path, "open", read_only)
    assert status(store.folder)["worked_on_by"] == ""
    assert "Read-only file system" in cascades("resume", store.folder).refusal


def test_only_another_process_makes_a_lock_held(store, monkeypatch):
    def no_locks(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    with Keeper(store.folder):
        assert status(store.folder)["worked_on_by"].startswith("process ")
    monkeypatch.setattr("fcntl.flock", no_locks)
    assert status(store.folder)["worked_on_by"] == ""
    assert "cannot be locked: No locks available" in cascades("resume", store.folder).refusal


# ---- executors


class Breaks(Executor):
    """Computes one chunk; then it is broken, for those that wait as well."""

    def __init__(self, workers=None):
        self.asked = 0
        self._max_workers = workers

    def submit(self, function, /, *arguments, **options):
        self.asked += 1
        future: Future = Future()
        if self.asked == 1:
            future.set_result(function(*arguments))
        elif self.asked == 2:
            future.set_exception(BrokenProcessPool("a process was killed"))
        else:
            raise BrokenProcessPool("a process was killed")
        return future


def test_an_executor_that_breaks_is_said_with_what_is_kept(tmp_path):
    with pytest.raises(UserError, match=r"killed\); 10 of 40 runs are kept.*cascades resume"):
        sweep("toy", {PEOPLE: [5, 15]}, out=tmp_path / "s", executor=Breaks(4), **SETTINGS)
    assert not resume(tmp_path / "s").left


def test_an_executor_that_is_shut_down_is_said(tmp_path):
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    with pytest.raises(UserError, match=r"executor broke .*after shutdown"):
        sweep("toy", {PEOPLE: [5, 15]}, out=tmp_path / "s", executor=pool, **SETTINGS)


def test_an_executor_is_asked_for_its_size():
    assert size_of(ThreadPoolExecutor(3)) == 3
    assert size_of(ThreadPoolExecutor(3), 5) == 5
    assert size_of(Breaks()) == 1
    with pytest.raises(UserError, match="workers = 0"):
        size_of(Breaks(), 0)


def test_chunks_are_handed_out_to_all_workers_of_an_executor(tmp_path):
    class Counts(ThreadPoolExecutor):
        waiting = most = 0

        def submit(self, function, /, *arguments, **options):
            future = super().submit(function, *arguments, **options)
            Counts.waiting += 1
            Counts.most = max(Counts.most, Counts.waiting)
            future.add_done_callback(lambda _: setattr(Counts, "waiting", Counts.waiting - 1))
            return future

    sweep("toy", {PEOPLE: [5, 15]}, out=tmp_path / "s", executor=Counts(4), **(SETTINGS | {"runs": 400}))
    assert Counts.most > 2


def test_what_is_no_executor_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"executor: 'x' is none; give one of concurrent.futures"):
        sweep("toy", {PEOPLE: [5]}, out=tmp_path / "s", executor="x", **SETTINGS)
    assert not (tmp_path / "s").exists()


def test_an_interruption_at_the_end_leaves_no_rest(store, monkeypatch):
    outcome = Outcome(store, 40, done=40, interrupted=True)
    monkeypatch.setattr("experiments.sweeps.running.resume", lambda *_, **__: outcome)
    told = cascades("resume", store.folder)
    assert told.code == 130 and "of 40 runs 40 are kept.\n" in told.err


def test_a_sweep_and_a_run_do_not_take_each_others_folder(tmp_path):
    run, swept = tmp_path / "run", tmp_path / "swept"
    cascades("run", "toy", "--runs", 2, "--out", run)
    cascades("sweep", "toy", "--runs", 1, "--out", swept)
    said = cascades("sweep", "toy", "--out", run).refusal
    assert f"{run}: is not the folder of a sweep; choose another --out" in said
    for command in (["run", "toy"], ["compare", "toy", "code-never"]):
        said = cascades(*command, "--runs", 2, "--out", swept).refusal
        assert f"{swept}: holds a sweep, which is not replaced; choose another --out" in said
