"""What the readers of values, tables and examples share: faults at places, texts, names, types and single values."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from donghaeng.documents import Document
from donghaeng.errors import Faults, listed, nearest
from donghaeng.rules.document import Citation, DatedModel, TypeModel, ValueModel
from donghaeng.rules.table import ON
from donghaeng.rules.types import FIRST_DAY, LAST_DAY, FactError, Type
from donghaeng.sources import Source

Path_ = tuple[str | int, ...]

_WORDS = "all and any between case cast date else end exists false in interval is like not null or some true when"
#: Words of the language, which cannot name a fact.
RESERVED: frozenset[str] = frozenset([*_WORDS.split(), ON, "known_on"])
#: The text for a set without codes; see `donghaeng.rules.types.Type.from_text`.
EMPTY_SET = "none"


@dataclass(frozen=True)
class PackFacts:
    """What the rules must know of their pack.

    Attributes:
        id: id of the pack.
        version: its version.
        jurisdiction: whose calendar holds.
        languages: languages in which every text is given.
        sources: the sources by id; None where they could not be read.
    """

    id: str
    version: str
    jurisdiction: str
    languages: tuple[str, ...]
    sources: Mapping[str, Source] | None


@dataclass
class Places:
    """Reports faults at places of a document."""

    document: Document
    faults: Faults

    def fault(
        self,
        path: Path_,
        what: str,
        expected: str,
        remedy: str,
        code: str,
        of_key: bool = False,
        offset: int = 0,
        severity: Any = "error",
    ) -> None:
        """Report a fault at a place of the document."""
        line, column = self.document.place(path, of_key)
        self.faults.add(self.document.label, line, column + offset, what, expected, remedy, code, severity)

    def line(self, path: Path_) -> int:
        """Give the line of a place."""
        return self.document.place(path)[0]

    def check_dates(self, model: DatedModel, path: Path_) -> None:
        """Hold the two times of a rule or value to the calendar and to one another."""
        well = True
        for key in ("from", "to", "announced", "withdrawn"):
            given = model.start if key == "from" else getattr(model, key)
            remedy = "leave it out for no end" if key == "to" else "correct the day"
            well &= self.check_day(given, (*path, key), remedy)
        for key, what, expected in model.dates.faults() if well else ():
            self.fault((*path, key), what, expected, "correct the dates", "dates")

    def check_day(self, day: date | None, path: Path_, remedy: str = "correct the day") -> bool:
        """Hold a day to those that the calendar knows."""
        if day is None or FIRST_DAY <= day <= LAST_DAY:
            return True
        self.fault(path, f"{day} is out of range", f"a day from {FIRST_DAY} to {LAST_DAY}", remedy, "dates")
        return False

    def check_cited(
        self,
        model: Any,
        path: Path_,
        pack: PackFacts,
    ) -> None:
        """Hold citations to the sources of the pack, and the kind of a rule or value to its sources."""
        sources = pack.sources
        if sources is None:
            return
        cited: list[Citation] = list(model.cite)
        self.check_known(cited, (*path, "cite"), sources)
        for number, saying in enumerate(model.statements):
            self.check_known(saying.cite, (*path, "statements", number, "cite"), sources)
            check_texts(self, saying, pack.languages, (*path, "statements", number), ("says",))
            cited += saying.cite
        grades = {sources[one.source].grade for one in cited if one.source in sources}
        if model.kind in {"published", "derived"} and not grades & {"publisher", "report"}:
            what = f"kind {model.kind} rests on no publisher and no report"
            remedy = "cite one, or call it second_hand or inferred"
            self.fault((*path, "kind"), what, "a source of grade publisher or report under cite", remedy, "evidence")
        if model.kind == "second_hand" and not grades:
            self.fault((*path, "kind"), "second_hand cites no source", "a source under cite", "name it", "evidence")
        if model.kind == "unknown" and not model.statements and not model.note:
            expected = "what the sources say under statements, or a note"
            self.fault(path, "an unknown rule says nothing", expected, "write it", "evidence")

    def check_known(self, cited: Collection[Citation], path: Path_, sources: Mapping[str, Source]) -> None:
        """Hold cited sources to those of the pack."""
        for number, one in enumerate(cited):
            if one.source not in sources:
                remedy = nearest(one.source, sources) or "add it to sources.yaml"
                place = (*path, number, "source")
                self.fault(place, f'unknown source "{one.source}"', "an id of sources.yaml", remedy, "unknown-source")


def check_texts(reading: Places, model: Any, languages: Collection[str], path: Path_, keys: tuple[str, ...]) -> None:
    """Ask for the texts of a model in every language of the pack."""
    for key in keys:
        text = getattr(model, key, None)
        if text is None:
            continue
        for language in languages:
            if language not in text:
                what = f"{key} is missing in {language}"
                reading.fault(
                    (*path, key), what, "every text in every language of the pack", "write it", "missing-value"
                )


def read_value(places: Places, given: Any, kind: Type, path: Path_) -> Any:
    """Read a value as one of a type; None, with a fault, when it is not."""
    if given is None:
        return None
    try:
        return kind.from_json(list(given) if isinstance(given, tuple) else given)
    except FactError as error:
        places.fault(path, error.what, error.expected, error.remedy or "correct it", "wrong-type")
        return None


def check_name(places: Places, name: str, path: Path_, taken: Collection[str] = ()) -> None:
    """Refuse a name that is a word of the language, or that stands for something else."""
    if name in RESERVED:
        what = f'"{name}" is a word of the language'
        places.fault(path, what, "another name", "choose a longer name", "reserved", of_key=True)
    if name in taken:
        what = f'the name "{name}" stands for something else already'
        places.fault(path, what, "a name of its own", "rename it", "twice", of_key=True)


def read_type(
    places: Places, model: TypeModel, path: Path_, pack: PackFacts, others: Mapping[str, Type]
) -> Type | None:
    """Give the type that a model declares; None, with faults, when it contradicts itself."""
    before = len(places.faults.errors)
    codes: Mapping[str, Any] = model.codes or {}
    if model.codes_of and model.codes:
        places.fault((*path, "codes_of"), "codes and codes_of", "one of them", "remove one", "wrong-type")
    elif model.codes_of:
        if model.codes_of not in others or not others[model.codes_of].codes:
            known = [name for name, kind in others.items() if kind.codes]
            what = f'"{model.codes_of}" has no codes, or is not declared before'
            expected = f"one of {listed(known)}" if known else "codes"
            remedy = nearest(model.codes_of, known) or "correct it"
            places.fault((*path, "codes_of"), what, expected, remedy, "unknown-name")
            return None
        codes = others[model.codes_of].codes
    if model.type in {"code", "codes"}:
        if not codes:
            places.fault(path, f"the type {model.type} has no codes", "codes with labels", "list them", "missing-key")
        # A dated list of codes is read from YAML only, where an empty one is [].
        if model.type == "codes" and EMPTY_SET in codes and not isinstance(model, ValueModel):
            what = f'a set has the code "{EMPTY_SET}"'
            remedy = "choose a longer code"
            places.fault((*path, "codes"), what, f"{EMPTY_SET} only for the empty set", remedy, "reserved")
        for code, text in codes.items():
            for language in pack.languages:
                if language not in text:
                    what = f'the label of "{code}" is missing in {language}'
                    expected = "every text in every language of the pack"
                    places.fault((*path, "codes", code), what, expected, "write it", "missing-value")
    elif model.codes:
        places.fault((*path, "codes"), f"the type {model.type} has no codes", "no codes", "remove them", "wrong-type")
    limits: dict[str, Any] = {}
    for key in ("least", "most"):
        limit = getattr(model, key)
        if limit is None:
            continue
        if model.type not in {"integer", "decimal", "money"}:
            places.fault((*path, key), f"the type {model.type} has no {key}", "no limit", "remove it", "wrong-type")
            continue
        bare = Type(model.type, places=model.places)
        limits[key] = read_value(places, limit, bare, (*path, key))
    kind = Type(model.type, codes, model.places, limits.get("least"), limits.get("most"))
    if kind.least is not None and kind.most is not None and kind.most < kind.least:
        places.fault((*path, "most"), "most is below least", "a larger number", "correct it", "wrong-value")
    return kind if len(places.faults.errors) == before else None
