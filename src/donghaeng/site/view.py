"""A released index as pages need it: its rows by what they are about, and the rules of what may stand where."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any, Literal

from donghaeng import periods
from donghaeng.release.read import ReleasedPack, Row
from donghaeng.site.links import file_names
from donghaeng.site.pack_view import PackView, named
from donghaeng.site.tried import Tried
from donghaeng.sources import CITABLE, source_ids
from donghaeng.wording import PageLanguage

#: Values that may stand in a headline, a chart or a total.
CITABLE_WORDS = frozenset(kind.word for kind in CITABLE)
SIMULATED = "simulated"

#: Published and derived values, or simulated ones: never both in one headline, line or total.
Stream = Literal["public", "simulated"]
KINDS_OF: Mapping[Stream, frozenset[str]] = {"public": CITABLE_WORDS, "simulated": frozenset({SIMULATED})}


@dataclass(frozen=True)
class Node:
    """One element of the structure.

    Attributes:
        code: its code.
        parent: code of its parent; empty for the root.
        children: codes of its children in the order of the structure.
        row: its row in the table ``structure``.
    """

    code: str
    parent: str
    children: tuple[str, ...]
    row: Row

    @property
    def is_leaf(self) -> bool:
        """Say whether it is an indicator."""
        return not self.children


@dataclass(frozen=True)
class Headline:
    """The newest score of a node for a place that may head a page.

    Attributes:
        place: place code.
        period: period.
        stream: published and derived, or simulated.
        score: row of ``scores``.
        base_change: row of ``changes`` against the base; None where there is none.
        year_change: row of ``changes`` on the year before; None where there is none.
    """

    place: str
    period: str
    stream: Stream
    score: Row
    base_change: Row | None
    year_change: Row | None


class IndexView(PackView):
    """A pack that describes an index, looked up by node, place and period."""

    def __init__(self, pack: ReleasedPack) -> None:
        """Take a released pack with an index."""
        super().__init__(pack)
        self.recipe: Mapping[str, Any] = pack.recipe or {}
        self.nodes = _nodes(self.rows("structure"))
        self.root = next(code for code, node in self.nodes.items() if not node.parent)
        self.quality = {str(row["node"]): row for row in self.rows("quality")}
        self.score = {(str(row["place"]), str(row["period"]), str(row["node"])): row for row in self.rows("scores")}
        self.change = {
            (str(row["place"]), str(row["period"]), str(row["node"]), str(row["comparison"])): row
            for row in self.rows("changes")
        }
        self.observations = _by_node(self.rows("observations"))
        self.conflicts = _by_node(self.rows("conflicts"))
        self.published = _by_node(self.rows("published"))
        self.statements = _by_node(self.rows("statements"))
        self.revisions = self.rows("revisions")
        self.parts: dict[tuple[str, str, str], dict[str, Row]] = defaultdict(dict)
        for row in self.rows("contributions"):
            self.parts[str(row["place"]), str(row["period"]), str(row["node"])][str(row["part"])] = row

    # ── structure ────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def inner(self) -> tuple[str, ...]:
        """Codes of all composites, root first."""
        return tuple(code for code, node in self.nodes.items() if not node.is_leaf)

    @cached_property
    def leaves(self) -> tuple[str, ...]:
        """Codes of all indicators."""
        return tuple(code for code, node in self.nodes.items() if node.is_leaf)

    def ancestors(self, code: str) -> tuple[str, ...]:
        """Give the composites above a node, root first."""
        found: list[str] = []
        while parent := self.nodes[code].parent:
            found.append(parent)
            code = parent
        return tuple(reversed(found))

    def leaves_below(self, code: str) -> tuple[str, ...]:
        """Give the indicators below a node."""
        node = self.nodes[code]
        if node.is_leaf:
            return (code,)
        return tuple(leaf for child in node.children for leaf in self.leaves_below(child))

    def has_only_leaves(self, code: str) -> bool:
        """Say whether all children of a node are indicators."""
        return all(self.nodes[child].is_leaf for child in self.nodes[code].children)

    def name(self, code: str, language: PageLanguage) -> str:
        """Give the name of a node, in another language where it has none in this."""
        return named(self.nodes[code].row, "name", language) or code if code in self.nodes else code

    # ── addresses ────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def _node_files(self) -> dict[str, str]:
        return {**file_names(self.inner), **file_names(self.leaves)}

    @cached_property
    def _place_files(self) -> dict[str, str]:
        return file_names(self.places, taken=["index"])

    def node_path(self, code: str) -> str:
        """Give the path of the page of a node."""
        folder = "indicators" if self.nodes[code].is_leaf else "areas"
        return self.path(f"{folder}/{self._node_files[code]}.html")

    def place_path(self, code: str) -> str:
        """Give the path of the page of a place; the front page where there is only one."""
        return self.path("index.html") if self.is_single else self.path(f"places/{self._place_files[code]}.html")

    # ── time and place ───────────────────────────────────────────────────────────────────────────

    @cached_property
    def periods(self) -> tuple[str, ...]:
        """All periods that have scores or observations, in the order of time."""
        found = {str(row["period"]) for table in ("scores", "observations") for row in self.rows(table)}
        return tuple(sorted(found, key=periods.parse))

    @cached_property
    def scored_places(self) -> tuple[str, ...]:
        """Places that have a score of any node, in the order of the release; all places when none has."""
        rows = self.rows("scores")
        found = dict.fromkeys(str(row["place"]) for row in rows if row["value"] is not None)
        return tuple(found or dict.fromkeys(str(row["place"]) for row in rows))

    @property
    def is_single(self) -> bool:
        """Say whether the index is about one place only."""
        return len(self.scored_places) <= 1

    @cached_property
    def lead_place(self) -> str | None:
        """The place whose result heads the front page: the only one, or the one that all others are part of."""
        if self.is_single:
            return next(iter(self.scored_places), None)
        scored = set(self.scored_places)
        tops = [code for code in self.scored_places if not self.places.get(code, {}).get("parent")]
        parts = {str(row["parent"]) for code, row in self.places.items() if code in scored}
        return tops[0] if len(tops) == 1 and tops[0] in parts else None

    @property
    def base_period(self) -> str | None:
        """The period that scores are held against; None where the method has none."""
        scale = self.recipe.get("normalise") or {}
        value = scale.get("base_period") or (
            scale.get("period") if scale.get("method") == "z_score_reference" else None
        )
        return str(value) if value else None

    @property
    def base_value(self) -> float | None:
        """The score that every set of indicators has in the base period; None where the method fixes none."""
        value = (self.recipe.get("normalise") or {}).get("base_value")
        return float(value) if self.base_period and value is not None else None

    @cached_property
    def decimals(self) -> int:
        """How many decimals a score is shown with, as the recipe says: one unless it says otherwise."""
        return int(self.recipe.get("decimals", 1))

    @cached_property
    def agreement(self) -> tuple[int, int]:
        """How many published values agree with the computed ones, and how many could be compared."""
        verdicts = [row["agrees"] for row in self.rows("published") if row["agrees"] is not None]
        return sum(verdicts), len(verdicts)

    @cached_property
    def newest_evidence(self) -> tuple[str, ...]:
        """Sources of the used statements of the newest period, those used most first."""
        counts: dict[str, int] = defaultdict(int)
        for row in self.rows("observations"):
            if row["used"] and row["period"] == self.newest_period:
                for source in source_ids(row["source"]):
                    counts[source] += 1
        return tuple(sorted(counts, key=lambda source: (-counts[source], source)))

    @cached_property
    def tried(self) -> Tried | None:
        """What recipes tried instead of this one gave; None where the pack names none."""
        return Tried(self.pack.tables) if self.rows("robustness_intervals") else None

    def interval(self, node: str, place: str | None, period: str, stream: Stream) -> Row | None:
        """Give the row of ``robustness_intervals`` that may stand beside a score of a stream."""
        if self.tried is None or node != self.root or stream_of(self.tried.kind) != stream:
            return None
        return self.tried.intervals.get((place or "", period))

    # ── what may stand where ─────────────────────────────────────────────────────────────────────

    def headline(self, node: str, place: str | None) -> Headline | None:
        """Give the newest score that may head a page: citable before simulated, never anything else."""
        if place is None:
            return None
        for stream in ("public", "simulated"):
            for period in reversed(self.periods):
                if self.value(node, place, period, stream) is not None:
                    return Headline(
                        place,
                        period,
                        stream,
                        self.score[place, period, node],
                        self.change.get((place, period, node, "base")),
                        self.change.get((place, period, node, "year")),
                    )
        return None

    def value(self, node: str, place: str, period: str, stream: Stream) -> float | None:
        """Give a score when it is of the kinds of a stream."""
        row = self.score.get((place, period, node))
        return row["value"] if row is not None and row["kind"] in KINDS_OF[stream] else None

    def series(self, node: str, place: str, stream: Stream) -> list[tuple[str, float | None]]:
        """Give the scores of a stream from the first to the last period that has one; None for a gap."""
        points = [(period, self.value(node, place, period, stream)) for period in self.periods]
        present = [at for at, (_, value) in enumerate(points) if value is not None]
        return points[present[0] : present[-1] + 1] if present else []

    @cached_property
    def newest_period(self) -> str | None:
        """The newest period in which the index of any place may be cited, else in which one is simulated."""
        for stream in ("public", "simulated"):
            for period in reversed(self.periods):
                if any(self.value(self.root, place, period, stream) is not None for place in self.scored_places):
                    return period
        return None

    @cached_property
    def stream(self) -> Stream:
        """What the index as a whole rests on."""
        period = self.newest_period
        if period is None:
            return "public"
        found = [self.value(self.root, place, period, "public") for place in self.scored_places]
        return "public" if any(value is not None for value in found) else "simulated"

    def evidence(self, node: str, place: str, period: str) -> tuple[str, ...]:
        """Give the sources of all inputs of a score: its own used statements, else those of what it is made of.

        A place with parts has those of its parts; a score of values from other periods only, those of all periods.
        """
        parts = [code for code, row in self.places.items() if row.get("parent") == place]
        found = self._inputs(node, (place,), (period,)) or self._inputs(node, parts, (period,))
        found = found or self._inputs(node, (place, *parts), self.periods)
        return tuple(dict.fromkeys(source for row in found for source in source_ids(row["source"])))

    def _inputs(self, node: str, places: Iterable[str], when: Iterable[str]) -> list[Row]:
        """Give the used statements that a score rests on; a given value goes before what lies below it."""
        found = []
        for place, period in product(places, when):
            waiting = [node]
            while waiting:
                code = waiting.pop(0)
                rows = self._used.get((code, place, period), [])
                # Values that may not stand in a total take no part in what is above them.
                found += [row for row in rows if code == node or row["kind"] in CITABLE_WORDS | {SIMULATED}]
                waiting += () if rows else self.nodes[code].children
        return found

    def sources_of_values(self, node: str) -> tuple[str, ...]:
        """Give the sources of the structure and of all used statements about a node."""
        used = [row for row in self.observations.get(node, ()) if row["used"]]
        rows = [self.nodes[node].row, *used]
        return tuple(dict.fromkeys(source for row in rows for source in source_ids(row["source"] or "")))

    @cached_property
    def _used(self) -> Mapping[tuple[str, str, str], list[Row]]:
        """Used statements by node, place and period."""
        found: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
        for row in self.rows("observations"):
            if row["used"]:
                found[str(row["node"]), str(row["place"]), str(row["period"])].append(row)
        return found

    def ranked(self, node: str, period: str) -> int:
        """Count the places that have a rank for a node in a period."""
        rows = (self.score.get((place, period, node)) for place in self.scored_places)
        return sum(row is not None and row["rank"] is not None for row in rows)

    def start_value(self, node: str, place: str) -> float | None:
        """Give the score that a change against the base is counted from."""
        if self.base_value is not None:
            return self.base_value
        row = self.score.get((place, self.base_period or "", node))
        return None if row is None else row["value"]

    def published_beside(self, node: str, place: str, period: str) -> Row | None:
        """Give the published value that a computed one is compared with."""
        rows = (row for row in self.published.get(node, ()) if row["place"] == place and row["period"] == period)
        return next(rows, None)

    def uncertain_scores(self, node: str, place: str) -> list[Row]:
        """Give used statements about a node that may not be cited, newest first."""
        rows = [
            row
            for row in self.observations.get(node, ())
            if row["used"] and row["place"] == place and row["kind"] not in CITABLE_WORDS | {SIMULATED}
        ]
        return sorted(rows, key=lambda row: periods.parse(row["period"]), reverse=True)


def stream_of(kind: str) -> Stream | None:
    """Give the stream that a kind belongs to; None for what may not stand in a chart or headline."""
    return "public" if kind in CITABLE_WORDS else "simulated" if kind == SIMULATED else None


def view_of(pack: ReleasedPack) -> PackView:
    """Give a released pack as pages need it: as an index where it describes one."""
    return IndexView(pack) if "structure" in pack.tables else PackView(pack)


def _nodes(rows: Iterable[Row]) -> dict[str, Node]:
    given = {str(row["code"]): row for row in rows}
    children: dict[str, list[str]] = defaultdict(list)
    for code, row in given.items():
        if row["parent"]:
            children[str(row["parent"])].append(code)
    return {code: Node(code, str(row["parent"] or ""), tuple(children[code]), row) for code, row in given.items()}


def _by_node(rows: Iterable[Row]) -> Mapping[str, tuple[Row, ...]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[str(row["node"] or "")].append(row)
    return {node: tuple(of_node) for node, of_node in found.items()}
