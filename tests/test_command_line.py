"""The commands: what they say, and that they stay light."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from terminal import cascades

import sim
from sim.paths import quantities
from sim.scenario import load, names


def test_list_names_every_scenario_that_comes_with_the_product():
    listed = cascades("list")
    assert listed.code == 0
    for name in names():
        assert name in listed.out
        assert load(name).file.scenario.title in listed.out


@pytest.mark.parametrize("name", names())
def test_show_names_everybody_and_everything_that_is_given(name):
    scenario = load(name)
    shown = cascades("show", name)
    assert shown.code == 0 and shown.err == ""
    said = " ".join(shown.out.split())
    for actor in scenario.file.actors:
        assert f"- {actor}: " in said
    for row in scenario.file.classes.values():
        assert row.title in said
    for item in scenario.file.scripted_artifacts.values():
        assert item.title in said
    for project in scenario.file.scripted_projects.values():
        assert f"{project.actor} announces {project.title}" in said


def test_show_counts_numbers_and_uncertain_ones():
    facts = json.loads(cascades("show", "gpt3", "--json").out)
    numbers = [quantity for _, quantity, _, _ in quantities(load("gpt3").file)]
    listed = json.loads(cascades("inputs", "gpt3", "--json").out)["inputs"]
    assert facts["numbers"] == len(listed) > len(numbers)  # months to a release are numbers as well
    assert facts["uncertain"] == sum(quantity.low is not None for quantity in numbers)
    assert (
        f"{facts['numbers']} numbers, {facts['uncertain']} of them uncertain" in cascades("show", "gpt3").out
    )


def test_show_lists_what_is_given_in_the_order_of_its_dates():
    dates = [row["date"] for row in json.loads(cascades("show", "gpt3", "--json").out)["dates"]]
    assert len(dates) > 20
    assert dates == sorted(dates)


def test_show_says_what_a_change_changes():
    before, after = cascades("show", "toy"), cascades("show", "toy", "--set", "actors.Alpha.people=777")
    assert "777 people" in after.out and "777" not in before.out
    assert "Changed: actors.Alpha.people=777" in after.out


def test_show_puts_a_policies_and_motives_into_words():
    said = " ".join(
        cascades(
            "show",
            "gpt3",
            "--set",
            "policies.OpenAI.api.probability=1",
            "--set",
            "policies.OpenAI.api.delay_months=3",
            "--set",
            "policies.OpenAI.weights.probability=0",
        ).out.split()
    )
    assert "always api (at arm's length, after 3 months, from 2020-06)" in said
    assert "never weights" in said
    assert "against: advantage 4" in said


def test_a_change_reaches_the_run(tmp_path):
    plain = cascades("run", "toy", "--runs", 3, "--out", tmp_path / "plain")
    # nobody but Alpha may start anything
    changed = cascades(
        "run", "toy", "--runs", 3, "--out", tmp_path / "changed",
        *("--set", "kinds.leading_lab.start_rate=0", "--set", "kinds.open_collective.start_rate=0"),
    )  # fmt: skip
    assert plain.code == changed.code == 0
    row = next(line for line in changed.out.splitlines() if line.startswith("first other announces"))
    assert "later" in row and "100%" in row


def test_the_summary_is_that_of_the_result(tmp_path):
    said = cascades("run", "toy", "--runs", 40, "--seed", 7, "--out", tmp_path / "out").out
    result = sim.simulate("toy", runs=40, seed=7)
    median = result.summary.loc["lag_pub_1", "q50"]
    row = next(line for line in said.splitlines() if line.startswith("first other announces"))
    assert f" {median:.1f} " in row


def test_help_and_version():
    for arguments in (["--help"], ["run", "--help"], ["show", "-h"]):
        helped = cascades(*arguments)
        assert helped.code == 0 and "Usage:" in helped.out
    assert sim.__version__ in cascades("--version").out


def test_run_takes_all_that_makes_a_result_repeatable():
    helped = cascades("run", "--help").out
    for option in ("--out", "--seed", "--runs", "--threads", "--set", "--logs", "--inputs"):
        assert option in helped


@pytest.mark.parametrize(
    "arguments", [["rnu"], ["run", "toy", "--sed", "3"], ["run"], ["run", "toy", "--runs", "x"]]
)
def test_a_mistyped_command_is_refused_without_a_traceback(arguments):
    refused = cascades(*arguments)
    assert refused.code == 2
    assert "Traceback" not in refused.err and "Error" in refused.err


LIGHT = """
import sys
sys.argv = ["cascades", *{arguments}]
from experiments.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print(sorted(set({heavy}) & set(sys.modules)), file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("arguments", "heavy"),
    [
        (["--help"], ["matplotlib", "mesa", "networkx", "numba", "numpy", "pandas", "pyarrow", "pydantic"]),
        (["list"], ["matplotlib", "mesa", "networkx", "numba", "numpy", "pandas", "pyarrow"]),
        (["show", "toy"], ["matplotlib", "mesa", "networkx", "numba", "numpy", "pandas", "pyarrow"]),
        (["run", "toy", "--runs", "1", "--out", "OUT"], ["matplotlib.pyplot", "mesa", "networkx", "pandas"]),
    ],
)
def test_a_command_imports_only_what_it_needs(arguments, heavy, tmp_path):
    arguments = [str(tmp_path / "out") if part == "OUT" else part for part in arguments]
    done = subprocess.run(
        [sys.executable, "-c", LIGHT.format(arguments=arguments, heavy=heavy)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.strip().splitlines()[-1] == "[]"


def test_the_module_is_the_command():
    done = subprocess.run([sys.executable, "-m", "experiments", "list"], capture_output=True, text=True)
    assert done.returncode == 0 and "toy" in done.stdout


def test_output_into_a_closed_pipe_ends_quietly():
    command = f'"{sys.executable}" -m experiments show gpt3 --json | head -n 1'
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert "Traceback" not in done.stderr and "Exception" not in done.stderr
    assert done.stdout == "{\n"


def test_what_is_laid_over_a_scenario_stands_in_heading_folder_and_report(tmp_path, monkeypatch):
    from experiments.reporting.making import report

    monkeypatch.chdir(tmp_path)
    changes = ("--policy", "order:actors=Alpha,hold_months=6", "--set", "actors.Beta.people=40")
    assert cascades("run", "toy", "--runs", 3).code == 0
    changed = cascades("run", "toy", "--runs", 3, *changes)
    laid = ", under order:actors=Alpha,hold_months=6, with actors.Beta.people=40"
    assert changed.out.splitlines()[0].startswith(f"Three labs and a collective{laid}: 3 runs, seed 1.")
    assert changed.err == ""  # nothing was replaced
    folder = "toy+order-actors=Alpha,hold_months=6+actors.Beta.people=40"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["toy", folder]
    page = report(tmp_path / "out" / folder).read_text(encoding="utf-8")
    assert f"<h1>Three labs and a collective{laid}</h1>" in page
    assert f"says{laid}, then:" in page


COMMANDS_OF_FOLDERS = {
    "run": (["run", "toy", "--runs", 3], ["--seed", 2]),
    "compare": (["compare", "toy", "code-never", "--metrics", "lag_1", "--runs", 3], ["base"]),
    "attribute": (
        ["attribute", "toy", "--outcome", "lag_1", "--over", "sponsors", "--runs", 3],
        ["--over", "actors"],
    ),
}


@pytest.mark.parametrize("command, other", COMMANDS_OF_FOLDERS.values(), ids=COMMANDS_OF_FOLDERS)
def test_results_of_something_else_are_not_replaced_without_a_word(tmp_path, command, other):
    out = ("--out", tmp_path / "held")
    assert "held" not in cascades(*command, *out).err + cascades(*command, *out).err
    (said,) = (line for line in cascades(*command, *other, *out).err.splitlines() if " held: " in line)
    assert said.startswith(f"{tmp_path / 'held'} held: toy")
    before, after = said.split("; replaced by ")
    assert "3 runs, seed 1" in before and before.partition("held: ")[2] not in after


def test_a_folder_has_a_name_that_any_disk_takes():
    from experiments.commands.options import named_after

    plain, long = (
        load("toy"),
        load("toy", [f"actors.{who}.people=7" for who in ("Alpha", "Beta", "Gamma")] * 3),
    )
    assert named_after(plain) == "toy"
    assert len(named_after(long)) < 120 and named_after(long).endswith(long.fingerprint[:8])
    assert "/" not in named_after(load("toy", ["actors.Alpha.source=a/b c"]))
