"""Score: structure, recipe and observations to the scores of every node, place and period."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from donghaeng.errors import Fault, Faults, InputError, listed
from donghaeng.index.aggregate import Aggregated, AggregationError, Given, aggregate, mixed
from donghaeng.index.normalise import CellProblem, Scaled, normalise
from donghaeng.index.observations import Observations
from donghaeng.index.place_means import Parts, mean_of_parts, parts_of
from donghaeng.index.prepare import Prepared, StepError, prepare
from donghaeng.index.recipe import PlaceMeans, Recipe
from donghaeng.index.structure import Structure
from donghaeng.index.tables import Attributes
from donghaeng.index.weights import weigher
from donghaeng.panel import Floats, Kinds, Panel
from donghaeng.periods import Period
from donghaeng.places import Place
from donghaeng.sources import Kind


@dataclass(frozen=True, eq=False)
class Scores:
    """The result of an index, with everything needed to run it again.

    Arrays have the shape places x periods x nodes.

    Attributes:
        structure: the tree.
        recipe: the method.
        observations: what went in.
        attributes: what is known of the places.
        panel: the statements that were used as input.
        compared: nodes whose observations were not used, but are compared with the result.
        prepared: values of the indicators before normalising, with what was imputed and treated.
        scaled: scores of the indicators.
        given: values of composites that were taken as published.
        aggregated: scores of all nodes.
        composite_places: positions of the places whose scores are means of their parts; they have no rank.
    """

    structure: Structure
    recipe: Recipe
    observations: Observations
    attributes: Attributes
    panel: Panel
    compared: frozenset[str]
    prepared: Prepared
    scaled: Scaled
    given: Given
    aggregated: Aggregated
    composite_places: frozenset[int]

    @property
    def places(self) -> tuple[str, ...]:
        """Place codes."""
        return self.panel.places

    @property
    def periods(self) -> tuple[Period, ...]:
        """Periods in the order of time."""
        return self.panel.periods

    @property
    def values(self) -> Floats:
        """Scores of all nodes; NaN where there is none."""
        return self.aggregated.values

    @property
    def kinds(self) -> Kinds:
        """Kind of each score."""
        return self.aggregated.kinds

    @property
    def shares(self) -> Floats:
        """Share of each node in its parent's average."""
        return self.aggregated.shares

    @property
    def available(self) -> Floats:
        """Number of indicators behind each score; NaN where a given value does not say."""
        return self.aggregated.available

    def year_before(self, period: int) -> int | None:
        """Give the position of the same period one year earlier."""
        wanted = self.periods[period].year_before
        return next((at for at, other in enumerate(self.periods) if other.text == wanted), None)

    @property
    def base(self) -> int | None:
        """Position of the base period; None when it has no observations."""
        wanted = self.recipe.base_period
        return next((at for at, period in enumerate(self.periods) if period.text == wanted), None)

    @property
    def base_is_constant(self) -> bool:
        """Whether every score in the base period is the base value, whatever it stands on."""
        return self.recipe.base_value is not None

    def change_on_year(self) -> Floats:
        """Change of each score on the same period one year before; NaN where one of the two is missing."""
        result = np.full(self.values.shape, np.nan)
        for period in range(len(self.periods)):
            before = self.year_before(period)
            if before is not None:
                result[:, period] = self.values[:, period] - self.values[:, before]
        return result

    def change_from_base(self) -> Floats:
        """Change of each score against the base period; NaN where the recipe has none, or the place no score."""
        if self.recipe.base_value is not None:
            return self.values - self.recipe.base_value
        if self.base is None:
            return np.full(self.values.shape, np.nan)
        return self.values - self.values[:, self.base : self.base + 1]

    def ranks(self) -> Floats:
        """Rank of each place by score: highest is 1, ties share the smallest rank; NaN for a single place."""
        result = np.full(self.values.shape, np.nan)
        ranked = np.array([place not in self.composite_places for place in range(len(self.places))])
        if ranked.sum() < 2:
            return result
        for period in range(len(self.periods)):
            for node in range(len(self.structure.nodes)):
                column = np.where(ranked, self.values[:, period, node], np.nan)
                ordered = np.sort(-column[np.isfinite(column)])
                ranks = np.searchsorted(ordered, -column, side="left") + 1.0
                result[:, period, node] = np.where(np.isfinite(column), ranks, np.nan)
        return result

    def imputed(self) -> Floats:
        """Number of indicators behind each score whose value was filled in."""
        counts = self.prepared.imputed.astype(np.float64)
        for index in self.structure.bottom_up:
            children = list(self.structure.children[index])
            if children:
                below = np.where(self.shares[..., children] != 0, counts[..., children], 0.0)
                counts[..., index] = below.sum(axis=-1)
        return counts

    def table(self) -> pa.Table:
        """Give the scores as a table, ordered by place, period and structure.

        Columns: place, period, node, level, value, kind, rank, available, imputed, of, change_from_base,
        change_on_year; null where there is none.
        """
        places, periods, nodes = self.values.shape
        return pa.table(
            {
                "place": np.repeat(self.places, periods * nodes),
                "period": np.tile(np.repeat([period.text for period in self.periods], nodes), places),
                "node": np.tile(self.structure.codes, places * periods),
                "level": np.tile(np.array(self.structure.levels, np.int64), places * periods),
                "value": _nullable(self.values),
                "kind": [Kind(kind).word if kind >= 0 else None for kind in self.kinds.ravel().tolist()],
                "rank": _nullable(self.ranks(), pa.int64()),
                "available": _nullable(self.available, pa.int64()),
                "imputed": _nullable(self.imputed(), pa.int64()),
                "of": np.tile(np.array(self.structure.stated_counts, np.int64), places * periods),
                "change_from_base": _nullable(self.change_from_base()),
                "change_on_year": _nullable(self.change_on_year()),
            }
        )

    def to_arrow(self) -> pa.Table:
        """Give the scores as an Arrow table."""
        return self.table()

    def to_pandas(self) -> Any:
        """Give the scores as a pandas data frame; needs pandas."""
        return self.table().to_pandas()

    def to_polars(self) -> Any:
        """Give the scores as a polars data frame; needs polars."""
        import polars

        return polars.from_arrow(self.table())

    def _repr_html_(self) -> str:
        """Show the composites of the newest period with scores, for notebooks."""
        from html import escape

        newest = self.newest_period()
        rows = []
        for place in range(len(self.places)):
            for index, node in enumerate(self.structure.nodes):
                value = self.values[place, newest, index]
                if not self.structure.is_leaf(index):
                    shown = "" if np.isnan(value) else f"{value:.1f}"
                    count = f"{self.available[place, newest, index]:g} of {self.structure.stated_counts[index]}"
                    cells = (self.places[place], node.code, node.names.get("en", ""), shown, count)
                    rows.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>")
        head = "<tr><th>place</th><th>node</th><th>name</th><th>score</th><th>indicators</th></tr>"
        caption = f"<caption>Scores {escape(self.periods[newest].text)}</caption>"
        return f"<table>{caption}<thead>{head}</thead><tbody>{''.join(rows)}</tbody></table>"

    def newest_period(self) -> int:
        """Give the position of the newest period in which the root has a score, else of the last period."""
        root = self.values[:, :, self.structure.root]
        with_score = np.flatnonzero(np.isfinite(root).any(axis=0))
        return int(with_score[-1]) if with_score.size else len(self.periods) - 1


def _nullable(values: Floats, kind: pa.DataType | None = None) -> pa.Array:
    array = pa.array(values.ravel(), from_pandas=True)
    return array.cast(kind) if kind is not None else array


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
    """Compute an index and collect what is wrong instead of raising; cells with faults have no score."""
    unknown = unknown_compared(structure, recipe.compare)
    if unknown:
        raise InputError(f"compare: unknown node {listed(unknown)}; expected root, inner, all or a code")
    compared = _compared(structure, recipe.compare)
    panel = observations.panel(structure, _ordered(places, observations), compared)
    _check_base(recipe, panel, observations, structure, faults)
    try:
        prepared = prepare(panel, structure, recipe, attributes)
        scaled, problems = normalise(panel, prepared, structure, recipe.normalise, attributes)
    except StepError as error:
        raise _step_fault(error, panel, observations, structure) from None
    for problem in problems:
        _problem_fault(problem, panel, observations, faults)
    given = _given(panel, structure)
    if recipe.aggregate.over == "indicators":
        _check_counts(given, panel, observations, faults)
    try:
        aggregated = aggregate(
            scaled,
            given,
            structure,
            recipe.aggregate,
            weigher(structure, recipe.weigh),
            freeze=recipe.freeze,
            observed=np.isfinite(panel.values) & ~prepared.imputed,
        )
    except AggregationError as error:
        raise _aggregation_fault(error, panel, observations, structure) from None
    for place, period, node in mixed(aggregated, structure):
        what = (
            f"simulated and other values meet in the average of {structure.codes[node]}, "
            f"{panel.places[place]}, {panel.periods[period]}"
        )
        file, line = _first_simulated(observations, panel, place, period, structure, node)
        faults.add(file, line, 1, what, "one or the other", "keep them in different nodes", "mixed")
    parts = parts_of(panel.places, places) if recipe.places else {}
    if recipe.places and parts:
        aggregated = _with_places(aggregated, parts, recipe.places, panel, attributes)
    return Scores(
        structure,
        recipe,
        observations,
        attributes,
        panel,
        compared,
        prepared,
        scaled,
        given,
        aggregated,
        frozenset(parts),
    )


def _with_places(
    aggregated: Aggregated, parts: Parts, method: PlaceMeans, panel: Panel, attributes: Attributes
) -> Aggregated:
    weights = np.ones((len(panel.places), len(panel.periods)))
    if method.weights:
        try:
            weights = attributes.numbers(method.weights, panel.places, panel.periods)
        except ValueError as error:
            raise InputError(f'places: the attribute "{method.weights}": {error}; expected numbers') from None
    try:
        return mean_of_parts(aggregated, parts, weights)
    except ValueError as error:
        raise InputError(
            f'places: {error}; give "{method.weights}" for every place and period in tables.yaml'
        ) from None


def _step_fault(error: StepError, panel: Panel, observations: Observations, structure: Structure) -> InputError:
    where = [
        *([structure.codes[error.node]] if error.node is not None else []),
        *([panel.places[error.place]] if error.place is not None else []),
        *([panel.periods[error.period].text] if error.period is not None else []),
    ]
    what = f"{error.step}{' of ' + ', '.join(where) if where else ''}: {error.error.what}"
    if error.node is None or error.place is None or error.period is None:
        parts = (what, error.error.expected and f"expected {error.error.expected}", error.error.remedy)
        return InputError("; ".join(part for part in parts if part))
    file, line = observations.location(int(panel.rows[error.place, error.period, error.node]))
    return InputError([Fault(file, line, 1, what, error.error.expected, error.error.remedy, "no-step")])


def _aggregation_fault(
    error: AggregationError, panel: Panel, observations: Observations, structure: Structure
) -> InputError:
    composite = structure.codes[error.composite]
    if error.cell is None:
        return InputError(f"the mean of {composite}: {error}")
    place, period, child = error.cell
    node = structure.children[error.composite][child]
    file, line = observations.location(int(panel.rows[place, period, node]))
    what = (
        f"the mean of {composite} fails at {structure.codes[node]}, {panel.places[place]}, {panel.periods[period]}: "
        f"{error.error.what}"
    )
    return InputError([Fault(file, line, 1, what, error.error.expected, error.error.remedy, "no-mean")])


def _ordered(places: Sequence[Place], observations: Observations) -> tuple[str, ...]:
    """Give the codes of the places that have values, or parts with values, in the order wanted."""
    if not places:
        return observations.places()
    present = set(observations.places())
    parents = {place.code: place.parent for place in places}
    for code in list(present):
        while (code := parents.get(code, "")) and code not in present:
            present.add(code)
    return tuple(place.code for place in places if place.code in present)


def unknown_compared(structure: Structure, words: Iterable[str]) -> list[str]:
    """Give the words of a recipe's ``compare`` that are neither ``root``, ``inner`` nor a code."""
    return [word for word in words if word not in {"root", "inner", "all", *structure.codes}]


def _compared(structure: Structure, words: Iterable[str]) -> frozenset[str]:
    nodes: set[str] = set()
    for word in words:
        if word == "root":
            nodes.add(structure.codes[structure.root])
        elif word == "all":
            nodes.update(structure.codes)
        elif word == "inner":
            nodes.update(code for index, code in enumerate(structure.codes) if not structure.is_leaf(index))
        else:
            nodes.add(word)
    return frozenset(nodes)


def _given(panel: Panel, structure: Structure) -> Given:
    inner = np.array([not structure.is_leaf(index) for index in range(len(structure.nodes))])
    return Given(
        np.where(inner, panel.values, np.nan),
        np.where(inner, panel.counts, np.nan),
        np.where(inner, panel.kinds, np.int8(-1)),
        np.where(inner, panel.half_digits, 0.0),
    )


def _check_base(recipe: Recipe, panel: Panel, observations: Observations, structure: Structure, faults: Faults) -> None:
    base = recipe.base_period
    leaves = np.array([structure.is_leaf(index) for index in range(len(structure.nodes))])
    if base and np.isfinite(panel.values[..., leaves]).any() and base not in [period.text for period in panel.periods]:
        what = f"no observation in the base period {base}"
        remedy = "add the values of the base period, or change base_period in recipe.yaml"
        faults.add(observations.label, 1, 1, what, f"values for {base}", remedy, "no-base")


def _check_counts(given: Given, panel: Panel, observations: Observations, faults: Faults) -> None:
    for place, period, node in np.argwhere(np.isfinite(given.values) & np.isnan(given.counts)):
        what = f"the given value of {panel.nodes[node]} has no count"
        remedy = "write how many indicators are behind it, or average over children in recipe.yaml"
        file, line = observations.location(int(panel.rows[place, period, node]))
        faults.add(file, line, 1, what, "a count of indicators", remedy, "missing-value")


def _problem_fault(problem: CellProblem, panel: Panel, observations: Observations, faults: Faults) -> None:
    row = int(panel.rows[problem.place, problem.period, problem.node])
    what = f"{problem.what} ({panel.places[problem.place]})"
    file, line = observations.location(row)
    faults.add(file, line, 1, what, problem.expected, problem.remedy, "no-ratio")


def _first_simulated(
    observations: Observations, panel: Panel, place: int, period: int, structure: Structure, node: int
) -> tuple[str, int]:
    """Give file and line of the first simulated observation below a node."""
    waiting, found = [node], []
    while waiting:
        index = waiting.pop()
        waiting += structure.children[index]
        if panel.kinds[place, period, index] == Kind.SIMULATED:
            found.append(int(panel.rows[place, period, index]))
    return observations.location(min(found, default=-1))
