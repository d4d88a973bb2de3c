"""The command that calibrates a scenario to the claims."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from experiments.commands.options import (
    Name,
    Seed,
    Sets,
    Threads,
    loaded_scenario,
    out_option,
    print_written,
    progress_bar,
    say,
    say_interrupted,
)


def calibrate(
    scenario: Name,
    further: Annotated[
        list[Path] | None,
        typer.Option("--claims", metavar="FILE", help="Claims of your own, beside those of the product."),
    ] = None,
    evaluations: Annotated[
        int, typer.Option("--evaluations", help="Points simulated in all, each with --replicates runs.")
    ] = 2400,
    replicates: Annotated[
        int, typer.Option("--replicates", help="Paired runs of every arm at each point.")
    ] = 40,
    seed: Seed = 1,
    check: Annotated[
        int, typer.Option("--check", help="Synthetic truths, to see whether intervals hold them.")
    ] = 40,
    check_evaluations: Annotated[
        int,
        typer.Option(
            "--check-evaluations", help="Points simulated for each of them; 0: what is known serves all."
        ),
    ] = 0,
    runs: Annotated[
        int, typer.Option("--runs", help="Runs of every arm for the claims before and after.")
    ] = 400,
    left_out: Annotated[
        int, typer.Option("--left-out-runs", help="The same with each actor left out; 0: none is.")
    ] = 100,
    sets: Sets = None,
    out: Annotated[Path | None, out_option("out/calibrate-SCENARIO")] = None,
    threads: Threads = None,
    resume: Annotated[
        bool,
        typer.Option("--resume/--fresh", help="Go on with evaluations that are there, or start anew."),
    ] = True,
) -> None:
    """Learn the uncertain inputs from the claims; leave a posterior with report and figures.

    Interrupted, the same command goes on where it was.
    """
    from experiments.calibration.calibrating import Asked, calibrate_and_save
    from experiments.evidence.claims import load_claims

    loaded = loaded_scenario(scenario, sets, None)
    folder = out or Path("out") / f"calibrate-{loaded.name}"
    claims = load_claims(loaded.name, further or (), say=say)
    asked = Asked(evaluations, replicates, seed, check, check_evaluations, runs, left_out)
    with progress_bar("step") as bar:

        def begins(what: str, count: int) -> None:
            bar.unit = what
            bar.reset(count)

        try:
            report, files = calibrate_and_save(
                loaded, claims, folder, asked, threads=threads, fresh=not resume, begins=begins,
                progress=bar.update, say=say,
            )  # fmt: skip
        except KeyboardInterrupt:
            bar.close()
            say_interrupted("evaluations done so far are kept; the same command goes on with them")
    print(report.in_words())
    print_written(files)
