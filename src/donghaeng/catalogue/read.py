"""Reading a pack: every section by the part that owns its format, all faults together."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from donghaeng.catalogue.articles import Article, read_articles
from donghaeng.catalogue.find import Found, find, shipped_ids
from donghaeng.catalogue.manifest import Manifest, Wording
from donghaeng.catalogue.pack import IndexSection, Pack
from donghaeng.documents import Document, read_model
from donghaeng.errors import Faults, nearest
from donghaeng.index.observations import Observations, read_observations
from donghaeng.index.recipe import Recipe
from donghaeng.index.score import try_score, unknown_compared
from donghaeng.index.structure import Structure, read_structure
from donghaeng.places import Place, read_places
from donghaeng.sources import Kind, Source, Sources
from donghaeng.statements import Statements, read_statements
from donghaeng.wording import LANGUAGES, Language

MOST_FILES = 10_000

REQUIRED_FILES = ("pack.yaml", "sources.yaml", "structure.csv", "recipe.yaml", "observations.csv")
OPTIONAL_FILES = (
    "places.csv",
    "statements.csv",
    *(f"wording/{language}.yaml" for language in LANGUAGES),
)
_FREE_NAMES = ("README", "LICENCE", "LICENSE", "NOTICE", "CHANGELOG")


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
    reader = _PackReader(found, faults)
    pack = reader.read()
    return (None if faults.errors else pack), faults


@dataclass
class _PackReader:
    found: Found
    faults: Faults

    def read(self) -> Pack | None:
        if not self._files_are_sound():
            return None
        manifest, document = read_model(self._path("pack.yaml"), self._label("pack.yaml"), Manifest, self.faults)
        languages = manifest.languages if manifest else LANGUAGES
        if manifest:
            self._check_languages(manifest, document)
        sources = self._sources()
        places = self._places(languages)
        structure = read_structure(
            self._path("structure.csv"), self._label("structure.csv"), languages, sources, self.faults
        )
        recipe = self._recipe(structure)
        observations = self._observations(structure, places, sources)
        codes = structure.codes if structure else ()
        statements = self._statements(languages, codes, sources) if structure else Statements(())
        articles = read_articles(self._path("articles"), self._label("articles"), languages, sources, self.faults)
        wording = self._wording(languages)
        if manifest and observations:
            self._check_status(manifest, observations)
        if not (manifest and structure and recipe and observations and sources is not None) or self.faults.errors:
            return None
        # Values that the recipe cannot be applied to are faults of the pack, found before anybody computes.
        try_score(structure, recipe, observations, self.faults)
        return Pack(
            folder=self.found.folder,
            manifest=manifest,
            sources=sources,
            places=places or tuple(Place(code, "", code, code) for code in observations.places()),
            index=IndexSection(structure, recipe, observations),
            statements=statements,
            wording=wording,
            articles=articles,
            files=self._digests(articles),
        )

    def _path(self, name: str) -> Path:
        return self.found.folder / name

    def _label(self, name: str) -> str:
        return f"{self.found.label}/{name}"

    def _files_are_sound(self) -> bool:
        """Report links that leave the pack, files with unknown names and a folder that is no pack."""
        before = len(self.faults.errors)
        known = {*REQUIRED_FILES, *OPTIONAL_FILES}
        for count, name in enumerate(self._names()):
            if count >= MOST_FILES:
                what = f"more than {MOST_FILES:,} files"
                self.faults.add(
                    self.found.label,
                    1,
                    1,
                    what,
                    "the files of a pack",
                    "check that this is the right folder",
                    "too-large",
                )
                return False
            if name.startswith("articles/") or name.split("/")[-1].split(".")[0].upper() in _FREE_NAMES:
                continue
            if name not in known and self._resolves_inside(name):
                remedy = nearest(name, known) or "remove it"
                self.faults.add(
                    self._label(name), 1, 1, "unknown file", "the files of a pack", remedy, "unknown-file", "warning"
                )
        missing = [name for name in REQUIRED_FILES if not os.path.lexists(self._path(name))]
        if "pack.yaml" in missing:
            what, remedy = "the file is missing", "give the folder of a pack, or start one with donghaeng new"
            self.faults.add(self._label("pack.yaml"), 1, 1, what, "a file pack.yaml", remedy, "missing-file")
            return False
        return len(self.faults.errors) == before

    def _names(self) -> Iterator[str]:
        for folder, folders, files in os.walk(self.found.folder):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted([*files, *folders]):
                path = Path(folder, name).relative_to(self.found.folder).as_posix()
                if name.startswith(".") or not self._check_inside(path) or name in folders:
                    continue
                yield path

    def _resolves_inside(self, name: str) -> bool:
        return self._path(name).resolve().is_relative_to(self.found.folder.resolve())

    def _check_inside(self, name: str) -> bool:
        if self._resolves_inside(name):
            return True
        what, expected = "the path leads out of the pack", "files inside the pack"
        self.faults.add(self._label(name), 1, 1, what, expected, "copy the file into the pack", "outside")
        return False

    def _check_languages(self, manifest: Manifest, document: Document) -> None:
        for key in ("title", "summary", "owner"):
            for language in manifest.languages:
                if language not in getattr(manifest, key):
                    line, column = document.place((key,), of_key=True)
                    what = f"{key} is missing in {language}"
                    self.faults.add(
                        document.label, line, column, what, "every text in every language", "write it", "missing-value"
                    )

    def _sources(self) -> Mapping[str, Source] | None:
        model, document = read_model(self._path("sources.yaml"), self._label("sources.yaml"), Sources, self.faults)
        if model is None:
            return None
        for source_id, source in model.sources.items():
            if source.grade == "unsafe" and source.url:
                line, column = document.place(("sources", source_id, "url"))
                what = f'"{source_id}" is unsafe and has an address'
                remedy = "remove the address and describe the source in note"
                self.faults.add(document.label, line, column, what, "no link to unsafe sources", remedy, "evidence")
        return model.sources

    def _places(self, languages: tuple[Language, ...]) -> tuple[Place, ...]:
        if not self._path("places.csv").exists():
            return ()
        return read_places(self._path("places.csv"), self._label("places.csv"), languages, self.faults)

    def _recipe(self, structure: Structure | None) -> Recipe | None:
        recipe, document = read_model(self._path("recipe.yaml"), self._label("recipe.yaml"), Recipe, self.faults)
        if recipe and structure:
            for word in unknown_compared(structure, recipe.compare):
                line, column = document.place(("compare", recipe.compare.index(word)))
                remedy = nearest(word, ["root", "inner", *structure.codes]) or "correct it"
                expected = "root, inner or a code of structure.csv"
                self.faults.add(
                    document.label, line, column, f'unknown node "{word}"', expected, remedy, "unknown-code"
                )
        return recipe

    def _observations(
        self, structure: Structure | None, places: tuple[Place, ...], sources: Mapping[str, Source] | None
    ) -> Observations | None:
        # Without a sound tree the rows are still read, so that all faults are told at once.
        codes = [place.code for place in places] or None
        known = structure or Structure(())
        return read_observations(
            self._path("observations.csv"),
            self._label("observations.csv"),
            known,
            codes,
            sources,
            self.faults,
            check_nodes=structure is not None,
        )

    def _statements(
        self, languages: tuple[Language, ...], codes: tuple[str, ...], sources: Mapping[str, Source] | None
    ) -> Statements:
        if not self._path("statements.csv").exists():
            return Statements(())
        return read_statements(
            self._path("statements.csv"), self._label("statements.csv"), languages, codes, sources, self.faults
        )

    def _wording(self, languages: tuple[Language, ...]) -> dict[Language, Wording]:
        wording: dict[Language, Wording] = {}
        for language in languages:
            name = f"wording/{language}.yaml"
            if self._path(name).exists():
                model, _ = read_model(self._path(name), self._label(name), Wording, self.faults)
                if model:
                    wording[language] = model
        return wording

    def _check_status(self, manifest: Manifest, observations: Observations) -> None:
        if manifest.status != "invented":
            return
        for row, kind in enumerate(observations.columns["kind"]):
            if kind != Kind.SIMULATED:
                what = f"a value of kind {Kind(kind).word} in an invented pack"
                remedy = "write simulated, or change status in pack.yaml once the values are real"
                line = observations.columns["line"][row]
                self.faults.add(observations.label, line, 1, what, "simulated", remedy, "evidence")

    def _digests(self, articles: tuple[Article, ...]) -> dict[str, str]:
        names = [name for name in (*REQUIRED_FILES, *OPTIONAL_FILES) if self._path(name).exists()]
        names += [f"articles/{article.slug}.{article.language}.md" for article in articles]
        return {name: hashlib.sha256(self._path(name).read_bytes()).hexdigest() for name in sorted(names)}
