"""All that one window knows and can do, without a browser: the page calls it, and shows what is here."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from experiments.comparison import Comparison
from experiments.dashboard import saving
from experiments.dashboard.bench import Bench
from experiments.dashboard.levers import FIRST_NUMBERS, Lever, number_paths
from experiments.dashboard.setting import Setting, arms_of, blamed, levers_of, opened, problems
from experiments.dashboard.stepping import OneRun
from experiments.dashboard.work import Job, Work
from experiments.why import DEPTH
from sim.ensemble import MOST_RUNS, check_count
from sim.errors import UserError
from sim.policy import heading_of, policy_names
from sim.scenario import Scenario, names

FOCUS = "lag_3"  # metric shown first
LAYING_OUT = "Laying out the run"


class Desk:
    """One window: what is chosen, what came out, and one run that is looked at.

    ``changed`` is called, from any thread, when there is something new to show. ``scenario``: None where it
    cannot be opened. ``wrong``: what is said beside which control. ``comparison``: the latest completed;
    ``compared``: the setting that it belongs to. ``run``: the run that is stepped through, or None.
    """

    def __init__(self, name: str, bench: Bench, changed: Callable[[], None] = lambda: None):
        self.bench = bench
        self.changed = changed
        self.choices = [*names(), *([] if name in names() else [name])]
        self.work, self.stepping = Work(self._told), Work(lambda: self.changed())
        self.comparison: Comparison | None = None
        self.compared: Setting | None = None
        self.focus = FOCUS
        self.run: OneRun | None = None
        self.run_number, self.of_baseline = 0, False
        self.chosen: int | None = None
        self.depth = DEPTH
        self.scenario: Scenario | None = None
        self.setting = Setting(name)
        self.wrong: dict[str, str] = {}
        self.open(name)

    # --- what is chosen --------------------------------------------------------------------------

    def open(self, name: str) -> None:
        """Choose a scenario; policies and levers of the one before are put away."""
        try:
            self.scenario = opened(name)
        except UserError as error:
            self.scenario, self.wrong = None, {"scenario": str(error)}
            self.setting = Setting(name, runs=self.setting.runs, seed=self.setting.seed)
            self.work.cancel()
            return
        there = set(number_paths(self.scenario))
        numbers = tuple(path for path in FIRST_NUMBERS if path in there)
        self.comparison = None
        self.choose(Setting(name, numbers=numbers, runs=self.setting.runs, seed=self.setting.seed))

    def choose(self, setting: Setting) -> None:
        """Take a setting, say what cannot be in it, and begin to simulate it where it can."""
        assert self.scenario is not None
        self.setting = setting
        self.forget_run()
        self.wrong = problems(self.scenario, setting)
        if self.wrong:
            self.work.cancel()
            return
        scenario = self.scenario
        self.work.start(
            lambda job: self.bench.compare(scenario, setting, job),
            lambda found: self._compared(setting, found),
        )
        self.changed()

    def put(self, lever: Lever, text: str) -> None:
        """Put a lever at what is written."""
        self.choose(self.setting.put(lever, text.strip()))

    def add_policy(self, name: str) -> None:
        """Lay one more policy over the scenario."""
        if name in policy_names() and name not in self.setting.policies:
            self.choose(replace(self.setting, policies=(*self.setting.policies, name)))

    def remove_policy(self, name: str) -> None:
        self.choose(self.setting.without_policy(name))

    def add_number(self, path: str) -> None:
        """Show one more number."""
        assert self.scenario is not None
        if path in number_paths(self.scenario) and path not in self.setting.numbers:
            self.setting = replace(self.setting, numbers=(*self.setting.numbers, path))
            self.changed()

    def remove_number(self, path: str) -> None:
        self.choose(self.setting.without_number(path))

    def set_count(self, name: str, text: str) -> None:
        """Put ``runs`` or ``seed`` at what is written."""
        try:
            value: Any = int(text)
        except ValueError:
            self._complain(name, f"{text!r} is no whole number")
            return
        self.choose(replace(self.setting, **{name: value}))

    def set_everywhere(self, everywhere: bool) -> None:
        """Choose whether the numbers hold in the baseline too."""
        self.choose(replace(self.setting, everywhere=everywhere))

    def focus_on(self, metric: str) -> None:
        """Choose the metric whose distribution is drawn."""
        self.focus = metric
        self.changed()

    @property
    def levers(self) -> dict[str, list[Lever]]:
        """The controls: of each policy by its name, and under "" those of the numbers."""
        return levers_of(self.scenario, self.setting) if self.scenario else {}

    @property
    def stale(self) -> bool:
        """Whether what is shown belongs to an earlier setting."""
        return self.compared != self.setting

    # --- one run ---------------------------------------------------------------------------------

    def forget_run(self) -> None:
        self.run, self.chosen = None, None
        self.stepping.cancel()

    def set_run(self, text: str) -> None:
        """Choose the number of the run that is stepped through."""
        try:
            number = int(text)
            check_count("run", number, 0, MOST_RUNS)
        except ValueError:
            self._complain("run", f"{text!r} is no whole number")
        except UserError as error:
            self._complain("run", str(error))
        else:
            self.run_number = number
            self.wrong = {name: said for name, said in self.wrong.items() if name != "run"}
            self.forget_run()
            self.changed()

    def set_of_baseline(self, of_baseline: bool) -> None:
        """Choose in which of the two worlds the run is."""
        self.of_baseline = of_baseline
        self.forget_run()
        self.changed()

    def step(self, months: int) -> None:
        """Let months of the run pass, unless some are passing; the run begins where there is none yet."""
        scenario, setting, number, of_baseline = (
            self.scenario,
            self.setting,
            self.run_number,
            self.of_baseline,
        )
        if scenario is None or self.wrong or self.stepping.progress:
            return
        begun = self.run

        def go(job: Job) -> OneRun:
            if begun is None:
                job.tell(LAYING_OUT)
                arms = arms_of(scenario, setting)
                run = OneRun(arms.base if of_baseline else arms.arm, setting.seed, number)
            else:
                run = begun
            try:
                run.advance(months, lambda done, of: job.tell("Months pass", done, of, "months"))
            finally:
                self.changed()  # a run that is called off stands where it has come to
            return run

        self.stepping.start(go, self._stepped)
        self.changed()

    def restart(self) -> None:
        """Put the run at its first month again."""
        run = self.run
        if run is None or self.stepping.progress:
            return

        def again(job: Job) -> OneRun:
            job.tell(LAYING_OUT)
            return run.again()

        self.chosen = None
        self.stepping.start(again, self._stepped)
        self.changed()

    def ask_why(self, row: int | None) -> None:
        """Choose the event whose causes are shown."""
        self.chosen, self.depth = row, DEPTH
        self.changed()

    def dig_deeper(self) -> None:
        """Show more levels of causes."""
        self.depth += DEPTH
        self.changed()

    @property
    def why(self) -> str:
        """Why the chosen event came to be, in words; "" where none is chosen."""
        return self.run.why(self.chosen, self.depth) if self.run and self.chosen is not None else ""

    # --- files -----------------------------------------------------------------------------------

    def scenario_file(self) -> str:
        """Return the world with its policies as a file that ``cascades run`` reads."""
        assert self.scenario is not None
        return saving.scenario_file(self.scenario, self.setting)

    def figure(self) -> bytes:
        """Return the picture of the comparison as PNG."""
        assert self.comparison is not None
        return saving.figure(self.comparison)

    def close(self) -> None:
        """Call off what is under way: the window is gone."""
        self.changed = lambda: None
        for work in (self.work, self.stepping):
            work.cancel()

    def _complain(self, control: str, text: str) -> None:
        self.wrong = {**self.wrong, control: text}
        self.changed()

    def _compared(self, setting: Setting, found: Comparison) -> None:
        self.comparison, self.compared = found, setting
        if all(name != self.focus for _, name in found.found):
            self.focus = next((name for _, name in found.found), FOCUS)

    def _stepped(self, run: OneRun) -> None:
        self.run = run

    def _told(self) -> None:
        if self.work.failure and self.scenario and not self.wrong:
            self.wrong = blamed(self.scenario, self.setting, self.work.failure)
        self.changed()


@functools.lru_cache(maxsize=1)
def policies_offered() -> dict[str, str]:
    """Return the policies that come with the product: name -> title, by group."""
    headings = {name: heading_of(name) for name in policy_names()}
    ordered = sorted(headings, key=lambda name: (headings[name].get("group", ""), name))
    return {name: headings[name]["title"] for name in ordered}
