"""Hundreds of thousands of recipes: the choices of ``robustness.yaml`` run by the fast evaluation.

It evaluates arithmetic, geometric and harmonic means over children with given or equal weights, noise of weights, and
errors of the data that are imputed, treated and normalised anew; both are drawn anew in every replication. `model_of`
says why an index with anything else is evaluated one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from donghaeng.errors import InputError, listed
from donghaeng.index.alternatives import (
    Alternatives,
    Factor,
    Variant,
    patched,
    require_standard_errors,
    rules_of,
    variants_of,
)
from donghaeng.index.prepare import prepare
from donghaeng.index.recipe import GroupImputation, MinMax, Recipe, TreatMethod, WinsoriseThenLog, ZScore
from donghaeng.index.robustness.design import Random
from donghaeng.index.robustness.factors import Choice, Noise, Space
from donghaeng.index.robustness.indices import Indices, estimated_indices, mean_rank_change, score_of_units
from donghaeng.index.robustness.model import DataNoise, Model, Part, Treatment, WeightNoise
from donghaeng.index.robustness.oracle import KURTOSIS, SKEWNESS
from donghaeng.index.robustness.run import Collect, Engine, Outcome, Spread, run
from donghaeng.index.robustness.summary import Summary, sentence
from donghaeng.index.robustness.tree import MEANS, Tree
from donghaeng.index.score import score_variant
from donghaeng.index.scores import Scores
from donghaeng.panel import Floats
from donghaeng.wording import LANGUAGES

#: The half-width of the 95 % interval of every index is brought to this, up to `MOST_BASE` base points.
HALF_WIDTH = 0.02
MOST_BASE = 2**17

Progress = Callable[[int, int], object]


@dataclass(frozen=True, eq=False)
class Replications:
    """What many replications say of the newest period.

    Attributes:
        period: the period.
        places: places that were evaluated.
        nominal: their scores by the recipe as it is.
        nominal_ranks: and their ranks.
        outcome: counts over all replications.
        indices: estimated Sobol indices of the score of each place and of the mean change of rank.
        sentences: what the ranking depends on most, by language.
        refused: why there are no indices; empty where there are.
    """

    period: str
    places: tuple[str, ...]
    nominal: Floats
    nominal_ranks: Floats
    outcome: Outcome
    indices: tuple[Indices, ...]
    sentences: Mapping[str, str]
    refused: str = ""

    def document(self) -> dict[str, Any]:
        """Give the result as plain values."""
        summary = Summary(self.outcome)
        scores, ranks = summary.scores(), summary.ranks()
        return {
            "replications": self.outcome.done,
            "interrupted": self.outcome.interrupted,
            "period": self.period,
            "intervals": [
                {
                    "place": place,
                    "nominal": float(self.nominal[at]),
                    **{name: getattr(scores[at], name) for name in ("mean", "low", "median", "high", "least", "most")},
                    "rank": int(self.nominal_ranks[at]),
                    **{f"rank_{name}": getattr(ranks[at], name) for name in ("low", "median", "high", "least", "most")},
                }
                for at, place in enumerate(self.places)
            ],
            "ranks": [
                {"place": place, "rank": rank + 1, "share": float(share)}
                for at, place in enumerate(self.places)
                for rank, share in enumerate(summary.share_of_ranks[at])
                if share > 0
            ],
            "not_told_apart": [list(pair) for pair in summary.not_told_apart()],
            "sensitivity": [row for one in self.indices for row in _index_rows(one)],
            "interactions": [row for one in self.indices for row in _pair_rows(one)],
            "refused": self.refused,
            "failures": [{"reason": str(failure.reason), "count": failure.count} for failure in self.outcome.failures],
            "sentences": dict(self.sentences),
        }


def replicate(
    scores: Scores,
    alternatives: Alternatives,
    number: int,
    seed: int | None = 1,
    threads: int = 2,
    progress: Progress | None = None,
    engine: Engine = "auto",
    spread: Spread | None = None,
    second_order: bool = False,
) -> Replications:
    """Draw recipes and compute the index by each of them.

    Args:
        scores: the index by the recipe as it is.
        alternatives: what could have been done differently.
        number: number of recipes to draw.
        seed: any whole number, 0 too; None for a random one.
        threads: how many to use; the result does not depend on it.
        progress: called with replications done and wanted.
        engine: ``numba``, ``numpy``, or ``auto`` for the first that is there.
        spread: other machines to use instead of threads here, such as `donghaeng.index.robustness.spark.Tasks`; the
            result does not depend on them.
        second_order: estimate the interactions of two choices too; takes about twice as long.

    Raises:
        InputError: an index that the fast evaluation does not know, or a choice that does not fit the pack.
    """
    period = scores.newest_period()
    model = model_of(scores, alternatives, period)
    design = Random(model.space, number, seed)
    outcome = run(
        model, design, threads=threads, collect=Collect(ahead=True), engine=engine, progress=progress, spread=spread
    )
    place_at = {place: index for index, place in enumerate(scores.places)}
    rows = [place_at[unit] for unit in model.units]
    nominal = scores.values[rows, period, scores.structure.root]
    ranks = np.nan_to_num(scores.ranks()[rows, period, scores.structure.root], nan=1.0)
    indices: tuple[Indices, ...] = ()
    refused = ""
    if outcome.failures:
        refused = "replications failed"
    elif outcome.interrupted:
        refused = "the run was interrupted"
    elif not model.space.complete:
        refused = "a rule excludes combinations; give it an alternative (instead) to have indices"
    else:
        targets = [score_of_units(model.units), mean_rank_change(ranks)]
        try:
            indices = estimated_indices(
                model,
                targets,
                seed=seed,
                half_width=HALF_WIDTH,
                most=MOST_BASE,
                second_order=second_order,
                threads=threads,
                engine=engine,
                spread=spread,
            )
        except InputError as error:  # the design of the indices meets combinations that were not drawn before
            refused = str(error)
    labels = {factor.name: factor.label for factor in alternatives.factors}
    sentences: dict[str, str] = {
        str(language): sentence(one, "", language, {name: label.get(language, name) for name, label in labels.items()})
        for one in indices
        if one.target == "mean rank change"
        for language in LANGUAGES
    }
    return Replications(scores.periods[period].text, model.units, nominal, ranks, outcome, indices, sentences, refused)


def model_of(scores: Scores, alternatives: Alternatives, period: int) -> Model:
    """Make the model of one period of an index for the fast evaluation.

    Raises:
        InputError: what of the index, or of a choice, it does not know.
    """
    _check_known(scores, scores.recipe)
    structure = scores.structure
    units = [
        place
        for place in range(len(scores.places))
        if place not in scores.parts and np.isfinite(scores.values[place, period, structure.root])
    ]
    tree = Tree.of({node.code: node.parent for node in structure.nodes})
    leaves = [structure.position[code] for code in tree.codes[: tree.indicators]]
    choices: dict[str, tuple[Variant, ...]] = {}
    factors: list[Choice | Noise] = []
    noise: Factor | None = None
    errors: Factor | None = None
    for factor in alternatives.factors:
        if factor.noise:
            if factor.noise.of == "weights":
                noise = factor
            elif errors is None:
                errors = factor
            else:
                raise InputError(
                    f"{errors.name} and {factor.name}: the fast evaluation draws one kind of errors of the data; "
                    "leave out --n to enumerate"
                )
            factors.append(Noise(factor.name))
            continue
        own = variants_of(factor, scores)
        for variant in own:
            _check_known(scores, patched(scores.recipe, variant.recipe))
        choices[factor.name] = own
        factors.append(Choice(factor.name, tuple(range(len(own))), tuple(variant.probability for variant in own)))
    of_data = tuple(name for name, own in choices.items() if any(_moves_data(variant) for variant in own))
    of_means = tuple(name for name, own in choices.items() if any(_moves_means(variant) for variant in own))
    of_kept = tuple(name for name, own in choices.items() if any(variant.leave_out for variant in own))
    highest = structure.levels[structure.root]

    def picked(names: tuple[str, ...], picks: tuple[int, ...]) -> list[Variant]:
        return [choices[name][pick] for name, pick in zip(names, picks, strict=True)]

    def recipe_of(variants: list[Variant]) -> Recipe:
        return patched(scores.recipe, {key: value for one in variants for key, value in one.recipe.items()})

    measured: DataNoise | None = None
    if errors is not None:
        measured = _data_noise(errors, scores, units, period, leaves)
        for tried in ([], *([variant] for name in of_data for variant in choices[name])):
            _treatment(recipe_of(tried), scores)

    def data(*picks: int) -> Floats | Treatment:
        recipe = recipe_of(picked(of_data, picks))
        if errors is not None:
            return _treatment(recipe, scores)
        scaled = score_variant(scores, recipe, scores.observations).scaled.values
        made: Floats = scaled[np.ix_(units, [period], leaves)][:, 0]
        _refuse_without(made, [scores.places[unit] for unit in units])
        return made

    def means(*picks: int) -> tuple[str, ...]:
        aggregate = recipe_of(picked(of_means, picks)).aggregate
        found = tuple(aggregate.of("", level).method for level in range(2, highest + 1))
        if strange := [mean for mean in found if mean not in MEANS]:
            raise InputError(f"the fast evaluation has no mean {strange[0]}; leave out --n to enumerate")
        return found

    nominal = scores.scaled.values[np.ix_(units, [period], leaves)][:, 0]

    def kept(*picks: int) -> tuple[str, ...]:
        gone = structure.without([node for one in picked(of_kept, picks) for node in one.leave_out])
        _refuse_without(np.where(gone[leaves], np.nan, nominal), [scores.places[unit] for unit in units])
        return tuple(structure.codes[node] for node in np.flatnonzero(gone))

    return Model(
        space=Space(
            tuple(factors), rules_of(alternatives, [choices.get(one.name, ()) for one in alternatives.factors])
        ),
        tree=tree,
        units=tuple(scores.places[place] for place in units),
        data=Part(data, of_data),
        weights=Part(lambda: {code: _weight(scores, code) for code in structure.codes}),
        means=Part(means, of_means),
        kept=Part(kept, of_kept) if of_kept else None,
        weight_noise=_weight_noise(noise, scores) if noise else None,
        measured=measured,
    )


def _refuse_without(values: Floats, places: Sequence[str]) -> None:
    """Refuse a state of the data in which a place has no value at all: it would have no score and no rank."""
    lost = np.flatnonzero(np.isnan(values).all(axis=1))
    if lost.size:
        raise InputError(f"no score of {listed(places[int(at)] for at in lost)}: too little data by this recipe")


def _check_known(scores: Scores, recipe: Recipe) -> None:
    """Refuse what the kernel would pass over: of the index, and of the recipe as it is or with a choice made."""
    methods = {recipe.weigh.method, *(one.method for one in recipe.weigh.levels.values())}
    means = recipe.aggregate.all
    reasons = [
        (np.isfinite(scores.given.values).any(), "composites that are given"),
        (not methods <= {"given", "equal"}, "weights that are estimated from the scores"),
        (recipe.freeze is not None, "composites that are frozen"),
        (bool(recipe.aggregate.nodes), "means of single nodes"),
        (any(mean.over == "indicators" for mean in means), "means over indicators"),
        (any(mean.least_available > 0 for mean in means), "means that need a share of their data"),
        (any(mean.rescale_around is not None for mean in means), "composites that are rescaled"),
        (_screens_indicators(recipe), "screening of indicators"),
        (recipe.chain is not None or recipe.rebase is not None, "chained or rebased series"),
        (bool(recipe.lowest_first), "ranks from the lowest score on"),
        (recipe.breakdown != scores.recipe.breakdown, "another breakdown"),
        (recipe.compare != scores.recipe.compare, "other results to compare with"),
        (recipe.weigh != scores.recipe.weigh, "several ways to weigh"),
        (bool(scores.attributes.breakdowns), "places of several breakdowns"),
        (bool(scores.structure.copies), "indicators that stand in the tree twice"),
    ]
    if found := [reason for holds, reason in reasons if holds]:
        raise InputError(f"the fast evaluation does not know {found[0]}; leave out --n to try every combination")


def _screens_indicators(recipe: Recipe) -> bool:
    screen = recipe.screen
    return screen is not None and (screen.indicators_available, screen.indicators_nonzero) != (None, None)


def _moves_means(variant: Variant) -> bool:
    return any(key == "aggregate" or key.startswith("aggregate.") for key in variant.recipe)


def _moves_data(variant: Variant) -> bool:
    if variant.use:
        raise InputError("the fast evaluation knows no other statements; leave out --n to try every combination")
    if any(key == "weigh" or key.startswith("weigh.") for key in variant.recipe):
        raise InputError("the fast evaluation knows one way to weigh; leave out --n to try every combination")
    return any(not (key == "aggregate" or key.startswith("aggregate.")) for key in variant.recipe)


def _weight(scores: Scores, code: str) -> float:
    return float(scores.aggregated.weights[scores.structure.position[code]])


def _weight_noise(factor: Factor, scores: Scores) -> WeightNoise:
    noise = factor.noise
    if noise is None:
        raise ValueError("a factor of noise is needed")
    structure = scores.structure
    moving = {
        code: noise.share
        for code, level in zip(structure.codes, structure.levels, strict=True)
        if code != structure.codes[structure.root] and (noise.levels is None or level in noise.levels)
    }
    return WeightNoise(factor.name, moving)


def _data_noise(factor: Factor, scores: Scores, units: list[int], period: int, leaves: list[int]) -> DataNoise:
    """Give the values of one period before they are imputed, with their errors; both divided by what divides them."""
    rounding = factor.noise is not None and factor.noise.of == "rounding"
    panel = scores.panel
    if not rounding:
        require_standard_errors(scores)
        stated = np.nan_to_num(scores.observations.accuracy(panel.rows, "standard_error"))
        panel = replace(panel, half_digits=stated)
    if set(np.flatnonzero(np.isfinite(panel.values[:, period][:, leaves]).any(axis=1))) != set(units):
        raise _not_with_errors("places that have values and no index, or an index and no values")
    cells = np.ix_(units, [period], leaves)
    filled = np.isfinite(scores.prepared.values[cells])
    if scores.recipe.impute and (filled.any(axis=0) != filled.all(axis=0)).any():
        raise _not_with_errors("gaps that stay after filling")
    untouched = scores.recipe.model_copy(update={"impute": (), "screen": None, "treat": None})
    before = prepare(panel, scores.structure, untouched, scores.attributes)
    directions = [-1.0 if scores.structure.nodes[leaf].direction == "lower" else 1.0 for leaf in leaves]
    values, errors = before.values[cells][:, 0], before.half_digits[cells][:, 0]
    groups: list[int] = []
    if names := {step.group for step in scores.recipe.impute if isinstance(step, GroupImputation)}:
        labels = scores.attributes.labels(
            min(names), [scores.places[unit] for unit in units], scores.periods[period].text
        )
        known = sorted(set(labels))
        groups = [known.index(label) for label in labels]
    return DataNoise(values, np.where(np.isfinite(values), errors, 0.0), factor.name, rounding, directions, groups)


def _treatment(recipe: Recipe, scores: Scores) -> Treatment:
    """Say how the kernel prepares measured values as a recipe does.

    Raises:
        InputError: a step that the kernel cannot do again in every replication.
    """
    treat, scale = recipe.treat, recipe.normalise
    alone = np.isfinite(scores.panel.values).any(axis=(0, 2)).sum() == 1
    reasons = [
        (recipe.link, "linked series"),
        (recipe.denominate != scores.recipe.denominate, "other denominators"),
        (recipe.impute != scores.recipe.impute, "other ways to fill gaps"),
        (recipe.impute and not _filled_by_mean(recipe), "gaps filled by anything but the mean of all or of a group"),
        (recipe.screen and not _keeps_all(recipe), "screening by anything but availability after filling gaps"),
        (not _treated_alike(treat, alone), "a treatment other than winsorise_then_log of each period"),
    ]
    for holds, reason in reasons:
        if holds:
            raise _not_with_errors(reason)
    if not isinstance(scale, MinMax | ZScore) or scale.indicators or not (alone or scale.over == "period"):
        raise _not_with_errors("a scale other than min_max and z_score of each period")
    low, high = (scale.mean, scale.deviation) if isinstance(scale, ZScore) else scale.to
    return Treatment(
        impute=bool(recipe.impute),
        winsorise=treat.most_points if isinstance(treat, WinsoriseThenLog) else None,
        normalise="z-score" if isinstance(scale, ZScore) else "min-max",
        low=low,
        high=high,
    )


def _not_with_errors(what: str) -> InputError:
    return InputError(
        f"with errors of the data the fast evaluation does not know {what}; leave out --n to try every combination"
    )


def _filled_by_mean(recipe: Recipe) -> bool:
    if len(recipe.impute) != 1 or recipe.impute[0].indicators is not None:
        return False
    return recipe.impute[0].method in {"mean", "group_mean"}


def _keeps_all(recipe: Recipe) -> bool:
    """Whether screening drops no place, because every gap has been filled before."""
    screen = recipe.screen
    others = screen and (screen.places_nonzero, screen.indicators_available, screen.indicators_nonzero)
    return bool(recipe.impute) and others == (None, None, None)


def _treated_alike(treat: TreatMethod | None, alone: bool) -> bool:
    if treat is None:
        return True
    if treat.indicators:
        return False
    if isinstance(treat, WinsoriseThenLog):
        return (treat.skew, treat.kurtosis) == (SKEWNESS, KURTOSIS) and (alone or treat.over == "period")
    return treat.method == "none"


def _pair_rows(indices: Indices) -> list[dict[str, Any]]:
    return [
        {
            "target": indices.target,
            "place": label,
            "factor": indices.factors[first],
            "other": indices.factors[second],
            **{
                name: None if np.isnan(value) else float(value)
                for name, value in (
                    ("second", indices.second[at, column]),
                    ("second_half_width", indices.half_second[at, column]),
                )
            },
        }
        for column, label in enumerate(indices.labels)
        for at, (first, second) in enumerate(indices.pairs if len(indices.second) else ())
    ]


def _index_rows(indices: Indices) -> list[dict[str, Any]]:
    return [
        {
            "target": indices.target,
            "place": label,
            "factor": factor,
            **{
                name: None if np.isnan(value) else float(value)
                for name, value in (
                    ("first", indices.first[at, column]),
                    ("first_half_width", indices.half_first[at, column]),
                    ("total", indices.total[at, column]),
                    ("total_half_width", indices.half_total[at, column]),
                )
            },
        }
        for column, label in enumerate(indices.labels)
        for at, factor in enumerate(indices.factors)
    ]
