"""Whether all programs compute the same: how many are reached by when, on the same network.

Each program does a job with many seeds. Its mean at each time is compared with ours by Welch's test, its
final sizes by that of Kolmogorov and Smirnov. ``LEVEL`` is the chance that programs which do the same are
told apart in any of a job's comparisons: it is shared out evenly among them (Bonferroni).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from benchmarks.jobs.job import JOBS, Job, pairs_of
from benchmarks.jobs.programs import LIMIT, OURS, PROGRAMS, able

NODES = 400
SEEDS = 40
FINE = 10  # steps in a month of programs that step where time is continuous
LEVEL = 0.001
EXACT = ("times", "eon", OURS)  # continuous time
ENDS_ONLY = {"cynetdiff": ("cascade", "threshold"), "eon": ("threshold",)}  # who keep or have no steps
SHOWN = {"sir": (5, 10, 15, 20, 30, 60), "si": (5, 10, 15, 20, 30, 60),
         "cascade": (1, 2, 3, 4, 6, 60), "threshold": (1, 2, 3, 4, 6, 60)}  # fmt: skip


@dataclass(frozen=True)
class Compared:
    """One program against ours in one job.

    means, errors: at each time shown. z: differences of means in standard errors; None where a program keeps
    no times. p: the smallest p-value; limit: the one below which it is another model.
    """

    program: str
    job: str
    means: list[float]
    errors: list[float]
    z: list[float | None]
    p: float
    limit: float

    @property
    def agrees(self) -> bool:
        """Whether nothing tells the two apart."""
        return self.p >= self.limit


def compare(
    job: str, nodes: int = NODES, seeds: int = SEEDS, fine: int = FINE, programs=None
) -> list[Compared]:
    """Return the comparison of each program with ours, ours first."""
    names = [
        name for name in programs or able(job) if name != LIMIT or job == "cascade"
    ]  # bytes step by months
    ends = [name for name in names if job in ENDS_ONLY.get(name, ())]
    tests = (len(names) - 1) * (len(SHOWN[job]) + 1) - len(ends) * (len(SHOWN[job]) - 1)
    counts = {name: sample(name, job, nodes, seeds, fine) for name in names}
    ours = counts[OURS]
    return [compared(name, job, counts[name], ours, name in ends, LEVEL / max(1, tests)) for name in names]


def sample(name: str, job: str, nodes: int, seeds: int, fine: int = FINE) -> np.ndarray:
    """Return how many were reached by each time shown, (seeds, times)."""
    given: Job = JOBS[job]
    if job in ("sir", "si") and name not in EXACT:
        given = given.finer(fine)
    places = np.array(SHOWN[job]) * given.steps_per_month - 1
    program = PROGRAMS[name].made(nodes, pairs_of(nodes), given)
    counts = []
    for seed in range(1, seeds + 1):
        program.ready(seed)
        counts.append(program.simulate()[places])
    return np.array(counts, float)


def compared(name: str, job: str, counts, ours, end_only: bool, limit: float) -> Compared:
    """Return how the counts of one program differ from ours; ``end_only``: at the end."""
    means, errors = counts.mean(0), _errors(counts)
    z: list[float | None] = [None] * len(means)
    pvalues = [1.0] if counts is ours else [float(stats.ks_2samp(counts[:, -1], ours[:, -1]).pvalue)]
    for place in [] if counts is ours else [len(means) - 1] if end_only else range(len(means)):
        told = stats.ttest_ind(counts[:, place], ours[:, place], equal_var=False)
        apart = np.hypot(errors, _errors(ours))[place]
        z[place] = float((means - ours.mean(0))[place] / max(1e-12, apart))
        pvalues.append(1.0 if np.isnan(told.pvalue) else float(told.pvalue))
    return Compared(name, job, means.tolist(), errors.tolist(), z, min(pvalues), limit)


def _errors(counts: np.ndarray) -> np.ndarray:
    return counts.std(0, ddof=1) / np.sqrt(len(counts))
