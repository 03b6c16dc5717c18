"""Checking a ledger: every hash, every chain, and seals that were held outside.

What a seal covers cannot be altered, removed, inserted or moved unnoticed, even by who rewrites whole streams with
their hashes, and the seals in the database. After the last seal there is only the chain: who recomputes all hashes to
the end of a stream, or takes entries from its end, is not noticed before the next seal. So the report says how many
entries are not sealed yet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import and_, func, select

from donghaeng.ledger.canonical import NOTHING_BEFORE, Content, content_hash, entry_hash
from donghaeng.ledger.merkle import EMPTY_ROOT, Frontier
from donghaeng.ledger.schema import entries
from donghaeng.ledger.seals import PRINT_LENGTH, Seal
from donghaeng.ledger.statement import Row, Statement
from donghaeng.ledger.store import Store

_before = entries.alias("before")
_LINKED = Statement(
    select(entries, _before.c.sequence, _before.c.recorded_at, _before.c.hash)
    .select_from(
        entries.outerjoin(
            _before, and_(_before.c.stream == entries.c.stream, _before.c.position == entries.c.position - 1)
        )
    )
    .order_by(entries.c.sequence)
)
_TWICE = (
    Statement(
        select(func.max(entries.c.sequence), entries.c.stream, entries.c.position)
        .group_by(entries.c.stream, entries.c.position)
        .having(func.count() > 1)
    ),
    Statement(
        select(func.max(entries.c.sequence), func.max(entries.c.stream), func.max(entries.c.position))
        .group_by(entries.c.idempotency_key)
        .having(func.count() > 1)
    ),
)
#: Prints that are looked ahead, and entries that are kept in mind, to find where a ledger and a seal meet again.
WINDOW = 1_000


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        stream: the stream; empty where it cannot be said.
        position: position of the entry in it, 0 where it cannot be said.
        sequence: `sequence` of the entry, 0 where it cannot be said.
        what: what is wrong with it.
    """

    stream: str
    position: int
    sequence: int
    what: str

    def __str__(self) -> str:
        """Name stream, entry and what is wrong, in one line."""
        if not self.stream:
            return self.what
        return f"stream {self.stream}, entry {self.position} (sequence {self.sequence}): {self.what}"


@dataclass(frozen=True)
class Report:
    """What came of checking a ledger.

    Attributes:
        entries: number of entries.
        sealed: how many of them are under the largest seal that was given.
        findings: what is wrong, the first `most` of it.
        more: how many findings are left out.
    """

    entries: int
    sealed: int
    findings: tuple[Finding, ...]
    more: int = 0

    @property
    def unsealed(self) -> int:
        """Entries that only the chain speaks for."""
        return max(0, self.entries - self.sealed)

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


def verify(
    store: Store,
    seals: Sequence[Seal] = (),
    *,
    most: int = 100,
    progress: Callable[[int], object] | None = None,
) -> Report:
    """Check every entry, in one reading and flat memory.

    Args:
        store: the store.
        seals: seals that were held outside, their signatures checked by the caller.
        most: findings that are told one by one.
        progress: called now and then with the number of entries read.

    Returns:
        What is wrong, and how far seals reach.
    """
    found = _Found(most)
    for line in store.damage():
        found.add(Finding("", 0, 0, f"the file is damaged: {line}"))
    for statement, what in zip(
        _TWICE, ("its position is taken twice", "its idempotency key is there twice"), strict=True
    ):
        for sequence, stream, position in store.query(statement):
            found.add(Finding(stream, position, sequence, what))
    tree = Frontier()
    comparisons = [_Comparison(seal, found) for seal in sorted(seals, key=lambda seal: seal.size)]
    waiting = list(comparisons)
    for comparison in waiting:
        if comparison.seal.size == 0:
            comparison.reach(EMPTY_ROOT)
    last = 0
    for row in store.query(_LINKED):
        sequence, own = row[0], row[12]
        if sequence == last:
            continue  # two entries stand before this one: told above
        last = sequence
        wrong = _wrong(row)
        if wrong:
            found.add(Finding(row[1], row[2], sequence, wrong))
        tree.push(own)
        for comparison in waiting:
            comparison.meet(row)
        while waiting and waiting[0].seal.size <= tree.size:
            if waiting[0].seal.size == tree.size:
                waiting[0].reach(tree.root())
            waiting.pop(0)
        if progress is not None and tree.size % 10_000 == 0:
            progress(tree.size)
    for comparison in comparisons:
        comparison.finish(tree.size)
    sealed = max((seal.size for seal in seals), default=0)
    return Report(tree.size, min(sealed, tree.size), tuple(found.findings), found.more)


def _wrong(row: Row) -> str:
    """What is wrong with an entry on its own and with the one before it; empty if nothing is."""
    (
        sequence, stream, position, kind, version, effective_at, recorded_at, key, body, decision_id, corrects,
        previous, own, before_sequence, before_recorded_at, before_hash,
    ) = row  # fmt: skip
    try:
        content = content_hash(Content(stream, kind, version, effective_at, key, body, decision_id, corrects))
        if entry_hash(previous, position, recorded_at, content) != own:
            return "its fields do not give its hash: it was altered"
    except (TypeError, ValueError, OverflowError, AttributeError):
        return "its fields are not of an entry: it was altered"
    if position == 1:
        if previous != NOTHING_BEFORE:
            return "it is the first of its stream and follows another: entries before it were removed"
        return ""
    if before_sequence is None:
        return "the entry before it is not there: it was removed or moved"
    if before_hash != previous:
        return "it does not follow the entry before it: that one, or this, was exchanged"
    if before_sequence > sequence:
        return "it stands before the entry that it follows: the order was changed"
    if before_recorded_at > recorded_at:
        return "it was recorded before the entry that it follows"
    return ""


@dataclass
class _Found:
    most: int
    findings: list[Finding] = field(default_factory=list)
    more: int = 0

    def add(self, finding: Finding) -> None:
        if len(self.findings) < self.most:
            self.findings.append(finding)
        else:
            self.more += 1


class _Comparison:
    """Compares the entries with one seal as they come: the root, and the prints for where to look."""

    def __init__(self, seal: Seal, found: _Found) -> None:
        self.seal = seal
        self._found = found
        self._met = 0  # entries so far
        self._at = seal.prints_from  # number of the print that comes next
        self._unmatched: list[Row] = []
        self._findings: list[Finding] = []
        self._lost = not seal.prints
        self._root_holds: bool | None = None

    def meet(self, row: Row) -> None:
        """Compare the next entry with its print."""
        number = self._met
        self._met += 1
        if self._lost or number < self.seal.prints_from or self._at >= self.seal.size:
            return
        own = row[12][:PRINT_LENGTH]
        if not self._unmatched and own == self._print(self._at):
            self._at += 1
            return
        there = self._find(own)
        if there is None:
            self._unmatched.append(row)
            self._lost = len(self._unmatched) > WINDOW
            return
        self._meet_again(there, row)
        self._at = there + 1

    def reach(self, root: bytes) -> None:
        """Compare the root over as many entries as the seal has."""
        self._root_holds = root.hex() == self.seal.root

    def finish(self, size: int) -> None:
        """Tell what is wrong; the root decides whether anything is."""
        if self._root_holds:
            return
        if not self._lost or (self._unmatched and self.seal.size - self._at <= WINDOW):
            self._meet_again(self.seal.size, None)
        elif self._unmatched:
            first = self._unmatched[0]
            self._findings.append(self._named(first, "it is not what was sealed, nor is what comes after it"))
        name = f"the seal of {self.seal.sealed_at}"
        if self._root_holds is None:
            missing = self.seal.size - size
            self._found.add(
                Finding("", 0, 0, f"{name} covers {self.seal.size} entries, and {missing} of them are gone")
            )
        elif not self._findings:
            what = (
                f"an entry of the first {self.seal.size} is not what was sealed in {name}, whose prints do not reach it"
            )
            self._found.add(Finding("", 0, 0, what))
        for finding in self._findings:
            self._found.add(finding)

    def _print(self, number: int) -> bytes:
        start = PRINT_LENGTH * (number - self.seal.prints_from)
        return self.seal.prints[start : start + PRINT_LENGTH]

    def _find(self, own: bytes) -> int | None:
        """Find a print among those that come next."""
        start = PRINT_LENGTH * (self._at - self.seal.prints_from)
        window = self.seal.prints[start : start + PRINT_LENGTH * WINDOW]
        at = window.find(own)
        while at >= 0 and at % PRINT_LENGTH:
            at = window.find(own, at + 1)
        return self._at + at // PRINT_LENGTH if at >= 0 else None

    def _meet_again(self, there: int, row: Row | None) -> None:
        """Tell apart, where ledger and seal meet again, what was altered, put in and taken out."""
        gone = there - self._at
        for altered in self._unmatched[:gone]:
            self._findings.append(self._named(altered, "it is not what was sealed: it was altered"))
        # What comes after the last sealed entry is new and not put in.
        extra = self._unmatched[gone:] if row is not None or self._met <= self.seal.size else []
        for inserted in extra:
            self._findings.append(self._named(inserted, "it is not among what was sealed: it was inserted or moved"))
        removed = gone - len(self._unmatched)
        if removed > 0:
            what = f"{removed} of the sealed entries before it in the ledger were removed or moved"
            last = f"{removed} of the sealed entries were removed from the end"
            self._findings.append(self._named(row, what) if row is not None else Finding("", 0, 0, last))
        self._unmatched = []

    def _named(self, row: Row, what: str) -> Finding:
        return Finding(row[1], row[2], row[0], f"{what} (seal of {self.seal.sealed_at})")
