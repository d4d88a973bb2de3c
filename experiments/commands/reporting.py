"""The command that makes a page of a folder of results."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from experiments.commands.options import print_written


def report(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder that run, compare, sweep, study or evidence left.")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Of the page.  [default: DIR/report.html]")
    ] = None,
    evidence: Annotated[
        Path | None,
        typer.Option(
            "--evidence",
            metavar="DIR",
            help="Folder of `cascades evidence` to tell of.  [default: evidence-SCENARIO... beside DIR]",
        ),
    ] = None,
) -> None:
    """Write one page on a folder of results: answer, causes, timeline to play with, inputs, evidence."""
    from experiments.reporting import report as write_report

    print_written([write_report(folder, out, evidence)], before="")
