"""Units of series: products and quotients of words, so that a formula in wrong units is found before it is used."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_NUMBER = re.compile(r"[0-9]{1,3}(,[0-9]{3})+|[0-9]+(\.[0-9]+)?", re.ASCII)

FORM = 'words joined by * and /, such as "persons", "KRW/person", "1,000 persons", "%" or "1"'


@dataclass(frozen=True)
class Unit:
    """A unit: a scale, and words with their powers.

    Attributes:
        scale: number that a value in this unit is multiplied by to be in plain words: 1/100 for ``%``.
        powers: words with powers other than 0, in the order of words.
    """

    scale: Fraction
    powers: tuple[tuple[str, int], ...]

    def times(self, other: Unit, power: int = 1) -> Unit:
        """Give the product with a power of another unit."""
        powers = dict(self.powers)
        for word, of_word in other.powers:
            powers[word] = powers.get(word, 0) + of_word * power
        return Unit(self.scale * other.scale**power, tuple(sorted(item for item in powers.items() if item[1])))

    def __str__(self) -> str:
        """Write it as words with powers, without the scale."""
        above = [word if power == 1 else f"{word}^{power}" for word, power in self.powers if power > 0]
        below = [word if power == -1 else f"{word}^{-power}" for word, power in self.powers if power < 0]
        text = "*".join(above) or "1"
        return f"{text}/{'/'.join(below)}" if below else text


BARE = Unit(Fraction(1), ())


def parse_unit(text: str) -> Unit:
    """Read a unit.

    Args:
        text: words joined by ``*`` and ``/`` (or ``per``), each with a number or thousand, million, billion or
            trillion before it where wanted.

    Raises:
        ValueError: it cannot be read.

    >>> str(parse_unit("KRW/person"))
    'KRW/person'
    >>> parse_unit("%") == parse_unit("1").times(Unit(Fraction(1, 100), ()))
    True
    >>> parse_unit("million KRW").scale, parse_unit("cases per 1,000 persons").scale
    (Fraction(1000000, 1), Fraction(1, 1000))
    """
    parts = re.split(r"(\*|/|·|\bper\b)", text.strip())
    result = BARE
    for at in range(0, len(parts), 2):
        power = -1 if at and parts[at - 1] in {"/", "per"} else 1
        result = result.times(_word(parts[at].strip(), text), power)
    return result


def _word(text: str, whole: str) -> Unit:
    scale = Fraction(1)
    words = text.split()
    if not words:
        raise ValueError(f'"{whole}" is not a unit')
    while words and (_NUMBER.fullmatch(words[0]) or words[0].lower() in _SCALES):
        first = words.pop(0).lower()
        scale *= Fraction(_SCALES.get(first) or Fraction(first.replace(",", "")))
    if not scale:
        raise ValueError(f'"{whole}" has a scale of 0')
    name = " ".join(words)
    if name == "%":
        return Unit(scale / 100, ())
    if any(character in "()^=+" for character in name):
        raise ValueError(f'"{whole}" is not a unit')
    return Unit(scale, ((name, 1),) if name else ())


def scale_between(given: Unit, wanted: Unit) -> Fraction | None:
    """Give what a value in one unit is multiplied by to be in another; None where they measure different things."""
    return given.scale / wanted.scale if given.powers == wanted.powers else None
