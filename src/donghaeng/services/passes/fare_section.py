"""What a pack says of the value of use: part ``fares`` of ``service/passes.yaml``.

What a ride costs stands in the decision tables of the roles ``fare`` and ``distance_step``. Here is what they cannot
say: how rides become journeys, how distance counts, and of which kind each line is. Amounts, minutes and distances
are names of dated values of the pack, or numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Literal

from pydantic import Field

from donghaeng.documents import Model, formed
from donghaeng.errors import listed, nearest
from donghaeng.rules.document import Citation, Code, KindWord, Name
from donghaeng.wording import Text

Codes = Annotated[tuple[Code, ...], Field(strict=False)]
Citations = Annotated[tuple[Citation, ...], Field(strict=False)]
Number = Annotated[int, Field(ge=0)] | Name
Hour = Annotated[str, formed(r"^(?:[01][0-9]|2[0-3]):[0-5][0-9]$", 'an hour and a minute such as "21:00"')]
LineName = Annotated[str, Field(min_length=1, max_length=64)]


class Known(Model):
    """Something with how it is known.

    Attributes:
        kind: how it is known.
        cite: where it stands.
        note: what a reader should know.
    """

    kind: KindWord = "published"
    cite: Citations = ()
    note: Text | None = None


class Far(Model):
    """Another step beyond a distance.

    Attributes:
        above_km: from where on.
        step_km: distance of a step there.
        kinds: kinds of line; it holds for journeys on these alone.
    """

    above_km: Number
    step_km: Number
    kinds: Codes


class Distance(Known):
    """How a fare grows with distance; the amount of a step is that of the table ``distance_step``.

    Attributes:
        base_km: distance inside the base fare.
        step_km: distance of a step, begun ones counted.
        far: another step beyond a distance; None for none.
        flat_alone: kinds of line on which a ride alone costs the base fare, however far it goes.
        longest_km: no ride is longer; bounds a distance that is not known.
        fastest_km_an_hour: no ride is faster; bounds a distance that is not known by the time that a ride took.
    """

    base_km: Number
    step_km: Number
    far: Far | None = None
    flat_alone: Codes = ()
    longest_km: Number
    fastest_km_an_hour: Number


class Transfers(Known):
    """When a ride goes on with the journey before it.

    Attributes:
        minutes: longest time from alighting to boarding.
        night_minutes: the same when alighting at night; None as by day.
        night: when night begins and ends, local time.
        most: most transfers of a journey.
        same_line: whether one may board the line again that one left.
    """

    minutes: Number
    night_minutes: Number | None = None
    night: Annotated[tuple[Hour, Hour], Field(strict=False)] | None = None
    most: Number
    same_line: bool = False


class Early(Known):
    """Until when boarding is early; the table ``fare`` is told so.

    Attributes:
        until: minutes from midnight of the service day.
    """

    until: Number


class Split(Known):
    """How the value of a journey is told to its rides.

    Attributes:
        by: ``charge``, what each boarding added to the fare; or ``base_fare``, in proportion to the fares of the
            rides alone, those of each service day by themselves.
    """

    by: Literal["charge", "base_fare"] = "charge"


class Booking(Known):
    """Which end of a range is settled until it is known.

    Attributes:
        end: ``least`` or ``most``.
    """

    end: Literal["least", "most"] = "least"


class Route(Known):
    """A line.

    Attributes:
        fare: its kind.
        operators: who runs it, with shares in whole parts; empty where that is not known, and it is then kept by line.
    """

    fare: Code
    operators: dict[Name, Annotated[int, Field(ge=1, le=10**6)]] = Field(default_factory=dict)


class FareKind(Model):
    """A kind of line.

    Attributes:
        title: name.
        by_day: whether its use counts by days, as that of bikes, and has no value of its own.
    """

    title: Text
    by_day: bool = False


class Fares(Model):
    """Fares, as far as the tables do not say it.

    Attributes:
        kinds: kinds of line, by code.
        routes: lines, by the name that gates give them.
        early: until when boarding is early; None where that makes no difference.
        distance: how fares grow; None where they do not.
        transfers: when rides make one journey; None for never.
        day_caps: what the rides of a service day come to at most, by kind; the highest of those that were used.
        split: how the value of a journey is told to its rides.
        booking: which end of a range is settled.
    """

    kinds: Annotated[dict[Code, FareKind], Field(min_length=1)]
    routes: dict[LineName, Route] = Field(default_factory=dict)
    early: Early | None = None
    distance: Distance | None = None
    transfers: Transfers | None = None
    day_caps: dict[Code, Number] = Field(default_factory=dict)
    split: Split = Field(default_factory=Split)
    booking: Booking = Field(default_factory=Booking)


#: Adds a fault: path in the file, what, expected, remedy, code.
AddFault = Callable[[tuple[str | int, ...], str, str, str, str], None]


def check_fares(
    fares: Fares, values: Mapping[str, object] | None, sources: Mapping[str, object] | None, add: AddFault
) -> None:
    """Hold the part to the values and sources of its pack.

    Args:
        fares: the part.
        values: dated values by name; None where they could not be read.
        sources: sources by id; None likewise.
        add: where faults go.
    """
    for path, number in _numbers(fares):
        if isinstance(number, str) and values is not None and number not in values:
            remedy = nearest(number, values) or "correct the name"
            add(path, f'no dated value "{number}"', "a name of values.yaml, or a number", remedy, "unknown-value")
    for path, kind in _kinds(fares):
        if kind not in fares.kinds:
            remedy = nearest(kind, fares.kinds) or "add it under fares.kinds"
            add(path, f'no kind of line "{kind}"', listed(fares.kinds), remedy, "unknown-code")
    for path, known in _known(fares):
        for place, cited in enumerate(known.cite):
            if sources is not None and cited.source not in sources:
                remedy = nearest(cited.source, sources) or "add it to sources.yaml"
                add((*path, "cite", place), f'no source "{cited.source}"', "a source", remedy, "unknown-source")
        if known.kind in {"published", "derived", "second_hand"} and not known.cite:
            add(path, f"of kind {known.kind} without a source", "a source under cite", "name it", "evidence")
        if known.kind == "unknown" and known.note is None:
            add(path, "of kind unknown without a note", "a note", "say what was chosen, and why", "evidence")
    transfers = fares.transfers
    if transfers is not None and (transfers.night is None) != (transfers.night_minutes is None):
        path = ("fares", "transfers")
        add(path, "night and night_minutes go together", "both or neither", "add the other", "missing-key")


def _numbers(fares: Fares) -> list[tuple[tuple[str | int, ...], int | str | None]]:
    found: list[tuple[tuple[str | int, ...], int | str | None]] = []
    if fares.early is not None:
        found.append((("fares", "early", "until"), fares.early.until))
    if fares.distance is not None:
        for name in ("base_km", "step_km", "longest_km", "fastest_km_an_hour"):
            found.append((("fares", "distance", name), getattr(fares.distance, name)))
        if fares.distance.far is not None:
            for name in ("above_km", "step_km"):
                found.append((("fares", "distance", "far", name), getattr(fares.distance.far, name)))
    if fares.transfers is not None:
        for name in ("minutes", "night_minutes", "most"):
            found.append((("fares", "transfers", name), getattr(fares.transfers, name)))
    found += [(("fares", "day_caps", kind), number) for kind, number in fares.day_caps.items()]
    return found


def _kinds(fares: Fares) -> list[tuple[tuple[str | int, ...], str]]:
    found: list[tuple[tuple[str | int, ...], str]] = []
    found += [(("fares", "routes", line, "fare"), route.fare) for line, route in fares.routes.items()]
    found += [(("fares", "day_caps", kind), kind) for kind in fares.day_caps]
    if fares.distance is not None:
        found += [(("fares", "distance", "flat_alone", at), kind) for at, kind in enumerate(fares.distance.flat_alone)]
        if fares.distance.far is not None:
            kinds = fares.distance.far.kinds
            found += [(("fares", "distance", "far", "kinds", at), kind) for at, kind in enumerate(kinds)]
    return found


def _known(fares: Fares) -> list[tuple[tuple[str | int, ...], Known]]:
    parts: dict[str, Known | None] = {
        "early": fares.early,
        "distance": fares.distance,
        "transfers": fares.transfers,
        "split": fares.split if "split" in fares.model_fields_set else None,
        "booking": fares.booking if "booking" in fares.model_fields_set else None,
    }
    found: list[tuple[tuple[str | int, ...], Known]] = [
        (("fares", name), one) for name, one in parts.items() if one is not None
    ]
    found += [(("fares", "routes", line), route) for line, route in fares.routes.items()]
    return found
