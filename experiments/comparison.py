"""Arms of a comparison in the same luck: paired differences to the baseline, as tables and a figure.

Run r of every arm has the luck and the uncertain inputs of run r of the baseline, for both are functions
of (seed, run) and names. So a difference within a pair is the policy's doing and nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.origins import REVEAL, moved, origins
from experiments.statistics import LEVELS, Statistics, compare_values
from sim.ensemble import MOST_RUNS, check_count, simulate
from sim.errors import UserError, not_found
from sim.metrics import Metric, Statistic, origin_of, parse_metric
from sim.result import Result
from sim.scenario import Scenario, load
from sim.words import Bound, Mechanism
from sim.world import Compiled, compile_scenario

if TYPE_CHECKING:
    import pandas as pd

CONTROL = "control"  # label of the baseline as an arm
RUNS_AT_ONCE = 500  # of each arm in turn: what Ctrl-C may lose
LAGS = (1, 3, 5, 10)
# What is printed and drawn first; the other metrics stand in the tables (and in print with --all).
HEADLINE = (
    *(f"lag_{k}" for k in LAGS), "t_owner_2", "t_owner_6", "lead", "n_dev", "n_access", "openness",
    "downstream", "starts", "spending", "cascade_size",
)  # fmt: skip
FURTHER = (
    "reveal", "t_owner_1", "t_owner_4", "t_owner_11", *(f"lag_pub_{k}" for k in LAGS), "access_months",
    "uncontrolled", "cascade_depth", "attention",
)  # fmt: skip


@dataclass(frozen=True)
class Difference:
    """The paired difference of one metric between one arm and the baseline (arm - baseline)."""

    arm: str
    metric: Metric
    statistics: Statistics


@dataclass
class Comparison:
    """What came out of a comparison.

    ``base``: the result of the baseline. ``results``: those of the arms, by label; runs are the same as
    the baseline's, one by one. ``metrics``: the names compared. ``notes``: what a reader must know.
    ``asked``: runs asked for. ``interrupted``: whether fewer are here because the work was broken off.
    """

    base: Result
    results: dict[str, Result]
    metrics: list[str]
    notes: list[str] = field(default_factory=list)
    asked: int = 0
    interrupted: bool = False

    @property
    def runs(self) -> int:
        """The number of pairs: runs completed in every arm."""
        return len(self.base.run_numbers)

    @cached_property
    def found(self) -> dict[tuple[str, str], Difference]:
        """Every difference by (label of the arm, name of the metric), in order."""
        found = {}
        for label, result in self.results.items():
            kept = {metric.name for metric in result.metrics}
            for name in self.metrics:
                if name in kept and counts_alike(_metric(self.base, name), self.base, result):
                    found[label, name] = _difference(label, name, result, self.base)
        return found

    def difference(self, arm: str, metric: str) -> Difference:
        """Return the difference of one metric between one arm and the baseline."""
        if arm not in self.results:
            raise UserError(not_found("arm", arm, self.results))
        if (arm, metric) not in self.found:
            raise UserError(not_found("metric compared", metric, [name for _, name in self.found]))
        return self.found[arm, metric]

    def changes_nothing(self, arm: str) -> bool:
        """Return whether every metric has the same value as in the baseline, bit for bit, in every run."""
        found = [one.statistics for (label, _), one in self.found.items() if label == arm]
        return all(one.identical for one in found) and any(one.telling for one in found)

    def paired(self, arm: str, metric: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the values of a metric in the arm and in the baseline, run by run, shape (runs,)."""
        self.difference(arm, metric)
        return self.results[arm][metric], self.base[metric]

    @cached_property
    def differences(self) -> pd.DataFrame:
        """One row per arm and metric; see ``experiments.statistics`` for how it is estimated.

        A quantile of the difference lies from ``q50_low`` to ``q50_high``: equal unless too many dates
        are censored. ``median_from``, ``median_to``: 90 % interval for the median.
        """
        import pandas as pd

        return pd.DataFrame(self.columns()).set_index(["arm", "metric"])

    @cached_property
    def pairs(self) -> pd.DataFrame:
        """One row per run, arm and metric: the value in the arm and in the baseline."""
        import pandas as pd

        frames = [
            pd.DataFrame(
                {"run": self.base.run_numbers, "arm": arm, "metric": name, "value": value, "base": base}
            )
            for arm, name in self.found
            for value, base in [self.paired(arm, name)]
        ]
        columns = ["run", "arm", "metric", "value", "base"]
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)

    def columns(self) -> dict[str, np.ndarray]:
        """Return ``differences`` as plain columns."""
        rows = [_row(difference) for difference in self.found.values()]
        named = rows[0] if rows else {}
        return {
            name: np.array([row[name] for row in rows], object if isinstance(value, str) else None)
            for name, value in named.items()
        }

    def table(self, everything: bool = False) -> str:
        """Return the differences in words: the most important metrics, or all of them."""
        from experiments.paired_table import in_words

        return in_words(self, everything)

    def plot(self, kind: str = "compare", out: str | Path | None = None, **options: Any) -> Any:
        """Draw a figure of it: see ``experiments.plot``."""
        from experiments.figures.plotting import plot

        return plot(self, kind, out, **options)

    def _repr_html_(self) -> str:
        """Return the most important differences of each arm, for notebooks."""
        from experiments.paired_table import as_html

        return as_html(self)

    def figure(self, path: str | Path) -> Path:
        """Draw the comparison to a file (.png, .svg, .pdf) and return its path."""
        from experiments.figures.paired import draw_comparison

        return draw_comparison(self, path)

    def save(self, out: str | Path) -> list[Path]:
        """Leave tables, figure and manifest in a folder, as ``cascades compare`` does; return the files."""
        from experiments.comparison_files import write
        from experiments.folder import OutputFolder

        with OutputFolder(out) as folder:
            return write(self, folder)


def compare(
    base: str | Scenario,
    arms: Sequence[str | Scenario] | Mapping[str, str | Scenario],
    runs: int = 1000,
    seed: int = 1,
    *,
    threads: int | None = None,
    metrics: Sequence[str] | None = None,
    sets: Sequence[str] = (),
    logs: int = 0,
    draw: bool = True,
    progress: Callable[[int], None] | None = None,
) -> Comparison:
    """Simulate a baseline and arms in the same luck, and return the paired differences.

    Args:
        base: scenario: name, path, or Scenario; policies may be laid over it (``gpt3++delay:months=6``).
        arms: policies to lay over the base (``code-never``, ``delay:months=6++hype-off``), other
            scenarios, or a mapping from labels to them. ``base`` is the baseline itself: a control.
        runs: pairs.
        seed: of all luck.
        threads: at work side by side; the number of processors if None.
        metrics: names of metrics (``cascades metrics``); None: all that are of general interest.
        sets: changes to the base, "path=value".
        logs: of how many pairs, from the first on, the event logs are kept.
        draw: whether uncertain inputs are drawn for each run, alike in all arms, or kept at their centre.
        progress: called with the number of runs completed since it was last called.

    Raises:
        UserError: for a scenario, a policy, a metric or a number that cannot be used.
    """
    check_count("runs", runs, 1, MOST_RUNS)
    check_count("seed", seed, 0, 2**63 - 1)
    check_count("threads", 1 if threads is None else threads, 1, 1024)
    check_count("logs", logs, 0, MOST_RUNS)
    scenario = base_of(base, sets)
    scenarios = arms_of(scenario, arms)
    asked = asked_metrics(scenario, metrics)
    worlds = [scenario, *scenarios.values()]
    kept = [kept_metrics(world, asked) for world in worlds]
    check_memory(runs, kept, len(compile_scenario(scenario).uncertain) if draw else 0)
    results, interrupted = _simulate(worlds, kept, runs, seed, threads, logs, draw, progress)
    compared = dict(zip(scenarios, results[1:], strict=True))
    return replace(compare_results(results[0], compared, asked), asked=runs, interrupted=interrupted)


def compare_results(
    base: Result, results: Mapping[str, Result], metrics: Sequence[str] | None = None
) -> Comparison:
    """Return the comparison of results that are there already: same seed, runs paired by number.

    ``metrics``: names; None: all that the baseline keeps and some arm too. Only runs that all have count.

    Raises UserError for results of different seeds, and for a metric that the baseline does not keep.
    """
    for label, result in results.items():
        if result.seed != base.seed:
            raise UserError(f"{label}: seed {result.seed}, but the baseline has seed {base.seed}: no pairs")
        drawn = [bool(r.draws.shape[1]) for r in (result, base)]
        if drawn[0] != drawn[1] and drawn[0]:
            raise UserError(f"{label}: its uncertain inputs were drawn, those of the baseline were not")
    shared = _shared_runs([base, *results.values()])
    names = list(dict.fromkeys(metrics if metrics is not None else (m.name for m in base.metrics)))
    for name in names:
        base[name]  # raises for a name that is not kept
    trimmed = {label: _only(result, shared) for label, result in results.items()}
    comparison = Comparison(
        _only(base, shared),
        trimmed,
        names,
        asked=len(base.run_numbers),
        interrupted=any(result.interrupted for result in (base, *results.values())),
    )
    comparison.notes += _notes(comparison)
    return comparison


def compare_and_save(
    base: str | Scenario,
    arms: Sequence[str | Scenario] | Mapping[str, str | Scenario],
    out: str | Path,
    *,
    compared: Callable[[Comparison], None] | None = None,
    say: Callable[[str], None] = print,
    **asked: Any,
) -> tuple[Comparison, list[Path]]:
    """Compare, and leave the tables, the figure and the manifest in a folder; return both.

    ``compared`` is called with the comparison before anything is written; ``say`` with what a person who
    waits should know; ``asked``: as ``compare`` takes it. A folder that cannot be written is found first.

    Raises UserError.
    """
    from experiments.comparison_files import write
    from experiments.folder import OutputFolder
    from experiments.manifest import now
    from experiments.run import must_compile

    started = now()
    with OutputFolder(out) as folder:
        if must_compile():
            say("Compiling the rules; this happens once and takes a while.")
        comparison = compare(base, arms, **asked)
        if compared:
            compared(comparison)
        return comparison, write(comparison, folder, started)


def check_memory(runs: int, kept: Sequence[Sequence[str]], drawn: int) -> None:
    """Raise UserError where this machine's memory cannot hold the values of all arms."""
    from experiments.folder import human_bytes
    from experiments.run import COPIES, NUMBER, available_memory

    needed = runs * COPIES * NUMBER * (drawn + sum(map(len, kept)))
    available = available_memory()
    if available is not None and needed > available:
        raise UserError(
            f"runs = {runs}: the results of {len(kept)} arms need {human_bytes(needed)} of memory and "
            f"{human_bytes(available)} are free; ask for fewer --runs, or name the --metrics"
        )


def base_of(base: str | Scenario, sets: Sequence[str] = ()) -> Scenario:
    """Return the baseline of a comparison."""
    from sim.policy import scenario_of

    scenario = base if isinstance(base, Scenario) else scenario_of(base)
    return load(scenario, tuple(sets)) if sets else scenario


def arms_of(
    base: Scenario, arms: Sequence[str | Scenario] | Mapping[str, str | Scenario]
) -> dict[str, Scenario]:
    """Return the scenarios of the arms by label; a label that is there already gets a number.

    >>> list(arms_of(load("toy"), ["base", "order:artifacts=code,action=forbid", "toy", "toy"]))
    ['control', 'order:artifacts=code,action=forbid', 'toy', 'toy (2)']
    """
    from sim.policy import BASES, arm

    if isinstance(arms, (str, Scenario)) or not len(arms):
        raise UserError(f"arms = {arms!r}: must be a list of one policy or scenario at least")
    named: Iterable[tuple[str | None, Any]]
    named = arms.items() if isinstance(arms, Mapping) else ((None, given) for given in arms)
    found: dict[str, Scenario] = {}
    for label, given in named:
        if isinstance(given, Scenario):
            scenario, own = given, _label(given, base)
        elif isinstance(given, str):
            scenario, own = arm(base, given), CONTROL if given.strip() in BASES else given.strip()
        else:
            raise UserError(f"arm {given!r}: must be a policy, a scenario or its name")
        found[_unused(label or own, found)] = scenario
    return found


def asked_metrics(base: Scenario, metrics: Sequence[str] | None) -> list[str]:
    """Return the names of the metrics that are compared; raise UserError for one that is not there."""
    compiled = compile_scenario(base)
    if metrics is None:
        return general_metrics(compiled)
    if isinstance(metrics, str) or not all(isinstance(name, str) for name in metrics):
        raise UserError(f"metrics = {metrics!r}: must be a list of names")
    names = list(dict.fromkeys(name.strip() for name in metrics))
    for name in names:
        parse_metric(name, compiled)
    if not names:
        raise UserError("metrics: the list is empty; name one at least (see: cascades metrics)")
    return names


def general_metrics(compiled: Compiled) -> list[str]:
    """Return the metrics of general interest: of the class in question, and of each builder."""
    klass = compiled.scenario.follow_class
    builders = [compiled.actors[row] for row in compiled.facts["builders"]]
    return [
        *HEADLINE,
        *FURTHER,
        *(f"mech_share[{word.key}]" for word in Mechanism if word),
        *(f"made_share[{word.key}]" for word in Mechanism if word),
        *(f"stop_share[{word.key}]" for word in Bound if word),
        *(f"{what}[{name},{klass}]" for what in ("t_done", "t_pub") for name in builders),
    ]


def kept_metrics(scenario: Scenario, asked: Sequence[str]) -> list[str]:
    """Return the metrics to simulate: those asked for that exist there, and what they count from."""
    compiled = compile_scenario(scenario)
    kept: dict[str, None] = {}
    for name in asked:
        try:
            metric = parse_metric(name, compiled)
        except UserError:  # an actor or a class that this arm does not have
            continue
        kept[name] = None
        origin = origin_of(metric, compiled)
        if origin:
            kept[origin.name] = None
    return list(kept)


def end_of(result: Result, metric: Metric) -> np.ndarray:
    """Return what a date that never comes exceeds, in each run: the months from its origin to the end.

    nan where the result does not keep that origin; inf for what is no date.
    """
    if not metric.is_date:
        return np.full(len(result.run_numbers), math.inf)
    horizon = result.compiled.horizon
    origin = origin_of(metric, result.compiled)
    if origin is None:
        return np.full(len(result.run_numbers), horizon)
    dates = _values(result, origin)
    if dates is None:
        return np.full(len(result.run_numbers), math.nan)
    return np.maximum(horizon - dates, 0.0)


def counts_alike(metric: Metric, base: Result, other: Result) -> bool:
    """Return whether a metric means the same in two worlds: months from a start need the same start."""
    if base.scenario.start == other.scenario.start:
        return True
    dated = metric.is_date and origin_of(metric, base.compiled) is None
    return not dated and math.isinf(metric.row[-1])


def _difference(label: str, name: str, result: Result, base: Result) -> Difference:
    own, other = _metric(result, name), _metric(base, name)
    statistics = compare_values(result[name], base[name], end_of(result, own), end_of(base, other))
    return Difference(label, other, statistics)


def _metric(result: Result, name: str) -> Metric:
    return next(metric for metric in result.metrics if metric.name == name)


def _row(difference: Difference) -> dict[str, Any]:
    found, metric = difference.statistics, difference.metric
    return {
        "arm": difference.arm,
        "metric": metric.name,
        "unit": metric.unit,
        "pairs": found.pairs,
        "undefined": found.undefined,
        "identical": found.identical,
        "base_only": found.baseline_only,
        "arm_only": found.policy_only,
        "neither": found.neither,
        "base_median": found.baseline_median,
        "arm_median": found.policy_median,
        **{
            f"q{round(100 * level)}_{side}": getattr(bounds, side)
            for level, bounds in zip(LEVELS, found.quantiles, strict=True)
            for side in ("low", "high")
        },
        "median_from": found.median_interval.low,
        "median_to": found.median_interval.high,
        "mean": found.mean,
        "mean_from": found.mean_interval.low,
        "mean_to": found.mean_interval.high,
        "p_lower": found.lower,
        "p_equal": found.equal,
        "p_higher": found.higher,
        "runs_saved": found.runs_saved,
    }


def _label(scenario: Scenario, base: Scenario) -> str:
    if scenario is base:
        return CONTROL
    return "++".join(scenario.policies[len(base.policies) :] or [*scenario.sets] or [scenario.name])


def _unused(label: str, taken: Mapping[str, Any]) -> str:
    if label not in taken:
        return label
    return next(name for k in range(2, len(taken) + 3) if (name := f"{label} ({k})") not in taken)


def _simulate(worlds, kept, runs, seed, threads, logs, draw, progress) -> tuple[list[Result], bool]:
    """Return the results of all worlds, in the runs that all completed, and whether it was broken off."""
    parts: list[list[Result]] = []
    interrupted = False
    try:
        for first in range(0, runs, RUNS_AT_ONCE):
            count = min(RUNS_AT_ONCE, runs - first)
            turn = []
            for place, (world, names) in enumerate(zip(worlds, kept, strict=True)):
                result = simulate(
                    world, count, seed, threads=threads, metrics=names, logs=max(0, min(logs - first, count)),
                    draw=draw, first_run=first, progress=progress,
                )  # fmt: skip
                if place > 0:  # the same draws in every arm: once is enough
                    result = replace(result, draws=result.draws[:, :0])
                turn.append(result)
                if result.interrupted:
                    break
            interrupted = any(result.interrupted for result in turn)
            if len(turn) == len(worlds):
                shared = _shared_runs(turn)
                if len(shared):
                    parts.append([_only(result, shared) for result in turn])
            if interrupted:
                break
    except KeyboardInterrupt:  # between two ensembles
        interrupted = True
    if not parts:
        raise KeyboardInterrupt
    return [_joined([turn[place] for turn in parts]) for place in range(len(worlds))], interrupted


def _joined(parts: list[Result]) -> Result:
    first = parts[0]
    return replace(
        first,
        run_numbers=np.concatenate([part.run_numbers for part in parts]),
        values=np.concatenate([part.values for part in parts]),
        draws=np.concatenate([part.draws for part in parts]),
        logs={run: log for part in parts for run, log in part.logs.items()},
        tails={run: tail for part in parts for run, tail in part.tails.items()},
        interrupted=any(part.interrupted for part in parts),
    )


def _shared_runs(results: Sequence[Result]) -> np.ndarray:
    shared = results[0].run_numbers
    for result in results[1:]:
        if not np.array_equal(result.run_numbers, shared):
            shared = np.intersect1d(shared, result.run_numbers)
    return shared


def _only(result: Result, runs: np.ndarray) -> Result:
    if np.array_equal(result.run_numbers, runs):
        return result
    rows = np.searchsorted(result.run_numbers, runs)
    kept = set(runs.tolist())
    return replace(
        result,
        run_numbers=runs,
        values=result.values[rows],
        draws=result.draws[rows],
        logs={run: log for run, log in result.logs.items() if run in kept},
        tails={run: tail for run, tail in result.tails.items() if run in kept},
    )


def _notes(comparison: Comparison) -> list[str]:
    """Return what a reader must know: arms that are alike, that change nothing, that are other worlds."""
    from experiments.difference import differences

    notes: list[str] = []
    seen: dict[tuple[str, ...], str] = {}
    for label, result in comparison.results.items():
        said = tuple(differences(comparison.base.scenario, result.scenario))
        if not said:
            notes.append(f"{label}: says the same as the baseline; as a control it must differ by exactly 0.")
        elif comparison.changes_nothing(label):
            notes.append(
                f"{label}: says something else than the baseline, but changed nothing in any run "
                "(see: cascades diff)."
            )
        if said in seen:
            notes.append(f"{label}: is the same as the arm {seen[said]}.")
        seen.setdefault(said, label)
        notes += _other_world(label, comparison)
    return notes


def moved_reveal(label: str, comparison: Comparison) -> list[str]:
    """Return a note where the policy moves the date from which lags are counted."""
    base, result = comparison.base, comparison.results[label]
    for arm, name in comparison.found:
        origin = origin_of(_metric(base, name), base.compiled)
        if arm != label or origin is None or origin.row[0] != Statistic.REVEAL:
            continue
        own = origin_of(_metric(result, name), result.compiled)
        if own is None or own.name != origin.name:  # counted from another class in another world
            continue
        before, after = _values(base, origin), _values(result, own)
        if before is not None and after is not None and not np.array_equal(before, after):
            return [moved(f"{label}: moves", float((before != after).mean()))]
    return []


def moves_reveal(label: str, comparison: Comparison) -> bool:
    """Return whether an arm was seen to move the reveal from which lags are counted."""
    return any(note.startswith(f"{label}: moves {REVEAL}") for note in comparison.notes)


def moved_reveals(comparison: Comparison, arms: Iterable[str], metrics: Iterable[str]) -> str:
    """Return the note of ``moved_reveal`` for the caption of a figure of arms and metrics; "" for none."""
    moving = [label for label in arms if moves_reveal(label, comparison)] if origins(metrics) else []
    return moved(f"{', '.join(moving)}: moves") if moving else ""


def _values(result: Result, metric: Metric) -> np.ndarray | None:
    rows = [column for column, kept in enumerate(result.metrics) if kept.row == metric.row]
    return result.values[:, rows[0]] if rows else None


def _other_world(label: str, comparison: Comparison) -> list[str]:
    base, result = comparison.base, comparison.results[label]
    own, notes = result.scenario, moved_reveal(label, comparison)
    missing = [name for name in comparison.metrics if (label, name) not in comparison.found]
    if own.start != base.scenario.start:
        notes.append(f"{label}: starts in {own.file.scenario.start}, the baseline in "
                     f"{base.scenario.file.scenario.start}: dates are not compared.")  # fmt: skip
    if own.start + own.months != base.scenario.start + base.scenario.months:
        notes.append(f"{label}: ends in {own.file.scenario.end}, the baseline in "
                     f"{base.scenario.file.scenario.end}: each is censored at its own end, and what is "
                     "counted to the end is counted for longer in one of them.")  # fmt: skip
    if own.follow_class != base.scenario.follow_class:
        notes.append(f"{label}: asks about the class {own.follow_class}, the baseline about "
                     f"{base.scenario.follow_class}; metrics that name no class are not alike.")  # fmt: skip
    if missing:
        shown = ", ".join(missing[:4]) + (f" and {len(missing) - 4} more" if len(missing) > 4 else "")
        notes.append(f"{label}: not compared, for want of the actor, class or start: {shown}.")
    return notes
