"""The table of policies in docs/policies.md: ``python -m experiments.policy_page`` writes it anew."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from experiments.difference import list_of_policies
from sim.policy import heading_of, read_policy

PAGE = Path(__file__).resolve().parent.parent / "docs" / "policies.md"
FIRST, LAST = "<!-- table: made by make policies -->\n", "<!-- end of the table -->\n"


def table() -> str:
    """Return all policies that come with the product, with their parameters, as Markdown."""
    lines = []
    for group, rows in list_of_policies().items():
        lines += [f"\n**{group}**\n", "| policy | what it is | parameters |", "|---|---|---|"]
        for name, title in rows:
            policy = read_policy(name)
            also = "".join(f", `{other}`" for other in heading_of(name).get("also", []))
            told = ", ".join(f"`{_told(key, value)}`" for key, value in policy.values.items())
            lines.append(f"| `{name}`{also} | {title} | {told} |")
    return "\n".join(lines) + "\n\n"


def _told(name: str, value: object) -> str:
    if value is None:
        return f"{name}=..."
    return f"{name}={'+'.join(map(str, value)) if isinstance(value, list) else value}"


def current(text: str) -> str:
    """Return the text of the page with the table as it should stand there."""
    around = re.escape(FIRST) + ".*?" + re.escape(LAST)
    return re.sub(around, lambda _: FIRST + table() + LAST, text, flags=re.DOTALL)


if __name__ == "__main__":
    PAGE.write_text(current(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"Written: {PAGE}", file=sys.stderr)
