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
    from donghaeng.index.scores import Scores
    from donghaeng.release.content import Label

PACK = "seoul/gtsn-index"
#: Computed, released and published beside it.
ALSO_PUBLISHED = ("undp/hdi",)
#: Computed and compared only: its pages are many.
ALSO_COMPUTED = ("uk/ons-health-index",)


def demo(
    out: Annotated[Path, typer.Option(help="Folder for the release and the site.")] = Path("build"),
    as_json: JsonOption = False,
) -> None:
    """Check, compute, compare with published figures, release and publish."""
    from donghaeng.cli.release import make_label
    from donghaeng.release.read import read_release
    from donghaeng.site.build import build_site

    packs, warnings = _checked((PACK, *ALSO_PUBLISHED))
    pack = packs[0]
    label = make_label(packs, "", "", "draft", "", "")
    with working("Writing the release"):
        folder, digest = _write_once(packs, label, out / "release")
    with working("Building the site"):
        report = build_site(read_release(folder), out / "site")
    others, _ = _checked(ALSO_COMPUTED)
    rows = _summary(pack.score())
    agreement = [_agreement(other) for other in (*packs, *others)]
    if as_json:
        site = {"folder": str(out / "site"), "pages": report.pages}
        results = {"pack": pack.id, "totals": rows, "published": agreement}
        print_json(results | {"release": str(folder), "manifest_sha256": digest, "site": site})
        return
    _print(pack, rows, warnings)
    _print_agreement(agreement)
    console().print(
        f"Release: {folder} (SHA-256 of its manifest {digest[:16]}…)\n"
        f"Site:    {out / 'site' / 'index.html'} ({counted(report.pages, 'page')})",
        soft_wrap=True,
        markup=False,
    )


def _checked(references: Sequence[str]) -> tuple[list[Pack], int]:
    """Check packs; gives them and the number of warnings about the first."""
    from donghaeng.catalogue.check import check

    packs, warnings = [], []
    for reference in references:
        with working(f"Checking and computing {reference}"):
            pack, faults = check(reference)
        faults.raise_errors()
        if pack is None:  # pragma: no cover - a pack without errors is read
            raise AssertionError("a pack without faults was not read")
        packs.append(pack)
        warnings.append(len(faults.warnings))
    return packs, warnings[0]


def _write_once(packs: Sequence[Pack], label: Label, folder: Path) -> tuple[Path, str]:
    """Write the release, or find the same one from an earlier run: releases are never overwritten."""
    import hashlib

    from donghaeng import __version__
    from donghaeng.catalogue.outcome import outcome
    from donghaeng.release.verify import sha256_of
    from donghaeng.release.write import MANIFEST, release_files, write_files

    contents = [outcome(pack) for pack in packs]
    files = release_files(label, contents, __version__)
    wanted = hashlib.sha256(files[MANIFEST]).hexdigest()
    candidate, number = folder, 1
    while candidate.exists():
        if (candidate / MANIFEST).is_file() and sha256_of(candidate / MANIFEST) == wanted:
            return candidate, wanted
        number += 1
        candidate = folder.with_name(f"{folder.name}-{number}")
    write_files(candidate, files)
    return candidate, wanted


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


def _agreement(pack: Pack) -> dict[str, Any]:
    """Count how many published figures the result agrees with."""
    from donghaeng.index.published import published_table

    verdicts = [row["agrees"] for row in table_rows(published_table(pack.score()))]
    return {
        "pack": pack.id,
        "figures": len(verdicts),
        "agree": verdicts.count(True),
        "differ": verdicts.count(False),
        "not_computed": verdicts.count(None),
    }


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


def _print_agreement(rows: list[dict[str, Any]]) -> None:
    names = ("figures", "agree", "differ", "not_computed")
    print_table(
        "Published figures, beside what is computed",
        [("pack", "left"), *((name.replace("_", " "), "right") for name in names)],
        [[row["pack"], *(f"{row[name]:,}" for name in names)] for row in rows],
    )
