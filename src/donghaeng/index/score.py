"""Score: structure, recipe and values to the scores of every node, place and period."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from donghaeng.errors import Faults, InputError, listed
from donghaeng.index.aggregate import Aggregated, AggregationError, Given, aggregate, left_out
from donghaeng.index.locate import Locator, RecipeError
from donghaeng.index.normalise import Scaled, normalise
from donghaeng.index.observations import Observations, copied
from donghaeng.index.place_means import MissingWeightError, Parts, ZeroWeightsError, mean_of_parts, parts_of
from donghaeng.index.prepare import Prepared, StepError, prepare
from donghaeng.index.recipe import PlaceMeans, Recipe
from donghaeng.index.recipe_names import expected_attribute, near
from donghaeng.index.scores import Scores, nodes_named
from donghaeng.index.series import chained, rebased
from donghaeng.index.structure import Structure
from donghaeng.index.tables import Attributes
from donghaeng.index.weights import weigher
from donghaeng.panel import NO_KIND, Floats, Panel
from donghaeng.places import Place

#: A relative difference below this is the rounding of floating-point sums.
_NOISE = 1e-12


@dataclass(frozen=True)
class Errors:
    """Errors of measurement to be drawn.

    Attributes:
        of: ``rounding`` or ``standard_error``.
        seed: seed of the draw.
    """

    of: Literal["rounding", "standard_error"]
    seed: int


def score(
    structure: Structure,
    recipe: Recipe,
    observations: Observations,
    attributes: Attributes | None = None,
    places: Sequence[Place] = (),
) -> Scores:
    """Compute an index.

    Args:
        structure: the tree.
        recipe: the method.
        observations: what is known.
        attributes: what is known of the places.
        places: places in the order wanted, with their tree; default, those of the observations.

    Raises:
        InputError: values that the recipe cannot be applied to, each with its place in the observations.
    """
    faults = Faults()
    scores = try_score(structure, recipe, observations, attributes or Attributes(), places, faults)
    faults.raise_errors()
    return scores


def try_score(
    structure: Structure,
    recipe: Recipe,
    observations: Observations,
    attributes: Attributes,
    places: Sequence[Place],
    faults: Faults,
) -> Scores:
    """Compute an index and collect what is wrong instead of raising; cells with faults have no score.

    Raises:
        InputError: a step that cannot be carried out at all.
    """
    compared = compared_nodes(structure, recipe.compare)
    ordered = _ordered(places, observations)
    panel = _exact(observations.panel(structure, ordered, compared, recipe.small_numbers), recipe, structure)
    return _score(structure, recipe, panel, observations, attributes, places, compared, faults)


def score_panel(
    structure: Structure,
    recipe: Recipe,
    panel: Panel,
    attributes: Attributes | None = None,
    places: Sequence[Place] = (),
) -> Scores:
    """Compute an index from arrays, with nothing published to compare with.

    Args:
        structure: the tree.
        recipe: the method.
        panel: the values; its nodes are those of the structure.
        attributes: what is known of the places.
        places: places with their tree, where some are means of others.

    Raises:
        InputError: values that the recipe cannot be applied to.
    """
    faults = Faults()
    nothing = Observations("the data", Observations.empty_columns())
    known = attributes or Attributes()
    scores = _score(structure, recipe, copied(panel, structure), nothing, known, places, frozenset(), faults)
    faults.raise_errors()
    return scores


def score_variant(
    scores: Scores,
    recipe: Recipe,
    observations: Observations,
    leave_out: Sequence[int] = (),
    weight_factors: Floats | None = None,
    errors: Sequence[Errors] = (),
    before: Scores | None = None,
) -> Scores:
    """Compute an index again with something done differently.

    Args:
        scores: the index as it is, for structure and attributes.
        recipe: the method.
        observations: what is known.
        leave_out: positions of nodes that take no part: they have no value and no weight.
        weight_factors: a factor for the weight of each node.
        errors: errors that are added to the values.
        before: an earlier result on the same data and up to normalising by the same recipe, whose stages are used.

    Raises:
        InputError: values that the recipe cannot be applied to.
    """
    structure = scores.structure
    if before is not None:
        panel, prepared, scaled = before.panel, before.prepared, before.scaled
        compared, locator = before.compared, Locator(before.panel, observations, structure)
    else:
        faults = Faults()
        compared = compared_nodes(structure, recipe.compare)
        panel = observations.panel(structure, scores.places, compared, recipe.small_numbers)
        panel = with_errors(_exact(panel, recipe, structure), observations, errors)
        panel = copied(panel, structure)  # an indicator that stands in the tree twice has one error
        locator = Locator(panel, observations, structure)
        prepared, scaled = _stages(structure, recipe, panel, scores.attributes, locator, faults)
        faults.raise_errors()
    given = _given(panel, structure)
    main = scores.attributes.of_breakdown(recipe.breakdown or "", scores.places)
    out = left_out(structure, leave_out, prepared.screened, given)
    own = weigher(structure, recipe.weigh, main, out)
    factors = np.ones(len(structure.nodes)) if weight_factors is None else weight_factors

    def weigh(composite: int, of_children: Floats) -> Floats:
        weights: Floats = own(composite, of_children) * factors[list(structure.children[composite])]
        return weights

    observed = np.isfinite(panel.values) & ~prepared.imputed
    try:
        aggregated = aggregate(scaled, given, structure, recipe.aggregate, weigh, None, recipe.freeze, observed, out)
    except AggregationError as error:
        raise locator.aggregation(error, recipe) from None
    stages = (structure, recipe, observations, scores.attributes, panel, compared, prepared, scaled, given)
    final, unlinked = _finished(aggregated, scaled, given, structure, recipe, scores.parts, scores.attributes, locator)
    return Scores(*stages, final, scores.parts, unlinked)


def _exact(panel: Panel, recipe: Recipe, structure: Structure) -> Panel:
    """Take the rounding off what is exact.

    Given composites have the base value in the base period by definition. An indicator whose values were all
    printed as whole numbers is a count, unless its unit is a percentage.
    """
    for index, node in enumerate(structure.nodes):
        halves = panel.half_digits[..., index][np.isfinite(panel.values[..., index])]
        if structure.is_leaf(index) and node.unit != "%" and (halves == 0.5).all():
            panel.half_digits[..., index] = 0.0
    at = [index for index, period in enumerate(panel.periods) if period.text == recipe.base_period]
    if recipe.base_value is not None and at:
        inner = [index for index in range(len(structure.nodes)) if not structure.is_leaf(index)]
        panel.half_digits[:, at[0], inner] = 0.0
    return panel


def with_errors(panel: Panel, observations: Observations, errors: Sequence[Errors]) -> Panel:
    """Give a panel whose values have errors.

    Args:
        panel: the values.
        observations: the statements behind them, which may state their standard errors.
        errors: what is drawn: uniform errors within half of the last printed digit, or normal ones with the stated
            standard error (none where none is stated). Errors of several kinds add up.
    """
    values, half_digits = panel.values, panel.half_digits
    for one in errors:
        generator = np.random.default_rng(one.seed)
        if one.of == "rounding":
            values = values + generator.uniform(-1.0, 1.0, panel.values.shape) * panel.half_digits
            half_digits = np.zeros(panel.values.shape)
        else:
            stated = np.nan_to_num(observations.accuracy(panel.rows, "standard_error"))
            values = values + generator.standard_normal(panel.values.shape) * stated
    return replace(panel, values=values, half_digits=half_digits)


def _stages(
    structure: Structure, recipe: Recipe, panel: Panel, attributes: Attributes, locator: Locator, faults: Faults
) -> tuple[Prepared, Scaled]:
    """Carry out the steps before aggregation."""
    locator.missing_base(recipe, faults)
    try:
        prepared = prepare(panel, structure, recipe, attributes)
        scaled, problems = normalise(panel, prepared, structure, recipe.normalise, attributes, recipe.breakdown or "")
    except StepError as error:
        raise locator.step(error, recipe) from None
    for problem in problems:
        locator.unscaled(problem, faults)
    # What was filled in before it was published has its published kind, and is marked all the same.
    filled = locator.observations.imputed(panel.rows) & np.isfinite(prepared.values)
    prepared = replace(prepared, imputed=prepared.imputed | filled)
    for copy, origin in structure.copies:
        # An indicator that stands in the tree twice goes through these steps once.
        for numbers in (prepared.values, prepared.half_digits, scaled.values, scaled.half_digits):
            numbers[..., copy] = numbers[..., origin]
        for marks in (prepared.imputed, prepared.treated):
            marks[..., copy] = marks[..., origin]
        scaled.kinds[..., copy] = scaled.kinds[..., origin]
    return prepared, scaled


def _score(
    structure: Structure,
    recipe: Recipe,
    panel: Panel,
    observations: Observations,
    attributes: Attributes,
    places: Sequence[Place],
    compared: frozenset[str],
    faults: Faults,
) -> Scores:
    locator = Locator(panel, observations, structure)
    attributes = replace(attributes, breakdowns={place.code: place.breakdown for place in places if place.breakdown})
    prepared, scaled = _stages(structure, recipe, panel, attributes, locator, faults)
    given = _given(panel, structure)
    if recipe.aggregate.over == "indicators":
        locator.missing_counts(given, faults)
    out = left_out(structure, (), prepared.screened, given)
    try:
        aggregated = aggregate(
            scaled,
            given,
            structure,
            recipe.aggregate,
            weigher(structure, recipe.weigh, attributes.of_breakdown(recipe.breakdown or "", panel.places), out),
            freeze=recipe.freeze,
            observed=np.isfinite(panel.values) & ~prepared.imputed,
            out=out,
        )
    except AggregationError as error:
        raise locator.aggregation(error, recipe) from None
    locator.mixed_kinds(aggregated, faults)
    parts = parts_of(panel.places, places, recipe.breakdown or "") if recipe.places else {}
    locator.own_values(parts, faults)
    final, unlinked = _finished(aggregated, scaled, given, structure, recipe, parts, attributes, locator)
    if recipe.base_value is not None:
        # The last bits of a sum of weights are no change against the base.
        near = np.abs(final.values - recipe.base_value) < _NOISE * recipe.base_value
        final.values[near] = recipe.base_value
    stages = (structure, recipe, observations, attributes, panel, compared, prepared, scaled, given)
    return Scores(*stages, final, parts, unlinked)


def _finished(
    aggregated: Aggregated,
    scaled: Scaled,
    given: Given,
    structure: Structure,
    recipe: Recipe,
    parts: Parts,
    attributes: Attributes,
    locator: Locator,
) -> tuple[Aggregated, Aggregated | None]:
    """Carry out the steps after aggregation: chain, places, rebase; and give what there was without linking periods."""
    panel = locator.panel

    def with_places(result: Aggregated) -> Aggregated:
        return _with_places(result, parts, recipe.places, panel, attributes) if recipe.places and parts else result

    if recipe.chain is None and recipe.rebase is None:
        return with_places(aggregated), None
    try:
        result = aggregated
        if recipe.chain is not None:
            result = chained(aggregated, scaled, given, structure, recipe.aggregate, recipe.chain, panel)
        result = with_places(result)
        if recipe.rebase is not None:
            result = rebased(result, structure, recipe.rebase, panel)
    except StepError as error:
        raise locator.step(error, recipe) from None
    except AggregationError as error:
        raise locator.aggregation(error, recipe) from None
    return result, with_places(aggregated)


def _with_places(
    aggregated: Aggregated, parts: Parts, method: PlaceMeans, panel: Panel, attributes: Attributes
) -> Aggregated:
    weights, at = np.ones((len(panel.places), len(panel.periods))), ("places", "weights")
    if method.weights:
        if method.weights not in attributes.values:
            known = attributes.values.keys()
            what = f'places: unknown attribute "{method.weights}"; expected {expected_attribute(known)}'
            raise RecipeError(f"{what}; {near(method.weights, known)}", at)
        try:
            weights = attributes.numbers(method.weights, panel.places, panel.periods)
        except ValueError as error:
            raise RecipeError(f'places: the attribute "{method.weights}": {error}; expected numbers', at) from None
    if (weights < 0).any() or np.isinf(weights).any():
        what = f'places: "{method.weights}" is negative or infinite'
        raise RecipeError(f"{what}; expected 0 or more; correct the table of attributes", at)
    try:
        return mean_of_parts(aggregated, parts, weights)
    except ZeroWeightsError as error:
        where = f"{panel.places[error.place]} in {panel.periods[error.period]}"
        what = f'places: "{method.weights}" is 0 for every part of {where} that has a score'
        raise RecipeError(f"{what}; expected a sum above 0; correct the table of attributes", at) from None
    except MissingWeightError as error:
        where = f"{panel.places[error.place]} in {panel.periods[error.period]}"
        what = f'places: {where} has a score and no "{method.weights}"'
        raise RecipeError(f"{what}; expected a number; add it to the attributes of tables.yaml", at) from None


def _ordered(places: Sequence[Place], observations: Observations) -> tuple[str, ...]:
    """Give the codes of the places that have values, or parts with values, in the order wanted."""
    if not places:
        return observations.places()
    present = set(observations.places())
    parents = {place.code: place.parent for place in places}
    for code in list(present):
        above = parents.get(code, "")
        while above and above not in present:
            present.add(above)
            above = parents.get(above, "")
    return tuple(place.code for place in places if place.code in present)


def unknown_compared(structure: Structure, words: Iterable[str]) -> list[str]:
    """Give the words of a recipe's ``compare`` that are neither ``root``, ``inner``, ``all`` nor a code."""
    return [word for word in words if word not in {"root", "inner", "all", *structure.codes}]


def compared_nodes(structure: Structure, words: Iterable[str]) -> frozenset[str]:
    """Give the codes that a recipe's ``compare`` stands for.

    Raises:
        InputError: when a word is none of those it takes.
    """
    words = tuple(words)
    if unknown := unknown_compared(structure, words):
        raise InputError(f"compare: unknown node {listed(unknown)}; expected root, inner, all or a code")
    return nodes_named(structure, words)


def _given(panel: Panel, structure: Structure) -> Given:
    inner = np.array([not structure.is_leaf(index) for index in range(len(structure.nodes))])
    return Given(
        np.where(inner, panel.values, np.nan),
        np.where(inner, panel.counts, np.nan),
        np.where(inner, panel.kinds, np.int8(NO_KIND)),
        np.where(inner, panel.half_digits, 0.0),
    )
