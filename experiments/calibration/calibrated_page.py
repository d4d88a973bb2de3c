"""The page ``docs/calibrated.md``: what a calibration came to, in numbers, from the folder that it left."""

from __future__ import annotations

import argparse
import csv
import sys
import tomllib
from pathlib import Path
from typing import Any

from experiments.calibration.calibrating import given_in_words, let_go_in_words
from experiments.calibration.coverage import LEVELS, failing_in_words
from experiments.calibration.posterior import MANIFEST_FILE
from experiments.calibration.report import CLAIMS_FILE, COVERAGE_FILE, INPUTS_FILE, free_in_words
from experiments.table import percent
from sim.errors import UserError

SCENARIO = "gpt3"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "calibrated.md"
HEAD = """# What calibration learned

Made by `make calibrate`; not to be edited. What the words mean, and how it was done, stands in
[calibration.md](calibration.md); each claim with its verdict in [claims.md](claims.md), by more runs, so that
there one near its edge may stand on the other side.
"""


def page_of(folder: Path) -> str:
    """Return the page of the calibration in a folder; raise UserError where a file of it is not there."""
    try:
        made = tomllib.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
        inputs, claims = _rows(folder / INPUTS_FILE), _rows(folder / CLAIMS_FILE)
        held = _rows(folder / COVERAGE_FILE) if (folder / COVERAGE_FILE).is_file() else []
    except (OSError, ValueError) as error:
        raise UserError(f"{folder}: holds no whole calibration ({error}); make calibrate makes one") from None
    free = [row for row in inputs if row["free"] == "yes"]
    sure = sum(row["beyond_chance"] == "yes" for row in free)
    before = sum(row["prior_verdict"] == "agrees" for row in claims)
    lines = [
        free_in_words(len(inputs), len(free), sure),
        f"Claims that agree: {made['claims_agreeing']} of {made['claims_asked']} with the posterior, "
        f"{before} with the prior.",
    ]
    given = [row["path"] for row in inputs if row["free"] == "given"]
    if given:
        lines.append(given_in_words(given))
    if made["claims_out_of_reach"]:
        lines.append(let_go_in_words(made["claims_out_of_reach"]))
    lines += _coverage(held)
    lines.append(
        f"The posterior holds {made['draws']} draws; `{made['command']}`, version {made['version']}, rules "
        f"`{made['rules']}`."
    )
    return "\n".join([HEAD, *(f"- {line}" for line in lines)]) + "\n"


def _coverage(rows: list[dict[str, Any]]) -> list[str]:
    """Return how often intervals held synthetic truth, and which of them too seldom; nothing if not tried."""
    if not rows:
        return []
    held = {row["path"]: [float(row[f"held_{100 * level:.0f}"]) for level in LEVELS] for row in rows}
    truths = int(rows[0]["truths"])
    shares = [sum(each[place] for each in held.values()) / len(held) for place in range(len(LEVELS))]
    told = ", ".join(
        f"the {percent(level)} intervals in {percent(share)}"
        for level, share in zip(LEVELS, shares, strict=True)
    )
    line = f"Of {truths} synthetic truths for each free input, intervals held: {told} of the cases."
    return [line, *failing_in_words(truths, held)]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def main() -> None:
    """Write the page of a calibration."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--folder", default=f"out/calibrate-{SCENARIO}", help="where the calibration lies")
    given = parser.parse_args()
    try:
        PAGE.write_text(page_of(Path(given.folder)), encoding="utf-8")
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    print(f"Written: {PAGE}", file=sys.stderr)


if __name__ == "__main__":
    main()
