"""Attribution: players are removed from the world and from nothing else, and what they brought adds up."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from conftest import LAB, LAB_KIND, LASTING, ordinary_actors, play_runs, tiny_world
from terminal import cascades

import experiments
from experiments import attribute, games
from experiments.coalitions import BLOCK_SIMULATIONS, read_groups
from experiments.players import SORTS, players_of, world
from sim import load, simulate
from sim.errors import UserError
from sim.policy import with_policies
from sim.scenario import from_data
from sim.words import ArtifactKind, Event

KINDS = [kind.key for kind in ArtifactKind]


@pytest.fixture(scope="module")
def open_world():
    """The toy world in which everybody releases everything, and insights are found."""
    releases = {kind: {"probability": 1} for kind in KINDS} | {
        "weights": {"probability": 1, "delay_months": 2, "access": "staged"}
    }
    tables = {
        "effects": {kind: {"uptake_months": 1, "obsolescence_months": 60, "spread": 0.1} for kind in KINDS},
        "policies": {"leading_lab": releases, "open_collective": releases},
        "insights": {
            "idea": {"kind": "insight", "needs": "small", "rate": 0.05},
            "store": {"kind": "retrieval_store", "needs": "small", "rate": 0.05},
        },
    }
    raw = load("toy").raw
    effects = {kind: tables["effects"][kind] | raw["effects"].get(kind, {}) for kind in KINDS}
    return from_data({**raw, **tables, "effects": effects})


def rows_of(scenario, event: Event, runs: int = 12) -> np.ndarray:
    """Return the rows of some runs' logs that say one thing."""
    return np.concatenate([played.rows(event) for played in play_runs(scenario, range(runs))])


# ------------------------------------------------------------ who is removed, and nothing else


@pytest.mark.parametrize("kind", KINDS)
def test_no_artifact_of_a_removed_kind_is_ever_released(open_world, kind):
    code = ArtifactKind[kind.upper()]
    before = rows_of(open_world, Event.RELEASED)["kind"]
    after = rows_of(world(open_world, "artifact-kinds", [], [kind]), Event.RELEASED)["kind"]
    assert code in before
    assert code not in after
    if kind not in ("existence", "weights"):  # hidden models release nothing; stages of weights go with them
        assert set(before) - {code} == set(after)


@pytest.mark.parametrize("kind", ["tools", "code", "weights", "existence", "insight"])
def test_no_artifact_of_a_removed_kind_is_ever_released_in_the_world_of_gpt3(kind):
    code = ArtifactKind[kind.upper()]
    base = load("gpt3")
    assert code in rows_of(base, Event.RELEASED, 3)["kind"]
    assert code not in rows_of(world(base, "artifact-kinds", [], [kind]), Event.RELEASED, 3)["kind"]


def test_a_removed_kind_is_one_order_more():
    base = load("toy")
    without = world(base, "artifact-kinds", ["weights"], ["code", "tools"])
    assert {key for key in without.raw if without.raw[key] != base.raw.get(key)} == {"orders"}
    assert [order.artifacts for order in without.file.orders] == [["code"], ["tools"]]
    assert world(base, "artifact-kinds", ["code", "tools"], []) is base


def test_a_removed_kind_overrides_orders_that_require_it():
    base = with_policies("toy", "order:artifacts=code+weights,action=require")
    for over, player, left in (
        ("artifact-kinds", "code", set()),
        ("artifacts", "Beta/code", {"Alpha", "Gamma", "Collective"}),
    ):
        without = world(base, over, [], [player])
        assert rows_released(base, "code") >= {"Alpha", "Beta"}
        assert rows_released(without, "code") & {"Beta"} == set()
        assert bool(rows_released(without, "code")) == bool(left)
        assert rows_released(without, "weights") >= {"Alpha", "Beta"}


def rows_released(scenario, kind: str) -> set[str]:
    """Return who releases artifacts of a kind, in some runs."""
    rows = rows_of(scenario, Event.RELEASED)
    actors = list(scenario.file.actors)
    return {actors[row["actor"]] for row in rows if row["kind"] == ArtifactKind[kind.upper()]}


def test_a_removed_artifact_is_withheld_but_made():
    base = load("toy")
    without = world(base, "artifacts", [], ["tools"])
    owner, tools = list(base.file.actors).index("Gamma"), ArtifactKind.TOOLS
    made = [rows_of(scenario, Event.MADE, 1) for scenario in (base, without)]
    given = [[row["time"] for row in rows if row["kind"] == tools and row["actor"] == owner] for rows in made]
    assert given[0][0] == given[1][0]
    assert "Gamma" in rows_released(base, "tools")
    released = [rows_of(scenario, Event.RELEASED, 1) for scenario in (base, without)]
    first = [{row["artifact"] for row in rows if row["kind"] == tools} for rows in released]
    assert len(first[0] - first[1]) == 1


def test_what_one_actor_releases_of_a_kind_can_be_removed(open_world):
    without = world(open_world, "artifacts", [], ["Beta/details"])
    assert rows_released(open_world, "details") - rows_released(without, "details") == {"Beta"}
    assert "Beta" in rows_released(without, "code")


@pytest.mark.parametrize("actor", ["Alpha", "Beta", "Collective", "Cloud"])
def test_a_removed_actor_does_nothing(open_world, actor):
    row = list(open_world.file.actors).index(actor)
    before = list(play_logs(open_world))
    after = list(play_logs(world(open_world, "actors", [], [actor])))
    assert any((log["actor"] == row).any() or (log["source"] == row).any() for log in before)
    for log in after:
        assert not (log["actor"] == row).any()
        assert not (log["source"] == row).any()


def play_logs(scenario, runs: int = 12):
    return simulate(scenario, runs, metrics=[], logs=runs).logs.values()


def test_a_removed_actor_of_the_world_of_gpt3_does_nothing():
    base = load("gpt3")
    row = list(base.file.actors).index("OpenAI")
    for log in play_logs(world(base, "actors", [], ["OpenAI"]), 4):
        assert not (log["actor"] == row).any()


def test_a_removed_sponsor_gives_nothing():
    base = load("gpt3")
    sponsors = players_of(base, "sponsors")
    rows = [list(base.file.actors).index(name) for name in sponsors]
    assert set(rows_of(base, Event.GRANTED, 30)["source"]) & set(rows)
    assert not set(rows_of(world(base, "sponsors", [], sponsors), Event.GRANTED, 30)["source"]) & set(rows)


def test_a_removed_motive_weighs_nothing_for_anybody():
    data = {"motives": {"a": {"prestige": 2, "blame": 1, "source": "x"}, "b": {"prestige": {"value": 3}}}}
    without = SORTS["motives"].without(data, "prestige")
    assert without == {"motives": {"a": {"prestige": 0, "blame": 1, "source": "x"}, "b": {"prestige": 0}}}


def test_levers_are_laid_over_where_they_are_present():
    first, second = "order:artifacts=code,action=forbid", "order:artifacts=details,delay_months=6"
    found = attribute("toy", "lag_2", "levers", runs=30, players=[first, second])
    for coalition, spec in ((0, ""), (1, first), (2, second), (3, f"{first}++{second}")):
        alone = simulate(with_policies("toy", spec), 30, metrics=["lag_2"], logs=0)
        assert np.array_equal(found.values_of[coalition], alone["lag_2"])


# ------------------------------------------------------------ a world that a person can solve


@pytest.fixture(scope="module")
def halving_world():
    """One lab has 10 person-months of work for two; tools and code halve them, a dataset does nothing."""
    published = {"published": "2010-01", "made": "2010-01", "strength": 1}
    world_ = tiny_world(
        kinds={"leading_lab": LAB_KIND},
        actors={"lab": LAB} | ordinary_actors(1),
        effects={
            "tools": LASTING | {"work": 0.5, "uptake_months": 1e-6},
            "code": LASTING | {"work": 0.5, "uptake_months": 1e-6},
            "dataset": LASTING | {"uptake_months": 1e-6},
        },
        scripted_artifacts={
            "a": {"owner": "a0", "kind": "tools", **published},
            "b": {"owner": "a0", "kind": "code", **published},
            "c": {"owner": "a0", "kind": "dataset", **published},
        },
    )
    return from_data(world_, "halving.toml")


@pytest.mark.parametrize(
    ("over", "players"), [("artifact-kinds", ["tools", "code"]), ("artifacts", ["a", "b"])]
)
def test_two_that_halve_the_work_share_evenly_and_are_substitutes(halving_world, over, players):
    """5 months without help, 2.5 with one, 1.25 with both: 1.875 each, and 1.25 less together than apart."""
    found = attribute(halving_world, "t_done[lab,model]", over, runs=10, players=players)
    np.testing.assert_allclose(found.shares[0], 1.875, atol=1e-4)
    np.testing.assert_allclose(games.leave_one_out(found.worth, 2), 1.25, atol=1e-4)
    np.testing.assert_allclose(games.first_in(found.worth, 2), 2.5, atol=1e-4)
    np.testing.assert_allclose(found.interactions["mean"], [-1.25], atol=1e-4)
    assert found.interactions.relation.tolist() == ["substitutes"]
    assert "a and b are substitutes" in found.in_words().replace("tools", "a").replace("code", "b")


def test_who_helps_nobody_gets_exactly_nothing(halving_world):
    found = attribute(halving_world, "t_done[lab,model]", runs=10)
    assert found.players == ["tools", "code", "dataset"]
    assert np.all(found.shares[0][2] == 0)
    assert found.absent == []  # it is there, and released
    touching = found.interactions[found.interactions.second == "dataset"]
    assert touching.relation.tolist() == ["none", "none"]


# ------------------------------------------------------------ what adds up


@pytest.fixture(scope="module")
def toy():
    return attribute("toy", "lag_2", runs=80, threads=2)


def test_the_sum_is_the_difference_in_every_run(toy):
    assert toy.shares[0].shape == (8, 80)
    assert games.efficiency_gap(toy.worth, toy.shares[0]) < 1e-9
    np.testing.assert_allclose(toy.shares[0].sum(axis=0), toy.total, atol=1e-9)
    assert toy.total.min() < toy.total.max()


def test_extremes_are_the_world_as_it_is_and_the_world_without_all(toy):
    base = load("toy")
    full = simulate(base, 80, metrics=["lag_2"], logs=0)["lag_2"]
    none = simulate(world(base, "artifact-kinds", [], toy.players), 80, metrics=["lag_2"], logs=0)["lag_2"]
    assert np.array_equal(toy.values_of[toy.everybody], full)
    assert np.array_equal(toy.values_of[0], none)
    assert np.isinf(none).any()
    window = toy.result.compiled.horizon - 6  # the toy reveal is in July
    np.testing.assert_allclose(toy.total, np.minimum(none, window) - np.minimum(full, window))


def test_a_null_player_gets_exactly_zero_in_every_run(toy):
    assert toy.absent == ["insight"]
    place = toy.players.index("insight")
    assert np.all(toy.shares[0][place] == 0)
    row = toy.values.query("player == 'insight' and measure == 'shapley'").iloc[0]
    assert row["absent"] and row["mean"] == row["q95"] == row["positive"] == 0


def test_runs_are_the_same_whatever_their_number_and_the_threads(toy):
    few = attribute("toy", "lag_2", runs=10, threads=1)
    assert np.array_equal(few.shares[0], toy.shares[0][:, :10])


def test_values_tell_mean_errors_spread_and_share(toy):
    main = toy.values.query("measure == 'shapley' and level == 'player'").set_index("player")
    values = toy.shares[0][toy.players.index("existence")]
    row = main.loc["existence"]
    assert row["mean"] == pytest.approx(values.mean())
    assert row["standard_error"] == pytest.approx(values.std(ddof=1) / np.sqrt(80))
    assert row["q50"] == pytest.approx(np.median(values))
    assert row["sampling_error"] == 0
    assert main["share"].sum() == pytest.approx(1)
    assert set(toy.values.measure) == {"shapley", "leave_one_out", "first_in", "all - none"}


def test_sampled_orders_agree_with_all_coalitions_within_their_error(toy):
    sampled = attribute("toy", "lag_2", runs=80, permutations=200)
    assert games.efficiency_gap(sampled.worth, sampled.shares[0]) < 1e-9
    values, errors = sampled.shares
    exact = toy.shares[0].mean(axis=1)
    assert np.all(errors[exact != 0] > 0)
    assert np.all(np.abs(values.mean(axis=1) - exact) < 4 * errors + 1e-12)
    assert "200 sampled orders" in sampled.in_words()
    again = games.by_orders(toy.worth, games.sample_orders(8, 200, 1))
    assert np.array_equal(again[0], values)  # the same seed, the same orders


@pytest.mark.parametrize("permutations", [0, 40])
def test_groups_share_what_their_members_bring(toy, permutations):
    groups = {"told": toy.players[:4], "built": toy.players[4:]}
    found = attribute("toy", "lag_2", runs=20, groups=groups, permutations=permutations)
    assert games.efficiency_gap(found.worth, found.shares[0]) < 1e-9
    of_groups, _ = found.of_groups
    for place in range(2):
        members = list(found.groups.values())[place]
        np.testing.assert_allclose(found.shares[0][members].sum(axis=0), of_groups[place], atol=1e-9)
    assert found.values.query("level == 'group'").player.tolist() == ["told", "built"]
    assert len(found.interactions) == 1
    if permutations == 0:
        assert len(found.values_of) < 2**8  # far fewer coalitions are needed


def test_an_outcome_that_is_no_date_is_taken_as_it_is():
    found = attribute("toy", "n_dev@20", "sponsors", runs=20)
    assert found.outcome.limit is None
    assert np.array_equal(found.worth[1], found.values_of[1])
    assert "raised n_dev@20" in found.in_words() and "restricted" not in found.in_words()


def test_a_lag_whose_reveal_moves_says_so(toy):
    moved = attribute("toy", "lag_1", "actors", runs=10, players=["Alpha"])
    assert "moves the reveal itself" in moved.in_words()
    assert "moves the reveal itself" not in toy.in_words()


def test_a_broken_off_attribution_keeps_the_runs_that_all_coalitions_have():
    block = BLOCK_SIMULATIONS // 8
    done = []

    def stop(count: int) -> None:
        done.append(count)
        if sum(done) > 8 * block:  # in the second block
            raise KeyboardInterrupt

    kept = attribute("toy", "lag_1", runs=2 * block, players=["code", "api", "tools"], progress=stop)
    assert kept.interrupted and kept.runs == block and kept.asked == 2 * block
    whole = attribute("toy", "lag_1", runs=block, players=["code", "api", "tools"])
    assert np.array_equal(kept.shares[0], whole.shares[0])
    assert not whole.interrupted


# ------------------------------------------------------------ what is left behind, and what is refused


def test_the_command_leaves_tables_figure_and_manifest(tmp_path):
    out = tmp_path / "out"
    done = cascades(
        "attribute", "toy", "--outcome", "lag_2", "--runs", 12, "--player", "code", "--player", "tools",
        "--player", "existence", "--out", out,
    )  # fmt: skip
    assert done.code == 0, done.err
    assert "8 coalitions of players, 12 runs each: 96 runs" in done.err
    assert "existence" in done.out and "Positive: its presence brought the date forward" in done.out
    values = pd.read_parquet(out / "attribution.parquet")
    assert len(values) == 3 * 3 + 1
    assert len(pd.read_parquet(out / "interactions.parquet")) == 3
    coalitions = pd.read_parquet(out / "coalitions.parquet")
    assert len(coalitions) == 8 * 12
    worth = coalitions.groupby("present", observed=True)["worth"].mean()
    total = values.query("level == 'total'")["mean"].iloc[0]
    assert worth["code+tools+existence"] - worth["none"] == pytest.approx(total)
    assert (out / "attribution.png").read_bytes()[:4] == b"\x89PNG"
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["attribution"]["players"] == ["code", "tools", "existence"]
    assert manifest["runs_completed"] == 12
    assert set(manifest["files"]) == {
        "attribution.parquet", "interactions.parquet", "coalitions.parquet", "attribution.png",
    }  # fmt: skip


@pytest.mark.parametrize("groups", [None, {"one": ["Alpha", "Beta"], "two": ["Gamma", "Collective"]}])
def test_figures_of_any_shape_are_drawn(tmp_path, groups):
    found = attribute("toy", "lag_1", "actors", runs=6, groups=groups)
    assert found.figure(tmp_path / "figure.png").stat().st_size > 10_000
    alone = attribute("toy", "lag_1", "sponsors", runs=1)  # one player, one run: no pairs, no errors
    assert alone.figure(tmp_path / "alone.png").stat().st_size > 10_000
    assert len(alone.save(tmp_path / "saved")) == 5


REFUSED = {
    "a sort that does not exist": (["--over", "artifact-kind"], "did you mean 'artifact-kinds'?"),
    "a player that does not exist": (["--player", "cod"], "did you mean 'code'?"),
    "a player named twice": (["--player", "code", "--player", "code"], "is named twice"),
    "no levers": (["--over", "levers"], "name at least one policy"),
    "a policy that does not exist": (["--over", "levers", "--player", "ordr"], "did you mean 'order'?"),
    "an outcome that does not exist": (["--outcome", "lagg_3"], "no metric 'lagg_3'"),
    "groups that overlap": (["--group", "a=code+api", "--group", "b=code"], "code is in group a already"),
    "groups that do not cover": (["--group", "a=code+api"], "in no group: existence"),
    "a group of nobody": (["--group", "a="], "has no players"),
    "a group without a name": (["--group", "code"], "write NAME=player+player"),
    "a stranger in a group": (["--group", "a=cde"], "did you mean 'code'?"),
    "odd orders": (["--permutations", "5"], "must be an even number"),
    "absurd sizes": (["--runs", "10000000"], "ask for fewer --runs, or sample orders (--permutations)"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_used_is_refused(tmp_path, case):
    options, message = REFUSED[case]
    assert message in cascades("attribute", "toy", *options, "--out", tmp_path / "out").refusal
    assert not (tmp_path / "out").exists()


def test_players_that_a_scenario_has_none_of_are_refused():
    data = {key: table for key, table in load("toy").raw.items() if key != "motives"}
    with pytest.raises(UserError, match="has none"):
        attribute(from_data(data), "n_dev", "motives", runs=1)


def test_an_outcome_that_no_run_reaches_is_refused(tmp_path):
    done = cascades(
        "attribute", "toy", "--outcome", "lag_9", "--runs", 5, "--over", "actors", "--out", tmp_path / "o"
    )
    assert done.code == 2 and done.out == ""
    assert "error: no run reaches lag_9 within the horizon (2022-12)" in done.err
    assert not (tmp_path / "o").exists()


def test_more_players_than_all_coalitions_allow_are_refused_or_sampled():
    base = load("gpt3")
    assert len(players_of(base, "artifact-kinds")) > 12
    with pytest.raises(UserError, match="--permutations 64"):
        attribute(base, runs=5, permutations=0)
    seen = []

    def look(coalitions: int, runs: int) -> None:
        seen.append(coalitions)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        attribute(base, runs=5, planned=look)
    assert 100 < seen[0] < 2 * 64 * 13


def test_groups_are_read_as_they_are_written():
    policy = "order:artifacts=code+api,action=forbid"
    assert read_groups([f"a={policy}", "b=x + y"], [policy, "x", "y"]) == {"a": [policy], "b": ["x", "y"]}


def test_importing_experiments_gives_the_function():
    assert experiments.attribute is attribute
    assert "attribute" in experiments.__all__
