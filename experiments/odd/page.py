"""The page: the prose of ``template.md``, filled with what the sources say and what a scenario counts.

``{{ NAME }}`` stands for a fact (``experiments.odd.facts``), ``{{ MAKER ARGUMENTS }}`` for a part that is
made (``experiments.odd.markdown``). A paragraph that begins with ``{{ if NAME }}`` or ``{{ unless NAME }}``
is there only where the fact is not zero, or is.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from experiments.odd.facts import facts_of
from experiments.odd.markdown import MAKERS
from sim.scenario import Scenario

TEMPLATE = Path(__file__).with_name("template.md")
MARK = re.compile(r"\{\{\s+(.+?)\s+\}\}", re.DOTALL)
CONDITION = re.compile(r"\{\{ (if|unless) (\w+) \}\}\s*")


def page_of(scenario: Scenario) -> str:
    """Return the description of the model as it is now, for a scenario, as Markdown."""
    facts = facts_of(scenario)
    kept = []
    for paragraph in TEMPLATE.read_text(encoding="utf-8").strip().split("\n\n"):
        condition = CONDITION.match(paragraph)
        if condition and bool(facts[condition[2]]) != (condition[1] == "if"):
            continue
        text = paragraph[condition.end() :] if condition else paragraph
        kept.append(MARK.sub(lambda mark: _filled(mark[1], scenario, facts), text))
    return "\n\n".join(kept) + "\n"


def _filled(mark: str, scenario: Scenario, facts: dict[str, Any]) -> str:
    name, *arguments = mark.split()
    return MAKERS[name](scenario, *arguments) if name in MAKERS else str(facts[name])
