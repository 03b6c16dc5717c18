"""A pack that was read and checked, as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from donghaeng.budget.plan import Plan, Refused, Request
from donghaeng.budget.section import BudgetSection
from donghaeng.catalogue.articles import Article
from donghaeng.catalogue.budget_plan import plan_of
from donghaeng.catalogue.index_section import IndexSection
from donghaeng.catalogue.manifest import Manifest, Wording
from donghaeng.catalogue.traveller_section import TravellerSection
from donghaeng.diagnosis.diagnose import Diagnosis
from donghaeng.diagnosis.diagnose import diagnose as find_causes
from donghaeng.diagnosis.section import DiagnosisSection
from donghaeng.errors import UsageError, listed, nearest
from donghaeng.index.alternatives import patched
from donghaeng.index.figures import FiguresSection
from donghaeng.index.poverty.survey import PovertySection
from donghaeng.index.recipe import Recipe
from donghaeng.index.score import score as compute
from donghaeng.index.scores import Scores
from donghaeng.measures.measure import MeasuresSection
from donghaeng.places import Place
from donghaeng.rules.decision import DecisionTable
from donghaeng.rules.reading import RulesSection
from donghaeng.services.identity.section import IdentitySection
from donghaeng.services.passes.section import PassesSection
from donghaeng.sources import Source
from donghaeng.statements import Statements
from donghaeng.wording import Language


@dataclass(frozen=True)
class Pack:
    """A policy as data.

    Attributes:
        folder: where it was read.
        manifest: ``pack.yaml``.
        sources: source by id.
        places: places in the order of ``places.csv``, or as they appear in the observations of an index.
        index: the index it describes; None where it describes none.
        rules: the decision tables and dated values it has; None where it has none.
        statements: what was said, and what came of it.
        wording: its own words by language.
        articles: its articles, in the order of slug and language.
        files: SHA-256 of each file that was read, by path in the pack.
        poverty: the household tables it counts the poor from; None where it has none.
        diagnosis: what it knows of the causes of its index; None where it says nothing.
        budget: its money, and what money could be given to; None where it says nothing.
        measures: the statistics of its services that it declares; None where it declares none.
        figures: published figures that belong to no index; None where it has none.
        passes: the passes that it sells; None where it sells none.
        identity: its identity check at a desk; None where it has none.
        traveller: what it says to travellers of its passes; None where it says nothing.
    """

    folder: Path
    manifest: Manifest
    sources: Mapping[str, Source]
    places: tuple[Place, ...]
    index: IndexSection | None
    rules: RulesSection | None
    statements: Statements
    wording: Mapping[Language, Wording]
    articles: tuple[Article, ...]
    files: Mapping[str, str]
    poverty: PovertySection | None = None
    diagnosis: DiagnosisSection | None = None
    budget: BudgetSection | None = None
    measures: MeasuresSection | None = None
    figures: FiguresSection | None = None
    passes: PassesSection | None = None
    identity: IdentitySection | None = None
    traveller: TravellerSection | None = None

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

    def index_section(self) -> IndexSection:
        """Give the index that the pack describes.

        Raises:
            UsageError: the pack describes no index.
        """
        if self.index is None:
            raise UsageError(f"{self.id} describes no index; give a pack that has structure.csv and recipe.yaml")
        return self.index

    def poverty_section(self) -> PovertySection:
        """Give the household tables of the pack.

        Raises:
            UsageError: the pack has none.
        """
        if self.poverty is None:
            raise UsageError(f"{self.id} has no household tables; give a pack that has poverty.yaml")
        return self.poverty

    def measures_section(self) -> MeasuresSection:
        """Give the measures of the pack.

        Raises:
            UsageError: the pack declares none.
        """
        if self.measures is None:
            raise UsageError(f"{self.id} declares no measures; give a pack that has measures.yaml")
        return self.measures

    def identity_section(self) -> IdentitySection:
        """Give the identity check of the pack.

        Raises:
            UsageError: the pack has none.
        """
        if self.identity is None:
            raise UsageError(f"{self.id} has no identity check; give a pack that has service/identity.yaml")
        return self.identity

    def passes_section(self) -> PassesSection:
        """Give the passes of the pack.

        Raises:
            UsageError: the pack sells none.
        """
        if self.passes is None:
            raise UsageError(f"{self.id} sells no passes; give a pack that has service/passes.yaml")
        return self.passes

    def table(self, table_id: str) -> DecisionTable:
        """Give a decision table of the pack.

        Raises:
            UsageError: the pack has no such table.
        """
        tables = self.rules.tables if self.rules else {}
        if table_id not in tables:
            known = f"one of {listed(tables)}" if tables else "a pack with files under rules/"
            hint = nearest(table_id, tables)
            raise UsageError(f'{self.id} has no table "{table_id}"; expected {known}{"; " + hint if hint else ""}')
        return DecisionTable(tables[table_id])

    def score(self) -> Scores:
        """Give the scores of the index of the pack.

        Raises:
            UsageError: the pack describes no index.
        """
        return self.index_section().scores

    def diagnose(self) -> Diagnosis:
        """Find the falls of the index of the pack, and their causes.

        Raises:
            UsageError: the pack describes no index.
        """
        return find_causes(self.score(), self.diagnosis, self.places, self.statements)

    def plan(self, request: Request) -> Plan | Refused:
        """Divide money among the options of the pack; for a real body without evidence, say what to collect first.

        Args:
            request: what is asked for.

        Raises:
            UsageError: the pack has no budget and is about nobody real, or the request is none.
            InputError: limits that contradict each other, each named.
        """
        falls = self.diagnose().findings if self.index else ()
        scores = self.score() if self.index else None
        return plan_of(self.id, self.budget, self.manifest.status == "invented", request, falls, scores)

    def score_with(self, recipe: Recipe) -> Scores:
        """Compute the index of the pack by another recipe.

        Raises:
            UsageError: the pack describes no index.
            InputError: values that the recipe cannot be applied to.
        """
        section = self.index_section()
        checked = patched(recipe, {})  # a copy that was changed in Python has not been checked
        return compute(section.structure, checked, section.observations, section.attributes, self.places)
