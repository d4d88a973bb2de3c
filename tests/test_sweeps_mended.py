"""Stores that something happened to, and commands that must say how to mend them."""

from __future__ import annotations

import shlex
from pathlib import Path

import pandas as pd
import pytest
from terminal import cascades

from experiments.sweeps.running import resume, sweep
from experiments.sweeps.store import Store

PEOPLE = "actors.Beta.people"
METRICS = ["lag_1", "n_dev"]
SETTINGS = {"runs": 20, "metrics": METRICS, "chunk": 10, "threads": 1}


@pytest.fixture
def store(tmp_path) -> Store:
    """Two points of twenty runs in four parts, in a folder whose name a shell would take apart."""
    return sweep("toy", {PEOPLE: [5, 15]}, out=tmp_path / "my sweeps" / "o'ne", **SETTINGS)


def content(folder: Path) -> dict[str, bytes]:
    """All that is a result in a store."""
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("[!.]*.parquet"))}


def failing(folder: Path) -> Store:
    """A point that works and one that cannot."""
    forbid, require = "order:artifacts=code,action=forbid", "order:artifacts=code,action=require"
    rows = [{"first": forbid, "second": "base"}, {"first": forbid, "second": require}]
    return sweep("toy", None, rows, out=folder, runs=3, metrics=METRICS, threads=1)


# ---- commands that a shell takes as they stand


def test_a_hint_can_be_pasted_into_a_shell_whatever_the_folder_is_called(store):
    store.parts()[0].unlink()
    hint = cascades("status", store.folder).out.splitlines()[-1].removeprefix("the rest: ")
    assert shlex.split(hint) == ["cascades", "resume", str(store.folder)]
    assert cascades(*shlex.split(hint)[1:]).code == 0
    assert "done 40 of 40" in cascades("status", store.folder).out


def test_the_command_that_repeats_a_failed_run_can_be_pasted_into_a_shell(tmp_path):
    folder = failing(tmp_path / "my sweeps").folder
    words = shlex.split(pd.read_csv(folder / "failures.csv")["repeat"][0])
    assert words[:3] == ["cascades", "replay", str(folder)]
    assert "forbids what the other requires" in cascades(*words[1:]).refusal
