"""The examples of docs/design.md (Your own code), docs/networks.md and docs/tail.md run as they stand."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib

import pytest

from sim.networks import read
from sim.scenario import CONFIGS, from_data, load, merge

ROOT = CONFIGS.parent
DOCS = ROOT / "docs"


def blocks(page: str, language: str, under: str = "") -> list[str]:
    """Return the code blocks of one language of a page, from a heading on."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text[text.index(under) :], re.MULTILINE | re.DOTALL)


def python(*arguments: str, folder=ROOT) -> str:
    """Run Python as a person does from the root of the clone; return what it printed."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_module_of_ones_own_is_known_to_the_command_line_that_it_calls(tmp_path):
    commands = [shlex.split(line) for line in blocks("design.md", "sh", "## Your own code")[0].splitlines()]
    (tmp_path / "docs").symlink_to(DOCS)
    for name, *arguments in commands:
        assert name == "python"
        said = python(*arguments, folder=tmp_path)
        assert "Written:" in said
    assert (tmp_path / "out" / "mine-starts.png").stat().st_size > 0


def test_its_kind_of_actor_and_its_reading_work(tmp_path):
    (tmp_path / "claims.toml").write_text("""
[claims.delta-tries]
role = "held-back"
kind = "structural"
statement = "Delta tries."
value = 1
unit = "projects"
source = "an example"
test = { quantities.tries = { reading = "tries", with = { actor = "Delta" } }, formula = "tries", \
rule = "point", side = "at least" }
""")
    example = str(DOCS / "examples" / "mine.py")
    scenario = str(DOCS / "examples" / "mine.toml")
    asked = ("evidence", scenario, "--claims", "claims.toml", "--no-shipped", "--runs", "20", "--out", "out")
    said = python(example, *asked, folder=tmp_path)
    assert re.search(r"held-back +1 +0 +0 +1", said)
    code = f"import sys; sys.path.insert(0, {str(DOCS / 'examples')!r}); import mine\n"
    code += (
        f"from sim import DiffusionModel; print(type(DiffusionModel({scenario!r}).actor('Delta')).__name__)"
    )
    assert python("-c", code, folder=tmp_path).strip() == "StartUp"


@pytest.mark.parametrize("place", range(3))
def test_the_blocks_on_networks_run_by_themselves(place):
    found = blocks("networks.md", "python")
    assert len(found) == 3
    python("-c", found[place])


def test_the_network_of_the_page_is_read_from_its_file():
    (spec,) = [tomllib.loads(block)["network"] for block in blocks("networks.md", "toml", "## Files")]
    path = DOCS / "examples" / spec["path"]
    world = merge(
        load("spread").raw, {"populations": {"nodes": {"members": 4}}, "tail": {"origins": ["Ada"]}}
    )
    world["network"] = spec
    assert from_data(world, str(path.with_name("world.toml"))).file.network.path == spec["path"]
    network = read(
        path, directed=spec["directed"], columns=spec["columns"], ignore=spec["ignore"], start=spec["start"]
    )
    assert network.names == ("Ada", "Ben", "Cleo", "Dan") and network.ties == 8


def test_the_comparison_of_the_tail_is_a_small_one():
    (command,) = [line for line in blocks("tail.md", "sh")[0].splitlines() if " compare " in line]
    assert "--runs 20" in command and "--logs 0" in command
