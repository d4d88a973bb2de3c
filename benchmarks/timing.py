"""Timing: programs in turn, medians over repetitions, and programs in processes of their own."""

from __future__ import annotations

import gc
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

TURN = 0.2  # seconds
ROOT = Path(__file__).resolve().parent.parent


def alternate(
    programs: Mapping[str, Callable[[], object]], repetitions: int, turn: float = TURN
) -> dict[str, list[float]]:
    """Run each program once to warm it up, then all in turn; return its seconds in each repetition.

    A program runs again and again until its ``turn`` is over (seconds), and the mean counts: one short
    job after a long one of another program would be timed with that one's data in the processor's cache.
    """
    for program in programs.values():
        program()
    seconds: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(repetitions):
        for name, program in programs.items():
            gc.collect()  # what one program leaves behind is not the next one's burden
            taken, times = 0.0, 0
            while times == 0 or taken < turn:
                taken += seconds_of(program)
                times += 1
            seconds[name].append(taken / times)
    return seconds


def seconds_of(program: Callable[[], object]) -> float:
    """Return the seconds that a program takes once."""
    start = time.perf_counter()
    program()
    return time.perf_counter() - start


def ratio(seconds: Mapping[str, list[float]], slow: str, fast: str) -> float:
    """Return how many times as long the first program takes as the second: the median over the rounds.

    The two stand side by side in each round, so that what disturbs the machine disturbs both.
    """
    pairs = zip(seconds[slow], seconds[fast], strict=True)
    return statistics.median(a / b for a, b in pairs)


def in_process(module: str, *arguments: object, **environment: str):
    """Run a module of this package in a process of its own and return what it prints, as JSON."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    answer = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True
    )
    if answer.returncode:
        raise RuntimeError(f"python -m {module} failed:\n{answer.stderr}")
    return json.loads(answer.stdout.splitlines()[-1])
