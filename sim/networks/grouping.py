"""Networks of communities, after the benchmark of Lancichinetti, Fortunato and Radicchi (2008)."""

from __future__ import annotations

import math

import numpy as np

from agents.rule import rule
from sim.networks import specs
from sim.networks.bounds import Place
from sim.networks.degrees import power_law
from sim.networks.drawing import draws
from sim.networks.pairing import pair_ends


def group(spec: specs.Communities, nodes: int, seed: int, place: Place):
    """Return the ties (a, b) of communities; the nodes of a community stand together.

    Degrees within and without are paired apart, so that the share of ties that leave a community is as
    asked for, up to ends that are left over.
    """
    place.at_most("most_degree", spec.most_degree, nodes - 1, nodes, "ties of a node")
    place.at_most("least_size", spec.least_size, nodes, nodes, "members of each community")
    place.check("degree", nodes, nodes * spec.degree / 2)
    sizes = community_sizes(spec, nodes, seed)
    degrees = _degrees(spec, nodes, seed)
    share = (1.0 - spec.mixing) * degrees
    inside = np.floor(share + draws(seed, "inside", nodes)).astype(np.int64)
    member = _deal(np.sort(inside)[::-1].copy(), sizes, draws(seed, "communities", nodes))
    order = np.argsort(-inside, kind="stable")[np.argsort(member, kind="stable")]
    community = np.sort(member)
    degrees, inside = degrees[order], np.minimum(inside[order], sizes[community] - 1)
    inside = _even(inside, community)
    if len(sizes) == 1:
        outside = np.zeros(nodes, np.int64)
    else:
        outside = _even(degrees - inside, np.zeros(nodes, np.int32))
    within = pair_ends(inside, seed, "within", community, inside=True)
    across = pair_ends(outside, seed, "across", community, inside=False)
    return tuple(
        np.concatenate([side[~bad] for side, bad in ((within[at], within[2]), (across[at], across[2]))])
        for at in (0, 1)
    )


def community_sizes(spec: specs.Communities, nodes: int, seed: int) -> np.ndarray:
    """Return the sizes of the communities, largest first; together they hold all nodes."""
    most = min(spec.most_size, nodes)
    room = nodes // spec.least_size + 1
    uniform = draws(seed, "sizes", room)
    sizes = np.floor(power_law(uniform, spec.size_exponent, spec.least_size, most + 1)).astype(np.int64)
    sizes = np.minimum(sizes, most)
    count = int(np.searchsorted(np.cumsum(sizes), nodes)) + 1
    sizes = sizes[:count]
    sizes[-1] -= sizes.sum() - nodes
    if sizes[-1] < spec.least_size and count > 1:  # too few are left for one more: the others take them in
        left, sizes = int(sizes[-1]), sizes[:-1]
        sizes += left // len(sizes)
        sizes[: left % len(sizes)] += 1
    return np.sort(sizes)[::-1].copy()


def _degrees(spec: specs.Communities, nodes: int, seed: int) -> np.ndarray:
    """Return degrees of a power law with the mean asked for: its lower bound is found by halving."""
    uniform = draws(seed, "degrees", nodes)
    low, high = 1e-3, float(spec.most_degree)
    for _ in range(60):
        middle = math.sqrt(low * high)
        mean = power_law_mean(spec.degree_exponent, middle, spec.most_degree)
        low, high = (middle, high) if mean < spec.degree else (low, middle)
    exact = power_law(uniform, spec.degree_exponent, low, spec.most_degree)
    whole = np.floor(exact + draws(seed, "rounding", nodes)).astype(np.int64)
    return np.clip(whole, 1, spec.most_degree)


def power_law_mean(exponent: float, least: float, most: float) -> float:
    """Return the mean of a power law between two bounds."""
    if most <= least * (1.0 + 1e-12):
        return least

    def integral(power: float) -> float:
        if abs(power) < 1e-9:
            return math.log(most / least)
        return (most**power - least**power) / power

    return integral(2.0 - exponent) / integral(1.0 - exponent)


def _even(ends: np.ndarray, community: np.ndarray) -> np.ndarray:
    """Return the ends of each node, one fewer where those of a community are an odd number."""
    ends = ends.copy()
    odd = np.flatnonzero(np.bincount(community, weights=ends).astype(np.int64) % 2)
    begin = np.searchsorted(community, odd, side="left")
    end = np.searchsorted(community, odd, side="right")
    for first, last in zip(begin, end, strict=True):
        ends[first + int(np.argmax(ends[first:last]))] -= 1
    return ends


@rule
def _deal(inside, sizes, uniform):
    """Return the community of each node; the nodes stand by falling ties inside, the sizes fall too.

    A node gets a free place of luck among the communities that are large enough for its ties.
    """
    member = np.empty(len(inside), np.int32)
    places = np.empty(len(inside), np.int32)  # one entry for each free place that is open so far
    free, opened = 0, 0
    for node in range(len(inside)):
        while opened < len(sizes) and (free == 0 or sizes[opened] > inside[node]):
            for _ in range(sizes[opened]):
                places[free] = opened
                free += 1
            opened += 1
        place = int(uniform[node] * free)
        member[node] = places[place]
        free -= 1
        places[place] = places[free]
    return member
