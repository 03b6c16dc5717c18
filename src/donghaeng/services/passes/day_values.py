"""Values of the rides of a service day, kept beside the day files: what was valued once is not read again.

A file of values is named by everything that it follows from: the day files of the rides, the periods that cover the
day, the fares of the day, the distances, and the rides of the day before whose journey may still go on. Where one of
them is another, the name is, and the day is valued anew; all other days stay as they are. The folder ``.values`` is no
record: lost, altered or half written files are made again.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from donghaeng.services.passes.day_files import DayFiles, quoted, timestamp
from donghaeng.services.passes.fares import FareRules
from donghaeng.services.passes.rating import Distances, drop_values, load_rules, runs, slices, value_rides
from donghaeng.services.passes.tap_schema import RIDE_COLUMNS

if TYPE_CHECKING:
    import duckdb

FOLDER = ".values"
#: Raised with every change of what a file of values says.
VERSION = "values 1"

#: Columns of a file of values: one row a ride of the day.
VALUE_COLUMNS = {
    "pass": "BIGINT",  # number of the period; null without one
    "n": "BIGINT",  # place among the rides of the pass on the day
    "line": "VARCHAR",
    "kind": "VARCHAR",  # of the line
    "rated": "VARCHAR",  # whether it has a value, or why it has none
    "least": "BIGINT",
    "most": "BIGINT",
}


@dataclass(frozen=True, slots=True)
class Valued:
    """A service day whose rides are valued.

    Attributes:
        day: the service day.
        values: the file of values; None for a day without rides.
        is_new: whether the rides were read for it just now.
    """

    day: date
    values: Path | None
    is_new: bool

    @property
    def relation(self) -> str:
        """Text of what stands in the file, for a query; of no rows without one."""
        if self.values is None:
            columns = ", ".join(f"NULL::{kind} AS {name}" for name, kind in VALUE_COLUMNS.items())
            return f"(SELECT {columns} WHERE false)"
        return f"read_parquet({quoted(str(self.values))})"


def digest_of(parts: Iterable[object]) -> str:
    """Give a short name of values in order, by their representation."""
    found = hashlib.sha256()
    for part in parts:
        found.update(repr(part).encode())
        found.update(b"\n")
    return found.hexdigest()


def distances_digest(distances: Distances) -> str:
    """Name distances."""
    return digest_of(sorted(distances.items()))


def rules_digest(rules: FareRules, day: date) -> str:
    """Name everything that the fares say of a day."""
    fares = rules.fares
    section = rules.policy.section.model
    parts: list[object] = [rules.on(day)]
    for kind in sorted(fares.kinds):
        parts.append((kind, rules.is_by_day(kind), rules.cap(kind, day)))
        for category in section.categories:
            parts += [(category, rules.base(day, kind, category, early)) for early in (False, True)]
    parts += [(category, rules.step(day, category)) for category in section.categories]
    for part in (fares.distance, fares.transfers, fares.split):
        parts.append(None if part is None else part.model_dump(exclude={"cite", "note"}))
    parts.append(sorted((line, route.fare) for line, route in rules.routes.items()))
    return digest_of(parts)


class DayValues:
    """Values service days in an engine, one after the other, or takes what was valued before.

    The engine has the table ``passes`` of `load_passes`, with every period that covers one of the days.
    """

    def __init__(
        self, engine: duckdb.DuckDBPyConnection, files: DayFiles, rules: FareRules, distances: Distances
    ) -> None:
        """Take what values follow from.

        Args:
            engine: an engine of the day files.
            files: the day files.
            rules: the fares.
            distances: distances between places in metres.
        """
        self._engine, self._files, self._rules, self._distances = engine, files, rules, distances
        self._folder = files.folder / FOLDER
        self._distances_digest = distances_digest(distances)
        self._version = f"{VERSION} {_engine_version()}"
        self._has_rules = False

    def day(self, day: date) -> Valued:
        """Give the values of a service day, whose day before was asked for before, or is of no period that counts.

        Raises:
            DayFileError: a day file is missing.
        """
        parts = self._files.parts("rides", str(day), str(day))
        if not any(part.rows for part in parts):
            return Valued(day, None, is_new=False)
        before = self._tail(day - timedelta(days=1))
        key = digest_of(
            (
                *(self._version, day, self._distances_digest, self._marks(day)),
                *(part.part for part in parts),
                before.name.split(".")[1] if before is not None else "",
                *(rules_digest(self._rules, one) for one in (*self._days_of(before), day)),
            )
        )
        folder = self._folder / str(day)
        for path in sorted(folder.glob(f"{key}.*.parquet")):
            if _is_whole(path) and self._tail(day, key) is not None:
                return Valued(day, path, is_new=False)
        rides = self._files.relation(parts, "rides")
        made = self._made(day, key, f"SELECT * FROM {rides}", before)  # noqa: S608, own files
        return Valued(day, made, is_new=True)

    def _marks(self, day: date) -> tuple[object, ...]:
        """Name the periods that cover a day, as far as they matter on it; later days of them do not."""
        days = self._files.days
        stopped = f"stopped < {timestamp(days.end(day))}"
        free = f"free_from > {timestamp(days.start(day))}"
        query = f"""
SELECT count(*), bit_xor(md5_number(concat_ws('|', pass, medium, category))),
    bit_xor(md5_number(concat_ws('|', pass, CASE WHEN {stopped} THEN stopped END, '/',
        CASE WHEN {free} THEN free_from END))) FILTER ({stopped} OR {free})
FROM passes WHERE DATE {quoted(str(day))} BETWEEN starts AND ends
"""  # noqa: S608, own text
        (found,) = self._engine.execute(query).fetchall()
        return tuple(found)

    def _tail(self, day: date, key: str = "") -> Path | None:
        """Give the file of the rides whose journey may go on after a day."""
        for path in sorted((self._folder / str(day)).glob(f"{key or '*'}.*.tail")):
            if _is_whole(path):
                return path
        return None

    def _days_of(self, tail: Path | None) -> list[date]:
        """Give the service days of the rides in a tail: usually the day before, or none."""
        if tail is None:
            return []
        query = f"SELECT DISTINCT day FROM read_parquet({quoted(str(tail))}) ORDER BY day"  # noqa: S608, own file
        return [day for (day,) in self._engine.execute(query).fetchall()]

    def _made(self, day: date, key: str, rides: str, before: Path | None) -> Path:
        """Value the rides of a day; gives the file."""
        engine, rules = self._engine, self._rules
        if not self._has_rules:
            load_rules(engine, rules, self._distances)
            self._has_rules = True
        if before is not None:
            rides = f"{rides} UNION ALL BY NAME SELECT * FROM read_parquet({quoted(str(before))})"  # noqa: S608
        columns = ", ".join(f"{name} {kind}" for name, kind in VALUE_COLUMNS.items())
        engine.execute(f"CREATE OR REPLACE TEMP TABLE day_values ({columns})")
        columns = ", ".join(f"{name} {kind}" for name, kind in RIDE_COLUMNS.items())
        engine.execute(f"CREATE OR REPLACE TEMP TABLE tail ({columns})")
        for part in slices(engine, rides):
            value_rides(engine, rules, part)
            engine.execute(
                f"""
INSERT INTO day_values SELECT j.pass, j.n, j.line, j.kind, j.rated, coalesce(v.low, 0), coalesce(v.high, 0)
FROM judged AS j LEFT JOIN valued AS v ON v.pass = j.pass AND v.n = j.n
WHERE j.day = DATE {quoted(str(day))} ORDER BY j.pass, j.n
"""  # noqa: S608, a day
            )
            if rules.fares.transfers is not None:
                engine.execute(f"INSERT INTO tail {_still_running(rules, timestamp(self._files.days.end(day)))}")
            drop_values(engine)
        self._written(day, key, "SELECT * FROM tail ORDER BY medium, boarded_at, device, sequence", "tail")
        made = self._written(day, key, "SELECT * FROM day_values", "parquet")
        for name in ("tail", "day_values"):
            engine.execute(f"DROP TABLE {name}")
        self._tidy(day, key)
        return made

    def _written(self, day: date, key: str, query: str, kind: str) -> Path:
        """Write a file that is named by what it follows from and by its bytes."""
        folder = self._folder / str(day)
        folder.mkdir(parents=True, exist_ok=True)
        half = folder / f".{os.getpid()}.{threading.get_ident()}.half"
        try:
            options = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1"
            self._engine.execute(f"COPY ({query}) TO {quoted(str(half))} ({options})")
            path = folder / f"{key}.{_sha256(half)}.{kind}"
            half.replace(path)
        finally:
            half.unlink(missing_ok=True)
        return path

    def _tidy(self, day: date, key: str) -> None:
        """Take away what was valued from other rides or fares; who still reads it begins anew."""
        for path in (self._folder / str(day)).iterdir():
            if path.suffix in {".tail", ".parquet"} and not path.name.startswith(key):
                with suppress(FileNotFoundError):
                    path.unlink()


def _still_running(rules: FareRules, end: str) -> str:
    """Give the text of a query for the rides of ``judged`` whose run may go on after a moment, as rides."""
    return f"""
WITH {runs(rules)}, last AS (
    SELECT pass, max_by(run, n) AS run, max_by(goes_on_until, n) AS until FROM runs GROUP BY pass
)
SELECT j.day, j.medium, j.device, j.sequence, j.boarded_at, j.board_place, j.line, j.alighted_at, j.alight_place,
    j.line, CASE WHEN j.alighted_at IS NULL THEN 'missing' ELSE 'complete' END, NULL
FROM judged AS j JOIN runs AS r ON r.pass = j.pass AND r.n = j.n
    JOIN last AS l ON l.pass = r.pass AND l.run = r.run AND l.until >= {end}
"""  # noqa: S608, own text


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_whole(path: Path) -> bool:
    """Say whether a file has the bytes that it is named for."""
    try:
        return _sha256(path) == path.name.split(".")[1]
    except FileNotFoundError:
        return False


def _engine_version() -> str:
    import duckdb

    return str(duckdb.__version__)
