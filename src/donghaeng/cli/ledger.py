"""``donghaeng ledger``: what happened, recorded once, never changed, open to proof."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from donghaeng.cli.output import JsonOption, console, counted, print_json, progress_bar, working

if TYPE_CHECKING:
    from datetime import datetime

    from donghaeng.ledger.entry import Entry
    from donghaeng.ledger.kinds import Kinds
    from donghaeng.ledger.ledger import Ledger
    from donghaeng.ledger.persons import Erasure, Persons
    from donghaeng.ledger.seals import Seal
    from donghaeng.ledger.store import Store

app = typer.Typer(
    name="ledger",
    help="What happened, recorded once, never changed, open to proof.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

LedgerOption = Annotated[
    str,
    typer.Option(
        "--ledger",
        envvar="DONGHAENG_DATABASE_URL",
        show_envvar=False,
        metavar="URL",
        help="Address: sqlite:///FILE or postgresql://... Default: $DONGHAENG_DATABASE_URL, or sqlite:///donghaeng.db.",
        show_default=False,
    ),
]
AtOption = Annotated[
    str, typer.Option("--at", metavar="TIME", help="The time to take for now, such as 2026-05-20T09:00:00+09:00.")
]
MasterOption = Annotated[
    Path, typer.Option("--master-key", metavar="FILE", help="File of the master key.", show_default=False)
]
SealsOption = Annotated[
    list[Path],
    typer.Option("--seal", metavar="FILE", help="A seal held outside; may be given again.", show_default=False),
]
PublicKeyOption = Annotated[
    Path | None, typer.Option("--public-key", metavar="FILE", help="Public key of the seals.", show_default=False)
]
ListOption = Annotated[
    Path,
    typer.Option("--erasures", metavar="FILE", help="List of erasures; keep it apart from backups."),
]
BackupsOption = Annotated[
    list[Path],
    typer.Option("--backup", metavar="DIR", help="Erase in this backup too; may be given again.", show_default=False),
]
DaysOption = Annotated[
    Path | None,
    typer.Option(
        "--days",
        metavar="FOLDER",
        help="Folder of the day files of taps. Default: beside the file of the ledger.",
        show_default=False,
    ),
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]

DEFAULT_URL = "sqlite:///donghaeng.db"
DEFAULT_LIST = Path("donghaeng.erasures.jsonl")
SEAL_KEY, PUBLIC_KEY, MASTER_KEY, EXTRACT_KEY = "seal.key", "seal.pub", "master.key", "extract.key"
GATE_KEY, GATE_PUBLIC_KEY = "gate.key", "gate.pub"


@app.callback()
def ledger() -> None:
    """What happened, recorded once, never changed, open to proof."""


@app.command("migrate")
def migrate(url: LedgerOption = DEFAULT_URL) -> None:
    """Make the tables of a ledger and of its persons, or bring old ones up to date."""
    from donghaeng.errors import listed
    from donghaeng.ledger.open import make_tables, persons_path, sqlite_path
    from donghaeng.ledger.schema import ENTRIES, PERSONS
    from donghaeng.services.registry import TABLE_SETS

    with _told():
        path = sqlite_path(url)
        for tables in (ENTRIES, *TABLE_SETS):
            make_tables(url, tables)
        make_tables(f"sqlite:///{persons_path(path)}" if path else url, PERSONS)
    _say(f"{_name(url)}: tables {listed([tables.newest for tables in (ENTRIES, PERSONS, *TABLE_SETS)])}")


@app.command("keygen")
def keygen(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder for the keys.", show_default=False)],
) -> None:
    """Make keys: pairs to sign seals and what gates believe, a master key for persons, one for extracts."""
    make_keys(folder)
    _say(
        f"{folder / SEAL_KEY}     signs seals: keep it where the ledger's administrators cannot use it alone\n"
        f"{folder / PUBLIC_KEY}     checks seals: give it to everyone\n"
        f"{folder / MASTER_KEY}   opens the map and facts of persons: without it they are lost\n"
        f"{folder / EXTRACT_KEY}  names persons in extracts\n"
        f"{folder / GATE_KEY}     signs what gates believe: media of passes, and lists\n"
        f"{folder / GATE_PUBLIC_KEY}     is given to gates"
    )


@app.command("show")
def show(
    stream: Annotated[str, typer.Argument(metavar="STREAM", help="The stream.", show_default=False)],
    url: LedgerOption = DEFAULT_URL,
    at: Annotated[str, typer.Option("--at", metavar="TIME", help="As it stood at this time. Default: now.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Show the entries of a stream, in order; facts about persons stay encrypted."""
    from donghaeng.errors import InputError
    from donghaeng.ledger.canonical import moment
    from donghaeng.ledger.store import read_stream

    until = moment(_time(at)) if at else "~"
    with _opened(url) as store:
        found = [entry for entry in read_stream(store, stream) if entry.recorded_at <= until]
    if not found:
        raise InputError(f"{_name(url)}: no stream {stream}{f' at {at}' if at else ''}; check how it is written")
    if as_json:
        print_json({"stream": stream, "entries": [_shown(entry) for entry in found]})
        return
    _say(f"{stream}: {len(found)} {'entry' if len(found) == 1 else 'entries'}")
    width = len(str(found[-1].position))
    for entry in found:
        kind = entry.kind if entry.corrects is None else f"{entry.kind} (corrects {entry.corrects})"
        recorded = f"{entry.recorded_at[:19]}Z"
        _say(
            f"\n{entry.position:>{width}}  {kind}, effective {entry.effective_at}, recorded {recorded}, "
            f"hash {entry.hash.hex()[:16]}\n{'':{width}}  {entry.body}"
        )


@app.command("verify")
def verify(
    url: LedgerOption = DEFAULT_URL,
    seals: SealsOption = [],  # noqa: B006, typer copies it
    public_key: PublicKeyOption = None,
    days: DaysOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find any entry that was altered, removed, inserted or moved, and any day file that is not as it was written."""
    from dataclasses import asdict, replace

    from donghaeng.cli.ledger_backup import check_days, days_of
    from donghaeng.ledger.verify import Finding
    from donghaeng.ledger.verify import verify as verify_ledger

    held = _seals(seals, public_key)
    with _opened(url) as store:
        with progress_bar(f"Reading {_name(url)}") as progress:
            report = verify_ledger(store, held, progress=(lambda done: progress(done, 0)) if progress else None)
        folder = days_of(url, days)
        with working("Reading day files"):
            beside = check_days(store, folder)
    report = replace(report, findings=(*report.findings, *(Finding("", 0, 0, what) for what in beside.findings)))
    if as_json:
        print_json(
            {
                "ledger": _name(url),
                "holds": report.holds,
                "entries": report.entries,
                "sealed": report.sealed,
                "not_yet_sealed": report.unsealed,
                "seals": len(held),
                "findings": [asdict(finding) for finding in report.findings],
                "more": report.more,
                "day_files": beside.files,
                "day_files_checked": folder is not None,
                "day_files_of_nobody": list(beside.extra),
            }
        )
    else:
        for finding in report.findings:
            typer.secho(str(finding), fg="red")
        if report.more:
            typer.secho(f"and {report.more} more", fg="red")
        verdict = "holds" if report.holds else "was altered"
        compared = f"{report.sealed:,} under {counted(len(held), 'seal')}" if held else "compared with no seal"
        typer.secho(
            f"{_name(url)}: {verdict}; {report.entries:,} entries, {compared}, {report.unsealed:,} not yet sealed",
            bold=True,
        )
        if beside.files or beside.extra:
            where = f"compared with {folder}" if folder else "not compared: give --days FOLDER"
            extra = f"; {counted(len(beside.extra), 'file')} there that nobody names" if beside.extra else ""
            _say(f"{counted(beside.files, 'day file')}, {where}{extra}")
    if not report.holds:
        raise typer.Exit(1)


@app.command("seal")
def seal(
    out: Annotated[Path, typer.Option(help="File for the seal; must not exist.", show_default=False)],
    key: Annotated[Path, typer.Option("--key", metavar="FILE", help="Private key.", show_default=False)],
    url: LedgerOption = DEFAULT_URL,
    at: AtOption = "",
    since_last: Annotated[
        bool, typer.Option("--since-last", help="Read only what came since the last seal; prints reach no further.")
    ] = False,
) -> None:
    """Seal all entries: sign a root over them, to be held by others."""
    from donghaeng.errors import UsageError
    from donghaeng.ledger.canonical import moment
    from donghaeng.ledger.seals import seal as seal_entries

    if out.exists():
        raise UsageError(f"{out} exists; give another file")
    private = _private_key(key)
    with _opened(url) as store, working(f"Sealing {_name(url)}"):
        made = seal_entries(store, private, moment(_time(at)), since_last=since_last)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(made.text(), "utf-8")
    _say(f"{out}: {made.size:,} entries, root {made.root}")


@app.command("prove")
def prove(
    stream: Annotated[str, typer.Argument(metavar="STREAM", help="The stream.", show_default=False)],
    position: Annotated[int, typer.Argument(metavar="POSITION", help="Position of the entry.", show_default=False)],
    out: Annotated[Path, typer.Option(help="File for the proof; must not exist.", show_default=False)],
    url: LedgerOption = DEFAULT_URL,
) -> None:
    """Write a proof that an entry is under the last seal; who has both needs no ledger."""
    from donghaeng.errors import UsageError
    from donghaeng.ledger.seals import prove_inclusion

    if out.exists():
        raise UsageError(f"{out} exists; give another file")
    with _opened(url) as store:
        proof = prove_inclusion(store, stream, position)
    out.write_text(proof.text(), "utf-8")
    _say(f"{out}: entry {position} of {stream} is number {proof.index} of the {proof.size:,} under root {proof.root}")


@app.command("check-proof")
def check_proof(
    proof: Annotated[Path, typer.Argument(metavar="PROOF", help="The proof.", show_default=False)],
    seals: SealsOption,
    public_key: PublicKeyOption = None,
) -> None:
    """Check a proof against a seal, without the ledger."""
    from donghaeng.ledger.seals import read_proof

    given = read_proof(proof.read_text("utf-8"), str(proof))
    held = _seals(seals, public_key)
    holds = any(given.holds(one) for one in held)
    entry = given.entry
    verdict = "is under the seal" if holds else "is not shown to be under the seal"
    typer.secho(f"{proof}: entry {entry.position} of {entry.stream} {verdict}", bold=True)
    if not holds:
        raise typer.Exit(1)


@app.command("erase-person")
def erase_person(
    pseudonym: Annotated[str, typer.Argument(metavar="PSEUDONYM", help="The person.", show_default=False)],
    reason: Annotated[str, typer.Option(help="Why, in a word or two; it is recorded.", show_default=False)],
    master_key: MasterOption,
    url: LedgerOption = DEFAULT_URL,
    erasures: ListOption = DEFAULT_LIST,
    backups: BackupsOption = [],  # noqa: B006, typer copies it
    at: AtOption = "",
    dry_run: DryRunOption = False,
) -> None:
    """Destroy all that leads to a person and the keys of facts about them; the ledger still verifies."""
    from donghaeng.ledger.backup import erase_in
    from donghaeng.ledger.entry import NewEntry
    from donghaeng.ledger.own_kinds import PERSONS_STREAM

    with _told(), _with_persons(url, master_key, erasures, at) as (own, persons):
        numbers = len(persons.numbers(pseudonym))
        if dry_run:
            _say(f"{pseudonym}: {counted(numbers, 'number')} of an institution would no longer lead here")
            return
        persons.erase(pseudonym, reason)
        own.append(
            NewEntry(
                stream=PERSONS_STREAM,
                kind="person-erased",
                body={"person": pseudonym, "reason": reason},
                effective_at=own.clock(),
                idempotency_key=f"person-erased {pseudonym} {own.clock().isoformat()}",
            )
        )
        done = [one for one in persons.erasures() if one.pseudonym == pseudonym]
        for folder in backups:
            erase_in(folder, done)
    _say(f"{pseudonym}: erased; {counted(numbers, 'number')} of an institution led here")


@app.command("erase-due")
def erase_due(
    retention: Annotated[Path, typer.Option(metavar="FILE", help="Retention periods (YAML).", show_default=False)],
    master_key: MasterOption,
    url: LedgerOption = DEFAULT_URL,
    erasures: ListOption = DEFAULT_LIST,
    backups: BackupsOption = [],  # noqa: B006, typer copies it
    at: AtOption = "",
    dry_run: DryRunOption = False,
) -> None:
    """Destroy the keys of facts whose retention period is over on this day."""
    from donghaeng.ledger.backup import erase_in
    from donghaeng.ledger.entry import NewEntry
    from donghaeng.ledger.own_kinds import PERSONS_STREAM
    from donghaeng.ledger.retention import read_retention

    periods = read_retention(retention)
    with _told(), _with_persons(url, master_key, erasures, at) as (own, persons):
        on = own.clock().date()
        due = persons.keys_due(periods, on)
        if dry_run or not due:
            for one in due:
                _say(f"{one.pseudonym}: facts of {one.kind} on {one.day}")
            _say(f"{counted(len(due), 'key')} due on {on}")
            return
        persons.apply(due)
        own.append(
            NewEntry(
                stream=PERSONS_STREAM,
                kind="facts-erased",
                body={"on": on.isoformat(), "keys": len(due)},
                effective_at=own.clock(),
                idempotency_key=f"facts-erased {own.clock().isoformat()}",
            )
        )
        for folder in backups:
            erase_in(folder, due)
    _say(f"{counted(len(due), 'key')} due on {on} destroyed")


@app.command("extract")
def extract(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the extract.", show_default=False)],
    key: Annotated[Path, typer.Option("--key", metavar="FILE", help="Key of extracts.", show_default=False)],
    url: LedgerOption = DEFAULT_URL,
    period: Annotated[str, typer.Option(help="Within which persons keep their names: day, month or year.")] = "month",
    pack: Annotated[
        str,
        typer.Option("--pack", metavar="PACK", help="With rides of the passes of this pack.", show_default=False),
    ] = "",
    days: DaysOption = None,
    distances: Annotated[
        Path | None,
        typer.Option("--distances", metavar="FILE", help="With --pack: CSV of distances: from, to, metres."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write entries as Parquet for statistics, without facts and without names that join periods."""
    from contextlib import ExitStack
    from datetime import UTC, datetime

    from donghaeng.catalogue.read import load
    from donghaeng.cli.ledger_measures import pass_tables
    from donghaeng.errors import UsageError
    from donghaeng.ledger.extract import PERIOD_LENGTH
    from donghaeng.ledger.extract import extract as extract_entries
    from donghaeng.ledger.ledger import Ledger

    if period not in PERIOD_LENGTH:
        raise UsageError(f'--period "{period}" is none; give day, month or year')
    if not pack and (days or distances):
        raise UsageError("--days and --distances belong to the passes of a pack: give --pack")
    secret = _secret(key)
    with _opened(url) as store, working(f"Reading {_name(url)}"), ExitStack() as closing:
        own = Ledger(store, _kinds(), lambda: datetime.now(UTC))
        tables = None
        if pack:
            tables, close = pass_tables(load(pack), own, url, days, distances)
            closing.callback(close)
        made = extract_entries(own, folder, secret, period=period, tables=tables)  # type: ignore[arg-type]
    if as_json:
        print_json(
            {
                "folder": str(folder),
                "rows": made.rows,
                "last_sequence": made.last_sequence,
                "written": list(made.written),
            }
        )
        return
    _say(f"{folder}: {made.rows:,} rows, {counted(len(made.written), 'file')} written")


def make_keys(folder: Path, chance: Callable[[int], bytes] = os.urandom) -> None:
    """Make all keys of a ledger in a folder.

    Args:
        folder: where they are to lie.
        chance: gives so many random bytes for the keys that are no pairs.

    Raises:
        UsageError: there are keys already.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    from donghaeng.errors import UsageError

    all_keys = (SEAL_KEY, PUBLIC_KEY, MASTER_KEY, EXTRACT_KEY, GATE_KEY, GATE_PUBLIC_KEY)
    there = [name for name in all_keys if (folder / name).exists()]
    if there:
        raise UsageError(f"{folder / there[0]} exists; keys are never written over, so give another folder")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for private, public in ((SEAL_KEY, PUBLIC_KEY), (GATE_KEY, GATE_PUBLIC_KEY)):
        key = Ed25519PrivateKey.generate()
        _write_secret(folder / private, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        (folder / public).write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    for name in (MASTER_KEY, EXTRACT_KEY):
        _write_secret(folder / name, chance(32).hex().encode() + b"\n")


def _kinds() -> Kinds:
    """Give all kinds that the services of Donghaeng record."""
    from donghaeng.services.registry import all_kinds

    return all_kinds()


@contextmanager
def _told() -> Iterator[None]:
    """Tell what the ledger raises as a fault of what was given, which it is here."""
    from donghaeng.errors import InputError
    from donghaeng.ledger.faults import LedgerError

    try:
        yield
    except LedgerError as error:
        raise InputError(str(error)) from error


@contextmanager
def _opened(url: str) -> Iterator[Store]:
    from donghaeng.ledger.open import open_store

    with _told():
        store = open_store(url)
        try:
            yield store
        finally:
            store.close()


@contextmanager
def _with_persons(url: str, master_key: Path, erasures: Path, at: str) -> Iterator[tuple[Ledger, Persons]]:
    """Open a ledger with its persons; what is erased is written to the list first."""
    from donghaeng.identifiers import refuse_identifiers
    from donghaeng.ledger.ledger import Ledger
    from donghaeng.ledger.open import open_persons, open_store
    from donghaeng.ledger.persons import Persons, append_line

    def clock() -> datetime:
        return _time(at)

    secret = _secret(master_key)
    with erasures.open("a", encoding="utf-8") as listing:
        persons = Persons(open_persons(url), secret, os.urandom, clock, append_line(listing))
        try:
            store = open_store(url)
        except BaseException:
            persons.close()
            raise
        own = Ledger(store, _kinds(), clock, persons=persons, check=refuse_identifiers)
        try:
            yield own, persons
        finally:
            own.close()


def _time(text: str) -> datetime:
    """Read the time to take for now; the clock is read here, and nowhere deeper."""
    from datetime import UTC, datetime

    from donghaeng.errors import UsageError

    if not text:
        return datetime.now(UTC)
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise UsageError(f'--at "{text}" is no time with its zone; write it as 2026-05-20T09:00:00+09:00')
    return time


def _seals(files: list[Path], public_key: Path | None) -> list[Seal]:
    """Read seals and check who signed them."""
    from donghaeng.errors import InputError, UsageError
    from donghaeng.ledger.seals import read_seal

    if not files:
        return []
    if public_key is None:
        raise UsageError("a seal proves something only with the key that you hold; give --public-key FILE")
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(public_key.read_bytes())
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise InputError(f"{public_key}: not a public key; expected the {PUBLIC_KEY} of `donghaeng ledger keygen`")
    seals = [read_seal(file.read_text("utf-8"), str(file)) for file in files]
    for file, held in zip(files, seals, strict=True):
        if not held.is_signed_by(key):
            raise InputError(f"{file}: not signed with the key of {public_key}, or altered since; take another copy")
    return seals


def _private_key(file: Path) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    from donghaeng.errors import InputError

    try:
        key = load_pem_private_key(file.read_bytes(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        expected = f"the {SEAL_KEY} or {GATE_KEY} of `donghaeng ledger keygen`"
        raise InputError(f"{file}: not a private key; expected {expected}")
    return key


def _secret(file: Path) -> bytes:
    from donghaeng.errors import InputError

    try:
        secret = bytes.fromhex(file.read_text("ascii").strip())
    except ValueError:
        secret = b""
    if len(secret) != 32:
        raise InputError(f"{file}: not a key; expected 64 hexadecimal digits, as `donghaeng ledger keygen` writes them")
    return secret


def _write_secret(file: Path, content: bytes) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(content)


def _listed(file: Path) -> list[Erasure]:
    from donghaeng.ledger.persons import read_erasures

    with _told(), file.open(encoding="utf-8") as lines:
        return read_erasures(lines)


def _shown(entry: Entry) -> dict[str, Any]:
    import json

    shown: dict[str, Any] = entry.shown()
    return shown | {"body": json.loads(entry.body)}


def _name(url: str) -> str:
    """Name a ledger without the password that its address may hold."""
    from donghaeng.ledger.open import sqlite_path

    path = sqlite_path(url)
    return str(path) if path else "the ledger on the server"


def _say(text: str) -> None:
    console().print(text, soft_wrap=True, markup=False)
