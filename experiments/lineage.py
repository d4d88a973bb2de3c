"""The whole cascade of a run as a graph: what came of what, as the log tells it.

Nodes are projects, models, artifacts, decisions, grants and acquisitions; an edge goes from a cause
to what it enabled, and never back in time. Nothing is simulated: a log is all that is read.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.cuts import ENDS
from sim.tail.reading import names_of
from sim.words import ArtifactKind, Bound, Event, Mechanism, Via

if TYPE_CHECKING:
    import networkx

    from sim.world import Compiled

SCENARIO = "scenario"
_OF_PROJECT = (
    Event.STARTED, Event.BUILT, Event.EQUIPPED, Event.TUNED, Event.FAILED, Event.RESCOPED,
)  # fmt: skip
_OF_ARTIFACT = (
    *(Event.MADE, Event.RELEASED, Event.LEAKED, Event.STOLEN),
    *(Event.WITHHELD, Event.WITHDRAWN),
)
_OWN_NODE = {  # event -> kind of node
    Event.DECIDED: "decision",
    Event.GRANTED: "grant",
    Event.LEARNED: "acquisition",
    Event.DEMONSTRATED: "demonstration",
    Event.RECRUITED: "recruits",
}


def cascade_graph(log: np.ndarray, compiled: Compiled) -> networkx.DiGraph:
    """Return the cascade of a run: a directed acyclic graph in the order of time.

    Every row of the log belongs to one node: to its project until the model is trained, to the model
    from then on, to its artifact, or to a node of its own. ``time`` (months since the start) is when
    the node was complete: for a project, when it ended. Edges have ``role``, ``via`` and ``amount``
    (that of the row by which the one led to the other: of an artifact, the help that it added).

    Args:
        log: the event log of one run (``Result.logs``).
        compiled: the scenario that it is of (``Result.compiled``).
    """
    import networkx

    graph = networkx.DiGraph(scenario=compiled.scenario.name)
    node_of = _nodes_of_rows(log)
    for row, node in enumerate(node_of):
        _add_row(graph, node, log[row], row, compiled)
    for row, node in enumerate(node_of):
        cause = int(log["cause"][row])
        if cause >= 0:
            _add_edge(graph, node_of[cause], node, log[row], "cause")
        if log["artifact"][row] >= 0 and log["what"][row] == Event.LEARNED:
            _add_edge(graph, f"artifact {log['artifact'][row]}", node, log[row], "learned")
    _add_inputs(graph, log, node_of)
    return graph


def _nodes_of_rows(log: np.ndarray) -> list[str]:
    """Return the node to which each row belongs."""
    found_by = {
        int(log["cause"][row]): int(log["artifact"][row]) for row in np.flatnonzero(log["what"] == Event.MADE)
    }
    nodes: list[str] = []
    for row in range(len(log)):
        event = log[row]
        what, project, cause = Event(int(event["what"])), int(event["project"]), int(event["cause"])
        if what == Event.SCENARIO:
            nodes.append(SCENARIO)
        elif what in _OWN_NODE:
            nodes.append(f"{_OWN_NODE[what]} {row}")
        elif what in _OF_ARTIFACT:
            nodes.append(f"artifact {event['artifact']}")
        elif what == Event.DISCOVERED:
            nodes.append(f"artifact {found_by[row]}")
        elif event["reached"] >= 0:
            nodes.append(f"model {row}")
        elif project >= 0 and what in (*_OF_PROJECT, *ENDS):
            nodes.append(f"project {project}")
        else:  # what follows at once, or is part of the same: awareness, access, waiting, announcing
            nodes.append(nodes[cause])
    return nodes


def _add_row(graph, node: str, event, row: int, compiled: Compiled) -> None:
    """Make the node of a row, or add to it what the row says."""
    what, time = Event(int(event["what"])), float(event["time"])
    if node not in graph:
        actor, klass = int(event["actor"]), int(event["klass"])
        graph.add_node(
            node,
            kind=node.split(" ")[0],
            time=time,
            actor=str(names_of(compiled, np.array([actor]))[0]),
            row=row,
            **{"class": compiled.classes[klass] if klass >= 0 else ""},
        )
    facts = graph.nodes[node]
    kind = facts["kind"]
    if kind == "project":
        facts["time"] = time
        facts.setdefault("started", time)
        if what in (Event.STOPPED, Event.UNFINISHED, Event.UNDERTRAINED):
            facts["bound"] = Bound(int(event["bound"])).key
        facts["outcome"] = what.key
    elif kind == "artifact":
        facts["artifact_kind"] = ArtifactKind(int(event["kind"])).key
        if what in (Event.RELEASED, Event.LEAKED):
            facts.setdefault(what.key, time)
    elif kind == "decision" and what == Event.BLOCKED:
        facts["bound"] = Bound(int(event["bound"])).key
    elif kind == "grant" and what == Event.GRANTED:
        facts |= {"sponsor": compiled.actors[event["source"]], "usd": float(event["usd"])}
        facts["chips"] = float(event["amount"])
    elif kind == "acquisition" and what == Event.LEARNED:
        facts["artifact_kind"] = ArtifactKind(int(event["kind"])).key
    if what in (Event.TRAINED, Event.UNDERTRAINED, Event.STARTED, Event.ACCESSED):
        facts["mechanism"] = Mechanism(int(event["mechanism"])).key
    if what == Event.ANNOUNCED:
        facts["announced"] = time


def _add_edge(graph, cause: str, effect: str, event, role: str) -> None:
    if cause != effect and not graph.has_edge(cause, effect):
        via = Via(int(event["via"])).key
        graph.add_edge(cause, effect, role=role, via=via, amount=float(event["amount"]))


def _add_inputs(graph, log: np.ndarray, node_of: list[str]) -> None:
    """Join each project to its decision, its grant, its model, and all that helped its maker by then."""
    helps: dict[int, list[int]] = {}
    latest: dict[tuple[int, int, str], int] = {}
    started: dict[int, int] = {}
    for row in range(len(log)):
        event = log[row]
        what, actor, klass = int(event["what"]), int(event["actor"]), int(event["klass"])
        if what == Event.LEARNED and event["amount"] != 0.0:
            helps.setdefault(actor, []).append(row)
        elif what in (Event.DECIDED, Event.GRANTED):
            latest[actor, klass, Event(what).key] = row
            if what == Event.DECIDED:
                latest.pop((actor, klass, Event.GRANTED.key), None)
        elif what == Event.STARTED:
            project = f"project {event['project']}"
            started[int(event["project"])] = row
            for key in (Event.DECIDED.key, Event.GRANTED.key):
                cause = latest.get((actor, klass, key))
                if cause is not None and event["mechanism"] != Mechanism.ORIGINAL:
                    _add_edge(graph, node_of[cause], project, log[cause], key)
        elif what in ENDS and event["project"] in started:
            project = f"project {event['project']}"
            if event["reached"] >= 0:
                _add_edge(graph, project, node_of[row], event, "made")
                graph.nodes[project].update(time=float(event["time"]), outcome=Event(what).key)
            if event["mechanism"] != Mechanism.ORIGINAL:
                for cause in helps.get(actor, []):
                    _add_edge(graph, node_of[cause], project, log[cause], "helped")


def write_graph(graph: networkx.DiGraph, path: str | Path, form: str = "graphml") -> Path:
    """Write a graph to a file, as "graphml", "json" (node-link) or "dot" (Graphviz); return the file.

    Raises UserError where the file cannot be written.
    """
    import networkx

    from experiments.folder import write_whole

    writers: dict[str, Callable[[], str]] = {
        "graphml": lambda: "\n".join(networkx.generate_graphml(graph)),
        "json": lambda: json.dumps(node_link(graph), indent=1, ensure_ascii=False),
        "dot": lambda: _dot(graph),
    }
    return write_whole(path, writers[form]() + "\n")


def node_link(graph: networkx.DiGraph) -> dict[str, Any]:
    """Return a graph as plain data, in the node-link form of networkx (``edges`` for the links)."""
    import networkx

    return networkx.node_link_data(graph, edges="edges")


def _dot(graph: networkx.DiGraph) -> str:
    """Return a graph in the language of Graphviz."""

    def quoted(text: object) -> str:
        return '"' + str(text).replace("\\", "\\\\").replace('"', '\\"') + '"'

    lines = ["digraph cascade {", " node [shape=box];"]
    for node, facts in graph.nodes(data=True):
        label = facts.get("text") or f"{node}: {facts.get('actor', '')} {facts.get('class', '')}".strip()
        lines.append(f" {quoted(node)} [label={quoted(label)}];")
    for cause, effect, facts in graph.edges(data=True):
        lines.append(f" {quoted(cause)} -> {quoted(effect)} [label={quoted(facts['role'])}];")
    return "\n".join([*lines, "}"])


def in_words(graph: networkx.DiGraph) -> str:
    """Return how many nodes of each kind a cascade has."""
    kinds: dict[str, int] = {}
    for kind in (facts["kind"] for _, facts in graph.nodes(data=True)):
        kinds[kind] = kinds.get(kind, 0) + 1
    counted = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items(), key=lambda pair: -pair[1]))
    return f"{len(graph)} nodes ({counted}), {graph.number_of_edges()} edges"
