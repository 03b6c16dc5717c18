"""Reading ``service/passes.yaml``: held to itself, to the tables and sources of the pack, all faults together."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from donghaeng.documents import Document, Model, read_model
from donghaeng.errors import Faults, listed, nearest
from donghaeng.rules.placing import PackFacts
from donghaeng.rules.reading import RulesSection
from donghaeng.rules.table import Table
from donghaeng.services.passes.fare_section import check_fares
from donghaeng.services.passes.roles import FACTS, MAY_ANSWER, OUTCOMES, REQUIRED, RESULTS, Role
from donghaeng.services.passes.section import (
    BACK_PERCENT,
    FILE,
    GATE_LANGUAGES,
    Category,
    Means,
    Medium,
    Named,
    PassesModel,
    PassesSection,
    Product,
    Setting,
    TableOf,
)
from donghaeng.services.passes.service_day import ServiceDays
from donghaeng.wording import Text


def read_passes(
    folder: Path, label: str, pack: PackFacts, rules: RulesSection | None, faults: Faults
) -> PassesSection | None:
    """Read ``service/passes.yaml`` of a pack.

    Args:
        folder: folder of the pack.
        label: how faults name the folder.
        pack: what the section must know of its pack.
        rules: tables and dated values of the pack; None where they have faults.
        faults: where faults go.

    Returns:
        The section; None when it has faults.
    """
    before = len(faults.errors)
    model, document = read_model(folder / FILE, f"{label}/{FILE}", PassesModel, faults)
    if model is None:
        return None
    checks = _Checks(model, document, pack, rules, faults)
    zone = checks.run()
    if len(faults.errors) > before or zone is None or rules is None:
        return None
    days = ServiceDays(zone, time.fromisoformat(str(model.service_day.value)))
    return PassesSection(model, pack.id, pack.version, days, rules)


class _Checks:
    """Holds the section to itself, to the tables and to the sources."""

    def __init__(
        self, model: PassesModel, document: Document, pack: PackFacts, rules: RulesSection | None, faults: Faults
    ) -> None:
        self.model, self.document, self.pack, self.rules, self.faults = model, document, pack, rules, faults

    def fault(
        self, path: tuple[str | int, ...], what: str, expected: str, remedy: str, code: str, *, of_key: bool = False
    ) -> None:
        line, column = self.document.place(path, of_key)
        self.faults.add(self.document.label, line, column, what, expected, remedy, code)

    def run(self) -> ZoneInfo | None:
        model = self.model
        zone = None
        try:
            zone = ZoneInfo(model.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.fault(
                ("timezone",),
                f'no time zone "{model.timezone}"',
                "a name such as Asia/Seoul",
                "correct it",
                "unknown-zone",
            )
        self.texts()
        self.settings()
        self.codes()
        if model.fares is not None:
            check_fares(model.fares, self.rules.values if self.rules else None, self.pack.sources, self.fault)
        if self.rules is not None:
            self.tables(self.rules.tables)
            self.prices()
        return zone

    def texts(self) -> None:
        """Every text in every language of the pack."""
        model = self.model
        self.text(("title",), model.title)
        groups: list[tuple[str, Mapping[str, Product | Category | Medium | Named | Means]]] = [
            ("products", model.products),
            ("categories", model.categories),
            ("media", model.media),
            ("channels", model.channels),
            ("payments", model.payments),
            ("rights", model.rights),
        ]
        for group, items in groups:
            for code, item in items.items():
                self.text((group, code, "title"), item.title)
        for code, product in model.products.items():
            for place, warning in enumerate(product.before_paying):
                self.text(("products", code, "before_paying", place), warning)
        for reason, spoken in model.gates.words.items():
            for language in GATE_LANGUAGES:
                if language not in spoken:
                    path = ("gates", "words", reason)
                    what = f"the words of {reason} are missing in {language}"
                    self.fault(path, what, f"words in {listed(GATE_LANGUAGES)}", "write them", "missing-value")

    def text(self, path: tuple[str | int, ...], text: Text) -> None:
        for language in self.pack.languages:
            if language not in text:
                what = f"{path[-1]} is missing in {language}"
                self.fault(path, what, "every text in every language of the pack", "write it", "missing-value")

    def settings(self) -> None:
        """Every setting says how it is known, and rests on what it says."""
        given: list[tuple[tuple[str, ...], Setting]] = [(("service_day",), self.model.service_day)]
        given += [(("settings", name), one) for name, one in self.model.settings.items()]
        sources = self.pack.sources
        for path, setting in given:
            if setting.note is not None:
                self.text((*path, "note"), setting.note)
            for place, cited in enumerate(setting.cite):
                if sources is not None and cited.source not in sources:
                    remedy = nearest(cited.source, sources) or "add it to sources.yaml"
                    what = f'no source "{cited.source}"'
                    self.fault((*path, "cite", place), what, "a source of the pack", remedy, "unknown-source")
            if setting.kind in {"published", "derived", "second_hand"} and not setting.cite:
                what = f"a setting of kind {setting.kind} cites no source"
                self.fault(path, what, "a source under cite", "name it, or call it unknown", "evidence")
            if setting.kind == "unknown" and setting.note is None:
                what, remedy = "a setting of kind unknown without a note", "say what was chosen, and why"
                self.fault(path, what, "a note", remedy, "evidence")
        self.commission_back()
        for place, hours in enumerate(self.model.hours):
            for number, cited in enumerate(hours.cite):
                if sources is not None and cited.source not in sources:
                    remedy = nearest(cited.source, sources) or "add it to sources.yaml"
                    what = f'no source "{cited.source}"'
                    at = ("hours", place, "cite", number)
                    self.fault(at, what, "a source of the pack", remedy, "unknown-source")
        self.service_day()

    def commission_back(self) -> None:
        """What goes back of a commission is a percentage, or a dated value of the pack."""
        setting = self.model.settings.get(BACK_PERCENT)
        if setting is None:
            return
        path, value = ("settings", BACK_PERCENT, "value"), setting.value
        if isinstance(value, str):
            if self.rules is not None and value not in self.rules.values:
                remedy = nearest(value, self.rules.values) or "correct the name"
                self.fault(path, f'no dated value "{value}"', "a name of values.yaml", remedy, "unknown-value")
        elif isinstance(value, bool) or not 0 <= value <= 100:
            self.fault(path, f"{value} is no percentage", "a whole number from 0 to 100", "correct it", "wrong-value")

    def service_day(self) -> None:
        """The hour agrees with the dated value that it names."""
        same_as = self.model.service_day.same_as
        if same_as is None or self.rules is None:
            return
        series = self.rules.values.get(same_as)
        if series is None:
            remedy = nearest(same_as, self.rules.values) or "correct the name"
            what = f'no dated value "{same_as}"'
            self.fault(("service_day", "same_as"), what, "a name of values.yaml", remedy, "unknown-value")
            return
        hour = series.dated[-1].value if series is not None and series.dated else None
        if hour is not None and f"{int(hour):02}:00" != self.model.service_day.value:
            what = f"{same_as} says {hour} o'clock"
            self.fault(("service_day", "value"), what, "the same hour in both places", "correct one", "difference")

    def codes(self) -> None:
        """Products name categories, media and rights that there are."""
        model = self.model
        for code, product in model.products.items():
            named: dict[str, Mapping[str, Model]] = {
                "categories": model.categories,
                "media": model.media,
                "rights": model.rights,
            }
            for key, known in named.items():
                for place, one in enumerate(getattr(product, key)):
                    if one not in known:
                        remedy = nearest(one, known) or f"add it under {key}"
                        path = ("products", code, key, place)
                        self.fault(path, f'no "{one}" under {key}', listed(known), remedy, "unknown-code")
            for place, one in enumerate(product.media):
                if one in model.media and model.media[one].pays != product.pays:
                    what = f"{one} is for cards that are {model.media[one].pays}"
                    remedy = "correct pays of the product or of the medium"
                    self.fault(
                        ("products", code, "media", place), what, f"a medium that is {product.pays}", remedy, "pays"
                    )
        for code, category in model.categories.items():
            if category.label is not None and category.label not in model.gates.signals:
                remedy = nearest(category.label, model.gates.signals) or "add it under gates.signals"
                what = f'no signal "{category.label}"'
                self.fault(("categories", code, "label"), what, listed(model.gates.signals), remedy, "unknown-code")
        usual = next(iter(model.categories))
        if model.categories[usual].verified:
            what = f"the usual category, {usual}, must be verified"
            remedy = "put the category of who claims none first"
            self.fault(("categories", usual), what, "a category that nobody must prove", remedy, "usual", of_key=True)
        for right in model.changes.added:
            if right not in model.rights:
                remedy = nearest(right, model.rights) or "add it under rights"
                self.fault(
                    ("changes", "added", right), f'no right "{right}"', listed(model.rights), remedy, "unknown-code"
                )

    def tables(self, tables: Mapping[str, Table]) -> None:
        """Every role that is needed has a table, and every table answers what the service asks."""
        model = self.model
        for role in REQUIRED:
            if role not in model.tables:
                self.fault(
                    ("tables",), f"no table for {role}", f"a table for {listed(REQUIRED)}", "add it", "missing-key"
                )
        for role, bound in model.tables.items():
            table = tables.get(bound.table)
            if table is None:
                remedy = nearest(bound.table, tables) or "add the table under rules/"
                what = f'the pack has no table "{bound.table}"'
                self.fault(("tables", role, "table"), what, listed(tables), remedy, "unknown-table")
                continue
            self.one_table(role, bound, table)

    def one_table(self, role: Role, bound: TableOf, table: Table) -> None:
        inputs = table.all_inputs
        for own, theirs in bound.facts.items():
            path = ("tables", role, "facts", own)
            if own not in FACTS[role]:
                remedy = nearest(own, FACTS[role]) or "remove it"
                what = f"the service knows no fact {own} of {role}"
                self.fault(path, what, listed(FACTS[role]), remedy, "unknown-fact", of_key=True)
            if theirs not in inputs:
                remedy = nearest(theirs, inputs) or "correct the name"
                self.fault(path, f"{table.id} has no input {theirs}", listed(inputs), remedy, "unknown-fact")
        for own in bound.outcomes:
            if own not in {**OUTCOMES[role], **MAY_ANSWER[role]}:
                remedy = nearest(own, [*OUTCOMES[role], *MAY_ANSWER[role]]) or "remove it"
                what = f"the service reads no field {own} of {role}"
                path = ("tables", role, "outcomes", own)
                self.fault(path, what, listed(OUTCOMES[role]), remedy, "unknown-outcome", of_key=True)
        may = {field: kind for field, kind in MAY_ANSWER[role].items() if field in bound.outcomes}
        for field, kind in {**OUTCOMES[role], **may}.items():
            field = bound.outcomes.get(field, field)
            found = table.outcomes.get(field)
            if found is None or found.type.kind != kind:
                what = f"{table.id} has no outcome {field} of type {kind}"
                self.fault(("tables", role), what, "what the service reads", "add it to the table", "missing-outcome")
        meanings = RESULTS[role]
        codes = table.outcomes["result"].type.codes
        for code in codes if meanings else ():
            meaning = bound.results.get(code, code)
            if meaning not in meanings:
                remedy = nearest(meaning, meanings) or f"say under results what {code} means"
                what = f"the result {code} of {table.id} means nothing to the service"
                self.fault(("tables", role), what, f"one of {listed(meanings)}", remedy, "unknown-result")
        for code in bound.results:
            if code not in codes:
                remedy = nearest(code, codes) or "remove it"
                what = f"{table.id} has no result {code}"
                self.fault(
                    ("tables", role, "results", code), what, listed(codes), remedy, "unknown-result", of_key=True
                )
        if role in REQUIRED:
            asked = inputs.get(bound.facts.get("product", "product"))
            for code in self.model.products:
                if asked is not None and asked.type.codes and code not in asked.type.codes:
                    remedy = nearest(code, asked.type.codes) or f"add it to rules/{table.id}.yaml"
                    what = f"the table {table.id} does not know the product {code}"
                    self.fault(("products", code), what, listed(asked.type.codes), remedy, "unknown-code", of_key=True)

    def prices(self) -> None:
        """Prices of media are amounts, or dated values that are."""
        values = self.rules.values if self.rules else {}
        for code, medium in self.model.media.items():
            if isinstance(medium.price, int):
                if medium.price < 0:
                    path = ("media", code, "price")
                    self.fault(path, f"{medium.price} is below 0", "0 or more", "correct it", "wrong-value")
            elif medium.price not in values or values[medium.price].type.kind != "money":
                remedy = nearest(medium.price, values) or "correct the name"
                what = f'no dated value "{medium.price}" of type money'
                self.fault(
                    ("media", code, "price"), what, "a name of values.yaml, or an amount", remedy, "unknown-value"
                )
