"""Names in a recipe that stand for something else of the pack: levels, nodes, indicators, attributes, places."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from donghaeng.errors import listed, nearest
from donghaeng.index import recipe as recipes
from donghaeng.index.recipe import AnalyticHierarchy, AnyWeigh, BudgetAllocation, Recipe, TopWeigh
from donghaeng.index.structure import Structure

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class UnknownName:
    """A name in a recipe that stands for nothing.

    Attributes:
        path: where it stands in the recipe.
        of_key: whether it is the key at that path, and not its value.
        what: what is wrong, as a phrase.
        expected: what was expected.
        remedy: what to do.
        stops: whether the index cannot be computed with it.
    """

    path: Path
    of_key: bool
    what: str
    expected: str
    remedy: str
    stops: bool = True


def unknown_names(
    recipe: Recipe, structure: Structure, attributes: Collection[str] | None, places: Collection[str] | None
) -> tuple[UnknownName, ...]:
    """Find the names of a recipe that the pack does not know.

    Args:
        recipe: the method.
        structure: the tree.
        attributes: names of the attributes of places; None when they could not be read, then any will do.
        places: codes of the places; None when they could not be read.
    """
    return (
        *_levels(recipe, structure),
        *_nodes(recipe, structure),
        *_indicators(recipe, structure),
        *(() if attributes is None else _attributes(recipe, attributes)),
        *(() if places is None else _places(recipe, places)),
    )


def judged_codes(method: TopWeigh) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield the codes that points and comparisons name, each with its path below ``weigh``."""
    named: list[tuple[tuple[str, ...], AnyWeigh]] = [((), method)]
    named += [(("levels", level), one) for level, one in method.levels.items()]
    for path, rule in named:
        if isinstance(rule, BudgetAllocation):
            yield from (((*path, "points", code), code) for code in rule.points)
        elif isinstance(rule, AnalyticHierarchy):
            for at, (first, second, _) in enumerate(rule.comparisons):
                yield (*path, "comparisons", at, 0), first
                yield (*path, "comparisons", at, 1), second


def _levels(recipe: Recipe, structure: Structure) -> Iterator[UnknownName]:
    highest = structure.levels[structure.root]
    levels = {str(level) for level in range(2, highest + 1)}
    expected, remedy = f"2 to {highest}", "correct the level"
    for step, named in (("aggregate", recipe.aggregate.levels), ("weigh", recipe.weigh.levels)):
        for level in named:
            if level not in levels:
                what = f'no composite has the level "{level}"'
                yield UnknownName((step, "levels", level), True, what, expected, remedy, stops=False)
    if recipe.freeze and str(recipe.freeze.level) not in levels:
        what = f"no composite has the level {recipe.freeze.level}"
        yield UnknownName(("freeze", "level"), False, what, expected, remedy, stops=False)


def _nodes(recipe: Recipe, structure: Structure) -> Iterator[UnknownName]:
    if recipe.freeze is not None:
        of_level = [
            code for code, level in zip(structure.codes, structure.levels, strict=True) if level == recipe.freeze.level
        ]
        for at, code in enumerate(recipe.freeze.nodes or ()):
            if code not in of_level:
                what = f'no composite of that level has the code "{code}"'
                remedy = nearest(code, of_level) or "correct the code"
                yield UnknownName(("freeze", "nodes", at), False, what, "a composite of the level", remedy, stops=False)
    for path, code in judged_codes(recipe.weigh):
        if code not in structure.position:
            remedy = nearest(code, structure.codes) or "correct the code"
            what, of_key = f'unknown node "{code}"', path[-1] == code
            yield UnknownName(("weigh", *path), of_key, what, "a code of structure.csv", remedy, stops=False)
    inner = [code for index, code in enumerate(structure.codes) if not structure.is_leaf(index)]
    for code in recipe.aggregate.nodes:
        if code not in inner:
            remedy = nearest(code, inner) or "correct the code"
            what, expected = f'no composite has the code "{code}"', "a composite of structure.csv"
            yield UnknownName(("aggregate", "nodes", code), True, what, expected, remedy, stops=False)
    for key, words in (("compare", recipe.compare), ("lowest_first", recipe.lowest_first)):
        for at, word in enumerate(words):
            if word not in {"root", "inner", "all", *structure.codes}:
                remedy = nearest(word, ["root", "inner", *structure.codes]) or "correct it"
                expected = "root, inner or a code of structure.csv"
                yield UnknownName((key, at), False, f'unknown node "{word}"', expected, remedy)


def _indicators(recipe: Recipe, structure: Structure) -> Iterator[UnknownName]:
    copies = {copy for copy, _ in structure.copies}
    known = [code for index, code in enumerate(structure.codes) if structure.is_leaf(index) and index not in copies]
    named: list[tuple[Path, bool, str]] = [
        (("link", at, "indicator"), False, link.indicator) for at, link in enumerate(recipe.link)
    ]
    for at, step in enumerate(recipe.impute):
        named += [
            (("impute", at, "indicators", place), False, code) for place, code in enumerate(step.indicators or ())
        ]
    for name, methods in (("treat", recipe.treat), ("normalise", recipe.normalise)):
        named += [((name, "indicators", code), True, code) for code in (methods.indicators if methods else ())]
    for path, of_key, code in named:
        if code not in known:
            expected = "an indicator of structure.csv"
            if code in structure.position:
                expected += " with values of its own"
            what, remedy = f"unknown indicator {code}", nearest(code, known) or "correct the code"
            yield UnknownName(path, of_key, what, expected, remedy)


def _normalising(recipe: Recipe) -> Iterator[tuple[Path, recipes.NormaliseMethod]]:
    yield ("normalise",), recipe.normalise
    for code, method in recipe.normalise.indicators.items():
        yield ("normalise", "indicators", code), method


def _attributes(recipe: Recipe, known: Collection[str]) -> Iterator[UnknownName]:
    named: list[tuple[Path, str | None]] = [(("link", at, "old"), link.old) for at, link in enumerate(recipe.link)]
    for at, step in enumerate(recipe.impute):
        if isinstance(step, recipes.GroupImputation):
            named.append((("impute", at, "group"), step.group))
        elif isinstance(step, recipes.NeighbourImputation):
            named.append((("impute", at, "attribute"), step.attribute))
    for path, method in _normalising(recipe):
        if isinstance(method, recipes.ZScoreReference):
            named += [((*path, "reference"), method.reference), ((*path, "weights"), method.weights)]
    if recipe.places is not None:
        named.append((("places", "weights"), recipe.places.weights))
    for place, name in named:
        if name is not None and name not in known:
            yield UnknownName(place, False, f'unknown attribute "{name}"', expected_attribute(known), near(name, known))


def expected_attribute(known: Collection[str]) -> str:
    """Say which attributes there are, as a phrase."""
    return f"one of the attributes of tables.yaml ({listed(sorted(known)) or 'none'})"


def near(name: str, known: Collection[str]) -> str:
    """Say what to do about an unknown attribute."""
    return nearest(name, known) or "add it or correct the name"


def _places(recipe: Recipe, known: Collection[str]) -> Iterator[UnknownName]:
    named: list[tuple[Path, str | None]] = [
        ((*path, "place"), method.place)
        for path, method in _normalising(recipe)
        if isinstance(method, recipes.Ratio | recipes.DistanceToReference)
    ]
    if recipe.rebase is not None:
        named.append((("rebase", "place"), recipe.rebase.place))
    for path, code in named:
        if code is not None and code not in known:
            remedy = nearest(code, known) or "correct the code"
            yield UnknownName(path, False, f'unknown place "{code}"', f"a place of the pack ({listed(known)})", remedy)
