"""What a pass costs on a day and what it gives: a quote, without anything being changed.

A quote always answers. Where a product is not sold, cannot start then, or a rule is open, it says so; `refused` then
holds what an order would be told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from donghaeng.civil_calendar.arithmetic import month_end
from donghaeng.services.passes.policy import Policy, Ruling
from donghaeng.services.passes.refusal import PassRefusedError
from donghaeng.services.passes.service_day import Period, rights_text

#: So many days ahead are looked at for the first on which a pass may be charged again.
MOST_DAYS_AHEAD = 400


@dataclass(frozen=True)
class Quote:
    """What a product costs a category on a service day, and what it gives.

    Attributes:
        product: code of the product.
        category: category that is charged.
        on: service day.
        least: price, lower end; None where it is not sold or paid afterwards.
        most: price, upper end; the same where the price is exact.
        starts: first service day; None where it cannot be said.
        ends: last service day.
        earliest: first day that may be chosen.
        latest: last day that may be chosen.
        extends: whether it goes on from the present period.
        rights: add-ons, joined by ``+``.
        later_refund: what is paid back for a period run to its end.
        cap: what is billed at most in the month of the start, both ends, of a product that is paid after use; None
            where the pack does not say.
        rulings: what the tables said, the price first.
        warnings: what a buyer is told before paying, by language.
        refused: why it cannot be ordered; None where it can.
    """

    product: str
    category: str
    on: date
    least: int | None
    most: int | None
    starts: date | None
    ends: date | None
    earliest: date | None
    latest: date | None
    extends: bool
    rights: str
    later_refund: int
    rulings: tuple[Ruling, ...]
    cap: tuple[int, int] | None = None
    warnings: tuple[Mapping[str, str], ...] = ()
    refused: PassRefusedError | None = field(default=None, compare=False)

    @property
    def amount(self) -> int | None:
        """The price, where it is exact."""
        return self.least if self.least == self.most else None

    @property
    def price(self) -> Ruling:
        """What the table of prices said."""
        return self.rulings[0]

    @property
    def valid_from(self) -> date | None:
        """First day on which the price is in force; None for always."""
        return self.price.row.row.dates.start if self.price.row else None


def quote(
    policy: Policy,
    product: str,
    category: str,
    on: date,
    *,
    today: date | None = None,
    start: date | None = None,
    present: Period | None = None,
    channel: str | None = None,
    payment: str | None = None,
    told: Mapping[str, Any] | None = None,
) -> Quote:
    """Say what a product costs and gives.

    Args:
        policy: the rules.
        product: code of the product.
        category: category of the rider; a product with one category only has that one.
        on: service day of the charge.
        today: calendar day of the charge, which is one ahead in the hours before the service day turns; None for the
            same day.
        start: day chosen for the start; None for the first that may be chosen.
        present: period of the card that is not over; None for none.
        channel: where it is charged; None leaves the question of the channel out.
        payment: means of payment.
        told: what the table of channels asks beside.

    Raises:
        PassRefusedError: an unknown product, category, channel or means of payment, or a product that the category
            cannot have.
    """
    sold = policy.product(product)
    policy.check_code("categories", category)
    if len(sold.categories) == 1:
        category = sold.categories[0]
    elif category not in sold.categories:
        text = f"{product} is not sold to {category}; expected one of {', '.join(sold.categories)}"
        raise PassRefusedError("unknown-code", text)
    price = policy.rule("price", on, product=product, category=category)
    warnings: list[Mapping[str, str]] = [{str(name): text for name, text in one.items()} for one in sold.before_paying]
    made = _Made(policy, product, on, today or on, start, present, [price])
    refused = _not_sold(price) or made.place() or (made.channel(channel, payment, told) if channel else None)
    if price.amount is None and price.least is not None and refused is None:
        refused = needs_setting(price)
    if start is not None and made.extends and refused is None:
        warnings.append(_GOES_ON)
    if today is not None and today > on:
        warnings.append(_before_the_turn(policy, on))
    cap = made.cap(category) if sold.pays == "postpaid" else None
    later = price.outcome.get("later_refund")
    return Quote(
        product,
        category,
        on,
        price.least,
        price.most,
        made.starts,
        made.ends,
        made.earliest,
        made.latest,
        made.extends,
        rights_text(sold.rights),
        int(later) if later else 0,
        tuple(made.rulings),
        cap,
        tuple(warnings),
        refused,
    )


_GOES_ON = {
    "ko": "지금 기간이 끝난 다음 날부터 이어지므로 시작일을 고를 수 없습니다.",
    "en": "It goes on from the end of the present period, so no start can be chosen.",
}


def _before_the_turn(policy: Policy, on: date) -> Mapping[str, str]:
    hour = f"{policy.section.days.starts:%H:%M}"
    return {
        "ko": f"영업일은 {hour}에 바뀝니다. 지금 충전하면 {on}의 충전으로 봅니다.",
        "en": f"Service days turn at {hour}. Charged now, it counts as charged on {on}.",
    }


class _Made:
    """Finds the period that a charge gives."""

    def __init__(
        self,
        policy: Policy,
        product: str,
        on: date,
        today: date,
        start: date | None,
        present: Period | None,
        rulings: list[Ruling],
    ) -> None:
        self.policy, self.product, self.on, self.start, self.present = policy, product, on, start, present
        self.today = today
        self.rulings = rulings
        self.starts: date | None = None
        self.ends: date | None = None
        self.earliest: date | None = None
        self.latest: date | None = None
        self.extends = False

    def place(self) -> PassRefusedError | None:
        """Find first and last day; say why there is none."""
        if self.present is not None and self.present.ends >= self.on:
            refused = self._again(self.present)
            if refused is not None or self.extends:
                return refused
        return self._window() or self._length()

    def _again(self, present: Period) -> PassRefusedError | None:
        policy, product = self.policy, self.policy.product(self.product)
        old = policy.product(present.product)
        if not (product.again or old.again) or not policy.has("recharge"):
            return PassRefusedError(
                "period-running", f"the present period runs to {present.ends}; charge after it", ends=present.ends
            )
        ruling = policy.rule(
            "recharge", self.on, product=self.product, period_end=present.ends, change=self._change(present)
        )
        self.rulings.append(ruling)
        if ruling.is_open:
            return needs_setting(ruling)
        if ruling.meaning == "extends" and self.product == present.product:
            self.extends = True
            self.starts = self.earliest = self.latest = present.ends + timedelta(days=1)
            self.ends = ruling.outcome.get("new_end")
            return None if self.ends else needs_setting(ruling)
        if ruling.meaning == "new_period":
            return None
        reason = ruling.decision.reason
        if ruling.meaning == "refund_first":
            return PassRefusedError("refund-first", words(ruling), reason=reason, ends=present.ends)
        opens = self._opens(present)
        more = {"opens": opens} if opens else {}
        return PassRefusedError("too-early", words(ruling), reason=reason, ends=present.ends, **more)

    def _opens(self, present: Period) -> date | None:
        """Find the first day on which it may be charged, up to the day after the present period."""
        for days in range(1, min((present.ends - self.on).days, MOST_DAYS_AHEAD) + 2):
            day = self.on + timedelta(days=days)
            ruling = self.policy.rule(
                "recharge", day, product=self.product, period_end=present.ends, change=self._change(present)
            )
            if ruling.meaning in {"extends", "new_period"}:
                return day
        return None

    def _change(self, present: Period) -> str:
        changes = self.policy.section.model.changes
        if self.product == present.product:
            return changes.same
        old = set(self.policy.product(present.product).rights)
        for right in self.policy.product(self.product).rights:
            if right not in old and right in changes.added:
                return changes.added[right]
        return changes.other

    def _window(self) -> PassRefusedError | None:
        ruling = self.policy.rule("start", self.on, product=self.product)
        self.rulings.append(ruling)
        if ruling.meaning == "not_sold":
            return PassRefusedError("not-sold", words(ruling), reason=ruling.decision.reason)
        if ruling.is_open:
            return needs_setting(ruling)
        if ruling.meaning == "calendar_month":
            # Who registers before the first day of use waits for it.
            self.earliest = self.latest = self.starts = ruling.outcome.get("earliest_start") or self.on
        else:
            self.earliest, self.latest = ruling.outcome.get("earliest_start"), ruling.outcome.get("latest_start")
            if self.earliest is None or self.latest is None:
                return needs_setting(ruling)
            self.latest = max(self.latest, self._latest_today() or self.latest)
            self.starts = self.start or self.earliest
        if self.start is not None and not self.earliest <= self.start <= self.latest:
            return PassRefusedError(
                "start-out-of-window",
                f"it may start from {self.earliest} to {self.latest}; choose one of these days",
                earliest=self.earliest,
                latest=self.latest,
            )
        return None

    def _latest_today(self) -> date | None:
        """Give the last day that may be chosen by the calendar day, where the pack counts the choice from that."""
        policy = self.policy
        counts = policy.section.setting("start_choice_by_calendar_day", 0)
        if not counts or self.today <= self.on or policy.product(self.product).start != "chosen":
            return None
        latest: date | None = policy.rule("start", self.today, product=self.product).outcome.get("latest_start")
        return latest

    def cap(self, category: str) -> tuple[int, int] | None:
        """Give what is billed at most in the month of the first day."""
        if not self.policy.has("cap"):
            return None
        ruling = self.policy.rule("cap", self.starts or self.on, category=category)
        self.rulings.append(ruling)
        return None if ruling.least is None or ruling.most is None else (ruling.least, ruling.most)

    def _length(self) -> PassRefusedError | None:
        assert self.starts is not None  # noqa: S101 - the window gave it
        # The length is decided by the rules of the first day: charged before the first day of use, it is not yet
        # usable on the day of the charge.
        ruling = self.policy.rule("period", self.starts, product=self.product, start_day=self.starts)
        self.rulings.append(ruling)
        last = ruling.outcome.get("last_day")
        if last is None and self.policy.product(self.product).start == "calendar_month" and not ruling.is_open:
            last = _month_end(self.starts)
        if last is None:
            return PassRefusedError("not-sold", words(ruling), reason=ruling.decision.reason)
        self.ends = last
        return None

    def channel(self, channel: str, payment: str | None, told: Mapping[str, Any] | None) -> PassRefusedError | None:
        """Say why it cannot be charged here with this means of payment."""
        policy = self.policy
        policy.check_code("channels", channel)
        if payment is not None:
            policy.check_code("payments", payment)
        if not policy.has("channel"):
            return None
        ruling = policy.rule("channel", self.on, told, product=self.product, channel=channel, payment=payment)
        self.rulings.append(ruling)
        if ruling.decision.missing:
            missing = list(ruling.decision.missing)
            return PassRefusedError("missing-facts", f"facts are missing: {', '.join(missing)}", missing=missing)
        if ruling.is_open:
            return needs_setting(ruling)
        if ruling.meaning != "accepted":
            return PassRefusedError("channel-refused", words(ruling), reason=ruling.decision.reason)
        return None


def _not_sold(price: Ruling) -> PassRefusedError | None:
    if price.is_open:
        return needs_setting(price)
    if price.meaning != "sold":
        return PassRefusedError("not-sold", words(price), reason=price.decision.reason)
    return None


def needs_setting(ruling: Ruling) -> PassRefusedError:
    """Say that a rule is open, or an amount a range, until a named role fixes what holds."""
    if ruling.row is None:
        # Missing facts are told before; here no row of the table is in force and applies, and nothing can be fixed.
        code = "not-refundable" if ruling.role == "refund" else "not-sold"
        text = f"no rule of the table {ruling.decision.segment.table.id} covers it on {ruling.decision.on}"
        return PassRefusedError(code, text, reason=ruling.decision.reason)
    is_range = not ruling.is_open
    text = "the amount is only known as a range" if is_range else "the rule is not known for this case"
    details: dict[str, Any] = {"setting": ruling.setting}
    if ruling.least is not None:
        details |= {"amount_from": ruling.least, "amount_to": ruling.most}
    code = "setting-needed" if is_range else "rule-unknown"
    return PassRefusedError(code, f"{text}; a named role fixes {ruling.setting} first", **details)


def words(ruling: Ruling) -> Mapping[str, str]:
    """Give the words of a ruling to the person, by language."""
    return ruling.because or _NO_RULE


_NO_RULE = {"ko": "이 이용권의 규칙에 그런 경우가 없습니다.", "en": "No rule of the pack allows it."}


def _month_end(day: date) -> date:
    return month_end(day)
