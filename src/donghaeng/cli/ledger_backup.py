"""``donghaeng ledger backup`` and ``restore``, and the files beside a ledger, such as the taps of gates."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from donghaeng.cli.ledger import (
    DEFAULT_LIST,
    DEFAULT_URL,
    AtOption,
    DaysOption,
    DryRunOption,
    LedgerOption,
    ListOption,
    PublicKeyOption,
    SealsOption,
    _listed,
    _name,
    _say,
    _seals,
    _time,
    _told,
    app,
)
from donghaeng.cli.output import counted, working

if TYPE_CHECKING:
    from donghaeng.ledger.files import Checked, Tables


@app.command("backup")
def backup(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to make.", show_default=False)],
    url: LedgerOption = DEFAULT_URL,
    days: DaysOption = None,
    no_days: Annotated[bool, typer.Option("--no-days", help="Leave the day files out; they are copied apart.")] = False,
    earlier: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="An earlier backup on the same disk: day files that it has are shared and not copied.",
            show_default=False,
        ),
    ] = None,
    at: AtOption = "",
) -> None:
    """Copy a ledger, its persons and day files, while it is written to."""
    from donghaeng.ledger.backup import back_up
    from donghaeng.ledger.canonical import moment
    from donghaeng.services.registry import TABLE_SETS, all_files

    files = None if no_days else days_of(url, days)
    with _told(), working(f"Copying {_name(url)}"):
        made = back_up(url, folder, moment(_time(at)), more=TABLE_SETS, names=all_files, files=files, earlier=earlier)
    _say(f"{folder}: {made.entries:,} entries as of {made.made_at}{_beside(len(made.files), made.left_out)}")
    if made.files:
        shared = len(made.files) - made.copied
        _say(f"{counted(made.copied, 'day file')} copied, {shared:,} shared with an earlier backup")


@app.command("restore")
def restore(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The backup.", show_default=False)],
    url: LedgerOption = DEFAULT_URL,
    days: DaysOption = None,
    erasures: ListOption = DEFAULT_LIST,
    no_erasures: Annotated[
        bool, typer.Option("--no-erasures", help="Nobody was ever erased; there is no list.")
    ] = False,
    seals: SealsOption = [],  # noqa: B006, typer copies it
    public_key: PublicKeyOption = None,
    dry_run: DryRunOption = False,
) -> None:
    """Bring a backup back: erase again who was erased since, verify, and put it in place with its day files."""
    from donghaeng.errors import UsageError
    from donghaeng.ledger.backup import check_backup
    from donghaeng.ledger.backup import restore as restore_backup
    from donghaeng.ledger.open import files_path, sqlite_path
    from donghaeng.services.registry import TABLE_SETS

    if not no_erasures and not erasures.exists():
        raise UsageError(f"{erasures} is not there; give the list of erasures, or --no-erasures if there never was one")
    listed = [] if no_erasures else _listed(erasures)
    held = _seals(seals, public_key)
    path = sqlite_path(url)
    files = days if days is not None or path is None else files_path(path)
    with _told():
        made = check_backup(folder)
        beside = _beside(len(made.files), made.left_out)
        if dry_run:
            _say(
                f"{folder}: whole, {made.entries:,} entries as of {made.made_at}{beside}; "
                f"{len(listed)} erasures to do again"
            )
            return
        if made.files and files is None:
            raise UsageError(f"{folder} has {counted(len(made.files), 'day file')}; give --days FOLDER for them")
        with working(f"Restoring {folder}"):
            report = restore_backup(folder, url, listed, seals=held, more=TABLE_SETS, files=files)
    _say(
        f"{_name(url)}: {report.entries:,} entries as of {made.made_at} hold{beside}, "
        f"{report.unsealed:,} not yet sealed; {len(listed)} erasures done again"
    )


def days_of(url: str, given: Path | None) -> Path | None:
    """Give the folder of day files of a ledger: the one that is given, else one beside its file, if it is there.

    Raises:
        UsageError: the one that is given is not there.
    """
    from donghaeng.errors import UsageError
    from donghaeng.ledger.open import files_path, sqlite_path

    if given is not None:
        if not given.is_dir():
            raise UsageError(f"{given} is not there; give the folder of the day files")
        return given
    path = sqlite_path(url)
    beside = files_path(path) if path is not None else None
    return beside if beside is not None and beside.is_dir() else None


def check_days(tables: Tables, folder: Path | None) -> Checked:
    """Compare the day files in a folder with what a ledger names; a ledger that cannot be asked is a finding, too."""
    from donghaeng.ledger.faults import LedgerError
    from donghaeng.ledger.files import Checked, check_files
    from donghaeng.services.registry import all_files

    try:
        return check_files(tables, all_files, folder)
    except LedgerError as error:
        return Checked(0, (f"the day files could not be compared: {error}",), ())


def _beside(there: int, left_out: int) -> str:
    """Say how many day files there are, and how many are not."""
    if left_out:
        return f", without {counted(left_out, 'day file')} (give --days)"
    return f", {counted(there, 'day file')}" if there else ""
