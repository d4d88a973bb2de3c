"""Points and factors as people write them: taken as they are meant, or refused with the place."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from terminal import cascades

from experiments.sweeps.plan import Plan
from experiments.sweeps.running import plan_of_arguments
from sim.errors import UserError

PEOPLE, DETAILS = "actors.Beta.people", "effects.details.work"
REGION = "actors.Beta.region"


def plan(factors, design="grid", **settings) -> Plan:
    return plan_of_arguments("toy", factors, design, {"metrics": ["lag_1"], **settings})[0]


def columns(factors, design="grid", **settings) -> dict:
    return dict(plan(factors, design, **settings).points.columns)


# ---- what is taken


@pytest.mark.parametrize(
    "levels",
    [
        np.arange(3, 6),
        [np.int64(3), np.float32(4), np.int16(5)],
        range(3, 6),
        pd.Series([3, 4, 5]),
        pd.Series([3, 4, 5], dtype="Int64"),
        (value for value in (3, 4, 5)),
        {"levels": np.arange(3, 6)},
        {"levels": range(3, 6)},
    ],
    ids=lambda levels: type(levels).__name__,
)
def test_levels_are_whatever_can_be_gone_through(levels):
    assert columns({PEOPLE: levels}) == {PEOPLE: [3.0, 4.0, 5.0]}


@pytest.mark.parametrize("level", [5, 5.0, np.int64(5), np.array(5)])
def test_one_level_needs_no_list(level):
    assert columns({PEOPLE: level}) == {PEOPLE: [5.0]}


def test_a_bare_text_is_one_level():
    assert columns({"policy": "base"}) == {"policy": ["base"]}
    assert columns({"policy": np.str_("base")}) == {"policy": ["base"]}


def test_numbers_of_numpy_are_taken_wherever_a_number_is():
    assert columns(None, [{PEOPLE: np.int64(3)}, {PEOPLE: np.float64(4)}]) == {PEOPLE: [3.0, 4.0]}
    assert columns(None, {"method": "list", "rows": [{PEOPLE: np.int64(3)}]}) == {PEOPLE: [3.0]}
    design = {"method": "latin-hypercube", "points": np.int64(4)}
    points = columns({PEOPLE: {"low": np.int64(1), "high": np.float32(2)}}, design, runs=np.int64(3))
    assert len(points[PEOPLE]) == 4


def test_a_list_of_actors_is_one_value_of_a_list_as_of_a_grid():
    actors = ["Alpha", "Beta"]
    grid = columns({"delay:actors": [actors], "delay:months": [6]})
    assert columns(None, [{"delay:actors": actors, "delay:months": 6}]) == grid
    assert grid["delay:actors"] == ["Alpha+Beta"]


# ---- what is refused


def refused(factors, design="grid", **settings) -> str:
    with pytest.raises(UserError) as told:
        plan(factors, design, **settings)
    return str(told.value)


ROWS = {
    "a list": ([{PEOPLE: [1, 2]}], "sweep: design.0: actors.Beta.people: [1, 2] is not a number"),
    "a table": (
        [{PEOPLE: 1}, {PEOPLE: {"low": 1}}],
        "design.1: actors.Beta.people: {'low': 1} is not",
    ),
    "true beside 1": ([{PEOPLE: 1}, {PEOPLE: True}], "design.1: actors.Beta.people: True is not a number"),
    "nothing": ([{PEOPLE: 1}, {PEOPLE: None}], "design.1: actors.Beta.people: is empty"),
    "pandas' nothing": ([{PEOPLE: 1}, {PEOPLE: pd.NA}], "design.1: actors.Beta.people: is empty"),
    "no table": ([5], "sweep: design.0: 5 is no point"),
    "two kinds of names": ([{PEOPLE: 1}, {5: 1, "x": 2}], "is not in every point"),
}


@pytest.mark.parametrize("what", ROWS)
def test_a_point_that_cannot_be_used_is_refused(what):
    rows, message = ROWS[what]
    assert message in refused(None, rows)


def test_the_place_of_a_row_in_a_file_is_said(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text(f'scenario = "toy"\n[design]\nmethod = "list"\nrows = [{{ "{PEOPLE}" = [1, 2] }}]\n')
    told = cascades("sweep", path, "--out", tmp_path / "s").refusal
    assert told == f"{path}: design.rows.0: {PEOPLE}: [1, 2] is not a number (people)"


FRAMES = {
    "Int64": (
        pd.DataFrame({PEOPLE: pd.array([1, None], dtype="Int64")}),
        "row 1: actors.Beta.people: is empty",
    ),
    "string": (
        pd.DataFrame({REGION: pd.array(["north", None], dtype="string")}),
        "row 1: actors.Beta.region",
    ),
    "a column twice": (pd.DataFrame([[1, 2]], columns=[PEOPLE, PEOPLE]), "a column stands there twice"),
    "true beside 1": (pd.DataFrame({PEOPLE: pd.Series([1, True], dtype=object)}), "row 1: .*True is not"),
    "unknown": (pd.DataFrame({"actors.Beta.peple": [1]}), "data frame: column actors.Beta.peple: no "),
}


@pytest.mark.parametrize("what", FRAMES)
def test_a_data_frame_that_cannot_be_used_is_refused(what):
    frame, message = FRAMES[what]
    with pytest.raises(UserError, match=message):
        plan(None, frame)


@pytest.mark.parametrize(
    ("factors", "design", "message"),
    [
        ({PEOPLE: None}, "grid", "factors.actors.Beta.people: None: give its levels"),
        ({PEOPLE: b"12"}, "grid", "give its levels"),
        ({PEOPLE: [True]}, "grid", "True is not a number"),
        ({PEOPLE: {"levels": 5}}, "grid", "levels"),
        ({5: [1]}, "grid", "5"),
        ([PEOPLE], "grid", "factors: ['actors.Beta.people']: give a mapping"),
        ({"delay:months": [None]}, "grid", "None must be text, a number"),
        ({"delay:months": [True]}, "grid", "True"),
        (None, 5, "design: 5: give a method"),
        (None, None, "design: None: give a method"),
    ],
)
def test_what_is_no_factor_and_no_design_is_refused(factors, design, message):
    assert message in refused(factors, design)


def csv(tmp_path, text: str) -> str:
    (tmp_path / "points.csv").write_text(text)
    file = tmp_path / "x.toml"
    file.write_text('scenario = "toy"\n[design]\nmethod = "table"\nfile = "points.csv"\n')
    return cascades("sweep", file, "--out", tmp_path / "s").refusal.replace(f"{tmp_path}/", "")


CSV = {
    "true beside 1": (f"{PEOPLE}\n1\ntrue\n", f"points.csv: line 3: {PEOPLE}: True is not a number (people)"),
    "empty": (f"{PEOPLE},{DETAILS}\n\n3,\n", f"points.csv: line 3: {DETAILS}: is empty or nan"),
    "text": (f"{PEOPLE}\n\n3\nmany\n", f"points.csv: line 4: {PEOPLE}: 'many' is not a number"),
    "ragged": (f"{PEOPLE}\n\n3,4\n", "points.csv: line 3: has 2 values for 1 columns"),
    "a column twice": (f"{PEOPLE},{PEOPLE}\n3,4\n", "points.csv: a column stands there twice"),
    "unknown": ("actors.Beta.peple\n3\n", "points.csv: column actors.Beta.peple: no "),
}


@pytest.mark.parametrize("what", CSV)
def test_a_table_names_its_lines_and_columns(tmp_path, what):
    text, message = CSV[what]
    told = csv(tmp_path, text)
    assert told.startswith(message)
    assert "--set" not in told and "x.toml" not in told


def test_too_many_points_are_said_once():
    told = refused({PEOPLE: {"low": 1, "high": 2}}, {"method": "latin-hypercube", "points": 10**8})
    assert told == "sweep: design: 100,000,000 points are too many; at most 10,000,000"
