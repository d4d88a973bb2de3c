"""Policies: every file loads and changes what it says and no more; levers do in a run what they promise."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from conftest import LAB, LAB_KIND, play, play_runs, tiny_world
from hypothesis import given, settings
from hypothesis import strategies as some
from terminal import cascades

from experiments.difference import differences, list_of_policies
from sim import UserError, load, simulate
from sim.compute import chip_at
from sim.live import LiveRun
from sim.model import DiffusionModel
from sim.policy import POLICIES, heading_of, other_names, policy_names, read_policy, with_policies
from sim.scenario import from_data, merge
from sim.schema import months_of_date
from sim.words import Access, ArtifactKind, Event, Via
from sim.world import compile_scenario

SOURCE = "a test"
NEEDS = {"change": "path=actors.*.people,value=2"}  # parameters without a default
HIDDEN = "insight, details, hyperparameters, code, tools, infrastructure, logbook, dataset, small model, "
HIDDEN += "weights, api, retrieval store"
TOP3 = "OpenAI, Google, DeepMind"
SPONSORS = ["CoreWeave", "TFRC", "GENCI", '"Peng Cheng Lab"', "BAAI", '"Zhejiang Lab"']
CHINESE = ["Inspur", "Alibaba", "Huawei", "Baidu", '"Zhipu.AI"', "Tsinghua", '"Peking University"']

# What every policy touches in gpt3: each line of the difference begins with one of these, and each is met.
TOUCHES = {
    "all-artifacts-hide": {f"order: all: does not release {HIDDEN}, from"},
    "api-none": {"order: all: does not release api, from"},
    "api-only": {
        "order: leading_lab: releases api, at arm's length, at once, from",
        "order: leading_lab: does not release weights, small model, from",
    },
    "api-withdrawn": {"order: all: as to api, withdrawn after 12 months, from"},
    "change": {"change: actors.*.people is multiplied by 2"},
    "chinchilla-t": {
        "scripted_artifacts.published_rule.",
        "change: insights.compute_optimal.rate is set to 0",
    },
    "chip-supply": {"change: actors.*.chips is multiplied by 0.5"},
    "closed-top3": {f"order: {TOP3}: does not release {HIDDEN}, from"},
    "code-late": {"order: all: as to code, +12 months, from"},
    "code-never": {"order: all: does not release code, from"},
    "code-open-t0": {"order: all: releases code, openly, at once, from"},
    "compute-cheap": {"change: chips.*.usd_per_hour is multiplied by 0.1"},
    "compute-free": {
        "change: actors.EleutherAI.rent is set to 0",
        "change: actors.EleutherAI.chips is set to 10000",
    },
    "compute-price": {"change: actors.*.rent is multiplied by 2"},
    "coordinated-delay": {f"order: {TOP3}: announces models 6 months later, from"},
    "coordinated-disclosure": {f"order: {TOP3}: does not release weights, code, from"},
    "data-none": {"order: all: does not release dataset, from"},
    "data-open-t0": {"order: all: releases dataset, openly, at once, from"},
    "delay": {"order: leading_lab: announces models 6 months later, from"},
    "details-hide": {"order: all: does not release details, from"},
    "domain-sd": {
        "change: classes.*.flop is multiplied by 0.159",
        "change: classes.*.parameters is multiplied by 0.399",
        "change: classes.*.tokens is multiplied by 0.399",
        "change: chips.A100.released changes by -24",
    },
    "dull-paper": {"order: OpenAI: as to existence, speed of uptake x 0.5, attention x 0, from"},
    "export-control": {f"actors.{name}.chips_until = 2022-10" for name in [*CHINESE, '"Peng Cheng Lab"']}
    | {f"actors.{name}.chips_until = 2022-10" for name in ("BAAI", '"Zhejiang Lab"')},
    "gopher-prompt": {"order: DeepMind: announces models of gpt3 9 months sooner, from"},
    "gpt2-world": {
        "order: all: releases weights, in stages, +9 months",
        "change: classes.*.flop is multiplied by 0.01",
        "change: classes.*.parameters is multiplied by 0.1",
        "change: classes.*.tokens is multiplied by 0.1",
    },
    "gpt3-delay": {"order: OpenAI: announces models of gpt3 6 months later, from"},
    "gpt3-prompt": {"order: OpenAI: announces models of gpt3 4 months sooner, from"},
    "hide-existence": {"order: leading_lab: does not release existence, from"},
    "hide-infrastructure": {"order: all: does not release tools, infrastructure, logbook, from"},
    "hp-hide": {"order: all: does not release hyperparameters, from"},
    "hw-freeze": {"trends.chips_until."},
    "insider-off": {"change: flows.insider.* is set to 0"},
    "insight-free": {"scripted_artifacts.free_insight."},
    "kaplan-only": {"change: insights.compute_optimal.rate is set to 0"},
    "kyc": {"change: actors.*.chips of open_collective is set to 0"},
    "licence-only": {"order: all: releases weights, under a licence, from"},
    "moratorium": {"change: actors.*.most_flop is set to 1e+23, from 2020-07, until 2021-07"},
    "no-late-releases": {
        "order: all: as to everything, not later than 12 months after the announcement, from"
    },
    "open-top3": {
        f"order: {TOP3}: releases details, hyperparameters, code, tools, infrastructure, logbook, dataset, "
        "weights, openly, at once, from"
    },
    "order": {"order: all: changes nothing"},
    "paper-off": {
        "order: OpenAI: as to existence of gpt3, never due, from",
        "order: OpenAI: does not release details, hyperparameters, infrastructure, logbook of gpt3, from",
    },
    "quiet": {"order: all: as to existence, weights, api, attention x 0, from"},
    "reactive-off": {"change: publication.reaction is multiplied by 0"},
    "retro-on": {"scripted_artifacts.published_store."},
    "reveal-none": {"order: OpenAI: releases nothing of gpt3, from"},
    "secrecy-full": {"order: OpenAI: releases nothing of gpt3, what passes on in private x 0, from"},
    "secrecy-weights": {
        "order: all: does not release weights, small model, what passes on in private x 0, from"
    },
    "security": {"change: actors.*.security is set to 0.95"},
    "small-none": {"order: all: does not release small model, from"},
    "sponsor-must-close": {f"actors.{name}.grant_{word}" for name in SPONSORS for word in ("open", "closed")},
    "sponsor-must-open": {f"actors.{name}.grant_" for name in SPONSORS},
    "sponsor-none": {"change: kinds.*.give_rate is set to 0"},
    "staged-release": {"order: all: as to weights, in stages, +9 months, from"},
    "talent-mobility": {"change: flows.hiring.* is multiplied by 3"},
    "talent-rich": {"change: actors.*.people is multiplied by 2"},
    "theft-on": {"change: spread.theft_rate is set to 0.02"},
    "tools-none": {"order: all: does not release tools"},
    "tools-paid": {"order: all: as to tools, speed of uptake x 0.7, help to others x 0.9"},
    "trend-only": {
        "order: OpenAI: releases nothing of gpt3, what passes on in private x 0",
        "change: kinds.*.leap is set to 0",
        "trends.compute_growth.",
    },
    "until-rival": {
        "order: leading_lab: announces models 12 months later, unless another announces the class first, from"
    },
    "util-freeze": {"change: training.best_utilisation is set to 0.01"},
    "weights-never": {"order: all: does not release weights, from"},
    "weights-open-t0": {"order: all: releases weights, openly, at once, from"},
}

# The same over toy, whose actors, classes and chips have other names; None: toy has no such insight.
WHO, OF = "actors=Alpha", "actors=Alpha,classes=big"
TOY = {
    "chinchilla-t": None,
    "kaplan-only": None,
    "closed-top3": WHO,
    "open-top3": WHO,
    "compute-free": "actor=Collective",
    "coordinated-delay": "actors=Alpha+Beta",
    "coordinated-disclosure": "actors=Alpha+Beta",
    "domain-sd": "chip=second",
    "dull-paper": WHO,
    "export-control": "actors=south,from=2021-06",
    "gopher-prompt": "actors=Beta,classes=big",
    "insight-free": "owner=Cloud",
    "retro-on": "owner=Cloud",
    "sponsor-must-close": "actors=Cloud",
    "sponsor-must-open": "actors=Cloud",
} | dict.fromkeys(["gpt3-delay", "gpt3-prompt", "paper-off", "reveal-none", "secrecy-full", "trend-only"], OF)


def spec_of(name, *more, toy=False):
    """Return the spec of a policy with what it must be told."""
    told = [TOY.get(name) if toy else None, NEEDS.get(name), *more]
    told = [text for text in told if text]
    return name + (":" + ",".join(told) if told else "")


def on_toy(name, *more):
    return with_policies("toy", spec_of(name, *more, toy=True))


def on_gpt3(name, *more):
    return with_policies("gpt3", spec_of(name, *more))


TOY_NAMES = [name for name in policy_names() if TOY.get(name, "") is not None]


@pytest.fixture(scope="module")
def gpt3():
    return simulate("gpt3", runs=25, threads=1, logs=25)


# ------------------------------------------------ the files


def test_the_table_above_has_every_policy():
    assert sorted(TOUCHES) == policy_names()
    assert set(TOY) <= set(policy_names())


@pytest.mark.parametrize("name", policy_names())
def test_a_policy_changes_just_what_it_says(name):
    lines = [line[2:] for line in differences(load("gpt3"), on_gpt3(name))]
    assert lines
    for line in lines:
        assert any(line.startswith(prefix) for prefix in TOUCHES[name]), line
    for prefix in TOUCHES[name]:
        assert any(line.startswith(prefix) for line in lines), prefix


@pytest.mark.parametrize("name", policy_names())
def test_a_policy_says_in_words_what_it_changes(name):
    heading = heading_of(name)
    assert heading["title"] and heading["group"]
    text = read_policy(spec_of(name)).in_words()
    assert text.endswith(".") and text[0] == text[0].upper()
    shown = cascades("show", spec_of(name))
    assert shown.code == 0 and cascades("show", name).code == 0
    for words in (text, shown.out):
        assert not re.search(r"\{|\}|\[\]|None| ,| \.|  \w+ =  \w", words), words
    for parameter in read_policy(spec_of(name)).parameters.values():
        assert parameter.type in (
            "actor",
            "actors",
            "artifacts",
            "class",
            "classes",
            "date",
            "number",
            "text",
        )


def test_every_parameter_of_a_policy_is_used():
    for name in policy_names():
        text = (POLICIES / f"{name}.toml").read_text()
        body = text.split("\n\n", 2)[2]
        for parameter in read_policy(spec_of(name)).parameters:
            assert f"{{{parameter}}}" in body, (name, parameter)
            assert f"{{{parameter}}}" in text.splitlines()[1], (name, parameter)


@pytest.mark.parametrize("name", TOY_NAMES)
def test_a_policy_plays_in_toy(name):
    simulate(on_toy(name), runs=3, threads=1)


RARE = {
    "order",
    "export-control",
    "no-late-releases",
    "security",
}  # nothing, or too little to be met in a few runs


@pytest.mark.parametrize("name", policy_names())
def test_a_policy_does_something_in_gpt3(name, gpt3):
    runs = 6
    arm = simulate(on_gpt3(name), runs=runs, threads=1, logs=runs)
    same = [arm.logs[run].tobytes() == gpt3.logs[run].tobytes() for run in range(runs)]
    if name == "order":
        assert all(same)
    elif name not in RARE:
        assert not all(same)


def test_rare_policies_do_something_where_they_can(gpt3):
    for spec in ("no-late-releases:months=1", "export-control:from=2020-06,actors=all"):
        arm = simulate(with_policies("gpt3", spec), runs=12, threads=1, logs=12)
        assert any(arm.logs[run].tobytes() != gpt3.logs[run].tobytes() for run in range(12)), spec


def test_other_names_lead_to_the_same_policy():
    others = other_names()
    assert {"hype-off", "hyperparameters-hide", "hide-data", "hide-details"} <= set(others)
    assert not set(others) & set(policy_names())
    for other, name in others.items():
        assert not differences(with_policies("toy", name), with_policies("toy", other))
        assert cascades("show", other).out == cascades("show", name).out


def test_the_page_shows_every_policy_as_it_is(root):
    from experiments.policy_page import PAGE, current

    text = PAGE.read_text(encoding="utf-8")
    assert current(text) == text, "make policies writes the table anew"
    for name in policy_names():
        assert f"| `{name}`" in text


def test_the_example_of_the_page_works(root, tmp_path):
    text = (root / "docs" / "policies.md").read_text(encoding="utf-8")
    path = tmp_path / "quiet-north.toml"
    path.write_text(text.split("```toml\n")[1].split("```")[0])
    assert len(differences(load("toy"), with_policies("toy", f"{path}:factor=2"))) == 2
    named = set(re.findall(r"`([a-z][a-z0-9-]+)(?::[^`]*)?`", text.split("## All of them")[0]))
    for name in named - {"all", "general", "leading_lab", "china"}:
        if "-" in name or name in ("delay", "quiet", "security", "kyc", "order", "change", "moratorium"):
            assert name in policy_names() or name in other_names(), name


def test_the_list_is_grouped():
    groups = list_of_policies()
    assert sum(map(len, groups.values())) == len(policy_names())
    assert max(map(len, groups.values())) <= 25
    listed = cascades("list").out
    assert all(group in listed for group in groups)


# ------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("code-nevr", r"no policy 'code-nevr'.*code-never"),
        ("delay:month=6", r"policy delay: no parameter 'month'.*months"),
        ("delay:months=six", r"policy delay: months = 'six': must be a number"),
        ("delay:months=1e400", r"policy delay: months = 1e400: must be a number"),
        ("delay:months", r"NAME:parameter=value"),
        ("delay:months=1,months=2", r"months is given twice"),
        ("delay:actors=Alfa", r"policy delay: actors: no name 'Alfa'.*Alpha"),
        ("delay:classes=bigger", r"policy delay: classes: no name 'bigger'.*big"),
        ("delay:from=2020-13", r"policy delay: from = '2020-13'.*start, always, never"),
        ("delay:from=2021-06,until=2021-01", r"from must lie before until"),
        ("coordinated-delay:actors=Alpha,compliance=1.5", r"compliance = 1.5.*at most 1"),
        ("compute-free:actor=Nobody", r"policy compute-free: actor: no name 'Nobody'"),
        ("reveal-none", r"policy reveal-none: actors: no name 'OpenAI'"),
        ("change", r"path is missing"),
        ("change:path=actors.*.peple,value=2", r"actors\.\*\.peple"),
        ("change:path=actors.*.people,value=2,operation=divide", r"divide"),
        ("change:path=actors.*.people,value=2,only=cloud_sponsors", r"no name 'cloud_sponsors'"),
        (
            "change:path=kinds.*.replicate,value=3,operation=set",
            r"changes\.0\.value: kinds\.\*\.replicate set to 3 is out of bounds: must be between 0 and 1",
        ),
        ("delay:actors=Alpha,Beta", r"values of a list are joined by \+"),
        ("order:artifacts=codes", r"no name 'codes'.*code"),
        ("order:action=stop", r"stop"),
        ("api-only:access=half", r"half"),
        ("code-never++code-open-t0", r"contradicts.*forbids what the other requires"),
        (
            "weights-open-t0++licence-only",
            r"contradicts.*open here and licensed there|licensed here and open",
        ),
        ("domain-sd:chip=third", r"chips\.third\.released"),
        ("missing.toml", r"missing\.toml: no such file"),
    ],
)
def test_what_cannot_be_done_is_refused(spec, says):
    with pytest.raises(UserError, match=says):
        with_policies("toy", spec)
    refusal = cascades("run", "toy", "--runs", "2", "--policy", spec).refusal
    assert re.search(says, refusal)


def test_rows_of_policies_are_not_changed_but_ordered():
    with pytest.raises(UserError, match=r"use \[\[orders\]\]"):
        with_policies("gpt3", "change:path=policies.OpenAI.api.probability,value=0")


def test_levers_that_never_meet_do_not_contradict():
    with_policies("toy", "code-never:until=2021-01++code-open-t0:from=2021-01")
    with_policies("toy", "code-never:actors=Alpha++code-open-t0:actors=Beta")
    with_policies("toy", "code-never:classes=small++code-open-t0:classes=big")


def test_the_baseline_is_itself():
    for text in ("", "base", "baseline", "base++base"):
        assert with_policies("toy", text) is not None
        assert not differences(load("toy"), with_policies("toy", text))
    assert cascades("diff", "toy", "base").out.strip() == "They say the same."


def test_a_policy_of_ones_own(tmp_path):
    path = tmp_path / "quiet-south.toml"
    path.write_text(
        'title = "No code from the south"\nabout = "{actors} release no code."\n'
        '[parameters]\nactors = { type = "actors", default = ["south"], meaning = "who" }\n'
        '[[orders]]\nactors = "{actors}"\nartifacts = ["code"]\naction = "forbid"\n'
    )
    assert differences(load("toy"), with_policies("toy", str(path))) == [
        "+ order: south: does not release code"
    ]
    assert "South release no code." in cascades("show", path).out


ORDER = '[[orders]]\nactors = ["all"]\nartifacts = ["code"]\naction = "forbid"\n'


def parameter(row):
    return f"[parameters]\nn = {row}\n{ORDER}"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[ordes]\n", r"no table 'ordes'.*orders"),
        ("orders = 3\n", r"orders: must be tables in double brackets, \[\[orders\]\]"),
        ("orders = [1]\n", r"orders: must be tables in double brackets"),
        ('[changes]\npath = "x"\n', r"changes: must be tables in double brackets"),
        ("remove = 3\n", r"remove: must be a list"),
        ("source = 5\n", r"source: must be text in quotes, not 5"),
        ("parameters = [1]\n", r"parameters: must be tables"),
        ("[parameters]\nn = 3\n", r"parameters\.n: must be a table .*, not 3"),
        (ORDER.replace('["all"]', '"{whom}"'), r"\{whom\}: no parameter 'whom'"),
        (
            parameter('{ type = "number", meaning = "n", deflt = 1 }'),
            r"parameters\.n: no key 'deflt'.*default",
        ),
        (parameter('{ type = "number" }'), r"parameters\.n\.meaning: is missing"),
        (parameter('{ type = "integer", meaning = "n" }'), r"parameters\.n\.type: no type 'integer'.*number"),
        (parameter('{ type = "number", meaning = "n", default = [1] }'), r"n\.default: must be a number"),
        (
            parameter('{ type = "number", meaning = "n", default = -1, minimum = 0 }'),
            r"default = -1: must be a number, at least 0",
        ),
        (
            parameter('{ type = "actors", meaning = "n", default = "all" }'),
            r"default: must be a list of names",
        ),
        (parameter('{ type = "date", meaning = "n", default = 2020 }'), r"default: must be text in quotes"),
        (parameter('{ type = "date", meaning = "n", default = "soon" }'), r"default = 'soon': not a date"),
        (f'[parameters.N]\ntype = "number"\nmeaning = "n"\n{ORDER}', r"parameters\.N: write names"),
    ],
)
def test_a_policy_file_that_cannot_be_is_explained(tmp_path, text, says):
    path = tmp_path / "own.toml"
    path.write_text(f'title = "x"\nabout = "x"\n{text}')
    with pytest.raises(UserError, match=says):
        with_policies("toy", str(path))
    assert re.search(says, cascades("show", path).refusal)


def test_a_policy_file_has_a_title_of_text(tmp_path):
    path = tmp_path / "own.toml"
    for text, says in (
        ('about = "x"', "title: is missing"),
        ('title = 3\nabout = "x"', "title: must be text"),
    ):
        path.write_text(text)
        with pytest.raises(UserError, match=says):
            with_policies("toy", str(path))


def test_a_policy_as_plain_data():
    told = json.loads(cascades("show", "delay:months=3", "--json").out)
    assert told["title"].endswith("(DELAY)") and told["parameters"]["months"]["value"] == 3.0
    assert told["overlay"]["orders"][0]["hold_months"] == 3.0


def test_names_of_scenarios_and_policies_are_told_apart():
    assert re.search(r"no policy or scenario 'code-nevr'.*code-never", cascades("show", "code-nevr").refusal)
    for command in (["run", "delay"], ["show", "delay", "--policy", "quiet"], ["diff", "delay", "toy"]):
        assert "is a policy, not a scenario; lay it over one: SCENARIO++delay" in cascades(*command).refusal
    for command in (["show", "x" * 5000], ["run", "toy", "--policy", "x" * 5000 + ".toml"]):
        assert (
            "File name too long" in cascades(*command).refusal or "no such file" in cascades(*command).refusal
        )


# ------------------------------------------------ the past is shared

DATED = [
    name
    for name in policy_names()
    if {"from", "date"} & set(read_policy(spec_of(name)).parameters) and name != "chinchilla-t"
]  # chinchilla-t: that nobody else finds the rule holds from the start


def dated(name, date, toy=False):
    parameters = read_policy(spec_of(name)).parameters
    told = [f"{'from' if 'from' in parameters else 'date'}={date}"]
    if name == "moratorium":
        told.append("until=never")
    return (on_toy if toy else on_gpt3)(name, *told)


def shares_the_past(base, arm, month, runs):
    """Check that logs are equal up to a month; return in how many runs they differ at all."""
    differ = 0
    for run in range(runs):
        before = [log[log["time"] < month].tobytes() for log in (base.logs[run], arm.logs[run])]
        assert before[0] == before[1]
        differ += base.logs[run].tobytes() != arm.logs[run].tobytes()
    return differ


@pytest.mark.parametrize("name", DATED)
def test_until_it_begins_a_policy_leaves_the_past_as_it_was(name, gpt3):
    runs, late = 4, name in RARE | {"hw-freeze", "retro-on"}
    for date, month in (("2020-04-16", 15.5), ("2021-03", 26.0)):
        arm = simulate(dated(name, date), runs=runs, threads=1, logs=runs)
        differ = shares_the_past(gpt3, arm, month, runs)
        once = {"reveal-none", "paper-off", "gpt3-delay", "gpt3-prompt", "secrecy-full"}  # GPT-3 was out
        assert differ or late or (name in once and month > 17) or name in ("gopher-prompt", "kaplan-only")


@settings(max_examples=60)
@given(
    some.sampled_from([name for name in DATED if name in TOY_NAMES]),
    some.integers(0, 35),
    some.integers(1, 28),
    some.integers(0, 50),
)
def test_the_past_is_shared_bit_for_bit_whenever_a_policy_begins(name, month, day, run):
    date = f"{2020 + month // 12}-{month % 12 + 1:02d}-{day:02d}"
    arm = dated(name, date, toy=True)
    begins = months_of_date(date) - arm.start
    logs = [play(scenario, run).log for scenario in (load("toy"), arm)]
    assert logs[0][logs[0]["time"] < begins].tobytes() == logs[1][logs[1]["time"] < begins].tobytes()


@pytest.mark.parametrize("name", policy_names())
def test_any_policy_can_begin_at_a_branch_or_says_why_not(name, gpt3):
    """``since`` lets a policy begin at a date, whatever its own parameters say."""
    try:
        arm = with_policies("gpt3", spec_of(name), since="2021-03-10")
    except UserError as error:
        assert name in ("domain-sd", "sponsor-must-open", "sponsor-must-close")
        assert re.search("at the start only|no number", str(error))
        return
    begins = months_of_date("2021-03-10") - arm.start
    shares_the_past(gpt3, simulate(arm, runs=2, threads=1, logs=2), begins, 2)


def test_what_ends_before_it_begins_anything_changes_nothing():
    plain = play(load("toy"), 3).log
    for spec in (
        "delay:from=2022-12-30",
        "code-never:until=2020-01-02",
        "order:from=2022-12-31,action=forbid",
    ):
        assert play(with_policies("toy", spec), 3).log.tobytes() == plain.tobytes()


# ------------------------------------------------ what is forbidden

FORBIDS = {
    "code-never": ["code"],
    "details-hide": ["details"],
    "hp-hide": ["hyperparameters"],
    "api-none": ["api"],
    "data-none": ["dataset"],
    "weights-never": ["weights"],
    "small-none": ["small_model"],
    "tools-none": ["tools"],
    "secrecy-weights": ["weights", "small_model"],
    "hide-infrastructure": ["tools", "infrastructure", "logbook"],
    "all-artifacts-hide": [kind.key for kind in ArtifactKind if kind != ArtifactKind.EXISTENCE],
}


def released(result, kinds):
    """Return (run, time, actor, class, kind, access) of releases after the start."""
    codes = [int(ArtifactKind[kind.upper()]) for kind in kinds]
    rows = []
    for run, log in result.logs.items():
        chosen = log[(log["what"] == Event.RELEASED) & np.isin(log["kind"], codes) & (log["time"] > 0)]
        rows += [
            (run, *(row[f].item() for f in ("time", "actor", "klass", "kind", "amount"))) for row in chosen
        ]
    return rows


@pytest.mark.parametrize("name", FORBIDS)
def test_what_is_forbidden_is_never_released(name, gpt3):
    kinds = FORBIDS[name]
    assert released(gpt3, kinds)
    arm = simulate(on_gpt3(name), runs=25, threads=1, logs=25)
    assert not released(arm, kinds)
    others = [kind.key for kind in ArtifactKind if kind.key not in kinds]
    assert released(arm, others)


def test_tools_of_before_the_start_are_gone_too_and_details_are_not(gpt3):
    def at_the_start(result, kind):
        log = result.logs[0]
        rows = log[(log["what"] == Event.RELEASED) & (log["kind"] == ArtifactKind[kind])]
        return (rows["time"] == 0).sum()

    assert at_the_start(gpt3, "TOOLS") and at_the_start(gpt3, "DETAILS")
    assert not at_the_start(simulate(on_gpt3("tools-none"), runs=1, logs=1), "TOOLS")
    assert at_the_start(simulate(on_gpt3("details-hide"), runs=1, logs=1), "DETAILS")


def test_orders_bind_whom_they_name_for_what_they_name_while_they_last(gpt3):
    names = list(load("gpt3").file.actors)
    arm = on_gpt3("code-never", "actors=open_collective+Google,classes=gpt3,from=2021-01,until=2022-07")
    first, last = 24.0, 42.0
    bound = [names.index(name) for name in ("EleutherAI", "Hugging Face", "Google")]
    klass = list(load("gpt3").file.classes).index("gpt3")

    def announced_within(result):
        rows = []
        for run, time, actor, of, _, _ in released(result, ["code"]):
            if actor in bound and of == klass and first <= time < last:
                rows.append((run, time, actor))
        return rows

    result = simulate(arm, runs=25, threads=1, logs=25)
    assert len(announced_within(gpt3)) > 5
    for run, time, actor in announced_within(result):  # announced before, with a delay
        log = result.logs[run]
        said = log[(log["what"] == Event.ANNOUNCED) & (log["actor"] == actor) & (log["klass"] == klass)]
        assert (said["time"] < first).any(), (run, time)
    assert len([row for row in released(result, ["code"]) if row[2] not in bound]) > 20


@pytest.mark.parametrize(
    ("name", "kind", "access"),
    [
        ("code-open-t0", "code", Access.OPEN),
        ("data-open-t0", "dataset", Access.OPEN),
        ("weights-open-t0", "weights", Access.OPEN),
        ("licence-only", "weights", Access.LICENSED),
    ],
)
def test_what_is_required_is_released_with_every_announcement(name, kind, access):
    result = simulate(on_toy(name), runs=20, threads=1, logs=20)
    models = 0
    for log in result.logs.values():
        for row in log[log["what"] == Event.ANNOUNCED]:
            of = (log["project"] == row["project"]) & (log["kind"] == ArtifactKind[kind.upper()])
            out = log[of & (log["what"] == Event.RELEASED)]
            delayed = name == "licence-only" and not len(out)
            assert delayed or (len(out) == 1 and out["amount"][0] == access)
            if name != "licence-only":
                assert out["time"][0] == row["time"]
            models += 1
    assert models > 20


def test_scripted_artifacts_and_projects_obey_orders():
    plain = play(load("toy"), 0)
    first = plain.rows(Event.RELEASED)[0]
    assert first["kind"] == ArtifactKind.TOOLS and first["time"] == 0.0
    hidden = play(with_policies("toy", "tools-none"), 0)
    assert not len(
        hidden.log[(hidden.log["kind"] == ArtifactKind.TOOLS) & (hidden.log["what"] == Event.LEARNED)]
    )
    secret = play(with_policies("toy", "secrecy-full:actors=Alpha,classes=big"), 0)
    assert secret.time(Event.ANNOUNCED, "Alpha") == pytest.approx(6.0)
    own = secret.log[(secret.log["artifact"] >= 0) & (secret.log["what"] == Event.LEARNED)]
    made = {row["artifact"] for row in secret.rows(Event.MADE, "Alpha") if row["klass"] == 1}
    assert made and not made & set(own["artifact"])
    assert not len(secret.rows(Event.AWARE)[secret.rows(Event.AWARE)["via"] == Via.INSIDER])


# ------------------------------------------------ dates of announcements


@settings(max_examples=25)
@given(some.floats(0.0, 15.0), some.integers(0, 30))
def test_a_model_that_is_held_back_comes_exactly_so_much_later(months, run):
    plain = play(load("toy"), run).time(Event.ANNOUNCED, "Alpha")
    held = play(with_policies("toy", f"delay:months={months!r},actors=Alpha"), run)
    assert held.time(Event.ANNOUNCED, "Alpha") == pytest.approx(plain + months)


def lab_world(**tables):
    """One lab, which trains a model and announces it, and nothing else."""
    return tiny_world(
        kinds={"leading_lab": LAB_KIND}, actors={"Lab": LAB}, chips={"chip": {"memory_gb": 1e6}}, **tables
    )


@settings(max_examples=25)
@given(some.floats(-20.0, 20.0), some.integers(0, 100))
def test_what_an_actor_does_by_itself_is_shifted_likewise_but_not_before_it_exists(months, run):
    world = from_data(lab_world())
    plain = play(world, run)
    shifted = play(with_policies(world, f"delay:months={months!r},actors=Lab"), run)
    trained = plain.time(Event.TRAINED)
    assert shifted.time(Event.TRAINED) == trained
    expected = max(trained, plain.time(Event.ANNOUNCED) + months)
    assert shifted.time(Event.ANNOUNCED) == pytest.approx(expected)


def test_prompt_arms_come_before_but_not_before_training_ends():
    for months, date in ((4, 12.87), (100, 9.45)):
        result = simulate(on_gpt3("gpt3-prompt", f"months={months}"), runs=3, logs=0, metrics=["reveal"])
        assert result["reveal"] == pytest.approx(date, abs=0.1)


def test_until_rival_announces_with_the_rival_and_not_later_than_agreed():
    followed = waited = 0
    arm = with_policies("toy", "until-rival:actors=Alpha,classes=big,months=9")
    for played in play_runs(arm, range(60)):
        own = played.time(Event.ANNOUNCED, "Alpha")
        rows = played.rows(Event.ANNOUNCED)
        alpha = played.compiled.actors.index("Alpha")
        rivals = rows[(rows["actor"] != alpha) & (rows["klass"] == 1)]["time"]
        rival = min((time for time in rivals if time >= 6.0), default=math.inf)
        assert own == pytest.approx(min(rival, 15.0))
        followed += rival < 15.0
        waited += rival > 15.0
    assert followed and waited


def test_who_comes_second_does_not_wait_for_a_rival():
    arm = with_policies("toy", "until-rival:actors=Beta+Gamma,months=30")
    for plain, other in zip(play_runs(load("toy"), range(20)), play_runs(arm, range(20)), strict=True):
        for name in ("Beta", "Gamma"):
            said = [p.time(Event.ANNOUNCED, name) for p in (plain, other)]
            alpha = plain.time(Event.ANNOUNCED, "Alpha")
            assert said[0] < alpha or said[0] == said[1]


# ------------------------------------------------ compliance


def many_labs(share):
    labs = {f"L{place}": LAB for place in range(40)}
    world = from_data(
        tiny_world(
            kinds={"leading_lab": LAB_KIND},
            actors=labs,
            policies={"leading_lab": {"details": {"probability": 1, "source": SOURCE}}},
        )
    )
    return with_policies(
        world,
        f"coordinated-disclosure:actors=all,artifacts=details,compliance={share}"
        if share is not None
        else "",
    )


def obedient(share, runs=range(6)):
    """Return the (run, actor) who announced without releasing details."""
    silent = set()
    for run, played in zip(runs, play_runs(many_labs(share), runs), strict=True):
        said = set(played.rows(Event.ANNOUNCED)["actor"])
        rows = played.rows(Event.RELEASED)
        silent |= {(run, actor) for actor in said - set(rows[rows["kind"] == ArtifactKind.DETAILS]["actor"])}
    return silent


def test_compliance_is_a_chance_and_who_obeys_at_less_obeys_at_more():
    sets = {share: obedient(share) for share in (0.0, 0.3, 0.5, 0.7, 1.0)}
    assert not sets[0.0] and len(sets[1.0]) == 240
    assert sets[0.0] < sets[0.3] < sets[0.5] < sets[0.7] < sets[1.0]
    for share, members in sets.items():
        assert len(members) / 240 == pytest.approx(share, abs=0.12)


@pytest.mark.parametrize("name", ["coordinated-delay", "coordinated-disclosure"])
def test_without_compliance_nothing_changes_and_with_all_of_it_everybody_is_bound(name, gpt3):
    none = simulate(on_gpt3(name, "compliance=0"), runs=5, threads=1, logs=5)
    whole = simulate(on_gpt3(name), runs=5, threads=1, logs=5)
    lever = "order:actors=OpenAI+Google+DeepMind,from=2019-01,"
    lever += (
        "artifacts=existence,hold_months=6"
        if name == "coordinated-delay"
        else "artifacts=weights+code,action=forbid"
    )
    plain = simulate(with_policies("gpt3", lever), runs=5, threads=1, logs=5)
    for run in range(5):
        assert none.logs[run].tobytes() == gpt3.logs[run].tobytes()
        assert whole.logs[run].tobytes() == plain.logs[run].tobytes() != gpt3.logs[run].tobytes()


# ------------------------------------------------ access


def test_nobody_takes_up_an_api_after_it_was_withdrawn():
    def after(scenario):
        late = withdrawn = 0
        for played in play_runs(scenario, range(40)):
            gone = {row["artifact"]: row["time"] for row in played.rows(Event.WITHDRAWN)}
            withdrawn += len(gone)
            for row in played.rows(Event.LEARNED):
                out = played.log[
                    (played.log["what"] == Event.RELEASED) & (played.log["artifact"] == row["artifact"])
                ]
                if row["kind"] == ArtifactKind.API and row["via"] == Via.PUBLIC:
                    late += row["time"] > out["time"][0] + 0.5
        return late, withdrawn

    assert after(load("toy"))[0] > 5
    late, withdrawn = after(with_policies("toy", "api-withdrawn:months=0.5"))
    assert late == 0 and withdrawn > 10


def test_a_gated_api_reaches_the_eligible_only():
    file = load("gpt3").file
    eligible = [file.kinds[actor.kind].eligible for actor in file.actors.values()]
    arm = simulate(on_gpt3("api-only", "actors=all,access=licensed"), runs=10, threads=1, logs=10)
    users = set()
    for log in arm.logs.values():
        rows = log[(log["what"] == Event.ACCESSED) & (log["kind"] == ArtifactKind.API)]
        users |= {actor for actor in rows[rows["via"] == Via.PUBLIC]["actor"]}
    assert users and all(eligible[actor] for actor in users)


def test_weights_in_stages_come_small_first():
    arm = simulate(on_gpt3("staged-release", "months=5"), runs=10, threads=1, logs=10)
    staged = 0
    for log in arm.logs.values():
        out = log[log["what"] == Event.RELEASED]
        for row in out[(out["kind"] == ArtifactKind.WEIGHTS) & (out["project"] >= 0)]:
            small = out[(out["kind"] == ArtifactKind.SMALL_MODEL) & (out["project"] == row["project"])]
            assert row["amount"] == Access.STAGED
            if len(small):
                assert row["time"] - small["time"][0] >= 5.0 - 1e-9
                staged += 1
    assert staged > 10


# ------------------------------------------------ attention, flows, theft


def attention_of(scenario, runs=10):
    total = 0.0
    for played in play_runs(scenario, range(runs)):
        total += played.rows(Event.DEMONSTRATED)["amount"].sum()
    return total


def test_quiet_demonstrations_raise_no_attention():
    assert attention_of(load("toy")) > 1
    assert attention_of(on_toy("quiet")) == 0.0
    assert 0 < attention_of(on_toy("quiet", "actors=Beta")) < attention_of(load("toy")) + 1
    for played in play_runs(on_toy("quiet"), range(3)):
        assert played.tables.clock[0].attention == 0.0


def test_nothing_passes_along_ties_that_are_cut():
    def passed(scenario, via):
        return sum((p.rows(Event.LEARNED)["via"] == via).sum() for p in play_runs(scenario, range(10)))

    assert passed(load("gpt3"), Via.INSIDER) and passed(load("gpt3"), Via.HIRING)
    assert not passed(on_gpt3("insider-off"), Via.INSIDER)
    assert passed(on_gpt3("insider-off"), Via.HIRING)
    assert not passed(on_gpt3("talent-mobility", "factor=0"), Via.HIRING)
    assert passed(on_gpt3("talent-mobility", "factor=10"), Via.HIRING) > passed(load("gpt3"), Via.HIRING)


def test_thieves_of_gpt3_steal_more_at_a_higher_rate_and_nothing_behind_a_wall():
    def stolen(spec):
        rows = {}
        for run, played in enumerate(play_runs(with_policies("gpt3", spec), range(15))):
            for row in played.rows(Event.STOLEN):
                rows[run, row["artifact"]] = row["time"]
        return rows

    assert not stolen("theft-on:rate=0")
    slow, fast = stolen("theft-on:rate=0.01"), stolen("theft-on:rate=0.05")
    assert len(fast) > len(slow) > 5
    shared = slow.keys() & fast.keys()
    assert shared and all(fast[key] <= slow[key] + 1e-9 for key in shared)
    assert not stolen("theft-on++security:level=1")
    assert not stolen("theft-on++secrecy-weights")


# ------------------------------------------------ resources


def live(scenario, run=0, months=0):
    running = LiveRun(compile_scenario(scenario), 1, run)
    for _ in range(months):
        running.advance()
    return running


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("operation=set,value=7", 7.0),
        ("operation=multiply,value=3", 3 * 1000.0),
        ("operation=add,value=-250", 750.0),
        ("operation=add,value=-5000", 0.0),  # not below what a number of chips can be
    ],
)
def test_a_number_is_another_one_for_a_time(change, expected):
    arm = with_policies(
        "toy", f"change:path=actors.*.chips,only=Beta+Gamma,{change},from=2020-07,until=2021-07"
    )
    running = live(arm)
    names = list(arm.file.actors)
    for month in range(1, 25):
        running.advance()
        chips = running.tables.actors["chips"]
        within = 6 <= month < 18
        for name in ("Beta", "Gamma"):
            assert chips[names.index(name)] == (expected if within else 1000.0), month
        assert chips[names.index("Alpha")] == 4000.0


def test_changes_work_one_upon_the_other_in_their_order():
    arm = with_policies(
        "toy",
        "change:path=actors.Beta.chips,operation=set,value=10,until=2021-01"
        "++change:path=actors.Beta.chips,operation=add,value=5"
        "++change:path=actors.Beta.chips,operation=multiply,value=2,from=2020-07",
    )
    seen = [live(arm, months=month).tables.actors["chips"][1] for month in (0, 5, 6, 11, 12, 20)]
    assert seen == [15.0, 15.0, 30.0, 30.0, 2010.0, 2010.0]


def test_an_interval_is_drawn_first_and_changed_then():
    compiled = compile_scenario(on_gpt3("talent-rich", "factor=3,actors=AI21 Labs"))
    place = compiled.place_of['actors."AI21 Labs".people']
    row = compiled.uncertain_paths.index('actors."AI21 Labs".people')
    for run in range(3):
        drawn = simulate("gpt3", runs=1, first_run=run).draws[0]
        running = LiveRun(compiled, 1, run)
        assert running.tables.numbers[place] == pytest.approx(3 * drawn[row])


def test_people_who_are_added_are_there_and_in_the_books():
    arm = with_policies(
        "toy", "change:path=actors.Beta.people,operation=add,value=9,from=2020-07,until=2021-01"
    )
    plain = [live(load("toy"), 4, month).tables.state for month in (5, 6, 12)]
    other = [live(arm, 4, month).tables.state for month in (5, 6, 12)]
    more = [there["people"][1] - here["people"][1] for here, there in zip(plain, other, strict=True)]
    assert more[:2] == pytest.approx([0.0, 9.0]) and more[2] == pytest.approx(0.0, abs=1.0)
    assert other[1]["moved_in"][1] - plain[1]["moved_in"][1] == pytest.approx(9.0)
    assert other[2]["moved_out"][1] - plain[2]["moved_out"][1] == pytest.approx(9.0, abs=1.0)


def test_nobody_sponsors_and_no_sponsor_gives():
    def grants(spec):
        return sum(len(p.rows(Event.GRANTED)) for p in play_runs(with_policies("toy", spec), range(40)))

    assert grants("base") > 5
    assert grants("sponsor-none") == 0
    assert grants("sponsor-must-close:actors=Cloud") < grants("sponsor-must-open:actors=Cloud")
    assert grants("sponsor-must-open:actors=Cloud++weights-never") == 0  # it knows what is forbidden


def trained_after(scenario, month, flop):
    rows = []
    for played in play_runs(scenario, range(20)):
        started = {row["project"]: row["time"] for row in played.rows(Event.STARTED)}
        for row in played.rows(Event.TRAINED):
            if row["project"] >= 0 and row["amount"] > flop and started.get(row["project"], 0) >= month:
                rows.append((row["time"], started[row["project"]], row["actor"]))
    return rows


def test_a_moratorium_lets_nothing_large_begin_while_it_lasts():
    spec = "moratorium:flop=2e22,from=2020-10,until=2021-10"
    within = [row for row in trained_after(load("toy"), 9.0, 4e22) if row[1] < 21.0]
    assert len(within) > 5
    # A project may come out twice as large as the reference that was weighed when it began.
    assert not [row for row in trained_after(with_policies("toy", spec), 9.0, 1e23) if row[1] < 21.0]
    bound = sum(
        (p.rows(Event.BLOCKED)["bound"] == 10).sum() for p in play_runs(with_policies("toy", spec), range(20))
    )
    assert bound
    some_of_them = with_policies("toy", spec + ",actors=south")
    names = list(some_of_them.file.actors)
    assert {names[row[2]] for row in trained_after(some_of_them, 9.0, 4e22) if row[1] < 21.0} <= {
        "Alpha",
        "Beta",
    }


def test_chips_that_cost_nothing_cost_nothing():
    arm = simulate(on_toy("compute-price", "factor=0"), runs=10, threads=1, logs=10)
    plain = simulate("toy", runs=10, threads=1, logs=10)
    cost = [
        sum(log[log["what"] == Event.STARTED]["usd"].sum() for log in result.logs.values())
        for result in (arm, plain)
    ]
    assert cost[0] == 0.0 < cost[1]
    plain, free = (
        np.isfinite(simulate(scenario, runs=600, logs=0)["t_done[Stanford,gpt3]"]).mean()
        for scenario in ("gpt3", on_gpt3("compute-free", "actor=Stanford"))
    )
    assert free > plain


def chips_at_the_end(scenario):
    return live(scenario).tables.chip_from


def test_chips_that_are_frozen_or_not_exported_do_not_come():
    plain, frozen = chips_at_the_end(load("toy")), chips_at_the_end(on_toy("hw-freeze", "date=2020-12"))
    assert np.isfinite(plain[:, 1]).all() and np.isinf(frozen[:, 1]).all()
    assert (frozen[:, 0] == plain[:, 0]).all()
    names = [name for name in load("toy").file.actors]
    control = chips_at_the_end(with_policies("toy", "export-control:actors=south,from=2021-01"))
    south = [names.index("Gamma"), names.index("Collective")]
    assert np.isinf(control[south, 1]).all() and (control[[0, 1], 1] == plain[[0, 1], 1]).all()


def test_the_newest_generation_is_noted_from_when_until_when_it_is_that():
    run = live(load("toy"))
    w, dates = run.world, run.tables.chip_from
    released = [run.tables.chips[chip].released for chip in range(dates.shape[1])]
    months = [60.0, 0.0, 17.5, *dates[0][np.isfinite(dates[0])], 3.0, -5000.0]  # in any order
    for month in months:
        there = [chip for chip in range(dates.shape[1]) if dates[0, chip] <= month]
        newest = max(there, key=lambda chip: released[chip], default=-1)
        assert chip_at(w, 0, month) == newest


# ------------------------------------------------ monotone, run by run


def poor_lab(**actor):
    """A lab without rivals, for which chips, people and prices set the pace."""
    lab = LAB | {"people": 3, "chips": 40, "willing_usd": 1e12, "money_usd": 1e12} | actor
    return from_data(
        tiny_world(
            kinds={"leading_lab": LAB_KIND},
            actors={"Lab": lab},
            training={"failure": 0.4, "attempts": 9, "writing_spread": 0.4},
            work={"work_spread": 0.4, "flop_spread": 0.4},
        )
    )


@pytest.mark.parametrize(
    ("spec", "event"),
    [
        ("chip-supply:factor={}", Event.TRAINED),
        ("talent-rich:factor={}", Event.TRAINED),
        ("delay:actors=Lab,months=-{}", Event.ANNOUNCED),
        ("change:path=classes.*.flop,operation=multiply,value=-{}", None),
    ],
)
def test_more_of_a_lever_is_never_later_run_by_run(spec, event):
    if event is None:  # a value out of bounds is kept within them, not refused: FLOP of 1 at the least
        result = play(with_policies(poor_lab(), spec.format(1)), 0)
        assert np.isfinite(result.time(Event.TRAINED))
        return
    times = []
    for level in (0.5, 1, 2, 4):
        arm = with_policies(poor_lab(), spec.format(level))
        times.append([played.time(event) for played in play_runs(arm, range(40))])
    table = np.array(times)
    assert np.isfinite(table).all()
    assert (np.diff(table, axis=0) <= 1e-9).all() and (np.diff(table, axis=0) < -1e-6).any()


def test_dearer_chips_are_never_sooner_run_by_run():
    world = poor_lab(willing_usd=2e4, income_usd=1e3, money_usd=2e4)
    growing = from_data(merge(world.raw, {"trends": {"budget_growth": 0.4}}))
    times = []
    for factor in (0.5, 1, 2, 4):
        arm = with_policies(growing, f"compute-price:factor={factor}")
        times.append([played.time(Event.STARTED) for played in play_runs(arm, range(40))])
    table = np.array(times)
    with np.errstate(invalid="ignore"):
        later = np.where(np.isinf(table[1:]), 0.0, np.diff(table, axis=0))
    assert (later >= -1e-9).all() and np.isfinite(table[0]).all()
    assert (np.where(np.isinf(table), 1e9, table)[3] > table[0]).any()


# ------------------------------------------------ one run, three ways

MIXED = (
    "delay:months=3,actors=Alpha++change:path=actors.*.people,value=1.5,from=2020-06,until=2021-09"
    "++coordinated-disclosure:actors=all,compliance=0.5,artifacts=details++api-withdrawn:months=5"
    "++compute-price:factor=2,from=2021-01++until-rival:actors=Beta,months=8"
)


@pytest.mark.parametrize("run", [0, 7, 23])
def test_an_arm_is_the_same_in_an_ensemble_live_and_as_a_mesa_model(run):
    arm = with_policies("toy", MIXED)
    log = simulate(arm, runs=1, first_run=run, logs=1).logs[run]
    running = live(arm, run, arm.months)
    assert running.ended and running.log.tobytes() == log.tobytes()
    model = DiffusionModel(arm, seed=1, run=run)
    while not model.live.ended:
        model.step()
    assert model.live.log.tobytes() == log.tobytes()
    assert log.tobytes() != play(load("toy"), run).log.tobytes()


ALONE = """
import sys
from sim import simulate
from sim.policy import with_policies
result = simulate(with_policies("toy", sys.argv[1]), runs=3, seed=5, threads=1, logs=3)
sys.stdout.buffer.write(b"".join(log.tobytes() for log in result.logs.values()))
"""


def test_the_compiler_changes_nothing_in_an_arm(root):
    def alone(**environment):
        command = [sys.executable, "-c", ALONE, MIXED]
        done = subprocess.run(
            command, cwd=root, env=os.environ | environment, check=True, capture_output=True
        )
        return done.stdout

    compiled = alone()
    assert len(compiled) > 1000 and compiled == alone(NUMBA_DISABLE_JIT="1")


@pytest.mark.parametrize("how", [{"threads": 2}, {"chunk": 1}, {"chunk": 7}])
def test_threads_and_chunks_change_nothing_in_an_arm(how):
    arm = with_policies("toy", MIXED)
    plain = simulate(arm, runs=30, seed=3, threads=1, logs=4)
    other = simulate(arm, **({"runs": 30, "seed": 3, "threads": 1, "logs": 4} | how))
    assert plain.values.tobytes() == other.values.tobytes()


# ------------------------------------------------ the future


def test_the_future_begins_as_gpt3_and_does_not_fall_over():
    metrics = ["reveal[palm]", "reveal[next_1]", "reveal[next_2]", "n_dev[next_2]", "lag_1[gpt3]"]
    future = simulate("future", runs=40, threads=1, logs=1, metrics=metrics)
    assert np.median(future["reveal[palm]"]) < np.median(future["reveal[next_1]"])
    assert np.quantile(future["reveal[next_2]"], 0.05, method="inverted_cdf") > 96  # not before 2027
    assert (future["n_dev[next_2]"] < 10).all()
    gpt3 = simulate("gpt3", runs=40, threads=1, logs=0, metrics=["lag_1[gpt3]"])
    # Two more classes make a little more worth learning: the same history up to days, not to the bit.
    assert np.median(np.abs(future["lag_1[gpt3]"] - gpt3["lag_1[gpt3]"])) < 0.1


def test_no_table_of_policies_binds_anybody_after_2022():
    scenario = load("future")
    running = LiveRun(compile_scenario(scenario), 1, 0)
    from sim.release import policy_of

    actors = range(len(scenario.file.actors))
    kinds = range(len(ArtifactKind))
    assert all(policy_of(running.world, a, k, 48.0) == -1 for a in actors for k in kinds)
    bound = any(policy_of(running.world, a, k, 47.0) >= 0 for a in actors for k in kinds)
    assert bound == bool(scenario.file.policies)


def test_changes_that_begin_on_one_date_all_take_effect():
    parts = [
        f"change:path=actors.{name}.people,operation=add,value=9,from=2020-03" for name in ("Alpha", "Beta")
    ]
    people = live(with_policies("toy", "++".join(parts)), months=3).tables.state["people"][:2]
    assert people == pytest.approx(live(load("toy"), months=3).tables.state["people"][:2] + 9.0)


def test_income_up_to_a_change_is_what_it_was():
    """Steady income: the sum of what comes before the date and after, to the day."""
    world = from_data(merge(lab_world(), {"actors": {"Lab": {"money_usd": 0.0, "income_usd": 100.0}}}))
    arm = with_policies(world, "change:path=actors.Lab.income_usd,operation=set,value=400,from=2020-01-16")
    state = live(arm, months=6).tables.state
    before = months_of_date("2020-01-16") - world.start
    after = state["income_time"][0] - before
    assert before < 1.0 < after
    assert state["income"][0] == pytest.approx(before * 100.0 + after * 400.0)


def test_a_change_by_nothing_leaves_no_trace():
    arm = with_policies("toy", "change:path=actors.*.income_usd,operation=multiply,value=1,from=2020-06-15")
    for run in range(5):
        plain, other = play(load("toy"), run).log, play(arm, run).log
        other = other[other["what"] != Event.CHANGED]
        for name in ("time", "what", "actor", "amount", "usd"):
            assert plain[name].tobytes() == other[name].tobytes()


def test_a_weaker_release_to_come_does_not_weaken_what_passes_in_private_before():
    """The past is shared: an order of a later date leaves what the owner lets friends see as it is."""
    code = {"owner": "Lab", "kind": "code", "class": "model", "made": "2020-01", "published": "2022-01"}
    tables = {
        "actors": {"Friend": {**LAB, "willing_usd": 1e-9}},
        "effects": {"code": {"work": 0.5, "spread": 0, "uptake_months": 1, "obsolescence_months": 1e15}},
        "scripted_artifacts": {"code": {**code, "source": SOURCE}},
        "ties": [{"from": "Lab", "to": "Friend", "kind": "collaboration", "source": SOURCE}],
        "flows": {"collaboration": {"code": 0.5, "source": SOURCE}},
    }
    world = from_data(merge(lab_world(), tables))
    order = {"actors": ["all"], "artifacts": ["code"], "strength": 0.5, "from": "2021-06", "source": SOURCE}
    arm = from_data(merge(world.raw, {"orders": [order]}))
    early = 0
    for run in range(5):
        plain, other = play(world, run).log, play(arm, run).log
        month = months_of_date("2021-06") - world.start
        assert plain[plain["time"] < month].tobytes() == other[other["time"] < month].tobytes()
        early += len(plain[(plain["time"] < month) & (plain["what"] == Event.LEARNED)])
    assert early


def test_an_order_to_release_openly_leaves_out_the_stages():
    staged = {"weights": {"probability": 1, "access": "staged", "delay_months": 3, "source": SOURCE}}
    world = from_data(merge(load("toy").raw, {"policies": {"Beta": staged}}))
    small = [
        sum(int((p.rows(Event.RELEASED, "Beta")["kind"] == ArtifactKind.SMALL_MODEL).sum()) for p in played)
        for played in (
            play_runs(world, range(10)),
            play_runs(with_policies(world, "order:actors=Beta,artifacts=weights,access=open"), range(10)),
        )
    ]
    assert small[0] > 0 and small[1] == 0


def test_who_has_fallen_silent_frees_nobody_who_waits_for_an_announcement():
    arm = with_policies("toy", "until-rival:actors=Alpha,classes=big,months=20")
    others = [name for name in arm.file.actors if name != "Alpha"]
    mute = merge(arm.raw, {"actors": {name: {"silent_from": "2020-01"} for name in others}})
    for played in play_runs(from_data(mute), range(20)):
        assert played.time(Event.ANNOUNCED, "Alpha") == pytest.approx(26.0)


def test_an_order_that_not_everybody_obeys_needs_a_name():
    order = {
        "actors": ["all"],
        "artifacts": ["code"],
        "action": "forbid",
        "compliance": 0.5,
        "source": SOURCE,
    }
    with pytest.raises(UserError, match=r"orders\.0\.name: is missing.*compliance = 0\.5"):
        from_data(merge(load("toy").raw, {"orders": [order]}))
    assert from_data(merge(load("toy").raw, {"orders": [{**order, "name": "pact"}]}))


def test_a_secret_model_of_a_rival_frees_nobody_who_waits_for_an_announcement():
    spec = "until-rival:actors=Alpha,classes=big,months=20++hide-existence:actors="
    arm = with_policies("toy", spec + "Beta+Gamma+Collective")
    for played in play_runs(arm, range(20)):
        assert played.time(Event.ANNOUNCED, "Alpha") == pytest.approx(26.0)
