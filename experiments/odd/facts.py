"""What the page counts: of a scenario, of its record, of what was learned, of the claims."""

from __future__ import annotations

import functools
from collections import Counter
from typing import Any

from sim.scenario import Scenario


def facts_of(scenario: Scenario) -> dict[str, Any]:
    """Return the plain facts of a scenario by the names under which the template knows them."""
    import sim
    from experiments.history import load_history
    from experiments.inputs import numbers_of

    file = scenario.file
    numbers = numbers_of(scenario)
    classes = list(file.classes.values())
    record = load_history(scenario.name)
    populations = file.populations.values()
    question = file.classes[scenario.follow_class]
    return {
        "version": sim.__version__,
        "scenario": scenario.name,
        "title": file.scenario.title,
        "start": file.scenario.start,
        "end": file.scenario.end,
        "months": scenario.months,
        "question": question.title or scenario.follow_class,
        "actors": len(file.actors),
        "kinds": len({actor.kind for actor in file.actors.values()}),
        "builders": sum(file.kinds[actor.kind].develops for actor in file.actors.values()),
        "sponsors": sum(file.kinds[actor.kind].sponsors for actor in file.actors.values()),
        "regions": len(file.regions),
        "classes": len(classes),
        "lowest": classes[0].title,
        "highest": classes[-1].title,
        "chips": len(file.chips),
        "ties": len(file.ties),
        "insights": len(file.insights),
        "populations": len(populations),
        "members": f"{sum(population.members for population in populations):,}",
        "numbers": f"{len(numbers):,}",
        "uncertain": sum(quantity.uncertain for _, quantity, _, _ in numbers),
        "sourced": f"{sum(bool(source) for *_, source in numbers):,}",
        "sources": len({source for *_, source in numbers if source}),
        "correlations": len(file.correlations),
        "alternatives": len(file.alternatives),
        "scripted_artifacts": len(file.scripted_artifacts),
        "scripted_projects": len(file.scripted_projects),
        "orders": len(file.orders),
        "changes": len(file.changes),
        "record": len(record.models) if record else 0,
        "claims": sum(counts.total() for _, counts in claims_by_file(scenario)),
        **_learned(scenario),
    }


def _learned(scenario: Scenario) -> dict[str, int]:
    """Return how many inputs are drawn from a sample, and its draws; zeros where none is used."""
    from sim.paths import join_path, quantities
    from sim.world import read_posterior

    inputs: dict[str, dict] = {
        join_path(parts): {} for parts, quantity, _, _ in quantities(scenario.file) if quantity.uncertain
    }
    draws, learned = read_posterior(scenario, inputs).shape
    return {"draws": draws, "learned": learned}


@functools.lru_cache(maxsize=1)
def claims_by_file(scenario: Scenario) -> list[tuple[str, Counter[str]]]:
    """Return for each file of claims about a scenario its title and the number of claims of each role."""
    from experiments.evidence.claims import claim_files, read_claims

    files = [read_claims(path) for path in claim_files()]
    return [
        (file.title, Counter(claim.role for claim in file.claims.values()))
        for file in files
        if not file.scenarios or scenario.name in file.scenarios
    ]
