"""What fell and why: an overview, a page for each node that fell and each district, early signals and blind spots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from donghaeng.release.read import Row
from donghaeng.site.diagnosed import UNDETERMINED, Diagnosed, Fall, diagnosed
from donghaeng.site.page import Crumb, Page, Picture, pack_title, phrase, place_name
from donghaeng.site.pictures_findings import blind_spots_drawn, fall_drawn, falls_drawn
from donghaeng.site.planned import planned
from donghaeng.site.signals import Watched, watched
from donghaeng.site.view import IndexView

#: Names of the pages that are about no single node.
INDEX, SIGNALS = "findings/index.html", "findings/signals.html"
#: Lines that a table shows at most; the files beside the page have all.
MOST_LINES = 60
#: Up to so many falls in all years, earlier years stand open and each undetermined one by itself.
MOST_OPEN = 12


@dataclass(frozen=True)
class Year:
    """The falls of a period in the places that head the pages.

    Attributes:
        period: the period.
        areas: falls of composites.
        indicators: falls of indicators, deepest first.
    """

    period: str
    areas: tuple[Fall, ...]
    indicators: tuple[Fall, ...]

    @property
    def all(self) -> tuple[Fall, ...]:
        """All of them."""
        return (*self.areas, *self.indicators)

    @property
    def named(self) -> int:
        """How many have a cause, in one comparison at least."""
        return sum(any(row["cause"] != UNDETERMINED for row in fall.rows) for fall in self.all)


@dataclass(frozen=True)
class District:
    """A place that is part of another, in the newest period.

    Attributes:
        place: place code.
        indicators: number of its indicators that fell.
        named: of these, those with a cause.
        deepest: its deepest fall of an indicator, else of an area.
    """

    place: str
    indicators: int
    named: int
    deepest: Fall


@dataclass(frozen=True)
class Groups:
    """The groups of an indicator in a place and period: rows of ``blind_spots``."""

    slug: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Counts:
    """A series of counts in all places, the whole first, then those where an alarm stands."""

    series: str
    lines: tuple[Watched, ...]

    @property
    def standing(self) -> int:
        """In how many places an alarm stands."""
        return sum(line.stands for line in self.lines)


def findings(view: IndexView) -> list[Page]:
    """Give the pages, where the release has a diagnosis."""
    d = diagnosed(view)
    if d is None:
        return []
    signals = counts_of(view.rows("alarms"), d.leads)
    return [
        _overview(d, signals),
        *([_signals(d, signals)] if signals or d.blind_spots else []),
        *(_node(d, code) for code in d.nodes),
        *(_place(d, code) for code in d.places),
    ]


def years_of(d: Diagnosed) -> tuple[Year, ...]:
    """Give the falls of the places that head the pages, newest period first."""
    found = []
    for period in d.periods:
        falls = d.of(d.leads, period)
        areas = tuple(fall for fall in falls if not d.view.nodes[fall.node].is_leaf)
        leaves = sorted((fall for fall in falls if d.view.nodes[fall.node].is_leaf), key=lambda fall: fall.deepest)
        if falls:
            found.append(Year(period, areas, tuple(leaves)))
    return tuple(found)


def districts_of(d: Diagnosed) -> tuple[District, ...]:
    """Give the places that are part of another with their falls in the newest period, deepest first."""
    found = []
    for place in d.places:
        falls = d.of([place], d.periods[0])
        leaves = [fall for fall in falls if d.view.nodes[fall.node].is_leaf]
        if falls:
            named = sum(fall.leading["cause"] != UNDETERMINED for fall in leaves)
            found.append(District(place, len(leaves), named, min(leaves or falls, key=lambda fall: fall.deepest)))
    return tuple(sorted(found, key=lambda one: one.deepest.deepest))


def counts_of(rows: Sequence[Row], leads: Sequence[str]) -> tuple[Counts, ...]:
    """Give the series that are watched: in the places that head the pages first, then where an alarm stands."""
    by_series: dict[str, list[Watched]] = {}
    for one in watched(rows):
        by_series.setdefault(one.series, []).append(one)
    return tuple(
        Counts(series, tuple(sorted(lines, key=lambda line: (line.place not in leads, not line.stands))))
        for series, lines in by_series.items()
    )


def groups_of(d: Diagnosed) -> tuple[Groups, ...]:
    """Give the groups of the newest period of each indicator and place."""
    found: dict[tuple[str, str], dict[str, list[Row]]] = {}
    for row in d.blind_spots:
        periods = found.setdefault((str(row["node"] or ""), str(row["place"])), {})
        periods.setdefault(str(row["period"]), []).append(row)
    return tuple(Groups(f"{at}", tuple(periods[max(periods)])) for at, periods in enumerate(found.values(), 1))


def _overview(d: Diagnosed, signals: Sequence[Counts]) -> Page:
    view, years = d.view, years_of(d)
    few = sum(len(year.all) for year in years) <= MOST_OPEN
    open_ones: dict[tuple[str, str, str], Fall] = {}
    for fall in (fall for year in years for fall in year.all):
        if any(row["cause"] == UNDETERMINED for row in fall.rows):
            open_ones.setdefault((fall.place, fall.node, fall.period if few else ""), fall)
    return Page(
        path=view.path(INDEX),
        template="findings.html.j2",
        title=phrase("fell.title"),
        languages=view.languages,
        tables={
            "findings": d.rows if not d.places else [row for row in d.rows if row["place"] in d.leads],
            "collect": [row for row in view.rows("finding_collect") if row["place"] in d.leads],
        },
        context={
            "d": d,
            "years": years,
            "few": few,
            "undetermined": list(open_ones.values()),
            "has_plans": planned(view) is not None,
            "said": said_of(d, [fall for year in years for fall in year.all]),
            "districts": districts_of(d),
            "causes": causes_of(years[0].all if years else ()),
            "signals": signals,
            "blind": [row for group in groups_of(d) for row in group.rows if row["is_blind"]],
            "most": MOST_LINES,
        },
        pictures=falls_drawn(d, years[0].all) if years else {},
        trail=_trail(view),
        view=view,
        section="findings",
    )


def said_of(d: Diagnosed, falls: Sequence[Fall]) -> list[tuple[Row, Fall]]:
    """Give the explanations that were published, each once beside the fall it is about."""
    found: dict[str, tuple[Row, Fall]] = {}
    for fall in falls:
        for one in fall.statements:
            if one in d.said and (one not in found or d.said[one]["node"] == fall.node != found[one][1].node):
                found[one] = d.said[one], fall
    return list(found.values())


def causes_of(falls: Sequence[Fall]) -> list[str]:
    """Give the causes that are named for some falls, the most frequent first."""
    counts: dict[str, int] = {}
    for fall in falls:
        for cause in {str(row["cause"]) for row in fall.rows}:
            counts[cause] = counts.get(cause, 0) + 1
    return sorted(counts, key=lambda cause: (-counts[cause], cause))


def _node(d: Diagnosed, code: str) -> Page:
    view = d.view
    falls = d.of_node(code)
    own = [fall for fall in falls if fall.place in d.leads]
    newest = falls[0].period
    pictures: dict[str, Picture] = {}
    head = next((fall for fall in own if fall.period == own[0].period), None) if own else None
    for row in head.rows if head else ():
        pictures |= fall_drawn(d, row)
    districts = sorted(
        (fall for fall in falls if fall.place not in d.leads and fall.period == newest), key=lambda fall: fall.deepest
    )
    keys = {(row["place"], row["period"], row["comparison"]) for fall in falls for row in fall.rows}
    places = {fall.place for fall in own} or {fall.place for fall in districts[:1]}
    evidence = [row for row in d.evidence(code) if row["place"] in places]
    return Page(
        path=d.node_path(code),
        template="finding.html.j2",
        title=lambda figures: figures.words.text("fell.why", name=view.name(code, figures.words.language)),
        languages=view.languages,
        tables={
            "findings": [row for row in d.rows if row["node"] == code],
            "causes": [
                row
                for row in view.rows("finding_causes")
                if row["node"] == code and (row["place"], row["period"], row["comparison"]) in keys
            ],
            "checks": [row for row in view.rows("finding_checks") if row["node"] == code],
            "collect": [row for row in view.rows("finding_collect") if row["node"] == code],
            "evidence": d.evidence(code),
        },
        context={
            "d": d,
            "code": code,
            "is_leaf": view.nodes[code].is_leaf,
            "own": own,
            "head": head,
            "districts": districts,
            "district_period": newest,
            "evidence": evidence[:MOST_LINES],
            "evidence_total": len(d.evidence(code)),
            "said": said_of(d, falls),
        },
        pictures=pictures,
        trail=(*_trail(view), Crumb(view.path(INDEX), phrase("fell.title"))),
        view=view,
        section="findings",
    )


def _place(d: Diagnosed, code: str) -> Page:
    view = d.view
    falls = d.of([code], d.periods[0])
    return Page(
        path=d.place_path(code),
        template="findings_place.html.j2",
        title=lambda figures: figures.words.text("fell.title_place", name=place_name(view, code)(figures)),
        languages=view.languages,
        tables={"findings": [row for row in d.rows if row["place"] == code]},
        context={
            "d": d,
            "place": code,
            "when": d.periods[0],
            "areas": [fall for fall in falls if not view.nodes[fall.node].is_leaf],
            "indicators": sorted(
                (fall for fall in falls if view.nodes[fall.node].is_leaf), key=lambda fall: fall.deepest
            ),
            "wanted": d.wanted(falls),
            "causes": causes_of(falls),
        },
        trail=(*_trail(view), Crumb(view.path(INDEX), phrase("fell.title"))),
        view=view,
        section="findings",
    )


def _signals(d: Diagnosed, signals: Sequence[Counts]) -> Page:
    view, groups = d.view, groups_of(d)
    pictures: dict[str, Picture] = {}
    for one in groups:
        pictures |= blind_spots_drawn(d, one.rows, one.slug)
    tables = {name: view.rows(name) for name in ("alarms", "blind_spots") if view.rows(name)}
    return Page(
        path=view.path(SIGNALS),
        template="signals.html.j2",
        title=phrase("fell.signals_title"),
        languages=view.languages,
        tables=tables,
        context={"d": d, "signals": signals, "groups": groups, "most": MOST_LINES},
        pictures=pictures,
        trail=(*_trail(view), Crumb(view.path(INDEX), phrase("fell.title"))),
        view=view,
        section="findings",
    )


def _trail(view: IndexView) -> tuple[Crumb, ...]:
    return (Crumb(view.path("index.html"), pack_title(view)),)
