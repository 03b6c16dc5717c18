"""Issuing lists to gates: made from the tables, signed, given to a share of gates first, taken back if need be.

Numbers only grow, because a gate takes no older list. So a list is taken back by issuing what held before it under a
new number. Which gates are first is fixed by their name, so that the same ones try each new list.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import and_, bindparam, insert, or_, select, update

from donghaeng.errors import UsageError
from donghaeng.ledger.canonical import moment
from donghaeng.ledger.entry import NewEntry
from donghaeng.ledger.faults import UnavailableError
from donghaeng.ledger.statement import Statement, Transaction
from donghaeng.services.passes.gate import code_book
from donghaeng.services.passes.lists import (
    CAUSES,
    COLUMNS,
    NO_END,
    ListKind,
    MediaList,
    merged,
    read_list,
    whole,
    write_delta,
    write_whole,
)
from donghaeng.services.passes.medium import VerifyKey, seconds
from donghaeng.services.passes.named_files import list_name
from donghaeng.services.passes.schema import blocks, media, periods
from donghaeng.services.passes.service import PassService
from donghaeng.services.passes.service_day import BETWEEN_RIGHTS
from donghaeng.services.passes.tap_schema import gate_lists, gates

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_DENIED = Statement(
    select(media.c.number, media.c.state, media.c.cause, media.c.denied_at).where(media.c.denied_at.is_not(None))
)
_BLOCKED = Statement(
    select(media.c.number, blocks.c.ends)
    .select_from(
        blocks.join(
            media,
            and_(media.c.card == blocks.c.card, or_(blocks.c.medium.is_(None), blocks.c.medium == media.c.medium)),
        )
    )
    .where(
        blocks.c.lifted_at.is_(None),
        blocks.c.starts <= bindparam("now"),
        or_(blocks.c.ends.is_(None), blocks.c.ends > bindparam("now")),
    )
)
_LISTED = Statement(
    select(
        media.c.number,
        media.c.kind,
        periods.c.product,
        periods.c.category,
        periods.c.rights,
        periods.c.starts,
        periods.c.ends,
    )
    .select_from(periods.join(media, media.c.medium == periods.c.medium))
    .where(periods.c.state == "active", periods.c.ends >= bindparam("day"), media.c.denied_at.is_(None))
    .order_by(media.c.number, periods.c.starts.desc())
)
_LISTS = Statement(
    select(gate_lists).where(gate_lists.c.kind == bindparam("kind")).order_by(gate_lists.c.number.desc())
)
_ADD = Statement(insert(gate_lists).values({column.name: bindparam(column.name) for column in gate_lists.columns}))
_SHARE = Statement(
    update(gate_lists)
    .where(gate_lists.c.kind == bindparam("of_kind"), gate_lists.c.number == bindparam("of_number"))
    .values(share=bindparam("new_share"))
)
_WITHDRAW = Statement(
    update(gate_lists)
    .where(gate_lists.c.kind == bindparam("of_kind"), gate_lists.c.number == bindparam("of_number"))
    .values(withdrawn=1)
)
_GATES = Statement(select(gates).order_by(gates.c.device))
_FORGET = Statement(gates.delete().where(gates.c.device == bindparam("device")))
_REPORT = Statement(insert(gates).values({column.name: bindparam(column.name) for column in gates.columns}))


@dataclass(frozen=True, slots=True)
class Issued:
    """A list that was issued.

    Attributes:
        kind: deny or full.
        number: its number.
        rules: version of the rules that gates run with it.
        issued_at: when, UTC.
        file: SHA-256 of its bytes, hexadecimal.
        media: how many are on it.
        share: of gates that run it, in hundredths.
        withdrawn: 1 when it goes to no gate any more.
    """

    kind: ListKind
    number: int
    rules: str
    issued_at: str
    file: str
    media: int
    share: int
    withdrawn: int


@dataclass(frozen=True, slots=True)
class GateReport:
    """What a gate said last of itself.

    Attributes:
        device: the gate.
        place: where it stands.
        list: number of its deny list.
        rules: version of its rules.
        reported_at: when, UTC.
        stale: whether its list is older than the alarm age, or not one that was issued.
        behind: lists between the one it should run and the one it runs.
    """

    device: str
    place: str
    list: int
    rules: str
    reported_at: str
    stale: bool
    behind: int


@dataclass(frozen=True)
class Signer:
    """A key that signs lists.

    Attributes:
        number: by which gates know it.
        key: the private key.
    """

    number: int
    key: Ed25519PrivateKey

    @property
    def trusted(self) -> Mapping[int, VerifyKey]:
        """What trusts it."""
        return {self.number: VerifyKey(self.key.public_key())}


class GateLists:
    """The lists of a service, and who runs which."""

    def __init__(self, service: PassService, folder: Path, signer: Signer) -> None:
        """Take the service, a folder for the files of lists and the key that signs them."""
        self._service, self._folder, self._signer = service, folder, signer
        folder.mkdir(parents=True, exist_ok=True)

    def issue(self, kind: ListKind, rules: str, *, share: int = 100) -> Issued:
        """Issue a list of what holds now.

        Args:
            kind: deny or full.
            rules: version of the rules that gates run with it, 16 hexadecimal digits.
            share: of gates that run it first, in hundredths.

        Raises:
            UsageError: a share that is none, or a code that the code book does not have.
            ConflictError: another list was issued at the same moment; issue again.
        """
        now = self._service.clock()
        content = self._denied(now) if kind == "deny" else self._listed(now)
        return self._issue(kind, rules, share, content, now, None)

    def stage(self, kind: ListKind, number: int, share: int, *, staged_by: str) -> None:
        """Give a list to another share of gates.

        Raises:
            UsageError: there is no such list, it was withdrawn, or the share is none.
        """
        found = self._found(kind, number)
        _check_share(share)
        body = {"number": number, "kind": kind, "share": share, "staged_by": staged_by}
        key = f"gate-list/{kind}/{number}/share/{found.share}-{share}/{moment(self._service.clock())}"
        values = {"of_kind": kind, "of_number": number, "new_share": share}
        entry = self._entry(kind, number, "gate-list-staged", body, key)
        self._service.ledger.append(entry, lambda transaction: transaction.execute(_SHARE, values))

    def withdraw(self, kind: ListKind, number: int, *, reason: str, withdrawn_by: str) -> Issued | None:
        """Take a list back: what the newest list before it said is issued again under a new number.

        Returns:
            The new list; None when there was none before, and nothing goes to gates instead.

        Raises:
            UsageError: there is no such list, or it was withdrawn.
        """
        self._found(kind, number)
        earlier = [one for one in self.lists(kind) if one.number < number and not one.withdrawn]
        instead = None
        if earlier:
            before = self._read(earlier[0])
            content = before.media, before.columns
            instead = self._issue(kind, before.rules, 100, content, self._service.clock(), number)
        body = {
            "number": number,
            "kind": kind,
            "instead": instead.number if instead else None,
            "reason": reason,
            "withdrawn_by": withdrawn_by,
        }
        entry = self._entry(kind, number, "gate-list-withdrawn", body, f"gate-list/{kind}/{number}/withdrawn")
        values = {"of_kind": kind, "of_number": number}
        self._service.ledger.append(entry, lambda transaction: transaction.execute(_WITHDRAW, values))
        return instead

    def lists(self, kind: ListKind) -> list[Issued]:
        """Give the lists of a kind, the newest first."""
        return [Issued(*row) for row in self._service.ledger.store.query(_LISTS, {"kind": kind})]

    def list_for(self, kind: ListKind, device: str) -> Issued | None:
        """Give the list that a gate should run; None for none."""
        place = place_in_rollout(device)
        return next((one for one in self.lists(kind) if not one.withdrawn and place < one.share), None)

    def file_for(self, kind: ListKind, device: str, held: int) -> bytes | None:
        """Give what brings a gate to the list that it should run: a delta where that is known, else the whole list.

        Args:
            kind: deny or full.
            device: the gate.
            held: number of the list that it holds; 0 for none.

        Returns:
            A signed file; None when it holds the right one.
        """
        wanted = self.list_for(kind, device)
        if wanted is None or wanted.number == held:
            return None
        new = self._read(wanted)
        base = next((one for one in self.lists(kind) if one.number == held), None)
        if base is None or base.number > wanted.number:
            # A gate that left a share again holds a newer list than it should; it stays with it until the next one.
            return None if base is not None else self._path(wanted.file).read_bytes()
        return write_delta(self._read(base), new, self._signer.number, self._signer.key)

    def report(self, device: str, place: str, list_number: int, rules: str) -> None:
        """Note what a gate says of itself."""
        at = moment(self._service.clock())
        values = {"device": device, "place": place, "list": list_number, "rules": rules, "reported_at": at}

        def work(transaction: Transaction) -> None:
            transaction.execute(_FORGET, {"device": device})
            transaction.execute(_REPORT, values)

        self._service.ledger.store.write(work)

    def fleet(self) -> list[GateReport]:
        """Give what each gate runs, and which of them must be looked after."""
        issued = {one.number: one for one in self.lists("deny")}
        alarm = timedelta(hours=self._service.section.setting("gate_list_alarm_hours", 24))
        oldest = moment(self._service.clock() - alarm)
        found = []
        for device, place, number, rules, reported_at in self._service.ledger.store.query(_GATES):
            own = issued.get(number)
            place_ = place_in_rollout(device)
            wanted = max((n for n, one in issued.items() if not one.withdrawn and place_ < one.share), default=0)
            behind = sum(number < other <= wanted for other in issued)
            stale = own is None or own.issued_at < oldest
            found.append(GateReport(device, place, number, rules, reported_at, stale, behind))
        return found

    def _issue(
        self, kind: ListKind, rules: str, share: int, content: tuple[Any, Any], now: datetime, instead_of: int | None
    ) -> Issued:
        _check_share(share)
        number = max((one.number for one in self.lists(kind)), default=0) + 1
        made = whole(kind, number, rules, seconds(now), *content)
        data = write_whole(made, self._signer.number, self._signer.key)
        digest = hashlib.sha256(data).hexdigest()
        self._write(digest, data)
        at = moment(now)
        body = {
            "number": number,
            "kind": kind,
            "rules": rules,
            "file": digest,
            "media": len(made),
            "bytes": len(data),
            "share": share,
            "instead_of": instead_of,
        }
        values = {"kind": kind, "number": number, "rules": rules, "issued_at": at, "file": digest}
        values |= {"media": len(made), "share": share, "withdrawn": 0}
        entry = self._entry(kind, number, "gate-list-issued", body, f"gate-list/{kind}/{number}")
        self._service.ledger.append(entry, lambda transaction: transaction.execute(_ADD, values))
        return Issued(kind, number, rules, at, digest, len(made), share, 0)

    def _denied(self, now: datetime) -> tuple[Any, dict[str, Any]]:
        store = self._service.ledger.store
        rows = []
        for number, state, cause, denied_at in store.query(_DENIED):
            named = "replaced" if state == "replaced" else "refunded" if cause == "refund" else cause
            code = CAUSES.index(named) if named in CAUSES else 0
            up_to = seconds(datetime.fromisoformat(denied_at)) if named == "refunded" else NO_END
            rows.append((number, code, NO_END, up_to))
        for number, ends in store.query(_BLOCKED, {"now": moment(now)}):
            until = NO_END if ends is None else seconds(datetime.fromisoformat(ends))
            rows.append((number, CAUSES.index("blocked"), until, NO_END))
        table = np.array(rows, dtype=np.int64).reshape(-1, 4)
        return merged(table[:, 0], dict(zip(COLUMNS["deny"], table[:, 1:].T, strict=True)))

    def _listed(self, now: datetime) -> tuple[list[int], dict[str, list[int]]]:
        section = self._service.section
        book, days = code_book(section), section.days
        none = {code for code, kind in section.model.media.items() if not kind.carries_period}
        found: dict[int, tuple[int, ...]] = {}
        day = days.day(now).isoformat()
        for number, kind, product, category, rights, starts, ends in self._service.ledger.store.query(
            _LISTED, {"day": day}
        ):
            if kind in none:
                # Of two periods the one that starts first counts now; the other comes with a later list.
                found[number] = (
                    book.product(product),
                    book.category(category),
                    book.bits(rights.split(BETWEEN_RIGHTS) if rights else ()),
                    seconds(days.start(date.fromisoformat(starts))),
                    seconds(days.end(date.fromisoformat(ends))),
                )
        columns = list(zip(*found.values(), strict=True)) or [()] * len(COLUMNS["full"])
        return list(found), {name: list(column) for name, column in zip(COLUMNS["full"], columns, strict=True)}

    def _found(self, kind: ListKind, number: int) -> Issued:
        for one in self.lists(kind):
            if one.number == number:
                if one.withdrawn:
                    raise UsageError(f"{kind} list {number} was withdrawn; issue a new one")
                return one
        raise UsageError(f"there is no {kind} list {number}; look at which were issued")

    def _entry(self, kind: ListKind, number: int, name: str, body: Mapping[str, Any], key: str) -> NewEntry:
        return NewEntry(
            stream=f"gate-list/{kind}/{number}",
            kind=name,
            body=body,
            effective_at=self._service.clock(),
            idempotency_key=key,
        )

    def _path(self, digest: str) -> Path:
        return self._folder / list_name(digest)

    def _write(self, digest: str, data: bytes) -> None:
        half = self._folder / f".{digest}.{os.getpid()}.half"
        with half.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        half.replace(self._path(digest))

    def _read(self, issued: Issued) -> MediaList:
        path = self._path(issued.file)
        data = path.read_bytes() if path.is_file() else b""
        if hashlib.sha256(data).hexdigest() != issued.file:
            # Nothing that was signed here goes out altered; a gate goes on with the list it has.
            raise UnavailableError(f"the file of {issued.kind} list {issued.number} is missing or was altered")
        return read_list(data, self._signer.trusted, seconds(self._service.clock())).content


def place_in_rollout(device: str) -> int:
    """Give the hundredth, from 0 to 99, in which a gate gets a new list; the same for ever.

    >>> place_in_rollout("gate-1") in range(100)
    True
    """
    return int.from_bytes(hashlib.sha256(device.encode()).digest()[:4], "big") % 100


def _check_share(share: int) -> None:
    if not 0 <= share <= 100:
        raise UsageError(f"a share of {share} hundredths is none; give 0 to 100")
