"""Random numbers by counter: number d of replication r is a function of (seed, r, d) and of nothing else.

So a result does not depend on how replications are spread over threads, in what order they run, or whether NumPy or
numba computes them: NumPy runs the functions here over arrays, and `lanes` has them for the vectors of the kernel.
A replication has a 64-bit key; each of its draws mixes 32 bits of it with the number of the draw, twice.

Sources: splitmix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators") for keys; the 32-bit
mixer "lowbias32" (C. Wellons, "Prospecting for hash functions", 2018) for draws.
"""

from __future__ import annotations

import secrets
from typing import Any

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.uint64]

GOLDEN_32 = 0x9E3779B9
GOLDEN_64 = 0x9E3779B97F4A7C15

#: Four uniform numbers of 16 bits sum to a nearly normal one. With y the sum scaled to standard deviation 1,
#: y (linear + cubic y**2) has the variance and the kurtosis of a normal number; its tails end at 4.06.
NORMAL_SCALE = 3.0**0.5 / 65536
NORMAL_LINEAR, NORMAL_CUBIC = 0.94903551, 0.01864151


def mix32(x: Any) -> Any:
    """Mix 32 bits: uint32 to uint32."""
    x = np.uint32(x ^ (x >> np.uint32(16)))
    x = np.uint32(x * np.uint32(0x7FEB352D))
    x = np.uint32(x ^ (x >> np.uint32(15)))
    x = np.uint32(x * np.uint32(0x846CA68B))
    return np.uint32(x ^ (x >> np.uint32(16)))


def bits(low: Any, high: Any, number: Any) -> Any:
    """Give draw `number` of the key with these halves: 32 bits.

    Args:
        low: lower half of the key, uint32.
        high: upper half, uint32.
        number: number of the draw, uint32.
    """
    return mix32(np.uint32(mix32(np.uint32(low + np.uint32(number * np.uint32(GOLDEN_32)))) + high))


def symmetric(random: Any) -> Any:
    """Map 32 random bits to one of 2**23 odd numbers between -2**23 and 2**23: divide by 2**23 for (-1, 1).

    As an integer below 2**24 it is exact in single precision, so both precisions draw the same numbers.
    """
    return np.int32(np.uint32(random >> np.uint32(9)) * np.uint32(2) + np.uint32(1)) - np.int32(1 << 23)


def four_halves(first: Any, second: Any) -> Any:
    """Sum the four 16-bit halves of two random words, centred: times `NORMAL_SCALE` nearly normal."""
    mask, half = np.uint32(0xFFFF), np.uint32(16)
    total = np.uint32(first & mask) + np.uint32(first >> half) + np.uint32(second & mask) + np.uint32(second >> half)
    return np.int32(total) - np.int32(131070)


def keys_of(seed: int, numbers: npt.ArrayLike) -> Keys:
    """Give the key of each replication number.

    Args:
        seed: any whole number; 0 is a seed like any other.
        numbers: replication numbers, any shape.
    """
    counter = np.asarray(numbers, np.uint64) * np.uint64(GOLDEN_64)
    return _splitmix(counter + _splitmix(np.full(1, seed % 2**64, np.uint64))[0])


def uniform(keys: Keys, number: int) -> npt.NDArray[np.float64]:
    """Give draw `number` of each key: multiples of 2**-53 in [0, 1)."""
    random = _splitmix(keys + np.uint64((number + 1) * GOLDEN_64 % 2**64))
    return (random >> np.uint64(11)).astype(np.float64) * 2.0**-53


def keys_from_uniform(values: npt.NDArray[np.float64]) -> Keys:
    """Make keys from points of [0, 1): equal points give equal keys, others unrelated ones."""
    return _splitmix(np.ascontiguousarray(values, np.float64).view(np.uint64))


def seed_or_random(seed: int | None) -> int:
    """Give the seed itself, or a random one for None."""
    return secrets.randbits(32) if seed is None else seed


def _splitmix(x: Keys) -> Keys:
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
