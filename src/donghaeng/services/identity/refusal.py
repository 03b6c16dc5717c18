"""What the service refuses, with a code for programs."""

from __future__ import annotations

from typing import Literal

from donghaeng.errors import DonghaengError


class IdentityRefusedError(DonghaengError):
    """A request that cannot be done.

    Attributes:
        code: a word for programs.
        status: 404 where there is no such thing of the caller's, 409 where it does not fit what is recorded, 422 where
            what was given is wrong.
    """

    def __init__(self, code: str, text: str, status: Literal[404, 409, 422] = 409) -> None:
        """Take code, text and status. The text repeats nothing that was given."""
        self.code, self.status = code, status
        super().__init__(text)


def no_visit() -> IdentityRefusedError:
    """Say that a visit is not there, or not the caller's."""
    return IdentityRefusedError("no-visit", "there is no such visit of yours", 404)


def no_person() -> IdentityRefusedError:
    """Say that a person is not known to the caller."""
    return IdentityRefusedError("no-person", "nobody of yours has this pseudonym", 404)
