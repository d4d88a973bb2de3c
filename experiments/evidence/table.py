"""The evidence: every claim, what the product says, and the verdict; before and after calibration."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import numpy as np

from experiments.evidence import used_inputs
from experiments.evidence.agreement import Judged
from experiments.evidence.choice import Choice
from experiments.evidence.claims import OF_DATES, Claim, Role
from experiments.evidence.keeping import Kept
from experiments.evidence.measuring import (
    Measured,
    from_intervals,
    measure_plan,
    plan_of,
    runs_to_come,
    uses_posterior,
)
from experiments.evidence.telling import day_or_number, needs_runs
from experiments.scores import crps
from sim.errors import UserError
from sim.policy import BASES, JOIN, policy_file, split_spec
from sim.scenario import Scenario

AGREES, MISSES, UNTESTED = "agrees", "misses", "untested"
VERDICTS = (AGREES, MISSES, UNTESTED)
NO_PRIOR, NO_RIVAL = "", ""  # there is no posterior, or no rival is named


@dataclass(frozen=True)
class Evidence:
    """One claim and what became of it.

    ``judged``: how the simulated values stand to it; None for a claim of inputs. ``prior``: the same before
    calibration, None where nothing is calibrated. ``overlap``: share of the claim's interval that the 90 %
    interval of the runs covers; ``crps``: continuous ranked probability score of the runs against the claimed
    value, in its unit. ``reason``: why it misses or is untested, where that is not in the numbers.
    """

    id: str
    claim: Claim
    verdict: str
    judged: Judged | None = None
    prior: Judged | None = None
    rival: Judged | None = None
    overlap: float = math.nan
    crps: float = math.nan
    reason: str = ""
    values: np.ndarray = field(default_factory=lambda: np.empty(0), repr=False)

    @property
    def simulates(self) -> bool:
        """Whether runs decide it; else it is arithmetic, or held against inputs."""
        return needs_runs(self.claim)

    @property
    def prior_verdict(self) -> str:
        return self.prior.verdict if self.prior else NO_PRIOR

    @property
    def rival_verdict(self) -> str:
        return self.rival.verdict if self.rival else NO_RIVAL

    def row(self) -> dict[str, Any]:
        """Return the row of ``evidence.csv``; of a claim about a date, simulated days are dates too."""
        claim, judged = self.claim, self.judged

        def shown(name: str, found: Judged | None) -> float | str:
            return day_or_number(getattr(found, name), claim) if found else ""

        return {
            "id": self.id,
            "role": claim.role,
            "claim": claim.statement,
            "source": claim.source,
            "value": claim.value,
            "low": "" if claim.low is None else claim.low,
            "high": "" if claim.high is None else claim.high,
            "unit": claim.unit,
            "rule": claim.test.rule or "input",
            "simulated_median": shown("statistic", judged),
            "simulated_low": shown("low", judged),
            "simulated_high": shown("high", judged),
            "prior_median": shown("statistic", self.prior),
            "rival_value": shown("statistic", self.rival),
            "verdict": self.verdict,
            "prior_verdict": self.prior_verdict,
            "rival": claim.rival.name if claim.rival else "",
            "rival_verdict": self.rival_verdict,
            "discrepancy": judged.discrepancy if judged else "",
            "prior_discrepancy": self.prior.discrepancy if self.prior else "",
            "rival_discrepancy": self.rival.discrepancy if self.rival else "",
            "overlap": self.overlap,
            "crps": self.crps,
            "runs": judged.runs if judged else "",
            "runs_asked": judged.of if judged else "",
            "required": "yes" if claim.is_required else "no",
            "reason": self.reason,
        }


@dataclass
class EvidenceTable:
    """All claims that were held against a scenario.

    ``notes``: what a reader must know. ``choice``: which claims were left out.
    """

    scenario: Scenario
    rows: list[Evidence]
    runs: int
    seed: int
    notes: list[str] = field(default_factory=list)
    choice: Choice = field(default_factory=Choice)

    def plot(self, kind: str = "forest", out: str | Path | None = None, **options: Any) -> Any:
        """Draw a figure of it: see ``experiments.plot``."""
        from experiments.figures.plotting import plot

        return plot(self, kind, out, **options)

    @property
    def simulates(self) -> bool:
        """Whether any of the claims is held against runs."""
        return any(row.simulates for row in self.rows)

    @property
    def failed(self) -> list[Evidence]:
        """Required claims that do not agree."""
        return [row for row in self.rows if row.claim.is_required and row.verdict != AGREES]

    def counts(self) -> dict[str, Counter]:
        """Return for each role how many claims got which verdict."""
        return {
            role: Counter(row.verdict for row in self.rows if row.claim.role == role)
            for role in get_args(Role)
        }


def gather_evidence(
    claims: Mapping[str, Claim],
    scenario: Scenario,
    runs: int,
    seed: int = 1,
    *,
    threads: int | None = None,
    planned: Callable[[int], None] | None = None,
    progress: Callable[[int], None] | None = None,
    kept: Kept | None = None,
    choice: Choice | None = None,
) -> EvidenceTable:
    """Hold claims against a scenario, drawn from its posterior and, where it has one, from the prior too.

    ``planned`` is called with the number of runs to come, ``progress`` with those completed since its last
    call. ``kept``: where arms lie that were measured before. ``choice``: what the claims leave out; None:
    nothing. Raises UserError for a claim that names what is not there.
    """
    tested = {name: claim for name, claim in claims.items() if not claim.test.inputs}
    worlds = [scenario, from_intervals(scenario)] if uses_posterior(scenario) else [scenario]
    plans = [plan_of(tested, world) for world in worlds]
    used = {name: _used(name, claim, scenario) for name, claim in claims.items() if claim.test.inputs}
    if planned:
        planned(sum(runs_to_come(plan, runs, seed, kept) for plan in plans))
    measured = [
        measure_plan(plan, runs, seed, threads=threads, progress=progress, kept=kept) for plan in plans
    ]
    rows = [used[name] if name in used else _tested(name, claim, measured) for name, claim in claims.items()]
    return EvidenceTable(scenario, rows, runs, seed, notes_of(claims, scenario), choice or Choice())


def check_claims(claims: Mapping[str, Claim], scenario: Scenario) -> None:
    """Raise UserError for a claim that names what is not there; simulate nothing."""
    plan_of({name: claim for name, claim in claims.items() if not claim.test.inputs}, scenario)
    for name, claim in claims.items():
        _used(name, claim, scenario)


def notes_of(claims: Mapping[str, Claim], scenario: Scenario) -> list[str]:
    """Return warnings: inputs, and policies of its own test, that cite a claim which must be found out."""
    from sim.provenance import leaks

    targets = {name: claim for name, claim in claims.items() if claim.role in ("structural", "calibrate")}
    notes = [
        f"{name}: is the source of an input as well, so it is no evidence: {', '.join(paths)}"
        for name, paths in leaks(scenario, targets).items()
    ]
    cited = [
        f"{name} ({policy})"
        for name, claim in targets.items()
        for policy in _policies_of(claim)
        if _cites(policy, name)
    ]
    if cited:
        notes.append(
            "Named as a source by a policy of their own test, so no evidence as far as that takes a size "
            f"from them: {', '.join(cited)}"
        )
    return notes


def _policies_of(claim: Claim) -> list[str]:
    """Return the policies of the arms of a claim, by name, each once."""
    specs = [spec for arm in claim.test.arms.values() for spec in arm.policies.split(JOIN)]
    return sorted({split_spec(spec.strip())[0] for spec in specs if spec.strip() not in BASES})


def _cites(policy: str, claim: str) -> bool:
    """Return whether the file of a policy names a claim as the source of something."""
    text = policy_file(policy).read_text(encoding="utf-8")
    return re.search(rf"claim:{re.escape(claim)}(?![a-z0-9-])", text) is not None


def overlap_of(low: float, high: float, claim: Claim) -> float:
    """Return the share of a claim's interval that another interval covers; nan without an interval."""
    if claim.interval is None or claim.interval[1] <= claim.interval[0]:
        return math.nan
    least, most = claim.interval
    return max(0.0, min(high, most) - max(low, least)) / (most - least)


def crps_of(values: np.ndarray, value: float) -> float:
    """Return the CRPS of a sample against a value, in its unit; nan where a member is infinite.

    >>> crps_of(np.array([1.0, 3.0]), 2.0)
    0.5
    """
    values = values[~np.isnan(values)]
    if not len(values) or not np.isfinite(values).all() or math.isnan(value):
        return math.nan
    return crps(values, value)


def _used(name: str, claim: Claim, scenario: Scenario) -> Evidence:
    wrong: list[str] = []
    for place, used in enumerate(claim.test.inputs):
        try:
            wrong += used_inputs.problems(name, used, scenario)
        except UserError as error:
            raise UserError(f"{claim.prefix}claims.{name}.test.inputs.{place}: {error}") from None
    return Evidence(name, claim, MISSES if wrong else AGREES, reason="; ".join(wrong))


def _tested(name: str, claim: Claim, measured: Sequence[Measured]) -> Evidence:
    """Hold a claim against what was measured: first as it is used, then from the prior."""
    values = measured[0].formula(name, claim)
    judged = claim.judge(values)
    prior = claim.judge(measured[1].formula(name, claim)) if len(measured) > 1 else None
    rival = None
    if claim.rival:
        naive = np.broadcast_to(measured[0].formula(name, claim, claim.rival.formula), values.shape)
        rival = claim.judge(naive)
    reason = ""
    if judged.verdict == UNTESTED:
        reason = f"the formula is defined in {judged.runs} of {judged.of} runs only"
    numeric = claim.test.rule in OF_DATES
    return Evidence(
        name, claim, judged.verdict, judged, prior, rival,
        overlap_of(judged.low, judged.high, claim) if numeric else math.nan,
        crps_of(values, claim.number) if numeric else math.nan,
        reason, values,
    )  # fmt: skip
