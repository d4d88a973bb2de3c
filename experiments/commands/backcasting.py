"""The command that holds a scenario against what really happened."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from experiments.commands.options import (
    Drawing,
    Inputs,
    Json,
    Name,
    Policies,
    Runs,
    Seed,
    Sets,
    Threads,
    interruptible,
    loaded_scenario,
    print_json,
    print_written,
    progress_bar,
    say,
    say_interrupted,
)


def backcast(
    scenario: Name,
    runs: Runs = 300,
    seed: Seed = 1,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FOLDER", help="Folder of results.  [default: out/SCENARIO-backcast]"),
    ] = None,
    sets: Sets = None,
    policies: Policies = None,
    threads: Threads = None,
    record: Annotated[
        Path | None,
        typer.Option("--record", metavar="FILE", help="What happened.  [default: that of the scenario]"),
    ] = None,
    as_json: Json = False,
    inputs: Drawing = Inputs.DRAWN,
) -> None:
    """Hold the simulated record against the actual one, with scores, and against naive rivals."""
    from experiments.backcast import backcast_and_save
    from experiments.backcast_report import as_data, in_words

    loaded = loaded_scenario(scenario, sets, policies)
    folder = out or Path("out") / f"{loaded.name}-backcast"
    with interruptible(), progress_bar("run", runs) as bar:
        found, files = backcast_and_save(
            loaded,
            folder,
            say=say,
            read=lambda _: bar.close(),
            runs=runs,
            seed=seed,
            threads=threads,
            draw=inputs is Inputs.DRAWN,
            record=record,
            progress=bar.update,
        )
    if as_json:
        print_json(as_data(found), allow_nan=False)
    else:
        print(in_words(found))
        print_written(files)
    if found.result.interrupted:
        say_interrupted(f"of {runs} runs the {len(found.result.run_numbers)} that were read are kept")
