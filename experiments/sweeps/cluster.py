"""A sweep on a cluster: chunks go to the workers of a Dask scheduler and come back as finished parts.

The workers need the package and nothing else: no shared disk, no file of a policy. Whoever started them
(``dask worker``, dask-jobqueue on SLURM, ``LocalCluster``) does not matter. See docs/cluster.md.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any, TypeVar
from urllib.parse import urlsplit

from experiments.extras import how_to_install
from experiments.sweeps.keeping import differences
from sim.errors import UserError

SECONDS_TO_GREET = 3
SECONDS_TO_CONNECT = 5
LENGTH = struct.Struct("<Q")  # what a Dask scheduler says first: how many bytes its greeting has
LONGEST_GREETING = 2**20
FAULTS = 2  # chunks that a worker may fail at before it gets no more
T = TypeVar("T")
EXTRA = "cluster"


@contextlib.contextmanager
def on_cluster(
    address: str, ours: dict[str, Any], allow: bool
) -> Iterator[tuple[Any, Callable[[], None], int]]:
    """Yield (executor, a check that the scheduler is still there, number of places) of a cluster.

    Raises UserError where no scheduler answers, no worker is there, or a worker has other versions.
    """
    check_answers(address)
    try:
        import dask
        import distributed  # noqa: F401
    except ImportError:
        raise UserError(f"--cluster {address}: needs Dask: {how_to_install(EXTRA)}") from None
    settings = {
        "distributed.comm.timeouts.connect": SECONDS_TO_CONNECT,
        "distributed.comm.retry.count": 0,
    }
    with dask.config.set(settings), contextlib.ExitStack() as stack:
        client = connected(address)
        stack.callback(_close, client)
        places = sum(client.nthreads().values())
        if not places:
            raise UserError(
                f"--cluster {address}: the scheduler has no workers; start some with: dask worker {address}"
            )
        check_workers(address, client, ours, allow)

        def alive() -> None:
            if client.status not in ("running", "connecting"):
                raise UserError(
                    f"--cluster {address}: the scheduler is lost; the parts that came back are kept, and the "
                    "same command, with or without --cluster, does the rest"
                )

        pool = Pool(client)
        stack.callback(pool.end)
        yield pool, alive, places


class WorkerTrouble(Exception):
    """A worker could not compute a chunk: its address, and what it says."""

    def __init__(self, worker: str, message: str):
        super().__init__(worker, message)
        self.worker, self.message = worker, message

    def __str__(self) -> str:
        return f"{self.message} (worker {self.worker})"


def at_worker(function: Callable[[Any], Any], task: Any) -> Any:
    """Call a function on a worker; say which one it was where that fails."""
    from distributed import get_worker

    try:
        return function(task)
    except Exception as error:
        raise WorkerTrouble(get_worker().address, f"{type(error).__name__}: {error}") from None


class Pool:
    """The workers of a cluster as an executor; one that fails again and again gets no more chunks."""

    def __init__(self, client: Any):
        self.client = client
        self.faults: dict[str, int] = {}
        self._executors: dict[tuple[str, ...], Any] = {}

    def submit(self, function: Callable[[Any], Any], task: Any) -> Future:
        """Have a task computed by a worker."""
        return self._executor().submit(at_worker, function, task)

    def blame(self, error: Exception) -> None:
        """Note which worker an error came from."""
        if isinstance(error, WorkerTrouble):
            self.faults[error.worker] = self.faults.get(error.worker, 0) + 1

    def _executor(self) -> Any:
        bad = {worker for worker, count in self.faults.items() if count >= FAULTS}
        good = tuple(sorted(set(self.client.nthreads()) - bad)) if bad else ()  # (): whoever is there
        if good not in self._executors:
            workers = {"workers": list(good), "allow_other_workers": False} if good else {}
            self._executors[good] = self.client.get_executor(pure=False, **workers)
        return self._executors[good]

    def end(self) -> None:
        """Let go of what is still at work."""
        for executor in self._executors.values():
            executor.shutdown(wait=False)


def check_answers(address: str) -> None:
    """Raise UserError where no Dask scheduler answers, before anything heavy is loaded for it."""
    try:
        within(SECONDS_TO_GREET + 1, lambda: _greeted(address))
    except (OSError, ValueError) as error:
        raise no_scheduler(address, error) from None


def _greeted(address: str) -> None:
    """Connect, and see whether a Dask scheduler greets us: it says how long its greeting is, and tells it."""
    parts = urlsplit(address if "://" in address else f"tcp://{address}")
    if not parts.hostname or not parts.port:
        raise ValueError("write it as tcp://HOST:PORT, such as tcp://head:8786")
    with socket.create_connection((parts.hostname, parts.port), SECONDS_TO_GREET) as connection:
        if parts.scheme != "tcp":  # others, such as tls, wait for us
            return
        try:
            length = b""
            while len(length) < LENGTH.size and (more := connection.recv(LENGTH.size - len(length))):
                length += more
        except TimeoutError:
            raise OSError("something else listens there, which does not greet as Dask does") from None
    if len(length) < LENGTH.size or not 0 < LENGTH.unpack(length)[0] < LONGEST_GREETING:
        raise OSError("something else listens there, which greets otherwise than Dask does")


def no_scheduler(address: str, error: BaseException) -> UserError:
    """Return what to say where no Dask scheduler answers, and why."""
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return UserError(
        f"--cluster {address}: no Dask scheduler answers there ({reason}); start one with: dask scheduler"
    )


def within(seconds: float, function: Callable[[], T]) -> T:
    """Return what a function returns, or raise what it raises, after so many seconds at most.

    Raises TimeoutError after that; the function goes on, in a thread for which nobody waits.
    """
    answer: Future[T] = Future()

    def work() -> None:
        try:
            answer.set_result(function())
        except BaseException as error:
            answer.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    try:
        return answer.result(seconds)
    except TimeoutError:
        if answer.done():
            raise
        raise TimeoutError(f"nothing came of it within {seconds} seconds") from None


def connected(address: str) -> Any:
    """Return the client of a Dask scheduler; raise UserError where none answers in time.

    What else may listen there can make the client fail in any way, and wait for ever.
    """
    from distributed import Client

    class Quiet(Client):
        """A client that is closed where it is done, and not when it is forgotten, which waits and prints."""

        def __del__(self) -> None:
            pass

    def client() -> Any:
        return Quiet(address, timeout=SECONDS_TO_CONNECT, set_as_default=False, heartbeat_interval="1s")

    logger = logging.getLogger("distributed")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        return within(SECONDS_TO_CONNECT + 1, client)
    except Exception as error:
        raise no_scheduler(address, error) from None
    finally:
        logger.setLevel(level)


def _close(client: Any) -> None:
    with contextlib.suppress(Exception):
        client.close(timeout=2)


def check_workers(address: str, client: Any, ours: dict[str, Any], allow: bool) -> None:
    """Raise UserError for a worker that lacks the package, or (unless allowed) has other versions."""

    def told() -> Any:  # sent whole: a worker without the package can still answer
        try:
            from experiments.sweeps.work import fingerprint
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        return fingerprint()

    found = client.run(told)
    for worker, theirs in sorted(found.items()):
        if isinstance(theirs, str):
            raise UserError(
                f"--cluster {address}: worker {worker} cannot load this package ({theirs}); install the same "
                "version there"
            )
        different = differences(ours, theirs)
        if different and not allow:
            raise UserError(
                f"--cluster {address}: worker {worker} has other versions (here -> there):\n"
                + "\n".join(different)
                + "\nthe same bits are not certain then; --allow-other-versions goes on nevertheless"
            )
