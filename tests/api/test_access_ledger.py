"""Heads, proofs and maps over HTTP are those of the ledger, and what they show is checked without us."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from donghaeng.api.app import PREFIX, create_app
from donghaeng.api.live import Live, live_routers
from donghaeng.ledger.canonical import moment
from donghaeng.ledger.merkle import is_consistent
from donghaeng.ledger.seals import Seal, read_proof, read_seal, seal
from tests.access.rings import bearer, opened
from tests.api.calling import Answer, call
from tests.api.test_errors import assert_problem

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


class Setting:
    """A ledger with an auditor, and an administrator at each of two clinics."""

    def __init__(self, url: str) -> None:
        self.live: Live = opened(url)
        self.app = create_app([], routers=live_routers(self.live, []), keys=self.live.keys)
        self.auditor = bearer(self.live.keys.create("city", ["auditor"])[0])
        self.first_key, _ = self.live.keys.create("clinic-1", ["admin"])
        self.second_key, _ = self.live.keys.create("clinic-2", ["admin"])

    def get(self, path: str) -> Answer:
        return call(self.app, "GET", f"{PREFIX}/ledger/{path}", headers=self.auditor)

    def seal(self) -> Seal:
        return seal(self.live.ledger.store, KEY, moment(self.live.ledger.clock()))

    def read_map(self, headers: dict[str, str], person: str, reason: str = "a mix-up of charts") -> Answer:
        return call(self.app, "POST", f"{PREFIX}/persons/map-reads", {"person": person, "reason": reason}, headers)


@pytest.fixture
def setting(url: str) -> Iterator[Setting]:
    setting = Setting(url)
    yield setting
    setting.live.close()


def test_a_head_tells_the_last_seal_and_how_far_the_ledger_reaches(setting: Setting) -> None:
    assert setting.get("head").json() == {"last_sequence": 3, "seal": None}
    setting.seal()
    setting.live.keys.create("clinic-1", ["passes:gate"])
    made = setting.seal()
    setting.live.keys.create("clinic-1", ["passes:gate"])

    answer = setting.get("head").json()

    held = read_seal(json.dumps(answer["seal"]), "answer")
    assert (held.root, held.size) == (made.root, 4)
    assert held.is_signed_by(KEY.public_key())
    assert answer["last_sequence"] == held.last_sequence + 1


def test_a_stream_has_a_head(setting: Setting) -> None:
    stream = f"keys/{setting.first_key.id}"
    (entry,) = setting.live.ledger.stream(stream)
    assert setting.get(f"heads/{stream}").json() == {
        "stream": stream,
        "position": 1,
        "recorded_at": entry.recorded_at,
        "hash": entry.hash.hex(),
    }


def test_a_proof_holds_under_the_seal_that_somebody_else_has(setting: Setting) -> None:
    held = setting.seal()
    for key in (setting.first_key, setting.second_key):
        answer = setting.get(f"proofs/keys/{key.id}/1")
        proof = read_proof(answer.body.decode(), "answer")
        assert proof.holds(held)
        assert proof.entry.stream == f"keys/{key.id}"


def test_a_later_seal_is_shown_to_go_on_from_an_earlier_one(setting: Setting) -> None:
    first = setting.seal()
    for _ in range(5):
        setting.live.keys.create("clinic-1", ["passes:gate"])
    second = setting.seal()

    answer = setting.get(f"consistency/{first.size}").json()

    assert (answer["first_root"], answer["second_root"]) == (first.root, second.root)
    path = [bytes.fromhex(node) for node in answer["path"]]
    roots = bytes.fromhex(first.root), bytes.fromhex(second.root)
    assert is_consistent(first.size, roots[0], second.size, roots[1], path)
    assert not is_consistent(first.size, roots[1], second.size, roots[0], path)


@pytest.mark.parametrize(
    "path",
    [
        *("proofs/keys/nobody/1", "proofs/nothing/1", "heads/nothing", "heads/\x00", "proofs/a\x00b/1"),
        *("consistency/7", f"heads/{'a' * 300}", f"proofs/{'a' * 300}/1", "heads/%", "proofs/가/1"),
    ],
)
def test_what_is_not_there_is_404_and_not_repeated(setting: Setting, path: str) -> None:
    setting.seal()
    answer = setting.get(path)
    assert_problem(answer, "no-proof")
    assert "nothing" not in answer.body.decode().replace("nothing at", "")


def test_an_entry_since_the_last_seal_has_no_proof_yet(setting: Setting) -> None:
    assert setting.get(f"proofs/keys/{setting.first_key.id}/1").status == 404
    setting.seal()
    later, _ = setting.live.keys.create("clinic-1", ["passes:gate"])
    assert_problem(setting.get(f"proofs/keys/{later.id}/1"), "no-proof")


@pytest.mark.parametrize("position", ["0", "-1", "x", "9" * 30, "1.5"])
def test_a_position_is_a_number_from_1(setting: Setting, position: str) -> None:
    assert_problem(setting.get(f"proofs/keys/{setting.first_key.id}/{position}"), "invalid")


def test_an_institution_reads_its_own_numbers_of_a_person_and_another_gets_404(setting: Setting) -> None:
    persons: Any = setting.live.ledger.persons
    person = persons.person("clinic-1", "C-17")

    answer = setting.read_map(bearer(setting.first_key), person)

    assert answer.json() == {
        "person": person,
        "numbers": [{"namespace": "clinic-1", "number": "C-17"}],
        "stream": "persons",
        "position": 1,
    }
    assert answer.headers["cache-control"] == "no-store"
    (entry,) = setting.live.ledger.stream("persons")
    assert setting.live.ledger.clear(entry)["key"] == setting.first_key.id
    for stranger, whom in ((setting.second_key, person), (setting.first_key, "a" * 24)):
        refused = setting.read_map(bearer(stranger), whom)
        assert refused.status == 404
        assert_problem(refused, "unknown-person")
    assert len(list(setting.live.ledger.stream("persons"))) == 1
    # Each reading is an entry of its own.
    assert setting.read_map(bearer(setting.first_key), person).json()["position"] == 2


REGISTRATION = "920229" + "-" + "1" + "234567"


@pytest.mark.parametrize("reason", ["", "x" * 201, f"of {REGISTRATION}", "two\nlines"])
def test_a_reason_is_a_line_that_names_nobody(setting: Setting, reason: str) -> None:
    persons: Any = setting.live.ledger.persons
    answer = setting.read_map(bearer(setting.first_key), persons.person("clinic-1", "C-17"), reason)
    assert_problem(answer, "invalid")
    assert REGISTRATION not in answer.body.decode()
    assert list(setting.live.ledger.stream("persons")) == []


def test_a_number_in_place_of_a_pseudonym_is_refused_and_not_repeated(setting: Setting) -> None:
    answer = setting.read_map(bearer(setting.first_key), REGISTRATION)
    assert_problem(answer, "invalid")
    assert REGISTRATION not in answer.body.decode()


def test_a_proof_over_http_is_taken_by_the_command(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    from tests.command import run

    setting = Setting(f"sqlite:///{tmp_path}/a.db")
    held = setting.seal()
    (tmp_path / "seal.json").write_text(held.text(), "utf-8")
    (tmp_path / "seal.pub").write_bytes(KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    (tmp_path / "proof.json").write_bytes(setting.get(f"proofs/keys/{setting.first_key.id}/1").body)
    setting.live.close()
    done = run(
        *("ledger", "check-proof", tmp_path / "proof.json"),
        *("--seal", tmp_path / "seal.json", "--public-key", tmp_path / "seal.pub"),
    )
    assert done.code == 0, done
