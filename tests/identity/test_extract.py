"""An extract of the identity check: nobody is followed from one month into the next by the id of a visit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet

from donghaeng.ledger.extract import extract
from donghaeng.services.identity.recording import correct_visit, present_identity
from donghaeng.services.identity.service import IdentityService
from tests.identity.desks import CARD, CLINIC, NO_ID, SHOWN, at, came


def rows(folder: Path) -> list[dict[str, Any]]:
    """All rows of an extract, each with its month."""
    files = sorted(folder.rglob("*.parquet"))
    return [{**row, "month": file.parent.name} for file in files for row in parquet.read_table(file).to_pylist()]


def test_no_id_leads_from_a_persons_name_in_one_month_to_that_in_another(
    service: IdentityService, tmp_path: Path
) -> None:
    visit = came(service, "1", "2026-05-28", NO_ID, total_charge=50_000, insurer_share=35_000).visit
    present_identity(service, CLINIC, "2", visit.id, at=at("2026-06-02"), facts=SHOWN, receipt_shown=True)
    came(service, "3", "2026-06-03", NO_ID | {"patient_status": ["long_term_care"]})
    late = came(service, "4", "2026-05-01", CARD | {"identity_means": "none"})
    correct_visit(service, CLINIC, "5", late.visit.id, at=at("2026-06-04"), why="looked again", facts=CARD)
    assert any(entry.kind == "visit-redecided" for entry in service.ledger.entries())
    extract(service.ledger, tmp_path / "extract", bytes(range(16)))
    found = rows(tmp_path / "extract")
    # Everything but small words, days and numbers of the field is taken for something that could join rows.
    joins: dict[str, set[tuple[str, str]]] = {}
    for row in found:
        person = row.get("person")
        for value in row.values():
            if isinstance(value, str) and value not in {person, "clinic-a", "desk-1"} and person is not None:
                joins.setdefault(value, set()).add((row["month"], person))
    persons = {(row["month"], row["person"]) for row in found if row.get("person")}
    assert {month for month, _ in persons} == {"2026-05", "2026-06"}
    ids = {row["visit"] for row in found if row.get("visit")} | {row["stream"] for row in found}
    assert [one for one in ids if len({month for month, _ in joins.get(one, set())}) > 1] == []
    text = repr(found)
    assert service.ledger.persons is not None
    assert visit.person not in text
    assert "identity clinic-a" not in text  # keys of requests
