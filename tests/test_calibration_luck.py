"""Calibration where one point says little: luck of few runs is told from what moves a claim."""

from __future__ import annotations

import math

import numpy as np
import pytest

from experiments.calibration.coverage import check_coverage, from_known
from experiments.calibration.likelihood import CLAIM_ERROR, Likelihood, toned_down
from experiments.calibration.reach import out_of_reach
from experiments.calibration.regression import fit, lack_of_fit
from experiments.calibration.sampling import (
    Bank,
    Settings,
    fill_bank,
    free_coordinates,
    generator,
    prepared,
    screen_inputs,
    search,
)
from experiments.calibration.statistic import bent, logistic, statistic_for, unbent
from experiments.calibration.store import Store
from experiments.calibration.surrogate import Surrogate, mean_of
from experiments.evidence.agreement import Wanted, judge

MEAN = Wanted("interval", 0.0, -1.0, 1.0, statistic="mean")
MEDIAN = Wanted("interval", 0.0, -1.0, 1.0)
MOST = Wanted("point", 1.0, side="at most", absolute=1.0)
SHARE, ORDER = Wanted("probability", 50.0), Wanted("order")


class Noisy:
    """Thirty claims of five kinds, each about two of the first six of thirty inputs; the rest do nothing.

    What a claim is about is a sum of inputs; a run differs from it by luck of eight edges of agreement, that
    of a point of ten runs by two and a half.
    """

    claims = tuple(f"claim {k}" for k in range(30))
    inputs = tuple(f"input {k}" for k in range(30))
    coordinates, together, replicates, luck = 30, (), 10, 8.0
    behind = tuple((k,) for k in range(30))
    matter = 6

    def __init__(self, seed: int = 0):
        chance = np.random.default_rng(seed)
        self.slopes = np.zeros((30, 30))
        for k in range(30):
            self.slopes[chance.choice(self.matter, 2, replace=False), k] = 1.2 * chance.standard_normal(2)
        self.shift = chance.standard_normal(30)
        kinds = (MEAN, MEDIAN, SHARE, MOST, ORDER)
        self.statistics = tuple(statistic_for(kinds[k % 5]) for k in range(30))

    def values(self, points):
        return np.atleast_2d(points)

    def evaluate(self, values, luck):
        chance = np.random.default_rng(luck)
        middle = (values @ self.slopes + self.shift)[:, None]
        numbers = middle + self.luck * chance.standard_normal((30, self.replicates))
        holds = chance.random((30, self.replicates)) < logistic(2.0 * middle)
        share = np.array([each.kind == "share" for each in self.statistics])
        return np.where(share[:, None], holds, numbers)

    def places(self, values):
        """Return where the statistics lie, without luck."""
        middle = values @ self.slopes + self.shift
        share = np.array([each.kind == "share" for each in self.statistics])
        return np.where(share, 2.0 * middle, bent(middle))


@pytest.fixture(scope="module")
def noisy():
    """A problem, points and runs of its prior, and which inputs and coordinates are free."""
    problem = Noisy()
    bank = fill_bank(problem, Store(problem, 1, threads=1).evaluate, 400, 1)
    _, free = screen_inputs(problem, bank, 1)
    coordinates = free_coordinates(problem, free)
    return (
        problem,
        bank,
        free,
        coordinates,
        Surrogate(bank.points[:, coordinates], bank.runs, problem.statistics),
    )


# ---- what is learned of luck


def test_guesses_are_much_surer_than_the_runs_of_a_point_and_know_how_sure(noisy):
    problem, bank, _, free, surrogate = noisy
    fresh = generator(5).standard_normal((300, problem.coordinates))
    guess, variance = surrogate.guess(fresh[:, free])
    off = guess - problem.places(fresh)
    _, luck = surrogate.seen(bank.runs, surrogate.guess(bank.points[:, free])[0])
    error, of_one_point = np.sqrt((off**2).mean(axis=0)), np.sqrt(np.median(luck, axis=0))
    assert (error < of_one_point).all() and error.mean() < 0.3 * of_one_point.mean()
    in_sds = np.abs(off) / np.sqrt(variance)
    assert 0.4 < np.median(in_sds) < 0.85  # 0.67 of a normal distribution
    assert (in_sds > 3.0).mean() < 0.06  # a slope that is taken for none, or where the scale bends


def test_luck_is_not_taken_for_lack_of_fit_nor_the_other_way():
    chance = np.random.default_rng(3)
    x = chance.standard_normal((500, 4))
    luck = np.full((500, 2), 4.0)
    wild = np.column_stack([np.zeros(500), 2.0 * np.sin(7.0 * x[:, 1])])
    found = fit(x, x[:, :1] + wild + 2.0 * chance.standard_normal((500, 2)), luck)
    assert found.lack[0] < 0.6 and abs(found.lack[1] - 2.0) < 0.9
    assert found.slopes[0] == pytest.approx([1.0, 1.0], abs=0.3)
    assert np.abs(found.slopes[2:]).max() < 0.1
    more, _ = found.guess(np.zeros((1, 4)))
    assert more[0] == pytest.approx([0.0, 0.0], abs=0.4)
    alone = np.array([[3.0, 0.1], [-3.0, -0.1]])
    assert lack_of_fit(alone, np.ones((2, 2)), np.zeros(2)) == pytest.approx([4.0, 0.0], abs=1e-6)


def test_the_median_of_few_lopsided_runs_is_learned_without_bias():
    """The median of four runs lies above that of many by a fifth of the spread; what is learned does not."""
    chance = np.random.default_rng(4)
    x = chance.standard_normal((1500, 2))
    statistic = statistic_for(Wanted("interval", 0.0, -2.0, 2.0))
    values = x[:, :1] + chance.exponential(1.0, (1500, 4))
    surrogate = Surrogate(x, prepared([statistic], values[:, None]), [statistic])
    guess = statistic.number(surrogate.guess(np.zeros((1, 2)))[0][:, 0])[0]
    assert guess == pytest.approx(math.log(2.0), abs=0.06)
    assert np.median(values, axis=1).mean() > math.log(2.0) + 0.1


def test_runs_of_a_point_count_by_how_sure_they_are(noisy):
    problem, _, _, free, surrogate = noisy
    point = generator(6).standard_normal((1, problem.coordinates))
    truth, guess = problem.places(point), surrogate.guess(point[:, free])[0]
    few = prepared(problem.statistics, problem.evaluate(point[0], 1)[None])
    many = prepared(
        problem.statistics, np.hstack([problem.evaluate(point[0], k) for k in range(1, 2000)])[None]
    )
    after_few, doubt_few = surrogate.refined(point[:, free], few)
    after_many, doubt_many = surrogate.refined(point[:, free], many)
    assert (doubt_many < doubt_few).all()
    assert np.abs(after_few - guess).mean() < 0.1
    assert np.abs(after_many - truth).mean() < 0.7 * np.abs(guess - truth).mean()


# ---- what claims compare


@pytest.mark.parametrize(
    "wanted",
    [
        MEAN,
        MEDIAN,
        SHARE,
        MOST,
        ORDER,
        Wanted("sign"),
        Wanted("pattern"),
        Wanted("interval", 16.0, 3.0, 81.0),
        Wanted("point", 12.0),
        Wanted("point", 2.0, side="at least"),
        Wanted("null", bound=0.5),
        Wanted("interval", 5.0, 2.0, 7.0, statistic="q05"),
        Wanted("interval", 40.0, 20.0, 70.0, statistic="share"),
    ],
)
def test_what_is_tabled_is_what_agreement_says_of_many_runs(wanted):
    """The discrepancy at the place of a statistic is that of the runs themselves."""
    statistic = statistic_for(wanted)
    chance = np.random.default_rng(1)
    for middle in (-1.0, 0.2, 1.5):
        width = 0.3 if wanted.rule == "null" else statistic.edge
        values = statistic.centre + width * (middle + chance.standard_normal(4001))
        if statistic.kind == "share" or wanted.statistic == "share":
            values = chance.standard_normal(4001) + middle
        judged = judge(wanted, values)
        place = statistic.place(statistic.of_runs(values))
        assert statistic.number(np.array(place)) == pytest.approx(judged.statistic, abs=0.05 * statistic.edge)
        if wanted.rule != "null" or abs(judged.statistic) < 0.4:
            found = abs(np.interp(place, statistic.grid, statistic.discrepancies))
            assert found == pytest.approx(judged.discrepancy, abs=0.1)


def test_runs_that_never_come_or_say_nothing_are_learned_from_as_they_are():
    statistic = statistic_for(MEDIAN)
    learned = statistic.of_runs(np.array([math.inf, -math.inf, math.nan, 0.5]))
    assert np.isnan(learned[2]) and np.isfinite(learned[:2]).all() and learned[3] == bent(0.5)
    assert unbent(bent(np.array([-3.0, 40.0]))) == pytest.approx([-3.0, 40.0])
    share = statistic_for(ORDER)
    assert share.of_runs(np.array([math.inf, 0.0, math.nan]))[:2].tolist() == [1.0, 0.0]
    assert np.isnan(mean_of(np.full((1, 3), math.nan)))[0] and math.isnan(share.place(np.array([math.nan])))


def test_the_likelihood_is_the_mean_over_what_the_statistic_may_be():
    statistics = [statistic_for(MEDIAN), statistic_for(ORDER)]
    likelihood = Likelihood(statistics, np.array([0.3, math.nan]))
    draws = 0.8 + 0.7 * np.random.default_rng(2).standard_normal(200_000)
    off = toned_down(np.interp(draws, statistics[0].grid, statistics[0].discrepancies) - 0.3)
    expected = math.log(np.exp(-0.5 * (off / CLAIM_ERROR) ** 2).mean())
    found = likelihood.log(np.array([[0.8, 0.0]]), np.array([[0.7**2, 1.0]]))[0]
    assert found == pytest.approx(expected, abs=0.02)
    assert likelihood.discrepancies(np.array([[0.3, 5.0]]))[0] == pytest.approx([0.0, 0.0], abs=0.01)


def test_a_claim_that_no_input_brings_near_is_out_of_reach(noisy):
    """One claim of each kind lies far off; who is unsure where a claim lies does not let it go."""
    problem, bank, _, free, _ = noisy
    far = np.isin(np.arange(30), (0, 1, 2, 3, 4))
    off = np.where([each.kind == "share" for each in problem.statistics], -1.0, 60.0)
    runs = np.where(far[:, None], off[:, None], 0.0) + bank.runs
    runs[:, far & (off < 0.0)] = 0.0  # never holds
    surrogate = Surrogate(bank.points[:, free], runs, problem.statistics)
    found = out_of_reach(surrogate, problem.statistics, int(free.sum()), generator(3))
    assert found[far].all() and not found[~far].any()
    unsure = Surrogate(bank.points[:, free], runs, problem.statistics)
    unsure.lack = unsure.lack + 1e4
    assert not out_of_reach(unsure, problem.statistics, int(free.sum()), generator(3))[far].all()


# ---- the whole


def test_inputs_are_found_where_luck_is_larger_than_any_edge(noisy):
    """All that matter are free and much narrower than if luck were added to the claims."""
    problem, bank, inputs, free, surrogate = noisy
    assert inputs[: problem.matter].all() and inputs.sum() <= problem.matter + 3
    store = Store(problem, 7, threads=1)
    settings = Settings(evaluations=640, bank=400, population=60, keep=2)
    found = search(problem.statistics, bank, free, store.evaluate, settings, 7)
    _, luck = surrogate.seen(bank.runs, surrogate.guess(bank.points[:, free])[0])
    wide = from_known(
        bank, free, surrogate, Likelihood(problem.statistics), np.median(luck, axis=0), generator(8)
    )
    narrow = found.points[:, : problem.matter].std(axis=0)
    assert (narrow < 0.45).all()
    assert narrow.mean() < 0.6 * wide[:, : problem.matter].std(axis=0).mean()
    assert found.rounds[-1].accepted > 0.75 * found.rounds[-1].simulated
    assert abs(found.points[:, ~free].std() - 1.0) < 0.1


def test_narrow_intervals_hold_synthetic_truth(noisy):
    problem, bank, inputs, free, _ = noisy
    truths = 12
    found = check_coverage(problem, bank, inputs, free, truths, 9, Store(problem, 9, threads=1).evaluate)
    for level in (0.5, 0.9):
        held = found.held(level)[: problem.matter].mean()
        error = math.sqrt(level * (1.0 - level) / (problem.matter * truths))
        assert abs(held - level) < 3.5 * error, (level, held)


@pytest.mark.slow
def test_the_search_itself_holds_synthetic_truth_on_many_problems():
    """Twenty problems, each with a truth of its own, whole searches: bank, screening, rounds."""
    held, widths, problems = [], [], 20
    for seed in range(problems):
        problem, chance = Noisy(seed), generator(seed, 77)
        truth = chance.standard_normal((1, problem.coordinates))
        places = problem.places(truth)[0]
        claimed = [
            np.interp(place, each.grid, each.discrepancies)
            for place, each in zip(places, problem.statistics, strict=True)
        ] + CLAIM_ERROR * chance.standard_normal(len(places))
        store, settings = Store(problem, seed, threads=2), Settings(900, 300, 75, 4)
        bank = fill_bank(problem, store.evaluate, settings.bank, seed)
        _, inputs = screen_inputs(problem, bank, seed)
        found = search(
            problem.statistics, bank, free_coordinates(problem, inputs), store.evaluate, settings, seed,
            likelihood=Likelihood(problem.statistics, claimed),
        ).points[:, : problem.matter]  # fmt: skip
        held.append((found < truth[0, : problem.matter]).mean(axis=0))
        widths.append(found.std(axis=0))
    places = np.array(held)
    for level in (0.5, 0.9):
        share = (np.abs(places - 0.5) <= level / 2.0).mean()
        assert abs(share - level) < 4.0 * math.sqrt(level * (1.0 - level) / places.size), (level, share)
    assert np.mean(widths) < 0.4


def test_more_points_can_be_added_to_a_bank():
    bank = Bank(np.zeros((2, 3)), np.zeros((2, 1, 4))).with_more(np.ones((1, 3)), np.ones((1, 1, 4)))
    assert bank.points.shape == (3, 3) and bank.runs[2].sum() == 4.0
