"""What holds in every world, whatever it is made of: random small worlds, and the real ones."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import LAB, LAB_KIND, LASTING, play, play_runs, tiny_world
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some

from sim.ensemble import simulate
from sim.errors import UserError
from sim.scenario import from_data, load
from sim.words import ArtifactKind, Bound, Event, Incentive, Mechanism, TieKind, Via
from sim.words import Phase as Stage

# Shrinking such large worlds takes minutes: to shrink a failure, add Phase.shrink for a while.
SOME = settings(
    max_examples=100, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate]
)
KINDS = [kind.key for kind in ArtifactKind]
SHARE = some.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0])
MONTHS = 30
DATES = some.sampled_from(["2018-05", "2019-11", "2020-01", "2020-03-10", "2020-09", "2021-06", "2022-05"])


def number(low, high):
    return some.floats(low, high, allow_nan=False).map(lambda value: float(f"{value:.4g}"))


def zero_or(low, high):
    return some.one_of(some.just(0.0), number(low, high))


@some.composite
def effects(draw):
    chosen = draw(some.lists(some.sampled_from(KINDS), unique=True, min_size=5))
    cuts = ("work", "data_work", "trials", "flop", "talent", "utilisation", "failures", "belief")
    rows = {}
    for kind in chosen:
        rows[kind] = {name: draw(SHARE) for name in draw(some.lists(some.sampled_from(cuts), max_size=4))}
        rows[kind] |= {
            "attention": draw(zero_or(0.01, 1)),
            "uptake_months": draw(number(0.05, 4)),
            "obsolescence_months": draw(number(1, 100)),
            "hardware": draw(SHARE),
            "distance": draw(SHARE),
            "spread": draw(zero_or(0.1, 1.0)),
        }
    return rows


@some.composite
def kinds(draw):
    def developing():
        return {
            "develops": True,
            "eligible": draw(some.booleans()),
            "start_rate": draw(number(0.1, 2)),
            "belief": draw(SHARE),
            "belief_growth": draw(zero_or(0.1, 1)),
            "replicate": draw(SHARE),
            "patience_months": draw(number(1, 40)),
            "rescope": draw(SHARE),
            "leap": draw(SHARE),
            "appetite": draw(SHARE),
            "hold_months": draw(zero_or(0.1, 4)),
            "imitation": draw(SHARE),
            "paid": draw(SHARE),
            "recruits": draw(zero_or(0.1, 3)),
            "uptake": draw(number(0.2, 3)),
        }

    return {
        "leading_lab": developing(),
        "open_collective": developing(),
        "cloud_sponsor": {
            "develops": False,
            "sponsors": True,
            "give_rate": draw(number(0.1, 3)),
            "give_openness": draw(SHARE),
            "give_novelty": draw(SHARE),
            "give_region": draw(SHARE),
            "give_unknown": draw(SHARE),
        },
        "hardware_vendor": developing() | {"sponsors": True, "give_rate": draw(number(0.1, 3))},
        "thief": {"develops": False, "steals": True},
        "individual_researchers": {"develops": False, "eligible": draw(some.booleans())},
    }


@some.composite
def actors(draw):
    rows = {}
    for place in range(draw(some.integers(3, 8))):
        kind = draw(
            some.sampled_from(
                ["leading_lab"] * 3
                + ["open_collective"] * 2
                + ["cloud_sponsor", "hardware_vendor", "thief", "individual_researchers"]
            )
        )
        if place == 0:
            kind = "leading_lab"
        row = {"kind": kind, "region": draw(some.sampled_from(["north", "south"]))}
        if draw(some.integers(0, 3)) == 0:
            row["active_from"] = draw(some.sampled_from(["2020-04", "2020-10-15", "2021-05", "2023-01"]))
        row["security"] = draw(SHARE)
        if kind not in ("thief", "individual_researchers"):
            row |= {
                "family": draw(some.sampled_from(["green", "blue"])),
                "money_usd": draw(zero_or(1e4, 3e7)),
            }
            row["income_usd"] = draw(zero_or(1e3, 1e6))
        if kind in ("leading_lab", "open_collective", "hardware_vendor"):
            row |= {
                "reached": draw(some.sampled_from(["", "", "small"])),
                "people": draw(number(1, 30)),
                "full_time": draw(some.sampled_from([0.1, 0.5, 1.0])),
                "experience": draw(SHARE),
                "willing_usd": draw(number(1e4, 1e7)),
                "chips": draw(number(1, 5000)),
            }
        if kind in ("cloud_sponsor", "hardware_vendor"):
            form = draw(some.sampled_from(["hardware", "hardware_access", "compute_money", "free_money"]))
            row |= {
                "grant": form,
                "grant_usd": draw(zero_or(1e4, 1e7)),
                "grant_chips": draw(zero_or(10, 3000)),
                "lendable_chips": draw(zero_or(10, 9000)),
                "grant_open": draw(some.booleans()),
                "grant_region": draw(some.booleans()),
            }
        rows[f"actor {place}"] = row
    return rows


@some.composite
def worlds(draw):
    people = draw(actors())
    names = list(people)
    developing = [
        n for n in names if people[n]["kind"] in ("leading_lab", "open_collective", "hardware_vendor")
    ]
    pairs = some.tuples(some.sampled_from(names), some.sampled_from(names)).filter(lambda p: p[0] != p[1])
    tie_kinds = [kind.key for kind in TieKind]
    ties = [
        {
            "from": a,
            "to": b,
            "kind": draw(some.sampled_from(["hiring", *tie_kinds])),
            "strength": draw(number(0.1, 2)),
            "both_ways": draw(some.booleans()),
        }
        for a, b in draw(some.lists(pairs, max_size=8))
    ]
    flows = {
        kind: {"relay": draw(SHARE), "details": draw(number(0.05, 2))}
        | {artifact: draw(number(0.01, 1)) for artifact in draw(some.lists(some.sampled_from(KINDS)))}
        for kind in ["hiring", *draw(some.lists(some.sampled_from(tie_kinds), unique=True))]
    }
    policies = {}
    for holder in draw(
        some.lists(some.sampled_from(["leading_lab", "open_collective", *names]), unique=True)
    ):
        policies[holder] = {
            kind: {
                "probability": draw(some.sampled_from([0.0, 0.5, 1.0])),
                "delay_months": draw(zero_or(0.1, 9)),
                "access": draw(some.sampled_from(["open", "licensed", "staged"])),
            }
            for kind in draw(some.lists(some.sampled_from(KINDS), unique=True, max_size=10))
        }
    incentives = [word.key for word in Incentive]
    stakes = {
        kind: {key: draw(SHARE) for key in draw(some.lists(some.sampled_from(incentives[:-1]), unique=True))}
        | {"delay_months": draw(zero_or(0.1, 3))}
        for kind in draw(some.lists(some.sampled_from(KINDS), unique=True))
    }
    motives = {
        holder: {
            key: draw(number(0.1, 8)) for key in draw(some.lists(some.sampled_from(incentives), unique=True))
        }
        for holder in draw(
            some.lists(some.sampled_from(["leading_lab", "open_collective", *names]), unique=True)
        )
    }
    publication = {key: draw(SHARE) for key in ("capability_gain", "cost_gain", "value_gain", "shared")}
    publication |= {"staged_from": draw(some.sampled_from([0.0, 1.0])), "open_from": 1.0}
    scripted = {}
    for place in range(draw(some.integers(0, 4))):
        made, published = draw(DATES), draw(DATES)
        row = {"owner": draw(some.sampled_from(names)), "kind": draw(some.sampled_from(KINDS))}
        row["class"] = draw(some.sampled_from(["", "small", "big"]))
        if row["kind"] in ("api", "weights", "existence"):
            row["class"] = row["class"] or "small"
        row["published"] = published if draw(some.booleans()) else "never"
        row["made"] = min(made, published)
        row["strength"] = draw(number(0.1, 1.5))
        row["access"] = draw(some.sampled_from(["open", "licensed"]))
        scripted[f"artifact {place}"] = row
    projects = {}
    if draw(some.booleans()):
        projects["origin"] = {
            "actor": draw(some.sampled_from(developing)),
            "class": draw(some.sampled_from(["small", "big"])),
            "started": "2020-02",
            "trained": draw(some.sampled_from(["2020-05", "2021-01"])),
            "announced": draw(some.sampled_from(["2021-03", "2022-01"])),
            "releases": {
                k: draw(zero_or(0.1, 5)) for k in draw(some.lists(some.sampled_from(KINDS), unique=True))
            },
        }
        people[projects["origin"]["actor"]].pop("active_from", None)
    insights = {
        kind: {
            "kind": kind,
            "needs": draw(some.sampled_from(["small", "big"])),
            "rate": draw(number(0.05, 1)),
        }
        for kind in draw(some.lists(some.sampled_from(["insight", "retrieval_store"]), unique=True))
    }
    if "insight" in insights:
        insights["insight"]["teaches"] = "compute_optimal"
    chips = {
        f"{family} {number_}": {
            "family": family,
            "released": released,
            "peak_flops": 1e14 * (number_ + 1),
            "memory_gb": 64,
            "usd_per_hour": draw(number(0.1, 3)),
        }
        for family in ("green", "blue")
        for number_, released in enumerate(("2018-01", "2020-12"))
    }

    def model(flop, work):
        return {
            "flop": flop,
            "parameters": flop / 1e12,
            "tokens": 1.67e11,
            "work": work,
            "data_work": draw(zero_or(1, 10)),
            "as_of": "2020-01",
            "search_share": draw(some.sampled_from([0.0, 0.2, 0.8])),
            "team": draw(number(1, 8)),
            "publicity": draw(zero_or(0.1, 1)),
        }

    return {
        "scenario": {"title": "random", "start": "2020-01", "end": "2022-06", "follow_class": "big"},
        "regions": {"north": {"attention": 1.0}, "south": {"attention": draw(number(0.1, 2))}},
        "chips": chips,
        "classes": {"small": model(1e21, draw(number(2, 20))), "big": model(1e23, draw(number(5, 60)))},
        "effects": draw(effects()),
        "kinds": draw(kinds()),
        "actors": people,
        "ties": ties,
        "flows": flows,
        "policies": policies,
        "motives": motives,
        "stakes": stakes,
        "publication": publication,
        "insights": insights,
        "scripted_artifacts": scripted,
        "scripted_projects": projects,
        "attention": {
            "half_life_months": draw(number(0.5, 12)),
            "demo_months": draw(zero_or(0.1, 3)),
            "demos": draw(some.integers(0, 4)),
            "demo_spacing_months": draw(zero_or(0.1, 2)),
            "start_gain": draw(zero_or(0.1, 4)),
            "uptake_gain": draw(zero_or(0.1, 4)),
        },
        "conviction": {
            "half_life_months": draw(number(1, 40)),
            "proof": draw(SHARE),
            "demo": draw(SHARE),
            "budget_gain": draw(zero_or(0.1, 4)),
            "spread": draw(zero_or(0.1, 1)),
        },
        "work": {
            "novice_skill": draw(some.sampled_from([0.1, 0.5, 1.0])),
            "learning": draw(SHARE),
            "salary_usd": draw(zero_or(1e3, 3e4)),
            "exchange": draw(zero_or(0.1, 1)),
            "exchange_limit": draw(some.sampled_from([0.0, 0.5, 0.9])),
            "flop_spread": draw(zero_or(0.1, 1)),
            "work_spread": draw(zero_or(0.1, 1)),
        },
        "training": {
            "utilisation": draw(some.sampled_from([0.1, 0.3])),
            "best_utilisation": 0.5,
            "shortest_months": draw(number(0.05, 1)),
            "longest_months": draw(number(1, 8)),
            "failure": draw(some.sampled_from([0.0, 0.3, 0.9])),
            "attempts": draw(some.integers(1, 4)),
            "trials_floor": draw(SHARE),
            "bytes_per_parameter": 16,
            "least_share": draw(SHARE),
            "writing_months": draw(zero_or(0.1, 4)),
            "writing_spread": draw(zero_or(0.1, 0.5)),
        },
        "spread": {
            "leak_rate": draw(zero_or(0.01, 0.5)),
            "theft_rate": draw(zero_or(0.01, 0.5)),
            "least_gain": draw(some.sampled_from([0.0, 0.05])),
            "people_per_move": draw(zero_or(0.1, 4)),
        },
        "trends": {
            "as_of": draw(DATES),
            "budget_growth": draw(some.sampled_from([-0.3, 0.0, 0.5])),
            "chips_growth": draw(some.sampled_from([-0.3, 0.0, 0.5])),
            "rent_decline": draw(zero_or(0.01, 0.3)),
            "chip_wait_months": draw(zero_or(0.1, 6)),
            "algorithm_halving_months": draw(number(3, 30)),
            "algorithm_free_share": draw(SHARE),
            "compute_flop": 1e21,
            "compute_date": "2020-01",
            "compute_growth": draw(zero_or(0.1, 1)),
        },
    }


def check_log(played):
    """Times in order, numbers sound, every event after the one that enabled it."""
    log = played.log
    assert log["what"][0] == Event.SCENARIO and log["cause"][0] == -1
    assert np.all(np.diff(log["time"]) >= 0)
    assert log["time"][-1] <= played.compiled.horizon
    for field in ("time", "amount", "usd", "draw"):
        assert np.isfinite(log[field]).all(), field
    causes = log["cause"][1:]
    assert np.all(causes >= 0)
    assert np.all(causes < np.arange(1, len(log)))
    assert np.all(log["time"][causes] <= log["time"][1:])
    assert np.all(log["usd"] >= 0)


def check_knowledge(played):
    """Nothing is held before it exists, nor taken up in public before it is public, nor twice."""
    log = played.log
    made = {row["artifact"]: row for row in played.rows(Event.MADE)}
    public = {}
    for row in log[np.isin(log["what"], (Event.RELEASED, Event.LEAKED))]:
        public.setdefault(row["artifact"], row["time"])
    held = {(row["actor"], number) for number, row in made.items()}
    for row in played.rows(Event.LEARNED):
        artifact = row["artifact"]
        assert artifact in made and made[artifact]["time"] <= row["time"]
        assert row["kind"] == made[artifact]["kind"] and row["klass"] == made[artifact]["klass"]
        confirmed = row["kind"] == ArtifactKind.EXISTENCE and row["via"] == Via.PUBLIC  # it had only heard
        assert (row["actor"], artifact) not in held or confirmed
        if row["via"] in (Via.PUBLIC, Via.LEAKED):
            assert public[artifact] <= row["time"]
        elif row["via"] != Via.STOLEN:
            assert (row["source"], artifact) in held  # whoever tells knows it
        held.add((row["actor"], artifact))
    for row in log[np.isin(log["what"], (Event.ACCESSED, Event.RELEASED, Event.LEAKED, Event.STOLEN))]:
        assert made[row["artifact"]]["time"] <= row["time"]
    for row in played.rows(Event.ACCESSED):
        assert (row["actor"], row["artifact"]) in held


def check_presence(played):
    """No actor does anything, and nothing happens to it, before it comes into being."""
    log = played.log[played.log["time"] > 0]
    starts = np.array(played.tables.actors.active_from)
    acting = log[(log["actor"] >= 0) & ~np.isin(log["what"], SCRIPTED)]
    early = acting[acting["time"] < starts[acting["actor"]]]
    assert len(early) == 0, early[:3]


SCRIPTED = (Event.MADE, Event.RELEASED, Event.DEMONSTRATED)  # the record may date what it gives as it likes


def check_acquisitions(played):
    """Each carries exactly one mechanism, and they add up over mechanisms."""
    log = played.log
    gained = log[np.isin(log["what"], (Event.TRAINED, Event.ACCESSED))]
    assert np.all(gained["mechanism"] != Mechanism.NONE)
    by_mechanism = np.bincount(gained["mechanism"], minlength=len(Mechanism))
    assert by_mechanism.sum() == len(gained)
    for row in played.rows(Event.ACCESSED):
        if row["via"] == Via.STOLEN:
            assert row["mechanism"] == Mechanism.THEFT
        elif row["via"] == Via.LEAKED:
            assert row["mechanism"] == Mechanism.LEAK
        elif row["via"] == Via.HIRING:
            assert row["mechanism"] == Mechanism.TALENT_MOVEMENT
        elif row["via"] != Via.PUBLIC:
            assert row["mechanism"] == Mechanism.INSIDER_FLOW
    trained = played.rows(Event.TRAINED)
    trained = trained[trained["mechanism"] != Mechanism.ORIGINAL]  # the record may say what it likes
    pairs = list(zip(trained["actor"], trained["klass"], strict=True))
    assert len(pairs) == len(set(pairs))  # nobody trains the same class twice


def check_money(played):
    state, actors = played.tables.state, played.tables.actors
    had = actors.money_usd + state.income + state.received
    have = state.money + state.reserved + state.spent_compute + state.spent_labour + state.given
    scale = np.maximum(1.0, np.abs(had) + np.abs(have))
    assert np.all(np.abs(had - have) <= 1e-9 * scale), (had, have)
    for field in ("money", "reserved", "spent_compute", "spent_labour", "income", "received", "given"):
        assert np.all(state[field] >= -1e-9 * scale), field
    assert state.given.sum() == pytest.approx(state.received.sum(), rel=1e-9, abs=1e-3)


def check_people_and_chips(played):
    state, actors = played.tables.state, played.tables.actors
    np.testing.assert_allclose(
        state.people, actors.people + state.recruited + state.moved_in - state.moved_out, rtol=1e-9
    )
    assert np.all(state.people >= 0)
    assert state.moved_in.sum() == pytest.approx(state.moved_out.sum())
    lent = state.chips_lent
    most = np.maximum(actors.grant_chips, actors.lendable_chips)
    assert np.all(lent >= -1e-6) and np.all(lent <= most + 1e-6)


def check_projects(played):
    """What actors spent is what their projects spent; compute is chips times throughput."""
    tables = played.tables
    clock, state = tables.clock[0], tables.state
    projects = tables.projects[: clock.projects]
    for field in ("person_months", "chip_months"):
        summed = np.zeros(len(state))
        np.add.at(summed, projects.actor, projects[field])
        np.testing.assert_allclose(summed, state[field], rtol=1e-9, atol=1e-9)
    under_way = [row for row in state.project if row >= 0]
    ended = np.setdiff1d(np.arange(len(projects)), under_way)
    for field in ("spent_compute", "spent_labour"):
        summed = np.zeros(len(state))
        np.add.at(summed, projects.actor[ended], projects[field][ended])
        np.testing.assert_allclose(summed, state[field], rtol=1e-9, atol=1e-6)
    for row in under_way:
        project = projects[row]
        paid = project.spent_compute + project.spent_labour
        whole = project.own_usd + project.grant_usd
        assert paid + project.budget == pytest.approx(whole, rel=1e-9, abs=1e-3)
    flop = projects.flop_trials + projects.flop_failed + projects.flop_final
    used = projects.chip >= 0
    peak = np.where(used, tables.chips.peak_flops[projects.chip], 0.0) * 730.5 * 3600.0
    most = projects.chip_months * peak * tables.training.best_utilisation[0]
    assert np.all(flop >= 0) and np.all(flop <= most * (1 + 1e-9))
    assert np.all(flop[projects.chip_months > 1e-9] > 0)
    for field in ("person_months", "chip_months", "spent_compute", "spent_labour", "left", "share"):
        assert np.isfinite(projects[field]).all() and np.all(projects[field] >= -1e-6), field


def check_dates(played):
    """A class is trained before it is announced."""
    log, trained = played.log, {}
    for row in log:
        if row["reached"] >= 0:
            trained.setdefault((row["actor"], row["reached"]), row["time"])
        elif row["what"] == Event.ANNOUNCED and row["klass"] >= 0:
            reached = [
                t for (actor, klass), t in trained.items() if actor == row["actor"] and klass >= row["klass"]
            ]
            assert reached and min(reached) <= row["time"]


def check_ends(played):
    """Whatever stopped says why; no project is left without an event to come."""
    for row in played.log[np.isin(played.log["what"], (Event.STOPPED, Event.BLOCKED, Event.UNDERTRAINED))]:
        assert row["bound"] != Bound.NONE
    tables = played.tables
    for row in tables.state.project:
        if row >= 0:
            project = tables.projects[row]
            assert np.isfinite(project.total) and np.isfinite(project.rate)
            waits = project.phase == Stage.BUILD and project.chip < 0 and project.left <= 0.0
            assert project.rate == 0 if waits else project.rate > 0  # for chips to train with


CHECKS = [
    check_log,
    check_knowledge,
    check_presence,
    check_acquisitions,
    check_money,
    check_people_and_chips,
    check_projects,
    check_dates,
    check_ends,
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", ["toy", "gpt3"])
def test_real_scenarios_keep_the_invariants(name, check):
    for played in play_runs(load(name), range(12)):
        check(played)


@SOME
@given(worlds(), some.integers(0, 2**40))
def test_random_worlds_keep_the_invariants(world, first_run):
    for played in play_runs(world, range(first_run, first_run + 3)):
        for check in CHECKS:
            check(played)


# Worlds that look for one thing each: found by reading, or by the random worlds above.


def lab_world(**more):
    base = {"kinds": {"leading_lab": LAB_KIND}, "actors": {"Lab": LAB}}
    return tiny_world(**(base | more))


def lent_by_other(kind, count, **numbers):
    """Artifacts of one kind that were public long before the start, by somebody who does nothing."""
    return {
        f"artifact {place}": {"owner": "Other", "kind": kind, "published": "2019-01"} | numbers
        for place in range(count)
    }


IDLER = {"kind": "ordinary_actor", "region": "here"}
BOTH = {"leading_lab": LAB_KIND, "ordinary_actor": {"develops": False}}


def test_what_is_saved_in_full_stays_saved():
    """Two artifacts that each spare all of the work: the project is built at once."""
    world = lab_world(
        kinds=BOTH,
        actors={"Lab": LAB, "Other": IDLER},
        effects={"code": LASTING | {"work": 1.0, "distance": 1.0, "uptake_months": 1e-6}},
        scripted_artifacts=lent_by_other("code", 2, strength=1.5),
    )
    played = play(world)
    assert played.time(Event.BUILT) == played.time(Event.STARTED) < np.inf
    assert played.time(Event.TRAINED) < np.inf


@pytest.mark.parametrize("run", range(6))
def test_bad_know_how_never_turns_throughput_negative(run):
    world = lab_world(
        kinds=BOTH,
        actors={"Lab": LAB, "Other": IDLER},
        training={"utilisation": 0.1},
        effects={
            "tools": LASTING | {"utilisation": 1.0, "spread": 100, "uptake_months": 1e-6, "hardware": 0}
        },
        scripted_artifacts=lent_by_other("tools", 4),
    )
    played = play(world, run)
    projects = played.tables.projects[: played.tables.clock[0].projects]
    assert len(projects) and np.all(projects.rate > 0) and np.all(projects.flop_final >= 0)
    check_projects(played)


@pytest.mark.parametrize("run", range(6))
def test_bad_know_how_never_makes_failure_certain(run):
    world = lab_world(
        kinds=BOTH,
        actors={"Lab": LAB, "Other": IDLER},
        training={"failure": 0.95},
        effects={"logbook": LASTING | {"failures": 1.0, "spread": 100, "uptake_months": 1e-6, "hardware": 0}},
        scripted_artifacts=lent_by_other("logbook", 3),
    )
    played = play(world, run)
    started = played.rows(Event.STARTED)
    assert len(started) and np.all(started["usd"] > 0)
    assert np.all(np.isfinite(started["usd"]))


@pytest.mark.parametrize("kind", ["insider", "hiring"])
def test_ties_lead_nowhere_before_their_end_exists(kind):
    world = lab_world(
        actors={"Lab": LAB, "Late": LAB | {"active_from": "2024-01"}},
        effects={"details": LASTING},
        ties=[{"from": "Lab", "to": "Late", "kind": kind}],
        flows={kind: {"details": 5.0}},
        spread={"people_per_move": 1},
        scripted_artifacts={
            "secret": {"owner": "Lab", "kind": "details", "made": "2020-01", "published": "never"}
        },
    )
    played = play(world)
    assert 48.0 <= played.time(Event.LEARNED, "Late") < np.inf


def test_thieves_steal_nothing_before_they_exist():
    world = lab_world(
        kinds={"leading_lab": LAB_KIND, "thief": {"develops": False, "steals": True}},
        actors={"Lab": LAB, "Thief": {"kind": "thief", "region": "here", "active_from": "2024-01"}},
        spread={"theft_rate": 5.0},
    )
    played = play(world)
    assert played.time(Event.TRAINED) < 40
    assert 48.0 <= played.time(Event.STOLEN) < np.inf


def test_the_owner_of_a_scripted_artifact_is_helped_by_it():
    def built_in(owner):
        world = lab_world(
            kinds=BOTH,
            actors={"Lab": LAB, "Other": IDLER},
            effects={"code": LASTING | {"work": 0.5, "distance": 1.0}},
            scripted_artifacts={"code": {"owner": owner, "kind": "code", "published": "2019-01"}},
        )
        played = play(world)
        return played.time(Event.BUILT) - played.time(Event.STARTED)

    assert built_in("Lab") == pytest.approx(2.5)  # half of 10 person-months by 2 people


def test_who_finds_a_retrieval_store_is_helped_by_it():
    small = tiny_world()["classes"]["model"]
    world = lab_world(
        classes={"model": small, "next": small | {"flop": 1e22}},
        effects={"retrieval_store": LASTING | {"flop": 0.5, "distance": 1.0}},
        insights={"store": {"kind": "retrieval_store", "needs": "model", "rate": 1000}},
        training={"writing_months": 1000},
    )
    played = play(world)
    second = played.rows(Event.TRAINED)[1]
    assert played.time(Event.DISCOVERED) < second["time"]
    assert second["amount"] == pytest.approx(0.5e22)


def test_an_insight_is_open_to_who_leapt_over_the_class_that_it_needs():
    small = tiny_world()["classes"]["model"]
    world = lab_world(
        classes={"model": small, "next": small | {"flop": 1e22}},
        actors={"Lab": LAB, "Other": LAB},
        effects={"existence": LASTING | {"uptake_months": 1e-6}},
        kinds={"leading_lab": LAB_KIND | {"appetite": 0}},
        insights={"idea": {"needs": "model", "rate": 10}},
        scripted_projects={
            "first": {
                "actor": "Other",
                "class": "next",
                "started": "2019-01",
                "trained": "2019-06",
                "announced": "2020-01",
                "releases": {"existence": 0},
            }
        },
    )
    played = play(world)
    trained = played.rows(Event.TRAINED, "Lab")
    assert trained["klass"][0] == 1  # straight to the big one
    assert played.time(Event.DISCOVERED, "Lab") < np.inf


def test_a_scripted_project_needs_an_actor_that_develops():
    world = lab_world(
        kinds=BOTH,
        actors={"Lab": LAB, "Other": IDLER},
        scripted_projects={
            "odd": {
                "actor": "Other",
                "class": "model",
                "started": "2020-01",
                "trained": "2020-02",
                "announced": "2020-03",
            }
        },
    )
    with pytest.raises(UserError, match=r"scripted_projects.odd"):
        from_data(world)


POOR = LAB | {"chips": 0, "people": 2}
VENDOR = {
    "kind": "cloud_sponsor",
    "region": "here",
    "family": "general",
    "grant": "hardware",
    "grant_chips": 500,
}
GIVING = {"develops": False, "sponsors": True, "give_rate": 10}


def test_hardware_that_was_given_adds_up():
    small = tiny_world()["classes"]["model"]
    world = lab_world(
        kinds={"leading_lab": LAB_KIND, "cloud_sponsor": GIVING},
        classes={"model": small | {"team": 1, "work": 1}, "next": small | {"flop": 4e25, "work": 1}},
        training={"longest_months": 50},
        actors={
            "Lab": POOR,
            "Cloud": VENDOR,
            "Later": VENDOR | {"grant_chips": 9000, "active_from": "2021-06"},
        },
    )
    played = play(world)
    state = played.tables.state
    assert len(played.rows(Event.GRANTED)) > 1
    assert state.owned_chips.sum() == pytest.approx(state.chips_lent.sum())


def test_a_sponsor_gives_nothing_to_itself():
    world = lab_world(
        kinds={"hardware_vendor": LAB_KIND | {"sponsors": True, "give_rate": 10}},
        actors={"Vendor": VENDOR | POOR | {"kind": "hardware_vendor"}},
    )
    played = play(world)
    assert len(played.rows(Event.DECIDED))
    assert len(played.rows(Event.GRANTED)) == 0


def test_what_falls_short_is_not_announced_as_the_class():
    """An undertrained model is of the class that its compute reached, in the log and in the metrics."""
    world = lab_world(
        actors={
            "Lab": LAB | {"willing_usd": 6e4, "money_usd": 6e4, "people": 2},
            "Other": LAB | {"active_from": "2029-12"},
        },
        classes={"model": {"work": 1e-3, "flop": 3e21}},
        kinds={"leading_lab": LAB_KIND | {"patience_months": 1e6}},
        training={"shortest_months": 1.0, "least_share": 0.01, "failure": 0.7, "attempts": 9},
    )
    names = ["t_done[Lab,model]", "t_pub[Lab,model]", "reveal"]
    result = simulate(from_data(world), runs=60, threads=1, metrics=names, logs=60)
    short = [run for run, log in result.logs.items() if np.any(log["what"] == Event.UNDERTRAINED)]
    assert short
    for run in range(60):
        assert result["t_done[Lab,model]"][run] <= result["t_pub[Lab,model]"][run]
        assert result["t_done[Lab,model]"][run] <= result["reveal"][run]


def test_nobody_becomes_aware_of_what_it_has_made_itself():
    world = lab_world(
        actors={"Lab": LAB, "Other": LAB | {"active_from": "2023-01"}},
        effects={"existence": LASTING},
        policies={"leading_lab": {"existence": {"probability": 1}}},
    )
    played = play(world)
    assert played.time(Event.TRAINED, "Lab") < played.time(Event.AWARE, "Other")
    assert played.time(Event.AWARE, "Lab") == np.inf


def test_uncertain_dates_of_the_record_keep_their_order():
    """Drawn one by one, the end of training may fall before the start: time must not run backwards."""

    def around(low, centre, high):
        return {"low": low, "centre": centre, "high": high, "family": "uniform"}

    world = lab_world(
        actors={"Lab": LAB},
        scripted_projects={
            "first": {
                "actor": "Lab",
                "class": "model",
                "started": around("2020-02", "2020-06", "2020-10"),
                "trained": around("2020-03", "2020-07", "2020-11"),
                "announced": around("2020-04", "2020-08", "2020-12"),
            }
        },
    )
    for played in play_runs(world, range(40)):
        check_log(played)
        steps = [played.time(e) for e in (Event.STARTED, Event.TRAINED, Event.ANNOUNCED)]
        assert steps == sorted(steps)


EXTREMES = {
    "one month": {"scenario": {"end": "2020-01"}},
    "a century": {"scenario": {"end": "2119-12"}},
    "nobody builds": {
        "kinds": {"individual_researchers": {"develops": False}},
        "actors": {"Lab": {"kind": "individual_researchers", "region": "here"}},
    },
    "no money, no people": {"actors": {"Lab": LAB | {"money_usd": 0, "people": 0, "willing_usd": 0}}},
    "no time": {"actors": {"Lab": LAB | {"full_time": 0}}},
    "giants": {"actors": {"Lab": LAB | {"money_usd": 1e300, "people": 1e9, "chips": 1e12}}},
    "out of reach": {"classes": {"model": {"flop": 1e300, "work": 1e300, "team": 1e300}}},
    "dust": {"classes": {"model": {"flop": 1, "work": 1e-6, "parameters": 1, "tokens": 1}}},
    "sure to fail": {"training": {"failure": 0.95, "attempts": 64}},
    "no patience": {"kinds": {"leading_lab": LAB_KIND | {"patience_months": 0}}},
    "wild spread": {"work": {"work_spread": 30, "flop_spread": 30}},
    "steepest growth": {"trends": {"budget_growth": 5, "chips_growth": 5}},
    "decline without end": {"trends": {"budget_growth": -5, "chips_growth": -5, "rent_decline": -5}},
    "certain belief": {"kinds": {"leading_lab": LAB_KIND | {"belief": 1, "belief_growth": 1e6}}},
    "belief beyond numbers": {"kinds": {"leading_lab": LAB_KIND | {"belief": 0.5, "belief_growth": 1e6}}},
    "never active": {"actors": {"Lab": LAB | {"active_from": "2100-01"}}},
    "without hope": {"kinds": {"leading_lab": LAB_KIND | {"start_rate": 0}}},
}


@pytest.mark.parametrize("name", EXTREMES)
def test_extreme_worlds_keep_the_invariants(name):
    for played in play_runs(lab_world(**EXTREMES[name]), range(5)):
        for check in CHECKS:
            check(played)
