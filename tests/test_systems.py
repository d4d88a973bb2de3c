"""The named systems of the sources, each as a feature that can be seen (docs/systems.md lists them)."""

from __future__ import annotations

import math
import re
import shlex

import numpy as np
import pytest
from conftest import LAB, LAB_KIND, LASTING, play, tiny_world

from sim import UserError, load, simulate
from sim.harms import access_months, exposure
from sim.live import LiveRun
from sim.paths import join_path
from sim.provenance import claims_cited, ingredients, leaks, overlap
from sim.scenario import CONFIGS, from_data, merge
from sim.schema import months_of_date
from sim.series import WEEK, attention_series
from sim.words import Bound, Event, Mechanism
from sim.world import compile_scenario

RUNS = 24


@pytest.fixture(scope="module")
def world():
    return simulate("gpt3", runs=RUNS, seed=4, threads=1, logs=RUNS, metrics=["n_dev", "lag_1", "reveal"])


@pytest.fixture(scope="module")
def events(world):
    return world.events


def months(date: str) -> float:
    return months_of_date(date) - load("gpt3").start


# ---- attention: the shape of search interest


def test_the_series_is_what_the_run_itself_holds():
    compiled = compile_scenario(load("toy"))
    series = attention_series("toy", runs=2)
    for run in range(2):
        live = LiveRun(compiled, 1, run)
        mine = series[(series["run"] == run) & (series["region"] == "north")].set_index("month")["attention"]
        for month in range(compiled.scenario.months):
            from sim.attention import attention_now

            assert mine[month] == pytest.approx(attention_now(live.world), rel=1e-12)
            live.advance()


def test_every_region_has_its_own_peak_and_its_share_of_searches():
    series = attention_series("gpt3", runs=3, step=0.25)
    peaks = series.groupby(["run", "region"])[["share_of_peak", "share_of_searches"]].max()
    assert np.allclose(peaks["share_of_peak"], 1.0)
    assert np.allclose(peaks["share_of_searches"].xs("china", level="region"), 1.0)
    assert (series["share_of_searches"] <= series["share_of_peak"] + 1e-12).all()


def test_the_finer_look_sees_the_same_attention():
    coarse, fine = (attention_series("toy", runs=1, step=step) for step in (1.0, 0.25))
    both = coarse.merge(fine, on=["run", "region", "month"])
    assert len(both) == len(coarse)
    assert np.allclose(both["attention_x"], both["attention_y"], rtol=1e-12)


def test_attention_comes_with_the_demonstrations_and_not_with_the_paper():
    """claims hype-from-demos-not-paper and hype-onset-lag."""
    window = (months("2020-05-28"), months("2021-05"))
    plain = attention_series("gpt3", runs=RUNS, step=WEEK, window=window)
    quiet = attention_series(load("gpt3", ("attention.demos=0",)), runs=RUNS, step=WEEK, window=window)
    plain, quiet = (table[table["region"] == "china"] for table in (plain, quiet))
    ratio = plain.groupby("run")["attention"].max() / quiet.groupby("run")["attention"].max()
    assert (ratio >= 1).all() and ratio.median() > 5
    peak = plain.loc[plain.groupby("run")["attention"].idxmax(), "month"] - window[0]
    assert 3 < peak.median() / WEEK < 16  # weeks after the paper; claim:hype-peak-week says about 8


@pytest.mark.parametrize("words", [{"step": 0}, {"window": (3, 3)}])
def test_a_step_or_window_without_meaning_is_refused(words):
    with pytest.raises(UserError):
        attention_series("toy", runs=1, **words)


# ---- harms as weights on access


def harm_world(**weights):
    return from_data(merge(load("toy").raw, {"harms": {"misuse": {"source": "a test", **weights}}}))


def test_exposure_is_months_of_access_times_weight():
    one = simulate(harm_world(open=1, made=1), runs=10, threads=1, logs=10)
    two = simulate(harm_world(open=2, made=2), runs=10, threads=1, logs=10)
    assert np.allclose(exposure(two)["misuse"], 2 * exposure(one)["misuse"])
    made = exposure(simulate(harm_world(made=1), runs=10, threads=1, logs=10, metrics=["n_dev"]))
    for run, log in one.logs.items():
        klass = one.compiled.classes.index("big")
        first = {}
        for row in log[log["reached"] >= klass]:
            first.setdefault(int(row["actor"]), float(row["time"]))
        assert made["misuse"][run] == pytest.approx(sum(one.compiled.horizon - t for t in first.values()))


def test_who_has_a_model_in_two_forms_counts_once_with_the_heavier():
    log = np.zeros(
        2,
        [
            ("time", "f8"),
            ("what", "i4"),
            ("actor", "i4"),
            ("klass", "i4"),
            ("reached", "i4"),
            ("mechanism", "i4"),
        ],
    )
    log["what"], log["reached"] = Event.ACCESSED, -1
    log["time"] = [2.0, 5.0]
    log["mechanism"] = [Mechanism.STRUCTURED_ACCESS, Mechanism.OPEN_PUBLICATION]
    assert access_months(log, 0, 10.0) == [
        (0, 2.0, 5.0, {"arms_length"}),
        (0, 5.0, 10.0, {"arms_length", "open"}),
    ]


def test_more_openness_exposes_more_and_no_weights_are_an_error(world):
    table = exposure(world)
    assert len(table.columns) == 6 and (table > 0).all().all()  # claim:risk-taxonomy
    with pytest.raises(UserError, match="harms"):
        exposure(simulate("toy", runs=1, threads=1, logs=1))


# ---- provenance


def test_models_that_learned_the_same_things_overlap(world):
    log = world.logs[0]
    trained = log[(log["what"] == Event.TRAINED) & (log["project"] >= 0)]["project"]
    first, last = int(trained[0]), int(trained[-1])
    assert overlap(world, 0, last, last) == 1.0
    assert 0.0 <= overlap(world, 0, first, last) < 1.0
    assert ingredients(log, last) and not ingredients(log, 10_000)


def test_a_number_that_was_set_by_a_target_is_found():
    cited = claims_cited(load("gpt3"))
    assert "training.utilisation" in cited["gpt3-utilisation"]
    assert leaks(load("gpt3"), ["gpt3-utilisation", "first-follower-12m"]) == {
        "gpt3-utilisation": cited["gpt3-utilisation"]
    }


# ---- single systems


def test_the_staged_release_opens_the_small_one_first(events):
    """GPT-2: a small model in February 2019, the weights in November."""
    out = events["event"].isin(["released", "leaked"])
    own = events[out & (events["actor"] == "OpenAI") & (events["class"] == "gpt2")]
    small = own[own["artifact_kind"] == "small_model"].groupby("run")["month"].max()
    weights = own[own["artifact_kind"] == "weights"].groupby("run")["month"].min()
    assert len(small) == len(weights) == RUNS
    assert (small < 2).all() and (weights.round(2) == 10.16).mean() > 0.8  # the others leaked
    access = events[(events["event"] == "accessed") & (events["mechanism"] == "staged_release")]
    assert len(access) and (access["month"] >= 9).all()


def test_a_very_late_release_is_a_policy_with_a_long_delay():
    """AlphaFold: announced, and opened years later."""
    late = {"weights": {"probability": 1, "delay_months": 24, "source": "a test"}}
    raw = merge(load("toy").raw, {"policies": {"Beta": late}, "scenario": {"end": "2025-12"}})
    events = simulate(from_data(raw), runs=20, threads=1, logs=20).events
    mine = events[events["actor"] == "Beta"]
    announced = mine[mine["event"] == "announced"].set_index(["run", "project"])["month"]
    opened = mine[(mine["event"] == "released") & (mine["artifact_kind"] == "weights")]
    opened = opened.set_index(["run", "project"])["month"]
    assert len(opened)
    assert np.allclose(opened - announced.loc[opened.index], 24)


def tool_world(talent):
    """Seven people face a threshold of ten; tools are published in 2021, a better version in 2022."""
    return tiny_world(
        kinds={"leading_lab": LAB_KIND, "ordinary_actor": {"develops": False}},
        actors={"Lab": LAB | {"people": 5}, "Vendor": {"kind": "ordinary_actor", "region": "here"}},
        classes={"model": {"team": 10}},
        effects={"tools": LASTING | {"talent": talent, "distance": 1, "uptake_months": 0.01}},
        scripted_artifacts={
            version: {"owner": "Vendor", "kind": "tools", "published": date, "strength": strength}
            for version, date, strength in (("first", "2021-01", 0.5), ("second", "2022-01", 1.0))
        },
    )


@pytest.mark.parametrize(("talent", "starts"), [(0.0, math.inf), (0.45, math.inf), (0.55, 24), (1.0, 12)])
def test_tools_lower_the_threshold_of_talent_version_by_version(talent, starts):
    """Megatron-LM 2019 and 2021, DeepSpeed: general tools, as the record gives them in gpt3."""
    played = play(tool_world(talent))
    begun = played.time(Event.STARTED, "Lab")
    assert begun == (pytest.approx(starts, abs=0.5) if starts < math.inf else math.inf)
    assert Bound.TALENT in played.rows(Event.BLOCKED)["bound"]


def test_tools_are_bound_to_families_of_chips(world, events):
    """MindSpore runs on Ascend, JAX on TPU: who has other chips gets less out of them."""
    file = world.scenario.file
    owners = {item.owner for item in file.scripted_artifacts.values() if item.kind == "tools"}
    assert {file.actors[owner].family for owner in owners} == {"nvidia", "tpu", "ascend"}
    learned = events[
        (events["event"] == "learned") & (events["artifact_kind"] == "tools") & events["amount"].ne(0)
    ]
    family = {name: actor.family for name, actor in file.actors.items()}
    same = learned["actor"].map(family) == learned["source"].map(family)
    assert learned[same]["amount"].mean() > learned[~same]["amount"].mean()


def test_a_corpus_flows_upward_from_those_without_means(world, events):
    """The Pile: made by volunteers, taken up by those who have a hundred times their money."""
    file = world.scenario.file
    learned = events[
        (events["event"] == "learned")
        & (events["artifact_kind"] == "dataset")
        & (events["source"] == "EleutherAI")
    ]
    poor = file.actors["EleutherAI"].money_usd.value + 1.0
    upward = [name for name in learned["actor"] if file.actors[name].money_usd.value > 10 * poor]
    assert len(upward) > RUNS  # more than one in a run


def test_access_by_interface_is_used_shown_and_imitated(world, events):
    """OpenAI API, AI21 Studio."""
    used = events[events["mechanism"] == "structured_access"]
    assert len(used)
    shown = events[(events["event"] == "demonstrated") & (events["artifact_kind"] == "api")]
    assert (shown.groupby("run").size() >= 1).all() and shown["run"].nunique() == RUNS
    adopted = events[events["event"] == "adopted"]
    assert len(adopted) and set(adopted["mechanism"]) == {"policy_imitation"}
    assert (adopted["actor"] != adopted["source"]).all()


def test_followers_in_other_regions_have_sponsors_tools_and_unfinished_goals(world, events):
    """PanGu-alpha, HyperClova, Yuan, ERNIE: regional followers, some of them undertrained."""
    file = world.scenario.file
    far = [name for name, actor in file.actors.items() if actor.region in ("china", "korea")]
    follow = world.compiled.classes.index(world.scenario.follow_class)
    later = {name for name in world.compiled.classes[follow:]}
    trained = events[events["actor"].isin(far) & events["reached"].isin(later)]
    assert trained["run"].nunique() == RUNS
    assert (events["event"] == "undertrained").any()
    granted = events[events["event"] == "granted"]
    assert len(granted[granted["actor"].isin(far)])


def test_sponsors_differ_in_form_amount_and_conditions(world, events):
    """TFRC, CoreWeave, Jean Zay (GENCI), Peng Cheng Lab."""
    file = world.scenario.file
    givers = {name: actor for name, actor in file.actors.items() if actor.grant}
    assert {"hardware_access", "compute_money"} <= {actor.grant for actor in givers.values()}
    granted = events[events["event"] == "granted"]
    assert granted["source"].nunique() >= 3
    for _, row in granted.iterrows():
        giver = givers[row["source"]]
        assert row["amount"] <= giver.grant_chips.value
        if giver.grant_region:
            assert file.actors[row["actor"]].region == giver.region


def test_a_secret_is_trained_long_before_it_is_told(events):
    """Gopher: leaders hold what they have."""
    leaders = events[events["actor"].isin(["DeepMind", "Google", "OpenAI"]) & events["project"].ge(0)]
    trained = leaders[leaders["event"] == "trained"].set_index(["run", "project"])["month"]
    told = leaders[leaders["event"] == "announced"].set_index(["run", "project"])["month"]
    both = trained.index.intersection(told.index)
    hold = (told.loc[both] - trained.loc[both]).to_numpy()
    assert (hold >= 0).all() and (hold > 6).mean() > 0.1


def test_outliers_of_an_order_of_magnitude_are_common_and_of_three_are_not(world):
    """Meena and Seq2Seq (11 and 18 times the trend) lie within the spread as written; GNMT (345 times) does
    not."""
    file = world.scenario.file
    written = load("gpt3", ("posterior.use=false",))
    spread = simulate(written, runs=4000, seed=1, threads=1, logs=0, metrics=["n_dev"]).runs[
        "input:conviction.spread"
    ]
    draws = np.random.default_rng(1).standard_normal((400, len(spread)))
    factor = np.exp(draws * spread.to_numpy())
    assert 0.002 < (factor > 11).mean() < 0.05
    assert (factor > 345).mean() < 1e-3
    lone = np.exp(draws * file.conviction.spread.value)
    assert (factor > 18).mean() > 3 * (lone > 18).mean()  # heavier than with a known spread


def test_the_second_domain_costs_a_sixth_of_the_compute_on_later_chips():
    """Stable Diffusion: claims sd-flop-ratio and sd-36x-cheaper (which counts memory too)."""
    image, language = load("image").file, load("gpt3").file
    ratio = language.classes["gpt3"].flop.value / image.classes["diffusion"].flop.value
    assert ratio == pytest.approx(6.28, abs=0.01)
    old, new = language.chips["V100"], image.chips["A100"]
    throughput = new.peak_flops.value / old.peak_flops.value
    memory = new.memory_gb.value / old.memory_gb.value
    assert throughput * memory == pytest.approx(6.24, abs=0.01)
    assert ratio * throughput * memory == pytest.approx(39, abs=1)
    result = simulate("image", runs=100, threads=2, logs=0, metrics=["lag_3", "n_dev"])
    same = simulate(
        "image", runs=100, threads=2, logs=0, metrics=["lag_3"], sets=["classes.diffusion.flop=3.14e23"]
    )
    assert np.median(result["lag_3"]) < np.median(same["lag_3"])


def test_followers_can_be_bound_to_the_trend_of_compute():
    """TREND-ONLY: nobody decides for what lies beyond the trend before 2020, known to exist or not.

    All on one trend, and plans of the day: each actor's own place about it, and foresight, are left out.
    """
    kinds = [name for name, kind in load("gpt3").file.kinds.items() if kind.develops]
    sets = ["conviction.leap_known=0", "conviction.spread=0", "training.writing_months=0"]
    sets += [f"kinds.{kind}.{field}=0" for kind in kinds for field in ("leap", "lead_months")]
    decisions = {}
    for arm, changes in (("plain", ()), ("bound", sets)):
        result = simulate("gpt3", runs=RUNS, seed=4, threads=1, logs=RUNS, metrics=["n_dev"], sets=changes)
        decisions[arm] = result.events.query("event == 'decided'")
    trends = load("gpt3").file.trends
    early = dict.fromkeys(decisions, 0)
    for name, row in load("gpt3").file.classes.items():
        orders = math.log10(row.flop.value / trends.compute_flop.value) / trends.compute_growth.value
        arrives = trends.compute_date.value - load("gpt3").start + 12 * orders
        for arm, decided in decisions.items():
            early[arm] += (decided[decided["class"] == name]["month"] < arrives - 1e-6).sum()
    assert early["bound"] == 0 < early["plain"]
    assert len(decisions["bound"])


def test_claims_that_are_cited_have_the_form_of_claims():
    scenario = load("gpt3")
    for claim, paths in claims_cited(scenario).items():
        assert claim == claim.lower() and paths
        assert all(join_path([path.split(".")[0]]) in scenario.raw for path in paths)


# ---- the page of systems

PAGE = (CONFIGS.parent / "docs" / "systems.md").read_text(encoding="utf-8")
SECTIONS = re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
BLOCKS = [
    (name, block)
    for name, text in SECTIONS
    for block in re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
]


@pytest.mark.parametrize(("name", "block"), BLOCKS, ids=[name for name, _ in BLOCKS])
def test_the_lines_of_the_page_run(name, block, capsys):
    exec(compile(block, f"docs/systems.md, {name}", "exec"), {})
    assert capsys.readouterr().out.strip()


def test_every_section_that_the_page_names_is_there():
    named = set(re.findall(r"\]\(#(\w+)\)", PAGE))
    assert named <= {name.lower() for name, _ in SECTIONS} and named


@pytest.mark.parametrize("command", sorted(set(re.findall(r"`cascades ((?:run|show) [^`]*)`", PAGE))))
def test_every_change_that_the_page_names_can_be_made(command):
    _, name, *rest = shlex.split(command)
    sets = tuple(value for flag, value in zip(rest[::2], rest[1::2], strict=False) if flag == "--set")
    assert load(name, sets).raw != load(name).raw or not sets
