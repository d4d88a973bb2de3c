"""Measured arms on disk: the same bits with and without them, extended, never stale, never in the way."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.evidence import keeping, measuring
from experiments.evidence.claims import ClaimFile, Quantity
from experiments.evidence.keeping import Kept, World
from experiments.evidence.measuring import measure_plan, plan_of, runs_to_come
from experiments.evidence.readings import READINGS, reader_of, source_of_reading
from sim.ensemble import Simulator
from sim.scenario import load
from sim.words import Event
from sim.world import compile_scenario

QUANTITIES = {
    "lag": {"metric": "lag_1"},
    "share": {"events": {"event": "trained"}, "take": "share", "among": {"event": ["trained", "stopped"]}},
    "knew": {"projects": {"knew": "yes", "outcome": ["trained", "undertrained"]}, "take": "count"},
    "money": {"projects": {"bound": {"not": "money"}}, "take": "sum", "of": "spent_compute"},
    "peak": {"reading": "attention_peak", "with": {"actor": "Alpha", "klass": "big"}},
    "stolen": {"events": {"event": "stolen"}, "take": "mean", "of": "usd"},  # nan
    "hidden": {"metric": "lag_1", "arm": "hidden"},
}


def plan(*names):
    """A plan of the quantities of these names; of all without."""
    chosen = {name: given for name, given in QUANTITIES.items() if not names or name in names}
    test = {"quantities": chosen, "formula": " + ".join(chosen), "rule": "sign"}
    if "hidden" in chosen:
        test["arms"] = {"hidden": "code-never"}
    claim = {
        "role": "calibrate", "kind": "structural", "statement": "s", "value": "yes", "unit": "sign",
        "source": "s", "test": test,
    }  # fmt: skip
    return plan_of(ClaimFile.model_validate({"claims": {"it": claim}}).claims, load("toy"))


def bits(measured):
    return {str(key): values.tobytes() for key, values in measured.values.items()}


@pytest.fixture
def simulated(monkeypatch):
    """A list that grows by the number of each run that is simulated."""
    numbers: list[int] = []
    plain = measuring.measure_runs

    def counted(arm, simulator, seed, first, values):
        numbers.extend(range(first, first + len(values)))
        plain(arm, simulator, seed, first, values)

    monkeypatch.setattr(measuring, "measure_runs", counted)
    return numbers


def test_kept_arms_are_the_same_bits(tmp_path, simulated):
    wanted = bits(measure_plan(plan(), 40, threads=1))
    for threads in (2, 1):
        assert bits(measure_plan(plan(), 40, threads=threads, kept=Kept(tmp_path))) == wanted
    assert len(simulated) == 2 * 80  # two arms; the third time nothing was simulated
    assert runs_to_come(plan(), 40, kept=Kept(tmp_path)) == 0


def test_more_runs_and_more_quantities_extend_what_is_there(tmp_path, simulated):
    measure_plan(plan("lag"), 20, kept=Kept(tmp_path))
    measure_plan(plan("lag"), 50, kept=Kept(tmp_path))
    assert sorted(simulated) == list(range(50))
    assert runs_to_come(plan("lag"), 70, kept=Kept(tmp_path)) == 20
    assert bits(measure_plan(plan(), 30, kept=Kept(tmp_path))) == bits(measure_plan(plan(), 30))
    simulated.clear()
    measure_plan(plan("lag"), 50, kept=Kept(tmp_path))  # fewer runs of more columns took nothing away
    assert simulated == []


def test_another_seed_first_run_or_world_is_another_arm(tmp_path, simulated):
    measure_plan(plan("lag"), 20, seed=1, kept=Kept(tmp_path))
    for change in ({"seed": 2}, {"first_run": 5}, {"draw": False}):
        simulated.clear()
        kept = measure_plan(plan("lag"), 20, **change, kept=Kept(tmp_path))
        assert len(simulated) == 20
        assert bits(kept) == bits(measure_plan(plan("lag"), 20, **change))


def test_fresh_ignores_what_is_there_and_mends_it(tmp_path, simulated):
    measure_plan(plan("lag"), 20, kept=Kept(tmp_path))
    file = next(Kept(tmp_path).folder.glob("*.npz"))
    content = dict(np.load(file))
    np.savez(file, **(content | {"values": content["values"] + 1.0}))  # wrong, but well-formed
    simulated.clear()
    assert bits(measure_plan(plan("lag"), 20, kept=Kept(tmp_path, fresh=True))) == bits(
        measure_plan(plan("lag"), 20)
    )
    assert len(simulated) == 40
    assert np.array_equal(np.load(file)["values"], content["values"])


@pytest.mark.parametrize("damage", ["cut", "bit", "empty", "text", "shape", "column", "pickle"])
def test_a_damaged_file_is_simulated_anew(tmp_path, simulated, damage):
    measure_plan(plan("lag", "knew"), 20, kept=Kept(tmp_path))
    file = next(Kept(tmp_path).folder.glob("*.npz"))
    whole, content = file.read_bytes(), dict(np.load(file))
    if damage == "cut":
        file.write_bytes(whole[: len(whole) // 2])
    elif damage == "bit":
        place = whole.index(content["values"].tobytes()) + 9
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
    elif damage == "shape":
        np.savez(file, **(content | {"known": content["known"][:, :3]}))
    elif damage == "column":
        np.savez(file, values=content["values"], known=content["known"])
    elif damage == "pickle":
        np.savez(file, **(content | {"columns": np.array([{}, {}], object)}))
    else:
        file.write_bytes(b"" if damage == "empty" else b"not a file of ours")
    simulated.clear()
    assert bits(measure_plan(plan("lag", "knew"), 20, kept=Kept(tmp_path))) == bits(
        measure_plan(plan("lag", "knew"), 20)
    )
    assert len(simulated) == 40
    assert runs_to_come(plan("lag", "knew"), 20, kept=Kept(tmp_path)) == 0


def test_ctrl_c_loses_nothing_that_was_measured(tmp_path, monkeypatch, simulated):
    seen = []

    def broken_off(count):
        seen.append(count)
        if len(seen) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure_plan(plan(), 64, threads=1, kept=Kept(tmp_path), progress=broken_off)
    done = len(simulated)
    assert 0 < done < 128
    assert runs_to_come(plan(), 64, kept=Kept(tmp_path)) == 128 - done
    assert bits(measure_plan(plan(), 64, kept=Kept(tmp_path))) == bits(measure_plan(plan(), 64))
    assert not list(tmp_path.rglob(".unfinished-*"))


def test_what_cannot_be_kept_is_measured_all_the_same(tmp_path):
    (tmp_path / "file").write_text("in the way")
    kept = Kept(tmp_path / "file")
    assert bits(measure_plan(plan("lag"), 20, kept=kept)) == bits(measure_plan(plan("lag"), 20))
    assert str(tmp_path) in kept.problem


def test_another_source_is_kept_elsewhere_and_old_ones_go(tmp_path, monkeypatch):
    folders = []
    for version in range(keeping.MOST_SOURCES + 3):
        monkeypatch.setattr(keeping, "source_of_numbers", lambda version=version: f"source-{version}")
        kept = Kept(tmp_path)
        kept.write(World("world", 1), ["a"], np.ones((2, 1)), np.ones((2, 1), bool))
        folders.append(kept.folder)
    assert len(set(folders)) == len(folders)
    assert len(list(tmp_path.iterdir())) == keeping.MOST_SOURCES
    assert folders[-1].is_dir()


def test_every_source_of_numbers_counts():
    folder = keeping.Path(keeping.__file__).parent
    assert all((folder / name).is_file() for name in keeping.AFTERWARDS)
    assert not {"readings.py", "run_readings.py", "measuring.py", "claims.py"} & set(keeping.AFTERWARDS)


def test_a_reading_of_ones_own_is_kept_by_its_source():
    READINGS["own"] = lambda run: 1.0
    try:
        assert len(source_of_reading(Quantity.model_validate({"reading": "own"}))) == 16
    finally:
        del READINGS["own"]
    assert source_of_reading(Quantity.model_validate({"reading": "attention_peak"})) == ""
    assert source_of_reading(Quantity.model_validate({"metric": "lag_1"})) == ""


def test_columns_of_projects_agree_with_the_log_by_hand():
    """Whether its maker knew, and when training ended, row by row in plain Python."""
    compiled = compile_scenario(load("toy"))
    simulator = Simulator(compiled)
    knew = {"projects": {"knew": "yes"}, "take": "count"}
    months = {"projects": {"outcome": "trained"}, "take": "sum", "of": "months"}
    readers = [reader_of(Quantity.model_validate(given), compiled) for given in (knew, months)]
    found = set()
    for number in range(12):
        block, draws = np.empty((1, 0)), np.empty((1, len(compiled.uncertain)))
        simulator.simulate(3, number, block, draws)
        tables = simulator.workspace.tables
        log, projects = simulator.events(), tables.projects[: tables.clock[0].projects]
        run = measuring.Run(compiled, 3, number, log, projects, tables, draws[0])
        aware = [row for row in log if row["what"] == Event.AWARE]
        known = [
            any(
                row["actor"] == one["actor"]
                and row["klass"] >= one["klass"]
                and row["time"] <= one["started"]
                for row in aware
            )
            for one in projects
        ]
        ends = {row["project"]: row["time"] for row in log if row["what"] == Event.TRAINED}
        lengths = [time - projects[place]["started"] for place, time in ends.items() if place >= 0]
        assert readers[0](run) == sum(known)
        assert readers[1](run) == pytest.approx(sum(lengths))
        found |= set(known)
    assert found == {True, False}
