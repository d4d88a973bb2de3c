"""What the commands share: their options, and how they speak to a person who waits."""

from __future__ import annotations

import contextlib
import json
import re
import sys
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from tqdm import tqdm

    from sim.scenario import Scenario

LONGEST_NAME = 100  # letters of a folder's name
INTERRUPTED = 130  # exit code of a command that Ctrl-C ended


class Inputs(StrEnum):
    """Whether uncertain inputs are drawn for each run, or kept at their centre."""

    DRAWN = "drawn"
    CENTRE = "centre"


Name = Annotated[str, typer.Argument(metavar="SCENARIO", help="Name (see: cascades list) or path of a file.")]
Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change one number, such as actors.NAME.people=30."),
]
Policies = Annotated[
    list[str] | None,
    typer.Option(
        "--policy", metavar="POLICY", help="Lay a policy over it, such as delay:months=6; repeatable."
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="FOLDER", help="Folder of results.  [default: out/SCENARIO+POLICY+PATH=VALUE]"
    ),
]


def out_option(default: str) -> Any:
    """Return the option ``--out`` of a command whose folder has a name of its own."""
    return typer.Option("--out", metavar="FOLDER", help=f"Folder of results.  [default: {default}]")


Seed = Annotated[int, typer.Option("--seed", help="Seed of all luck.")]
Runs = Annotated[int, typer.Option("--runs", help="Number of runs.")]
Threads = Annotated[
    int | None, typer.Option("--threads", help="Runs side by side.  [default: number of processors]")
]
Folder = Annotated[Path, typer.Argument(metavar="OUT", help="Folder that `cascades run --out` left.")]
Run = Annotated[int | None, typer.Option("--run", help="Number of the run.  [default: the first one kept]")]
Drawing = Annotated[
    Inputs, typer.Option("--inputs", help="Uncertain inputs: drawn for each run, or at their centre.")
]
Json = Annotated[bool, typer.Option("--json", help="Print plain data, all of it.")]


def loaded_scenario(
    scenario: str, sets: Sequence[str] | None, policies: Sequence[str] | None = None
) -> Scenario:
    """Return the scenario of ``SCENARIO++POLICY++...`` with what ``--set`` and ``--policy`` say."""
    from sim.policy import JOIN, load_base, with_policies

    name, _, spec = scenario.partition(JOIN)
    return with_policies(load_base(name, tuple(sets or ())), JOIN.join([spec, *(policies or ())]))


def named_after(scenario: Scenario) -> str:
    """Return the name of the folder of a scenario: its own, with the policies and the sets laid over it."""
    name = "+".join([scenario.name, *scenario.policies, *scenario.sets])
    name = re.sub(r"[^\w.,=+-]+", "-", name)
    if len(name) > LONGEST_NAME:
        return f"{name[:LONGEST_NAME]}-{scenario.fingerprint[:8]}"
    return name


@contextlib.contextmanager
def replacing(folder: Path) -> Iterator[None]:
    """Say which results a command replaced in a folder, where these were of something else."""
    from experiments.manifest import what_is_held

    before = what_is_held(folder)
    try:
        yield
    finally:
        after = what_is_held(folder)
        if before and after and before != after:
            print(f"{folder} held: {before}; replaced by {after}.", file=sys.stderr)


def print_json(data: Any, **form: Any) -> None:
    """Print plain data."""
    print(json.dumps(data, indent=1, ensure_ascii=False, **form))


def print_written(files: Sequence[Path], before: str = "\n") -> None:
    """Say which files were written."""
    print(f"{before}Written: {', '.join(str(path) for path in files)}")


def progress_bar(unit: str, total: int | None = None) -> tqdm:
    """Return a bar for a person who waits; none where nobody looks, or where it takes no time."""
    from tqdm import tqdm

    return tqdm(total=total, unit=unit, disable=None, leave=False, delay=0.5)


def say(text: str) -> None:
    """Tell a person who waits, beside a bar."""
    from tqdm import tqdm

    tqdm.write(text, file=sys.stderr)


def say_interrupted(kept: str) -> NoReturn:
    """End a command that Ctrl-C broke off, and say what it kept."""
    print(f"\nInterrupted: {kept}.", file=sys.stderr)
    raise typer.Exit(INTERRUPTED)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """End the command in order where Ctrl-C breaks it off before anything was kept."""
    try:
        yield
    except KeyboardInterrupt:
        print("\nInterrupted; nothing new was kept.", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None
