"""One piece of work at a time, on a thread of its own: it tells how far it is and can be cancelled."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sim.errors import UserError

BETWEEN = 0.25  # seconds between two pieces of news about how far a piece of work is


class Cancelled(Exception):
    """The work was called off."""


@dataclass(frozen=True)
class Progress:
    """How far a piece of work is. ``what``: in words; ``total`` 0: nobody knows how much there is to do.

    ``unit``: what is counted.
    """

    what: str
    done: int = 0
    total: int = 0
    unit: str = "runs"

    @property
    def share(self) -> float:
        return self.done / self.total if self.total else 0.0


class Job:
    """What the work is handed: it looks here whether to go on, and says here how far it is."""

    def __init__(self, told: Callable[[Job], None]):
        self._told = told
        self._cancelled = threading.Event()
        self._told_at = 0.0
        self.progress = Progress("")

    def cancel(self) -> None:
        self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    def check(self) -> None:
        """Raise Cancelled where the work was called off."""
        if self.cancelled:
            raise Cancelled

    def tell(self, what: str, done: int = 0, total: int = 0, unit: str = "runs") -> None:
        """Say how far the work is; raise Cancelled where it was called off."""
        self.check()
        news = what != self.progress.what
        self.progress = Progress(what, done, total, unit)
        now = time.monotonic()
        if news or now - self._told_at >= BETWEEN:
            self._told_at = now
            self._told(self)


class Work:
    """Does one thing at a time; a new one takes the place of the one before.

    ``changed`` is called, from the thread of the work, whenever there is something new to show.
    ``progress``: of the work under way, or None. ``failure``: why the latest one came to nothing, or "";
    ``cancelled``: whether it was called off.
    """

    def __init__(self, changed: Callable[[], None]):
        self._changed = changed
        self._lock = threading.Lock()
        self._job: Job | None = None
        self._thread: threading.Thread | None = None
        self.failure, self.cancelled = "", False

    @property
    def progress(self) -> Progress | None:
        job = self._job
        return job.progress if job else None

    def start(self, what: Callable[[Job], Any], finished: Callable[[Any], None]) -> None:
        """Begin something; ``finished`` takes what it returns, unless it was cancelled or replaced."""
        job = Job(self._told)
        with self._lock:
            if self._job:
                self._job.cancel()
            self._job, self.failure, self.cancelled = job, "", False
            self._thread = threading.Thread(target=self._do, args=(job, what, finished), daemon=True)
        self._thread.start()

    def cancel(self) -> None:
        """Call off what is under way."""
        with self._lock:
            if self._job:
                self._job.cancel()
                self._job, self.cancelled = None, True
        self._changed()

    def wait(self, seconds: float = 600.0) -> None:
        """Wait until nothing is under way."""
        thread = self._thread
        if thread:
            thread.join(seconds)

    def _told(self, job: Job) -> None:
        if job is self._job:
            self._changed()

    def _do(self, job: Job, what: Callable[[Job], Any], finished: Callable[[Any], None]) -> None:
        failure, found = "", None
        try:
            found = what(job)
            job.check()
        except Cancelled:
            return
        except UserError as error:
            failure = str(error)
        except MemoryError:
            failure = "This machine's memory is too small for that; ask for fewer runs."
        except Exception as error:  # ours: a window must not wait for ever for what has died
            if not job.cancelled:
                traceback.print_exc()
            failure = f"Something went wrong inside ({type(error).__name__}: {error})"
        with self._lock:
            if job is not self._job:
                return
            self._job, self.failure = None, failure
            if not failure:
                finished(found)
        self._changed()
