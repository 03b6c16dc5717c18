"""``donghaeng release``: an immutable folder of results."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from donghaeng.cli.output import JsonOption, PacksArgument, console, print_json, working

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from donghaeng.catalogue.pack import Pack
    from donghaeng.measures.compute import Computed
    from donghaeng.release.content import Label


def release(
    packs: PacksArgument,
    out: Annotated[Path, typer.Option(help="Folder of the release; must not exist.", show_default=False)],
    release_id: Annotated[str, typer.Option("--id", help="Name of the release. Default: newest date of a pack.")] = "",
    date: Annotated[str, typer.Option(help="Day of the release (YYYY-MM-DD). Default: newest date of a pack.")] = "",
    state: Annotated[str, typer.Option(help="draft, reviewed, published or corrected.")] = "draft",
    replaces: Annotated[str, typer.Option(help="For a correction: id of the release it replaces.")] = "",
    reason: Annotated[str, typer.Option(help="For a correction: why.")] = "",
    previous: Annotated[Path | None, typer.Option(help="Release before this one, to say what changed.")] = None,
    ledger: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="Ledger whose entries are measured: sqlite:///FILE or postgresql://...",
            show_default=False,
        ),
    ] = "",
    extract_key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="With --ledger: key of extracts.", show_default=False)
    ] = None,
    master_key: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="With --ledger: master key, where measures read facts about persons.",
            show_default=False,
        ),
    ] = None,
    days: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="With --ledger: day files of taps, where measures read rides. Default: beside the ledger's file.",
            show_default=False,
        ),
    ] = None,
    distances: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="With --ledger: CSV of distances (from, to, metres), for the value of rides.",
            show_default=False,
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write the results of packs as an immutable release."""
    from donghaeng.catalogue.read import load
    from donghaeng.cli.ledger_measures import measured

    with working("Writing the release"):
        loaded = [load(reference) for reference in packs]
        label = make_label(loaded, release_id, date, state, replaces, reason)
        computed = measured(loaded, ledger, extract_key, master_key, days, distances)
        digest = write(loaded, label, out, previous, computed)
    if as_json:
        print_json({"release": label.id, "folder": str(out), "manifest_sha256": digest})
    else:
        console().print(
            f"Release {label.id} ({label.state}) is in {out}\nSHA-256 of its manifest: {digest}",
            soft_wrap=True,
            markup=False,
        )


def make_label(packs: Sequence[Pack], release_id: str, date: str, state: str, replaces: str, reason: str) -> Label:
    """Check what a release is called; its id and date come from people or from the packs, never from a clock."""
    import re
    from datetime import date as day

    from donghaeng.errors import UsageError, nearest
    from donghaeng.release.content import STATES, Label

    newest = max(pack.manifest.date for pack in packs).isoformat()
    known_state = next((known for known in STATES if known == state), None)
    if known_state is None:
        raise UsageError(f'--state "{state}" is not known; expected {", ".join(STATES)}; {nearest(state, STATES)}')
    try:
        if day.fromisoformat(date or newest).isoformat() != (date or newest):  # Python also reads 20240301
            raise ValueError
    except ValueError:
        raise UsageError(f'--date "{date}" is not a day; write it as 2024-03-01') from None
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", release_id or newest):
        raise UsageError(f'--id "{release_id}" is not a name; use letters, digits, points and hyphens')
    if "\n" in reason or not re.fullmatch(r"([A-Za-z0-9][A-Za-z0-9._-]{0,63})?", replaces):
        raise UsageError("--replaces is the id of a release, --reason is one line")
    return Label(release_id or newest, date or newest, known_state, replaces, reason)


def write(
    packs: Sequence[Pack],
    label: Label,
    out: Path,
    previous: Path | None = None,
    computed: Mapping[str, Computed] | None = None,
) -> str:
    """Compute packs and write the release; gives the SHA-256 of its manifest.

    Args:
        packs: the packs.
        label: what the release is called.
        out: its folder.
        previous: release before this one.
        computed: by id of the pack, its measures over a ledger.
    """
    from donghaeng import __version__
    from donghaeng.catalogue.outcome import outcome
    from donghaeng.errors import UsageError
    from donghaeng.release.read import read_release
    from donghaeng.release.write import check_label, write_release

    check_label(label)
    if len({pack.id for pack in packs}) < len(packs):
        raise UsageError("a pack is given twice; give each pack once")
    before = {pack.id: pack for pack in read_release(previous).packs} if previous else {}
    measured = computed or {}
    contents = [outcome(pack, previous=before.get(pack.id), computed=measured.get(pack.id)) for pack in packs]
    return write_release(out, label, contents, __version__)
