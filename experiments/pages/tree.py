"""Elements of a page as a tree: whatever is put into it as words stays words."""

from __future__ import annotations

import re
from xml.etree import ElementTree

Node = ElementTree.Element
# Not allowed in a page; the last ones turn the direction of what follows.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]")


def node(tag: str, *content: Node | str, **attributes: str) -> Node:
    """Return an element; ``klass`` stands for the attribute class, an underline for a hyphen."""
    names = {name.replace("klass", "class").replace("_", "-"): value for name, value in attributes.items()}
    whole = ElementTree.Element(tag, {name: clean(value) for name, value in names.items()})
    for part in content:
        if isinstance(part, str):
            _append_text(whole, clean(part))
        else:
            whole.append(part)
    return whole


def add(whole: Node, part: Node) -> Node:
    """Put an element at the end of another and return it."""
    whole.append(part)
    return part


def clean(text: str) -> str:
    """Return words without what a page cannot hold."""
    return _FORBIDDEN.sub("\ufffd", text)


def _append_text(whole: Node, text: str) -> None:
    if len(whole):
        whole[-1].tail = (whole[-1].tail or "") + text
    else:
        whole.text = (whole.text or "") + text
