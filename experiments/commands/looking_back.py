"""Commands that look back at the runs of a folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from experiments.commands.options import (
    Folder,
    Json,
    Run,
    print_json,
    print_written,
)
from sim.errors import UserError


def why(
    folder: Folder,
    run: Run = None,
    actor: Annotated[str | None, typer.Option("--actor", help="Who.")] = None,
    klass: Annotated[
        str | None, typer.Option("--class", help="Class of models.  [default: the one in question]")
    ] = None,
    depth: Annotated[int, typer.Option("--depth", min=0, help="Levels of causes that are printed.")] = 3,
    whole: Annotated[bool, typer.Option("--whole", help="The whole cascade of the run as a graph.")] = False,
    as_json: Json = False,
    graphml: Annotated[
        Path | None, typer.Option("--graphml", metavar="FILE", help="Write the graph of causes as GraphML.")
    ] = None,
    dot: Annotated[
        Path | None, typer.Option("--dot", metavar="FILE", help="Write the graph of causes for Graphviz.")
    ] = None,
) -> None:
    """Say why an actor came to have a class in a run when it did, or what kept it from it."""
    from experiments.lineage import cascade_graph, in_words, node_link, write_graph
    from experiments.replay import origin_of
    from experiments.why import why as explain

    origin = origin_of(folder)
    if whole and actor:
        raise UserError("--whole is the cascade of all; leave out --actor")
    if whole:
        replay = origin.replay(run)
        graph = cascade_graph(replay.log, origin.compiled)
        data, text = node_link(graph), f"The cascade of run {replay.run}: {in_words(graph)}."
    else:
        if not actor:
            raise UserError("--actor is missing: say whose model is to be explained (or --whole)")
        explanation = explain(origin, run, actor=actor, klass=klass or origin.compiled.scenario.follow_class)
        graph = explanation.graph() if graphml or dot else None
        data, text = explanation.to_dict(), explanation.text(depth)
    if as_json:
        print_json(data)
    else:
        print(text)
    for path, form in ((graphml, "graphml"), (dot, "dot")):
        if path:
            print(f"Written: {write_graph(graph, path, form)}", file=sys.stderr)


def database(
    folder: Folder,
    run: Annotated[
        int | None,
        typer.Option("--run", help="Number of a run.  [default: what exists in at least half of the runs]"),
    ] = None,
    table: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write all columns as CSV.")
    ] = None,
    beside: Annotated[bool, typer.Option("--beside", help="Lay the record beside it.")] = False,
) -> None:
    """List the simulated models as a diffusion database: who, when, how large, how open, by what."""
    from experiments.database import as_csv, in_words
    from experiments.database import database as rows_of
    from experiments.folder import write_whole

    rows = rows_of(folder, run, beside=beside)
    print(in_words(rows))
    if table:
        print(f"Written: {write_whole(table, as_csv(rows))}", file=sys.stderr)


def branch(
    folder: Folder,
    at: Annotated[str, typer.Option("--at", metavar="DATE", help="When the futures part, YYYY-MM[-DD].")],
    policies: Annotated[
        list[str], typer.Option("--policy", metavar="POLICY", help="What begins at that date; repeatable.")
    ],
    run: Run = None,
    klass: Annotated[str | None, typer.Option("--class", help="Class that the table shows.")] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Draw a figure too.")] = None,
) -> None:
    """Show one history and its futures: a run until a date, and what follows under policies."""
    from experiments.branch import branch as branch_run
    from experiments.folder import check_picture

    if out is not None:
        check_picture(out, "--out ")
    found = branch_run(folder, policies, at, run)
    print(found.text(klass))
    if out is not None:
        print_written([found.figure(out)])
