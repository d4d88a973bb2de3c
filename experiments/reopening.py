"""Folders of results read back as the objects that were saved; nothing is simulated.

``reopen`` says what a folder holds; ``load_result`` and ``load_comparison`` give a run and a comparison as
they were in memory, but for what is not kept (the event logs beyond ``--logs``).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.folder import MADE_BY, MANIFEST
from sim.errors import UserError

if TYPE_CHECKING:
    from experiments.attribution import Attribution
    from experiments.comparison import Comparison
    from sim.metrics import Metric
    from sim.result import Result
    from sim.world import Compiled

DRAWN = "input:"  # how columns of drawn inputs begin
_WORDS = (  # column of events.parquet, field of the log, vocabulary in sim.words
    ("event", "what", "Event"), ("artifact_kind", "kind", "ArtifactKind"), ("via", "via", "Via"),
    ("mechanism", "mechanism", "Mechanism"), ("bound", "bound", "Bound"), ("motive", "motive", "Incentive"),
)  # fmt: skip
_NAMES = (("actor", "actor"), ("source", "source"), ("class", "klass"), ("reached", "reached"))
_NUMBERS = (
    ("month", "time"), ("amount", "amount"), ("usd", "usd"), ("draw", "draw"), ("artifact", "artifact"),
    ("project", "project"), ("cause", "cause"),
)  # fmt: skip


@dataclass(frozen=True)
class Sort:
    """A sort of folder. ``key``: of its manifest, by which it is known; ``opens``: it as an object."""

    name: str
    command: str
    key: str
    opens: Callable[[Path, dict[str, Any]], Any]


def sort_of_folder(folder: str | Path) -> tuple[Sort, dict[str, Any]]:
    """Return what sort of results a folder holds, and its manifest; raise UserError if not ours."""
    folder = Path(folder)
    path = folder / MANIFEST
    if not folder.is_dir():
        what = "is a file, not a folder" if folder.exists() else "no such folder"
        raise UserError(f"{folder}: {what}; give a folder that a command left (--out)")
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        if manifest["made_by"] != MADE_BY:
            raise ValueError("made by something else")
    except FileNotFoundError:
        raise UserError(f"{folder}: holds no {MANIFEST}; give a folder that a command left (--out)") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{path}: cannot be read as a manifest of ours ({error}); make the folder again"
        ) from None
    for sort in SORTS:
        if sort.key in manifest:
            return sort, manifest
    raise UserError(f"{path}: says of no command that it made this; make the folder again")


def reopen(folder: str | Path) -> Any:
    """Return what a folder of results holds, as an object of the sort that was saved.

    Raises UserError for a folder that is none of ours, is damaged, or was made by another version.
    """
    sort, manifest = sort_of_folder(folder)
    try:
        return sort.opens(Path(folder), manifest)
    except KeyError as error:
        raise UserError(
            f"{folder}: {error.args[0]} is missing: it was changed or made by another version; make it again"
        ) from None
    except (ValueError, TypeError, OSError) as error:
        reason = str(error).strip().splitlines()[0][:160] if str(error).strip() else type(error).__name__
        raise UserError(f"{folder}: cannot be read ({reason}); make it again") from None


def load_result(folder: str | Path) -> Result:
    """Return the result that ``cascades run`` left in a folder, with the event logs that it kept.

    Raises UserError for a folder that is none of ours, or is damaged.
    """
    from experiments.replay import origin_of
    from experiments.run import EVENTS_FILE, RUNS_FILE
    from sim.result import Result

    folder = Path(folder)
    origin = origin_of(folder)
    table = _table(folder / RUNS_FILE)
    drawn = [name for name in table.column_names if name.startswith(DRAWN)]
    own = [name for name in table.column_names if name not in ("run", "seed", *drawn)]
    metrics = _metrics(own, origin.compiled)
    known = [name.removeprefix(DRAWN) for name in drawn]
    if drawn and known != list(origin.compiled.uncertain_paths):
        raise UserError(f"{folder}: its drawn inputs are not those of its scenario; make it again")
    logs = {}
    if origin.logged:
        logs = logs_in(folder / EVENTS_FILE, origin.compiled)
    return Result(
        origin.compiled, origin.seed, metrics, table["run"].to_numpy(), _columns(table, own),
        _columns(table, drawn), logs, bool(origin.manifest.get("interrupted")),
    )  # fmt: skip


def load_comparison(folder: str | Path) -> Comparison:
    """Return the comparison that ``cascades compare`` left in a folder, with the logs that it kept.

    Raises UserError for a folder that is none of ours, or is damaged.
    """
    from experiments.comparison import Comparison
    from experiments.run import ARM_EVENTS_FILE, RUNS_FILE
    from sim.result import Result

    folder = Path(folder)
    _, manifest = sort_of_folder(folder)
    pairs = _table(folder / "pairs.parquet")
    arms, names = (
        np.asarray(pairs[name].cast("string").to_numpy(zero_copy_only=False)) for name in ("arm", "metric")
    )
    runs, value, base = (pairs[name].to_numpy() for name in ("run", "value", "base"))
    starts: Any = (
        np.flatnonzero(np.r_[True, (arms[1:] != arms[:-1]) | (names[1:] != names[:-1])]) if len(arms) else []
    )
    values: dict[str, dict[str, np.ndarray]] = {label: {} for label in manifest["arms"]}
    bases: dict[str, np.ndarray] = {}
    numbers = np.arange(int(manifest["runs_completed"]))
    for first, end in zip(starts, [*starts[1:], len(arms)], strict=True):
        arm, name = str(arms[first]), str(names[first])
        values[arm][name], bases[name], numbers = value[first:end], base[first:end], runs[first:end]

    def result(said: dict[str, Any], kept: dict[str, np.ndarray]) -> Result:
        compiled = _compiled(said, manifest["scenario_file"])
        columns = np.column_stack(list(kept.values())) if kept else np.empty((len(numbers), 0))
        return Result(compiled, int(manifest["seed"]), _metrics(list(kept), compiled), numbers, columns,
                      np.empty((len(numbers), 0)))  # fmt: skip

    results = {label: result(said, values[label]) for label, said in manifest["arms"].items()}
    if (folder / ARM_EVENTS_FILE).is_file():
        for label, found in results.items():
            found.logs = logs_in(folder / ARM_EVENTS_FILE, found.compiled, label)
    return Comparison(
        load_result(folder) if (folder / RUNS_FILE).is_file() else result(manifest, bases),
        results,
        list(manifest["metrics"]),
        list(manifest["notes"]),
        int(manifest["runs_asked"]),
        bool(manifest["interrupted"]),
    )


def load_attribution(folder: str | Path) -> Attribution:
    """Return the attribution that ``cascades attribute`` left in a folder.

    Raises UserError for a folder that is none of ours, or is damaged.
    """
    from experiments.attribution import reopened

    folder = Path(folder)
    _, manifest = sort_of_folder(folder)
    return reopened(
        manifest, _compiled(manifest, manifest["scenario_file"]), _table(folder / "coalitions.parquet")
    )


def _compiled(said: dict[str, Any], origin: str) -> Compiled:
    from sim.scenario import from_data
    from sim.world import compile_scenario

    scenario = from_data(
        said["scenario"],
        origin,
        tuple(said["sets"]),
        policies=tuple(said["policies"]),
        name=said["scenario_name"],
    )
    if scenario.fingerprint != said["fingerprint"]:
        raise ValueError("the scenario in its manifest does not match its fingerprint")
    return compile_scenario(scenario)


def _metrics(names: Iterable[str], compiled: Compiled) -> list[Metric]:
    from sim.metrics import parse_metric

    return [parse_metric(name, compiled) for name in names]


def _columns(table: Any, names: list[str]) -> np.ndarray:
    """Return columns of numbers side by side, shape (rows, columns)."""
    if not names:
        return np.empty((table.num_rows, 0))
    return np.column_stack([table[name].to_numpy() for name in names])


def logs_in(path: Path, compiled: Compiled, only: Any = None, column: str = "arm") -> dict[int, np.ndarray]:
    """Return the event logs in a file as the engine writes them, by run number.

    ``only``: the arm (or the value of another ``column``) whose logs are wanted, where there are several.
    """
    from sim import words
    from sim.tables import EVENT
    from sim.tail.reading import numbers_of

    table = _table(path)
    if only is not None:
        import pyarrow.compute as compute

        chosen = compute.equal(table[column].cast("string"), str(only))
        table = table.filter(chosen).unify_dictionaries()
    log = np.zeros(table.num_rows, EVENT)
    for column, field in _NUMBERS:
        log[field] = table[column].to_numpy()
    for column, field, vocabulary in _WORDS:
        log[field] = _codes(table[column], _places(word.key for word in getattr(words, vocabulary)))
    number_of_actor, place_of_class = numbers_of(compiled), _places(compiled.classes)
    for column, field in _NAMES:
        log[field] = _codes(
            table[column], place_of_class if column in ("class", "reached") else number_of_actor
        )
    runs = table["run"].to_numpy()
    ends = [*np.flatnonzero(np.diff(runs)) + 1, len(runs)]
    return {
        int(runs[end - 1]): log[first:end] for first, end in zip([0, *ends[:-1]], ends, strict=True) if end
    }


def _places(names: Iterable[str]) -> Callable[[str], int]:
    """Return what gives the place of a name; -1 where there is none."""
    return ({name: number for number, name in enumerate(names)} | {"": -1}).__getitem__


def _codes(column: Any, number_of: Callable[[str], int]) -> np.ndarray:
    """Return the numbers of the words of a column, each word looked up once."""
    whole = column.combine_chunks()
    codes = np.array([number_of(word) for word in whole.dictionary.to_pylist()], np.int32)
    return codes[whole.indices.to_numpy()] if len(codes) else np.full(len(whole), -1, np.int32)


def _table(path: Path) -> Any:
    import pyarrow
    import pyarrow.parquet as parquet

    try:
        return parquet.ParquetFile(path).read().unify_dictionaries()  # read_table would import pandas
    except (OSError, pyarrow.ArrowException) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise UserError(f"{path}: is damaged or not there ({reason[:120]}); make the folder again") from None


def _open_sweep(folder: Path, manifest: dict[str, Any]) -> Any:
    from experiments.sweeps.store import open_store

    return open_store(folder)


def _open_evidence(folder: Path, manifest: dict[str, Any]) -> Any:
    from experiments.evidence.saving import reopened

    return reopened(folder, manifest)


def _open_calibration(folder: Path, manifest: dict[str, Any]) -> Any:
    from experiments.calibration.report import reopened

    return reopened(folder, manifest)


def _open_page(folder: Path, manifest: dict[str, Any]) -> Any:
    from experiments.answers.page import read_page

    return read_page(folder, manifest)


def _open_backcast(folder: Path, manifest: dict[str, Any]) -> Any:
    raise UserError(f"{folder}: a backcast keeps no runs to draw from; its figure is backcast.png in it")


SORTS = (  # the first whose key the manifest has
    Sort("attribution", "cascades attribute", "attribution", lambda folder, _: load_attribution(folder)),
    Sort("evidence", "cascades evidence", "verdicts", _open_evidence),
    Sort("calibration", "cascades calibrate", "calibration", _open_calibration),
    Sort("study", "cascades study", "study", _open_page),
    Sort("analysis", "cascades sensitivity, discover, robust, information, search", "analysis", _open_page),
    Sort("sweep", "cascades sweep", "plan", _open_sweep),
    Sort("backcast", "cascades backcast", "record", _open_backcast),
    Sort("compare", "cascades compare", "arms", lambda folder, _: load_comparison(folder)),
    Sort("run", "cascades run", "runs_completed", lambda folder, _: load_result(folder)),
)
