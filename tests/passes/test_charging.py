"""From order to period: each payment ends as a period or as money that is held, once, whatever happens between."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from donghaeng.ledger.faults import UnavailableError
from donghaeng.services.passes import charging
from donghaeng.services.passes.cards import close_card, issue_card, status, stop_medium
from donghaeng.services.passes.charging import cancel_order, place_order, receive_payment, return_payment
from donghaeng.services.passes.claims import fix_rule
from donghaeng.services.passes.refusal import PassRefusedError
from donghaeng.services.passes.service import Who
from donghaeng.services.passes.state import Card
from tests.passes.counters import APP, DESK, PAYER, SELLER, Counter, moment, pack


def test_an_order_that_is_paid_gives_its_period(counter: Counter) -> None:
    card = counter.issue()
    order = counter.order(card, start=moment("2024-08-04 00:00").date())
    assert (order.state, order.amount) == ("open", 62_000)
    assert status(counter.service, card.card).reason == "no_pass"
    answer = counter.pay(order)
    assert answer.payment.disposition == "charged"
    assert answer.charge is not None
    period = answer.charge.period
    assert (str(period.starts), str(period.ends), period.price, period.charge) == (
        "2024-08-04",
        "2024-09-02",
        62_000,
        order.order_id,
    )
    assert counter.state.order(order.order_id, SELLER.organisation).state == "paid"


def test_a_callback_that_comes_twice_charges_once_and_answers_the_same(counter: Counter) -> None:
    card = counter.issue()
    order = counter.order(card)
    first, second = counter.pay(order, "p1"), counter.at("2024-08-05 10:00").pay(order, "p1")
    assert (first.repeated, second.repeated) == (False, True)
    assert first.charge == second.charge
    assert len(counter.state.charges_of(card.card)) == 1
    assert counter.refused(lambda: counter.pay(order, "p1", amount=1)) == "key-reused"


def test_a_second_payment_for_one_order_is_held_to_be_given_back(counter: Counter) -> None:
    card = counter.issue()
    order = counter.order(card)
    counter.pay(order, "p1")
    again = counter.pay(order, "p2")
    assert (again.payment.disposition, again.payment.reason, again.charge) == ("held", "order-paid", None)
    returned = return_payment(counter.service, SELLER, "back", payment="p2")
    assert returned.disposition == "returned"
    other = lambda: return_payment(counter.service, SELLER, "back again", payment="p2")  # noqa: E731
    assert counter.refused(other) == "payment-settled"
    assert counter.refused(lambda: return_payment(counter.service, SELLER, "none", payment="p3")) == "unknown-payment"


@pytest.mark.parametrize(
    ("minutes", "paid_minutes", "told"),
    [(29, 29, "charged"), (31, 31, "order-expired"), (600, 29, "charged"), (600, 31, "order-expired")],
)
def test_what_counts_is_when_it_was_paid_and_not_when_it_was_told(
    here: Counter, minutes: int, paid_minutes: int, told: str
) -> None:
    order = here.order(here.issue())
    placed = here.time
    here.time = placed + timedelta(minutes=minutes)
    answer = here.pay(order, paid_at=placed + timedelta(minutes=paid_minutes))
    assert answer.payment.reason == told if told != "charged" else answer.payment.disposition == "charged"


def test_a_payment_that_is_told_after_the_first_day_is_held(here: Counter) -> None:
    order = here.order(here.issue(), "short_1")
    placed = here.time
    here.at("2024-08-02 09:00")
    answer = here.pay(order, paid_at=placed)
    assert (answer.payment.disposition, answer.payment.reason) == ("held", "start-passed")


def test_a_wrong_amount_is_held_and_the_order_stays_open(counter: Counter) -> None:
    order = counter.order(counter.issue())
    answer = counter.pay(order, "short", amount=order.amount - 1)
    assert (answer.payment.disposition, answer.payment.reason) == ("held", "wrong-amount")
    assert counter.pay(order, "whole").payment.disposition == "charged"


@pytest.mark.parametrize("amount", [0, -62_000, 100_000_001, 10**15])
def test_amounts_that_no_payment_has_are_refused_and_not_recorded(here: Counter, amount: int) -> None:
    order = here.order(here.issue())
    entries = len(list(here.ledger.entries()))
    assert here.refused(lambda: here.pay(order, amount=amount)) == "amount-out-of-range"
    assert len(list(here.ledger.entries())) == entries


def test_a_payment_from_the_future_is_refused(here: Counter) -> None:
    order = here.order(here.issue())
    ahead = here.time + timedelta(hours=1)
    assert here.refused(lambda: here.pay(order, paid_at=ahead)) == "time-out-of-range"


def test_money_for_an_order_that_nobody_knows_is_held_and_not_lost(counter: Counter) -> None:
    answer = receive_payment(counter.service, SELLER, payment="p", order="nothing", amount=62_000)
    assert (answer.payment.disposition, answer.payment.reason) == ("held", "unknown-order")
    again = receive_payment(counter.service, SELLER, payment="p", order="nothing", amount=62_000)
    assert again.repeated
    assert return_payment(counter.service, SELLER, "back", payment="p").disposition == "returned"


def test_an_order_of_another_organisation_is_not_there(counter: Counter) -> None:
    order = counter.order(counter.issue())
    other = Who("another", "key")
    assert counter.refused(lambda: counter.state.order(order.order_id, "another")) == "unknown-order"
    cancel = lambda: cancel_order(counter.service, other, "x", order=order.order_id, reason="no")  # noqa: E731
    assert counter.refused(cancel) == "unknown-order"
    told = receive_payment(counter.service, other, payment="p", order=order.order_id, amount=order.amount)
    assert told.payment.reason == "unknown-order"


def test_a_product_withdrawn_between_choice_and_payment_is_not_charged(here: Counter) -> None:
    """Youth prices of before 1 July 2024 end at four in the morning of that day."""
    here.at("2024-06-30 20:00")
    card = here.youth()
    here.at("2024-07-01 03:50")
    order = here.order(card, start=moment("2024-07-03 00:00").date())
    here.at("2024-07-01 04:05")
    answer = here.pay(order)
    assert (order.amount, answer.payment.disposition, answer.payment.reason) == (62_000, "held", "price-changed")


def test_a_product_that_is_sold_no_more_when_it_is_paid_is_not_charged(tmp_path: Path) -> None:
    folder = tmp_path / "pack"
    shutil.copytree(pack("example/narae-transit").folder, folder)
    table = folder / "rules" / "fares.yaml"
    row = "  - id: day_1\n    from: 2026-01-01\n"
    text = table.read_text("utf-8")
    assert row in text
    table.write_text(text.replace(row, f"{row}    to: 2026-06-30\n"), "utf-8")
    counter = Counter(f"sqlite:///{tmp_path}/a.db", str(folder))
    counter.time = datetime.fromisoformat("2026-07-01T03:25:00+01:00")  # five minutes before the service day turns
    card = issue_card(counter.service, SELLER, "card", medium="card", channel="kiosk")
    asked = {"card": card.card, "product": "day_1", "channel": "kiosk", "payment": "cash"}
    order, _ = place_order(counter.service, SELLER, "order", **asked)
    counter.time += timedelta(minutes=10)
    assert counter.pay(order).payment.reason == "not-sold"
    again = lambda: place_order(counter.service, SELLER, "again", **asked)  # noqa: E731
    assert counter.refused(again) == "not-sold"
    counter.close()


def test_a_card_closed_or_stopped_between_choice_and_payment_is_not_charged(counter: Counter) -> None:
    closed, stopped = counter.issue(), counter.issue()
    orders = counter.order(closed), counter.order(stopped)
    close_card(counter.service, DESK, "close", card=closed.card, reason="given back")
    stop_medium(counter.service, DESK, "stop", card=stopped.card, cause="stolen")
    assert [counter.pay(one).payment.reason for one in orders] == ["card-closed", "medium-denied"]


def test_a_cancelled_order_takes_no_money(counter: Counter) -> None:
    order = counter.order(counter.issue())
    cancel_order(counter.service, SELLER, "cancel", order=order.order_id, reason="changed mind")
    assert counter.pay(order).payment.reason == "order-cancelled"
    again = lambda: cancel_order(counter.service, SELLER, "c2", order=order.order_id, reason="x")  # noqa: E731
    assert counter.refused(again) == "order-closed"


def test_two_machines_that_charge_one_card_follow_one_another(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both decide before either records: the slower one finds that the card has moved on, and decides anew."""
    card = counter.issue()
    orders = [counter.order(card), counter.order(card)]
    decide = charging._what_it_pays
    together, calls = Barrier(2, timeout=20), count()

    def decide_together(*given: Any) -> Any:
        made = decide(*given)
        if next(calls) < 2:
            together.wait()
        return made

    monkeypatch.setattr(charging, "_what_it_pays", decide_together)
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(counter.pay, orders))
    assert sorted(one.payment.disposition for one in answers) == ["charged", "held"]
    assert [one.payment.reason for one in answers if one.charge is None] == ["too-early"]
    assert len(counter.state.charges_of(card.card)) == 1


def test_one_callback_told_by_many_threads_at_once_charges_once(counter: Counter) -> None:
    card = counter.issue()
    order = counter.order(card)
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda _: counter.pay(order, "p"), range(6)))
    assert {one.payment.disposition for one in answers} == {"charged"}
    assert len(counter.state.charges_of(card.card)) == 1


def test_a_pass_is_charged_again_before_it_is_over_and_goes_on(counter: Counter) -> None:
    card = counter.issue()
    first = counter.charge(card).charge
    assert counter.refused(lambda: counter.at("2024-08-20 10:00").order(card)) == "too-early"
    second = counter.at("2024-08-26 10:00").charge(card).charge
    assert first is not None
    assert second is not None
    assert (second.period.starts - first.period.ends).days == 1
    assert second.period.days == 30


def test_a_price_that_is_a_range_is_sold_once_a_named_role_has_fixed_it(counter: Counter) -> None:
    from donghaeng.services.passes.cards import verify_category

    counter.at("2025-10-01 10:00")
    card = counter.registered()
    facts = {"residence": "seoul", "low_income_confirmed": True, "birth_year": 1980}
    verify_category(counter.service, DESK, "verify", card=card.card, category="low_income", facts=facts)
    order = lambda: counter.order(card, "d30_transit_bike_river")  # noqa: E731
    assert counter.refused(order) == "setting-needed"
    fix_rule(
        counter.service,
        PAYER,
        "fix",
        setting="price/low_income_transit_bike_river",
        choose="most",
        fixed_by="head of passes",
        reason="as the city's price list says",
    )
    assert order().amount == 53_000


def test_what_the_ledger_cannot_record_is_told_again_and_charged_once(here: Counter) -> None:
    """The store fails at the moment of the commit: nothing is acknowledged, nothing is lost."""
    card = here.issue()
    order = here.order(card)
    append = here.ledger.store.append

    def fail(*given: Any, **more: Any) -> Any:
        raise UnavailableError("the disk is full")

    here.ledger.store.append = fail  # type: ignore[method-assign]
    with pytest.raises(UnavailableError):
        here.pay(order, "p")
    here.ledger.store.append = append  # type: ignore[method-assign]
    assert here.state.charges_of(card.card) == ()
    assert here.pay(order, "p").payment.disposition == "charged"


class CrashError(Exception):
    """The process ended here."""


STEPS = st.one_of(
    st.tuples(st.just("order"), st.integers(0, 1), st.integers(0, 3)),
    st.tuples(st.just("pay"), st.integers(0, 7), st.integers(0, 2)),
    st.tuples(st.just("pay wrongly"), st.integers(0, 7), st.integers(0, 2)),
    st.tuples(st.just("cancel"), st.integers(0, 7), st.just(0)),
    st.tuples(st.just("crash before"), st.integers(0, 7), st.integers(0, 2)),
    st.tuples(st.just("crash after"), st.integers(0, 7), st.integers(0, 2)),
    st.tuples(st.just("days pass"), st.integers(1, 30), st.just(0)),
    st.tuples(st.just("minutes pass"), st.integers(1, 40), st.just(0)),
)


class Street:
    """Two cards, machines that place orders, payments that are told in any order, again, and with crashes between."""

    def __init__(self, counter: Counter) -> None:
        self.counter = counter
        self.cards: list[Card] = [counter.issue(), counter.issue()]
        self.orders: list[Any] = []
        #: Money that really moved at the payment provider, by payment: order and amount.
        self.money: dict[str, tuple[str, int]] = {}

    def run(self, step: tuple[str, int, int]) -> None:
        what, number, more = step
        if what == "days pass":
            self.counter.time += timedelta(days=number)
        elif what == "minutes pass":
            self.counter.time += timedelta(minutes=number)
        elif what == "order":
            card = self.cards[number]
            product = ("d30_transit", "short_1", "short_3", "d30_transit_bike")[more]
            key = f"order {len(self.orders)}"
            try:
                asked = {"card": card.card, "product": product} | APP
                self.orders.append(place_order(self.counter.service, SELLER, key, **asked)[0])
            except PassRefusedError:
                return
        elif self.orders:
            order = self.orders[number % len(self.orders)]
            if what == "cancel":
                try:
                    key = f"cancel {order.order_id}"
                    cancel_order(self.counter.service, SELLER, key, order=order.order_id, reason="no")
                except PassRefusedError:
                    return
                return
            name = f"{order.order_id} {more}"
            amount = order.amount - (1 if what == "pay wrongly" else 0)
            name += " wrongly" if what == "pay wrongly" else ""
            self.money[name] = (order.order_id, amount)
            self.tell(name, what)

    def tell(self, name: str, what: str = "pay") -> None:
        order, amount = self.money[name]
        append = self.counter.ledger.store.append

        def crashing(*given: Any, **more: Any) -> Any:
            if what == "crash after":
                append(*given, **more)
            raise CrashError

        if what.startswith("crash"):
            self.counter.ledger.store.append = crashing  # type: ignore[method-assign]
        try:
            receive_payment(self.counter.service, SELLER, payment=name, order=order, amount=amount)
        except CrashError:
            pass
        finally:
            self.counter.ledger.store.append = append  # type: ignore[method-assign]

    def check(self) -> None:
        """Tell everything once more, as a provider does until it is heard; then no won and no day is missing."""
        for name in self.money:
            self.tell(name)
        state = self.counter.state
        charged = held = 0
        for name, (order, amount) in self.money.items():
            payment = state.payment(f"{SELLER.organisation}:{name}")
            assert payment is not None
            assert payment.amount == amount
            if payment.disposition == "charged":
                charged += amount
                assert state.charge(order).period.price == amount
            else:
                held += amount
                assert payment.disposition == "held"
        assert charged + held == sum(amount for _, amount in self.money.values())
        prices = 0
        for card in self.cards:
            periods = [one.period for one in state.charges_of(card.card)]
            prices += sum(one.price for one in periods)
            lengths = {"d30_transit": 30, "d30_transit_bike": 30, "short_1": 1, "short_3": 3}
            assert [one.days for one in periods] == [lengths[one.product] for one in periods]
            for one, following in itertools.pairwise(periods):
                assert one.ends < following.starts  # validity is never doubled
        assert prices == charged
        orders = [state.find_order(one.order_id) for one in self.orders]
        assert sum(one.amount for one in orders if one is not None and one.state == "paid") == charged


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEPS, min_size=4, max_size=30))
def test_money_and_validity_are_never_lost_or_doubled(steps: list[tuple[str, int, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        street = Street(Counter(f"sqlite:///{Path(folder)}/a.db"))
        try:
            for step in steps:
                street.run(step)
            street.check()
        finally:
            street.counter.close()
