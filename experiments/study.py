"""A study: a question, the arms that answer it, and what is made of their runs. See docs/studies.md.

A study is a short TOML file. All arms are simulated in the same luck as the baseline, with a control arm
that changes nothing and must come out at exactly zero.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from experiments.analyses import contrast
from experiments.answers import ANALYSES
from experiments.answers.finding import Analysis, Finding, upper_first
from sim.errors import UserError, not_found
from sim.policy import BASES, JOIN, arm
from sim.scenario import CONFIGS, NAME, Scenario, load, problem_of, read_toml

STUDIES = CONFIGS / "studies"
BASELINE, CONTROL = "baseline", "control"
# Levers that are there and do nothing: an order that nobody obeys, a change that multiplies by one.
NOTHING = "order:action=forbid,compliance=0++change:path=spread.leak_rate,value=1"
BLOCK = 500  # runs of every arm that are simulated before the next ones: what Ctrl-C keeps
PLACE = "{x}"


class Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Arm(Row):
    """``[arms]``: a policy over the scenario (or a scenario of its own), and what it is compared with."""

    arm: str
    against: str = BASELINE


class Sweep(Row):
    """``[sweep.NAME]``: one arm for each of several values of ``{x}``."""

    title: str = ""
    arm: str = Field(description="a policy with {x} in it")
    values: list[float | str] = Field(min_length=2)
    unit: str = ""
    names: list[str] = Field([], description="what to call the values, where they are no good labels")
    baseline_at: float | None = Field(None, description="the value at which the baseline itself stands")
    against: str = Field(BASELINE, description="an arm, or a policy with {x} in it")

    @property
    def places(self) -> list[float]:
        """The values as numbers; their places in the list where they are words."""
        numbers = all(isinstance(value, (int, float)) for value in self.values)
        return [float(value) if numbers else place for place, value in enumerate(self.values)]

    def named(self, name: str, value: float | str) -> str:
        """Return the label of the arm of one value."""
        if self.names:
            return f"{self.title or name} {self.names[self.values.index(value)]}"
        shown = f"{value:g}" if isinstance(value, (int, float)) else value
        return f"{self.title or name} {shown}" + (f" {self.unit}" if self.unit else "")


class StudyFile(Row):
    """The file of a study."""

    question: int | None = Field(None, description="its number, of the questions in docs/questions.md")
    title: str
    scenario: str
    policy: str = Field("", description="laid over the scenario, for the baseline and every arm")
    runs: int = Field(1000, ge=1)
    reading: str = Field(description="one paragraph: how to read the answer")
    limits: str = Field("", description="what of the question it does not answer, and why")
    arms: dict[str, str | Arm] = Field(default_factory=dict)
    sweep: dict[str, Sweep] = Field(default_factory=dict)
    control: str = Field(NOTHING, description="a policy that changes nothing")
    words: dict[str, str] = Field(default_factory=dict, description="metric = what to call it")
    analysis: list[dict[str, Any]] = Field(min_length=1)


@dataclass(frozen=True)
class Study:
    """A study as its file gives it. ``arms``: by label, sweeps and factors included."""

    name: str
    file: StudyFile
    analyses: list[Analysis]
    arms: dict[str, Arm]
    origin: str

    def sweep(self, name: str) -> tuple[Sweep, list[str]]:
        """Return a sweep and the labels of its arms."""
        sweep = self.file.sweep[name]
        return sweep, [sweep.named(name, value) for value in sweep.values]

    def words_for(self, metric: str) -> str:
        """Return what to call a metric."""
        return self.file.words.get(metric, metric)


def study_names() -> list[str]:
    """Return the names of the studies that come with the product, by the number of their question."""
    paths = list(STUDIES.glob("*.toml"))
    return [path.stem for path in sorted(paths, key=lambda p: (read_toml(p).get("question", 99), p.stem))]


def read_study(name: str | Path) -> Study:
    """Read and check a study by name or path.

    Raises UserError with file and dotted path, the value given and what is allowed.
    """
    path = _find(str(name))
    data = read_toml(path)
    try:
        file = StudyFile.model_validate(data)
    except ValidationError as error:
        raise UserError(_problems(path, StudyFile, error)) from None
    analyses = []
    for place, row in enumerate(file.analysis):
        kind = row.get("kind")
        if not isinstance(kind, str) or kind not in ANALYSES:
            raise UserError(f"{path}: analysis.{place}.kind: {not_found('analysis', str(kind), ANALYSES)}")
        try:
            analyses.append(ANALYSES[kind].model_validate(row))
        except ValidationError as error:
            raise UserError(_problems(path, ANALYSES[kind], error, ("analysis", place))) from None
    study = Study(path.stem, file, analyses, _arms(path, file, analyses), str(path))
    for place, analysis in enumerate(analyses):
        _check_names(path, study, analysis, place)
    return study


def _find(name: str) -> Path:
    if name.endswith(".toml"):
        path = Path(name)
        if not path.is_file():
            raise UserError(f"{name}: no such file")
        return path
    path = STUDIES / f"{name}.toml"
    if not NAME.fullmatch(name) or not path.is_file():
        raise UserError(not_found("study", name, study_names(), most=40))
    return path


def _problems(path: Path, model: type[BaseModel], error: ValidationError, above: tuple = ()) -> str:
    first = error.errors()[0]
    detail = {**first, "loc": (*above, *first["loc"])}
    return f"{path}: {problem_of(detail, lambda location: _keys_at(model, location[len(above) :]))}"


def _keys_at(model: type[BaseModel], location: list) -> list[str]:
    tables: dict[Any, type[BaseModel]] = {"sweep": Sweep, "arms": Arm}
    inner = tables.get(location[0], model) if location else model
    return [info.alias or name for name, info in inner.model_fields.items()]


def _arms(path: Path, file: StudyFile, analyses: list[Analysis]) -> dict[str, Arm]:
    """Return all arms by label: those of the file, of its sweeps and of its analyses."""
    arms: dict[str, Arm] = {}

    def add(label: str, row: Arm, where: str) -> None:
        if label in (BASELINE, CONTROL):
            raise UserError(f"{path}: {where}: {label!r} is there in every study; choose another name")
        if label in arms and arms[label] != row:
            raise UserError(f"{path}: {where}: there are two arms named {label!r}")
        arms[label] = row

    for label, given in file.arms.items():
        add(label, given if isinstance(given, Arm) else Arm(arm=given), f"arms.{label}")
    for name, sweep in file.sweep.items():
        if sweep.names and len(sweep.names) != len(sweep.values):
            count = f"{len(sweep.names)} names for {len(sweep.values)} values"
            raise UserError(f"{path}: sweep.{name}.names: {count}; write one for each")
        if PLACE not in sweep.arm:
            raise UserError(f"{path}: sweep.{name}.arm = {sweep.arm!r}: write {PLACE} where the value goes")
        for value in sweep.values:
            text = f"{value:g}" if isinstance(value, (int, float)) else value
            against = sweep.against
            if PLACE in against:
                spec = against.replace(PLACE, text)
                against = f"{sweep.named(name, value)}, without"
                add(against, Arm(arm=spec), f"sweep.{name}.against")
            row = Arm(arm=sweep.arm.replace(PLACE, text), against=against)
            add(sweep.named(name, value), row, f"sweep.{name}")
    for place, analysis in enumerate(analyses):
        for label, spec in analysis.own_arms().items():
            if label not in (BASELINE, CONTROL):
                add(label, Arm(arm=spec), f"analysis.{place}")
    for label, row in arms.items():
        if row.against not in arms and row.against != BASELINE:
            allowed = [BASELINE, *arms]
            raise UserError(f"{path}: arms.{label}.against: {not_found('arm', row.against, allowed)}")
    return arms


def _check_names(path: Path, study: Study, analysis: Analysis, place: int) -> None:
    """Check that what an analysis names is there."""
    where = f"{path}: analysis.{place}"
    for key, labels in analysis.labels().items():
        for label in labels:
            if label != BASELINE and label not in study.arms:
                raise UserError(f"{where}.{key}: {not_found('arm', label, [BASELINE, *study.arms], 30)}")
    sweep = getattr(analysis, "sweep", None)
    if sweep is not None and sweep not in study.file.sweep:
        raise UserError(f"{where}.sweep: {not_found('sweep', sweep, study.file.sweep)}")


_GROUP = re.compile(r"(first_done|count_done)\[([^\],]+)(?:,([^\],]+))?\](?:@(\d+(?:\.\d+)?))?")


def _members(scenario: Scenario, group: str, metric: str) -> list[str]:
    """Return the builders that ``KIND+REGION+ACTOR`` covers."""
    from sim.levers import is_named

    file = scenario.file
    names = [name.strip() for name in group.split("+")]
    allowed = ["all", *file.actors, *file.kinds, *file.regions]
    for name in names:
        if name not in allowed:
            raise UserError(f"metric {metric!r}: {not_found('actor, kind or region', name, allowed)}")
    builds = [name for name, row in file.actors.items() if file.kinds[row.kind].develops]
    found = [name for name in builds if is_named(file, name, names)]
    if not found:
        raise UserError(f"metric {metric!r}: {group} covers nobody who builds models")
    return found


def plain_metrics(scenario: Scenario, metric: str) -> list[str]:
    """Return the metrics of ``sim.metrics`` from which one of a study is made: mostly itself.

    ``first_done[KIND+REGION+ACTOR,CLASS]`` and ``count_done[...]@MONTH`` read the dates of several actors.
    """
    match = _GROUP.fullmatch(metric.strip())
    if not match:
        return [metric]
    klass = match[3] or scenario.follow_class
    return [f"t_done[{name},{klass}]" for name in _members(scenario, match[2], metric)]


@dataclass
class Played:
    """One arm as it was simulated: its scenario, metrics (by name, one value per run), drawn inputs, logs."""

    scenario: Scenario
    compiled: Any
    metrics: dict[str, np.ndarray]
    units: dict[str, str]
    draws: np.ndarray
    logs: dict[int, np.ndarray]


@dataclass
class Outcome:
    """All arms of a study, simulated in the same luck. ``runs``: completed in every arm."""

    study: Study
    seed: int
    threads: int | None
    played: dict[str, Played]
    runs: int
    interrupted: bool = False

    @property
    def base(self) -> Played:
        return self.played[BASELINE]

    @property
    def scenario(self) -> Scenario:
        return self.base.scenario

    @property
    def horizon(self) -> float:
        return float(self.scenario.months)

    def against(self, label: str) -> str:
        """Return what an arm is compared with."""
        return BASELINE if label == BASELINE else self.study.arms[label].against

    def spec(self, label: str) -> str:
        return "" if label == BASELINE else self.study.arms[label].arm

    def unit(self, metric: str) -> str:
        if metric.startswith("first_done["):
            return "months"
        return "actors" if metric.startswith("count_done[") else self.base.units[metric]

    def is_date(self, metric: str) -> bool:
        """Whether it is a time that may never come."""
        return self.unit(metric) == "months"

    def values(self, label: str, metric: str) -> np.ndarray:
        """Return a metric of an arm, shape (runs,)."""
        played = self.played[label]
        match = _GROUP.fullmatch(metric)
        if not match:
            return played.metrics[metric]
        dates = np.array([played.metrics[name] for name in plain_metrics(played.scenario, metric)])
        if match[1] == "first_done":
            return dates.min(axis=0)
        until = float(match[4]) if match[4] else float(played.scenario.months)
        return (dates <= until).sum(axis=0).astype(float)

    def ends(self, label: str, metric: str) -> np.ndarray:
        """Return what a date that never comes exceeds, in each run."""
        from sim.metrics import origin_of, parse_metric

        played = self.played[label]
        end = np.full(self.runs, float(played.scenario.months))
        if _GROUP.fullmatch(metric):
            return end
        origin = origin_of(parse_metric(metric, played.compiled), played.compiled)
        if origin is None:
            return end
        from_ = played.metrics[origin.name]
        return np.where(np.isfinite(from_), end - np.where(np.isfinite(from_), from_, 0.0), np.nan)

    def contrast(self, weights: Mapping[str, float], metric: str) -> tuple[np.ndarray, np.ndarray]:
        """Return between what a weighted sum of arms lies in each run."""
        labels = list(weights)
        return contrast(
            [self.values(label, metric) for label in labels],
            [self.ends(label, metric) for label in labels],
            [weights[label] for label in labels],
        )

    def difference(self, label: str, metric: str) -> tuple[np.ndarray, np.ndarray]:
        """Return between what the difference of an arm from what it is compared with lies in each run."""
        return self.contrast({label: 1.0, self.against(label): -1.0}, metric)

    def capped(self, label: str, metric: str) -> np.ndarray:
        """Return a metric in which a date that never comes counts as the end of the run."""
        values = self.values(label, metric)
        return np.where(np.isinf(values), self.ends(label, metric), values)

    @cached_property
    def inputs(self) -> list[str]:
        """Dotted paths of the inputs that are drawn for each run."""
        return list(self.base.compiled.uncertain_paths)


@dataclass
class Answer:
    """What a study found."""

    outcome: Outcome
    findings: list[Finding]
    drivers: list[dict[str, Any]]
    sentences: list[str]

    @property
    def study(self) -> Study:
        return self.outcome.study

    @property
    def text(self) -> str:
        """The paragraph with numbers."""
        return "\n".join(self.sentences)


def answer_study(
    study: Study | str | Path,
    runs: int | None = None,
    seed: int = 1,
    *,
    threads: int | None = None,
    logs: int = 0,
    planned: Callable[[int], None] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Answer:
    """Simulate all arms of a study and return what they say.

    Args:
        study: name, path or Study.
        runs: of every arm; as the study's file says if None.
        seed: of all luck.
        threads: at work side by side; the number of processors if None.
        logs: of how many runs of every arm, from the first on, the event logs are kept at least.
        planned: called with the number of runs of all arms together before the work begins.
        progress: called with the number of runs completed since it was last called.

    Raises:
        UserError: for what cannot be used, and where the control arm is not exactly the baseline.
    """
    from experiments.driving import what_drives

    read = study if isinstance(study, Study) else read_study(study)
    outcome = play(read, runs, seed, threads=threads, logs=logs, planned=planned, progress=progress)
    findings = [analysis.find(outcome) for analysis in read.analyses]
    drivers, driven = what_drives(outcome, findings)
    sentences = [_heading(outcome), _in_short(read, findings)]
    for finding in findings:
        sentences += finding.sentences
    sentences += driven
    if read.file.limits:
        sentences.append(f"Not answered: {' '.join(read.file.limits.split())}")
    return Answer(outcome, findings, drivers, sentences)


def _in_short(study: Study, findings: list[Finding]) -> str:
    chosen = [f for f, a in zip(findings, study.analyses, strict=True) if a.headline] or findings[:1]
    return "In short: " + ". ".join(upper_first(finding.short) for finding in chosen) + "."


def _heading(outcome: Outcome) -> str:
    shown = outcome.scenario.name + (f"++{outcome.study.file.policy}" if outcome.study.file.policy else "")
    arms = len(outcome.played) - 2
    text = (
        f"In this model, with the inputs of {shown} ({outcome.runs} runs of {arms} arm"
        f"{'' if arms == 1 else 's'} and the baseline in the same luck, seed {outcome.seed}; "
        "the control arm differs by exactly 0 in every run):"
    )
    if outcome.interrupted:
        text += " The work was broken off; these are the runs completed by then."
    return text


def play(
    study: Study,
    runs: int | None = None,
    seed: int = 1,
    *,
    threads: int | None = None,
    logs: int = 0,
    planned: Callable[[int], None] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Outcome:
    """Simulate the baseline, the control and all arms of a study in the same luck."""
    from sim.ensemble import MOST_RUNS, check_count
    from sim.world import compile_scenario

    count = study.file.runs if runs is None else runs
    check_count("runs", count, 1, MOST_RUNS)
    check_count("seed", seed, 0, 2**63 - 1)
    check_count("threads", 1 if threads is None else threads, 1, 1024)
    scenarios = scenarios_of(study)
    wanted = list(dict.fromkeys(name for analysis in study.analyses for name in analysis.metrics_read()))
    compiled = {label: compile_scenario(scenario) for label, scenario in scenarios.items()}
    needed = {}
    for label, scenario in scenarios.items():
        needed[label] = _metrics_needed(study, scenario, compiled[label], wanted)
    check_count("logs", logs, 0, MOST_RUNS)
    logs = max([logs, *(analysis.logs for analysis in study.analyses)])
    if planned:
        planned(count * len(scenarios))
    parts: dict[str, list] = {label: [] for label in scenarios}
    done, interrupted = 0, False
    while done < count and not interrupted:
        block = min(BLOCK, count - done)
        kept = []
        try:
            for label, scenario in scenarios.items():
                kept.append(
                    _simulated(scenario, block, seed, threads, needed[label], logs - done, done, progress)
                )
                if kept[-1].interrupted:
                    raise KeyboardInterrupt
        except KeyboardInterrupt:
            if done == 0:
                raise
            interrupted = True
            break
        for label, result in zip(scenarios, kept, strict=True):
            parts[label].append(result)
        done += block
        _check_control(study, parts[BASELINE][-1], parts[CONTROL][-1])
    played = {
        label: _played(scenarios[label], compiled[label], needed[label], results)
        for label, results in parts.items()
    }
    return Outcome(study, seed, threads, played, done, interrupted)


def _simulated(scenario, runs, seed, threads, metrics, logs, first, progress):
    import sim

    return sim.simulate(
        scenario,
        runs,
        seed,
        threads=threads,
        metrics=metrics,
        logs=max(0, min(logs, runs)),
        first_run=first,
        progress=progress,
    )


def scenarios_of(study: Study) -> dict[str, Scenario]:
    """Return the baseline, the control and all arms as scenarios, by label."""
    file = study.file
    try:
        base = arm(load(file.scenario), file.policy)
    except UserError as error:
        raise UserError(f"{study.origin}: scenario = {file.scenario!r}: {error}") from None
    found = {BASELINE: base}
    for label, spec in [(CONTROL, file.control), *((label, row.arm) for label, row in study.arms.items())]:
        try:
            found[label] = arm(base, _beside(study, spec))
        except UserError as error:
            where = "control" if label == CONTROL else f"arms.{label}"
            raise UserError(f"{study.origin}: {where} = {spec!r}: {error}") from None
        same = found[label].raw == base.raw and spec.strip() not in BASES
        if same and label != CONTROL:
            raise UserError(f"{study.origin}: arms.{label} = {spec!r}: is the same as the baseline")
    if all(part.strip() in BASES for part in file.control.split(JOIN)):
        raise UserError(f"{study.origin}: control = {file.control!r}: must be a policy that changes nothing")
    return found


def _beside(study: Study, spec: str) -> str:
    """Return a policy in which ``./`` stands for the folder of the study's file."""
    folder = Path(study.origin).parent
    parts = [part.strip() for part in spec.split(JOIN)]
    return JOIN.join(f"{folder}/{part[2:]}" if part.startswith("./") else part for part in parts)


def _metrics_needed(study: Study, scenario: Scenario, compiled, wanted: list[str]) -> list[str]:
    from sim.metrics import origin_of, parse_metric

    plain: list[str] = []
    for name in wanted:
        try:
            plain += plain_metrics(scenario, name)
            for metric in plain_metrics(scenario, name):
                origin = origin_of(parse_metric(metric, compiled), compiled)
                plain += [origin.name] if origin else []
        except UserError as error:
            place = next(i for i, a in enumerate(study.analyses) if name in a.metrics_read())
            raise UserError(f"{study.origin}: analysis.{place}: {error}") from None
    return list(dict.fromkeys(plain))


def _check_control(study: Study, base, control) -> None:
    """Raise UserError unless the control arm is the baseline in every run, bit for bit."""
    same = (base.values == control.values) | (np.isnan(base.values) & np.isnan(control.values))
    if same.all():
        return
    run, column = (int(place[0]) for place in np.nonzero(~same))
    raise UserError(
        f"{study.origin}: control = {study.file.control!r}: must change nothing, but "
        f"{base.metrics[column].name} of run {int(base.run_numbers[run])} is {control.values[run, column]:g} "
        f"and not {base.values[run, column]:g} ({int((~same).any(axis=1).sum())} of {len(same)} runs "
        "differ); no difference of this study can be trusted"
    )


def _played(scenario: Scenario, compiled, names: list[str], results: list) -> Played:
    values = np.concatenate([result.values for result in results])
    logs: dict[int, np.ndarray] = {}
    for result in results:
        logs |= result.logs
    return Played(
        scenario,
        compiled,
        {name: values[:, column] for column, name in enumerate(names)},
        {metric.name: metric.unit for metric in results[0].metrics},
        np.concatenate([result.draws for result in results]),
        logs,
    )
