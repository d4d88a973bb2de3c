"""What a replication takes: how artifacts overlap and age, how far teams go, who gets people and weights."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import LAB, LAB_KIND, LASTING, play, play_runs, tiny_world

from sim.compute import SECONDS_PER_MONTH
from sim.errors import UserError
from sim.scenario import merge
from sim.words import Bound, Event

WORK, PEOPLE, GAIN = 30.0, 2.0, 0.5
CLASS = {"parameters": 1e9, "tokens": 1.67e11, "data_work": 0, "as_of": "2020-01", "search_share": 0}
CLASS |= {"team": 1, "publicity": 0}


def project_world(**more):
    tables = {
        "scenario": {"end": "2034-12"},
        "kinds": {"leading_lab": LAB_KIND},
        "actors": {"Lab": LAB, "Other": LAB | {"active_from": "2034-12"}},
        "classes": {"model": {"work": WORK}},
        "effects": {"code": LASTING | {"work": GAIN, "uptake_months": 1e-6}},
    }
    return tiny_world(**merge(tables, more))


def months_of_work(world, run=0):
    played = play(world, run)
    return played.time(Event.BUILT, "Lab") - played.time(Event.STARTED, "Lab")


def scripted(strength=1.0, owner="Other", **more):
    return {"owner": owner, "kind": "code", "published": "2019-06", "strength": strength} | more


@pytest.mark.parametrize("overlap, held", [(0.0, 0.8), (0.5, 0.7), (1.0, 0.6)])
def test_artifacts_of_one_kind_overlap(overlap, held):
    world = project_world(
        effects={"code": {"overlap": overlap}},
        scripted_artifacts={"one": scripted(0.6), "two": scripted(0.5)},
    )
    assert months_of_work(world) == pytest.approx(WORK / PEOPLE * (1 - GAIN * held), rel=1e-9)


def test_distance_counts_upwards_only():
    """Code of a larger model makes a smaller one; code of a smaller one keeps its part per factor ten."""
    classes = {"small": CLASS | {"flop": 1e19, "work": WORK}, "model": {"work": WORK}}
    months = {}
    for of_class, aimed in (("model", "small"), ("small", "model")):
        world = project_world(
            classes=classes,
            effects={"code": {"distance": 0.4}},
            scripted_artifacts={"code": scripted(**{"class": of_class})},
        )
        world["classes"] = {name: world["classes"][name] for name in ("small", "model")}
        if aimed == "model":
            world["actors"]["Lab"] = LAB | {"reached": "small"}
        months[aimed] = months_of_work(world)
    assert months["small"] == pytest.approx(WORK / PEOPLE * (1 - GAIN), rel=1e-9)
    assert months["model"] == pytest.approx(WORK / PEOPLE * (1 - GAIN * 0.4**2), rel=1e-9)


@pytest.mark.parametrize("in_project, left", [(False, 1 - GAIN), (True, 1.0)])
def test_what_is_made_in_a_project_spares_its_maker_nothing(in_project, left):
    world = project_world(scripted_artifacts={"code": scripted(owner="Lab", in_project=in_project)})
    assert months_of_work(world) == pytest.approx(WORK / PEOPLE * left, rel=1e-9)


def test_luck_of_fit_adds_nothing():
    world = project_world(effects={"code": {"spread": 0.5}}, scripted_artifacts={"code": scripted(0.6)})
    months = np.array([months_of_work(world, run) for run in range(60)])
    least = WORK / PEOPLE * (1 - GAIN * 0.6)
    assert months.min() == pytest.approx(least, rel=1e-9)
    assert (months > least * (1 + 1e-6)).any()


def test_a_model_grows_old_from_its_announcement():
    """Code announced today is fresh however long ago the model was trained."""
    projects = {
        "old": {
            "actor": "Origin", "class": "model", "started": "2018-01", "trained": "2018-06",
            "announced": "2020-01", "releases": {"existence": 0, "code": 0},
        }
    }  # fmt: skip
    world = project_world(
        effects={"code": {"obsolescence_months": 6}, "existence": LASTING},
        actors={"Origin": LAB | {"kind": "large_firm"}},
        kinds={"large_firm": LAB_KIND | {"start_rate": 0}},
        scripted_projects=projects,
    )
    learned = play(world).rows(Event.LEARNED, "Lab")
    helped = learned[learned["amount"] > 0]
    assert helped["amount"][0] == pytest.approx(np.exp(-helped["time"][0] / 6), abs=1e-6)


def test_savings_are_taken_as_quality_by_who_can_pay():
    """At halving in a year, five years later: all saved, or none of it."""
    trends = {"algorithm_halving_months": 12, "algorithm_free_share": 1}
    goal, built = {}, np.inf
    for taken, means in ((0.0, 1e9), (0.5, 1e9), (1.0, 1.0), (1.0, 1e9)):
        world = project_world(
            trends=trends,
            classes={"model": {"as_of": "2015-01"}},
            training={"taken_as_quality": taken},
            actors={"Lab": {"willing_usd": means * 1e3}},
        )
        played = play(world)
        done = played.rows(Event.TRAINED, "Lab")
        built = played.time(Event.TUNED, "Lab") - played.time(Event.STARTED, "Lab")
        goal[taken, means] = done["amount"][0] if len(done) else np.nan
    saved = goal[0.0, 1e9]
    assert saved < 0.05 * 1e21
    assert goal[1.0, 1e9] == pytest.approx(1e21 * 2 ** (-built / 12), rel=1e-6)  # progress while it is built
    assert saved < goal[0.5, 1e9] < goal[1.0, 1e9]
    assert np.isnan(goal[1.0, 1.0]) or goal[1.0, 1.0] < goal[1.0, 1e9]


def test_a_failed_attempt_is_kept_where_another_would_get_no_farther():
    """Time for one attempt only: its last checkpoint is the model, and a fault is what bound it."""
    found = set()
    for played in play_runs(
        project_world(
            kinds={"leading_lab": {"deadline_months": 16.5}},
            training={"failure": 0.9, "attempts": 9, "shortest_months": 1.0, "least_share": 0.1},
        ),
        range(60),
    ):
        found |= {int(row["bound"]) for row in played.rows(Event.UNDERTRAINED)}
    assert int(Bound.TECHNICAL_FAULT) in found


def licence_world(access, **kind):
    projects = {
        "model": {
            "actor": "Other", "class": "model", "started": "2020-01", "trained": "2020-02",
            "announced": "2020-06", "access": access, "releases": {"existence": 0, "weights": 0},
        }
    }  # fmt: skip
    readers = {"develops": False, "eligible": True, "wants_weights": 0.1, "licensed": 0.25} | kind
    return tiny_world(
        scenario={"end": "2022-12"},
        kinds={"leading_lab": LAB_KIND | {"start_rate": 0}, "individual_researchers": readers},
        actors={
            "Other": LAB,
            "people": {"kind": "individual_researchers", "region": "here", "people": 1000},
        },
        effects={"weights": LASTING, "existence": LASTING},
        scripted_projects=projects,
    )


@pytest.mark.parametrize("access, people", [("open", 100.0), ("licensed", 25.0)])
def test_a_licence_reaches_those_who_ask_and_are_eligible(access, people):
    rows = play(licence_world(access)).rows(Event.ACCESSED, "people")
    assert rows["amount"].tolist() == [pytest.approx(people)]


def test_nobody_is_reached_who_is_not_eligible():
    assert not len(play(licence_world("licensed", eligible=False)).rows(Event.ACCESSED, "people"))


def test_openness_draws_people():
    teams = {}
    for share in (0.0, 0.1):
        played = play(licence_world("open") | {"work": licence_world("open")["work"] | {"attraction": share}})
        joined = played.rows(Event.RECRUITED, "Other")
        teams[share] = joined["amount"].sum()
        assert len(joined) == (2 if share else 0)  # existence and weights
    assert teams[0.1] == pytest.approx(LAB["people"] * (1.1**2 - 1))


def volunteers(**changes):
    """A team of volunteers that builds before it has chips, and a sponsor that lends them later."""
    return project_world(
        kinds={
            "open_collective": LAB_KIND | {"paid": 0},
            "cloud_sponsor": {"develops": False, "sponsors": True, "give_rate": 50},
        },
        actors={
            "Lab": LAB | {"kind": "open_collective", "chips": 0, "willing_usd": 0, "money_usd": 0},
            "Cloud": {
                "kind": "cloud_sponsor", "region": "here", "family": "general",
                "grant": "hardware_access", "grant_chips": 1000,
            } | changes,
        },
        training={"experiments": 2.0},
    )  # fmt: skip


def test_what_was_built_without_chips_went_untested():
    early, late = play(volunteers()), play(volunteers(active_from="2025-01"))
    tested = [played.tables.projects["tested"][0] for played in (early, late)]
    assert tested[0] > 0 == tested[1]
    assert late.time(Event.BUILT, "Lab") < 60 < late.time(Event.TRAINED, "Lab")
    assert late.time(Event.TUNED, "Lab") == late.time(Event.EQUIPPED, "Lab")  # no trial runs here, no tests


def test_who_has_the_weights_of_a_class_needs_no_copy_of_it():
    projects = {
        "model": {
            "actor": "Other", "class": "model", "started": "2020-01", "trained": "2020-02",
            "announced": "2020-03", "releases": {"existence": 0, "weights": 0},
        }
    }  # fmt: skip
    slow = LAB_KIND | {"start_rate": 0.02}
    decided = {}
    for copies in (0.0, 1.0):
        world = tiny_world(
            scenario={"end": "2025-12"},
            kinds={"leading_lab": slow | {"replicate": copies}, "large_firm": LAB_KIND | {"start_rate": 0}},
            actors={"Lab": LAB, "Other": LAB | {"kind": "large_firm"}},
            effects={"weights": LASTING | {"uptake_months": 0.01}, "existence": LASTING},
            scripted_projects=projects,
        )
        decided[copies] = sum(
            len(played.rows(Event.DECIDED, "Lab")) for played in play_runs(world, range(40))
        )
    assert decided[0.0] > 20 and decided[1.0] < 6


@pytest.mark.parametrize("lasts, serves", [(1e15, True), (0.5, False)])
def test_what_was_built_serves_the_next_try_while_it_is_fresh(lasts, serves):
    """A team that gives up when its deadline passes has the engineering of its first try at the second."""
    world = project_world(
        kinds={"leading_lab": {"deadline_months": 18.0, "rescope": 0, "start_rate": 0.05}},
        effects={"code": {"obsolescence_months": lasts, "work": 0}},
        training={"shortest_months": 6.0, "least_share": 0.9},
    )
    played = play(world)
    built, started = played.rows(Event.BUILT, "Lab"), played.rows(Event.STARTED, "Lab")
    stopped = played.rows(Event.STOPPED, "Lab")
    assert stopped["bound"][0] == Bound.DEADLINE and len(built) > 1
    first, second = (row["time"] for row in built[:2])
    assert first - started["time"][0] == pytest.approx(WORK / PEOPLE, rel=1e-9)
    again = second - started["time"][1]
    assert again == pytest.approx(0.0, abs=1e-9) if serves else again > 0.9 * WORK / PEOPLE


@pytest.mark.parametrize("strength, left", [(1.0, 0.0), (0.4, 0.6)])
def test_weights_of_another_design_do_for_a_copy_in_part(strength, left):
    world = tiny_world(
        scenario={"end": "2020-12"},
        kinds={"leading_lab": LAB_KIND | {"start_rate": 1e-9, "replicate": 1}},
        actors={"Lab": LAB, "Other": LAB | {"active_from": "2034-12"}},
        effects={"weights": LASTING | {"uptake_months": 1e-3}, "existence": LASTING},
        scripted_artifacts={
            "weights": {
                "owner": "Other", "kind": "weights", "class": "model", "published": "2020-01",
                "strength": strength,
            }
        },
    )  # fmt: skip
    wishes = play(world).tables.wishes
    assert wishes["rate"][0] == pytest.approx(1e-9 * left, rel=1e-6, abs=1e-20)


def test_what_exists_convinces_as_far_as_it_is_worth():
    wanted = {}
    for worth in (1.0, 0.5, 0.0):
        world = tiny_world(
            scenario={"end": "2020-12"},
            classes={"model": {"worth": worth}},
            kinds={"leading_lab": LAB_KIND | {"belief": 0, "start_rate": 1e-9}},
            conviction={"proof": 0.8},
            actors={"Lab": LAB, "Other": LAB | {"active_from": "2034-12"}},
            effects={"existence": LASTING | {"uptake_months": 1e-3}},
            scripted_artifacts={
                "it": {"owner": "Other", "kind": "existence", "class": "model", "published": "2020-01"}
            },
        )
        wanted[worth] = play(world).tables.wishes["rate"][0]
    assert (
        wanted[1.0] == pytest.approx(0.8e-9) and wanted[0.5] == pytest.approx(0.4e-9) and wanted[0.0] == 0.0
    )


SMALL = {"small": CLASS | {"flop": 1e20, "work": WORK}, "model": {"work": WORK}}


def short_of_chips(share, **more):
    """A world whose chips do a share of the compute of the model in the longest training."""
    per_month = 1000 * 1e14 * 0.5 * SECONDS_PER_MONTH
    training = {"longest_months": share * 1e21 / per_month}
    return project_world(**merge({"training": training}, more))


@pytest.mark.parametrize("least, trained", [(0.7, None), (0.5, 0.6)])
def test_a_model_is_planned_smaller_where_means_are_short(least, trained):
    played = play(short_of_chips(0.6, training={"least_size": least}))
    done = played.rows(Event.TRAINED, "Lab")
    if trained is None:
        assert len(done) == 0
        assert set(played.rows(Event.BLOCKED, "Lab")["bound"]) == {int(Bound.CHIPS)}
    else:
        assert done["amount"][0] == pytest.approx(trained * 1e21, rel=1e-9)


def test_money_too_buys_a_smaller_model():
    full = play(project_world(chips={"chip": {"usd_per_hour": 1.0}}))
    cost = full.rows(Event.STARTED, "Lab")["usd"][0]
    goal = full.rows(Event.TRAINED, "Lab")["amount"][0]
    world = project_world(
        chips={"chip": {"usd_per_hour": 1.0}},
        actors={"Lab": {"willing_usd": 0.5 * cost}},
        training={"least_size": 0.4},
    )
    played = play(world)
    assert played.rows(Event.STARTED, "Lab")["usd"][0] == pytest.approx(0.5 * cost, rel=1e-9)
    assert played.rows(Event.TRAINED, "Lab")["amount"][0] == pytest.approx(0.5 * goal, rel=1e-9)


@pytest.mark.parametrize("own, reached", [(0.0, 0.2), (0.35, 0.35), (0.7, 0.7)])
def test_a_generation_of_chips_may_have_a_use_of_its_own(own, reached):
    """0: as of chips in general. Above the best of all know-how, know-how has nothing to add."""
    world = project_world(
        chips={"chip": {"utilisation": own}}, training={"utilisation": 0.2, "best_utilisation": 0.5}
    )
    projects = play(world).tables.projects[:1]
    peak = 1e14 * SECONDS_PER_MONTH
    assert projects.flop_final[0] / (projects.chip_months[0] * peak) == pytest.approx(reached, rel=1e-9)


def test_know_how_closes_the_gap_above_the_use_of_its_own():
    """Half of the gap between 0.3 and 0.5 is left: 0.4."""
    world = project_world(
        chips={"chip": {"utilisation": 0.3}},
        training={"utilisation": 0.2, "best_utilisation": 0.5},
        effects={"tools": LASTING | {"utilisation": 0.5, "uptake_months": 1e-6}},
        scripted_artifacts={"tool": scripted(kind="tools")},
    )
    projects = play(world).tables.projects[:1]
    peak = 1e14 * SECONDS_PER_MONTH
    assert projects.flop_final[0] / (projects.chip_months[0] * peak) == pytest.approx(0.4, rel=1e-9)


@pytest.mark.parametrize("needed, starts", [(2.7, True), (2.9, False)])
def test_a_team_suffices_if_those_do_who_are_put_on_the_model(needed, starts):
    """Four people, of whom an actor that is convinced by 0.4 puts 0.5 + 0.5 x 0.4 on it: 2.8."""
    world = project_world(
        kinds={"leading_lab": LAB_KIND | {"belief": 0.4, "belief_growth": 0}},
        conviction={"staffing": 0.5},
        actors={"Lab": {"people": 4}},
        classes={"model": {"team": needed}},
    )
    played = play(world)
    assert (len(played.rows(Event.STARTED, "Lab")) > 0) == starts
    blocked = set(played.rows(Event.BLOCKED, "Lab")["bound"].tolist())
    assert blocked == (set() if starts else {int(Bound.TALENT)})


def test_who_copies_a_model_copies_its_size():
    known = {"known": {"owner": "Other", "kind": "existence", "class": "model", "published": "2019-06"}}
    lag = {}
    for replicate in (0.0, 1.0):
        world = short_of_chips(
            0.6,
            training={"least_size": 0.5},
            kinds={"leading_lab": {"replicate": replicate}},
            effects={"existence": LASTING},
            scripted_artifacts=known,
        )
        lag[replicate] = len(play(world).rows(Event.TRAINED, "Lab"))
    assert lag == {0.0: 1, 1.0: 0}


@pytest.mark.parametrize("settle", [0.0, 1.0])
def test_who_lacks_the_means_settles_for_less(settle):
    """Who has no appetite for the smaller one decides for it only where the larger is out of reach."""
    known = {"known": {"owner": "Other", "kind": "existence", "class": "model", "published": "2019-06"}}
    world = short_of_chips(
        0.2,
        classes=SMALL,
        kinds={"leading_lab": {"settle": settle, "appetite": 0}},
        effects={"existence": LASTING},
        scripted_artifacts=known,
    )
    world["classes"] = {name: world["classes"][name] for name in ("small", "model")}
    played = play(world)
    decided = played.rows(Event.DECIDED, "Lab")
    small = decided[decided["klass"] == 0]
    assert len(small) == settle
    if settle:
        lacked = played.log[small["cause"][0]]
        assert (lacked["what"], lacked["klass"], lacked["bound"]) == (Event.BLOCKED, 1, Bound.CHIPS)
        assert played.rows(Event.TRAINED, "Lab")["klass"].tolist() == [0]
        assert small["time"][0] - lacked["time"] <= 1.0  # at its next plan


def told_of_something_larger(work, published, run):
    """A lab builds a small model that takes so many person-months, and is told that a larger one exists."""
    known = {"known": {"owner": "Other", "kind": "existence", "class": "model", "published": published}}
    world = project_world(
        classes=SMALL | {"small": CLASS | {"flop": 1e20, "work": work}},
        kinds={"leading_lab": {"appetite": 1}},
        effects={"existence": LASTING},
        scripted_artifacts=known,
    )
    world["classes"] = {name: world["classes"][name] for name in ("small", "model")}
    played = play(world, run)
    stopped = played.rows(Event.STOPPED, "Lab")
    return played, stopped[stopped["bound"] == int(Bound.OUTGROWN)]


def test_a_team_turns_from_what_it_builds_to_something_larger():
    turned = 0
    for run in range(10):
        played, outgrown = told_of_something_larger(1000.0, "2020-06", run)
        if len(outgrown):
            turned += 1
            started = played.rows(Event.STARTED, "Lab")
            larger = started[started["klass"] == 1][0]
            assert (outgrown[0]["klass"], outgrown[0]["time"]) == (0, larger["time"])
            assert played.rows(Event.TRAINED, "Lab")["klass"][0] == 1
    assert turned > 0


def test_who_has_built_more_than_half_of_a_model_finishes_it():
    finished = turned = 0
    for run in range(40):
        played, outgrown = told_of_something_larger(24.0, "2020-12", run)  # a year for two people
        decided = played.rows(Event.DECIDED, "Lab")
        larger = decided[decided["klass"] == 1]["time"][0]
        started, aware = played.time(Event.STARTED, "Lab"), played.time(Event.AWARE, "Lab")
        assert bool(len(outgrown)) == (started < larger < started + 6.0)
        if started < aware < started + 12.0:  # it comes to know while it builds
            assert len(outgrown) or larger >= started + 12.0
            finished, turned = finished + (not len(outgrown)), turned + len(outgrown)
    assert finished > 0 and turned > 0


@pytest.mark.parametrize(("lent", "suffices"), [(2.0, True), (0.5, False)])
def test_who_lends_for_less_time_than_a_training_takes_helps_nobody(lent, suffices):
    """The training takes a month on all chips that the sponsor has."""
    per_month = 1e14 * 0.5 * SECONDS_PER_MONTH
    granted = play(volunteers(grant_chips=1e21 / per_month, lent_months=lent)).rows(Event.GRANTED)
    assert (len(granted) > 0) == suffices


@pytest.mark.parametrize(("counted", "given"), [("", 100), ("chip", 10), ("fast", 100)])
def test_of_faster_chips_a_sponsor_gives_no_more_computing(counted, given):
    """Its hundred are counted as those of one of two generations; the second is ten times as fast."""
    world = volunteers(grant_chips=100, grant_chip=counted)
    world["chips"]["fast"] = world["chips"]["chip"] | {"released": "2012-01", "peak_flops": 1e15}
    assert set(play(world).rows(Event.GRANTED)["amount"]) == {given}


def test_a_sponsor_counts_its_chips_in_those_of_its_own_family():
    world = volunteers(grant_chip="chop")
    with pytest.raises(UserError, match=r"actors.Cloud.grant_chip: .*'chop'.*chip"):
        play(world)


def test_volunteers_join_while_what_was_shown_still_convinces():
    """Attention is gone weeks after the demonstration; half of the conviction is left after ten years."""
    joined = {}
    for demo in (0.0, 0.5):
        world = merge(
            licence_world("open"),
            {
                "scenario": {"end": "2029-12"},
                "classes": {"model": {"publicity": 1}},
                "kinds": {"open_collective": LAB_KIND | {"start_rate": 0, "recruits": 2}},
                "actors": {"Lab": LAB | {"kind": "open_collective"}},
                "attention": {"demos": 1, "demo_months": 1, "half_life_months": 0.25},
                "conviction": {"demo": demo, "half_life_months": 120},
            },
        )
        joined[demo] = play(world).rows(Event.RECRUITED, "Lab")["time"]
    assert len(joined[0.5]) > len(joined[0.0]) + 10
    assert joined[0.5][-1] > joined[0.5][0] + 48.0  # for years
