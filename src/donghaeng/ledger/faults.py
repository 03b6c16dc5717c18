"""What can go wrong in the ledger.

The family, below `DonghaengError`::

    LedgerError
    ├── RefusedError         an entry is not fit to be recorded
    │   ├── UnknownKindError     its kind, or version of a kind, is not registered
    │   └── BodyError            its body does not fit its kind, or names a person
    ├── ConflictError        an entry does not fit what is recorded
    │   ├── PositionError        its stream has moved on; read it again, decide anew, append again
    │   └── KeyReusedError       its idempotency key was used for something else
    ├── ErasedError          the person, or the key of the facts, is no more
    └── StoreError           the store failed; nothing was acknowledged, so the same call may be made again
        ├── UnavailableError     it cannot be reached, or is full
        └── DamagedError         what it gives back is not a ledger of this version
"""

from __future__ import annotations

from donghaeng.errors import DonghaengError


class LedgerError(DonghaengError):
    """Base of everything the ledger raises on purpose."""


class RefusedError(LedgerError):
    """An entry is not fit to be recorded."""


class UnknownKindError(RefusedError):
    """The kind of an entry, or this version of it, is not registered."""


class BodyError(RefusedError):
    """The body of an entry does not fit its kind, or holds what must not be in a ledger."""


class ConflictError(LedgerError):
    """An entry does not fit what is recorded already."""


class PositionError(ConflictError):
    """A stream is not at the position that was expected.

    Attributes:
        stream: the stream.
        expected: the position that was expected.
        actual: where the stream stands.
    """

    def __init__(self, stream: str, expected: int, actual: int) -> None:
        """Take the stream and both positions."""
        self.stream, self.expected, self.actual = stream, expected, actual
        super().__init__(
            f"stream {stream} is at {actual}, expected {expected}; read it again, decide anew and append again"
        )


class KeyReusedError(ConflictError):
    """An idempotency key was used before, for another content.

    Attributes:
        key: the key.
    """

    def __init__(self, key: str) -> None:
        """Take the key."""
        self.key = key
        super().__init__(f"idempotency key {key} stands for another entry; use a new key for a new entry")


class ErasedError(LedgerError):
    """A person was erased, or the key of the facts about one was destroyed."""


class StoreError(LedgerError):
    """The store failed; nothing was acknowledged."""


class UnavailableError(StoreError):
    """The store cannot be reached, is locked for too long, or is full; the same call may be made again."""


class DamagedError(StoreError):
    """The store does not hold a ledger of this version, or is damaged."""
