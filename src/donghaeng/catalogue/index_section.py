"""The part of a pack that describes an index: its tree, its method, what is known, and the result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from donghaeng.catalogue.files import PackFiles, Section
from donghaeng.documents import Document, read_model
from donghaeng.errors import Faults, InputError, nearest
from donghaeng.index.alternatives import Alternatives, check_alternatives
from donghaeng.index.observations import Observations, read_observations
from donghaeng.index.poverty.report import index_values, poverty_report
from donghaeng.index.poverty.survey import PovertySection
from donghaeng.index.recipe import Recipe
from donghaeng.index.score import compared_nodes, try_score, unknown_compared
from donghaeng.index.scores import Scores
from donghaeng.index.structure import Structure, read_structure
from donghaeng.index.tables import Attributes, Tables, read_attributes, read_values
from donghaeng.index.weights import judged_codes
from donghaeng.places import Place
from donghaeng.sources import Kind, Source
from donghaeng.wording import Language

#: Both are required; a pack has observations, tables of raw values, or both.
INDEX = Section(
    "an index (structure.csv and recipe.yaml)",
    ("structure.csv", "recipe.yaml", "observations.csv", "tables.yaml", "robustness.yaml"),
)


@dataclass(frozen=True, repr=False)
class IndexSection:
    """The part of a pack that describes an index.

    Attributes:
        structure: the tree.
        recipe: the method.
        observations: what is known.
        attributes: what is known of the places.
        scores: the result. A pack is read completely only when it can be computed, so it is at hand.
        alternatives: what could have been done differently; None where the pack names nothing.
    """

    structure: Structure
    recipe: Recipe
    observations: Observations
    attributes: Attributes
    scores: Scores
    alternatives: Alternatives | None


@dataclass(frozen=True)
class ReadIndex:
    """What could be read of an index.

    Attributes:
        section: the index; None, with faults, when it has faults of its own.
        codes: codes of its tree; None when the tree could not be read.
        places: the places of the pack, or those of the observations where the pack lists none.
        tables: files that ``tables.yaml`` names.
    """

    section: IndexSection | None
    codes: tuple[str, ...] | None
    places: tuple[Place, ...]
    tables: tuple[str, ...]


def read_index(
    files: PackFiles,
    languages: tuple[Language, ...],
    is_invented: bool,
    sources: Mapping[str, Source] | None,
    places: tuple[Place, ...],
    faults: Faults,
    poverty: PovertySection | None = None,
) -> ReadIndex:
    """Read the index of a pack and compute it.

    Args:
        files: the files of the pack.
        languages: languages in which each node has a name.
        is_invented: whether the pack is about nobody real; its values are then all simulated.
        sources: the sources of the pack; None when they could not be read, then any id will do.
        places: the places of ``places.csv``; none when the pack lists none, then any code will do.
        faults: where faults go.
        poverty: household tables, whose measures may be values of the index.
    """
    return _IndexReader(files, sources, faults, poverty).read(languages, is_invented, places)


@dataclass
class _IndexReader:
    files: PackFiles
    sources: Mapping[str, Source] | None
    faults: Faults
    poverty: PovertySection | None = None

    def read(self, languages: tuple[Language, ...], is_invented: bool, places: tuple[Place, ...]) -> ReadIndex:
        files, faults = self.files, self.faults
        name = "structure.csv"
        structure = read_structure(files.path(name), files.label_of(name), languages, self.sources, faults)
        recipe = self._recipe(structure)
        alternatives, alternatives_document = self._alternatives()
        tables, tables_document = self._tables()
        codes = [place.code for place in places] or None
        observations = self._observations(structure, codes, tables, tables_document)
        measured = self._measured(structure, codes)
        if measured is not None:
            observations = observations.joined(measured) if observations is not None else measured
        attributes = read_attributes(files.folder, files.label, tables, tables_document, codes, self.sources, faults)
        if is_invented and observations is not None:
            self._check_simulated(observations)
        section = None
        if observations is not None and structure is not None and recipe is not None:
            places = places or tuple(Place(code, "", code, code) for code in observations.places())
            scores = self._scores(structure, recipe, observations, attributes, places)
            if scores is not None and alternatives is not None:
                check_alternatives(scores, alternatives, alternatives_document, faults)
            if scores is not None:
                section = IndexSection(structure, recipe, observations, attributes, scores, alternatives)
        return ReadIndex(section, structure.codes if structure else None, places, tables.files)

    def _scores(
        self,
        structure: Structure,
        recipe: Recipe,
        observations: Observations,
        attributes: Attributes,
        places: tuple[Place, ...],
    ) -> Scores | None:
        """Compute the index: values that the recipe cannot be applied to are faults, found before anybody computes."""
        if not len(observations):
            what, remedy = "the pack has no value", "fill observations.csv or a table of tables.yaml"
            self.faults.add(observations.label, 1, 1, what, "at least one value", remedy, "empty-file")
            return None
        if not unknown_compared(structure, recipe.compare):
            observations.check_inputs(compared_nodes(structure, recipe.compare), self.faults)
        try:
            return try_score(structure, recipe, observations, attributes, places, self.faults)
        except InputError as error:
            self.faults.extend(error.faults)
            if not error.faults:
                # Its sentence says already what was expected and what to do.
                self.faults.add(self.files.label_of("recipe.yaml"), 1, 1, str(error), code="no-step")
            return None

    def _recipe(self, structure: Structure | None) -> Recipe | None:
        name = "recipe.yaml"
        recipe, document = read_model(self.files.path(name), self.files.label_of(name), Recipe, self.faults)
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
        for at, code in enumerate((recipe.freeze and recipe.freeze.nodes) or ()):
            codes = [
                code
                for code, level in zip(structure.codes, structure.levels, strict=True)
                if recipe.freeze and level == recipe.freeze.level
            ]
            if code not in codes:
                line, column = document.place(("freeze", "nodes", at))
                remedy = nearest(code, codes) or "correct the code"
                what, expected = f'no composite of that level has the code "{code}"', "a composite of the level"
                self.faults.add(document.label, line, column, what, expected, remedy, "unknown-code")
        for judged, code in judged_codes(recipe.weigh):
            if code not in structure.position:
                line, column = document.place(("weigh", *judged), of_key=judged[-1] == code)
                remedy = nearest(code, structure.codes) or "correct the code"
                what, expected = f'unknown node "{code}"', "a code of structure.csv"
                self.faults.add(document.label, line, column, what, expected, remedy, "unknown-code")
        inner = [code for index, code in enumerate(structure.codes) if not structure.is_leaf(index)]
        for code in recipe.aggregate.nodes:
            if code not in inner:
                line, column = document.place(("aggregate", "nodes", code), of_key=True)
                remedy = nearest(code, inner) or "correct the code"
                what, expected = f'no composite has the code "{code}"', "a composite of structure.csv"
                self.faults.add(document.label, line, column, what, expected, remedy, "unknown-code")

    def _alternatives(self) -> tuple[Alternatives | None, Document]:
        name = "robustness.yaml"
        if not self.files.has(name):
            return None, Document(self.files.label_of(name))
        return read_model(self.files.path(name), self.files.label_of(name), Alternatives, self.faults)

    def _tables(self) -> tuple[Tables, Document]:
        name = "tables.yaml"
        if not self.files.has(name):
            return Tables(), Document(self.files.label_of(name))
        tables, document = read_model(self.files.path(name), self.files.label_of(name), Tables, self.faults)
        return tables or Tables(), document

    def _observations(
        self, structure: Structure | None, places: list[str] | None, tables: Tables, tables_document: Document
    ) -> Observations | None:
        # Without a sound tree the rows are still read, so that all faults are told at once.
        files, known, name = self.files, structure or Structure(()), "observations.csv"
        raw = None
        if tables.values and structure:
            raw = read_values(
                files.folder, files.label, tables, tables_document, structure, places, self.sources, self.faults
            )
        measured = self.poverty and self.poverty.definition.index
        # Tables that a faulty tree kept from being read are no reason to ask for this file.
        if not files.has(name) and (raw is not None or tables.values or measured):
            return raw
        stated = read_observations(
            files.path(name),
            files.label_of(name),
            known,
            places,
            self.sources,
            self.faults,
            check_nodes=structure is not None,
        )
        return stated.joined(raw) if stated and raw else stated

    def _measured(self, structure: Structure | None, places: list[str] | None) -> Observations | None:
        """Give the measures of poverty that are values of the index."""
        if self.poverty is None or not self.poverty.definition.index or structure is None:
            return None
        try:
            report = poverty_report(self.poverty)
        except InputError as error:
            self.faults.add(self.files.label_of("poverty.yaml"), 1, 1, str(error), code="no-step")
            return None
        return index_values(report, structure, self.files.label_of("poverty.yaml"), self.faults, places)

    def _check_simulated(self, observations: Observations) -> None:
        for row, kind in enumerate(observations.columns["kind"]):
            if kind != Kind.SIMULATED:
                what = f"a value of kind {Kind(kind).word} in an invented pack"
                remedy = "write simulated, or change status in pack.yaml once the values are real"
                line = observations.columns["line"][row]
                self.faults.add(observations.label, line, 1, what, "simulated", remedy, "evidence")
