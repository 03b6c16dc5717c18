"""Made-up rides of a day: who travels when on which line, and what the gates answer by the lists that they have.

Gates are played in bulk, with arrays: what `gate.Gate` answers one by one. A sample of each day is asked of a real
`Gate` with the same list, and answers that differ are counted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from donghaeng.services.passes.gate import Gate, addon_sets, code_book, gate_rules
from donghaeng.services.passes.lists import CAUSES, NO_END, MediaList, merged, whole
from donghaeng.services.passes.medium import Carried, seconds
from donghaeng.services.passes.policy import Policy
from donghaeng.services.passes.rating import Distances
from donghaeng.services.passes.section import PassesSection
from donghaeng.services.passes.simulation import MADE_UP, PassSimulation, lines_open
from donghaeng.services.passes.station_rights import Place, coverage_of, place_rights

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    Array = NDArray[Any]

#: A moment that never comes, in seconds since the epoch of `medium`.
NEVER = 2**40
#: Answers of gates, by their numbers in the arrays.
ANSWERS = ("ok", "ok_alight", "stopped", "blocked", "expired")
OK, OK_ALIGHT, STOPPED, BLOCKED, EXPIRED = range(5)
#: No ride goes on later than so many seconds after the service day began.
LAST_END = 23 * 3600
#: Taps of a day that are asked of a real gate.
SAMPLE = 60
#: Most places that a made-up ride passes.
MOST_HOPS = 20
HOUR = 3600

HOLDER_COLUMNS: dict[str, Any] = {
    "number": np.int64,  # of the medium
    "card": np.int64,  # place of the card in the list of cards
    "starts": np.int64,  # first service day, as an ordinal; `NEVER` without a period
    "ends": np.int64,  # last one
    "rights": np.int64,  # place in the list of sets of add-ons
    "product": np.int64,  # number in the code book
    "category": np.int64,
    "used": np.float64,  # share of days on which the pass is used
    "charged": np.int64,  # when
    "stopped": np.int64,  # when the medium was stopped
    "blocked": np.int64,  # when a block became known
    "block_ends": np.int64,
    "lifted": np.int64,  # when it was lifted
    "tried": np.int64,  # when who found a lost medium tries it
}


class Media:
    """Media that were given out, as columns of arrays; a lost one stays, for whoever finds it."""

    def __init__(self) -> None:
        """Begin with none."""
        self.size = 0
        self._columns = {name: np.zeros(1024, kind) for name, kind in HOLDER_COLUMNS.items()}

    def __getitem__(self, name: str) -> Array:
        """Give a column."""
        return self._columns[name][: self.size]

    def add(self, **values: Any) -> int:
        """Add a medium; gives its place."""
        if self.size == len(self._columns["number"]):
            self._columns = {name: np.concatenate([one, np.zeros_like(one)]) for name, one in self._columns.items()}
        never = dict.fromkeys(("stopped", "blocked", "block_ends", "lifted", "tried"), NEVER)
        for name, value in (never | values).items():
            self._columns[name][self.size] = value
        self.size += 1
        return self.size - 1


@dataclass
class Answered:
    """What gates answered on a day.

    Attributes:
        boardings: boarding taps.
        answers: number of taps by answer.
        wrong_refusals: refused by the list of a gate, though a list of this moment would let in.
        wrong_acceptances: let in by it, though a list of this moment would refuse.
        sampled: taps that were asked of a real gate.
        differing: of these, answered otherwise in bulk.
        missing: rides without an alighting tap.
    """

    boardings: int = 0
    answers: dict[str, int] = field(default_factory=dict)
    wrong_refusals: int = 0
    wrong_acceptances: int = 0
    sampled: int = 0
    differing: int = 0
    missing: int = 0


@dataclass(frozen=True)
class DayTaps:
    """Taps of a day, one a row in every array, in order of device and time.

    Attributes:
        device: number of the reader.
        sequence: its own count.
        medium: number of the medium.
        boards: whether it is a boarding.
        at: seconds since the epoch of `medium`.
        place: number of the place.
        line: number of the line.
        answer: number of the answer.
    """

    device: Array
    sequence: Array
    medium: Array
    boards: Array
    at: Array
    place: Array
    line: Array
    answer: Array

    def __len__(self) -> int:
        """Count the taps."""
        return len(self.device)

    def where(self, chosen: Array) -> DayTaps:
        """Give the taps that are chosen."""
        return DayTaps(*(getattr(self, name)[chosen] for name in DayTaps.__dataclass_fields__))


def joined(parts: list[DayTaps]) -> DayTaps:
    """Put taps together."""
    return DayTaps(*(np.concatenate([getattr(one, name) for one in parts]) for name in DayTaps.__dataclass_fields__))


class RideDraw:
    """Draws rides day by day."""

    def __init__(self, model: PassSimulation, section: PassesSection, draw: Generator) -> None:
        """Make up the places and readers of the lines.

        Args:
            model: what is drawn from.
            section: the passes of the pack.
            draw: the source of chance.
        """
        self.model, self.section, self.policy, self._draw = model, section, Policy(section), draw
        self.lines = list(model.lines)
        drawn = list(model.lines.values())
        self.places: list[str] = []
        self.devices: list[str] = []
        self._first_place, self._first_device = [], []
        self.source_of_device: list[str] = []
        for name, line in model.lines.items():
            self._first_place.append(len(self.places))
            self._first_device.append(len(self.devices))
            self.places += [f"{MADE_UP}-{name}-{number + 1:02}" for number in range(line.places)]
            stands = [f"vehicle-{number + 1}" for number in range(line.vehicles)] or [
                f"{number + 1:02}" for number in range(line.places)
            ]
            new = [f"{MADE_UP}-{name}-{stand}-{reader + 1}" for stand in stands for reader in range(line.readers)]
            self.devices += new
            self.source_of_device += [line.source] * len(new)
        self._places = np.array([line.places for line in drawn])
        self._minutes = np.array([line.minutes for line in drawn])
        self._readers = np.array([line.readers for line in drawn])
        self._vehicles = np.array([line.vehicles for line in drawn])
        self._weights = np.array([line.weight for line in drawn], dtype=float)
        self._place_base, self._device_base = np.array(self._first_place), np.array(self._first_device)
        self._counts = np.zeros(len(self.devices), dtype=np.int64)
        self.rights = sorted({product.rights for product in section.model.products.values()})
        weekend = model.riding.weekend
        self._on_weekdays = 7 / (5 + 2 * weekend)

    def distances(self) -> Distances:
        """Give the made-up distances between the places of each line, in metres."""
        found = {}
        for first, line in zip(self._first_place, self.model.lines.values(), strict=True):
            names = self.places[first : first + line.places]
            for number, start in enumerate(names):
                for other, end in enumerate(names):
                    found[start, end] = abs(number - other) * line.metres
        return found

    def day(self, on: date, media: Media, stuck: bool = False) -> tuple[DayTaps, Answered]:
        """Draw the taps of a service day.

        Args:
            on: the service day.
            media: the media that are held; nothing of them is changed.
            stuck: whether readers of the line that gets stuck fail for an hour.
        """
        begins = seconds(self.section.days.start(on))
        holder, board, line, start, hops = self._rides(on, begins, media)
        end = board + (hops * self._minutes[line] * 60).astype(np.int64) + 120
        tried = self._tries(on, begins, media)
        holder = np.concatenate([holder, tried[0]])
        board, end = np.concatenate([board, tried[1]]), np.concatenate([end, tried[1] + HOUR])
        ours = np.arange(len(holder)) >= len(line)
        line, start = np.concatenate([line, tried[2]]), np.concatenate([start, np.zeros_like(tried[2])])
        hops = np.concatenate([hops, np.ones_like(tried[2])])
        kept = (end - begins < LAST_END) | ours
        holder, board, end, line, start, hops = (one[kept] for one in (holder, board, end, line, start, hops))
        answer, listed, truth = self._answers(on, begins, media, holder, board)
        # Who is refused does not try again on the same day.
        order = np.lexsort((board, holder))
        refused = (answer[order] != OK).astype(np.int64)
        same = np.concatenate([[False], holder[order][1:] == holder[order][:-1]]) if len(order) else np.zeros(0, bool)
        before = np.cumsum(refused) - refused
        first = np.maximum.accumulate(np.where(~same, before, 0)) if len(order) else before
        again = np.zeros(len(order), bool)
        again[order] = (refused == 1) & (before - first > 0)
        keep = ~again
        holder, board, end, line, start, hops, answer, listed, truth = (
            one[keep] for one in (holder, board, end, line, start, hops, answer, listed, truth)
        )
        opened = answer == OK
        missing = opened & (self._draw.random(len(holder)) < self.model.trouble.missing)
        if stuck and self.model.trouble.stuck_line is not None:
            at = self.lines.index(self.model.trouble.stuck_line)
            first_second, last_second = self.stuck_hour(on)
            inside = (line == at) & (end >= first_second) & (end < last_second)
            missing |= inside & opened & (self._draw.random(len(holder)) < 0.7)
        found = Answered(len(holder), {}, missing=int(missing.sum()))
        found.wrong_refusals = int((listed & ~truth & ~opened).sum())
        found.wrong_acceptances = int((~listed & truth & opened).sum())
        self._ask_gate(on, begins, media, holder, board, line, answer, found)
        taps = self._taps(media, holder, board, end, line, start, hops, answer, opened & ~missing)
        for number, name in enumerate(ANSWERS):
            found.answers[name] = int((taps.answer == number).sum())
        return taps, found

    def stuck_hour(self, on: date) -> tuple[int, int]:
        """Give the hour in which readers fail: from 4 to 5 hours after the service day began."""
        begins = seconds(self.section.days.start(on))
        return begins + 4 * HOUR, begins + 5 * HOUR

    def _rides(self, on: date, begins: int, media: Media) -> tuple[Array, Array, Array, Array, Array]:
        draw, riding = self._draw, self.model.riding
        factor = self._on_weekdays * (riding.weekend if on.weekday() >= 5 else 1.0)
        day = on.toordinal()
        covered = (media["starts"] <= day) & (day <= media["ends"])
        going = np.flatnonzero(covered & (draw.random(media.size) < media["used"] * factor))
        counts = np.array(riding.rides, dtype=float)
        many = draw.choice(np.arange(1, len(counts) + 1), size=len(going), p=counts / counts.sum())
        holder = np.repeat(going, many)
        rank = np.arange(len(holder)) - np.repeat(np.cumsum(many) - many, many)
        hours = np.array(riding.hours, dtype=float)
        hour = draw.choice(len(hours), size=len(holder), p=hours / hours.sum())
        board = begins + hour * HOUR + draw.integers(0, HOUR, len(holder))
        board = np.maximum(board, media["charged"][holder] + 300)
        board = board[np.lexsort((board, holder))]
        line = self._lines(on, media["rights"][holder])
        places = self._places[line]
        start = (draw.random(len(holder)) * places).astype(np.int64)
        hops = 1 + (draw.random(len(holder)) * np.minimum(places - 1, MOST_HOPS)).astype(np.int64)
        rides = (hops * self._minutes[line] * 60).astype(np.int64) + 120
        follows = draw.random(len(holder)) < riding.transfers
        pause = draw.integers(120, 720, len(holder))
        for number in range(1, int(many.max()) if len(many) else 0):
            here = np.flatnonzero(rank == number)
            over = board[here - 1] + rides[here - 1]
            board[here] = np.where(follows[here], over + pause[here], np.maximum(board[here], over + pause[here]))
        return holder, board, line, start, hops

    def _lines(self, on: date, rights: Array) -> Array:
        """Draw a line for each ride among those on which its pass is valid."""
        line = np.zeros(len(rights), dtype=np.int64)
        for number, names in enumerate(self.rights):
            here = np.flatnonzero(rights == number)
            if not len(here):
                continue
            weights = self._weights * np.array(lines_open(self.policy, self.model, on, names))
            if not weights.sum():
                weights = self._weights
            line[here] = self._draw.choice(len(weights), size=len(here), p=weights / weights.sum())
        return line

    def _tries(self, on: date, begins: int, media: Media) -> tuple[Array, Array, Array]:
        """Draw the taps of passes that are over, and of lost media that somebody has found."""
        over = (media["ends"] == on.toordinal() - 1) & (media["stopped"] == NEVER) & (media["starts"] < NEVER)
        over &= self._draw.random(media.size) < self.model.trouble.after_end
        found = (media["tried"] >= begins) & (media["tried"] < begins + LAST_END)
        late = np.flatnonzero(over)
        lost = np.flatnonzero(found)
        at = begins + self._draw.integers(2 * HOUR, 16 * HOUR, len(late))
        holder, board = np.concatenate([late, lost]), np.concatenate([at, media["tried"][lost]])
        return holder, board, self._lines(on, media["rights"][holder])

    def _answers(self, on: date, begins: int, media: Media, holder: Array, board: Array) -> tuple[Array, Array, Array]:
        """Give the answer of the gate to each boarding, whether its list denies it, and whether one of now would."""
        step = self.model.trouble.list_minutes * 60
        issued = begins + (board - begins) // step * step

        def denied(known: Array) -> tuple[Array, Array]:
            stopped = media["stopped"][holder] <= known
            blocked = (media["blocked"][holder] <= known) & (known < media["lifted"][holder])
            return stopped, blocked & (board < media["block_ends"][holder])

        stopped, blocked = denied(issued)
        now = np.logical_or(*denied(board))
        answer = np.full(len(holder), OK)
        answer[on.toordinal() > media["ends"][holder]] = EXPIRED
        answer[blocked] = BLOCKED
        answer[stopped] = STOPPED
        return answer, stopped | blocked, now

    def _taps(
        self,
        media: Media,
        holder: Array,
        board: Array,
        end: Array,
        line: Array,
        start: Array,
        hops: Array,
        answer: Array,
        alights: Array,
    ) -> DayTaps:
        readers, places = self._readers[line], self._places[line]
        vehicle = (self._draw.random(len(line)) * self._vehicles[line]).astype(np.int64)
        finish = np.where(start + hops < places, start + hops, np.maximum(start - hops, 0))
        finish = np.where(finish == start, (start + 1) % places, finish)
        moves = self._vehicles[line] > 0

        def device(place: Array) -> Array:
            stand = np.where(moves, vehicle, place)
            reader = (self._draw.random(len(line)) * readers).astype(np.int64)
            found: Array = self._device_base[line] + stand * readers + reader
            return found

        numbers = media["number"][holder]
        one = DayTaps(
            *(device(start), np.zeros_like(line), numbers, np.ones(len(line), bool), board),
            *(self._place_base[line] + start, line, answer),
        )
        other = DayTaps(
            *(device(finish), np.zeros_like(line), numbers, np.zeros(len(line), bool), end),
            *(self._place_base[line] + finish, line, np.full(len(line), OK_ALIGHT)),
        ).where(alights)
        taps = joined([one, other])
        taps = taps.where(np.lexsort((taps.medium, taps.at, taps.device)))
        per_device = np.bincount(taps.device, minlength=len(self.devices))
        begins = np.cumsum(per_device) - per_device
        taps.sequence[:] = self._counts[taps.device] + np.arange(len(taps)) - begins[taps.device]
        self._counts += per_device
        return taps

    def _list_at(self, media: Media, at: int, rules: str) -> MediaList:
        """Give the deny list as it was issued at a moment."""
        stopped = media["stopped"] <= at
        blocked = (media["blocked"] <= at) & (at < media["lifted"]) & (at < media["block_ends"]) & ~stopped
        media_of = np.concatenate([media["number"][stopped], media["number"][blocked]])
        cause = np.full(len(media_of), CAUSES.index("stopped") if "stopped" in CAUSES else 0)
        cause[int(stopped.sum()) :] = CAUSES.index("blocked")
        until = np.full(len(media_of), NO_END)
        until[int(stopped.sum()) :] = media["block_ends"][blocked]
        columns = {"cause": cause, "until": until, "charged_up_to": np.full(len(media_of), NO_END)}
        return whole("deny", 1, rules, at, *merged(media_of, columns))

    def _ask_gate(
        self,
        on: date,
        begins: int,
        media: Media,
        holder: Array,
        board: Array,
        line: Array,
        answer: Array,
        found: Answered,
    ) -> None:
        """Ask a real gate at each line about a sample of the taps that came while one list held."""
        step = self.model.trouble.list_minutes * 60
        issued = begins + 14 * HOUR // step * step
        here = np.flatnonzero((board >= issued) & (board < issued + step))
        refused = here[answer[here] != OK][: SAMPLE // 2]
        some = here[answer[here] == OK]
        chosen = np.concatenate([refused, some[:: max(1, len(some) // (SAMPLE // 2))][: SAMPLE // 2]])
        if not len(chosen):
            return
        book, days = code_book(self.section), self.section.days
        coverage = coverage_of(self.policy)
        denied: MediaList | None = None
        for at in sorted(set(line[chosen].tolist())):
            facts = self.model.lines[self.lines[at]].facts
            checked = {} if coverage is None else coverage.table.facts_from_json(dict(facts))
            where = Place(self.lines[at], checked)
            rights = place_rights(coverage, where, book, addon_sets(self.section), on, 2)
            rules = gate_rules(self.section, rights, {})
            denied = denied or self._list_at(media, issued, rules.version)
            gate = Gate(rules, denied)
            of_line = chosen[line[chosen] == at]
            for number in of_line[np.argsort(board[of_line], kind="stable")].tolist():
                one = int(holder[number])
                slot = Carried(
                    1,
                    int(media["number"][one]),
                    int(media["product"][one]),
                    int(media["category"][one]),
                    book.bits(self.rights[int(media["rights"][one])]),
                    seconds(days.start(date.fromordinal(int(media["starts"][one])))),
                    seconds(days.end(date.fromordinal(int(media["ends"][one])))),
                    int(media["charged"][one]),
                )
                said = gate.decide(slot.medium, (slot,), "board", int(board[number]))
                found.sampled += 1
                found.differing += said.reason != ANSWERS[int(answer[number])]
