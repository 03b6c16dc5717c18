"""Released statistics as pages need them: measure by measure, simulated ones apart from published ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from donghaeng.release.read import Row
from donghaeng.site.pack_view import PackView, named
from donghaeng.site.view import SIMULATED, Stream
from donghaeng.wording import PageLanguage

#: Code of all values of a column together.
TOTAL = "_T"
#: So many periods a page shows, the last ones; the files hold all.
MOST_PERIODS: Mapping[str, int] = {"day": 31, "month": 12, "year": 12}


@dataclass(frozen=True)
class Group:
    """A column by which a measure is told apart.

    Attributes:
        column: its name.
        rows: what each code means, rows of ``measure_codes``, by code.
    """

    column: str
    rows: Mapping[str, Row]

    def title(self, language: PageLanguage) -> str:
        """Give the name of the column."""
        return named(next(iter(self.rows.values())), "title", language)

    def label(self, code: str, language: PageLanguage) -> str:
        """Give the name of a value."""
        return named(self.rows[code], "label", language) if code in self.rows else code


@dataclass(frozen=True)
class Statistic:
    """A measure with its numbers of one stream.

    Attributes:
        id: id of the measure.
        stream: published numbers, or simulated ones.
        definition: its row of ``measures``.
        groups: columns by which it is told apart.
        periods: its periods, in the order of time.
        numbers: its rows of ``statistics``, by codes and period; codes in their order, all together first.
        is_share: it is a ratio of two counts, which is written in percent.
    """

    id: str
    stream: Stream
    definition: Row
    groups: tuple[Group, ...]
    periods: tuple[str, ...]
    numbers: Mapping[tuple[str, ...], Mapping[str, Row]]
    is_share: bool

    @property
    def bound(self) -> str:
        """The end of a range that its numbers are, ``least`` or ``most``; empty for the numbers themselves."""
        return str(self.definition.get("bound") or "")

    @property
    def slug(self) -> str:
        """Its name in the page."""
        return self.id if self.stream == "public" else f"{self.id}-{SIMULATED}"

    @property
    def shown(self) -> tuple[str, ...]:
        """The periods that a page shows."""
        return self.periods[-MOST_PERIODS[str(self.definition["period"])] :]

    @property
    def has_suppressed(self) -> bool:
        """Whether a number of the periods shown is left out."""
        return any(row["suppressed"] for cells in self.numbers.values() for row in self.cells(cells))

    @property
    def has_incomplete(self) -> bool:
        """Whether a number of the periods shown lacks something."""
        return any(row["incomplete"] for cells in self.numbers.values() for row in self.cells(cells))

    def cells(self, cells: Mapping[str, Row]) -> list[Row]:
        """Give the numbers of the periods shown."""
        return [cells[period] for period in self.shown if period in cells]

    def name(self, language: PageLanguage) -> str:
        """Give the title of the measure."""
        return named(self.definition, "title", language) or self.id

    def label(self, codes: tuple[str, ...], language: PageLanguage) -> str:
        """Give the names of some values together; all of a column are not named beside others."""
        chosen = [(group, code) for group, code in zip(self.groups, codes, strict=True) if code != TOTAL]
        pairs = chosen or list(zip(self.groups, codes, strict=True))[:1]
        return " · ".join(group.label(code, language) for group, code in pairs)


def amount(row: Row) -> float | None:
    """Give the number of a row, whichever column it stands in; None where it is not shown."""
    value = row["value"] if row["ratio"] is None else row["ratio"]
    return None if value is None else float(value)


def statistics_of(view: PackView) -> tuple[Statistic, ...]:
    """Give the statistics of a pack in the order of its measures, published ones first."""
    definitions = {str(row["measure"]): row for row in view.rows("measures")}
    found = []
    for measure_id, definition in definitions.items():
        own = [row for row in view.rows("statistics") if row["measure"] == measure_id]
        streams: tuple[Stream, ...] = ("public", "simulated")
        for stream in streams:
            rows = [row for row in own if (row["kind"] == SIMULATED) is (stream == "simulated")]
            if rows:
                found.append(_statistic(view, definitions, definition, rows, stream))
    return tuple(found)


def _statistic(
    view: PackView, definitions: Mapping[str, Row], definition: Row, rows: list[Row], stream: Stream
) -> Statistic:
    columns = [name for name in str(definition["groups"]).split(";") if name]
    table = str(definition["table"] or definitions[str(definition["of"])]["table"])
    groups = tuple(
        Group(
            column,
            {
                str(row["code"]): row
                for row in view.rows("measure_codes")
                if (row["table"], row["column"]) == (table, column)
            },
        )
        for column in columns
    )
    numbers: dict[tuple[str, ...], dict[str, Row]] = {}
    for row in rows:
        codes = tuple(str(row[f"by_{column}"]) for column in columns)
        numbers.setdefault(codes, {})[str(row["period"])] = row
    sides = [definitions[str(definition[key])]["calculate"] for key in ("of", "to") if definition[key]]
    periods = tuple(sorted({str(row["period"]) for row in rows}))
    is_share = sides == ["count", "count"]
    return Statistic(str(definition["measure"]), stream, definition, groups, periods, numbers, is_share)
