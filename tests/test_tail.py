"""The long tail: against theory, by hand, and against itself."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from experiments import comparison
from sim.ensemble import Simulator, simulate
from sim.errors import UserError
from sim.model import DiffusionModel
from sim.scenario import from_data, load
from sim.tail.reading import whole_log
from sim.tail.tables import OF_MEMBERS, STREAM, Count
from sim.tail.uptake import hazard_over, months_until, settle_stream, shuffled
from sim.words import Event
from sim.world import compile_scenario

COMPLETE = {"generator": "complete"}


def spread(members=200, months=60, network=COMPLETE, origins=(0,), passing=None, tail=None, **population):
    """Return the world ``spread`` with other numbers."""
    data = dict(load("spread").raw)
    years, month = divmod(months - 1, 12)
    data["scenario"] = {**data["scenario"], "end": f"{2020 + years}-{month + 1:02d}"}
    data["populations"] = {"nodes": {**data["populations"]["nodes"], "members": members, **population}}
    data["network"] = network
    data["passing"] = {"collaboration": {"source": "test", **(passing or {"rate": 0.1})}}
    data["tail"] = {**data["tail"], "origins": list(origins), **(tail or {})}
    return data


def times_of(data, runs, seed=1):
    """Yield, for each run, when members began to use the artifact, (members); inf: never."""
    compiled = compile_scenario(from_data(data))
    simulator = Simulator(compiled)
    for run in range(runs):
        simulator.simulate(seed, run, np.empty((1, 0)), np.empty((1, 0)))
        log = simulator.tail().log
        took = log[log["what"] <= Count.TOOK_API]
        times = np.full(len(compiled.facts["members"]), np.inf)
        times[took["member"]] = took["time"]
        yield times


def edges(tmp_path, rows, header="source,target"):
    path = tmp_path / "ties.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return {"generator": "file", "path": str(path), "directed": False}


# ---------------------------------------------------------------- theory


def test_si_on_a_complete_graph_grows_as_a_birth_process():
    """The k-th node has it after the sum of 1 / (rate i (n - i)), i below k: the logistic curve, exactly."""
    n, rate, runs = 100, 0.01, 300
    times = np.array([np.sort(t) for t in times_of(spread(n, abandon=0, passing={"rate": rate}), runs)])
    for k in (2, 10, 50, 90, 100):
        i = np.arange(1, k)
        mean, variance = np.sum(1 / (rate * i * (n - i))), np.sum(1 / (rate * i * (n - i)) ** 2)
        assert abs(times[:, k - 1].mean() - mean) < 4 * math.sqrt(variance / runs)


def test_final_size_of_sir_on_a_complete_graph():
    n, reproduction = 1000, 2.0
    world = spread(n, abandon=1.0, passing={"rate": reproduction / n})
    sizes = np.array([np.isfinite(t).mean() for t in times_of(world, 60)])
    large = sizes[sizes > 0.1]
    assert abs(large.mean() - 0.7968) < 0.02  # z = 1 - exp(-2 z)
    assert (
        abs(len(large) / 60 - 0.5) < 0.2
    )  # one case dies out with 1 / R, as the time with it is exponential


def test_cascades_are_large_only_above_the_percolation_threshold():
    def sizes(chance):
        network = {"generator": "erdos-renyi", "degree": 4}
        world = spread(2000, network=network, abandon=0, passing={"rate": 1, "chance": chance, "fixed": True})
        return np.array([np.isfinite(t).mean() for t in times_of(world, 60)])

    assert sizes(0.125).max() < 0.05  # half a follower each
    above = sizes(0.5)  # two each
    assert abs(above[above > 0.1].mean() - 0.7968) < 0.03
    assert abs((above > 0.1).mean() - 0.7968) < 0.2


def test_bass_curve():
    n, p, q = 600, 0.03, 0.4
    world = spread(n, 36, origins=(), abandon=0, uptake=p, passing={"rate": q / n})
    shares = np.array([[np.mean(t <= month) for month in (6, 12, 24)] for t in times_of(world, 40)])
    for place, month in enumerate((6, 12, 24)):
        fading = math.exp(-(p + q) * month)
        assert abs(shares[:, place].mean() - (1 - fading) / (1 + q / p * fading)) < 0.02


def test_uptake_without_ties_is_exponential():
    world = spread(400, 24, origins=(), abandon=0, uptake=0.1, passing={"rate": 0})
    shares = np.array([np.mean(t <= 10) for t in times_of(world, 40)])
    assert abs(shares.mean() - (1 - math.exp(-1))) < 0.015


def test_linear_threshold_by_hand(tmp_path):
    """0 and 1 have it. 2 knows both; 3 knows 0, 4, 5; 4 knows 2, 3; 5 knows 3; half is needed."""
    network = edges(tmp_path, ["0,2", "1,2", "0,3", "3,4", "3,5", "2,4"])
    world = spread(6, network=network, origins=(0, 1), abandon=0, needs_share=0.5,
                   passing={"rate": 1, "fixed": True})  # fmt: skip
    assert next(times_of(world, 1)).tolist() == [0.0, 0.0, 1.0, 3.0, 2.0, 4.0]


def test_several_neighbours_are_needed(tmp_path):
    network = edges(tmp_path, ["0,2", "1,2", "2,3"])
    world = spread(
        4, network=network, origins=(0, 1), abandon=0, needs_neighbours=2, passing={"rate": 1, "fixed": True}
    )
    assert next(times_of(world, 1)).tolist() == [0.0, 0.0, 1.0, np.inf]


def test_strengths_weigh_in_a_threshold_and_speed_up_news(tmp_path):
    network = edges(tmp_path, ["0,2,3", "1,2,1"], "source,target,strength")
    passing = {"rate": 1, "fixed": True}
    half = spread(3, network=network, origins=(0,), abandon=0, needs_share=0.7, passing=passing)
    assert next(times_of(half, 1))[2] == 1.0  # three quarters of its ties by strength
    simple = spread(3, network=network, origins=(1, 0), abandon=0, passing=passing)
    assert next(times_of(simple, 1))[2] == pytest.approx(1 / 3)


def test_dated_ties_carry_only_in_their_time(tmp_path):
    network = edges(tmp_path, ["0,1,0,60", "0,2,10,60", "0,3,0,0.5"], "source,target,since,until")
    world = spread(4, network=network, abandon=0, passing={"rate": 1, "fixed": True})
    assert next(times_of(world, 1)).tolist() == [0.0, 1.0, 11.0, np.inf]


def test_only_kinds_of_ties_that_pass_do(tmp_path):
    network = edges(tmp_path, ["0,1,collaboration", "0,2,follows"], "source,target,kind")
    world = spread(3, network=network, abandon=0, passing={"rate": 1, "fixed": True})
    assert next(times_of(world, 1)).tolist() == [0.0, 1.0, np.inf]


# ---------------------------------------------------------------- rules


@pytest.mark.parametrize("count", [1, 2, 5, 64, 1000])
def test_a_shuffle_is_an_order(count):
    places = [int(shuffled(np.uint64(17), place, count)) for place in range(count)]
    assert sorted(places) == list(range(count))


@pytest.mark.parametrize("attention", [0.0, 0.3, 1.0, 4.0])
@pytest.mark.parametrize("hazard", [1e-6, 0.1, 1.0, 30.0])
def test_the_time_of_an_arrival_is_where_its_hazard_has_come_together(attention, hazard):
    months = months_until(hazard, 0.2, 1.5, attention, 3.0)
    assert hazard_over(0.2, 1.5, attention, 3.0, months) == pytest.approx(hazard, rel=1e-9)


def users_world(tail=None, **population):
    """The world toy, with members who use what comes out; the first model has an interface from 2020-08."""
    data = dict(load("toy").raw)
    regions = {"north": 0.75, "south": 0.25}
    members = {"source": "test", "members": 400, "regions": regions, "uptake": 2, **population}
    data["populations"] = {"users": members}
    data["tail"] = {"source": "test", **(tail or {})}
    return from_data(data)


def read(scenario, *metrics, runs=3):
    return simulate(scenario, runs=runs, metrics=list(metrics), logs=0).runs[list(metrics)]


def test_members_use_an_interface_and_are_counted_by_region_and_form():
    names = (
        "people",
        "people[north]",
        "people[south]",
        "people[users,api]",
        "people[open]",
        "use_months",
        "users",
    )
    runs = read(users_world(), *names)
    assert (runs["people"] == runs["people[north]"] + runs["people[south]"]).all()
    assert (runs["people[users,api]"] > 300).all()
    assert (runs["use_months"] > 0).all()


def test_members_wait_for_their_turn():
    runs = read(users_world({"api_admits": 10}, takes=["api"]), "people@18", "people@30")
    # one interface from month 7 on; others follow later, each with a queue of its own
    assert runs["people@18"].min() in (110, 111)
    assert (runs["people@18"] < 130).all() and (runs["people@30"] >= 230).all()


def shelf(kind="insight", access="licensed", months=12, members=300, **more):
    """One artifact under terms, from the first day; members notice it within days and tell nobody."""
    population = {"uptake": 50, "takes": [kind], "abandon": 0, **more.pop("population", {})}
    data = spread(members, months, origins=(), passing=more.pop("passing", {"rate": 0}), **more, **population)
    artifact = {**data["scripted_artifacts"]["artifact"], "kind": kind, "access": access}
    effects = {**data["effects"], kind: data["effects"]["insight"]}
    return {**data, "scripted_artifacts": {"artifact": artifact}, "effects": effects}


def test_who_decides_slowly_holds_up_nobody_in_the_queue():
    """300 requests that are granted within 3 days; then each decides in 2 months on average."""
    world = shelf(tail={"licence_grants": 3000}, population={"decide_months": 2})
    times = np.concatenate(list(times_of(world, 20)))
    assert abs(np.mean(times <= 2.1) - (1 - math.exp(-1))) < 0.03


def test_who_can_afford_weights_at_last_waits_for_its_turn():
    """A month costs 100 USD at the rent of 2018-01, which falls tenfold a year; means are 0.5 USD."""
    world = shelf("weights", tail={"run_hours": 100, "licence_grants": 10}, population={"means_usd": 0.5})
    world["trends"] = {**world["trends"], "rent_decline": 1}
    times = next(times_of(world, 1))
    first = 12 * math.log10(200) - 24
    assert times.min() == pytest.approx(first)
    assert np.isfinite(times).sum() == math.ceil((12 - first) * 10)


def leaking_runs(members, passing=None, **population):
    """Yield the simulator after runs in which weights that were on licence have leaked, later on."""
    population = {"takes": ["weights"], "abandon": 0, **population}
    data = spread(members, 60, origins=(), passing=passing or {"rate": 0}, **population)
    model = {"source": "test", "actor": "Origin", "class": "any", "started": "2020-01-01",
             "trained": "2020-02-01", "announced": "2020-02-01", "releases": {"weights": 0},
             "access": "licensed"}  # fmt: skip
    data |= {"scripted_artifacts": {}, "scripted_projects": {"model": model}}
    data["effects"] = {**data["effects"], "weights": data["effects"]["insight"]}
    data["spread"] = {**data["spread"], "leak_rate": 0.1}
    data["actors"] = {"Origin": {**data["actors"]["Origin"], "family": "general"}}
    data["kinds"] = {"ordinary_actor": {**data["kinds"]["ordinary_actor"], "develops": True}}
    simulator = Simulator(compile_scenario(from_data(data)))
    for run in range(12):
        simulator.simulate(1, run, np.empty((1, 0)), np.empty((1, 0)))
        if simulator.workspace.tables.items[0].wave == 2:
            yield simulator


def test_ties_bring_an_opened_model_to_those_who_were_shut_out():
    """On a complete graph the first who has it after the leak passes it on to all within a month."""
    found = 0
    for simulator in leaking_runs(100, {"rate": 1, "fixed": True}, uptake=0.05, eligible=0.5):
        log = simulator.tail().log
        opened = log["time"][log["what"] == Count.TOOK_OPEN]
        licensed = np.sum(log["what"] == Count.TOOK_LICENSED)
        if len(opened) and licensed > 30:  # else it leaked as soon as it was out
            found += 1
            assert np.ptp(opened) <= 1.0 and len(opened) + licensed == 100
    assert found > 2


def test_a_new_wave_takes_the_streams_of_the_last():
    waves = 0
    for simulator in leaking_runs(20, uptake=1):
        waves += 1
        assert simulator.workspace.tables.crowd[0].streams == 1
    assert waves > 2


def two_models(kind, access, **more):
    """The model of Origin, from the first day, and one as good of another actor, from 2021 on."""
    world = shelf(kind, access, months=24, **more)
    actors = {**world["actors"], "Second": world["actors"]["Origin"]}
    first = world["scripted_artifacts"]["artifact"]
    second = {**first, "owner": "Second", "published": "2021-01-01"}
    return {**world, "actors": actors, "scripted_artifacts": {"artifact": first, "second": second}}


def withdrawn(kind, months):
    order = {"source": "test", "name": "back", "actors": ["Origin"], "artifacts": [kind]}
    return {"orders": [{**order, "withdraw_months": months}]}


def test_who_lost_a_model_or_gave_it_up_takes_another_as_good():
    kept = two_models("api", "open")
    assert read(from_data(kept), "took", runs=1)["took"].tolist() == [300]
    lost = {**kept, **withdrawn("api", 5)}
    assert read(from_data(lost), "took", "people", "users", runs=1).values.tolist() == [[600, 300, 300]]
    left = two_models("weights", "open", population={"abandon": 5})
    assert read(from_data(left), "took", "people", runs=1).values.tolist() == [[600, 300]]


def test_who_lost_a_model_turns_to_one_that_it_had_no_need_for():
    """The other one comes out in January; what the first one's users have is withdrawn after it."""
    kept = two_models("api", "open")
    lost = {**kept, **withdrawn("api", 18)}
    runs = read(from_data(lost), "took@17", "users@17", "took", "users", runs=1)
    assert runs.values.tolist() == [[300, 300, 600, 300]]
    both = {**kept, "orders": [{**lost["orders"][0], "actors": ["all"], "withdraw_months": 12}]}
    assert read(from_data(both), "users@13", "users", runs=1).values.tolist() == [[300, 0]]


def test_weights_at_arms_length_are_lost_when_they_are_withdrawn():
    world = {**shelf("weights", "arms_length"), **withdrawn("weights", 5)}
    assert read(from_data(world), "users@4", "users@6", runs=1).values.tolist() == [[300, 0]]


def test_a_silent_owner_gives_members_nothing():
    world = shelf("api", "open", population={"uptake": 0.1})
    world["actors"] = {"Origin": {**world["actors"]["Origin"], "silent_from": "2020-07-01"}}
    times = next(times_of(world, 1))
    assert 80 < np.isfinite(times).sum() < 190 and times[np.isfinite(times)].max() < 6.0


def test_a_change_of_numbers_leaves_the_hazard_of_the_past_alone():
    """Attention 8 is full for three half-lives, and trebles the rate; then the gain becomes none."""
    stream = np.zeros(1, STREAM).view(np.recarray)
    stream.rate, stream.attention, stream.gain, stream.half_life = 0.1, 8.0, 2.0, 5.0
    clock = SimpleNamespace(time=5.0)
    now = SimpleNamespace(uptake_gain=0.0, half_life_months=1.0)
    world = SimpleNamespace(streams=stream, clock=[clock], attention=[now])
    getattr(settle_stream, "py_func", settle_stream)(world, 0)
    assert stream.hazard[0] == pytest.approx(0.1 * 3 * 5)


def test_a_fingerprint_covers_the_files_of_a_network(tmp_path):
    network = edges(tmp_path, ["0,1", "1,2"])
    before = from_data(spread(3, network=network)).fingerprint
    assert from_data(spread(3, network=network)).fingerprint == before
    edges(tmp_path, ["0,1", "0,2", "1,2"])
    assert from_data(spread(3, network=network)).fingerprint != before
    degrees = tmp_path / "degrees.csv"
    network = {"generator": "configuration", "degrees_file": str(degrees)}
    found = set()
    for numbers in ("1\n1\n2\n", "2\n2\n2\n"):
        degrees.write_text("degree\n" + numbers)
        found.add(from_data(spread(3, network=network)).fingerprint)
    assert len(found) == 2


def test_a_path_counts_from_the_file_in_which_it_stands(tmp_path):
    below = tmp_path / "below"
    below.mkdir()
    edges(below, ["0,1", "1,2"])
    (below / "base.toml").write_text(
        'extends = "toy"\n[populations.users]\nsource = "test"\nmembers = 3\nregions = { north = 1.0 }\n'
        'uptake = 1\n[network]\ngenerator = "file"\npath = "ties.csv"\ndirected = false\n'
    )
    top = tmp_path / "top.toml"
    top.write_text('extends = "below/base.toml"\n')
    assert load(top).file.network.path == os.path.join("below", "ties.csv")
    assert compile_scenario(load(top)).facts["node_first"][-1] == 4


def test_a_folder_of_a_populated_world_is_read_back(tmp_path):
    """Members who show something are named in its log; figures and reports begin from it."""
    from experiments.figures.cascade import attention_curve
    from experiments.reopening import load_result
    from experiments.run import save

    scenario = users_world({"demo_attention": 0.01}, members=60, shows=0.5, takes=["api"])
    result = simulate(scenario, runs=2, logs=2)
    save(result, tmp_path / "out")
    again = load_result(tmp_path / "out")
    for run, log in result.logs.items():
        assert (log["actor"] >= len(result.compiled.actors)).sum() > 3
        for name in ("actor", "source", "what", "time"):
            assert (again.logs[run][name] == log[name]).all()
        times, levels = attention_curve(again, run)
        shown = log[log["what"] == Event.DEMONSTRATED]
        half_life = result.compiled.scenario.file.attention.half_life_months.value
        ages = times[300] - shown["time"][shown["time"] <= times[300]]
        by_hand = np.sum(0.5 ** (ages / half_life) * shown["amount"][: len(ages)])
        assert levels[300] == pytest.approx(by_hand)


def test_a_comparison_of_many_runs_keeps_the_members_of_all(monkeypatch):
    monkeypatch.setattr(comparison, "RUNS_AT_ONCE", 2)
    world = users_world(members=20, takes=["api"])
    found = comparison.compare(world, [load(world, ("tail.api_usd=1",))], runs=3, logs=3)
    assert list(found.base.tails) == list(found.base.logs) == [0, 1, 2]


def test_members_without_means_or_skill_do_without():
    poor = {"api_usd": 100.0}
    runs = read(users_world(poor, means_usd=10, takes=["api"]), "people", "too_poor")
    assert (runs["people"] == 0).all() and (runs["too_poor"] >= 300).all()
    some = read(users_world(poor, means_usd=100, means_spread=1, takes=["api"]), "people", "too_poor")
    assert ((some["people"] > 150) & (some["people"] < 250)).all()


def licensed(eligible):
    data = dict(users_world(takes=["weights"], eligible=eligible).raw)
    order = {"source": "test", "name": "out", "actors": ["all"], "artifacts": ["weights"]}
    order |= {"action": "require", "access": "licensed"}
    return from_data({**data, "orders": [order]})


def test_a_licence_keeps_out_who_is_not_eligible():
    runs = read(licensed(0.25), "people[licensed]", "people[open]", "shut_out")
    with_any = runs[runs["people[licensed]"] > 0]
    assert len(with_any) and (with_any["people[licensed]"] < 140).all() and (with_any["shut_out"] > 100).all()
    assert (runs["people[open]"] == 0).all()
    none = read(licensed(0.0), "people", "shut_out")
    assert (none["people"] == 0).all() and (none["shut_out"] > 0).any()


def test_a_withdrawn_interface_has_no_users():
    data = dict(users_world(takes=["api"]).raw)
    order = {"source": "test", "name": "back", "actors": ["all"], "artifacts": ["api"], "withdraw_months": 5}
    runs = read(
        from_data({**data, "orders": [order]}), "users@11", "users@13", "use_months@13", "use_months@36"
    )
    assert (runs["users@11"] > 0).all()
    assert (runs["users@13"] == 0).all()


def test_contributions_become_artifacts_and_demonstrations_raise_attention():
    gives = {"contributes": 1.0, "contribute_months": 1.0, "shows": 0.5}
    scenario = users_world(
        {"house": "Gamma", "contributions": 50, "contribution_strength": 0.5, "demo_attention": 0.01},
        takes=["api"], **gives,
    )  # fmt: skip
    result = simulate(scenario, runs=2, logs=2)
    for run, log in result.logs.items():
        members = log["actor"] >= len(result.compiled.actors)
        assert (log["what"][members] == Event.DEMONSTRATED).all() and members.sum() > 20
        whole = whole_log(result.compiled, log, result.tails[run])
        made = whole[(whole["what"] == Event.MADE) & (whole["cause"] > 0)]
        by_members = made[whole["what"][made["cause"]] == Event.CONTRIBUTED]
        gave = int((whole["what"] == Event.CONTRIBUTED).sum())
        assert 0 < len(by_members) <= gave // 50
        assert set(by_members["actor"]) == {result.compiled.actors.index("Gamma")}


# ---------------------------------------------------------------- log and counts


@pytest.fixture(scope="module")
def logged():
    data = spread(800, network={"generator": "barabasi-albert", "attached": 3}, origins=range(5))
    return simulate(from_data(data), runs=3, logs=3)


def test_causes_come_before_effects_and_are_rows_of_the_log(logged):
    for run, log in logged.logs.items():
        record = logged.tails[run]
        assert (record.log["cause"] > -len(record.log) + OF_MEMBERS).all()
        whole = whole_log(logged.compiled, log, record)
        assert (np.diff(whole["time"]) >= 0).all()
        assert (whole["cause"] < np.arange(len(whole))).all() and (whole["cause"][1:] >= 0).all()
        assert (whole["time"][whole["cause"][1:]] <= whole["time"][1:]).all()
        learned = whole[(whole["what"] == Event.LEARNED) & (whole["source"] >= len(logged.compiled.actors))]
        passed_by = whole["actor"][learned["cause"]]
        assert (learned["source"] == passed_by).all() and len(learned) > 500
        first, neighbours = (logged.compiled.facts[name] for name in ("node_first", "neighbours"))
        for row in learned[:50]:
            member, source = row["actor"] - 1, row["source"] - 1
            assert member in neighbours[first[source] : first[source + 1]]


def test_counts_say_what_the_log_says(logged):
    for record in logged.tails.values():
        months = record.log["time"].astype(int)
        for what in (Count.TOOK_OPEN, Count.LEFT_OPEN):
            counted = np.bincount(months[record.log["what"] == what], minlength=60)[:60]
            assert (counted == record.counts[:, 0, 0, what]).all()
    runs = simulate(logged.scenario, runs=3, metrics=["use_months", "took", "users@60"], logs=0).runs
    for run, record in logged.tails.items():
        took = record.log["what"] == Count.TOOK_OPEN
        left = record.log["what"] == Count.LEFT_OPEN
        months = np.sum(60 - record.log["time"][took]) - np.sum(60 - record.log["time"][left])
        assert runs["use_months"][run] == pytest.approx(months)
        assert runs["took"][run] == took.sum() and runs["users@60"][run] == took.sum() - left.sum()


def test_a_thinned_log_counts_the_same(logged):
    thin = simulate(load(logged.scenario, ("tail.log=counts",)), runs=3, logs=3)
    for run, record in thin.tails.items():
        assert not len(record.log)
        assert (record.counts == logged.tails[run].counts).all()
        assert (record.use_months == logged.tails[run].use_months).all()


def test_frames(logged):
    events, access = logged.all_events, logged.access
    assert {"nodes[0]", "Origin"} <= set(events["actor"])
    assert access.groupby("run")["took"].sum().tolist() == [
        int((record.log["what"] == Count.TOOK_OPEN).sum()) for record in logged.tails.values()
    ]


def test_neither_threads_nor_chunks_change_anything(logged):
    names = ["took", "users@12", "use_months"]
    one = simulate(logged.scenario, runs=12, threads=1, chunk=12, logs=0, metrics=names)
    two = simulate(logged.scenario, runs=12, threads=2, chunk=1, logs=12, metrics=names)
    assert (one.values == two.values).all()
    for run in logged.tails:
        assert two.tails[run].log.tobytes() == logged.tails[run].log.tobytes()


def test_the_same_bits_without_the_compiler(root):
    code = """
import hashlib, numpy as np, sys
sys.path.insert(0, "tests")
from test_tail import spread, users_world
from sim.ensemble import simulate
from sim.scenario import from_data
digest = hashlib.blake2b(digest_size=8)
small = from_data(spread(60, network={"generator": "barabasi-albert", "attached": 2}, uptake=0.02))
gives = dict(contributes=0.3, shows=0.3, abandon=0.1, means_usd=20.0, means_spread=1.0, members=60)
tail = {"house": "Gamma", "contributions": 5, "demo_attention": 0.01, "api_usd": 20.0, "api_admits": 5}
users = users_world(tail, **gives)
for scenario in (small, users):
    result = simulate(scenario, runs=2, logs=2, threads=1)
    for run, log in result.logs.items():
        digest.update(log.tobytes() + result.tails[run].log.tobytes() + result.tails[run].people.tobytes())
print(digest.hexdigest())
"""
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=root,
            env={**os.environ, **more},
            text=True,
            capture_output=True,
            check=True,
        ).stdout
        for more in ({}, {"NUMBA_DISABLE_JIT": "1"})
    }
    assert len(found) == 1


def test_a_mesa_model_of_a_populated_world_goes_on_month_by_month():
    model = DiffusionModel(users_world(), seed=1)
    for _ in range(12):
        model.step()
    assert model.measure("people@12") > 0
    whole = simulate(users_world(), runs=1, logs=1)
    while not model.live.ended:
        model.step()
    assert model.live.log.tobytes() == whole.logs[0].tobytes()


def test_runs_share_the_network():
    compiled = compile_scenario(
        from_data(spread(500, network={"generator": "barabasi-albert", "attached": 3}))
    )
    one, two = Simulator(compiled), Simulator(compiled)
    for name in ("neighbours", "node_first", "members", "roster"):
        assert np.shares_memory(getattr(one.workspace.tables, name), getattr(two.workspace.tables, name))


def bytes_per_member(simulator, members):
    """Return what the tables of the tail take for each member, without ties and log (counts are one)."""
    own = (
        *("members", "roster", "inflow", "stages", "nearing", "heard", "persons", "entries", "buckets"),
        *("entry_strength", "agenda_times", "agenda", "late_times", "late", "parts", "streams"),
    )
    return sum(getattr(simulator.workspace.tables, name).nbytes for name in own) / members


def test_memory_of_a_member_in_the_spread_job():
    members = 20_000
    data = spread(members, network={"generator": "barabasi-albert", "attached": 3})
    simulator = Simulator(compile_scenario(from_data(data)))
    simulator.simulate(1, 0, np.empty((1, 0)), np.empty((1, 0)))
    assert bytes_per_member(simulator, members) < 120


@pytest.mark.slow
def test_memory_of_a_member_in_the_world_of_gpt3():
    compiled = compile_scenario(load("gpt3-world"))
    simulator = Simulator(compiled)
    simulator.simulate(1, 0, np.empty((12, 0)), np.empty((12, len(simulator.uncertain))))
    tables = simulator.workspace.tables
    assert bytes_per_member(simulator, 100_000) < 300
    assert tables.tie_passing.nbytes <= 32 * len(tables.neighbours)
    assert len(tables.tail_events) == 1  # thinned


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"members": 0}, "populations.nodes.members: 0 is out of bounds"),
        ({"members": 2.5}, "must be a whole number"),
        ({"regions": {"nowhere": 1.0}}, "no region 'nowhere'"),
        ({"regions": {"everywhere": 0.7}}, "the shares sum to 0.7"),
        ({"takes": ["wights"]}, "did you mean 'weights'"),
        ({"takes": []}, "is empty"),
        ({"means_usd": 0}, "no member could pay"),
        ({"abandon": -1}, "must be at least 0"),
        ({"abandon": math.nan}, "not a finite number"),
        ({"eligible": 1.5}, "between 0 and 1"),
        ({"needs_drawn": True, "needs_share": 0.5}, "leave one of the two out"),
        ({"network": {"generator": "complete", "members": 3}}, "unknown key"),
        ({"origins": (200,)}, "tail.origins.0: 200 is not a node of the network: 0 to 199"),
        ({"tail": {"house": "Nobody"}}, "no actor 'Nobody'"),
        ({"contributes": 0.5}, "tail.house: is missing"),
        ({"tail": {"log": "none"}}, "use 'events' or 'counts'"),
        ({"passing": {"rate": 0, "fixed": True}}, "must be above 0"),
    ],
)
def test_bad_populations(change, words):
    with pytest.raises(UserError) as error:
        compile_scenario(from_data(spread(**change)))
    assert words in str(error.value)


def test_bad_ties():
    with pytest.raises(UserError, match="passing.hiring: no kind of tie 'hiring'"):
        data = spread()
        data["passing"] = {"hiring": {"rate": 1.0}}
        compile_scenario(from_data(data))
    with pytest.raises(UserError, match="kind of tie 'friend'"):
        from_data({**spread(), "passing": {"friend": {"rate": 1.0}}})
    with pytest.raises(UserError, match="without a \\[network\\]"):
        from_data({key: table for key, table in spread().items() if key != "network"})
    with pytest.raises(UserError, match="network: there are no populations"):
        from_data(
            {key: table for key, table in spread().items() if key not in ("populations", "tail", "passing")}
        )


def test_a_network_of_another_size(tmp_path):
    """Fewer nodes than members: the rest has no ties. More: refused."""
    assert (
        compile_scenario(from_data(spread(5, network=edges(tmp_path, ["0,1", "1,2"])))).facts["node_first"][
            -1
        ]
        == 4
    )
    with pytest.raises(UserError, match="node"):
        compile_scenario(from_data(spread(2, network=edges(tmp_path, ["0,1", "1,2"]))))


def test_bad_metrics():
    compiled = compile_scenario(from_data(spread()))
    from sim.metrics import parse_metric

    for name, words in (
        ("people[nowhere]", "no word 'nowhere'"),
        ("people[api,open]", "no word 'open'"),
        ("users@1.5", "whole MONTH"),
        ("people_3", "write people"),
    ):
        with pytest.raises(UserError, match=words):
            parse_metric(name, compiled)
