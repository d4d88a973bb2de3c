"""Serves the page to this machine, and to nobody else; nothing that it needs comes from elsewhere."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import socket
import warnings
from collections.abc import Callable
from importlib import metadata
from typing import Any
from urllib.parse import urlsplit

from experiments.extras import how_to_install
from sim.errors import UserError

HOST = "127.0.0.1"
SCENARIO = "CASCADES_EXPLORE"  # variable of the environment: the scenario that a window begins with
EXTRA = "dashboard"
ALLOWED = (HOST, "localhost")
# Solara counts its users over the network and fetches what it lacks, unless it is told not to.
QUIET = {
    "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "false",
    "SOLARA_ASSETS_PROXY": "true",
    "SOLARA_ASSETS_CDN": f"http://{HOST}:9/",  # nobody answers there: what is missing is missing
    "SOLARA_MODE": "production",
    "SOLARA_THEME_SHOW_BANNER": "false",
    "SOLARA_THEME_TITLE": "Diffusion Cascades",
    "SOLARA_THEME_LOADER": "plain",
    "SOLARA_KERNEL_CULL_TIMEOUT": "5m",
}


def serve(
    scenario: str,
    port: int,
    say: Callable[[str], None] = print,
    begun: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve the page until Ctrl-C; ``begun`` is called with its address.

    Raises UserError where packages are missing, the scenario cannot be read or the port is taken.
    """
    check_extra()
    from experiments.dashboard.setting import opened

    opened(scenario)
    with listening_at(port) as listening:
        address = f"http://{HOST}:{listening.getsockname()[1]}/"
        server = _server(scenario)
        say(f"Diffusion Cascades at {address} (for this machine only; Ctrl-C ends it)")
        begun(address)
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[listening])
    say("Ended.")


def check_extra() -> None:
    """Raise UserError where the packages of the dashboard are not installed."""
    for package in ("solara", "solara-assets", "uvicorn", "starlette"):
        try:
            metadata.version(package)
        except metadata.PackageNotFoundError:
            raise UserError(
                f"the dashboard needs the package {package}, which is not installed; "
                f"install it with: {how_to_install(EXTRA)}"
            ) from None


def listening_at(port: int) -> socket.socket:
    """Return a socket that listens at a port of this machine; 0: any that is free."""
    if not 0 <= port <= 65535:
        raise UserError(f"--port {port}: must be a whole number from 0 to 65535")
    listening = socket.socket()
    if os.name != "nt":
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise UserError(
                f"--port {port}: is in use, perhaps by another `cascades explore`; "
                "end that one, or choose another port (--port 0: any that is free)"
            ) from None
        raise UserError(f"--port {port}: cannot be used ({error.strerror})") from None
    return listening


def _server(scenario: str):
    os.environ.update(QUIET | {SCENARIO: scenario, "SOLARA_APP": "experiments.dashboard.page"})
    os.environ.setdefault("SOLARA_SESSION_SECRET_KEY", secrets.token_hex(16))
    warnings.filterwarnings("ignore", "Cookies with samesite=none require https")
    import uvicorn
    from solara.server.starlette import app

    config = uvicorn.Config(
        only_from_here(app), log_level="warning", timeout_graceful_shutdown=1, lifespan="on"
    )
    return uvicorn.Server(config)


def only_from_here(app: Callable[..., Any]) -> Callable[..., Any]:
    """Return an application that answers this machine's own pages, and not those of other sites."""

    async def guarded(scope, receive, send) -> None:
        if scope["type"] in ("http", "websocket") and not _is_ours(dict(scope["headers"])):
            if scope["type"] == "websocket":
                await receive()
                await send({"type": "websocket.close", "code": 1008})
                return
            await send({"type": "http.response.start", "status": 403, "headers": []})
            await send({"type": "http.response.body", "body": b"for this machine only"})
            return
        await app(scope, receive, send)

    return guarded


def _is_ours(headers: dict[bytes, bytes]) -> bool:
    host = urlsplit(f"//{headers.get(b'host', b'').decode('latin-1')}").hostname
    origin = headers.get(b"origin")
    asked_by = urlsplit(origin.decode("latin-1")).hostname if origin else HOST
    return host in ALLOWED and asked_by in ALLOWED
