"""Tables of TIDES for an operator: trip-level, with tokens that change each month."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from frictionless import Resource, Schema

from donghaeng.errors import UsageError
from donghaeng.services.passes.tides import write_tides
from tests.passes.riding import DAY, Riding, Tap, at

KEY = bytes(range(32))
#: What `spec/fare_transactions.schema.json` of TIDES asks of the fields that are written.
FARE_TRANSACTIONS = {
    "primaryKey": "transaction_id",
    "fields": [
        {"name": "transaction_id", "type": "string", "constraints": {"required": True, "unique": True}},
        {"name": "service_date", "type": "date", "constraints": {"required": True}},
        {"name": "event_timestamp", "type": "datetime", "constraints": {"required": True}},
        {"name": "amount", "type": "number", "constraints": {"required": True}},
        {
            "name": "fare_action",
            "type": "string",
            "constraints": {"required": True, "enum": ["Enter", "Exit", "Transfer entrance"]},
        },
        {"name": "device_id", "type": "string"},
        {"name": "stop_id", "type": "string"},
        {"name": "num_riders", "type": "integer", "constraints": {"minimum": 0}},
        {"name": "rider_category", "type": "string"},
        {"name": "fare_product", "type": "string"},
        {"name": "fare_capped", "type": "boolean"},
        {"name": "token_id", "type": "string"},
    ],
}


@pytest.fixture
def riding(tmp_path: Path) -> Iterator[Riding]:
    found = Riding(tmp_path)
    yield found
    found.close()


def travelled(riding: Riding) -> int:
    _, medium = riding.card()
    taps = [
        ("08:00", "line_2", "one"),
        ("08:20", "line_2", "two"),
        ("08:30", "trunk", "two"),
        ("08:50", "trunk", "six"),
    ]
    taps = [(time, line, place, DAY) for time, line, place in taps]  # type: ignore[misc]
    taps += [("08:00", "line_2", "one", DAY + timedelta(days=20)), ("08:20", "line_2", "two", DAY + timedelta(days=20))]  # type: ignore[list-item]
    riding.clock.now = at("09:00", DAY + timedelta(days=20))
    riding.receive(
        Tap("gate", number, medium, "alight" if number % 2 else "board", at(time, day), place, line)
        for number, (time, line, place, day) in enumerate(taps)  # type: ignore[misc]
    )
    riding.settle(at("09:00", DAY + timedelta(days=21)))
    return medium


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_table_of_transactions_fits_the_specification(riding: Riding, tmp_path: Path) -> None:
    medium = travelled(riding)
    assert write_tides(riding.service, riding.files, DAY, tmp_path / "out", KEY) == (4, 3)
    path = tmp_path / "out" / str(DAY) / "fare_transactions.csv"
    found = rows(path)
    assert [one["fare_action"] for one in found] == ["Enter", "Exit", "Transfer entrance", "Exit"]
    assert sum(int(one["amount"]) for one in found) == 1_550
    report = Resource(
        name="fares", path=path.name, basepath=str(path.parent), schema=Schema.from_descriptor(FARE_TRANSACTIONS)
    ).validate()
    assert report.valid, report.flatten(["rowNumber", "fieldName", "note"])
    assert str(medium) not in path.read_text("utf-8")


def test_a_medium_has_one_token_in_a_month_and_another_in_the_next(riding: Riding, tmp_path: Path) -> None:
    travelled(riding)
    tokens = []
    for day in (DAY, DAY + timedelta(days=20)):
        write_tides(riding.service, riding.files, day, tmp_path / "out", KEY)
        tokens.append({one["token_id"] for one in rows(tmp_path / "out" / str(day) / "fare_transactions.csv")})
    assert [len(one) for one in tokens] == [1, 1]
    assert tokens[0] != tokens[1]


def test_the_same_day_gives_the_same_bytes_and_a_short_key_is_refused(riding: Riding, tmp_path: Path) -> None:
    travelled(riding)
    digests = set()
    for name in ("a", "b"):
        write_tides(riding.service, riding.files, DAY, tmp_path / name, KEY)
        digests.add(hashlib.sha256((tmp_path / name / str(DAY) / "station_activities.csv").read_bytes()).hexdigest())
    assert len(digests) == 1
    with pytest.raises(UsageError, match="16 bytes"):
        write_tides(riding.service, riding.files, DAY, tmp_path, b"short")
