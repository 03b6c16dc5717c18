"""A pack from the two tables: everything is checked first, and a folder appears only when it is a pack."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from donghaeng import periods
from donghaeng.catalogue.coin.framework import Framework, Record, read_framework
from donghaeng.catalogue.coin.sheets import read_tables
from donghaeng.catalogue.find import Found
from donghaeng.catalogue.manifest import PACK_ID
from donghaeng.catalogue.read import read_pack
from donghaeng.errors import Fault, Faults, InputError, UsageError, listed, nearest
from donghaeng.index.structure import Node
from donghaeng.sources import CITABLE, KIND_WORDS
from donghaeng.wording import LANGUAGES, Language

STATUSES = ("unofficial", "official", "invented")
SOURCE_ID = "imported-file"
NOT_STATED = {
    "en": "Not stated (given by the person who imported the file)",
    "ko": "밝혀지지 않음(파일을 가져온 사람이 줌)",
}


@dataclass(frozen=True)
class Description:
    """What the two tables do not say. Empty texts take a plain default.

    Attributes:
        date: day of the import (YYYY-MM-DD).
        pack_id: id of the pack; default ``imported/`` and the name of its folder.
        title: title; default the name of the top element.
        owner: the body whose index it is; default the publisher.
        status: status of the pack.
        kind: kind of all values; default ``published``, for an invented pack ``simulated``.
        publisher: who published the values.
        source_title: title of the source; default the name of the file.
        url: address of the source.
        licence: licence of the values and of the pack's words.
        language: language of the names.
        period: the period of all rows, where iData has no Time.
        recipe: a ``recipe.yaml`` to take instead of the plain one.
    """

    date: str
    pack_id: str = ""
    title: str = ""
    owner: str = ""
    status: str = "unofficial"
    kind: str = ""
    publisher: str = ""
    source_title: str = ""
    url: str = ""
    licence: str = "not stated"
    language: str = "en"
    period: str = ""
    recipe: Path | None = None


@dataclass(frozen=True)
class Imported:
    """What was made.

    Attributes:
        pack_id: id of the pack.
        folder: where it is.
        places: number of places.
        periods: the periods, in the order of time.
        indicators: number of indicators.
        aggregates: number of composites.
        missing: number of cells of indicators without a value.
        notes: what the person who imports should know.
    """

    pack_id: str
    folder: Path
    places: int
    periods: tuple[str, ...]
    indicators: int
    aggregates: int
    missing: int
    notes: tuple[str, ...]


def import_pack(files: Sequence[Path], out: Path, description: Description) -> Imported:
    """Make a pack from iData and iMeta.

    Args:
        files: one workbook, or two CSV files: iData, iMeta.
        out: folder of the pack, which must not exist.
        description: what the tables do not say.

    Raises:
        UsageError: options that are not possible.
        InputError: the folder exists, or all faults of the tables, each with its place. Nothing is written then.
    """
    about = _completed(description, files, out)
    if os.path.lexists(out):
        raise InputError(f"{out} exists; give another folder with --out")
    faults = Faults()
    data, meta = read_tables(files, faults)
    language: Language = "ko" if about.language == "ko" else "en"
    framework = read_framework(data, meta, language, about.period, faults)
    faults.raise_errors()
    if framework is None:  # pragma: no cover - a fault is reported whenever there is no framework
        raise AssertionError("tables without faults were not read")
    with _new_folder(out) as folder:
        for name, text in _files(framework, about, files).items():
            (folder / name).write_text(text, encoding="utf-8", newline="")
        if about.recipe:
            shutil.copyfile(about.recipe, folder / "recipe.yaml")
        _check(folder, out, framework, about)
    return _imported(framework, about, out)


def _completed(about: Description, files: Sequence[Path], out: Path) -> Description:
    """Check the options and fill in those that follow from others."""
    _one_of("--status", about.status, STATUSES)
    _one_of("--language", about.language, LANGUAGES)
    kind = about.kind or ("simulated" if about.status == "invented" else "published")
    _one_of("--kind", kind, tuple(KIND_WORDS))
    if about.status == "invented" and kind != "simulated":
        raise UsageError(f"--kind {kind} in an invented pack; its values are simulated")
    if about.period:
        try:
            periods.parse(about.period)
        except ValueError as error:
            raise UsageError(f"--period: {error}; expected {periods.FORMS}") from None
    name = re.sub(r"[^a-z0-9]+", "-", out.resolve().name.lower()).strip("-")
    pack_id = about.pack_id or f"imported/{name or 'index'}"
    if not re.fullmatch(PACK_ID, pack_id):
        raise UsageError(f'--id "{pack_id}" is not the id of a pack; write OWNER/NAME in small letters')
    if about.url and not re.fullmatch(r"https?://[^\s<>\"]+", about.url):
        raise UsageError(f'--url "{about.url}" is no address; write it as https://example.org/report')
    for text in (about.title, about.owner, about.publisher, about.source_title, about.licence):
        if not text.isprintable():
            raise UsageError("a text of the options has control characters; write it on one line")
    if about.recipe and not about.recipe.is_file():
        raise UsageError(f"--recipe {about.recipe} is no file; give a recipe.yaml")
    publisher = about.publisher or NOT_STATED[about.language]
    return replace(
        about,
        pack_id=pack_id,
        kind=kind,
        publisher=publisher,
        owner=about.owner or publisher,
        source_title=about.source_title or " + ".join(file.name for file in files),
        licence=about.licence or "not stated",
    )


def _one_of(option: str, word: str, known: Sequence[str]) -> None:
    if word not in known:
        raise UsageError(
            f'{option} "{word}" is not known; expected {listed(known)}; {nearest(word, known)}'.rstrip("; ")
        )


@contextmanager
def _new_folder(out: Path) -> Iterator[Path]:
    """Give a folder to fill, which gets its name when all went well, and is removed when not."""
    absent = [folder for folder in out.absolute().parents if not folder.exists()]
    out.parent.mkdir(parents=True, exist_ok=True)
    waiting = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    folder = waiting / "pack"  # with the usual permissions, which a temporary folder has not
    folder.mkdir()
    try:
        yield folder
        folder.rename(out)
    except BaseException:
        shutil.rmtree(waiting, ignore_errors=True)
        with suppress(OSError):
            for parent in absent:
                parent.rmdir()
        raise
    waiting.rmdir()


def _check(folder: Path, out: Path, framework: Framework, about: Description) -> None:
    """Read the pack as anybody will, and tell faults by the place in what was given."""
    pack, faults = read_pack(Found(folder, str(out)))
    if pack is not None:
        return
    raise InputError([_in_input(fault, out, framework, about) for fault in faults.errors])


def _in_input(fault: Fault, out: Path, framework: Framework, about: Description) -> Fault:
    if fault.file == f"{out}/values.csv" and fault.line >= 2:
        record = framework.records[fault.line - 2]
        return replace(fault, file=framework.data_label, line=record.line, column=1)
    if fault.file == f"{out}/recipe.yaml" and about.recipe:
        return replace(fault, file=str(about.recipe))
    if fault.file == f"{out}/recipe.yaml":
        remedy = "leave the indicator out, or give another method with --recipe"
        what = f"the plain method fails at {fault.what}"
        return replace(fault, file=framework.data_label, line=1, column=1, what=what, expected="", remedy=remedy)
    return fault


def _imported(framework: Framework, about: Description, out: Path) -> Imported:
    indicators = framework.indicators
    given = sum(sum(code in record.values for code in indicators) for record in framework.records)
    return Imported(
        about.pack_id,
        out,
        len(framework.names),
        _periods(framework.records),
        len(indicators),
        len(framework.structure.nodes) - len(indicators),
        len(indicators) * len(framework.records) - given,
        tuple(_notes(framework, about)),
    )


def _notes(framework: Framework, about: Description) -> Iterator[str]:
    if about.publisher in NOT_STATED.values() and about.kind != "simulated":
        yield (
            f"nobody is named as publisher: values of kind {about.kind} rest on the word of the person who imported "
            "the file; name the body responsible in sources.yaml, or with --publisher"
        )
    if KIND_WORDS[about.kind] not in CITABLE and about.kind != "simulated":
        yield f"values of kind {about.kind} take no part in means, so aggregates have no score"
    if framework.without_unit:
        yield f"indicators without a unit, now unknown: {framework.without_unit}"
    if framework.ignored:
        yield f"columns of iMeta that were not taken over: {listed(framework.ignored)}"
    if not about.recipe:
        yield "recipe.yaml holds a plain method, since the two tables hold none: read it before you use a score"


def _periods(records: Iterable[Record]) -> tuple[str, ...]:
    found = sorted({periods.parse(record.period) for record in records})
    return tuple(period.text for period in found)


def _files(framework: Framework, about: Description, files: Sequence[Path]) -> dict[str, str]:
    """Give the text of every file of the pack by name."""
    content = {
        "pack.yaml": _manifest(framework, about, files),
        "sources.yaml": _sources(about, files),
        "structure.csv": _structure(framework),
        "places.csv": _places(framework, about),
        "values.csv": _values(framework),
        "tables.yaml": _tables(framework, about),
        "recipe.yaml": _recipe(framework),
    }
    if framework.attributes:
        content["attributes.csv"] = _attributes(framework)
    return content


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _manifest(framework: Framework, about: Description, files: Sequence[Path]) -> str:
    tree, language = framework.structure, about.language
    title = about.title or str(tree.nodes[tree.root].names.get("ko" if language == "ko" else "en"))
    when = _periods(framework.records)
    span = when[0] if len(when) == 1 else f"{when[0]}-{when[-1]}" if language == "en" else f"{when[0]}~{when[-1]}"
    names = ", ".join(file.name for file in files)
    indicators, places = len(framework.indicators), len(framework.names)
    summary = {
        "en": f"Indicators: {indicators}, places: {places}, {span}. Imported from {names}.",
        "ko": f"지표 {indicators}개, 장소 {places}곳, {span}. {names}에서 가져옴.",
    }[language]
    return f"""\
# Made by donghaeng import coin. Correct title, summary and owner before anybody else reads it.
format: 1
id: {about.pack_id}
version: 0.1.0                # raise it whenever a value or the recipe changes
date: {about.date}
title: {{{language}: {_quoted(title)}}}
summary: {{{language}: {_quoted(summary)}}}
owner: {{{language}: {_quoted(about.owner)}}}
jurisdiction: none            # ISO 3166 code of the place, such as KR-11
languages: [{language}]
licence: {_quoted(about.licence)}
# official: the owner has adopted the pack. unofficial: about a real body that has not.
# invented: nobody real, and every value is simulated.
status: {about.status}
"""


def _sources(about: Description, files: Sequence[Path]) -> str:
    firm = KIND_WORDS[about.kind] in CITABLE or about.kind == "simulated"
    names = ", ".join(file.name for file in files)
    stated = {
        "en": f"Imported from {names}. What the source is, was told by the person who imported it and not checked.",
        "ko": f"{names}에서 가져옴. 출처는 가져온 사람이 밝힌 대로이며 확인하지 않음.",
    }[about.language]
    url = f"\n    url: {_quoted(about.url)}" if about.url else ""
    return f"""\
# Where values were read. The grade publisher says that this is the body responsible for the figures: keep it only
# if it is. Otherwise write report or copy here, and second_hand in tables.yaml.
sources:
  {SOURCE_ID}:
    title: {{{about.language}: {_quoted(about.source_title)}}}
    publisher: {{{about.language}: {_quoted(about.publisher)}}}{url}
    read_on: {about.date}
    extent: whole
    licence: {_quoted(about.licence)}
    grade: {"publisher" if firm else "copy"}
    note: {{{about.language}: {_quoted(stated)}}}
"""


def _csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def _structure(framework: Framework) -> str:
    nodes = framework.structure.nodes
    extra = [name for name in ("denominator", "target") if any(node.details[name] for node in nodes)]
    header = ["code", "parent", "name_ko", "name_en", "unit", "direction", "weight", *extra]

    def row(node: Node) -> list[str]:
        names = [node.names.get(language, "") for language in LANGUAGES]
        weight = f"{node.weight:.0f}" if node.weight.is_integer() and node.weight < 1e15 else repr(node.weight)
        return [
            *(node.code, node.parent, *names, node.unit, node.direction, weight),
            *(node.details[name] for name in extra),
        ]

    return _csv(header, map(row, nodes))


def _places(framework: Framework, about: Description) -> str:
    is_korean = about.language == "ko"
    rows = [(code, "", name if is_korean else "", "" if is_korean else name) for code, name in framework.names.items()]
    return _csv(("place", "parent", "name_ko", "name_en"), rows)


def _values(framework: Framework) -> str:
    codes = framework.indicators
    rows = (
        [record.place, record.period, *(record.values.get(code, "") for code in codes)] for record in framework.records
    )
    return _csv(["place", "period", *codes], rows)


def _attributes(framework: Framework) -> str:
    """Write what is known of places: by period only where it changes from one to the next."""
    codes = framework.attributes
    by_place: dict[str, set[tuple[str, ...]]] = {}
    for record in framework.records:
        by_place.setdefault(record.place, set()).add(tuple(record.values.get(code, "") for code in codes))
    if all(len(versions) == 1 for versions in by_place.values()):
        return _csv(["place", *codes], ([place, *versions.pop()] for place, versions in by_place.items()))
    rows = (
        [record.place, record.period, *(record.values.get(code, "") for code in codes)] for record in framework.records
    )
    return _csv(["place", "period", *codes], rows)


def _tables(framework: Framework, about: Description) -> str:
    text = f"""\
# Raw values and what is known of the places. kind says how the values are known: published (read at the body that
# is responsible for them), second_hand, derived, inferred, simulated or unknown.
values:
  - {{file: values.csv, layout: wide, kind: {about.kind}, source: [{SOURCE_ID}]}}
"""
    if framework.attributes:
        text += f"attributes:\n  - {{file: attributes.csv, layout: wide, source: [{SOURCE_ID}]}}\n"
    return text


def _recipe(framework: Framework) -> str:
    is_divided = any(node.details["denominator"] for node in framework.structure.nodes)
    divide = """\
# Indicators with a denominator in structure.csv are divided by that column of attributes.csv.
denominate: {by: column}
"""
    return f"""\
# The two tables hold no method. This is the plainest one that uses what they hold: weights and directions. Nothing is
# filled in, left out or treated; a missing value is passed over in every mean. Decide on each step yourself:
#   impute: [{{method: group_mean, group: NAME}}]     screen: {{places_available: 0.65}}
#   treat: {{method: winsorise_then_log, most_points: 5, skew: 2, kurtosis: 3.5}}
format: 1
{divide if is_divided else ""}\
# From 0 for the lowest value of all places and periods to 100 for the highest; turned round where lower is better.
normalise: {{method: min_max, to: [0, 100], over: pooled}}
# The weights of iMeta, each among the children of one element.
weigh: {{method: given}}
aggregate: {{method: arithmetic, over: children}}
# No published results are in the tables, so there is nothing to compare with.
compare: []
"""
