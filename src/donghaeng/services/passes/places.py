"""The places that connected gates stand at, with what the coverage of a pack asks of them."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import msgspec
from sqlalchemy import bindparam, select

from donghaeng.errors import UsageError
from donghaeng.ledger.schema import entries
from donghaeng.ledger.statement import Statement
from donghaeng.services.passes.gate import GateRules, addon_sets, code_book, gate_rules
from donghaeng.services.passes.medium import VerifyKey
from donghaeng.services.passes.service import PassService, Who
from donghaeng.services.passes.station_rights import Place, coverage_of, place_rights

#: Rights are decided for so many service days at once.
DAYS_AHEAD = 8
MOST_PLACES = 50_000
#: So many days on which a place does not serve may be told at once.
MOST_DAYS = 400

_DAYS_SET = Statement(
    select(entries.c.body)
    .where(entries.c.stream == bindparam("stream"), entries.c.kind == "place-days-set")
    .order_by(entries.c.position.desc())
    .limit(1)
)


class Places:
    """Rules of places, decided when a place is first asked about and again when its days are over."""

    def __init__(self, service: PassService, keys: Mapping[int, VerifyKey] | None = None) -> None:
        """Take the pass service, and the keys that gates trust."""
        self._service, self._keys = service, keys or {}
        self._coverage = coverage_of(service.policy)
        self._facts: dict[str, Mapping[str, Any]] = {}
        self._rules: dict[str, GateRules] = {}
        self._unknown = gate_rules(service.section, None, self._keys)
        self._lock = threading.Lock()

    def learn(self, place: str, facts: Mapping[str, Any]) -> None:
        """Take what the coverage asks of a place, as JSON gives it; what was known of it before is replaced.

        Raises:
            InputError: a fact does not fit the table of coverage.
        """
        if self._coverage is None or self._facts.get(place) == facts:
            return
        checked = self._coverage.table.facts_from_json(dict(facts))
        with self._lock:
            if len(self._facts) >= MOST_PLACES:
                self._facts.clear()
                self._rules.clear()
            self._facts[place] = dict(facts)
            self._rules[place] = self._decided(place, checked)

    def set_days(
        self,
        who: Who,
        key: str,
        *,
        place: str,
        reason: str,
        opens: date | None = None,
        closes: date | None = None,
        closed: Iterable[date] = (),
    ) -> None:
        """Tell on which service days a place serves; on others its gates let nobody board, and everybody alight.

        Args:
            who: who asks.
            key: the idempotency key.
            place: the place, described or not.
            reason: why, for who asks later.
            opens: its first service day; None is always.
            closes: its last one; None is for ever.
            closed: service days on which it does not serve.

        Raises:
            UsageError: it closes before it opens, or too many days are told at once.
            PassRefusedError: the key was used for something else.
        """
        days = sorted(set(closed))
        if len(days) > MOST_DAYS or (opens and closes and closes < opens):
            raise UsageError(
                f"a place closes after it opens, and at most {MOST_DAYS} days are told at once; correct it"
            )
        body = {
            "place": place,
            "opens": opens.isoformat() if opens else None,
            "closes": closes.isoformat() if closes else None,
            "closed": [day.isoformat() for day in days],
            "reason": reason,
        }
        name = self._service.key(who, "place", key)
        if self._service.earlier(name, body) is None:
            entry = self._service.entry(f"place/{place}", "place-days-set", {**body, "set_by": who.key}, name)
            self._service.ledger.append(entry)
        with self._lock:
            self._rules.pop(place, None)

    def rules_of(self, place: str) -> GateRules:
        """Give the rules of a place; those of one that nobody described open for nobody."""
        rules = self._rules.get(place)
        day = self._service.day()
        if rules is None or rules.rights is None:
            if self._coverage is not None and place not in self._facts:
                return self._unknown
        elif rules.rights.first <= day < rules.rights.last:
            return rules
        with self._lock:
            facts = self._facts.get(place, {})
            checked = {} if self._coverage is None else self._coverage.table.facts_from_json(dict(facts))
            found = self._rules[place] = self._decided(place, checked)
        return found

    def _decided(self, place: str, facts: Mapping[str, Any]) -> GateRules:
        section = self._service.section
        first = self._service.day() - timedelta(days=1)
        where = Place(place, facts, *self._days_of(place))
        rights = place_rights(self._coverage, where, code_book(section), addon_sets(section), first, DAYS_AHEAD)
        return gate_rules(section, rights, self._keys)

    def _days_of(self, place: str) -> tuple[date | None, date | None, frozenset[date]]:
        """Give the first and last service day of a place, and those on which it does not serve."""
        row = next(iter(list(self._service.ledger.store.query(_DAYS_SET, {"stream": f"place/{place}"}))), None)
        if row is None:
            return None, None, frozenset()
        told = msgspec.json.decode(row[0])
        opens, closes = (date.fromisoformat(told[name]) if told[name] else None for name in ("opens", "closes"))
        return opens, closes, frozenset(map(date.fromisoformat, told["closed"]))
