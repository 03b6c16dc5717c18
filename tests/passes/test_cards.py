"""Cards: issued once, registered by pseudonym, one discounted card a person, replaced without their period."""

from __future__ import annotations

import json

import pytest

from donghaeng.ledger.verify import verify
from donghaeng.services.passes.cards import (
    block_card,
    close_card,
    issue_card,
    lift_block,
    register_card,
    reinstate_medium,
    replace_medium,
    status,
    stop_medium,
    verify_category,
)
from donghaeng.services.passes.postpaid import register_postpaid, renew_postpaid
from donghaeng.services.passes.projection import OWN_TABLES, rebuild
from tests.passes.counters import APP, DESK, SELLER, Counter, moment


def test_a_card_is_issued_once_however_often_the_request_is_made(counter: Counter) -> None:
    made = [
        issue_card(counter.service, SELLER, "one request", medium="physical", channel="station_machine")
        for _ in range(3)
    ]
    assert len({card.card for card in made}) == 1
    assert made[0].card.isalpha()
    assert len(made[0].card) == 24
    assert status(counter.service, made[0].card).reason == "no_pass"
    other = lambda: issue_card(counter.service, SELLER, "one request", medium="mobile", channel="mobile_app")  # noqa: E731
    assert counter.refused(other) == "key-reused"


def test_a_medium_is_for_the_cards_it_is_made_for(here: Counter) -> None:
    assert here.refused(lambda: here.issue("postpaid_bank_card")) == "wrong-medium"
    assert here.refused(lambda: here.issue("mobil")) == "unknown-code"
    assert here.issue("postpaid_bank_card", pays="postpaid").pays == "postpaid"


def test_a_card_is_registered_to_a_pseudonym_and_to_nobody_else(counter: Counter) -> None:
    card = counter.registered(account="hong-at-the-portal")
    assert card.person is not None
    assert "hong" not in card.person
    texts = "".join(entry.body + entry.stream for entry in counter.ledger.entries())
    assert "hong-at-the-portal" not in texts
    again = register_card(
        counter.service, DESK, "again", card=card.card, namespace="passes/account", account="hong-at-the-portal"
    )
    assert again.person == card.person
    other = {"card": card.card, "namespace": "passes/account", "account": "kim"}
    assert counter.refused(lambda: register_card(counter.service, DESK, "other", **other)) == "card-registered"


def test_a_discount_takes_proof_that_is_not_kept(counter: Counter) -> None:
    card = counter.registered()
    facts = {"birth_year": 1983}
    refuse = lambda: verify_category(  # noqa: E731
        counter.service, DESK, counter.key(), card=card.card, category="youth", facts=facts
    )
    assert counter.refused(refuse) == "not-eligible"
    none = lambda: verify_category(  # noqa: E731
        counter.service, DESK, counter.key(), card=card.card, category="youth", facts={}
    )
    assert counter.refused(none) == "missing-facts"
    facts = {"birth_year": 1984}
    made, ruling = verify_category(counter.service, DESK, "proof", card=card.card, category="youth", facts=facts)
    assert made.category == "youth"
    assert ruling is not None
    assert ruling.meaning == "eligible"
    assert made.verify_by is not None
    assert made.verify_by.isoformat() == "2025-02-01"
    bodies = [json.loads(entry.body) for entry in counter.ledger.entries() if entry.kind == "category-verified"]
    assert [one["role"] for one in bodies[0]["decisions"]] == ["eligibility", "verification"]
    assert "1984" not in json.dumps(bodies)


def test_a_person_has_one_discounted_card_until_it_is_given_up(counter: Counter) -> None:
    first = counter.youth(account="kim")
    second = counter.registered(account="kim")
    proof = {"card": second.card, "category": "youth", "facts": {"birth_year": 2000}}
    ask = lambda: verify_category(counter.service, DESK, counter.key(), **proof)  # noqa: E731
    assert counter.refused(ask) == "discount-held"
    verify_category(counter.service, DESK, counter.key(), card=first.card, category="general", facts={})
    assert ask()[0].category == "youth"


def test_an_unregistered_card_gets_no_discount(here: Counter) -> None:
    card = here.issue()
    proof = {"card": card.card, "category": "youth", "facts": {"birth_year": 2000}}
    ask = lambda: verify_category(here.service, DESK, here.key(), **proof)  # noqa: E731
    assert here.refused(ask) == "card-not-registered"


def test_after_six_months_the_general_price_is_charged_until_the_card_is_verified_again(counter: Counter) -> None:
    card = counter.youth()
    assert counter.order(card).amount == 55_000
    assert counter.at("2025-02-01 10:00").order(card).amount == 55_000
    lapsed = counter.at("2025-02-02 10:00").order(card)
    assert (lapsed.category, lapsed.amount) == ("general", 62_000)
    facts = {"birth_year": 2000}
    verify_category(counter.service, DESK, "again", card=card.card, category="youth", facts=facts)
    assert counter.order(card).amount == 55_000


def test_a_replaced_medium_keeps_the_account_and_not_the_period(counter: Counter) -> None:
    card = counter.youth(medium="physical")
    counter.charge(card, channel="station_machine", payment="cash", told={"line": "line_9"})
    assert status(counter.service, card.card).usable
    replaced = replace_medium(counter.service, DESK, "lost it", card=card.card, medium="mobile", cause="lost")
    assert (replaced.person, replaced.category) == (card.person, "youth")
    assert replaced.medium != card.medium
    now = status(counter.service, card.card)
    assert (now.usable, now.reason) == (False, "no_pass")
    old = counter.state.medium(card.medium)
    assert old is not None
    assert old.state == "replaced"
    assert old.denied_sequence
    assert [one.state for one in now.charges] == ["stopped"]
    assert counter.order(replaced).medium == replaced.medium


def test_a_stopped_medium_is_denied_and_may_be_good_again(counter: Counter) -> None:
    card = counter.issue()
    counter.charge(card)
    stop_medium(counter.service, DESK, "stop", card=card.card, cause="lost")
    assert status(counter.service, card.card).reason == "stopped"
    again = lambda: stop_medium(counter.service, DESK, "another", card=card.card, cause="lost")  # noqa: E731
    assert counter.refused(again) == "medium-denied"
    assert counter.refused(lambda: counter.order(card)) == "medium-denied"
    reinstate_medium(counter.service, DESK, "found", card=card.card, reason="found")
    assert status(counter.service, card.card).usable


def test_a_block_holds_for_its_time_and_may_be_lifted(counter: Counter) -> None:
    card = counter.issue()
    counter.charge(card)
    ends = moment("2024-08-02 09:00")
    block = block_card(counter.service, DESK, "block", card=card.card, cause="missing-alight", ends=ends)
    assert status(counter.service, card.card).reason == "blocked"
    assert status(counter.service, card.card, moment("2024-08-02 08:59")).reason == "blocked"
    assert status(counter.service, card.card, moment("2024-08-02 09:00")).usable
    lift_block(counter.service, DESK, "lift", card=card.card, block=block.block, reason="trains stood still")
    assert status(counter.service, card.card).usable
    again = lambda: lift_block(  # noqa: E731
        counter.service, DESK, "lift again", card=card.card, block=block.block, reason="again"
    )
    assert counter.refused(again) == "block-lifted"


def test_a_closed_card_is_charged_no_more(counter: Counter) -> None:
    card = counter.youth()
    close_card(counter.service, DESK, "close", card=card.card, reason="given back")
    assert counter.refused(lambda: counter.order(card)) == "card-closed"
    assert status(counter.service, card.card).reason == "stopped"
    assert counter.youth().category == "youth"  # the discount is free for another card


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        ("2024-08-03 03:59", "not_started"),
        ("2024-08-03 04:00", "ok"),
        ("2024-09-02 03:59", "ok"),
        ("2024-09-02 04:00", "expired"),
    ],
)
def test_a_period_opens_and_closes_with_its_service_days(here: Counter, at: str, reason: str) -> None:
    card = here.issue()
    answer = here.charge(card, start=moment("2024-08-03 00:00").date())
    assert answer.charge is not None
    assert (answer.charge.period.starts.isoformat(), answer.charge.period.ends.isoformat()) == (
        "2024-08-03",
        "2024-09-01",
    )
    assert status(here.service, card.card, moment(at)).reason == reason


def test_a_postpaid_card_has_a_period_a_month_that_renews_itself(counter: Counter) -> None:
    counter.at("2025-03-10 10:00")
    card = counter.issue("postpaid_bank_card", pays="postpaid")
    assert counter.refused(lambda: counter.order(card, "postpaid_month")) == "not-prepaid"
    assert counter.refused(lambda: counter.order(card)) == "not-prepaid"
    first = register_postpaid(counter.service, DESK, "register", card=card.card, product="postpaid_month")
    assert (str(first.period.starts), str(first.period.ends), first.period.price) == ("2025-03-10", "2025-03-31", 0)
    counter.at("2025-04-01 05:00")
    (renewed,) = renew_postpaid(counter.service, DESK)
    assert (str(renewed.period.starts), str(renewed.period.ends)) == ("2025-04-01", "2025-04-30")
    assert renew_postpaid(counter.service, DESK) == ()
    assert status(counter.service, card.card).usable
    # On the last day of a month the next one is given, so that lists of gates have it; months that were missed, too.
    counter.at("2025-06-30 10:00")
    ends = [str(one.period.ends) for one in renew_postpaid(counter.service, DESK, card=card.card)]
    assert ends == ["2025-05-31", "2025-06-30", "2025-07-31"]
    assert renew_postpaid(counter.service, DESK, card=counter.issue().card) == ()


def test_a_number_that_the_state_gave_is_no_account(here: Counter) -> None:
    card = here.issue()
    ask = {"card": card.card, "namespace": "passes/account", "account": "900101-1234568"}
    assert here.refused(lambda: register_card(here.service, DESK, "r", **ask)) == "identifier-of-a-person"


def test_a_medium_is_written_with_all_that_is_charged_and_nothing_that_is_over(here: Counter) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from donghaeng.services.passes.medium import check_slot, moment_of
    from donghaeng.services.passes.rollout import Signer
    from donghaeng.services.passes.writing import medium_content

    signer = Signer(3, Ed25519PrivateKey.from_private_bytes(bytes(32)))
    card = here.issue()
    assert medium_content(here.service, signer, card=card.card) == ()
    here.charge(card, "d30_transit_bike")
    here.at("2024-08-28 10:00").charge(card, "d30_transit_bike")
    slots = medium_content(here.service, signer, card=card.card)
    medium = here.state.medium(card.medium)
    assert medium is not None
    now = here.service.section.days
    read = [check_slot(one, medium.number, signer.trusted, 150_000_000) for one in slots]
    assert [moment_of(one.starts) for one in read] == [
        now.start(moment("2024-08-01 00:00").date()),
        now.start(moment("2024-08-31 00:00").date()),
    ]
    here.at("2024-09-01 10:00")
    assert len(medium_content(here.service, signer, card=card.card)) == 1
    stop_medium(here.service, DESK, "stop", card=card.card, cause="lost")
    assert here.refused(lambda: medium_content(here.service, signer, card=card.card)) == "medium-denied"


def test_an_unknown_card_is_told_as_unknown(here: Counter) -> None:
    assert here.refused(lambda: status(here.service, "nobody")) == "unknown-card"
    order = {"card": "nobody", "product": "d30_transit"} | APP
    from donghaeng.services.passes.charging import place_order

    assert here.refused(lambda: place_order(here.service, SELLER, "x", **order)) == "unknown-card"


def test_the_tables_are_what_the_entries_come_to(counter: Counter) -> None:
    card = counter.youth(medium="physical")
    counter.charge(card, channel="station_machine", payment="cash", told={"line": "line_9"})
    replace_medium(counter.service, DESK, "replace", card=card.card, medium="mobile", cause="defective")
    counter.charge(counter.state.card(card.card))
    before = {table.name: rows(counter, table) for table in OWN_TABLES}
    assert rebuild(counter.ledger) == len(list(counter.ledger.entries()))
    assert {table.name: rows(counter, table) for table in OWN_TABLES} == before
    assert verify(counter.ledger.store, []).holds


def rows(counter: Counter, table: object) -> list[tuple[object, ...]]:
    from sqlalchemy import Table, select

    from donghaeng.ledger.statement import Statement

    assert isinstance(table, Table)
    return sorted(map(tuple, counter.ledger.store.query(Statement(select(table)))), key=repr)
