"""What the source files say of themselves: rules, fields of tables, words, and who handles what is due.

Files are read, not imported: comments are what is wanted, and no rule is compiled for it.
"""

from __future__ import annotations

import ast
import functools
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

from sim.scenario import CONFIGS

ROOT = CONFIGS.parent
FOLDERS = ("agents", "sim")
MARKS = ("rule", "rule_in_place", "rule_where")  # decorators that make a rule of a function
LONGEST_FORMULA = 180  # characters; what is longer is read in its file
SIMPLE = (ast.Assign, ast.AugAssign, ast.Return)
STATE_BEGINS = "# state"  # in the list of all tables
STATE_FILES = ("sim/tables.py", "sim/tail/tables.py")
LAID_OUT = (("sim/world.py", "_tables"), ("sim/tail/tables.py", "state_of_tail"))


@dataclass(frozen=True)
class Source:
    """A source file: its lines, its syntax tree, and its comments by line."""

    path: str
    lines: list[bytes]
    tree: ast.Module
    comments: dict[int, str]

    @property
    def says(self) -> str:
        """What the file is for: the first paragraph of its docstring."""
        return paragraphs(ast.get_docstring(self.tree) or "")[0]

    def on_one_line(self, node: ast.stmt | ast.expr) -> str:
        """Return the text of a part, on one line; ``ast.get_source_segment`` splits a file at each call."""
        last = (node.end_lineno or node.lineno) - 1
        lines = self.lines[node.lineno - 1 : last + 1]
        lines[-1] = lines[-1][: node.end_col_offset]
        lines[0] = lines[0][node.col_offset :]
        text = " ".join(b" ".join(lines).decode("utf-8").split())
        return re.sub(r"(?<=[(\[]) | (?=[)\]])", "", text)


@dataclass(frozen=True)
class Rule:
    """A rule: its name, what its docstring says, and its formula where it is a short one."""

    name: str
    says: str
    formula: str


@dataclass(frozen=True)
class Field:
    """A field of a state table. ``unit``: as its comment says, or what its type says."""

    name: str
    meaning: str
    unit: str


@dataclass(frozen=True)
class StateTable:
    """A state table: how its rows are called, and its fields."""

    constant: str
    path: str
    rows: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class NamedWord:
    """A word of a vocabulary, with the comment beside it."""

    name: str
    comment: str


@functools.cache
def source_of(path: str) -> Source:
    """Return a source file by its path from the root of the project."""
    text = (ROOT / path).read_text(encoding="utf-8")
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    comments = {
        token.start[0]: token.string.removeprefix("#").strip()
        for token in tokens
        if token.type == tokenize.COMMENT
    }
    return Source(path, text.encode("utf-8").splitlines(), ast.parse(text), comments)


def paragraphs(docstring: str) -> list[str]:
    """Return the paragraphs of a docstring, each on one line; examples are left out."""
    parts = [" ".join(part.split()) for part in re.split(r"\n\s*\n", docstring)]
    return [part for part in parts if not part.startswith(">>>")] or [""]


def rule_files() -> list[str]:
    """Return the paths of all files that hold rules."""
    found = []
    for folder in FOLDERS:
        for file in sorted((ROOT / folder).rglob("*.py")):
            path = file.relative_to(ROOT).as_posix()
            if any(_marked(source_of(path))):
                found.append(path)
    return found


@functools.cache
def rules_of(path: str) -> list[Rule]:
    """Return the rules of a file in their order; those whose names begin with ``_`` are parts of others."""
    source = source_of(path)
    return [
        Rule(node.name, " ".join(paragraphs(ast.get_docstring(node) or "")), _formula(source, node))
        for node in _marked(source)
        if not node.name.startswith("_")
    ]


def _marked(source: Source) -> Iterator[ast.FunctionDef]:
    for node in source.tree.body:
        if isinstance(node, ast.FunctionDef):
            names = [mark.func if isinstance(mark, ast.Call) else mark for mark in node.decorator_list]
            if any(isinstance(name, ast.Name) and name.id in MARKS for name in names):
                yield node


def _formula(source: Source, node: ast.FunctionDef) -> str:
    """Return the statements of a rule that only assigns and returns, also early, where they are short."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    formula = ""
    for place, line in enumerate(body):
        last = place == len(body) - 1
        if isinstance(line, SIMPLE):
            formula += source.on_one_line(line) + ("" if last else "; ")
        elif isinstance(line, ast.If) and not line.orelse and isinstance(line.body[0], ast.Return):
            formula += f"if {source.on_one_line(line.test)}: {source.on_one_line(line.body[0])}; else: "
        else:
            return ""
    formula = formula.removeprefix("return ")
    return formula if len(formula) <= LONGEST_FORMULA else ""


def rule_called(path: str, name: str) -> tuple[Rule, str] | None:
    """Return what a file calls by a name, if it is a rule, and the file in which that stands."""
    for node in source_of(path).tree.body:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in FOLDERS:
            if name in [alias.asname or alias.name for alias in node.names]:
                path = node.module.replace(".", "/") + ".py"
    found = [rule for rule in rules_of(path) if rule.name == name] if (ROOT / path).is_file() else []
    return (found[0], path) if found else None


def function_of(path: str, name: str) -> ast.FunctionDef:
    """Return the syntax tree of a function of a file."""
    for node in source_of(path).tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return node
    raise ValueError(f"{path}: holds no function {name!r}")


def steps_of(statements: list[ast.stmt]) -> list[str]:
    """Return the names that are called, as statements of their own, in their order, each once."""
    names = [
        call.func.id if isinstance(call.func, ast.Name) else call.func.attr
        for statement in statements
        for node in ast.walk(statement)
        if isinstance(node, ast.Expr) and isinstance(call := node.value, ast.Call)
        if isinstance(call.func, ast.Name | ast.Attribute)
    ]
    return list(dict.fromkeys(names))


def handled(path: str, function: str, words: str) -> dict[str, list[str]]:
    """Return who is called for each word: the branches ``if what == WORDS.NAME`` of a function."""
    found = {}
    for node in ast.walk(function_of(path, function)):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Compare):
            word = node.test.comparators[0]
            if (
                isinstance(word, ast.Attribute)
                and isinstance(word.value, ast.Name)
                and word.value.id == words
            ):
                found[word.attr] = steps_of(node.body)
    return found


def words_of(path: str, name: str) -> list[NamedWord]:
    """Return the words of a vocabulary (a class of integer constants) with their comments."""
    source = source_of(path)
    for node in source.tree.body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            return [
                NamedWord(line.targets[0].id, source.comments.get(line.end_lineno or 0, ""))
                for line in node.body
                if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name)
            ]
    raise ValueError(f"{path}: holds no vocabulary {name!r}")


def state_tables() -> dict[str, str]:
    """Return the tables of a run that have fields: name -> the constant that declares their fields."""
    found = {}
    for path, function in LAID_OUT:
        for node in ast.walk(function_of(path, function)):
            for key, value in zip(node.keys, node.values, strict=True) if isinstance(node, ast.Dict) else ():
                if isinstance(key, ast.Constant) and isinstance(value, ast.Call):
                    if isinstance(value.func, ast.Name) and isinstance(value.args[0], ast.Name):
                        found[str(key.value)] = value.args[0].id
    return found


def state_arrays() -> list[Field]:
    """Return the tables of a run that are plain arrays, with the comments beside them."""
    source = source_of(STATE_FILES[0])
    with_fields = state_tables()
    begins = next(line for line, text in source.comments.items() if f"# {text}" == STATE_BEGINS)
    return [
        Field(line.target.id, source.comments.get(line.lineno, ""), "")
        for node in source.tree.body
        if isinstance(node, ast.ClassDef) and node.name == "Tables"
        for line in node.body
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and line.lineno > begins
        if line.target.id not in with_fields
    ]


def state_table(constant: str) -> StateTable:
    """Return a state table by the constant that declares its fields."""
    for path in STATE_FILES:
        source = source_of(path)
        for node in source.tree.body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == constant:
                fields = tuple(
                    _field(source, pair)
                    for pair in ast.walk(node.value)
                    if isinstance(pair, ast.Tuple) and len(pair.elts) == 2
                )
                return StateTable(constant, path, source.comments.get(node.lineno, ""), fields)
    raise ValueError(f"{' and '.join(STATE_FILES)}: hold no table {constant!r}")


def _field(source: Source, pair: ast.Tuple) -> Field:
    name, form = (str(ast.literal_eval(part)) for part in pair.elts)
    comment = source.comments.get(pair.end_lineno or 0, "")
    said = re.fullmatch(r"(.*?)\s*\[([^\]]+)\]", comment)
    if said:
        return Field(name, said[1], said[2])
    return Field(name, comment, {"i": "whole number", "u": "whole number"}.get(form[0], ""))
