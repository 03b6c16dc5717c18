"""``donghaeng pass``: each command with ids and clock as options, and what it prints for machines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from donghaeng.cli import pass_
from tests.command import run
from tests.passes.counters import pack

PACK = ("--pack", "seoul/climate-card")


class Desk:
    """The commands on one ledger, at a time that is set."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ledger = ("--ledger", f"sqlite:///{folder}/passes.db")
        self.at = "2024-08-01T10:00:00+09:00"

    def run(self, command: str, *arguments: object) -> Any:
        """Run a command and read its JSON."""
        done = run("pass", command, *PACK, *self.ledger, "--at", self.at, *arguments, "--json")
        assert (done.code, done.err) == (0, "")
        return json.loads(done.out)

    def refused(self, command: str, *arguments: object) -> str:
        """The line that tells why a command was refused."""
        done = run("pass", command, *PACK, *self.ledger, "--at", self.at, *arguments)
        assert (done.code, done.out) == (1, "")
        return done.err

    def charge(self, *more: object) -> Any:
        """Charge the card in the app."""
        given = ("--card", "card-1", "--channel", "mobile_app", "--payment", "bank_transfer")
        return self.run("charge", *given, "--product", "d30_transit", *more)


@pytest.fixture(autouse=True)
def _read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading the pack anew in each command is what takes time, and is tested elsewhere."""
    monkeypatch.setattr(pass_, "_pack", pack)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.run("issue", "--card", "card-1", "--medium", "mobile", "--channel", "mobile_app")
    return desk


def test_price_gives_amount_first_day_and_source() -> None:
    asked = ("--product", "d30_transit", "--category", "youth", "--on", "2024-08-01", "--json")
    found = json.loads(run("pass", "price", *PACK, *asked).out)
    assert (found["amount"], found["valid_from"], found["source"]) == (55_000, "2024-07-01", "newspim-2024-08-07")


def test_price_tells_people_what_to_know_before_paying() -> None:
    told = run("pass", "price", *PACK, "--product", "short_3", "--on", "2024-08-01").out
    assert "3-day pass, any, 2024-08-01: 10,000" in told
    assert "2024-08-01 to 2024-08-03" in told
    assert "no other day can be chosen" in told


def test_price_reads_the_service_day_from_the_time() -> None:
    asked = ("--product", "d30_transit", "--category", "youth", "--json")
    amounts = [
        json.loads(run("pass", "price", *PACK, *asked, "--at", f"2024-07-01T0{hour}:00+09:00").out)["amount"]
        for hour in ("3:59", "4:00")
    ]
    assert amounts == [62_000, 55_000]


def test_a_price_that_is_not_sold_says_so() -> None:
    found = json.loads(run("pass", "price", *PACK, "--product", "short_1", "--on", "2024-06-30", "--json").out)
    assert (found["sold"], found["amount"], found["refused"]["code"]) == (False, None, "not-sold")


def test_unknown_codes_are_told_with_the_nearest() -> None:
    done = run("pass", "price", *PACK, "--product", "d30_transt")
    assert done.code == 1
    assert 'did you mean "d30_transit"?' in done.err


def test_a_pack_without_passes_is_told() -> None:
    done = run("pass", "price", "--pack", "kr/nhi-id-check", "--product", "x")
    assert (done.code, "sells no passes" in done.err) == (2, True)


def test_issue_charge_and_status_with_ids_and_clock(desk: Desk) -> None:
    made = desk.charge("--order", "order-1", "--start", "2024-08-03")
    assert made["quote"]["amount"] == 62_000
    assert (made["payment"]["disposition"], made["payment"]["repeated"]) == ("charged", False)
    again = desk.charge("--order", "order-1", "--start", "2024-08-03")
    assert (again["payment"]["repeated"], again["payment"]["period"]) == (True, made["payment"]["period"])
    desk.at = "2024-08-03T03:59:00+09:00"
    assert desk.run("status", "--card", "card-1")["reason"] == "not_started"
    desk.at = "2024-08-03T04:00:00+09:00"
    now = desk.run("status", "--card", "card-1")
    assert (now["usable"], now["days_left"], now["words"]["ja"]) == (True, 30, "ご利用いただけます")
    assert now["period"]["closes_at"] == "2024-09-02T04:00:00+09:00"


def test_people_read_the_same(desk: Desk) -> None:
    given = ("--card", "card-1", "--channel", "mobile_app", "--payment", "bank_transfer", "--product", "short_1")
    told = run("pass", "charge", *PACK, *desk.ledger, "--at", desk.at, *given).out
    assert "valid 2024-08-01 to 2024-08-01" in told
    told = run("pass", "status", *PACK, *desk.ledger, "--at", desk.at, "--card", "card-1").out
    assert "may be used on 2024-08-01: ok, 1 day left" in told
    told = run("pass", "refund", *PACK, *desk.ledger, "--at", desk.at, "--card", "card-1", "--used", "1000").out
    assert "3,500 to 4,000" in told


def test_money_that_buys_nothing_is_held_and_says_why(desk: Desk) -> None:
    made = desk.charge("--order", "o", "--amount", "60000", "--payment-id", "p")
    assert (made["payment"]["disposition"], made["payment"]["reason"]) == ("held", "wrong-amount")
    late = desk.charge("--order", "o2", "--order-only")
    desk.at = "2024-08-01T11:00:00+09:00"
    assert late["order"]["state"] == "open"
    told = desk.charge("--order", "o2")
    assert told["payment"]["reason"] == "order-expired"


def test_a_refund_is_quoted_asked_for_and_paid_by_another(desk: Desk) -> None:
    desk.charge()
    quoted = desk.run("refund", "--card", "card-1", "--used", "20000")
    assert (quoted["amount"], quoted["refused"]) == (41_500, None)
    asked = desk.run("refund", "--card", "card-1", "--used", "20000", "--ask")["refund"]
    same = desk.refused("refund", "--pay", asked["refund"])
    assert same.startswith("same-key: ")
    paid = desk.run("refund", "--pay", asked["refund"], "--by", "till")["refund"]
    assert (paid["state"], paid["paid"]) == ("paid", 41_500)


def test_a_range_is_paid_once_it_is_fixed(desk: Desk) -> None:
    desk.charge()
    asked = desk.run("refund", "--card", "card-1", "--used", "20000", "--cause", "lost", "--ask")["refund"]
    assert (asked["amount"], asked["amount_from"], asked["amount_to"]) == (None, 41_500, 42_000)
    assert desk.refused("refund", "--pay", asked["refund"], "--by", "till").startswith("setting-needed: ")
    fix = ("--fix", asked["rule"], "--choose", "most", "--fixed-by", "head of passes", "--reason", "no fee")
    paid = desk.run("refund", *fix, "--pay", asked["refund"], "--by", "till")["refund"]
    assert paid["paid"] == 42_000


def test_a_discounted_card_takes_a_master_key_and_facts(desk: Desk) -> None:
    keys = desk.folder / "keys"
    assert run("ledger", "keygen", keys).code == 0
    master = ("--master-key", keys / "master.key", "--account", "hong")
    youth = ("--category", "youth", "--fact", "birth_year=2000")
    made = desk.run("issue", "--card", "card-2", "--medium", "mobile", "--channel", "mobile_app", *master, *youth)
    assert (made["category"], made["registered"], made["decision"]["meaning"]) == ("youth", True, "eligible")
    second = ("--card", "card-3", "--medium", "mobile", "--channel", "mobile_app")
    assert desk.refused("issue", *second, *master, *youth).startswith("discount-held: ")
    done = run("pass", "issue", *PACK, *desk.ledger, *second, "--account", "hong")
    assert (done.code, "--master-key" in done.err) == (2, True)


def test_finished_periods_of_2024_are_paid_back_later(desk: Desk) -> None:
    keys = desk.folder / "keys"
    assert run("ledger", "keygen", keys).code == 0
    desk.at = "2024-03-01T10:00:00+09:00"
    made = ("--medium", "mobile", "--channel", "mobile_app", "--account", "hong", "--master-key", keys / "master.key")
    desk.run("issue", "--card", "card-4", *made)
    given = ("--card", "card-4", "--channel", "mobile_app", "--payment", "bank_transfer")
    desk.run("charge", *given, "--product", "d30_transit")
    desk.at = "2024-07-02T10:00:00+09:00"
    found = desk.run("refund", "--card", "card-4", "--later", "--fact", "birth_year=2000", "--ask")
    assert (found["amount"], found["refund"]["state"]) == (7_000, "asked")
    paid = desk.run("refund", "--pay", found["refund"]["refund"], "--by", "till")["refund"]
    assert paid["paid"] == 7_000


def test_a_card_is_registered_verified_again_and_registered_to_pay_later(desk: Desk) -> None:
    keys = desk.folder / "keys"
    assert run("ledger", "keygen", keys).code == 0
    account = ("--account", "hong", "--master-key", keys / "master.key")
    youth = ("--category", "youth", "--fact", "birth_year=2000")
    found = desk.run("register", "--card", "card-1", *account, *youth)
    assert (found["registered"], found["verify_by"]) == (True, "2025-02-01")
    desk.at = "2025-03-01T10:00:00+09:00"
    assert desk.charge("--order", "o")["payment"]["period"]["price"] == 62_000
    assert desk.run("register", "--card", "card-1", *youth)["verify_by"] == "2025-09-01"
    desk.at = "2025-04-01T10:00:00+09:00"
    assert desk.charge("--order", "p")["payment"]["period"]["price"] == 55_000
    later = ("--card", "card-9", "--medium", "postpaid_bank_card", "--pays", "postpaid", "--channel", "mobile_app")
    desk.run("issue", *later)
    period = desk.run("register", "--card", "card-9", "--postpaid", "postpaid_month")["period"]
    assert (period["starts"], period["ends"], period["price"]) == ("2025-04-01", "2025-04-30", 0)
    assert run("pass", "register", *PACK, *desk.ledger, "--card", "card-1").code == 2


def test_a_refund_that_is_named_is_asked_for_and_paid_once(desk: Desk) -> None:
    desk.charge()
    ask = ("--card", "card-1", "--used", "20000", "--ask", "--refund", "refund-1")
    first = desk.run("refund", *ask)["refund"]
    paid = ("--pay", "refund-1", "--by", "till")
    desk.at = "2024-08-01T10:01:00+09:00"
    assert desk.run("refund", *ask)["refund"] == first
    told = desk.run("refund", *paid)["refund"]
    desk.at = "2024-08-01T10:02:00+09:00"
    assert desk.run("refund", *paid)["refund"] == told
    assert run("pass", "refund", *PACK, *desk.ledger).code == 2


def test_what_is_said_of_the_channel_needs_the_channel() -> None:
    asked = ("price", *PACK, "--product", "short_3", "--on", "2026-03-17", "--payment", "overseas_card")
    assert run("pass", *asked).code == 2
    told = run("pass", *asked, "--channel", "new_kiosk", "--fact", "line=lines_1_to_8").out
    assert "fee of this means of payment: 3.7 %" in told


def test_the_number_of_a_person_never_becomes_an_id(desk: Desk) -> None:
    done = desk.refused("issue", "--card", "900101-1234568", "--medium", "mobile", "--channel", "mobile_app")
    assert "900101" not in done
