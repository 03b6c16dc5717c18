"""Draws that belong to a name: the same name gives the same number, whatever is drawn before or beside it."""

from __future__ import annotations

import hashlib
import math

#: The seed of the city. Another seed gives another city with the same planted causes.
SEED = "narae-1"


def draw(*name: object) -> float:
    """Give the number in [0, 1) that belongs to a name.

    Args:
        name: what the number is for, such as a place, a series and a year.
    """
    text = "|".join([SEED, *map(str, name)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:7], "big") / 2.0**56


def between(least: float, most: float, *name: object) -> float:
    """Give a number between two others, evenly spread."""
    return least + (most - least) * draw(*name)


def count(mean: float, *name: object) -> int:
    """Give a whole number around a mean, spread as counts are (Poisson), by inverting the distribution.

    Args:
        mean: expected count, below 600.
        name: what the number is for.
    """
    rest, number, probability = draw(*name), 0, math.exp(-mean)
    while rest > probability and number < mean + 12 * math.sqrt(mean) + 30:
        rest -= probability
        number += 1
        probability *= mean / number
    return number
