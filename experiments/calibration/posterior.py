"""The posterior as a file: a sample that ships with the scenario, and what it was made from.

``posterior.parquet`` holds one column per free input (its dotted path) and one row per draw, all as likely.
In its metadata stands from which interval each column was learned, so that a scenario that says another one
refuses it (``sim.joint.check_sample``). ``posterior.toml`` beside it says how to make it again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sim.joint import PRIORS, priors_of
from sim.scenario import Scenario

SAMPLE_FILE, MANIFEST_FILE = "posterior.parquet", "posterior.toml"


def write_sample(path: Path, columns: Mapping[str, np.ndarray], scenario: Scenario) -> None:
    """Write draws, {dotted path: shape (rows,)}, as a sample that ``[posterior]`` reads."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    priors = priors_of(scenario.file)
    told = {PRIORS: json.dumps({name: priors[name] for name in columns}, sort_keys=True)}
    table = pa.table({name: np.asarray(values, float) for name, values in columns.items()})
    parquet.write_table(table.replace_schema_metadata(told), path)


def as_toml(facts: Mapping[str, Any]) -> str:
    """Return plain data as TOML: numbers, texts, lists of them, and tables one level deep or more.

    >>> print(as_toml({"seed": 1, "claims": {"a b": 2.5}}))
    seed = 1
    <BLANKLINE>
    [claims]
    "a b" = 2.5
    <BLANKLINE>
    """
    return "\n".join(_lines(facts, ())) + "\n"


def _lines(table: Mapping[str, Any], above: tuple[str, ...]):
    inner = {key: value for key, value in table.items() if isinstance(value, Mapping)}
    for key, value in table.items():
        if value is not None and key not in inner:
            yield f"{_key(key)} = {json.dumps(value, ensure_ascii=False)}"
    for key, value in inner.items():
        place = (*above, key)
        yield ""
        yield f"[{'.'.join(map(_key, place))}]"
        yield from _lines(value, place)


def _key(key: str) -> str:
    plain = key.replace("-", "").replace("_", "")
    return key if plain.isascii() and plain.isalnum() else json.dumps(key, ensure_ascii=False)
