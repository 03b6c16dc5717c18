"""The desk over HTTP: one request for a visit, problems that tell nothing, and what a key may not do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from donghaeng.api.app import create_app
from donghaeng.api.limits import Limits
from donghaeng.api.live import Live, live_routers
from donghaeng.ledger.faults import UnavailableError
from tests.access.rings import bearer
from tests.access.rings import opened as open_live
from tests.api.calling import Answer, call
from tests.identity.desks import NO_ID, PACK, SHOWN, pack

PREFIX = "/v1/identity"


class Clinic:
    """An app with the identity check, and the keys of two clinics, the insurer and an auditor."""

    def __init__(self, url: str) -> None:
        self.live: Live = open_live(url)
        limits = Limits(rate=1e6, burst=10**6)  # what is tested here is not how often a key may be used
        self.app = create_app([pack()], routers=live_routers(self.live, [pack()]), keys=self.live.keys, limits=limits)
        scopes = {"desk": "identity:desk", "insurer": "identity:insurer", "auditor": "auditor"}
        self.headers = {name: self.key("clinic-a", scope) for name, scope in scopes.items()}
        self.headers["other"] = self.key("clinic-b", "identity:desk")

    def key(self, organisation: str, scope: str) -> dict[str, str]:
        return bearer(self.live.keys.create(organisation, [scope])[0])

    def post(self, path: str, body: Any, key: str | None = None, who: str = "desk") -> Answer:
        headers = self.headers[who] | ({"idempotency-key": key} if key else {})
        return call(self.app, "POST", f"{PREFIX}{path}", body, headers)

    def get(self, path: str, who: str = "desk") -> Answer:
        return call(self.app, "GET", f"{PREFIX}{path}", headers=self.headers[who])

    def came(self, key: str = "1", **more: Any) -> Any:
        body = {
            "chart_number": "A-17",
            "at": "2026-05-20T09:10:00+09:00",
            "facts": NO_ID,
            "total_charge": 50_000,
            "insurer_share": 35_000,
            "memory_is_complete": True,
        }
        answer = self.post("/visits", body | more, key)
        assert answer.status == 201, answer.body
        return answer.json()


@pytest.fixture
def clinic(url: str) -> Iterator[Clinic]:
    clinic = Clinic(url)
    yield clinic
    clinic.live.close()


def test_a_visit_is_one_request_and_the_answer_says_why(clinic: Clinic) -> None:
    visit = clinic.came()
    ruling = visit["ruling"]
    assert (visit["on"], visit["state"], ruling["result"], ruling["reason"], ruling["bring_by"]) == (
        "2026-05-20",
        "open",
        "self_pay_refundable",
        "nothing_shown",
        "2026-06-03",
    )
    assert set(ruling["because"]) == {"ko", "en"}
    assert ruling["citations"]
    assert (ruling["pack"], ruling["version"]) == (PACK, pack().version)
    assert clinic.came()["visit"] == visit["visit"]


def test_from_the_visit_to_the_refund(clinic: Clinic) -> None:
    visit = clinic.came()["visit"]
    slip = clinic.get(f"/visits/{visit}/slip").json()
    assert slip["needed"]
    assert set(slip["texts"]) == {"ko", "en", "zh", "vi"}
    assert all("2026-06-03" in text and "50,000" in text for text in slip["texts"].values())
    body = {"at": "2026-05-27T10:00:00+09:00", "facts": SHOWN, "receipt_shown": True}
    shown = clinic.post(f"/visits/{visit}/identity", body, "2").json()
    assert shown["document"]["result"] == "accepted"
    assert (shown["refund"]["result"], shown["refund"]["outcome"]["amount"]) == ("refundable", 35_000)
    assert shown["visit"]["state"] == "settled"
    found = clinic.get(f"/visits/{visit}").json()
    assert [one["kind"] for one in found["timeline"]] == ["visit-recorded", "identity-presented"]
    assert not clinic.get(f"/visits/{visit}/slip").json()["needed"]
    assert clinic.get("/open").json() == {"deadlines": [], "lookups": [], "review": []}
    assert clinic.post(f"/visits/{visit}/identity", body, "3").status == 409


def test_what_is_missing_is_asked_in_words(clinic: Clinic) -> None:
    facts = {"payer": "nhi", "service_covered": True, "eligibility_lookup": "eligible", "identity_means": "none"}
    ruling = clinic.post("/preview", {"at": "2026-05-20T09:10:00+09:00", "facts": facts}).json()
    assert ruling["result"] == "undetermined"
    assert {"name": "birth_date", "question": dict(pack().table("identity").table.inputs["birth_date"].question)} in (
        ruling["missing"]
    )


def test_without_an_interface_a_lookup_takes_the_offline_path_and_waits(clinic: Clinic) -> None:
    facts = {name: value for name, value in NO_ID.items() if name != "eligibility_lookup"}
    visit = clinic.came(facts=facts, lookup=True)
    assert (visit["state"], visit["lookup_pending"], visit["ruling"]["reason"]) == (
        "undetermined",
        True,
        "unknown_rule",
    )
    assert visit["ruling"]["statements"]
    assert clinic.came(facts=facts, lookup=True)["visit"] == visit["visit"]
    assert [one["visit"] for one in clinic.get("/open").json()["lookups"]] == [visit["visit"]]
    path = f"/visits/{visit['visit']}/lookup"
    assert clinic.post(path, {"at": "2026-05-21T09:00:00+09:00"}, "2").status == 409
    done = clinic.post(path, {"at": "2026-05-21T09:00:00+09:00", "result": "eligible"}, "3").json()
    assert (done["state"], done["lookup_pending"], done["redecided"]) == ("open", False, 1)


def test_what_is_another_institutions_answers_404(clinic: Clinic) -> None:
    visit = clinic.came()
    number = visit["visit"]
    at = "2026-05-27T10:00:00+09:00"
    answers = [
        clinic.get(f"/visits/{number}", "other"),
        clinic.get(f"/visits/{number}/slip", "other"),
        clinic.get(f"/visits/{number}/evidence", "other"),
        clinic.post(f"/visits/{number}/identity", {"at": at, "facts": SHOWN}, "2", "other"),
        clinic.post(f"/visits/{number}/lookup", {"at": at, "result": "eligible"}, "3", "other"),
        clinic.post(f"/visits/{number}/correction", {"at": at, "why": "a slip"}, "4", "other"),
        clinic.post("/preview", {"person": visit["person"], "at": at, "facts": {}}, who="other"),
        clinic.post("/visits", {"person": visit["person"], "at": at, "facts": {}}, "5", "other"),
    ]
    assert [answer.status for answer in answers] == [404] * len(answers)
    assert clinic.get("/open", "other").json()["deadlines"] == []


def test_a_desk_cannot_record_that_it_suspects_somebody(clinic: Clinic) -> None:
    at = "2026-05-27T10:00:00+09:00"
    facts = {"role": "borrower", "improper_receipt": True}
    for path, body in (
        ("/insurer/breaches", {"at": at, "on": "2026-05-27", "institution": "clinic-a", "facts": {}}),
        ("/insurer/recoveries", {"at": at, "institution": "clinic-a", "amount": 1, "liable": ["borrower"]}),
        ("/insurer/consequences", {"on": "2026-05-27", "facts": facts}),
    ):
        assert clinic.post(path, body, "1").status == 403
    # Nor does a visit, or a correction of one, take a fact of that kind.
    body = {"chart_number": "A-17", "at": at, "facts": facts}
    answer = clinic.post("/visits", body, "2")
    assert answer.status == 422
    assert {one["code"] for one in answer.json()["errors"]} == {"unknown-fact"}
    assert clinic.post("/visits", {**body, "facts": {}, "suspicion": "yes"}, "3").status == 422
    posts = {path for path in clinic.app.openapi()["paths"] if path.startswith(PREFIX)}
    assert not [path for path in posts if "suspic" in path or "misuse" in path]


def test_the_insurer_learns_what_follows_and_where_the_count_is_unknown(clinic: Clinic) -> None:
    facts = {"identity_checked": False, "just_cause": False}
    fine = clinic.post("/insurer/fine", {"on": "2026-05-27", "facts": facts}, who="insurer").json()
    assert (fine["result"], [one["name"] for one in fine["missing"]]) == ("undetermined", ["earlier_breaches"])
    assert fine["counting"]["kind"] == "unknown"
    assert fine["counting"]["statements"]
    body = {"at": "2026-05-28T10:00:00+09:00", "on": "2026-05-27", "institution": "clinic-a", "facts": facts}
    first = clinic.post("/insurer/breaches", body, "1", "insurer").json()
    assert first["ruling"]["result"] == "undetermined"
    assert clinic.post("/insurer/breaches", body, "1", "insurer").json()["breach"] == first["breach"]
    known = {**facts, "earlier_breaches": 1}
    second = clinic.post("/insurer/breaches", {**body, "facts": known}, "2", "insurer").json()
    assert second["ruling"]["outcome"]["amount"] == 600_000
    assert clinic.post("/insurer/breaches", {**body, "facts": known}, "1", "insurer").status == 409
    follows = {"role": "institution", "improper_receipt": True, "identity_checked": False, "just_cause": False}
    asked = {"on": "2026-05-27", "facts": {**follows, "benefit_amount": 35_000}}
    answer = clinic.post("/insurer/consequences", asked, who="insurer").json()
    assert answer["result"] == ["joint_liability", "administrative_fine"]
    recovery = {"at": "2026-06-28T10:00:00+09:00", "institution": "clinic-a", "amount": 35_000, "liable": ["borrower"]}
    assert clinic.post("/insurer/recoveries", recovery, "3", "insurer").status == 201
    assert clinic.post("/insurer/recoveries", {**recovery, "liable": ["somebody"]}, "4", "insurer").status == 422


def test_faults_are_told_together_without_what_was_given(clinic: Clinic) -> None:
    body = {
        "chart_number": "A-17",
        "at": "2026-05-20T09:10:00+09:00",
        "facts": {"payer": "x9y9z9", "birth_date": "q8w8"},
    }
    answer = clinic.post("/visits", body, "1")
    assert answer.status == 422
    assert {one["name"] for one in answer.json()["errors"]} == {"payer", "birth_date"}
    assert b"x9y9z9" not in answer.body
    assert b"q8w8" not in answer.body
    assert clinic.post("/visits", {**body, "at": "2026-05-20T09:10:00"}, "1").status == 422
    assert clinic.post("/visits", {**body, "facts": {}, "person": "abc"}, "1").status == 422


def test_tomorrows_list_says_who_must_bring_id_and_gives_the_text(clinic: Clinic) -> None:
    shown = {**NO_ID, **SHOWN, "birth_date": "1985-03-14"}
    clinic.came("1", facts=shown, chart_number="seen")
    clinic.came("2", facts={**shown, "birth_date": "2015-01-01"}, chart_number="child")
    rest = {name: NO_ID[name] for name in ("facility", "on_prescription", "referral_or_return", "patient_status")}
    body = {
        "on": "2026-08-20",
        "memory_is_complete": True,
        "appointments": [
            {"chart_number": "seen", "time": "09:00"},
            {"chart_number": "child", "time": "09:10"},
            {"chart_number": "new", "time": "09:20", "facts": {**rest, "birth_date": "1990-01-01"}},
            {"chart_number": "nothing known", "time": "09:30"},
        ],
    }
    before = len(list(clinic.live.ledger.entries()))
    answer = clinic.post("/appointments", body).json()
    assert [one["bring"] for one in answer["list"]] == ["no", "no", "yes", "ask"]
    assert answer["list"][0]["messages"] is None
    assert set(answer["list"][2]["messages"]) == {"ko", "en", "zh", "vi"}
    assert "1577-1000" in answer["list"][2]["messages"]["ko"]
    assert len(list(clinic.live.ledger.entries())) == before


def test_the_desk_is_told_what_to_look_at(clinic: Clinic) -> None:
    desk = clinic.get("/desk").json()
    documents = {one["code"]: one for one in desk["documents"]}
    assert len(documents["mobile_nhi_card"]["look_at"]) == 2
    assert all(set(text) == {"ko", "en", "zh", "vi"} for one in desk["documents"] for text in one["look_at"])
    for case in desk["cases"]:
        body = {"chart_number": "A-17", "at": "2026-05-20T09:10:00+09:00", "facts": case["facts"]}
        assert clinic.post("/preview", body).status == 200


def test_while_the_database_is_away_nothing_is_acknowledged_and_then_the_same_request_is_done(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> Any:
        raise UnavailableError("the store is away")

    clinic.came("0", chart_number="other")
    before = len(list(clinic.live.ledger.entries()))
    with monkeypatch.context() as patched:
        patched.setattr(clinic.live.ledger.store, "append", away)
        body = {"chart_number": "A-17", "at": "2026-05-20T09:10:00+09:00", "facts": NO_ID}
        answer = clinic.post("/visits", body, "1")
    assert (answer.status, answer.json()["type"]) == (503, "urn:donghaeng:problem:unavailable")
    assert len(list(clinic.live.ledger.entries())) == before
    clinic.came()
    assert len(list(clinic.live.ledger.entries())) == before + 2


TIMES = ["2026-05-20T09:10:00+09:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-05-20", "", 7]
DAYS = ["2026-05-20", "0001-01-01", "9999-12-31", "2026-02-30", None]
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(["nhi", "none", "original", "resident_card", "2026-05-20"]),
    st.lists(st.text(max_size=4), max_size=2),
    st.dictionaries(st.text(max_size=3), st.none(), max_size=1),
)
NAMES = st.one_of(st.sampled_from([*NO_ID, *SHOWN, "valid_until", "earlier_breaches"]), st.text(max_size=6))
FACTS = st.one_of(VALUES, st.dictionaries(NAMES, VALUES, max_size=6))
BODIES = st.fixed_dictionaries(
    {},
    optional={
        "at": st.sampled_from(TIMES),
        "on": st.sampled_from(DAYS),
        "day": st.sampled_from(DAYS),
        "facts": FACTS,
        "chart_number": st.one_of(VALUES, st.just("A-1")),
        "person": VALUES,
        "why": VALUES,
        "result": VALUES,
        "event": st.sampled_from(["admitted", "discharged", None]),
        "corrects": VALUES,
        "total_charge": VALUES,
        "insurer_share": VALUES,
        "receipt_shown": VALUES,
        "visit_at": st.sampled_from(TIMES),
        "institution": st.one_of(VALUES, st.just("clinic-a")),
        "amount": VALUES,
        "liable": VALUES,
        "appointments": st.lists(st.fixed_dictionaries({}, optional={"chart_number": VALUES, "facts": FACTS})),
    },
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_is_sent_is_answered_and_never_fails(small: Clinic, data: st.DataObject) -> None:
    visit = small.came()["visit"]
    members = {
        "/visits": ["at", "facts", "chart_number", "person", "total_charge", "insurer_share"],
        "/preview": ["at", "facts", "chart_number"],
        f"/visits/{visit}/identity": ["at", "facts", "receipt_shown", "total_charge"],
        f"/visits/{visit}/correction": ["at", "why", "facts", "visit_at"],
        f"/visits/{visit}/lookup": ["at", "result"],
        "/stays": ["at", "event", "day", "chart_number", "corrects"],
        "/appointments": ["on", "appointments"],
        "/insurer/fine": ["on", "facts"],
        "/insurer/consequences": ["on", "facts"],
        "/insurer/breaches": ["at", "on", "institution", "facts"],
        "/insurer/recoveries": ["at", "institution", "amount", "liable"],
    }
    body = data.draw(BODIES)
    for path, names in members.items():
        key = data.draw(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=8))
        chosen = {"at": TIMES[0], "on": DAYS[0]} | body if data.draw(st.booleans()) else body
        who = "insurer" if "insurer" in path else "desk"
        answer = small.post(path, {name: chosen[name] for name in names if name in chosen}, key, who)
        assert answer.status in {200, 201, 404, 409, 422}, (path, answer.body)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    clinic = Clinic(f"sqlite:///{tmp_path_factory.mktemp('desk')}/a.db")
    yield clinic
    clinic.live.close()
