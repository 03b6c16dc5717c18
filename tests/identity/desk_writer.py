"""A desk that works until it is killed: `python desk_writer.py` forks one for each line on its input.

A line has the address, a file for what was acknowledged, and the number to go on from. Visits have facts about health,
so that most requests are of several entries, and every third is followed by a correction that changes other answers.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from donghaeng.services.identity.recording import correct_visit, record_visit
from donghaeng.services.identity.service import IdentityService, Patient
from tests.identity.desks import CARD, CLINIC, NO_ID, at, opened

PATIENTS = 8


def request(service: IdentityService, number: int) -> None:
    """Make one request; made again it does nothing."""
    facts: dict[str, Any] = CARD if number % 4 == 0 else {**NO_ID, "patient_status": ["long_term_care"][: number % 2]}
    patient = Patient(f"A-{number % PATIENTS}")
    moment = at(f"2026-0{1 + number % 6}-{10 + number % 18}", 8 + number % 10)
    done = record_visit(service, CLINIC, f"v{number}", patient, at=moment, facts=facts, complete=True)
    if number % 3 == 0:
        other = {"identity_means": "disability_card", "medium": "original", "validity_date_printed": False}
        correct_visit(
            service, CLINIC, f"c{number}", done.visit.id, at=at("2026-08-01"), why="looked again", facts=other
        )


def write(url: str, acknowledged: Path, number: int, last: int | None = None) -> None:
    """Make requests from a number on, and note each that was answered."""
    service = opened(url, chance=os.urandom)
    notes = os.open(acknowledged, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    while last is None or number < last:
        request(service, number)
        os.write(notes, f"{number}\n".encode())
        number += 1
    os.close(notes)
    service.ledger.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:  # imports what is imported late, once for all forks
        write(f"sqlite:///{folder}/a.db", Path(folder) / "notes", 0, 3)
    for line in sys.stdin:
        url, file, start = line.split()
        child = os.fork()
        if child == 0:
            write(url, Path(file), int(start))
        print(child, flush=True)
        os.waitpid(child, 0)
