"""Lists that gates hold: media that are denied, and the periods of media that cannot carry one.

A deny list says, of a medium, why it is refused, until when, and up to which charge: what was charged later is not
meant, so a medium that was refunded and charged again passes a gate whose list is a day old. A full list says the
periods of media that nothing can be written to, such as bank cards.

A list is whole, or a delta: what was added or changed since the list it is based on, and what was taken off. Both are
signed; a gate takes a list only if its number is higher than that of the one it holds, so an old one that is played
back changes nothing. All numbers are big-endian, media are sorted, and each column stands by itself.
"""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from donghaeng.errors import DonghaengError, UsageError
from donghaeng.services.passes.medium import SIGNATURE, VerifyKey, moment_of

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ListKind = Literal["deny", "full"]

#: Columns beside the number of the medium, with the types that they are written in.
COLUMNS: Mapping[ListKind, Mapping[str, str]] = {
    "deny": {"cause": "u1", "until": "u4", "charged_up_to": "u4"},
    "full": {"product": "u1", "category": "u1", "addons": "u2", "starts": "u4", "ends": "u4"},
}
#: Why a medium is denied, by number; new ones come last.
CAUSES = ("stopped", "blocked", "refunded", "lost", "stolen", "defective", "misuse", "replaced")
#: A medium is denied for ever, or whatever was charged onto it.
NO_END = 2**32 - 1

_MAGIC = b"DHGL"
_HEADER = struct.Struct(">4sBBBBIII8sII")
_LAYOUT = 1
_KINDS: tuple[ListKind, ...] = ("deny", "full")
_CODES = {"u1": "B", "u2": "H", "u4": "I"}
#: How far the clock of a gate may be behind the one that issued a list, in seconds.
CLOCKS_APART = 600

Columns = dict[str, NDArray[Any]]


class ListError(DonghaengError):
    """A list cannot be taken; the gate goes on with the one it has.

    Attributes:
        reason: ``unreadable``, ``unknown_key``, ``expired_key``, ``forged``, ``other_kind``, ``older``, ``gap`` or
            ``ahead``.
    """

    def __init__(self, reason: str, message: str) -> None:
        """Take the reason code and the message."""
        self.reason = reason
        super().__init__(message)


@dataclass(frozen=True, eq=False)
class MediaList:
    """A whole list.

    Attributes:
        kind: deny or full.
        number: grows with each list of its kind that is issued.
        rules: the version of the rules that a gate runs with it, 16 hexadecimal digits.
        issued: when, in seconds since the epoch of `medium`.
        media: numbers of media, sorted, shape (n,).
        columns: see `COLUMNS`; each of shape (n,).
    """

    kind: ListKind
    number: int
    rules: str
    issued: int
    media: NDArray[np.uint64]
    columns: Columns

    def __len__(self) -> int:
        """Count the media."""
        return len(self.media)

    @cached_property
    def sorted_media(self) -> array[int]:
        """The numbers as a gate searches them: five times as fast for one medium as an array of NumPy."""
        return array("Q", self.media.astype(np.uint64).tobytes())

    @cached_property
    def values(self) -> tuple[array[int], ...]:
        """The columns in the order of `COLUMNS`, as a gate reads them."""
        kinds = COLUMNS[self.kind]
        return tuple(array(_CODES[kind], self.columns[name].astype(kind).tobytes()) for name, kind in kinds.items())

    def find(self, medium: int) -> int:
        """Give the place of a medium, or -1."""
        media = self.sorted_media
        at = bisect_left(media, medium)
        return at if at < len(media) and media[at] == medium else -1

    def at(self, medium: int) -> dict[str, int] | None:
        """Give what the list says of a medium, by column; None if it is not on it."""
        place = self.find(medium)
        if place < 0:
            return None
        return {name: column[place] for name, column in zip(COLUMNS[self.kind], self.values, strict=True)}


def whole(
    kind: ListKind,
    number: int,
    rules: str,
    issued: int,
    media: Sequence[int] | NDArray[Any],
    columns: Mapping[str, Any],
) -> MediaList:
    """Make a list from columns in any order.

    Raises:
        UsageError: a medium stands twice, a column is missing, or a number does not fit.
    """
    numbers = np.asarray(media, dtype=np.uint64)
    order = np.argsort(numbers, kind="stable")
    numbers = numbers[order]
    if len(numbers) > 1 and bool((numbers[1:] == numbers[:-1]).any()):
        raise UsageError("a medium stands twice on a list; merge what is said of it")
    if number < 1 or len(bytes.fromhex(rules)) != 8:
        raise UsageError("a list has a number from 1 and rules of 16 hexadecimal digits")
    found: Columns = {}
    for name, code in COLUMNS[kind].items():
        if name not in columns:
            raise UsageError(f"a {kind} list needs the column {name}")
        given = np.asarray(columns[name])
        if len(given) != len(numbers):
            raise UsageError(f"the column {name} has {len(given)} values for {len(numbers)} media")
        if len(given) and (int(given.min()) < 0 or int(given.max()) > np.iinfo(code).max):
            raise UsageError(f"a value of the column {name} does not fit its {code[1]} bytes")
        found[name] = given.astype(code)[order]
    return MediaList(kind, number, rules, issued, numbers, found)


def empty(kind: ListKind, number: int = 1, rules: str = "0" * 16, issued: int = 0) -> MediaList:
    """Give a list without media."""
    return whole(kind, number, rules, issued, [], {name: [] for name in COLUMNS[kind]})


def merged(media: NDArray[Any], columns: Mapping[str, NDArray[Any]]) -> tuple[NDArray[Any], dict[str, NDArray[Any]]]:
    """Merge what is said of one medium for several reasons into the reason that holds longest.

    Args:
        media: numbers of media, shape (n,), with repetitions.
        columns: columns of a deny list, each of shape (n,).

    Returns:
        Numbers without repetitions, and their columns.
    """
    order = np.lexsort(
        (columns["cause"], -columns["charged_up_to"].astype(np.int64), -columns["until"].astype(np.int64), media)
    )
    media = media[order]
    first = np.ones(len(media), dtype=bool)
    first[1:] = media[1:] != media[:-1]
    return media[first], {name: column[order][first] for name, column in columns.items()}


def write_whole(media_list: MediaList, key_number: int, key: Ed25519PrivateKey) -> bytes:
    """Sign a whole list."""
    return _write(media_list, 0, media_list.media, media_list.columns, media_list.media[:0], key_number, key)


def write_delta(base: MediaList, new: MediaList, key_number: int, key: Ed25519PrivateKey) -> bytes:
    """Sign what a list adds to, changes in and takes off another.

    Raises:
        UsageError: the new list is not of the same kind, or not newer.
    """
    if base.kind != new.kind or new.number <= base.number:
        raise UsageError(f"list {new.number} does not follow list {base.number} of the same kind")
    places = np.searchsorted(base.media, new.media)
    inside = places < len(base.media)
    known = np.zeros(len(new.media), dtype=bool)
    known[inside] = base.media[places[inside]] == new.media[inside]
    same = known.copy()
    for name, column in new.columns.items():
        same[known] &= base.columns[name][places[known]] == column[known]
    removed = np.setdiff1d(base.media, new.media, assume_unique=True)
    columns = {name: column[~same] for name, column in new.columns.items()}
    return _write(new, base.number, new.media[~same], columns, removed, key_number, key)


def _write(
    head: MediaList,
    base: int,
    media: NDArray[Any],
    columns: Columns,
    removed: NDArray[Any],
    key_number: int,
    key: Ed25519PrivateKey,
) -> bytes:
    header = _HEADER.pack(
        _MAGIC,
        _LAYOUT,
        _KINDS.index(head.kind),
        key_number,
        0,
        head.number,
        base,
        head.issued,
        bytes.fromhex(head.rules),
        len(media),
        len(removed),
    )
    parts = [header, media.astype(">u8").tobytes()]
    parts += [columns[name].astype(f">{code}").tobytes() for name, code in COLUMNS[head.kind].items()]
    parts.append(removed.astype(">u8").tobytes())
    content = b"".join(parts)
    return content + key.sign(content)


@dataclass(frozen=True, eq=False)
class ReadList:
    """A list as it came, checked.

    Attributes:
        base: number of the list that it changes; 0 for a whole one.
        content: what it says of media, with its own number, rules and time.
        removed: media that are taken off, shape (m,).
    """

    base: int
    content: MediaList
    removed: NDArray[np.uint64]


def read_list(data: bytes, keys: Mapping[int, VerifyKey], now: int) -> ReadList:
    """Read a list and check who signed it.

    Args:
        data: the bytes.
        keys: trusted keys by number.
        now: seconds since the epoch of `medium`.

    Raises:
        ListError: ``unreadable``, ``unknown_key``, ``expired_key``, ``forged`` or ``ahead``.
    """
    from cryptography.exceptions import InvalidSignature

    if len(data) < _HEADER.size + SIGNATURE or data[:4] != _MAGIC or data[4] != _LAYOUT or data[5] >= len(_KINDS):
        raise ListError("unreadable", "the file is no list of this layout; fetch it again")
    _, _, kind_number, key_number, _, number, base, issued, rules, count, gone = _HEADER.unpack_from(data)
    trusted = keys.get(key_number)
    if trusted is None:
        raise ListError("unknown_key", f"the list was signed with key {key_number}, which this gate does not know")
    if now >= trusted.until:
        raise ListError("expired_key", f"the list was signed with key {key_number}, which is not trusted any more")
    try:
        trusted.key.verify(data[-SIGNATURE:], data[:-SIGNATURE])
    except InvalidSignature:
        raise ListError("forged", "the signature of the list is not that of its content") from None
    if issued > now + CLOCKS_APART:
        raise ListError("ahead", f"the list was issued at {moment_of(issued)}, later than the clock of this gate says")
    kind = _KINDS[kind_number]
    widths = {name: int(code[1]) for name, code in COLUMNS[kind].items()}
    if len(data) != _HEADER.size + count * (8 + sum(widths.values())) + gone * 8 + SIGNATURE:
        raise ListError("unreadable", "the list is longer or shorter than it says; fetch it again")
    at = _HEADER.size
    media = np.frombuffer(data, ">u8", count, at).astype(np.uint64)
    at += 8 * count
    columns: Columns = {}
    for name, code in COLUMNS[kind].items():
        columns[name] = np.frombuffer(data, f">{code}", count, at).astype(code)
        at += widths[name] * count
    removed = np.frombuffer(data, ">u8", gone, at).astype(np.uint64)
    return ReadList(base, MediaList(kind, number, rules.hex(), issued, media, columns), removed)


def take(held: MediaList | None, data: bytes, keys: Mapping[int, VerifyKey], now: int) -> MediaList:
    """Give the list that a gate runs after it got another one.

    Args:
        held: the list that it runs; None for none.
        data: what it got.
        keys: trusted keys by number.
        now: seconds since the epoch of `medium`.

    Raises:
        ListError: as `read_list`, and ``other_kind``, ``older`` (it holds that one or a newer one) or ``gap`` (a delta
            to a list that it does not hold). The gate goes on with the list it has.
    """
    found = read_list(data, keys, now)
    new = found.content
    if held is not None and new.kind != held.kind:
        raise ListError("other_kind", f"a {new.kind} list came where a {held.kind} list is held")
    if held is not None and new.number <= held.number:
        raise ListError("older", f"list {new.number} came, and list {held.number} is held; nothing was changed")
    if not found.base:
        return new
    if held is None or held.number != found.base:
        has = "none" if held is None else str(held.number)
        raise ListError("gap", f"list {new.number} changes list {found.base}, and {has} is held; fetch the whole list")
    gone = np.concatenate([found.removed, new.media])
    kept = ~np.isin(held.media, gone)
    media = np.concatenate([held.media[kept], new.media])
    columns = {name: np.concatenate([held.columns[name][kept], column]) for name, column in new.columns.items()}
    return whole(new.kind, new.number, new.rules, new.issued, media, columns)


def age(held: MediaList, now: int) -> int:
    """Give the age of a list in seconds; 0 for one from the future."""
    return max(0, now - held.issued)


def issued_at(held: MediaList) -> datetime:
    """Give when a list was issued, UTC."""
    return moment_of(held.issued)
