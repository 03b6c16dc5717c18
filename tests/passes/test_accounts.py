"""Accounts: whatever happens to cards, payments, rides and settlements, no won is lost or doubled."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from donghaeng.cli import app
from donghaeng.services.passes.accounts import POSTINGS, balances, bookings, prove
from donghaeng.services.passes.agents import enrol_agent, remit, stock_agent
from donghaeng.services.passes.cards import issue_card, stop_medium
from donghaeng.services.passes.charging import place_order, receive_payment, return_payment
from donghaeng.services.passes.claims import decide_claim, open_claim
from donghaeng.services.passes.fares import FareRules, RouteOf
from donghaeng.services.passes.kinds import KINDS
from donghaeng.services.passes.medium import medium_number
from donghaeng.services.passes.projection import rebuild
from donghaeng.services.passes.refunds import ask_refund, pay_refund
from donghaeng.services.passes.refusal import PassRefusedError
from donghaeng.services.passes.service import Who
from donghaeng.services.passes.settlement import Settled, settle
from donghaeng.services.passes.state import Charge
from tests.passes.counters import DESK, Counter
from tests.passes.counters import PAYER as PAYER_OF_COUNTER
from tests.passes.riding import DAY, WHO, Riding, Tap, at

PAYER = Who(WHO.organisation, "another key")
LAST = DAY + timedelta(days=3)
ROUTES = {"line_2": RouteOf("subway", {"metro": 2, "rail": 1}), "trunk": RouteOf("trunk", {"bus": 1})}


class Days(Riding):
    """Does one thing after the other, on days that follow one another."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.cards: list[tuple[str, int]] = []
        self.count, self.distances = -1, dict[tuple[str, str], int]()

    def sell(self, product: str, minute: int) -> None:
        self.clock.now = max(self.clock.now, at("04:00") + timedelta(minutes=minute))
        key, category = f"sale {len(self.cards)}", "general" if product.startswith("d30") else "any"
        card = issue_card(self.service, WHO, key, medium="mobile", channel="mobile_app")
        asked = {"card": card.card, "product": product, "channel": "mobile_app", "payment": "bank_transfer"}
        order, _ = place_order(self.service, WHO, key, category=category, **asked)  # type: ignore[arg-type]
        for _ in range(2):
            receive_payment(self.service, WHO, payment=key, order=order.order_id, amount=order.amount)
        self.cards.append((card.card, medium_number(card.medium)))

    def ride(self, number: int, minute: int, line: str) -> None:
        if not self.cards:
            return
        _, medium = self.cards[number % len(self.cards)]
        boarded = at("04:00") + timedelta(minutes=minute)
        self.count += 2
        self.receive(
            [
                Tap("gate", self.count, medium, "board", boarded, "one", line),
                Tap("gate", self.count + 1, medium, "alight", boarded + timedelta(minutes=9), "two", line),
            ]
        )

    def refund(self, number: int, used: int) -> None:
        open_ = [charge for card, _ in self.cards for charge in self.service.state.charges_of(card)]
        open_ = [charge for charge in open_ if charge.state == "active" and charge.period.price == 62_000]
        if not open_:
            return
        charge: Charge = open_[number % len(open_)]
        key = f"refund {charge.period.charge}"
        try:
            asked = ask_refund(
                self.service, WHO, key, charge=charge.period.charge, cause="lost", used_transit=used, bike_days=0
            )
        except PassRefusedError:
            return
        event("a refund was asked for")
        if asked.least == asked.most and asked.least:
            for _ in range(2):
                pay_refund(self.service, PAYER, key, refund=asked.refund)

    def pay_wrong(self, number: int) -> None:
        key = f"wrong {len(self.cards)} {number} {self.count}"
        card = issue_card(self.service, WHO, key, medium="physical", channel="station_machine")
        asked = {"card": card.card, "product": "d30_transit", "channel": "station_machine", "payment": "cash"}
        order, _ = place_order(self.service, WHO, key, told={"line": "lines_1_to_8"}, **asked)  # type: ignore[arg-type]
        for _ in range(2):
            receive_payment(self.service, WHO, payment=key, order=order.order_id, amount=order.amount + 1)
        if number % 2:
            return_payment(self.service, PAYER, key, payment=key)

    def settled(self, first: date = DAY, last: date | None = None) -> list[Settled]:
        last = last or self.service.day() - timedelta(days=1)
        if last < first:
            return []
        self.settle()
        rules = FareRules(self.service.policy, ROUTES)
        return settle(self.service, self.files, first, last, rules=rules, distances=self.distances)


ACTS = st.one_of(
    st.tuples(st.just("sell"), st.sampled_from(["d30_transit", "short_1", "short_2"]), st.integers(0, 4_000)),
    st.tuples(st.just("ride"), st.integers(0, 9), st.integers(0, 5_000), st.sampled_from(["line_2", "trunk"])),
    st.tuples(st.just("ride"), st.integers(0, 9), st.integers(0, 5_000), st.sampled_from(["line_2", "trunk"])),
    st.tuples(st.just("refund"), st.integers(0, 9), st.integers(0, 70_000)),
    st.tuples(st.just("pay_wrong"), st.integers(0, 9)),
    st.tuples(st.just("settled")),
    st.tuples(st.just("distances")),
)


@settings(
    max_examples=12, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck)
)
@given(acts=st.lists(ACTS, min_size=6, max_size=16))
def test_money_is_conserved_whatever_happens_in_whatever_order(
    tmp_path_factory: pytest.TempPathFactory, acts: list[tuple[Any, ...]]
) -> None:
    days = Days(tmp_path_factory.mktemp("days"))
    try:
        days.sell("d30_transit", 0)
        for act, *given_ in acts:
            if act == "distances":
                days.distances = {("one", "two"): 17_000}
            else:
                getattr(days, act)(*given_)
        days.clock.now = at("05:00", LAST + timedelta(days=40))
        found = days.settled(DAY, LAST + timedelta(days=32))
        assert [one for one in prove(days.service) if one.unexplained] == []
        balance = balances(bookings(days.ledger, days.service.section.days))
        # Every pass is over: what was held for it went to operators, back to riders, or is unused or a fee.
        assert balance.get("held", 0) == 0
        for one in found:
            for share in one.body["shares"]:
                parts = ("from_price", "from_bills", "city", "borne", "unshared")
                assert share["value"] == sum(share[name] for name in parts)
                rows = list(csv.DictReader(one.files[share["operator"]].decode().splitlines()))
                assert sum(int(row["value"]) for row in rows) == share["value"]
                assert sum(int(row["city"]) for row in rows) == share["city"]
                assert hashlib.sha256(one.files[share["operator"]]).hexdigest() == share["file"]
        again = days.settled(DAY, LAST + timedelta(days=32))
        assert not any(one.is_new for one in again)
        assert [one.files for one in again] == [one.files for one in found]
    finally:
        days.close()


def test_an_agent_owes_what_was_taken_less_commission_and_what_was_handed_over(counter: Counter) -> None:
    who = Who("machines", "key-of-the-machine")
    agent = "corner-shop"
    enrol_agent(counter.service, who, counter.key(), agent=agent, per_mille=10, per_card=100)
    stock_agent(counter.service, who, counter.key(), agent=agent, cards=5)
    card = counter.issue("physical", agent=agent)
    counter.charge(card, agent=agent)
    remit(counter.service, who, counter.key(), agent=agent, amount=20_000)
    found = balances(bookings(counter.ledger, counter.service.section.days))
    assert found[f"agent/{agent}"] == 3_000 + 62_000 - 100 - 620 - 20_000
    assert (found["held"], found["media-sales"], found["bank"]) == (-62_000, -3_000, 20_000)
    assert [one for one in prove(counter.service) if one.unexplained] == []


class Shop:
    """An agent who sells, and what the agent owes by the rule alone."""

    def __init__(self, counter: Counter, percent: int) -> None:
        self.counter, self.percent, self.agent = counter, percent, "shop"
        self.who = Who("machines", "key-of-the-machine")
        enrol_agent(counter.service, self.who, counter.key(), agent=self.agent, per_mille=33, per_card=70)
        stock_agent(counter.service, self.who, counter.key(), agent=self.agent, cards=100)
        self.sold: list[tuple[str, str]] = []
        self.owes, self.back = 0, dict[str, int]()

    def sell(self, _: int) -> None:
        card = self.counter.issue("physical", agent=self.agent)
        paid = self.counter.charge(card, agent=self.agent)
        assert paid.charge is not None
        self.sold.append((card.card, paid.charge.period.charge))
        self.back[paid.charge.period.charge] = 0
        self.owes += 3_000 - 70 + 62_000 - 62_000 * 33 // 1_000

    def overpay(self, _: int) -> None:
        order = self.counter.order(self.counter.issue(), agent=self.agent)
        held = self.counter.pay(order, amount=order.amount + 7).payment.payment.partition(":")[2]
        return_payment(self.counter.service, Who("machines", "till"), self.counter.key(), payment=held)

    def part(self, number: int) -> None:
        self._refunded(number, lambda card, charge: self._claim(card, charge, 1 + 997 * number % 20_000))

    def whole(self, number: int) -> None:
        self._refunded(number, lambda _, charge: self._whole(charge, 997 * number % 60_000))

    def hand_over(self, number: int) -> None:
        amount = min(self.owes, 997 * number)
        if amount > 0:
            remit(self.counter.service, self.who, self.counter.key(), agent=self.agent, amount=amount)
            self.owes -= amount

    def _refunded(self, number: int, ask: Callable[[str, str], str | None]) -> None:
        if not self.sold:
            return
        card, charge = self.sold[number % len(self.sold)]
        refund = ask(card, charge)
        if refund is None:
            return
        with suppress(PassRefusedError):
            key = self.counter.key()
            for _ in range(2):
                pay_refund(self.counter.service, PAYER_OF_COUNTER, key, refund=refund)
        refunded = self.counter.state.charge(charge).refunded
        back = 62_000 * 33 // 1_000 * self.percent * refunded // (100 * 62_000)
        self.owes += back - self.back[charge]
        self.back[charge] = back

    def _claim(self, card: str, charge: str, amount: int) -> str | None:
        service = self.counter.service
        claim = open_claim(service, DESK, self.counter.key(), card=card, subject="gate", charge=charge).claim
        try:
            decided = decide_claim(
                service, DESK, self.counter.key(), claim=claim, upheld=True, reason="so it was", amount=amount
            )
        except PassRefusedError:
            return None
        return decided.refund

    def _whole(self, charge: str, used: int) -> str | None:
        service, key = self.counter.service, self.counter.key()
        card = service.state.charge(charge).period.card
        with suppress(PassRefusedError):
            stop_medium(service, DESK, key, card=card, cause="refund")
        try:
            return ask_refund(service, DESK, key, charge=charge, used_transit=used, bike_days=0).refund
        except PassRefusedError:
            return None


@settings(
    max_examples=8, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck)
)
@given(
    acts=st.lists(
        st.tuples(st.sampled_from(["sell", "part", "whole", "whole", "hand_over", "overpay"]), st.integers(0, 10**4)),
        max_size=12,
    ),
)
def test_whatever_is_sold_and_paid_back_an_agent_owes_what_the_rule_says(
    tmp_path_factory: pytest.TempPathFactory, acts: list[tuple[str, int]]
) -> None:
    counter = Counter(f"sqlite:///{tmp_path_factory.mktemp('shop')}/a.db")
    shop = Shop(counter, 100)
    shop.sell(0)
    for act, number in acts:
        getattr(shop, act)(number)
    found = balances(bookings(counter.ledger, counter.service.section.days))
    assert found.get(f"agent/{shop.agent}", 0) == shop.owes == counter.state.agent(shop.agent, "machines").owes
    assert [one for one in prove(counter.service) if one.unexplained] == []
    rebuild(counter.ledger)
    assert counter.state.agent(shop.agent, "machines").owes == shop.owes
    counter.close()


def test_every_kind_of_entry_with_money_has_its_postings() -> None:
    moves = {"amount", "price", "postings"}
    without = {"order-placed", "refund-asked", "claim-decided", "surcharge-proposed", "rule-fixed", "tapped"}
    named = {kind.name for kind in KINDS if moves & kind.model.model_fields.keys()}
    assert named - without == set(POSTINGS) - {"day-settled"} | {"day-settled"}


def test_the_commands_settle_a_day_write_files_and_prove_the_accounts(tmp_path: Path) -> None:
    riding = Riding(tmp_path)
    _, medium = riding.card("short_1", start=None, category="any")
    taps = [
        Tap("gate", 2 * n + side, medium, way, at(f"{8 + n}:{side * 20:02}"), "one" if side == 0 else "two", "line_2")
        for n in range(5)
        for side, way in enumerate(["board", "alight"])
    ]
    riding.receive(taps)
    riding.settle(at("09:00", DAY + timedelta(days=1)))
    riding.close()
    (tmp_path / "routes.csv").write_text("line,fare,operator,share\nline_2,subway,metro,1\n", "utf-8")
    (tmp_path / "km.csv").write_text("from,to,metres\none,two,8000\n", "utf-8")
    (tmp_path / "bad.csv").write_text("line,fare,operator,share\nline_2,tram,metro,x\n", "utf-8")
    options = ["--pack", "seoul/climate-card", "--ledger", f"sqlite:///{tmp_path / 'ledger.db'}"]
    options += ["--at", "2026-05-21T09:00:00+09:00"]
    asked = ["pass", "settle", *options, "--days", str(tmp_path / "days"), "--first", str(DAY)]
    run = CliRunner().invoke
    files = ["--routes", str(tmp_path / "routes.csv"), "--distances", str(tmp_path / "km.csv")]
    told = json.loads(run(app, [*asked, *files, "--out", str(tmp_path / "out"), "--json"]).stdout)
    (share,) = told["days"][0]["shares"]
    assert (share["operator"], share["value"], share["city"]) == ("metro", 7_750, 1_375)
    written = (tmp_path / "out" / str(DAY) / "metro.csv").read_bytes()
    assert hashlib.sha256(written).hexdigest() == share["file"]
    again = run(app, [*asked, *files, "--close", "head of accounts"])
    assert "nothing new" in again.stdout
    assert f"closed up to {DAY}" in again.stdout
    shown = json.loads(run(app, ["pass", "accounts", *options, "--json"]).stdout)
    assert (shown["unexplained"], shown["balances"]["held"]) == (0, 0)
    provider = tmp_path / "provider.csv"
    provider.write_text(f"payment,amount,paid_on,batch\n{WHO.organisation}:pay-1,5000,2026-05-20,b\n", "utf-8")
    spans = ["--first", str(DAY), "--provider", str(provider), "--json"]
    matched = json.loads(run(app, ["pass", "reconcile", *options, *spans]).stdout)
    assert (matched["matched"]["amount"], matched["unexplained"]) == (5_000, 0)
    wrong = run(app, [*asked, "--routes", str(tmp_path / "bad.csv")])
    assert wrong.exit_code != 0
