"""Every kind of figure: nothing cut off, nothing on another, units and n, what the file says."""

import copy
import html
import itertools
import json
import math
import re

import matplotlib
import numpy as np
import pytest
from PIL import Image

import experiments
from experiments.figures.kinds import Asked, every_kind, kinds_of
from experiments.figures.plotting import kinds_for, plot
from experiments.figures.sheet import NARROW, WIDE
from sim.ensemble import simulate
from sim.errors import UserError
from sim.scenario import from_data, load
from tests.lettering import faults, words_of
from tests.terminal import cascades

HOSTILE = "<script>alert('$x^2$')</script> & \\frac{1}{2} _Institute_"
POLICY = "order:artifacts=code,action=forbid"


def composed(source, kind, width, **options):
    return plot(source, kind, width=width, **options)


def check(source, kind, width, **options):
    """Draw a figure and hold it against what every figure must keep."""
    figure = composed(source, kind, width, **options)
    assert figure.get_size_inches()[0] * 25.4 == pytest.approx(width)
    words = words_of(figure)
    found = faults(figure, words)
    assert not found, "\n".join(found[:8])
    captions = " ".join(text.get_text() for text in figure.texts if text.get_gid() == "caption")
    assert re.search(r"Scenario ", captions) and re.search(r"\d runs?|\d pairs?|\d draws?", captions), (
        captions
    )
    assert "no forecast" in captions
    assert any(text.get_gid() == "title" for text in figure.texts)
    said = " ".join(text for text, _ in words)
    assert re.search(r"n = [\d,]+", said), said
    for axes in figure.axes:
        if axes.axison and (axes.lines or axes.patches or axes.collections) and not axes.images:
            labels = [axis.label.get_text() for axis in (axes.xaxis, axes.yaxis) if axis.label.get_visible()]
            ticks = [text.get_text() for text in axes.get_xticklabels() if text.get_text()]
            bare = {"least", "most"} >= set(ticks)
            assert any(labels) or not ticks or bare, (kind, ticks)
    sizes = [text.get_fontsize() for text in figure.findobj(matplotlib.text.Text) if text.get_text().strip()]
    assert min(sizes) >= 3.9
    return figure


# ---------------------------------------------------------------- what there is to draw


@pytest.fixture(scope="module")
def toy():
    return simulate("toy", runs=150, seed=1, threads=1, logs=6)


def many_actors(raw, count):
    """Add builders with long and hostile names, of all kinds and regions that the toy world has."""
    beta = raw["actors"]["Beta"]
    for number in range(count):
        raw["actors"][f"The renowned {HOSTILE} number {number}"] = dict(beta)
    raw["scenario"]["title"] = f"A title with {HOSTILE} that goes on " * 4


def world(change):
    raw = copy.deepcopy(load("toy").raw)
    change(raw)
    return from_data(raw, "odd.toml")


def nothing(raw):
    raw["actors"] = {"Alpha": raw["actors"]["Alpha"]}
    raw["ties"], raw["scripted_artifacts"], raw["scripted_projects"] = [], {}, {}
    raw["kinds"]["leading_lab"]["start_rate"] = 0


def one_actor(raw):
    raw["actors"] = {"Alpha": raw["actors"]["Alpha"]}
    raw["ties"], raw["scripted_artifacts"] = [], {}


def long_time(raw):
    raw["scenario"]["end"] = "2036-08"


CASES = {
    "one run": (lambda raw: None, 1),
    "a thousand runs": (lambda raw: None, 1000),
    "forty-four actors with hostile names": (lambda raw: many_actors(raw, 40), 6),
    "one actor": (one_actor, 5),
    "nothing ever diffuses": (nothing, 4),
    "two hundred months": (long_time, 8),
}


@pytest.fixture(scope="module")
def odd():
    made = {}

    def result(case):
        if case not in made:
            change, runs = CASES[case]
            made[case] = simulate(world(change), runs=runs, seed=1, threads=1, logs=4)
        return made[case]

    return result


STILL = [kind.name for kind in every_kind() if kind.sort == "run" and not kind.moving]


@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize("kind", STILL)
def test_every_figure_of_a_run_keeps_the_contract(toy, kind, width):
    if kind in kinds_for(toy):
        check(toy, kind, width)
    else:  # the toy world draws no inputs
        with pytest.raises(UserError, match=f"{kind} cannot be drawn: .*; what can be drawn: timeline"):
            composed(toy, kind, width)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("kind", [kind for kind in STILL if kind != "tornado"])
def test_odd_runs_are_drawn_as_well(odd, kind, case):
    check(odd(case), kind, NARROW)


@pytest.mark.parametrize("kind", ["timeline", "network", "tree", "lineage"])
def test_many_actors_fit_a_page(odd, kind):
    check(odd("forty-four actors with hostile names"), kind, WIDE)


@pytest.fixture(scope="module")
def compared():
    return experiments.compare("toy", ["base", POLICY, "delay:months=6"], runs=40, seed=2)


@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize("kind", [kind.name for kind in every_kind() if kind.sort == "compare"])
def test_every_figure_of_a_comparison_keeps_the_contract(compared, kind, width):
    check(compared, kind, width)


@pytest.fixture(scope="module")
def long_names():
    arms = {f"{HOSTILE} arm number {number}": POLICY for number in range(8)}
    return experiments.compare(world(nothing), arms, runs=3, seed=2)


@pytest.mark.parametrize("kind", [kind.name for kind in every_kind() if kind.sort == "compare"])
def test_arms_with_long_names_in_which_nothing_happens(long_names, kind):
    check(long_names, kind, NARROW)


# ---------------------------------------------------------------- folders

CLAIMS = """
title = "test"
[claims."%s"]
role = "structural"
kind = "historical-fact"
statement = "A test."
value = 12
low = 10
high = 14
unit = "months"
source = "a test"
[claims."%s".test]
quantities.lag = { metric = "lag_1" }
formula = "lag"
rule = "interval"
""" % (("a claim with $ <b> and a long name, longer than any",) * 2)


@pytest.fixture(scope="module")
def folders(tmp_path_factory, toy, compared):
    """Return folders of every sort, as the commands leave them."""
    from experiments.evidence.claims import load_claims
    from experiments.evidence.saving import evidence_and_save
    from experiments.exploring.choosing import robust
    from experiments.exploring.depending import sensitivity
    from experiments.study import read_study
    from experiments.studying import study_and_save

    root = tmp_path_factory.mktemp("folders")
    experiments.save(toy, root / "run")
    compared.save(root / "compare")
    experiments.attribute("toy", "lag_1", over="artifact-kinds", runs=4).save(root / "attribution")
    experiments.sweep("toy", out=root / "sweep")
    facts = {"folder": "sweep", "scenario": "toy", "points": 12, "blocks": [{"runs": 50}]}
    sensitivity(root / "sweep", "lag_1").save(root / "analysis", facts)
    (root / "policies.toml").write_text(SWEEP)
    experiments.sweep(root / "policies.toml", out=root / "policies")
    front = {"folder": "policies", "scenario": "toy", "points": 6, "blocks": [{"runs": 6}]}
    robust(root / "policies", ["lag_1:more", "n_dev:more"]).save(root / "front", front)
    (root / "claims.toml").write_text(CLAIMS)
    claims = load_claims("toy", [root / "claims.toml"], shipped=False)
    evidence_and_save(claims, load("toy"), root / "evidence", runs=25, seed=1)
    study_and_save(read_study("scooped"), root / "study", runs=2, seed=1)
    return root


SWEEP = """
title = "policies"
scenario = "toy"
runs = 6
metrics = ["lag_1", "n_dev"]
[design]
method = "grid"
[factors.policy]
levels = ["base", "code-never", "delay:months=6"]
role = "lever"
[factors."trends.rent_decline"]
levels = [0.1, 0.3]
"""
OPTIONS = {
    ("boxes", "sweep"): {"when": ["lag_1 > 8"]},
    ("pareto", "sweep"): {"goals": ["lag_1:more", "n_dev:more"]},
}
SORTS = ["attribution", "sweep", "analysis", "front", "evidence", "study", "policies"]


@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize("folder", SORTS)
def test_every_figure_of_a_folder_keeps_the_contract(folders, folder, width):
    sort = {"front": "analysis", "policies": "sweep"}.get(folder, folder)
    drawn = 0
    for kind in kinds_for(folders / folder):
        if kind in ("pareto", "boxes") and (folder, kind) in {("sweep", "pareto"), ("policies", "boxes")}:
            continue  # a grid of numbers has no arms, and three arms in two worlds no box
        if folder in ("sweep", "policies") and kind == "boxes":
            continue
        check(folders / folder, kind, width, **OPTIONS.get((kind, sort), {}))
        drawn += 1
    assert drawn


@pytest.mark.parametrize("sort", ["run", "compare", "attribution"])
def test_a_folder_is_drawn_as_what_was_in_memory(folders, toy, compared, sort):
    source = {"run": toy, "compare": compared}.get(sort)
    if source is None:
        source = experiments.attribute("toy", "lag_1", over="artifact-kinds", runs=4)
    kept = experiments.reopen(folders / sort)
    for kind in kinds_for(source):
        if kind.startswith("moving"):
            continue
        first, again = composed(source, kind, WIDE), composed(kept, kind, WIDE)
        assert [text for text, _ in words_of(first)] == [text for text, _ in words_of(again)]
        drawn = [np.asarray(figure.canvas.buffer_rgba()) for figure in (first, again)]
        assert np.array_equal(*drawn), kind


def test_event_logs_are_read_back_bit_for_bit(folders, toy):
    kept = experiments.reopen(folders / "run")
    assert set(kept.logs) == set(toy.logs)
    for run, log in toy.logs.items():
        for name in log.dtype.names:
            exact = log[name].dtype.kind == "f"
            assert np.array_equal(kept.logs[run][name], log[name], equal_nan=exact), name
    assert np.array_equal(kept.values, toy.values, equal_nan=True)
    assert [metric.name for metric in kept.metrics] == [metric.name for metric in toy.metrics]


def test_a_comparison_is_read_back(folders, compared):
    kept = experiments.reopen(folders / "compare")
    assert list(kept.results) == list(compared.results) and kept.runs == compared.runs
    for (arm, name), difference in compared.found.items():
        assert repr(kept.found[arm, name].statistics) == repr(difference.statistics), (arm, name)


def test_evidence_is_read_back(folders):
    kept = experiments.reopen(folders / "evidence")
    (row,) = kept.rows
    assert row.judged.of == 25 and row.verdict == row.judged.verdict and kept.seed == 1


def test_a_calibration_keeps_the_contract():
    from experiments.calibration.learning import Learned
    from experiments.calibration.report import Calibrated
    from experiments.figures.captions import Basis

    basis = Basis("A world", "world", "0123456789", 100, 1, what="draw")
    five = (0.1, 0.2, 0.3, 0.4, 0.5)
    learned = [
        Learned(
            f"kinds.$x$.{'very_' * place}long_name_{place}",
            five,
            five,
            five,
            0.1,
            0.2,
            place % 2 == 0,
            0.3,
            "c",
        )
        for place in range(12)
    ]
    claims = [(f"claim {HOSTILE} {place}", place / 3, 0.5, "misses", "agrees") for place in range(9)]
    held = (("an input", (0.5, 1.0)), (f"another {HOSTILE}", (0.25, 0.75)))
    for kind, width in itertools.product(("learned", "claims", "coverage"), (NARROW, WIDE)):
        check(Calibrated(basis, learned, claims, 4, held), kind, width)
        if kind != "coverage":
            check(Calibrated(basis, [], []), kind, width)
    with pytest.raises(UserError, match="coverage cannot be drawn: no synthetic truths"):
        composed(Calibrated(basis, [], []), "coverage", WIDE)
    edges = [Learned("a", five, five, (0.0, 0.0, 0.0, 0.5, 1.0), 0.1, 0.2, True, 0.3, "c")]
    for kind in ("learned", "coverage"):  # marks at 0 % and 100 % are not cut by the frame
        drawn = composed(Calibrated(basis, edges, claims, 2, (("a", (0.0, 1.0)),)), kind, WIDE)
        low, high = drawn.axes[0].get_xlim()
        assert low <= -0.02 and high >= 1.02


# ---------------------------------------------------------------- files


def _described(content, form):
    """Return the field of an SVG or a PDF that holds all facts."""
    if form == "svg":
        found = re.search(r"<dc:description>(.*?)</dc:description>", content.decode(), re.DOTALL)
        return html.unescape(found[1])
    found = re.search(rb"/Subject \((.*?)(?<!\\)\)", content, re.DOTALL)
    return re.sub(r"\\(.)", r"\1", found[1].decode(), flags=re.DOTALL)


@pytest.mark.parametrize("form", ["png", "svg", "pdf"])
def test_the_file_says_how_to_make_it_again_and_is_the_same_each_time(folders, tmp_path, form):
    one = plot(folders / "run", "holders", tmp_path / f"one.{form}", width=90)
    two = plot(folders / "run", "holders", tmp_path / f"two.{form}", width=90)
    assert one.read_bytes() == two.read_bytes()
    if form == "png":
        with Image.open(one) as picture:
            said = picture.text
            assert picture.width == pytest.approx(90 / 25.4 * 300, abs=1)
    else:
        said = json.loads(_described(one.read_bytes(), form))
    assert (said["Figure"], said["Scenario"], said["Seed"], said["Runs"]) == ("holders", "toy", "1", "150")
    assert json.loads(said["Options"]) == {"width": 90}
    manifest = json.loads(said["Manifest"])
    assert manifest["fingerprint"] == said["Fingerprint"] == load("toy").fingerprint
    assert "started" not in manifest and "ended" not in manifest


@pytest.mark.slow
def test_names_stay_text_in_every_form(odd, tmp_path):
    result = odd("forty-four actors with hostile names")
    picture = plot(result, "timeline", tmp_path / "t.svg").read_text()
    assert "<script" not in picture and "&lt;script" in picture and "$x^2$" in picture
    page = plot(result, "moving-timeline", tmp_path / "t.html", width=90).read_text()
    assert page.count("<script") == 2 and "alert('" not in page.split("</title>")[1].split("<script type")[0]
    assert "http" not in page.replace("http-equiv", "")


@pytest.mark.slow
def test_what_moves_has_a_frame_for_every_step(toy, tmp_path):
    from experiments.figures.moving import FRAMES

    for kind in ("moving-network", "moving-timeline"):
        path = plot(toy, kind, tmp_path / f"{kind}.gif", width=90)
        with Image.open(path) as film:
            assert film.n_frames > FRAMES / 2  # alike neighbours are one frame that stands longer
            assert json.loads(film.info["comment"])["Figure"] == kind
            film.seek(0)
            first = np.asarray(film.convert("RGB"), int)
            film.seek(film.n_frames - 1)
            assert (np.abs(np.asarray(film.convert("RGB"), int) - first) > 60).any()


def test_actors_stand_where_they_stood_in_every_arm(toy):
    from experiments.figures.ties import place_actors
    from sim.world import compile_scenario

    arm = compile_scenario(load("toy", ("actors.Beta.people=40",)))
    assert np.array_equal(place_actors(toy.compiled), place_actors(arm))


def test_flows_are_those_of_the_logs(toy):
    from experiments.figures.ties import flows_of
    from sim.words import Event

    logs = list(toy.logs.values())
    learned = sum(log["amount"][(log["what"] == Event.LEARNED) & (log["amount"] > 0) & (log["source"] >= 0)
                                & (log["source"] != log["actor"])].sum() for log in logs)  # fmt: skip
    flows = flows_of(logs)
    assert sum(flow.amount for flow in flows if flow.sort != "grant") == pytest.approx(learned / len(logs))


def test_holders_are_counted_from_the_dates(toy):
    from experiments.figures.holding import counts_at, dates_of

    dates = dates_of(toy, "t_done")
    counts = counts_at(dates, np.array([0.0, toy.compiled.horizon]))
    assert np.array_equal(counts[:, 1], toy["n_dev"])
    assert (np.diff(counts, axis=1) >= 0).all()


def test_the_tree_has_every_project_of_the_class_once_below_what_set_it_off(toy):
    from experiments.figures.cascade import read_projects
    from experiments.figures.trees import read_tree

    follow = toy.compiled.classes.index(toy.scenario.follow_class)
    for log in toy.logs.values():
        projects = read_projects(log, toy.compiled.horizon)
        order = read_tree(log, projects, follow)
        rows = [branch.project.row for branch in order]
        assert len(set(rows)) == len(rows)
        assert {project.row for project in projects if project.klass >= follow} <= set(rows)
        for place, branch in enumerate(order):
            if branch.parent >= 0:
                assert branch.parent in rows[:place]
                assert branch.since <= branch.project.started


def test_a_tornado_finds_what_moves_an_outcome():
    from experiments.figures.swept import bars_of

    luck = np.random.default_rng(1)
    columns = {"strong": luck.random(2000), "weak": luck.random(2000), "same": np.ones(2000),
               "word": luck.choice(["a", "b"], 2000)}  # fmt: skip
    values = 3 * columns["strong"] - columns["weak"] + 0.1 * luck.standard_normal(2000)
    bars = bars_of(columns, {"word"}, values)
    assert [bar.name for bar in bars] == ["strong", "weak", "word"]
    assert bars[0].high - bars[0].low == pytest.approx(3 * 0.8, abs=0.1)
    assert bars[1].high - bars[1].low == pytest.approx(-0.8, abs=0.1)
    assert bars[0].low_range[0] < bars[0].low < bars[0].low_range[1]


def test_the_whiskers_of_a_tornado_are_those_of_differences_in_the_same_luck():
    """Forty points in the same luck of five runs, which is nearly all that makes runs differ."""
    from experiments.figures.swept import bars_of

    luck = np.random.default_rng(2)
    points, lucks = np.divmod(np.arange(200), 5)
    column = points / 40.0
    values = column + 100.0 * luck.standard_normal(5)[lucks]
    (bar,) = bars_of({"input": column}, set(), values, cells=(points, lucks))
    assert bar.high - bar.low == pytest.approx(0.8, abs=0.05)
    assert bar.low_range[1] < bar.high_range[0] and bar.low_range[0] < bar.low < bar.low_range[1]


def test_the_whiskers_of_a_tornado_count_lucks_not_runs():
    """An input that differs by luck: each of its values is that of all points in one luck of twenty."""
    from experiments.figures.swept import bars_of

    chance = np.random.default_rng(2)
    points, lucks = np.divmod(np.arange(800), 20)
    drawn, other = chance.random(20), 10.0 * chance.standard_normal(20)
    values = (drawn + other)[lucks]
    (bar,) = bars_of({"input": drawn[lucks]}, set(), values, cells=(points, lucks))
    few = np.sort(drawn)[:4]
    lot = (drawn + other)[np.isin(drawn, few)]
    assert bar.low_range[1] - bar.low > 2.3 * lot.std(ddof=1) / math.sqrt(4)


# ---------------------------------------------------------------- what cannot be drawn


def test_a_kind_that_cannot_be_drawn_is_refused_with_those_that_can(folders, toy):
    with pytest.raises(
        UserError, match="no figure of a folder of run 'holder' .*did you mean 'holders'.*timeline"
    ):
        plot(folders / "run", "holder")
    with pytest.raises(UserError, match="forest is drawn from: evidence"):
        plot(folders / "run", "forest")
    with pytest.raises(UserError, match="network does not heed it; it heeds: --run, --only, --by"):
        plot(toy, "network", metric="lag_1")
    with pytest.raises(UserError, match="run 77: no event log was kept"):
        plot(toy, "tree", run=77)
    with pytest.raises(UserError, match="--only Mars: no actor, kind or region 'Mars'"):
        plot(toy, "network", only="Mars")
    with pytest.raises(UserError, match="must be kind or region"):
        plot(toy, "network", by="colour")
    with pytest.raises(UserError, match="must be 80 to 400"):
        plot(toy, "network", width=20)
    with pytest.raises(UserError, match="must be 80 to 400"):
        plot(toy, "network", width=math.nan)
    with pytest.raises(UserError, match="--arm peace: no arm 'peace'"):
        plot(folders / "compare", "lags", arms="peace")
    with pytest.raises(UserError, match="no metric that was kept 'lag_9'"):
        plot(folders / "sweep", "tornado", metric="lag_9")
    with pytest.raises(UserError, match="--when is missing"):
        plot(folders / "sweep", "boxes")
    with pytest.raises(UserError, match="give two at least"):
        plot(folders / "sweep", "pareto", goals="lag_1:more")
    with pytest.raises(UserError, match="name a file that ends in .gif or .html"):
        plot(toy, "moving-network")
    with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
        plot(toy, "network", colour="red")
    with pytest.raises(UserError, match="int: cannot be drawn"):
        plot(3, "network")


def test_files_that_cannot_be_written_are_named(toy, tmp_path):
    with pytest.raises(UserError, match="ends in .png, .svg or .pdf"):
        plot(toy, "holders", tmp_path / "t.jpg")
    with pytest.raises(UserError, match="ends in .gif or .html"):
        plot(toy, "moving-network", tmp_path / "t.png")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="cannot be written"):
        plot(toy, "holders", tmp_path / "file" / "t.png")


@pytest.mark.parametrize("damage", ["none", "empty", "manifest", "events", "runs", "foreign"])
def test_folders_that_cannot_be_read_are_named(folders, tmp_path, damage):
    import shutil

    folder = tmp_path / "copy"
    if damage != "none":
        shutil.copytree(folders / "run", folder)
    if damage == "empty":
        (folder / "manifest.json").unlink()
    elif damage == "manifest":
        (folder / "manifest.json").write_text("{")
    elif damage == "foreign":
        (folder / "manifest.json").write_text('{"made_by": "another"}')
    elif damage in ("events", "runs"):
        (folder / f"{damage}.parquet").write_bytes(b"PAR1 no")
    said = {
        "none": "no such folder",
        "empty": "holds no manifest.json",
        "manifest": "cannot be read as a manifest",
        "events": "events.parquet: is damaged",
        "runs": "runs.parquet: is damaged",
        "foreign": "manifest of ours",
    }
    with pytest.raises(UserError, match=said[damage]):
        plot(folder, "timeline")


# ---------------------------------------------------------------- the command


def test_the_command_draws_lists_and_refuses(folders, tmp_path):
    run = folders / "run"
    done = cascades("plot", "holders", run, "--out", tmp_path / "h.svg", "--width", 90)
    assert done.code == 0, done.err
    assert (tmp_path / "h.svg").read_text().startswith("<?xml") and "Written" in done.out
    done = cascades("plot", "holders", run)
    assert done.code == 0 and (folders / "run-holders.png").is_file()
    listed = cascades("plot", "--list", run).out
    assert all(kind in listed for kind in kinds_for(run)) and "tornado" not in listed
    everything = cascades("plot", "--list").out
    assert all(kind.name in everything for kind in every_kind())
    assert cascades("plot", "holders", tmp_path / "none").code == 2
    refused = cascades("plot", "forest", run)
    assert refused.code == 2 and "timeline" in refused.err and "Traceback" not in refused.err
    assert cascades("plot", "holders").code == 2


def test_a_figure_is_registered_in_one_place(toy):
    from experiments.figures import kinds

    @kinds.kind("blank", "run", ("metric",))
    def blank(result, asked: Asked):
        """Nothing but a caption."""
        from experiments.figures.captions import basis_of_result
        from experiments.figures.sheet import Sheet

        return Sheet(asked.width, f"n = {len(result.run_numbers)} {asked.metric}").whole(
            basis_of_result(result).text
        )

    try:
        assert kinds_for(toy)["blank"] == "Nothing but a caption"
        assert kinds_of("run")["blank"].draw is blank
        check(toy, "blank", WIDE, metric="lag_1")
    finally:
        del kinds._KINDS["blank", "run"]


def test_results_draw_themselves(toy, compared, tmp_path):
    assert toy.plot("lags", tmp_path / "l.pdf").read_bytes().startswith(b"%PDF")
    assert compared.plot().get_size_inches()[0] == pytest.approx(WIDE / 25.4)


def test_numbers_of_points_lie_on_no_mark_and_on_no_other_number():
    """Three marks in a row, two at one place: the number of each is beside it, and joined where it is far."""
    from experiments.answers.finding import Panel
    from experiments.answers.page import Page
    from experiments.figures.captions import Basis
    from experiments.figures.study import RING, compose
    from experiments.statistics import Bounds

    xs, ys = [0.0, 0.6, 1.2, 1.2, 30.0, 30.6], [0.0, 0.1, 0.0, 0.0, 5.0, 5.0]
    points = [
        (f"arm {at}", x, y, Bounds(x - 2, x + 2), Bounds(y - 1, y + 1), at % 2 == 0)
        for at, (x, y) in enumerate(zip(xs, ys, strict=True))
    ]
    page = Page("title", Basis("t", "toy", "", 8, 1), [Panel("points", "Means", "x", "y", points=points)])
    figure = compose(page, 180.0)
    words = words_of(figure)
    assert not faults(figure, words)
    (axes,) = figure.axes
    numbers = {one.get_text(): one for one in axes.texts if one.get_gid() == "number"}
    assert set(numbers) == {"1", "2", "3, 4", "5", "6"}
    dots = RING / 25.4 * figure.dpi
    for text in numbers.values():
        box = text.get_window_extent()
        for x, y in zip(xs, ys, strict=True):
            across, up = axes.transData.transform((x, y))
            assert not (box.x0 < across + 0.8 * dots and box.x1 > across - 0.8 * dots
                        and box.y0 < up + 0.8 * dots and box.y1 > up - 0.8 * dots)  # fmt: skip


def test_no_two_points_look_alike():
    """More arms than colours: no two have the same colour and the same marker."""
    from experiments.answers.finding import Panel
    from experiments.answers.page import Page
    from experiments.figures.captions import Basis
    from experiments.figures.study import compose
    from experiments.statistics import Bounds

    points = [(f"arm {at}", float(at), 0.0, Bounds(at, at), Bounds(0, 0), False) for at in range(16)]
    page = Page("title", Basis("t", "toy", "", 8, 1), [Panel("points", "Means", "x", "y", points=points)])
    (axes,) = compose(page, 180.0).axes
    looks = {(one.get_color(), one.get_marker()) for one in axes.lines if one.get_linestyle() == "None"}
    assert len(looks) == 16


def test_panels_of_a_comparison_leave_room_for_half_a_tick(compared):
    from experiments.figures import ink
    from experiments.figures.paired import NAMES, OTHERS
    from experiments.figures.paired import compose as paired
    from experiments.figures.sheet import SMALL

    titles = {NAMES[name] for name in OTHERS}
    panels = [axes for axes in paired(compared).axes if axes.get_title(loc="left") in titles]
    rooms = [(1 - axes.get_position().x1) * WIDE for axes in panels]
    assert rooms and min(rooms) > 0.5 * ink.width_of("+0.025", SMALL)


def test_the_last_tick_of_the_last_panel_of_a_comparison_has_room(compared):
    from experiments.figures.paired import compose as paired

    figure = paired(compared)
    figure.canvas.draw()
    edge = figure.bbox.width - figure.dpi / 25.4  # a millimetre of paper
    for axes in figure.axes:
        left, right = axes.get_xlim()
        for place, label in zip(axes.get_xticks(), axes.get_xticklabels(), strict=True):
            if axes.axison and left <= place <= right:
                assert label.get_window_extent().x1 < edge, label.get_text()
