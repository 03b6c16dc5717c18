"""What gates and taps bring into the ledger.

A tap that a gate reports by itself is an entry. Those that come in files are rows of day files (decision 0022); the
file they came in is one entry, with the hash of its bytes and of each day file that was made of it.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from donghaeng.documents import Model
from donghaeng.ledger.kinds import Kind

Names = Annotated[tuple[str, ...], Field(strict=False)]
Count = Annotated[int, Field(ge=0)]
Number = Annotated[int, Field(ge=0, lt=2**63)]


class Part(Model):
    """One day file: its name, which holds its hash, its service day (or ``held``) and its rows."""

    part: str
    kind: Literal["taps", "excluded"]
    day: str
    rows: Count


class TapFileReceived(Model):
    """A file of taps arrived. `refused` counts rows that are no taps, by reason; `held` those whose clock is off."""

    file: str
    source: str
    bytes: Count
    rows: Count
    new: Count
    repeated: Count
    disputed: Count
    refused: dict[str, Count]
    held: Count
    devices: Count
    parts: Annotated[tuple[Part, ...], Field(strict=False)]


class Tapped(Model):
    """A gate that is connected reported one tap. `at` is a moment in UTC; `list` and `rules` are what the gate runs."""

    device: str
    sequence: Number
    medium: Number
    direction: Literal["board", "alight"]
    at: str
    place: str
    line: str
    answer: str
    opened: bool
    amount: Annotated[int, Field(ge=0, le=10**9)] | None = None
    list: Count | None = None
    rules: str | None = None


class ClockCorrected(Model):
    """The clock of a device was found to have been ahead (behind, where negative) over a run of its taps."""

    device: str
    first_sequence: Number
    last_sequence: Number
    ahead_seconds: Annotated[int, Field(ge=-(10**10), le=10**10)]
    found_by: str
    parts: Annotated[tuple[Part, ...], Field(strict=False)]


class MissingAlightsWaived(Model):
    """Missing alight tags of an interval are not counted, for all who were concerned.

    `match` is ``boarded`` for rides that began at the place or line in the interval, or ``under_way`` for all that
    may have been under way in it: who could not tag out has no place of alighting.
    """

    waiver: str
    place: str | None = None
    line: str | None = None
    starts: str
    ends: str
    match: Literal["boarded", "under_way"]
    reason: str
    granted_by: str


class PlaceDaysSet(Model):
    """The service days on which a place serves were told; what was told of it before no longer holds."""

    place: str
    opens: str | None
    closes: str | None
    closed: Names
    reason: str
    set_by: str


class GateListIssued(Model):
    """A list of media was issued. `share` is that of gates, in hundredths, that run it first."""

    number: Annotated[int, Field(ge=1)]
    kind: Literal["deny", "full"]
    rules: str
    file: str
    media: Count
    bytes: Count
    share: Annotated[int, Field(ge=0, le=100)]
    instead_of: int | None = None


class GateListStaged(Model):
    """A list goes to another share of gates, in hundredths."""

    number: Annotated[int, Field(ge=1)]
    kind: Literal["deny", "full"]
    share: Annotated[int, Field(ge=0, le=100)]
    staged_by: str


class GateListWithdrawn(Model):
    """A list goes to no gate any more; `instead` is the number of the one that says again what held before it."""

    number: Annotated[int, Field(ge=1)]
    kind: Literal["deny", "full"]
    instead: int | None
    reason: str
    withdrawn_by: str


TAP_KINDS: tuple[Kind, ...] = (
    Kind("tap-file-received", 1, TapFileReceived),
    Kind("tapped", 1, Tapped, names=("medium",)),
    Kind("tap-clock-corrected", 1, ClockCorrected),
    Kind("missing-alights-waived", 1, MissingAlightsWaived),
    Kind("place-days-set", 1, PlaceDaysSet),
    Kind("gate-list-issued", 1, GateListIssued),
    Kind("gate-list-staged", 1, GateListStaged),
    Kind("gate-list-withdrawn", 1, GateListWithdrawn),
)
