"""The panels of a study or an analysis as a page that is kept beside its tables, to be drawn again."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from experiments.answers.finding import Mark, Panel, Series
from experiments.figures.captions import Basis
from experiments.statistics import Bounds

PANELS_FILE = "panels.json"


@dataclass(frozen=True)
class Calendar:
    """The months of a scenario: its first, counted from the year 0, and how many there are."""

    start: float
    months: float


@dataclass(frozen=True)
class Page:
    """What is drawn of a study or an analysis. ``calendar``: of panels whose axis is time.

    ``notes``: sentences of the caption about all panels.
    """

    title: str
    basis: Basis
    panels: list[Panel]
    calendar: Calendar | None = None
    manifest: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def page_of(found: Any) -> Page:
    """Return the page of the answer to a study, or of the report of an analysis."""
    from experiments.study import Answer

    panels = [panel for finding in found.findings for panel in finding.panels]
    if isinstance(found, Answer):
        outcome = found.outcome
        scenario = outcome.scenario
        basis = Basis(
            found.study.file.title, scenario.name, scenario.fingerprint, outcome.runs, outcome.seed,
            scenario.sets, scenario.policies, further="Runs are paired: of every arm, in the same luck.",
        )  # fmt: skip
        return Page(found.study.file.title, basis, panels, Calendar(scenario.start, outcome.horizon))
    return found.page()


def report_basis(title: str, rests_on: str, sweep: dict[str, Any]) -> Basis:
    """Return what the figure of an analysis rests on. ``sweep``: its key facts, from the manifest."""
    runs = sum(block["runs"] for block in sweep.get("blocks", ())) * int(sweep.get("points", 0))
    seed = next((block["seed"] for block in sweep.get("blocks", ()) if "seed" in block), None)
    return Basis(
        title,
        str(sweep.get("scenario", "")),
        str(sweep.get("fingerprint", "")),
        runs,
        seed,
        further=f"{rests_on[:1].upper()}{rests_on[1:]}.",
    )


def page_text(page: Page) -> str:
    """Return a page as JSON; numbers without value or end are words."""
    data = {
        "title": page.title,
        "basis": asdict(page.basis),
        "calendar": asdict(page.calendar) if page.calendar else None,
        "panels": [asdict(panel) for panel in page.panels],
        "notes": page.notes,
    }
    return json.dumps(_worded(data), ensure_ascii=False, allow_nan=False) + "\n"


def read_page(folder: Path, manifest: dict[str, Any]) -> Page:
    """Return the page in a folder; raises KeyError, ValueError, TypeError or OSError if it is no good."""
    path = folder / PANELS_FILE
    if not path.is_file():
        raise KeyError(PANELS_FILE)
    data = json.loads(path.read_text(encoding="utf-8"))
    calendar = data["calendar"]
    basis = data["basis"] | {name: tuple(data["basis"][name]) for name in ("sets", "policies")}
    return Page(
        data["title"],
        Basis(**basis),
        [_panel(panel) for panel in data["panels"]],
        Calendar(**calendar) if calendar else None,
        manifest,
        list(data.get("notes", ())),
    )


def _panel(data: dict[str, Any]) -> Panel:
    marks = [
        Mark(**one | {name: _bounds(one[name]) for name in ("middle", "half", "band")})
        for one in data["marks"]
    ]
    series = [
        Series(one["label"], *([float(v) for v in one[name]] for name in ("x", "y", "low", "high")))
        for one in data["series"]
    ]
    points = [
        (label, float(x), float(y), _bounds(across), _bounds(up), front)
        for label, x, y, across, up, front in data["points"]
    ]
    limits = [(label, float(low), float(high), words) for label, low, high, words in data["limits"]]
    level = None if data["level"] is None else float(data["level"])
    return Panel(
        **data | {"marks": marks, "series": series, "points": points, "limits": limits, "level": level}
    )


def _bounds(data: dict[str, Any]) -> Bounds:
    return Bounds(float(data["low"]), float(data["high"]))


def _worded(node: Any) -> Any:
    """Return data in which numbers that JSON does not know are words that ``float`` reads."""
    if isinstance(node, dict):
        return {key: _worded(value) for key, value in node.items()}
    if isinstance(node, (list, tuple)):
        return [_worded(value) for value in node]
    value = node.item() if hasattr(node, "item") else node
    return repr(value) if isinstance(value, float) and not math.isfinite(value) else value
