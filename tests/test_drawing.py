"""Inputs drawn together: pools, correlations, alternatives, a posterior; and what each form promises."""

from __future__ import annotations

import math
import os
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from conftest import LAB, LAB_KIND, tiny_world
from scipy import stats
from terminal import cascades

from experiments.inputs import draws_of, inputs_of
from sim.ensemble import simulate
from sim.errors import UserError
from sim.joint import cholesky
from sim.scenario import from_data, load
from sim.schema import months_of_date, read_quantity
from sim.world import compile_scenario

RUNS = 8000
PEOPLE, MONEY, CHIPS = (f"actors.Lab.{field}" for field in ("people", "money_usd", "chips"))


def around(centre, family="lognormal", factor=2.0):
    return {"low": centre / factor, "centre": centre, "high": centre * factor, "family": family}


def world(lab=None, **tables):
    return from_data(tiny_world(kinds={"leading_lab": LAB_KIND}, actors={"Lab": LAB | (lab or {})}, **tables))


THREE = {"people": around(5.0), "money_usd": around(1e6), "chips": around(100.0, "uniform", 1.5)}


def opinion(centre, weight, half=10.0, family="normal"):
    low, high = centre - half, centre + half
    return {"low": low, "centre": centre, "high": high, "family": family, "weight": weight}


# ---- pools: the numbers of the sources (system, 12)

SEARCH = [
    {"low": 1, "centre": 10, "high": 30, "family": "lognormal", "weight": 3},
    {"low": 10, "centre": 35, "high": 80, "family": "lognormal", "weight": 1},
]
ARRIVAL = [opinion(25, 0.3), opinion(2, 0.5), opinion(12, 0.2)]  # months


def pooled(method, parts, **more):
    return {"pool": {"method": method, "parts": parts, **more}, "source": "a test"}


def test_bound_wise_pooling_is_the_published_one():
    quantity = read_quantity(pooled("bound_wise", SEARCH))
    assert (quantity.low, quantity.value, quantity.high) == (3.25, 16.25, 42.5)  # 16 (3-40) in print
    draws = draws_of(world({"people": pooled("bound_wise", SEARCH)}), RUNS)[PEOPLE]
    np.testing.assert_allclose(np.quantile(draws, (0.05, 0.5, 0.95)), (3.25, 16.25, 42.5), rtol=0.05)


TENTH = 0.1  # the number that may be negative is at most 5


@pytest.mark.parametrize(
    ("method", "more", "expected"),
    [
        ("weighted_average", {}, (4.7, 17.1)),
        ("weighted_average", {"correlation": 1}, (0.9, 20.9)),
        ("mixture", {}, (-6, 31)),
    ],
)
def test_pooled_draws_are_the_published_ones(method, more, expected):
    parts = [{key: value * TENTH if key in ("low", "centre", "high") else value
              for key, value in part.items()} for part in ARRIVAL]  # fmt: skip
    scenario = world(trends={"compute_growth": pooled(method, parts, **more)})
    draws = draws_of(scenario, 4 * RUNS)["trends.compute_growth"] / TENTH
    assert draws.mean() == pytest.approx(10.9, abs=0.25)
    np.testing.assert_allclose(np.quantile(draws, (0.05, 0.95)), expected, atol=0.6)


def test_a_partial_correlation_of_opinions_lies_in_between():
    def width(correlation):
        parts = pooled("weighted_average", ARRIVAL_UP, correlation=correlation)
        low, high = np.quantile(draws_of(world({"people": parts}), RUNS)[PEOPLE], (0.05, 0.95))
        return high - low

    assert width(0) < width(0.5) < width(1)


ARRIVAL_UP = [opinion(125, 0.3), opinion(102, 0.5), opinion(112, 0.2)]


def test_a_mixture_takes_each_opinion_as_often_as_it_weighs():
    parts = [{"value": 3, "weight": 3}, {"value": 7, "weight": 1}, opinion(100, 1, 1)]
    draws = draws_of(world({"people": pooled("mixture", parts)}), RUNS)[PEOPLE]
    for share, found in ((0.6, draws == 3), (0.2, draws == 7), (0.2, draws > 90)):
        assert found.mean() == pytest.approx(share, abs=4 * math.sqrt(share * (1 - share) / RUNS))


def test_a_pool_of_dates():
    def date(low, centre, high, weight):
        return {"low": low, "centre": centre, "high": high, "family": "uniform", "weight": weight}

    parts = [date("2021-01", "2021-07", "2022-01", 1), date("2025-01", "2025-07", "2026-01", 1)]
    scenario = world({"active_from": pooled("mixture", parts)})
    draws = draws_of(scenario, RUNS)["actors.Lab.active_from"] + scenario.start
    early = draws < months_of_date("2023-01")
    assert early.mean() == pytest.approx(0.5, abs=0.03)
    assert abs(np.median(draws[early]) - months_of_date("2021-07")) < 0.5
    assert abs(np.median(draws[~early]) - months_of_date("2025-07")) < 0.5


# ---- dates


@pytest.mark.parametrize("family", ["normal", "uniform", "triangular"])
def test_uncertain_dates_are_drawn_within_their_interval(family):
    when = {"low": "2021-01", "centre": "2021-06", "high": "2022-01", "family": family}
    chip = {
        "family": "general",
        "released": when,
        "peak_flops": 1e14,
        "memory_gb": 1,
        "usd_per_hour": 1,
    }
    scenario = world(chips={"later": chip})
    draws = draws_of(scenario, RUNS)["chips.later.released"] + scenario.start
    low, high = np.quantile(draws, (0.05, 0.95))
    assert abs(low - months_of_date("2021-01")) < 0.3
    assert abs(high - months_of_date("2022-01")) < 0.3


# ---- correlations


def spearman(first, second):
    return stats.spearmanr(first, second).statistic


@pytest.mark.parametrize("rho", [-0.8, 0.3, 0.9])
def test_a_rank_correlation_comes_out_as_written(rho):
    scenario = world(THREE, correlations=[{"inputs": [PEOPLE, CHIPS], "rho": rho}])
    draws = draws_of(scenario, RUNS)
    assert spearman(draws[PEOPLE], draws[CHIPS]) == pytest.approx(rho, abs=4 / math.sqrt(RUNS))
    assert spearman(draws[PEOPLE], draws[MONEY]) == pytest.approx(0, abs=4 / math.sqrt(RUNS))
    np.testing.assert_allclose(np.quantile(draws[PEOPLE], (0.05, 0.5, 0.95)), (2.5, 5, 10), rtol=0.06)


def test_a_group_is_correlated_pair_by_pair():
    scenario = world(THREE, correlations=[{"inputs": [PEOPLE, MONEY, CHIPS], "rho": 0.5}])
    draws = draws_of(scenario, RUNS)
    for first, second in ((PEOPLE, MONEY), (PEOPLE, CHIPS), (MONEY, CHIPS)):
        assert spearman(draws[first], draws[second]) == pytest.approx(0.5, abs=4 / math.sqrt(RUNS))


def test_a_correlation_moves_nobody_elses_luck():
    rows = [{"inputs": [PEOPLE, CHIPS], "rho": 0.7}]
    plain, linked = draws_of(world(THREE), 50), draws_of(world(THREE, correlations=rows), 50)
    assert plain[MONEY].tobytes() == linked[MONEY].tobytes()
    moved = [path for path in (PEOPLE, CHIPS) if plain[path].tobytes() != linked[path].tobytes()]
    assert len(moved) == 1  # the first by name keeps its own


def test_correlations_do_not_depend_on_the_order_in_the_file():
    first = draws_of(world(THREE, correlations=[{"inputs": [PEOPLE, CHIPS], "rho": 0.7}]), 50)
    second = draws_of(world(THREE, correlations=[{"inputs": [CHIPS, PEOPLE], "rho": 0.7}]), 50)
    assert all(first[path].tobytes() == second[path].tobytes() for path in first)


def test_a_number_that_was_made_certain_leaves_the_correlation():
    scenario = load(world(THREE, correlations=[{"inputs": [PEOPLE, CHIPS], "rho": 0.7}]), [f"{CHIPS}=3"])
    assert PEOPLE in draws_of(scenario, 5) and CHIPS not in draws_of(scenario, 5)


def test_cholesky_finds_what_is_no_correlation():
    assert cholesky([[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]]) is None
    lower = np.array(cholesky([[1.0, 0.5, 0.2], [0.5, 1.0, -0.3], [0.2, -0.3, 1.0]]))
    np.testing.assert_allclose(lower @ lower.T, [[1.0, 0.5, 0.2], [0.5, 1.0, -0.3], [0.2, -0.3, 1.0]])


# ---- alternatives

EITHER = {
    "name": "which labour",
    "source": "a test",
    "options": [
        {"title": "as written", "weight": 1},
        {"title": "few", "weight": 2, "numbers": {PEOPLE: 1, CHIPS: 10}},
        {"title": "many and late", "weight": 1, "numbers": {PEOPLE: 50, "actors.Lab.active_from": "2024-01"}},
    ],
}


def test_alternatives_come_as_often_as_they_weigh_and_together():
    scenario = world(alternatives=[EITHER])
    compiled = compile_scenario(scenario)
    assert compiled.uncertain_paths == ['alternatives."which labour"']
    chosen = draws_of(scenario, RUNS)['alternatives."which labour"']
    for option, share in enumerate((0.25, 0.5, 0.25)):
        assert (chosen == option).mean() == pytest.approx(
            share, abs=4 * math.sqrt(share * (1 - share) / RUNS)
        )


def test_each_run_has_the_numbers_of_its_option():
    from conftest import play_runs

    scenario = world(alternatives=[EITHER])
    chosen = draws_of(scenario, 40, seed=1)['alternatives."which labour"']
    expected = [(2, 1000, -1e6), (1, 10, -1e6), (50, 1000, 48)]
    for run, played in enumerate(play_runs(scenario, range(40))):
        lab = played.tables.actors[0]
        assert (lab.people, lab.chips, lab.active_from) == expected[int(chosen[run])]
    assert set(chosen) == {0, 1, 2}


def test_centres_take_the_scenario_as_written():
    from conftest import play

    assert play(world(alternatives=[EITHER]), draw=False).tables.actors.people[0] == 2


def test_weights_of_an_alternative_can_be_set():
    scenario = load(world(alternatives=[EITHER]), ["alternatives.0.options.1.weight=1e9"])
    assert set(draws_of(scenario, 50)['alternatives."which labour"']) == {1}


# ---- pairing


def test_arms_share_what_is_drawn_together():
    """The same run of two arms has the same opinions, options and correlated luck."""
    base = {**THREE, "income_usd": pooled("mixture", ARRIVAL_UP)}
    rows = [{"inputs": [PEOPLE, CHIPS], "rho": 0.7}]
    either = {"name": "x", "options": [{"weight": 1}, {"weight": 1, "numbers": {"work.salary_usd": 9}}]}
    arm = world(base, correlations=rows, alternatives=[either])
    other = load(arm, ["training.writing_months=7", "spread.leak_rate=0.5"])
    first, second = draws_of(arm, 60), draws_of(other, 60)
    assert first.keys() == second.keys()
    assert all(first[path].tobytes() == second[path].tobytes() for path in first)


@pytest.mark.parametrize("threads", [1, 2])
def test_results_with_all_forms_do_not_depend_on_threads(threads):
    either = {"name": "x", "options": [{"weight": 1}, {"weight": 1, "numbers": {"work.salary_usd": 9}}]}
    arm = world(THREE | {"income_usd": pooled("mixture", ARRIVAL_UP)}, alternatives=[either])
    result = simulate(arm, runs=30, threads=threads, metrics=["starts"], logs=0, chunk=7)
    alone = simulate(arm, runs=30, threads=1, metrics=["starts"], logs=0, chunk=1)
    assert result.values.tobytes() == alone.values.tobytes()
    assert result.draws.tobytes() == alone.draws.tobytes()


# ---- a posterior


@pytest.fixture
def with_sample(tmp_path):
    """A toy world beside a sample of three joint draws."""
    columns = {"input:conviction.proof": [0.2, 0.5, 0.8], "attention.start_gain": [1.0, 2.0, 3.0]}
    parquet.write_table(pa.table(columns), tmp_path / "sample.parquet")
    interval = '{ low = 0.1, centre = 0.5, high = 0.9, family = "uniform", source = "x" }'
    gain = '{ low = 1, centre = 2, high = 4, family = "lognormal", source = "x" }'
    file = tmp_path / "world.toml"
    file.write_text(
        f'extends = "toy"\nconviction.proof = {interval}\nattention.start_gain = {gain}\n'
        f'attention.half_life_months = {gain}\n[posterior]\nfile = "sample.parquet"\n'
    )
    return file


def test_rows_of_a_posterior_are_drawn_together(with_sample):
    draws = draws_of(load(with_sample), 3000)
    pairs = set(zip(draws["conviction.proof"], draws["attention.start_gain"], strict=True))
    assert pairs == {(0.2, 1.0), (0.5, 2.0), (0.8, 3.0)}
    assert np.mean(draws["conviction.proof"] == 0.5) == pytest.approx(1 / 3, abs=0.04)
    assert len(set(draws["attention.half_life_months"])) == 3000  # not in the sample: as ever


def test_a_posterior_can_be_left_out_and_what_the_user_sets_wins(with_sample):
    plain = draws_of(load(with_sample, ["posterior.use=false"]), 200)
    assert len(set(plain["conviction.proof"])) == 200
    sets = ['conviction.proof={low=0.1,centre=0.3,high=0.6,family="uniform"}', "attention.start_gain=9"]
    changed = draws_of(load(with_sample, sets), 200)
    assert len(set(changed["conviction.proof"])) == 200 and "attention.start_gain" not in changed


def test_the_fingerprint_covers_the_posterior(with_sample):
    before = load(with_sample).fingerprint
    parquet.write_table(pa.table({"conviction.proof": [0.3]}), with_sample.parent / "sample.parquet")
    assert load(with_sample).fingerprint != before


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (
            {"conviction.prof": [0.1]},
            "column conviction.prof: does not fit this scenario: no number 'conviction.prof' (did you mean "
            "'conviction.proof'?); there is: ",
        ),
        ({"conviction.proof": [1.5]}, "holds 1.5, out of bounds: the unit (share) allows 0 to 1; calibrate"),
        ({"conviction.proof": [math.nan]}, "holds numbers that are not finite"),
        (
            {"conviction.hearsay": [0.1, 0.4]},
            "column conviction.hearsay: the scenario gives this number as certain (1), and nothing is drawn "
            "for it; write the interval from which it was learned, or calibrate again (cascades calibrate), "
            "name the column in posterior.except",
        ),
        ({"conviction.proof": ["x"]}, "holds no numbers"),
        ({"conviction.proof": pa.array([], pa.float64())}, "holds no draws"),
        (None, "cannot be read"),
    ],
)
def test_a_posterior_that_does_not_fit_is_refused(with_sample, columns, expected):
    path = with_sample.parent / "sample.parquet"
    if columns is None:
        path.write_bytes(b"PAR1")
    else:
        parquet.write_table(pa.table(columns), path)
    with pytest.raises(UserError) as refused:
        compile_scenario(load(with_sample))
    assert expected in str(refused.value) and "sample.parquet" in str(refused.value)


@pytest.mark.parametrize(
    ("number", "draws", "expected"),
    [
        (
            "conviction.proof = { low = 0.1, centre = 0.5, high = 0.6, minimum = 0.05, maximum = 0.7, "
            'family = "normal", source = "x" }',
            [0.5, 0.9],
            "column conviction.proof: holds 0.9, out of bounds: the scenario (minimum, maximum) allows 0.05 "
            "to 0.7; calibrate again",
        ),
        (
            'conviction.proof = { pool = { method = "mixture", parts = [ { value = 0.2, weight = 1 }, '
            '{ low = 0.3, centre = 0.4, high = 0.5, minimum = 0.25, maximum = 0.6, family = "normal", '
            'weight = 1 } ] }, source = "x" }',
            [0.1, 0.3],
            "column conviction.proof: holds 0.1, out of bounds: the scenario (minimum, maximum) allows 0.2 "
            "to 0.6; calibrate again",
        ),
        (
            'actors.Beta.active_from = { low = "2020-03", centre = "2020-05", high = "2020-07", '
            'minimum = "2020-02", family = "normal", source = "x" }',
            [0.25, 3.0],
            "column actors.Beta.active_from: holds 2020-01-09, out of bounds: the scenario (minimum, "
            "maximum) allows 2020-02-01 or more; calibrate again",
        ),
    ],
)
def test_draws_beyond_the_bounds_of_the_scenario_are_refused(tmp_path, number, draws, expected):
    path = number.split(" = ")[0]
    parquet.write_table(pa.table({path: draws}), tmp_path / "sample.parquet")
    world = tmp_path / "world.toml"
    world.write_text(f'extends = "toy"\n{number}\n[posterior]\nfile = "sample.parquet"\n')
    with pytest.raises(UserError) as refused:
        compile_scenario(load(world))
    assert expected in str(refused.value) and "sample.parquet" in str(refused.value)
    parquet.write_table(
        pa.table({path: [draws[1] if draws[0] < 0.3 else draws[0]]}), tmp_path / "sample.parquet"
    )
    assert (compile_scenario(load(world)).uncertain["column"] >= 0).any()


def test_a_column_that_names_nothing_is_refused_in_the_same_words_each_time(with_sample):
    """The order of names in a message must not depend on the hash seed of the interpreter."""
    parquet.write_table(pa.table({"conviction.prof": [0.1]}), with_sample.parent / "sample.parquet")
    said = set()
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-m", "experiments", "inputs", str(with_sample)],
            capture_output=True, text=True, env=os.environ | {"PYTHONHASHSEED": seed},
        )  # fmt: skip
        assert done.returncode == 2 and "Traceback" not in done.stderr
        said.add(done.stderr)
    assert len(said) == 1


def test_a_posterior_that_is_not_there_is_refused(with_sample):
    (with_sample.parent / "sample.parquet").unlink()
    message = cascades("run", with_sample, "--runs", 1, "--out", with_sample.parent / "out").refusal
    assert "posterior.file: sample.parquet: no such file" in message and "posterior.use = false" in message


# ---- bad input

TOY = 'extends = "toy"\n'
RANGE = 'actors.Alpha.people = {{ low = 1, centre = 2, high = 4, family = "{}"{} }}'
BETA = 'actors.Beta.people = { low = 1, centre = 2, high = 4, family = "normal" }'
GAMMA = 'actors.Gamma.people = { low = 1, centre = 2, high = 4, family = "normal" }'
ALPHA = RANGE.format("normal", "")
POOL = 'actors.Alpha.people = {{ pool = {{ method = "{}", parts = [{}] }} }}'
PART = '{ low = 1, centre = 2, high = 4, family = "normal", weight = 1 }'
DATE = 'chips.first.released = {{ low = "2018-01", centre = "2018-02", high = "{}", family = "{}" }}'
LEARNING = '"work.learning" = 1'
LINK = '[[correlations]]\ninputs = ["actors.{}.people", "actors.{}.people"]\nrho = {}'
OPTIONS = '[[alternatives]]\nname = "x"\noptions = [{{ weight = 1 }}, {{ weight = {}, numbers = {{ {} }} }}]'
WRONG = {
    "unknown family": (RANGE.format("normla", ""), "actors.Alpha.people", "did you mean 'normal'?"),
    "unknown centre": (
        RANGE.format("normal", ', centre_is = "x"'),
        "actors.Alpha.people",
        "median, mean, mode",
    ),
    "minimum inside": (RANGE.format("normal", ", minimum = 2"), "actors.Alpha.people", "cut off tails"),
    "zero above low": (RANGE.format("lognormal", ", zero = 0.1"), "actors.Alpha.people", "low is 0"),
    "zero too small": (
        'actors.Alpha.people = { low = 0, centre = 2, high = 4, family = "lognormal", zero = 0.01 }',
        "actors.Alpha.people",
        "use 0.05 or more",
    ),
    "zero as median": (
        'actors.Alpha.people = { low = 0, centre = 2, high = 4, family = "lognormal", zero = 0.6 }',
        "actors.Alpha.people",
        "the median cannot be 2",
    ),
    "zero and a family without": (
        'actors.Alpha.people = { low = 0, centre = 2, high = 4, family = "normal", zero = 0.1 }',
        "actors.Alpha.people",
        "zero does not go with normal",
    ),
    "nothing below a lognormal": (
        'actors.Alpha.people = { low = 0, centre = 2, high = 4, family = "lognormal" }',
        "actors.Alpha.people",
        "zero = .. gives the chance",
    ),
    "a family not for dates": (
        DATE.format("2018-03", "lognormal"),
        "chips.first.released",
        "is not for dates",
    ),
    "never in an interval": (
        DATE.format("never", "normal"),
        "chips.first.released",
        "has no place in an interval",
    ),
    "unknown pooling": (POOL.format("mixtur", f"{PART}, {PART}"), "actors.Alpha.people", "'mixture'?"),
    "one opinion": (POOL.format("mixture", PART), "actors.Alpha.people", "two or more"),
    "no weight": (
        POOL.format("mixture", f"{PART}, {{ value = 3 }}"),
        "actors.Alpha.people",
        "pool.parts.1: write",
    ),
    "weight of nothing": (
        POOL.format("mixture", f"{PART}, {{ value = 3, weight = 0 }}"),
        "actors.Alpha.people",
        "weight 0 must be above zero",
    ),
    "opinion out of bounds": (
        POOL.format("mixture", f"{PART}, {{ value = -3, weight = 1 }}"),
        "actors.Alpha.people",
        "-3 is out of bounds",
    ),
    "pool of families": (
        POOL.format("bound_wise", f"{PART}, {PART.replace('normal', 'uniform')}"),
        "actors.Alpha.people",
        "family differs",
    ),
    "correlation of nobody": (
        f"{ALPHA}\n{LINK.format('Alpha', 'Bta', 0.5)}",
        "correlations.0.inputs.1",
        "no number 'actors.Bta.people' (did you mean",
    ),
    "correlation of one": (
        f"{ALPHA}\n{LINK.format('Alpha', 'Alpha', 0.5)}",
        "correlations.0.inputs",
        "two or more",
    ),
    "rho of one": (
        f"{ALPHA}\n{BETA}\n{LINK.format('Alpha', 'Beta', 1)}",
        "correlations.0.rho",
        "less than 1",
    ),
    "correlation twice": (
        "\n".join([ALPHA, BETA, LINK.format("Alpha", "Beta", 0.5), LINK.format("Beta", "Alpha", 0.4)]),
        "correlations.1",
        "stand in correlations.0 as well",
    ),
    "not positive definite": (
        "\n".join([ALPHA, BETA, GAMMA, LINK.format("Alpha", "Beta", 0.9), LINK.format("Beta", "Gamma", 0.9)]),
        "correlations.0, correlations.1",
        "not positive definite",
    ),
    "correlation of a mixture": (
        "\n".join([POOL.format("mixture", f"{PART}, {PART}"), BETA, LINK.format("Alpha", "Beta", 0.9)]),
        "correlations.0.inputs.0",
        "drawn from several opinions",
    ),
    "option of nobody": (
        OPTIONS.format(1, '"work.larning" = 1'),
        "alternatives.0.options.1.numbers.work.larning",
        "did you mean 'work.learning'?",
    ),
    "option out of bounds": (
        OPTIONS.format(1, '"work.learning" = 2'),
        "alternatives.0.options.1",
        "between 0 and 1",
    ),
    "option without weight": (
        OPTIONS.format(0, '"work.learning" = 1'),
        "alternatives.0.options.1.weight",
        "greater than 0",
    ),
    "options of nothing": (OPTIONS.format(1, ""), "alternatives.0", "set nothing"),
    "option of an uncertain number": (
        ALPHA + "\n" + OPTIONS.format(1, '"actors.Alpha.people" = 3'),
        "alternatives.0.options.1.numbers.actors.Alpha.people",
        "is uncertain itself",
    ),
    "alternatives of one number": (
        "\n".join([OPTIONS.format(1, LEARNING), OPTIONS.format(1, LEARNING).replace('"x"', '"y"')]),
        "alternatives.1.options.1.numbers.work.learning",
        "sets it as well",
    ),
    "unknown key of an option": (
        OPTIONS.format(1, '"work.learning" = 1').replace("weight = 1 }", "wieght = 1 }", 1),
        "alternatives.0.options.0",
        "weight",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_cannot_be_drawn_is_refused_with_path_and_cure(wrong, tmp_path):
    lines, path, expected = WRONG[wrong]
    file = tmp_path / "world.toml"
    file.write_text(f"{TOY}{lines}\n")
    message = cascades("inputs", file).refusal
    assert message.startswith(f"{file}: {path}"), message
    assert expected in message


def test_a_number_of_an_alternative_is_not_set_behind_its_back(tmp_path):
    file = tmp_path / "world.toml"
    file.write_text(f"{TOY}{OPTIONS.format(1, LEARNING)}\n")
    assert "is drawn by the alternative 'x'" in cascades("inputs", file, "--set", "work.learning=0.4").refusal
    above = tmp_path / "above.toml"
    above.write_text('extends = "world"\nwork.learning = 0.4\n')
    assert "is drawn by the alternative 'x'" in cascades("inputs", above).refusal
    above.write_text('extends = "world"\nalternatives = []\nwork.learning = 0.4\n')
    assert load(above).file.work.learning.value == 0.4


# ---- nothing new, nothing changed


def test_what_uses_none_of_this_is_drawn_as_before():
    """The interval that a number had in the first version, and the value that it drew."""
    from sim.luck import FOR, luck, name_hash
    from sim.uncertain import fit, quantile

    scenario = load("gpt3", ("posterior.use=false",))
    compiled = compile_scenario(scenario)
    draws, seen = draws_of(scenario, 3, seed=5), 0
    for path in compiled.uncertain_paths:
        row = compiled.uncertain[compiled.uncertain_paths.index(path)]
        node = scenario.raw
        for part in path.replace('"', "").split("."):
            node = node.get(part, {}) if isinstance(node, dict) else {}
        if (
            not node
            or {"pool", "minimum", "maximum"} & node.keys()  # drawn otherwise
            or isinstance(node["low"], str)
            or node.get("centre_is", "median") != "median"
        ):
            continue
        key = name_hash("input", path)
        for run in range(3):
            u = luck(np.uint64(5), np.uint64(run), FOR.INPUT, key, key)
            value = quantile(fit(read_quantity(node))[0], u, *fit(read_quantity(node))[1:])
            assert draws[path][run] == min(row.maximum, max(row.minimum, value))
            seen += 1
    assert seen > 100


# ---- the table


def test_the_table_says_how_a_number_was_pooled_and_by_whose_word():
    scenario = world({"people": pooled("mixture", ARRIVAL_UP), "money_usd": around(5.0)})
    rows = {row.path: row for row in inputs_of(scenario)}
    people = rows[PEOPLE]
    assert people.pooling == "mixture of 3" and people.source == "a test" and people.source_of == "number"
    low, high = np.quantile(draws_of(scenario, RUNS)[PEOPLE], (0.05, 0.95))
    assert people.low == pytest.approx(low, rel=0.02) and people.high == pytest.approx(high, rel=0.02)
    assert rows[MONEY].unsourced and not rows["actors.Lab.security"].unsourced
    assert rows["actors.Lab.full_time"].unsourced  # a default that is not zero
    correlated = world(THREE, correlations=[{"inputs": [PEOPLE, CHIPS], "rho": 0.7}])
    assert "correlated (0.7) with actors.Lab.chips" in [r.drawn for r in inputs_of(correlated)]


def test_a_mean_of_the_shipped_world_is_drawn_as_the_mean():
    row = next(row for row in inputs_of(load("gpt3")) if row.path == "classes.gpt3.search_share")
    given = load("gpt3").file.classes["gpt3"].search_share
    assert (row.low, row.value, row.high) == (given.low, given.value, given.high)
    assert row.centre_is == "mean" and abs(row.fit_gap) < 1e-6
    prior = load("gpt3", ("posterior.use=false",))
    draws = draws_of(prior, RUNS)["classes.gpt3.search_share"]
    assert draws.mean() == pytest.approx(given.value, abs=4 * draws.std() / math.sqrt(RUNS))
