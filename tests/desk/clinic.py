"""A clinic with the real service behind it, and a clerk at its desk in a real browser."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from donghaeng import load
from donghaeng.api.app import create_app
from donghaeng.api.desk.mount import SETTINGS_VARIABLE
from donghaeng.api.limits import Limits
from donghaeng.api.live import Live, live_routers
from donghaeng.api.serve import in_background
from tests.access.rings import opened

PACK = "kr/nhi-id-check"
PREFIX = "HD-"
#: When it is in the browser, and in the service a little later.
NOW = datetime.fromisoformat("2026-11-23T10:00:00+09:00")
IDLE, KIOSK = 120, 20

_CLINIC = (
    f"{{barcode_prefix: '{PREFIX}', memory_is_complete: true, facts: {{facility: clinic}}, "
    f"idle_seconds: {IDLE}, kiosk_seconds: {KIOSK}}}"
)
SETTINGS = "institutions:\n" + "".join(f"  clinic-{number}: {_CLINIC}\n" for number in range(1, 100))
#: A clinic of which the settings say nothing.
BARE = "bare"

#: A visit with a card, so that the patient is known afterwards.
CARD = {
    "payer": "nhi",
    "service_covered": True,
    "eligibility_lookup": "eligible",
    "identity_means": "resident_card",
    "medium": "original",
    "validity_date_printed": False,
}


_NAMES = itertools.count(1)


class Still:
    """A clock that stands still."""

    def __init__(self) -> None:
        self.time = NOW + timedelta(minutes=10)

    def __call__(self) -> datetime:
        return self.time


@dataclass
class Town:
    """An app that serves many clinics."""

    address: str
    live: Live
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def clinic(self, name: str | None = None) -> Clinic:
        """A clinic that no test has used before."""
        name = name or f"clinic-{next(self.numbers)}"
        key, _ = self.live.keys.create(name, ["identity:desk"])
        return Clinic(self.address, key.text, name, self.live)


@dataclass(frozen=True)
class Clinic:
    """An institution with a desk key."""

    address: str
    key: str
    name: str
    live: Live

    def call(self, method: str, path: str, body: Any = None, name: str | None = None) -> Any:
        """Ask the service directly."""
        headers = {"authorization": f"Bearer {self.key}"} | ({"idempotency-key": name} if name else {})
        answer = httpx.request(method, f"{self.address}{path}", json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer.json()

    def came(self, chart: str, facts: Mapping[str, Any], days_ago: int = 30, **more: Any) -> Any:
        """Record an earlier visit."""
        at = (NOW - timedelta(days=days_ago)).isoformat()
        body = {"chart_number": chart, "at": at, "facts": dict(facts), "memory_is_complete": True, **more}
        return self.call("POST", "/v1/identity/visits", body, f"earlier-{next(_NAMES)}")

    def visits(self) -> list[tuple[str, str, str]]:
        """Every visit of the institution: id, result, state."""
        from sqlalchemy import bindparam, select

        from donghaeng.ledger.statement import Statement
        from donghaeng.services.identity.schema import visits

        columns = (visits.c.visit, visits.c.result, visits.c.state)
        statement = Statement(select(*columns).where(visits.c.institution == bindparam("name")).order_by(visits.c.at))
        return [tuple(row) for row in self.live.ledger.store.query(statement, {"name": self.name})]


@contextmanager
def town(folder: Path, monkeypatch: Any) -> Iterator[Town]:
    """Serve the clinics."""
    settings = folder / "desk.yaml"
    settings.write_text(SETTINGS)
    monkeypatch.setenv(SETTINGS_VARIABLE, str(settings))
    live = opened(f"sqlite:///{folder / 'desk.db'}", Still())  # type: ignore[arg-type]
    packs = [load(PACK)]
    routers = live_routers(live, packs)
    app = create_app(packs, routers=routers, keys=live.keys, limits=Limits(rate=1e6, burst=10**6))
    with in_background(app) as address:
        yield Town(address, live)
    live.close()


class Clerk:
    """A clerk at the desk, who notes what the browser complains of and where it goes."""

    def __init__(self, browser: Any, clinic: Clinic, path: str = "/desk", **settings: Any) -> None:
        given = {"viewport": {"width": 1280, "height": 900}, "locale": "ko-KR", "timezone_id": "Asia/Seoul", **settings}
        self.context = browser.new_context(**given)
        self.page = self.context.new_page()
        self.page.clock.install(time=NOW)
        self.clinic = clinic
        self.complaints: list[str] = []
        self.asked: list[tuple[str, str, str | None]] = []
        self.page.on("console", lambda message: self.complaints.append(f"console: {message.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("request", lambda one: self.asked.append((one.method, one.url, one.post_data)))
        self.presses = 0
        self.page.goto(clinic.address + path)

    def sign_in(self) -> Clerk:
        """Enter the key of the desk."""
        self.page.fill("#key", self.clinic.key)
        self.page.press("#key", "Enter")
        self.page.wait_for_selector("#patient:visible")
        return self

    def scan(self, text: str) -> Clerk:
        """Scan a barcode: for the page no time passes between its characters, however slow this machine is."""
        self.page.clock.pause_at(datetime.fromtimestamp(self.page.evaluate("Date.now()") / 1000 + 0.5, UTC))
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")
        self.page.clock.resume()
        return self

    def patient(self, chart: str) -> Clerk:
        """Scan the card of a patient."""
        self.scan(PREFIX + chart)
        self.page.wait_for_selector("#stage h2")
        return self

    def press(self, *keys: str) -> Clerk:
        """Press keys, as a person does: one after the other."""
        for key in keys:
            self.page.keyboard.press(key)
            self.presses += 1
            self.page.wait_for_timeout(90)
        return self

    def result(self) -> str | None:
        """The result on the page."""
        self.page.wait_for_selector(".verdict")
        return self.page.get_attribute(".verdict", "data-result")

    def recorded(self) -> str:
        """The id of the visit that was recorded."""
        self.page.wait_for_selector(".known:has-text('기록했습니다'), .known:has-text('Recorded')")
        return str(self.page.inner_text(".known").split()[-1])

    def close(self) -> None:
        """Go home."""
        self.context.close()
