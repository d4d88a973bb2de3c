"""From a folder of results to ``report.html``: one page for every sort of folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.folder import REPORT, write_whole
from experiments.pages.frame import document, part
from experiments.pages.tree import Node, node
from experiments.reopening import reopen, sort_of_folder
from experiments.reporting import answers, sections, worlds
from experiments.reporting.played import timeline_data
from sim.errors import UserError

if TYPE_CHECKING:
    from experiments.reporting.worlds import Logged
    from sim.scenario import Scenario

FEW_CHANGES = 4  # of a policy, that are shown at once


@dataclass(frozen=True)
class Page:
    """What a report says. ``first``: title, question and answer; ``key``: the tables that follow it.

    ``answer``: sentences, under the name of each arm where there are several. ``shown``: run that is drawn at
    first. ``figures``: files of the folder, and what they show. ``keeps``: the command that keeps logs; ""
    where a folder has none. ``judges``: whether the evidence for the scenario is told of beside it.
    """

    title: str
    question: str
    lead: str
    answer: Mapping[str, Sequence[str]]
    key: list[Node]
    logged: Logged
    shown: int | None
    figures: dict[str, str]
    scenario: Scenario
    keeps: str
    reading: tuple[str, ...] = ()
    runs: str = ""
    judges: bool = True


def report(folder: str | Path, out: str | Path | None = None, evidence: str | Path | None = None) -> Path:
    """Write a report of a folder of results, and return its path.

    Args:
        folder: that run, compare, sweep, study or evidence left.
        out: of the page; ``report.html`` in the folder if None.
        evidence: folder of ``cascades evidence`` that is told of; the one beside ``folder`` if None.

    Raises:
        UserError: for a folder of another sort or one that cannot be read, and a page that cannot be written.
    """
    folder = Path(folder)
    sort, manifest = sort_of_folder(folder)
    if sort.name not in PAGES:
        made = ", ".join(PAGES)
        raise UserError(f"{folder}: was left by `{sort.command}`; there are reports of {made}")
    try:
        page = PAGES[sort.name](folder, manifest)
    except KeyError as error:
        raise UserError(
            f"{folder}: {error.args[0]} is missing: it was changed, or made by another version; make it again"
        ) from None
    text = whole(page, folder, manifest, Path(evidence) if evidence else None)
    return write_whole(folder / REPORT if out is None else out, text)


def whole(page: Page, folder: Path, manifest: dict[str, Any], evidence: Path | None) -> str:
    """Return a report as HTML."""
    data = timeline_data(page.logged, page.shown) if page.logged.worlds else None
    parts = [
        node("h1", page.title),
        node("p", page.question, klass="question"),
        sections.answer(page.lead, page.answer),
        *page.key,
        *(sections.timeline(data, page.keeps) if page.keeps else ()),
        *sections.figures(folder, page.figures),
        *sections.inputs(page.scenario),
        *(sections.evidence(page.scenario, folder, evidence) if page.judges else ()),
        *sections.again(manifest, {"runs": page.runs} if page.runs else None),
        *sections.reading(*page.reading),
    ]
    parts.insert(3, node("nav", *_links(parts), aria_label="Parts of this page"))
    style = part("page.css") + part("report.css")
    return document(page.title, style, part("timeline.js") + part("tables.js"), parts, data)


def _links(parts: Sequence[Node]) -> Iterator[Node]:
    """Yield links to the parts of a page that have a heading."""
    for each in parts:
        if each.tag == "h2":
            yield node("a", each.text or "", href=f"#{each.get('id')}")


def _of_run(folder: Path, manifest: dict[str, Any]) -> Page:
    from experiments.figures.cascade import typical_run
    from experiments.run import FIGURE_FILE, history_of
    from experiments.summary import about_fitted, in_rows, summarise, titled

    result = reopen(folder)
    history, logged = history_of(result.scenario), worlds.of_run(folder, result)
    heads, *rows = in_rows(result, history)
    first = 1 + sum(line.is_lag for line in summarise(result, history))  # the reveal and the lags
    dates = sections.table(heads, rows[first:])
    key = [
        node("h2", "Key numbers", id="key"),
        node("div", sections.table(heads, rows[:first]), klass="scroll whole"),
        sections.folded(f"The dates of each actor ({len(rows) - first})", node("div", dates, klass="scroll")),
        node("p", "Lags are months from the first announcement; never: share of runs in which it does not "
                  f"come by the end of {result.scenario.file.scenario.end}.", klass="quiet"),
    ]  # fmt: skip
    said = answers.of_run(result, history, logged)
    if history:
        words = " ".join([f"What really happened: {history.credit}", *about_fitted(rows)])
        key.append(node("p", words, klass="quiet"))
    return Page(
        titled(result.scenario),
        answers.question(result.scenario),
        answers.conditional(result.scenario),
        {"": said or ["No run was completed."]},
        key,
        logged,
        typical_run(result),
        {FIGURE_FILE: "Who announced the class when, in all runs, beside the record; and one run's cascade"},
        result.scenario,
        "cascades run --logs 20",
    )


def _of_comparison(folder: Path, manifest: dict[str, Any]) -> Page:
    from experiments.difference import differences
    from experiments.figures.cascade import typical_run
    from experiments.paired_table import HEADINGS, RIGHT, cells, headline
    from experiments.summary import titled

    found = reopen(folder)
    scenario = found.base.scenario
    key = [node("h2", "Key differences", id="key")]
    for label, result in found.results.items():
        key.append(node("h3", f"{label} against the baseline"))
        changes = differences(scenario, result.scenario) or ["Nothing: it says the same as the baseline."]
        if len(changes) <= FEW_CHANGES:
            key.append(node("p", f"What it changes: {'; '.join(changes)}"))
        else:
            key.append(sections.folded(f"What it changes ({len(changes)})", sections.listed(changes)))
        rows = [
            cells(found.found[label, name])
            for name in headline(found)
            if (label, name) in found.found and found.found[label, name].statistics.telling
        ]
        key.append(node("div", sections.table(HEADINGS, rows, RIGHT), klass="scroll whole"))
    logged = worlds.of_comparison(folder, found)
    key += [sections.listed([*answers.mechanisms(logged), *answers.helpers(logged)])]
    arms = ", ".join(found.results)
    return Page(
        f"{titled(scenario)}: {arms}",
        f"What changes under {arms}, run by run, in the same luck?",
        answers.conditional(scenario),
        answers.of_comparison(found),
        key,
        logged,
        typical_run(found.base),
        {"compare.png": "The paired differences of each arm, and the dates in the arms and in the baseline"},
        scenario,
        "cascades compare --logs 5",
        (
            "Run r of every arm has the luck and the uncertain inputs of run r of the baseline. median: of "
            "the differences within pairs; in brackets its 90 % interval. lower, equal, higher: shares of "
            "pairs. A date that never comes is later than the end, not a number: >=, <= and ... say what is "
            "known.",
        ),
    )


def _of_study(folder: Path, manifest: dict[str, Any]) -> Page:
    from experiments.replay import origin_of
    from experiments.reporting.studied import drawn_tables

    file = manifest["study_file"]
    heading, short, *rest = manifest["answer"]
    scenario = origin_of(folder).compiled.scenario
    number = "" if file.get("question") is None else f", question {file['question']}"
    return Page(
        f"Study {manifest['study']}{number}",
        file["title"],
        answers.conditional(scenario),
        {"": [short.removeprefix("In short: ")]},
        [
            node("h2", "Key numbers", id="key"),
            node("p", heading, klass="quiet"),
            sections.listed(rest),
            *drawn_tables(folder, manifest),
        ],
        worlds.of_study(folder, manifest),
        None,
        {"study.png": "The figures of the study"},
        scenario,
        "cascades study --logs 3",
        (f"How to read it: {' '.join(file['reading'].split())}",),
    )


def _of_sweep(folder: Path, manifest: dict[str, Any]) -> Page:
    from experiments.reporting.swept import page_of_sweep

    return page_of_sweep(folder)


def _of_evidence(folder: Path, manifest: dict[str, Any]) -> Page:
    from experiments.reporting.judged import page_of_evidence

    return page_of_evidence(folder, manifest)


PAGES: dict[str, Callable[[Path, dict[str, Any]], Page]] = {
    "run": _of_run,
    "compare": _of_comparison,
    "sweep": _of_sweep,
    "study": _of_study,
    "evidence": _of_evidence,
}
