"""``donghaeng demo``: the main job from end to end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from donghaeng.cli.output import JsonOption, console, counted, print_json, print_table, table_rows, working

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from donghaeng.catalogue.pack import Pack
    from donghaeng.index.score import Scores
    from donghaeng.release.content import Label

PACK = "seoul/gtsn-index"


def demo(
    out: Annotated[Path, typer.Option(help="Folder for the release and the site.")] = Path("build"),
    as_json: JsonOption = False,
) -> None:
    """Check, compute, compare with published figures, release and publish Seoul's index."""
    from donghaeng.catalogue.check import check
    from donghaeng.cli.release import make_label
    from donghaeng.release.read import read_release
    from donghaeng.site.build import build_site

    with working(f"Checking {PACK}"):
        pack, faults = check(PACK)
        faults.raise_errors()
        if pack is None:  # pragma: no cover - a pack without errors is read
            raise AssertionError("a pack without faults was not read")
    scores = pack.score()
    label = make_label([pack], "", "", "draft", "", "")
    with working("Writing the release and the site"):
        folder, digest = _write_once([pack], label, out / "release")
        report = build_site(read_release(folder), out / "site")
    rows = _summary(scores)
    if as_json:
        site = {"folder": str(out / "site"), "pages": report.pages}
        print_json({"pack": pack.id, "release": str(folder), "manifest_sha256": digest, "site": site, "totals": rows})
        return
    _print(pack, rows, len(faults.warnings))
    console().print(
        f"Release: {folder} (SHA-256 of its manifest {digest[:16]}…)\n"
        f"Site:    {out / 'site' / 'index.html'} ({counted(report.pages, 'page')})",
        soft_wrap=True,
    )


def _write_once(packs: Sequence[Pack], label: Label, folder: Path) -> tuple[Path, str]:
    """Write the release, or find the same one from an earlier run: releases are never overwritten."""
    import hashlib

    from donghaeng import __version__
    from donghaeng.catalogue.outcome import outcome
    from donghaeng.release.verify import sha256_of
    from donghaeng.release.write import MANIFEST, release_files, write_release

    contents = [outcome(pack, pack.score()) for pack in packs]
    wanted = hashlib.sha256(release_files(label, contents, __version__)[MANIFEST]).hexdigest()
    candidate, number = folder, 1
    while candidate.exists():
        if (candidate / MANIFEST).is_file() and sha256_of(candidate / MANIFEST) == wanted:
            return candidate, wanted
        number += 1
        candidate = folder.with_name(f"{folder.name}-{number}")
    return candidate, write_release(candidate, label, contents, __version__)


def _summary(scores: Scores) -> list[dict[str, Any]]:
    from donghaeng.index.published import published_table

    root = scores.structure.codes[scores.structure.root]
    published = {(row["node"], row["period"]): row for row in table_rows(published_table(scores))}
    rows = []
    for row in table_rows(scores.table()):
        if row["node"] == root:
            beside = published.get((root, row["period"]), {})
            names = ("published", "printed", "agrees", "kind")
            values = {name: row[name] for name in ("period", "value", "available", "of", "change_on_year")}
            rows.append(values | {name: beside.get(name) for name in names})
    return rows


def _print(pack: Pack, rows: list[dict[str, Any]], warnings: int) -> None:
    from donghaeng.catalogue.outcome import STATUS_NOTES

    screen = console()
    screen.print(f"[bold]{pack.manifest.title['en']}[/bold] ({pack.id} {pack.version})")
    screen.print(f"[dim]{STATUS_NOTES[pack.manifest.status]['en']}[/dim]")
    screen.print(f"Checked: no errors, {counted(warnings, 'warning')} (donghaeng check {pack.id} shows them)\n")
    verdict = {True: "[green]agrees[/green]", False: "[red]differs[/red]", None: "[yellow]cannot be computed[/yellow]"}
    columns = [("year", "left"), ("computed", "right"), ("indicators", "right"), ("on the year", "right")]
    print_table(
        "Total, computed from what is public (2022 = 100)",
        [*columns, ("published", "right"), ("", "left")],
        [
            [
                row["period"],
                "–" if row["value"] is None else f"{row['value']:.1f}",
                f"{row['available']} of {row['of']}",
                "–" if row["change_on_year"] is None else f"{row['change_on_year']:+.1f}",
                (row["printed"] or "–") + (" (second hand)" if row["kind"] == "second_hand" else ""),
                verdict[row["agrees"]],
            ]
            for row in rows
        ],
    )
