"""The same job on the same network by peers, by hand and by us: nothing tells the counts apart.

The tests, and the level at which they are held, are in ``benchmarks.jobs.agreement``.
"""

from __future__ import annotations

import pytest

from benchmarks.jobs.agreement import ENDS_ONLY, SHOWN, compare
from benchmarks.jobs.job import JOBS
from benchmarks.jobs.programs import EXTRA, LIMIT, OURS, PROGRAMS

BY_HAND = {"sir": "times", "si": "times", "cascade": LIMIT}
PEERS = ("starsim", "epiworld", "cynetdiff", "eon", "ndlib", "tuned", "network")


def check(job: str, programs, **sizes) -> None:
    for found in compare(job, programs=[OURS, *programs], **sizes):
        assert found.agrees, (found.program, found.job, found.z, found.p, found.limit)
        assert found.means[-1] > 30  # it took off, so that there is something to compare


@pytest.mark.slow
@pytest.mark.parametrize("job", BY_HAND)
def test_ours_is_the_model_by_hand(job):
    check(job, [BY_HAND[job]], seeds=2000)


@pytest.mark.slow
@pytest.mark.parametrize("job", ["sir", "cascade", "threshold"])
@pytest.mark.parametrize("name", PEERS)
def test_ours_is_the_model_of_a_peer(name, job):
    program = PROGRAMS[name]
    if not program.installed:
        pytest.skip(f"{program.package} IS NOT INSTALLED, nothing was compared: pip install '.[{EXTRA}]'")
    if job not in program.made.jobs:
        pytest.skip(f"{program.words} has no {job}")
    check(job, [name])


@pytest.mark.slow
def test_another_model_is_told_apart():
    """The tests see a tenth more of the rate: they can fail."""
    from dataclasses import replace

    import benchmarks.jobs.agreement as agreement

    given = agreement.JOBS["sir"]
    ours = agreement.sample(OURS, "sir", agreement.NODES, 400)
    agreement.JOBS["sir"] = replace(given, rate=given.rate * 1.1)
    try:
        faster = agreement.sample("times", "sir", agreement.NODES, 400)
    finally:
        agreement.JOBS["sir"] = given
    assert not agreement.compared("times", "sir", faster, ours, False, agreement.LEVEL / 7).agrees


def test_jobs_are_compared_at_times_that_they_have():
    assert set(SHOWN) == set(JOBS)
    for job, times in SHOWN.items():
        assert max(times) <= JOBS[job].months
    assert all(set(jobs) <= set(PROGRAMS[name].made.jobs) for name, jobs in ENDS_ONLY.items()
               if PROGRAMS[name].installed)  # fmt: skip
