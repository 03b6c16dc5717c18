"""The monthly statistics of the identity check, over entries of its service that the test makes up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from donghaeng.catalogue.ledger_tables import read_extract
from donghaeng.catalogue.read import load
from donghaeng.ledger.entry import NewEntry
from donghaeng.ledger.extract import extract
from donghaeng.measures.compute import TOTAL, Computed, compute
from donghaeng.measures.expression import UNKNOWN
from donghaeng.measures.measure import MeasuresSection
from donghaeng.services.identity.kinds import KINDS
from tests.measures.clinic import EXTRACT_KEY, ledger_at, with_persons

RULED = {"missing": (), "certainty": "published", "outcome": {}, "version": "1.0.0"}


def entry(kind: str, visit: str, day: str, body: Mapping[str, Any], recorded: str = "") -> NewEntry:
    """An entry about a visit."""
    return NewEntry(
        stream=f"visit/{visit}",
        kind=kind,
        body=body,
        effective_at=datetime.fromisoformat(f"{recorded or day}T10:00:00+09:00"),
        idempotency_key=f"{kind} {visit} {recorded or day}",
    )


def visited(visit: str, person: str, day: str, result: str, reason: str | None, checked: bool = True) -> NewEntry:
    """A visit with its decision."""
    own = {"person": person, "institution": "clinic", "visit": visit, "on": date.fromisoformat(day), "key": "desk"}
    told = {"facts": {}, "complete": True, "lookup_by": "desk", "total_charge": None, "insurer_share": None}
    decided = {"result": result, "reason": reason, "checked": checked, "personal": False}
    return entry("visit-recorded", visit, day, RULED | own | told | decided)


@pytest.fixture(scope="module")
def section() -> MeasuresSection:
    """The measures of the shipped pack."""
    return load("kr/nhi-id-check").measures_section()


def measured(section: MeasuresSection, folder: Path) -> Computed:
    """Some visits of May and June, measured."""
    url = f"sqlite:///{folder / 'ledger.db'}"
    ledger = ledger_at(url, KINDS)
    one, two = with_persons(ledger, 2)
    about = {"person": one, "institution": "clinic", "visit": "b"}
    ledger.append(
        [
            visited("a", one, "2026-05-04", "covered_verified", "card_verified"),
            visited("b", one, "2026-05-20", "self_pay_refundable", "nothing_shown", checked=False),
            visited("c", two, "2026-05-21", "covered_exempt", "under_19"),
            visited("d", two, "2026-05-22", "covered_exempt", None),
            visited("e", two, "2026-06-01", "undetermined", "missing", checked=False),
            # A report that came late: in June it is found that visit b of May was exempt.
            entry(
                "visit-redecided",
                "b",
                "2026-05-20",
                RULED
                | about
                | {"result": "covered_exempt", "reason": "checked_within_six_months", "on": date(2026, 5, 20)}
                | {"before": "self_pay_refundable", "before_reason": "nothing_shown", "because_of": "report"}
                | {"checked": True, "personal": False},
                recorded="2026-06-03",
            ),
            entry(
                "recovery-recorded",
                "r",
                "2026-06-09",
                {"institution": "clinic", "recovery": "r", "amount": 51_000, "liable": ("lender",), "key": "insurer"},
            ),
        ]
    )
    extract(ledger, folder / "extract", EXTRACT_KEY)
    ledger.close()
    return compute(section, read_extract(folder / "extract"))


def test_a_visit_counts_once_as_it_was_decided_last_on_its_own_day(section: MeasuresSection, tmp_path: Path) -> None:
    result = measured(section, tmp_path)

    def rows(measure: str) -> dict[tuple[str, ...], int]:
        return {key: figure.rows for key, figure in result.figures[measure].items() if figure.rows}

    assert rows("visits") == {("2026-05",): 4, ("2026-06",): 1}
    assert rows("checks") == {("2026-05",): 4}
    assert rows("refusals") == {}
    assert rows("exemptions") == {
        ("2026-05", TOTAL): 3,
        ("2026-05", "under_19"): 1,
        ("2026-05", "checked_within_six_months"): 1,
        ("2026-05", UNKNOWN): 1,
    }
    assert rows("results")["2026-06", "undetermined"] == 1
    assert result.figures["recoveries_won"]["2026-06",].value == 51_000


def test_its_measures_open_no_fact_about_a_person(section: MeasuresSection) -> None:
    assert not section.needs_facts
