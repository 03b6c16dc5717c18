"""How passes are used: users, boardings and journeys of service days, each counted by its own name.

Counts of cards sold, of charges, of holders and of users are not one figure; nothing here is called by two names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from donghaeng.services.passes.day_files import DayFiles
from donghaeng.services.passes.fares import FareRules
from donghaeng.services.passes.medium import medium_number
from donghaeng.services.passes.pass_periods import Pass, passes_between
from donghaeng.services.passes.rating import Distances, gather, rate_all
from donghaeng.services.passes.section import PassesSection
from donghaeng.services.passes.service import PassService


@dataclass(frozen=True)
class UseFigures:
    """How passes were used on service days.

    Attributes:
        holders: media with a period on at least one of the days.
        users: different media with a ride, by service day.
        boardings: rides that began, by service day.
        journeys: rides that go on with no ride before them, by service day; None where fares make no journeys.
        boardings_by_line: rides that began, by line.
        boardings_by_product: rides that began, by product.
        users_by_product: days of use, summed over media, by product.
        pass_days_by_product: service days that lie in periods, summed over media, by product.
    """

    holders: int
    users: Mapping[str, int]
    boardings: Mapping[str, int]
    journeys: Mapping[str, int] | None
    boardings_by_line: Mapping[str, int]
    boardings_by_product: Mapping[str, int]
    users_by_product: Mapping[str, int]
    pass_days_by_product: Mapping[str, int]


def use_figures(
    files: DayFiles,
    section: PassesSection,
    rules: FareRules | None,
    first: date,
    last: date,
    distances: Distances | None = None,
) -> UseFigures:
    """Count how passes were used.

    Args:
        files: the day files, with rides.
        section: the passes of the pack.
        rules: the fares, by which rides become journeys; None to leave journeys out.
        first: first service day.
        last: last one.
        distances: distances between places in metres.

    Raises:
        DayFileError: a day file is missing.
    """
    passes = list(passes_between(section, files.store, first, last))
    began = f"SELECT * FROM ({files.rides(first, last)}) WHERE boarded_at IS NOT NULL"  # noqa: S608, own text
    days: dict[str, int] = {}
    for one in passes:
        inside = (min(one.ends, last) - max(one.starts, first)).days + 1
        days[one.product] = days.get(one.product, 0) + inside
    with files.engine() as engine:
        by_day = engine.execute(
            f"SELECT day, count(DISTINCT medium), count(*) FROM ({began}) GROUP BY day ORDER BY day"  # noqa: S608
        ).fetchall()
        by_line = engine.execute(
            f"SELECT board_line, count(*) FROM ({began}) GROUP BY 1 ORDER BY 1"  # noqa: S608, own text
        ).fetchall()
        journeys: dict[str, int] | None = None
        products: dict[str, int] = {}
        users: dict[str, int] = {}
        if rules is not None:
            take = gather(
                "used_days",
                "SELECT day, product, count(*) AS rides, count(DISTINCT medium) AS users, "
                "count(*) FILTER (first_of_journey) AS journeys FROM (SELECT *, journey > 0 AND row_number() OVER "
                "(PARTITION BY charge, journey ORDER BY day, device, sequence) = 1 AS first_of_journey FROM rated "
                "WHERE rated <> 'no_boarding') GROUP BY day, product",
            )
            rate_all(engine, rules, began, passes, distances, take)
            query = "SELECT day, sum(journeys)::BIGINT FROM used_days GROUP BY day ORDER BY day"
            journeys = {day.isoformat(): count for day, count in engine.execute(query).fetchall()}
            query = (
                "SELECT coalesce(product, ''), sum(rides)::BIGINT, sum(users)::BIGINT FROM used_days "
                "GROUP BY 1 ORDER BY 1"
            )
            for product, rides, user_days in engine.execute(query).fetchall():
                products[product], users[product] = rides, user_days
    return UseFigures(
        holders=len({one.medium for one in passes}),
        users={day.isoformat(): count for day, count, _ in by_day},
        boardings={day.isoformat(): count for day, _, count in by_day},
        journeys=journeys,
        boardings_by_line=dict(by_line),
        boardings_by_product=products,
        users_by_product=users,
        pass_days_by_product=dict(sorted(days.items())),
    )


def values_of(
    service: PassService,
    files: DayFiles,
    rules: FareRules,
    charges: Iterable[str],
    until: date,
    distances: Distances | None = None,
) -> dict[str, int]:
    """Give the value of the rides of some periods up to a service day, by charge; nothing for those without rides.

    Args:
        service: the service.
        files: the day files, with rides.
        rules: the fares.
        charges: the charges that gave the periods.
        until: last service day that is looked at.
        distances: distances between places in metres.

    Raises:
        PassRefusedError: there is no such charge.
        DayFileError: a day file is missing.
    """
    found = []
    for name in sorted(set(charges)):
        charge = service.state.charge(name)
        period = charge.period
        stopped = datetime.fromisoformat(charge.stopped_at).astimezone(UTC) if charge.stopped_at else None
        limit = period.price - charge.refunded
        number = medium_number(period.medium)
        found.append(
            Pass(
                *(name, number, period.product, period.category, period.starts, period.ends, stopped, limit),
                *(period.price, charge.refunded, charge.state),
            )
        )
    if not found:
        return {}
    first = min(one.starts for one in found)
    numbers = ", ".join(str(one.medium) for one in found)
    rides = f"SELECT * FROM ({files.rides(first, until)}) WHERE medium IN ({numbers})"  # noqa: S608, numbers
    with files.engine() as engine:
        take = gather("used", "SELECT charge, sum(value)::BIGINT AS value FROM rated GROUP BY charge")
        rate_all(engine, rules, rides, found, distances, take)
        return {name: value for name, value in engine.execute("SELECT * FROM used").fetchall() if name is not None}
