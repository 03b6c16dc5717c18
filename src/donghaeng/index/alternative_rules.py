"""Rules between the choices of ``robustness.yaml``: combinations that make no sense are excluded or replaced."""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Sequence
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import BeforeValidator, Field

from donghaeng.documents import Model
from donghaeng.errors import InputError, listed, nearest
from donghaeng.index.robustness.factors import Choice, Rule, Space
from donghaeng.panel import Floats, Mask
from donghaeng.wording import Text

#: Drawn combinations that rules exclude are drawn again, up to this many times the number wanted.
MOST_EXCLUDED = 1_000

#: Positions of choices, runs x factors.
Positions = npt.NDArray[np.int64]


def _one_or_several(value: object) -> object:
    """Take a single name for a list of one, and a position that YAML reads as a number."""
    return [str(one) if isinstance(one, int) else one for one in (value if isinstance(value, list) else [value])]


def _name(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Names = Annotated[
    tuple[str, ...],
    Field(strict=False, min_length=1),
    BeforeValidator(_one_or_several, json_schema_input_type=str | int | list[str | int]),
]
Name = Annotated[str, BeforeValidator(_name, json_schema_input_type=str | int)]


class CombinationRule(Model):
    """What to do with a combination of choices that makes no sense.

    Attributes:
        when: names of choices by factor; all factors must have one of theirs. A choice without a name has its position,
            counted from 1; those of ``leave_out_each`` are ``all`` and the codes of the nodes.
        instead: the choices that take their place; without it the combination is excluded.
        reason: why, for the reader.
    """

    when: Annotated[dict[str, Names], Field(min_length=1)]
    instead: dict[str, Name] = Field(default_factory=dict)
    reason: Text | None = None


def rule_of(rule: CombinationRule, choices: dict[str, Sequence[str]]) -> Rule:
    """Give a rule with positions of choices in place of their names.

    Args:
        rule: the rule as it is written.
        choices: names of the choices of each factor; none for noise.

    Raises:
        InputError: a factor or choice that is not there.
    """

    def position(factor: str, name: str) -> int:
        if factor not in choices:
            hint = nearest(factor, choices)
            expected = f"expected one of {listed(choices)}"
            raise InputError(f"no factor {factor} with choices; {expected}" + (f"; {hint}" if hint else ""))
        names = list(choices[factor])
        if name not in names:
            hint = nearest(name, names)
            expected = f"expected one of {listed(names)}"
            raise InputError(f"{factor} has no choice {name}; {expected}" + (f"; {hint}" if hint else ""))
        return names.index(name)

    when: dict[str, Hashable | list[Hashable]] = {
        factor: [position(factor, name) for name in names] for factor, names in rule.when.items()
    }
    instead: dict[str, Hashable] = {factor: position(factor, name) for factor, name in rule.instead.items()}
    return Rule(when, instead, (rule.reason or {}).get("en", ""))


def space_of(factors: Sequence[tuple[str, Sequence[float]]], rules: Sequence[Rule]) -> Space:
    """Give the space of all combinations of choices, which are known by their position.

    Args:
        factors: name and probabilities of each.
        rules: from `rule_of`.
    """
    return Space(
        tuple(Choice(name, tuple(range(len(shares))), tuple(shares)) for name, shares in factors), tuple(rules)
    )


def combinations(space: Space, size: int | None, seed: int) -> tuple[Positions, Floats, int]:
    """Give the combinations to try, runs x factors, after the rules.

    Args:
        space: choices only, known by their position.
        size: how many to draw; None for every one, once.
        seed: seed of the draw.

    Returns:
        The combinations without those excluded, their probabilities, which sum to 1, and how many were excluded.

    Raises:
        InputError: the rules exclude every combination.
    """
    shares = [choice.shares for choice in space.factors if isinstance(choice, Choice)]
    if size is None:
        chosen = np.array(list(itertools.product(*(range(len(share)) for share in shares))), np.int64)
        probabilities = np.prod([share[chosen[:, at]] for at, share in enumerate(shares)], axis=0)
        chosen, allowed = _after_rules(space, chosen)
        chosen, probabilities, excluded = chosen[allowed], probabilities[allowed], int((~allowed).sum())
    else:
        generator, excluded = np.random.default_rng(seed), 0
        chosen = np.zeros((0, len(shares)), np.int64)
        while len(chosen) < size and excluded < MOST_EXCLUDED * size:
            drawn = np.stack([generator.choice(len(share), size, p=share) for share in shares], axis=1)
            drawn, allowed = _after_rules(space, drawn)
            chosen = np.concatenate([chosen, drawn[allowed]])[:size]
            excluded += int((~allowed).sum())
        probabilities = np.ones(len(chosen))
    if not len(chosen):
        raise InputError("robustness.yaml: its rules exclude every combination; expected one that is left")
    return chosen, probabilities / probabilities.sum(), excluded


def _after_rules(space: Space, chosen: Positions) -> tuple[Positions, Mask]:
    """Give combinations with what rules put in the place of choices, and which of them no rule excludes."""
    points, allowed = space.applied({name: chosen[:, at] for at, name in enumerate(space.names)})
    return np.stack([points[name] for name in space.names], axis=1), allowed
