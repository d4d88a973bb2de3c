"""Luck: the generator against published vectors, its streams against each other, names against hashlib."""

from __future__ import annotations

import hashlib
import itertools

import numpy as np
import pytest
from scipy import special, stats

from sim.luck import FOR, Purpose, luck, mix, name_hash, normal, ordinal_key, threefry, waiting

WORD = np.uint64
ONES = 2**64 - 1


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [  # Random123 1.14, tests/kat_vectors, threefry2x64 with 13 rounds
        ((0, 0), (0, 0), (0xF167B032C3B480BD, 0xE91F9FEE4B7A6FB5)),
        ((ONES, ONES), (ONES, ONES), (0xCCDEC5C917A874B1, 0x4DF53ABCA26CEB01)),
        (
            (0x243F6A8885A308D3, 0x13198A2E03707344),
            (0xA4093822299F31D0, 0x082EFA98EC4E6C89),
            (0xC3AAC71561042993, 0x3FE7AE8801AFF316),
        ),
    ],
)
def test_threefry_gives_the_published_words(counter, key, expected):
    words = threefry(WORD(key[0]), WORD(key[1]), WORD(counter[0]), WORD(counter[1]))
    assert tuple(int(word) for word in words) == expected


def draws_along(axis: str, count: int) -> np.ndarray:
    """Return luck along one of its arguments, all others fixed."""
    who, what = name_hash("actor", "Alpha"), name_hash("class", "big")
    values = np.empty(count)
    for place in range(count):
        seed, run, purpose = WORD(7), WORD(3), FOR.UPTAKE
        a, b = who, what
        if axis == "seed":
            seed = WORD(place)
        elif axis == "run":
            run = WORD(place)
        elif axis == "who":
            a = name_hash("actor", f"actor {place}")
        elif axis == "what":
            b = WORD(ordinal_key(what, place))
        values[place] = luck(seed, run, purpose, a, b)
    return values


AXES = ("seed", "run", "who", "what")


@pytest.mark.parametrize("axis", AXES)
def test_luck_is_uniform_along_every_argument(axis):
    values = draws_along(axis, 20_000)
    assert values.min() > 0.0 and values.max() < 1.0
    assert stats.kstest(values, "uniform").pvalue > 1e-3
    counts, _ = np.histogram(values, bins=64, range=(0, 1))
    assert stats.chisquare(counts).pvalue > 1e-3
    last_bits = (values * 2.0**40).astype(np.uint64) & WORD(1023)
    assert stats.chisquare(np.bincount(last_bits.astype(int), minlength=1024)).pvalue > 1e-3


@pytest.mark.parametrize("axis", AXES)
def test_neighbours_along_every_argument_are_independent(axis):
    values = draws_along(axis, 20_000)
    assert abs(np.corrcoef(values[:-1], values[1:])[0, 1]) < 4 / np.sqrt(len(values))
    table, *_ = np.histogram2d(values[::2], values[1::2], bins=8, range=((0, 1), (0, 1)))
    assert stats.chi2_contingency(table)[1] > 1e-3


def test_purposes_are_independent_streams():
    who, what = name_hash("actor", "Alpha"), name_hash("class", "big")
    runs = 4_000
    streams = np.array(
        [[luck(WORD(1), WORD(run), purpose, who, what) for run in range(runs)] for purpose in Purpose]
    )
    correlation = np.corrcoef(streams)
    apart = correlation[~np.eye(len(streams), dtype=bool)]
    assert np.abs(apart).max() < 4.5 / np.sqrt(runs)
    for stream in streams:
        assert stats.kstest(stream, "uniform").pvalue > 1e-4


def test_no_two_of_many_draws_coincide():
    names = [name_hash("actor", f"actor {place}") for place in range(40)]
    values = {
        luck(WORD(1), WORD(run), purpose, who, what)
        for run, purpose in itertools.product(range(3), Purpose)
        for who in names[:12]
        for what in names
    }
    assert len(values) == 3 * len(Purpose) * 12 * 40


def test_runs_and_seeds_do_not_stand_in_for_each_other():
    who = name_hash("actor", "Alpha")
    assert luck(WORD(1), WORD(2), FOR.FIT, who, who) != luck(WORD(2), WORD(1), FOR.FIT, who, who)


def counter_for(words: tuple[int, int]) -> tuple[np.uint64, np.uint64]:
    """Return the counter that Threefry-2x64-13 with the key (0, 0) maps to two words."""
    parity, rotations = 0x1BD11BDAA9FC1A22, (16, 42, 12, 31, 16, 32, 24, 21)
    keys = ((0, parity + 1), (parity, 2), (0, 3))  # added after rounds 4, 8 and 12
    x0, x1 = words
    for number in reversed(range(13)):
        turned = x0 ^ x1
        rotation = rotations[number % 8]
        x1 = (turned >> rotation | turned << (64 - rotation)) & ONES
        x0 = (x0 - x1) & ONES
        if number in (4, 8, 12):
            k0, k1 = keys[number // 4 - 1]
            x0, x1 = (x0 - k0) & ONES, (x1 - k1) & ONES
    return WORD(x0), WORD(x1)


@pytest.mark.parametrize("word", [0, 1 << 10, 1 << 63, ONES - (1 << 11), ONES])
def test_luck_stays_strictly_between_0_and_1_for_extreme_words(word):
    counter = counter_for((word, 12345))
    zero = WORD(0)
    assert [int(w) for w in threefry(zero, zero, *counter)] == [word, 12345]
    assert 0.0 < luck(zero, zero, FOR.INPUT, *counter) < 1.0


def test_waiting_is_exponential():
    values = np.array([waiting(u) for u in draws_along("run", 20_000)])
    assert stats.kstest(values, "expon").pvalue > 1e-3


def test_normal_is_the_normal_quantile():
    points = np.concatenate(
        [np.linspace(1e-6, 1 - 1e-6, 4001), 10.0 ** -np.arange(3, 17), 1 - 10.0 ** -np.arange(3, 16)]
    )
    ours = np.array([normal(u) for u in points])
    np.testing.assert_allclose(ours, special.ndtri(points), rtol=1e-12, atol=1e-15)


def test_name_hash_is_blake2b_of_the_joined_names():
    expected = hashlib.blake2b(b"actor\x1fAlpha", digest_size=8).digest()
    assert int(name_hash("actor", "Alpha")) == int.from_bytes(expected, "little")
    assert int(name_hash("actor", "Alpha")) == PINNED
    assert name_hash("a", "bc") != name_hash("ab", "c")


PINNED = 0x92372427B4C69399  # blake2b-64 of "actor", unit separator, "Alpha", little-endian


def test_mix_depends_on_order_and_has_no_collisions():
    names = [name_hash(f"name {place}") for place in range(300)]
    mixed = {int(mix(a, b)) for a in names for b in names}
    assert len(mixed) == len(names) ** 2
    assert mix(names[0], names[1]) != mix(names[1], names[0])
    assert len({int(ordinal_key(name, k)) for name in names for k in range(50)}) == 300 * 50
