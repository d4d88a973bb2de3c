"""Networks from files: edge lists (CSV, Parquet) and GraphML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from sim.errors import UserError, nearest, not_found
from sim.networks.bounds import check_memory
from sim.networks.checking import checked_network
from sim.networks.network import Network, Ties
from sim.networks.specs import TIE_KINDS
from sim.networks.tabular import Column, Columns, check_readable, read_columns, rows_of

MEANINGS = {
    "from": ("from", "source"),
    "to": ("to", "target"),
    "strength": ("strength", "weight"),
    "kind": ("kind", "type"),
    "since": ("since",),
    "until": ("until",),
}
FORMATS = (".csv", ".parquet", ".graphml")
_FEWER = "take a sample of its nodes"


def read(
    path: str | Path,
    nodes: int | Sequence[str] | None = None,
    directed: bool | None = None,
    *,
    kind: str = "collaboration",
    columns: Mapping[str, str] | None = None,
    ignore: Sequence[str] = (),
    start: str | None = None,
) -> Network:
    """Read a network from an edge list (.csv, .parquet) or GraphML (.graphml).

    An edge list has a heading and a row for each tie. Columns: ``from`` and ``to`` (or source, target), and,
    as far as known, ``strength`` (or weight), ``kind`` (or type), ``since`` and ``until`` (months after the
    start, or dates). What passes along a tie goes from ``from`` to ``to``, or both ways unless ``directed``.

    nodes: how many there are (numbered from 0, or named as in the file), or their names in order; if None,
        those that ties name, numbers rising, names by the alphabet.
    directed: must be said for an edge list; GraphML says it itself.
    kind: of all ties, where no column says it.
    columns: what a column is called there: {"strength": "hours"}. ignore: names of columns left out.
    start: date that dates in since and until are counted from.

    Raises UserError with file, row, column, the value and what is allowed.
    """
    path = Path(path)
    check_readable(path)
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise UserError(
            f"{path}: {suffix or 'no ending'} is not a format of networks; use {', '.join(FORMATS)}"
        )
    if kind not in TIE_KINDS:
        raise UserError(f"{path}: kind: {not_found('kind of tie', kind, TIE_KINDS)}")
    if suffix == ".graphml":
        from sim.networks.graphml import read_graphml

        return read_graphml(path, nodes, directed, kind, columns, ignore, start)
    if directed is None:
        raise UserError(
            f"{path}: an edge list does not say whether its ties are directed; say directed=True (what "
            f"passes goes from 'from' to 'to' only) or directed=False (both ways)"
        )
    both = 1.0 if directed else 2.0
    check_memory(str(path), 0, both * rows_of(path), _FEWER, attributes=1)
    found = read_columns(path, MEANINGS, ("from", "to"), columns, ignore)
    return network_of_columns(found, nodes, directed, kind, start)


def network_of_columns(
    found: Columns, nodes: int | Sequence[str] | None, directed: bool, kind: str, start: str | None
) -> Network:
    """Return the network of columns by their meanings, checked."""
    a, b, count, names = _ends(found, nodes)
    strength = since = until = None
    if "strength" in found:
        strength = found.column("strength").numbers().astype(np.float32)
    if "since" in found:
        since = found.column("since").months(start, -np.inf).astype(np.float32)
    if "until" in found:
        until = found.column("until").months(start, np.inf).astype(np.float32)
    kinds: tuple[str, ...] = (kind,)
    codes = None
    if "kind" in found:
        kinds, codes = _kinds(found.column("kind"))
    if since is not None or until is not None:  # the two stand together
        since = np.full(len(a), -np.inf, np.float32) if since is None else since
        until = np.full(len(a), np.inf, np.float32) if until is None else until

    def refuse(row: int, message: str) -> UserError:
        return UserError(f"{found.path}: row {row + 1}: {message}")

    ties = Ties(a, b, strength, codes, kinds, since, until)
    return checked_network(ties, count, directed, names, refuse)


def _ends(found: Columns, nodes: int | Sequence[str] | None):
    """Return (a, b, number of nodes, names or None)."""
    sides = [found.column("from"), found.column("to")]
    if (nodes is None or isinstance(nodes, int)) and all(side.whole for side in sides):
        return _numbered(sides, nodes)
    return _named(sides, nodes)


def _numbered(sides: list[Column], nodes: int | None):
    ends = [_whole(side) for side in sides]
    if nodes is None:
        known = np.unique(np.concatenate(ends))
        count = len(known)
        names = None if known[0] == 0 and known[-1] == count - 1 else tuple(map(str, known.tolist()))
        ends = [np.searchsorted(known, side) for side in ends]
        return ends[0].astype(np.int32), ends[1].astype(np.int32), count, names
    least, most = min(side.min() for side in ends), max(side.max() for side in ends)
    for column, side in zip(sides, ends, strict=True):
        wrong = np.flatnonzero((side < 0) | (side >= nodes))
        if len(wrong):
            hint = (
                "; nodes are counted from 0, these seem to be from 1" if least == 1 and most == nodes else ""
            )
            raise column.refuse(
                wrong[0], f"no node {side[wrong[0]]}; nodes are numbered 0 to {nodes - 1}{hint}"
            )
    return ends[0].astype(np.int32), ends[1].astype(np.int32), nodes, None


def _whole(column: Column) -> np.ndarray:
    if column.values.null_count:
        import pyarrow.compute as pc

        raise column.refuse(pc.index(pc.is_null(column.values), True).as_py(), "a node is missing")
    return column.values.to_numpy().astype(np.int64)


def _named(sides: list[Column], nodes: int | Sequence[str] | None):
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = [side.texts() for side in sides]
    if nodes is None or isinstance(nodes, int):
        known = pc.unique(pa.chunked_array([chunk for text in texts for chunk in text.chunks], pa.string()))
        known = known.take(pc.sort_indices(known))
        if nodes is not None and len(known) > nodes:
            raise UserError(
                f"{sides[0].path}: names {len(known):,} nodes, such as {known[-1].as_py()!r}; there are "
                f"{nodes:,}: ask for as many, or take ties out"
            )
        count = len(known) if nodes is None else nodes
        names = (*known.to_pylist(), *map(str, range(len(known), count)))
    else:
        names = tuple(map(str, nodes))
        known, count = pa.array(names, pa.string()), len(names)
        if len(set(names)) < count:
            twice = next(name for name in names if names.count(name) > 1)
            raise UserError(f"nodes: the name {twice!r} is there twice")
    ends = []
    for column, text in zip(sides, texts, strict=True):
        places = pc.index_in(text, known)
        if places.null_count:
            row = pc.index(pc.is_null(places), True).as_py()
            name = text[row].as_py()
            raise column.refuse(
                row, f"no node {name!r}{nearest(name, names[:10_000])}; there is: {', '.join(names[:8])}"
                + (", ..." if count > 8 else "")
            )  # fmt: skip
        ends.append(places.to_numpy().astype(np.int32))
    return ends[0], ends[1], count, names


def _kinds(column: Column) -> tuple[tuple[str, ...], np.ndarray | None]:
    import pyarrow.compute as pc

    texts = column.texts()
    kinds = tuple(sorted(pc.unique(texts).to_pylist()))
    for kind in kinds:
        if kind not in TIE_KINDS:
            row = pc.index(texts, kind).as_py()
            raise column.refuse(row, not_found("kind of tie", kind, TIE_KINDS))
    if len(kinds) == 1:
        return kinds, None
    import pyarrow as pa

    return kinds, pc.index_in(texts, pa.array(kinds)).to_numpy().astype(np.uint8)
