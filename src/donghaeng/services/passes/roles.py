"""What the pass service asks decision tables: facts it gives, outcomes it reads, and what results may mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Role = Literal[
    "price",
    "start",
    "period",
    "recharge",
    "channel",
    "eligibility",
    "verification",
    "refund",
    "later_refund",
    "facility",
    "surcharge",
    "missing_alight",
    "coverage",
    "fare",
    "distance_step",
    "excess_share",
    "bill",
    "cap",
]

#: Without these tables nothing can be sold.
REQUIRED: tuple[Role, ...] = ("price", "start", "period")

#: Facts that the service knows, by role. What else a table asks is asked of who wants the answer.
FACTS: Mapping[Role, tuple[str, ...]] = {
    "price": ("product", "category"),
    "start": ("product",),
    "period": ("product", "start_day"),
    "recharge": ("product", "period_end", "change"),
    "channel": ("product", "channel", "payment", "category"),
    "eligibility": ("category",),
    "verification": ("category", "other_discounted_card", "verified_on"),
    "refund": (
        *("product", "category", "medium", "registered", "stopped_in_period", "period_start", "period_end", "charge"),
        *("used_transit", "bike_days", "cause"),
    ),
    "later_refund": ("completed_periods", "paid_periods"),
    "facility": ("facility", "pass_valid", "product"),
    "surcharge": ("proven", "misuse", "fares"),
    "missing_alight": ("product", "missing_tags", "stopped_before"),
    "coverage": ("addons",),
    "fare": ("kind", "category", "early"),
    "distance_step": ("category",),
    "excess_share": ("operator", "kind"),
    "bill": ("category", "registered", "first_month", "days_before_registration", "used_transit", "bike_days"),
    "cap": ("category",),
}

#: Fields of the outcome that the service reads, beside the result, with their types.
OUTCOMES: Mapping[Role, Mapping[str, str]] = {
    "price": {"amount": "money"},
    "start": {"earliest_start": "date", "latest_start": "date"},
    "period": {"last_day": "date"},
    "recharge": {"new_end": "date"},
    "channel": {},
    "eligibility": {},
    "verification": {"verify_by": "date"},
    "refund": {"amount": "money"},
    "later_refund": {"amount": "money"},
    "facility": {"percent": "integer"},
    "surcharge": {"amount": "money"},
    "missing_alight": {},
    "coverage": {},
    "fare": {"amount": "money"},
    "distance_step": {"amount": "money"},
    "excess_share": {"percent": "integer"},
    "bill": {"amount": "money"},
    "cap": {"amount": "money"},
}

#: Fields that the service reads where a table has them.
MAY_ANSWER: Mapping[Role, Mapping[str, str]] = {role: {} for role in OUTCOMES} | {
    "price": {"later_refund": "money", "last_safe_day": "date"},
    "channel": {"fee_percent": "decimal"},
    "period": {"last_safe_day": "date"},
    "refund": {"act_by": "date", "web_claim_by": "date"},
}

#: What a result may mean; of a role without meanings the service reads only other fields, or another part does.
RESULTS: Mapping[Role, tuple[str, ...]] = {
    "price": ("sold", "not_sold"),
    "start": ("chosen_day", "at_once", "calendar_month", "not_sold"),
    "period": (),
    "recharge": ("extends", "new_period", "wait", "refund_first"),
    "channel": ("accepted", "not_accepted"),
    "eligibility": ("eligible", "not_eligible"),
    "verification": ("valid", "lapsed", "refused", "not_needed"),
    "refund": ("refundable", "not_refundable"),
    "later_refund": ("payable", "not_payable", "not_open", "closed"),
    "facility": ("discount", "no_discount"),
    "surcharge": ("propose_to_a_person", "nothing"),
    "missing_alight": ("blocked", "not_blocked"),
    "coverage": ("both", "alight_only", "none"),
    "fare": (),
    "distance_step": (),
    "excess_share": (),
    "bill": ("billed", "not_available"),
    "cap": (),
}
