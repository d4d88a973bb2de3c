"""The dashboard for tests: a server that may reach nobody, and a window as a person uses it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

from browser import Browser
from selenium.webdriver import Keys

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = float(
    os.environ.get("CASCADES_PATIENCE", 240)
)  # seconds for what may have to be compiled first, on a machine that has other work
# Solara's own navigator.vue says `modules.export`; Chromium's console tells of it once per page.
SOLARAS_OWN = "Failed to evaluate Vue script and find module.exports, falling back to old method"
_GUARD = """
import faulthandler, runpy, signal, socket, sys
if hasattr(signal, "SIGUSR1"):
    faulthandler.register(signal.SIGUSR1)  # says where its threads are
HERE = ("127.0.0.1", "localhost", "::1", "0.0.0.0", "", None)
def watched(real, address_of):
    def call(*arguments, **named):
        host = address_of(arguments)
        if isinstance(host, bytes): host = host.decode()
        if host not in HERE:
            print("REACHED FOR", host, flush=True)
            raise OSError("this server may reach nobody")
        return real(*arguments, **named)
    return call
def host_of(arguments):
    return arguments[1][0] if isinstance(arguments[1], tuple) else ""
socket.getaddrinfo = watched(socket.getaddrinfo, lambda arguments: arguments[0])
class Watched(socket.socket):
    connect = watched(socket.socket.connect, host_of)
    connect_ex = watched(socket.socket.connect_ex, host_of)
    sendto = watched(socket.socket.sendto, lambda given: given[-1][0] if isinstance(given[-1], tuple) else "")
socket.socket = Watched
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


class Server:
    """A command that serves a page, in a process of its own that may reach no other machine."""

    def __init__(self, *command: str, **environment: str):
        self.said: list[str] = []
        self._heard = threading.Condition()
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-c", _GUARD, *command],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def address(self) -> str:
        """Where it serves, once it has said so."""
        with self._heard:
            found = self._heard.wait_for(self._found, PATIENCE)
        assert found, self.said
        return found[0]

    def interrupt(self) -> int:
        """Press Ctrl-C; return the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)

    def close(self) -> None:
        """End it; it must have reached for nobody."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        print("\n".join(self.said))
        assert not [line for line in self.said if "REACHED FOR" in line], self.said

    def _found(self):
        return re.search(r"http://\S+", "\n".join(self.said))

    def _listen(self) -> None:
        for line in self.process.stdout:
            with self._heard:
                self.said.append(line.rstrip())
                self._heard.notify_all()


class Window:
    """A window of the dashboard."""

    def __init__(self, browser: Browser, address: str):
        self.browser = browser
        browser.open(address)
        self.wait_for_runs()

    def wait_for_runs(self) -> None:
        """Wait until there is something to see, and nothing under way."""
        self.browser.wait(lambda: self.browser.all("[data-metric]") and not self.is_busy, PATIENCE)

    @property
    def is_busy(self) -> bool:
        return bool(self.browser.all(".under-way"))

    def difference(self, metric: str = "spending") -> str:
        """Return what is shown as the difference of a metric."""
        return self.browser.text(f'[data-metric="{metric}"] .median')

    def write(self, lever: str, text: str) -> None:
        """Write at a lever, and press Enter."""
        field = self.browser.wait(lambda: self._lever(lever).find_element("css selector", "input[type=text]"))
        self.browser.run("arguments[0].focus(); arguments[0].select()", field)
        self.browser.press(text, Keys.ENTER)

    def slide(self, lever: str, value: float) -> None:
        self.browser.slide(f'[data-lever="{lever}"] input[type=range]', value)

    def complaint(self, lever: str) -> str:
        """Return what is said beside a lever; "" if nothing is."""
        found = self._lever(lever).find_elements("css selector", ".complaint")
        return found[0].text if found else ""

    def add(self, kind: str, name: str) -> None:
        """Choose from a list: ``policy`` or ``number``."""
        field = f".add-{kind} input"
        self.browser.wait(lambda: self.browser.find(field).is_displayed())
        self.browser.find(field).click()
        self.browser.press(name)
        entry = ".menuable__content__active .v-list-item"
        self.browser.wait(lambda: [one for one in self.browser.all(entry) if one.text.startswith(name)])
        [one for one in self.browser.all(entry) if one.text.startswith(name)][0].click()

    def click(self, label: str) -> None:
        """Click the button of a label."""

        def found():
            buttons = [one for one in self.browser.all("button") if one.text.strip().lower() == label.lower()]
            return [one for one in buttons if one.is_enabled()]

        button = self.browser.wait(found, PATIENCE)[0]
        self.browser.run("arguments[0].scrollIntoView({block: 'center'})", button)
        button.click()

    def changed_from(self, before: str, metric: str = "spending") -> str:
        """Wait until another difference is shown, and return it."""
        self.browser.wait(lambda: self.difference(metric) != before and not self.is_busy, PATIENCE)
        return self.difference(metric)

    def complaints(self) -> list[str]:
        """Return what the browser complains about, but for what Solara itself says."""
        return [said for said in self.browser.complaints() if SOLARAS_OWN not in said]

    def _lever(self, name: str):
        return self.browser.find(f"[data-lever={json.dumps(name)}]")
