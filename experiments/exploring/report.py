"""What an analysis of a sweep hands back: sentences, tables, a figure; and how they are kept in a folder."""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.answers.finding import Finding
from experiments.folder import OutputFolder
from sim.errors import UserError

if TYPE_CHECKING:
    from experiments.answers.page import Page

REPORT_FILE, FIGURE_FILE = "report.txt", "figure.png"
WIDTH = 100  # characters of a line of the report


@dataclass(frozen=True)
class Report:
    """What an analysis found.

    ``rests_on``: one line: the sweep, its points and runs. ``findings``: sentences, tables and panels.
    ``notes``: what was assumed, censoring first. ``sources``: the papers that the methods come from.
    ``asked``: the arguments, for the manifest. ``below``: those of the notes without which the figure would
    mislead, so that its caption says them too: which runs never come or are missing, and how they count.
    """

    title: str
    rests_on: str
    findings: list[Finding]
    notes: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    asked: dict[str, Any] = field(default_factory=dict)
    below: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The report as plain text."""
        import textwrap

        lines = [self.title, self.rests_on, ""]
        for finding in self.findings:
            if not finding.sentences:
                continue
            for sentence in finding.sentences:
                if "\n" in sentence:
                    lines += sentence.splitlines()
                else:
                    lines += textwrap.wrap(sentence, WIDTH)
            lines.append("")
        lines += [line for note in self.notes for line in textwrap.wrap(note, WIDTH)]
        lines += [line for source in self.sources for line in textwrap.wrap(f"Method: {source}", WIDTH)]
        return "\n".join(lines).rstrip() + "\n"

    def rows(self, kind: str) -> list[dict[str, Any]]:
        """Return the table of one finding."""
        return next(finding.rows for finding in self.findings if finding.kind == kind)

    def plain(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "title": self.title,
            "rests_on": self.rests_on,
            "asked": self.asked,
            "findings": [  # of numbers, what is not known or has no bound is null
                {
                    "kind": found.kind,
                    "sentences": found.sentences,
                    "rows": [_plain(row) for row in found.rows],
                }
                for found in self.findings
            ],
            "notes": self.notes,
            "sources": self.sources,
        }

    def page(self, sweep: dict[str, Any] | None = None) -> Page:
        """Return what is drawn of it. ``sweep``: key facts of the sweep."""
        from experiments.answers.page import Page, report_basis

        panels = [panel for finding in self.findings for panel in finding.panels]
        basis = report_basis(self.title, self.rests_on, sweep or {})
        return Page(self.title, basis, panels, notes=list(self.below))

    def draw(self, path: Path, sweep: dict[str, Any] | None = None) -> None:
        """Draw the panels of all findings below each other into a file (.png, .svg, .pdf)."""
        from experiments.figures.study import draw_page

        page = self.page(sweep)
        if not page.panels:
            raise UserError(f"{self.title}: there is nothing to draw")
        draw_page(page, path)

    def plot(self, kind: str = "analysis", out: str | Path | None = None, **options: Any) -> Any:
        """Draw a figure of it: see ``experiments.plot``."""
        from experiments.figures.plotting import plot

        return plot(self, kind, out, **options)

    def save(self, out: str | Path, sweep: dict[str, Any] | None = None) -> list[Path]:
        """Leave report, tables, figure and manifest in a folder; return the files.

        ``sweep``: key facts of the sweep, for the manifest. Raises UserError where it cannot be written.
        """
        import pandas as pd

        import sim
        from experiments.answers.page import PANELS_FILE, page_text
        from experiments.folder import MADE_BY
        from experiments.manifest import command_line, now, versions
        from experiments.run import write_files

        started: datetime.datetime = now()
        with OutputFolder(out) as folder:
            told = [finding for finding in self.findings if finding.rows]
            writers: dict[str, Any] = {
                f"{place}_{finding.kind}.csv": lambda path, rows=finding.rows: pd.DataFrame(rows).to_csv(
                    path, index=False
                )
                for place, finding in enumerate(told, 1)
            }
            writers[REPORT_FILE] = lambda path: path.write_text(self.text, encoding="utf-8")
            if any(finding.panels for finding in self.findings):
                writers[FIGURE_FILE] = lambda path: self.draw(path, sweep)
            writers[PANELS_FILE] = lambda path: path.write_text(page_text(self.page(sweep)), encoding="utf-8")
            manifest = {
                "made_by": MADE_BY,
                "version": sim.__version__,
                "analysis": self.title,
                "asked": self.asked,
                "sweep": sweep or {},
                "command": command_line(),
                "versions": versions(),
                "ended": started.isoformat(timespec="seconds"),
            }
            return write_files(folder, writers, manifest)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of a table as JSON can hold it."""
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in row.items()
    }
