"""What settling and reconciling bring into the ledger."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from donghaeng.documents import Day, Model
from donghaeng.ledger.kinds import Kind

Names = Annotated[tuple[str, ...], Field(strict=False)]
Count = Annotated[int, Field(ge=0)]


class Posting(Model):
    """So much of one account went to another; see `accounts` for what they are."""

    debit: str
    credit: str
    amount: Annotated[int, Field(ge=1)]


class OperatorShare(Model):
    """What one operator's rides of a service day came to, as it stands now.

    `value` is settled: `from_price` out of the prices of passes, `from_bills` out of what is billed after use, the rest
    is use above the price, of which the city pays `city`, the operator bears `borne`, and nobody knows for `unshared`.
    `below` and `above` say how far the value is open. `file` is the SHA-256 of the file that says it by line.
    """

    operator: str
    rides: Count
    value: Count
    below: Count
    above: Count
    from_price: Count
    from_bills: Count
    city: Count
    borne: Count
    unshared: Count
    file: str


class DaySettled(Model):
    """A service day was settled, or settled again: the whole as it stands now, and the postings that changed.

    `unused` and `fees` are what was left of passes whose last service day it is, by what became of them. `rests_on`
    says what of the result is not published, and `rides_of` names the day files of its rides.
    """

    day: Day
    number: Annotated[int, Field(ge=1)]
    booked_on: Day
    after_close: bool
    rides: dict[str, Count]
    shares: Annotated[tuple[OperatorShare, ...], Field(strict=False)]
    unused: int
    fees: int
    bills_open: int
    postings: Annotated[tuple[Posting, ...], Field(strict=False)]
    known: str
    rests_on: Names
    rides_of: Names


class SettlementClosed(Model):
    """Service days up to one are closed: what changes in them is booked on the day on which it is found."""

    until: Day
    closed_by: str


class Reconciled(Model):
    """Our payments were compared with what the payment provider and the bank say.

    `differences` counts and sums each kind of difference; `files` are SHA-256 of what was compared.
    """

    first: Day
    last: Day
    as_of: Day
    ours: Count
    ours_amount: int
    theirs: Count
    theirs_amount: int
    banked_amount: int
    matched: Count
    matched_amount: int
    differences: dict[str, int]
    amounts: dict[str, int]
    suspense: dict[str, int]
    files: dict[str, str]
    done_by: str


class PostpaidBilled(Model):
    """A period that is paid after use was billed: `transit` for its rides and `more` beside, by a table of the pack."""

    card: str
    charge: str
    on: Day
    used_transit: Count
    used_most: Count
    bike_days: Count
    transit: Count
    more: Count
    amount: Count
    billed_by: str
    table: str
    rows: Names


MONEY_KINDS: tuple[Kind, ...] = (
    Kind("postpaid-billed", 1, PostpaidBilled),
    Kind("day-settled", 1, DaySettled),
    Kind("settlement-closed", 1, SettlementClosed),
    Kind("reconciled", 1, Reconciled),
)
