"""The two tables as one checked value: a tree of indicators, and records of places and periods."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from donghaeng import periods
from donghaeng.catalogue.coin.sheets import DATA, META, SheetRow, Table
from donghaeng.errors import Faults, listed, nearest
from donghaeng.index.structure import LEAST_WEIGHT, MOST_WEIGHT, Node, Structure
from donghaeng.table import NUMBER_FORM, Row, number
from donghaeng.wording import Language

TYPES = ("Indicator", "Aggregate", "Group", "Denominator", "Other")
#: Columns of iData that describe the place, and need no row in iMeta.
SPECIAL = ("uCode", "uName", "Time")
#: What R writes for a missing value; taken so in columns of numbers, and for no parent or denominator.
NOT_AVAILABLE = "NA"
_RESERVED = ("place", "period")


@dataclass(frozen=True)
class Record:
    """One row of iData.

    Attributes:
        place: code of the place.
        period: its period.
        line: row or line in the input.
        values: text of each cell that has a value, by code.
    """

    place: str
    period: str
    line: int
    values: Mapping[str, str]


@dataclass(frozen=True)
class Framework:
    """What the two tables say.

    Attributes:
        structure: the tree, every branch together, children in the order of iMeta.
        attributes: codes of groups, denominators and others, in the order of iMeta.
        names: name of each place by code, in the order of iData.
        records: the rows of iData.
        data_label: how faults name the file of iData.
        without_unit: number of indicators without a unit.
        ignored: columns of iMeta that have no place in a pack.
    """

    structure: Structure
    attributes: tuple[str, ...]
    names: Mapping[str, str]
    records: tuple[Record, ...]
    data_label: str
    without_unit: int
    ignored: tuple[str, ...]

    @property
    def indicators(self) -> tuple[str, ...]:
        """Codes of the indicators, in the order of the tree."""
        tree = self.structure
        return tuple(code for index, code in enumerate(tree.codes) if tree.is_leaf(index))


@dataclass
class _Entry:
    """A row of iMeta."""

    row: Row
    code: str
    type: str
    parent: str
    children: list[str] = field(default_factory=list)


_META_COLUMNS = (
    *("iCode", "iName", "Level", "Direction", "Weight"),
    *("Unit", "Target", "Denominator", "Parent", "Type"),
)


def read_framework(
    data: Table | None, meta: Table | None, language: Language, period: str, faults: Faults
) -> Framework | None:
    """Check the two tables together.

    Args:
        data: iData; None when it could not be read, then iMeta alone is checked.
        meta: iMeta, likewise.
        language: language of the names.
        period: the period of all rows when iData has no Time; empty for none.
        faults: where faults go.

    Returns:
        The framework, or None when there are faults.
    """
    entries = _Entries(meta, language, faults) if meta else None
    if entries:
        entries.check()
    records = _Records(data, entries, period, faults).read() if data else ()
    if faults.errors or not (data and entries and meta):
        return None
    structure = entries.structure()
    return Framework(
        structure,
        tuple(entry.code for entry in entries.of_type("Group", "Denominator", "Other")),
        _names(data),
        records,
        data.label,
        sum(not entry.row["Unit"] for entry in entries.of_type("Indicator")),
        tuple(name for name in meta.columns if name not in _META_COLUMNS),
    )


def _names(data: Table) -> dict[str, str]:
    names: dict[str, str] = {}
    for row in data.rows:
        code = _words(row["uCode"])
        names[code] = _words(row["uName"]) or names.get(code, "") or code
    return names


class _Entries:
    """The rows of iMeta, checked one by one and as a tree."""

    def __init__(self, meta: Table, language: Language, faults: Faults) -> None:
        self.faults = faults
        self.language = language
        self.by_code: dict[str, _Entry] = {}
        for row in meta.rows:
            self._add(row)

    def of_type(self, *types: str) -> list[_Entry]:
        """Give the entries of some types, in the order of iMeta."""
        return [entry for entry in self.by_code.values() if entry.type in types]

    def check(self) -> None:
        """Check the cells of every row, the tree and the levels."""
        before = len(self.faults.errors)
        denominators = [entry.code for entry in self.of_type("Denominator")]
        nodes = self.of_type("Indicator", "Aggregate")
        for entry in nodes:
            self._check_weight(entry)
            self._check_direction(entry)
            checked_number(entry.row, "Target", self.faults)
            self._check_denominator(entry, denominators)
        if not nodes:
            return
        self._check_parents(nodes)
        self._check_circles(nodes)
        if len(self.faults.errors) == before:
            self._check_levels()

    def structure(self) -> Structure:
        """Give the tree, depth first."""
        nodes = self.of_type("Indicator", "Aggregate")
        waiting = [entry.code for entry in nodes if not entry.parent][:1]
        ordered: list[Node] = []
        while waiting:
            entry = self.by_code[waiting.pop()]
            ordered.append(self._node(entry))
            waiting.extend(reversed(entry.children))
        return Structure(tuple(ordered))

    def _node(self, entry: _Entry) -> Node:
        row, is_indicator = entry.row, entry.type == "Indicator"
        denominator = _or_empty(row["Denominator"], self.by_code)
        return Node(
            code=entry.code,
            parent=entry.parent,
            names={self.language: _words(row["iName"]) or entry.code},
            unit=(_words(row["Unit"]) or "unknown") if is_indicator else "",
            direction=("higher" if _is_one(row["Direction"]) else "lower") if is_indicator else "",
            weight=float(row["Weight"]),
            indicators=None,
            details={"target": _or_empty(row["Target"]), "denominator": denominator},
        )

    def _add(self, row: Row) -> None:
        code = row["iCode"]
        if not code:
            row.fault(self.faults, "iCode", "the code is missing", "a code", "write one", "missing-value")
            return
        kind = next((known for known in TYPES if known.casefold() == row["Type"].casefold()), "")
        if not kind:
            what = f'"{row["Type"]}" is not a type' if row["Type"] else "the type is missing"
            remedy = nearest(row["Type"], TYPES) or "choose one of them"
            row.fault(self.faults, "Type", what, f"one of {listed(TYPES)}", remedy, "wrong-value")
        if code in self.by_code:
            what = f'the code "{code}" stands already in row {self.by_code[code].row.line}'
            row.fault(self.faults, "iCode", what, "each code once", "rename or remove one", "duplicate")
            return
        if code in SPECIAL:
            return
        if code in _RESERVED or any(character in "/\\;," or character.isspace() for character in code):
            expected = f"a word without spaces and slashes, other than {listed(_RESERVED)}"
            row.fault(self.faults, "iCode", f'"{code}" is no code for a pack', expected, "rename it", "wrong-value")
        self.by_code[code] = _Entry(row, code, kind, "")

    def _check_weight(self, entry: _Entry) -> None:
        row = entry.row
        if _is_absent(row["Weight"]):
            remedy = "write 1 for equal weights"
            row.fault(self.faults, "Weight", "the weight is missing", "0 or more", remedy, "missing-value")
        elif text := checked_number(row, "Weight", self.faults):
            weight = float(text)
            if weight < 0 or (weight and not LEAST_WEIGHT <= weight <= MOST_WEIGHT):
                what = f"the weight {text} cannot be used"
                row.fault(self.faults, "Weight", what, "0 or more", "correct it", "wrong-value")

    def _check_direction(self, entry: _Entry) -> None:
        row, text = entry.row, entry.row["Direction"]
        if entry.type == "Indicator" and not (_is_one(text) or text in {"-1", "-1.0"}):
            what = f'"{text}" is not a direction' if text else "the direction is missing"
            expected = "1 (higher is better) or -1 (lower is better)"
            row.fault(self.faults, "Direction", what, expected, "say which is better", "wrong-value")
        elif entry.type == "Aggregate" and not _is_absent(text) and not _is_one(text):
            what = f'the direction of the aggregate "{entry.code}" is {text}'
            remedy = "turn the indicators below it round instead"
            row.fault(self.faults, "Direction", what, "1, or nothing", remedy, "wrong-value")

    def _check_denominator(self, entry: _Entry, known: list[str]) -> None:
        text = _or_empty(entry.row["Denominator"], self.by_code)
        if not text:
            return
        if entry.type == "Aggregate":
            what = f'the aggregate "{entry.code}" has a denominator'
            entry.row.fault(
                self.faults, "Denominator", what, "denominators of indicators only", "empty the cell", "wrong-value"
            )
        elif text not in known:
            remedy = nearest(text, known) or "add it to iMeta with the type Denominator"
            expected = f"a code of type Denominator ({listed(known) or 'there is none'})"
            what = f'unknown denominator "{text}"'
            entry.row.fault(self.faults, "Denominator", what, expected, remedy, "unknown-code")

    def _check_parents(self, nodes: list[_Entry]) -> None:
        aggregates = [entry.code for entry in nodes if entry.type == "Aggregate"]
        roots: list[_Entry] = []
        for entry in nodes:
            entry.parent = _or_empty(entry.row["Parent"], self.by_code)
            if not entry.parent:
                roots.append(entry)
            elif entry.parent in aggregates:
                self.by_code[entry.parent].children.append(entry.code)
            else:
                self._wrong_parent(entry, aggregates)
        for entry in nodes:
            if entry.type == "Aggregate" and not entry.children:
                what = f'nothing has the aggregate "{entry.code}" for its parent'
                remedy = "remove it, or correct the parents of its indicators"
                entry.row.fault(self.faults, "iCode", what, "at least one element below it", remedy, "tree")
        for entry in roots[1:]:
            what = f'"{entry.code}" is a second element without a parent'
            entry.row.fault(
                self.faults, "Parent", what, f"one top element ({roots[0].code})", "give its parent", "tree"
            )
        if not roots:
            nodes[-1].row.fault(
                self.faults, "Parent", "no element is at the top", "one without a parent", "leave it empty", "tree"
            )

    def _wrong_parent(self, entry: _Entry, aggregates: list[str]) -> None:
        known = self.by_code.get(entry.parent)
        if known and known.type:
            what = f'the parent "{entry.parent}" is of type {known.type}'
            entry.row.fault(self.faults, "Parent", what, "a code of type Aggregate", "correct one of the two", "orphan")
        elif not known:
            remedy = nearest(entry.parent, aggregates) or "add it to iMeta, or correct its code"
            what = f'unknown parent "{entry.parent}"'
            entry.row.fault(self.faults, "Parent", what, "a code of type Aggregate", remedy, "orphan")

    def _check_circles(self, nodes: list[_Entry]) -> None:
        finished: set[str] = set()
        for start in nodes:
            trail: dict[str, None] = {}
            code = start.code
            while code in self.by_code and code not in finished and code not in trail:
                trail[code] = None
                code = self.by_code[code].parent
            if code in trail:
                circle = list(trail)[list(trail).index(code) :]
                what = f"a circle of parents: {listed([*circle, circle[0]])}"
                self.by_code[circle[0]].row.fault(
                    self.faults, "Parent", what, "a tree", "correct one of the parents", "cycle"
                )
            finished.update(trail)

    def _check_levels(self) -> None:
        tree = self.structure()
        for code, level in zip(tree.codes, tree.levels, strict=True):
            row = self.by_code[code].row
            text = checked_number(row, "Level", self.faults)
            if text and float(text) != level:
                below = "an indicator" if level == 1 else "one more than the highest element below it"
                what = f'the level of "{code}" is {text}, and the parents say {level}'
                row.fault(self.faults, "Level", what, f"{level} ({below})", "correct the level or the parents", "level")


class _Records:
    """The rows of iData."""

    def __init__(self, data: Table, entries: _Entries | None, period: str, faults: Faults) -> None:
        self.data = data
        self.entries = entries
        self.period = period
        self.faults = faults
        types = {entry.code: entry.type for entry in entries.by_code.values()} if entries else {}
        self.numbers = [name for name in data.columns if types.get(name) in {"Indicator", "Denominator"}]
        self.texts = [name for name in data.columns if types.get(name) in {"Group", "Other"}]
        self.indicators = [name for name in self.numbers if types[name] == "Indicator"]

    def read(self) -> tuple[Record, ...]:
        """Check the columns and read every row."""
        self._check_columns()
        self._check_time()
        records: list[Record] = []
        first: dict[tuple[str, str], int] = {}
        for row in self.data.rows:
            if self.faults.is_full(self.data.label):
                break
            record = self._record(row)
            key = (record.place, record.period)
            if not record.place or not record.period:
                continue
            if key in first:
                what = f"{key[0]} in {key[1]} stands already in row {first[key]}"
                row.fault(self.faults, "uCode", what, "each place once in a period", "remove one", "duplicate")
            first.setdefault(key, record.line)
            records.append(record)
        if self.entries and self.indicators and not any(set(self.indicators) & set(one.values) for one in records):
            what, remedy = f"no value of any indicator in {DATA}", "write the values"
            self.data.rows[0].fault(self.faults, self.indicators[0], what, "numbers", remedy, "missing-value")
        return tuple(records)

    def _check_columns(self) -> None:
        if self.entries is None:
            return
        known = self.entries.by_code
        header = self.data.header
        for name in self.data.columns:
            if name in SPECIAL:
                continue
            if name not in known:
                remedy = nearest(name, [*SPECIAL, *known]) or f"add it to {META}, with the type Other if it is no value"
                what = f'the column "{name}" has no row in {META}'
                header.fault(self.faults, name, what, "uCode, uName, Time or an iCode", remedy, "unknown-key")
            elif known[name].type == "Aggregate":
                what = f'the column "{name}" is an aggregate'
                remedy = "remove the column, since aggregates are computed"
                header.fault(self.faults, name, what, "indicators, groups and denominators", remedy, "wrong-value")
        for entry in self.entries.of_type("Indicator", "Group", "Denominator", "Other"):
            if entry.code not in self.data.columns:
                remedy = nearest(entry.code, self.data.columns) or f"add the column, or remove the row from {META}"
                what = f'"{entry.code}" has no column in {DATA}'
                entry.row.fault(self.faults, "iCode", what, f"a column of {DATA}", remedy, "missing-key")

    def _check_time(self) -> None:
        header = self.data.header
        if "Time" in self.data.columns:
            if self.period:
                what, remedy = "a column Time, and --period too", "leave out --period, or remove the column"
                header.fault(self.faults, "Time", what, "one of the two", remedy, "wrong-value")
        elif not self.period:
            remedy = "give --period, such as --period 2024, or add the column"
            header.fault(self.faults, "uCode", "no column Time", "the period of every row", remedy, "missing-key")

    def _record(self, row: Row) -> Record:
        place = _words(row["uCode"])
        if not place:
            row.fault(self.faults, "uCode", "the code of the place is missing", "a code", "write one", "missing-value")
        values = {}
        for name in self.numbers:
            if text := checked_number(row, name, self.faults):
                values[name] = text
        for name in self.texts:
            if text := _words(row[name]):
                values[name] = text
        return Record(place, self._period(row), row.line, values)

    def _period(self, row: Row) -> str:
        if "Time" not in self.data.columns:
            return self.period
        try:
            return periods.parse(row["Time"]).text
        except ValueError as error:
            what = str(error) if row["Time"] else "the time is missing"
            row.fault(self.faults, "Time", what, periods.FORMS, "correct it", "not-a-period")
            return ""


def checked_number(row: Row, column: str, faults: Faults) -> str:
    """Give a number as it is written; empty for none, and with a fault for what is none."""
    text = row[column]
    if _is_absent(text):
        return ""
    if isinstance(row, SheetRow) and row.is_text(column):
        what, remedy = f'the text "{text[:40]}" in a column of numbers', "write the number itself, not as text"
        if text.startswith("#"):
            what, remedy = f"the error value {text[:40]}", "mend the formula, or empty the cell"
        row.fault(faults, column, what, f"{NUMBER_FORM}, or an empty cell", remedy, "not-a-number")
        return ""
    return text if number(row, column, faults) is not None else ""


def _is_absent(text: str) -> bool:
    return text in {"", NOT_AVAILABLE}


def _or_empty(text: str, known: Iterable[str] = ()) -> str:
    """Give a cell, empty where R wrote that there is nothing; a code that is called NA stays."""
    return "" if text == NOT_AVAILABLE and text not in known else text


def _is_one(text: str) -> bool:
    return text in {"1", "1.0", "+1"}


def _words(text: str) -> str:
    """Put a name on one line."""
    return " ".join(text.split())
