"""A run in words: its rows, its artifacts, its dates and amounts."""

from __future__ import annotations

import numpy as np

from experiments.cuts import Cut, Ledger
from experiments.replay import Replay
from sim.tail.reading import names_of
from sim.words import ArtifactKind, Bound, Event, Incentive, Mechanism, Sponsorship, Via

LEAST = 5e-4  # share of a quantity below which a cut is not worth a line

_WANTED = {
    Bound.MONEY: "money",
    Bound.CHIPS: "chips",
    Bound.TALENT: "people",
    Bound.DEADLINE: "time: its patience ended",
    Bound.TECHNICAL_FAULT: "a training that does not fail",
    Bound.SCOOPED: "being the first: it was scooped",
    Bound.ABANDONED: "conviction: it lost what it had decided with",
    Bound.OCCUPIED: "its own team, busy with another model",
    Bound.HORIZON: "time: the simulated time ended",
    Bound.PREPARATION: "preparation: approval, a team, machines made ready",
    Bound.OUTGROWN: "its own team, which turned to a larger model",
}
_CHANNEL = {
    Via.SCENARIO: "given at the start",
    Via.OWN: "its own",
    Via.PUBLIC: "public",
    Via.INSIDER: "through insiders",
    Via.HIRING: "with a person who moved",
    Via.COLLABORATION: "through a collaboration",
    Via.PARENT: "through its parent",
    Via.SPONSOR: "through a sponsor",
    Via.FOLLOWS: "through one whom it follows",
    Via.LEAKED: "leaked",
    Via.STOLEN: "stolen",
}
_FORM = {
    Sponsorship.HARDWARE: "hardware to keep",
    Sponsorship.HARDWARE_ACCESS: "time on hardware",
    Sponsorship.COMPUTE_MONEY: "money for compute",
    Sponsorship.FREE_MONEY: "free money",
}


def settled_for_less(log: np.ndarray, row: int) -> int | None:
    """Return the row that says what a larger model lacked, of a decision for want of it; else None."""
    cause = int(log["cause"][row])
    larger = log["what"][cause] == Event.BLOCKED and log["klass"][cause] > log["klass"][row]
    return cause if larger else None


class Wording:
    """Puts into words what stands in the log of a run."""

    def __init__(self, replay: Replay):
        self.replay = replay
        self.log = replay.log
        self.compiled = replay.compiled
        self.file = replay.compiled.scenario.file

    def in_words(self, row: int) -> str:
        """Return one line for a row of the log."""
        event, what = self.log[row], Event(int(self.log["what"][row]))
        actor, klass, source = (
            self.name(event["actor"]),
            self.title(event["klass"]),
            self.name(event["source"]),
        )
        via, project = _CHANNEL.get(Via(int(event["via"])), ""), int(event["project"])
        artifact = self.artifact(int(event["artifact"])) if event["artifact"] >= 0 else ""
        usd, amount = float(event["usd"]), float(event["amount"])
        if what == Event.SCENARIO:
            return f"the scenario {self.compiled.scenario.name}: what it gives"
        if what in (Event.TRAINED, Event.UNDERTRAINED) and project < 0:
            return f"{actor} had trained {klass} before the start"
        if what == Event.TRAINED:
            return f"{actor} trained {klass}{self._by(event)}"
        if what == Event.UNDERTRAINED:
            got = f"counts as {self.title(event['reached'])}" if event["reached"] >= 0 else "no known class"
            return (
                f"{actor} ended the training of {klass} at {float(event['draw']):.0%} of the goal ({got}): "
                f"it lacked {self._lacked(row)}"
            )
        if what == Event.STOPPED:
            left = " after it had started" if project >= 0 else " before it could start"
            return f"{actor} gave {klass} up{left}: it lacked {self._lacked(row)}"
        if what == Event.UNFINISHED:
            if project >= 0:
                return f"{actor} was still at work on {klass} when the simulated time ended"
            return (
                f"{actor} still sought the means for {klass} when the simulated time ended: "
                f"it lacked {self._lacked(row)}"
            )
        if what == Event.GRANTED:
            return f"{source} gave {actor} {self._gift(event)} for {klass}"
        if what == Event.DISCOVERED:
            return f"{actor} found {self._insight(event)}"
        if what == Event.WEIGHED:
            return self._weighed(event)
        texts = {
            Event.AWARE: f"{actor} came to know that {klass} exists",
            Event.DECIDED: f"{actor} decided to have {klass}, with conviction {amount:.2f}"
            + ("" if settled_for_less(self.log, row) is None else ", for want of the means for a larger one"),
            Event.BLOCKED: f"{actor} could not start on {klass}: it lacked {self._lacked(row)}"
            + (f"; the compute would cost {human(usd)} USD" if usd else ""),
            Event.STARTED: f"{actor} started on {klass}{self._by(event)}{_kept(event)}",
            Event.BUILT: f"{actor} had built what {klass} takes, in {human(amount)} person-months",
            Event.EQUIPPED: f"{actor} had the means to train {klass}{self._by(event)}",
            Event.TUNED: f"{actor} was done with the trial runs for {klass}: {human(amount)} FLOP",
            Event.FAILED: f"a training attempt of {actor} for {klass} was lost: {human(amount)} FLOP",
            Event.RESCOPED: f"{actor} was scooped with {klass}, and aims elsewhere",
            Event.ANNOUNCED: f"{actor} announced {klass}",
            Event.MADE: f"{actor} had {artifact}",
            Event.RELEASED: f"{actor} released {artifact}",
            Event.LEARNED: f"{artifact} reached {actor}, {via}" + (f" from {source}" if source else ""),
            Event.ACCESSED: f"{actor} could use {klass} of {source}"
            f" ({Mechanism(int(event['mechanism'])).phrase})",
            Event.DEMONSTRATED: f"users showed what {klass} of {actor} can do; "
            f"attention rose by {human(amount)}",
            Event.MOVED: f"{human(amount)} people moved from {source} to {actor}",
            Event.LEAKED: f"{artifact} leaked from {actor}",
            Event.STOLEN: f"{actor} stole {artifact} from {source}",
            Event.WITHHELD: f"an order kept {actor} from releasing {artifact}",
            Event.WITHDRAWN: f"{actor} withdrew {artifact}",
            Event.CHANGED: "a number of the scenario became another one",
            Event.ADOPTED: f"{actor} came to imitate how {source} gives access",
            Event.RECRUITED: f"{human(amount)} people joined {actor}",
            Event.LEFT: f"{actor} gave up the use of {artifact}",
            Event.CONTRIBUTED: f"{actor} contributed to {artifact}",
        }
        return texts[what]

    def name(self, actor: int) -> str:
        return str(names_of(self.compiled, np.array([actor]))[0])

    def title(self, klass: int) -> str:
        return self.compiled.classes[klass] if klass >= 0 else "a model"

    def when(self, time: float) -> str:
        """Return a time as a calendar month and months since the start."""
        return f"{self.compiled.scenario.date(time):%Y-%m}, month {time:.1f}"

    def artifact(self, artifact: int) -> str:
        """Return what an artifact is, in a few words."""
        row = self.replay.artifacts[artifact]
        kind = _kind_words(int(row["kind"]))
        if row["project"] >= 0:
            project = self.replay.projects[row["project"]]
            return f"{kind} of {self.title(row['klass'])} by {self.name(project['actor'])}"
        if row["insight"] >= 0:
            name, insight = list(self.file.insights.items())[row["insight"]]
            return f"{insight.title or name} ({kind})"
        facts = self.compiled.facts["artifact_facts"]
        places = np.flatnonzero(facts["key"] == row["key"])
        if not len(places):
            return f"{kind} that users contributed to, published by {self.name(row['owner'])}"
        place = int(places[0])
        name, item = list(self.file.scripted_artifacts.items())[place]
        return f"{item.title or name} ({kind})"

    def _lacked(self, row: int) -> str:
        """Say what kept a try from its end."""
        bound = Bound(int(self.log["bound"][row]))
        if bound == Bound.NONE:
            return "nothing yet: it had just decided"
        return _WANTED[bound]

    def _weighed(self, event) -> str:
        """Say what a decision about a release turned on, and the luck against the chance."""
        thing = _kind_words(int(event["kind"]))
        if event["klass"] >= 0:
            thing = f"{thing} of {self.title(event['klass'])}"
        chance, luck = float(event["amount"]), float(event["draw"])
        does = "releases" if luck < chance else "withholds"
        by = "by its policy"
        if event["motive"] >= 0:
            by = f"above all for {Incentive(int(event['motive'])).phrase}"
        return f"{self.name(event['actor'])} {does} {thing}, {by} (chance {chance:.2f}, luck {luck:.2f})"

    def _insight(self, event) -> str:
        name, insight = list(self.file.insights.items())[int(event["amount"])]
        return insight.title or name

    def _by(self, event) -> str:
        mechanism = Mechanism(int(event["mechanism"]))
        return "" if mechanism in (Mechanism.NONE, Mechanism.ORIGINAL) else f", by {mechanism.phrase}"

    def _gift(self, event) -> str:
        form = self.file.actors[self.name(event["source"])].grant
        words = _FORM[Sponsorship[form.upper()]]
        amount = (
            f"{human(float(event['amount']))} chips"
            if event["amount"]
            else f"{human(float(event['usd']))} USD"
        )
        return f"{amount} ({words})"


def cut_in_words(cut: Cut, books: Ledger) -> str:
    """Return by how much an artifact cut a project, in words; "" where it is not worth a line."""
    units = (("work", "person-months"), ("trials", "FLOP of trial runs"), ("training", "FLOP of training"))
    said = []
    for part, unit in units:
        value, full = getattr(cut, part), books.full[part]
        if full > 0.0 and abs(value) >= LEAST * full:
            said.append(f"{human(value)} {unit} ({value / full:.0%})")
    if books.full["months"] > 0.0 and abs(cut.months) >= LEAST * books.full["months"]:
        said.append(f"{human(cut.months)} months")
    if abs(cut.team) >= 0.05:
        said.append(f"{human(cut.team)} people off the smallest team")
    if abs(cut.failure) >= 0.005:
        said.append(f"{100 * cut.failure:.1f} points off the chance that an attempt fails")
    return ", ".join(said)


def human(value: float) -> str:
    """Return a number as people read it.

    >>> human(0.123456), human(1234567.0), human(3.14e23), human(12345.0)
    ('0.123', '1.23 million', '3.14e23', '12,345')
    """
    size = abs(value)
    for least, word in ((1e15, ""), (1e9, "billion"), (1e6, "million")):
        if size >= least:
            unit = 1e9 if word == "billion" else 1e6
            return f"{value / unit:.3g} {word}" if word else f"{value:.3g}".replace("e+", "e")
    return f"{value:,.0f}" if size >= 1000 else f"{value:.3g}"


def _kind_words(kind: int) -> str:
    words = ArtifactKind(kind).phrase
    return {"existence": "the knowledge", "api": "the API"}.get(words, words)


def _kept(event: np.void) -> str:
    """Say which part of the engineering an earlier try had left, if one did."""
    return f", with {event['draw']:.0%} of the engineering from an earlier try" if event["draw"] > 0 else ""
