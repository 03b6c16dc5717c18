"""The routes of the money of passes under ``/v1/passes``: settlements, files of operators, accounts, bills.

Work that reads many rides or entries is done one at a time, beside the threads of the gates; who comes meanwhile is
told to come again. Files are sent as texts of CSV in the body of the request, and nothing of them is repeated but names
of payments and batches. What is trip-level, as the tables of TIDES, is given by the command line alone, as the key of
its tokens is not kept where requests arrive.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

from fastapi import APIRouter, Depends, Query
from fastapi import Path as InPath
from pydantic import Field, StringConstraints
from starlette.responses import Response

from donghaeng.api.access import Caller, KeyedRoute, needs
from donghaeng.api.pass_bodies import Answer, Closed, Day, Line
from donghaeng.api.passes import PRINTABLE, told
from donghaeng.api.problems import Refused, Wrong, invalid, refused, shown_name
from donghaeng.errors import InputError, UsageError
from donghaeng.services.passes.accounts import balances, bookings, prove
from donghaeng.services.passes.billing import bill_key
from donghaeng.services.passes.bills import bill_ended
from donghaeng.services.passes.day_files import DayFiles
from donghaeng.services.passes.fares import FareRules
from donghaeng.services.passes.money_files import read_distances, read_routes
from donghaeng.services.passes.rating import Distances
from donghaeng.services.passes.reconcile import Reconciliation, reconcile, suspense_by_age
from donghaeng.services.passes.service import PassService, Who
from donghaeng.services.passes.settlement import Settled, close, operator_file, settle, settled_day
from donghaeng.services.passes.settlement_due import settle_what_changed

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")

Operator = Annotated[Caller, Depends(needs("passes:operator"))]
Reader = Annotated[Caller, Depends(needs("passes:operator", "passes:analyst"))]
Biller = Annotated[Caller, Depends(needs("passes:operator", "passes:desk"))]
Csv = Annotated[str, StringConstraints(min_length=1, max_length=18_000_000)]
#: Service days that one request settles, lists or compares at most.
MOST_DAYS = 62
#: Differences that one answer lists at most; their sums count all of them.
MOST_LISTED = 10_000


class SettlementAsked(Closed):
    """Service days to be settled; without days, those that have changed. Lines and distances are texts of CSV.

    Attributes:
        first: the first service day.
        last: the last one; the first if None.
        routes: CSV with the columns line, fare, operator, share.
        distances: CSV with the columns from, to, metres.
    """

    first: Day | None = None
    last: Day | None = None
    routes: Csv | None = None
    distances: Csv | None = None


class ClosingAsked(Closed):
    """Service days up to one are closed, in the name of a role."""

    until: Day
    closed_by: Line


class BillsAsked(Closed):
    """A calendar month whose periods are billed; lines and distances as for a settlement."""

    month: Annotated[str, Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]
    routes: Csv | None = None
    distances: Csv | None = None


class ReconciliationAsked(Closed):
    """Service days, and what the provider and the bank say of them, as texts of CSV.

    Attributes:
        first: the first service day.
        last: the last one.
        provider: CSV with the columns payment, amount, paid_on, batch.
        bank: CSV with the columns batch, amount, value_on; None compares no batches.
    """

    first: Day
    last: Day
    provider: Csv
    bank: Csv | None = None


class MoneyDesk:
    """What the routes share: the service, its day files, and the place at which long work is done."""

    def __init__(self, service: PassService, files: DayFiles) -> None:
        """Put it together."""
        self.service, self.files = service, files
        self._busy = threading.Lock()

    def alone(self, work: Callable[[], T]) -> T:
        """Do long work while no other is done.

        Raises:
            Refused: another is done, or the service refuses it.
        """
        if not self._busy.acquire(blocking=False):
            raise refused("busy", "accounts are being worked on; send the same request again", Retry_After="30")
        try:
            return said(work)
        finally:
            self._busy.release()

    def rules(self, routes: str | None, distances: str | None) -> tuple[FareRules, Distances]:
        """Read the lines and distances that a request brings.

        Raises:
            UsageError: the pack does not say what rides are worth.
            InputError: with all faults of a text.
        """
        rules = FareRules(self.service.policy)
        if routes is not None:
            with _file("routes", routes) as path:
                rules = FareRules(self.service.policy, read_routes(path, path.stem, rules.fares))
        if distances is None:
            return rules, {}
        with _file("distances", distances) as path:
            return rules, read_distances(path, path.stem)


@contextmanager
def _file(name: str, text: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="money-") as folder:
        path = Path(folder) / f"{name}.csv"
        path.write_text(text, "utf-8")
        yield path


def said(work: Callable[[], T]) -> T:
    """Run what the service does; what it refuses becomes a problem, and no cell of a file is repeated.

    Raises:
        Refused: with what was refused.
    """

    def inner() -> T:
        try:
            return work()
        except UsageError as error:
            raise Refused(invalid([Wrong("request", str(error), "", "", "refused")])) from None
        except InputError as error:
            wrong = [
                Wrong(f"{one.file} line {one.line} column {one.column}", "it does not fit", one.expected, "", one.code)
                for one in error.faults
            ]
            if not wrong:
                raise
            raise Refused(invalid(wrong)) from None

    return told(inner)


def make_money_router(desk: MoneyDesk, prefix: str = "/v1") -> APIRouter:
    """Make the routes.

    Args:
        desk: what they share.
        prefix: what every path begins with.
    """
    router = APIRouter(prefix=f"{prefix}/passes", route_class=KeyedRoute, tags=["passes"])
    _settlements(router, desk)
    _books(router, desk)
    return router


def _settlements(router: APIRouter, desk: MoneyDesk) -> None:
    service, files = desk.service, desk.files

    @router.post("/settlements/batch", operation_id="settle_passes")
    def settlement(_caller: Operator, asked: SettlementAsked) -> Answer:
        """Settle service days by the value of their rides; settled again, only differences are posted."""

        def work() -> Answer:
            rules, distances = desk.rules(asked.routes, asked.distances)
            if asked.first is None:
                if asked.last is not None:
                    raise UsageError("give the first service day too, or none")
                found = settle_what_changed(service, files, rules=rules, distances=distances)
            else:
                last = asked.last or asked.first
                _check_span(asked.first, last)
                found = settle(service, files, asked.first, last, rules=rules, distances=distances)
            return {"days": [_settled(one) for one in found]}

        return desk.alone(work)

    @router.get("/settlements", operation_id="list_pass_settlements")
    def settlements(_caller: Reader, first: Annotated[Day, Query()], last: Annotated[Day, Query()]) -> Answer:
        """List the settlements of service days as they stand: what each operator is owed, and who pays it."""

        def work() -> Answer:
            _check_span(first, last)
            days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
            return {"days": [body for day in days if (body := settled_day(service, day)) is not None]}

        return said(work)

    @router.get(
        "/settlements/{day}/files/{operator}",
        operation_id="pass_settlement_file",
        response_class=Response,
        responses={200: {"content": {"text/csv": {}}}},
    )
    def operators_file(
        _caller: Reader,
        day: Annotated[Day, InPath()],
        operator: Annotated[str, InPath(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f/]+$")],
    ) -> Response:
        """Give the file of an operator for a service day: the bytes whose SHA-256 the ledger has."""
        found = said(lambda: operator_file(service, files, day, operator))
        if found is None:
            raise refused("not-found", "the day was not settled, or the operator had no rides on it")
        return Response(found, media_type="text/csv")

    @router.post("/settlements/closing", operation_id="close_pass_settlements", status_code=204)
    def closing(_caller: Operator, asked: ClosingAsked) -> None:
        """Close service days for good: what changes in them later is booked on the day on which it is found."""
        said(lambda: close(service, asked.until, asked.closed_by))


def _books(router: APIRouter, desk: MoneyDesk) -> None:
    service = desk.service

    @router.get("/accounts", operation_id="pass_accounts")
    def accounts(_caller: Reader) -> Answer:
        """Give the balance of each account, the proof that nothing is unexplained, and suspense by age."""

        def work() -> Answer:
            found = balances(bookings(service.ledger, service.section.days))
            proofs = [
                {"name": one.name, "accounts": one.accounts, "tables": one.tables, "unexplained": one.unexplained}
                for one in prove(service)
            ]
            return {"balances": found, "proofs": proofs, "suspense": suspense_by_age(service, service.day())}

        return desk.alone(work)

    @router.post("/reconciliations/batch", operation_id="reconcile_passes")
    def reconciliation(caller: Operator, asked: ReconciliationAsked) -> Answer:
        """Compare our payments with the payment provider's, and its batches with the bank; it is recorded once."""

        def work() -> Answer:
            _check_span(asked.first, asked.last)
            with tempfile.TemporaryDirectory(prefix="money-") as folder:
                provider = Path(folder) / "provider.csv"
                provider.write_text(asked.provider, "utf-8")
                bank = None
                if asked.bank is not None:
                    bank = Path(folder) / "bank.csv"
                    bank.write_text(asked.bank, "utf-8")
                who = Who(caller.organisation, caller.key_id)
                return _compared(reconcile(service, who, asked.first, asked.last, provider, bank), bank is not None)

        return desk.alone(work)

    @router.post("/bills/batch", operation_id="bill_passes")
    def bills(caller: Operator, asked: BillsAsked) -> Answer:
        """Bill what is paid after use: every period that ended in a month, once."""

        def work() -> Answer:
            rules, distances = desk.rules(asked.routes, asked.distances)
            first = date.fromisoformat(f"{asked.month}-01")
            last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
            who = Who(caller.organisation, caller.key_id)
            done = bill_ended(service, desk.files, who, first, last, rules=rules, distances=distances)
            names = ("bills", "before", "transit", "more")
            return {**{name: getattr(done, name) for name in names}, "refused": dict(sorted(done.refused.items()))}

        return desk.alone(work)

    @router.get("/bills/{charge}", operation_id="show_pass_bill")
    def bill(
        _caller: Biller, charge: Annotated[str, InPath(min_length=1, max_length=100, pattern=PRINTABLE)]
    ) -> Answer:
        """Show what a period was billed, and by which rows of the table."""
        found = told(lambda: service.earlier(bill_key(charge), {}))
        if found is None:
            raise refused("not-found", "the period was not billed")
        return found


def _check_span(first: date, last: date) -> None:
    if not first <= last <= first + timedelta(days=MOST_DAYS - 1):
        raise UsageError(f"give days in order, {MOST_DAYS} at most")


def _settled(one: Settled) -> Answer:
    return {"new": one.is_new, "rides_read": one.is_read, **one.body}


def _compared(found: Reconciliation, has_bank: bool) -> Answer:
    return {
        "ours": {"payments": found.ours[0], "amount": found.ours[1]},
        "theirs": {"payments": found.theirs[0], "amount": found.theirs[1]},
        "matched": {"payments": found.matched[0], "amount": found.matched[1]},
        "banked": found.banked if has_bank else None,
        "amounts": found.amounts(),
        "differences": [
            {"what": one.what, "name": shown_name(one.name), "ours": one.ours, "theirs": one.theirs}
            for one in found.differences[:MOST_LISTED]
        ],
        "not_listed": max(0, len(found.differences) - MOST_LISTED),
        "suspense": dict(found.suspense),
        "unexplained": sum(map(abs, found.unexplained)),
    }
