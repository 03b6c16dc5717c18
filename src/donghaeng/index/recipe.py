"""The recipe of an index: its method as one frozen value, read from ``recipe.yaml``.

Each key is a verb of the method; which methods a verb has is the discriminated union of its models.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PositiveFloat

from donghaeng import periods
from donghaeng.documents import Model


def _period_text(value: object) -> object:
    """Take a year written without quotes, which YAML reads as a number."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _is_period(value: str) -> str:
    periods.parse(value)
    return value


PeriodText = Annotated[str, BeforeValidator(_period_text), AfterValidator(_is_period)]


class BasePeriodRatio(Model):
    """Scale every indicator by its own value in the base period.

    score = base_value x value / base for indicators where higher is better. For lower is better the choice is
    stated: ``inverted_ratio`` gives base_value x base / value (never negative, halving the value doubles the
    score), ``mirror`` gives 2 x base_value - base_value x value / base (the same number of points up and down).

    Attributes:
        base_period: the period with the score `base_value`.
        base_value: the score of the base period, usually 100.
        lower_is_better: how indicators are turned of which less is better.
        cap: the highest score an indicator may have; absent for none.
    """

    method: Literal["base_period_ratio"]
    base_period: PeriodText
    base_value: PositiveFloat = 100.0
    lower_is_better: Literal["inverted_ratio", "mirror"]
    cap: PositiveFloat | None = None


class ArithmeticMean(Model):
    """Average with weights over what is available.

    Attributes:
        over: ``indicators`` averages all indicators below a node, so that an area with twelve indicators
            weighs more than one with five; ``children`` averages the node's own children.
    """

    method: Literal["arithmetic"]
    over: Literal["indicators", "children"]


class Recipe(Model):
    """The method of an index.

    Attributes:
        format: version of this format.
        normalise: how raw values become scores on one scale.
        aggregate: how the scores of children become the score of their parent.
        compare: nodes whose observations are published results, to be compared with what is computed and
            never used as input: ``root``, ``inner`` (all composites) or codes.
    """

    format: Literal[1]
    normalise: BasePeriodRatio
    aggregate: ArithmeticMean
    compare: Annotated[tuple[str, ...], Field(strict=False)] = ("root",)
