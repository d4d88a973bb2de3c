"""The diffusion database: what it lists is in the log, and what it reckons can be done by hand."""

from __future__ import annotations

import csv
import datetime
import io
import math
from collections import Counter

import numpy as np
import pytest
from terminal import cascades

import sim
from experiments.database import COLUMNS, DATES, PUBLISHED, RECORD, as_csv, database, modal, models_of
from experiments.history import load_history
from experiments.replay import origin_of
from sim.errors import UserError
from sim.words import ArtifactKind, Event


@pytest.fixture(scope="module")
def gpt3():
    return sim.simulate("gpt3", runs=9, seed=1, logs=9)


def test_a_run_lists_each_of_its_models_once(gpt3):
    for run in (0, 5):
        log, rows = gpt3.logs[run], database(gpt3, run)
        trained = log[(log["reached"] >= 0) & (log["project"] >= 0)]
        assert len(rows) == len(trained) == len({row["model"] for row in rows})
        made = Counter(
            (gpt3.compiled.actors[e["actor"]], gpt3.compiled.classes[e["reached"]]) for e in trained
        )
        assert Counter((row["developer"], row["class"]) for row in rows) == made
        days = [row["trained_date"] for row in rows]
        assert days == sorted(days)
        for row in rows:
            assert list(row) == list(COLUMNS)
            assert row["source"] == f"simulated: scenario gpt3, seed 1, run {run}"
            if row["announced_date"]:
                assert row["announced_date"] >= row["trained_date"]


def test_the_first_model_of_a_class_or_higher_has_the_date_of_the_metric(gpt3):
    classes = gpt3.compiled.classes
    enough = classes[classes.index("gpt3") :]
    for run in range(3):
        dates: dict[str, list[str]] = {}
        for row in database(gpt3, run):
            if row["class"] in enough:
                assert row["gpt3_like"] == "yes"
                dates.setdefault(row["developer"], []).append(row["trained_date"])
        for actor, days in dates.items():
            months = gpt3[f"t_done[{actor},gpt3]"][run]
            assert min(days) == gpt3.scenario.date(months).isoformat()


def test_amounts_follow_from_the_project(gpt3):
    origin = origin_of(gpt3)
    replay = origin.replay(0)
    rows = {row["model"]: row for row in models_of(replay)}
    log, checked = replay.log, 0
    tables = replay.at(replay.compiled.horizon)
    decline = float(tables.trends[0]["rent_decline"])
    for event in log[(log["what"] == Event.TRAINED) & (log["project"] >= 0)]:
        project = replay.projects[event["project"]]
        name = f"{gpt3.compiled.actors[event['actor']]} {gpt3.compiled.classes[event['klass']]}"
        if project["script"] >= 0:
            continue
        row = rows[name]
        if row["trained_date"] != event["time"]:
            continue  # a second model of the class
        chip = tables.chips[project["chip"]]
        age = max(0.0, event["time"] - chip["released"])
        premium = 1.0 + tables.actors[event["actor"]]["hired"] * (tables.trends[0]["rent_premium"] - 1.0)
        rent = premium * chip["usd_per_hour"] * 730.5 * 10 ** (-decline * age / 12)
        final = row["training_days"] / (365.25 / 12)
        assert row["training_flop"] == event["amount"] == project["flop_final"]
        assert row["cost_usd_estimate"] == pytest.approx(project["chips"] * final * rent)
        assert row["total_compute_cost_usd"] == pytest.approx(project["chip_months"] * rent)
        assert row["total_compute_cost_usd"] >= row["cost_usd_estimate"] * (1 - 1e-9)
        assert row["spent_usd"] == event["usd"]
        assert row["project_days"] >= row["training_days"] > 0
        checked += 1
    assert checked > 20


def test_what_was_published_is_what_the_log_says_was_released(gpt3):
    log = gpt3.logs[2]
    released = log[(log["what"] == Event.RELEASED) & (log["project"] >= 0)]
    rows = database(gpt3, 2)
    for column, kind in (*PUBLISHED.items(), ("api_date", ArtifactKind.API)):
        projects = {int(event["project"]) for event in released if event["kind"] == kind}
        assert sum(row[column] not in ("", "no") for row in rows) == len(projects), column
    for row in rows:
        if row["weights_access"] == "closed":
            assert row["weights_access_date"] == ""
        if row["weights_access"] == "open":
            datetime.date.fromisoformat(row["weights_access_date"])


def test_an_ensemble_lists_what_at_least_half_of_the_runs_have(gpt3):
    runs = [models_of(origin_of(gpt3).replay(run)) for run in range(9)]
    rows = {(row["developer"], row["class"]): row for row in database(gpt3)}
    had = Counter(key for models in runs for key in {(row["developer"], row["class"]) for row in models})
    assert set(rows) == {key for key, count in had.items() if count >= 4.5}
    for (developer, klass), row in rows.items():
        firsts = []
        for models in runs:
            mine = [m["trained_date"] for m in models if (m["developer"], m["class"]) == (developer, klass)]
            firsts.append(mine[0] if mine else math.inf)
        middle = sorted(firsts)[4]  # of nine
        assert row["trained_date"] == gpt3.scenario.date(middle).isoformat()
        assert row["share_of_runs"] == pytest.approx(np.isfinite(firsts).mean(), abs=1e-3)
        if row["cost_low_90"] != "" and not math.isnan(row["cost_usd_estimate"]):
            assert row["cost_low_90"] <= row["cost_usd_estimate"] <= row["cost_high_90"]


def test_a_date_that_never_comes_is_not_averaged():
    model = {"developer": "A", "class": "big", "tools_used": "", "model": "A big"}
    numbers = ("training_flop", "chips", "training_days", "project_days", "cost_usd_estimate")
    model |= dict.fromkeys((*numbers, "total_compute_cost_usd", "spent_usd", "core_team_size"), 1.0)
    model |= dict.fromkeys(("hardware", "mechanism", "weights_access", "sponsor"), "x")
    model |= dict.fromkeys((*DATES, *PUBLISHED), 1.0)
    never = {**model, "announced_date": math.inf}
    assert modal([[model], [never], [never]])[0]["announced_date"] == math.inf
    assert modal([[model], [model], [never]])[0]["announced_date"] == 1.0
    assert modal([[model], [], []]) == []


def test_the_record_is_laid_beside_it(gpt3):
    history = load_history("gpt3")
    rows = database(gpt3, 0, beside=True)
    told = Counter((row["developer"], row["record_model"]) for row in rows if row["record_model"])
    assert told == Counter((maker, name) for name, model in history.models.items() for maker in model.makers)
    for row in rows:
        assert list(row) == [*COLUMNS, *RECORD]
        if row["record_model"]:
            assert history.models[row["record_model"]].class_ == row["class"]
    with pytest.raises(UserError, match="has no record"):
        database(sim.simulate("toy", runs=1, logs=1), 0, beside=True)


def test_the_command_prints_a_table_and_writes_all_columns(tmp_path):
    out, file = tmp_path / "out", tmp_path / "models.csv"
    assert cascades("run", "toy", "--runs", 8, "--logs", 2, "--out", out).code == 0
    done = cascades("database", out, "--run", 1, "--csv", file)
    assert done.code == 0 and "Alpha big" in done.out
    stored = list(csv.DictReader(io.StringIO(file.read_text())))
    rows = database(out, 1)
    assert file.read_text() == as_csv(rows)
    assert [row["model"] for row in stored] == [row["model"] for row in rows]
    assert list(stored[0]) == list(COLUMNS)
    ensemble = cascades("database", out)
    assert ensemble.code == 0 and "share of runs" in ensemble.out and "runs 0 to 7" in ensemble.out
    assert "no run 8; there is: runs 0 to 7" in cascades("database", out, "--run", 8).refusal
    assert "has no record" in cascades("database", out, "--beside").refusal
    assert "no such folder" in cascades("database", tmp_path / "none").refusal
    assert "is a folder" in cascades("database", out, "--csv", tmp_path).err
    assert not list(tmp_path.glob(".unfinished*"))
