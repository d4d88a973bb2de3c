"""Figures of folders that are drawn as they were saved: evidence, calibration, attribution, studies."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from experiments.figures import calibration
from experiments.figures.kinds import Asked, kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.figure import Figure

    from experiments.answers.page import Page
    from experiments.attribution import Attribution
    from experiments.calibration.report import Calibrated
    from experiments.evidence.table import EvidenceTable


@kind("attribution", "attribution")
def attribution(found: Attribution, asked: Asked) -> Figure:
    """What each player brought: bars with 50 and 90 % of runs, and which pairs need each other."""
    from experiments.figures.attribution import compose

    return compose(found, asked.width)


@kind("forest", "evidence")
def forest(table: EvidenceTable, asked: Asked) -> Figure:
    """Every simulated claim beside what the runs say, on one scale, with prior and naive rival."""
    from experiments.figures.evidence import compose

    return compose(table, asked.width)


@kind("learned", "calibration")
def learned(found: Calibrated, asked: Asked) -> Figure:
    """Prior against posterior of every free input, those of which most was learned first."""
    return calibration.compose_learned(found, asked.width)


@kind("claims", "calibration")
def claims(found: Calibrated, asked: Asked) -> Figure:
    """How far each claim is from the runs, before and after calibration."""
    return calibration.compose_claims(found, asked.width)


@kind("coverage", "calibration", lacks=lambda found: "" if found.truths else "no synthetic truths were tried")
def coverage(found: Calibrated, asked: Asked) -> Figure:
    """In which share of synthetic truths the intervals held the truth."""
    return calibration.compose_coverage(found, asked.width)


@kind("answer", "study")
def answer(page: Page, asked: Asked) -> Figure:
    """All panels of the answer to a study."""
    from experiments.figures.study import compose

    return compose(page, asked.width)


@kind("analysis", "analysis", lacks=lambda page: "" if page.panels else "the analysis left nothing to draw")
def analysis(page: Page, asked: Asked) -> Figure:
    """All panels of an analysis of a sweep, or of a search."""
    from experiments.figures.study import compose

    return compose(page, asked.width)


def _has(sort: str, what: str) -> Callable[[Page], str]:
    """Return what says why a page has no panel of a sort; "" if it has one."""
    return lambda page: (
        "" if any(panel.sort == sort for panel in page.panels) else f"this analysis has no {what}"
    )


def _only(page: Page, sort: str, asked: Asked) -> Figure:
    from experiments.figures.study import compose

    return compose(replace(page, panels=[panel for panel in page.panels if panel.sort == sort]), asked.width)


@kind("over-time", "analysis", lacks=_has("curves", "curves"))
def over_time(page: Page, asked: Asked) -> Figure:
    """The curves of an analysis: Sobol' indices over time, or what a smaller box gains and loses."""
    return _only(page, "curves", asked)


@kind("boxes", "analysis", lacks=_has("limits", "boxes (cascades discover)"))
def boxes(page: Page, asked: Asked) -> Figure:
    """The boxes that were found: what they leave of the range of each input."""
    return _only(page, "limits", asked)


@kind(
    "pareto",
    "analysis",
    lacks=_has("points", "front (cascades robust --goal ... --goal ..., cascades search)"),
)
def pareto(page: Page, asked: Asked) -> Figure:
    """The Pareto front: arms or trials that no other dominates on average."""
    return _only(page, "points", asked)
