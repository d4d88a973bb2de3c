"""The report of a calibration: a page, tables, figures, the posterior itself."""

from __future__ import annotations

import csv
import datetime
import html
import io
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.calibration.calibrating import (
    Calibration,
    counts,
    describe,
    given_in_words,
    let_go_in_words,
    mean_distance,
)
from experiments.calibration.coverage import LEVELS, failing_in_words
from experiments.calibration.learning import Learned
from experiments.calibration.posterior import MANIFEST_FILE, SAMPLE_FILE, write_sample
from experiments.calibration.store import FILE, Store
from experiments.evidence.telling import day_or_number
from experiments.figures.captions import Basis
from experiments.folder import OutputFolder
from experiments.table import percent
from experiments.toml_text import as_toml

if TYPE_CHECKING:
    from sim.scenario import Scenario

PAGE_FILE = "calibration.html"
INPUTS_FILE, CLAIMS_FILE, ROUNDS_FILE = "inputs.csv", "claims.csv", "rounds.csv"
COVERAGE_FILE, ACTORS_FILE = "coverage.csv", "actors.csv"
LEARNED_FIGURE, CLAIMS_FIGURE, COVERAGE_FIGURE = "learned.png", "claims.png", "coverage.png"

STYLE = """body { font: 15px/1.45 sans-serif; max-width: 62em; margin: 2em auto; padding: 0 1em; }
table { border-collapse: collapse; font-size: 13px; margin: 1em 0; }
td, th { border-bottom: 1px solid #ddd; padding: 2px 8px; text-align: right; }
td:first-child, th:first-child { text-align: left; }
img { max-width: 100%; } h2 { margin-top: 2em; }"""


@dataclass
class Report:
    """A calibration and when it was begun."""

    found: Calibration
    started: datetime.datetime | None = None

    def in_words(self) -> str:
        """Return what was found, in a few lines."""
        return "\n".join(sentences(self.found))


@dataclass(frozen=True)
class Calibrated:
    """What is drawn of a calibration: in memory, or read back from its folder.

    ``claims``: id, discrepancy before and after, verdict before and after. ``held``: of synthetic truths, for
    each input the share that its intervals of each level held; ``truths``: how many, 0: not tested.
    """

    basis: Basis
    learned: list[Learned]
    claims: list[tuple[str, float, float, str, str]]
    truths: int = 0
    held: tuple[tuple[str, tuple[float, ...]], ...] = ()

    def plot(self, kind: str = "learned", out: str | Path | None = None, **options: Any) -> Any:
        """Draw a figure of it: see ``experiments.plot``."""
        from experiments.figures.plotting import plot

        return plot(self, kind, out, **options)


def calibrated(found: Calibration) -> Calibrated:
    """Return what is drawn of a calibration."""
    rows = claim_rows(found)
    held = coverage_rows(found) if found.coverage is not None else []
    return Calibrated(
        _basis(found.world.scenario, found.asked.seed, len(found.posterior.points)),
        list(found.learned),
        [
            (row["id"], row["prior_discrepancy"], row["discrepancy"], row["prior_verdict"], row["verdict"])
            for row in rows
        ],
        found.coverage.truths if found.coverage is not None else 0,
        tuple(
            (row["path"], tuple(float(row[f"held_{100 * level:.0f}"]) for level in LEVELS)) for row in held
        ),
    )


def reopened(folder: Path, manifest: dict[str, Any]) -> Calibrated:
    """Return what is drawn of a calibration from the tables in its folder."""
    from sim.scenario import from_data

    scenario = from_data(
        manifest["scenario"], manifest["scenario_file"], tuple(manifest["sets"]),
        policies=tuple(manifest["policies"]), name=manifest["scenario_name"],
    )  # fmt: skip

    def five(row: dict[str, str], what: str) -> tuple[float, ...]:
        return tuple(float(row[f"{what}_{level}"]) for level in ("q05", "q25", "q50", "q75", "q95"))

    learned = [
        Learned(
            row["path"],
            five(row, "prior"),
            five(row, "posterior"),
            five(row, "place"),
            float(row["contraction"]),
            float(row["kolmogorov"]),
            row["beyond_chance"] == "yes",
            float(row["association"] or "nan"),
            row["claim"],
        )
        for row in _rows(folder / INPUTS_FILE)
        if row["free"] == "yes"
    ]
    claims = [
        (
            row["id"],
            float(row["prior_discrepancy"]),
            float(row["discrepancy"]),
            row["prior_verdict"],
            row["verdict"],
        )
        for row in _rows(folder / CLAIMS_FILE)
    ]
    held = _rows(folder / COVERAGE_FILE) if (folder / COVERAGE_FILE).is_file() else []
    return Calibrated(
        _basis(scenario, int(manifest["seed"]), int(manifest["calibration"]["draws"])),
        learned,
        claims,
        int(held[0]["truths"]) if held else 0,
        tuple(
            (row["path"], tuple(float(row[f"held_{100 * level:.0f}"]) for level in LEVELS)) for row in held
        ),
    )


def _rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def _basis(scenario: Scenario, seed: int, draws: int) -> Basis:
    return Basis(
        scenario.file.scenario.title, scenario.name, scenario.fingerprint, draws, seed, scenario.sets,
        scenario.policies, what="draw",
    )  # fmt: skip


def write_report(report: Report, store: Store, folder: OutputFolder) -> list[Path]:
    """Write all files of a calibration into its folder and return them."""
    import numpy as np

    from experiments.figures.calibration import draw_claims, draw_coverage, draw_learned
    from experiments.manifest import describe_scenario
    from experiments.run import write_files

    found, drawn = report.found, calibrated(report.found)
    manifest = describe_scenario(found.world.scenario, found.asked.seed, report.started)
    manifest |= {"calibration": describe(found)}
    writers: dict[str, Callable[[Path], Any]] = {
        SAMPLE_FILE: lambda path: write_sample(path, found.columns, found.world.scenario),
        MANIFEST_FILE: lambda path: _write(path, as_toml(describe(found))),
        INPUTS_FILE: lambda path: _write(path, as_csv(input_rows(found))),
        CLAIMS_FILE: lambda path: _write(path, as_csv(claim_rows(found))),
        ROUNDS_FILE: lambda path: _write(path, as_csv(round_rows(found))),
        FILE: lambda path: store.save(path),
        LEARNED_FIGURE: lambda path: draw_learned(drawn, path),
        CLAIMS_FIGURE: lambda path: draw_claims(drawn, path),
    }
    if found.coverage is not None:
        writers[COVERAGE_FILE] = lambda path: _write(path, as_csv(coverage_rows(found)))
        writers[COVERAGE_FIGURE] = lambda path: draw_coverage(drawn, path)
    if found.scores:
        writers[ACTORS_FILE] = lambda path: _write(path, as_csv(actor_rows(found)))
    writers[PAGE_FILE] = lambda path: _write(path, page(found))
    assert np.isfinite(found.posterior.points).all()
    return write_files(folder, writers, manifest)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def sentences(found: Calibration) -> list[str]:
    """Return what a reader must know, one sentence a line."""
    world, posterior = found.world, found.posterior
    (agree, count), (before, _) = counts(found.after), counts(found.before)
    sure = sum(each.sure for each in found.learned)
    kept = sum(done.accepted for done in posterior.rounds[-found.settings.keep :])
    simulated = sum(done.simulated for done in posterior.rounds[-found.settings.keep :])
    lines = [
        f"Claims that agree: {agree} of {count} with the posterior, {before} with the prior "
        f"(root mean square of the discrepancies {mean_distance(found.after):.2f} and "
        f"{mean_distance(found.before):.2f}; 1 is the edge of agreement).",
        free_in_words(len(found.free), len(found.learned), sure),
        f"Posterior: {len(posterior.points)} draws, all different and equally likely; "
        f"{kept} of the last {simulated} points lay within the tolerance of {posterior.tolerance:.2f}.",
        f"{found.settings.bank + found.settings.rounds * found.settings.population} evaluations of "
        f"{found.asked.replicates} paired runs in each of {len(world.plan.arms)} arms, each with luck "
        "of its own.",
    ]
    if found.given:
        lines.append(given_in_words(found.given))
    if found.let_go:
        lines.append(let_go_in_words(found.let_go))
    if world.prior.left:
        lines.append(f"Left to each run, not calibrated: {', '.join(world.prior.left)}.")
    if found.coverage is not None and len(found.coverage.inputs):
        held = [found.coverage.held(level).mean() for level in LEVELS]
        how = "with what the search had learned"
        if found.coverage.evaluations:
            how = f"with {found.coverage.evaluations} evaluations for each"
        lines.append(
            f"Synthetic truth, {found.coverage.truths} times {how}: the 50 % intervals held it in "
            f"{percent(held[0])} of the cases, the 90 % intervals in {percent(held[1])}."
        )
        lines += failing_in_words(found.coverage.truths, dict(calibrated(found).held))
    if found.scores:
        everybody, *others = found.scores
        worst = sorted(others, key=lambda score: _change(found, score))[:3]
        told = ", ".join(f"{score.who} {score.agree} of {score.asked}" for score in worst)
        lines.append(
            f"Without one actor (with all: {everybody.agree} of {everybody.asked}, {found.asked.left_out} "
            f"runs): the lowest scores are {told}."
        )
    missed = [name for name, each in found.after.items() if each.verdict != "agrees"]
    lines.append(f"Missed: {', '.join(missed)}." if missed else "None is missed.")
    return lines


def free_in_words(uncertain: int, free: int, sure: int) -> str:
    """Return how many uncertain inputs move a claim, and of how many something was learned."""
    learned = f"something beyond chance about {sure}" if sure else "nothing beyond chance about any"
    return (
        f"Free inputs: {free} of {uncertain} uncertain ones move a claim; the claims taught {learned} "
        "of these. The others stay at the prior."
    )


def _change(found: Calibration, score) -> float:
    return score.agree / score.asked if score.asked else math.inf


def input_rows(found: Calibration) -> list[dict[str, Any]]:
    """Return one row per uncertain input: prior, posterior, what was learned; the free ones first."""
    rows: list[dict[str, Any]] = []
    units = units_of(found)
    for each in found.learned:
        rows.append(
            {
                "path": each.path,
                "free": "yes",
                "unit": units.get(each.path, ""),
                **{f"prior_{name}": value for name, value in _named(each.prior)},
                **{f"posterior_{name}": value for name, value in _named(each.posterior)},
                **{f"place_{name}": value for name, value in _named(each.places)},
                "contraction": each.contraction,
                "kolmogorov": each.distance,
                "beyond_chance": "yes" if each.sure else "no",
                "association": each.association,
                "claim": each.claim,
            }
        )
    fields = list(rows[0])
    for place in range(len(found.free)):
        if not found.free[place]:
            path = found.world.inputs[place]
            kept = "given" if path in found.given else "no"
            row = dict.fromkeys(fields, "") | {"path": path, "free": kept, "unit": units.get(path, "")}
            row |= {
                "association": found.screen.association[place],
                "claim": found.world.claims[int(found.screen.claim[place])],
            }
            rows.append(row)
    return rows


def _named(values: Sequence[float]):
    return zip(("q05", "q25", "q50", "q75", "q95"), values, strict=True)


def units_of(found: Calibration) -> dict[str, str]:
    """Return the unit of every number by its dotted path; dates: months since the start."""
    from sim.paths import join_path, quantities

    return {
        join_path(parts): "months since the start" if unit.date else unit.name
        for parts, _, unit, _ in quantities(found.world.scenario.file)
    }


def claim_rows(found: Calibration) -> list[dict[str, Any]]:
    """Return one row per claim: how it stands before and after, the largest discrepancy first."""
    rows = []
    for name in sorted(found.after, key=lambda name: -found.after[name].discrepancy):
        claim, before, after = found.world.of[name], found.before[name], found.after[name]
        rows.append(
            {
                "id": name,
                "value": claim.value,
                "low": "" if claim.low is None else claim.low,
                "high": "" if claim.high is None else claim.high,
                "unit": claim.unit,
                "rule": claim.test.rule,
                "prior": day_or_number(before.statistic, claim),
                "posterior": day_or_number(after.statistic, claim),
                "posterior_low": day_or_number(after.low, claim),
                "posterior_high": day_or_number(after.high, claim),
                "prior_discrepancy": before.discrepancy,
                "discrepancy": after.discrepancy,
                "prior_verdict": before.verdict,
                "verdict": after.verdict,
            }
        )
    return rows


def round_rows(found: Calibration) -> list[dict[str, Any]]:
    """Return one row per round of the search."""
    return [
        {
            "round": number,
            **vars(done),
            "kept": "yes" if number >= found.settings.rounds - found.settings.keep else "no",
        }
        for number, done in enumerate(found.posterior.rounds)
    ]


def coverage_rows(found: Calibration) -> list[dict[str, Any]]:
    """Return one row per free input: in which share of the synthetic truths its intervals held the truth."""
    coverage = found.coverage
    assert coverage is not None
    held = [coverage.held(level) for level in LEVELS]
    return [
        {
            "path": path,
            "truths": coverage.truths,
            **{f"held_{100 * level:.0f}": held[k][place] for k, level in enumerate(LEVELS)},
        }
        for place, path in enumerate(coverage.inputs)
    ]


def actor_rows(found: Calibration) -> list[dict[str, Any]]:
    """Return one row per actor left out: how many claims still agree, and which do not any more."""
    everybody = found.scores[0]
    return [
        {
            "without": score.who or "(nobody)",
            "agree": score.agree,
            "asked": score.asked,
            "impossible": len(score.impossible),
            "lost": " ".join(name for name in score.lost if name not in everybody.lost),
        }
        for score in found.scores
    ]


def as_csv(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return rows as CSV; what is not known is empty."""
    text = io.StringIO()
    rows = list(rows)
    writer = csv.DictWriter(text, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({key: _plain(value) for key, value in row.items()})
    return text.getvalue()


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.6g}"
    return value


def page(found: Calibration) -> str:
    """Return the report as a page of HTML that stands beside its figures."""
    name = found.world.scenario.name
    parts = [
        f"<h1>Calibration of {html.escape(name)}</h1>",
        *(f"<p>{html.escape(line)}</p>" for line in sentences(found)),
        f"<p>How to read this: docs/calibration.md. How it was made: {MANIFEST_FILE}. Tables: {INPUTS_FILE}, "
        f"{CLAIMS_FILE}, {ROUNDS_FILE}.</p>",
        "<h2>What was learned, and what not</h2>",
        f'<img src="{LEARNED_FIGURE}" alt="prior and posterior of each free input">',
        _table([_learned_row(each) for each in found.learned]),
        "<h2>The claims before and after</h2>",
        f'<img src="{CLAIMS_FIGURE}" alt="discrepancy of each claim with prior and posterior">',
        _table(claim_rows(found)),
    ]
    if found.coverage is not None and len(found.coverage.inputs):
        parts += [
            "<h2>Synthetic truth</h2>",
            f'<img src="{COVERAGE_FIGURE}" alt="share of truths within the intervals">',
        ]
    if found.scores:
        parts += ["<h2>Without one actor</h2>", _table(actor_rows(found))]
    parts += ["<h2>The way there</h2>", _table(round_rows(found))]
    body = "\n".join(parts)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Calibration of '
        f"{html.escape(name)}</title>\n<style>\n{STYLE}\n</style></head>\n<body>\n{body}\n</body></html>\n"
    )


def _learned_row(each: Learned) -> dict[str, Any]:
    def interval(values: Sequence[float]) -> str:
        return f"{values[2]:.3g} ({values[0]:.3g} to {values[4]:.3g})"

    return {
        "input": each.path,
        "prior (90 %)": interval(each.prior),
        "posterior (90 %)": interval(each.posterior),
        "contraction": f"{each.contraction:.2f}",
        "Kolmogorov": f"{each.distance:.2f}",
        "beyond chance": "yes" if each.sure else "no",
        "moves most": each.claim,
    }


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    if not rows:
        return ""
    head = "".join(f"<th>{html.escape(key)}</th>" for key in rows[0])
    lines = [
        "<tr>" + "".join(f"<td>{html.escape(_short(value))}</td>" for value in row.values()) + "</tr>"
        for row in rows
    ]
    return f"<table><tr>{head}</tr>\n" + "\n".join(lines) + "</table>"


def _short(value: Any) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else "never" if math.isinf(value) else f"{value:.3g}"
    return str(value)
