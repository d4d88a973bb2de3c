"""The posterior as a file: a sample that ships with the scenario, and what it was made from.

``posterior.parquet`` holds one column per free input (its dotted path) and one row per draw, all as likely.
In its metadata stands from which interval each column was learned, so that a scenario that says another one
refuses it (``sim.joint.check_sample``). ``posterior.toml`` beside it says how to make it again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

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
