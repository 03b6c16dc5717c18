"""Periods as money is counted on them, and how an engine gets millions of them in flat memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import bindparam, select

from donghaeng.ledger.schema import entries
from donghaeng.ledger.statement import Statement
from donghaeng.ledger.store import Database
from donghaeng.services.passes.billing import bill_key
from donghaeng.services.passes.schema import media, periods
from donghaeng.services.passes.section import PassesSection

if TYPE_CHECKING:
    import duckdb

#: Periods that Python holds at a time on their way into an engine.
AT_ONCE = 20_000

_PASSES = Statement(
    select(
        periods.c.charge,
        media.c.number,
        periods.c.product,
        periods.c.category,
        periods.c.starts,
        periods.c.ends,
        periods.c.stopped_at,
        periods.c.price,
        periods.c.refunded,
        periods.c.state,
        periods.c.sequence,
    )
    .join(media, media.c.medium == periods.c.medium)
    .where(
        periods.c.charge > bindparam("after"),
        periods.c.ends >= bindparam("first"),
        periods.c.starts <= bindparam("last"),
    )
    .order_by(periods.c.charge)
    # A page at a time along the index: a store sorts millions of rows in memory otherwise.
    .limit(AT_ONCE)
)
_BILLS = Statement(
    select(entries.c.idempotency_key, entries.c.body)
    .where(entries.c.idempotency_key >= bindparam("first"), entries.c.idempotency_key <= bindparam("last"))
    .order_by(entries.c.idempotency_key)
)


@dataclass(frozen=True, slots=True)
class Pass:
    """A period as money is counted on it.

    Attributes:
        charge: the charge that gave it.
        medium: number of its medium.
        product: code of the product.
        category: code of the category.
        starts: first service day.
        ends: last service day.
        stopped: moment in UTC from which on rides do not count; None for none.
        limit: what of its price may go to operators; None for one that is billed after use and was not billed yet.
        price: what was paid for it.
        refunded: what was paid back of it.
        state: ``active``, ``stopped`` or ``refunded``.
        is_after: whether it is billed after use.
        number: number of the entry that charged it, by which an engine knows it.
    """

    charge: str
    medium: int
    product: str
    category: str
    starts: date
    ends: date
    stopped: datetime | None
    limit: int | None
    price: int
    refunded: int
    state: str
    is_after: bool = False
    number: int = 0


def passes_between(
    section: PassesSection, store: Database, first: date, last: date, bills: Mapping[str, int] | None = None
) -> Iterator[Pass]:
    """Give the periods that have a service day between two days, in order of their charges and in flat memory.

    Args:
        section: the passes of the pack.
        store: the database of the ledger.
        first: the first service day.
        last: the last one.
        bills: what was billed for use afterwards by other means than `billing`, by charge.
    """
    after = {code for code, product in section.model.products.items() if product.pays == "postpaid"}
    span = {"first": first.isoformat(), "last": last.isoformat(), "after": ""}
    while chunk := list(store.query(_PASSES, span)):
        span["after"] = chunk[-1][0]
        billed = _billed(store, [row[0] for row in chunk if row[2] in after]) | dict(bills or {})
        for charge, medium, product, category, starts, ends, stopped_at, price, refunded, state, number in chunk:
            is_after = product in after
            limit = billed.get(charge) if is_after else price - refunded
            stopped = datetime.fromisoformat(stopped_at).astimezone(UTC) if stopped_at else None
            dates = date.fromisoformat(starts), date.fromisoformat(ends)
            yield Pass(
                *(charge, medium, product, category, *dates, stopped, limit, price, refunded, state, is_after, number)
            )


def _billed(store: Database, charges: Sequence[str]) -> dict[str, int]:
    """Give what was billed for the rides of periods, whose charges are in order."""
    if not charges:
        return {}
    wanted = set(charges)
    found = {}
    for key, body in store.query(_BILLS, {"first": bill_key(charges[0]), "last": bill_key(charges[-1])}):
        charge = key.removeprefix(bill_key(""))
        if charge in wanted:
            found[charge] = int(msgspec.json.decode(body)["transit"])
    return found


_COLUMNS = {
    "charge": "VARCHAR",
    "medium": "BIGINT",
    "product": "VARCHAR",
    "category": "VARCHAR",
    "starts": "DATE",
    "ends": "DATE",
    "stopped": "TIMESTAMP",
    "limit": "BIGINT",
    "price": "BIGINT",
    "refunded": "BIGINT",
    "state": "VARCHAR",
    "after": "BOOLEAN",
    "pass": "BIGINT",
}


def load_passes(engine: duckdb.DuckDBPyConnection, passes: Iterable[Pass], *, charges: bool = True) -> None:
    """Make the table ``passes`` in an engine: the attributes of `Pass`, and what follows from their order.

    ``pass`` is the number of a period and ``after`` whether it is billed after use. ``free_from`` is the moment until
    which the medium had an earlier period that was stopped then: rides before it belong to that one, though both have
    the same service day. A ride has one pass.

    Args:
        engine: an engine in which times are UTC.
        passes: the periods; those without a number get their place.
        charges: whether ``charge`` is needed; it takes a third of the memory.
    """

    def rows() -> Iterator[tuple[Any, ...]]:
        for place, one in enumerate(passes):
            charge = one.charge if charges else None
            stopped = None if one.stopped is None else one.stopped.replace(tzinfo=None)
            yield (
                *(charge, one.medium, one.product, one.category, one.starts, one.ends, stopped, one.limit, one.price),
                *(one.refunded, one.state, one.is_after, one.number or place),
            )

    fill_table(engine, "given_passes", _COLUMNS, rows())
    engine.execute(
        "CREATE OR REPLACE TEMP TABLE passes AS SELECT *, max(stopped) OVER (PARTITION BY medium ORDER BY pass "
        "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS free_from FROM given_passes"
    )
    engine.execute("DROP TABLE given_passes")


def fill_table(
    engine: duckdb.DuckDBPyConnection, name: str, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]
) -> None:
    """Make a table of rows that Python has or gives one by one; so many are held at a time.

    Args:
        engine: the engine.
        name: name of the table, which is made anew.
        columns: types of DuckDB by column.
        rows: the rows.
    """
    import pyarrow

    kinds = {
        "VARCHAR": pyarrow.string(),
        "BIGINT": pyarrow.int64(),
        "DATE": pyarrow.date32(),
        "TIMESTAMP": pyarrow.timestamp("us"),
        "BOOLEAN": pyarrow.bool_(),
    }
    listed = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
    engine.execute(f"CREATE OR REPLACE TEMP TABLE {name} ({listed})")
    waiting = iter(rows)
    while chunk := list(islice(waiting, AT_ONCE)):
        cells = zip(*chunk, strict=True)
        given = pyarrow.table(
            {
                column: pyarrow.array(list(values), kinds[kind])
                for (column, kind), values in zip(columns.items(), cells, strict=True)
            }
        )
        engine.register("given_rows", given)
        engine.execute(f"INSERT INTO {name} SELECT * FROM given_rows")  # noqa: S608, own name
        engine.unregister("given_rows")
