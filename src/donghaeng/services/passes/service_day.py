"""The service day, and the period that a charge gives: plain values and calendar arithmetic, nothing else.

A service day begins at an hour of its own: with a start at 04:00, a moment at 03:59 belongs to the day before. A pass
is valid for whole service days, so it closes at the start of the service day after its last one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from donghaeng.civil_calendar.arithmetic import service_day

#: Stands between the rights of a period, such as ``bike+river``.
BETWEEN_RIGHTS = "+"


@dataclass(frozen=True, slots=True)
class ServiceDays:
    """How moments become service days.

    Attributes:
        zone: time zone of the service, such as ``Asia/Seoul``.
        starts: hour and minute at which a service day begins, local time.
    """

    zone: ZoneInfo
    starts: time

    def day(self, moment: datetime) -> date:
        """Give the service day of a moment.

        Raises:
            ValueError: the moment has no zone.

        >>> days = ServiceDays(ZoneInfo("Asia/Seoul"), time(4))
        >>> days.day(datetime.fromisoformat("2024-07-01T03:59:59+09:00")).isoformat()
        '2024-06-30'
        """
        return service_day(moment, self.zone, self.starts)

    def start(self, day: date) -> datetime:
        """Give the moment at which a service day begins."""
        return datetime.combine(day, self.starts, self.zone)

    def end(self, day: date) -> datetime:
        """Give the moment at which a service day ends: the first that does not belong to it any more."""
        return self.start(day + timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Period:
    """What one charge of a card gives.

    Attributes:
        card: id of the card.
        medium: id of the medium that carries it; another medium of the card does not.
        product: code of the product.
        category: code of the rider's category.
        starts: first service day.
        ends: last service day, included.
        charged_at: when it was charged, ISO 8601 with zone.
        charge: id of the charge, which is that of its order.
        price: what was paid for it, whole units of money.
        rights: add-ons, in order and joined by ``+``, such as ``bike+river``; empty for none.
    """

    card: str
    medium: str
    product: str
    category: str
    starts: date
    ends: date
    charged_at: str
    charge: str
    price: int
    rights: str = ""

    @property
    def days(self) -> int:
        """Number of service days, both ends included."""
        return (self.ends - self.starts).days + 1

    def covers(self, day: date) -> bool:
        """Say whether a service day lies in the period."""
        return self.starts <= day <= self.ends

    def days_left(self, day: date) -> int:
        """Give the number of service days that are left on a day, that day included; 0 when it is over."""
        return max(0, (self.ends - max(day, self.starts)).days + 1)

    def has(self, right: str) -> bool:
        """Say whether the period has an add-on."""
        return right in self.rights.split(BETWEEN_RIGHTS)


def rights_text(rights: Sequence[str]) -> str:
    """Give rights as a period holds them.

    >>> rights_text(["river", "bike"])
    'bike+river'
    """
    return BETWEEN_RIGHTS.join(sorted(set(rights)))
