"""A pack that was read and checked, as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from donghaeng.catalogue.articles import Article
from donghaeng.catalogue.manifest import Manifest, Wording
from donghaeng.index.alternatives import Alternatives, patched
from donghaeng.index.observations import Observations
from donghaeng.index.recipe import Recipe
from donghaeng.index.score import score as compute
from donghaeng.index.scores import Scores
from donghaeng.index.structure import Structure
from donghaeng.index.tables import Attributes
from donghaeng.places import Place
from donghaeng.sources import Source
from donghaeng.statements import Statements
from donghaeng.wording import Language


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
class Pack:
    """A policy as data.

    Attributes:
        folder: where it was read.
        manifest: ``pack.yaml``.
        sources: source by id.
        places: places in the order of ``places.csv``, or as they appear in the observations.
        index: the index it describes.
        statements: what was said, and what came of it.
        wording: its own words by language.
        articles: its articles, in the order of slug and language.
        files: SHA-256 of each file that was read, by path in the pack.
    """

    folder: Path
    manifest: Manifest
    sources: Mapping[str, Source]
    places: tuple[Place, ...]
    index: IndexSection
    statements: Statements
    wording: Mapping[Language, Wording]
    articles: tuple[Article, ...]
    files: Mapping[str, str]

    def __repr__(self) -> str:
        """Say in a line what it is."""
        return f"Pack({self.id} {self.version})"

    @property
    def id(self) -> str:
        """The id, ``owner/name``."""
        return self.manifest.id

    @property
    def version(self) -> str:
        """The version of the content."""
        return self.manifest.version

    def score(self) -> Scores:
        """Give the index of the pack."""
        return self.index.scores

    def score_with(self, recipe: Recipe) -> Scores:
        """Compute the index of the pack by another recipe.

        Raises:
            InputError: values that the recipe cannot be applied to.
        """
        section = self.index
        checked = patched(recipe, {})  # a copy that was changed in Python has not been checked
        return compute(section.structure, checked, section.observations, section.attributes, self.places)
