"""What the pass service says no to: each no has a code, and says what to do."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from donghaeng.errors import DonghaengError

#: Status of the answer over HTTP, by code; the documentation lists the codes.
STATUS: Mapping[str, int] = MappingProxyType(
    {
        # What was asked for is not there.
        **dict.fromkeys(
            ("unknown-card", "unknown-order", "unknown-period", "unknown-refund", "unknown-claim", "unknown-agent"), 404
        ),
        **dict.fromkeys(("unknown-payment", "unknown-block"), 404),
        # The request has a fault.
        **dict.fromkeys(
            (
                *("unknown-code", "amount-out-of-range", "time-out-of-range", "start-out-of-window", "not-prepaid"),
                *("not-postpaid", "missing-facts", "empty", "fact", "identifier-of-a-person"),
            ),
            422,
        ),
        # The state does not allow it.
        **dict.fromkeys(
            (
                *("not-sold", "channel-refused", "rule-unknown", "setting-needed", "card-closed", "card-registered"),
                *("card-not-registered", "medium-denied", "not-eligible", "discount-held", "too-early", "refund-first"),
                *("period-running", "order-paid", "order-closed", "not-refundable", "stop-first", "refund-asked"),
                *("refund-paid", "same-key", "range-exceeded", "claim-decided", "out-of-stock", "agent-closed"),
                *("key-reused", "payment-settled", "nothing-to-pay", "block-lifted", "wrong-medium", "busy"),
                *("agent-known", "not-open", "over-remitted"),
            ),
            409,
        ),
    }
)


class PassRefusedError(DonghaengError):
    """A request that the service refuses; nothing was changed.

    Attributes:
        code: a word for programs, one of `STATUS`.
        details: plain values that help to act on it, such as a day.
    """

    def __init__(self, code: str, text: str, **details: Any) -> None:
        """Take the code, a sentence with what to do, and plain values."""
        if code not in STATUS:
            raise ValueError(f"no refusal has the code {code}")
        self.code, self.text, self.details = code, text, details
        super().__init__(f"{code}: {text}")

    @property
    def status(self) -> int:
        """Status of the answer over HTTP."""
        return STATUS[self.code]
