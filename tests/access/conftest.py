"""Both stores, as the tests of the ledger have them."""

from tests.ledger.conftest import new_url, server, url

__all__ = ["new_url", "server", "url"]
