"""The report of a folder of evidence: what agrees, what does not, claim by claim."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.pages.tree import node
from experiments.reporting import sections
from experiments.reporting.worlds import Logged

if TYPE_CHECKING:
    from experiments.evidence.table import EvidenceTable
    from experiments.reporting.making import Page


def page_of_evidence(folder: Path, manifest: dict[str, Any]) -> Page:
    """Return what the report of evidence says."""
    from experiments.evidence.page import NOT_SIMULATED, headline
    from experiments.evidence.saving import FIGURE_FILE
    from experiments.reopening import reopen
    from experiments.reporting.making import Page

    found: EvidenceTable = reopen(folder)
    title = found.scenario.file.scenario.title
    key = [node("h2", "Key numbers", id="key"), *_counts(found)]
    for role, counted in found.counts().items():
        if counted:
            key.append(sections.folded(f"{role.capitalize()}: claim by claim ({counted.total()})",
                                       node("div", _claims(found, role), klass="scroll")))  # fmt: skip
    if found.notes:
        key.append(sections.listed(found.notes))
    return Page(
        f"Evidence for {title}",
        f"Does the scenario “{title}” agree with what the literature says?",
        "As claims are read here, and by rules that were fixed before anything was fitted:",
        {"": headline(found)},
        key,
        Logged([], {}, []),
        None,
        {FIGURE_FILE: "Every claim: what was claimed and what the runs say"},
        found.scenario,
        "",
        (
            "The number compared is the median of the runs unless a row says otherwise; in brackets, 5 % to "
            "95 % of them. The test of every claim, term by term, stands in evidence.html beside this page.",
        ),
        runs="" if found.simulates else NOT_SIMULATED,
        judges=False,
    )


def _counts(found: EvidenceTable):
    from experiments.evidence.table import VERDICTS
    from experiments.evidence.telling import ROLES

    rows = [
        (role, *(str(counted[verdict]) for verdict in VERDICTS), str(counted.total()), ROLES[role])
        for role, counted in found.counts().items()
        if counted
    ]
    heads = ("role", *VERDICTS, "claims", "")
    yield node("div", sections.table(heads, rows, (1, 2, 3, 4), "counts"), klass="scroll whole")


def _claims(found: EvidenceTable, role: str):
    from experiments.evidence.telling import claimed, needed, one_line, simulated

    rows = [
        (
            row.verdict,
            f"{one_line(row.claim.statement)} ({row.id})",
            claimed(row.claim),
            needed(row.claim) if row.judged else "",
            simulated(row.claim, row.judged) if row.judged else "",
            one_line(row.claim.source),
        )
        for row in found.rows
        if row.claim.role == role
    ]
    return sections.table(
        ("verdict", "claim", "claimed", "needed", "simulated", "source"), rows, klass="tight searched"
    )
