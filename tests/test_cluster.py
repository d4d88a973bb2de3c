"""Sweeps on a real Dask cluster of separate processes on this machine, and what may happen to it."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from terminal import cascades

from experiments.sweeps.looking import status
from experiments.sweeps.running import resume, sweep
from sim.errors import UserError
from sim.scenario import CONFIGS

ROOT = CONFIGS.parent
FACTORS = {"actors.Beta.people": [5, 15, 45], "policy": ["base", "code-never"]}
SETTINGS = {"runs": 1000, "metrics": ["lag_1", "n_dev"], "chunk": 200}
PARTS = 30
pytestmark = pytest.mark.slow
pytest.importorskip("distributed")


class Cluster:
    """A scheduler and workers, each a process of its own."""

    def __init__(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{port}"
        self.processes = []
        options = ["--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
        self.scheduler = self._start("dask_scheduler", *options)
        self.until(lambda: socket.create_connection(("127.0.0.1", port), 1).close() or True)

    def _start(self, what, *options):
        paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        process = subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{what}", *options],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": paths},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.processes.append(process)
        return process

    def worker(self, preload: str = "", folder: Path | None = None):
        """Start one worker; ``preload``: code that it runs before all else."""
        options = ["--nthreads", "1", "--no-dashboard", "--no-nanny"]
        if preload:
            (folder / "preload.py").write_text(preload)
            options += ["--preload", str(folder / "preload.py")]
        return self._start("dask_worker", self.address, *options)

    def wait_for(self, workers: int) -> None:
        """Wait until so many workers are there."""
        from distributed import Client

        with Client(self.address, timeout=30, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=90)

    @staticmethod
    def until(condition, seconds: float = 60) -> None:
        """Wait until a condition holds."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with contextlib.suppress(OSError):
                if condition():
                    return
            time.sleep(0.05)
        raise TimeoutError

    def end(self) -> None:
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.wait()


@pytest.fixture
def cluster():
    made = Cluster()
    yield made
    made.end()


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The same sweep on a thread of this process."""
    store = sweep("toy", FACTORS, out=tmp_path_factory.mktemp("alone") / "s", threads=1, **SETTINGS)
    return content(store.folder)


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("*.parquet"))}


def parts(folder: Path) -> int:
    return len(list(folder.glob("parts/part-*")))


# A preload runs twice: what it wraps must be the original each time.
SLOW = """
import time
import experiments.sweeps.work as work
work.original = getattr(work, "original", work.compute)
def slowly(task, stop=None):
    time.sleep({seconds})
    return work.original(task, stop)
work.compute = slowly
"""
BROKEN = """
import experiments.sweeps.work as work
def broken(task, stop=None):
    raise RuntimeError("this machine is broken")
work.compute = broken
"""
OTHER = """
import experiments.sweeps.work as work
work.original = getattr(work, "original", work.fingerprint)
work.fingerprint = lambda: work.original() | {"numpy": "1.0"}
"""
WITHOUT = """
import sys
sys.modules["experiments"] = None
"""


def test_a_cluster_makes_the_same_bits_although_one_worker_is_slow(cluster, alone, tmp_path):
    cluster.worker()
    cluster.worker(SLOW.format(seconds=0.5), tmp_path)
    cluster.wait_for(2)
    store = sweep("toy", FACTORS, out=tmp_path / "s", cluster=cluster.address, **SETTINGS)
    assert content(store.folder) == alone


def test_workers_may_be_killed_and_others_join(cluster, alone, tmp_path):
    victim = cluster.worker(SLOW.format(seconds=0.2), tmp_path)
    cluster.worker(SLOW.format(seconds=0.2), tmp_path)
    cluster.wait_for(2)

    def strike():
        cluster.until(lambda: parts(tmp_path / "s") >= 3)
        victim.kill()
        cluster.worker()

    striker = threading.Thread(target=strike)
    striker.start()
    store = sweep("toy", FACTORS, out=tmp_path / "s", cluster=cluster.address, **SETTINGS)
    striker.join()
    assert victim.poll() is not None
    assert content(store.folder) == alone


def test_a_worker_that_raises_gets_no_more_and_the_rest_is_done(cluster, alone, tmp_path):
    cluster.worker(BROKEN, tmp_path)
    cluster.worker()
    cluster.wait_for(2)
    store = sweep("toy", FACTORS, out=tmp_path / "s", cluster=cluster.address, **SETTINGS)
    assert content(store.folder) == alone
    assert "this machine is broken" in (store.folder / "journal.jsonl").read_text()


def test_where_all_workers_raise_it_is_said_and_nothing_lost(cluster, alone, tmp_path):
    cluster.worker(BROKEN, tmp_path)
    cluster.wait_for(1)
    with pytest.raises(
        UserError, match=r"30 parts could not be computed in 3 trials .*this machine is broken"
    ):
        sweep("toy", FACTORS, out=tmp_path / "s", cluster=cluster.address, **SETTINGS)
    assert not resume(tmp_path / "s", threads=1).left
    assert content(tmp_path / "s") == alone


def test_a_lost_scheduler_is_said_and_the_sweep_goes_on_without_it(cluster, alone, tmp_path):
    cluster.worker(SLOW.format(seconds=0.2), tmp_path)
    cluster.wait_for(1)

    def strike():
        cluster.until(lambda: parts(tmp_path / "s") >= 3)
        cluster.scheduler.kill()

    striker = threading.Thread(target=strike)
    striker.start()
    with pytest.raises(UserError, match="the scheduler is lost; the parts that came back are kept"):
        sweep("toy", FACTORS, out=tmp_path / "s", cluster=cluster.address, **SETTINGS)
    striker.join()
    assert 3 <= parts(tmp_path / "s") < PARTS
    assert 0 < status(tmp_path / "s")["done"] < 6000
    assert not resume(tmp_path / "s", threads=1).left
    assert content(tmp_path / "s") == alone


def test_a_worker_of_another_version_is_refused_unless_allowed(cluster, tmp_path):
    cluster.worker(OTHER, tmp_path)
    cluster.wait_for(1)
    command = ["sweep", "toy", "--runs", 2, "--cluster", cluster.address, "--out", tmp_path / "s"]
    refusal = cascades(*command).refusal
    assert "has other versions" in refusal and "numpy" in refusal and "--allow-other-versions" in refusal
    assert cascades(*command, "--allow-other-versions").code == 0


def test_a_worker_without_the_package_is_refused(cluster, tmp_path):
    cluster.worker(WITHOUT, tmp_path)
    cluster.wait_for(1)
    refusal = cascades(
        "sweep", "toy", "--runs", 2, "--cluster", cluster.address, "--out", tmp_path / "s"
    ).refusal
    assert "cannot load this package" in refusal


def test_a_cluster_without_workers_is_refused(cluster, tmp_path):
    refusal = cascades(
        "sweep", "toy", "--runs", 2, "--cluster", cluster.address, "--out", tmp_path / "s"
    ).refusal
    assert "the scheduler has no workers; start some with: dask worker" in refusal


def test_processes_make_the_same_bits(alone, tmp_path):
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        store = sweep("toy", FACTORS, out=tmp_path / "s", executor=pool, workers=2, **SETTINGS)
    assert content(store.folder) == alone
