"""Exposure to families of harm: months of access, weighted by who has it in which form (``[harms]``).

Weights are optional outcome weights; without them there is no exposure. What access does in the world is
not simulated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.errors import UserError, not_found
from sim.paths import join_path
from sim.trained import Inputs
from sim.words import Event, Mechanism

if TYPE_CHECKING:
    import pandas as pd

    from sim.result import Result

FORM_OF = {
    Mechanism.OPEN_PUBLICATION: "open",
    Mechanism.STAGED_RELEASE: "open",
    Mechanism.LICENSED_RELEASE: "licensed",
    Mechanism.STRUCTURED_ACCESS: "arms_length",
    Mechanism.LEAK: "uncontrolled",
    Mechanism.THEFT: "uncontrolled",
    Mechanism.TALENT_MOVEMENT: "uncontrolled",
    Mechanism.INSIDER_FLOW: "uncontrolled",
}


def access_months(log: np.ndarray, klass: int, horizon: float) -> list[tuple[int, float, float, set[str]]]:
    """Return (actor, from, until, forms held) for every stretch of time in which access stays the same."""
    gained: dict[int, list[tuple[float, str]]] = {}
    for row in log[(log["reached"] >= klass) | (log["what"] == Event.ACCESSED)]:
        if row["reached"] >= klass:
            gained.setdefault(int(row["actor"]), []).append((float(row["time"]), "made"))
        elif row["what"] == Event.ACCESSED and row["klass"] >= klass:
            form = FORM_OF[Mechanism(row["mechanism"])]
            gained.setdefault(int(row["actor"]), []).append((float(row["time"]), form))
    stretches = []
    for actor, steps in gained.items():
        forms: set[str] = set()
        for place, (time, form) in enumerate(steps):
            forms = forms | {form}
            until = steps[place + 1][0] if place + 1 < len(steps) else horizon
            if until > time:
                stretches.append((actor, time, until, forms))
    return stretches


def exposure(result: Result, model_class: str | None = None) -> pd.DataFrame:
    """Return weighted actor-months of access per run whose log was kept, one column per family.

    Who has a class (or a higher one) in several forms counts with the heaviest. In actor-months of the
    form that has weight 1.

    Raises:
        UserError: if the scenario has no ``[harms]``, or no such class.
    """
    import pandas as pd

    file, compiled = result.scenario.file, result.compiled
    if not file.harms:
        raise UserError(f"{result.scenario.origin}: harms: is empty; give weights as [harms.FAMILY]")
    name = model_class or result.scenario.follow_class
    if name not in compiled.classes:
        raise UserError(not_found("class", name, compiled.classes))
    klass = compiled.classes.index(name)
    rows = {}
    for run, log in result.logs.items():
        inputs = Inputs(result, run)
        stretches = access_months(log, klass, compiled.horizon)
        rows[run] = {
            family: sum(
                (until - time) * max(inputs[join_path(["harms", family, form])] for form in forms)
                for _, time, until, forms in stretches
            )
            for family in file.harms
        }
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(file.harms)).rename_axis("run")
