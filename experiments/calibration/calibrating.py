"""Calibrate a scenario to claims: bank, screening, search, checks, and the files that they leave."""

from __future__ import annotations

import hashlib
import itertools
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.calibration.claimed import ClaimedWorld, hold
from experiments.calibration.coverage import LEAST_PER_TRUTH, Coverage, check_coverage
from experiments.calibration.learning import Learned, learned_about
from experiments.calibration.likelihood import Likelihood, toned_down
from experiments.calibration.reach import out_of_reach
from experiments.calibration.sampling import (
    REACHING,
    Bank,
    Posterior,
    Round,
    Settings,
    distance,
    fill_bank,
    free_coordinates,
    generator,
    screen_inputs,
    search,
    settings_for,
)
from experiments.calibration.screening import Screen
from experiments.calibration.store import Store
from experiments.calibration.surrogate import Surrogate
from experiments.evidence.agreement import Judged
from experiments.evidence.claims import Claim
from experiments.evidence.measuring import Measured, Plan, from_intervals, measure_plan, plan_of_possible
from experiments.folder import OutputFolder
from sim.ensemble import check_count
from sim.errors import UserError
from sim.scenario import Scenario, from_data, merge

if TYPE_CHECKING:
    from experiments.calibration.report import Report

UNFINISHED = ".unfinished-calibration"  # in the folder of results: what an interrupted work goes on with
REPLICATES = 40
EVALUATIONS = 2400
PREDICTIVE_RUNS = 400  # of every arm, before and after
LEFT_OUT_RUNS = 100  # of every arm, for each actor
TRUTHS = 40


@dataclass(frozen=True)
class Asked:
    """What a calibration is asked to do.

    ``evaluations``: in all, of ``replicates`` runs of every arm each. ``truths``: synthetic ones for the
    check of coverage, each with ``per_truth`` evaluations of its own (0: with what the search learned).
    ``runs``: of every arm for the claims before and after. ``left_out``: the same for each actor left out; 0:
    none is.
    """

    evaluations: int = EVALUATIONS
    replicates: int = REPLICATES
    seed: int = 1
    truths: int = TRUTHS
    per_truth: int = 0
    runs: int = PREDICTIVE_RUNS
    left_out: int = LEFT_OUT_RUNS

    def check(self) -> Settings:
        """Return the settings of the search; raise UserError for a number that cannot be used."""
        check_count("replicates", self.replicates, 2, 10_000)
        check_count("seed", self.seed, 0, 2**63 - 1)
        check_count("check", self.truths, 0, 10_000)
        check_count("check evaluations", self.per_truth, 0, 10**6)
        check_count("runs", self.runs, 1, 10**6)
        check_count("leave-out runs", self.left_out, 0, 10**6)
        settings = settings_for(self.evaluations)
        if self.per_truth and self.per_truth < LEAST_PER_TRUTH:
            raise UserError(f"check evaluations = {self.per_truth}: must be 0, or {LEAST_PER_TRUTH} or more")
        return settings


@dataclass(frozen=True)
class Score:
    """How many claims agree: of those that can be asked. ``impossible``: claims that name what is not
    there."""

    who: str
    agree: int
    asked: int
    impossible: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


@dataclass
class Calibration:
    """What a calibration found. ``given``: inputs that move a claim, and stay as a claim of the role input
    has them. ``let_go``: claims out of reach. ``before``, ``after``: how the claims stand, from prior and
    from posterior."""

    world: ClaimedWorld
    asked: Asked
    settings: Settings
    bank: Bank
    screen: Screen
    free: np.ndarray
    given: tuple[str, ...]
    let_go: tuple[str, ...]
    posterior: Posterior
    learned: list[Learned]
    before: dict[str, Judged]
    after: dict[str, Judged]
    coverage: Coverage | None
    scores: list[Score] = field(default_factory=list)

    @property
    def columns(self) -> dict[str, np.ndarray]:
        """The values of the free inputs in every draw of the posterior."""
        values = self.world.values(self.posterior.points)
        return {self.world.inputs[place]: values[:, place] for place in np.flatnonzero(self.free)}


Told = Callable[[str, int], None]  # what begins, and of how many steps


def calibrate_and_save(
    scenario: Scenario,
    claims: Mapping[str, Claim],
    out: str | Path,
    asked: Asked,
    *,
    threads: int | None = None,
    fresh: bool = False,
    begins: Told = lambda what, count: None,
    progress: Callable[[int], None] = lambda count: None,
    say: Callable[[str], None] = lambda text: None,
) -> tuple[Report, list[Path]]:
    """Calibrate a scenario, leave posterior and report in a folder, and return report and files.

    A work that was interrupted goes on where it was. ``begins`` is told of each stage and its number of
    steps, ``progress`` of steps done. Raises UserError for what cannot be used.
    """
    from experiments.calibration.report import Report, write_report
    from experiments.manifest import now

    started = now()
    asked.check()
    check_count("threads", 1 if threads is None else threads, 1, 1024)
    with OutputFolder(out) as folder:
        unfinished = folder.target / UNFINISHED
        world = ClaimedWorld(from_intervals(scenario), claims, asked.replicates)
        store = Store(
            world,
            asked.seed,
            threads=threads,
            folder=unfinished,
            earlier=(folder.target,),
            key=key_of(world, asked),
            fresh=fresh,
            progress=progress,
        )
        found = calibrate(world, asked, store, threads=threads, begins=begins, progress=progress, say=say)
        report = Report(found, started)
        files = write_report(report, store, folder)
    shutil.rmtree(unfinished, ignore_errors=True)
    return report, files


def calibrate(
    world: ClaimedWorld,
    asked: Asked,
    store: Store,
    *,
    threads: int | None = None,
    begins: Told = lambda what, count: None,
    progress: Callable[[int], None] = lambda count: None,
    say: Callable[[str], None] = lambda text: None,
) -> Calibration:
    """Calibrate a world to its claims and check the result."""
    settings = asked.check()
    if not world.inputs:
        raise UserError(f"{world.scenario.origin}: no input is uncertain, so there is nothing to calibrate")
    if store.known:
        say(f"Going on with {store.known} evaluations that were done before.")
    begins("evaluation", settings.bank + settings.rounds * settings.population)
    bank = fill_bank(world, store.evaluate, settings.bank, asked.seed)
    screening, moving = screen_inputs(world, bank, asked.seed)
    free = world.may_learn(moving)
    given = tuple(world.inputs[place] for place in np.flatnonzero(moving & ~free))
    say(f"{int(moving.sum())} of {len(free)} uncertain inputs move a claim; the others stay as they are.")
    if given:
        say(given_in_words(given))
    if not free.any():
        raise UserError(
            f"{world.scenario.origin}: no uncertain input moves any of {len(world.claims)} claims beyond "
            "chance; there is nothing to learn (or too little: more --evaluations, more --replicates)"
        )
    coordinates = free_coordinates(world, free)

    rounds = itertools.count(1)

    def told(done: Round) -> None:
        say(round_in_words(next(rounds), settings.rounds, done))

    beyond = claims_out_of_reach(world, bank, coordinates, asked.seed)
    let_go = tuple(name for name, far in zip(world.claims, beyond, strict=True) if far)
    if let_go:
        say(let_go_in_words(let_go))
    likelihood = Likelihood(world.statistics, np.where(beyond, np.nan, 0.0))
    posterior = search(
        world.statistics, bank, coordinates, store.evaluate, settings, asked.seed, told, likelihood
    )
    coverage = None
    if asked.truths:
        begins("truth", asked.truths)
        with store.silent():
            coverage = check_coverage(
                world, posterior.known, free, coordinates, asked.truths, asked.seed, store.evaluate,
                evaluations=asked.per_truth, progress=progress,
            )  # fmt: skip
    learned = learned_about(world, posterior.points, bank, free, screening, asked.seed, settings.population)
    values = world.values(posterior.points)
    sample = {world.inputs[place]: values[:, place] for place in np.flatnonzero(free)}
    begins("run", 2 * asked.runs * len(world.plan.arms))
    before = judged(world.plan, world.of, {}, asked.runs, asked.seed, threads, progress)
    after = judged(world.plan, world.of, sample, asked.runs, asked.seed, threads, progress)
    found = Calibration(
        world,
        asked,
        settings,
        bank,
        screening,
        free,
        given,
        let_go,
        posterior,
        learned,
        before,
        after,
        coverage,
    )
    if asked.left_out:
        actors = list(world.scenario.file.actors)
        begins("actor", len(actors) + 1)
        found.scores.append(score_without(None, world, sample, asked, threads))
        progress(1)
        for actor in actors:
            found.scores.append(score_without(actor, world, sample, asked, threads))
            progress(1)
    return found


def claims_out_of_reach(world: ClaimedWorld, bank: Bank, coordinates: np.ndarray, seed: int) -> np.ndarray:
    """Return which claims hardly any values of the inputs bring near, by runs of the prior; (claims,)."""
    surrogate = Surrogate(bank.points[:, coordinates], bank.runs, world.statistics)
    return out_of_reach(surrogate, world.statistics, int(coordinates.sum()), generator(seed, REACHING))


def round_in_words(number: int, count: int, done: Round) -> str:
    """Return how near the points of a round of the search came to the claims, as a sentence."""
    return (
        f"Round {number} of {count}: points miss the claims by {done.distance:.2f} edges of agreement "
        f"(median; {done.expected:.2f} was expected); {done.accepted} of {done.simulated} are as near as "
        f"asked for ({done.tolerance:.2f})."
    )


def given_in_words(inputs: Sequence[str]) -> str:
    """Return which inputs move a claim and are not learned, as a sentence."""
    return f"Given by a claim of their own, so not learned: {', '.join(inputs)}."


def let_go_in_words(claims: Sequence[str]) -> str:
    """Return which claims nothing is learned from, as a sentence."""
    return f"Out of reach of all values of the inputs, so nothing is learned from: {', '.join(claims)}."


def judged(
    plan: Plan,
    claims: Mapping[str, Claim],
    sample: Mapping[str, np.ndarray],
    runs: int,
    seed: int,
    threads: int | None,
    progress: Callable[[int], None] = lambda count: None,
) -> dict[str, Judged]:
    """Return how claims stand, each run with a draw of a sample, and with the prior for what is not in it."""
    if sample:
        arms = {key: replace(arm, compiled=hold(arm.compiled, sample)) for key, arm in plan.arms.items()}
        plan = replace(plan, arms=arms)
    measured: Measured = measure_plan(plan, runs, seed, threads=threads, progress=progress)
    return {name: claim.judge(measured.formula(name, claim)) for name, claim in claims.items()}


def score_without(
    actor: str | None,
    world: ClaimedWorld,
    sample: Mapping[str, np.ndarray],
    asked: Asked,
    threads: int | None,
) -> Score:
    """Return how many claims agree in the world without an actor (None: with all), from the posterior."""
    plan, claims = world.plan, dict(world.of)
    impossible: list[str] = []
    if actor is not None:
        data = merge(world.scenario.raw, {"remove": [_path(actor)]}, world.scenario.origin)
        try:
            scenario = from_data(
                data, world.scenario.origin, world.scenario.sets, policies=world.scenario.policies
            )
        except UserError:  # nothing is left that could be simulated
            return Score(actor, 0, 0, tuple(claims))
        plan, impossible = plan_of_possible(claims, scenario)
        claims = {name: claim for name, claim in claims.items() if name not in impossible}
    found = judged(plan, claims, sample, asked.left_out, asked.seed, threads)
    agree = [name for name, each in found.items() if each.verdict == "agrees"]
    lost = tuple(name for name in claims if name not in agree)
    return Score(actor or "", len(agree), len(claims), tuple(impossible), lost)


def _path(actor: str) -> str:
    from sim.paths import join_path

    return join_path(("actors", actor))


def key_of(world: ClaimedWorld, asked: Asked) -> str:
    """Return a hash of all that evaluations depend on: scenario, claims, rules, seed, replicates."""
    import sim
    from agents.rule import source_hash

    said = {
        "scenario": world.scenario.fingerprint,
        "claims": {name: claim.model_dump(mode="json") for name, claim in world.of.items()},
        "rules": source_hash(Path(sim.__file__).resolve().parent.parent),
        "evaluations": asked.evaluations,
        "replicates": asked.replicates,
        "seed": asked.seed,
        "per_truth": asked.per_truth,
    }
    return hashlib.blake2b(json.dumps(said, sort_keys=True, default=str).encode(), digest_size=16).hexdigest()


def counts(found: Mapping[str, Judged]) -> tuple[int, int]:
    """Return how many claims agree, and of how many."""
    return sum(each.verdict == "agrees" for each in found.values()), len(found)


def mean_distance(found: Mapping[str, Judged]) -> float:
    """Return the root mean square of the discrepancies, those by far toned down as in the search."""
    return float(distance(toned_down(np.array([[each.discrepancy for each in found.values()]])))[0])


def describe(found: Calibration) -> dict[str, Any]:
    """Return what a posterior was made from and how to make it again, without times or places."""
    import sim
    from agents.rule import source_hash
    from experiments.manifest import versions

    asked, settings = found.asked, found.settings
    agree, count = counts(found.after)
    return {
        "scenario": found.world.scenario.name,
        "fingerprint": found.world.scenario.fingerprint,
        "command": (
            f"cascades calibrate {found.world.scenario.name} --evaluations {asked.evaluations} "
            f"--replicates {asked.replicates} --seed {asked.seed}"
        ),
        "version": sim.__version__,
        "rules": source_hash(Path(sim.__file__).resolve().parent.parent),
        "draws": len(found.posterior.points),
        "free_inputs": int(found.free.sum()),
        "uncertain_inputs": len(found.free),
        "left_to_each_run": list(found.world.prior.left),
        "claims_agreeing": agree,
        "claims_asked": count,
        "claims_out_of_reach": list(found.let_go),
        "tolerance": found.posterior.tolerance,
        "settings": {
            "evaluations": settings.evaluations,
            "bank": settings.bank,
            "population": settings.population,
            "rounds": settings.rounds,
            "rounds_kept": settings.keep,
            "replicates": asked.replicates,
            "seed": asked.seed,
        },
        "versions": {key: value for key, value in versions().items() if value},
        "rounds": {
            "tolerance": [round(done.tolerance, 4) for done in found.posterior.rounds],
            "distance": [round(done.distance, 4) for done in found.posterior.rounds],
            "accepted": [done.accepted for done in found.posterior.rounds],
            "simulated": [done.simulated for done in found.posterior.rounds],
        },
        "claims": {
            name: {
                key: value
                for key, value in (("value", claim.value), ("low", claim.low), ("high", claim.high))
                if value is not None
            }
            | {"unit": claim.unit}
            for name, claim in found.world.of.items()
        },
    }
