"""The watch that the other browser tests rely on: it sees errors, and reaching for other machines."""

from __future__ import annotations

from browser import is_local


def test_the_browser_clicks_waits_and_slides(browser, tmp_path):
    page = tmp_path / "page.html"
    page.write_text(
        '<!DOCTYPE html><title>page</title><button onclick="setTimeout(() => this.textContent = 42, 9)">?'
        '</button><input type=range max=10 value=0 oninput="document.title = this.value">'
    )
    browser.open(page)
    browser.find("button").click()
    browser.wait(lambda: browser.text("button") == "42")
    browser.slide("input", 7)
    assert browser.driver.title == "7"


def test_errors_and_requests_to_other_machines_are_seen(browser, tmp_path):
    page = tmp_path / "page.html"
    page.write_text(
        "<!DOCTYPE html><title>page</title><img src='http://example.org/a.png'><script>nothing()</script>"
    )
    browser.open(page)
    said = browser.complaints()
    assert "request: http://example.org/a.png" in said
    assert any("nothing is not defined" in complaint for complaint in said)


def test_what_is_on_this_machine():
    assert all(map(is_local, ("file:///a.html", "data:,a", "about:blank", "http://127.0.0.1:8765/a")))
    assert not any(map(is_local, ("http://example.org", "//example.org/a", "wss://example.org/socket")))
