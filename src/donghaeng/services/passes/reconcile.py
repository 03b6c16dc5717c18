"""Comparing our payments with what the payment provider says, and the provider's batches with the bank.

Three parties say what was paid. Each payment is matched by its id; what one of them does not know, or knows with
another amount, is a difference with its own name, and their sums explain the gap between the totals to the won. Money
whose owner is not known stays in suspense, by age.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import bindparam, select

from donghaeng.errors import Faults, UsageError
from donghaeng.ledger.canonical import moment
from donghaeng.ledger.statement import Statement
from donghaeng.services.passes.schema import payments
from donghaeng.services.passes.service import PassService, Who
from donghaeng.table import Row, read_rows

PROVIDER_COLUMNS = ("payment", "amount", "paid_on", "batch")
BANK_COLUMNS = ("batch", "amount", "value_on")
#: Ages of money in suspense: name and last day.
AGES: tuple[tuple[str, int | None], ...] = (
    ("0-1 days", 1),
    ("2-7 days", 7),
    ("8-30 days", 30),
    ("31 days and more", None),
)
LARGEST_AMOUNT = 10**12

Difference = Literal[
    "missing at provider", "unknown to us", "other amount", "twice at provider", "not banked", "other amount banked",
    "unknown batch banked",
]  # fmt: skip

_PAYMENTS = Statement(
    select(payments.c.payment, payments.c.amount, payments.c.paid_at, payments.c.disposition, payments.c.means)
    .where(payments.c.paid_at >= bindparam("first"), payments.c.paid_at < bindparam("last"))
    .order_by(payments.c.payment)
)
_HELD = Statement(
    select(payments.c.payment, payments.c.amount, payments.c.paid_at)
    .where(payments.c.disposition == "held")
    .order_by(payments.c.paid_at, payments.c.payment)
)


@dataclass(frozen=True, slots=True)
class ProviderLine:
    """What the provider says of a payment.

    Attributes:
        payment: id of the payment, as the service knows it: ``ORGANISATION:ID``.
        amount: whole units of money.
        paid_on: day.
        batch: with which the provider pays it out; empty while it does not.
    """

    payment: str
    amount: int
    paid_on: date
    batch: str


@dataclass(frozen=True, slots=True)
class BankLine:
    """What the bank says of a batch."""

    batch: str
    amount: int
    value_on: date


@dataclass(frozen=True, slots=True)
class Found:
    """One difference.

    Attributes:
        what: its kind.
        name: payment or batch.
        ours: our amount, or the provider's where the bank is compared; None for none.
        theirs: the other amount; None for none.
    """

    what: Difference
    name: str
    ours: int | None
    theirs: int | None

    @property
    def amount(self) -> int:
        """What they say less what we say."""
        return (self.theirs or 0) - (self.ours or 0)


@dataclass(frozen=True)
class Reconciliation:
    """What came of a comparison.

    Attributes:
        ours: number and sum of our payments.
        theirs: number and sum of the provider's lines.
        banked: sum of the bank's lines.
        batched: sum of the provider's lines that are in a batch.
        matched: number and sum of payments on which both agree.
        differences: every difference, in order of kind and name.
        suspense: amount of held payments by age.
    """

    ours: tuple[int, int]
    theirs: tuple[int, int]
    banked: int
    batched: int
    matched: tuple[int, int]
    differences: tuple[Found, ...]
    suspense: Mapping[str, int]

    def amounts(self) -> dict[str, int]:
        """Give the sum of each kind of difference."""
        found: Counter[str] = Counter()
        for one in self.differences:
            found[one.what] += one.amount
        return dict(sorted(found.items()))

    @property
    def unexplained(self) -> tuple[int, int]:
        """What the differences leave over between us and the provider, and between the provider and the bank."""
        sums = self.amounts()
        banks = {"not banked", "other amount banked", "unknown batch banked"}
        first = sum(amount for what, amount in sums.items() if what not in banks)
        second = sum(amount for what, amount in sums.items() if what in banks)
        return self.theirs[1] - self.ours[1] - first, self.banked - self.batched - second


def compare(
    ours: Mapping[str, int], provider: Iterable[ProviderLine], bank: Iterable[BankLine], suspense: Mapping[str, int]
) -> Reconciliation:
    """Compare three parties.

    Args:
        ours: amount by payment.
        provider: what the provider says.
        bank: what the bank says.
        suspense: amount of held payments by age.
    """
    lines, banked = list(provider), list(bank)
    found: list[Found] = []
    seen: set[str] = set()
    matched = [0, 0]
    for line in lines:
        own = ours.get(line.payment)
        if line.payment in seen:
            found.append(Found("twice at provider", line.payment, None, line.amount))
            continue
        seen.add(line.payment)
        if own is None:
            found.append(Found("unknown to us", line.payment, None, line.amount))
        elif own != line.amount:
            found.append(Found("other amount", line.payment, own, line.amount))
        else:
            matched[0] += 1
            matched[1] += own
    found += [Found("missing at provider", name, amount, None) for name, amount in ours.items() if name not in seen]
    batches: Counter[str] = Counter()
    for line in lines:
        if line.batch:
            batches[line.batch] += line.amount
    paid: Counter[str] = Counter()
    for credit in banked:
        paid[credit.batch] += credit.amount
    for batch in sorted({*batches, *paid}):
        if batch not in paid:
            found.append(Found("not banked", batch, batches[batch], None))
        elif batch not in batches:
            found.append(Found("unknown batch banked", batch, None, paid[batch]))
        elif paid[batch] != batches[batch]:
            found.append(Found("other amount banked", batch, batches[batch], paid[batch]))
    return Reconciliation(
        ours=(len(ours), sum(ours.values())),
        theirs=(len(lines), sum(line.amount for line in lines)),
        banked=sum(paid.values()),
        batched=sum(batches.values()),
        matched=(matched[0], matched[1]),
        differences=tuple(sorted(found, key=lambda one: (one.what, one.name, one.amount))),
        suspense=suspense,
    )


def read_provider(path: Path, label: str) -> list[ProviderLine]:
    """Read the provider's file: CSV with `PROVIDER_COLUMNS`.

    Raises:
        InputError: with all faults of the file.
    """
    faults = Faults()
    found = []
    for row in read_rows(path, label, PROVIDER_COLUMNS, (), faults):
        amount, day = _amount(row, faults), _day(row, "paid_on", faults)
        if not row["payment"]:
            row.fault(faults, "payment", "no id", "the id of the payment", "write it", "missing-value")
        if amount is not None and day is not None:
            found.append(ProviderLine(row["payment"], amount, day, row["batch"]))
    faults.raise_errors()
    return found


def read_bank(path: Path, label: str) -> list[BankLine]:
    """Read the bank's file: CSV with `BANK_COLUMNS`; raises as `read_provider` does."""
    faults = Faults()
    found = []
    for row in read_rows(path, label, BANK_COLUMNS, (), faults):
        amount, day = _amount(row, faults), _day(row, "value_on", faults)
        if amount is not None and day is not None:
            found.append(BankLine(row["batch"], amount, day))
    faults.raise_errors()
    return found


def _amount(row: Row, faults: Faults) -> int | None:
    text = row["amount"]
    if text.isascii() and text.isdecimal() and int(text) <= LARGEST_AMOUNT:
        return int(text)
    row.fault(
        faults, "amount", f'"{text[:40]}" is no amount', "whole units from 0 to 10^12", "correct it", "wrong-value"
    )
    return None


def _day(row: Row, column: str, faults: Faults) -> date | None:
    try:
        return date.fromisoformat(row[column])
    except ValueError:
        row.fault(
            faults, column, f'"{row[column][:40]}" is no day', "a day such as 2026-05-20", "correct it", "wrong-value"
        )
        return None


def reconcile(
    service: PassService, who: Who, first: date, last: date, provider: Path, bank: Path | None = None
) -> Reconciliation:
    """Compare the payments of service days with files of the provider and the bank, and record what came of it.

    The same comparison is recorded once.

    Args:
        service: the service.
        who: who compares.
        first: the first service day.
        last: the last one.
        provider: file of the provider.
        bank: file of the bank; without it batches are not compared.

    Raises:
        InputError: a file has faults.
        UsageError: the days are in the wrong order.
    """
    if first > last:
        raise UsageError(f"no days from {first} to {last}; give them in order")
    days = service.section.days
    span = {"first": moment(days.start(first)), "last": moment(days.end(last))}
    rows = list(service.ledger.store.query(_PAYMENTS, span))
    as_of = service.day()
    suspense = suspense_by_age(service, as_of)
    lines = read_provider(provider, provider.name)
    # Without a file of the bank no batch is compared.
    credits = read_bank(bank, bank.name) if bank is not None else _as_banked(lines)
    found = compare({payment: amount for payment, amount, *_ in rows}, lines, credits, suspense)
    files = {"provider": _digest(provider)} | ({"bank": _digest(bank)} if bank is not None else {})
    counts = Counter(one.what for one in found.differences)
    body: dict[str, Any] = {
        "first": first,
        "last": last,
        "as_of": as_of,
        "ours": found.ours[0],
        "ours_amount": found.ours[1],
        "theirs": found.theirs[0],
        "theirs_amount": found.theirs[1],
        "banked_amount": found.banked if bank is not None else 0,
        "matched": found.matched[0],
        "matched_amount": found.matched[1],
        "differences": dict(sorted(counts.items())),
        "amounts": found.amounts(),
        "suspense": dict(suspense),
        "files": files,
        "done_by": who.key,
    }
    stream = f"reconciliation/{first.isoformat()}/{last.isoformat()}"
    content = hashlib.sha256(repr(sorted((name, str(value)) for name, value in body.items())).encode()).hexdigest()
    key = f"passes/reconciliation/{content}"
    at = days.start(as_of)
    service.ledger.append(service.entry(stream, "reconciled", body, key, at=at))
    return found


def _as_banked(lines: Sequence[ProviderLine]) -> list[BankLine]:
    return [BankLine(line.batch, line.amount, line.paid_on) for line in lines if line.batch]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def suspense_by_age(service: PassService, as_of: date) -> dict[str, int]:
    """Give what is held in suspense by its age in service days.

    Args:
        service: the service.
        as_of: the service day on which it is looked at.
    """
    found = dict.fromkeys((name for name, _ in AGES), 0)
    for _, amount, paid_at in service.ledger.store.query(_HELD):
        age = (as_of - service.section.days.day(datetime.fromisoformat(paid_at))).days
        name = next(name for name, last in AGES if last is None or age <= last)
        found[name] += amount
    return found
