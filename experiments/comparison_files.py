"""The files of a comparison: differences, pairs, figure, manifest; and the baseline as of ``cascades run``.

Every arm has the draws of the baseline, so that ``runs.parquet``, its own, says them for all.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from experiments.comparison import Comparison
    from experiments.folder import OutputFolder


def write(
    comparison: Comparison, folder: OutputFolder, started: datetime.datetime | None = None
) -> list[Path]:
    """Write tables, figure and manifest into an output folder; return the files.

    Raises UserError where a file cannot be written.
    """
    from experiments.manifest import key_facts
    from experiments.run import RUNS_FILE, log_writers, write_files, write_runs
    from experiments.savings import BASE

    manifest = describe(comparison, started)
    facts = key_facts(manifest)
    writers: dict[str, Callable[[Path], Any]] = {
        "differences.parquet": lambda path: write_differences(comparison, path, facts),
        "pairs.parquet": lambda path: write_pairs(comparison, path, facts),
        "compare.png": comparison.figure,
        RUNS_FILE: lambda path: write_runs(comparison.base, path, facts),
    }
    writers |= log_writers({BASE: comparison.base, **comparison.results}, facts)
    return write_files(folder, writers, manifest)


def describe(comparison: Comparison, started: datetime.datetime | None = None) -> dict[str, Any]:
    """Return what a comparison was made from, as plain data: the baseline, and each arm in full."""
    from experiments.manifest import describe_result

    manifest = describe_result(comparison.base, comparison.asked, started)
    manifest["interrupted"] = comparison.interrupted
    manifest["notes"] = comparison.notes
    manifest["metrics"] = {
        name: {"unit": metric.unit, "meaning": metric.meaning}
        for metric in comparison.base.metrics
        if (name := metric.name) in comparison.metrics
    }
    manifest["arms"] = {
        label: {
            "scenario_name": result.scenario.name,
            "policies": list(result.scenario.policies),
            "sets": list(result.scenario.sets),
            "fingerprint": result.scenario.fingerprint,
            "scenario": json.loads(json.dumps(result.scenario.raw, default=str)),
        }
        for label, result in comparison.results.items()
    }
    return manifest


def write_differences(comparison: Comparison, path: Path, facts: dict[str, Any]) -> None:
    """Write one row per arm and metric."""
    import pyarrow as pa

    from experiments.run import arrow, stored, write_parquet

    table = pa.table({name: arrow(values) for name, values in comparison.columns().items()})
    write_parquet(
        path, table.schema.with_metadata(stored(facts)), [table.replace_schema_metadata(stored(facts))]
    )


def write_pairs(comparison: Comparison, path: Path, facts: dict[str, Any]) -> None:
    """Write one row per run, arm and metric: the value in the arm and in the baseline."""
    import pyarrow as pa

    from experiments.run import arrow, stored, write_parquet

    words = pa.dictionary(pa.int32(), pa.string())
    kinds = {"run": pa.int64(), "arm": words, "metric": words, "value": pa.float64(), "base": pa.float64()}
    schema = pa.schema(list(kinds.items()), stored(facts))

    def table_of(arm: str, names: list[str]):
        runs = comparison.runs
        columns = [np.tile(comparison.base.run_numbers, len(names))]
        columns += [np.full(runs * len(names), arm, object), np.repeat(np.array(names, object), runs)]
        pairs = [comparison.paired(arm, name) for name in names]
        columns += [np.concatenate([pair[side] for pair in pairs]) for side in (0, 1)]
        return pa.table([arrow(column) for column in columns], schema=schema)

    groups = [(arm, [name for of, name in comparison.found if of == arm]) for arm in comparison.results]
    write_parquet(path, schema, (table_of(arm, names) for arm, names in groups if names))
