"""Networks of any size: generated, read from a file, or taken from a graph of another library.

A ``Network`` is a few flat arrays. ``generate`` makes one from a specification, ``read`` from an edge list
(CSV, Parquet) or GraphML, ``of_graph`` from a networkx or rustworkx graph. ``docs/networks.md`` shows each.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.networks.generating import generate
    from sim.networks.network import Network
    from sim.networks.objects import of_graph
    from sim.networks.reading import read
    from sim.networks.specs import NetworkSpec

_HOMES = {
    "Network": "sim.networks.network",
    "NetworkSpec": "sim.networks.specs",
    "generate": "sim.networks.generating",
    "of_graph": "sim.networks.objects",
    "read": "sim.networks.reading",
}
__all__ = ["Network", "NetworkSpec", "generate", "of_graph", "read"]


def __getattr__(name: str):
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'sim.networks' has no attribute {name!r}")
