"""Which claims were asked, of those that there are: part of what a table of evidence says."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.evidence.claims import Claim, chosen, load_claims

MOST_NAMED = 3  # ids and roles in the name of a folder
OWN = "own"  # stands in it for claims of one's own alone


@dataclass(frozen=True)
class Choice:
    """What was left out of a table of evidence; by default nothing.

    ``only``: the ids and roles that were asked for, all if none. ``asked``: how many claims were held
    against the scenario, of ``of`` that there were. ``not_shipped``: of those that come with the product, how
    many were left out as a whole.
    """

    only: tuple[str, ...] = ()
    asked: int = 0
    of: int = 0
    not_shipped: int = 0

    @property
    def is_partial(self) -> bool:
        """Whether there are claims about the scenario that were not asked."""
        return self.asked < self.of or self.not_shipped > 0

    @property
    def in_words(self) -> str:
        """What was left out, in sentences; "" where nothing was."""
        said = []
        if self.not_shipped:
            said.append(
                f"Only your own claims (--no-shipped): the {self.not_shipped} that come with the product "
                "were not asked."
            )
        if self.asked < self.of:
            options = " ".join(f"--only {name}" for name in self.only)
            said.append(f"Chosen by {options}: {self.asked} of {self.of} claims; the others were not asked.")
        return " ".join(said)

    def folder(self, scenario: str) -> Path:
        """Return the folder of results that is meant where none is named: a part never takes that of all."""
        parts = [OWN] if self.not_shipped else []
        if self.asked < self.of:
            parts += self.only[:MOST_NAMED]
            parts += [f"and-{len(self.only) - MOST_NAMED}-more"] if len(self.only) > MOST_NAMED else []
        plain = [re.sub(r"[^\w-]+", "_", part)[:60] for part in parts]
        return Path("out") / "-".join([f"evidence-{scenario}", *plain])


def choose(
    scenario: str,
    further: Sequence[str | Path] = (),
    shipped: bool = True,
    only: Sequence[str] = (),
    say: Callable[[str], object] | None = None,
) -> tuple[dict[str, Claim], Choice]:
    """Return the claims about a scenario that are asked, and what that leaves out.

    ``further``: files of one's own; ``only``: ids or roles. Raises UserError as ``load_claims`` does,
    and for a name that there is not.
    """
    known = load_claims(scenario, further, shipped, say)
    asked = chosen(known, only)
    left_out = 0 if shipped else len(load_claims(scenario))
    return asked, Choice(tuple(only), len(asked), len(known), left_out)
