"""Normalise: prepared values of indicators to scores on one scale, each by the method that the recipe names for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from donghaeng.errors import listed, nearest
from donghaeng.index import recipe as recipes
from donghaeng.index.methods import MethodError
from donghaeng.index.methods import normalise as methods
from donghaeng.index.prepare import Frame, Prepared, StepError
from donghaeng.index.recipe import BasePeriodRatio
from donghaeng.index.structure import Structure
from donghaeng.index.tables import Attributes
from donghaeng.panel import NO_KIND, Floats, Kinds, Mask, Panel
from donghaeng.sources import Kind

#: A score beyond this comes from a wrong unit or base; sums and products of smaller ones stay numbers.
LARGEST_SCORE = 1e100


@dataclass(frozen=True, eq=False)
class Scaled:
    """Scores of indicators, shape places x periods x nodes; composites are missing.

    Attributes:
        values: the scores; NaN where there is none.
        kinds: kind of each score: the least firm of its inputs, and never firmer than ``derived``.
        half_digits: half-width of the score that the rounding of its inputs allows, to first order.
    """

    values: Floats
    kinds: Kinds
    half_digits: Floats


@dataclass(frozen=True)
class CellProblem:
    """A value that cannot be scaled: position in the panel, and what to say about it."""

    place: int
    period: int
    node: int
    what: str
    expected: str
    remedy: str


def normalise(
    panel: Panel,
    prepared: Prepared,
    structure: Structure,
    method: recipes.NormaliseMethod,
    attributes: Attributes,
    breakdown: str = "",
) -> tuple[Scaled, tuple[CellProblem, ...]]:
    """Put all indicators on one scale.

    Args:
        panel: raw values with their kinds.
        prepared: values after the earlier steps.
        structure: the tree, for directions, goalposts and targets.
        method: the method, and others for some indicators.
        attributes: what is known of the places, for weights and reference places.
        breakdown: the breakdown whose places scales are taken from.

    Returns:
        The scores, and the cells that a ratio could not be formed with.

    Raises:
        StepError: another method cannot be applied; says where.
    """
    frame = Frame.of(panel, structure, attributes, breakdown)
    ready = replace(panel, values=prepared.values, half_digits=prepared.half_digits, kinds=prepared.kinds)
    position = {structure.codes[node]: index for index, node in enumerate(frame.nodes)}
    unknown = [code for code in method.indicators if code not in position]
    if unknown:
        remedy = nearest(unknown[0], position) or "correct the code"
        raise StepError("normalise", MethodError(f"unknown indicator {listed(unknown)}", "codes of indicators", remedy))
    screened = {structure.codes[node] for node in prepared.screened}
    rest = [index for code, index in position.items() if code not in method.indicators and code not in screened]
    own = [([position[code]], other) for code, other in method.indicators.items() if code not in screened]
    chosen = [(rest, method), *own]
    result = Scaled(
        np.full(panel.values.shape, np.nan),
        np.full(panel.values.shape, NO_KIND, np.int8),
        np.zeros(panel.values.shape),
    )
    problems: tuple[CellProblem, ...] = ()
    for columns, of_these in chosen:
        if not columns:
            continue
        if isinstance(of_these, BasePeriodRatio):
            part, found = base_period_ratio(_only(ready, frame, columns), structure, of_these)
            problems += found
        elif isinstance(of_these, recipes.Cyclical | recipes.AnnualChange):
            part = _over_time(frame, ready, columns, of_these)
        else:
            part = _scaled(frame, ready, columns, of_these)
        there = np.isfinite(part.values)
        for target, source in (
            (result.values, part.values),
            (result.kinds, part.kinds),
            (result.half_digits, part.half_digits),
        ):
            target[there] = source[there]
    return result, problems


def _only(panel: Panel, frame: Frame, columns: Sequence[int]) -> Panel:
    chosen = np.zeros(panel.values.shape[-1], bool)
    chosen[[frame.nodes[column] for column in columns]] = True
    return replace(panel, values=np.where(chosen, panel.values, np.nan))


def _scaled(frame: Frame, panel: Panel, columns: Sequence[int], method: recipes.NormaliseMethod) -> Scaled:
    x, half = frame.cut(panel.values), frame.cut(panel.half_digits)
    fit = _FITS[type(method)]
    slopes = np.zeros((*x.shape[:2], len(columns)))

    def score(table: Floats, period: int | None) -> Floats:
        # An indicator that nobody has in this period, and somebody in another, has no score here.
        measured = np.isfinite(x[..., list(columns)]).any(axis=(0, 1))
        here = np.flatnonzero(np.isfinite(table).any(axis=0) | ~measured)
        chosen = [columns[int(at)] for at in here]
        scores = np.full(table.shape, np.nan)
        target = slopes.reshape(-1, len(columns)) if period is None else slopes[:, period]
        if not chosen:
            return scores
        directed = _directed(frame, chosen, method, table[:, here])
        try:
            parameters = fit(_Fit(frame, chosen, period, x), frame.main_only(directed, period), method)
            scores[:, here] = methods.apply(directed, parameters)
        except MethodError as error:
            if error.column is not None:
                if not np.array_equal(directed[:, error.column], table[:, here[error.column]], equal_nan=True):
                    _turn_back(error)
                error.column = int(here[error.column])
            raise
        target[:, here] = _slope(directed, parameters)
        return scores

    over: recipes.Over = getattr(method, "over", "pooled")
    scores = frame.by_table("normalise", x, columns, over, score)
    return _spread(frame, panel, columns, scores, half[..., columns] * np.nan_to_num(slopes))


_TURNED = {"lowest": "highest", "highest": "lowest", "above": "below", "below": "above"}


def _turn_back(error: MethodError) -> None:
    """Word a failure over an indicator that was turned by -1 in terms of its values as they are."""
    if not error.what.startswith(("all values of the reference", "the target", "the reference unit")):
        return

    def turned(text: str) -> str:
        text = re.sub("|".join(_TURNED), lambda match: _TURNED[match[0]], text)
        return re.sub(r"(?<= )-?\d[\d.]*(e[-+]?\d+)?", lambda match: f"{-float(match[0]):g}", text)

    error.what, error.expected = turned(error.what), turned(error.expected)
    error.remedy = error.remedy.partition("; where lower is better")[0]


def _spread(frame: Frame, panel: Panel, columns: Sequence[int], scores: Floats, of_scores: Floats) -> Scaled:
    """Put scores of some indicators, and their half-widths, into the shape of the panel."""
    x = frame.cut(panel.values)
    values, halves = np.full(x.shape, np.nan), np.full(x.shape, np.nan)
    values[..., columns] = scores
    halves[..., columns] = of_scores
    own = np.maximum(frame.cut(panel.kinds.astype(np.float64)), float(Kind.DERIVED))
    kinds = np.where(np.isfinite(values), own, float(NO_KIND))
    spread_kinds = frame.spread(kinds, float(NO_KIND)).astype(np.int8)
    return Scaled(frame.spread(values), spread_kinds, frame.spread(np.nan_to_num(halves), 0.0))


def _over_time(
    frame: Frame, panel: Panel, columns: Sequence[int], method: recipes.Cyclical | recipes.AnnualChange
) -> Scaled:
    """Score indicators by their own series: each place by itself."""
    signs = _Fit(frame, columns, None, frame.cut(panel.values)).signs
    x, half = frame.cut(panel.values)[..., list(columns)], frame.cut(panel.half_digits)[..., list(columns)]
    if isinstance(method, recipes.Cyclical):
        try:
            parameters = methods.fit_cyclical(methods.directed(x, signs), method.start)
        except MethodError as error:
            raise _of_series(frame, columns, error) from None
        halves = np.divide(half, parameters.deviation, out=np.zeros_like(half), where=parameters.deviation > 0)
        return _spread(frame, panel, columns, methods.apply(methods.directed(x, signs), parameters), halves)
    scores, halves = np.full(x.shape, np.nan), np.zeros(x.shape)
    texts = [period.text for period in frame.panel.periods]
    for at, period in enumerate(frame.panel.periods):
        if period.year_before not in texts:
            continue
        before = texts.index(period.year_before)
        try:
            change = methods.annual_change(x[:, [before, at]])[:, 1]
        except MethodError as error:
            raise _of_series(frame, columns, error, before) from None
        scores[:, at] = change * signs + 0.0  # no change is 0 and never -0
        with np.errstate(invalid="ignore", divide="ignore"):
            off = (100 * half[:, at] + np.abs(100 + change) * half[:, before]) / x[:, before]
        halves[:, at] = np.nan_to_num(off)
    return _spread(frame, panel, columns, scores, halves)


def _of_series(frame: Frame, columns: Sequence[int], error: MethodError, period: int | None = None) -> StepError:
    """Say which series a method over time failed at."""
    node = frame.nodes[columns[error.column]] if error.column is not None else None
    place = frame.places[error.row] if error.row is not None else None
    return StepError("normalise", error, place, period, node)


@dataclass(frozen=True, eq=False)
class _Fit:
    """What fitting a method may look at: the frame, the columns, the period (None when pooled), all values."""

    frame: Frame
    columns: Sequence[int]
    period: int | None
    values: Floats

    def numbers(self, name: str) -> Floats:
        """Give a number of each indicator from ``structure.csv``; NaN where it is not given."""
        nodes = [self.frame.structure.nodes[self.frame.nodes[column]] for column in self.columns]
        return np.array([float(node.details.get(name) or "nan") for node in nodes])

    @property
    def signs(self) -> Floats:
        """1 for indicators where higher is better, -1 for the others."""
        nodes = [self.frame.structure.nodes[self.frame.nodes[column]] for column in self.columns]
        return np.array([-1.0 if node.direction == "lower" else 1.0 for node in nodes])


def _directed(frame: Frame, columns: Sequence[int], method: recipes.NormaliseMethod, table: Floats) -> Floats:
    # Goalposts and ratios turn values themselves, and values that are scores already have no direction.
    if isinstance(method, recipes.Goalposts | recipes.Ratio | recipes.AsGiven):
        return table
    return methods.directed(table, _Fit(frame, columns, None, table).signs)


def _slope(x: Floats, parameters: methods.OfUnits | None) -> Floats:
    """Give how far a score moves for one unit of its value; 0 where scores move in steps."""
    if not isinstance(parameters, methods.Linear | methods.Fraction | methods.Ratio):
        return np.zeros(x.shape)
    step = np.maximum(np.abs(x) * 1e-6, 1e-12)
    # Below a value above 0 may lie none that a ratio takes, so its slope is that on the way up.
    down = np.zeros(x.shape) if isinstance(parameters, methods.Ratio) else step
    with np.errstate(invalid="ignore"):
        slope: Floats = np.abs(parameters.scores(x + step) - parameters.scores(x - down)) / (step + down)
    return slope


def _fit_z_score_reference(fit: _Fit, table: Floats, method: recipes.ZScoreReference) -> methods.Linear:
    del table  # the reference is one period of it
    periods = [period.text for period in fit.frame.panel.periods]
    if method.period not in periods:
        what = f"no value in the reference period {method.period}"
        raise MethodError(what, "values for it", "add them, or change period in recipe.yaml")
    at = periods.index(method.period)
    reference = methods.directed(fit.values[:, at][:, list(fit.columns)], fit.signs)
    weights = None
    if method.weights:
        weights = fit.frame.numbers(method.weights, "normalise")[:, at]
    if not method.reference:
        reference = fit.frame.main_only(reference, at)
        weights = None if weights is None else np.where(fit.frame.main, weights, 0.0)
    else:
        labels = fit.frame.attributes.labels(method.reference, fit.frame.place_codes, method.period)
        chosen = np.array([label == "yes" for label in labels])
        reference = reference[chosen]
        weights = weights[chosen] if weights is not None else None
    return methods.fit_z_score(reference, method.mean, method.deviation, weights, method.degrees_of_freedom)


def _fit_goalposts(fit: _Fit, table: Floats, method: recipes.Goalposts) -> methods.Linear:
    del table
    low, high, up = fit.numbers("lower"), fit.numbers("upper"), fit.signs > 0
    worst, best = np.where(up, low, high), np.where(up, high, low)
    return methods.fit_goalposts(worst, best, method.to, np.full(len(low), method.log), method.cap)


def _fit_of_best(_: _Fit, table: Floats, method: recipes.OfBest) -> methods.OfUnits:
    return (
        methods.fit_distance_to_best(table)
        if method.method == "distance_to_best"
        else methods.fit_fraction_of_best(table)
    )


def _fit_ratio(fit: _Fit, table: Floats, method: recipes.Ratio) -> methods.Ratio:
    lower = fit.signs < 0
    if method.to == "target":
        reference = fit.numbers("target")
    elif method.to == "place":
        reference = table[_reference_row(fit, method.place or "")]
    else:
        empty = np.flatnonzero(np.isnan(table).all(axis=0))
        if len(empty):
            remedy = "leave the indicator out, or impute it first"
            raise MethodError("the indicator has no value", "at least one value", remedy, column=int(empty[0]))
        if method.to == "mean":
            reference = np.nanmean(table, axis=0)
        else:
            highest = lower == (method.to == "worst")
            reference = np.where(highest, np.nanmax(table, axis=0), np.nanmin(table, axis=0))
    limits = (-np.inf if method.least is None else method.least, np.inf if method.most is None else method.most)
    return methods.fit_ratio_turned(reference, lower, method.lower_is_better, method.size, method.difference, limits)


def _fit_distance_to_reference(fit: _Fit, table: Floats, method: recipes.DistanceToReference) -> methods.Linear:
    return methods.fit_distance_to_reference(table, _reference_row(fit, method.place), method.cap)


def _reference_row(fit: _Fit, place: str) -> int:
    if place not in fit.frame.place_codes:
        remedy = nearest(place, fit.frame.place_codes) or "correct it in recipe.yaml"
        raise MethodError(f'unknown place "{place}"', "a place with values", remedy)
    if fit.period is None and len(fit.frame.panel.periods) > 1:
        what, remedy = "a reference place has a value in each period", "write over: period"
        raise MethodError(what, "one table for each period", remedy)
    return fit.frame.place_codes.index(place)


_FITS: dict[type, Callable[..., methods.OfUnits]] = {
    recipes.MinMax: lambda _, table, method: methods.fit_min_max(table, method.to),
    recipes.ZScore: lambda _, table, method: methods.fit_z_score(table, method.mean, method.deviation),
    recipes.ZScoreReference: _fit_z_score_reference,
    recipes.Goalposts: _fit_goalposts,
    recipes.DistanceToTarget: lambda fit, table, method: methods.fit_distance_to_target(
        table, fit.numbers("target") * fit.signs, method.cap
    ),
    recipes.OfBest: _fit_of_best,
    recipes.DistanceToReference: _fit_distance_to_reference,
    recipes.Ratio: _fit_ratio,
    recipes.AroundMean: lambda _, table, method: methods.fit_around_mean(table, method.threshold),
    recipes.Ranking: lambda _, table, method: methods.fit_rank(table, method.method),
    recipes.Categorical: lambda _, table, method: methods.fit_bands(table, method.percentiles, method.points),
    recipes.AsGiven: lambda fit, _, __: methods.fit_goalposts(
        np.zeros(len(fit.columns)), np.ones(len(fit.columns)), cap=False
    ),
}


def base_period_ratio(
    panel: Panel, structure: Structure, method: BasePeriodRatio
) -> tuple[Scaled, tuple[CellProblem, ...]]:
    """Scale indicators by their value in the base period (`BasePeriodRatio` gives the formulas).

    An indicator without a value in the base period has no score in any period. Values that a ratio cannot be
    formed with are reported and left out.

    Args:
        panel: raw values; observations of composites are passed over.
        structure: the tree, for leaves and directions.
        method: base period, base value, treatment of direction, cap.

    Returns:
        The scores, and the cells that could not be scaled.
    """
    leaves = np.array([structure.is_leaf(index) for index in range(len(structure.nodes))])
    lower = np.array([node.direction == "lower" for node in structure.nodes])
    texts = [period.text for period in panel.periods]
    values = np.where(leaves, panel.values, np.nan)
    result = Scaled(np.full(values.shape, np.nan), np.full(values.shape, NO_KIND, np.int8), np.zeros(values.shape))
    if method.base_period not in texts:
        return result, ()
    at = texts.index(method.base_period)
    base = values[:, at : at + 1, :]
    inverted = lower & (method.lower_is_better == "inverted_ratio")
    problems = _problems(panel, values, base, at, inverted)
    usable = np.isfinite(values) & (base > 0) & ~(inverted & (values <= 0))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
        ratio = np.where(inverted, base / values, values / base)
        relative = panel.half_digits / np.abs(values) + panel.half_digits[:, at : at + 1, :] / base
        half = np.where(inverted, ratio * relative, (panel.half_digits + np.abs(ratio) * _base_half(panel, at)) / base)
        score = method.base_value * ratio
        half = method.base_value * half
    if method.lower_is_better == "mirror":
        score = np.where(lower, 2 * method.base_value - score, score)
    far = usable & ~((np.abs(score) <= LARGEST_SCORE) & (half <= LARGEST_SCORE))
    usable &= ~far
    problems += tuple(_too_far(panel, at, *map(int, cell)) for cell in np.argwhere(far))
    if method.cap is not None:
        score = np.minimum(score, method.cap)
    kinds = np.maximum(np.maximum(panel.kinds, panel.kinds[:, at : at + 1, :]), np.int8(Kind.DERIVED))
    # The base period is base_value by definition, whatever the rounding of the value.
    half[:, at, :] = 0.0
    result.values[usable] = score[usable]
    result.kinds[usable] = kinds[usable]
    result.half_digits[usable] = half[usable]
    return result, problems


def _too_far(panel: Panel, at: int, place: int, period: int, node: int) -> CellProblem:
    base, value = panel.values[place, at, node], panel.values[place, period, node]
    what = f"the score of {panel.nodes[node]} ({value:g} against {base:g}) is out of range"
    return CellProblem(place, period, node, what, f"scores below {LARGEST_SCORE:g}", "check the units of both")


def _base_half(panel: Panel, at: int) -> Floats:
    return panel.half_digits[:, at : at + 1, :]


def _problems(panel: Panel, values: Floats, base: Floats, at: int, inverted: Mask) -> tuple[CellProblem, ...]:
    problems: list[CellProblem] = []
    base_text = panel.periods[at].text
    for place, node in np.argwhere(base[:, 0, :] <= 0):
        what = f"the base value of {panel.nodes[node]} in {base_text} is {base[place, 0, node]:g}"
        remedy = "choose another base period, or another normalise method for this indicator"
        problems.append(CellProblem(int(place), at, int(node), what, "a base above 0 to form a ratio", remedy))
    for place, period, node in np.argwhere(inverted & (values <= 0) & (base > 0)):
        what = f"{panel.nodes[node]} is {values[place, period, node]:g} and lower is better"
        remedy = "use lower_is_better: mirror, or another unit"
        problems.append(
            CellProblem(int(place), int(period), int(node), what, "a value above 0 for an inverted ratio", remedy)
        )
    return tuple(problems)
