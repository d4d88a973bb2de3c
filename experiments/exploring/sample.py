"""What a sweep holds, as analyses read it: points, runs of each, and outcomes as numbers that are stated.

A date or a lag that never comes within the simulated time is ``inf``: it is censored, and no number. What
an analysis makes of it is chosen by the caller and said in its report (``Never``):

``end``   counts as the length of the simulated time. For dates this is min(date, end), the restricted mean of
          survival analysis (Royston and Parmar 2013, *BMC Medical Research Methodology* 13:152). A lag that
          has not ended counts as long as the whole simulated time, however late it began: it is never the
          shorter for that.
``rank``  values enter as ranks from 0 to 1; what never comes ranks last, all alike. Indices then speak of the
          order, not of months.

``by``    (a month) makes an outcome of 0 and 1 instead: whether it came by then, which needs no assumption.

An outcome that is not defined (``nan``) in some run is refused: it may not be guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.analyses import ranks
from experiments.origins import origin, origins
from experiments.sweeps.factors import INPUT, SET, Factor, levers_of
from experiments.table import percent
from sim.errors import UserError, not_found

if TYPE_CHECKING:
    import pandas as pd

    from experiments.sweeps.store import Store

FEW_NAMED = 5  # runs named in a message
LEAST_LUCK = 30  # runs of different luck, below which inputs drawn with it cannot be told from one another
MOSTLY_NEVER = 0.5  # share from which a report says that the outcome is about whether, not about when
DRAWN = "input:"  # how columns of drawn inputs begin


class Never(StrEnum):
    """What a date that never comes counts as."""

    END = "end"
    RANK = "rank"


@dataclass(frozen=True)
class Sample:
    """Runs of a sweep.

    ``design``: one row per point, one column per factor. ``point`` (runs,): row of the design. ``run`` and
    ``seed`` (runs,): of whose luck. ``values``: metric -> (runs,). ``drawn``: one row per run, the inputs
    that were drawn for it. ``dates``: metrics that may never come. ``end``: months simulated. ``left_out``:
    runs that failed or are missing, and so are not here. ``settings``: of the design ("method", ...).
    """

    design: pd.DataFrame
    factors: tuple[Factor, ...]
    point: np.ndarray
    run: np.ndarray
    seed: np.ndarray
    values: dict[str, np.ndarray]
    drawn: pd.DataFrame
    dates: frozenset[str] = frozenset()
    end: float = np.inf
    left_out: int = 0
    units: dict[str, str] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)

    def factor(self, name: str) -> Factor:
        """Return a factor by name; raise UserError if there is none."""
        for factor in self.factors:
            if factor.name == name:
                return factor
        raise UserError(not_found("factor in this sweep", name, [factor.name for factor in self.factors]))

    def metric(self, name: str) -> np.ndarray:
        """Return the values of a metric, shape (runs,); raise UserError if it was not kept."""
        if name not in self.values:
            raise UserError(not_found("metric in this sweep", name, self.values))
        return self.values[name]

    def is_date(self, name: str) -> bool:
        """Whether a metric may never come."""
        return name in self.dates or bool(np.isinf(self.metric(name)).any())

    def unit(self, name: str) -> str:
        return self.units.get(name, "")

    @property
    def names(self) -> list[str]:
        """Names of the factors."""
        return [factor.name for factor in self.factors]

    @property
    def in_words(self) -> str:
        """What the analyses of this sample rest on, in one line."""
        runs = (
            f"{self.replicates} run{'s' if self.replicates > 1 else ''} each"
            if self.replicates
            else "of runs"
        )
        luck = ", the same luck at every point" if self.paired else ""
        return f"{len(self.design)} points, {runs}, {len(self.factors)} factors{luck}"

    def codes(self) -> np.ndarray:
        """Return the design as numbers, words by their place among the levels; shape (points, factors)."""
        columns = [codes_of(self.design[factor.name], factor) for factor in self.factors]
        return np.column_stack(columns) if columns else np.empty((len(self.design), 0))

    @property
    def replicates(self) -> int:
        """Runs of each point; 0 where their number differs."""
        counts = np.bincount(self.point, minlength=len(self.design))
        return int(counts[0]) if len(counts) and (counts == counts[0]).all() else 0

    @property
    def paired(self) -> bool:
        """Whether every point had the same luck: the same runs of the same seeds."""
        if self.replicates == 0:
            return False
        luck = self.matrix(self.run), self.matrix(self.seed)
        return all(bool((table == table[0]).all()) for table in luck)

    @cached_property
    def luck(self) -> np.ndarray:
        """Whose luck each run had, as a number: runs of one seed and run number share it; shape (runs,)."""
        seeds, runs = (np.unique(column, return_inverse=True)[1] for column in (self.seed, self.run))
        return np.unique(seeds * (int(runs.max()) + 1) + runs, return_inverse=True)[1]

    @cached_property
    def groups(self) -> list[np.ndarray] | None:
        """Per factor the group of every point that shares its value by design; None: each is its own.

        Where all settings of the levers were crossed with a sample of the other factors, a point of that
        sample stands there once for each setting, and says no more for it. Shape of each: (points,).
        """
        if not self.settings.get("crossed"):
            return None
        own = np.arange(len(self.design))
        levers = {factor.name for factor in levers_of(self.factors)}
        others = [
            column for column, name in zip(self.codes().T, self.names, strict=True) if name not in levers
        ]
        state = np.unique(np.column_stack(others), axis=0, return_inverse=True)[1].reshape(-1)
        return [own if factor.name in levers else state for factor in self.factors]

    def with_telling_draws(self) -> tuple[Sample, list[str]]:
        """Return the sample without inputs drawn in too few lucks, and what has to be said about that.

        Where all points share the luck of some runs, every drawn input has that many values in all.
        """
        lucks = int(self.luck.max()) + 1
        if not len(self.drawn.columns) or lucks >= LEAST_LUCK:
            return self, []
        count = len(self.drawn.columns)
        note = (
            f"The {count} drawn inputs are left out: all points share the luck of {lucks} runs, so that each "
            f"of them has {lucks} values in all, and none can be told from another. Make the sweep with "
            f'luck = "own", or with {LEAST_LUCK} runs or more.'
        )
        return replace(self, drawn=self.drawn.iloc[:, :0]), [note]

    def matrix(self, values: np.ndarray) -> np.ndarray:
        """Return values as (points, replicates), replicates in the order of their luck.

        Raises UserError where points have different numbers of runs.
        """
        if self.replicates == 0:
            counts = np.bincount(self.point, minlength=len(self.design))
            odd = int(np.argmin(counts))
            raise UserError(
                f"point {odd} has {counts[odd]} runs and point {int(np.argmax(counts))} has {counts.max()}: "
                "this analysis needs as many of every point; finish the sweep (cascades resume) or mend its "
                "failures"
            )
        order = np.lexsort((self.run, self.seed, self.point))
        return np.asarray(values)[order].reshape(len(self.design), -1)

    def inputs(self) -> pd.DataFrame:
        """Return one row per run: the factors of its point, and what was drawn for it."""
        import pandas as pd

        own = self.design.iloc[self.point].reset_index(drop=True)
        return pd.concat([own, self.drawn.reset_index(drop=True)], axis=1)

    def all_factors(self) -> tuple[Factor, ...]:
        """Return the factors of the design, and the drawn inputs."""
        return (*self.factors, *(Factor(str(name), INPUT) for name in self.drawn.columns))


@dataclass(frozen=True)
class Outcome:
    """An outcome as numbers, and in words what was done to make it one. ``values``: shape (runs,), finite."""

    name: str
    values: np.ndarray
    words: str
    unit: str
    notes: tuple[str, ...] = ()


def outcome_of(
    sample: Sample, metric: str, never: Never | str = Never.END, by: float | None = None
) -> Outcome:
    """Return a metric as finite numbers that an analysis may average; see the top of this file.

    Raises UserError for values that are not defined, and for what says nothing: a metric that never comes
    in any run, or a month beyond the end.
    """
    never, values = Never(never), np.asarray(sample.metric(metric), float)
    check_defined(sample, metric, values)
    missing = np.isinf(values)
    notes = left_out_notes(sample)
    if not sample.is_date(metric):
        if by is not None:
            raise UserError(
                f"--by {by:g}: {metric} is no date; write {metric}@{by:g} as a metric of the sweep"
            )
        return Outcome(metric, values, metric, sample.unit(metric), tuple(notes))
    if by is not None:
        if not 0 < by <= sample.end:
            raise UserError(f"--by {by:g}: must lie within the simulated time, 0 to {sample.end:g} months")
        return Outcome(
            metric,
            (values <= by).astype(float),
            f"whether {metric} comes within {by:g} months",
            "share",
            (
                *notes,
                *never_notes(sample, metric, "not come by then"),
                *late_lags(sample, metric, values, by),
            ),
        )
    share = float(missing.mean())
    if share == 1.0:
        raise UserError(
            f"{metric}: never comes in any run of this sweep, so it says nothing; take another metric"
        )
    if never is Never.RANK:
        notes += never_notes(sample, metric, "the last rank, all alike")
        ranked = ranks(values) / max(1, len(values) - 1)
        return Outcome(metric, ranked, f"the rank of {metric} among all runs", "rank", tuple(notes))
    if share:
        finite = np.isfinite(sample.end)
        if not finite:
            raise UserError(
                f"{metric}: never comes in {percent(share)} of runs, and how long they are is not known"
            )
        notes += never_notes(sample, metric, f"the end of the simulated time, {sample.end:g} months")
        if share > MOSTLY_NEVER:
            notes.append(
                "So this is more about whether it comes than about when: see also --by MONTH, and --never "
                "rank."
            )
    return Outcome(metric, np.where(missing, sample.end, values), metric, sample.unit(metric), tuple(notes))


def left_out_notes(sample: Sample) -> list[str]:
    """Say how many runs failed or are not done."""
    return [f"{sample.left_out} runs failed or are not done, and are left out."] if sample.left_out else []


def never_notes(sample: Sample, metric: str, counted: str) -> list[str]:
    """Say in which share of runs a date never comes, and as what these count; nothing if it always comes."""
    share = float(np.isinf(sample.metric(metric)).mean())
    return [f"{metric} never comes in {percent(share)} of runs: they count as {counted}."] if share else []


def check_defined(sample: Sample, metric: str, values: np.ndarray) -> None:
    """Raise UserError where a metric is not defined in some run, and name such runs."""
    undefined = np.flatnonzero(np.isnan(values))
    if not len(undefined):
        return
    named = ", ".join(
        f"point {sample.point[row]} run {sample.run[row]}" for row in undefined[:FEW_NAMED].tolist()
    )
    more = ", ..." if len(undefined) > FEW_NAMED else ""
    raise UserError(
        f"{metric}: is not defined (nan) in {len(undefined)} of {len(values)} runs ({named}{more}); an index "
        "of it would be wrong without a word: take a metric that is always defined"
    )


def late_lags(sample: Sample, metric: str, values: np.ndarray, by: float) -> list[str]:
    """Say in how many runs the simulated time ends before it can be known whether a lag is over by then."""
    start = origin(metric)
    if not start:
        return []
    if start not in sample.values:
        return [f"A lag that begins less than {by:g} months before the end counts as not over by then."]
    unknown = np.isinf(values) & (sample.values[start] + by > sample.end)
    if not unknown.any():
        return []
    return [
        f"In {percent(float(unknown.mean()))} of runs it begins less than {by:g} months before the end, or "
        "not at all: these count as not over by then."
    ]


def make_sample(
    design: pd.DataFrame,
    values: dict[str, Any],
    *,
    point: Sequence[int] | np.ndarray | None = None,
    run: Sequence[int] | np.ndarray | None = None,
    seed: Sequence[int] | np.ndarray | None = None,
    drawn: pd.DataFrame | None = None,
    dates: Sequence[str] = (),
    end: float = np.inf,
) -> Sample:
    """Return a sample from plain tables: a design and, for each metric, one value per run.

    ``values``: (runs,), or (points, replicates). ``point``: of each run; needed where runs are not in the
    order of the design. ``run``, ``seed``: of whose luck; replicate k of each point has the luck k if not
    given.
    """
    import pandas as pd

    tables = {name: np.asarray(column, float) for name, column in values.items()}
    replicates = next((t.shape[1] for t in tables.values() if t.ndim == 2), 1)
    if point is None:
        point = np.repeat(np.arange(len(design)), replicates)
    if run is None:
        run = np.tile(np.arange(replicates), len(design))
    count = len(point)
    return Sample(
        design.reset_index(drop=True),
        tuple(factor_of(str(name), design[name]) for name in design.columns),
        np.asarray(point, np.int64),
        np.asarray(run, np.int64),
        np.zeros(count, np.int64) if seed is None else np.asarray(seed, np.int64),
        {name: table.reshape(count) for name, table in tables.items()},
        pd.DataFrame(index=range(count)) if drawn is None else drawn,
        frozenset(dates),
        float(end),
    )


def factor_of(name: str, column: pd.Series) -> Factor:
    """Return what a column of a plain table is: numbers, or words in alphabetical order."""
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    if is_numeric_dtype(column) and not is_bool_dtype(column):
        return Factor(name, INPUT)
    return Factor(name, SET, tuple(sorted({str(value) for value in column})))


def codes_of(column: Any, factor: Factor) -> np.ndarray:
    """Return a column as numbers: as it is, or the place of each word among the levels."""
    if not factor.categorical:
        return np.asarray(column, float)
    places = {str(level): place for place, level in enumerate(factor.levels)}
    return np.array([places[str(value)] for value in column], float)


def as_sample(
    source: Sample | Store | str | Path, needed: Callable[[Sequence[str]], Sequence[str]] | None = None
) -> Sample:
    """Return a sample as it is, or read one from a store or a folder.

    ``needed``: which metrics to read, given those that were kept; all if None.
    """
    from experiments.sweeps.store import open_store

    if isinstance(source, Sample):
        return source
    store = open_store(source) if isinstance(source, (str, Path)) else source
    return sample_of(store, needed(store.metrics) if needed else None)


def with_origins(known: Sequence[str], metrics: Sequence[str]) -> list[str]:
    """Return metrics to read, each once, and the reveals from which they count where these were kept."""
    return list(dict.fromkeys([*metrics, *(name for name in origins(metrics) if name in known)]))


def short_name(name: str) -> str:
    """Return the name of an input as figures show it, without the mark of what was drawn.

    >>> short_name("input:work.exchange")
    'work.exchange'
    """
    return name.removeprefix(DRAWN)


def sample_of(store: Store, metrics: Sequence[str] | None = None) -> Sample:
    """Return the runs of a sweep that are done.

    ``metrics``: those that are needed; all if None. Raises UserError for what is not there.
    """
    known = store.columns()
    for name in metrics or ():
        if name not in store.metrics:
            raise UserError(f"{store.folder}: {not_found('metric', name, store.metrics)}")
    kept = list(store.metrics if metrics is None else dict.fromkeys(metrics))
    drawn = [name for name in known if name.startswith(DRAWN)]
    table = store.runs(["seed", *kept, *drawn])
    if not len(table):
        raise UserError(f"{store.folder}: no run of this sweep is done; cascades resume {store.folder}")
    design = store.design
    numbers = {int(name): place for place, name in enumerate(design.index)}
    point = np.array([numbers[int(name)] for name in table["point"].to_numpy()], np.int64)
    units = store.units
    expected = len(design) * store.runs_per_point
    return Sample(
        design.reset_index(drop=True),
        store.factors,
        point,
        table["run"].to_numpy().astype(np.int64),
        table["seed"].to_numpy().astype(np.int64),
        {name: table[name].to_numpy().astype(float) for name in kept},
        table.select(drawn).to_pandas(),
        frozenset(name for name in kept if units[name] == "months"),
        float(store.scenario.months),
        expected - len(table),
        units,
        store.settings,
    )
