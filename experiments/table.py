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


def percent(share: float) -> str:
    """Return a share in per cent, such that only none is 0 and only all is 100.

    >>> [percent(share) for share in (0, 0.001, 0.005, 0.3, 0.995, 1)]
    ['0 %', '<1 %', '<1 %', '30 %', '>99 %', '100 %']
    """
    if 0 < share <= 0.005:
        return "<1 %"
    return ">99 %" if 0.995 <= share < 1 else f"{100 * share:.0f} %"
