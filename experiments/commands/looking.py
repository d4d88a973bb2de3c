"""Commands that look at what there is: scenarios, policies, inputs, metrics."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from experiments.commands.options import (
    Json,
    Name,
    Policies,
    Sets,
    Threads,
    loaded_scenario,
    print_json,
    print_written,
    progress_bar,
)
from sim.errors import UserError


def list_scenarios() -> None:
    """List the scenarios and policies that come with the product."""
    from experiments.difference import list_of_policies
    from sim.scenario import find, names, read_toml

    print("SCENARIOS (cascades show NAME)\n")
    for name in names():
        heading = read_toml(find(name)).get("scenario", {})
        print(f"{name:12s} {heading.get('title', '')}")
        print(f"{'':12s} {heading.get('about', '')}")
    print("\nPOLICIES (cascades show NAME, cascades run SCENARIO --policy NAME)")
    for group, rows in list_of_policies().items():
        print(f"\n{group}")
        for name, title in rows:
            print(f"  {name:23s} {title}")


def show(
    scenario: Annotated[
        str, typer.Argument(metavar="NAME", help="Scenario (name or path) or policy, such as delay:months=6.")
    ],
    sets: Sets = None,
    policies: Policies = None,
    as_json: Json = False,
) -> None:
    """Say in words who is there and what will happen when, or what a policy changes."""
    from experiments.describe import describe, in_words
    from sim.policy import JOIN, check_is_there, is_policy, split_spec

    if is_policy(scenario) and not sets and not policies:
        from experiments.difference import describe_policy, policy_as_data

        if as_json:
            print_json(policy_as_data(scenario))
        else:
            print(describe_policy(scenario))
        return
    check_is_there(split_spec(scenario.partition(JOIN)[0])[0])
    loaded = loaded_scenario(scenario, sets, policies)
    if as_json:
        print_json({**describe(loaded), "scenario": loaded.raw}, default=str)
    else:
        print(in_words(loaded))


def diff(
    base: Name,
    other: Annotated[
        str, typer.Argument(metavar="OTHER", help="Another scenario, or a policy for the first.")
    ],
) -> None:
    """Say what differs between two scenarios, or what a policy changes in one."""
    from experiments.difference import differences
    from sim.policy import arm, scenario_of

    first = scenario_of(base)
    lines = differences(first, arm(first, other))
    print("\n".join(lines) if lines else "They say the same.")


class Only(StrEnum):
    """Which inputs are listed."""

    UNCERTAIN = "uncertain"
    UNSOURCED = "unsourced"
    GUESSED = "guessed"
    DEAD = "dead"


def inputs(
    scenario: Name,
    sets: Sets = None,
    policies: Policies = None,
    only: Annotated[
        Only | None, typer.Option("--only", help="List only these; dead ones are found by moving each.")
    ] = None,
    check: Annotated[
        bool,
        typer.Option("--check", help="Move every number: does it change anything, does it break anything?"),
    ] = False,
    as_json: Json = False,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write the table there.")] = None,
    runs: Annotated[int, typer.Option("--runs", help="Paired runs of each move of a check.")] = 4,
    threads: Threads = None,
) -> None:
    """List every number of a scenario: value, interval, how it is drawn, unit, and whose word it is.

    Alternatives stand behind the numbers, with their options and weights.
    """
    from experiments.inputs import alternatives_as_inputs, as_data, in_words, inputs_of, write_csv

    loaded = loaded_scenario(scenario, sets, policies)
    rows = [*inputs_of(loaded), *alternatives_as_inputs(loaded)]
    findings = []
    if check or only is Only.DEAD:
        findings = _moved(loaded, runs, threads)
    kept = {finding.path for finding in findings if not finding.alive and finding.claims}
    if only is Only.UNCERTAIN:
        kept = {row.path for row in rows if row.uncertain}
    elif only is Only.UNSOURCED:
        kept = {row.path for row in rows if row.unsourced}
    elif only is Only.GUESSED:
        kept = {row.path for row in rows if row.guessed}
    shown = [row for row in rows if only is None or row.path in kept]
    if csv:
        try:
            write_csv(shown, csv)
        except OSError as error:
            raise UserError(f"{csv}: cannot be written ({error.strerror or error})") from None
    if as_json:
        from experiments.moving import as_data as found

        facts = {
            "scenario": loaded.name,
            "inputs": as_data(shown),
            **({"moved": found(findings)} if findings else {}),
        }
        print_json(facts)
    elif check:
        from experiments.moving import in_words as moved_in_words

        print(moved_in_words(loaded, findings, runs))
    else:
        print(in_words(loaded, shown, rows))
    if any(finding.problems for finding in findings):
        raise typer.Exit(1)


def _moved(loaded, runs: int, threads: int | None):
    from experiments.moving import check_inputs
    from sim.ensemble import check_count

    check_count("threads", 1 if threads is None else threads, 1, 1024)
    with progress_bar("input") as bar:
        return check_inputs(loaded, runs, threads=threads or os.cpu_count() or 1, progress=bar.update)


def odd(
    scenario: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="Name (see: cascades list) or path of a file.")
    ] = "gpt3",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", help="Write the page there (Markdown, with links as from docs/)."
        ),
    ] = None,
) -> None:
    """Describe the model in the ODD protocol, from its own code and from what a scenario counts."""
    from experiments.folder import write_whole
    from experiments.odd.page import page_of

    page = page_of(loaded_scenario(scenario, None))
    if out:
        print_written([write_whole(out, page)], before="")
    else:
        print(page, end="")


def list_metrics(
    as_json: Json = False,
) -> None:
    """List the metrics: how each is written, its unit, what it says."""
    from sim.metrics import described

    rows = described()
    if as_json:
        print_json(rows)
        return
    for row in rows:
        print(f"{row['form']}  ({row['unit']})\n    {row['meaning']}; such as {row['example']}")
    from sim.metrics import BOUNDS_OF_PROJECTS, MECHANISMS

    print(f"\nMECHANISM: {', '.join(MECHANISMS)}\nBOUND: {', '.join(BOUNDS_OF_PROJECTS)}")
    print(
        "\nACTOR and CLASS: names of the scenario. CLASS, with its comma, may be left out: the class in "
        "question.\nMONTH: from the start; left out: the end. K: 1, 2, 3, ..."
    )
