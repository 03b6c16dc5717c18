"""Writes to a ledger until it is killed: `python writer.py` forks a writer for each line on its input.

A line has the address, a file for what was acknowledged, and the number to go on from. A writer appends requests of
one entry and of several, each with the sum of a table of its own, and notes a number when its request returned.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from sqlalchemy import text

from donghaeng.ledger.faults import UnavailableError
from donghaeng.ledger.ledger import Ledger
from donghaeng.ledger.open import open_store
from donghaeng.ledger.statement import Statement, Transaction
from tests.ledger.ledgers import KINDS, Clock, charged

MAKE_SUMS = Statement(text("CREATE TABLE sums (stream text PRIMARY KEY, entries bigint NOT NULL)"))
ADD_STREAM = Statement(text("INSERT INTO sums VALUES (:stream, 0)"))
COUNT = Statement(text("UPDATE sums SET entries = entries + 1 WHERE stream = :stream"))
SUMS = Statement(text("SELECT stream, entries FROM sums ORDER BY stream"))
STREAMS = tuple(f"card/{number}" for number in range(3))


def make_sums(ledger: Ledger) -> None:
    """Make the table of sums."""

    def make(transaction: Transaction) -> None:
        transaction.execute(MAKE_SUMS)
        for stream in STREAMS:
            transaction.execute(ADD_STREAM, {"stream": stream})

    ledger.store.write(make)


def count(transaction: Transaction) -> None:
    """Keep the sums."""
    for entry in transaction.entries:
        transaction.execute(COUNT, {"stream": entry.stream})


def size(number: int) -> int:
    """How many entries a request has."""
    return (1, 1, 1, 7, 40)[number % 5]


def write(url: str, acknowledged: Path, number: int, last: int | None = None) -> None:
    """Append requests from a number on, and note each that returned."""
    ledger = Ledger(open_store(url), KINDS, Clock())
    notes = os.open(acknowledged, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    while last is None or number < last:
        request = [
            charged(number * 100 + part, STREAMS[(number + part) % len(STREAMS)]) for part in range(size(number))
        ]
        try:
            ledger.append(request, count)
        except UnavailableError:
            continue  # gone for a while: the same request again
        os.write(notes, f"{number}\n".encode())
        number += 1
    os.close(notes)
    ledger.close()


if __name__ == "__main__":
    for line in sys.stdin:
        url, file, start = line.split()
        child = os.fork()
        if child == 0:
            write(url, Path(file), int(start))
        print(child, flush=True)
        os.waitpid(child, 0)
