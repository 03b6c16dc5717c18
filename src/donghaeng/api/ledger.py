"""The routes of the ledger itself: heads and proofs for who audits it, and the map of a person for its organisation."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from donghaeng.access.keys import random_letters
from donghaeng.access.person_maps import read_person_map
from donghaeng.api.access import Caller, KeyedRoute, needs
from donghaeng.api.problems import Refused, Wrong, invalid, refused
from donghaeng.identifiers import find_identifier
from donghaeng.ledger.entry import Head
from donghaeng.ledger.faults import RefusedError
from donghaeng.ledger.ledger import LONGEST_NAME, Ledger
from donghaeng.ledger.persons import PSEUDONYM_LENGTH
from donghaeng.ledger.seals import Seal, prove_consistency, prove_inclusion, stored_seals
from donghaeng.ledger.store import HEAD, LAST_SEQUENCE

Auditor = Annotated[Caller, Depends(needs("auditor"))]
Admin = Annotated[Caller, Depends(needs("admin"))]

Hash = Annotated[str, Field(description="32 bytes, hexadecimal")]
Stream = Annotated[str, Path(description="The stream, with its slashes", examples=["keys/abcdefghijkl"])]
Position = Annotated[int, Path(ge=1, le=2**62, description="Position of the entry in its stream")]
Size = Annotated[int, Path(ge=1, le=2**62, description="Size of an earlier seal")]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SealShape(_Closed):
    """A signed root over all entries, as `donghaeng ledger seal` writes it, without prints."""

    format: Literal["donghaeng seal 1"]
    size: int
    last_sequence: int
    root: str
    sealed_at: str
    previous_size: int
    previous_root: str
    public_key: str
    signature: str
    prints_from: int
    prints: str


class LedgerHead(_Closed):
    """How far the ledger and its last seal reach.

    Attributes:
        last_sequence: of the newest entry, 0 for none; sequence numbers may have gaps.
        seal: the last seal; null before the first.
    """

    last_sequence: int
    seal: SealShape | None


class StreamHead(_Closed):
    """Where a stream stands."""

    stream: str
    position: int
    recorded_at: str
    hash: Hash


class Proof(_Closed):
    """What shows that an entry is under the last seal; `donghaeng ledger check-proof` takes it as it is."""

    format: Literal["donghaeng proof 1"]
    entry: dict[str, Any]
    index: int
    size: int
    root: Hash
    path: list[Hash]


class Consistency(_Closed):
    """What shows that the entries under the last seal begin with those under an earlier one.

    Attributes:
        first_size: size of the earlier seal.
        first_root: its root.
        second_size: size of the last seal.
        second_root: its root.
        path: the proof, by RFC 9162, section 2.1.4.
    """

    first_size: int
    first_root: Hash
    second_size: int
    second_root: Hash
    path: list[Hash]


class MapRead(_Closed):
    """Which numbers of one's own lead to a person is wanted.

    Attributes:
        person: the pseudonym.
        reason: why, in a line; it is recorded, so it names nobody.
    """

    person: Annotated[str, Field(pattern=f"^[a-z]{{{PSEUDONYM_LENGTH}}}$")]
    reason: Annotated[str, Field(min_length=1, max_length=200)]


class OwnNumber(_Closed):
    """A number of a person at an institution."""

    namespace: str
    number: str


class PersonMapAnswer(_Closed):
    """The numbers that lead to a person, and where it stands that they were read.

    Attributes:
        person: the pseudonym.
        numbers: the organisation's own numbers.
        stream: stream of the entry about this reading.
        position: its position.
    """

    person: str
    numbers: list[OwnNumber]
    stream: str
    position: int


def make_ledger_router(prefix: str, ledger: Ledger, chance: Callable[[int], bytes]) -> APIRouter:
    """Make the routes.

    Args:
        prefix: what every path begins with.
        ledger: the ledger.
        chance: gives so many random bytes; names the requests that are recorded.
    """
    router = APIRouter(prefix=prefix, route_class=KeyedRoute)
    store = ledger.store

    @router.get("/ledger/head", response_model=LedgerHead, operation_id="ledger_head")
    def head(_caller: Auditor) -> dict[str, Any]:
        """Say how far the ledger reaches, and give the last seal."""
        seals = list(stored_seals(store))
        last = next(store.query(LAST_SEQUENCE))[0] or 0
        return {"last_sequence": last, "seal": _seal(seals[-1]) if seals else None}

    @router.get("/ledger/heads/{stream:path}", response_model=StreamHead, operation_id="stream_head")
    def stream_head(stream: Stream, _caller: Auditor) -> dict[str, Any]:
        """Say where a stream stands."""
        rows = list(store.query(HEAD, {"stream": stream})) if _is_name(stream) else []
        if not rows:
            raise refused("no-proof", "there is no such stream")
        found = Head._make(rows[0])
        return {
            "stream": stream,
            "position": found.position,
            "recorded_at": found.recorded_at,
            "hash": found.hash.hex(),
        }

    @router.get("/ledger/proofs/{stream:path}/{position}", response_model=Proof, operation_id="inclusion_proof")
    def proof(stream: Stream, position: Position, _caller: Auditor) -> dict[str, Any]:
        """Prove that an entry is under the last seal."""
        try:
            if not _is_name(stream):
                raise RefusedError("no stream has such a name")
            found = prove_inclusion(store, stream, position)
        except RefusedError:
            # What the ledger says names the stream, which came in the address.
            raise refused("no-proof", "there is no such entry, or it is newer than the last seal") from None
        shown: dict[str, Any] = json.loads(found.text())
        return shown

    @router.get("/ledger/consistency/{size}", response_model=Consistency, operation_id="consistency_proof")
    def consistency(size: Size, _caller: Auditor) -> dict[str, Any]:
        """Prove that the last seal goes on from an earlier one of this size."""
        seals = list(stored_seals(store))
        first = next((one for one in seals if one.size == size), None)
        if first is None:
            raise refused("no-proof", "no seal has this size; GET /v1/ledger/head gives the last one")
        second = seals[-1]
        return {
            "first_size": first.size,
            "first_root": first.root,
            "second_size": second.size,
            "second_root": second.root,
            "path": prove_consistency(store, first, second),
        }

    @router.post("/persons/map-reads", response_model=PersonMapAnswer, operation_id="read_person_map")
    def read_map(asked: MapRead, caller: Admin) -> dict[str, Any]:
        """Read which numbers of one's own organisation lead to a person; the reading is recorded first."""
        if find_identifier(asked.reason) or not asked.reason.isprintable():
            wrong = Wrong(
                "reason",
                "it is no line of text, or holds what looks like a number of a person",
                "a line that names nobody",
                "say what it is for",
                "identifier-of-a-person",
            )
            raise Refused(invalid([wrong]))
        found = read_person_map(
            ledger,
            asked.person,
            organisation=caller.organisation,
            key=caller.key_id,
            reason=asked.reason,
            request=random_letters(chance, 24),
        )
        if found is None:
            raise refused("unknown-person", "no number of your organisation leads to this person, or it was erased")
        return {
            "person": found.person,
            "numbers": [{"namespace": namespace, "number": number} for namespace, number in found.numbers],
            "stream": found.entry.stream,
            "position": found.entry.position,
        }

    return router


def _seal(seal: Seal) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(seal.text())
    return shown


def _is_name(stream: str) -> bool:
    """Whether a stream can have this name; a server of PostgreSQL would fail over some that none can have."""
    return 0 < len(stream) <= LONGEST_NAME and stream.isprintable()
