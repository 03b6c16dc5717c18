"""Tap files of a made-up month: one a day and sender, some of them late, some taps twice, some files again."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from donghaeng.services.passes.medium import EPOCH
from donghaeng.services.passes.simulation import MADE_UP, PassSimulation
from donghaeng.services.passes.simulation_rides import ANSWERS, OK, OK_ALIGHT, DayTaps, RideDraw, joined

if TYPE_CHECKING:
    from numpy.random import Generator


class TapSending:
    """Spreads the taps of each day over files, and writes them."""

    def __init__(self, rides: RideDraw, folder: Path, draw: Generator) -> None:
        """Take where the taps come from and where files go.

        Args:
            rides: knows places and readers.
            folder: for the files; they are not needed once they were received.
            draw: the source of chance.
        """
        self._rides, self._folder, self._draw = rides, folder, draw
        self._model: PassSimulation = rides.model
        self._waiting: dict[int, list[DayTaps]] = {}
        self._sources = sorted(set(rides.source_of_device))
        self._source = np.array([self._sources.index(name) for name in rides.source_of_device])

    def files(self, number: int, taps: DayTaps | None) -> list[tuple[Path, str]]:
        """Write the files that are sent after a day.

        Args:
            number: the day, from 0.
            taps: its taps; None after the last day, when all that waits is sent.

        Returns:
            Paths and senders.
        """
        parts: list[DayTaps] = []
        if taps is not None:
            trouble = self._model.trouble
            slow = self._draw.random(len(self._rides.devices)) < trouble.late_readers
            late = slow[taps.device]
            parts.append(taps.where(~late))
            delay = int(self._draw.integers(1, trouble.late_days + 1))
            self._waiting.setdefault(number + delay, []).append(taps.where(late))
            twice = ~late & (self._draw.random(len(taps)) < trouble.twice)
            self._waiting.setdefault(number + 1, []).append(taps.where(twice))
        due = [day for day in sorted(self._waiting) if day <= number or taps is None]
        for day in due:
            parts += self._waiting.pop(day)
        sent = joined(parts) if parts else None
        found = []
        for place, source in enumerate(self._sources):
            if sent is None:
                break
            own = sent.where(self._source[sent.device] == place)
            if len(own):
                path = self._folder / f"{MADE_UP}-{source}-{number + 1:03}.parquet"
                self._write(path, own)
                found.append((path, f"{MADE_UP}-{source}"))
        return found

    def _write(self, path: Path, taps: DayTaps) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        def named(codes: Any, names: list[str]) -> Any:
            return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(names)).cast(pa.string())

        micro = (taps.at + int(EPOCH.astimezone(UTC).timestamp())) * 1_000_000
        columns = {
            "device": named(taps.device, self._rides.devices),
            "sequence": pa.array(taps.sequence),
            "medium": pa.array(taps.medium),
            "direction": named((~taps.boards).astype(np.int32), ["board", "alight"]),
            "tapped_at": pa.array(micro, pa.timestamp("us", "UTC")),
            "place": named(taps.place, self._rides.places),
            "line": named(taps.line, self._rides.lines),
            "answer": named(taps.answer, list(ANSWERS)),
            "opened": pa.array((taps.answer == OK) | (taps.answer == OK_ALIGHT)),
        }
        pq.write_table(pa.table(columns), path, compression="zstd")
