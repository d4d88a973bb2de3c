"""How things show themselves in a notebook: in full, small, and with every name as text."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

import experiments
import sim
from sim.scenario import from_data, load

HOSTILE = "<script>alert(1)</script>"


class Seen(HTMLParser):
    """Collects tags and text, and that every tag is closed."""

    def __init__(self, page: str):
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def hostile():
    data = load("toy").raw
    data = {**data, "scenario": {**data["scenario"], "title": HOSTILE, "about": HOSTILE}}
    return from_data(data, "hostile.toml")


@pytest.fixture(scope="module")
def shown(hostile, tmp_path_factory):
    """Return everything that shows itself, by what it is."""
    store = tmp_path_factory.mktemp("sweep") / "store"
    experiments.sweep(hostile, {"trends.rent_decline": [0.05, 0.2]}, runs=2, metrics=["spending"], out=store)
    return {
        "scenario": hostile,
        "result": sim.simulate(hostile, runs=5),
        "comparison": experiments.compare(hostile, ["code-never", "delay:months=2"], runs=5),
        "sweep": experiments.open_store(store),
    }


WORDS = {
    "scenario": ["Scenario toy", "5 actors: 3 leading lab", "2020-01 to 2022-12"],
    "result": ["5 runs, seed 1", "lag_pub_1", "months"],
    "comparison": ["5 pairs of runs", "code-never", "delay:months=2", "spending"],
    "sweep": ["2 points by grid, 2 runs of each", "trends.rent_decline", "0.05, 0.2"],
}


@pytest.mark.parametrize("what", list(WORDS))
def test_what_is_shown_is_whole_small_and_text(shown, what):
    page = shown[what]._repr_html_()
    seen = Seen(page)
    assert "script" not in seen.tags
    assert len(page) < 20_000
    for words in WORDS[what]:
        assert words in seen.text
    if what in ("scenario", "result", "comparison"):
        assert HOSTILE in seen.text


def test_a_result_without_runs_shows_itself():
    result = sim.simulate("toy", runs=1)
    none = type(result)(
        result.compiled, 1, result.metrics, result.run_numbers[:0], result.values[:0], result.draws[:0]
    )
    assert "0 runs" in Seen(none._repr_html_()).text
