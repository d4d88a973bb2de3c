"""How actors come to stand on their own feet: queries after MEDAL-ADR (agents that learn from an expert).

Memory, absence of the expert and attention act in the engine (``kinds.retention_months``,
``actors.available``, ``actors.silent_from``, ``absorption.practice``, ``kinds.unaware``). Here the log is
read for the phases that an actor goes through, and an expert is made to fall silent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.errors import UserError, not_found
from sim.words import Event, Mechanism

if TYPE_CHECKING:
    import pandas as pd

    from sim.result import Result
    from sim.scenario import Scenario

PHASES = ("none", "follow", "assisted", "solo")


def life_cycle(result: Result) -> pd.DataFrame:
    """Return when each builder entered each phase, for every class and every run whose log was kept.

    follow: it knows that the class exists, or uses another's model. assisted: it works on a model of its own
    with what others lent it. solo: it has trained the class, or a higher one, and needs nobody for it.
    Months; inf: not within the horizon. A phase may be left out.
    """
    import pandas as pd

    compiled = result.compiled
    builders = compiled.facts["builders"]
    rows = []
    for run, log in result.logs.items():
        entered = _phases(log, len(compiled.actors), len(compiled.classes))
        for actor in builders:
            for klass, name in enumerate(compiled.classes):
                rows.append((run, compiled.actors[actor], name, *entered[:, actor, klass]))
    return pd.DataFrame(rows, columns=["run", "actor", "class", *PHASES[1:]])


def phase_counts(cycle: pd.DataFrame, model_class: str, months) -> pd.DataFrame:
    """Return how many actors are in each phase at given months, on average over the runs."""
    import pandas as pd

    cycle = cycle[cycle["class"] == model_class]
    runs = max(1, cycle["run"].nunique())
    rows = []
    for month in months:
        place = np.zeros(len(cycle), int)
        for order, phase in enumerate(PHASES[1:], 1):
            place = np.where(cycle[phase] <= month, order, place)
        rows.append(np.bincount(place, minlength=len(PHASES)) / runs)
    return pd.DataFrame(rows, columns=list(PHASES), index=pd.Index(months, name="month"))


def _phases(log: np.ndarray, actors: int, classes: int) -> np.ndarray:
    """Return the months at which follow, assisted and solo begin, shape (3, actors, classes)."""
    entered = np.full((3, actors, classes), np.inf)
    helped = np.zeros(actors, bool)
    works_on = np.full(actors, -1)

    def enter(phase: int, actor: int, klass: int, time: float) -> None:
        entered[phase, actor, klass] = min(entered[phase, actor, klass], time)

    helps = (log["what"] == Event.LEARNED) & (log["amount"] > 0.0) & (log["source"] != log["actor"])
    steps = (Event.AWARE, Event.ACCESSED, Event.STARTED, Event.TRAINED, Event.UNDERTRAINED, Event.STOPPED)
    for row in log[helps | np.isin(log["what"], steps) | (log["reached"] >= 0)]:
        what, actor, time = row["what"], row["actor"], float(row["time"])
        if what in (Event.AWARE, Event.ACCESSED):
            for lower in range(row["klass"] + 1):
                enter(0, actor, lower, time)
        elif what == Event.LEARNED:
            helped[actor] = True
            if works_on[actor] >= 0:
                enter(1, actor, works_on[actor], time)
        elif what == Event.STARTED:
            works_on[actor] = row["klass"]
            if helped[actor]:
                enter(1, actor, row["klass"], time)
        elif what in (Event.TRAINED, Event.UNDERTRAINED, Event.STOPPED) and row["project"] >= 0:
            works_on[actor] = -1
        if row["reached"] >= 0:
            for lower in range(row["reached"] + 1):
                enter(2, actor, lower, time)
    for phase in (1, 0):  # who stands on its own feet follows nobody
        later = entered[phase] >= entered[2]
        entered[phase][later] = np.inf
    return entered


@dataclass(frozen=True)
class Kept:
    """What followers keep when an expert falls silent.

    ``runs``: per run, how many followers had trained the class by the horizon with the expert and without
    it from the date on. ``index``: the second in total as a share of the first; ``interval``: 90 %, from
    resampled runs (nan where no follower ever gets there).
    """

    runs: pd.DataFrame
    index: float
    interval: tuple[float, float]


def kept_after_silence(
    scenario: str | Scenario,
    expert: str,
    date: str,
    *,
    model_class: str | None = None,
    runs: int = 500,
    seed: int = 1,
    threads: int | None = None,
) -> Kept:
    """Let an expert fall silent on a date, in the same luck, and say what its followers keep.

    Args:
        scenario: name, path or Scenario.
        expert: the actor from whom nobody gets anything from ``date`` ("2020-06") on.
        model_class: the capability in question; the class that the scenario follows if None.

    Raises:
        UserError: for an actor, a class or a date that does not exist.
    """
    import pandas as pd

    from sim.ensemble import simulate
    from sim.paths import join_path
    from sim.scenario import load

    base = load(scenario)
    if expert not in base.file.actors:
        raise UserError(not_found("actor", expert, base.file.actors))
    name = model_class or base.follow_class
    if name not in base.file.classes:
        raise UserError(not_found("class", name, base.file.classes))
    silent = load(base, (f"{join_path(['actors', expert, 'silent_from'])}={date}",))
    counts = []
    for arm in (base, silent):
        followers = [
            f"t_done[{actor},{name}]"
            for actor, row in arm.file.actors.items()
            if arm.file.kinds[row.kind].develops and actor != expert
        ]
        result = simulate(arm, runs=runs, seed=seed, threads=threads, metrics=followers, logs=0)
        counts.append(np.isfinite(result.values).sum(axis=1))
        numbers = result.run_numbers
    table = pd.DataFrame({"with_expert": counts[0], "silent": counts[1]}, index=pd.Index(numbers, name="run"))
    index, interval = ratio_of_sums(table["silent"].to_numpy(), table["with_expert"].to_numpy(), seed)
    return Kept(table, index, interval)


def ratio_of_sums(part: np.ndarray, whole: np.ndarray, seed: int = 1, resamples: int = 1000):
    """Return sum(part) / sum(whole) over runs, and its 90 % interval from resampled runs."""
    if not whole.sum():
        return np.nan, (np.nan, np.nan)
    picks = np.random.default_rng(seed).integers(0, len(whole), (resamples, len(whole)))
    below = whole[picks].sum(axis=1)
    ratios = part[picks].sum(axis=1)[below > 0] / below[below > 0]
    return float(part.sum() / whole.sum()), tuple(map(float, np.quantile(ratios, (0.05, 0.95))))


def left_without(result: Result, provider: str) -> pd.DataFrame:
    """Return how many can use the class in question at the horizon, and how many without one provider.

    One row per run whose log was kept. Without it remain those who have trained the class or run weights of
    it; who only uses it at the provider's arm's length is lost.
    """
    import pandas as pd

    compiled = result.compiled
    if provider not in compiled.actors:
        raise UserError(not_found("actor", provider, compiled.actors))
    owner = compiled.actors.index(provider)
    klass = compiled.classes.index(result.scenario.follow_class)
    rows = []
    for run, log in result.logs.items():
        have = set(log["actor"][log["reached"] >= klass]) - {owner}
        access = log[(log["what"] == Event.ACCESSED) & (log["klass"] >= klass)]
        distant = access["mechanism"] == Mechanism.STRUCTURED_ACCESS
        have |= set(access["actor"][~distant | (access["source"] != owner)])
        users = have | set(access["actor"][distant])
        rows.append((run, len(users), len(have)))
    return pd.DataFrame(rows, columns=["run", "users", "without"]).set_index("run")
