"""What a release says of the falls of an index and of their causes."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from donghaeng.catalogue.pack import Pack
from donghaeng.diagnosis.causes import ADVICE, BOOKKEEPING, CAUSES, LABELS, REASONS
from donghaeng.diagnosis.diagnose import Diagnosis, diagnose
from donghaeng.diagnosis.tables import (
    alarms_table,
    blind_spots_table,
    causes_table,
    checks_table,
    collect_table,
    evidence_table,
    findings_table,
    parts_table,
)
from donghaeng.index.scores import Scores

#: Name of the document beside the tables.
DOCUMENT = "diagnosis.json"


def diagnosis_of(pack: Pack, scores: Scores) -> Diagnosis | None:
    """Diagnose the index of a pack that says what its indicators are made of; None for any other.

    Args:
        pack: the pack.
        scores: the scores of its index.
    """
    if pack.diagnosis is None:
        return None
    return diagnose(scores, pack.diagnosis, pack.places, pack.statements)


def diagnosis_tables(result: Diagnosis) -> dict[str, pa.Table]:
    """Give the tables of a diagnosis by name; those of counts and groups only where there are any."""
    findings = result.findings
    tables = {
        "findings": findings_table(findings),
        "finding_causes": causes_table(findings),
        "finding_checks": checks_table(findings),
        "finding_parts": parts_table(findings),
        "finding_collect": collect_table(findings),
        "finding_evidence": evidence_table(findings),
    }
    if result.alarms.watched:
        tables["alarms"] = alarms_table(result.alarms)
    if result.blind_spots:
        tables["blind_spots"] = blind_spots_table(result.blind_spots)
    return tables


def diagnosis_document(pack: Pack, result: Diagnosis) -> dict[str, Any]:
    """Give the words and thresholds that the tables are read with.

    Args:
        pack: the pack.
        result: its diagnosis.
    """
    model = result.section.model
    return {
        "pack": pack.id,
        "status": pack.manifest.status,
        "settings": result.settings.model_dump(mode="json"),
        "warning": dict(BOOKKEEPING),
        "early_signal": dict(result.early_signal),
        "causes": {cause: {"label": dict(LABELS[cause]), "advice": dict(ADVICE[cause])} for cause in CAUSES},
        "reasons": {reason: dict(text) for reason, text in REASONS.items()},
        "series": {name: series.model_dump(mode="json") for name, series in model.series.items()},
        "identities": {code: one.model_dump(mode="json") for code, one in model.identities.items()},
        "counts": {name: one.model_dump(mode="json") for name, one in model.counts.items()},
        "groups": {name: dict(label) for name, label in model.groups.items()},
    }
