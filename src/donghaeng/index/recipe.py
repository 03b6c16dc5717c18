"""The recipe of an index: its method as one frozen value, read from ``recipe.yaml``.

Each key is a verb of the method, carried out in the order of `Recipe`'s fields; which methods a verb has is the
discriminated union of its models. Formulas and sources stand with the functions in `donghaeng.index.methods`.
"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    ValidationInfo,
    field_validator,
    model_validator,
)

from donghaeng import periods
from donghaeng.documents import Model


def _period_text(value: object) -> object:
    """Take a year written without quotes, which YAML reads as a number."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _is_period(value: str) -> str:
    try:
        periods.parse(value)
    except ValueError as error:
        raise ValueError(str(error), periods.FORMS) from None
    return value


PeriodText = Annotated[str, BeforeValidator(_period_text), AfterValidator(_is_period)]
Codes = Annotated[tuple[str, ...], Field(strict=False)]
Over = Literal["pooled", "period"]
Fraction = Annotated[float, Field(ge=0, le=1)]
Range = Annotated[tuple[float, float], Field(strict=False)]


class SmallNumbers(Model):
    """Leave out values that rest on too little, before any other step; at least one of the two limits.

    Attributes:
        least_cases: a value stated to rest on fewer cases (column ``cases``) is left out, and not published.
        most_relative_error: one whose ``standard_error`` is more than this share of its size is left out.
    """

    least_cases: PositiveInt | None = None
    most_relative_error: PositiveFloat | None = None

    @model_validator(mode="after")
    def _says_something(self) -> SmallNumbers:
        if self.least_cases is None and self.most_relative_error is None:
            raise ValueError("small_numbers without a limit", "least_cases, most_relative_error or both")
        return self


class Denominate(Model):
    """Divide each indicator by the attribute that its ``denominator`` in ``structure.csv`` names."""

    by: Literal["column"]


class ImputeStep(Model):
    """One step of filling gaps; steps run in the order given.

    Attributes:
        indicators: codes it is for; absent for all.
    """

    indicators: Codes | None = None


class MeanImputation(ImputeStep):
    """Fill with the mean (or median) of the indicator over all places of the period."""

    method: Literal["mean", "median"]


class GroupImputation(ImputeStep):
    """Fill with the mean (or median) of the indicator over the places of the same group.

    Attributes:
        group: attribute that names the group.
    """

    method: Literal["group_mean", "group_median"]
    group: str


class ConstantImputation(ImputeStep):
    """Fill with a constant."""

    method: Literal["constant"]
    value: float


class PanelImputation(ImputeStep):
    """Fill from other periods of the same place.

    ``panel_linear`` interpolates between observed periods and takes the nearest beyond the ends; ``panel_constant``
    takes the latest earlier period, and before the first value that one.
    """

    method: Literal["panel_linear", "panel_constant"]


class LatestImputation(ImputeStep):
    """Fill with the latest earlier value of the same place.

    Attributes:
        most_years: how many years back a value may lie; absent for no limit.
    """

    method: Literal["panel_latest"]
    most_years: NonNegativeInt | None = None


class NeighbourImputation(ImputeStep):
    """Fill with the mean of neighbouring places of the same period.

    Attributes:
        attribute: attribute with the codes of the neighbours of each place, separated by spaces.
    """

    method: Literal["neighbours_mean"]
    attribute: str


Impute = Annotated[
    MeanImputation | GroupImputation | ConstantImputation | PanelImputation | LatestImputation | NeighbourImputation,
    Field(discriminator="method"),
]


class Link(Model):
    """Join two definitions of an indicator that were measured in parallel in one period.

    Before that period the indicator is the old series times new / old of that period (overlap link).

    Attributes:
        indicator: code of the indicator, with values by the new definition.
        old: attribute with values by the old definition.
        at: the period that has both.
    """

    indicator: str
    old: str
    at: PeriodText


class Screen(Model):
    """Leave out places with too little data, period by period, and indicators, over all of them.

    Attributes:
        places_available: least share of indicators with a value.
        places_nonzero: least share of values that are not zero.
        indicators_available: least share of places and periods in which an indicator has a value.
        indicators_nonzero: least share of an indicator's values that are not zero.
    """

    places_available: Fraction | None = None
    places_nonzero: Fraction | None = None
    indicators_available: Fraction | None = None
    indicators_nonzero: Fraction | None = None


class Treating(Model):
    """Base of the treatments.

    Attributes:
        indicators: another treatment for some indicators, by code.
    """

    indicators: dict[str, TreatMethod] = Field(default_factory=dict)


class Transform(Treating):
    """One transform for every indicator."""

    method: Literal["none", "log", "sqrt", "cbrt", "square", "cube", "reciprocal"]


class BoxCox(Treating):
    """Box-Cox transform with a given lambda, after a shift to positive values."""

    method: Literal["box_cox"]
    power: float


class ColumnTransform(Treating):
    """The transform that the column ``treat`` of ``structure.csv`` names for each indicator."""

    method: Literal["column"]


class WinsoriseThenLog(Treating):
    """Winsorise point by point while skew and kurtosis are beyond their limits, else take a log.

    Attributes:
        most_points: most points that are pulled in.
        skew: limit of the absolute skewness.
        kurtosis: limit of the excess kurtosis.
        over: all periods together, or each by itself.
    """

    method: Literal["winsorise_then_log"]
    most_points: NonNegativeInt = 5
    skew: PositiveFloat = 2.0
    kurtosis: PositiveFloat = 3.5
    over: Over = "period"


TreatMethod = Annotated[Transform | BoxCox | ColumnTransform | WinsoriseThenLog, Field(discriminator="method")]


class Normalising(Model):
    """Base of the ways to normalise.

    Attributes:
        indicators: another way for some indicators, by code.
    """

    indicators: dict[str, NormaliseMethod] = Field(default_factory=dict)


class BasePeriodRatio(Normalising):
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

    @field_validator("cap")
    @classmethod
    def _not_below_base(cls, cap: float | None, info: ValidationInfo) -> float | None:
        base_value = info.data.get("base_value")
        if cap is not None and base_value is not None and cap < base_value:
            raise ValueError(f"the cap {cap:g} is below the base_value {base_value:g}", "at least the base_value")
        return cap


class MinMax(Normalising):
    """Scale linearly so that the lowest value is at one end of a range and the highest at the other."""

    method: Literal["min_max"]
    to: Range = (0.0, 100.0)
    over: Over = "pooled"


class ZScore(Normalising):
    """Scale to a mean and a standard deviation (with n - 1)."""

    method: Literal["z_score"]
    mean: float = 0.0
    deviation: PositiveFloat = 1.0
    over: Over = "pooled"


class ZScoreReference(Normalising):
    """Scale by the mean and deviation of a reference: some places in one period, with weights.

    Attributes:
        mean: score of the reference mean.
        deviation: points of one standard deviation.
        period: the reference period.
        reference: attribute that is ``yes`` for the reference places; absent for all places with own values.
        weights: attribute with the weight of each place; absent for equal weights.
        degrees_of_freedom: variance with division by the sum of weights (``population``), that times M / (M - 1)
            for M places (``sample``), or division by 1 - sum of squared weight shares (``reliability``).
    """

    method: Literal["z_score_reference"]
    mean: float = 100.0
    deviation: PositiveFloat = 10.0
    period: PeriodText
    reference: str | None = None
    weights: str | None = None
    degrees_of_freedom: Literal["population", "sample", "reliability"] = "sample"


class Goalposts(Normalising):
    """Scale between two fixed goalposts, the columns ``lower`` and ``upper`` of ``structure.csv``.

    Attributes:
        cap: hold scores within the range.
        log: take natural logs of value and goalposts.
        to: the range.
    """

    method: Literal["goalposts"]
    cap: bool = True
    log: bool = False
    to: Range = (0.0, 1.0)


class DistanceToTarget(Normalising):
    """Fraction of the way from the lowest value to a target (column ``target`` of ``structure.csv``).

    Attributes:
        cap: hold scores at 1 beyond the target.
    """

    method: Literal["distance_to_target"]
    cap: bool = True
    over: Over = "pooled"


class OfBest(Normalising):
    """Distance to the best value in ranges, or fraction of the best value."""

    method: Literal["distance_to_best", "fraction_of_best"]
    over: Over = "pooled"


class DistanceToReference(Normalising):
    """One minus the distance to the value of a reference place, in ranges between lowest and reference."""

    method: Literal["distance_to_reference"]
    place: str
    cap: bool = True
    over: Over = "pooled"


class AroundMean(Normalising):
    """1 above a neutral band around the mean, 0 in it, -1 below.

    Attributes:
        threshold: half-width of the band as a share of the mean.
    """

    method: Literal["around_mean"]
    threshold: NonNegativeFloat = 0.2
    over: Over = "pooled"


class Cyclical(Normalising):
    """Scale every series of a place by its mean over time and its mean absolute deviation from it.

    Attributes:
        start: score of the mean.
    """

    method: Literal["cyclical"]
    start: float = 100.0


class AnnualChange(Normalising):
    """The change on the same period of the year before, in per cent of it."""

    method: Literal["annual_change"]


class Ratio(Normalising):
    """Ratio to a reference value.

    score = size x value / reference; less `size` with `difference`. For indicators where lower is better the choice
    is stated as in `BasePeriodRatio`: size x reference / value, or 2 x size - size x value / reference.

    Attributes:
        to: the reference: ``mean``, ``best`` or ``worst`` value of the table, the value of one `place`, or the column
            ``target`` of ``structure.csv``.
        place: the reference place, for ``to: place``.
        lower_is_better: how indicators are turned of which less is better.
        difference: centre on 0 instead of on `size`.
        size: points for a ratio of 1.
        least: lowest score; absent for none.
        most: highest score; absent for none.
    """

    method: Literal["ratio"]
    to: Literal["mean", "best", "worst", "place", "target"]
    place: str | None = None
    lower_is_better: Literal["inverted_ratio", "mirror"]
    difference: bool = False
    size: PositiveFloat = 1.0
    least: float | None = None
    most: float | None = None
    over: Over = "pooled"

    @model_validator(mode="after")
    def _fits_together(self) -> Ratio:
        if (self.to == "place") != (self.place is not None):
            raise ValueError(
                f"to: {self.to} {'without' if self.place is None else 'with'} a place", "place with to: place"
            )
        if self.least is not None and self.most is not None and self.least >= self.most:
            raise ValueError(f"least {self.least:g} is not below most {self.most:g}", "the lowest score first")
        return self


class Ranking(Normalising):
    """Ranks (lowest is 1), percentile ranks, or Borda points."""

    method: Literal["rank", "percentile_rank", "borda"]
    over: Over = "pooled"


class Categorical(Normalising):
    """Points for bands between percentiles.

    Attributes:
        percentiles: upper percentile of each band but the last, rising.
        points: points of each band, one more than percentiles.
    """

    method: Literal["categorical"]
    percentiles: Annotated[tuple[float, ...], Field(strict=False)]
    points: Annotated[tuple[float, ...], Field(strict=False)]
    over: Over = "pooled"


class AsGiven(Normalising):
    """Take values as scores."""

    method: Literal["none"]


NormaliseMethod = Annotated[
    BasePeriodRatio
    | MinMax
    | ZScore
    | ZScoreReference
    | Goalposts
    | DistanceToTarget
    | OfBest
    | DistanceToReference
    | Ratio
    | AroundMean
    | Cyclical
    | AnnualChange
    | Ranking
    | Categorical
    | AsGiven,
    Field(discriminator="method"),
]


for _model in (
    *(Transform, BoxCox, ColumnTransform, WinsoriseThenLog),
    *(BasePeriodRatio, MinMax, ZScore, ZScoreReference, Goalposts),
    *(DistanceToTarget, OfBest, DistanceToReference, Ratio, AroundMean, Cyclical, AnnualChange),
    *(Ranking, Categorical, AsGiven),
):
    _model.model_rebuild()  # the methods name each other, so the models are complete only now


class WeighChildren(Model):
    """How the children of a node are weighed.

    Attributes:
        method: ``given`` (column ``weight``), ``equal``, ``pca`` (first component), ``pca_varimax``,
            ``factor_ml`` (one factor, maximum likelihood), ``entropy``, ``critic`` or ``correlation_balanced``.
    """

    method: Literal[
        "given", "equal", "pca", "pca_varimax", "factor_ml", "entropy", "critic", "correlation_balanced"
    ] = "given"


class BudgetAllocation(Model):
    """Weights by experts who each spread the same number of points.

    Attributes:
        points: points that each expert gave, by code.
    """

    method: Literal["budget_allocation"]
    points: dict[str, Annotated[tuple[NonNegativeFloat, ...], Field(strict=False)]] = Field(default_factory=dict)


class AnalyticHierarchy(Model):
    """Weights from comparisons in pairs.

    Attributes:
        comparisons: how many times as important the first code is as the second, for every pair of children.
        most_inconsistent: the highest consistency ratio that is accepted, usually 0.1; absent for any.
    """

    method: Literal["ahp"]
    comparisons: Annotated[
        tuple[Annotated[tuple[str, str, PositiveFloat], Field(strict=False)], ...], Field(strict=False)
    ] = ()
    most_inconsistent: PositiveFloat | None = None


def _given_unless_said(value: object) -> object:
    return {"method": "given", **value} if isinstance(value, dict) and "method" not in value else value


#: How the children of nodes at one level are weighed.
AnyWeigh = Annotated[
    WeighChildren | BudgetAllocation | AnalyticHierarchy,
    Field(discriminator="method"),
    BeforeValidator(_given_unless_said),
]


class _WeighLevels(Model):
    """What the ways to weigh have at the top: another one at some levels.

    Attributes:
        levels: another method for the children of nodes at a level.
    """

    levels: dict[str, AnyWeigh] = Field(default_factory=dict)


class Weigh(_WeighLevels, WeighChildren):
    """How the children of every node are weighed, and another way at some levels."""


class WeighByBudget(_WeighLevels, BudgetAllocation):
    """Points of experts for every node, and another way at some levels."""


class WeighByHierarchy(_WeighLevels, AnalyticHierarchy):
    """Comparisons in pairs for every node, and another way at some levels."""


TopWeigh = Annotated[
    Weigh | WeighByBudget | WeighByHierarchy, Field(discriminator="method"), BeforeValidator(_given_unless_said)
]


class Averaging(Model):
    """What all means have.

    Attributes:
        over: ``indicators`` averages all indicators below a node, so that an area with twelve indicators
            weighs more than one with five; ``children`` averages the node's own children.
        least_available: least share of the weight of the children that must have a score.
        rescale_around: stretch the score around this value by the node's ``rescale`` in ``structure.csv``.
    """

    over: Literal["indicators", "children"] = "children"
    least_available: Fraction = 0.0
    rescale_around: float | None = None


class PlainMean(Averaging):
    """A mean without settings of its own.

    Attributes:
        method: ``arithmetic``, ``geometric``, ``harmonic``, ``median``, ``minimum``, ``copeland``, ``kemeny_young``
            (few places); or, no means, ``product`` of the children, ``ratio`` of the first child to the second, and
            ``complement_of_ratio``, which is 1 less that.
    """

    method: Literal[
        "arithmetic",
        "geometric",
        "harmonic",
        "median",
        "minimum",
        "copeland",
        "kemeny_young",
        "product",
        "ratio",
        "complement_of_ratio",
    ]


class GeneralisedMean(Averaging):
    """The power mean.

    Attributes:
        power: its exponent.
    """

    method: Literal["generalised"]
    power: float

    @model_validator(mode="before")
    @classmethod
    def _has_a_power(cls, value: object) -> object:
        if isinstance(value, dict) and value.get("power") is None:
            raise ValueError("the generalised mean has no power", "a number: power beside method")
        return value


class MazziottaPareto(Averaging):
    """A mean less a penalty for being uneven.

    Attributes:
        penalty: whether unbalance pulls the score ``down`` or ``up``.
    """

    method: Literal["mazziotta_pareto", "adjusted_mazziotta_pareto"]
    penalty: Literal["down", "up"] = "down"


class OrderedWeighted(Averaging):
    """A mean whose weights belong to positions.

    Attributes:
        position_weights: weight of the best child, the second best, and so on.
    """

    method: Literal["ordered_weighted"]
    position_weights: Annotated[tuple[NonNegativeFloat, ...], Field(strict=False, min_length=1)]


class BenefitOfTheDoubt(Averaging):
    """Each place with the weights that suit it best.

    Attributes:
        least_share: least share of each child.
        most_share: most share.
        limits_on: shares of what: of each weight in their sum (``weights``), or of each child's part in the score
            (``score``: pie shares).
    """

    method: Literal["benefit_of_the_doubt"]
    least_share: Fraction = 0.0
    most_share: Fraction = 1.0
    limits_on: Literal["weights", "score"] = "weights"

    @model_validator(mode="after")
    def _lower_limit_first(self) -> BenefitOfTheDoubt:
        if self.least_share > self.most_share:
            what = f"least_share {self.least_share:g} is above most_share {self.most_share:g}"
            raise ValueError(what, "the lower limit below the upper one")
        return self


#: How the scores of children become the score of their parent, at one level or node.
Mean = Annotated[
    PlainMean | GeneralisedMean | MazziottaPareto | OrderedWeighted | BenefitOfTheDoubt, Field(discriminator="method")
]


class _MeanLevels(Model):
    """What means have at the top: another one at some levels or nodes.

    Attributes:
        levels: the mean of composites at a level (2 and up), by level.
        nodes: the mean of single composites, by code; it goes before that of their level.
    """

    levels: dict[str, Mean] = Field(default_factory=dict)
    nodes: dict[str, Mean] = Field(default_factory=dict)

    def of(self, code: str, level: int) -> Mean:
        """Give the mean of a composite at a level."""
        return self.nodes.get(code) or self.levels.get(str(level)) or self._itself

    @property
    def all(self) -> tuple[Mean, ...]:
        """All means that it names."""
        return (self._itself, *self.levels.values(), *self.nodes.values())

    @property
    def _itself(self) -> Mean:
        if isinstance(self, PlainMean | GeneralisedMean | MazziottaPareto | OrderedWeighted | BenefitOfTheDoubt):
            return self
        raise TypeError(self)  # pragma: no cover - only the classes below inherit it


class AggregatePlain(_MeanLevels, PlainMean):
    """A plain mean for every composite, and another one at some levels or nodes."""


class AggregateGeneralised(_MeanLevels, GeneralisedMean):
    """The power mean for every composite, and another one at some levels or nodes."""


class AggregateMazziottaPareto(_MeanLevels, MazziottaPareto):
    """A Mazziotta-Pareto mean for every composite, and another one at some levels or nodes."""


class AggregateOrderedWeighted(_MeanLevels, OrderedWeighted):
    """An ordered weighted mean for every composite, and another one at some levels or nodes."""


class AggregateBenefitOfTheDoubt(_MeanLevels, BenefitOfTheDoubt):
    """The benefit of the doubt for every composite, and another mean at some levels or nodes."""


#: The mean of every composite, and another one at some levels or nodes.
Aggregate = Annotated[
    AggregatePlain
    | AggregateGeneralised
    | AggregateMazziottaPareto
    | AggregateOrderedWeighted
    | AggregateBenefitOfTheDoubt,
    Field(discriminator="method"),
]


class Chain(Model):
    """Link each period of a composite to the one before by the change on what both periods have.

    Attributes:
        at: the period in which the series has the score as it was computed; others are linked to it, onwards and
            backwards.
    """

    at: PeriodText


class Rebase(Model):
    """Scale series so that each has one value in a base period.

    Attributes:
        period: the base period.
        value: what a series has then.
        place: the place whose scores of the base period hold for all places; absent for each place its own.
    """

    period: PeriodText
    value: PositiveFloat = 100.0
    place: str | None = None


class Freeze(Model):
    """Keep the last score of a composite that has too little new data.

    Attributes:
        level: level of the composites that are held.
        least_observed: a composite moves only when at least this share of its indicators has a value of the
            period itself, not filled in.
        nodes: codes of the composites that the rule is for; absent for all of the level.
    """

    level: NonNegativeInt
    least_observed: Fraction
    nodes: Codes | None = None


class PlaceMeans(Model):
    """Compute places with parts as weighted means of their parts.

    Attributes:
        weights: attribute with the weight of each part, such as population, in its period; absent for equal.
    """

    weights: str | None = None


#: The scales that some means are defined on: a mean and deviation, or a range.
_SCALES = {
    "mazziotta_pareto": (("deviation", 100.0, 10.0), "z-scores with mean 100 and deviation 10"),
    "adjusted_mazziotta_pareto": (("range", 70.0, 130.0), "goalposts to [70, 130] without cap"),
}


def _scale_of(method: NormaliseMethod) -> tuple[str, float, float] | None:
    if isinstance(method, ZScore | ZScoreReference):
        return ("deviation", method.mean, method.deviation)
    if isinstance(method, MinMax) or (isinstance(method, Goalposts) and not method.cap):
        return ("range", *method.to)
    return None


class Recipe(Model):
    """The method of an index.

    Attributes:
        format: version of this format.
        breakdown: the breakdown of places (column of ``places.csv``) that the index is made for: scales and weights are
            taken from its places, and they are the parts of other places; absent for the places without one. Places of
            other breakdowns are scored on the same scales.
        small_numbers: values that rest on too little.
        link: joining old and new definitions of indicators.
        denominate: division by size.
        impute: filling gaps.
        screen: leaving out places with too little data.
        treat: outliers and skew.
        normalise: how raw values become scores on one scale.
        weigh: weights of children.
        aggregate: how the scores of children become the score of their parent.
        freeze: composites that keep their last score when data are old.
        chain: composites as chained series.
        places: how places with parts get their scores.
        rebase: series that have one value in a base period.
        decimals: decimals with which scores are printed.
        lowest_first: nodes whose lowest score has rank 1, since less of them is better: the words of `compare`.
        compare: nodes whose observations are published results, to be compared with what is computed and
            never used as input: ``root``, ``inner`` (all composites), ``all`` or codes.
    """

    format: Literal[1]
    breakdown: str | None = None
    small_numbers: SmallNumbers | None = None
    link: Annotated[tuple[Link, ...], Field(strict=False)] = ()
    denominate: Denominate | None = None
    impute: Annotated[tuple[Impute, ...], Field(strict=False)] = ()
    screen: Screen | None = None
    treat: TreatMethod | None = None
    normalise: NormaliseMethod
    weigh: TopWeigh = Weigh()
    aggregate: Aggregate
    freeze: Freeze | None = None
    chain: Chain | None = None
    places: PlaceMeans | None = None
    rebase: Rebase | None = None
    decimals: Annotated[int, Field(ge=0, le=9)] = 1
    lowest_first: Codes = ()
    compare: Codes = ("root",)

    @model_validator(mode="after")
    def _scales_fit_means(self) -> Recipe:
        used = {mean.method for mean in self.aggregate.all}
        ways: dict[tuple[str, ...], NormaliseMethod] = {("normalise",): self.normalise}
        ways |= {("normalise", "indicators", code): method for code, method in self.normalise.indicators.items()}
        for mean, (scale, phrase) in _SCALES.items():
            for path, method in ways.items():
                if mean in used and _scale_of(method) != scale:
                    of = f" of {path[-1]}" if len(path) > 1 else ""
                    raise ValueError(f"{mean} does not fit the way to normalise{of}", phrase, path)
        return self

    @property
    def base_period(self) -> str | None:
        """The period against which changes are told, where the method has one."""
        if self.rebase is not None:
            return self.rebase.period
        if isinstance(self.normalise, BasePeriodRatio):
            return self.normalise.base_period
        return self.normalise.period if isinstance(self.normalise, ZScoreReference) else None

    @property
    def base_value(self) -> float | None:
        """The score that every set of indicators has in the base period, where the method fixes one."""
        if self.rebase is not None or self.chain is not None:
            return None
        return self.normalise.base_value if isinstance(self.normalise, BasePeriodRatio) else None


#: The models of the steps that have several methods.
_METHODS: dict[str, tuple[type[Model], ...]] = {
    "treat": (Transform, BoxCox, ColumnTransform, WinsoriseThenLog),
    "normalise": (
        *(BasePeriodRatio, MinMax, ZScore, ZScoreReference, Goalposts, DistanceToTarget, OfBest, DistanceToReference),
        *(Ratio, AroundMean, Cyclical, AnnualChange, Ranking, Categorical, AsGiven),
    ),
    "weigh": (Weigh, WeighByBudget, WeighByHierarchy),
    "aggregate": (
        *(AggregatePlain, AggregateGeneralised, AggregateMazziottaPareto, AggregateOrderedWeighted),
        AggregateBenefitOfTheDoubt,
    ),
}


def keys_of(step: str, method: object) -> frozenset[str] | None:
    """Give the keys that a method of a step has; None where the step has no such method.

    >>> sorted(keys_of("normalise", "min_max") or ())
    ['indicators', 'method', 'over', 'to']
    """
    for model in _METHODS.get(step, ()):
        if method in get_args(model.model_fields["method"].annotation):
            return frozenset(model.model_fields)
    return None
