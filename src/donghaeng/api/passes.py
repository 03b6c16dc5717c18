"""The routes of the pass service under ``/v1/passes``: quotes, cards, orders, payments, refunds, claims and agents.

What changes something takes the header ``Idempotency-Key``: the same request made again answers the same. A refusal is
a problem whose first error has its code; further errors give details by name, and its words in other languages. The
taps of gates are in `donghaeng.api.taps`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Path, Query

from donghaeng.api import pass_bodies as bodies
from donghaeng.api.access import Caller, KeyedRoute, needs
from donghaeng.api.pass_bodies import Answer
from donghaeng.api.problems import Wrong
from donghaeng.api.service_routes import not_recordable, refusal, request_key, wrong_values
from donghaeng.errors import InputError
from donghaeng.ledger.faults import RefusedError
from donghaeng.services.passes import agents, cards, charging, claims, postpaid, refunds, views
from donghaeng.services.passes.refusal import PassRefusedError
from donghaeng.services.passes.rollout import Signer
from donghaeng.services.passes.service import LONGEST_KEY, PassService, Who
from donghaeng.services.passes.writing import medium_content

T = TypeVar("T")

Anybody = Annotated[
    Caller,
    Depends(needs("passes:seller", "passes:desk", "passes:operator", "passes:gate", "passes:analyst")),
]
Seller = Annotated[Caller, Depends(needs("passes:seller", "passes:desk"))]
Desk = Annotated[Caller, Depends(needs("passes:desk"))]
Provider = Annotated[Caller, Depends(needs("passes:seller"))]
Operator = Annotated[Caller, Depends(needs("passes:operator"))]
Payer = Annotated[Caller, Depends(needs("passes:desk", "passes:operator"))]
SellerOrOperator = Annotated[Caller, Depends(needs("passes:seller", "passes:desk", "passes:operator"))]
AtFacility = Annotated[Caller, Depends(needs("passes:seller", "passes:desk", "passes:gate"))]
AgentKeeper = Annotated[Caller, Depends(needs("passes:seller", "passes:operator"))]

#: Ids in addresses are printable and of ASCII; a store takes no other characters of control.
PRINTABLE = r"^[!-~]+$"

Key = Annotated[str, request_key(LONGEST_KEY)]
Asked = Annotated[bodies.Moment | None, Query(description="The moment that is asked about; now without it")]
CardId = Annotated[str, Path(min_length=1, max_length=100, pattern=PRINTABLE, description="Id of the card")]
OrderId = Annotated[str, Path(min_length=1, max_length=100, pattern=PRINTABLE, description="Id of the order")]
RefundId = Annotated[str, Path(min_length=1, max_length=100, pattern=PRINTABLE, description="Id of the refund")]
ClaimId = Annotated[str, Path(min_length=1, max_length=100, pattern=PRINTABLE, description="Id of the claim")]
AgentId = Annotated[str, Path(min_length=1, max_length=60, pattern=PRINTABLE, description="Id of the agent")]

#: Where accounts of pass holders stand in the map of persons, whoever registers them: one person is one person.
NAMESPACE = "passes"


def told(work: Callable[[], T]) -> T:
    """Run what the service does; what it refuses becomes a problem.

    Raises:
        Refused: with the code of the refusal, or the faults of what was given.
    """
    try:
        return work()
    except PassRefusedError as error:
        more = {name: views.plain(value) for name, value in error.details.items()}
        more |= {language: text for language, text in error.words.items() if text != error.text}
        details = [
            Wrong(name, ", ".join(map(str, value)) if isinstance(value, list) else str(value), "", "", "detail")
            for name, value in more.items()
        ]
        raise refusal(error.status, error.text, error.code, details) from None
    except InputError as error:
        raise wrong_values(error, "body") from None
    except RefusedError:
        raise not_recordable() from None


def make_router(service: PassService, prefix: str = "/v1", signer: Signer | None = None) -> APIRouter:
    """Make the routes.

    Args:
        service: the service; its pack is the only one whose passes are sold here.
        prefix: what every path begins with.
        signer: the key that gates trust for charging; None where media are written elsewhere.
    """
    router = APIRouter(prefix=f"{prefix}/passes", route_class=KeyedRoute, tags=["passes"])
    _selling(router, service)
    _cards(router, service)
    _refunds(router, service)
    _desk(router, service)
    _agents(router, service)
    if signer is not None:
        _writing(router, service, signer)
    return router


def _writing(router: APIRouter, service: PassService, signer: Signer) -> None:
    @router.get("/cards/{card}/medium", operation_id="pass_medium_content")
    def content(card: CardId, _caller: Seller) -> Answer:
        """Give the signed slots that a machine writes on the medium, in hexadecimal: all of them, and nothing else."""
        return told(lambda: {"card": card, "slots": [one.hex() for one in medium_content(service, signer, card=card)]})


def _who(caller: Caller) -> Who:
    return Who(caller.organisation, caller.key_id)


def _selling(router: APIRouter, service: PassService) -> None:
    @router.get("/catalogue", operation_id="pass_catalogue")
    def catalogue(_caller: Anybody) -> Answer:
        """List products, categories, media, channels and means of payment, with their names."""
        return views.catalogue_view(service.section)

    @router.post("/quotes", operation_id="pass_quote")
    def quote(asked: bodies.QuoteAsked, _caller: Seller) -> Answer:
        """Say what a product costs now, or then, and what it gives, with the warnings to be shown before paying."""
        at = service.section.days.start(asked.on) if asked.on is not None else asked.at
        return told(
            lambda: views.quote_view(
                charging.quote_for(
                    service,
                    product=asked.product,
                    category=asked.category,
                    start=asked.start,
                    card=asked.card,
                    channel=asked.channel,
                    payment=asked.payment,
                    told=asked.facts,
                    at=at,
                ),
            )
        )

    @router.post("/orders", operation_id="place_pass_order", status_code=201)
    def order(asked: bodies.OrderAsked, key: Key, caller: Seller) -> Answer:
        """Choose a product for a card; it is to be paid until the order expires."""

        def work() -> Answer:
            placed, made = charging.place_order(
                service,
                _who(caller),
                key,
                card=asked.card,
                product=asked.product,
                channel=asked.channel,
                payment=asked.payment,
                category=asked.category,
                start=asked.start,
                agent=asked.agent,
                told=asked.facts,
            )
            shown = views.quote_view(made) if made else None
            return {"order": views.order_view(placed), "quote": shown}

        return told(work)

    @router.get("/orders/{order}", operation_id="show_pass_order")
    def show_order(order: OrderId, caller: Seller) -> Answer:
        """Show an order of one's own organisation, with its payments."""

        def work() -> Answer:
            found = service.state.order(order, caller.organisation)
            payments = [views.payment_view(one) for one in service.state.payments_of(order)]
            return {**views.order_view(found), "payments": payments}

        return told(work)

    @router.post("/orders/{order}/cancellation", operation_id="cancel_pass_order")
    def cancel(order: OrderId, asked: bodies.Reason, key: Key, caller: Seller) -> Answer:
        """Give an order up before it is paid."""
        return told(
            lambda: views.order_view(
                charging.cancel_order(service, _who(caller), key, order=order, reason=asked.reason)
            )
        )

    @router.post("/payments", operation_id="tell_pass_payment")
    def payment(asked: bodies.PaymentTold, caller: Provider) -> Answer:
        """Tell that an order was paid. The answer says whether it gave a period, or is held to be given back."""
        return told(
            lambda: views.payment_answer_view(
                charging.receive_payment(
                    service,
                    _who(caller),
                    payment=asked.payment,
                    order=asked.order,
                    amount=asked.amount,
                    means=asked.means,
                    paid_at=asked.paid_at,
                )
            )
        )

    @router.post("/payments/return", operation_id="return_pass_payment")
    def return_payment(asked: bodies.PaymentNamed, key: Key, caller: AgentKeeper) -> Answer:
        """Record that money which was held went back."""
        return told(
            lambda: views.payment_view(charging.return_payment(service, _who(caller), key, payment=asked.payment))
        )


def _cards(router: APIRouter, service: PassService) -> None:
    def shown(card: Any) -> Answer:
        return views.card_view(card, service.state.medium(card.medium))

    @router.post("/cards", operation_id="issue_pass_card", status_code=201)
    def issue(asked: bodies.CardAsked, key: Key, caller: Seller) -> Answer:
        """Give out a card on a first medium."""
        return told(
            lambda: shown(
                cards.issue_card(
                    service,
                    _who(caller),
                    key,
                    medium=asked.medium,
                    channel=asked.channel,
                    pays=asked.pays,
                    agent=asked.agent,
                )
            )
        )

    @router.get("/cards/{card}", operation_id="pass_card_status")
    def status(card: CardId, _caller: SellerOrOperator, at: Asked = None) -> Answer:
        """Say what a card may do now, or then, and why, with its periods and blocks."""

        def work() -> Answer:
            service.state.card(card)
            # A card that is paid after use renews itself; what is due is given before it is asked about.
            postpaid.renew_postpaid(service, Who("service", "renewal"), card=card)
            return views.status_view(service.section, cards.status(service, card, at))

        return told(work)

    @router.post("/cards/{card}/registration", operation_id="register_pass_card")
    def register(card: CardId, asked: bodies.Registration, key: Key, caller: Desk) -> Answer:
        """Register a card to an account; the ledger gets a pseudonym."""
        namespace = f"{NAMESPACE}/{asked.namespace}"
        return told(
            lambda: shown(
                cards.register_card(service, _who(caller), key, card=card, namespace=namespace, account=asked.account)
            )
        )

    @router.post("/cards/{card}/category", operation_id="verify_pass_category")
    def category(card: CardId, asked: bodies.CategoryAsked, key: Key, caller: Desk) -> Answer:
        """Prove a category, or give it up; the facts are used and not kept."""

        def work() -> Answer:
            found, ruling = cards.verify_category(
                service, _who(caller), key, card=card, category=asked.category, facts=asked.facts
            )
            return {**shown(found), "decision": views.ruling_view(ruling) if ruling else None}

        return told(work)

    @router.post("/cards/{card}/stop", operation_id="stop_pass_medium")
    def stop(card: CardId, asked: bodies.StopAsked, key: Key, caller: Seller) -> Answer:
        """Deny the medium of a card from now on, as a machine does before a refund."""
        return told(
            lambda: views.medium_view(
                cards.stop_medium(service, _who(caller), key, card=card, cause=asked.cause, place=asked.place)
            )
        )

    @router.post("/cards/{card}/reinstatement", operation_id="reinstate_pass_medium")
    def reinstate(card: CardId, asked: bodies.Reason, key: Key, caller: Desk) -> Answer:
        """Let a stopped medium be good again."""
        return told(
            lambda: views.medium_view(
                cards.reinstate_medium(service, _who(caller), key, card=card, reason=asked.reason)
            )
        )

    @router.post("/cards/{card}/replacement", operation_id="replace_pass_medium")
    def replace(card: CardId, asked: bodies.ReplacementAsked, key: Key, caller: Desk) -> Answer:
        """Give a card another medium: the account goes over to it, periods do not."""
        return told(
            lambda: shown(
                cards.replace_medium(
                    service, _who(caller), key, card=card, medium=asked.medium, cause=asked.cause, agent=asked.agent
                )
            )
        )

    @router.post("/cards/{card}/blocks", operation_id="block_pass_card")
    def block(card: CardId, asked: bodies.BlockAsked, key: Key, caller: Desk) -> Answer:
        """Block a card for a time, or until the block is lifted."""
        return told(
            lambda: views.block_view(
                cards.block_card(
                    service, _who(caller), key, card=card, cause=asked.cause, starts=asked.starts, ends=asked.ends
                )
            )
        )

    @router.post("/cards/{card}/blocks/lift", operation_id="lift_pass_block")
    def lift(card: CardId, asked: bodies.LiftAsked, key: Key, caller: Desk) -> Answer:
        """Lift a block before its end."""
        return told(
            lambda: views.block_view(
                cards.lift_block(service, _who(caller), key, card=card, block=asked.block, reason=asked.reason)
            )
        )

    @router.post("/cards/{card}/closing", operation_id="close_pass_card")
    def close(card: CardId, asked: bodies.Reason, key: Key, caller: Desk) -> Answer:
        """End a card."""
        return told(lambda: shown(cards.close_card(service, _who(caller), key, card=card, reason=asked.reason)))

    @router.post("/cards/{card}/postpaid", operation_id="register_postpaid_pass")
    def register_later(card: CardId, asked: bodies.PostpaidAsked, key: Key, caller: Desk) -> Answer:
        """Register a postpaid card for a product that is billed after use."""
        return told(
            lambda: views.charge_view(
                postpaid.register_postpaid(service, _who(caller), key, card=card, product=asked.product)
            )
        )


def _refunds(router: APIRouter, service: PassService) -> None:
    @router.post("/refunds/quote", operation_id="quote_pass_refund")
    def quote(asked: bodies.RefundOf, _caller: Seller) -> Answer:
        """Say what a refund would be now; a range where the rule is unknown or only inferred."""
        return told(lambda: views.refund_quote_view(refunds.quote_refund(service, **asked.model_dump())))

    @router.post("/refunds", operation_id="ask_pass_refund", status_code=201)
    def ask(asked: bodies.RefundOf, key: Key, caller: Desk) -> Answer:
        """Ask for the refund of a period; it cannot be withdrawn, and another key pays it."""
        return told(lambda: views.refund_view(refunds.ask_refund(service, _who(caller), key, **asked.model_dump())))

    @router.get("/refunds", operation_id="list_asked_pass_refunds")
    def asked_for(caller: Payer) -> Answer:
        """List the refunds that wait to be paid or refused; `own` are those that the same key asked for."""
        waiting = service.state.refunds_asked()
        return {"refunds": [{**views.refund_view(one), "own": one.asked_by == caller.key_id} for one in waiting]}

    @router.get("/refunds/{refund}", operation_id="show_pass_refund")
    def show(refund: RefundId, _caller: Payer) -> Answer:
        """Show a refund."""
        return told(lambda: views.refund_view(service.state.refund(refund)))

    @router.post("/refunds/{refund}/payment", operation_id="pay_pass_refund")
    def pay(refund: RefundId, key: Key, caller: Payer) -> Answer:
        """Pay a refund that another key asked for; a range once a named role has fixed what holds."""
        return told(lambda: views.refund_view(refunds.pay_refund(service, _who(caller), key, refund=refund)))

    @router.post("/refunds/{refund}/refusal", operation_id="refuse_pass_refund")
    def refuse(refund: RefundId, asked: bodies.Reason, key: Key, caller: Payer) -> Answer:
        """Refuse a refund that was asked for; it may be asked for again."""
        return told(
            lambda: views.refund_view(
                refunds.refuse_refund(service, _who(caller), key, refund=refund, reason=asked.reason)
            )
        )

    @router.post("/later-refunds/quote", operation_id="quote_later_pass_refund")
    def quote_later(asked: bodies.LaterRefundOf, _caller: Desk) -> Answer:
        """Say what is paid back for periods that ran to their end."""
        return told(
            lambda: views.later_refund_view(refunds.quote_later_refund(service, card=asked.card, facts=asked.facts))
        )

    @router.post("/later-refunds", operation_id="ask_later_pass_refund", status_code=201)
    def ask_later(asked: bodies.LaterRefundOf, key: Key, caller: Desk) -> Answer:
        """Ask for what is paid back for periods that ran to their end."""
        return told(
            lambda: views.refund_view(
                refunds.ask_later_refund(service, _who(caller), key, card=asked.card, facts=asked.facts)
            )
        )


def _desk(router: APIRouter, service: PassService) -> None:
    @router.get("/cards/{card}/evidence", operation_id="pass_card_evidence")
    def evidence(card: CardId, _caller: Desk) -> Answer:
        """Give every entry about a card and its orders, with the hashes that prove them, its refunds and claims."""

        def work() -> Answer:
            found = claims.evidence(service, card)
            return {
                "card": found.card,
                "entries": list(found.entries),
                "refunds": [views.refund_view(one) for one in service.state.refunds_of(card)],
                "claims": [views.claim_view(one) for one in service.state.claims_of(card)],
            }

        return told(work)

    @router.post("/claims", operation_id="open_pass_claim", status_code=201)
    def claim(asked: bodies.ClaimAsked, key: Key, caller: Desk) -> Answer:
        """Open a claim about a card, or dispute a decided one."""
        return told(
            lambda: views.claim_view(
                claims.open_claim(
                    service,
                    _who(caller),
                    key,
                    card=asked.card,
                    subject=asked.subject,
                    charge=asked.charge,
                    disputes=asked.disputes,
                )
            )
        )

    @router.get("/claims/{claim}", operation_id="show_pass_claim")
    def show(claim: ClaimId, _caller: Desk) -> Answer:
        """Show a claim."""
        return told(lambda: views.claim_view(service.state.claim(claim)))

    @router.post("/claims/{claim}/decision", operation_id="decide_pass_claim")
    def decide(claim: ClaimId, asked: bodies.ClaimResult, key: Key, caller: Desk) -> Answer:
        """Decide a claim by the evidence; money that is granted is a partial refund, which another key pays."""
        return told(
            lambda: views.claim_view(
                claims.decide_claim(
                    service,
                    _who(caller),
                    key,
                    claim=claim,
                    upheld=asked.upheld,
                    reason=asked.reason,
                    amount=asked.amount,
                )
            )
        )

    @router.post("/settings", operation_id="fix_pass_rule")
    def fix(asked: bodies.SettingAsked, key: Key, caller: Operator) -> Answer:
        """Fix what holds where a rule is unknown or only inferred."""

        def work() -> Answer:
            claims.fix_rule(
                service,
                _who(caller),
                key,
                setting=asked.setting,
                choose=asked.choose,
                fixed_by=asked.fixed_by,
                reason=asked.reason,
                amount=asked.amount,
                starts=asked.starts,
            )
            return {"settings": list(service.state.fixed())}

        return told(work)

    @router.get("/settings", operation_id="list_pass_settings")
    def settings(_caller: Payer) -> Answer:
        """List what was fixed, by whom and from when."""
        return {"settings": list(service.state.fixed())}

    @router.post("/surcharges", operation_id="propose_pass_surcharge")
    def surcharge(asked: bodies.SurchargeAsked, key: Key, caller: Desk) -> Answer:
        """Propose a surcharge for misuse to a person; nothing is charged."""
        return told(
            lambda: views.surcharge_view(claims.propose_surcharge(service, _who(caller), key, **asked.model_dump()))
        )

    @router.post("/facilities", operation_id="pass_facility_discount")
    def facility(asked: bodies.FacilityAsked, _caller: AtFacility) -> Answer:
        """Say what discount a card gives at a facility now."""
        return told(
            lambda: views.facility_view(claims.facility_discount(service, card=asked.card, facility=asked.facility))
        )


def _agents(router: APIRouter, service: PassService) -> None:
    @router.post("/agents", operation_id="enrol_pass_agent", status_code=201)
    def enrol(asked: bodies.AgentAsked, key: Key, caller: AgentKeeper) -> Answer:
        """Let an agent sell for a commission."""
        return told(
            lambda: views.agent_view(
                agents.enrol_agent(
                    service,
                    _who(caller),
                    key,
                    agent=asked.agent,
                    per_mille=asked.per_mille,
                    per_card=asked.per_card,
                )
            )
        )

    @router.get("/agents/{agent}", operation_id="show_pass_agent")
    def show(agent: AgentId, caller: AgentKeeper) -> Answer:
        """Show an agent of one's own organisation: stock, what was taken, and what is owed."""
        return told(lambda: views.agent_view(service.state.agent(agent, caller.organisation)))

    @router.post("/agents/{agent}/stock", operation_id="stock_pass_agent")
    def stock(agent: AgentId, asked: bodies.StockAsked, key: Key, caller: AgentKeeper) -> Answer:
        """Hand cards to an agent, or take them back."""
        return told(
            lambda: views.agent_view(agents.stock_agent(service, _who(caller), key, agent=agent, cards=asked.cards))
        )

    @router.post("/agents/{agent}/remittance", operation_id="remit_pass_agent")
    def remit(agent: AgentId, asked: bodies.RemittanceAsked, key: Key, caller: AgentKeeper) -> Answer:
        """Take in money that an agent hands over."""
        return told(
            lambda: views.agent_view(agents.remit(service, _who(caller), key, agent=agent, amount=asked.amount))
        )

    @router.post("/agents/{agent}/closing", operation_id="close_pass_agent")
    def close(agent: AgentId, asked: bodies.Reason, key: Key, caller: AgentKeeper) -> Answer:
        """Let an agent sell no more; what is owed stays owed."""
        return told(
            lambda: views.agent_view(agents.close_agent(service, _who(caller), key, agent=agent, reason=asked.reason))
        )
