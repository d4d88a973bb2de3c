"""The evidence as one page: opens from disk, needs no network and no JavaScript, prints.

Everything is built as a tree, so that words of claims and scenarios are text and can be nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from experiments.evidence.claims import BASE, HELD_BACK
from experiments.evidence.dress import SCRIPT, STYLE
from experiments.evidence.picture import legend, picture_of
from experiments.evidence.table import AGREES, MISSES, UNTESTED, VERDICTS
from experiments.evidence.telling import (
    ROLES,
    arm_in_words,
    claimed,
    input_in_words,
    meaning_of_metric,
    number,
    one_line,
    quantity_in_words,
    reason_in_words,
    rule_in_words,
    simulated,
    typeset,
    unit_between,
)
from experiments.evidence.used_inputs import is_only_recorded
from experiments.pages.frame import document
from experiments.pages.tree import Node, add, node
from experiments.table import percent
from sim.world import compile_scenario

if TYPE_CHECKING:
    from experiments.evidence.table import Evidence, EvidenceTable
    from sim.world import Compiled

NOT_SIMULATED = "none: nothing here is simulated"
PRIOR, RIVAL = "before calibration", "naive rival"
MARKS = {AGREES: "✓", MISSES: "✗", UNTESTED: "○"}
COLUMNS = ("verdict", "claim", "claimed", "simulated", "", PRIOR, RIVAL, "runs")
INPUT_COLUMNS = ("verdict", "claim", "claimed", "used at")


def page_of(table: EvidenceTable, manifest: dict[str, Any]) -> str:
    """Return the page of an evidence table; ``manifest``: what it was made from (``saving.describe``)."""
    title = f"Evidence for {table.scenario.name}"
    body = [
        node("h1", f"{title}: ", node("span", table.scenario.file.scenario.title)),
        *_headline(table),
        *_notes(table),
        *_legend(table),
        node("div", klass="controls", hidden="hidden"),
        *(section for role in ROLES for section in _role(table, role)),
        *_method(),
        *_made_from(table, manifest),
        *_sources(table),
    ]
    return document(title, STYLE, SCRIPT, body)


def headline(table: EvidenceTable) -> list[str]:
    """Return which claims were left out and what came out; what was held back is counted apart."""
    held_back = [row for row in table.rows if row.claim.role == HELD_BACK]
    rows = [row for row in table.rows if row.claim.role != HELD_BACK]
    said = [table.choice.in_words] if table.choice.in_words else []
    said += _counted(rows, table.choice.is_partial) if rows else []
    if held_back:
        agreed, before = (
            sum(getattr(row, name) == AGREES for row in held_back) for name in ("verdict", "prior_verdict")
        )
        with_prior = f" ({before} before calibration)" if any(row.prior for row in held_back) else ""
        said.append(
            f"Of {len(held_back)} claims of the record, written down before the simulator was asked "
            f"and never fitted, {agreed} agree{with_prior}."
        )
    return said


def _counted(rows: Sequence[Evidence], partial: bool) -> list[str]:
    """Return how many claims agree, of those that runs decide and of those required, and what others say.

    In sentences. ``partial``: there are claims that were not asked.
    """
    counts = Counter(row.verdict for row in rows)
    total = len(rows)
    agree = f"{counts[AGREES]} agree{'s' * (counts[AGREES] == 1)} with the simulator"
    miss = f"{counts[MISSES] or 'none'} miss{'es' * (counts[MISSES] < 2)}"
    untested = f"{counts[UNTESTED]} could not be tested" if counts[UNTESTED] else "none is untested"
    said = [f"Of {total} claim{'s' * (total != 1)}, {agree}, {miss}, {untested}."]
    said += _decided(rows)
    required = [row for row in rows if row.claim.is_required]
    failed = sum(row.verdict != AGREES for row in required)
    if required and not failed:
        said.append(f"All required ones{' among them' * partial} ({len(required)}) agree.")
    elif required:
        said.append(f"Of {len(required)} required, {failed} {'does' if failed == 1 else 'do'} not agree.")
    else:
        said.append("No claim is required.")
    for name, words in (("prior", "Before calibration"), ("rival", "The naive rivals, where one is named:")):
        judged = [row for row in rows if row.simulates and getattr(row, name)]
        agreed = sum(getattr(row, name).verdict == AGREES for row in judged)
        if judged:
            now = sum(row.verdict == AGREES for row in judged)
            both = sum(row.verdict == getattr(row, name).verdict == AGREES for row in judged)
            said.append(
                f"{words} {agreed} of {len(judged)} agreed; of these claims, {now} do now, {both} both times."
            )
    used = [row.claim for row in rows if row.claim.test.inputs]
    recorded = sum(is_only_recorded(claim) for claim in used)
    if recorded:
        said.append(
            f"Of the {len(used)} held against inputs, {len(used) - recorded} name a number that runs or "
            f"calculations use; {recorded} name the record, with which results are compared and no run reads."
        )
    return said


def _decided(rows: Sequence[Evidence]) -> Iterator[str]:
    """Yield how many claims agree that could well have missed; nothing where all are of that sort."""
    decided = [row for row in rows if row.simulates]
    if not decided:
        yield "Runs decide none of them: all are inputs or arithmetic of the product."
    elif len(decided) < len(rows):
        agreed = sum(row.verdict == AGREES for row in decided)
        yield (
            f"Runs decide {len(decided)} of them, of which {agreed} agree{'s' * (agreed == 1)}; "
            "the others are inputs or arithmetic of the product."
        )


def _headline(table: EvidenceTable) -> Iterator[Node]:
    yield node("p", " ".join(headline(table)), klass="headline")
    counts = node("table", klass="counts")
    add(counts, node("thead", node("tr", node("th", "role"), *(
        node("th", MARKS[verdict], " ", verdict, klass="number") for verdict in VERDICTS
    ), node("th", "claims", klass="number"), node("th"))))  # fmt: skip
    body = add(counts, node("tbody"))
    for role, counted in table.counts().items():
        if counted:
            cells = [node("td", str(counted[verdict]), klass="number") for verdict in VERDICTS]
            name = node("td", node("a", role, href=f"#role-{role}"))
            total = node("td", str(counted.total()), klass="number")
            add(body, node("tr", name, *cells, total, node("td", ROLES[role], klass="quiet")))
    yield counts
    if table.failed:
        yield node("p", node("strong", "Required and not met: "), *_linked(table.failed))


def _linked(rows: Sequence[Evidence]) -> Iterator[Node | str]:
    for place, row in enumerate(rows):
        yield ", " if place else ""
        yield node("a", row.id, href=f"#{_anchor(row.id)}")


def _notes(table: EvidenceTable) -> Iterator[Node]:
    if table.notes:
        notes = node("ul", *(node("li", note) for note in table.notes))
        yield node("div", node("p", node("strong", "To be known when reading this")), notes, klass="notes")


def _legend(table: EvidenceTable) -> Iterator[Node]:
    ruled = [row for row in table.rows if row.judged is not None]
    if ruled:
        yield legend(any(row.prior for row in ruled), any(row.rival for row in ruled))


def _role(table: EvidenceTable, role: str) -> Iterator[Node]:
    rows = [row for row in table.rows if row.claim.role == role]
    if not rows:
        return
    agree = sum(row.verdict == AGREES for row in rows)
    yield node(
        "h2", role.capitalize(), " ", node("small", f"{ROLES[role]}; {agree} of {len(rows)} agree"),
        id=f"role-{role}",
    )  # fmt: skip
    ruled = [row for row in rows if row.judged is not None]
    if ruled:
        absent = [name for name, field in ((PRIOR, "prior"), (RIVAL, "rival"))
                  if not any(getattr(row, field) for row in ruled)]  # fmt: skip
        yield _table(table, ruled, [name for name in COLUMNS if name not in absent])
    used = [row for row in rows if row.judged is None]
    if used:
        yield _table(table, used, INPUT_COLUMNS)


def _table(table: EvidenceTable, rows: Sequence[Evidence], columns: Sequence[str]) -> Node:
    widths = {"": "w-picture", PRIOR: "w-prior", RIVAL: "w-rival", "used at": "w-used"}
    heads = [node("th", name, scope="col", klass=widths.get(name, f"w-{name}")) for name in columns]
    whole = node("table", node("thead", node("tr", *heads)), klass="claims")
    compiled = compile_scenario(table.scenario)
    places = {row.id: place for place, row in enumerate(table.rows)}
    for row in rows:
        add(whole, _claim(row, places[row.id], columns, compiled))
    return node("div", whole, klass="scroll")


def _claim(row: Evidence, place: int, columns: Sequence[str], compiled: Compiled) -> Node:
    """Return the two rows of a claim: what came out, and the details that fold open."""
    claim, judged = row.claim, row.judged
    cells = [node("td", _verdict(row.verdict)), node("td", *_statement(row))]
    cells.append(node("td", typeset(claimed(claim))))
    distance = 0.0 if row.verdict == AGREES else 10.0
    if judged is None:
        places = node("ul", *(node("li", typeset(input_in_words(used))) for used in claim.test.inputs))
        cells.append(node("td", places))
    else:
        distance = judged.discrepancy
        prior = _verdict(row.prior.verdict) if row.prior else node("span", "–", klass="quiet")
        rival: list[Node | str] = [node("span", "–", klass="quiet")]
        if row.rival and claim.rival:
            rival = [_verdict(row.rival.verdict), node("br"), node("span", claim.rival.name, klass="quiet")]
        cells += [node("td", typeset(simulated(claim, judged))), node("td", picture_of(row))]
        cells += [node("td", prior)] if PRIOR in columns else []
        cells += [node("td", *rival)] if RIVAL in columns else []
        cells.append(node("td", f"{judged.runs:,}" if row.simulates else "none"))
    fold = node("details", node("summary", "the test"), _details(row, compiled))
    more = node("tr", node("td"), node("td", fold, colspan=str(len(columns) - 1)), klass="more")
    return node(
        "tbody", node("tr", *cells), more, klass="claim", id=_anchor(row.id), data_id=quote(row.id),
        data_verdict=row.verdict, data_order=str(place), data_distance=f"{distance:.9g}",
    )  # fmt: skip


def _statement(row: Evidence) -> Iterator[Node | str]:
    claim = row.claim
    yield node("div", one_line(claim.statement))
    yield node("div", node("span", row.id, klass="claim-id"), *_required(row))
    yield node("div", one_line(claim.source), klass="source")
    reason = reason_in_words(row)
    if reason:
        yield node("div", typeset(reason), klass="why")


def _required(row: Evidence) -> Iterator[Node | str]:
    if row.claim.is_required:
        yield " "
        yield node("span", "required", klass="required")


def _verdict(verdict: str) -> Node:
    return node("span", f"{MARKS[verdict]} {verdict}", klass=f"verdict {verdict}")


def _details(row: Evidence, compiled: Compiled) -> Node:
    """Return the test of a claim and what came out, term by term."""
    claim, judged, test = row.claim, row.judged, row.claim.test
    terms: list[tuple[str, str | Node]] = []
    if claim.quantity:
        terms.append(("what is claimed", claim.quantity))
    terms.append(("kind", claim.kind.replace("-", " ")))
    used = {quantity.arm for quantity in test.quantities.values() if quantity.needs_runs}
    if used - {BASE}:
        terms += [(f"arm {name}", arm_in_words(test.arm(name))) for name in sorted(used)]
    for name, each in test.quantities.items():
        meaning = meaning_of_metric(each.metric, compiled) if each.metric else ""
        terms.append((f"quantity {name}", quantity_in_words(each) + (f" ({meaning})" if meaning else "")))
    terms += [("used at", input_in_words(each)) for each in test.inputs]
    if judged is not None:
        terms.append(("formula", node("code", test.formula)))
        terms.append((f"agrees ({test.rule})", f"when {rule_in_words(claim)}"))
    if judged is not None and judged.runs:
        terms.append(("discrepancy", f"{number(judged.discrepancy)} (0: met in full, 1: edge of agreement)"))
        if row.overlap == row.overlap:
            terms.append(("overlap", f"{percent(row.overlap)} of the claim's interval"))
        if row.crps == row.crps:
            terms.append(("CRPS", f"{number(row.crps)} {unit_between(claim)}"))
        if row.prior:
            terms.append(("before calibration", simulated(claim, row.prior)))
        if row.rival and claim.rival:
            terms.append(("naive rival", f"{claim.rival.name}: {simulated(claim, row.rival)}"))
        if judged.of and judged.runs < judged.of:
            terms.append(("defined in", f"{judged.runs:,} of {judged.of:,} runs"))
    if judged is None:
        terms.append(("agrees", "when the product has these numbers there, and names the claim as source"))
    if row.verdict == MISSES and claim.lacks:
        terms.append(("what would have to change", claim.lacks))
    terms += [(name, note) for name, note in (("note", claim.note), ("note on the test", test.note)) if note]
    whole = node("dl")
    for name, said in terms:
        add(whole, node("dt", name))
        add(whole, node("dd", typeset(one_line(said)) if isinstance(said, str) else said))
    return whole


def _method() -> Iterator[Node]:
    yield node("h2", "How claims are judged")
    yield node(
        "p",
        "What counts as agreement was fixed before anything was fitted (docs/evidence.md). The number "
        "compared is the median of the runs unless a row says otherwise; in brackets, 5 % to 95 % of them. "
        "Every run draws the uncertain inputs anew; arms are paired by run, in the same luck. The naive "
        "rival is a simple answer held against the same rule. Overlap is the share of the claim's interval "
        "that the 90 % interval of the runs covers; CRPS the continuous ranked probability score (Gneiting "
        "and Raftery 2007), in the unit of the claim. Neither enters the verdict.",
    )


def _made_from(table: EvidenceTable, manifest: dict[str, Any]) -> Iterator[Node]:
    yield node("h2", "What was run")
    commit = manifest.get("commit") or {}
    changed = " with changes" if commit.get("dirty") else ""
    facts = {
        "scenario": f"{table.scenario.name}: {table.scenario.file.scenario.title}",
        "fingerprint": manifest["fingerprint"],
        "runs of each arm": f"{table.runs:,}" if table.simulates else NOT_SIMULATED,
        "seed": str(table.seed) if table.simulates else "",
        "numbers changed": ", ".join(manifest["sets"]),
        "policies": ", ".join(manifest["policies"]),
        "claims left out": table.choice.in_words,
        "inputs": "drawn from the posterior; before calibration: from their intervals"
        if any(row.prior for row in table.rows)
        else "drawn from their intervals",
        "version": manifest["version"],
        "commit": f"{commit['id']}{changed}" if commit.get("id") else "",
        "rules": manifest["rules"],
        "command": manifest["command"],
    }
    whole = node("dl")
    for name, said in facts.items():
        if said:
            add(whole, node("dt", name))
            add(whole, node("dd", node("code", said) if name in _CODE else said))
    yield whole
    yield node(
        "p",
        "To make this page again, run the command with that version. The numbers depend on scenario, seed, "
        "runs, claims and version only, not on the machine's number of processors nor on what was kept of "
        "earlier runs. Versions of libraries, and the scenario in full, stand in manifest.json; this table "
        "in evidence.csv; its picture in evidence.png.",
    )


_CODE = ("fingerprint", "rules", "commit", "command")


def _sources(table: EvidenceTable) -> Iterator[Node]:
    homes: dict[str, list[Evidence]] = {}
    for row in table.rows:
        homes.setdefault(one_line(row.claim.source), []).append(row)
    yield node("h2", "Sources")
    yield node("p", "Whose claims these are. Statements are in our words; errors in them are ours.")
    listed = node("ul")
    for source, rows in sorted(homes.items(), key=lambda item: (-len(item[1]), item[0])):
        count = f"{len(rows)} claim{'s' * (len(rows) != 1)}: "
        links = node("span", count, *_linked(rows), klass="quiet")
        add(listed, node("li", source, node("br"), links))
    yield listed


def _anchor(name: str) -> str:
    return f"claim-{quote(name, safe='')}"
