"""The insurer's eligibility lookup: what an interface to it does, how long it is waited for, and a local stand-in."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from concurrent.futures import TimeoutError as TooLateError
from datetime import date
from hashlib import sha256
from typing import Protocol


class LookupFailedError(Exception):
    """The insurer's system gave no answer."""


class EligibilityLookup(Protocol):
    """Asks whether a person is insured. No public specification of the insurer's own interface is known."""

    @property
    def name(self) -> str:
        """What it is called in the records; that of a stand-in says that it is made up."""

    def look_up(self, person: str, on: date) -> str:
        """Give the answer, a code of the pack.

        Args:
            person: pseudonym; an interface has its own way from it to what the insurer asks for.
            on: day of the visit.

        Raises:
            LookupFailedError: there is no answer.
        """


class StandInLookup:
    """Answers that are made up from a seed: the same for the same person and day, and true of nobody."""

    name = "stand-in (made up)"

    def __init__(self, answers: Sequence[tuple[str, int]], seed: int = 0) -> None:
        """Take the answers that it gives, with how many of all are to be such.

        Args:
            answers: code and weight; weights are whole numbers.
            seed: other seeds give other answers.
        """
        self._answers, self._seed = tuple(answers), seed
        self._total = sum(weight for _, weight in answers)
        if self._total < 1:
            raise ValueError("a stand-in needs answers with weights")

    def look_up(self, person: str, on: date) -> str:
        """Give the answer that is made up for a person and a day."""
        drawn = int.from_bytes(sha256(f"{self._seed}\n{person}\n{on}".encode()).digest()[:8], "big") % self._total
        for code, weight in self._answers:
            if drawn < weight:
                return code
            drawn -= weight
        raise AssertionError("weights add up to the total")


def answer_in_time(
    lookup: EligibilityLookup, person: str, on: date, *, seconds: float, threads: Executor
) -> str | None:
    """Ask, and wait so long and no longer; None where no answer came.

    Args:
        lookup: whom to ask.
        person: pseudonym.
        on: day of the visit.
        seconds: how long an answer is waited for.
        threads: where it is asked; while none of them is free, nobody is answered.
    """
    asked = threads.submit(lookup.look_up, person, on)
    try:
        return asked.result(timeout=seconds)
    except (LookupFailedError, TooLateError, OSError):
        asked.cancel()
        return None
