"""Rides, days and passes as tables of an extract: what users, boardings, journeys and savings are counted from.

``pass-rides`` has one row a boarding, ``pass-days`` one a card and service day on which it held a pass or rode, and
``pass-ends`` one a pass that is over. They are trip-level, for an extract alone, which is kept as the ledger is. A card
has another name in each period, made with a key of the period that is not that of its entries: rides lead neither from
one period into the next nor to the sale of the card.

Millions of rides are valued slice by slice of media (`rating.rate_all`); what does not fit into the memory of the
engine goes to disk. The tables reach as far as rides have been looked at, and no further.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from donghaeng.civil_calendar.jurisdictions import calendar_of
from donghaeng.errors import InputError
from donghaeng.ledger.service_tables import Bound, KeyOf, ServiceColumn, ServiceTable, ServiceTables
from donghaeng.ledger.statement import Statement
from donghaeng.services.passes.day_files import DayFiles, quoted
from donghaeng.services.passes.fares import FareRules
from donghaeng.services.passes.pass_periods import fill_table, passes_between
from donghaeng.services.passes.rating import Distances, gather, rate_all
from donghaeng.services.passes.schema import media, orders, periods
from donghaeng.services.passes.service import PassService

if TYPE_CHECKING:
    from collections.abc import Callable

    import duckdb

#: How well the value of a ride is known: to the unit, within bounds, not at all, or it counts for nothing since the
#: rider paid it, had no pass, or it is not over.
KNOWN = ("exact", "range", "unknown", "none")
#: Letters of a name of 96 bits.
NAME_LETTERS = 24


def _columns(*names: str, **more: tuple[str, ...] | Bound) -> tuple[ServiceColumn, ...]:
    found = []
    for text in names:
        name, _, type_ = text.partition(":")
        bound: Bound = "least" if name.endswith("_least") else "most" if name.endswith("_most") else ""
        found.append(ServiceColumn(name, type_ or "text", more.get(name, ()), bound))  # type: ignore[arg-type]
    return tuple(found)


#: Columns that say of which pass a row is.
_OF_PASS = ("product", "category", "channel", "medium_kind")
#: One row a boarding. `worth` is one of `KNOWN`; ``value_most`` is null where nothing is known of the value.
#: `begins_journey` is null where rides make no journeys, such as those without a fare or a pass.
RIDES = ServiceTable(
    "pass-rides",
    _columns(
        *("day:date", "weekday:boolean", "line", "line_kind", *_OF_PASS, "begins_journey:boolean", "worth"),
        *("value_least:integer", "value_most:integer", "card:name", "card_day:name", "journey:name"),
        worth=KNOWN,
    ),
    day="day",
    person="card",
)
#: One row a card and service day on which it held a pass or rode.
DAYS = ServiceTable(
    "pass-days",
    _columns(
        *("day:date", "weekday:boolean", *_OF_PASS, "held:boolean", "used:boolean"),
        *("rides:integer", "journeys:integer", "card:name"),
    ),
    day="day",
    person="card",
)
#: One row a pass that is over. `paid` is its price less what was paid back, null where it is billed and was not yet;
#: a saving is the value of its rides less that. `paid_off` is null where the range of the value leaves it open.
ENDS = ServiceTable(
    "pass-ends",
    _columns(
        *("day:date", *_OF_PASS, "price:integer", "paid_back:integer", "paid:integer", "days_of_use:integer"),
        *("rides:integer", "journeys:integer", "unknown_rides:integer", "value_least:integer", "value_most:integer"),
        *("saving_least:integer", "saving_most:integer", "paid_off:boolean", "card:name"),
    ),
    day="day",
    person="card",
)
TABLES: tuple[ServiceTable, ...] = (RIDES, DAYS, ENDS)

_SOLD = Statement(
    select(
        periods.c.charge, media.c.card, media.c.kind, orders.c.channel, periods.c.later_refunded, periods.c.stopped_at
    )
    .join(media, media.c.medium == periods.c.medium)
    .join(orders, orders.c.order_id == periods.c.charge, isouter=True)
    .order_by(periods.c.charge)
)
_CARDS = Statement(select(media.c.number, media.c.card, media.c.kind).order_by(media.c.number))

_EARLIEST = Statement(select(func.min(periods.c.starts)))


def tables_of(
    service: PassService, files: DayFiles, *, rules: FareRules | None = None, distances: Distances | None = None
) -> ServiceTables:
    """Give what the passes add to an extract.

    Args:
        service: the service.
        files: the day files, with rides.
        rules: the fares; those of the pack if None.
        distances: distances between places, in metres.
    """
    rules = rules or FareRules(service.policy)
    return ServiceTables(TABLES, partial(_write, service, files, rules, distances or {}))


def _write(
    service: PassService, files: DayFiles, rules: FareRules, distances: Distances, out: Path, key_of: KeyOf, length: int
) -> None:
    """Write the tables: arguments as of `tables_of`, and `donghaeng.ledger.service_tables.WriteTables`."""
    ridden = [date.fromisoformat(part.day) for part in files.parts("rides", "0", "9")]
    if not ridden:
        return
    until = max(ridden)
    ((earliest,),) = list(files.store.query(_EARLIEST, {}))
    first = min(*ridden, date.fromisoformat(earliest)) if earliest else min(ridden)
    passes = passes_between(service.section, files.store, first, until)
    with files.engine() as engine:
        _load(engine, service, files, (first, until), key_of, length)
        days = gather("day_uses", _DAY_USES)
        taken = 0

        def take(connection: duckdb.DuckDBPyConnection) -> None:
            nonlocal taken
            connection.execute(_TIMES.format(rides=files.rides(first, until)))
            connection.execute(f"CREATE OR REPLACE TEMP TABLE told AS {_TOLD}")
            _write_parts(connection, out, RIDES, "told", taken)
            days(connection)
            taken += 1

        rate_all(engine, rules, files.rides(first, until), passes, distances, take)
        engine.execute(f"CREATE OR REPLACE TEMP TABLE holder_days AS {_HOLDER_DAYS}")
        _write_parts(engine, out, DAYS, "holder_days")
        engine.execute(f"CREATE OR REPLACE TEMP TABLE pass_uses AS {_USES}")
        limit = f"DATE {quoted(until.isoformat())}"
        engine.execute(f"CREATE OR REPLACE TEMP TABLE ended AS {_ENDED.format(until=limit)}")
        _write_parts(engine, out, ENDS, "ended")


def _load(
    engine: duckdb.DuckDBPyConnection,
    service: PassService,
    files: DayFiles,
    span: tuple[date, date],
    key_of: KeyOf,
    length: int,
) -> None:
    """Load what stands in the database: sales, cards, and days with the keys of their names."""
    own_days = service.section.days
    sold = (
        (*rest, None if stopped is None else own_days.day(datetime.fromisoformat(stopped)))
        for *rest, stopped in files.store.query(_SOLD, {})
    )
    texts = dict.fromkeys(("charge", "card", "kind", "channel"), "VARCHAR")
    fill_table(engine, "sold", {**texts, "later": "BIGINT", "stopped_on": "DATE"}, sold)
    names = {"number": "BIGINT", "card": "VARCHAR", "kind": "VARCHAR"}
    fill_table(engine, "cards", names, files.store.query(_CARDS, {}))
    is_weekday = _weekdays(next(iter(service.section.rules.tables.values())).jurisdiction)
    first, last = span
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    rows = ((day, is_weekday(day), day.isoformat()[:length]) for day in days)
    fill_table(engine, "calendar", {"day": "DATE", "weekday": "BOOLEAN", "period": "VARCHAR"}, rows)
    keys = ((own, *_pads(key_of(own))) for own in sorted({day.isoformat()[:length] for day in days}))
    fill_table(engine, "key_texts", {"period": "VARCHAR", "inner": "VARCHAR", "outer": "VARCHAR"}, keys)
    engine.execute(
        'CREATE OR REPLACE TEMP TABLE keys AS SELECT period, unhex("inner") AS inside, unhex("outer") AS outside '
        "FROM key_texts"
    )
    # A name of a card in a period: HMAC-SHA256, as the engine computes it. Source: RFC 2104.
    engine.execute(
        "CREATE OR REPLACE TEMP MACRO named(inside, outside, text) AS "
        f"left(sha256(outside || unhex(sha256(inside || encode(text)))), {NAME_LETTERS})"
    )


def _pads(key: bytes) -> tuple[str, str]:
    """Give the inner and the outer block of HMAC-SHA256 for the names of a period, hexadecimal."""
    own = hmac.new(key, b"pass tables", hashlib.sha256).digest().ljust(64, b"\0")
    return bytes(byte ^ 0x36 for byte in own).hex(), bytes(byte ^ 0x5C for byte in own).hex()


def _weekdays(jurisdiction: str) -> Callable[[date], bool | None]:
    """Give what says whether a day is a working day; None where its holidays are not known."""
    calendar = calendar_of(jurisdiction)

    def is_weekday(day: date) -> bool | None:
        try:
            return calendar.is_working_day(day)
        except InputError:
            return None

    return is_weekday


#: When the rides of a slice began, which decides which of a journey is its first.
_TIMES = """
CREATE OR REPLACE TEMP TABLE times AS SELECT device, sequence, coalesce(boarded_at, alighted_at) AS moment
FROM ({rides}) SEMI JOIN rated USING (device, sequence)
"""
#: Rides of a slice with all that is told of them.
_TOLD = """
WITH placed AS (
    SELECT r.*, t.moment,
        row_number() OVER (PARTITION BY r.charge, r.journey ORDER BY t.moment, r.device, r.sequence) AS place
    FROM rated AS r JOIN times AS t USING (device, sequence) WHERE r.rated <> 'no_boarding'
)
SELECT p.day, d.weekday, d.period, coalesce(c.card, p.medium::VARCHAR) AS card, p.charge, p.line, p.kind AS line_kind,
    p.product, p.category, s.channel, coalesce(s.kind, c.kind) AS medium_kind, p.journey,
    CASE WHEN p.journey > 0 THEN p.place = 1 END AS begins_journey,
    CASE WHEN p.rated IN ('no_fare', 'unknown_line') THEN 'unknown'
        WHEN p.rated = 'rated' THEN CASE WHEN p.least = p.most THEN 'exact' ELSE 'range' END ELSE 'none' END AS worth,
    p.least, p.most, CASE WHEN p.rated IN ('no_fare', 'unknown_line') THEN 0 ELSE p.least END AS value_least,
    CASE WHEN p.rated NOT IN ('no_fare', 'unknown_line') THEN p.most END AS value_most
FROM placed AS p JOIN calendar AS d USING (day)
LEFT JOIN cards AS c ON c.number = p.medium LEFT JOIN sold AS s ON s.charge = p.charge
"""
_DAY_USES = """
SELECT card, day, charge, product, category, channel, medium_kind, count(*) AS rides,
    count(*) FILTER (begins_journey) AS journeys, count(*) FILTER (worth = 'unknown') AS unknown_rides,
    sum(least)::BIGINT AS least, sum(most)::BIGINT AS most
FROM told GROUP BY ALL
"""
#: Days on which a card held a pass; the day on which it was stopped is one of them.
_HELD = """
SELECT s.card, unnest(generate_series(p.starts, least(p.ends, coalesce(s.stopped_on, p.ends),
    (SELECT max(day) FROM calendar)), INTERVAL 1 DAY))::DATE AS day, p.charge, p.product, p.category, s.channel,
    s.kind AS medium_kind
FROM passes AS p JOIN sold AS s USING (charge)
"""
_HOLDER_DAYS = f"""
WITH merged AS (
    SELECT *, true AS held, 0 AS rides, 0 AS journeys FROM ({_HELD})
    UNION ALL BY NAME
    SELECT card, day, charge, product, category, channel, medium_kind, false AS held, rides, journeys FROM day_uses
), single AS (
    SELECT card, day, bool_or(held) AS held, sum(rides)::BIGINT AS rides, sum(journeys)::BIGINT AS journeys,
        arg_max([product, category, channel, medium_kind], (rides, coalesce(charge, ''))) AS of_pass
    FROM merged GROUP BY card, day
)
SELECT day, weekday, period, of_pass[1] AS product, of_pass[2] AS category, of_pass[3] AS channel,
    of_pass[4] AS medium_kind, held, rides > 0 AS used, rides, journeys, card
FROM single JOIN calendar USING (day)
"""  # noqa: S608, own text
_USES = """
SELECT charge, count(DISTINCT day) AS days_of_use, sum(rides)::BIGINT AS rides, sum(journeys)::BIGINT AS journeys,
    sum(unknown_rides)::BIGINT AS unknown_rides, sum(least)::BIGINT AS least, sum(most)::BIGINT AS most
FROM day_uses WHERE charge IS NOT NULL GROUP BY charge
"""
_ENDED = """
WITH finished AS (
    SELECT least(p.ends, coalesce(s.stopped_on, p.ends)) AS day, p.product, p.category, s.channel,
        s.kind AS medium_kind, p.price, p.refunded + s.later AS paid_back,
        p."limit" - s.later AS paid,
        coalesce(u.days_of_use, 0) AS days_of_use, coalesce(u.rides, 0) AS rides, coalesce(u.journeys, 0) AS journeys,
        coalesce(u.unknown_rides, 0) AS unknown_rides, coalesce(u.least, 0) AS value_least,
        CASE WHEN coalesce(u.unknown_rides, 0) = 0 THEN coalesce(u.most, 0) END AS value_most, s.card
    FROM passes AS p JOIN sold AS s USING (charge) LEFT JOIN pass_uses AS u USING (charge)
)
SELECT e.*, d.period, value_least - paid AS saving_least, value_most - paid AS saving_most,
    CASE WHEN value_least > paid THEN true WHEN value_most <= paid THEN false END AS paid_off
FROM finished AS e JOIN calendar AS d USING (day) WHERE e.day <= {until}
"""


def _write_parts(engine: duckdb.DuckDBPyConnection, out: Path, table: ServiceTable, rows: str, number: int = 0) -> None:
    """Write rows of a table, a file for each period; their order says nothing of who came when."""
    types = {"integer": "BIGINT", "date": "DATE", "boolean": "BOOLEAN", "text": "VARCHAR", "name": "VARCHAR"}
    things = {
        "card": "q.card",
        "card_day": "q.card || ' ' || q.day::VARCHAR",
        "journey": "CASE WHEN q.journey > 0 THEN q.charge || ' ' || q.journey::VARCHAR END",
    }
    shown = ", ".join(
        f"named(k.inside, k.outside, {quoted(one.name + ' ')} || {things[one.name]}) AS {one.name}"
        if one.type == "name"
        else f"q.{one.name}::{types[one.type]} AS {one.name}"
        for one in table.columns
    )
    for (period,) in engine.execute(f"SELECT DISTINCT period FROM {rows} ORDER BY period").fetchall():  # noqa: S608, own text
        folder = out / table.name / period
        folder.mkdir(parents=True, exist_ok=True)
        own = f"SELECT {shown} FROM {rows} AS q JOIN keys AS k USING (period) WHERE q.period = {quoted(period)}"  # noqa: S608, own text
        options = "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880"
        engine.execute(f"COPY ({own} ORDER BY ALL) TO {quoted(str(folder / f'{number:08}.parquet'))} ({options})")
