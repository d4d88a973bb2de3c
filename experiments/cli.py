"""The command ``cascades``. Nothing heavy is imported before it is needed."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from experiments.commands import (
    analysing,
    backcasting,
    calibrating,
    dashboard,
    drawing,
    judging,
    looking,
    looking_back,
    reporting,
    simulating,
    studying,
    sweeping,
)
from sim.errors import UserError

app = typer.Typer(
    help="Simulate how large AI models diffuse: who reaches what when, and what carried them there.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


GARBAGE = 50_000  # objects made between two searches for garbage: libraries that load make many that stay

# In the order in which the help lists them.
COMMANDS: dict[str, Callable[..., None]] = {
    "list": looking.list_scenarios,
    "show": looking.show,
    "diff": looking.diff,
    "inputs": looking.inputs,
    "metrics": looking.list_metrics,
    "odd": looking.odd,
    "run": simulating.run,
    "compare": simulating.compare,
    "attribute": simulating.attribute,
    "studies": studying.studies,
    "study": studying.study,
    "sweep": sweeping.sweep,
    "resume": sweeping.resume,
    "expand": sweeping.expand,
    "status": sweeping.status,
    "replay": sweeping.replay,
    "query": sweeping.query,
    "sensitivity": analysing.sensitivity,
    "discover": analysing.discover,
    "robust": analysing.robust,
    "information": analysing.information,
    "search": analysing.search,
    "calibrate": calibrating.calibrate,
    "plot": drawing.plot,
    "why": looking_back.why,
    "branch": looking_back.branch,
    "database": looking_back.database,
    "report": reporting.report,
    "evidence": judging.evidence,
    "backcast": backcasting.backcast,
    "explore": dashboard.explore,
}


def main() -> None:
    """Run the command line. Exit codes: 0 done, 2 something given cannot be used, 130 Ctrl-C."""
    gc.set_threshold(GARBAGE)
    try:
        app()
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read the output has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        _complain(f"the output could not be written ({error.strerror or error})")
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(2)
    except UserError as error:
        _complain(str(error))
        sys.exit(2)
    except MemoryError:
        _complain("this machine's memory is too small for that; ask for fewer --runs or --logs")
        sys.exit(2)


def _complain(message: str) -> None:
    print("error: " + message.replace("\n", "\n       "), file=sys.stderr)


def _show_version(wanted: bool) -> None:
    if wanted:
        import sim

        print(f"cascades {sim.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


for name, command in COMMANDS.items():
    app.command(name)(command)
