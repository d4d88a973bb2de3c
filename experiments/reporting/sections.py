"""The parts that all reports share: tables, inputs with their sources, evidence, how to make it again."""

from __future__ import annotations

import glob
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.folder import MANIFEST
from experiments.pages.frame import picture
from experiments.pages.tree import Node, add, node
from sim.errors import UserError

if TYPE_CHECKING:
    from sim.scenario import Scenario

DATES_SHOWN = 200
NOTE = (
    "Everything here is conditional: it says what follows if the world works as the scenario says. It is no "
    "forecast, and a difference between two scenarios is a difference between two models. What the scenario "
    "gives with dates is not explained by the model; only what follows is."
)


def table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[int] = (), klass: str = "tight"
) -> Node:
    """Return a table of words; ``right``: columns that stand flush right."""
    kinds = [{"klass": "number"} if column in right else {} for column in range(len(heads))]
    whole = node("table", klass=klass)
    cells = (node("th", head, scope="col", **kind) for head, kind in zip(heads, kinds, strict=True))
    add(whole, node("thead", node("tr", *cells)))
    body = add(whole, node("tbody"))
    for row in rows:
        add(body, node("tr", *(node("td", cell, **kind) for cell, kind in zip(row, kinds, strict=True))))
    return whole


def folded(title: str, *content: Node) -> Node:
    """Return what opens when its title is clicked."""
    return node("details", node("summary", title), *content)


def listed(sentences: Iterable[str]) -> Node:
    """Return sentences as a list."""
    return node("ul", *(node("li", sentence) for sentence in sentences))


def answer(lead: str, said: Mapping[str, Sequence[str]]) -> Node:
    """Return the answer: under which condition, and what follows (under the name of each arm)."""
    parts = []
    for name, sentences in said.items():
        parts += [node("p", name, klass="arm")] if name and len(said) > 1 else []
        parts.append(listed(sentences))
    return node("div", node("p", lead), *parts, klass="answer", id="answer")


def figures(folder: Path, named: dict[str, str]) -> Iterator[Node]:
    """Yield the figures of a folder that are there; ``named``: file, and what it shows."""
    shown = [(folder / name, words) for name, words in named.items() if (folder / name).is_file()]
    if shown:
        yield node("h2", "All runs together", id="figures")
    for path, words in shown:
        yield picture(path, words)


def timeline(data: dict[str, Any] | None, command: str) -> Iterator[Node]:
    """Yield the place in which the script draws the logged runs. ``command``: that keeps logs."""
    yield node("h2", "Run by run", id="runs")
    if data is None or not data["runs"]:
        yield node("p", f"No event log was kept in this folder; {command} keeps some.", klass="quiet")
        return
    yield node(
        "p",
        "One lane per actor. Move to another run, or through time; hover (or tab to) an arrow to see what it "
        "carried, from whom, and how much it saved; click an actor for its story. All is read off the event "
        "logs; nothing is simulated here. Savings are the books of the run shown: artifacts count in the "
        "order in which they reached the team, each cutting what those before it left.",
        klass="quiet",
    )
    still = "This picture needs JavaScript, which is off; the words, the tables and the still figures do not."
    yield node("div", node("noscript", node("p", still)), id="timeline")
    if data["notes"]:
        yield listed(data["notes"])


def inputs(scenario: Scenario) -> Iterator[Node]:
    """Yield what the scenario says and on whose word: who is there, what is given when, every number."""
    from experiments.describe import chronology, describe
    from experiments.inputs import inputs_of, totals

    facts, rows = describe(scenario), inputs_of(scenario)
    yield node("h2", "What it rests on", id="inputs")
    file = scenario.file.scenario
    yield node("p", f"{file.title}. {file.about or ''}".strip())
    changed = [
        *(f"changed: {each}" for each in scenario.sets),
        *(f"under: {each}" for each in scenario.policies),
    ]
    if changed:
        yield listed(changed)
    yield node("p", " ".join(totals(scenario, rows)), klass="quiet")
    dates = chronology(scenario)
    shown = [(row["date"] or "", row["what"] or "", row["source"] or "") for row in dates[:DATES_SHOWN]]
    heads: tuple[str, ...] = ("when", "what the scenario gives", "source")
    yield folded(f"What is given, and when ({len(dates)} dates; all else is left to emerge)",
                 node("div", table(heads, shown, klass="tight searched"), klass="scroll"))  # fmt: skip
    actors = [
        (name, kind["phrase"], actor["means"], actor["source"] or "")
        for kind in facts["kinds"].values()
        for name, actor in kind["actors"].items()
    ]
    heads = ("who", "kind", "means", "source")
    yield folded(f"Who is there ({len(actors)} actors)",
                 node("div", table(heads, actors, klass="tight searched"), klass="scroll"))  # fmt: skip
    told = [
        (row.path, _number(row.value), _range(row), row.unit, row.source or "NO SOURCE")
        for row in rows
        if row.written or row.unsourced
    ]
    numbers = table(("number", "value", "5 % to 95 %", "unit", "source"), told, (1,), "tight searched")
    yield folded(f"Every number, with its source ({len(told):,})", node("div", numbers, klass="scroll"))


def _number(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, (int, float)) else str(value)


def _range(row: Any) -> str:
    return "" if row.low is None else f"{_number(row.low)} to {_number(row.high)}"


def evidence(scenario: Scenario, folder: Path, given: Path | None) -> Iterator[Node]:
    """Yield what speaks for and against the scenario: its claims with their verdicts, where they are known.

    ``given``: the folder that ``cascades evidence`` left; else the one beside ``folder``, if there is one.
    """
    yield node("h2", "Evidence", id="evidence")
    place = given or _beside(folder, scenario)
    if place:
        yield from _verdicts(scenario, place)
    else:
        yield from _claims(scenario)


def _beside(folder: Path, scenario: Scenario) -> Path | None:
    """Return the folder of evidence beside another: a whole one before one that leaves claims out.

    Then one for this very scenario before one of its name; None if there is none.
    """
    from experiments.evidence.saving import choice_of
    from experiments.reopening import sort_of_folder

    found: list[tuple[tuple[bool, bool, int], Path]] = []
    usual = f"evidence-{scenario.name}"
    for place in [folder.parent / usual, *sorted(folder.parent.glob(f"{glob.escape(usual)}-*"))]:
        if (place / MANIFEST).is_file():
            sort, manifest = sort_of_folder(place)
            if sort.name == "evidence" and manifest.get("scenario_name") == scenario.name:
                same = manifest.get("fingerprint") == scenario.fingerprint
                rank = (not choice_of(manifest).is_partial, same, len(manifest.get("claims", ())))
                found.append((rank, place))
    return max(found, key=lambda each: each[0])[1] if found else None


def _verdicts(scenario: Scenario, place: Path) -> Iterator[Node]:
    from experiments.evidence.page import headline
    from experiments.evidence.saving import in_a_line
    from experiments.evidence.table import MISSES, VERDICTS
    from experiments.reopening import reopen, sort_of_folder

    sort, manifest = sort_of_folder(place)
    if sort.name != "evidence":
        raise UserError(f"{place}: is not the folder of `cascades evidence`; give one that is (--evidence)")
    found = reopen(place)
    about = "this scenario"
    if found.scenario.fingerprint != scenario.fingerprint:
        about = f"{found.scenario.name} as of {manifest['fingerprint'][:8]}, not the scenario of this page"
    yield node("p", f"Claims of the literature held against {about}. {' '.join(headline(found))}")
    rows = [
        (role, *(str(counted[verdict]) for verdict in VERDICTS), str(counted.total()))
        for role, counted in found.counts().items()
        if counted
    ]
    yield table(("role", *VERDICTS, "of"), rows, (1, 2, 3, 4), "counts")
    missed = [in_a_line(row) for row in found.rows if row.verdict == MISSES]
    if missed:
        yield folded(f"Claims that it misses ({len(missed)})", listed(missed))


def _claims(scenario: Scenario) -> Iterator[Node]:
    from experiments.evidence.claims import load_claims

    claims = load_claims(scenario.name)
    posterior = scenario.posterior_file
    if claims:
        yield node(
            "p",
            f"{len(claims)} claims of the literature can be held against this scenario; no folder of "
            "evidence lies beside this one. To see which agree: ",
            node("code", f"cascades evidence {scenario.name}"),
            ", and make this report again (or name the folder with ", node("code", "--evidence"), ").",
        )  # fmt: skip
    else:
        yield node("p", "There are no claims about this scenario: it was not held against the literature.")
    if posterior:
        yield node("p", f"Its uncertain inputs are drawn from what claims taught ({posterior.name}); without "
                        "that, from their intervals: --set posterior.use=false.")  # fmt: skip


def again(manifest: dict[str, Any], further: dict[str, str] | None = None) -> Iterator[Node]:
    """Yield how to make the results again, and the manifest in full."""
    yield node("h2", "Make it again", id="again")
    commit = manifest.get("commit") or {}
    made = manifest.get("made_with") or {}
    facts = {
        "command": manifest.get("command", ""),
        "scenario": manifest.get("scenario_name", ""),
        "fingerprint": manifest.get("fingerprint", ""),
        "seed": str(manifest.get("seed", "")),
        "runs": _runs(manifest),
        "numbers changed": ", ".join(manifest.get("sets", ())),
        "policies": ", ".join(manifest.get("policies", ())),
        **(further or {}),
        "version": str(manifest.get("version") or made.get("version") or ""),
        "commit": f"{commit['id']}{' with changes' if commit.get('dirty') else ''}"
        if commit.get("id")
        else "",
        "rules": str(manifest.get("rules") or made.get("rules") or ""),
        "libraries": ", ".join(
            f"{name} {version}" for name, version in (manifest.get("versions") or {}).items()
        ),
    }
    whole = node("dl")
    for name, said in facts.items():
        if said:
            add(whole, node("dt", name))
            add(
                whole, node("dd", node("code", said) if name in ("command", "fingerprint", "rules") else said)
            )
    yield whole
    yield node(
        "p",
        "The same scenario, seed and run number give the same run, whatever the number of runs or threads. "
        "The manifest holds the scenario in full, so that it can be run where its file is not.",
        klass="quiet",
    )
    yield folded("The manifest in full", node("pre", json.dumps(manifest, indent=1, ensure_ascii=False)))


def _runs(manifest: dict[str, Any]) -> str:
    done, asked = manifest.get("runs_completed"), manifest.get("runs_asked")
    if done is None or done == asked:
        return f"{asked:,}" if asked else ""
    return f"{done:,} of the {asked:,} asked for: the work was broken off"


def reading(*sentences: str) -> Iterator[Node]:
    """Yield how to read it."""
    yield node("h2", "How to read it", id="reading")
    yield node("p", NOTE, klass="conditional")
    for sentence in sentences:
        yield node("p", sentence, klass="conditional")
