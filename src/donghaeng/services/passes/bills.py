"""Bills of many periods at once: what was used of each is counted day by day, from rides that are valued once.

A period that is paid after use is a part of a calendar month, so a month is billed when it is over. Made twice, or by
two at once, each period is billed once all the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

from donghaeng.errors import UsageError
from donghaeng.ledger.faults import ConflictError
from donghaeng.services.passes.billing import bill, bill_entry, bill_key, quote_bill
from donghaeng.services.passes.day_files import DayFiles, quoted
from donghaeng.services.passes.day_sums import prepare_values
from donghaeng.services.passes.fares import FareRules
from donghaeng.services.passes.rating import Distances
from donghaeng.services.passes.refusal import PassRefusedError
from donghaeng.services.passes.service import PassService, Use, Who

if TYPE_CHECKING:
    import duckdb

#: Bills in one commit.
AT_ONCE = 200


@dataclass
class Billed:
    """What came of billing.

    Attributes:
        first: the first service day on which a period that is billed may end.
        last: the last one.
        bills: how many periods were billed now.
        before: how many were billed before.
        transit: what is billed for rides, now.
        more: what is billed beside, now.
        refused: periods that cannot be billed yet, by code of the refusal.
    """

    first: date
    last: date
    bills: int = 0
    before: int = 0
    transit: int = 0
    more: int = 0
    refused: Counter[str] = field(default_factory=Counter)


#: Told what the entry of each new bill says.
Tell = Callable[[Mapping[str, Any]], object]


def bill_ended(
    service: PassService,
    files: DayFiles,
    who: Who,
    first: date,
    last: date,
    *,
    rules: FareRules | None = None,
    distances: Distances | None = None,
    tell: Tell | None = None,
) -> Billed:
    """Bill the periods that are paid after use and ended on service days.

    Args:
        service: the service.
        files: the day files, with the rides of those periods.
        who: who bills.
        first: the first day on which they ended.
        last: the last one; it is over.
        rules: the fares; those of the pack if None.
        distances: distances between places in metres.
        tell: told of each new bill.

    Raises:
        UsageError: the last day is not over, or the days are in the wrong order.
        DayFileError: a day file is missing.
    """
    if first > last:
        raise UsageError(f"no days from {first} to {last}; give them in order")
    if last >= service.day():
        raise UsageError(f"service day {last} is not over; bill it from {service.section.days.end(last)} on")
    rules = rules or FareRules(service.policy)
    done = Billed(first, last)
    with files.engine() as engine:
        values, begins = prepare_values(
            engine, service.section, files, rules, first, last, distances=distances, charges=True
        )
        span = f"p.ends BETWEEN DATE {quoted(str(first))} AND DATE {quoted(str(last))}"
        engine.execute(f"CREATE OR REPLACE TEMP TABLE billable AS SELECT * FROM passes AS p WHERE p.after AND {span}")  # noqa: S608
        engine.execute("CREATE OR REPLACE TEMP TABLE day_uses (pass BIGINT, least BIGINT, most BIGINT, by_day BOOLEAN)")
        for number in range((last - begins).days + 1):
            valued = values.day(begins + timedelta(days=number))
            engine.execute(
                f"""
INSERT INTO day_uses SELECT pass, sum(least)::BIGINT, sum(most)::BIGINT, bool_or(rated = 'by_day')
FROM {valued.relation} WHERE pass IN (SELECT pass FROM billable WHERE "limit" IS NULL) GROUP BY pass
"""  # noqa: S608, own files
            )
        ((done.before,),) = engine.execute('SELECT count(*) FROM billable WHERE "limit" IS NOT NULL').fetchall()
        uses = _uses(engine)
        while chunk := list(islice(uses, AT_ONCE)):
            _bill_many(service, who, chunk, done, tell)
    return done


def _uses(engine: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, Use]]:
    """Give what was used of each period that was not billed, in order of their charges."""
    query = """
SELECT b.charge, coalesce(sum(u.least), 0)::BIGINT, coalesce(sum(u.most), 0)::BIGINT,
    count(*) FILTER (u.by_day)
FROM billable AS b LEFT JOIN day_uses AS u USING (pass) WHERE b."limit" IS NULL GROUP BY b.charge ORDER BY b.charge
"""
    rows = engine.execute(query)
    while found := rows.fetchmany(10_000):
        for charge, least, most, bike_days in found:
            yield charge, Use(least, bike_days, most)


def _bill_many(service: PassService, who: Who, chunk: list[tuple[str, Use]], done: Billed, tell: Tell | None) -> None:
    """Bill periods in one commit; where another is billing them too, one after the other."""
    made = []
    for charge, use in chunk:
        try:
            made.append(quote_bill(service, charge, use))
        except PassRefusedError as error:
            done.refused[error.code] += 1
    entries = [bill_entry(service, who, one) for one in made]
    try:
        service.record(*entries)
        bodies = [dict(msgspec.json.decode(msgspec.json.encode(entry.body))) for entry in entries]
    except ConflictError:
        bodies = []
        for one in made:
            if service.earlier(bill_key(one.charge), {}) is not None:
                done.before += 1
            else:
                bodies.append(bill(service, who, one.charge, one.use))
    for body in bodies:
        done.bills += 1
        done.transit += body["transit"]
        done.more += body["more"]
        if tell is not None:
            tell(body)
