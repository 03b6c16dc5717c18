"""The diagnosis of a released index as pages need it: falls by node, place and period, and what stands beside each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from donghaeng import periods
from donghaeng.release.read import Row
from donghaeng.site.links import file_names
from donghaeng.site.view import IndexView, Stream, stream_of
from donghaeng.wording import PageLanguage

#: Name of the document beside the tables.
DOCUMENT = "diagnosis.json"
#: Both ways in which a fall is read.
COMPARISONS = ("base", "year")
#: The answer that names no cause.
UNDETERMINED = "undetermined"

Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class Fall:
    """A node that fell in a place and period, read both ways.

    Attributes:
        place: place code.
        node: node code.
        period: period.
        base: its row of ``findings`` against the base; None where it did not fall against it.
        year: the same on the year before.
    """

    place: str
    node: str
    period: str
    base: Row | None
    year: Row | None

    @property
    def is_same(self) -> bool:
        """Say whether both comparisons are one: the base is the year before."""
        return self.base is not None and self.year is not None and self.base["before"] == self.year["before"]

    @property
    def rows(self) -> tuple[Row, ...]:
        """Its findings, against the base first; one only where both are the same comparison."""
        found = (self.base,) if self.is_same else (self.base, self.year)
        return tuple(row for row in found if row is not None)

    @property
    def deepest(self) -> float:
        """Points of the larger fall."""
        return min(float(row["points"]) for row in self.rows)

    @property
    def leading(self) -> Row:
        """The finding that heads a line: against the base, else on the year before."""
        return self.rows[0]

    @property
    def statements(self) -> tuple[str, ...]:
        """Ids of statements that explain it."""
        ids = (one for row in self.rows for one in str(row["statements"] or "").split(";"))
        return tuple(dict.fromkeys(one for one in ids if one))


class Diagnosed:
    """The falls of an index and their causes."""

    def __init__(self, view: IndexView) -> None:
        """Take an index whose release has findings."""
        self.view = view
        self.document: Mapping[str, Any] = view.pack.documents[DOCUMENT]
        self.rows = view.rows("findings")
        self.causes = _by_key(view.rows("finding_causes"))
        self.checks = _by_key(view.rows("finding_checks"))
        self.parts = _by_key(view.rows("finding_parts"))
        self.collect = _by_key(view.rows("finding_collect"))
        self.blind_spots = view.rows("blind_spots")
        self.said = {str(row["id"]): row for row in view.rows("statements")}

    @cached_property
    def falls(self) -> tuple[Fall, ...]:
        """All falls: newest period first, then in the order of the release."""
        found: dict[tuple[str, str, str], dict[str, Row]] = defaultdict(dict)
        for row in self.rows:
            found[str(row["period"]), str(row["place"]), str(row["node"])][str(row["comparison"])] = row
        order = sorted({key[0] for key in found}, key=periods.parse, reverse=True)
        return tuple(
            Fall(place, node, period, rows.get("base"), rows.get("year"))
            for newest in order
            for (period, place, node), rows in found.items()
            if period == newest
        )

    @cached_property
    def leads(self) -> tuple[str, ...]:
        """Places that head the pages: those that are part of no other place that is diagnosed."""
        found = dict.fromkeys(fall.place for fall in self.falls)
        parents = {code: str(row.get("parent") or "") for code, row in self.view.places.items()}
        known = set(found) | set(self.view.scored_places)
        return tuple(place for place in found if parents.get(place, "") not in known)

    @cached_property
    def places(self) -> tuple[str, ...]:
        """The other places with falls, in the order of the release."""
        fallen = {fall.place for fall in self.falls}
        return tuple(place for place in self.view.scored_places if place in fallen and place not in self.leads)

    @cached_property
    def periods(self) -> tuple[str, ...]:
        """Periods with falls, newest first."""
        return tuple(dict.fromkeys(fall.period for fall in self.falls))

    def of(self, places: Iterable[str], period: str) -> tuple[Fall, ...]:
        """Give the falls of some places in a period, in the order of the structure."""
        wanted, order = set(places), {code: at for at, code in enumerate(self.view.nodes)}
        found = [fall for fall in self.falls if fall.period == period and fall.place in wanted]
        return tuple(sorted(found, key=lambda fall: order.get(fall.node, len(order))))

    def of_node(self, node: str) -> tuple[Fall, ...]:
        """Give the falls of a node, newest period first."""
        return tuple(fall for fall in self.falls if fall.node == node)

    @cached_property
    def nodes(self) -> tuple[str, ...]:
        """Nodes with falls, in the order of the structure."""
        fallen = {fall.node for fall in self.falls}
        return tuple(code for code in self.view.nodes if code in fallen)

    # ── what stands beside a finding ─────────────────────────────────────────────────────────────

    def steps(self, row: Row) -> list[Row]:
        """Give what a fall is made of, in the order of the release: factors of an indicator, causes of a composite.

        What a cause has beyond its factors follows them, where it can be seen with the decimals of a table.
        """
        rows = self.causes.get(key_of(row), ())
        factors = [one for one in rows if one["factor"]]
        named: dict[str, float] = defaultdict(float)
        for one in factors:
            named[str(one["cause"])] += float(one["points"])
        least = 0.5 * 10.0 ** -(self.view.decimals + 1) if factors else 1e-9
        rest = [
            {**one, "points": float(one["points"]) - named[str(one["cause"])]}
            for one in rows
            if not one["factor"] and abs(float(one["points"]) - named[str(one["cause"])]) >= least
        ]
        return [*factors, *rest]

    def step_name(self, step: Row, language: PageLanguage) -> str:
        """Name a part of a fall: the factor, or the cause."""
        return str(step.get(f"label_{language}") or step["factor"] or "") or self.cause(str(step["cause"]), language)

    def cause(self, code: str, language: PageLanguage) -> str:
        """Give the name of a cause."""
        return _said(self.document["causes"].get(code, {}).get("label", {}), language) or code

    def advice(self, code: str, language: PageLanguage) -> str:
        """Give what a cause asks for."""
        return _said(self.document["causes"].get(code, {}).get("advice", {}), language)

    def reason(self, code: str, language: PageLanguage) -> str:
        """Say why there is no answer."""
        return _said(self.document["reasons"].get(code, {}), language)

    def series_name(self, code: str, language: PageLanguage) -> str:
        """Give the name of a series that is counted."""
        return _said(self.document["counts"].get(code, {}).get("label", {}), language) or code

    def group_name(self, code: str, language: PageLanguage) -> str:
        """Give the name of a group; of a district, where the groups are places."""
        known = _said(self.document["groups"].get(code, {}), language)
        return known or self.view.place_name(code, language)

    def wanted(self, falls: Sequence[Fall]) -> list[Row]:
        """Give what is to be collected for some falls, each series of a node once."""
        found: dict[tuple[str, str, str], Row] = {}
        for fall in falls:
            for row in fall.rows:
                for one in self.collect.get(key_of(row), ()):
                    found.setdefault((str(one["for_node"]), str(one["series"]), str(one["label_en"])), one)
        return list(found.values())

    def evidence(self, node: str) -> list[Row]:
        """Give the rows of the pack that the findings of a node rest on."""
        return self._evidence.get(node, [])

    @cached_property
    def _evidence(self) -> Mapping[str, list[Row]]:
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self.view.rows("finding_evidence"):
            found[str(row["node"])].append(row)
        return found

    # ── standing ─────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def stream(self) -> Stream | None:
        """What the findings rest on: the first kind that may stand in a chart."""
        return next((stream for row in self.rows if (stream := stream_of(str(row["kind"])))), None)

    # ── addresses ────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def _files(self) -> dict[str, str]:
        return file_names(self.nodes, taken=["index", "signals"])

    @cached_property
    def _place_files(self) -> dict[str, str]:
        return file_names(self.places)

    def node_path(self, node: str) -> str:
        """Give the path of the page about the fall of a node."""
        return self.view.path(f"findings/{self._files[node]}.html")

    def place_path(self, place: str) -> str:
        """Give the path of the page about the falls of a place that is part of another."""
        return self.view.path(f"findings/places/{self._place_files[place]}.html")


@lru_cache(maxsize=2)
def diagnosed(view: IndexView) -> Diagnosed | None:
    """Give the diagnosis of an index; None where its release has none."""
    return Diagnosed(view) if DOCUMENT in view.pack.documents and "findings" in view.pack.tables else None


def key_of(row: Row) -> Key:
    """Give what tells a finding from all others."""
    return str(row["place"]), str(row["node"]), str(row["period"]), str(row["comparison"])


def _by_key(rows: Iterable[Row]) -> Mapping[Key, tuple[Row, ...]]:
    found: dict[Key, list[Row]] = defaultdict(list)
    for row in rows:
        found[key_of(row)].append(row)
    return {key: tuple(of_key) for key, of_key in found.items()}


def _said(text: Mapping[str, str], language: PageLanguage) -> str:
    return text.get(language) or next(iter(text.values()), "")
