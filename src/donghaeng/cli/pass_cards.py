"""``donghaeng pass register`` and ``pass renew``: accounts and categories of cards, months that are paid after use."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from donghaeng.cli.ledger import DEFAULT_URL, LedgerOption
from donghaeng.cli.output import JsonOption, console, plain, print_json
from donghaeng.cli.pass_ import (
    AtOption,
    ByOption,
    CardOption,
    KeyOption,
    MasterOption,
    PackOption,
    _facts,
    _opened,
    _told,
    _who,
    app,
)


@app.command("register")
def register(
    pack: PackOption,
    card: CardOption,
    account: Annotated[str, typer.Option(help="Register it to this account; needs --master-key.")] = "",
    category: Annotated[
        str, typer.Option(help="Verify it for this category, with --fact; the usual one gives a discount up.")
    ] = "",
    fact: Annotated[
        list[str], typer.Option("--fact", metavar="NAME=VALUE", help="What the category asks; may be repeated.")
    ] = [],  # noqa: B006, typer copies it
    postpaid: Annotated[
        str, typer.Option("--postpaid", metavar="PRODUCT", help="Register it for this product, billed after use.")
    ] = "",
    master_key: MasterOption = None,
    url: LedgerOption = DEFAULT_URL,
    at: AtOption = "",
    by: ByOption = "desk",
    key: KeyOption = "",
    as_json: JsonOption = False,
) -> None:
    """Register a card that was given out, verify it (again) for a category, or register it to be paid after use."""
    from donghaeng.errors import UsageError
    from donghaeng.services.passes.cards import register_card, verify_category
    from donghaeng.services.passes.postpaid import register_postpaid
    from donghaeng.services.passes.views import card_view, charge_view, ruling_view

    if not (account or category or postpaid):
        raise UsageError("say what to register: --account, --category or --postpaid")
    if account and master_key is None:
        raise UsageError("--account needs --master-key FILE, made by `donghaeng ledger keygen`")
    if fact and not category:
        raise UsageError("--fact answers what a category asks; give --category with it")
    with _opened(pack, url, at, master_key) as service, _told():
        who = _who(by)
        # Verified again months later, it is another request.
        name = key or f"{card}/{service.clock().isoformat()}"
        made = service.state.card(card)
        shown: dict[str, Any] = {}
        if account:
            made = register_card(service, who, name, card=card, namespace="account", account=account)
        if category:
            asked = _facts(service, "eligibility", fact)
            made, ruling = verify_category(service, who, name, card=card, category=category, facts=asked)
            shown["decision"] = ruling_view(ruling) if ruling is not None else None
        if postpaid:
            shown["period"] = charge_view(register_postpaid(service, who, name, card=card, product=postpaid))
        shown = card_view(made, service.state.medium(made.medium)) | shown
    if as_json:
        print_json(shown)
        return
    again = f", to be verified again by {made.verify_by}" if made.verify_by else ""
    registered = "registered" if made.person else "not registered"
    console().print(f"card {card}: {registered}, {made.category}{again}", soft_wrap=True)
    if postpaid:
        period = shown["period"]
        console().print(f"  {period['product']}: {period['starts']} to {period['ends']}, billed after use")


@app.command("renew")
def renew(
    pack: PackOption,
    card: Annotated[str, typer.Option("--card", metavar="ID", help="This card alone. Default: all.")] = "",
    bill_too: Annotated[
        bool, typer.Option("--bill", help="Bill the periods that are over, once, by the rides that are known.")
    ] = False,
    url: LedgerOption = DEFAULT_URL,
    at: AtOption = "",
    by: ByOption = "desk",
    as_json: JsonOption = False,
) -> None:
    """Give postpaid cards the month that is due, and bill those that are over. Made again, it changes nothing."""
    from donghaeng.services.passes.billing import bill
    from donghaeng.services.passes.postpaid import renew_postpaid
    from donghaeng.services.passes.refusal import PassRefusedError
    from donghaeng.services.passes.views import charge_view, refusal_view

    with _opened(pack, url, at) as service, _told():
        who = _who(by)
        if card:
            service.state.card(card)
        renewed = renew_postpaid(service, who, card=card or None)
        bills: list[dict[str, Any]] = []
        refused: list[dict[str, Any]] = []
        for each in ([card] if card else service.state.postpaid_cards()) if bill_too else ():
            for charge in service.state.charges_of(each):
                period = charge.period
                if service.policy.product(period.product).pays != "postpaid" or period.ends >= service.day():
                    continue
                try:
                    bills.append(bill(service, who, period.charge))
                except PassRefusedError as error:
                    refused.append({"card": each, "charge": period.charge, "refused": refusal_view(error)})
    names = ("card", "charge", "on", "used_transit", "used_most", "bike_days", "transit", "more", "amount", "rows")
    periods = [{"card": one.period.card, **charge_view(one)} for one in renewed]
    billed = [{name: one[name] for name in names} for one in bills]
    if as_json:
        print_json({"renewed": periods, "bills": billed, "not_billed": refused})
        return
    screen = console()
    for made in periods:
        screen.print(f"card {made['card']}: {made['product']}, {made['starts']} to {made['ends']}", soft_wrap=True)
    for made in billed:
        screen.print(f"card {made['card']}: billed {made['amount']:,} for the month to {made['on']}", soft_wrap=True)
    for made in refused:
        screen.print(f"card {made['card']}: not billed, {made['refused']['code']}: {plain(made['refused']['text'])}")
    if not (periods or billed or refused):
        screen.print("nothing is due")
