"""Calibration: it recovers what is known, gives the same bits however it is run, and says what cannot be
used."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import textwrap
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
import pytest

from experiments.calibration.calibrated_page import page_of
from experiments.calibration.calibrating import Asked, calibrate_and_save, score_without
from experiments.calibration.claimed import ClaimedWorld
from experiments.calibration.coverage import as_few, check_coverage, failing_in_words
from experiments.calibration.learning import learned_about
from experiments.calibration.likelihood import CLAIM_ERROR, toned_down
from experiments.calibration.prior import prior_of
from experiments.calibration.report import free_in_words
from experiments.calibration.sampling import (
    LEAST_EVALUATIONS,
    Settings,
    fill_bank,
    free_coordinates,
    generator,
    screen_inputs,
    search,
    settings_for,
)
from experiments.calibration.statistic import signed, statistic_for
from experiments.calibration.store import FILE, Store, luck_of
from experiments.evidence.agreement import Judged, Wanted, judge
from experiments.evidence.claims import load_claims
from experiments.evidence.measuring import from_intervals, measure_plan
from experiments.inputs import draws_of
from sim.errors import UserError
from sim.luck import FOR, luck
from sim.paths import join_path
from sim.scenario import CONFIGS, from_data, load, merge
from sim.world import compile_scenario
from tests.terminal import cascades


class Linear:
    """Claims about means that are sums of normal inputs, with luck: its posterior is known exactly.

    Input k moves claim k by ``slopes[k]``, which lies ``shift[k]`` off; the last inputs do nothing.
    ``noise``: standard deviation of the luck of a run.
    """

    slopes, shift, noise = np.array([1.2, 0.8, 1.0, -0.9]), np.array([0.9, -0.6, 0.0, 0.4]), 1.5
    coordinates, together, replicates = 10, (), 4
    claims = ("a", "b", "c", "d")
    statistics = (statistic_for(Wanted("interval", 0.0, -1.0, 1.0, statistic="mean")),) * 4
    inputs = tuple(f"input {k}" for k in range(10))
    behind = tuple((k,) for k in range(10))

    def __init__(self, stop_at: int | None = None):
        self.calls, self.stop_at = 0, stop_at

    def values(self, points):
        return np.atleast_2d(points)

    def evaluate(self, values, luck):
        self.calls += 1
        if self.calls == self.stop_at:
            raise KeyboardInterrupt
        chance = np.random.default_rng(luck).standard_normal((4, self.replicates))
        return (values[:4] * self.slopes + self.shift)[:, None] + self.noise * chance

    def exact(self):
        """Return mean and standard deviation of the posterior of the inputs that do something.

        No luck is in it: the claims are about the mean.
        """
        precision = 1.0 + self.slopes**2 / CLAIM_ERROR**2
        return -self.slopes * self.shift / CLAIM_ERROR**2 / precision, precision**-0.5


SETTINGS = Settings(evaluations=1300, bank=300, population=100, keep=5)


def calibrated(problem, store, settings=SETTINGS, seed=1):
    bank = fill_bank(problem, store.evaluate, settings.bank, seed)
    screening, free = screen_inputs(problem, bank, seed)
    return (
        bank,
        screening,
        free,
        search(problem.statistics, bank, free_coordinates(problem, free), store.evaluate, settings, seed),
    )


@pytest.fixture(scope="module")
def linear():
    problem = Linear()
    return problem, *calibrated(problem, Store(problem, 1, threads=1))


# ---- it finds what is known


def test_a_known_posterior_is_recovered(linear):
    """Mean and spread, within four standard errors of as many draws as there are chains."""
    problem, _, _, _, posterior = linear
    mean, spread = problem.exact()
    found = posterior.points[:, :4]
    assert np.abs(found.mean(axis=0) - mean).max() < 4 * spread.max() / math.sqrt(SETTINGS.population)
    assert np.abs(found.std(axis=0) / spread - 1.0).max() < 4 / math.sqrt(2 * SETTINGS.population)
    prior = generator(1).standard_normal((1000, 4))  # which would not pass
    assert np.abs(prior.mean(axis=0) - mean).max() > 2 * 4 * spread.max() / math.sqrt(SETTINGS.population)
    assert np.abs(prior.std(axis=0) / spread - 1.0).max() > 2 * 4 / math.sqrt(2 * SETTINGS.population)


def test_inputs_that_do_nothing_stay_at_the_prior(linear):
    problem, bank, screening, free, posterior = linear
    assert free[:4].all()
    left = ~free_coordinates(problem, free)
    assert left.sum() >= 5
    rest = posterior.points[:, left]
    assert abs(rest.mean()) < 4 / math.sqrt(rest.size) and abs(rest.std() - 1) < 4 / math.sqrt(2 * rest.size)
    rows = learned_about(problem, posterior.points, bank, free, screening, 1, SETTINGS.population)
    known = {row.path: row for row in rows}
    _, spread = problem.exact()
    assert known["input 0"].sure and known["input 0"].claim == "a"
    assert known["input 0"].contraction == pytest.approx(1 - spread[0], abs=0.12)


def test_the_screen_takes_few_that_do_nothing():
    """A false discovery rate of 10 %: of what is found over many banks, the share that is nothing."""
    problem, nothing, something = Linear(), 0, 0
    for seed in range(12):
        bank = fill_bank(problem, Store(problem, seed, threads=1).evaluate, 150, seed)
        _, free = screen_inputs(problem, bank, seed)
        nothing, something = nothing + free[4:].sum(), something + free[:4].sum()
    assert something == 48
    assert nothing / (nothing + something) < 0.1 + 4 * math.sqrt(0.1 * 0.9 / 48)


def test_intervals_hold_synthetic_truth_as_often_as_they_say():
    problem, truths = Linear(), 60
    bank = fill_bank(problem, Store(problem, 2, threads=1).evaluate, 300, 2)
    free = np.arange(10) < 4
    found = check_coverage(
        problem, bank, free, free_coordinates(problem, free), truths, 2,
        Store(problem, 3, threads=1).evaluate,
    )  # fmt: skip
    for level in (0.5, 0.9):  # the four inputs have a claim each, so they are four times as many trials
        held, error = found.held(level).mean(), math.sqrt(level * (1 - level) / (4 * truths))
        assert abs(held - level) < 4 * error, (level, held)
    low, high = found.chance(0.9)
    assert low < 0.9 < high <= 1.0


def test_intervals_that_are_too_narrow_would_be_seen(linear):
    """The same check on truths that the posterior knows too well must fail."""
    problem, truths = Linear(), 12
    bank = fill_bank(problem, Store(problem, 2, threads=1).evaluate, 300, 2)
    free = np.arange(10) < 4
    import experiments.calibration.coverage as coverage

    found = coverage.Coverage(("x",), np.full((truths, 1), 0.01), 0)
    assert found.held(0.9)[0] == 0.0
    twice = check_coverage(
        problem, bank, free, free_coordinates(problem, free), 2, 2,
        Store(problem, 3, threads=1).evaluate, evaluations=60,
    )  # fmt: skip
    assert twice.evaluations == 60 and twice.places.shape == (2, 4)
    assert ((twice.places > 0) & (twice.places < 1)).all()


# ---- the same bits


def test_threads_change_nothing(linear):
    problem = Linear()
    posterior = calibrated(problem, Store(problem, 1, threads=2))[3]
    assert np.array_equal(posterior.points, linear[4].points)
    assert np.array_equal(posterior.found, linear[4].found)
    other = calibrated(problem, Store(problem, 2, threads=2), seed=2)[3]
    assert not np.array_equal(other.points[:5], linear[4].points[:5])


def test_interrupted_work_goes_on_with_the_same_bits(linear, tmp_path):
    stopped = Linear(stop_at=433)
    with pytest.raises(KeyboardInterrupt):
        calibrated(stopped, Store(stopped, 1, threads=1, folder=tmp_path, key="k"))
    again = Linear()
    store = Store(again, 1, threads=2, folder=tmp_path, key="k")
    assert 400 < store.known < 433
    known = store.known
    posterior = calibrated(again, store)[3]
    assert again.calls == SETTINGS.bank + SETTINGS.rounds * SETTINGS.population - known
    assert np.array_equal(posterior.points, linear[4].points)


def test_work_that_was_killed_goes_on_with_the_same_bits(linear, tmp_path):
    code = f"""
        import os, signal
        from pathlib import Path
        from experiments.calibration.store import Store
        from tests.test_calibration import Linear, calibrated
        class Killed(Linear):
            def evaluate(self, values, luck):
                if self.calls == 250:
                    os.kill(os.getpid(), signal.SIGKILL)
                return super().evaluate(values, luck)
        problem = Killed()
        calibrated(problem, Store(problem, 1, threads=2, folder=Path({str(tmp_path)!r}), key="k"))
    """
    root = Path(__file__).resolve().parent.parent
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], cwd=root, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    (tmp_path / f"unfinished-{FILE}").write_bytes(b"half of a file")
    problem = Linear()
    store = Store(problem, 1, threads=1, folder=tmp_path, key="k")
    assert store.known >= 200
    assert np.array_equal(calibrated(problem, store)[3].points, linear[4].points)


def test_evaluations_of_other_work_are_refused(tmp_path):
    problem = Linear()
    Store(problem, 1, folder=tmp_path, key="one").evaluate(np.zeros((3, 10)))
    with pytest.raises(UserError, match="other work.*--fresh"):
        Store(problem, 1, folder=tmp_path, key="two")
    assert Store(problem, 1, folder=tmp_path, key="two", fresh=True).known == 0
    (tmp_path / FILE).write_bytes(b"no such thing")
    with pytest.raises(UserError, match="cannot be read"):
        Store(problem, 1, folder=tmp_path, key="one")


def test_luck_of_evaluations_differs():
    assert len({luck_of(seed, number) for seed in range(20) for number in range(50)}) == 1000
    assert np.array_equal(generator(1, 2).random(3), generator(1, 2).random(3))


# ---- the prior

ALL_FORMS = """
extends = "toy"
[kinds.leading_lab]
start_rate = { low = 0.05, centre = 0.3, high = 1.5, family = "lognormal" }
patience_months = { low = 6, centre = 18, high = 30, family = "normal", centre_is = "mode" }
[actors.Alpha]
people = { low = 0, centre = 20, high = 60, zero = 0.2, family = "lognormal" }
money_usd = { pool = { method = "mixture", parts = [
    { low = 1e6, centre = 3e6, high = 9e6, family = "lognormal", weight = 1 },
    { value = 5e7, weight = 2 } ] } }
chips = { pool = { method = "weighted_average", correlation = 0.4, parts = [
    { low = 100, centre = 300, high = 900, family = "loglogistic", weight = 1 },
    { low = 2000, centre = 3000, high = 4000, family = "uniform", weight = 2 } ] } }
[actors.Beta]
people = { low = 5, centre = 15, high = 25, minimum = 4, family = "normal" }
money_usd = { low = 5e6, centre = 1e7, high = 3e7, family = "loguniform" }
[chips.second]
released = { low = "2020-07", centre = "2021-01", high = "2021-09", family = "triangular" }
[[correlations]]
inputs = ["actors.Beta.people", "actors.Beta.money_usd", "kinds.leading_lab.patience_months"]
rho = 0.6
[[alternatives]]
name = "exchange"
options = [{ weight = 1 }, { weight = 1, numbers = { "work.exchange" = 0 } }]
"""


def test_the_prior_is_what_the_runs_draw(tmp_path):
    """Bit for bit: the coordinates of a run's own luck give the values that the run draws."""
    world = tmp_path / "world.toml"
    world.write_text(ALL_FORMS)
    scenario = load(world)
    prior = prior_of(compile_scenario(scenario))
    drawn = draws_of(scenario, 60, seed=4)
    for run in range(60):
        own = [
            luck(np.uint64(4), np.uint64(run), FOR.INPUT, np.uint64(a), np.uint64(b))
            for a, b in prior.coordinates
        ]
        assert prior.of_luck(own) == [drawn[path][run] for path in prior.inputs]
    assert prior.left == ("alternatives.exchange",)
    assert [{prior.inputs[k] for k in group} for group in prior.together] == [
        {"actors.Beta.people", "actors.Beta.money_usd", "kinds.leading_lab.patience_months"}
    ]


# ---- a scenario

WORLD = """
extends = "toy"
[kinds.leading_lab]
start_rate = { low = 0.05, centre = 0.3, high = 1.5, family = "lognormal" }
[actors.Beta]
people = { low = 5, centre = 15, high = 45, family = "lognormal" }
[attention]
half_life_months = { low = 1, centre = 3, high = 9, family = "lognormal" }
"""
CLAIM = """
[claims.{name}]
role = "{role}"
kind = "historical-fact"
statement = "A test."
value = {value}
low = {low}
high = {high}
unit = "months"
source = "a test"
[claims.{name}.test]
quantities.lag = {{ metric = "{metric}" }}
formula = "lag"
rule = "interval"
"""
SMALL = Asked(LEAST_EVALUATIONS, replicates=4, truths=3, runs=20, left_out=4)


def claim(name="lag", role="calibrate", value=12, low=10, high=14, metric="lag_1"):
    return CLAIM.format(name=name, role=role, value=value, low=low, high=high, metric=metric)


@pytest.fixture(scope="module")
def calibrated_toy(tmp_path_factory):
    """A small scenario, calibrated by the command."""
    folder = tmp_path_factory.mktemp("calibration")
    (folder / "world.toml").write_text(WORLD)
    (folder / "claims.toml").write_text(
        'title = "test"\n' + claim() + claim("later", metric="lag_2", value=18, low=15, high=24)
    )
    outcome = cascades(
        "calibrate", folder / "world.toml", "--claims", folder / "claims.toml", "--evaluations", 200,
        "--replicates", 6, "--check", 3, "--runs", 30, "--left-out-runs", 5, "--threads", 2,
        "--out", folder / "out",
    )  # fmt: skip
    assert outcome.code == 0, outcome.err
    return folder, outcome


def test_the_command_leaves_posterior_report_and_figures(calibrated_toy):
    folder, outcome = calibrated_toy
    names = {path.name for path in (folder / "out").iterdir()}
    assert names >= {
        "posterior.parquet", "posterior.toml", "calibration.html", "inputs.csv", "claims.csv", "rounds.csv",
        "coverage.csv", "actors.csv", "learned.png", "claims.png", "coverage.png", "manifest.json",
    }  # fmt: skip
    assert not [name for name in names if name.startswith(".unfinished")]
    assert "Claims that agree:" in outcome.out and "Free inputs:" in outcome.out
    page = (folder / "out" / "calibration.html").read_text()
    assert (
        "kinds.leading_lab.start_rate" in page and "(nobody)" in page and "<h2>Without one actor</h2>" in page
    )
    actors = (folder / "out" / "actors.csv").read_text().splitlines()
    assert len(actors) == 1 + 1 + 5


def test_progress_and_report_are_in_plain_words(calibrated_toy):
    _, outcome = calibrated_toy
    lines = [line for line in outcome.err.splitlines() if "Round 1 of 8: points miss the claims by " in line]
    assert lines and "edges of agreement (median; " in lines[0] and " are as near as asked for (" in lines[0]
    assert "distance " not in outcome.err
    assert "of them something" not in outcome.out
    assert free_in_words(9, 4, 0) == (
        "Free inputs: 4 of 9 uncertain ones move a claim; the claims taught nothing beyond chance about any "
        "of these. The others stay at the prior."
    )
    assert "taught something beyond chance about 3 of these" in free_in_words(9, 4, 3)


def test_inputs_whose_intervals_held_too_few_truths_are_named():
    held = {f"good.{number}": (0.5, 0.9) for number in range(60)} | {"low": (0.5, 0.8), "worst": (0.3, 0.65)}
    half, most = failing_in_words(40, held)
    assert half == (
        "50 % intervals that held the truth too seldom, in less than 38 % of the cases: worst (30 %); 1 "
        "of 62 inputs, of which chance explains about 3."
    )
    assert "worst (65 %), low (80 %); 2 of 62 inputs" in most
    assert most.endswith("Beyond chance, even among all inputs: worst.")  # 26 of 40 or fewer: 1 in 100,000
    assert failing_in_words(40, {"good": (0.5, 0.9)}) == []
    assert as_few(2, 0.5, 0.9) == pytest.approx(0.19) and as_few(2, 1.0, 0.9) == pytest.approx(1.0)


def test_the_page_says_what_the_folder_says(calibrated_toy, tmp_path):
    folder, outcome = calibrated_toy
    page = page_of(folder / "out")
    sentence = next(line for line in outcome.out.splitlines() if line.startswith("Free inputs"))
    assert f"- {sentence}" in page
    assert "Of 3 synthetic truths for each free input, intervals held: the 50 % intervals in " in page
    with pytest.raises(UserError, match="holds no whole calibration"):
        page_of(tmp_path)


def test_the_shipped_page_is_that_of_the_shipped_posterior():
    made = tomllib.loads((CONFIGS / "posteriors" / "gpt3.toml").read_text())
    page = (CONFIGS.parent / "docs" / "calibrated.md").read_text()
    assert f"{made['free_inputs']} of {made['uncertain_inputs']} uncertain ones" in page
    assert f"{made['claims_agreeing']} of {made['claims_asked']} with the posterior" in page
    assert f"{made['draws']} draws" in page and f"rules `{made['rules']}`" in page
    assert all(name in page for name in made["claims_out_of_reach"])


def test_the_same_command_again_simulates_nothing_and_gives_the_same_posterior(calibrated_toy, tmp_path):
    folder, _ = calibrated_toy
    before = parquet.read_table(folder / "out" / "posterior.parquet")
    told = []
    asked = Asked(200, replicates=6, truths=3, runs=30, left_out=0)
    claims = load_claims("toy", [folder / "claims.toml"])
    calibrate_and_save(load(folder / "world.toml"), claims, folder / "out", asked, threads=1, say=told.append)
    assert told[0] == "Going on with 245 evaluations that were done before."
    again = parquet.read_table(folder / "out" / "posterior.parquet")
    assert again.equals(before) and again.schema.metadata == before.schema.metadata


def test_the_posterior_is_drawn_by_the_scenario_it_is_for(calibrated_toy, tmp_path):
    folder, _ = calibrated_toy
    (tmp_path / "sample.parquet").write_bytes((folder / "out" / "posterior.parquet").read_bytes())
    world = tmp_path / "world.toml"
    world.write_text(WORLD + '[posterior]\nfile = "sample.parquet"\n')
    table = parquet.read_table(tmp_path / "sample.parquet")
    path = "kinds.leading_lab.start_rate"
    rows = set(zip(*(table.column(name).to_pylist() for name in table.column_names), strict=True))
    drawn = draws_of(load(world), 50)
    assert set(zip(*(drawn[name] for name in table.column_names), strict=True)) <= rows
    world.write_text(world.read_text().replace("high = 1.5", "high = 1.6"))
    with pytest.raises(
        UserError, match=f"does not fit this scenario: {path}: was learned from another interval"
    ):
        compile_scenario(load(world))
    world.write_text(world.read_text() + f'except = ["{path}"]\n')
    assert compile_scenario(load(world)).uncertain_paths
    assert load(world, ["posterior.use=false"]).posterior_file is None
    plain = from_intervals(load(folder / "world.toml"))
    assert 'fingerprint = "' + plain.fingerprint in (folder / "out" / "posterior.toml").read_text()


def test_a_posterior_does_not_change_what_is_calibrated(calibrated_toy, tmp_path):
    """With the posterior switched on, the same command asks for the same evaluations."""
    folder, _ = calibrated_toy
    plain = load(folder / "world.toml")
    data = plain.raw | {"posterior": {"file": str(folder / "out" / "posterior.parquet")}}
    calibrated = from_data(data, plain.origin)
    assert compile_scenario(calibrated).facts["posterior"].size
    assert from_intervals(calibrated).fingerprint == from_intervals(plain).fingerprint


def test_every_actor_can_be_left_out():
    """With all that refers to it; a world that is left without one is still a world."""
    scenario = load("gpt3")
    for actor in scenario.file.actors:
        data = merge(scenario.raw, {"remove": [join_path(("actors", actor))]}, scenario.origin)
        assert actor not in from_data(data, scenario.origin).file.actors


def test_what_went_with_an_actor_cannot_be_asked():
    """One claim reckons with a paper of OpenAI's, another one with what DeepMind does."""
    scenario = load("gpt3")
    names = ("md-not-significant", "gopher-predecessor", "opt-training-days")
    world = ClaimedWorld(scenario, {name: load_claims("gpt3")[name] for name in names}, 2)
    asked = Asked(left_out=2)
    assert not score_without(None, world, {}, asked, 1).impossible
    for actor, lost in (("OpenAI", names[0]), ("DeepMind", names[1])):
        score = score_without(actor, world, {}, asked, 1)
        assert score.impossible == (lost,) and score.asked == 2


def test_discrepancies_far_off_count_less():
    found = toned_down(np.array([[0.5, -2.0, 3.0, 10.0, -99.0, math.nan]]))[0]
    assert found[:2].tolist() == [0.5, -2.0]
    assert 2.0 < found[2] < 3.0 < found[3] < 10.0 and found[4] == -found[3] and found[5] == found[3]


def test_an_evaluation_is_what_runs_with_these_values_say(calibrated_toy):
    """The fast way of the engine against the slow one: the values written into the scenario."""
    folder, _ = calibrated_toy
    claims = load_claims("toy", [folder / "claims.toml"])
    scenario = load(folder / "world.toml")
    world = ClaimedWorld(scenario, claims, 30)
    values = world.values(np.full((1, world.coordinates), 0.7))[0]
    written = load(
        scenario, [f"{path}={value!r}" for path, value in zip(world.inputs, values.tolist(), strict=True)]
    )
    plain = ClaimedWorld(written, claims, 30)
    measured = measure_plan(plain.plan, 30, 77, threads=1)
    fast, found = world.measured(values, 77), world.evaluate(values, 77)
    for place, (name, claim) in enumerate(world.of.items()):
        slow = measured.formula(name, claim)
        assert np.array_equal(fast.formula(name, claim), slow, equal_nan=True)
        if len(slow) == world.replicates:
            assert np.array_equal(found[place], slow, equal_nan=True)


def test_a_discrepancy_has_the_sign_of_its_side():
    wanted = Wanted("interval", 12.0, 10.0, 14.0)
    for given, sign in ((8.0, -2.0), (12.0, 0.0), (15.0, 1.5)):
        assert signed(wanted, judge(wanted, np.full(30, given))) == sign
    assert signed(Wanted("sign"), judge(Wanted("sign"), np.array([1.0] * 9 + [-1.0]))) == -2.0
    least = Wanted("point", 10.0, side="at least")
    assert signed(least, judge(least, np.full(30, 5.0))) == -3.0
    assert signed(least, judge(least, np.full(30, 99.0))) == 0.0
    assert math.isnan(signed(wanted, Judged(math.nan, math.nan, math.nan, 10.0, 0, 30)))


# ---- what cannot be used


def refusal(tmp_path, claims, *options, world=WORLD):
    (tmp_path / "world.toml").write_text(world)
    (tmp_path / "claims.toml").write_text('title = "test"\n' + claims)
    return cascades(
        "calibrate", tmp_path / "world.toml", "--claims", tmp_path / "claims.toml", "--out", tmp_path / "out",
        "--threads", 1, *options,
    ).refusal  # fmt: skip


def test_without_claims_to_calibrate_to_there_is_nothing_to_do(tmp_path):
    assert "has role = 'calibrate'" in refusal(tmp_path, claim(role="structural"))


def test_without_uncertain_inputs_there_is_nothing_to_do(tmp_path):
    assert "no input is uncertain" in refusal(tmp_path, claim(), world='extends = "toy"\n')


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--evaluations", 10), f"from {LEAST_EVALUATIONS}"),
        (("--replicates", 1), "replicates = 1"),
        (("--seed", -1), "seed = -1"),
        (("--runs", 0), "runs = 0"),
        (("--check", -1), "check = -1"),
        (("--threads", 0), "threads = 0"),
    ],
)
def test_numbers_out_of_bounds_are_refused(tmp_path, options, expected):
    assert expected in refusal(tmp_path, claim(), *options)


def test_a_folder_that_cannot_be_written_is_found_before_the_work(tmp_path):
    (tmp_path / "out").write_text("a file")
    assert "is a file, not a folder" in refusal(tmp_path, claim())
    os.remove(tmp_path / "out")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    assert "choose another --out" in refusal(tmp_path, claim())


def test_settings_add_up():
    for evaluations in (100, 600, 2400, 5000):
        settings = settings_for(evaluations)
        assert settings.bank + settings.rounds * settings.population <= evaluations
        assert settings.keep >= 1 and settings.rounds > settings.keep


def test_the_shipped_posterior_is_that_of_its_manifest_and_fits_its_scenario():
    folder = CONFIGS / "posteriors"
    manifest = tomllib.loads((folder / "gpt3.toml").read_text())
    table = parquet.read_table(folder / "gpt3.parquet")
    assert table.shape == (manifest["draws"], manifest["free_inputs"])
    compiled = compile_scenario(load("gpt3"))
    learned = compiled.uncertain["column"] >= 0
    assert learned.sum() == manifest["free_inputs"] and len(learned) == manifest["uncertain_inputs"]
    assert not (compile_scenario(load("gpt3", ("posterior.use=false",))).uncertain["column"] >= 0).any()


def test_what_a_claim_gives_as_an_input_is_not_learned():
    """Neither what is correlated with it; an order of inputs, or a bound, gives none."""
    scenario = load("gpt3", ("posterior.use=false",))
    names = ("deploy-dev-ratio", "hp-search-prior-author", "secret-delay-common", "opt-training-days")
    claims = {name: load_claims("gpt3")[name] for name in names}
    world = ClaimedWorld(scenario, claims, 2)
    assert {"deployment.load_share", "classes.gpt3.search_share"} <= world.given
    assert "kinds.leading_lab.hold_months" not in world.given  # above 0 is all that its claim says
    moving = np.ones(len(world.inputs), bool)
    kept = [path for path, learned in zip(world.inputs, world.may_learn(moving), strict=True) if not learned]
    together = {world.inputs[place] for group in world.together for place in group}
    assert set(kept) - together == {"deployment.load_share", "classes.gpt3.search_share"} - together
    world.__dict__["prior"] = replace(world.prior, together=((0, 1),))  # the first two inputs go together
    world.given = frozenset({world.inputs[0]})
    assert world.may_learn(moving).tolist()[:3] == [False, False, True]
    assert not world.may_learn(np.zeros(len(world.inputs), bool)).any()
