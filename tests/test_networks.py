"""Networks: what a generator promises, the same on every machine, and what files and graphs say."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import networkx
import numpy as np
import pandas as pd
import pytest
import rustworkx
from hypothesis import given
from hypothesis import strategies as st

from sim.networks import generate, of_graph, read
from sim.networks.degrees import power_law, why_not_realised
from sim.networks.drawing import chosen
from sim.networks.grouping import community_sizes, power_law_mean
from sim.networks.specs import Communities

NODES = 2000
COMMUNITIES = {"generator": "communities", "degree": 8, "most_degree": 60, "least_size": 15, "most_size": 120,
               "mixing": 0.2}  # fmt: skip
BLOCKS = {
    "generator": "stochastic-block",
    "blocks": [0.5, 0.3, 0.2],
    "probability": [[0.01, 0.001, 0], [0.001, 0.02, 0.002], [0, 0.002, 0.03]],
}
SPECS = {
    "barabasi-albert": {"generator": "barabasi-albert", "attached": 3},
    "watts-strogatz": {"generator": "watts-strogatz", "neighbours": 6, "rewired": 0.2},
    "communities": COMMUNITIES,
    "stochastic-block": BLOCKS,
    "configuration": {"generator": "configuration", "exponent": 2.5, "least_degree": 2},
    "erdos-renyi": {"generator": "erdos-renyi", "degree": 5},
    "complete": {"generator": "complete"},
}


@pytest.fixture(params=SPECS)
def spec(request):
    return SPECS[request.param]


def size_of(spec) -> int:
    return 50 if spec["generator"] == "complete" else NODES


def digest(network) -> str:
    arrays = (network.first, network.neighbours, network.strength, network.kind)
    text = b"".join(array.tobytes() for array in arrays if array is not None)
    return hashlib.sha256(text).hexdigest()[:16]


def test_a_generated_network_is_simple_sorted_and_the_same_both_ways(spec):
    network = generate(spec, size_of(spec), 1)
    keys = network.sources.astype(np.int64) * network.nodes + network.neighbours
    back = network.neighbours.astype(np.int64) * network.nodes + network.sources
    assert (np.diff(keys) > 0).all()  # sorted, no tie twice
    assert (network.sources != network.neighbours).all()
    assert (np.sort(back) == keys).all()
    assert network.first[0] == 0 and network.first[-1] == network.ties > 0
    with pytest.raises(ValueError, match="read-only"):
        network.neighbours[0] = 1


def test_the_seed_decides(spec):
    size = size_of(spec)
    one, again, other = (digest(generate(spec, size, seed)) for seed in (1, 1, 2))
    assert one == again
    assert (one != other) == (spec["generator"] != "complete")


def test_networks_are_the_same_without_the_compiler():
    """The sum of all the bits: the same on any number of threads, with the JIT on or off."""
    code = (
        "import sys; sys.path.insert(0, 'tests')\n"
        "from test_networks import SPECS, digest\nfrom sim.networks import generate\n"
        "dress = {'strength_spread': 0.5, 'kinds': {'hiring': 0.4, 'follows': 0.6}}\n"
        "for name, spec in SPECS.items():\n"
        "    print(digest(generate(spec | dress, 130 if name == 'communities' else 70, 5)))"
    )
    told = []
    for off in ("0", "1"):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True,
            env={**os.environ, "NUMBA_DISABLE_JIT": off, "PYTHONPATH": "."},
        )  # fmt: skip
        told.append(done.stdout)
    assert told[0] == told[1]
    assert len(set(told[0].split())) == len(SPECS)


def test_barabasi_albert_has_a_tail_of_power_three():
    network = generate(SPECS["barabasi-albert"], 20_000, 3)
    assert network.ties == 2 * 3 * (20_000 - 3)
    assert network.degrees.min() == 3
    for k in (3, 4, 6, 10):  # 2 m (m + 1) / (k (k + 1) (k + 2)), Dorogovtsev, Mendes, Samukhin (2000)
        expected = 2 * 3 * 4 / (k * (k + 1) * (k + 2))
        share = np.mean(network.degrees == k)
        assert share == pytest.approx(expected, abs=5 * np.sqrt(expected / 20_000))


@pytest.mark.parametrize("rewired", [0.0, 0.1, 1.0])
def test_watts_strogatz_keeps_its_ties_and_loses_its_clusters(rewired):
    network = generate({"generator": "watts-strogatz", "neighbours": 8, "rewired": rewired}, NODES, 4)
    assert network.ties == 8 * NODES
    clustering = networkx.average_clustering(network.to_networkx())
    ring = 3 * (8 - 2) / (4 * (8 - 1))  # Barrat, Weigt (2000): C(p) = C(0) (1 - p)^3
    assert clustering == pytest.approx(ring * (1 - rewired) ** 3, abs=0.02)


def test_erdos_renyi_has_as_many_ties_as_its_probability_says():
    counts = [generate({"generator": "erdos-renyi", "probability": 0.01}, 300, seed).ties / 2
              for seed in range(200)]  # fmt: skip
    pairs = 300 * 299 / 2
    assert np.mean(counts) == pytest.approx(pairs * 0.01, abs=4 * np.sqrt(pairs * 0.0099 / 200))
    assert np.var(counts) == pytest.approx(pairs * 0.0099, rel=0.4)


def test_blocks_are_tied_as_their_probabilities_say():
    network = generate(BLOCKS, NODES, 6)
    block = np.searchsorted([1000, 1600], np.arange(NODES), side="right")
    sizes = np.bincount(block)
    found = np.zeros((3, 3))
    np.add.at(found, (block[network.sources], block[network.neighbours]), 1)
    among = np.outer(sizes, sizes) - np.diag(sizes)
    expected = among * np.array(BLOCKS["probability"])
    assert np.abs(found - expected).max() <= 6 * np.sqrt(2 * expected.max())
    assert found[0, 2] == 0


def test_communities_have_the_degrees_sizes_and_mixing_asked_for():
    network = generate(COMMUNITIES, NODES, 7)
    sizes = community_sizes(Communities(**COMMUNITIES), NODES, 7)
    assert sizes.sum() == NODES and sizes.min() >= 15
    community = np.repeat(np.arange(len(sizes)), sizes)
    outside = community[network.sources] != community[network.neighbours]
    assert outside.mean() == pytest.approx(0.2, abs=0.02)
    assert network.degrees.mean() == pytest.approx(8, rel=0.08)
    assert network.degrees.max() <= 60


@given(st.lists(st.integers(0, 7), min_size=1, max_size=8))
def test_erdos_gallai_is_what_networkx_finds(degrees):
    degrees = [min(degree, len(degrees) - 1) for degree in degrees]
    assert (why_not_realised(np.array(degrees)) == "") == networkx.is_graphical(degrees, "eg")


@given(st.lists(st.integers(0, 9), min_size=1, max_size=10), st.integers(0, 5))
def test_a_configuration_has_exactly_its_degrees(degrees, seed):
    degrees = [min(degree, len(degrees) - 1) for degree in degrees]
    if why_not_realised(np.array(degrees)):
        return
    network = generate({"generator": "configuration", "degrees": degrees}, len(degrees), seed)
    assert network.degrees.tolist() == degrees


def test_a_configuration_of_a_few_nodes_is_any_of_its_networks_alike():
    """Six nodes of two ties: 60 hexagons and 10 pairs of triangles."""
    spec = {"generator": "configuration", "degrees": [2] * 6}
    triangles = sum(
        networkx.number_connected_components(generate(spec, 6, seed).to_networkx()) == 2
        for seed in range(1000)
    )
    assert 100 < triangles < 190  # 1000 / 7


def test_degrees_come_from_a_file(tmp_path):
    path = tmp_path / "degrees.csv"
    path.write_text("degree\n2\n1\n1\n")
    network = generate({"generator": "configuration", "degrees_file": "degrees.csv"}, 3, 1, tmp_path)
    assert network.degrees.tolist() == [2, 1, 1]


@given(st.floats(1.05, 4), st.floats(0.5, 5), st.floats(1.1, 50))
def test_power_laws_have_their_mean(exponent, least, ratio):
    uniform = (np.arange(200_000) + 0.5) / 200_000
    values = power_law(uniform, exponent, least, least * ratio)
    assert values.mean() == pytest.approx(power_law_mean(exponent, least, least * ratio), rel=1e-3)


def test_pairs_are_chosen_evenly():
    counts = np.zeros(50)
    for seed in range(2000):
        counts[chosen(seed, "test", 50, 0.3)] += 1
    assert np.abs(counts - 600).max() < 5 * np.sqrt(2000 * 0.21)


def test_kinds_and_strengths_are_the_same_in_both_directions():
    kinds = {"hiring": 0.25, "follows": 0.75}
    network = generate(
        SPECS["erdos-renyi"] | {"kinds": kinds, "strength": 0.5, "strength_spread": 1}, NODES, 9
    )
    there = {(a, b): (k, s) for a, b, k, s in zip(network.sources, network.neighbours, network.kind,
                                                  network.strength, strict=True)}  # fmt: skip
    assert all(there[b, a] == told for (a, b), told in there.items())
    assert network.kinds == ("hiring", "follows")
    assert np.mean(network.kind == 0) == pytest.approx(0.25, abs=0.04)
    assert np.median(network.strength) == pytest.approx(0.5, rel=0.06)
    assert np.std(np.log(network.strength)) == pytest.approx(1, rel=0.06)


# Files and graphs.

ROWS = {
    "from": ["a", "b", "c", "c"],
    "to": ["b", "c", "a", "b"],
    "strength": [1.0, 0.5, 2.0, 0.0],
    "kind": ["hiring", "follows", "follows", "sponsor"],
    "since": ["2020-03", "", "2021-01-16", ""],
    "until": ["", "2022-01", "", ""],
}


def as_rows(network):
    """Return {(from, to, kind): (strength, since, until)} by names."""
    names = network.names or list(map(str, range(network.nodes)))
    since = network.since if network.since is not None else np.full(network.ties, -np.inf)
    until = network.until if network.until is not None else np.full(network.ties, np.inf)
    kind = network.kind if network.kind is not None else np.zeros(network.ties, int)
    strength = network.strength if network.strength is not None else np.ones(network.ties)
    return {
        (names[a], names[b], network.kinds[k]): (round(float(s), 4), round(float(t), 3), round(float(u), 3))
        for a, b, k, s, t, u in zip(
            network.sources, network.neighbours, kind, strength, since, until, strict=True
        )
    }


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize("directed", [True, False])
def test_edge_lists_say_all_of_their_ties(tmp_path, ending, directed):
    path = tmp_path / f"ties.{ending}"
    rows = pd.DataFrame(ROWS)
    rows.to_csv(path, index=False) if ending == "csv" else rows.to_parquet(path)
    network = read(path, directed=directed, start="2020-01")
    told = as_rows(network)
    assert network.names == ("a", "b", "c")
    assert told["a", "b", "hiring"] == (1.0, 2.0, np.inf)
    assert told["b", "c", "follows"] == (0.5, -np.inf, 24.0)
    assert told["c", "a", "follows"][1] == pytest.approx(12.5, abs=0.05)
    assert len(told) == (4 if directed else 8)
    assert (("b", "a", "hiring") in told) != directed


def test_the_number_of_nodes_may_be_said_or_their_names(tmp_path):
    path = tmp_path / "ties.csv"
    path.write_text("source,target,weight\n2,0,0.5\n")
    assert read(path, 5, directed=False).degrees.tolist() == [1, 0, 1, 0, 0]
    assert read(path, directed=False).names == ("0", "2")
    assert read(path, ["2", "1", "0"], directed=False).degrees.tolist() == [1, 0, 1]
    assert read(path, directed=True).degrees.tolist() == [0, 1]


def test_columns_may_have_other_names_and_be_left_out(tmp_path):
    path = tmp_path / "ties.csv"
    path.write_text("boss,worker,hours,remark\nx,y,3,none\n")
    network = read(path, directed=True, columns={"from": "boss", "to": "worker", "strength": "hours"},
                   ignore=["remark"])  # fmt: skip
    assert as_rows(network) == {("x", "y", "collaboration"): (3.0, -np.inf, np.inf)}


def test_the_same_tie_may_be_of_two_kinds_or_at_two_times(tmp_path):
    path = tmp_path / "ties.csv"
    path.write_text("from,to,kind,since,until\n0,1,hiring,0,5\n0,1,follows,0,5\n0,1,hiring,5,9\n")
    assert read(path, directed=True).ties == 3
    path.write_text("from,to,kind,since,until\n0,1,hiring,0,5\n0,1,hiring,4,9\n")
    with pytest.raises(Exception, match="row 2.*row 1"):
        read(path, directed=True)


@pytest.mark.parametrize("make", [networkx.Graph, networkx.DiGraph])
def test_graphs_come_back_from_networkx_and_graphml(tmp_path, make):
    graph = make()
    graph.add_nodes_from(["x", "y", "z", "alone"])
    graph.add_edge("x", "y", strength=0.5, kind="hiring", since=3.0)
    graph.add_edge("z", "y", strength=2.0, kind="follows")
    network = of_graph(graph)
    assert network.names == ("x", "y", "z", "alone") and network.directed == (make is networkx.DiGraph)
    networkx.write_graphml(graph, tmp_path / "net.graphml")
    assert (
        as_rows(read(tmp_path / "net.graphml"))
        == as_rows(network)
        == as_rows(of_graph(network.to_networkx()))
    )


def test_generated_networks_come_back_from_networkx():
    network = generate(SPECS["erdos-renyi"] | {"strength_spread": 0.3}, 300, 1)
    again = of_graph(network.to_networkx())
    assert digest(again) == digest(network) and again.names is None


@pytest.mark.parametrize("make", [rustworkx.PyGraph, rustworkx.PyDiGraph])
def test_graphs_of_rustworkx(make):
    graph = make()
    graph.add_nodes_from(["x", "y", "z"])
    graph.add_edges_from([(0, 1, 0.5), (2, 1, {"strength": 2.0})])
    network = of_graph(graph)
    told = as_rows(network)
    assert (
        told["x", "y", "collaboration"] == (0.5, -np.inf, np.inf) and told["z", "y", "collaboration"][0] == 2
    )
    assert network.directed == (make is rustworkx.PyDiGraph) and network.ties == (
        2 if network.directed else 4
    )
    bare = rustworkx.undirected_gnp_random_graph(50, 0.2, seed=1)
    assert of_graph(bare).ties == 2 * bare.num_edges()
