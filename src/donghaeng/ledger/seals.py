"""Seals: a signed root over all entries, to be held by others, and proofs against it.

A seal says: on this day the ledger had so many entries, and this root stands for all of them in their order. Who holds
one can check later that no entry under it was altered, removed, inserted or moved, however thoroughly the database was
rewritten. A seal also carries prints, the first four bytes of the hash of each entry. They prove nothing; they show
where to look when the root does not agree.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import bindparam, func, insert, select

from donghaeng.errors import InputError
from donghaeng.ledger.canonical import canonical_json
from donghaeng.ledger.entry import Entry
from donghaeng.ledger.faults import DamagedError, RefusedError
from donghaeng.ledger.merkle import (
    Frontier,
    consistency_proof,
    inclusion_proof,
    is_included,
    left_size,
    node_hash,
)
from donghaeng.ledger.schema import entries, seals, tree_nodes
from donghaeng.ledger.statement import Statement, Transaction
from donghaeng.ledger.store import LAST_SEQUENCE, Store

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

FORMAT = "donghaeng seal 1"
PROOF_FORMAT = "donghaeng proof 1"
PRINT_LENGTH = 4
#: Subtrees over this many entries (a power of two) and more are kept; smaller ones are computed from their entries.
BLOCK_LEVEL = 8
BLOCK = 1 << BLOCK_LEVEL

_HASHES = Statement(
    select(entries.c.sequence, entries.c.hash)
    .where(entries.c.sequence > bindparam("after"), entries.c.sequence <= bindparam("last"))
    .order_by(entries.c.sequence)
)
_LAST_SEAL = Statement(
    select(seals.c.size, seals.c.last_sequence, seals.c.frontier, seals.c.seal).order_by(seals.c.size.desc()).limit(1)
)
_ALL_SEALS = Statement(select(seals.c.seal).order_by(seals.c.size))
_SEAL = Statement(select(seals.c.size).where(seals.c.size == bindparam("size")))
_ADD_SEAL = Statement(insert(seals))
_ADD_NODE = Statement(insert(tree_nodes))
_COUNT_BLOCKS = Statement(select(func.count()).where(tree_nodes.c.level == BLOCK_LEVEL))
_CLEAR_NODES = Statement(tree_nodes.delete())
_NODE = Statement(
    select(tree_nodes.c.hash, tree_nodes.c.last_sequence).where(
        tree_nodes.c.level == bindparam("level"), tree_nodes.c.number == bindparam("number")
    )
)
_BLOCKS_BEFORE = Statement(
    select(func.count(), func.max(tree_nodes.c.last_sequence)).where(
        tree_nodes.c.level == BLOCK_LEVEL, tree_nodes.c.last_sequence < bindparam("sequence")
    )
)
_COUNT_BETWEEN = Statement(
    select(func.count()).where(entries.c.sequence > bindparam("after"), entries.c.sequence < bindparam("sequence"))
)
_ENTRY = Statement(
    select(entries).where(entries.c.stream == bindparam("stream"), entries.c.position == bindparam("position"))
)


@dataclass(frozen=True, kw_only=True)
class Seal:
    """A signed root.

    Attributes:
        size: number of entries under it.
        last_sequence: `sequence` of the last of them, 0 if there is none.
        root: Merkle root over the hashes of all of them in order of `sequence`, hexadecimal.
        sealed_at: when, UTC.
        previous_size: size of the seal before it, 0 for the first.
        previous_root: its root; empty for the first.
        public_key: the Ed25519 key that it was signed with, hexadecimal; trust the one you hold, not this one.
        signature: over the canonical JSON of all of this, hexadecimal.
        prints_from: number of the entry, from 0, at which the prints start.
        prints: first four bytes of the hash of each entry from there on; not signed.
    """

    size: int
    last_sequence: int
    root: str
    sealed_at: str
    previous_size: int
    previous_root: str
    public_key: str
    signature: str
    prints_from: int = 0
    prints: bytes = b""

    @property
    def signed(self) -> bytes:
        """What the signature is over."""
        names = ("size", "last_sequence", "root", "sealed_at", "previous_size", "previous_root", "public_key")
        return canonical_json({"format": FORMAT} | {name: getattr(self, name) for name in names}).encode()

    def text(self) -> str:
        """Give the seal as it is written to a file."""
        plain = msgspec.json.decode(self.signed) | {"signature": self.signature, "prints_from": self.prints_from}
        return canonical_json(plain | {"prints": base64.b64encode(self.prints).decode()}) + "\n"

    def is_signed_by(self, key: Ed25519PublicKey) -> bool:
        """Say whether a key signed it."""
        from cryptography.exceptions import InvalidSignature

        try:
            key.verify(bytes.fromhex(self.signature), self.signed)
        except (InvalidSignature, ValueError):
            return False
        return True


def read_seal(text: str, label: str) -> Seal:
    """Read a seal from the text of its file.

    Args:
        text: the text.
        label: how a fault names the file.

    Raises:
        InputError: it is no seal.
    """
    try:
        plain = msgspec.json.decode(text)
        if plain.pop("format") != FORMAT:
            raise ValueError
        prints = base64.b64decode(plain.pop("prints", ""), validate=True)
        seal = Seal(**plain, prints=prints)
        numbers = (seal.size, seal.last_sequence, seal.previous_size, seal.prints_from)
        texts = (seal.root, seal.sealed_at, seal.previous_root, seal.public_key, seal.signature)
        sound = (
            all(type(number) is int and number >= 0 for number in numbers)
            and all(isinstance(text_, str) for text_ in texts)
            and re.fullmatch("[0-9a-f]{64}", seal.root)
            and len(prints) in {0, PRINT_LENGTH * (seal.size - seal.prints_from)}
        )
        if not sound:
            raise ValueError
    except (msgspec.MsgspecError, binascii.Error, KeyError, TypeError, ValueError, AttributeError):
        raise InputError(
            f'{label}: not a seal; expected a file of `donghaeng ledger seal`, format "{FORMAT}"'
        ) from None
    return seal


def seal(store: Store, key: Ed25519PrivateKey, sealed_at: str, *, since_last: bool = False) -> Seal:
    """Seal all entries that are recorded, and keep the seal.

    Args:
        store: the store.
        key: signs it.
        sealed_at: the time now, UTC.
        since_last: go on from the last seal, if this key signed it, instead of reading every entry again; prints are
            then only of the entries since.

    Returns:
        The seal; where nothing was recorded since the last one, a new one over the same root.

    Raises:
        DamagedError: the entries under the last seal are no longer those that were sealed.
    """
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = key.public_key()
    # Alone for a moment: afterwards every entry up to this number can be seen, and none can come in between.
    last = store.write(lambda transaction: transaction.execute(LAST_SEQUENCE)[0][0] or 0, alone=True)
    before = _last_seal(store)
    tree, after, from_start = Frontier(), 0, True
    if before is not None and since_last:
        earlier, frontier = before
        kept = next(store.query(_COUNT_BLOCKS))[0] == earlier.size >> BLOCK_LEVEL
        if kept and earlier.is_signed_by(public) and frontier.root().hex() == earlier.root:
            tree, after, from_start = frontier, earlier.last_sequence, False
    prints_from = tree.size
    prints = bytearray()
    nodes: list[dict[str, Any]] = []
    fresh: list[tuple[int, int, bytes]] = []

    def completed(level: int, number: int, node: bytes) -> None:
        if level >= BLOCK_LEVEL:
            fresh.append((level, number, node))

    root_then = None
    last_sequence = after
    for sequence, own in store.query(_HASHES, {"after": after, "last": last}):
        tree.push(own, completed)
        while fresh:
            level, number, node = fresh.pop()
            nodes.append({"level": level, "number": number, "last_sequence": sequence, "hash": node})
        prints += own[:PRINT_LENGTH]
        last_sequence = sequence
        if before is not None and tree.size == before[0].size:
            root_then = tree.root().hex()
    if before is not None and from_start and before[0].size and root_then != before[0].root:
        raise DamagedError(
            "the entries are no longer those under the last seal; run `donghaeng ledger verify` with the seal that is "
            "held outside"
        )
    unsigned = Seal(
        size=tree.size,
        last_sequence=last_sequence,
        root=tree.root().hex(),
        sealed_at=sealed_at,
        previous_size=before[0].size if before else 0,
        previous_root=before[0].root if before else "",
        public_key=public.public_bytes(Encoding.Raw, PublicFormat.Raw).hex(),
        signature="",
        prints_from=prints_from,
        prints=bytes(prints),
    )
    signed = Seal(**{**_fields(unsigned), "signature": key.sign(unsigned.signed).hex()})

    def keep(transaction: Transaction) -> None:
        if transaction.execute(_SEAL, {"size": signed.size}):
            return  # nothing new, or somebody else has just sealed the same
        if from_start:
            transaction.execute(_CLEAR_NODES)
        for node in nodes:
            transaction.execute(_ADD_NODE, node)
        transaction.execute(
            _ADD_SEAL,
            {
                "size": signed.size,
                "last_sequence": signed.last_sequence,
                "frontier": canonical_json([node.hex() for node in tree.nodes]),
                "seal": Seal(**{**_fields(signed), "prints": b"", "prints_from": signed.size}).text(),
            },
        )

    store.write(keep, alone=True)
    return signed


def _fields(seal_: Seal) -> dict[str, Any]:
    return {name: getattr(seal_, name) for name in Seal.__dataclass_fields__}


def _last_seal(store: Store) -> tuple[Seal, Frontier] | None:
    row = next(iter(list(store.query(_LAST_SEAL))), None)
    if row is None:
        return None
    size, _, frontier, text = row
    nodes = [bytes.fromhex(node) for node in msgspec.json.decode(frontier)]
    return read_seal(text, "the last seal in the database"), Frontier(size, nodes)


def stored_seals(store: Store) -> Iterator[Seal]:
    """Give the seals that the database keeps, without prints, the smallest first."""
    for (text,) in store.query(_ALL_SEALS):
        yield read_seal(text, "a seal in the database")


@dataclass(frozen=True, kw_only=True)
class InclusionProof:
    """What shows, with a seal, that an entry is in the ledger.

    Attributes:
        entry: the entry.
        index: its number among all entries, from 0.
        size: size of the seal.
        root: root of the seal, hexadecimal.
        path: hashes beside the way from the entry to the root, the lowest first; hexadecimal.
    """

    entry: Entry
    index: int
    size: int
    root: str
    path: tuple[str, ...]

    def holds(self, seal_: Seal) -> bool:
        """Say whether it shows that the entry, with just these fields, is under a seal."""
        return (
            self.entry.recomputed_hash() == self.entry.hash
            and self.size == seal_.size
            and is_included(
                self.entry.hash,
                self.index,
                seal_.size,
                [bytes.fromhex(node) for node in self.path],
                bytes.fromhex(seal_.root),
            )
        )

    def text(self) -> str:
        """Give the proof as it is written to a file."""
        return (
            canonical_json(
                {
                    "format": PROOF_FORMAT,
                    "entry": self.entry.shown(),
                    "index": self.index,
                    "size": self.size,
                    "root": self.root,
                    "path": self.path,
                }
            )
            + "\n"
        )


def read_proof(text: str, label: str) -> InclusionProof:
    """Read a proof from the text of its file.

    Raises:
        InputError: it is none.
    """
    try:
        plain = msgspec.json.decode(text)
        if plain.pop("format") != PROOF_FORMAT:
            raise ValueError
        shown = plain.pop("entry")
        hashes = {name: bytes.fromhex(shown[name]) for name in ("previous_hash", "hash")}
        return InclusionProof(**plain | {"entry": Entry(**shown | hashes), "path": tuple(plain["path"])})
    except (msgspec.MsgspecError, KeyError, TypeError, ValueError, AttributeError):
        raise InputError(f'{label}: not a proof; expected a file of format "{PROOF_FORMAT}"') from None


def prove_inclusion(store: Store, stream: str, position: int) -> InclusionProof:
    """Prove that an entry is under the last seal; reads a few hundred entries, however many there are.

    Raises:
        RefusedError: there is no such entry, or it is not sealed yet.
    """
    row = next(iter(list(store.query(_ENTRY, {"stream": stream, "position": position}))), None)
    if row is None:
        raise RefusedError(f"stream {stream} has no entry {position}")
    entry = Entry._make(row)
    last = _last_seal(store)
    if last is None or last[0].last_sequence < entry.sequence:
        raise RefusedError(f"entry {position} of stream {stream} is not sealed yet; run `donghaeng ledger seal`")
    size = last[0].size
    ((blocks, after),) = list(store.query(_BLOCKS_BEFORE, {"sequence": entry.sequence}))
    ((more,),) = list(store.query(_COUNT_BETWEEN, {"after": after or 0, "sequence": entry.sequence}))
    index = blocks * BLOCK + more
    path = inclusion_proof(index, size, _Roots(store, last[0].last_sequence).root)
    return InclusionProof(
        entry=entry, index=index, size=size, root=last[0].root, path=tuple(node.hex() for node in path)
    )


def prove_consistency(store: Store, first: Seal, second: Seal) -> tuple[str, ...]:
    """Prove that the entries under one seal begin with those under an earlier one.

    Returns:
        The hashes that `donghaeng.ledger.merkle.is_consistent` takes, hexadecimal.
    """
    roots = _Roots(store, second.last_sequence)
    return tuple(node.hex() for node in consistency_proof(first.size, second.size, roots.root))


class _Roots:
    """Roots of subtrees, from the nodes that are kept and, below them, from entries."""

    def __init__(self, store: Store, last_sequence: int) -> None:
        self._store = store
        self._last = last_sequence

    def root(self, start: int, end: int) -> bytes:
        size = end - start
        if size >= BLOCK and size & (size - 1) == 0 and start % size == 0:
            node = self._node(size.bit_length() - 1, start // size)
            if node is not None:
                return bytes(node[0])
        if size <= BLOCK:
            tree = Frontier()
            for own in self._leaves(start, end):
                tree.push(own)
            return tree.root()
        middle = start + left_size(size)
        return node_hash(self.root(start, middle), self.root(middle, end))

    def _leaves(self, start: int, end: int) -> Iterable[bytes]:
        block = start // BLOCK
        before = self._node(BLOCK_LEVEL, block - 1) if block else None
        if block and before is None:
            raise DamagedError("nodes of the tree are missing; run `donghaeng ledger seal` to make them anew")
        rows = self._store.query(_HASHES, {"after": before[1] if before else 0, "last": self._last})
        for number, (_, own) in enumerate(rows, block * BLOCK):
            if number >= end:
                break
            if number >= start:
                yield own

    def _node(self, level: int, number: int) -> tuple[Any, ...] | None:
        return next(iter(list(self._store.query(_NODE, {"level": level, "number": number}))), None)
