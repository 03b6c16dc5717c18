"""Many sales in few commits: cards given out and charged by the same rules, entries and tables as one by one.

For what arrives as a list: another system's sales, or a simulated month. Each sale brings its ids and its time, so that
a list that is sent again changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from typing import Any

from donghaeng.ledger.entry import NewEntry
from donghaeng.ledger.faults import ConflictError
from donghaeng.services.passes.charging import present_period
from donghaeng.services.passes.policy import Ruling
from donghaeng.services.passes.quotes import Quote, quote
from donghaeng.services.passes.refusal import PassRefusedError
from donghaeng.services.passes.service import PassService, Who, card_stream, order_stream, utc
from donghaeng.services.passes.service_day import Period

#: Sales in one commit.
AT_ONCE = 200
#: Quotes and rulings that are kept: of one day there are few different ones.
MOST_KEPT = 50_000


@dataclass(frozen=True, slots=True)
class Sale:
    """One product sold on one card, paid at once.

    Attributes:
        sale: id of the sale, which becomes that of the order, the payment and the charge.
        card: id of the card; one that is not there is given out with it.
        medium: id of the medium of a card that is given out with it.
        medium_kind: its kind.
        product: code of the product.
        channel: where it was sold.
        payment: means of payment.
        at: when, with zone.
        start: chosen first day; None for the first possible one.
        category: category of the rider; None for the usual one.
        person: pseudonym of who registers a card that is given out with it; None for nobody.
        facts: what a person shows for a category that must be verified; used and not kept.
        told: what the table of channels asks beside.
    """

    sale: str
    card: str
    medium: str
    medium_kind: str
    product: str
    channel: str
    payment: str
    at: datetime
    start: date | None = None
    category: str | None = None
    person: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    told: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A sale that the rules refuse: its id, and the code of the refusal."""

    sale: str
    code: str


@dataclass(slots=True)
class _Account:
    """A card as far as a list of sales has come."""

    medium: str
    category: str
    verified_on: date | None
    present: Period | None


def sell_many(service: PassService, who: Who, sales: Iterable[Sale], at_once: int = AT_ONCE) -> list[Refusal]:
    """Record sales, so many in one commit, in the order in which they happened.

    Args:
        service: the service.
        who: who sold.
        sales: the sales; those of one card in order of time.
        at_once: sales in one commit.

    Returns:
        The sales that the rules refuse; nothing of them is recorded.
    """
    selling = _Selling(service, who)
    refused: list[Refusal] = []
    waiting = iter(sales)
    while chunk := list(islice(waiting, at_once)):
        try:
            refused += selling.sell(chunk)
        except ConflictError:
            # One of them does not fit what is recorded, such as a second discounted card of a person.
            for sale in chunk:
                try:
                    refused += selling.sell([sale])
                except ConflictError:
                    refused.append(Refusal(sale.sale, "busy" if sale.person is None else "discount-held"))
    return refused


class _Selling:
    """Makes the entries of sales."""

    def __init__(self, service: PassService, who: Who) -> None:
        self.service, self.who = service, who
        self.accounts: dict[str, _Account] = {}
        self._quotes: dict[Any, Quote] = {}
        self._eligible: dict[Any, tuple[Ruling, ...]] = {}

    def sell(self, sales: Iterable[Sale]) -> list[Refusal]:
        """Record sales in one commit; gives those that the rules refuse."""
        self.accounts.clear()
        refused: list[Refusal] = []
        entries: list[NewEntry] = []
        for sale in sales:
            try:
                entries += self.entries_of(sale)
            except PassRefusedError as error:
                refused.append(Refusal(sale.sale, error.code))
        self.service.record(*entries)
        return refused

    def entries_of(self, sale: Sale) -> list[NewEntry]:
        """Give the entries of a sale; none of one that was recorded before."""
        service = self.service
        if service.state.find_order(sale.sale) is not None:
            return []
        day = service.day(sale.at)
        account = self.accounts.get(sale.card) or self._known(sale.card, day)
        entries: list[NewEntry] = []
        if account is None:
            account, entries = self._issued(sale, day)
        if account.present is not None and account.present.ends < day:
            account.present = None
        category = sale.category or account.category
        made = self._quote(sale, category, day, account.present)
        if service.section.model.categories[made.category].verified:
            if made.category != account.category:
                raise PassRefusedError("not-eligible", "the card is not verified for the category")
            if not self._holds(account, day):
                made = self._quote(sale, service.section.usual_category, day, account.present)
        if made.refused is not None:
            raise made.refused
        if made.amount is None or made.starts is None or made.ends is None:
            raise PassRefusedError("not-prepaid", "the product is billed after use")
        entries += self._sold(sale, made, account)
        account.present = Period(
            sale.card,
            account.medium,
            sale.product,
            made.category,
            made.starts,
            made.ends,
            sale.at.isoformat(),
            sale.sale,
            made.amount,
            made.rights,
        )
        self.accounts[sale.card] = account
        return entries

    def _known(self, card: str, day: date) -> _Account | None:
        found = self.service.state.find_card(card)
        if found is None:
            return None
        medium = self.service.state.medium(found.medium)
        if found.state != "active" or medium is None or medium.state != "active":
            raise PassRefusedError("card-closed", "the card was closed, or its medium stopped")
        present = present_period(self.service.state.charges_of(card), day)
        return _Account(found.medium, found.category, found.verified_on, present)

    def _issued(self, sale: Sale, day: date) -> tuple[_Account, list[NewEntry]]:
        service, policy = self.service, self.service.policy
        kind = policy.medium(sale.medium_kind)
        if kind.pays != "prepaid" or sale.medium_kind not in policy.product(sale.product).media:
            raise PassRefusedError("wrong-medium", f"{sale.product} is not sold on {sale.medium_kind}")
        usual = service.section.usual_category
        body: dict[str, Any] = {
            "card": sale.card,
            "medium": sale.medium,
            "medium_kind": sale.medium_kind,
            "pays": "prepaid",
            "category": usual,
            "price": policy.medium_price(sale.medium_kind, day),
            "on": day,
            "channel": sale.channel,
            "organisation": self.who.organisation,
        }
        entries = [self._entry(sale, card_stream(sale.card), "card-issued", body, position=0)]
        account = _Account(sale.medium, usual, None, None)
        if sale.person is not None:
            body = {"card": sale.card, "person": sale.person, "on": day}
            entries.append(self._entry(sale, card_stream(sale.card), "card-registered", body))
            category = sale.category or usual
            if service.section.model.categories[category].verified:
                entries.append(self._verified(sale, category, day))
                account = _Account(sale.medium, category, day, None)
        return account, entries

    def _verified(self, sale: Sale, category: str, day: date) -> NewEntry:
        key = (category, day, tuple(sorted(sale.facts.items())))
        rulings = self._eligible.get(key)
        if rulings is None:
            policy, found = self.service.policy, []
            if policy.has("eligibility"):
                found.append(policy.rule("eligibility", day, sale.facts, category=category))
                if found[0].meaning != "eligible":
                    raise PassRefusedError("not-eligible", "the person may not have the category")
            if policy.has("verification"):
                found.append(self._verification(category, day, day))
            rulings = _keep(self._eligible, key, tuple(found))
        verify_by = next((one.outcome.get("verify_by") for one in rulings if one.role == "verification"), None)
        body = {
            "card": sale.card,
            "person": sale.person,
            "category": category,
            "discount": True,
            "on": day,
            "verify_by": verify_by,
            "decisions": tuple(one.basis for one in rulings),
        }
        return self._entry(sale, card_stream(sale.card), "category-verified", body, rulings=rulings)

    def _verification(self, category: str, verified_on: date | None, day: date) -> Ruling:
        return self.service.policy.rule(
            "verification", day, category=category, other_discounted_card=False, verified_on=verified_on
        )

    def _holds(self, account: _Account, day: date) -> bool:
        """Say whether the category of a card holds on a day, as it must be verified again now and then."""
        if not self.service.policy.has("verification"):
            return True
        key = (account.category, account.verified_on, day)
        if key not in self._eligible:
            _keep(self._eligible, key, (self._verification(account.category, account.verified_on, day),))
        return self._eligible[key][0].meaning in {"valid", "not_needed"}

    def _quote(self, sale: Sale, category: str, day: date, present: Period | None) -> Quote:
        until = (present.product, present.ends) if present is not None else None
        told = tuple(sorted(sale.told.items()))
        key = (sale.product, category, day, sale.start, sale.channel, sale.payment, told, until)
        found = self._quotes.get(key)
        if found is None:
            made = quote(
                self.service.policy,
                sale.product,
                category,
                day,
                start=sale.start,
                present=present,
                channel=sale.channel,
                payment=sale.payment,
                told=sale.told,
            )
            found = _keep(self._quotes, key, made)
        return found

    def _sold(self, sale: Sale, made: Quote, account: _Account) -> Iterator[NewEntry]:
        decisions = tuple(one.basis for one in made.rulings)
        shared = {"organisation": self.who.organisation, "amount": made.amount}
        order: dict[str, Any] = shared | {
            "order_id": sale.sale,
            "card": sale.card,
            "medium": account.medium,
            "product": sale.product,
            "category": made.category,
            "starts": sale.start,
            "on": made.on,
            "channel": sale.channel,
            "payment": sale.payment,
            "expires_at": utc(sale.at),
            "decisions": decisions,
        }
        paid: dict[str, Any] = shared | {
            "payment": f"{self.who.organisation}:{sale.sale}",
            "order_id": sale.sale,
            "means": sale.payment,
            "paid_at": utc(sale.at),
            "disposition": "charged",
            "reason": "paid",
        }
        charged: dict[str, Any] = {
            "card": sale.card,
            "medium": account.medium,
            "charge": sale.sale,
            "product": sale.product,
            "category": made.category,
            "starts": made.starts,
            "ends": made.ends,
            "on": made.on,
            "price": made.amount,
            "rights": made.rights,
            "later_refund": made.later_refund,
            "channel": sale.channel,
            "payment": sale.payment,
            "organisation": self.who.organisation,
            "decisions": decisions,
        }
        stream = order_stream(sale.sale)
        yield self._entry(sale, stream, "order-placed", order, position=0, rulings=made.rulings)
        yield self._entry(sale, stream, "payment-received", paid)
        yield self._entry(sale, card_stream(sale.card), "charged", charged, rulings=made.rulings)

    def _entry(
        self,
        sale: Sale,
        stream: str,
        kind: str,
        body: Mapping[str, Any],
        *,
        position: int | None = None,
        rulings: tuple[Ruling, ...] = (),
    ) -> NewEntry:
        key = self.service.key(self.who, f"bulk/{kind}", sale.sale)
        return self.service.entry(stream, kind, body, key, position=position, rulings=rulings, at=sale.at)


def _keep(kept: dict[Any, Any], key: Any, value: Any) -> Any:
    if len(kept) >= MOST_KEPT:
        kept.clear()
    kept[key] = value
    return value
