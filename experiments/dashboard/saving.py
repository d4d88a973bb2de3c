"""What a window leaves behind: its world as a scenario file, its figure as a picture."""

from __future__ import annotations

import json
import shlex
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from experiments.comparison import Comparison
from experiments.dashboard.setting import Setting, arms_of, sets_of
from experiments.sweeps.worlds import SET_BY_USER
from experiments.toml_text import as_toml
from sim.policy import JOIN, load_base
from sim.scenario import ADDED_TO, Scenario, find, is_number_table, names


def scenario_file(scenario: Scenario, setting: Setting) -> str:
    """Return the arm of a setting as a TOML file that ``cascades run`` reads, with the same bits.

    It extends the scenario from which it was made, so that it says only what differs.
    """
    name, *policies = setting.scenario.split(JOIN)
    source = name if name in names() else str(find(name).resolve())
    laid = load_base(name) if policies else scenario
    content = {"extends": source, **overlay(laid.raw, arms_of(scenario, setting).arm.raw)}
    told = [
        "Saved by `cascades explore`. The same paired difference:",
        f"  {command(scenario, setting)}",
        "This world alone:",
        f"  cascades run THIS_FILE.toml --runs {setting.runs} --seed {setting.seed}",
    ]
    text = as_toml(content)
    for origin in {scenario.origin, str(find(name))}:  # where a file lies is nobody else's business
        text = text.replace(
            f"{SET_BY_USER} ({json.dumps(origin)[1:-1]})", f"{SET_BY_USER} (cascades explore)"
        )
    return "".join(f"# {_one_line(line)}\n" for line in told) + "\n" + text


def command(scenario: Scenario, setting: Setting) -> str:
    """Return the command that gives the same paired difference."""
    sets = sets_of(scenario, setting)
    chosen = ["cascades", "compare", setting.scenario, setting.spec or "base"]
    if setting.everywhere or not sets:
        chosen += [word for text in sets for word in ("--set", text)]
    else:  # the numbers hold in the arm alone
        chosen[3] = "THIS_FILE.toml"
    return shlex.join([*chosen, "--runs", str(setting.runs), "--seed", str(setting.seed)])


def overlay(base: Mapping[str, Any], changed: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a file must say that extends ``base``, for the world to be ``changed``.

    Orders and changes are added to those that are there; rows that are gone are removed by name. Which
    numbers a posterior leaves alone follows from the numbers themselves.
    """
    removed = [
        f"{table}.{_quoted(row)}"
        for table, rows in base.items()
        if isinstance(rows, dict) and isinstance(changed.get(table), dict)
        for row in rows
        if row not in changed[table] and isinstance(rows[row], dict)
    ]
    said: dict[str, Any] = {"remove": removed} if removed else {}
    for key, value in _differing(base, changed).items():
        if key in ADDED_TO and isinstance(base.get(key), list):
            value = value[len(base[key]) :]
        if key == "posterior" and isinstance(value, dict):
            value = {name: what for name, what in value.items() if name != "except"}
        if value not in ({}, []):
            said[key] = value
    return said


def figure(comparison: Comparison) -> bytes:
    """Return the picture of a comparison as PNG."""
    with tempfile.TemporaryDirectory() as folder:
        return comparison.figure(Path(folder) / "compare.png").read_bytes()


def _differing(base: Mapping[str, Any], changed: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in changed.items():
        old = base.get(key)
        if isinstance(value, dict) and isinstance(old, dict) and not is_number_table(value):
            below = _differing(old, value)
            if below:
                found[key] = below
        elif key not in base or value != old:
            found[key] = value
    return found


def _quoted(row: str) -> str:
    return f'"{row}"' if "." in row or " " in row else row


def _one_line(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)
