"""The README: its Python runs, its commands work, its files are there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from terminal import cascades

from sim.scenario import CONFIGS

ROOT = CONFIGS.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
TARGETS = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)


def blocks(language: str) -> list[str]:
    """Return the code blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


COMMANDS = [
    shlex.split(line, comments=True) for block in blocks("sh") for line in block.splitlines() if line.strip()
]


PRINTED_AND_LEFT = (("lag_pub_1", "mine/timeline.png"), ("lag_5", "code-closed.png"))


@pytest.mark.parametrize(("place", "told"), list(enumerate(PRINTED_AND_LEFT)))
def test_the_python_blocks_run(place, told, tmp_path):
    assert len(blocks("python")) == len(PRINTED_AND_LEFT)
    block, (printed, left) = blocks("python")[place], told
    assert len(block.strip().splitlines()) <= 10
    done = subprocess.run(
        [sys.executable, "-c", block],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    assert printed in done.stdout
    assert (tmp_path / "out" / left).stat().st_size > 0


ENDLESS = ("explore",)  # serves until Ctrl-C; tests/test_dashboard_page.py opens it


@pytest.mark.parametrize(
    "command", [c for c in COMMANDS if c[0] == "cascades" and c[1] not in ENDLESS], ids=" ".join
)
def test_each_command_works(command, tmp_path, monkeypatch):
    (scenario,) = blocks("toml")
    (tmp_path / "late.toml").write_text(scenario)
    monkeypatch.chdir(tmp_path)
    if command[2:] and command[2].startswith("out/"):  # reads what an earlier command leaves
        (earlier,) = [c for c in COMMANDS if command[2] in c[3:] and c[1] in ("run", "sweep")]
        assert cascades(*earlier[1:]).code == 0
    outcome = cascades(*command[1:])
    assert outcome.code == 0, outcome.err


def test_each_make_target_exists():
    named = [command for command in COMMANDS if command[0] == "make"]
    assert [command[1] for command in named] == ["demo", "test"]
    for command in named:
        assert command[1] in TARGETS


def test_nothing_else_is_shown_as_a_command():
    assert {command[0] for command in COMMANDS} == {"cascades", "make"}


def test_the_example_scenario_changes_what_it_says():
    import tomllib

    from sim.scenario import from_data, load, merge

    (scenario,) = blocks("toml")
    change = tomllib.loads(scenario)
    base = load(change.pop("extends"))
    late = from_data(merge(base.raw, change))
    before, after = (world.file.scripted_projects["gpt3"].announced.value for world in (base, late))
    assert after - before == pytest.approx(6, abs=0.05)


def test_what_it_links_to_is_there():
    links = re.findall(r"\]\(([^)]+)\)", TEXT)
    assert "docs/timeline.png" in links
    for link in links:
        assert link.startswith("https://") or (ROOT / link).is_file(), link
    for path in re.findall(r"`([\w/]+\.(?:toml|py))`", TEXT):
        assert (ROOT / path).is_file() or Path(path).name == "late.toml", path


def test_the_first_screen_says_what_it_is_and_how_to_start():
    first = TEXT.splitlines()[:35]
    screen = "\n".join(first)
    for needed in (
        "**agents** say who takes part",
        "docs/timeline.png",
        "make demo",
        "make test",
        "```python",
    ):
        assert needed in screen
