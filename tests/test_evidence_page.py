"""The evidence as page and figure: whole, readable, harmless whatever a claim says; and the command."""

from __future__ import annotations

import csv
import json
import math
import re
from html.parser import HTMLParser
from urllib.parse import quote

import numpy as np
import pytest
from terminal import cascades

from experiments.evidence import claims_page
from experiments.evidence.agreement import judge
from experiments.evidence.choice import Choice, choose
from experiments.evidence.claims import Claim, load_claims
from experiments.evidence.page import headline, page_of
from experiments.evidence.saving import describe, in_words
from experiments.evidence.scales import is_share, zone_of
from experiments.evidence.table import Evidence, EvidenceTable, crps_of, overlap_of
from experiments.evidence.telling import (
    claimed,
    needed,
    number,
    quantity_in_words,
    reason_in_words,
    rule_in_words,
    simulated,
)
from experiments.figures import evidence as figure
from experiments.figures.captions import basis_of
from experiments.reopening import reopen
from sim.scenario import load

HOSTILE = "<script>alert(1)</script></td></tr></table> \"x\" & 'y' $a_b$ \x07\u202e"
VOID = {"meta", "br"}
ALONE = {"html", "head", "body", "h1"}


def claim(rule="interval", value=12.0, low=None, high=None, role="calibrate", **more):
    if rule == "interval" and low is None:
        low, high = 6.0, 18.0
    test = {"quantities": {"lag": {"metric": "lag_1"}}, "formula": "lag", "rule": rule}
    test |= {name: more.pop(name) for name in ("side", "statistic", "null_bound") if name in more}
    if rule == "identity":
        test["tolerance"] = more.pop("tolerance", 0.5)
    data = {
        "role": role, "kind": "historical-fact", "statement": "It took a year.", "value": value,
        "unit": "months", "source": "Somebody 2020", "test": test,
    }  # fmt: skip
    if low is not None:
        data |= {"low": low, "high": high}
    return Claim.model_validate(data | more)


def row(name, one, values, prior=None, rival=None):
    judged = one.judge(values)
    return Evidence(
        name, one, judged.verdict, judged,
        None if prior is None else one.judge(prior),
        None if rival is None else one.judge(rival),
        overlap_of(judged.low, judged.high, one), crps_of(np.asarray(values, float), one.number),
    )  # fmt: skip


def used(name, verdict, reason="", **place):
    data = {
        "role": "input", "kind": "input-parameter", "statement": "A number.", "value": 1e23, "unit": "FLOP",
        "source": "Another 2021",
        "test": {"inputs": [(place or {"path": "classes.big.flop"}) | {"value": 1e23}]},
    }  # fmt: skip
    return Evidence(name, Claim.model_validate(data), verdict, reason=reason)


def table(*rows, notes=()):
    return EvidenceTable(load("toy"), list(rows), 100, 1, list(notes))


def odd_rows():
    """Claims of every rule, with whatever may come out."""
    spread = np.linspace(2.0, 40.0, 100)
    rival = {"name": "no effect", "value": 0.0}
    yield row("agrees", claim(rival=rival), spread / 2, spread, np.zeros(100))
    yield row("misses", claim(), spread + 30)
    yield row("never", claim("point"), np.full(100, math.inf), spread)
    yield row(
        "mostly-never", claim(), np.where(np.arange(100) < 60, math.inf, spread), np.full(100, math.nan)
    )
    yield row("undefined", claim(), np.full(100, math.nan))
    yield row("hardly-defined", claim(), np.where(np.arange(100) < 90, math.nan, spread))
    yield row("at-least", claim("point", side="at least"), spread)
    yield row("at-most", claim("point", side="at most"), spread)
    yield row("stated", claim("identity", low=3.0, high=90.0), spread)
    yield row("null", claim("null", value=0.0), np.linspace(-1, 1, 100), spread)
    yield row("huge", claim(value=3e23, low=1e21, high=1e25, unit="FLOP"), np.logspace(20, 26, 100))
    yield row("exact", claim("identity", value=3.2, role="identity", tolerance=0.0), [3.2])
    yield row("sign", claim("sign", value="earlier", role="structural"), [1.0] * 97 + [0.0] * 3, [0.0] * 100)
    yield row("order", claim("order", role="structural"), [1.0] * 50 + [0.0] * 50)
    yield row("pattern", claim("pattern"), [math.nan] * 100)
    yield row("likely", claim("probability", value=33.0, unit="%"), [1.0] * 30 + [0.0] * 70)
    yield row("date", claim("interval", value="2021-04", low="2021-01", high="2021-12"), spread + 24240)
    yield row("x" * 300, claim(), spread)
    yield row("mean", claim(statistic="mean"), spread)
    yield row("month", claim("point", value="2021-04"), spread + 24240.0)
    yield row("not-before", claim("point", value="2021-04", side="at least"), spread + 24240.0)
    yield used("is-used", "agrees")
    yield used("is-not-used", "misses", "classes.big.flop: value is 1")


class Reader(HTMLParser):
    """Reads a page; fails where elements are not closed in order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.seen, self.words, self.scripts, self.ids = [], [], [], 0, []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))
        self.ids += [value for name, value in attributes if name == "id"]
        self.scripts += tag == "script"
        assert not any(name.startswith("on") for name, _ in attributes)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("script", "style"):
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def page(of):
    return page_of(of, describe(of))


def test_the_page_is_whole_and_needs_nothing_else():
    text = page(table(*odd_rows(), notes=["a note"]))
    read = Reader(text)
    assert text.startswith("<!DOCTYPE html>")
    assert all(sum(tag == alone for tag, _ in read.seen) == 1 for alone in ALONE)
    assert len(set(read.ids)) == len(read.ids)
    assert not re.search(r"(src|href)=\"(?!#)", text) and "@import" not in text and "url(" not in text
    assert {given["href"][1:] for tag, given in read.seen if tag == "a"} <= set(read.ids)
    words = "✓ agrees|✗ misses|○ untested|never|2021-04|a note|Somebody 2020|no effect|10²⁵|classes.big.flop"
    for said in (*words.split("|"), "mean", load("toy").fingerprint):
        assert said in read.text, said
    assert sum(tag == "svg" for tag, _ in read.seen) > 19
    assert "nan" not in re.sub(r"<(style|script)>.*?</\1>", "", text, flags=re.S).lower()


def test_every_claim_shows_its_verdict_before_calibration_too():
    rows = list(odd_rows())
    bodies = re.findall(r"<tbody.*?</tbody>", page(table(*rows)), re.S)
    found = {re.search(r'data-id="(.*?)"', body)[1]: body for body in bodies if "data-id" in body}
    assert set(found) == {quote(one.id) for one in rows}
    for one in rows:
        assert f'verdict {one.verdict}"' in found[quote(one.id)]
        if one.prior:
            assert found[quote(one.id)].count('class="verdict ') >= 2


def test_words_of_claims_are_words():
    one = claim(statement=HOSTILE, source=HOSTILE, unit=HOSTILE, note=HOSTILE, quantity=HOSTILE,
                rival={"name": HOSTILE, "value": 0.0})  # fmt: skip
    of = table(row(HOSTILE, one, np.arange(100.0), np.arange(100.0), np.zeros(100)), notes=[HOSTILE])
    text = page(of)
    read = Reader(text)
    assert read.scripts == 1 and text.count("<script") == 1
    assert read.text.count("<script>alert(1)</script></td></tr></table> \"x\" & 'y' $a_b$") >= 6
    assert not re.search("[\x00-\x08\u202a-\u202e]", text)
    assert "'sha256-" in text and "script-src 'unsafe-inline'" not in text


def test_the_headline_counts():
    rows = [row("a", claim(required=True), [12.0] * 30), row("b", claim(), [90.0] * 30, [12.0] * 30)]
    said = " ".join(headline(table(*rows)))
    assert "Of 2 claims, 1 agrees with the simulator, 1 misses, none is untested." in said
    assert "All required ones (1) agree." in said
    assert "Before calibration 1 of 1 agreed; of these claims, 0 do now, 0 both times." in said
    rows[0] = row("a", claim(required=True), [90.0] * 30)
    assert "Of 1 required, 1 does not agree." in " ".join(headline(table(*rows)))


def calculated(name, rule="identity", value=3.2, found=3.2):
    data = {
        "role": "identity", "kind": "structural", "statement": "So it is.", "value": value, "unit": "x",
        "source": "Somebody 2020",
        "test": {"quantities": {"one": {"calculate": "any"}}, "formula": "one", "rule": rule},
    }  # fmt: skip
    if rule == "identity":
        data["test"]["tolerance"] = 0.1
    return row(name, Claim.model_validate(data), [found])


def test_the_headline_tells_what_runs_decide_from_what_can_hardly_miss():
    rows = [row("a", claim(), [12.0] * 30, [12.0] * 30), row("b", claim(), [90.0] * 30), calculated("c")]
    said = headline(table(*rows, used("d", "agrees")))
    assert said[0].startswith("Of 4 claims, 3 agree")
    assert said[1].startswith("Runs decide 2 of them, of which 1 agrees; the others are inputs or arithmetic")
    assert "Runs decide none of them" in " ".join(headline(table(calculated("c"), used("d", "agrees"))))
    assert "Runs decide" not in " ".join(headline(table(*rows[:2])))
    assert "1 of the 2 claims that runs decide agree" in figure._title(table(*rows))
    apart = [*rows, row("held", claim(role="held-back"), [90.0] * 30)]
    assert "1 of the 2 claims that runs decide agree, 0 of 1 held back agree" in figure._title(table(*apart))


def test_what_was_left_out_is_said_wherever_the_rest_is_told():
    part = table(calculated("c"))
    part.choice = Choice(("identity",), 1, 237)
    told = "Chosen by --only identity: 1 of 237 claims; the others were not asked."
    assert headline(part)[0] == told and "All required ones among them (1) agree." in headline(part)
    assert Reader(page(part)).text.count(told) == 2  # at the top, and under what was run
    assert in_words(part).startswith(told)
    assert told in figure._facts(part)
    own = Choice(("mine",), 1, 2, 237)
    assert own.in_words == (
        "Only your own claims (--no-shipped): the 237 that come with the product were not asked. "
        "Chosen by --only mine: 1 of 2 claims; the others were not asked."
    )
    assert "among them" not in " ".join(headline(table(calculated("c"))))


def test_a_part_of_the_claims_has_a_folder_of_its_own():
    def folder(*given):
        return Choice(*given).folder("gpt3").as_posix()

    assert folder() == folder((), 9, 9) == folder(("identity", "input"), 9, 9) == "out/evidence-gpt3"
    assert folder(("identity",), 3, 9) == "out/evidence-gpt3-identity"
    assert folder((), 3, 3, 9) == "out/evidence-gpt3-own"
    assert folder(("a", "../b", "c", "d", "e"), 5, 9, 9) == "out/evidence-gpt3-own-a-_b-c-and-2-more"


def test_what_is_chosen_knows_what_there_was(tmp_path):
    (tmp_path / "mine.toml").write_text(MINE)
    shipped = len(load_claims("toy"))
    claims, choice = choose("toy", [tmp_path / "mine.toml"], only=["mine"])
    assert list(claims) == ["mine"] and choice == Choice(("mine",), 1, shipped + 1)
    assert not choose("toy", [tmp_path / "mine.toml"])[1].is_partial
    assert choose("toy", [tmp_path / "mine.toml"], shipped=False)[1] == Choice((), 1, 1, shipped)


def test_where_nothing_is_simulated_no_number_of_runs_is_given():
    rows = [calculated("a"), calculated("b", "sign", "yes", 1.0), used("c", "agrees")]
    none, some = table(*rows), table(*rows, row("d", claim(), [12.0] * 30))
    for of, runs in ((none, False), (some, True)):
        text = Reader(page(of)).text
        assert ("none: nothing here is simulated" in text) != runs
        made = figure.compose(of)
        axes = [each.get_xlabel() for each in made.axes]
        assert sum("n = 100" in said for said in axes) == runs
        assert sum("no runs: calculated" in said for said in axes) == 2
        assert ("100 runs" in basis_of("evidence", of).text) == runs
    assert simulated(rows[1].claim, rows[1].judged) == needed(rows[1].claim) == "yes"


def test_the_mark_of_now_lies_on_that_of_before_and_both_are_seen():
    text = page(table(row("a", claim(), [12.0] * 30, [12.0] * 30)))
    picture = text[text.index('class="claims"') :]
    assert 0 < picture.index('class="prior"') < picture.index("<circle")
    points = re.search(r'<polygon points="([^"]+)" class="prior"', picture)[1]
    places = [tuple(map(float, each.split(","))) for each in points.split()]
    across, down = (max(axis) - min(axis) for axis in zip(*places, strict=True))
    radius = float(re.search(r'<circle [^>]*r="([\d.]+)"', picture)[1])
    inner = across * down / (2 * math.hypot(across, down))  # of the largest circle in the diamond
    assert radius < inner


def test_what_was_held_back_is_counted_and_listed_apart():
    held = {"role": "held-back", "lacks": "Another world."}
    good = row("right", claim(**held), [12.0] * 30, [90.0] * 30)
    poor = row("wrong", claim(**held), [90.0] * 30)
    asked = "written down before the simulator was asked"
    told = f"Of 2 claims of the record, {asked} and never fitted, 1 agree"
    of_both = table(row("a", claim(), [12.0] * 30), good, poor)
    said = headline(of_both)
    assert said[0].startswith("Of 1 claim, 1 agrees with the simulator, none misses")
    assert said[-1] == f"{told} (0 before calibration)."
    assert headline(table(poor, row("right", claim(**held), [12.0] * 30))) == [f"{told}."]
    text = claims_page.page_of(of_both)
    sections = {part.splitlines()[0]: part for part in text.split("\n## ")[1:]}
    assert list(sections) == ["Agrees", "Held back: misses", "Held back: agrees"]
    assert "`wrong`" in sections["Held back: misses"] and "`right`" in sections["Held back: agrees"]
    assert "| held-back | 1 | 1 | 0 | 2 |  |" in text and text.count("Another world.") == 1
    assert Reader(page(of_both)).text.count(asked) == 3  # in the headline, and twice of its role


def test_the_headline_tells_inputs_that_runs_use_from_those_that_stand_on_record():
    on_record = used("recorded", "agrees", record="statistics.chip_price_ratio")
    said = " ".join(headline(table(used("is-used", "agrees"), on_record)))
    assert (
        "Of the 2 held against inputs, 1 name a number that runs or calculations use; 1 name the record"
        in said
    )
    assert "record" not in " ".join(headline(table(used("is-used", "agrees"))))


def test_a_missed_claim_says_what_would_have_to_change():
    lacking = {"lacks": "Several projects side by side."}
    rows = [row("a", claim(**lacking), [90.0] * 30), row("b", claim(), [90.0] * 30)]
    for text in (Reader(page(table(*rows))).text, claims_page.page_of(table(*rows))):
        assert text.count("Several projects side by side.") == 1
    agreeing = table(row("a", claim(**lacking), [12.0] * 30))
    for text in (page(agreeing), claims_page.page_of(agreeing)):
        assert "side by side" not in text


def test_the_page_of_claims_says_in_how_many_runs_each_was_decided_and_which_aims_are_missed(monkeypatch):
    some = [12.0] * 40 + [np.nan] * 60
    said = claims_page.page_of(table(row("a", claim(), [12.0] * 100), row("b", claim(), some)))
    cells = {line.split("`")[1]: line.split(" | ")[4] for line in said.splitlines() if line.startswith("| `")}
    assert cells == {"a": "100", "b": "**40 of 100**"}  # less than half stands out
    assert "Aims missed" not in said  # but for the whole of the claims
    monkeypatch.setattr(claims_page, "AIMS", {"calibrate": 2})
    rows = [row("a", claim(), [12.0] * 30), row("b", claim(), [90.0] * 30)]
    assert "**Aims missed: calibrate by 1.**" in claims_page.page_of(table(*rows))


def test_every_claim_that_the_page_lists_as_missed_says_what_would_have_to_change():
    page = claims_page.PAGE.read_text(encoding="utf-8")
    for title in ("## Misses", "## Held back: misses"):
        missed = re.findall(r"^\| `([\w-]+)`", page.partition(title)[2].partition("\n## ")[0], re.M)
        assert missed and all(load_claims("gpt3")[name].lacks for name in missed)


@pytest.mark.parametrize("one", [each for each in odd_rows() if each.judged], ids=lambda each: each.id[:20])
def test_what_is_drawn_as_agreement_agrees(one):
    zone, wanted = zone_of(one.claim), one.claim.wanted
    if is_share(one.claim):
        shares = [share for share in range(0, 101)]
        inside = [zone.low <= share <= zone.high for share in shares]
        runs = [np.array([1.0] * share + [-1.0] * (100 - share)) for share in shares]
    else:
        edges = [edge for edge in (zone.low, zone.high) if math.isfinite(edge)]
        width = max(abs(zone.centre) * 1e-6, 1e-6)
        tried = [zone.centre, *(edge + step * width for edge in edges for step in (-1, 0, 1))]
        inside = [zone.low <= value <= zone.high for value in tried]
        runs = [np.full(100, value) for value in tried]
        if wanted.rule == "null":  # the interval of the runs must hold 0, too
            runs = [np.concatenate([[-9.0] * 6, np.full(88, value), [9.0] * 6]) for value in tried]
        for value in tried:
            if wanted.rule != "null" and not wanted.side:
                gone = abs(zone.position(value))
                assert min(10.0, gone) == pytest.approx(
                    one.claim.judge(np.array([value])).discrepancy, abs=1e-8
                )
    assert [one.claim.judge(values).verdict == "agrees" for values in runs] == inside
    assert len(set(inside)) == 2 or wanted.rule == "identity"


def test_numbers_are_written_for_people():
    assert claimed(claim()) == "12 (6 to 18) months"
    assert claimed(claim(level=0.5)) == "12 (50 %: 6 to 18) months"
    assert claimed(claim(value="2021-04", low="2021-01", high="2021-12")) == "2021-04 (2021-01 to 2021-12)"
    assert (number(math.inf), number(math.nan), number(-0.0)) == ("never", "not defined", "0")
    assert simulated(claim(), judge(claim().wanted, np.full(30, math.inf))) == "never"
    assert (
        simulated(claim("sign"), judge(claim("sign").wanted, np.array([1.0] * 299 + [0.0])))
        == ">99 % of runs"
    )
    assert rule_in_words(claim("point", side="at least")) == "the median of the runs is at least 12 months"
    likely = claim("probability", value=33.0, unit="%")
    assert rule_in_words(likely).endswith("lies from 18 to 48 % of the runs")
    taken = claim().test.quantities["lag"].model_validate(
        {"events": {"event": ["trained", "stopped"], "month": {"from": "2020-05"},
                    "actor_kind": {"not": "x"}},
         "take": "least", "of": "month", "arm": "hidden"}
    )  # fmt: skip
    assert quantity_in_words(taken) == (
        "least month among events of which event is trained or stopped and month is from 2020-05 "
        "and actor kind is not x, in the arm hidden"
    )


def test_what_is_needed_stands_beside_what_came_out():
    assert needed(claim()) == "median 6 to 18 months"
    assert needed(claim(statistic="mean")) == "mean 6 to 18 months"
    assert needed(claim("point", side="at least")) == "median >= 12 months"
    assert needed(claim("point", side="at most")) == "median <= 12 months"
    assert needed(claim("sign")) == ">= 95 % of runs" and needed(claim("pattern")) == ">= 70 % of runs"
    assert needed(claim("null", value=0.0)) == "median -0.5 to 0.5 months, and 0 within 90 % of runs"
    assert needed(claim("probability", value=33.0, unit="%")) == "18 to 48 % of runs"
    assert needed(claim("identity", value=3.2, tolerance=0.0)) == "3.2 months"
    missed = row("a", claim("order"), [1.0] * 50 + [0.0] * 50)
    assert "| >= 80 % of runs | 50 % of runs |" in claims_page.page_of(table(missed))
    assert "needed >= 80 % of runs; simulated 50 % of runs" in in_words(table(missed))


@pytest.mark.parametrize(
    ("rule", "held", "runs", "said"),
    [
        ("sign", 379, 400, "94.8 %"),
        ("sign", 380, 400, "95 %"),
        ("sign", 381, 400, "95 %"),
        ("sign", 378, 400, "94 %"),
        ("sign", 9499, 10000, "94.99 %"),
        ("order", 319, 400, "79.8 %"),
        ("probability", 193, 400, "48.2 %"),
        ("sign", 399, 400, ">99 %"),
        ("sign", 1, 400, "<1 %"),
    ],
)
def test_a_share_is_not_rounded_across_what_is_needed(rule, held, runs, said):
    one = row("a", claim(rule, value=33.0, unit="%"), [1.0] * held + [0.0] * (runs - held))
    assert simulated(one.claim, one.judged) == f"{said} of runs"
    if one.verdict == "misses":
        assert f"it holds in {said} of the runs" in reason_in_words(one)


def drawn(of, tmp_path):
    picture = figure.draw_evidence(of, tmp_path / "evidence.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    return figure.compose(of)


def test_the_figure_is_made_of_whatever_came_out(tmp_path):
    rows = list(odd_rows())
    made = drawn(table(*rows), tmp_path)
    texts = [text.get_text() for axes in made.axes for text in axes.texts]
    assert sum(text in "✓✗○" for text in texts if text) > 20
    assert "never" in texts and "not defined in any run" in texts
    assert drawn(table(used("a", "agrees")), tmp_path).axes == []
    assert drawn(table(row("$x^", claim(), np.arange(30.0))), tmp_path).axes


@pytest.mark.parametrize("count", [1, 28, 29, 80, 200])
def test_every_claim_has_a_place_in_the_figure_and_none_two(count):
    spread = np.arange(30.0)
    rows = [
        row(
            f"claim-{k}",
            claim("sign" if k % 3 else "interval", role="structural" if k % 2 else "calibrate"),
            spread,
        )
        for k in range(count)
    ]
    pieces = figure.pieces_of(table(*rows))
    shape = figure.ONE if count <= figure.MOST_IN_ONE_COLUMN else figure.TWO
    columns = figure.in_columns(pieces, shape)
    placed = [one.id for column in columns for piece in column for one in piece.rows]
    assert sorted(placed) == sorted(one.id for one in rows)
    assert len(columns) <= shape.columns
    heights = [sum(piece.height(shape) for piece in column) for column in columns]
    assert max(heights) < 2.2 * sum(heights) / shape.columns


MINE = """
[claims.mine]
role = "calibrate"
kind = "historical-fact"
statement = "Somebody says so."
value = 5.0
low = 0.0
high = 500.0
unit = "months"
source = "somebody"
test.quantities.lag = { metric = "lag_1" }
test.formula = "lag"
test.rule = "interval"
"""


def asked(tmp_path, text, *more):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return cascades("evidence", "toy", "--claims", path, "--runs", 25, "--threads", 2, *more)


def test_the_command_leaves_page_table_figure_and_manifest(tmp_path):
    out = tmp_path / "out"
    done = asked(tmp_path, MINE, "--no-shipped", "--out", out)
    assert done.code == 0, done.err
    names = {"evidence.csv", "evidence.html", "evidence.png", "manifest.json"}
    assert {path.name for path in out.iterdir()} == names
    assert set(json.loads((out / "manifest.json").read_text())["files"]) == names - {"manifest.json"}
    rows = list(csv.DictReader((out / "evidence.csv").open()))
    assert [(line["id"], line["verdict"], line["runs"]) for line in rows] == [("mine", "agrees", "25")]
    text = Reader((out / "evidence.html").read_text()).text
    assert "somebody" in text and "cascades evidence toy" in text
    assert (out / "evidence.html").stat().st_size < 3e6


def test_a_part_does_not_replace_the_whole(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = asked(tmp_path, MINE, "--no-shipped")
    assert done.code == 0 and done.out.startswith("Only your own claims (--no-shipped)"), done.err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["evidence-toy-own"]
    kept = reopen(tmp_path / "out" / "evidence-toy-own")
    assert kept.choice == Choice((), 1, 1, len(load_claims("toy")))


def test_a_required_claim_that_misses_is_exit_code_1(tmp_path):
    missed = MINE.replace("value = 5.0", "required = true\nvalue = 450.0").replace("low = 0.0", "low = 400.0")
    done = asked(tmp_path, missed, "--only", "mine", "--out", tmp_path / "out")
    assert done.code == 1 and "Required and not met: mine." in done.out


def test_list_simulates_nothing(tmp_path):
    done = asked(tmp_path, MINE, "--list", "--out", tmp_path / "out")
    assert done.code == 0 and not (tmp_path / "out").exists()
    assert "Somebody says so." in done.out and "chin-10x" in done.out
    alone = asked(tmp_path, MINE, "--list", "--no-shipped", "--json")
    assert [line["id"] for line in json.loads(alone.out)] == ["mine"]


@pytest.mark.parametrize(
    ("text", "more", "said"),
    [
        (MINE, ["--only", "mien"], "did you mean 'mine'"),
        (MINE, ["--only", "calibrat"], "did you mean 'calibrate'"),
        (MINE.replace("value = 5.0", "value = "), [], "mine.toml"),
        (MINE.replace('"interval"', '"intervall"'), [], "claims.mine"),
        ("[claims]\n", ["--no-shipped"], "mine.toml: claims: there is no claim in it"),
        (MINE, ["--claims", "nothing-there.toml"], "nothing-there.toml: cannot be read"),
        (MINE, ["--runs", 0], "runs = 0"),
        (MINE, ["--only", "mine", "--out", "/proc/nowhere"], "/proc/nowhere: cannot be written"),
    ],
)
def test_what_cannot_be_done_is_said(tmp_path, text, more, said):
    done = asked(tmp_path, text, *(more if "--out" in more else [*more, "--out", tmp_path / "out"]))
    assert said in done.refusal
    assert not (tmp_path / "out").exists()


def test_without_shipped_claims_some_must_be_named(tmp_path):
    assert "--claims" in cascades("evidence", "toy", "--no-shipped", "--out", tmp_path / "out").refusal
