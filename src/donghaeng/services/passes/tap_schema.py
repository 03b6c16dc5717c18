"""Tables of gates and taps, and the columns of the day files in which taps and rides stand.

Taps themselves are rows of Parquet files, one folder a service day (decision 0022). The database knows each of these
files by its hash; a file that is not in `tap_parts` does not count, whatever lies in the folder.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Column, Integer, Table

from donghaeng.ledger.schema import Counter, Exact
from donghaeng.services.passes.tables import metadata

#: Changes of the day files, one after the other. Two that are made at once would get the same number; the slower one
#: then looks again at what is there.
tap_changes = Table(
    "pass_tap_changes",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("made_at", Exact, nullable=False),
)

#: Tap files as they arrived: a projection of the entries `tap-file-received`.
tap_files = Table(
    "pass_tap_files",
    metadata,
    Column("file", Exact, primary_key=True),  # SHA-256 of its bytes, hexadecimal
    Column("number", Integer, nullable=False),  # of the change that it made
    Column("source", Exact, nullable=False),
    Column("received_at", Exact, nullable=False),
    Column("rows", Counter, nullable=False),
    Column("new", Counter, nullable=False),
    Column("repeated", Counter, nullable=False),
    Column("disputed", Counter, nullable=False),
    Column("refused", Counter, nullable=False),
    Column("held", Counter, nullable=False),
)

#: Files of the day folders that count.
tap_parts = Table(
    "pass_tap_parts",
    metadata,
    Column("part", Exact, primary_key=True),  # kind and SHA-256 of its bytes; the name of the file
    Column("kind", Exact, nullable=False),  # taps | excluded | rides
    Column("day", Exact, nullable=False, index=True),  # service day; `held` for taps of devices whose clock is off
    Column("rows", Counter, nullable=False),
    Column("number", Integer, nullable=False),  # of the change that made it, or made it count again
    Column("ended", Integer),  # of the change that replaced it; null while it counts
    Column("as_of", Exact),  # of rides: when they were looked at
    Column("counted", Integer),  # of rides: 1 when their missing tags have been counted
)

#: Sequence numbers that a device has given on a service day: shows what has not arrived yet.
tap_devices = Table(
    "pass_tap_devices",
    metadata,
    Column("device", Exact, primary_key=True),
    Column("day", Exact, primary_key=True),
    Column("first_sequence", Counter, nullable=False),
    Column("last_sequence", Counter, nullable=False),
    Column("taps", Counter, nullable=False),
)

#: What is known of the clock of a device that was off.
tap_clocks = Table(
    "pass_tap_clocks",
    metadata,
    Column("device", Exact, primary_key=True),
    Column("first_sequence", Counter, primary_key=True, autoincrement=False),
    Column("last_sequence", Counter, nullable=False),
    Column("ahead_seconds", Counter, nullable=False),  # what the clock showed too much
)

#: Rides of cards without an alighting tap, as far as they are established.
missing_alights = Table(
    "pass_missing_alights",
    metadata,
    Column("device", Exact, primary_key=True),  # of the boarding
    Column("sequence", Counter, primary_key=True, autoincrement=False),
    Column("medium", Counter, nullable=False, index=True),
    Column("boarded_at", Exact, nullable=False),
    Column("day", Exact, nullable=False),  # service day of the boarding
    Column("place", Exact, nullable=False),
    Column("line", Exact, nullable=False),
    Column("waived", Exact),  # the waiver that lifts it
)

#: Waivers in force.
tap_waivers = Table(
    "pass_tap_waivers",
    metadata,
    Column("waiver", Exact, primary_key=True),
    Column("place", Exact),  # null: all
    Column("line", Exact),  # null: all
    Column("starts", Exact, nullable=False),
    Column("ends", Exact, nullable=False),
    Column("match", Exact, nullable=False),  # boarded | under_way
)

#: Lists of media as they were issued.
gate_lists = Table(
    "pass_gate_lists",
    metadata,
    Column("kind", Exact, primary_key=True),  # deny | full
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("rules", Exact, nullable=False),  # version of the rules that gates run with it
    Column("issued_at", Exact, nullable=False),
    Column("file", Exact, nullable=False),  # SHA-256 of its bytes
    Column("media", Counter, nullable=False),
    Column("share", Integer, nullable=False),  # of gates that run it, in hundredths
    Column("withdrawn", Integer, nullable=False),  # 1 when it goes to no gate any more
)

#: What each gate said last of itself.
gates = Table(
    "pass_gates",
    metadata,
    Column("device", Exact, primary_key=True),
    Column("place", Exact, nullable=False),
    Column("list", Integer, nullable=False),
    Column("rules", Exact, nullable=False),
    Column("reported_at", Exact, nullable=False),
)

TAP_TABLES: tuple[Table, ...] = (
    tap_changes,
    tap_files,
    tap_parts,
    tap_devices,
    tap_clocks,
    missing_alights,
    tap_waivers,
    gate_lists,
    gates,
)

#: Columns of a tap file, and of the day files of taps, with the types of DuckDB.
TAP_COLUMNS: Mapping[str, str] = {
    "device": "VARCHAR",  # what read the card: a gate, a reader of a bus
    "sequence": "BIGINT",  # its own count of taps, from 0, never used twice
    "medium": "BIGINT",  # number of the medium, see `medium.medium_number`
    "direction": "VARCHAR",  # board | alight
    "tapped_at": "TIMESTAMP",  # in UTC, by the clock of the device
    "place": "VARCHAR",  # station or stop
    "line": "VARCHAR",  # line or route
    "answer": "VARCHAR",  # reason code that the gate gave
    "opened": "BOOLEAN",  # whether it let the rider pass
    "amount": "BIGINT",  # what was collected from the rider, in whole units of money; null is nothing
}
#: What the day files add: the true time, which is that of the device unless its clock was found to be off.
ADDED_COLUMNS: Mapping[str, str] = {"true_at": "TIMESTAMP"}

#: Columns of the day files of rides: one row a boarding, and one an alighting that has no boarding.
RIDE_COLUMNS: Mapping[str, str] = {
    "day": "DATE",  # service day of the boarding; of the alighting where there is none
    "medium": "BIGINT",
    "device": "VARCHAR",  # with sequence: the boarding tap, and so the ride; the alighting where there is none
    "sequence": "BIGINT",
    "boarded_at": "TIMESTAMP",
    "board_place": "VARCHAR",
    "board_line": "VARCHAR",
    "alighted_at": "TIMESTAMP",
    "alight_place": "VARCHAR",
    "alight_line": "VARCHAR",
    "state": "VARCHAR",  # complete | open | missing | outside | no_boarding
    "amount": "BIGINT",  # collected from the rider, both taps together
}
