"""Commands that say what a sweep shows, and one that searches over levers."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from experiments.commands.options import (
    Json,
    Name,
    Policies,
    Seed,
    Sets,
    Threads,
    interruptible,
    loaded_scenario,
    print_json,
    print_written,
    progress_bar,
    say_interrupted,
)

if TYPE_CHECKING:
    from experiments.exploring.report import Report


class Method(StrEnum):
    """How sensitivity is measured."""

    SOBOL = "sobol"
    MORRIS = "morris"
    GIVEN_DATA = "given-data"


class Never(StrEnum):
    """What a date that never comes counts as."""

    END = "end"
    RANK = "rank"


Sweep = Annotated[Path, typer.Argument(metavar="SWEEP", help="Folder that `cascades sweep --out` left.")]
Metric = Annotated[str, typer.Option("--metric", help="Outcome, such as lag_5 or n_dev@36.")]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="FOLDER", help="Folder of results.  [default: SWEEP-COMMAND]")
]
Arms = Annotated[
    list[str] | None,
    typer.Option("--arms", metavar="FACTOR", help="Chosen between.  [default: levers, else policies]"),
]
SampleSeed = Annotated[int, typer.Option("--seed", help="Of the resampling behind intervals.")]


def sensitivity(
    sweep: Sweep,
    metric: Metric,
    method: Annotated[
        Method | None, typer.Option("--method", help="[default: what the design was made for]")
    ] = None,
    never: Annotated[
        Never, typer.Option("--never", help="What a date that never comes counts as.")
    ] = Never.END,
    by: Annotated[
        float | None, typer.Option("--by", metavar="MONTH", help="Whether it comes by then, not when.")
    ] = None,
    over_time: Annotated[bool, typer.Option("--over-time", help="At several months.")] = False,
    seed: SampleSeed = 1,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Say which inputs an outcome of a sweep depends on, and how much of it is luck."""
    from experiments.exploring.depending import sensitivity as find

    def found() -> Report:
        chosen = method.value if method else None
        return find(sweep, metric, method=chosen, never=never.value, by=by, over_time=over_time, seed=seed)

    _report(found, sweep, "sensitivity", out, as_json)


def discover(
    sweep: Sweep,
    when: Annotated[
        list[str],
        typer.Option(
            "--when", metavar="CONDITION", help='Such as "lag_5 > 24" or "lag_5 never"; repeatable.'
        ),
    ],
    boxes: Annotated[int, typer.Option("--boxes", help="Boxes looked for by PRIM, at most.")] = 2,
    step: Annotated[
        int | None,
        typer.Option("--step", help="Step of the first peeling to take.  [default: the most telling]"),
    ] = None,
    seed: SampleSeed = 1,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Say where something happens: boxes of inputs in which it is dense (PRIM and CART)."""
    from experiments.exploring.discovery import discover as find

    _report(lambda: find(sweep, when, boxes=boxes, step=step, seed=seed), sweep, "discover", out, as_json)


def robust(
    sweep: Sweep,
    goals: Annotated[
        list[str] | None,
        typer.Option("--goal", metavar="METRIC:more|less", help="What is better; repeatable (Pareto front)."),
    ] = None,
    satisfy: Annotated[
        list[str] | None,
        typer.Option(
            "--satisfy", metavar="CONDITION", help='Good enough, such as "t_owner_6 > 24"; repeatable.'
        ),
    ] = None,
    arms: Arms = None,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Say which policy of a sweep is robust: regret, chance of being best, worst futures, good enough."""
    from experiments.exploring.choosing import robust as find

    _report(
        lambda: find(sweep, goals or (), satisfy=satisfy or (), arms=arms or ()),
        sweep,
        "robust",
        out,
        as_json,
    )


def information(
    sweep: Sweep,
    goals: Annotated[
        list[str], typer.Option("--goal", metavar="METRIC:more|less", help="What is better; repeatable.")
    ],
    arms: Arms = None,
    seed: SampleSeed = 1,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Say what knowing an input would be worth before choosing a policy of a sweep (EVPPI)."""
    from experiments.exploring.knowing import information as find

    _report(lambda: find(sweep, goals, arms=arms or (), seed=seed), sweep, "information", out, as_json)


def search(
    scenario: Name,
    levers: Annotated[
        list[str],
        typer.Option("--lever", metavar="NAME=LOW..HIGH", help="Or NAME=a|b; such as delay:months=0..24."),
    ],
    goals: Annotated[
        list[str], typer.Option("--goal", metavar="METRIC:more|less", help="What is better; repeatable.")
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FOLDER", help="Folder of the search.  [default: out/SCENARIO-search]"),
    ] = None,
    trials: Annotated[
        int, typer.Option("--trials", help="In all, earlier ones in the folder counted.")
    ] = 100,
    runs: Annotated[int, typer.Option("--runs", help="Of every trial, all in the same luck.")] = 100,
    seed: Seed = 1,
    population: Annotated[int, typer.Option("--population", help="Trials of a generation.")] = 20,
    sets: Sets = None,
    policies: Policies = None,
    threads: Threads = None,
    as_json: Json = False,
) -> None:
    """Search for settings of levers that no other dominates (NSGA-II); the same command goes on with it."""
    from experiments.exploring.searching import search as find

    loaded = loaded_scenario(scenario, sets, policies)
    folder = out or Path("out") / f"{loaded.name}-search"
    with interruptible(), progress_bar("trial", trials) as bar:
        found = find(
            loaded,
            levers,
            goals,
            folder,
            trials=trials,
            runs=runs,
            seed=seed,
            population=population,
            threads=threads,
            progress=bar.update,
        )
    facts = {
        "scenario": loaded.name,
        "fingerprint": loaded.fingerprint,
        "points": len(found.trials),
        "blocks": [{"seed": seed, "runs": runs}],  # of every trial
    }
    _tell(found.report, folder / "report", as_json, facts)
    if found.interrupted:
        say_interrupted(f"the {len(found.trials)} trials that were done are kept")


def _report(find: Callable[[], Report], sweep: Path, name: str, out: Path | None, as_json: bool) -> None:
    """Print a report and leave it in a folder beside the sweep."""
    from experiments.sweeps.store import open_store

    with interruptible():
        store = open_store(sweep)
        facts = {
            "folder": sweep.name,
            "scenario": store.scenario.name,
            "fingerprint": store.scenario.fingerprint,
            "design": store.manifest["design"],
            "points": store.manifest["points"],
            "blocks": store.blocks,
        }
        _tell(find(), out or sweep.with_name(f"{sweep.name}-{name}"), as_json, facts)


def _tell(report: Report, folder: Path, as_json: bool, facts: dict[str, Any]) -> None:
    files = report.save(folder, facts)
    if as_json:
        print_json(report.plain(), allow_nan=False)
    else:
        print(report.text)
        print_written(files, before="")
