"""Measured arms kept on disk, so that no run is simulated twice: not after Ctrl-C, not for more runs.

What is kept is found by a hash of all that its numbers depend on: scenario, seed, the source of the rules
and of what reads the runs, versions. So it is never stale, and may be removed at any time. A file that is
damaged, or that this version cannot read, counts as not there.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

import numpy as np

FOLDER = "evidence"  # beside the compiled rules
MOST_SOURCES = 6  # of how many versions of the source arms are kept; the oldest go first
SOURCES = ("agents/*.py", "sim/*.py", "experiments/evidence/**/*.py")
AFTERWARDS = (  # of these, what works on measured numbers only
    "agreement.py", "calculations.py", "choice.py", "claims_page.py", "dress.py", "formula.py", "keeping.py",
    "page.py", "picture.py", "saving.py", "scales.py", "table.py", "telling.py", "used_inputs.py",
)  # fmt: skip
PACKAGES = ("numpy", "numba", "llvmlite")


@dataclass(frozen=True)
class World:
    """Which runs are meant: of a scenario, from a seed and a first run on, with inputs drawn or not."""

    fingerprint: str
    seed: int
    first_run: int = 0
    draw: bool = True

    @property
    def name(self) -> str:
        """The name of its file."""
        text = json.dumps([self.fingerprint, self.seed, self.first_run, self.draw])
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest() + ".npz"


class Kept:
    """A folder of measured arms. ``fresh``: what is there is not used, and is written anew.

    ``problem``: why nothing can be kept, once that has turned out; measuring goes on without.
    """

    def __init__(self, folder: str | Path | None = None, fresh: bool = False):
        self.root = Path(folder) if folder else default_folder()
        self.folder = self.root / source_of_numbers()
        self.fresh = fresh
        self.problem = ""
        self._written: set[World] = set()

    def read(self, world: World, columns: Sequence[Hashable], runs: int) -> tuple[np.ndarray, np.ndarray]:
        """Return (values, known), each of shape (runs, columns); what is not known is nan."""
        values, known = np.full((runs, len(columns)), np.nan), np.zeros((runs, len(columns)), bool)
        for name, (found, done) in self._file(world).items():
            if name in columns:
                place, rows = list(columns).index(name), min(runs, len(found))
                values[:rows, place], known[:rows, place] = found[:rows], done[:rows]
        return values, known

    def write(self, world: World, columns: Sequence[Hashable], values: np.ndarray, known: np.ndarray) -> None:
        """Keep what is known, together with what is there already; nothing happens where it cannot be."""
        together = self._file(world)
        for place, column in enumerate(columns):
            older = together.get(str(column), _NOTHING)
            together[str(column)] = _laid_over(older, (values[:, place], known[:, place]))
        try:
            self._make_folder()
            _write_whole(self.folder / world.name, together)
            self._written.add(world)
        except OSError as error:
            self.problem = f"{self.folder}: {error.strerror or error}"

    def _file(self, world: World) -> dict[str, Column]:
        """Return (values, known) of each column that is kept of a world; none where the file is no good."""
        if self.fresh and world not in self._written:
            return {}
        try:
            with np.load(self.folder / world.name, allow_pickle=False) as file:
                columns, values, known = file["columns"], file["values"], file["known"]
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
            return {}
        fits = values.dtype == float and known.dtype == bool and values.ndim == 2
        if not fits or values.shape != known.shape or len(values) != len(columns):
            return {}
        return {str(name): (values[row], known[row]) for row, name in enumerate(columns)}

    def _make_folder(self) -> None:
        """Make the folder, and remove those of versions of the source that were used longest ago."""
        if self.folder.is_dir():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        others = [path for path in self.root.iterdir() if path.is_dir() and path != self.folder]
        with contextlib.suppress(OSError):
            others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
            for path in others[MOST_SOURCES - 1 :]:
                shutil.rmtree(path, ignore_errors=True)


def default_folder() -> Path:
    """Return where measured arms are kept unless somebody says otherwise."""
    from agents.rule import cache_root

    return cache_root() / FOLDER


@cache
def source_of_numbers() -> str:
    """Return a hash of all source that measured numbers depend on, and of the versions that run it."""
    root = Path(__file__).resolve().parent.parent.parent
    digest = hashlib.blake2b(digest_size=8)
    digest.update(repr([sys.version_info[:2], *map(metadata.version, PACKAGES)]).encode())
    for pattern in SOURCES:
        for path in sorted(root.glob(pattern)):
            if path.parent.name != "evidence" or path.name not in AFTERWARDS:
                digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


Column = tuple[np.ndarray, np.ndarray]  # values and which are known, shape (runs,)
_NOTHING: Column = np.empty(0), np.empty(0, bool)


def _laid_over(older: Column, newer: Column) -> Column:
    """Return what is known of a column from either."""
    runs = max(len(older[0]), len(newer[0]))
    values, known = np.full(runs, np.nan), np.zeros(runs, bool)
    for found, done in (older, newer):
        values[: len(found)][done] = found[done]
        known[: len(done)] |= done
    return values, known


def _write_whole(path: Path, columns: dict[str, Column]) -> None:
    """Write a file whole or not at all; columns of fewer runs are filled up with what is not known."""
    runs = max((len(values) for values, _ in columns.values()), default=0)
    values, known = np.full((len(columns), runs), np.nan), np.zeros((len(columns), runs), bool)
    for row, (found, done) in enumerate(columns.values()):
        values[row, : len(found)], known[row, : len(done)] = found, done
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".unfinished-", delete=False) as file:
        unfinished = Path(file.name)
        try:
            np.savez(file, columns=np.array(list(columns), np.str_), values=values, known=known)
            file.close()
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
