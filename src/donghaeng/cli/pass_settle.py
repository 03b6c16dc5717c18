"""``donghaeng pass settle``, ``pass accounts`` and ``pass reconcile``: the money of passes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from donghaeng.cli.decide import day_of
from donghaeng.cli.ledger import DEFAULT_URL, LedgerOption
from donghaeng.cli.output import JsonOption, console, plain, print_json, print_table
from donghaeng.cli.pass_ import AtOption, ByOption, PackOption, _opened, _told, _who, app
from donghaeng.cli.pass_tap import DaysOption, _day_files

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from donghaeng.services.passes.fares import FareRules
    from donghaeng.services.passes.rating import Distances
    from donghaeng.services.passes.service import PassService
    from donghaeng.services.passes.settlement import Settled

FirstOption = Annotated[
    str, typer.Option("--first", metavar="DATE", help="First service day. Default: the one before today.")
]
LastOption = Annotated[str, typer.Option("--last", metavar="DATE", help="Last service day. Default: the first.")]
RoutesOption = Annotated[
    Path | None, typer.Option("--routes", metavar="FILE", help="CSV of lines: line, fare, operator, share.")
]
DistancesOption = Annotated[
    Path | None, typer.Option("--distances", metavar="FILE", help="CSV of distances: from, to, metres.")
]


@app.command("settle")
def settle(
    pack: PackOption,
    first: Annotated[
        str, typer.Option("--first", metavar="DATE", help="First service day. Default: from where something changed.")
    ] = "",
    last: LastOption = "",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FOLDER", help="Write the files of operators there.")
    ] = None,
    routes: RoutesOption = None,
    distances: DistancesOption = None,
    close: Annotated[
        str, typer.Option("--close", metavar="ROLE", help="Close the days for good, in the name of this role.")
    ] = "",
    tides: Annotated[
        Path | None, typer.Option("--tides", metavar="FOLDER", help="Write tables of TIDES for the operator there.")
    ] = None,
    extract_key: Annotated[
        Path | None, typer.Option("--extract-key", metavar="FILE", help="With --tides: key of the tokens of media.")
    ] = None,
    days: DaysOption = None,
    url: LedgerOption = DEFAULT_URL,
    at: AtOption = "",
    as_json: JsonOption = False,
) -> None:
    """Settle service days by the value of their rides; settled again, only differences are posted."""
    from donghaeng.cli.ledger import _secret
    from donghaeng.errors import UsageError
    from donghaeng.services.passes.settlement import close as close_days
    from donghaeng.services.passes.settlement import settle as settle_days
    from donghaeng.services.passes.settlement_due import settle_what_changed
    from donghaeng.services.passes.tides import write_tides

    if (tides is None) != (extract_key is None):
        raise UsageError("--tides and --extract-key go together; `donghaeng ledger keygen` makes a key")
    with _opened(pack, url, at) as service, _told():
        rules, known = _given(service, routes, distances)
        files = _day_files(service, url, days)
        found = [] if first or last else settle_what_changed(service, files, rules=rules, distances=known)
        if not found:
            found = settle_days(service, files, *_span(service, first, last), rules=rules, distances=known)
        end = found[-1].day
        if close:
            close_days(service, end, close)
        if out is not None:
            _write(out, found)
        if tides is not None and extract_key is not None:
            for one in found:
                write_tides(service, files, one.day, tides, _secret(extract_key), rules=rules, distances=known)
        shown = {"days": [_day(one) for one in found], "closed": end.isoformat() if close else None}
    if as_json:
        print_json(shown)
        return
    screen = console()
    for one in found:
        shares = one.body["shares"]
        sums = {name: sum(share[name] for share in shares) for name in ("rides", "value", "above", "city", "borne")}
        open_ = f" (up to {sums['value'] + sums['above']:,})" if sums["above"] else ""
        again = "" if one.is_new else ", nothing new"
        screen.print(
            f"{one.day}: {sums['rides']:,} rides worth {sums['value']:,}{open_}; city {sums['city']:,}, "
            f"operators bear {sums['borne']:,}; known: {one.body['known']}{again}",
            soft_wrap=True,
        )
    if close:
        screen.print(f"closed up to {end}")


BILL_COLUMNS = ("charge", "card", "on", "used_transit", "used_most", "bike_days", "transit", "more", "amount")


@app.command("bill")
def bill(
    pack: PackOption,
    month: Annotated[
        str, typer.Option("--month", metavar="YYYY-MM", help="Periods that ended in this month. Default: the last one.")
    ] = "",
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write the new bills as CSV.")] = None,
    routes: RoutesOption = None,
    distances: DistancesOption = None,
    days: DaysOption = None,
    url: LedgerOption = DEFAULT_URL,
    at: AtOption = "",
    by: ByOption = "desk",
    as_json: JsonOption = False,
) -> None:
    """Bill what is paid after use: every period that ended in a month, once, by the value of its rides."""
    import csv
    from contextlib import ExitStack
    from datetime import timedelta

    from donghaeng.services.passes.bills import bill_ended

    with _opened(pack, url, at) as service, _told(), ExitStack() as stack:
        rules, known = _given(service, routes, distances)
        first = _month(month) if month else (service.day().replace(day=1) - timedelta(days=1)).replace(day=1)
        last = min((first + timedelta(days=31)).replace(day=1), service.day()) - timedelta(days=1)
        tell = None
        if out is not None:
            writer = csv.writer(stack.enter_context(out.open("w", encoding="utf-8", newline="")), lineterminator="\n")
            writer.writerow(BILL_COLUMNS)

            def tell(body: Mapping[str, Any]) -> None:
                writer.writerow([body[name] for name in BILL_COLUMNS])

        files = _day_files(service, url, days)
        found = bill_ended(service, files, _who(by), first, last, rules=rules, distances=known, tell=tell)
    shown = {
        "first": first.isoformat(),
        "last": last.isoformat(),
        "bills": found.bills,
        "billed_before": found.before,
        "transit": found.transit,
        "more": found.more,
        "amount": found.transit + found.more,
        "refused": dict(sorted(found.refused.items())),
    }
    if as_json:
        print_json(shown)
        return
    console().print(
        f"{first} to {last}: {found.bills:,} bills of {found.transit + found.more:,}, {found.before:,} billed before",
        soft_wrap=True,
    )
    for code, count in sorted(found.refused.items()):
        console().print(f"  not billed, {plain(code)}: {count:,}")


@app.command("accounts")
def accounts(
    pack: PackOption,
    url: LedgerOption = DEFAULT_URL,
    at: AtOption = "",
    as_json: JsonOption = False,
) -> None:
    """Give the balance of each account, and prove that nothing is unexplained."""
    from donghaeng.services.passes.accounts import balances, bookings, prove
    from donghaeng.services.passes.reconcile import suspense_by_age

    with _opened(pack, url, at) as service, _told():
        found = balances(bookings(service.ledger, service.section.days))
        proofs = prove(service)
        suspense = suspense_by_age(service, service.day())
    shown = {
        "balances": found,
        "proofs": [
            {"name": one.name, "accounts": one.accounts, "tables": one.tables, "unexplained": one.unexplained}
            for one in proofs
        ],
        "suspense": suspense,
        "unexplained": sum(abs(one.unexplained) for one in proofs),
    }
    if as_json:
        print_json(shown)
    else:
        rows = [[plain(account), f"{amount:,}"] for account, amount in found.items()]
        print_table("Accounts", [("account", "left"), ("balance", "right")], rows)
        console().print(f"unexplained: {shown['unexplained']:,}")
    if shown["unexplained"]:
        raise typer.Exit(1)


@app.command("reconcile")
def reconcile(
    pack: PackOption,
    provider: Annotated[
        Path, typer.Option(metavar="FILE", help="CSV of the provider: payment, amount, paid_on, batch.")
    ],
    bank: Annotated[Path | None, typer.Option(metavar="FILE", help="CSV of the bank: batch, amount, value_on.")] = None,
    first: FirstOption = "",
    last: LastOption = "",
    url: LedgerOption = DEFAULT_URL,
    at: AtOption = "",
    by: ByOption = "desk",
    as_json: JsonOption = False,
) -> None:
    """Compare our payments with the payment provider's, and its batches with the bank."""
    from donghaeng.services.passes.reconcile import reconcile as compare

    with _opened(pack, url, at) as service, _told():
        begin, end = _span(service, first, last)
        found = compare(service, _who(by), begin, end, provider, bank)
    shown: dict[str, Any] = {
        "ours": {"payments": found.ours[0], "amount": found.ours[1]},
        "theirs": {"payments": found.theirs[0], "amount": found.theirs[1]},
        "matched": {"payments": found.matched[0], "amount": found.matched[1]},
        "banked": found.banked if bank is not None else None,
        "differences": [
            {"what": one.what, "name": one.name, "ours": one.ours, "theirs": one.theirs} for one in found.differences
        ],
        "suspense": dict(found.suspense),
        "unexplained": sum(map(abs, found.unexplained)),
    }
    if as_json:
        print_json(shown)
        return
    screen = console()
    screen.print(f"matched: {found.matched[0]:,} payments, {found.matched[1]:,} of {found.ours[1]:,}")
    for one in found.differences:
        screen.print(f"  {one.what}: {plain(one.name)}, {one.amount:+,}", soft_wrap=True)
    for age, amount in found.suspense.items():
        if amount:
            screen.print(f"  in suspense, {age}: {amount:,}")


def _given(service: PassService, routes: Path | None, distances: Path | None) -> tuple[FareRules, Distances]:
    """Read the lines and distances that are given."""
    from donghaeng.services.passes.fares import FareRules
    from donghaeng.services.passes.money_files import read_distances, read_routes

    rules = FareRules(service.policy)
    if routes is not None:
        rules = FareRules(service.policy, read_routes(routes, str(routes), rules.fares))
    return rules, read_distances(distances, str(distances)) if distances is not None else {}


def _month(text: str) -> date:
    from donghaeng.errors import UsageError

    found = day_of(f"{text}-01", "--month")
    if found is None or len(text) != len("2026-05"):
        raise UsageError(f"--month {text[:40]} is no month; give one such as 2026-05")
    return found


def _span(service: PassService, first: str, last: str) -> tuple[date, date]:
    from datetime import timedelta

    begin = day_of(first, "--first") or service.day() - timedelta(days=1)
    return begin, day_of(last, "--last") or begin


def _day(one: Settled) -> dict[str, Any]:
    return (
        {"new": one.is_new, "number": one.number}
        | {name: one.body[name] for name in ("day", "rides", "shares", "unused", "fees", "known", "rests_on")}
        | {"postings": one.body["postings"] if one.is_new else []}
    )


def _write(out: Path, found: list[Settled]) -> None:
    """Write each operator's file of each day."""
    import re

    for one in found:
        folder = out / one.day.isoformat()
        folder.mkdir(parents=True, exist_ok=True)
        for operator, data in one.files.items():
            name = re.sub(r"[^A-Za-z0-9_-]", lambda at: f"%{ord(at[0]):02x}", operator)
            (folder / f"{name}.csv").write_bytes(data)
