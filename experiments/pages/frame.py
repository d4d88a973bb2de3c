"""A whole page: one file that needs no network, and runs its own script and style and nothing else."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from experiments.pages.tree import Node, node

DATA = "data"  # id of the element that holds the data of a page


@cache
def part(name: str) -> str:
    """Return a script or a style of a page, from the file beside this one."""
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


def document(title: str, style: str, script: str, body: Iterable[Node], data: Any = None) -> str:
    """Return a page as HTML. ``data``: plain data, which the script finds in the element ``data``."""
    head = node(
        "head",
        node("meta", charset="utf-8"),
        _policy(style, script),
        node("meta", name="viewport", content="width=device-width, initial-scale=1"),
        node("title", title),
        node("style", style),
    )
    end = [] if data is None else [node("script", as_text(data), type="application/json", id=DATA)]
    whole = node("html", head, node("body", *body, *end, node("script", script)), lang="en")
    return f"<!DOCTYPE html>\n{ElementTree.tostring(whole, encoding='unicode', method='html')}\n"


def as_text(data: Any) -> str:
    """Return plain data as JSON in which nothing can end the element that holds it.

    >>> as_text({"name": "</script>"})
    '{"name":"\\\\u003c/script\\\\u003e"}'
    """
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":  # in JSON they stand only within words
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def picture(path: Path, words: str) -> Node:
    """Return a PNG file as part of a page; ``words``: what it shows."""
    content = base64.b64encode(path.read_bytes()).decode()
    return node("img", src=f"data:image/png;base64,{content}", alt=words, loading="lazy")


def _policy(style: str, script: str) -> Node:
    """Return the rule by which a browser takes this page's script, style and pictures, and no others."""

    def allowed(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    rules = (
        "default-src 'none'", f"style-src {allowed(style)}", f"script-src {allowed(script)}", "img-src data:",
        "base-uri 'none'", "form-action 'none'",
    )  # fmt: skip
    return node("meta", http_equiv="Content-Security-Policy", content="; ".join(rules))
