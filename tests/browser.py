"""A browser for tests: headless Chromium, watched for errors and for anything it asks of another machine.

A test that takes the fixture ``browser`` (tests/conftest.py) is skipped, and says so loudly, where
Chromium or its driver is not installed; set ``CASCADES_BROWSER=required`` to make it fail instead.

    def test_a_page(browser, tmp_path):
        browser.open(page)  # a file, or the address of a server on this machine
        browser.wait(lambda: browser.find("#answer").text == "42")
        browser.find("button").click()

After each test the fixture asserts that the page wrote no error to its console and asked nothing of any
other machine (``Browser.complaints``). Names on this machine resolve; all others do not.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from selenium.webdriver.remote.webelement import WebElement

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
DRIVER = ("chromedriver", "chromium-driver")
HERE = ("127.0.0.1", "localhost", "::1")
LOCAL = ("file", "data", "blob", "about", "chrome", "devtools")  # schemes that leave no machine
PATIENCE = 10.0  # seconds after which what was waited for counts as not coming
DRAWN_ANEW = 20  # times that an element is found again which the page draws anew while it is read
_SWITCHES = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage",
    "--no-first-run", "--no-default-browser-check", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-extensions", "--disable-default-apps",
    "--force-device-scale-factor=1", "--lang=en-GB", "--password-store=basic",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)  # fmt: skip


def missing() -> str:
    """Return what is missing for tests in a browser; "" where all is there."""
    lacks = [what for what, names in (("Chromium", CHROMIUM), ("chromedriver", DRIVER)) if not _which(names)]
    try:
        import selenium  # noqa: F401
    except ImportError:
        lacks.append("selenium (pip install -e '.[test]')")
    if not lacks:
        return ""
    return f"{' and '.join(lacks)} not found; on Debian: apt-get install chromium chromium-driver"


def is_required() -> bool:
    """Return whether a missing browser is a failure and not only a skipped test."""
    return os.environ.get("CASCADES_BROWSER") == "required"


class Browser:
    """One Chromium with one window; ``driver`` is what Selenium calls it, for all that is not here."""

    def __init__(self, profile: Path, width: int = 1280, height: int = 900):
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service

        options = webdriver.ChromeOptions()
        options.binary_location = _which(CHROMIUM)
        for switch in (*_SWITCHES, f"--user-data-dir={profile}", f"--window-size={width},{height}"):
            options.add_argument(switch)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options, Service(_which(DRIVER)))

    def open(self, address: str | Path) -> None:
        """Load a page: a file, or an address; return when it and its scripts are loaded."""
        self.driver.get(address.resolve().as_uri() if isinstance(address, Path) else address)

    def resize(self, width: int, height: int = 900) -> None:
        """Give the page a size in CSS pixels (also one that is narrower than a window can be)."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def find(self, selector: str) -> WebElement:
        """Return the first element that a CSS selector finds; fails where there is none."""
        return self.driver.find_element("css selector", selector)

    def all(self, selector: str) -> list[WebElement]:
        """Return all elements that a CSS selector finds."""
        return self.driver.find_elements("css selector", selector)

    def text(self, selector: str = "body") -> str:
        """Return the text of an element as a reader sees it; read again where it is drawn anew meanwhile."""
        from selenium.common.exceptions import StaleElementReferenceException

        for _ in range(DRAWN_ANEW):
            try:
                return self.find(selector).text
            except StaleElementReferenceException:
                pass
        return self.find(selector).text

    def hover(self, selector: str) -> None:
        """Put the mouse over an element."""
        from selenium.webdriver import ActionChains

        ActionChains(self.driver).move_to_element(self.find(selector)).perform()

    def press(self, *keys: str) -> None:
        """Press keys, one after the other, where the focus is (``selenium.webdriver.Keys`` names them)."""
        from selenium.webdriver import ActionChains

        ActionChains(self.driver).send_keys(*keys).perform()

    def slide(self, selector: str, value: float) -> None:
        """Put a slider at a value, as dragging does."""
        self.run(
            "const slider = arguments[0]; slider.value = arguments[1];"
            "for (const kind of ['input', 'change'])"
            "  slider.dispatchEvent(new Event(kind, {bubbles: true}));",
            self.find(selector),
            value,
        )

    def run(self, script: str, *arguments: Any) -> Any:
        """Run JavaScript in the page and return what it returns."""
        return self.driver.execute_script(script, *arguments)

    def wait(self, condition: Callable[[], Any], seconds: float = PATIENCE) -> Any:
        """Wait until a condition holds, and return what it returned; fails where it does not come."""
        from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException

        until, last = time.monotonic() + seconds, None
        while time.monotonic() < until:
            try:
                found = condition()
                if found:
                    return found
            except (NoSuchElementException, StaleElementReferenceException) as error:
                last = error
            time.sleep(0.05)
        raise AssertionError(f"did not come within {seconds:g} s{f': {last.msg}' if last else ''}")

    def screenshot(self, path: Path, whole: bool = True) -> Path:
        """Write what is seen to a PNG file: the whole page, or the window."""
        import base64

        taken = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": whole})
        path.write_bytes(base64.b64decode(taken["data"]))
        return path

    def print_page(self, path: Path) -> Path:
        """Write the page to a PDF file, as the printer would get it."""
        import base64

        wanted = {"printBackground": True, "preferCSSPageSize": True}
        path.write_bytes(base64.b64decode(self.driver.execute_cdp_cmd("Page.printToPDF", wanted)["data"]))
        return path

    def complaints(self) -> list[str]:
        """Return, once, what was wrong since the last call: errors in the console, requests to others."""
        said = [
            f"console: {entry['message']}"
            for entry in self.driver.get_log("browser")
            if entry["level"] in ("SEVERE", "WARNING")
        ]
        return said + [f"request: {address}" for address in self.requests() if not is_local(address)]

    def requests(self) -> list[str]:
        """Return, once, the addresses that the page has asked for since the last call."""
        found = []
        for entry in self.driver.get_log("performance"):
            told = json.loads(entry["message"])["message"]
            if told["method"] == "Network.requestWillBeSent":
                found.append(told["params"]["request"]["url"])
            elif told["method"] == "Network.webSocketCreated":
                found.append(told["params"]["url"])
        return found

    def close(self) -> None:
        """End the browser."""
        self.driver.quit()


def is_local(address: str) -> bool:
    """Return whether an address is a file, or on this machine."""
    parts = urlsplit(address)
    return parts.scheme in LOCAL or parts.hostname in HERE


def _which(names: tuple[str, ...]) -> str:
    return next((found for name in names if (found := shutil.which(name))), "")
