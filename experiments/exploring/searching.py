"""Search over settings of levers for those that no other dominates in the chosen outcomes.

NSGA-II (Deb et al. 2002, *IEEE Transactions on Evolutionary Computation* 6:182) by Optuna, whose journal
lies in the output folder. Every trial is a function of the seed and of the trials before it, for the sampler
of trial n is made anew with a seed of (seed, n); and every trial is simulated in the same luck. So a search
that was killed goes on where it was and finds what it would have found, and a longer one begins with the
shorter.

What is best of many trials is partly so by luck: the front is simulated again in runs that the search has
not seen, and those values are what is reported. Dates that never come count as the end of the simulated
time, and the share is reported.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.answers.finding import Finding, Panel, Series, with_interval
from experiments.dominance import WORDS, dominates, luck_in_words, standings
from experiments.exploring.front import SOURCE as FRONT_SOURCE
from experiments.exploring.front import (
    axis_of,
    front_panel,
    front_rows,
    interval_of,
)
from experiments.exploring.futures import Goal, read_goal
from experiments.exploring.report import Report
from experiments.folder import MADE_BY, explained
from experiments.origins import moved, origins
from sim.errors import UserError

if TYPE_CHECKING:
    from sim.scenario import Scenario

JOURNAL, ASKED, LOCK = "journal.log", "search.json", "search.lock"
FROM = "counted from"  # of a trial: a digest of the months of the reveals from which its goals count
MOST_TRIALS = 100_000
MOST_SHOWN = 15
SOURCES = [
    "NSGA-II (Deb et al. 2002, IEEE Transactions on Evolutionary Computation 6:182) by Optuna; the front is "
    "simulated again in runs that the search has not seen."
]


@dataclass(frozen=True)
class Lever:
    """What the search may set: a parameter of a policy (``delay:months``), or a dotted path.

    From ``low`` to ``high`` (whole numbers if both are written so), or one of ``choices``.
    """

    name: str
    low: float = 0.0
    high: float = 0.0
    whole: bool = False
    choices: tuple[str, ...] = ()

    def text(self, value: Any) -> str:
        return str(value) if self.choices or self.whole else f"{value:.6g}"


@dataclass(frozen=True)
class Trial:
    """One setting of all levers, its mean outcomes, and in which share of runs each date never comes.

    ``counted_from``: a digest of the reveals from which its outcomes count; "" where that was not kept.
    """

    number: int
    settings: dict[str, str]
    means: tuple[float, ...]
    never: tuple[float, ...]
    counted_from: str = ""


@dataclass(frozen=True)
class Found:
    """What a search found: all trials, and the front simulated again (shape (goals, trials, runs))."""

    trials: list[Trial]
    front: list[Trial]
    again: np.ndarray
    report: Report
    interrupted: bool = False


def read_lever(text: str) -> Lever:
    """Read "NAME=LOW..HIGH" or "NAME=a|b|c"; raise UserError.

    >>> read_lever("delay:months=0..24")
    Lever(name='delay:months', low=0.0, high=24.0, whole=True, choices=())
    """
    name, equals, values = (part.strip() for part in text.partition("="))
    if not name or not equals or not values:
        raise UserError(f"--lever {text!r}: write NAME=LOW..HIGH or NAME=a|b, such as delay:months=0..24")
    if "|" in values:
        choices = tuple(part.strip() for part in values.split("|"))
        if len(set(choices)) < len(choices):
            raise UserError(f"--lever {text!r}: one choice stands there twice")
        return Lever(name, choices=choices)
    low, dots, high = values.partition("..")
    try:
        ends = float(low), float(high)
    except ValueError:
        raise UserError(f"--lever {text!r}: {values!r} is neither LOW..HIGH nor a|b") from None
    if not dots or not np.isfinite(ends).all() or ends[0] >= ends[1]:
        raise UserError(f"--lever {text!r}: write LOW..HIGH with LOW below HIGH")
    whole = all(part.strip().lstrip("+-").isdigit() for part in (low, high))
    return Lever(name, *ends, whole)


def arm_of(base: Scenario, levers: Sequence[Lever], settings: dict[str, str]) -> Scenario:
    """Return the scenario of one setting of levers; raise UserError where it cannot be had.

    Parameters of one policy go into one spec; a choice of the lever ``policy`` is a spec (``base``: none).
    """
    from sim.policy import JOIN, with_policies
    from sim.scenario import load

    specs: dict[str, list[str]] = {}
    sets = []
    for lever in levers:
        value = settings[lever.name]
        policy, colon, parameter = lever.name.partition(":")
        if lever.name == "policy":
            if value != "base":
                specs.setdefault(value, [])
        elif colon:
            specs.setdefault(policy, []).append(f"{parameter}={value}")
        else:
            sets.append(f"{lever.name}={value}")
    found = load(base, tuple(sets)) if sets else base
    texts = [f"{name}:{','.join(parts)}" if parts else name for name, parts in specs.items()]
    return with_policies(found, JOIN.join(texts)) if texts else found


def search(
    base: Scenario,
    levers: Sequence[str],
    goals: Sequence[str],
    out: str | Path,
    *,
    trials: int = 100,
    runs: int = 100,
    seed: int = 1,
    population: int = 20,
    threads: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Found:
    """Search for settings of levers that no other dominates; goes on with an earlier search in the folder.

    Args:
        base: the scenario on which levers are set.
        levers: "NAME=LOW..HIGH" or "NAME=a|b".
        goals: "METRIC:more" or "METRIC:less".
        out: folder of the search: journal, report, tables, figure.
        trials: in all, those of an earlier search in the folder counted.
        runs: of every trial, the same luck for all.
        seed: of the luck and of the search.
        population: trials of one generation.
        progress: called with the number of trials that are done anew.

    Raises:
        UserError: for what cannot be used, and for a folder that holds another search.
    """
    from sim.ensemble import check_count

    check_count("trials", trials, 1, MOST_TRIALS)
    check_count("population", population, 2, MOST_TRIALS)
    check_count("runs", runs, 2, 10**9)
    check_count("seed", seed, 0, 2**63 - 1)
    handles = [read_lever(text) for text in levers]
    wanted = [read_goal(text) for text in goals]
    for what, names in (
        ("lever", [lever.name for lever in handles]),
        ("goal", [goal.metric for goal in wanted]),
    ):
        if not names:
            raise UserError(f"name at least one --{what}")
        if len(set(names)) < len(names):
            raise UserError(f"--{what}: one stands there twice")
    _check(base, handles)
    asked = {
        "fingerprint": base.fingerprint, "levers": sorted(levers), "goals": list(goals),
        "runs": runs, "seed": seed, "population": population,
    }  # fmt: skip
    folder = Path(out)
    with _own(folder, asked):
        study = _study(folder, wanted)
        interrupted = False
        try:
            _go_on(study, base, handles, wanted, trials, runs, seed, population, threads, progress)
        except KeyboardInterrupt:
            interrupted = True
        done = _trials(study, handles, wanted)[:trials]
    if not done:
        raise UserError(f"{folder}: the search was broken off before its first trial was done")
    front = _front(done, wanted)
    again = np.array(
        [_simulated(base, handles, trial.settings, wanted, runs, seed, threads, runs)[0] for trial in front]
    )
    again = again.transpose(2, 0, 1)
    report = _report(base, handles, wanted, done, front, again, asked, interrupted)
    return Found(done, front, again, report, interrupted)


# ---------------------------------------------------------------- trials


def _check(base: Scenario, levers: Sequence[Lever]) -> None:
    """Raise UserError where an end of a lever cannot be set."""
    ends = [
        {
            lever.name: (lever.choices or (_end(lever, lever.low), _end(lever, lever.high)))[which]
            for lever in levers
        }
        for which in (0, -1)
    ]
    for lever in levers:
        for value in lever.choices or (_end(lever, lever.low), _end(lever, lever.high)):
            arm_of(base, levers, ends[0] | {lever.name: value})
    arm_of(base, levers, ends[1])


def _end(lever: Lever, value: float) -> str:
    return lever.text(int(value) if lever.whole else value)


def _go_on(study, base, levers, goals, trials, runs, seed, population, threads, progress) -> None:
    """Do the trials that are still to be done, one after the other."""
    import optuna

    from_ = [Goal(name, True) for name in origins(goal.metric for goal in goals)]
    unfinished = {t.number: t for t in study.get_trials(deepcopy=False) if not t.state.is_finished()}
    first = len(study.get_trials(deepcopy=False))
    for place in [*sorted(unfinished), *range(first, trials)]:
        if place >= trials:
            break
        own = int.from_bytes(hashlib.blake2b(f"{seed}/{place}".encode(), digest_size=4).digest(), "little")
        study.sampler = optuna.samplers.NSGAIISampler(population_size=population, seed=own)
        killed = unfinished.get(place)  # asked for, and not told
        trial = optuna.trial.Trial(study, killed._trial_id) if killed else study.ask()
        settings = {lever.name: _suggest(trial, lever) for lever in levers}
        values, never = _simulated(base, levers, settings, [*goals, *from_], runs, seed, threads, 0)
        trial.set_user_attr("never", list(never)[: len(goals)])
        trial.set_user_attr(FROM, _digest(values[:, len(goals) :]))
        study.tell(trial, [float(value) for value in values[:, : len(goals)].mean(axis=0)])
        if progress:
            progress(1)


def _digest(dates: np.ndarray) -> str:
    """Return a digest that two tables of numbers share only where all of them are alike."""
    return hashlib.blake2b(np.ascontiguousarray(dates).tobytes(), digest_size=8).hexdigest()


def _moved(done: Sequence[Trial]) -> list[str]:
    """Return a note where levers move the reveal from which a goal counts: not all trials have the same."""
    counted = {trial.counted_from for trial in done if trial.counted_from}
    return [moved("The levers move")] if len(counted) > 1 else []


def _suggest(trial, lever: Lever) -> str:
    if lever.choices:
        return trial.suggest_categorical(lever.name, list(lever.choices))
    if lever.whole:
        return str(trial.suggest_int(lever.name, int(lever.low), int(lever.high)))
    return lever.text(trial.suggest_float(lever.name, lever.low, lever.high))


def _simulated(
    base, levers, settings, goals, runs, seed, threads, first_run
) -> tuple[np.ndarray, list[float]]:
    """Return the outcomes of a setting, shape (runs, goals), and in which share of runs each never comes."""
    import sim

    scenario = arm_of(base, levers, settings)
    names = [goal.metric for goal in goals]
    result = sim.simulate(
        scenario, runs, seed, threads=threads, metrics=list(dict.fromkeys(names)), logs=0, first_run=first_run
    )
    if result.interrupted:
        raise KeyboardInterrupt
    columns, never = [], []
    for name in names:
        values = result[name]
        undefined = int(np.isnan(values).sum())
        if undefined:
            raise UserError(
                f"{name}: is not defined (nan) in {undefined} of {runs} runs with {settings}; take a metric "
                "that is"
            )
        never.append(float(np.isinf(values).mean()))
        columns.append(np.where(np.isinf(values), float(scenario.months), values))
    return np.column_stack(columns), never


def _trials(study, levers: Sequence[Lever], goals: Sequence[Goal]) -> list[Trial]:
    found = []
    for trial in study.get_trials(deepcopy=False):
        if trial.values is None:
            continue
        settings = {
            lever.name: lever.text(trial.params[lever.name]) for lever in levers if lever.name in trial.params
        }
        found.append(
            Trial(
                trial.number,
                settings,
                tuple(trial.values),
                tuple(trial.user_attrs.get("never", ())),
                trial.user_attrs.get(FROM, ""),
            )  # fmt: skip
        )
    return sorted(found, key=lambda trial: trial.number)


def _front(trials: Sequence[Trial], goals: Sequence[Goal]) -> list[Trial]:
    """Return the trials that no other dominates by their means; each setting once."""
    signs = np.array([1.0 if goal.more else -1.0 for goal in goals])
    values = np.array([trial.means for trial in trials]) * signs
    kept: dict[tuple, Trial] = {}
    for trial, own in zip(trials, values, strict=True):
        if not any(dominates(other, own) for other in values):
            kept.setdefault(tuple(sorted(trial.settings.items())), trial)
    return list(kept.values())


# ---------------------------------------------------------------- the folder


@contextmanager
def _own(folder: Path, asked: dict[str, Any]) -> Iterator[None]:
    """Hold a folder for one search; raise UserError for another search, and where one is under way."""
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / ASKED
        if path.exists():
            earlier = json.loads(path.read_text(encoding="utf-8"))
            changed = [key for key, value in asked.items() if earlier.get(key) != value]
            if changed:
                shown = "; ".join(f"{key} was {earlier.get(key)}, is {asked[key]}" for key in changed)
                raise UserError(
                    f"{folder}: holds another search ({shown}); choose another --out, or give the same"
                )
        elif any(folder.iterdir()):
            raise UserError(f"{folder}: is not empty and holds no search of ours; choose another --out")
        lock = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR)
    try:
        if not _locked(lock):
            raise UserError(
                f"{folder}: another process is searching in it; wait for it, or choose another --out"
            )
        if not path.exists():
            text = json.dumps(asked | {"made_by": MADE_BY}, indent=1, ensure_ascii=False)
            unfinished = path.with_suffix(".unfinished")
            unfinished.write_text(text + "\n", encoding="utf-8")
            unfinished.replace(path)
        yield
    finally:
        os.close(lock)


def _locked(lock: int) -> bool:
    """Take a lock that ends with this process, however it ends; False where another one has it."""
    try:
        import fcntl
    except ImportError:  # where there is none, two searches in one folder are up to the user
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _study(folder: Path, goals: Sequence[Goal]):
    """Return the study whose journal lies in the folder, without what a killed process left half written."""
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    path = folder / JOURNAL
    if path.exists():
        content = path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) < len(content):
            path.write_bytes(whole)
        for stale in folder.glob(f"{JOURNAL}.lock*"):  # this process alone holds the folder
            stale.unlink(missing_ok=True)
    with explained(folder):
        storage = JournalStorage(JournalFileBackend(str(path), lock_obj=JournalFileOpenLock(str(path))))
    return optuna.create_study(
        study_name="search",
        storage=storage,
        directions=["maximize" if goal.more else "minimize" for goal in goals],
        load_if_exists=True,
    )


# ---------------------------------------------------------------- what is said


def _report(base, levers, goals, done, front, again, asked, interrupted) -> Report:
    signs = [1.0 if goal.more else -1.0 for goal in goals]
    order = sorted(range(len(front)), key=lambda place: signs[0] * -float(again[0, place].mean()))
    tables = [table[order] for table in again]
    trials = [front[place] for place in order]
    found = standings([sign * table for sign, table in zip(signs, tables, strict=True)])
    labels = [settings_in_words(trial.settings) for trial in trials]
    rows = _rows(trials, goals, tables, labels, found)
    unit = _units(base, goals)
    findings = [
        Finding("front", _sentences(done, goals, again.shape[2], labels, rows, found),
                rows, _panels(done, goals, labels, rows, found, unit, asked["runs"])),
        Finding("trials", [], _all_trials(done, goals), []),
    ]  # fmt: skip
    below = [*_moved(done), *_censored(base, done, goals)]
    notes = ["The search was broken off; the same command goes on with it."] if interrupted else []
    sources = [*SOURCES, *([FRONT_SOURCE] if len(goals) > 1 else [])]
    each = f"{len(done)} trials of {asked['runs']} runs each"
    rest = f"{base.name}: {each}, all in the same luck, seed {asked['seed']}"
    title = f"Settings of levers {'on the Pareto front' if len(goals) > 1 else 'that are best'}"
    return Report(title, rest, findings, [*below, *notes], sources, asked, below)


def _rows(trials, goals, tables, labels, found) -> list[dict[str, Any]]:
    """Return the table of the front in new runs."""
    rows = []
    for trial, row in zip(trials, front_rows(labels, goals, tables, found), strict=True):
        for place, goal in enumerate(goals):
            row |= {
                f"{goal.metric} in the search": trial.means[place],
                f"{goal.metric} never": trial.never[place],
            }
        rows.append({"trial": trial.number, **trial.settings, **row})
    return rows


def _all_trials(done, goals) -> list[dict[str, Any]]:
    return [
        {"trial": trial.number, **trial.settings}
        | {goal.metric: mean for goal, mean in zip(goals, trial.means, strict=True)}
        | {f"{goal.metric} never": share for goal, share in zip(goals, trial.never, strict=True)}
        for trial in done
    ]


def _sentences(done, goals, runs: int, labels, rows, found) -> list[str]:
    kept = [place for place, one in enumerate(found) if one.front or len(goals) == 1]
    said = [
        f"- {labels[place]}: "
        + "; ".join(
            f"{goal.metric} {with_interval(rows[place][goal.metric], interval_of(rows[place], goal))}"
            for goal in goals
        )
        + "."
        for place in kept[:MOST_SHOWN]
    ]
    if len(kept) > MOST_SHOWN:
        said.append(f"And {len(kept) - MOST_SHOWN} more, in the table.")
    words = ", ".join(goal.words for goal in goals)
    measured = f"simulated again in {runs} new runs (mean with 90 % interval)"
    if len(goals) == 1:
        return [f"Best of {len(done)} trials for {words}, {measured}:", *said]
    return [
        f"Pareto front of {words} (no other trial is {WORDS}): {len(labels)} of {len(done)} trials. Of "
        f"these, {measured}, {len(kept)} still stand on the front among themselves:",
        *said, *luck_in_words(labels, found),
    ]  # fmt: skip


def _panels(done, goals, labels, rows, found, unit, runs: int) -> list[Panel]:
    """Return the figure: the front of two goals; of one, the best value found against trials."""
    count = f"n = {runs:,}"
    if len(goals) > 1:
        some = slice(MOST_SHOWN)
        return [
            front_panel(
                "The front of the search, in new runs", labels[some], goals[:2], rows[some], found[some],
                unit, "the mean of the new runs", count,
            )
        ]  # fmt: skip
    goal, best = goals[0], rows[0]
    pick = np.maximum.accumulate if goal.more else np.minimum.accumulate
    path = Series("best mean so far, in the runs of the search", [], [], [], [])
    for place, value in enumerate(pick([trial.means[0] for trial in done]), 1):
        path.add(place, float(value), float(value), float(value))
    new, interval = Series(f"{labels[0]}, in new runs", [], [], [], []), interval_of(best, goal)
    new.add(len(done), best[goal.metric], interval.low, interval.high)
    return [
        Panel(
            "curves", f"What the search found for {goal.words}", "trials done",
            axis_of(goal, unit, f"n = {runs:,}"), series=[path, new], whole=True,
            note="bar: 90 % interval of the mean of n new runs, as many as each trial had; what is best of "
            "many trials is partly so by luck, so the new runs are what to go by",
        )
    ]  # fmt: skip


def _units(base: Scenario, goals: Sequence[Goal]) -> Callable[[str], str]:
    """Return what tells the unit of a goal."""
    from sim.metrics import parse_metric
    from sim.world import compile_scenario

    compiled = compile_scenario(base)
    known = {goal.metric: parse_metric(goal.metric, compiled).unit for goal in goals}
    return known.__getitem__


def _censored(base: Scenario, done: Sequence[Trial], goals: Sequence[Goal]) -> list[str]:
    """Say which dates never come, and as what they count."""
    shares = {
        goal.metric: max((trial.never[place] for trial in done), default=0.0)
        for place, goal in enumerate(goals)
    }
    return [
        f"{name} never comes in up to {share:.0%} of the runs of a trial: they count as the end of the "
        f"simulated time, {base.months:g} months."
        for name, share in shares.items()
        if share
    ]


def settings_in_words(settings: dict[str, str]) -> str:
    """Return a setting of levers.

    >>> settings_in_words({"delay:months": "12", "policy": "weights-never"})
    'delay:months=12, policy=weights-never'
    """
    return ", ".join(f"{name}={_short(value)}" for name, value in settings.items())


def _short(value: str) -> str:
    """Return a setting as the figure shows it.

    >>> _short("0.451994"), _short("weights-never")
    ('0.452', 'weights-never')
    """
    try:
        return f"{float(value):.3g}"
    except ValueError:
        return value
