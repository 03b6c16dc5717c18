"""What a ride is worth: fares of a day, and the value of the rides of one card, one ride after the other.

The tables of the pack say what a ride costs and what a step of distance adds; the part ``fares`` of its section says
how rides become journeys. `rate` values the rides of one pass as a person would, with pencil and paper; `rating` does
the same for millions of rides at once, and a test holds both to the won.

Where a fare or a distance is not known the value is a range, whose ends are counted through apart: the least is what
the ride is worth if every open question is answered in favour of a low value. The journey rules:

- a ride goes on with the journey before it when that ride has its alighting tag, the next boarding follows within the
  time for a transfer, on another line, and the journey has transfers left;
- a journey costs the dearest base fare of its rides, plus the steps of the distance of them all;
- what a ride is charged is what it adds to its journey.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any, Literal

from donghaeng.errors import UsageError
from donghaeng.rules.table import weakest
from donghaeng.services.passes.fare_section import Number
from donghaeng.services.passes.policy import Policy

#: Why a ride has the value it has.
Rated = Literal["rated", "by_day", "paid_by_rider", "open", "no_boarding", "unknown_line", "no_fare", "no_pass"]
#: States of rides that may have a value; see `rides`.
TRAVELLED = ("complete", "missing", "outside")
METRES = 1000


@dataclass(frozen=True, slots=True)
class DayRules:
    """What holds on one service day beside fares. Moments are in UTC, distances in metres, times in seconds.

    Attributes:
        day: the service day.
        early_until: boarding before this is early; None where that makes no difference.
        base: distance inside the base fare; None where fares do not grow with distance.
        step: distance of a step.
        far: from where on another step counts, for journeys on some kinds alone; None for nowhere.
        far_step: distance of a step there.
        longest: no ride is longer.
        fastest: metres that a ride may make in an hour.
        window: longest time of a transfer; None where rides make no journeys.
        night_window: the same when alighting at night.
        night: alighting before the first, or from the second to the third, is at night; None for no night.
        most_transfers: of a journey.
    """

    day: date
    early_until: datetime | None
    base: int | None
    step: int
    far: int | None
    far_step: int
    longest: int
    fastest: int
    window: int | None
    night_window: int
    night: tuple[datetime, datetime, datetime] | None
    most_transfers: int

    def transfer_time(self, alighted_at: datetime) -> int:
        """Give the time for a transfer after an alighting, in seconds."""
        if self.window is None:
            return -1
        if self.night is not None:
            first, second, third = self.night
            if alighted_at < first or second <= alighted_at < third:
                return self.night_window
        return self.window

    def steps(self, metres: int, far: bool) -> int:
        """Give the number of steps of a distance; a step that is begun counts."""
        if self.base is None or metres <= self.base:
            return 0
        if far and self.far is not None and metres > self.far:
            return _up(self.far - self.base, self.step) + _up(metres - self.far, self.far_step)
        return _up(metres - self.base, self.step)


def _up(number: int, step: int) -> int:
    return -(-number // step)


@dataclass(frozen=True, slots=True)
class Fare:
    """A base fare, or a step of distance, in whole units of money.

    Attributes:
        least: the lower end.
        most: the upper end.
        kind: how firmly it is known.
        row: role and row of the table.
    """

    least: int
    most: int
    kind: str
    row: str


@dataclass(frozen=True, slots=True)
class Ride:
    """One ride, as the day files have it; moments are in UTC."""

    day: date
    medium: int
    device: str
    sequence: int
    boarded_at: datetime | None
    board_place: str | None
    board_line: str | None
    alighted_at: datetime | None
    alight_place: str | None
    state: str
    amount: int | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """What a ride is worth.

    Attributes:
        ride: the ride.
        rated: whether it has a value, or why it has none.
        journey: number of its journey among those of the pass, from 1; 0 for none.
        least: lower end of its value.
        most: upper end.
        kind: kind of its line; empty where that is not known.
        bases: lower and upper end of its base fare alone.
    """

    ride: Ride
    rated: Rated
    journey: int
    least: int
    most: int
    kind: str
    bases: tuple[int, int] = (0, 0)


#: Gives the distance between two places in metres; None where it is not known.
DistanceOf = Callable[[str, str], int | None]


def no_distances(start: str, end: str) -> int | None:  # noqa: ARG001
    """Give no distance: none is known."""
    return None


@dataclass(frozen=True)
class RouteOf:
    """A line with its kind and who runs it.

    Attributes:
        fare: kind of line.
        operators: shares in whole parts by operator; empty where they are not known.
    """

    fare: str
    operators: Mapping[str, int]


class FareRules:
    """The fares of a pack, by service day."""

    def __init__(self, policy: Policy, routes: Mapping[str, RouteOf] | None = None) -> None:
        """Take the rules of a pack, and lines beside those that it names.

        Args:
            policy: the rules, with what was fixed.
            routes: lines by name; these replace those of the pack.

        Raises:
            UsageError: the pack does not say what rides are worth.
        """
        fares = policy.section.model.fares
        if fares is None or not policy.has("fare"):
            raise UsageError(f"{policy.section.pack} does not say what rides are worth; add fares to its section")
        self.policy, self.fares = policy, fares
        own = {line: RouteOf(route.fare, dict(route.operators)) for line, route in fares.routes.items()}
        self.routes: Mapping[str, RouteOf] = {**own, **(routes or {})}
        self.on = cache(self._on)
        self.base = cache(self._base)
        self.step = cache(self._step)

    def _number(self, number: Number, on: date) -> int:
        return number if isinstance(number, int) else int(self.policy.value(number, on))

    def _on(self, day: date) -> DayRules:
        fares, zone = self.fares, self.policy.section.days.zone

        def number(given: Number) -> int:
            return self._number(given, day)

        def local(hours: time, shift: int = 0) -> datetime:
            return datetime.combine(day + timedelta(days=shift), hours, zone).astimezone(UTC)

        early = None
        if fares.early is not None:
            minutes = number(fares.early.until)
            early = local(time(minutes // 60 % 24, minutes % 60), minutes // (24 * 60))
        distance, transfers = fares.distance, fares.transfers
        night = None
        if transfers is not None and transfers.night is not None:
            begins, ends = map(time.fromisoformat, transfers.night)
            night = local(ends), local(begins), local(ends, 1)
        window = number(transfers.minutes) * 60 if transfers is not None else None
        far = distance.far if distance is not None else None
        return DayRules(
            day=day,
            early_until=early,
            base=number(distance.base_km) * METRES if distance is not None else None,
            step=number(distance.step_km) * METRES if distance is not None else 1,
            far=number(far.above_km) * METRES if far is not None else None,
            far_step=number(far.step_km) * METRES if far is not None else 1,
            longest=number(distance.longest_km) * METRES if distance is not None else 0,
            fastest=number(distance.fastest_km_an_hour) * METRES if distance is not None else 0,
            window=window,
            night_window=number(transfers.night_minutes) * 60
            if transfers is not None and transfers.night_minutes is not None
            else window or 0,
            night=night,
            most_transfers=number(transfers.most) if transfers is not None else 0,
        )

    def _base(self, day: date, kind: str, category: str, early: bool) -> Fare | None:
        return self._fare("fare", day, kind=kind, category=category, early=early)

    def _step(self, day: date, category: str) -> Fare:
        found = self._fare("distance_step", day, category=category) if self.policy.has("distance_step") else None
        return found or Fare(0, 0, "published", "")

    def _fare(self, role: Literal["fare", "distance_step"], day: date, **facts: Any) -> Fare | None:
        ruling = self.policy.rule(role, day, **facts)
        if ruling.least is None or ruling.most is None:
            return None
        return Fare(ruling.least, ruling.most, ruling.decision.kind, ruling.setting)

    def cap(self, kind: str, day: date) -> int | None:
        """Give what the rides of a service day come to at most when this kind of line was used; None for no limit."""
        number = self.fares.day_caps.get(kind)
        return None if number is None else self._number(number, day)

    def is_by_day(self, kind: str) -> bool:
        """Say whether use of a kind of line counts by days."""
        found = self.fares.kinds.get(kind)
        return found is not None and found.by_day

    def weakest(self, kinds: Iterable[str] = ()) -> str:
        """Give how firmly values are known: the weakest of the parts of the section and of fares that were used."""
        parts = (self.fares.early, self.fares.distance, self.fares.transfers)
        return weakest([*(part.kind for part in parts if part is not None), *kinds])


@dataclass(slots=True)
class _Journey:
    """A journey while its rides are counted."""

    number: int = 0
    rides: int = 0
    bases: tuple[int, int] = (0, 0)
    metres: tuple[int, int] = (0, 0)
    is_far: bool = True
    charged: tuple[int, int] = (0, 0)


def rate(rules: FareRules, category: str, rides: Iterable[Ride], distance_of: DistanceOf = no_distances) -> list[Value]:
    """Value the rides of one pass.

    Args:
        rules: the fares.
        category: category of the rider of the pass.
        rides: its rides.
        distance_of: distances between places.

    Returns:
        The rides in order of boarding, with their values as the section says that journeys are told to their rides.
    """
    ordered = sorted(rides, key=_order)
    found: list[Value] = []
    journey, before = _Journey(), None
    for ride in ordered:
        rated, kind = _judged(rules, category, ride)
        if rated != "rated" or ride.boarded_at is None:
            found.append(Value(ride, rated, 0, 0, 0, kind))
            continue
        day = rules.on(ride.day)
        if before is None or not _goes_on(rules, before, ride, journey.rides):
            journey = _Journey(number=journey.number + 1)
        base = rules.base(ride.day, kind, category, is_early(day, ride.boarded_at))
        step = rules.step(ride.day, category)
        least, most = metres_of(day, ride, distance_of)
        if base is None:
            raise ValueError(f"a ride on {kind} was judged to have a fare and has none")
        journey.rides += 1
        journey.bases = max(journey.bases[0], base.least), max(journey.bases[1], base.most)
        journey.metres = journey.metres[0] + least, journey.metres[1] + most
        distance = rules.fares.distance
        journey.is_far &= distance is not None and distance.far is not None and kind in distance.far.kinds
        is_flat = distance is not None and journey.rides == 1 and kind in distance.flat_alone
        steps = (
            (0, 0)
            if is_flat
            else (
                day.steps(journey.metres[0], journey.is_far) * step.least,
                day.steps(journey.metres[1], journey.is_far) * step.most,
            )
        )
        total = (
            max(journey.charged[0], journey.bases[0] + steps[0]),
            max(journey.charged[1], journey.bases[1] + steps[1]),
        )
        added = total[0] - journey.charged[0], total[1] - journey.charged[1]
        journey.charged = total
        found.append(Value(ride, "rated", journey.number, *added, kind, (base.least, base.most)))
        before = ride
    if rules.fares.split.by == "base_fare":
        found = split_journeys(found)
    return capped(rules, found)


def split_journeys(values: Sequence[Value]) -> list[Value]:
    """Tell each journey to its rides in proportion to their base fares, by largest remainders.

    What a journey adds on a service day is told to its rides of that day, so that no later ride changes what a day that
    was settled is worth. The weights of both ends are the upper ends of the base fares, so that the ends of a ride do
    not change places.
    """
    found = list(values)
    journeys: dict[tuple[int, date], list[int]] = {}
    for place, value in enumerate(found):
        if value.rated == "rated":
            journeys.setdefault((value.journey, value.ride.day), []).append(place)
    for places in journeys.values():
        weights = [found[at].bases[1] for at in places]
        least = largest_remainder(sum(found[at].least for at in places), weights)
        most = largest_remainder(sum(found[at].most for at in places), weights)
        for at, low, high in zip(places, least, most, strict=True):
            found[at] = replace(found[at], least=low, most=high)
    return found


def _order(ride: Ride) -> tuple[datetime, str, int]:
    return (ride.boarded_at or ride.alighted_at or datetime.min, ride.device, ride.sequence)


def _judged(rules: FareRules, category: str, ride: Ride) -> tuple[Rated, str]:
    """Say whether a ride has a value, and of which kind its line is."""
    route = rules.routes.get(ride.board_line or "")
    kind = route.fare if route is not None else ""
    if ride.state == "no_boarding" or ride.boarded_at is None:
        return "no_boarding", kind
    if ride.state not in TRAVELLED:
        return "open", kind
    if ride.state == "outside" or (ride.amount or 0) > 0:
        return "paid_by_rider", kind
    if route is None:
        return "unknown_line", kind
    if rules.is_by_day(kind):
        return "by_day", kind
    day = rules.on(ride.day)
    if rules.base(ride.day, kind, category, is_early(day, ride.boarded_at)) is None:
        return "no_fare", kind
    return "rated", kind


def is_early(day: DayRules, boarded_at: datetime) -> bool:
    """Say whether a boarding is early."""
    return day.early_until is not None and boarded_at < day.early_until


def metres_of(day: DayRules, ride: Ride, distance_of: DistanceOf) -> tuple[int, int]:
    """Give the least and the most that the distance of a ride can be."""
    if day.base is None:
        return 0, 0
    if ride.alighted_at is None or ride.boarded_at is None:
        return 0, day.longest
    if ride.board_place is not None and ride.alight_place is not None:
        metres = distance_of(ride.board_place, ride.alight_place)
        if metres is not None:
            return metres, metres
    seconds = int((ride.alighted_at - ride.boarded_at).total_seconds())
    return 0, min(day.longest, max(seconds, 0) * day.fastest // 3600)


def _goes_on(rules: FareRules, before: Ride, ride: Ride, rides: int) -> bool:
    """Say whether a ride goes on with the journey of the one before it, which has so many rides."""
    transfers = rules.fares.transfers
    if transfers is None or before.alighted_at is None or ride.boarded_at is None:
        return False
    day, earlier = rules.on(ride.day), rules.on(before.day)
    # A change of the number of transfers ends journeys that run across it; a journey has one rule.
    if rides > day.most_transfers or day.most_transfers != earlier.most_transfers:
        return False
    if not transfers.same_line and before.board_line == ride.board_line:
        return False
    waited = (ride.boarded_at - before.alighted_at).total_seconds()
    return 0 <= waited <= earlier.transfer_time(before.alighted_at)


def capped(rules: FareRules, values: Sequence[Value]) -> list[Value]:
    """Hold the rides of each service day to what they come to at most."""
    if not rules.fares.day_caps:
        return list(values)
    found: list[Value] = []
    day: date | None = None
    cap: int | None = None
    sums, told = (0, 0), (0, 0)
    for value in values:
        if value.rated != "rated":
            found.append(value)
            continue
        if value.ride.day != day:
            day, cap, sums, told = value.ride.day, None, (0, 0), (0, 0)
        own = rules.cap(value.kind, value.ride.day)
        cap = own if cap is None else cap if own is None else max(cap, own)
        sums = sums[0] + value.least, sums[1] + value.most
        held = sums if cap is None else (min(sums[0], cap), min(sums[1], cap))
        held = max(held[0], told[0]), max(held[1], told[1])
        added = held[0] - told[0], held[1] - told[1]
        told = held
        found.append(replace(value, least=added[0], most=added[1]))
    return found


def largest_remainder(total: int, weights: Sequence[int]) -> list[int]:
    """Divide a whole amount in proportion to weights; what is left goes to the largest remainders, first ones first.

    Weights that are all zero count alike.

    Args:
        total: the amount, 0 or more.
        weights: whole numbers from 0 on.

    Raises:
        ValueError: there is nothing to divide among, or a number is negative.

    >>> largest_remainder(100, [1, 1, 1])
    [34, 33, 33]
    """
    if total < 0 or not weights or min(weights) < 0:
        raise ValueError("an amount from 0 on is divided by weights from 0 on, of which there is at least one")
    parts = weights if any(weights) else [1] * len(weights)
    whole = sum(parts)
    found = [total * part // whole for part in parts]
    left = total - sum(found)
    order = sorted(range(len(parts)), key=lambda at: (-(total * parts[at] % whole), at))
    for at in order[:left]:
        found[at] += 1
    return found
