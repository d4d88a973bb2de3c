"""Which numbers of the record the inputs were fitted to, so that whoever compares them knows."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from experiments.evidence.claims import Claim
    from sim.scenario import Scenario


def fitted_to(scenario: Scenario) -> frozenset[str]:
    """Return the metrics that a claim is itself about to which the inputs of a scenario were fitted.

    None where inputs are not drawn from a posterior. Claims that compare a metric with something else, such
    as with another arm, do not say where it lies, and do not count.
    """
    sample = scenario.posterior_file
    return _targets(scenario.name, sample) if sample else frozenset()


@cache
def _targets(scenario: str, sample: Path) -> frozenset[str]:
    from experiments.calibration.claimed import ROLE
    from experiments.evidence.claims import load_claims

    let_go = _out_of_reach(sample)
    return frozenset(
        metric
        for name, claim in load_claims(scenario).items()
        if claim.role == ROLE and name not in let_go
        for metric in [_metric_of(claim)]
        if metric
    )


def _metric_of(claim: Claim) -> str:
    """Return the metric of the scenario itself that a claim is about; "" if it is about something else."""
    from experiments.evidence.claims import BASE

    quantity = claim.test.quantities.get(claim.test.formula.strip())
    return quantity.metric or "" if quantity is not None and quantity.arm == BASE else ""


def _out_of_reach(sample: Path) -> list[str]:
    """Return the claims from which nothing was learned; none where no manifest lies beside the sample."""
    try:
        made = tomllib.loads(sample.with_suffix(".toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return list(made.get("claims_out_of_reach", ()))
