"""One run, month by month, and why what happened in it did."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from experiments.replay import Replay
from experiments.why import DEPTH, Reader, lines_of
from sim.live import LiveRun
from sim.scenario import Scenario
from sim.words import Event
from sim.world import compile_scenario

# What is drawn of a run -> the sign that stands for it on the lane of who did it.
SIGNS = {
    Event.DECIDED: "decided",
    Event.GRANTED: "granted",
    Event.STARTED: "started",
    Event.FAILED: "failed",
    Event.TRAINED: "trained",
    Event.UNDERTRAINED: "trained",
    Event.STOPPED: "stopped",
    Event.ANNOUNCED: "announced",
    Event.RELEASED: "released",
    Event.DISCOVERED: "discovered",
    Event.LEAKED: "leaked",
    Event.STOLEN: "leaked",
}
MOST_LISTED = 60  # events of the latest month that are put into words


@dataclass(frozen=True)
class Happening:
    """One row of the log as it is drawn: who, when, what, and of which project (-1: of none)."""

    row: int
    month: float
    actor: str
    sign: str
    project: int


class OneRun:
    """A run of a scenario that has come up to a month. It is the run of this number of ``cascades run``.

    ``month``: up to which it has come. ``latest``: what happened in the latest month: row, date, and in
    words; what is drawn comes first. Both stay as they are while months pass, and are new after that.
    """

    def __init__(self, scenario: Scenario, seed: int, run: int):
        self.live = LiveRun(compile_scenario(scenario), seed, run)
        self._passing = threading.Lock()
        self._log, self.month = self.live.log, self.live.month
        self.latest: list[tuple[int, str, str]] = []

    @property
    def months(self) -> int:
        """How many months there are."""
        return int(self.live.compiled.horizon)

    @property
    def date(self) -> str:
        """The day up to which the run has come."""
        return str(self.live.compiled.scenario.date(self.month))

    def advance(self, months: int = 1, look: Callable[[int, int], None] = lambda done, of: None) -> None:
        """Let months pass; at the end nothing happens any more.

        ``look`` is told how many of how many have passed; what it raises stops the run where it has come to.
        """
        with self._passing:
            begin, until = self.month, min(self.month + months, self.months)
            try:
                while self.live.month < until:
                    look(self.live.month - begin, until - begin)
                    self.live.advance()
            finally:
                self._log, self.month = self.live.log, self.live.month  # copies: nobody meets half a month
                self.latest = self._told()

    def again(self) -> OneRun:
        """Return the same run at its first month."""
        return OneRun(self.live.compiled.scenario, self.live.seed, self.live.run)

    @property
    def happenings(self) -> list[Happening]:
        """What can be drawn of what has happened so far, in order."""
        log, names = self._log, self.live.compiled.actors
        rows = np.flatnonzero(np.isin(log["what"], list(SIGNS)) & (log["actor"] >= 0))
        return [
            Happening(
                int(row), float(log["time"][row]), names[log["actor"][row]],
                SIGNS[Event(int(log["what"][row]))], int(log["project"][row]),
            )
            for row in rows
        ]  # fmt: skip

    def _told(self) -> list[tuple[int, str, str]]:
        """Return what happened in the latest month."""
        log = self._log
        rows = np.flatnonzero((log["time"] > self.month - 1) & (log["what"] != Event.SCENARIO))
        if self.month == 0:
            return []
        drawn = np.isin(log["what"][rows], list(SIGNS))
        chosen = [*rows[drawn], *rows[~drawn]][:MOST_LISTED]
        return [
            (int(row), self._reader.when(float(log["time"][row])), self._reader.in_words(int(row)))
            for row in chosen
        ]

    def why(self, row: int, depth: int) -> str:
        """Return why a row of the log came to be, in words, ``depth`` levels of causes deep."""
        told = "\n".join(lines_of(self._reader.tree(row, ""), depth))
        return told.replace(f"(--depth {depth + DEPTH} shows more)", "(go deeper)")

    @cached_property
    def _reader(self) -> Reader:
        """Reads the whole run; what has happened so far is the beginning of it, row by row."""
        return Reader(Replay(self.live.compiled, self.live.seed, self.live.run, draw=True))
