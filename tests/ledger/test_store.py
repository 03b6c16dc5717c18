"""The contract of a store, held by both: what is recorded, in which order, and what is refused."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, Text, bindparam, insert, select, update

from donghaeng.ledger.entry import Entry, NewEntry
from donghaeng.ledger.faults import (
    BodyError,
    ConflictError,
    KeyReusedError,
    PositionError,
    RefusedError,
    UnavailableError,
    UnknownKindError,
)
from donghaeng.ledger.ledger import Ledger
from donghaeng.ledger.open import open_store
from donghaeng.ledger.statement import Statement, Transaction
from donghaeng.ledger.verify import verify
from tests.ledger.ledgers import KINDS, Clock, charged, opened

balances = Table("balances", MetaData(), Column("card", Text, primary_key=True), Column("won", Integer))
ADD_CARD = Statement(insert(balances))
CHARGE = Statement(
    update(balances).where(balances.c.card == bindparam("of")).values(won=balances.c.won + bindparam("more"))
)
BALANCES = Statement(select(balances.c.card, balances.c.won).order_by(balances.c.card))


def with_balances(ledger: Ledger) -> None:
    from sqlalchemy.schema import CreateTable

    ledger.store.write(lambda transaction: transaction.execute(Statement(CreateTable(balances))))


def charge_balance(transaction: Transaction) -> None:
    import json

    for entry in transaction.entries:
        transaction.execute(CHARGE, {"of": entry.stream, "more": json.loads(entry.body)["won"]})


def test_an_entry_is_read_as_it_was_recorded(ledger: Ledger) -> None:
    (recorded,) = ledger.append(charged(1, decision_id="decision-7"))

    assert list(ledger.stream("card/1")) == [recorded]
    assert recorded.position == 1
    assert recorded.effective_at == "2026-05-20T09:01:00+00:00"
    assert recorded.recorded_at == "2026-05-20T00:00:01.000000Z"
    assert recorded.body == '{"card":"card/1","won":1000}'
    assert recorded.decision_id == "decision-7"
    assert recorded.previous_hash == bytes(32)
    assert recorded.hash == recorded.recomputed_hash()


def test_each_entry_follows_the_one_before_it_in_its_stream(ledger: Ledger) -> None:
    ledger.append([charged(1), charged(2, "card/2"), charged(3)])
    ledger.append(charged(4))

    entries = list(ledger.stream("card/1"))
    assert [entry.position for entry in entries] == [1, 2, 3]
    assert [entry.previous_hash for entry in entries[1:]] == [entry.hash for entry in entries[:-1]]
    assert [entry.idempotency_key for entry in ledger.entries()] == [f"charge-{number}" for number in (1, 2, 3, 4)]
    assert verify(ledger.store).holds


@pytest.mark.parametrize("alone", [True, False])
def test_a_request_that_is_made_again_gives_the_first_entry(ledger: Ledger, alone: bool) -> None:
    asked = [charged(1)] if alone else [charged(1), charged(2)]
    first = ledger.append(asked)
    assert ledger.append(asked) == first
    assert list(ledger.entries()) == first


def test_a_key_that_was_used_for_something_else_is_refused(ledger: Ledger) -> None:
    first = ledger.append(charged(1))
    with pytest.raises(KeyReusedError, match="charge-1"):
        ledger.append(charged(1, won=2_000))
    with pytest.raises(KeyReusedError):
        ledger.append([charged(2), charged(1, "card/2")])
    assert list(ledger.entries()) == first


def test_a_batch_that_overlaps_another_records_what_is_new(ledger: Ledger) -> None:
    ledger.append([charged(2), charged(3)])
    found = ledger.append([charged(number) for number in (1, 2, 3, 4, 4)])
    assert [entry.position for entry in found] == [3, 1, 2, 4, 4]
    assert len(list(ledger.entries())) == 4


def test_a_writer_who_expects_another_position_is_told_where_the_stream_stands(ledger: Ledger) -> None:
    ledger.append(charged(1, expected_position=0))
    for asked in (charged(2, expected_position=0), [charged(2, expected_position=3), charged(3)]):
        with pytest.raises(PositionError, match="is at 1") as told:
            ledger.append(asked)
        assert told.value.actual == 1
    ledger.append([charged(2, expected_position=1), charged(3, expected_position=2)])
    # A request that is made again is no conflict, wherever the stream stands by now.
    assert ledger.append(charged(1, expected_position=0))[0].position == 1


def test_a_correction_is_a_new_entry_that_names_the_wrong_one(ledger: Ledger) -> None:
    ledger.append(charged(1, won=1_000))
    (correction,) = ledger.append(charged(2, won=10_000, corrects=1))
    assert (correction.position, correction.corrects) == (2, 1)
    for number in (0, 3, 99):
        with pytest.raises(RefusedError):
            ledger.append(charged(3, corrects=number))
        with pytest.raises(RefusedError):
            ledger.append([charged(3, corrects=number), charged(4)])
    assert len(list(ledger.entries())) == 2


def test_an_unknown_kind_and_a_body_that_does_not_fit_are_refused(ledger: Ledger) -> None:
    with pytest.raises(UnknownKindError, match='did you mean "card-charged"'):
        ledger.append(NewEntry(**{**_fields(charged(1)), "kind": "card-charge"}))
    with pytest.raises(UnknownKindError, match="has no version 3"):
        ledger.append(charged(1, kind_version=3))
    with pytest.raises(BodyError, match="won: int type, fee: extra forbidden") as told:
        ledger.append(charged(1, body={"card": "c", "won": "secret", "fee": 1}))
    assert "secret" not in str(told.value)
    assert list(ledger.entries()) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"stream": ""},
        {"stream": "a\x00b"},
        {"stream": "x" * 201},
        {"idempotency_key": "a\nb"},
        {"decision_id": "\ud800"},
        {"effective_at": datetime(2026, 5, 20)},
    ],
)
def test_names_and_times_that_cannot_be_told_apart_are_refused(ledger: Ledger, wrong: dict[str, object]) -> None:
    with pytest.raises(RefusedError):
        ledger.append(NewEntry(**{**_fields(charged(1)), **wrong}))  # type: ignore[arg-type]


def _fields(entry: NewEntry) -> dict[str, object]:
    return {name: getattr(entry, name) for name in NewEntry.__dataclass_fields__}


def test_any_text_comes_back_as_it_went_in(ledger: Ledger) -> None:
    for number, text in enumerate(['"\\/\b\f\n\r\t\x00\x1f\x7f', "동행 기후동행카드", "\u2028😀", ""]):
        (entry,) = ledger.append(charged(number, body={"card": text, "won": 1}))
        assert ledger.body(entry).model_dump() == {"card": text, "won": 1}
    assert verify(ledger.store).holds


def test_a_clock_that_was_set_back_does_not_set_the_ledger_back(url: str) -> None:
    clock = Clock("2026-05-20T09:00:00+00:00")
    ledger = opened(url, clock)
    ledger.append(charged(1))
    clock.time -= timedelta(hours=3)
    ledger.append([charged(2), charged(3, "card/2")])
    ledger.append(charged(4))
    times = [entry.recorded_at for entry in ledger.stream("card/1")]
    assert times == ["2026-05-20T09:00:01.000000Z"] * 3
    assert [entry.recorded_at for entry in ledger.stream("card/2")] == ["2026-05-20T06:00:02.000000Z"]
    assert verify(ledger.store).holds
    ledger.close()


def test_entries_and_what_they_change_are_one_transaction(ledger: Ledger) -> None:
    with_balances(ledger)
    ledger.store.write(lambda transaction: transaction.execute(ADD_CARD, {"card": "card/1", "won": 0}))

    for _ in range(2):  # made again, it changes nothing
        ledger.append([charged(1, won=500), charged(2, won=300)], charge_balance)
        ledger.append(charged(3, won=100), charge_balance)
    assert list(ledger.store.query(BALANCES)) == [("card/1", 900)]

    def fail(transaction: Transaction) -> None:
        charge_balance(transaction)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ledger.append(charged(4), fail)
    with pytest.raises(KeyReusedError):
        ledger.append([charged(5), charged(1, won=1)], charge_balance)
    assert list(ledger.store.query(BALANCES)) == [("card/1", 900)]
    assert len(list(ledger.entries())) == 3
    ledger.append(charged(4, won=100), charge_balance)
    assert list(ledger.store.query(BALANCES)) == [("card/1", 1_000)]


def test_a_change_that_a_table_does_not_allow_undoes_the_entries_too(ledger: Ledger) -> None:
    with_balances(ledger)

    def add_card(transaction: Transaction) -> None:
        for entry in transaction.entries:
            transaction.execute(ADD_CARD, {"card": entry.stream, "won": 0})

    ledger.append(charged(1), add_card)
    with pytest.raises(ConflictError, match="a table does not allow it") as told:
        ledger.append(charged(2), add_card)
    assert "card/1" not in str(told.value)
    with pytest.raises(ConflictError):
        ledger.append([charged(2, "card/2"), charged(3)], add_card)
    assert list(ledger.store.query(BALANCES)) == [("card/1", 0)]
    assert len(list(ledger.entries())) == 1


def test_of_two_writers_who_expect_the_same_position_exactly_one_wins(ledger: Ledger) -> None:
    rounds, writers = 20, 4
    barrier = threading.Barrier(writers)
    won: list[tuple[int, int]] = []

    def write(writer: int) -> None:
        for turn in range(rounds):
            barrier.wait()
            try:
                ledger.append(charged(turn * writers + writer, expected_position=turn))
            except PositionError:
                continue
            won.append((turn, writer))

    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(write, range(writers)))
    assert sorted(turn for turn, _ in won) == list(range(rounds))
    assert [entry.position for entry in ledger.stream("card/1")] == list(range(1, rounds + 1))


def test_writers_who_expect_nothing_all_get_in(ledger: Ledger) -> None:
    with_balances(ledger)
    for card in ("card/0", "card/1"):
        ledger.store.write(lambda transaction, card=card: transaction.execute(ADD_CARD, {"card": card, "won": 0}))

    def write(writer: int) -> list[Entry]:
        found = []
        for number in range(writer * 30, writer * 30 + 30, 3):
            found += ledger.append(charged(number, f"card/{number % 2}"), charge_balance)
            found += ledger.append([charged(number + 1), charged(number + 2, "card/0")], charge_balance)
        return found

    with ThreadPoolExecutor(6) as pool:
        recorded = [entry for found in pool.map(write, range(6)) for entry in found]
    entries = list(ledger.entries())
    assert sorted(entries) == sorted(recorded)
    assert len(entries) == 180
    streams = [entry.stream for entry in entries]
    assert list(ledger.store.query(BALANCES)) == [(card, 1_000 * streams.count(card)) for card in ("card/0", "card/1")]
    assert verify(ledger.store).holds


def test_an_error_of_one_writer_is_not_that_of_another(ledger: Ledger) -> None:
    """Many threads, so that SQLite commits requests of several callers together."""
    ledger.append(charged(0))

    def write(number: int) -> str:
        try:
            ledger.append(charged(0 if number % 4 == 0 else number, won=number))
        except KeyReusedError:
            return "refused"
        return "recorded"

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(write, range(1, 101)))
    assert told == ["refused" if number % 4 == 0 else "recorded" for number in range(1, 101)]
    assert len(list(ledger.entries())) == 76


def test_a_writer_that_is_interrupted_keeps_nobody_waiting(ledger: Ledger) -> None:
    class Interrupted(BaseException):
        pass

    def interrupt(transaction: Transaction) -> None:
        raise Interrupted

    def write(number: int) -> None:
        """Append until it is recorded, whoever else was interrupted meanwhile in a commit that was shared."""
        for _ in range(100):
            try:
                ledger.append(charged(number), interrupt if number % 5 == 0 else None)
            except (Interrupted, UnavailableError):
                if number % 5 == 0:
                    return
            else:
                return

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(1, 60)))
    keys = {entry.idempotency_key for entry in ledger.entries()}
    assert keys == {f"charge-{number}" for number in range(1, 60) if number % 5}
    assert verify(ledger.store).holds


def test_two_programs_may_write_to_one_ledger(url: str) -> None:
    one, other = opened(url), opened(url)
    for number in range(0, 20, 2):
        one.append(charged(number))
        other.append(charged(number + 1))
    assert list(one.entries()) == list(other.entries())
    assert [entry.position for entry in one.stream("card/1")] == list(range(1, 21))
    assert verify(one.store).holds
    one.close()
    other.close()


def test_a_reader_who_stops_in_the_middle_leaves_the_store_in_order(ledger: Ledger) -> None:
    ledger.append([charged(number) for number in range(2_000)])
    for _ in range(20):
        reading = ledger.entries()
        next(reading)
        reading.close()
    assert len(list(ledger.entries())) == 2_000
    assert [entry.position for entry in ledger.stream("card/1", after=1_998)] == [1_999, 2_000]


def test_one_reads_while_another_writes(ledger: Ledger) -> None:
    ledger.append([charged(number) for number in range(100)])
    for entry in ledger.entries():
        ledger.append(charged(1_000 + entry.position, "card/2"))
    assert len(list(ledger.stream("card/2"))) == 100


def test_entries_cannot_be_changed_by_mistake(ledger: Ledger) -> None:
    from sqlalchemy import text

    ledger.append(charged(1))
    for statement in ("UPDATE entries SET body = '{}'", "DELETE FROM entries"):
        with pytest.raises(Exception, match="entries are never changed"):
            ledger.store.write(lambda transaction, own=statement: transaction.execute(Statement(text(own))))
    assert len(list(ledger.entries())) == 1


def test_a_closed_store_says_so(url: str) -> None:
    ledger = opened(url)
    ledger.append(charged(1))
    ledger.close()
    with pytest.raises(UnavailableError, match="closed"):
        ledger.append(charged(2))
    with pytest.raises(UnavailableError, match="closed"):
        list(ledger.entries())


def test_both_stores_give_the_same_hashes(new_url: object) -> None:
    heads = []
    for store in ("sqlite", "postgresql"):
        ledger = opened(new_url(store))  # type: ignore[operator]
        for number in range(3):
            ledger.append(charged(number, body={"card": "카드 \u007f\u0001", "won": number}))
        ledger.append([charged(number, decision_id="d") for number in range(3, 6)])
        heads.append([entry.hash for entry in ledger.entries()])
        ledger.close()
    assert heads[0] == heads[1]


@given(
    requests=st.lists(
        st.lists(st.tuples(st.integers(0, 30), st.integers(0, 2)), min_size=1, max_size=6), min_size=1, max_size=12
    )
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_requests_in_any_order_and_number_record_each_entry_once(
    store: str, new_url: object, requests: list[list[tuple[int, int]]]
) -> None:
    """A number always stands for the same entry here, so that nothing is refused."""
    ledger = opened(new_url(store))  # type: ignore[operator]
    for request in [*requests, *reversed(requests)]:
        ledger.append([charged(number, f"card/{number % 3}") for number, _ in request])
    entries = list(ledger.entries())
    wanted = {f"charge-{number}" for request in requests for number, _ in request}
    assert sorted(entry.idempotency_key for entry in entries) == sorted(wanted)
    assert verify(ledger.store).holds
    ledger.close()


def test_a_long_stream_is_read_and_appended_to(url: str) -> None:
    store = open_store(url, create=True)
    ledger = Ledger(store, KINDS, Clock())
    for start in range(0, 20_000, 2_000):
        ledger.append([charged(number) for number in range(start, start + 2_000)])
    (last,) = ledger.append(charged(20_000, expected_position=20_000))
    assert last.position == 20_001
    assert sum(1 for _ in ledger.stream("card/1")) == 20_001
    assert verify(store).holds
    ledger.close()
