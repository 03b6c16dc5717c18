"""Settlement of a month of rides: time and memory of the first time, and again when one day has changed.

Invented 30-day passes of the Climate Card begin on days around the month and are used on 57 % of their days, 3.4 rides
a day of use; periods stand in the tables without their sales. Everything is settled in a process of its own, whose own
memory is measured every 20 ms: pages of the file of the ledger, which the system maps and takes back as it likes, are
not in it. The target is 2 GiB, shown as a ratio to it. `--full` takes 100 million rides instead of 1 million,
`--rides N` so many.
"""

import hashlib
import json
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np

import donghaeng
from benchmarks import Row, main
from donghaeng.ledger.canonical import moment
from donghaeng.ledger.kinds import Kinds
from donghaeng.ledger.ledger import Ledger
from donghaeng.ledger.open import open_store
from donghaeng.services.passes.day_files import DayFiles
from donghaeng.services.passes.kinds import KINDS
from donghaeng.services.passes.schema import TABLE_SET
from donghaeng.services.passes.service import PassService
from donghaeng.services.passes.settlement import settle

FIRST = date(2026, 4, 1)
LENGTH = 30
LAST = FIRST + timedelta(days=LENGTH - 1)
MEMORY_GOAL_MIB = 2_048
#: Rides of a pass that covers half the month, on average.
RIDES_OF_A_PASS = 15 * 0.57 * 3.4


def opened(path: Path) -> tuple[PassService, DayFiles]:
    """Open a ledger and day files in a folder."""
    store = open_store(f"sqlite:///{path / 'ledger.db'}", create=True, more=(TABLE_SET,))

    def clock() -> datetime:
        return datetime(2026, 5, 2, tzinfo=UTC)

    ledger = Ledger(store, Kinds(KINDS), clock)
    section = donghaeng.load("seoul/climate-card").passes_section()
    service = PassService(section, ledger, clock, lambda size: b"0" * size)
    return service, DayFiles(path / "days", store, section.days)


def make_month(path: Path, rides: int) -> None:
    """Write passes and rides, in a process of its own."""
    service, files = opened(path)
    count = int(rides / RIDES_OF_A_PASS)
    chance = np.random.default_rng(1)
    starts = chance.integers(1 - LENGTH, LENGTH, count)
    numbers = chance.permutation(np.arange(1, count + 1)) * (2**62 // (count + 1))
    names = [hashlib.sha256(str(number).encode()).hexdigest()[:24] for number in range(count)]
    connection = sqlite3.connect(path / "ledger.db")
    connection.executemany(
        "INSERT INTO pass_media (medium, number, card, kind, issued_at, state) VALUES (?, ?, ?, 'physical', '', '')",
        ((name, int(number), name) for name, number in zip(names, numbers, strict=True)),
    )
    connection.executemany(
        "INSERT INTO pass_periods (charge, card, medium, product, category, starts, ends, charged_at, charged_on, "
        "price, rights, state, refunded, later_refunded, sequence) "
        "VALUES (?, ?, ?, 'd30_transit', 'general', ?, ?, '', '', 62000, '', 'active', 0, 0, ?)",
        (
            (name, name, name, str(start), str(start + timedelta(days=LENGTH - 1)), place + 1)
            for place, name in enumerate(names)
            for start in (FIRST + timedelta(days=int(starts[place])),)
        ),
    )
    connection.commit()
    connection.close()
    with files.engine() as engine:
        table = {"medium": numbers, "starts": starts}
        engine.register("passes", __import__("pyarrow").table(table))
        made = [
            part
            for number in range(LENGTH)
            if (part := files.write(engine, rides_of_day(number), "rides", str(FIRST + timedelta(days=number))))
        ]
    now = moment(service.ledger.clock())
    files.store.write(lambda transaction: files.add(transaction, 1, now, made))
    print(sum(part.rows for part in made))


def rides_of_day(number: int) -> str:
    """The text of a query for the invented rides of a day."""
    day = FIRST + timedelta(days=number)
    return f"""
WITH going AS (
    SELECT medium, hash(medium, {number}) AS h FROM passes
    WHERE {number} BETWEEN starts AND starts + {LENGTH - 1} AND hash(medium, {number}) % 100 < 57
), ridden AS (
    SELECT medium, k, hash(h, k) AS h, TIMESTAMP '{day} 00:00:00' - INTERVAL 3 HOUR
        + to_seconds((k * 13000 + h % 7000)::BIGINT) AS boarded_at
    FROM going, range(6) AS r(k) WHERE k < 2 + h // 100 % 4
)
SELECT DATE '{day}' AS day, medium, 'gate-' || (h % 27000) AS device, (h >> 8 & 1073741823)::BIGINT AS sequence,
    boarded_at, 'place-' || (h % 700) AS board_place,
    ['line_2', 'line_5', 'line_9', 'trunk', 'branch', 'village'][1 + (h // 7 % 6)::INT] AS board_line,
    boarded_at + to_seconds((600 + h % 2400)::BIGINT) AS alighted_at, 'place-' || (h % 691) AS alight_place,
    NULL AS alight_line, 'complete' AS state, NULL AS amount
FROM ridden ORDER BY medium, boarded_at
"""  # noqa: S608, numbers


def own_memory() -> int:
    """Memory of this process that no file stands behind, in bytes."""
    with Path("/proc/self/status").open(encoding="ascii") as file:
        return next(1024 * int(line.split()[1]) for line in file if line.startswith("RssAnon"))


def watch(most: list[int]) -> None:
    """Note the most memory for as long as the process runs."""
    while True:
        most[0] = max(most[0], own_memory())
        time.sleep(0.02)


def settle_month(path: Path) -> None:
    """Settle the month, again with one day changed, and again, and print what it took."""
    service, files = opened(path)
    found: dict[str, float] = {}
    most = [0]
    threading.Thread(target=watch, args=(most,), daemon=True).start()

    def work(name: str) -> None:
        start = time.perf_counter()
        days = settle(service, files, FIRST, LAST)
        found[name] = time.perf_counter() - start
        found[f"{name} read"] = sum(day.is_read for day in days)
        found["rides"] = sum(sum(day.body["rides"].values()) for day in days)
        found["memory"] = most[0] / 2**20

    work("first")
    day = str(FIRST + timedelta(days=14))
    with files.engine() as engine:
        text = f"SELECT * FROM ({files.rides(day, day)}) WHERE sequence % 100000 <> 0 ORDER BY medium, boarded_at"  # noqa: S608
        part = files.write(engine, text, "rides", day)
    assert part is not None  # noqa: S101
    now = moment(service.ledger.clock())
    files.store.write(lambda transaction: files.add(transaction, 2, now, [part]))
    work("one day changed")
    work("nothing changed")
    print(json.dumps(found))


def measure(rides: int = 1_000_000) -> list[Row]:
    """All of it."""
    with tempfile.TemporaryDirectory(prefix="settlement-") as path:

        def apart(what: str) -> str:
            command = [sys.executable, "-m", "benchmarks.settlement", what, path, str(rides)]
            return subprocess.run(command, capture_output=True, text=True, check=True).stdout

        apart("--make")
        found = json.loads(apart("--settle"))
    millions = found["rides"] / 1e6
    rows = [
        Row(case=f"a month of {found['rides']:,} rides, first time", value=found["first"] / millions, unit="s/million"),
        Row(
            case="  most memory", value=found["memory"], unit="MiB", ratio=found["memory"] / MEMORY_GOAL_MIB, target=1.0
        ),
    ]
    for name in ("one day changed", "nothing changed"):
        case = f"  again, {name}: {found[f'{name} read']:.0f} days read"
        rows.append(Row(case=case, value=found[name] / millions, unit="s/million", ratio=found[name] / found["first"]))
    return rows


if __name__ == "__main__":
    if "--make" in sys.argv:
        make_month(Path(sys.argv[2]), int(sys.argv[3]))
    elif "--settle" in sys.argv:
        settle_month(Path(sys.argv[2]))
    else:
        wanted = 1_000_000
        if "--full" in sys.argv:
            sys.argv.remove("--full")
            wanted = 100_000_000
        if "--rides" in sys.argv:
            place = sys.argv.index("--rides")
            wanted = int(sys.argv[place + 1])
            del sys.argv[place : place + 2]
        main(__doc__, lambda: measure(wanted))
