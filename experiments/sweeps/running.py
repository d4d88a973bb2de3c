"""Running a sweep: from a file, a resumed store or Python, on threads, any executor, or a cluster."""

from __future__ import annotations

import os
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from experiments.sweeps.designs import Points, lay_out, of_frame, of_rows
from experiments.sweeps.factors import Factor
from experiments.sweeps.keeping import Keeper, check_versions
from experiments.sweeps.plan import Plan, base_of, plan_of
from experiments.sweeps.reading import LIST, TABLE, Known, SweepFile, checked, factor_table, plain, read_sweep
from experiments.sweeps.store import Store, command, open_store, read_manifest
from experiments.sweeps.work import Chunk, Made, Stopped, compute, fingerprint
from sim.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

    from sim.scenario import Scenario

TRIALS = 3  # of a chunk that a worker could not compute
AHEAD = 2  # chunks that wait for every worker
MOST_WORKERS = 100_000
PATIENCE = 0.5  # seconds between two looks at whether the cluster is still there


@dataclass
class Outcome:
    """What became of a sweep: its store, and what is not as it should be.

    ``done`` and ``left``: runs now in the store and still to do. ``interrupted``: by Ctrl-C.
    ``troubles``: chunks that no worker could compute, with the last error. ``damaged``: parts redone.
    ``failed``: runs that were simulated now and failed.
    """

    store: Store
    total: int
    done: int = 0
    interrupted: bool = False
    damaged: list[str] = field(default_factory=list)
    troubles: dict[str, str] = field(default_factory=dict)
    failed: int = 0

    @property
    def left(self) -> int:
        """Runs still to do."""
        return self.total - self.done


def sweep(
    what: str | Path | Scenario,
    factors: Mapping[str, Any] | None = None,
    design: str | Mapping[str, Any] | Sequence[Mapping[str, Any]] | pd.DataFrame = "grid",
    *,
    out: str | Path,
    executor: Executor | None = None,
    workers: int | None = None,
    threads: int | None = None,
    cluster: str | None = None,
    allow_other_versions: bool = False,
    progress: Callable[[int], None] | None = None,
    **settings: Any,
) -> Store:
    """Simulate a design into a store and return it; what is there already is not simulated again.

    Args:
        what: the file of a sweep (``.toml``), the name of one that comes with the product where no
            factors are given, or a scenario.
        factors: name -> levels (a list, or one alone), or a table such as ``{"low": 0.1, "high": 0.6}``;
            or a SALib problem.
        design: a method ("grid", "zip"), a table such as ``{"method": "sobol", "points": 256}``, a list of
            points, or a data frame with one row per point and one column per factor.
        out: the folder of the store.
        executor: where chunks are computed, if not on ``threads`` of this process.
        workers: how many the executor has; left out: as many as it says itself (``ProcessPoolExecutor``,
            ``MPIPoolExecutor``), or 1. Two chunks for each are handed out ahead.
        cluster: address of a Dask scheduler.
        allow_other_versions: go on although versions or processors are not those of the store.
        progress: called with the number of runs completed since it was last called.
        settings: as in the file: runs, seed, luck, inputs, keep_inputs, metrics, logs, chunk, sets, policies.

    Raises:
        UserError: for what cannot be used, and where parts could not be computed or the executor broke.
    """
    if factors is None and not hasattr(design, "columns") and isinstance(design, str):
        if not isinstance(what, str | Path):
            raise UserError(f"{type(what).__name__}: give factors, or the file or the name of a sweep")
        file, path = read_sweep(what)
        if settings:
            file = checked(file.model_dump(exclude_unset=True) | plain(settings), str(path))
        plan = plan_of_file(file, path)
    else:
        plan, file = plan_of_arguments(what, factors, design, settings)
    outcome = run_plan(
        plan,
        out,
        file.runs,
        chunk=file.chunk,
        executor=executor,
        workers=workers,
        threads=threads,
        cluster=cluster,
        allow=allow_other_versions,
        progress=progress,
    )
    return settled(outcome)


def settled(outcome: Outcome) -> Store:
    """Return the store of an outcome; raise what kept it from being complete."""
    if outcome.interrupted:
        raise KeyboardInterrupt
    if outcome.troubles:
        raise UserError(trouble_in_words(outcome))
    return outcome.store


def trouble_in_words(outcome: Outcome) -> str:
    """Return what to say where parts could not be computed."""
    name, message = next(iter(outcome.troubles.items()))
    return (
        f"{outcome.store.folder}: {len(outcome.troubles)} parts could not be computed in {TRIALS} trials "
        f"(part {name}: {message}); all others are kept: {command('resume', outcome.store.folder)}"
    )


def broken_in_words(outcome: Outcome, error: Exception) -> str:
    """Return what to say where an executor takes no more work."""
    return (
        f"{outcome.store.folder}: the executor broke ({type(error).__name__}: {error}); {outcome.done:,} of "
        f"{outcome.total:,} runs are kept; go on with a new executor, or with: "
        + command("resume", outcome.store.folder)
    )


def plan_of_file(file: SweepFile, path: Path) -> Plan:
    """Return the plan of the file of a sweep."""
    base = base_of(file, str(path))
    points = lay_out(file.design, file.factors, Known(base), str(path), path.parent)
    return plan_of(file, points, base, str(path))


def plan_of_arguments(what, factors, design, settings: dict[str, Any]) -> tuple[Plan, SweepFile]:
    """Return the plan of what ``sweep`` was told, and the same as the file of a sweep."""
    from experiments.sweeps.exchange import factors_of_salib, is_salib
    from sim.scenario import Scenario

    where = "sweep"
    tables = factors_of_salib(factors) if is_salib(factors) else factors
    if not isinstance(tables, Mapping | None):
        raise UserError(f"{where}: factors: {factors!r}: give a mapping, such as {{'PATH': [1, 2]}}")
    given = {name: factor_table(value, f"{where}: factors.{name}") for name, value in (tables or {}).items()}
    frame = design if hasattr(design, "columns") else None
    rows = None
    if frame is not None:
        table: Any = {"method": TABLE}
    elif isinstance(design, str):
        table = {"method": design}
    elif isinstance(design, Mapping):
        table = plain(design)
    elif isinstance(design, Iterable):
        table, rows = {"method": LIST}, list(design)
    else:
        raise UserError(
            f"{where}: design: {design!r}: give a method, such as 'grid', a table, a list of points or a "
            "data frame"
        )
    named = what.name if isinstance(what, Scenario) else str(what)
    file = checked({"scenario": named, "design": table, "factors": given, **plain(settings)}, where)
    base = what if isinstance(what, Scenario) else base_of(file, "")
    if isinstance(what, Scenario):
        from sim.policy import JOIN, with_policies
        from sim.scenario import load

        base = with_policies(load(what, file.sets), JOIN.join(file.policies))
    known = Known(base)
    if frame is not None or rows is not None:
        if given:
            raise UserError(f"{where}: a list of points says itself what varies; leave the factors out")
        points = (
            of_frame(frame, known) if frame is not None else of_rows(rows or [], known, f"{where}: design")
        )
    else:
        points = lay_out(file.design, file.factors, known, where, Path())
    return plan_of(file, points, base, where), file


def plan_of_store(folder: str | Path) -> Plan:
    """Return the plan of a store, from what stands in it alone."""
    store = open_store(folder)
    manifest = store.manifest
    frame = store._design
    columns: dict[str, Sequence[Any]] = {}
    for factor in store.factors:
        column = frame[factor.name]
        if factor.levels:  # back to what was written: text, a truth or a number
            written = {str(level): level for level in factor.levels}
            columns[factor.name] = [written.get(str(value), value) for value in column.tolist()]
        else:
            columns[factor.name] = array("d", column.to_numpy(float).tobytes())
    unit = store.sample
    points = Points(
        [Factor.of_plain(row) for row in manifest["plan"]["factors"]],
        columns,
        None if unit is None else unit.to_numpy(),
        store.settings,
    )
    return Plan(manifest["plan"], points, manifest["metrics"])


def resume(
    folder: str | Path,
    *,
    allow_other_versions: bool = False,
    **where: Any,
) -> Outcome:
    """Compute what is missing in a store, as it was asked for; ``where``: as for ``run_plan``."""
    plan = plan_of_store(folder)
    blocks = read_manifest(Path(folder))["blocks"]
    return run_plan(plan, folder, blocks[0]["runs"], allow=allow_other_versions, **where)


def expand(
    folder: str | Path,
    more: int,
    *,
    allow_other_versions: bool = False,
    say: Callable[[str], None] = lambda text: None,
    **where: Any,
) -> Outcome:
    """Give every point of a store more runs; those that are there stay as they are.

    An expansion by as many runs that was broken off is finished instead. Raises UserError where one by
    another number of runs was broken off.
    """
    from sim.ensemble import MOST_RUNS, check_count

    check_count("runs", more, 1, MOST_RUNS)
    plan = plan_of_store(folder)
    with Keeper(folder) as keeper:
        there = read_manifest(keeper.folder)["made_with"]
        check_versions(f"{folder}: was made with other versions", there, fingerprint(), allow_other_versions)
        if not keeper.expand(plan, more):
            say(f"{folder}: an expansion by {more} runs was broken off; it is finished now.")
    return resume(folder, allow_other_versions=allow_other_versions, say=say, **where)


def run_plan(
    plan: Plan,
    out: str | Path,
    runs: int,
    *,
    chunk: int | None = None,
    executor: Executor | None = None,
    workers: int | None = None,
    threads: int | None = None,
    cluster: str | None = None,
    allow: bool = False,
    progress: Callable[[int], None] | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> Outcome:
    """Compute what a store lacks of a plan. Ctrl-C ends it in order: parts at work are finished and kept.

    Raises UserError for a store of another plan or version, one that another process holds, and a cluster
    that is not there or has other versions, and an executor that is none or breaks.
    """
    from sim.ensemble import check_count

    check_count("threads", 1 if threads is None else threads, 1, 1024)
    size = 1 if executor is None else size_of(executor, workers)
    with Keeper(out) as keeper:
        blocks = keeper.begin(plan, runs, chunk, allow)
        plan = plan_of_store(keeper.folder)
        chunks = list(plan.chunks(blocks))
        missing, damaged = keeper.kept(plan.key, iter(chunks), plan.data["logs"])
        total = len(plan.points) * sum(block["runs"] for block in blocks)
        outcome = Outcome(open_store(keeper.folder), total)
        outcome.done = total - sum(one.last - one.first for one in missing)
        outcome.damaged = [path.name for path in damaged]
        for path in damaged:
            say(f"{path}: is damaged and is made again.")
        if progress and outcome.done:
            progress(outcome.done)
        if missing:
            keeper.note(event="begun", left=total - outcome.done, process=os.getpid(), **fingerprint())
            _check_space(keeper, plan, total - outcome.done)
            if cluster is not None:
                from experiments.sweeps.cluster import on_cluster

                with on_cluster(cluster, fingerprint(), allow) as (pool, alive, places):
                    _compute_all(plan, missing, keeper, outcome, pool, places, progress, say, allow, alive)
            elif executor is not None:
                _compute_all(plan, missing, keeper, outcome, executor, size, progress, say, allow)
            else:
                places = threads or os.cpu_count() or 1
                with ThreadPoolExecutor(places) as pool:
                    _compute_all(
                        plan, missing, keeper, outcome, pool, places, progress, say, allow, stop=Event()
                    )
        if not outcome.left:
            keeper.expanded()
        all_made_now = len(missing) == len(chunks)
        keeper.write_failures("" if all_made_now and not outcome.failed else failures_table(outcome.store))
        keeper.note(event="ended", done=outcome.done, left=outcome.left, interrupted=outcome.interrupted)
    return outcome


def size_of(executor: Executor, workers: int | None = None) -> int:
    """Return how many workers an executor has: ``workers`` if given, else what it says itself, else 1.

    Raises UserError for what is no executor.
    """
    from sim.ensemble import check_count

    if not callable(getattr(executor, "submit", None)):
        raise UserError(f"executor: {executor!r} is none; give one of concurrent.futures")
    if workers is not None:
        check_count("workers", workers, 1, MOST_WORKERS)
        return workers
    told = [getattr(executor, name, None) for name in ("_max_workers", "num_workers")]
    return next((size for size in told if isinstance(size, int) and size > 0), 1)


def _check_space(keeper: Keeper, plan: Plan, runs: int) -> None:
    from experiments.folder import human_bytes

    needed = runs * 2 * (len(plan.data["metrics"]) or 1)  # at two bytes a number: less than that never comes
    if needed > keeper.free_bytes():
        raise UserError(
            f"{keeper.folder}: the results of {runs} runs need at least {human_bytes(needed)} of disk and "
            f"{human_bytes(keeper.free_bytes())} are free; choose another --out or fewer --runs"
        )


def _compute_all(
    plan: Plan,
    missing: list[Chunk],
    keeper: Keeper,
    outcome: Outcome,
    pool: Any,
    places: int,
    progress: Callable[[int], None] | None,
    say: Callable[[str], None],
    allow: bool,
    alive: Callable[[], None] | None = None,
    stop: Event | None = None,
) -> None:
    """Have chunks computed, a few ahead of the workers, and keep each as it comes back."""
    waiting = iter(missing)
    again: list[tuple[Chunk, int]] = []
    pending: dict[Future, tuple[Chunk, int]] = {}
    ours = fingerprint()
    broken: list[Exception] = []

    def submit_more() -> None:
        while len(pending) < AHEAD * places and not broken:
            if again:
                chunk, trial = again.pop()
            else:
                chunk, trial = next(waiting, None), 1  # type: ignore[assignment]
                if chunk is None:
                    return
            task = plan.task(chunk)
            extra = () if stop is None else (stop,)
            try:
                pending[pool.submit(compute, task, *extra)] = chunk, trial
            except RuntimeError as error:  # broken, or shut down
                broken.append(error)

    def collect(timeout: float | None = None) -> None:
        finished, _ = wait(pending, timeout=timeout, return_when=FIRST_COMPLETED)
        for future in finished:
            chunk, trial = pending.pop(future)
            _take(future, chunk, trial)
        if alive is not None:
            alive()

    def _take(future: Future, chunk: Chunk, trial: int) -> None:
        try:
            made: Made = future.result()
            check_versions(f"a worker ({made.by['processor']}) has other versions", ours, made.by, allow)
        except Stopped:
            return
        except BrokenExecutor as error:
            broken.append(error)
            return
        except Exception as error:  # of a worker: it may do better elsewhere
            message = str(error).splitlines()[0] if str(error) else type(error).__name__
            keeper.note(
                event="trouble", part=chunk.name, trial=trial, error=f"{type(error).__name__}: {message}"
            )
            if alive is not None:
                alive()
                pool.blame(error)
            if trial < TRIALS:
                again.append((chunk, trial + 1))
            else:
                outcome.troubles[chunk.name] = f"{type(error).__name__}: {message}"
            return
        keeper.keep(made)
        outcome.failed += made.failed
        outcome.done += chunk.last - chunk.first
        by = None if made.by == ours else made.by
        keeper.note(event="part", part=chunk.name, seconds=round(made.seconds, 3), failed=made.failed, by=by)
        if progress:
            progress(chunk.last - chunk.first)

    try:
        submit_more()
        while pending:
            collect(PATIENCE if alive is not None else None)
            submit_more()
        if broken:
            raise UserError(broken_in_words(outcome, broken[0]))
    except KeyboardInterrupt:
        outcome.interrupted = True
        for future in list(pending):
            if future.cancel():
                del pending[future]
        if pending:
            say("Interrupted: parts at work are being finished; press Ctrl-C again to drop them.")
        try:
            while pending:
                collect(PATIENCE if alive is not None else None)
        except KeyboardInterrupt:
            if stop is not None:
                stop.set()
            for future in pending:
                future.cancel()
    except BaseException:
        if stop is not None:
            stop.set()
        for future in pending:
            future.cancel()
        raise


def failures_table(store: Store) -> str:
    """Return the runs that failed as CSV text (run id, point, run, seed, error, command); "" for none."""
    import csv
    import io

    rows = list(store.failures())
    if not rows:
        return ""
    ids = store.ids
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["run_id", "point", "run", "seed", "error", "repeat"])
    for row in rows:
        run_id = f"{ids[row['point']]}-{row['run']}"
        repeat = command("replay", store.folder, run_id)
        writer.writerow([run_id, row["point"], row["run"], row["seed"], row["error"], repeat])
    return text.getvalue()
