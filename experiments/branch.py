"""One history and its futures: a run up to a date, and what follows from there under policies."""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from experiments.replay import Replay, origin_of
from experiments.table import laid_out
from sim.errors import UserError, not_found
from sim.policy import BASES, with_policies
from sim.schema import months_of_date
from sim.world import compile_scenario

if TYPE_CHECKING:
    import pandas as pd

    from sim.result import Result
    from sim.world import Compiled

BASE = "as it was"
HALF_LANE = 0.32
WIDTH = 9.0  # inches


@dataclass(frozen=True)
class Future:
    """What follows from the shared past in one arm. ``log``: the whole run, its past included."""

    label: str
    log: np.ndarray
    trained: np.ndarray  # (actors, classes): months since the start; inf: not within the horizon


@dataclass(frozen=True)
class Branching:
    """One run that is the same in all arms up to a time, and its futures, the unchanged one first.

    ``time``: months since the start. ``shared``: rows of the log that all futures have in common,
    which are at least those before ``time``.
    """

    compiled: Compiled
    seed: int
    run: int
    at: str
    time: float
    futures: list[Future]
    shared: int

    @property
    def past(self) -> int:
        """Rows of the log before the time at which the futures part."""
        return int((self.futures[0].log["time"] < self.time).sum())

    @property
    def table(self) -> pd.DataFrame:
        """One row per actor and class that any future reaches: the date in each, in months."""
        import pandas as pd

        rows = []
        for klass, class_name in enumerate(self.compiled.classes):
            for actor, name in enumerate(self.compiled.actors):
                times = [future.trained[actor, klass] for future in self.futures]
                if 0.0 < min(times) < math.inf:
                    dates = dict(zip((future.label for future in self.futures), times, strict=True))
                    rows.append({"class": class_name, "actor": name, **dates})
        return pd.DataFrame(rows, columns=["class", "actor", *(f.label for f in self.futures)])

    def text(self, klass: str | None = None) -> str:
        """Return the history and its futures in words, for one class (the one in question)."""
        compiled = self.compiled
        scenario = compiled.scenario
        klass = klass or scenario.follow_class
        if klass not in compiled.classes:
            raise UserError(not_found("class", klass, compiled.classes))
        table = self.table[self.table["class"] == klass]
        base = self.futures[0]
        past = table[table[BASE] < self.time].sort_values(BASE)
        later = table[table[BASE] >= self.time].sort_values([BASE, "actor"])
        lines = [
            f"Run {self.run} of {scenario.name} (seed {self.seed}), one history until {self.at}, and "
            f"{len(self.futures)} futures of it (in this model, with these inputs, in this run's luck).",
            f"The past is shared bit for bit: {self.past} events.",
            "",
            f"{klass} before {self.at}: "
            + (", ".join(f"{r.actor} {scenario.date(r[BASE])}" for _, r in past.iterrows()) or "nobody"),
            "",
        ]
        labels = [future.label for future in self.futures]
        rows = [("actor", *labels)]
        for _, row in later.iterrows():
            rows.append((row["actor"], *(self._cell(row[label], row[BASE]) for label in labels)))
        lines += laid_out(rows, right=range(1, len(rows[0])))
        if not len(later):
            lines.append(f"nobody trains {klass} afterwards, in any future")
        lines.append("")
        for future in self.futures[1:]:
            place = first_difference(base.log, future.log)
            if place is None:
                lines.append(f"{future.label}: changes nothing in this run")
            else:
                when = min(log["time"][place] for log in (base.log, future.log) if place < len(log))
                lines.append(f"{future.label}: the first event that differs comes on {scenario.date(when)}")
        return "\n".join(lines)

    def _cell(self, time: float, base: float) -> str:
        if time == math.inf:
            return "never"
        date = str(self.compiled.scenario.date(time))
        return date if time == base or base == math.inf else f"{date} ({time - base:+.1f})"

    def figure(self, path: str | Path) -> Path:
        """Draw the history and its futures to a PNG file and return its path."""
        from experiments.figures import ink

        return ink.save(lambda: _compose(self), path)


def branch(source: Result | str | Path, policies: list[str], at: str, run: int | None = None) -> Branching:
    """Return a run's history until a date, and its futures under policies that begin there.

    ``source``: a result or the folder of one. ``at``: "YYYY-MM" or "YYYY-MM-DD". ``run``: its number;
    the first whose log was kept if None. Raises UserError for a date outside the horizon, policies
    that are not there or cannot begin at a date, and for the same policy twice.
    """
    origin = origin_of(source)
    compiled = origin.compiled
    scenario = compiled.scenario
    try:
        time = months_of_date(at) - scenario.start
    except ValueError as error:
        raise UserError(f"--at {at!r}: {error}") from None
    if not 0 < time < compiled.horizon:
        file = scenario.file.scenario
        raise UserError(f"--at {at}: must lie within the scenario ({file.start} to {file.end})")
    if not policies:
        raise UserError("no policy is given; name at least one, such as --policy weights-never")
    if len(set(policies)) < len(policies):
        raise UserError("the same policy is given twice")
    number = origin.chosen(run)
    replay = origin.replay(number)
    futures = [_future(BASE, replay)]
    for spec in policies:
        arm = compile_scenario(with_policies(scenario, spec, since=at))
        label = "control" if spec.strip() in BASES else spec
        futures.append(_future(label, Replay(arm, origin.seed, number, origin.draw)))
    first = [first_difference(futures[0].log, future.log) for future in futures[1:]]
    shared = min([len(futures[0].log), *(place for place in first if place is not None)])
    found = Branching(compiled, origin.seed, number, at, time, futures, shared)
    if shared < found.past:  # the promise of this command; a policy that acts earlier breaks it
        raise RuntimeError(f"the past is not shared: {shared} of {found.past} events")
    return found


def first_difference(log: np.ndarray, other: np.ndarray) -> int | None:
    """Return the first row in which two logs differ; None if they are the same."""
    common = min(len(log), len(other))
    differs = np.zeros(common, bool)
    for field in log.dtype.names or ():
        a, b = log[field][:common], other[field][:common]
        differs |= (a != b) & ~((a != a) & (b != b))
    if differs.any():
        return int(np.argmax(differs))
    return None if len(log) == len(other) else common


def _future(label: str, replay: Replay) -> Future:
    compiled = replay.compiled
    trained = np.full((len(compiled.actors), len(compiled.classes)), math.inf)
    for event in replay.log[replay.log["reached"] >= 0]:
        row = trained[event["actor"], : event["reached"] + 1]
        np.minimum(row, event["time"], out=row)
    return Future(label, replay.log, trained)


def _compose(branching: Branching):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    from experiments.figures import ink

    compiled, scenario = branching.compiled, branching.compiled.scenario
    klass = compiled.classes.index(scenario.follow_class)
    colours = (ink.GREY, ink.BLUE, ink.VERMILLION, ink.GREEN, ink.PURPLE, ink.ORANGE, ink.SKY)
    times = np.array([future.trained[:, klass] for future in branching.futures])
    shown = [a for a in range(times.shape[1]) if 0.0 < times[:, a].min() < math.inf]
    shown.sort(key=lambda a: (times[0, a], times[:, a].min(), compiled.actors[a]))
    lanes = 0.2 * max(3, len(shown))
    figure = Figure(figsize=(WIDTH, lanes + 3.4))
    FigureCanvasAgg(figure)
    upper, lower = figure.subplots(
        2, 1, sharex=True, gridspec_kw={"height_ratios": [lanes, 1.5], "hspace": 0.08}
    )
    horizon = compiled.horizon
    for axes in (upper, lower):
        axes.axvspan(0, branching.time, color=ink.BAND, zorder=0)
        axes.axvline(branching.time, color=ink.BLACK, linewidth=0.8, linestyle=":")
    many = len(branching.futures)
    for lane, actor in enumerate(shown):
        past = times[0, actor] < branching.time
        for place, future in enumerate(branching.futures[: 1 if past else None]):
            time = future.trained[actor, klass]
            if time < math.inf:
                shift = 0.0 if past else HALF_LANE * (2 * place / max(1, many - 1) - 1)
                colour = ink.BLACK if past else colours[place % len(colours)]
                upper.plot(time, lane + shift, "o", color=colour, markersize=3.6, zorder=3)
    ink.draw_lanes(upper, [ink.shorten(compiled.actors[a]) for a in shown], 7.0)
    for place, future in enumerate(branching.futures):
        dates = np.sort(future.trained[:, klass])
        dates = dates[dates < math.inf]
        first = branching.time if place else 0.0  # the past is drawn once
        later = dates[dates > first]
        counts = len(dates) - len(later) + np.arange(len(later) + 1)
        steps = np.concatenate([[first], later, [horizon]])
        counts = np.append(counts, len(dates))
        lower.step(
            steps,
            counts,
            where="post",
            color=colours[place % len(colours)],
            linewidth=1.4 - 0.1 * place,
            label=future.label,
            zorder=10 - place if place else 2,
        )
    lower.set_ylabel("actors that\nhave trained it")
    lower.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
    lower.legend(loc="upper left", frameon=False, fontsize=7)
    lower.set_xlim(0, horizon)
    ink.draw_calendar(upper, scenario.start, compiled.horizon, False)
    ink.draw_calendar(lower, scenario.start, compiled.horizon, True)
    upper.set_title(
        f"One history until {branching.at}, and {many} futures: who trains {scenario.follow_class}",
        loc="left",
        fontsize=9,
    )
    caption = (
        f"{scenario.name}, seed {branching.seed}, run {branching.run}. Shaded: the past that all futures "
        f"share, bit for bit ({branching.past} events). Black: trained before; colours: trained later, by "
        "future. In this model, with these inputs, in the luck of this one run."
    )
    figure.text(0.02, 0.01, textwrap.fill(caption, 150), fontsize=6.5, color=ink.GREY)
    figure.subplots_adjust(left=0.17, right=0.97, top=1 - 0.35 / (lanes + 3.4), bottom=0.75 / (lanes + 3.4))
    return figure
