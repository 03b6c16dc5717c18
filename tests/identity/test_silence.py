"""Numbers of persons and facts about health are in no table, file, backup, log and answer to a mistake."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pytest
from sqlalchemy import select

from donghaeng.ledger.backup import back_up
from donghaeng.ledger.extract import extract
from donghaeng.ledger.open import open_persons
from donghaeng.ledger.schema import ENTRIES, PERSONS
from donghaeng.ledger.statement import Statement
from donghaeng.ledger.verify import verify
from donghaeng.services.registry import TABLE_SETS
from tests.api.calling import Answer, call
from tests.api.test_silence import PLANTED
from tests.identity.desks import NO_ID, SHOWN
from tests.identity.test_http import Clinic

CHART = "chart-zq81"
#: Facts about health, and what would tell them.
HEALTH = (
    *("long_term_care", "severe_disability", "pregnant_or_postpartum", "inpatient_checked", "discharged"),
    *("disability_card", "crisis_pregnancy_certificate", "notice_certificate", "expecting"),
    *("2025-12-31", "1973-08-09"),
)
AT = "2026-05-20T09:10:00+09:00"


def full_run(clinic: Clinic) -> None:
    """Everything that a desk does, with facts about health in it."""
    shown = {**NO_ID, **SHOWN, "birth_date": "1973-08-09"}
    first = clinic.came("1", chart_number=CHART, facts=shown, at="2025-06-01T09:00:00+09:00")
    for number, status in enumerate(HEALTH[:3]):
        facts = {**NO_ID, "patient_status": [status], "birth_date": "1973-08-09"}
        visit = clinic.came(f"h{number}", chart_number=f"{CHART}-{number}", facts=facts)
        assert visit["ruling"]["reason"] == status
    visit = clinic.came("2", chart_number=CHART, at="2026-05-20T09:00:00+09:00")
    for number, event in enumerate(("admitted", "discharged")):
        body = {"chart_number": CHART, "at": f"2026-05-21T1{number}:00:00+09:00", "event": event, "day": "2025-12-31"}
        assert clinic.post("/stays", body, f"s{number}").status == 201
    found = clinic.get(f"/visits/{visit['visit']}").json()
    assert found["ruling"]["reason"] == "inpatient_checked"
    body = {"chart_number": f"{CHART}-9", "facts": {**NO_ID, **SHOWN, "identity_means": "disability_card"}}
    assert clinic.came("9", **body)["ruling"]["reason"] == "card_verified"
    unpaid = clinic.came("10", chart_number=f"{CHART}-10")["visit"]
    shown = {**SHOWN, "identity_means": "crisis_pregnancy_certificate"}
    body = {"at": "2026-05-27T10:00:00+09:00", "facts": shown, "receipt_shown": True}
    answer = clinic.post(f"/visits/{unpaid}/identity", body, "11")
    assert answer.json()["document"]["reason"] == "notice_certificate"
    correction = {
        "at": "2026-05-22T09:00:00+09:00",
        "why": "the patient is expecting",
        "facts": {"patient_status": ["long_term_care"]},
    }
    assert clinic.post(f"/visits/{first['visit']}/correction", correction, "3").status == 200
    appointments = {"on": "2026-05-23", "appointments": [{"chart_number": CHART}], "memory_is_complete": True}
    assert clinic.post("/appointments", appointments).status == 200
    evidence = clinic.get(f"/visits/{visit['visit']}/evidence", "auditor")
    assert evidence.status == 200
    assert not [word for word in HEALTH if word.encode() in evidence.body and word not in _RULE_WORDS]


#: What stands in the rules of the pack and so may stand in the evidence of any visit.
_RULE_WORDS = frozenset(["discharged"])


def plants(clinic: Clinic) -> list[Answer]:
    """Plant numbers of persons wherever a request has room for them."""
    visit = clinic.came("7", chart_number="B-1")["visit"]
    answers = []
    for planted in PLANTED:
        body = {"chart_number": "B-1", "at": AT, "facts": NO_ID}
        answers += [
            clinic.post("/visits", {**body, "chart_number": planted}, "8"),
            clinic.post("/visits", {**body, "person": planted}, "8"),
            clinic.post("/visits", {**body, "facts": {**NO_ID, "payer": planted}}, "8"),
            clinic.post("/visits", {**body, "facts": {planted: True}}, "8"),
            clinic.post("/visits", {**body, "facts": {**NO_ID, "patient_status": [planted]}}, "8"),
            clinic.post("/visits", {**body, planted: planted}, "8"),
            clinic.post("/visits", body, planted),
            clinic.post("/visits", planted.encode(), "8"),
            clinic.post(f"/visits/{visit}/correction", {"at": AT, "why": f"it was {planted}"}, "8"),
            clinic.post(f"/visits/{visit}/lookup", {"at": AT, "result": planted}, "8"),
            clinic.post(f"/visits/{visit}/identity", {"at": AT, "facts": {"identity_means": planted}}, "8"),
            clinic.post("/stays", {"chart_number": planted, "at": AT, "event": "admitted", "day": "2026-01-01"}, "8"),
            clinic.post("/appointments", {"on": "2026-05-23", "appointments": [{"chart_number": planted}]}),
            clinic.post("/preview", {"at": AT, "facts": {"birth_date": planted}}),
            clinic.get(f"/visits/{planted}"),
        ]
        assert [answer.status for answer in answers if answer.status < 400] == []
    return answers


def rows(clinic: Clinic, url: str) -> bytes:
    """Every row of every table, as the database gives it."""
    persons = open_persons(url)
    text = ""
    for database, sets in ((clinic.live.ledger.store, (ENTRIES, *TABLE_SETS)), (persons, (PERSONS,))):
        for one in sets:
            for table in one.tables:
                text += "".join(map(repr, database.query(Statement(select(table)))))
    persons.close()
    return text.encode()


def test_nothing_planted_is_found_anywhere(
    url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    clinic = Clinic(url)
    full_run(clinic)
    answers = plants(clinic)
    extract(clinic.live.ledger, tmp_path / "extract", bytes(range(16)))
    back_up(url, tmp_path / "copy", "2026-05-24T00:00:00.000000Z", more=TABLE_SETS)
    everything: dict[str, bytes] = {"rows": rows(clinic, url)}
    everything |= {str(path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    parts = sorted((tmp_path / "extract").rglob("*.parquet"))
    everything["extract"] = repr([parquet.read_table(part).to_pylist() for part in parts]).encode()
    metrics = call(clinic.app, "GET", "/v1/metrics", headers=clinic.headers["auditor"])
    assert metrics.status == 200
    everything["metrics"] = metrics.body
    everything["log"] = "\n".join(record.getMessage() for record in caplog.records).encode()
    shown: Any = capfd.readouterr()
    everything["output"] = (shown.out + shown.err).encode()
    everything["answers"] = b"\n".join(answer.body for answer in answers)
    assert verify(clinic.live.ledger.store).holds
    clinic.live.close()
    found = [
        (word, where)
        for where, content in everything.items()
        for word in (*PLANTED, CHART, *(HEALTH if where != "answers" else ()))
        if word.encode() in content
    ]
    assert found == []


def test_the_search_finds_what_is_there(url: str) -> None:
    clinic = Clinic(url)
    clinic.came("1", chart_number="A-1")
    content = rows(clinic, url)
    clinic.live.close()
    assert b"visit-recorded" in content
    assert b"nothing_shown" in content
