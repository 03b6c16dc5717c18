"""What one request may ask for, and what all requests together may hold."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """The limits of the API; each has its own problem when it is passed.

    Attributes:
        body_bytes: size of the body of one decision.
        batch_bytes: size of the body of a batch.
        held_bytes: size of all bodies that are held at a time, over all requests.
        cases: cases of a batch.
        depth: how deep arrays and objects may lie in one another.
        values: values in the body of one decision; a batch may hold a hundred for each of its cases.
        text: length of a text in characters.
        seconds: time to read a body, and time to decide.
        threads: batches and slow decisions that are worked on at a time.
        rate: requests a second that one key may make in the long run.
        burst: requests that it may make at once, after a pause.
    """

    body_bytes: int = 1_000_000
    batch_bytes: int = 20_000_000
    held_bytes: int = 200_000_000
    cases: int = 10_000
    depth: int = 16
    values: int = 10_000
    text: int = 200
    seconds: float = 10.0
    threads: int = 4
    rate: float = 100.0
    burst: int = 200
