"""Keeping a sweep: parts appear whole or not at all, one process at a time, and none is ever lost.

A part is written under an unfinished name, forced to the disk, read back, compared and renamed; its name
holds the hash of its content. Whatever happens in between (kill -9, a power cut, a full disk), what has
its name is whole, and all else is done again. An operating-system lock keeps two processes apart; it
vanishes with the process that holds it.
"""

from __future__ import annotations

import contextlib
import datetime
import errno
import json
import os
import platform
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from experiments.folder import ANOTHER, MADE_BY, MANIFEST, explained
from experiments.sweeps.plan import Plan, compared
from experiments.sweeps.store import (
    DESIGN,
    EVENTS,
    EXPANDING,
    FAILURES,
    KIND,
    PARTS,
    UNIT,
    command,
    content_of,
    is_whole,
    open_store,
    read_manifest,
)
from experiments.sweeps.work import Chunk, Made, fingerprint
from sim.errors import UserError

LOCK, JOURNAL, UNFINISHED = ".lock", "journal.jsonl", ".unfinished-"
HELD = (errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK)  # by another process
OURS = (LOCK, DESIGN, PARTS, EVENTS, FAILURES, JOURNAL)


class Keeper:
    """The store of a sweep, held by this process for writing; use it as a context manager."""

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        self._lock: Any = None

    def __enter__(self) -> Keeper:
        check_folder(self.folder)
        with explained(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = (self.folder / LOCK).open("a+")
        self._lock = _locked(lock, self.folder)
        for path in self.folder.rglob(f"{UNFINISHED}*"):  # of a process that is no more
            path.unlink(missing_ok=True)
        return self

    def __exit__(self, *exception) -> None:
        if self._lock is not None:
            self._lock.close()
        if not (self.folder / MANIFEST).exists():
            with contextlib.suppress(OSError):
                (self.folder / LOCK).unlink()
                self.folder.rmdir()

    def begin(
        self, plan: Plan, runs: int, chunk: int | None = None, allow: bool = False
    ) -> list[dict[str, int]]:
        """Make the store of a plan, or take up the one that is there; return its blocks of runs.

        ``allow``: go on although versions or processor are others. Raises UserError, with the
        difference, for a store of another plan.
        """
        design = _design(plan)
        if (self.folder / MANIFEST).exists():
            manifest = read_manifest(self.folder)
            check_same(self.folder, manifest, plan, content_of(design), allow)
            if not open_store(self.folder).has_design():
                self._write(DESIGN, design)  # its hash is that of the manifest: it is the same
            blocks = manifest["blocks"]
            total = sum(block["runs"] for block in blocks)
            if runs not in (blocks[0]["runs"], total):
                raise UserError(
                    f"{self.folder}: has {total} runs of every point, and {runs} are asked for; "
                    + (
                        command("expand", self.folder, "--runs", f"+{runs - total}")
                        if runs > total
                        else "none is taken away; choose another --out"
                    )
                )
            return blocks
        blocks = [plan.block(0, runs, chunk)]
        with explained(self.folder):
            self._write(DESIGN, design)
            self._write(MANIFEST, _as_text(_manifest(plan, blocks, content_of(design))).encode())
        return blocks

    def expand(self, plan: Plan, more: int) -> bool:
        """Give every point more runs; the old ones stay as they are.

        Returns False where so many were asked for before and are not all there yet: then those are meant.
        Raises UserError where another number of them is not there yet.
        """
        store = open_store(self.folder)
        if store.expanding == more:
            return False
        if store.expanding:
            raise UserError(
                f"{self.folder}: is being expanded by {store.expanding} runs of every point, not by {more}; "
                f"finish that first: {command('resume', self.folder)}"
            )
        manifest = store.manifest | {EXPANDING: more}
        manifest["blocks"] = [*store.blocks, plan.block(store.runs_per_point, more)]
        self._write(MANIFEST, _as_text(manifest).encode())
        return True

    def expanded(self) -> None:
        """Note that all runs are there."""
        manifest = read_manifest(self.folder)
        if manifest.pop(EXPANDING, 0):
            self._write(MANIFEST, _as_text(manifest).encode())

    def kept(self, key: str, chunks: Iterator[Chunk], logs: int) -> tuple[list[Chunk], list[Path]]:
        """Return the chunks that are still to be done, and the damaged parts that were put aside.

        Every part that is there is read and compared with the hash in its name, and must be of the sweep
        ``key``.
        """
        there: dict[str, Path] = {}
        damaged: list[Path] = []
        for folder in (PARTS, EVENTS):
            for path in sorted((self.folder / folder).glob("*.parquet")):
                stem = path.name.partition(".")[0]
                if is_whole(path) and stem not in there and _belongs(path, key):
                    there[stem] = path
                else:
                    damaged.append(path)
        with explained(self.folder):
            for path in damaged:
                path.unlink()
        missing = []
        for chunk in chunks:
            wanted = [f"part-{chunk.name}"]
            if _is_logged(chunk, logs) and wanted[0] in there and f"events-{chunk.name}" not in there:
                wanted.append(f"events-{chunk.name}")
            if not all(name in there for name in wanted):
                for name in wanted:
                    if name in there:
                        there[name].unlink()
                missing.append(chunk)
        return missing, damaged

    def keep(self, made: Made) -> None:
        """Put the files of a chunk into the store, its log first: where the part is, the log is."""
        if made.events:
            self._write(f"{EVENTS}/events-{made.chunk.name}.{content_of(made.events)}.parquet", made.events)
        self._write(f"{PARTS}/part-{made.chunk.name}.{content_of(made.part)}.parquet", made.part)

    def note(self, **facts: Any) -> None:
        """Add a line to the journal: what happened when; no result depends on it."""
        line = {"at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"), **facts}
        with contextlib.suppress(OSError), (self.folder / JOURNAL).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def write_failures(self, text: str) -> None:
        """Write the table of runs that failed; take it away where there is none."""
        if text:
            self._write(FAILURES, text.encode())
        else:
            (self.folder / FAILURES).unlink(missing_ok=True)

    def free_bytes(self) -> int:
        """Return the space that is left on the disk."""
        return shutil.disk_usage(self.folder).free

    def _write(self, name: str, content: bytes) -> None:
        path = self.folder / name
        unfinished = path.with_name(f"{UNFINISHED}{path.name}")
        with explained(self.folder):
            path.parent.mkdir(exist_ok=True)
            try:
                with unfinished.open("wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                if unfinished.read_bytes() != content:
                    raise OSError("what was written is not what the disk gives back")
                unfinished.replace(path)
                _force(path.parent)
            finally:
                with contextlib.suppress(OSError):
                    unfinished.unlink(missing_ok=True)


def _belongs(path: Path, key: str) -> bool:
    import pyarrow.parquet as parquet

    facts = parquet.read_schema(path).metadata or {}
    return json.loads(facts.get(b"diffusion-cascades", b"{}")).get("sweep") == key


def check_folder(folder: Path) -> None:
    """Raise UserError where there is something at this place that no sweep made."""
    with explained(folder):
        if not folder.exists():
            return
        if not folder.is_dir():
            raise UserError(f"{folder}: is a file, not a folder; {ANOTHER}")
        names = [path.name for path in folder.iterdir()]
    if MANIFEST in names:
        read_manifest(folder, ANOTHER)
    elif any(name not in OURS and not name.startswith(UNFINISHED) for name in names):
        raise UserError(f"{folder}: is not empty and holds no sweep, so nothing in it is touched; {ANOTHER}")


def _locked(file: Any, folder: Path) -> Any:
    """Return the lock of a store, held until it is closed or this process ends."""
    try:
        try:
            import fcntl
        except ImportError:  # Windows
            import msvcrt  # type: ignore[import-not-found, unused-ignore]

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined, unused-ignore]
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in HELD:
            file.close()
            raise UserError(f"{folder}: cannot be locked: {error.strerror}; choose another disk") from None
        file.seek(0)
        holder = file.read().strip() or "another process"
        file.close()
        raise UserError(
            f"{folder}: is being worked on by {holder}; wait until it has ended, or stop it"
        ) from None
    file.seek(0)
    file.truncate()
    file.write(f"process {os.getpid()} on {socket.gethostname()}")
    file.flush()
    return file


def is_locked(path: Path) -> bool:
    """Whether a process holds the lock of a store; only to be read, so it need not be ours."""
    try:
        import fcntl
    except ImportError:  # Windows
        return False
    try:
        file = path.open()
    except OSError:
        return False
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError as error:
            return error.errno in HELD
    return False


def _force(folder: Path) -> None:
    """Force the names of a folder to the disk, where the system can."""
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _is_logged(chunk: Chunk, logs: int) -> bool:
    """Whether a chunk holds runs of which the log is kept."""
    if chunk.first_run >= logs:
        return False
    most = min(chunk.runs, logs - chunk.first_run)
    begins = chunk.first % chunk.runs
    return begins < most or begins + chunk.last - chunk.first > chunk.runs


def _design(plan: Plan) -> bytes:
    """Return the table of points as a Parquet file."""
    import numpy as np
    import pyarrow as pa

    from experiments.run import arrow, stored
    from experiments.sweeps.work import file_of, words

    count = len(plan.points)
    columns: dict[str, Any] = {"point": arrow(np.arange(count))}
    ids = [plan.id_of(point) for point in range(count)]
    columns["id"] = pa.array(ids, pa.string())
    for name in plan.names:
        values = plan.points.columns[name]
        if all(isinstance(value, bool) for value in values):
            columns[name] = pa.array(values, pa.bool_())
        elif all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values):
            whole = all(isinstance(value, int) for value in values)
            columns[name] = arrow(np.array(values, np.int64 if whole else float))
        else:
            vocabulary, places = np.unique(np.array([str(value) for value in values]), return_inverse=True)
            columns[name] = words(vocabulary, places.astype(np.int32))
    if plan.points.unit is not None:
        for place, name in enumerate(plan.names):
            columns[UNIT + name] = arrow(np.ascontiguousarray(plan.points.unit[:, place]))
    table = pa.Table.from_arrays(list(columns.values()), list(columns), metadata=stored({"sweep": plan.key}))
    return file_of([table])


def _manifest(plan: Plan, blocks: list[dict[str, int]], design: str) -> dict[str, Any]:
    from experiments.manifest import command_line, commit_of, now

    root = Path(__file__).resolve().parent.parent.parent
    return {
        "made_by": MADE_BY,
        "kind": KIND,
        "made_with": fingerprint(),
        "platform": platform.platform(),
        "commit": commit_of(root),
        "command": command_line(),
        "started": now().isoformat(timespec="seconds"),
        "points": len(plan.points),
        "design": design,
        "metrics": plan.notes,
        "blocks": blocks,
        "plan": plan.data,
    }


def _as_text(manifest: dict[str, Any]) -> str:
    return json.dumps(manifest, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def check_same(folder: Path, manifest: dict[str, Any], plan: Plan, design: str, allow: bool) -> None:
    """Raise UserError, with the difference, unless a store was made for this plan, by the same program."""
    found = differences(compared(manifest["plan"]), compared(plan.data))
    if not found and manifest["design"] != design:
        found = ["the points of the design"]
    if found:
        raise UserError(
            f"{folder}: holds another sweep; choose another --out. The difference (there -> asked for):\n"
            + "\n".join(found)
        )
    check_versions(f"{folder}: was made with other versions", manifest["made_with"], fingerprint(), allow)


def check_versions(what: str, there: dict[str, Any], here: dict[str, Any], allow: bool) -> None:
    """Raise UserError where results might not be the same bits."""
    found = differences(there, here)
    if found and not allow:
        raise UserError(
            f"{what} (there -> here):\n"
            + "\n".join(found)
            + "\nthe same bits are not certain then; --allow-other-versions goes on nevertheless"
        )


def differences(there: Any, here: Any, path: str = "", most: int = 8) -> list[str]:
    """Return in what nested plain data differ, at most so many lines.

    >>> differences({"a": {"b": 1}}, {"a": {"b": 2}})
    ['a.b: 1 -> 2']
    """
    if isinstance(there, dict) and isinstance(here, dict):
        found: list[str] = []
        for key in dict.fromkeys([*there, *here]):
            if len(found) <= most:
                below = f"{path}.{key}" if path else str(key)
                found += differences(there.get(key), here.get(key), below, most)
        return [*found[:most], "..."] if len(found) > most else found
    if there == here:
        return []
    if isinstance(there, list) and isinstance(here, list) and len(there) == len(here):
        return differences(dict(enumerate(there)), dict(enumerate(here)), path, most)
    return [f"{path}: {_shortened(there)} -> {_shortened(here)}"]


def _shortened(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) < 60 else text[:57] + "..."
