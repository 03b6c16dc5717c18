"""What is told of passes is what an independent count over taps and the tables of the service gives."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

import donghaeng
from donghaeng.catalogue.measures_outcome import measure_extract
from donghaeng.ledger.extract import extract
from donghaeng.ledger.ledger import Ledger
from donghaeng.ledger.open import open_store
from donghaeng.measures.compute import Computed
from donghaeng.services.passes.day_files import DayFiles
from donghaeng.services.passes.extract_tables import TABLES, tables_of
from donghaeng.services.passes.fares import FareRules
from donghaeng.services.passes.money_files import read_distances
from donghaeng.services.passes.service import PassService
from donghaeng.services.passes.use import values_of_pass
from donghaeng.services.registry import all_kinds
from tests.command import run
from tests.passes.months import SEOUL
from tests.passes.riding import DAY, Riding, Tap, at

KEY = bytes(range(32))
PERIOD = "2026-05"


@pytest.fixture(scope="module")
def played(month: Callable[[str], Path]) -> Path:
    return month(SEOUL)


@pytest.fixture(scope="module")
def computed(played: Path, tmp_path_factory: pytest.TempPathFactory) -> Computed:
    """The measures of the pack over the played month, before anything is left out."""
    folder = tmp_path_factory.mktemp("told") / "extract"
    given = ("--ledger", f"sqlite:///{played}/ledger.db", "--key", str(played / "keys/extract.key"))
    more = ("--pack", SEOUL, "--distances", str(played / "ledger.days/simulated-distances.csv"))
    made = run("ledger", "extract", str(folder), *given, *more)
    assert made.code == 0, made.err
    return measure_extract(donghaeng.load(SEOUL).measures_section(), folder)


@pytest.fixture(scope="module")
def plain(played: Path) -> duckdb.DuckDBPyConnection:
    """The rides of the day files and the tables of the database, as they stand."""
    database = sqlite3.connect(played / "ledger.db")
    engine = duckdb.connect()
    for name, columns in {
        "pass_media": "number medium card",
        "pass_periods": "charge card medium product category starts ends stopped_at price refunded later_refunded",
        "pass_orders": "order_id channel",
    }.items():
        rows = database.execute(f"SELECT {', '.join(columns.split())} FROM {name}").fetchall()
        cells = zip(*rows, strict=True)
        engine.register(name, pa.table(dict(zip(columns.split(), map(list, cells), strict=True))))
    parts = database.execute("SELECT day, part FROM pass_tap_parts WHERE kind = 'rides' AND ended IS NULL").fetchall()
    paths = [str(played / "ledger.days" / day / f"{part}.parquet") for day, part in parts]
    engine.execute("CREATE TABLE rides AS SELECT * FROM read_parquet(?) WHERE boarded_at IS NOT NULL", [paths])
    engine.execute(
        "CREATE TABLE told AS SELECT r.day, r.board_line AS line, m.card, p.product, p.category, o.channel "
        "FROM rides AS r JOIN pass_media AS m ON m.number = r.medium "
        "LEFT JOIN pass_periods AS p ON p.medium = m.medium AND r.day BETWEEN p.starts::DATE AND p.ends::DATE "
        "AND (p.stopped_at IS NULL OR r.boarded_at < (p.stopped_at::TIMESTAMPTZ AT TIME ZONE 'UTC')) "
        "LEFT JOIN pass_orders AS o ON o.order_id = p.charge"
    )
    database.close()
    return engine


def by(computed: Computed, measure: str) -> dict[str, int]:
    """The numbers of a measure of one group in the month that are not nothing."""
    figures = computed.figures[measure]
    return {key[1]: one.value or 0 for key, one in figures.items() if key[0] == PERIOD and one.rows}


def counted(engine: duckdb.DuckDBPyConnection, what: str, group: str, source: str = "told") -> dict[str, int]:
    query = (
        f"SELECT coalesce({group}, '_U'), {what} FROM {source} GROUP BY 1 UNION ALL SELECT '_T', {what} FROM {source}"
    )
    return dict(engine.execute(query).fetchall())


@pytest.mark.parametrize("group", ["line", "product", "category"])
def test_boardings_are_the_rides_that_began(group: str, computed: Computed, plain: duckdb.DuckDBPyConnection) -> None:
    measure = "boardings" if group == "line" else f"boardings_by_{group}"
    assert by(computed, measure) == counted(plain, "count(*)", group)


@pytest.mark.parametrize("group", ["product", "category", "channel", "line"])
def test_a_user_of_a_service_day_is_a_card_that_rode_on_it(
    group: str, computed: Computed, plain: duckdb.DuckDBPyConnection
) -> None:
    measure = "days_of_use" if group == "product" else f"days_of_use_by_{group}"
    assert by(computed, measure) == counted(plain, "count(DISTINCT (card, day))", group)
    days = computed.figures["service_days"][PERIOD,].value
    assert days == 10


def test_weekdays_leave_out_weekends_and_holidays(computed: Computed, plain: duckdb.DuckDBPyConnection) -> None:
    # 24 May 2026 is Buddha's Birthday, a Sunday; Monday the 25th is free for it.
    weekdays = [date(2026, 5, day) for day in (21, 22, 26, 27, 28, 29)]
    assert computed.figures["weekdays"][PERIOD,].value == len(weekdays)
    listed = ", ".join(f"DATE '{day}'" for day in weekdays)
    expected = counted(plain, "count(DISTINCT (card, day))", "product", f"(FROM told WHERE day IN ({listed}))")
    assert by(computed, "days_of_use_on_weekdays") == expected


def test_an_active_holder_has_a_pass_whether_it_rides_or_not(
    computed: Computed, plain: duckdb.DuckDBPyConnection
) -> None:
    held = "(FROM pass_periods WHERE starts <= '2026-05-30')"
    expected = counted(plain, "count(DISTINCT card)", "product", held)
    assert by(computed, "active_holders") == expected
    assert expected["_T"] > plain.execute("SELECT count(DISTINCT card) FROM told").fetchall()[0][0]


def test_cards_charges_holders_and_users_are_different_numbers(computed: Computed) -> None:
    names = ("cards_issued", "charges", "active_holders", "boardings", "journeys", "days_of_use")
    totals = [by(computed, name)["_T"] for name in names]
    assert len(set(totals[1:])) == len(totals) - 1
    titles = [one.said.title for one in computed.section.measures.values()]
    for language in ("ko", "en"):
        assert len({title[language] for title in titles}) == len(titles)


def test_savings_are_the_value_of_the_rides_of_passes_that_ended_less_what_was_paid(
    computed: Computed, played: Path
) -> None:
    pack = donghaeng.load(SEOUL)
    store = open_store(f"sqlite:///{played}/ledger.db")
    try:

        def clock() -> datetime:
            return datetime(2026, 7, 1, tzinfo=UTC)

        service = PassService(pack.passes_section(), Ledger(store, all_kinds(), clock), clock, os.urandom)
        files = DayFiles(played / "ledger.days", store, pack.passes_section().days)
        distances = read_distances(played / "ledger.days/simulated-distances.csv", "distances")
        rules = FareRules(service.policy)
        names = [row[0] for row in sqlite3.connect(played / "ledger.db").execute("SELECT charge FROM pass_periods")]
        sums: dict[str, list[int]] = {}
        for charge in map(service.state.charge, names):
            period = charge.period
            stopped = charge.stopped_at and files.days.day(datetime.fromisoformat(charge.stopped_at)).isoformat()
            if str(stopped or period.ends) > "2026-05-30":
                continue
            values = values_of_pass(files, rules, distances, charge, clock())
            paid = period.price - charge.refunded - charge.later_refunded
            own = sums.setdefault(period.product, [0, 0])
            own[0] += sum(one.least for one in values) - paid
            own[1] += sum(one.most for one in values) - paid
        files.close()
    finally:
        store.close()
    assert len(sums) > 2
    for side, measure in enumerate(("savings_at_least", "savings_at_most")):
        told = by(computed, measure)
        assert told.pop("_T") == sum(pair[side] for pair in sums.values())
        assert told == {product: pair[side] for product, pair in sums.items()}


@pytest.fixture
def riding(tmp_path: Path) -> Iterator[Riding]:
    found = Riding(tmp_path)
    yield found
    found.close()


def told(riding: Riding, out: Path, period: Any = "month") -> Path:
    extract(riding.ledger, out, KEY, period=period, tables=tables_of(riding.service, riding.files))
    return out


def rows(folder: Path, table: str) -> list[dict[str, Any]]:
    found = duckdb.connect().execute(f"SELECT * FROM read_parquet('{folder}/{table}/*/*.parquet') ORDER BY ALL")
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def rides_in_two_months(riding: Riding) -> tuple[str, int]:
    card, medium = riding.card(start=DAY)
    later = DAY + timedelta(days=20)
    times = [("08:00", DAY), ("08:20", DAY), ("08:00", later), ("08:20", later)]
    riding.clock.now = at("09:00", later)
    riding.receive(
        Tap("gate", number, medium, "alight" if number % 2 else "board", at(time, day), ("one", "two")[number % 2])
        for number, (time, day) in enumerate(times)
    )
    riding.settle(at("09:00", later + timedelta(days=1)))
    return card, medium


def test_nobody_is_followed_from_one_period_into_the_next(riding: Riding, tmp_path: Path) -> None:
    card, medium = rides_in_two_months(riding)
    folder = told(riding, tmp_path / "extract")
    names: dict[str, set[str]] = {}
    for row in (row for table in ("pass-rides", "pass-days") for row in rows(folder, table)):
        names.setdefault(row["day"].isoformat()[:7], set()).add(row["card"])
    assert [len(found) for found in names.values()] == [1, 1]
    assert len(set.union(*names.values())) == 2
    # Neither the ids of the service nor the names of the entries of the same month stand in the tables.
    (charged,) = rows(folder, "charged")
    told_names = {
        str(value) for table in ("pass-rides", "pass-days") for row in rows(folder, table) for value in row.values()
    }
    assert not told_names & {card, str(medium), charged["card"], charged["charge"], charged["medium"]}


def test_a_day_without_a_ride_is_held_and_not_used(riding: Riding, tmp_path: Path) -> None:
    rides_in_two_months(riding)
    days = rows(told(riding, tmp_path / "extract"), "pass-days")
    assert len(days) == 21  # as far as rides were looked at; the pass runs on
    assert [row["used"] for row in days] == [True, *[False] * 19, True]
    assert all(row["held"] for row in days)
    assert rows(tmp_path / "extract", "pass-rides")[0]["worth"] == "range"  # the distance is not known


def test_a_ride_without_a_fare_has_no_upper_end(riding: Riding, tmp_path: Path) -> None:
    _, medium = riding.card(start=DAY)
    riding.receive(
        [
            Tap("gate", 0, medium, "board", at("08:00"), "one", "line_x"),
            Tap("gate", 1, medium, "alight", at("08:20"), "two", "line_x"),
        ]
    )
    riding.settle(at("09:00", DAY + timedelta(days=1)))
    (ride,) = rows(told(riding, tmp_path / "extract"), "pass-rides")
    assert (ride["worth"], ride["value_least"], ride["value_most"]) == ("unknown", 0, None)


def test_an_extract_is_the_same_to_the_byte_and_tables_go_with_the_option(riding: Riding, tmp_path: Path) -> None:
    rides_in_two_months(riding)
    one, other = told(riding, tmp_path / "one"), told(riding, tmp_path / "other")
    assert (one / "extract.json").read_bytes() == (other / "extract.json").read_bytes()
    extract(riding.ledger, one, KEY)
    assert not list(one.glob("pass-*"))
    assert (one / "charged").exists()


def test_names_of_tables_are_no_kinds_of_entry() -> None:
    assert not {one.name for one in TABLES} & {kind.name for kind in all_kinds()}


def test_measures_of_rides_are_refused_without_rides(played: Path, tmp_path: Path) -> None:
    ledger, key = ("--ledger", f"sqlite:///{played}/ledger.db"), str(played / "keys/extract.key")
    assert run("ledger", "extract", str(tmp_path / "extract"), *ledger, "--key", key).code == 0
    bare = run("measure", SEOUL, "--extract", str(tmp_path / "extract"))
    assert bare.code == 2
    assert "pass-days, pass-ends, pass-rides, which this extract is without" in bare.err
    given = ("--extract-key", key, "--days", str(tmp_path / "nowhere"), "--out", str(tmp_path / "release"))
    gone = run("release", SEOUL, *ledger, *given)
    assert gone.code == 2
    assert "give their folder with --days" in gone.err
