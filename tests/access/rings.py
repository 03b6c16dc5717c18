"""Keys on a new ledger, with a clock and a timer that are set by hand."""

from __future__ import annotations

from donghaeng.access.keys import Key
from donghaeng.api.live import Live, open_live
from tests.ledger.ledgers import MASTER_KEY, Clock, bytes_in_a_row

CHANCE = bytes_in_a_row()


class Timer:
    """Seconds that go on only when they are told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def opened(url: str, clock: Clock | None = None, timer: Timer | None = None) -> Live:
    """Open a ledger with keys at an address."""
    return open_live(url, MASTER_KEY, clock=clock or Clock(), chance=CHANCE, timer=timer or Timer())


def bearer(key: Key) -> dict[str, str]:
    """The header of a request with a key, and that of a JSON body."""
    return {"authorization": f"Bearer {key.text}", "content-type": "application/json"}
