"""Evidence as files: the table, and what it was made from; and in words."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from experiments.evidence.claims import Claim
from experiments.evidence.table import VERDICTS, Evidence, EvidenceTable, gather_evidence
from experiments.folder import OutputFolder
from sim.scenario import Scenario

TABLE_FILE = "evidence.csv"


def evidence_and_save(
    claims: Mapping[str, Claim],
    scenario: Scenario,
    out: str | Path,
    *,
    runs: int,
    seed: int,
    threads: int | None = None,
    planned: Callable[[int], None] | None = None,
    progress: Callable[[int], None] | None = None,
) -> tuple[EvidenceTable, list[Path]]:
    """Hold claims against a scenario and leave the table in a folder; return both.

    A folder that cannot be written is found first. Raises UserError.
    """
    from experiments.manifest import now

    started = now()
    with OutputFolder(out) as folder:
        table = gather_evidence(
            claims, scenario, runs, seed, threads=threads, planned=planned, progress=progress
        )
        return table, write(table, folder, started)


def write(table: EvidenceTable, folder: OutputFolder, started: Any = None) -> list[Path]:
    """Write the files of the evidence into an output folder; return them."""
    from experiments.run import write_files

    return write_files(
        folder,
        {TABLE_FILE: lambda path: path.write_text(as_csv(table), encoding="utf-8")},
        describe(table, started),
    )


def describe(table: EvidenceTable, started: Any = None) -> dict[str, Any]:
    """Return what the evidence was made from, as plain data."""
    from experiments.manifest import describe_scenario

    manifest = describe_scenario(table.scenario, table.seed, started)
    manifest |= {"runs_asked": table.runs, "notes": table.notes}
    manifest["verdicts"] = {role: dict(found) for role, found in table.counts().items()}
    manifest["claims"] = {
        row.id: row.claim.model_dump(mode="json", exclude_defaults=True) for row in table.rows
    }
    return manifest


def as_csv(table: EvidenceTable) -> str:
    """Return the table as CSV; what is not known is empty."""
    text = io.StringIO()
    rows = [row.row() for row in table.rows]
    writer = csv.DictWriter(text, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _cell(value) for name, value in row.items()})
    return text.getvalue()


def in_words(table: EvidenceTable) -> str:
    """Return the verdicts by role, and every claim that does not agree, as plain text."""
    from experiments.table import laid_out

    cells = [["role", *VERDICTS, "of"]]
    for role, counted in table.counts().items():
        if counted:
            cells.append([role, *(str(counted[verdict]) for verdict in VERDICTS), str(counted.total())])
    lines = laid_out(cells, right=range(1, len(cells[0])))
    for verdict in VERDICTS[1:]:
        found = [row for row in table.rows if row.verdict == verdict]
        if found:
            lines += ["", f"{verdict}:", *(f"  {in_a_line(row)}" for row in found)]
    lines += ["", *table.notes] if table.notes else []
    if table.failed:
        lines += ["", f"Required and not met: {', '.join(row.id for row in table.failed)}."]
    return "\n".join(lines)


def in_a_line(row: Evidence) -> str:
    """Return a claim and what the product says, in a line."""
    claim, judged = row.claim, row.judged
    said = f"{claim.value:g}" if isinstance(claim.value, float) else claim.value
    if claim.low is not None and claim.high is not None:
        said += f" ({claim.low:g} to {claim.high:g})"
    if judged is None:
        return f"{row.id}: {row.reason}"
    found = f"{judged.statistic:.3g} ({judged.low:.3g} to {judged.high:.3g})"
    unit = "% of runs" if claim.test.rule in ("sign", "order", "pattern", "probability") else claim.unit
    return f"{row.id}: claimed {said} {claim.unit}; simulated {found} {unit}" + (
        f"; {row.reason}" if row.reason else ""
    )


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.6g}"
    return value
