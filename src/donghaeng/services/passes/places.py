"""The places that connected gates stand at, with what the coverage of a pack asks of them."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from donghaeng.services.passes.gate import GateRules, addon_sets, code_book, gate_rules
from donghaeng.services.passes.medium import VerifyKey
from donghaeng.services.passes.service import PassService
from donghaeng.services.passes.station_rights import Place, coverage_of, place_rights

#: Rights are decided for so many service days at once.
DAYS_AHEAD = 8
MOST_PLACES = 50_000


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

    def rules_of(self, place: str) -> GateRules:
        """Give the rules of a place; those of one that nobody described open for nobody."""
        rules = self._rules.get(place)
        day = self._service.day()
        if rules is None or rules.rights is None:
            if self._coverage is not None:
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
        where = Place(place, facts)
        rights = place_rights(self._coverage, where, code_book(section), addon_sets(section), first, DAYS_AHEAD)
        return gate_rules(section, rights, self._keys)
