"""Scores: the result of an index as one value, with everything needed to run it again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from donghaeng.errors import UsageError
from donghaeng.index.aggregate import Aggregated, Given
from donghaeng.index.normalise import Scaled
from donghaeng.index.observations import Observations
from donghaeng.index.place_means import Parts
from donghaeng.index.prepare import Prepared
from donghaeng.index.recipe import Recipe
from donghaeng.index.structure import Structure
from donghaeng.index.tables import Attributes
from donghaeng.panel import Floats, Kinds, Mask, Panel
from donghaeng.periods import Period
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
        parts: positions of the parts of each place whose scores are means of its parts; it has no rank.
        unlinked: scores before they were chained or rebased; None where the recipe does neither.
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
    parts: Parts
    unlinked: Aggregated | None = None

    def __repr__(self) -> str:
        """Say in a line what it is; `table` has the numbers."""
        counts = f"{len(self.places)} places, {len(self.periods)} periods, {len(self.structure.nodes)} nodes"
        return f"Scores({self.structure.codes[self.structure.root]}: {counts})"

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
        """Rank of each place by score: highest is 1, ties share the smallest rank; NaN for a single place.

        In nodes that the recipe ranks from the lowest on (``lowest_first``), the lowest is 1. Places are ranked among
        those of the same breakdown.
        """
        result = np.full(self.values.shape, np.nan)
        labels = np.array([self.attributes.breakdowns.get(place, "") for place in self.places])
        for name in dict.fromkeys(labels.tolist()):
            among = self._ranks_among(labels == name)
            result = np.where(np.isnan(among), result, among)
        return result

    def _ranks_among(self, chosen: Mask) -> Floats:
        result = np.full(self.values.shape, np.nan)
        lowest_first = nodes_named(self.structure, self.recipe.lowest_first)
        ranked = chosen & np.array([place not in self.parts for place in range(len(self.places))])
        if ranked.sum() < 2:
            return result
        for period in range(len(self.periods)):
            for node in range(len(self.structure.nodes)):
                column = np.where(ranked, without_noise(self.values[:, period, node]), np.nan)
                if self.structure.codes[node] in lowest_first:
                    column = -column
                ordered = np.sort(-column[np.isfinite(column)])
                ranks = np.searchsorted(ordered, -column, side="left") + 1.0
                result[:, period, node] = np.where(np.isfinite(column), ranks, np.nan)
        return result

    def imputed(self) -> Floats:
        """Number of indicators behind each score whose value was filled in; of a place with parts, the most of any."""
        counts = self.prepared.imputed.astype(np.float64)
        for index in self.structure.bottom_up:
            children = list(self.structure.children[index])
            if children:
                below = np.where(self.aggregated.in_use[..., children], counts[..., children], 0.0)
                counts[..., index] = below.sum(axis=-1)
        for place, members in self.parts.items():
            counts[place] = counts[members].max(axis=0)
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
        try:
            import polars
        except ModuleNotFoundError:
            raise UsageError("polars is not installed: pip install polars, or take to_arrow()") from None
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


def nodes_named(structure: Structure, words: Iterable[str]) -> frozenset[str]:
    """Give the codes that words of a recipe stand for: ``root``, ``inner`` (all composites), ``all``, or codes."""
    codes = structure.codes
    inner = {code for index, code in enumerate(codes) if not structure.is_leaf(index)}
    sets = {"root": {codes[structure.root]}, "inner": inner, "all": set(codes)}
    return frozenset().union(*(sets.get(word, {word}) for word in words))


def without_noise(values: Floats) -> Floats:
    """Round to twelve significant digits, so that the last bits of a sum do not part what is tied."""
    with np.errstate(divide="ignore"):
        size = np.where(values == 0, 0.0, np.floor(np.log10(np.abs(values))))
    unit = 10.0 ** (np.nan_to_num(size) - 11)
    rounded: Floats = np.round(values / unit) * unit
    return rounded


def _nullable(values: Floats, kind: pa.DataType | None = None) -> pa.Array:
    array = pa.array(values.ravel(), from_pandas=True)
    return array.cast(kind) if kind is not None else array
