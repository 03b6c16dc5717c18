"""Reading a pack: every section by the part that owns its format, all faults together."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from donghaeng.budget.section import FILES as BUDGET_FILES
from donghaeng.budget.section import BudgetSection, Surroundings, read_budget
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
from donghaeng.catalogue.index_section import INDEX, ReadIndex, read_index
from donghaeng.catalogue.manifest import Manifest
from donghaeng.catalogue.pack import Pack
from donghaeng.catalogue.traveller_section import FILE as TRAVELLER_FILE
from donghaeng.catalogue.traveller_section import TravellerSection, read_traveller
from donghaeng.diagnosis.section import FILES as DIAGNOSIS_FILES
from donghaeng.diagnosis.section import DiagnosisSection, read_diagnosis
from donghaeng.documents import read_model
from donghaeng.errors import Faults
from donghaeng.index.figures import FILES as FIGURES_FILES
from donghaeng.index.figures import FiguresSection, read_figures
from donghaeng.index.poverty.survey import read_poverty
from donghaeng.measures.measure import MeasuresSection
from donghaeng.measures.reading import read_measures
from donghaeng.places import Place
from donghaeng.rules.placing import PackFacts
from donghaeng.rules.reading import RulesSection, read_rules
from donghaeng.services.identity.policy import Policy
from donghaeng.services.identity.section import FILE as IDENTITY_FILE
from donghaeng.services.identity.section import IdentitySection, read_identity
from donghaeng.services.identity.simulation import FILE as IDENTITY_SIMULATION_FILE
from donghaeng.services.identity.simulation import read_simulation
from donghaeng.services.passes.section import FILE as PASSES_FILE
from donghaeng.services.passes.section import PassesSection
from donghaeng.services.passes.section_reading import read_passes
from donghaeng.services.passes.simulation import FILE as PASS_SIMULATION_FILE
from donghaeng.services.passes.simulation import read_pass_simulation
from donghaeng.sources import Source
from donghaeng.wording import LANGUAGES, Language, Text

RULES = Section(
    "decision tables (rules/*.yaml) or dated values (values.yaml)",
    ("values.yaml", "rules/*.yaml"),
    beside=("examples/*.yaml",),
)
DIAGNOSIS = Section("causes (identities.yaml)", DIAGNOSIS_FILES)
BUDGET = Section("a budget (budget.yaml)", BUDGET_FILES)
POVERTY = Section("household tables (poverty.yaml)", ("poverty.yaml",))
MEASURES = Section("measures (measures.yaml)", ("measures.yaml",))
FIGURES = Section("published figures (figures.yaml and figures.csv)", FIGURES_FILES)
IDENTITY = Section(f"an identity check ({IDENTITY_FILE})", (IDENTITY_FILE,), beside=(IDENTITY_SIMULATION_FILE,))
PASSES = Section(f"passes ({PASSES_FILE})", (PASSES_FILE,), beside=(PASS_SIMULATION_FILE, TRAVELLER_FILE))
STATEMENTS = Section("statements.csv", ("statements.csv",))
ARTICLES = Section("articles", ("articles/*.md",))
#: What a pack may describe; it has at least one of them.
SECTIONS = (INDEX, RULES, BUDGET, POVERTY, MEASURES, FIGURES, STATEMENTS, ARTICLES)

REQUIRED_FILES = ("pack.yaml", "sources.yaml")
#: Files beside the required ones that are called the same in every pack.
OPTIONAL_FILES = (
    *INDEX.files,
    *DIAGNOSIS.files,
    *BUDGET.files,
    *POVERTY.files,
    *MEASURES.files,
    *FIGURES.files,
    *IDENTITY.files,
    *IDENTITY.beside,
    *PASSES.files,
    *PASSES.beside,
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
    manifest, stated = read_manifest(files, faults)
    languages, is_invented = stated.languages, stated.is_invented
    sources = read_pack_sources(files, languages, faults)
    places = read_pack_places(files, languages, faults)
    _check_describes_something(files, faults)
    poverty = None
    if files.of(POVERTY.files):
        poverty = read_poverty(files.folder, files.label, sources, faults, is_invented)
    index = None
    if files.of(INDEX.files):
        index = read_index(files, languages, is_invented, sources, places, faults, poverty)
    diagnosis = _diagnosis(files, index, is_invented, languages, sources, faults) if files.of(DIAGNOSIS.files) else None
    budget = _budget(files, index, places, languages, is_invented, sources, faults) if files.of(BUDGET.files) else None
    rules = _rules(files, manifest, languages, sources, faults) if manifest and files.of(RULES.files) else None
    measures = _measures(files, languages, rules, faults) if files.of(MEASURES.files) else None
    identity = _identity(files, manifest, rules, faults) if files.of(IDENTITY.files) else None
    passes = _passes(files, manifest, languages, sources, rules, faults) if files.of(PASSES.files) else None
    traveller = _traveller(files, languages, passes, faults) if files.has(TRAVELLER_FILE) else None
    figures = _figures(files, languages, places, sources, is_invented, faults) if files.of(FIGURES.files) else None
    nodes = index.codes if index else ()
    if nodes is not None and files.of(FIGURES.files):
        nodes = (*nodes, *figures.model.figures) if figures else None
    statements = read_pack_statements(files, languages, nodes, sources, faults)
    articles = read_articles(files.path("articles"), files.label_of("articles"), languages, sources, faults)
    wording = read_wording(files, languages, faults)
    named = () if index is None else index.tables
    tables = (*(named or ()), *(poverty.definition.files if poverty else ()))
    if named is not None:  # without it, nobody can say which tables belong to the pack
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
        diagnosis=diagnosis,
        budget=budget,
        measures=measures,
        figures=figures,
        passes=passes,
        traveller=traveller,
        identity=identity,
    )


def _diagnosis(
    files: PackFiles,
    index: ReadIndex | None,
    is_invented: bool,
    languages: tuple[Language, ...],
    sources: Mapping[str, Source] | None,
    faults: Faults,
) -> DiagnosisSection | None:
    if index is None:
        what, remedy = "causes of an index that the pack does not have", "add structure.csv and recipe.yaml"
        first = files.label_of(files.of(DIAGNOSIS.files)[0])
        faults.add(first, 1, 1, what, INDEX.name, remedy, "missing-file")
        return None
    if index.section is None:
        return None
    scores = index.section.scores
    places = index.places
    return read_diagnosis(files.folder, files.label, scores, places, sources, is_invented, languages, faults)


def _budget(
    files: PackFiles,
    index: ReadIndex | None,
    places: tuple[Place, ...],
    languages: tuple[Language, ...],
    is_invented: bool,
    sources: Mapping[str, Source] | None,
    faults: Faults,
) -> BudgetSection | None:
    nodes = None
    if index and index.section:
        tree = index.section.structure
        nodes = tuple(code for at, code in enumerate(tree.codes) if tree.is_leaf(at))
    around = Surroundings(languages, nodes, index.places if index else places, sources, is_invented)
    return read_budget(files.folder, files.label, around, faults)


def _rules(
    files: PackFiles,
    manifest: Manifest,
    languages: tuple[Language, ...],
    sources: Mapping[str, Source] | None,
    faults: Faults,
) -> RulesSection | None:
    facts = PackFacts(manifest.id, manifest.version, manifest.jurisdiction, languages, sources)
    return read_rules(files.folder, files.label, facts, faults)


def _identity(
    files: PackFiles, manifest: Manifest | None, rules: RulesSection | None, faults: Faults
) -> IdentitySection | None:
    if manifest is None:
        return None
    section = read_identity(
        files.folder,
        files.label,
        pack=manifest.id,
        version=manifest.version,
        languages=manifest.languages,
        unofficial=manifest.status != "official",
        rules=rules,
        faults=faults,
    )
    if section is not None and rules is not None and files.has(IDENTITY_SIMULATION_FILE):
        read_simulation(files.folder, files.label, Policy.of(section, rules), faults)
    return section


def _passes(
    files: PackFiles,
    manifest: Manifest | None,
    languages: tuple[Language, ...],
    sources: Mapping[str, Source] | None,
    rules: RulesSection | None,
    faults: Faults,
) -> PassesSection | None:
    if manifest is None:
        return None
    facts = PackFacts(manifest.id, manifest.version, manifest.jurisdiction, languages, sources)
    section = read_passes(files.folder, files.label, facts, rules, faults)
    if section is not None and files.has(PASS_SIMULATION_FILE):
        read_pass_simulation(files.folder, files.label, section, faults, sources)
    return section


def _traveller(
    files: PackFiles, languages: tuple[Language, ...], passes: PassesSection | None, faults: Faults
) -> TravellerSection | None:
    if not files.has(PASSES_FILE):
        what, remedy = "a page for travellers of passes that the pack does not have", f"add {PASSES_FILE}"
        faults.add(files.label_of(TRAVELLER_FILE), 1, 1, what, PASSES.name, remedy, "missing-file")
        return None
    return read_traveller(files.folder, files.label, languages, passes, faults)


def _measures(
    files: PackFiles,
    languages: tuple[Language, ...],
    rules: RulesSection | None,
    faults: Faults,
) -> MeasuresSection | None:
    from donghaeng.catalogue.ledger_tables import known_tables

    if rules is None and files.of(RULES.files):
        return None  # the rules have faults; what measures say of their codes is looked at when these are mended
    code_lists: dict[str, Mapping[str, Text]] = {}
    for table_id, table in (rules.tables if rules else {}).items():
        types = {name: one.type for name, one in table.inputs.items()}
        types |= {name: one.type for name, one in table.outcomes.items()}
        code_lists |= {f"{table_id}.{name}": kind.codes for name, kind in types.items() if kind.codes}
    name = MEASURES.files[0]
    return read_measures(files.path(name), files.label_of(name), known_tables(), code_lists, languages, faults)


def _figures(
    files: PackFiles,
    languages: tuple[Language, ...],
    places: tuple[Place, ...],
    sources: Mapping[str, Source] | None,
    is_invented: bool,
    faults: Faults,
) -> FiguresSection | None:
    codes = [place.code for place in places] or None
    return read_figures(files.folder, files.label, languages, codes, sources, is_invented, faults)


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
