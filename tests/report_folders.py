"""Folders of results of small worlds, for the tests of reports: one of every sort, and odd ones."""

from __future__ import annotations

import copy
from pathlib import Path

from terminal import cascades

import experiments
import sim
from experiments.comparison import compare
from sim.scenario import from_data, merge

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>&amp;\u202e"
LATER = "order:actors=Alpha,hold_months=6"
STUDY = """
title = "Does it matter?"
scenario = "toy"
runs = 12
reading = "Positive: later."
[arms]
"later" = "order:actors=Alpha,hold_months=6"
[sweep.hold]
arm = "order:actors=Alpha,hold_months={x}"
values = [2, 4, 8]
unit = "months"
[[analysis]]
kind = "differences"
metrics = ["lag_1", "n_dev"]
arms = ["later"]
"""
SWEEP = """
scenario = "toy"
runs = 10
logs = 1
metrics = ["lag_1", "n_dev"]
[design]
method = "grid"
[factors."effects.details.work"]
levels = [0.0, 0.6]
[factors."actors.Beta.people"]
levels = [5, 45]
"""


def make_folder(sort: str, path: Path) -> Path:
    """Make a folder of results and return it. ``sort``: a command, or one of the odd worlds below."""
    if sort in WORLDS:
        experiments.save(sim.simulate(WORLDS[sort](), runs=4, seed=2, logs=2), path)
        return path
    above = path.parent
    commands = {
        "run": ("run", "toy", "--runs", 30, "--logs", 4, "--seed", 2),
        "sweep": ("sweep", written(above / "sweep.toml", SWEEP)),
        "study": ("study", written(above / "study.toml", STUDY), "--logs", 2),
        "evidence": ("evidence", "toy", "--only", "identity", "--runs", 10),
    }
    if sort == "compare":
        compare("toy", [LATER, "code-never"], runs=30, seed=2, logs=2).save(path)
        return path
    done = cascades(*commands[sort], "--out", path)
    assert done.code in (0, 1), done.err
    return path


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def changed(**tables):
    """Return the toy world with tables laid over it."""
    return from_data(merge(copy.deepcopy(sim.load("toy").raw), tables))


def hostile():
    """A world in which names and titles look like markup."""
    raw = copy.deepcopy(sim.load("toy").raw)
    text = _renamed(raw, "Beta", HOSTILE)
    text["scenario"]["title"] = f"Title {HOSTILE}"
    return from_data(text)


def crowd():
    """Forty laboratories with long names."""
    raw = sim.load("toy").raw
    names = [f"The National Research Institute of Very Large Models, Department {k}" for k in range(37)]
    return changed(actors={name: copy.deepcopy(raw["actors"]["Beta"]) for name in names})


def alone():
    """One actor, who builds; nobody to follow it."""
    raw = copy.deepcopy(sim.load("toy").raw)
    return from_data(merge(raw, {"remove": [f"actors.{name}" for name in raw["actors"] if name != "Alpha"]}))


def long_time():
    """Two hundred months."""
    return changed(scenario={"end": "2036-08"})


def short_time():
    """One month."""
    scripts = sim.load("toy").raw["scripted_projects"]
    return changed(scenario={"end": "2020-01"}, remove=[f"scripted_projects.{name}" for name in scripts])


def still():
    """A world in which nobody ever follows."""
    kinds = sim.load("toy").raw["kinds"]
    return changed(kinds={name: {"start_rate": 0.0} for name, kind in kinds.items() if kind.get("develops")})


WORLDS = {
    "hostile": hostile, "crowd": crowd, "alone": alone, "long": long_time, "short": short_time,
    "still": still,
}  # fmt: skip


def _renamed(node, old: str, new: str):
    """Return data in which a name is another one, as key and as value."""
    if isinstance(node, dict):
        return {new if key == old else key: _renamed(value, old, new) for key, value in node.items()}
    if isinstance(node, list):
        return [_renamed(value, old, new) for value in node]
    return new if node == old else node
