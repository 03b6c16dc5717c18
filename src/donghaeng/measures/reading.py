"""Reading ``measures.yaml``: checked against the columns of the tables that it names, all faults together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from donghaeng.documents import read_model
from donghaeng.errors import Faults, listed, nearest
from donghaeng.measures.document import (
    ColumnModel,
    DistinctModel,
    MeasureModel,
    Measures,
    RatioModel,
    RowsModel,
    TableModel,
)
from donghaeng.measures.measure import Labels, Measure, MeasuresSection, RatioMeasure, RowMeasure, Said
from donghaeng.measures.patterns import MOST_COMBINATIONS, combinations
from donghaeng.measures.shape import UNKNOWN_TEXT, YES_NO, Column, Period, TableShape
from donghaeng.rules.language import parse_condition
from donghaeng.rules.placing import Path_, Places, check_texts
from donghaeng.rules.tree import Expression, names
from donghaeng.rules.types import Type
from donghaeng.wording import Language, Text

#: Types of columns that can be added up.
SUMMED = ("integer", "money")


def read_measures(
    path: Path,
    label: str,
    tables: Mapping[str, TableShape],
    code_lists: Mapping[str, Mapping[str, Text]],
    languages: tuple[Language, ...],
    faults: Faults,
) -> MeasuresSection | None:
    """Read ``measures.yaml``.

    Args:
        path: the file.
        label: how faults name it.
        tables: the tables that measures may read, by name.
        code_lists: labels by code of the inputs and outcomes of the pack's decision tables, ``TABLE.NAME``.
        languages: languages in which every text is given.
        faults: where faults go.

    Returns:
        The measures; None when they have faults.
    """
    before = len(faults.errors)
    model, document = read_model(path, label, Measures, faults)
    if model is None:
        return None
    reading = _Reading(Places(document, faults), tables, code_lists, languages)
    reading.read_tables(model)
    for measure_id, one in model.measures.items():
        if isinstance(one, RowsModel):
            reading.read_rows(measure_id, one)
    for measure_id, one in model.measures.items():
        if isinstance(one, RatioModel):
            reading.read_ratio(measure_id, one, model)
    reading.check_sizes()
    if len(faults.errors) > before:
        return None
    used = {measure.table for measure in reading.found.values() if isinstance(measure, RowMeasure)}
    return MeasuresSection(
        {measure_id: reading.found[measure_id] for measure_id in model.measures},
        {name: reading.tables[name] for name in sorted(used)},
        reading.labels,
    )


@dataclass
class _Reading:
    """Holds the parts of a file against one another.

    Attributes:
        places: reports faults.
        tables: tables by name; those with declared columns take their types.
        code_lists: labels by code, by name.
        languages: languages of the pack.
        labels: what columns are called, by table and column.
        found: measures that are free of faults.
        lengths: period of the first measure of each table.
        counted_in: the table in which each kind of entry or table of a service is counted.
    """

    places: Places
    tables: Mapping[str, TableShape]
    code_lists: Mapping[str, Mapping[str, Text]]
    languages: tuple[Language, ...]
    labels: dict[tuple[str, str], Labels] = field(default_factory=dict)
    found: dict[str, Measure] = field(default_factory=dict)
    lengths: dict[str, Period] = field(default_factory=dict)
    counted_in: dict[str, str] = field(default_factory=dict)

    def read_tables(self, model: Measures) -> None:
        """Take the tables: their kinds, and what their columns and values are called."""
        tables = dict(self.tables)
        for name, one in model.tables.items():
            path: Path_ = ("tables", name)
            shape = self._joined(name, one, path)
            if shape is None:
                continue
            columns = dict(shape.columns)
            for column_name, column in one.columns.items():
                here: Path_ = (*path, "columns", column_name)
                check_texts(self.places, column, self.languages, here, ("title", "unknown"))
                if column_name not in columns:
                    self._unknown_column(column_name, columns, here, of_key=True)
                    continue
                codes = self._codes(column, columns[column_name], here)
                if codes is not None:
                    columns[column_name] = _typed(columns[column_name], codes)
                    unknown = column.unknown or UNKNOWN_TEXT
                    self.labels[name, column_name] = Labels(column.title, codes, unknown)
            tables[name] = replace(shape, columns=columns)
        self.tables = tables

    def _joined(self, name: str, one: TableModel, path: Path_) -> TableShape | None:
        """Give a table of one kind or of several, with the columns that all of them have."""
        kinds = one.kinds or (name,)
        shapes = []
        for number, kind in enumerate(kinds):
            shape = self._table(kind, (*path, "kinds", number) if one.kinds else path, of_key=not one.kinds)
            if shape is None:
                return None
            shapes.append(shape)
        if len({(shape.is_entries, shape.day, shape.person) for shape in shapes}) > 1:
            what, expected = "a table of a service beside others", "kinds of entry, or one table of a service"
            self.places.fault((*path, "kinds"), what, expected, "declare it apart", "wrong-value")
            return None
        columns = {
            column.name: replace(
                column,
                is_name=any(shape.columns[column.name].is_name for shape in shapes),
                is_fact=any(shape.columns[column.name].is_fact for shape in shapes),
            )
            for column in shapes[0].columns.values()
            if all(column.name in shape.columns and shape.columns[column.name].type == column.type for shape in shapes)
        }
        table = replace(shapes[0], name=name, columns=columns, kinds=kinds)
        if one.last_of is not None and not table.is_entries:
            what = f"{listed(kinds)} is a table of a service, whose rows are not recorded one after the other"
            self.places.fault((*path, "last_of"), what, "a table of entries", "remove it", "wrong-value")
        elif one.last_of is not None and self._column(one.last_of, table, (*path, "last_of")):
            table = replace(table, last_of=one.last_of)
        if one.day is not None and (column := self._column(one.day, table, (*path, "day"))):
            if column.type is None or column.type.kind != "date":
                what = f"{one.day} is no day"
                self.places.fault((*path, "day"), what, "a column of days", "name another column", "wrong-type")
            table = replace(table, day=one.day)
        return table

    def _codes(self, one: ColumnModel, column: Column, path: Path_) -> Mapping[str, Text] | None:
        """Give the values of a column with their labels; None, with a fault, where it cannot have any."""
        codes: Mapping[str, Text] | None = one.codes
        if one.codes_of is not None:
            listed_codes = self.code_lists.get(one.codes_of)
            if not listed_codes:
                known = [name for name, labels in self.code_lists.items() if labels]
                expected = f"one of {listed(known)}" if known else "codes"
                what, remedy = f'"{one.codes_of}" is no list of codes', nearest(one.codes_of, known) or "correct it"
                self.places.fault((*path, "codes_of"), what, expected, remedy, "unknown-name")
                return None
            codes = {**listed_codes, **(one.codes or {})}
        for code, text in (one.codes or {}).items():
            for language in self.languages:
                if language not in text:
                    what, expected = f'the label of "{code}" is missing in {language}', "every language of the pack"
                    self.places.fault((*path, "codes", code), what, expected, "write it", "missing-value")
        if column.type is not None and not column.codes:
            what = f"{column.name} has no list of values: it is {column.type.phrase}"
            self.places.fault(path, what, "a column of codes, of yes and no, or of texts", "remove it", "wrong-type")
            return None
        if column.is_name:
            what = f"{column.name} names persons or things"
            self.places.fault(path, what, "a column whose values may be published", "remove it", "wrong-type")
            return None
        if column.type is None and codes is None:
            what = f"{column.name} is a text without a list of values"
            self.places.fault(path, what, "codes or codes_of", "list its values", "missing-key")
            return None
        if column.codes:  # the kind of entry says which values there are
            codes = codes if codes is not None else YES_NO if set(column.codes) == set(YES_NO) else {}
            missing = [code for code in column.codes if code not in codes]
            extra = [code for code in codes if code not in column.codes]
            if missing or extra:
                wrong = f"no label for {listed(missing)}" if missing else f"no value {listed(extra)}"
                expected = f"a label for each of {listed(column.codes, 40)}"
                self.places.fault((*path, "codes"), f"{column.name} has {wrong}", expected, "correct it", "wrong-value")
                return None
            codes = {code: codes[code] for code in column.codes}
        return codes

    def read_rows(self, measure_id: str, one: RowsModel) -> None:
        """Take a count, a count of distinct values or a sum."""
        path: Path_ = ("measures", measure_id)
        self._check_texts(one, path)
        before = len(self.places.faults.errors)
        shape = self._table(one.table, (*path, "table"))
        if shape is None:
            return
        for source in shape.sources:
            if (other := self.counted_in.setdefault(source, one.table)) != one.table:
                what = f"{source} is counted in the table {other} too"
                expected = "one table for each: what is left out of one could be computed from the other"
                self.places.fault((*path, "table"), what, expected, f"count it in {other}", "twice")
        length = self.lengths.setdefault(one.table, one.period)
        if length != one.period:
            what = f"another measure of {one.table} has the period {length}"
            expected = "one period for all measures of a table: sums of others would give back what is suppressed"
            self.places.fault((*path, "period"), what, expected, f"write {length}", "period")
        filter_ = self._filter(one.filter, shape, (*path, "filter")) if one.filter is not None else None
        groups = tuple(
            column
            for number, name in enumerate(one.groups)
            if (column := self._group(name, shape, (*path, "groups", number)))
        )
        if len(set(one.groups)) < len(one.groups):
            self.places.fault((*path, "groups"), "a column is named twice", "each once", "remove one", "twice")
        calculate = one.calculate  # type: ignore[attr-defined]
        column = None
        if calculate != "count":
            column = self._column(one.column, shape, (*path, "column"))  # type: ignore[attr-defined]
            if column is None:
                return
            if isinstance(one, DistinctModel) and column.bound:
                what = f"{column.name} is the end of a range"
                self.places.fault((*path, "column"), what, "a column that is known", "sum it", "wrong-type")
            if not isinstance(one, DistinctModel) and (column.type is None or column.type.kind not in SUMMED):
                given = column.type.phrase if column.type else "a text"
                what = f"{column.name} is {given}"
                self.places.fault((*path, "column"), what, "whole numbers", "name another column", "wrong-type")
        if len(self.places.faults.errors) == before:
            said = Said(one.title, one.unit, one.description or {})
            text = (one.filter or "").strip()
            self.found[measure_id] = RowMeasure(
                measure_id, said, calculate, one.table, column, filter_, text, groups, one.period
            )

    def read_ratio(self, measure_id: str, one: RatioModel, model: Measures) -> None:
        """Take a ratio of two measures that were read before."""
        path: Path_ = ("measures", measure_id)
        self._check_texts(one, path)
        plain = [name for name, other in model.measures.items() if isinstance(other, RowsModel)]
        sides = []
        for key, name in (("of", one.of), ("to", one.to)):
            if name not in plain:
                what = f'"{name}" is a ratio itself' if name in model.measures else f'unknown measure "{name}"'
                remedy = nearest(name, plain) or "correct it"
                self.places.fault((*path, key), what, f"one of {listed(plain)}", remedy, "unknown-name")
            elif name in self.found:
                sides.append(self.found[name])
        if len(sides) < 2 or not (isinstance(sides[0], RowMeasure) and isinstance(sides[1], RowMeasure)):
            return  # the measure has faults of its own
        of, to = sides[0], sides[1]
        if of.period != to.period:
            what = f"{of.id} is by {of.period}, {to.id} by {to.period}"
            self.places.fault((*path, "to"), what, "two measures of one period", "name another", "period")
        if to.bound:
            what = f"{to.id} is the end of a range"
            self.places.fault((*path, "to"), what, "a measure that is known", "name another", "wrong-type")
        strange = [column.name for column in to.groups if column.name not in {own.name for own in of.groups}]
        if strange:
            what = f"{to.id} is told apart by {listed(strange)}, {of.id} is not"
            self.places.fault((*path, "to"), what, "the groups of the other, or some of them", "name another", "groups")
        self.found[measure_id] = RatioMeasure(measure_id, Said(one.title, one.unit, one.description or {}), of, to)

    def check_sizes(self) -> None:
        """Refuse measures that tell apart more than can be looked at before it is published."""
        tables = dict.fromkeys(one.table for one in self.found.values() if isinstance(one, RowMeasure))
        for table in tables:
            own = [one for one in self.found.values() if isinstance(one, RowMeasure) and one.table == table]
            if (count := combinations(own)) > MOST_COMBINATIONS:
                what = f"the measures of {table} tell apart {count:,} combinations of values"
                path: Path_ = ("measures", own[-1].id)
                expected = f"at most {MOST_COMBINATIONS:,}"
                self.places.fault(path, what, expected, "use fewer columns in filters and groups", "too-large")

    def _check_texts(self, one: MeasureModel, path: Path_) -> None:
        check_texts(self.places, one, self.languages, path, ("title", "description", "unit"))

    def _table(self, name: str, path: Path_, of_key: bool = False) -> TableShape | None:
        shape = self.tables.get(name)
        if shape is None:
            expected = f"one of {listed(sorted(self.tables), 40)}" if self.tables else "a kind of entry"
            remedy = nearest(name, self.tables) or "correct it"
            self.places.fault(path, f'unknown table "{name}"', expected, remedy, "unknown-name", of_key=of_key)
        return shape

    def _column(self, name: str, shape: TableShape, path: Path_) -> Column | None:
        if name not in shape.columns:
            self._unknown_column(name, shape.columns, path)
            return None
        return shape.columns[name]

    def _unknown_column(self, name: str, known: Mapping[str, Column], path: Path_, of_key: bool = False) -> None:
        what, expected = f'unknown column "{name}"', f"one of {listed(known, 40)}"
        self.places.fault(path, what, expected, nearest(name, known) or "correct it", "unknown-name", of_key=of_key)

    def _group(self, name: str, shape: TableShape, path: Path_) -> Column | None:
        column = self._column(name, shape, path)
        if column is not None and (shape.name, name) not in self.labels:
            what = f"nothing says what {name} is called"
            expected = f"tables: {shape.name}: columns: {name}: with a title and the labels of its values"
            self.places.fault(path, what, expected, "write it", "missing-key")
            return None
        return column

    def _filter(self, text: str, shape: TableShape, path: Path_) -> Expression | None:
        scope = {name: column.type for name, column in shape.columns.items() if column.type is not None}
        node, problems = parse_condition(text, scope)
        for column in (shape.columns[part] for part in (names(node) if node is not None else ())):
            if column.bound:
                what = f"{column.name} is the end of a range, and who counts would be uncertain without a word of it"
                self.places.fault(path, what, "columns that are known", "use another", "wrong-type")
        for problem in problems:
            offset = problem.offset if "\n" not in text else 0
            self.places.fault(path, problem.what, problem.expected, problem.remedy, problem.code, offset=offset)
        return node


def _typed(column: Column, codes: Mapping[str, Text]) -> Column:
    """Give a column the labels of its values."""
    if column.type is not None and column.type.kind != "code":
        return column
    return replace(column, type=Type("code", codes))
