"""How the code must be built: imports one way, rules plain, no name of a technology in the engine."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tokenize
from pathlib import Path

import numpy as np
import pytest

import sim.metrics
import sim.tables
import sim.world
from agents.kinds import REGISTRY
from sim.scenario import CONFIGS, load, names
from sim.tables import INPUT_DTYPES

ROOT = CONFIGS.parent
FILES = sorted([*(ROOT / "agents").glob("*.py"), *(ROOT / "sim").glob("*.py")])
LAYERS = {"agents": {"agents"}, "sim": {"agents", "sim"}}
HEAVY = {"pandas", "networkx", "mesa", "matplotlib"}


def short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def holds_rules(path: Path) -> bool:
    return any(is_rule(node) for node in ast.walk(ast.parse(path.read_text())))


def is_rule(node) -> bool:
    decorators = getattr(node, "decorator_list", [])
    return any(isinstance(mark, ast.Name) and mark.id in ("rule", "rule_in_place") for mark in decorators)


RULE_FILES = [path for path in FILES if holds_rules(path)]
assert len(RULE_FILES) > 10


def imported(path: Path, everywhere: bool = True):
    """Return the top packages that a file imports (everywhere, or only at its top level)."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree) if everywhere else tree.body:
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("path", FILES, ids=short)
def test_imports_go_one_way(path):
    ours = set(imported(path)) & {"agents", "sim", "experiments", "tests", "benchmarks"}
    assert ours <= LAYERS[path.parent.name]


@pytest.mark.parametrize("path", RULE_FILES, ids=short)
def test_rules_import_nothing_heavy(path):
    assert not set(imported(path, everywhere=False)) & HEAVY


def test_importing_sim_loads_nothing_heavy():
    code = "import sys, sim; print(sorted({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not set(ast.literal_eval(done.stdout)) & (HEAVY | {"numba", "numpy", "pydantic"})


@pytest.mark.parametrize("path", FILES, ids=short)
def test_no_file_is_a_drawer_for_anything(path):
    assert path.stem not in {"utils", "helpers", "common", "base", "manager"}


def names_of_the_world() -> set[str]:
    """Names of actors, classes and models that only a scenario may know."""
    raw = load("gpt3").raw
    proper = set(raw["actors"]) - {"Thieves"}  # which is a word of the engine
    return {name.lower() for name in proper | {*raw["classes"], "GPT-3", "GPT-2", "transformer"}}


def words_of_code(path: Path) -> set[str]:
    """Return names and texts of a file, in lower case, without comments and docstrings."""
    docstrings = {
        (node.body[0].lineno, node.body[0].end_lineno)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node)
    }
    words = set()
    with path.open("rb") as source:
        for token in tokenize.tokenize(source.readline):
            documents = any(first <= token.start[0] <= last for first, last in docstrings)
            if token.type in (tokenize.NAME, tokenize.STRING) and not documents:
                words.add(token.string.strip("\"'").lower())
    return words


@pytest.mark.parametrize("path", FILES, ids=short)
def test_the_engine_names_no_technology_and_no_actor(path):
    told = names_of_the_world()
    for word in words_of_code(path):
        for name in told:
            assert not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", word), (name, word)


@pytest.mark.parametrize("path", RULE_FILES, ids=short)
def test_rules_give_the_same_bits_with_and_without_the_compiler(path):
    """math, not numpy, for functions; no powers of floats; no generator; no fast-math."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.keyword):
            assert node.arg != "fastmath"
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "np":
            assert node.attr != "random", node.lineno
        if is_rule(node):
            for part in ast.walk(node):
                if isinstance(part, ast.BinOp):
                    assert not isinstance(part.op, ast.Pow), f"line {part.lineno}: a power; use products"
                if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute):
                    owner = part.func.value
                    plain = not (isinstance(owner, ast.Name) and owner.id == "np")
                    assert plain or part.func.attr in {"uint64", "int64"}, f"line {part.lineno}"


def tables():
    """Yield each kind of table once, with its name."""
    for module in (sim.tables, sim.world, sim.metrics):
        for name, value in vars(module).items():
            if isinstance(value, np.dtype) and value.names:
                yield name, value
    for name, value in INPUT_DTYPES.items():
        yield f"inputs.{name}", value


@pytest.mark.parametrize(("name", "dtype"), dict(tables()).items(), ids=lambda value: str(value)[:30])
def test_no_field_hides_behind_an_attribute_of_numpy(name, dtype):
    """``row.size`` of a record is NumPy's, not the table's, when the compiler is off."""
    hidden = [field for field in dtype.names if hasattr(np.record, field) or hasattr(np.recarray, field)]
    assert not hidden


@pytest.mark.parametrize("key", list(REGISTRY))
def test_every_kind_of_actor_keeps_the_contract(key):
    kind = REGISTRY[key]
    assert kind.key == key == key.lower()
    assert kind.phrase and kind.__doc__
    import agents

    assert kind.__module__ != "agents.kinds" or getattr(agents, kind.__name__) is kind


def test_rules_are_short():
    for path in RULE_FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if is_rule(node):
                assert node.end_lineno - node.lineno < 80, f"{short(path)}: {node.name}"


def test_configs_are_data():
    assert names()
    for path in CONFIGS.rglob("*"):
        assert path.is_dir() or path.suffix in (".toml", ".parquet"), path
