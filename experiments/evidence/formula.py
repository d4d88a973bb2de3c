"""Arithmetic on named quantities: ``(late - early) * WEEKS``, evaluated on arrays over runs.

Only numbers, names, ``+ - * / **``, comparisons, ``and or not``, ``a if c else b`` and the functions of
``FUNCTIONS`` can be written: a formula in a file of claims can compute, and nothing else.
"""

from __future__ import annotations

import ast
import operator
import sys
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from sim.errors import UserError, not_found

DAYS_PER_YEAR = 365.25
CONSTANTS = {
    "WEEKS": DAYS_PER_YEAR / 7 / 12,  # in a month
    "DAYS": DAYS_PER_YEAR / 12,  # in a month
    "MONTHS": 12.0,  # in a year
    "NEVER": np.inf,
}
LARGEST = sys.float_info.max
SEVERAL = ("max", "min")  # functions that take one or more arguments; the others take one
OVER_ACTORS = "mean_of_actors"  # makes one number per run of quantities that have one per actor
FUNCTIONS: dict[str, Callable] = {
    "abs": np.abs,
    "exp": np.exp,
    "isnan": np.isnan,
    "log10": np.log10,
    "mean": lambda values: _mean(values),
    OVER_ACTORS: lambda values: _mean_of_actors(values),
    "median": lambda values: _median(values),
    "max": lambda first, *rest: _fold(np.maximum, first, rest),
    "min": lambda first, *rest: _fold(np.minimum, first, rest),
    "sqrt": np.sqrt,
}
_BINARY: dict[type, Callable] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_COMPARE: dict[type, Callable] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_PARTS = (
    ast.BinOp, ast.UnaryOp, ast.Compare, ast.BoolOp, ast.IfExp, ast.Name, ast.Load, ast.USub, ast.UAdd,
    ast.Not, ast.And, ast.Or,
)  # fmt: skip
LONGEST = 2000  # characters
DEEPEST = 150  # parts within parts: a sum of more terms, or more brackets, is too deep to be worked out


def evaluate(text: str, names: Mapping[str, Any]) -> np.ndarray:
    """Return the value of a formula; the names stand for numbers, or for arrays over runs or (actors, runs).

    A comparison in which a quantity is not defined (nan) is not defined either: the result is nan, not
    false. Yes and no are 1 and 0. Raises UserError for what cannot be written and for unknown names.

    >>> float(evaluate("(late - early) * 2", {"late": 3.0, "early": 1.0}))
    4.0
    """
    with np.errstate(all="ignore"):
        return np.asarray(_value(_parsed(text), text, names), float)


def names_in(text: str) -> list[str]:
    """Return the quantities that a formula names; raise UserError where it cannot be written so.

    >>> names_in("abs(late - early) * WEEKS")
    ['early', 'late']
    """
    body = _parsed(text)
    functions = {id(node.func) for node in ast.walk(body) if isinstance(node, ast.Call)}
    found = {node.id for node in ast.walk(body) if isinstance(node, ast.Name) and id(node) not in functions}
    return sorted(found - CONSTANTS.keys())


def names_left_by_actor(text: str, by_actor: Collection[str]) -> list[str]:
    """Return which quantities with a number per actor a formula does not bring down to one per run.

    >>> names_left_by_actor("mean_of_actors(late - early) + late", ["early", "late"])
    ['late']
    """

    def outside(node: ast.AST) -> set[str]:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == OVER_ACTORS:
            return set()
        own = {node.id} if isinstance(node, ast.Name) else set()
        return own.union(*(outside(part) for part in ast.iter_child_nodes(node)))

    return sorted(outside(_parsed(text)) & set(by_actor))


@lru_cache(maxsize=4096)
def _parsed(text: str) -> ast.expr:
    """Return the tree of a formula; raise UserError where a part of it is not arithmetic."""
    if len(text) > LONGEST:
        raise UserError(f"formula {text[:40]!r}...: is longer than {LONGEST} characters")
    try:
        body = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise UserError(
            f"formula {text!r}: cannot be read; write arithmetic such as (late - early) * WEEKS"
        ) from None
    if _depth(body) > DEEPEST:
        raise UserError(f"formula {text[:40]!r}...: has parts within parts, more than {DEEPEST} deep")
    for node in ast.walk(body):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id not in FUNCTIONS:
            raise UserError(f"formula {text!r}: {not_found('function', node.func.id, FUNCTIONS)}")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            _check_count(node.func.id, node, text)
        if not _is_arithmetic(node):
            part = ast.unparse(node) if hasattr(node, "lineno") else type(node).__name__
            raise UserError(
                f"formula {text!r}: {part!r} cannot be written; use numbers, quantities, + - * / **, "
                f"comparisons, and, or, not, a if c else b, and {', '.join(sorted(FUNCTIONS))}"
            )
    return body


def _depth(body: ast.expr) -> int:
    """Return how many levels of parts within parts a formula has."""
    level: list[ast.AST] = [body]
    depth = 0
    while level:
        level = [part for node in level for part in ast.iter_child_nodes(node)]
        depth += 1
    return depth


def _check_count(name: str, call: ast.Call, text: str) -> None:
    """Raise UserError where a function is given too few arguments or too many."""
    count = len(call.args)
    if not count or (count > 1 and name not in SEVERAL):
        takes = "one argument or more" if name in SEVERAL else "one argument"
        raise UserError(f"formula {text!r}: {ast.unparse(call)!r}: {name} takes {takes}, not {count}")


def _is_arithmetic(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        number = node.value
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            return False
        return isinstance(number, float) or abs(number) <= LARGEST
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and not node.keywords
    return isinstance(node, (*_PARTS, *_BINARY, *_COMPARE))


def _value(node: ast.AST, text: str, names: Mapping[str, Any]) -> Any:
    def of(part: ast.AST) -> Any:
        return _value(part, text, names)

    match node:
        case ast.Constant():
            return np.asarray(node.value, float)
        case ast.Name():
            known = CONSTANTS | dict(names)
            if node.id not in known:
                raise UserError(f"formula {text!r}: {not_found('quantity', node.id, known)}")
            return np.asarray(known[node.id], float)
        case ast.BinOp():
            return _BINARY[type(node.op)](of(node.left), of(node.right))
        case ast.UnaryOp(op=ast.Not()):
            return 1.0 - _truth(of(node.operand))
        case ast.UnaryOp():
            return of(node.operand) * (-1.0 if isinstance(node.op, ast.USub) else 1.0)
        case ast.Compare():
            return _compared(node, of)
        case ast.BoolOp():
            parts = [_truth(of(part)) for part in node.values]
            return _fold(np.minimum if isinstance(node.op, ast.And) else np.maximum, parts[0], parts[1:])
        case ast.IfExp():
            asked = _truth(of(node.test))
            return np.where(np.isnan(asked), np.nan, np.where(asked > 0.0, of(node.body), of(node.orelse)))
    return FUNCTIONS[node.func.id](*(of(part) for part in node.args))  # type: ignore[attr-defined]


def _compared(node: ast.Compare, of: Callable) -> Any:
    left = of(node.left)
    result = np.asarray(1.0)
    for operation, part in zip(node.ops, node.comparators, strict=True):
        right = of(part)
        holds = np.where(np.isnan(left) | np.isnan(right), np.nan, _COMPARE[type(operation)](left, right))
        result, left = np.minimum(result, holds), right
    return result


def _mean(values: Any) -> np.ndarray:
    """Return the mean over the runs in which something is defined; nan without any."""
    defined = np.asarray(values, float)[~np.isnan(values)]
    return np.asarray(defined.mean() if defined.size else np.nan)


def _median(values: Any) -> np.ndarray:
    """Return the median over the runs in which something is defined, one that occurs; nan without any."""
    defined = np.asarray(values, float)[~np.isnan(values)]
    return np.asarray(np.quantile(defined, 0.5, method="inverted_cdf") if defined.size else np.nan)


def _mean_of_actors(values: Any) -> np.ndarray:
    """Return for each run the mean over the actors for whom something is defined; nan without any."""
    values = np.asarray(values, float)
    if values.ndim < 2:
        return values
    defined = ~np.isnan(values)
    return np.where(defined, values, 0.0).sum(axis=0) / defined.sum(axis=0)


def _truth(value: Any) -> Any:
    return np.where(np.isnan(value), np.nan, np.asarray(value) != 0.0)


def _fold(combine: Callable, first: Any, rest: Any) -> Any:
    for other in rest:
        first = combine(first, other)
    return first
