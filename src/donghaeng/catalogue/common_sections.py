"""What every pack may have, whatever it describes: description, sources, places, statements, its own words."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from donghaeng.catalogue.files import PackFiles
from donghaeng.catalogue.manifest import Manifest, Wording
from donghaeng.documents import Document, read_model
from donghaeng.errors import Faults
from donghaeng.places import Place, read_places
from donghaeng.sources import Source, Sources
from donghaeng.statements import Statements, read_statements
from donghaeng.wording import LANGUAGES, Language, Text


@dataclass(frozen=True)
class Stated:
    """What ``pack.yaml`` says that the other files are checked by; also where something else in it is wrong.

    Attributes:
        languages: languages of the pack; none where they cannot be read, so that no text is missed in any.
        is_invented: whether it is about nobody real.
    """

    languages: tuple[Language, ...]
    is_invented: bool


def read_manifest(files: PackFiles, faults: Faults) -> tuple[Manifest | None, Stated]:
    """Read ``pack.yaml``; no manifest, with faults, when it is not one."""
    manifest, document = read_model(files.path("pack.yaml"), files.label_of("pack.yaml"), Manifest, faults)
    if manifest:
        for key in ("title", "summary", "owner"):
            _check_text(getattr(manifest, key), manifest.languages, document, (key,), faults)
        return manifest, Stated(manifest.languages, manifest.status == "invented")
    said = document.value if isinstance(document.value, dict) else {}
    named = said.get("languages")
    languages = tuple(language for language in LANGUAGES if isinstance(named, list) and language in named)
    return None, Stated(languages, said.get("status") == "invented")


def read_pack_sources(files: PackFiles, languages: tuple[Language, ...], faults: Faults) -> Mapping[str, Source] | None:
    """Read ``sources.yaml``; None, with faults, when it cannot be read."""
    model, document = read_model(files.path("sources.yaml"), files.label_of("sources.yaml"), Sources, faults)
    if model is None:
        return None
    for source_id, source in model.sources.items():
        if source.grade == "unsafe" and source.url:
            line, column = document.place(("sources", source_id, "url"))
            what = f'"{source_id}" is unsafe and has an address'
            remedy = "remove the address and describe the source in note"
            faults.add(document.label, line, column, what, "no link to unsafe sources", remedy, "evidence")
        texts = {"title": source.title, "publisher": source.publisher, "note": source.note}
        for key, text in texts.items():
            if text is not None:
                _check_text(text, languages, document, ("sources", source_id, key), faults)
    return model.sources


def read_pack_places(files: PackFiles, languages: tuple[Language, ...], faults: Faults) -> tuple[Place, ...]:
    """Read ``places.csv``; nothing where there is none."""
    if not files.has("places.csv"):
        return ()
    return read_places(files.path("places.csv"), files.label_of("places.csv"), languages, faults)


def read_pack_statements(
    files: PackFiles,
    languages: tuple[Language, ...],
    nodes: Collection[str] | None,
    sources: Mapping[str, Source] | None,
    faults: Faults,
) -> Statements:
    """Read ``statements.csv``; nothing where there is none.

    Args:
        files: the files of the pack.
        languages: languages in which each statement is given.
        nodes: codes of the index that a statement may be about; None when they could not be read.
        sources: the sources of the pack; None when they could not be read.
        faults: where faults go.
    """
    name = "statements.csv"
    if not files.has(name):
        return Statements(())
    return read_statements(files.path(name), files.label_of(name), languages, nodes, sources, faults)


def read_wording(files: PackFiles, languages: tuple[Language, ...], faults: Faults) -> dict[Language, Wording]:
    """Read ``wording/LANGUAGE.yaml`` of each language that has one."""
    wording: dict[Language, Wording] = {}
    for language in languages:
        name = f"wording/{language}.yaml"
        if files.has(name):
            model, _ = read_model(files.path(name), files.label_of(name), Wording, faults)
            if model:
                wording[language] = model
    return wording


def _check_text(
    text: Text, languages: tuple[Language, ...], document: Document, path: tuple[str, ...], faults: Faults
) -> None:
    for language in languages:
        if language not in text:
            line, column = document.place(path, of_key=True)
            what, expected = f"{path[-1]} is missing in {language}", "every text in every language of the pack"
            faults.add(document.label, line, column, what, expected, "write it", "missing-value")
