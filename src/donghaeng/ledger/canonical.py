"""One text for one value, and the hashes over it.

The canonical JSON of a value: UTF-8, no spaces, keys of objects in order of their code points, only the escapes that
JSON demands. There are no floating numbers in it: numbers are integers, and a `Decimal` is a text. Times are texts in
ISO 8601 with their zone.

The content of an entry is what the writer knows; its hash is SHA-256 over a prefix and the canonical JSON list of

    stream, kind, kind_version, effective_at, idempotency_key, body, decision_id, corrects

The hash of an entry is SHA-256 over a prefix and what the ledger adds, each of fixed length:

    previous hash (32 bytes) | position (8 bytes, big end first) | recorded_at (27 bytes) | hash of the content

so that a store can compute it without knowing JSON. The first entry of a stream follows 32 zero bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

CONTENT_PREFIX = b"donghaeng entry content 1\n"
ENTRY_PREFIX = b"donghaeng entry 1\n"
#: What the first entry of a stream follows.
NOTHING_BEFORE = bytes(32)

_encode_list = msgspec.json.Encoder().encode
_encode = msgspec.json.Encoder(order="sorted", decimal_format="string").encode


class Content(NamedTuple):
    """What the writer of an entry knows; see `donghaeng.ledger.entry.Entry` for the fields."""

    stream: str
    kind: str
    kind_version: int
    effective_at: str
    idempotency_key: str
    body: str
    decision_id: str | None
    corrects: int | None


def canonical_json(value: Any) -> str:
    """Give the one JSON text of a value.

    Args:
        value: mappings with text keys, sequences, texts, integers, truth values, None, `Decimal`, dates and times.

    Raises:
        ValueError: the value holds something else, such as a float, or a time without zone.

    >>> from decimal import Decimal
    >>> canonical_json({"b": Decimal("1.20"), "a": [1, None, "가"]})
    '{"a":[1,null,"가"],"b":"1.20"}'
    """
    _refuse_ambiguous(value)
    return encoded(value)


def encoded(value: Any) -> str:
    """Give the canonical JSON of a value that is known to hold neither floats nor times without zone."""
    try:
        return _encode(value).decode()
    except (TypeError, UnicodeEncodeError, msgspec.MsgspecError) as error:
        raise ValueError(f"not a value for canonical JSON: {error}") from None


def _refuse_ambiguous(value: Any) -> None:
    if isinstance(value, float):
        raise ValueError("a float has no one text; use an integer or a Decimal")
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError("a time without zone is no moment; give its zone")
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise ValueError("a key that is no text; use texts")
            _refuse_ambiguous(inner)
    elif isinstance(value, Sequence | set | frozenset) and not isinstance(value, str | bytes):
        for inner in value:
            _refuse_ambiguous(inner)


def moment(time: datetime) -> str:
    """Write a time in UTC with microseconds; the order of these texts is the order of time.

    Raises:
        ValueError: the time has no zone.

    >>> moment(datetime.fromisoformat("2024-05-20T09:00:00+09:00"))
    '2024-05-20T00:00:00.000000Z'
    """
    if time.tzinfo is None:
        raise ValueError("a time without zone is no moment; give its zone")
    # isoformat leaves out microseconds that are zero, and strftime does not fill the year before 1000.
    return f"{time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def content_hash(content: Content) -> bytes:
    """Hash what the writer of an entry knows; two requests with one hash are one request."""
    return sha256(CONTENT_PREFIX + _encode_list(content)).digest()


def entry_hash(previous: bytes, position: int, recorded_at: str, content: bytes) -> bytes:
    """Hash an entry from the hash of its content and what the ledger adds."""
    return sha256(ENTRY_PREFIX + previous + position.to_bytes(8, "big") + recorded_at.encode() + content).digest()
