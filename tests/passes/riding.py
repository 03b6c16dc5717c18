"""A pass service with cards that hold passes, and files of invented taps."""

from __future__ import annotations

import csv
import hashlib
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import donghaeng
from donghaeng.ledger.kinds import Kinds
from donghaeng.ledger.ledger import Ledger
from donghaeng.ledger.open import open_store
from donghaeng.services.passes.cards import issue_card
from donghaeng.services.passes.charging import place_order, receive_payment
from donghaeng.services.passes.day_files import DayFiles
from donghaeng.services.passes.kinds import KINDS
from donghaeng.services.passes.medium import medium_number
from donghaeng.services.passes.missing_alights import count_missing
from donghaeng.services.passes.rides import RideSettings, update_rides
from donghaeng.services.passes.schema import TABLE_SET
from donghaeng.services.passes.section import PassesSection
from donghaeng.services.passes.service import PassService, Who
from donghaeng.services.passes.service_day import ServiceDays
from donghaeng.services.passes.tap_kinds import TAP_KINDS
from donghaeng.services.passes.tap_schema import TAP_COLUMNS
from donghaeng.services.passes.taps import Received, Taps

SEOUL = ZoneInfo("Asia/Seoul")
DAYS = ServiceDays(SEOUL, time(4))
WHO = Who("simulated-seller", "key-1")
#: A Wednesday.
DAY = date(2026, 5, 20)


@cache
def section() -> PassesSection:
    return donghaeng.load("seoul/climate-card").passes_section()


def at(text: str, day: date = DAY) -> datetime:
    """A local time of a day: "08:00", or of the days after it: "25:30"."""
    hour, minute, *second = map(int, text.split(":"))
    start = datetime.combine(day, time(0), SEOUL)
    return start + timedelta(hours=hour, minutes=minute, seconds=second[0] if second else 0)


@dataclass
class Clock:
    """A clock that stands still until it is set."""

    now: datetime = field(default_factory=lambda: at("08:00"))

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True)
class Tap:
    """One tap, as a device writes it."""

    device: str
    sequence: int
    medium: int
    direction: str
    tapped_at: datetime
    place: str = "one"
    line: str = "line_2"
    answer: str = "ok"
    opened: bool = True
    amount: int | None = None


class Riding:
    """The service, its taps and its clock."""

    def __init__(self, folder: Path, url: str | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.clock = folder, Clock()
        path = folder / "ledger.db"
        store = open_store(url or f"sqlite:///{path}", create=not path.exists(), more=(TABLE_SET,))
        kinds = {(kind.name, kind.version): kind for kind in (*KINDS, *TAP_KINDS)}
        self.ledger = Ledger(store, Kinds(kinds.values()), self.clock)
        numbers = itertools.count()
        self.service = PassService(
            section(), self.ledger, self.clock, lambda size: hashlib.shake_256(str(next(numbers)).encode()).digest(size)
        )
        self.files = DayFiles(folder / "days", store, DAYS, threads=1)
        self.taps = Taps(self.ledger, self.files)
        self.settings = RideSettings()
        self._keys = itertools.count(1)

    def card(
        self, product: str = "d30_transit", start: date | None = DAY, category: str = "general"
    ) -> tuple[str, int]:
        """Issue a card with a pass; gives its id and the number of its medium."""
        key = str(next(self._keys))
        card = issue_card(self.service, WHO, key, medium="physical", channel="station_machine")
        order, _ = place_order(
            self.service,
            WHO,
            key,
            card=card.card,
            product=product,
            channel="station_machine",
            payment="cash",
            category=category,
            start=start,
            told={"line": "lines_1_to_8"},
        )
        receive_payment(self.service, WHO, payment=f"pay-{key}", order=order.order_id, amount=order.amount)
        return card.card, medium_number(card.medium)

    def receive(self, taps: Iterable[Tap], name: str | None = None) -> Received:
        """Receive taps as one CSV file, when the last of them is made; clocks that are weeks off are off."""
        taps = list(taps)
        soon = self.clock.now + timedelta(days=9)
        self.clock.now = max([self.clock.now, *(tap.tapped_at for tap in taps if tap.tapped_at < soon)])
        path = write_csv(self.folder / (name or f"{next(self._keys)}.csv"), taps)
        return self.taps.receive(path, "simulated operator")

    def settle(self, now: datetime | None = None) -> list[str]:
        """Make the rides and count what is missing."""
        if now is not None:
            self.clock.now = now
        update_rides(self.files, self.clock(), self.settings)
        return count_missing(self.service, self.files)

    def rides(self, first: date = DAY, last: date = DAY) -> list[tuple[object, ...]]:
        with self.files.engine() as engine:
            return engine.execute(f"SELECT * FROM ({self.files.rides(first, last)}) ORDER BY ALL").fetchall()

    def seen_taps(self) -> list[tuple[object, ...]]:
        with self.files.engine() as engine:
            return engine.execute(f"SELECT * FROM ({self.files.taps('0000', '9999')}) ORDER BY ALL").fetchall()

    def blocks(self, card: str) -> list[tuple[object, ...]]:
        """The blocks of a card that were not lifted, without the order in which they were recorded."""
        found = self.service.state.blocks_of(card)
        return [(block.block.partition("#")[0], block.starts, block.ends) for block in found if block.lifted_at is None]

    def close(self) -> None:
        self.files.close()
        self.ledger.close()


def write_csv(path: Path, taps: Iterable[Tap], columns: Sequence[str] = tuple(TAP_COLUMNS)) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for tap in taps:
            cells = {name: getattr(tap, name) for name in columns}
            cells["tapped_at"] = tap.tapped_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
            cells["opened"] = str(tap.opened).lower()
            cells["amount"] = "" if tap.amount is None else tap.amount
            writer.writerow([cells[name] for name in columns])
    return path
