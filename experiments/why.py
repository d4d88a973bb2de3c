"""Why an actor came to have a class of models when it did, or why it never did.

The log of a run says of every event which earlier one enabled it. ``why`` follows these rows back to
the scenario, and adds what each stood on: what borrowed artifacts cut, what a decision turned on,
what it waited for. Amounts come from the run itself, simulated again.

>>> import sim
>>> explanation = why(sim.simulate("toy", runs=1, logs=1), actor="Alpha", klass="big")
>>> explanation.outcome
'given by the record'
"""

from __future__ import annotations

import math
import textwrap
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.cuts import ENDS, Ledger, ledger
from experiments.replay import Origin, Replay, before, origin_of
from experiments.wording import Wording, cut_in_words, human, settled_for_less
from sim.errors import UserError, not_found
from sim.tail.reading import names_of
from sim.words import ArtifactKind, Bound, Event, Mechanism, Via

if TYPE_CHECKING:
    import networkx

    from sim.result import Result

DEPTH = 3  # levels of causes that are printed
MOST_CUTS, FEW_CUTS = 8, 3  # artifacts printed of the project asked for, and of others; the rest is summed
WIDTH = 118
ROOT = 0

Reason = tuple[int, str, dict[str, Any]]  # row of the log, its role, what is known of its part


@dataclass(eq=False)
class Cause:
    """One row of the log in the tree of causes.

    ``role``: what it is to the row above. ``notes``: what it stood on, in words; ``facts``: the same
    as plain data. ``because``: its own causes. ``seen``: they stand at the same row elsewhere.
    """

    row: int
    role: str
    time: float
    when: str
    event: str
    text: str
    notes: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    because: list[Cause] = field(default_factory=list)
    seen: bool = False

    def walk(self) -> Iterator[Cause]:
        """Yield this cause and all below it."""
        yield self
        for cause in self.because:
            yield from cause.walk()

    def to_dict(self) -> dict[str, Any]:
        return {
            "row": self.row,
            "role": self.role,
            "month": self.time,
            "when": self.when,
            "event": self.event,
            "text": self.text,
            "notes": self.notes,
            "facts": self.facts,
            "seen": self.seen,
            "because": [cause.to_dict() for cause in self.because],
        }


@dataclass
class Explanation:
    """The answer to one question.

    ``outcome``: had it from the start, given by the record, trained, not reached, builds nothing.
    ``reached``: months since the start; inf if never. ``verdict``: the answer in a sentence or two.
    ``causes``: trees of rows of the log: the making of the model, or each try.
    """

    replay: Replay
    actor: str
    klass: str
    outcome: str
    reached: float
    verdict: list[str]
    causes: list[Cause]
    facts: dict[str, Any] = field(default_factory=dict)

    def text(self, depth: int = DEPTH) -> str:
        """Return the tree in words, ``depth`` levels of causes deep."""
        scenario = self.replay.compiled.scenario
        again = "" if self.replay.kept else " Its log was not kept; the run was simulated again."
        under = f", with {' ++ '.join(scenario.policies)}" if scenario.policies else ""
        lines = [
            f"{scenario.file.scenario.title}{under}: run {self.replay.run}, seed {self.replay.seed}.{again}",
            *(line for sentence in self.verdict for line in textwrap.wrap(sentence, WIDTH)),
        ]
        for cause in self.causes:
            lines += ["", *lines_of(cause, depth)]
        if any(cause.facts.get("books") for tree in self.causes for cause in tree.walk()):
            lines += ["", *textwrap.wrap(_HOW_TO_READ, WIDTH)]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data; times in months since the start, None for never."""
        scenario = self.replay.compiled.scenario
        return {
            "scenario": scenario.name,
            "start": scenario.file.scenario.start,
            "policies": list(scenario.policies),
            "fingerprint": scenario.fingerprint,
            "seed": self.replay.seed,
            "run": self.replay.run,
            "log_kept": self.replay.kept,
            "actor": self.actor,
            "class": self.klass,
            "outcome": self.outcome,
            "reached": None if math.isinf(self.reached) else self.reached,
            "verdict": self.verdict,
            "facts": self.facts,
            "causes": [cause.to_dict() for cause in self.causes],
        }

    def graph(self) -> networkx.DiGraph:
        """Return the rows of the tree as a graph: cause -> effect; nodes are rows of the log."""
        import networkx

        log = self.replay.log
        graph = networkx.DiGraph(scenario=self.replay.compiled.scenario.name, run=self.replay.run)
        for tree in self.causes:
            for cause in tree.walk():
                graph.add_node(
                    cause.row,
                    time=cause.time,
                    event=cause.event,
                    actor=str(names_of(self.replay.compiled, log["actor"][cause.row : cause.row + 1])[0]),
                    text=cause.text,
                )
                for below in cause.because:
                    amount = float(below.facts.get("months", log["amount"][below.row]))
                    via = Via(int(log["via"][below.row])).key
                    graph.add_edge(below.row, cause.row, role=below.role, via=via, amount=amount)
        return graph


@dataclass(frozen=True)
class Verdict:
    """What became of an actor and a class; see ``Explanation``. ``rows``: of the log, to be explained."""

    outcome: str
    sentences: list[str]
    rows: list[int]
    time: float = math.inf
    facts: dict[str, Any] = field(default_factory=dict)


_HOW_TO_READ = (
    "Cuts count artifacts in the order in which they reached the team: each cuts what those before it "
    "left, at the team and the chips that the project had. They are the books of this run, not what "
    "would have happened without the artifact."
)


def why(
    source: Result | Origin | str | Path, run: int | None = None, *, actor: str, klass: str
) -> Explanation:
    """Explain when and why an actor came to have a class in a run, or what kept it from it.

    Args:
        source: a result, or the folder that ``cascades run`` left.
        run: its number; the first one whose log was kept if None.
        actor, klass: names, as the scenario gives them.

    Raises:
        UserError: for a folder, run, actor or class that is not there.
    """
    origin = source if isinstance(source, Origin) else origin_of(source)
    scenario = origin.compiled.scenario
    where = f"{origin.name}: scenario {scenario.name}"
    if actor not in origin.compiled.actors:
        raise UserError(f"{where}: {not_found('actor', actor, origin.compiled.actors)}")
    if klass not in origin.compiled.classes:
        raise UserError(f"{where}: {not_found('class', klass, origin.compiled.classes)}")
    return Reader(origin.replay(run)).explain(actor, klass)


class Reader(Wording):
    """Reads a run: finds for its rows what each stood on."""

    def __init__(self, replay: Replay):
        super().__init__(replay)
        self.horizon = replay.compiled.horizon
        self._books: dict[int, Ledger | None] = {}
        self._lines: dict[int, str] = {}
        self._told: dict[int, tuple[Cause, list[Reason]]] = {}  # what was found of each row

    def explain(self, actor_name: str, class_name: str) -> Explanation:
        """Return the explanation for an actor and a class, both by name."""
        found = self.verdict(actor_name, class_name)
        causes = [self.tree(row, "") for row in found.rows]
        return Explanation(
            self.replay,
            actor_name,
            class_name,
            found.outcome,
            found.time,
            found.sentences,
            causes,
            found.facts,
        )

    def verdict(self, actor_name: str, class_name: str) -> Verdict:
        """Return what became of an actor and a class, both by name, without the causes."""
        actor = self.compiled.actors.index(actor_name)
        klass = self.compiled.classes.index(class_name)
        reached = self._first((self.log["actor"] == actor) & (self.log["reached"] >= klass))
        if reached is None:
            outcome, sentences, rows, facts = self._unreached(actor, klass)
            return Verdict(outcome, sentences, rows, facts=facts)
        time = float(self.log["time"][reached])
        project, when = int(self.log["project"][reached]), self.when(time)
        if project < 0:
            sentences = [f"{actor_name} had trained {self.title(klass)} before the start ({when})."]
            return Verdict("had it from the start", sentences, [reached], time)
        made = self._class_of(reached)
        higher = f" It came with {self.title(made)}, a higher class." if made > klass else ""
        if self.replay.projects["script"][project] >= 0:
            sentences = [f"{actor_name} trained {self.title(klass)}: {when}, as the record gives it.{higher}"]
            return Verdict("given by the record", sentences, [reached], time, {"project": project})
        mechanism = Mechanism(int(self.log["mechanism"][reached]))
        sentences = [
            f"{actor_name} trained {self.title(klass)}: {when}, by {mechanism.phrase}.{higher} "
            f"{self._announcement(project)}"
        ]
        books = self.books(project)
        if books and books.cuts and books.full["months"] > 0.0:
            most = sorted(books.cuts, key=lambda cut: -cut.months)[:3]
            named = [
                f"{self.artifact(cut.artifact)} ({human(cut.months)})" for cut in most if cut.months > 0.0
            ]
            sentences.append(
                f"What it held saved {human(books.full['months'] - books.done['months'])} of "
                f"{human(books.full['months'])} months; most of all {'; '.join(named)}."
            )
        tries = self._tries(actor, klass, reached)
        if tries:
            sentences.append(f"Before that it had tried {_times(len(tries))} in vain.")
        facts = {"project": project, "mechanism": mechanism.key}
        return Verdict("trained", sentences, [reached, *tries], time, facts)

    # --- what never happened ---------------------------------------------------------------------

    def _unreached(self, actor: int, klass: int) -> tuple[str, list[str], list[int], dict[str, Any]]:
        name, title = self.compiled.actors[actor], self.title(klass)
        fact, active = self.compiled.facts["actor_facts"][actor], self._active_from(actor)
        used = self._first(
            (self.log["actor"] == actor) & (self.log["what"] == Event.ACCESSED) & (self.log["klass"] >= klass)
        )
        use = [used] if used is not None else []
        can_use = (
            f" It can use one made by another from {self.when(float(self.log['time'][used]))} on."
            if used is not None
            else ""
        )
        if fact["builder"] < 0:
            kind = self.file.actors[name].kind.replace("_", " ")
            return "builds nothing", [f"{name} builds no models: it is of the kind {kind}.{can_use}"], use, {}
        if active > self.horizon:
            return "not reached", [f"{name} does not yet exist when the simulated time ends."], [], {}
        tries = self._tries(actor, klass, len(self.log))
        same = [row for row in tries if self.log["klass"][row] == klass]
        higher = len(tries) - len(same)
        if same:
            bounds = [Bound(int(self.log["bound"][row])) for row in same]
            also = f", and {_times(higher)} at a higher class" if higher else ""
            verdict = [
                f"{name} never trained {title} by {self.end}: it tried {_times(len(same))}{also}. "
                f"What it lacked in the end: {self._lacked(same[-1])}.{can_use}"
            ]
            facts = {"binding": bounds[-1].key, "tries": [bound.key for bound in bounds], "higher": higher}
            return "not reached", verdict, [*same, *use], facts
        says, rows, facts = self.undecided(actor, klass)
        verdict = [says + can_use]
        if higher:
            verdict.append(f"It tried {_times(higher)} at a higher class, in vain.")
        return "not reached", verdict, [*tries, *rows, *use], facts | {"higher": higher}

    def undecided(self, actor: int, klass: int) -> tuple[str, list[int], dict[str, Any]]:
        """Say of an actor that never decided whether it knew, and how far it came to deciding."""
        name, title = self.compiled.actors[actor], self.title(klass)
        stand = self.stand(actor, klass, self.horizon)
        aware = self.awareness(actor, klass, len(self.log))
        share = stand["hazard"] / stand["threshold"]
        facts = {"binding": "never decided", "knew": aware is not None, "at_the_end": stand}
        if aware is None and stand["frontier"] + 1 < klass:
            facts["binding"] = "never knew"
            says = f"{name} never knew that {title} exists, and such models lie beyond what it knew of."
            return f"{says} So it never weighed one.", [], facts
        rows = [aware] if aware is not None else []
        knew = self.known_since(aware)
        busy = "; at the end its team is busy with another model" if self._busy(actor) else ""
        return (
            f"{name} never decided to have {title} by {self.end}. It {knew}; the hazard of deciding had "
            f"grown to {stand['hazard']:.2f} of the {stand['threshold']:.2f} ({share:.0%}) at which its "
            f"luck lets it decide; conviction at the end {stand['conviction']:.2f}{busy}.",
            rows,
            facts,
        )

    def known_since(self, aware: int | None) -> str:
        """Say since when a class was known to exist; ``aware``: the row that says so."""
        if aware is None:
            return "did not know that it exists"
        return f"knew of it since {self.when(float(self.log['time'][aware]))}"

    def _tries(self, actor: int, klass: int, until: int) -> list[int]:
        """Return the rows at which tries at a class or a higher one ended without it."""
        rows = np.flatnonzero(
            (self.log["actor"] == actor)
            & (self.log["klass"] >= klass)
            & np.isin(self.log["what"], (Event.STOPPED, Event.UNFINISHED, Event.UNDERTRAINED))
            & (self.log["reached"] < klass)
        )
        return [int(row) for row in rows if row < until]

    def _busy(self, actor: int) -> bool:
        ends = (self.log["actor"] == actor) & (self.log["what"] == Event.UNFINISHED)
        return bool((ends & (self.log["project"] >= 0)).any())

    # --- the tree --------------------------------------------------------------------------------

    def tree(self, row: int, role: str) -> Cause:
        """Return a row of the log with all its causes; each row is laid open where it first stands."""
        top = self.cause(row, role)
        laid_open: set[int] = set()
        waiting = deque([top])
        while waiting:  # breadth first: near the top, where it is read first
            cause = waiting.popleft()
            if cause.row in laid_open:
                cause.seen = True
                continue
            laid_open.add(cause.row)
            told, reasons = self._of_row(cause)
            cause.notes, cause.facts = told.notes, told.facts | cause.facts
            for below_row, below_role, facts in reasons:
                below = self.cause(below_row, below_role)
                below.facts |= facts
                cause.because.append(below)
                waiting.append(below)
        return top

    def _of_row(self, cause: Cause) -> tuple[Cause, list[Reason]]:
        """Return what a row stood on, and its reasons; found once, for it may stand in many trees."""
        if cause.row not in self._told:
            plain = replace(cause, notes=[], facts={})
            self.describe(plain)
            self._told[cause.row] = plain, self.reasons(cause.row)
        return self._told[cause.row]

    def cause(self, row: int, role: str) -> Cause:
        event = Event(int(self.log["what"][row]))
        time = float(self.log["time"][row])
        if row not in self._lines:
            self._lines[row] = self.in_words(row)
        return Cause(row, role, time, self.when(time), event.key, self._lines[row])

    def reasons(self, row: int) -> list[Reason]:
        """Return the rows that a row stood on, each with its role and what is known of its part."""
        event, what = self.log[row], int(self.log["what"][row])
        if row == ROOT:
            return []
        if what in ENDS and event["project"] >= 0:
            return self._reasons_of_project(row)
        if what in (Event.STOPPED, Event.UNFINISHED):
            return self._reasons_of_wish(row)
        if what == Event.DECIDED:
            return self._reasons_of_decision(row)
        found: list[Reason] = [(int(event["cause"]), "", {})]
        if what == Event.RELEASED:
            made = self._made(int(event["artifact"]))
            if made != event["cause"]:
                found.append((made, "what", {}))
        return found

    def _reasons_of_project(self, row: int) -> list[Reason]:
        project = int(self.log["project"][row])
        started = self.started(project)
        if self.replay.projects["script"][project] >= 0:
            return [(started, "started", {})] if started != row else [(ROOT, "", {})]
        actor, klass = int(self.log["actor"][started]), int(self.log["klass"][started])
        found = self._means(started, actor, klass)
        scooped = int(self.log["cause"][row])
        if self.log["what"][scooped] == Event.RESCOPED:
            found.append((int(self.log["cause"][scooped]), "scooped by", {}))
        books = self.books(project)
        if books:
            for cut in sorted(books.cuts, key=lambda cut: (-abs(cut.months), cut.row)):
                found.append((cut.row, "cut", self._cut_facts(cut, books)))
        return found

    def _means(self, until: int, actor: int, klass: int) -> list[Reason]:
        """Return the decision behind a start or a wish given up, and what came between."""
        decided = self._last(
            (self.log["actor"] == actor) & (self.log["klass"] == klass) & (self.log["what"] == Event.DECIDED),
            until,
        )
        if decided is None:
            return [(int(self.log["cause"][until]), "", {})]
        found: list[Reason] = [(decided, "decision", {})]
        between = slice(decided + 1, until)
        own = (self.log["actor"][between] == actor) & (self.log["klass"][between] == klass)
        for offset in np.flatnonzero(own):
            row = decided + 1 + int(offset)
            if self.log["what"][row] == Event.BLOCKED:
                found.append((row, "wait", {}))
            elif self.log["what"][row] == Event.GRANTED:
                found.append((row, "grant", {}))
        cause = int(self.log["cause"][until])
        if cause > decided and cause not in [row for row, _, _ in found]:
            found.append((cause, "tipped by", {}))
        return found

    def _reasons_of_wish(self, row: int) -> list[Reason]:
        return self._means(row, int(self.log["actor"][row]), int(self.log["klass"][row]))

    def _reasons_of_decision(self, row: int) -> list[Reason]:
        actor, klass = int(self.log["actor"][row]), int(self.log["klass"][row])
        found: list[Reason] = []
        if (lacked := settled_for_less(self.log, row)) is not None:
            found.append((lacked, "for want of means", {}))
        aware = self.awareness(actor, klass, row)
        if aware is not None:
            found.append((aware, "knew", {}))
        demo, left = self._demonstration(row)
        if left > 0.01:
            found.append((demo, "attention", {"attention_left": left}))
        for evidence, weight in self._evidence(actor, row):
            if evidence != aware:
                found.append((evidence, "belief", {"doubt_removed": weight}))
        return found or [(ROOT, "", {})]

    def _demonstration(self, until: int) -> tuple[int, float]:
        """Return the demonstration of which most attention was left at a row, and how much."""
        rows = np.flatnonzero(self.log["what"][:until] == Event.DEMONSTRATED)
        if not len(rows):
            return ROOT, 0.0
        ages = self.log["time"][until] - self.log["time"][rows]
        left = self.log["amount"][rows] * 0.5 ** (ages / self._attention_half_life)
        return int(rows[left.argmax()]), float(left.max())

    @cached_property
    def _belief(self) -> tuple[np.ndarray, float]:
        """Share of doubt that each kind of artifact removes, and half-life of evidence in months."""
        tables = self.replay.at(self.horizon)
        return tables.effects["belief"].copy(), float(tables.conviction[0]["half_life_months"])

    @cached_property
    def _attention_half_life(self) -> float:
        return float(self.replay.at(self.horizon).attention[0]["half_life_months"])

    def _evidence(self, actor: int, until: int) -> list[tuple[int, float]]:
        """Return the three rows before a decision that removed most of the doubt, as it had faded by then."""
        beliefs, half_life = self._belief
        now, found = float(self.log["time"][until]), []
        for row in np.flatnonzero(self.log["actor"][:until] == actor):
            event = self.log[row]
            if event["what"] == Event.AWARE:
                weight = beliefs[ArtifactKind.EXISTENCE]
            elif event["what"] == Event.LEARNED and event["kind"] != ArtifactKind.EXISTENCE:
                strength = self.replay.artifacts["strength"][event["artifact"]]
                weight = beliefs[event["kind"]] * min(1.0, float(strength))
            else:
                continue
            left = float(weight * 0.5 ** ((now - event["time"]) / half_life))
            if left > 0.01:
                found.append((int(row), left))
        return sorted(found, key=lambda pair: -pair[1])[:3]

    # --- words -----------------------------------------------------------------------------------

    def describe(self, cause: Cause) -> None:
        """Add to a cause what it stood on."""
        what, row = int(self.log["what"][cause.row]), cause.row
        if what in ENDS and self.log["project"][row] >= 0:
            self._describe_project(cause)
        elif what == Event.DECIDED:
            self._describe_decision(cause)
        elif what == Event.BLOCKED:
            self._describe_wait(cause)
        elif what == Event.GRANTED:
            self._describe_grant(cause)
        elif what == Event.STARTED and self.log["cause"][row] == ROOT:
            cause.notes.append("given by the record")
            cause.facts["given"] = True

    def _describe_project(self, cause: Cause) -> None:
        project = int(self.log["project"][cause.row])
        row = self.replay.projects[project]
        cause.facts["project"] = project
        if row["script"] >= 0:
            name = list(self.file.scripted_projects)[row["script"]]
            given = self.file.scripted_projects[name]
            cause.facts |= {"given": True, "scripted_project": name, "source": given.source}
            cause.notes.append(
                f"given by the record: scripted_projects.{name}"
                + (f" ({given.title})" if given.title else "")
                + (f"; source: {given.source}" if given.source else "")
            )
            return
        started = self.started(project)
        mine = np.flatnonzero(self.log["project"] == project)
        named = (
            (Event.STARTED, "started"),
            (Event.BUILT, "built"),
            (Event.EQUIPPED, "means found"),
            (Event.TUNED, "trial runs done"),
        )
        times = {
            word: float(self.log["time"][found[0]])
            for event, word in named
            if len(found := mine[self.log["what"][mine] == event])
        }
        failed = int((self.log["what"][mine] == Event.FAILED).sum())
        lent = self.name(row["sponsor"]) if row["lent"] and row["sponsor"] >= 0 else ""
        expected = float(self.log["usd"][started])
        chips = f"{human(float(row['chips']))} {list(self.file.chips)[row['chip']]} chips"
        cause.facts |= {
            "phases": times,
            "failed_attempts": failed,
            "chips": float(row["chips"]),
            "chip": list(self.file.chips)[row["chip"]],
            "team": float(row["team"]),
            "spent_usd": float(self.log["usd"][cause.row]),
            "mechanism": Mechanism(int(row["mechanism"])).key,
            "sponsor": self.name(row["sponsor"]),
            "replicates": bool(row["replicates"]),
        }
        dated = ", ".join(f"{word} {self.when(time)}" for word, time in times.items())
        lost = f"; {_times(failed)} a training attempt was lost" if failed else ""
        cause.notes.append(f"project {project}: {dated}{lost}")
        means = [f"{human(float(row['team']))} people"] if row["team"] > 0 else []
        if row["chips"] > 0:
            whose = f" lent by {lent}" if lent else " of its own, given" if row["lent"] else " rented"
            means.append(chips + whose)
        elif not means:  # what could be built without chips is built
            yet = cause.event == Event.UNFINISHED.key
            means.append("waiting for the means to train: no chips yet" if yet else "no chips to train with")
        cause.notes.append(
            ", ".join(means)
            + (f"; {human(cause.facts['spent_usd'])} USD spent" if cause.facts["spent_usd"] else "")
            + (f"; expected compute {human(expected)} USD" if expected else "")
        )
        books = self.books(project)
        if books:
            self._describe_books(cause, books)

    def _describe_books(self, cause: Cause, books: Ledger) -> None:
        cause.facts["books"] = {
            "done": {name: float(value) for name, value in books.done.items()},
            "full": {name: float(value) for name, value in books.full.items()},
            "team": [float(value) for value in books.team],
            "failure": [float(value) for value in books.failure],
        }
        parts = (
            ("work", "person-months of experienced people"),
            ("trials", "FLOP of trial runs"),
            ("training", "FLOP of training"),
            ("months", "months"),
        )
        said = [
            f"{human(books.done[part])} of {human(books.full[part])} {unit}"
            for part, unit in parts
            if books.full[part] > 0.0
        ]
        if said:
            far = "" if cause.event == Event.TRAINED.key else ", as far as it came"
            cause.notes.append(f"did {'; '.join(said)} that it would take with nothing borrowed{far}")
        if books.team[0] - books.team[1] > 0.05:
            cause.notes.append(
                f"smallest team {human(books.team[1])} people in place of {human(books.team[0])}; chance "
                f"that an attempt fails {books.failure[1]:.0%} in place of {books.failure[0]:.0%}"
            )

    def _cut_facts(self, cut, books: Ledger) -> dict[str, Any]:
        event = self.log[cut.row]
        own = event["what"] == Event.MADE
        return {
            "artifact": cut.artifact,
            "artifact_kind": ArtifactKind(int(event["kind"])).key,
            "owner": self.name(self.replay.artifacts["owner"][cut.artifact]),
            "source": self.name(event["actor"] if own else event["source"]),
            "via": Via.OWN.key if own else Via(int(event["via"])).key,
            "work": float(cut.work),
            "trials": float(cut.trials),
            "training": float(cut.training),
            "months": float(cut.months),
            "team": float(cut.team),
            "failure": float(cut.failure),
            "words": cut_in_words(cut, books),
        }

    def _describe_decision(self, cause: Cause) -> None:
        actor, klass = int(self.log["actor"][cause.row]), int(self.log["klass"][cause.row])
        stand = self.stand(actor, klass, before(cause.time))
        cause.facts |= stand | {"draw": float(self.log["draw"][cause.row])}
        if settled_for_less(self.log, cause.row) is not None:
            cause.facts["settled_for_less"] = True
            cause.notes.append("it settled for less: the means for a larger model were lacking")
            return
        known = "" if stand["known"] else "; nobody was known to have it"
        wait = f", one such decision in {human(1 / stand['rate'])} months" if stand["rate"] > 0 else ""
        cause.notes.append(
            f"the hazard of deciding reached the {cause.facts['draw']:.2f} that its luck had set; it grew by "
            f"{human(stand['rate'])} a month{wait}{known}"
        )
        cause.notes.append(
            f"belief that scale pays {stand['belief']:.2f}: {stand['belief_alone']:.2f} by itself, "
            f"{stand['belief_shown']:.2f} with what users showed, the rest by evidence; public attention "
            f"{stand['attention']:.2f}"
        )

    def _describe_wait(self, cause: Cause) -> None:
        actor, klass = int(self.log["actor"][cause.row]), int(self.log["klass"][cause.row])
        stand = self.stand(actor, klass, cause.time)
        ends = np.flatnonzero(
            (self.log["actor"] == actor)
            & (self.log["klass"] == klass)
            & np.isin(self.log["what"], (Event.BLOCKED, Event.STARTED, Event.STOPPED, Event.UNFINISHED))
        )
        later = ends[ends > cause.row]
        until = float(self.log["time"][later[0]]) if len(later) else self.horizon
        bound = int(self.log["bound"][cause.row])
        cause.facts |= {"bound": Bound(bound).key, "months": until - cause.time} | {
            name: stand[name]
            for name in (
                *("willing", "cost", "money", "people", "team"),
                *("chips", "chips_for_memory", "training_months"),
            )
        }
        lack = {
            Bound.CHIPS: f"it had {human(stand['chips'])} chips; the memory takes "
            f"{human(stand['chips_for_memory'])}, and the training would last "
            f"{human(stand['training_months'])} months"
            if stand["chips_for_memory"]
            else "",
            Bound.MONEY: f"it would give {human(stand['willing'])} USD and had {human(stand['money'])}",
            Bound.TALENT: f"{human(stand['people'])} full-time people of the {human(stand['team'])} "
            "that it takes",
        }.get(Bound(bound))
        cause.notes.append(f"for {_span(until - cause.time)}" + (f"; {lack}" if lack else ""))

    def _describe_grant(self, cause: Cause) -> None:
        event = self.log[cause.row]
        sponsor = self.file.actors[self.name(event["source"])]
        terms = [
            words
            for asked, words in (
                (sponsor.grant_open, "to those who open their weights"),
                (sponsor.grant_closed, "to those who do not"),
                (sponsor.grant_region, f"within {sponsor.region}"),
            )
            if asked
        ]
        cause.facts |= {
            "sponsor": self.name(event["source"]),
            "form": sponsor.grant,
            "usd": float(event["usd"]),
            "chips": float(event["amount"]),
            "conditions": terms,
        }
        if terms:
            cause.notes.append(f"it gives only {' and '.join(terms)}")

    # --- the log ---------------------------------------------------------------------------------

    def stand(self, actor: int, klass: int, time: float) -> dict[str, Any]:
        """Return what a wish stood on at a time, by name (sim.lookback.WISH_FACTS)."""
        from sim.lookback import WISH_FACTS, state_wish

        facts = np.zeros(len(WISH_FACTS))
        self.replay.at(time)
        state_wish(self.replay.world, actor, klass, facts)
        named: dict[str, Any] = {name: float(value) for name, value in zip(WISH_FACTS, facts, strict=True)}
        named["cost"] = named["cost"] if math.isfinite(named["cost"]) else None
        return named | {"known": bool(named["known"]), "bound": Bound(int(named["bound"])).key}

    def books(self, project: int) -> Ledger | None:
        """Return the books of a project; see ``experiments.cuts``."""
        if project not in self._books:
            self._books[project] = ledger(self.replay, project)
        return self._books[project]

    def started(self, project: int) -> int:
        """Return the row at which a project started."""
        found = self._first((self.log["project"] == project) & (self.log["what"] == Event.STARTED))
        assert found is not None
        return found

    def awareness(self, actor: int, klass: int, until: int) -> int | None:
        """Return the row at which an actor came to know that a class exists, if before ``until``."""
        found = self._first(
            (self.log["actor"] == actor) & (self.log["what"] == Event.AWARE) & (self.log["klass"] >= klass)
        )
        return found if found is not None and found < until else None

    def _made(self, artifact: int) -> int:
        found = self._first((self.log["artifact"] == artifact) & (self.log["what"] == Event.MADE))
        assert found is not None
        return found

    @staticmethod
    def _first(chosen: np.ndarray) -> int | None:
        found = np.flatnonzero(chosen)
        return int(found[0]) if len(found) else None

    @staticmethod
    def _last(chosen: np.ndarray, until: int) -> int | None:
        found = np.flatnonzero(chosen[:until])
        return int(found[-1]) if len(found) else None

    def _class_of(self, row: int) -> int:
        return int(self.log["reached"][row])

    def _active_from(self, actor: int) -> float:
        value = self.file.actors[self.compiled.actors[actor]].active_from.value
        return value - self.compiled.scenario.start

    def _announcement(self, project: int) -> str:
        found = self._first((self.log["project"] == project) & (self.log["what"] == Event.ANNOUNCED))
        if found is None:
            return "It did not announce it within the simulated time."
        return f"It announced it {self.when(float(self.log['time'][found]))}."

    @cached_property
    def end(self) -> str:
        return self.compiled.scenario.file.scenario.end


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _span(months: float) -> str:
    return f"{months:.1f} months" if months >= 0.05 else "less than a day or two"


def lines_of(cause: Cause, depth: int = DEPTH, level: int = 0) -> list[str]:
    """Return the lines of a tree in words, ``depth`` levels deep: a cause, its notes, its own causes."""
    lead = "  " * level
    role = f"{cause.role}: " if cause.role else ""
    above = " (its causes stand elsewhere)" if cause.seen and cause.row != ROOT else ""
    cut = f": {cause.facts['words']}" if cause.facts.get("words") else ""
    lines = _wrap(f"{role}{cause.text}{cut} [{cause.when}]{above}", lead)
    if cause.seen:
        return lines
    for note in cause.notes:
        lines += _wrap(note, f"{lead}  - ", f"{lead}    ")
    if level >= depth and cause.because:
        hidden = len({below.row for below in cause.walk()} - {cause.row})
        rows = f"{hidden} row{'s' if hidden > 1 else ''}"
        return [*lines, f"{lead}  ... back to the scenario, by {rows} (--depth {depth + DEPTH} shows more)"]
    cuts = [below for below in cause.because if below.role == "cut"]
    large = [below for below in cuts if below.facts["words"]][: FEW_CUTS if level else MOST_CUTS]
    small = [below for below in cuts if below not in large]
    for below in cause.because:
        told = below.seen and cause.role in ("wait", "grant")  # it stands beside this one
        if below not in small and not told:
            lines += lines_of(below, depth, level + 1)
    if small:
        months = sum(below.facts["months"] for below in small)
        lines.append(f"{lead}  cut: {len(small)} others, together {human(months)} months")
    return lines


def _wrap(text: str, first: str, rest: str | None = None) -> list[str]:
    return textwrap.wrap(
        text, max(WIDTH, len(first) + 60), initial_indent=first, subsequent_indent=rest or first + "    "
    )
