"""The claims desk: evidence of one card, disputes by another key, partial refunds, proposals, facilities, agents."""

from __future__ import annotations

import pytest

from donghaeng.services.passes.agents import close_agent, enrol_agent, remit, stock_agent
from donghaeng.services.passes.claims import (
    decide_claim,
    evidence,
    facility_discount,
    open_claim,
    propose_surcharge,
)
from donghaeng.services.passes.refunds import ask_refund, pay_refund
from donghaeng.services.passes.service import Who
from tests.passes.counters import DESK, PAYER, SELLER, Counter


def test_the_evidence_of_a_card_is_every_entry_about_it_in_order(counter: Counter) -> None:
    card, other = counter.registered(), counter.issue()
    counter.charge(card)
    counter.charge(other)
    found = evidence(counter.service, card.card)
    assert [one["kind"] for one in found.entries] == [
        *("card-issued", "card-registered", "order-placed", "payment-received", "charged"),
    ]
    assert all(len(one["hash"]) == 64 for one in found.entries)
    assert other.card not in str(found.entries)
    assert counter.refused(lambda: evidence(counter.service, "nobody")) == "unknown-card"


def test_an_upheld_claim_grants_a_part_that_another_key_pays(counter: Counter) -> None:
    card = counter.issue()
    charge = counter.charge(card).charge
    assert charge is not None
    claim = open_claim(
        counter.service, DESK, "open", card=card.card, subject="gate refused for two days", charge=charge.period.charge
    )
    too_much = lambda: decide_claim(  # noqa: E731
        counter.service, DESK, counter.key(), claim=claim.claim, upheld=True, reason="it did", amount=62_001
    )
    assert counter.refused(too_much) == "range-exceeded"
    decided = decide_claim(
        counter.service, DESK, "decide", claim=claim.claim, upheld=True, reason="two days lost", amount=4_000
    )
    assert decided.state == "upheld"
    assert decided.refund is not None
    same = lambda: pay_refund(counter.service, DESK, "pay", refund=str(decided.refund))  # noqa: E731
    assert counter.refused(same) == "same-key"
    assert pay_refund(counter.service, PAYER, "pay", refund=decided.refund).paid == 4_000
    left = counter.state.charge(charge.period.charge)
    assert (left.state, left.left) == ("active", 58_000)
    whole = ask_refund(counter.service, DESK, "whole", charge=charge.period.charge, used_transit=0)
    assert whole.most == 58_000  # never more than what is left of the price


def test_a_dispute_is_decided_by_another_key(counter: Counter) -> None:
    card = counter.issue()
    claim = open_claim(counter.service, DESK, "open", card=card.card, subject="tapped twice")
    early = lambda: open_claim(  # noqa: E731
        counter.service, DESK, "early", card=card.card, subject="again", disputes=claim.claim
    )
    assert counter.refused(early) == "unknown-claim"
    decide_claim(counter.service, DESK, "no", claim=claim.claim, upheld=False, reason="no second tap")
    dispute = open_claim(counter.service, DESK, "more", card=card.card, subject="there was", disputes=claim.claim)
    decide = {"claim": dispute.claim, "upheld": True, "reason": "there was"}
    assert counter.refused(lambda: decide_claim(counter.service, DESK, "y", **decide)) == "same-key"
    assert decide_claim(counter.service, PAYER, "y", **decide).state == "upheld"
    again = lambda: decide_claim(counter.service, PAYER, "z", **decide)  # noqa: E731
    assert counter.refused(again) == "claim-decided"


def test_the_reasons_of_a_decision_name_the_evidence(here: Counter) -> None:
    import json

    card = here.issue()
    claim = open_claim(here.service, DESK, "open", card=card.card, subject="lost a day")
    decide_claim(here.service, DESK, "d", claim=claim.claim, upheld=False, reason="not so")
    (body,) = [json.loads(one.body) for one in here.ledger.entries() if one.kind == "claim-decided"]
    assert body["evidence"] == [f"card/{card.card} 1", f"card/{card.card} 2"]


def test_a_surcharge_is_proposed_and_never_charged(counter: Counter) -> None:
    card = counter.issue()
    asked = {"card": card.card, "misuse": "card_sharing", "fares": 15_000}
    ruling = propose_surcharge(counter.service, DESK, "p", proven=True, **asked)
    assert (ruling.meaning, ruling.least, ruling.most) == ("propose_to_a_person", 15_000, 465_000)
    nothing = propose_surcharge(counter.service, DESK, "q", proven=False, **asked)
    assert nothing.meaning == "nothing"
    kinds = [one.kind for one in counter.ledger.entries()]
    assert kinds.count("surcharge-proposed") == 1
    assert not {"charged", "payment-received"} & set(kinds)
    wrong = {"card": card.card, "misuse": "theft", "fares": 1, "proven": True}
    assert counter.refused(lambda: propose_surcharge(counter.service, DESK, "r", **wrong)) == "unknown-code"


def test_facilities_give_their_discount_while_the_pass_is_valid(here: Counter) -> None:
    here.at("2024-08-10 10:00")
    card = here.issue()
    before = facility_discount(here.service, card=card.card, facility="seoul_grand_park")
    here.charge(card, "short_1")
    during = facility_discount(here.service, card=card.card, facility="seoul_grand_park")
    here.at("2024-08-11 10:00")
    after = facility_discount(here.service, card=card.card, facility="seoul_grand_park")
    assert [one.meaning for one in (before, during, after)] == ["no_discount", "discount", "no_discount"]
    assert during.outcome["percent"] == 50
    assert here.refused(lambda: facility_discount(here.service, card=card.card, facility="zoo")) == "unknown-code"


def test_an_agent_sells_from_stock_earns_commission_and_hands_over_the_rest(counter: Counter) -> None:
    service = counter.service
    enrol_agent(service, SELLER, "e", agent="kiosk-1", per_mille=8, per_card=100)
    out = lambda: counter.issue("physical", agent="kiosk-1")  # noqa: E731
    assert counter.refused(out) == "out-of-stock"
    stock_agent(service, SELLER, "s", agent="kiosk-1", cards=1)
    card = out()
    assert counter.refused(out) == "out-of-stock"
    counter.charge(card, channel="station_machine", payment="cash", told={"line": "line_9"}, agent="kiosk-1")
    found = counter.state.agent("kiosk-1", SELLER.organisation)
    assert (found.stock, found.taken, found.commission, found.owes) == (0, 65_000, 596, 64_404)
    too_much = lambda: remit(service, SELLER, "r", agent="kiosk-1", amount=64_405)  # noqa: E731
    assert counter.refused(too_much) == "over-remitted"
    assert remit(service, SELLER, "r", agent="kiosk-1", amount=64_404).owes == 0
    assert counter.refused(lambda: counter.state.agent("kiosk-1", "another")) == "unknown-agent"
    close_agent(service, SELLER, "c", agent="kiosk-1", reason="moved away")
    assert counter.refused(out) == "agent-closed"


@pytest.mark.parametrize("agent", ["", "a b", "가게", "x" * 61])
def test_ids_of_agents_are_letters_digits_and_hyphens(here: Counter, agent: str) -> None:
    enrol = lambda: enrol_agent(  # noqa: E731
        here.service, Who("shop", "k"), "e", agent=agent, per_mille=0, per_card=0
    )
    assert here.refused(enrol) == "empty"


def test_the_last_card_of_an_agent_is_sold_once(counter: Counter) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from donghaeng.services.passes.refusal import PassRefusedError

    enrol_agent(counter.service, SELLER, "e", agent="kiosk-2", per_mille=0, per_card=0)
    stock_agent(counter.service, SELLER, "s", agent="kiosk-2", cards=2)

    def sell(_number: int) -> str:
        try:
            return counter.issue("physical", agent="kiosk-2").card
        except PassRefusedError as error:
            return error.code

    with ThreadPoolExecutor(4) as threads:
        sold = list(threads.map(sell, range(5)))
    assert sold.count("out-of-stock") == 3
    assert counter.state.agent("kiosk-2", SELLER.organisation).stock == 0
