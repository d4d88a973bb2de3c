"""Why: traces hold only real events, in order, back to the scenario; amounts agree with the log."""

from __future__ import annotations

import json
import math

import networkx
import numpy as np
import pytest
from conftest import LAB, LAB_KIND, tiny_world
from terminal import cascades

import sim
from experiments.cuts import absorbed, ledger, shares_left
from experiments.lineage import cascade_graph, node_link, write_graph
from experiments.replay import before, origin_of
from experiments.why import ROOT, Reader, why
from sim.errors import UserError
from sim.live import LiveRun
from sim.lookback import QUANTITIES
from sim.policy import with_policies
from sim.scenario import from_data, merge
from sim.words import ArtifactKind, Event, Via


@pytest.fixture(scope="module")
def toy():
    return sim.simulate("toy", runs=40, seed=2, logs=40)


@pytest.fixture(scope="module")
def gpt3():
    return sim.simulate("gpt3", runs=3, seed=1, logs=3)


@pytest.fixture(scope="module")
def changed():
    """Toy runs in which what artifacts help is another number from a date on."""
    spec = "change:path=effects.*.work,value=0.4,from=2020-09,until=2021-06"
    return sim.simulate(with_policies("toy", spec), runs=24, seed=2, logs=24)


@pytest.fixture(scope="module")
def ordered():
    """Toy runs in which an order holds back what would be released."""
    always = {"leading_lab": {"code": {"probability": 1, "delay_months": 9, "source": "a test"}}}
    base = from_data(merge(sim.load("toy").raw, {"policies": always}))
    spec = "order:action=forbid,artifacts=code,from=2021-09"
    result = sim.simulate(with_policies(base, spec), runs=6, seed=2, logs=6)
    assert any((log["what"] == Event.WITHHELD).any() for log in result.logs.values())
    return result


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of ten toy runs, of which four logs are kept."""
    path = tmp_path_factory.mktemp("why") / "out"
    assert cascades("run", "toy", "--runs", 10, "--seed", 2, "--logs", 4, "--out", path).code == 0
    return path


def everybody(result, runs, classes=()):
    """Explain every actor and class of some runs."""
    for run in runs:
        reader = Reader(origin_of(result).replay(run))
        for actor in result.compiled.actors:
            for klass in classes or result.compiled.classes:
                yield reader.explain(actor, klass), result.logs[run]


def check_trace(explanation, log):
    for tree in explanation.causes:
        rows = {cause.row for cause in tree.walk()}
        laid_open = [cause.row for cause in tree.walk() if not cause.seen]
        assert ROOT in rows  # it ends at the scenario
        assert len(laid_open) == len(set(laid_open)) == len(rows)
        for cause in tree.walk():
            assert cause.time == log["time"][cause.row]
            assert cause.event == Event(log["what"][cause.row]).key
            assert cause.because or cause.seen or cause.row == ROOT
            for below in cause.because:
                assert below.row < cause.row and below.time <= cause.time


@pytest.mark.parametrize(
    ("name", "runs"), [("toy", range(40)), ("changed", range(3)), ("ordered", range(3)), ("gpt3", range(1))]
)
def test_every_actor_and_class_is_explained_by_real_events_in_order(name, runs, request):
    result = request.getfixturevalue(name)
    outcomes = set()
    for explanation, log in everybody(result, runs):
        outcomes.add(explanation.outcome)
        check_trace(explanation, log)
        assert explanation.verdict[0].startswith(explanation.actor)
        if name == "toy" or explanation.klass == "gpt3":  # the rest takes long and adds nothing
            assert all(explanation.text(depth) for depth in (0, 99))
            data = explanation.to_dict()
            assert json.loads(json.dumps(data, allow_nan=False)) == data
        has = np.any((log["actor"] == result.compiled.actors.index(explanation.actor)) & (
            log["reached"] >= result.compiled.classes.index(explanation.klass)
        ))  # fmt: skip
        assert math.isfinite(explanation.reached) == has
    assert name not in ("toy", "gpt3") or outcomes == {
        *("had it from the start", "given by the record", "trained", "not reached", "builds nothing")
    }


def test_the_tree_names_those_who_gave_and_what_the_decision_turned_on(gpt3):
    told = set()
    for explanation, log in everybody(gpt3, [1], ["gpt3"]):
        for cause in (cause for tree in explanation.causes for cause in tree.walk() if not cause.seen):
            if cause.event == "decided":
                told.add("decided")
                if cause.facts.get("settled_for_less"):
                    continue
                assert cause.facts["draw"] == cause.facts["threshold"] == log["draw"][cause.row]
                assert cause.facts["conviction"] == pytest.approx(log["amount"][cause.row], rel=1e-6)
            if cause.event == "granted":
                told.add("granted")
                sponsor = gpt3.compiled.actors[log["source"][cause.row]]
                assert cause.facts["sponsor"] == sponsor and cause.text.startswith(f"{sponsor} gave ")
            if cause.event == "blocked":
                told.add("blocked")
                assert cause.facts["months"] >= 0.0
            if cause.role == "cut" and log["what"][cause.row] == Event.LEARNED:
                told.add("cut")
                assert cause.facts["via"] == Via(log["via"][cause.row]).key
                assert cause.facts["source"] == gpt3.compiled.actors[log["source"][cause.row]]
    assert told == {"decided", "granted", "blocked", "cut"}


def test_what_had_accumulated_before_a_decision_is_what_its_luck_asked_for(gpt3):
    decisions = 0
    for explanation, _ in everybody(gpt3, [0, 1, 2], ["gpt3"]):
        for cause in (cause for tree in explanation.causes for cause in tree.walk() if not cause.seen):
            if cause.event == "decided" and not cause.facts.get("settled_for_less"):
                assert cause.facts["hazard"] == pytest.approx(cause.facts["threshold"], rel=1e-6)
                decisions += 1
    assert decisions > 100


def test_the_state_at_a_time_is_that_of_the_run(toy):
    for run, month in ((0, 3), (1, 11), (2, 30)):
        live = LiveRun(toy.compiled, toy.seed, run)
        for _ in range(month):
            live.advance()
        tables = origin_of(toy).replay(run).at(float(month))
        for field in ("known", "hazard", "rate", "settled", "threshold", "state", "work", "talent", "gap"):
            np.testing.assert_array_equal(tables.wishes[field], live.tables.wishes[field])
        np.testing.assert_array_equal(tables.help, live.tables.help)
        assert list(tables.state["people"]) == list(live.tables.state["people"])


def books_of(result, runs):
    for run in runs:
        replay = origin_of(result).replay(run)
        for project in range(len(replay.projects)):
            books = ledger(replay, project)
            if books:
                yield replay, replay.projects[project], books


@pytest.mark.parametrize(("name", "runs"), [("toy", range(12)), ("gpt3", range(2))])
def test_cuts_add_up_to_what_was_not_done(name, runs, request):
    """full work = what was done + what each artifact cut; full and done as model and log have them."""
    result = request.getfixturevalue(name)
    checked = 0
    for replay, project, books in books_of(result, runs):
        log = replay.log
        for part in ("work", "trials", "training", "months"):
            cut = sum(getattr(cut, part) for cut in books.cuts)
            assert books.full[part] - books.done[part] == pytest.approx(
                cut, abs=1e-9 * max(1.0, books.full[part])
            )
        end = log[books.end]
        mine = log[log["project"] == end["project"]]
        starts = mine["time"][mine["what"] == Event.STARTED]
        assert books.done["months"] == pytest.approx(end["time"] - starts[-1], abs=1e-9)
        if not (mine["what"] == Event.EQUIPPED).any():  # else some of the tests came after the building
            assert books.done["trials"] == pytest.approx(project["flop_trials"] - project["tested"])
        assert books.done["training"] == pytest.approx(project["flop_final"] + project["flop_failed"])
        if len(starts) > 1 or not (mine["what"] == Event.BUILT).any():
            continue
        tables = replay.at(float(project["started"]))
        at, work = tables.classes[end["klass"]], tables.work[0]
        experience = float(tables.state[end["actor"]]["experience"])
        skill = work["novice_skill"] + (1.0 - work["novice_skill"]) * experience
        built = mine[mine["what"] == Event.BUILT]["amount"][0]  # person-months, whatever their skill
        # what the team makes itself on the way counts in the model only when the phase is next reckoned
        assert books.done["work"] == pytest.approx(built * skill, rel=0.05)
        full = project["effort"] * (float(at["work"]) + float(at["data_work"]))
        kept = mine[mine["what"] == Event.STARTED]["draw"][0]
        assert books.full["work"] == pytest.approx(full * (1.0 - kept), rel=1e-9, abs=1e-9)
        checked += 1
    assert checked >= 10


@pytest.mark.parametrize(("name", "runs"), [("toy", range(40)), ("changed", range(24)), ("gpt3", range(2))])
def test_artifacts_left_what_the_run_itself_says_that_they_left(name, runs, request):
    """Going through the artifacts again gives the shares that the run has at its end."""
    result = request.getfixturevalue(name)
    classes = len(result.compiled.classes)
    helped = 0
    for run in runs:
        replay = origin_of(result).replay(run)
        for actor in result.compiled.facts["builders"]:
            tables = replay.at(replay.compiled.horizon)
            level, klass = int(tables.state[actor]["level"]), classes - 1
            if level >= klass:
                continue
            wish = tables.wishes[int(tables.actor_facts[actor]["builder"]) * classes + klass]
            own = [float(wish[quantity]) for quantity in QUANTITIES[:-1]]
            rows = absorbed(replay.log, actor, len(replay.log))
            left = shares_left(replay, actor, klass, rows)[-1]
            np.testing.assert_allclose(left[:-1], own, rtol=1e-12)
            helped += own[0] < 1.0
    assert helped > 0


def test_training_cuts_follow_the_goal(gpt3):
    """Unaided, a training takes the class's FLOP, less free progress, at the team's own scale."""
    checked = 0
    for replay, project, books in books_of(gpt3, [0]):
        log = replay.log
        mine = log[log["project"] == log[books.end]["project"]]
        tuned = mine[mine["what"] == Event.TUNED]
        if log[books.end]["what"] != Event.TRAINED or project["attempt"] or not len(tuned):
            continue
        tables = replay.at(0.0)
        row, trends = tables.classes[log[books.end]["klass"]], tables.trends[0]
        halvings = trends["algorithm_free_share"] * (tuned["time"][0] - row["as_of"])
        free = 0.5 ** (halvings / trends["algorithm_halving_months"])
        assert books.full["training"] == pytest.approx(row["flop"] * free * project["scale"], rel=1e-9)
        checked += 1
    assert checked >= 5


def short_world(**lab):
    """One lab that is convinced, and one class."""
    return from_data(
        tiny_world(
            scenario={"title": "one lab", "start": "2020-01", "end": "2022-12"},
            kinds={"leading_lab": {**LAB_KIND, "patience_months": 60}},
            actors={"Lab": {**LAB, **lab}},
            work={"salary_usd": 1},
        )
    )


@pytest.mark.parametrize(
    ("lab", "binding", "said"),
    [
        ({"money_usd": 0}, "money", "would give 1 billion USD and had 0"),
        ({"chips": 0}, "chips", "it lacked chips"),
        ({"people": 0.5}, "talent", "0.5 full-time people of the 1 that it takes"),
        ({"willing_usd": 1}, "money", "it lacked money"),
    ],
)
def test_the_binding_constraint_is_named(lab, binding, said):
    result = sim.simulate(short_world(**lab), runs=1, logs=1)
    explanation = why(result, actor="Lab", klass="model")
    assert explanation.outcome == "not reached"
    assert explanation.facts["binding"] == binding
    assert said in explanation.text(), explanation.text()
    waits = [cause for cause in explanation.causes[0].walk() if cause.role == "wait"]
    assert waits and waits[0].facts["bound"] == binding


def test_who_never_decided_or_never_knew_is_told_so():
    undecided = from_data(
        tiny_world(
            kinds={"leading_lab": {**LAB_KIND, "start_rate": 1e-9}},
            actors={"Lab": LAB},
            work={"salary_usd": 1},
        )
    )
    explanation = why(sim.simulate(undecided, runs=1, logs=1), actor="Lab", klass="model")
    assert explanation.facts["binding"] == "never decided" and not explanation.facts["knew"]
    at_the_end = explanation.facts["at_the_end"]
    assert at_the_end["hazard"] == pytest.approx(1e-9 * 120, rel=0.02)
    assert at_the_end["hazard"] < at_the_end["threshold"]
    higher = {**undecided.raw["classes"]["model"], "flop": 1e22}
    higher_still = {**higher, "flop": 1e23}
    raw = {
        **undecided.raw,
        "classes": {**undecided.raw["classes"], "higher": higher, "highest": higher_still},
    }
    explanation = why(sim.simulate(from_data(raw), runs=1, logs=1), actor="Lab", klass="highest")
    assert explanation.facts["binding"] == "never knew"


def test_what_the_scenario_gives_is_said_to_be_given(toy):
    explanation = why(toy, 0, actor="Alpha", klass="big")
    assert explanation.outcome == "given by the record"
    assert "scripted_projects.first" in explanation.text()
    assert why(toy, 0, actor="Alpha", klass="small").outcome == "had it from the start"
    assert why(toy, 0, actor="Cloud", klass="big").outcome == "builds nothing"


def test_a_run_whose_log_was_not_kept_is_simulated_again(folder):
    kept = why(folder, 3, actor="Beta", klass="big")
    again = why(folder, 7, actor="Beta", klass="big")
    assert kept.replay.kept and "simulated again" not in kept.text()
    assert not again.replay.kept and "simulated again" in again.text()
    same = why(sim.simulate("toy", runs=10, seed=2, logs=10), 7, actor="Beta", klass="big")
    assert same.to_dict()["causes"] == again.to_dict()["causes"]
    assert why(folder, actor="Beta", klass="big").replay.run == 0


def test_depth_folds_and_says_what_it_hides(toy):
    explanation = next(e for e, _ in everybody(toy, range(12)) if e.outcome == "trained")
    short, long = explanation.text(1), explanation.text(99)
    assert len(short) < len(long)
    assert "back to the scenario, by" in short and "back to the scenario, by" not in long
    assert "the scenario toy" in long


def first_starts(log):
    """Which rows start a project: one that turns to another class starts on it, and is the same."""
    starts = np.flatnonzero(log["what"] == Event.STARTED)
    firsts = starts[np.unique(log["project"][starts], return_index=True)[1]]
    return np.isin(np.arange(len(log)), firsts)


@pytest.mark.parametrize("name", ["toy", "changed", "ordered", "gpt3"])
def test_the_whole_cascade_is_acyclic_and_goes_forward_in_time(name, request, tmp_path):
    result = request.getfixturevalue(name)
    for run, log in result.logs.items():
        graph = cascade_graph(log, result.compiled)
        assert networkx.is_directed_acyclic_graph(graph)
        time = networkx.get_node_attributes(graph, "time")
        assert all(time[cause] <= time[effect] for cause, effect in graph.edges)
        assert [node for node in graph if not graph.in_degree(node)] == ["scenario"]
        kinds = list(networkx.get_node_attributes(graph, "kind").values())
        counted = {"model": log["reached"] >= 0, "project": first_starts(log)}
        counted |= {"artifact": log["what"] == Event.MADE, "decision": log["what"] == Event.DECIDED}
        counted |= {"acquisition": log["what"] == Event.LEARNED, "grant": log["what"] == Event.GRANTED}
        for kind, rows in counted.items():
            assert kinds.count(kind) == rows.sum(), (run, kind)
    stored = networkx.read_graphml(write_graph(graph, tmp_path / "graph.graphml"))
    assert set(stored.nodes) == set(graph.nodes) and set(stored.edges) == set(graph.edges)
    assert stored.nodes["scenario"]["kind"] == "scenario"
    data = json.loads(json.dumps(node_link(graph), allow_nan=False))
    again = networkx.node_link_graph(data, edges="edges")
    assert dict(again.nodes) == dict(graph.nodes) and set(again.edges) == set(graph.edges)


def test_what_helped_a_project_leads_to_it_in_the_cascade(gpt3):
    log = gpt3.logs[0]
    graph = cascade_graph(log, gpt3.compiled)
    helped = [(c, e, f) for c, e, f in graph.edges(data=True) if f["role"] == "helped"]
    assert len(helped) > 100
    for cause, effect, facts in helped:
        assert graph.nodes[cause]["actor"] == graph.nodes[effect]["actor"]
        assert facts["amount"] == log["amount"][graph.nodes[cause]["row"]] != 0.0
        assert ArtifactKind[graph.nodes[cause]["artifact_kind"].upper()]


def test_the_tree_as_a_graph_goes_from_causes_to_effects(toy, tmp_path):
    explanation = next(e for e, _ in everybody(toy, range(12)) if e.outcome == "trained")
    graph = explanation.graph()
    assert networkx.is_directed_acyclic_graph(graph)
    assert all(cause < effect for cause, effect in graph.edges)
    stored = networkx.read_graphml(write_graph(graph, tmp_path / "graph.graphml"), node_type=int)
    assert dict(stored.nodes) == dict(graph.nodes)
    dot = write_graph(graph, tmp_path / "graph.dot", "dot").read_text()
    assert dot.count(" -> ") == graph.number_of_edges()


def test_the_commands(folder, tmp_path):
    said = cascades("why", folder, "--run", 1, "--actor", "Beta")
    assert said.code == 0 and "Three labs and a collective: run 1, seed 2." in said.out
    data = json.loads(cascades("why", folder, "--run", 1, "--actor", "Beta", "--class", "big", "--json").out)
    assert data == why(folder, 1, actor="Beta", klass="big").to_dict()
    whole = cascades("why", folder, "--run", 9, "--whole", "--graphml", tmp_path / "g.graphml")
    assert whole.code == 0 and "The cascade of run 9" in whole.out
    graph = networkx.read_graphml(tmp_path / "g.graphml")
    linked = json.loads(cascades("why", folder, "--run", 9, "--whole", "--json").out)
    assert {node["id"] for node in linked["nodes"]} == set(graph.nodes)
    assert cascades("why", folder, "--actor", "Beta", "--dot", tmp_path / "t.dot").code == 0
    assert (tmp_path / "t.dot").read_text().startswith("digraph")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--actor", "Betta"), "no actor 'Betta' (did you mean 'Beta'?)"),
        (("--actor", "Beta", "--class", "bigg"), "no class 'bigg' (did you mean 'big'?)"),
        (("--actor", "Beta", "--run", "10"), "no run 10; there is: runs 0 to 9"),
        (("--actor", "Beta", "--run", "-1"), "no run -1"),
        ((), "--actor is missing"),
        (("--whole", "--actor", "Beta"), "leave out --actor"),
        (("--whole", "--graphml", "."), "is a folder"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(folder, arguments, expected):
    done = cascades("why", folder, *arguments)
    assert done.code == 2 and expected in done.err and "Traceback" not in done.err


def test_a_folder_that_holds_no_runs_is_refused(folder, tmp_path):
    import shutil

    def refusal(path):
        return cascades("why", path, "--actor", "Beta").refusal

    assert "no such folder" in refusal(tmp_path / "none")
    (tmp_path / "file").write_text("x")
    assert "is a file, not a folder" in refusal(tmp_path / "file")
    (tmp_path / "empty").mkdir()
    assert "holds no manifest.json" in refusal(tmp_path / "empty")
    damaged = tmp_path / "damaged"
    shutil.copytree(folder, damaged)
    events = damaged / "events.parquet"
    events.write_bytes(events.read_bytes()[:-400])
    assert "events.parquet: is damaged" in refusal(damaged)
    events.unlink()  # the run itself can be had without
    assert cascades("why", damaged, "--actor", "Beta").code == 0
    manifest = json.loads((damaged / "manifest.json").read_text())
    (damaged / "manifest.json").write_text(json.dumps(manifest | {"fingerprint": "0"}))
    assert "does not match its fingerprint" in refusal(damaged)
    del manifest["seed"]
    (damaged / "manifest.json").write_text(json.dumps(manifest))
    assert "seed is missing" in refusal(damaged)
    (damaged / "manifest.json").write_text("{")
    assert "cannot be read as a manifest" in refusal(damaged)


def test_a_log_that_other_rules_made_is_not_explained_by_these(folder, tmp_path):
    import shutil

    other = tmp_path / "other"
    shutil.copytree(folder, other)
    manifest = json.loads((other / "manifest.json").read_text())
    (other / "manifest.json").write_text(json.dumps(manifest | {"seed": 3, "rules": "abc"}))
    said = cascades("why", other, "--actor", "Beta").refusal
    assert "is not the run in the log" in said and "other rules (abc" in said


def test_a_result_without_drawn_inputs_is_replayed_without():
    result = sim.simulate("gpt3", runs=1, logs=1, draw=False)
    with_luck = origin_of(result).replay(0)
    np.testing.assert_array_equal(with_luck.log, result.logs[0])
    with pytest.raises(UserError, match="no run 1"):
        why(result, 1, actor="OpenAI", klass="gpt3")
    assert before(1.0) < 1.0


def test_a_project_that_waits_for_means_names_no_zeros(gpt3):
    texts = []
    for run, log in gpt3.logs.items():
        ends = log[(log["what"] == Event.UNFINISHED) & (log["project"] >= 0)]
        for actor, klass in sorted({(int(row["actor"]), int(row["klass"])) for row in ends})[:8]:
            names = gpt3.compiled.actors[actor], list(gpt3.scenario.file.classes)[klass]
            texts.append(why(gpt3, run, actor=names[0], klass=names[1]).text())
        if any("waiting for the means to train: no chips yet" in text for text in texts):
            break
    else:
        raise AssertionError("no project waits for chips at the end of a run")
    for text in texts:
        assert " 0 people" not in text and " 0 USD spent" not in text
        assert not any(f" 0 {chip} chips" in text for chip in gpt3.scenario.file.chips)
