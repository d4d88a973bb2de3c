"""The questions that are asked of a world: runs, figures, comparisons. The only place that draws.

``experiments.save`` leaves a result in a folder, as ``cascades run`` does; ``experiments.compare``
sets arms against a baseline in the same luck, as ``cascades compare`` does; ``experiments.attribute``
says who brought an outcome forward, as ``cascades attribute`` does; ``experiments.why.why`` explains
what happened in a run, ``experiments.cascade_graph`` is all of it as a graph; ``experiments.sweep``
simulates many points into a store, ``experiments.open_store`` reads one; ``experiments.plot`` draws any of
these, ``experiments.reopen`` reads the folder of one back, and ``experiments.report`` makes a page of it.
Importing this package is quick: the rest is loaded when it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from experiments.coalitions import attribute
    from experiments.comparison import Comparison, compare, compare_results
    from experiments.figures.plotting import kinds_for, plot
    from experiments.lineage import cascade_graph
    from experiments.reopening import reopen
    from experiments.reporting import report
    from experiments.run import save
    from experiments.sweeps.running import sweep
    from experiments.sweeps.store import open_store

_HOMES = {
    "Comparison": "experiments.comparison",
    "attribute": "experiments.coalitions",
    "cascade_graph": "experiments.lineage",
    "compare": "experiments.comparison",
    "compare_results": "experiments.comparison",
    "kinds_for": "experiments.figures.plotting",
    "open_store": "experiments.sweeps.store",
    "plot": "experiments.figures.plotting",
    "reopen": "experiments.reopening",
    "report": "experiments.reporting",
    "save": "experiments.run",
    "sweep": "experiments.sweeps.running",
}
__all__ = [
    "Comparison",
    "attribute",
    "cascade_graph",
    "compare",
    "compare_results",
    "kinds_for",
    "open_store",
    "plot",
    "reopen",
    "report",
    "save",
    "sweep",
]


def __getattr__(name: str):
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'experiments' has no attribute {name!r}")
