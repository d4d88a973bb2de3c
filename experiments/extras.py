"""How what only some uses need is installed. The product is on no index: from its folder."""

from __future__ import annotations


def how_to_install(extra: str) -> str:
    """Return the command that installs one of the extras of ``pyproject.toml``.

    >>> how_to_install("cluster")
    "pip install '.[cluster]' (in the clone of the product)"
    """
    return f"pip install '.[{extra}]' (in the clone of the product)"
