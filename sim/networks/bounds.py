"""How large a network may be: refused with the memory that it would take, before any of it is taken."""

from __future__ import annotations

import os
from pathlib import Path

from sim.errors import UserError

MOST_NODES = 2**31 - 2  # nodes are 32-bit numbers
LARGEST_GB = 16.0
NODE_BYTES = 48  # at the peak: three rows of counters, before the last of them is dropped
TIE_BYTES = 20  # of a directed tie, at the peak, without attributes: the rows, and two orders of them
ATTRIBUTE_BYTES = 12  # more, of a directed tie, for each attribute: as read, as kept, and which row it was


class Place:
    """Where a specification stands: its name in messages, and the folder of its relative paths."""

    def __init__(self, where: str, folder: str | Path | None):
        self.where, self.folder = where, Path(folder or ".")

    def refuse(self, field: str, message: str) -> UserError:
        """Return the error for one field."""
        return UserError(f"{self.where}.{field}: {message}")

    def at_most(self, field: str, value: float, most: float, nodes: int, what: str) -> None:
        """Raise UserError where a field asks for more than so many nodes allow."""
        if value > most:
            raise self.refuse(field, f"{value:,.10g} {what} among {nodes:,} nodes; at most {most:,.10g}")

    def check(self, field: str, nodes: float, pairs: float) -> None:
        """Raise UserError where so many ties, each in both directions, would not fit into memory."""
        check_memory(f"{self.where}.{field}", nodes, 2.0 * pairs, "ask for fewer nodes or ties")


def check_memory(where: str, nodes: float, ties: float, cure: str, attributes: int = 0) -> None:
    """Raise UserError where a network would not fit into memory; ``ties`` are directed ones."""
    if nodes > MOST_NODES:
        raise UserError(f"{where}: {nodes:,.0f} nodes; at most {MOST_NODES:,}")
    needed = memory_gb(nodes, ties, attributes)
    most = min(LARGEST_GB, free_gb())
    if needed > most:
        raise UserError(
            f"{where}: {nodes:,.0f} nodes with {ties:,.0f} directed ties would take {needed:,.1f} GB of "
            f"memory; at most {most:,.1f} GB; {cure}"
        )


def memory_gb(nodes: float, ties: float, attributes: int = 0) -> float:
    """Return the memory that making a network takes at its peak (GB)."""
    return (nodes * NODE_BYTES + ties * (TIE_BYTES + ATTRIBUTE_BYTES * attributes)) / 1e9


def free_gb() -> float:
    """Return the memory that this machine has to give (GB); without end where it does not say."""
    told = Path("/proc/meminfo")
    if told.is_file():
        for line in told.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024 / 1e9
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    except (AttributeError, ValueError, OSError):
        return float("inf")
