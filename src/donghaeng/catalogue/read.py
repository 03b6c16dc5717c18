"""Reading a pack: every section by the part that owns its format, all faults together."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from donghaeng.catalogue.articles import Article, read_articles
from donghaeng.catalogue.common_sections import (
    read_manifest,
    read_pack_places,
    read_pack_sources,
    read_pack_statements,
    read_wording,
)
from donghaeng.catalogue.files import PackFiles, Section, list_files, warn_of_unknown_files
from donghaeng.catalogue.find import Found, find, shipped_ids
from donghaeng.catalogue.index_section import INDEX, read_index
from donghaeng.catalogue.manifest import Manifest
from donghaeng.catalogue.pack import Pack
from donghaeng.documents import read_model
from donghaeng.errors import Faults
from donghaeng.index.poverty.survey import read_poverty
from donghaeng.rules.placing import PackFacts
from donghaeng.rules.reading import RulesSection, read_rules
from donghaeng.sources import Source
from donghaeng.wording import LANGUAGES, Language

RULES = Section(
    "decision tables (rules/*.yaml) or dated values (values.yaml)",
    ("values.yaml", "rules/*.yaml"),
    beside=("examples/*.yaml",),
)
POVERTY = Section("household tables (poverty.yaml)", ("poverty.yaml",))
STATEMENTS = Section("statements.csv", ("statements.csv",))
ARTICLES = Section("articles", ("articles/*.md",))
#: What a pack may describe; it has at least one of them.
SECTIONS = (INDEX, RULES, POVERTY, STATEMENTS, ARTICLES)

REQUIRED_FILES = ("pack.yaml", "sources.yaml")
#: Files beside the required ones that are called the same in every pack.
OPTIONAL_FILES = (
    *INDEX.files,
    *POVERTY.files,
    "places.csv",
    *STATEMENTS.files,
    *(f"wording/{language}.yaml" for language in LANGUAGES),
)
#: Paths and patterns of every file that a pack may have.
KNOWN_FILES = (*REQUIRED_FILES, *OPTIONAL_FILES, *RULES.files, *RULES.beside)


def load(reference: str | Path) -> Pack:
    """Read a pack that is free of faults.

    Args:
        reference: path of its folder, or the id of a shipped pack.

    Raises:
        InputError: when it is not found or has faults; all of them, each with its place.
    """
    pack, faults = read_pack(find(reference))
    faults.raise_errors()
    if pack is None:  # pragma: no cover - read_pack reports a fault whenever it returns None
        raise AssertionError("a pack without faults was not read")
    return pack


def shipped_manifests() -> tuple[Manifest, ...]:
    """Give the ``pack.yaml`` of every shipped pack, in the order of ids."""
    faults = Faults()
    manifests = []
    for pack_id in shipped_ids():
        found = find(pack_id)
        manifest, _ = read_model(found.folder / "pack.yaml", f"{found.label}/pack.yaml", Manifest, faults)
        if manifest:
            manifests.append(manifest)
    faults.raise_errors()
    return tuple(manifests)


def read_pack(found: Found) -> tuple[Pack | None, Faults]:
    """Read a pack and collect everything that is wrong with it.

    Returns:
        The pack, or None when it has errors, and all faults, warnings included.
    """
    faults = Faults()
    files = list_files(found, faults)
    pack = _read(files, faults) if files else None
    return (None if faults.errors else pack), faults


def _read(files: PackFiles, faults: Faults) -> Pack | None:
    manifest = read_manifest(files, faults)
    languages = manifest.languages if manifest else LANGUAGES
    sources = read_pack_sources(files, languages, faults)
    places = read_pack_places(files, languages, faults)
    _check_describes_something(files, faults)
    is_invented = manifest is not None and manifest.status == "invented"
    poverty = None
    if files.of(POVERTY.files):
        poverty = read_poverty(files.folder, files.label, sources, faults, is_invented)
    index = None
    if files.of(INDEX.files):
        index = read_index(files, languages, is_invented, sources, places, faults, poverty)
    rules = _rules(files, manifest, languages, sources, faults) if manifest and files.of(RULES.files) else None
    nodes = index.codes if index else ()
    statements = read_pack_statements(files, languages, nodes, sources, faults)
    articles = read_articles(files.path("articles"), files.label_of("articles"), languages, sources, faults)
    wording = read_wording(files, languages, faults)
    tables = (*(index.tables if index else ()), *(poverty.definition.files if poverty else ()))
    warn_of_unknown_files(files, KNOWN_FILES, tables, faults)
    if manifest is None or sources is None or faults.errors:
        return None
    return Pack(
        folder=files.folder,
        manifest=manifest,
        sources=sources,
        places=index.places if index else places,
        index=index.section if index else None,
        rules=rules,
        statements=statements,
        wording=wording,
        articles=articles,
        files=_digests(files, articles, tables),
        poverty=poverty,
    )


def _rules(
    files: PackFiles,
    manifest: Manifest,
    languages: tuple[Language, ...],
    sources: Mapping[str, Source] | None,
    faults: Faults,
) -> RulesSection | None:
    facts = PackFacts(manifest.id, manifest.version, manifest.jurisdiction, languages, sources)
    return read_rules(files.folder, files.label, facts, faults)


def _check_describes_something(files: PackFiles, faults: Faults) -> None:
    if not any(files.of(section.files) for section in SECTIONS):
        expected = f"a section: {', '.join(section.name for section in SECTIONS)}"
        remedy = "add one, or start a pack with donghaeng new"
        faults.add(files.label_of("pack.yaml"), 1, 1, "the pack describes nothing", expected, remedy, "empty-pack")


def _digests(files: PackFiles, articles: tuple[Article, ...], tables: tuple[str, ...]) -> dict[str, str]:
    """Give the SHA-256 of every file that was read, by path."""
    names = [*tables, *(name for name in (*REQUIRED_FILES, *OPTIONAL_FILES) if files.has(name))]
    names += files.of((*RULES.files, *RULES.beside))
    names += [f"articles/{article.slug}.{article.language}.md" for article in articles]
    return {name: files.digest(name) for name in sorted(set(names))}
