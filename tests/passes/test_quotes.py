"""Quotes of a shipped pack: price matrix, windows, the service day, warnings, and what cannot be sold."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from donghaeng.services.passes.policy import Policy
from donghaeng.services.passes.quotes import Quote, quote
from donghaeng.services.passes.refusal import PassRefusedError
from donghaeng.services.passes.service_day import Period
from donghaeng.services.passes.views import quote_view
from tests.passes.counters import Counter, moment, pack

POLICY = Policy(pack().passes_section())


def asked(product: str, category: str, on: str, **more: Any) -> Quote:
    return quote(POLICY, product, category, date.fromisoformat(on), **more)


MATRIX = {
    "general": (62_000, 65_000, 67_000, 70_000),
    "youth": (55_000, 58_000, 60_000, 63_000),
    "teen": (55_000, 58_000, 60_000, 63_000),
    "multichild_2": (55_000, 58_000, 60_000, 63_000),
    "multichild_3": (45_000, 48_000, 50_000, 53_000),
}
PRODUCTS = ("d30_transit", "d30_transit_bike", "d30_transit_river", "d30_transit_bike_river")


@pytest.mark.parametrize("category", MATRIX)
def test_the_published_price_matrix_of_2025_is_quoted(category: str) -> None:
    amounts = tuple(asked(product, category, "2025-09-18").amount for product in PRODUCTS)
    assert amounts == MATRIX[category]


def test_a_price_that_could_not_be_read_is_a_range_and_is_not_sold_before_it_is_fixed() -> None:
    made = asked("d30_transit_bike_river", "low_income", "2025-10-01")
    assert (made.amount, made.least, made.most) == (None, 50_000, 53_000)
    assert made.refused is not None
    assert (made.refused.code, made.refused.details["setting"]) == (
        "setting-needed",
        "price/low_income_transit_bike_river",
    )


@pytest.mark.parametrize(("days", "amount"), [(1, 5_000), (2, 8_000), (3, 10_000), (5, 15_000), (7, 20_000)])
def test_short_passes_start_at_once_and_warn_before_paying(days: int, amount: int) -> None:
    made = asked(f"short_{days}", "youth", "2024-07-01")
    assert (made.amount, made.category) == (amount, "any")
    assert made.starts == made.earliest == made.latest == date(2024, 7, 1)
    assert made.ends == date(2024, 7, days)
    assert any("at once" in warning["en"] for warning in made.warnings)
    assert asked(f"short_{days}", "any", "2024-06-30").refused is not None


def test_a_start_is_chosen_within_five_days_the_charge_day_included() -> None:
    first = asked("d30_transit", "general", "2024-01-23")
    assert (first.earliest, first.latest) == (date(2024, 1, 27), date(2024, 1, 27))
    assert (first.starts, first.ends) == (date(2024, 1, 27), date(2024, 2, 25))
    later = asked("d30_transit", "general", "2024-03-01", start=date(2024, 3, 5))
    assert later.refused is None
    assert later.starts == date(2024, 3, 5)
    late = asked("d30_transit", "general", "2024-03-01", start=date(2024, 3, 6))
    assert late.refused is not None
    assert late.refused.code == "start-out-of-window"


def test_before_four_in_the_morning_it_is_still_the_day_before(here: Counter) -> None:
    from donghaeng.services.passes.charging import quote_for

    before = quote_for(here.service, product="d30_transit", category="youth", at=moment("2024-07-01 03:59"))
    after = quote_for(here.service, product="d30_transit", category="youth", at=moment("2024-07-01 04:00"))
    assert (before.on, before.amount, before.later_refund) == (date(2024, 6, 30), 62_000, 7_000)
    assert (after.on, after.amount, after.later_refund) == (date(2024, 7, 1), 55_000, 0)
    early = quote_for(here.service, product="short_1", at=moment("2024-07-01 03:59"))
    assert early.refused is not None
    assert early.refused.code == "not-sold"


def test_before_four_the_start_is_chosen_from_the_calendar_day_and_the_buyer_is_told(here: Counter) -> None:
    from donghaeng.services.passes.charging import quote_for

    early = quote_for(here.service, product="d30_transit", at=moment("2024-07-02 03:59"), start=date(2024, 7, 6))
    assert (early.earliest, early.latest, early.refused) == (date(2024, 7, 1), date(2024, 7, 6), None)
    assert "Service days turn at 04:00" in early.warnings[-1]["en"]
    short = quote_for(here.service, product="short_1", at=moment("2024-07-02 03:59"))
    assert (short.starts, short.latest, short.ends) == (date(2024, 7, 1),) * 3
    assert quote_for(here.service, product="d30_transit", at=moment("2024-07-02 04:00")).warnings == ()


def test_a_postpaid_quote_has_the_cap_of_its_month_and_a_first_day() -> None:
    caps = {
        (category, on): asked("postpaid_month", category, on).cap
        for category in ("general", "youth")
        for on in ("2025-02-10", "2025-04-10", "2025-05-31", "2028-02-01")
    }
    assert [cap[0] if cap and cap[0] == cap[1] else cap for cap in caps.values()] == [
        *(58_000, 62_000, 64_000, (58_000, 62_000)),
        *(51_460, 55_000, 56_770, (51_460, 55_000)),
    ]
    early = asked("postpaid_month", "youth", "2024-11-28")
    assert (early.refused, early.starts, early.ends) == (None, date(2024, 11, 30), date(2024, 11, 30))
    assert quote_view(early)["cap"] == 55_000
    unknown = asked("postpaid_month", "teen", "2025-10-01")
    assert (unknown.cap, unknown.refused and unknown.refused.code) == (None, "rule-unknown")


def test_a_quote_names_its_day_and_its_sources() -> None:
    shown = quote_view(asked("d30_transit", "youth", "2024-08-01"), pack().sources)
    assert (shown["amount"], shown["valid_from"], shown["source"]) == (55_000, "2024-07-01", "newspim-2024-08-07")
    assert shown["sources"][0]["url"].startswith("https://")
    assert [one["role"] for one in shown["decisions"]] == ["price", "start", "period"]


def period(product: str, starts: str, ends: str) -> Period:
    days = date.fromisoformat(starts), date.fromisoformat(ends)
    return Period("card", "medium", product, "general", *days, "2024-03-01T10:00:00+09:00", "charge", 62_000)


def test_recharging_opens_five_days_before_expiry_and_goes_on_from_it() -> None:
    present = period("d30_transit", "2024-03-01", "2024-03-30")
    early = asked("d30_transit", "general", "2024-03-24", present=present)
    assert early.refused is not None
    assert early.refused.code == "too-early"
    for on in ("2024-03-25", "2024-03-30"):
        made = asked("d30_transit", "general", on, present=present)
        assert made.extends
        assert (made.starts, made.ends) == (date(2024, 3, 31), date(2024, 4, 29))
    after = asked("d30_transit", "general", "2024-03-31", present=present)
    assert not after.extends
    assert after.starts == date(2024, 3, 31)


def test_another_product_waits_for_expiry_and_the_river_bus_needs_a_refund_first() -> None:
    present = period("d30_transit", "2025-10-01", "2025-10-30")
    other = asked("d30_transit_bike", "general", "2025-10-28", present=present)
    river = asked("d30_transit_river", "general", "2025-10-28", present=present)
    short = asked("short_1", "any", "2025-10-28", present=present)
    assert [one.refused.code for one in (other, river, short) if one.refused] == [
        "too-early",
        "refund-first",
        "too-early",
    ]
    running = asked("short_1", "any", "2025-10-28", present=period("short_3", "2025-10-27", "2025-10-29"))
    assert running.refused is not None
    assert running.refused.code == "period-running"


@pytest.mark.parametrize(
    ("channel", "payment", "facts", "code"),
    [
        ("mobile_app", "bank_transfer", {}, None),
        ("station_machine", "cash", {"line": "sillim"}, None),
        ("station_machine", "domestic_credit", {"line": "lines_1_to_8"}, None),
        ("convenience_store", "cash", {"line": "other"}, "channel-refused"),
        ("station_machine", "corporate_card", {"line": "line_9"}, "channel-refused"),
        ("station_machine", "easy_pay", {"line": "line_9"}, "rule-unknown"),
        ("station_machine", "cash", {}, "missing-facts"),
    ],
)
def test_each_channel_sells_what_the_rules_say(channel: str, payment: str, facts: Any, code: str | None) -> None:
    made = asked("d30_transit", "general", "2024-08-01", channel=channel, payment=payment, told=facts)
    assert (made.refused.code if made.refused else None) == code


def test_codes_that_are_not_there_are_refused_with_the_nearest() -> None:
    for product, category in (("d30_transitt", "general"), ("d30_transit", "yuth"), ("d30_transit", "any")):
        with pytest.raises(PassRefusedError) as caught:
            asked(product, category, "2025-10-01")
        assert caught.value.code == "unknown-code"
    with pytest.raises(PassRefusedError, match="d30_transit"):
        asked("d30_transitt", "general", "2025-10-01")


def _price_examples() -> list[Any]:
    rules = pack().rules
    assert rules is not None
    return [one.example for one in rules.examples if one.table == "price"]


@pytest.mark.parametrize("example", _price_examples(), ids=lambda one: one.id)
def test_every_example_of_the_price_table_is_quoted_the_same(example: Any) -> None:
    facts = dict(example.facts)
    expected = dict(example.outcome)
    if "product" not in facts:
        return  # the counter always has one
    if "category" not in facts:
        facts["category"] = POLICY.section.usual_category
    product = POLICY.section.model.products[facts["product"]]
    if facts["category"] not in product.categories and len(product.categories) > 1:
        return  # a case that the counter cannot come to
    made = quote(POLICY, facts["product"], facts["category"], example.on)
    if "result" in expected and expected["result"] != "undetermined":
        assert made.price.meaning == expected["result"]
    if expected.get("amount") is not None:
        assert made.amount == expected["amount"]
