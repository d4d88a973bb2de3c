"""What a task costs that does nothing: a sweep beside mesa.batch_run, EMA Workbench, joblib and bare Dask.

The model adds one to a number. All have two threads or processes, and do the same number of tasks, in turn,
in one process that calls them; pools that a user keeps open (joblib's, EMA's, Dask's) are open already, and
mesa.batch_run opens its own at every call, as it does for everybody. A sweep simulates a world in which
nothing happens, once per point, and keeps it on disk: its figure holds the run and the files as well.
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mesa

from benchmarks.timing import alternate
from experiments.extras import how_to_install

WORKERS = 2


def add_one(a: float) -> float:
    """Do as good as nothing."""
    return a + 1


class Adder(mesa.Model):
    """The same as a model of Mesa."""

    def __init__(self, a: float = 0, seed: int | None = None):
        super().__init__(seed=seed)
        self.a, self.running = a, True
        self.datacollector = mesa.DataCollector(model_reporters={"a": "a"})

    def step(self) -> None:
        """Add one, and stop."""
        self.a = add_one(self.a)
        self.datacollector.collect(self)
        self.running = False


def measure_tasks(tasks: int, rounds: int) -> dict[str, float]:
    """Return the microseconds per task of each, the median over the rounds."""
    with contextlib.ExitStack() as stack:
        programs = {
            "sweep, two threads (with its run and its store)": lambda: run_sweep(tasks),
            "joblib, two processes": lambda: run_joblib(tasks),
            "mesa.batch_run, one process": lambda: run_mesa(tasks, 1),
            "mesa.batch_run, two processes": lambda: run_mesa(tasks, WORKERS),
            "EMA Workbench, MultiprocessingEvaluator, two processes": stack.enter_context(ema(tasks)),
            "bare Dask, two processes": stack.enter_context(dask(tasks)),
        }
        seconds = alternate(programs, rounds, turn=0.0)
    return {name: 1e6 * statistics.median(taken) / tasks for name, taken in seconds.items()}


def run_sweep(tasks: int) -> int:
    """Sweep over so many points with one run each; return how many runs are kept."""
    from experiments.sweeps.running import sweep
    from sim.scenario import load

    idle = load("toy", [f"kinds.{kind}.start_rate=0" for kind in ("leading_lab", "open_collective")])
    points = {"actors.Beta.people": [15.0] * tasks}
    with tempfile.TemporaryDirectory() as folder:
        store = sweep(idle, points, "zip", metrics=["n_dev"], out=Path(folder) / "s", threads=WORKERS)
        return len(store.runs())


def run_joblib(tasks: int) -> int:
    """Call the function by joblib; return how many answers there are."""
    from joblib import Parallel, delayed

    return len(Parallel(n_jobs=WORKERS)(delayed(add_one)(at) for at in range(tasks)))


def run_mesa(tasks: int, processes: int) -> int:
    """Run the model by mesa.batch_run; return how many answers there are."""
    settings: dict[str, Any] = {"number_processes": processes, "max_steps": 1, "display_progress": False}
    return len(mesa.batch_run(Adder, {"a": range(tasks)}, **settings))


@contextlib.contextmanager
def ema(tasks: int) -> Iterator[Callable[[], int]]:
    """Yield a program that calls the function by the EMA Workbench."""
    warnings.filterwarnings("ignore", "ipyparallel not installed")
    try:
        from ema_workbench import Model, MultiprocessingEvaluator, RealParameter, ScalarOutcome
    except ImportError:
        raise SystemExit(f"error: this needs the EMA Workbench: {how_to_install('bench')}") from None
    model = Model("adder", function=add_one_to)
    model.uncertainties = [RealParameter("a", 0.0, 1.0)]
    model.outcomes = [ScalarOutcome("sum")]
    with (
        MultiprocessingEvaluator(model, n_processes=WORKERS) as evaluator,
        Path(os.devnull).open("w") as quiet,
        contextlib.redirect_stderr(quiet),  # it shows a bar
    ):
        yield lambda: len(evaluator.perform_experiments(scenarios=tasks)[0])


def add_one_to(a: float) -> dict[str, float]:
    """The same as a model of the EMA Workbench."""
    return {"sum": add_one(a)}


@contextlib.contextmanager
def dask(tasks: int) -> Iterator[Callable[[], int]]:
    """Yield a program that calls the function by a Dask cluster of processes."""
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=WORKERS, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        yield lambda: len(client.gather(client.map(add_one, range(tasks), pure=False)))


if __name__ == "__main__":
    print(json.dumps(measure_tasks(int(sys.argv[1]), int(sys.argv[2]))))
