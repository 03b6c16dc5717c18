"""A booth that sells passes with the real service behind it, and a seller in a real browser."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from donghaeng import load
from donghaeng.api.app import create_app
from donghaeng.api.counter.mount import SETTINGS_VARIABLE
from donghaeng.api.limits import Limits
from donghaeng.api.live import Live, live_routers
from donghaeng.api.serve import in_background
from tests.access.rings import opened
from tests.desk.clinic import NOW, Clerk, Still

PACK = "seoul/climate-card"
PREFIX = "PC-"
AGENT = "kiosk-7"
SETTINGS = f"""organisations:
  line-9:
    card_prefix: "{PREFIX}"
    channel: station_machine
    payment: cash
    facts: {{line: line_9}}
    agent: {AGENT}
    idle_seconds: 120
"""
#: What a machine sells without asking for anything beside.
APP = {"channel": "mobile_app", "payment": "bank_transfer"}

_NAMES = itertools.count(1)


@dataclass
class Booth:
    """An app that sells passes; `address` and `key` are what a seller in a browser needs."""

    address: str
    live: Live
    clock: Still
    key: str = ""
    other: str = ""
    #: Told by the machines of the operator, beside the counter.
    machine: str = field(default="", repr=False)

    def new_key(self, *scopes: str, organisation: str = "line-9") -> str:
        """Make a key."""
        key, _ = self.live.keys.create(organisation, [f"passes:{one}" for one in scopes])
        return key.text

    def call(self, method: str, path: str, body: Any = None, key: str = "") -> Any:
        """Ask the service directly."""
        headers = {"authorization": f"Bearer {key or self.machine}", "idempotency-key": f"direct-{next(_NAMES)}"}
        answer = httpx.request(method, f"{self.address}/v1/passes{path}", json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer.json()

    def card(self, medium: str = "mobile") -> str:
        """Give out a card."""
        return str(self.call("POST", "/cards", {"medium": medium, "channel": "mobile_app"})["card"])

    def charged(self, card: str, days_ago: int = 0, product: str = "d30_transit") -> str:
        """Charge a card, so many days ago."""
        self.clock.time = self.clock.time - timedelta(days=days_ago)
        try:
            order = self.call("POST", "/orders", {"card": card, "product": product, **APP})["order"]
            told = {"payment": f"paid-{order['order']}", "order": order["order"], "amount": order["amount"]}
            assert self.call("POST", "/payments", told)["disposition"] == "charged"
        finally:
            self.clock.time = self.clock.time + timedelta(days=days_ago)
        return str(order["order"])

    def periods(self, card: str) -> list[Any]:
        """The periods of a card."""
        found: list[Any] = self.call("GET", f"/cards/{card}")["periods"]
        return found


@contextmanager
def booth(folder: Path, monkeypatch: Any, pack: str | Path = PACK, settings: str = SETTINGS) -> Iterator[Booth]:
    """Open a booth."""
    file = folder / "counter.yaml"
    file.write_text(settings)
    monkeypatch.setenv(SETTINGS_VARIABLE, str(file))
    clock = Still()
    live = opened(f"sqlite:///{folder / 'passes.db'}", clock)  # type: ignore[arg-type]
    packs = [load(pack)]
    app = create_app(packs, routers=live_routers(live, packs), keys=live.keys, limits=Limits(rate=1e6, burst=10**6))
    monkeypatch.delenv(SETTINGS_VARIABLE, raising=False)
    with in_background(app) as address:
        found = Booth(address, live, clock)
        found.key, found.other = found.new_key("seller", "desk"), found.new_key("desk")
        found.machine = found.new_key("seller", "desk", "operator", organisation="machines")
        yield found
    live.close()


class Seller(Clerk):
    """A seller at the booth."""

    def __init__(self, browser: Any, booth: Booth, path: str = "/counter", **settings: Any) -> None:
        super().__init__(browser, booth, path, **settings)  # type: ignore[arg-type]

    def sign_in(self, key: str = "") -> Seller:
        """Enter the key of the counter."""
        self.page.fill("#key", key or self.clinic.key)
        self.page.press("#key", "Enter")
        self.page.wait_for_selector("#find-card:visible, #pay:visible")
        return self

    def card(self, number: str) -> Seller:
        """Scan a card, and wait for what it may do."""
        self.scan(PREFIX + number)
        self.page.wait_for_selector("#card-stage .verdict")
        return self

    def shown(self, selector: str) -> str:
        """Wait for something and read it."""
        self.page.wait_for_selector(selector)
        return str(self.page.inner_text(selector))


def day(text: str) -> datetime:
    """A morning in Seoul."""
    return datetime.fromisoformat(f"{text}T10:00:00+09:00")


__all__ = ["NOW", "Booth", "Seller", "booth", "day"]
