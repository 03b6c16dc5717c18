"""Bills of passes that are paid after use: up to the cap of the month, and what goes beyond it."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from donghaeng.errors import UsageError
from donghaeng.services.passes.accounts import balances, bookings, prove
from donghaeng.services.passes.billing import bill, quote_bill
from donghaeng.services.passes.bills import bill_ended
from donghaeng.services.passes.cards import issue_card, register_card
from donghaeng.services.passes.day_files import DayFiles
from donghaeng.services.passes.fares import FareRules
from donghaeng.services.passes.medium import medium_number
from donghaeng.services.passes.postpaid import register_postpaid
from donghaeng.services.passes.refusal import PassRefusedError
from donghaeng.services.passes.rides import RideSettings, update_rides
from donghaeng.services.passes.settlement import settle
from donghaeng.services.passes.taps import Taps
from donghaeng.services.passes.use import use_by_rides
from tests.command import run
from tests.passes.counters import DESK, SELLER, Counter
from tests.passes.riding import Tap, at, write_csv

FIRST = date(2026, 5, 1)
KNOWN = {("one", "two"): 8_000}


def ridden(tmp_path: Path, rides: int) -> tuple[Counter, DayFiles, str]:
    """A postpaid card that was registered on 1 May and ridden so often on 2 May; it is June."""
    counter = Counter(f"sqlite:///{tmp_path}/a.db")
    service = counter.service
    counter.time = at("10:00", FIRST)
    card = issue_card(service, SELLER, "card", medium="postpaid_bank_card", channel="mobile_app", pays="postpaid")
    register_card(service, DESK, "card", card=card.card, namespace="passes/account", account="hong")
    charge = register_postpaid(service, DESK, "card", card=card.card, product="postpaid_month").period.charge
    day = FIRST + timedelta(days=1)
    begins = at("05:00", day) + timedelta(hours=2)
    taps = []
    for number in range(rides):
        boarded = begins + timedelta(minutes=16 * number)
        medium = medium_number(card.medium)
        taps.append(Tap("gate", 2 * number, medium, "board", boarded, "one", "line_2"))
        taps.append(Tap("gate", 2 * number + 1, medium, "alight", boarded + timedelta(minutes=8), "two", "line_2"))
    counter.time = datetime.fromisoformat("2026-06-02T10:00:00+09:00")
    files = DayFiles(tmp_path / "days", counter.ledger.store, service.section.days, threads=1)
    Taps(counter.ledger, files).receive(write_csv(tmp_path / "taps.csv", taps), "invented operator")
    update_rides(files, counter.time, RideSettings())
    service.use_of = use_by_rides(files, FareRules(service.policy), KNOWN)
    return counter, files, charge


@pytest.mark.parametrize(("rides", "amount", "city"), [(2, 3_100, 0), (50, 64_000, 6_750)])
def test_a_month_is_billed_up_to_its_cap_and_the_city_shares_the_rest(
    tmp_path: Path, rides: int, amount: int, city: int
) -> None:
    counter, files, charge = ridden(tmp_path, rides)
    service, last = counter.service, date(2026, 5, 31)
    settle(service, files, FIRST, last, distances=KNOWN)
    assert balances(bookings(counter.ledger, service.section.days))["postpaid"] == rides * 1_550
    assert quote_bill(service, charge).amount == amount
    assert bill(service, DESK, charge) == bill(service, DESK, charge)
    settle(service, files, FIRST, last, distances=KNOWN)
    found = balances(bookings(counter.ledger, service.section.days))
    assert (found["postpaid"], found["billed"], found.get("city", 0)) == (0, amount, city)
    assert found["operator/line:line_2"] == -(amount + city)
    assert [one for one in prove(service) if one.unexplained] == []
    counter.close()


def test_a_period_that_runs_and_one_that_was_paid_beforehand_are_not_billed(tmp_path: Path) -> None:
    counter, _, charge = ridden(tmp_path, 1)
    counter.time = at("10:00", date(2026, 5, 31))
    with pytest.raises(PassRefusedError) as caught:
        bill(counter.service, DESK, charge)
    assert caught.value.code == "period-running"
    paid = counter.charge(counter.issue())
    assert paid.charge is not None
    with pytest.raises(PassRefusedError) as caught:
        bill(counter.service, DESK, paid.charge.period.charge)
    assert caught.value.code == "not-postpaid"
    counter.close()


def test_a_month_is_billed_at_once_as_one_by_one_and_once(tmp_path: Path) -> None:
    counter, files, charge = ridden(tmp_path, 50)
    service, last = counter.service, date(2026, 5, 31)
    one = quote_bill(service, charge)
    service.use_of = None
    told: list[Any] = []
    done = bill_ended(service, files, DESK, FIRST, last, distances=KNOWN, tell=told.append)
    assert (done.bills, done.before, done.transit, done.more) == (1, 0, one.transit, one.more)
    (body,) = told
    assert (body["charge"], body["amount"], body["rows"]) == (charge, one.amount, list(one.ruling.decision.rows))
    assert bill(service, DESK, charge)["amount"] == one.amount
    again = bill_ended(service, files, DESK, FIRST, last, distances=KNOWN)
    assert (again.bills, again.before) == (0, 1)
    with pytest.raises(UsageError, match="is not over"):
        bill_ended(service, files, DESK, FIRST, date(2026, 6, 2))
    counter.close()
    options = [
        "--pack",
        "seoul/climate-card",
        "--ledger",
        f"sqlite:///{tmp_path}/a.db",
        "--days",
        str(tmp_path / "days"),
    ]
    shown = run("pass", "bill", *options, "--at", "2026-06-02T10:00:00+09:00", "--json")
    assert json.loads(shown.out)["billed_before"] == 1
