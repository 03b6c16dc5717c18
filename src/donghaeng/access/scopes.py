"""What a key may be for. A scope gives what it says and nothing else: ``admin`` does not imply the others."""

from __future__ import annotations

from collections.abc import Iterable

from donghaeng.errors import UsageError, listed, nearest

#: What each scope is for, in the order in which they are listed.
SCOPES: dict[str, str] = {
    "identity:desk": "check identities at a reception desk",
    "identity:insurer": "read what concerns recovery and fines",
    "passes:seller": "sell, charge and refund passes",
    "passes:gate": "tap passes at gates",
    "passes:operator": "settle with operators of transport",
    "passes:desk": "serve holders of passes at a counter",
    "passes:analyst": "read statistics of passes",
    "auditor": "read heads, entries and proofs of the whole ledger, and metrics",
    "admin": "read which numbers of its own organisation lead to a person, and metrics",
}


def known_scopes(given: Iterable[str]) -> tuple[str, ...]:
    """Give scopes once each, in the order of `SCOPES`.

    Raises:
        UsageError: there are none, or one is not known.

    >>> known_scopes(["auditor", "identity:desk", "auditor"])
    ('identity:desk', 'auditor')
    """
    wanted = set(given)
    for scope in sorted(wanted - SCOPES.keys()):
        hint = nearest(scope, SCOPES) or f"the scopes are {listed(list(SCOPES))}"
        raise UsageError(f'there is no scope "{scope}"; {hint}')
    if not wanted:
        raise UsageError(f"a key needs a scope; the scopes are {listed(list(SCOPES))}")
    return tuple(scope for scope in SCOPES if scope in wanted)
