"""What may listen at the address of a cluster that is no scheduler: it is said, soon and in one line."""

from __future__ import annotations

import contextlib
import http.server
import socket
import struct
import threading
import time

import pytest
from terminal import cascades

from experiments.sweeps import cluster

SILENT = b""
LENGTH_ONLY = struct.pack("<Q", 58)
GREETINGS = {
    "silent": SILENT,
    "another protocol": b"SSH-2.0-OpenSSH_9.6\r\n",
    "noise": bytes(range(255, 0, -1)) * 100,
    "a length only": LENGTH_ONLY,
    "a length and noise": LENGTH_ONLY + bytes(range(255, 0, -1)),
    "frames without end": struct.pack("<QQQ", 16, 1, 2**62) + b"x" * 1000,
}


@contextlib.contextmanager
def listening(greeting: bytes):
    """A port that takes every connection, says one thing and then waits."""
    taken = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    taken.append(connection)
                    connection.sendall(greeting)

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield f"tcp://127.0.0.1:{server.getsockname()[1]}"
        finally:
            server.shutdown(socket.SHUT_RDWR)
            for connection in taken:
                connection.close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Wait less, as nothing will come."""
    monkeypatch.setattr(cluster, "SECONDS_TO_GREET", 0.5)
    monkeypatch.setattr(cluster, "SECONDS_TO_CONNECT", 1)


def refusal(address: str, tmp_path) -> str:
    began = time.monotonic()
    told = cascades("sweep", "toy", "--runs", 1, "--out", tmp_path / "s", "--cluster", address).refusal
    assert time.monotonic() - began < 10
    return told


@pytest.mark.parametrize("what", GREETINGS)
def test_what_is_no_scheduler_is_said_soon(tmp_path, what, capfd):
    pytest.importorskip("distributed")
    with listening(GREETINGS[what]) as address:
        told = refusal(address, tmp_path)
    assert told.startswith(f"--cluster {address}: no Dask scheduler answers there (")
    assert "\n" not in told and "memory" not in told
    assert "Traceback" not in capfd.readouterr().err


def test_a_web_server_is_no_scheduler(tmp_path):
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        told = refusal(f"tcp://127.0.0.1:{server.server_port}", tmp_path)
        server.shutdown()
    assert "no Dask scheduler answers there" in told


def test_what_takes_too_long_is_left_alone():
    with pytest.raises(TimeoutError, match=r"within 0.1 seconds"):
        cluster.within(0.1, lambda: time.sleep(30))
    with pytest.raises(MemoryError):
        cluster.within(5, lambda: (_ for _ in ()).throw(MemoryError()))
    assert cluster.within(5, lambda: 3) == 3
