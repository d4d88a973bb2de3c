"""Runs against closed forms: what mathematics says about worlds so simple that it can say it."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from conftest import LAB, LAB_KIND, LASTING, ordinary_actors, play, play_runs, tiny_world
from scipy import linalg, stats

from sim.compute import SECONDS_PER_MONTH
from sim.live import LiveRun
from sim.luck import FOR, luck, name_hash, ordinal_key, waiting
from sim.scenario import from_data
from sim.words import ArtifactKind, Bound, Event, Via
from sim.world import compile_scenario

RUNS = 3000


def ties(pairs, **more):
    return [{"from": a, "to": b, "kind": "insider", **more} for a, b in pairs]


def spreading_world(count, pairs, rate=1.0, relay=1.0, end="2099-12"):
    """a0 has something private from the start on; it passes along ties."""
    return tiny_world(
        scenario={"end": end},
        effects={"details": LASTING},
        actors=ordinary_actors(count),
        ties=ties(pairs),
        flows={"insider": {"relay": relay, "details": rate}},
        scripted_artifacts={
            "secret": {"owner": "a0", "kind": "details", "made": "2020-01", "published": "never"}
        },
    )


def times_of_learning(world, runs=RUNS):
    """Return when each actor learned, (runs, actors); inf if never, 0 for the source."""
    times = np.full((runs, len(world["actors"])), np.inf)
    times[:, 0] = 0.0
    for run, played in enumerate(play_runs(world, range(runs))):
        learned = played.rows(Event.LEARNED)
        assert np.all(learned["via"] == Via.INSIDER)
        times[run, learned["actor"]] = learned["time"]
    return times


def test_first_passage_along_a_line_is_erlang():
    rate, steps = 0.5, 6
    line = [(f"a{place}", f"a{place + 1}") for place in range(steps)]
    times = times_of_learning(spreading_world(steps + 1, line, rate))
    assert np.all(np.diff(times, axis=1) > 0)
    for step in (1, 3, steps):
        assert stats.kstest(times[:, step], stats.gamma(step, scale=1 / rate).cdf).pvalue > 1e-3
    last = times[:, steps]
    assert last.mean() == pytest.approx(steps / rate, abs=4 * math.sqrt(steps / RUNS) / rate)
    assert last.var() == pytest.approx(steps / rate**2, rel=0.12)


def complete(count):
    return list(itertools.permutations([f"a{place}" for place in range(count)], 2))


def test_first_passage_on_a_complete_graph():
    count, rate = 6, 0.3
    times = np.sort(times_of_learning(spreading_world(count, complete(count), rate)), axis=1)
    steps = np.diff(times, axis=1)  # the step from k to k + 1 holders is exponential
    for holders in range(1, count):
        scale = 1 / (rate * holders * (count - holders))
        assert stats.kstest(steps[:, holders - 1], stats.expon(scale=scale).cdf).pvalue > 1e-3
    expected = sum(1 / (rate * k * (count - k)) for k in range(1, count))
    spread = math.sqrt(sum(1 / (rate * k * (count - k)) ** 2 for k in range(1, count)) / RUNS)
    assert times[:, -1].mean() == pytest.approx(expected, abs=4 * spread)


@pytest.mark.parametrize("month", [2.0, 5.0, 10.0])
def test_growth_of_si_follows_its_master_equation(month):
    count, rate = 8, 0.06
    times = times_of_learning(spreading_world(count, complete(count), rate))
    rates = np.array([rate * k * (count - k) for k in range(1, count + 1)])
    generator = np.diag(-rates) + np.diag(rates[:-1], 1)
    expected = linalg.expm(generator * month)[0] * RUNS
    holders = (times <= month).sum(axis=1)
    observed = np.bincount(holders, minlength=count + 1)[1:].astype(float)
    rare = expected < 8
    observed = np.append(observed[~rare], observed[rare].sum())
    expected = np.append(expected[~rare], expected[rare].sum())
    kept = expected > 0
    assert stats.chisquare(observed[kept], expected[kept] * observed.sum() / expected.sum()).pvalue > 1e-3


def test_final_size_on_a_line_is_geometric():
    """Whoever gets it passes it on with chance p: k more hold it with chance p^(k-1) (1 - p)."""
    relay, steps = 0.7, 12
    line = [(f"a{place}", f"a{place + 1}") for place in range(steps)]
    times = times_of_learning(spreading_world(steps + 1, line, 5.0, relay))
    size = np.isfinite(times).sum(axis=1) - 1
    assert size.min() == 1  # the source itself always passes on
    expected = np.array([relay ** (k - 1) * (1 - relay) for k in range(1, steps)] + [relay ** (steps - 1)])
    observed = np.bincount(size, minlength=steps + 1)[1:]
    assert stats.chisquare(observed, expected * RUNS).pvalue > 1e-3


def test_final_size_on_a_graph_is_site_percolation():
    """Against the enumeration of all sets of relays, whatever the rates."""
    pairs = [(0, 1), (0, 2), (1, 3), (2, 3), (3, 4), (2, 5), (5, 4), (4, 6)]
    relay = 0.5
    expected = np.zeros(8)
    for relays in itertools.product((0, 1), repeat=6):
        passing = {0, *(place + 1 for place, on in enumerate(relays) if on)}
        reached = {0}
        for _ in pairs:
            reached |= {b for a, b in pairs if a in reached and a in passing}
        expected[len(reached)] += relay ** sum(relays) * (1 - relay) ** (6 - sum(relays))
    named = [(f"a{a}", f"a{b}") for a, b in pairs]
    size = np.isfinite(times_of_learning(spreading_world(7, named, 3.0, relay))).sum(axis=1)
    observed = np.bincount(size, minlength=8)
    assert np.all(observed[expected == 0] == 0)
    possible = expected > 0
    assert stats.chisquare(observed[possible], expected[possible] * RUNS).pvalue > 1e-3


def test_uptake_of_what_is_public_is_exponential():
    count, mean = 40, 2.5
    world = tiny_world(
        scenario={"end": "2099-12"},
        effects={"weights": LASTING | {"uptake_months": mean}},
        kinds={"ordinary_actor": {"develops": False, "uptake": 2}},
        actors=ordinary_actors(count),
        scripted_artifacts={
            "model": {"owner": "a0", "kind": "weights", "class": "model", "published": "2020-04"}
        },
    )
    waits = []
    for played in play_runs(world, range(100)):
        learned = played.rows(Event.LEARNED)
        assert len(learned) == count - 1 == len(played.rows(Event.ACCESSED))
        assert np.all(learned["via"] == Via.PUBLIC)
        assert played.time(Event.RELEASED) == 3.0
        waits.append(learned["time"] - 3.0)
    assert stats.kstest(np.concatenate(waits), stats.expon(scale=mean / 2).cdf).pvalue > 1e-3


def lab_world(**more):
    return tiny_world(
        **(
            {"scenario": {"end": "2099-12"}, "kinds": {"leading_lab": LAB_KIND}, "actors": {"Lab": LAB}}
            | more
        )
    )


def luck_of(run, purpose, who, what, seed=1):
    return luck(np.uint64(seed), np.uint64(run), purpose, who, np.uint64(what))


def first_plan(run, actor):
    key = name_hash("actor", actor)
    return luck_of(run, FOR.PHASE, key, key)


def threshold(run, actor, klass, ordinal=0):
    what = ordinal_key(name_hash("class", klass), ordinal)
    return waiting(luck_of(run, FOR.DECIDE, name_hash("actor", actor), what))


def test_waiting_for_a_decision_is_exponential():
    rate = 0.2
    world = lab_world(kinds={"leading_lab": LAB_KIND | {"start_rate": rate}})
    waits = np.array(
        [
            played.time(Event.DECIDED) - first_plan(run, "Lab")
            for run, played in enumerate(play_runs(world, range(RUNS)))
        ]
    )
    assert waits.min() >= 0.0
    assert stats.kstest(waits, stats.expon(scale=1 / rate).cdf).pvalue > 1e-3
    assert waits.mean() == pytest.approx(1 / rate, abs=4 / rate / math.sqrt(RUNS))


def test_months_until_a_decision_are_geometric():
    rate = 0.2
    world = lab_world(kinds={"leading_lab": LAB_KIND | {"start_rate": rate}})
    months = [
        math.floor(played.time(Event.DECIDED) - first_plan(run, "Lab"))
        for run, played in enumerate(play_runs(world, range(RUNS)))
    ]
    most = 15
    observed = np.bincount(np.minimum(months, most), minlength=most + 1)
    stay = math.exp(-rate)
    expected = [stay**k * (1 - stay) for k in range(most)] + [stay**most]
    assert stats.chisquare(observed, np.array(expected) * RUNS).pvalue > 1e-3


def test_a_decision_falls_where_the_hazard_crosses_its_threshold():
    rate = 0.15
    world = lab_world(kinds={"leading_lab": LAB_KIND | {"start_rate": rate, "belief": 0.4}})
    for run, played in enumerate(play_runs(world, range(200))):
        expected = first_plan(run, "Lab") + threshold(run, "Lab", "model") / (0.4 * rate)
        assert played.time(Event.DECIDED) == pytest.approx(expected, rel=1e-9)


ORIGIN = {
    "scripted_projects": {
        "first": {
            "actor": "Origin",
            "class": "model",
            "started": "2020-01",
            "trained": "2020-06",
            "announced": "2020-10",
            "releases": {"existence": 0},
        }
    }
}


def test_accumulated_hazard_survives_a_change_of_its_rate():
    """Sellke: news in mid-course changes the rate, not the threshold."""
    rate, belief, proof, leap = 0.1, 0.3, 0.8, 0.35
    world = lab_world(
        kinds={"leading_lab": LAB_KIND | {"start_rate": rate, "belief": belief, "leap": leap}},
        actors={"Lab": LAB, "Origin": LAB},
        conviction={"proof": proof, "spread": 0},
        classes={"model": {"flop": 1e23}},
        trends={"compute_flop": 1e22},  # the class lies a factor of ten beyond the trend
        effects={"existence": LASTING},
        **ORIGIN,
    )
    fast = rate * (1 - (1 - belief) * (1 - proof))
    slow = fast * leap
    changed = 0
    for run, played in enumerate(play_runs(world, range(300))):
        phase, wanted = first_plan(run, "Lab"), threshold(run, "Lab", "model")
        decided, aware = played.time(Event.DECIDED, "Lab"), played.time(Event.AWARE, "Lab")
        if phase + wanted / slow <= aware:
            expected = phase + wanted / slow
        else:
            expected = aware + (wanted - slow * (aware - phase)) / fast
            changed += 1
        assert decided == pytest.approx(expected, rel=1e-9)
    assert 100 < changed < 300


WORK, PEOPLE = 30.0, 2.0


def project_world(saving=0.0, published="2020-09", **more):
    chips = {"kinds": {"leading_lab": LAB_KIND}}
    tables = {
        "scenario": {"end": "2034-12"},
        "actors": {"Lab": LAB, "Other": LAB | {"active_from": "2034-12"}},
        "classes": {"model": {"work": WORK, "as_of": "2020-01", "search_share": 0.2}},
        "training": {"trials_floor": 1.0},
        "effects": {"code": LASTING | {"work": saving, "distance": 1.0}},
        "scripted_artifacts": {
            "code": {"owner": "Other", "kind": "code", "made": "2020-01", "published": published}
        },
    }
    return tiny_world(**(chips | tables | more))


def test_project_time_without_any_artifact():
    world = project_world(published="never")
    flop, rate = 1e21, 1e14 * 0.5 * SECONDS_PER_MONTH
    count = min(1000.0, flop / (rate * 1e-3))
    for played in play_runs(world, range(20)):
        started = played.time(Event.STARTED)
        built, tuned = played.time(Event.BUILT), played.time(Event.TUNED)
        assert built - started == pytest.approx(WORK / PEOPLE, rel=1e-9)
        assert tuned - built == pytest.approx(flop * 0.2 / 0.8 / (rate * count), rel=1e-9)
        assert played.time(Event.TRAINED) - tuned == pytest.approx(flop / (rate * count), rel=1e-9)
        assert played.time(Event.ANNOUNCED) - played.time(Event.TRAINED) == pytest.approx(1.0)


@pytest.mark.parametrize("saving", [0.0, 0.3, 0.8, 1.0])
def test_project_time_with_an_artifact_arriving_midway(saving):
    """It cuts what is left of the work: t + (1 - r t / W) W (1 - s) / r."""
    midway = 0
    for played in play_runs(project_world(saving), range(40)):
        started, built = played.time(Event.STARTED), played.time(Event.BUILT)
        learned = played.time(Event.LEARNED, "Lab")
        after = learned - started
        if 0 < after < WORK / PEOPLE:
            left = 1 - PEOPLE * after / WORK
            expected = after + left * WORK * (1 - saving) / PEOPLE
            assert built - started == pytest.approx(expected, rel=1e-9)
            midway += 1
        elif after <= 0:
            assert built - started == pytest.approx(WORK * (1 - saving) / PEOPLE, rel=1e-9)
    assert midway > 20


@pytest.mark.parametrize(("least", "makes"), [(0.0, True), (0.2, True), (0.4, False)])
def test_who_trains_on_the_text_of_others_leaves_no_corpus(least, makes):
    """Seven tenths of the work on the text are borrowed: three are the lab's own."""
    world = project_world(training={"trials_floor": 1.0, "own_corpus": least})
    world["effects"] = {"dataset": LASTING | {"data_work": 0.7, "distance": 1.0}}
    world["scripted_artifacts"]["code"] |= {"kind": "dataset", "published": "2020-01"}
    world["actors"]["Lab"] = LAB | {"active_from": "2024-01"}
    played = play(world)
    made = played.rows(Event.MADE, "Lab")
    assert len(made) and (ArtifactKind.DATASET in made["kind"]) == makes
    assert ArtifactKind.CODE in made["kind"]


def test_volunteers_take_longer_by_the_calendar():
    quick = LAB | {"people": 8}  # a quarter of them is still the team that it takes
    slow = quick | {"full_time": 0.25}
    times = [
        played.time(Event.BUILT) - played.time(Event.STARTED)
        for lab in (quick, slow)
        for played in play_runs(
            project_world(published="never", actors={"Lab": lab, "Other": LAB | {"active_from": "2034-12"}}),
            [0],
        )
    ]
    assert times[1] == pytest.approx(4 * times[0])


def test_part_timers_count_by_their_part():
    """Four people who give a quarter of their time are no team of two."""
    part = LAB | {"people": 4, "full_time": 0.25}
    actors = {"Lab": part, "Other": LAB | {"active_from": "2034-12"}}
    classes = {"model": {"work": WORK, "as_of": "2020-01", "search_share": 0.2, "team": 2}}
    blocked = play(project_world(published="never", actors=actors, classes=classes)).rows(Event.BLOCKED)
    assert blocked[0]["bound"] == Bound.TALENT
    actors["Lab"] = part | {"full_time": 0.5}
    started = play(project_world(published="never", actors=actors, classes=classes)).time(Event.STARTED)
    assert started < math.inf


def test_two_artifacts_of_one_kind_combine():
    world = project_world()
    world["effects"]["code"] |= {"work": 0.5, "uptake_months": 1e-6}
    world["scripted_artifacts"] = {
        name: {"owner": "Other", "kind": "code", "published": "2019-06", "strength": strength}
        for name, strength in (("one", 0.6), ("two", 0.5))
    }
    world["actors"]["Lab"] = LAB
    played = play(world)
    help_held = 1 - (1 - 0.6) * (1 - 0.5)
    taken = played.time(Event.BUILT) - played.time(Event.STARTED)
    assert taken == pytest.approx(WORK / PEOPLE * (1 - 0.5 * help_held), rel=1e-9)


def test_failed_attempts_are_geometric():
    chance = 0.4
    world = project_world(published="never", training={"failure": chance, "attempts": 50})
    fails = np.array(
        [len(p.rows(Event.FAILED)[p.rows(Event.FAILED)["actor"] == 0]) for p in play_runs(world, range(RUNS))]
    )
    observed = np.bincount(np.minimum(fails, 6), minlength=7)
    expected = np.array([chance**k * (1 - chance) for k in range(6)] + [chance**6])
    assert stats.chisquare(observed, expected * RUNS).pvalue > 1e-3


# Monotonicity: more of a hazard only makes its own event earlier, run by run; and where nobody can
# stand in anybody's way, everything. Bits may differ in the last place, hence the tolerance.

NO_LATER = 1 + 1e-9


def first_times(world, runs=60):
    """Return when each thing first happened in each run: {(event, actor, class, kind): months}."""
    told = []
    for played in play_runs(world, range(runs)):
        times: dict[tuple, float] = {}
        for row in played.log:
            key = (int(row["what"]), int(row["actor"]), int(row["klass"]), int(row["kind"]))
            times.setdefault(key, float(row["time"]))
        told.append(times)
    return told


def assert_earlier(less, more, events):
    """Everything of these events that happens under ``less`` happens no later under ``more``."""
    sooner = 0
    for before, after in zip(first_times(less), first_times(more), strict=True):
        for key, time in before.items():
            if key[0] in events:
                assert after.get(key, math.inf) <= time * NO_LATER, key
                sooner += after[key] < time
    assert sooner > 0


def test_a_higher_start_rate_only_brings_the_decision_forward():
    slow, fast = (lab_world(kinds={"leading_lab": LAB_KIND | {"start_rate": rate}}) for rate in (0.05, 0.08))
    assert_earlier(slow, fast, {Event.DECIDED, Event.STARTED, Event.TRAINED, Event.ANNOUNCED})


@pytest.mark.parametrize("relay", [0.4, 1.0])
def test_faster_flows_let_everybody_learn_no_later(relay):
    slow, fast = (spreading_world(7, complete(7), rate, relay, "2024-12") for rate in (0.02, 0.03))
    assert_earlier(slow, fast, {Event.LEARNED})


def test_one_more_tie_lets_everybody_learn_no_later():
    line = [(f"a{place}", f"a{place + 1}") for place in range(6)]
    less, more = (spreading_world(7, pairs, 0.2) for pairs in (line, [*line, ("a0", "a4")]))
    assert_earlier(less, more, {Event.LEARNED})


def peaceful_world(**numbers):
    """Many labs, one class; artifacts only help, evidence lasts, means abound, nobody is scooped."""
    kind = {"start_rate": 0.05, "belief": 0.2, "hold_months": 3} | numbers.get("kind", {})
    effect = {"work": 0.4, "distance": 1.0} | numbers.get("effect", {})
    labs = {f"lab {place}": LAB for place in range(8)}
    names = list(labs)
    return lab_world(
        scenario={"end": "2034-12"},
        kinds={"leading_lab": LAB_KIND | kind},
        actors=labs,
        effects={
            "existence": LASTING | {"belief": 0.5} | numbers.get("existence", {}),
            "code": LASTING | effect,
            "details": LASTING | {"work": 0.2, "obsolescence_months": 24},
        },
        conviction={"proof": 0.5},
        work={"work_spread": 0.4, "flop_spread": 0.4},
        training={"writing_spread": 0.3},
        ties=ties(zip(names, names[1:], strict=False)),
        flows={"insider": {"relay": 0.5, "existence": 0.05, "code": 0.05} | numbers.get("flow", {})},
        policies={
            "leading_lab": {
                "existence": {"probability": 1},
                "details": {"probability": 0.5},
                "code": {"probability": 0.5, "delay_months": 4} | numbers.get("policy", {}),
            }
        },
    )


@pytest.mark.parametrize(
    "more",
    [
        {"kind": {"start_rate": 0.08}},
        {"kind": {"belief": 0.3}},
        {"kind": {"hold_months": 1}},
        {"kind": {"uptake": 2}},
        {"effect": {"work": 0.8}},
        {"effect": {"uptake_months": 0.2}},
        {"existence": {"belief": 0.9}},
        {"policy": {"probability": 0.9}},
        {"policy": {"delay_months": 1}},
        {"flow": {"code": 0.3}},
        {"flow": {"relay": 0.9}},
    ],
    ids=str,
)
def test_without_rivalry_reaction_or_harm_more_of_anything_is_earlier(more):
    events = {Event.DECIDED, Event.STARTED, Event.BUILT, Event.TRAINED, Event.ANNOUNCED}
    assert_earlier(peaceful_world(), peaceful_world(**more), events)


# The other clocks: each is exponential with its own rate, and nothing else moves it.

THIEF = {"kind": "thief", "region": "here"}
STEALING = {"develops": False, "steals": True}


@pytest.mark.parametrize(
    ("event", "since", "mean", "tables"),
    [
        (Event.LEAKED, Event.TRAINED, 1 / (0.3 * 0.6), {"spread": {"leak_rate": 0.3}}),
        (
            Event.STOLEN,
            Event.TRAINED,
            1 / (0.2 * 0.6),
            {
                "spread": {"theft_rate": 0.2},
                "kinds": {"leading_lab": LAB_KIND, "thief": STEALING},
                "actors": {"Lab": LAB | {"security": 0.4}, "Thief": THIEF},
            },
        ),
        (Event.DISCOVERED, Event.TRAINED, 4.0, {"insights": {"idea": {"needs": "model", "rate": 0.25}}}),
        (
            Event.ANNOUNCED,
            Event.TRAINED,
            5.0,
            {
                "kinds": {"leading_lab": LAB_KIND | {"hold_months": 5}},
                "training": {"writing_months": 0},
            },
        ),
    ],
    ids=["leak", "theft", "discovery", "hold"],
)
def test_every_clock_is_exponential(event, since, mean, tables):
    world = lab_world(**({"actors": {"Lab": LAB | {"security": 0.4}}} | tables))
    waits = [p.time(event) - p.time(since) for p in play_runs(world, range(RUNS))]
    assert stats.kstest(waits, stats.expon(scale=mean).cdf).pvalue > 1e-3


def test_the_first_demonstration_comes_with_the_number_of_users():
    """Users are let in evenly: a hazard that grows with time, a Weibull distribution of shape 2."""
    world = lab_world(
        actors={"Lab": LAB | {"security": 0.4}},
        attention={"demos": 1, "demo_months": 3},
        effects={"weights": LASTING},
        policies={"leading_lab": {"weights": {"probability": 1}}},
    )
    waits = [p.time(Event.DEMONSTRATED) - p.time(Event.RELEASED) for p in play_runs(world, range(RUNS))]
    scale = 3.0 / math.gamma(1.5)
    assert stats.kstest(waits, stats.weibull_min(2.0, scale=scale).cdf).pvalue > 1e-3


def test_a_decision_waits_for_its_lead_and_goes_faster_with_conviction():
    """The start comes lead / conviction after the decision; more certainty on the way makes it sooner."""
    belief, proof, lead = 0.3, 0.5, 4.0
    world = lab_world(
        kinds={"leading_lab": LAB_KIND | {"belief": belief, "lead_months": lead, "patience_months": 99}},
        conviction={"proof": proof, "lead_spread": 0.0},
    )
    convinced = 1 - (1 - belief) * (1 - proof)
    for played in play_runs(world, range(50)):
        waited = played.time(Event.STARTED) - played.time(Event.DECIDED)
        assert waited == pytest.approx(lead / convinced, rel=1e-9)
        assert played.rows(Event.BLOCKED)[0]["bound"] == Bound.PREPARATION


@pytest.mark.parametrize(("money", "starts"), [(1e9, True), (0.0, False)])
def test_patience_ends_a_search_and_no_preparation(money, starts):
    """Who has found all and only makes ready goes on; who still looks for money gives up in time."""
    patience, lead = 5.0, 9.0
    kind = LAB_KIND | {"lead_months": lead, "patience_months": patience, "deadline_months": 99}
    world = lab_world(
        kinds={"leading_lab": kind},
        actors={"Lab": LAB | {"willing_usd": money}},
        conviction={"lead_spread": 0.0},
    )
    for played in play_runs(world, range(20)):
        decided = played.time(Event.DECIDED)
        if starts:
            assert played.time(Event.STARTED) - decided == pytest.approx(lead, rel=1e-9)
        else:
            assert played.rows(Event.BLOCKED)[0]["bound"] == Bound.MONEY
            assert patience <= played.time(Event.STOPPED) - decided < patience + 1
            assert played.time(Event.STARTED) == math.inf


def test_a_size_of_ones_own_choice_is_paid_for():
    """Whoever chooses a larger model has the money for it: without failures nothing ends for want of it."""
    cost = play(project_world(published="never")).rows(Event.STARTED)[0]["usd"]
    lab = LAB | {"willing_usd": float(cost) * 1.5}
    actors = {"Lab": lab, "Other": LAB | {"active_from": "2034-12"}}
    world = project_world(published="never", work={"flop_spread": 1.0}, actors=actors)
    larger = smaller = 0
    for played in play_runs(world, range(80)):
        project = played.tables.projects[0]
        assert played.time(Event.TRAINED) < math.inf and len(played.rows(Event.STOPPED)) == 0
        larger += project.scale > 1.0
        smaller += project.scale < 1.0
    assert larger > 5 and smaller > 20


@pytest.mark.parametrize("pace", [0.0, 0.5, 1.0])
def test_budgets_of_a_kind_grow_at_its_part_of_the_trend(pace):
    """10^(pace x growth) a year: the model costs ten times what the lab would spend in 2020."""
    growth = 0.5
    base = project_world(published="never")
    cost = play(base).rows(Event.STARTED)[0]["usd"]
    world = project_world(
        published="never",
        kinds={"leading_lab": LAB_KIND | {"budget_pace": pace}},
        actors={"Lab": LAB | {"willing_usd": float(cost) / 10}, "Other": LAB | {"active_from": "2034-12"}},
        trends={"budget_growth": growth},
    )
    started = play(world).time(Event.STARTED)
    if pace == 0.0:
        assert started == math.inf
    else:
        due = 12.0 / (pace * growth)
        assert due <= started < due + 1


def too_dear_world(times, **more):
    """A lab that knows of no other means than its own wants a model that costs so many times too much."""
    cost = float(play(project_world(published="never")).rows(Event.STARTED)[0]["usd"])
    lab = LAB | {"willing_usd": cost / times}
    tables = {"published": "never", "actors": {"Lab": lab, "Other": LAB | {"active_from": "2034-12"}}}
    return project_world(**(tables | more)), cost


@pytest.mark.parametrize("months", [0.5, 2.0, 7.3, 40.0])
def test_who_saves_for_a_model_starts_in_the_month_in_which_it_can_pay(months):
    """However seldom it has looked until then."""
    _, cost = too_dear_world(1.0)
    lab = LAB | {"money_usd": 0.0, "income_usd": cost / months}
    actors = {"Lab": lab, "Other": LAB | {"active_from": "2034-12"}}
    for played in play_runs(project_world(published="never", actors=actors), range(20)):
        due = max(months, played.time(Event.DECIDED))
        assert due * (1 - 1e-12) <= played.time(Event.STARTED) < due + 1


def test_who_lacks_money_by_far_looks_again_as_soon_as_what_it_reckoned_with_has_changed():
    """Prices that fall at a date, new chips, and help that saves enough are noticed with the next plan."""
    turn = 12.0 * 3
    rents, _ = too_dear_world(50.0)
    rents["changes"] = [
        {"path": "chips.chip.usd_per_hour", "operation": "multiply", "value": 0.01, "from": "2023-01"}
    ]
    chips, _ = too_dear_world(50.0)
    new = chips["chips"]["chip"] | {"released": "2023-01", "peak_flops": 1e17}
    chips["chips"] = chips["chips"] | {"new": new}
    for world in (rents, chips):
        for played in play_runs(world, range(20)):
            assert turn <= played.time(Event.STARTED) < turn + 1
    helped, _ = too_dear_world(50.0, published="2023-01")
    helped["effects"] = {"code": LASTING | {"flop": 0.99, "distance": 1.0}}
    for played in play_runs(helped, range(20)):
        assert played.time(Event.STARTED) == played.time(Event.LEARNED, "Lab")


@pytest.mark.parametrize(("given", "field"), [("willing_usd", "willing_usd"), ("money_usd", "money")])
def test_who_gets_money_while_it_lives_looks_again_within_a_month(given, field):
    world, cost = too_dear_world(50.0)
    world["actors"]["Lab"] |= {"willing_usd": cost, "money_usd": cost, given: 1.0}
    run = LiveRun(compile_scenario(from_data(world)), seed=1, run=0)
    for _ in range(40):
        run.advance()
    run.change_number(run.compiled.actors.index("Lab"), field, 2.0 * cost)
    for _ in range(2):
        run.advance()
    started = run.log[run.log["what"] == Event.STARTED]["time"]
    assert len(started) == 1 and 40.0 <= started[0] < 41.0


@pytest.mark.parametrize("strength", [0.04, 0.06])
def test_what_helps_too_little_to_be_read_is_no_reason_to_plan_out_of_turn(strength):
    """``least_gain``: who could just not pay starts at once, or when it looks again, within a quarter."""
    world, _ = too_dear_world(1.0001, spread={"least_gain": 0.05})
    world["effects"] = {"code": LASTING | {"flop": 1.0, "distance": 1.0}}
    world["scripted_artifacts"]["code"] |= {"strength": strength, "made": "2023-01"}
    world |= {"ties": ties([("Other", "Lab")]), "flows": {"insider": {"relay": 0, "code": 1}}}
    for played in play_runs(world, range(20)):
        learned, started = played.time(Event.LEARNED, "Lab"), played.time(Event.STARTED)
        if strength >= 0.05:
            assert started == learned
        else:
            assert learned < started < learned + 4


def test_a_grant_falls_where_the_hazard_of_the_sponsor_crosses_its_threshold():
    """From the first plan of the sponsor after the beneficiary was blocked, at the rate of its kind."""
    rate = 0.3
    sponsor = {
        "kind": "cloud_sponsor",
        "region": "here",
        "family": "general",
        "grant": "hardware_access",
        "grant_chips": 500,
    }
    world = lab_world(
        kinds={
            "leading_lab": LAB_KIND,
            "cloud_sponsor": {"develops": False, "sponsors": True, "give_rate": rate},
        },
        actors={"Lab": LAB | {"chips": 0}, "Cloud": sponsor},
    )
    lab, klass = name_hash("actor", "Lab"), name_hash("class", "model")
    for run, played in enumerate(play_runs(world, range(200))):
        blocked, phase = played.time(Event.BLOCKED), first_plan(run, "Cloud")
        looks = phase + math.ceil(blocked - phase)
        what = ordinal_key(lab ^ klass, 0)
        needed = waiting(luck_of(run, FOR.GIVE, name_hash("actor", "Cloud"), what))
        assert played.time(Event.GRANTED) == pytest.approx(looks + needed / rate, rel=1e-9)
        assert played.time(Event.STARTED) == played.time(Event.GRANTED)


@pytest.mark.parametrize(("times_the_cost", "sooner"), [(100.0, 10.0), (0.1, 1.0), (math.inf, 1e9**0.5)])
def test_a_decision_for_what_is_cheap_comes_sooner(times_the_cost, sooner):
    """1e21 FLOP, at half of 1e14 a second and one dollar an hour, are 5,556 dollars; elasticity one half."""
    rate = 0.01
    money = {"willing_usd": times_the_cost * 1e21 / (0.5 * 1e14 * 3600)}
    if times_the_cost == math.inf:
        money = {"rent": 0}  # compute costs it nothing
    world = lab_world(
        kinds={"leading_lab": LAB_KIND | {"start_rate": rate}},
        actors={"Lab": LAB | money},
        conviction={"elasticity": 0.5},
    )
    decided = 0
    for run, played in enumerate(play_runs(world, range(40))):
        expected = first_plan(run, "Lab") + threshold(run, "Lab", "model") / (rate * sooner)
        if expected < 119:
            decided += 1
            assert played.time(Event.DECIDED) == pytest.approx(expected, rel=1e-9)
    assert decided > 20


def test_attention_halves_and_raises_the_rate_of_decisions():
    """A demonstration at a known time; the hazard is set at each monthly plan by what is left of it."""
    half_life, gain, rate, publicity = 2.0, 3.0, 0.1, 0.8
    world = lab_world(
        kinds={
            "leading_lab": LAB_KIND | {"start_rate": rate, "uptake": 0},
            "ordinary_actor": {"develops": False},
        },
        actors={"Lab": LAB, "Other": {"kind": "ordinary_actor", "region": "here"}},
        classes={"model": {"publicity": publicity}},
        effects={"weights": LASTING},
        attention={"half_life_months": half_life, "start_gain": gain, "demos": 1, "demo_months": 1},
        scripted_artifacts={
            "open": {"owner": "Other", "kind": "weights", "class": "model", "published": "2020-02"}
        },
    )
    moved = 0
    for run, played in enumerate(play_runs(world, range(100))):
        shown, wanted = played.time(Event.DEMONSTRATED), threshold(run, "Lab", "model")
        time, hazard = first_plan(run, "Lab"), 0.0
        while True:
            attention = publicity * 0.5 ** ((time - shown) / half_life) if time > shown else 0.0
            slope = rate * (1 + gain * attention)
            if hazard + slope >= wanted:
                break
            hazard, time = hazard + slope, time + 1.0
        expected = time + (wanted - hazard) / slope
        assert played.time(Event.DECIDED) == pytest.approx(expected, rel=1e-9)
        moved += expected < first_plan(run, "Lab") + wanted / rate - 1e-6
    assert moved > 30


@pytest.mark.parametrize(("hired", "times_the_rent"), [(0.0, 1.0), (0.25, 1.25), (1.0, 2.0)])
def test_a_premium_is_paid_for_the_chips_that_are_hired(hired, times_the_rent):
    """Twice the rent for what is taken for a project, the rent itself for what is one's own."""

    def spent(**actor):
        world = tiny_world(
            kinds={"leading_lab": LAB_KIND}, actors={"A": LAB | actor}, trends={"rent_premium": 2}
        )
        return play(world).rows(Event.TRAINED, "A")["usd"][0]

    own = spent(hired=0.0)
    assert own > 0.0
    assert spent(hired=hired) == pytest.approx(times_the_rent * own, rel=1e-9)
