"""Luck is a function of names, not a stream: ``luck(seed, run, purpose, who, what)``.

The same run meets the same luck under every policy, in any order, on any number of threads. The
function is Threefry-2x64 with 13 rounds (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as
easy as 1, 2, 3", SC 2011), keyed by (seed, run), counting over (purpose and who, what). ``who`` and
``what`` are 64-bit hashes of stable names (``name_hash``, ``mix``), never row numbers or dates.
"""

from __future__ import annotations

import hashlib
import math
import warnings

import numpy as np

from agents.rule import JIT, rule
from sim.words import Word, codes

if not JIT:  # unsigned words wrap around on purpose; the compiled rules do so silently
    warnings.filterwarnings("ignore", "overflow encountered in scalar", RuntimeWarning)


class Purpose(Word):
    """What a draw is for. A new purpose goes to the end, and moves nobody else's luck."""

    INPUT = 0
    PHASE = 1  # when in the month an actor plans
    TAIL = 2  # willingness to spend
    DECIDE = 3
    INTENT = 4
    SIZE = 5  # compute that a follower chooses
    EFFORT = 6  # work that a project turns out to need
    FAIL = 7
    FAIL_AT = 8
    WRITE = 9
    HOLD = 10
    PUBLISH = 11
    UPTAKE = 12
    FIT = 13
    FLOW = 14
    RELAY = 15
    LEAK = 16
    THEFT = 17
    DEMO = 18
    FIND = 19
    GIVE = 20
    RESCOPE = 21
    IMITATE = 22
    CHIP = 23
    COMPLY = 24  # whether an actor obeys an order
    PREPARE = 25  # how long approval, team and machines take
    NOTICE = 26  # when the next member of a population has what is public
    PASS = 27  # whether and when a tie carries it
    NEED = 28  # how many of its neighbours a member needs
    TAKE = 29
    ANSWER = 30  # to a request under a licence
    LEAVE = 31
    SHOW = 32
    GIVE_BACK = 33
    SETTLE = 34  # for a smaller model, for want of means


FOR = codes(Purpose)


_PARITY = np.uint64(0x1BD11BDAA9FC1A22)
_TO_UNIT = 2.0**-52  # 52 bits and a half: never 0, never 1
_U = np.uint64
_ROTATIONS = tuple(_U(r) for r in (16, 42, 12, 31, 16, 32, 24, 21))
R0, R1, R2, R3, R4, R5, R6, R7 = _ROTATIONS
_64, _56, _30, _27, _31, _12 = _U(64), _U(56), _U(30), _U(27), _U(31), _U(12)
_ONE, _TWO, _THREE = _U(1), _U(2), _U(3)
_MIX1, _MIX2, _GOLDEN = _U(0xBF58476D1CE4E5B9), _U(0x94D049BB133111EB), _U(0x9E3779B97F4A7C15)


@rule
def _round(x0, x1, rotation):
    x0 = x0 + x1
    return x0, ((x1 << rotation) | (x1 >> (_64 - rotation))) ^ x0


@rule
def threefry(key0, key1, counter0, counter1):
    """Return the two 64-bit words of Threefry-2x64-13 for a key and a counter (all ``uint64``)."""
    key2 = _PARITY ^ key0 ^ key1
    x0, x1 = counter0 + key0, counter1 + key1
    x0, x1 = _round(x0, x1, R0)
    x0, x1 = _round(x0, x1, R1)
    x0, x1 = _round(x0, x1, R2)
    x0, x1 = _round(x0, x1, R3)
    x0, x1 = x0 + key1, x1 + key2 + _ONE
    x0, x1 = _round(x0, x1, R4)
    x0, x1 = _round(x0, x1, R5)
    x0, x1 = _round(x0, x1, R6)
    x0, x1 = _round(x0, x1, R7)
    x0, x1 = x0 + key2, x1 + key0 + _TWO
    x0, x1 = _round(x0, x1, R0)
    x0, x1 = _round(x0, x1, R1)
    x0, x1 = _round(x0, x1, R2)
    x0, x1 = _round(x0, x1, R3)
    x0, x1 = x0 + key0, x1 + key1 + _THREE
    return _round(x0, x1, R4)


@rule
def luck(seed, run, purpose, who, what):
    """Return the luck of ``who`` for ``purpose`` and ``what``: a number strictly between 0 and 1.

    All arguments but ``purpose`` (a small integer) are ``uint64``.
    """
    counter = who ^ (_U(purpose) << _56)
    word = threefry(seed, run, counter, what)[0]
    return (float(word >> _12) + 0.5) * _TO_UNIT


@rule
def waiting(u):
    """Return the exponential waiting time of mean 1 that belongs to luck ``u``."""
    return -math.log(u)


@rule
def mix(first, second):
    """Return one ``uint64`` for two: the finaliser of SplitMix64 over their combination."""
    x = first ^ (second * _GOLDEN)
    x = (x ^ (x >> _30)) * _MIX1
    x = (x ^ (x >> _27)) * _MIX2
    return x ^ (x >> _31)


@rule
def ordinal_key(name, ordinal):
    """Return the key of the ``ordinal``-th thing of a name."""
    return mix(name, _U(ordinal))


def name_hash(*names: str) -> np.uint64:
    """Return the stable 64-bit hash of a name (the same on every machine and in every process)."""
    digest = hashlib.blake2b("\x1f".join(names).encode(), digest_size=8)
    return np.uint64(int.from_bytes(digest.digest(), "little"))


@rule
def _rational(r, a0, a1, a2, a3, a4, a5, a6, a7, b1, b2, b3, b4, b5, b6, b7):
    top = ((((((a7 * r + a6) * r + a5) * r + a4) * r + a3) * r + a2) * r + a1) * r + a0
    low = ((((((b7 * r + b6) * r + b5) * r + b4) * r + b3) * r + b2) * r + b1) * r + 1.0
    return top / low


@rule
def normal(u):
    """Return the standard normal quantile of ``u`` in (0, 1), to about 1e-15.

    Wichura (1988), algorithm AS 241 (PPND16), Applied Statistics 37(3).
    """
    q = u - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        return q * _rational(
            r,
            3.3871328727963666080,
            133.14166789178437745,
            1971.5909503065514427,
            13731.693765509461125,
            45921.953931549871457,
            67265.770927008700853,
            33430.575583588128105,
            2509.0809287301226727,
            42.313330701600911252,
            687.18700749205790830,
            5394.1960214247511077,
            21213.794301586595867,
            39307.895800092710610,
            28729.085735721942674,
            5226.4952788528545610,
        )
    r = math.sqrt(-math.log(u if q < 0.0 else 1.0 - u))
    if r <= 5.0:
        z = _rational(
            r - 1.6,
            1.42343711074968357734,
            4.63033784615654529590,
            5.76949722146069140550,
            3.64784832476320460504,
            1.27045825245236838258,
            0.241780725177450611770,
            0.0227238449892691845833,
            0.000774545014278341407640,
            2.05319162663775882187,
            1.67638483018380384940,
            0.689767334985100004550,
            0.148103976427480074590,
            0.0151986665636164571966,
            0.000547593808499534494600,
            0.00000000105075007164441684324,
        )
    else:
        z = _rational(
            r - 5.0,
            6.65790464350110377720,
            5.46378491116411436990,
            1.78482653991729133580,
            0.296560571828504891230,
            0.0265321895265761230930,
            0.00124266094738807843860,
            0.0000271155556874348757815,
            0.000000201033439929228813265,
            0.599832206555887937690,
            0.136929880922735805310,
            0.0148753612908506148525,
            0.000786869131145613259100,
            0.0000184631831751005468180,
            0.000000142151175831644588870,
            0.00000000000000204426310338993978564,
        )
    return -z if q < 0.0 else z
