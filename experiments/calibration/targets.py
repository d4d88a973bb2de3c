"""Which numbers of the record the inputs were fitted to, so that whoever compares them knows."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.scenario import CONFIGS

if TYPE_CHECKING:
    from sim.scenario import Scenario

ROLE = "calibrate"  # of claims to which inputs may be fitted


def fitted_to(scenario: Scenario) -> frozenset[str]:
    """Return the metrics that a claim is itself about to which the inputs of a scenario were fitted.

    None where inputs are not drawn from a posterior. Claims that compare a metric with something else, such
    as with another arm, do not say where it lies, and do not count.
    """
    sample = scenario.posterior_file
    return _targets(scenario.name, sample) if sample else frozenset()


@cache
def _targets(scenario: str, sample: Path) -> frozenset[str]:
    """Read the shipped claims as they stand: to check them takes longer than a run."""
    let_go = _out_of_reach(sample)
    found = set()
    for path in sorted((CONFIGS / "claims").glob("*.toml")):
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        if scenario in data.get("scenarios", [scenario]):
            fitted = {name: claim for name, claim in data["claims"].items() if claim["role"] == ROLE}
            found |= {_metric_of(claim["test"]) for name, claim in fitted.items() if name not in let_go}
    return frozenset(found - {""})


def _metric_of(test: dict[str, Any]) -> str:
    """Return the metric of the scenario itself that a test is about; "" if it is about something else."""
    quantity = test.get("quantities", {}).get(test.get("formula", "").strip(), {})
    return quantity.get("metric", "") if "arm" not in quantity else ""


def _out_of_reach(sample: Path) -> list[str]:
    """Return the claims from which nothing was learned; none where no manifest lies beside the sample."""
    try:
        made = tomllib.loads(sample.with_suffix(".toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return list(made.get("claims_out_of_reach", ()))
