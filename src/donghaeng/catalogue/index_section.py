"""The part of a pack that describes an index: its tree, its method, what is known, and the result."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from donghaeng.catalogue.files import PackFiles, Section
from donghaeng.documents import Document, read_model
from donghaeng.errors import Faults, InputError
from donghaeng.index.alternatives import Alternatives, check_alternatives
from donghaeng.index.locate import RecipeError
from donghaeng.index.observations import Observations, read_observations
from donghaeng.index.poverty.report import index_values, poverty_report
from donghaeng.index.poverty.survey import PovertySection
from donghaeng.index.recipe import Recipe
from donghaeng.index.recipe_names import expected_attribute, near, unknown_names
from donghaeng.index.score import compared_nodes, try_score
from donghaeng.index.scores import Scores
from donghaeng.index.structure import OPTIONAL, REQUIRED, Structure, read_structure
from donghaeng.index.tables import Attributes, Tables, read_attributes, read_values
from donghaeng.places import Place
from donghaeng.sources import Kind, Source
from donghaeng.table import read_rows
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
        tables: files that ``tables.yaml`` names; None when it could not be read.
    """

    section: IndexSection | None
    codes: tuple[str, ...] | None
    places: tuple[Place, ...]
    tables: tuple[str, ...] | None


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
        name, before = "structure.csv", len(faults.errors)
        structure = read_structure(files.path(name), files.label_of(name), languages, self.sources, faults)
        recipe, recipe_document = self._recipe()
        alternatives, alternatives_document = self._alternatives()
        tables, tables_document = self._tables()
        codes = [place.code for place in places] or None
        observations = self._observations(structure, codes, tables, tables_document)
        measured = self._measured(structure, codes)
        if measured is not None:
            observations = observations.joined(measured) if observations is not None else measured
        attributes, sound = Attributes(), len(faults.errors)
        if tables is not None:
            attributes = read_attributes(
                files.folder, files.label, tables, tables_document, codes, self.sources, faults
            )
        readable = tables is not None and len(faults.errors) == sound
        if is_invented and observations is not None:
            self._check_simulated(observations)
        section = None
        if observations is not None:
            places = places or tuple(Place(code, "", code, code) for code in observations.places())
        if structure is not None:
            known = attributes.values.keys() if readable else None
            if recipe is not None:
                all_places = codes or (None if observations is None else list(observations.places()))
                recipe = self._known_names(recipe, structure, known, all_places, recipe_document)
            if not self._denominators_known(known):
                recipe = None
        if observations is not None and structure is not None and recipe is not None and known is not None:
            scores = self._scores(structure, recipe, recipe_document, observations, attributes, places, before)
            if scores is not None and alternatives is not None:
                check_alternatives(scores, alternatives, alternatives_document, faults)
            if scores is not None:
                section = IndexSection(structure, recipe, observations, attributes, scores, alternatives)
        named = None if tables is None else tables.files
        return ReadIndex(section, structure.codes if structure else None, places, named)

    def _scores(
        self,
        structure: Structure,
        recipe: Recipe,
        document: Document,
        observations: Observations,
        attributes: Attributes,
        places: tuple[Place, ...],
        before: int,
    ) -> Scores | None:
        """Compute the index: values that the recipe cannot be applied to are faults, found before anybody computes."""
        if not len(observations):
            if len(self.faults.errors) > before:
                return None  # it has values that could not be read
            what, remedy = "the pack has no value", "fill observations.csv or a table of tables.yaml"
            self.faults.add(observations.label, 1, 1, what, "at least one value", remedy, "empty-file")
            return None
        observations.check_inputs(compared_nodes(structure, recipe.compare), self.faults)
        try:
            return try_score(structure, recipe, observations, attributes, places, self.faults)
        except InputError as error:
            self.faults.extend(error.faults)
            if not error.faults:
                # Its sentence says already what was expected and what to do.
                line, column = document.place(error.path if isinstance(error, RecipeError) else (), of_key=True)
                self.faults.add(document.label, line, column, str(error), code="no-step")
            return None

    def _recipe(self) -> tuple[Recipe | None, Document]:
        name = "recipe.yaml"
        return read_model(self.files.path(name), self.files.label_of(name), Recipe, self.faults)

    def _known_names(
        self,
        recipe: Recipe,
        structure: Structure,
        attributes: Collection[str] | None,
        places: list[str] | None,
        document: Document,
    ) -> Recipe | None:
        """Report names that stand for nothing; None where the index cannot be computed with them."""
        unknown = unknown_names(recipe, structure, attributes, places)
        for name in unknown:
            line, column = document.place(name.path, name.of_key)
            self.faults.add(document.label, line, column, name.what, name.expected, name.remedy, "unknown-code")
        return None if any(name.stops for name in unknown) else recipe

    def _denominators_known(self, attributes: Collection[str] | None) -> bool:
        """Say whether the denominators in ``structure.csv`` are attributes of places, and report those that are not."""
        before = len(self.faults.errors)
        if attributes is None:
            return True
        name = "structure.csv"
        for row in read_rows(self.files.path(name), self.files.label_of(name), REQUIRED, OPTIONAL, self.faults):
            attribute = row["denominator"]
            if attribute and attribute not in attributes:
                what, expected = f'unknown attribute "{attribute}"', expected_attribute(attributes)
                row.fault(self.faults, "denominator", what, expected, near(attribute, attributes), "unknown-code")
        return len(self.faults.errors) == before

    def _alternatives(self) -> tuple[Alternatives | None, Document]:
        name = "robustness.yaml"
        if not self.files.has(name):
            return None, Document(self.files.label_of(name))
        return read_model(self.files.path(name), self.files.label_of(name), Alternatives, self.faults)

    def _tables(self) -> tuple[Tables | None, Document]:
        """Read ``tables.yaml``: no tables where there is none, None where it has faults."""
        name = "tables.yaml"
        if not self.files.has(name):
            return Tables(), Document(self.files.label_of(name))
        return read_model(self.files.path(name), self.files.label_of(name), Tables, self.faults)

    def _observations(
        self, structure: Structure | None, places: list[str] | None, tables: Tables | None, tables_document: Document
    ) -> Observations | None:
        # Without a sound tree the rows are still read, so that all faults are told at once.
        files, known, name = self.files, structure or Structure(()), "observations.csv"
        raw = None
        if tables is not None and tables.values and structure:
            raw = read_values(
                files.folder, files.label, tables, tables_document, structure, places, self.sources, self.faults
            )
        measured = self.poverty and self.poverty.definition.index
        # Tables that faults kept from being read are no reason to ask for this file.
        if not files.has(name) and (raw is not None or tables is None or tables.values or measured):
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
                file, line = observations.location(row)
                self.faults.add(file, line, 1, what, "simulated", remedy, "evidence")
