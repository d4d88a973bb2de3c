"""The command ``cascades``. Nothing heavy is imported before it is needed."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from sim.errors import UserError

INTERRUPTED = 130  # exit code of a command that Ctrl-C ended

app = typer.Typer(
    help="Simulate how large AI models diffuse: who reaches what when, and what carried them there.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


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
    Path | None, typer.Option("--out", metavar="FOLDER", help="Folder of results.  [default: out/SCENARIO]")
]
Seed = Annotated[int, typer.Option("--seed", help="Seed of all luck.")]
Runs = Annotated[int, typer.Option("--runs", help="Number of runs.")]
Threads = Annotated[
    int | None, typer.Option("--threads", help="Runs side by side.  [default: number of processors]")
]


Folder = Annotated[Path, typer.Argument(metavar="OUT", help="Folder that `cascades run --out` left.")]
Run = Annotated[int | None, typer.Option("--run", help="Number of the run.  [default: the first one kept]")]


def main() -> None:
    """Run the command line. Exit codes: 0 done, 2 something given cannot be used, 130 Ctrl-C."""
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


@app.command("list")
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


@app.command()
def show(
    scenario: Annotated[
        str, typer.Argument(metavar="NAME", help="Scenario (name or path) or policy, such as delay:months=6.")
    ],
    sets: Sets = None,
    policies: Policies = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print plain data, all of it.")] = False,
) -> None:
    """Say in words who is there and what will happen when, or what a policy changes."""
    import json

    from experiments.describe import describe, in_words
    from sim.policy import JOIN, check_is_there, is_policy, split_spec

    if is_policy(scenario) and not sets and not policies:
        from experiments.difference import describe_policy, policy_as_data

        if as_json:
            print(json.dumps(policy_as_data(scenario), indent=1, ensure_ascii=False))
        else:
            print(describe_policy(scenario))
        return
    check_is_there(split_spec(scenario.partition(JOIN)[0])[0])
    loaded = _loaded(scenario, sets, policies)
    if as_json:
        facts = {**describe(loaded), "scenario": loaded.raw}
        print(json.dumps(facts, indent=1, ensure_ascii=False, default=str))
    else:
        print(in_words(loaded))


@app.command()
def run(
    scenario: Name,
    runs: Runs = 1000,
    seed: Seed = 1,
    out: Out = None,
    sets: Sets = None,
    policies: Policies = None,
    threads: Threads = None,
    logs: Annotated[int, typer.Option("--logs", help="Of how many runs the event log is kept.")] = 20,
    inputs: Annotated[
        Inputs, typer.Option("--inputs", help="Uncertain inputs: drawn for each run, or at their centre.")
    ] = Inputs.DRAWN,
) -> None:
    """Simulate a scenario many times; print a summary and leave tables, figure and manifest."""
    loaded = _loaded(scenario, sets, policies)
    folder = out or Path("out") / loaded.name
    try:
        _run(loaded, folder, runs, seed, threads, logs, inputs is Inputs.DRAWN)
    except KeyboardInterrupt:
        print("\nInterrupted; nothing new was kept.", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None


@app.command()
def study(
    name: Annotated[
        str, typer.Argument(metavar="STUDY", help="Name (see: cascades studies) or path of a file.")
    ],
    runs: Annotated[
        int | None, typer.Option("--runs", help="Runs of every arm.  [default: as the study says]")
    ] = None,
    seed: Seed = 1,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FOLDER", help="Folder of results.  [default: out/STUDY]")
    ] = None,
    threads: Threads = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print plain data, all of it.")] = False,
) -> None:
    """Answer a question by simulating its arms in the same luck; leave tables, figure and manifest."""
    from experiments.study import read_study

    found = read_study(name)
    try:
        _study(found, out or Path("out") / found.name, runs, seed, threads, as_json)
    except KeyboardInterrupt:
        print("\nInterrupted; nothing new was kept.", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None


@app.command()
def studies() -> None:
    """List the questions that come with the product; each is answered by: cascades study NAME."""
    from experiments.studying import list_of_studies

    for name, question, title in list_of_studies():
        print(f"{question or '':>3}  {name:24s} {title}")


def _study(found, folder: Path, runs: int | None, seed: int, threads: int | None, as_json: bool) -> None:
    from tqdm import tqdm

    from experiments.studying import as_data, page, study_and_save

    with tqdm(unit="run", disable=None, leave=False, delay=0.5) as bar:

        def planned(total: int) -> None:
            bar.total = total

        answer, files = study_and_save(
            found, folder, runs=runs, seed=seed, threads=threads, planned=planned, progress=bar.update
        )
    if as_json:
        import json

        asked = found.file.runs if runs is None else runs
        print(json.dumps(as_data(answer, asked), indent=1, ensure_ascii=False, allow_nan=False))
    else:
        print(page(answer))
        print(f"Written: {', '.join(str(path) for path in files)}")
    if answer.outcome.interrupted:
        print(
            f"\nInterrupted: the {answer.outcome.runs} runs that every arm completed are kept.",
            file=sys.stderr,
        )
        raise typer.Exit(INTERRUPTED)


@app.command()
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
    DEAD = "dead"


@app.command()
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
    as_json: Annotated[bool, typer.Option("--json", help="Print plain data.")] = False,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write the table there.")] = None,
    runs: Annotated[int, typer.Option("--runs", help="Paired runs of each move of a check.")] = 4,
    threads: Threads = None,
) -> None:
    """List every number of a scenario: value, interval, how it is drawn, unit, and whose word it is."""
    from experiments.inputs import as_data, in_words, inputs_of, write_csv

    loaded = _loaded(scenario, sets, policies)
    rows = inputs_of(loaded)
    findings = []
    if check or only is Only.DEAD:
        findings = _moved(loaded, runs, threads)
    kept = {finding.path for finding in findings if not finding.alive and finding.claims}
    if only is Only.UNCERTAIN:
        kept = {row.path for row in rows if row.uncertain}
    elif only is Only.UNSOURCED:
        kept = {row.path for row in rows if row.unsourced}
    shown = [row for row in rows if only is None or row.path in kept]
    if csv:
        try:
            write_csv(shown, csv)
        except OSError as error:
            raise UserError(f"{csv}: cannot be written ({error.strerror or error})") from None
    if as_json:
        import json

        from experiments.moving import as_data as found

        facts = {
            "scenario": loaded.name,
            "inputs": as_data(shown),
            **({"moved": found(findings)} if findings else {}),
        }
        print(json.dumps(facts, indent=1, ensure_ascii=False))
    elif check:
        from experiments.moving import in_words as moved_in_words

        print(moved_in_words(loaded, findings, runs))
    else:
        print(in_words(loaded, shown, rows))
    if any(finding.problems for finding in findings):
        raise typer.Exit(1)


def _moved(loaded, runs: int, threads: int | None):
    from tqdm import tqdm

    from experiments.moving import check_inputs
    from sim.ensemble import check_count

    check_count("threads", 1 if threads is None else threads, 1, 1024)
    with tqdm(unit="input", disable=None, leave=False, delay=0.5) as bar:
        return check_inputs(loaded, runs, threads=threads or os.cpu_count() or 1, progress=bar.update)


@app.command()
def compare(
    base: Annotated[str, typer.Argument(metavar="BASE", help="Baseline: a scenario, or SCENARIO++POLICY.")],
    arms: Annotated[
        list[str],
        typer.Argument(metavar="ARM...", help="Policies, such as delay:months=6, or other scenarios."),
    ],
    runs: Annotated[int, typer.Option("--runs", help="Number of pairs.")] = 1000,
    seed: Seed = 1,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FOLDER", help="Folder of results.  [default: out/compare-BASE]"),
    ] = None,
    sets: Sets = None,
    threads: Threads = None,
    metrics: Annotated[
        list[str] | None,
        typer.Option("--metrics", metavar="NAME,...", help="What to compare (see: cascades metrics)."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Print every metric.")] = False,
    inputs: Annotated[
        Inputs, typer.Option("--inputs", help="Uncertain inputs: drawn for each run, or at their centre.")
    ] = Inputs.DRAWN,
) -> None:
    """Set policies against a baseline in the same luck, and say what each changes."""
    from experiments.comparison import base_of
    from sim.metrics import split_names

    loaded = base_of(base, tuple(sets or ()))
    folder = out or Path("out") / f"compare-{loaded.name}"
    names = [name for given in metrics for name in split_names(given)] if metrics else None
    asked = {"runs": runs, "seed": seed, "threads": threads, "metrics": names}
    try:
        _compare(loaded, arms, folder, everything, asked | {"draw": inputs is Inputs.DRAWN})
    except KeyboardInterrupt:
        print("\nInterrupted; nothing new was kept.", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None


def _compare(loaded, arms: list[str], folder: Path, everything: bool, asked: dict) -> None:
    from tqdm import tqdm

    from experiments.comparison import compare_and_save

    total = asked["runs"] * (len(arms) + 1)
    with tqdm(total=total, unit="run", disable=None, leave=False, delay=0.5) as bar:
        comparison, files = compare_and_save(
            loaded,
            arms,
            folder,
            compared=lambda _: bar.close(),
            say=lambda text: tqdm.write(text, file=sys.stderr),
            progress=bar.update,
            **asked,
        )
    print(comparison.table(everything))
    print(f"\nWritten: {', '.join(str(path) for path in files)}")
    if comparison.interrupted:
        kept = f"the {comparison.runs} that were completed in every arm are kept"
        print(f"\nInterrupted: of {asked['runs']} pairs {kept}.", file=sys.stderr)
        raise typer.Exit(INTERRUPTED)


@app.command("metrics")
def list_metrics(
    as_json: Annotated[bool, typer.Option("--json", help="Print plain data.")] = False,
) -> None:
    """List the metrics: how each is written, its unit, what it says."""
    from sim.metrics import described

    rows = described()
    if as_json:
        import json

        print(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    for row in rows:
        print(f"{row['form']}  ({row['unit']})\n    {row['meaning']}; such as {row['example']}")
    from sim.metrics import BOUNDS_OF_PROJECTS, MECHANISMS

    print(f"\nMECHANISM: {', '.join(MECHANISMS)}\nBOUND: {', '.join(BOUNDS_OF_PROJECTS)}")
    print(
        "\nACTOR and CLASS: names of the scenario. CLASS, with its comma, may be left out: the class in "
        "question.\nMONTH: from the start; left out: the end. K: 1, 2, 3, ..."
    )


@app.command()
def branch(
    folder: Annotated[Path, typer.Argument(metavar="OUT", help="Folder that cascades run left.")],
    at: Annotated[str, typer.Option("--at", metavar="DATE", help="When the futures part, YYYY-MM[-DD].")],
    policies: Annotated[
        list[str], typer.Option("--policy", metavar="POLICY", help="What begins at that date; repeatable.")
    ],
    number: Annotated[
        int | None, typer.Option("--run", help="Number of the run.  [default: first kept]")
    ] = None,
    klass: Annotated[str | None, typer.Option("--class", help="Class that the table shows.")] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE.png", help="Draw a figure too.")] = None,
) -> None:
    """Show one history and its futures: a run until a date, and what follows under policies."""
    from experiments.branch import branch as branch_run

    if out is not None and out.suffix.lower() != ".png":
        raise UserError(f"--out {out}: the figure is a PNG file; give a name that ends in .png")
    found = branch_run(folder, policies, at, number)
    print(found.text(klass))
    if out is not None:
        print(f"\nWritten: {found.figure(out)}")


def _loaded(scenario: str, sets: list[str] | None, policies: list[str] | None):
    from sim.policy import JOIN, load_base, with_policies

    name, _, spec = scenario.partition(JOIN)  # SCENARIO++POLICY++...
    return with_policies(load_base(name, tuple(sets or ())), JOIN.join([spec, *(policies or ())]))


def _run(loaded, folder: Path, runs: int, seed: int, threads: int | None, logs: int, draw: bool) -> None:
    from tqdm import tqdm

    from experiments.run import history_of, run_and_save
    from experiments.summary import in_words

    with tqdm(total=runs, unit="run", disable=None, leave=False, delay=0.5) as bar:
        result, files = run_and_save(
            loaded,
            folder,
            runs=runs,
            seed=seed,
            threads=threads,
            logs=logs,
            draw=draw,
            progress=bar.update,
            simulated=lambda _: bar.close(),
            say=lambda text: tqdm.write(text, file=sys.stderr),
        )
    if files:
        print(in_words(result, history_of(loaded)))
        print(f"\nWritten: {', '.join(str(path) for path in files)}")
    if result.interrupted:
        done = len(result.run_numbers)
        kept = f"the {done} that were completed are kept" if done else "nothing new was kept"
        print(f"\nInterrupted: of {runs} runs {kept}.", file=sys.stderr)
        raise typer.Exit(INTERRUPTED)


@app.command()
def why(
    folder: Folder,
    run: Run = None,
    actor: Annotated[str | None, typer.Option("--actor", help="Who.")] = None,
    klass: Annotated[
        str | None, typer.Option("--class", help="Class of models.  [default: the one in question]")
    ] = None,
    depth: Annotated[int, typer.Option("--depth", min=0, help="Levels of causes that are printed.")] = 3,
    whole: Annotated[bool, typer.Option("--whole", help="The whole cascade of the run as a graph.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print plain data, all of it.")] = False,
    graphml: Annotated[
        Path | None, typer.Option("--graphml", metavar="FILE", help="Write the graph of causes as GraphML.")
    ] = None,
    dot: Annotated[
        Path | None, typer.Option("--dot", metavar="FILE", help="Write the graph of causes for Graphviz.")
    ] = None,
) -> None:
    """Say why an actor came to have a class in a run when it did, or what kept it from it."""
    import json

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
    print(json.dumps(data, indent=1, ensure_ascii=False) if as_json else text)
    for path, form in ((graphml, "graphml"), (dot, "dot")):
        if path:
            print(f"Written: {write_graph(graph, path, form)}", file=sys.stderr)


@app.command()
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


@app.command()
def attribute(
    scenario: Name,
    outcome: Annotated[str, typer.Option("--outcome", help="Metric, such as lag_5 or n_dev@48.")] = "lag_5",
    over: Annotated[
        str,
        typer.Option(
            "--over", help="artifact-kinds, artifacts, actors, sponsors, motives or levers (policies)."
        ),
    ] = "artifact-kinds",
    players: Annotated[
        list[str] | None,
        typer.Option("--player", metavar="NAME", help="One player (of artifacts also ACTOR/KIND); else all."),
    ] = None,
    groups: Annotated[
        list[str] | None,
        typer.Option("--group", metavar="NAME=A+B", help="Players in groups (Owen values)."),
    ] = None,
    permutations: Annotated[
        int | None,
        typer.Option(
            "--permutations",
            help="Orders sampled; 0: all coalitions.  [default: 0 up to 12 players, else 64]",
        ),
    ] = None,
    runs: Runs = 100,
    seed: Seed = 1,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FOLDER", help="Folder of results.  [default: out/SCENARIO-attribution]"
        ),
    ] = None,
    sets: Sets = None,
    threads: Threads = None,
) -> None:
    """Say who deserves the credit: Shapley values, by simulating the worlds without each player."""
    loaded = _loaded(scenario, sets, None)
    folder = out or Path("out") / f"{loaded.name}-attribution"
    try:
        from tqdm import tqdm

        from experiments.coalitions import attribute_and_save

        with tqdm(unit="run", disable=None, leave=False, delay=0.5) as bar:

            def say(text: str) -> None:
                tqdm.write(text, file=sys.stderr)

            found, files = attribute_and_save(
                loaded,
                folder,
                groups or (),
                say,
                outcome=outcome,
                over=over,
                players=players or (),
                permutations=permutations,
                runs=runs,
                seed=seed,
                threads=threads,
                total=bar.reset,
                progress=bar.update,
            )
    except KeyboardInterrupt:
        print("\nInterrupted; nothing new was kept.", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None
    print(found.in_words())
    print(f"\nWritten: {', '.join(str(path) for path in files)}")
    if found.interrupted:
        print(
            f"\nInterrupted: of {runs} runs the {found.runs} that were completed are kept.", file=sys.stderr
        )
        raise typer.Exit(INTERRUPTED)
