"""Checking what a scenario says of populations: names, shares, and that somebody can use anything at all."""

from __future__ import annotations

import math

from sim.errors import UserError, not_found
from sim.paths import join_path
from sim.schema import MOST_MEMBERS, ScenarioFile
from sim.words import ArtifactKind, TieKind

KINDS = [kind.key for kind in ArtifactKind]


def check_populations(file: ScenarioFile, origin: str) -> None:
    """Raise UserError with file, dotted path, what is allowed, and the nearest cure."""
    if not file.populations:
        for table in ("tail", "network", "passing"):
            if getattr(file, table):
                raise UserError(
                    f"{origin}: {table}: there are no populations; add [populations.NAME], or leave it out"
                )
        return
    taken = {*file.actors, *file.regions, *file.classes, *file.kinds, "all"}
    for name in file.populations:
        path = join_path(["populations", name])
        if name in taken:
            raise UserError(
                f"{origin}: {path}: {name!r} is already the name of something else here; choose another"
            )
        _check_population(file, name, f"{origin}: {path}")
    count = sum(population.members for population in file.populations.values())
    if count > MOST_MEMBERS:
        raise UserError(
            f"{origin}: populations: have {count:,} members together; at most {MOST_MEMBERS:,} "
            "(let one member stand for several people: stands_for)"
        )
    for kind, row in file.passing.items():
        path = f"{origin}: passing.{kind}"
        if kind not in [word.key for word in TieKind]:
            raise UserError(f"{path}: {not_found('kind of tie', kind, [word.key for word in TieKind])}")
        if file.network is None:
            raise UserError(f"{path}: nothing can pass along ties without a [network]; add one")
        if row.fixed and row.rate.value <= 0.0:
            raise UserError(
                f"{path}.rate: {row.rate.value:g} with fixed = true takes for ever; it must be above 0"
            )
    _check_tail(file, origin)


def _check_population(file: ScenarioFile, name: str, path: str) -> None:
    population = file.populations[name]
    for region, share in population.regions.items():
        if region not in file.regions:
            raise UserError(f"{path}.regions: {not_found('region', region, file.regions)}")
        if not (math.isfinite(share) and share > 0.0):
            raise UserError(
                f"{path}.regions.{region}: {share:g} is no share; it must be above 0 and at most 1"
            )
    total = sum(population.regions.values())
    if abs(total - 1.0) > 1e-6:
        raise UserError(f"{path}.regions: the shares sum to {total:g}; they must sum to 1")
    if not population.takes:
        raise UserError(f"{path}.takes: is empty; name kinds of artifacts, such as weights, api")
    for kind in population.takes:
        if kind not in KINDS:
            raise UserError(f"{path}.takes: {not_found('kind of artifact', kind, KINDS)}")
    if population.means_usd.value <= 0.0:
        raise UserError(
            f"{path}.means_usd: 0: no member could pay for any use; give the median in USD/month, or leave "
            "it out where means set no limit"
        )
    if population.needs_drawn and population.needs_share.value > 0.0:
        raise UserError(
            f"{path}.needs_share: has no meaning with needs_drawn = true; leave one of the two out"
        )
    needs_ties = population.needs_neighbours.value > 1.0 or population.needs_share.value > 0.0
    if (needs_ties or population.needs_drawn) and not file.passing:
        raise UserError(
            f"{path}: its members need neighbours who use it, and nothing passes along ties; "
            "add [passing.KIND]"
        )
    skill, least = population.skill.value, file.tail.run_skill.value
    if set(population.takes) == {"weights"} and skill < 1.0 and (skill <= 0.0 < least or least >= 1.0):
        raise UserError(
            f"{path}.skill: no member has the skill {least:g} that weights take (tail.run_skill); raise "
            "the one or lower the other"
        )


def _check_tail(file: ScenarioFile, origin: str) -> None:
    tail = file.tail
    path = f"{origin}: tail"
    if tail.contribution not in KINDS:
        raise UserError(f"{path}.contribution: {not_found('kind of artifact', tail.contribution, KINDS)}")
    if tail.house and tail.house not in file.actors:
        raise UserError(f"{path}.house: {not_found('actor', tail.house, file.actors)}")
    gives = [
        name for name, row in file.populations.items() if row.contributes.value > 0.0 or row.contributes.high
    ]
    if gives and not tail.house:
        raise UserError(
            f"{path}.house: is missing; members of {gives[0]} contribute, and an actor must publish "
            "what comes of it"
        )
