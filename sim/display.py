"""How scenarios, results and the like show themselves in a notebook: small tables, all text escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

MOST_ROWS = 24
LONGEST = 120  # characters of a cell
_CELL = "padding:1px 10px 1px 0;text-align:{};white-space:nowrap"


def as_html(
    title: str,
    facts: Iterable[str],
    headings: Sequence[str] = (),
    rows: Sequence[Sequence[str]] = (),
    notes: Iterable[str] = (),
) -> str:
    """Return a heading, a line per fact, a table and notes as HTML.

    >>> as_html("<b>", ["two & two"])
    '<div><b>&lt;b&gt;</b><div>two &amp; two</div></div>'
    """
    parts = [f"<b>{_text(title)}</b>", *(f"<div>{_text(fact)}</div>" for fact in facts if fact)]
    if rows:
        lines = [_line("th", headings), *(_line("td", row) for row in rows[:MOST_ROWS])]
        parts.append(f'<table style="border-collapse:collapse;font-size:90%">{"".join(lines)}</table>')
    if len(rows) > MOST_ROWS:
        parts.append(f"<div>and {len(rows) - MOST_ROWS} more</div>")
    parts += [f"<div><small>{_text(note)}</small></div>" for note in notes]
    return f"<div>{''.join(parts)}</div>"


def _line(cell: str, texts: Sequence[str]) -> str:
    sides = ("left" if place == 0 else "right" for place in range(len(texts)))
    cells = (
        f'<{cell} style="{_CELL.format(side)}">{_text(text)}</{cell}>'
        for text, side in zip(texts, sides, strict=True)
    )
    return f"<tr>{''.join(cells)}</tr>"


def _text(text: str) -> str:
    short = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    return html.escape(short)
