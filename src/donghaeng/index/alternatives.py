"""Alternatives: the index under every combination of choices that somebody could have made, from ``robustness.yaml``.

A factor has a few choices, each with a probability. A choice changes keys of the recipe, uses another statement
for a cell, or leaves nodes out; noise of weights and rounding of the data are factors whose choices are draws.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from donghaeng.documents import Document, Model, validated
from donghaeng.errors import Faults, InputError, listed
from donghaeng.index.alternative_rules import CombinationRule, combinations, rule_of, space_of
from donghaeng.index.observations import Observations
from donghaeng.index.recipe import Recipe, keys_of
from donghaeng.index.recipe_names import unknown_names
from donghaeng.index.robustness.factors import Rule
from donghaeng.index.score import Errors, score_variant
from donghaeng.index.scores import Scores
from donghaeng.panel import Floats, Mask
from donghaeng.wording import Text

Progress = Callable[[int, int], object]

#: More combinations than this are not enumerated but sampled.
MOST_COMBINATIONS = 20_000


class UseStatement(Model):
    """Use another statement for a cell: the one that was printed as `value`, standing on `count` indicators."""

    node: str
    place: str
    period: str
    value: str
    count: int | None = None


class Choice(Model):
    """One choice of a factor.

    Attributes:
        name: a short word, by which rules name it; its position from 1 on unless given.
        label: what is done, in words.
        probability: how likely it is taken, relative to the others.
        set: keys of the recipe, with points between levels, and their values; empty for the recipe as it is.
        use: statements to use in place of others.
        leave_out: nodes to leave out.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")] | None = None
    label: Text
    probability: Annotated[float, Field(gt=0, le=1e6)] = 1.0
    set: dict[str, Any] = Field(default_factory=dict)
    use: Annotated[tuple[UseStatement, ...], Field(strict=False)] = ()
    leave_out: Annotated[tuple[str, ...], Field(strict=False)] = ()


class Noise(Model):
    """Draws of a random factor.

    Attributes:
        of: ``weights`` multiplies weights by 1 + share x uniform(-1, 1); ``rounding`` adds uniform errors within half
            of the last printed digit; ``standard_error`` adds normal errors with the standard errors that the
            values state.
        share: largest relative change of a weight.
        levels: levels of the nodes whose weights change; absent for all.
        draws: how many draws stand for the noise.
        seed: seed of the draws.
    """

    of: Literal["weights", "rounding", "standard_error"]
    share: Annotated[float, Field(gt=0, le=1)] = 0.25
    levels: Annotated[tuple[PositiveInt, ...], Field(strict=False)] | None = None
    draws: Annotated[int, Field(ge=2, le=10_000)] = 50
    seed: NonNegativeInt = 1


class Factor(Model):
    """Something that could have been done differently; exactly one of `choices`, `leave_out_each` and `noise`.

    Attributes:
        name: a short word.
        label: what it is about.
        choices: the alternatives.
        leave_out_each: one choice with everything, and one without each of the ``indicators``, or of the ``children``
            of the root.
        noise: a random factor.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    label: Text
    choices: Annotated[tuple[Choice, ...], Field(strict=False)] = ()
    leave_out_each: Literal["indicators", "children"] | None = None
    noise: Noise | None = None


class Alternatives(Model):
    """The content of ``robustness.yaml``.

    Attributes:
        format: version of this format.
        factors: what could have been done differently.
        rules: combinations that are excluded, or replaced by others.
        sample: number of combinations that are drawn when there are too many to enumerate.
        seed: seed of that sample.
    """

    format: Literal[1]
    factors: Annotated[tuple[Factor, ...], Field(strict=False, min_length=1)]
    rules: Annotated[tuple[CombinationRule, ...], Field(strict=False)] = ()
    sample: Annotated[int, Field(ge=10, le=1_000_000)] = 5_000
    seed: NonNegativeInt = 1

    @model_validator(mode="after")
    def _names_differ(self) -> Alternatives:
        names = [factor.name for factor in self.factors]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"the name {listed(twice)} stands twice", "another name for each factor")
        for at, factor in enumerate(self.factors):
            own = [choice.name or str(place + 1) for place, choice in enumerate(factor.choices)]
            if again := sorted({name for name in own if own.count(name) > 1}):
                path = ("factors", at, "choices")
                raise ValueError(f"the choice {listed(again)} stands twice", "another name for each choice", path)
        for of in ("rounding", "standard_error"):
            if sum(bool(factor.noise and factor.noise.of == of) for factor in self.factors) > 1:
                words = of.replace("_", " ")
                raise ValueError(f"{words} is drawn by two factors", f"one factor of {words}")
        return self


@dataclass(frozen=True, eq=False)
class Variant:
    """What one choice changes.

    Attributes:
        label: what is done.
        probability: share of this choice in its factor.
        recipe: keys of the recipe and values.
        use: statements to use.
        leave_out: positions of nodes to leave out.
        weights: factor for each node's weight; None for no change.
        errors: errors of the data to draw; None for none.
        name: by which rules name it.
    """

    label: Text
    probability: float
    recipe: Mapping[str, Any]
    use: tuple[UseStatement, ...] = ()
    leave_out: tuple[int, ...] = ()
    weights: Floats | None = None
    errors: Errors | None = None
    name: str = ""


@dataclass(frozen=True, eq=False)
class Runs:
    """The index under the combinations that were tried.

    Attributes:
        names: name of each factor.
        variants: choices of each factor.
        chosen: choice of each factor in each run, runs x factors, after the rules.
        probabilities: probability of each run; they sum to 1 over all runs, failed ones included.
        scores: scores of the root, runs x places x periods; NaN where there is none, and all over a run that failed.
        complete: every combination was tried once.
        failures: why a run could not be computed, by run.
        nominal: scores of the root by the recipe as it is, places x periods.
        excluded: number of combinations that rules exclude; they are no runs.
        interrupted: whether it was stopped before its end.
    """

    names: tuple[str, ...]
    variants: tuple[tuple[Variant, ...], ...]
    chosen: np.ndarray[tuple[int, int], np.dtype[np.int64]]
    probabilities: Floats
    scores: Floats
    complete: bool
    failures: Mapping[int, str]
    nominal: Floats
    excluded: int = 0
    interrupted: bool = False


def run(
    scores: Scores,
    alternatives: Alternatives,
    sample: int | None = None,
    seed: int | None = None,
    progress: Progress | None = None,
) -> Runs:
    """Compute the index under every combination of choices, or a sample of them.

    An interruption (Ctrl+C) ends it and keeps what is done.

    Args:
        scores: the index by the recipe as it is.
        alternatives: the factors.
        sample: number of combinations to draw where there are too many; default, that of `alternatives`.
        seed: seed of the sample; default, that of `alternatives`.
        progress: called with combinations done and wanted.

    Raises:
        InputError: a choice that does not fit the pack.
    """
    variants = tuple(variants_of(factor, scores) for factor in alternatives.factors)
    space = space_of(
        [
            (factor.name, [choice.probability for choice in choices])
            for factor, choices in zip(alternatives.factors, variants, strict=True)
        ],
        rules_of(alternatives, variants),
    )
    count = math.prod(len(choices) for choices in variants)
    complete = count <= MOST_COMBINATIONS and sample is None
    size = None if complete else sample or alternatives.sample
    chosen, probabilities, excluded = combinations(space, size, alternatives.seed if seed is None else seed)
    names = tuple(factor.name for factor in alternatives.factors)
    nominal = scores.values[..., scores.structure.root]
    result, failures, done = _computed(scores, variants, chosen, nominal, progress)
    if not done.all():
        kept = np.flatnonzero(done)
        failures = {at: failures[int(number)] for at, number in enumerate(kept) if int(number) in failures}
        chosen, probabilities, result = chosen[kept], probabilities[kept] / probabilities[kept].sum(), result[kept]
    complete, interrupted = complete and bool(done.all()), not done.all()
    return Runs(names, variants, chosen, probabilities, result, complete, failures, nominal, excluded, interrupted)


def _computed(
    scores: Scores,
    variants: Sequence[Sequence[Variant]],
    chosen: np.ndarray[Any, np.dtype[np.int64]],
    nominal: Floats,
    progress: Progress | None,
) -> tuple[Floats, dict[int, str], Mask]:
    """Give the scores of the root in each run, the reasons of those that failed, and which runs are done."""
    evaluator = _Evaluator(scores)
    result, failures = np.full((len(chosen), *nominal.shape), np.nan), dict[int, str]()
    done = np.zeros(len(chosen), bool)
    folder = "".join(scores.observations.label.rpartition("/")[:2])
    first: dict[tuple[int, ...], int] = {}  # rules lead several combinations to the same recipe
    try:
        for count, number in enumerate(_by_stage(chosen, variants)):
            if progress is not None and count % 50 == 0:
                progress(count, len(chosen))
            before = first.setdefault(tuple(chosen[number].tolist()), number)
            if before != number:
                result[number] = result[before]
                failures |= {number: failures[before]} if before in failures else {}
                done[number] = True
                continue
            picks = [variants[at][pick] for at, pick in enumerate(chosen[number])]
            try:
                result[number] = evaluator.root(picks)
                if np.isfinite(nominal).any() and not np.isfinite(result[number][np.isfinite(nominal)]).any():
                    failures[number] = "no place has a score: too little data by this recipe"
            except InputError as error:
                # Where the pack lies is no part of the reason: what is published has the same bytes everywhere.
                failures[number] = str(error).replace(folder, "") if folder else str(error)
            done[number] = True
    except KeyboardInterrupt:
        if not done.any():
            raise
    return result, failures, done


def rules_of(alternatives: Alternatives, variants: Sequence[Sequence[Variant]]) -> tuple[Rule, ...]:
    """Give the rules between the choices.

    Raises:
        InputError: a rule that names a factor or choice that is not there.
    """
    choices = _choice_names(alternatives, variants)
    return tuple(rule_of(rule, choices) for rule in alternatives.rules)


def _choice_names(alternatives: Alternatives, variants: Sequence[Sequence[Variant]]) -> dict[str, Sequence[str]]:
    return {
        factor.name: [variant.name or str(at + 1) for at, variant in enumerate(own)]
        for factor, own in zip(alternatives.factors, variants, strict=True)
        if not factor.noise
    }


def check_alternatives(scores: Scores, alternatives: Alternatives, document: Document, faults: Faults) -> None:
    """Report choices that do not fit the pack, each by itself; combinations are tried when they are run."""
    evaluator = _Evaluator(scores)
    known: list[tuple[Variant, ...]] = []
    for at, factor in enumerate(alternatives.factors):
        before = len(faults.errors)
        for pick, choice in enumerate(factor.choices):
            _check_choice(choice, factor.name, evaluator, document, ("factors", at, "choices", pick), faults)
        for place, level in enumerate((factor.noise and factor.noise.levels) or ()):
            highest = scores.structure.levels[scores.structure.root] - 1
            if level > highest:
                error = InputError(f"no node below the root has the level {level}; expected 1 to {highest}")
                _alternative_fault(error, document, ("factors", at, "noise", "levels", place), faults)
        try:
            known.append(variants_of(factor, scores))
        except InputError as error:
            if len(faults.errors) == before:  # else it is one of those told already
                _alternative_fault(error, document, ("factors", at), faults)
    if len(known) == len(alternatives.factors):
        choices = _choice_names(alternatives, known)
        for at, rule in enumerate(alternatives.rules):
            try:
                rule_of(rule, choices)
            except InputError as error:
                _alternative_fault(error, document, ("rules", at), faults)


def _check_choice(
    choice: Choice,
    factor: str,
    evaluator: _Evaluator,
    document: Document,
    path: tuple[str | int, ...],
    faults: Faults,
) -> None:
    """Report what of a choice does not fit the pack, each at its key."""
    scores = evaluator.scores
    for place, code in enumerate(choice.leave_out):
        try:
            _position(code, scores, factor)
        except InputError as error:
            _alternative_fault(error, document, (*path, "leave_out", place), faults)
    try:
        changed = patched(scores.recipe, choice.set)
        for name in unknown_names(changed, scores.structure, scores.attributes.values.keys(), scores.places):
            key = next((key for key in choice.set if _is_below(name.path, key)), None)
            line, column = document.place((*path, "set") if key is None else (*path, "set", key), of_key=True)
            what = f"{name.what} ({'.'.join(map(str, name.path))})"
            faults.add(document.label, line, column, what, name.expected, name.remedy, "unknown-code")
    except InputError as error:
        _alternative_fault(error, document, (*path, "set"), faults)
    try:
        evaluator.observations_with(choice.use)
    except InputError as error:
        _alternative_fault(error, document, (*path, "use"), faults)


def _is_below(path: tuple[str | int, ...], key: str) -> bool:
    """Say whether a path of the recipe lies in what a key with points between levels sets, or on the way to it."""
    return all(str(part) == other for part, other in zip(path, key.split("."), strict=False))


def _alternative_fault(error: InputError, document: Document, path: tuple[str | int, ...], faults: Faults) -> None:
    line, column = document.place(path)
    faults.add(document.label, line, column, str(error).removeprefix("robustness.yaml: "), code="no-choice")


def variants_of(factor: Factor, scores: Scores) -> tuple[Variant, ...]:
    """Give the choices of a factor.

    Raises:
        InputError: a factor that says too much or too little, or names an unknown node.
    """
    given = [factor.choices, factor.leave_out_each, factor.noise]
    if sum(bool(part) for part in given) != 1:
        raise InputError(f"robustness.yaml: {factor.name} needs exactly one of choices, leave_out_each and noise")
    if factor.noise:
        return _noise(factor.noise, factor.label, scores)
    if factor.leave_out_each:
        return _leave_out_each(factor.leave_out_each, scores)
    total = sum(choice.probability for choice in factor.choices)
    return tuple(
        Variant(
            choice.label,
            choice.probability / total,
            choice.set,
            choice.use,
            tuple(_position(code, scores, factor.name) for code in choice.leave_out),
            name=choice.name or "",
        )
        for choice in factor.choices
    )


def _position(code: str, scores: Scores, name: str) -> int:
    if code not in scores.structure.position:
        raise InputError(f"robustness.yaml: {name}: unknown node {code}; expected a code of structure.csv")
    if scores.structure.position[code] == scores.structure.root:
        raise InputError(f"robustness.yaml: {name}: {code} is the whole index; expected a node below it")
    return scores.structure.position[code]


def _leave_out_each(what: str, scores: Scores) -> tuple[Variant, ...]:
    structure = scores.structure
    inside = [index for index in range(len(structure.nodes)) if structure.is_leaf(index)]
    nodes = inside if what == "indicators" else list(structure.children[structure.root])
    taking_part = [index for index in nodes if scores.aggregated.in_use[..., index].any()]
    share = 1 / (len(taking_part) + 1)
    everything = Variant({"ko": "모두 포함", "en": "all of them"}, share, {}, name="all")
    without = [
        Variant(
            {
                "ko": f"{structure.nodes[index].names.get('ko') or structure.codes[index]} 제외",
                "en": f"without {structure.nodes[index].names.get('en') or structure.codes[index]}",
            },
            share,
            {},
            leave_out=(index,),
            name=structure.codes[index],
        )
        for index in taking_part
    ]
    return (everything, *without)


def _noise(noise: Noise, label: Text, scores: Scores) -> tuple[Variant, ...]:
    share = 1 / noise.draws
    if noise.of != "weights":
        if noise.of == "standard_error":
            require_standard_errors(scores)
        seeds = [noise.seed * 1_000_003 + draw for draw in range(noise.draws)]
        return tuple(Variant(label, share, {}, errors=Errors(noise.of, seed)) for seed in seeds)
    levels = np.array(scores.structure.levels)
    moving = np.isin(levels, noise.levels) if noise.levels else np.ones(len(levels), bool)
    draws = np.random.default_rng(noise.seed).uniform(-noise.share, noise.share, (noise.draws, len(levels)))
    return tuple(Variant(label, share, {}, weights=np.where(moving, 1 + draw, 1.0)) for draw in draws)


def require_standard_errors(scores: Scores) -> None:
    """Refuse to draw errors of measurement where nothing says how large they are.

    Raises:
        InputError: no value of the index states a standard error.
    """
    stated = scores.observations.accuracy(scores.panel.rows, "standard_error")
    if not (np.isfinite(stated) & np.isfinite(scores.panel.values)).any():
        raise InputError(
            "robustness.yaml: no value states its standard error; add a column standard_error to observations.csv or "
            "to a long table of values, or draw rounding"
        )


def _by_stage(chosen: np.ndarray[Any, np.dtype[np.int64]], variants: Sequence[Sequence[Variant]]) -> Iterator[int]:
    """Give the runs in an order that keeps those with the same data and recipe together."""
    late = [all(variant.weights is not None for variant in choices) for choices in variants]
    order = sorted(range(len(variants)), key=lambda at: not late[at])
    yield from np.lexsort(chosen[:, order].T).tolist()


class _Evaluator:
    """Computes runs; what does not change from one run to the next is kept."""

    def __init__(self, scores: Scores) -> None:
        self.scores = scores
        self.recipes: dict[str, Recipe] = {}
        self.stage: tuple[Any, Scores] | None = None

    def root(self, picks: Sequence[Variant]) -> Floats:
        patch = {key: value for pick in picks for key, value in pick.recipe.items()}
        recipe = self._recipe(patch)
        use = tuple(statement for pick in picks for statement in pick.use)
        errors = tuple(pick.errors for pick in picks if pick.errors is not None)
        leave_out = tuple(node for pick in picks for node in pick.leave_out)
        factors = np.ones(len(self.scores.structure.nodes))
        for pick in picks:
            if pick.weights is not None:
                factors *= pick.weights
        key = (json.dumps(patch, sort_keys=True), use, errors)
        before = self.stage[1] if self.stage and self.stage[0] == key else None
        observations = self.observations_with(use)
        variant = score_variant(self.scores, recipe, observations, leave_out, factors, errors, before)
        self.stage = (key, variant)
        root: Floats = variant.values[..., variant.structure.root]
        return root

    def _recipe(self, patch: Mapping[str, Any]) -> Recipe:
        key = json.dumps(patch, sort_keys=True)
        if key not in self.recipes:
            self.recipes[key] = patched(self.scores.recipe, patch)
        return self.recipes[key]

    def observations_with(self, use: tuple[UseStatement, ...]) -> Observations:
        """Give the observations with other statements used."""
        observations = self.scores.observations
        if not use:
            return observations
        columns = observations.columns
        used, counts = list(columns["used"]), list(columns["count"])
        for statement in use:
            cell = (statement.node, statement.place, statement.period)
            rows = [
                row
                for row in range(len(observations))
                if (columns["node"][row], columns["place"][row], columns["period"][row]) == cell
            ]
            matching = [row for row in rows if columns["printed"][row] == statement.value]
            if not matching:
                printed = listed(columns["printed"][row] for row in rows)
                raise InputError(
                    f"robustness.yaml: no statement {statement.value} for {', '.join(cell)}; expected one of {printed}"
                )
            for row in rows:
                used[row] = row == matching[0]
            if statement.count is not None:
                counts[matching[0]] = float(statement.count)
        return replace(observations, columns={**columns, "used": used, "count": counts})


def patched(recipe: Recipe, patch: Mapping[str, Any]) -> Recipe:
    """Give a recipe with some keys changed.

    Args:
        recipe: the recipe.
        patch: new values by key, with points between levels, such as ``aggregate.method``.

    Raises:
        InputError: the result is no recipe.
    """
    plain = recipe.model_dump(mode="json")
    for path, value in patch.items():
        _set(plain, path, value)
    faults = Faults()
    changed = validated(plain, Recipe, Document("recipe", plain), faults)
    if changed is None:
        said = "; ".join(str(fault).partition(": ")[2] for fault in faults.errors)
        raise InputError(f"the recipe with {', '.join(patch) or 'these keys'} changed: {said}")
    return changed


def _set(plain: dict[str, Any], path: str, value: Any) -> None:
    """Set a key below others; a value that is a mapping replaces what was there."""
    *above, last = path.split(".")
    inside = plain
    for key in above:
        if not isinstance(inside.get(key), dict):
            inside[key] = {}
        inside = inside[key]
    known = keys_of(path.split(".")[0], value) if last == "method" else None
    if known is not None:
        # What another method was set to says nothing of this one.
        for key in [key for key in inside if key not in known]:
            del inside[key]
    inside[last] = value
