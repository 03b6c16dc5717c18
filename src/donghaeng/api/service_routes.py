"""What the routes of all services share: the key that names a request, and how what a service refuses is told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastapi import Header

from donghaeng.api.problems import Problem, Refused, Wrong, invalid
from donghaeng.errors import InputError

_KIND_OF_STATUS = {404: "not-found", 409: "conflict", 422: "invalid"}


def request_key(longest: int) -> Any:
    """Give the header that names a request which records something, for use in ``Annotated[str, …]``.

    Args:
        longest: how many characters the service takes.
    """
    return Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=longest,
        pattern=r"^[ -~]+$",
        description="Names the request: made again with the same key, it is done once",
    )


def refusal(status: int, text: str, code: str, details: Iterable[Wrong] = ()) -> Refused:
    """Give what a service refuses as a problem, whose first error has the code.

    Args:
        status: 404, 409 or 422.
        text: what is refused and why; repeats no value.
        code: a word for programs.
        details: more about it.
    """
    return Refused(Problem(_KIND_OF_STATUS[status], text, (Wrong("request", text, "", "", code), *details)))


def wrong_values(error: InputError, name: str | None = None) -> Refused:
    """Give the faults of what was given as a problem; no value is repeated.

    Args:
        error: the faults.
        name: what they are faults of; None for what each says.
    """
    wrong = [
        Wrong(fault.file if name is None else name, fault.what, fault.expected, fault.remedy, fault.code)
        for fault in error.faults
    ]
    return Refused(invalid(wrong)) if wrong else not_recordable()


def not_recordable() -> Refused:
    """Give the problem of a value that the ledger does not take; what the ledger says may repeat it."""
    return Refused(
        invalid([Wrong("body", "a value cannot be recorded", "printable text of a usual length", "", "value")])
    )
