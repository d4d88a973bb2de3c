"""Every kind of figure: nothing cut off, nothing on top of another, units and n, what the file says of itself."""

import copy
import itertools
import json
import math
import re

import matplotlib
import numpy as np
import pytest
from PIL import Image

import experiments
from experiments.figures import ink
from experiments.figures.kinds import Asked, every_kind, kinds_of
from experiments.figures.plotting import kinds_for, plot
from experiments.figures.sheet import NARROW, WIDE
from sim.ensemble import simulate
from sim.errors import UserError
from sim.scenario import from_data, load

HOSTILE = "<script>alert('$x^2$')</script> & \\frac{1}{2} _Institute_"
POLICY = "order:artifacts=code,action=forbid"


# ---------------------------------------------------------------- what is drawn


def words_of(figure):
    """Return the visible words of a figure as (text, corners of its box in pixels)."""
    with matplotlib.rc_context(ink.STYLE):
        return list(_words_of(figure))


def _words_of(figure):
    figure.canvas.draw()
    renderer, hidden = figure.canvas.get_renderer(), _hidden(figure)
    for words in figure.findobj(matplotlib.text.Text):
        clipped = words.get_clip_on() and words.axes is not None and words in words.axes.texts
        if not words.get_text().strip() or not words.get_visible() or clipped or id(words) in hidden:
            continue
        angle = words.get_rotation()
        words.set_rotation(0)
        box = words.get_window_extent(renderer)
        words.set_rotation(angle)
        corners = np.array([[box.x0, box.y0], [box.x1, box.y0], [box.x1, box.y1], [box.x0, box.y1]])
        if angle:
            at = words.get_transform().transform(words.get_unitless_position())
            if words.get_rotation_mode() == "default":  # turned first, then laid by its outer box
                whole = words.get_window_extent(renderer)
                corners = np.array([[whole.x0, whole.y0], [whole.x1, whole.y0], [whole.x1, whole.y1], [whole.x0, whole.y1]])
            else:
                turn = math.radians(angle)
                matrix = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
                corners = (corners - at) @ matrix.T + at
        yield words.get_text(), corners


def _hidden(figure) -> set[int]:
    """Return which labels of ticks matplotlib keeps, and does not draw: those beyond their axis, or of none."""
    found = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            slack = 1e-6 * (high - low)
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
                if not axes.axison or not low - slack <= tick.get_loc() <= high + slack:
                    found |= {id(tick.label1), id(tick.label2)}
            if not axes.axison:
                found.add(id(axis.label))
    return found


def apart(one, other, slack: float) -> bool:
    """Whether two convex boxes do not overlap by more than some pixels (separating axes)."""
    for corners in (one, other):
        for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
            normal = np.array([start[1] - end[1], end[0] - start[0]])
            length = np.hypot(*normal)
            if length == 0:
                continue
            mine, theirs = one @ normal / length, other @ normal / length
            if min(mine.max(), theirs.max()) - max(mine.min(), theirs.min()) <= slack:
                return True
    return False


def faults(figure) -> list[str]:
    """Return which words are cut off, or lie on top of others."""
    figure.set_dpi(150)
    found, words = [], words_of(figure)
    wide, tall = figure.bbox.width, figure.bbox.height
    for text, box in words:
        if box.min() < -0.5 or box[:, 0].max() > wide + 0.5 or box[:, 1].max() > tall + 0.5:
            found.append(f"cut off: {text!r}")
    for (text, box), (other, beside) in itertools.combinations(words, 2):
        if not apart(box, beside, 2.0):
            found.append(f"{text!r} lies on {other!r}")
    return found


def composed(source, kind, width, **options):
    return plot(source, kind, width=width, **options)


def check(source, kind, width, **options):
    """Draw a figure and hold it against what every figure must keep."""
    figure = composed(source, kind, width, **options)
    assert figure.get_size_inches()[0] * 25.4 == pytest.approx(width)
    found = faults(figure)
    assert not found, "\n".join(found[:8])
    captions = " ".join(text.get_text() for text in figure.texts if text.get_gid() == "caption")
    assert re.search(r"Scenario ", captions) and re.search(r"\d runs?|\d pairs?|\d draws?", captions), captions
    assert "no forecast" in captions
    assert any(text.get_gid() == "title" for text in figure.texts)
    said = " ".join(text for text, _ in words_of(figure))
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


@pytest.fixture(scope="module")
def folders(tmp_path_factory, toy, compared):
    """Return the folder of each sort, as its command leaves it."""
    from experiments.analyses import Spread  # noqa: F401  (the analyses load)

    root = tmp_path_factory.mktemp("folders")
    experiments.save(toy, root / "run")
    compared.save(root / "compare")
    experiments.attribute("toy", "lag_1", over="artifact-kinds", runs=4).save(root / "attribution")
    return root


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
        one, other = ([text for text, _ in words_of(figure)] for figure in (first, again))
        assert one == other
        drawn = [np.asarray(figure.canvas.buffer_rgba()) for figure in (first, again)]
        assert np.array_equal(*drawn), kind


def test_event_logs_are_read_back_bit_for_bit(folders, toy):
    kept = experiments.reopen(folders / "run")
    assert set(kept.logs) == set(toy.logs)
    for run, log in toy.logs.items():
        assert all(np.array_equal(kept.logs[run][name], log[name], equal_nan=True) for name in log.dtype.names
                   if log[name].dtype.kind == "f")  # fmt: skip
        assert all((kept.logs[run][name] == log[name]).all() for name in log.dtype.names
                   if log[name].dtype.kind == "i")  # fmt: skip
    assert np.array_equal(kept.values, toy.values, equal_nan=True)
    assert [metric.name for metric in kept.metrics] == [metric.name for metric in toy.metrics]


def test_a_comparison_is_read_back(folders, compared):
    kept = experiments.reopen(folders / "compare")
    assert list(kept.results) == list(compared.results) and kept.runs == compared.runs
    for (arm, name), difference in compared.found.items():
        again = kept.found[arm, name].statistics
        assert repr(again) == repr(difference.statistics), (arm, name)


@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_an_attribution_keeps_the_contract(folders, width):
    check(folders / "attribution", "attribution", width)
