"""What only some uses need: how it is installed, said in the same way everywhere."""

from __future__ import annotations

import re
import tomllib

from experiments.extras import how_to_install
from sim.scenario import CONFIGS

ROOT = CONFIGS.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_pages_install_from_the_clone_and_only_extras_that_there_are():
    named = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert "diffusion-cascades[" not in text, page
        for extras in re.findall(r"pip install '\.\[([^\]]+)\]'", text):
            named += extras.split(",")
    assert {"dashboard", "cluster"} <= set(named) <= set(EXTRAS)


def test_messages_name_extras_that_there_are():
    called = []
    for folder in ("experiments", "benchmarks"):
        for path in (ROOT / folder).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            assert "diffusion-cascades[" not in text, path
            if "how_to_install(" in text and path.name != "extras.py":
                called += re.findall(
                    r"""how_to_install\(['\"](\w+)['\"]\)|^EXTRA = "(\w+)"$""", text, re.MULTILINE
                )
    assert {one or other for one, other in called} == {"bench", "cluster", "dashboard"}
    assert set(EXTRAS) >= {"bench", "cluster", "dashboard"}
    assert how_to_install("cluster").startswith("pip install '.[cluster]'")
