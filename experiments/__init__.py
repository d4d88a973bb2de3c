"""The questions that are asked of a world: runs, figures, comparisons. The only place that draws.

``experiments.save`` leaves a result in a folder, as ``cascades run`` does; ``experiments.attribute`` says who
brought an outcome forward. Importing this package is quick: the rest is loaded when it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from experiments.coalitions import attribute
    from experiments.run import save

_HOMES = {"attribute": "experiments.coalitions", "save": "experiments.run"}
__all__ = ["attribute", "save"]


def __getattr__(name: str):
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'experiments' has no attribute {name!r}")
