"""Formulas of factors: products and quotients of named series, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable

NAME = r"[a-z][a-z0-9_]{0,63}"
_NAME = re.compile(NAME, re.ASCII)

FORM = 'names of series joined by * and /, such as "spent / voted" or "1 / need"'

#: Names with their powers, in the order in which they first stand.
Powers = tuple[tuple[str, int], ...]


def parse_formula(text: str) -> Powers:
    """Read a formula.

    Args:
        text: names joined by ``*`` and ``/``, read from left to right; it may begin with ``1 /``.

    Returns:
        The names with their powers, none of them 0.

    Raises:
        ValueError: it is none.

    >>> parse_formula("served / spent")
    (('served', 1), ('spent', -1))
    >>> parse_formula("1 / need")
    (('need', -1),)
    """
    parts = re.split(r"([*/])", text)
    powers: dict[str, int] = {}
    for at in range(0, len(parts), 2):
        name, divides = parts[at].strip(), at > 0 and parts[at - 1] == "/"
        if name == "1" and at == 0:
            continue
        if not _NAME.fullmatch(name):
            raise ValueError(f'"{text}" is not a formula: "{name}" is not the name of a series', FORM)
        powers[name] = powers.get(name, 0) + (-1 if divides else 1)
    found = tuple((name, power) for name, power in powers.items() if power)
    if not found:
        raise ValueError(f'"{text}" names no series', FORM)
    return found


def product(formulas: Iterable[Powers]) -> Powers:
    """Give the product of formulas, without names that cancel.

    >>> product([(("voted", 1),), (("spent", 1), ("voted", -1))])
    (('spent', 1),)
    """
    powers: dict[str, int] = {}
    for formula in formulas:
        for name, power in formula:
            powers[name] = powers.get(name, 0) + power
    return tuple((name, power) for name, power in powers.items() if power)
