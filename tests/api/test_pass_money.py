"""The routes of the money of passes: who may do what, files by their hash, comparisons, bills, and what is refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from donghaeng.api.access import needs_of_routes
from donghaeng.api.app import create_app
from donghaeng.api.limits import Limits
from donghaeng.api.pass_money import MoneyDesk, make_money_router
from tests.access.rings import Timer, bearer, opened
from tests.api.calling import Answer, call
from tests.ledger.ledgers import Clock
from tests.passes.riding import DAY, WHO, Riding, Tap, at

SCOPES = ("passes:operator", "passes:analyst", "passes:desk", "passes:seller")
ROUTES = "line,fare,operator,share\nline_2,subway,metro,1\n"
DISTANCES = "from,to,metres\none,two,8000\n"


class Api:
    """The app with the routes of money, on a day on which a short pass was ridden five times."""

    def __init__(self, folder: Path) -> None:
        self.riding = Riding(folder)
        _, medium = self.riding.card("short_1", start=None, category="any")
        self.riding.receive(
            Tap(
                "gate",
                2 * n + side,
                medium,
                way,
                at(f"{8 + n}:{side * 20:02}"),
                "one" if side == 0 else "two",
                "line_2",
            )
            for n in range(5)
            for side, way in enumerate(["board", "alight"])
        )
        self.riding.settle(at("09:00", DAY + timedelta(days=1)))
        self.live = opened(f"sqlite:///{folder / 'keys.db'}", Clock("2026-05-19T00:00:00+00:00"), Timer())
        self.desk = MoneyDesk(self.riding.service, self.riding.files)
        keys = self.live.keys
        limits = Limits(rate=1e6, burst=10**6)
        self.app = create_app([], routers=[make_money_router(self.desk)], keys=keys, limits=limits)
        self.keys = {scope: bearer(keys.create("city", [scope])[0]) for scope in SCOPES}

    def post(self, path: str, body: Any, who: str = "passes:operator") -> Answer:
        return call(self.app, "POST", f"/v1/passes{path}", body, self.keys[who])

    def get(self, path: str, who: str = "passes:analyst") -> Answer:
        path, _, query = path.partition("?")
        return call(self.app, "GET", f"/v1/passes{path}", b"", self.keys[who], query.encode())

    def settle(self, **more: Any) -> Any:
        answer = self.post("/settlements/batch", {"routes": ROUTES, "distances": DISTANCES} | more)
        assert answer.status == 200, answer.body
        return answer.json()["days"]


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    found = Api(tmp_path)
    yield found
    found.riding.close()
    found.live.close()


def test_what_changed_is_settled_and_the_file_of_an_operator_has_the_hash_of_the_ledger(api: Api) -> None:
    (day,) = api.settle()
    (share,) = day["shares"]
    assert (day["day"], share["operator"], share["value"], share["city"]) == (str(DAY), "metro", 7_750, 1_375)
    assert api.settle() == []
    (again,) = api.settle(first=str(DAY))
    assert (again["new"], again["rides_read"], again["number"]) == (False, False, 1)
    shown = api.get(f"/settlements?first={DAY}&last={DAY}").json()["days"]
    assert shown[0]["shares"] == [share]
    answer = api.get(f"/settlements/{DAY}/files/metro")
    assert (answer.status, hashlib.sha256(answer.body).hexdigest()) == (200, share["file"])
    assert api.get(f"/settlements/{DAY}/files/nobody").status == 404
    assert api.get(f"/settlements/{DAY - timedelta(days=1)}/files/metro").status == 404
    assert api.post("/settlements/closing", {"until": str(DAY), "closed_by": "head of accounts"}).status == 204
    books = api.get("/accounts").json()
    assert books["balances"]["operator/metro"] == -6_375
    assert {one["unexplained"] for one in books["proofs"]} == {0}


def test_payments_are_compared_with_what_provider_and_bank_say(api: Api) -> None:
    provider = f"payment,amount,paid_on,batch\n{WHO.organisation}:pay-1,5000,{DAY},b\nx-900101-1234568,5,{DAY},\n"
    asked = {
        "first": str(DAY),
        "last": str(DAY),
        "provider": provider,
        "bank": f"batch,amount,value_on\nb,4000,{DAY}\n",
    }
    answer = api.post("/reconciliations/batch", asked)
    found = answer.json()
    assert (found["matched"], found["unexplained"]) == ({"payments": 1, "amount": 5_000}, 0)
    assert found["amounts"] == {"other amount banked": -1_000, "unknown to us": 5}
    assert b"900101" not in answer.body


def test_bills_of_a_month_that_is_not_over_wait(api: Api) -> None:
    assert api.post("/bills/batch", {"month": "2026-05"}).json()["errors"][0]["code"] == "refused"
    done = api.post("/bills/batch", {"month": "2026-04", "distances": DISTANCES}).json()
    assert done == {"bills": 0, "before": 0, "transit": 0, "more": 0, "refused": {}}
    assert api.get("/bills/nothing", "passes:desk").status == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/settlements/batch", {"first": str(DAY + timedelta(days=1))}),
        ("/settlements/batch", {"last": str(DAY)}),
        ("/settlements/batch", {"first": "2026-01-01", "last": str(DAY)}),
        ("/settlements/batch", {"routes": "line,fare,operator,share\n900101-1234568,tram,x,0\n"}),
        ("/settlements/batch", {"distances": "from,to,metres\na,b,-900101-1234568\n"}),
        ("/settlements/batch", {"distances": "\x00"}),
        ("/settlements/closing", {"until": str(DAY), "closed_by": "head"}),
        ("/settlements/closing", {"until": str(DAY), "closed_by": "seen by 900101-1234568"}),
        ("/bills/batch", {"month": "2026-13"}),
        ("/reconciliations/batch", {"first": str(DAY), "last": str(DAY), "provider": "payment\n900101-1234568\n"}),
        ("/reconciliations/batch", {"first": str(DAY), "last": "2026-01-01", "provider": "x"}),
    ],
)
def test_bad_input_is_refused_and_no_value_repeated(api: Api, path: str, body: Any) -> None:
    answer = api.post(path, body)
    assert answer.status == 422, answer.body
    assert b"900101" not in answer.body
    assert not [one for one in api.riding.ledger.entries() if one.kind in {"day-settled", "reconciled"}]


def test_long_work_is_done_one_at_a_time(api: Api) -> None:
    api.desk.alone(lambda: None)
    answers: list[Answer] = []
    api.desk.alone(lambda: answers.append(api.post("/settlements/batch", {})))
    assert (answers[0].status, dict(answers[0].headers)["retry-after"]) == (503, "30")
    assert json.loads(answers[0].body)["type"].endswith("busy")


def test_operators_change_analysts_read_and_others_do_neither(api: Api) -> None:
    for (method, path), needed in needs_of_routes(api.app.routes).items():
        if path.startswith("/v1/passes"):
            assert "passes:seller" not in needed[0]
            assert ("passes:analyst" in needed[0]) == (method == "GET" and "bills" not in path)
    assert api.post("/settlements/batch", {}, "passes:analyst").status == 403
    assert api.get("/accounts", "passes:seller").status == 403
