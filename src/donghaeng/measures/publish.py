"""What is published of measures: flat tables, with small counts and what would give them back left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from donghaeng.measures.compute import TOTAL, Computed, Figure, Key
from donghaeng.measures.expression import UNKNOWN
from donghaeng.measures.measure import Measure, MeasuresSection, RatioMeasure, RowMeasure
from donghaeng.measures.patterns import possible_patterns
from donghaeng.measures.protection import THRESHOLD, Part, suppressed

#: A number of a measure: id of the measure, period and groups.
Id = tuple[str, Key]

#: Columns of `statistics_table` after measure, period and groups, with their types.
NUMBERS: Mapping[str, pa.DataType] = {
    "value": pa.int64(),
    "ratio": pa.float64(),
    "incomplete": pa.bool_(),
    "suppressed": pa.bool_(),
    "bound": pa.string(),
    "kind": pa.string(),
}
#: Columns of `entries_table` with their types.
ENTRIES: Mapping[str, pa.DataType] = {
    "first_day": pa.string(),
    "last_day": pa.string(),
    "last_sequence": pa.int64(),
    "threshold": pa.int64(),
    "kind": pa.string(),
}

TOTAL_TEXT = {"ko": "모두", "en": "All"}


def statistics_table(computed: Computed, threshold: int = THRESHOLD) -> pa.Table:
    """Give the numbers of all measures that may be published.

    Columns: ``measure``, ``period``, one ``by_COLUMN`` for each column by which a measure is told apart (`TOTAL` for
    all values together, `UNKNOWN` for entries without a known one, null where the measure is not told apart by it),
    ``value`` (of a count or a sum), ``ratio`` (of a ratio), ``incomplete`` (some entries have no value to count or add
    up), ``suppressed`` (left out so that nobody is recognised), ``bound`` (``least`` or ``most``: the number is this
    end of a range; empty for the number itself) and ``kind`` (``simulated`` or ``published``).

    Args:
        computed: the measures.
        threshold: counts below it are small.
    """
    hidden = hidden_figures(computed, threshold)
    groups = list(dict.fromkeys(column.name for one in computed.section.of_rows for column in one.groups))
    rows = [
        {"measure": measure.id, "period": key[0]}
        | {f"by_{column.name}": code for column, code in zip(measure.groups, key[1:], strict=True)}
        | numbers
        | {"bound": measure.bound, "kind": kind_of(computed)}
        for measure in computed.section.measures.values()
        for key, numbers in _numbers(computed, measure, hidden)
    ]
    texts = [(name, pa.string()) for name in ("measure", "period", *(f"by_{name}" for name in groups))]
    return pa.Table.from_pylist(rows, pa.schema([*texts, *NUMBERS.items()]))


def kind_of(computed: Computed) -> str:
    """Say how the numbers are known."""
    return "simulated" if computed.simulated else "published"


def _numbers(computed: Computed, measure: Measure, hidden: frozenset[Id]) -> Iterator[tuple[Key, dict[str, Any]]]:
    if isinstance(measure, RowMeasure):
        for key, figure in computed.figures[measure.id].items():
            is_hidden = (measure.id, key) in hidden
            value = None if is_hidden else _told(measure, figure)
            yield key, {"value": value, "incomplete": _incomplete(figure, is_hidden), "suppressed": is_hidden}
        return
    for key, above in computed.figures[measure.of.id].items():
        below_key = _below(measure, key)
        below = computed.figures[measure.to.id].get(below_key, Figure(0, 0))
        is_hidden = bool({(measure.of.id, key), (measure.to.id, below_key)} & hidden)
        over = None if is_hidden else _told(measure.of, above)
        ratio = over / below.value if over is not None and below.value else None
        incomplete = (above.incomplete or below.incomplete) and not is_hidden
        yield key, {"ratio": ratio, "incomplete": incomplete, "suppressed": is_hidden}


def _told(measure: RowMeasure, figure: Figure) -> int | None:
    """Give the number that is told; the end of a range of which parts are not known is no end."""
    return None if measure.bound and figure.incomplete else figure.value


def _incomplete(figure: Figure, is_hidden: bool) -> bool:
    """Say that a number lacks something; of one that is left out it would tell too much."""
    return figure.incomplete and not is_hidden


def _below(measure: RatioMeasure, key: Key) -> Key:
    """Give the period and groups of the number below the line."""
    codes = dict(zip((column.name for column in measure.of.groups), key[1:], strict=True))
    return (key[0], *(codes[column.name] for column in measure.to.groups))


def hidden_figures(computed: Computed, threshold: int = THRESHOLD) -> frozenset[Id]:
    """Choose the numbers that are left out, over all measures of a table together.

    Sums and counts of distinct values are left out with the count of the entries that they are made of. Few distinct
    values are left out too; others do not give them back, since counts of distinct values do not add up. Days are no
    persons, and may be few.
    """
    found: set[Id] = set()
    for table in computed.section.tables:
        measures = {measure.id: measure for measure in computed.section.of_rows if measure.table == table}
        by_period: dict[str, dict[Id, Figure]] = {}
        for measure_id in measures:
            for key, figure in computed.figures[measure_id].items():
                by_period.setdefault(key[0], {})[measure_id, key] = figure
        made_of = _made_of(computed, measures)
        for figures in by_period.values():
            parts = {
                (measure_id, key): Part(made_of[measure_id, key[1:]], figure.rows, figure.contributors < threshold)
                for (measure_id, key), figure in figures.items()
            }
            found |= suppressed(parts, threshold)
            found |= {
                one
                for one, figure in figures.items()
                if _counts_names(measures[one[0]]) and (figure.value or 0) < threshold
            }
    return frozenset(found)


def _counts_names(measure: RowMeasure) -> bool:
    """Say whether a measure counts distinct values that could be persons."""
    column = measure.column
    is_day = column is not None and column.type is not None and column.type.kind == "date"
    return measure.calculate == "distinct" and not is_day


def _made_of(
    computed: Computed, measures: Mapping[str, RowMeasure]
) -> dict[tuple[str, tuple[str, ...]], frozenset[int]]:
    """Say of each measure and groups which patterns of entries count in it, by their numbers."""
    groups = {measure_id: sorted({key[1:] for key in computed.figures[measure_id]}) for measure_id in measures}
    table = next(iter(measures.values())).table
    patterns = possible_patterns(list(measures.values()), computed.always_known[table])
    found = {}
    for measure_id, given in groups.items():
        for codes in given:
            pairs = zip(measures[measure_id].groups, codes, strict=True)
            wanted = {(column.name, code) for column, code in pairs if code != TOTAL}
            found[measure_id, codes] = frozenset(
                number
                for number, pattern in enumerate(patterns)
                if measure_id in pattern.measures and wanted <= set(pattern.groups)
            )
    return found


def entries_table(computed: Computed, threshold: int = THRESHOLD) -> pa.Table:
    """Say what the numbers are made of: ``first_day``, ``last_day``, ``last_sequence``, ``threshold`` and ``kind``.

    Args:
        computed: the measures.
        threshold: counts below it were small.
    """
    row = {
        "first_day": computed.first_day.isoformat() if computed.first_day else None,
        "last_day": computed.last_day.isoformat() if computed.last_day else None,
        "last_sequence": computed.last_sequence,
        "threshold": threshold,
        "kind": kind_of(computed),
    }
    return pa.Table.from_pylist([row], pa.schema(list(ENTRIES.items())))


_TEXTS = ("title", "description", "unit")
#: Columns of `definitions_table`.
DEFINITION = (
    "measure",
    *(f"{name}_{language}" for name in _TEXTS for language in ("ko", "en")),
    *("calculate", "table", "kinds", "last_of", "day", "column", "filter", "groups", "period", "of", "to", "bound"),
)


def definitions_table(section: MeasuresSection) -> pa.Table:
    """Give the measures as they are declared.

    Columns: ``measure``; title, description and unit by language; ``calculate``; of what is counted in entries
    ``table`` with its ``kinds``, ``last_of`` and ``day``, ``column`` and ``filter``; ``groups`` and ``period``; ``of``
    and ``to`` of a ratio; ``bound`` of the end of a range. Several names have semicolons between.
    """
    rows = []
    for measure in section.measures.values():
        said = {"title": measure.said.title, "description": measure.said.description, "unit": measure.said.unit}
        row = {f"{name}_{language}": said[name].get(language, "") for name in _TEXTS for language in ("ko", "en")}
        row |= {"measure": measure.id, "groups": ";".join(column.name for column in measure.groups)}
        row |= {"period": measure.period, "bound": measure.bound}
        if isinstance(measure, RatioMeasure):
            row |= {"calculate": "ratio", "of": measure.of.id, "to": measure.to.id}
        else:
            column = measure.column.name if measure.column else ""
            row |= {"calculate": measure.calculate, "table": measure.table, "column": column}
            shape = section.tables[measure.table]
            row |= {"kinds": ";".join(shape.sources), "last_of": shape.last_of, "day": shape.day}
            row |= {"filter": measure.filter_text}
        rows.append({name: row.get(name, "") for name in DEFINITION})
    return pa.Table.from_pylist(rows, pa.schema([(name, pa.string()) for name in DEFINITION]))


#: Columns of `codes_table`.
CODE = ("table", "column", "title_ko", "title_en", "code", "label_ko", "label_en")


def codes_table(section: MeasuresSection) -> pa.Table:
    """Give what the codes of ``by_COLUMN`` mean: ``table``, ``column`` and its title, ``code`` and its label."""
    rows = [
        {"table": table, "column": column, "code": code}
        | {f"title_{language}": labels.title.get(language, "") for language in ("ko", "en")}
        | {f"label_{language}": text.get(language, "") for language in ("ko", "en")}
        for (table, column), labels in section.labels.items()
        for code, text in ({TOTAL: TOTAL_TEXT} | dict(labels.codes) | {UNKNOWN: labels.unknown}).items()
    ]
    return pa.Table.from_pylist(rows, pa.schema([(name, pa.string()) for name in CODE]))
