"""Rides of a service day as tables of TIDES 1.0 (Transit ITS Data Exchange Specification), for an operator.

``fare_transactions.csv`` has one row a boarding and one an alighting; ``station_activities.csv`` sums them by stop and
hour. They are trip-level: for the operator, never for a public release. A medium has another token in each month, made
with a key that does not leave the service, so that nobody is followed from one month into the next.

Source: github.com/TIDES-transit/TIDES, ``spec/fare_transactions.schema.json`` and ``station_activities.schema.json``.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from donghaeng.errors import UsageError
from donghaeng.services.passes.day_files import DayFiles, quoted
from donghaeng.services.passes.fares import FareRules
from donghaeng.services.passes.pass_periods import passes_between
from donghaeng.services.passes.rating import Distances, gather, rate_all
from donghaeng.services.passes.service import PassService
from donghaeng.services.passes.settlement import is_simulated

if TYPE_CHECKING:
    import duckdb

SHORTEST_KEY = 16
TRANSACTIONS = "fare_transactions.csv"
ACTIVITIES = "station_activities.csv"


def write_tides(
    service: PassService,
    files: DayFiles,
    day: date,
    out: Path,
    key: bytes,
    *,
    rules: FareRules | None = None,
    distances: Distances | None = None,
) -> tuple[int, int]:
    """Write the tables of a service day into a folder of its own.

    Args:
        service: the service.
        files: the day files.
        day: the service day.
        out: the folder in which that of the day is made.
        key: at least 16 random bytes from which tokens are made.
        rules: the fares; those of the pack if None.
        distances: distances between places, in metres.

    Returns:
        Rows of transactions and of activities.

    Raises:
        UsageError: the key is short.
        DayFileError: a day file is missing.
    """
    if len(key) < SHORTEST_KEY:
        raise UsageError(f"a key of tokens has at least {SHORTEST_KEY} bytes; make one with `donghaeng ledger keygen`")
    rules = rules or FareRules(service.policy)
    passes = list(passes_between(service.section, files.store, day, day))
    begins = min([day, *(one.starts for one in passes)])
    folder = out / day.isoformat()
    folder.mkdir(parents=True, exist_ok=True)
    mark = "simulated " if is_simulated(service) else ""
    with files.engine() as engine:
        wanted = f"SELECT * FROM rated WHERE day = DATE {quoted(day.isoformat())}"  # noqa: S608, a day
        rate_all(engine, rules, files.rides(begins, day), passes, distances, gather("of_day", wanted))
        engine.execute(f"CREATE OR REPLACE TEMP TABLE times AS {files.rides(day, day)}")
        _tokens(engine, day, key)
        return (
            _write(engine, _transactions(mark), folder / TRANSACTIONS),
            _write(engine, _activities(mark), folder / ACTIVITIES),
        )


def _tokens(engine: duckdb.DuckDBPyConnection, day: date, key: bytes) -> None:
    import pyarrow

    month = hmac.new(key, b"tides " + day.isoformat()[:7].encode(), hashlib.sha256).digest()
    media = [row[0] for row in engine.execute("SELECT DISTINCT medium FROM of_day ORDER BY medium").fetchall()]
    tokens = [
        base64.b32encode(hmac.new(month, str(medium).encode(), hashlib.sha256).digest()[:15]).decode().lower()
        for medium in media
    ]
    given = pyarrow.table(
        {"medium": pyarrow.array(media, pyarrow.int64()), "token": pyarrow.array(tokens, pyarrow.string())}
    )
    engine.register("given_tokens", given)
    engine.execute("CREATE OR REPLACE TEMP TABLE tokens AS SELECT * FROM given_tokens")
    engine.unregister("given_tokens")


def _transactions(mark: str) -> str:
    """Give the text of a query for transactions; every row of made-up data says so."""
    return f"""
WITH ridden AS (
    SELECT o.*, t.boarded_at, t.board_place, t.alighted_at, t.alight_place, k.token,
        row_number() OVER (PARTITION BY o.charge, o.journey ORDER BY t.boarded_at, o.device, o.sequence) AS place
    FROM of_day AS o JOIN times AS t USING (device, sequence) JOIN tokens AS k ON k.medium = o.medium
), acts AS (
    SELECT device || '/' || sequence || '/enter' AS id, boarded_at AS moment, value AS amount,
        CASE WHEN journey > 0 AND place > 1 THEN 'Transfer entrance' ELSE 'Enter' END AS action,
        device, board_place AS stop, category, product, value > 0 AND within = 0 AS capped, token, day
    FROM ridden WHERE boarded_at IS NOT NULL
    UNION ALL
    SELECT device || '/' || sequence || '/exit', alighted_at, 0, 'Exit', NULL, alight_place, category, product,
        false, token, day FROM ridden WHERE alighted_at IS NOT NULL
)
SELECT {quoted(mark)} || id AS transaction_id, day AS service_date,
    strftime(moment, '%Y-%m-%dT%H:%M:%SZ') AS event_timestamp, amount, action AS fare_action, device AS device_id,
    stop AS stop_id, 1 AS num_riders, {quoted(mark)} || category AS rider_category,
    {quoted(mark)} || product AS fare_product, capped AS fare_capped, token AS token_id
FROM acts ORDER BY moment, id
"""  # noqa: S608, own text


def _activities(mark: str) -> str:
    """Give the text of a query for entries and exits by stop and hour."""
    return f"""
WITH acts AS (
    SELECT day, board_place AS stop, date_trunc('hour', boarded_at) AS hour, 1 AS entries, 0 AS exits FROM times
    WHERE boarded_at IS NOT NULL
    UNION ALL
    SELECT day, alight_place, date_trunc('hour', alighted_at), 0, 1 FROM times WHERE alighted_at IS NOT NULL
)
SELECT day AS date, {quoted(mark)} || stop AS stop_id, strftime(hour, '%Y-%m-%dT%H:%M:%SZ') AS time_period_start,
    strftime(hour + INTERVAL 1 HOUR, '%Y-%m-%dT%H:%M:%SZ') AS time_period_end,
    sum(entries)::BIGINT AS total_entries, sum(exits)::BIGINT AS total_exits,
    sum(entries + exits)::BIGINT AS number_of_transactions
FROM acts GROUP BY ALL ORDER BY ALL
"""  # noqa: S608, own text


def _write(engine: duckdb.DuckDBPyConnection, query: str, path: Path) -> int:
    copied = engine.execute(f"COPY ({query}) TO {quoted(str(path))} (FORMAT csv, HEADER)").fetchall()
    return int(copied[0][0])
