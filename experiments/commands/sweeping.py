"""Commands for sweeps: many points of a scenario, kept run by run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from experiments.commands.options import (
    Json,
    Threads,
    interruptible,
    print_json,
    print_written,
    progress_bar,
    say,
    say_interrupted,
)

if TYPE_CHECKING:
    from experiments.sweeps.running import Outcome

Store = Annotated[Path, typer.Argument(metavar="DIR", help="Folder that `cascades sweep --out` left.")]
Cluster = Annotated[
    str | None,
    typer.Option("--cluster", metavar="ADDRESS", help="Dask scheduler, such as tcp://head:8786."),
]
OtherVersions = Annotated[
    bool,
    typer.Option(
        "--allow-other-versions", help="Go on although versions or processor differ; the bits may too."
    ),
]


def sweep(
    file: Annotated[
        str,
        typer.Argument(metavar="FILE.toml", help="What to vary; or the name of a design that comes with it."),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Folder of the store.  [default: out/sweeps/FILE]"),
    ] = None,
    runs: Annotated[
        int | None, typer.Option("--runs", help="Runs of every point.  [default: as the file says]")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Seed of all luck.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what it will take: runs, time, disk.")
    ] = False,
    threads: Threads = None,
    cluster: Cluster = None,
    allow_other_versions: OtherVersions = False,
) -> None:
    """Simulate a design into a store; the same command goes on where it was broken off."""
    from experiments.sweeps.reading import checked, read_sweep
    from experiments.sweeps.running import plan_of_file, run_plan

    asked, path = read_sweep(file)
    given = {key: value for key, value in (("runs", runs), ("seed", seed)) if value is not None}
    asked = checked(asked.model_dump(exclude_unset=True) | given, str(path))
    folder = out or Path("out") / "sweeps" / path.stem
    with interruptible():
        plan = plan_of_file(asked, path)
        if dry_run:
            from experiments.sweeps.looking import forecast

            print(forecast(plan, asked.runs, asked.chunk).in_words(threads or os.cpu_count() or 1))
            return
        _work(
            lambda **shown: run_plan(
                plan,
                folder,
                asked.runs,
                chunk=asked.chunk,
                threads=threads,
                cluster=cluster,
                allow=allow_other_versions,
                **shown,
            ),
            len(plan.points) * asked.runs,
        )


def resume(
    folder: Store,
    threads: Threads = None,
    cluster: Cluster = None,
    allow_other_versions: OtherVersions = False,
) -> None:
    """Finish a sweep that was broken off; damaged parts are made again."""
    from experiments.sweeps.running import resume as resume_store
    from experiments.sweeps.store import open_store

    total = open_store(folder).total
    where: dict[str, Any] = {
        "threads": threads,
        "cluster": cluster,
        "allow_other_versions": allow_other_versions,
    }
    with interruptible():
        _work(lambda **shown: resume_store(folder, **where, **shown), total)


def expand(
    folder: Store,
    runs: Annotated[str, typer.Option("--runs", metavar="+N", help="So many more runs of every point.")],
    threads: Threads = None,
    cluster: Cluster = None,
    allow_other_versions: OtherVersions = False,
) -> None:
    """Give every point of a sweep more runs; the old ones are kept as they are.

    The same command again finishes an expansion that was broken off.
    """
    from experiments.sweeps.running import expand as expand_store
    from experiments.sweeps.store import open_store
    from sim.errors import UserError

    if not runs.startswith("+") or not runs[1:].isdigit() or int(runs) < 1:
        raise UserError(f"--runs {runs}: write how many more, such as +1000")
    store = open_store(folder)
    more = 0 if store.expanding == int(runs) else int(runs)
    total = store.manifest["points"] * (store.runs_per_point + more)
    where: dict[str, Any] = {
        "threads": threads,
        "cluster": cluster,
        "allow_other_versions": allow_other_versions,
    }
    with interruptible():
        _work(lambda **shown: expand_store(folder, int(runs), **where, **shown), total)


def status(folder: Store, as_json: Json = False) -> None:
    """Say how far a sweep is."""
    from experiments.sweeps.looking import status as status_of
    from experiments.sweeps.looking import status_in_words

    found = status_of(folder)
    if as_json:
        print_json(found)
    else:
        print(status_in_words(found))


def replay(
    folder: Store,
    run_id: Annotated[str, typer.Argument(metavar="RUN_ID", help="ID-RUN as in failures.csv, or POINT:RUN.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FOLDER", help="Leave it as `cascades run` does, with its log."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Simulate one run of a sweep again, with its log, and check it against the store."""
    from experiments.run import save
    from experiments.sweeps.looking import replay as replay_run

    result, row = replay_run(folder, run_id)
    if as_json:
        print_json({name: float(result[name][0]) for name in (metric.name for metric in result.metrics)})
    else:
        for metric in result.metrics:
            print(f"{metric.name:28s} {result[metric.name][0]:14.6g}  {metric.unit}")
        log = result.logs[int(result.run_numbers[0])]
        same = "the same as in the store" if row else "not in the store yet, or failed there"
        print(f"{len(log)} events; {same}")
    if out is not None:
        print_written(save(result, out), before="")


def query(
    folder: Store,
    text: Annotated[
        str, typer.Argument(metavar="SQL", help="On the views results, runs, points and (with logs) events.")
    ],
    unchecked: Annotated[
        bool, typer.Option("--unchecked", help="Do not look for damaged files first (for very large stores).")
    ] = False,
    as_json: Json = False,
) -> None:
    """Answer a question in SQL (DuckDB) on the runs of a sweep."""
    from experiments.sweeps.looking import query as answer
    from experiments.sweeps.store import command, open_store

    found = answer(folder, text, unchecked)
    store = open_store(folder)
    if store.done() < store.total:
        there = f"{store.done():,} of {store.total:,} runs are there"
        say(f"{folder}: is not finished, {there}; the rest: {command('resume', folder)}")
    if as_json:
        print(found.to_json(orient="records", date_format="iso"))
    else:
        print(found.to_string(index=False, max_rows=200))


def _work(work: Any, total: int) -> None:
    """Do the work of a command with a bar, and say what became of it."""
    from experiments.run import must_compile
    from experiments.sweeps.looking import status as status_of
    from experiments.sweeps.looking import status_in_words
    from experiments.sweeps.running import trouble_in_words
    from sim.errors import UserError

    if must_compile():
        say("Compiling the rules; this happens once and takes a while.")
    with progress_bar("run", total) as bar:
        outcome: Outcome = work(progress=bar.update, say=say)
    print(status_in_words(status_of(outcome.store.folder)))
    if outcome.interrupted:
        rest = "; the same command does the rest" if outcome.left else ""
        say_interrupted(f"of {outcome.total:,} runs {outcome.done:,} are kept{rest}")
    if outcome.troubles:
        raise UserError(trouble_in_words(outcome))
