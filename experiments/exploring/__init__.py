"""Analyses of sweeps: what an outcome depends on, where it happens, what to choose, what to learn first.

>>> from experiments.exploring import sensitivity  # discover, robust, information, search, make_sample

Each takes the folder of a sweep, its open store, or a sample made from plain tables (``make_sample``), and
returns a report with sentences (``text``), tables (``rows(kind)``) and a figure (``draw(path)``). See
docs/analysis.md.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from experiments.exploring.choosing import robust
    from experiments.exploring.depending import sensitivity
    from experiments.exploring.discovery import discover
    from experiments.exploring.knowing import information
    from experiments.exploring.report import Report
    from experiments.exploring.sample import make_sample
    from experiments.exploring.searching import search

_HOMES = {
    "Report": "report",
    "discover": "discovery",
    "information": "knowing",
    "make_sample": "sample",
    "robust": "choosing",
    "search": "searching",
    "sensitivity": "depending",
}
__all__ = ["Report", "discover", "information", "make_sample", "robust", "search", "sensitivity"]


def __getattr__(name: str):
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
