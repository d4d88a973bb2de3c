"""The timeline shows what the result holds, and can be drawn whatever the result holds."""

import copy
import math
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from experiments import history as histories
from experiments.figures import cascade, diffusion, ink
from experiments.timeline import caption_text, compose, draw_timeline
from sim.ensemble import simulate
from sim.errors import UserError
from sim.result import QUANTILES
from sim.scenario import from_data, load
from sim.words import Event, Phase

RECORD = {
    "scenario": "toy",
    "credit": "invented by nobody",
    "models": {
        "A": {"actor": "Alpha", "class": "big", "announced": "2020-07-01", "weights": "closed",
              "source": "toy"},
        "B": {"actor": "Beta", "class": "big", "trained": "2021-02-01", "announced": "2021-06-01",
              "weights": "open", "source": "toy"},
        "G": {"actor": "Gamma", "class": "big", "announced": "2031-01", "weights": "open", "source": "toy"},
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def history():
    return histories.from_data(RECORD)


@pytest.fixture(scope="module")
def result():
    return simulate("toy", runs=40, seed=1, threads=1)


@pytest.fixture
def toy():
    return copy.deepcopy(load("toy").raw)


def simulated(data, runs=3, **settings):
    return simulate(from_data(data, "odd.toml"), runs=runs, seed=1, threads=1, **settings)


def assert_fits(result, history=None):
    """Draw, and check that no words lie outside the picture."""
    figure = compose(result, history, cascade.typical_run(result), True)
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    page = figure.bbox
    for words in figure.findobj(lambda artist: hasattr(artist, "get_text") and artist.get_text()):
        if not words.get_visible() or words.get_clip_on():
            continue
        box = words.get_window_extent(renderer)
        assert box.x0 >= page.x0 and box.x1 <= page.x1, words.get_text()
        assert box.y0 >= page.y0 and box.y1 <= page.y1, words.get_text()
    return figure


# ---------------------------------------------------------------- what is drawn


def test_lanes_hold_the_quantiles_of_the_result(result, history):
    lanes = diffusion.diffusion_lanes(result, history)
    assert {lane.actor for lane in lanes} == {"Alpha", "Beta", "Gamma", "Collective"}
    for lane in lanes:
        dates = result[f"t_pub[{lane.actor},big]"]
        assert np.array_equal(lane.dates, dates)
        assert lane.never == np.isinf(dates).mean()
        ordered = np.sort(dates)
        expected = [ordered[math.ceil(level * len(dates)) - 1] for level in QUANTILES]
        assert lane.quantiles == pytest.approx(expected)


def test_lanes_hold_the_record_in_months_since_the_start(result, history):
    lanes = {lane.actor: lane for lane in diffusion.diffusion_lanes(result, history)}
    assert (lanes["Alpha"].announced, lanes["Alpha"].trained) == (6, None)
    assert (lanes["Beta"].announced, lanes["Beta"].trained) == (17, 13)
    assert lanes["Collective"].announced is None


def test_lanes_are_in_the_order_of_median_dates_and_the_late_ones_last(result):
    lanes = diffusion.diffusion_lanes(result, None)
    medians = [lane.quantiles[2] for lane in lanes]
    assert medians == sorted(medians)
    late = [lane.never for lane in lanes if math.isinf(lane.quantiles[2])]
    assert late == sorted(late)


def test_the_area_of_a_density_is_the_share_of_runs_that_arrive():
    dates = np.concatenate([np.random.default_rng(1).normal(30, 3, 600), np.full(400, np.inf)])
    times, shares = diffusion.density(dates, 60.0)
    assert np.trapezoid(shares, times) == pytest.approx(0.6, abs=0.01)
    assert times[np.argmax(shares)] == pytest.approx(30, abs=1.5)
    width = times[1] - times[0]
    first, last = dates.min() - width, dates[np.isfinite(dates)].max() + width
    assert shares[(times < first) | (times > last)].max() == 0


def test_the_table_of_lags_is_that_of_the_result_and_the_record(result, history):
    rows = diffusion.lag_rows(result, history)
    first = rows[0]
    assert first.k == 1
    assert np.array_equal(first.quantiles, result.quantiles("lag_pub_1"))
    assert first.record == history.lag(1)
    table = diffusion.lag_table(rows, 40)
    assert [row[0].split(":")[0] for row in table][1:] == ["simulated", "actual"]
    assert table[2][1] == f"{history.lag(1):.1f}"
    assert diffusion.lag_table([], 40) == []


def test_the_run_shown_lies_nearest_the_medians(result):
    lags = [m.name for m in result.metrics if m.name.startswith("lag_")]

    def distance(run):
        values = [(result[name], result[name][run]) for name in lags]
        return sum(abs(((v < x).mean() + (v <= x).mean()) / 2 - 0.5) for v, x in values)

    assert cascade.typical_run(result) == min(result.logs, key=distance)


def test_projects_go_through_their_phases_without_gaps(result):
    for log in result.logs.values():
        projects = cascade.read_projects(log, result.compiled.horizon)
        trained = (log["what"] == Event.TRAINED) & (log["project"] >= 0)
        assert sum(math.isfinite(p.trained) and not p.undertrained for p in projects) == trained.sum()
        assert len(projects) == len(np.unique(log["project"][log["project"] >= 0]))
        for project in projects:
            assert project.started == project.spans[0][1]
            order = [phase for phase, *_ in project.spans]
            assert order == sorted(order)
            for (_, _, end), (_, begun, _) in zip(project.spans, project.spans[1:], strict=False):
                assert end == begun


def test_a_scripted_project_begins_when_the_scenario_says(result):
    log = result.logs[0]
    alpha = next(p for p in cascade.read_projects(log, 36) if p.spans[0][0] == cascade.GIVEN)
    assert (alpha.started, alpha.trained, alpha.announced) == (0, 3, 6)
    assert [phase for phase, *_ in alpha.spans] == [cascade.GIVEN, Phase.WRITE]


def test_arrows_point_forward_and_never_to_oneself(result):
    seen = 0
    for run in result.logs:
        for arrow in cascade.tell(result, run).arrows:
            seen += 1
            assert arrow.before <= arrow.after
            assert arrow.source != arrow.recipient
    assert seen > 0


def test_an_arrow_to_a_start_goes_to_a_project_of_the_actor_that_learned(result):
    for run, log in result.logs.items():
        learned = log[log["what"] == Event.LEARNED]
        for arrow in cascade.tell(result, run).arrows:
            own = learned[(learned["actor"] == arrow.recipient) & (learned["source"] == arrow.source)]
            assert ((own["kind"] == arrow.kind) & (own["time"] <= arrow.after)).any()


def test_arrows_are_thinned(result):
    for run in result.logs:
        arrows = cascade.tell(result, run).arrows
        assert sum(arrow.starts for arrow in arrows) <= cascade.MOST_STARTS
        assert sum(not arrow.starts for arrow in arrows) <= cascade.MOST_HELPS


def test_attention_halves_in_its_half_life(result):
    times, attention = cascade.attention_curve(result, 0)
    log = result.logs[0]
    jumps = log[log["what"] == Event.DEMONSTRATED]
    first = jumps["time"][0]
    assert np.interp(first, times, attention) == pytest.approx(jumps["amount"][0])
    assert attention[times < first].max() == 0
    last = jumps["time"][-1]
    after = times > last
    half = cascade.half_life(result, 0)
    faded = attention[times == last][0] * 0.5 ** ((times[after] - last) / half)
    assert attention[after] == pytest.approx(faded)


def test_the_half_life_is_the_one_drawn_for_the_run(toy):
    toy["attention"]["half_life_months"] = {
        "low": 1, "centre": 3, "high": 9, "family": "lognormal", "source": "toy",
    }  # fmt: skip
    drawn = simulated(toy, 5)
    place = drawn.compiled.uncertain_paths.index("attention.half_life_months")
    assert [cascade.half_life(drawn, run) for run in range(5)] == list(drawn.draws[:, place])
    assert cascade.half_life(simulated(toy, 1, draw=False), 0) == 3


@pytest.mark.parametrize(
    "start, months", [(24000, 1), (24001, 8), (24240, 36), (24228, 60), (24245, 200), (24000, 1200)]
)
def test_ticks_of_the_calendar_are_few_and_inside(start, months):
    places, names, small = ink.calendar_ticks(start, months)
    assert len(places) == len(names) <= ink.MOST_LABELS + 2
    assert all(0 <= place <= months for place in [*places, *small])
    assert len(set(names)) == len(names)


# ---------------------------------------------------------------- the file


def test_the_file_says_how_to_make_it_again(result, history, tmp_path):
    path = draw_timeline(result, history, tmp_path / "new" / "timeline.png")
    with Image.open(path) as picture:
        said = picture.text
    assert said["Scenario"] == "toy"
    assert said["Seed"] == "1"
    assert said["Runs"] == "40"
    assert said["Fingerprint"] == result.scenario.fingerprint
    assert said["Run shown"] == str(cascade.typical_run(result))


def test_a_run_can_be_chosen(result, tmp_path):
    with Image.open(draw_timeline(result, None, tmp_path / "t.png", run=3)) as picture:
        assert picture.text["Run shown"] == "3"
    with pytest.raises(UserError, match="run 39: no event log"):
        draw_timeline(result, None, tmp_path / "t.png", run=39)


def test_the_same_result_makes_the_same_file(result, history, tmp_path):
    one = draw_timeline(result, history, tmp_path / "one.png").read_bytes()
    assert draw_timeline(result, history, tmp_path / "two.png").read_bytes() == one


def test_a_file_that_cannot_be_written_is_named(result, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="cannot be written"):
        draw_timeline(result, None, tmp_path / "file" / "t.png")
    with pytest.raises(UserError, match="ends in .png"):
        draw_timeline(result, None, tmp_path / "t.jpg")


def test_the_caption_says_what_it_rests_on(result, history):
    story = cascade.tell(result, 0)
    text = caption_text(result, history, 0, True, story)
    assert "conditional on this model and its inputs" in text
    assert "invented by nobody" in text
    assert "40 runs" in text and "seed 1" in text and "run 0" in text


# ---------------------------------------------------------------- odd results


def test_an_ordinary_result_fits_its_page(result, history):
    assert isinstance(assert_fits(result, history), Figure)


@pytest.mark.parametrize("runs", [1, 2])
def test_few_runs(toy, runs):
    assert_fits(simulated(toy, runs))


def test_without_logs_or_dates_the_picture_says_so(toy):
    figure = assert_fits(simulated(toy, 2, logs=0, metrics=["lag_1"]))
    said = " ".join(words.get_text() for axes in figure.axes for words in axes.texts)
    assert "No event log was kept" in said
    assert "were not kept" in said


def test_one_actor(toy):
    toy["actors"] = {"Alpha": toy["actors"]["Alpha"]}
    toy["ties"], toy["scripted_artifacts"] = [], {}
    assert_fits(simulated(toy))


def test_nothing_ever_diffuses(toy):
    toy["actors"] = {"Alpha": toy["actors"]["Alpha"]}
    toy["ties"], toy["scripted_artifacts"], toy["scripted_projects"] = [], {}, {}
    toy["kinds"]["leading_lab"]["start_rate"] = 0
    figure = assert_fits(simulated(toy))
    said = " ".join(words.get_text() for axes in figure.axes for words in axes.texts)
    assert "Nobody announced one in any run" in said
    assert "Nothing happened in this run" in said


def test_nobody_builds(toy):
    toy["actors"] = {"Cloud": toy["actors"]["Cloud"]}
    toy["ties"], toy["scripted_artifacts"], toy["scripted_projects"] = [], {}, {}
    assert_fits(simulated(toy))


def test_many_actors_with_long_names_and_dollars(toy):
    beta = toy["actors"]["Beta"]
    for number in range(45):
        toy["actors"][f"The $most$ renowned Institute of Large_Models^2 number {number}"] = dict(beta)
    toy["scenario"]["title"] = "A title with $dollars that goes on " * 9
    many = simulated(toy, 2)
    lanes = diffusion.diffusion_lanes(many, None)
    assert len(diffusion.drawn_lanes(lanes)) == diffusion.MOST_LANES < len(lanes)
    assert len(cascade.tell(many, 0).lanes) <= cascade.MOST_LANES
    assert_fits(many)


def test_actors_of_the_record_are_drawn_when_room_is_short(toy, history):
    for number in range(45):
        toy["actors"][f"Early {number}"] = dict(toy["actors"]["Beta"])
    lanes = diffusion.drawn_lanes(diffusion.diffusion_lanes(simulated(toy, 2), history))
    assert {"Alpha", "Beta", "Gamma"} <= {lane.actor for lane in lanes}


@pytest.mark.parametrize("end", ["2020-01", "2036-08"])
def test_short_and_long_horizons(toy, end, history):
    toy["scenario"]["end"] = end
    if end == "2020-01":
        toy["scripted_projects"] = {}
    assert_fits(simulated(toy, 2), history)


def test_where_nobody_builds_models_it_shows_how_many_members_use_what_is_there():
    small = load("spread", ["populations.nodes.members=60"])
    result = simulate(small, runs=5, seed=1, logs=5)
    figure = compose(result, None, 0, True)
    (axes,) = [each for each in figure.axes if each.get_ylabel() == "uses by members"]
    used = result.access.pivot_table(index="run", columns="month", values="users", aggfunc="sum")
    assert used.to_numpy().max() > 1
    (median,) = axes.lines
    assert np.array_equal(median.get_ydata()[1:], np.median(used, axis=0))
    reopened = replace(result, tails={})
    words = [text.get_text() for each in compose(reopened, None, 0, True).axes for text in each.texts]
    assert any("Nobody in this scenario builds models" in " ".join(text.split()) for text in words)
