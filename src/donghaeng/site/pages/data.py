"""Downloads: the whole release as files, with sizes and hashes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from donghaeng.release.read import Release, Row
from donghaeng.site.pack_view import PackView
from donghaeng.site.page import Crumb, Page, pack_title, phrase
from donghaeng.site.view import SIMULATED

#: Folder of the copy of the release in the site.
RELEASE_FOLDER = "release"


@dataclass(frozen=True)
class TableFiles:
    """The files of one table.

    Attributes:
        name: name of the table.
        simulated: whether these are its simulated rows.
        files: entries of the manifest, with their path in the release.
    """

    name: str
    simulated: bool
    files: tuple[Row, ...]


def data(view: PackView, release: Release) -> Page:
    """Give the page of downloads."""
    listed: list[Row] = [dict(entry) for entry in release.manifest["files"]]
    own = [entry for entry in listed if str(entry["path"]).startswith(f"{view.id}/")]
    tables: dict[tuple[str, bool], list[Row]] = defaultdict(list)
    for entry in own:
        folder, _, name = str(entry["path"]).removeprefix(f"{view.id}/").rpartition("/")
        if folder == "tables":
            table = name.rpartition(".")[0]
            is_simulated = table.endswith(f"-{SIMULATED}")
            tables[table.removesuffix(f"-{SIMULATED}"), is_simulated].append(entry)
    others = [entry for entry in own if "/tables/" not in str(entry["path"])]
    whole = [entry for entry in listed if "/" not in str(entry["path"])]
    groups = [TableFiles(name, simulated, tuple(files)) for (name, simulated), files in tables.items()]
    return Page(
        path=view.path("data.html"),
        template="data.html.j2",
        title=phrase("data.title"),
        languages=view.languages,
        tables={"files": [*whole, *own]},
        context={"groups": groups, "others": others, "overall": whole},
        trail=(Crumb(view.path("index.html"), pack_title(view)),),
        view=view,
        section="data",
    )
