"""JSON Schemas of the sections of a pack, generated from what reads them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from donghaeng import places, statements
from donghaeng.budget import decisions, lines, links, needs, options
from donghaeng.budget.settings import GRADES, BudgetSettings
from donghaeng.catalogue.manifest import Manifest, Wording
from donghaeng.catalogue.traveller_section import TravellerModel
from donghaeng.diagnosis import counts, factors, groups, revisions
from donghaeng.diagnosis.document import Identities
from donghaeng.index import figures, observations, structure
from donghaeng.index.alternatives import Alternatives
from donghaeng.index.poverty.definition import PovertyDefinition
from donghaeng.index.recipe import Recipe
from donghaeng.index.tables import Tables
from donghaeng.measures.document import Measures
from donghaeng.rules.document import Examples, TableModel, Values
from donghaeng.rules.what_if import WhatIf
from donghaeng.services.identity.section import IdentityModel
from donghaeng.services.passes.section import PassesModel
from donghaeng.sources import KIND_WORDS, Sources

_DIALECT = "https://json-schema.org/draft/2020-12/schema"

_DOCUMENTS: dict[str, type[BaseModel]] = {
    "pack": Manifest,
    "sources": Sources,
    "recipe": Recipe,
    "tables": Tables,
    "robustness": Alternatives,
    "poverty": PovertyDefinition,
    "identities": Identities,
    "budget": BudgetSettings,
    "measures": Measures,
    "figures": figures.FiguresModel,
    "passes": PassesModel,
    "traveller": TravellerModel,
    "identity": IdentityModel,
    "wording": Wording,
    "values": Values,
    "rules": TableModel,
    "examples": Examples,
    "what-if": WhatIf,
}


def schemas() -> dict[str, dict[str, Any]]:
    """Give the schemas by section. A schema of a table describes one row, with every cell as text."""
    documents = {name: {"$schema": _DIALECT, **model.model_json_schema()} for name, model in _DOCUMENTS.items()}
    kinds = tuple(KIND_WORDS)
    tables = {
        "structure": _row(
            structure.REQUIRED,
            structure.OPTIONAL,
            {
                "direction": ("", *structure.DIRECTIONS),
                "status": ("", *structure.STATUSES),
                "treat": ("", *structure.TRANSFORMS),
                **{f"{name}_kind": ("", *kinds) for name in ("unit", "direction", "name")},
            },
        ),
        "observations": _row(
            observations.REQUIRED,
            observations.OPTIONAL,
            {"used": ("yes", "no"), "kind": kinds, "count_kind": ("", *kinds), "imputed": ("", "yes")},
        ),
        "figure_values": _row(figures.COLUMNS, figures.MORE_COLUMNS, {"used": ("yes", "no"), "kind": kinds}),
        "factors": _row(factors.REQUIRED, factors.OPTIONAL, {"kind": kinds}),
        "revisions": _row(revisions.REQUIRED, revisions.OPTIONAL, {"kind": kinds, "what": revisions.WHATS}),
        "counts": _row(counts.REQUIRED, counts.OPTIONAL, {"kind": kinds}),
        "groups": _row(groups.REQUIRED, groups.OPTIONAL, {"kind": kinds}),
        "budget_lines": _row(lines.COLUMNS, (), {"kind": kinds, "phase": lines.PHASES, "purpose": lines.PURPOSES}),
        "programme_links": _row(links.COLUMNS, (), {"kind": kinds, "joint": ("", "yes", "no")}),
        "needs": _row(needs.REQUIRED, needs.OPTIONAL, {"kind": kinds}),
        "options": _row(
            options.REQUIRED,
            options.OPTIONAL,
            {
                "kind": kinds,
                "type": options.TYPES,
                "cost_basis": options.BASES,
                "grade": GRADES,
                "mandatory": ("", "yes", "no"),
                "whole": ("", "yes", "no"),
            },
        ),
        "decisions": _row(decisions.COLUMNS, (), {"kind": kinds, "outcome": decisions.OUTCOMES}),
        "places": _row(places.COLUMNS, places.OPTIONAL, {}),
        "statements": _row(statements.COLUMNS, (), {"type": statements.TYPES, "status": ("", *statements.STATUSES)}),
    }
    return documents | tables


def _row(required: Sequence[str], optional: Sequence[str], words: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    def column(name: str) -> dict[str, Any]:
        return {"type": "string", "enum": list(words[name])} if name in words else {"type": "string"}

    return {
        "$schema": _DIALECT,
        "type": "object",
        "properties": {name: column(name) for name in (*required, *optional)},
        "required": list(required),
        "additionalProperties": False,
    }


def write_schemas(folder: Path) -> list[str]:
    """Write a file a section, ``SECTION.schema.json``, and give their names."""
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for section, schema in schemas().items():
        name = f"{section}.schema.json"
        (folder / name).write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        names.append(name)
    return names
