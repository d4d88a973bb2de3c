"""What is shipped: one version everywhere, the data beside the code, constraints that fit."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import sim
from sim.scenario import CONFIGS

ROOT = CONFIGS.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PINNED = dict(
    line.split("==")
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
)


DISTRIBUTIONS = {"PIL": "pillow", "sklearn": "scikit-learn"}  # whose packages have another name


def name_of(requirement: str) -> str:
    return re.split(r"[\[<>=!~ ;]", requirement, maxsplit=1)[0].lower()


def test_the_version_is_the_same_everywhere():
    assert PROJECT["tool"]["hatch"]["version"]["path"] == "sim/__init__.py"
    assert f"\nversion: {sim.__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"## {sim.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_every_dependency_is_pinned_within_its_range():
    from packaging.requirements import Requirement

    pinned = {name.lower(): version for name, version in PINNED.items()}
    project = PROJECT["project"]
    wanted = project["dependencies"] + sum(project["optional-dependencies"].values(), [])
    for text in wanted:
        requirement = Requirement(text)
        if requirement.name != project["name"]:
            assert requirement.specifier.contains(pinned[requirement.name.lower()]), text


def test_every_import_is_declared():
    project = PROJECT["project"]
    declared = {name_of(text) for text in project["dependencies"]}
    extras = {
        name: {name_of(text) for text in wanted} for name, wanted in project["optional-dependencies"].items()
    }
    own = {"agents", "experiments", "sim", *sys.stdlib_module_names}
    for package in ("agents", "experiments", "sim"):
        for path in (ROOT / package).rglob("*.py"):
            allowed = declared | extras.get(path.stem, set()) | extras.get(path.parent.name, set())
            imported = {DISTRIBUTIONS.get(name, name.lower()) for name in imports_of(path) - own}
            assert imported <= allowed, path


def imports_of(path: Path) -> set[str]:
    """Return the packages that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def test_types_are_marked():
    for package in ("agents", "experiments", "sim"):
        assert (ROOT / package / "py.typed").is_file()


def test_continuous_integration_gives_the_commands_of_a_person():
    script = (ROOT / ".ci" / "run").read_text()
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    called = re.findall(r"^make (\w+)$", script, re.MULTILINE)
    assert called == ["check", "test"]
    assert {"demo", "test", "check", "verify", "bench", "clean", "figure", *called} <= targets


@pytest.mark.slow
def test_the_wheel_works_without_the_source(tmp_path):
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "--wheel-dir",
            str(tmp_path),
            str(ROOT),
        ],
        check=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        inside = archive.namelist()
        archive.extractall(tmp_path / "installed")
    for path in sorted(CONFIGS.rglob("*.toml")):
        assert f"configs/{path.relative_to(CONFIGS).as_posix()}" in inside
    assert {name.split("/")[0] for name in inside if ".dist-info" not in name} == {
        *("agents", "configs", "experiments", "sim"),
    }
    code = "import sim; print(sim.__file__); print(len(sim.simulate('toy', runs=2).runs))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "installed"), "PATH": "", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert str(tmp_path / "installed") in done.stdout and done.stdout.strip().endswith("2")
