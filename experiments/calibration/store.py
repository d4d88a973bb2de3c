"""Evaluations as they are made: side by side on threads, and kept on disk, so that nothing is done twice.

The whole calibration is a function of (problem, settings, seed) that asks for evaluations in an order that
does not depend on threads. So what was evaluated is all that must be kept: the work starts again from its
beginning, and takes from the store what is there. A file is written under another name first and then
renamed.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from experiments.calibration.sampling import Problem
from experiments.folder import explained
from sim.errors import UserError
from sim.luck import mix, name_hash

FILE = "evaluations.npz"
BATCH = 8  # evaluations per thread between two writings: about this many are lost at worst
PURPOSE = name_hash("calibration")


class Store:
    """Evaluates points of a problem, or knows what they came to.

    ``folder``: where evaluations are kept; None: nowhere. ``earlier``: other folders in which they may be
    found. ``key``: names the work; evaluations of other work in the folder are an error (``fresh`` replaces
    them).
    """

    def __init__(
        self,
        problem: Problem,
        seed: int,
        *,
        threads: int | None = None,
        folder: Path | None = None,
        earlier: tuple[Path, ...] = (),
        key: str = "",
        fresh: bool = False,
        progress: Callable[[int], None] | None = None,
    ):
        self.problem, self.seed, self.threads = problem, seed, threads or os.cpu_count() or 1
        self.folder, self.key, self.progress = folder, key, progress
        self.points = np.empty((0, problem.coordinates))
        self.found = np.empty((0, len(problem.claims), problem.replicates))
        self.used = 0
        if not fresh:
            for place in (folder, *earlier):
                if place is not None and (place / FILE).is_file():
                    self._read(place / FILE)
                    break

    @contextlib.contextmanager
    def silent(self) -> Iterator[None]:
        """Do not tell of progress for a while: somebody else counts."""
        before, self.progress = self.progress, None
        try:
            yield
        finally:
            self.progress = before

    @property
    def known(self) -> int:
        """How many evaluations were there before this work began."""
        return len(self.points)

    def evaluate(self, points: np.ndarray) -> np.ndarray:
        """Return the runs at points, shape (points, claims, runs): the next evaluations in order."""
        first, last = self.used, self.used + len(points)
        there = min(last, len(self.points)) - first
        if there > 0 and not np.array_equal(self.points[first : first + there], points[:there]):
            raise UserError(
                f"{self.folder}: holds evaluations of other work; --fresh starts anew, or choose "
                "another --out"
            )
        there = max(0, there)
        if there and self.progress:
            self.progress(there)
        batch = BATCH * self.threads
        with ThreadPoolExecutor(self.threads) as pool:
            for start in range(there, len(points), batch):
                chosen = points[start : start + batch]
                numbers = range(first + start, first + start + len(chosen))
                values = self.problem.values(chosen)
                try:
                    found = list(pool.map(self._evaluate, values, numbers))
                except BaseException:
                    pool.shutdown(cancel_futures=True)
                    raise
                self.points = np.vstack([self.points, chosen])
                self.found = np.concatenate([self.found, np.array(found, float)])
                self._write()
                if self.progress:
                    self.progress(len(chosen))
        self.used = last
        return self.found[first:last]

    def _evaluate(self, values: np.ndarray, number: int) -> np.ndarray:
        """Evaluate one point, with the luck of its number."""
        return self.problem.evaluate(values, luck_of(self.seed, number))

    def _read(self, path: Path) -> None:
        try:
            with np.load(path, allow_pickle=False) as kept:
                key, points, found = str(kept["key"]), kept["points"], kept["found"]
            fits = points.shape[1:] == self.points.shape[1:] and found.shape == (
                len(points),
                *self.found.shape[1:],
            )
        except (OSError, ValueError, KeyError, EOFError):
            raise UserError(f"{path}: cannot be read; --fresh starts anew") from None
        if key != self.key or not fits:
            raise UserError(
                f"{path}: holds evaluations of other work (scenario, claims, seed or replicates differ); "
                "--fresh starts anew, or choose another --out"
            )
        self.points, self.found = points, found

    def _write(self) -> None:
        if self.folder is None:
            return
        with explained(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            unfinished = self.folder / f"unfinished-{FILE}"
            self.save(unfinished)
            unfinished.replace(self.folder / FILE)

    def save(self, path: Path) -> None:
        """Write all evaluations to a file."""
        with path.open("wb") as file:
            np.savez(file, key=np.array(self.key), points=self.points, found=self.found)


def luck_of(seed: int, number: int) -> int:
    """Return the seed of the runs of an evaluation: a function of the seed of the whole and its number."""
    whole = np.uint64(mix(PURPOSE, np.uint64(seed)))
    return int(mix(whole, np.uint64(number))) >> 1
