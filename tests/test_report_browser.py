"""Reports in a browser: they can be played with, stand still without JavaScript, and reach for nothing."""

from __future__ import annotations

import json

import pytest
from report_folders import HOSTILE, WORLDS, make_folder

from experiments.reporting import report


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The report of a sort of folder; made when it is first asked for."""
    above, made = tmp_path_factory.mktemp("pages"), {}

    def page(sort):
        if sort not in made:
            made[sort] = report(make_folder(sort, above / sort))
        return made[sort]

    return page


def data_of(browser):
    return json.loads(browser.run("return document.getElementById('data').textContent"))


def shown_run(browser, data):
    """Return the run that is shown, as the page's own controls say it."""
    name = browser.text("#timeline output").partition(" (")[0]
    world = browser.run(
        "const pick = document.querySelector('[aria-label=World]'); return pick ? +pick.value : 0"
    )
    return next(run for run in data["runs"] if run["name"] == name and run["world"] == world)


def cut_off(browser):
    """Return the words of the picture that stand out of it."""
    return browser.run(
        "return [...document.querySelectorAll('.figure svg text')].filter(text => {"
        "  const box = text.getBBox(), whole = text.ownerSVGElement.viewBox.baseVal;"
        "  return box.x < -1 || box.x + box.width > whole.width + 1 || box.y < -1"
        "    || box.y + box.height > whole.height + 1; }).map(text => text.textContent)"
    )


def wider_than_window(browser):
    return browser.run("const page = document.documentElement; return page.scrollWidth > page.clientWidth")


def test_an_arrow_says_what_from_whom_and_how_much_it_saved(browser, pages):
    browser.open(pages("run"))
    data = data_of(browser)
    told = [data["texts"][arrow["text"]] for arrow in shown_run(browser, data)["arrows"]]
    arrows = browser.all(".arrow .hit")
    assert len(arrows) == len(told) > 0
    assert not browser.find("#tip").is_displayed()
    browser.run(
        "arguments[0].dispatchEvent(new PointerEvent('pointerenter', {clientX: 300, clientY: 300}))",
        arrows[0],
    )
    assert browser.text("#tip") == told[0] == arrows[0].get_attribute("aria-label")
    assert "reached" in told[0] and "project of" in told[0] and "saved" in told[0]
    browser.run("arguments[0].dispatchEvent(new PointerEvent('pointerleave'))", arrows[0])
    assert not browser.find("#tip").is_displayed()


def test_the_mouse_finds_an_arrow(browser, pages):
    browser.open(pages("run"))
    place = browser.run(
        "const path = document.querySelector('.arrow .hit'), svg = path.ownerSVGElement;"
        "svg.scrollIntoView({block: 'center'});"
        "const at = path.getPointAtLength(path.getTotalLength() * 0.6), box = svg.getBoundingClientRect();"
        "return [box.left + at.x, box.top + at.y]"
    )
    from selenium.webdriver import ActionChains
    from selenium.webdriver.common.actions.action_builder import ActionBuilder

    mouse = ActionBuilder(browser.driver)
    mouse.pointer_action.move_to_location(round(place[0]), round(place[1]))
    mouse.perform()
    assert "reached" in browser.wait(lambda: browser.text("#tip"))
    ActionChains(browser.driver).reset_actions()


def test_clicking_an_actor_tells_its_story(browser, pages):
    browser.open(pages("run"))
    data = data_of(browser)
    assert not browser.find("#story").is_displayed()
    browser.find(".name[data-actor='1']").click()
    story = shown_run(browser, data)["stories"]["1"]
    assert browser.text("#story h3") == data["lanes"][1]["name"]
    assert browser.text("#story .verdict") == data["texts"][story["verdict"]]
    rows = browser.all("#story li span")
    assert [row.text for row in rows] == [data["texts"][text] for _, text in story["rows"]] != []
    browser.find("#story .close").click()
    assert not browser.find("#story").is_displayed()


def test_it_can_be_played_with_by_keys_alone(browser, pages):
    from selenium.webdriver import Keys

    browser.open(pages("run"))
    browser.run("document.querySelector('.name').focus()")
    browser.press(Keys.ENTER)
    assert browser.find("#story").is_displayed()
    browser.run("return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert browser.run("return document.activeElement.getAttribute('data-actor')") == "0"
    browser.run("document.querySelector('.hit').focus()")
    assert "reached" in browser.text("#tip")
    browser.run("document.querySelector('#run').focus()")
    before = browser.text("#timeline output")
    browser.press(Keys.ARROW_RIGHT)
    assert browser.text("#timeline output") != before


def test_sliding_through_runs_and_time_draws_what_had_happened_by_then(browser, pages):
    browser.open(pages("run"))
    data = data_of(browser)
    for place in (0, 3):
        browser.slide("#run", place)
        for time in (0, 9.5, data["months"]):
            browser.slide("#time", time)
            run = shown_run(browser, data)
            come = [arrow for arrow in run["arrows"] if arrow["to"][1] <= time]
            announced = [p for p in run["projects"] if p["announced"] is not None and p["announced"] <= time]
            assert len(browser.all(".arrow")) == len(come)
            assert len(browser.all(".figure .announced")) == len(announced)
    assert data["runs"][0]["arrows"] != data["runs"][3]["arrows"]


def test_what_is_shown_outlives_a_reload(browser, pages):
    browser.open(pages("run"))
    browser.slide("#run", 2)
    browser.slide("#time", 20)
    browser.find(".name[data-actor='2']").click()
    said = [each.text for each in browser.all("#timeline output")], browser.text("#story h3")
    browser.wait(lambda: browser.driver.current_url.endswith("#at=0,2,20.00,2"))
    browser.driver.refresh()
    assert ([each.text for each in browser.all("#timeline output")], browser.text("#story h3")) == said


@pytest.mark.parametrize(
    "hash", ["#at=99,0,1,0", "#at=0,0,1e9,0", "#at=0,0,5,999", "#at=<script>", "#inputs"]
)
def test_an_address_that_asks_for_what_is_not_there_does_no_harm(browser, pages, hash):
    browser.open(f"{pages('run').resolve().as_uri()}{hash}")
    assert browser.all(".figure svg") and "of 4 kept" in browser.text("#timeline output")


def test_it_plays_by_itself_and_stops(browser, pages):
    browser.open(pages("run"))
    browser.find("#play").click()
    browser.wait(
        lambda: browser.run("const at = +document.getElementById('time').value; return at > 0.3 && at < 30")
    )
    browser.find("#play").click()
    stopped = browser.run("return document.getElementById('time').value")
    assert browser.run("return document.getElementById('time').value") == stopped


def test_arms_are_shown_beside_the_baseline_of_the_same_luck(browser, pages):
    browser.open(pages("compare"))
    assert not browser.all(".before")
    browser.run(
        "const pick = document.querySelector('[aria-label=World]'); pick.value = 1;"
        "pick.dispatchEvent(new Event('change'))"
    )
    assert browser.all(".figure .before") and "announced in the baseline" in browser.text(".keys")


def test_only_some_actors_can_be_shown(browser, pages):
    browser.open(pages("run"))
    everybody = len(browser.all(".name"))
    browser.run(
        "const who = document.querySelector('#who'); who.value = 'kind 0';"
        "who.dispatchEvent(new Event('change'))"
    )
    assert 0 < len(browser.all(".name")) < everybody


@pytest.mark.parametrize("sort", ["run", "compare", "sweep", "study", "evidence"])
def test_every_report_opens_and_fits_large_and_small_windows(browser, pages, sort):
    for width in (1280, 400):
        browser.resize(width)
        browser.open(pages(sort))
        assert not wider_than_window(browser) and not cut_off(browser)
        assert bool(browser.all(".figure svg .name")) == (sort != "evidence")
    assert browser.text("#answer")


@pytest.mark.parametrize("world", list(WORLDS))
def test_odd_worlds_are_drawn_whole(browser, pages, world):
    for width in (1280, 400):
        browser.resize(width)
        browser.open(pages(world))
        assert not wider_than_window(browser) and not cut_off(browser)
        data = data_of(browser)
        lanes = sum(lane["busy"] for lane in data["lanes"])
        assert len(browser.all(".figure .name")) == min(lanes, 40) > 0


def test_hostile_names_do_nothing(browser, pages):
    browser.open(pages("hostile"))
    data = data_of(browser)
    place = next(k for k, lane in enumerate(data["lanes"]) if "alert" in lane["name"])
    browser.find(f".name[data-actor='{place}']").click()
    clean = HOSTILE.replace("\u202e", "\ufffd")
    assert browser.text("#story h3") == clean
    assert browser.text("#story").count("<script>alert(1)</script>") > 2
    assert browser.run("return document.scripts.length") == 2
    assert not browser.all("img[src=x]") and browser.driver.title.count("<script>") == 1


def test_without_javascript_words_tables_and_the_still_figure_remain(browser, pages):
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.open(pages("run"))
        assert "needs JavaScript" in browser.text("#timeline")
        assert "If the world works as the scenario" in browser.text("#answer")
        assert browser.all("table td") and browser.find("img").size["width"] > 300
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_it_prints(browser, pages, tmp_path):
    browser.open(pages("run"))
    printed = browser.print_page(tmp_path / "page.pdf").read_bytes()
    assert (
        printed.startswith(b"%PDF")
        and 2 <= printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page ") <= 8
    )
    assert not browser.run("return document.querySelector('.figure svg').getAttribute('width') === '900'")


def test_the_table_of_inputs_can_be_searched(browser, pages):
    browser.open(pages("run"))
    browser.run("document.querySelectorAll('details').forEach(fold => { fold.open = true; })")
    field = browser.all("input[type=search]")[-1]
    field.send_keys("effects.details.work")
    rows = [
        row.text
        for row in browser.all("table.searched")[-1].find_elements("css selector", "tbody tr")
        if row.text
    ]
    assert rows and all("effects.details.work" in row for row in rows)
