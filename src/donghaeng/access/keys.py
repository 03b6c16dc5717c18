"""Keys as they are written: ``dh_ID_SECRET``, letters only, so that none can be taken for the number of a person."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

LETTERS = "abcdefghijklmnopqrstuvwxyz"
ID_LENGTH = 12
#: 26**56 is more than 2**263.
SECRET_LENGTH = 56
LONGEST_KEY = 3 + ID_LENGTH + 1 + SECRET_LENGTH

#: What stands in a text in place of a key.
REMOVED = "[key removed]"

_HASHED = b"donghaeng key 1\n"
_WRITTEN = re.compile(f"dh_([a-z]{{{ID_LENGTH}}})_([a-z]{{{SECRET_LENGTH}}})")
#: Also what was cut, joined or written in capitals: rather too much is removed than half a secret shown.
_ANYWHERE = re.compile(f"dh_[a-z]{{{ID_LENGTH}}}_[a-z]+", re.IGNORECASE)


@dataclass(frozen=True)
class Key:
    """A key as its holder has it.

    Attributes:
        id: names it in lists, entries and answers.
        secret: known to the holder alone.
    """

    id: str
    secret: str = field(repr=False)

    @property
    def text(self) -> str:
        """The key as it is written."""
        return f"dh_{self.id}_{self.secret}"

    @property
    def hash(self) -> bytes:
        """What is stored in place of the secret; 32 bytes.

        One round of SHA-256 is right here: the secret is drawn from 26**56 and cannot be guessed however fast guesses
        are checked. Slow hashes and salts are for passwords, which people choose.
        """
        return sha256(_HASHED + self.secret.encode()).digest()

    def has(self, stored: bytes) -> bool:
        """Say whether a stored hash is of this secret, in a time that does not tell how much of it fits."""
        return hmac.compare_digest(self.hash, stored)


def make_key(chance: Callable[[int], bytes]) -> Key:
    """Draw a key.

    Args:
        chance: gives so many random bytes, fit for keys.
    """
    return Key(random_letters(chance, ID_LENGTH), random_letters(chance, SECRET_LENGTH))


def read_key(text: str) -> Key | None:
    """Read a key from its text, None where it has another form.

    >>> read_key("dh_" + "a" * 12 + "_" + "b" * 56)
    Key(id='aaaaaaaaaaaa')
    >>> read_key("dh_a_b") is None
    True
    """
    match = _WRITTEN.fullmatch(text)
    return Key(match[1], match[2]) if match else None


def holds_key(text: str) -> bool:
    """Say whether a key, or a part of one with its secret, stands in a text."""
    return _ANYWHERE.search(text) is not None


def redact_keys(text: str) -> str:
    """Give a text without keys.

    >>> redact_keys("use dh_" + "a" * 12 + "_" + "b" * 56 + " here")
    'use [key removed] here'
    """
    return _ANYWHERE.sub(REMOVED, text)


def random_letters(chance: Callable[[int], bytes], length: int) -> str:
    """Draw letters, each equally likely."""
    letters = ""
    while len(letters) < length:
        # Bytes from 234 on would make the first letters likelier.
        letters += "".join(LETTERS[byte % 26] for byte in chance(length) if byte < 234)
    return letters[:length]
