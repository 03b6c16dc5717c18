"""What the rides of service days come to, day by day in flat memory: sums by line, and what is left of passes.

The value of a ride is paid out of the price of its pass until that is used up. So each day begins with what was used
of each pass before it, which follows from the values of earlier days (`day_values`); rides of days that are valued
already are not read again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, select

from donghaeng.ledger.statement import Statement
from donghaeng.services.passes.day_files import DayFiles, quoted
from donghaeng.services.passes.day_values import DayValues, Valued
from donghaeng.services.passes.fares import FareRules
from donghaeng.services.passes.pass_periods import load_passes, passes_between
from donghaeng.services.passes.rating import Distances
from donghaeng.services.passes.schema import periods
from donghaeng.services.passes.section import PassesSection

if TYPE_CHECKING:
    import duckdb

_BEGINS = Statement(
    select(func.min(periods.c.starts)).where(
        periods.c.ends >= bindparam("first"), periods.c.starts <= bindparam("last")
    )
)
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class DaySums:
    """A service day.

    Attributes:
        day: the service day.
        rows: rides with a value: line, kind, product, category, whether billed after use, rides, value, below, above,
            and within the price.
        states: number of rides by whether they have a value.
        left: what is left of passes whose last day it is: ``unused``, ``fees`` and ``bills_open``.
        is_new: whether its rides were read just now.
    """

    day: date
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    states: dict[str, int] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)
    is_new: bool = False


def sum_days(
    engine: duckdb.DuckDBPyConnection,
    section: PassesSection,
    files: DayFiles,
    rules: FareRules,
    first: date,
    last: date,
    *,
    distances: Distances | None = None,
    bills: Mapping[str, int] | None = None,
) -> Iterator[DaySums]:
    """Sum service days one after the other.

    Args:
        engine: an engine of the day files; it keeps tables of its own while days are taken.
        section: the passes of the pack.
        files: the day files, with the rides of those days and of the passes that were used on them.
        rules: the fares.
        first: the first service day.
        last: the last one.
        distances: distances between places in metres.
        bills: what was billed for use afterwards by other means than `billing`, by charge.

    Raises:
        DayFileError: a day file is missing.
    """
    values, begins = prepare_values(engine, section, files, rules, first, last, distances=distances, bills=bills)
    end = "least" if rules.fares.booking.end == "least" else "most"
    earlier = [values.day(day) for day in _days(begins, first - ONE_DAY)]
    _begin(engine, [one for one in earlier if one.values is not None], end, first)
    for day in _days(first, last):
        found = values.day(day)
        _tell(engine, found, end)
        rows: list[tuple[Any, ...]] = []
        states: dict[str, int] = {}
        for rated, *row in engine.execute("SELECT * FROM told ORDER BY ALL").fetchall():
            states[rated] = states.get(rated, 0) + row[5]
            if rated == "rated":
                rows.append(tuple(row))
        yield DaySums(day, rows, states, _left(engine, day), found.is_new)


def prepare_values(
    engine: duckdb.DuckDBPyConnection,
    section: PassesSection,
    files: DayFiles,
    rules: FareRules,
    first: date,
    last: date,
    *,
    distances: Distances | None = None,
    bills: Mapping[str, int] | None = None,
    charges: bool = False,
) -> tuple[DayValues, date]:
    """Load the periods for service days; arguments as of `sum_days` and `load_passes`.

    Returns:
        What values days, and the day from which on they are to be asked for: on which the first pass began.
    """
    ((found,),) = files.store.query(_BEGINS, {"first": first.isoformat(), "last": last.isoformat()})
    begins = min(first, date.fromisoformat(found)) if found else first
    load_passes(engine, passes_between(section, files.store, begins, last, bills), charges=charges)
    return DayValues(engine, files, rules, distances or {}), begins


def _days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += ONE_DAY


def _begin(engine: duckdb.DuckDBPyConnection, earlier: list[Valued], end: str, first: date) -> None:
    """Make the table ``used``: what was used of each pass before a day, as far as it is needed from then on."""
    engine.execute("CREATE OR REPLACE TEMP TABLE used (pass BIGINT, used BIGINT)")
    if earlier:
        names = ", ".join(quoted(str(one.values)) for one in earlier)
        engine.execute(
            f"INSERT INTO used SELECT pass, sum({end})::BIGINT FROM read_parquet([{names}]) "  # noqa: S608, own files
            f"WHERE rated = 'rated' AND pass IN (SELECT pass FROM passes WHERE ends >= DATE {quoted(str(first))}) "
            "GROUP BY pass"
        )


def _tell(engine: duckdb.DuckDBPyConnection, valued: Valued, end: str) -> None:
    """Make the table ``told`` of the sums of a day, and add the day to ``used``.

    Only of a pass whose price is used up on this very day do the rides have to be taken in their order.
    """
    rides = f"(SELECT *, {end} AS value FROM {valued.relation})"  # noqa: S608, own file
    engine.execute(
        f"""
CREATE OR REPLACE TEMP TABLE of_day AS SELECT d.pass, coalesce(u.used, 0) AS before, d.value
FROM (SELECT pass, sum(value)::BIGINT AS value FROM {rides} WHERE rated = 'rated' GROUP BY pass) AS d
    LEFT JOIN used AS u USING (pass)
"""  # noqa: S608, own text
    )
    engine.execute(
        f"""
CREATE OR REPLACE TEMP TABLE told AS
WITH limits AS (
    SELECT p.pass, p.product, p.category, p.after, p."limit", o.before, o.value AS whole,
        p."limit" > o.before AND p."limit" < o.before + o.value AS is_used_up
    FROM passes AS p JOIN of_day AS o USING (pass)
), running AS (
    SELECT pass, n, sum(value) OVER (PARTITION BY pass ORDER BY n ROWS UNBOUNDED PRECEDING) AS so_far
    FROM {rides} WHERE rated = 'rated' AND pass IN (SELECT pass FROM limits WHERE is_used_up)
), ridden AS (
    SELECT r.rated, r.line, r.kind, p.product, p.category, p.after, r.value, r.least, r.most,
        CASE WHEN r.rated <> 'rated' THEN 0
            WHEN l.is_used_up
                THEN least(l.before + s.so_far, l."limit") - least(l.before + s.so_far - r.value, l."limit")
            WHEN l."limit" <= l.before THEN 0 ELSE r.value END AS within
    FROM {rides} AS r LEFT JOIN passes AS p USING (pass) LEFT JOIN limits AS l USING (pass)
        LEFT JOIN running AS s ON s.pass = r.pass AND s.n = r.n
)
SELECT rated, line, kind, product, category, coalesce(after, false) AS after, count(*) AS rides,
    sum(value)::BIGINT AS value, sum(value - least)::BIGINT AS below, sum(most - value)::BIGINT AS above,
    sum(within)::BIGINT AS within
FROM ridden GROUP BY ALL
"""  # noqa: S608, own text
    )
    engine.execute(
        "CREATE OR REPLACE TEMP TABLE used AS SELECT pass, sum(used)::BIGINT AS used "
        "FROM (FROM used UNION ALL SELECT pass, value FROM of_day) GROUP BY pass"
    )


def _left(engine: duckdb.DuckDBPyConnection, day: date) -> dict[str, int]:
    """Sum what is left of passes whose last service day it is: of those that were paid back it is the fee."""
    query = f"""
WITH over AS (
    SELECT p.after, p.state, p."limit" - least(coalesce(u.used, 0), p."limit") AS rest
    FROM passes AS p LEFT JOIN used AS u USING (pass) WHERE p.ends = DATE {quoted(str(day))}
)
SELECT coalesce(sum(rest) FILTER (NOT after AND state <> 'refunded'), 0)::BIGINT,
    coalesce(sum(rest) FILTER (NOT after AND state = 'refunded'), 0)::BIGINT,
    coalesce(sum(rest) FILTER (after), 0)::BIGINT
FROM over
"""  # noqa: S608, a day
    ((unused, fees, bills),) = engine.execute(query).fetchall()
    return {"unused": unused, "fees": fees, "bills_open": bills}
