"""Agents who sell for the service: stock, commission, and what they hand over."""

from __future__ import annotations

from typing import Any

from donghaeng.services.passes.refusal import PassRefusedError
from donghaeng.services.passes.section import BACK_PERCENT
from donghaeng.services.passes.service import PassService, Who, agent_stream
from donghaeng.services.passes.state import Agent, Charge

MOST_CARDS = 1_000_000
#: How much of a commission goes back where the pack does not say it, in percent.
USUAL_BACK_PERCENT = 100


def enrol_agent(service: PassService, who: Who, key: str, *, agent: str, per_mille: int, per_card: int) -> Agent:
    """Let an agent sell for the service, for a commission.

    Args:
        service: the service.
        who: whose agent it is.
        key: names the request.
        agent: id of the agent, letters, digits and hyphens.
        per_mille: commission on what is charged, rounded down.
        per_card: commission on a card sold, whole units of money.

    Raises:
        PassRefusedError: the id is taken, or not fit.
    """
    if not agent or len(agent) > 60 or not agent.replace("-", "").isalnum() or not agent.isascii():
        raise PassRefusedError("empty", "the id of an agent has letters, digits and hyphens, 60 at most")
    if not 0 <= per_mille <= 1000 or per_card < 0:
        raise PassRefusedError("amount-out-of-range", "a commission is 0 to 1,000 per mille, and no less than 0 a card")
    own_key = service.key(who, "enrol", key)
    asked: dict[str, Any] = {"agent": agent, "organisation": who.organisation}
    asked |= {"per_mille": per_mille, "per_card": per_card}

    def work() -> None:
        if service.earlier(own_key, asked) is None:
            if service.state.find_agent(agent) is not None:
                raise PassRefusedError("agent-known", "an agent has this id; give another")
            service.record(service.entry(agent_stream(agent), "agent-enrolled", asked, own_key, position=0))

    service.serially(work)
    return service.state.agent(agent, who.organisation)


def stock_agent(service: PassService, who: Who, key: str, *, agent: str, cards: int) -> Agent:
    """Hand cards to an agent, or take them back where the number is negative.

    Raises:
        PassRefusedError: no such agent, or more are taken back than there are.
    """
    if not cards or abs(cards) > MOST_CARDS:
        raise PassRefusedError("amount-out-of-range", f"give a number of cards, 1 to {MOST_CARDS:,}, or negative")
    own_key = service.key(who, "stock", key)
    asked: dict[str, Any] = {"agent": agent, "cards": cards}

    def work() -> None:
        if service.earlier(own_key, asked) is None:
            position = service.position(agent_stream(agent))
            if _active(service, who, agent).stock + cards < 0:
                raise PassRefusedError("out-of-stock", "the agent has fewer cards than are taken back")
            service.record(service.entry(agent_stream(agent), "agent-stocked", asked, own_key, position=position))

    service.serially(work)
    return service.state.agent(agent, who.organisation)


def remit(service: PassService, who: Who, key: str, *, agent: str, amount: int) -> Agent:
    """Take in money that an agent hands over.

    Raises:
        PassRefusedError: no such agent, or more than the agent owes.
    """
    if amount <= 0:
        raise PassRefusedError("amount-out-of-range", "the amount is more than 0")
    own_key = service.key(who, "remit", key)
    asked: dict[str, Any] = {"agent": agent, "amount": amount}

    def work() -> None:
        if service.earlier(own_key, asked) is None:
            position = service.position(agent_stream(agent))
            found = service.state.agent(agent, who.organisation)
            if amount > found.owes:
                raise PassRefusedError("over-remitted", f"the agent owes {found.owes:,}; give no more", owes=found.owes)
            service.record(service.entry(agent_stream(agent), "agent-remitted", asked, own_key, position=position))

    service.serially(work)
    return service.state.agent(agent, who.organisation)


def close_agent(service: PassService, who: Who, key: str, *, agent: str, reason: str) -> Agent:
    """Let an agent sell no more; what is owed stays owed.

    Raises:
        PassRefusedError: no such agent.
    """
    own_key = service.key(who, "close-agent", key)
    asked: dict[str, Any] = {"agent": agent, "reason": reason}

    def work() -> None:
        if service.earlier(own_key, asked) is None:
            position = service.position(agent_stream(agent))
            _active(service, who, agent)
            service.record(service.entry(agent_stream(agent), "agent-closed", asked, own_key, position=position))

    service.serially(work)
    return service.state.agent(agent, who.organisation)


def selling_agent(service: PassService, who: Who, agent: str | None, cards: int = 0) -> Agent | None:
    """Give the agent who sells, None for a sale without one.

    Raises:
        PassRefusedError: no such agent, closed, or without the cards.
    """
    if agent is None:
        return None
    found = _active(service, who, agent)
    if found.stock < cards:
        raise PassRefusedError("out-of-stock", "the agent has no card left; hand some over first")
    return found


def commission_on_card(agent: Agent | None) -> int:
    """Give the commission on a card sold."""
    return agent.per_card if agent else 0


def commission_on_charge(agent: Agent | None, amount: int) -> int:
    """Give the commission on a charge, rounded down."""
    return amount * agent.per_mille // 1000 if agent else 0


def commission_back(service: PassService, charge: Charge, amount: int) -> tuple[str | None, int]:
    """Say what an agent gives back of a commission when a charge is refunded in whole or in part.

    That is the part of the commission which the refund is of the price, times the setting `BACK_PERCENT` of the pack, a
    number or the name of a dated value of the day of the charge. It is counted for all refunds of the charge together,
    and rounded down. What was paid for the sale of a card stays paid.

    Args:
        service: the service.
        charge: the charge, with what was refunded of it before.
        amount: what is refunded now.

    Returns:
        The agent, None for a sale without one, and the amount.
    """
    sold = service.earlier(f"passes/charge/{charge.period.charge}", {})
    if sold is None or not sold.get("agent"):
        return None, 0
    setting = service.section.model.settings.get(BACK_PERCENT)
    value = USUAL_BACK_PERCENT if setting is None else setting.value
    percent = int(service.policy.value(value, charge.charged_on) if isinstance(value, str) else value)
    whole = 100 * max(1, charge.period.price)
    before, after = (
        sold["commission"] * percent * refunded // whole for refunded in (charge.refunded, charge.refunded + amount)
    )
    return sold["agent"], after - before


def _active(service: PassService, who: Who, agent: str) -> Agent:
    found = service.state.agent(agent, who.organisation)
    if found.state != "active":
        raise PassRefusedError("agent-closed", "the agent sells no more")
    return found
