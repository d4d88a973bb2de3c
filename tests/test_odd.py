"""The page of the ODD protocol: made from the code as it is now, and nothing of the code is missing."""

from __future__ import annotations

import re

import numpy as np
import pytest
from terminal import cascades

import sim.tables
import sim.tail.tables
from experiments.odd import sources
from experiments.odd.facts import facts_of
from experiments.odd.markdown import MAKERS
from experiments.odd.page import TEMPLATE, page_of
from sim.queue import Next
from sim.scenario import CONFIGS, load
from sim.schema import DRAWING, ROW_TABLES, SETTINGS
from sim.tail.tables import Due
from sim.world import Workspace, compile_scenario

DOCS = CONFIGS.parent / "docs"
PAGE = DOCS / "odd.md"
MARKS = [mark.split() for mark in re.findall(r"\{\{\s+(.+?)\s+\}\}", TEMPLATE.read_text(), re.DOTALL)]
ELEMENTS = (
    "Purpose and patterns",
    "Entities, state variables, and scales",
    "Process overview and scheduling",
    "Design concepts",
    "Initialization",
    "Input data",
    "Submodels",
)
CONCEPTS = (
    "Basic principles", "Emergence", "Adaptation", "Objectives", "Learning", "Prediction", "Sensing",
    "Interaction", "Stochasticity", "Collectives", "Observation",
)  # fmt: skip


def named(maker: str) -> list[str]:
    """Return all arguments of a maker in the template."""
    return [argument for name, *arguments in MARKS if name == maker for argument in arguments]


@pytest.fixture(scope="module")
def page():
    return page_of(load("gpt3"))


def test_the_page_is_what_the_command_makes_now(page):
    assert PAGE.read_text(encoding="utf-8") == page, "make odd writes the page anew"


def test_it_has_the_seven_elements_and_the_eleven_concepts_in_order(page):
    headings = re.findall(r"^## (.*)$", page, re.MULTILINE)
    assert headings == [f"{place}. {name}" for place, name in enumerate(ELEMENTS, 1)]
    section = " ".join(page.split("## 4. ")[1].split("## 5. ")[0].split())
    assert tuple(re.findall(r"\*\*([A-Z][a-z ]+)\.\*\*", section)) == CONCEPTS
    sentence = (
        "The model description follows the ODD (Overview, Design concepts, Details) protocol "
        "(Grimm et al. 2006, 2010, 2020)"
    )
    assert sentence in " ".join(page.split())


def test_all_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page):
        assert (DOCS / target).is_file(), target
    for target, anchor in re.findall(r"\]\(([^)#]+)#([^)]+)\)", page):
        headings = re.findall(r"^#+ (.*)$", (DOCS / target).read_text(encoding="utf-8"), re.MULTILINE)
        assert anchor in {re.sub(r"[^\w -]", "", text).lower().replace(" ", "-") for text in headings}, anchor


@pytest.mark.parametrize("name", ["toy", "spread"])
def test_other_worlds_have_a_page_too(name):
    text = page_of(load(name))
    assert "{{" not in text
    assert f"`{name}`" in text and "GPT-3" not in text


def test_facts_and_makers_have_names_of_their_own():
    assert not set(facts_of(load("toy"))) & set(MAKERS)


def test_every_rule_is_on_the_page(page):
    assert named("rules") == list(dict.fromkeys(named("rules")))
    assert set(named("rules")) == set(sources.rule_files()), "name the file in experiments/odd/template.md"
    for path in named("rules"):
        for rule in sources.rules_of(path):
            assert rule.says, f"{path}: {rule.name}: say what it does (docstring)"
            assert f"| `{rule.name}` | " in page


def test_every_state_table_is_on_the_page():
    tables = Workspace(compile_scenario(load("toy"))).tables
    state = tables._fields[tables._fields.index("chip_from") :]
    with_fields = sources.state_tables()
    assert set(with_fields) == {name for name in state if getattr(tables, name).dtype.names}
    assert {field.name for field in sources.state_arrays()} == set(state) - set(with_fields)
    shown = {name for name in named("state") if name.isupper()}
    assert set(with_fields.values()) <= shown, "name the table in experiments/odd/template.md"


@pytest.mark.parametrize("constant", [name for name in named("state") if name.isupper()])
def test_every_state_variable_has_a_meaning_and_a_unit(constant):
    table = sources.state_table(constant)
    module = sim.tables if table.path == "sim/tables.py" else sim.tail.tables
    declared: np.dtype = getattr(module, constant)
    assert tuple(field.name for field in table.fields) == declared.names
    assert table.rows, f"{table.path}: {constant}: say what a row stands for"
    for field in table.fields:
        assert field.meaning, f"{table.path}: {constant}.{field.name}: say what it means in a comment"
        assert field.unit, f"{table.path}: {constant}.{field.name}: end its comment with the unit in brackets"


def test_every_input_is_on_the_page(page):
    assert sorted(named("inputs")) == sorted(ROW_TABLES | SETTINGS | DRAWING)
    for model in (ROW_TABLES | SETTINGS | DRAWING).values():
        for name, info in model.model_fields.items():
            if name not in ("source", "title", "name"):
                assert info.description, f"{model.__name__}.{name}: say what it means"
                assert f"| `{info.alias or name}` | " in page


def test_everything_that_can_be_due_is_handled():
    assert set(sources.handled("sim/engine.py", "advance", "NEXT")) == {word.name for word in Next}
    assert set(sources.handled("sim/tail/unfolding.py", "advance_tail", "DUE")) == {word.name for word in Due}
    for words in (("sim/queue.py", "Next"), ("sim/tail/tables.py", "Due")):
        assert all(word.comment for word in sources.words_of(*words))


def test_formulas_are_those_of_the_code():
    rules = {rule.name: rule for rule in sources.rules_of("agents/starting.py")}
    assert rules["with_evidence"].formula == "1.0 - (1.0 - belief) * (1.0 - evidence)"
    fading = "if value == 0.0 or months <= 0.0: return value; else: "
    assert rules["fading"].formula == fading + "return value * math.exp(-LN2 * months / half_life)"
    assert rules["start_rate"].formula == ""  # a loop: the file has it


def test_the_command_prints_the_page_or_writes_it(tmp_path):
    printed = cascades("odd", "toy")
    assert printed.code == 0 and printed.out.startswith("# The model in the ODD protocol\n")
    written = cascades("odd", "toy", "--out", tmp_path / "new" / "odd.md")
    assert written.code == 0
    assert (tmp_path / "new" / "odd.md").read_text(encoding="utf-8") == printed.out
    assert "gpt3" in cascades("odd", "gtp3").refusal
    assert "folder" in cascades("odd", "toy", "--out", tmp_path).refusal
