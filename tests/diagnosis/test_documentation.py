"""The page on diagnosis names every key, column, cause and reason."""

from __future__ import annotations

from typing import get_args

import pytest

from donghaeng.diagnosis import counts, factors, groups, revisions
from donghaeng.diagnosis.alarms import Alarms
from donghaeng.diagnosis.causes import CAUSES, Reason
from donghaeng.diagnosis.document import Identities
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
from tests.docs.pages import DOCS
from tests.docs.test_complete import coded, keys, section, words

PAGE = DOCS / "methods" / "diagnose.md"


def test_every_cause_and_reason_is_described() -> None:
    assert set(CAUSES) <= coded(section(PAGE, "Causes"))
    assert {reason for reason in get_args(Reason) if reason} <= coded(section(PAGE, "When an answer is given"))


def test_every_key_and_word_of_the_identities_is_described() -> None:
    assert {*keys(Identities), *words(Identities)} - coded(PAGE.read_text("utf-8")) == set()


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("factors.csv", (*factors.REQUIRED, *factors.OPTIONAL)),
        ("revisions.csv", (*revisions.REQUIRED, *revisions.OPTIONAL, *revisions.WHATS)),
        ("counts.csv", (*counts.REQUIRED, *counts.OPTIONAL)),
        ("groups.csv", (*groups.REQUIRED, *groups.OPTIONAL)),
    ],
)
def test_every_column_of_a_table_is_described(name: str, columns: tuple[str, ...]) -> None:
    assert set(columns) - coded(section(PAGE, f"`{name}`")) == set()


def test_every_table_and_column_of_a_release_is_described() -> None:
    tables = {
        "findings": findings_table([]),
        "finding_causes": causes_table([]),
        "finding_checks": checks_table([]),
        "finding_parts": parts_table([]),
        "finding_collect": collect_table([]),
        "finding_evidence": evidence_table([]),
        "alarms": alarms_table(Alarms(())),
        "blind_spots": blind_spots_table([]),
    }
    for name, table in tables.items():
        text = coded(section(DOCS / "reference" / "release.md", f"`{name}`"))
        assert set(table.column_names) - text == set(), name
