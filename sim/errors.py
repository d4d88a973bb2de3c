"""Errors that a user can mend: file, dotted path, what was given, what is allowed, the nearest cure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """Something that the user gave cannot be used. Shown without a traceback; exit code 2."""


def nearest(name: str, allowed: Iterable[str]) -> str:
    """Return " (did you mean 'x'?)" for the allowed name closest to a mistyped one, or "".

    The same whatever the order of the names: a set has none.
    """
    names = {candidate.lower(): candidate for candidate in sorted(map(str, allowed))}
    close = difflib.get_close_matches(str(name).lower(), names, n=1, cutoff=0.6)
    return f" (did you mean {names[close[0]]!r}?)" if close else ""


def not_found(what: str, name: str, allowed: Iterable[str], most: int = 12) -> str:
    """Return the message for a name that does not exist, with the nearest one and what there is."""
    given = sorted(allowed, key=str) if isinstance(allowed, (set, frozenset)) else allowed
    known = [str(candidate) for candidate in given]
    listed = ", ".join(known[:most]) + (", ..." if len(known) > most else "")
    return f"no {what} {name!r}{nearest(name, known)}; there is: {listed or 'none'}"
