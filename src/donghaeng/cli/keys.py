"""``donghaeng keys``: who may use the API, and for what."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from donghaeng.cli.ledger import DEFAULT_URL, AtOption, LedgerOption
from donghaeng.cli.ledger import _time as time_of
from donghaeng.cli.output import JsonOption, console, plain, print_json, print_table

if TYPE_CHECKING:
    from donghaeng.access.ring import KeyRecord, KeyRing

app = typer.Typer(
    name="keys",
    help="Who may use the API, and for what.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

DEFAULT_EXPIRY = "365d"


@app.callback()
def keys() -> None:
    """Who may use the API, and for what."""


@app.command("create")
def create(
    scopes: Annotated[
        list[str],
        typer.Option("--scope", metavar="SCOPE", help="What the key is for; may be given again.", show_default=False),
    ],
    organisation: Annotated[
        str, typer.Option(metavar="NAME", help="Whose key it is, such as clinic-1.", show_default=False)
    ],
    expires: Annotated[
        str, typer.Option(metavar="WHEN", help="After so many days (90d), at the end of a day (UTC), at a time, never.")
    ] = DEFAULT_EXPIRY,
    note: Annotated[str, typer.Option(help="What it is for, such as the place of a device; nobody's name.")] = "",
    url: LedgerOption = DEFAULT_URL,
    at: AtOption = "",
    as_json: JsonOption = False,
) -> None:
    """Make a key and print it, once: it is stored only as a hash."""
    from donghaeng.access.scopes import known_scopes

    wanted = known_scopes(scopes)
    now = time_of(at)
    ends = _end(expires, now)
    with _ring(url, now, create=True) as ring:
        key, record = ring.create(organisation, wanted, expires_at=ends, note=note)
    if as_json:
        print_json({"key": key.text} | _shown(record, now))
        return
    typer.echo(key.text)
    until = f"until {_minute(record.expires_at)}" if record.expires_at else "without end"
    said = f"{record.id}: {' '.join(wanted)} for {organisation}, {until}. The key above is not shown again."
    typer.echo(said, err=True)


@app.command("list")
def list_keys(url: LedgerOption = DEFAULT_URL, at: AtOption = "", as_json: JsonOption = False) -> None:
    """List all keys, the oldest first, without their secrets."""
    now = time_of(at)
    with _ring(url, now) as ring:
        records = ring.records()
    if as_json:
        print_json({"keys": [_shown(record, now) for record in records]})
        return
    print_table(
        "Keys",
        [
            ("id", "id"),
            ("organisation", "left"),
            ("scopes", "left"),
            ("state", "left"),
            ("ends", "id"),
            ("note", "left"),
        ],
        [
            (
                record.id,
                plain(record.organisation),
                plain(" ".join(_ordered(record))),
                record.state(now),
                _minute(record.expires_at) if record.expires_at else "never",
                plain(record.note),
            )
            for record in records
        ],
    )


@app.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the key: its part between the underscores.")],
    reason: Annotated[str, typer.Option(help="Why, in a word or two; it is recorded.")] = "",
    url: LedgerOption = DEFAULT_URL,
    at: AtOption = "",
    as_json: JsonOption = False,
) -> None:
    """Take a key back; a server that runs takes it for a few seconds more at most."""
    from donghaeng.access.ring import REMEMBERED

    now = time_of(at)
    with _ring(url, now) as ring:
        record = ring.revoke(key_id, reason)
    if as_json:
        print_json(_shown(record, now))
        return
    assert record.revoked_at is not None  # noqa: S101, it has just been revoked
    ended = f"{record.id}: revoked at {_minute(record.revoked_at)}; servers refuse it within {REMEMBERED:g} seconds"
    console().print(ended, soft_wrap=True, markup=False)


@contextmanager
def _ring(url: str, now: datetime, *, create: bool = False) -> Iterator[KeyRing]:
    """Open the keys of a ledger; what the ledger raises is a fault of what was given here."""
    import time

    from donghaeng.access.ring import KeyRing
    from donghaeng.access.schema import TABLE_SET
    from donghaeng.errors import InputError
    from donghaeng.identifiers import refuse_identifiers
    from donghaeng.ledger.faults import LedgerError
    from donghaeng.ledger.ledger import Ledger
    from donghaeng.ledger.open import make_tables, open_store
    from donghaeng.services.registry import all_kinds

    try:
        store = open_store(url, create=create)
        try:
            make_tables(url, TABLE_SET)
            ledger = Ledger(store, all_kinds(), lambda: now, check=refuse_identifiers)
            yield KeyRing(ledger, os.urandom, time.monotonic)
        finally:
            store.close()
    except LedgerError as error:
        raise InputError(str(error)) from error


def _end(text: str, now: datetime) -> datetime | None:
    """Read when a key ends."""
    from donghaeng.errors import UsageError

    if text == "never":
        return None
    try:
        if days := re.fullmatch("([0-9]{1,5})d", text):
            return now + timedelta(days=int(days[1]))
        if re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            last = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
            return last + timedelta(days=1)
        time = datetime.fromisoformat(text)
        if time.tzinfo is None:
            raise ValueError
    except (ValueError, OverflowError):
        raise UsageError(
            f'--expires "{text}" is no end; write 90d, 2027-03-31, 2027-03-31T18:00:00+09:00 or never'
        ) from None
    return time


def _ordered(record: KeyRecord) -> tuple[str, ...]:
    from donghaeng.access.scopes import SCOPES

    return tuple(scope for scope in SCOPES if scope in record.scopes)


def _shown(record: KeyRecord, now: datetime) -> dict[str, Any]:
    def text(time: datetime | None) -> str | None:
        return time.isoformat() if time else None

    return {
        "id": record.id,
        "organisation": record.organisation,
        "scopes": list(_ordered(record)),
        "state": record.state(now),
        "created_at": text(record.created_at),
        "expires_at": text(record.expires_at),
        "revoked_at": text(record.revoked_at),
        "note": record.note,
    }


def _minute(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M}Z"
