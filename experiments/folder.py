"""Output folders: new results appear whole or not at all, and older ones stay until then.

All files are first written to a folder of their own inside the output folder (so on the same disk)
and then moved over the older ones. What is not ours is never touched.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from sim.errors import UserError

MADE_BY = "diffusion-cascades"
MANIFEST = "manifest.json"
ANOTHER = "choose another --out"
REPORT = "report.html"  # of what the folder holds: new results make it stale, so they remove it
_UNFINISHED = ".unfinished-"
_OF_A_RUN = re.compile(r"\.unfinished-[a-z0-9_]{8}")  # as tempfile names them


class OutputFolder:
    """A folder that takes the results of one command; opening it proves that it can be written.

    Use it as a context manager: files written under ``path(name)`` come into force with ``keep``;
    without it they are removed at the end, and so are folders that were made for nothing.

    Raises UserError where the folder cannot be made or written, or holds what others made.
    """

    def __init__(self, target: str | Path):
        self.target = Path(target)
        self._older = older_files(self.target)
        with explained(self.target):
            self._missing = [path for path in (self.target, *self.target.parents) if not path.exists()]
            try:
                self.target.mkdir(parents=True, exist_ok=True)
                self._unfinished, self._lock = _own_folder(self.target)
            except OSError:
                self._remove_empty()
                raise

    def __enter__(self) -> OutputFolder:
        return self

    def __exit__(self, *exception) -> None:
        shutil.rmtree(self._unfinished, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
        remove_left_behind(self.target)
        self._remove_empty()

    def _remove_empty(self) -> None:
        for folder in self._missing:
            with contextlib.suppress(OSError):  # not empty: something was kept
                folder.rmdir()

    def path(self, name: str) -> Path:
        """Return where to write a file for now."""
        return self._unfinished / name

    def free_bytes(self) -> int:
        """Return the space that is left on the disk of this folder."""
        return shutil.disk_usage(self.target).free

    def keep(self) -> list[Path]:
        """Move what was written into place, the manifest last; remove what it replaces.

        Returns the files as they now stand.
        """
        names = sorted((path.name for path in self._unfinished.iterdir()), key=lambda n: (n == MANIFEST, n))
        with explained(self.target):
            for name in names:
                self.path(name).replace(self.target / name)
            for name in self._older:
                if name not in names:
                    (self.target / name).unlink(missing_ok=True)
        return [self.target / name for name in names]


def _own_folder(target: Path) -> tuple[Path, int | None]:
    """Make a folder for unfinished results; return it with its lock, which ends with this process.

    Another process may take a folder without a lock for one left behind, just before this one locks it;
    then another one is made.
    """
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=target))
        lock = _locked(folder, wait=True)
        if folder.is_dir():
            return folder, lock
        if lock is not None:
            os.close(lock)


def _locked(folder: Path, wait: bool = False) -> int | None:
    """Take the lock of a folder; None where a living process has it, or where there are none (Windows)."""
    try:
        import fcntl
    except ImportError:
        return None
    try:
        lock = os.open(folder, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    return lock


def remove_left_behind(target: Path) -> None:
    """Remove the folders of unfinished results of processes that were killed; those of others are locked.

    Whose folder cannot be locked counts as living.
    """
    try:
        found = [path for path in target.iterdir() if _OF_A_RUN.fullmatch(path.name)]
    except OSError:
        return
    for path in found:
        if path.is_symlink() or not path.is_dir():
            continue
        lock = _locked(path)
        if lock is not None:
            shutil.rmtree(path, ignore_errors=True)
            os.close(lock)


def older_files(folder: Path) -> list[str]:
    """Return the names of the files that an earlier command of ours left in a folder.

    Raises UserError if there is something at this place that we did not make.
    """
    with explained(folder):
        if not folder.exists():
            return []
        if not folder.is_dir():
            raise UserError(f"{folder}: is a file, not a folder; {ANOTHER}")
        names = [path.name for path in folder.iterdir() if not path.name.startswith(_UNFINISHED)]
    if not names:
        return []
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if manifest["made_by"] != MADE_BY:
            raise ValueError
        if "kind" in manifest and "files" not in manifest:
            raise UserError(f"{folder}: holds a {manifest['kind']}, which is not replaced; {ANOTHER}")
        return [MANIFEST, REPORT, *(name for name in manifest["files"] if Path(name).name == name)]
    except (OSError, ValueError, KeyError, TypeError):
        raise UserError(
            f"{folder}: is not empty and holds no {MANIFEST} of ours, so nothing in it is replaced; "
            f"{ANOTHER}, or empty it"
        ) from None


def write_whole(path: str | Path, text: str) -> Path:
    """Write a text file of the user's own choice, whole or not at all; return its path.

    Raises UserError where it cannot be written.
    """
    return write_bytes(path, text.encode("utf-8"))


def write_bytes(path: str | Path, content: bytes) -> Path:
    """Write a file of the user's own choice, whole or not at all; return its path.

    Raises UserError where it cannot be written.
    """
    path = Path(path)
    if path.is_dir():
        raise UserError(f"{path}: is a folder; give the name of a file")
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"{_UNFINISHED}{path.name}")
        try:
            unfinished.write_bytes(content)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    return path


PICTURES = (".png", ".svg", ".pdf")


def check_picture(path: Path, option: str = "", forms: Sequence[str] = PICTURES) -> None:
    """Raise UserError where a figure is to have a name of no form of picture (``option`` names it)."""
    if path.suffix.lower() not in forms:
        listed = f"{', '.join(forms[:-1])} or {forms[-1]}" if len(forms) > 1 else forms[0]
        raise UserError(f"{option}{path}: this is no figure's name; give one that ends in {listed}")


@contextlib.contextmanager
def explained(path: Path, folder: OutputFolder | None = None) -> Iterator[None]:
    """Turn what the operating system says about a path into a message for the user."""
    try:
        yield
    except (OSError, UserError) as told:
        # a writer may have explained it already, but with the name of an unfinished file
        error = told if isinstance(told, OSError) else told.__context__
        if not isinstance(error, OSError):
            raise
        code = error.errno
        reason = error.strerror or str(error)
        if code == errno.ENOSPC or code == getattr(errno, "EDQUOT", None):
            left = f"{human_bytes(folder.free_bytes())} left" if folder else "none left"
            reason = f"there is no space on the disk ({left}); earlier results were not touched"
        raise UserError(f"{path}: cannot be written: {reason}") from None


def human_bytes(count: float) -> str:
    """Return a number of bytes as people read it.

    >>> human_bytes(1234567)
    '1.2 MB'
    """
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} bytes" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
