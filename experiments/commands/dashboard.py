"""The command that opens the dashboard."""

from __future__ import annotations

from typing import Annotated

import typer

PORT = 8521  # as that of the server that came with Mesa 1 and 2


def explore(
    scenario: Annotated[
        str, typer.Argument(metavar="[SCENARIO]", help="Scenario that a window begins with.")
    ] = "gpt3",
    port: Annotated[int, typer.Option("--port", help="Of this machine; 0: any that is free.")] = PORT,
    browse: Annotated[bool, typer.Option("--browse/--no-browse", help="Open it in the browser.")] = True,
) -> None:
    """Open a page on this machine: move levers, see what changes, step through a run, ask why."""
    from experiments.dashboard.serving import serve

    serve(scenario, port, begun=_open if browse else lambda address: None)


def _open(address: str) -> None:
    import threading
    import webbrowser

    threading.Timer(1.0, webbrowser.open, [address]).start()  # by then it is served
