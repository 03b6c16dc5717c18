"""Reading a pack: every section by the part that owns its format, all faults together."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from donghaeng.catalogue.articles import Article, read_articles
from donghaeng.catalogue.find import Found, find, shipped_ids
from donghaeng.catalogue.manifest import Manifest, Wording
from donghaeng.catalogue.pack import IndexSection, Pack
from donghaeng.documents import Document, read_model
from donghaeng.errors import Faults, InputError, nearest
from donghaeng.index.alternatives import Alternatives, check_alternatives
from donghaeng.index.observations import Observations, read_observations
from donghaeng.index.recipe import Recipe
from donghaeng.index.score import compared_nodes, try_score, unknown_compared
from donghaeng.index.scores import Scores
from donghaeng.index.structure import Structure, read_structure
from donghaeng.index.tables import Attributes, Tables, read_attributes, read_values
from donghaeng.places import Place, read_places
from donghaeng.sources import Kind, Source, Sources
from donghaeng.statements import Statements, read_statements
from donghaeng.wording import LANGUAGES, Language, Text

MOST_FILES = 10_000

REQUIRED_FILES = ("pack.yaml", "sources.yaml", "structure.csv", "recipe.yaml")
#: A pack has observations, tables of raw values, or both.
OPTIONAL_FILES = (
    "observations.csv",
    "tables.yaml",
    "robustness.yaml",
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
    unknown: list[str] = field(default_factory=list)

    def read(self) -> Pack | None:
        if not self._files_are_sound():
            return None
        manifest, document = read_model(self._path("pack.yaml"), self._label("pack.yaml"), Manifest, self.faults)
        languages = manifest.languages if manifest else LANGUAGES
        if manifest:
            self._check_languages(manifest, document)
        sources = self._sources(languages)
        places = self._places(languages)
        structure = read_structure(
            self._path("structure.csv"), self._label("structure.csv"), languages, sources, self.faults
        )
        recipe = self._recipe(structure)
        alternatives, alternatives_document = self._alternatives()
        tables, tables_document = self._tables()
        self._warn_of_unknown_files(tables)
        observations = self._observations(structure, places, sources, tables, tables_document)
        attributes = read_attributes(
            self.found.folder,
            self.found.label,
            tables,
            tables_document,
            [place.code for place in places] or None,
            sources,
            self.faults,
        )
        statements = self._statements(languages, structure.codes if structure else None, sources)
        articles = read_articles(self._path("articles"), self._label("articles"), languages, sources, self.faults)
        wording = self._wording(languages)
        if manifest and observations is not None:
            self._check_status(manifest, observations)
        if structure is None or recipe is None or observations is None:
            return None
        if not len(observations):
            what, remedy = "the pack has no value", "fill observations.csv or a table of tables.yaml"
            self.faults.add(observations.label, 1, 1, what, "at least one value", remedy, "empty-file")
            return None
        if not unknown_compared(structure, recipe.compare):
            observations.check_inputs(compared_nodes(structure, recipe.compare), self.faults)
        # Values that the recipe cannot be applied to are faults of the pack, found before anybody computes.
        known_places = places or tuple(Place(code, "", code, code) for code in observations.places())
        scores = self._scores(structure, recipe, observations, attributes, known_places)
        if scores is not None and alternatives is not None:
            check_alternatives(scores, alternatives, alternatives_document, self.faults)
        if scores is None or manifest is None or sources is None or self.faults.errors:
            return None
        return Pack(
            folder=self.found.folder,
            manifest=manifest,
            sources=sources,
            places=known_places,
            index=IndexSection(structure, recipe, observations, attributes, scores, alternatives),
            statements=statements,
            wording=wording,
            articles=articles,
            files=self._digests(articles, tables),
        )

    def _scores(
        self,
        structure: Structure,
        recipe: Recipe,
        observations: Observations,
        attributes: Attributes,
        places: tuple[Place, ...],
    ) -> Scores | None:
        try:
            return try_score(structure, recipe, observations, attributes, places, self.faults)
        except InputError as error:
            self.faults.extend(error.faults)
            if not error.faults:
                # Its sentence says already what was expected and what to do.
                self.faults.add(self._label("recipe.yaml"), 1, 1, str(error), code="no-step")
            return None

    def _path(self, name: str) -> Path:
        return self.found.folder / name

    def _label(self, name: str) -> str:
        # A fault is text, whatever bytes a file name is made of.
        return f"{self.found.label}/{name.encode('utf-8', 'backslashreplace').decode()}"

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
                self.unknown.append(name)
        missing = [name for name in REQUIRED_FILES if not os.path.lexists(self._path(name))]
        if "pack.yaml" in missing:
            what, remedy = "the file is missing", "give the folder of a pack, or start one with donghaeng new"
            self.faults.add(self._label("pack.yaml"), 1, 1, what, "a file pack.yaml", remedy, "missing-file")
            return False
        return len(self.faults.errors) == before

    def _warn_of_unknown_files(self, tables: Tables) -> None:
        named = tables.files
        for name in self.unknown:
            if name not in named:
                remedy = nearest(name, [*REQUIRED_FILES, *OPTIONAL_FILES]) or "remove it, or name it in tables.yaml"
                expected = "the files of a pack"
                self.faults.add(self._label(name), 1, 1, "unknown file", expected, remedy, "unknown-file", "warning")

    def _names(self) -> Iterator[str]:
        for folder, folders, files in os.walk(self.found.folder):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted([*files, *folders]):
                path = Path(folder, name).relative_to(self.found.folder).as_posix()
                if name.startswith(".") or not self._check_inside(path) or name in folders:
                    continue
                yield path

    def _resolves_inside(self, name: str) -> bool:
        try:
            return self._path(name).resolve().is_relative_to(self.found.folder.resolve())
        except (OSError, RuntimeError):  # links in a circle lead nowhere
            return False

    def _check_inside(self, name: str) -> bool:
        if self._resolves_inside(name):
            return True
        what, expected = "the path leads out of the pack", "files inside the pack"
        self.faults.add(self._label(name), 1, 1, what, expected, "copy the file into the pack", "outside")
        return False

    def _check_languages(self, manifest: Manifest, document: Document) -> None:
        for key in ("title", "summary", "owner"):
            self._check_text(getattr(manifest, key), manifest.languages, document, (key,))

    def _check_text(
        self, text: Text, languages: tuple[Language, ...], document: Document, path: tuple[str, ...]
    ) -> None:
        for language in languages:
            if language not in text:
                line, column = document.place(path, of_key=True)
                what, expected = f"{path[-1]} is missing in {language}", "every text in every language of the pack"
                self.faults.add(document.label, line, column, what, expected, "write it", "missing-value")

    def _sources(self, languages: tuple[Language, ...]) -> Mapping[str, Source] | None:
        model, document = read_model(self._path("sources.yaml"), self._label("sources.yaml"), Sources, self.faults)
        if model is None:
            return None
        for source_id, source in model.sources.items():
            if source.grade == "unsafe" and source.url:
                line, column = document.place(("sources", source_id, "url"))
                what = f'"{source_id}" is unsafe and has an address'
                remedy = "remove the address and describe the source in note"
                self.faults.add(document.label, line, column, what, "no link to unsafe sources", remedy, "evidence")
            texts = {"title": source.title, "publisher": source.publisher, "note": source.note}
            for key, text in texts.items():
                if text is not None:
                    self._check_text(text, languages, document, ("sources", source_id, key))
        return model.sources

    def _places(self, languages: tuple[Language, ...]) -> tuple[Place, ...]:
        if not self._path("places.csv").exists():
            return ()
        return read_places(self._path("places.csv"), self._label("places.csv"), languages, self.faults)

    def _recipe(self, structure: Structure | None) -> Recipe | None:
        recipe, document = read_model(self._path("recipe.yaml"), self._label("recipe.yaml"), Recipe, self.faults)
        if recipe and structure:
            self._check_levels(recipe, structure, document)
            unknown = unknown_compared(structure, recipe.compare)
            for word in unknown:
                line, column = document.place(("compare", recipe.compare.index(word)))
                remedy = nearest(word, ["root", "inner", *structure.codes]) or "correct it"
                expected = "root, inner or a code of structure.csv"
                self.faults.add(
                    document.label, line, column, f'unknown node "{word}"', expected, remedy, "unknown-code"
                )
            if unknown:
                return None
        return recipe

    def _check_levels(self, recipe: Recipe, structure: Structure, document: Document) -> None:
        highest = structure.levels[structure.root]
        levels = {str(level) for level in range(2, highest + 1)}
        named = [("aggregate", "levels", level) for level in recipe.aggregate.levels]
        named += [("weigh", "levels", level) for level in recipe.weigh.levels]
        for path in named:
            if path[-1] not in levels:
                line, column = document.place(path, of_key=True)
                what, expected = f'no composite has the level "{path[-1]}"', f"2 to {highest}"
                self.faults.add(document.label, line, column, what, expected, "correct the level", "unknown-code")
        if recipe.freeze and str(recipe.freeze.level) not in levels:
            line, column = document.place(("freeze", "level"))
            what, expected = f"no composite has the level {recipe.freeze.level}", f"2 to {highest}"
            self.faults.add(document.label, line, column, what, expected, "correct the level", "unknown-code")
        inner = [code for index, code in enumerate(structure.codes) if not structure.is_leaf(index)]
        for code in recipe.aggregate.nodes:
            if code not in inner:
                line, column = document.place(("aggregate", "nodes", code), of_key=True)
                remedy = nearest(code, inner) or "correct the code"
                what, expected = f'no composite has the code "{code}"', "a composite of structure.csv"
                self.faults.add(document.label, line, column, what, expected, remedy, "unknown-code")

    def _alternatives(self) -> tuple[Alternatives | None, Document]:
        label = self._label("robustness.yaml")
        if not self._path("robustness.yaml").exists():
            return None, Document(label)
        return read_model(self._path("robustness.yaml"), label, Alternatives, self.faults)

    def _tables(self) -> tuple[Tables, Document]:
        if not self._path("tables.yaml").exists():
            return Tables(), Document(self._label("tables.yaml"))
        tables, document = read_model(self._path("tables.yaml"), self._label("tables.yaml"), Tables, self.faults)
        return tables or Tables(), document

    def _observations(
        self,
        structure: Structure | None,
        places: tuple[Place, ...],
        sources: Mapping[str, Source] | None,
        tables: Tables,
        tables_document: Document,
    ) -> Observations | None:
        # Without a sound tree the rows are still read, so that all faults are told at once.
        codes = [place.code for place in places] or None
        known = structure or Structure(())
        raw = None
        if tables.values and structure:
            raw = read_values(
                self.found.folder, self.found.label, tables, tables_document, structure, codes, sources, self.faults
            )
            if not self._path("observations.csv").exists():
                return raw
        stated = read_observations(
            self._path("observations.csv"),
            self._label("observations.csv"),
            known,
            codes,
            sources,
            self.faults,
            check_nodes=structure is not None,
        )
        return stated.joined(raw) if stated and raw else stated

    def _statements(
        self, languages: tuple[Language, ...], codes: tuple[str, ...] | None, sources: Mapping[str, Source] | None
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

    def _digests(self, articles: tuple[Article, ...], tables: Tables) -> dict[str, str]:
        names = [*tables.files]
        names += [name for name in (*REQUIRED_FILES, *OPTIONAL_FILES) if self._path(name).exists()]
        names += [f"articles/{article.slug}.{article.language}.md" for article in articles]
        return {name: self._digest(name) for name in sorted(set(names))}

    def _digest(self, name: str) -> str:
        with self._path(name).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
