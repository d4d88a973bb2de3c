"""What is wrong with a network is said with its place, its value, what is allowed and a cure."""

from __future__ import annotations

import networkx
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from sim.errors import UserError
from sim.networks import bounds, generate, of_graph, read
from sim.scenario import load
from sim.world import compile_scenario

EDGE_LISTS = {
    "unknown node, numbered": ("from,to\n0,1\n1,10\n", {"nodes": 10},
                               ["row 2, column to", "no node 10", "0 to 9"]),
    "counted from one": ("from,to\n1,2\n2,3\n", {"nodes": 3}, ["row 2", "from 0, these seem to be from 1"]),
    "unknown node, named": ("from,to\nann,bob\nann,bop\n", {"nodes": ["ann", "bob"]},
                            ["row 2, column to", "'bop'", "did you mean 'bob'?"]),
    "more names than nodes": ("from,to\na,b\nb,c\n", {"nodes": 2}, ["names 3 nodes", "there are 2"]),
    "names twice": ("from,to\na,b\n", {"nodes": ["a", "b", "a"]}, ["'a' is there twice"]),
    "loop": ("from,to\n0,1\n1,1\n", {}, ["row 2", "1 to itself"]),
    "loop of a name": ("from,to\na,b\nb,b\n", {}, ["row 2", "'b' to itself"]),
    "twice": ("from,to\n0,1\n1,2\n0,1\n", {}, ["row 3", "row 1 already", "leave one out"]),
    "directed as undirected": ("from,to\n0,1\n1,2\n1,0\n", {},
                               ["row 3", "the other way round", "say directed=True"]),
    "negative": ("from,to,strength\n0,1,1\n1,2,-0.5\n", {}, ["row 2", "-0.5", "at least 0"]),
    "nan": ("from,to,weight\n0,1,1\n1,2,nan\n", {}, ["row 2, column weight", "not a number"]),
    "infinite": ("from,to,weight\n0,1,1\n1,2,inf\n", {}, ["row 2, column weight", "inf", "finite"]),
    "no number": ("from,to,weight\n0,1,much\n", {}, ["row 1, column weight", "'much'"]),
    "missing": ("from,to,weight\n0,1,\n0,2,1\n", {}, ["row 1, column weight", "missing"]),
    "node missing": ("from,to\n0,1\n0,\n", {}, ["row 2, column to", "missing"]),
    "name missing": ("from,to\na,b\na,\n", {}, ["row 2, column to", "is empty"]),
    "unknown column": ("from,to,wieght\n0,1,1\n", {}, ["'wieght'", "did you mean 'weight'?", "ignore="]),
    "no column": ("from,too\n0,1\n", {"ignore": ["too"]}, ["no column 'to' or 'target'", "from, too"]),
    "column twice": ("from,to,strength,weight\n0,1,1,1\n", {},
                     ["'strength' and 'weight' both mean strength"]),
    "column named wrongly": ("from,to\n0,1\n", {"columns": {"strength": "hours"}},
                             ["columns.strength", "'hours'"]),
    "meaning named wrongly": ("from,to,h\n0,1,1\n", {"columns": {"strenght": "h"}},
                              ["did you mean 'strength'?"]),
    "semicolons": ("from;to\n0;1\n", {}, ["separate columns by commas"]),
    "kind": ("from,to,kind\n0,1,sponsorship\n", {}, ["row 1, column kind", "did you mean 'sponsor'?"]),
    "kind of all": ("from,to\n0,1\n", {"kind": "friends"}, ["no kind of tie 'friends'", "hiring"]),
    "date without start": ("from,to,since\n0,1,2020-01\n", {}, ["row 1, column since", "start='2020-01'"]),
    "no date": ("from,to,since\n0,1,2020-02\n0,2,2020-13\n", {"start": "2020-01"}, ["row 2", "2020-13"]),
    "no period": ("from,to,since,until\n0,1,5,5\n", {}, ["row 1", "since (5 months)", "before until"]),
    "empty": ("", {}, ["the file is empty"]),
    "no rows": ("from,to\n", {}, ["a heading and no rows"]),
    "ragged": ("from,to\n0,1\n0\n", {}, ["cannot be read as CSV", "Expected 2 columns"]),
    "direction not said": ("from,to\n0,1\n", {"directed": None}, ["directed=True", "directed=False"]),
}  # fmt: skip


@pytest.mark.parametrize("case", EDGE_LISTS)
def test_edge_lists(tmp_path, case):
    text, more, told = EDGE_LISTS[case]
    path = tmp_path / "ties.csv"
    path.write_text(text)
    with pytest.raises(UserError) as error:
        read(path, **{"directed": False} | more)
    for part in told:
        assert part in str(error.value)
    assert "ties.csv" in str(error.value) or "nodes:" in str(error.value)


def test_files_that_are_none(tmp_path):
    for name, told in (("none.csv", "no such file"), ("", "is a folder"), ("x.gexf", "use .csv")):
        if name == "x.gexf":
            (tmp_path / name).write_text("x")
        with pytest.raises(UserError, match=told):
            read(tmp_path / name, directed=False)
    (tmp_path / "x.parquet").write_text("from,to")
    with pytest.raises(UserError, match="cannot be read as Parquet"):
        read(tmp_path / "x.parquet", directed=False)


def test_a_billion_ties_are_refused_before_they_are_read(tmp_path):
    path = tmp_path / "ties.csv"
    path.write_text("from,to\n" + "100000000,200000000\n" * 5000)
    with path.open("r+b") as file:
        file.truncate(20 * 10**9)  # a hole: takes no room on disk
    with pytest.raises(UserError, match=r"ties would take \d+.* GB of memory; at most"):
        read(path, directed=False)
    with pytest.raises(UserError, match=r"network.degree: .*GB of memory"):
        generate({"generator": "erdos-renyi", "degree": 1000}, 2_000_000, 1)
    with pytest.raises(UserError, match=r"network.generator: 1,000,000 nodes .*GB of memory"):
        generate({"generator": "complete"}, 1_000_000, 1)


def test_parquet_and_graphs_say_their_size_themselves(tmp_path, monkeypatch):
    monkeypatch.setattr(bounds, "LARGEST_GB", 1e-6)
    path = tmp_path / "ties.parquet"
    parquet.write_table(pa.table({"from": [0] * 99, "to": range(1, 100)}), path)
    with pytest.raises(UserError, match="198 directed ties would take"):
        read(path, directed=False)
    with pytest.raises(UserError, match="198 directed ties would take"):
        of_graph(networkx.star_graph(99))


GENERATORS = {
    "none": ({"attached": 3}, 10, ["network.generator", "is missing", "barabasi-albert"]),
    "misspelt": ({"generator": "barabasi-albrt"}, 10,
                 ["network.generator", "did you mean 'barabasi-albert'?"]),
    "key": ({"generator": "barabasi-albert", "attachd": 3}, 10,
            ["network.attachd", "did you mean 'attached'?"]),
    "no number": ({"generator": "barabasi-albert", "attached": "x"}, 10, ["network.attached", "'x'"]),
    "zero": ({"generator": "barabasi-albert", "attached": 0}, 10, ["network.attached", "not 0"]),
    "no nodes": ({"generator": "complete"}, 0, ["network of 0 nodes", "at least 1"]),
    "attached": ({"generator": "barabasi-albert", "attached": 10}, 10, ["network.attached", "at most 9"]),
    "ring": ({"generator": "watts-strogatz", "neighbours": 10, "rewired": 0}, 10, ["at most 8"]),
    "odd ring": ({"generator": "watts-strogatz", "neighbours": 3, "rewired": 0}, 10, ["multiple of 2"]),
    "dense": ({"generator": "erdos-renyi", "degree": 10}, 10, ["network.degree", "at most 9"]),
    "both": ({"generator": "erdos-renyi", "degree": 1, "probability": 0.1}, 10, ["both are given"]),
    "odd sum": ({"generator": "configuration", "degrees": [2, 2, 1]}, 3, ["sum to 5", "odd", "change one"]),
    "erdos-gallai": ({"generator": "configuration", "degrees": [3, 3, 1, 1]}, 4,
                     ["2 largest degrees (3, 3)", "6 ends of ties", "room for 4", "Erdos-Gallai"]),
    "too many": ({"generator": "configuration", "degrees": [3, 2, 1]}, 3, ["node 0", "between 0 and 2"]),
    "negative": ({"generator": "configuration", "degrees": [1, -1, 2]}, 3, ["node 1", "-1"]),
    "too few": ({"generator": "configuration", "degrees": [1, 1]}, 3, ["2 degrees for 3 nodes"]),
    "two sources": ({"generator": "configuration", "degrees": [1, 1], "exponent": 2}, 2,
                    ["give one of degrees"]),
    "square": ({"generator": "stochastic-block", "blocks": [0.5, 0.5], "probability": [[0.1]]}, 9,
               ["probability.0", "one for each of 2 blocks"]),
    "lopsided": ({"generator": "stochastic-block", "blocks": [0.5, 0.5],
                  "probability": [[0.1, 0.2], [0.3, 0.1]]}, 9, ["probability.1.0", "0.3", "0.2"]),
    "shares": ({"generator": "stochastic-block", "blocks": [0.5, 0.4], "probability": [[0, 0], [0, 0]]}, 9,
               ["sum to 0.9"]),
    "sizes": ({"generator": "communities", "degree": 3, "most_degree": 5, "least_size": 9, "most_size": 4,
               "mixing": 0.1}, 99, ["least_size", "above most_size"]),
    "kinds": ({"generator": "complete", "kinds": {"sponsors": 1}}, 9,
              ["network.kinds", "did you mean 'sponsor'?"]),
    "kinds that do not sum": ({"generator": "complete", "kinds": {"sponsor": 0.4}}, 9, ["sum to 0.4"]),
    "file": ({"generator": "file", "path": "none.csv"}, 9, ["none.csv", "no such file"]),
}  # fmt: skip


@pytest.mark.parametrize("case", GENERATORS)
def test_specifications(case):
    spec, nodes, told = GENERATORS[case]
    with pytest.raises(UserError) as error:
        generate(spec, nodes, 1)
    for part in told:
        assert part in str(error.value)


GRAPHML = """<?xml version="1.0"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key id="w" for="edge" attr.name="weight" attr.type="double"/>
<graph edgedefault="{direction}">
<node id="a"/><node id="b"/>
{edges}
</graph></graphml>"""


@pytest.mark.parametrize(
    ("edges", "direction", "more", "told"),
    [
        ('<edge source="a" target="c"/>', "directed", {}, ["line 6", "target", "no node 'c'", "a, b"]),
        ('<edge source="a" target="a"/>', "directed", {}, ["row 1", "'a' to itself"]),
        (
            '<edge source="a" target="b"/>',
            "directed",
            {"directed": False},
            ["ties are directed", "each pair once"],
        ),
        ('<edge source="a" target="b" directed="true"/>', "undirected", {}, ["line 6", "of the other sort"]),
        ('<edge source="a" target="b"><data key="w">x</data></edge>', "directed", {}, ["line 6", "'x'"]),
        ('<edge source="a" target="b"><data key="w">-1</data></edge>', "directed", {}, ["row 1", "-1"]),
        ('<edge source="a" target="b"><data key="v">1</data></edge>', "directed", {}, ["no key 'v'", "w"]),
        ('<edge source="a" target="b"/>', "sideways", {}, ["line 4", "edgedefault"]),
        ('<edge source="a" target="b"/>', "directed", {"nodes": 5}, ["has 2 nodes", "5 are asked for"]),
        ('<edge source="a"/>', "directed", {}, ["line 6", "without target"]),
        ("<hyperedge/>", "directed", {}, ["line 6", "hyperedge"]),
        ("<edge", "directed", {}, ["not valid XML"]),
        ("", "directed", {}, ["has no edges"]),
    ],
)
def test_graphml(tmp_path, edges, direction, more, told):
    path = tmp_path / "net.graphml"
    path.write_text(GRAPHML.format(edges=edges, direction=direction))
    with pytest.raises(UserError) as error:
        read(path, **more)
    for part in told:
        assert part in str(error.value)


def test_graphml_with_entities_is_refused(tmp_path):
    path = tmp_path / "net.graphml"
    path.write_text('<!DOCTYPE g [<!ENTITY a "aaaa">]><graphml/>')
    with pytest.raises(UserError, match="declares an entity"):
        read(path)


def test_graphs_of_other_libraries():
    with pytest.raises(UserError, match="not a graph of networkx or rustworkx"):
        of_graph([(0, 1)])
    with pytest.raises(UserError, match="has no nodes"):
        of_graph(networkx.Graph())
    with pytest.raises(UserError, match="ties are directed"):
        of_graph(networkx.DiGraph([(0, 1)]), directed=False)
    with pytest.raises(UserError, match="did you mean 'weight'"):
        of_graph(networkx.Graph([(0, 1, {"weigth": 1})]))


def test_in_a_scenario_the_dotted_path_is_said_and_another_generator_begins_anew(tmp_path):
    with pytest.raises(UserError, match=r"network.attached: input should be greater .* not 0"):
        load("spread", ["network.attached=0"])
    with pytest.raises(UserError, match=r"network.generator: .*did you mean 'barabasi-albert'"):
        load("spread", ['network.generator="barabasi-albrt"'])
    (tmp_path / "ties.csv").write_text("from,to,remark\n0,1,x\n1,20000,y\n")
    (tmp_path / "mine.toml").write_text(
        'extends = "spread"\n[network]\ngenerator = "file"\npath = "ties.csv"\ndirected = false\n'
        'ignore = ["remark"]\n'
    )
    with pytest.raises(UserError, match=r"ties.csv: row 2, column to: no node 20000; .* 0 to 9999"):
        compile_scenario(load(tmp_path / "mine.toml"))
