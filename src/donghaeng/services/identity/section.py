"""What a pack says of its identity check: ``service/identity.yaml``, its models, and how they are read.

Rules stand in the decision tables of the pack. The section says which table answers which question, what its facts and
answers mean to the service, what an institution's own records are told to it as, and every text that a patient gets.
"""

from __future__ import annotations

import string
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

from donghaeng.documents import Document, Model, formed, read_model
from donghaeng.errors import Faults, listed, nearest
from donghaeng.rules.decision import DecisionTable
from donghaeng.rules.document import Code, Name, TableId
from donghaeng.rules.reading import RulesSection
from donghaeng.rules.table import Table, answer_fields
from donghaeng.rules.types import FactError
from donghaeng.wording import Text

FILE = "service/identity.yaml"

#: Languages of what a patient gets.
SPOKEN = ("ko", "en", "zh", "vi")
Spoken = dict[Literal["ko", "en", "zh", "vi"], Annotated[str, Field(min_length=1)]]
Codes = Annotated[tuple[Code, ...], Field(strict=False, min_length=1)]
FactValue = bool | int | str | list[str]
Role = Literal["visit", "document", "refund", "fine", "consequences"]
ROLES: tuple[Role, ...] = ("visit", "document", "refund", "fine", "consequences")

#: What may stand in braces in a text, by the text.
PLACEHOLDERS: Mapping[str, frozenset[str]] = {
    "bring": frozenset({"institution", "day", "phone"}),
    "ask": frozenset({"institution", "day", "phone"}),
    "slip_title": frozenset({"institution"}),
    "slip_note": frozenset({"institution", "day", "bring_by", "phone"}),
    **dict.fromkeys(
        ("slip_paid", "slip_day", "slip_bring", "slip_by", "slip_where", "slip_what", "slip_back", "unknown"),
        frozenset[str](),
    ),
}


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f'"{value}" is no time zone', "a zone such as Asia/Seoul") from None
    return value


class VisitFacts(Model):
    """Facts of the table of visits that the service fills in from the institution's own records, or looks at.

    Attributes:
        lookup: what the eligibility lookup said.
        checked_before: whether the institution checked this person before.
        last_check: day of its last check.
        stay: whether the person is or was an inpatient there.
        discharge: day of the last discharge.
        means: what was shown as proof of identity.
        nothing: the code of `means` for nothing.
        kept: facts that do not change, such as the day of birth: once told, they hold for later visits.
        sealed: facts that are kept encrypted beside those which the table calls personal.
        plain_codes: of these facts only the codes named here are kept in clear text. The others are encrypted, with
            every reason that reads them: which document was shown may tell of a disability or a pregnancy. Codes that
            tell nothing belong among the encrypted ones, too, so that what tells is not known by being left out.
    """

    lookup: Name
    checked_before: Name
    last_check: Name
    stay: Name
    discharge: Name
    means: Name
    nothing: Code
    kept: Annotated[tuple[Name, ...], Field(strict=False)] = ()
    sealed: Annotated[tuple[Name, ...], Field(strict=False)] = ()
    plain_codes: Annotated[dict[Name, Codes], Field(default_factory=dict)]


class StayCodes(Model):
    """Codes of the fact `stay`.

    Attributes:
        never: no stay.
        now: admitted and not discharged.
        discharged: discharged.
    """

    never: Code
    now: Code
    discharged: Code


class Lookup(Model):
    """What the answers of the eligibility lookup mean.

    Attributes:
        eligible: answers with which a check of identity counts as a check of both.
        no_answer: the answer where none came; the visit is then completed later.
        seconds: how long an interface may take.
    """

    eligible: Codes
    no_answer: Code
    seconds: Annotated[int, Field(ge=1, le=30)] = 3


class RefundFacts(Model):
    """Facts of the table of refunds.

    Attributes:
        visit_date: day of the visit.
        lookup: what the lookup said for that day.
        accepted: whether what was shown is accepted.
        receipt: whether the receipt was shown.
        total: the whole charge.
        share: the insurer's share of it.
    """

    visit_date: Name
    lookup: Name
    accepted: Name
    receipt: Name
    total: Name
    share: Name


class Results(Model):
    """What the results of the tables mean.

    Attributes:
        open: results of a visit after which a document may still be brought.
        free: results of a visit for which nothing need be brought.
        accepted: results of the table of documents that accept what was shown.
        refused: results of it that do not.
        refunded: results of the table of refunds that end the matter with money paid back.
        closed: results of it that end the matter otherwise.
    """

    open: Codes
    free: Codes
    accepted: Codes
    refused: Codes
    refunded: Codes
    closed: Codes


class Outcomes(Model):
    """Fields of answers.

    Attributes:
        bring_by: last day on which a document can be brought, of the table of visits.
        amount: what is paid back, of the table of refunds, and the fine, of that of fines.
    """

    bring_by: Name
    amount: Name


class Case(Model):
    """One of the commonest cases at the desk, which takes one key.

    Attributes:
        id: its id.
        key: the key.
        title: what the button says.
        facts: what is true of it.
    """

    id: Name
    key: Annotated[str, formed(r"^[0-9a-z]$", "a small letter or a digit")]
    title: Text
    facts: dict[Name, FactValue]


class IdentityModel(Model):
    """The content of ``service/identity.yaml``.

    Attributes:
        zone: time zone in which a visit has its day.
        tables: id of the decision table of each role.
        facts: facts of the table of visits.
        stay: codes of stays.
        lookup: the eligibility lookup.
        refund: facts of the table of refunds.
        results: what results mean.
        outcomes: fields of answers.
        counting: dated value that says in what period breaches are counted.
        contacts: dated value with the telephone number of whom to ask, by language.
        assumed: what is taken to be true of an appointment where nothing else was told.
        cases: the commonest cases at the desk.
        looks: what a desk looks at, by id.
        look_at: ids of `looks`, by code of what is shown.
        texts: what a patient is told, by language.
    """

    zone: Annotated[str, AfterValidator(_zone)]
    tables: dict[Role, TableId]
    facts: VisitFacts
    stay: StayCodes
    lookup: Lookup
    refund: RefundFacts
    results: Results
    outcomes: Outcomes
    counting: Name
    contacts: dict[Literal["ko", "en", "zh", "vi"], Name]
    assumed: Annotated[dict[Name, FactValue], Field(default_factory=dict)]
    cases: Annotated[tuple[Case, ...], Field(strict=False)] = ()
    looks: Annotated[dict[Name, Spoken], Field(default_factory=dict)]
    look_at: Annotated[
        dict[Code, Annotated[tuple[Name, ...], Field(strict=False, min_length=1)]], Field(default_factory=dict)
    ]
    texts: dict[
        Literal[
            "bring",
            "ask",
            "slip_title",
            "slip_note",
            "slip_paid",
            "slip_day",
            "slip_bring",
            "slip_by",
            "slip_where",
            "slip_what",
            "slip_back",
            "unknown",
        ],
        Spoken,
    ]


@dataclass(frozen=True)
class IdentitySection:
    """The identity check of a pack.

    Attributes:
        settings: what ``service/identity.yaml`` says.
        pack: id of the pack.
        version: its version.
        languages: languages of the pack.
        unofficial: whether the pack is not its owner's own.
    """

    settings: IdentityModel
    pack: str
    version: str
    languages: tuple[str, ...]
    unofficial: bool

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which a visit has its day."""
        return ZoneInfo(self.settings.zone)


def read_identity(
    folder: Path,
    label: str,
    *,
    pack: str,
    version: str,
    languages: tuple[str, ...],
    unofficial: bool,
    rules: RulesSection | None,
    faults: Faults,
) -> IdentitySection | None:
    """Read ``service/identity.yaml``.

    Args:
        folder: folder of the pack.
        label: how faults name the folder.
        pack: id of the pack.
        version: its version.
        languages: languages in which each text of the desk is given.
        unofficial: whether the pack is not its owner's own.
        rules: its tables and values; None where they have faults of their own.
        faults: where faults go.

    Returns:
        The section; None where it has faults.
    """
    before = len(faults.errors)
    settings, document = read_model(folder / FILE, f"{label}/{FILE}", IdentityModel, faults)
    if settings is None or rules is None:
        return None
    _Checks(settings, document, rules, languages, faults).run()
    if len(faults.errors) > before:
        return None
    return IdentitySection(settings, pack, version, languages, unofficial)


def tables_of(settings: IdentityModel, rules: RulesSection) -> dict[Role, DecisionTable]:
    """Give the decision table of each role, ready to decide."""
    return {role: DecisionTable(rules.tables[table]) for role, table in settings.tables.items()}


class _Checks:
    """What a section says of the tables, held against them."""

    def __init__(
        self,
        settings: IdentityModel,
        document: Document,
        rules: RulesSection,
        languages: tuple[str, ...],
        faults: Faults,
    ) -> None:
        self.settings, self.document, self.rules = settings, document, rules
        self.languages, self.faults = languages, faults

    def run(self) -> None:
        """Make every check."""
        tables = self._tables()
        if "visit" in tables:
            self._visit(tables["visit"])
        if "document" in tables:
            for key in ("accepted", "refused"):
                self._codes(("results", key), getattr(self.settings.results, key), _results(tables["document"]))
        if "refund" in tables:
            self._refund(tables["refund"])
        self._known(("counting",), self.settings.counting, self.rules.values, "a dated value of the pack")
        for language, name in self.settings.contacts.items():
            self._known(("contacts", language), name, self.rules.values, "a dated value of the pack")
        self._all_languages(("contacts",), self.settings.contacts, SPOKEN)
        self._texts()

    def _tables(self) -> dict[str, Table]:
        found: dict[str, Table] = {}
        for role in ROLES:
            table = self.settings.tables.get(role)
            if table is None:
                self._fault(("tables",), f"no table answers {role}", f"the keys {listed(ROLES)}", "name it", "missing")
            elif self._known(("tables", role), table, self.rules.tables, "a table of the pack"):
                found[role] = self.rules.tables[table]
        return found

    def _visit(self, table: Table) -> None:
        settings, facts = self.settings, self.settings.facts
        inputs = table.all_inputs
        kinds = {
            **{"lookup": "code", "checked_before": "boolean", "last_check": "date", "stay": "code"},
            **{"discharge": "date", "means": "code"},
        }
        sound = [self._fact(("facts", key), getattr(facts, key), table, kind) for key, kind in kinds.items()]
        for key in ("kept", "sealed"):
            for number, name in enumerate(getattr(facts, key)):
                self._known(("facts", key, number), name, inputs, f"an input of {table.id}")
        for name, codes in facts.plain_codes.items():
            if self._fact(("facts", "plain_codes", name), name, table, "code"):
                self._codes(("facts", "plain_codes", name), codes, inputs[name].type.codes)
        self._codes(("results", "open"), settings.results.open, _results(table))
        self._codes(("results", "free"), settings.results.free, _results(table))
        self._known(("outcomes", "bring_by"), settings.outcomes.bring_by, answer_fields(table), "a field of the answer")
        if not all(sound):
            return
        self._codes(("stay",), settings.stay.model_dump().values(), inputs[facts.stay].type.codes)
        lookup = inputs[facts.lookup].type.codes
        self._codes(("lookup", "eligible"), settings.lookup.eligible, lookup)
        self._codes(("lookup", "no_answer"), [settings.lookup.no_answer], lookup)
        means = inputs[facts.means].type.codes
        self._codes(("facts", "nothing"), [facts.nothing], means)
        self._codes(("look_at",), settings.look_at, means)
        for name, spoken in settings.looks.items():
            self._all_languages(("looks", name), spoken, SPOKEN)
        for code, names in settings.look_at.items():
            for number, name in enumerate(names):
                self._known(("look_at", code, number), name, settings.looks, "one of looks")
        self._cases(table)
        self._values(("assumed",), settings.assumed, table)

    def _cases(self, table: Table) -> None:
        keys: set[str] = set()
        for number, case in enumerate(self.settings.cases):
            if case.key in keys:
                self._fault(("cases", number, "key"), f'"{case.key}" is taken', "another key", "change it", "twice")
            keys.add(case.key)
            self._all_languages(("cases", number, "title"), case.title, self.languages)
            self._values(("cases", number, "facts"), case.facts, table)

    def _values(self, path: tuple[str | int, ...], facts: Mapping[str, FactValue], table: Table) -> None:
        for name, value in facts.items():
            if not self._known((*path, name), name, table.all_inputs, f"an input of {table.id}"):
                continue
            try:
                table.all_inputs[name].type.from_json(value)
            except FactError as error:
                self._fault((*path, name), error.what, error.expected, error.remedy, "wrong-value")

    def _refund(self, table: Table) -> None:
        kinds = {
            **{"visit_date": "date", "lookup": "code", "accepted": "boolean"},
            **{"receipt": "boolean", "total": "money", "share": "money"},
        }
        for key, kind in kinds.items():
            self._fact(("refund", key), getattr(self.settings.refund, key), table, kind)
        self._codes(("results", "refunded"), self.settings.results.refunded, _results(table))
        self._codes(("results", "closed"), self.settings.results.closed, _results(table))
        fields = answer_fields(table)
        self._known(("outcomes", "amount"), self.settings.outcomes.amount, fields, "a field of the answer")

    def _texts(self) -> None:
        texts = self.settings.texts
        for name in PLACEHOLDERS.keys() - texts.keys():
            self._fault(("texts",), f"the text {name} is missing", "every text", "write it", "missing-value")
        for name, text in texts.items():
            self._all_languages(("texts", name), text, SPOKEN)
            for language, words in text.items():
                self._placeholders(("texts", name, language), words, PLACEHOLDERS[name])

    def _placeholders(self, path: tuple[str | int, ...], words: str, allowed: Collection[str]) -> None:
        try:
            used = {name for _, name, _, _ in string.Formatter().parse(words) if name is not None}
        except ValueError:
            self._fault(path, "a brace stands alone", "placeholders in braces", "write {{ for a brace", "placeholder")
            return
        for name in sorted(used - set(allowed)):
            expected = f"one of {listed(sorted(allowed))}" if allowed else "no placeholder"
            remedy = nearest(name, allowed) or "remove it"
            self._fault(path, f'unknown placeholder "{name}"', expected, remedy, "placeholder")

    def _fact(self, path: tuple[str | int, ...], name: str, table: Table, kind: str) -> bool:
        if not self._known(path, name, table.all_inputs, f"an input of {table.id}"):
            return False
        given = table.all_inputs[name].type.kind
        if given != kind:
            self._fault(path, f"{name} is of type {given}", f"an input of type {kind}", "name another", "wrong-type")
        return given == kind

    def _codes(self, path: tuple[str | int, ...], codes: Iterable[str], known: Collection[str]) -> None:
        for code in codes:
            self._known(path, code, known, "a code of the table")

    def _known(self, path: tuple[str | int, ...], name: str, known: Collection[str], expected: str) -> bool:
        if name in known:
            return True
        remedy = nearest(name, known) or f"choose one of {listed(known)}"
        self._fault(path, f'"{name}" is not known', expected, remedy, "unknown-name")
        return False

    def _all_languages(self, path: tuple[str | int, ...], given: Collection[str], wanted: Iterable[str]) -> None:
        for language in wanted:
            if language not in given:
                self._fault(path, f"missing in {language}", "every language", "write it", "missing-value")

    def _fault(self, path: tuple[str | int, ...], what: str, expected: str, remedy: str, code: str) -> None:
        line, column = self.document.place(path)
        self.faults.add(self.document.label, line, column, what, expected, remedy, code)


def _results(table: Table) -> Collection[str]:
    return table.outcomes["result"].type.codes
