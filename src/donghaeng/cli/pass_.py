"""``donghaeng pass``: passes of public transport: prices, cards, charges, status and refunds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from donghaeng.cli.decide import day_of, given_facts
from donghaeng.cli.ledger import DEFAULT_URL, LedgerOption
from donghaeng.cli.output import JsonOption, console, counted, plain, print_json, print_table

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from donghaeng.catalogue.pack import Pack
    from donghaeng.services.passes.service import PassService, Who

app = typer.Typer(
    name="pass",
    help="Passes of public transport: prices, cards, charges, status and refunds.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

PackOption = Annotated[
    str,
    typer.Option("--pack", metavar="PACK", help="Folder of a pack with service/passes.yaml, or id of a shipped pack."),
]
AtOption = Annotated[
    str, typer.Option("--at", metavar="TIME", help="The time to take for now, such as 2026-05-20T09:00:00+09:00.")
]
KeyOption = Annotated[
    str, typer.Option("--key", metavar="TEXT", help="Names the request: with the same key it is done once.")
]
CardOption = Annotated[str, typer.Option("--card", metavar="ID", help="Id of the card.", show_default=False)]
ByOption = Annotated[str, typer.Option("--by", metavar="ID", help="Id of who asks; a refund is paid by another.")]
MasterOption = Annotated[
    Path | None, typer.Option("--master-key", metavar="FILE", help="File of the master key of persons.")
]
UsedOption = Annotated[
    int | None, typer.Option("--used", metavar="AMOUNT", help="Value of the rides, where the service does not know it.")
]
BikeOption = Annotated[int | None, typer.Option("--bike-days", metavar="N", help="Days on which a bike was used.")]


@app.callback()
def passes() -> None:
    """Passes of public transport: prices, cards, charges, status and refunds."""


@app.command("price")
def price(
    product: Annotated[str, typer.Option(help="Code of the product.", show_default=False)],
    pack: PackOption,
    category: Annotated[str, typer.Option(help="Category of the rider. Default: the usual one.")] = "",
    on: Annotated[str, typer.Option("--on", metavar="DATE", help="Service day of the charge. Default: today.")] = "",
    start: Annotated[
        str, typer.Option("--start", metavar="DATE", help="Chosen first day. Default: the first one.")
    ] = "",
    channel: Annotated[str, typer.Option(help="Where it is charged; needs --payment.")] = "",
    payment: Annotated[str, typer.Option(help="Means of payment; needs --channel.")] = "",
    fact: Annotated[
        list[str], typer.Option("--fact", metavar="NAME=VALUE", help="What the channel asks beside; may be repeated.")
    ] = [],  # noqa: B006, typer copies it
    at: AtOption = "",
    as_json: JsonOption = False,
) -> None:
    """Say what a product costs on a day, since when, by which source, and what it gives."""
    from donghaeng.cli.ledger import _time
    from donghaeng.errors import UsageError
    from donghaeng.services.passes.policy import Policy
    from donghaeng.services.passes.quotes import quote
    from donghaeng.services.passes.views import quote_view

    if (payment or fact) and not channel:
        raise UsageError("--payment and --fact say how it is charged; give --channel with them")
    found = _pack(pack)
    section = found.passes_section()
    moment = _time(at).astimezone(section.days.zone)
    with _told():
        made = quote(
            Policy(section),
            product,
            category or section.usual_category,
            day_of(on, "--on") or section.days.day(moment),
            today=None if on else moment.date(),
            start=day_of(start, "--start"),
            channel=channel or None,
            payment=payment or None,
            told=given_facts(fact),
        )
        shown = quote_view(made, found.sources)
    if as_json:
        print_json(shown)
        return
    screen = console()
    title = section.model.products[product].title
    sold = shown["sold"] and made.least is None
    amount = "billed after use" if sold else _amount(shown)
    screen.print(f"[bold]{plain(title.get('en') or product)}[/bold], {shown['category']}, {shown['on']}: {amount}")
    if made.cap is not None:
        least, most = made.cap
        ends = f"{least:,}" if least == most else f"{least:,} to {most:,}"
        screen.print(f"  billed at most for rides in the month of {shown['starts']}: {ends}", soft_wrap=True)
    if shown["later_refund"]:
        screen.print(f"  paid back for a period run to its end: {shown['later_refund']:,}")
    if shown.get("fee_percent") is not None:
        screen.print(f"  fee of this means of payment: {shown['fee_percent']} %")
    if shown["latest_start"]:
        days = f"{shown['starts']} to {shown['ends']} " if shown["ends"] else ""
        choice = f"{days}(may start {shown['earliest_start']} to {shown['latest_start']})"
        screen.print(f"  {choice}", soft_wrap=True)
    for text in (shown["because"], *shown["warnings"]):
        screen.print(f"  {plain(text.get('en', ''))}", soft_wrap=True)
    if shown["refused"]:
        screen.print(f"  [bold]{shown['refused']['code']}[/bold]: {plain(shown['refused']['text'])}", soft_wrap=True)
    screen.print(f"  in force from {shown['valid_from'] or 'the beginning'}, {shown['kind']}: {shown['source']}")


@app.command("issue")
def issue(
    pack: PackOption,
    medium: Annotated[str, typer.Option(help="Kind of medium, such as physical.", show_default=False)],
    channel: Annotated[str, typer.Option(help="Where it is sold.", show_default=False)],
    card: Annotated[str, typer.Option("--card", metavar="ID", help="Id to give it. Default: one nobody guesses.")] = "",
    pays: Annotated[str, typer.Option(help="prepaid or postpaid.")] = "prepaid",
    account: Annotated[str, typer.Option(help="Register it to this account; needs --master-key.")] = "",
    category: Annotated[str, typer.Option(help="Verify it for this category, with --fact.")] = "",
    fact: Annotated[
        list[str], typer.Option("--fact", metavar="NAME=VALUE", help="What the category asks; may be repeated.")
    ] = [],  # noqa: B006, typer copies it
    agent: Annotated[str, typer.Option(help="The agent who sells it, from stock.")] = "",
    master_key: MasterOption = None,
    url: LedgerOption = DEFAULT_URL,
    at: AtOption = "",
    by: ByOption = "desk",
    key: KeyOption = "",
    as_json: JsonOption = False,
) -> None:
    """Give out a card; with an account it is registered, and may be verified for a category."""
    from donghaeng.errors import UsageError
    from donghaeng.services.passes.cards import issue_card, register_card, verify_category
    from donghaeng.services.passes.views import card_view, ruling_view

    if account and master_key is None:
        raise UsageError("--account needs --master-key FILE, made by `donghaeng ledger keygen`")
    with _opened(pack, url, at, master_key) as service, _told():
        who = _who(by)
        name = key or card or service.new_id()
        made = issue_card(
            service,
            who,
            name,
            medium=medium,
            channel=channel,
            pays=pays,
            agent=agent or None,
            card=card or None,
        )
        if account:
            made = register_card(service, who, name, card=made.card, namespace="account", account=account)
        ruling = None
        if category:
            asked = _facts(service, "eligibility", fact)
            made, ruling = verify_category(service, who, name, card=made.card, category=category, facts=asked)
        shown = card_view(made, service.state.medium(made.medium))
        if ruling is not None:
            shown["decision"] = ruling_view(ruling)
    if as_json:
        print_json(shown)
        return
    kept = f", registered, {made.category}" if made.person else ""
    console().print(f"card {made.card} on medium {made.medium} ({medium}){kept}", soft_wrap=True)


@app.command("charge")
def charge(
    pack: PackOption,
    card: CardOption,
    product: Annotated[str, typer.Option(help="Code of the product.", show_default=False)],
    channel: Annotated[str, typer.Option(help="Where it is charged.", show_default=False)],
    payment: Annotated[str, typer.Option(help="Means of payment.", show_default=False)],
    category: Annotated[str, typer.Option(help="Category of the rider. Default: that of the card.")] = "",
    start: Annotated[
        str, typer.Option("--start", metavar="DATE", help="Chosen first day. Default: the first one.")
    ] = "",
    fact: Annotated[
        list[str], typer.Option("--fact", metavar="NAME=VALUE", help="What the channel asks beside; may be repeated.")
    ] = [],  # noqa: B006, typer copies it
    order: Annotated[str, typer.Option("--order", metavar="ID", help="Id of the order. Default: a new one.")] = "",
    payment_id: Annotated[
        str, typer.Option("--payment-id", metavar="ID", help="Id of the payment. Default: that of the order.")
    ] = "",
    amount: Annotated[
        int | None, typer.Option("--amount", help="What was paid. Default: what the order asks for.")
    ] = None,
    paid_at: Annotated[str, typer.Option("--paid-at", metavar="TIME", help="When it was paid. Default: now.")] = "",
    order_only: Annotated[bool, typer.Option("--order-only", help="Place the order, and take no payment.")] = False,
    agent: Annotated[str, typer.Option(help="The agent who sells.")] = "",
    url: LedgerOption = DEFAULT_URL,
    at: AtOption = "",
    by: ByOption = "desk",
    key: KeyOption = "",
    as_json: JsonOption = False,
) -> None:
    """Charge a card: place an order and take in its payment, each once. Money that buys nothing is held."""
    from donghaeng.cli.ledger import _time
    from donghaeng.services.passes.charging import place_order, receive_payment
    from donghaeng.services.passes.views import order_view, payment_answer_view, quote_view

    found = _pack(pack)
    with _opened(found, url, at) as service, _told():
        who = _who(by)
        placed, quote = place_order(
            service,
            who,
            key or order or service.new_id(),
            card=card,
            product=product,
            channel=channel,
            payment=payment,
            category=category or None,
            start=day_of(start, "--start"),
            agent=agent or None,
            told=given_facts(fact),
            order=order or None,
        )
        shown: dict[str, Any] = {"order": order_view(placed)}
        if quote is not None:
            shown["quote"] = quote_view(quote, found.sources)
        if not order_only:
            answer = receive_payment(
                service,
                who,
                payment=payment_id or placed.order_id,
                order=placed.order_id,
                amount=placed.amount if amount is None else amount,
                means=payment,
                paid_at=_time(paid_at) if paid_at else None,
            )
            shown["payment"] = payment_answer_view(answer)
    if as_json:
        print_json(shown)
        return
    screen = console()
    for text in quote.warnings if quote is not None else ():
        screen.print(f"  {plain(text.get('en', ''))}", soft_wrap=True)
    screen.print(f"order {placed.order_id}: {placed.amount:,} for {product}, {placed.category}", soft_wrap=True)
    if not order_only:
        told = shown["payment"]
        period = told["period"]
        end = f"valid {period['starts']} to {period['ends']}" if period else f"the money is held: {told['reason']}"
        screen.print(f"payment {told['payment']}: {told['amount']:,}, {end}", soft_wrap=True)


@app.command("status")
def status(
    pack: PackOption,
    card: CardOption,
    url: LedgerOption = DEFAULT_URL,
    at: AtOption = "",
    as_json: JsonOption = False,
) -> None:
    """Say what a card may do now, and why."""
    from donghaeng.services.passes.cards import status as status_of
    from donghaeng.services.passes.postpaid import renew_postpaid
    from donghaeng.services.passes.views import status_view

    with _opened(pack, url, at) as service, _told():
        service.state.card(card)
        renew_postpaid(service, _who("renewal"), card=card)
        shown = status_view(service.section, status_of(service, card))
        zone = service.section.days.zone
    if as_json:
        print_json(shown)
        return
    screen = console()
    usable = "may be used" if shown["usable"] else "may not be used"
    left = f", {counted(shown['days_left'], 'day')} left" if shown["usable"] else ""
    screen.print(f"card {shown['card']} {usable} on {shown['day']}: {shown['reason']}{left}", soft_wrap=True)
    if shown["periods"]:
        print_table(
            "Periods",
            [
                ("product", "left"),
                ("category", "left"),
                ("from", "left"),
                ("to", "left"),
                ("price", "right"),
                ("is", "left"),
            ],
            [
                [one["product"], one["category"], one["starts"], one["ends"], f"{one['price']:,}", one["state"]]
                for one in shown["periods"]
            ],
        )
    for one in shown["blocks"]:
        ends = _local(one["ends"], zone) if one["ends"] else "further notice"
        screen.print(f"blocked: {plain(one['cause'])}, {_local(one['starts'], zone)} to {ends}", soft_wrap=True)


@app.command("refund")
def refund(
    pack: PackOption,
    card: Annotated[str, typer.Option("--card", metavar="ID", help="Id of the card; its last period.")] = "",
    charge: Annotated[str, typer.Option("--charge", metavar="ID", help="The charge that gave the period.")] = "",
    cause: Annotated[str, typer.Option(help="other, lost, stolen or defective.")] = "other",
    used: UsedOption = None,
    bike_days: BikeOption = None,
    stop: Annotated[
        bool, typer.Option("--stop", help="Stop the medium, as a machine does before the request.")
    ] = False,
    ask: Annotated[bool, typer.Option("--ask", help="Ask for the refund. It cannot be withdrawn.")] = False,
    later: Annotated[
        bool, typer.Option("--later", help="What is paid back for periods that ran to their end; needs --card.")
    ] = False,
    fact: Annotated[
        list[str], typer.Option("--fact", metavar="NAME=VALUE", help="With --later: what is asked; may be repeated.")
    ] = [],  # noqa: B006, typer copies it
    refund_id: Annotated[
        str, typer.Option("--refund", metavar="ID", help="With --ask: id of the refund. Default: a new one.")
    ] = "",
    pay: Annotated[str, typer.Option("--pay", metavar="ID", help="Pay this refund, by another than who asked.")] = "",
    fix: Annotated[str, typer.Option("--fix", metavar="ROLE/ROW", help="Fix what holds where a rule is open.")] = "",
    choose: Annotated[str, typer.Option(help="With --fix: least or most of the range.")] = "least",
    fixed_by: Annotated[str, typer.Option(help="With --fix: the role of who decides.")] = "",
    reason: Annotated[str, typer.Option(help="With --fix: why.")] = "",
    url: LedgerOption = DEFAULT_URL,
    at: AtOption = "",
    by: ByOption = "desk",
    key: KeyOption = "",
    as_json: JsonOption = False,
) -> None:
    """Say what a refund would be, ask for it, or pay it. A range is paid once a named role has fixed what holds."""
    from donghaeng.errors import UsageError
    from donghaeng.services.passes.cards import stop_medium
    from donghaeng.services.passes.claims import fix_rule
    from donghaeng.services.passes.refunds import ask_refund, pay_refund, quote_refund
    from donghaeng.services.passes.views import refund_quote_view, refund_view

    if not (card or charge or pay or fix) or (later and not card):
        raise UsageError("say what it is about: --card or --charge, --pay a refund, --fix a rule; --later needs --card")
    with _opened(pack, url, at) as service, _told():
        who = _who(by)
        # A refund that is named is asked for once, and paid once, however often the command is given.
        name = key or pay or refund_id or f"{charge or card}/{service.clock().isoformat()}"
        shown: dict[str, Any] = {}
        if fix:
            fix_rule(service, who, name, setting=fix, choose=choose, fixed_by=fixed_by, reason=reason)
            shown["fixed"] = {"setting": fix, "choose": choose, "fixed_by": fixed_by}
        if stop:
            stop_medium(service, who, name, card=card or service.state.charge(charge).period.card, cause="refund")
        if later:
            shown |= _later(service, who, name, card, fact, ask)
        elif pay:
            shown["refund"] = refund_view(pay_refund(service, who, name, refund=pay))
        elif card or charge:
            of = charge or _last_charge(service, card)
            values: dict[str, Any] = {"charge": of, "cause": cause, "used_transit": used, "bike_days": bike_days}
            shown = refund_quote_view(quote_refund(service, **values)) | shown
            if ask:
                shown["refund"] = refund_view(ask_refund(service, who, name, **values, refund=refund_id or None))
    if as_json:
        print_json(shown)
        return
    screen = console()
    if "result" in shown:
        screen.print(f"refund of {shown['charge']}: {shown['result']}, {_amount(shown)}", soft_wrap=True)
        if shown["because"]:
            screen.print(f"  {plain(shown['because'].get('en', ''))}", soft_wrap=True)
        if shown["refused"] and not ask:
            screen.print(
                f"  [bold]{shown['refused']['code']}[/bold]: {plain(shown['refused']['text'])}", soft_wrap=True
            )
    if "fixed" in shown:
        screen.print(f"fixed {fix}: {choose}, by {plain(fixed_by)}", soft_wrap=True)
    if "refund" in shown:
        one = shown["refund"]
        paid = f", paid {one['paid']:,}" if one["paid"] is not None else ""
        screen.print(f"refund {one['refund']}: {one['state']}, {_amount(one)}{paid}", soft_wrap=True)


def _later(service: PassService, who: Who, key: str, card: str, given: list[str], ask: bool) -> dict[str, Any]:
    """Say what is paid back for finished periods, and ask for it."""
    from donghaeng.services.passes.refunds import ask_later_refund, quote_later_refund
    from donghaeng.services.passes.views import later_refund_view, refund_view

    facts = _facts(service, "later_refund", given)
    quoted = later_refund_view(quote_later_refund(service, card=card, facts=facts))
    found = quoted | {"amount_from": None, "amount_to": None, "charge": counted(len(quoted["periods"]), "period")}
    if ask:
        found["refund"] = refund_view(ask_later_refund(service, who, key, card=card, facts=facts))
    return found


def _last_charge(service: PassService, card: str) -> str:
    """Give the charge of the period of a card that ends last and was not refunded."""
    from donghaeng.services.passes.refusal import PassRefusedError

    service.state.card(card)
    charges = [one for one in service.state.charges_of(card) if one.state != "refunded"]
    if not charges:
        raise PassRefusedError("unknown-period", "the card has no period; charge it first")
    return max(charges, key=lambda one: one.period.ends).period.charge


def _local(moment: str, zone: ZoneInfo) -> str:
    """Write a moment in the zone of the service."""
    from datetime import datetime

    return datetime.fromisoformat(moment).astimezone(zone).isoformat(timespec="seconds")


def _amount(shown: dict[str, Any]) -> str:
    """Write an amount, a range or that there is none."""
    if shown["amount"] is not None:
        return f"{shown['amount']:,}"
    if shown["amount_from"] is not None:
        return f"{shown['amount_from']:,} to {shown['amount_to']:,}"
    return "no amount"


def _pack(reference: str) -> Pack:
    from donghaeng.catalogue.read import load

    return load(reference)


def _who(by: str) -> Who:
    from donghaeng.services.passes.service import Who

    return Who("command-line", by)


def _facts(service: PassService, role: Any, given: list[str]) -> dict[str, Any]:
    """Read ``name=value`` facts by the types of a table, and give them as JSON has them."""
    from donghaeng.rules.types import as_json

    if not service.policy.has(role):
        return {}
    texts = given_facts(given)
    return {name: as_json(value) for name, value in service.policy.tables[role].facts_from_text(texts).items()}


@contextmanager
def _told() -> Iterator[None]:
    """Tell what the service refuses, and what the ledger raises, as a fault of what was given."""
    from donghaeng.errors import InputError
    from donghaeng.ledger.faults import LedgerError
    from donghaeng.services.passes.refusal import PassRefusedError

    try:
        yield
    except (PassRefusedError, LedgerError) as error:
        raise InputError(str(error)) from error


def _count_use(service: PassService, url: str) -> None:
    """Let refunds count use from the rides beside the file of the ledger, where there are any and fares for them."""
    from donghaeng.ledger.open import files_path, sqlite_path

    path = sqlite_path(url)
    folder = files_path(path) if path is not None else None
    if folder is None or not folder.is_dir() or service.section.model.fares is None:
        return
    from donghaeng.services.passes.day_files import DayFiles
    from donghaeng.services.passes.fares import FareRules
    from donghaeng.services.passes.use import use_by_rides

    files = DayFiles(folder, service.ledger.store, service.section.days)
    service.use_of = use_by_rides(files, FareRules(service.policy))


@contextmanager
def _opened(pack: str | Pack, url: str, at: str, master_key: Path | None = None) -> Iterator[PassService]:
    """Open the service of a pack on a ledger; its tables are made if there are none."""
    from donghaeng.cli.ledger import _secret, _time
    from donghaeng.identifiers import refuse_identifiers
    from donghaeng.ledger.ledger import Ledger
    from donghaeng.ledger.open import open_persons, open_store
    from donghaeng.ledger.persons import Persons
    from donghaeng.services.passes.schema import TABLE_SET
    from donghaeng.services.passes.service import PassService
    from donghaeng.services.registry import all_kinds

    section = (_pack(pack) if isinstance(pack, str) else pack).passes_section()
    moment = _time(at)

    def clock() -> datetime:
        return moment

    with _told():
        store = open_store(url, create=True, more=(TABLE_SET,))
    persons = None
    try:
        if master_key is not None:
            persons = Persons(open_persons(url, create=True), _secret(master_key), os.urandom, clock)
        ledger = Ledger(store, all_kinds(), clock, persons=persons, check=refuse_identifiers)
        service = PassService(section, ledger, clock, os.urandom)
        _count_use(service, url)
        yield service
    finally:
        store.close()
        if persons is not None:
            persons.close()
