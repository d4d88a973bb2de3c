"""The dashboard as a person meets it: a browser moves levers, cancels, reloads, asks why and saves."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

pytest.importorskip("solara")
pytest.importorskip("selenium")

from dashboard_window import PATIENCE, ROOT, SOLARAS_OWN, Server, Window  # noqa: E402
from terminal import cascades  # noqa: E402
from test_dashboard import HOSTILE, hostile_file  # noqa: E402, F401

from experiments.dashboard import serving  # noqa: E402


@pytest.fixture(scope="module")
def server():
    started = Server("experiments", "explore", "toy", "--port", "0", "--no-browse")
    yield started
    started.close()


@pytest.fixture
def window(browser, server):
    opened = Window(browser, server.address)
    yield opened
    assert opened.complaints() == []


def leave(browser, server) -> None:
    """Leave a page before its server ends; where that ended first, the page has missed it."""
    browser.open("about:blank")
    server.close()
    browser.complaints()


def test_a_lever_is_moved_and_the_difference_follows(window):
    before = window.difference()
    window.slide("trends.rent_decline", 0.1)
    moved = window.changed_from(before)
    window.write("trends.rent_decline", "much")
    window.browser.wait(lambda: "is no number" in window.complaint("trends.rent_decline"))
    assert window.difference() == moved  # what is shown is from before
    window.write("trends.rent_decline", "0.05")
    window.browser.wait(
        lambda: window.complaint("trends.rent_decline") == "" and window.difference() == before
    )


@pytest.mark.slow
def test_policies_their_parameters_and_other_numbers(window):
    before = window.difference("lag_1")
    window.add("policy", "delay")
    window.write("delay:actors", "Alpha+Beta")
    delayed = window.changed_from(before, "lag_1")
    window.write("delay:months", "11")
    assert window.changed_from(delayed, "lag_1") != before
    window.add("number", "actors.Beta.people")
    spent = window.difference()
    window.write("actors.Beta.people", "60")
    moved = window.changed_from(spent)
    window.browser.find('[data-lever="actors.Beta.people"] .remove').click()
    window.browser.wait(lambda: not window.browser.all('[data-lever="actors.Beta.people"]'))
    assert window.changed_from(moved) == spent
    window.browser.find('[data-metric="n_dev"]').click()
    window.browser.wait(lambda: "own developers" in window.browser.text(".cascades-difference figcaption"))
    window.click("remove")
    window.browser.wait(lambda: not window.browser.all('[data-lever="delay:months"]'))


@pytest.mark.slow
def test_contradicting_policies_are_refused_beside_the_later_one(window):
    window.add("policy", "code-never")
    window.browser.wait(lambda: "code-never against" in window.browser.text(".outcome"), PATIENCE)
    window.add("policy", "code-open-t0")
    window.browser.wait(lambda: "forbids what the other requires" in window.browser.text())


@pytest.mark.slow
def test_long_work_shows_how_far_it_is_and_is_cancelled(window):
    before = window.difference()
    window.write("runs", "20000")
    window.browser.wait(lambda: "of 40,000 runs" in window.browser.text(".under-way"), PATIENCE)
    window.click("Cancel")
    window.browser.wait(lambda: window.browser.all(".cancelled"))
    assert window.difference() == before and not window.is_busy
    window.write("runs", "100")
    window.browser.wait(lambda: "100 pairs of runs" in window.browser.text(".outcome"), PATIENCE)


@pytest.mark.slow
def test_a_reload_begins_anew(window):
    before = window.difference()
    window.slide("trends.rent_decline", 0.1)
    window.changed_from(before)
    window.browser.driver.refresh()
    window.wait_for_runs()
    window.browser.wait(lambda: window.difference() == before, PATIENCE)


@pytest.mark.slow
def test_two_windows_do_not_disturb_each_other(window, new_browser):
    other_browser = new_browser()
    other = Window(other_browser, window.browser.driver.current_url)
    before = window.difference()
    window.slide("trends.rent_decline", 0.1)
    other.write("trends.rent_decline", "0.02")
    mine, theirs = window.changed_from(before), other.changed_from(before)
    assert mine != theirs
    time.sleep(1)
    assert window.difference() == mine and other.difference() == theirs
    other_browser.open("about:blank")
    assert other.complaints() == []


@pytest.mark.slow
def test_a_run_is_stepped_through_and_an_event_is_explained(window, tmp_path):
    window.click("1 month")
    window.browser.wait(lambda: "month 1 of 36" in window.browser.text(".run-date"), PATIENCE)
    window.click("1 year")
    window.browser.wait(lambda: "month 13 of 36" in window.browser.text(".run-date"))
    window.click("to the end")
    window.browser.wait(lambda: "month 36 of 36" in window.browser.text(".run-date"))
    signs = window.browser.all(".sign.trained[data-row]")
    last = signs[-1]
    actor = last.get_attribute("aria-label").removesuffix(" trained")
    window.browser.run("arguments[0].scrollIntoView({block: 'center'})", last)
    last.find_element("css selector", "path").click()
    window.browser.wait(lambda: window.browser.text(".why").startswith(f"{actor} trained"), PATIENCE)
    window.click("deeper")
    window.click("close")
    window.browser.wait(lambda: not window.browser.all(".why"))
    window.click("from the start")
    window.browser.wait(lambda: "month 0 of 36" in window.browser.text(".run-date"))


@pytest.mark.slow
def test_the_world_is_saved_and_run_again(window, tmp_path):
    window.browser.driver.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    before = window.difference()
    window.add("policy", "code-never")
    shown = window.changed_from(before)
    window.click("Save the world (TOML)")
    window.click("Save the figure (PNG)")
    world, figure = tmp_path / "explored.toml", tmp_path / "explored.png"
    window.browser.wait(lambda: world.is_file() and figure.is_file(), PATIENCE)
    assert figure.read_bytes().startswith(b"\x89PNG")
    done = cascades("compare", "toy", world, "--runs", 200, "--out", tmp_path / "out")
    assert done.code == 0, done.err
    line = next(line for line in done.out.splitlines() if line.startswith("spending"))
    assert " ".join(shown.split()) in " ".join(line.split())


@pytest.mark.slow
def test_hostile_names_are_text(browser, hostile_file):  # noqa: F811
    server = Server("experiments", "explore", str(hostile_file), "--port", "0", "--no-browse")
    try:
        window = Window(browser, server.address)
        assert "<b>bold</b> {{7*7}}" in browser.text()
        window.add("policy", "delay")
        window.write("delay:months", HOSTILE)
        browser.wait(lambda: "<script>" in window.complaint("delay:months"))
        assert "must be a number" in window.complaint("delay:months")
        window.write("delay:months", "2")
        window.click("to the end")
        browser.wait(lambda: browser.all(".sign[data-row]"), PATIENCE)
        titles = [one.get_attribute("textContent") for one in browser.all(".cascades-run .actor title")]
        assert HOSTILE in titles
        own = [
            one
            for one in browser.all(".sign[data-row]")
            if (one.get_attribute("aria-label") or "").startswith(HOSTILE)
        ]
        browser.run("arguments[0].scrollIntoView({block: 'center'})", own[0])
        own[0].find_element("css selector", "path").click()
        browser.wait(lambda: HOSTILE in browser.text(".why"), PATIENCE)
        assert browser.driver.title == "Diffusion Cascades"
        assert window.complaints() == []
    finally:
        leave(browser, server)


@pytest.mark.slow
def test_ctrl_c_ends_it_also_with_a_window_open_and_work_under_way(browser):
    server = Server("experiments", "explore", "toy", "--port", "0", "--no-browse")
    try:
        window = Window(browser, server.address)
        window.write("runs", "20000")
        browser.wait(lambda: window.is_busy, PATIENCE)
        assert server.interrupt() == 0
        assert server.said[-1] == "Ended."
        assert not [line for line in server.said if "Traceback" in line]
    finally:
        leave(browser, server)


@pytest.mark.slow
def test_the_model_works_in_a_plain_solaraviz(browser):
    quiet = serving.QUIET | {"SOLARA_APP": str(ROOT / "docs/examples/solara_viz.py")}
    server = Server("uvicorn", "solara.server.starlette:app", "--port", "0", **quiet)
    try:
        browser.open(server.address)
        buttons = browser.wait(
            lambda: {one.text.lower(): one for one in browser.all("button") if one.text}, PATIENCE
        )
        for months in (1, 2):
            buttons["step"].click()
            browser.wait(lambda months=months: f"Step: {months}" in browser.text(), PATIENCE)
        assert [said for said in browser.complaints() if SOLARAS_OWN not in said] == []
    finally:
        leave(browser, server)


def test_the_command_refuses_what_it_cannot_serve():
    assert "no scenario 'toi'" in cascades("explore", "toi", "--no-browse").refusal
    assert "--port 99999" in cascades("explore", "toy", "--port", 99999, "--no-browse").refusal


def test_importing_the_commands_imports_no_solara():
    code = "import experiments.cli, sys; print('solara' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr
