"""Tables of plain text."""

from __future__ import annotations

from collections.abc import Sequence


def laid_out(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> list[str]:
    """Return the lines of a table: headings, a rule, then the other rows.

    ``right``: columns that stand flush right.

    >>> laid_out([("fruit", "price"), ("fig", "1.20")], right=[1])
    ['fruit  price', '------------', 'fig     1.20']
    """
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    lines.insert(1, "-" * max(map(len, lines)))
    return lines
