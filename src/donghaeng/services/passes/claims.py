"""The claims desk: the evidence of one card, claims and disputes, what a role fixes, proposals, and facilities."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec

from donghaeng.services.passes.cards import status
from donghaeng.services.passes.policy import Ruling
from donghaeng.services.passes.refusal import PassRefusedError
from donghaeng.services.passes.service import VALUE_OF_USE, PassService, Who, card_stream, order_stream
from donghaeng.services.passes.state import Claim

#: Longest text of a reason or subject.
LONGEST_TEXT = 500
LARGEST_PART = 10_000_000


@dataclass(frozen=True)
class Evidence:
    """What is known of one card: every entry about it, in order, with the hash that proves it.

    Attributes:
        card: id of the card.
        entries: plain values of the entries of the card and its orders, in the order of recording.
    """

    card: str
    entries: tuple[dict[str, Any], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Stream and position of the entries, as a decision refers to them."""
        return tuple(f"{one['stream']} {one['position']}" for one in self.entries)


def evidence(service: PassService, card: str) -> Evidence:
    """Gather the evidence of one card; persons stand in it by pseudonym only.

    Raises:
        PassRefusedError: there is no such card.
    """
    service.state.card(card)
    found = list(service.ledger.stream(card_stream(card)))
    for order in service.state.orders_of(card):
        found += service.ledger.stream(order_stream(order.order_id))
    found.sort(key=lambda entry: entry.sequence)
    return Evidence(
        card,
        tuple(
            {
                "stream": entry.stream,
                "position": entry.position,
                "kind": entry.kind,
                "effective_at": entry.effective_at,
                "recorded_at": entry.recorded_at,
                "decision": entry.decision_id,
                "body": msgspec.json.decode(entry.body),
                "hash": entry.hash.hex(),
            }
            for entry in found
        ),
    )


def open_claim(
    service: PassService,
    who: Who,
    key: str,
    *,
    card: str,
    subject: str,
    charge: str | None = None,
    disputes: str | None = None,
) -> Claim:
    """Open a claim about a card, or dispute what was decided on one.

    Args:
        service: the service.
        who: who takes it in.
        key: names the request.
        card: id of the card.
        subject: what it is about, in a few words, without names or numbers of persons.
        charge: the period that it is about.
        disputes: the decided claim that is disputed.

    Raises:
        PassRefusedError: no such card, period or claim, or the disputed claim is not decided.
    """
    _text(subject)
    own_key = service.key(who, "claim", key)
    asked: dict[str, Any] = {"card": card, "subject": subject, "charge": charge, "disputes": disputes}

    def work() -> str:
        if (known := service.earlier(own_key, asked)) is not None:
            return str(known["claim"])
        position = service.position(card_stream(card))
        service.state.card(card)
        if charge is not None and service.state.charge(charge).period.card != card:
            raise PassRefusedError("unknown-period", "the card has no such period")
        if disputes is not None:
            earlier = service.state.claim(disputes)
            if earlier.card != card or earlier.state == "open":
                raise PassRefusedError("unknown-claim", "only a decided claim of the same card can be disputed")
        claim = service.new_id()
        body = asked | {"claim": claim, "opened_by": who.key}
        service.record(service.entry(card_stream(card), "claim-opened", body, own_key, position=position))
        return claim

    return service.state.claim(service.serially(work))


def decide_claim(
    service: PassService,
    who: Who,
    key: str,
    *,
    claim: str,
    upheld: bool,
    reason: str,
    amount: int = 0,
) -> Claim:
    """Decide a claim by the evidence of its card. Money that is granted is a partial refund, which another key pays.

    Args:
        service: the service.
        who: who decides; for a dispute another than who decided the claim before.
        key: names the request.
        claim: id of the claim.
        upheld: whether it is right.
        reason: why, in a few words.
        amount: what is granted, at most what is left of the price of the period; 0 for nothing.

    Raises:
        PassRefusedError: no such claim, it is decided, or an amount that cannot be granted.
    """
    _text(reason)
    if not 0 <= amount <= LARGEST_PART or (amount and not upheld):
        raise PassRefusedError("amount-out-of-range", "an amount is granted with an upheld claim, and not below 0")
    own_key = service.key(who, "decide", key)
    result = "upheld" if upheld else "rejected"
    asked: dict[str, Any] = {"claim": claim, "result": result, "amount": amount, "reason": reason}

    def work() -> None:
        if service.earlier(own_key, asked) is not None:
            return
        card = service.state.claim(claim).card
        position = service.position(card_stream(card))
        found = service.state.claim(claim)
        if found.state != "open":
            raise PassRefusedError("claim-decided", "the claim was decided; dispute it with a new one")
        if found.disputes and service.state.claim(found.disputes).decided_by == who.key:
            raise PassRefusedError("same-key", "a dispute is decided by another key than the claim it disputes")
        entries = []
        refund = None
        if amount:
            if found.charge is None:
                raise PassRefusedError("unknown-period", "money is granted for a period; open the claim for its charge")
            charge = service.state.charge(found.charge)
            asked_for = sum(
                one.most
                for one in service.state.refunds_of(card)
                if one.state == "asked" and one.charge == found.charge
            )
            if amount > charge.left - asked_for:
                left = max(0, charge.left - asked_for)
                raise PassRefusedError("range-exceeded", f"{left:,} is left of the price; grant no more", left=left)
            refund = service.new_id()
        body = asked | {
            "card": card,
            "evidence": evidence(service, card).names,
            "refund": refund,
            "decided_by": who.key,
        }
        entries.append(service.entry(card_stream(card), "claim-decided", body, own_key, position=position))
        if refund is not None:
            part = {
                "refund": refund,
                "card": card,
                "charge": found.charge,
                "kind": "part",
                "cause": "claim",
                "rule": f"claim/{claim}",
                "least": amount,
                "most": amount,
                "way": "bank_account",
                "asked_by": who.key,
                "claim": claim,
            }
            entries.append(service.entry(card_stream(card), "refund-asked", part, f"{own_key}/refund"))
        service.record(*entries)

    service.serially(work)
    return service.state.claim(claim)


def fix_rule(
    service: PassService,
    who: Who,
    key: str,
    *,
    setting: str,
    choose: str,
    fixed_by: str,
    reason: str,
    amount: int | None = None,
    starts: date | None = None,
) -> None:
    """Fix what holds where a rule of the pack is unknown or only inferred; an entry of its own.

    Args:
        service: the service.
        who: whose key it is.
        key: names the request.
        setting: role of the table and id of the row, as refusals name it, such as ``refund/short_pass_rule_unknown``.
        choose: ``least`` or ``most`` of a range, ``amount`` for a given amount, or a result of the table.
        fixed_by: the role of who decides, such as ``head of passes``; no name of a person.
        reason: why, in a few words.
        amount: the amount, for ``amount``.
        starts: first service day; None for today.

    Raises:
        PassRefusedError: the pack has no such row, it is not open, or a choice that it does not have.
    """
    _text(fixed_by)
    _text(reason)
    role, _, row_id = setting.partition("/")
    policy = service.policy
    results: Collection[str] = ()
    if setting != VALUE_OF_USE:
        table = next((one for name, one in policy.tables.items() if name == role), None)
        row = next((one for one in table.table.rows if one.id == row_id), None) if table else None
        if table is None or row is None:
            raise PassRefusedError("unknown-code", "a setting is named ROLE/ROW, as the refusal says it")
        if row.kind not in {"unknown", "inferred", "second_hand"}:
            raise PassRefusedError("rule-unknown", f"{setting} is {row.kind}; only a rule that is open can be fixed")
        results = table.table.outcomes["result"].type.codes
    if choose not in {"least", "most", "amount", *results}:
        raise PassRefusedError("unknown-code", f"choose least, most, amount or one of {', '.join(results)}")
    if (choose == "amount") != (amount is not None) or (amount is not None and not 0 <= amount <= LARGEST_PART):
        raise PassRefusedError("amount-out-of-range", "give an amount with the choice amount, and only then")
    own_key = service.key(who, "fix", key)
    asked: dict[str, Any] = {"setting": setting, "choose": choose, "amount": amount, "fixed_by": fixed_by}
    asked |= {"starts": starts} if starts else {}

    def work() -> None:
        if service.earlier(own_key, asked) is None:
            stream = f"setting/{setting}"
            position = service.position(stream)
            body = {"starts": service.day()} | asked | {"key": who.key, "reason": reason}
            service.record(service.entry(stream, "rule-fixed", body, own_key, position=position))

    service.serially(work)


def propose_surcharge(
    service: PassService,
    who: Who,
    key: str,
    *,
    card: str,
    misuse: str,
    fares: int,
    proven: bool,
    rides: Sequence[str] = (),
) -> Ruling:
    """Propose a surcharge for misuse to a person. Nothing is ever charged by this.

    Args:
        service: the service.
        who: who proposes it.
        key: names the request.
        card: id of the card.
        misuse: code of the misuse, as the table has it.
        fares: what the single tickets of the rides add up to, whole units of money.
        proven: whether a person has established the misuse.
        rides: the rides, as taps name them.

    Raises:
        PassRefusedError: no such card, a code or amount that cannot be, or the pack has no rule.
    """
    policy = service.policy
    if not policy.has("surcharge"):
        raise PassRefusedError("rule-unknown", "the pack has no rule for surcharges")
    codes = policy.table("surcharge").all_inputs.get("misuse")
    if codes is not None and codes.type.codes and misuse not in codes.type.codes:
        raise PassRefusedError("unknown-code", f"no such misuse; expected one of {', '.join(codes.type.codes)}")
    if not 0 <= fares <= LARGEST_PART:
        raise PassRefusedError("amount-out-of-range", "fares are not below 0, nor above what rides can cost")
    own_key = service.key(who, "surcharge", key)
    asked: dict[str, Any] = {"card": card, "misuse": misuse, "fares": fares, "rides": tuple(rides)}
    service.state.card(card)
    ruling = policy.rule("surcharge", service.day(), proven=proven, misuse=misuse, fares=fares)
    if ruling.meaning == "propose_to_a_person" and service.earlier(own_key, asked) is None:
        body = asked | {
            "proposal": service.new_id(),
            "least": ruling.least or 0,
            "most": ruling.most or 0,
            "proposed_by": who.key,
            "decisions": (ruling.basis,),
        }
        service.record(service.entry(card_stream(card), "surcharge-proposed", body, own_key, rulings=(ruling,)))
    return ruling


def facility_discount(service: PassService, *, card: str, facility: str) -> Ruling:
    """Say what discount a card gives at a facility now, while its pass is valid.

    Raises:
        PassRefusedError: no such card, or the pack knows no such facility.
    """
    policy = service.policy
    if not policy.has("facility"):
        raise PassRefusedError("unknown-code", "the pack names no facilities")
    bound = service.section.model.tables["facility"]
    asked = policy.table("facility").all_inputs[bound.facts.get("facility", "facility")]
    if asked.type.codes and facility not in asked.type.codes:
        raise PassRefusedError("unknown-code", f"no such facility; expected one of {', '.join(asked.type.codes)}")
    now = status(service, card)
    product = now.current.period.product if now.current else None
    return policy.rule("facility", now.day, facility=facility, pass_valid=now.usable, product=product)


def _text(text: str) -> None:
    if not 0 < len(text) <= LONGEST_TEXT or not text.isprintable():
        raise PassRefusedError("empty", f"a text has 1 to {LONGEST_TEXT} printable characters")
