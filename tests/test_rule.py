"""What a rule is compiled to leaves the code of others alone."""

from __future__ import annotations

import math

import numba
import numpy as np
import pytest

from agents.rule import JIT, rule
from sim.luck import luck


@rule
def _drawn(seed, name):
    total = 0.0
    for what in range(3):
        total += luck(seed, name, 1, np.uint64(what), name) - luck(seed, name, 2, name, np.uint64(what))
    return math.sqrt(abs(total))


@rule
def _from_python(seed, names):
    return _drawn(seed, names[0]) + _drawn(seed, names[1]) + _drawn(seed, names[2])


def _by_user(seed, names):
    total = 0.0
    for name in names:
        total += _drawn(seed, name)
    return total + luck(seed, seed, 1, seed, seed)


@pytest.mark.skipif(not JIT, reason="nothing is compiled")
def test_a_users_own_compiled_function_may_call_rules_that_stand_behind_a_door():
    names = np.arange(3, dtype=np.uint64)
    seed = np.uint64(5)
    behind = _from_python(seed, names)
    first = float(luck(seed, seed, 1, seed, seed))
    assert numba.njit(_by_user)(seed, names) == pytest.approx(behind + first)
