"""The pass service put together: the policy of a pack, a ledger, a clock and chance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

import msgspec

from donghaeng.ledger.canonical import encoded, moment
from donghaeng.ledger.entry import Entry, NewEntry
from donghaeng.ledger.faults import ConflictError
from donghaeng.ledger.ledger import Ledger
from donghaeng.ledger.store import BY_KEY, HEAD
from donghaeng.services.passes.policy import Policy, Ruling
from donghaeng.services.passes.projection import project
from donghaeng.services.passes.refusal import PassRefusedError
from donghaeng.services.passes.section import PassesSection
from donghaeng.services.passes.state import Charge, State

T = TypeVar("T")

LETTERS = "abcdefghijklmnopqrstuvwxyz"
#: Letters of an id: 113 bits, so that nobody finds another card by trying.
ID_LENGTH = 24
LONGEST_KEY = 100
#: How often a request starts anew because another one changed the same card.
MOST_ROUNDS = 40


@dataclass(frozen=True, slots=True)
class Who:
    """Who asks.

    Attributes:
        organisation: whose orders and agents these are.
        key: id of the key that was used; the one who pays a refund has another than the one who asked.
    """

    organisation: str
    key: str


@dataclass(frozen=True, slots=True)
class Use:
    """What a period was used for.

    Attributes:
        transit: value of the rides, whole units of money; the lower end where it is a range.
        bike_days: days on which a bike was used.
        transit_most: the upper end; None where the value is exact.
    """

    transit: int
    bike_days: int = 0
    transit_most: int | None = None

    @property
    def most(self) -> int:
        """The upper end of the value of the rides."""
        return self.transit if self.transit_most is None else self.transit_most


#: What a named role fixes for refunds that are a range because the value of the rides is one.
VALUE_OF_USE = "refund/value_of_use"
#: Gives what a period was used for until a moment; None where that is not known here.
UseOf = Callable[[Charge, datetime], Use | None]


class PassService:
    """What the counter, the machine, the gate and the desk work with.

    Attributes:
        policy: the rules of the pack, with what was fixed.
        section: what the pack says of its passes.
        ledger: where everything is recorded.
        state: the tables.
        use_of: gives what a period was used for; None where it is told with the request.
    """

    def __init__(
        self,
        section: PassesSection,
        ledger: Ledger,
        clock: Callable[[], datetime],
        chance: Callable[[int], bytes],
        *,
        use_of: UseOf | None = None,
    ) -> None:
        """Put it together.

        Args:
            section: the passes of a pack.
            ledger: a ledger that knows the kinds of this service and has its tables.
            clock: gives the time now, with zone.
            chance: gives so many random bytes, fit for ids that cannot be guessed.
            use_of: gives what a period was used for.
        """
        self.section, self.ledger = section, ledger
        self.state = State(ledger.store)
        self.policy = Policy(section, self.state.fixed_on)
        self.use_of = use_of
        self._clock, self._chance = clock, chance

    def clock(self) -> datetime:
        """Give the time now, in the zone of the service."""
        return self._clock().astimezone(self.section.days.zone)

    def day(self, at: datetime | None = None) -> date:
        """Give the service day of a moment; of now for None."""
        return self.section.days.day(at or self.clock())

    def new_id(self) -> str:
        """Give an id that cannot be guessed."""
        letters = ""
        while len(letters) < ID_LENGTH:
            # Bytes from 234 on would make the first letters likelier.
            letters += "".join(LETTERS[byte % 26] for byte in self._chance(2 * ID_LENGTH) if byte < 234)
        return letters[:ID_LENGTH]

    def key(self, who: Who, act: str, key: str) -> str:
        """Give the idempotency key of a request, in the name of an organisation; what the client wrote is not in it.

        Raises:
            PassRefusedError: it is empty, too long or not printable.
            InputError: it holds a number of a person.
        """
        if not 0 < len(key) <= LONGEST_KEY or not key.isprintable():
            raise PassRefusedError("empty", f"the key of a request has 1 to {LONGEST_KEY} printable characters")
        return f"passes/{who.organisation}/{act}/{self.ledger.request_name(who.organisation, act, key)}"

    def earlier(self, key: str, asked: Mapping[str, Any]) -> dict[str, Any] | None:
        """Give the body of the entry that an earlier request with this key made; None where there was none.

        Args:
            key: the idempotency key.
            asked: what the request asks for; the entry must say the same.

        Raises:
            PassRefusedError: the key was used for something else.
        """
        row = next(self.ledger.store.query(BY_KEY, {"idempotency_key": key}), None)
        if row is None:
            return None
        body: dict[str, Any] = msgspec.json.decode(Entry._make(row).body)
        wanted = msgspec.json.decode(encoded(dict(asked)))
        if any(body.get(name) != value for name, value in wanted.items()):
            raise PassRefusedError("key-reused", "the key of the request was used for another one; give a new key")
        return body

    def position(self, stream: str) -> int:
        """Give where a stream stands; 0 for a new one."""
        row = next(self.ledger.store.query(HEAD, {"stream": stream}), None)
        return int(row[0]) if row else 0

    def entry(
        self,
        stream: str,
        kind: str,
        body: Mapping[str, Any],
        key: str,
        *,
        position: int | None = None,
        rulings: Sequence[Ruling] = (),
        at: datetime | None = None,
    ) -> NewEntry:
        """Make an entry, effective now or at a moment; its decision is the first of the rulings."""
        return NewEntry(
            stream=stream,
            kind=kind,
            body=body,
            effective_at=at or self.clock(),
            idempotency_key=key,
            decision_id=rulings[0].name if rulings else None,
            expected_position=position,
        )

    def record(self, *entries: NewEntry) -> list[Entry]:
        """Record entries and what they come to in the tables, all or nothing."""
        return self.ledger.append(entries, project)

    def serially(self, work: Callable[[], T]) -> T:
        """Do what reads, decides and records; start anew when another request was faster.

        Raises:
            PassRefusedError: others were faster each time.
        """
        for _ in range(MOST_ROUNDS):
            try:
                return work()
            except ConflictError:
                continue
        raise PassRefusedError("busy", "others change the same card or agent all the time; try again")


def card_stream(card: str) -> str:
    """Name the stream of a card."""
    return f"card/{card}"


def order_stream(order: str) -> str:
    """Name the stream of an order."""
    return f"order/{order}"


def agent_stream(agent: str) -> str:
    """Name the stream of an agent."""
    return f"agent/{agent}"


def utc(at: datetime) -> str:
    """Write a moment as the tables compare it."""
    return moment(at)
