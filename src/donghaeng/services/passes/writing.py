"""What a machine writes on a medium: a signed slot for each period that is not over, and nothing else."""

from __future__ import annotations

from datetime import datetime

from donghaeng.services.passes.gate import code_book
from donghaeng.services.passes.medium import Carried, seconds, write_slot
from donghaeng.services.passes.refusal import PassRefusedError
from donghaeng.services.passes.rollout import Signer
from donghaeng.services.passes.service import PassService
from donghaeng.services.passes.service_day import BETWEEN_RIGHTS


def medium_content(service: PassService, signer: Signer, *, card: str) -> tuple[bytes, ...]:
    """Give what the present medium of a card is to carry: all of it is written, so that nothing older stays on it.

    Args:
        service: the service.
        signer: the key that gates trust for charging.
        card: id of the card.

    Returns:
        Slots by the starts of their periods; none where nothing is charged or all is over.

    Raises:
        PassRefusedError: no such card, its medium is denied, or of a kind that carries no period.
    """
    found = service.state.card(card)
    medium = service.state.medium(found.medium)
    if medium is None or medium.state != "active":
        raise PassRefusedError("medium-denied", "the medium was stopped; nothing is written on it")
    if not service.policy.medium(medium.kind).carries_period:
        raise PassRefusedError("wrong-medium", f"{medium.kind} carries no period; gates know it from the full list")
    book, days, today = code_book(service.section), service.section.days, service.day()
    return tuple(
        write_slot(
            Carried(
                signer.number,
                medium.number,
                book.product(one.period.product),
                book.category(one.period.category),
                book.bits(one.period.rights.split(BETWEEN_RIGHTS) if one.period.rights else ()),
                seconds(days.start(one.period.starts)),
                seconds(days.end(one.period.ends)),
                seconds(datetime.fromisoformat(one.period.charged_at)),
            ),
            signer.key,
        )
        for one in service.state.charges_of(card)
        if one.state == "active" and one.period.medium == medium.medium and one.period.ends >= today
    )
