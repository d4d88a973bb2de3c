"""GraphML, read as a stream: every problem with the line on which it stands.

Of the format (Brandes et al. 2002): nodes, edges, and the attributes of edges. Graphs in graphs, ports and
edges of more than two nodes are refused.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.parsers import expat

from sim.errors import UserError, nearest
from sim.networks.bounds import check_memory
from sim.networks.network import Network
from sim.networks.objects import ATTRIBUTES, check_directed, not_said
from sim.networks.reading import network_of_columns
from sim.networks.tabular import Column, Columns, assign

EDGE_BYTES = 40  # of a file, for an edge that says as little as it can
NUMBERS = ("int", "long", "float", "double")


def read_graphml(path: Path, nodes, directed, kind, columns, ignore, start) -> Network:
    """Read a network from a GraphML file; see ``sim.networks.read``."""
    import pyarrow as pa

    check_memory(str(path), 0, 2.0 * path.stat().st_size / EDGE_BYTES, "take a sample of its nodes", 1)
    told = _Reader(path)
    told.read()
    check_directed(str(path), directed, told.directed)
    if nodes is None:
        nodes = told.nodes
    elif isinstance(nodes, int):
        if len(told.nodes) != nodes:
            raise UserError(
                f"{path}: has {len(told.nodes):,} nodes; {nodes:,} are asked for: ask for as many"
            )
        nodes = told.nodes
    names = [key["name"] for key in told.keys.values()]
    named = assign(str(path), names, ATTRIBUTES, (), columns, ignore)
    found: dict[str, Any] = {"from": told.a, "to": told.b}
    by_name = {key["name"]: at for at, key in told.keys.items()}
    for meaning, name in named.items():
        found[meaning] = told.values(by_name[name], not_said(kind).get(meaning))
    if not told.a:
        raise UserError(f"{path}: has no edges")
    made = {
        meaning: Column(path, named.get(meaning, {"from": "source", "to": "target"}.get(meaning, meaning)),
                        pa.chunked_array([pa.array(values)]))
        for meaning, values in found.items()
    }  # fmt: skip
    return network_of_columns(Columns(path, len(told.a), made), tuple(nodes), told.directed, kind, start)


class _Reader:
    """What a file says, gathered element by element."""

    def __init__(self, path: Path):
        self.path = path
        self.directed = False
        self.nodes: dict[str, None] = {}
        self.keys: dict[str, dict[str, str]] = {}  # of edges: id -> name, type, default
        self.a: list[str] = []
        self.b: list[str] = []
        self.lines: list[int] = []
        self.data: dict[str, dict[int, Any]] = {}
        self._open: list[str] = []
        self._key, self._text = "", ""
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartElementHandler = self._begin
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._take
        self._parser.EntityDeclHandler = self._entity

    def read(self) -> None:
        try:
            with self.path.open("rb") as file:
                self._parser.ParseFile(file)
        except expat.ExpatError as error:
            raise UserError(f"{self.path}: line {error.lineno}: not valid XML: "
                            f"{expat.ErrorString(error.code)}") from None  # fmt: skip
        for side, word in ((self.a, "source"), (self.b, "target")):
            for row, name in enumerate(side):
                if name not in self.nodes:
                    known = list(self.nodes)[:10_000]
                    raise UserError(
                        f"{self.path}: line {self.lines[row]}: {word}: no node {name!r}"
                        f"{nearest(name, known)}; there is: {', '.join(known[:8]) or 'none'}"
                    )

    def values(self, key: str, not_said: Any) -> list[Any]:
        """Return an attribute of each edge; the file's default or ours where an edge does not say it."""
        given, default = self.data.get(key, {}), self.keys[key].get("default")
        default = not_said if default is None else self._value(key, default)
        return [given.get(row, default) for row in range(len(self.a))]

    def _refuse(self, message: str) -> UserError:
        return UserError(f"{self.path}: line {self._parser.CurrentLineNumber}: {message}")

    def _begin(self, tag: str, told: dict[str, str]) -> None:
        name = tag.rpartition(" ")[2]
        if not self._open and name != "graphml":
            raise self._refuse(f"the file is <{name}>, not <graphml>")
        if name in ("hyperedge", "port") or (name == "graph" and "graph" in self._open):
            raise self._refuse(f"<{name}> here is more than a network of pairs; leave it out")
        self._open.append(name)
        if name == "graph":
            if told.get("edgedefault") not in ("directed", "undirected"):
                raise self._refuse("<graph> must say edgedefault='directed' or 'undirected'")
            self.directed = told["edgedefault"] == "directed"
        elif name == "key" and told.get("for", "all") in ("edge", "all"):
            named = told.get("attr.name", told.get("id", ""))
            self.keys[told.get("id", "")] = {"name": named, "type": told.get("attr.type", "string")}
            self._key = told.get("id", "")
        elif name == "node":
            if told.get("id") in self.nodes:
                raise self._refuse(f"node {told['id']!r} is there twice")
            if not told.get("id"):
                raise self._refuse("a node without id")
            self.nodes[told["id"]] = None
        elif name == "edge":
            self._edge(told)
        elif name == "data":
            self._key = told.get("key", "")
        self._text = ""

    def _edge(self, told: dict[str, str]) -> None:
        for end in ("source", "target"):
            if end not in told:
                raise self._refuse(f"an edge without {end}")
        word = "true" if self.directed else "false"
        if told.get("directed", word) != word:
            raise self._refuse(
                f"directed={told['directed']!r}, in a graph of the other sort; write all edges as directed"
            )
        self.a.append(told["source"])
        self.b.append(told["target"])
        self.lines.append(self._parser.CurrentLineNumber)

    def _take(self, text: str) -> None:
        self._text += text

    def _end(self, tag: str) -> None:
        name = self._open.pop()
        if name == "default" and self._open[-1] == "key" and self._key in self.keys:
            self.keys[self._key]["default"] = self._text.strip()
        elif name == "data" and self._open[-1] == "edge":
            if self._key not in self.keys:
                raise self._refuse(
                    f"no key {self._key!r} for edges; there is: {', '.join(self.keys) or 'none'}"
                )
            value = self._value(self._key, self._text.strip())
            self.data.setdefault(self._key, {})[len(self.a) - 1] = value

    def _value(self, key: str, text: str) -> Any:
        if self.keys[key]["type"] not in NUMBERS:
            return text
        try:
            return float(text)
        except ValueError:
            raise self._refuse(f"{self.keys[key]['name']}: {text!r} is not a number") from None

    def _entity(self, *_: Any) -> None:
        raise self._refuse("declares an entity; write out what it stands for")
