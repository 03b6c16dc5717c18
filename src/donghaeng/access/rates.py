"""How often a key may be used: a bucket of tokens for each."""

from __future__ import annotations

from collections.abc import Callable

#: So many buckets are kept; those that are full again say nothing and are forgotten first.
MOST_BUCKETS = 10_000


class Rates:
    """Buckets that hold so many tokens, fill at a rate, and lose one for each use."""

    def __init__(self, rate: float, burst: int, timer: Callable[[], float]) -> None:
        """Start with full buckets.

        Args:
            rate: tokens a second that flow into a bucket.
            burst: tokens that it holds.
            timer: gives seconds that never go back.

        Raises:
            ValueError: the rate is not above zero, or a bucket holds no token.
        """
        if rate <= 0 or burst < 1:
            raise ValueError("a rate is above zero, and a bucket holds one token at least")
        self._rate, self._burst, self._timer = rate, burst, timer
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, name: str) -> float:
        """Take a token.

        Args:
            name: whose bucket.

        Returns:
            0 where there was one; otherwise how many seconds it takes until there is one.
        """
        now = self._timer()
        tokens = self._tokens(name, now)
        if tokens < 1:
            return (1 - tokens) / self._rate
        if len(self._buckets) >= MOST_BUCKETS and name not in self._buckets:
            self._forget(now)
        self._buckets[name] = tokens - 1, now
        return 0.0

    def _tokens(self, name: str, now: float) -> float:
        tokens, at = self._buckets.get(name, (float(self._burst), now))
        return min(float(self._burst), tokens + max(0.0, now - at) * self._rate)

    def _forget(self, now: float) -> None:
        full = [name for name in self._buckets if self._tokens(name, now) >= self._burst]
        for name in full or list(self._buckets)[: MOST_BUCKETS // 10]:
            del self._buckets[name]
