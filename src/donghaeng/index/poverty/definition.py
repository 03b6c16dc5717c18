"""The definition of a poverty measure, read from ``poverty.yaml``: tables, survey design, indicators and cut-offs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from donghaeng import periods
from donghaeng.documents import Model
from donghaeng.errors import listed
from donghaeng.index.poverty.deprivation import When, nested_weights
from donghaeng.index.poverty.design import Interval, LoneClusters
from donghaeng.index.poverty.measures import Missing
from donghaeng.index.tables import PackPath, SourceIds
from donghaeng.panel import Floats
from donghaeng.wording import Text

#: Weights of indicators may miss 1 by this much, as decimals of thirds do; they are scaled to sum to 1.
WEIGHTS_TOLERANCE = 1e-3

MEASURES = ("headcount", "intensity", "adjusted_headcount", "censored", "uncensored")


def _share(value: object) -> object:
    """Take a share written as a fraction, "1/3", which decimals cannot say."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,6}/[0-9]{1,6}", value):
        if int(value.partition("/")[2]) == 0:
            raise ValueError(f'"{value}" divides by 0', "a fraction such as 1/3")
        return float(Fraction(value))
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _one_or_many(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


def _is_period(value: str) -> str:
    try:
        periods.parse(value)
    except ValueError as error:
        raise ValueError(str(error), periods.FORMS) from None
    return value


def _share_schema(**least: float) -> WithJsonSchema:
    """Say to editors that a share is a number or a fraction."""
    number = {"type": "number", "maximum": 1, **least}
    return WithJsonSchema({"anyOf": [number, {"type": "string", "pattern": "^[0-9]{1,6}/[0-9]{1,6}$"}]})


Share = Annotated[float, BeforeValidator(_share), Field(gt=0, le=1), _share_schema(exclusiveMinimum=0)]
Weight = Annotated[float, BeforeValidator(_share), Field(ge=0, le=1), _share_schema(minimum=0)]
Code = Annotated[str, Field(pattern=r"^[^\s,;/\\]{1,64}$")]
Column = Annotated[str, Field(min_length=1, max_length=200)]
Category = str | int | float
Categories = Annotated[
    tuple[Category, ...],
    BeforeValidator(_one_or_many),
    Field(strict=False, min_length=1),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": ["string", "number"]},
                {"type": "array", "minItems": 1, "items": {"type": ["string", "number"]}},
            ]
        }
    ),
]
PeriodText = Annotated[
    str,
    BeforeValidator(lambda value: str(value) if isinstance(value, int) and not isinstance(value, bool) else value),
    AfterValidator(_is_period),
]


class Deprived(Model):
    """When a household is deprived in an indicator; exactly one of the keys.

    Attributes:
        below, at_or_below, above, at_or_above: a number in the unit of the column.
        one_of, none_of: categories, numbers or words, as they stand in the column.
    """

    below: float | None = None
    at_or_below: float | None = None
    above: float | None = None
    at_or_above: float | None = None
    one_of: Categories | None = None
    none_of: Categories | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Deprived:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            said = f"{listed(given)} together" if given else "no cut-off"
            raise ValueError(said, f"exactly one of {listed(type(self).model_fields)}")
        return self

    @property
    def when(self) -> When:
        """The key that is given."""
        return next(name for name in _WHENS if getattr(self, name) is not None)

    @property
    def categories(self) -> tuple[Category, ...]:
        """What it compares with: one number, or the categories."""
        given = getattr(self, self.when)
        return given if isinstance(given, tuple) else (given,)


_WHENS: tuple[When, ...] = ("below", "at_or_below", "above", "at_or_above", "one_of", "none_of")


class PovertyIndicator(Model):
    """One indicator of deprivation.

    Attributes:
        code: its code.
        name: its name by language; absent where the code says enough.
        dimension: the dimension it belongs to.
        column: column of the table; the code unless given.
        deprived: when a household is deprived in it.
        unknown: values of the column that mean that it is not known, such as 99. An empty cell always does.
        weight: its weight, a share; absent in all indicators for equal dimensions and equal indicators in each.
    """

    code: Code
    name: Text | None = None
    dimension: Code
    column: Column | None = None
    deprived: Deprived
    unknown: Categories = ()
    weight: Weight | None = None

    @property
    def source_column(self) -> str:
        """The column that it is read from."""
        return self.column or self.code


class HouseholdTable(Model):
    """A table of households or persons.

    Attributes:
        file: CSV file in the pack, one row a household or person.
        period: the period it is about; absent where the column `period` of the definition says so row by row.
        kind: kind of its answers.
        source: ids of its sources.
    """

    file: PackPath
    period: PeriodText | None = None
    kind: Literal["published", "second_hand", "derived", "inferred", "simulated", "unknown"]
    source: SourceIds


class IndexValue(Model):
    """A measure that is a value of the index of the pack.

    Attributes:
        node: code of the indicator of ``structure.csv`` that gets it.
        measure: ``headcount``, ``intensity``, ``adjusted_headcount``; with `indicator` ``censored`` or ``uncensored``.
        indicator: the indicator of deprivation, for the headcounts of one.
        cutoff: the poverty cut-off; the first unless given.
        group: column whose groups are the codes of places; absent for the whole population with `place`.
        place: code of the place that the whole population is.
        scale: what the measure is multiplied by, such as 100 for per cent.
    """

    node: str
    measure: Literal["headcount", "intensity", "adjusted_headcount", "censored", "uncensored"]
    indicator: str | None = None
    cutoff: Share | None = None
    group: Column | None = None
    place: str | None = None
    scale: Annotated[float, Field(gt=0)] = 1.0

    @model_validator(mode="after")
    def _complete(self) -> IndexValue:
        if (self.group is None) == (self.place is None):
            raise ValueError("group and place are both given, or none of them", "one of group and place")
        if (self.indicator is not None) != (self.measure in ("censored", "uncensored")):
            raise ValueError(f"{self.measure} and indicator do not fit", "indicator with censored and uncensored only")
        return self


class PovertyDefinition(Model):
    """The content of ``poverty.yaml``.

    Attributes:
        format: version of this format.
        tables: tables of households or persons; each period is a survey of its own.
        rows: what a row is, for words only.
        period: column with the period of each row, where the tables do not state one.
        weight: column with the survey weight of each row; absent for equal weights.
        size: column with the number of members, to count people where rows are households.
        stratum: column with the stratum; absent for one stratum.
        cluster: column with the primary sampling unit; absent where each row is one.
        lone_clusters: rule for strata with a single cluster.
        interval: form of confidence intervals.
        level: confidence level.
        missing: rule for households with an unknown indicator.
        indicators: the indicators with their deprivation cut-offs and weights.
        cutoffs: poverty cut-offs k, shares of the weights.
        groups: columns by which all is told apart, such as district, age or sex.
        least_cases: an estimate that rests on fewer rows is withheld; 0 for none.
        index: measures that are values of the index of the pack.
    """

    format: Literal[1]
    tables: Annotated[tuple[HouseholdTable, ...], Field(strict=False, min_length=1)]
    rows: Literal["households", "persons"] = "households"
    period: Column | None = None
    weight: Column | None = None
    size: Column | None = None
    stratum: Column | None = None
    cluster: Column | None = None
    lone_clusters: LoneClusters = "centred"
    interval: Interval = "symmetric"
    level: Annotated[float, Field(gt=0, lt=1)] = 0.95
    missing: Missing = "drop"
    indicators: Annotated[tuple[PovertyIndicator, ...], Field(strict=False, min_length=1)]
    cutoffs: Annotated[tuple[Share, ...], Field(strict=False, min_length=1)]
    groups: Annotated[tuple[Column, ...], Field(strict=False)] = ()
    least_cases: Annotated[int, Field(ge=0)] = 0
    index: Annotated[tuple[IndexValue, ...], Field(strict=False)] = ()

    @field_validator("indicators")
    @classmethod
    def _weights_sum_to_one(cls, indicators: tuple[PovertyIndicator, ...]) -> tuple[PovertyIndicator, ...]:
        _each_once((one.code for one in indicators), "the indicator")
        given = [one.weight for one in indicators if one.weight is not None]
        if given and len(given) < len(indicators):
            missing = listed(one.code for one in indicators if one.weight is None)
            raise ValueError(f"no weight for {missing}", "a weight for every indicator, or for none")
        if given and abs(sum(given) - 1) > WEIGHTS_TOLERANCE:
            raise ValueError(f"the weights of the indicators sum to {sum(given):g}", "1; write thirds as 1/3")
        return indicators

    @field_validator("groups", "cutoffs")
    @classmethod
    def _no_twins(cls, values: tuple[object, ...], info: ValidationInfo) -> tuple[object, ...]:
        _each_once(values, f"{(info.field_name or '').removesuffix('s')}")
        return values

    @model_validator(mode="after")
    def _fits_together(self) -> PovertyDefinition:
        without = [table.file for table in self.tables if table.period is None]
        if self.period is None and without:
            raise ValueError(f"no period for {listed(without)}", "period in each table, or a column period")
        codes = [one.code for one in self.indicators]
        for value in self.index:
            if value.indicator is not None and value.indicator not in codes:
                raise ValueError(f'unknown indicator "{value.indicator}" in index', f"one of {listed(codes)}")
            if value.group is not None and value.group not in self.groups:
                raise ValueError(f'the group "{value.group}" of index is not measured', "one of the columns in groups")
            if value.cutoff is not None and value.cutoff not in self.cutoffs:
                raise ValueError(f"the cutoff {value.cutoff:g} of index is not measured", "one of cutoffs")
        return self

    @property
    def files(self) -> tuple[str, ...]:
        """The files that it names."""
        return tuple(dict.fromkeys(table.file for table in self.tables))

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Dimension of each indicator."""
        return tuple(one.dimension for one in self.indicators)

    @property
    def weights(self) -> Floats:
        """Weight of each indicator; they sum to 1."""
        import numpy as np

        given = np.array([np.nan if one.weight is None else one.weight for one in self.indicators])
        return nested_weights(self.dimensions) if np.isnan(given).any() else given / given.sum()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it reads, each once."""
        design = (self.period, self.weight, self.size, self.stratum, self.cluster)
        named = [*(one for one in design if one), *self.groups, *(one.source_column for one in self.indicators)]
        return tuple(dict.fromkeys(named))


def _each_once(values: Iterable[object], what: str) -> None:
    given = list(values)
    twice = sorted({str(value) for value in given if given.count(value) > 1})
    if twice:
        raise ValueError(f"{what} {listed(twice)} stands twice", "each once")
