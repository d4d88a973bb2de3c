"""The rules of actors, and the pure ones of the simulation, on numbers that can be checked by hand."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from agents import publishing, sponsoring, starting
from sim import compute, remembering
from sim.helping import LEAST_HELP, add, hold_only
from sim.projects import what_stopped
from sim.tables import HELP, REMEMBERED
from sim.words import Bound


def test_belief_grows_in_log_odds():
    assert starting.growing_belief(0.5, 1.0, 12.0) == pytest.approx(1 / (1 + math.exp(-1)))
    assert starting.growing_belief(0.2, 0.0, 60.0) == pytest.approx(0.2)
    # odds 1:4; twelve months at growth ln 4 multiply them by four
    assert starting.growing_belief(0.2, math.log(4), 12.0) == pytest.approx(0.5)
    assert starting.growing_belief(0.5, 1.0, -12.0) == pytest.approx(1 / (1 + math.e))


@pytest.mark.parametrize("belief", [0.0, 1.0])
def test_certainty_stays_what_it_is(belief):
    assert starting.growing_belief(belief, 3.0, 120.0) == belief


def test_evidence_removes_a_share_of_the_doubt():
    assert starting.with_evidence(0.2, 0.5) == pytest.approx(0.6)
    assert starting.with_evidence(0.2, 0.0) == pytest.approx(0.2)
    assert starting.with_evidence(0.2, 1.0) == 1.0
    once = starting.with_evidence(starting.with_evidence(0.2, 0.3), 0.6)
    assert once == pytest.approx(starting.with_evidence(starting.with_evidence(0.2, 0.6), 0.3))


def test_fading_halves():
    assert starting.fading(8.0, 3.0, 3.0) == pytest.approx(4.0)
    assert starting.fading(8.0, 9.0, 3.0) == pytest.approx(1.0)
    assert starting.fading(8.0, 0.0, 3.0) == 8.0
    assert starting.fading(0.0, 5.0, 3.0) == 0.0


def test_excess_counts_factors_of_ten_beyond_the_trend():
    above = math.log(1e24 / 1e22)
    assert starting.excess_over_trend(above, 0.0, 12.0, 0.0) == pytest.approx(2.0)
    assert starting.excess_over_trend(above, 0.5, 24.0, 0.0) == pytest.approx(1.0)
    assert starting.excess_over_trend(-above, 0.5, 0.0, 0.0) == 0.0
    assert starting.excess_over_trend(above, 0.0, 0.0, math.log(10)) == pytest.approx(1.0)  # its own
    assert starting.excess_over_trend(above, 0.0, 0.0, -math.log(10)) == pytest.approx(3.0)


def test_conviction_rests_on_proof_or_on_the_trend():
    assert starting.conviction(0.2, 1.0, 0.5, 0.09) == pytest.approx(0.6)  # the leap is no matter
    assert starting.conviction(0.2, 0.0, 0.5, 0.09) == pytest.approx(0.6 * 0.09)
    assert starting.conviction(0.2, 0.0, 0.5, 1.0) == pytest.approx(0.6)  # an ordinary step
    assert starting.conviction(0.2, 0.0, 0.5, 0.0) == 0.0
    assert starting.conviction(0.2, 0.4, 0.5, 0.0) == pytest.approx(0.4 * 0.6)  # hearsay


def test_the_lead_is_lognormal_about_its_median():
    assert starting.lead_time(3.0, 0.5, 0.0) == 3.0
    assert starting.lead_time(3.0, 0.5, 2.0) == pytest.approx(3.0 * math.e)
    assert starting.lead_time(0.0, 0.5, 2.0) == 0.0


def test_start_rate_multiplies_its_factors():
    assert starting.start_rate(0.1, 0.5, 2.0, 0.5, 0.3, 0, 0.0, 1.0) == pytest.approx(0.1 * 0.5 * 2.0)
    assert starting.start_rate(0.1, 0.5, 2.0, 0.0, 0.3, 2, 0.0, 1.0) == pytest.approx(0.1 * 0.5 * 0.09)
    assert starting.start_rate(0.1, 0.5, 2.0, 0.0, 0.3, 0, 0.9, 1.0) == pytest.approx(0.1 * 0.5 * 0.1)
    assert starting.start_rate(0.1, 0.5, 2.0, 0.0, 0.3, 0, 0.0, 3.0) == pytest.approx(0.1 * 0.5 * 3.0)


def test_only_what_costs_less_than_one_would_spend_is_the_easier_for_it():
    assert starting.ease(100.0, 0.5) == pytest.approx(10.0)
    assert starting.ease(math.inf, 0.5) == starting.ease(1e10, 0.5) == pytest.approx(1e9**0.5)
    assert starting.ease(100.0, 0.0) == starting.ease(1.0, 0.5) == starting.ease(0.01, 0.5) == 1.0


def test_willingness_follows_trend_tail_and_conviction():
    assert starting.willing(1e6, compute.growth(0.0, 24.0), 1.0, 2.0, 0.0) == pytest.approx(1e6)
    assert starting.willing(1e6, compute.growth(0.5, 24.0), 1.0, 2.0, 0.0) == pytest.approx(1e7)
    assert starting.willing(1e6, 1.0, 3.0, 2.0, 0.5) == pytest.approx(6e6)
    assert starting.willing(1e6, compute.growth(0.5, -24.0), 1.0, 0.0, 1.0) == pytest.approx(1e5)


def test_what_lacks_for_means_can_be_paid_for_when_they_have_grown_and_come_in():
    months = starting.months_until_affordable
    assert months(1e6, 1e5, 0.5, 0.0, 0.0) == pytest.approx(24.0)
    assert months(1e6, 1e6, 0.5, 6.0, 2.0) == 3.0
    assert months(1e6, 1e5, 0.5, 60.0, 2.0) == 30.0  # the later of both
    assert months(1e6, 1e6, 0.5, -1.0, 0.0) == 0.0
    assert months(1e6, 1e5, 0.0, 0.0, 1.0) == months(1e6, 0.0, 0.5, 0.0, 1.0) == math.inf
    assert months(1e6, 1e6, 0.5, 6.0, 0.0) == math.inf


def test_help_and_gifts_make_up_for_as_much_as_they_are_with_a_leeway():
    assert starting.times_too_dear(6.0, 2.0) == 3.0
    assert starting.times_too_dear(6.0, 0.0) == starting.times_too_dear(6.0, -1.0) == math.inf
    assert starting.stays_too_dear(3.0, 0.3) and not starting.stays_too_dear(3.0, 0.4)
    assert starting.is_far_too_little(40.0, 100.0) and not starting.is_far_too_little(60.0, 100.0)
    assert starting.stays_too_dear(math.inf, 0.9) and not starting.stays_too_dear(1.9, 0.0)


def test_a_leap_cuts_conviction_by_a_factor_for_each_factor_ten():
    assert remembering.power(nothing_remembered(), 0.3, 2.0) == pytest.approx(0.09)
    assert remembering.power(nothing_remembered(), 0.0, 2.0) == 0.0


def nothing_remembered():
    return np.full(1, np.nan, REMEMBERED).view(np.recarray)[0]


@pytest.mark.parametrize("name", ["exponential", "logarithm"])
def test_what_is_remembered_is_what_would_be_reckoned(name):
    row, reckon = nothing_remembered(), {"exponential": math.exp, "logarithm": math.log}[name]
    for argument in (1.5, 1.5, 3.0, 1.5):
        assert getattr(remembering, name)(row, argument) == reckon(argument)
        assert (row.argument, row.value) == (argument, reckon(argument))


def test_growth_is_the_same_for_one_who_remembers():
    level = nothing_remembered()
    for first, last in ((0.0, 3.0), (3.0, 7.5), (7.0, 8.0)):
        for growth in (0.4, 0.0):
            expected = compute.grown_months(growth, first, last)
            assert compute.remembered_growth(level, growth, first, last) == expected


def test_money_in_excess_replaces_people_up_to_a_limit():
    assert starting.team_needed(10.0, 1.0, 1.0, 0.5, 0.5) == 10.0
    assert starting.team_needed(10.0, 0.6, 1.0, 0.5, 0.5) == pytest.approx(6.0)
    assert starting.team_needed(10.0, 1.0, 4.0, 0.5, 0.9) == pytest.approx(5.0)
    assert starting.team_needed(10.0, 1.0, 1e9, 0.5, 0.3) == pytest.approx(7.0)
    assert starting.team_needed(10.0, 1.0, 0.1, 0.5, 0.3) == 10.0
    assert starting.team_needed(10.0, 1.0, 100.0, 0.0, 0.3) == 10.0


def test_skill_lies_between_novice_and_expert():
    assert starting.skill(0.4, 0.0) == 0.4
    assert starting.skill(0.4, 0.5) == pytest.approx(0.7)
    assert starting.skill(0.4, 1.0) == 1.0


@pytest.mark.parametrize("must_open, must_close", [(False, False), (True, False), (False, True)])
@pytest.mark.parametrize("must_be_near", [False, True])
@pytest.mark.parametrize("openness", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("same_region", [False, True])
def test_conditions_of_sponsors(must_open, must_close, must_be_near, openness, same_region):
    met = sponsoring.meets_conditions(must_open, must_close, must_be_near, openness, same_region)
    fits = (openness >= 0.5 or not must_open) and (openness < 0.5 or not must_close)
    assert met == (fits and (same_region or not must_be_near))


def test_appeal_is_the_weighted_mean_of_motives():
    assert sponsoring.appeal(0.5, 0.3, 0.2, 1.0, 0.0, 1.0) == pytest.approx(0.7)
    assert sponsoring.appeal(1.0, 1.0, 0.0, 0.4, 1.0, 0.0) == pytest.approx(0.7)
    assert sponsoring.appeal(0.0, 0.0, 0.0, 0.0, 0.0, 0.0) == 1.0
    assert sponsoring.appeal(0.1, 0.0, 0.0, 1.0, 0.0, 0.0) == 1.0


def test_a_sponsor_seldom_takes_notice_of_whom_it_does_not_know():
    assert sponsoring.grant_rate(0.2, 0.5, 0.1, True) == pytest.approx(0.1)
    assert sponsoring.grant_rate(0.2, 0.5, 0.1, False) == pytest.approx(0.01)


def test_release_by_policy_or_imitation():
    assert publishing.releases(0.3, False, 0.29)
    assert not publishing.releases(0.3, False, 0.31)
    assert publishing.releases(0.0, True, 0.99)


def test_times_of_writing_and_holding():
    assert publishing.writing_time(3.0, 0.5, 0.0) == 3.0
    assert publishing.writing_time(3.0, 0.5, 2.0) == pytest.approx(3.0 * math.e)
    assert publishing.hold_time(4.0, 0.5) == 2.0


def held(*helps, overlap=0.0):
    """Return the help of several artifacts of one kind, taken up in the order given."""
    row = np.zeros(1, HELP).view(np.recarray)[0]
    hold_only(row, 0.0)
    for new in helps:
        add(row, new, overlap)
    return row.held


def test_duplicates_help_less():
    assert held(0.6) == pytest.approx(0.6)
    assert held(0.5, 0.6) == pytest.approx(0.8)
    assert held(0.5, 0.6) - 0.5 < 0.6
    assert held(0.5, 7.0) == 1.0  # a fit beyond 1 counts as 1
    assert held(0.5, 0.6, overlap=1.0) == pytest.approx(0.6)  # the better one is all there is
    assert held(0.5, 0.6, overlap=0.5) == pytest.approx(0.7)


@pytest.mark.parametrize("overlap", [0.0, 0.4, 0.9, 1.0])
def test_help_does_not_depend_on_the_order_in_which_it_comes(overlap):
    helps = (0.3, -0.1, 0.6, 0.05, -0.2, 0.4)
    expected = held(*helps, overlap=overlap)
    for order in itertools.permutations(helps):
        assert held(*order, overlap=overlap) == pytest.approx(expected)


def test_no_number_of_others_closes_more_than_overlap_leaves():
    assert held(0.5, *[0.4] * 50, overlap=0.8) == pytest.approx(0.5 + 0.2 * 0.5)
    assert held(*[0.5] * 50) == pytest.approx(1.0)


def test_what_fits_badly_costs_but_not_without_limit():
    assert held(-0.2) == pytest.approx(-0.2)
    assert held(0.5, -0.2, overlap=1.0) == pytest.approx(0.4)
    assert held(-9.0, overlap=0.5) == pytest.approx(LEAST_HELP)
    assert held(*[-9.0] * 5, overlap=0.5) == pytest.approx(LEAST_HELP)


@pytest.mark.parametrize("help_left", [-0.3, 0.0, 0.7, 1.0])
def test_what_has_faded_counts_as_one_thing(help_left):
    row = np.zeros(1, HELP).view(np.recarray)[0]
    hold_only(row, help_left)
    assert row.held == help_left
    add(row, 0.0, 0.5)
    assert row.held == pytest.approx(help_left)


def test_money_that_compute_does_not_take_buys_help():
    assert starting.slack(3.0, 2.0) == 1.5
    assert starting.slack(3.0, 0.0) == math.inf and starting.slack(0.0, 0.0) == 1.0
    assert starting.team_needed(10.0, 1.0, starting.slack(3.0, 0.0), 0.3, 0.4) == pytest.approx(6.0)


def test_of_several_that_fall_short_the_scarcest_binds():
    assert compute.scarcest(1.0, 1.0, 1.0) == Bound.NONE
    assert compute.scarcest(0.6, 0.001, 0.5) == Bound.CHIPS
    assert compute.scarcest(0.4, 1.0, 0.5) == Bound.TALENT
    assert compute.scarcest(1.0, 1.0, 0.99) == Bound.MONEY


def test_a_training_that_failures_cost_its_means_fell_short_for_their_sake():
    assert what_stopped(Bound.MONEY, 60.0, 50.0, 100.0) == Bound.TECHNICAL_FAULT
    assert what_stopped(Bound.DEADLINE, 50.0, 50.0, 100.0) == Bound.TECHNICAL_FAULT
    assert what_stopped(Bound.MONEY, 60.0, 30.0, 100.0) == Bound.MONEY  # it would have run out anyway
    assert what_stopped(Bound.DEADLINE, 60.0, 0.0, 100.0) == Bound.DEADLINE
