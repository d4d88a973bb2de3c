"""The command that draws."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from experiments.commands.options import print_written
from sim.errors import UserError


def plot(
    kind: Annotated[
        str | None, typer.Argument(metavar="KIND", help="Of figure; --list says which there are.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="Folder of results, as any command left it (--out).")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE",
            help="Ends in .png, .svg or .pdf; .gif or .html of what moves.  [default: DIR-KIND.png]",
        ),
    ] = None,
    listed: Annotated[
        bool, typer.Option("--list", help="List the kinds that DIR can be drawn as; all kinds without DIR.")
    ] = False,
    width: Annotated[
        float, typer.Option("--width", metavar="MM", help="Of the paper: a column is 90, a page 180.")
    ] = 180.0,
    run: Annotated[int | None, typer.Option("--run", help="Number of one run.")] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="NAME", help="Actor, kind or region; repeatable.")
    ] = None,
    by: Annotated[str, typer.Option("--by", help="Group lanes by kind or region.  [default: kind]")] = "",
    arm: Annotated[
        list[str] | None, typer.Option("--arm", metavar="ARM", help="Of a comparison; repeatable.")
    ] = None,
    metric: Annotated[str, typer.Option("--metric", metavar="NAME", help="Outcome, such as lag_5.")] = "",
    when: Annotated[
        list[str] | None,
        typer.Option("--when", metavar="CONDITION", help='Such as "lag_5 > 24"; repeatable.'),
    ] = None,
    goal: Annotated[
        list[str] | None,
        typer.Option("--goal", metavar="METRIC:more|less", help="What is better; repeatable."),
    ] = None,
) -> None:
    """Draw a figure from a folder of results; nothing is simulated."""
    from experiments.figures.kinds import kinds_of, sorts
    from experiments.figures.plotting import kinds_for
    from experiments.figures.plotting import plot as draw
    from experiments.table import laid_out

    if listed:
        where = folder or (Path(kind) if kind else None)
        if where is not None:
            print("\n".join(laid_out([("kind", "what it shows"), *kinds_for(where).items()])))
            return
        for sort in sorts():
            rows = [
                (f"of {sort}", "what it shows"),
                *((each.name, each.says) for each in kinds_of(sort).values()),
            ]
            print("\n".join([*laid_out(rows), ""]))
        return
    if kind is None or folder is None:
        raise UserError("say what to draw of which folder: cascades plot KIND DIR (cascades plot --list DIR)")
    options = {
        "width": width, "run": run, "only": only or (), "by": by, "arms": arm or (), "metric": metric,
        "when": when or (), "goals": goal or (),
    }  # fmt: skip
    print_written([draw_to(draw, folder, kind, out, options)], before="")


def draw_to(draw, folder: Path, kind: str, out: Path | None, options: dict) -> Path:
    """Draw into the file that was named, or beside the folder."""
    from experiments.figures.kinds import every_kind

    moving = any(each.moving for each in every_kind() if each.name == kind)
    whole = folder.resolve()
    return draw(
        folder, kind, out or folder.parent / f"{whole.name}-{kind}.{'gif' if moving else 'png'}", **options
    )
