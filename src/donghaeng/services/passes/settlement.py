"""Settling service days: what operators are owed for the rides of passes, and who pays it.

The value of a pass's rides is paid out of its price, in the order of the rides; what goes beyond it is shared between
the city and the operator by a dated table. A day is settled as often as something changed: each time the whole is
counted anew and only the difference is posted, so that late taps, refunds, fixed rules and distances that become known
find their way into days that were settled, and into months that are closed, without an entry being touched.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import func, select

from donghaeng.errors import UsageError
from donghaeng.ledger.faults import ConflictError, PositionError
from donghaeng.ledger.own_kinds import SIMULATION_STARTED
from donghaeng.ledger.statement import Statement
from donghaeng.rules.table import weakest
from donghaeng.services.passes.billing import billed
from donghaeng.services.passes.day_files import DayFiles
from donghaeng.services.passes.fares import FareRules, largest_remainder
from donghaeng.services.passes.rating import Distances, Pass, gather, passes_between, rate_all
from donghaeng.services.passes.schema import periods
from donghaeng.services.passes.service import PassService

if TYPE_CHECKING:
    import duckdb

#: Stream that says up to which day everything is closed.
CLOSED_STREAM = "settlement/closed"
#: How often a day is settled again because somebody else settled it at the same time.
MOST_ROUNDS = 8
#: Entries of a card that change what its rides are paid from, beside charges, which are made before them.
CHANGING = ("postpaid-billed", "refund-paid", "medium-stopped", "medium-reinstated", "medium-replaced")
_FIRST_START = Statement(select(func.min(periods.c.starts)))
#: Service days that one run reads at most.
LONGEST_SPAN = timedelta(days=800)

FILE_COLUMNS = (
    *("day", "operator", "line", "product", "category", "rides", "value", "below", "above", "from_price"),
    *("from_bills", "excess", "city", "borne", "unshared", "paid", "known", "label"),
)


@dataclass(frozen=True)
class Line:
    """What the rides of one line came to on a day, for one operator, product and category.

    Attributes:
        operator: who ran it; ``line:NAME`` where that is not known.
        line: the line.
        kind: its kind.
        product: product of the passes.
        category: category of the passes.
        rides: number of rides.
        value: what is settled.
        below: how much less it may be.
        above: how much more it may be.
        from_price: of the value, out of prices.
        from_bills: of the value, out of what is billed after use.
        city: of the rest, paid by the city.
        borne: of the rest, borne by the operator.
        unshared: of the rest, where the share is not known.
    """

    operator: str
    line: str
    kind: str
    product: str
    category: str
    rides: int
    value: int
    below: int
    above: int
    from_price: int
    from_bills: int
    city: int = 0
    borne: int = 0
    unshared: int = 0

    @property
    def excess(self) -> int:
        """The part of the value beyond prices."""
        return self.value - self.from_price - self.from_bills


@dataclass(frozen=True)
class Settled:
    """A service day as it was settled.

    Attributes:
        day: the service day.
        number: how many times it was settled.
        is_new: whether this run settled it; otherwise nothing had changed.
        body: what the entry says.
        files: the file of each operator, by operator.
    """

    day: date
    number: int
    is_new: bool
    body: Mapping[str, Any]
    files: Mapping[str, bytes] = field(repr=False)


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
    for _ in range(MOST_ROUNDS):
        try:
            return _settle(service, files, first, last, rules, distances or {}, bills or {})
        except (ConflictError, PositionError):
            continue
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
    passes = [
        replace(one, limit=bills.get(one.charge, billed(service, one.charge))) if one.is_after else one
        for one in passes_between(service.section, files.store, first, last)
    ]
    begins = min([first, *(one.starts for one in passes)])
    label = "simulated" if is_simulated(service) else ""
    closed = closed_until(service)
    found = []
    with files.engine() as engine:
        _sum(engine, rules, files.rides(begins, last), passes, distances)
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        rows = _rows(engine, first, last, passes)
        states = _states(engine, first, last)
        basis = _basis(engine, rules, first, last)
        left = _left(engine, first, last)
    parts: dict[str, list[str]] = {}
    for part in files.parts("rides", first.isoformat(), last.isoformat()):
        parts.setdefault(part.day, []).append(part.part)
    for day in days:
        lines, sharing = share_lines(rules, day, rows.get(day, []))
        rests_on = sorted({*basis.get(day, ()), *sharing})
        known = weakest([entry.rpartition(": ")[2] for entry in rests_on] or ["published"])
        told = operator_files(day, lines, known, label)
        body = {
            "day": day,
            "rides": states.get(day, {}),
            "shares": _shares(lines, told),
            **left.get(day, {"unused": 0, "fees": 0, "bills_open": 0}),
            "known": known,
            "rests_on": tuple(rests_on),
            "rides_of": tuple(sorted(parts.get(day.isoformat(), ()))),
        }
        found.append(_record(service, day, body, told, closed))
    return found


def days_to_settle(service: PassService, files: DayFiles) -> tuple[date, date] | None:
    """Say which service days are to be settled, or settled again; None for none.

    That is from the first day that was never settled, whose rides have changed since, or on which a pass began that was
    paid back, stopped or taken up again since; up to yesterday, as the rides of a day change what is left for later
    ones. Fares that were fixed and distances that became known are not seen here.

    Args:
        service: the service.
        files: the day files.
    """
    last = service.day() - timedelta(days=1)
    parts: dict[date, set[str]] = {}
    for part in files.parts("rides", "0000", last.isoformat()):
        parts.setdefault(date.fromisoformat(part.day), set()).add(part.part)
    ((start,),) = service.ledger.store.query(_FIRST_START)
    begins = [*parts, *([date.fromisoformat(start)] if start else [])]
    if not begins or min(begins) > last:
        return None
    days = [min(begins) + timedelta(days=number) for number in range((last - min(begins)).days + 1)]
    settled: dict[date, int] = {}
    for day in days:
        for entry in service.ledger.stream(settlement_stream(day)):
            settled[day] = entry.sequence
            rides_of = set(msgspec.json.decode(entry.body)["rides_of"])
        if day not in settled or rides_of != parts.get(day, set()):
            return day, last
    changed = []
    for entry in service.ledger.entries(min(settled.values())):
        if entry.kind in CHANGING:
            card = msgspec.json.decode(entry.body)["card"]
            for charge in service.state.charges_of(card):
                period = charge.period
                over = [settled[day] for day in days if period.covers(day)]
                if over and entry.sequence > min(over):
                    changed.append(max(period.starts, days[0]))
    return (min(changed), last) if changed else None


def _record(
    service: PassService, day: date, body: dict[str, Any], files: Mapping[str, bytes], closed: date | None
) -> Settled:
    """Record what changed on a day since it was settled last; nothing if nothing did."""
    stream = settlement_stream(day)
    before = None
    for entry in service.ledger.stream(stream):
        before = msgspec.json.decode(entry.body)
    number = 0 if before is None else int(before["number"])
    old = postings_of_day(before) if before is not None else {}
    changed = difference(postings_of_day(body), old)
    plain = msgspec.json.decode(msgspec.json.encode(body))
    if before is not None and all(before[name] == value for name, value in plain.items()):
        return Settled(day, number, False, before, files)
    after_close = closed is not None and day <= closed
    whole = body | {
        "number": number + 1,
        "booked_on": service.day() if after_close else day,
        "after_close": after_close,
        "postings": [{"debit": one, "credit": other, "amount": amount} for (one, other), amount in changed.items()],
    }
    key = f"passes/settlement/{day.isoformat()}/{number + 1}"
    service.ledger.append(service.entry(stream, "day-settled", whole, key, position=number))
    return Settled(day, number + 1, True, msgspec.json.decode(msgspec.json.encode(whole)), files)


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


def _sum(
    engine: duckdb.DuckDBPyConnection, rules: FareRules, rides: str, passes: Sequence[Pass], distances: Distances
) -> None:
    """Rate rides and keep their sums: by day, line, product and category in ``sums``, by charge in ``used``."""
    sums = gather(
        "sums",
        "SELECT day, rated, line, kind, product, category, count(*) AS rides, sum(value)::BIGINT AS value, "
        "sum(value - least)::BIGINT AS below, sum(most - value)::BIGINT AS above, sum(within)::BIGINT AS within "
        "FROM rated GROUP BY ALL",
    )
    used = gather(
        "used",
        "SELECT charge, sum(within)::BIGINT AS within FROM rated WHERE charge IS NOT NULL GROUP BY charge",
    )

    def take(engine: duckdb.DuckDBPyConnection) -> None:
        sums(engine)
        used(engine)

    rate_all(engine, rules, rides, passes, distances, take)


def _rows(
    engine: duckdb.DuckDBPyConnection, first: date, last: date, passes: Sequence[Pass]
) -> dict[date, list[tuple[Any, ...]]]:
    """Give the rides of days that have a value, by line, product and category."""
    after = sorted({one.product for one in passes if one.is_after})
    listed = ", ".join("?" for _ in after) or "NULL"
    query = f"""
SELECT day, line, kind, product, category, coalesce(product IN ({listed}), false) AS after, sum(rides)::BIGINT,
    sum(value)::BIGINT, sum(below)::BIGINT, sum(above)::BIGINT, sum(within)::BIGINT
FROM sums WHERE rated = 'rated' AND day BETWEEN ? AND ? GROUP BY ALL ORDER BY ALL
"""  # noqa: S608, places for values
    found: dict[date, list[tuple[Any, ...]]] = {}
    for day, *row in engine.execute(query, [*after, first, last]).fetchall():
        found.setdefault(day, []).append(tuple(row))
    return found


def _states(engine: duckdb.DuckDBPyConnection, first: date, last: date) -> dict[date, dict[str, int]]:
    """Count rides by whether they have a value."""
    query = "SELECT day, rated, sum(rides)::BIGINT FROM sums WHERE day BETWEEN ? AND ? GROUP BY ALL ORDER BY ALL"
    found: dict[date, dict[str, int]] = {}
    for day, rated, count in engine.execute(query, [first, last]).fetchall():
        found.setdefault(day, {})[rated] = count
    return found


def _left(engine: duckdb.DuckDBPyConnection, first: date, last: date) -> dict[date, dict[str, int]]:
    """Sum what is left of passes whose last service day it is: of those that were paid back it is the fee."""
    query = """
SELECT p.ends,
    coalesce(sum(p."limit" - coalesce(u.within, 0)) FILTER (NOT p.after AND p.state <> 'refunded'), 0)::BIGINT,
    coalesce(sum(p."limit" - coalesce(u.within, 0)) FILTER (NOT p.after AND p.state = 'refunded'), 0)::BIGINT,
    coalesce(sum(p."limit" - coalesce(u.within, 0)) FILTER (p.after), 0)::BIGINT
FROM passes AS p LEFT JOIN used AS u USING (charge) WHERE p.ends BETWEEN ? AND ? GROUP BY p.ends ORDER BY p.ends
"""
    rows = engine.execute(query, [first, last]).fetchall()
    return {day: {"unused": unused, "fees": fees, "bills_open": bills} for day, unused, fees, bills in rows}


def _basis(engine: duckdb.DuckDBPyConnection, rules: FareRules, first: date, last: date) -> dict[date, tuple[str, ...]]:
    """Say, for each day, what its values rest on that is not published."""
    parts = {"early": rules.fares.early, "distance": rules.fares.distance, "transfers": rules.fares.transfers}
    given = {name: part.kind for name, part in parts.items() if part is not None}
    given |= {"split": rules.fares.split.kind, "booking": rules.fares.booking.kind}
    always = [f"{name}: {kind}" for name, kind in given.items() if kind != "published"]
    query = "SELECT DISTINCT day, kind, category FROM sums WHERE rated = 'rated' AND day BETWEEN ? AND ? ORDER BY ALL"
    found: dict[date, set[str]] = {}
    for day, kind, category in engine.execute(query, [first, last]).fetchall():
        here = found.setdefault(day, set(always))
        fares = [rules.base(day, kind, category, early) for early in (False, True)]
        for fare in (*fares, rules.step(day, category)):
            if fare is not None and fare.kind != "published":
                here.add(f"{fare.row}: {fare.kind}")
    return {day: tuple(sorted(rows)) for day, rows in found.items()}


def share_lines(rules: FareRules, day: date, rows: Iterable[Sequence[Any]]) -> tuple[list[Line], list[str]]:
    """Divide the rides of lines among operators, and use above prices between city and operators.

    Amounts are divided by largest remainders, so that every sum stays what it was.

    Args:
        rules: the fares, with the lines.
        day: the service day.
        rows: line, kind, product, category, whether it is billed after use, rides, value, below, above, within.

    Returns:
        The lines in order of operator and line, and what the sharing rests on that is not published.
    """
    lines: list[Line] = []
    for line, kind, product, category, after, rides, value, below, above, within in rows:
        route = rules.routes[line]
        operators = dict(sorted(route.operators.items())) or {f"line:{line}": 1}
        weights = list(operators.values())
        amounts = [largest_remainder(one, weights) for one in (rides, within, value - within, below, above)]
        for operator, count, inside, beyond, low, high in zip(operators, *amounts, strict=True):
            paid = (0, inside) if after else (inside, 0)
            lines.append(Line(operator, line, kind, product, category, count, inside + beyond, low, high, *paid))
    lines.sort(key=lambda one: (one.operator, one.line, one.product, one.category))
    found: list[Line] = []
    basis: set[str] = set()
    groups: dict[tuple[str, int | None], list[Line]] = {}
    for one in lines:
        percent = None
        if one.excess and rules.policy.has("excess_share"):
            ruling = rules.policy.rule("excess_share", day, operator=one.operator, kind=one.kind)
            percent = ruling.outcome.get("percent") if not ruling.is_open else None
            if ruling.decision.kind != "published":
                basis.add(f"{ruling.setting}: {ruling.decision.kind}")
        groups.setdefault((one.operator, percent), []).append(one)
    for (_, percent), group in groups.items():
        beyond = [one.excess for one in group]
        whole = sum(beyond)
        if percent is None:
            found += [replace(one, unshared=one.excess) for one in group]
            continue
        city, _ = largest_remainder(whole, [percent, 100 - percent])
        for one, part in zip(group, largest_remainder(city, beyond) if whole else [0] * len(group), strict=True):
            found.append(replace(one, city=part, borne=one.excess - part))
    found.sort(key=lambda one: (one.operator, one.line, one.product, one.category))
    return found, sorted(basis)


def operator_files(day: date, lines: Iterable[Line], known: str, label: str) -> dict[str, bytes]:
    """Write the file of each operator: CSV in UTF-8, the same lines giving the same bytes.

    Args:
        day: the service day.
        lines: its lines, in order.
        known: how firmly the values are known.
        label: what every row says of itself, such as ``simulated``; empty for nothing.
    """
    by_operator: dict[str, list[Line]] = {}
    for line in lines:
        by_operator.setdefault(line.operator, []).append(line)
    found = {}
    for operator, own in sorted(by_operator.items()):
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(FILE_COLUMNS)
        for one in own:
            paid = one.from_price + one.from_bills + one.city
            writer.writerow(
                [
                    *(day.isoformat(), one.operator, one.line, one.product, one.category, one.rides, one.value),
                    *(one.below, one.above, one.from_price, one.from_bills, one.excess, one.city, one.borne),
                    *(one.unshared, paid, known, label),
                ]
            )
        found[operator] = text.getvalue().encode()
    return found


def _shares(lines: Iterable[Line], files: Mapping[str, bytes]) -> tuple[dict[str, Any], ...]:
    names = ("rides", "value", "below", "above", "from_price", "from_bills", "city", "borne", "unshared")
    sums: dict[str, dict[str, int]] = {}
    for line in lines:
        own = sums.setdefault(line.operator, dict.fromkeys(names, 0))
        for name in names:
            own[name] += getattr(line, name)
    return tuple(
        {"operator": operator, **own, "file": hashlib.sha256(files[operator]).hexdigest()}
        for operator, own in sorted(sums.items())
    )
