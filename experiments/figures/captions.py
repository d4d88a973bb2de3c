"""What a figure rests on: scenario, runs and seed, as its caption and its file say it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from experiments.figures.sheet import number_text
from experiments.summary import laid_over

if TYPE_CHECKING:
    from sim.result import Result

CONDITIONAL = "Conditional on this model and its inputs; no forecast."


@dataclass(frozen=True)
class Basis:
    """Scenario, runs and seed of a figure. ``what``: of what there are so many, "run" as a rule."""

    title: str
    scenario: str
    fingerprint: str
    runs: int
    seed: int | None
    sets: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    what: str = "run"
    further: str = ""

    @property
    def text(self) -> str:
        """The basis as a sentence, and that it is conditional."""
        if not self.scenario:  # an analysis in memory: what it rests on is said in further words
            return f"{self.further} {CONDITIONAL}".strip()
        mark = f" ({self.fingerprint[:8]})" if self.fingerprint else ""
        parts = [f"Scenario {self.scenario}{mark}, {number_text(self.runs, self.what)}"]
        if self.seed is not None:
            parts.append(f"seed {self.seed}")
        text = ", ".join(parts)
        text += laid_over(self.policies, self.sets)
        return f"{text}. {self.further + ' ' if self.further else ''}{CONDITIONAL}"


def basis_of_result(result: Result, runs: int | None = None, further: str = "") -> Basis:
    """Return what a figure of a result rests on; ``runs``: fewer than all, where logs are read."""
    scenario = result.scenario
    count = len(result.run_numbers) if runs is None else runs
    if result.interrupted:
        further = f"{further} The work was broken off: these are the runs completed.".strip()
    return Basis(
        scenario.file.scenario.title, scenario.name, scenario.fingerprint, count, result.seed,
        scenario.sets, scenario.policies, further=further,
    )  # fmt: skip


def basis_of(sort: str, holds: Any) -> Basis:
    """Return what a figure of a folder rests on."""
    return _OF_SORT[sort](holds)


def _of_comparison(found: Any) -> Basis:
    from dataclasses import replace

    return replace(
        basis_of_result(found.base), runs=found.runs, what="pair of runs" if found.runs == 1 else "pair"
    )


def _of_store(store: Any) -> Basis:
    points = int(store.manifest["points"])
    scenario = store.scenario
    return Basis(
        scenario.file.scenario.title,
        scenario.name,
        scenario.fingerprint,
        points * store.runs_per_point,
        store.seed,
        scenario.sets,
        scenario.policies,
        further=f"{number_text(points, 'point')} of a {store.method} design, "
        f"{number_text(store.runs_per_point, 'run')} each.",
    )


def _of_attribution(found: Any) -> Basis:
    from dataclasses import replace

    return replace(basis_of_result(found.result), runs=found.runs)


def _of_evidence(table: Any) -> Basis:
    scenario = table.scenario
    runs = {"runs": table.runs, "seed": table.seed, "further": "Runs are of each arm."}
    none = {"runs": len(table.rows), "seed": None, "what": "claim", "further": "Nothing here is simulated."}
    return Basis(
        scenario.file.scenario.title, scenario.name, scenario.fingerprint, sets=scenario.sets,
        policies=scenario.policies, **(runs if table.simulates else none),
    )  # fmt: skip


def _of_calibration(found: Any) -> Basis:
    return found.basis


def _of_page(page: Any) -> Basis:
    return page.basis


_OF_SORT: dict[str, Callable[[Any], Basis]] = {
    "run": basis_of_result, "compare": _of_comparison, "sweep": _of_store, "attribution": _of_attribution,
    "evidence": _of_evidence, "calibration": _of_calibration, "study": _of_page, "analysis": _of_page,
}  # fmt: skip
