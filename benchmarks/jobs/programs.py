"""Which programs do the jobs."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec


@dataclass(frozen=True)
class Program:
    """One program: its words in tables, where it lives, which package it needs, how often it is run.

    often: run again and again, in turn with the others that are; the rest run once.
    """

    words: str
    place: str
    package: str = ""
    distribution: str = ""
    often: bool = False

    @property
    def installed(self) -> bool:
        """Whether the package is there."""
        return not self.package or find_spec(self.package) is not None

    @property
    def made(self) -> type:
        """The class that does the jobs."""
        module, _, name = self.place.partition(":")
        return getattr(import_module(f"benchmarks.jobs.{module}"), name)


PROGRAMS = {
    "ours": Program("**ours**, exact times, log and causes", "our_program:Ours", often=True),
    "bytes": Program("kernel by hand, months as steps", "kernels:ByteKernel", often=True),
    "times": Program("kernel by hand, exact times", "kernels:TimeKernel", often=True),
    "starsim": Program("Starsim", "starsim_program:Starsim", "starsim", "starsim"),
    "epiworld": Program("epiworld", "epiworld_program:Epiworld", "epiworldpy", "epiworldpy"),
    "cynetdiff": Program(
        "CyNetDiff (keeps no times)", "cynetdiff_program:Cynetdiff", "cynetdiff", "cynetdiff", often=True
    ),
    "eon": Program("EoN", "eon_program:Eon", "EoN", "EoN"),
    "ndlib": Program("NDlib", "ndlib_program:Ndlib", "ndlib", "ndlib"),
    "tuned": Program("Mesa, tuned: lists of neighbours", "mesa_programs:MesaTuned", "mesa", "mesa"),
    "network": Program("Mesa, its Network", "mesa_programs:MesaNetwork", "mesa", "mesa"),
}
OURS, LIMIT = "ours", "bytes"
EXTRA = "bench"  # what brings the peers


def able(job: str) -> list[str]:
    """Return the programs that can do a job and are installed, ours first."""
    return [name for name, program in PROGRAMS.items() if program.installed and job in program.made.jobs]
