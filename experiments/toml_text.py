"""Plain data as TOML, so that what the product writes it can read again."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Mapping
from typing import Any

from sim.scenario import is_number_table


def as_toml(data: Mapping[str, Any]) -> str:
    """Return plain data as TOML: numbers, texts, dates, lists, tables in tables.

    >>> print(as_toml({"seed": 1, "claims": {"a b": 2.5}}))
    seed = 1
    <BLANKLINE>
    [claims]
    "a b" = 2.5
    <BLANKLINE>
    """
    return "\n".join(_lines(data, ())) + "\n"


def _lines(table: Mapping[str, Any], above: tuple[str, ...]):
    inner = {key: value for key, value in table.items() if _is_table(value) or _is_tables(value)}
    for key, value in table.items():
        if value is not None and key not in inner:
            yield f"{_key(key)} = {_value(value)}"
    for key, value in inner.items():
        place = (*above, key)
        name = ".".join(map(_key, place))
        for row in [value] if isinstance(value, Mapping) else value:
            yield ""
            yield f"[{name}]" if isinstance(value, Mapping) else f"[[{name}]]"
            yield from _lines(row, place)


def _is_table(value: Any) -> bool:
    """Return whether something stands under a heading of its own: a number with its source does not."""
    return isinstance(value, Mapping) and not is_number_table(value)


def _is_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, Mapping) for row in value)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{_key(key)} = {_value(inner)}' for key, inner in value.items())} }}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # inf, -inf, nan: as TOML writes them
    return _escaped(json.dumps(value, ensure_ascii=False))


def _key(key: str) -> str:
    plain = key.replace("-", "").replace("_", "")
    return key if plain.isascii() and plain.isalnum() else _escaped(json.dumps(key, ensure_ascii=False))


def _escaped(text: str) -> str:
    return text.replace("\x7f", "\\u007f")  # JSON may hold it bare, TOML may not
