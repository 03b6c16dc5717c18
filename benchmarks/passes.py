"""Passes: decisions of gates, lists, wrong answers by the age of lists, taps in bulk, a month of rides.

Absolute goals are shown as a ratio to the goal: 1 is the goal itself.

- A decision is that of `Gate.decide` in one process, from slots that were read; with signature, of `Gate.answer`.
- Wrong answers: invented cards are charged, blocked, unblocked, stopped, refunded and charged again while they are
  used. A wrong refusal or acceptance is an answer that a list of this moment would not have given. The rates are
  assumed, since none is published: a day 0.5 % of cards blocked (a fifth of the blocks lifted by late taps), 0.2 %
  lost, 0.1 % refunded, half of those charged again; who was stopped still tries once for every ten usual taps.
- Bulk: a day of 5 million invented taps, 3 % of them twice, in no order, from 27,000 devices, as one Parquet file, in
  a process of its own. The corrected status: 10,000 late taps of that day, from the file to the blocks.
- A month: weekday users, rides and collected amounts a medium, by the day files, and by a query written by hand over
  one file with the same rides. `--full` takes 100 million taps instead of 10 million.
- Run by itself, this table ends with that of `online_taps`: taps over HTTP on PostgreSQL.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benchmarks import Row, best_of, main, online_taps
from donghaeng.ledger.canonical import moment
from donghaeng.ledger.kinds import Kinds
from donghaeng.ledger.ledger import Ledger
from donghaeng.ledger.open import open_store
from donghaeng.services.passes.day_files import DayFiles
from donghaeng.services.passes.gate import REASONS, Gate, GateRules, Signals
from donghaeng.services.passes.lists import CAUSES, NO_END, MediaList, merged, whole, write_delta, write_whole
from donghaeng.services.passes.medium import Carried, CodeBook, VerifyKey, seconds, write_slot
from donghaeng.services.passes.rides import RideSettings, update_rides
from donghaeng.services.passes.schema import TABLE_SET
from donghaeng.services.passes.service_day import ServiceDays
from donghaeng.services.passes.station_rights import BOTH, PlaceRights
from donghaeng.services.passes.tap_kinds import TAP_KINDS
from donghaeng.services.passes.taps import Taps

GATE_GOAL_US = 20
LIST_GOAL_BYTES = 40
DELTA_GOAL_BYTES = 1_000_000
BULK_GOAL = 100_000
MEMORY_GOAL_MIB = 2_048
DAY = date(2026, 5, 20)
DAYS = ServiceDays(ZoneInfo("Asia/Seoul"), time_of_day(4))
NOW = seconds(datetime(2026, 5, 20, 0, tzinfo=UTC))
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
RULES = "00" * 8
BOOK = CodeBook(("month", "short"), ("general", "youth"), ("bike",))


def rules() -> GateRules:
    """Rules of an invented gate at which everything is allowed."""
    words = {reason: {"en": reason} for reason in REASONS}
    rights = PlaceRights("place", DAY - timedelta(days=9), ({0: BOTH, 1: BOTH},) * 60, (BOTH,) * 60)
    keys = {1: VerifyKey(KEY.public_key())}
    return GateRules(RULES, DAYS, BOOK, rights, Signals(words, {"youth": "purple"}), keys=keys)


def full_list(count: int) -> MediaList:
    """A full list of invented media."""
    chance = np.random.default_rng(1)
    media = np.unique(chance.integers(0, 2**63, 2 * count, dtype=np.int64))[:count]
    columns = {"product": chance.integers(0, 2, count), "category": chance.integers(0, 2, count)}
    columns |= {"addons": chance.integers(0, 2, count), "starts": np.full(count, NOW - 86_400)}
    return whole("full", 1, RULES, NOW, media, columns | {"ends": NOW + chance.integers(1, 30, count) * 86_400})


def deny_list(media: Any, number: int = 1) -> MediaList:
    """A list that denies media for ever."""
    count = len(media)
    columns = {"cause": np.zeros(count), "until": np.full(count, NO_END), "charged_up_to": np.full(count, NO_END)}
    return whole("deny", number, RULES, NOW, media, columns)


def gates() -> list[Row]:
    """Decisions and lists."""
    size, many = 2_000_000, 20_000
    listed = full_list(size)
    media = [int(one) for one in listed.media[:: size // many][:many]]
    denied = deny_list(listed.media[1 :: size // 40_000])
    carried = [(Carried(1, one, 0, 1, 0, NOW - 86_400, NOW + 86_400 * 20, NOW - 60),) for one in media]
    gate, by_list = Gate(rules(), denied, None), Gate(rules(), denied, listed)
    slots = [write_slot(one[0], KEY) for one in carried[:1_000]]

    def decide() -> None:
        for medium, one in zip(media, carried, strict=True):
            gate.decide(medium, one, "board", NOW)
        gate._seen.clear()  # so that none is a repeated tap

    def look_up() -> None:
        for medium in media:
            by_list.decide(medium, (), "board", NOW)
        by_list._seen.clear()

    def with_signature() -> None:
        for medium, data in zip(media, slots, strict=False):
            gate.answer(medium, data, "board", NOW)
        gate._seen.clear()

    public = KEY.public_key()

    def verify() -> None:
        for data in slots:
            public.verify(data[-64:], data[:-64])

    decided, looked, signed, bare = best_of(7, decide, look_up, with_signature, verify)
    decision = decided / many * 1e6
    chance = np.random.default_rng(2)
    ends = listed.columns["ends"].copy()
    changed = chance.choice(size, size // 100, replace=False)
    ends[changed] += 86_400 * 30
    newer = whole("full", 2, RULES, NOW + 60, listed.media, {**listed.columns, "ends": ends})
    delta = len(write_delta(listed, newer, 1, KEY))
    deny_delta = len(write_delta(deny_list([]), deny_list(listed.media[changed], 2), 1, KEY))
    a_card = len(write_whole(listed, 1, KEY)) / size

    def goal(case: str, value: float, unit: str, most: float) -> Row:
        return Row(case=case, value=value, unit=unit, ratio=value / most, target=1.0)

    return [
        goal("gate decision, offline", decision, "us", GATE_GOAL_US),
        goal("  by the full list of 2 million", looked / many * 1e6, "us", GATE_GOAL_US),
        Row(case="  with the signature of the medium", value=signed / len(slots) * 1e6, unit="us"),
        Row(case="  one bare Ed25519 verification", value=bare / len(slots) * 1e6, unit="us"),
        Row(case="medium, one slot", value=len(slots[0]), unit="bytes"),
        goal("full list of 2 million, a card", a_card, "bytes", LIST_GOAL_BYTES),
        goal("  delta for a change of 1 %", delta, "bytes", DELTA_GOAL_BYTES),
        goal("  deny delta of 20,000 media", deny_delta, "bytes", DELTA_GOAL_BYTES),
    ]


class Happenings:
    """Invented cards over two days: when each was blocked, stopped, refunded and charged."""

    def __init__(self, cards: int, span: int, seed: int) -> None:
        """Draw what happens to so many cards within so many seconds from `NOW`."""
        chance = np.random.default_rng(seed)
        self.media = np.unique(chance.integers(0, 2**63, 2 * cards, dtype=np.int64))[:cards]
        days = span / 86_400
        never = np.iinfo(np.int64).max

        def some(share: float) -> Any:
            when = NOW - 86_400 + chance.integers(0, span + 86_400, cards)
            return np.where(chance.random(cards) < share * (days + 1), when, never)

        self.blocked = some(0.005)
        lifted = self.blocked + chance.integers(60, 43_200, cards)
        by_itself = np.where(self.blocked < never, self.blocked + 86_400, never)
        self.block_ends = np.where((chance.random(cards) < 0.2) & (self.blocked < never), lifted, by_itself)
        self.planned_ends = by_itself
        self.lost = some(0.002)
        self.refunded = some(0.001)
        again = (chance.random(cards) < 0.5) & (self.refunded < never)
        self.recharged = np.where(again, self.refunded + chance.integers(60, 43_200, cards), never)
        self.started = NOW - 86_400 * chance.integers(0, 25, cards)
        # A new card is charged while the day runs, and used a minute later.
        fresh = chance.random(cards) < 0.03 * days
        self.charged = np.where(fresh, NOW + chance.integers(0, span, cards), self.started)

    def list_at(self, at: int, number: int) -> MediaList:
        """The deny list as it would be issued at a moment."""
        parts = []
        blocked = (self.blocked <= at) & (at < self.block_ends)
        lost, refunded = self.lost <= at, self.refunded <= at
        for chosen, cause, until, up_to in (
            (blocked, CAUSES.index("blocked"), self.planned_ends, None),
            (lost, CAUSES.index("lost"), None, None),
            (refunded, CAUSES.index("refunded"), None, self.refunded),
        ):
            count = int(chosen.sum())
            ends = np.full(count, NO_END) if until is None else until[chosen]
            charges = np.full(count, NO_END) if up_to is None else up_to[chosen]
            parts.append((self.media[chosen], np.full(count, cause), ends, charges))
        media, causes, ends, charges = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        media, columns = merged(media, {"cause": causes, "until": ends, "charged_up_to": charges})
        return whole("deny", number, RULES, at, media, columns)

    def is_denied(self, card: int, at: int) -> bool:
        """Whether the card is denied at a moment, whatever any list says."""
        refunded = self.refunded[card] <= at < self.recharged[card]
        return bool(self.blocked[card] <= at < self.block_ends[card] or self.lost[card] <= at or refunded)


def wrong_answers(cards: int = 200_000, taps: int = 500_000) -> list[Row]:
    """Wrong refusals and acceptances by gates whose lists are so old."""
    span = 86_400
    world = Happenings(cards, span, 7)
    chance = np.random.default_rng(8)
    times = np.sort(NOW + chance.integers(0, span, taps))
    who = chance.integers(0, cards, taps)
    tries = chance.random(taps)
    # Lists are issued in steps, so a gate has one that is so old, or up to one step older.
    ages = {
        "1 to 2 minutes": (60, 60),
        "60 to 70 minutes": (3_600, 600),
        "24 to 25 hours": (86_400, 3_600),
    }
    wrong = {name: [0, 0] for name in ages}
    counted = fresh = fresh_refused = 0
    held: dict[str, tuple[int, Gate]] = {}
    given_rules = rules()
    for at, card, tried in zip(times.tolist(), who.tolist(), tries.tolist(), strict=True):
        charged = int(world.charged[card])
        if at < charged + 60:
            continue
        if world.recharged[card] <= at:
            charged = int(world.recharged[card])
        denied = world.is_denied(card, at)
        if denied and tried > 0.1:
            continue
        counted += 1
        medium = int(world.media[card])
        slot = Carried(1, medium, 0, 0, 0, int(world.started[card]), int(world.started[card]) + 86_400 * 30, charged)
        just_charged = at - charged < 3_600
        fresh += just_charged and not denied
        for name, (old, step) in ages.items():
            issued = (at - old) // step * step
            if name not in held or held[name][0] != issued:
                held[name] = issued, Gate(given_rules, world.list_at(issued, 1))
            is_open = held[name][1].decide(medium, (slot,), "board", at).open
            if is_open and denied:
                wrong[name][1] += 1
            elif not is_open and not denied:
                wrong[name][0] += 1
                fresh_refused += just_charged and name.startswith("24")
    scale = 1e6 / counted
    found = []
    for name, (refusals, acceptances) in wrong.items():
        found.append(Row(case=f"wrong refusals, lists {name} old", value=refusals * scale, unit="/million"))
        found.append(Row(case="  wrong acceptances", value=acceptances * scale, unit="/million"))
    case = f"  refused of {fresh:,} taps within an hour of a charge, 24 hours"
    return [*found, Row(case=case, value=fresh_refused, unit="taps")]


@contextmanager
def folder() -> Iterator[Path]:
    """Give a folder that is taken away afterwards."""
    with tempfile.TemporaryDirectory(prefix="passes-") as path:
        yield Path(path)


def make_day(path: Path, taps: int, late: int) -> None:
    """Write a day of invented taps, and a file of late ones, in a process of its own."""
    import duckdb

    engine = duckdb.connect(":memory:", config={"threads": 2, "memory_limit": "1GB"})
    engine.execute("SET TimeZone = 'UTC'")
    engine.execute(
        f"""
CREATE TABLE taps AS SELECT 'gate-' || gate AS device, i // 27000 AS sequence, (hash(i // 7) >> 1)::BIGINT AS medium,
    CASE WHEN i % 2 = 0 THEN 'board' ELSE 'alight' END AS direction,
    (TIMESTAMP '2026-05-19 19:30:00' + to_seconds((hash(i // 2) % 72000 + (i % 2) * 1500)::BIGINT))::TIMESTAMPTZ
        AS tapped_at,
    'place-' || (gate % 700) AS place, 'line-' || (gate % 20) AS line, 'ok' AS answer, true AS opened,
    NULL::BIGINT AS amount
FROM (SELECT i, i % 27000 AS gate FROM range({taps}) AS r(i));
COPY (SELECT * FROM taps WHERE hash(device, sequence) % {max(1, taps // late)} = 0) TO '{path}/late.parquet';
CREATE TABLE usual AS SELECT * FROM taps WHERE hash(device, sequence) % {max(1, taps // late)} <> 0;
COPY (SELECT * FROM (SELECT * FROM usual UNION ALL SELECT * FROM usual WHERE hash(sequence, device) % 33 = 0)
    ORDER BY hash(sequence, device, medium)) TO '{path}/day.parquet'
"""  # noqa: S608, numbers
    )


def opened(path: Path) -> tuple[Ledger, DayFiles]:
    """Open a ledger and day files in a folder."""
    store = open_store(f"sqlite:///{path / 'ledger.db'}", create=True, more=(TABLE_SET,))
    ledger = Ledger(store, Kinds(TAP_KINDS), lambda: datetime(2026, 5, 21, 5, tzinfo=UTC))
    return ledger, DayFiles(path / "days", store, DAYS, memory="1GB")


def take_in(path: Path) -> None:
    """Receive a day and what comes late, and print what it took; what `bulk` measures in a process of its own."""
    ledger, files = opened(path)
    taps, as_of = Taps(ledger, files), ledger.clock()
    start = time.perf_counter()
    received = taps.receive(path / "day.parquet", "invented")
    received_in = time.perf_counter() - start
    start = time.perf_counter()
    update_rides(files, as_of, RideSettings())
    ridden_in = time.perf_counter() - start
    start = time.perf_counter()
    late = taps.receive(path / "late.parquet", "invented")
    update_rides(files, as_of, RideSettings())
    corrected_in = time.perf_counter() - start
    print(
        json.dumps(
            {
                "rows": received.rows,
                "new": received.new,
                "late": late.new,
                "received": received_in,
                "rides": ridden_in,
                "corrected": corrected_in,
                "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        )
    )


def apart(path: Path, what: str, *more: object) -> str:
    """Run a part in a process of its own, whose memory is nobody else's."""
    command = [sys.executable, "-m", "benchmarks.passes", what, str(path), *map(str, more)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def bulk(taps: int = 5_000_000) -> list[Row]:
    """A day of taps."""
    with folder() as path:
        apart(path, "--make", taps, 10_000)
        found = json.loads(apart(path, "--take"))
    speed = found["rows"] / found["received"]
    return [
        Row(
            case=f"a file of {found['rows']:,} taps, {found['new']:,} of them new",
            value=speed,
            unit="taps/s",
            ratio=speed / BULK_GOAL,
            target=1.0,
            at_least=True,
        ),
        Row(
            case="  most memory",
            value=found["memory"],
            unit="MiB",
            ratio=found["memory"] / MEMORY_GOAL_MIB,
            target=1.0,
        ),
        Row(case="  rides of that day", value=found["new"] / found["rides"], unit="taps/s"),
        Row(case=f"{found['late']:,} late taps, to corrected rides", value=found["corrected"] / 60, unit="minutes"),
    ]


def month(taps: int) -> list[Row]:
    """Weekday users and what they used, over a month."""
    rides, days = taps // 2, 30
    with folder() as path:
        ledger, files = opened(path)
        with files.engine() as engine:
            made = []
            for number in range(days):
                day = DAY + timedelta(days=number)
                query = f"""
SELECT DATE '{day}' AS day, (hash(i % {rides // 57 + 1}) >> 1)::BIGINT AS medium, 'gate-' || (i % 27000) AS device,
    i // 27000 AS sequence, TIMESTAMP '{day} 00:00:00' + to_seconds((hash(i) % 60000)::BIGINT) AS boarded_at,
    'place-' || (i % 700) AS board_place, 'line-' || (i % 20) AS board_line,
    TIMESTAMP '{day} 00:20:00' + to_seconds((hash(i) % 60000)::BIGINT) AS alighted_at,
    'place-' || (i % 691) AS alight_place, 'line-' || (i % 19) AS alight_line, 'complete' AS state,
    (1400 + hash(i) % 800)::BIGINT AS amount
FROM range({number * rides // days}, {(number + 1) * rides // days}) AS r(i) ORDER BY medium, boarded_at
"""  # noqa: S608, numbers
                part = files.write(engine, query, "rides", str(day))
                if part is not None:
                    made.append(part)
        files.store.write(lambda transaction: files.add(transaction, 1, moment(ledger.clock()), made))
        last = DAY + timedelta(days=days - 1)
        with files.engine() as engine:
            flat = f"COPY (SELECT * FROM ({files.rides(DAY, last)})) TO '{path}/flat.parquet'"  # noqa: S608, own files
            engine.execute(f"{flat} (ROW_GROUP_SIZE 122880)")

            def ask(source: str) -> list[tuple[Any, ...]]:
                weekdays = "WHERE dayofweek(day) BETWEEN 1 AND 5 GROUP BY day ORDER BY day"
                users = f"SELECT day, count(DISTINCT medium) FROM {source} {weekdays}"  # noqa: S608, own files
                a_medium = f"SELECT count(*) AS rides, sum(amount) AS used FROM {source} GROUP BY medium"  # noqa: S608
                used = f"SELECT count(*), sum(rides), sum(used) FROM ({a_medium})"  # noqa: S608
                return engine.execute(users).fetchall() + engine.execute(used).fetchall()

            def ours() -> None:
                ask(f"({files.rides(DAY, last)})")

            def by_hand() -> None:
                ask(f"'{path}/flat.parquet'")

            if ask(f"({files.rides(DAY, last)})") != ask(f"'{path}/flat.parquet'"):
                raise ValueError("the two queries do not agree")
            own, bare = best_of(11, ours, by_hand)
        ledger.close()
    return [
        Row(case=f"month of {taps:,} taps, query written by hand", value=bare, unit="s"),
        Row(case="  the same by the day files", value=own, unit="s", ratio=own / bare, target=1.3),
    ]


def measure(*, full: bool = False) -> list[Row]:
    """All of it but the taps over HTTP, which are a subject of their own."""
    return [*gates(), *wrong_answers(), *bulk(), *month(100_000_000 if full else 10_000_000)]


if __name__ == "__main__":
    if "--make" in sys.argv:
        make_day(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
    elif "--take" in sys.argv:
        take_in(Path(sys.argv[2]))
    else:
        full_run = "--full" in sys.argv
        sys.argv = [argument for argument in sys.argv if argument != "--full"]
        main(__doc__, lambda: [*measure(full=full_run), *online_taps.measure()])
