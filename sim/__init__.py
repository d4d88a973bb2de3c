"""agents say who takes part and how they decide, sim says what happens and when,
configs say in which world, experiments ask the questions.

``sim.simulate`` runs a scenario many times; ``sim.load`` reads one; ``sim.DiffusionModel`` is one
run as a Mesa model. Importing ``sim`` is quick: the rest is loaded when it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.ensemble import simulate
    from sim.errors import UserError
    from sim.model import DiffusionModel
    from sim.result import Result
    from sim.scenario import Scenario, load

__version__ = "0.1.0"

_HOMES = {
    "simulate": "sim.ensemble",
    "load": "sim.scenario",
    "Scenario": "sim.scenario",
    "Result": "sim.result",
    "DiffusionModel": "sim.model",
    "UserError": "sim.errors",
}
__all__ = ["DiffusionModel", "Result", "Scenario", "UserError", "load", "simulate"]


def __getattr__(name: str):
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'sim' has no attribute {name!r}")
