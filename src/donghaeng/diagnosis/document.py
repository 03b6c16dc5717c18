"""``identities.yaml``: what the value of an indicator is made of, by whose fault each part may fall, and the limits."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator

from donghaeng.diagnosis.formula import NAME, Powers, parse_formula
from donghaeng.diagnosis.shapley import MOST_FACTORS
from donghaeng.diagnosis.units import FORM, Unit, parse_unit
from donghaeng.documents import Model, formed
from donghaeng.wording import Text

_WORDS = "a small letter, then small letters, digits and _"
Name = Annotated[str, formed(f"^{NAME}$", _WORDS)]
Code = Annotated[str, Field(pattern=r"^[^\s,;/\\]{1,64}$")]

#: The causes that a factor may stand for; mix and undetermined come out of the computation.
FactorCause = Literal["demand", "funding", "execution", "productivity", "quality", "take_up", "measurement", "outside"]


def _number(value: object) -> object:
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


Share = Annotated[float, BeforeValidator(_number), Field(gt=0, le=1)]
Positive = Annotated[float, BeforeValidator(_number), Field(gt=0, le=1e6)]
NotNegative = Annotated[float, BeforeValidator(_number), Field(ge=0, le=1e6)]


def _formula(value: str) -> str:
    parse_formula(value)
    return value


def _unit(value: str) -> str:
    try:
        parse_unit(value)
    except ValueError as error:
        raise ValueError(str(error), FORM) from None
    return value


class LeastPoints(Model):
    """Falls that are smaller are no findings.

    Attributes:
        indicators: points of an indicator's own score.
        composites: points of a composite's own score.
    """

    indicators: NotNegative = 1.0
    composites: NotNegative = 0.5


class Settings(Model):
    """The thresholds of the diagnosis, in the open.

    Attributes:
        share: share of the negative part that the leading cause has at least.
        stability: share of the draws in which it leads like that, at least.
        draws: number of draws of the data's own error.
        seed: seed of the draws.
        least_points: size from which a fall is a finding.
        blind_spot: share of the served over share of need; where the whole interval lies below, it is a blind spot.
        false_alarms: false alarms a year that alarms are set to.
        shift: rise of counts, as a share, for which days of delay are told.
    """

    share: Share = 0.6
    stability: Share = 0.8
    draws: Annotated[int, Field(ge=20, le=100_000)] = 200
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 1
    least_points: LeastPoints = LeastPoints()
    blind_spot: Share = 0.8
    false_alarms: Positive = 0.5
    shift: Positive = 0.3


class SeriesModel(Model):
    """A series that formulas name.

    Attributes:
        unit: its unit.
        label: its name for readers.
    """

    unit: Annotated[str, Field(min_length=1)]
    label: Text

    _checked = field_validator("unit")(_unit)

    @property
    def parsed(self) -> Unit:
        """The unit, taken apart."""
        return parse_unit(self.unit)


class FactorModel(Model):
    """A factor of an identity, which is one player of the Shapley value.

    Attributes:
        formula: product and quotient of series.
        cause: what it means when this factor brings the value down.
        label: its name for readers; default, its key.
    """

    formula: Annotated[str, Field(min_length=1, max_length=500)]
    cause: FactorCause
    label: Text | None = None

    _checked = field_validator("formula")(_formula)

    @property
    def powers(self) -> Powers:
        """The formula, taken apart."""
        return parse_formula(self.formula)


class IdentityModel(Model):
    """Says that the value of an indicator is a product of factors.

    Attributes:
        factors: the factors by name, in order.
        unit: unit of the indicator; default, that of ``structure.csv``.
        places: series by which the values of parts are averaged to that of the place they make up.
        label: its name for readers.
    """

    factors: Annotated[dict[Name, FactorModel], Field(min_length=2, max_length=MOST_FACTORS)]
    unit: Annotated[str, Field(min_length=1)] | None = None
    places: Name | None = None
    label: Text | None = None

    @field_validator("unit")
    @classmethod
    def _checked(cls, unit: str | None) -> str | None:
        return unit if unit is None else _unit(unit)


class WantedModel(Model):
    """A series that would be needed to say why a node fell.

    Attributes:
        series: a short name.
        unit: its unit.
        label: its name for readers.
        why: what it would decide.
    """

    series: Name
    unit: Annotated[str, Field(min_length=1)]
    label: Text
    why: Text | None = None


class CountModel(Model):
    """A series of monthly or weekly counts.

    Attributes:
        label: its name for readers.
        worse: which way is bad.
        node: the node that it warns of.
    """

    label: Text
    worse: Literal["higher", "lower"]
    node: Code | None = None


class Identities(Model):
    """The content of ``identities.yaml``.

    Attributes:
        format: version of the format.
        settings: thresholds.
        series: the series by name.
        identities: the identity of each indicator that has one.
        wanted: what is to be collected for nodes without one.
        counts: series of ``counts.csv``.
        groups: names of the groups of ``groups.csv``.
    """

    format: Literal[1]
    settings: Settings = Settings()
    series: dict[Name, SeriesModel] = Field(default_factory=dict)
    identities: dict[Code, IdentityModel] = Field(default_factory=dict)
    wanted: dict[Code, Annotated[tuple[WantedModel, ...], Field(strict=False, min_length=1)]] = Field(
        default_factory=dict
    )
    counts: dict[Name, CountModel] = Field(default_factory=dict)
    groups: dict[Code, Text] = Field(default_factory=dict)
