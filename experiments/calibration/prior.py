"""The uncertain inputs of a scenario as functions of independent normals, one for each piece of luck.

``sim.drawing`` draws an input from luck: one piece, several (opinions, correlated inputs). Here each piece
is a *coordinate*, a standard normal, so that the prior of all inputs together is the same simple thing
whatever families, zero masses, pools and correlations the scenario has: a move that keeps independent normals
keeps the prior. The functions that turn luck into values are those that the runs use.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sim.luck import normal
from sim.uncertain import AVERAGE, CHOICE, MIXTURE, TINY, normal_share, value_at
from sim.world import Compiled


@dataclass(frozen=True)
class Prior:
    """What the inputs of a scenario are before anything is learned.

    ``inputs``: dotted paths. ``coordinates``: (key, key) of the luck behind each coordinate, as
    ``luck(seed, run, FOR.INPUT, *keys)`` takes them. ``behind``: for each input the coordinates it is
    reckoned from. ``together``: groups of inputs that are correlated. ``left``: alternatives, which stay at
    their weights and are drawn by each run.
    """

    compiled: Compiled
    inputs: tuple[str, ...]
    coordinates: tuple[tuple[int, int], ...]
    behind: tuple[tuple[int, ...], ...]
    together: tuple[tuple[int, ...], ...]
    left: tuple[str, ...]

    def values(self, points: np.ndarray) -> np.ndarray:
        """Return the values of the inputs, shape (points, inputs), at points in the space of coordinates.

        Dates are months since the start, as in ``runs.parquet``.
        """
        points = np.atleast_2d(points)
        return np.array([self.of_luck([share(z) for z in point]) for point in points.tolist()]).reshape(
            len(points), len(self.inputs)
        )

    def of_luck(self, u: Sequence[float]) -> list[float]:
        """Return the value of every input, from the luck of every coordinate."""
        found = []
        for cell, behind in zip(self._cells, self.behind, strict=True):
            value = cell.value([u[place] for place in behind])
            found.append(min(cell.maximum, max(cell.minimum, value)))
        return found

    @cached_property
    def _cells(self) -> list[Cell]:
        row_of = {path: row for row, path in enumerate(self.compiled.uncertain_paths)}
        return [_cell(self.compiled, row_of[path]) for path in self.inputs]


@dataclass(frozen=True)
class Cell:
    """How one input is reckoned: as ``sim.drawing`` does. ``parts``: (share, shape) of its opinions."""

    family: int
    shape: tuple
    minimum: float
    maximum: float
    correlation: float
    parts: tuple[tuple[float, tuple], ...]
    loadings: tuple[float, ...]

    def value(self, luck: Sequence[float]) -> float:
        """Return the value, before it is held within bounds, from the luck that belongs to it."""
        if self.family == AVERAGE:
            return self._average(luck)
        if self.family == MIXTURE:
            return self._one_opinion(luck)
        return value_at(self.family, self._shared(luck) if self.loadings else luck[0], *self.shape)

    def _shared(self, luck: Sequence[float]) -> float:
        """As ``sim.drawing.shared_luck``."""
        z = 0.0
        for weight, u in zip(self.loadings, luck, strict=True):
            z += weight * normal(u)
        return share(z)

    def _average(self, luck: Sequence[float]) -> float:
        """As ``sim.drawing.average``."""
        common, total = luck[0], 0.0
        for (weight, shape), u in zip(self.parts, luck[1:], strict=True):
            if self.correlation >= 1.0:
                u = common
            elif self.correlation > 0.0:
                z = math.sqrt(self.correlation) * normal(common)
                z += math.sqrt(1.0 - self.correlation) * normal(u)
                u = share(z)
            family, *rest = shape
            total += weight * value_at(family, u, *rest)
        return total

    def _one_opinion(self, luck: Sequence[float]) -> float:
        """As ``sim.drawing.one_opinion``."""
        row, below = 0, 0.0
        for later in range(len(self.parts) - 1):
            below += self.parts[later][0]
            if luck[0] >= below:
                row = later + 1
        family, *rest = self.parts[row][1]
        return value_at(family, luck[1 + row], *rest)


def _cell(compiled: Compiled, row: int) -> Cell:
    def shape_of(record) -> tuple:
        return tuple(record[name].item() for name in ("a", "b", "c", "zero", "first", "span"))

    cell = compiled.uncertain[row]
    rows = slice(int(cell.row), int(cell.row + cell.rows))
    pooled = int(cell.family) in (AVERAGE, MIXTURE)
    parts = compiled.facts["opinions"][rows] if pooled else ()
    loadings = compiled.facts["loadings"][rows] if not pooled else ()
    return Cell(
        int(cell.family),
        shape_of(cell),
        float(cell.minimum),
        float(cell.maximum),
        float(cell.correlation),
        tuple((float(part.share), (int(part.family), *shape_of(part))) for part in parts),
        tuple(float(other.weight) for other in loadings),
    )


def prior_of(compiled: Compiled) -> Prior:
    """Return the prior of a scenario that is compiled without a posterior."""
    uncertain, facts = compiled.uncertain, compiled.facts
    place_of: dict[tuple[int, int], int] = {}
    inputs, behind, left, together = [], [], [], []
    by_key = {int(cell.key): path for cell, path in zip(uncertain, compiled.uncertain_paths, strict=True)}
    groups: dict[str, set[str]] = {}
    for cell, path in zip(uncertain, compiled.uncertain_paths, strict=True):
        key = int(cell.key)
        if cell.family == CHOICE:
            left.append(path)
            continue
        if cell.family in (AVERAGE, MIXTURE):
            parts = facts["opinions"][cell.row : cell.row + cell.rows]
            keys = [(key, key), *((key, int(part.key)) for part in parts)]
        elif cell.rows:
            others = [int(other.key) for other in facts["loadings"][cell.row : cell.row + cell.rows]]
            keys = [(other, other) for other in others]
            joined = {path}.union(*(groups.get(by_key[other], {by_key[other]}) for other in others))
            for member in joined:
                groups[member] = joined
        else:
            keys = [(key, key)]
        inputs.append(path)
        behind.append(tuple(place_of.setdefault(pair, len(place_of)) for pair in keys))
    for group in {tuple(sorted(group)): group for group in groups.values()}:
        together.append(tuple(inputs.index(path) for path in group))
    return Prior(compiled, tuple(inputs), tuple(place_of), tuple(behind), tuple(together), tuple(left))


def share(z: float) -> float:
    """Return the luck, strictly between 0 and 1, of a standard normal."""
    return min(1.0 - TINY, max(TINY, normal_share(z)))
