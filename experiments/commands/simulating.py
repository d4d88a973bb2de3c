"""Commands that simulate: a scenario, arms beside it, worlds without somebody."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from experiments.commands.options import (
    Drawing,
    Inputs,
    Name,
    Out,
    Policies,
    Runs,
    Seed,
    Sets,
    Threads,
    interruptible,
    loaded_scenario,
    named_after,
    print_written,
    progress_bar,
    replacing,
    say,
    say_interrupted,
)


def run(
    scenario: Name,
    runs: Runs = 1000,
    seed: Seed = 1,
    out: Out = None,
    sets: Sets = None,
    policies: Policies = None,
    threads: Threads = None,
    logs: Annotated[int, typer.Option("--logs", help="Of how many runs the event log is kept.")] = 20,
    inputs: Drawing = Inputs.DRAWN,
) -> None:
    """Simulate a scenario many times; print a summary and leave tables, figure and manifest."""
    loaded = loaded_scenario(scenario, sets, policies)
    folder = out or Path("out") / named_after(loaded)
    with interruptible(), replacing(folder):
        _run(loaded, folder, runs, seed, threads, logs, inputs is Inputs.DRAWN)


def compare(
    base: Annotated[str, typer.Argument(metavar="BASE", help="Baseline: a scenario, or SCENARIO++POLICY.")],
    arms: Annotated[
        list[str],
        typer.Argument(metavar="ARM...", help="Policies, such as delay:months=6, or other scenarios."),
    ],
    runs: Annotated[int, typer.Option("--runs", help="Number of pairs.")] = 1000,
    seed: Seed = 1,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FOLDER", help="Folder of results.  [default: out/compare-BASE+PATH=VALUE]"
        ),
    ] = None,
    sets: Sets = None,
    threads: Threads = None,
    metrics: Annotated[
        list[str] | None,
        typer.Option("--metrics", metavar="NAME,...", help="What to compare (see: cascades metrics)."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Print every metric.")] = False,
    logs: Annotated[int, typer.Option("--logs", help="Of how many pairs the event logs are kept.")] = 5,
    inputs: Drawing = Inputs.DRAWN,
) -> None:
    """Set policies against a baseline in the same luck, and say what each changes."""
    from experiments.comparison import base_of
    from sim.metrics import split_names

    loaded = base_of(base, tuple(sets or ()))
    folder = out or Path("out") / f"compare-{named_after(loaded)}"
    names = [name for given in metrics for name in split_names(given)] if metrics else None
    asked = {"runs": runs, "seed": seed, "threads": threads, "metrics": names, "logs": logs}
    with interruptible(), replacing(folder):
        _compare(loaded, arms, folder, everything, asked | {"draw": inputs is Inputs.DRAWN})


def attribute(
    scenario: Name,
    outcome: Annotated[str, typer.Option("--outcome", help="Metric, such as lag_5 or n_dev@48.")] = "lag_5",
    over: Annotated[
        str,
        typer.Option(
            "--over", help="artifact-kinds, artifacts, actors, sponsors, motives or levers (policies)."
        ),
    ] = "artifact-kinds",
    players: Annotated[
        list[str] | None,
        typer.Option("--player", metavar="NAME", help="One player (of artifacts also ACTOR/KIND); else all."),
    ] = None,
    groups: Annotated[
        list[str] | None,
        typer.Option("--group", metavar="NAME=A+B", help="Players in groups (Owen values)."),
    ] = None,
    permutations: Annotated[
        int | None,
        typer.Option(
            "--permutations",
            help="Orders sampled; 0: all coalitions.  [default: 0 up to 12 players, else 64]",
        ),
    ] = None,
    runs: Runs = 100,
    seed: Seed = 1,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FOLDER", help="Folder of results.  [default: out/SCENARIO-attribution]"
        ),
    ] = None,
    sets: Sets = None,
    threads: Threads = None,
) -> None:
    """Say who deserves the credit: Shapley values, by simulating the worlds without each player."""
    from experiments.coalitions import attribute_and_save

    loaded = loaded_scenario(scenario, sets, None)
    folder = out or Path("out") / f"{named_after(loaded)}-attribution"
    with interruptible(), replacing(folder), progress_bar("run") as bar:
        found, files = attribute_and_save(
            loaded,
            folder,
            groups or (),
            say,
            outcome=outcome,
            over=over,
            players=players or (),
            permutations=permutations,
            runs=runs,
            seed=seed,
            threads=threads,
            total=bar.reset,
            progress=bar.update,
        )
    print(found.in_words())
    print_written(files)
    if found.interrupted:
        say_interrupted(f"of {runs} runs the {found.runs} that were completed are kept")


def _run(loaded, folder: Path, runs: int, seed: int, threads: int | None, logs: int, draw: bool) -> None:
    from experiments.run import history_of, run_and_save
    from experiments.summary import in_words

    with progress_bar("run", runs) as bar:
        result, files = run_and_save(
            loaded,
            folder,
            runs=runs,
            seed=seed,
            threads=threads,
            logs=logs,
            draw=draw,
            progress=bar.update,
            simulated=lambda _: bar.close(),
            say=say,
        )
    if files:
        print(in_words(result, history_of(loaded)))
        print_written(files)
    if result.interrupted:
        done = len(result.run_numbers)
        kept = f"the {done} that were completed are kept" if done else "nothing new was kept"
        say_interrupted(f"of {runs} runs {kept}")


def _compare(loaded, arms: list[str], folder: Path, everything: bool, asked: dict) -> None:
    from experiments.comparison import compare_and_save

    total = asked["runs"] * (len(arms) + 1)
    with progress_bar("run", total) as bar:
        comparison, files = compare_and_save(
            loaded,
            arms,
            folder,
            compared=lambda _: bar.close(),
            say=say,
            progress=bar.update,
            **asked,
        )
    print(comparison.table(everything))
    print_written(files)
    if comparison.interrupted:
        kept = f"the {comparison.runs} that were completed in every arm are kept"
        say_interrupted(f"of {asked['runs']} pairs {kept}")
