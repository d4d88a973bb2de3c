"""The page: thin components that show what a ``Desk`` knows and call what it can do."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from functools import partial
from typing import Any

import solara
from solara.alias import rv as v

from experiments.dashboard import showing
from experiments.dashboard.bench import Bench
from experiments.dashboard.desk import Desk, policies_offered
from experiments.dashboard.levers import Lever, number_paths
from experiments.dashboard.serving import SCENARIO
from experiments.dashboard.setting import MOST_RUNS
from experiments.dashboard.work import Work

BENCH = Bench()  # for all windows


@solara.component_vue("difference.vue")
def DifferenceTable(
    rows: list, focus: str, curves: dict | None, event_choose: Callable[[str], None]
):  # what it shows is in the file
    pass


@solara.component_vue("lever.vue")
def LeverInput(
    name: str, label: str, text: str, wrong: str, about: str, event_put: Callable[[str], None],
    moved: bool = False, slides: bool = False, low: float = 0.0, high: float = 1.0, step: float = 0.1,
    at: float = 0.0, removable: bool = False, event_remove: Callable[[str], None] | None = None,
):  # fmt: skip
    pass


@solara.component_vue("timeline.vue")
def RunTimeline(run: dict, latest: list, chosen: int | None, event_choose: Callable[[int], None]):
    pass


@solara.component
def Page():
    """One window."""
    news, set_news = solara.use_state(0)
    count = solara.use_memo(lambda: itertools.count(1), [])
    name = os.environ.get(SCENARIO, "gpt3")
    desk = solara.use_memo(lambda: Desk(name, BENCH, lambda: set_news(next(count))), [])
    solara.use_effect(lambda: desk.close, [])
    solara.Title("Diffusion Cascades")
    with solara.ColumnsResponsive([12, 12], large=[4, 8], gutters_dense=True):
        with solara.Column(gap="0px"):
            Choices(desk, news)
        with solara.Column(gap="0px"):
            Outcome(desk, news)
            if desk.scenario is not None:
                OneRunCard(desk, news)


@solara.component
def Choices(desk: Desk, news: int):
    """What is chosen: scenario, policies, numbers, runs."""
    with solara.Card("World", margin=1, elevation=1):
        solara.Select("Scenario", desk.choices, desk.setting.scenario, desk.open, dense=True)
        Complaint(desk.wrong.get("scenario"))
        if desk.scenario is not None:
            solara.Text(desk.scenario.file.scenario.title)
    if desk.scenario is None:
        return
    offered = policies_offered()
    with solara.Card("Policies", margin=1, elevation=1):
        v.Autocomplete(
            label="Add a policy", v_model=None, clearable=True, class_="add-policy",
            items=[_item(f"{name}: {title}", name) for name, title in offered.items()
                   if name not in desk.setting.policies],
            on_v_model=lambda chosen: desk.add_policy(chosen) if chosen else None,
        ).key(f"policies {desk.setting.policies}")  # fmt: skip
        for name in desk.setting.policies:
            with solara.Row(justify="space-between", style={"align-items": "center"}):
                solara.Text(offered.get(name, name), style={"font-weight": "bold"})
                solara.Button("remove", text=True, on_click=partial(desk.remove_policy, name))
            Complaint(desk.wrong.get(name))
            controls(desk, name)
    with solara.Card("Numbers", margin=1, elevation=1):
        controls(desk, "", desk.remove_number)
        v.Autocomplete(
            label="Show another number", v_model=None, clearable=True, class_="add-number",
            items=[path for path in number_paths(desk.scenario) if path not in desk.setting.numbers],
            on_v_model=lambda chosen: desk.add_number(chosen) if chosen else None,
        ).key(f"numbers {desk.setting.numbers}")  # fmt: skip
        solara.Checkbox(
            label="numbers hold in the baseline too",
            value=desk.setting.everywhere,
            on_value=desk.set_everywhere,
        )
    with solara.Card("Runs", margin=1, elevation=1):
        for name, about in (("runs", f"pairs of runs, at most {MOST_RUNS:,}"), ("seed", "of all luck")):
            LeverInput(
                name=name,
                label=name,
                text=str(getattr(desk.setting, name)),
                wrong=desk.wrong.get(name, ""),
                about=about,
                event_put=partial(desk.set_count, name),
            )


def controls(desk: Desk, group: str, remove: Callable[[str], None] | None = None) -> None:
    """Lay out the levers of a policy, or ("") those of the numbers; ``remove`` puts one of them away."""
    for lever in desk.levers[group]:
        given, wrong = desk.setting.given.get(lever.name), desk.wrong.get(lever.name, "")
        Control(lever, given, wrong, desk.put, remove).key(f"{desk.setting.scenario} {lever.name}")


@solara.component
def Control(
    lever: Lever, given: str | None, wrong: str, put: Callable[[Lever, str], None],
    remove: Callable[[str], None] | None = None,
):  # fmt: skip
    """A lever: what stands there as text, a slider where it has one, and beside it why it cannot be.

    ``given``: what it was put at; None where it stands as ever.
    """
    moved = given is not None
    text = lever.default if given is None else given
    more: dict[str, Any] = {"removable": True, "event_remove": remove} if remove else {}
    if lever.slides:
        more |= {"low": lever.low, "high": lever.high, "step": lever.step}
    LeverInput(
        name=lever.name,
        label=f"{lever.title} ({lever.unit})" if lever.unit else lever.title,
        text=text,
        wrong=wrong,
        about="; ".join(filter(None, [lever.meaning, lever.hint, f"here {lever.default}" if moved else ""])),
        moved=moved,
        slides=lever.slides,
        at=lever.on_slider(text) if lever.slides else 0.0,
        event_put=lambda written: put(lever, written),
        **more,
    )


@solara.component
def Outcome(desk: Desk, news: int):
    """The paired differences, how far the work is, and the files that can be taken away."""
    with solara.Card("What changes", margin=1, elevation=1):
        UnderWay(desk.work, news, "what is shown is from before")
        Complaint(desk.wrong.get(""))
        if desk.wrong and desk.comparison is not None:
            Complaint("A lever cannot stand where it was put; what is shown is from before.")
        if desk.comparison is None:
            return
        setting, comparison = desk.compared, desk.comparison
        assert setting is not None
        (label,) = comparison.results
        with solara.Div(classes=["outcome"], style={"opacity": "0.45" if desk.stale else "1"}):
            solara.Text(
                f"{label} against the baseline: {comparison.runs:,} pairs of runs in the same luck, seed "
                f"{setting.seed}. In this model, with these inputs."
            )
            if not setting.spec and not setting.moved():
                Remark("Nothing is moved yet: add a policy, or move a number.")
            elif comparison.changes_nothing(label):
                Remark("Changes nothing: every outcome is the same in every run.")
            for note in comparison.notes:
                Remark(note)
            DifferenceTable(
                rows=showing.difference_rows(comparison),
                focus=desk.focus,
                curves=showing.curves(comparison, desk.focus),
                event_choose=desk.focus_on,
            )
        with solara.Row(classes=["files"], style={"flex-wrap": "wrap"}):
            if not desk.wrong:
                solara.FileDownload(desk.scenario_file, "explored.toml", label="Save the world (TOML)")
            solara.FileDownload(desk.figure, "explored.png", label="Save the figure (PNG)")


@solara.component
def OneRunCard(desk: Desk, news: int):
    """One run, month by month, and why."""
    with solara.Card("One run, month by month", margin=1, elevation=1):
        run = desk.run
        with solara.Row(style={"flex-wrap": "wrap", "align-items": "center"}):
            going = desk.stepping.progress is not None
            for label, months in (("1 month", 1), ("1 year", 12), ("to the end", 10_000)):
                solara.Button(
                    label, on_click=partial(desk.step, months), outlined=True,
                    disabled=bool(desk.wrong) or going or (run is not None and run.month >= run.months),
                )  # fmt: skip
            solara.Button("from the start", on_click=desk.restart, text=True, disabled=going or run is None)
            if run is not None:
                solara.Text(f"{run.date}, month {run.month} of {run.months}", classes=["run-date"])
        with solara.Row(style={"flex-wrap": "wrap", "align-items": "center"}):
            LeverInput(
                name="run", label="run number", text=str(desk.run_number), wrong=desk.wrong.get("run", ""),
                about="", event_put=desk.set_run,
            )  # fmt: skip
            solara.Checkbox(
                label="of the baseline", value=desk.of_baseline,
                on_value=desk.set_of_baseline,
            )  # fmt: skip
        UnderWay(desk.stepping, news, "the run stands where it has come to")
        Complaint(desk.stepping.failure)
        if run is None:
            solara.Text("Press a button: the run begins in the first month.")
            return
        latest = [{"row": row, "when": when, "text": text} for row, when, text in run.latest]
        RunTimeline(run=showing.lanes(run), latest=latest, chosen=desk.chosen, event_choose=desk.ask_why)
        if desk.chosen is not None:
            v.Html(tag="pre", children=[desk.why], class_="why", style_=_WHY)
            with solara.Row():
                solara.Button("deeper", on_click=desk.dig_deeper, text=True)
                solara.Button("close", on_click=lambda: desk.ask_why(None), text=True)
        else:
            solara.Text("Click an event to see why it happened.")


_WHY = (
    "white-space: pre; font-size: 11px; background: #f7f7f7; padding: 8px; max-height: 420px; overflow: auto"
)


@solara.component
def UnderWay(work: Work, news: int, left: str):
    """How far a piece of work is, with the button that calls it off; ``left``: what there is after that."""
    progress = work.progress
    if progress is not None:
        with solara.Row(classes=["under-way"], style={"align-items": "center"}):
            counted = f": {progress.done:,} of {progress.total:,} {progress.unit}" if progress.total else ""
            solara.Text(f"{progress.what}{counted}")
            solara.Button("Cancel", on_click=work.cancel, outlined=True, classes=["cancel"])
        solara.ProgressLinear(100 * progress.share if progress.total else True)
    elif work.cancelled:
        solara.Text(f"Cancelled; {left}.", classes=["cancelled"])


@solara.component
def Complaint(text: str | None):
    """What cannot be, beside the control that it is about; nothing where all is well."""
    if text:
        v.Html(
            tag="div",
            children=[text],
            class_="complaint",
            style_=_BESIDE.format("#D55E00"),
            attributes={"role": "alert"},
        )


@solara.component
def Remark(text: str):
    """What a reader must know of what is shown."""
    v.Html(tag="div", children=[text], class_="remark", style_=_BESIDE.format("#0072B2"))


_BESIDE = (
    "border-left: 4px solid {}; padding: 2px 8px; margin: 4px 0; font-size: 13px; overflow-wrap: anywhere"
)


def _item(text: str, value: str) -> dict[str, Any]:
    """Return an entry of a list, for either version of Vuetify."""
    return {"title": text, "text": text, "value": value}
