"""Settling service days: what operators are owed for the rides of passes, and who pays it.

The value of a pass's rides is paid out of its price, in the order of the rides; what goes beyond it is shared between
the city and the operator by a dated table. A day is settled as often as something changed: each time the whole is
counted anew and only the difference is posted, so that late taps, refunds, fixed rules and distances that become known
find their way into days that were settled, and into months that are closed, without an entry being touched.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import msgspec

from donghaeng.errors import UsageError
from donghaeng.ledger.faults import ConflictError, PositionError
from donghaeng.ledger.own_kinds import SIMULATION_STARTED
from donghaeng.rules.table import weakest
from donghaeng.services.passes.day_files import DayFiles
from donghaeng.services.passes.day_shares import operator_files, share_lines, sums_of_operators
from donghaeng.services.passes.day_sums import DaySums, sum_days
from donghaeng.services.passes.day_values import FOLDER
from donghaeng.services.passes.fares import FareRules
from donghaeng.services.passes.rating import Distances
from donghaeng.services.passes.service import PassService

#: Stream that says up to which day everything is closed.
CLOSED_STREAM = "settlement/closed"
#: How often a day is settled again because somebody else settled it at the same time.
MOST_ROUNDS = 8
#: Service days that one run settles at most.
LONGEST_SPAN = timedelta(days=800)


@dataclass(frozen=True)
class Settled:
    """A service day as it was settled.

    Attributes:
        day: the service day.
        number: how many times it was settled.
        is_new: whether this run settled it; otherwise nothing had changed.
        body: what the entry says.
        files: the file of each operator, by operator.
        is_read: whether its rides were read for it; otherwise they were valued before.
    """

    day: date
    number: int
    is_new: bool
    body: Mapping[str, Any]
    files: Mapping[str, bytes] = field(repr=False)
    is_read: bool = False


#: Amount by debited and credited account.
Postings = Mapping[tuple[str, str], int]


def settlement_stream(day: date) -> str:
    """Name the stream of a service day."""
    return f"settlement/{day.isoformat()}"


def settle(
    service: PassService,
    files: DayFiles,
    first: date,
    last: date,
    *,
    rules: FareRules | None = None,
    distances: Distances | None = None,
    bills: Mapping[str, int] | None = None,
) -> list[Settled]:
    """Settle service days, or settle them again.

    Args:
        service: the service.
        files: the day files, with the rides of those days and of the passes that were used on them.
        first: the first service day.
        last: the last one; it is over.
        rules: the fares; those of the pack if None.
        distances: distances between places in metres.
        bills: what was billed for use afterwards by other means than `billing`, by charge.

    Raises:
        UsageError: the last day is not over, the days are too many or in the wrong order.
        DayFileError: a day file is missing.
    """
    rules = rules or FareRules(service.policy)
    if first > last or last - first > LONGEST_SPAN:
        raise UsageError(f"no days from {first} to {last}; give at most {LONGEST_SPAN.days} in order")
    if last >= service.day():
        raise UsageError(f"service day {last} is not over; settle it from {service.section.days.end(last)} on")
    import duckdb

    for turn in range(MOST_ROUNDS):
        try:
            return _settle(service, files, first, last, rules, distances or {}, bills or {})
        except (ConflictError, PositionError):
            continue
        except duckdb.IOException:
            # Who valued a day anew at the same time took the file away that was to be read.
            if turn == MOST_ROUNDS - 1:
                raise
    raise UsageError("others settle the same days all the time; do it again later")


def _settle(
    service: PassService,
    files: DayFiles,
    first: date,
    last: date,
    rules: FareRules,
    distances: Distances,
    bills: Mapping[str, int],
) -> list[Settled]:
    label = "simulated" if is_simulated(service) else ""
    closed = closed_until(service)
    parts: dict[str, list[str]] = {}
    for part in files.parts("rides", first.isoformat(), last.isoformat()):
        parts.setdefault(part.day, []).append(part.part)
    found = []
    with files.engine() as engine:
        for sums in sum_days(engine, service.section, files, rules, first, last, distances=distances, bills=bills):
            day = sums.day
            lines, sharing = share_lines(rules, day, sums.rows)
            rests_on = sorted({*_basis(rules, sums), *sharing})
            known = weakest([entry.rpartition(": ")[2] for entry in rests_on] or ["published"])
            told = operator_files(day, lines, known, label)
            body = {
                "day": day,
                "rides": sums.states,
                "shares": sums_of_operators(lines, told),
                **sums.left,
                "known": known,
                "rests_on": tuple(rests_on),
                "rides_of": tuple(sorted(parts.get(day.isoformat(), ()))),
            }
            # Kept before the entry names them: a crash in between leaves files that nobody names.
            _keep(files, day, told)
            found.append(_record(service, sums, body, told, closed))
    return found


def _keep(files: DayFiles, day: date, told: Mapping[str, bytes]) -> None:
    """Keep the files of operators beside the values of rides, by their hash; they can be made again."""
    folder = files.folder / FOLDER / day.isoformat()
    folder.mkdir(parents=True, exist_ok=True)
    for data in told.values():
        path = folder / f"{hashlib.sha256(data).hexdigest()}.csv"
        if not path.exists():
            half = folder / f".{os.getpid()}.{threading.get_ident()}.half"
            half.write_bytes(data)
            half.replace(path)


def operator_file(service: PassService, files: DayFiles, day: date, operator: str) -> bytes | None:
    """Give the file of an operator as the last settlement of a day named it; None where there is none.

    Raises:
        UsageError: it is not here as it was named; settling the day again makes it.
    """
    body = settled_day(service, day)
    for share in body["shares"] if body is not None else ():
        if share["operator"] == operator:
            path = files.folder / FOLDER / day.isoformat() / f"{share['file']}.csv"
            data = path.read_bytes() if path.is_file() else b""
            if hashlib.sha256(data).hexdigest() == share["file"]:
                return data
            path.unlink(missing_ok=True)
            raise UsageError(f"the file of {day} is not here as the ledger names it; settle the day again")
    return None


def settled_day(service: PassService, day: date) -> dict[str, Any] | None:
    """Give what the last settlement of a service day says; None where it was never settled."""
    body: dict[str, Any] | None = None
    for entry in service.ledger.stream(settlement_stream(day)):
        body = msgspec.json.decode(entry.body)
    return body


def _basis(rules: FareRules, sums: DaySums) -> set[str]:
    """Say what the values of a day rest on that is not published."""
    if not sums.rows:
        return set()
    parts = {"early": rules.fares.early, "distance": rules.fares.distance, "transfers": rules.fares.transfers}
    given = {name: part.kind for name, part in parts.items() if part is not None}
    given |= {"split": rules.fares.split.kind, "booking": rules.fares.booking.kind}
    found = {f"{name}: {kind}" for name, kind in given.items() if kind != "published"}
    for kind, category in sorted({(row[1], row[3]) for row in sums.rows}):
        fares = [rules.base(sums.day, kind, category, early) for early in (False, True)]
        for fare in (*fares, rules.step(sums.day, category)):
            if fare is not None and fare.kind != "published":
                found.add(f"{fare.row}: {fare.kind}")
    return found


def _record(
    service: PassService, sums: DaySums, body: dict[str, Any], files: Mapping[str, bytes], closed: date | None
) -> Settled:
    """Record what changed on a day since it was settled last; nothing if nothing did."""
    day = sums.day
    stream = settlement_stream(day)
    before = settled_day(service, day)
    number = 0 if before is None else int(before["number"])
    old = postings_of_day(before) if before is not None else {}
    changed = difference(postings_of_day(body), old)
    plain = msgspec.json.decode(msgspec.json.encode(body))
    if before is not None and all(before[name] == value for name, value in plain.items()):
        return Settled(day, number, False, before, files, sums.is_new)
    after_close = closed is not None and day <= closed
    whole = body | {
        "number": number + 1,
        "booked_on": service.day() if after_close else day,
        "after_close": after_close,
        "postings": [{"debit": one, "credit": other, "amount": amount} for (one, other), amount in changed.items()],
    }
    key = f"passes/settlement/{day.isoformat()}/{number + 1}"
    service.ledger.append(service.entry(stream, "day-settled", whole, key, position=number))
    return Settled(day, number + 1, True, msgspec.json.decode(msgspec.json.encode(whole)), files, sums.is_new)


def postings_of_day(body: Mapping[str, Any]) -> Postings:
    """Give all postings of a service day, as its settlement stands."""
    found: Counter[tuple[str, str]] = Counter()
    for share in body["shares"]:
        account = f"operator/{share['operator']}"
        found["held", account] += share["from_price"]
        found["postpaid", account] += share["from_bills"]
        found["city", account] += share["city"]
    found["held", "unused"] += body["unused"]
    found["held", "fees"] += body["fees"]
    found["postpaid", "bills-not-used"] += body["bills_open"]
    return {pair: amount for pair, amount in found.items() if amount}


def difference(new: Postings, old: Postings) -> dict[tuple[str, str], int]:
    """Give the postings that lead from one state to another; what became less is posted the other way round."""
    found: dict[tuple[str, str], int] = {}
    for debit, credit in sorted({*new, *old}):
        amount = new.get((debit, credit), 0) - old.get((debit, credit), 0)
        if amount:
            found[(debit, credit) if amount > 0 else (credit, debit)] = abs(amount)
    return found


def is_simulated(service: PassService) -> bool:
    """Say whether the ledger begins by saying that all of it is made up."""
    return any(entry.kind == SIMULATION_STARTED for entry in service.ledger.entries(0, 1))


def closed_until(service: PassService) -> date | None:
    """Give the last service day that is closed; None for none."""
    last = None
    for entry in service.ledger.stream(CLOSED_STREAM):
        last = date.fromisoformat(msgspec.json.decode(entry.body)["until"])
    return last


def close(service: PassService, until: date, closed_by: str) -> None:
    """Close service days up to one; what changes in them later is booked on the day on which it is found.

    Raises:
        UsageError: they are closed already, or the day was never settled.
    """
    closed = closed_until(service)
    if closed == until:
        return
    if closed is not None and until < closed:
        raise UsageError(f"service days up to {closed} are closed; they stay so")
    if service.position(settlement_stream(until)) == 0:
        raise UsageError(f"service day {until} was not settled; settle it first")
    body = {"until": until, "closed_by": closed_by}
    key = f"passes/settlement/closed/{until.isoformat()}"
    position = service.position(CLOSED_STREAM)
    service.ledger.append(service.entry(CLOSED_STREAM, "settlement-closed", body, key, position=position))
