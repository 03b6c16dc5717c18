"""Refunds: by the rule, in its order and its days; a range is paid once a role has fixed it; two keys, never one."""

from __future__ import annotations

from datetime import date

import pytest

from donghaeng.ledger.verify import verify
from donghaeng.services.passes.cards import status, stop_medium
from donghaeng.services.passes.claims import fix_rule
from donghaeng.services.passes.refunds import (
    ask_later_refund,
    ask_refund,
    pay_refund,
    quote_later_refund,
    quote_refund,
    refuse_refund,
)
from donghaeng.services.passes.service import Use
from donghaeng.services.passes.state import Card
from tests.passes.counters import DESK, MACHINE, PAYER, Counter


def charged(counter: Counter, card: Card, product: str = "d30_transit", **more: object) -> str:
    answer = counter.charge(card, product, **more)
    assert answer.charge is not None
    return answer.charge.period.charge


def test_a_mobile_refund_is_the_charge_less_the_use_and_the_fee(counter: Counter) -> None:
    card = counter.issue()
    charge = charged(counter, card)
    counter.at("2024-08-10 10:00")
    made = quote_refund(counter.service, charge=charge, used_transit=20_000)
    assert (made.amount, made.ruling.decision.reason, made.refused) == (41_500, "by_the_formula", None)
    refund = ask_refund(counter.service, DESK, "ask", charge=charge, used_transit=20_000)
    assert status(counter.service, card.card).reason == "stopped"
    same = lambda: pay_refund(counter.service, DESK, "pay", refund=refund.refund)  # noqa: E731
    assert counter.refused(same) == "same-key"
    paid = pay_refund(counter.service, PAYER, "pay", refund=refund.refund)
    assert (paid.state, paid.paid, paid.paid_by) == ("paid", 41_500, PAYER.key)
    again = pay_refund(counter.service, PAYER, "pay", refund=refund.refund)
    assert again == paid
    another = lambda: pay_refund(counter.service, PAYER, "pay twice", refund=refund.refund)  # noqa: E731
    assert counter.refused(another) == "refund-paid"
    period = counter.state.charge(charge)
    assert (period.state, period.refunded, period.left) == ("refunded", 41_500, 20_500)
    assert verify(counter.ledger.store, []).holds


def test_a_refund_of_one_period_is_asked_for_once(counter: Counter) -> None:
    card = counter.issue()
    charge = charged(counter, card)
    first = ask_refund(counter.service, DESK, "ask", charge=charge, used_transit=0)
    assert ask_refund(counter.service, DESK, "ask", charge=charge, used_transit=0) == first
    again = lambda: ask_refund(counter.service, DESK, "ask more", charge=charge, used_transit=0)  # noqa: E731
    assert counter.refused(again) == "refund-asked"
    refuse_refund(counter.service, PAYER, "no", refund=first.refund, reason="photo does not fit")
    assert again().state == "asked"


def test_a_bike_takes_off_a_thousand_a_day_up_to_five(here: Counter) -> None:
    charge = charged(here, here.issue(), "d30_transit_bike")
    amounts = [quote_refund(here.service, charge=charge, used_transit=10_000, bike_days=days).amount for days in (3, 9)]
    assert amounts == [65_000 - 10_000 - 3_000 - 500, 65_000 - 10_000 - 5_000 - 500]


def test_a_physical_card_is_stopped_at_a_machine_before_the_claim(counter: Counter) -> None:
    card = counter.registered("physical")
    charge = charged(counter, card, **MACHINE)
    counter.at("2024-08-20 10:00")
    ask = lambda: ask_refund(counter.service, DESK, counter.key(), charge=charge, used_transit=20_000)  # noqa: E731
    assert counter.refused(ask) == "stop-first"
    stop_medium(counter.service, DESK, "machine", card=card.card, cause="refund", place="machine 12")
    made = quote_refund(counter.service, charge=charge, used_transit=20_000)
    assert (made.amount, str(made.ruling.outcome["web_claim_by"])) == (41_500, "2024-09-14")
    assert ask().state == "asked"


@pytest.mark.parametrize(("at", "code"), [("2024-09-14 23:00", ""), ("2024-09-15 10:00", "not-refundable")])
def test_the_claim_of_a_stopped_card_is_open_until_fifteen_days_after_expiry(here: Counter, at: str, code: str) -> None:
    card = here.registered("physical")
    charge = charged(here, card, **MACHINE)
    here.at("2024-08-30 10:00")
    stop_medium(here.service, DESK, "machine", card=card.card, cause="refund")
    here.at(at)
    refused = quote_refund(here.service, charge=charge, used_transit=20_000).refused
    assert (refused.code if refused else "") == code


def test_a_physical_card_that_was_not_stopped_or_registered_gets_nothing(here: Counter) -> None:
    late = charged(here, here.registered("physical"), **MACHINE)
    unregistered = charged(here, here.issue("physical"), **MACHINE)
    made = quote_refund(here.service, charge=unregistered, used_transit=20_000)
    assert (made.ruling.decision.reason, made.amount) == ("not_registered", 0)
    here.at("2024-09-05 10:00")
    made = quote_refund(here.service, charge=late, used_transit=20_000)
    assert (made.ruling.decision.reason, made.refused.code if made.refused else "") == (
        "not_stopped_in_time",
        "not-refundable",
    )


def test_what_rests_on_blogs_is_a_range_that_is_paid_once_a_named_role_has_fixed_it(counter: Counter) -> None:
    card = counter.issue()
    charge = charged(counter, card)
    made = quote_refund(counter.service, charge=charge, cause="lost", used_transit=20_000)
    assert (made.amount, made.least, made.most) == (None, 41_500, 42_000)
    refund = ask_refund(counter.service, DESK, "ask", charge=charge, cause="lost", used_transit=20_000)
    pay = lambda: pay_refund(counter.service, PAYER, counter.key(), refund=refund.refund)  # noqa: E731
    assert counter.refused(pay) == "setting-needed"
    fix_rule(
        counter.service,
        PAYER,
        "fix",
        setting=refund.rule,
        choose="most",
        fixed_by="head of passes",
        reason="no fee on lost cards",
    )
    assert pay().paid == 42_000
    fixed = [entry for entry in counter.ledger.entries() if entry.kind == "rule-fixed"]
    assert [entry.stream for entry in fixed] == ["setting/refund/lost_or_defective"]


def test_the_refund_of_a_short_pass_is_an_open_rule(counter: Counter) -> None:
    charge = charged(counter, counter.issue(), "short_7")
    made = quote_refund(counter.service, charge=charge, used_transit=5_000)
    assert (made.ruling.is_open, made.amount, made.least, made.most) == (True, None, 14_500, 15_000)
    refund = ask_refund(counter.service, DESK, "ask", charge=charge, used_transit=5_000)
    pay = lambda: pay_refund(counter.service, PAYER, counter.key(), refund=refund.refund)  # noqa: E731
    assert counter.refused(pay) == "setting-needed"
    fix_rule(
        counter.service,
        PAYER,
        "fix",
        setting="refund/short_pass_rule_unknown",
        choose="least",
        fixed_by="head of passes",
        reason="the same fee as for all products",
    )
    assert pay().paid == 14_500


def test_only_an_open_rule_can_be_fixed(here: Counter) -> None:
    fix = {"choose": "least", "fixed_by": "head of passes", "reason": "x"}
    codes = [
        here.refused(lambda setting=setting: fix_rule(here.service, PAYER, here.key(), setting=setting, **fix))
        for setting in ("refund/by_the_formula", "refund/nothing_such", "fares/short", "refund")
    ]
    assert codes == ["rule-unknown", "unknown-code", "unknown-code", "unknown-code"]


def test_use_that_nobody_knows_makes_no_refund(here: Counter) -> None:
    charge = charged(here, here.issue())
    refused = quote_refund(here.service, charge=charge).refused
    assert refused is not None
    assert refused.code == "missing-facts"
    assert here.refused(lambda: quote_refund(here.service, charge=charge, used_transit=-1)) == "amount-out-of-range"


def test_the_use_that_the_service_knows_goes_before_what_is_told(tmp_path: object) -> None:
    counter = Counter(f"sqlite:///{tmp_path}/a.db", use_of=lambda charge, until: Use(30_000))
    charge = charged(counter, counter.issue())
    assert quote_refund(counter.service, charge=charge, used_transit=0).amount == 31_500
    counter.close()


def test_to_change_to_the_river_bus_the_pass_is_refunded_and_charged_anew_on_the_same_medium(
    counter: Counter,
) -> None:
    counter.at("2025-10-01 10:00")
    card = counter.issue()
    charge = charged(counter, card)
    counter.at("2025-10-10 10:00")
    assert counter.refused(lambda: counter.order(card, "d30_transit_river")) == "refund-first"
    refund = ask_refund(counter.service, DESK, "ask", charge=charge, used_transit=20_000)
    new = counter.charge(card, "d30_transit_river").charge
    assert new is not None
    assert new.period.rights == "river"
    now = status(counter.service, card.card)
    assert (now.usable, now.current) == (True, new)
    assert pay_refund(counter.service, PAYER, "pay", refund=refund.refund).paid == 41_500
    assert [one.state for one in counter.state.charges_of(card.card)] == ["refunded", "active"]


# The youth post-refund of 2024.


def cohort(counter: Counter, starts: list[str], medium: str = "mobile", account: str = "kim") -> Card:
    """A card with a 30-day pass from each of some days, charged on that day at noon."""
    counter.at("2024-02-26 10:00")
    card = counter.registered(medium, account)
    for start in starts:
        counter.at(f"{start} 12:00")
        more = MACHINE if medium == "physical" else {}
        charged(counter, card, start=date.fromisoformat(start), **more)
    return card


def test_each_completed_period_of_the_first_half_of_2024_is_paid_back_once(counter: Counter) -> None:
    card = cohort(counter, ["2024-02-26", "2024-03-27", "2024-04-26"])
    facts = {"birth_year": 2000}
    counter.at("2024-07-01 10:00")
    early = lambda: ask_later_refund(counter.service, DESK, counter.key(), card=card.card, facts=facts)  # noqa: E731
    assert counter.refused(early) == "not-open"
    counter.at("2024-07-02 10:00")
    made = quote_later_refund(counter.service, card=card.card, facts=facts)
    assert (made.amount, len(made.charges)) == (21_000, 3)
    refund = ask_later_refund(counter.service, DESK, "claim", card=card.card, facts=facts)
    assert pay_refund(counter.service, PAYER, "pay", refund=refund.refund).paid == 21_000
    assert [one.later_refunded for one in counter.state.charges_of(card.card)] == [7_000] * 3
    assert counter.refused(early) == "not-refundable"
    assert quote_later_refund(counter.service, card=card.card, facts=facts).amount == 0


def test_charged_before_four_on_the_first_of_july_a_start_in_july_still_counts(counter: Counter) -> None:
    counter.at("2024-06-20 10:00")
    last, first = counter.registered(account="a"), counter.registered(account="b")
    charged(counter.at("2024-07-01 03:59"), last, start=date(2024, 7, 5))
    charged(counter.at("2024-07-01 04:00"), first, start=date(2024, 7, 5))
    counter.at("2024-10-01 10:00")
    amounts = [
        quote_later_refund(counter.service, card=card.card, facts={"birth_year": 2000}).amount for card in (last, first)
    ]
    assert amounts == [7_000, 0]


def test_a_period_that_starts_on_the_first_day_counts_though_it_was_charged_before(here: Counter) -> None:
    here.at("2024-02-25 10:00")
    cards = [here.registered(account=account) for account in ("a", "b")]
    for card, start in zip(cards, (date(2024, 2, 26), date(2024, 2, 25)), strict=True):
        charged(here, card, start=start)
    here.at("2024-07-02 10:00")
    facts = {"birth_year": 1990}
    assert [quote_later_refund(here.service, card=card.card, facts=facts).amount for card in cards] == [7_000, 0]


def test_at_most_five_periods_of_a_person_over_all_cards_are_paid_back(here: Counter) -> None:
    starts = ["2024-02-26", "2024-03-27", "2024-04-26"]
    cohort(here, starts)
    card = cohort(here, starts)
    here.at("2024-07-02 10:00")
    assert quote_later_refund(here.service, card=card.card, facts={"birth_year": 1984}).amount == 35_000
    assert quote_later_refund(here.service, card=card.card, facts={"birth_year": 1983}).amount == 0


def test_a_stopped_period_and_one_before_registration_do_not_count(here: Counter) -> None:
    from donghaeng.services.passes.cards import register_card

    here.at("2024-03-01 10:00")
    card = here.issue("physical")
    charged(here, card, **MACHINE)
    here.at("2024-03-20 10:00")
    register_card(here.service, DESK, "r", card=card.card, namespace="passes/account", account="lee")
    charged(here.at("2024-03-31 10:00"), card, **MACHINE)
    charged(here.at("2024-04-30 10:00"), card, **MACHINE)
    stop_medium(here.service, DESK, "s", card=card.card, cause="refund")
    here.at("2024-07-02 10:00")
    made = quote_later_refund(here.service, card=card.card, facts={"birth_year": 2000})
    assert [str(one.period.starts) for one in made.charges] == ["2024-03-31"]


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2024-08-05 15:59", True),
        ("2024-08-05 16:00", False),
        ("2024-09-30 09:59", False),
        ("2024-09-30 10:00", True),
        ("2024-10-28 15:59", True),
        ("2024-10-28 16:00", False),
        ("2024-10-01 20:00", True),
    ],
)
def test_the_claim_windows_have_hours(here: Counter, at: str, is_open: bool) -> None:
    card = cohort(here, ["2024-02-26"])
    here.at(at)
    ask = lambda: ask_later_refund(here.service, DESK, "claim", card=card.card, facts={"birth_year": 2000})  # noqa: E731
    if is_open:
        assert ask().most == 7_000
    else:
        assert here.refused(ask) == "not-open"
