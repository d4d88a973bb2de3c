"""The manifest of a result: all that is needed to make it again."""

from __future__ import annotations

import datetime
import hashlib
import json
import platform
import shlex
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import sim
from experiments.folder import MADE_BY, MANIFEST
from sim.result import Result
from sim.scenario import Scenario

PACKAGES = ("numpy", "numba", "llvmlite", "pandas", "pyarrow", "mesa")


def describe_result(result: Result, asked: int, started: datetime.datetime | None = None) -> dict[str, Any]:
    """Return what a result was made from, as plain data.

    ``asked``: number of runs asked for. ``started``: when the command began.
    """
    return describe_scenario(result.scenario, result.seed, started) | {
        "runs_asked": int(asked),
        "runs_completed": len(result.run_numbers),
        "interrupted": bool(result.interrupted),
        "inputs": "drawn" if result.draws.shape[1] or not len(result.compiled.uncertain) else "centre",
        "logs": sorted(map(int, result.logs)),
        "metrics": {
            metric.name: {"unit": metric.unit, "meaning": metric.meaning} for metric in result.metrics
        },
    }


def describe_scenario(
    scenario: Scenario, seed: int, started: datetime.datetime | None = None
) -> dict[str, Any]:
    """Return what every command notes: scenario, seed, rules, versions, machine, times."""
    from agents.rule import source_hash

    root = Path(sim.__file__).resolve().parent.parent
    note = posterior_note(scenario)
    return {
        "made_by": MADE_BY,
        "version": sim.__version__,
        "scenario_name": scenario.name,
        "fingerprint": scenario.fingerprint,
        "seed": int(seed),
        "sets": list(scenario.sets),
        "policies": list(scenario.policies),
        "command": command_line(),
        "commit": commit_of(root),
        "rules": source_hash(root),
        "versions": versions(),
        "platform": platform.platform(),
        "processor": platform.machine(),
        "started": started.isoformat(timespec="seconds") if started else None,
        "ended": now().isoformat(timespec="seconds"),
        "scenario_file": scenario.origin,
        "scenario": json.loads(json.dumps(scenario.raw, default=str)),
        **({"posterior_note": note} if note else {}),
    }


def what_is_held(folder: Path) -> str:
    """Return which results of ours a folder holds, in words; "" for none.

    Scenario, what was laid over it, arms, runs and seed, and the scenario's fingerprint.
    """
    from experiments.summary import laid_over

    try:
        held = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if held["made_by"] != MADE_BY:
            return ""
        name = f"study {held['study']}" if "study" in held else held["scenario_name"]
        arms = f" against {', '.join(held['arms'])}" if held.get("arms") and "study" not in held else ""
        asked = held.get("attribution")
        about = f", {asked['outcome']} over {asked['over']}" if asked else ""
        laid = laid_over(held["policies"], held["sets"])
        runs = held["runs_completed"]
        return (
            f"{name}{about}{laid}{arms}, {runs:,} run{'s' * (runs != 1)}, seed {held['seed']} "
            f"(scenario {held['fingerprint'][:8]})"
        )
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def posterior_note(scenario: Scenario) -> str:
    """Return in a line that the posterior of a scenario was learned with other rules than run now.

    "" where it was learned with these, where none is used, or where no manifest lies beside the sample.
    """
    from agents.rule import source_hash

    sample = scenario.posterior_file
    try:
        made = tomllib.loads(sample.with_suffix(".toml").read_text(encoding="utf-8")) if sample else {}
    except (OSError, ValueError):
        return ""
    learned, now_run = made.get("rules"), source_hash(Path(sim.__file__).resolve().parent.parent)
    if sample is None or not isinstance(learned, str) or learned == now_run:
        return ""
    return (
        f"The posterior {sample.name} was learned with other rules ({learned}) than run now ({now_run}), "
        "or with another version of Python or Numba; calibrate again to learn it with these."
    )


def key_facts(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return the part of a manifest that goes into each file, so that no file stands alone."""
    names = (
        "made_by",
        "version",
        "scenario_name",
        "fingerprint",
        "seed",
        "sets",
        "policies",
        "commit",
        "rules",
    )
    return {name: manifest[name] for name in names}


def now() -> datetime.datetime:
    """Return the time, with its zone (UTC)."""
    return datetime.datetime.now(datetime.UTC)


def versions() -> dict[str, str | None]:
    """Return the versions of Python and of the libraries that a result may depend on."""
    found: dict[str, str | None] = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = None
    return found


def command_line() -> str:
    """Return the command that is running, as it could be typed again."""
    return shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])


def commit_of(root: Path) -> dict[str, Any] | None:
    """Return the commit of the source in ``root`` and whether files differ from it.

    None where ``root`` is not the top of a git work tree (an installed copy) or git is missing.
    """
    try:
        top = _git(root, "rev-parse", "--show-toplevel")
        if not top or Path(top).resolve() != root:
            return None
        return {"id": _git(root, "rev-parse", "HEAD"), "dirty": bool(_git(root, "status", "--porcelain"))}
    except (OSError, subprocess.SubprocessError):
        return None


def _git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout.strip()


def content_hash(path: Path) -> str:
    """Return a hash of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
