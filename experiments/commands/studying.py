"""Commands for the questions that come with the product."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from experiments.commands.options import (
    Json,
    Seed,
    Threads,
    interruptible,
    print_json,
    print_written,
    progress_bar,
    replacing,
    say_interrupted,
)


def study(
    name: Annotated[
        str, typer.Argument(metavar="STUDY", help="Name (see: cascades studies) or path of a file.")
    ],
    runs: Annotated[
        int | None, typer.Option("--runs", help="Runs of every arm.  [default: as the study says]")
    ] = None,
    seed: Seed = 1,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FOLDER", help="Folder of results.  [default: out/STUDY]")
    ] = None,
    threads: Threads = None,
    logs: Annotated[int, typer.Option("--logs", help="Of how many runs of every arm the log is kept.")] = 3,
    as_json: Json = False,
) -> None:
    """Answer a question by simulating its arms in the same luck; leave tables, figure and manifest."""
    from experiments.study import read_study

    found = read_study(name)
    folder = out or Path("out") / found.name
    with interruptible(), replacing(folder):
        _study(found, folder, runs, seed, threads, logs, as_json)


def studies() -> None:
    """List the questions that come with the product; each is answered by: cascades study NAME."""
    from experiments.studying import list_of_studies

    for name, question, title in list_of_studies():
        print(f"{question or '':>3}  {name:24s} {title}")


def _study(
    found, folder: Path, runs: int | None, seed: int, threads: int | None, logs: int, as_json: bool
) -> None:
    from experiments.studying import as_data, page, study_and_save

    with progress_bar("run") as bar:

        def planned(total: int) -> None:
            bar.total = total

        answer, files = study_and_save(
            found, folder, runs=runs, seed=seed, threads=threads, logs=logs, planned=planned,
            progress=bar.update,
        )  # fmt: skip
    if as_json:
        asked = found.file.runs if runs is None else runs
        print_json(as_data(answer, asked), allow_nan=False)
    else:
        print(page(answer))
        print_written(files, before="")
    if answer.outcome.interrupted:
        say_interrupted(f"the {answer.outcome.runs} runs that every arm completed are kept")
