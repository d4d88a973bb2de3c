"""Motives: what speaks for and against a release, each alone, and the patterns that come of it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from agents import publishing
from sim import load, simulate
from sim.engine import reset
from sim.errors import UserError
from sim.motives import declared_openness, incentive_to_hold, inclined, take_in, way_of_release
from sim.scenario import from_data, merge
from sim.schema import Motive, Stake, number_fields
from sim.words import Access, ArtifactKind, Event, Incentive
from sim.world import Workspace, compile_scenario

SOURCE = "a test"
SHARES = some.floats(0, 1)
WEIGHTS = some.floats(0, 10)
AGAINST = int(Incentive.ADVANTAGE)
COUNT = int(Incentive.CONFORMITY)
STAKES = np.array([[0.3] * COUNT, [1.0] * COUNT])
FOR = [word for word in Incentive if word < AGAINST]
OPPOSED = [word for word in Incentive if AGAINST <= word < COUNT]


def chance(weights, stakes, factors, temperature=1.0):
    reasons = np.array(weights) * np.array(factors)
    inclined = publishing.inclination(reasons, np.array([stakes]), 0, AGAINST, COUNT)
    return publishing.release_probability(inclined, temperature)


# ---------------------------------------------------------------- the plain rules


def test_the_columns_of_motives_and_stakes_are_the_incentives():
    names = [word.key for word in Incentive]
    assert list(number_fields(Motive)) == names
    assert list(number_fields(Stake))[:COUNT] == names[:COUNT]


def test_inclination_by_hand():
    weights, factors = np.zeros(COUNT), np.ones(COUNT)
    weights[Incentive.CREDIBILITY], weights[Incentive.ADVANTAGE] = 2.0, 5.0
    factors[Incentive.ADVANTAGE] = 0.5
    inclined_ = publishing.inclination(weights * factors, STAKES, 0, AGAINST, COUNT)
    assert inclined_ == pytest.approx(2 * 0.3 - 5 * 0.3 * 0.5)
    assert publishing.release_probability(math.log(3), 1.0) == pytest.approx(0.75)
    assert publishing.release_probability(-math.log(3), 1.0) == pytest.approx(0.25)
    assert publishing.release_probability(2 * math.log(3), 2.0) == pytest.approx(0.75)
    assert publishing.release_probability(-1e9, 1e-6) == 0.0


def test_who_has_no_reason_either_way_tosses_a_coin_at_any_temperature():
    for temperature in (0.01, 1.0, 100.0):
        assert chance([0.0] * COUNT, [1.0] * COUNT, [1.0] * COUNT, temperature) == 0.5


@given(
    some.lists(WEIGHTS, min_size=COUNT, max_size=COUNT),
    some.lists(SHARES, min_size=COUNT, max_size=COUNT),
    some.lists(some.floats(0, 3), min_size=COUNT, max_size=COUNT),
    some.integers(0, COUNT - 1),
    some.floats(0, 10),
)
def test_a_weight_for_openness_never_closes_and_one_against_never_opens(
    weights, stakes, factors, which, more
):
    before = chance(weights, stakes, factors)
    raised = list(weights)
    raised[which] += more
    after = chance(raised, stakes, factors)
    assert after >= before if which < AGAINST else after <= before


@given(some.floats(-30, 30), some.floats(0.1, 5), some.floats(1e-9, 1 - 1e-9))
def test_one_luck_decides_whether_and_how_openly(inclined_, temperature, u):
    over = publishing.margin(inclined_, temperature, u)
    probability = publishing.release_probability(inclined_, temperature)
    if abs(over) > 1e-6:
        assert (over > 0) == (u < probability)


def test_access_opens_with_the_margin():
    ways = [publishing.access_by_margin(over, 1.0, 2.0) for over in (0.1, 1.0, 1.9, 2.0, 9.0)]
    assert ways == [0, 1, 1, 2, 2]


def test_small_rules_by_hand():
    assert publishing.delay_time(3.0, 0.5) == 3.0  # of the undecided
    assert publishing.delay_time(3.0, 1.0) == 0.0
    assert publishing.growth(0.5, 4e23, 1e23) == pytest.approx(2.0)
    assert publishing.growth(0.3, 1e23, 1e23) == 1.0
    assert publishing.growth(0.0, 7e9, 1e23) == 1.0
    assert publishing.worth(0.4, 1.0) == pytest.approx(1.0)
    assert publishing.worth(0.4, 0.5) == pytest.approx(0.8)
    assert publishing.left_to_protect(0.5, 3.0) == pytest.approx(0.125)
    assert publishing.left_to_protect(0.0, 0.0) == 1.0
    assert publishing.closed_share(4.0, 1.0) == pytest.approx(0.75)
    assert publishing.closed_share(0.0, 0.0) == 0.0
    assert publishing.norm(3.0, 3.0, 3.0) == pytest.approx(0.5)
    assert publishing.norm(3.0, 0.0, 1e-6) == pytest.approx(-1.0, abs=1e-5)
    assert publishing.norm(0.0, 0.0, 1.0) == 0.0
    assert publishing.hold_share(1.5, 2.0, 0.0) == 1.5
    assert publishing.hold_share(1.0, 1.0, 0.5) == pytest.approx(math.exp(-0.5))


# ---------------------------------------------------------------- the situation


def toy(**tables):
    return from_data(merge(load("toy").raw, tables))


ALPHA, BETA, COLLECTIVE = 0, 1, 3  # rows of actors in toy
SMALL, BIG = 0, 1


class Stage:
    """The world of toy before anything has happened, and one actor that looks at it."""

    def __init__(self, **tables):
        publication = {"reaction": 1.0, "value_gain": 0.5, "staged_from": 1.0, "open_from": 1.0}
        raised = {"publication": publication | tables.pop("publication", {}) | {"source": SOURCE}}
        self.space = Workspace(compile_scenario(toy(**raised, **tables)))
        reset(self.space.world, np.uint64(1), np.uint64(0), 36.0)
        self.tables, self.asked = self.space.tables, 0

    def announce(self, models, opened=0, klass=BIG, owner=ALPHA):
        """Let an owner have announced so many models, with so many sets of weights."""
        for row in (owner, len(self.tables.actors)):
            for level in range(klass + 1):
                self.tables.in_public[row, level, ArtifactKind.EXISTENCE] += models
                self.tables.in_public[row, level, ArtifactKind.WEIGHTS] += opened
        return self

    def inclination(self, kind="weights", actor=BETA, klass=BIG, usd=1e6):
        self.asked += 1
        take_in(self.space.world, actor, klass, usd, self.asked)
        return inclined(self.space.world, int(ArtifactKind[kind.upper()]))

    def factor(self, incentive, **looks):
        self.inclination(**looks)
        return self.tables.factors[incentive]

    def hold(self, actor=BETA, klass=BIG, usd=1e6):
        project = self.tables.projects[0]
        project["reached"], project["actor"], project["spent_compute"] = klass, actor, usd
        self.asked += 1
        return incentive_to_hold(self.space.world, actor, 0, self.asked)


@pytest.mark.parametrize("incentive", [word for word in Incentive if word < COUNT])
def test_each_motive_alone_moves_what_it_should(incentive):
    """With one weight alone, an artifact that has a stake in it moves, and one without does not."""
    alone = {word.key: float(word == incentive) * 2 for word in Incentive} | {"source": SOURCE}
    stakes = {
        kind: {word.key: 0.0 for word in Incentive if word < COUNT} | {"source": SOURCE}
        for kind in ("weights", "code")
    }
    stakes["weights"][incentive.key] = 0.5
    stage = Stage(motives={"leading_lab": alone}, stakes=stakes).announce(4)
    moved = stage.inclination("weights")
    assert stage.inclination("code") == 0.0
    assert moved > 0 if incentive < AGAINST else moved < 0


def test_closedness_grows_with_capability_cost_and_value():
    stage = Stage()
    assert stage.factor(Incentive.MISUSE, klass=BIG) > stage.factor(Incentive.MISUSE, klass=SMALL)
    assert stage.inclination(klass=SMALL) > stage.inclination(klass=BIG)
    costs = [stage.inclination(usd=usd) for usd in (1e4, 1e6, 1e8)]
    assert costs == sorted(costs, reverse=True) and costs[0] > costs[2]
    dull = Stage(classes={"big": {"publicity": 0.2}})
    assert dull.inclination() > stage.inclination()
    flat = Stage(publication={"capability_gain": 0, "cost_gain": 0, "value_gain": 0})
    assert flat.inclination(klass=SMALL, usd=1.0) == flat.inclination(klass=BIG, usd=1e9)


def test_nothing_is_left_to_protect_of_what_others_have():
    alone, shared = Stage(), Stage().announce(5)
    assert shared.factor(Incentive.ADVANTAGE) < alone.factor(Incentive.ADVANTAGE)
    assert shared.inclination() > alone.inclination()
    # a model of a lower class says nothing about a higher one; one's own say nothing at all
    assert Stage().announce(5, klass=SMALL).inclination() == alone.inclination()
    assert Stage().announce(5, owner=BETA).inclination() == alone.inclination()
    harm = Incentive.MISUSE
    assert Stage().announce(5, 3).factor(harm) < shared.factor(harm) == alone.factor(harm)


def test_closing_all_others_opens_who_reacts_and_nobody_else():
    closed, open_ = Stage().announce(4, 0), Stage().announce(4, 4)
    reaction = load("toy").file.motives["open_collective"].reaction.value
    assert closed.factor(Incentive.REACTION, actor=COLLECTIVE) == 1.0
    assert open_.factor(Incentive.REACTION, actor=COLLECTIVE) == 0.0
    gain = closed.inclination(actor=COLLECTIVE) - open_.inclination(actor=COLLECTIVE)
    assert gain == pytest.approx(reaction)  # with a full stake, and no fear of misuse
    # a leading lab of this world has no weight on reaction: only what is left to protect counts
    indifferent = {"motives": {"leading_lab": {"misuse": 0, "source": SOURCE}}}
    of_closed = Stage(**indifferent).announce(4, 0)
    assert of_closed.inclination() == Stage(**indifferent).announce(4, 4).inclination()


@pytest.mark.parametrize("off", [{"publication": {"reaction": 0.0}}, {}])
def test_reaction_off_is_one_number(off):
    changed = (
        {}
        if off
        else {"changes": [{"path": "motives.*.reaction", "operation": "set", "value": 0, "source": SOURCE}]}
    )
    stage = [Stage(**off, **changed).announce(4, opened) for opened in (0, 4)]
    if changed:  # acts when a run begins
        assert stage[0].tables.motives[:, Incentive.REACTION].max() == 0.0
    assert stage[0].inclination(actor=COLLECTIVE) == stage[1].inclination(actor=COLLECTIVE)


def test_a_norm_binds_a_dissenter():
    """Who would open withholds where all others did; who follows no norm goes its own way."""
    plain = {"reproducibility": 4.0, "source": SOURCE}
    rows = {"stakes": {"weights": {"reproducibility": 1.0, "advantage": 0, "source": SOURCE}}}
    rows["publication"] = {"shared": 1.0, "norm_models": 1.0}
    free = Stage(motives={"Beta": plain | {"misuse": 0.0}}, **rows)
    bound = Stage(motives={"Beta": plain | {"misuse": 0.0, "conformity": 10.0}}, **rows)
    assert free.inclination() == bound.inclination() > 0  # no norm yet
    assert bound.announce(3, 0).inclination() < 0 < free.announce(3, 0).inclination()
    assert bound.announce(0, 3).inclination() > 4  # the norm has turned
    assert bound.inclination("insight") == free.inclination("insight")  # does not come with models


def test_scooping_shortens_the_hold_and_cost_lengthens_it():
    stakes = {"existence": {"scooping": 1.0, "advantage": 0.5, "source": SOURCE}}
    afraid = {"Beta": {"scooping": 2.0, "source": SOURCE}}
    calm = Stage(stakes=stakes)
    stage = Stage(stakes=stakes, motives=afraid)
    assert stage.hold() == calm.hold() == pytest.approx(1.0)  # at the reference, with nobody near
    assert stage.hold(usd=1e8) > 1.0
    calm.announce(3), stage.announce(3)
    assert stage.hold() < calm.hold() < 1.0
    assert stage.inclination("existence") > Stage(stakes=stakes).inclination("existence")


def test_what_is_known_of_others_before_they_announce_presses_too():
    stage = Stage()
    stage.tables.clock[0]["projects"] = 1
    project = stage.tables.projects[0]
    project["phase"], project["actor"], project["reached"], project["first"] = 4, ALPHA, BIG, 0
    assert stage.factor(Incentive.SCOOPING) == 0.0
    stage.tables.held[BETA, 0] |= np.uint64(1)
    assert stage.factor(Incentive.SCOOPING) == pytest.approx(0.1)  # shared = 0.9
    assert stage.factor(Incentive.SCOOPING, actor=COLLECTIVE) == 0.0  # has not heard of it


def test_an_actor_differs_from_its_kind_only_in_what_its_row_says():
    plain, own = Stage(), Stage(motives={"Beta": {"advantage": 0.0, "source": SOURCE}})
    plain.inclination(), own.inclination()
    differ = plain.tables.weights != own.tables.weights
    assert list(np.flatnonzero(differ)) == [Incentive.ADVANTAGE]
    assert own.inclination() > own.inclination(actor=2) == plain.inclination(actor=2)


def test_ways_of_release():
    stage = Stage(publication={"staged_from": 1.0, "open_from": 2.0, "staged_months": 5.0})
    lean = stage.inclination()
    probability = publishing.release_probability(lean, 1.0)

    def way(kind, over):
        u = 1.0 / (1.0 + math.exp(over - lean))
        return way_of_release(stage.space.world, int(ArtifactKind[kind]), probability, u)

    assert way("WEIGHTS", 0.5)[0] == Access.LICENSED
    assert way("WEIGHTS", 1.5) == (Access.STAGED, 5.0)
    assert way("WEIGHTS", 2.5)[0] == Access.OPEN
    assert way("CODE", 0.5)[0] == Access.OPEN
    assert way("API", 2.5)[0] == Access.ARMS_LENGTH
    assert way_of_release(stage.space.world, int(ArtifactKind.WEIGHTS), 1.0, 0.99) == (Access.OPEN, 0.0)


def test_what_an_actor_declares_to_sponsors():
    stage = Stage()
    assert declared_openness(stage.space.world, COLLECTIVE) > 0.9
    assert declared_openness(stage.space.world, BETA) < 0.1


# ---------------------------------------------------------------- whole runs


def test_a_policy_overrides_motives():
    always = {"code": {"probability": 1, "source": SOURCE}, "details": {"probability": 0, "source": SOURCE}}
    events = simulate(toy(policies={"leading_lab": always}), runs=30, threads=1, logs=30).events
    labs = events[events["actor"].isin(["Beta", "Gamma"])]
    announced = (labs["event"] == "announced").sum()
    out = labs[(labs["event"] == "released") & (labs["project"] >= 0)]
    assert announced == (out["artifact_kind"] == "code").sum() > 0
    assert not (out["artifact_kind"] == "details").any()
    weighed = labs[labs["event"] == "weighed"]
    assert len(weighed) and not weighed["artifact_kind"].isin(["code", "details"]).any()


@pytest.mark.parametrize("name", ["toy", "gpt3"])
def test_every_decision_can_be_explained_from_the_log(name):
    result = simulate(name, runs=4, threads=1, logs=4)
    count = 0
    for log in result.logs.values():
        rows = np.flatnonzero(log["what"] == Event.WEIGHED)
        causes = log["cause"][log["what"] == Event.RELEASED]
        for row in rows:
            weighed = log[row]
            assert 0 < weighed["amount"] < 1
            released = weighed["draw"] < weighed["amount"]
            if weighed["motive"] >= 0 and weighed["motive"] != Incentive.CONFORMITY:
                assert (weighed["motive"] < AGAINST) == released
            if row in causes:
                assert released or weighed["kind"] == ArtifactKind.API  # imitated
            count += 1
    assert count > 50
    assert "advantage" in set(result.events["motive"])


def test_the_closedness_of_leaders_opens_others():
    """The sign of claim openness-is-reaction, in whole runs: only what others do differs."""

    def opened(probability, *sets):
        leaders = {"Alpha": {"weights": {"probability": probability, "source": SOURCE}}}
        collective = {"open_collective": {"reproducibility": 0.5, "reaction": 4, "source": SOURCE}}
        late = {"first": {"releases": {"existence": 0, "weights": 0} if probability else {"existence": 0}}}
        world = toy(policies=leaders, motives=collective, scripted_projects=late)
        events = simulate(world, runs=150, threads=1, logs=150, sets=sets).events
        weighed = events[(events["event"] == "weighed") & (events["actor"] == "Collective")]
        return weighed[weighed["artifact_kind"] == "weights"]["amount"].mean()

    assert opened(0) > opened(1) + 0.1
    off = "publication.reaction=0"
    assert opened(0, off) == pytest.approx(opened(1, off), abs=0.05)


@pytest.fixture(scope="module")
def shares():
    """How often each kind of actor releases what it has of each kind of artifact, by motives as written."""
    result = simulate(load("gpt3", ("posterior.use=false",)), runs=60, seed=1, threads=1, logs=60)
    kind_of = {name: actor.kind for name, actor in result.compiled.scenario.file.actors.items()}
    events = result.events
    events = events[events["project"] >= 0]
    announced = events[(events["event"] == "announced") & (events["mechanism"] != "original")]
    announced = announced.assign(kind=announced["actor"].map(kind_of))[["run", "project", "kind", "class"]]
    made = events[(events["event"] == "made") & (events["artifact_kind"] == "dataset")]
    with_corpus = announced.merge(made[["run", "project"]], on=["run", "project"])
    released = events[events["event"] == "released"][["run", "project", "artifact_kind", "amount"]]
    released = released.drop_duplicates(["run", "project", "artifact_kind"])
    both = released.merge(announced, on=["run", "project"])

    def share(artifact, **where):
        base = with_corpus if artifact == "dataset" else announced
        part = both[both["artifact_kind"] == artifact]
        for field, value in where.items():
            base, part = base[base[field] == value], part[part[field] == value]
        return len(part) / len(base)

    return share


def test_patterns_per_kind_of_actor_emerge(shares):
    lab = {kind: shares(kind, kind="leading_lab") for kind in ("details", "code", "dataset", "weights")}
    assert lab["details"] > 0.9  # claim disclosure-order
    assert lab["details"] > lab["code"] > lab["weights"] and lab["code"] > lab["dataset"]
    assert lab["weights"] < 0.2
    for kind in ("details", "hyperparameters", "code", "dataset", "weights"):
        assert shares(kind, kind="open_collective") > 0.8
    assert shares("tools", kind="hardware_vendor") > 0.8 > 0.2 > shares("weights", kind="hardware_vendor")
    assert shares("weights", kind="open_follower") > 0.6
    assert shares("api", kind="service_provider") > 0.8
    assert shares("weights", kind="service_provider") < 0.3


def test_models_are_more_closed_the_more_they_can_do(shares):
    for kind in ("code", "weights"):
        t5, gpt3, palm = (shares(kind, **{"class": name}) for name in ("t5", "gpt3", "palm"))
        assert t5 > gpt3 > palm


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"motives": {"leading_lap": {"reaction": 1}}}, r"motives\.leading_lap.*did you mean 'leading_lab'"),
        ({"motives": {"Beta": {"reakton": 1}}}, r"motives\.Beta\.reakton.*did you mean 'reaction'"),
        ({"motives": {"Beta": {"reaction": -1}}}, r"motives\.Beta\.reaction.*out of bounds"),
        ({"stakes": {"wheights": {}}}, r"stakes\.wheights.*did you mean 'weights'"),
        ({"stakes": {"weights": {"misuse": 2}}}, r"stakes\.weights\.misuse.*out of bounds"),
        ({"publication": {"staged_from": 3}}, r"publication\.staged_from"),
        (
            {"changes": [{"path": "motives.Beta.reaction", "operation": "set", "value": 0}]},
            r"motives\.Beta\.reaction.*leading_lab",
        ),
    ],
)
def test_bad_motives_are_explained(tables, message):
    base = {"motives": {"Beta": {"prestige": 0, "source": SOURCE}}}
    with pytest.raises(UserError, match=message):
        toy(**merge(base, tables))
