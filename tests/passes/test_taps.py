"""Files of taps: every tap once, whatever comes twice, late, torn apart or from a clock that is off."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from donghaeng.errors import InputError, UsageError
from donghaeng.ledger.faults import UnavailableError
from donghaeng.services.passes.day_files import DayFileError
from tests.passes.riding import DAY, Riding, Tap, at, write_csv

NEXT = DAY + timedelta(days=1)


@pytest.fixture
def riding(tmp_path: Path) -> Iterator[Riding]:
    found = Riding(tmp_path)
    found.clock.now = at("30:00")
    yield found
    found.close()


def test_a_file_is_one_entry_and_its_taps_are_rows(riding: Riding) -> None:
    received = riding.receive([Tap("gate-1", 0, 5, "board", at("08:00")), Tap("gate-2", 0, 5, "alight", at("08:30"))])
    assert (received.rows, received.new, received.repeated, received.disputed, received.held) == (2, 2, 0, 0, 0)
    (entry,) = [one for one in riding.ledger.entries() if one.kind == "tap-file-received"]
    body = json.loads(entry.body)
    assert body["file"] == received.file
    assert [(part["day"], part["rows"]) for part in body["parts"]] == [("2026-05-20", 2)]
    assert riding.files.damage() == []
    assert [row[:4] for row in riding.seen_taps()] == [("gate-1", 0, 5, "board"), ("gate-2", 0, 5, "alight")]


def test_the_same_file_again_changes_nothing(riding: Riding) -> None:
    taps = [Tap("gate-1", number, 5, "board", at("08:00")) for number in range(4)]
    first = riding.receive(taps, "one.csv")
    again = riding.receive(taps, "two.csv")
    assert again.known
    assert replace(again, known=False, days=first.days) == first
    assert len(list(riding.ledger.stream(f"tap-file/{first.file}"))) == 1


def test_taps_that_come_again_in_another_file_count_once(riding: Riding) -> None:
    taps = [Tap("gate-1", number, 5, "board", at("08:00")) for number in range(4)]
    riding.receive(taps[:3])
    received = riding.receive([*taps[1:], taps[3]])
    assert (received.rows, received.new, received.repeated) == (4, 1, 3)
    assert len(riding.seen_taps()) == 4


def test_a_number_given_twice_is_disputed_and_neither_tap_counts(riding: Riding) -> None:
    tap = Tap("gate-1", 0, 5, "board", at("08:00"))
    other = replace(tap, medium=6)
    riding.receive([tap, Tap("gate-1", 1, 7, "board", at("08:01"))])
    received = riding.receive([other])
    assert (received.new, received.disputed) == (0, 1)
    assert [row[1] for row in riding.seen_taps()] == [1]
    again = riding.receive([tap, other])
    assert (again.new, again.repeated + again.disputed) == (0, 2)
    assert [row[1] for row in riding.seen_taps()] == [1]


def test_the_service_day_turns_at_its_hour(riding: Riding) -> None:
    riding.receive([Tap("gate-1", 0, 5, "board", at("27:59:59")), Tap("gate-1", 1, 5, "alight", at("28:00"))])
    assert [part.day for part in riding.files.parts("taps", "0000", "9999")] == [str(DAY), str(NEXT)]


def test_rows_that_are_no_taps_are_refused_with_their_place_and_the_others_count(riding: Riding) -> None:
    good = Tap("gate-1", 0, 5, "board", at("08:00"))
    wrong = {
        "device": "",
        "sequence": "-1",
        "medium": "99999999999999999999",
        "direction": "sideways",
        "tapped_at": "2026-05-20T08:00:00",
        "place": "",
        "opened": "perhaps",
        "amount": "-1400",
    }
    path = write_csv(riding.folder / "wrong.csv", [good])
    header, row = path.read_text().splitlines()
    cells = dict(zip(header.split(","), row.split(","), strict=True))
    lines = [",".join({**cells, name: text}.values()) for name, text in wrong.items()]
    huge = ",".join({**cells, "amount": str(10**12)}.values())
    path.write_text("\n".join([header, *lines, huge, row]) + "\n")
    received = riding.taps.receive(path, "simulated operator")
    reasons = {"time" if name == "tapped_at" else name for name in wrong}
    assert received.refused == {name: 2 if name == "amount" else 1 for name in reasons}
    assert (received.new, received.rows) == (1, 10)
    assert [fault.line for fault in received.shown] == list(range(2, 11))
    assert "the amount of this tap is wrong" in str(received.shown[-1])


def test_a_file_without_the_columns_of_a_tap_is_refused_and_names_them(riding: Riding) -> None:
    path = riding.folder / "odd.csv"
    path.write_text("devise,sequence,medium,direction,tapped_at,place,line,answer,opened\n")
    with pytest.raises(InputError, match=r'no column device.*did you mean "devise"'):
        riding.taps.receive(path, "simulated operator")
    path.write_bytes(b"\xff\xfe\x00broken")
    with pytest.raises(InputError, match="not readable"):
        riding.taps.receive(path, "simulated operator")
    assert list(riding.ledger.entries()) == []


def test_a_parquet_file_gives_what_a_csv_file_gives(riding: Riding, tmp_path: Path) -> None:
    taps = [Tap("gate-1", number, 5 + number, "board", at("08:00"), amount=number or None) for number in range(9)]
    path = write_csv(tmp_path / "taps.csv", taps)
    other = Riding(tmp_path / "other")
    other.clock.now = riding.clock.now
    with riding.files.engine() as engine:
        columns = "* REPLACE (tapped_at::TIMESTAMPTZ AS tapped_at)"
        engine.execute(f"COPY (SELECT {columns} FROM '{path}') TO '{tmp_path}/taps.parquet' (FORMAT parquet)")
    riding.taps.receive(path, "simulated operator")
    other.taps.receive(tmp_path / "taps.parquet", "simulated operator")
    assert riding.seen_taps() == other.seen_taps()
    # The same taps make the same bytes.
    assert [p.part for p in riding.files.parts("taps", "0", "9")] == [
        p.part for p in other.files.parts("taps", "0", "9")
    ]
    other.close()


def test_a_tap_from_next_year_is_held_until_the_clock_of_its_device_is_found(riding: Riding) -> None:
    year = timedelta(days=365)
    taps = [Tap("bus-1", number, 5, way, at(when) + year) for number, (way, when) in enumerate(TO_AND_FRO)]
    received = riding.receive([taps[0], taps[1]])
    assert (received.new, received.held, received.days) == (2, 2, ("held",))
    riding.settle()
    assert riding.rides() == []
    assert riding.taps.correct_clock("bus-1", 0, 9, year, found_by="simulated workshop") == (str(DAY), "held")
    riding.receive(taps[2:])
    riding.settle()
    assert [row[-2] for row in riding.rides()] == ["complete", "complete"]
    assert riding.taps.correct_clock("bus-1", 0, 9, year, found_by="simulated workshop") == ()
    with pytest.raises(UsageError, match="was corrected for taps 0 to 9"):
        riding.taps.correct_clock("bus-1", 5, 12, year, found_by="simulated workshop")


TO_AND_FRO = [("board", "08:00"), ("alight", "08:30"), ("board", "18:00"), ("alight", "18:30")]


def test_numbers_that_did_not_arrive_are_told_by_device(riding: Riding) -> None:
    riding.receive([Tap("gate-1", number, 5, "board", at("08:00")) for number in (0, 1, 4, 7)])
    assert riding.taps.gaps(str(DAY)) == {"gate-1": 4}
    riding.receive([Tap("gate-1", number, 5, "board", at("08:00")) for number in (2, 3, 5, 6)])
    assert riding.taps.gaps(str(DAY)) == {}


def test_a_crash_before_the_entry_leaves_no_tap_and_the_file_can_come_again(
    riding: Riding, monkeypatch: pytest.MonkeyPatch
) -> None:
    taps = [Tap("gate-1", number, 5, "board", at("08:00")) for number in range(3)]

    def fails(*_: object, **__: object) -> None:
        raise UnavailableError("full")

    with monkeypatch.context() as patch:
        patch.setattr(riding.ledger.store, "append", fails)
        with pytest.raises(UnavailableError):
            riding.receive(taps, "one.csv")
    assert riding.seen_taps() == []
    assert riding.receive(taps, "two.csv").new == 3
    assert len(riding.seen_taps()) == 3


def test_two_who_receive_at_once_do_not_count_a_tap_twice(riding: Riding) -> None:
    taps = [Tap("gate-1", number, 5, "board", at("08:00")) for number in range(6)]
    compare = riding.taps._compare
    calls: list[int] = []

    def and_somebody_else(engine: object) -> tuple[str, ...]:
        found = compare(engine)  # type: ignore[arg-type]
        if not calls:
            calls.append(1)
            riding.receive(taps[:4])
        return found

    riding.taps._compare = and_somebody_else  # type: ignore[method-assign]
    received = riding.receive(taps[2:])
    assert (received.new, received.repeated) == (2, 2)
    assert len(riding.seen_taps()) == 6


def test_a_day_file_that_was_altered_or_lost_is_found(riding: Riding) -> None:
    riding.receive([Tap("gate-1", 0, 5, "board", at("08:00"))])
    (part,) = riding.files.parts("taps", "0", "9")
    path = riding.files.path(part)
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    assert riding.files.damage() == [f"{DAY}/{path.name} was altered; restore it from a copy"]
    path.unlink()
    assert riding.files.damage() == [f"{DAY}/{path.name} is missing; restore it from a copy"]
    with pytest.raises(DayFileError, match="is missing"):
        riding.seen_taps()


# The state after all have arrived is that of the right order.

WAYS = ("board", "alight")


@pytest.fixture(scope="module")
def two_cards(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[str, int]]]:
    """A folder to copy, with a ledger in which two cards hold passes."""
    folder = tmp_path_factory.mktemp("pattern")
    riding = Riding(folder)
    cards = [riding.card() for _ in range(2)]
    riding.close()
    return folder, cards


MINUTES = st.integers(0, 3 * 24 * 60)


@st.composite
def days_of_taps(draw: st.DrawFn) -> list[Tap]:
    """Taps of a few media on a few devices over three days; one device's clock is a year ahead."""
    found = []
    for device in ("gate-1", "gate-2", "bus-9"):
        times = sorted(draw(st.lists(MINUTES, max_size=9)))
        for sequence, minute in enumerate(times):
            moment = at("04:00") + timedelta(minutes=minute)
            found.append(
                Tap(
                    device,
                    sequence,
                    draw(st.sampled_from([0, 1])),
                    draw(st.sampled_from(WAYS)),
                    moment + (timedelta(days=366) if device == "bus-9" else timedelta()),
                    opened=draw(st.booleans()) or draw(st.booleans()),
                )
            )
    return found


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(taps=days_of_taps(), seed=st.integers(0, 2**32))
def test_the_state_does_not_depend_on_how_taps_arrive(
    taps: list[Tap], seed: int, two_cards: tuple[Path, list[tuple[str, int]]]
) -> None:
    pattern, cards = two_cards
    media = [number for _, number in cards]
    chance = random.Random(seed)
    with TemporaryDirectory() as folder:
        for name in ("one", "other"):
            shutil.copytree(pattern, Path(folder) / name)
        one, other = Riding(Path(folder) / "one"), Riding(Path(folder) / "other")
        taps = [replace(tap, medium=media[tap.medium]) for tap in taps]
        false = [replace(tap, medium=media[0], place="elsewhere") for tap in chance.sample(taps, len(taps) // 8)]
        end = at("00:00") + timedelta(days=6)

        one.clock.now = end
        one.taps.correct_clock("bus-9", 0, 99, timedelta(days=366), found_by="simulated workshop")
        if taps:
            one.receive([*taps, *false])
        one.settle()

        arriving = [*taps, *false, *chance.choices(taps, k=len(taps) // 3)] if taps else []
        chance.shuffle(arriving)
        corrected = chance.randrange(4)
        for turn in range(4):
            other.clock.now = at("00:00") + timedelta(days=4, hours=turn)
            part, arriving = (
                (arriving, []) if turn == 3 else (arriving[: len(arriving) // 3], arriving[len(arriving) // 3 :])
            )
            if turn == corrected:
                other.taps.correct_clock("bus-9", 0, 99, timedelta(days=366), found_by="simulated workshop")
            if part:
                other.receive(part)
            if chance.random() < 0.5:
                other.settle()
        other.settle(end)

        assert other.seen_taps() == one.seen_taps()
        last = DAY + timedelta(days=4)
        assert other.rides(DAY, last) == one.rides(DAY, last)
        for card, _ in cards:
            assert other.blocks(card) == one.blocks(card)
        assert other.files.damage() == []
        one.close()
        other.close()
