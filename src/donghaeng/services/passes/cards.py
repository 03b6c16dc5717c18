"""Cards: given out, registered, verified for a category, stopped, replaced, blocked; and what one may do now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from donghaeng.identifiers import find_identifier
from donghaeng.services.passes.agents import commission_on_card, selling_agent
from donghaeng.services.passes.policy import Ruling
from donghaeng.services.passes.quotes import words
from donghaeng.services.passes.refusal import PassRefusedError
from donghaeng.services.passes.service import PassService, Who, card_stream, utc
from donghaeng.services.passes.state import Block, Card, Charge, Medium

#: Why a medium is stopped.
CAUSES = ("lost", "stolen", "defective", "misuse", "refund")


def issue_card(
    service: PassService,
    who: Who,
    key: str,
    *,
    medium: str,
    channel: str,
    pays: str = "prepaid",
    agent: str | None = None,
    card: str | None = None,
) -> Card:
    """Give out a card on a first medium.

    Args:
        service: the service.
        who: who gives it out.
        key: names the request.
        medium: kind of medium.
        channel: where it is sold.
        pays: ``prepaid`` or ``postpaid``.
        agent: the agent who sells it, from stock.
        card: id of the card; None for a new one.

    Raises:
        PassRefusedError: an unknown code, a medium for other cards, an agent without stock.
    """
    policy = service.policy
    policy.check_code("channels", channel)
    kind = policy.medium(medium)
    if kind.pays != pays:
        raise PassRefusedError("wrong-medium", f"{medium} is for cards that are {kind.pays}; give another medium")
    own_key = service.key(who, "issue", key)
    asked: dict[str, Any] = {"medium_kind": medium, "pays": pays, "channel": channel, "agent": agent}
    asked |= {"card": card} if card else {}
    day = service.day()
    price = policy.medium_price(medium, day)

    def work() -> str:
        if (known := service.earlier(own_key, asked)) is not None:
            return str(known["card"])
        seller = selling_agent(service, who, agent, cards=1)
        new = card or service.new_id()
        if service.state.find_card(new) is not None:
            raise PassRefusedError("key-reused", "a card of this id was given out; leave the id to the service")
        body = asked | {
            "card": new,
            "medium": service.new_id(),
            "category": service.section.usual_category,
            "price": price,
            "on": day,
            "organisation": who.organisation,
            "commission": commission_on_card(seller),
        }
        service.record(service.entry(card_stream(new), "card-issued", body, own_key, position=0))
        return new

    return service.state.card(service.serially(work))


def register_card(service: PassService, who: Who, key: str, *, card: str, namespace: str, account: str) -> Card:
    """Register a card to a person, who is known by an account; the ledger gets a pseudonym.

    Args:
        service: the service; its ledger has persons.
        who: who registers it.
        key: names the request.
        card: id of the card.
        namespace: kind of account.
        account: the account; never a number that the state gave.

    Raises:
        PassRefusedError: no such card, or it is registered to somebody else or closed.
    """
    if service.ledger.persons is None:
        raise PassRefusedError("card-not-registered", "this service was opened without the keys of persons")
    if find_identifier(account) or find_identifier(namespace):
        text = "the account looks like a number that the state gave; give that of the account"
        raise PassRefusedError("identifier-of-a-person", text)
    person = service.ledger.persons.person(namespace, account)
    own_key = service.key(who, "register", key)
    asked: dict[str, Any] = {"card": card, "person": person}

    def work() -> None:
        if service.earlier(own_key, asked) is not None:
            return
        position = service.position(card_stream(card))
        found = _open_card(service, card)
        if found.person is not None and found.person != person:
            raise PassRefusedError("card-registered", "the card is registered to somebody else")
        if found.person == person:
            return
        body = asked | {"on": service.day()}
        service.record(service.entry(card_stream(card), "card-registered", body, own_key, position=position))

    service.serially(work)
    return service.state.card(card)


def verify_category(
    service: PassService, who: Who, key: str, *, card: str, category: str, facts: Mapping[str, Any]
) -> tuple[Card, Ruling | None]:
    """Let a person prove a category, or give it up; what they show is used and not kept.

    Args:
        service: the service.
        who: who looked at the proof.
        key: names the request.
        card: id of the card.
        category: the category; the usual one gives the discount up.
        facts: facts of the person, as the table of eligibility asks them.

    Returns:
        The card, and what the table said.

    Raises:
        PassRefusedError: not registered, not eligible, facts are missing, another card has the discount.
    """
    service.policy.check_code("categories", category)
    discount = service.section.model.categories[category].verified
    own_key = service.key(who, "verify", key)
    asked: dict[str, Any] = {"card": card, "category": category}
    rulings: list[Ruling] = []

    def work() -> None:
        rulings.clear()
        if service.earlier(own_key, asked) is not None:
            return
        position = service.position(card_stream(card))
        found = _open_card(service, card)
        day = service.day()
        if not discount:
            body = asked | {"on": day}
            service.record(service.entry(card_stream(card), "category-left", body, own_key, position=position))
            return
        if found.person is None:
            raise PassRefusedError("card-not-registered", "a discount needs a registered card; register it first")
        rulings.extend(_eligibility(service, found, category, facts, day))
        verify_by = next((one.outcome.get("verify_by") for one in rulings if one.role == "verification"), None)
        body = asked | {
            "person": found.person,
            "discount": True,
            "on": day,
            "verify_by": verify_by,
            "decisions": tuple(one.basis for one in rulings),
        }
        service.record(
            service.entry(
                card_stream(card), "category-verified", body, own_key, position=position, rulings=tuple(rulings)
            )
        )

    service.serially(work)
    return service.state.card(card), rulings[0] if rulings else None


def _eligibility(service: PassService, card: Card, category: str, facts: Mapping[str, Any], day: date) -> list[Ruling]:
    """Ask who may have a category; raise unless the answer is yes."""
    policy, rulings = service.policy, []
    if policy.has("eligibility"):
        told = policy.rule("eligibility", day, facts, category=category)
        if told.decision.missing:
            missing = list(told.decision.missing)
            raise PassRefusedError("missing-facts", f"facts are missing: {', '.join(missing)}", missing=missing)
        if told.is_open:
            text = "the rule is not known for this case; a named role fixes it first"
            raise PassRefusedError("rule-unknown", text, setting=told.setting)
        if told.meaning != "eligible":
            raise PassRefusedError("not-eligible", words(told), reason=told.decision.reason)
        rulings.append(told)
    assert card.person is not None  # noqa: S101 - the caller has looked
    other = service.state.discounted_card(card.person)
    is_second = other is not None and other != card.card
    if policy.has("verification"):
        again = policy.rule("verification", day, category=category, other_discounted_card=is_second, verified_on=day)
        if again.meaning == "refused":
            raise PassRefusedError("discount-held", words(again), reason=again.decision.reason)
        rulings.append(again)
    if is_second:
        raise PassRefusedError("discount-held", "the person has a discounted card; give that one up first")
    return rulings


def stop_medium(service: PassService, who: Who, key: str, *, card: str, cause: str, place: str | None = None) -> Medium:
    """Deny the present medium of a card from now on: lost, stolen, defective, misused, or before a refund.

    Raises:
        PassRefusedError: no such card, an unknown cause, or the medium is denied already.
    """
    if cause not in CAUSES:
        raise PassRefusedError("unknown-code", f"no such cause; expected one of {', '.join(CAUSES)}")
    own_key = service.key(who, "stop", key)
    asked: dict[str, Any] = {"card": card, "cause": cause, "place": place}

    def work() -> None:
        if service.earlier(own_key, asked) is not None:
            return
        position = service.position(card_stream(card))
        found = service.state.card(card)
        medium = _medium(service, found)
        if medium.state != "active":
            raise PassRefusedError("medium-denied", f"the medium is {medium.state} already", cause=medium.cause)
        body = asked | {"medium": medium.medium, "on": service.day()}
        service.record(service.entry(card_stream(card), "medium-stopped", body, own_key, position=position))

    service.serially(work)
    return _medium(service, service.state.card(card))


def reinstate_medium(service: PassService, who: Who, key: str, *, card: str, reason: str) -> Medium:
    """Let a stopped medium be good again, with those of its periods of which no refund was asked.

    Raises:
        PassRefusedError: no such card, or its medium was not stopped.
    """
    own_key = service.key(who, "reinstate", key)
    asked: dict[str, Any] = {"card": card, "reason": reason, "resumes": True}

    def work() -> None:
        if service.earlier(own_key, asked) is not None:
            return
        position = service.position(card_stream(card))
        medium = _medium(service, _open_card(service, card))
        if medium.state != "stopped":
            raise PassRefusedError("medium-denied", f"the medium is {medium.state}; nothing is to be reinstated")
        body = asked | {"medium": medium.medium, "on": service.day()}
        service.record(service.entry(card_stream(card), "medium-reinstated", body, own_key, position=position))

    service.serially(work)
    return _medium(service, service.state.card(card))


def replace_medium(
    service: PassService,
    who: Who,
    key: str,
    *,
    card: str,
    medium: str,
    cause: str,
    agent: str | None = None,
) -> Card:
    """Give a card another medium. Registration, category and history go over to it; periods do not.

    Raises:
        PassRefusedError: no such card, it is closed, or an unknown kind of medium or cause.
    """
    if cause not in CAUSES:
        raise PassRefusedError("unknown-code", f"no such cause; expected one of {', '.join(CAUSES)}")
    kind = service.policy.medium(medium)
    own_key = service.key(who, "replace", key)
    asked: dict[str, Any] = {"card": card, "medium_kind": medium, "cause": cause, "agent": agent}

    def work() -> None:
        if service.earlier(own_key, asked) is not None:
            return
        position = service.position(card_stream(card))
        found = _open_card(service, card)
        if kind.pays != found.pays:
            raise PassRefusedError("wrong-medium", f"{medium} is for cards that are {kind.pays}; give another medium")
        selling_agent(service, who, agent, cards=1)
        day = service.day()
        body = asked | {
            "medium": found.medium,
            "new_medium": service.new_id(),
            "price": service.policy.medium_price(medium, day),
            "on": day,
            "organisation": who.organisation,
        }
        service.record(service.entry(card_stream(card), "medium-replaced", body, own_key, position=position))

    service.serially(work)
    return service.state.card(card)


def block_card(
    service: PassService,
    who: Who,
    key: str,
    *,
    card: str,
    cause: str,
    starts: datetime | None = None,
    ends: datetime | None = None,
) -> Block:
    """Block a card for a time, or until the block is lifted.

    Raises:
        PassRefusedError: no such card, or the block ends before it starts.
    """
    own_key = service.key(who, "block", key)
    first, last = utc(starts or service.clock()), utc(ends) if ends else None
    if last is not None and last <= first:
        raise PassRefusedError("time-out-of-range", "the block ends before it starts; give a later end")
    asked: dict[str, Any] = {"card": card, "cause": cause, "ends": last}
    if starts is not None:
        asked["starts"] = first

    def work() -> str:
        if (known := service.earlier(own_key, asked)) is not None:
            return str(known["block"])
        position = service.position(card_stream(card))
        service.state.card(card)
        body = {"starts": first, "block": f"desk/{service.new_id()}"} | asked
        service.record(service.entry(card_stream(card), "card-blocked", body, own_key, position=position))
        return str(body["block"])

    block = service.serially(work)
    return next(one for one in service.state.blocks_of(card) if one.block == block)


def lift_block(service: PassService, who: Who, key: str, *, card: str, block: str, reason: str) -> Block:
    """Lift a block before its end.

    Raises:
        PassRefusedError: the card has no such block, or it was lifted.
    """
    own_key = service.key(who, "lift", key)
    asked: dict[str, Any] = {"card": card, "block": block, "reason": reason}

    def found() -> Block:
        for one in service.state.blocks_of(card):
            if one.block == block:
                return one
        raise PassRefusedError("unknown-block", "the card has no such block; look at its status")

    def work() -> None:
        if service.earlier(own_key, asked) is not None:
            return
        position = service.position(card_stream(card))
        service.state.card(card)
        if found().lifted_at is not None:
            raise PassRefusedError("block-lifted", "the block was lifted before")
        service.record(service.entry(card_stream(card), "card-block-lifted", asked, own_key, position=position))

    service.serially(work)
    return found()


def close_card(service: PassService, who: Who, key: str, *, card: str, reason: str) -> Card:
    """End a card: it is charged no more, its medium is denied, and its discount is free for another card.

    Raises:
        PassRefusedError: no such card, or it is closed.
    """
    own_key = service.key(who, "close", key)
    asked: dict[str, Any] = {"card": card, "reason": reason}

    def work() -> None:
        if service.earlier(own_key, asked) is not None:
            return
        position = service.position(card_stream(card))
        found = _open_card(service, card)
        body = asked | {"medium": found.medium, "on": service.day()}
        service.record(service.entry(card_stream(card), "card-closed", body, own_key, position=position))

    service.serially(work)
    return service.state.card(card)


@dataclass(frozen=True)
class Status:
    """What a card may do at a moment.

    Attributes:
        card: the card.
        medium: its present medium.
        at: the moment.
        day: its service day.
        usable: whether a gate opens where the pass is valid.
        reason: why, or why not, in the words of gates: ``ok``, ``stopped``, ``blocked``, ``no_pass``, ``not_started``,
            ``expired``.
        current: the period that covers the day, or the last that did.
        charges: all periods.
        blocks: the blocks that hold at the moment.
        verified: whether the category holds, for a category that must be verified; None for another.
    """

    card: Card
    medium: Medium
    at: datetime
    day: date
    usable: bool
    reason: str
    current: Charge | None
    charges: tuple[Charge, ...]
    blocks: tuple[Block, ...]
    verified: bool | None

    @property
    def days_left(self) -> int:
        """Service days that are left of the current period, today included."""
        return self.current.period.days_left(self.day) if self.current and self.reason == "ok" else 0


def status(service: PassService, card: str, at: datetime | None = None) -> Status:
    """Say what a card may do at a moment; now for None.

    Raises:
        PassRefusedError: there is no such card.
    """
    at = at or service.clock()
    found = service.state.card(card)
    medium = _medium(service, found)
    day = service.day(at)
    charges = service.state.charges_of(card)
    held = tuple(
        block
        for block in service.state.blocks_of(card)
        if block.holds(utc(at)) and block.medium in {None, medium.medium}
    )
    good = [one for one in charges if one.state == "active" and one.period.medium == medium.medium]
    current = next((one for one in good if one.period.covers(day)), None)
    later = next((one for one in good if one.period.starts > day), None)
    past = next((one for one in reversed(good) if one.period.ends < day), None)
    if medium.state != "active" or found.state == "closed":
        reason = "stopped"
    elif held:
        reason = "blocked"
    elif current is not None:
        reason = "ok"
    elif later is not None:
        reason = "not_started"
    else:
        reason = "expired" if past is not None else "no_pass"
    return Status(
        found,
        medium,
        at,
        day,
        reason == "ok",
        reason,
        current or later or past,
        charges,
        held,
        category_holds(service, found, day),
    )


def category_holds(service: PassService, card: Card, day: date) -> bool | None:
    """Say whether the category of a card is verified on a day; None for a category that need not be."""
    if not service.section.model.categories[card.category].verified:
        return None
    ruling = verification(service, card, day)
    return True if ruling is None else ruling.meaning in {"valid", "not_needed"}


def verification(service: PassService, card: Card, day: date) -> Ruling | None:
    """Ask whether the verification of a card holds on a day; None where the pack has no table for it."""
    if not service.policy.has("verification"):
        return None
    return service.policy.rule(
        "verification",
        day,
        category=card.category,
        other_discounted_card=False,
        verified_on=card.verified_on,
    )


def _open_card(service: PassService, card: str) -> Card:
    found = service.state.card(card)
    if found.state == "closed":
        raise PassRefusedError("card-closed", "the card was closed; give out another one")
    return found


def _medium(service: PassService, card: Card) -> Medium:
    found = service.state.medium(card.medium)
    assert found is not None  # noqa: S101 - a card is never without its medium
    return found
