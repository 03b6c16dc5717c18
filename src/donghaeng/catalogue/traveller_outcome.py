"""From the passes of a pack to the document behind the traveller's page: what its script must know beside tables."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from donghaeng.catalogue.traveller_section import FareTable, TravellerSection
from donghaeng.services.passes.fare_section import Number
from donghaeng.services.passes.policy import Policy
from donghaeng.services.passes.roles import Role
from donghaeng.services.passes.section import TableOf

Plain = dict[str, Any]

DOCUMENT = "traveller.json"
#: Questions that the page asks the tables of the pass service; `_fares` adds those of fares.
ROLES: tuple[Role, ...] = ("price", "period", "coverage", "bill")


def traveller_document(section: TravellerSection) -> Plain:
    """Give the document: names, which table answers what, dated numbers by day, and every price since when it holds.

    Amounts on the page are decided by the scripts of the tables; ``prices`` is what stands there without scripts, and
    says since when a price holds.
    """
    model, passes = section.model, section.passes.model
    policy = Policy(section.passes)
    fares = passes.fares
    if fares is None:  # pragma: no cover - the section is read only where there are fares
        raise AssertionError("a page for travellers without fares")
    distance = fares.distance
    return {
        "pack": section.passes.pack,
        "languages": list(model.languages),
        "service": section.service,
        "unit": section.unit,
        "tables": {role: _bound(bound) for role, bound in passes.tables.items() if role in ROLES} | _fares(section),
        "riders": {category: model.riders.get(category, category) for category in passes.categories},
        "products": {
            code: {
                "title": section.name("products", code),
                "pays": product.pays,
                "rights": list(product.rights),
                "categories": list(product.categories),
                "media": list(product.media),
            }
            for code, product in passes.products.items()
        },
        "categories": {
            code: {
                "title": section.name("categories", code),
                "verified": passes.categories[code].verified,
                "buys": list(bought),
            }
            for code, bought in model.buys.items()
        },
        "media": {
            code: {
                "title": section.name("media", code),
                "pays": medium.pays,
                "price": None if medium.price == 0 else _dated(policy, medium.price),
            }
            for code, medium in passes.media.items()
        },
        "kinds": {
            kind: {
                "title": section.name("kinds", kind),
                "by_day": fares.kinds[kind].by_day,
                "grows": distance is not None and kind not in distance.flat_alone and not fares.kinds[kind].by_day,
                "coverage": dict(facts),
                "day_cap": _dated(policy, fares.day_caps[kind]) if kind in fares.day_caps else None,
            }
            for kind, facts in model.rides.items()
        },
        "distances_km": list(model.distances_km),
        "resident": model.resident,
        "most_days": model.most_days,
        "left_out": [name for name in ("transfers", "early") if getattr(fares, name) is not None],
        "places": [{"title": dict(one.title), "coverage": dict(one.coverage)} for one in model.places],
        "notes": [{"text": dict(one.text), "products": list(one.products)} for one in model.notes],
        "prices": _prices(policy),
    }


def _bound(bound: TableOf) -> Plain:
    """Give what a table is called and how it calls what it is told and what it answers."""
    return {
        "table": bound.table,
        "facts": dict(bound.facts),
        "outcomes": dict(bound.outcomes),
        "results": dict(bound.results),
        "always": {},
    }


def _fares(section: TravellerSection) -> Plain:
    """Give the tables of single fares: the pack's own for riders without a pass, else that of the pass service."""
    model = section.model

    def own(bound: FareTable) -> Plain:
        facts = {"category": bound.rider, "kind": bound.kind, "metres": bound.metres}
        return {"table": bound.table, "facts": facts, "outcomes": {}, "results": {}, "always": dict(bound.facts)}

    of_service = {**_bound(section.passes.model.tables["fare"]), "always": {"early": False}}
    found = {"fare": own(model.single_fare) if model.single_fare else of_service}
    if model.distance_fare:
        found["distance"] = own(model.distance_fare)
    return found


def _dated(policy: Policy, number: Number) -> list[Plain]:
    """Give a number by its first day: what `Policy.value` gives on each day, from the earliest on."""
    if isinstance(number, int):
        return [{"from": "", "value": number}]
    entries = policy.section.rules.values[number].dated
    days = {one.dates.start for one in entries if one.dates.start}
    days |= {one.dates.end + timedelta(days=1) for one in entries if one.dates.end}
    first = min(days, default=date(1900, 1, 1)) - timedelta(days=1)
    found: list[Plain] = [{"from": "", "value": int(policy.value(number, first))}]
    for day in sorted(days):
        value = int(policy.value(number, day))
        if value != found[-1]["value"]:
            found.append({"from": day.isoformat(), "value": value})
    return found


def _prices(policy: Policy) -> list[Plain]:
    """Give the price of every product to each category that it is sold to, by the days between which it holds.

    Rows: ``product``, ``category``, ``from``, ``to`` (null while it holds), ``least``, ``most`` (null where it is paid
    afterwards), ``kind``, ``row`` (of the table), ``source`` (ids).
    """
    days = policy.table("price").change_days()
    rows: list[Plain] = []
    for code, product in policy.section.model.products.items():
        for category in product.categories:
            before: Plain | None = None
            for day in days:
                now = _price(policy, code, category, day)
                if before and (now is None or any(now[key] != before[key] for key in _SAME)):
                    before["to"] = (day - timedelta(days=1)).isoformat()
                    before = None
                if now and before is None:
                    before = {"product": code, "category": category, "from": day.isoformat(), "to": None, **now}
                    rows.append(before)
    return rows


_SAME = ("least", "most", "row")


def _price(policy: Policy, product: str, category: str, day: date) -> Plain | None:
    ruling = policy.rule("price", day, product=product, category=category)
    if ruling.meaning != "sold" or ruling.row is None:
        return None
    return {
        "least": ruling.least,
        "most": ruling.most,
        "kind": ruling.decision.kind,
        "row": ruling.row.row.id,
        "source": ";".join(cited.source for cited in ruling.decision.citations),
    }


__all__ = ["DOCUMENT", "ROLES", "traveller_document"]
