"""What a pack says to travellers: ``service/traveller.yaml``, for the page that compares its passes.

Prices, fares, periods and rights stand in the decision tables that ``service/passes.yaml`` names. Here is what a
person without knowledge of tables needs beside them: which rides can be told, where each of them is ridden, which
categories buy what, distances to choose from, and words in more languages than the pack has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from donghaeng.documents import Document, Model, read_model
from donghaeng.errors import Faults, listed, nearest
from donghaeng.rules.document import Code, Name, TableId
from donghaeng.rules.table import Table
from donghaeng.services.passes.roles import Role
from donghaeng.services.passes.section import PassesSection
from donghaeng.wording import PageLanguage, PageText

FILE = "service/traveller.yaml"

#: Parts of ``service/passes.yaml`` whose names the page shows; `kinds` is that below ``fares``.
Named = Literal["products", "categories", "media", "kinds"]
NAMED: tuple[Named, ...] = ("products", "categories", "media", "kinds")
#: Tables without which nothing can be compared.
NEEDED: tuple[Role, ...] = ("price", "period", "fare", "coverage")
#: So many days can be compared at most: the page tries every way to cover them.
MOST_DAYS = 92

Facts = dict[Name, bool | int | str]
Codes = Annotated[tuple[Code, ...], Field(strict=False)]


class Names(Model):
    """Names of what ``service/passes.yaml`` declares, in languages that it does not have.

    Attributes:
        service: name of the service.
        unit: unit of money.
        products: by code.
        categories: by code.
        media: by code.
        kinds: kinds of line, by code.
    """

    service: PageText = Field(default_factory=dict)
    unit: PageText = Field(default_factory=dict)
    products: dict[Code, PageText] = Field(default_factory=dict)
    categories: dict[Code, PageText] = Field(default_factory=dict)
    media: dict[Code, PageText] = Field(default_factory=dict)
    kinds: dict[Code, PageText] = Field(default_factory=dict)


class FareTable(Model):
    """A decision table that says what somebody without a pass pays.

    Attributes:
        table: id of the table; its amount is in the outcome ``amount``.
        rider: its name of the fact of who rides.
        kind: its name of the kind of line.
        metres: its name of the distance.
        facts: what else it is told.
    """

    table: TableId
    rider: Name = "category"
    kind: Name = "kind"
    metres: Name = "metres"
    facts: Facts = Field(default_factory=dict)


class Place(Model):
    """Somewhere that travellers ask about.

    Attributes:
        title: name.
        coverage: what the table of coverage is told of it.
    """

    title: PageText
    coverage: Facts


class Note(Model):
    """What a traveller should know.

    Attributes:
        text: the words.
        products: passes that it is about; empty for all.
    """

    text: PageText
    products: Codes = ()


class TravellerModel(Model):
    """The content of ``service/traveller.yaml``.

    Attributes:
        languages: languages of the page, those of the pack among them.
        names: names in the languages that ``service/passes.yaml`` does not have.
        rides: what the table of coverage is told of a ride, by kind of line, in the order of the page.
        buys: the categories whose prices somebody pays, by category; the first that is sold counts.
        single_fare: the table of fares of who has no pass; absent for the table of the role ``fare``, which says what
            rides on a pass are worth.
        distance_fare: the table of what a distance adds to it.
        riders: what these tables call who rides, by category; its own code where it is absent.
        resident: the pass whose period is compared for who stays for good.
        most_days: longest stay.
        distances_km: distances to choose from, the upper end of each; none where fares do not grow with distance.
        places: where riders ask whether a pass is valid.
        notes: what else to know.
    """

    languages: Annotated[tuple[PageLanguage, ...], Field(strict=False, min_length=1)]
    names: Names = Field(default_factory=Names)
    rides: Annotated[dict[Code, Facts], Field(min_length=1)]
    buys: Annotated[dict[Code, Annotated[tuple[Code, ...], Field(strict=False, min_length=1)]], Field(min_length=1)]
    single_fare: FareTable | None = None
    distance_fare: FareTable | None = None
    riders: dict[Code, Code] = Field(default_factory=dict)
    resident: Code
    most_days: Annotated[int, Field(ge=1, le=MOST_DAYS)]
    distances_km: Annotated[tuple[Annotated[int, Field(ge=1, le=10_000)], ...], Field(strict=False)] = ()
    places: Annotated[tuple[Place, ...], Field(strict=False)] = ()
    notes: Annotated[tuple[Note, ...], Field(strict=False)] = ()


@dataclass(frozen=True)
class TravellerSection:
    """The page for travellers of a pack, checked.

    Attributes:
        model: what the file says.
        passes: the passes that it compares.
    """

    model: TravellerModel
    passes: PassesSection

    def name(self, group: Named, code: str) -> dict[str, str]:
        """Give the name of something in every language of the page."""
        given = {**_declared(self.passes)[group][code].title, **getattr(self.model.names, group).get(code, {})}
        return {language: given[language] for language in self.model.languages}

    @property
    def service(self) -> dict[str, str]:
        """Name of the service in every language of the page."""
        given: dict[str, str] = {**self.passes.model.title, **self.model.names.service}  # type: ignore[dict-item]
        return {language: given[language] for language in self.model.languages}

    @property
    def unit(self) -> dict[str, str]:
        """Unit of money in every language of the page."""
        given = {**unit_of_prices(self.passes), **self.model.names.unit}
        return {language: given[language] for language in self.model.languages}


def unit_of_prices(passes: PassesSection) -> Mapping[Any, str]:
    """Give the unit of the amounts in the table of prices."""
    bound = passes.model.tables["price"]
    return passes.rules.tables[bound.table].outcomes[bound.outcomes.get("amount", "amount")].unit or {}


def _declared(passes: PassesSection) -> dict[Named, Mapping[str, Any]]:
    model = passes.model
    kinds = model.fares.kinds if model.fares else {}
    return {"products": model.products, "categories": model.categories, "media": model.media, "kinds": kinds}


def read_traveller(
    folder: Path, label: str, languages: tuple[str, ...], passes: PassesSection | None, faults: Faults
) -> TravellerSection | None:
    """Read ``service/traveller.yaml`` of a pack.

    Args:
        folder: folder of the pack.
        label: how faults name the folder.
        languages: languages of the pack.
        passes: the passes of the pack; None where they have faults.
        faults: where faults go.

    Returns:
        The section; None when it has faults.
    """
    before = len(faults.errors)
    model, document = read_model(folder / FILE, f"{label}/{FILE}", TravellerModel, faults)
    if model is None or passes is None:
        return None
    _Checks(model, document, languages, passes, faults).run()
    return None if len(faults.errors) > before else TravellerSection(model, passes)


class _Checks:
    """Holds the section to itself, to the passes and to the tables."""

    def __init__(
        self,
        model: TravellerModel,
        document: Document,
        languages: tuple[str, ...],
        passes: PassesSection,
        faults: Faults,
    ) -> None:
        self.model, self.document, self.languages = model, document, languages
        self.passes, self.faults = passes, faults

    def fault(
        self, path: tuple[str | int, ...], what: str, expected: str, remedy: str, code: str, *, of_key: bool = False
    ) -> None:
        line, column = self.document.place(path, of_key)
        self.faults.add(self.document.label, line, column, what, expected, remedy, code)

    def run(self) -> None:
        model, passes = self.model, self.passes
        for language in self.languages:
            if language not in model.languages:
                what = f"the languages leave out {language}"
                self.fault(("languages",), what, f"those of the pack, {listed(self.languages)}", "add it", "language")
        missing = [role for role in NEEDED if role not in passes.model.tables]
        if missing or passes.model.fares is None:
            what = f"the passes have no {listed(missing) if missing else 'fares'}"
            expected = f"tables for {listed(NEEDED)}, and fares, in service/passes.yaml"
            self.fault((), what, expected, "add them there, or remove this file", "missing-key")
            return
        self.codes()
        self.texts()
        self.coverage()
        self.fares()
        self.distances()

    # --- Codes of the passes

    def codes(self) -> None:
        """Every code that is named is declared by the passes."""
        declared = _declared(self.passes)
        for group, path, code in self.named():
            if code not in declared[group]:
                remedy = nearest(code, declared[group]) or "declare it in service/passes.yaml, or remove it"
                what = f'service/passes.yaml has no {group} "{code}"'
                self.fault(path, what, listed(declared[group]), remedy, "unknown-code", of_key=path[-1] == code)
        resident = self.passes.model.products.get(self.model.resident)
        if resident is not None and resident.pays == "postpaid":
            what = f"{self.model.resident} is billed after use"
            self.fault(("resident",), what, "a pass with a period", "name another pass", "wrong-value")

    def named(self) -> Iterator[tuple[Named, tuple[str | int, ...], str]]:
        model = self.model
        for group in NAMED:
            for code in getattr(model.names, group):
                yield group, ("names", group, code), code
        for kind in model.rides:
            yield "kinds", ("rides", kind), kind
        for category, bought in model.buys.items():
            yield "categories", ("buys", category), category
            for place, code in enumerate(bought):
                yield "categories", ("buys", category, place), code
        for category in model.riders:
            yield "categories", ("riders", category), category
        yield "products", ("resident",), model.resident
        for number, note in enumerate(model.notes):
            for place, code in enumerate(note.products):
                yield "products", ("notes", number, "products", place), code

    # --- Words

    def texts(self) -> None:
        """Every text is there in every language of the page, here or in ``service/passes.yaml``."""
        names, declared = self.model.names, _declared(self.passes)
        self.complete(("names", "service"), {**self.passes.model.title, **names.service}, "the name of the service")
        self.complete(("names", "unit"), {**unit_of_prices(self.passes), **names.unit}, "the unit of money")
        shown = {"products": declared["products"], "categories": self.model.buys, "media": declared["media"]}
        for group, codes in {**shown, "kinds": self.model.rides}.items():
            for code in codes:
                if code in declared[group]:  # type: ignore[index]
                    own = getattr(names, group).get(code, {})
                    given = {**declared[group][code].title, **own}  # type: ignore[index]
                    self.complete(("names", group, code), given, f"the name of {code}")
        for number, place in enumerate(self.model.places):
            self.complete(("places", number, "title"), place.title, "the title")
        for number, note in enumerate(self.model.notes):
            self.complete(("notes", number, "text"), note.text, "the text")

    def complete(self, path: tuple[str | int, ...], text: Mapping[Any, str], name: str) -> None:
        absent = [language for language in self.model.languages if language not in text]
        while path and path not in self.document.keys:
            path = path[:-1]  # what is not written has no place; the fault stands where it would be
        if absent:
            what = f"{name} is missing in {listed(absent)}"
            expected = f"every text in {listed(self.model.languages)}"
            self.fault(path, what, expected, "write it under names", "missing-value", of_key=True)

    # --- The table of coverage

    def coverage(self) -> None:
        """What the table of coverage is told fits its inputs."""
        bound = self.passes.model.tables["coverage"]
        table = self.passes.rules.tables[bound.table]
        of_pass = bound.facts.get("addons", "addons")
        for kind, facts in self.model.rides.items():
            self.facts(("rides", kind), facts, table, {of_pass})
        for number, place in enumerate(self.model.places):
            self.facts(("places", number, "coverage"), place.coverage, table, {of_pass})

    def fares(self) -> None:
        """The tables of fares are there, and know who rides."""
        tables = self.passes.rules.tables
        for key in ("single_fare", "distance_fare"):
            bound: FareTable | None = getattr(self.model, key)
            if bound is None:
                continue
            if bound.table not in tables:
                remedy = nearest(bound.table, tables) or "add the table under rules/"
                what = f'the pack has no table "{bound.table}"'
                self.fault((key, "table"), what, listed(tables), remedy, "unknown-table")
                continue
            table = tables[bound.table]
            if "amount" not in table.outcomes:
                what = f"{table.id} has no outcome amount"
                self.fault((key, "table"), what, "an amount of money", "name a table of fares", "missing-outcome")
            told = {"rider": bound.rider, "kind" if key == "single_fare" else "metres": ""}
            told |= {name: getattr(bound, name) for name in told}
            for name, theirs in told.items():
                if theirs not in table.all_inputs:
                    remedy = nearest(theirs, table.all_inputs) or "correct the name"
                    path = (key, name) if name in bound.model_fields_set else (key,)
                    what = f"{table.id} has no input {theirs}"
                    self.fault(path, what, listed(table.all_inputs), remedy, "unknown-fact")
            self.facts((key, "facts"), bound.facts, table, set(told.values()))
            codes = table.all_inputs[bound.rider].type.codes if bound.rider in table.all_inputs else {}
            for category in self.model.buys if codes else ():
                code = self.model.riders.get(category, category)
                if code not in codes:
                    path = ("riders", category) if category in self.model.riders else ("buys", category)
                    what, remedy = f'{table.id} has no {bound.rider} "{code}"', "say under riders what it calls them"
                    self.fault(path, what, listed(codes), nearest(code, codes) or remedy, "unknown-code")

    def facts(self, path: tuple[str | int, ...], facts: Facts, table: Table, own: set[str]) -> None:
        inputs = {name: item for name, item in table.all_inputs.items() if name not in own}
        for name, value in facts.items():
            if name not in inputs:
                remedy = nearest(name, inputs) or "correct the name"
                what = f"{table.id} has no input {name} that could be told here"
                self.fault((*path, name), what, listed(inputs), remedy, "unknown-fact", of_key=True)
                continue
            kind = inputs[name].type
            if kind.codes and value not in kind.codes:
                remedy = nearest(str(value), kind.codes) or "correct it"
                self.fault(
                    (*path, name), f'{table.id} has no {name} "{value}"', listed(kind.codes), remedy, "unknown-code"
                )
            elif not kind.codes and isinstance(value, str) and kind.kind != "date":
                self.fault((*path, name), f'"{value}" is no {kind.kind}', f"a {kind.kind}", "correct it", "wrong-value")

    # --- Distances

    def distances(self) -> None:
        """Distances rise, and are asked only where they count."""
        given, fares = self.model.distances_km, self.passes.model.fares
        grows = fares is not None and fares.distance is not None
        if given and not grows:
            what = "fares of the passes do not grow with distance"
            self.fault(("distances_km",), what, "no distances_km", "remove it", "wrong-value", of_key=True)
        if grows and not (given and self.model.distance_fare):
            what = "fares grow with distance, and the page does not know how"
            self.fault((), what, "distances_km and distance_fare", "add both", "missing-key")
        if list(given) != sorted(set(given)):
            self.fault(("distances_km",), "the distances do not rise", "rising numbers", "sort them", "wrong-value")
