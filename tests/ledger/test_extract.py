"""What statistics get: the same bytes each time, no facts, and no name that follows a person from month to month."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow
import pytest
from pyarrow import parquet

from donghaeng.documents import Model
from donghaeng.errors import UsageError
from donghaeng.ledger.entry import NewEntry
from donghaeng.ledger.extract import extract, schema
from donghaeng.ledger.kinds import Kind, Kinds
from donghaeng.ledger.ledger import Ledger
from donghaeng.ledger.open import open_store
from donghaeng.ledger.persons import Persons
from tests.ledger.ledgers import KINDS, charged, opened, visit

KEY = bytes(range(16))


def persons_of(ledger: Ledger) -> Persons:
    assert ledger.persons is not None
    return ledger.persons


def filled(ledger: Ledger, start: int, stop: int) -> list[str]:
    """Visits of five persons over three months, and charges in between."""
    people = [persons_of(ledger).person("clinic/1", str(number)) for number in range(5)]
    for number in range(start, stop):
        day = f"2026-0{4 + number % 3}-1{number % 10}"
        ledger.append([visit(people[number % 5], number, day, pregnant=number % 2 == 0), charged(number)])
    return people


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def rows(folder: Path, kind: str) -> pyarrow.Table:
    return pyarrow.concat_tables(parquet.read_table(file) for file in sorted((folder / kind).rglob("*.parquet")))


def test_an_extract_has_a_table_for_each_kind_and_month(ledger: Ledger, tmp_path: Path) -> None:
    filled(ledger, 0, 30)
    made = extract(ledger, tmp_path / "out", KEY)
    assert sorted(made.written) == [
        "card-charged/2026-05/00000000.parquet",
        *(f"visit/2026-0{month}/00000000.parquet" for month in (4, 5, 6)),
    ]
    assert made.rows == 60
    visits = rows(tmp_path / "out", "visit")
    assert visits.column_names == ["sequence", "stream", "effective_on", "recorded_on", "corrects", "person", "outcome"]
    assert visits.num_rows == 30
    charges = rows(tmp_path / "out", "card-charged")
    assert sum(charges["won"].to_pylist()) == 30_000


def test_a_person_keeps_one_name_in_a_month_and_has_another_in_the_next(ledger: Ledger, tmp_path: Path) -> None:
    people = filled(ledger, 0, 60)
    extract(ledger, tmp_path / "out", KEY)
    names = {}
    for month in ("2026-04", "2026-05", "2026-06"):
        table = parquet.read_table(tmp_path / "out" / "visit" / month / "00000000.parquet")
        names[month] = set(table["person"].to_pylist())
        assert len(names[month]) == 5
        assert not names[month] & set(people)
        assert not any("visits/" in stream for stream in table["stream"].to_pylist())
    assert not names["2026-04"] & names["2026-05"]
    assert not names["2026-05"] & names["2026-06"]
    everything = b"".join(bytes_of(tmp_path / "out").values())
    assert not any(person.encode() in everything for person in people)


@pytest.mark.parametrize("part", [7, 20, 1_000])
def test_what_is_written_bit_by_bit_is_what_is_written_at_once(
    new_url: Callable[[str], str], tmp_path: Path, part: int
) -> None:
    ledger = opened(new_url("sqlite"))
    for start in range(0, 40, 9):
        filled(ledger, start, min(start + 9, 40))
        extract(ledger, tmp_path / "parts", KEY, part=part)
    extract(ledger, tmp_path / "whole", KEY, part=part)
    assert bytes_of(tmp_path / "parts") == bytes_of(tmp_path / "whole")
    assert extract(ledger, tmp_path / "parts", KEY, part=part).written == ()
    # A file that was lost or altered comes back.
    file = next((tmp_path / "parts").rglob(f"{80 // part:08}.parquet"))
    file.write_bytes(b"")
    extract(ledger, tmp_path / "parts", KEY, part=part)
    assert bytes_of(tmp_path / "parts") == bytes_of(tmp_path / "whole")
    ledger.close()


def test_facts_are_given_only_when_asked_for_and_not_when_erased(ledger: Ledger, tmp_path: Path) -> None:
    people = filled(ledger, 0, 10)
    persons_of(ledger).erase(people[0], "asked for")
    extract(ledger, tmp_path / "out", KEY, facts=True)
    table = rows(tmp_path / "out", "visit").sort_by("sequence")
    assert table["pregnant"].to_pylist() == [
        None if number % 5 == 0 else str(number % 2 == 0).lower() == "true" for number in range(10)
    ]


def test_a_correction_names_the_entry_that_it_corrects(ledger: Ledger, tmp_path: Path) -> None:
    first = ledger.append([charged(1), charged(2, won=5), charged(3, won=7, corrects=2)])
    extract(ledger, tmp_path / "out", KEY)
    table = rows(tmp_path / "out", "card-charged")
    assert table["corrects"].to_pylist() == [None, None, first[1].sequence]


def test_old_versions_stand_in_the_columns_of_the_newest(ledger: Ledger, tmp_path: Path) -> None:
    person = persons_of(ledger).person("clinic/1", "1")
    new = visit(person, 2)
    ledger.append(
        [
            NewEntry(
                stream=new.stream,
                kind="visit",
                kind_version=1,
                body={"person": person, "result": "checked"},
                effective_at=new.effective_at,
                idempotency_key="old",
            ),
            new,
        ]
    )
    extract(ledger, tmp_path / "out", KEY)
    assert rows(tmp_path / "out", "visit")["outcome"].to_pylist() == ["checked", "checked"]


def test_columns_have_the_types_of_the_model() -> None:
    columns = schema(KINDS.get("visit"), facts=True)
    assert columns.field("pregnant").type == pyarrow.bool_()
    assert columns.field("note").type == pyarrow.string()
    assert schema(KINDS.get("card-charged")).field("won").type == pyarrow.int64()


def test_an_extract_is_not_mixed_with_another(ledger: Ledger, tmp_path: Path) -> None:
    ledger.append(charged(1))
    extract(ledger, tmp_path / "out", KEY)
    with pytest.raises(UsageError, match="another key check"):
        extract(ledger, tmp_path / "out", bytes(16))
    with pytest.raises(UsageError, match="another period"):
        extract(ledger, tmp_path / "out", KEY, period="year")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").touch()
    with pytest.raises(UsageError, match="not empty"):
        extract(ledger, tmp_path / "other", KEY)
    with pytest.raises(UsageError, match="16 bytes"):
        extract(ledger, tmp_path / "third", b"short")
    assert json.loads((tmp_path / "out" / "extract.json").read_text())["last_sequence"] == 1


def test_ids_that_follow_somebody_have_other_names_in_each_period(tmp_path: Path) -> None:
    class Charged(Model):
        card: str
        medium: int
        won: int

    kinds = Kinds([Kind("charged-card", 1, Charged, names=("card", "medium"))])
    store = open_store(f"sqlite:///{tmp_path}/ledger.db", create=True)
    ledger = Ledger(store, kinds, lambda: datetime(2026, 6, 1, tzinfo=UTC))
    for number, month in enumerate((4, 4, 5)):
        ledger.append(
            NewEntry(
                stream="card/one",
                kind="charged-card",
                body={"card": "one", "medium": 7, "won": 62_000},
                effective_at=datetime(2026, month, 2, tzinfo=UTC),
                idempotency_key=str(number),
            )
        )
    extract(ledger, tmp_path / "out", b"k" * 16)
    ledger.close()
    files = sorted((tmp_path / "out").rglob("*.parquet"))
    months = [parquet.read_table(file).to_pylist() for file in files]
    (april, again), (may,) = months
    assert (april["card"], april["medium"]) == (again["card"], again["medium"])
    assert {april["card"], april["medium"]}.isdisjoint({may["card"], may["medium"], "one", "7"})
    assert may["won"] == 62_000
