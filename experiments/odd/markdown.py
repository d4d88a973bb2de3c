"""The parts of the page that are made: tables and lists of what the sources say, as Markdown."""

from __future__ import annotations

import html
import math
import re
import types
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, Union, get_args, get_origin

from experiments.evidence.telling import ROLES
from experiments.odd import sources
from experiments.odd.facts import claims_by_file
from sim.scenario import Scenario

TO_ROOT = "../"  # from docs/
UNTOLD = ("source", "title", "name", "about")  # what a row of inputs is called, and whose word it is


def words(scenario: Scenario, path: str, name: str) -> str:
    """Return a vocabulary in one line: each word, with the comment beside it."""
    told = [
        f"{word.name.lower().replace('_', ' ')}{f' ({word.comment})' if word.comment else ''}"
        for word in sources.words_of(path, name)
        if word.name != "NONE"
    ]
    return "; ".join(map(_text, told))


def vocabulary(scenario: Scenario, path: str, name: str, *called: str) -> str:
    """Return a long vocabulary, folded."""
    rows = [
        [word.name.lower().replace("_", " "), _text(word.comment)]
        for word in sources.words_of(path, name)
        if word.name != "NONE"
    ]
    return _folded(f"{' '.join(called)}: {len(rows)}", ["word", "what it means"], rows)


def table_of_kinds(scenario: Scenario) -> str:
    """Return the kinds of actors, and how many of each a scenario has."""
    from agents.kinds import REGISTRY

    there = [actor.kind for actor in scenario.file.actors.values()]
    rows = [
        [kind.phrase, _text(" ".join((kind.__doc__ or "").split())), str(there.count(name))]
        for name, kind in REGISTRY.items()
        if name in there
    ]
    absent = [kind.phrase for name, kind in REGISTRY.items() if name not in there]
    table = _table(["kind", "what it is", "number"], rows)
    return table + (f"\n\nNot in this scenario: {', '.join(absent)}." if absent else "")


def state(scenario: Scenario, constant: str, *called: str) -> str:
    """Return the fields of a state table, folded."""
    table = sources.state_table(constant)
    rows = [[f"`{field.name}`", _text(field.meaning), field.unit] for field in table.fields]
    title = f"{' '.join(called)}: {len(rows)} state variables"
    return _folded(f"{title} ({table.rows})" if table.rows else title, ["variable", "meaning", "unit"], rows)


def arrays(scenario: Scenario) -> str:
    """Return the parts of the state that are plain arrays, folded."""
    rows = [[f"`{field.name}`", _text(field.meaning)] for field in sources.state_arrays()]
    return _folded(f"Arrays: {len(rows)}", ["array", "meaning, with its shape in brackets"], rows)


def inputs(scenario: Scenario, *tables: str) -> str:
    """Return the inputs of tables of a scenario file, with meaning, unit and bounds; each table folded."""
    from sim.schema import DRAWING, ROW_TABLES, SETTINGS

    models = ROW_TABLES | SETTINGS | DRAWING
    return "\n\n".join(_inputs_of(name, models[name]) for name in tables)


def _inputs_of(name: str, model: Any) -> str:
    from sim.schema import number_fields

    units = number_fields(model)
    rows = []
    for field, info in model.model_fields.items():
        if field not in UNTOLD:
            unit = _unit(units[field]) if field in units else _form(info.annotation)
            rows.append([f"`{info.alias or field}`", _text(info.description or ""), unit])
    heading = " ".join(sources.paragraphs(model.__doc__ or "")).replace("``", "")
    return _folded(heading, ["input", "meaning", "unit"], rows)


def _unit(unit: Any) -> str:
    """Return a unit, with the bounds of its numbers where its name does not imply them."""
    if unit.name == "share" or unit.maximum == math.inf:
        return unit.name
    return f"{unit.name}, {unit.minimum:g} to {unit.maximum:g}"


def _form(annotation: Any) -> str:
    """Return what is written where no number is."""
    if get_origin(annotation) is Literal:
        return ", ".join(word for word in get_args(annotation) if word)
    if get_origin(annotation) in (list, dict):
        return "several"
    if get_origin(annotation) in (Union, types.UnionType):
        return _form(get_args(annotation)[0])
    return {bool: "yes or no", str: "word", int: "whole number", float: "number"}.get(annotation, "")


def schedule(scenario: Scenario, path: str, function: str, code: str, of: str, name: str) -> str:
    """Return what can be due, and which rules handle it."""
    called = sources.handled(path, function, code)
    rows = []
    for word in sources.words_of(of, name):
        steps = ", ".join(f"`{step}`" for step in called.get(word.name, ()))
        rows.append([word.name.lower(), _text(word.comment), steps])
    return _table(["due", "what stands for it", "handled by"], rows)


def steps(scenario: Scenario, path: str, function: str) -> str:
    """Return what a rule does, as the rules that it calls, in their order."""
    rows = []
    for name in sources.steps_of(sources.function_of(path, function).body):
        found = sources.rule_called(path, name)
        if found:
            rows.append([f"`{name}`", _text(found[0].says.split(". ")[0].removesuffix(".")), _file(found[1])])
    numbered = [[str(place), *row] for place, row in enumerate(rows, 1)]
    return _table(["", "rule", "what it does", "file"], numbered)


def rules(scenario: Scenario, *paths: str) -> str:
    """Return the rules of files, each with what it says and, where it is short, its formula."""
    rows = []
    for path in paths:
        rows.append([f"**{_file(path)}**", f"**{_text(sources.source_of(path).says)}**", ""])
        for rule in sources.rules_of(path):
            rows.append([f"`{rule.name}`", _text(rule.says), _code(rule.formula)])
    return _table(["rule", "what it does", "formula, where it is short"], rows)


def table_of_claims(scenario: Scenario) -> str:
    """Return how many claims there are about a scenario, by topic and role."""
    rows = [
        [_text(title), *(str(counts[role]) for role in ROLES), str(counts.total())]
        for title, counts in claims_by_file(scenario)
    ]
    sums = [str(sum(int(row[place]) for row in rows)) for place in range(1, len(ROLES) + 2)]
    return _table(["claims about", *ROLES, "all"], [*rows, ["all", *sums]])


MAKERS: dict[str, Callable[..., str]] = {
    maker.__name__: maker
    for maker in (
        words, vocabulary, table_of_kinds, state, arrays, inputs, schedule, steps, rules, table_of_claims
    )
}  # fmt: skip


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _folded(summary: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    told = html.escape(summary, quote=False).replace("`", "")
    return f"<details><summary>{told}</summary>\n\n{_table(heads, rows)}\n\n</details>"


def _file(path: str) -> str:
    return f"[{path}]({TO_ROOT}{path})"


def _text(said: str) -> str:
    """Return words that stay in their cell, with code as code."""
    parts = re.split(r"(`+)([^`]+)\1", said)  # text, ticks, code, text, ...
    plain = [part.replace("<", "&lt;").replace("*", r"\*").replace("|", r"\|") for part in parts[::3]]
    codes = [_code(part) for part in parts[2::3]]
    return "".join(text for pair in zip(plain, [*codes, ""], strict=True) for text in pair)


def _code(said: str) -> str:
    return f"`{said}`".replace("|", r"\|") if said else ""
