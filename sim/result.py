"""What an ensemble gives back: runs, dates, logs, as data frames."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.errors import UserError
from sim.metrics import Metric
from sim.tail.reading import TailRecord, access_frame, names_of, whole_log
from sim.words import ArtifactKind, Bound, Event, Incentive, Mechanism, Via

if TYPE_CHECKING:
    import pandas as pd

    from sim.world import Compiled

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass
class Result:
    """The outcome of an ensemble.

    ``run_numbers`` (runs,): the runs completed. ``values`` (runs, metrics). ``draws`` (runs,
    uncertain inputs). ``logs``: the event log of some runs, by run number. ``interrupted``: whether
    the work was broken off, so that fewer runs than asked for are here. ``tails``: of the same runs as
    ``logs``, what the members of populations did.
    """

    compiled: Compiled
    seed: int
    metrics: list[Metric]
    run_numbers: np.ndarray
    values: np.ndarray
    draws: np.ndarray
    logs: dict[int, np.ndarray] = field(default_factory=dict)
    interrupted: bool = False
    tails: dict[int, TailRecord] = field(default_factory=dict)

    @property
    def scenario(self):
        return self.compiled.scenario

    def columns(self) -> dict[str, np.ndarray]:
        """Return run numbers, metrics and drawn inputs as named columns."""
        named: dict[str, np.ndarray] = {
            "run": self.run_numbers,
            "seed": np.full(len(self.run_numbers), self.seed),
        }
        for column, metric in enumerate(self.metrics):
            named[metric.name] = self.values[:, column]
        for column in range(self.draws.shape[1]):
            named[f"input:{self.compiled.uncertain_paths[column]}"] = self.draws[:, column]
        return named

    @cached_property
    def runs(self) -> pd.DataFrame:
        """One row per run: metrics and drawn inputs. Dates that never come are inf (censored)."""
        import pandas as pd

        frame = pd.DataFrame(self.columns()).set_index("run")
        frame.attrs["units"] = {metric.name: metric.unit for metric in self.metrics}
        return frame

    def __getitem__(self, name: str) -> np.ndarray:
        """Return the values of one metric, shape (runs,)."""
        for column, metric in enumerate(self.metrics):
            if metric.name == name:
                return self.values[:, column]
        from sim.errors import not_found

        raise UserError(not_found("metric in this result", name, [m.name for m in self.metrics]))

    def quantiles(self, name: str, levels=QUANTILES) -> np.ndarray:
        """Return quantiles of a metric; a censored date counts as later than the horizon (inf)."""
        return np.quantile(self[name], levels, method="inverted_cdf")

    @cached_property
    def summary(self) -> pd.DataFrame:
        """One row per metric: quantiles, and the share of runs in which a date never comes."""
        import pandas as pd

        rows: list[dict[str, Any]] = []
        for metric in self.metrics:
            values = self[metric.name]
            levels = self.quantiles(metric.name)
            named = {f"q{int(100 * q)}": value for q, value in zip(QUANTILES, levels, strict=True)}
            censored = float(np.isinf(values).mean())
            rows.append({"metric": metric.name, "unit": metric.unit, **named, "never": censored})
        return pd.DataFrame(rows).set_index("metric")

    def plot(self, kind: str = "timeline", out: str | Path | None = None, **options: Any) -> Any:
        """Draw a figure of it: see ``experiments.plot``. The only door from here to ``experiments``."""
        return import_module("experiments").plot(self, kind, out, **options)

    def event_columns(self, log: np.ndarray) -> dict[str, Any]:
        """Return the columns of one event log with names in place of codes."""
        compiled = self.compiled
        classes = np.array([*compiled.classes, ""], object)

        def words(vocabulary, values):
            table = np.array([*[word.key for word in vocabulary], ""], object)
            return table[values]

        start = compiled.scenario.start
        return {
            "row": np.arange(len(log)),
            "month": log["time"],
            "date": days_of_months(start + log["time"]),
            "event": words(Event, log["what"]),
            "actor": names_of(compiled, log["actor"]),
            "class": classes[log["klass"]],
            "reached": classes[log["reached"]],
            "artifact_kind": words(ArtifactKind, log["kind"]),
            "artifact": log["artifact"],
            "project": log["project"],
            "source": names_of(compiled, log["source"]),
            "via": words(Via, log["via"]),
            "mechanism": words(Mechanism, log["mechanism"]),
            "bound": words(Bound, log["bound"]),
            "motive": words(Incentive, log["motive"]),
            "amount": log["amount"],
            "usd": log["usd"],
            "draw": log["draw"],
            "cause": log["cause"],
        }

    def _repr_html_(self) -> str:
        """Return the medians of what was measured, and in how many runs a date never comes, for notebooks."""
        from sim.display import as_html

        rows = []
        for metric in self.metrics:
            values = self[metric.name]
            levels = self.quantiles(metric.name, (0.05, 0.5, 0.95)) if len(values) else np.full(3, np.nan)
            low, median, high = levels
            never = f"{np.isinf(values).mean():.0%}" if metric.is_date and len(values) else ""
            shown = ["later" if np.isinf(one) else f"{one:.4g}" for one in (median, low, high)]
            rows.append((metric.name, metric.unit, *shown, never))
        broken = "; broken off" if self.interrupted else ""
        facts = [f"{len(self.run_numbers):,} runs, seed {self.seed}{broken}; logs of {len(self.logs)} runs"]
        return as_html(
            f"Result of {self.scenario.file.scenario.title}", facts,
            ("metric", "unit", "median", "5 %", "95 %", "never"), rows,
        )  # fmt: skip

    @cached_property
    def events(self) -> pd.DataFrame:
        """The event logs that were kept, one row per event, with the row that caused it."""
        return self._frame_of(self.logs)

    @cached_property
    def all_events(self) -> pd.DataFrame:
        """The same with the rows of the members of populations among them; causes are rows of this log."""
        logs = {run: whole_log(self.compiled, self.logs[run], tail) for run, tail in self.tails.items()}
        return self._frame_of(logs or self.logs)

    @cached_property
    def access(self) -> pd.DataFrame:
        """How many members use what, by month, artifact, population and region (``access_frame``)."""
        return access_frame(self.compiled, self.tails)

    def _frame_of(self, logs: dict[int, np.ndarray]) -> pd.DataFrame:
        import pandas as pd

        frames = []
        for run, log in logs.items():
            frame = pd.DataFrame(self.event_columns(log))
            frame.insert(0, "run", run)
            frames.append(frame)
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def days_of_months(months: np.ndarray) -> np.ndarray:
    """Return the calendar days of times in months since the year 0: ``date_of_months`` of each.

    >>> days_of_months(np.array([12.0 * 2020 + 4.9]))
    array(['2020-05-29'], dtype='datetime64[D]')
    """
    whole = np.floor(months).astype(np.int64)
    month = (whole - 12 * 1970).astype("datetime64[M]")  # NumPy counts from 1970
    first, following = (each.astype("datetime64[D]") for each in (month, month + np.timedelta64(1, "M")))
    days = np.rint((months - whole) * (following - first).astype(np.int64))
    return first + days.astype("timedelta64[D]")
