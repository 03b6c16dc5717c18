"""The budget section of a pack: ``budget.yaml`` and the tables beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from donghaeng.budget.cells import Context
from donghaeng.budget.decisions import Decision, read_decisions
from donghaeng.budget.lines import Lines, read_lines
from donghaeng.budget.links import Links, read_links
from donghaeng.budget.needs import Needs, parents, read_needs
from donghaeng.budget.options import Beside, Option, read_options
from donghaeng.budget.settings import BudgetSettings, check_settings
from donghaeng.documents import read_model
from donghaeng.errors import Faults
from donghaeng.places import Place
from donghaeng.sources import Source
from donghaeng.wording import Language, Text

SETTINGS_FILE = "budget.yaml"
LINES_FILE, LINKS_FILE, NEEDS_FILE = "budget_lines.csv", "programme_links.csv", "needs.csv"
OPTIONS_FILE, DECISIONS_FILE = "options.csv", "decisions.csv"
#: Files that a pack with ``budget.yaml`` has, and those that it may have.
REQUIRED_FILES = (LINES_FILE, LINKS_FILE, NEEDS_FILE, OPTIONS_FILE)
FILES = (SETTINGS_FILE, *REQUIRED_FILES, DECISIONS_FILE)


@dataclass(frozen=True)
class BudgetSection:
    """Money of a pack: as it is, and what it could be given to.

    Attributes:
        label: how messages name the pack.
        settings: ``budget.yaml``.
        lines: ``budget_lines.csv``.
        links: ``programme_links.csv``.
        needs: ``needs.csv``.
        options: ``options.csv``.
        decisions: ``decisions.csv``.
        above: the place that each place is part of.
        place_names: name of each place by language.
        is_invented: whether the pack is about nobody real.
    """

    label: str
    settings: BudgetSettings
    lines: Lines
    links: Links
    needs: Needs
    options: tuple[Option, ...]
    decisions: tuple[Decision, ...]
    above: Mapping[str, str]
    place_names: Mapping[str, Text]
    is_invented: bool


@dataclass(frozen=True)
class Surroundings:
    """What the section is read in.

    Attributes:
        languages: languages of the pack.
        nodes: codes of the indicators of the pack; None when it has no index, then any code will do.
        places: places of the pack; empty when it lists none, then any code will do.
        sources: sources of the pack; None when they could not be read.
        is_invented: whether the pack is about nobody real.
    """

    languages: tuple[Language, ...]
    nodes: tuple[str, ...] | None
    places: tuple[Place, ...]
    sources: Mapping[str, Source] | None
    is_invented: bool


def read_budget(folder: Path, label: str, around: Surroundings, faults: Faults) -> BudgetSection | None:
    """Read the budget section of a pack.

    Args:
        folder: the pack.
        label: how faults name it.
        around: what it is read in.
        faults: where faults go.

    Returns:
        The section, or None when it has faults.
    """
    before = len(faults.errors)
    settings, document = read_model(folder / SETTINGS_FILE, f"{label}/{SETTINGS_FILE}", BudgetSettings, faults)
    for name in REQUIRED_FILES:
        if not (folder / name).is_file():
            remedy = "add it: a plan needs options, needs, links and money as it is"
            faults.add(f"{label}/{name}", 1, 1, "the file is missing", f"a file {name}", remedy, "missing-file")
    if settings is None or len(faults.errors) > before:
        return None
    check_settings(settings, document, around.languages, faults)
    codes = tuple(place.code for place in around.places) or None
    context = Context(around.sources, around.nodes, codes, around.is_invented, faults)
    lines = read_lines(folder / LINES_FILE, f"{label}/{LINES_FILE}", settings, context)
    links = read_links(folder / LINKS_FILE, f"{label}/{LINKS_FILE}", settings, context)
    needs = read_needs(folder / NEEDS_FILE, f"{label}/{NEEDS_FILE}", settings.evidence_year, context)
    options: tuple[Option, ...] = ()
    if len(faults.errors) == before:  # options refer to all of them: faults there would be told twice
        beside = Beside(settings, lines, links, needs)
        options = read_options(folder / OPTIONS_FILE, f"{label}/{OPTIONS_FILE}", around.languages, beside, context)
    decisions: tuple[Decision, ...] = ()
    if len(faults.errors) == before and (folder / DECISIONS_FILE).is_file():
        path, shown = folder / DECISIONS_FILE, f"{label}/{DECISIONS_FILE}"
        known = {option.code for option in options}
        decisions = read_decisions(path, shown, around.languages, known, needs, context)
    if len(faults.errors) > before:
        return None
    names: dict[str, Text] = {one.code: {"ko": one.name_ko, "en": one.name_en} for one in around.places}
    above = parents(around.places)
    return BudgetSection(label, settings, lines, links, needs, options, decisions, above, names, around.is_invented)
