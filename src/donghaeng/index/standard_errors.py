"""Standard errors of scores, from those that the values state.

Two ways, and each row says which. Where all that lies between a value and a score is linear, or a ratio to the value of
a base period, and no scale is taken from the data, by the delta method: the variance of a score is the sum over its
indicators of (share in the score x standard error)^2, with the errors of different indicators taken as independent.
Everywhere else by replications: normal errors with the stated standard errors are added to the values, the whole index
is computed anew, and the standard error is the deviation over these draws. (G. W. Oehlert, "A note on the delta
method", The American Statistician 46(1), 1992; for draws B. Efron and R. Tibshirani, An Introduction to the Bootstrap,
1993, chapter 6.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa

from donghaeng.errors import InputError
from donghaeng.index import recipe as recipes
from donghaeng.index.score import Errors, score_variant
from donghaeng.index.scores import Scores
from donghaeng.panel import Floats, Mask
from donghaeng.sources import Kind

Method = Literal["delta", "replications"]

DRAWS = 500


@dataclass(frozen=True, eq=False)
class StandardErrors:
    """Standard errors of all scores; arrays have the shape places x periods x nodes.

    Attributes:
        values: the standard errors; NaN where there is no score, or nothing states one below it.
        known: share of the indicators below each score that state a standard error; those that state none count as
            exact.
        cases: the least number of cases behind any indicator in the score; NaN where none states it.
        method: how they were computed.
        draws: number of draws that gave a result; 0 for the delta method.
        failed: number of draws that could not be computed.
    """

    values: Floats
    known: Floats
    cases: Floats
    method: Method
    draws: int
    failed: int


def standard_errors(scores: Scores, draws: int = DRAWS, seed: int = 1, method: Method | None = None) -> StandardErrors:
    """Give the standard errors of the scores of an index.

    Args:
        scores: the index.
        draws: number of replications, where there are any.
        seed: seed of the draws.
        method: ``replications`` to draw where the delta method would do; default, as the recipe allows.

    Raises:
        InputError: no value states a standard error, the delta method is asked for and does not fit, or fewer than
            half of the draws can be computed.
    """
    stated = scores.observations.accuracy(scores.panel.rows, "standard_error")
    stated = np.where(np.isfinite(scores.panel.values), stated, np.nan)
    if not np.isfinite(stated).any():
        raise InputError("no value states its standard error; expected a column standard_error in observations.csv")
    reason = not_linear(scores.recipe, scores)
    if method == "delta" and reason:
        raise InputError(f"the delta method does not fit {reason}; expected a linear recipe; take replications")
    if reason or method == "replications":
        values, failed = _by_draws(scores, draws, seed)
        found: Method = "replications"
    else:
        values, failed, found = _by_delta(scores, stated), 0, "delta"
    known = _share_known(scores, stated)
    values = np.where(np.isfinite(scores.values) & (known > 0), values, np.nan)
    return StandardErrors(values, known, least_cases(scores), found, 0 if found == "delta" else draws - failed, failed)


def not_linear(recipe: recipes.Recipe, scores: Scores) -> str:
    """Say what keeps the delta method from fitting; empty where it fits."""
    ways = (recipe.normalise, *recipe.normalise.indicators.values())
    fixed = all(
        isinstance(way, recipes.AsGiven | recipes.BasePeriodRatio)
        or (isinstance(way, recipes.Goalposts) and not way.log)
        for way in ways
    )
    weighing = {recipe.weigh.method, *(one.method for one in recipe.weigh.levels.values())}
    reasons = [
        (recipe.treat is not None and recipe.treat.method != "none", "treated values"),
        (bool(recipe.link), "linked definitions"),
        (bool(scores.prepared.imputed.any()), "values that were filled in"),
        (not fixed, "a scale that is taken from the data or not linear"),
        (not weighing <= {"given", "equal", "budget_allocation", "ahp"}, "weights that are estimated"),
        (any(mean.method != "arithmetic" for mean in recipe.aggregate.all), "means that are not arithmetic"),
        (any(mean.rescale_around is not None for mean in recipe.aggregate.all), "stretched composites"),
        (recipe.freeze is not None, "frozen composites"),
        (scores.unlinked is not None, "chained or rebased series"),
        (bool(scores.parts), "places that are means of their parts"),
        (any(node.details.get("same_as") for node in scores.structure.nodes), "an indicator that stands twice"),
    ]
    return next((reason for holds, reason in reasons if holds), "")


def _by_delta(scores: Scores, stated: Floats) -> Floats:
    structure = scores.structure
    variances = np.where(scores.aggregated.given, stated, _of_indicators(scores, np.nan_to_num(stated))) ** 2
    variances = np.nan_to_num(variances)
    for index in structure.bottom_up:
        children = list(structure.children[index])
        if children:
            own = (scores.shares[..., children] ** 2 * variances[..., children]).sum(axis=-1)
            variances[..., index] = np.where(scores.aggregated.given[..., index], variances[..., index], own)
    return np.asarray(np.sqrt(variances))


def _of_indicators(scores: Scores, stated: Floats) -> Floats:
    """Carry standard errors of values to scores of indicators, to first order."""
    recipe, result = scores.recipe, np.zeros(stated.shape)
    for index, node in enumerate(scores.structure.nodes):
        if not scores.structure.is_leaf(index):
            continue
        way = recipe.normalise.indicators.get(node.code, recipe.normalise)
        values, score = scores.prepared.values[..., index], scores.scaled.values[..., index]
        errors = stated[..., index]
        if recipe.denominate is not None and (size := node.details.get("denominator")):
            # What a value is divided by counts as exact.
            errors = errors / scores.attributes.numbers(size, scores.places, scores.periods)
        if isinstance(way, recipes.BasePeriodRatio):
            mirrored = node.direction == "lower" and way.lower_is_better == "mirror"
            result[..., index] = _of_base_ratio(scores, values, errors, score, way, mirrored)
        elif isinstance(way, recipes.Goalposts):
            length = abs(float(node.details["upper"]) - float(node.details["lower"]))
            inside = (score > way.to[0]) & (score < way.to[1]) if way.cap else np.isfinite(score)
            result[..., index] = np.where(inside, (way.to[1] - way.to[0]) / length * errors, 0.0)
        else:
            result[..., index] = errors
    return np.nan_to_num(result)


def _of_base_ratio(
    scores: Scores, values: Floats, errors: Floats, score: Floats, way: recipes.BasePeriodRatio, mirrored: bool
) -> Floats:
    """Give B x / b x sqrt((e/x)^2 + (e_b/b)^2), for the inverted ratio too; 0 in the base period."""
    at = next((at for at, period in enumerate(scores.periods) if period.text == way.base_period), None)
    if at is None:
        return np.zeros(values.shape)
    # The mirrored score 2 B - B x / b moves as far as B x / b does.
    ratio = np.abs(2 * way.base_value - score) if mirrored else np.abs(score)
    with np.errstate(divide="ignore", invalid="ignore"):
        result = ratio * np.hypot(errors / values, errors[:, [at]] / values[:, [at]])
    result[:, at] = 0.0
    return result if way.cap is None else np.where(score >= way.cap, 0.0, result)


def _by_draws(scores: Scores, draws: int, seed: int) -> tuple[Floats, int]:
    total, squares = np.zeros(scores.values.shape), np.zeros(scores.values.shape)
    counts, failed, reason = np.zeros(scores.values.shape), 0, ""
    for draw in range(draws):
        try:
            errors = [Errors("standard_error", seed * 1_000_003 + draw)]
            again = score_variant(scores, scores.recipe, scores.observations, errors=errors).values
        except InputError as error:
            failed, reason = failed + 1, reason or str(error)
            continue
        there = np.isfinite(again)
        # Around the score itself, so that sums of squares stay small.
        off = np.where(there, again - np.nan_to_num(scores.values), 0.0)
        total, squares, counts = total + off, squares + off**2, counts + there
    if 2 * failed > draws:
        raise InputError(f"{failed} of {draws} draws cannot be computed, the first because {reason}")
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = (squares - total**2 / counts) / (counts - 1)
    return np.sqrt(np.maximum(np.where(counts > 1, variance, np.nan), 0.0)), failed


def _share_known(scores: Scores, stated: Floats) -> Floats:
    """Give the share of the indicators (and given values) in use below each score that state a standard error."""
    structure = scores.structure
    atoms = np.isfinite(scores.values)
    inner = [index for index in range(len(structure.nodes)) if not structure.is_leaf(index)]
    atoms[..., inner] &= scores.aggregated.given[..., inner]
    number, known = atoms.astype(np.float64), (atoms & np.isfinite(stated)).astype(np.float64)
    for index in structure.bottom_up:
        children = list(structure.children[index])
        if children:
            use = scores.aggregated.in_use[..., children]
            given = scores.aggregated.given[..., index]
            for array in (number, known):
                array[..., index] = np.where(given, array[..., index], (array[..., children] * use).sum(axis=-1))
    for place, members in scores.parts.items():
        number[place], known[place] = number[members].sum(axis=0), known[members].sum(axis=0)
    return np.divide(known, number, out=np.zeros(number.shape), where=number > 0)


def least_cases(scores: Scores) -> Floats:
    """Give the least number of cases behind any indicator in each score; NaN where none states it."""
    cases = scores.observations.accuracy(scores.panel.rows, "cases")
    least = np.where(np.isfinite(scores.panel.values) & np.isfinite(cases), cases, np.inf)
    for index in scores.structure.bottom_up:
        children = list(scores.structure.children[index])
        if children:
            below = np.where(scores.aggregated.in_use[..., children], least[..., children], np.inf).min(axis=-1)
            least[..., index] = np.where(scores.aggregated.given[..., index], least[..., index], below)
    for place, members in scores.parts.items():
        least[place] = least[members].min(axis=0)
    return np.where(np.isfinite(least), least, np.nan)


def withheld(scores: Scores) -> Mask:
    """Say which values were left out because they rest on too little, shape places x periods x nodes."""
    too_small: Mask = (scores.panel.rows >= 0) & np.isnan(scores.panel.values)
    return too_small


def accuracy_table(scores: Scores, draws: int = DRAWS, seed: int = 1) -> pa.Table:
    """Give standard errors, cases and what was withheld as a table; no rows where the pack states none of them.

    Columns: place, period, node, value, standard_error, method (``delta`` or ``replications``), known (share of the
    indicators in the score that state a standard error), cases, withheld (the value rests on too little and is left
    out), kind.

    Args:
        scores: the index.
        draws: number of replications, where there are any.
        seed: seed of the draws.

    Raises:
        InputError: as `standard_errors`.
    """
    stated = scores.observations.accuracy(scores.panel.rows, "standard_error")
    has_errors = bool((np.isfinite(stated) & np.isfinite(scores.panel.values)).any())
    found = standard_errors(scores, draws, seed) if has_errors else None
    nothing = np.full(scores.values.shape, np.nan)
    errors, known = (found.values, found.known) if found else (nothing, np.zeros(nothing.shape))
    cases, hidden = least_cases(scores), withheld(scores)
    rows = [
        {
            "place": scores.places[place],
            "period": scores.periods[period].text,
            "node": scores.structure.codes[node],
            "value": _number(scores.values[place, period, node]),
            "standard_error": _number(errors[place, period, node]),
            "method": found.method if found and np.isfinite(errors[place, period, node]) else None,
            "known": _number(known[place, period, node]) if found else None,
            "cases": None if np.isnan(cases[place, period, node]) else int(cases[place, period, node]),
            "withheld": bool(hidden[place, period, node]),
            "kind": Kind(kind).word if (kind := int(scores.kinds[place, period, node])) >= 0 else None,
        }
        for place, period, node in np.argwhere(np.isfinite(errors) | np.isfinite(cases) | hidden)
    ]
    return pa.Table.from_pylist(rows, _SCHEMA)


_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("place", "period", "node")),
        *((name, pa.float64()) for name in ("value", "standard_error")),
        ("method", pa.string()),
        ("known", pa.float64()),
        ("cases", pa.int64()),
        ("withheld", pa.bool_()),
        ("kind", pa.string()),
    ]
)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
