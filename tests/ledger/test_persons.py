"""A person is a pseudonym in the ledger; what leads back to them can be destroyed, and is then nowhere."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

from donghaeng.dated import Dates
from donghaeng.errors import InputError
from donghaeng.identifiers import refuse_identifiers
from donghaeng.ledger.faults import DamagedError, ErasedError, RefusedError
from donghaeng.ledger.ledger import Ledger
from donghaeng.ledger.open import open_persons, sqlite_path
from donghaeng.ledger.persons import Erasure, Persons, Retention, append_line, merged, read_erasures
from donghaeng.ledger.retention import read_retention
from donghaeng.ledger.verify import verify
from tests.ledger.ledgers import KINDS, MASTER_KEY, Clock, Visit, bytes_in_a_row, charged, opened, visit

FACT = "임신 24주"
FIVE_YEARS = Retention("visit", Dates(date(2024, 5, 20)), 60, "claims are kept five years")


def persons_of(ledger: Ledger) -> Persons:
    assert ledger.persons is not None
    return ledger.persons


def test_a_number_leads_to_one_person_and_another_institution_s_to_another(ledger: Ledger) -> None:
    persons = persons_of(ledger)
    first = persons.person("clinic/1", "chart 17")
    assert persons.person("clinic/1", "chart 17") == first
    assert persons.find("clinic/1", "chart 17") == first
    assert persons.find("clinic/1", "chart 18") is None
    assert persons.person("clinic/2", "chart 17") != first
    assert re.fullmatch("[a-z]{24}", first)
    assert persons.numbers(first) == [("clinic/1", "chart 17")]


def test_several_numbers_may_lead_to_one_person(ledger: Ledger) -> None:
    persons = persons_of(ledger)
    person, other = persons.person("clinic/1", "17"), persons.person("clinic/1", "18")
    persons.link("account", "a@b", person)
    persons.link("account", "a@b", person)
    assert persons.find("account", "a@b") == person
    with pytest.raises(RefusedError, match="somebody else"):
        persons.link("account", "a@b", other)
    with pytest.raises(ErasedError):
        persons.link("account", "c@d", "nobody")


def test_two_desks_that_enter_one_number_at_once_get_one_person(url: str) -> None:
    ledger = opened(url)
    persons = Persons(open_persons(url), MASTER_KEY, __import__("os").urandom, Clock())
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda number: persons.person("clinic/1", f"chart {number % 3}"), range(48)))
    assert len(set(found)) == 3
    persons.close()
    ledger.close()


def test_facts_stand_encrypted_in_the_body_and_are_read_with_their_key(ledger: Ledger) -> None:
    person = persons_of(ledger).person("clinic/1", "chart 17")
    (entry,) = ledger.append(visit(person, pregnant=True, note=FACT))
    assert FACT not in entry.body
    assert "pregnant" not in entry.body
    assert ledger.clear(entry) == {"person": person, "outcome": "checked"}
    assert ledger.body(entry) == Visit(person=person, outcome="checked", pregnant=True, note=FACT)
    assert verify(ledger.store).holds


def test_a_request_with_facts_that_is_made_again_is_the_same_request(ledger: Ledger) -> None:
    person = persons_of(ledger).person("clinic/1", "chart 17")
    first = ledger.append(visit(person, pregnant=True))
    assert ledger.append(visit(person, pregnant=True)) == first
    with pytest.raises(Exception, match="stands for another entry"):
        ledger.append(visit(person, pregnant=False))


def test_the_length_of_what_is_encrypted_tells_nothing(ledger: Ledger) -> None:
    person = persons_of(ledger).person("clinic/1", "chart 17")
    bodies = [{"pregnant": True}, {"pregnant": False}, {}, {"note": "x" * 150}]
    entries = ledger.append([visit(person, number, **body) for number, body in enumerate(bodies)])
    assert len({len(entry.body) for entry in entries}) == 1
    assert len({entry.body for entry in entries}) == 4


def test_facts_do_not_open_in_another_entry(ledger: Ledger) -> None:
    person = persons_of(ledger).person("clinic/1", "chart 17")
    one, other = ledger.append([visit(person, 1, pregnant=True), visit(person, 2, pregnant=False)])
    with pytest.raises(DamagedError, match="do not open"):
        ledger.body(one._replace(body=other.body))
    with pytest.raises(DamagedError):
        ledger.body(one._replace(body=one.body.replace('"text":"', '"text":"AAAA')))


def test_the_wrong_master_key_opens_nothing(url: str) -> None:
    ledger = opened(url)
    person = persons_of(ledger).person("clinic/1", "chart 17")
    (entry,) = ledger.append(visit(person, pregnant=True))
    wrong = Persons(open_persons(url), bytes(32), bytes_in_a_row(), Clock())
    assert wrong.find("clinic/1", "chart 17") is None
    with pytest.raises(DamagedError, match="master key"):
        Ledger(ledger.store, KINDS, Clock(), persons=wrong).body(entry)
    with pytest.raises(RefusedError, match="32 bytes"):
        Persons(wrong._database, b"short", bytes_in_a_row(), Clock())
    wrong.close()
    ledger.close()


def test_facts_about_nobody_who_is_known_are_refused(ledger: Ledger) -> None:
    with pytest.raises(ErasedError):
        ledger.append(visit("nobody", pregnant=True))
    assert list(ledger.entries()) == []


def test_who_is_erased_is_nowhere_and_the_ledger_still_verifies(ledger: Ledger) -> None:
    persons = persons_of(ledger)
    person, other = persons.person("clinic/1", "chart 17"), persons.person("clinic/1", "chart 18")
    persons.link("account", "a@b", person)
    ledger.append([visit(person, 1, pregnant=True, note=FACT), visit(other, 2, pregnant=False), visit(person, 3)])
    before = list(ledger.entries())

    persons.erase(person, "asked for")

    assert list(ledger.entries()) == before
    assert verify(ledger.store).holds
    assert persons.find("clinic/1", "chart 17") is None
    assert persons.find("account", "a@b") is None
    assert persons.numbers(person) == []
    assert persons.was_erased(person)
    for entry in before:
        if ledger.clear(entry)["person"] == person:
            with pytest.raises(ErasedError):
                ledger.body(entry)
        else:
            assert ledger.body(entry) == Visit(person=other, outcome="checked", pregnant=False)
    with pytest.raises(ErasedError):
        ledger.append(visit(person, 4, pregnant=True))
    persons.erase(person, "asked for")  # again, after a failure in between
    with pytest.raises(ErasedError):
        persons.erase("nobody", "asked for")
    # The same chart number later is a new person, who is not the old one.
    assert persons.person("clinic/1", "chart 17") != person


def test_nothing_of_an_erased_person_can_be_recovered_with_all_keys_that_remain(new_url: Callable[[str], str]) -> None:
    """The files are searched for what was destroyed, and every key that is left is tried on every ciphertext."""
    import base64
    import json

    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.keywrap import aes_key_unwrap

    from donghaeng.ledger.ledger import _bound
    from donghaeng.ledger.persons import _derived

    url = new_url("sqlite")
    path = sqlite_path(url)
    assert path is not None
    ledger = opened(url)
    persons = persons_of(ledger)
    people = [persons.person("clinic/1", f"chart {number}") for number in range(30)]
    entries = ledger.append([visit(person, number, pregnant=True, note=FACT) for number, person in enumerate(people)])
    with sqlite3.connect(path.with_name(f"{path.stem}.persons.db")) as connection:
        destroyed = connection.execute(
            "SELECT wrapped_key FROM fact_keys WHERE pseudonym = ? UNION ALL "
            "SELECT number FROM person_maps WHERE pseudonym = ? UNION ALL "
            "SELECT lookup FROM person_maps WHERE pseudonym = ?",
            (people[7],) * 3,
        ).fetchall()
    connection.close()
    assert len(destroyed) == 3

    def found() -> list[bytes]:
        files = [file.read_bytes() for file in path.parent.iterdir() if file.is_file()]
        return [secret for (secret,) in destroyed if any(secret in content for content in files)]

    assert len(found()) == 3
    persons.erase(people[7], "asked for")
    assert found() == []

    wrapping = _derived(MASTER_KEY, "wrapping of fact keys")
    with sqlite3.connect(path.with_name(f"{path.stem}.persons.db")) as connection:
        keys = [aes_key_unwrap(wrapping, row[0]) for row in connection.execute("SELECT wrapped_key FROM fact_keys")]
    connection.close()
    opened_entries = []
    for number, entry in enumerate(entries):
        sealed = json.loads(entry.body)["sealed"]
        bound = _bound(KINDS.get("visit"), entry, people[number])
        for key in [*keys, wrapping, MASTER_KEY]:
            try:
                AESGCM(key[:32]).decrypt(base64.b64decode(sealed["nonce"]), base64.b64decode(sealed["text"]), bound)
            except InvalidTag:
                continue
            opened_entries.append(number)
    assert opened_entries == [number for number in range(30) if number != 7]
    for file in path.parent.iterdir():
        assert FACT.encode() not in file.read_bytes()
        assert b"chart 7" not in file.read_bytes()
    ledger.close()


def test_facts_past_their_period_are_erased_and_later_ones_are_kept(ledger: Ledger) -> None:
    """Five years from 2026-05-20 end with 2031-05-20; the day after it is due (Civil Act, articles 157 and 160)."""
    persons = persons_of(ledger)
    person = persons.person("clinic/1", "chart 17")
    old, new = ledger.append([visit(person, 1, "2026-05-20", note="old"), visit(person, 2, "2026-05-21", note="new")])
    assert persons.keys_due([FIVE_YEARS], date(2031, 5, 20)) == []
    due = persons.keys_due([FIVE_YEARS], date(2031, 5, 21))
    assert [(one.pseudonym, one.kind, one.day, one.reason) for one in due] == [
        (person, "visit", "2026-05-20", "retention")
    ]
    assert persons.apply(due) == 1
    with pytest.raises(ErasedError):
        ledger.body(old)
    assert ledger.body(new) == Visit(person=person, outcome="checked", note="new")
    assert persons.find("clinic/1", "chart 17") == person
    with pytest.raises(ErasedError):  # a late report of that day makes no new key
        ledger.append(visit(person, 3, "2026-05-20", note="late"))
    assert persons.keys_due([FIVE_YEARS], date(2031, 5, 21)) == []
    assert verify(ledger.store).holds


def test_the_period_in_force_on_the_day_counts_and_a_kind_without_one_is_never_due(ledger: Ledger) -> None:
    persons = persons_of(ledger)
    person = persons.person("clinic/1", "chart 17")
    ledger.append(visit(person, 1, "2026-05-20", note="x"))
    shorter = Retention("visit", Dates(date(2028, 1, 1)), 12)
    until = Retention("visit", Dates(date(2024, 5, 20), date(2027, 12, 31)), 60)
    assert persons.keys_due([until, shorter], date(2027, 12, 31)) == []
    assert len(persons.keys_due([until, shorter], date(2028, 1, 1))) == 1
    assert persons.keys_due([Retention("other", Dates(), 1)], date(2999, 1, 1)) == []


def test_a_person_is_due_when_all_entries_about_them_are(ledger: Ledger) -> None:
    persons = persons_of(ledger)
    gone, here = persons.person("clinic/1", "1"), persons.person("clinic/1", "2")
    ledger.append(
        [visit(gone, 1, "2026-05-20"), visit(here, 2, "2026-05-20"), visit(here, 3, "2027-01-01"), charged(1)]
    )
    on = date(2031, 6, 1)
    due = persons.persons_due(ledger.entries(), KINDS, [FIVE_YEARS], on)
    assert [one.pseudonym for one in due] == [gone]
    persons.apply(due)
    assert persons.persons_due(ledger.entries(), KINDS, [FIVE_YEARS], on) == []
    assert persons.find("clinic/1", "1") is None
    assert persons.persons_due(ledger.entries(), KINDS, [], date.max) == []


def test_an_erasure_is_listed_durably_before_it_is_done(new_url: Callable[[str], str], tmp_path: Path) -> None:
    file = tmp_path / "erasures.jsonl"
    with file.open("a", encoding="utf-8") as stream:
        ledger = opened(new_url("sqlite"), announce=append_line(stream))
        persons = persons_of(ledger)
        people = [persons.person("clinic/1", str(number)) for number in range(3)]
        for person in people[:2]:
            persons.erase(person, "asked for")
    with file.open(encoding="utf-8") as lines:
        listed = read_erasures(lines)
    assert listed == persons.erasures()
    assert [one.pseudonym for one in listed] == people[:2]
    assert list(merged(listed, persons.erasures())) == listed
    # A last line that was cut off announced what was not done; a line of something else is a fault.
    text = file.read_text("utf-8")
    assert read_erasures([*text.splitlines(keepends=True), '{"pseudo']) == listed
    with pytest.raises(DamagedError, match="line 1"):
        read_erasures(["{}\n"])
    ledger.close()


def test_retention_periods_are_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "retention.yaml"
    file.write_text(
        "retention:\n  - {kind: visit, months: 60, from: 2024-05-20, source: claims are kept five years}\n", "utf-8"
    )
    assert read_retention(file) == (FIVE_YEARS,)
    file.write_text(
        "retention:\n"
        "  - {kind: visit, months: 0, from: 2024-05-20, source: x}\n"
        "  - {kind: visit, months: 1, from: 2024-05-20, too: 2025-01-01, source: x}\n",
        "utf-8",
    )
    with pytest.raises(InputError) as told:
        read_retention(file)
    assert len(told.value.faults) == 2


def test_pseudonyms_are_drawn_evenly() -> None:
    ledger = object.__new__(Persons)
    ledger._chance = bytes_in_a_row()
    letters = "".join(ledger._pseudonym() for _ in range(500))
    counts = {letter: letters.count(letter) for letter in set(letters)}
    assert len(counts) == 26
    assert max(counts.values()) < 1.35 * len(letters) / 26


def test_an_erasure_knows_its_order() -> None:
    first = Erasure("a", "", "", "2026-01-01", "x")
    assert sorted([Erasure("b", "", "", "2026-01-01", "x"), first])[0] == first


def test_what_a_client_names_its_requests_cannot_be_read_in_the_ledger(tmp_path: Path) -> None:
    ledger = opened(f"sqlite:///{tmp_path}/a.db")
    name = ledger.request_name("clinic-1", "visit", "chart 1041, 20 May")
    assert name == ledger.request_name("clinic-1", "visit", "chart 1041, 20 May")
    assert re.fullmatch("[a-p]{32}", name)  # never taken for a number of a person
    others = [("clinic-2", "visit", "chart 1041, 20 May"), ("clinic-1", "claim", "chart 1041, 20 May")]
    assert name not in {ledger.request_name(*one) for one in others}
    # Who lacks the master key cannot find it by trying.
    bare = Ledger(ledger.store, KINDS, Clock(), check=refuse_identifiers)
    assert bare.request_name("clinic-1", "visit", "chart 1041, 20 May") != name
    with pytest.raises(InputError):
        bare.request_name("clinic-1", "visit", "900101-1234568 again")
    ledger.close()
