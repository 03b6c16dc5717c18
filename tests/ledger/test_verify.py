"""Whoever changes the past is found: by the chain, and by a seal that was held outside whatever else was rewritten."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from itertools import pairwise

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import bindparam, delete, insert, text, update

from donghaeng.errors import InputError
from donghaeng.ledger.canonical import content_hash
from donghaeng.ledger.entry import EMPTY, Draft, Entry, Head, follow
from donghaeng.ledger.faults import DamagedError, RefusedError
from donghaeng.ledger.ledger import Ledger
from donghaeng.ledger.merkle import Frontier, is_consistent
from donghaeng.ledger.schema import entries as table
from donghaeng.ledger.schema import seals as seals_table
from donghaeng.ledger.seals import (
    BLOCK,
    Seal,
    prove_consistency,
    prove_inclusion,
    read_proof,
    read_seal,
    seal,
    stored_seals,
)
from donghaeng.ledger.statement import Statement
from donghaeng.ledger.store import Store
from donghaeng.ledger.verify import Report, verify
from tests.ledger.ledgers import charged, opened

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
NOON, EVENING = "2026-05-20T03:00:00.000000Z", "2026-05-20T12:00:00.000000Z"
INSERT = Statement(insert(table))
DELETE = Statement(delete(table).where(table.c.sequence == bindparam("own")))

RESEAL = Statement(update(seals_table).where(seals_table.c.size == bindparam("own")).values(seal=bindparam("to")))


def run(store: Store, *statements: str) -> None:
    for statement in statements:
        store.write(lambda transaction, own=statement: transaction.execute(Statement(text(own))))


def unlock(store: Store) -> None:
    """What somebody does first who owns the database and wants another past."""
    if store.dialect == "sqlite":
        run(store, "DROP TRIGGER entries_stay_on_UPDATE", "DROP TRIGGER entries_stay_on_DELETE")
    else:
        run(store, "ALTER TABLE entries DISABLE TRIGGER ALL")


def exchange(store: Store, old: list[Entry], new: list[Entry]) -> None:
    """Put entries in the place of others."""
    for entry in old:
        store.write(lambda transaction, own=entry.sequence: transaction.execute(DELETE, {"own": own}))
    for entry in new:
        store.write(lambda transaction, own=entry: transaction.execute(INSERT, own._asdict()))


def chained(entries: list[Entry]) -> list[Entry]:
    """The entries of one stream with positions and hashes as they would be, had they been recorded so."""
    head, made = EMPTY, []
    for entry in entries:
        entry = follow(head, Draft(entry.content, content_hash(entry.content), None), entry.sequence, entry.recorded_at)
        head = Head(entry.position, entry.recorded_at, entry.hash)
        made.append(entry)
    return made


def rewrite_seals(store: Store) -> None:
    """Make the seals in the database fit whatever is in it now, signed by a key of one's own."""
    tree, roots, last = Frontier(), {}, 0
    for entry in [Entry._make(row) for row in store.query(Statement(table.select().order_by(table.c.sequence)))]:
        tree.push(entry.hash)
        roots[tree.size] = tree.root().hex(), entry.sequence
    for old in list(stored_seals(store)):
        root, last = roots.get(old.size, ("00" * 32, last))
        new = dataclasses.replace(old, root=root, last_sequence=last, signature="00" * 64)
        store.write(lambda transaction, new=new: transaction.execute(RESEAL, {"own": new.size, "to": new.text()}))


@pytest.fixture
def sealed(ledger: Ledger) -> Seal:
    """Three cards with five charges each, sealed, and two charges since."""
    ledger.append([charged(number, f"card/{number % 3}") for number in range(15)])
    held = seal(ledger.store, KEY, NOON)
    ledger.append([charged(number, f"card/{number % 3}") for number in (15, 16)])
    return held


def told(report: Report) -> str:
    return "\n".join(map(str, report.findings))


def test_a_ledger_that_nobody_touched_holds(ledger: Ledger, sealed: Seal) -> None:
    report = verify(ledger.store, [sealed])
    assert (report.holds, report.entries, report.sealed, report.unsealed) == (True, 17, 15, 2)
    assert verify(ledger.store).unsealed == 17


def test_an_empty_ledger_holds_and_can_be_sealed(ledger: Ledger) -> None:
    held = seal(ledger.store, KEY, NOON)
    assert (held.size, held.root) == (0, Frontier().root().hex())
    ledger.append(charged(1))
    assert verify(ledger.store, [held]).unsealed == 1


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("stream", "'card/9'"),
        ("position", "77"),
        ("kind", "'card-refunded'"),
        ("kind_version", "2"),
        ("effective_at", "'2026-05-21T09:00:00+00:00'"),
        ("recorded_at", "'2026-05-20T00:00:07.000000Z'"),
        ("idempotency_key", "'another'"),
        ("body", """'{"card": "card/0", "won": 9000}'"""),
        ("decision_id", "'d'"),
        ("corrects", "1"),
        ("previous_hash", "hash"),
        ("hash", "previous_hash"),
    ],
)
def test_an_altered_field_is_found_without_a_seal(ledger: Ledger, sealed: Seal, column: str, value: str) -> None:
    """Entry 17 comes after the seal, entry 4 before it; the chain speaks for both."""
    unlock(ledger.store)
    for sequence, stream in ((17, "card/1"), (4, "card/0")):
        run(ledger.store, f"UPDATE entries SET {column} = {value} WHERE sequence = {sequence}")
        report = verify(ledger.store)
        assert not report.holds
        assert f"(sequence {sequence}): its fields do not give its hash" in told(report)
        assert stream in told(report) or column == "stream"
        if column in {"idempotency_key", "stream", "position"}:
            break  # the same value again would be refused by the table


def test_a_removed_entry_is_found_by_the_one_after_it(ledger: Ledger, sealed: Seal) -> None:
    unlock(ledger.store)
    run(ledger.store, "DELETE FROM entries WHERE sequence = 4")
    assert "stream card/0, entry 3 (sequence 7): the entry before it is not there" in told(verify(ledger.store))
    held = told(verify(ledger.store, [sealed]))
    assert "stream card/1, entry 2 (sequence 5): 1 of the sealed entries before it" in held


def test_who_recomputes_a_stream_to_its_end_is_found_by_the_seal(ledger: Ledger, sealed: Seal) -> None:
    """Nothing but the seal can tell: the chain is whole, and the seals in the database were exchanged."""
    store = ledger.store
    old = list(ledger.stream("card/1"))
    false = old[0]._replace(body='{"card":"card/1","won":9000}')
    unlock(store)
    exchange(store, old, chained([false, *old[1:]]))
    rewrite_seals(store)
    assert verify(store).holds
    report = verify(store, [sealed])
    lines = told(report).splitlines()
    # All entries of the stream under the seal got other hashes; that of the tail is none of the seal's business.
    assert [line.split(":")[0] for line in lines] == [
        f"stream card/1, entry {position} (sequence {sequence})"
        for position, sequence in ((1, 2), (2, 5), (3, 8), (4, 11), (5, 14))
    ]
    assert all("altered" in line for line in lines)


def test_a_stream_that_was_taken_away_whole_is_found_by_the_seal(ledger: Ledger, sealed: Seal) -> None:
    store = ledger.store
    unlock(store)
    exchange(store, list(ledger.stream("card/2")), [])
    assert verify(store).holds
    report = verify(store, [sealed])
    assert not report.holds
    assert "entry 2 (sequence 4): 1 of the sealed entries before it" in told(report)


def test_the_last_sealed_entries_that_were_taken_away_are_found(ledger: Ledger) -> None:
    ledger.append([charged(number) for number in range(10)])
    held = seal(ledger.store, KEY, NOON)
    unlock(ledger.store)
    run(ledger.store, "DELETE FROM entries WHERE sequence > 7")
    assert verify(ledger.store).holds
    report = verify(ledger.store, [held])
    assert "covers 10 entries, and 3 of them are gone" in told(report)
    assert "3 of the sealed entries were removed from the end" in told(report)


def test_an_entry_that_was_slipped_in_with_all_hashes_is_found_by_the_seal(ledger: Ledger, sealed: Seal) -> None:
    store = ledger.store
    old = list(ledger.stream("card/0"))
    unlock(store)
    # Room is made by moving all later numbers up, as somebody would who wants no gap and no fraction.
    slipped = old[0]._replace(sequence=1_000, idempotency_key="slipped in")
    run(
        store,
        "UPDATE entries SET sequence = -sequence - 1 WHERE sequence > 15",
        "UPDATE entries SET sequence = -sequence WHERE sequence < 0",
    )
    run(store, "UPDATE entries SET sequence = -sequence WHERE sequence >= 13 AND sequence <= 15")
    run(store, "UPDATE entries SET sequence = 1 - sequence WHERE sequence < 0")
    now = list(ledger.stream("card/0"))
    exchange(store, now, chained([*now[:4], slipped._replace(sequence=13), *now[4:]]))
    rewrite_seals(store)
    assert verify(store).holds
    report = verify(store, [sealed])
    assert "stream card/0, entry 5 (sequence 13)" in told(report)


def test_entries_of_two_streams_that_changed_places_are_found_by_the_seal(ledger: Ledger, sealed: Seal) -> None:
    unlock(ledger.store)
    run(
        ledger.store,
        "UPDATE entries SET sequence = -5 WHERE sequence = 5",
        "UPDATE entries SET sequence = 5 WHERE sequence = 6",
        "UPDATE entries SET sequence = 6 WHERE sequence = -5",
    )
    assert verify(ledger.store).holds
    report = verify(ledger.store, [sealed])
    assert "stream card/2, entry 2 (sequence 5)" in told(report)


def test_entries_of_one_stream_that_changed_places_are_found_without_a_seal(ledger: Ledger, sealed: Seal) -> None:
    unlock(ledger.store)
    run(
        ledger.store,
        "UPDATE entries SET sequence = -1 WHERE sequence = 1",
        "UPDATE entries SET sequence = 1 WHERE sequence = 4",
        "UPDATE entries SET sequence = 4 WHERE sequence = -1",
    )
    assert "stream card/0, entry 2 (sequence 1): it stands before the entry that it follows" in told(
        verify(ledger.store)
    )


def test_a_second_entry_at_a_position_is_found_even_when_the_table_lost_its_keys(new_url: Callable[[str], str]) -> None:
    ledger = opened(new_url("postgresql"))
    ledger.append([charged(1), charged(2), charged(3)])
    store = ledger.store
    run(store, "ALTER TABLE entries DROP CONSTRAINT entries_stream_position")
    last = list(ledger.stream("card/1"))[-1]
    double = chained([*list(ledger.stream("card/1"))[:2], last._replace(sequence=9, idempotency_key="double")])[-1]
    exchange(store, [], [double])
    assert "stream card/1, entry 3 (sequence 9): its position is taken twice" in told(verify(store))
    ledger.close()


def test_the_tail_is_counted_and_its_end_can_be_cut_unnoticed_until_the_next_seal(ledger: Ledger, sealed: Seal) -> None:
    unlock(ledger.store)
    run(ledger.store, "DELETE FROM entries WHERE sequence = 17")
    report = verify(ledger.store, [sealed])
    assert (report.holds, report.unsealed) == (True, 1)


def test_every_finding_is_counted_and_the_first_are_named(ledger: Ledger, sealed: Seal) -> None:
    unlock(ledger.store)
    run(ledger.store, "UPDATE entries SET kind = 'x'")
    report = verify(ledger.store, most=3)
    assert (len(report.findings), report.more) == (3, 14)


@given(st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_change_under_a_seal_goes_unnoticed(new_url: Callable[[str], str], data: st.DataObject) -> None:
    """Streams are rewritten with all their hashes after any mix of changes; only the seal was held outside."""
    ledger = opened(new_url("sqlite"))
    size = data.draw(st.integers(1, 25))
    ledger.append([charged(number, f"card/{number % 4}") for number in range(size)])
    held = seal(ledger.store, KEY, NOON)
    ledger.append(
        [charged(number, f"card/{number % 4}") for number in range(size, size + data.draw(st.integers(0, 5)))]
    )
    before = list(ledger.entries())
    kept = [
        entry._replace(body=entry.body.replace("1000", str(data.draw(st.sampled_from([1_000, 1_000, 1_001])))))
        for entry in before
        if data.draw(st.sampled_from([True, True, True, False]))
    ]
    order = data.draw(st.permutations(kept)) if data.draw(st.booleans()) else kept
    numbered = [entry._replace(sequence=at) for at, entry in enumerate(order, 1)]
    after = []
    for stream in sorted({entry.stream for entry in numbered}):
        after += chained([entry for entry in numbered if entry.stream == stream])
    unlock(ledger.store)
    exchange(ledger.store, before, after)
    now = list(ledger.entries())
    same = [entry.hash for entry in now[: held.size]] == [entry.hash for entry in before[: held.size]]
    report = verify(ledger.store, [held])
    assert verify(ledger.store).holds
    assert report.holds is same
    assert same or any(finding.stream or "gone" in finding.what for finding in report.findings)
    ledger.close()


def test_seals_follow_one_another_and_each_is_proved_to_begin_with_the_one_before(ledger: Ledger) -> None:
    held = []
    for turn in range(4):
        ledger.append([charged(turn * 300 + number, f"card/{number % 7}") for number in range(turn * 60, 300)])
        held.append(seal(ledger.store, KEY, NOON, since_last=turn % 2 == 1))
    assert verify(ledger.store, held).holds
    for first, second in pairwise(held):
        assert (second.previous_size, second.previous_root) == (first.size, first.root)
        proof = [bytes.fromhex(node) for node in prove_consistency(ledger.store, first, second)]
        roots = bytes.fromhex(first.root), bytes.fromhex(second.root)
        assert is_consistent(first.size, roots[0], second.size, roots[1], proof)
        assert not is_consistent(first.size, roots[1], second.size, roots[1], proof)


def test_a_seal_since_the_last_one_is_the_seal_of_everything(ledger: Ledger) -> None:
    ledger.append([charged(number) for number in range(BLOCK + 10)])
    seal(ledger.store, KEY, NOON)
    ledger.append([charged(1_000 + number) for number in range(BLOCK + 10)])
    short = seal(ledger.store, KEY, EVENING, since_last=True)
    whole = seal(ledger.store, KEY, EVENING)
    assert (short.size, short.root) == (whole.size, whole.root)
    assert len(short.prints) < len(whole.prints)
    unlock(ledger.store)
    run(ledger.store, "UPDATE entries SET hash = previous_hash WHERE sequence = 3")
    report = verify(ledger.store, [short])
    assert "whose prints do not reach it" in told(report)


def test_a_ledger_that_was_changed_under_its_last_seal_is_not_sealed_again(ledger: Ledger, sealed: Seal) -> None:
    unlock(ledger.store)
    old = list(ledger.stream("card/1"))
    exchange(ledger.store, old, chained([old[0]._replace(decision_id="false"), *old[1:]]))
    with pytest.raises(DamagedError, match="no longer those under the last seal"):
        seal(ledger.store, KEY, EVENING)


def test_an_entry_is_proved_to_be_under_the_seal_and_no_other_is(ledger: Ledger) -> None:
    """More entries than in one block, so that kept nodes and entries both make up the proof."""
    size = 2 * BLOCK + 77
    for start in range(0, size, 100):
        ledger.append([charged(number, f"card/{number % 9}") for number in range(start, min(start + 100, size))])
    held = seal(ledger.store, KEY, NOON)
    for number in (0, 1, BLOCK - 1, BLOCK, 2 * BLOCK + 76):
        (entry,) = (entry for entry in ledger.entries() if entry.idempotency_key == f"charge-{number}")
        proof = read_proof(prove_inclusion(ledger.store, entry.stream, entry.position).text(), "proof")
        assert (proof.index, proof.holds(held)) == (number, True)
        assert not dataclasses.replace(proof, entry=entry._replace(body="{}")).holds(held)
        assert not dataclasses.replace(proof, index=number + 1).holds(held)
    ledger.append(charged(9_999))
    last = list(ledger.stream("card/1"))[-1]
    with pytest.raises(RefusedError, match="not sealed yet"):
        prove_inclusion(ledger.store, "card/1", last.position)
    with pytest.raises(RefusedError, match="no entry 5000"):
        prove_inclusion(ledger.store, "card/1", 5_000)


def test_a_seal_is_read_as_it_was_written_and_nothing_else_is_a_seal(ledger: Ledger, sealed: Seal) -> None:
    again = read_seal(sealed.text(), "seal.json")
    assert again == sealed
    assert again.is_signed_by(KEY.public_key())
    assert not again.is_signed_by(Ed25519PrivateKey.generate().public_key())
    for changed in ({"size": 14}, {"root": "00" * 32}, {"sealed_at": EVENING}, {"signature": "x"}):
        assert not dataclasses.replace(sealed, **changed).is_signed_by(KEY.public_key())  # type: ignore[arg-type]
    for wrong in ("", "{}", "[]", "null", sealed.text()[:-9], sealed.text().replace("seal 1", "seal 2")):
        with pytest.raises(InputError, match="not a seal"):
            read_seal(wrong, "seal.json")
        with pytest.raises(InputError, match="not a proof"):
            read_proof(wrong, "proof.json")
