"""The value of millions of rides at once: `fares.rate` as queries of DuckDB, to the won the same.

Fares are decided once for each day, kind of line, category and hour; what is left is arithmetic on rides, in the order
of boarding within each pass. Use within the price of a pass is told from use beyond it in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from donghaeng.services.passes.day_files import quoted
from donghaeng.services.passes.fares import TRAVELLED, FareRules
from donghaeng.services.passes.pass_periods import Pass, fill_table, load_passes

if TYPE_CHECKING:
    import duckdb

#: Rides that are valued at once: more take more memory than time.
ROWS_AT_ONCE = 1_000_000

#: Distances between places, in metres; both ways are named where they differ.
Distances = Mapping[tuple[str, str], int]


def rate_all(
    engine: duckdb.DuckDBPyConnection,
    rules: FareRules,
    rides: str,
    passes: Iterable[Pass],
    distances: Distances | None = None,
    take: Callable[[duckdb.DuckDBPyConnection], None] | None = None,
) -> None:
    """Value rides in an engine, slice by slice of media; each slice is its table ``rated`` for a while.

    ``rated`` has one row a ride: ``day``, ``medium``, ``device``, ``sequence``, ``charge`` (null without a pass),
    ``product``, ``category``, ``line``, ``kind``, ``rated``, ``journey``, ``least``, ``most``, ``value`` (the end that
    is settled), ``within`` (of it, out of the price), ``excess`` and ``collected``. ``passes`` is as `load_passes`
    makes it.

    Args:
        engine: an engine in which times are UTC.
        rules: the fares.
        rides: text of a query for rides, columns as in `tap_schema.RIDE_COLUMNS`; all rides of each pass, from its
            first service day on, or values of journeys and of use above the price are those of a part.
        passes: the periods.
        distances: distances between places.
        take: what is done with each slice, such as what `gather` gives; by default all of them become ``all_rated``.
    """
    take = take or gather("all_rated", "SELECT * FROM rated")
    load_passes(engine, passes)
    load_rules(engine, rules, distances or {})
    for part in slices(engine, rides):
        value_rides(engine, rules, part)
        engine.execute(f"CREATE OR REPLACE TEMP TABLE rated AS {_rated(rules)}")
        drop_values(engine)
        take(engine)


def slices(engine: duckdb.DuckDBPyConnection, rides: str) -> list[str]:
    """Divide rides into parts that are valued one after the other, in flat memory; no medium is in two.

    Day files are in the order of media, so that each of them is read once altogether.

    Args:
        engine: the engine.
        rides: text of a query for rides.

    Returns:
        Texts of queries.
    """
    ((count,),) = engine.execute(f"SELECT count(*) FROM ({rides})").fetchall()  # noqa: S608, own text
    many = max(1, -(-count // ROWS_AT_ONCE))
    if many == 1:
        return [f"SELECT * FROM ({rides})"]  # noqa: S608, own text
    shares = ", ".join(str(number / many) for number in range(1, many))
    query = f"SELECT approx_quantile(medium, [{shares}]) FROM ({rides})"  # noqa: S608, numbers
    ((found,),) = engine.execute(query).fetchall()
    bounds = [0, *sorted({int(bound) for bound in found}), 2**63 - 1]
    return [
        f"SELECT * FROM ({rides}) WHERE medium >= {low} AND medium < {high}"  # noqa: S608, numbers
        for low, high in pairwise(bounds)
        if low < high
    ]


def value_rides(engine: duckdb.DuckDBPyConnection, rules: FareRules, rides: str) -> None:
    """Value rides, after `load_passes` and `load_rules`.

    The result is two tables: ``judged`` with every ride, and ``valued`` with the ends of the value of each ride that
    has one. Both know a ride by ``pass`` and ``n``, its place among the rides of the pass.

    Args:
        engine: the engine.
        rules: the fares.
        rides: text of a query for rides.
    """
    engine.execute(f"CREATE OR REPLACE TEMP TABLE known AS {_KNOWN.format(rides=rides)}")
    _load_days(engine, rules)
    engine.execute(f"CREATE OR REPLACE TEMP TABLE judged AS {_judged()}")
    engine.execute("DROP TABLE known")
    engine.execute(f"CREATE OR REPLACE TEMP TABLE journeys AS {_journeys(rules)}")
    engine.execute(f"CREATE OR REPLACE TEMP TABLE valued AS {_values(rules)}")
    engine.execute("DROP TABLE journeys")


def drop_values(engine: duckdb.DuckDBPyConnection) -> None:
    """Drop what `value_rides` made."""
    for name in ("judged", "valued"):
        engine.execute(f"DROP TABLE {name}")


def gather(name: str, query: str) -> Callable[[duckdb.DuckDBPyConnection], None]:
    """Give what adds the rows of a query over ``rated`` to a table, slice by slice.

    Args:
        name: name of the table; the first slice makes it anew.
        query: text of the query.
    """
    began = False

    def take(engine: duckdb.DuckDBPyConnection) -> None:
        nonlocal began
        if began:
            engine.execute(f"INSERT INTO {name} {query}")
        else:
            engine.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {query}")
        began = True

    return take


def load_rules(engine: duckdb.DuckDBPyConnection, rules: FareRules, distances: Distances) -> None:
    """Give an engine the lines and the distances between places."""
    routes = ((line, route.fare, rules.is_by_day(route.fare)) for line, route in sorted(rules.routes.items()))
    fill_table(engine, "routes", {"line": "VARCHAR", "kind": "VARCHAR", "by_day": "BOOLEAN"}, routes)
    rows = ((start, end, metres) for (start, end), metres in sorted(distances.items()))
    fill_table(engine, "distances", {"start": "VARCHAR", "finish": "VARCHAR", "metres": "BIGINT"}, rows)


def _load_days(engine: duckdb.DuckDBPyConnection, rules: FareRules) -> None:
    """Decide the fares of the days, kinds and categories that there are rides of."""
    ((first, last),) = engine.execute("SELECT min(day), max(day) FROM known").fetchall()
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)] if first else []
    columns = {
        "day": "DATE",
        "early_until": "TIMESTAMP",
        "night_1": "TIMESTAMP",
        "night_2": "TIMESTAMP",
        "night_3": "TIMESTAMP",
        "window_s": "BIGINT",
        "night_s": "BIGINT",
        "most_transfers": "BIGINT",
        **dict.fromkeys(("base", "step", "far", "far_step", "longest", "fastest"), "BIGINT"),
    }

    def plain(moment: datetime | None) -> datetime | None:
        return None if moment is None else moment.astimezone(UTC).replace(tzinfo=None)

    rows = []
    for day in days:
        on = rules.on(day)
        night = on.night or (None, None, None)
        window = on.window if on.window is not None else -1
        rows.append(
            (
                *(day, plain(on.early_until), *map(plain, night), window, on.night_window, on.most_transfers),
                *(on.base, on.step, on.far, on.far_step, on.longest, on.fastest),
            )
        )
    fill_table(engine, "days", columns, rows)
    asked = engine.execute(
        "SELECT DISTINCT k.day, k.kind, k.category, "
        "coalesce(k.boarded_at < d.early_until, false) AS early FROM known AS k JOIN days AS d USING (day) "
        "WHERE k.rated = 'rated' ORDER BY ALL"
    ).fetchall()
    bases = []
    for day, kind, category, early in asked:
        fare = rules.base(day, kind, category, early)
        if fare is not None:
            bases.append((day, kind, category, early, fare.least, fare.most))
    types = {"day": "DATE", "kind": "VARCHAR", "category": "VARCHAR", "early": "BOOLEAN"}
    fill_table(engine, "bases", {**types, "low": "BIGINT", "high": "BIGINT"}, bases)
    steps = []
    for day, category in sorted({(day, category) for day, _, category, _ in asked}):
        step = rules.step(day, category)
        steps.append((day, category, step.least, step.most))
    types = {"day": "DATE", "category": "VARCHAR", "step_low": "BIGINT", "step_high": "BIGINT"}
    fill_table(engine, "steps", types, steps)
    kinds = sorted(rules.fares.day_caps)
    caps = [(day, kind, rules.cap(kind, day)) for day in days for kind in kinds]
    fill_table(engine, "caps", {"day": "DATE", "kind": "VARCHAR", "cap": "BIGINT"}, caps)


#: Rides with their pass and kind of line, and what can be said of them without fares.
_KNOWN = (
    """
SELECT r.day, r.medium, r.device, r.sequence, r.boarded_at, r.alighted_at, r.board_place, r.alight_place,
    r.board_line AS line, coalesce(r.amount, 0) AS collected, p.pass, p.charge, p.product, p.category,
    coalesce(t.kind, '') AS kind,
    CASE WHEN r.state = 'no_boarding' OR r.boarded_at IS NULL THEN 'no_boarding'
        WHEN r.state NOT IN ("""
    + ", ".join(map(quoted, TRAVELLED))
    + """) THEN 'open'
        WHEN r.state = 'outside' OR r.amount > 0 THEN 'paid_by_rider'
        WHEN p.pass IS NULL THEN 'no_pass'
        WHEN t.kind IS NULL THEN 'unknown_line'
        WHEN t.by_day THEN 'by_day' ELSE 'rated' END AS rated
FROM ({rides}) AS r
LEFT JOIN passes AS p ON p.medium = r.medium AND r.day BETWEEN p.starts AND p.ends
    AND (p.stopped IS NULL OR coalesce(r.boarded_at, r.alighted_at) < p.stopped)
    AND (p.free_from IS NULL OR coalesce(r.boarded_at, r.alighted_at) >= p.free_from)
LEFT JOIN routes AS t ON t.line = r.board_line
"""
)


def _judged() -> str:
    """Give the text of a query that adds fares, distances and the place of each ride in its pass."""
    return """
SELECT k.day, k.medium, k.device, k.sequence, k.pass, k.charge, k.product, k.category, k.line, k.kind, k.collected,
    CASE WHEN k.rated = 'rated' AND b.low IS NULL THEN 'no_fare' ELSE k.rated END AS rated,
    row_number() OVER (PARTITION BY k.pass ORDER BY coalesce(k.boarded_at, k.alighted_at), k.device, k.sequence) AS n,
    k.boarded_at, k.alighted_at, k.board_place, k.alight_place, b.low, b.high,
    CASE WHEN d.base IS NULL THEN 0 ELSE coalesce(m.metres, 0) END AS near,
    CASE WHEN d.base IS NULL THEN 0 WHEN k.alighted_at IS NULL THEN d.longest
        ELSE coalesce(m.metres, least(d.longest, d.fastest
            * greatest((epoch_us(k.alighted_at) - epoch_us(k.boarded_at)) // 1000000, 0) // 3600)) END AS wide,
    k.alighted_at + to_seconds(CASE WHEN k.alighted_at < d.night_1
        OR (k.alighted_at >= d.night_2 AND k.alighted_at < d.night_3) THEN d.night_s ELSE d.window_s END)
        AS goes_on_until
FROM known AS k JOIN days AS d USING (day)
LEFT JOIN bases AS b ON b.day = k.day AND b.kind = k.kind AND b.category = k.category
    AND b.early = coalesce(k.boarded_at < d.early_until, false)
LEFT JOIN distances AS m ON k.alighted_at IS NOT NULL AND m.start = k.board_place AND m.finish = k.alight_place
"""


def _list(kinds: Iterable[str]) -> str:
    return ", ".join(map(quoted, kinds)) or "NULL"


def runs(rules: FareRules) -> str:
    """Give the text of tables of a query: ``runs`` has the rides of ``judged`` with fares, by the run that they are in.

    A run is rides of a pass each of which goes on with the one before; its journeys follow from it alone.
    """
    transfers = rules.fares.transfers
    goes_on = "false"
    if transfers is not None:
        other_line = "" if transfers.same_line else "AND line IS DISTINCT FROM lag(line) OVER w"
        goes_on = (
            "lag(alighted_at) OVER w <= boarded_at AND boarded_at <= lag(goes_on_until) OVER w "
            f"{other_line} AND most_transfers = lag(most_transfers) OVER w"
        )
    return f"""linked AS (
    SELECT j.pass, j.n, j.day, j.category, j.kind, j.low, j.high, j.near, j.wide, d.most_transfers, j.goes_on_until,
        CASE WHEN {goes_on} THEN 0 ELSE 1 END AS begins
    FROM judged AS j JOIN days AS d USING (day) WHERE j.rated = 'rated'
    WINDOW w AS (PARTITION BY pass ORDER BY n)
), runs AS (
    SELECT *, (sum(begins) OVER (PARTITION BY pass ORDER BY n))::BIGINT AS run FROM linked
)"""  # noqa: S608, own text


def _journeys(rules: FareRules) -> str:
    """Give the text of a query for the rides that have fares, with their journeys."""
    distance = rules.fares.distance
    far = distance.far.kinds if distance is not None and distance.far is not None else ()
    flat = distance.flat_alone if distance is not None else ()
    return f"""
WITH {runs(rules)}, numbered AS (
    SELECT *, row_number() OVER (PARTITION BY pass, run ORDER BY n) - 1 AS place FROM runs
), parted AS (
    SELECT * EXCLUDE (run, place, begins),
        (sum(CASE WHEN place % (most_transfers + 1) = 0 THEN 1 ELSE 0 END) OVER (PARTITION BY pass ORDER BY n))::BIGINT
            AS journey FROM numbered
), summed AS (
    SELECT pass, n, day, kind, category, journey, high AS weight,
        max(low) OVER j AS low, max(high) OVER j AS high,
        (sum(near) OVER j)::BIGINT AS near, (sum(wide) OVER j)::BIGINT AS wide,
        min(CASE WHEN kind IN ({_list(far)}) THEN 1 ELSE 0 END) OVER j = 1 AS is_far,
        row_number() OVER j = 1 AND coalesce(kind IN ({_list(flat)}), false) AS is_flat
    FROM parted WINDOW j AS (PARTITION BY pass, journey ORDER BY n ROWS UNBOUNDED PRECEDING)
), totals AS (
    SELECT s.pass, s.n, s.day, s.kind, s.journey, s.weight,
        s.low + CASE WHEN s.is_flat THEN 0 ELSE {_steps("near")} * t.step_low END AS low,
        s.high + CASE WHEN s.is_flat THEN 0 ELSE {_steps("wide")} * t.step_high END AS high
    FROM summed AS s JOIN days AS d ON d.day = s.day JOIN steps AS t ON t.day = s.day AND t.category = s.category
), charged AS (
    SELECT pass, n, day, kind, journey, weight, max(low) OVER j AS low, max(high) OVER j AS high
    FROM totals WINDOW j AS (PARTITION BY pass, journey ORDER BY n ROWS UNBOUNDED PRECEDING)
)
SELECT pass, n, day, kind, journey, weight,
    low - coalesce(lag(low) OVER j, 0) AS low, high - coalesce(lag(high) OVER j, 0) AS high
FROM charged WINDOW j AS (PARTITION BY pass, journey ORDER BY n)
"""  # noqa: S608, own text


def _steps(metres: str) -> str:
    """Give the text of an expression for the number of steps of a distance."""

    def up(number: str, step: str) -> str:
        return f"((({number}) + {step} - 1) // {step})"

    return (
        f"(CASE WHEN d.base IS NULL OR s.{metres} <= d.base THEN 0 "
        f"WHEN s.is_far AND s.{metres} > d.far "
        f"THEN {up('d.far - d.base', 'd.step')} + {up(f's.{metres} - d.far', 'd.far_step')} "
        f"ELSE {up(f's.{metres} - d.base', 'd.step')} END)"
    )


def _values(rules: FareRules) -> str:
    """Give the text of a query that tells journeys to their rides and holds days to their caps."""
    text = "SELECT pass, n, day, kind, journey, low, high FROM journeys"
    if rules.fares.split.by == "base_fare":
        text = """
WITH whole AS (
    SELECT *, (sum(low) OVER j)::BIGINT AS low_all, (sum(high) OVER j)::BIGINT AS high_all,
        (sum(weight) OVER j)::BIGINT AS weights,
        count(*) OVER j AS c
    FROM journeys WINDOW j AS (PARTITION BY pass, journey, day)
), weighed AS (
    SELECT * REPLACE (CASE WHEN weights = 0 THEN 1 ELSE weight END AS weight,
        CASE WHEN weights = 0 THEN c ELSE weights END AS weights) FROM whole
), shared AS (
    SELECT *, low_all * weight // weights AS low_part, high_all * weight // weights AS high_part,
        low_all * weight % weights AS low_rest, high_all * weight % weights AS high_rest FROM weighed
)
SELECT pass, n, day, kind, journey,
    low_part + CASE WHEN row_number() OVER (PARTITION BY pass, journey, day ORDER BY low_rest DESC, n)
        <= low_all - (sum(low_part) OVER j)::BIGINT THEN 1 ELSE 0 END AS low,
    high_part + CASE WHEN row_number() OVER (PARTITION BY pass, journey, day ORDER BY high_rest DESC, n)
        <= high_all - (sum(high_part) OVER j)::BIGINT THEN 1 ELSE 0 END AS high
FROM shared WINDOW j AS (PARTITION BY pass, journey, day)
"""
    if rules.fares.day_caps:
        text = f"""
WITH uncapped AS ({text}), limits AS (
    SELECT u.*, max(c.cap) OVER d AS cap, (sum(low) OVER d)::BIGINT AS low_sum, (sum(high) OVER d)::BIGINT AS high_sum
    FROM uncapped AS u LEFT JOIN caps AS c ON c.day = u.day AND c.kind = u.kind
    WINDOW d AS (PARTITION BY pass, u.day ORDER BY n ROWS UNBOUNDED PRECEDING)
), held AS (
    SELECT pass, n, day, kind, journey,
        max(least(low_sum, coalesce(cap, low_sum))) OVER d AS low,
        max(least(high_sum, coalesce(cap, high_sum))) OVER d AS high
    FROM limits WINDOW d AS (PARTITION BY pass, day ORDER BY n ROWS UNBOUNDED PRECEDING)
)
SELECT pass, n, day, kind, journey,
    low - coalesce(lag(low) OVER d, 0) AS low, high - coalesce(lag(high) OVER d, 0) AS high
FROM held WINDOW d AS (PARTITION BY pass, day ORDER BY n)
"""  # noqa: S608, own text
    return text


def _rated(rules: FareRules) -> str:
    """Give the text of a query for the result, with what is within the price and what is beyond it."""
    end = "low" if rules.fares.booking.end == "least" else "high"
    return f"""
WITH summed AS (
    SELECT v.pass, v.n, v.journey, v.low::BIGINT AS low, v.high::BIGINT AS high, v.{end}::BIGINT AS value,
        (sum(v.{end}) OVER (PARTITION BY v.pass ORDER BY v.n ROWS UNBOUNDED PRECEDING))::BIGINT AS used, p."limit"
    FROM valued AS v JOIN passes AS p USING (pass)
), told AS (
    SELECT pass, n, journey, low, high, value, CASE WHEN "limit" IS NULL THEN value
        ELSE least(used, "limit") - least(used - value, "limit") END AS within FROM summed
)
SELECT j.day, j.medium, j.device, j.sequence, j.charge, j.product, j.category, j.line, j.kind, j.rated,
    coalesce(t.journey, 0)::BIGINT AS journey, coalesce(t.low, 0) AS least, coalesce(t.high, 0) AS most,
    coalesce(t.value, 0) AS value, coalesce(t.within, 0) AS within, coalesce(t.value - t.within, 0) AS excess,
    j.collected
FROM judged AS j LEFT JOIN told AS t ON t.pass = j.pass AND t.n = j.n
"""  # noqa: S608, own text
