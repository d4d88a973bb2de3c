"""What is counted from a reveal: a lag is no date, and whoever moves the reveal moves both its ends.

Who holds a paper back makes the lags that follow shorter, although nobody follows sooner. What compares lags
under several policies has to say so; the sentence stands here alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from experiments.sweeps.factors import levers_of

if TYPE_CHECKING:
    from experiments.exploring.sample import Sample

REVEAL = "the reveal itself"
_LAG = re.compile(r"lag(?:_pub)?_\d+(\[.*\])?")


def moved(who: str, share: float | None = None) -> str:
    """Return the note that somebody moves the reveal. ``who``: with its verb; ``share``: of runs, if known.

    >>> moved("delay: moves", 0.5)[:46]
    'delay: moves the reveal itself in 50 % of runs'
    """
    often = "" if share is None else f" in {100 * share:.3g} % of runs"
    return (
        f"{who} {REVEAL}{often}, and with it what lags are counted from, so that a lag may change although "
        "nobody follows sooner or later; t_owner_K are plain dates (of the K-th other owner: K + 1)."
    )


def origin(metric: str) -> str:
    """Return the reveal from which a metric counts; "" where it counts from none.

    >>> origin("lag_5"), origin("lag_pub_2[gpt3]"), origin("t_owner_6")
    ('reveal', 'reveal[gpt3]', '')
    """
    match = _LAG.fullmatch(metric)
    return f"reveal{match[1] or ''}" if match else ""


def origins(metrics: Iterable[str]) -> list[str]:
    """Return the reveals from which metrics count, each once."""
    return [name for name in dict.fromkeys(map(origin, metrics)) if name]


def moved_in(sample: Sample, metrics: Iterable[str]) -> list[str]:
    """Return a note where what a sweep varies moves the reveal from which some metrics count.

    That is seen where the reveal was kept, and points have luck in common; else levers may move it.
    """
    needed = origins(metrics)
    if not needed:
        return []
    kept = [sample.values[name] for name in needed if name in sample.values]
    if len(kept) < len(needed) or not _shares_luck(sample):
        return [moved("Levers may move")] if levers_of(sample.factors) else []
    share = max(_share_moved(sample, dates) for dates in kept)
    return [moved("What is varied here moves", share)] if share else []


def _shares_luck(sample: Sample) -> bool:
    """Whether some luck was that of several points."""
    return bool(np.bincount(sample.luck).max(initial=0) > 1)


def _share_moved(sample: Sample, dates: np.ndarray) -> float:
    """Return the share of runs whose date is not that of the first point of the same luck."""
    first = np.unique(sample.luck, return_index=True)[1]
    return float((dates != dates[first][sample.luck]).mean())
