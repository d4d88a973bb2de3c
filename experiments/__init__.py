"""The questions that are asked of a world: runs, figures, comparisons. The only place that draws.

``experiments.save`` leaves a result in a folder, as ``cascades run`` does; ``why`` explains what happened
in a run, ``database`` lists its models, ``cascade_graph`` is all of it as a graph. Importing this package is
quick: the rest is loaded when it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from experiments.lineage import cascade_graph
    from experiments.run import save

_HOMES = {"save": "experiments.run", "cascade_graph": "experiments.lineage"}
__all__ = ["cascade_graph", "save"]


def __getattr__(name: str):
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'experiments' has no attribute {name!r}")
