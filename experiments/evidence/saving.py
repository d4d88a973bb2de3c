"""Evidence as files: the table, and what it was made from; and in words."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from experiments.evidence.agreement import Judged
from experiments.evidence.choice import Choice
from experiments.evidence.claims import Claim, is_date
from experiments.evidence.keeping import Kept
from experiments.evidence.table import VERDICTS, Evidence, EvidenceTable, gather_evidence
from experiments.evidence.telling import claimed, needed, one_line, simulated
from experiments.folder import MANIFEST, OutputFolder
from sim.errors import UserError
from sim.scenario import Scenario, problem_of
from sim.schema import date_of_months, months_of_date

TABLE_FILE, PAGE_FILE, FIGURE_FILE = "evidence.csv", "evidence.html", "evidence.png"


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
    kept: Kept | None = None,
    choice: Choice | None = None,
) -> tuple[EvidenceTable, list[Path]]:
    """Hold claims against a scenario and leave table, page and figure in a folder; return table and files.

    A folder that cannot be written is found first. ``kept``: where measured arms are kept; where Ctrl-C
    breaks it off, the same call goes on from there. ``choice``: what the claims leave out; None: nothing.
    Raises UserError.
    """
    from experiments.manifest import now

    started = now()
    if not claims:
        raise UserError(
            "there is no claim to test; name a file with --claims whose claims are about this scenario"
        )
    with OutputFolder(out) as folder:
        table = gather_evidence(
            claims, scenario, runs, seed, threads=threads, planned=planned, progress=progress, kept=kept,
            choice=choice,
        )  # fmt: skip
        return table, write(table, folder, started)


def write(table: EvidenceTable, folder: OutputFolder, started: Any = None) -> list[Path]:
    """Write the files of the evidence into an output folder; return them."""
    from experiments.evidence.page import page_of
    from experiments.figures.evidence import draw_evidence
    from experiments.run import write_files

    manifest = describe(table, started)
    return write_files(
        folder,
        {
            TABLE_FILE: lambda path: path.write_text(as_csv(table), encoding="utf-8"),
            PAGE_FILE: lambda path: path.write_text(page_of(table, manifest), encoding="utf-8"),
            FIGURE_FILE: lambda path: draw_evidence(table, path),
        },
        manifest,
    )


def describe(table: EvidenceTable, started: Any = None) -> dict[str, Any]:
    """Return what the evidence was made from, as plain data."""
    from experiments.manifest import describe_scenario

    manifest = describe_scenario(table.scenario, table.seed, started)
    manifest |= {"runs_asked": table.runs, "notes": table.notes}
    manifest["chosen"] = asdict(table.choice)
    manifest["verdicts"] = {role: dict(found) for role, found in table.counts().items()}
    manifest["claims"] = {
        row.id: row.claim.model_dump(mode="json", exclude_defaults=True) for row in table.rows
    }
    return manifest


def reopened(folder: Path, manifest: dict[str, Any]) -> EvidenceTable:
    """Return a table of evidence as it was saved, but for the simulated values themselves."""
    from sim.scenario import from_data

    scenario = from_data(
        manifest["scenario"], manifest["scenario_file"], tuple(manifest["sets"]),
        policies=tuple(manifest["policies"]), name=manifest["scenario_name"],
    )  # fmt: skip
    claims = {name: _claim(name, said) for name, said in manifest["claims"].items()}
    text = (folder / TABLE_FILE).read_text(encoding="utf-8")
    rows = [_evidence(row, claims[row["id"]]) for row in csv.DictReader(io.StringIO(text))]
    return EvidenceTable(
        scenario, rows, int(manifest["runs_asked"]), int(manifest["seed"]), list(manifest["notes"]),
        choice_of(manifest),
    )  # fmt: skip


def choice_of(manifest: dict[str, Any]) -> Choice:
    """Return which claims a folder of evidence left out; of an older one that is not known: none."""
    said = manifest.get("chosen", {})
    return Choice(**said | {"only": tuple(said.get("only", ()))})


def _claim(name: str, said: dict[str, Any]) -> Claim:
    """Return a claim from the words of a manifest; older ones have the bounds of dates as months.

    Raises UserError for one that an older version took and this one refuses.
    """
    if is_date(said["value"]):
        bounds = {each: said[each] for each in ("low", "high") if isinstance(said.get(each), float)}
        said = said | {each: date_of_months(months).isoformat() for each, months in bounds.items()}
    try:
        return Claim.model_validate_json(json.dumps(said))
    except ValidationError as error:
        wrong = "; ".join(problem_of(detail) for detail in error.errors())
        raise UserError(f"{MANIFEST}: claims.{name}: {wrong}; make the folder again") from None


def _evidence(row: dict[str, str], claim: Claim) -> Evidence:
    """Return one row of the table from the words of its file."""

    def number(name: str) -> float:
        if is_date(row[name]):
            return months_of_date(row[name])
        return float(row[name]) if row[name] else math.nan

    def judged(what: str, low: str, high: str, discrepancy: str) -> Judged:
        return Judged(number(what), number(low), number(high), number(discrepancy), int(row["runs"]),
                      int(row["runs_asked"]))  # fmt: skip

    own = prior = rival = None
    if row["runs"]:
        own = judged("simulated_median", "simulated_low", "simulated_high", "discrepancy")
        if row["prior_verdict"]:
            prior = judged("prior_median", "prior_median", "prior_median", "prior_discrepancy")
        if row["rival_verdict"]:
            rival = judged("rival_value", "rival_value", "rival_value", "rival_discrepancy")
    return Evidence(
        row["id"], claim, row["verdict"], own, prior, rival, number("overlap"), number("crps"), row["reason"]
    )


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
    """Return what was left out, the verdicts by role, and every claim that does not agree, as plain text."""
    from experiments.table import laid_out

    cells = [["role", *VERDICTS, "of"]]
    for role, counted in table.counts().items():
        if counted:
            cells.append([role, *(str(counted[verdict]) for verdict in VERDICTS), str(counted.total())])
    left_out = table.choice.in_words
    lines = [left_out, ""] if left_out else []
    lines += laid_out(cells, right=range(1, len(cells[0])))
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
    if row.judged is None:
        return f"{one_line(row.id)}: {row.reason}"
    return (
        f"{one_line(row.id)}: claimed {claimed(row.claim)}; needed {needed(row.claim)}; "
        f"simulated {simulated(row.claim, row.judged)}" + (f"; {row.reason}" if row.reason else "")
    )


def listed(claims: Mapping[str, Claim]) -> str:
    """Return claims by role, with their rules, as plain text; nothing is simulated."""
    from experiments.table import laid_out

    cells = [["role", "id", "rule", "required", "statement"]]
    for name, claim in claims.items():
        required = "yes" if claim.is_required else "no"
        cells.append(
            [claim.role, one_line(name), claim.test.rule or "input", required, one_line(claim.statement)]
        )
    return "\n".join([*laid_out(cells), "", f"{len(claims)} claims"])


def as_rows(claims: Mapping[str, Claim]) -> list[dict[str, Any]]:
    """Return claims as plain data, likewise."""
    return [
        {"id": name, **claim.model_dump(mode="json", exclude_none=True)} for name, claim in claims.items()
    ]


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.6g}"
    return value
