"""Timelines of a run's folder: all runs, one run, or both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from experiments.figures.kinds import Asked, kind

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sim.result import Result


def no_logs(result: Result) -> str:
    """Return why what is read off event logs cannot be drawn; "" if it can."""
    return "" if result.logs else "no event log was kept (cascades run --logs 20)"


def _compose(result: Result, asked: Asked, parts: str) -> Figure:
    from experiments.run import history_of
    from experiments.timeline import chosen_run, compose

    shown = chosen_run(result, asked.run) if "b" in parts else None
    return compose(
        result, history_of(result.scenario), shown, asked.run is None, width=asked.width, only=asked.only,
        by=asked.by or "kind", parts=parts,
    )  # fmt: skip


@kind("timeline", "run", ("run", "only", "by"))
def timeline(result: Result, asked: Asked) -> Figure:
    """Who announced the class when, over all runs and in fact; below, one run's cascade."""
    return _compose(result, asked, "ab")


@kind("dates", "run", ("only",))
def dates(result: Result, asked: Asked) -> Figure:
    """Dates of announcement over all runs, one lane per builder: density, quantiles, the actual date."""
    return _compose(result, asked, "a")


@kind("cascade", "run", ("run", "only", "by"), no_logs)
def cascade(result: Result, asked: Asked) -> Figure:
    """One run's cascade: projects through their phases, releases, what set off what, sponsors, attention."""
    return _compose(result, asked, "b")
