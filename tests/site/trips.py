"""Trips told to the page for travellers, and what they cost by the tables alone: without its script."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, partial
from typing import Any

from donghaeng.catalogue.pack import Pack
from donghaeng.catalogue.traveller_section import FareTable
from donghaeng.rules.decision import DecisionTable
from donghaeng.services.passes.policy import Policy

#: Most, least, uses of unknown price, passes bought; whole ways are compared in this order.
Cost = tuple[int, int, int, int]
NOTHING: Cost = (0, 0, 0, 0)


@dataclass(frozen=True)
class Trip:
    """What a traveller tells."""

    first: date
    days: int | None
    rides: dict[str, int]
    km: tuple[int, int] | None
    category: str
    medium: str
    new_card: bool

    def as_json(self) -> dict[str, Any]:
        return {
            "first": self.first.isoformat(),
            "days": self.days,
            "rides": self.rides,
            "km": self.km and list(self.km),
            "category": self.category,
            "medium": self.medium,
            "newCard": self.new_card,
            "postpaid": True,
        }


def random_trips(pack: Pack, seed: int, number: int, days: Sequence[date]) -> list[Trip]:
    """Trips that begin near days on which something changes."""
    assert pack.traveller is not None
    model, passes = pack.traveller.model, pack.traveller.passes.model
    assert passes.fares is not None
    chance = random.Random(seed)
    bands = list(zip([0, *model.distances_km], model.distances_km, strict=False))
    media = [(code, new) for code, one in passes.media.items() if one.pays == "prepaid" for new in (True, False)]
    found = []
    for _ in range(number):
        lives = chance.random() < 0.15
        length = None if lives else chance.choice([1, 2, 3, 4, 6, 9, 13, 31, model.most_days])
        rides = {}
        for kind in model.rides:
            most = 40 if lives else 5
            if passes.fares.kinds[kind].by_day:
                most = length or 20
            rides[kind] = chance.randint(1, most) if chance.random() < 0.4 else 0
        medium, new = chance.choice(media)
        first = chance.choice(days) + timedelta(days=chance.randint(-8, 8))
        km = chance.choice([None, *bands]) if bands else None
        found.append(Trip(first, length, rides, km, chance.choice(list(model.buys)), medium, new))
    return found


class Reckoner:
    """Adds up trips by the decision tables of a pack, one way after the other."""

    def __init__(self, pack: Pack) -> None:
        assert pack.traveller is not None
        self.model, self.passes = pack.traveller.model, pack.traveller.passes.model
        self.policy = Policy(pack.traveller.passes)
        self.tables = {
            role: DecisionTable(pack.traveller.passes.rules.tables[bound.table])
            for role, bound in self.passes.tables.items()
        }
        self.ask: Callable[..., dict[str, Any] | None] = cache(self._ask)
        self.fare: Callable[..., tuple[int, int] | None] = cache(self._fare)

    def _ask(self, role: str, on: date, facts: tuple[tuple[str, Any], ...]) -> dict[str, Any] | None:
        bound = self.passes.tables[role]
        given = {bound.facts.get(name, name): value for name, value in facts}
        return self.decided(self.tables[role], on, given, bound.outcomes, bound.results)

    def decided(
        self,
        table: DecisionTable,
        on: date,
        given: Mapping[str, Any],
        outcomes: Mapping[str, str],
        results: Mapping[str, str],
    ) -> dict[str, Any] | None:
        """Ask a table of the pack; None where it does not know a code."""
        inputs = table.table.all_inputs
        given = {name: value for name, value in given.items() if name in inputs}
        if any(
            inputs[name].type.codes and isinstance(v, str) and v not in inputs[name].type.codes
            for name, v in given.items()
        ):
            return None
        outcome = dict(table.decide(on, **given).outcome)
        return {
            "meaning": results.get(str(outcome["result"]), str(outcome["result"])),
            "amount": _ends(outcome, outcomes.get("amount", "amount")),
            "last_day": outcome.get(outcomes.get("last_day", "last_day")),
        }

    def _fare(self, table: str, on: date, facts: tuple[tuple[str, Any], ...]) -> tuple[int, int] | None:
        found = self.decided(DecisionTable(self.policy.section.rules.tables[table]), on, dict(facts), {}, {})
        return found and found["amount"]

    def told(self, role: str, on: date, **facts: Any) -> dict[str, Any] | None:
        """Ask a table."""
        return self.ask(role, on, tuple(facts.items()))

    def number(self, given: int | str, on: date) -> int:
        """Give a number of the pack on a day."""
        return given if isinstance(given, int) else int(self.policy.value(given, on))

    def totals(self, trip: Trip) -> dict[str, tuple[int, int, int] | None]:
        """Give least, most and uses of unknown price: of passes, single fares, what is billed and the best mix."""
        return _Reckoning(self, trip).totals()


def _ends(outcome: dict[str, Any], name: str) -> tuple[int, int] | None:
    if outcome.get(name) is not None:
        return int(outcome[name]), int(outcome[name])
    if outcome.get(f"{name}_from") is None:
        return None
    return int(outcome[f"{name}_from"]), int(outcome[f"{name}_to"])


def _add(*costs: Cost) -> Cost:
    most, least, unknown, passes = map(sum, zip(*costs, strict=True))
    return most, least, unknown, passes


class _Reckoning:
    def __init__(self, by: Reckoner, trip: Trip) -> None:
        self.by, self.trip = by, trip
        last = self.ends(by.model.resident, trip.first) if trip.days is None else None
        self.length = trip.days or (last - trip.first).days + 1
        self.days = [trip.first + timedelta(days=at) for at in range(self.length)]
        self.prepaid = [
            code for code, one in by.passes.products.items() if one.pays == "prepaid" and trip.medium in one.media
        ]

    def ends(self, product: str, day: date) -> Any:
        found = self.by.told("period", day, product=product, start_day=day)
        return found and found["last_day"]

    def rides(self, kind: str, at: int) -> int:
        count = self.trip.rides[kind]
        if self.trip.days is None or self.by.passes.fares.kinds[kind].by_day:
            return (at + 1) * count // self.length - at * count // self.length
        return count

    def fare(self, kind: str, day: date, category: str) -> tuple[int, int] | None:
        model, fares = self.by.model, self.by.passes.fares
        rider = model.riders.get(category, category)
        if model.single_fare is None:
            found = self.by.told("fare", day, kind=kind, category=category, early=False)
            return found and found["amount"]
        base = self.own(model.single_fare, day, rider, model.single_fare.kind, kind)
        if base is None or fares.kinds[kind].by_day or kind in fares.distance.flat_alone:
            return base
        above, up_to = self.trip.km or (0, model.distances_km[-1])
        ends = [
            self.own(model.distance_fare, day, rider, model.distance_fare.metres, metres)
            for metres in (1000 * above + 1, 1000 * up_to)
        ]
        return (base[0] + ends[0][0], base[1] + ends[1][1]) if all(ends) else None

    def own(self, bound: FareTable, day: date, rider: str, name: str, value: str | int) -> tuple[int, int] | None:
        return self.by.fare(bound.table, day, tuple({**bound.facts, bound.rider: rider, name: value}.items()))

    def paid(self, at: int, covered: Callable[[str], bool], by_day: bool = True, category: str | None = None) -> Cost:
        """What is paid at single fares on a day for what is not covered."""
        least = most = unknown = 0
        caps = []
        for kind in self.trip.rides:
            count = self.rides(kind, at)
            if count == 0 or covered(kind) or (self.by.passes.fares.kinds[kind].by_day and not by_day):
                continue
            fare = self.fare(kind, self.days[at], category or self.trip.category)
            if fare is None:
                unknown += count
            else:
                least, most = least + count * fare[0], most + count * fare[1]
            if kind in self.by.passes.fares.day_caps:
                caps.append(self.by.number(self.by.passes.fares.day_caps[kind], self.days[at]))
        if caps:
            least, most = min(least, max(caps)), min(most, max(caps))
        return most, least, unknown, 0

    def covers(self, product: str, kind: str, at: int) -> bool:
        facts = dict(self.by.model.rides[kind])
        rights = tuple(self.by.passes.products[product].rights)
        found = self.by.told("coverage", self.days[at], **facts, addons=rights)
        return found is not None and found["meaning"] == "both"

    def takes(self, product: str, at: int, kind: str) -> bool:
        return self.covers(product, kind, at)

    def leaves(self, product: str, at: int, kind: str) -> bool:
        return not self.covers(product, kind, at)

    def sold_to(self, product: str, day: date) -> str | None:
        for category in self.by.model.buys[self.trip.category]:
            if category in self.by.passes.products[product].categories:
                found = self.by.told("price", day, product=product, category=category)
                if found and found["meaning"] == "sold":
                    return category
        return None

    def price(self, product: str, day: date) -> tuple[int, int] | None:
        category = self.sold_to(product, day)
        found = category and self.by.told("price", day, product=product, category=category)
        return found["amount"] if found else None

    def buy(self, product: str, at: int) -> tuple[Cost, int] | None:
        """What a pass begun on a day costs with what it does not cover, and the day after its last."""
        price, last = self.price(product, self.days[at]), self.ends(product, self.days[at])
        if price is None or last is None:
            return None
        end = min(self.length, (last - self.days[at]).days + 1 + at)
        beside = [self.paid(day, partial(self.takes, product, day)) for day in range(at, end)]
        return _add((price[1], price[0], 0, 1), *beside), end

    def cheapest(self, products: Sequence[str], at: int = 0) -> Cost:
        @cache
        def bought(product: str, at: int) -> tuple[Cost, int] | None:
            return self.buy(product, at)

        best = {self.length: NOTHING}
        for day in range(self.length - 1, at - 1, -1):
            ways = [_add(self.paid(day, lambda _: False), best[day + 1])]
            for product in products:
                if one := bought(product, day):
                    ways.append(_add(one[0], best[one[1]]))
            best[day] = min(ways)
        return best[at]

    def totals(self) -> dict[str, tuple[int, int, int] | None]:
        card = self.by.policy.medium_price(self.trip.medium, self.trip.first) if self.trip.new_card else 0

        def shown(cost: Cost) -> tuple[int, int, int]:
            own = card if cost[3] else 0
            return cost[1] + own, cost[0] + own, cost[2]

        found: dict[str, tuple[int, int, int] | None] = {"single": shown(self.cheapest([]))}
        for product in self.prepaid:
            if one := self.buy(product, 0):
                found[product] = shown(
                    _add(one[0], self.cheapest([product], one[1]) if one[1] < self.length else NOTHING)
                )
        found["mix"] = shown(self.cheapest(self.prepaid))
        for code, one in self.by.passes.products.items():
            if one.pays == "postpaid":
                found |= self.billed(code)
        return found

    def billed(self, product: str) -> dict[str, tuple[int, int, int] | None]:
        by, trip = self.by, self.trip
        category = self.sold_to(product, trip.first)
        if category is None:
            return {}
        months: dict[Any, list[int]] = {}
        for at, day in enumerate(self.days):
            months.setdefault(None if trip.days is None else (day.year, day.month), []).append(at)
        total, is_known = NOTHING, True
        for number, places in enumerate(months.values()):
            used = _add(*(self.paid(at, partial(self.leaves, product, at), False, category) for at in places))
            beside = _add(*(self.paid(at, partial(self.takes, product, at)) for at in places))
            bikes = sum(
                min(1, self.rides(kind, at))
                for kind in trip.rides
                if by.passes.fares.kinds[kind].by_day
                for at in places
                if self.covers(product, kind, at)
            )
            is_first = trip.days is not None and number == 0
            ends = []
            for amount in (used[1], used[0]):
                bill = by.told(
                    "bill",
                    self.days[places[0]],
                    category=category,
                    registered=True,
                    first_month=is_first,
                    days_before_registration=trip.first.day - 1 if is_first else 0,
                    used_transit=amount,
                    bike_days=bikes,
                )
                if bill is None or bill["meaning"] == "not_available":
                    return {}
                ends.append(bill["amount"])
            if None in ends:
                is_known = False
            else:
                total = _add(total, (ends[1][1], ends[0][0], used[2], 0), beside)
        return {product: (total[1], total[0], total[2]) if is_known else None}
