"""The page ``docs/claims.md``: what every claim says that is simulated, and what the runs say."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from experiments.evidence.agreement import Judged
from experiments.evidence.claims import HELD_BACK, load_claims
from experiments.evidence.page import headline
from experiments.evidence.saving import FIGURE_FILE, evidence_and_save
from experiments.evidence.table import AGREES, MISSES, VERDICTS, Evidence, EvidenceTable
from experiments.evidence.telling import claimed, needed, reason_in_words, simulated
from sim.scenario import load

SCENARIO, RUNS, SEED = "gpt3", 400, 1
AIMS = {"identity": 21, "structural": 15, "calibrate": 54, "input": 99}  # set before anything was fitted
PAGE = Path(__file__).resolve().parents[2] / "docs" / "claims.md"
PICTURE = PAGE.with_name("evidence.png")
HEAD = """# Claims and verdicts

Made by `make evidence`; not to be edited. What the columns mean and what counts as agreement stands in
[evidence.md](evidence.md), how the inputs were fitted to claims of the role *calibrate* in
[calibration.md](calibration.md). Needed: what the runs must say to agree. Before: drawn from the intervals,
without what calibration learned.

![Claims and runs](evidence.png)
"""

ABOUT_HELD_BACK = (
    "Of the record, not of the literature's claims. Their tests were written before the simulator was asked, "
    "and have not been touched since; a rule was mended for what they found ([evidence.md](evidence.md))."
)


def page_of(table: EvidenceTable) -> str:
    """Return the page: counts by role, what misses and why, then every claim that is simulated."""
    lines = [HEAD, f"{table.runs} runs of each arm, seed {table.seed}.", "", *headline(table)]
    lines += [*_against_aims(table), ""]
    lines += ["| role | " + " | ".join(VERDICTS) + " | of | aim |", "|---|" + "---|" * (len(VERDICTS) + 2)]
    for role, counted in table.counts().items():
        if counted:
            cells = [str(counted[verdict]) for verdict in VERDICTS]
            lines.append(f"| {role} | {' | '.join(cells)} | {counted.total()} | {AIMS.get(role, '')} |")
    for note in table.notes:
        lines += ["", f"- {_plain(note)}"]
    ruled = [row for row in table.rows if row.judged is not None]
    for verdict in reversed(VERDICTS):
        rows = [row for row in ruled if row.verdict == verdict and row.claim.role != HELD_BACK]
        lines += _section(verdict.capitalize(), "", rows)
    held_back = [row for row in ruled if row.claim.role == HELD_BACK]
    for verdict in reversed(VERDICTS):
        rows = [row for row in held_back if row.verdict == verdict]
        lines += _section(f"Held back: {verdict}", ABOUT_HELD_BACK, rows)
    return "\n".join(lines) + "\n"


def _section(title: str, about: str, rows: Sequence[Evidence]) -> list[str]:
    """Return a table of claims, with what is to be known of them; nothing where there are none."""
    if not rows:
        return []
    lines = ["", f"## {title}", "", *([about, ""] if about else [])]
    lines += [
        "| claim | claimed | needed | simulated | runs | before | naive |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [_row(row) for row in rows]
    lines += _listed("To be known of some:", [(row.id, row.claim.note) for row in rows])
    why = "What of the model would have to change (from the entries of the claims, `lacks`):"
    return lines + _listed(why, [(row.id, row.claim.lacks) for row in rows if row.verdict == MISSES])


def _against_aims(table: EvidenceTable) -> list[str]:
    """Return which aims are missed, as a sentence; nothing where all are met, or some claims are left out."""
    counts = {
        role: counted for role, counted in table.counts().items() if counted.total() >= AIMS.get(role, 0)
    }
    short = {role: AIMS.get(role, 0) - counted[AGREES] for role, counted in counts.items()}
    told = [f"{role} by {by}" for role, by in short.items() if by > 0]
    return (
        [f"**Aims missed: {', '.join(told)}.** What would have to change stands under the misses."]
        if told
        else []
    )


def _listed(title: str, said: Sequence[tuple[str, str]]) -> list[str]:
    """Return what the entries of some claims say, as a list; nothing where none says anything."""
    known = [f"- `{name}`: {_plain(text)}" for name, text in said if text]
    return ["", title, "", *known] if known else []


def _row(row: Evidence) -> str:
    assert row.judged is not None
    why = f" ({_plain(reason_in_words(row))})" if row.verdict == VERDICTS[2] else ""
    rival = f"{row.claim.rival.name}: {row.rival_verdict}" if row.claim.rival else ""
    cells = [
        f"`{row.id}` {_plain(row.claim.statement)}",
        _plain(claimed(row.claim)),
        _plain(needed(row.claim)),
        _plain(simulated(row.claim, row.judged)) + why,
        _runs(row.judged),
        row.prior_verdict,
        _plain(rival),
    ]
    return f"| {' | '.join(cells)} |"


def _runs(judged: Judged) -> str:
    """Return in how many runs a formula is defined; which are less than half of them stands out."""
    if judged.of < 2:  # an identity
        return ""
    told = f"{judged.runs:,} of {judged.of:,}" if judged.runs < judged.of else f"{judged.runs:,}"
    return f"**{told}**" if 2 * judged.runs < judged.of else told


def _plain(text: str) -> str:
    """Return words that stay in their cell."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def main() -> None:
    """Hold the shipped claims against the scenario, and write the page and its picture."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", default=f"out/evidence-{SCENARIO}")
    parser.add_argument("--runs", type=int, default=RUNS)
    given = parser.parse_args()
    table, files = evidence_and_save(
        load_claims(SCENARIO), load(SCENARIO), given.out, runs=given.runs, seed=SEED
    )
    PAGE.write_text(page_of(table), encoding="utf-8")
    shutil.copy(Path(given.out) / FIGURE_FILE, PICTURE)
    print(f"Written: {PAGE}, {PICTURE}, {', '.join(map(str, files))}", file=sys.stderr)


if __name__ == "__main__":
    main()
