"""Intervals of futures that share states or luck hold the truth as often as they say, as those of independent
futures do not."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest

from experiments import analyses
from experiments.exploring.choosing import robust
from experiments.exploring.knowing import Single, information, worth_of
from experiments.exploring.sample import make_sample
from experiments.sharing import Sharing, effective_count, half_width, independent_half_width, student_90

WORLDS = 1000  # made for one coverage
LEAST = 0.9 - 3 * math.sqrt(0.9 * 0.1 / WORLDS)  # of 1,000 intervals at 90 %: 0.872, three errors below


def futures(chooser, states: int, runs: int, sizes, same_luck: bool = True) -> np.ndarray:
    """Return futures of true mean 0, shape (states x runs,): a state, a luck and noise of these sizes."""
    state, luck, noise = sizes
    table = state * chooser.normal(size=(states, 1)) + noise * chooser.normal(size=(states, runs))
    if same_luck:
        table = table + luck * chooser.normal(size=(1, runs))
    return table.ravel()


def coverage(states: int, runs: int, sizes, same_luck: bool = True) -> tuple[float, float, float]:
    """Return how often the old and the new interval hold the true mean, and how much wider the new one is."""
    chooser = np.random.default_rng(1)
    sharing = Sharing(states, runs, same_luck)
    found = []
    for _ in range(WORLDS):
        values = futures(chooser, states, runs, sizes, same_luck)
        old, new = independent_half_width(values), half_width(values, sharing)
        found.append((abs(values.mean()) <= old, abs(values.mean()) <= new, new / old))
    old_holds, new_holds, wider = np.mean(found, axis=0)
    return float(old_holds), float(new_holds), float(wider)


@pytest.mark.parametrize(
    ("states", "runs", "sizes"),
    [
        (40, 5, (1.0, 1.0, 1.0)),
        (40, 3, (0.3, 1.0, 1.0)),  # nearly all of it luck, of three runs
        (5, 60, (1.0, 0.5, 1.0)),  # nearly all of it states, of which there are five
        (100, 2, (1.0, 0.2, 0.5)),
        (4, 4, (1.0, 1.0, 1.0)),
        (100, 5, (1.0, 0.0, 0.5)),  # no luck to be shared: runs of a state share the state
    ],
)
def test_crossed_futures_are_as_sure_as_is_said(states, runs, sizes):
    old, new, _ = coverage(states, runs, sizes)
    assert old < 0.75
    assert LEAST <= new <= 0.97  # of few lucks little is known: somewhat too wide


def test_runs_of_a_state_are_not_futures_of_their_own():
    old, new, _ = coverage(20, 5, (1.0, 0.0, 1.0), same_luck=False)
    assert old < 0.75
    assert LEAST <= new <= 0.93


def test_independent_futures_keep_their_interval():
    old, new, wider = coverage(40, 30, (0.0, 0.0, 1.0))
    assert old >= LEAST and LEAST <= new <= 0.95
    assert 1.0 <= wider < 1.12
    chooser = np.random.default_rng(2)
    values = chooser.normal(size=500)
    assert half_width(values, Sharing(500, 1, True)) == pytest.approx(
        independent_half_width(values), rel=0.003
    )


@pytest.mark.parametrize("seed", range(20))
def test_never_narrower_than_that_of_independent_futures(seed):
    chooser = np.random.default_rng(seed)
    states, runs = (int(one) for one in chooser.integers(1, 7, 2))
    values = chooser.normal(size=states * runs)
    for same_luck in (True, False):
        sharing = Sharing(states, runs, same_luck)
        assert half_width(values, sharing) >= independent_half_width(values)
        shares = (values > 0).astype(float)
        assert effective_count(shares, sharing) <= len(values)
        assert half_width(values, sharing) == half_width(values.copy(), sharing)


def test_the_interval_is_what_a_person_finds():
    """Two states, two lucks, no noise: means of states 0 and 2, of lucks 0.5 and 1.5."""
    values = np.array([-0.5, 0.5, 1.5, 2.5])
    expected = math.sqrt(6.313752**2 * (2 / 2 + 0.5 / 2))
    assert half_width(values, Sharing(2, 2, True)) == pytest.approx(expected)
    assert half_width(values, Sharing(2, 2, False)) == pytest.approx(6.313752)
    assert half_width(values, Sharing(1, 4, True)) == pytest.approx(2.353363 * values.std(ddof=1) / 2)
    assert math.isinf(half_width(values[:1], Sharing(1, 1, True)))
    assert student_90(10**6) == pytest.approx(NormalDist().inv_cdf(0.95), abs=1e-5)


def test_a_share_is_as_sure_as_its_states_and_lucks():
    """What one luck does to all states is one draw: five of a hundred states are five, not five hundred."""
    chooser, sharing, holds = np.random.default_rng(3), Sharing(100, 5, True), []
    for _ in range(WORLDS):
        comes = (futures(chooser, 100, 5, (1.0, 1.0, 1.0)) > 0).astype(float)
        counts = len(comes), effective_count(comes, sharing)
        intervals = [analyses.share_interval(float(comes.mean()), count) for count in counts]
        holds.append([interval.low <= 0.5 <= interval.high for interval in intervals])
    old, new = np.mean(holds, axis=0)
    assert old < 0.5 and LEAST <= new <= 0.95
    assert effective_count(np.ones(500), sharing) == 5
    assert effective_count(np.ones(500), Sharing(100, 5, False)) == 100
    assert effective_count(np.ones(100), Sharing(100, 1, True)) == 100


def test_what_it_is_worth_to_know_counts_the_luck_of_few_runs():
    """Act for x + luck + noise + 1/2, or wait: to know x, standard normal, is worth 0.198."""
    bell = NormalDist()
    truth, chooser, held = 0.5 * bell.cdf(0.5) + bell.pdf(0.5) - 0.5, np.random.default_rng(7), []
    place = np.repeat(np.arange(60), 3)
    for _ in range(150):
        x = chooser.normal(size=60)
        pays = 0.5 + np.repeat(x, 3) + futures(chooser, 60, 3, (0.0, 1.0, 0.5))
        payoffs = np.stack([np.zeros(180), pays])
        means = payoffs.reshape(2, 60, 3).mean(axis=2)
        single = Single(payoffs, place, Sharing(60, 3, True))
        known = worth_of(means, x, False), worth_of(means, x, False, single=single)
        held.append([abs(one.value - truth) <= one.half for one in known])
        assert known[0].value == known[1].value and known[0].half <= known[1].half
    old, new = np.mean(held, axis=0)
    assert old < 0.75
    assert new >= 0.9 - 3 * math.sqrt(0.9 * 0.1 / 150)


# ---------------------------------------------------------------- in the reports


def two_arms(chooser, states: int, runs: int, own_luck: bool = False):
    """Return a sweep of two arms: one pays nothing, one a state, a luck and noise of size 1 each."""
    paid = futures(chooser, states, runs, (1.0, 1.0, 1.0), not own_luck).reshape(states, runs)
    if own_luck:
        paid = paid + chooser.normal(size=(states, runs))
    design = pd.DataFrame({"policy": ["wait"] * states + ["act"] * states, "x": 2 * list(range(states))})
    seed = np.tile(np.repeat(np.arange(states), runs), 2) if own_luck else None
    table = np.concatenate([np.zeros((states, runs)), paid])
    return make_sample(design, {"y": table, "z": -table}, seed=seed)


def test_regret_and_best_hold_the_truth():
    """Regret of waiting: E max(0, d), d normal of variance 3; it is best in half of the futures."""
    truth, chooser, held = math.sqrt(3 / (2 * math.pi)), np.random.default_rng(4), []
    for _ in range(150):
        sample = two_arms(chooser, 30, 5)
        row = next(
            row for row in robust(sample, "y:more", arms=["policy"]).rows("regret") if row["arm"] == "wait"
        )
        regrets = np.maximum(0.0, sample.values["y"][150:])
        held.append(
            (
                abs(regrets.mean() - truth) <= independent_half_width(regrets),
                row["regret_low"] <= truth <= row["regret_high"],
                row["best_low"] <= 0.5 <= row["best_high"],
            )
        )
    old, regret, best = np.mean(held, axis=0)
    least = 0.9 - 3 * math.sqrt(0.9 * 0.1 / 150)
    assert old < 0.5
    assert regret >= least and best >= least


def test_means_of_the_front_and_shares_count_what_is_shared():
    chooser = np.random.default_rng(5)
    report = robust(two_arms(chooser, 50, 3), ["y:more", "z:less"], satisfy="y > 0", arms=["policy"])
    act = next(row for row in report.rows("pareto") if row["arm"] == "act")
    share = next(row for row in report.rows("satisficing") if row["arm"] == "act")
    assert act["y high"] - act["y low"] > 1.0  # independent: 2 x 1.645 x sqrt(3 / 150) = 0.47
    assert share["high"] - share["low"] > 0.3  # independent: 0.13
    assert not any(row["sure"] for row in report.rows("pareto"))  # three lucks do not tell


@pytest.mark.parametrize(
    ("runs", "own_luck", "says"),
    [
        (3, False, "All 20 states share the luck of the same 3 runs"),
        (1, False, "do not contain luck"),
        (3, True, "The 3 runs of a state share it"),
        (1, True, ""),
    ],
)
def test_the_report_says_what_its_intervals_count(runs, own_luck, says):
    sample = two_arms(np.random.default_rng(6), 20, runs, own_luck)
    for report in (robust(sample, "y:more", arms=["policy"]), information(sample, "y:more", arms=["policy"])):
        said = [note for note in report.notes if "intervals" in note]
        assert len(said) == bool(says) and says in "".join(said)
        assert "Cameron, Gelbach and Miller 2011" in " ".join(report.sources)


def test_inputs_drawn_with_the_luck_count_the_states_that_share_it():
    """Act pays what was drawn, and a state of the world: of these there are three."""
    chooser = np.random.default_rng(8)
    halves = []
    for size in (0.0, 1.0):
        drawn, state = chooser.normal(size=60), size * np.array([-1.0, 0.2, 1.4])
        table = np.concatenate([np.zeros((3, 60)), state[:, None] + drawn])
        design = pd.DataFrame({"policy": ["wait"] * 3 + ["act"] * 3, "x": [0, 1, 2] * 2})
        kept = pd.DataFrame({"input:drawn": np.tile(drawn, 6)})
        report = information(make_sample(design, {"y": table}, drawn=kept), "y:more", arms=["policy"])
        rows = {row["input"]: row for row in report.rows("information")}
        halves.append(rows["input:drawn"]["half_width"])
    assert halves[0] < 0.3 < 0.6 < halves[1]
