"""What the tests of measures start from: invented visits to an invented clinic, in a ledger of their own."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from donghaeng.catalogue.ledger_tables import read_extract, tables_of
from donghaeng.documents import Day, Model
from donghaeng.errors import Faults
from donghaeng.ledger.entry import NewEntry
from donghaeng.ledger.extract import Period, extract
from donghaeng.ledger.kinds import Kind, Kinds
from donghaeng.ledger.ledger import Ledger
from donghaeng.ledger.open import open_persons, open_store
from donghaeng.ledger.own_kinds import OWN_KINDS, SIMULATION_STARTED, SIMULATION_STREAM
from donghaeng.ledger.persons import Persons
from donghaeng.measures.compute import Computed, compute
from donghaeng.measures.measure import MeasuresSection
from donghaeng.measures.reading import read_measures
from tests.ledger.ledgers import MASTER_KEY, Clock, bytes_in_a_row
from tests.policy_pack import policy_pack

EXTRACT_KEY = bytes(range(32, 64))

Outcome = Literal["covered", "exempt", "refused"]
Paper = Literal["card", "phone", "passport"]


class Visited(Model):
    """A visit. Why somebody was exempt tells of their health."""

    person: str
    outcome: Outcome
    desk: str | None = None
    shown: tuple[Paper, ...] = ()
    urgent: bool | None = None
    paid_won: int | None = None
    reason: str | None = None


class Refunded(Model):
    """Money was given back."""

    visit: str
    won: int


class Judged(Model):
    """A claim was judged."""

    claim: str
    outcome: Outcome
    on: Day
    won: int | None = None


class JudgedAgain(Judged):
    """A claim was judged anew."""

    before: Outcome


VISITED = Kind("visited", 1, Visited, person="person", facts=("reason",))
KINDS = (
    VISITED,
    Kind("refunded", 1, Refunded),
    Kind("judged", 1, Judged),
    Kind("judged-again", 1, JudgedAgain),
)
TABLES = tables_of(Kinds((*OWN_KINDS, *KINDS)))

COLUMNS = """\
format: 1
tables:
  visited:
    columns:
      outcome:
        title: {ko: 결과, en: Result}
        codes:
          covered: {ko: 적용, en: Covered}
          exempt: {ko: 예외, en: Exempt}
          refused: {ko: 거절, en: Refused}
      desk:
        title: {ko: 창구, en: Desk}
        codes: {east: {ko: 동쪽, en: East}, west: {ko: 서쪽, en: West}}
      urgent:
        title: {ko: 응급, en: Urgent}
      reason:
        title: {ko: 까닭, en: Reason}
        codes: {child: {ko: 아이, en: Child}, pregnant: {ko: 임신, en: Pregnant}}
  claims:
    kinds: [judged, judged-again]
    last_of: claim
    day: on
    columns:
      outcome:
        title: {ko: 결과, en: Result}
        codes: {covered: {ko: 적용, en: Covered}, exempt: {ko: 예외, en: Exempt}, refused: {ko: 거절, en: Refused}}
        unknown: {ko: 아직 모름, en: Not yet known}
"""


def measure(measure_id: str, **keys: object) -> str:
    """Write one measure with its texts."""
    lines = [f"  {measure_id}:", "    title: {ko: 이름, en: Name}", "    unit: {ko: 건, en: visits}"]
    return "\n".join([*lines, *(f"    {name}: {value}" for name, value in keys.items())]) + "\n"


def measures_yaml(*measures: str, columns: str = COLUMNS) -> str:
    """Write the file of some measures."""
    return columns + "measures:\n" + "".join(measures)


def read(text: str, folder: Path) -> tuple[MeasuresSection | None, Faults]:
    """Read a file of measures over the kinds of the clinic."""
    path = folder / "measures.yaml"
    path.write_text(text, "utf-8")
    faults = Faults()
    lists = {"identity.outcome": {"covered": {"ko": "적용", "en": "Covered"}}}
    return read_measures(path, "measures.yaml", TABLES, lists, ("ko", "en"), faults), faults  # type: ignore[arg-type]


def section_of(folder: Path, *measures: str) -> MeasuresSection:
    """Give measures that are free of faults."""
    section, faults = read(measures_yaml(*measures), folder)
    assert section is not None, "\n".join(map(str, faults))
    return section


def ledger_at(url: str, kinds: Iterable[Kind] = KINDS) -> Ledger:
    """Open a ledger with persons."""
    clock = Clock("2026-01-01T00:00:00+00:00")
    store = open_store(url, create=True)
    persons = Persons(open_persons(url, create=True), MASTER_KEY, bytes_in_a_row(), clock)
    return Ledger(store, Kinds((*OWN_KINDS, *kinds)), clock, persons=persons)


def simulation_entry() -> NewEntry:
    """Give the entry that a made-up ledger begins with."""
    return NewEntry(
        stream=SIMULATION_STREAM,
        kind=SIMULATION_STARTED,
        body={"seed": 1, "what": "a day at an invented clinic", "pack": "riverton/night-bus"},
        effective_at=datetime.fromisoformat("2026-01-01T09:00:00+09:00"),
        idempotency_key="simulation",
    )


def entries_of(visits: Iterable[Mapping[str, Any]], persons: Iterable[str]) -> list[NewEntry]:
    """Give entries of visits.

    A visit has a day, the person (their number among `persons`), and the keys of `Visited`; `corrects` is the number of
    the visit, among those before it, that it corrects. Each chain of corrections is a stream.
    """
    names = list(persons)
    given: list[NewEntry] = []
    places: list[tuple[str, int]] = []
    lengths: dict[str, int] = {}
    for number, visit in enumerate(visits):
        body = dict(visit)
        day, person, corrects = body.pop("day"), body.pop("person"), body.pop("corrects", None)
        stream = places[corrects][0] if corrects is not None else f"visit/{number}"
        lengths[stream] = lengths.get(stream, 0) + 1
        places.append((stream, lengths[stream]))
        given.append(
            NewEntry(
                stream=stream,
                kind="visited",
                body={"person": names[person % len(names)], **body},
                effective_at=datetime.fromisoformat(f"{day}T10:00:00+09:00"),
                idempotency_key=f"visit-{number}",
                corrects=places[corrects][1] if corrects is not None else None,
            )
        )
    return given


def with_persons(ledger: Ledger, count: int) -> list[str]:
    """Give the pseudonyms of some persons."""
    assert ledger.persons is not None
    return [ledger.persons.person("clinic", f"chart-{number}") for number in range(count)]


def record(url: str, visits: Iterable[Mapping[str, Any]], simulated: bool = False, persons: int = 7) -> None:
    """Record visits in a new ledger."""
    ledger = ledger_at(url)
    try:
        if simulated:
            ledger.append([simulation_entry()])
        ledger.append(entries_of(visits, with_persons(ledger, persons)))
    finally:
        ledger.close()


def extracted(url: str, folder: Path, period: Period = "month", facts: bool = False, part: int = 100_000) -> Path:
    """Extract a ledger."""
    ledger = ledger_at(url)
    try:
        extract(ledger, folder, EXTRACT_KEY, period=period, facts=facts, part=part)
    finally:
        ledger.close()
    return folder


def computed(
    section: MeasuresSection, visits: Iterable[Mapping[str, Any]], folder: Path, simulated: bool = False, **how: Any
) -> Computed:
    """Record visits, extract them and compute measures."""
    url = f"sqlite:///{folder / 'ledger.db'}"
    record(url, visits, simulated)
    return compute(section, read_extract(extracted(url, folder / "extract", **how)))


def clinic_pack(folder: Path, text: str, pack_id: str = "riverton/clinic") -> Path:
    """Write a small invented pack with measures."""
    policy_pack(folder, pack_id)
    (folder / "measures.yaml").write_text(text, "utf-8")
    return folder


def keys(folder: Path) -> tuple[Path, Path]:
    """Write the key of extracts and the master key."""
    extract_key, master_key = folder / "extract.key", folder / "master.key"
    extract_key.write_text(EXTRACT_KEY.hex() + "\n")
    master_key.write_text(MASTER_KEY.hex() + "\n")
    return extract_key, master_key


def four_months(seed: int = 1, count: int = 900) -> list[dict[str, Any]]:
    """Draw visits of four months; all made up."""
    chance = random.Random(seed)
    drawn = []
    for _ in range(count):
        outcome = chance.choices(["covered", "exempt", "refused"], [80, 15, 5])[0]
        drawn.append(
            {
                "day": f"2026-{chance.randint(1, 4):02}-{chance.randint(1, 28):02}",
                "person": chance.randint(0, 400),
                "outcome": outcome,
                "desk": chance.choices(["east", "west", None], [6, 3, 1])[0],
                "urgent": chance.choices([True, False, None], [1, 20, 2])[0],
                "paid_won": 30_000 if outcome == "refused" else chance.choice([4_500, 5_000, 12_300]),
                "reason": chance.choices(["child", "pregnant"], [9, 1])[0] if outcome == "exempt" else None,
            }
        )
    return drawn


RICH = measures_yaml(
    "  visits:\n    title: {ko: 진료 건수, en: Visits}\n"
    "    description: {ko: 창구에서 확인한 진료, en: Visits checked at the desk}\n"
    "    unit: {ko: 건, en: visits}\n    calculate: count\n    table: visited\n    groups: [outcome]\n",
    "  exempt:\n    title: {ko: 까닭별 예외, en: Exemptions by reason}\n    unit: {ko: 건, en: visits}\n"
    "    calculate: count\n    table: visited\n    filter: outcome = 'exempt'\n    groups: [reason]\n",
    "  paid:\n    title: {ko: 받은 돈, en: Money paid}\n    unit: {ko: 원, en: won}\n    calculate: sum\n"
    "    column: paid_won\n    table: visited\n",
    "  share:\n    title: {ko: 결과별 비율, en: Share of each result}\n    unit: {ko: 비율, en: share}\n"
    "    calculate: ratio\n    of: visits\n    to: everyone\n",
    "  everyone:\n    title: {ko: 모든 진료, en: All visits}\n    unit: {ko: 건, en: visits}\n"
    "    calculate: count\n    table: visited\n",
    "  persons:\n    title: {ko: 환자 수, en: Patients}\n    unit: {ko: 명, en: persons}\n"
    "    calculate: distinct\n    column: person\n    table: visited\n",
)
