"""The page for travellers: which pass pays off for some trips, computed by the reader's browser."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from donghaeng.release.read import Release
from donghaeng.site.pack_view import PackView, in_language
from donghaeng.site.page import Crumb, Page, pack_title, phrase
from donghaeng.site.pages.data import RELEASE_FOLDER
from donghaeng.site.pages.rules import CALENDAR_SCRIPT, RUNTIME_SCRIPT, table_documents
from donghaeng.wording import PageLanguage

Plain = Mapping[str, Any]

DOCUMENT = "traveller.json"
#: File name of the page.
FILE = "traveller.html"
#: What counts, and what asks and shows.
SCRIPTS = ("assets/trips.js", "assets/traveller.js")
#: Numbers that stand in the form at first: a long weekend with a few rides a day.
DAYS, RIDES = 3, 3


#: Phrases that the script shows.
WORDS = (
    *("option", "total", "against", "pays_off", "not_covered", "all_covered", "single", "open", "and_open"),
    *(
        "piece",
        "pieces",
        "only_with",
        "back",
        "bill",
        "single_days",
        "beside",
        "card",
        "less",
        "more",
        "same",
        "more_or_less",
        "never",
    ),
    *("from_rides", "best", "best_single", "depends", "no_fares", "caption", "where", "know", "as_of", "since"),
    *("basis", "right_both", "right_alight_only", "right_none", "right_unknown", "right_of", "place"),
    *("left_out_transfers", "left_out_early", "distance_open", "spread", "proof", "need_day", "need_range"),
    *("need_rides", "not_known"),
)


@dataclass(frozen=True)
class Price:
    """A price on the day of the release.

    Attributes:
        product: code of the pass.
        categories: codes of who pays it; empty for everybody.
        row: the row of the document that says so.
    """

    product: str
    categories: tuple[str, ...]
    row: Plain


def traveller_of(view: PackView) -> Plain | None:
    """Give what the release says to travellers of a pack; None where it says nothing."""
    return view.pack.documents.get(DOCUMENT)


def traveller(view: PackView, release: Release) -> list[Page]:
    """Give the page, in every language that the pack has words for; none where it has none."""
    document = traveller_of(view)
    if document is None:
        return []
    tables = table_documents(view)
    asked = {role: tables[bound["table"]] for role, bound in document["tables"].items()}
    scripts = [f"{RELEASE_FOLDER}/{view.id}/rules/{table['table']}.js" for table in asked.values()]
    page = Page(
        path=view.path(FILE),
        template="traveller.html.j2",
        title=phrase("traveller.title"),
        languages=tuple(document["languages"]),
        tables={"prices": document["prices"]},
        context={
            "document": document,
            "on": (on := str(release.manifest["date"])),
            "prices": prices_on(document, on),
            "cards": {code: value_on(one["price"], on) for code, one in document["media"].items() if one["price"]},
            "rows": {f"{table['table']}/{row['id']}": row for table in _quoted(asked) for row in table["rows"]},
            "distances": list(pairwise([0, *document["distances_km"]])),
            "words": WORDS,
            "media": media_of(document),
            "postpaid": [code for code, one in document["media"].items() if one["pays"] == "postpaid"],
            "data": lambda language: data_of(document, language),
            "days": DAYS,
            "rides": RIDES,
        },
        trail=(Crumb(view.path("index.html"), pack_title(view)),),
        view=view,
        section="traveller",
        scripts=(CALENDAR_SCRIPT, RUNTIME_SCRIPT, *dict.fromkeys(scripts), *SCRIPTS),
    )
    return [page]


def media_of(document: Plain) -> list[tuple[str, str]]:
    """Give what may carry a pass, each with ``new`` or ``held`` where a new one costs something."""
    found = []
    for code, one in document["media"].items():
        if one["pays"] == "prepaid":
            found += [(code, "new"), (code, "held")] if one["price"] else [(code, "")]
    return found


def _quoted(asked: Mapping[str, Plain]) -> list[Plain]:
    """Give the tables whose rules an answer quotes."""
    return [asked[role] for role in ("price", "bill", "fare") if role in asked]


def prices_on(document: Plain, day: str) -> list[Price]:
    """Give what every pass costs on a day, categories that pay the same together."""
    found: list[Price] = []
    categories = document["categories"]
    for product in document["products"]:
        groups: dict[tuple[Any, ...], list[str]] = {}
        rows: dict[tuple[Any, ...], Plain] = {}
        for category, one in categories.items():
            row = price_on(document["prices"], product, one["buys"], day)
            if row is not None:
                key = row["least"], row["most"], row["from"]
                groups.setdefault(key, []).append(category)
                rows.setdefault(key, row)
        for key, paying in groups.items():
            found.append(Price(product, () if len(paying) == len(categories) else tuple(paying), rows[key]))
    return found


def price_on(prices: Sequence[Plain], product: str, buys: Sequence[str], day: str) -> Plain | None:
    """Give the row that holds on a day for the first of some categories that a pass is sold to; None for none."""
    for category in buys:
        for row in prices:
            is_asked = row["product"] == product and row["category"] == category
            if is_asked and row["from"] <= day and (row["to"] is None or day <= row["to"]):
                return row
    return None


def value_on(dated: Sequence[Plain], day: str) -> int:
    """Give the number that holds on a day, of numbers by their first day."""
    return int([one["value"] for one in dated if one["from"] <= day][-1])


def data_of(document: Plain, language: PageLanguage) -> str:
    """Give what the script needs, with the names of one language, as JSON."""

    def said(items: Mapping[str, Plain], *keys: str) -> dict[str, Plain]:
        return {
            code: {"title": in_language(item["title"], language), **{key: item[key] for key in keys}}
            for code, item in items.items()
        }

    data = {
        **{name: document[name] for name in ("pack", "tables", "riders", "distances_km", "resident")},
        **{name: document[name] for name in ("most_days", "left_out")},
        "products": said(document["products"], "pays", "rights", "categories", "media"),
        "categories": said(document["categories"], "verified", "buys"),
        "media": said(document["media"], "price"),
        "kinds": said(document["kinds"], "by_day", "grows", "coverage", "day_cap"),
        "places": [
            {"title": in_language(one["title"], language), "coverage": one["coverage"]} for one in document["places"]
        ],
        "notes": [
            {"text": in_language(one["text"], language), "products": one["products"]} for one in document["notes"]
        ],
        "prices": [{name: row[name] for name in ("product", "category", "from")} for row in document["prices"]],
    }
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))
