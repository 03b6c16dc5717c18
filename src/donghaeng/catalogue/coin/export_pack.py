"""The two tables from a pack: its raw values and its tree, as a workbook or as two CSV files."""

from __future__ import annotations

import csv
import io
import math
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from typing import Any

import numpy as np

from donghaeng.catalogue.coin.framework import SPECIAL
from donghaeng.catalogue.coin.sheets import DATA, META, MOST_ROWS
from donghaeng.catalogue.pack import Pack
from donghaeng.errors import InputError, UsageError, listed
from donghaeng.index.recipe import GroupImputation
from donghaeng.index.structure import Node
from donghaeng.wording import Language

MOST_COLUMNS = 16_384


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        files: the files.
        places: number of places.
        periods: number of periods.
        indicators: number of indicators.
        notes: what of the pack has no place in the two tables.
    """

    files: tuple[Path, ...]
    places: int
    periods: int
    indicators: int
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Number:
    """A number as it was printed."""

    printed: str


_Cell = str | _Number
_Rows = list[list[_Cell]]


def export_pack(pack: Pack, out: Path, language: str = "") -> Exported:
    """Write iData and iMeta.

    Args:
        pack: the pack.
        out: a workbook (``.xlsx``), or the folder of two CSV files; must not exist.
        language: language of the names; default English where the pack has it.

    Raises:
        UsageError: another suffix, or a language that the pack has not.
        InputError: the file exists, the pack has no values of indicators, or its codes or size do not fit.
    """
    if out.suffix.lower() not in {"", ".xlsx"}:
        raise UsageError(f"--out {out}: give a workbook (.xlsx), or a folder for iData.csv and iMeta.csv")
    chosen = _language(pack, language)
    if os.path.lexists(out):
        raise InputError(f"{out} exists; give another name with --out")
    tables = _Tables(pack, chosen)
    data, meta = tables.data(), tables.meta()
    out.parent.mkdir(parents=True, exist_ok=True)
    if out.suffix:
        _write_workbook(out, {DATA: data, META: meta}, pack)
        files: tuple[Path, ...] = (out,)
    else:
        files = _write_csv(out, {DATA: data, META: meta})
    return Exported(files, len(tables.places), len(tables.periods), len(tables.indicators), tuple(_notes(tables)))


def _language(pack: Pack, wanted: str) -> Language:
    languages = pack.manifest.languages
    if not wanted:
        return "en" if "en" in languages else languages[0]
    chosen = next((language for language in languages if language == wanted), None)
    if chosen is None:
        raise UsageError(f'--language "{wanted}" is none of the pack; expected {listed(languages)}')
    return chosen


class _Tables:
    """What of a pack goes into the two tables."""

    def __init__(self, pack: Pack, language: Language) -> None:
        self.pack = pack
        self.language = language
        self.scores = pack.score()
        self.structure = pack.index_section().structure
        self.panel = self.scores.panel
        self.indicators = [index for index in range(len(self.structure.nodes)) if self.structure.is_leaf(index)]
        given = np.isfinite(self.panel.values[..., self.indicators]).any(axis=(1, 2))
        self.places = [int(place) for place in np.flatnonzero(given)]
        self.periods = self.panel.periods
        if not self.places:
            raise InputError(f"{pack.id} has no values of indicators; the two tables hold nothing else")
        self.denominators = {node.details.get("denominator", "") for node in self.structure.nodes} - {""}
        self.attributes = {name: self._type(name) for name in pack.index_section().attributes.values}
        self._check_codes()

    def _check_codes(self) -> None:
        codes = [*(self.structure.codes[index] for index in range(len(self.structure.nodes))), *self.attributes]
        taken = sorted({code for code in codes if code in SPECIAL or codes.count(code) > 1})
        if taken:
            raise InputError(f"{listed(taken)}: codes of the two tables are unique, and not {listed(SPECIAL)}; rename")

    def _type(self, name: str) -> str:
        """Say what an attribute is: a denominator is used as one, a group is one or holds words, else other."""
        groups = [step.group for step in self.pack.index_section().recipe.impute if isinstance(step, GroupImputation)]
        if name in self.denominators:
            return "Denominator"
        values = self.pack.index_section().attributes.values[name].values()
        return "Group" if name in groups or not all(_is_number(value) for value in values) else "Other"

    def data(self) -> _Rows:
        """Give iData."""
        names = {place.code: place.name_ko if self.language == "ko" else place.name_en for place in self.pack.places}
        codes = [self.structure.codes[index] for index in self.indicators]
        rows: _Rows = [[*SPECIAL, *self.attributes, *codes]]
        for place in self.places:
            code = self.panel.places[place]
            for at, period in enumerate(self.periods):
                time_ = _Number(period.text) if period.text.isdigit() else period.text
                row: list[_Cell] = [code, names.get(code) or code, time_]
                row += [self._attribute(name, code, period.text) for name in self.attributes]
                rows.append(row + [self._value(place, at, index) for index in self.indicators])
        return rows

    def _attribute(self, name: str, place: str, period: str) -> _Cell:
        text = self.pack.index_section().attributes.text(name, place, period)
        return _Number(text) if self.attributes[name] != "Group" and _is_number(text) else text

    def _value(self, place: int, period: int, node: int) -> _Cell:
        row = int(self.panel.rows[place, period, node])
        return _Number(str(self.scores.observations.columns["printed"][row])) if row >= 0 else ""

    def meta(self) -> _Rows:
        """Give iMeta: the nodes in the order of the structure, then what describes places."""
        header = ["iCode", "iName", "Level", "Direction", "Weight", "Unit", "Target", "Denominator", "Parent", "Type"]
        rows: _Rows = [list[_Cell](header)]
        rows += [self._node(*pair) for pair in zip(self.structure.nodes, self.structure.levels, strict=True)]
        for name, kind in self.attributes.items():
            rows.append([name, name, "", "", "", "", "", "", "", kind])
        return rows

    def _node(self, node: Node, level: int) -> list[_Cell]:
        target = node.details.get("target", "")
        name = node.names.get(self.language) or node.code
        return [
            *(node.code, name, _Number(str(level)), _Number("-1" if node.direction == "lower" else "1")),
            *(_Number(repr(node.weight)), node.unit or "Score", _Number(target) if target else ""),
            *(node.details.get("denominator", ""), node.parent, "Indicator" if level == 1 else "Aggregate"),
        ]


def _is_number(text: str) -> bool:
    try:
        return text.isascii() and math.isfinite(float(text))
    except ValueError:
        return False


def _notes(tables: _Tables) -> Iterator[str]:
    yield "the recipe, sources, notes and articles of the pack have no place in the two tables"
    composites = [index for index in range(len(tables.structure.nodes)) if index not in set(tables.indicators)]
    given = int(np.isfinite(tables.panel.values[..., composites]).sum())
    if given:
        yield f"values that are given for composites were left out: {given}; scores made from the tables differ"
    if tables.scores.parts:
        yield f"places that are means of their parts were left out: {len(tables.scores.parts)}"
    details = [
        name
        for name in ("lower", "upper", "treat", "rescale")
        if any(node.details.get(name) for node in tables.structure.nodes)
    ]
    if details:
        yield f"columns of structure.csv that were left out: {listed(details)}; the recipe may need them"
    kinds = {row for row in np.unique(tables.panel.kinds[..., tables.indicators]).tolist() if row >= 0}
    if len(kinds) > 1:
        yield "values of several kinds stand side by side; the tables do not tell them apart"


def _write_csv(out: Path, tables: dict[str, _Rows]) -> tuple[Path, ...]:
    waiting = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    folder = waiting / "tables"
    try:
        folder.mkdir()
        for name, rows in tables.items():
            text = io.StringIO()
            plain = ([cell.printed if isinstance(cell, _Number) else cell for cell in row] for row in rows)
            csv.writer(text, lineterminator="\n").writerows(plain)
            (folder / f"{name}.csv").write_text(text.getvalue(), encoding="utf-8", newline="")
        folder.rename(out)
    finally:
        shutil.rmtree(waiting, ignore_errors=True)
    return tuple(out / f"{name}.csv" for name in tables)


def _write_workbook(out: Path, tables: dict[str, _Rows], pack: Pack) -> None:
    from openpyxl import Workbook

    for name, rows in tables.items():
        if len(rows) > MOST_ROWS or len(rows[0]) > MOST_COLUMNS:
            size = f"{len(rows):,} rows and {len(rows[0]):,} columns"
            raise InputError(f"{name} has {size}, more than a sheet holds; give --out a folder for CSV files")
    book = Workbook(write_only=True)
    for name, rows in tables.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append([_for_sheet(sheet, cell) for cell in row])
    content = io.BytesIO()
    book.save(content)
    file, waiting = tempfile.mkstemp(prefix=f".{out.name}-", dir=out.parent)
    try:
        with os.fdopen(file, "wb") as target:
            target.write(_without_clock(content.getvalue(), datetime.combine(pack.manifest.date, time())))
        Path(waiting).chmod(0o644)
        Path(waiting).rename(out)
    finally:
        Path(waiting).unlink(missing_ok=True)


def _for_sheet(sheet: Any, cell: _Cell) -> Any:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    if not cell:
        return None
    if isinstance(cell, _Number):
        value = float(cell.printed)
        # Given as a text of a number, since openpyxl would write 16 digits only.
        text = str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
        written = WriteOnlyCell(sheet, text)
        written.data_type = "n"
        return written
    written = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub(" ", cell))
    written.data_type = "s"  # a text that starts with = or # is no formula and no error
    return written


def _without_clock(content: bytes, day: datetime) -> bytes:
    """Write the parts of a workbook anew with one date, so that the same pack gives the same bytes."""
    stamp = day.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as given, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in given.namelist():
            part = given.read(name)
            if name == "docProps/core.xml":
                part = re.sub(rb"(?<=>)\d{4}-\d\d-\d\dT[\d:]+Z(?=<)", stamp, part)
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, part)
    return result.getvalue()
