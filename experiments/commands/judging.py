"""Commands that hold the product against what is known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from experiments.commands.options import (
    Json,
    Name,
    Policies,
    Seed,
    Sets,
    Threads,
    loaded_scenario,
    out_option,
    print_json,
    print_written,
    progress_bar,
    say,
    say_interrupted,
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
    shipped: Annotated[
        bool, typer.Option("--shipped/--no-shipped", help="With the claims that come with the product.")
    ] = True,
    sets: Sets = None,
    policies: Policies = None,
    out: Annotated[
        Path | None, out_option("out/evidence-SCENARIO; with --only or --no-shipped, a name of its own")
    ] = None,
    threads: Threads = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Simulate all anew; do not use runs that were kept.")
    ] = False,
    only_list: Annotated[
        bool, typer.Option("--list", help="List the claims and check those of --claims; simulate nothing.")
    ] = False,
    names: Annotated[
        bool, typer.Option("--names", help="List what a claim can name; simulate nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Hold every claim of the literature against the scenario; exit code 1 if a required one fails."""
    from experiments.evidence.choice import choose
    from experiments.evidence.keeping import Kept
    from experiments.evidence.saving import as_rows, evidence_and_save, in_words, listed
    from experiments.evidence.table import check_claims
    from experiments.run import must_compile

    loaded = loaded_scenario(scenario, sets, policies)
    if names:
        from experiments.evidence import naming

        print_json(naming.nameable()) if as_json else print(naming.in_words())
        return
    claims, choice = choose(loaded.name, further or (), shipped, only or (), say)
    if only_list:
        own = set(map(str, further or ()))
        check_claims({name: claim for name, claim in claims.items() if claim.file in own}, loaded)
        if as_json:
            print_json(as_rows(claims))
        else:
            print(listed(claims))
        return
    if must_compile():
        say("Compiling the rules; this happens once and takes a while.")
    kept = Kept(fresh=fresh)
    try:
        with progress_bar("run") as bar:

            def planned(total: int) -> None:
                bar.total = total
                bar.refresh()

            table, files = evidence_and_save(
                claims, loaded, out or choice.folder(loaded.name), runs=runs, seed=seed,
                threads=threads, planned=planned, progress=bar.update, kept=kept, choice=choice,
            )  # fmt: skip
    except KeyboardInterrupt:
        say_interrupted(
            f"runs cannot be kept ({kept.problem})"
            if kept.problem
            else "runs measured so far are kept, and the same command goes on from there"
        )
    if as_json:
        print_json([row.row() for row in table.rows])
    else:
        print(in_words(table))
        print_written(files)
    if kept.problem:
        say(f"Measured runs could not be kept for the next time: {kept.problem}")
    if table.failed:
        raise typer.Exit(MISSED)
