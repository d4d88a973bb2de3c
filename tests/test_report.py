"""Reports: every sort of folder gives a page that stands alone, simulates nothing, states its terms."""

from __future__ import annotations

import json
import re
import shutil
from html.parser import HTMLParser

import numpy as np
import pytest
from report_folders import HOSTILE, LATER, make_folder
from terminal import cascades

import experiments
import sim
from experiments.logged import LoggedRun, LogReader
from experiments.pages.frame import as_text
from experiments.replay import origin_of
from experiments.reporting import report
from experiments.savings import PARTS, savings_of
from experiments.why import Reader, why
from experiments.wording import Wording
from sim.words import Event

SORTS = ("run", "compare", "sweep", "study", "evidence")
PARTS_OF_ALL = {"answer", "key", "inputs", "again", "reading"}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """One folder of every sort, of small worlds; made when it is first asked for."""
    above, made = tmp_path_factory.mktemp("report"), {}

    def folder(sort):
        if sort not in made:
            made[sort] = make_folder(sort, above / sort)
        return made[sort]

    return folder


class Page(HTMLParser):
    """A page as a reader without JavaScript gets it: ids, words, addresses, tags, data."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.words, self.addresses, self.tags, self.data = set(), [], [], [], ""
        self._inside = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.tags.append(tag)
        self._inside.append(given.get("type", tag) if tag in ("script", "style") else tag)
        self.ids |= {given["id"]} if "id" in given else set()
        self.addresses += [given[name] for name in ("src", "href", "action", "data") if name in given]
        assert not any(name.startswith("on") or name == "style" for name in given), (tag, attributes)

    def handle_endtag(self, tag):
        if tag not in ("img", "meta", "br"):
            self._inside.pop()

    def handle_data(self, data):
        inside = self._inside[-1] if self._inside else ""
        if inside == "application/json":
            self.data += data
        elif inside not in ("script", "style"):
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def page_of(folder):
    path = report(folder)
    assert path == folder / "report.html" and path.stat().st_size < 10_000_000
    return Page(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("sort", SORTS)
def test_every_sort_of_folder_has_a_page_that_stands_alone(folders, sort):
    page = page_of(folders(sort))
    assert page.ids >= PARTS_OF_ALL
    assert all(address.startswith(("#", "data:image/png;base64,")) for address in page.addresses)
    assert {address[1:] for address in page.addresses if address.startswith("#")} <= page.ids
    assert not {"iframe", "object", "embed", "link", "base", "form"} & set(page.tags)
    assert "conditional" in page.text and "no forecast" in page.text
    if sort != "evidence":
        assert "If the world works as the scenario" in page.text
        assert "Evidence" in page.text


@pytest.mark.parametrize("sort", SORTS)
def test_to_make_a_page_nothing_is_simulated(folders, sort, monkeypatch):
    folder = folders(sort)

    def refuse(*_):
        raise AssertionError("something was simulated")

    for name in ("sim.ensemble.simulate_runs", "sim.engine.advance", "sim.live.advance"):
        monkeypatch.setattr(name, refuse)
    report(folder)


@pytest.mark.parametrize("sort", SORTS)
def test_the_page_says_how_to_make_it_again(folders, sort):
    folder = folders(sort)
    page = page_of(folder)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    fingerprint = manifest.get("fingerprint") or manifest["plan"]["fingerprint"]
    assert manifest["command"] in page.text
    assert fingerprint in page.text


def test_a_run_is_answered_by_its_own_numbers(folders):
    page = page_of(folders("run"))
    assert re.search(
        r"The first other actor announces one [\d.]+ months after the first announcement", page.text
    )
    assert "30" in page.text and "First to announce one after the first" in page.text


def test_a_comparison_says_what_changes_and_what_drives_it(folders):
    page = page_of(folders("compare"))
    assert re.search(r"lag_\d .*(later|earlier) in .* of 30 pairs", page.text)
    assert "90 % interval of the median" in page.text
    assert "hold_months" in page.text or "6 months later" in page.text  # what the policy changes


def test_a_sweep_says_which_factor_moves_what(folders):
    page = page_of(folders("sweep"))
    assert "It is moved most by actors.Beta.people" in page.text or "It is moved most by effects" in page.text


def test_data_hold_every_logged_run_once(folders):
    for sort, worlds, runs in (("run", 1, 4), ("compare", 3, 2), ("study", 5, 2), ("sweep", 4, 1)):
        data = json.loads(page_of(folders(sort)).data)
        assert len(data["worlds"]) == worlds, sort
        pairs = [(run["world"], run["run"]) for run in data["runs"]]
        assert len(set(pairs)) == len(pairs) == worlds * runs, sort


def test_the_run_shown_at_first_has_room_where_others_have_none(folders, monkeypatch):
    from experiments.reporting import played, worlds

    monkeypatch.setattr(played, "MOST_RUNS", 1)
    folder = folders("run")
    logged = worlds.of_run(folder, experiments.reopen(folder))
    for shown, drawn in ((2, 2), (None, 0), (99, 0)):
        data = played.timeline_data(logged, shown)
        assert data["shown"] == drawn and [run["run"] for run in data["runs"]] == [drawn]
        assert data["notes"][-1].startswith("3 more logged runs are not shown")


def test_real_dates_stand_beside_those_of_the_runs(tmp_path):
    experiments.save(sim.simulate("gpt3", runs=2, seed=1, logs=1), tmp_path / "out")
    page = page_of(tmp_path / "out")
    lanes = {lane["name"]: lane["actual"] for lane in json.loads(page.data)["lanes"]}
    assert lanes["OpenAI"] == pytest.approx(16.9, abs=0.2)  # 28 May 2020, from January 2019 on
    assert lanes["Huawei"] is None or lanes["Huawei"] > lanes["OpenAI"]
    assert "What really happened: 11.9 months (the inputs were fitted to a claim about it" in page.text
    assert "11.9, fitted" in page.text and "fitted: the inputs were fitted" in page.text


def test_what_an_arrow_is_said_to_have_saved_is_what_why_says(folders):
    from experiments.savings import read_savings

    kept = read_savings(folders("run"))
    checked = 0
    for (_, run), rows in kept.items():
        reader = Reader(origin_of(folders("run")).replay(run))
        for (project, row), saved in rows.items():
            cut = next(cut for cut in reader.books(project).cuts if cut.row == row)
            assert all(saved[part] == getattr(cut, part) for part in PARTS)
            checked += 1
    assert checked > 5


def test_savings_are_the_same_for_a_run_by_itself_and_as_an_arm():
    result = sim.simulate("toy", runs=6, seed=3, logs=6)
    alone = list(savings_of(result, True))
    assert alone and alone == [row | {"arm": ""} for row in savings_of(result, True, "arm")]


@pytest.mark.parametrize("scenario, runs", [("toy", 30), ("gpt3", 1)])
def test_a_log_alone_gives_the_words_of_the_run_itself(scenario, runs):
    result = sim.simulate(scenario, runs=runs, seed=5, logs=runs)
    origin = origin_of(result)
    for run in result.logs:
        words, alone = Wording(origin.replay(run)), LogReader(LoggedRun(result, run), {})
        for row in range(len(result.logs[run])):
            assert alone.in_words(row) == words.in_words(row)


def test_a_log_alone_gives_the_verdict_of_why():
    result = sim.simulate("toy", runs=12, seed=5, logs=12)
    klass = result.scenario.follow_class
    same = 0
    for run in result.logs:
        reader = LogReader(LoggedRun(result, run), {})
        for actor in result.compiled.actors:
            full, alone = why(result, run, actor=actor, klass=klass), reader.verdict(actor, klass)
            assert (alone.outcome, alone.time) == (full.outcome, full.reached)
            same += alone.sentences[0] == full.verdict[0]
    assert same > 12


def test_tables_of_projects_kept_on_the_way_are_those_of_a_run_that_ends_there():
    result = sim.simulate("gpt3", runs=1, seed=2, logs=1)
    replay = origin_of(result).replay(0)
    rows = result.logs[0]
    times = rows["time"][np.isin(rows["what"], (Event.STARTED, Event.BUILT, Event.TRAINED))][::7]
    replay.look(replay.projects_looks(map(float, times)))
    for time in times[::3]:
        kept = replay.projects_at(float(time)).copy()
        replay.at(float(time))
        tables = replay._simulator.workspace.tables
        ended = tables.projects[: int(tables.clock[0].projects)]
        assert kept.tobytes() == np.array(ended).tobytes()


def test_nothing_in_the_data_can_end_their_element():
    names = [HOSTILE, "</script>", "<!--", "]]>", "a & b", "\u2028"]
    text = as_text(names)
    assert not re.search("[<>&\u2028]", text) and json.loads(text) == names


def test_hostile_names_are_words_in_the_page(tmp_path):
    page = page_of(make_folder("hostile", tmp_path / "out"))
    assert "alert(1)" in page.text
    assert page.tags.count("script") == 2  # the data and the script of the page


def test_new_results_remove_a_report_of_older_ones(tmp_path):
    folder = make_folder("run", tmp_path / "out")
    report(folder)
    assert cascades("run", "toy", "--runs", 2, "--logs", 1, "--out", folder).code == 0
    assert not (folder / "report.html").exists()


def test_an_older_folder_without_savings_says_so(tmp_path):
    folder = make_folder("run", tmp_path / "out")
    (folder / "savings.parquet").unlink()
    data = json.loads(page_of(folder).data)
    told = {data["texts"][arrow["text"]] for run in data["runs"] for arrow in run["arrows"]}
    assert told and all("was not kept" in text for text in told)


def test_a_folder_without_logs_says_how_to_keep_some(tmp_path):
    assert cascades("run", "toy", "--runs", 5, "--logs", 0, "--out", tmp_path / "out").code == 0
    page = page_of(tmp_path / "out")
    assert "No event log was kept" in page.text and "timeline" not in page.ids


def test_evidence_beside_the_folder_is_told_of(tmp_path, folders):
    folder = make_folder("run", tmp_path / "toy")
    assert (
        "There are no claims about this scenario" in page_of(folder).text or "claims" in page_of(folder).text
    )
    done = cascades("report", folder, "--evidence", folders("evidence"), "--out", tmp_path / "page.html")
    assert done.code == 0, done.err
    page = Page((tmp_path / "page.html").read_text(encoding="utf-8"))
    assert "Claims of the literature held against" in page.text


def test_of_evidence_beside_the_folder_the_whole_is_told_of(tmp_path, folders):
    folder = make_folder("run", tmp_path / "toy")
    whole, part = tmp_path / "evidence-toy", tmp_path / "evidence-toy-identity"
    shutil.copytree(folders("evidence"), part)
    manifest = json.loads((part / "manifest.json").read_text(encoding="utf-8"))
    manifest["chosen"] = {"only": ["identity"], "asked": 1, "of": 2}
    (part / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    said = "Chosen by --only identity: 1 of 2 claims; the others were not asked."
    assert said in page_of(folder).text and said in page_of(part).text
    assert "nothing here is simulated" in page_of(part).text
    shutil.copytree(folders("evidence"), whole)
    text = page_of(folder).text
    assert "Claims of the literature held against" in text and said not in text
    shutil.copytree(part, whole, dirs_exist_ok=True)  # as with --out: then the part is told of as one
    assert said in page_of(folder).text


def test_the_command_writes_the_page_and_says_where(tmp_path):
    folder = make_folder("run", tmp_path / "out")
    done = cascades("report", folder)
    assert done.code == 0 and done.out.strip() == f"Written: {folder / 'report.html'}"


def test_what_cannot_be_reported_is_refused(tmp_path, folders):
    run = folders("run")
    assert "no such folder" in cascades("report", tmp_path / "nowhere").refusal
    (tmp_path / "file").write_text("x")
    assert "is a file, not a folder" in cascades("report", tmp_path / "file").refusal
    (tmp_path / "empty").mkdir()
    assert "manifest.json" in cascades("report", tmp_path / "empty").refusal
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "manifest.json").write_text("{")
    assert "cannot be read as a manifest" in cascades("report", tmp_path / "odd").refusal
    said = cascades("report", run, "--out", tmp_path).refusal
    assert "is a folder; give the name of a file" in said
    said = cascades("report", run, "--evidence", run).refusal
    assert "is not the folder of `cascades evidence`" in said
    said = cascades("report", run, "--evidence", tmp_path / "nowhere").refusal
    assert "no such folder" in said
    games = tmp_path / "games"
    done = cascades(
        "attribute", "toy", "--outcome", "n_dev", "--over", "sponsors", "--runs", 2, "--out", games
    )
    assert done.code == 0, done.err
    assert "there are reports of run, compare, sweep, study, evidence" in cascades("report", games).refusal


def test_numbers_of_logs_that_make_no_sense_are_refused(tmp_path):
    for command in (("compare", "toy", "base"), ("study", "scooped")):
        said = cascades(*command, "--runs", 2, "--logs", -1, "--out", tmp_path / "out").refusal
        assert "logs = -1: must be a whole number from 0" in said
    assert not (tmp_path / "out").exists()


def test_logs_of_arms_are_those_of_the_arms_by_themselves_and_are_read_back(folders):
    from experiments.comparison import compare
    from experiments.reopening import reopen

    kept = reopen(folders("compare"))
    fresh = compare("toy", [LATER, "code-never"], runs=30, seed=2, logs=2)
    for label, result in fresh.results.items():
        alone = sim.simulate(result.scenario, runs=2, seed=2, logs=2)
        assert sorted(result.logs) == sorted(kept.results[label].logs) == [0, 1]
        for run, log in alone.logs.items():
            assert log.tobytes() == result.logs[run].tobytes() == kept.results[label].logs[run].tobytes()
    assert kept.base.draws.tobytes() == fresh.base.draws.tobytes()
    assert [log.tobytes() for log in kept.base.logs.values()] == [
        log.tobytes() for log in fresh.base.logs.values()
    ]


def test_a_folder_that_an_older_version_made_is_refused_with_the_cure(tmp_path):
    folder = make_folder("study", tmp_path / "out")
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    del manifest["answer"]
    path.write_text(json.dumps(manifest), encoding="utf-8")
    assert "answer is missing" in cascades("report", folder).refusal


@pytest.mark.parametrize("name", ["runs.parquet", "events.parquet", "savings.parquet"])
def test_a_damaged_file_is_named(tmp_path, name):
    folder = make_folder("run", tmp_path / "out")
    (folder / name).write_bytes(b"PAR1 this is no table")
    assert name in cascades("report", folder).refusal
