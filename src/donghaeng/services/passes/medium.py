"""What a medium carries: its period, signed when it was charged, so that a gate can decide without asking anybody.

A medium has one or more slots of `SLOT` bytes, the newest charge in one of them. All numbers are big-endian:

===== ====== ==========================================================
bytes at     what
===== ====== ==========================================================
1     0      version of this layout, 1
1     1      number of the key that signed it
8     2      number of the medium; a slot copied to another medium fails
1     10     product, a code of the pack's code book
1     11     category of the rider, likewise
2     12     add-ons, one bit each
4     14     first second of the period, since `EPOCH`
4     18     first second after it
4     22     when it was charged
64    26     Ed25519 signature (RFC 8032) over bytes 0 to 25
===== ====== ==========================================================

A public-key signature, not a message authentication code: a gate then holds nothing with which a medium could be
forged, so that one stolen gate harms nobody. `benchmarks/passes` measures what that costs at a gate.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from donghaeng.errors import DonghaengError, UsageError, listed, nearest

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
VERSION = 1
_SIGNED = struct.Struct(">BBQBBHIII")
SIGNATURE = 64
#: Bytes of one slot.
SLOT = _SIGNED.size + SIGNATURE
_LAST_SECOND = 2**32 - 1
MOST_ADDONS = 16


class MediumError(DonghaengError):
    """A medium cannot be accepted.

    Attributes:
        reason: why, as a reason code of a gate.
    """

    def __init__(self, reason: str, message: str) -> None:
        """Take the reason code and the message."""
        self.reason = reason
        super().__init__(message)


def medium_number(medium: str) -> int:
    """Give the number by which gates, lists and taps know a medium: 63 bits of the SHA-256 of its id.

    Two of two million media share a number with a chance of 2 in 10 million; issuing refuses the second one.

    >>> medium_number("abc")
    6718257250126850037
    """
    return int.from_bytes(hashlib.sha256(medium.encode()).digest()[:8], "big") >> 1


def seconds(moment: datetime) -> int:
    """Give a moment in whole seconds since `EPOCH`, cut to what four bytes hold.

    >>> seconds(datetime(2020, 1, 2, tzinfo=UTC))
    86400
    """
    return min(max((moment - EPOCH) // timedelta(seconds=1), 0), _LAST_SECOND)


def moment_of(count: int) -> datetime:
    """Give the moment, in UTC, of a count of seconds since `EPOCH`."""
    return EPOCH + timedelta(seconds=count)


class Carried(NamedTuple):
    """One slot of a medium.

    Attributes:
        key: number of the key that signed it.
        medium: number of the medium.
        product: code of the product in the code book.
        category: code of the rider's category.
        addons: bits of the add-ons.
        starts: first second of the period, since `EPOCH`.
        ends: first second after the period.
        charged: when it was charged.
    """

    key: int
    medium: int
    product: int
    category: int
    addons: int
    starts: int
    ends: int
    charged: int


@dataclass(frozen=True)
class CodeBook:
    """What the small numbers on media and lists stand for; a name keeps its number for ever, new ones come last.

    Attributes:
        products: products by number from 0.
        categories: categories by number from 0.
        addons: add-ons by bit from 0.
    """

    products: tuple[str, ...]
    categories: tuple[str, ...]
    addons: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what does not fit the bytes of a medium, or names something twice."""
        most = {"products": 256, "categories": 256, "addons": MOST_ADDONS}
        for what, names in (("products", self.products), ("categories", self.categories), ("addons", self.addons)):
            if len(names) > most[what]:
                raise UsageError(f"a code book holds at most {most[what]} {what}; it has {len(names)}")
            if len(set(names)) < len(names):
                raise UsageError(f"a code book names one of its {what} twice; leave each once, in its first place")

    def product(self, name: str) -> int:
        """Give the number of a product; raises `UsageError` where it has none."""
        return _place(name, self._product_numbers, "product")

    def category(self, name: str) -> int:
        """Give the number of a category; raises `UsageError` where it has none."""
        return _place(name, self._category_numbers, "category")

    def bits(self, addons: Sequence[str]) -> int:
        """Give the bits of add-ons; raises `UsageError` where one has none."""
        return sum(1 << _place(name, self._addon_numbers, "add-on") for name in set(addons))

    def names(self, bits: int) -> tuple[str, ...]:
        """Give the add-ons of bits, in the order of the book; bits beyond the book are left out."""
        return tuple(name for number, name in enumerate(self.addons) if bits >> number & 1)

    @cached_property
    def _product_numbers(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.products)}

    @cached_property
    def _category_numbers(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.categories)}

    @cached_property
    def _addon_numbers(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.addons)}


def _place(name: str, numbers: Mapping[str, int], what: str) -> int:
    found = numbers.get(name)
    if found is None:
        hint = nearest(name, numbers)
        raise UsageError(f"the code book has no {what} {name}; it has {listed(numbers)}{'; ' + hint if hint else ''}")
    return found


def write_slot(carried: Carried, key: Ed25519PrivateKey) -> bytes:
    """Sign what a medium is to carry.

    Args:
        carried: the period.
        key: the private key of the number in `carried.key`; it stays where charging is, never in a gate.

    Returns:
        `SLOT` bytes.

    Raises:
        UsageError: a number does not fit its bytes, or the period ends before it starts.
    """
    if carried.ends <= carried.starts:
        raise UsageError("a period ends after it starts; look at the days it was made from")
    try:
        signed = _SIGNED.pack(VERSION, *carried)
    except struct.error as error:
        raise UsageError(f"a medium cannot carry {carried}: {error}") from None
    return signed + key.sign(signed)


@dataclass(frozen=True)
class VerifyKey:
    """A key that gates trust.

    Attributes:
        key: the public key.
        until: first second, since `EPOCH`, at which it is not trusted any more.
    """

    key: Ed25519PublicKey
    until: int = _LAST_SECOND


def read_slot(data: bytes) -> Carried:
    """Read a slot without checking who signed it.

    Raises:
        MediumError: it is no slot of this layout (``unreadable``).
    """
    if len(data) != SLOT or data[0] != VERSION:
        raise MediumError(
            "unreadable", f"{len(data)} bytes that are no slot of layout {VERSION}; read the medium again"
        )
    return Carried._make(_SIGNED.unpack_from(data)[1:])


def check_slot(data: bytes, medium: int, keys: Mapping[int, VerifyKey], now: int) -> Carried:
    """Read a slot of a medium and check that it was signed for it.

    Args:
        data: the bytes of the slot.
        medium: number of the medium that holds them, from the id that its chip has proved.
        keys: trusted keys by number.
        now: seconds since `EPOCH`.

    Raises:
        MediumError: ``unreadable``, ``copied`` (signed for another medium), ``unknown_key``, ``expired_key`` or
            ``forged``.
    """
    from cryptography.exceptions import InvalidSignature

    carried = read_slot(data)
    if carried.medium != medium:
        raise MediumError("copied", "the slot was signed for another medium")
    trusted = keys.get(carried.key)
    if trusted is None:
        raise MediumError("unknown_key", f"the slot was signed with key {carried.key}, which this gate does not know")
    if now >= trusted.until:
        raise MediumError("expired_key", f"the slot was signed with key {carried.key}, which is not trusted any more")
    try:
        trusted.key.verify(data[-SIGNATURE:], data[:-SIGNATURE])
    except InvalidSignature:
        raise MediumError("forged", "the signature of the slot is not that of its content") from None
    return carried


def slots(data: bytes) -> tuple[bytes, ...]:
    """Cut what a medium holds into its slots; empty ones, all zero, are left out.

    Raises:
        MediumError: it is not a whole number of slots (``unreadable``).
    """
    if not data or len(data) % SLOT:
        raise MediumError("unreadable", f"{len(data)} bytes are not a whole number of slots of {SLOT}")
    parts = (data[at : at + SLOT] for at in range(0, len(data), SLOT))
    return tuple(part for part in parts if any(part))


def replace_slot(data: bytes, new: bytes, now: int, count: int = 2) -> bytes:
    """Put a newly signed slot onto a medium, in place of one that is over, or else of the one charged longest ago.

    Args:
        data: what the medium holds, possibly nothing.
        new: the new slot.
        now: seconds since `EPOCH`.
        count: slots that fit on the medium; with two, a recharge before the end keeps the running period.

    Raises:
        MediumError: what it holds is unreadable.
    """
    kept = [] if not data else [part for part in slots(data) if part != new]
    running = sorted(kept, key=lambda part: (read_slot(part).ends <= now, -read_slot(part).charged))
    filled = [*running[: count - 1], new]
    return b"".join(filled).ljust(count * SLOT, b"\0")
