"""Networks with given degrees: sequences that can be realised, power laws, the configuration model."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sim.errors import UserError
from sim.networks import specs
from sim.networks.bounds import Place
from sim.networks.drawing import draws
from sim.networks.pairing import SWAPS_PER_TIE, pair_ends

NO_COMMUNITY = np.empty(0, np.int32)


def configure(spec: specs.Configuration, nodes: int, seed: int, place: Place):
    """Return the ties (a, b) of a network with the degrees of a specification."""
    field, degrees = _degrees(spec, nodes, seed, place)
    if len(degrees) != nodes:
        raise place.refuse(field, f"{len(degrees):,} degrees for {nodes:,} nodes; give one for each")
    problem = why_not_realised(degrees)
    if problem:
        raise place.refuse(field, problem)
    place.check(field, nodes, degrees.sum() / 2)
    a, b, bad = pair_ends(degrees, seed, "ends", NO_COMMUNITY, inside=False)
    if bad.any():  # a dense or lopsided sequence: build one that exists, then let luck swap
        return _built_and_swapped(degrees, seed)
    return a, b


def why_not_realised(degrees: np.ndarray) -> str:
    """Return why no network without loops and double ties has these degrees; "" where one has.

    The theorem of Erdos and Gallai (1960): for every k, the k largest degrees ask for no more ends of ties
    than there are among themselves and with the others.
    """
    degrees = np.asarray(degrees, np.int64)
    nodes = len(degrees)
    wrong = np.flatnonzero((degrees < 0) | (degrees > nodes - 1))
    if len(wrong):
        node = int(wrong[0])
        return (
            f"node {node}: a degree of {degrees[node]:,} is out of bounds: must be between 0 and "
            f"{nodes - 1:,} (the others)"
        )
    total = int(degrees.sum())
    if total % 2:
        return f"the degrees sum to {total:,}, which is odd; every tie has two ends: change one degree by 1"
    falling = np.sort(degrees)[::-1]
    before = np.concatenate([[0], np.cumsum(falling)])
    k = np.arange(1, nodes + 1)
    larger = np.maximum(k, nodes - np.searchsorted(falling[::-1], k, side="right"))  # how many are above k
    room = k * (k - 1) + k * (larger - k) + (total - before[larger])
    short = np.flatnonzero(before[1:] > room)
    if len(short) == 0:
        return ""
    count = int(short[0]) + 1
    largest = ", ".join(f"{degree:,}" for degree in falling[: min(count, 4)]) + (", ..." if count > 4 else "")
    return (
        f"cannot be realised: the {count:,} largest degrees ({largest}) ask for {before[count]:,} ends "
        f"of ties, and there is room for {room[count - 1]:,} among themselves and with the others "
        f"(Erdos-Gallai); lower the largest degrees or raise the smallest"
    )


def power_law(uniform: np.ndarray, exponent: float, least: float, most: float) -> np.ndarray:
    """Return numbers with a density that falls with a power, between two bounds, by the inverse."""
    if abs(exponent - 1.0) < 1e-9:
        return least * (most / least) ** uniform
    power = 1.0 - exponent
    return (least**power + uniform * (most**power - least**power)) ** (1.0 / power)


def _degrees(spec: specs.Configuration, nodes: int, seed: int, place: Place) -> tuple[str, np.ndarray]:
    if spec.degrees is not None:
        return "degrees", np.array(spec.degrees, np.int64)
    if spec.degrees_file is not None:
        return "degrees_file", _read_degrees(place.folder / spec.degrees_file)
    most = spec.most_degree or nodes - 1
    place.at_most("most_degree", most, nodes - 1, nodes, "ties of a node")
    if spec.least_degree > most:
        raise place.refuse("least_degree", f"{spec.least_degree:,} lies above the largest degree ({most:,})")
    uniform = draws(seed, "degrees", nodes)
    degrees = np.floor(power_law(uniform, spec.exponent, spec.least_degree, most + 1)).astype(np.int64)
    degrees = np.minimum(degrees, most)
    if degrees.sum() % 2:  # one end is left over
        node = int(np.argmin(degrees)) if degrees.min() < most else 0
        degrees[node] += 1 if degrees[node] < most else -1
    return "exponent", degrees


def _read_degrees(path: Path) -> np.ndarray:
    from sim.networks.tabular import read_columns

    column = read_columns(path, {"degree": ("degree",)}, ("degree",)).column("degree")
    degrees = column.numbers()
    wrong = np.flatnonzero(degrees != np.floor(degrees))
    if len(wrong):
        raise UserError(f"{path}: {column.at(wrong[0])}: {degrees[wrong[0]]:g} is not a whole number of ties")
    return degrees.astype(np.int64)


def _built_and_swapped(degrees: np.ndarray, seed: int):
    import random

    import networkx

    tied = np.flatnonzero(degrees)  # networkx numbers those without ties last
    built = networkx.havel_hakimi_graph(degrees[tied].tolist())
    ties = built.number_of_edges()
    if ties >= 2 and len(tied) >= 4:
        try:
            tries = 100 * SWAPS_PER_TIE * ties
            networkx.double_edge_swap(built, SWAPS_PER_TIE * ties, tries, seed=random.Random(seed))
        except networkx.NetworkXException:  # as few as two networks have these degrees
            pass
    rows = tied[np.array(list(built.edges), np.int64).reshape(-1, 2)].astype(np.int32)
    return rows[:, 0].copy(), rows[:, 1].copy()
