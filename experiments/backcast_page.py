"""The page ``docs/backcast.md``: the simulated record of gpt3 against the actual one."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from experiments.backcast import FIGURE_FILE, Backcast, backcast_and_save
from experiments.backcast_report import in_words
from sim.scenario import load

SCENARIO, RUNS, SEED = "gpt3", 300, 1
PAGE = Path(__file__).resolve().parents[1] / "docs" / "backcast.md"
PICTURE = PAGE.with_suffix(".png")
HEAD = f"""# The simulated against the actual record

Made by `make evidence`; not to be edited. It is what `cascades backcast {SCENARIO}` prints and draws;
questions, scores and rivals are explained in [evidence.md](evidence.md#history). Nothing was fitted to these
dates, but to a few claims about them ([calibrated.md](calibrated.md)).

![Simulated and actual dates]({PICTURE.name})
"""


def page_of(found: Backcast) -> str:
    """Return the page of a backcast."""
    return f"{HEAD}\n```\n{in_words(found)}\n```\n"


def main() -> None:
    """Simulate, and write the page and its picture."""
    folder = Path("out") / f"{SCENARIO}-backcast"
    found, files = backcast_and_save(load(SCENARIO), folder, runs=RUNS, seed=SEED)
    PAGE.write_text(page_of(found), encoding="utf-8")
    shutil.copy(folder / FIGURE_FILE, PICTURE)
    print(f"Written: {PAGE}, {PICTURE}, {', '.join(map(str, files))}", file=sys.stderr)


if __name__ == "__main__":
    main()
