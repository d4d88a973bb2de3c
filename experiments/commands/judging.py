"""Commands that hold the product against what is known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from experiments.commands.options import (
    Json,
    Name,
    Out,
    Policies,
    Seed,
    Sets,
    Threads,
    interruptible,
    loaded_scenario,
    print_json,
    print_written,
    progress_bar,
)

MISSED = 1  # exit code where a required claim does not hold


def evidence(
    scenario: Name,
    runs: Annotated[int, typer.Option("--runs", help="Runs of every arm.")] = 400,
    seed: Seed = 1,
    further: Annotated[
        list[Path] | None,
        typer.Option(
            "--claims", metavar="FILE", help="Claims of your own, beside those that come with the product."
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="NAME", help="Claims of this id or role only; repeatable."),
    ] = None,
    sets: Sets = None,
    policies: Policies = None,
    out: Out = None,
    threads: Threads = None,
    as_json: Json = False,
) -> None:
    """Hold every claim of the literature against the scenario; exit code 1 if a required one fails."""
    from experiments.evidence.claims import chosen, load_claims
    from experiments.evidence.saving import evidence_and_save

    loaded = loaded_scenario(scenario, sets, policies)
    claims = chosen(load_claims(loaded.name, further or ()), only or ())
    with interruptible(), progress_bar("run") as bar:

        def planned(total: int) -> None:
            bar.total = total

        table, files = evidence_and_save(
            claims, loaded, out or Path("out") / f"evidence-{loaded.name}", runs=runs, seed=seed,
            threads=threads, planned=planned, progress=bar.update,
        )  # fmt: skip
    if as_json:
        print_json([row.row() for row in table.rows])
    else:
        from experiments.evidence.saving import in_words

        print(in_words(table))
        print_written(files)
    if table.failed:
        raise typer.Exit(MISSED)
